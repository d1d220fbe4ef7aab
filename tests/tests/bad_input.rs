//! What a peer can send wrongly (S-1, S-20, S-21, S-31): each gets the answer that its version prescribes, and the link of an
//! honest peer goes on.

use pilotwire::csms::{self, Csms};
use pilotwire::domain::StationIdentity;
use pilotwire::station::{self, Station};
use pilotwire::{Action, Event, Instant, Machine, Outbox, PowerUp, Version};

/// A machine that is connected, booted and accepted, and a way to send it frames.
trait Peer {
    fn receive(&mut self, text: &str) -> Vec<String>;
}

fn sent<O>(out: &mut Outbox<O>) -> Vec<String> {
    let actions = out.drain();
    actions.filter_map(|action| if let Action::Send(text) = action { Some(text) } else { None }).collect()
}

fn power_up<I>() -> Event<I> {
    Event::PowerUp(PowerUp { records: Vec::new(), clock: "2026-03-01T10:00:00Z".parse().ok() })
}

struct AtCsms(Csms, Outbox<csms::Output>);

impl AtCsms {
    fn new(version: Version) -> Self {
        let mut peer = Self(Csms::new(csms::Config::new("CS001", 1)), Outbox::new());
        peer.0.handle(Instant::ZERO, power_up(), &mut peer.1);
        peer.0.handle(Instant::ZERO, Event::Connected(version), &mut peer.1);
        let answer = peer.receive(match version {
            Version::V16 => r#"[2,"boot","BootNotification",{"chargePointModel":"M","chargePointVendor":"V"}]"#,
            _ => {
                r#"[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]"#
            }
        });
        assert!(answer[0].contains("Accepted"), "{answer:?}");
        peer
    }
}

impl Peer for AtCsms {
    fn receive(&mut self, text: &str) -> Vec<String> {
        self.0.handle(Instant::ZERO, Event::Received(text.into()), &mut self.1);
        sent(&mut self.1)
    }
}

struct AtStation(Station, Outbox<station::Output>);

impl AtStation {
    fn new(version: Version) -> Self {
        let identity = StationIdentity { model: "M".into(), vendor: "V".into(), ..StationIdentity::default() };
        let mut peer = Self(Station::new(station::Config::new(version, identity, 1, 2)), Outbox::new());
        peer.0.handle(Instant::ZERO, power_up(), &mut peer.1);
        peer.0.handle(Instant::ZERO, Event::Connected(version), &mut peer.1);
        let mut open = sent(&mut peer.1);
        // Answer everything until the station is quiet.
        while let Some(call) = open.pop() {
            let id = call.split('"').nth(1).expect("a CALL with an id").to_owned();
            let payload = if call.contains("BootNotification") {
                r#"{"currentTime":"2026-03-01T10:00:00Z","interval":300,"status":"Accepted"}"#
            } else {
                "{}"
            };
            open.extend(peer.receive(&format!("[3,\"{id}\",{payload}]")));
        }
        peer
    }
}

impl Peer for AtStation {
    fn receive(&mut self, text: &str) -> Vec<String> {
        self.0.handle(Instant::ZERO, Event::Received(text.into()), &mut self.1);
        sent(&mut self.1)
    }
}

fn peers(version: Version) -> [(&'static str, Box<dyn Peer>); 2] {
    [("csms", Box::new(AtCsms::new(version))), ("station", Box::new(AtStation::new(version)))]
}

/// Id and code of a CALLERROR.
type Answer = Option<(&'static str, &'static str)>;

/// An honest request of each role's peer.
fn honest(role: &str, version: Version) -> &'static str {
    match (role, version) {
        ("csms", _) => r#"[2,"honest","Heartbeat",{}]"#,
        (_, Version::V16) => r#"[2,"honest","TriggerMessage",{"requestedMessage":"FirmwareStatusNotification"}]"#,
        _ => r#"[2,"honest","TriggerMessage",{"requestedMessage":"FirmwareStatusNotification"}]"#,
    }
}

