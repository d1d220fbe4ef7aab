use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use pilotwire_messages::{Json, Version, v2};

use super::super::register::register_wh;
use super::{answered, card, decimal, event, heard, info, measured, noon, sample, time, written};
use crate::domain::{
    Answer, Boot, BootReason, ChargingLimitSource, ChargingNeeds, ChargingProfilePurpose, ChargingState,
    ConnectorReport, ConnectorStatus, DataTransfer, DataTransferAnswer, DataTransferStatus, EvNeeds, EvSchedule,
    EventsPart, EvseId, ExternalLimit, IdToken, IdTokenKind, Measurand, MeterValue, Occupation, Problem,
    ProfilesReport, ReadingContext, RegistrationStatus, ReportPart, ReportedVariable, Request, StationIdentity,
    StoppedReason, TransactionAnswer, TransactionEvent, TransactionStage, TriggerReason, VariableId,
};

const V2: [Version; 2] = [Version::V201, Version::V21];

fn boot(reason: BootReason) -> Request {
    let identity = StationIdentity {
        model: "Post".into(),
        vendor: "Maker".into(),
        serial_number: Some("S-1".into()),
        firmware_version: Some("1.0".into()),
        iccid: Some("8949".into()),
        imsi: Some("262".into()),
    };
    Request::Boot(Boot { identity, reason })
}

fn report(status: ConnectorStatus, occupation: Occupation, problem: Option<Problem>) -> ConnectorReport {
    ConnectorReport { evse: EvseId(2), connector: 1, at: Some(noon()), status, occupation, problem }
}

fn message() -> DataTransfer {
    DataTransfer {
        vendor_id: "org.example".into(),
        message_id: Some("hello".into()),
        data: Some(Json::string("wörld \"1\"")),
    }
}

fn energy(value: &str, context: ReadingContext) -> v2::SampledValue {
    let mut sample = sample(value, Some(Measurand::EnergyActiveImportRegister), "Wh");
    sample.context = Some(context);
    sample
}

#[test]
fn a_boot_is_heard_as_it_was_told_and_1_6_tells_no_reason() {
    for version in V2 {
        assert_eq!(heard(version, &boot(BootReason::PowerUp)), boot(BootReason::PowerUp));
    }
    assert_eq!(heard(Version::V16, &boot(BootReason::PowerUp)), boot(BootReason::Unknown));
}

#[test]
fn small_requests_are_heard_as_they_were_told() {
    let meter = Request::MeterValues {
        evse: EvseId(0),
        values: measured(vec![sample("230.1", Some(Measurand::Voltage), "V")]),
    };
    for version in Version::ALL {
        for request in
            [Request::Heartbeat, Request::Authorize(card("AB12")), Request::DataTransfer(message()), meter.clone()]
        {
            assert_eq!(heard(version, &request), request, "{version}");
        }
    }
}

#[test]
fn every_status_of_a_connector_is_heard_in_1_6_with_its_details() {
    let problem = Problem { code: "GroundFailure".into(), info: Some("RCD".into()) };
    let own = Problem { code: "E42".into(), info: None };
    let reports = [
        report(ConnectorStatus::Available, Occupation::Free, None),
        report(ConnectorStatus::Occupied, Occupation::Preparing, None),
        report(ConnectorStatus::Occupied, Occupation::Charging, None),
        report(ConnectorStatus::Occupied, Occupation::SuspendedEv, None),
        report(ConnectorStatus::Occupied, Occupation::SuspendedEvse, None),
        report(ConnectorStatus::Occupied, Occupation::Disconnected, None),
        report(ConnectorStatus::Occupied, Occupation::Finishing, None),
        report(ConnectorStatus::Reserved, Occupation::Free, None),
        report(ConnectorStatus::Unavailable, Occupation::Free, None),
        report(ConnectorStatus::Faulted, Occupation::Free, Some(problem)),
        report(ConnectorStatus::Faulted, Occupation::Free, Some(own)),
    ];
    for report in reports {
        let request = Request::Status(report.clone());
        assert_eq!(heard(Version::V16, &request), request);
        for version in V2 {
            let Request::Status(read) = heard(version, &request) else { panic!() };
            assert_eq!((read.status, read.at, read.problem), (report.status.clone(), report.at, None));
        }
    }
}

