//! `snake_case` members to `camelCase` on the wire, while compiling.

/// The length of [`camel`]'s result.
pub(crate) const fn camel_len(snake: &str) -> usize {
    let bytes = snake.as_bytes();
    let (mut at, mut length) = (0, 0);
    while at < bytes.len() {
        length += (bytes[at] != b'_') as usize;
        at += 1;
    }
    length
}

/// `evse_id` becomes `evseId`.
pub(crate) const fn camel<const N: usize>(snake: &str) -> [u8; N] {
    let bytes = snake.as_bytes();
    let mut name = [0; N];
    let (mut at, mut length, mut upper) = (0, 0, false);
    while at < bytes.len() {
        if bytes[at] == b'_' {
            upper = true;
        } else {
            name[length] = if upper { bytes[at].to_ascii_uppercase() } else { bytes[at] };
            length += 1;
            upper = false;
        }
        at += 1;
    }
    name
}
