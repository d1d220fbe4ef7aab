//! Functional block A: certificates of the station.

use super::HashAlgorithm;
use crate::Text;

enums! {
    /// What a certificate of the station is for (A02, A03).
    CertificateSigningUse { ChargingStationCertificate, V2GCertificate, V2G20Certificate [V21] }

    /// A plain yes or no.
    GenericStatus { Accepted, Rejected }

    /// What the station makes of its new certificate (A02).
    CertificateSignedStatus { Accepted, Rejected }
}

structs! {
    /// Names a certificate by hashes (RFC 6960).
    CertificateHashData {
        /// The algorithm of both hashes.
        hash_algorithm: HashAlgorithm,
        /// Hash over the issuer's name as the certificate writes it, in DER.
        issuer_name_hash: Text [..=128],
        /// Hash over the key that the issuer signs with, without its tag and length.
        issuer_key_hash: Text [..=128],
        /// Its number at the issuer: bare hexadecimal digits, not padded.
        serial_number: Text [..=40],
    }
}

messages! { structs:
    /// Asks the CSMS to have a certificate signed (A02, A03).
    SignCertificate (Station, "Security")
    SignCertificateRequest {
        /// The signing request (PKCS#10) in PEM.
        csr: Text [..=5500];
        /// What it is for; the CSMS and ISO 15118 alike if absent.
        certificate_type: CertificateSigningUse,
        /// The root that the certificate shall descend from.
        hash_root_certificate: CertificateHashData [V21],
        /// Comes back in `CertificateSigned`.
        request_id: i32 [V21],
    }
    SignCertificateResponse { => GenericStatus }

    /// Brings a signed certificate to the station (A02, A03).
    CertificateSigned (Csms, "Security")
    CertificateSignedRequest {
        /// The certificate in PEM, followed by the sub-CAs above it.
        certificate_chain: Text [..=10000];
        /// What it is for; the CSMS and ISO 15118 alike if absent.
        certificate_type: CertificateSigningUse,
        /// The request that it answers, if that had a number.
        request_id: i32 [V21],
    }
    CertificateSignedResponse { => CertificateSignedStatus }
}
