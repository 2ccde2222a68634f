//! The engine's only source of time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_with::Timestamp;
use tokio::time::Instant;

/// Time since the Unix epoch: of the machine, or of the runtime's own clock, which tests can pause.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    System,
    Runtime { start: Instant, epoch: Duration },
}

impl Clock {
    /// The runtime's clock, set to the machine's time now. Needs a running tokio runtime.
    pub(crate) fn runtime() -> Self {
        Self::Runtime {
            start: Instant::now(),
            epoch: since_epoch(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        match self {
            Self::System => since_epoch(),
            Self::Runtime { start, epoch } => *epoch + start.elapsed(),
        }
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Self::timestamp_of(self.now())
    }

    /// An instant of this clock as a timestamp.
    pub(crate) fn timestamp_of(instant: Duration) -> Timestamp {
        Timestamp::from_unix_millis(i64::try_from(instant.as_millis()).unwrap_or(i64::MAX))
    }

    /// How long until `due`; nothing when it is past.
    pub(crate) fn until(&self, due: Duration) -> Duration {
        due.saturating_sub(self.now())
    }
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
