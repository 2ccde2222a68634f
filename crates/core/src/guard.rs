//! Running a user's code so that its failure is data, whatever its kind.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The error of a user's own code, of whatever type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Runs a future until it is done, panics, or `over` is.
///
/// Where a service waits for an answer, it must get one whatever becomes of the code that was to make
/// it. Time is an argument: `over` is a timer of whatever runtime there is.
///
/// ```
/// use lambda_with::guarded;
///
/// # use std::{future, pin, task};
/// # fn run<T>(work: impl Future<Output = T>) -> T {
/// #     let mut cx = task::Context::from_waker(task::Waker::noop());
/// #     match pin::pin!(work).poll(&mut cx) {
/// #         task::Poll::Ready(done) => done,
/// #         task::Poll::Pending => unreachable!(),
/// #     }
/// # }
/// let never = future::pending();
/// let done = guarded(never, async { if true { panic!("no berth left") } else { Ok(7) } });
/// assert_eq!(run(done).unwrap_err().to_string(), "the function panicked: no berth left");
/// ```
///
/// # Errors
///
/// The future's own error, what it panicked with, or that its time was over.
pub async fn guarded<T>(
    over: impl Future<Output = ()>,
    future: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    let mut future = Box::pin(future);
    let mut over = pin!(over);
    let done = poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        let polled = polled.unwrap_or_else(|panic| Poll::Ready(Err(said(&*panic))));
        match polled {
            Poll::Pending => over.as_mut().poll(cx).map(|()| {
                Err(BoxError::from(
                    "the function was not done before its time was over",
                ))
            }),
            ready => ready,
        }
    })
    .await;
    // Whatever it holds is dropped here, and a panic then is no reason to leave without an answer.
    match (done, catch_unwind(AssertUnwindSafe(|| drop(future)))) {
        (Ok(_), Err(panic)) => Err(said(&*panic)),
        (done, _) => done,
    }
}

fn said(panic: &(dyn Any + Send)) -> BoxError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    match text {
        Some(text) => format!("the function panicked: {text}").into(),
        None => "the function panicked".into(),
    }
}
