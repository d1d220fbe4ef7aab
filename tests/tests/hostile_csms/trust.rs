//! CSMSs that are not who they say, or want less protection than there was.

use std::io::{self, Read, Write};
use std::sync::mpsc::channel;

use pilotwire::domain::{ConnectionFault, Secret, SecurityProfile};
use pilotwire::station::{Input, Output};
use pilotwire_tests::site::{set_variable, way};
use pilotwire_wire::tls::{ClientCertificates, KeyedChain};
use pilotwire_wire::{Limits, ServerHandshake};
use serde_json::{Value, json};

use crate::certificates::hostile::{bad_servers, handshake_record};
use crate::certificates::server;
use crate::port::{HOST, Port, Script, position, rest};
use crate::stations::{Go, PASSWORD, Plan, Running, Told, is_output, kinds};
use crate::talk::{Talk, greet};

use SecurityProfile::{Basic, TlsBasic};

fn plan(port: &Port) -> Plan {
    Plan::new(port.address, &port.root.pem(), TlsBasic)
}

/// A conversation; the station may end it at any moment.
pub(crate) fn talking(talk: impl FnOnce(Talk) -> io::Result<()> + Send + 'static) -> Script {
    Box::new(|caller| {
        let _ = Talk::new(caller).and_then(talk);
    })
}

/// A boot, and what this CALL is answered; then as ever.
fn asking(action: &'static str, payloads: Vec<Value>, told: std::sync::mpsc::Sender<Value>) -> Script {
    talking(move |mut talk| {
        talk.serve_until("BootNotification")?;
        for (number, payload) in payloads.iter().enumerate() {
            told.send(talk.call(&format!("call-{number}"), action, payload)?).unwrap();
        }
        talk.serve()
    })
}

/// A00.FR.205, A01.FR.04: the factory's is held to the rules, and so are those of a CSMS; the old one counts meanwhile.
pub(crate) fn s_07_a_weak_password_is_neither_shown_nor_taken(go: Go) {
    let port = Port::open();
    let mut weak = plan(&port);
    weak.config.network[0].password = Some(Secret::new("admin"));
    let station = go(weak);
    station.until("a refusal", |told| {
        is_output(told, |output| matches!(output, Output::Refused { text } if text.contains("too weak")))
    });
    port.boots();
    assert_eq!(port.heard(|heard| heard.passwords.clone()), [""], "there is no default");
    drop((station, port));

    let port = Port::open();
    let (tell, told) = channel();
    let set = |password: &str| set_variable("SecurityCtrlr", "BasicAuthPassword", password);
    let new = "0123456789abcdef";
    let passwords = [&new[1..], "", &new.repeat(3)[..41], "no spaces or umläuts", new];
    port.then([asking("SetVariables", passwords.map(set).to_vec(), tell)]);
    let _station = go(plan(&port));
    let statuses: Vec<Value> = told.iter().take(passwords.len()).collect();
    let statuses = statuses.iter().map(|answer| answer["setVariableResult"][0]["attributeStatus"].clone());
    assert_eq!(statuses.collect::<Vec<_>>(), ["Rejected", "Rejected", "Rejected", "Rejected", "Accepted"]);
    port.until("a second connection", |heard| heard.passwords.get(1).map(drop));
    assert_eq!(port.heard(|heard| heard.passwords.clone()), [PASSWORD, new]);
}

