//! OCPP 2.0.1 and 2.1: nearly the domain itself, as its words come from here.
//!
//! Lost is what the domain does not carry: status infos, the root that a signing request names, costs, tariffs, limits of transactions, monitoring, all but the actual value of a reported variable, and vendors' `customData` outside of meter values and
//! tokens. [`occupation`](crate::domain::ConnectorReport::occupation) is guessed on reading;
//! [`reset`](crate::domain::TransactionEvent::reset) and [`read_only`](crate::domain::VariableValue::read_only) are not
//! told.

mod certificates;
mod charging;
mod command;
mod files;
mod request;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use command::{read_command, read_reply, write_command, write_reply};
pub(crate) use request::{read_answer, read_request, write_answer, write_request};
