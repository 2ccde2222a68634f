//! The batch runner: order, parallelism, failures, panics and deadlines.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use lambda_with_sqs::{Batch, OnFailure, Report, SqsBatchResponse, SqsEvent, SqsMessage};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use tokio::time::{Instant, sleep};

/// One message per word, `GROUP` and a number: `a1 a2 b1`.
fn batch(queue: &str, words: &str) -> SqsEvent {
    let message = |word: &str| {
        let mut message = SqsMessage {
            message_id: word.into(),
            event_source_arn: format!("arn:aws:sqs:eu-west-1:123456789012:{queue}").into(),
            ..SqsMessage::default()
        };
        message.attributes.message_group_id = Some(word[..1].into());
        message
    };
    SqsEvent {
        records: words.split_whitespace().map(message).collect(),
    }
}

async fn fail(words: &str, message: &SqsMessage) -> Result<(), String> {
    tokio::task::yield_now().await;
    match message.message_id.as_str() {
        id if words.split_whitespace().any(|word| word == id) => Err(format!("no {id}")),
        _ => Ok(()),
    }
}

fn ids(report: &Report<String>) -> String {
    let ids: Vec<&str> = report
        .failures
        .iter()
        .map(|f| f.message_id.as_str())
        .collect();
    ids.join(" ")
}

#[tokio::test]
async fn what_a_failure_stops() {
    let stop = Batch::default();
    let skip = Batch {
        on_failure: OnFailure::SkipGroup,
        ..stop
    };
    let one = |batch| Batch {
        parallel: 1,
        ..batch
    };
    for (options, queue, messages, failing, reported) in [
        (stop, "q", "a1 a2 b1 a3", "", ""),
        (stop, "q", "", "", ""),
        // A standard queue has no order to keep, groups or not.
        (stop, "q", "a1 a2 b1 a3", "a1", "a1"),
        (one(stop), "q", "a1 a2 b1 a3", "a1 b1", "a1 b1"),
        (stop, "q.fifo", "a1 a2 b1 a3", "", ""),
        // The other group's first message had begun already, and ends as it ends.
        (stop, "q.fifo", "a1 a2 b1 b2", "a1", "a1 a2 b2"),
        (one(stop), "q.fifo", "a1 a2 b1 b2", "a1", "a1 a2 b1 b2"),
        (one(stop), "q.fifo", "a1 b1 a2 b2", "b1", "b1 a2 b2"),
        (one(stop), "q.fifo", "a1 a2 b1", "b1", "b1"),
        (skip, "q.fifo", "a1 a2 b1 b2 a3 c1", "a2", "a2 a3"),
        (
            one(skip),
            "q.fifo",
            "a1 a2 b1 b2 a3 c1",
            "a1 b2",
            "a1 a2 b2 a3",
        ),
        (skip, "q.fifo", "a1 a2", "a1", "a1 a2"),
    ] {
        let event = batch(queue, messages);
        let report = options
            .run(&event, async |message| fail(failing, message).await)
            .await;
        assert_eq!(
            ids(&report),
            reported,
            "{queue} {messages}: {failing} failed"
        );
        let response = report.response();
        assert_eq!(
            response,
            SqsBatchResponse::of_failed(reported.split_whitespace())
        );
        response.check(&event).unwrap();
        let all = !messages.is_empty() && messages == reported;
        assert_eq!(report.all_failed(), all, "{messages}: {failing}");
    }
}

#[tokio::test]
async fn a_group_is_never_at_work_twice_and_keeps_its_order() {
    let event = batch("q.fifo", "a1 b1 a2 a3 b2 c1 b3");
    let begun = RefCell::new(Vec::new());
    let busy = RefCell::new(Vec::new());
    let report = Batch::default()
        .run(&event, async |message: &SqsMessage| {
            let group = message.message_id[..1].to_owned();
            assert!(!busy.borrow().contains(&group), "{group} twice");
            begun.borrow_mut().push(message.message_id.to_string());
            busy.borrow_mut().push(group.clone());
            sleep(Duration::from_millis(1)).await;
            busy.borrow_mut().retain(|other| *other != group);
            Ok::<_, String>(())
        })
        .await;
    assert!(report.failures.is_empty(), "{report:?}");
    for group in ["a", "b", "c"] {
        let of_group: Vec<_> = begun
            .borrow()
            .iter()
            .filter(|id| id.starts_with(group))
            .cloned()
            .collect();
        assert!(of_group.is_sorted(), "{of_group:?}");
    }
    assert_eq!(begun.borrow()[..3], ["a1", "b1", "c1"]);
}

