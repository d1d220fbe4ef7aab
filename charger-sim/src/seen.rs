//! What can be seen of a station from outside: the last of everything that it told.

use std::collections::BTreeMap;

use pilotwire::Version;
use pilotwire::domain::{EvseId, RegistrationStatus};
use pilotwire::messages::Text;
use pilotwire::station::Output;
use serde_json::{Map, Value, json};

/// The last of everything that a station told.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The version of the connection, if there is one.
    pub(crate) connected: Option<Version>,
    pub(crate) registration: Option<RegistrationStatus>,
    evses: BTreeMap<EvseId, SeenEvse>,
}

#[derive(Debug, Default)]
struct SeenEvse {
    /// The members of the last status.
    status: Map<String, Value>,
    transaction: Option<Text>,
}

impl Seen {
    /// The station told this.
    pub(crate) fn output(&mut self, output: &Output) {
        match output {
            Output::Registered(status) => self.registration = Some(status.clone()),
            Output::Status(report) => {
                let status = json!({
                    "status": report.status,
                    "occupation": report.occupation,
                    "problem": report.problem,
                });
                if let Value::Object(status) = status {
                    self.evses.entry(report.evse).or_default().status = status;
                }
            }
            Output::TransactionStarted { evse, transaction, .. } => {
                self.evses.entry(*evse).or_default().transaction = Some(transaction.clone());
            }
            Output::TransactionEnded { evse, .. } => self.evses.entry(*evse).or_default().transaction = None,
            _ => {}
        }
    }

    /// The station is dark. A transaction is not over because of that: whoever wakes up tells how it ended.
    pub(crate) fn power_off(&mut self) {
        self.connected = None;
        self.registration = None;
        for evse in self.evses.values_mut() {
            evse.status.clear();
        }
    }

    /// What is to be told of an EVSE.
    pub(crate) fn evse(&self, id: EvseId) -> Map<String, Value> {
        let known = self.evses.get(&id);
        let mut members = known.map(|known| known.status.clone()).unwrap_or_default();
        members.insert("transaction".into(), json!(known.and_then(|known| known.transaction.as_ref())));
        members
    }
}

#[cfg(test)]
mod tests {
    use pilotwire::domain::StoppedReason;
    use pilotwire::messages::Decimal;

    use super::*;

    #[test]
    fn a_transaction_is_seen_until_it_ends() {
        let (evse, transaction) = (EvseId(1), Text::from("t"));
        let mut seen = Seen::default();
        assert_eq!(seen.evse(evse)["transaction"], Value::Null);
        let register_wh = Decimal::ZERO;
        seen.output(&Output::TransactionStarted { evse, transaction: transaction.clone(), register_wh });
        seen.power_off();
        assert_eq!(seen.evse(evse)["transaction"], "t");
        let reason = StoppedReason::PowerLoss;
        seen.output(&Output::TransactionEnded { evse, transaction, register_wh, reason });
        assert_eq!(seen.evse(evse)["transaction"], Value::Null);
    }
}
