//! The frames that all peers read and write: made here, as large as those of the field.

/// A frame and its name.
pub struct Frame {
    /// Version and message.
    pub name: &'static str,
    /// The text of the CALL.
    pub text: String,
}

fn call(name: &'static str, action: &str, payload: &str) -> Frame {
    Frame { name, text: format!(r#"[2,"5b1bd4bc-3c4e-4a8e-9d2c-7d6a0e3f9c11","{action}",{payload}]"#) }
}

fn joined(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

const MEASURANDS: [(&str, &str); 10] = [
    ("Energy.Active.Import.Register", "Wh"),
    ("Power.Active.Import", "W"),
    ("Current.Import", "A"),
    ("Current.Offered", "A"),
    ("Voltage", "V"),
    ("SoC", "Percent"),
    ("Power.Reactive.Export", "var"),
    ("Power.Offered", "W"),
    ("Energy.Active.Import.Interval", "Wh"),
    ("Power.Reactive.Import", "var"),
];

fn boot_16() -> Frame {
    let payload = r#"{"chargePointVendor":"Example Vendor GmbH","chargePointModel":"Twin Post 22","chargePointSerialNumber":"TP22-2026-000417","chargeBoxSerialNumber":"CB-0000417","firmwareVersion":"4.12.0-rc3+build.1187","iccid":"89490200001234567890","imsi":"262021234567890","meterType":"MID three phase","meterSerialNumber":"EM-77120045"}"#;
    call("1.6 BootNotification", "BootNotification", payload)
}

fn meter_16() -> Frame {
    let value = |at: usize| {
        let (measurand, unit) = MEASURANDS[at];
        format!(
            r#"{{"value":"{}.{at}","context":"Sample.Periodic","format":"Raw","measurand":"{measurand}","location":"Outlet","unit":"{unit}"}}"#,
            2900 + at
        )
    };
    let values = joined(10, value);
    let payload = format!(
        r#"{{"connectorId":1,"transactionId":4711,"meterValue":[{{"timestamp":"2026-03-01T10:00:00.000Z","sampledValue":[{values}]}}]}}"#
    );
    call("1.6 MeterValues, 10 values", "MeterValues", &payload)
}

fn profile_16() -> Frame {
    let periods = joined(24, |at| format!(r#"{{"startPeriod":{},"limit":{}.5,"numberPhases":3}}"#, at * 3600, 6 + at));
    let payload = format!(
        r#"{{"connectorId":1,"csChargingProfiles":{{"chargingProfileId":17,"stackLevel":2,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Recurring","recurrencyKind":"Daily","validFrom":"2026-01-01T00:00:00.000Z","validTo":"2026-12-31T00:00:00.000Z","chargingSchedule":{{"duration":86400,"startSchedule":"2026-01-01T00:00:00.000Z","chargingRateUnit":"A","chargingSchedulePeriod":[{periods}],"minChargingRate":6.0}}}}}}"#
    );
    call("1.6 SetChargingProfile, 24 periods", "SetChargingProfile", &payload)
}

fn boot_201() -> Frame {
    let payload = r#"{"reason":"PowerUp","chargingStation":{"model":"Twin Post 22","vendorName":"Example Vendor GmbH","serialNumber":"TP22-2026-000417","firmwareVersion":"4.12.0-rc3+build.1187","modem":{"iccid":"89490200001234567890","imsi":"262021234567890"}}}"#;
    call("2.0.1 BootNotification", "BootNotification", payload)
}

fn event_values() -> String {
    joined(10, |at| {
        let (measurand, unit) = MEASURANDS[at];
        format!(
            r#"{{"value":{}.{at},"context":"Sample.Periodic","measurand":"{measurand}","location":"Outlet","unitOfMeasure":{{"unit":"{unit}","multiplier":0}}}}"#,
            2900 + at
        )
    })
}

fn event_201() -> Frame {
    let values = event_values();
    let payload = format!(
        r#"{{"eventType":"Updated","timestamp":"2026-03-01T10:00:00.000Z","triggerReason":"MeterValuePeriodic","seqNo":42,"offline":false,"numberOfPhasesUsed":3,"transactionInfo":{{"transactionId":"7d1f3c2e-55aa-4a8e-9d2c-1b2c3d4e5f60","chargingState":"Charging","timeSpentCharging":1800}},"evse":{{"id":1,"connectorId":1}},"idToken":{{"idToken":"04A1B2C3D4E5F6","type":"ISO14443"}},"meterValue":[{{"timestamp":"2026-03-01T10:00:00.000Z","sampledValue":[{values}]}}]}}"#
    );
    call("2.0.1 TransactionEvent, 10 values", "TransactionEvent", &payload)
}

fn report_201() -> Frame {
    let variable = |at: usize| {
        format!(
            r#"{{"component":{{"name":"ChargingStation","instance":"Module{at}","evse":{{"id":{},"connectorId":1}}}},"variable":{{"name":"SupplyVoltage","instance":"L{at}"}},"variableAttribute":[{{"type":"Actual","value":"{}.5","mutability":"ReadOnly","persistent":false,"constant":false}}],"variableCharacteristics":{{"unit":"V","dataType":"decimal","minLimit":0,"maxLimit":500.5,"supportsMonitoring":true}}}}"#,
            1 + at % 2,
            220 + at
        )
    };
    let variables = joined(20, variable);
    let payload = format!(
        r#"{{"requestId":7,"generatedAt":"2026-03-01T10:00:00.000Z","seqNo":0,"tbc":true,"reportData":[{variables}]}}"#
    );
    call("2.0.1 NotifyReport, 20 variables", "NotifyReport", &payload)
}

fn profile_201() -> Frame {
    let periods = joined(24, |at| format!(r#"{{"startPeriod":{},"limit":{}.5,"numberPhases":3}}"#, at * 3600, 6 + at));
    let payload = format!(
        r#"{{"evseId":1,"chargingProfile":{{"id":17,"stackLevel":2,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Recurring","recurrencyKind":"Daily","validFrom":"2026-01-01T00:00:00.000Z","validTo":"2026-12-31T00:00:00.000Z","chargingSchedule":[{{"id":1,"duration":86400,"startSchedule":"2026-01-01T00:00:00.000Z","chargingRateUnit":"A","chargingSchedulePeriod":[{periods}],"minChargingRate":6.0}}]}}}}"#
    );
    call("2.0.1 SetChargingProfile, 24 periods", "SetChargingProfile", &payload)
}

fn stop_16() -> Frame {
    let value = |at: usize| {
        format!(
            r#"{{"timestamp":"2026-03-01T{:02}:00:00.000Z","sampledValue":[{{"value":"{}","context":"Transaction.End","unit":"Wh"}}]}}"#,
            10 + at,
            2900 + at
        )
    };
    let payload = format!(
        r#"{{"meterStop":4711,"timestamp":"2026-03-01T12:00:00.000Z","transactionId":99,"idTag":"04A1B2C3","reason":"Local","transactionData":[{}]}}"#,
        joined(2, value)
    );
    call("1.6 StopTransaction", "StopTransaction", &payload)
}

fn event_21() -> Frame {
    let values = event_values();
    let payload = format!(
        r#"{{"eventType":"Ended","timestamp":"2026-03-01T10:00:00.000Z","triggerReason":"StopAuthorized","seqNo":43,"transactionInfo":{{"transactionId":"7d1f3c2e-55aa-4a8e-9d2c-1b2c3d4e5f60","chargingState":"Idle","stoppedReason":"Local","operationMode":"ChargingOnly","tariffId":"T-17"}},"evse":{{"id":1,"connectorId":1}},"costDetails":{{"totalCost":{{"currency":"EUR","typeOfCost":"NormalCost","total":{{"exclTax":10.5,"inclTax":12.6}},"energy":{{"exclTax":9.5,"inclTax":11.4}}}},"totalUsage":{{"energy":21000,"chargingTime":3600,"idleTime":60}}}},"meterValue":[{{"timestamp":"2026-03-01T10:00:00.000Z","sampledValue":[{values}]}}]}}"#
    );
    call("2.1 TransactionEvent with costs", "TransactionEvent", &payload)
}

fn der_21() -> Frame {
    let points = joined(10, |at| format!(r#"{{"x":{}.5,"y":{}.25}}"#, 90 + at * 2, at * 10));
    let payload = format!(
        r#"{{"isDefault":false,"controlId":"DER-17","controlType":"VoltVar","curve":{{"priority":1,"yUnit":"PctMaxVar","curveData":[{points}],"responseTime":5.5,"startTime":"2026-03-01T10:00:00.000Z","duration":3600}}}}"#
    );
    call("2.1 SetDERControl, 10 points", "SetDERControl", &payload)
}

/// All of them; the seven of the published figures first.
pub fn frames() -> Vec<Frame> {
    vec![
        boot_16(),
        meter_16(),
        profile_16(),
        boot_201(),
        event_201(),
        report_201(),
        profile_201(),
        stop_16(),
        event_21(),
        der_21(),
    ]
}