/// TC_A_22_CS: a redirect is not followed, and what was reached by TLS does not go back.
pub(crate) fn s_08_no_redirect_and_no_command_leads_to_a_lower_profile(go: Go) {
    let (port, trap) = (Port::open(), Port::open());
    let url = format!("ws://{}/ocpp/CS001", trap.address);
    let redirect = |status: u16| -> Script {
        let head = format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n");
        Box::new(move |caller| {
            let mut line = caller.line();
            if greet(&mut line, Limits::default()).is_ok() {
                let _ = line.write_all(head.as_bytes());
                rest(&mut line);
            }
        })
    };
    port.then([301, 302, 303, 307, 308].map(redirect));
    let (tell, told) = channel();
    let lower = json!({ "configurationSlot": 2, "connectionData": way(&trap.address.to_string(), Basic) });
    port.then([asking("SetNetworkProfile", vec![lower], tell)]);
    let station = go(plan(&port));
    for (fault, text) in station.failures(5) {
        assert_eq!(fault, ConnectionFault::Unreachable);
        assert!(text.contains("redirects are not followed"), "{text}");
    }
    let answer = told.recv_timeout(crate::port::PATIENCE).unwrap();
    assert_eq!(answer["statusInfo"]["reasonCode"], "NoSecurityDowngrade", "{answer}");
    port.cut();
    station.until("another connection", |told| matches!(told, Told::Connected));
    assert_eq!(trap.heard(|heard| heard.sockets), 0);
}

/// Answers the ClientHello with these bytes, and reads to the end: the station has to say goodbye with an alert, or at all.
fn answering(bytes: Vec<u8>) -> Script {
    Box::new(move |mut caller| {
        let hello = caller.socket.read(&mut [0; 4_096]).unwrap();
        assert!(hello > 0);
        caller.socket.write_all(&bytes).unwrap();
        let said = rest(&mut caller.socket);
        let is_alert = bytes[0] == 21;
        assert!(is_alert || said.first() == Some(&21), "an alert for who is no friend: {said:?}");
    })
}

/// A ServerHello with this version and this suite.
fn server_hello(version: [u8; 2], suite: [u8; 2]) -> Vec<u8> {
    handshake_record(2, &[&version[..], &[7; 32], &[0], &suite, &[0]].concat())
}

fn alert(code: u8) -> Vec<u8> {
    vec![21, 3, 1, 0, 2, 2, code]
}

/// How many security events of this kind an honest CSMS hears of: of all that are queued now.
pub(crate) fn events_at(station: &Running, port: &Port, kind: &str) -> usize {
    const LAST: &str = "TheLastOfThem";
    station.tell(Input::SecurityEvent { kind: LAST.into(), info: None });
    port.hears_before(LAST, kind)
}

/// Every one of these is refused as this fault, and when the honest CSMS is back it is told of it once.
fn refused_and_told(go: Go, hostile: Vec<Vec<u8>>, fault: ConnectionFault, kind: &str) {
    let port = Port::open();
    let count = hostile.len();
    port.then(hostile.into_iter().map(answering));
    let station = go(plan(&port));
    for (number, (found, text)) in station.failures(count).into_iter().enumerate() {
        assert_eq!(found, fault, "{number}: {text}");
    }
    port.boots();
    assert_eq!(events_at(&station, &port, kind), 1);
}

/// A00.FR.313, A00.FR.315, A00.FR.316.
pub(crate) fn s_09_old_versions_of_tls_are_refused_and_told(go: Go) {
    let good = [0xC0, 0x2B];
    let versions = [[3, 0], [3, 1], [3, 2], [2, 0]].map(|version| server_hello(version, good));
    let hostile = [versions.to_vec(), vec![alert(70)]].concat();
    refused_and_told(go, hostile, ConnectionFault::InvalidTlsVersion, "InvalidTLSVersion");
}

/// A00.FR.320, A00.FR.322, A00.FR.323: NULL, RC4, 3DES, and those without forward secrecy.
pub(crate) fn s_09_weak_suites_are_refused_and_told(go: Go) {
    let weak = [[0, 0], [0, 2], [0, 5], [0, 10], [0, 0x2F], [0, 0x9C]];
    let hellos = weak.map(|suite| server_hello([3, 3], suite));
    let hostile = [hellos.to_vec(), vec![alert(40), alert(71)]].concat();
    refused_and_told(go, hostile, ConnectionFault::InvalidTlsCipherSuite, "InvalidTLSCipherSuite");
}

