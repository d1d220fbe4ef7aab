//! ocpp_rs with `schema_validate`: 1.6 as such, 2.x by its types of 2.1.

use std::hint::black_box;

use harness::{Case, Counting, frames};
use ocpp_rs::{v16, v21};

#[global_allocator]
static COUNTING: Counting = Counting;

fn v16_case(at: usize) -> Case {
    let frame = frames().swap_remove(at);
    let message = v16::parse::deserialize_to_message(&frame.text).unwrap();
    let decode = move || drop(black_box(v16::parse::deserialize_to_message(black_box(&frame.text)).unwrap()));
    let encode = move || v16::parse::serialize_message(black_box(&message)).unwrap();
    Case { name: frame.name, decode: Box::new(decode), encode: Box::new(encode) }
}

fn v21_case(at: usize) -> Case {
    let frame = frames().swap_remove(at);
    let message = v21::parse::deserialize_to_message(&frame.text).unwrap();
    let decode = move || drop(black_box(v21::parse::deserialize_to_message(black_box(&frame.text)).unwrap()));
    let encode = move || v21::parse::serialize_message(black_box(&message)).unwrap();
    Case { name: frame.name, decode: Box::new(decode), encode: Box::new(encode) }
}

fn main() {
    let order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    let case = |at: usize| if matches!(at, 0..=2 | 7) { v16_case(at) } else { v21_case(at) };
    harness::run(order.into_iter().map(case).collect());
}
