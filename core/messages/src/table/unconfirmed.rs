//! The answer that nobody sends.

use alloc::string::String;

use super::{Check, Payload, Rule, Shape, Shaped, Wire};
use crate::reader::{Bad, Reader};
use crate::{Version, Violation};

/// The response of an action that goes out as SEND (2.1 Part 4 §4.2.4): there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {}

impl Wire for Unconfirmed {
    fn read(_: &mut Reader<'_>) -> Result<Self, Bad> {
        Err(Bad)
    }

    fn write(&self, _: &mut String) {
        match *self {}
    }
}

impl Check for Unconfirmed {
    fn check(&self, _: &Rule, _: Version) -> Result<(), Violation> {
        match *self {}
    }
}

impl Shaped for Unconfirmed {
    const SHAPE: &'static Shape = &Shape::Object { members: &[], open: false };
}

impl Payload for Unconfirmed {}
