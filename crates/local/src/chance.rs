//! What is left to chance.

use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// A sequence of numbers that follows from its seed.
#[derive(Debug)]
pub(crate) struct Chance(Mutex<u64>);

impl Chance {
    /// The sequence of a seed; without one, any.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0);
        Self(Mutex::new(seed))
    }

    /// The next number, from 0 to 1 without 1; by the algorithm SplitMix64.
    pub(crate) fn draw(&self) -> f64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let upper = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
        f64::from(upper) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_sequence_and_it_is_spread_out() {
        let draws = |seed| {
            let chance = Chance::new(seed);
            (0..1000).map(|_| chance.draw()).collect::<Vec<_>>()
        };
        let seven = draws(Some(7));
        assert_eq!(seven, draws(Some(7)));
        assert_ne!(seven, draws(Some(8)));
        assert_ne!(draws(None), draws(None));
        for tenth in 0..10 {
            let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
            let count = seven
                .iter()
                .filter(|draw| (from..to).contains(*draw))
                .count();
            assert!((60..140).contains(&count), "{count} from {from} to {to}");
        }
    }
}
