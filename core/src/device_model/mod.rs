//! Components and variables of a station (B05–B08): the catalogue, their values, and the rules of reading and setting them.

mod catalogue;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::v2::{DataKind, Mutability};
use pilotwire_messages::{Decimal, Text};
use serde::{Deserialize, Serialize};

use crate::domain::{
    AttributeKind, GetVariableStatus, ReportBase, ReportedVariable, SetVariableStatus, VariableId, VariableQuery,
    VariableValue,
};
pub(crate) use catalogue::{Known, LEGACY};
use catalogue::{ROWS, Row, Values};

/// The longest value that is kept, in characters (Part 2, SetVariableData).
pub(crate) const MAX_VALUE: usize = 1_000;

/// The values of all variables of a station.
#[derive(Clone, Debug)]
pub(crate) struct Variables {
    /// The values that differ from the catalogue's defaults, in the order of their names: few of many do.
    known: Vec<(Known, Text)>,
    /// The slots of network connection profiles that there are, with commas between them, and the longest password; none if
    /// the host chooses the way to the CSMS.
    network: Option<(Text, i32)>,
    /// How many certificates may be installed; none if the station's certificates are not managed.
    certificates: Option<i32>,
    /// The host uploads logs or installs firmware.
    files: bool,
    custom: Vec<(VariableId, Text)>,
    max_custom: usize,
}

/// A variable's durable record.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    id: VariableId,
    value: Text,
}

/// What a setting changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// A variable that blocks ask for.
    Known(Known),
    /// One that only the host and the CSMS know.
    Custom,
}

impl Changed {
    /// Whether it outlives the power. What firmware runs is a fact of one life: the next may run another.
    pub(crate) fn is_kept(&self) -> bool {
        *self != Self::Known(Known::FirmwareVersion)
    }
}

impl Variables {
    pub(crate) fn new(max_custom: usize) -> Self {
        Self { known: Vec::new(), network: None, certificates: None, files: false, custom: Vec::new(), max_custom }
    }

    /// The station chooses among these network connection profiles.
    pub(crate) fn set_slots(&mut self, slots: Text, longest_password: i32) {
        self.network = Some((slots, longest_password));
    }

    /// The station's certificates are managed, so many at once.
    pub(crate) fn set_certificates(&mut self, most: i32) {
        self.certificates = Some(most);
    }

    /// The host uploads logs or installs firmware, by these protocols.
    pub(crate) fn set_files(&mut self, protocols: &str) {
        self.files = true;
        self.put(Known::FileTransferProtocols, protocols);
    }

    /// The value of a variable of the catalogue.
    pub(crate) fn text(&self, known: Known) -> &str {
        match self.known.binary_search_by_key(&known, |(known, _)| *known) {
            Ok(at) => &self.known[at].1,
            Err(_) => ROWS[known as usize].default,
        }
    }

    /// The value of an integer variable; 0 if it is none.
    pub(crate) fn number(&self, known: Known) -> u64 {
        self.text(known).parse().unwrap_or(0)
    }

    pub(crate) fn flag(&self, known: Known) -> bool {
        self.text(known).eq_ignore_ascii_case("true")
    }

    /// The words of a list variable.
    pub(crate) fn words(&self, known: Known) -> impl Iterator<Item = &str> {
        self.text(known).split(',').map(str::trim).filter(|word| !word.is_empty())
    }

    /// Sets a variable of the catalogue to what the station itself knows.
    pub(crate) fn put(&mut self, known: Known, value: &str) {
        let at = self.known.binary_search_by_key(&known, |(known, _)| *known);
        match at {
            Ok(at) if value == ROWS[known as usize].default => drop(self.known.remove(at)),
            Ok(at) => self.known[at].1 = Text::new(value),
            Err(_) if value == ROWS[known as usize].default => {}
            Err(at) => {
                self.known.reserve_exact(1);
                self.known.insert(at, (known, Text::new(value)));
            }
        }
    }

