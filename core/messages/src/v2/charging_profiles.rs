//! Functional block K: sending, reading and clearing charging profiles, and limits from elsewhere.

use alloc::vec::Vec;

use super::{
    ChargingProfile, ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule, ChargingSchedulePeriod, GenericStatus,
    StatusInfo,
};
use crate::{DateTime, Decimal, Text};

enums! {
    /// What the other side makes of a profile or of its new values (K01, K28).
    ChargingProfileStatus { Accepted, Rejected }

    /// Who set a limit or a profile. Since 2.1 a word of up to 20 characters; these are the standardized ones.
    ChargingLimitSource [V21 ..=20] { EMS, Other, SO, CSO }

    /// Whether any profile matched and reports will follow (K09).
    GetChargingProfileStatus { Accepted, NoProfiles }

    /// Whether any profile matched and is gone (K10).
    ClearChargingProfileStatus { Accepted, Unknown }

    /// Whether the station switches a transaction's priority charging (K21).
    PriorityChargingStatus { Accepted, Rejected, NoProfile }
}

structs! {
    /// Which profiles to report; all that is given must match (K09).
    ChargingProfileCriterion {
        ;
        /// For this purpose; any if absent.
        charging_profile_purpose: ChargingProfilePurpose,
        /// Of this rank; any if absent.
        stack_level: i32 [0..] [V201 ..],
        /// With one of these ids; any if absent. The other members are not needed then (K09.FR.03).
        charging_profile_id: Vec<i32> [1..],
        /// Set by one of these; by anybody if absent.
        charging_limit_source: Vec<ChargingLimitSource> [1..=4] [V201 1..=4],
    }

    /// Which profiles to clear; all that is given must match (K10).
    ClearChargingProfile {
        ;
        /// Of this EVSE; 0 is the station as a whole, any if absent.
        evse_id: i32 [0..] [V201 ..],
        /// For this purpose; any if absent. External constraints and local generation stay (K10.FR.06).
        charging_profile_purpose: ChargingProfilePurpose,
        /// Of this rank; any if absent.
        stack_level: i32 [0..] [V201 ..],
    }

    /// What the station expects to draw, as all profiles and limits together allow (K08).
    CompositeSchedule {
        /// The EVSE; 0 for what is drawn from the grid.
        evse_id: i32 [0..] [V201 ..],
        /// Seconds that it covers.
        duration: i32,
        /// What its steps count from.
        schedule_start: DateTime,
        /// What limits are counted in.
        charging_rate_unit: ChargingRateUnit,
        /// The steps, in order.
        charging_schedule_period: Vec<ChargingSchedulePeriod> [1..],
    }

    /// A limit from outside of the CSMS (K11, K12).
    ChargingLimit {
        /// Who set it; never `CSO` (K11.FR.05).
        charging_limit_source: ChargingLimitSource [V201 ..];
        /// Whether it is extra capacity from local generation (K27), rather than a restriction.
        is_local_generation: bool [V21],
        /// Whether the grid depends on it.
        is_grid_critical: bool,
    }

    /// New values for the only step of a dynamic profile, in its schedule's unit (K28).
    ChargingScheduleUpdate {
        ;
        /// The most that the car may take: over all phases, or of phase L1 if others are given.
        limit: Decimal,
        /// Of phase L2.
        limit_l2: Decimal = "limit_L2",
        /// Of phase L3.
        limit_l3: Decimal = "limit_L3",
        /// The most that the car may give, as a negative number; phases as for `limit`.
        discharge_limit: Decimal [..=0],
        /// Of phase L2.
        discharge_limit_l2: Decimal [..=0] = "dischargeLimit_L2",
        /// Of phase L3.
        discharge_limit_l3: Decimal [..=0] = "dischargeLimit_L3",
        /// What the car shall take, or give if negative; phases as for `limit`.
        setpoint: Decimal,
        /// Of phase L2.
        setpoint_l2: Decimal = "setpoint_L2",
        /// Of phase L3.
        setpoint_l3: Decimal = "setpoint_L3",
        /// Reactive power (var) or current (A): inductive if positive, capacitive if negative; phases as for `limit`.
        setpoint_reactive: Decimal,
        /// Of phase L2.
        setpoint_reactive_l2: Decimal = "setpointReactive_L2",
        /// Of phase L3.
        setpoint_reactive_l3: Decimal = "setpointReactive_L3",
    }
}