#[tokio::test(start_paused = true)]
async fn parallelism_is_bounded() {
    let words: Vec<String> = (0..10).map(|number| format!("a{number}")).collect();
    for (parallel, millis) in [(0, 1000), (1, 1000), (3, 400), (10, 100), (99, 100)] {
        let event = batch("q", &words.join(" "));
        let (busy, most) = (Cell::new(0), Cell::new(0));
        let start = Instant::now();
        Batch {
            parallel,
            ..Batch::default()
        }
        .run(&event, async |_| {
            busy.set(busy.get() + 1);
            most.set(most.get().max(busy.get()));
            sleep(Duration::from_millis(100)).await;
            busy.set(busy.get() - 1);
            Ok::<_, String>(())
        })
        .await;
        assert_eq!(most.get(), parallel.clamp(1, 10));
        assert_eq!(start.elapsed().as_millis(), millis, "{parallel} at once");
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_goes_out_before_the_deadline() {
    let options = Batch {
        parallel: 2,
        ..Batch::default()
    };
    // Each message takes as many seconds as its number says.
    let work = async |message: &SqsMessage| {
        let seconds: u64 = message.message_id[1..].parse().unwrap();
        sleep(Duration::from_secs(seconds)).await;
        Ok::<_, String>(())
    };
    for (remaining, queue, messages, millis, report) in [
        (9_000, "q", "a1 b2 c1", 2_000, ""),
        // Begun with time left, still running when the margin for the answer begins.
        (3_000, "q", "a1 b9 c1", 2_800, "b9 TimedOut"),
        // With less than the margin left, nothing begins any more.
        (2_500, "q", "a2 b2 c1", 2_000, "c1 Late"),
        (900, "q", "a0 b0", 0, "a0 Late, b0 Late"),
        (0, "q", "a0 b0", 0, "a0 Late, b0 Late"),
        (
            3_000,
            "q.fifo",
            "a1 a9 a3 b1",
            2_800,
            "a9 TimedOut, a3 Stopped",
        ),
    ] {
        let event = batch(queue, messages);
        let start = Instant::now();
        let remaining = Duration::from_millis(remaining);
        let actual = options.run_within(&event, remaining, sleep, work).await;
        let failures: Vec<_> = actual
            .failures
            .iter()
            .map(|f| format!("{} {:?}", f.message_id, f.cause))
            .collect();
        assert_eq!(
            failures.join(", "),
            report,
            "{messages} within {remaining:?}"
        );
        assert_eq!(
            start.elapsed().as_millis(),
            millis,
            "{messages} within {remaining:?}"
        );
    }
}

#[tokio::test]
async fn a_handler_that_never_waits_is_held_to_the_deadline_too() {
    let event = batch("q", "a1 a2 a3 a4 a5 a6 a7 a8 a9");
    let options = Batch {
        parallel: 1,
        begin_margin: Duration::ZERO,
        ..Batch::default()
    };
    let report = options
        .run_within(&event, Duration::from_millis(50), sleep, async |_| {
            std::thread::sleep(Duration::from_millis(20));
            Ok::<_, String>(())
        })
        .await;
    let done = report.messages - report.failures.len();
    assert!((1..=4).contains(&done), "{done} of 9 began");
}

#[tokio::test]
async fn a_panic_costs_one_message() {
    let event = batch("q", "a1 a2 a3 a4");
    let report = Batch::default()
        .run(&event, async |message| match message.message_id.as_str() {
            "a2" => panic!("{} is too much", message.message_id),
            "a3" => panic!("enough"),
            id => fail("a4", message)
                .await
                .map_err(|error| format!("{id}: {error}")),
        })
        .await;
    let lines: Vec<_> = report.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "message a2: the handler panicked: a2 is too much",
            "message a3: the handler panicked: enough",
            "message a4: a4: no a4",
        ]
    );
    assert_eq!(report.failures[0].index, 1);
}

