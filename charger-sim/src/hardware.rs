//! EVSEs with cables, contactors, meters and vehicles. Meters keep their register when the power is off.

use pilotwire::charging::Limit;
use pilotwire::domain::{EvseId, Problem, Reading};
use pilotwire::messages::Decimal;
use pilotwire::station::Input;
use pilotwire::{DateTime, Instant};
use serde::{Deserialize, Serialize};

use crate::firmware::Slots;
use crate::vehicle::Vehicle;

/// The hardware of a station.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hardware {
    evses: Vec<Evse>,
    /// What is wrong with the station as a whole.
    pub problem: Option<Problem>,
    /// How far the station's clock is ahead of the world's, in milliseconds. It runs on a battery of its own.
    clock_ahead_ms: i64,
    /// What runs on it.
    #[serde(default)]
    pub firmware: Slots,
    #[serde(skip)]
    now: Instant,
    /// What happened by itself, and was not told yet.
    #[serde(skip)]
    news: Vec<Input>,
}

/// One EVSE and the vehicle in front of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Evse {
    /// The connector whose cable is plugged into the vehicle.
    pub plugged: Option<i32>,
    /// The vehicle wants energy.
    pub ready: bool,
    /// Energy can flow. Falls open without power.
    #[serde(skip)]
    pub contactor_closed: bool,
    /// The plug is held. Released without power.
    #[serde(skip)]
    pub locked: bool,
    /// What the station offers: the pilot signal. Nothing is signalled without power.
    #[serde(skip)]
    pub limit: Limit,
    /// The vehicle that is plugged, or will be.
    pub vehicle: Vehicle,
    /// What is wrong.
    pub problem: Option<Problem>,
    /// The meter's register in millijoules.
    energy_mj: u64,
}

impl Evse {
    /// Whether energy flows.
    pub fn flows(&self) -> bool {
        self.plugged.is_some() && self.ready && self.contactor_closed
    }

    /// The meter's register in Wh, in steps of a milliwatt-hour.
    pub fn register_wh(&self) -> Decimal {
        let milliwatt_hours = i64::try_from(self.energy_mj / 3_600).unwrap_or(i64::MAX);
        Decimal::new(milliwatt_hours, 3).unwrap_or_default()
    }

    /// Sets the meter's register; `false` if it is none that the meter can show.
    pub fn set_register_wh(&mut self, register: Decimal) -> bool {
        let milliwatt_hours = u64::try_from(register.scaled(3)).ok().and_then(|mwh| mwh.checked_mul(3_600));
        match milliwatt_hours {
            Some(energy_mj) => self.energy_mj = energy_mj,
            None => return false,
        }
        true
    }

    /// What flows, in watts.
    pub fn power_w(&self) -> u64 {
        if self.flows() { self.vehicle.draws_w(&self.limit) } else { 0 }
    }

    /// What the meter shows.
    pub fn reading(&self) -> Reading {
        self.vehicle.reading(self.register_wh(), self.power_w(), &self.limit)
    }

    /// Lets energy flow for a while; `true` if the vehicle has enough now.
    fn charge(&mut self, span_ms: u64) -> bool {
        let taken = self.vehicle.take(self.power_w().saturating_mul(span_ms));
        self.energy_mj = self.energy_mj.saturating_add(taken);
        let full = self.vehicle.is_full();
        self.ready &= !full;
        full
    }
}

impl Hardware {
    /// `count` EVSEs, numbered from 1.
    pub fn new(count: usize) -> Self {
        let evses = (0..count).map(|_| Evse::default()).collect();
        Self {
            evses,
            problem: None,
            clock_ahead_ms: 0,
            firmware: Slots::default(),
            now: Instant::ZERO,
            news: Vec::new(),
        }
    }

    /// The same with another number of EVSEs.
    #[must_use]
    pub fn with_evses(mut self, count: usize) -> Self {
        self.evses.resize_with(count, Evse::default);
        self
    }

