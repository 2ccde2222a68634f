//! Tumbling windows.

use std::time::Duration;

use serde_json::value::RawValue;

use super::failure::Span;
use super::lane::since_epoch;
use crate::Timestamp;

/// How long Lambda waits for records of a window that is over.
const LATE: Duration = Duration::from_secs(120);

/// The largest state in bytes, as JSON text.
const MAX_STATE: usize = 1024 * 1024;

/// A window that has begun: what its invocations handed on so far.
///
/// Windows are multiples of their length since the Unix epoch, and a record belongs to the one its
/// arrival falls into. A record that arrived earlier than one before it joins the window that is
/// open.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html>.
#[derive(Clone, Debug)]
pub struct TumblingWindow {
    /// When it began.
    pub start: Timestamp,
    /// Which records it has seen.
    pub span: Span,
    state: Box<RawValue>,
}

impl TumblingWindow {
    /// The window, with the state `{}`, that the first record of `span` falls into.
    pub(super) fn begin(span: Span, length: Duration) -> Self {
        let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX).max(1);
        let start = span.first_arrived.seconds().div_euclid(seconds) * seconds;
        Self {
            start: Timestamp::from_unix_seconds(start),
            span,
            state: empty(),
        }
    }

    /// The window as it was kept; `None` when `state` is no JSON.
    pub(super) fn restore(start: Timestamp, span: Span, state: String) -> Option<Self> {
        let state = RawValue::from_string(state).ok()?;
        Some(Self { start, span, state })
    }

    /// The state as JSON text.
    #[must_use]
    pub fn state(&self) -> &RawValue {
        &self.state
    }

    /// Whether the state is larger than Lambda carries, which ends the window early.
    #[must_use]
    pub fn is_oversize(&self) -> bool {
        self.state.get().len() > MAX_STATE
    }

    pub(super) fn end(&self, length: Duration) -> Timestamp {
        let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX).max(1);
        Timestamp::from_unix_seconds(self.start.seconds().saturating_add(seconds))
    }

    /// When no more records are waited for.
    pub(super) fn closes_at(&self, length: Duration) -> Duration {
        since_epoch(self.end(length)).saturating_add(LATE)
    }

    /// Takes in the records of an invocation and the state it answered.
    pub(super) fn advance(&mut self, span: &Span, state: Box<RawValue>) {
        self.span.extend(span);
        self.state = state;
    }
}

impl PartialEq for TumblingWindow {
    fn eq(&self, other: &Self) -> bool {
        (self.start, &self.span, self.state.get()) == (other.start, &other.span, other.state.get())
    }
}

fn empty() -> Box<RawValue> {
    RawValue::from_string("{}".into()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
