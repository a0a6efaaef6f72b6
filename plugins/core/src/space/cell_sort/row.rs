//! The second sort: one row into columns, in cache.

use std::ops::Range;

use super::CellItem;
use crate::agent::AgentId;
use crate::space::CellGrid;

/// Rows up to this long are sorted by insertion.
const INSERTION_ITEMS: usize = 24;

/// What sorting rows needs, one per band of rows.
#[derive(Clone, Debug)]
pub(super) struct RowScratch<T> {
    pub(super) rows: Range<u32>,
    pub(super) keys: Vec<u64>,
    pub(super) counters: Vec<u32>,
    pub(super) items: Vec<T>,
    pub(super) ids: Vec<AgentId>,
}

impl<T> Default for RowScratch<T> {
    fn default() -> Self {
        Self { rows: 0..0, keys: Vec::new(), counters: Vec::new(), items: Vec::new(), ids: Vec::new() }
    }
}

/// Brings one row into (column, id) order. `ascending`: the items come in id order, so a stable sort by column is enough.
pub(super) fn sort_row<T: CellItem>(
    grid: &CellGrid,
    items: &mut [T],
    ids: &mut [AgentId],
    ascending: bool,
    scratch: &mut RowScratch<T>,
) {
    let keys = &mut scratch.keys;
    keys.clear();
    scratch.items.clear();
    scratch.items.extend_from_slice(items);
    scratch.ids.clear();
    scratch.ids.extend_from_slice(ids);
    if items.len() <= INSERTION_ITEMS {
        // The keys carry where their item stands, so that nothing else moves while they are sorted.
        keys.extend(items.iter().enumerate().map(|(at, item)| cell_key(grid.column(item.place().x), at as u32)));
        insertion_sort_keys(keys);
        for (to, key) in keys.iter().enumerate() {
            items[to] = scratch.items[*key as u32 as usize];
            ids[to] = scratch.ids[*key as u32 as usize];
        }
        if !ascending {
            order_cells_by_id(grid, items, ids, scratch);
        }
        return;
    }
    keys.extend(items.iter().map(|item| u64::from(grid.column(item.place().x))));
    // A stable counting sort into at most as many buckets of columns as there are items; then, if all are near their
    // place, insertion. A crowd in few of the columns needs a bucket per column, or, in a very wide row, another sort.
    let mut shift = 0;
    while (grid.columns - 1) >> shift >= items.len() as u32 {
        shift += 1;
    }
    let counters = &mut scratch.counters;
    let fullest = count_buckets(keys, shift, grid.columns, counters);
    let crowded = shift > 0 && fullest > INSERTION_ITEMS as u32;
    if crowded && grid.columns as usize > 8 * items.len() {
        for (at, key) in keys.iter_mut().enumerate() {
            *key = *key << 32 | at as u64;
        }
        keys.sort_unstable();
        for (to, key) in keys.iter().enumerate() {
            items[to] = scratch.items[*key as u32 as usize];
            ids[to] = scratch.ids[*key as u32 as usize];
        }
    } else {
        if crowded {
            shift = 0;
            count_buckets(keys, shift, grid.columns, counters);
        }
        let mut next = 0;
        for counter in counters.iter_mut() {
            let count = *counter;
            *counter = next;
            next += count;
        }
        for (from, key) in keys.iter().enumerate() {
            let counter = &mut counters[(key >> shift) as usize];
            items[*counter as usize] = scratch.items[from];
            ids[*counter as usize] = scratch.ids[from];
            *counter += 1;
        }
        if shift > 0 {
            keys.clear();
            keys.extend(items.iter().map(|item| u64::from(grid.column(item.place().x))));
            insertion_sort(keys, items, ids);
        }
    }
    if !ascending {
        order_cells_by_id(grid, items, ids, scratch);
    }
}

/// Counts keys into buckets of 2^`shift` columns. Returns the largest count.
fn count_buckets(keys: &[u64], shift: u32, columns: u32, counters: &mut Vec<u32>) -> u32 {
    counters.clear();
    counters.resize(((columns - 1) >> shift) as usize + 1, 0);
    for key in keys {
        counters[(key >> shift) as usize] += 1;
    }
    counters.iter().copied().max().unwrap_or(0)
}

#[inline]
fn cell_key(column: u32, tie: u32) -> u64 {
    u64::from(column) << 32 | u64::from(tie)
}

fn insertion_sort_keys(keys: &mut [u64]) {
    for at in 1..keys.len() {
        let key = keys[at];
        let mut hole = at;
        while hole > 0 && keys[hole - 1] > key {
            keys[hole] = keys[hole - 1];
            hole -= 1;
        }
        keys[hole] = key;
    }
}

fn insertion_sort<T: Copy>(keys: &mut [u64], items: &mut [T], ids: &mut [AgentId]) {
    for at in 1..keys.len() {
        let (key, item, id) = (keys[at], items[at], ids[at]);
        let mut hole = at;
        while hole > 0 && keys[hole - 1] > key {
            keys[hole] = keys[hole - 1];
            items[hole] = items[hole - 1];
            ids[hole] = ids[hole - 1];
            hole -= 1;
        }
        keys[hole] = key;
        items[hole] = item;
        ids[hole] = id;
    }
}

/// Sorts by id within every cell of a row that is already in column order.
fn order_cells_by_id<T: CellItem>(grid: &CellGrid, items: &mut [T], ids: &mut [AgentId], scratch: &mut RowScratch<T>) {
    let mut start = 0;
    while start < items.len() {
        let column = grid.column(items[start].place().x);
        let mut end = start + 1;
        let mut ordered = true;
        while end < items.len() && grid.column(items[end].place().x) == column {
            ordered &= ids[end - 1] < ids[end];
            end += 1;
        }
        if !ordered {
            let keys = &mut scratch.keys;
            keys.clear();
            keys.extend(ids[start..end].iter().enumerate().map(|(at, id)| cell_key(id.0, at as u32)));
            keys.sort_unstable();
            scratch.items.clear();
            scratch.items.extend_from_slice(&items[start..end]);
            for (to, key) in keys.iter().enumerate() {
                items[start + to] = scratch.items[*key as u32 as usize];
                ids[start + to] = AgentId((*key >> 32) as u32);
            }
        }
        start = end;
    }
}
