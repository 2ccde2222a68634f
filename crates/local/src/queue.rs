//! The queue of asynchronous events: on disk, in memory, or shared with other engines.

pub(crate) mod deliver;
mod disk;
mod memory;
pub(crate) mod outbox;
pub(crate) mod shared;
pub(crate) mod worker;

use std::path::Path;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use lambda_with::rules::retry;
use lambda_with::{Error, ErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::options::SharedQueue;
use crate::queue::disk::Disk;
use crate::queue::memory::Memory;
use crate::queue::outbox::OUTBOX;
use crate::queue::shared::Shared;

/// One accepted event.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    #[serde(skip)]
    pub(crate) payload: Bytes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) qualifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace_header: Option<String>,
    pub(crate) state: retry::State,
}

impl Event {
    /// The event as it stands on disk: the length of the head, the head as JSON, the payload.
    pub(crate) fn encode(&self) -> Result<Bytes, Error> {
        framed(self, &self.payload)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (event, payload) = unframed::<Self>(bytes)?;
        Ok(Self {
            payload: Bytes::copy_from_slice(payload),
            ..event
        })
    }
}

/// Where an event stands in its function's queue: when it is due, and a number no other has.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    pub(crate) due: u64,
    pub(crate) number: u64,
}

/// Events that are due, and when the next after them is.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) events: Vec<(Place, Event)>,
    pub(crate) next: Option<Duration>,
}

/// At most so many events, and so many bytes of them, are read ahead of what runs.
pub(crate) const WINDOW: usize = 256;
pub(crate) const WINDOW_BYTES: usize = 16 * 1024 * 1024;

/// The queue of asynchronous events.
#[derive(Debug)]
pub(crate) struct Queue {
    own: Own,
    shared: Option<Shared>,
}

/// What belongs to this engine alone: all queues, or that of messages where events are shared.
#[derive(Debug)]
enum Own {
    Disk(Disk),
    Memory(Memory),
}

impl Queue {
    /// Opens the queue in `dir`, or makes one in memory; events go into the shared one if there is one.
    pub(crate) fn open(dir: Option<&Path>, shared: Option<SharedQueue>) -> Result<Self, Error> {
        let own = match dir {
            Some(dir) => Disk::open(&dir.join("queue.redb")).map(Own::Disk)?,
            None => Own::Memory(Memory::default()),
        };
        let shared = shared.map(Shared::new);
        Ok(Self { own, shared })
    }

    /// The queue this engine shares with others.
    pub(crate) fn shared(&self) -> Option<&Shared> {
        self.shared.as_ref()
    }

    /// The shared queue, where it has the events of this one.
    pub(crate) fn shared_for(&self, queue: &str) -> Option<&Shared> {
        self.shared().filter(|_| queue != OUTBOX)
    }

    /// How many events wait for one of these functions.
    pub(crate) async fn len(&self, functions: Vec<String>) -> Result<usize, Error> {
        match &self.own {
            Own::Disk(disk) => disk.len(functions).await,
            Own::Memory(_) => Ok(0),
        }
    }

    /// Accepts an event; on return it is on disk, or in the shared queue.
    pub(crate) async fn accept(
        &self,
        function: &str,
        event: Event,
        now: Duration,
    ) -> Result<(), Error> {
        if let Some(shared) = self.shared_for(function) {
            return shared.accept(function, &event).await;
        }
        match &self.own {
            Own::Disk(disk) => disk.accept(function, &event, now).await,
            Own::Memory(memory) => {
                memory.put(function, event, now);
                Ok(())
            }
        }
    }

    /// Reads events that are due. They stay accepted until finished.
    pub(crate) async fn take(&self, function: &str, now: Duration) -> Result<Taken, Error> {
        if let Some(shared) = self.shared_for(function) {
            return Ok(shared.take(function, now));
        }
        match &self.own {
            Own::Disk(disk) => disk.take(function, now).await,
            Own::Memory(memory) => Ok(memory.take(function, now)),
        }
    }

    /// Forgets an event.
    pub(crate) async fn finish(&self, function: &str, place: Place) {
        match (self.shared_for(function), &self.own) {
            (Some(shared), _) => shared.finish(place).await,
            (None, Own::Disk(disk)) => disk.finish(function, place).await,
            (None, Own::Memory(_)) => {}
        }
    }

    /// Puts an event that was taken back, to be due in a while.
    pub(crate) async fn put_back(
        &self,
        function: &str,
        place: Place,
        event: Event,
        due: Duration,
        now: Duration,
    ) {
        if let Some(shared) = self.shared_for(function) {
            let delay = due.saturating_sub(now);
            return shared.put_back(function, place, &event, delay).await;
        }
        match &self.own {
            Own::Disk(disk) => disk.put_back(function, place, &event, due).await,
            Own::Memory(memory) => {
                memory.put(function, event, due);
            }
        }
    }

    /// Takes nothing more; on return everything is written.
    pub(crate) fn close(&self) {
        if let Own::Disk(disk) = &self.own {
            disk.close();
        }
    }
}

