//! A function asked as its service would: waited for as long, and asked again as often.

use lambda_with::{ErrorKind, Invocation, Invoke, Outcome, Patience};
use tokio::time::{Duration, Instant, timeout_at};

use crate::failure::told;

/// Longer than any function runs.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of an event, or why the service has no answer.
pub(super) async fn ask(
    function: &impl Invoke,
    invocation: &Invocation,
    patience: Patience,
) -> Result<Outcome, String> {
    let begun = Instant::now();
    let most = patience.attempts.max(1);
    let mut attempt = 1;
    let why = loop {
        let from = if patience.together {
            begun
        } else {
            Instant::now()
        };
        let until = from + patience.timeout.unwrap_or(LONG);
        let (why, again) = match timeout_at(until, function.invoke(invocation.clone())).await {
            Ok(Ok(Outcome::FunctionError { payload, .. })) => (
                format!("the function failed{}", told(&payload)),
                patience.errors,
            ),
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(error)) => (error.to_string(), error.kind() == ErrorKind::Throttled),
            Err(_) => {
                let limit = patience.timeout.unwrap_or(LONG).as_secs_f64();
                (format!("no answer within {limit} s"), !patience.together)
            }
        };
        if !again || attempt >= most {
            break why;
        }
        attempt += 1;
    };
    let asked = match attempt {
        1 => String::new(),
        _ => format!(", asked {attempt} times"),
    };
    let then = match patience.otherwise {
        "" => String::new(),
        then => format!("; {then}"),
    };
    Err(format!("{why}{asked}{then}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use lambda_with::Error;

    use super::*;

    /// What a function does at one attempt.
    #[derive(Clone, Copy, Debug)]
    enum Does {
        Answers(u64),
        Fails(u64),
        IsThrottled,
    }
    use Does::{Answers, Fails, IsThrottled};

    /// A function that does one after the other, and the last for ever.
    struct Function(Mutex<Vec<Does>>);

    impl Invoke for Function {
        async fn invoke(&self, _invocation: Invocation) -> Result<Outcome, Error> {
            let does = {
                let mut next = self.0.lock().unwrap();
                if next.len() > 1 {
                    next.remove(0)
                } else {
                    next[0]
                }
            };
            let (seconds, failed) = match does {
                Answers(seconds) => (seconds, false),
                Fails(seconds) => (seconds, true),
                IsThrottled => return Err(Error::new(ErrorKind::Throttled, "too many at once")),
            };
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let payload = Bytes::from(r#"{"errorMessage":"no tide"}"#);
            let (executed_version, log_tail) = ("$LATEST".to_owned(), None);
            Ok(match failed {
                false => Outcome::Success {
                    payload,
                    executed_version,
                    log_tail,
                },
                true => Outcome::FunctionError {
                    function_error: "Unhandled".into(),
                    payload,
                    executed_version,
                    log_tail,
                },
            })
        }
    }

    async fn check(does: &[Does], patience: Patience, expected: &str, seconds: u64) {
        let begun = Instant::now();
        let function = Function(Mutex::new(does.to_vec()));
        let outcome = ask(&function, &Invocation::new("{}"), patience).await;
        let said = outcome.map_or_else(|why| why, |_| "answered".to_owned());
        assert_eq!(said, expected, "{does:?}");
        assert_eq!(begun.elapsed().as_secs(), seconds, "{does:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn services_differ() {
        let plain = Patience::default();
        check(&[Answers(900)], plain, "answered", 900).await;
        check(&[Fails(2)], plain, "the function failed: no tide", 2).await;
        check(&[IsThrottled], plain, "too many at once", 0).await;

        let alexa = Patience::of_seconds(8).otherwise("the user hears of it");
        check(&[Answers(7)], alexa, "answered", 7).await;
        let late = "no answer within 8 s; the user hears of it";
        check(&[Answers(9), Answers(1)], alexa, late, 8).await;

        let pool = Patience {
            attempts: 3,
            ..Patience::of_seconds(5)
        };
        check(&[Answers(6), Answers(6), Answers(1)], pool, "answered", 11).await;
        check(
            &[Answers(6)],
            pool,
            "no answer within 5 s, asked 3 times",
            15,
        )
        .await;
        check(&[IsThrottled, Answers(1)], pool, "answered", 1).await;
        check(
            &[Fails(1), Answers(1)],
            pool,
            "the function failed: no tide",
            1,
        )
        .await;

        let flow = Patience {
            together: true,
            attempts: 4,
            errors: true,
            ..Patience::of_seconds(8)
        };
        check(&[Fails(2), Fails(2), Answers(2)], flow, "answered", 6).await;
        let failed = "the function failed: no tide, asked 4 times";
        check(&[Fails(1)], flow, failed, 4).await;
        let late = "no answer within 8 s, asked 3 times";
        check(&[Fails(3), Fails(3), Answers(3)], flow, late, 8).await;
        check(&[Answers(9), Answers(1)], flow, "no answer within 8 s", 8).await;
    }
}
