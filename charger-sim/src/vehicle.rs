//! Vehicles, as a charger sees them.

use pilotwire::charging::Limit;
use pilotwire::domain::{PhaseReading, Reading};
use pilotwire::messages::Decimal;
use serde::{Deserialize, Serialize};

/// The voltage of a phase, in volts.
pub const VOLTAGE_V: u64 = 230;

/// What draws energy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vehicle {
    /// What it draws while it may, in watts.
    pub power_w: u64,
    /// Over how many phases: 1 or 3.
    pub phases: u8,
    /// What it can take; without a battery it never has enough.
    pub battery: Option<Battery>,
}

/// What a vehicle can take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Battery {
    capacity_mj: u64,
    stored_mj: u64,
}

/// What is to change about a vehicle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VehicleChange {
    /// What it draws, in watts.
    pub power_w: Option<u64>,
    /// What it draws on each phase, in amperes; the power follows from it.
    pub max_current_a: Option<Decimal>,
    /// Over how many phases: 1 or 3.
    pub phases: Option<u8>,
    /// How much its battery holds, in Wh; 0 takes the battery out.
    pub capacity_wh: Option<u64>,
    /// How full it is.
    pub soc_percent: Option<Decimal>,
}

/// Why a vehicle cannot be like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchVehicle {
    /// A vehicle charges on one phase or on three.
    #[error("phases is 1 or 3")]
    Phases,
    /// Two ways to say the same.
    #[error("power_w or max_current_a, not both")]
    PowerTwice,
    /// Beyond what a meter shows.
    #[error("power_w is at most 10000000, max_current_a is from 0 to 10000")]
    Power,
    /// There is nothing that could be full.
    #[error("soc_percent needs a battery: tell capacity_wh, too")]
    NoBattery,
    /// Beyond full or empty.
    #[error("soc_percent is from 0 to 100")]
    Soc,
    /// Beyond what a register holds.
    #[error("capacity_wh is at most 1000000000")]
    Capacity,
}

const MOST_W: u64 = 10_000_000;
const MOST_WH: u64 = 1_000_000_000;
/// Millijoules in a watt-hour.
const MJ_PER_WH: u64 = 3_600_000;

impl Default for Vehicle {
    /// 32 A on one phase, and never enough.
    fn default() -> Self {
        Self { power_w: 32 * VOLTAGE_V, phases: 1, battery: None }
    }
}

impl Vehicle {
    /// The same vehicle but for this.
    ///
    /// # Errors
    /// There is no such vehicle.
    pub fn changed(&self, change: VehicleChange) -> Result<Self, NoSuchVehicle> {
        let phases = change.phases.unwrap_or(self.phases);
        if phases != 1 && phases != 3 {
            return Err(NoSuchVehicle::Phases);
        }
        let power_w = match (change.power_w, change.max_current_a) {
            (Some(_), Some(_)) => return Err(NoSuchVehicle::PowerTwice),
            (Some(power), None) => power,
            (None, Some(current)) => {
                let milliamperes = u64::try_from(current.scaled(3)).map_err(|_| NoSuchVehicle::Power)?;
                milliamperes.saturating_mul(VOLTAGE_V * u64::from(phases)) / 1_000
            }
            (None, None) => self.power_w,
        };
        if power_w > MOST_W {
            return Err(NoSuchVehicle::Power);
        }
        Ok(Self { power_w, phases, battery: self.changed_battery(change)? })
    }

