//! Functional block J: meter values.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{DateTime, Decimal, Text};

enums! {
    /// What made the station read its meter.
    ReadingContext {
        InterruptionBegin = "Interruption.Begin", InterruptionEnd = "Interruption.End", Other,
        SampleClock = "Sample.Clock", SamplePeriodic = "Sample.Periodic", TransactionBegin = "Transaction.Begin",
        TransactionEnd = "Transaction.End", Trigger,
    }

    /// What is measured.
    Measurand {
        CurrentExport = "Current.Export",
        CurrentExportMinimum [V21] = "Current.Export.Minimum",
        CurrentExportOffered [V21] = "Current.Export.Offered",
        CurrentImport = "Current.Import",
        CurrentImportMinimum [V21] = "Current.Import.Minimum",
        CurrentImportOffered [V21] = "Current.Import.Offered",
        CurrentOffered = "Current.Offered",
        DisplayBatteryEnergyCapacity [V21] = "Display.BatteryEnergyCapacity",
        DisplayChargingComplete [V21] = "Display.ChargingComplete",
        DisplayInletHot [V21] = "Display.InletHot",
        DisplayMaximumSOC [V21] = "Display.MaximumSOC",
        DisplayMinimumSOC [V21] = "Display.MinimumSOC",
        DisplayPresentSOC [V21] = "Display.PresentSOC",
        DisplayRemainingTimeToMaximumSOC [V21] = "Display.RemainingTimeToMaximumSOC",
        DisplayRemainingTimeToMinimumSOC [V21] = "Display.RemainingTimeToMinimumSOC",
        DisplayRemainingTimeToTargetSOC [V21] = "Display.RemainingTimeToTargetSOC",
        DisplayTargetSOC [V21] = "Display.TargetSOC",
        EnergyActiveExportInterval = "Energy.Active.Export.Interval",
        EnergyActiveExportRegister = "Energy.Active.Export.Register",
        EnergyActiveImportCableLoss [V21] = "Energy.Active.Import.CableLoss",
        EnergyActiveImportInterval = "Energy.Active.Import.Interval",
        EnergyActiveImportLocalGenerationRegister [V21] = "Energy.Active.Import.LocalGeneration.Register",
        EnergyActiveImportRegister = "Energy.Active.Import.Register",
        EnergyActiveNet = "Energy.Active.Net",
        EnergyActiveSetpointInterval [V21] = "Energy.Active.Setpoint.Interval",
        EnergyApparentExport = "Energy.Apparent.Export",
        EnergyApparentImport = "Energy.Apparent.Import",
        EnergyApparentNet = "Energy.Apparent.Net",
        EnergyReactiveExportInterval = "Energy.Reactive.Export.Interval",
        EnergyReactiveExportRegister = "Energy.Reactive.Export.Register",
        EnergyReactiveImportInterval = "Energy.Reactive.Import.Interval",
        EnergyReactiveImportRegister = "Energy.Reactive.Import.Register",
        EnergyReactiveNet = "Energy.Reactive.Net",
        EnergyRequestBulk [V21] = "EnergyRequest.Bulk",
        EnergyRequestMaximum [V21] = "EnergyRequest.Maximum",
        EnergyRequestMaximumV2X [V21] = "EnergyRequest.Maximum.V2X",
        EnergyRequestMinimum [V21] = "EnergyRequest.Minimum",
        EnergyRequestMinimumV2X [V21] = "EnergyRequest.Minimum.V2X",
        EnergyRequestTarget [V21] = "EnergyRequest.Target",
        Frequency,
        PowerActiveExport = "Power.Active.Export",
        PowerActiveImport = "Power.Active.Import",
        PowerActiveResidual [V21] = "Power.Active.Residual",
        PowerActiveSetpoint [V21] = "Power.Active.Setpoint",
        PowerExportMinimum [V21] = "Power.Export.Minimum",
        PowerExportOffered [V21] = "Power.Export.Offered",
        PowerFactor = "Power.Factor",
        PowerImportMinimum [V21] = "Power.Import.Minimum",
        PowerImportOffered [V21] = "Power.Import.Offered",
        PowerOffered = "Power.Offered",
        PowerReactiveExport = "Power.Reactive.Export",
        PowerReactiveImport = "Power.Reactive.Import",
        SoC,
        Voltage,
        VoltageMaximum [V21] = "Voltage.Maximum",
        VoltageMinimum [V21] = "Voltage.Minimum",
    }

    /// The wire, or the pair of wires, that was measured.
    Phase {
        L1, L2, L3, N, L1N = "L1-N", L2N = "L2-N", L3N = "L3-N", L1L2 = "L1-L2", L2L3 = "L2-L3", L3L1 = "L3-L1",
    }

    /// Where was measured.
    Location { Body, Cable, EV, Inlet, Outlet, Upstream [V21] }
}

structs! {
    /// What a sample is counted in.
    UnitOfMeasure {
        ;
        /// The standardized name; Wh if absent.
        unit: Text [..=20],
        /// The exponent of the ten that values are multiplied by; 0 if absent.
        multiplier: i32,
    }

    /// A reading with the meter's signature.
    SignedMeterValue {
        /// The signed reading, Base64.
        signed_meter_data: Text [..=32768] [V201 ..=2500],
        /// How the reading is written before Base64, such as `OCMF`.
        encoding_method: Text [..=50];
        /// How it is signed; since 2.1 only where the data does not tell.
        signing_method: Text [..=50] [V201 required],
        /// The key that checks it, Base64; since 2.1 only where the CSMS needs it.
        public_key: Text [..=2500] [V201 required],
    }

    /// One number that a meter showed.
    SampledValue {
        /// The number.
        value: Decimal;
        /// Of what.
        measurand: Measurand,
        /// Why it was read; `Sample.Periodic` if absent.
        context: ReadingContext,
        /// Of which wire; of all together if absent.
        phase: Phase,
        /// Where; at the outlet if absent.
        location: Location,
        /// The same with a signature.
        signed_meter_value: Box<SignedMeterValue>,
        /// Its unit.
        unit_of_measure: UnitOfMeasure,
    }

    /// What the meter showed at one time.
    MeterValue {
        /// When.
        timestamp: DateTime,
        /// The numbers.
        sampled_value: Vec<SampledValue> [1..],
    }
}

messages! { structs:
    /// Tells meter values that belong to no transaction (J01).
    MeterValues (Station, "Meter Values")
    MeterValuesRequest {
        /// The EVSE; 0 is the station's main meter.
        evse_id: i32 [0..] [V201 ..],
        /// What it showed.
        meter_value: Vec<MeterValue> [1..],
    }
    MeterValuesResponse {}
}
