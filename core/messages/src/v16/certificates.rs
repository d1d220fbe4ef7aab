//! Certificates of the charge point and of those it trusts, from the security whitepaper.

use alloc::vec::Vec;

use crate::Text;

enums! {
    /// Whether the central system takes care of the request (A02, A03).
    GenericStatus { Accepted, Rejected }

    /// Whether the charge point finds the new certificate valid (A02, A03).
    CertificateSignedStatus { Accepted, Rejected }

    /// Whom a root certificate helps to verify (M03, M05).
    CertificateUse { CentralSystemRootCertificate, ManufacturerRootCertificate }

    /// Whether it is installed; `Rejected` if it is invalid or one too many (M05).
    InstallCertificateStatus { Accepted, Failed, Rejected }

    /// Whether any certificate of this use is installed (M03).
    GetInstalledCertificateStatus { Accepted, NotFound }

    /// Whether the certificate is gone, or why not (M04).
    DeleteCertificateStatus { Accepted, Failed, NotFound }

    /// How the two hashes were made.
    HashAlgorithm { SHA256, SHA384, SHA512 }
}

objects! {
    /// What identifies an installed certificate, as in OCSP (M03, M04).
    CertificateHashData {
        /// How both hashes were made.
        hash_algorithm: HashAlgorithm,
        /// The issuer's distinguished name in DER, hashed; hexadecimal.
        issuer_name_hash: Text [..=128],
        /// The issuer's public key without tag and length, hashed; hexadecimal.
        issuer_key_hash: Text [..=128],
        /// The certificate's serial number; hexadecimal without leading zeros.
        serial_number: Text [..=40],
    }
}

messages! { objects:
    /// Brings the certificate that the charge point asked for (A02, A03).
    CertificateSigned (Csms, "Security")
    CertificateSignedRequest {
        /// In PEM, with intermediate certificates if needed; `CertificateSignedMaxSize` may set a lower limit.
        certificate_chain: Text [..=10000],
    }
    CertificateSignedResponse { => CertificateSignedStatus }

    /// Removes one installed certificate, never the charge point's own (M04).
    DeleteCertificate (Csms, "Security")
    DeleteCertificateRequest {
        /// Which one it is.
        certificate_hash_data: CertificateHashData,
    }
    DeleteCertificateResponse { => DeleteCertificateStatus }

    /// Asks which root certificates are installed (M03).
    GetInstalledCertificateIds (Csms, "Security")
    GetInstalledCertificateIdsRequest {
        /// Of which use.
        certificate_type: CertificateUse,
    }
    GetInstalledCertificateIdsResponse {
        /// Whether there are any.
        status: GetInstalledCertificateStatus;
        /// All that were found; absent if none was.
        certificate_hash_data: Vec<CertificateHashData> [1..],
    }

    /// Adds a root certificate (M05).
    InstallCertificate (Csms, "Security")
    InstallCertificateRequest {
        /// What it is for.
        certificate_type: CertificateUse,
        /// The certificate in PEM.
        certificate: Text [..=5500],
    }
    InstallCertificateResponse { => InstallCertificateStatus }

    /// Asks for a certificate of a new key of the charge point (A02, A03).
    SignCertificate (Station, "Security")
    SignCertificateRequest {
        /// The signing request (RFC 2986) in PEM.
        csr: Text [..=5500],
    }
    SignCertificateResponse { => GenericStatus }
}
