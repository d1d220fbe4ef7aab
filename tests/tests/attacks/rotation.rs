//! Credentials that change, between a station and a CSMS on the same adapter: what is no good is rejected, and what worked
//! before goes on working (S-7, S-13). Keys, signatures and connections are genuine.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pilotwire::csms::{Input, Outcome, Output};
use pilotwire::domain::{
    CertificateSigningUse, ClientCertificate, Command, ConnectionFault, InstallCertificateStatus,
    InstallCertificateUse, KeyId, MessageTrigger, Reply, SecurityProfile, SetVariableStatus, VariableId,
    VariableSetting,
};
use pilotwire::messages::Text;
use pilotwire::station;
use pilotwire_wire::ServerConfig;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};

use crate::certificates::{Authority, ca, leaf, required, server};
use crate::peer::PATIENCE;
use crate::stands::{Setup, Standing, Start};
use crate::stations::{Go, IDENTITY, Plan, Running, Told};

const HOST: &str = "127.0.0.1";

/// A station that is connected by its factory's certificate, and its CSMS.
struct World {
    root: Authority,
    station: Running,
    csms: Standing,
}

impl World {
    fn new(start: Start, go: Go) -> Self {
        let root = Authority::root("Root");
        let tls = server(root.sign(&leaf(HOST)), required(&root, false));
        let csms = start(Setup { tls: Some(tls), config: ServerConfig::default() });
        let own = KeyPair::generate().unwrap();
        let mut plan = Plan::new(csms.address, &root.pem(), SecurityProfile::TlsClient);
        plan.keys.put(KeyId(0), own.serialize_der().into()).unwrap();
        let chain = root.certify(&leaf(IDENTITY), &own).into();
        plan.config.security.client = Some(ClientCertificate { key: KeyId(0), chain });
        plan.config.certificates.enabled = true;
        plan.config.certificates.organization = "Operator".into();
        let set = |name: &str, value: &str| (VariableId::new("SecurityCtrlr", name), value.into());
        plan.config
            .variables
            .extend([set("AdditionalRootCertificateCheck", "true"), set("MaxCertificateChainSize", "2000")]);
        let station = go(plan);
        station.registered();
        Self { root, station, csms }
    }

    /// What the CSMS is told next that is of this kind.
    fn next<T>(&self, what: &str, find: impl Fn(Output) -> Option<T>) -> T {
        loop {
            match self.csms.told.recv_timeout(PATIENCE) {
                Ok(output) => {
                    if let Some(found) = find(output) {
                        return found;
                    }
                }
                Err(why) => panic!("{what}: {why}"),
            }
        }
    }

    /// What the station answers.
    fn ask(&self, command: Command) -> Reply {
        (self.csms.tell)(IDENTITY, Input::Command { operation: 1, command, wait_s: 60 });
        self.next("an answer", |output| match output {
            Output::Done { outcome: Outcome::Reply(reply), .. } => Some(reply),
            Output::Done { outcome, .. } => panic!("{outcome:?}"),
            _ => None,
        })
    }

    /// The key of the certificate that the station asks for now.
    fn wanted(&self) -> Wanted {
        self.ask(Command::Trigger { message: MessageTrigger::SignChargingStationCertificate, place: None });
        self.next("a signing request", |output| match output {
            Output::SigningRequested { csr, .. } => Some(Wanted::of(&csr)),
            _ => None,
        })
    }

    /// Whether a certificate is taken.
    fn takes(&self, chain: &str) -> bool {
        let usage = Some(CertificateSigningUse::ChargingStationCertificate);
        match self.ask(Command::CertificateSigned { chain: chain.into(), usage, request_id: None }) {
            Reply::CertificateSigned { accepted, .. } => accepted,
            other => panic!("{other:?}"),
        }
    }

    fn installs(&self, root: &Authority) -> InstallCertificateStatus {
        let usage = InstallCertificateUse::CSMSRootCertificate;
        match self.ask(Command::InstallCertificate { usage, certificate: root.pem().into() }) {
            Reply::InstallCertificate { status, .. } => status,
            other => panic!("{other:?}"),
        }
    }