    /// Sets any variable as the host wants it, and creates it if it is unknown.
    ///
    /// # Errors
    /// A text that says why the value cannot be kept.
    pub(crate) fn force(&mut self, id: &VariableId, value: &str) -> Result<Changed, String> {
        if value.chars().count() > MAX_VALUE {
            return Err(format!("the value of {id} has more than {MAX_VALUE} characters"));
        }
        if let Some(row) = self.row(id) {
            if row.is_owned() {
                return Err(format!("{id} follows from the network connection profiles"));
            }
            if !row.admits(value) {
                return Err(format!("{id} cannot be \"{}\"", Text::truncated(value, 60)));
            }
            self.put(row.known, value);
            return Ok(Changed::Known(row.known));
        }
        match self.custom.iter().position(|(known, _)| known.names(id)) {
            Some(at) => self.custom[at].1 = Text::new(value),
            None if self.custom.len() >= self.max_custom => {
                return Err(format!("{id} is unknown, and {} variables of the host's own are kept", self.max_custom));
            }
            None => self.custom.push((id.clone(), Text::new(value))),
        }
        Ok(Changed::Custom)
    }

    /// Sets a variable as the CSMS wants it (B05).
    ///
    /// # Errors
    /// The status to answer with.
    pub(crate) fn set(
        &mut self,
        id: &VariableId,
        attribute: Option<&AttributeKind>,
        value: &str,
    ) -> Result<Changed, SetVariableStatus> {
        let row = self.row(id);
        let custom = self.custom.iter().position(|(known, _)| known.names(id));
        if row.is_none() && custom.is_none() {
            return Err(self.unknown_set(id));
        }
        // B05.FR.10: only Actual can be set here; no other attribute is kept.
        if attribute.is_some_and(|kind| *kind != AttributeKind::Actual) {
            return Err(SetVariableStatus::NotSupportedAttributeType);
        }
        if let Some(row) = row {
            if !row.writable || !row.admits(value) {
                return Err(SetVariableStatus::Rejected);
            }
            self.put(row.known, value);
            return Ok(Changed::Known(row.known));
        }
        match custom {
            Some(at) if value.chars().count() <= MAX_VALUE => self.custom[at].1 = Text::new(value),
            _ => return Err(SetVariableStatus::Rejected),
        }
        Ok(Changed::Custom)
    }

    fn unknown_set(&self, id: &VariableId) -> SetVariableStatus {
        if self.has_component(id) { SetVariableStatus::UnknownVariable } else { SetVariableStatus::UnknownComponent }
    }

    fn has_component(&self, id: &VariableId) -> bool {
        self.rows().any(|row| row.component.eq_ignore_ascii_case(&id.component))
            || self.custom.iter().any(|(known, _)| known.component.eq_ignore_ascii_case(&id.component))
    }

    /// Reads a variable as the CSMS asks for it (B06).
    pub(crate) fn get(&self, query: &VariableQuery) -> VariableValue {
        let row = self.row(&query.id);
        let custom = self.custom.iter().find(|(known, _)| known.names(&query.id));
        let value = row.map(|row| self.text(row.known)).or(custom.map(|(_, value)| value.as_str()));
        let other_attribute = query.attribute.as_ref().is_some_and(|kind| *kind != AttributeKind::Actual);
        let status = match value {
            Some(_) if other_attribute => GetVariableStatus::NotSupportedAttributeType,
            // B06.FR.09.
            Some(_) if row.is_some_and(|row| row.write_only) => GetVariableStatus::Rejected,
            Some(_) => GetVariableStatus::Accepted,
            None if self.has_component(&query.id) => GetVariableStatus::UnknownVariable,
            None => GetVariableStatus::UnknownComponent,
        };
        let value = value.filter(|_| status == GetVariableStatus::Accepted).map(Text::new);
        VariableValue { query: query.clone(), status, value, read_only: row.is_some_and(|row| !row.writable) }
    }

    /// Every variable, as 1.6 asks for them.
    pub(crate) fn get_all(&self) -> Vec<VariableValue> {
        let rows = self.rows().map(id_of).chain(self.custom.iter().map(|(id, _)| id.clone()));
        rows.map(|id| self.get(&VariableQuery { id, attribute: None })).collect()
    }

