//! JSON strings, from how they are written to what they say.

use std::borrow::Cow;

use memchr::memchr;

use crate::decode::block::{BLOCK, Block, equal};
use crate::decode::scan::Escapes;
use crate::{Error, ErrorKind};

/// What the inside of a JSON string (the token without its quotes) says.
///
/// The token has been read as JSON before; what JSON's grammar lets pass and Unicode does not are
/// escapes for half a surrogate pair.
pub(crate) fn unescape(written: &str) -> Result<Cow<'_, str>, Error> {
    let Some(first) = memchr(b'\\', written.as_bytes()) else {
        return Ok(Cow::Borrowed(written));
    };
    let mut copy = Copy {
        from: written.as_bytes(),
        read: 0,
        to: vec![0; written.len()],
        wrote: 0,
    };
    copy.run(first);
    while copy.read < written.len() {
        if copy.quotes() {
            continue;
        }
        let at = copy.read;
        let backslashes = Block::new(copy.from, at).equal(b'\\');
        if backslashes == 0 {
            let rest = &copy.from[at..];
            copy.run(memchr(b'\\', rest).unwrap_or(rest.len()));
            continue;
        }
        let mut escapes = Escapes::default();
        let escaped = escapes.next(backslashes);
        copy.escapes(written, at, escaped)?;
        // The next block begins with the escape that this one would cut.
        let end = written
            .len()
            .min(at + BLOCK - usize::from(escapes.pending()));
        copy.run(end.saturating_sub(copy.read));
    }
    copy.to.truncate(copy.wrote);
    // Whole characters are copied and put, so the check cannot fail.
    String::from_utf8(copy.to)
        .map(Cow::Owned)
        .map_err(|_| refuse(written, 0))
}

/// A copy in progress. What is read is never shorter than what is written, so every write of what
/// was just read fits.
struct Copy<'a> {
    from: &'a [u8],
    read: usize,
    to: Vec<u8>,
    wrote: usize,
}

impl Copy<'_> {
    /// Copies the next block without its backslashes, if there are any and all stand before quotes.
    ///
    /// JSON in a string has an escaped quote every few bytes, and hardly any other escape. Eight
    /// bytes at a time and nearly without a branch, that is faster than run by run.
    #[inline(always)]
    fn quotes(&mut self) -> bool {
        let from = self.from[self.read..].first_chunk::<BLOCK>();
        let to = self.to[self.wrote..].first_chunk_mut::<BLOCK>();
        let (Some(from), Some(to)) = (from, to) else {
            return false;
        };
        let words: [u64; BLOCK / 8] =
            std::array::from_fn(|index| word(&from[8 * index..]).unwrap_or_default());
        let backslashes = words.map(|word| equal(word, b'\\'));
        let (mut any, mut other, mut cut) = (0, 0, 0);
        for (word, hits) in words.iter().zip(backslashes) {
            any |= hits;
            other |= (hits << 8 | cut) & !equal(*word, b'"');
            cut = hits >> 56;
        }
        if any == 0 || other != 0 {
            return false;
        }
        let mut wrote = 0;
        for (mut word, mut hits) in words.into_iter().zip(backslashes) {
            let mut kept = 8;
            // Two at most, nearly always, and then no branch depends on how many.
            for _ in 0..2 {
                kept -= usize::from(hits != 0);
                (word, hits) = without_lowest(word, hits);
            }
            while hits != 0 {
                kept -= 1;
                (word, hits) = without_lowest(word, hits);
            }
            if let Some(place) = to[wrote..].first_chunk_mut() {
                *place = word.to_le_bytes();
            }
            wrote += kept;
        }
        // A backslash at the end is left for the next block, which has its quote.
        self.read += BLOCK - usize::from(cut != 0);
        self.wrote += wrote;
        true
    }

    /// Copies what stands before and between escapes, and reads the escapes.
    fn escapes(&mut self, written: &str, at: usize, escaped: u32) -> Result<(), Error> {
        let mut left = escaped;
        while left != 0 {
            let letter = at + left.trailing_zeros() as usize;
            left &= left - 1;
            // The second half of a pair has been read with the first.
            if letter >= self.read {
                self.run(letter - 1 - self.read);
                self.escape(written)
                    .ok_or_else(|| refuse(written, letter - 1))?;
            }
        }
        Ok(())
    }

    /// Copies this many bytes.
    #[inline(always)]
    fn run(&mut self, length: usize) {
        let (from, to) = (&self.from[self.read..], &mut self.to[self.wrote..]);
        // Most runs are short, and a copy of fixed length is no call.
        match (from.first_chunk::<16>(), to.first_chunk_mut::<16>()) {
            (Some(from), Some(to)) if length <= 16 => *to = *from,
            _ => to[..length].copy_from_slice(&from[..length]),
        }
        self.read += length;
        self.wrote += length;
    }

    /// Reads the escape that begins here.
    #[inline(always)]
    fn escape(&mut self, written: &str) -> Option<()> {
        let letter = LETTERS[usize::from(*self.from.get(self.read + 1)?)];
        if letter != 0 {
            self.to[self.wrote] = letter;
            self.read += 2;
            self.wrote += 1;
            return Some(());
        }
        let (letter, length) = read_unicode(written.get(self.read + 1..)?.strip_prefix('u')?)?;
        letter.encode_utf8(&mut self.to[self.wrote..]);
        self.read += 1 + length;
        self.wrote += letter.len_utf8();
        Some(())
    }
}