    /// What was there before still connects, and is what is shown.
    fn still_connects(&self, what: &str) {
        let told = self.station.reconnect();
        assert_eq!(shown(&told), [], "{what}");
    }
}

/// The keys that the station began to show.
fn shown(told: &[Told]) -> Vec<KeyId> {
    let outputs = told.iter().filter_map(|told| match told {
        Told::Output(output) => Some(&**output),
        _ => None,
    });
    let targets = outputs.filter_map(|output| match output {
        station::Output::UseNetwork(target) => Some(target.client.as_ref().unwrap().key),
        _ => None,
    });
    targets.collect()
}

/// The public half of a key that is in a signing request.
struct Wanted(Vec<u8>);

impl Wanted {
    fn of(csr: &Text) -> Self {
        let lines: String = csr.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64_STANDARD.decode(lines).unwrap();
        // A BIT STRING with a point of P-256 in it.
        let at = der.windows(4).position(|four| four == [3, 0x42, 0, 4]).unwrap() + 3;
        Self(der[at..at + 65].to_vec())
    }
}

impl PublicKeyData for Wanted {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// A01.FR.04; A00.FR.205: not by the CSMS either, as long as the station has a say.
pub(crate) fn s_07_a_weak_password_is_set_by_nobody(start: Start, go: Go) {
    let world = World::new(start, go);
    for weak in ["", "admin", "0123456789abcde", &"0".repeat(41)] {
        let id = VariableId::new("SecurityCtrlr", "BasicAuthPassword");
        let setting = VariableSetting { id, attribute: None, value: weak.into() };
        match world.ask(Command::SetVariables(vec![setting])) {
            Reply::SetVariables(results) => assert_eq!(results[0].status, SetVariableStatus::Rejected, "{weak}"),
            other => panic!("{other:?}"),
        }
    }
    world.still_connects("with what it had");
}

/// A02.FR.06, A02.FR.16; TC_A_14_CS: another key, another name, another authority, and too long a chain.
pub(crate) fn s_13_a_certificate_that_is_not_good_leaves_the_old_one_in_use(start: Start, go: Go) {
    let world = World::new(start, go);
    let root = &world.root;
    let deep = (0..3).fold(root.sub(ca("Level")), |above, _| above.sub(ca("Level")));
    type Bad<'a> = (&'a str, Box<dyn Fn(&Wanted) -> String + 'a>);
    let bad: [Bad<'_>; 5] = [
        ("another key", Box::new(|_| root.certify(&leaf(IDENTITY), &KeyPair::generate().unwrap()))),
        ("another name", Box::new(|key| root.certify(&leaf("CS002"), key))),
        ("another authority", Box::new(|key| Authority::root("Root").certify(&leaf(IDENTITY), key))),
        ("too long a chain", Box::new(|key| deep.certify(&leaf(IDENTITY), key))),
        ("none at all", Box::new(|_| "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into())),
    ];
    for (what, make) in bad {
        let chain = make(&world.wanted());
        assert!(!world.takes(&chain), "{what}");
        world.still_connects(what);
    }
    let good = root.sub(ca("Level")).certify(&leaf(IDENTITY), &world.wanted());
    assert!(world.takes(&good));
    let told = world.station.until("another connection", |told| matches!(told, Told::Connected));
    assert!(matches!(shown(&told)[..], [KeyId(1..)]), "{told:?}");
}

/// M05.FR.09 to M05.FR.14; TC_M_09_CS: not even a root that the operator's own CSMS sends, and the old one verifies on.
pub(crate) fn s_13_a_root_that_the_old_one_did_not_sign_is_rejected(start: Start, go: Go) {
    let world = World::new(start, go);
    assert_eq!(world.installs(&Authority::root("Root")), InstallCertificateStatus::Rejected);
    world.still_connects("another root of the same name");
    assert_eq!(world.installs(&world.root.sub(ca("Next"))), InstallCertificateStatus::Accepted);
    let told = world.station.reconnect();
    let is_refused = |told: &Told| matches!(told, Told::Failed(ConnectionFault::InvalidCsmsCertificate, _));
    assert!(told.iter().any(is_refused), "the new one does not verify what the CSMS shows: {told:?}");
}
