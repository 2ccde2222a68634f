//! How far a shard has been processed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::failure::Span;
use super::window::TumblingWindow;
use crate::{Error, ErrorKind, Position, Timestamp};

/// How far a shard has been processed, to go on from after a restart.
///
/// ```
/// use lambda_with::Position;
/// use lambda_with::rules::stream::Bookmark;
///
/// let bookmark = Bookmark::at(Position::After("49660".into()));
/// let kept = bookmark.to_json();
/// assert_eq!(Bookmark::from_json(&kept)?, bookmark);
/// # Ok::<(), lambda_with::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bookmark {
    /// Where to read on: all records before are done with.
    pub position: Position,
    /// Whether the shard is closed and all its records are done with.
    pub finished: bool,
    /// The tumbling window that had begun by then.
    pub window: Option<TumblingWindow>,
}

impl Bookmark {
    /// A shard that is to be read from here.
    #[must_use]
    pub fn at(position: Position) -> Self {
        Self {
            position,
            finished: false,
            window: None,
        }
    }

    /// The bookmark as JSON, to be kept.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let kept = Kept {
            position: match &self.position {
                Position::TrimHorizon => KeptPosition::TrimHorizon,
                Position::Latest => KeptPosition::Latest,
                Position::At(time) => KeptPosition::At(time.to_string()),
                Position::After(id) => KeptPosition::After(id.clone()),
            },
            finished: self.finished,
            window: self.window.as_ref().map(|window| KeptWindow {
                start: window.start.to_string(),
                shard: window.span.shard.clone(),
                first: (
                    window.span.first.clone(),
                    window.span.first_arrived.to_string(),
                ),
                last: (
                    window.span.last.clone(),
                    window.span.last_arrived.to_string(),
                ),
                records: window.span.records,
                state: window.state().to_owned(),
            }),
        };
        // Only a map with keys that are no strings could fail, and there is none.
        serde_json::to_vec(&kept).unwrap_or_default()
    }

    /// The bookmark that was kept as this JSON.
    ///
    /// # Errors
    ///
    /// `Decode` when it was not.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let broken = || Error::new(ErrorKind::Decode, "a checkpoint that was kept is damaged");
        let kept: Kept = serde_json::from_slice(json).map_err(|error| broken().caused_by(error))?;
        let window = match kept.window {
            None => None,
            Some(window) => {
                let span = Span {
                    shard: window.shard,
                    first: window.first.0,
                    first_arrived: window.first.1.parse()?,
                    last: window.last.0,
                    last_arrived: window.last.1.parse()?,
                    records: window.records,
                };
                let state = window.state.get().to_owned();
                let window = TumblingWindow::restore(window.start.parse()?, span, state);
                Some(window.ok_or_else(broken)?)
            }
        };
        Ok(Self {
            position: match kept.position {
                KeptPosition::TrimHorizon => Position::TrimHorizon,
                KeptPosition::Latest => Position::Latest,
                KeptPosition::At(time) => Position::At(time.parse::<Timestamp>()?),
                KeptPosition::After(id) => Position::After(id),
            },
            finished: kept.finished,
            window,
        })
    }
}

#[derive(Deserialize, Serialize)]
struct Kept {
    position: KeptPosition,
    #[serde(default)]
    finished: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<KeptWindow>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum KeptPosition {
    TrimHorizon,
    Latest,
    At(String),
    After(String),
}

#[derive(Deserialize, Serialize)]
struct KeptWindow {
    start: String,
    shard: String,
    first: (String, String),
    last: (String, String),
    records: usize,
    state: Box<RawValue>,
}
