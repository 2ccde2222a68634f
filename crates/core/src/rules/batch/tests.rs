use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn record(id: &str, group: &str) -> Record {
    let group = (!group.is_empty()).then(|| group.to_owned());
    Record {
        id: id.into(),
        group,
        receipt: String::new(),
        json: format!(r#""{id}""#).into(),
        arrived: None,
    }
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Plays a script: `0+ a a:g` offers records (with a group) at second 0, `3?` asks for batches until
/// there is none, `4! 1 a` finishes batch 1, in which `a` failed. Tells what came of each line.
fn check(size: usize, window: u64, payload: usize, script: &str, expected: &str) {
    let mut batcher = Batcher::new(Limits {
        size,
        window: seconds(window),
        payload,
    });
    let mut told = Vec::new();
    let ids = |records: &[Record]| {
        records
            .iter()
            .map(|record| record.id.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let (time, rest) = line.split_at(line.find(['+', '?', '!']).unwrap());
        let now = seconds(time.parse().unwrap());
        let words: Vec<&str> = rest[1..].split_whitespace().collect();
        match &rest[..1] {
            "+" => {
                let records = words.iter().map(|word| {
                    let (id, group) = word.split_once(':').unwrap_or((word, ""));
                    record(id, group)
                });
                let oversize = batcher.offer(records, now);
                if !oversize.is_empty() {
                    told.push(format!("{now:?} too large: {}", ids(&oversize)));
                }
            }
            "?" => {
                while let Some(batch) = batcher.next(now) {
                    told.push(format!(
                        "{now:?} batch {}: {}",
                        batch.id,
                        ids(&batch.records)
                    ));
                    assert!(batch.event().len() <= payload);
                }
                told.push(format!("{now:?} deadline {:?}", batcher.deadline()));
            }
            _ => {
                let failed: Vec<String> = words[1..].iter().map(|id| (*id).to_owned()).collect();
                let back = batcher.finish(words[0].parse().unwrap(), &failed);
                if !back.is_empty() {
                    told.push(format!("{now:?} back: {}", ids(&back)));
                }
            }
        }
    }
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    assert_eq!(told, expected, "{script}");
}

#[test]
fn size_window_and_payload() {
    let mb = 6 * 1024 * 1024;
    check(
        10,
        0,
        mb,
        "0+ a b c
         0?",
        "0ns batch 1: a b c
         0ns deadline None",
    );
    check(
        2,
        0,
        mb,
        "0+ a b c d e
         0?",
        "0ns batch 1: a b
         0ns batch 2: c d
         0ns batch 3: e
         0ns deadline None",
    );
    check(
        3,
        5,
        mb,
        "1+ a
         1?
         4+ b
         5?
         6?
         7+ c d e f
         7?
         12?",
        "1s deadline Some(6s)
         5s deadline Some(6s)
         6s batch 1: a b
         6s deadline None
         7s batch 2: c d e
         7s deadline Some(12s)
         12s batch 3: f
         12s deadline None",
    );
    // `{"Records":["a","b"]}` has 21 bytes.
    check(
        10,
        5,
        21,
        "0+ a b c
         0?
         1+ d
         1?
         2+ e
         2?",
        "0ns batch 1: a b
         0ns deadline Some(5s)
         1s deadline Some(5s)
         2s batch 2: c d
         2s deadline Some(7s)",
    );
    check(
        10,
        0,
        20,
        "0+ a b toolarge
         0?",
        "0ns too large: toolarge
         0ns batch 1: a
         0ns batch 2: b
         0ns deadline None",
    );
}

#[test]
fn groups_keep_their_order() {
    let mb = 6 * 1024 * 1024;
    check(
        2,
        0,
        mb,
        "0+ a1:a a2:a a3:a b1:b
         0?
         1! 1
         1?",
        "0ns batch 1: a1 a2
         0ns batch 2: b1
         0ns deadline None
         1s batch 3: a3
         1s deadline None",
    );
    check(
        1,
        0,
        mb,
        "0+ a1:a b1:b a2:a c1:c
         0?
         1! 2
         1?
         2! 1
         2?",
        "0ns batch 1: a1
         0ns batch 2: b1
         0ns batch 3: c1
         0ns deadline None
         1s deadline None
         2s batch 4: a2
         2s deadline None",
    );
    check(
        2,
        0,
        mb,
        "0+ a1:a a2:a a3:a a4:a b1:b
         0?
         1! 1 a2
         1?
         30+ a2:a a3:a a4:a
         30?",
        "0ns batch 1: a1 a2
         0ns batch 2: b1
         0ns deadline None
         1s back: a3 a4
         1s deadline None
         30s batch 3: a2 a3
         30s deadline None",
    );
    check(
        10,
        0,
        mb,
        "0+ a b:g
         0?
         1! 1 a
         1! 1 b
         1! 7",
        "0ns batch 1: a b
         0ns deadline None",
    );
}

#[test]
fn events_hold_the_records_as_they_are() {
    let records = [
        record("a", ""),
        Record {
            json: r#"{ "x" : 1.0 }"#.into(),
            ..record("b", "")
        },
    ];
    assert_eq!(event_json(&records), r#"{"Records":["a",{ "x" : 1.0 }]}"#);
    assert_eq!(event_json(&records[..0]), r#"{"Records":[]}"#);
}

#[derive(Clone, Debug)]
enum Step {
    Offer(Vec<(usize, usize)>),
    Next,
    Finish(usize, Vec<usize>),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        prop::collection::vec((0usize..4, 0usize..60), 0..8).prop_map(Step::Offer),
        Just(Step::Next),
        (0usize..4, prop::collection::vec(0usize..8, 0..3)).prop_map(|(n, f)| Step::Finish(n, f)),
        (0u64..4).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// A source that gives failed records out again, in order, sees each record done exactly once.
    #[test]
    fn nothing_is_lost_doubled_reordered_or_too_large(
        steps in steps(), size in 1usize..6, window in 0u64..3, fifo: bool,
    ) {
        let limits = Limits { size, window: seconds(window), payload: 64 };
        let mut batcher = Batcher::new(limits);
        let mut now = Duration::ZERO;
        let mut offered = 0;
        let mut again: Vec<Record> = Vec::new();
        let mut flying: Vec<Batch> = Vec::new();
        let mut done: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        let mut finished = 0;
        // In the end everything is offered again, taken, and finished without failures.
        let end = std::iter::repeat_n([Step::Wait(3), Step::Offer(vec![]), Step::Next, Step::Finish(0, vec![])], 400);
        for step in steps.into_iter().chain(end.flatten()) {
            match step {
                Step::Wait(n) => now += seconds(n),
                Step::Offer(new) => {
                    let mut records = std::mem::take(&mut again);
                    records.sort_by_key(|record| record.id.parse::<usize>().unwrap());
                    for (group, length) in new {
                        let json = format!("{offered:length$}").into();
                        let group = fifo.then(|| group.to_string());
                        records.push(Record { group, json, ..record(&offered.to_string(), "") });
                        offered += 1;
                    }
                    for oversize in batcher.offer(records, now) {
                        prop_assert!(oversize.json.len() + 14 > limits.payload);
                        finished += 1;
                    }
                }
                Step::Next => {
                    if let Some(batch) = batcher.next(now) {
                        prop_assert!(!batch.records.is_empty() && batch.records.len() <= size);
                        prop_assert!(batch.event().len() <= limits.payload);
                        for record in batch.records.iter().filter(|record| record.group.is_some()) {
                            let elsewhere = flying.iter().flat_map(|other| &other.records);
                            prop_assert!(elsewhere.clone().all(|other| other.group != record.group));
                        }
                        flying.push(batch);
                    } else if let Some(deadline) = batcher.deadline() {
                        prop_assert!(deadline > now && deadline <= now + limits.window);
                    }
                }
                Step::Finish(n, failures) => {
                    if flying.is_empty() {
                        continue;
                    }
                    let batch = flying.remove(n % flying.len());
                    // As a FIFO function does: the first failure of a group takes the rest along.
                    let mut failed: Vec<Record> = Vec::new();
                    for (index, record) in batch.records.into_iter().enumerate() {
                        let follows = fifo && failed.iter().any(|f| f.group == record.group);
                        if follows || failures.contains(&index) {
                            failed.push(record);
                        } else {
                            let ids = done.entry(record.group).or_default();
                            ids.push(record.id.parse().unwrap());
                            finished += 1;
                        }
                    }
                    let ids: Vec<String> = failed.iter().map(|record| record.id.clone()).collect();
                    again.extend(batcher.finish(batch.id, &ids));
                    again.extend(failed);
                }
            }
        }
        prop_assert_eq!(finished, offered);
        prop_assert_eq!((batcher.waiting(), batcher.in_flight()), (0, 0));
        for (group, mut ids) in done {
            let in_order = ids.is_sorted();
            ids.sort_unstable();
            prop_assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "one is done twice");
            prop_assert!(in_order || group.is_none());
        }
    }
}
