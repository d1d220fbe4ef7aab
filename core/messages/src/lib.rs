//! OCPP-J frames and typed, checked payloads of OCPP 1.6, 2.0.1 and 2.1.
//!
//! [`Frame::parse`] reads a frame, [`decode`] its payload with every rule of the message tables, and [`Violation`] tells
//! the error code, the member and the reason when one is broken. [`encode_checked`] writes a payload that keeps the rules,
//! [`frame::call_text`] and its siblings write frames.
//!
//! [`table::decode_leniently`] takes what field devices really send, by a policy, and tells what it forgave. [`signed`] has
//! signed messages and meter values; keys stay with the caller. [`table::codecs`] knows every action by its name, for tools.
//!
//! ```
//! use pilotwire_messages::{Frame, Version, decode, v2};
//!
//! let text = r#"[3,"1",{"currentTime":"2026-01-31T12:00:00Z","interval":300,"status":"Accepted"}]"#;
//! let Ok(Frame::CallResult { payload, .. }) = Frame::parse(text, Version::V201) else { panic!() };
//! let boot: v2::BootNotificationResponse = decode(payload, Version::V201).unwrap();
//! assert_eq!(boot.interval, 300);
//!
//! let refused = decode::<v2::BootNotificationResponse>(r#"{"interval":"300"}"#, Version::V201).unwrap_err();
//! assert_eq!(refused.path, "/currentTime");
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod decimal;
mod error;
pub mod frame;
mod json;
pub mod reader;
#[macro_use]
pub mod table;
pub mod signed;
mod text;
mod time;
pub mod v16;
pub mod v2;
mod version;
mod writer;

pub use decimal::{BadDecimal, Decimal};
pub use error::{ErrorCode, Violation};
pub use frame::{Failure, Frame, FrameError};
pub use json::Json;
pub use table::{ActionInfo, Check, Payload, Request, Rule, Sender, decode, encode_checked, text_of};
pub use text::Text;
pub use time::{BadDateTime, DateTime};
pub use version::{UnknownVersion, Version};

/// The JSON text of a value of this crate, of a frame made of them, or of any value whose serialization cannot fail.
pub fn encode<T: serde::Serialize + ?Sized>(value: &T) -> alloc::string::String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        // Only a map with keys that are no strings or a failing Serialize could bring us here: a bug of the caller.
        Err(error) => unreachable!("a message that cannot be written: {error}"),
    }
}
