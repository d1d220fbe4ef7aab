//! The one object of 2.x whose members nobody knows.

use alloc::string::String;

use crate::reader::{Bad, Reader};
use crate::table::{Check, Limits, Member, Rule, Shape, Shaped, Wire};
use crate::{Json, Text, Version, Violation};

const VENDOR_ID: Rule = Rule::ANY.within(Limits::NONE.max(255));

/// Data of a vendor's own; carried as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomData {
    vendor_id: Text,
    json: Json,
}

/// The member that the specification asks for; the others are not looked at.
fn vendor_id(reader: &mut Reader<'_>) -> Result<Text, Bad> {
    let (mut first, mut found) = (true, None);
    reader.open(b'{')?;
    while reader.more(&mut first, b'}')? {
        if reader.name()? != "vendorId" {
            reader.any()?;
        } else if found.replace(Text::read(reader)?).is_some() {
            return Err(Bad);
        }
    }
    found.ok_or(Bad)
}

impl CustomData {
    /// From an object with a `vendorId`; `None` if `json` is none.
    pub fn new(json: Json) -> Option<Self> {
        let vendor_id = vendor_id(&mut Reader::new(json.as_str())).ok()?;
        Some(Self { vendor_id, json })
    }

    /// Whose data it is.
    pub fn vendor_id(&self) -> &str {
        &self.vendor_id
    }

    /// The whole object.
    pub fn json(&self) -> &Json {
        &self.json
    }
}

impl Wire for CustomData {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        Self::new(Json::read(reader)?).ok_or(Bad)
    }

    fn write(&self, out: &mut String) {
        self.json.write(out);
    }
}

impl Check for CustomData {
    fn check(&self, _: &Rule, version: Version) -> Result<(), Violation> {
        self.vendor_id.check(&VENDOR_ID, version).map_err(|violation| violation.under("vendorId"))
    }
}

impl Shaped for CustomData {
    const SHAPE: &'static Shape = &Shape::Object {
        members: &[Member { name: "vendorId", required: true, rule: VENDOR_ID, shape: &Shape::Text }],
        open: true,
    };
}
