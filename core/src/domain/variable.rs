//! Components and variables of the device model (B05–B08).

use pilotwire_messages::Text;
use serde::{Deserialize, Serialize};

use super::{AttributeKind, EvseId, GetVariableStatus};

/// Names a variable of a component.
///
/// Names are compared without regard to case, as the specification's identifiers are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VariableId {
    /// The component's name, such as `OCPPCommCtrlr`.
    pub component: Text,
    /// Which of several components of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_instance: Option<Text>,
    /// The EVSE that the component belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evse: Option<EvseId>,
    /// The connector of that EVSE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<i32>,
    /// The variable's name, such as `HeartbeatInterval`.
    pub variable: Text,
    /// Which of several variables of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Text>,
}

impl VariableId {
    /// A variable of a component that belongs to the station as a whole.
    pub fn new(component: &str, variable: &str) -> Self {
        Self {
            component: component.into(),
            component_instance: None,
            evse: None,
            connector: None,
            variable: variable.into(),
            instance: None,
        }
    }

    /// The same variable, in this instance.
    #[must_use]
    pub fn instance(self, instance: &str) -> Self {
        Self { instance: Some(instance.into()), ..self }
    }

    /// Whether its value must not be shown: passwords, keys and PINs.
    pub fn is_secret(&self) -> bool {
        const SECRETS: [&str; 5] = ["ApnPassword", "BasicAuthPassword", "SimPin", "VpnKey", "VpnPassword"];
        SECRETS.iter().any(|secret| self.variable.eq_ignore_ascii_case(secret))
    }

    /// Whether both name the same variable.
    pub fn names(&self, other: &Self) -> bool {
        let same = |a: &Option<Text>, b: &Option<Text>| match (a, b) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.component.eq_ignore_ascii_case(&other.component)
            && self.variable.eq_ignore_ascii_case(&other.variable)
            && same(&self.component_instance, &other.component_instance)
            && same(&self.instance, &other.instance)
            && self.evse == other.evse
            && self.connector == other.connector
    }
}

impl core::fmt::Display for VariableId {
    /// `Component.Variable`, with instances in brackets.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.component)?;
        if let Some(instance) = &self.component_instance {
            write!(f, "[{instance}]")?;
        }
        if let Some(evse) = self.evse {
            write!(f, "@{evse}")?;
        }
        write!(f, ".{}", self.variable)?;
        match &self.instance {
            Some(instance) => write!(f, "[{instance}]"),
            None => Ok(()),
        }
    }
}

/// Asks for one attribute of a variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariableQuery {
    /// Which variable.
    pub id: VariableId,
    /// Which attribute; `Actual` if absent.
    pub attribute: Option<AttributeKind>,
}

/// Sets one attribute of a variable. `Debug` hides the value of one that is a secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VariableSetting {
    /// Which variable.
    pub id: VariableId,
    /// Which attribute; `Actual` if absent.
    pub attribute: Option<AttributeKind>,
    /// The new value.
    pub value: Text,
}

impl core::fmt::Debug for VariableSetting {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // A01.FR.09, A01.FR.12.
        let value: &dyn core::fmt::Debug = if self.id.is_secret() { &".." } else { &self.value };
        f.debug_struct("VariableSetting")
            .field("id", &self.id)
            .field("attribute", &self.attribute)
            .field("value", value)
            .finish()
    }
}

/// The answer to a [`VariableQuery`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariableValue {
    /// The variable that was asked for.
    pub query: VariableQuery,
    /// Whether and why not.
    pub status: GetVariableStatus,
    /// The value, if accepted.
    pub value: Option<Text>,
    /// Whether the CSMS may not change it: 1.6 tells with every value.
    pub read_only: bool,
}

/// The answer to a [`VariableSetting`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariableResult {
    /// The variable that was to be set.
    pub id: VariableId,
    /// Which attribute.
    pub attribute: Option<AttributeKind>,
    /// Whether and why not.
    pub status: super::SetVariableStatus,
}

/// One variable of a report (B07).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportedVariable {
    /// Which variable.
    pub id: VariableId,
    /// Its actual value; `None` if it can only be written.
    pub value: Option<Text>,
    /// `ReadOnly`, `WriteOnly` or `ReadWrite`.
    pub mutability: pilotwire_messages::v2::Mutability,
    /// The kind of its values.
    pub data_type: pilotwire_messages::v2::DataKind,
    /// The unit of its values.
    pub unit: Option<Text>,
    /// Whether it survives a reboot.
    pub persistent: bool,
    /// The words that a list can have, with commas between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values_list: Option<Text>,
    /// The largest value; of a text, the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_limit: Option<pilotwire_messages::Decimal>,
}