/// Shows this chain; nobody should get so far as to send a request.
pub(crate) fn showing(chain: KeyedChain) -> Script {
    Box::new(move |mut caller| {
        let tls = server(chain, ClientCertificates::None);
        let mut handshake = ServerHandshake::by_tls(pilotwire::Instant::ZERO, Limits::default(), &tls).unwrap();
        let mut chunk = [0; 4_096];
        // The station hangs up with an alert, or without.
        while let Ok(count @ 1..) = caller.socket.read(&mut chunk) {
            match handshake.receive(&chunk[..count]) {
                Ok(None) => {}
                Ok(Some(upgrade)) => panic!("the station went on: {upgrade:?}"),
                Err(_) => return,
            }
            let count = handshake.pending().len();
            if caller.socket.write_all(handshake.pending()).is_err() {
                return;
            }
            handshake.sent(count);
        }
    })
}

/// The next so many attempts fail because of the chain.
fn refuses(station: &Running, chains: &[&str]) {
    for ((fault, text), what) in station.failures(chains.len()).into_iter().zip(chains) {
        assert_eq!(fault, ConnectionFault::InvalidCsmsCertificate, "{what}: {text}");
    }
}

/// A00.FR.308 to A00.FR.310, A00.FR.412, A00.FR.413; TC_A_05_CS: one attempt after the other, and a boot in the end.
pub(crate) fn s_10_whoever_shows_a_bad_chain_is_refused_and_the_good_one_is_found(go: Go) {
    let port = Port::open();
    let (names, chains): (Vec<_>, Vec<_>) = bad_servers(&port.root, HOST).into_iter().unzip();
    assert_eq!(names.len(), 16);
    port.then(chains.into_iter().map(showing));
    let station = go(plan(&port));
    refuses(&station, &names);
    port.boots();
    assert_eq!(events_at(&station, &port, "InvalidCsmsCertificate"), 1, "once for all of them");
    assert_eq!(port.heard(|heard| heard.sockets), names.len() + 1, "no attempt was left out");
}

/// Whether energy was stopped.
fn is_stop(told: &Told) -> bool {
    is_output(told, |output| matches!(output, Output::OpenContactor { .. } | Output::TransactionEnded { .. }))
}

pub(crate) fn s_10_charging_goes_on_while_nobody_good_answers(go: Go) {
    let port = Port::open();
    let station = go(plan(&port));
    station.registered();
    station.charge();
    port.until("the start", |heard| position(heard, "TransactionEvent"));
    let (names, chains): (Vec<_>, Vec<_>) = bad_servers(&port.root, HOST).into_iter().take(6).unzip();
    port.then(chains.into_iter().map(showing));
    port.cut();
    let mut told = station.until("the first refusal", |told| matches!(told, Told::Failed(..)));
    station.meter(2_000);
    told.extend(station.until("a connection", |told| matches!(told, Told::Connected)));
    let refused = told.iter().filter(|told| matches!(told, Told::Failed(ConnectionFault::InvalidCsmsCertificate, _)));
    assert_eq!(refused.count(), names.len());
    assert_eq!(kinds(&told), ["CsmsFailedToAuthenticate", "InvalidCsmsCertificate"]);
    assert!(!told.iter().any(is_stop), "{told:?}");
    assert_eq!(events_at(&station, &port, "InvalidCsmsCertificate"), 1);
    station.meter(3_500);
    station.unplug();
    let stages = port.until("the end", |heard| {
        let events = || heard.requests.iter().filter(|(action, _)| action == "TransactionEvent");
        let is_over = events().any(|(_, event)| event["eventType"] == "Ended");
        is_over
            .then(|| events().map(|(_, event)| event["transactionInfo"]["transactionId"].clone()).collect::<Vec<_>>())
    });
    assert!(stages.windows(2).all(|two| two[0] == two[1]), "one transaction: {stages:?}");
    assert_eq!(port.heard(|heard| heard.requests.iter().filter(|(action, _)| action == "BootNotification").count()), 1);
}