/// A multi-threaded executor wants a future it can move to another thread.
#[test]
fn a_run_can_move_between_threads() {
    fn movable<F: Future + Send>(_: F) {}
    async fn named(message: &SqsMessage) -> Result<(), String> {
        fail("", message).await
    }
    movable(async {
        let event = batch("q", "a1");
        let shared = String::from("a2");
        let borrow = &shared;
        let limit = Duration::from_secs(9);
        let batch = Batch::default();
        let report = batch
            .run(&event, async |message| fail(&shared, message).await)
            .await;
        batch
            .run_within(&event, limit, sleep, async |message| {
                fail(borrow, message).await
            })
            .await;
        batch.run_within(&event, limit, sleep, named).await;
        drop(report);
    });
}

/// The simplest executor there is, to show that none in particular is needed.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Arc::new(Unpark(std::thread::current())).into();
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn any_executor_will_do() {
    let timer = |duration: Duration| {
        let mut sleeper = None;
        poll_fn(move |cx| {
            let waker = cx.waker().clone();
            let sleeper = sleeper.get_or_insert_with(|| {
                std::thread::spawn(move || {
                    std::thread::sleep(duration);
                    waker.wake();
                })
            });
            if sleeper.is_finished() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    };
    let event = batch("q", "a1 b1");
    let batch = Batch {
        begin_margin: Duration::ZERO,
        ..Batch::default()
    };
    let report = block_on(
        batch.run_within(&event, Duration::from_millis(250), timer, async |m| {
            if m.message_id.as_str() == "a1" {
                pending().await
            } else {
                Ok::<_, String>(())
            }
        }),
    );
    assert_eq!(ids(&report), "a1");
}

proptest! {
    /// Whatever fails, every message is either done or reported, and no order is broken.
    #[test]
    fn nothing_is_forgotten(
        groups in vec(0_u8..4, 0..12),
        failing in any::<u16>(),
        parallel in 1_usize..5,
        fifo in any::<bool>(),
        skip in any::<bool>(),
    ) {
        let id = |index: usize| format!("{}{index}", char::from(b'a' + groups[index]));
        let words: Vec<String> = (0..groups.len()).map(id).collect();
        let event = batch(if fifo { "q.fifo" } else { "q" }, &words.join(" "));
        let on_failure = if skip { OnFailure::SkipGroup } else { OnFailure::Stop };
        let (begun, done) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let fails = |index: usize| failing >> index & 1 == 1;
        let report = block_on(Batch { parallel, on_failure, ..Batch::default() }.run(&event, async |m| {
            let index: usize = m.message_id[1..].parse().unwrap();
            begun.borrow_mut().push(index);
            let mut yields = index % 3;
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                yields = yields.saturating_sub(1);
                if yields == 0 { Poll::Ready(()) } else { Poll::Pending }
            }).await;
            if fails(index) { return Err(index) }
            done.borrow_mut().push(index);
            Ok(())
        }));
        let (begun, mut done) = (begun.into_inner(), done.into_inner());
        let failed: Vec<usize> = report.failures.iter().map(|failure| failure.index).collect();
        prop_assert!(failed.is_sorted());
        done.extend(&failed);
        done.sort_unstable();
        prop_assert_eq!(done, (0..groups.len()).collect::<Vec<_>>());
        for group in groups.iter().filter(|_| fifo) {
            let of_group = |index: &&usize| groups[**index] == *group;
            prop_assert!(begun.iter().filter(of_group).is_sorted());
            let first = failed.iter().find(of_group);
            prop_assert!(begun.iter().filter(of_group).all(|index| first.is_none_or(|first| index <= first)));
        }
        if !fifo {
            prop_assert_eq!(failed, (0..groups.len()).filter(|i| fails(*i)).collect::<Vec<_>>());
        } else if !skip && parallel == 1 {
            prop_assert!(begun.iter().rev().skip(1).all(|index| !fails(*index)));
        }
    }
}
