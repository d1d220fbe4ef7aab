//! ocpp-types: the CALL as a type, bounds in the types, `validate` for what these cannot hold.

use std::hint::black_box;

use harness::{Case, Counting, frames};
use ocpp_types::validate::Validate;
use ocpp_types::{Action, Call, v16, v21, v201};

#[global_allocator]
static COUNTING: Counting = Counting;

fn case<T>(at: usize) -> Case
where
    T: Action + Validate + serde::de::DeserializeOwned + serde::Serialize + 'static,
{
    let frame = frames().swap_remove(at);
    let call: Call<T> = serde_json::from_str(&frame.text).unwrap();
    let decode = move || {
        let call: Call<T> = serde_json::from_str(black_box(&frame.text)).unwrap();
        assert!(black_box(call).payload.validate().is_ok());
    };
    let encode = move || serde_json::to_string(black_box(&call)).unwrap();
    Case { name: frame.name, decode: Box::new(decode), encode: Box::new(encode) }
}

fn main() {
    harness::run(vec![
        case::<v16::BootNotificationRequest>(0),
        case::<v16::MeterValuesRequest>(1),
        case::<v16::SetChargingProfileRequest>(2),
        case::<v201::BootNotificationRequest>(3),
        case::<v201::TransactionEventRequest>(4),
        case::<v201::NotifyReportRequest>(5),
        case::<v201::SetChargingProfileRequest>(6),
        case::<v16::StopTransactionRequest>(7),
        case::<v21::TransactionEventRequest>(8),
        case::<v21::SetDERControlRequest>(9),
    ]);
}
