//! The only randomness: what the seed says.

/// SplitMix64: small, fast, and the same on every platform. Not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// Starts where `seed` says.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `max`.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        // The bias is below max / 2^64: of no matter for jitter.
        ((u128::from(self.bits()) * (u128::from(max) + 1)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_everywhere() {
        let mut rng = Rng::new(7);
        let first = [rng.bits(), rng.bits()];
        let mut again = Rng::new(7);
        assert_eq!([again.bits(), again.bits()], first);
        assert_ne!(first[0], first[1]);
    }

    #[test]
    fn stays_within_its_range() {
        let mut rng = Rng::new(1);
        let drawn: alloc::vec::Vec<u64> = (0..1_000).map(|_| rng.up_to(3)).collect();
        assert!((0..=3).all(|value| drawn.contains(&value)) && drawn.iter().all(|value| *value <= 3));
        assert_eq!(rng.up_to(0), 0);
    }
}
