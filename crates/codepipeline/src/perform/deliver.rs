//! Putting a result until it is taken.

use std::time::Duration;

use lambda_with::{Error, ErrorKind, guarded};
use tokio::time::{Instant, sleep, sleep_until};

use super::{JobResults, Put};
use crate::result::Outcome;

/// The longest that one try may take.
const TRY: Duration = Duration::from_secs(10);
/// The pause after the first try; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Puts a result until it is taken, refused for good, or the time is over.
pub(super) async fn put(
    id: &str,
    outcome: &Outcome,
    results: &impl JobResults,
    end: Instant,
) -> Result<(), Error> {
    let mut pause = PAUSE;
    loop {
        let until = end.min(Instant::now() + TRY);
        let sent = guarded(sleep_until(until), async {
            Ok(match outcome {
                Outcome::Success(success) => results.put_success(id, success).await,
                Outcome::Failure(failure) => results.put_failure(id, failure).await,
            })
        });
        let error = match sent.await {
            Ok(Ok(Put::Taken | Put::Already)) => return Ok(()),
            Ok(Err(error)) if !error.is_retryable() => return Err(error.with("job", id)),
            Ok(Err(error)) => error,
            Err(error) => {
                let message = format!("the result could not be put: {error}");
                Error::new(ErrorKind::Unavailable, message)
            }
        };
        if Instant::now() + pause >= end {
            return Err(error.with("job", id));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
