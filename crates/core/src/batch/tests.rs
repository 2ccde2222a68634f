use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::sync::Arc;
use std::task::Wake;

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::*;

/// A key and a number, `a1`; a key of `-` stands for none.
#[derive(Clone, Debug)]
struct Word(String);

impl StreamRecord for Word {
    fn sequence_number(&self) -> &str {
        &self.0
    }

    fn order(&self) -> Option<Cow<'_, str>> {
        let key = &self.0[..1];
        (key != "-").then(|| key.into())
    }
}

fn words(text: &str) -> Vec<Word> {
    let word = |word: &str| Word(word.to_owned());
    text.split_whitespace().map(word).collect()
}

struct Noop;

impl Wake for Noop {
    fn wake(self: Arc<Self>) {}
}

/// Polls until it is ready, telling `each` how often it was not.
fn drive<T>(future: impl Future<Output = T>, mut each: impl FnMut(usize)) -> T {
    let mut future = pin!(future);
    let waker = Arc::new(Noop).into();
    for turn in 0..10_000 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        each(turn);
    }
    panic!("never ready");
}

/// Ready after this many polls.
async fn turns(count: usize) {
    let mut left = count;
    poll_fn(|_| {
        let ready = left == 0;
        left = left.saturating_sub(1);
        if ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

fn told(report: &Report<String>) -> String {
    let failure = |failure: &Failure<String>| match &failure.cause {
        Cause::Error(error) => format!("{} {error}", failure.sequence_number),
        other => format!("{} {other:?}", failure.sequence_number),
    };
    let failures: Vec<String> = report.failures.iter().map(failure).collect();
    failures.join(", ")
}

#[track_caller]
fn check(parallel: usize, records: &str, failing: &str, begun: &str, expected: &str) {
    let records = words(records);
    let seen = RefCell::new(Vec::new());
    let batch = Batch {
        parallel,
        ..Batch::default()
    };
    let handle = async |word: &Word| {
        seen.borrow_mut().push(word.0.clone());
        turns(1).await;
        match failing.split_whitespace().any(|bad| bad == word.0) {
            true => Err("bad".to_owned()),
            false => Ok(()),
        }
    };
    let report = drive(batch.run(&records, handle), |_| ());
    assert_eq!(told(&report), expected);
    assert_eq!(seen.into_inner().join(" "), begun);
    assert_eq!(
        report.checkpoint(),
        expected.split(' ').next().filter(|id| !id.is_empty())
    );
    let first = records.first().map(|word| word.0.as_str());
    let stuck = first.is_some() && report.checkpoint() == first;
    assert_eq!(report.is_without_progress(), stuck);
}

#[test]
fn what_a_failure_stops() {
    check(10, "", "", "", "");
    check(10, "a1 a2 b1", "", "a1 b1 a2", "");
    check(1, "a1 a2 b1", "", "a1 a2 b1", "");
    // One after the other, nothing behind a failure begins.
    check(
        1,
        "a1 b1 a2 b2",
        "b1",
        "a1 b1",
        "b1 bad, a2 Stopped, b2 Stopped",
    );
    check(1, "a1 b1 a2", "a1", "a1", "a1 bad, b1 Stopped, a2 Stopped");
    // What stands before a failure goes on, so that the checkpoint moves as far as it can.
    check(
        2,
        "a1 b1 a2 b2 a3",
        "b2",
        "a1 b1 a2 b2",
        "b2 bad, a3 Stopped",
    );
    check(
        2,
        "a1 b1 a2 a3 c1",
        "b1",
        "a1 b1",
        "b1 bad, a2 Stopped, a3 Stopped, c1 Stopped",
    );
    check(3, "a1 a2 a3 b1", "b1", "a1 b1 a2 a3", "b1 bad");
    // What ran beside it had begun, and comes again; the answer names the first alone.
    check(10, "a1 b1 c1", "a1 c1", "a1 b1 c1", "a1 bad, c1 bad");
    // Without keys there is no order.
    check(10, "-1 -2 -3", "-2", "-1 -2 -3", "-2 bad");
}

#[test]
fn a_panic_costs_its_record() {
    let records = words("a1 b1");
    let handle = async |word: &Word| {
        assert!(word.0 != "b1", "b1 is odd");
        Ok::<_, String>(())
    };
    let report = drive(Batch::default().run(&records, handle), |_| ());
    assert_eq!(told(&report), r#"b1 Panic("b1 is odd")"#);
    assert_eq!(
        report.failures[0].to_string(),
        "record b1: the handler panicked: b1 is odd"
    );
}

/// Time in seconds passes by one each time nothing is ready.
#[track_caller]
fn check_time(parallel: usize, seconds: u64, records: &str, expected: &str, took: u64) {
    let clock = Cell::new(0);
    let left = || Duration::from_secs(seconds.saturating_sub(clock.get()));
    let sleep = |time: Duration| {
        let until = clock.get() + time.as_secs();
        let clock = &clock;
        poll_fn(move |_| match clock.get() >= until {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
    };
    let batch = Batch {
        parallel,
        begin_margin: Duration::from_secs(2),
        answer_margin: Duration::from_secs(1),
    };
    let records = words(records);
    let handle = async |word: &Word| {
        let lasts = word.0[1..].parse().map_err(|_| "odd".to_owned())?;
        sleep(Duration::from_secs(lasts)).await;
        Ok::<_, String>(())
    };
    let report = drive(batch.run_within(&records, left, &sleep, handle), |_| {
        clock.set(clock.get() + 1);
    });
    assert_eq!(told(&report), expected);
    assert_eq!(clock.get(), took);
}

#[test]
fn the_answer_goes_out_before_the_deadline() {
    check_time(2, 9, "a1 b2 c1", "", 2);
    check_time(2, 6, "a1 b9 c1", "b9 TimedOut", 5);
    check_time(1, 6, "a4 b1 c1", "b1 Late, c1 Late", 4);
    check_time(1, 6, "a5 b1", "b1 Late", 5);
    check_time(2, 6, "a9 b1 a2", "a9 TimedOut, a2 Stopped", 5);
    check_time(2, 2, "a0 b0", "a0 Late, b0 Late", 0);
    check_time(2, 6, "ax b9", "ax odd, b9 TimedOut", 5);
}

#[test]
fn a_handler_that_never_waits_is_held_to_the_deadline_too() {
    let records = words("a1 a2 a3 a4");
    let clock = Cell::new(0);
    let left = || Duration::from_secs(4 - clock.get());
    let handle = async |_: &Word| {
        clock.set(clock.get() + 1);
        Ok::<_, String>(())
    };
    let batch = Batch::default();
    let run = batch.run_within(&records, left, |_| pending(), handle);
    assert_eq!(told(&drive(run, |_| ())), "a4 Late");
}

proptest! {
    /// Whatever fails: keys keep their order, parallelism is bounded, all before the checkpoint is
    /// done, and every record is accounted for.
    #[test]
    fn nothing_is_lost(
        parallel in 1usize..6,
        records in vec((0u8..4, any::<u8>(), 0usize..4), 0..30),
    ) {
        let list: Vec<Word> = records.iter().enumerate()
            .map(|(index, (key, _, _))| Word(format!("{}{index}", char::from(b'a' + key))))
            .collect();
        let (busy, done) = (RefCell::new(Vec::<String>::new()), RefCell::new(Vec::<usize>::new()));
        let handle = async |word: &Word| {
            let index: usize = word.0[1..].parse().unwrap();
            let key = word.0[..1].to_owned();
            assert!(!busy.borrow().contains(&key), "{key} twice");
            assert!(busy.borrow().len() < parallel);
            busy.borrow_mut().push(key.clone());
            turns(records[index].2).await;
            busy.borrow_mut().retain(|other| *other != key);
            if records[index].1 < 30 {
                return Err("bad".to_owned());
            }
            done.borrow_mut().push(index);
            Ok(())
        };
        let batch = Batch { parallel, ..Batch::default() };
        let report = drive(batch.run(&list, handle), |_| ());
        prop_assert!(busy.borrow().is_empty());
        let done = done.into_inner();
        prop_assert_eq!(done.len() + report.failures.len(), list.len());
        let halt = report.failures.first().map_or(list.len(), |first| first.index);
        prop_assert!((0..halt).all(|index| done.contains(&index)));
        if let Some(first) = report.failures.first() {
            prop_assert_eq!(&first.cause, &Cause::Error("bad".to_owned()));
        }
        let by_key = |index: &usize| (list[*index].0[..1].to_owned(), *index);
        for (position, index) in done.iter().enumerate() {
            let (key, _) = by_key(index);
            let later = done[position..].iter().filter(|other| by_key(other).0 == key);
            prop_assert!(later.clone().is_sorted());
        }
    }
}
