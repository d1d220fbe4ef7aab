//! Message ids that never come twice.

use pilotwire_messages::Text;

use crate::rng::Rng;

/// Makes ids of 22 characters: 64 random bits that are drawn at every power-up, and a counter (Part 4 §4.1.4).
///
/// 22 characters are what a [`Text`] holds without allocating.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    prefix: u64,
    count: u64,
}

const DIGITS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

impl Ids {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self { prefix: rng.bits(), count: 0 }
    }

    pub(crate) fn next(&mut self) -> Text {
        self.count += 1;
        let mut id = [b'0'; 22];
        write(self.prefix, &mut id[..11]);
        write(self.count, &mut id[11..]);
        Text::new(core::str::from_utf8(&id).unwrap_or_default())
    }
}

fn write(number: u64, place: &mut [u8]) {
    for (digit, byte) in place.iter_mut().rev().enumerate() {
        *byte = DIGITS[(number >> (6 * digit)) as usize & 63];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_comes_twice() {
        let mut ids = Ids::new(&mut Rng::new(3));
        let mut later = Ids::new(&mut Rng::new(4));
        let mut seen: alloc::vec::Vec<Text> = (0..1_000).flat_map(|_| [ids.next(), later.next()]).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 2_000);
        assert!(seen.iter().all(|id| id.len() == 22));
    }
}
