//! Which sequence numbers of a transaction came, in few bytes.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// The most ranges that are kept apart.
const MAX_RANGES: usize = 32;

/// A set of numbers as inclusive ranges, in ascending order, with at least one number missing between neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Seen(Vec<(i32, i32)>);

impl Seen {
    pub(super) fn contains(&self, number: i32) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&number))
    }

    /// The greatest number.
    pub(super) fn last(&self) -> Option<i32> {
        self.0.last().map(|(_, to)| *to)
    }

    /// Adds a number. If that makes too many ranges, the lowest missing numbers are given up: they count as if they had
    /// come, and are given back.
    pub(super) fn insert(&mut self, number: i32) -> Option<(i32, i32)> {
        if self.contains(number) {
            return None;
        }
        let at = self.0.partition_point(|(_, to)| *to < number);
        let joins_left = at > 0 && self.0[at - 1].1.checked_add(1) == Some(number);
        let joins_right = self.0.get(at).is_some_and(|(from, _)| number.checked_add(1) == Some(*from));
        match (joins_left, joins_right) {
            (true, true) => {
                let (_, to) = self.0.remove(at);
                self.0[at - 1].1 = to;
            }
            (true, false) => self.0[at - 1].1 = number,
            (false, true) => self.0[at].0 = number,
            (false, false) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (number, number));
            }
        }
        self.give_up_lowest()
    }

    fn give_up_lowest(&mut self) -> Option<(i32, i32)> {
        if self.0.len() <= MAX_RANGES {
            return None;
        }
        let given_up = self.missing().first().copied();
        let (from, _) = self.0.remove(0);
        self.0[0].0 = from;
        given_up
    }

    /// The numbers that are missing between the lowest and the greatest, as inclusive ranges.
    pub(super) fn missing(&self) -> Vec<(i32, i32)> {
        self.0.windows(2).map(|pair| (pair[0].1.saturating_add(1), pair[1].0.saturating_sub(1))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[i32]) -> Seen {
        let mut seen = Seen::default();
        numbers.iter().for_each(|number| assert_eq!(seen.insert(*number), None));
        seen
    }

    #[test]
    fn joins_neighbours_and_knows_what_is_missing() {
        let mut seen = of(&[0, 5, 1, 3, 9]);
        assert_eq!(seen.missing(), [(2, 2), (4, 4), (6, 8)]);
        assert_eq!(seen.insert(4), None);
        assert_eq!(seen.insert(2), None);
        assert_eq!(seen.0, [(0, 5), (9, 9)]);
        assert!(seen.contains(3) && !seen.contains(6));
        assert_eq!(seen.last(), Some(9));
    }

    #[test]
    fn takes_numbers_at_the_ends_of_the_range() {
        let seen = of(&[i32::MAX, i32::MIN, i32::MAX - 1, i32::MIN + 1]);
        assert_eq!(seen.0, [(i32::MIN, i32::MIN + 1), (i32::MAX - 1, i32::MAX)]);
        assert_eq!(seen.missing(), [(i32::MIN + 2, i32::MAX - 2)]);
    }

    /// I-10: whatever a station counts, the memory is bounded, and what is given up is told.
    #[test]
    fn gives_up_the_lowest_gap_when_there_are_too_many() {
        let mut seen = Seen::default();
        for at in 0..MAX_RANGES as i32 {
            assert_eq!(seen.insert(at * 10), None);
        }
        assert_eq!(seen.insert(1_000), Some((1, 9)));
        assert_eq!(seen.0.len(), MAX_RANGES);
        assert!(seen.contains(5));
    }
}
