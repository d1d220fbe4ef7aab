//! Both machines with genuine keys, certificates and OCSP between them: the host's cryptography is `pilotwire-pki`, and the
//! operator's authority signs (A02, M03–M06). No sockets; time is virtual.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pilotwire::csms::{self, Csms, Outcome};
use pilotwire::domain::{
    CertificateHashData, CertificateSigningUse, ClientCertificate, Command, CryptoResult, CryptoTask,
    DeleteCertificateStatus, InstallCertificateStatus, InstallCertificateUse, KeyId, MessageTrigger, NetworkTarget,
    OcspStatus, Reply, SecurityProfile, StationIdentity, Subject,
};
use pilotwire::station::{self, CertificateStatus, Config, NetworkSlot, Station};
use pilotwire::{Action, DateTime, Event, Instant, Machine, Outbox, PowerUp, Version};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_pki::{Csr, Keys, ocsp, perform};
use pilotwire_tests::site::way;

const VERSIONS: [Version; 2] = [Version::V201, Version::V21];
const RESPONDER: &str = "http://127.0.0.1:8080/ocsp";
const WEEK_S: u64 = 7 * 86_400;

fn wall(now: Instant) -> DateTime {
    "2026-03-01T10:00:00Z".parse::<DateTime>().unwrap().saturating_add_millis(i64::try_from(now.as_millis()).unwrap())
}

fn validity(days: u32) -> Validity {
    let from = wall(Instant::ZERO);
    Validity { not_before: from.saturating_add_millis(-86_400_000), ..Validity::days(from, days) }
}

fn subject(name: &str) -> Subject {
    Subject { organization: "Operator".into(), common_name: name.into() }
}

/// Both sides, their hosts, and a wire between them.
struct World {
    now: Instant,
    station: Station,
    csms: Csms,
    keys: Keys,
    /// The operator's.
    authority: Authority,
    /// The root of certificates for vehicles, and the authority below it that signs them.
    v2g: [Authority; 2],
    /// The responder cannot be reached.
    is_silent: bool,
    online: bool,
    targets: Vec<NetworkTarget>,
    statuses: Vec<CertificateStatus>,
    asked: usize,
    replies: Vec<Outcome>,
    to_station: VecDeque<Event<station::Input>>,
    to_csms: VecDeque<Event<csms::Input>>,
}

impl World {
    fn new(version: Version) -> Self {
        let mut authority = Authority::root(&subject("Root"), validity(3_650)).unwrap();
        let mut root = Authority::root(&subject("V2G Root"), validity(3_650)).unwrap();
        root.set_ocsp_url(Some(RESPONDER));
        let mut sub = root.sub(&subject("V2G Sub"), validity(3_000)).unwrap();
        sub.set_ocsp_url(Some(RESPONDER));
        let issued = authority.station("CS1", validity(365)).unwrap();
        let mut keys = Keys::in_memory();
        keys.put(KeyId(0), issued.private_key.clone_key()).unwrap();
        let identity = StationIdentity { serial_number: Some("CS1".into()), ..StationIdentity::default() };
        let mut config = Config::new(version, identity, 1, 1);
        let profile = SecurityProfile::TlsClient;
        config.network = vec![NetworkSlot::new(1, way("csms", profile), None), NetworkSlot::free(2)];
        config.security.roots = vec![authority.root_pem().into()];
        config.security.client = Some(ClientCertificate { key: KeyId(0), chain: issued.chain_pem.into() });
        config.certificates.enabled = true;
        config.certificates.organization = "Operator".into();
        config.certificates.secc_id = Some("SECC1".into());
        let office = csms::Config { signs_certificates: true, asks_responders: true, ..csms::Config::new("CS1", 2) };
        let power_up = || PowerUp { records: Vec::new(), clock: Some(wall(Instant::ZERO)) };
        let mut world = Self {
            now: Instant::ZERO,
            station: Station::new(config),
            csms: Csms::new(office),
            keys,
            authority,
            v2g: [root, sub],
            is_silent: false,
            online: false,
            targets: Vec::new(),
            statuses: Vec::new(),
            asked: 0,
            replies: Vec::new(),
            to_station: [Event::PowerUp(power_up())].into(),
            to_csms: [Event::PowerUp(power_up())].into(),
        };
        world.run(1);
        assert!(world.online);
        world
    }

