use alloc::boxed::Box;
use alloc::vec;

use pilotwire_messages::{Json, Version, v2};

use super::{ID, card, commanded, decimal, noon, replied, time};
use crate::domain::{
    AttributeKind, ChangeAvailabilityStatus, ChargingLimitSource, ChargingProfile, ChargingProfileKind,
    ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule, ChargingSchedulePeriod, Command, CompositeQuery,
    CompositeSchedule, DataTransfer, DataTransferAnswer, DataTransferStatus, EvseId, GenericDeviceModelStatus,
    GetVariableStatus, MessageTrigger, Place, ProfileCriteria, Reply, ReportBase, ResetKind, ResetStatus,
    SetVariableStatus, StatusInfo, TriggerMessageStatus, UnlockStatus, VariableId, VariableQuery, VariableResult,
    VariableSetting, VariableValue,
};

const V2: [Version; 2] = [Version::V201, Version::V21];

fn heartbeat() -> VariableId {
    VariableId::new("OCPPCommCtrlr", "HeartbeatInterval")
}

fn attempts() -> VariableId {
    VariableId::new("OCPPCommCtrlr", "MessageAttempts").instance("TransactionEvent")
}

fn query(id: VariableId) -> VariableQuery {
    VariableQuery { id, attribute: None }
}

fn setting(id: VariableId, value: &str) -> VariableSetting {
    VariableSetting { id, attribute: None, value: value.into() }
}

fn value(id: VariableId, status: GetVariableStatus, value: Option<&str>) -> VariableValue {
    VariableValue { query: query(id), status, value: value.map(Into::into), read_only: false }
}

fn start(evse: Option<EvseId>, remote_start_id: Option<i32>) -> Command {
    Command::RequestStart { evse, token: card("AB12"), remote_start_id, profile: None }
}

fn unlock(end_transaction: bool) -> Command {
    Command::Unlock { evse: EvseId(2), connector: 1, end_transaction }
}

fn reset(kind: ResetKind) -> Command {
    Command::Reset { kind, evse: None }
}

fn resetting(status: ResetStatus) -> Reply {
    Reply::Reset { status, why: None }
}

fn message() -> DataTransfer {
    DataTransfer { vendor_id: "org.example".into(), message_id: None, data: Some(Json::string("x")) }
}

/// A profile that every edition can carry.
pub(super) fn profile(purpose: ChargingProfilePurpose) -> ChargingProfile {
    let mut period = ChargingSchedulePeriod::new(0);
    (period.limit, period.number_phases) = (Some(decimal("16.5")), Some(3));
    let mut schedule = ChargingSchedule::new(1, ChargingRateUnit::A, vec![period]);
    (schedule.duration, schedule.start_schedule) = (Some(3_600), Some(noon()));
    let mut profile = ChargingProfile::new(5, 2, purpose, ChargingProfileKind::Recurring, vec![schedule]);
    profile.recurrency_kind = Some(v2::RecurrencyKind::Daily);
    (profile.valid_from, profile.valid_to) = (Some(noon()), Some(time("2026-02-01T00:00:00Z")));
    profile.transaction_id = Some("7".into());
    profile
}

fn set(purpose: ChargingProfilePurpose) -> Command {
    Command::SetChargingProfile { evse: EvseId(2), profile: Box::new(profile(purpose)) }
}

fn meant() -> ProfileCriteria {
    let purpose = Some(ChargingProfilePurpose::ChargingStationMaxProfile);
    ProfileCriteria { evse: Some(EvseId(0)), purpose, stack_level: Some(3), ..ProfileCriteria::default() }
}

fn query_schedule() -> CompositeQuery {
    CompositeQuery { evse: EvseId(2), duration_s: 60, unit: Some(ChargingRateUnit::W) }
}

fn change(place: Option<Place>, operative: bool) -> Command {
    Command::ChangeAvailability { place, operative }
}

fn trigger(message: MessageTrigger, place: Option<Place>) -> Command {
    Command::Trigger { message, place }
}

#[test]
fn commands_are_heard_as_they_were_given_in_every_edition() {
    let connector = Some(Place::connector(EvseId(2), 1));
    for version in Version::ALL {
        for command in [
            Command::RequestStop { transaction: "7".into() },
            trigger(MessageTrigger::BootNotification, None),
            trigger(MessageTrigger::Heartbeat, None),
            trigger(MessageTrigger::LogStatusNotification, None),
            trigger(MessageTrigger::FirmwareStatusNotification, None),
            trigger(MessageTrigger::MeterValues, connector),
            trigger(MessageTrigger::StatusNotification, connector),
            reset(ResetKind::Immediate),
            change(None, true),
            change(Some(Place::evse(EvseId(2))), false),
            Command::GetVariables(vec![query(heartbeat()), query(attempts())]),
            Command::SetVariables(vec![setting(heartbeat(), "60")]),
            Command::DataTransfer(message()),
            set(ChargingProfilePurpose::ChargingStationMaxProfile),
            set(ChargingProfilePurpose::TxDefaultProfile),
            set(ChargingProfilePurpose::TxProfile),
            Command::ClearChargingProfile(ProfileCriteria::id(5)),
            Command::ClearChargingProfile(meant()),
            Command::ClearChargingProfile(ProfileCriteria::default()),
            Command::GetCompositeSchedule(query_schedule()),
        ] {
            assert_eq!(commanded(version, &command), command, "{version}");
        }
    }
}

