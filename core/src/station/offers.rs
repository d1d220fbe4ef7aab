//! What a station remembers of its limits: profiles, what its hardware was told, and since when vehicles want energy.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Text};

use super::config::Config;
use crate::charging::{Limit, Profiles, Rules};
use crate::dialect;
use crate::domain::{ChargingProfile, EvseId, IdToken, Request};
use crate::time::Instant;

/// The profiles of a station, and what its hardware was told.
#[derive(Debug)]
pub(crate) struct Charging {
    pub(crate) profiles: Profiles,
    pub(super) evses: Vec<Offer>,
    /// Something changed that limits follow from.
    pub(super) stale: bool,
    /// The limits hold from a time to another, or as long as the clock is not known.
    pub(super) holds: Option<Span>,
    /// Messages about limits from outside that the CSMS has not heard: one for each source and EVSE, as limits are.
    pub(crate) untold: Vec<Request>,
}

/// When limits hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Span {
    /// In these seconds of UTC.
    Between(DateTime, Option<DateTime>),
    /// Until somebody tells what time it is.
    Untimed,
}

impl Span {
    pub(super) fn contains(self, known: bool, now: DateTime) -> bool {
        match self {
            Self::Between(from, until) => known && from <= now && until.is_none_or(|until| now < until),
            Self::Untimed => !known,
        }
    }
}

/// One EVSE.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) told: Option<Limit>,
    /// Since when a vehicle wants energy.
    pub(super) wants: Option<Instant>,
    /// The transaction that the profiles know of, and whether energy may flow in it.
    pub(super) transaction: Option<(Text, bool)>,
    /// A profile for the transaction that this token is about to begin (K05).
    pub(super) ahead: Option<(IdToken, Box<ChargingProfile>)>,
}

impl Charging {
    pub(crate) fn new(config: &Config) -> Self {
        let mut profiles = Profiles::new(rules(config, config.version), config.charging.supply, config.evses.len());
        for (evse, id) in config.evses.iter().zip(1..) {
            profiles.set_rating(EvseId(id), evse.rating);
        }
        if let Some(rating) = config.charging.rating {
            profiles.set_rating(EvseId(0), rating);
        }
        let evses = config.evses.iter().map(|_| Offer::default()).collect();
        Self { profiles, evses, stale: true, holds: None, untold: Vec::new() }
    }

    pub(super) fn offer(&mut self, evse: EvseId) -> Option<&mut Offer> {
        self.evses.get_mut(usize::try_from(evse.0).ok()?.checked_sub(1)?)
    }

    /// Limits are to be found anew.
    pub(crate) fn touch(&mut self) {
        self.stale = true;
    }
}

pub(super) fn rules(config: &Config, version: pilotwire_messages::Version) -> Rules {
    let charging = &config.charging;
    Rules {
        max_stack_level: charging.max_stack_level,
        max_profiles: charging.max_profiles,
        max_periods: charging.max_periods,
        amperes: charging.amperes,
        watts: charging.watts,
        phase_switching: charging.phase_switching,
        edition: dialect::charging_edition(version),
    }
}