fn word(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Takes out of a word the lowest byte whose high bit is set in `hits`, and lets those above it move
/// down; leaves the word as it is where there is none.
#[inline(always)]
fn without_lowest(word: u64, hits: u64) -> (u64, u64) {
    let below = ((hits & hits.wrapping_neg()) >> 7).wrapping_sub(1);
    let moved = word & below | word >> 8 & !below;
    (moved, (hits & hits.wrapping_sub(1)) >> 8)
}

/// What the letters after a backslash stand for; 0 for those that stand for nothing by themselves.
const LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    letters[b'"' as usize] = b'"';
    letters[b'\\' as usize] = b'\\';
    letters[b'/' as usize] = b'/';
    letters[b'b' as usize] = 8;
    letters[b'f' as usize] = 12;
    letters[b'n' as usize] = b'\n';
    letters[b'r' as usize] = b'\r';
    letters[b't' as usize] = b'\t';
    letters
};

/// The character that the digits after `\u` stand for, and how long the escape is after its
/// backslash.
fn read_unicode(digits: &str) -> Option<(char, usize)> {
    let high = read_hex(digits)?;
    if let Some(letter) = char::from_u32(high) {
        return Some((letter, 5));
    }
    let low = read_hex(digits.get(4..)?.strip_prefix("\\u")?)?;
    let pair = char::decode_utf16([u16::try_from(high).ok()?, u16::try_from(low).ok()?]).next()?;
    Some((pair.ok()?, 11))
}

fn read_hex(digits: &str) -> Option<u32> {
    let digits = digits.get(..4)?;
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if all {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

fn refuse(written: &str, at: usize) -> Error {
    let escape: String = written[at..].chars().take(6).collect();
    Error::new(
        ErrorKind::Decode,
        format!("the escape `{escape}` stands for no character"),
    )
    .with("offset", at.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes() {
        for (written, text) in [
            ("", ""),
            ("plain ☃", "plain ☃"),
            (r#"{\"a\":1}"#, r#"{"a":1}"#),
            (r"\b\f\n\r\t\/\\", "\u{8}\u{c}\n\r\t/\\"),
            (r"\u00e9\u00E9x", "ééx"),
            (r"\ud83d\ude00", "😀"),
            (r"a\\u0041", r"a\u0041"),
            (r"\u0000", "\0"),
            (
                r"0123456789012345678901234567890\n",
                "0123456789012345678901234567890\n",
            ),
            (
                r"0123456789012345678901234567\ud83d\ude00\n",
                "0123456789012345678901234567😀\n",
            ),
        ] {
            assert_eq!(unescape(written).unwrap(), text, "{written}");
        }
    }

    #[test]
    fn quotes_wherever_blocks_are_cut() {
        for before in 0..80 {
            for escape in [r#"\""#, r"\\", r"\n", r"\ud83d\ude00"] {
                for rest in [
                    r#"\"\"\"\"\":\"é\","#.repeat(9),
                    r#"\"longer text\","#.repeat(5),
                ] {
                    let written = format!("{}{rest}{escape}{rest}", "x".repeat(before));
                    let text: String = serde_json::from_str(&format!("\"{written}\"")).unwrap();
                    assert_eq!(unescape(&written).unwrap(), text, "{written}");
                }
            }
        }
    }

    #[test]
    fn half_a_pair_is_an_error_that_says_where() {
        for (written, at) in [
            (r"\ud800", "0"),
            (r"ab\ud800\n", "2"),
            (r"\ud83d\ud83d", "0"),
            (r"\ude00\ud83d", "0"),
            (r"\n\ud83dx\ude00", "2"),
            (r"\ud83d\u", "0"),
            (r"\x", "0"),
            (r"\", "0"),
        ] {
            assert_eq!(
                unescape(written).unwrap_err().context("offset"),
                Some(at),
                "{written}"
            );
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in any::<String>(), ascii in "([\\\\/\"u0-9a-fd\n\t ]|[a-z]{1,40}){0,80}") {
            for text in [text, ascii] {
                let token = serde_json::to_string(&text).unwrap();
                prop_assert_eq!(unescape(&token[1..token.len() - 1]).unwrap(), text.clone());
                let all: String =
                    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
                prop_assert_eq!(unescape(&all).unwrap(), text);
            }
        }

        #[test]
        fn never_panics(written in "([\\\\u0-9a-fD\"☃]|\\\\u[dD][89a-f][0-9]{2}){0,30}") {
            let token = format!("\"{written}\"");
            if let Ok(text) = serde_json::from_str::<String>(&token) {
                prop_assert_eq!(unescape(&written).unwrap(), text);
            } else {
                let _ = unescape(&written);
            }
        }
    }
}
