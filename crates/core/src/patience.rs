//! How long a service waits for an answer, and how often it asks.

use std::time::Duration;

/// How long a service waits for the answer of a function, how often it asks, and what comes of it
/// when there is none.
///
/// ```
/// use std::time::Duration;
///
/// use lambda_with::Patience;
///
/// let patience = Patience { attempts: 3, ..Patience::of_seconds(5) };
/// assert_eq!(patience.timeout, Some(Duration::from_secs(5)));
/// assert!(!patience.errors && !patience.together);
/// ```
///
/// Only services that wait have one that says something; who else tries again is in
/// [`rules`](crate::rules). The local engine keeps to it where it stands in for the service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// How long it waits; as long as the function may run unless set.
    pub timeout: Option<Duration>,
    /// Whether `timeout` is for all attempts together, and not for each.
    pub together: bool,
    /// How often it asks at most, at least once. It asks again where the function was throttled or
    /// gave no answer in time.
    pub attempts: u32,
    /// Whether it asks again, too, where the function answered with an error.
    pub errors: bool,
    /// What comes of an event without an answer: `the viewer gets 503`.
    pub otherwise: &'static str,
}

impl Patience {
    /// One attempt of so many seconds.
    #[must_use]
    pub fn of_seconds(seconds: u32) -> Self {
        Self {
            timeout: Some(Duration::from_secs(seconds.into())),
            ..Self::default()
        }
    }

    /// Says what comes of an event without an answer.
    #[must_use]
    pub fn otherwise(mut self, what: &'static str) -> Self {
        self.otherwise = what;
        self
    }
}

/// One attempt that may take as long as the function does.
impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: None,
            together: false,
            attempts: 1,
            errors: false,
            otherwise: "",
        }
    }
}
