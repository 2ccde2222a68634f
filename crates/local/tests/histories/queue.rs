//! Any history of a queue, with and without groups.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::batch::Limits;
use lambda_with::rules::scaling::Scaling;
use lambda_with::{Error, ErrorKind, FunctionError, Record, Source};
use lambda_with_local::{Mapping, Run, ScriptedSource};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, answer, dice, play, start};

/// How long the queue hides what it gave out.
const VISIBILITY: Duration = Duration::from_secs(60);

/// What a test and the function it runs both look at.
#[derive(Debug, Default)]
struct Seen {
    runs: usize,
    /// The groups of each batch that runs.
    running: Vec<Vec<usize>>,
    most: usize,
    /// Records the function succeeded with.
    succeeded: BTreeSet<usize>,
    /// How often the function had each record.
    had: BTreeMap<usize, u32>,
    acknowledged: Vec<usize>,
    wrong: Vec<String>,
}

impl Seen {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }
}

/// A queue that looks at what the engine acknowledges.
struct Watched {
    queue: ScriptedSource,
    seen: Arc<Mutex<Seen>>,
}

impl Source for Watched {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        self.queue.receive(max, wait).await
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        for record in records {
            let number = record.id.parse().unwrap();
            let mut seen = self.seen.lock().unwrap();
            let succeeded = seen.succeeded.contains(&number);
            seen.expect(succeeded, || {
                format!("{number} is acknowledged before it succeeded")
            });
        }
        self.queue.acknowledge(records).await?;
        let mut seen = self.seen.lock().unwrap();
        let numbers = records.iter().map(|record| record.id.parse::<usize>());
        seen.acknowledged.extend(numbers.map(Result::unwrap));
        Ok(())
    }
}

/// A queue and what happens to it.
#[derive(Clone, Debug)]
struct Queue {
    seed: u64,
    fifo: bool,
    /// The group of each record.
    groups: Vec<usize>,
    limits: (usize, u64),
    reports: bool,
    concurrency: usize,
    receives: u32,
    /// How often calls of the source fail.
    errors: usize,
}

fn queues() -> impl Strategy<Value = Queue> {
    let records = (
        any::<u64>(),
        any::<bool>(),
        prop::collection::vec(0usize..4, 1..25),
    );
    let settings = (
        (1usize..6, 0u64..4),
        any::<bool>(),
        1usize..9,
        1u32..4,
        0usize..4,
    );
    (records, settings).prop_map(
        |((seed, fifo, groups), (limits, reports, concurrency, receives, errors))| Queue {
            seed,
            fifo,
            groups,
            limits,
            reports,
            concurrency,
            receives,
            errors,
        },
    )
}

impl Queue {
    /// The function: looks at each batch, and answers as the dice say.
    fn run(&self, seen: &Arc<Mutex<Seen>>, dead: ScriptedSource) -> Run {
        let (this, seen) = (self.clone(), seen.clone());
        Run::handler(move |event: Bytes, _| {
            let event: Value = serde_json::from_slice(&event).unwrap();
            let numbers = event["Records"].as_array().unwrap().iter();
            let numbers: Vec<usize> = numbers
                .map(|record| record["messageId"].as_str().unwrap().parse().unwrap())
                .collect();
            let (this, seen, dead) = (this.clone(), seen.clone(), dead.clone());
            async move {
                let run = this.begin(&mut seen.lock().unwrap(), &numbers, &dead);
                let millis = dice(this.seed, ("time", &numbers, run), 20_000);
                tokio::time::sleep(Duration::from_millis(millis)).await;
                this.end(&mut seen.lock().unwrap(), &numbers, run)
            }
        })
    }