#[test]
fn the_station_as_a_whole_has_connector_0_in_1_6() {
    let mut report = report(ConnectorStatus::Available, Occupation::Free, None);
    (report.evse, report.connector) = (EvseId(0), 0);
    assert_eq!(heard(Version::V16, &Request::Status(report.clone())), Request::Status(report));
}

#[test]
fn an_occupied_connector_of_2x_is_taken_for_preparing() {
    let charging = Request::Status(report(ConnectorStatus::Occupied, Occupation::Charging, None));
    for version in V2 {
        let Request::Status(read) = heard(version, &charging) else { panic!() };
        assert_eq!(read.occupation, Occupation::Preparing);
    }
}

fn started() -> TransactionEvent {
    TransactionEvent {
        charging_state: Some(ChargingState::EVConnected),
        id_token: Some(card("AB12")),
        remote_start_id: Some(5),
        offline: true,
        register_wh: Some(decimal("1234.567")),
        meter_values: measured(vec![energy("1234.567", ReadingContext::TransactionBegin)]),
        ..event(TransactionStage::Started, TriggerReason::RemoteStart)
    }
}

fn ended() -> TransactionEvent {
    TransactionEvent {
        stopped_reason: Some(StoppedReason::EVDisconnected),
        id_token: Some(card("AB12")),
        register_wh: Some(decimal("2000")),
        meter_values: measured(vec![energy("2000", ReadingContext::TransactionEnd)]),
        ..event(TransactionStage::Ended, TriggerReason::EVCommunicationLost)
    }
}

#[test]
fn transactions_of_2x_are_heard_as_they_were_told() {
    let updated = TransactionEvent {
        meter_values: measured(vec![energy("1500", ReadingContext::SamplePeriodic)]),
        register_wh: Some(decimal("1500")),
        ..event(TransactionStage::Updated, TriggerReason::MeterValuePeriodic)
    };
    for version in V2 {
        for event in [started(), updated.clone(), ended()] {
            let request = Request::Transaction(Box::new(event));
            assert_eq!(heard(version, &request), request, "{version}");
        }
    }
}

/// What 1.6 does not say: see the losses of that dialect.
#[test]
fn transactions_of_1_6_are_heard_up_to_what_it_cannot_say() {
    let heard_of = |event: TransactionEvent| heard(Version::V16, &Request::Transaction(Box::new(event)));
    let begun = TransactionEvent {
        transaction: "".into(),
        seq_no: None,
        trigger: TriggerReason::Authorized,
        offline: false,
        charging_state: None,
        remote_start_id: None,
        register_wh: Some(decimal("1235")),
        meter_values: Vec::new(),
        ..started()
    };
    assert_eq!(heard_of(started()), Request::Transaction(Box::new(begun)));

    let over = TransactionEvent { transaction: "7".into(), seq_no: None, evse: None, connector: None, ..ended() };
    assert_eq!(heard_of(ended()), Request::Transaction(Box::new(over)));

    let updated = TransactionEvent {
        meter_values: measured(vec![energy("1500", ReadingContext::SampleClock)]),
        register_wh: Some(decimal("1500")),
        ..event(TransactionStage::Updated, TriggerReason::MeterValueClock)
    };
    let measured = TransactionEvent { transaction: "7".into(), seq_no: None, ..updated.clone() };
    assert_eq!(heard_of(updated), Request::Transaction(Box::new(measured)));
}

#[test]
fn a_report_is_heard_as_it_was_told_except_in_1_6() {
    let mut id = VariableId::new("Connector", "Voltage").instance("L1");
    id.component_instance = Some("left".into());
    (id.evse, id.connector) = (Some(EvseId(1)), Some(1));
    let variable = ReportedVariable {
        id,
        value: Some("230".into()),
        mutability: v2::Mutability::ReadOnly,
        data_type: v2::DataKind::Decimal,
        unit: Some("V".into()),
        persistent: true,
        values_list: Some("1,2".into()),
        max_limit: None,
    };
    let secret = ReportedVariable {
        id: VariableId::new("SecurityCtrlr", "BasicAuthPassword"),
        value: None,
        mutability: v2::Mutability::WriteOnly,
        data_type: v2::DataKind::String,
        unit: None,
        persistent: false,
        values_list: None,
        max_limit: Some(decimal("40")),
    };
    let request = Request::Report(ReportPart {
        request_id: 4,
        seq_no: 0,
        to_be_continued: true,
        generated_at: noon(),
        variables: vec![variable, secret],
    });
    for version in V2 {
        assert_eq!(heard(version, &request), request);
        assert_eq!(answered(version, &request, &Answer::Done), Answer::Done);
    }
    let refused = super::super::write_request(Version::V16, "1", &request, super::NAMES).unwrap_err();
    assert_eq!(refused.code.name(Version::V16), "NotSupported");
}