#[test]
fn replies_about_profiles_are_heard_as_they_were_given_in_every_edition() {
    let schedule = {
        let mut period = ChargingSchedulePeriod::new(0);
        (period.limit, period.number_phases) = (Some(decimal("16.5")), Some(1));
        CompositeSchedule::new(2, 60, noon(), ChargingRateUnit::W, vec![period])
    };
    for version in Version::ALL {
        for (command, reply) in [
            (set(ChargingProfilePurpose::TxProfile), Reply::SetChargingProfile { accepted: true, why: None }),
            (set(ChargingProfilePurpose::TxProfile), Reply::SetChargingProfile { accepted: false, why: None }),
            (Command::ClearChargingProfile(meant()), Reply::ClearChargingProfile { any: true }),
            (Command::ClearChargingProfile(meant()), Reply::ClearChargingProfile { any: false }),
            (
                Command::GetCompositeSchedule(query_schedule()),
                Reply::GetCompositeSchedule { schedule: Some(Box::new(schedule.clone())), why: None },
            ),
            (
                Command::GetCompositeSchedule(query_schedule()),
                Reply::GetCompositeSchedule { schedule: None, why: None },
            ),
        ] {
            assert_eq!(replied(version, &command, &reply), reply, "{version}");
        }
    }
}

#[test]
fn profiles_are_asked_for_in_2x_alone() {
    let criteria = ProfileCriteria {
        ids: vec![1, 2],
        sources: vec![ChargingLimitSource::EMS],
        ..ProfileCriteria { purpose: None, ..meant() }
    };
    let command = Command::GetChargingProfiles { request_id: 9, criteria };
    for version in V2 {
        assert_eq!(commanded(version, &command), command, "{version}");
        for any in [true, false] {
            let reply = Reply::GetChargingProfiles { any };
            assert_eq!(replied(version, &command, &reply), reply, "{version}");
        }
        let why = Some(StatusInfo::new("InvalidSchedule"));
        let denied = Reply::SetChargingProfile { accepted: false, why };
        assert_eq!(replied(version, &set(ChargingProfilePurpose::TxProfile), &denied), denied, "{version}");
    }
    assert!(super::super::write_command(Version::V16, ID, &command).is_err());
}

#[test]
fn what_only_2x_has_is_heard_there() {
    let mut id = VariableId::new("Connector", "Available");
    (id.evse, id.connector) = (Some(EvseId(1)), Some(2));
    id.component_instance = Some("main".into());
    let target = Some(AttributeKind::Target);
    for version in V2 {
        for command in [
            start(Some(EvseId(2)), Some(9)),
            start(None, Some(9)),
            unlock(false),
            reset(ResetKind::OnIdle),
            Command::Reset { kind: ResetKind::OnIdle, evse: Some(EvseId(1)) },
            trigger(MessageTrigger::TransactionEvent, Some(Place::evse(EvseId(1)))),
            change(Some(Place::connector(EvseId(2), 2)), false),
            Command::GetVariables(vec![VariableQuery { id: id.clone(), attribute: target.clone() }]),
            Command::SetVariables(vec![
                setting(heartbeat(), "60"),
                VariableSetting { id: id.clone(), attribute: target.clone(), value: "true".into() },
            ]),
            Command::GetReport { request_id: 3, base: ReportBase::FullInventory },
        ] {
            assert_eq!(commanded(version, &command), command, "{version}");
        }
    }
}

#[test]
fn what_only_1_6_has_is_heard_there() {
    for command in [
        start(Some(EvseId(2)), None),
        start(None, None),
        unlock(true),
        reset(ResetKind::Graceful),
        Command::GetAllVariables,
    ] {
        assert_eq!(commanded(Version::V16, &command), command);
    }
}

/// A host gives its commands without knowing the edition; these are the documented losses.
#[test]
fn commands_are_fitted_to_the_edition() {
    assert_eq!(commanded(Version::V16, &start(None, Some(9))), start(None, None));
    assert_eq!(commanded(Version::V201, &start(None, None)), start(None, Some(0)));
    assert_eq!(commanded(Version::V16, &unlock(false)), unlock(true));
    assert_eq!(commanded(Version::V21, &unlock(true)), unlock(false));
    assert_eq!(commanded(Version::V16, &reset(ResetKind::OnIdle)), reset(ResetKind::Graceful));
    assert_eq!(commanded(Version::V201, &reset(ResetKind::Graceful)), reset(ResetKind::Immediate));
}

