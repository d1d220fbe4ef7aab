//! Every action by its name: for tools that learn at run time what they read.

use alloc::string::String;
use alloc::vec::Vec;

use super::{ActionInfo, Lenient, Payload, Policy, Request, Visitor, decode, decode_leniently, text_of};
use crate::{Version, Violation, v2, v16};

/// An action, and what its payloads go through.
#[derive(Clone, Copy, Debug)]
pub struct Codec {
    /// The row's facts.
    pub info: ActionInfo,
    /// The CALL's or SEND's payload.
    pub request: PayloadCodec,
    /// The CALLRESULT's payload.
    pub response: PayloadCodec,
}

/// A payload that is text on both sides, and typed between them.
#[derive(Clone, Copy, Debug)]
pub struct PayloadCodec {
    /// Decodes it with every rule of its table, and writes it again.
    pub strictly: fn(&str, Version) -> Result<String, Violation>,
    /// The same, with a policy; also what was forgiven.
    pub leniently: fn(&str, Version, &Policy) -> Result<Lenient<String>, Violation>,
}

impl PayloadCodec {
    const fn of<T: Payload>() -> Self {
        Self { strictly: strictly::<T>, leniently: leniently::<T> }
    }
}

/// All actions of a version. Whoever calls this links the types of all messages.
pub fn codecs(version: Version) -> Vec<Codec> {
    struct Collected(Vec<Codec>);
    impl Visitor for Collected {
        fn action<R: Request>(&mut self) {
            let (request, response) = (PayloadCodec::of::<R>(), PayloadCodec::of::<R::Response>());
            self.0.push(Codec { info: R::ACTION, request, response });
        }
    }
    let mut collected = Collected(Vec::new());
    match version {
        Version::V16 => v16::visit(&mut collected),
        Version::V201 | Version::V21 => v2::visit(&mut collected),
    }
    collected.0.retain(|codec| codec.info.exists_in(version));
    collected.0
}

fn strictly<T: Payload>(payload: &str, version: Version) -> Result<String, Violation> {
    decode::<T>(payload, version).map(|value| text_of(&value))
}

fn leniently<T: Payload>(payload: &str, version: Version, policy: &Policy) -> Result<Lenient<String>, Violation> {
    let Lenient { value, leniencies } = decode_leniently::<T>(payload, version, policy)?;
    Ok(Lenient { value: text_of(&value), leniencies })
}
