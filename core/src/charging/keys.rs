//! When each profile of a stack can begin, by rank: asked for the first that is due, and for the earliest above a rank.

use core::ops::Range;

/// Ranks in one block, whose minimum is kept.
const BLOCK: usize = 32;

/// "Not in this window."
pub(super) const NEVER: i32 = i32::MAX;

/// Seconds after the window's start at which the profiles of a stack can begin, the highest rank first. Memory is the
/// caller's; nothing of it is touched before [`explore`](Self::explore).
#[derive(Debug)]
pub(super) struct Keys<'a> {
    starts: &'a mut [i32],
    /// The least of each block.
    blocks: &'a mut [i32],
}

impl<'a> Keys<'a> {
    /// How much memory `count` profiles need.
    pub(super) const fn room(count: usize) -> usize {
        let blocks = count.div_ceil(BLOCK);
        blocks * BLOCK + blocks
    }

    pub(super) fn new(memory: &'a mut [i32]) -> Self {
        let blocks = memory.len() / (BLOCK + 1);
        let (starts, blocks) = memory.split_at_mut(blocks * BLOCK);
        Self { starts, blocks }
    }

    /// Takes in the next rank.
    pub(super) fn explore(&mut self, rank: usize) {
        if rank.is_multiple_of(BLOCK) {
            self.starts[rank..rank + BLOCK].fill(NEVER);
            self.blocks[rank / BLOCK] = NEVER;
        }
    }

    /// The profile of this rank, which is explored, can begin here.
    pub(super) fn set(&mut self, rank: usize, start: i32) {
        self.starts[rank] = start;
        let block = rank / BLOCK;
        self.blocks[block] = least(&self.starts[block * BLOCK..(block + 1) * BLOCK]);
    }

    /// The first of these ranks that can begin at `now` or before.
    pub(super) fn first_due(&self, ranks: Range<usize>, now: i32) -> Option<usize> {
        let mut from = ranks.start;
        while from < ranks.end {
            let block = from / BLOCK;
            let end = ((block + 1) * BLOCK).min(ranks.end);
            if self.blocks[block] <= now
                && let Some(place) = self.starts[from..end].iter().position(|start| *start <= now)
            {
                return Some(from + place);
            }
            from = end;
        }
        None
    }

    /// The earliest of the ranks before this one.
    pub(super) fn earliest_before(&self, rank: usize) -> i32 {
        let whole = rank / BLOCK;
        least(&self.blocks[..whole]).min(least(&self.starts[whole * BLOCK..rank]))
    }
}

fn least(starts: &[i32]) -> i32 {
    starts.iter().fold(NEVER, |least, start| least.min(*start))
}