#[test]
fn what_variables_did_is_heard_as_it_was_told() {
    let events = vec![v2::EventData::new(
        1,
        noon(),
        v2::EventTrigger::Delta,
        "Available",
        v2::Component::new("Connector"),
        v2::EventNotificationKind::HardWiredNotification,
        v2::Variable::new("AvailabilityState"),
    )];
    let request = Request::Events(EventsPart { seq_no: 2, to_be_continued: true, generated_at: noon(), events });
    for version in V2 {
        assert_eq!(heard(version, &request), request);
        assert_eq!(answered(version, &request, &Answer::Done), Answer::Done);
    }
    let refused = super::super::write_request(Version::V16, "1", &request, super::NAMES).unwrap_err();
    assert_eq!(refused.code.name(Version::V16), "NotSupported");
}

#[test]
fn answers_are_heard_as_they_were_given() {
    let status = Request::Status(report(ConnectorStatus::Available, Occupation::Free, None));
    let meter = Request::MeterValues { evse: EvseId(1), values: measured(vec![sample("1", None, "Wh")]) };
    let boot_answer = |status| Answer::Boot { status, time: noon(), interval_s: 300 };
    let data = DataTransferAnswer { status: DataTransferStatus::UnknownMessageId, data: Some(Json::string("no")) };
    for version in Version::ALL {
        for (request, answer) in [
            (boot(BootReason::Unknown), boot_answer(RegistrationStatus::Pending)),
            (boot(BootReason::Unknown), boot_answer(RegistrationStatus::Accepted)),
            (Request::Heartbeat, Answer::Heartbeat { time: noon() }),
            (Request::Authorize(card("A")), Answer::Authorize(info("ConcurrentTx"))),
            (Request::DataTransfer(message()), Answer::DataTransfer(data.clone())),
            (status.clone(), Answer::Done),
            (meter.clone(), Answer::Done),
        ] {
            assert_eq!(answered(version, &request, &answer), answer, "{version}");
        }
    }
}

#[test]
fn the_answer_to_a_start_names_the_transaction_in_1_6_only() {
    let answer = |info, id: Option<&str>| {
        Answer::Transaction(TransactionAnswer { id_token_info: info, transaction: id.map(Into::into) })
    };
    let start = Request::Transaction(Box::new(started()));
    let given = answer(Some(info("Blocked")), Some("7"));
    assert_eq!(answered(Version::V16, &start, &given), given);
    for version in V2 {
        assert_eq!(answered(version, &start, &given), answer(Some(info("Blocked")), None));
    }

    let end = Request::Transaction(Box::new(ended()));
    let update = Request::Transaction(Box::new(event(TransactionStage::Updated, TriggerReason::ChargingStateChanged)));
    for version in Version::ALL {
        for (request, given) in
            [(&end, answer(Some(info("Accepted")), None)), (&end, answer(None, None)), (&update, answer(None, None))]
        {
            assert_eq!(answered(version, request, &given), given, "{version}");
        }
    }
}

#[test]
fn what_only_2x_knows_of_a_token_makes_it_invalid_in_1_6() {
    let request = Request::Authorize(card("A"));
    for status in ["NoCredit", "NotAtThisTime", "NotAtThisLocation", "NotAllowedTypeEVSE", "Unknown"] {
        let answer = Answer::Authorize(info(status));
        assert_eq!(answered(Version::V16, &request, &answer), Answer::Authorize(info("Invalid")));
        assert_eq!(answered(Version::V201, &request, &answer), answer);
    }
}

#[test]
fn tokens_of_other_kinds_become_cards_in_1_6() {
    let request = Request::Authorize(IdToken::new("1234", IdTokenKind::KeyCode));
    assert_eq!(heard(Version::V201, &request), request);
    assert_eq!(heard(Version::V16, &request), Request::Authorize(card("1234")));
}

