//! The first sort: chunks of the input are counted into rows, then scattered to where their rows begin.

use std::ops::Range;

use super::slots::Slots;
use super::{CellItem, CellSource};
use crate::agent::AgentId;
use crate::space::CellGrid;

/// What one chunk of the input contributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    pub(super) source: usize,
    pub(super) range: Range<usize>,
    /// For each row first how many items fall into it, then the slot of the next one and the end of the chunk's share.
    pub(super) shares: Vec<[u32; 2]>,
    pub(super) ends: Option<(AgentId, AgentId)>,
    pub(super) ascending: bool,
    pub(super) id_start: u32,
    pub(super) id_end: u32,
}

pub(super) fn count_rows<T: CellItem, S: CellSource<T>>(grid: &CellGrid, chunk: &mut Chunk, source: &S) {
    chunk.shares.clear();
    chunk.shares.resize(grid.rows as usize, [0; 2]);
    chunk.ends = None;
    chunk.ascending = true;
    chunk.id_start = u32::MAX;
    chunk.id_end = 0;
    for index in chunk.range.clone() {
        if let Some((id, item)) = source.item(index) {
            chunk.shares[grid.row(item.place().y) as usize][0] += 1;
            let (first, last) = chunk.ends.unwrap_or((id, id));
            chunk.ascending &= chunk.ends.is_none() || last < id;
            chunk.ends = Some((first, id));
            chunk.id_start = chunk.id_start.min(id.0);
            chunk.id_end = chunk.id_end.max(id.0.saturating_add(1));
        }
    }
}

pub(super) fn scatter<T: CellItem, S: CellSource<T>>(
    grid: &CellGrid,
    chunk: &mut Chunk,
    source: &S,
    items: &Slots<'_, T>,
    ids: &Slots<'_, AgentId>,
) {
    for index in chunk.range.clone() {
        let Some((id, item)) = source.item(index) else {
            continue;
        };
        let [next, end] = &mut chunk.shares[grid.row(item.place().y) as usize];
        // A source that answers differently than when it was counted loses items, rather than write into the slots of
        // another chunk.
        if *next < *end {
            // SAFETY: `place_rows` cut the slots below the buffers' length into disjoint shares, one per chunk and row;
            // each chunk is worked on by one thread, and `next` lies within this one's share.
            #[expect(unsafe_code, reason = "each chunk writes to slots of its own")]
            unsafe {
                items.write(*next as usize, item);
                ids.write(*next as usize, id);
            }
            *next += 1;
        }
    }
}
