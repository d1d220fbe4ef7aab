//! I-5: no limit is ever exceeded. A station with two vehicles lives through random profiles, limits of the site, clock jumps,
//! power cuts and lost connections, and after every event what flows is held against the clauses.

#[path = "../../core/tests/charging/oracle.rs"]
mod oracle;

use oracle::World;
use pilotwire::charging::RateUnit;
use pilotwire::domain::{ChargingLimitSource, EvseId, ExternalLimit};
use pilotwire::messages::Decimal;
use pilotwire::messages::v2::{ChargingRateUnit, ChargingSchedule, ChargingSchedulePeriod};
use pilotwire::station::{Input, Output};
use pilotwire::{DateTime, Event, Version};
use pilotwire_tests::transcript::Transcript;
use serde_json::{Value, json};

const EVSES: [EvseId; 2] = [EvseId(1), EvseId(2)];

/// A small generator: the same seed, the same life.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides as u64) as i64
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len() as i64) as usize]
    }
}

fn moment(second: i64) -> String {
    DateTime::from_unix_millis(second * 1_000).to_string()
}

/// What flows: what the hardware was told, and whether its contactor is closed.
#[derive(Default)]
struct Seen {
    outputs: usize,
    told: [Option<Decimal>; 2],
    closed: [bool; 2],
    /// Transactions: id, and since when energy may flow.
    running: [Option<String>; 2],
}

struct Life {
    station: Transcript,
    dice: Dice,
    seen: Seen,
    next_id: i32,
    /// How many times something flowed when it was looked at.
    flowing: u32,
}

impl Life {
    fn new(seed: u64) -> Self {
        let station = Transcript::accepted(Version::V201, &[]);
        Self { station, dice: Dice(seed), seen: Seen::default(), next_id: 1, flowing: 0 }
    }

    /// Reads what the hardware was told meanwhile; a contactor never closes before its limit is known.
    fn catch_up(&mut self) {
        for output in &self.station.outputs[self.seen.outputs..] {
            let place = |evse: &EvseId| evse.0 as usize - 1;
            match output {
                Output::SetLimit { evse, limit } => self.seen.told[place(evse)] = limit.current_a,
                Output::CloseContactor { evse } => {
                    let told = self.seen.told[place(evse)].expect("a limit before the contactor closes");
                    assert!(told >= Decimal::from_int(6), "closed with {told} A");
                    self.seen.closed[place(evse)] = true;
                }
                Output::OpenContactor { evse } => self.seen.closed[place(evse)] = false,
                Output::TransactionStarted { evse, transaction, .. } => {
                    self.seen.running[place(evse)] = Some(transaction.to_string());
                }
                Output::TransactionEnded { evse, .. } => self.seen.running[place(evse)] = None,
                _ => {}
            }
        }
        self.seen.outputs = self.station.outputs.len();
    }

    fn check(&mut self, what: &str) {
        self.catch_up();
        let now = self.station.station.time().unix_millis().div_euclid(1_000);
        let profiles: Vec<_> = self.station.station.profiles().cloned().collect();
        let running = EVSES.iter().zip(&self.seen.running);
        // Relative profiles are left out here, so that it does not matter since when.
        let transactions = running.filter_map(|(evse, id)| Some((*evse, id.clone()?, now))).collect();
        let world = World { version: Version::V201, voltage_v: 230, evses: 2, profiles, transactions };
        let mut sum = 0;
        for (place, evse) in EVSES.into_iter().enumerate() {
            if !self.seen.closed[place] {
                continue;
            }
            self.flowing += 1;
            let flows = self.seen.told[place].expect("told").scaled(3);
            sum += flows;
            let most = world.at(evse, now, now, RateUnit::A).limit.unwrap_or(32_000).min(32_000);
            assert!(flows <= most, "{flows} mA at EVSE {evse} are more than {most} after {what}");
        }
        let station = World { transactions: Vec::new(), profiles: self.of_station(), ..world };
        let most = station.at(EvseId(1), now, now, RateUnit::A).limit.unwrap_or(i64::MAX);
        assert!(sum <= most, "{sum} mA of the station are more than {most} after {what}");
    }

    /// Limits of the station alone.
    fn of_station(&self) -> Vec<pilotwire::charging::Installed> {
        let is_default = |purpose: &str| purpose.starts_with("Tx");
        let of_station = self.station.station.profiles().filter(|installed| {
            installed.evse == EvseId(0) && !is_default(installed.profile.charging_profile_purpose.as_str())
        });
        of_station.cloned().collect()
    }

    fn settle(&mut self) {
        for _ in 0..20 {
            for action in
                ["BootNotification", "StatusNotification", "Heartbeat", "NotifyChargingLimit", "ClearedChargingLimit"]
            {
                if self.station.next_action().as_deref() == Some("BootNotification") {
                    let time = moment(self.station.station.time().unix_millis() / 1_000);
                    self.station.answer(json!({ "currentTime": time, "interval": 86_400, "status": "Accepted" }));
                }
                if self.station.next_action().as_deref() == Some("Heartbeat") {
                    let time = moment(self.station.station.time().unix_millis() / 1_000);
                    self.station.answer(json!({ "currentTime": time }));
                }
                self.station.answer_all(action);
            }
            self.station.answer_all("TransactionEvent");
        }
    }

