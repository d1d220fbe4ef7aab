//! The ways to the CSMS as a component of the device model: 2.1 has one instance of it for each slot (B09.FR.08, B09.FR.09).
//!
//! They are set by SetNetworkProfile, so that a way is judged as a whole: here they are read only.

use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::v2::{DataKind, Mutability};
use pilotwire_messages::{Text, Version};

use super::super::shared::Cx;
use super::state::Slot;
use crate::domain::{
    AttributeKind, GetVariableStatus, NetworkConnectionProfile, ReportedVariable, SetVariableStatus, VariableId,
    VariableQuery, VariableValue,
};

const COMPONENT: &str = "NetworkConfiguration";

/// The password of a slot: told to nobody.
const PASSWORD: &str = "BasicAuthPassword";

const INTERFACES: &str = "Wired0,Wired1,Wired2,Wired3,Wireless0,Wireless1,Wireless2,Wireless3,Any";

/// A variable of the component: name, kind, and the words that it can have.
type Row = (&'static str, DataKind, Option<&'static str>, fn(&NetworkConnectionProfile) -> Text);

/// Part 2 of 2.1, §2.1.8: those that are required.
const ROWS: [Row; 9] = [
    ("OcppCsmsUrl", DataKind::String, None, |way| way.ocpp_csms_url.clone()),
    ("OcppInterface", DataKind::OptionList, Some(INTERFACES), |way| way.ocpp_interface.as_str().into()),
    ("OcppTransport", DataKind::OptionList, Some("JSON"), |way| way.ocpp_transport.as_str().into()),
    ("OcppVersion", DataKind::OptionList, Some("OCPP20,OCPP201,OCPP21"), |way| {
        way.ocpp_version.as_ref().map_or_else(Text::default, |version| version.as_str().into())
    }),
    ("MessageTimeout", DataKind::Integer, None, |way| format!("{}", way.message_timeout).into()),
    ("SecurityProfile", DataKind::Integer, None, |way| format!("{}", way.security_profile).into()),
    ("Identity", DataKind::String, None, |way| way.identity.clone().unwrap_or_default()),
    // B09.FR.11, B09.FR.12.
    ("VpnEnabled", DataKind::Boolean, None, |way| flag(way.vpn.is_some())),
    ("ApnEnabled", DataKind::Boolean, None, |way| flag(way.apn.is_some())),
];

fn flag(is: bool) -> Text {
    Text::new(if is { "true" } else { "false" })
}

impl Slot {
    fn id(&self, variable: &str) -> VariableId {
        let instance = Some(format!("{}", self.slot).into());
        VariableId { component_instance: instance, ..VariableId::new(COMPONENT, variable) }
    }

    fn reported(&self, row: &Row) -> ReportedVariable {
        let (name, kind, words, value) = row;
        ReportedVariable {
            id: self.id(name),
            value: Some(self.way.as_deref().map_or_else(Text::default, value)),
            mutability: Mutability::ReadOnly,
            data_type: kind.clone(),
            unit: None,
            persistent: true,
            values_list: words.map(Text::new),
            max_limit: None,
        }
    }
}

fn has_slot(cx: &Cx<'_>, id: &VariableId) -> bool {
    let number = id.component_instance.as_ref().and_then(|instance| instance.parse().ok());
    number.zip(cx.network.as_ref()).is_some_and(|(number, network)| network.slot(number).is_some())
}

fn is_meant(cx: &Cx<'_>, id: &VariableId) -> bool {
    cx.version() == Version::V21 && cx.network.is_some() && id.component.eq_ignore_ascii_case(COMPONENT)
}

/// What a report of everything tells of all slots.
pub(crate) fn report(cx: &Cx<'_>) -> Vec<ReportedVariable> {
    let slots = cx.network.iter().filter(|_| cx.version() == Version::V21).flat_map(|network| &network.slots);
    slots
        .flat_map(|slot| {
            let password = ReportedVariable {
                id: slot.id(PASSWORD),
                value: None,
                mutability: Mutability::WriteOnly,
                ..slot.reported(&ROWS[0])
            };
            ROWS.iter().map(|row| slot.reported(row)).chain([password])
        })
        .collect()
}

/// Reads a variable of a slot; `None` if another one is meant.
pub(crate) fn get(cx: &Cx<'_>, query: &VariableQuery) -> Option<VariableValue> {
    if !is_meant(cx, &query.id) {
        return None;
    }
    let known = report(cx).into_iter().find(|known| known.id.names(&query.id));
    let other_attribute = query.attribute.as_ref().is_some_and(|kind| *kind != AttributeKind::Actual);
    let status = match &known {
        None if !has_slot(cx, &query.id) => GetVariableStatus::UnknownComponent,
        None => GetVariableStatus::UnknownVariable,
        Some(_) if other_attribute => GetVariableStatus::NotSupportedAttributeType,
        // B06.FR.09.
        Some(known) if known.value.is_none() => GetVariableStatus::Rejected,
        Some(_) => GetVariableStatus::Accepted,
    };
    let value = known.and_then(|known| known.value).filter(|_| status == GetVariableStatus::Accepted);
    Some(VariableValue { query: query.clone(), status, value, read_only: true })
}

/// The answer to who wants to set a variable of a slot; `None` if another one is meant.
pub(crate) fn refuse(cx: &Cx<'_>, id: &VariableId) -> Option<SetVariableStatus> {
    if !is_meant(cx, id) {
        return None;
    }
    let is_known = report(cx).iter().any(|known| known.id.names(id));
    Some(match (has_slot(cx, id), is_known) {
        (false, _) => SetVariableStatus::UnknownComponent,
        (true, false) => SetVariableStatus::UnknownVariable,
        (true, true) => SetVariableStatus::Rejected,
    })
}
