//! Functional block B: how the station reaches its CSMS, and reports by criteria.

use alloc::vec::Vec;

use super::{Component, GenericDeviceModelStatus, StatusInfo, Variable};
use crate::Text;

enums! {
    /// How the station shows itself to the mobile network.
    ApnAuthentication { PAP, CHAP, NONE, AUTO }

    /// A version that a connection speaks; newer ones are negotiated in the upgrade, whatever stands here.
    OcppVersion { OCPP12, OCPP15, OCPP16, OCPP20, OCPP201 [V21], OCPP21 [V21] }

    /// How OCPP is carried; this family knows JSON only.
    OcppTransport { SOAP, JSON }

    /// The network interface that a connection uses.
    OcppInterface { Wired0, Wired1, Wired2, Wired3, Wireless0, Wireless1, Wireless2, Wireless3, Any [V21] }

    /// The protocol of a virtual private network.
    VpnKind { IKEv2, IPSec, L2TP, PPTP }

    /// What the station makes of a connection profile (B09).
    SetNetworkProfileStatus { Accepted, Rejected, Failed }

    /// What a part must be to be reported; parts without such a variable count, except for `Problem` (B08).
    ComponentCriterion { Active, Available, Enabled, Problem }
}

structs! {
    /// The way into a mobile network.
    Apn {
        /// The access point, as a URL.
        apn: Text [..=2000] [V201 ..=512],
        /// How the station shows itself.
        apn_authentication: ApnAuthentication;
        /// The user.
        apn_user_name: Text [..=50] [V201 ..=20],
        /// The password.
        apn_password: Text [..=64] [V201 ..=20],
        /// The SIM card's PIN.
        sim_pin: i32,
        /// The network that is preferred: country and operator code.
        preferred_network: Text [..=6],
        /// Whether no other network will do; `false` if absent.
        use_only_preferred_network: bool,
    }

    /// A virtual private network.
    Vpn {
        /// Its server.
        server: Text [..=2000] [V201 ..=512],
        /// The user.
        user: Text [..=50] [V201 ..=20],
        /// The password.
        password: Text [..=64] [V201 ..=20],
        /// The shared key.
        key: Text [..=255],
        /// Its protocol.
        kind: VpnKind = "type";
        /// The user's group.
        group: Text [..=50] [V201 ..=20],
    }

    /// One way to the CSMS.
    NetworkConnectionProfile {
        /// Through which interface; the station may fall back on another.
        ocpp_interface: OcppInterface,
        /// How OCPP is carried.
        ocpp_transport: OcppTransport,
        /// Seconds that a CALL waits for its answer.
        message_timeout: i32,
        /// Where the CSMS listens; the station appends its identity.
        ocpp_csms_url: Text [..=2000] [V201 ..=512],
        /// Which security profile protects it.
        security_profile: i32 [0..] [V201 ..];
        /// Through this mobile network.
        apn: Apn,
        /// Which version it speaks; since 2.1 what is negotiated counts.
        ocpp_version: OcppVersion [V201 required],
        /// The identity that the station uses there; its usual one if absent.
        identity: Text [V21 ..=48],
        /// The password that it uses there; its usual one if absent.
        basic_auth_password: Text [V21 ..=64],
        /// Through this private network.
        vpn: Vpn,
    }

    /// A part of the station, or one of its properties (B08, N02).
    ComponentVariable {
        /// The part.
        component: Component;
        /// The property; all of them if absent.
        variable: Variable,
    }
}

messages! { structs:
    /// Sets one of the ways to the CSMS; which one is used when is a variable (B09).
    SetNetworkProfile (Csms, "Provisioning")
    SetNetworkProfileRequest {
        /// The slot that it is kept in.
        configuration_slot: i32,
        /// The way.
        connection_data: NetworkConnectionProfile,
    }
    SetNetworkProfileResponse { => SetNetworkProfileStatus }

    /// Asks for parts of the device model, by criteria (B08).
    GetReport (Csms, "Provisioning")
    GetReportRequest {
        /// Comes back in every part of the report.
        request_id: i32;
        /// Only these parts and properties; all if absent.
        component_variable: Vec<ComponentVariable> [1..],
        /// Only parts that meet at least one of these (B08.FR.13); all if absent.
        component_criteria: Vec<ComponentCriterion> [1..=4],
    }
    GetReportResponse {
        /// Whether a report follows.
        status: GenericDeviceModelStatus;
        /// Why.
        status_info: StatusInfo,
    }
}
