//! Any history of a stream that is split and merged, and of a topic that grows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::stream::{Origin, Settings};
use lambda_with::{Error, ErrorKind, FunctionError, Position, Record};
use lambda_with_local::{Happening, Run, ScriptedStream, What};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, answer, dice, play, start};

const STREAM: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders";

/// A stream and what happens to it.
#[derive(Clone, Debug)]
struct Shards {
    seed: u64,
    kafka: bool,
    /// What is done one after the other.
    steps: Vec<Step>,
    size: usize,
    window: u64,
    lanes: usize,
    retries: u32,
    bisect: bool,
    reports: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Puts so many records of any keys into any open shard.
    Put(usize, usize),
    /// Splits a shard in two; of Kafka, adds a partition.
    Split(usize),
    /// Merges two shards into one; of Kafka, nothing.
    Merge(usize),
    Wait(u64),
    /// Stops reading, and begins again.
    Restart,
    /// Lets a call of the source fail.
    Fail,
}

fn streams() -> impl Strategy<Value = Shards> {
    let step = prop_oneof![
        5 => ((0usize..8), (1usize..6)).prop_map(|(shard, count)| Step::Put(shard, count)),
        2 => (0usize..8).prop_map(Step::Split),
        1 => (0usize..8).prop_map(Step::Merge),
        2 => (0u64..8000).prop_map(Step::Wait),
        1 => Just(Step::Restart),
        1 => Just(Step::Fail),
    ];
    let settings = (1usize..6, 0u64..4, 1usize..5, 0u32..4);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let steps = prop::collection::vec(step, 1..16);
    (any::<u64>(), steps, settings, flags).prop_map(
        |(seed, steps, (size, window, lanes, retries), (kafka, bisect, reports))| Shards {
            seed,
            kafka,
            steps,
            size,
            window,
            lanes,
            retries,
            bisect,
            reports,
        },
    )
}

/// A record of the test's own reckoning.
#[derive(Clone, Debug)]
struct Known {
    shard: String,
    /// Its place in the shard.
    place: usize,
    key: usize,
}

/// What there is in the stream, by the test's own reckoning.
#[derive(Debug, Default)]
struct Model {
    records: Vec<Known>,
    open: Vec<String>,
    parents: BTreeMap<String, Vec<String>>,
    shards: usize,
}

impl Model {
    fn shard(&mut self, parents: &[String]) -> String {
        let name = format!("orders-{}", self.shards);
        self.shards += 1;
        self.open.push(name.clone());
        self.parents.insert(name.clone(), parents.to_vec());
        name
    }

    fn put(&mut self, shard: &str, key: usize) -> Record {
        let place = self.in_shard(shard).count();
        let number = self.records.len();
        self.records.push(Known {
            shard: shard.to_owned(),
            place,
            key,
        });
        // Numbers of records grow in every shard.
        ScriptedStream::record(&number.to_string(), &key.to_string(), number.to_string())
    }

    fn in_shard(&self, shard: &str) -> impl Iterator<Item = usize> {
        let known = self.records.iter().enumerate();
        known
            .filter(move |(_, known)| known.shard == shard)
            .map(|(number, _)| number)
    }
}

impl Shards {
    fn run(&self) -> Run {
        let (this, runs) = (self.clone(), AtomicUsize::new(0));
        Run::handler(move |event: Bytes, _| {
            let numbers = this.numbers(&event);
            let (this, run) = (this.clone(), runs.fetch_add(1, Ordering::SeqCst));
            async move {
                let millis = dice(this.seed, ("time", &numbers, run), 3000);
                tokio::time::sleep(Duration::from_millis(millis)).await;
                match answer(this.seed, &numbers, run) {
                    Answer::Throws => Err(FunctionError {
                        error_type: None,
                        error_message: "boom".into(),
                    }),
                    Answer::Fine => Ok("null".into()),
                    Answer::Babbles => Ok("{]".into()),
                    Answer::Reports(place) => {
                        let number = numbers[place % numbers.len()];
                        let shard = this.shard_of(&event, number);
                        let id = match shard {
                            Some(shard) => json!({"partition": shard, "offset": number}),
                            None => json!(number.to_string()),
                        };
                        let items = json!({"batchItemFailures": [{"itemIdentifier": id}]});
                        Ok(items.to_string().into())
                    }
                }
            }
        })
    }

    /// The partition of a record, of Kafka alone.
    fn shard_of(&self, event: &[u8], number: usize) -> Option<String> {
        let event: Value = serde_json::from_slice(event).unwrap();
        let shards = event.get("records")?.as_object()?;
        let holds = |records: &&Value| records.as_array().unwrap().contains(&json!(number));
        let shard = shards.iter().find(|(_, records)| holds(records));
        shard.map(|(shard, _)| shard.clone())
    }

    fn numbers(&self, event: &[u8]) -> Vec<usize> {
        let event: Value = serde_json::from_slice(event).unwrap();
        let lists: Vec<&Value> = match self.kafka {
            true => event["records"].as_object().unwrap().values().collect(),
            false => vec![&event["Records"]],
        };
        let records = lists.into_iter().flat_map(|list| list.as_array().unwrap());
        records
            .map(|number| usize::try_from(number.as_u64().unwrap()).unwrap())
            .collect()
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::new(match self.kafka {
            true => Origin::Kafka {
                bootstrap_servers: "broker.example.net:9092".into(),
            },
            false => Origin::Kinesis {
                stream: STREAM.parse().unwrap(),
            },
        });
        settings.limits.size = self.size;
        settings.limits.window = Duration::from_secs(self.window);
        settings.parallelization_factor = self.lanes;
        settings.maximum_retry_attempts = Some(self.retries);
        settings.bisect_batch_on_function_error = self.bisect;
        settings.report_batch_item_failures = self.reports;
        // What a bucket receives holds the records.
        settings.on_failure = Some("arn:aws:s3:::orders-failed".parse().unwrap());
        settings
    }

