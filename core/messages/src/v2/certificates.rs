//! Functional block M: certificates, their installation and their validity.

use alloc::vec::Vec;

use super::{CertificateHashData, OCSPRequestData, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// What a root certificate vouches for (M05).
    InstallCertificateUse {
        V2GRootCertificate, MORootCertificate, ManufacturerRootCertificate, CSMSRootCertificate,
        OEMRootCertificate [V21],
    }

    /// What became of an installation (M05).
    InstallCertificateStatus { Accepted, Rejected, Failed }

    /// Which kind of certificate is asked for (M03).
    GetCertificateIdUse {
        V2GRootCertificate, MORootCertificate, CSMSRootCertificate, V2GCertificateChain, ManufacturerRootCertificate,
        OEMRootCertificate [V21],
    }

    /// Whether such certificates are installed (M03).
    GetInstalledCertificateStatus { Accepted, NotFound }

    /// What became of a deletion (M04).
    DeleteCertificateStatus { Accepted, Failed, NotFound }

    /// Whether the CSMS could find out a certificate's status (M06).
    GetCertificateStatus { Accepted, Failed }

    /// Where a certificate's status comes from (M07).
    CertificateStatusSource { CRL, OCSP }

    /// Whether a certificate is still good, and `Failed` if the source gave no answer (M07).
    RevocationStatus { Good, Revoked, Unknown, Failed }

    /// What is asked of the contract certificates (M01, M02).
    CertificateAction { Install, Update }

    /// Whether the CSMS could handle the car's request (M01, M02).
    Iso15118EVCertificateStatus { Accepted, Failed }
}

structs! {
    /// An installed certificate, with the sub-CAs of its chain (M03).
    CertificateHashDataChain {
        /// The certificate.
        certificate_hash_data: CertificateHashData,
        /// What it is for.
        certificate_type: GetCertificateIdUse;
        /// The sub-CAs of the station's certificate; for a `V2GCertificateChain` only (M03.FR.05).
        child_certificate_hash_data: Vec<CertificateHashData> [1..=4],
    }

    /// A certificate whose status is asked for, and where (M07).
    CertificateStatusRequestInfo {
        /// The certificate.
        certificate_hash_data: CertificateHashData,
        /// Which kind of source.
        source: CertificateStatusSource,
        /// Where to ask.
        urls: Vec<Text> [1..=5; ..=2000],
    }

    /// A certificate's status (M07).
    CertificateStatus {
        /// The certificate.
        certificate_hash_data: CertificateHashData,
        /// Which kind of source told it.
        source: CertificateStatusSource,
        /// Whether it is still good.
        status: RevocationStatus,
        /// Until when the station keeps this status instead of asking again (M07.FR.10).
        next_update: DateTime,
    }
}

messages! { structs:
    /// Installs a root certificate (M05).
    InstallCertificate (Csms, "Certificate Management")
    InstallCertificateRequest {
        /// What it vouches for.
        certificate_type: InstallCertificateUse,
        /// The certificate in PEM.
        certificate: Text [..=10000] [V201 ..=5500],
    }
    InstallCertificateResponse { => InstallCertificateStatus }

    /// Asks which certificates are installed (M03).
    GetInstalledCertificateIds (Csms, "Certificate Management")
    GetInstalledCertificateIdsRequest {
        ;
        /// Of these kinds; of all kinds if absent.
        certificate_type: Vec<GetCertificateIdUse> [1..],
    }
    GetInstalledCertificateIdsResponse {
        /// Whether there are such.
        status: GetInstalledCertificateStatus;
        /// Why.
        status_info: StatusInfo,
        /// The certificates.
        certificate_hash_data_chain: Vec<CertificateHashDataChain> [1..],
    }

    /// Deletes a certificate (M04).
    DeleteCertificate (Csms, "Certificate Management")
    DeleteCertificateRequest {
        /// The certificate.
        certificate_hash_data: CertificateHashData,
    }
    DeleteCertificateResponse { => DeleteCertificateStatus }

    /// Has the CSMS ask for a certificate's status by OCSP (M06).
    GetCertificateStatus (Station, "Certificate Management")
    GetCertificateStatusRequest {
        /// What the OCSP responder is asked.
        ocsp_request_data: OCSPRequestData,
    }
    GetCertificateStatusResponse {
        /// Whether it could be found out.
        status: GetCertificateStatus;
        /// Why.
        status_info: StatusInfo,
        /// The responder's answer (RFC 6960) in DER and Base64; there if the status is `Accepted`.
        ocsp_result: Text [..=18000] [V201 ..=5500],
    }

    /// Has the CSMS ask for the status of several certificates (M07).
    GetCertificateChainStatus (Station, "Certificate Management", V21)
    GetCertificateChainStatusRequest {
        /// The certificates.
        certificate_status_requests: Vec<CertificateStatusRequestInfo> [1..=4],
    }
    GetCertificateChainStatusResponse {
        /// What was found out about each.
        certificate_status: Vec<CertificateStatus> [1..=4],
    }

    /// Hands on a car's request for contract certificates (M01, M02).
    Get15118EVCertificate (Station, "Certificate Management")
    Get15118EVCertificateRequest {
        /// The schema that the car speaks.
        iso15118_schema_version: Text [..=50],
        /// Whether they are new or replace others.
        action: CertificateAction,
        /// The car's request as it came: EXI in Base64.
        exi_request: Text [..=11000] [V201 ..=5600];
        /// How many contracts the car wants to take (ISO 15118-20); absent for ISO 15118-2.
        maximum_contract_certificate_chains: i32 [V21 0..],
        /// The contracts that the car wants first (ISO 15118-20).
        prioritized_emaids: Vec<Text> [V21 1..=8; ..=255] = "prioritizedEMAIDs",
    }
    Get15118EVCertificateResponse {
        /// The verdict.
        status: Iso15118EVCertificateStatus,
        /// The answer for the car: EXI in Base64.
        exi_response: Text [..=17000] [V201 ..=5600];
        /// Why.
        status_info: StatusInfo,
        /// How many contracts are left to be fetched (ISO 15118-20).
        remaining_contracts: i32 [V21 0..],
    }
}