    fn changed_battery(&self, change: VehicleChange) -> Result<Option<Battery>, NoSuchVehicle> {
        let capacity_mj = match change.capacity_wh {
            Some(capacity) if capacity > MOST_WH => return Err(NoSuchVehicle::Capacity),
            Some(capacity) => capacity * MJ_PER_WH,
            None => self.battery.as_ref().map_or(0, |battery| battery.capacity_mj),
        };
        if capacity_mj == 0 {
            return if change.soc_percent.is_some() { Err(NoSuchVehicle::NoBattery) } else { Ok(None) };
        }
        let stored_mj = match change.soc_percent {
            Some(soc) => {
                let thousandths = u64::try_from(soc.scaled(3)).ok().filter(|soc| *soc <= 100_000);
                capacity_mj / 100_000 * thousandths.ok_or(NoSuchVehicle::Soc)?
            }
            None => self.battery.as_ref().map_or(0, |battery| battery.stored_mj),
        };
        Ok(Some(Battery { capacity_mj, stored_mj: stored_mj.min(capacity_mj) }))
    }

    /// Offers energy; gives back what of it was taken, in millijoules.
    pub fn take(&mut self, offered_mj: u64) -> u64 {
        let Some(battery) = &mut self.battery else {
            return offered_mj;
        };
        let taken = offered_mj.min(battery.capacity_mj - battery.stored_mj);
        battery.stored_mj += taken;
        taken
    }

    /// Whether it can take no more.
    pub fn is_full(&self) -> bool {
        self.battery.as_ref().is_some_and(|battery| battery.stored_mj >= battery.capacity_mj)
    }

    /// How full it is, if it tells.
    pub fn soc_percent(&self) -> Option<Decimal> {
        let battery = self.battery.as_ref()?;
        let tenths = u128::from(battery.stored_mj) * 1_000 / u128::from(battery.capacity_mj.max(1));
        Decimal::new(i64::try_from(tenths).ok()?, 1)
    }

    /// What it draws, in watts, where the station offers no more than this: on each phase no more than the current, over no
    /// more phases, and no more than the power in all.
    pub fn draws_w(&self, limit: &Limit) -> u64 {
        let phases = u64::from(self.phases.max(1));
        let used = limit.number_phases.map_or(phases, |phases_offered| phases.min(u64::from(phases_offered)));
        let of_phase = self.power_w / phases;
        let milliamperes = |current: Decimal| u64::try_from(current.scaled(3)).unwrap_or(0);
        let offered = limit.current_a.map_or(u64::MAX, |current| milliamperes(current) * VOLTAGE_V / 1_000);
        let most = limit.power_w.map_or(u64::MAX, |power| u64::try_from(power.scaled(0)).unwrap_or(0));
        let wanted = if used == phases && of_phase <= offered { self.power_w } else { of_phase.min(offered) * used };
        wanted.min(most)
    }

