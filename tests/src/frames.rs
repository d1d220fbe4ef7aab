//! Frames of WebSocket, byte by byte, for those who break its rules (RFC 6455 §5.2).

/// A frame with this first byte; not masked, as those of servers are.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [head(first, payload.len()), payload.to_vec()].concat()
}

/// The head of a frame.
pub fn head(first: u8, length: usize) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..=125 => head.push(u8::try_from(length).expect("it fits")),
        126..=0xFFFF => {
            head.push(126);
            head.extend(u16::try_from(length).expect("it fits").to_be_bytes());
        }
        _ => {
            head.push(127);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head
}

/// The same as a client's, whose mask of zeroes changes nothing.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&masked_head(first, payload.len())[..], &[0; 4], payload].concat()
}

/// The head of a client's frame, without its mask.
pub fn masked_head(first: u8, length: usize) -> Vec<u8> {
    let mut head = head(first, length);
    head[1] |= 0x80;
    head
}
