#![no_main]

use pilotwire_messages::{Frame, Version, frame};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for version in Version::ALL {
        match Frame::parse(text, version) {
            Ok(_) => {}
            Err(error) => {
                // What is answered can be read by the one who gets it.
                if let Some((id, code)) = error.answer {
                    let answer = frame::error_text(&id, code, &error.text, version);
                    assert!(matches!(Frame::parse(&answer, version), Ok(Frame::CallError(_))), "{answer}");
                }
            }
        }
    }
});
