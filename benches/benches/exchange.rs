//! How long both machines together need for an exchange, decoding and checks included.
//!
//! Aims: a heartbeat in 1.0 µs, a TransactionEvent with 10 sampled values in 12 µs.

use criterion::{Criterion, criterion_group, criterion_main};
use pilotwire::csms::Csms;
use pilotwire::{Event, Instant, Machine, Outbox, PowerUp, Version};
use pilotwire_benches::Wired;

fn heartbeat(c: &mut Criterion) {
    for version in [Version::V16, Version::V201] {
        let mut wired = Wired::booted(version);
        c.bench_function(&format!("heartbeat exchange, both machines, {version}"), |b| {
            b.iter(|| wired.next_deadline());
        });
    }
}

/// A TransactionEvent of a station with ten measurands, as a frame that a foreign station could have sent.
fn transaction_event(seq_no: u32) -> String {
    let values: Vec<String> = (0..10)
        .map(|at| {
            format!(
                r#"{{"value":{}.{at},"context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","location":"Outlet","unitOfMeasure":{{"unit":"Wh","multiplier":0}}}}"#,
                1000 + at
            )
        })
        .collect();
    format!(
        r#"[2,"m{seq_no}","TransactionEvent",{{"eventType":"Updated","timestamp":"2026-03-01T10:00:00.000Z","triggerReason":"MeterValuePeriodic","seqNo":{seq_no},"transactionInfo":{{"transactionId":"0123456789abcdef","chargingState":"Charging"}},"evse":{{"id":1,"connectorId":1}},"meterValue":[{{"timestamp":"2026-03-01T10:00:00.000Z","sampledValue":[{}]}}]}}]"#,
        values.join(",")
    )
}

fn csms_side(c: &mut Criterion) {
    let mut csms: Csms = pilotwire_benches::csms();
    let mut out = Outbox::new();
    let now = Instant::ZERO;
    let clock = "2026-03-01T10:00:00Z".parse().ok();
    csms.handle(now, Event::PowerUp(PowerUp { records: Vec::new(), clock }), &mut out);
    csms.handle(now, Event::Connected(Version::V201), &mut out);
    let boot = r#"[2,"b","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]"#;
    csms.handle(now, Event::Received(boot.into()), &mut out);
    out.drain().for_each(drop);
    let mut seq_no = 0;
    c.bench_function("TransactionEvent with 10 sampled values, CSMS side with text, 2.0.1", |b| {
        b.iter(|| {
            seq_no += 1;
            csms.handle(now, Event::Received(transaction_event(seq_no)), &mut out);
            out.drain().for_each(drop);
        });
    });
}

/// A station whose meter shows everything that it can sample, twice over the two sample variables.
fn sampled(c: &mut Criterion) {
    for version in [Version::V16, Version::V201] {
        let mut wired = Wired::sampling(version);
        c.bench_function(&format!("TransactionEvent with 10 sampled values, both machines, {version}"), |b| {
            b.iter(|| wired.next_deadline());
        });
    }
}

criterion_group!(benches, heartbeat, sampled, csms_side);
criterion_main!(benches);
