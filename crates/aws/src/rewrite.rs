//! Changing a shared document without losing what others wrote into it.

use std::future::Future;
use std::time::Duration;

use lambda_with::{Error, ErrorKind};

/// A document that several owners share and that is only written as a whole.
///
/// [`rewrite`] reads it, changes what is ours, writes it, reads it again and compares.
pub trait Shared {
    /// The document, with all that others wrote.
    type Document: Send + Sync;

    /// Reads it.
    fn read(&self) -> impl Future<Output = Result<Self::Document, Error>> + Send;

    /// The document as it should be, or nothing when it is so already.
    ///
    /// # Errors
    ///
    /// When ours cannot stand beside what others wrote; nothing is written then.
    fn change(&self, document: &Self::Document) -> Result<Option<Self::Document>, Error>;

    /// Writes it.
    fn write(&self, document: &Self::Document) -> impl Future<Output = Result<(), Error>> + Send;
}

/// How often and how patiently [`rewrite`] tries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// The most writes.
    pub attempts: u32,
    /// How long to wait after a write before it counts as having stood: longer than another
    /// writer takes from its reading to its writing, because nothing else tells that it overwrote
    /// ours.
    pub settle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 10,
            settle: Duration::from_secs(1),
        }
    }
}

/// Reads, changes ours, writes, reads again, compares, and does it again on a lost race.
///
/// Returns the document found at first, and whether anything was written. `what` names the document
/// in errors.
///
/// # Errors
///
/// `Conflict` when others keep overwriting; whatever reading, changing and writing give, with `what`
/// in the context `written` when a write had gone through by then.
pub async fn rewrite<S: Shared + Sync>(
    what: &str,
    shared: &S,
    patience: Patience,
) -> Result<(S::Document, bool), Error> {
    let first = shared.read().await?;
    let mut next = shared.change(&first)?;
    let mut written = false;
    for attempt in 0..patience.attempts {
        let Some(document) = next.take() else {
            return Ok((first, written));
        };
        let named = |error: Error| {
            if written {
                error.with("written", what)
            } else {
                error
            }
        };
        match shared.write(&document).await {
            Ok(()) => written = true,
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(named(error)),
        }
        tokio::time::sleep(patience.settle + uneven(attempt)).await;
        let named = |error: Error| {
            if written {
                error.with("written", what)
            } else {
                error
            }
        };
        next = shared
            .change(&shared.read().await.map_err(named)?)
            .map_err(named)?;
    }
    match next {
        None => Ok((first, written)),
        Some(_) => Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "{what} was overwritten {} times by somebody else",
                patience.attempts
            ),
        )
        .with(
            "fix",
            "find out what else writes it, stop that, and run this again",
        )),
    }
}

/// A pause of another length in every process and attempt, so that two do not keep step.
fn uneven(attempt: u32) -> Duration {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(0, |now| now.subsec_nanos()) ^ std::process::id().rotate_left(9);
    Duration::from_millis(u64::from(nanos % 97) * u64::from(attempt))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A list of words in which ours is to stand; `rivals` are the writes of others, each falling
    /// right after one of ours.
    struct Words {
        stored: Mutex<Vec<&'static str>>,
        rivals: Mutex<Vec<Vec<&'static str>>>,
        writes: Mutex<u32>,
    }

    impl Shared for Words {
        type Document = Vec<&'static str>;

        async fn read(&self) -> Result<Self::Document, Error> {
            Ok(self.stored.lock().unwrap().clone())
        }

        fn change(&self, document: &Self::Document) -> Result<Option<Self::Document>, Error> {
            if document.contains(&"rival's") {
                return Err(Error::new(ErrorKind::Invalid, "overlap"));
            }
            let ours = document.contains(&"ours");
            Ok((!ours).then(|| document.iter().copied().chain(["ours"]).collect()))
        }

        async fn write(&self, document: &Self::Document) -> Result<(), Error> {
            *self.writes.lock().unwrap() += 1;
            *self.stored.lock().unwrap() = document.clone();
            if let Some(rival) = self.rivals.lock().unwrap().pop() {
                *self.stored.lock().unwrap() = rival;
            }
            Ok(())
        }
    }

    async fn check(
        stored: &[&'static str],
        rivals: Vec<Vec<&'static str>>,
    ) -> (Result<bool, ErrorKind>, u32, Vec<&'static str>) {
        let words = Words {
            stored: Mutex::new(stored.to_vec()),
            rivals: Mutex::new(rivals),
            writes: Mutex::default(),
        };
        let patience = Patience {
            attempts: 3,
            settle: Duration::ZERO,
        };
        let result = rewrite("the list", &words, patience).await;
        let result = result
            .map(|(_, written)| written)
            .map_err(|error| error.kind());
        (
            result,
            words.writes.into_inner().unwrap(),
            words.stored.into_inner().unwrap(),
        )
    }

    #[tokio::test]
    async fn races() {
        assert_eq!(
            check(&["a", "ours"], vec![]).await,
            (Ok(false), 0, vec!["a", "ours"])
        );
        assert_eq!(
            check(&["a"], vec![]).await,
            (Ok(true), 1, vec!["a", "ours"])
        );
        assert_eq!(
            check(&["a"], vec![vec!["a", "b"]]).await,
            (Ok(true), 2, vec!["a", "b", "ours"]),
            "the other writer's word stays"
        );
        assert_eq!(
            check(&["a"], vec![vec!["a"]; 9]).await,
            (Err(ErrorKind::Conflict), 3, vec!["a"])
        );
        assert_eq!(
            check(&["rival's"], vec![]).await,
            (Err(ErrorKind::Invalid), 0, vec!["rival's"]),
            "refused before the write"
        );
    }
}
