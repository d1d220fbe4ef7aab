//! The one table of deadlines of a machine: what is due and what is next are read from the same place.

use alloc::vec::Vec;

use crate::time::Instant;

/// Deadlines by name. A machine has few of them, so a scan beats any order.
#[derive(Clone, Debug)]
pub(crate) struct Timers<T>(Vec<(T, Instant)>);

impl<T: Copy + PartialEq> Timers<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets the deadline of `timer`, or moves it.
    pub(crate) fn set(&mut self, timer: T, at: Instant) {
        match self.0.iter_mut().find(|(known, _)| *known == timer) {
            Some((_, deadline)) => *deadline = at,
            None => self.0.push((timer, at)),
        }
    }

    pub(crate) fn clear(&mut self, timer: T) {
        self.0.retain(|(known, _)| *known != timer);
    }

    pub(crate) fn is_set(&self, timer: T) -> bool {
        self.0.iter().any(|(known, _)| *known == timer)
    }

    /// The next deadline; of equal ones, the one that was set first.
    pub(crate) fn next(&self) -> Option<(Instant, T)> {
        self.0.iter().min_by_key(|(_, at)| *at).map(|(timer, at)| (*at, *timer))
    }

    /// Takes out one deadline that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<T> {
        let (at, timer) = self.next()?;
        if at > now {
            return None;
        }
        self.clear(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_is_due_in_order() {
        let mut timers = Timers::new();
        timers.set('b', Instant::from_millis(20));
        timers.set('a', Instant::from_millis(10));
        timers.set('c', Instant::from_millis(30));
        timers.set('c', Instant::from_millis(10));
        timers.clear('b');
        assert_eq!(timers.next(), Some((Instant::from_millis(10), 'a')));
        assert_eq!(timers.take_due(Instant::from_millis(9)), None);
        let due: Vec<char> = core::iter::from_fn(|| timers.take_due(Instant::from_millis(10))).collect();
        assert_eq!(due, ['a', 'c']);
        assert!(!timers.is_set('b'));
    }
}
