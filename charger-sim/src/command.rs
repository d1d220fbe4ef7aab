//! What a line of the control interface says.

use std::collections::BTreeMap;

use pilotwire::DateTime;
use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::vehicle::VehicleChange;

/// A line, as far as it can be read.
#[derive(Debug)]
pub(crate) struct Line {
    /// Repeated in the reply.
    pub(crate) id: Option<Value>,
    /// The name of the command, empty if there is none.
    pub(crate) name: String,
    /// The command, or what is wrong with it.
    pub(crate) command: Result<Command, String>,
}

impl Default for Line {
    fn default() -> Self {
        Self { id: None, name: String::new(), command: Err("no line".into()) }
    }
}

/// What somebody does to the physical world.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Command {
    Plug {
        evse: EvseId,
        connector: Option<i32>,
        #[serde(default, rename = "vehicle")]
        vehicle: VehicleMembers,
    },
    Unplug {
        evse: EvseId,
    },
    Token {
        token: String,
        kind: Option<String>,
        evse: Option<EvseId>,
    },
    EvReady {
        evse: EvseId,
    },
    EvSuspend {
        evse: EvseId,
    },
    Meter {
        evse: EvseId,
        energy_wh: Option<Decimal>,
        #[serde(default, rename = "vehicle")]
        vehicle: VehicleMembers,
    },
    Fault {
        evse: EvseId,
        code: Option<String>,
        info: Option<String>,
    },
    ClearFault {
        evse: EvseId,
    },
    PowerCut {
        off_s: Option<u64>,
    },
    Wait {
        s: u64,
    },
    NetDown {},
    NetUp {},
    Clock {
        time: DateTime,
    },
    Variable {
        component: String,
        variable: String,
        instance: Option<String>,
        value: String,
    },
    /// Somebody at the site limits charging (K11, K12).
    SiteLimit {
        /// 0, the station, if absent.
        evse: Option<EvseId>,
        source: Option<String>,
        current_a: Option<Decimal>,
        power_w: Option<Decimal>,
        phases: Option<i32>,
        duration_s: Option<i32>,
    },
    ClearSiteLimit {
        evse: Option<EvseId>,
        source: Option<String>,
    },
    Reset {},
    Status {},
    Quit {},
}

/// What a line says of the vehicle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleMembers {
    power_w: Option<u64>,
    max_current_a: Option<Decimal>,
    phases: Option<u8>,
    capacity_wh: Option<u64>,
    soc_percent: Option<Decimal>,
}

/// The members of [`VehicleMembers`], which stand beside those of the command.
const OF_VEHICLE: [&str; 5] = ["power_w", "max_current_a", "phases", "capacity_wh", "soc_percent"];

impl From<VehicleMembers> for VehicleChange {
    fn from(members: VehicleMembers) -> Self {
        let VehicleMembers { power_w, max_current_a, phases, capacity_wh, soc_percent } = members;
        Self { power_w, max_current_a, phases, capacity_wh, soc_percent }
    }
}

/// The members of a line, as they were written: numbers keep their digits.
type Members = BTreeMap<String, Box<RawValue>>;

/// Reads a line.
pub(crate) fn parse(text: &str) -> Line {
    let mut members: Members = match serde_json::from_str(text) {
        Ok(members) => members,
        Err(error) => return Line { command: Err(format!("no JSON object: {error}")), ..Line::default() },
    };
    let id = members.remove("id").and_then(|id| serde_json::from_str(id.get()).ok());
    let name = match members.remove("command").map(|name| serde_json::from_str::<String>(name.get())) {
        Some(Ok(name)) => name,
        Some(Err(_)) => return Line { id, command: Err("\"command\" must be a string".into()), ..Line::default() },
        None => return Line { id, command: Err("\"command\" is missing".into()), ..Line::default() },
    };
    let command = read(&name, members);
    Line { id, name, command }
}

