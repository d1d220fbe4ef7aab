//! Functional block M: certificates

use alloc::vec::Vec;

use super::{CertificateHashData, OCSPRequestData, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// DOC
    InstallCertificateUse {
        V2GRootCertificate, MORootCertificate, ManufacturerRootCertificate, CSMSRootCertificate, OEMRootCertificate
        [V21],
    }

    /// DOC
    InstallCertificateStatus { Accepted, Rejected, Failed }

    /// DOC
    GetCertificateIdUse {
        V2GRootCertificate, MORootCertificate, CSMSRootCertificate, V2GCertificateChain, ManufacturerRootCertificate,
        OEMRootCertificate [V21],
    }

    /// DOC
    GetInstalledCertificateStatus { Accepted, NotFound }

    /// DOC
    DeleteCertificateStatus { Accepted, Failed, NotFound }

    /// DOC
    GetCertificateStatus { Accepted, Failed }

    /// DOC
    CertificateStatusSource { CRL, OCSP }

    /// DOC
    RevocationStatus { Good, Revoked, Unknown, Failed }

    /// DOC
    CertificateAction { Install, Update }

    /// DOC
    Iso15118EVCertificateStatus { Accepted, Failed }
}

structs! {
    /// DOC
    CertificateHashDataChain {
        /// DOC
        certificate_hash_data: CertificateHashData,
        /// DOC
        certificate_type: GetCertificateIdUse;
        /// DOC
        child_certificate_hash_data: Vec<CertificateHashData> [1..=4],
    }

    /// DOC
    CertificateStatusRequestInfo {
        /// DOC
        certificate_hash_data: CertificateHashData,
        /// DOC
        source: CertificateStatusSource,
        /// DOC
        urls: Vec<Text> [1..=5; ..=2000],
    }

    /// DOC
    CertificateStatus {
        /// DOC
        certificate_hash_data: CertificateHashData,
        /// DOC
        source: CertificateStatusSource,
        /// DOC
        status: RevocationStatus,
        /// DOC
        next_update: DateTime,
    }
}

messages! { structs:
    /// DOC
    InstallCertificate (Csms, "CertificateManagement")
    InstallCertificateRequest {
        /// DOC
        certificate_type: InstallCertificateUse,
        /// DOC
        certificate: Text [..=10000] [V201 ..=5500],
    }
    InstallCertificateResponse {
        /// DOC
        status: InstallCertificateStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    GetInstalledCertificateIds (Csms, "CertificateManagement")
    GetInstalledCertificateIdsRequest {
        ;
        /// DOC
        certificate_type: Vec<GetCertificateIdUse> [1..],
    }
    GetInstalledCertificateIdsResponse {
        /// DOC
        status: GetInstalledCertificateStatus;
        /// DOC
        status_info: StatusInfo,
        /// DOC
        certificate_hash_data_chain: Vec<CertificateHashDataChain> [1..],
    }

    /// DOC
    DeleteCertificate (Csms, "CertificateManagement")
    DeleteCertificateRequest {
        /// DOC
        certificate_hash_data: CertificateHashData,
    }
    DeleteCertificateResponse {
        /// DOC
        status: DeleteCertificateStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    GetCertificateStatus (Station, "CertificateManagement")
    GetCertificateStatusRequest {
        /// DOC
        ocsp_request_data: OCSPRequestData,
    }
    GetCertificateStatusResponse {
        /// DOC
        status: GetCertificateStatus;
        /// DOC
        status_info: StatusInfo,
        /// DOC
        ocsp_result: Text [..=18000] [V201 ..=5500],
    }

    /// DOC
    GetCertificateChainStatus (Station, "CertificateManagement", V21)
    GetCertificateChainStatusRequest {
        /// DOC
        certificate_status_requests: Vec<CertificateStatusRequestInfo> [1..=4],
    }
    GetCertificateChainStatusResponse {
        /// DOC
        certificate_status: Vec<CertificateStatus> [1..=4],
    }

    /// DOC
    Get15118EVCertificate (Station, "CertificateManagement")
    Get15118EVCertificateRequest {
        /// DOC
        iso15118_schema_version: Text [..=50],
        /// DOC
        action: CertificateAction,
        /// DOC
        exi_request: Text [..=11000] [V201 ..=5600];
        /// DOC
        maximum_contract_certificate_chains: i32 [V21 0..],
        /// DOC
        prioritized_emai_ds: Vec<Text> [V21 1..=8; ..=255] = "prioritizedEMAIDs",
    }
    Get15118EVCertificateResponse {
        /// DOC
        status: Iso15118EVCertificateStatus,
        /// DOC
        exi_response: Text [..=17000] [V201 ..=5600];
        /// DOC
        status_info: StatusInfo,
        /// DOC
        remaining_contracts: i32 [V21 0..],
    }
}
