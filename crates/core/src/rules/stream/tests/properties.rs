//! What holds in every history: nothing is lost, nothing is done with before it succeeded or was
//! reported, keys keep their order, attempts and ages have an end.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const KEYS: [&str; 4] = ["red", "green", "blue", "black"];

/// What is done next; what it applies to is chosen by the number.
#[derive(Clone, Copy, Debug)]
enum Step {
    Read(usize),
    Wait(u64),
    Invoke,
    Succeed(usize),
    Fail(usize),
    Refuse(usize),
    /// Reports the record of the batch of this place.
    Report(usize, usize),
    /// Answers something that is no answer.
    Babble(usize),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1usize..6).prop_map(Step::Read),
        3 => (1u64..20_000).prop_map(Step::Wait),
        6 => Just(Step::Invoke),
        2 => (0usize..8).prop_map(Step::Succeed),
        3 => (0usize..8).prop_map(Step::Fail),
        1 => (0usize..8).prop_map(Step::Refuse),
        2 => ((0usize..8), (0usize..8)).prop_map(|(batch, record)| Step::Report(batch, record)),
        1 => (0usize..8).prop_map(Step::Babble),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..120)
}

fn settings() -> impl Strategy<Value = Settings> {
    let batch = (1usize..5, 0u64..3000, 30usize..120, 1usize..5);
    let errors = (
        prop::option::of(0u32..4),
        prop::option::of(5u64..60),
        any::<bool>(),
        any::<bool>(),
    );
    (batch, errors).prop_map(
        |((size, window, payload, lanes), (retries, age, bisect, report))| {
            let mut settings = kinesis();
            settings.limits.size = size;
            settings.limits.window = Duration::from_millis(window);
            settings.limits.payload = payload;
            settings.parallelization_factor = lanes;
            settings.maximum_retry_attempts = retries;
            settings.maximum_record_age = age.map(Duration::from_secs);
            settings.bisect_batch_on_function_error = bisect;
            settings.report_batch_item_failures = report;
            settings
        },
    )
}

/// A stream, a consumer, and what is known of every record.
struct World {
    consumer: Consumer,
    stream: Vec<Record>,
    read: usize,
    now: Duration,
    running: Vec<(u64, Vec<usize>)>,
    /// Records that need not come again, by this test's own reckoning.
    done: BTreeSet<usize>,
    given_up: BTreeSet<usize>,
    /// How often the function ran with exactly these records since the last restart.
    runs: BTreeMap<Vec<usize>, u32>,
}

