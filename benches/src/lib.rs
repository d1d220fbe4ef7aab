//! A station and its CSMS side in one call stack, for measurements: no network, no disk, no copies of frames.

pub mod charging;
pub mod counting;

use std::collections::VecDeque;

use pilotwire::csms::{self, Csms};
use pilotwire::domain::{
    AuthorizationStatus, EvseId, IdToken, IdTokenInfo, IdTokenKind, PhaseReading, Reading, StationIdentity, VariableId,
};
use pilotwire::messages::Decimal;
use pilotwire::station::{self, Station};
use pilotwire::{Action, Event, Instant, Machine, Outbox, PowerUp, Version};

/// The two machines, connected by moves.
pub struct Wired {
    /// The station.
    pub station: Station,
    /// Its CSMS side.
    pub csms: Csms,
    now_ms: u64,
    to_station: VecDeque<Event<station::Input>>,
    to_csms: VecDeque<Event<csms::Input>>,
    station_out: Outbox<station::Output>,
    csms_out: Outbox<csms::Output>,
    /// Bytes of all frames since the beginning.
    pub frame_bytes: usize,
    /// Frames since the beginning.
    pub frames: usize,
}

/// A station with one EVSE that samples `measurands` and beats every five minutes.
pub fn station(version: Version) -> Station {
    let identity = StationIdentity { model: "Bench".into(), vendor: "Pilotwire".into(), ..StationIdentity::default() };
    let mut config = station::Config::new(version, identity, 1, 1);
    let set = |component: &str, variable: &str, value: &str| (VariableId::new(component, variable), value.into());
    config.variables =
        vec![set("OCPPCommCtrlr", "WebSocketPingInterval", "0"), set("SampledDataCtrlr", "TxUpdatedInterval", "0")];
    Station::new(config)
}

/// The CSMS's side of a station.
pub fn csms() -> Csms {
    Csms::new(csms::Config::new("BENCH", 2))
}

impl Wired {
    /// Booted and idle.
    pub fn booted(version: Version) -> Self {
        let mut wired = Self {
            station: station(version),
            csms: csms(),
            now_ms: 0,
            to_station: VecDeque::new(),
            to_csms: VecDeque::new(),
            station_out: Outbox::new(),
            csms_out: Outbox::new(),
            frame_bytes: 0,
            frames: 0,
        };
        let clock = "2026-03-01T10:00:00Z".parse().ok();
        wired.to_csms.push_back(Event::PowerUp(PowerUp { records: Vec::new(), clock }));
        wired.to_station.push_back(Event::PowerUp(PowerUp { records: Vec::new(), clock }));
        wired.settle();
        wired
    }

    /// Tells the station a fact, and lets everything that follows happen.
    pub fn tell(&mut self, input: station::Input) {
        self.to_station.push_back(Event::Input(input));
        self.settle();
    }

    /// A session that charges.
    pub fn charging(version: Version) -> Self {
        let mut wired = Self::booted(version);
        let evse = EvseId(1);
        wired.tell(station::Input::CablePlugged { evse, connector: 1 });
        wired.tell(station::Input::Token { evse: Some(evse), token: IdToken::new("04A1B2C3", IdTokenKind::ISO14443) });
        wired.tell(station::Input::EvReady { evse });
        wired.tell(station::Input::Meter { evse, reading: Reading::default() });
        wired
    }

    /// A session whose next deadline is always an event with ten sampled values.
    pub fn sampling(version: Version) -> Self {
        let mut wired = Self::charging(version);
        let set = |component: &str, variable: &str, value: &str| station::Input::Variable {
            id: VariableId::new(component, variable),
            value: value.into(),
        };
        let measurands = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC,Power.Factor";
        wired.tell(set("SampledDataCtrlr", "TxUpdatedMeasurands", measurands));
        wired.tell(set("SampledDataCtrlr", "TxUpdatedInterval", "1"));
        let decimal = |mantissa, scale| Decimal::new(mantissa, scale).unwrap_or_default();
        let phase = PhaseReading { current_a: decimal(159, 1), voltage_v: decimal(2_304, 1) };
        let reading = Reading {
            energy_wh: decimal(2_935_600, 3),
            power_w: Some(decimal(109_900, 1)),
            phases: Some([phase; 3]),
            soc_percent: Some(decimal(42, 0)),
            power_factor: Some(decimal(98, 2)),
            ..Reading::default()
        };
        wired.tell(station::Input::Meter { evse: EvseId(1), reading });
        wired
    }

    /// Goes on to the station's next deadline and lets everything that follows happen: a heartbeat, if nothing else is due.
    pub fn next_deadline(&mut self) {
        let Some((at, _)) = self.station.poll_timeout() else {
            return;
        };
        self.now_ms = self.now_ms.max(at.as_millis());
        self.to_station.push_back(Event::Timeout);
        self.settle();
    }

    /// Lets everything that is due happen.
    pub fn settle(&mut self) {
        let now = Instant::from_millis(self.now_ms);
        loop {
            if let Some(event) = self.to_station.pop_front() {
                self.station.handle(now, event, &mut self.station_out);
                self.perform_station();
            } else if let Some(event) = self.to_csms.pop_front() {
                self.csms.handle(now, event, &mut self.csms_out);
                self.perform_csms();
            } else {
                return;
            }
        }
    }

    fn perform_station(&mut self) {
        for action in self.station_out.drain() {
            match action {
                Action::Connect(version) => {
                    self.to_csms.push_back(Event::Connected(version));
                    self.to_station.push_back(Event::Connected(version));
                }
                Action::Send(text) => {
                    self.frames += 1;
                    self.frame_bytes += text.len();
                    self.to_csms.push_back(Event::Received(text));
                }
                _ => {}
            }
        }
    }

    fn perform_csms(&mut self) {
        for action in self.csms_out.drain() {
            match action {
                Action::Send(text) => {
                    self.frames += 1;
                    self.frame_bytes += text.len();
                    self.to_station.push_back(Event::Received(text));
                }
                Action::Output(csms::Output::Authorize { question, .. }) => {
                    let info = IdTokenInfo::new(AuthorizationStatus::Accepted).into();
                    self.to_csms.push_back(Event::Input(csms::Input::Authorized { question, info }));
                }
                _ => {}
            }
        }
    }
}