#[test]
fn every_bad_frame_gets_its_answer_and_the_link_goes_on() {
    // Frame; answer in 1.6; answer in 2.0.1. None: ignored, as the version wants.
    let none = None;
    let cases: &[(&str, Answer, Answer)] = &[
        ("", none, Some(("-1", "RpcFrameworkError"))),
        ("null", none, Some(("-1", "RpcFrameworkError"))),
        ("{\"a\":1}", none, Some(("-1", "RpcFrameworkError"))),
        ("[2,\"x\",\"Hea", Some(("x", "FormationViolation")), Some(("x", "FormatViolation"))),
        ("[2,\"x\"]", Some(("x", "FormationViolation")), Some(("x", "RpcFrameworkError"))),
        (
            "[2,\"x\",\"DataTransfer\",{\"vendorId\":\"v\"},{}]",
            Some(("x", "FormationViolation")),
            Some(("x", "RpcFrameworkError")),
        ),
        ("[2,\"x\",\"Nonsense\",{}]", Some(("x", "NotImplemented")), Some(("x", "NotImplemented"))),
        ("[2,\"x\",\"\\u0000\",{}]", Some(("x", "NotImplemented")), Some(("x", "NotImplemented"))),
        ("[2,\"x\",7,{}]", Some(("x", "FormationViolation")), Some(("x", "RpcFrameworkError"))),
        ("[2,7,\"Heartbeat\",{}]", Some(("-1", "FormationViolation")), Some(("-1", "RpcFrameworkError"))),
        ("[2,\"\",\"Heartbeat\",{}]", Some(("-1", "FormationViolation")), Some(("-1", "RpcFrameworkError"))),
        ("[9,\"x\",{}]", none, Some(("x", "MessageTypeNotSupported"))),
        ("[6,\"x\",\"NotifyPeriodicEventStream\",{}]", none, Some(("x", "MessageTypeNotSupported"))),
        ("[3,\"nobody\",{}]", none, none),
        ("[4,\"nobody\",\"GenericError\",\"\",{}]", none, none),
        ("[3]", none, none),
        (
            "[2,\"x\",\"DataTransfer\",{\"vendorId\":7}]",
            Some(("x", "TypeConstraintViolation")),
            Some(("x", "TypeConstraintViolation")),
        ),
        (
            "[2,\"x\",\"DataTransfer\",{}]",
            Some(("x", "OccurenceConstraintViolation")),
            Some(("x", "OccurrenceConstraintViolation")),
        ),
        (
            "[2,\"x\",\"DataTransfer\",{\"vendorId\":\"v\",\"z\":1}]",
            Some(("x", "FormationViolation")),
            Some(("x", "FormatViolation")),
        ),
    ];
    for (version, in_16) in [(Version::V16, true), (Version::V201, false)] {
        for (role, mut peer) in peers(version) {
            for (frame, answer_16, answer_201) in cases {
                let answers = peer.receive(frame);
                match if in_16 { answer_16 } else { answer_201 } {
                    Some((id, code)) => {
                        assert_eq!(answers.len(), 1, "{role} {version}: {frame} got {answers:?}");
                        assert!(
                            answers[0].starts_with(&format!("[4,\"{id}\",\"{code}\",")),
                            "{role} {version}: {frame} got {answers:?}"
                        );
                    }
                    None => assert!(answers.is_empty(), "{role} {version}: {frame} got {answers:?}"),
                }
                let honest = peer.receive(&honest(role, version).replace("honest", &format!("h{}", frame.len())));
                assert!(
                    honest.iter().any(|text| text.starts_with("[3,")),
                    "{role} {version} after {frame}: {honest:?}"
                );
            }
        }
    }
}

#[test]
fn a_text_that_is_too_long_is_refused_with_its_length() {
    let long = "v".repeat(256);
    for version in [Version::V16, Version::V201] {
        for (role, mut peer) in peers(version) {
            let answers = peer.receive(&format!("[2,\"x\",\"DataTransfer\",{{\"vendorId\":\"{long}\"}}]"));
            assert!(
                answers[0].starts_with("[4,\"x\",\"PropertyConstraintViolation\",\"/vendorId: 256"),
                "{role}: {answers:?}"
            );
        }
    }
}

