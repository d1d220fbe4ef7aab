//! Ours.

use std::hint::black_box;

use harness::{Case, Counting, frames};
use pilotwire_messages::{Frame, Request, Version, decode, frame, v2, v16};

#[global_allocator]
static COUNTING: Counting = Counting;

fn read<T: Request>(text: &str, version: Version) -> (String, T) {
    let Ok(Frame::Call { id, action, payload }) = Frame::parse(text, version) else { panic!("{text}") };
    assert_eq!(action, T::ACTION.name);
    let value = decode(payload, version).unwrap_or_else(|violation| panic!("{violation}"));
    (id.into_owned(), value)
}

fn case<T: Request + 'static>(at: usize, version: Version) -> Case {
    let frame = frames().swap_remove(at);
    let (id, value) = read::<T>(&frame.text, version);
    let decode = move || {
        let Ok(Frame::Call { payload, .. }) = Frame::parse(black_box(&frame.text), version) else { panic!() };
        black_box(decode::<T>(payload, version)).unwrap_or_else(|violation| panic!("{violation}"));
    };
    let encode = move || frame::call_text(black_box(&id), T::ACTION.name, black_box(&value));
    Case { name: frame.name, decode: Box::new(decode), encode: Box::new(encode) }
}

fn main() {
    use Version::{V16, V21, V201};
    harness::run(vec![
        case::<v16::BootNotificationRequest>(0, V16),
        case::<v16::MeterValuesRequest>(1, V16),
        case::<v16::SetChargingProfileRequest>(2, V16),
        case::<v2::BootNotificationRequest>(3, V201),
        case::<v2::TransactionEventRequest>(4, V201),
        case::<v2::NotifyReportRequest>(5, V201),
        case::<v2::SetChargingProfileRequest>(6, V201),
        case::<v16::StopTransactionRequest>(7, V16),
        case::<v2::TransactionEventRequest>(8, V21),
        case::<v2::SetDERControlRequest>(9, V21),
    ]);
}