    /// What a meter in front of it shows while it draws this.
    pub fn reading(&self, energy_wh: Decimal, power_w: u64, limit: &Limit) -> Reading {
        let phases = limit.number_phases.map_or(self.phases, |offered| offered.min(self.phases)).max(1);
        let tenths = |value: u64| Decimal::new(i64::try_from(value).unwrap_or(i64::MAX), 1).unwrap_or_default();
        let current_a = tenths(power_w * 10 / (VOLTAGE_V * u64::from(phases)));
        let voltage_v = tenths(VOLTAGE_V * 10);
        let loaded = PhaseReading { current_a, voltage_v };
        let idle = PhaseReading { current_a: Decimal::ZERO, voltage_v };
        let on = |phase: u8| if phase <= phases { loaded } else { idle };
        Reading {
            energy_wh,
            power_w: Decimal::new(i64::try_from(power_w).unwrap_or(i64::MAX), 0),
            current_a: Some(current_a),
            voltage_v: Some(voltage_v),
            phases: (self.phases == 3).then(|| [on(1), on(2), on(3)]),
            soc_percent: self.soc_percent(),
            ..Reading::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> VehicleChange {
        VehicleChange::default()
    }

    #[test]
    fn a_battery_takes_what_fits_and_not_a_millijoule_more() {
        let change = VehicleChange { capacity_wh: Some(10), soc_percent: Some(Decimal::from_int(90)), ..change() };
        let mut vehicle = Vehicle::default().changed(change).unwrap();
        assert_eq!(vehicle.take(MJ_PER_WH - 1), MJ_PER_WH - 1);
        assert!(!vehicle.is_full());
        assert_eq!(vehicle.take(MJ_PER_WH), 1);
        assert!(vehicle.is_full());
        assert_eq!(vehicle.soc_percent(), Some(Decimal::from_int(100)));
        assert_eq!(vehicle.take(5), 0);
    }

    #[test]
    fn power_is_that_of_all_phases() {
        let change = VehicleChange { phases: Some(3), max_current_a: Some(Decimal::from_int(16)), ..change() };
        let vehicle = Vehicle::default().changed(change).unwrap();
        assert_eq!(vehicle.power_w, 11_040);
        let open = Limit::default();
        let reading = vehicle.reading(Decimal::ZERO, vehicle.draws_w(&open), &open);
        assert_eq!(reading.current_a, Some(Decimal::from_int(16)));
        assert_eq!(reading.phases.map(|phases| phases[2].current_a), Some(Decimal::from_int(16)));
        assert_eq!(vehicle.reading(Decimal::ZERO, 0, &open).power_w, Some(Decimal::ZERO));
    }

    /// K01.FR.51: amperes on each phase; watts on all together.
    #[test]
    fn a_vehicle_draws_no_more_than_it_is_offered() {
        let change = VehicleChange { phases: Some(3), max_current_a: Some(Decimal::from_int(16)), ..change() };
        let vehicle = Vehicle::default().changed(change).unwrap();
        let limit = |current: i32, power: i32, phases: Option<u8>| Limit {
            current_a: Some(Decimal::from_int(current)),
            power_w: Some(Decimal::from_int(power)),
            number_phases: phases,
            phase_to_use: None,
        };
        assert_eq!(vehicle.draws_w(&Limit::default()), 11_040);
        assert_eq!(vehicle.draws_w(&limit(32, 22_080, None)), 11_040, "no more than it wants");
        assert_eq!(vehicle.draws_w(&limit(10, 22_080, None)), 6_900);
        assert_eq!(vehicle.draws_w(&limit(10, 22_080, Some(1))), 2_300);
        assert_eq!(vehicle.draws_w(&limit(16, 5_000, None)), 5_000);
        assert_eq!(vehicle.draws_w(&limit(0, 0, None)), 0);
        let one = limit(10, 22_080, Some(1));
        let reading = vehicle.reading(Decimal::ZERO, vehicle.draws_w(&one), &one);
        let currents = reading.phases.map(|phases| phases.map(|phase| phase.current_a));
        assert_eq!(currents, Some([Decimal::from_int(10), Decimal::ZERO, Decimal::ZERO]));
    }

    #[test]
    fn there_are_vehicles_that_there_are_not() {
        let number = |value| Some(Decimal::from_int(value));
        for (wrong, why) in [
            (VehicleChange { phases: Some(2), ..change() }, NoSuchVehicle::Phases),
            (VehicleChange { power_w: Some(1), max_current_a: number(1), ..change() }, NoSuchVehicle::PowerTwice),
            (VehicleChange { power_w: Some(u64::MAX), ..change() }, NoSuchVehicle::Power),
            (VehicleChange { max_current_a: number(-1), ..change() }, NoSuchVehicle::Power),
            (VehicleChange { max_current_a: number(i32::MAX), ..change() }, NoSuchVehicle::Power),
            (VehicleChange { soc_percent: number(50), ..change() }, NoSuchVehicle::NoBattery),
            (VehicleChange { capacity_wh: Some(1), soc_percent: number(101), ..change() }, NoSuchVehicle::Soc),
            (VehicleChange { capacity_wh: Some(u64::MAX), ..change() }, NoSuchVehicle::Capacity),
        ] {
            assert_eq!(Vehicle::default().changed(wrong), Err(why), "{wrong:?}");
        }
    }
}