/// S-20: depth, width and long numbers are answered in one piece, without a stack that grows.
#[test]
fn json_bombs_are_answered() {
    let deep = format!(
        "[2,\"x\",\"DataTransfer\",{{\"vendorId\":\"v\",\"data\":{}1{}}}]",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let wide = format!(
        "[2,\"x\",\"Heartbeat\",{{{}}}]",
        (0..3_000).map(|at| format!("\"k{at}\":1")).collect::<Vec<_>>().join(",")
    );
    let number = format!("[2,\"x\",\"Heartbeat\",{{\"n\":{}}}]", "9".repeat(30_000));
    let oversize = format!("[2,\"x\",\"Heartbeat\",{{\"n\":\"{}\"}}]", "9".repeat(70_000));
    for version in [Version::V16, Version::V201] {
        for (role, mut peer) in peers(version) {
            for bomb in [&deep, &wide, &number, &oversize] {
                let answers = peer.receive(bomb);
                assert!(answers.len() <= 1, "{role} {version}: {} bytes got {answers:?}", bomb.len());
                assert!(answers.iter().all(|text| text.len() < 400), "{role} {version}");
                let honest = peer.receive(&honest(role, version).replace("honest", &format!("h{}", bomb.len())));
                assert!(honest.iter().any(|text| text.starts_with("[3,")), "{role} {version}: {honest:?}");
            }
        }
    }
}

/// S-31: numbers that name nothing.
#[test]
fn places_that_do_not_exist_are_rejected_by_the_station() {
    let mut station = AtStation::new(Version::V201);
    for (at, evse) in [0, -1, 3, i32::MAX].into_iter().enumerate() {
        let unlock =
            station.receive(&format!("[2,\"u{at}\",\"UnlockConnector\",{{\"evseId\":{evse},\"connectorId\":1}}]"));
        assert!(unlock[0].contains("UnknownConnector"), "{evse}: {unlock:?}");
        let start = station.receive(&format!(
            "[2,\"s{at}\",\"RequestStartTransaction\",{{\"evseId\":{},\"remoteStartId\":1,\"idToken\":{{\"idToken\":\"A\",\"type\":\"Central\"}}}}]",
            if evse == 0 { 99 } else { evse }
        ));
        assert!(start[0].contains("Rejected"), "{evse}: {start:?}");
    }
    let stop = station.receive(r#"[2,"t","RequestStopTransaction",{"transactionId":"nobody"}]"#);
    assert!(stop[0].contains("Rejected"), "{stop:?}");
}

/// S-1: every truncation and every flipped bit of a valid frame ends in an answer or in silence that the version prescribes.
#[test]
fn damaged_frames_never_panic_and_are_answered_at_most_once() {
    let frames = [
        (
            Version::V16,
            r#"[2,"x","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":5,"timestamp":"2026-03-01T10:00:00Z"}]"#,
        ),
        (
            Version::V201,
            r#"[2,"x","StatusNotification",{"timestamp":"2026-03-01T10:00:00Z","connectorStatus":"Available","evseId":1,"connectorId":1}]"#,
        ),
    ];
    for (version, frame) in frames {
        let mut csms = AtCsms::new(version);
        for end in 0..frame.len() {
            assert!(csms.receive(&frame[..end]).len() <= 1, "{}", &frame[..end]);
        }
        for (at, bit) in (0..frame.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut bytes = frame.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let Ok(damaged) = String::from_utf8(bytes) else {
                continue;
            };
            let answers = csms.receive(&damaged);
            assert!(answers.len() <= 1, "{damaged}: {answers:?}");
        }
        assert!(csms.receive(r#"[2,"alive","Heartbeat",{}]"#)[0].starts_with("[3,\"alive\""));
    }
}

/// Part 4 §4.2.3: 2.1 tells a peer that its answer could not be read; 2.0.1 cannot, and reports it to the host only.
#[test]
fn an_answer_that_cannot_be_read_is_told_to_a_peer_of_21() {
    for (version, told) in [(Version::V201, false), (Version::V21, true)] {
        let identity = StationIdentity { model: "M".into(), vendor: "V".into(), ..StationIdentity::default() };
        let mut station = AtStation(Station::new(station::Config::new(version, identity, 1, 1)), Outbox::new());
        station.0.handle(Instant::ZERO, power_up(), &mut station.1);
        station.0.handle(Instant::ZERO, Event::Connected(version), &mut station.1);
        let boot = sent(&mut station.1);
        let id = boot[0].split('"').nth(1).unwrap_or_default();
        let answers = station.receive(&format!("[3,\"{id}\",{{\"interval\":\"often\"}}]"));
        let expected = format!("[5,\"{id}\",\"OccurrenceConstraintViolation\"");
        assert_eq!(answers.iter().any(|text| text.starts_with(&expected)), told, "{version}: {answers:?}");
    }
}