/// E02.FR.09: the register is in the meter values, in whatever unit.
#[test]
fn the_register_is_found_in_meter_values() {
    let of = |sample: v2::SampledValue| register_wh(TransactionStage::Updated, &measured(vec![sample]));
    let plain = || sample("1.5", None, "kWh");
    assert_eq!(of(plain()), Some(decimal("1500")));
    assert_eq!(of(sample("1500.25", Some(Measurand::EnergyActiveImportRegister), "Wh")), Some(decimal("1500.25")));

    let mut raised = plain();
    raised.unit_of_measure.as_mut().unwrap().multiplier = Some(-3);
    assert_eq!(of(raised), Some(decimal("1.5")));
    let mut unitless = plain();
    unitless.unit_of_measure = None;
    assert_eq!(of(unitless), Some(decimal("1.5")));

    let mut of_a_phase = plain();
    of_a_phase.phase = Some(v2::Phase::L1);
    assert_eq!(of(of_a_phase), None);
    let mut immense = plain();
    immense.unit_of_measure.as_mut().unwrap().multiplier = Some(i32::MAX);
    assert_eq!(of(immense), None);
    assert_eq!(of(sample("1", Some(Measurand::PowerActiveImport), "W")), None);
    assert_eq!(of(sample("1", None, "varh")), None);
}

#[test]
fn of_several_registers_that_of_the_stage_is_taken() {
    let at = |minute: &str, value: &str, context| {
        MeterValue::new(time(&alloc::format!("2026-01-31T12:{minute}:00Z")), vec![energy(value, context)])
    };
    let values = [
        at("30", "300", ReadingContext::TransactionEnd),
        at("00", "100", ReadingContext::TransactionBegin),
        at("40", "400", ReadingContext::SampleClock),
        at("15", "200", ReadingContext::SamplePeriodic),
    ];
    assert_eq!(register_wh(TransactionStage::Started, &values), Some(decimal("100")));
    assert_eq!(register_wh(TransactionStage::Ended, &values), Some(decimal("300")));
    assert_eq!(register_wh(TransactionStage::Updated, &values), Some(decimal("400")));
    assert_eq!(register_wh(TransactionStage::Ended, &values[2..]), Some(decimal("400")));
}

#[test]
fn the_outlet_is_what_the_vehicle_got() {
    let mut inlet = energy("999", ReadingContext::SamplePeriodic);
    inlet.location = Some(v2::Location::Inlet);
    let outlet = energy("900", ReadingContext::SamplePeriodic);
    let both = measured(vec![outlet, inlet.clone()]);
    assert_eq!(register_wh(TransactionStage::Updated, &both), Some(decimal("900")));
    assert_eq!(register_wh(TransactionStage::Updated, &measured(vec![inlet])), Some(decimal("999")));
}

/// K09, K11–K13, K15: 1.6 has none of it.
#[test]
fn profiles_limits_and_vehicles_are_told_in_2x() {
    let profile = super::commands::profile(ChargingProfilePurpose::ChargingStationExternalConstraints);
    let schedule = profile.charging_schedule[0].clone();
    let limit = ExternalLimit {
        evse: EvseId(1),
        source: ChargingLimitSource::EMS,
        is_grid_critical: Some(true),
        is_local_generation: false,
        schedules: vec![schedule.clone()],
    };
    let report = ProfilesReport {
        request_id: 4,
        source: ChargingLimitSource::SO,
        evse: EvseId(0),
        profiles: vec![profile],
        to_be_continued: true,
    };
    let mut needs = ChargingNeeds::new(v2::EnergyTransferMode::ACThreePhase);
    needs.departure_time = Some(noon());
    let needs = EvNeeds { evse: EvseId(1), needs: Box::new(needs), max_schedule_tuples: Some(12) };
    let plan = EvSchedule { evse: EvseId(1), time_base: noon(), schedule: Box::new(schedule), selected: None };
    let accepted = v2::NotifyEvChargingNeedsStatus::Accepted;
    for version in [Version::V201, Version::V21] {
        for (request, answer) in [
            (Request::ChargingProfiles(report.clone()), Answer::Done),
            (Request::ChargingLimit(limit.clone()), Answer::Done),
            (Request::ChargingLimitCleared { evse: EvseId(1), source: ChargingLimitSource::EMS }, Answer::Done),
            (Request::EvNeeds(needs.clone()), Answer::EvNeeds(accepted.clone())),
            (Request::EvSchedule(plan.clone()), Answer::EvSchedule { accepted: false }),
        ] {
            assert_eq!(heard(version, &request), request, "{version}");
            assert_eq!(answered(version, &request, &answer), answer, "{version}");
        }
    }
    assert_eq!(written(Version::V16, &Request::ChargingLimit(limit)), None, "nobody hears it");
}
