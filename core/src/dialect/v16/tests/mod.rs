//! The exact texts of the messages, as the tables of 1.6 want them, and what is made of other stations' words.

mod configuration;
mod messages;
mod transactions;
mod values;

use alloc::boxed::Box;
use alloc::string::String;

use pilotwire_messages::Version;

use super::super::tests::written;
use super::read_request;
use crate::domain::{Request, TransactionEvent};

fn text(request: &Request) -> String {
    written(Version::V16, request).unwrap()
}

fn transaction(event: TransactionEvent) -> Request {
    Request::Transaction(Box::new(event))
}

fn read_event(action: &str, payload: &str) -> TransactionEvent {
    match read_request(action, payload).unwrap() {
        Request::Transaction(event) => *event,
        other => panic!("{other:?}"),
    }
}
