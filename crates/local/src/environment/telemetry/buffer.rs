//! What waits for a subscriber, within bounds.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

/// How many full batches wait for a subscriber that does not keep up, beside the one on its way.
const BEHIND: usize = 4;

/// The shortest time a subscriber may ask for.
pub(crate) const LEAST: Duration = Duration::from_millis(25);

/// What is counted.
const IN: usize = 0;
const OUT: usize = 1;
const ARRIVED: usize = 2;

/// When a batch is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Buffering {
    pub(crate) max_items: usize,
    pub(crate) max_bytes: usize,
    pub(crate) timeout: Duration,
}

impl Default for Buffering {
    fn default() -> Self {
        Self {
            max_items: 10_000,
            max_bytes: 262_144,
            timeout: Duration::from_secs(1),
        }
    }
}

/// How much was dropped.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Dropped {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// The events one subscriber is still to receive.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    events: VecDeque<Bytes>,
    bytes: usize,
    dropped: Dropped,
    /// How many events have come in, gone out, and arrived.
    counts: [u64; 3],
    /// How many of them wait for no batch to be full.
    urgent: u64,
}

impl Buffer {
    /// Adds an event, or drops it where too many wait. Those of the platform have some room more.
    pub(crate) fn push(&mut self, buffering: &Buffering, event: Bytes, platform: bool) {
        let full = BEHIND + usize::from(platform);
        let fits = self.events.len() < full * buffering.max_items
            && self.bytes + event.len() <= full * buffering.max_bytes;
        if fits {
            self.bytes += event.len();
            self.counts[IN] += 1;
            self.events.push_back(event);
        } else {
            self.drop([event]);
        }
    }

    /// Takes the next batch. It is on its way until [`sent`](Self::sent).
    pub(crate) fn take(&mut self, buffering: &Buffering) -> Vec<Bytes> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < buffering.max_items && bytes < buffering.max_bytes {
            let Some(event) = self.events.pop_front() else {
                break;
            };
            bytes += event.len();
            batch.push(event);
        }
        self.bytes -= bytes;
        self.counts[OUT] += batch.len() as u64;
        batch
    }

    /// Counts events as dropped.
    pub(crate) fn drop(&mut self, events: impl IntoIterator<Item = Bytes>) {
        for event in events {
            self.dropped.records += 1;
            self.dropped.bytes += event.len();
        }
    }

    /// The batch has arrived, or never will. Says what was dropped since the last time.
    pub(crate) fn sent(&mut self) -> Option<Dropped> {
        self.counts[ARRIVED] = self.counts[OUT];
        let dropped = std::mem::take(&mut self.dropped);
        (dropped.records > 0).then_some(dropped)
    }

    /// Holds back nothing of what has come in so far: so many events.
    pub(crate) fn hurry(&mut self) -> u64 {
        self.urgent = self.counts[IN];
        self.urgent
    }

    /// How long the next batch may wait. Where it once was urgent it remains so; but extensions that
    /// write a line for each batch must not go round and round with it.
    pub(crate) fn timeout(&self, buffering: &Buffering) -> Duration {
        match self.urgent {
            0 => buffering.timeout,
            _ => buffering.timeout.min(LEAST),
        }
    }

    /// Whether a batch is full, or need not be.
    pub(crate) fn is_due(&self, buffering: &Buffering) -> bool {
        self.urgent > self.counts[OUT]
            || self.events.len() >= buffering.max_items
            || self.bytes >= buffering.max_bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether so many events have arrived.
    pub(crate) fn has_arrived(&self, events: u64) -> bool {
        self.counts[ARRIVED] >= events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Buffering = Buffering {
        max_items: 3,
        max_bytes: 100,
        timeout: Duration::ZERO,
    };

    fn event(bytes: usize) -> Bytes {
        vec![b'x'; bytes].into()
    }

    #[test]
    fn batches_are_bounded_by_items_and_by_bytes() {
        for (sizes, batches) in [
            (&[1, 1, 1, 1, 1][..], &[3, 2][..]),
            (&[60, 60, 60], &[2, 1]),
            (&[250, 1], &[1, 1]),
            (&[], &[]),
        ] {
            let mut buffer = Buffer::default();
            for size in sizes {
                buffer.push(&SMALL, event(*size), false);
            }
            assert_eq!(buffer.is_due(&SMALL), !sizes.is_empty());
            let all = sizes.len() as u64;
            for batch in batches {
                assert_eq!(buffer.take(&SMALL).len(), *batch, "{sizes:?}");
                assert!(!buffer.has_arrived(all));
                assert_eq!(buffer.sent(), None);
            }
            assert!(buffer.has_arrived(all) && buffer.bytes == 0, "{sizes:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_platform_has_room_left() {
        for (size, fit) in [(1, 12), (50, 8), (99, 4)] {
            let mut buffer = Buffer::default();
            for _ in 0..fit + 2 {
                buffer.push(&SMALL, event(size), false);
            }
            buffer.push(&SMALL, event(1), true);
            assert_eq!(buffer.events.len(), fit + 1, "{size}");
            let dropped = Dropped {
                records: 2,
                bytes: 2 * size,
            };
            assert_eq!(buffer.sent(), Some(dropped), "{size}");
            assert_eq!(buffer.sent(), None, "{size}");
        }
    }

    #[test]
    fn whoever_hurries_waits_for_no_batch() {
        const SLOW: Buffering = Buffering {
            timeout: Duration::from_secs(30),
            ..SMALL
        };
        let mut buffer = Buffer::default();
        buffer.push(&SLOW, event(1), false);
        assert!(!buffer.is_due(&SLOW));
        assert_eq!(buffer.timeout(&SLOW), SLOW.timeout);
        assert_eq!(buffer.hurry(), 1);
        assert!(buffer.is_due(&SLOW));
        buffer.push(&SLOW, event(1), false);
        buffer.take(&SLOW);
        buffer.sent();
        assert!(buffer.has_arrived(1), "all that was urgent");
        buffer.push(&SLOW, event(1), false);
        assert!(!buffer.is_due(&SLOW), "what comes later is not");
        assert_eq!(buffer.timeout(&SLOW), LEAST);
    }
}
