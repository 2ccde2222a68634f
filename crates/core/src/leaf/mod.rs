//! The leaves of event types: strings, numbers, times and maps that lose nothing.
//!
//! Every leaf is owned and `'static`, reads and writes JSON exactly, and decodes on demand. A leaf
//! read by [`decode`](crate::decode) shares the event's buffer instead of copying; see `buffer`.

pub(crate) mod buffer;
pub(crate) mod token;
pub(crate) mod unescape;

mod text;

mod base64;
mod json;
mod json_text;

mod decimal;
mod timestamp;

mod epoch;
mod number;
mod rfc3339;

mod headers;
mod map;
mod names;
mod nullable;
mod secret;

pub use self::base64::Base64;
pub use self::epoch::{EpochMillis, EpochSeconds};
pub use self::headers::{Headers, MultiHeaders};
pub use self::json::Json;
pub use self::json_text::JsonText;
pub use self::map::Map;
pub use self::names::{Name, Names};
pub use self::nullable::Nullable;
pub use self::number::{Integer, Scalar};
pub use self::rfc3339::Rfc3339;
pub use self::secret::Secret;
pub use self::text::Text;
pub use self::timestamp::Timestamp;
