//! What the fuzz targets share: an input begins with the number of an action, then its payload follows.

use std::sync::OnceLock;

use pilotwire_messages::Version;
use pilotwire_messages::table::{Codec, PayloadCodec, Policy, codecs};

fn all(version: Version) -> &'static [Codec] {
    static ALL: [OnceLock<Vec<Codec>>; 3] = [const { OnceLock::new() }; 3];
    let place = Version::ALL.iter().position(|known| *known == version).unwrap_or(0);
    ALL[place].get_or_init(|| codecs(version))
}

/// The codec that the first byte names, and the text behind it.
pub fn chosen(data: &[u8], version: Version) -> Option<(PayloadCodec, &str)> {
    let (choice, rest) = data.split_first()?;
    let text = std::str::from_utf8(rest).ok()?;
    let all = all(version);
    let codec = &all[usize::from(choice >> 1) % all.len()];
    Some((if choice & 1 == 0 { codec.request } else { codec.response }, text))
}

/// A payload of one version: an answer or an error, and the same verdict on both ways.
pub fn payload(data: &[u8], version: Version) {
    let Some((codec, text)) = chosen(data, version) else { return };
    let strict = (codec.strictly)(text, version);
    let judged = (codec.leniently)(text, version, &Policy::STRICT);
    assert_eq!(strict.is_ok(), judged.is_ok(), "{text}: {strict:?} {judged:?}");
    let _ = (codec.leniently)(text, version, &Policy::FIELD);
}
