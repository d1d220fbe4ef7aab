//! Addresses and variables.

use pilotwire_messages::v2;

use crate::domain::{
    EvseId, Place, ReportedVariable, VariableId, VariableQuery, VariableResult, VariableSetting, VariableValue,
};

/// An EVSE, perhaps with one of its connectors.
pub(super) fn evse_out(evse: EvseId, connector: Option<i32>) -> v2::Evse {
    v2::Evse { connector_id: connector, ..v2::Evse::new(evse.0) }
}

pub(super) fn place_out(place: Place) -> v2::Evse {
    evse_out(place.evse, place.connector)
}

pub(super) fn place_in(evse: &v2::Evse) -> Place {
    Place { evse: EvseId(evse.id), connector: evse.connector_id }
}

fn component_out(id: &VariableId) -> v2::Component {
    let mut component = v2::Component::new(id.component.clone());
    component.instance = id.component_instance.clone();
    component.evse = id.evse.map(|evse| evse_out(evse, id.connector));
    component
}

fn variable_out(id: &VariableId) -> v2::Variable {
    v2::Variable { instance: id.instance.clone(), ..v2::Variable::new(id.variable.clone()) }
}

fn id_in(component: v2::Component, variable: v2::Variable) -> VariableId {
    VariableId {
        component: component.name,
        component_instance: component.instance,
        evse: component.evse.as_ref().map(|evse| EvseId(evse.id)),
        connector: component.evse.and_then(|evse| evse.connector_id),
        variable: variable.name,
        instance: variable.instance,
    }
}

pub(super) fn query_out(query: &VariableQuery) -> v2::GetVariableData {
    let mut data = v2::GetVariableData::new(component_out(&query.id), variable_out(&query.id));
    data.attribute_type = query.attribute.clone();
    data
}

pub(super) fn query_in(data: v2::GetVariableData) -> VariableQuery {
    VariableQuery { id: id_in(data.component, data.variable), attribute: data.attribute_type }
}

/// Part 2, GetVariableResultType: the value is there if and only if the status is `Accepted`.
pub(super) fn value_out(value: &VariableValue) -> v2::GetVariableResult {
    let id = &value.query.id;
    let mut result = v2::GetVariableResult::new(value.status.clone(), component_out(id), variable_out(id));
    result.attribute_type = value.query.attribute.clone();
    if value.status == v2::GetVariableStatus::Accepted {
        result.attribute_value = Some(value.value.clone().unwrap_or_default());
    }
    result
}

/// 2.x does not tell whether a variable can be written: reports do.
pub(super) fn value_in(result: v2::GetVariableResult) -> VariableValue {
    VariableValue {
        query: VariableQuery { id: id_in(result.component, result.variable), attribute: result.attribute_type },
        status: result.attribute_status,
        value: result.attribute_value,
        read_only: false,
    }
}

pub(super) fn setting_out(setting: &VariableSetting) -> v2::SetVariableData {
    let (component, variable) = (component_out(&setting.id), variable_out(&setting.id));
    let mut data = v2::SetVariableData::new(setting.value.clone(), component, variable);
    data.attribute_type = setting.attribute.clone();
    data
}

pub(super) fn setting_in(data: v2::SetVariableData) -> VariableSetting {
    VariableSetting {
        id: id_in(data.component, data.variable),
        attribute: data.attribute_type,
        value: data.attribute_value,
    }
}

pub(super) fn outcome_out(outcome: &VariableResult) -> v2::SetVariableResult {
    let (component, variable) = (component_out(&outcome.id), variable_out(&outcome.id));
    let mut result = v2::SetVariableResult::new(outcome.status.clone(), component, variable);
    result.attribute_type = outcome.attribute.clone();
    result
}

pub(super) fn outcome_in(result: v2::SetVariableResult) -> VariableResult {
    VariableResult {
        id: id_in(result.component, result.variable),
        attribute: result.attribute_type,
        status: result.attribute_status,
    }
}

/// One variable of a report, with its actual value only.
pub(super) fn reported_out(reported: &ReportedVariable) -> v2::ReportData {
    let mut attribute = v2::VariableAttribute::new();
    attribute.kind = Some(v2::AttributeKind::Actual);
    attribute.value = reported.value.clone();
    attribute.mutability = Some(reported.mutability.clone());
    attribute.persistent = Some(reported.persistent);
    attribute.constant = Some(false);
    let mut characteristics = v2::VariableCharacteristics::new(reported.data_type.clone(), false);
    characteristics.unit = reported.unit.clone();
    characteristics.values_list = reported.values_list.clone();
    characteristics.max_limit = reported.max_limit;
    let (component, variable) = (component_out(&reported.id), variable_out(&reported.id));
    let mut data = v2::ReportData::new(component, variable, alloc::vec![attribute]);
    data.variable_characteristics = Some(characteristics);
    data
}

/// The actual value; a variable that is reported without one keeps the mutability of what it is reported with.
pub(super) fn reported_in(data: v2::ReportData) -> ReportedVariable {
    let is_actual = |attribute: &v2::VariableAttribute| {
        attribute.kind.as_ref().is_none_or(|kind| *kind == v2::AttributeKind::Actual)
    };
    let attributes = &data.variable_attribute;
    let actual = attributes.iter().find(|attribute| is_actual(attribute));
    let shown = actual.or_else(|| attributes.first());
    let characteristics = data.variable_characteristics.as_ref();
    ReportedVariable {
        value: actual.and_then(|attribute| attribute.value.clone()),
        mutability: shown.and_then(|shown| shown.mutability.clone()).unwrap_or(v2::Mutability::ReadWrite),
        persistent: shown.and_then(|shown| shown.persistent).unwrap_or(false),
        data_type: characteristics.map_or(v2::DataKind::String, |known| known.data_type.clone()),
        unit: characteristics.and_then(|known| known.unit.clone()),
        values_list: characteristics.and_then(|known| known.values_list.clone()),
        max_limit: characteristics.and_then(|known| known.max_limit),
        id: id_in(data.component, data.variable),
    }
}