/// The length of the head, the head as JSON, the body.
pub(crate) fn framed(head: &impl Serialize, body: &[u8]) -> Result<Bytes, Error> {
    let broken =
        |error| Error::new(ErrorKind::Invalid, "an event could not be encoded").caused_by(error);
    let head = serde_json::to_vec(head).map_err(broken)?;
    let length = u32::try_from(head.len())
        .map_err(|_| Error::new(ErrorKind::Limit, "the head of an event is too large"))?;
    let mut all = BytesMut::with_capacity(4 + head.len() + body.len());
    all.put_u32_le(length);
    all.put_slice(&head);
    all.put_slice(body);
    Ok(all.freeze())
}

/// Head and body again.
pub(crate) fn unframed<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), Error> {
    let broken = || Error::new(ErrorKind::Decode, "an event on disk is damaged");
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(broken)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
    let (head, body) = rest.split_at_checked(length).ok_or_else(broken)?;
    let head = serde_json::from_slice(head).map_err(|error| broken().caused_by(error))?;
    Ok((head, body))
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(payload: &str) -> Event {
        Event {
            request_id: "r".to_owned(),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            qualifier: None,
            trace_header: Some("Root=1".to_owned()),
            state: retry::State {
                attempts: 2,
                ..retry::State::accepted(Duration::from_millis(1))
            },
        }
    }

    #[test]
    fn events_survive_their_encoding_and_damage_is_noticed() {
        let encoded = event(r#"{"a":1}"#).encode().unwrap();
        assert_eq!(Event::decode(&encoded).unwrap(), event(r#"{"a":1}"#));
        for damaged in [
            &b""[..],
            b"\x01",
            b"\xff\xff\xff\xff{}",
            b"\x02\x00\x00\x00{]rest",
        ] {
            assert_eq!(
                Event::decode(damaged).unwrap_err().kind(),
                ErrorKind::Decode
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_an_event_or_damaged(bytes: Vec<u8>, cut: usize, flip: usize) {
            let _ = Event::decode(&bytes);
            let mut encoded = event("[1]").encode().unwrap().to_vec();
            let index = flip % encoded.len();
            encoded[index] ^= 0x55;
            encoded.truncate(cut % (encoded.len() + 1));
            let _ = Event::decode(&encoded);
        }
    }

    async fn check(queue: &Queue) {
        let at = Duration::from_secs;
        let payloads = |taken: &Taken| -> Vec<String> {
            taken
                .events
                .iter()
                .map(|(_, event)| String::from_utf8(event.payload.to_vec()).unwrap())
                .collect()
        };
        queue.accept("f", event("1"), at(10)).await.unwrap();
        queue.accept("g", event("other"), at(10)).await.unwrap();
        queue.accept("f", event("2"), at(11)).await.unwrap();
        let taken = queue.take("f", at(11)).await.unwrap();
        assert_eq!(
            (payloads(&taken), taken.next),
            (vec!["1".to_owned(), "2".to_owned()], None)
        );
        assert!(
            queue.take("f", at(12)).await.unwrap().events.is_empty(),
            "each is taken once"
        );
        queue
            .put_back("f", taken.events[0].0, event("1 again"), at(70), at(11))
            .await;
        queue.finish("f", taken.events[1].0).await;
        let none = queue.take("f", at(69)).await.unwrap();
        assert_eq!((payloads(&none), none.next), (vec![], Some(at(70))));
        queue.accept("f", event("3"), at(69)).await.unwrap();
        let taken = queue.take("f", at(70)).await.unwrap();
        assert_eq!(payloads(&taken), ["3", "1 again"]);
    }

    #[tokio::test]
    async fn in_memory() {
        check(&Queue::open(None, None).unwrap()).await;
    }

    #[tokio::test]
    async fn on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::open(Some(dir.path()), None).unwrap();
        check(&queue).await;
        let second = Queue::open(Some(dir.path()), None).unwrap_err();
        assert_eq!(second.kind(), ErrorKind::Conflict, "{second}");
        drop(queue);
        let queue = Queue::open(Some(dir.path()), None).unwrap();
        let both = vec!["f".to_owned(), "g".to_owned()];
        assert_eq!(
            queue.len(both).await.unwrap(),
            3,
            "what was not finished is there again"
        );
        let taken = queue.take("f", Duration::from_secs(100)).await.unwrap();
        assert_eq!(taken.events.len(), 2);
    }

    #[tokio::test]
    async fn reading_ahead_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let now = Duration::from_secs(1);
        for queue in [
            Queue::open(None, None).unwrap(),
            Queue::open(Some(dir.path()), None).unwrap(),
        ] {
            for (function, size, taken) in [("small", 10, WINDOW), ("large", WINDOW_BYTES / 4, 4)] {
                for _ in 0..WINDOW.min(2 * taken) {
                    queue
                        .accept(function, event(&"x".repeat(size)), now)
                        .await
                        .unwrap();
                }
                assert_eq!(
                    queue.take(function, now).await.unwrap().events.len(),
                    taken,
                    "{function}"
                );
            }
        }
    }
}