    /// The variables of a base report (B07).
    pub(crate) fn report(&self, base: &ReportBase) -> Vec<ReportedVariable> {
        let rows = self.rows().filter(|row| row.component != LEGACY).filter(|row| match base {
            ReportBase::ConfigurationInventory => row.writable,
            ReportBase::SummaryInventory => row.component == "ChargingStation",
            _ => true,
        });
        let known = rows.map(|row| ReportedVariable {
            id: id_of(row),
            value: Some(Text::new(self.text(row.known))).filter(|_| !row.write_only),
            mutability: row.mutability(),
            data_type: row.data_kind(),
            unit: row.unit.map(Text::new),
            persistent: true,
            values_list: self.values_list(row),
            max_limit: self.max_limit(row),
        });
        let custom =
            self.custom.iter().filter(|_| *base != ReportBase::SummaryInventory).map(|(id, value)| ReportedVariable {
                id: id.clone(),
                value: Some(value.clone()),
                mutability: Mutability::ReadWrite,
                data_type: DataKind::String,
                unit: None,
                persistent: true,
                values_list: None,
                max_limit: None,
            });
        known.chain(custom).collect()
    }

    /// The limits that the CSMS has to know: of passwords (A00.FR.205), and of certificates (M05.FR.06).
    fn max_limit(&self, row: &Row) -> Option<Decimal> {
        let longest = self.network.as_ref().filter(|_| row.write_only).map(|(_, longest)| *longest);
        let most = self.certificates.filter(|_| row.known == Known::CertificateEntries);
        longest.or(most).map(Decimal::from_int)
    }

    /// The words that a list can have: required in a report of it (Part 2, VariableCharacteristicsType).
    fn values_list(&self, row: &Row) -> Option<Text> {
        match row.values {
            Values::Slots => self.network.as_ref().map(|(slots, _)| slots.clone()),
            Values::Members(words) => Some(words.join(",").into()).filter(|words: &Text| !words.is_empty()),
            _ => None,
        }
    }

    /// The rows of the catalogue that this station has.
    fn rows(&self) -> impl Iterator<Item = &'static Row> {
        let (has_network, has_certificates, has_files) =
            (self.network.is_some(), self.certificates.is_some(), self.files);
        ROWS.iter().filter(move |row| {
            (has_network || !row.of_network)
                && (has_certificates || !row.of_certificates)
                && (has_files || !row.of_files)
        })
    }

    /// Which variable of the catalogue is meant.
    pub(crate) fn known(&self, id: &VariableId) -> Option<Known> {
        self.row(id).map(|row| row.known)
    }

    fn row(&self, id: &VariableId) -> Option<&'static Row> {
        let plain = id.component_instance.is_none() && id.evse.is_none() && id.connector.is_none();
        self.rows().filter(|_| plain).find(|row| {
            row.component.eq_ignore_ascii_case(&id.component)
                && row.variable.eq_ignore_ascii_case(&id.variable)
                && match (row.instance, &id.instance) {
                    (Some(known), Some(asked)) => known.eq_ignore_ascii_case(asked),
                    (None, None) => true,
                    _ => false,
                }
        })
    }

    /// The durable record of a variable: key and value.
    pub(crate) fn record(&self, id: &VariableId) -> Option<(String, String)> {
        let value = self.get(&VariableQuery { id: id.clone(), attribute: None }).value?;
        let saved = Saved { id: id.clone(), value };
        Some((record_key(id), pilotwire_messages::encode(&saved)))
    }

    /// Takes a durable record back; a value that this version no longer admits keeps its default.
    ///
    /// # Errors
    /// A text that says what is wrong with the record.
    pub(crate) fn restore(&mut self, value: &str) -> Result<(), String> {
        let saved: Saved = serde_json::from_str(value).map_err(|error| format!("{error}"))?;
        if self.known(&saved.id).is_some_and(|known| !Changed::Known(known).is_kept()) {
            return Ok(());
        }
        self.force(&saved.id, &saved.value).map(|_| ())
    }
}

/// The prefix of the records of variables.
pub(crate) const RECORD_PREFIX: &str = "var/";

/// Names of a host's variables may hold any character, so the key is made of their hash; the record tells the name.
fn record_key(id: &VariableId) -> String {
    let name = format!("{id}").to_ascii_lowercase();
    let hash = name
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    format!("{RECORD_PREFIX}{hash:016x}")
}

