//! The attacks, one by one.

use std::io::Write;
use std::time::Duration;

use pilotwire::DateTime;
use pilotwire::domain::Subject;
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_tests::frames::{masked as frame, masked_head as head};
use pilotwire_wire::tls::{ClientCertificates, ClientTls, KeyedChain, ServerTls, ServerTlsConfig, TimeSource};
use pilotwire_wire::{Compression, HandshakeError, Limits, Message, ServerConfig, ThrottleConfig, close_code as code};

use crate::peer::{Peer, Who, answer, close_code, connect, raw, raw_at, rest, status, upgrade};
use crate::stands::{PASSWORD, Setup, Standing, Start, now};

fn plain(start: Start, limits: Limits) -> Standing {
    // Tests share an address.
    let throttle = ThrottleConfig { per_address: 10_000, takeovers: 10_000, ..ThrottleConfig::default() };
    start(Setup { tls: None, config: ServerConfig { limits, throttle, ..ServerConfig::default() } })
}

fn refused(result: Result<Peer, HandshakeError>) -> HandshakeError {
    result.map(drop).unwrap_err()
}

/// TC_A_02, TC_A_03: and no machine is made for who does not come in.
pub(crate) fn s_03_nobody_comes_in_without_the_right_credentials(start: Start) {
    let csms = plain(start, Limits::default());
    for (identity, password, expected) in
        [("CS001", "", 401), ("CS001", "another-password", 401), ("CS009", PASSWORD, 404), ("cs001", PASSWORD, 404)]
    {
        let who = Who { password, ..Who::honest(identity) };
        assert_eq!(refused(Peer::dial(csms.address, who)), HandshakeError::Refused(expected), "{identity} {password}");
    }
    let other = upgrade("/ocpp/CS002", "");
    assert_eq!(status(&answer(csms.address, other.as_bytes())), 401, "the login of another station");
    assert!((csms.keys)().is_empty());
    Peer::booted(csms.address, Who::honest("CS001")).heartbeat();
}

pub(crate) fn s_04_guessing_is_slowed_down_and_locks_nobody_out(start: Start) {
    let throttle = ThrottleConfig { per_address: 30, ..ThrottleConfig::default() };
    let csms = start(Setup { tls: None, config: ServerConfig { throttle, ..ServerConfig::default() } });
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let mut answers = Vec::new();
    for guess in 0..60 {
        let password = format!("guess-number-{guess:05}");
        let who = Who { password: &password, ..Who::honest("CS001") };
        answers.push(refused(Peer::dial(csms.address, who)));
    }
    assert_eq!(answers.iter().filter(|answer| **answer == HandshakeError::Refused(401)).count(), 30);
    assert_eq!(answers.last(), Some(&HandshakeError::Refused(429)));
    assert!(!(csms.is_connected)("CS001"));
    honest.heartbeat();
}

/// Part (a): no credentials.
pub(crate) fn s_05_who_cannot_authenticate_throws_nobody_out(start: Start) {
    let csms = plain(start, Limits::default());
    let mut honest = Peer::booted(csms.address, Who::honest("CS001"));
    for password in ["", "another-password"] {
        assert!(Peer::dial(csms.address, Who { password, ..Who::honest("CS001") }).is_err());
        honest.heartbeat();
    }
    assert!((csms.is_connected)("CS001"));
}

/// Parts (b) to (d): also if the old one has stopped listening, and whatever it still does.
pub(crate) fn s_05_the_newest_connection_wins_and_the_old_one_is_closed(start: Start) {
    let csms = plain(start, Limits::default());
    let mut old = Peer::booted(csms.address, Who::honest("CS001"));
    let silent = raw(csms.address);
    match old.next() {
        Message::Closed(closed) => assert_eq!(closed.code, Some(code::REPLACED)),
        other => panic!("{other:?}"),
    }
    let mut new = Peer::booted(csms.address, Who::honest("CS001"));
    new.heartbeat();
    drop((old, silent));
    new.heartbeat();
    assert!((csms.is_connected)("CS001"));
}

