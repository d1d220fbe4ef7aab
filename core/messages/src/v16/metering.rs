//! Meter values, as two messages of the core profile carry them.

use alloc::vec::Vec;

use crate::{DateTime, Text};

enums! {
    /// What made the charge point read its meter (§7.35).
    ReadingContext {
        InterruptionBegin = "Interruption.Begin", InterruptionEnd = "Interruption.End", Other,
        SampleClock = "Sample.Clock", SamplePeriodic = "Sample.Periodic", TransactionBegin = "Transaction.Begin",
        TransactionEnd = "Transaction.End", Trigger,
    }

    /// Whether a value is a number or the meter's signed data (§7.49).
    ValueFormat { Raw, SignedData }

    /// What is measured (§7.31).
    Measurand {
        CurrentExport = "Current.Export",
        CurrentImport = "Current.Import",
        CurrentOffered = "Current.Offered",
        EnergyActiveExportInterval = "Energy.Active.Export.Interval",
        EnergyActiveExportRegister = "Energy.Active.Export.Register",
        EnergyActiveImportInterval = "Energy.Active.Import.Interval",
        EnergyActiveImportRegister = "Energy.Active.Import.Register",
        EnergyReactiveExportInterval = "Energy.Reactive.Export.Interval",
        EnergyReactiveExportRegister = "Energy.Reactive.Export.Register",
        EnergyReactiveImportInterval = "Energy.Reactive.Import.Interval",
        EnergyReactiveImportRegister = "Energy.Reactive.Import.Register",
        Frequency,
        PowerActiveExport = "Power.Active.Export",
        PowerActiveImport = "Power.Active.Import",
        PowerFactor = "Power.Factor",
        PowerOffered = "Power.Offered",
        PowerReactiveExport = "Power.Reactive.Export",
        PowerReactiveImport = "Power.Reactive.Import",
        RPM,
        SoC,
        Temperature,
        Voltage,
    }

    /// The wire, or the pair of wires, that was measured (§7.34).
    Phase {
        L1, L2, L3, N, L1N = "L1-N", L2N = "L2-N", L3N = "L3-N", L1L2 = "L1-L2", L2L3 = "L2-L3", L3L1 = "L3-L1",
    }

    /// Where was measured (§7.30).
    Location { Body, Cable, EV, Inlet, Outlet }

    /// What a value is counted in (§7.45). The misspelt degree is valid on the wire, as is the right one.
    UnitOfMeasure {
        Wh, KWh = "kWh", Varh = "varh", Kvarh = "kvarh", W, KW = "kW", VA, KVA = "kVA", Var = "var",
        Kvar = "kvar", A, V, K, Celcius, Celsius, Fahrenheit, Percent,
    }
}

objects! {
    /// One value that a meter showed.
    SampledValue {
        /// A number as text, or signed data.
        value: Text;
        /// Why it was read; `Sample.Periodic` if absent.
        context: ReadingContext,
        /// Whether it is a number; `Raw` if absent.
        format: ValueFormat,
        /// Of what; `Energy.Active.Import.Register` if absent.
        measurand: Measurand,
        /// Of which wire; of all together if absent.
        phase: Phase,
        /// Where; at the outlet if absent.
        location: Location,
        /// Its unit; `Wh` if absent and it is an energy.
        unit: UnitOfMeasure,
    }

    /// What the meter showed at one time.
    MeterValue {
        /// When.
        timestamp: DateTime,
        /// The values.
        sampled_value: Vec<SampledValue>,
    }
}
