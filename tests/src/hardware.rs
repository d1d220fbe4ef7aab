//! One EVSE, its meter and a vehicle, exact to the millijoule.

use pilotwire::Instant;
use pilotwire::domain::Reading;
use pilotwire::messages::Decimal;

/// The physical side of a station with one EVSE. The meter keeps its register when the power is off.
#[derive(Debug, Default)]
pub struct Hardware {
    /// A cable connects the vehicle.
    pub plugged: bool,
    /// The vehicle wants energy.
    pub ready: bool,
    contactor_closed: bool,
    power_w: u64,
    /// Watt-milliseconds since the meter was made.
    energy_mj: u64,
    since: Instant,
}

impl Hardware {
    /// A vehicle that draws `power_w` whenever it may.
    pub fn new(power_w: u64) -> Self {
        Self { power_w, ..Self::default() }
    }

    /// Whether energy flows.
    pub fn flows(&self) -> bool {
        self.plugged && self.ready && self.contactor_closed
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        if self.flows() {
            let span = now.saturating_since(self.since).as_millis() as u64;
            self.energy_mj += self.power_w * span;
        }
        self.since = now;
    }

    /// Moves the contactor.
    pub fn contactor(&mut self, closed: bool) {
        self.contactor_closed = closed;
    }

    /// What the meter shows, in steps of a milliwatt-hour.
    pub fn register_wh(&self) -> Decimal {
        Decimal::new((self.energy_mj / 3_600) as i64, 3).expect("a register of fewer than 18 digits")
    }

    /// What the station is told.
    pub fn reading(&self) -> Reading {
        let power_w = if self.flows() { self.power_w as i32 } else { 0 };
        Reading { energy_wh: self.register_wh(), power_w: Some(power_w.into()), ..Reading::default() }
    }
}
