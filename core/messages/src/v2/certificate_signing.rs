//! Functional block A: certificates of the station.

use super::{HashAlgorithm, StatusInfo};
use crate::Text;

enums! {
    /// DOC
    CertificateSigningUse { ChargingStationCertificate, V2GCertificate, V2G20Certificate [V21] }

    /// DOC
    GenericStatus { Accepted, Rejected }

    /// DOC
    CertificateSignedStatus { Accepted, Rejected }
}

structs! {
    /// DOC
    CertificateHashData {
        /// DOC
        hash_algorithm: HashAlgorithm,
        /// DOC
        issuer_name_hash: Text [..=128],
        /// DOC
        issuer_key_hash: Text [..=128],
        /// DOC
        serial_number: Text [..=40],
    }
}

messages! { structs:
    /// DOC
    SignCertificate (Station, "Security")
    SignCertificateRequest {
        /// DOC
        csr: Text [..=5500];
        /// DOC
        certificate_type: CertificateSigningUse,
        /// DOC
        hash_root_certificate: CertificateHashData [V21],
        /// DOC
        request_id: i32 [V21],
    }
    SignCertificateResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    CertificateSigned (Csms, "Security")
    CertificateSignedRequest {
        /// DOC
        certificate_chain: Text [..=10000];
        /// DOC
        certificate_type: CertificateSigningUse,
        /// DOC
        request_id: i32 [V21],
    }
    CertificateSignedResponse {
        /// DOC
        status: CertificateSignedStatus;
        /// DOC
        status_info: StatusInfo,
    }
}