messages! { structs:
    /// Gives the station a profile; it replaces one of the same id (K01).
    SetChargingProfile (Csms, "Smart Charging")
    SetChargingProfileRequest {
        /// The EVSE; 0 is each of them for `TxDefaultProfile` and `PriorityCharging`, else the whole station (K01).
        evse_id: i32 [0..] [V201 ..],
        /// The profile.
        charging_profile: ChargingProfile,
    }
    SetChargingProfileResponse { => ChargingProfileStatus }

    /// Asks for reports of the profiles in the station (K09).
    GetChargingProfiles (Csms, "Smart Charging")
    GetChargingProfilesRequest {
        /// Comes back in every report.
        request_id: i32,
        /// Which profiles.
        charging_profile: ChargingProfileCriterion;
        /// The EVSE; 0 for profiles of the station itself, all if absent.
        evse_id: i32 [0..] [V201 ..],
    }
    GetChargingProfilesResponse {
        /// Whether reports follow.
        status: GetChargingProfileStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// Brings profiles that were asked for, from one source and for one EVSE (K09).
    ReportChargingProfiles (Station, "Smart Charging")
    ReportChargingProfilesRequest {
        /// The request that it answers.
        request_id: i32,
        /// Who set these profiles.
        charging_limit_source: ChargingLimitSource [V201 ..],
        /// The profiles.
        charging_profile: Vec<ChargingProfile> [1..],
        /// The EVSE that they are for; 0 is the station as a whole.
        evse_id: i32 [0..] [V201 ..];
        /// Whether another report follows; `false` if absent.
        tbc: bool,
    }
    ReportChargingProfilesResponse {}

    /// Removes one profile, or those that match (K10).
    ClearChargingProfile (Csms, "Smart Charging")
    ClearChargingProfileRequest {
        ;
        /// The one profile to remove.
        charging_profile_id: i32,
        /// Which profiles to remove, where no id is given.
        charging_profile_criteria: ClearChargingProfile,
    }
    ClearChargingProfileResponse {
        /// Whether anything was removed.
        status: ClearChargingProfileStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// Asks what follows from all profiles and limits together, from now on (K08).
    GetCompositeSchedule (Csms, "Smart Charging")
    GetCompositeScheduleRequest {
        /// How many seconds it shall cover.
        duration: i32,
        /// The EVSE; 0 for what is drawn from the grid.
        evse_id: i32 [0..] [V201 ..];
        /// The unit wanted; the station chooses if absent.
        charging_rate_unit: ChargingRateUnit,
    }
    GetCompositeScheduleResponse {
        /// The verdict.
        status: GenericStatus;
        /// Why.
        status_info: StatusInfo,
        /// The schedule; absent only if rejected.
        schedule: CompositeSchedule,
    }

    /// Tells of a limit that somebody else than the CSMS set (K11, K12).
    NotifyChargingLimit (Station, "Smart Charging")
    NotifyChargingLimitRequest {
        /// Who set it, and how it is meant.
        charging_limit: ChargingLimit;
        /// The limits over time, if the station is set up to send them (K11.FR.03).
        charging_schedule: Vec<ChargingSchedule> [1..],
        /// The EVSE; 0 or absent for the station as a whole.
        evse_id: i32 [0..] [V201 ..],
    }
    NotifyChargingLimitResponse {}

    /// Tells that a limit from outside is gone (K13).
    ClearedChargingLimit (Station, "Smart Charging")
    ClearedChargingLimitRequest {
        /// Who had set it.
        charging_limit_source: ChargingLimitSource [V201 ..];
        /// The EVSE that it was for.
        evse_id: i32 [0..] [V201 ..],
    }
    ClearedChargingLimitResponse {}

    /// Switches a transaction to the profile for priority charging, or back (K21).
    UsePriorityCharging (Csms, "Smart Charging", V21)
    UsePriorityChargingRequest {
        /// The transaction.
        transaction_id: Text [..=36],
        /// `true` to begin, `false` to end.
        activate: bool,
    }
    UsePriorityChargingResponse { => PriorityChargingStatus }

    /// Tells that priority charging began or ended (K21, K22).
    NotifyPriorityCharging (Station, "Smart Charging", V21)
    NotifyPriorityChargingRequest {
        /// The transaction.
        transaction_id: Text [..=36],
        /// `true` if it began, `false` if it ended.
        activated: bool,
    }
    NotifyPriorityChargingResponse {}

    /// Gives a dynamic profile new values, which hold at once (K28).
    UpdateDynamicSchedule (Csms, "Smart Charging", V21)
    UpdateDynamicScheduleRequest {
        /// The profile.
        charging_profile_id: i32,
        /// The new values.
        schedule_update: ChargingScheduleUpdate,
    }
    UpdateDynamicScheduleResponse { => ChargingProfileStatus }

    /// Asks for new values of a dynamic profile, once per update interval (K28).
    PullDynamicScheduleUpdate (Station, "Smart Charging", V21)
    PullDynamicScheduleUpdateRequest {
        /// The profile.
        charging_profile_id: i32,
    }
    PullDynamicScheduleUpdateResponse {
        /// The verdict; `Rejected` if the profile is unknown or not dynamic (K28.FR.12).
        status: ChargingProfileStatus;
        /// The new values; absent if the CSMS has none.
        schedule_update: ChargingScheduleUpdate,
        /// Why.
        status_info: StatusInfo,
    }
}
