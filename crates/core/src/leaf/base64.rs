//! Base64 data.

use std::fmt;
use std::sync::LazyLock;

#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
use base64::engine::GeneralPurpose as Fastest;
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
use base64::engine::Simd as Fastest;
use base64::engine::general_purpose::PAD;
use base64::{DecodeError, Engine};
use serde::{Deserialize, Serialize};

use super::Text;
use crate::{Error, ErrorKind};

static ENGINE: LazyLock<Fastest> = LazyLock::new(|| {
    #[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
    return Fastest::standard(PAD);
    #[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
    return Fastest::new(&base64::alphabet::STANDARD, PAD);
});

/// Binary data as base64, kept as it came and decoded on demand.
///
/// ```
/// use lambda_with::Base64;
///
/// let data = Base64::encode(b"hello");
/// assert_eq!(data.as_str(), "aGVsbG8=");
/// assert_eq!(data.decode()?, b"hello");
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The alphabet is the standard one (`+` and `/`), with padding. Nothing is checked until
/// [`decode`](Base64::decode) is called: a record with bad data is read like any other.
#[derive(Clone, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Base64(Text);

impl Base64 {
    /// Encodes bytes.
    #[must_use]
    pub fn encode(bytes: impl AsRef<[u8]>) -> Self {
        Self(ENGINE.encode(bytes).into())
    }

    /// Decodes the bytes.
    ///
    /// # Errors
    ///
    /// When the text is not base64 of the standard alphabet with padding; the message says what is
    /// wrong and where.
    pub fn decode(&self) -> Result<Vec<u8>, Error> {
        ENGINE
            .decode(self.0.as_bytes())
            .map_err(|error| self.explain(&error))
    }

    /// The base64 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn explain(&self, error: &DecodeError) -> Error {
        let text = self.as_str();
        let what = match error {
            DecodeError::InvalidByte(at, _) => {
                let found = text.get(*at..).and_then(|rest| rest.chars().next());
                format!(
                    "{:?} at offset {at} does not belong there",
                    found.unwrap_or_default()
                )
            }
            DecodeError::InvalidLength(length) => {
                format!("{length} characters without padding cannot be a whole number of bytes")
            }
            DecodeError::InvalidLastSymbol { offset, symbol, .. } => format!(
                "{:?} at offset {offset} has bits beyond the last byte",
                char::from(*symbol)
            ),
            DecodeError::InvalidPadding => "the padding is missing or wrong".to_owned(),
        };
        Error::new(ErrorKind::Invalid, format!("not base64: {what}"))
            .with("length", text.len().to_string())
    }
}

impl AsRef<str> for Base64 {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Base64 {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Base64 {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Text> for Base64 {
    fn from(text: Text) -> Self {
        Self(text)
    }
}

impl From<Base64> for Text {
    fn from(data: Base64) -> Self {
        data.0
    }
}

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_and_where() {
        for (text, why) in [
            ("aGVsbG8", "not base64: the padding is missing or wrong"),
            (
                "aGVsbG8==",
                "not base64: '=' at offset 7 does not belong there",
            ),
            (
                "aGVs\nbG8=",
                "not base64: '\\n' at offset 4 does not belong there",
            ),
            (
                "aGV-bG8=",
                "not base64: '-' at offset 3 does not belong there",
            ),
            ("aGV☃", "not base64: '☃' at offset 3 does not belong there"),
            (
                "aGVsbG9=",
                "not base64: '9' at offset 6 has bits beyond the last byte",
            ),
            (
                "a",
                "not base64: 1 characters without padding cannot be a whole number of bytes",
            ),
        ] {
            let error = Base64::from(text).decode().unwrap_err();
            assert_eq!(error.message(), why, "{text}");
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }

    #[test]
    fn bad_data_is_read_and_written_like_any_other() {
        let json = r#""not base64""#;
        let data: Base64 = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&data).unwrap(), json);
        assert_eq!(format!("{data:?}"), json);
    }

    proptest! {
        #[test]
        fn all_bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(Base64::encode(&bytes).decode().unwrap(), bytes);
        }

        #[test]
        fn decoding_never_panics(text: String) {
            let _ = Base64::from(text).decode();
        }
    }
}