    fn profile(&mut self) -> (i32, Value) {
        let dice = &mut self.dice;
        let purpose = *dice.pick(&["ChargingStationMaxProfile", "TxDefaultProfile", "TxDefaultProfile", "TxProfile"]);
        let evse = match purpose {
            "ChargingStationMaxProfile" => 0,
            "TxProfile" => 1 + dice.roll(2) as i32,
            _ => dice.roll(3) as i32,
        };
        let now = self.station.station.time().unix_millis() / 1_000;
        let mut start = 0;
        let periods: Vec<Value> = (0..=dice.roll(4))
            .map(|_| {
                let period = json!({ "startPeriod": start, "limit": dice.pick(&[0, 5, 6, 8, 10, 16, 20, 32, 40]) });
                start += 1 + dice.roll(90);
                period
            })
            .collect();
        let mut schedule = json!({
            "id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods,
            "startSchedule": moment(now - 100 + dice.roll(200)),
        });
        if dice.roll(2) == 0 {
            schedule["duration"] = (20 + dice.roll(200)).into();
        }
        let daily = dice.roll(3) == 0;
        let mut profile = json!({
            "id": 1 + dice.roll(8), "stackLevel": dice.roll(4), "chargingProfilePurpose": purpose,
            "chargingProfileKind": if daily { "Recurring" } else { "Absolute" }, "chargingSchedule": [schedule],
        });
        if daily {
            profile["recurrencyKind"] = "Daily".into();
        }
        if dice.roll(3) == 0 {
            profile["validTo"] = moment(now + dice.roll(120)).into();
        }
        if purpose == "TxProfile" {
            let id = self.seen.running[evse as usize - 1].clone();
            profile["transactionId"] = id.unwrap_or_else(|| "none".into()).into();
        }
        (evse, profile)
    }

    fn limit_of_site(&mut self) -> Input {
        let evse = EvseId(self.dice.roll(3) as i32);
        let source = self.dice.pick(&[ChargingLimitSource::EMS, ChargingLimitSource::SO]).clone();
        if self.dice.roll(3) == 0 {
            return Input::ExternalLimitCleared { evse, source };
        }
        let mut period = ChargingSchedulePeriod::new(0);
        period.limit = Some((*self.dice.pick(&[0, 6, 9, 16, 25])).into());
        let mut schedule = ChargingSchedule::new(1, ChargingRateUnit::A, vec![period]);
        schedule.duration = (self.dice.roll(2) == 0).then(|| 30 + self.dice.roll(100) as i32);
        let limit = ExternalLimit {
            evse,
            source,
            is_grid_critical: None,
            is_local_generation: false,
            schedules: vec![schedule],
        };
        Input::ExternalLimit(limit)
    }

    fn start(&mut self, evse: EvseId) {
        self.station.fact(Input::CablePlugged { evse, connector: 1 });
        self.settle();
        self.next_id += 1;
        let token = json!({ "idToken": format!("R{}", self.next_id), "type": "Central" });
        let start = json!({ "evseId": evse.0, "remoteStartId": self.next_id, "idToken": token });
        self.station.call("RequestStartTransaction", start);
        self.station.fact(Input::EvReady { evse });
    }

    fn step(&mut self, online: &mut bool) -> &'static str {
        let evse = EVSES[self.dice.roll(2) as usize];
        match self.dice.roll(20) {
            0..=5 if *online => {
                let (evse, profile) = self.profile();
                self.station.call("SetChargingProfile", json!({ "evseId": evse, "chargingProfile": profile }));
                "a profile"
            }
            6 if *online => {
                let id = 1 + self.dice.roll(8);
                self.station.call("ClearChargingProfile", json!({ "chargingProfileId": id }));
                "a profile was cleared"
            }
            7..=8 => {
                let input = self.limit_of_site();
                self.station.fact(input);
                "a limit of the site"
            }
            9..=10 if *online => {
                self.start(evse);
                "a start"
            }
            11 => {
                self.station.fact(Input::CableUnplugged { evse });
                "an unplugging"
            }
            12 => {
                let jump = self.dice.roll(400) - 200;
                let time = self.station.station.time().saturating_add_millis(jump * 1_000 + self.dice.roll(1_000));
                self.station.event(Event::Clock(time));
                "a clock jump"
            }
            13 if self.dice.roll(3) == 0 => {
                self.station.power_up();
                self.seen.closed = [false; 2];
                *online = false;
                "a power cut"
            }
            14 if *online => {
                self.station.event(Event::Disconnected);
                *online = false;
                "a lost connection"
            }
            _ if !*online => {
                self.station.connect();
                *online = true;
                "a connection"
            }
            _ => {
                for _ in 0..=self.dice.roll(60) {
                    self.station.advance(1);
                    self.settle();
                    self.check("a second");
                }
                "some seconds"
            }
        }
    }
}

#[test]
fn no_limit_is_ever_exceeded() {
    let mut flowing = 0;
    for seed in 0..150 {
        let mut life = Life::new(seed);
        let mut online = true;
        for number in 0..60 {
            let what = life.step(&mut online);
            life.check(&format!("{what} (seed {seed}, step {number})"));
            life.settle();
            life.check(&format!("{what}, settled (seed {seed}, step {number})"));
        }
        flowing += life.flowing;
    }
    assert!(flowing > 20_000, "energy flowed too rarely to prove anything: {flowing}");
}
