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

impl BatchRecord for Word {
    const ANSWER: Answer = Answer::Halt;

    fn id(&self) -> Cow<'_, str> {
        self.0.as_str().into()
    }

    fn order(&self, _: Order) -> Option<Cow<'_, str>> {
        let key = &self.0[..1];
        (key != "-").then(|| key.into())
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::StopBehind
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

fn told(report: &Report<'_, Word, String>) -> String {
    let failure = |failure: &Failure<'_, Word, String>| match &failure.cause {
        Cause::Error(error) => format!("{} {error}", failure.record.0),
        other => format!("{} {other:?}", failure.record.0),
    };
    let failures: Vec<String> = report.failures.iter().map(failure).collect();
    failures.join(", ")
}

/// With so many at once, `begun` begins and `expected` is reported where `failing` fails.
#[track_caller]
fn check(parallel: usize, records: &str, failing: &str, begun: &str, expected: &str) {
    let batch = Batch {
        parallel,
        ..Batch::default()
    };
    check_batch(batch, records, failing, begun, expected);
}

#[track_caller]
fn check_batch(batch: Batch, records: &str, failing: &str, begun: &str, expected: &str) {
    let records = words(records);
    let seen = RefCell::new(Vec::new());
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
    let checkpoint = report.checkpoint().map(|word| word.0.as_str());
    assert_eq!(
        checkpoint,
        expected.split(' ').next().filter(|id| !id.is_empty())
    );
    let first = records.first().map(|word| word.0.as_str());
    let stuck = first.is_some() && checkpoint == first;
    assert_eq!(report.comes_again(), stuck);
    assert_eq!(report.progress().is_err(), stuck);
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
fn what_a_failure_stops_is_chosen() {
    let batch = |parallel, on_failure| Batch {
        parallel,
        on_failure: Some(on_failure),
        ..Batch::default()
    };
    let (alone, lane, all) = (OnFailure::Alone, OnFailure::StopLane, OnFailure::StopAll);
    for (on_failure, parallel, records, failing, begun, expected) in [
        (alone, 9, "a1 a2 b1", "a1", "a1 b1 a2", "a1 bad"),
        (alone, 1, "a1 a2 b1", "a1 b1", "a1 a2 b1", "a1 bad, b1 bad"),
        (
            lane,
            9,
            "a1 a2 b1 a3 b2",
            "a2",
            "a1 b1 a2 b2",
            "a2 bad, a3 Stopped",
        ),
        (
            lane,
            1,
            "a1 a2 b1 a3",
            "a1",
            "a1 b1",
            "a1 bad, a2 Stopped, a3 Stopped",
        ),
        (lane, 9, "-1 -2", "-1", "-1 -2", "-1 bad"),
        // What had begun in another lane ends as it ends.
        (
            all,
            9,
            "a1 a2 b1 b2",
            "a1",
            "a1 b1",
            "a1 bad, a2 Stopped, b2 Stopped",
        ),
        (
            all,
            1,
            "a1 b1 a2 b2",
            "b1",
            "a1 b1",
            "b1 bad, a2 Stopped, b2 Stopped",
        ),
    ] {
        check_batch(
            batch(parallel, on_failure),
            records,
            failing,
            begun,
            expected,
        );
    }
    // Without an order a lane is a record.
    let free = Batch {
        order: Order::None,
        ..batch(9, lane)
    };
    check_batch(free, "a1 a2", "a1", "a1 a2", "a1 bad");
}

#[test]
fn a_batch_without_progress_is_an_error() {
    let records = words("a1 a2 b1");
    let batch = Batch::default();
    let report = drive(batch.run(&records, async |_| Err::<(), _>("bad")), |_| ());
    assert_eq!(
        report.progress().unwrap_err().to_string(),
        "the batch comes again, 3 of 3 records are not done: record a1: bad"
    );
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
        ..Batch::default()
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

/// A multi-threaded executor wants a future it can move to another thread.
#[test]
fn a_run_can_move_between_threads() {
    fn movable<F: Future + Send>(_: F) {}
    async fn named(word: &Word) -> Result<(), String> {
        turns(word.0.len()).await;
        Ok(())
    }
    movable(async {
        let records = words("a1");
        let shared = String::from("a2");
        let left = || Duration::from_secs(9);
        let handle = async |word: &Word| match word.0 == shared {
            true => Err("bad".to_owned()),
            false => named(word).await,
        };
        let report = Batch::default().run(&records, handle).await;
        let sleep = |_| pending();
        let batch = Batch::default();
        batch.run_within(&records, left, sleep, named).await;
        drop(report);
    });
}

proptest! {
    /// Whatever fails: keys keep their order, parallelism is bounded, every record is accounted for,
    /// and nothing begins that the failure stops.
    #[test]
    fn nothing_is_lost(
        parallel in 1usize..6,
        records in vec((0u8..4, any::<u8>(), 0usize..4), 0..30),
        chosen in 0usize..4,
    ) {
        use OnFailure::{Alone, StopAll, StopBehind, StopLane};
        let on_failure = [Alone, StopLane, StopBehind, StopAll][chosen];
        let list: Vec<Word> = records.iter().enumerate()
            .map(|(index, (key, _, _))| Word(format!("{}{index}", char::from(b'a' + key))))
            .collect();
        let (busy, ended) = (RefCell::new(Vec::<String>::new()), RefCell::new(Vec::new()));
        let handle = async |word: &Word| {
            let index: usize = word.0[1..].parse().unwrap();
            let key = word.0[..1].to_owned();
            assert!(!busy.borrow().contains(&key), "{key} twice");
            assert!(busy.borrow().len() < parallel);
            let before = ended.borrow().clone();
            for (other, good) in &before {
                let other: &usize = other;
                let same = records[*other].0 == records[index].0;
                match on_failure {
                    _ if *good => {}
                    Alone => {}
                    StopLane => assert!(!same),
                    StopBehind => assert!(index < *other),
                    StopAll => panic!("{index} begins"),
                }
                assert!(!same || *other < index, "{index} after {other}");
            }
            busy.borrow_mut().push(key.clone());
            turns(records[index].2).await;
            busy.borrow_mut().retain(|other| *other != key);
            let good = records[index].1 >= 30;
            ended.borrow_mut().push((index, good));
            match good {
                true => Ok(()),
                false => Err("bad".to_owned()),
            }
        };
        let batch = Batch { parallel, on_failure: Some(on_failure), ..Batch::default() };
        let report = drive(batch.run(&list, handle), |_| ());
        prop_assert!(busy.borrow().is_empty());
        let done = ended.into_inner().into_iter().filter(|(_, good)| *good);
        let done: Vec<usize> = done.map(|(index, _)| index).collect();
        prop_assert_eq!(done.len() + report.failures.len(), list.len());
        prop_assert!(report.failures.is_sorted_by_key(|failure| failure.index));
        let halt = report.failures.first().map_or(list.len(), |first| first.index);
        prop_assert!((0..halt).all(|index| done.contains(&index)));
        if let Some(first) = report.failures.first().filter(|_| on_failure != StopAll) {
            prop_assert_eq!(&first.cause, &Cause::Error("bad".to_owned()));
        }
    }
}
