//! Texts as query strings and HTML forms write them.
//!
//! ```
//! use lambda_with::form;
//!
//! assert_eq!(*form::decode("caf%C3%A9+am+Hafen"), *"café am Hafen".as_bytes());
//! assert_eq!(*form::percent_decode("100%+%2B"), *b"100%++");
//! ```
//!
//! What comes out need not be UTF-8: a service says what it makes of such bytes.

use std::borrow::Cow;

use crate::{Error, ErrorKind};

/// The bytes of a text with `%XX` decoded. A `%` that no two hexadecimal digits follow stands for
/// itself.
#[must_use]
pub fn percent_decode(text: &str) -> Cow<'_, [u8]> {
    decoded(text, None)
}

/// The same with spaces for `+`, as in forms and query strings.
#[must_use]
pub fn decode(text: &str) -> Cow<'_, [u8]> {
    decoded(text, Some(b'+'))
}

/// [`decode`], where what comes out must be UTF-8, as in the keys of Amazon S3's events.
///
/// # Errors
///
/// When it is not.
pub fn decode_text(text: &str) -> Result<Cow<'_, str>, Error> {
    match decode(text) {
        Cow::Borrowed(_) => Ok(Cow::Borrowed(text)),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|error| {
            let message = format!("`{text}` does not decode to UTF-8");
            Error::new(ErrorKind::Invalid, message).caused_by(error)
        }),
    }
}

/// `space` is what stands for one, besides `%20`.
fn decoded(text: &str, space: Option<u8>) -> Cow<'_, [u8]> {
    let mut bytes = text.as_bytes();
    let encoded = |byte: &u8| *byte == b'%' || Some(*byte) == space;
    if !bytes.iter().any(encoded) {
        return Cow::Borrowed(bytes);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut decoded = Vec::with_capacity(bytes.len());
    while let Some((&first, rest)) = bytes.split_first() {
        bytes = rest;
        let pair = match *rest {
            [high, low, ..] if first == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        match pair {
            Some((high, low)) => {
                decoded.extend(u8::try_from(high * 16 + low));
                bytes = &rest[2..];
            }
            None if Some(first) == space => decoded.push(b' '),
            None => decoded.push(first),
        }
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_space() {
        for (text, percent, form) in [
            ("plain/key.txt", "plain/key.txt", "plain/key.txt"),
            ("a+b%2Bc%20d", "a+b+c d", "a b+c d"),
            ("caf%C3%A9%c3%a9", "caféé", "caféé"),
            ("100%", "100%", "100%"),
            ("%zz%4", "%zz%4", "%zz%4"),
            ("%é%+1", "%é%+1", "%é% 1"),
            ("%25%2B", "%+", "%+"),
        ] {
            assert_eq!(*percent_decode(text), *percent.as_bytes(), "{text}");
            assert_eq!(*decode(text), *form.as_bytes(), "{text}");
            assert_eq!(decode_text(text).unwrap(), form);
        }
        assert_eq!(*decode("%FF"), [0xff]);
        let error = decode_text("%FF").unwrap_err().to_string();
        assert_eq!(error, "`%FF` does not decode to UTF-8");
        assert!(matches!(decode("plain"), Cow::Borrowed(_)));
    }
}