    /// The EVSE with this number, as it is now.
    pub fn evse(&mut self, id: EvseId) -> Option<&mut Evse> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.evses.get_mut(index)
    }

    /// All EVSEs with their numbers.
    pub fn evses(&self) -> impl Iterator<Item = (EvseId, &Evse)> {
        (1..).map(EvseId).zip(&self.evses)
    }

    /// The time that the station's clock shows when it is really `now`.
    pub fn clock(&self, now: DateTime) -> DateTime {
        now.saturating_add_millis(self.clock_ahead_ms)
    }

    /// Sets the station's clock.
    pub fn set_clock(&mut self, now: DateTime, shown: DateTime) {
        self.clock_ahead_ms = shown.unix_millis().saturating_sub(now.unix_millis());
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        let span_ms = u64::try_from(now.saturating_since(self.now).as_millis()).unwrap_or(u64::MAX);
        self.now = self.now.max(now);
        for (id, evse) in (1..).map(EvseId).zip(&mut self.evses).filter(|(_, evse)| evse.flows()) {
            if evse.charge(span_ms) {
                self.news.push(Input::Meter { evse: id, reading: evse.reading() });
                self.news.push(Input::EvSuspended { evse: id });
            }
        }
    }

    /// What happened by itself since this was asked last: vehicles that have enough.
    pub fn take_news(&mut self) -> Vec<Input> {
        std::mem::take(&mut self.news)
    }

    /// The power is off: contactors fall open, plugs are free.
    pub fn lose_power(&mut self, now: Instant) {
        self.advance(now);
        // Nobody is there to be told; who wakes up looks for himself.
        self.news.clear();
        for evse in &mut self.evses {
            evse.contactor_closed = false;
            evse.locked = false;
            evse.limit = Limit::default();
        }
    }

    /// What meters of EVSEs that charge show now: to be told once a second.
    pub fn live_readings(&self) -> Vec<Input> {
        let live = self.evses().filter(|(_, evse)| evse.flows());
        live.map(|(id, evse)| Input::Meter { evse: id, reading: evse.reading() }).collect()
    }

    /// What a station that wakes up is told: its firmware, meters, then what is wrong, cables, and vehicles.
    pub fn waking_facts(&self) -> Vec<Input> {
        let meters = self.evses().map(|(id, evse)| Input::Meter { evse: id, reading: evse.reading() });
        let problems = self.evses().map(|(id, evse)| (id, &evse.problem));
        let problems = std::iter::once((EvseId(0), &self.problem)).chain(problems);
        let faults = problems.filter_map(|(evse, problem)| Some(Input::Fault { evse, problem: problem.clone()? }));
        let cables = self.evses().filter_map(|(id, evse)| Some((id, evse.plugged?)));
        let cables = cables.map(|(evse, connector)| Input::CablePlugged { evse, connector });
        let ready = self.evses().filter(|(_, evse)| evse.plugged.is_some() && evse.ready);
        let ready = ready.map(|(evse, _)| Input::EvReady { evse });
        self.firmware.fact().into_iter().chain(meters).chain(faults).chain(cables).chain(ready).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vehicle::VehicleChange;

    fn charging() -> Hardware {
        let mut hardware = Hardware::new(2);
        let evse = hardware.evse(EvseId(1)).unwrap();
        (evse.plugged, evse.ready, evse.contactor_closed) = (Some(1), true, true);
        hardware
    }

    #[test]
    fn energy_flows_only_through_a_closed_contactor_into_a_vehicle_that_wants_it() {
        let mut hardware = charging();
        hardware.advance(Instant::from_millis(3_600_000));
        hardware.evse(EvseId(1)).unwrap().ready = false;
        hardware.advance(Instant::from_millis(7_200_000));
        assert_eq!(hardware.evse(EvseId(1)).unwrap().register_wh(), Decimal::from_int(7_360));
        assert_eq!(hardware.evse(EvseId(2)).unwrap().register_wh(), Decimal::ZERO);
        assert!(hardware.evse(EvseId(3)).is_none() && hardware.evse(EvseId(0)).is_none());
    }

    #[test]
    fn the_register_survives_a_power_cut_and_the_contactor_does_not() {
        let mut hardware = charging();
        hardware.lose_power(Instant::from_millis(1_800_000));
        hardware.advance(Instant::from_millis(3_600_000));
        let evse = hardware.evse(EvseId(1)).unwrap();
        assert_eq!(evse.register_wh(), Decimal::from_int(3_680));
        assert!(!evse.contactor_closed && evse.plugged.is_some());
    }

    #[test]
    fn many_small_steps_lose_nothing() {
        let mut hardware = charging();
        for millis in 0..=3_600_000_u64 / 7 {
            hardware.advance(Instant::from_millis(millis * 7));
        }
        hardware.advance(Instant::from_millis(3_600_000));
        assert_eq!(hardware.evse(EvseId(1)).unwrap().register_wh(), Decimal::from_int(7_360));
    }

    #[test]
    fn a_full_vehicle_wants_no_more_and_says_so_once() {
        let mut hardware = charging();
        let evse = hardware.evse(EvseId(1)).unwrap();
        let change = VehicleChange { capacity_wh: Some(1_000), ..VehicleChange::default() };
        evse.vehicle = evse.vehicle.changed(change).unwrap();
        hardware.advance(Instant::from_millis(3_600_000));
        let news = hardware.take_news();
        let Some((Input::Meter { reading, .. }, last)) = news.first().zip(news.last()) else { panic!("{news:?}") };
        assert_eq!((reading.energy_wh, reading.power_w), (Decimal::from_int(1_000), Some(Decimal::ZERO)));
        assert_eq!(*last, Input::EvSuspended { evse: EvseId(1) });
        hardware.advance(Instant::from_millis(7_200_000));
        assert_eq!(hardware.take_news(), []);
        assert_eq!(hardware.evse(EvseId(1)).unwrap().register_wh(), Decimal::from_int(1_000));
    }

    #[test]
    fn who_wakes_up_is_told_meters_first_then_faults_cables_and_vehicles() {
        let mut hardware = charging();
        hardware.problem = Some(Problem { code: "HighTemperature".into(), info: None });
        let kinds: Vec<&str> = hardware
            .waking_facts()
            .iter()
            .map(|fact| match fact {
                Input::Meter { .. } => "meter",
                Input::Fault { .. } => "fault",
                Input::CablePlugged { .. } => "cable",
                Input::EvReady { .. } => "ready",
                _ => "other",
            })
            .collect();
        assert_eq!(kinds, ["meter", "meter", "fault", "cable", "ready"]);
    }

    #[test]
    fn what_is_written_down_comes_back_without_what_needs_power() {
        let mut hardware = charging();
        hardware.advance(Instant::from_millis(36_000));
        hardware.set_clock(DateTime::from_unix_millis(1_000), DateTime::from_unix_millis(500));
        let text = serde_json::to_string(&hardware).unwrap();
        let mut back = serde_json::from_str::<Hardware>(&text).unwrap().with_evses(3);
        let evse = back.evse(EvseId(1)).unwrap();
        assert_eq!((evse.plugged, evse.ready, evse.contactor_closed), (Some(1), true, false));
        assert_eq!(evse.register_wh().to_string(), "73.600");
        assert_eq!(back.clock(DateTime::from_unix_millis(2_000)), DateTime::from_unix_millis(1_500));
        assert!(back.evse(EvseId(3)).is_some());
    }
}
