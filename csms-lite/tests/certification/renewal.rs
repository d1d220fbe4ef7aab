//! The way to a new certificate, in all its words (A02; 1.6 security whitepaper).

use rcgen::DnType;
use serde_json::{Value, json};

use crate::certificates::Request;
use crate::csms::{Csms, OPERATOR, STATION};
use crate::session::{Heard, Session};

/// What is asked for.
pub(crate) struct Renewal {
    /// The message that triggers it, and what it names.
    pub(crate) trigger: &'static str,
    pub(crate) requested: &'static str,
    /// How the station says what the certificate is for, and the CSMS after it (A02.FR.14).
    pub(crate) usage: Option<&'static str>,
}

/// For the way to the CSMS, in 1.6.
pub(crate) const OF_16: Renewal =
    Renewal { trigger: "ExtendedTriggerMessage", requested: "SignChargePointCertificate", usage: None };

/// For the way to the CSMS, in 2.0.1.
pub(crate) const OF_201: Renewal = Renewal {
    trigger: "TriggerMessage",
    requested: "SignChargingStationCertificate",
    usage: Some("ChargingStationCertificate"),
};

impl Renewal {
    /// The operator has it triggered, the station asks for a signature, and the CSMS brings a certificate.
    pub(crate) fn runs(&self, csms: &Csms, station: &mut Session, request: &Request) -> Heard {
        let wanted = json!({ "requestedMessage": self.requested });
        let asked = csms.call(self.trigger, &wanted);
        // 1.6: no connectorId.
        assert_eq!(station.hears_and_says(self.trigger, "Accepted"), wanted);
        assert_eq!(asked.told()["status"], "Accepted");
        let mut payload = json!({ "csr": request.csr });
        if let Some(usage) = self.usage {
            payload["certificateType"] = usage.into();
        }
        assert_eq!(station.call("SignCertificate", &payload)["status"], "Accepted");
        let brought = station.hears("CertificateSigned");
        assert_eq!(brought.payload.get("certificateType").and_then(Value::as_str), self.usage);
        brought
    }
}

/// A request for the station's own certificate (A00.FR.509, A00.FR.511).
pub(crate) fn own_request() -> Request {
    Request::new(&[(DnType::OrganizationName, OPERATOR), (DnType::CommonName, STATION)])
}

/// The certificates that a CertificateSigned brings, in PEM.
pub(crate) fn chain(brought: &Heard) -> &str {
    brought.payload["certificateChain"].as_str().unwrap()
}
