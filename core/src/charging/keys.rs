//! When each profile of a stack can begin, by rank: asked for the first that is due, and for the earliest above a rank.

use core::ops::Range;

/// Ranks in one block, and blocks in a row of them.
const BLOCK: usize = 32;
/// Ranks in a row of blocks.
const ROW: usize = BLOCK * BLOCK;

/// "Not in this window."
pub(super) const NEVER: i32 = i32::MAX;

/// Seconds after the window's start at which the profiles of a stack can begin, the highest rank first, with the least of
/// each block and of each row of blocks. Memory is the caller's; nothing of it is touched before [`explore`](Self::explore).
#[derive(Debug)]
pub(super) struct Keys<'a> {
    starts: &'a mut [i32],
    blocks: &'a mut [i32],
    rows: &'a mut [i32],
}

impl<'a> Keys<'a> {
    /// How much memory `count` profiles need.
    pub(super) const fn room(count: usize) -> usize {
        let rows = count.div_ceil(ROW);
        count.next_multiple_of(BLOCK) + rows * BLOCK + rows
    }

    /// For `count` profiles, in as much memory as they need.
    #[inline]
    pub(super) fn new(memory: &'a mut [i32], count: usize) -> Self {
        let (starts, rest) = memory.split_at_mut(count.next_multiple_of(BLOCK));
        let (blocks, rows) = rest.split_at_mut(count.div_ceil(ROW) * BLOCK);
        Self { starts, blocks, rows }
    }

    /// Takes in the next rank.
    pub(super) fn explore(&mut self, rank: usize) {
        if rank.is_multiple_of(BLOCK) {
            self.starts[rank..rank + BLOCK].fill(NEVER);
        }
        if rank.is_multiple_of(ROW) {
            let block = rank / BLOCK;
            self.blocks[block..block + BLOCK].fill(NEVER);
            self.rows[rank / ROW] = NEVER;
        }
    }

    /// The profile of this rank, which is explored, can begin here.
    pub(super) fn set(&mut self, rank: usize, start: i32) {
        let (block, row) = (rank / BLOCK, rank / ROW);
        self.starts[rank] = start;
        self.blocks[block] = least(&self.starts[block * BLOCK..(block + 1) * BLOCK]);
        self.rows[row] = least(&self.blocks[row * BLOCK..(row + 1) * BLOCK]);
    }

    /// The first of these ranks that can begin at `now` or before.
    pub(super) fn first_due(&self, ranks: Range<usize>, now: i32) -> Option<usize> {
        let mut from = ranks.start;
        while from < ranks.end {
            let (block, row) = (from / BLOCK, from / ROW);
            if self.rows[row] > now {
                from = (row + 1) * ROW;
                continue;
            }
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
        let (block, row) = (rank / BLOCK, rank / ROW);
        let rows = least(&self.rows[..row]);
        let blocks = least(&self.blocks[row * BLOCK..block]);
        rows.min(blocks).min(least(&self.starts[block * BLOCK..rank]))
    }
}

fn least(starts: &[i32]) -> i32 {
    starts.iter().fold(NEVER, |least, start| least.min(*start))
}