#[test]
fn replies_are_heard_as_they_were_given_in_every_edition() {
    let answer = DataTransferAnswer { status: DataTransferStatus::Accepted, data: Some(Json::string("y")) };
    let stop = Command::RequestStop { transaction: "7".into() };
    let heartbeat_trigger = trigger(MessageTrigger::Heartbeat, None);
    let get = Command::GetVariables(vec![query(heartbeat()), query(attempts())]);
    let values = vec![
        value(heartbeat(), GetVariableStatus::Accepted, Some("300")),
        value(attempts(), GetVariableStatus::UnknownVariable, None),
    ];
    for version in Version::ALL {
        for accepted in [true, false] {
            let started = Reply::RequestStart { accepted, transaction: None };
            assert_eq!(replied(version, &start(None, Some(1)), &started), started);
            let stopped = Reply::RequestStop { accepted };
            assert_eq!(replied(version, &stop, &stopped), stopped);
        }
        for (command, reply) in [
            (&heartbeat_trigger, Reply::Trigger(TriggerMessageStatus::NotImplemented)),
            (&reset(ResetKind::Immediate), resetting(ResetStatus::Accepted)),
            (&reset(ResetKind::Immediate), resetting(ResetStatus::Rejected)),
            (&change(None, false), Reply::ChangeAvailability(ChangeAvailabilityStatus::Scheduled)),
            (&unlock(true), Reply::Unlock(UnlockStatus::Unlocked)),
            (&unlock(true), Reply::Unlock(UnlockStatus::UnlockFailed)),
            (&unlock(true), Reply::Unlock(UnlockStatus::UnknownConnector)),
            (&get, Reply::GetVariables(values.clone())),
            (&Command::DataTransfer(message()), Reply::DataTransfer(answer.clone())),
        ] {
            assert_eq!(replied(version, command, &reply), reply, "{version}");
        }
    }
}

#[test]
fn the_fate_of_a_setting_is_heard_as_exactly_as_the_edition_tells_it() {
    let command = Command::SetVariables(vec![setting(heartbeat(), "60")]);
    let reply = |status| Reply::SetVariables(vec![VariableResult { id: heartbeat(), attribute: None, status }]);
    use SetVariableStatus as Status;
    for (given, in_1_6) in [
        (Status::Accepted, Status::Accepted),
        (Status::Rejected, Status::Rejected),
        (Status::RebootRequired, Status::RebootRequired),
        (Status::UnknownComponent, Status::UnknownVariable),
        (Status::UnknownVariable, Status::UnknownVariable),
        (Status::NotSupportedAttributeType, Status::UnknownVariable),
    ] {
        for version in V2 {
            assert_eq!(replied(version, &command, &reply(given.clone())), reply(given.clone()));
        }
        assert_eq!(replied(Version::V16, &command, &reply(given)), reply(in_1_6));
    }
}

#[test]
fn why_a_reset_is_rejected_is_heard_in_2x() {
    let why = Some(StatusInfo::new("FwUpdateInProgress"));
    let rejected = Reply::Reset { status: ResetStatus::Rejected, why };
    for version in V2 {
        assert_eq!(replied(version, &reset(ResetKind::Immediate), &rejected), rejected, "{version}");
    }
    assert_eq!(replied(Version::V16, &reset(ResetKind::Immediate), &rejected), resetting(ResetStatus::Rejected));
}

#[test]
fn replies_that_only_2x_has_are_heard_there_and_fitted_to_1_6() {
    let started = Reply::RequestStart { accepted: true, transaction: Some("tx-1".into()) };
    let report = Command::GetReport { request_id: 1, base: ReportBase::SummaryInventory };
    let ongoing = Reply::Unlock(UnlockStatus::OngoingAuthorizedTransaction);
    let scheduled = resetting(ResetStatus::Scheduled);
    for version in V2 {
        for (command, reply) in [
            (&start(None, Some(1)), &started),
            (&report, &Reply::GetReport(GenericDeviceModelStatus::EmptyResultSet)),
            (&unlock(false), &ongoing),
            (&reset(ResetKind::OnIdle), &scheduled),
        ] {
            assert_eq!(replied(version, command, reply), *reply, "{version}");
        }
    }
    let unnamed = Reply::RequestStart { accepted: true, transaction: None };
    assert_eq!(replied(Version::V16, &start(None, None), &started), unnamed);
    assert_eq!(replied(Version::V16, &unlock(true), &ongoing), Reply::Unlock(UnlockStatus::UnlockFailed));
    assert_eq!(replied(Version::V16, &reset(ResetKind::Graceful), &scheduled), resetting(ResetStatus::Accepted));
}

/// F06.FR.12: statuses are those of a connector, so a place in 1.6 names one.
#[test]
fn a_trigger_for_an_evse_names_its_connector_in_1_6() {
    let whole = trigger(MessageTrigger::StatusNotification, Some(Place::evse(EvseId(2))));
    let one = trigger(MessageTrigger::StatusNotification, Some(Place::connector(EvseId(2), 1)));
    assert_eq!(commanded(Version::V16, &whole), one);
    assert_eq!(commanded(Version::V201, &whole), whole);
}

#[test]
fn a_reply_to_another_question_is_our_mistake() {
    for version in Version::ALL {
        let refused = super::super::write_reply(
            version,
            ID,
            &reset(ResetKind::Immediate),
            &Reply::RequestStop { accepted: true },
        );
        assert_eq!(refused.unwrap_err().code.name(version), "InternalError");
    }
}