fn id_of(row: &Row) -> VariableId {
    let id = VariableId::new(row.component, row.variable);
    match row.instance {
        Some(instance) => id.instance(instance),
        None => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat() -> VariableId {
        VariableId::new("ocppcommctrlr", "HEARTBEATINTERVAL")
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        let mut variables = Variables::new(1);
        assert_eq!(variables.set(&heartbeat(), None, "60"), Ok(Changed::Known(Known::HeartbeatInterval)));
        assert_eq!(variables.number(Known::HeartbeatInterval), 60);
    }

    /// B05.FR.04–B05.FR.09.
    #[test]
    fn a_setting_that_cannot_be_made_is_answered_with_its_reason() {
        let mut variables = Variables::new(1);
        let mut set = |component, variable, value| variables.set(&VariableId::new(component, variable), None, value);
        assert_eq!(set("Nowhere", "X", "1"), Err(SetVariableStatus::UnknownComponent));
        assert_eq!(set("TxCtrlr", "X", "1"), Err(SetVariableStatus::UnknownVariable));
        assert_eq!(set("ChargingStation", "Model", "1"), Err(SetVariableStatus::Rejected));
        assert_eq!(set("TxCtrlr", "EVConnectionTimeOut", "soon"), Err(SetVariableStatus::Rejected));
        assert_eq!(set("TxCtrlr", "TxStartPoint", "Whenever"), Err(SetVariableStatus::Rejected));
        let target = variables.set(&heartbeat(), Some(&AttributeKind::Target), "60");
        assert_eq!(target, Err(SetVariableStatus::NotSupportedAttributeType));
    }

    #[test]
    fn a_record_brings_the_value_back() {
        let mut variables = Variables::new(1);
        let id = VariableId::new("Vendor", "Käse");
        variables.force(&id, "1").unwrap();
        assert!(variables.force(&VariableId::new("Vendor", "Other"), "1").is_err(), "the limit holds");
        let (key, value) = variables.record(&id).unwrap();
        assert!(key.len() <= 64 && key.is_ascii());
        let mut later = Variables::new(1);
        later.restore(&value).unwrap();
        assert_eq!(later.get(&VariableQuery { id, attribute: None }).value, Some("1".into()));
    }

    /// B06.FR.09, S-7: a password is in no answer and no report.
    #[test]
    fn what_can_only_be_written_is_never_told() {
        let password = VariableId::new("SecurityCtrlr", "BasicAuthPassword");
        let query = VariableQuery { id: password.clone(), attribute: None };
        let mut variables = Variables::new(1);
        assert_eq!(variables.get(&query).status, GetVariableStatus::UnknownComponent, "the host has it");
        variables.set_slots("0,1".into(), 40);
        assert_eq!((variables.get(&query).status, variables.get(&query).value), (GetVariableStatus::Rejected, None));
        let report = variables.report(&ReportBase::FullInventory);
        let told = report.iter().find(|told| told.id == password).unwrap();
        assert_eq!((&told.value, &told.mutability), (&None, &Mutability::WriteOnly));
        assert!(variables.force(&password, "0123456789abcdef").is_err());
        assert!(variables.record(&password).is_none());
    }

    #[test]
    fn a_value_that_is_the_default_again_takes_no_room() {
        let mut variables = Variables::new(1);
        variables.put(Known::PingInterval, "7");
        variables.put(Known::HeartbeatInterval, "8");
        assert_eq!((variables.number(Known::PingInterval), variables.number(Known::HeartbeatInterval)), (7, 8));
        variables.put(Known::PingInterval, "60");
        assert_eq!((variables.number(Known::PingInterval), variables.known.len()), (60, 1));
    }

    #[test]
    fn what_2x_does_not_have_is_not_reported() {
        let report = Variables::new(0).report(&ReportBase::FullInventory);
        assert!(report.iter().all(|variable| variable.id.component != LEGACY));
        let configuration = Variables::new(0).report(&ReportBase::ConfigurationInventory);
        assert!(configuration.iter().all(|variable| variable.mutability == Mutability::ReadWrite));
    }
}
