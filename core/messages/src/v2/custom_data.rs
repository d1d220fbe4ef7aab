//! The one object of 2.x whose members nobody knows.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::table::{Check, Limits, Member, Rule, Shape, Shaped};
use crate::{Json, Text, Version, Violation};

const VENDOR_ID: Rule = Rule::ANY.within(Limits::NONE.max(255));

/// Data of a vendor's own; carried as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomData {
    vendor_id: Text,
    json: Json,
}

/// The member that the specification asks for; the others are not looked at.
struct Head {
    vendor_id: Text,
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Head;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an object with a vendorId")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
                let mut vendor_id = None;
                while let Some(name) = map.next_key::<Text>()? {
                    if name == "vendorId" {
                        vendor_id = Some(map.next_value()?);
                    } else {
                        map.next_value::<de::IgnoredAny>()?;
                    }
                }
                Ok(Head { vendor_id: vendor_id.ok_or_else(|| de::Error::missing_field("vendorId"))? })
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl CustomData {
    /// From an object with a `vendorId`.
    ///
    /// # Errors
    /// The JSON is no object, or `vendorId` is no string.
    pub fn new(json: Json) -> Result<Self, serde_json::Error> {
        let head: Head = serde_json::from_str(json.as_str())?;
        Ok(Self { vendor_id: head.vendor_id, json })
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

impl Serialize for CustomData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CustomData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Json::deserialize(deserializer)?).map_err(de::Error::custom)
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