/// Part (e).
pub(crate) fn s_05_a_storm_of_takeovers_is_slowed_down(start: Start) {
    let throttle = ThrottleConfig { takeovers: 20, ..ThrottleConfig::default() };
    let csms = start(Setup { tls: None, config: ServerConfig { throttle, ..ServerConfig::default() } });
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let mut last = None;
    let refusal = (0..60).find_map(|_| match Peer::dial(csms.address, Who::honest("CS001")) {
        Ok(peer) => {
            last = Some(peer);
            None
        }
        Err(refusal) => Some(refusal),
    });
    assert_eq!(refusal, Some(HandshakeError::Refused(503)));
    last.expect("somebody came in").boot();
    honest.heartbeat();
}

pub(crate) fn s_06_an_identity_is_what_it_is_byte_by_byte(start: Start) {
    let csms = plain(start, Limits::default());
    let long = format!("/ocpp/{}", "C".repeat(2_000));
    let paths =
        ["/ocpp/../CS001x", "/ocpp/%2e%2e", "/ocpp/CS001%00", "/ocpp/CS001%3A", "/ocpp/cs001", "/ocpp/%D0%A1S001"];
    let odd = ["/", "/ocpp/CS001//", "/ocpp/CS001%2", "/ocpp/%FF%FE", "/ocpp/CS001%20", long.as_str()];
    for path in paths.iter().chain(&odd) {
        let response = answer(csms.address, upgrade(path, "").as_bytes());
        assert!(matches!(status(&response), 400 | 401 | 404), "{path}: {}", String::from_utf8_lossy(&response));
    }
    assert!((csms.keys)().is_empty());
    // What means the same is the same: an escaped letter, and the slash that stations in the field send.
    let _spellings = ["/ocpp/CS001", "/ocpp/%43S001", "/ocpp/CS001/"].map(|path| raw_at(csms.address, path));
    assert_eq!((csms.keys)(), ["CS001".into()]);
}

/// What is set by nobody, and what is almost right.
pub(crate) fn s_07_no_default_and_no_weak_password_lets_anybody_in(start: Start) {
    let csms = plain(start, Limits::default());
    let known = ["admin", "password", "1234", "CS001", "ocpp", "changeme", "OCA_OCTT_admin_test", "0123456789abcdef"];
    let almost =
        [&PASSWORD[1..], &PASSWORD[..15], &format!("{PASSWORD}\0"), &format!("{PASSWORD} "), &PASSWORD.repeat(3)];
    let other_case = PASSWORD.to_uppercase();
    for password in known.into_iter().chain(almost).chain(["", &other_case]) {
        let who = Who { password, ..Who::honest("CS001") };
        assert_eq!(refused(Peer::dial(csms.address, who)), HandshakeError::Refused(401), "{password}");
    }
    assert!((csms.keys)().is_empty());
    Peer::booted(csms.address, Who::honest("CS001")).heartbeat();
}

pub(crate) fn s_19_frames_that_break_rules_or_limits_end_their_connection_alone(start: Start) {
    let csms = plain(start, Limits::default());
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let fragments = std::iter::once(frame(0x01, b"[")).chain(std::iter::repeat_n(frame(0x00, b" "), 2_000));
    let attacks: [(&str, Vec<u8>, u16); 7] = [
        ("one byte too many", frame(0x81, &vec![b' '; 64 * 1024 + 1]), code::TOO_BIG),
        ("64 MiB, by its head", [head(0x81, 64 << 20), vec![0; 4]].concat(), code::TOO_BIG),
        ("more than there are", [head(0x81, usize::MAX >> 1), vec![0; 4]].concat(), code::TOO_BIG),
        ("tiny fragments", fragments.flatten().collect(), code::TOO_BIG),
        ("binary", frame(0x82, b"[]"), code::UNSUPPORTED),
        ("unmasked", b"\x81\x02[]".to_vec(), code::PROTOCOL),
        ("no UTF-8", frame(0x81, &[0xFF, 0xFE]), code::NOT_UTF8),
    ];
    for (what, bytes, expected) in attacks {
        let mut socket = raw(csms.address);
        // The server may hang up before all of it is sent.
        let _ = socket.write_all(&bytes);
        let said = rest(&mut socket);
        // A reset may overtake the close frame; no other code may come.
        assert!(close_code(&said).is_none_or(|code| code == expected), "{what}: {said:?}");
        honest.heartbeat();
    }
}

