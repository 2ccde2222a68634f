//! Strings that JSON can write and Unicode cannot.

use std::fmt::Write;

/// A JSON string token for what serde_json gives as bytes: UTF-8, but for halves of surrogate
/// pairs, which it encodes like other characters.
///
/// `None` when anything else about the bytes is not UTF-8.
pub(crate) fn token(bytes: &[u8]) -> Option<String> {
    let mut token = String::from('"');
    let mut rest = bytes;
    loop {
        let text = match std::str::from_utf8(rest) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).ok()?,
        };
        let quoted = serde_json::to_string(text).ok()?;
        token.push_str(quoted.get(1..quoted.len() - 1)?);
        match &rest[text.len()..] {
            [] => break,
            [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..] => {
                let unit = 0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
                write!(token, "\\u{unit:04x}").ok()?;
                rest = after;
            }
            _ => return None,
        }
    }
    token.push('"');
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_written_as_escapes() {
        for (bytes, expected) in [
            (&b""[..], Some(r#""""#)),
            (b"\xed\xa0\x80", Some(r#""\ud800""#)),
            (b"a\"\xed\xbf\xbf\xc3\xa9\n", Some(r#""a\"\udfff\u00e9\n""#)),
            (b"\xed\xa0\xbd\xed\xa0\xbd", Some(r#""\ud83d\ud83d""#)),
            (b"\xff", None),
            (b"\xed\xa0", None),
            (b"a\xed\xa0\x80\x80", None),
        ] {
            let expected = expected.map(|token| token.replace(r"\u00e9", "é"));
            assert_eq!(token(bytes), expected, "{bytes:?}");
        }
    }
}