impl World {
    fn new(settings: Settings, keys: &[usize]) -> Self {
        let mut consumer = Consumer::new(settings);
        consumer.open(SHARD, Bookmark::at(Position::TrimHorizon));
        let stream = keys.iter().enumerate().map(|(index, key)| {
            let mut record = record(
                &format!("{index:03}"),
                KEYS[key % KEYS.len()],
                index as i64 / 2,
            );
            if key % 9 == 8 {
                record.json = format!(r#""{index:03}{}""#, "x".repeat(200)).into();
            }
            record
        });
        Self {
            consumer,
            stream: stream.collect(),
            read: 0,
            now: Duration::from_secs(START),
            running: Vec::new(),
            done: BTreeSet::new(),
            given_up: BTreeSet::new(),
            runs: BTreeMap::new(),
        }
    }

    fn settings(&self) -> &Settings {
        &self.consumer.settings
    }

    fn read(&mut self, count: usize) {
        // What has not arrived yet cannot be read.
        let arrived = |record: &&Record| {
            let at = record.arrived.unwrap().seconds();
            u64::try_from(at).unwrap() <= self.now.as_secs()
        };
        let next: Vec<Record> = self.stream[self.read..]
            .iter()
            .take(count)
            .take_while(arrived)
            .cloned()
            .collect();
        let Some(last) = next.last().map(|record| record.id.clone()) else {
            return;
        };
        self.read += next.len();
        let slice = Slice {
            records: next,
            next: Position::After(last),
            ended: self.read == self.stream.len(),
        };
        self.consumer.offer(SHARD, slice, self.now);
    }

    fn act(&mut self) -> bool {
        match self.consumer.next(self.now) {
            None => return false,
            Some(Action::Invoke(batch)) => {
                let indexes: Vec<usize> = indexes(&batch.event);
                self.check_batch(&batch, &indexes);
                self.running.push((batch.id, indexes));
            }
            Some(Action::Report(failure)) => {
                let indexes = indexes(&failure.event);
                let settings = self.settings();
                match failure.condition {
                    Condition::RetryAttemptsExhausted => {
                        assert_eq!(
                            Some(failure.attempts),
                            settings.retries().map(|most| most + 1)
                        );
                    }
                    Condition::RecordAgeExceeded => {
                        for index in &indexes {
                            assert!(self.age(*index) >= settings.maximum_record_age.unwrap());
                        }
                    }
                    Condition::MaximumPayloadSizeExceeded => {
                        assert_eq!((indexes.len(), failure.attempts), (1, 0));
                    }
                }
                // Until it is reported the checkpoint stays before it.
                self.check_bookmark();
                assert!(
                    indexes.iter().all(|index| !self.done.contains(index)),
                    "{indexes:?}"
                );
                self.done.extend(&indexes);
                self.given_up.extend(indexes);
                self.consumer.reported(failure.id);
            }
        }
        self.check_bookmark();
        true
    }

    fn check_batch(&self, batch: &Batch, indexes: &[usize]) {
        let settings = self.settings();
        assert_eq!(batch.records, indexes.len());
        assert!((1..=settings.limits.size).contains(&indexes.len()));
        assert!(batch.event.len() <= settings.limits.payload);
        assert!(indexes.is_sorted());
        for index in indexes {
            let key = &self.stream[*index].group;
            let same = |other: &usize| self.stream[*other].group == *key;
            let flying = self.running.iter().flat_map(|(_, indexes)| indexes);
            assert!(!flying.clone().any(same), "{key:?} is in flight twice");
            let before = (0..*index).filter(same);
            for other in before {
                assert!(
                    self.done.contains(&other) || indexes.contains(&other),
                    "{index} overtakes {other}"
                );
            }
            if let Some(age) = settings.maximum_record_age {
                assert!(self.age(*index) < age);
            }
        }
        assert!(self.running.len() < settings.parallelization_factor);
    }

    fn age(&self, index: usize) -> Duration {
        let arrived = self.stream[index].arrived.unwrap().seconds();
        self.now - Duration::from_secs(u64::try_from(arrived).unwrap())
    }

    fn finish(&mut self, pick: usize, answer: impl FnOnce(&[usize]) -> Option<Outcome>) {
        if self.running.is_empty() {
            return;
        }
        let (id, indexes) = self.running.remove(pick % self.running.len());
        let outcome = answer(&indexes);
        if outcome.is_some() {
            let runs = self.runs.entry(indexes.clone()).or_default();
            *runs += 1;
            // Every progress and every split makes the batch smaller, and begins its attempts anew.
            let most = self.consumer.settings.retries().map(|retries| retries + 1);
            assert!(
                most.is_none_or(|most| *runs <= most),
                "{indexes:?} ran {runs} times"
            );
        }
        let reports = self.settings().report_batch_item_failures;
        // This test's own reading of the few answers it gives.
        let done = match &outcome {
            Some(Outcome::Success { payload, .. }) if reports => {
                match std::str::from_utf8(payload).unwrap() {
                    "null" => indexes.len(),
                    "{]" => 0,
                    _ => {
                        let answer: Value = serde_json::from_slice(payload).unwrap();
                        let id = &answer["batchItemFailures"][0]["itemIdentifier"];
                        let failed: usize = id.as_str().unwrap().parse().unwrap();
                        indexes.iter().position(|index| *index == failed).unwrap()
                    }
                }
            }
            Some(Outcome::Success { .. }) => indexes.len(),
            _ => 0,
        };
        let settled = self.consumer.finish(id, "r", outcome.as_ref(), self.now);
        assert_eq!(
            (settled.succeeded, settled.failed),
            (done, indexes.len() - done)
        );
        self.done.extend(&indexes[..done]);
        self.check_bookmark();
    }

    /// What stands before the checkpoint is done with.
    fn check_bookmark(&self) {
        let bookmark = self.consumer.bookmark(SHARD).unwrap();
        let before = match bookmark.position {
            Position::After(id) => id.parse::<usize>().unwrap() + 1,
            _ => 0,
        };
        for index in 0..before {
            assert!(
                self.done.contains(&index),
                "{index} is behind the checkpoint"
            );
        }
        let undone = (0..self.read).find(|index| !self.done.contains(index));
        assert_eq!(
            before,
            undone.unwrap_or(self.read),
            "the checkpoint is as far as it can be"
        );
        let open = self.stream.len() - self.done.len();
        assert_eq!(
            bookmark.finished,
            open == 0 && self.read == self.stream.len() && self.read > 0
        );
    }

    fn restart(&mut self) {
        let bookmark = self.consumer.bookmark(SHARD).unwrap();
        let bookmark = Bookmark::from_json(&bookmark.to_json()).unwrap();
        self.read = match &bookmark.position {
            Position::After(id) => id.parse::<usize>().unwrap() + 1,
            _ => 0,
        };
        // What was beyond the checkpoint comes again.
        self.done = (0..self.read).collect();
        self.given_up.retain(|index| *index < self.read);
        self.running.clear();
        self.runs.clear();
        self.consumer = Consumer::new(self.settings().clone());
        self.consumer.open(SHARD, bookmark);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Read(count) => self.read(count),
            Step::Wait(millis) => self.now += Duration::from_millis(millis),
            Step::Invoke => {
                self.act();
            }
            Step::Succeed(pick) => self.finish(pick, |_| Some(success("null"))),
            Step::Fail(pick) => self.finish(pick, |_| Some(error())),
            Step::Refuse(pick) => self.finish(pick, |_| None),
            Step::Report(pick, record) => self.finish(pick, |indexes| {
                let id = format!("{:03}", indexes[record % indexes.len()]);
                Some(reports(&[&id]))
            }),
            Step::Babble(pick) => self.finish(pick, |_| Some(success("{]"))),
            Step::Restart => self.restart(),
        }
    }
}

/// The places of an event's records in the stream.
fn indexes(event: &[u8]) -> Vec<usize> {
    let ids = ids(event);
    ids.iter().map(|id| id[..3].parse().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_history(settings in settings(), keys in prop::collection::vec(0usize..36, 1..40), steps in steps()) {
        let count = keys.len();
        let mut world = World::new(settings, &keys);
        for step in steps {
            world.step(step);
        }
        // From here on all goes well, and everything comes to an end.
        for _ in 0..10_000 {
            world.read(usize::MAX);
            while world.act() {}
            if world.running.is_empty() && world.done.len() == count {
                break;
            }
            world.step(Step::Succeed(0));
            match world.consumer.deadline() {
                Some(due) if world.running.is_empty() => world.now = world.now.max(due),
                _ => world.now += Duration::from_millis(100),
            }
        }
        prop_assert_eq!(world.done.len(), count, "nothing is lost");
        prop_assert_eq!(world.consumer.held(), 0);
        prop_assert_eq!(world.consumer.deadline(), None);
        prop_assert!(world.consumer.bookmark(SHARD).unwrap().finished);
    }
}