    async fn play(&self) {
        let local = start(self.run()).await;
        let orders = local.handle().function("orders").unwrap();
        let mut model = Model::default();
        let stream = ScriptedStream::default();
        for _ in 0..2 {
            let shard = model.shard(&[]);
            stream.open(shard, []);
        }
        let read = || orders.stream("orders", stream.clone(), self.settings());
        let mut poller = read();
        for (index, step) in self.steps.iter().enumerate() {
            match *step {
                Step::Put(pick, count) => {
                    let shard = model.open[pick % model.open.len()].clone();
                    let key = |n: usize| dice(self.seed, ("key", index, n), 3);
                    let keys = (0..count).map(|n| usize::try_from(key(n)).unwrap());
                    let records: Vec<Record> = keys.map(|key| model.put(&shard, key)).collect();
                    stream.put(&shard, records);
                }
                Step::Split(_) if self.kafka => {
                    let shard = model.shard(&[]);
                    stream.open(shard, []);
                }
                Step::Split(pick) => {
                    let parent = model.open.remove(pick % model.open.len());
                    let parents = std::slice::from_ref(&parent);
                    let children = [model.shard(parents), model.shard(parents)];
                    stream.split(&parent, children.iter().map(String::as_str));
                }
                Step::Merge(pick) if !self.kafka && model.open.len() > 1 => {
                    let one = model.open.remove(pick % model.open.len());
                    let other = model.open.remove(pick % model.open.len());
                    let child = model.shard(&[one.clone(), other.clone()]);
                    stream.merge([&one, &other], &child);
                }
                Step::Merge(_) => {}
                Step::Wait(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
                Step::Restart => {
                    poller.stop().await;
                    poller = read();
                }
                Step::Fail => stream.fail(Error::new(ErrorKind::Unavailable, "it is away")),
            }
        }
        let end = |model: &Model, shard: &str| model.in_shard(shard).last();
        let all = |model: &Model| {
            let ends = stream.checkpoints();
            let shards = model.parents.keys();
            let mut shards = shards.filter_map(|shard| Some((shard, end(model, shard)?)));
            shards.all(|(shard, last)| ends.get(shard) == Some(&last.to_string()))
        };
        for _ in 0..400 {
            if all(&model) {
                break;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        assert!(all(&model), "nothing is left: {:?}", stream.checkpoints());
        poller.stop().await;
        self.check(&model, &local.handle().history());
        local.shutdown().await;
    }

    /// Goes through what happened, in the order it did.
    fn check(&self, model: &Model, history: &[Happening]) {
        let mut done: BTreeSet<usize> = BTreeSet::new();
        for happening in history {
            match &happening.what {
                What::Ran { payload, outcome } => {
                    let numbers = self.numbers(payload);
                    assert!(numbers.len() <= self.size);
                    for (place, number) in numbers.iter().enumerate() {
                        self.check_order(model, *number, &numbers[..place], &done);
                    }
                    let answer = outcome.payload().filter(|_| !outcome.is_function_error());
                    done.extend(self.succeeded(model, &numbers, answer));
                }
                What::GivenUp { attempts, .. } => assert_eq!(*attempts, self.retries + 1),
                What::Sent { body, .. } => {
                    let record: Value = serde_json::from_slice(body).unwrap();
                    let event = record["payload"].as_str().unwrap();
                    done.extend(self.numbers(event.as_bytes()));
                }
                What::Checkpointed {
                    shard,
                    position: Position::After(id),
                } => {
                    let until = id.parse::<usize>().unwrap();
                    let before = model.in_shard(shard).filter(|number| *number <= until);
                    for number in before {
                        assert!(
                            done.contains(&number),
                            "{number} is behind the checkpoint of {shard}"
                        );
                    }
                }
                _ => {}
            }
        }
        assert_eq!(done.len(), model.records.len(), "nothing is lost");
    }

    fn check_order(&self, model: &Model, number: usize, with: &[usize], done: &BTreeSet<usize>) {
        let Known { shard, place, key } = &model.records[number];
        for (other, known) in model.records.iter().enumerate() {
            let before = known.shard == *shard
                && known.place < *place
                && (known.key == *key || self.kafka || self.lanes == 1);
            let parent = model.parents[shard].contains(&known.shard);
            if before || parent {
                assert!(
                    done.contains(&other) || before && with.contains(&other),
                    "{number} overtakes {other}"
                );
            }
        }
    }

    /// Which records an answer says are done with, by this test's own reading.
    fn succeeded(&self, model: &Model, numbers: &[usize], answer: Option<&Bytes>) -> Vec<usize> {
        let Some(answer) = answer else {
            return Vec::new();
        };
        if !self.reports || answer == "null" {
            return numbers.to_vec();
        }
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
            return Vec::new();
        };
        let id = &answer["batchItemFailures"][0]["itemIdentifier"];
        let failed = match id {
            Value::String(id) => id.parse().unwrap(),
            id => usize::try_from(id["offset"].as_u64().unwrap()).unwrap(),
        };
        let shard = &model.records[failed].shard;
        let fine = |number: &&usize| **number < failed || model.records[**number].shard != *shard;
        numbers.iter().filter(fine).copied().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_stream(stream in streams()) {
        play(stream.play());
    }
}
