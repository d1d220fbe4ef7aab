//! CSMSs whose clock lies (S-12).

use pilotwire::domain::{ConnectionFault, SecurityProfile};
use pilotwire::station::Output;
use rcgen::date_time_ymd;
use serde_json::Value;

use crate::certificates::hostile::bad;
use crate::port::{HOST, Heard, Port, Script};
use crate::stations::{Go, Plan, Told, is_output};
use crate::trust::{events_at, showing, talking};

fn plan(port: &Port) -> Plan {
    let mut plan = Plan::new(port.address, &port.root.pem(), SecurityProfile::TlsBasic);
    plan.config.security.device_events = true;
    plan
}

/// A CSMS whose clock shows this, until the station hangs up or is cut off.
fn lying(clock: &'static str) -> Script {
    talking(move |mut talk| {
        talk.clock = clock;
        talk.serve()
    })
}

/// The register at the beginning and at the end of what was charged, as soon as both were told.
fn registers(heard: &Heard) -> Option<[Value; 2]> {
    let of = |stage: &str| {
        let mut events = heard.requests.iter().map(|(_, event)| event);
        let event = events.find(|event| event["eventType"] == stage)?;
        let values = event["meterValue"].as_array()?.iter().flat_map(|meter| meter["sampledValue"].as_array());
        let mut values = values.flatten();
        Some(
            values.rfind(|value| value["measurand"].as_str().is_none_or(|kind| kind.starts_with("Energy")))?["value"]
                .clone(),
        )
    };
    Some([of("Started")?, of("Ended")?])
}

/// A04; ten years back and ten years ahead: the event is told, what had expired stays so, and the register counts.
pub(crate) fn s_12_a_clock_that_lies_revives_no_certificate_and_moves_no_energy(go: Go) {
    for lie in ["2016-03-01T10:00:00Z", "2036-03-01T10:00:00Z"] {
        let port = Port::open();
        let expired = bad(HOST, |params| params.not_after = date_time_ymd(2026, 2, 1));
        port.then([lying(lie), showing(port.root.sign(&expired))]);
        let station = go(plan(&port));
        station.until("the lie", |told| {
            is_output(told, |output| matches!(output, Output::SetClock(time) if *time == lie.parse().unwrap()))
        });
        assert_eq!(events_at(&station, &port, "SettingSystemTime"), 1, "{lie}");
        station.charge();
        port.cut();
        let (fault, text) = station.failures(1).remove(0);
        assert_eq!(fault, ConnectionFault::InvalidCsmsCertificate, "{lie}: {text}");
        station.until("the honest one", |told| matches!(told, Told::Connected));
        station.meter(3_500);
        station.unplug();
        assert_eq!(port.until("the end", registers), [1_000, 3_500].map(Value::from), "{lie}");
    }
}

/// B01: no answer that a station can use, whatever else it says; it asks again.
pub(crate) fn s_12_a_time_that_is_none_is_not_believed(go: Go) {
    let port = Port::open();
    let lies = ["", "222222017-10-27T19:10:11Z", "2026-03-01T10:00:00+25:00"];
    let once = |clock: &'static str| {
        talking(move |mut talk| {
            talk.clock = clock;
            talk.serve_until("BootNotification")
        })
    };
    port.then(lies.map(once));
    let station = go(plan(&port));
    let told = station.registered();
    let violations = |told: &&Told| is_output(told, |output| matches!(output, Output::Violation { .. }));
    assert_eq!(told.iter().filter(violations).count(), lies.len(), "{told:#?}");
    let sets_clock = |told: &Told| {
        is_output(told, |output| matches!(output, Output::SetClock(time) if *time < crate::stations::now()))
    };
    assert!(!told.iter().any(sets_clock), "{told:#?}");
    assert_eq!(port.heard(|heard| heard.passwords.len()), lies.len() + 1);
}
