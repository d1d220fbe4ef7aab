//! rust-ocpp: types only, with the array around them by serde; it has no 2.1, and validates nothing while decoding.

use std::hint::black_box;

use harness::{Case, Counting, frames};
use rust_ocpp::{v1_6, v2_0_1};
use serde_json::value::RawValue;

#[global_allocator]
static COUNTING: Counting = Counting;

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    let (kind, _, _, payload): (u8, &str, &str, &RawValue) = serde_json::from_str(text).unwrap();
    assert_eq!(kind, 2);
    serde_json::from_str(payload.get()).unwrap()
}

fn case<T: serde::de::DeserializeOwned + serde::Serialize + 'static>(at: usize) -> Case {
    let frame = frames().swap_remove(at);
    let (_, id, action, _): (u8, String, String, &RawValue) = serde_json::from_str(&frame.text).unwrap();
    let value: T = read(&frame.text);
    let decode = move || drop(black_box(read::<T>(black_box(&frame.text))));
    let encode = move || serde_json::to_string(&(2_u8, &id, &action, black_box(&value))).unwrap();
    Case { name: frame.name, decode: Box::new(decode), encode: Box::new(encode) }
}

fn main() {
    harness::run(vec![
        case::<v1_6::messages::boot_notification::BootNotificationRequest>(0),
        case::<v1_6::messages::meter_values::MeterValuesRequest>(1),
        case::<v1_6::messages::set_charging_profile::SetChargingProfileRequest>(2),
        case::<v2_0_1::messages::boot_notification::BootNotificationRequest>(3),
        case::<v2_0_1::messages::transaction_event::TransactionEventRequest>(4),
        case::<v2_0_1::messages::notify_report::NotifyReportRequest>(5),
        case::<v2_0_1::messages::set_charging_profile::SetChargingProfileRequest>(6),
        case::<v1_6::messages::stop_transaction::StopTransactionRequest>(7),
    ]);
}
