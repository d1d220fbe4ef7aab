//! ocpp-kit: its frame, then its strict decoding with validation.

use std::borrow::Cow;
use std::hint::black_box;

use harness::{Case, Counting, frames};
use ocpp_kit::decode::{DecodeOptions, decode_payload};
use ocpp_kit::rpc::Frame;
use ocpp_kit::validate::Validate;
use ocpp_kit::{Version, v1_6, v2_0_1, v2_1};
use serde_json::value::to_raw_value;

#[global_allocator]
static COUNTING: Counting = Counting;

fn read<T>(text: &str, version: Version) -> T
where
    T: serde::de::DeserializeOwned + serde::Serialize + Validate,
{
    let frame = Frame::parse(text, version).unwrap();
    decode_payload(frame.payload().unwrap(), &DecodeOptions::strict()).unwrap()
}

fn case<T>(at: usize, version: Version) -> Case
where
    T: serde::de::DeserializeOwned + serde::Serialize + Validate + 'static,
{
    let frame = frames().swap_remove(at);
    let parsed = Frame::parse(&frame.text, version).unwrap().into_owned();
    let (id, action) = (parsed.id().clone(), parsed.action().unwrap().to_owned());
    let value: T = read(&frame.text, version);
    let encode = move || {
        let payload = Cow::Owned(to_raw_value(black_box(&value)).unwrap());
        Frame::Call { id: id.clone(), action: Cow::Borrowed(action.as_str()), payload }.to_json(version).unwrap()
    };
    let decode = move || drop(black_box(read::<T>(black_box(&frame.text), version)));
    Case { name: frame.name, decode: Box::new(decode), encode: Box::new(encode) }
}

fn main() {
    use Version::{V1_6, V2_0_1, V2_1};
    harness::run(vec![
        case::<v1_6::BootNotificationRequest>(0, V1_6),
        case::<v1_6::MeterValuesRequest>(1, V1_6),
        case::<v1_6::SetChargingProfileRequest>(2, V1_6),
        case::<v2_0_1::BootNotificationRequest>(3, V2_0_1),
        case::<v2_0_1::TransactionEventRequest>(4, V2_0_1),
        case::<v2_0_1::NotifyReportRequest>(5, V2_0_1),
        case::<v2_0_1::SetChargingProfileRequest>(6, V2_0_1),
        case::<v1_6::StopTransactionRequest>(7, V1_6),
        case::<v2_1::TransactionEventRequest>(8, V2_1),
        case::<v2_1::SetDERControlRequest>(9, V2_1),
    ]);
}
