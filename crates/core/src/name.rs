//! What names of connections are made of.
//!
//! ```
//! use lambda_with::name::{checksum, slug};
//!
//! assert_eq!(slug("harbor.uploads/images/"), "harbor-uploads-images");
//! assert_eq!(checksum("orders.fifo"), "461e83a8");
//! ```
//!
//! A [name](crate::Integration::name) may hold letters, digits, `-` and `_` only. What it is made of
//! holds more, so a readable part is followed by a checksum of the exact values where two of them
//! could look the same.

/// The letters and digits of a text, with single hyphens for all that stands between.
#[must_use]
pub fn slug(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// A readable text as a [`slug`], followed by a checksum and cut so that both together have 80
/// characters at most.
///
/// ```
/// use lambda_with::name::{checksum, with_checksum};
///
/// let name = with_checksum("sqs/orders.fifo", &checksum("orders.fifo"));
/// assert_eq!(name, "sqs-orders-fifo-461e83a8");
/// ```
#[must_use]
pub fn with_checksum(readable: &str, checksum: &str) -> String {
    let mut name = slug(readable);
    name.truncate(80 - 1 - checksum.len());
    format!("{}-{checksum}", name.trim_end_matches('-'))
}

/// FNV-1a of a text in eight hexadecimal digits: the same in every release, on every machine.
#[must_use]
pub fn checksum(text: &str) -> String {
    format!("{:08x}", fnv(text.bytes()))
}

/// The same of several texts, where `["a", "bc"]` and `["ab", "c"]` differ.
#[must_use]
pub fn checksum_of(parts: &[&str]) -> String {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    format!("{:08x}", fnv(bytes))
}

fn fnv(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_differs() {
        assert_eq!(slug("orders.fifo"), slug("orders-fifo"));
        assert_ne!(checksum("orders.fifo"), checksum("orders-fifo"));
        assert_ne!(checksum_of(&["a", "bc"]), checksum_of(&["ab", "c"]));
        assert_eq!(checksum(""), "811c9dc5");
        assert_eq!(slug("--"), "");
        assert_eq!(with_checksum("--", "12345678"), "-12345678");
        let long = with_checksum(&format!("{}-b", "a".repeat(70)), "12345678");
        assert_eq!((long.len(), &long[68..72]), (79, "aa-1"));
    }
}
