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
    }
}
