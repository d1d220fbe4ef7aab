use alloc::vec;

use pilotwire_messages::{Json, Version};

use super::{ID, card, commanded, replied};
use crate::domain::{
    AttributeKind, ChangeAvailabilityStatus, Command, DataTransfer, DataTransferAnswer, DataTransferStatus, EvseId,
    GenericDeviceModelStatus, GetVariableStatus, MessageTrigger, Place, Reply, ReportBase, ResetKind, ResetStatus,
    SetVariableStatus, TriggerMessageStatus, UnlockStatus, VariableId, VariableQuery, VariableResult, VariableSetting,
    VariableValue,
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
    Command::RequestStart { evse, token: card("AB12"), remote_start_id }
}

fn unlock(end_transaction: bool) -> Command {
    Command::Unlock { evse: EvseId(2), connector: 1, end_transaction }
}

fn reset(kind: ResetKind) -> Command {
    Command::Reset { kind, evse: None }
}

fn message() -> DataTransfer {
    DataTransfer { vendor_id: "org.example".into(), message_id: None, data: Some(Json::string("x")) }
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
        ] {
            assert_eq!(commanded(version, &command), command, "{version}");
        }
    }
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
            (&reset(ResetKind::Immediate), Reply::Reset(ResetStatus::Accepted)),
            (&reset(ResetKind::Immediate), Reply::Reset(ResetStatus::Rejected)),
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
fn replies_that_only_2x_has_are_heard_there_and_fitted_to_1_6() {
    let started = Reply::RequestStart { accepted: true, transaction: Some("tx-1".into()) };
    let report = Command::GetReport { request_id: 1, base: ReportBase::SummaryInventory };
    let ongoing = Reply::Unlock(UnlockStatus::OngoingAuthorizedTransaction);
    let scheduled = Reply::Reset(ResetStatus::Scheduled);
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
    assert_eq!(replied(Version::V16, &reset(ResetKind::Graceful), &scheduled), Reply::Reset(ResetStatus::Accepted));
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