fn read(name: &str, mut members: Members) -> Result<Command, String> {
    if name == "plug" || name == "meter" {
        let given: Members = OF_VEHICLE.iter().filter_map(|member| members.remove_entry(*member)).collect();
        if members.contains_key("vehicle") {
            return Err("unknown field `vehicle`".into());
        }
        if name == "meter" && given.is_empty() && !members.contains_key("energy_wh") {
            return Err(format!("nothing to set: tell energy_wh or one of {}", OF_VEHICLE.join(", ")));
        }
        members.insert("vehicle".into(), serde_json::value::to_raw_value(&given).map_err(|error| error.to_string())?);
    }
    // The name stands where serde looks for that of a variant.
    let tagged = serde_json::to_string(&BTreeMap::from([(name, members)])).map_err(|error| error.to_string())?;
    match serde_json::from_str::<Command>(&tagged).map_err(|error| without_place(&error))? {
        Command::Token { token, .. } if token.is_empty() => Err("the token is empty".into()),
        Command::Variable { component, variable, .. } if component.is_empty() || variable.is_empty() => {
            Err("component and variable have names".into())
        }
        command => Ok(command),
    }
}

/// What serde says, without a line and a column that nobody wrote, and with the members that can be written.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    text.replace("`vehicle`", &format!("`{}`", OF_VEHICLE.join("`, `")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn command(text: &str) -> Command {
        parse(text).command.unwrap()
    }

    fn error(text: &str) -> String {
        parse(text).command.unwrap_err()
    }

    #[test]
    fn commands_are_read_with_their_members() {
        let evse = EvseId(1);
        let vehicle = VehicleMembers::default();
        assert_eq!(command(r#"{"command":"plug","evse":1}"#), Command::Plug { evse, connector: None, vehicle });
        let three = VehicleMembers { phases: Some(3), max_current_a: "16.5".parse().ok(), ..vehicle };
        assert_eq!(
            command(r#"{"command":"plug","evse":1,"connector":1,"phases":3,"max_current_a":16.5}"#),
            Command::Plug { evse, connector: Some(1), vehicle: three }
        );
        assert_eq!(
            command(r#"{"command":"meter","evse":1,"energy_wh":0.1,"power_w":null}"#),
            Command::Meter { evse, energy_wh: "0.1".parse().ok(), vehicle }
        );
        assert_eq!(command(r#" {"command":"quit"} "#), Command::Quit {});
    }

    #[test]
    fn registers_keep_all_their_digits() {
        let Command::Meter { energy_wh, .. } = command(r#"{"command":"meter","evse":1,"energy_wh":123456789012.345}"#)
        else {
            panic!("another command")
        };
        assert_eq!(energy_wh.map(|energy_wh| energy_wh.to_string()).as_deref(), Some("123456789012.345"));
    }

    #[test]
    fn ids_of_any_kind_are_kept_even_if_the_rest_makes_no_sense() {
        assert_eq!(parse(r#"{"command":"dance","id":[1]}"#).id, Some(json!([1])));
        assert_eq!(parse(r#"{"id":"x"}"#).id, Some(json!("x")));
        assert_eq!(parse("nonsense").id, None);
        assert_eq!(parse(r#"{"command":"dance"}"#).name, "dance");
    }

    #[test]
    fn what_makes_no_sense_is_explained() {
        for (text, why) in [
            ("nonsense", "no JSON object"),
            ("[]", "no JSON object"),
            ("{}", "\"command\" is missing"),
            (r#"{"command":7}"#, "\"command\" must be a string"),
            (r#"{"command":"dance"}"#, "unknown variant `dance`, expected one of `plug`"),
            (r#"{"command":"plug"}"#, "missing field `evse`"),
            (r#"{"command":"plug","evse":"one"}"#, "expected i32"),
            (r#"{"command":"plug","evse":1,"conector":1}"#, "unknown field `conector`, expected one of `evse`"),
            (r#"{"command":"plug","evse":1,"conector":1}"#, "`connector`, `power_w`, `max_current_a`, `phases`"),
            (r#"{"command":"plug","evse":1,"vehicle":{}}"#, "unknown field `vehicle`"),
            (r#"{"command":"meter","evse":1}"#, "nothing to set"),
            (r#"{"command":"meter","evse":1,"energy_wh":1e300}"#, "18 digits"),
            (r#"{"command":"status","evse":1}"#, "unknown field `evse`"),
            (r#"{"command":"token","token":""}"#, "the token is empty"),
            (r#"{"command":"variable","component":"","variable":"x","value":"1"}"#, "have names"),
            (r#"{"command":"clock","time":"yesterday"}"#, "time"),
        ] {
            let found = error(text);
            assert!(found.contains(why), "{text}: {found}");
        }
    }
}
