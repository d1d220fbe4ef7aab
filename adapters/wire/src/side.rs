//! Who is who.

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The charging station.
    Client,
    /// The CSMS.
    Server,
}
