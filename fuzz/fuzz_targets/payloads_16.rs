#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pilotwire_fuzz::payload(data, pilotwire_messages::Version::V16));
