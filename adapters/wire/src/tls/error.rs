//! What went wrong with TLS, and whose fault it was.

use pilotwire::domain::ConnectionFault;
use rustls::{AlertDescription as Alert, Error, PeerIncompatible, PeerMisbehaved};

/// TLS failed: with this peer, at this moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TLS failed: {text}")]
pub struct TlsError {
    /// What kind of failure it was.
    pub fault: TlsFault,
    /// The details, for people.
    pub text: String,
}

/// Why TLS failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The peer's certificate is not good, or it showed none. The peer's fault, or that of our list of roots.
    Certificate,
    /// The peer speaks no version that is allowed (A00.FR.313).
    Version,
    /// The peer has no cipher suite, curve or kind of signature that is allowed (A00.FR.320).
    CipherSuite,
    /// The peer does not accept us: our certificate is missing, out of date, or not one of its own.
    Refused,
    /// The peer broke the protocol, or broke off.
    Protocol,
}

impl From<TlsFault> for ConnectionFault {
    fn from(fault: TlsFault) -> Self {
        match fault {
            TlsFault::Certificate => Self::InvalidCsmsCertificate,
            TlsFault::Version => Self::InvalidTlsVersion,
            TlsFault::CipherSuite => Self::InvalidTlsCipherSuite,
            TlsFault::Refused => Self::Refused,
            TlsFault::Protocol => Self::Unreachable,
        }
    }
}

impl From<Error> for TlsError {
    fn from(error: Error) -> Self {
        Self { fault: fault(&error), text: error.to_string() }
    }
}

fn fault(error: &Error) -> TlsFault {
    match error {
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented | Error::UnsupportedNameType => {
            TlsFault::Certificate
        }
        Error::PeerIncompatible(reason) => of_incompatible(reason),
        Error::PeerMisbehaved(reason) => of_misbehaved(reason),
        Error::AlertReceived(alert) => of_alert(*alert),
        _ => TlsFault::Protocol,
    }
}

fn of_incompatible(reason: &PeerIncompatible) -> TlsFault {
    use PeerIncompatible as Reason;
    match reason {
        Reason::ServerDoesNotSupportTls12Or13
        | Reason::ServerTlsVersionIsDisabledByOurConfig
        | Reason::SupportedVersionsExtensionRequired
        | Reason::Tls12NotOffered
        | Reason::Tls12NotOfferedOrEnabled => TlsFault::Version,
        _ => TlsFault::CipherSuite,
    }
}

/// A server that has nothing of what was offered and takes something else: weak ones of long ago do.
fn of_misbehaved(reason: &PeerMisbehaved) -> TlsFault {
    use PeerMisbehaved as Reason;
    match reason {
        Reason::SelectedUnofferedCipherSuite
        | Reason::SelectedUnusableCipherSuiteForVersion
        | Reason::SelectedUnofferedKxGroup => TlsFault::CipherSuite,
        _ => TlsFault::Protocol,
    }
}

fn of_alert(alert: Alert) -> TlsFault {
    match alert {
        Alert::ProtocolVersion => TlsFault::Version,
        Alert::HandshakeFailure | Alert::InsufficientSecurity => TlsFault::CipherSuite,
        Alert::NoCertificate
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::CertificateRequired
        | Alert::UnknownCA
        // A signature that does not fit: of the certificate, for those who look at it first.
        | Alert::DecryptError
        | Alert::AccessDenied => TlsFault::Refused,
        _ => TlsFault::Protocol,
    }
}

/// Certificates or keys that we were to use cannot be used. Our own configuration's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be used: {why}")]
pub struct TlsSetupError {
    what: &'static str,
    why: String,
}

impl TlsSetupError {
    pub(super) fn new(what: &'static str, why: &str) -> Self {
        Self { what, why: why.to_owned() }
    }
}