pub(crate) fn s_20_deep_and_wide_json_gets_an_error_and_nothing_breaks(start: Start) {
    let csms = plain(start, Limits::default());
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let mut hostile = Peer::booted(csms.address, Who::honest("CS001"));
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let wide: String = (0..5_000).map(|key| format!(r#","k{key}":1"#)).collect();
    let long = "9".repeat(60_000);
    for payload in [deep, format!(r#"{{"a":1{wide}}}"#), format!(r#"{{"a":{long}}}"#)] {
        hostile.send(&format!(r#"[2,"x","Heartbeat",{payload}]"#));
        let answer = hostile.frame();
        assert!(answer.starts_with("[4,"), "{}", &answer[..answer.len().min(200)]);
        honest.heartbeat();
    }
    hostile.heartbeat();
}

pub(crate) fn s_21_who_floods_and_does_not_read_is_slowed_down_alone(start: Start) {
    let csms = plain(start, Limits::default());
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let mut hostile = raw(csms.address);
    hostile.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let boot = r#"[2,"b","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"W","model":"O"}}]"#;
    hostile.write_all(&frame(0x81, boot.as_bytes())).unwrap();
    let mut sent = 0;
    for number in 0..50_000 {
        let call = format!(r#"[2,"{number}","Heartbeat",{{}}]"#);
        if hostile.write_all(&frame(0x81, call.as_bytes())).is_err() {
            // Nobody reads on: that is the back-pressure.
            break;
        }
        sent = number;
        if number % 5_000 == 0 {
            honest.heartbeat();
        }
    }
    assert!(sent > 1_000);
    honest.heartbeat();
}

/// Large frames, as fast as they are taken, and no pace that slows them down: others have their turn all the same.
pub(crate) fn s_21_who_never_pauses_keeps_nobody_else_waiting(start: Start) {
    let csms = plain(start, Limits { frames_per_s: u32::MAX, frame_burst: u32::MAX, ..Limits::default() });
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let mut hostile = raw(csms.address);
    let bytes = frame(0x81, format!(r#"[3,"nobody",{{"a":"{}"}}]"#, "x".repeat(60_000)).as_bytes()).repeat(10);
    let flood = std::thread::spawn(move || while hostile.write_all(&bytes).is_ok() {});
    (0..50).for_each(|_| honest.heartbeat());
    assert!(!flood.is_finished(), "it goes on");
    drop(csms);
    flood.join().unwrap();
}

pub(crate) fn s_21_answers_that_nobody_asked_for_are_passed_over(start: Start) {
    let csms = plain(start, Limits::default());
    let mut hostile = Peer::booted(csms.address, Who::honest("CS001"));
    for number in 0..500 {
        hostile.send(&format!(r#"[3,"{number}",{{}}]"#));
        hostile.send(&format!(r#"[4,"{number}","GenericError","",{{}}]"#));
    }
    hostile.heartbeat();
}

pub(crate) fn s_22_a_compressed_bomb_ends_its_connection(start: Start) {
    let compression = Some(Compression::default());
    let csms = plain(start, Limits { compression, ..Limits::default() });
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let limits = Limits { compression, message_bytes: 64 << 20, ..Limits::default() };
    let mut hostile = Peer::booted(csms.address, Who { limits, ..Who::honest("CS001") });
    // 8 MiB that travel as some KiB.
    hostile.send(&" ".repeat(8 << 20));
    match hostile.next() {
        Message::Closed(closed) => assert_eq!(closed.code, Some(code::TOO_BIG)),
        other => panic!("{other:?}"),
    }
    honest.heartbeat();
}

pub(crate) fn s_23_slow_and_silent_handshakes_are_dropped(start: Start) {
    let csms = plain(start, Limits { handshake: Duration::from_secs(1), ..Limits::default() });
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let slow = (0..200).map(|number| {
        let mut socket = connect(csms.address);
        // The server may have hung up already.
        let _ = socket.write_all(&b"GET /ocpp/CS001 HTTP/1.1\r\n"[..number % 26]);
        socket
    });
    let slow: Vec<_> = slow.collect();
    Peer::booted(csms.address, Who::honest("CS001")).heartbeat();
    for mut socket in slow {
        let said = rest(&mut socket);
        assert!(said.is_empty() || status(&said) == 408, "{}", String::from_utf8_lossy(&said));
    }
    honest.heartbeat();
}

pub(crate) fn s_23_heads_that_are_too_long_or_odd_are_refused(start: Start) {
    let csms = plain(start, Limits::default());
    let many = "X: y\r\n".repeat(2_000);
    let spaces = format!("X: b{}x\r\n", " ".repeat(32_000));
    let head = |more: &str| upgrade("/ocpp/CS001", more).into_bytes();
    let odd = [&b"GET /ocpp/CS001 HTTP/1.1\r\nSec-WebSocket-Protocol: \x80\xFF\r\n\r\n"[..], b"\0\0\0\0\r\n\r\n"];
    assert_eq!(status(&answer(csms.address, &head(&many))), 431);
    assert_eq!(status(&answer(csms.address, &head(&spaces))), 431);
    for bytes in odd {
        let response = answer(csms.address, bytes);
        assert!(matches!(status(&response), 400 | 426), "{}", String::from_utf8_lossy(&response));
    }
    Peer::booted(csms.address, Who::honest("CS001")).heartbeat();
}

pub(crate) fn s_24_pings_without_end_or_sense_end_their_connection(start: Start) {
    let csms = plain(start, Limits::default());
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let attacks = [
        ("pings, and nobody reads the pongs", frame(0x89, &[7; 100]).repeat(20_000), code::POLICY),
        ("a ping of 126 bytes", frame(0x89, &[7; 126]), code::PROTOCOL),
        ("a close code that must not travel", frame(0x88, &1005_u16.to_be_bytes()), code::PROTOCOL),
        ("a close frame of one byte", frame(0x88, &[3]), code::PROTOCOL),
    ];
    for (what, bytes, expected) in attacks {
        let mut socket = raw(csms.address);
        socket.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        // Pongs nobody asked for are nothing.
        socket.write_all(&frame(0x8A, b"x").repeat(10)).unwrap();
        // The server reads no further, or hangs up.
        let all = socket.write_all(&bytes);
        if all.is_ok() && expected != code::POLICY {
            let said = rest(&mut socket);
            assert!(close_code(&said).is_none_or(|code| code == expected), "{what}: {said:?}");
        }
        drop(socket);
        honest.heartbeat();
    }
}

/// CVE-2024-32650, CVE-2024-11738: a close_notify where a handshake should be, a ClientHello in pieces, and noise.
pub(crate) fn s_25_what_is_no_tls_is_refused_and_honest_tls_goes_on(start: Start) {
    let validity = Validity::days(now().saturating_add_millis(-86_400_000), 10);
    let subject = Subject { organization: "Operator".into(), common_name: "Root".into() };
    let mut authority = Authority::root(&subject, validity).unwrap();
    let shown = authority.server("Operator", &["127.0.0.1"], validity).unwrap();
    let chain = KeyedChain::from_pem_and_pkcs8(&shown.chain_pem, shown.private_key.secret_pkcs8_der()).unwrap();
    let time = || TimeSource::new(DateTime::UNIX_EPOCH, now);
    let tls = ServerTlsConfig { chains: vec![chain], clients: ClientCertificates::None, time: time() };
    let limits = Limits { handshake: Duration::from_secs(1), ..Limits::default() };
    let config = ServerConfig { limits, ..ServerConfig::default() };
    let csms = start(Setup { tls: Some(ServerTls::new(&tls).unwrap()), config });
    let trusting = || ClientTls::new(&[authority.root_pem()], None, time()).unwrap();
    let mut honest = Peer::booted(csms.address, Who { tls: Some(trusting()), ..Who::honest("CS002") });
    let pieces: Vec<u8> = [1, 0, 0, 4, 3, 3, 0, 0].iter().flat_map(|byte| [22, 3, 1, 0, 1, *byte]).collect();
    let request = upgrade("/ocpp/CS001", "");
    let noise: [&[u8]; 6] = [
        &[21, 3, 3, 0, 2, 1, 0],
        &[22, 3, 1, 0, 200, 1],
        &pieces,
        &[0xFF; 400],
        request.as_bytes(),
        &[22, 3, 1, 0xFF, 0xFF],
    ];
    for bytes in noise {
        let said = answer(csms.address, bytes);
        assert!(said.is_empty() || said[0] == 21, "an alert, or nothing: {said:?}");
        honest.heartbeat();
    }
    Peer::booted(csms.address, Who { tls: Some(trusting()), ..Who::honest("CS001") }).heartbeat();
}
