//! Functional block C: authorization, and the id tokens that every block uses.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Tariff;
use crate::{DateTime, Text};

enums! {
    /// What an id token is made of. Since 2.1 a word of up to 20 characters, most of them in its appendix.
    IdTokenKind [V21 ..=20] {
        Central, DirectPayment [V21], EMAID = "eMAID", EVCCID [V21], ISO14443,
        ISO15693, KeyCode, Local, MacAddress, NoAuthorization, VIN [V21],
    }

    /// Whether a token may charge, or why not.
    AuthorizationStatus {
        Accepted, Blocked, ConcurrentTx, Expired, Invalid, NoCredit, NotAllowedTypeEVSE,
        NotAtThisLocation, NotAtThisTime, Unknown,
    }

    /// What became of the contract certificate's check (C07).
    AuthorizeCertificateStatus {
        Accepted, SignatureError, CertificateExpired, CertificateRevoked, NoCertificateAvailable, CertChainError,
        ContractCancelled,
    }

    /// The hash that an OCSP request is made with.
    HashAlgorithm { SHA256, SHA384, SHA512 }

    /// How a message for people is written.
    MessageFormat { ASCII, HTML, URI, UTF8, QRCODE [V21] }

    /// How energy gets into the car, and perhaps back (ISO 15118).
    EnergyTransferMode {
        ACSinglePhase = "AC_single_phase", ACTwoPhase = "AC_two_phase", ACThreePhase = "AC_three_phase", DC,
        ACBPT [V21] = "AC_BPT", ACBPTDER [V21] = "AC_BPT_DER", ACDER [V21] = "AC_DER", DCBPT [V21] = "DC_BPT",
        DCACDP [V21] = "DC_ACDP", DCACDPBPT [V21] = "DC_ACDP_BPT", WPT [V21],
    }
}

structs! {
    /// What else is known of a token's bearer.
    AdditionalInfo {
        /// The information.
        additional_id_token: Text [..=255] [V201 ..=36],
        /// What it is, as agreed between station and CSMS.
        kind: Text [..=50] = "type",
    }

    /// What somebody identifies with; compared without case.
    IdToken {
        /// The number, as hexadecimal digits where it is one; empty without authorization.
        id_token: Text [..=255] [V201 ..=36],
        /// What it is made of.
        kind: IdTokenKind = "type";
        /// What else is known of the bearer.
        additional_info: Vec<AdditionalInfo> [1..],
    }

    /// A message for people.
    MessageContent {
        /// How it is written.
        format: MessageFormat,
        /// The message.
        content: Text [..=1024] [V201 ..=512];
        /// Its language (RFC 5646).
        language: Text [..=8],
    }

    /// What the CSMS knows of a token.
    IdTokenInfo {
        /// Whether it may charge.
        status: AuthorizationStatus;
        /// Until when the answer may be cached.
        cache_expiry_date_time: DateTime,
        /// From -9 to 9, more important first; 0 if absent.
        charging_priority: i32,
        /// The bearer's preferred language.
        language1: Text [..=8],
        /// The second best language.
        language2: Text [..=8],
        /// The EVSEs that it may use; all if absent.
        evse_id: Vec<i32> [1..; 0..] [V201 1..],
        /// The group it belongs to; another of the group may stop its transaction.
        group_id_token: IdToken,
        /// Shown to the bearer.
        personal_message: MessageContent,
    }

    /// What an OCSP responder is asked about one certificate (RFC 6960).
    OCSPRequestData {
        /// How both hashes are made.
        hash_algorithm: HashAlgorithm,
        /// Of the issuer's distinguished name.
        issuer_name_hash: Text [..=128],
        /// Of the issuer's public key.
        issuer_key_hash: Text [..=128],
        /// Hexadecimal, without leading zeroes.
        serial_number: Text [..=40],
        /// Whom to ask.
        responder_url: Text [..=2000] [V201 ..=512] = "responderURL",
    }
}

messages! { structs:
    /// Asks whether a token may charge (C01 to C09).
    Authorize (Station, "Authorization")
    AuthorizeRequest {
        /// The token.
        id_token: IdToken;
        /// The contract certificate's chain (PEM), if the station leaves its check to the CSMS.
        certificate: Text [..=10000] [V201 ..=5500],
        /// What OCSP responders can be asked about the chain (C07).
        iso15118_certificate_hash_data: Vec<OCSPRequestData> [1..=4],
    }
    AuthorizeResponse {
        /// What the CSMS knows of the token.
        id_token_info: IdTokenInfo;
        /// What it found about the certificates.
        certificate_status: AuthorizeCertificateStatus,
        /// The ways of charging that the bearer may use.
        allowed_energy_transfer: Vec<EnergyTransferMode> [V21 1..],
        /// The bearer's own tariff (I08).
        tariff: Box<Tariff> [V21],
    }
}
