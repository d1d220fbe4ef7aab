//! Functional block B: how the station reaches its CSMS, and reports by criteria.

use alloc::vec::Vec;

use super::{Component, GenericDeviceModelStatus, StatusInfo, Variable};
use crate::Text;

enums! {
    /// DOC
    ApnAuthentication { PAP, CHAP, NONE, AUTO }

    /// DOC
    OcppVersion { OCPP12, OCPP15, OCPP16, OCPP20, OCPP201 [V21], OCPP21 [V21] }

    /// DOC
    OcppTransport { SOAP, JSON }

    /// DOC
    OcppInterface { Wired0, Wired1, Wired2, Wired3, Wireless0, Wireless1, Wireless2, Wireless3, Any [V21] }

    /// DOC
    VpnKind { IKEv2, IPSec, L2TP, PPTP }

    /// DOC
    SetNetworkProfileStatus { Accepted, Rejected, Failed }

    /// DOC
    ComponentCriterion { Active, Available, Enabled, Problem }
}

structs! {
    /// DOC
    Apn {
        /// DOC
        apn: Text [..=2000] [V201 ..=512],
        /// DOC
        apn_authentication: ApnAuthentication;
        /// DOC
        apn_user_name: Text [..=50] [V201 ..=20],
        /// DOC
        apn_password: Text [..=64] [V201 ..=20],
        /// DOC
        sim_pin: i32,
        /// DOC
        preferred_network: Text [..=6],
        /// DOC
        use_only_preferred_network: bool,
    }

    /// DOC
    Vpn {
        /// DOC
        server: Text [..=2000] [V201 ..=512],
        /// DOC
        user: Text [..=50] [V201 ..=20],
        /// DOC
        password: Text [..=64] [V201 ..=20],
        /// DOC
        key: Text [..=255],
        /// DOC
        kind: VpnKind = "type";
        /// DOC
        group: Text [..=50] [V201 ..=20],
    }

    /// DOC
    NetworkConnectionProfile {
        /// DOC
        ocpp_interface: OcppInterface,
        /// DOC
        ocpp_transport: OcppTransport,
        /// DOC
        message_timeout: i32,
        /// DOC
        ocpp_csms_url: Text [..=2000] [V201 ..=512],
        /// DOC
        security_profile: i32 [0..] [V201 ..];
        /// DOC
        apn: Apn,
        /// DOC
        ocpp_version: OcppVersion [V201 required],
        /// DOC
        identity: Text [V21 ..=48],
        /// DOC
        basic_auth_password: Text [V21 ..=64],
        /// DOC
        vpn: Vpn,
    }

    /// DOC
    ComponentVariable {
        /// DOC
        component: Component;
        /// DOC
        variable: Variable,
    }
}

messages! { structs:
    /// DOC
    SetNetworkProfile (Csms, "Provisioning")
    SetNetworkProfileRequest {
        /// DOC
        configuration_slot: i32,
        /// DOC
        connection_data: NetworkConnectionProfile,
    }
    SetNetworkProfileResponse {
        /// DOC
        status: SetNetworkProfileStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    GetReport (Csms, "Provisioning")
    GetReportRequest {
        /// DOC
        request_id: i32;
        /// DOC
        component_variable: Vec<ComponentVariable> [1..],
        /// DOC
        component_criteria: Vec<ComponentCriterion> [1..=4],
    }
    GetReportResponse {
        /// DOC
        status: GenericDeviceModelStatus;
        /// DOC
        status_info: StatusInfo,
    }
}
