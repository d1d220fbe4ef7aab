//! Slows down who guesses passwords, in bounded memory.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use pilotwire::Instant;

/// How many failures are borne. All counts are over a sliding time between one and two [`window`](Self::window)s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleConfig {
    /// Real time. Default 60 s.
    pub window: Duration,
    /// Failed authentications from one address (IPv6: one /64) before it is refused with 429. Default 30; stations
    /// behind one NAT share it.
    pub per_address: u32,
    /// Failed authentications for one identity, from any address, before it is refused with 429 from all addresses but
    /// the one that it last succeeded from. Higher than `per_address`, so that one attacker alone never locks a station
    /// out. Default 120.
    pub per_identity: u32,
    /// How often a connection of one station may be replaced by a newer one that is authenticated just as well, before
    /// newer ones are refused with 503: two stations with one identity would otherwise throw each other out for ever.
    /// Default 20.
    pub takeovers: u32,
    /// Entries that each table may hold, twice. Default 4096.
    pub entries: usize,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self { window: Duration::from_secs(60), per_address: 30, per_identity: 120, takeovers: 20, entries: 4096 }
    }
}

/// Counts failures by address and by identity, and takeovers by station.
#[derive(Debug)]
pub(crate) struct Throttle {
    config: ThrottleConfig,
    turned: Instant,
    addresses: Table<IpAddr, u32>,
    identities: Table<String, u32>,
    takeovers: Table<String, u32>,
    last_good: Table<String, IpAddr>,
}

impl Throttle {
    pub(crate) fn new(config: ThrottleConfig) -> Self {
        Self {
            config,
            turned: Instant::ZERO,
            addresses: Table::new(config.entries),
            identities: Table::new(config.entries),
            takeovers: Table::new(config.entries),
            last_good: Table::new(config.entries),
        }
    }

    /// Whether this one may try to authenticate.
    pub(crate) fn admits(&mut self, now: Instant, address: IpAddr, identity: &str) -> bool {
        self.turn(now);
        let address = subscriber(address);
        if self.addresses.sum(&address) >= self.config.per_address {
            return false;
        }
        let trusted = self.last_good.newest(identity) == Some(&address);
        trusted || self.identities.sum(identity) < self.config.per_identity
    }

    pub(crate) fn failed(&mut self, now: Instant, address: IpAddr, identity: &str) {
        self.turn(now);
        *self.addresses.entry(subscriber(address)) += 1;
        *self.identities.entry(identity.to_owned()) += 1;
    }

    pub(crate) fn succeeded(&mut self, address: IpAddr, identity: &str) {
        self.last_good.put(identity.to_owned(), subscriber(address));
    }

    /// Counts a takeover, unless there were too many already.
    pub(crate) fn admits_takeover(&mut self, now: Instant, key: &str) -> bool {
        self.turn(now);
        let admitted = self.takeovers.sum(key) < self.config.takeovers;
        if admitted {
            *self.takeovers.entry(key.to_owned()) += 1;
        }
        admitted
    }

    /// After which time a refused one should try again.
    pub(crate) fn retry_after_s(&self) -> u32 {
        u32::try_from(self.config.window.as_secs()).unwrap_or(u32::MAX).max(1)
    }

    fn turn(&mut self, now: Instant) {
        let passed = now.saturating_since(self.turned);
        if passed < self.config.window {
            return;
        }
        // After two windows nothing counts any more.
        let times = if passed >= self.config.window * 2 { 2 } else { 1 };
        for _ in 0..times {
            self.addresses.turn();
            self.identities.turn();
            self.takeovers.turn();
        }
        self.turned = now;
    }
}

/// Who an address stands for: an IPv6 subscriber has a whole /64.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// Two generations: new entries go to the young one, and when that is full or a window has passed, it becomes the old one
/// and the old one is forgotten. Bounded without a search for the oldest entry.
#[derive(Debug)]
struct Table<K, V> {
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
    capacity: usize,
}

impl<K: Ord, V> Table<K, V> {
    fn new(capacity: usize) -> Self {
        Self { young: BTreeMap::new(), old: BTreeMap::new(), capacity: capacity.max(1) }
    }

    fn turn(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.turn();
        }
        self.young.insert(key, value);
    }

    fn newest<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }
}

impl<K: Ord> Table<K, u32> {
    fn entry(&mut self, key: K) -> &mut u32 {
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.turn();
        }
        self.young.entry(key).or_insert(0)
    }

    fn sum<Q: Ord + ?Sized>(&self, key: &Q) -> u32
    where
        K: std::borrow::Borrow<Q>,
    {
        let count = |table: &BTreeMap<K, u32>| table.get(key).copied().unwrap_or(0);
        count(&self.young).saturating_add(count(&self.old))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Instant = Instant::from_millis(1_000);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn throttle() -> Throttle {
        Throttle::new(ThrottleConfig {
            per_address: 3,
            per_identity: 5,
            takeovers: 2,
            entries: 16,
            ..ThrottleConfig::default()
        })
    }

    #[test]
    fn one_attacker_is_stopped_and_the_station_still_gets_in() {
        let mut throttle = throttle();
        for _ in 0..10_000 {
            if throttle.admits(T0, address(1), "CS1") {
                throttle.failed(T0, address(1), "CS1");
            }
        }
        assert!(!throttle.admits(T0, address(1), "CS2"));
        assert!(throttle.admits(T0, address(2), "CS1"));
        assert!(throttle.admits(T0 + Duration::from_secs(120), address(1), "CS1"));
    }

    #[test]
    fn many_attackers_lock_an_identity_but_not_for_the_address_it_succeeded_from() {
        let mut throttle = throttle();
        throttle.succeeded(address(9), "CS1");
        for attacker in 1..=5 {
            throttle.failed(T0, address(attacker), "CS1");
        }
        assert!(!throttle.admits(T0, address(6), "CS1"));
        assert!(throttle.admits(T0, address(9), "CS1"));
        assert!(throttle.admits(T0, address(6), "CS2"));
    }

    #[test]
    fn rotating_identities_and_addresses_cost_bounded_memory() {
        let mut throttle = throttle();
        for n in 0..10_000_u32 {
            throttle.failed(T0, IpAddr::from(n.to_be_bytes()), &n.to_string());
            throttle.succeeded(address(1), &n.to_string());
        }
        let entries = [
            throttle.addresses.young.len() + throttle.addresses.old.len(),
            throttle.identities.young.len() + throttle.identities.old.len(),
            throttle.last_good.young.len() + throttle.last_good.old.len(),
        ];
        assert!(entries.iter().all(|&count| count <= 32), "{entries:?}");
    }

    #[test]
    fn addresses_of_one_ipv6_subscriber_count_together() {
        let mut throttle = throttle();
        for host in 1..=3_u128 {
            throttle.failed(T0, IpAddr::from(Ipv6Addr::from_bits((0x2001_0db8 << 96) | host)), "CS1");
        }
        assert!(!throttle.admits(T0, "2001:db8::99".parse().unwrap(), "CS2"));
        assert!(throttle.admits(T0, "2001:db8:0:1::1".parse().unwrap(), "CS2"));
    }

    #[test]
    fn takeovers_are_counted_per_station() {
        let mut throttle = throttle();
        assert!(throttle.admits_takeover(T0, "CS1"));
        assert!(throttle.admits_takeover(T0, "CS1"));
        assert!(!throttle.admits_takeover(T0, "CS1"));
        assert!(throttle.admits_takeover(T0, "CS2"));
    }
}
