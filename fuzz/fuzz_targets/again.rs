#![no_main]

use pilotwire_messages::Version;

// What was decoded is encoded, and decoded again to the same.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for version in Version::ALL {
        let Some((codec, text)) = pilotwire_fuzz::chosen(data, version) else { return };
        if let Ok(once) = (codec.strictly)(text, version) {
            assert_eq!((codec.strictly)(&once, version).as_ref(), Ok(&once), "{text}");
        }
    }
});