    fn begin(&self, seen: &mut Seen, numbers: &[usize], dead: &ScriptedSource) -> usize {
        seen.runs += 1;
        let groups: Vec<usize> = numbers.iter().map(|number| self.groups[*number]).collect();
        let size = numbers.len() <= self.limits.0;
        seen.expect(size, || format!("{numbers:?} are too many"));
        for (place, number) in numbers.iter().enumerate() {
            *seen.had.entry(*number).or_default() += 1;
            let had = seen.had[number];
            seen.expect(had <= self.receives, || format!("{number} ran {had} times"));
            if !self.fifo {
                continue;
            }
            let group = self.groups[*number];
            let elsewhere = seen.running.iter().any(|groups| groups.contains(&group));
            seen.expect(!elsewhere, || format!("{group} runs twice at once"));
            let before = (0..*number).filter(|other| self.groups[*other] == group);
            for other in before.collect::<Vec<_>>() {
                let settled = numbers[..place].contains(&other)
                    || seen.succeeded.contains(&other)
                    || dead.dead_letters().contains(&other.to_string());
                seen.expect(settled, || format!("{number} overtakes {other}"));
            }
        }
        seen.running.push(groups);
        seen.most = seen.most.max(seen.running.len());
        seen.runs
    }

    fn end(&self, seen: &mut Seen, numbers: &[usize], run: usize) -> Result<Bytes, FunctionError> {
        let groups: Vec<usize> = numbers.iter().map(|number| self.groups[*number]).collect();
        let place = seen.running.iter().position(|other| *other == groups);
        seen.running.remove(place.unwrap());
        let (failed, answer) = match answer(self.seed, numbers, run) {
            Answer::Throws => {
                return Err(FunctionError {
                    error_type: None,
                    error_message: "boom".into(),
                });
            }
            Answer::Fine => (Vec::new(), "null".to_owned()),
            Answer::Babbles => (numbers.to_vec(), "{]".to_owned()),
            Answer::Reports(place) => {
                let place = place % numbers.len();
                let follows = |other: &&usize| self.groups[**other] == self.groups[numbers[place]];
                let later = numbers[place + 1..].iter().filter(follows);
                let failed: Vec<usize> = std::iter::once(&numbers[place])
                    .chain(later.filter(|_| self.fifo))
                    .copied()
                    .collect();
                let item = |number: &usize| json!({ "itemIdentifier": number.to_string() });
                let items: Vec<Value> = failed.iter().map(item).collect();
                (failed, json!({ "batchItemFailures": items }).to_string())
            }
        };
        let done = numbers
            .iter()
            .filter(|number| !self.reports || !failed.contains(number));
        seen.succeeded.extend(done);
        Ok(answer.into())
    }

    async fn play(&self) {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let queue = ScriptedSource::with_dead_letters(VISIBILITY, self.receives);
        let local = start(self.run(&seen, queue.clone())).await;
        let record = |(number, group): (usize, &usize)| {
            let json = json!({"messageId": number.to_string(), "body": "x"}).to_string();
            let group = self.fifo.then(|| group.to_string());
            ScriptedSource::record(&number.to_string(), group.as_deref(), json)
        };
        queue.put(self.groups.iter().enumerate().map(record));
        let mapping = Mapping {
            limits: Limits {
                size: self.limits.0,
                window: Duration::from_secs(self.limits.1),
                ..Limits::default()
            },
            report_batch_item_failures: self.reports,
            scaling: Scaling::standard(Some(self.concurrency)),
            ..Mapping::default()
        };
        let watched = Watched {
            queue: queue.clone(),
            seen: seen.clone(),
        };
        let orders = local.handle().function("orders").unwrap();
        let poller = orders.poll(watched, mapping);
        for round in 0..600 {
            tokio::time::sleep(Duration::from_secs(61)).await;
            if queue.is_empty() {
                break;
            }
            if round < self.errors {
                queue.fail(Error::new(ErrorKind::Unavailable, "the queue is away"));
            }
        }
        poller.stop().await;
        local.shutdown().await;
        let seen = seen.lock().unwrap();
        assert!(queue.is_empty(), "nothing is left");
        assert_eq!(seen.wrong, [""; 0]);
        let mut ends: Vec<usize> = seen.acknowledged.clone();
        let dead = queue.dead_letters();
        ends.extend(dead.iter().map(|id| id.parse::<usize>().unwrap()));
        ends.sort_unstable();
        assert_eq!(
            ends,
            (0..self.groups.len()).collect::<Vec<_>>(),
            "each ends once"
        );
        let most = match self.fifo {
            true => self.concurrency.min(4),
            false => self.concurrency,
        };
        assert!(seen.most <= most, "{} at once", seen.most);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_queue(queue in queues()) {
        play(queue.play());
    }
}
