//! Putting verdicts until they are taken.

use std::time::Duration;

use lambda_with::{Error, ErrorKind};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Evaluations, PutEvaluations};
use crate::{ConfigEvent, Evaluation};

/// The most verdicts of one call.
const BATCH: usize = 100;
/// The longest that one try may take.
const TRY: Duration = Duration::from_secs(5);
/// The pause after the first try; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Puts all verdicts, batch by batch.
pub(super) async fn all(
    event: &ConfigEvent,
    evaluations: &[Evaluation],
    put: &impl PutEvaluations,
    end: Instant,
) -> Result<(), Error> {
    for (index, batch) in evaluations.chunks(BATCH).enumerate() {
        deliver(event, batch, put, end).await.map_err(|error| {
            let taken = index * BATCH;
            error
                .with("rule", event.config_rule_name.as_str())
                .with("taken", format!("{taken} of {}", evaluations.len()))
        })?;
    }
    Ok(())
}

/// Puts one batch until all of it is taken, it is refused for good, or the time is over.
async fn deliver(
    event: &ConfigEvent,
    batch: &[Evaluation],
    put: &impl PutEvaluations,
    end: Instant,
) -> Result<(), Error> {
    let mut left = batch.to_vec();
    let mut pause = PAUSE;
    loop {
        let call = Evaluations {
            result_token: &event.result_token,
            evaluations: &left,
            test_mode: event.is_test(),
        };
        let until = end.min(Instant::now() + TRY);
        let error = match timeout_at(until, put.put(call)).await {
            Ok(Ok(failed)) if failed.is_empty() => return Ok(()),
            Ok(Ok(failed)) => {
                let count = failed.len();
                left = failed;
                let message = format!("AWS Config did not take {count} evaluations");
                Error::new(ErrorKind::Unavailable, message)
            }
            Ok(Err(error)) if !error.is_retryable() => return Err(error),
            Ok(Err(error)) => error,
            Err(_) => Error::new(ErrorKind::Unavailable, "AWS Config did not answer in time"),
        };
        if Instant::now() + pause >= end {
            return Err(error);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
