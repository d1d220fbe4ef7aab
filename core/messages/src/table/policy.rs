//! Taking what field devices really send: a policy of the receiver, never a guess.

use alloc::string::String;

use crate::Text;

/// What a receiver forgives. Everything else is refused as strictly as ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Words that an enumeration does not have are kept as they are.
    pub unknown_words: bool,
    /// Numbers and truth values may stand in quotes.
    pub quoted_values: bool,
    /// Timestamps may lack their offset: they are UTC then.
    pub timestamps_without_offset: bool,
    /// Texts may be longer than their limit, and are kept whole.
    pub long_texts: bool,
    /// Numbers may have more digits after the point than are kept exactly, and are rounded.
    pub long_numbers: bool,
    /// Members that a message does not have, or not yet in this version, are left out.
    pub unknown_members: bool,
}

impl Policy {
    /// Nothing is forgiven.
    pub const STRICT: Self = Self {
        unknown_words: false,
        quoted_values: false,
        timestamps_without_offset: false,
        long_texts: false,
        long_numbers: false,
        unknown_members: false,
    };

    /// Everything that is known from the field.
    pub const FIELD: Self = Self {
        unknown_words: true,
        quoted_values: true,
        timestamps_without_offset: true,
        long_texts: true,
        long_numbers: true,
        unknown_members: true,
    };
}

/// A kind of forgiveness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeniencyKind {
    /// A word that its enumeration does not have.
    UnknownWord,
    /// A number or a truth value in quotes.
    QuotedValue,
    /// A timestamp without offset.
    TimestampWithoutOffset,
    /// A timestamp with more than three decimals of a second (2.x Part 2 §3.1). Decoding takes it whatever the policy
    /// says, as it loses nothing that counts; so it is told whatever the policy says.
    FineTimestamp,
    /// A text beyond its limit.
    LongText,
    /// A number with more digits after the point than are kept.
    LongNumber,
    /// A member that the message does not have.
    UnknownMember,
}

impl LeniencyKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::UnknownWord,
        Self::QuotedValue,
        Self::TimestampWithoutOffset,
        Self::FineTimestamp,
        Self::LongText,
        Self::LongNumber,
        Self::UnknownMember,
    ];
}

/// One rule that was broken and forgiven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leniency {
    /// What was forgiven.
    pub kind: LeniencyKind,
    /// JSON pointer of the value.
    pub path: String,
    /// The beginning of what stood there, as JSON.
    pub found: Text,
}

/// How often each kind of leniency was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeniencyCounts([u64; LeniencyKind::ALL.len()]);

impl LeniencyCounts {
    /// Counts the leniencies of one payload.
    pub fn add(&mut self, leniencies: &[Leniency]) {
        for leniency in leniencies {
            self.0[leniency.kind as usize] += 1;
        }
    }

    /// How often this kind was used.
    pub const fn of(&self, kind: LeniencyKind) -> u64 {
        self.0[kind as usize]
    }
}
