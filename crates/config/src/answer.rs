//! Evaluating a rule, and answering exactly once.

mod deliver;

use std::time::{Duration, SystemTime};

use lambda_with::{BoxError, Error, ErrorKind, Secret, Text, guarded};
use tokio::time::{Instant, sleep_until};

use crate::{Compliance, ConfigEvent, Evaluation, InvokingEvent};

/// How much of an invocation is kept for the answer, at most.
const KEPT: Duration = Duration::from_secs(2);
/// How much of it is left for Lambda to be told that no answer went through.
const LEFT: Duration = Duration::from_millis(100);

/// A rule, which [`answer`] has evaluated.
pub trait Rule {
    /// Judges the resource, or those there are.
    ///
    /// Called for resources that are there and in scope only. Of no evaluations AWS Config is told
    /// that the rule is not applicable. It can be called again for the same event.
    fn evaluate(
        &self,
        event: &ConfigEvent,
        invoking: &InvokingEvent,
    ) -> impl Future<Output = Result<Vec<Evaluation>, BoxError>> + Send;

    /// What is put where the rule failed, panicked or took too long: nothing unless written, because
    /// a verdict that nobody came to is wrong either way. The invocation fails all the same.
    fn on_failure(
        &self,
        event: &ConfigEvent,
        invoking: &InvokingEvent,
        error: &(dyn std::error::Error + 'static),
    ) -> Vec<Evaluation> {
        let _ = (event, invoking, error);
        Vec::new()
    }
}

/// The call of AWS Config, to be written with one's own client. With the feature `reply` the AWS
/// SDK's `Client` is one.
pub trait PutEvaluations {
    /// One request, without trying again. Gives `FailedEvaluations`: those that were not taken.
    ///
    /// # Errors
    ///
    /// When it did not go through. What cannot succeed later is of the kind `Invalid`, `Limit`,
    /// `Denied` or `NotFound`.
    fn put(
        &self,
        evaluations: Evaluations<'_>,
    ) -> impl Future<Output = Result<Vec<Evaluation>, Error>> + Send;
}

/// What [`PutEvaluations`] is to be called with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Evaluations<'a> {
    /// `ResultToken`. Whoever has it can answer: keep it out of logs.
    pub result_token: &'a Secret<Text>,
    /// `Evaluations`, at most 100.
    pub evaluations: &'a [Evaluation],
    /// `TestMode`: AWS Config looks at it and keeps nothing.
    pub test_mode: bool,
}

/// Has `rule` judge what the event is about, and puts the verdicts by `put`. Gives what was put.
///
/// A resource that is gone or has left the scope is answered `NOT_APPLICABLE` without asking the rule.
/// Every verdict is put once, in batches of 100, and again only if AWS Config did not take it. All is
/// done before `deadline`, the end of the invocation: `event.context.deadline()` with `lambda_runtime`.
/// The rule has the time until then but for the last two seconds (a quarter of it where that is less).
/// It must not block its thread, or it cannot be stopped; and a program built with `panic = "abort"`
/// cannot answer for a panic. Where the token is `TESTMODE`, it is a test.
///
/// # Errors
///
/// When the rule failed, panicked or took too long, after what [`Rule::on_failure`] gives was put; when
/// a verdict is none that AWS Config takes; when verdicts did not go through. Fail with this error:
/// Lambda runs the event again. The token does not stand in it.
pub async fn answer(
    event: &ConfigEvent,
    rule: &impl Rule,
    put: &impl PutEvaluations,
    deadline: SystemTime,
) -> Result<Vec<Evaluation>, Error> {
    let left = deadline.duration_since(SystemTime::now());
    let left = left.unwrap_or_default();
    let end = Instant::now() + left.saturating_sub(LEFT.min(left / 20));
    let until = end - KEPT.min(left / 4).min(end - Instant::now());

    let invoking = event.invoking_event()?;
    let judged = match event.is_applicable(&invoking) {
        true => {
            guarded(sleep_until(until), async {
                rule.evaluate(event, &invoking).await
            })
            .await
        }
        false => Ok(Vec::new()),
    };
    let (mut evaluations, failed) = match judged {
        Ok(evaluations) => (evaluations, None),
        Err(error) => {
            let given = guarded(sleep_until(end), async {
                Ok(rule.on_failure(event, &invoking, &*error))
            });
            (given.await.unwrap_or_default(), Some(error))
        }
    };
    if evaluations.is_empty() && failed.is_none() {
        evaluations.push(event.evaluation(&invoking, Compliance::NotApplicable)?);
    }
    for evaluation in &evaluations {
        evaluation.check()?;
    }
    let delivered = deliver::all(event, &evaluations, put, end).await;
    match failed {
        None => delivered.map(|()| evaluations),
        Some(error) => {
            let message = format!("the rule `{}` failed: {error}", event.config_rule_name);
            let mut failure = Error::new(ErrorKind::Unavailable, message);
            if let Err(undelivered) = delivered {
                failure = failure.with("answer", undelivered.to_string());
            }
            Err(failure.caused_by(error))
        }
    }
}
