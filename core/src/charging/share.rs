//! One limit for several vehicles (K04.FR.05; 1.6 §3.13.3): who gets how much of it.

use alloc::vec::Vec;

use pilotwire_messages::Decimal;

use super::units::{NO_LIMIT, decimal, milli};

/// What somebody wants of a limit that is shared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// The most that it can use; `None` without bound.
    pub most: Option<Decimal>,
    /// Less than this is of no use to it: then it gets nothing (IEC 61851-1: 6 A).
    pub least: Decimal,
}

const TENTH: i64 = 100;

/// Divides `limit` among `claims`: nobody gets more than it can use or less than is of use, and what one leaves the others
/// share evenly. When it does not suffice for all, the first of the list go before the last.
///
/// The sum is never more than the limit. Without a limit everybody gets its most; `None` is without bound.
pub fn share(limit: Option<Decimal>, claims: &[Claim]) -> Vec<Option<Decimal>> {
    let rate = |rate: Option<Decimal>| rate.map_or(NO_LIMIT, |rate| milli(rate).map_or(NO_LIMIT, |rate| rate.max(0)));
    let most: Vec<i64> = claims.iter().map(|claim| rate(claim.most)).collect();
    let least: Vec<i64> = claims.iter().map(|claim| rate(Some(claim.least))).collect();
    let limit = rate(limit);
    let mut served: Vec<bool> = most.iter().zip(&least).map(|(most, least)| most >= least).collect();
    let given = loop {
        let given = evenly(limit, &most, &served);
        let enough = |place: usize| !served[place] || given[place] >= least[place];
        match (0..claims.len()).rev().find(|place| !enough(*place)) {
            // Whoever came last waits.
            Some(_) => match served.iter().rposition(|served| *served) {
                Some(last) => served[last] = false,
                None => break given,
            },
            None => break given,
        }
    };
    given.into_iter().map(|rate| (rate != NO_LIMIT).then(|| decimal(rate))).collect()
}

/// The same for everybody who is served, but for those who want less.
fn evenly(limit: i64, most: &[i64], served: &[bool]) -> Vec<i64> {
    let mut given: Vec<i64> = most.iter().map(|_| 0).collect();
    let mut open: Vec<usize> = (0..most.len()).filter(|place| served[*place]).collect();
    open.sort_by_key(|place| most[*place]);
    let mut left = limit;
    for (taken, place) in open.iter().enumerate() {
        let among = i64::try_from(open.len() - taken).unwrap_or(i64::MAX);
        let part = if left == NO_LIMIT { NO_LIMIT } else { left / among / TENTH * TENTH };
        given[*place] = part.min(most[*place]);
        if left != NO_LIMIT {
            left -= given[*place];
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(most: &[Option<i32>]) -> Vec<Claim> {
        let claim = |most: &Option<i32>| Claim { most: most.map(Decimal::from_int), least: Decimal::from_int(6) };
        most.iter().map(claim).collect()
    }

    fn shared(limit: Option<i32>, most: &[Option<i32>]) -> Vec<Option<Decimal>> {
        share(limit.map(Decimal::from_int), &claims(most))
    }

    fn amperes(given: &[&str]) -> Vec<Option<Decimal>> {
        given.iter().map(|rate| Some(rate.parse().unwrap())).collect()
    }

    /// K04.FR.05.
    #[test]
    fn what_one_cannot_use_the_others_share() {
        assert_eq!(shared(Some(40), &[Some(10), Some(32), Some(32)]), amperes(&["10", "15", "15"]));
        assert_eq!(
            shared(Some(32), &[None, None, None]),
            amperes(&["10.6", "10.7", "10.7"]),
            "never more than 32 in sum"
        );
        assert_eq!(shared(Some(100), &[Some(16), Some(32)]), amperes(&["16", "32"]));
    }

    #[test]
    fn who_would_get_too_little_waits_and_the_first_goes_first() {
        assert_eq!(shared(Some(10), &[Some(32), Some(32)]), amperes(&["10", "0"]));
        assert_eq!(shared(Some(13), &[Some(32), Some(32), Some(32)]), amperes(&["6.5", "6.5", "0"]));
        assert_eq!(shared(Some(5), &[Some(32)]), amperes(&["0"]));
        assert_eq!(shared(Some(32), &[Some(4), Some(32)]), amperes(&["0", "32"]), "who can use too little leaves it");
    }

    #[test]
    fn without_a_limit_everybody_gets_what_it_can_use() {
        assert_eq!(shared(None, &[Some(16), None]), [Some(Decimal::from_int(16)), None]);
        assert_eq!(shared(Some(0), &[Some(16), None]), amperes(&["0", "0"]));
    }
}
