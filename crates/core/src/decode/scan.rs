//! Finding the ends and escapes of JSON strings, many bytes at a time.
//!
//! Most of the work with events is to find the ends of their strings, and most bytes of a large
//! event are JSON inside a string, with an escape every few bytes. The ways of the standard library
//! and of memchr are fast where hits are rare; here bits are computed for all bytes of a block at
//! once, whether hits are rare or not.

use memchr::memchr2;

use super::block::{BLOCK, Block, HIGH, ONES};

/// Blocks without an escape after which a string is taken to have none.
const PLAIN: usize = 4;

/// Words of a string after which it is taken to be a long one.
const SHORT: usize = 8;

/// The inside of a string that begins at an offset.
pub(crate) struct Inside {
    /// The offset of the closing quote.
    pub(crate) end: usize,
    /// Whether there is an escape in it.
    pub(crate) escaped: bool,
}

/// Walks to the closing quote and checks every byte on the way.
///
/// `Err` holds the offset of what does not belong into a string, or of the end of the document.
#[inline]
pub(crate) fn inside(json: &[u8], start: usize) -> Result<Inside, usize> {
    let mut at = start;
    for _ in 0..SHORT {
        let Some(word) = json.get(at..).and_then(|rest| rest.first_chunk()) else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        // The lowest bit is right; higher ones may not be.
        let quote = lowest(word ^ (ONES * b'"' as u64));
        let backslash = lowest(word ^ (ONES * b'\\' as u64));
        let control = word.wrapping_sub(ONES * b' ' as u64) & !word & HIGH;
        let special = quote | backslash | control;
        if special != 0 {
            at += (special.trailing_zeros() / 8) as usize;
            break;
        }
        at += 8;
    }
    match json.get(at) {
        Some(b'"') => Ok(Inside {
            end: at,
            escaped: false,
        }),
        _ => long(json, at),
    }
}

/// Walks on from a place where no escape is pending.
#[inline(never)]
fn long(json: &[u8], start: usize) -> Result<Inside, usize> {
    let mut at = start;
    let mut escapes = Escapes::default();
    let mut escaped = false;
    // A long string without an escape so far will hardly have one.
    let mut plain = if json.get(at) == Some(&b'\\') {
        0
    } else {
        PLAIN - 1
    };
    while at < json.len() {
        let block = Block::new(json, at);
        let backslashes = block.equal(b'\\');
        let quotes = block.equal(b'"');
        let meant = escapes.next(backslashes);
        let end = (quotes & !meant).trailing_zeros();
        let before = 1_u32.checked_shl(end).map_or(u32::MAX, |bit| bit - 1);
        let controls = block.controls() & before;
        if controls != 0 {
            return Err(at + controls.trailing_zeros() as usize);
        }
        // What is escaped is mostly a quote.
        let other = meant & before & !quotes & !backslashes;
        if other != 0 {
            check_escapes(json, at, other)?;
        }
        escaped |= backslashes & before != 0;
        if end < 32 {
            return Ok(Inside {
                end: at + end as usize,
                escaped,
            });
        }
        at += BLOCK;
        plain = if backslashes == 0 { plain + 1 } else { 0 };
        if plain == PLAIN && at < json.len() {
            plain = 0;
            let run = memchr2(b'"', b'\\', &json[at..]).unwrap_or(json.len() - at);
            check_controls(json, at, run)?;
            at += run;
        }
    }
    Err(json.len())
}

/// Checks a long run for control characters.
fn check_controls(json: &[u8], at: usize, length: usize) -> Result<(), usize> {
    let control = |byte: &u8| *byte < b' ';
    for (index, part) in json[at..at + length].chunks(1024).enumerate() {
        // The least byte of many is found by vector instructions, the first of a kind is not.
        if part.iter().copied().fold(u8::MAX, u8::min) < b' ' {
            let first = part.iter().position(control).unwrap_or_default();
            return Err(at + index * 1024 + first);
        }
    }
    Ok(())
}

/// Whether a text can stand in a JSON string as it is.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // Without a way out within a part, vector instructions look at many bytes at once.
    let any = |part: &[u8]| part.iter().fold(false, |any, byte| any | special(*byte));
    !text.chunks(256).any(any)
}

/// The high bit of the lowest zero byte, and perhaps others above it.
fn lowest(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Tells backslashes that begin an escape from those that are escaped, block after block.
#[derive(Default)]
pub(crate) struct Escapes {
    /// 1 when the last byte of the block before begins an escape.
    pending: u32,
}

impl Escapes {
    /// Whether the last block ends within an escape.
    pub(crate) fn pending(&self) -> bool {
        self.pending != 0
    }

    /// The bytes that are escaped: those after a backslash that is not escaped itself.
    pub(crate) fn next(&mut self, backslashes: u32) -> u32 {
        if backslashes == 0 {
            return std::mem::take(&mut self.pending);
        }
        // Backslashes stand in runs. A carry through every run that begins at an odd bit tells
        // whether it ends at an odd or an even one.
        const EVEN: u32 = 0x5555_5555;
        let backslashes = backslashes & !self.pending;
        let follows = backslashes << 1 | self.pending;
        let odd_starts = backslashes & !EVEN & !follows;
        let (carried, overflow) = odd_starts.overflowing_add(backslashes);
        self.pending = u32::from(overflow);
        (EVEN ^ (carried << 1)) & follows
    }
}

/// Checks what stands after backslashes, where that is neither a quote nor another backslash.
fn check_escapes(json: &[u8], at: usize, escaped: u32) -> Result<(), usize> {
    let mut left = escaped;
    while left != 0 {
        let letter = at + left.trailing_zeros() as usize;
        left &= left - 1;
        match json.get(letter) {
            Some(b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
            Some(b'u') => {
                let digits = json.get(letter + 1..letter + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(letter);
                }
            }
            _ => return Err(letter.min(json.len())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    /// What serde_json says of the same string.
    fn check(text: &str) -> Result<(), TestCaseError> {
        let json = format!("{text} ");
        let expected = serde_json::Deserializer::from_str(&json)
            .into_iter::<IgnoredAny>()
            .next();
        let found = inside(json.as_bytes(), 1);
        prop_assert_eq!(
            found.is_ok(),
            expected.is_some_and(|result| result.is_ok()),
            "{}",
            text
        );
        if let Ok(Inside { end, escaped }) = found {
            let mut stream = serde_json::Deserializer::from_str(&json).into_iter::<IgnoredAny>();
            prop_assert!(stream.next().is_some());
            prop_assert_eq!(end + 1, stream.byte_offset(), "{}", text);
            prop_assert_eq!(escaped, json[1..end].contains('\\'));
        }
        Ok(())
    }

    #[test]
    fn strings_of_all_lengths() {
        for length in 0..300 {
            let run = "x".repeat(length);
            for end in [
                "\"",
                "\\\"\"",
                "\\\\\"",
                "\\\\\\\"\"",
                "",
                "\\",
                "\n\"",
                "\\u00e9\"",
                "\\u00e\"",
                "\\x\"",
                "é\"",
            ] {
                check(&format!("\"{run}{end}\",\"rest\\\"\"")).unwrap();
                check(&format!("\"{run}{end}{run}\"")).unwrap();
                check(&format!("\"{}{end}", "\\".repeat(length))).unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in "\"([\\\\\"nu0-9a-f\t ]|\\\\[\\\\\"nu]|\\\\u00e9|[a-z]{1,40}){0,60}\"?") {
            check(&text)?;
        }
    }
}
