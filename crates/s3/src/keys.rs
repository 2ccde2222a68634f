//! Which keys a notification takes.

use std::borrow::Cow;
use std::fmt;

use lambda_with::form;

use crate::S3;

/// Prefix and suffix as keys have them, not encoded.
#[derive(Debug)]
pub(crate) struct Keys {
    prefix: String,
    suffix: String,
}

impl Keys {
    pub(crate) fn of(s3: &S3) -> Self {
        let plain = |value: &Option<String>| {
            let value = value.as_deref().unwrap_or_default();
            form::decode_text(value).map_or_else(|_| value.to_owned(), Cow::into_owned)
        };
        Self {
            prefix: plain(&s3.prefix),
            suffix: plain(&s3.suffix),
        }
    }

    /// Whether one key can be among both, as Amazon S3 judges it.
    pub(crate) fn overlap(&self, other: &Self) -> bool {
        let nested = |long: &str, short: &str| long.starts_with(short);
        let ending = |long: &str, short: &str| long.ends_with(short);
        (nested(&self.prefix, &other.prefix) || nested(&other.prefix, &self.prefix))
            && (ending(&self.suffix, &other.suffix) || ending(&other.suffix, &self.suffix))
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}…{}`", self.prefix, self.suffix)
    }
}

/// Whether objects written to one place set off a notification.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    /// No object can.
    Never,
    /// Some objects do; the suffix, or more of the prefix, decides.
    Sometimes,
    /// Every object does.
    Always,
}

pub(crate) fn reach(output: &str, s3: &S3) -> Reach {
    let output = output.strip_prefix("s3://").unwrap_or(output);
    let (bucket, written) = output.split_once('/').unwrap_or((output, ""));
    let creates = s3
        .events
        .iter()
        .any(|event| event.starts_with("s3:ObjectCreated:"));
    let Keys { prefix, suffix } = Keys::of(s3);
    if bucket != s3.bucket || !creates {
        Reach::Never
    } else if written.starts_with(&prefix) && suffix.is_empty() {
        Reach::Always
    } else if written.starts_with(&prefix) || prefix.starts_with(written) {
        Reach::Sometimes
    } else {
        Reach::Never
    }
}

/// Encodes what filters must have encoded, and leaves alone what is encoded already.
pub(crate) fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for (index, byte) in value.bytes().enumerate() {
        let digits = value.get(index + 1..index + 3).unwrap_or_default();
        let escape =
            byte == b'%' && digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match byte {
            b' ' => encoded.push('+'),
            _ if escape || byte.is_ascii_alphanumeric() || b"/!-_.*'()+".contains(&byte) => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_errors_only_where_they_are_certain() {
        for (prefix, suffix, output, expected) in [
            ("images/", "", "harbor-uploads/images/small/", Reach::Always),
            (
                "images/",
                ".jpg",
                "harbor-uploads/images/small/",
                Reach::Sometimes,
            ),
            (
                "images/raw/",
                "",
                "harbor-uploads/images/",
                Reach::Sometimes,
            ),
            ("my+images/", "", "harbor-uploads/my images/", Reach::Always),
            ("images/", "", "harbor-uploads/out/", Reach::Never),
        ] {
            let s3 = S3 {
                prefix: Some(prefix.into()),
                suffix: Some(suffix.into()),
                ..S3::new("harbor-uploads", "123456789012")
            };
            assert_eq!(reach(output, &s3), expected, "{prefix} {suffix} {output}");
        }
    }

    #[test]
    fn filters_are_encoded_once() {
        for (value, encoded) in [
            ("images/", "images/"),
            ("my images/", "my+images/"),
            ("my+images/", "my+images/"),
            ("caf%C3%A9", "caf%C3%A9"),
            ("café", "caf%C3%A9"),
            ("10%", "10%25"),
            ("year=2026", "year%3D2026"),
        ] {
            assert_eq!(encode(value), encoded, "{value}");
        }
    }
}