    /// Lets both sides live for so many seconds.
    fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        loop {
            self.settle();
            let timers = [self.station.poll_timeout().map(|(at, _)| at), self.csms.poll_timeout().map(|(at, _)| at)];
            let Some(next) = timers.into_iter().flatten().min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.to_station.push_back(Event::Timeout);
            self.to_csms.push_back(Event::Timeout);
        }
        self.now = end;
    }

    fn settle(&mut self) {
        loop {
            if let Some(event) = self.to_station.pop_front() {
                let mut out = Outbox::new();
                self.station.handle(self.now, event, &mut out);
                out.drain().collect::<Vec<_>>().into_iter().for_each(|action| self.of_station(action));
            } else if let Some(event) = self.to_csms.pop_front() {
                let mut out = Outbox::new();
                self.csms.handle(self.now, event, &mut out);
                out.drain().collect::<Vec<_>>().into_iter().for_each(|action| self.of_csms(action));
            } else {
                return;
            }
        }
    }

    fn of_station(&mut self, action: Action<station::Output>) {
        match action {
            Action::Connect(version) => {
                self.online = true;
                self.to_station.push_back(Event::Connected(version));
                self.to_csms.push_back(Event::Connected(version));
            }
            Action::Close => {
                self.online = false;
                self.to_station.push_back(Event::Disconnected);
                self.to_csms.push_back(Event::Disconnected);
            }
            Action::Send(text) => self.to_csms.push_back(Event::Received(text)),
            Action::Output(station::Output::Crypto { operation, task }) => {
                if let Some(result) = perform(&mut self.keys, &task) {
                    self.to_station.push_back(Event::Input(station::Input::CryptoDone { operation, result }));
                }
            }
            Action::Output(station::Output::UseNetwork(target)) => self.targets.push(*target),
            Action::Output(station::Output::CertificateStatus(status)) => self.statuses.push(*status),
            Action::Output(_) | Action::Persist(_) | Action::Ping => {}
        }
    }

    fn of_csms(&mut self, action: Action<csms::Output>) {
        match action {
            Action::Send(text) => self.to_station.push_back(Event::Received(text)),
            Action::Output(csms::Output::SigningRequested { csr, usage, request_id }) => {
                let csr = Csr::read(&csr).unwrap();
                let v2g = usage == Some(CertificateSigningUse::V2GCertificate);
                let [_, sub] = &mut self.v2g;
                let signer = if v2g { sub } else { &mut self.authority };
                let chain = signer.sign(&csr, Validity::days(wall(self.now), 90)).unwrap().into();
                self.command(Command::CertificateSigned { chain, usage, request_id });
            }
            Action::Output(csms::Output::CertificateStatus { question, about }) => {
                self.asked += 1;
                assert_eq!(about.responder_url, RESPONDER);
                let request = ocsp::request(&about).unwrap();
                let day = Duration::from_secs(86_400 * 30);
                // Each authority answers for what it has signed.
                let answers = self.v2g.iter().map(|one| one.ocsp_response(&request, wall(self.now), day));
                let longest = answers.max_by_key(Vec::len).map(|answer| BASE64_STANDARD.encode(answer).into());
                let response = longest.filter(|_| !self.is_silent);
                self.to_csms.push_back(Event::Input(csms::Input::CertificateStatus { question, response }));
            }
            Action::Output(csms::Output::Done { outcome, .. }) => self.replies.push(outcome),
            _ => {}
        }
    }

    fn command(&mut self, command: Command) {
        self.to_csms.push_back(Event::Input(csms::Input::Command { operation: 1, command, wait_s: 60 }));
    }

    /// What the station answers.
    fn ask(&mut self, command: Command) -> Reply {
        self.replies.clear();
        self.command(command);
        self.run(1);
        match self.replies.first() {
            Some(Outcome::Reply(reply)) => reply.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn install(&mut self, usage: InstallCertificateUse, certificate: String) -> InstallCertificateStatus {
        match self.ask(Command::InstallCertificate { usage, certificate: certificate.into() }) {
            Reply::InstallCertificate { status, .. } => status,
            other => panic!("{other:?}"),
        }
    }

    /// The reusable state: the station has a new certificate for vehicles.
    fn renew_v2g(&mut self) {
        let root = self.v2g[0].root_pem();
        assert_eq!(self.install(InstallCertificateUse::V2GRootCertificate, root), InstallCertificateStatus::Accepted);
        self.ask(Command::Trigger { message: MessageTrigger::SignV2GCertificate, place: None });
        self.run(5);
        assert_eq!(self.station.v2g_certificates().len(), 1);
    }

    fn held(&self) -> Vec<(usize, OcspStatus)> {
        self.station.certificate_statuses().iter().map(|held| (held.position, held.status)).collect()
    }
}

/// TC_A_11_CS with keys that are none of a script: the request is signed, the chain is judged, and the next connection shows
/// it with the key that it is for.
#[test]
fn a_certificate_is_renewed_with_genuine_keys() {
    for version in VERSIONS {
        let mut world = World::new(version);
        let message = MessageTrigger::SignChargingStationCertificate;
        world.ask(Command::Trigger { message, place: None });
        world.run(120);
        let [first, second] = &world.targets[..] else { panic!("{:?}", world.targets) };
        let (old, new) = (first.client.clone().unwrap(), second.client.clone().unwrap());
        assert_eq!((old.key, new.key, world.online), (KeyId(0), KeyId(1), true));
        let roots = vec![world.authority.root_pem().into()];
        let task = CryptoTask::Examine { chain: new.chain, key: Some(new.key), roots, at: wall(world.now) };
        let Some(CryptoResult::Examined(facts)) = perform(&mut world.keys, &task) else { panic!("unreadable") };
        assert!(facts.fits_key && facts.trusted_by == Some(0), "{facts:?}");
        assert_eq!(facts.certificates[0].common_name.as_deref(), Some("CS1"));
    }
}

/// A03.FR.02: the certificate of 90 days is renewed when 30 of them are left, and again and again; keys are not hoarded.
#[test]
fn certificates_are_renewed_in_good_time_by_themselves() {
    let mut world = World::new(Version::V201);
    world.ask(Command::Trigger { message: MessageTrigger::SignChargingStationCertificate, place: None });
    world.run(215 * 86_400);
    let shown: Vec<u64> = world.targets.iter().filter_map(|target| Some(target.client.as_ref()?.key.0)).collect();
    assert_eq!(shown, [0, 1, 2, 3, 4]);
    let kept: Vec<u64> = world.keys.names().map(|key| key.0).collect();
    assert_eq!(kept, [0, 4], "the factory's, and the one in use; what was before is a month old");
}

/// TC_M_24_CS; M06.FR.06, M06.FR.07: for the certificate and for the one above it.
#[test]
fn tc_m_24_cs_the_status_of_a_vehicles_chain_is_asked_for_and_judged() {
    for version in VERSIONS {
        let mut world = World::new(version);
        world.renew_v2g();
        assert_eq!(world.held(), [(0, OcspStatus::Good), (1, OcspStatus::Good)], "{version}");
        assert_eq!((world.statuses.len(), world.asked), (2, 2));
        let own = world.station.v2g_certificates()[0].key;
        assert!(world.statuses.iter().all(|status| status.key == own));
    }
}

/// TC_M_25_CS; M06.FR.04: what cannot be had is asked for again, but not at once.
#[test]
fn tc_m_25_cs_a_status_that_failed_is_asked_for_again() {
    for version in VERSIONS {
        let mut world = World::new(version);
        world.is_silent = true;
        world.renew_v2g();
        world.run(600);
        assert_eq!((world.held().len(), world.asked), (0, 2), "{version}");
        world.is_silent = false;
        world.run(3_600);
        assert_eq!(world.held(), [(0, OcspStatus::Good), (1, OcspStatus::Good)]);
    }
}

/// M06.FR.10: within a week, and so a revoked certificate is found out.
#[test]
fn a_status_is_asked_for_again_within_a_week() {
    let mut world = World::new(Version::V201);
    world.renew_v2g();
    let chain = world.station.v2g_certificates()[0].chain.clone();
    world.v2g[1].revoke(&chain, wall(world.now)).unwrap();
    world.run(WEEK_S);
    assert_eq!(world.held(), [(0, OcspStatus::Revoked), (1, OcspStatus::Good)]);
    let asked = world.asked;
    world.run(10 * WEEK_S);
    assert!(world.asked >= asked + 20, "{}", world.asked);
}

/// A responder's word counts only if it is one: others' words leave what is known as it is.
#[test]
fn a_status_of_somebody_else_is_not_used() {
    let mut world = World::new(Version::V201);
    world.renew_v2g();
    let stranger = || Authority::root(&subject("V2G Root"), validity(3_650)).unwrap();
    world.v2g = [stranger(), stranger()];
    world.run(WEEK_S);
    assert_eq!(world.held(), [(0, OcspStatus::Good), (1, OcspStatus::Good)]);
    assert!(world.asked > 2);
}

/// M03, M04, M05 with the hashes of genuine certificates.
#[test]
fn roots_are_installed_listed_and_deleted_by_their_genuine_hashes() {
    for version in VERSIONS {
        let mut world = World::new(version);
        let usage = InstallCertificateUse::V2GRootCertificate;
        let root = world.v2g[0].root_pem();
        assert_eq!(world.install(usage.clone(), root.clone()), InstallCertificateStatus::Accepted);
        let leaf = world.v2g[1].station("CS9", validity(30)).unwrap().chain_pem;
        assert_ne!(world.install(usage.clone(), leaf), InstallCertificateStatus::Accepted, "no CA");
        assert_ne!(world.install(usage.clone(), "no PEM".into()), InstallCertificateStatus::Accepted);
        let listed = world.ask(Command::InstalledCertificates { usages: Vec::new() });
        let Reply::InstalledCertificates(chains) = listed else { panic!("{listed:?}") };
        let names: Vec<&CertificateHashData> = chains.iter().map(|chain| &chain.certificate_hash_data).collect();
        let task = CryptoTask::Examine { chain: root.into(), key: None, roots: Vec::new(), at: wall(world.now) };
        let Some(CryptoResult::Examined(facts)) = perform(&mut world.keys, &task) else { panic!("unreadable") };
        let name = facts.certificates[0].names[2].clone();
        assert!(names.contains(&&facts.certificates[0].names[0]), "{names:?}");
        // M04.FR.07: by whichever algorithm.
        let deleted = world.ask(Command::DeleteCertificate(Box::new(name.clone())));
        assert_eq!(deleted, Reply::DeleteCertificate(DeleteCertificateStatus::Accepted));
        let deleted = world.ask(Command::DeleteCertificate(Box::new(name)));
        assert_eq!(deleted, Reply::DeleteCertificate(DeleteCertificateStatus::NotFound));
    }
}
