//! Where the text of leaves lives: in the event's own buffer, or in small chunks shared by
//! neighbours.
//!
//! [`decode`](crate::decode) makes its buffer known to this thread while serde runs. A string that
//! serde lends out of that buffer becomes a slice of it. Any other string is copied: a short one to
//! the end of a chunk that this thread fills bit by bit, so that reading an event does not cost one
//! allocation per string; a long one into an allocation of its own.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use bytes::BytesMut;
use bytestring::ByteString;

/// A chunk of short strings. One string kept for long keeps a whole chunk, so chunks are small.
const CHUNK: usize = 4096;

/// Longer strings have their own allocation.
const SHORT: usize = 512;

thread_local! {
    // Addresses of the buffer being decoded; empty when none is.
    static RANGE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    static BUFFER: RefCell<ByteString> = const { RefCell::new(ByteString::new()) };
    static FILLING: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// The buffer this thread decodes from until the value is dropped; then the one before it.
pub(crate) struct Sharing {
    outer: ByteString,
}

impl Sharing {
    pub(crate) fn start(buffer: &ByteString) -> Self {
        Self {
            outer: replace(buffer.clone()),
        }
    }
}

impl Drop for Sharing {
    fn drop(&mut self) {
        replace(std::mem::take(&mut self.outer));
    }
}

fn replace(buffer: ByteString) -> ByteString {
    let range = addresses(&buffer);
    RANGE.set((range.start, range.end));
    BUFFER.with_borrow_mut(|current| std::mem::replace(current, buffer))
}

fn addresses(text: &str) -> Range<usize> {
    let range = text.as_bytes().as_ptr_range();
    range.start.addr()..range.end.addr()
}

/// Whether this thread is decoding from a buffer that leaves can share.
pub(crate) fn is_shared() -> bool {
    let (start, end) = RANGE.get();
    start < end
}

/// A slice of the buffer being decoded if `text` lies in it, a copy otherwise.
#[inline]
pub(crate) fn share(text: &str) -> ByteString {
    let (start, end) = RANGE.get();
    let wanted = addresses(text);
    if start <= wanted.start && wanted.end <= end && !text.is_empty() {
        BUFFER.with_borrow(|buffer| buffer.slice_ref(text))
    } else {
        copy(text)
    }
}

/// The string itself if it is long, a copy otherwise.
pub(crate) fn take(text: String) -> ByteString {
    if text.len() > SHORT {
        ByteString::from(text)
    } else {
        copy(&text)
    }
}

/// A copy that shares its allocation with other short strings of this thread.
pub(crate) fn copy(text: &str) -> ByteString {
    if text.is_empty() {
        return ByteString::new();
    }
    if text.len() > SHORT {
        return ByteString::from(text);
    }
    let bytes = FILLING.with_borrow_mut(|chunk| {
        if chunk.capacity() < text.len() {
            *chunk = BytesMut::with_capacity(CHUNK);
        }
        chunk.extend_from_slice(text.as_bytes());
        chunk.split().freeze()
    });
    // Only `str`s are ever put in, so the check cannot fail; were it to, the text is still right.
    ByteString::try_from(bytes).unwrap_or_else(|_| ByteString::from(text))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{Error, Json, JsonText, Text, decode};

    fn lies_in(part: &str, whole: &[u8]) -> bool {
        let (part, whole) = (part.as_bytes().as_ptr_range(), whole.as_ptr_range());
        whole.start <= part.start && part.end <= whole.end
    }

    #[test]
    fn decode_shares_what_has_no_escapes() {
        let json = bytes::Bytes::from(r#"["plain","esc\u0061ped",""]"#.to_owned());
        let texts: Vec<Text> = decode(json.clone()).unwrap();
        assert_eq!(texts, ["plain", "escaped", ""]);
        assert!(lies_in(&texts[0], &json));
        assert!(!lies_in(&texts[1], &json));
        assert!(!lies_in(&texts[0].detach(), &json));
    }

    #[test]
    fn lazy_leaves_share_whatever_they_hold() {
        let json = bytes::Bytes::from(r#"["{\"a\":[1, \"x\"]}", {"deep": "text"}]"#.to_owned());
        let (text, value): (JsonText, Json) = decode(json.clone()).unwrap();
        assert!(lies_in(value.as_str(), &json));
        let inner: std::collections::HashMap<Text, Text> = value.decode().unwrap();
        assert!(lies_in(&inner["deep"], &json));
        assert_eq!(text.as_text().unwrap(), r#"{"a":[1, "x"]}"#);

        let plain = bytes::Bytes::from(r#""[7,8]""#.to_owned());
        let plain: JsonText = decode(plain.clone())
            .inspect(|text: &JsonText| {
                assert!(lies_in(&text.as_text().unwrap(), &plain));
            })
            .unwrap();
        assert_eq!(plain.decode::<Vec<u8>>().unwrap(), [7, 8]);
    }

    #[test]
    fn plain_serde_copies() {
        let json = r#"["plain"]"#;
        let texts: Vec<Text> = serde_json::from_str(json).unwrap();
        assert!(!lies_in(&texts[0], json.as_bytes()));
    }

    /// Decodes another document in the middle of one.
    struct Nesting(Text);

    impl<'de> Deserialize<'de> for Nesting {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let failed: Result<Text, Error> = decode("7");
            failed.unwrap_err();
            let panicked = std::panic::catch_unwind(|| decode::<Panicking>("7").is_ok());
            assert!(panicked.is_err());
            Text::deserialize(deserializer).map(Self)
        }
    }

    struct Panicking;

    impl<'de> Deserialize<'de> for Panicking {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            std::panic::resume_unwind(Box::new("a user's type panics"));
        }
    }

    #[test]
    fn the_outer_buffer_is_back_after_an_inner_document_whatever_became_of_it() {
        let json = bytes::Bytes::from(r#"["one","two"]"#.to_owned());
        let texts: Vec<Nesting> = decode(json.clone()).unwrap();
        assert!(texts.iter().all(|text| lies_in(&text.0, &json)));
        assert_eq!(RANGE.get().0, RANGE.get().1, "nothing is shared now");
        assert!(BUFFER.with_borrow(|buffer| buffer.is_empty()));
    }

    #[test]
    fn short_copies_are_neighbours_and_long_ones_stand_alone() {
        FILLING.set(BytesMut::new());
        let (one, two) = (copy("one"), copy("two"));
        assert_eq!(one.as_ptr().addr() + 3, two.as_ptr().addr());
        let long = copy(&"x".repeat(SHORT + 1));
        let three = copy("three");
        assert_eq!(two.as_ptr().addr() + 3, three.as_ptr().addr());
        assert_eq!(long.len(), SHORT + 1);
        for length in 0..SHORT {
            assert_eq!(&*copy(&"é".repeat(length)), "é".repeat(length));
        }
        assert!(FILLING.with_borrow(BytesMut::capacity) <= CHUNK);
        assert_eq!(
            (&*one, &*two, &*three, &*copy("")),
            ("one", "two", "three", "")
        );
    }
}
