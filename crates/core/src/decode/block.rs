//! 32 bytes of a document, looked at all at once: by vector instructions with the feature `simd`, and
//! otherwise eight at a time.

pub(super) const ONES: u64 = 0x0101_0101_0101_0101;
pub(super) const HIGH: u64 = ONES << 7;

/// Bytes looked at in one step.
pub(crate) const BLOCK: usize = 32;

/// 32 bytes of the document, filled up with spaces beyond its end.
pub(crate) struct Block(Bytes);

#[cfg(feature = "simd")]
type Bytes = Vectors;

#[cfg(not(feature = "simd"))]
type Bytes = Words;

impl Block {
    #[inline]
    pub(crate) fn new(json: &[u8], at: usize) -> Self {
        let rest = json.get(at..).unwrap_or_default();
        match rest.first_chunk() {
            Some(bytes) => Self(Bytes::new(*bytes)),
            None => Self(Bytes::new(last(rest))),
        }
    }

    /// One bit for every byte that is this one, the first byte lowest.
    pub(crate) fn equal(&self, byte: u8) -> u32 {
        self.0.equal(byte)
    }

    /// One bit for every control character.
    pub(crate) fn controls(&self) -> u32 {
        self.0.controls()
    }
}

/// The last bytes of a document. Apart, for a copy of unknown length would slow down all others.
#[cold]
#[inline(never)]
fn last(rest: &[u8]) -> [u8; BLOCK] {
    let mut bytes = [b' '; BLOCK];
    bytes[..rest.len()].copy_from_slice(rest);
    bytes
}

#[cfg(feature = "simd")]
struct Vectors([wide::u8x16; 2]);

#[cfg(feature = "simd")]
impl Vectors {
    fn new(bytes: [u8; BLOCK]) -> Self {
        let (halves, _) = bytes.as_chunks::<16>();
        Self([halves[0].into(), halves[1].into()])
    }

    fn equal(&self, byte: u8) -> u32 {
        self.bits(|half| half.simd_eq(wide::u8x16::splat(byte)))
    }

    fn controls(&self) -> u32 {
        self.bits(|half| half.simd_lt(wide::u8x16::splat(b' ')))
    }

    fn bits(&self, hits: impl Fn(wide::u8x16) -> wide::u8x16) -> u32 {
        hits(self.0[0]).to_bitmask() | hits(self.0[1]).to_bitmask() << 16
    }
}

#[cfg(any(not(feature = "simd"), test))]
struct Words([u64; BLOCK / 8]);

#[cfg(any(not(feature = "simd"), test))]
impl Words {
    fn new(bytes: [u8; BLOCK]) -> Self {
        let mut words = [0; BLOCK / 8];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self(words)
    }

    fn equal(&self, byte: u8) -> u32 {
        self.bits(|word| equal(word, byte))
    }

    fn controls(&self) -> u32 {
        let high = |word: u64| !(((word & !HIGH) + ONES * 0x60) | word) & HIGH;
        if self.0.iter().fold(0, |any, word| any | high(*word)) == 0 {
            0
        } else {
            self.bits(high)
        }
    }

    /// Gathers the high bits of all bytes.
    fn bits(&self, high: impl Fn(u64) -> u64) -> u32 {
        let mut bits = 0;
        for (index, word) in self.0.iter().enumerate() {
            let eight = (high(*word) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            bits |= (eight as u32) << (8 * index);
        }
        bits
    }
}

/// The high bit of every byte that is this one.
#[inline(always)]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    let zeros = word ^ (ONES * u64::from(byte));
    // Adding sets the high bit of every byte with a bit below it; no byte overflows.
    !(((zeros & !HIGH) + !HIGH) | zeros) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One bit for every byte of which this is true.
    fn bits(bytes: &[u8], is: impl Fn(u8) -> bool) -> u32 {
        let bits = bytes.iter().enumerate();
        bits.fold(0, |bits, (index, byte)| {
            bits | u32::from(is(*byte)) << index
        })
    }

    proptest! {
        #[test]
        fn both_ways_see_each_byte(bytes: [u8; BLOCK], byte: u8, at in 0..BLOCK) {
            let mut bytes = bytes;
            bytes[at] = byte;
            let (words, block) = (Words::new(bytes), Block::new(&bytes, 0));
            let (equal, controls) = (bits(&bytes, |of| of == byte), bits(&bytes, |of| of < b' '));
            prop_assert_eq!(words.equal(byte), equal);
            prop_assert_eq!(block.equal(byte), equal);
            prop_assert_eq!(words.controls(), controls);
            prop_assert_eq!(block.controls(), controls);
        }

        #[test]
        fn beyond_the_end_are_spaces(bytes in prop::collection::vec(any::<u8>(), 0..BLOCK)) {
            let block = Block::new(&bytes, 0);
            let beyond = u32::MAX.checked_shl(bytes.len() as u32).unwrap_or_default();
            prop_assert_eq!(block.equal(b' '), bits(&bytes, |of| of == b' ') | beyond);
            prop_assert_eq!(block.controls(), bits(&bytes, |of| of < b' '));
        }
    }
}
