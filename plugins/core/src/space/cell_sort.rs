//! Points sorted by cell, so that neighbours lie next to each other in memory.
//!
//! The world is cut into rows of cells. [`CellSort`] brings items into (row, column, id) order, whatever order they come
//! in, in two stable counting sorts: first into rows (few counters, streaming), then every row into its columns, in
//! cache. Only where each row starts is kept (4 bytes a row); where a column starts is found within its row. So the
//! memory doesn't grow with the area of the world: 4 bytes per item beside the items themselves.
//!
//! The order depends on the grid and the items alone: not on the number of threads, not on the order of the input.

use std::ops::Range;

use bevy::math::Vec2;

use super::bounds::WorldBounds;
use crate::agent::AgentId;
use crate::parallel::Workers;

/// Cells are made this much wider than asked, so that no rounding of a point's cell can carry a neighbour past the cells
/// that [`CellGrid::reach_columns`] and [`CellGrid::reach_rows`] name.
const CELL_MARGIN: f32 = 1.0 + 1.0 / 32.0;
/// How far, in cells, rounding may carry a point: (columns ≤ 2¹⁶) × (two roundings of 2⁻²⁴ each), doubled.
const ROUNDING_CELLS: f32 = 0.02;
/// The most rows and columns of a grid; larger worlds get larger cells.
const MOST_ROWS: f32 = 16_384.0;
const MOST_COLUMNS: f32 = 65_536.0;
/// Below this many items, a chunk of the sort isn't worth a thread of its own.
const LEAST_CHUNK_ITEMS: usize = 8_192;
/// Rows up to this long are sorted by insertion.
const INSERTION_ITEMS: usize = 24;

/// How the world is cut into cells: rows along x, stacked along y, each of the same number of columns.
///
/// Points outside the world belong to the nearest cell at its edge, so an open world has a grid too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellGrid {
    bounds: WorldBounds,
    columns: u32,
    rows: u32,
    columns_per_unit: f32,
    rows_per_unit: f32,
}

impl CellGrid {
    /// A grid over `bounds` with cells at least `column_width` wide and `row_height` high (world units, above zero; a
    /// width that isn't finite or positive gives a single cell). On a torus the cells divide the world evenly.
    #[must_use]
    pub fn new(bounds: WorldBounds, column_width: f32, row_height: f32) -> Self {
        let cells = |length: f32, cell: f32, most: f32| {
            let fit = (length / (cell * CELL_MARGIN)).floor();
            if cell > 0.0 && fit >= 1.0 { fit.min(most) as u32 } else { 1 }
        };
        let columns = cells(bounds.size.x, column_width, MOST_COLUMNS);
        let rows = cells(bounds.size.y, row_height, MOST_ROWS);
        Self {
            bounds,
            columns,
            rows,
            columns_per_unit: columns as f32 / bounds.size.x,
            rows_per_unit: rows as f32 / bounds.size.y,
        }
    }

    /// The grid that suits neighbourhoods of this radius: rows as high as the radius, columns half as wide (the best
    /// of those measured for eight agents at a time).
    #[must_use]
    pub fn for_radius(bounds: WorldBounds, radius: f32) -> Self {
        Self::new(bounds, radius * 0.5, radius)
    }

    /// The world that is cut.
    #[must_use]
    pub fn bounds(&self) -> &WorldBounds {
        &self.bounds
    }

    /// How many columns a row has.
    #[must_use]
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// The column of an x coordinate. Never decreases with x.
    #[inline]
    #[must_use]
    pub fn column(&self, x: f32) -> u32 {
        (((x + self.bounds.size.x * 0.5) * self.columns_per_unit) as u32).min(self.columns - 1)
    }

    /// The row of a y coordinate. Never decreases with y.
    #[inline]
    #[must_use]
    pub fn row(&self, y: f32) -> u32 {
        (((y + self.bounds.size.y * 0.5) * self.rows_per_unit) as u32).min(self.rows - 1)
    }

    /// How many columns apart two points within `radius` of each other can be.
    #[must_use]
    pub fn reach_columns(&self, radius: f32) -> u32 {
        reach(radius * self.columns_per_unit, self.columns)
    }

    /// How many rows apart two points within `radius` of each other can be.
    #[must_use]
    pub fn reach_rows(&self, radius: f32) -> u32 {
        reach(radius * self.rows_per_unit, self.rows)
    }

    /// The rows within `reach` of the rows `first..=last`.
    #[must_use]
    pub fn rows_near(&self, first: u32, last: u32, reach: u32) -> CellSpans {
        CellSpans::near(first, last, reach, self.rows, self.bounds.wraps())
    }

    /// The columns within `reach` of the columns `first..=last`.
    #[must_use]
    pub fn columns_near(&self, first: u32, last: u32, reach: u32) -> CellSpans {
        CellSpans::near(first, last, reach, self.columns, self.bounds.wraps())
    }
}

fn reach(cells: f32, most: u32) -> u32 {
    ((cells + ROUNDING_CELLS).ceil() as u32).min(most)
}

/// One or two ranges of rows or columns, in ascending order, that hold a neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellSpans {
    spans: [(u32, u32); 2],
    count: usize,
    seam: bool,
}

impl CellSpans {
    fn near(first: u32, last: u32, reach: u32, cells: u32, wraps: bool) -> Self {
        let whole = |seam| Self { spans: [(0, cells), (0, 0)], count: 1, seam };
        if !wraps {
            let end = last.saturating_add(reach).saturating_add(1).min(cells);
            return Self { spans: [(first.saturating_sub(reach), end), (0, 0)], count: 1, seam: false };
        }
        let width = u64::from(last - first) + 1 + 2 * u64::from(reach);
        if width >= u64::from(cells) {
            return whole(true);
        }
        if first < reach {
            return Self { spans: [(0, last + reach + 1), (first + cells - reach, cells)], count: 2, seam: true };
        }
        if last + reach >= cells {
            return Self { spans: [(0, last + reach + 1 - cells), (first - reach, cells)], count: 2, seam: true };
        }
        Self { spans: [(first - reach, last + reach + 1), (0, 0)], count: 1, seam: false }
    }

    /// The ranges, ascending and disjoint.
    #[inline]
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.spans[..self.count]
    }

    /// Whether the neighbourhood lies across the seam of a torus, so that some distances go the short way round.
    #[inline]
    #[must_use]
    pub fn crosses_seam(&self) -> bool {
        self.seam
    }

    /// Whether the short way from a cell at `home` (one of those whose neighbourhood this is) to a cell of `range` (one
    /// of [`Self::ranges`]) may lead across the seam.
    #[inline(always)]
    #[must_use]
    pub fn seam_to(&self, range: (u32, u32), home: u32) -> bool {
        // A single range across the seam is the whole torus; of two, the one without the home lies beyond the seam.
        self.seam && (self.count == 1 || !(range.0..range.1).contains(&home))
    }
}

/// Something with a place.
pub trait CellItem: Copy + Send + Sync + Default {
    /// Where it is, in world units.
    fn place(&self) -> Vec2;
}

impl CellItem for Vec2 {
    #[inline(always)]
    fn place(&self) -> Vec2 {
        *self
    }
}

/// A run of items to sort, for example the components of one table.
pub trait CellSource<T>: Sync {
    /// How many places the run has.
    fn len(&self) -> usize;

    /// Whether the run has no place.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index` (below `len`), or nothing if it doesn't take part. Asked twice, it must answer the same.
    fn item(&self, index: usize) -> Option<(AgentId, T)>;
}

/// Plain positions whose ids are their indices.
impl CellSource<Vec2> for [Vec2] {
    fn len(&self) -> usize {
        <[Vec2]>::len(self)
    }

    fn item(&self, index: usize) -> Option<(AgentId, Vec2)> {
        Some((AgentId(index as u32), self[index]))
    }
}

impl<T, S: CellSource<T> + ?Sized> CellSource<T> for &S {
    fn len(&self) -> usize {
        S::len(self)
    }

    fn item(&self, index: usize) -> Option<(AgentId, T)> {
        S::item(self, index)
    }
}

/// What one chunk of the input contributes.
#[derive(Clone, Debug, Default)]
struct Chunk {
    source: usize,
    range: Range<usize>,
    /// For each row first how many items fall into it, then the slot of the next one and the end of the chunk's share.
    shares: Vec<[u32; 2]>,
    ends: Option<(AgentId, AgentId)>,
    ascending: bool,
    id_end: u32,
}

/// What sorting rows needs, one per band of rows.
#[derive(Clone, Debug)]
struct RowScratch<T> {
    rows: Range<u32>,
    keys: Vec<u64>,
    counters: Vec<u32>,
    items: Vec<T>,
    ids: Vec<AgentId>,
}

impl<T> Default for RowScratch<T> {
    fn default() -> Self {
        Self { rows: 0..0, keys: Vec::new(), counters: Vec::new(), items: Vec::new(), ids: Vec::new() }
    }
}

/// Items in (row, column, id) order. All buffers are reused from one sort to the next.
#[derive(Clone, Debug)]
pub struct CellSort<T> {
    grid: CellGrid,
    items: Vec<T>,
    ids: Vec<AgentId>,
    row_starts: Vec<u32>,
    id_end: u32,
    chunks: Vec<Chunk>,
    scratch: Vec<RowScratch<T>>,
}

impl<T: CellItem> Default for CellSort<T> {
    fn default() -> Self {
        Self {
            grid: CellGrid::new(WorldBounds::default(), 0.0, 0.0),
            items: Vec::new(),
            ids: Vec::new(),
            row_starts: vec![0, 0],
            id_end: 0,
            chunks: Vec::new(),
            scratch: Vec::new(),
        }
    }
}

impl<T: CellItem> CellSort<T> {
    /// Sorts what the sources hold into the cells of `grid`. Ids must be distinct; at most 2³² − 1 items.
    pub fn sort<S: CellSource<T>>(&mut self, grid: CellGrid, sources: &[S], workers: &Workers) {
        self.grid = grid;
        let chunks = self.plan_chunks(sources, workers);
        let rows = grid.rows as usize;
        workers.for_each_chunk_mut(&mut self.chunks[..chunks], 1, |_, chunk| {
            for chunk in chunk {
                count_rows(&grid, chunk, &sources[chunk.source]);
            }
        });
        let (total, ascending) = self.place_rows(chunks, rows);

        let bands = self.plan_bands(total, workers);
        // The buffers keep their length while the number of items doesn't change: every slot is written below.
        self.items.resize(total, T::default());
        self.ids.resize(total, AgentId::NONE);
        let (items, ids) = (Slots::new(&mut self.items), Slots::new(&mut self.ids));
        workers.for_each_chunk_mut(&mut self.chunks[..chunks], 1, |_, chunk| {
            for chunk in chunk {
                scatter(&grid, chunk, &sources[chunk.source], &items, &ids);
            }
        });

        let starts = &self.row_starts;
        workers.for_each_chunk_mut(&mut self.scratch[..bands], 1, |_, scratch| {
            for scratch in scratch {
                for row in scratch.rows.clone() {
                    let range = starts[row as usize] as usize..starts[row as usize + 1] as usize;
                    if range.len() > 1 {
                        // SAFETY: `row_starts` ascends to the buffers' length, so the rows' ranges are in bounds and disjoint;
                        // bands are disjoint ranges of rows, each is worked on by one thread, one row at a time.
                        #[allow(unsafe_code)]
                        let (items, ids) = unsafe { (items.slice_mut(range.clone()), ids.slice_mut(range)) };
                        sort_row(&grid, items, ids, ascending, scratch);
                    }
                }
            }
        });
    }

    /// Cuts the sources into chunks. How they are cut doesn't show in the result, so it may depend on the threads.
    fn plan_chunks<S: CellSource<T>>(&mut self, sources: &[S], workers: &Workers) -> usize {
        let total: usize = sources.iter().map(CellSource::len).sum();
        let wanted = if workers.threads() == 1 { 1 } else { 4 * workers.threads() };
        let chunk_items = total.div_ceil(wanted).max(LEAST_CHUNK_ITEMS);
        let mut used = 0;
        for (source, run) in sources.iter().enumerate() {
            for start in (0..run.len()).step_by(chunk_items) {
                if used == self.chunks.len() {
                    self.chunks.push(Chunk::default());
                }
                self.chunks[used].source = source;
                self.chunks[used].range = start..(start + chunk_items).min(run.len());
                used += 1;
            }
        }
        used
    }

    /// Turns counts into the slots where each chunk's share of each row begins. Returns the number of items and whether
    /// they came in ascending id order.
    fn place_rows(&mut self, chunks: usize, rows: usize) -> (usize, bool) {
        let chunks = &mut self.chunks[..chunks];
        self.row_starts.clear();
        self.row_starts.resize(rows + 1, 0);
        let mut next = 0;
        for row in 0..rows {
            self.row_starts[row] = next;
            for chunk in chunks.iter_mut() {
                let end = next + chunk.shares[row][0];
                chunk.shares[row] = [next, end];
                next = end;
            }
        }
        self.row_starts[rows] = next;
        let mut ascending = true;
        let mut last: Option<AgentId> = None;
        self.id_end = 0;
        for chunk in chunks.iter() {
            self.id_end = self.id_end.max(chunk.id_end);
            if let Some((first_of_chunk, last_of_chunk)) = chunk.ends {
                ascending &= chunk.ascending && last.is_none_or(|last| last < first_of_chunk);
                last = Some(last_of_chunk);
            }
        }
        (next as usize, ascending)
    }

    /// Cuts the rows into bands with about equally many items.
    fn plan_bands(&mut self, total: usize, workers: &Workers) -> usize {
        let wanted = if workers.threads() == 1 { 1 } else { 4 * workers.threads() };
        let band_items = total.div_ceil(wanted).max(LEAST_CHUNK_ITEMS);
        let mut bands = 0;
        let mut first = 0;
        while first < self.grid.rows {
            let last = self.band_end(first, band_items);
            if bands == self.scratch.len() {
                self.scratch.push(RowScratch::default());
            }
            self.scratch[bands].rows = first..last;
            bands += 1;
            first = last;
        }
        bands
    }

    /// The row after the band that starts at row `first` and holds at least `items` items, or what is left.
    #[must_use]
    pub fn band_end(&self, first: u32, items: usize) -> u32 {
        let goal = self.row_starts[first as usize] as usize + items;
        let rest = &self.row_starts[first as usize + 1..];
        let rows = rest.partition_point(|&start| (start as usize) < goal);
        (first + rows as u32 + 1).min(self.grid.rows)
    }

    /// The grid of the last sort.
    #[must_use]
    pub fn grid(&self) -> &CellGrid {
        &self.grid
    }

    /// The items in order. An item's index is its *slot*.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The ids, in the same order as the items.
    #[must_use]
    pub fn ids(&self) -> &[AgentId] {
        &self.ids
    }

    /// One more than the highest id, or 0 without items.
    #[must_use]
    pub fn id_end(&self) -> u32 {
        self.id_end
    }

    /// The slots of a row.
    #[inline]
    #[must_use]
    pub fn row(&self, row: u32) -> Range<usize> {
        self.row_starts[row as usize] as usize..self.row_starts[row as usize + 1] as usize
    }

    /// The slots of columns `first..end` of a row.
    #[must_use]
    pub fn cells(&self, row: u32, first: u32, end: u32) -> Range<usize> {
        let slots = self.row(row);
        let items = &self.items[slots.clone()];
        if first == 0 && end >= self.grid.columns {
            return slots;
        }
        let from = items.partition_point(|item| self.grid.column(item.place().x) < first);
        let to = from + items[from..].partition_point(|item| self.grid.column(item.place().x) < end);
        slots.start + from..slots.start + to
    }

    /// Calls `visit(slot, distance²)` for every item within `radius` of `centre` (the border included), in (row, column,
    /// id) order; on a torus the short way round, each item once.
    pub fn for_each_within(&self, centre: Vec2, radius: f32, mut visit: impl FnMut(usize, f32)) {
        if radius.is_nan() || radius < 0.0 {
            return;
        }
        let (row, column) = (self.grid.row(centre.y), self.grid.column(centre.x));
        let rows = self.grid.rows_near(row, row, self.grid.reach_rows(radius));
        let columns = self.grid.columns_near(column, column, self.grid.reach_columns(radius));
        for &(first, end) in rows.ranges() {
            for row in first..end {
                for &(first, end) in columns.ranges() {
                    for slot in self.cells(row, first, end) {
                        let distance = self.grid.bounds.delta(centre, self.items[slot].place()).length_squared();
                        if distance <= radius * radius {
                            visit(slot, distance);
                        }
                    }
                }
            }
        }
    }

    /// The `count` items nearest to `centre` that `accept(slot)` lets pass, as (distance², slot), nearest first, ties by
    /// the lowest id, written into `nearest`.
    pub fn nearest_into(
        &self,
        centre: Vec2,
        count: usize,
        nearest: &mut Vec<(f32, usize)>,
        accept: impl Fn(usize) -> bool,
    ) {
        nearest.clear();
        if count == 0 || self.items.is_empty() {
            return;
        }
        let size = self.grid.bounds.size;
        // Starts with a disc that holds `count` items on average, and doubles it until it holds enough.
        let area = size.x * size.y * count as f32 / self.items.len() as f32;
        let mut radius = area.sqrt().max(f32::MIN_POSITIVE);
        loop {
            let everything = radius > size.x + size.y;
            nearest.clear();
            let mut keep = |slot: usize, distance: f32| {
                if !accept(slot) {
                    return;
                }
                let key = (distance, self.ids[slot]);
                if nearest.len() == count {
                    let (worst, worst_slot) = nearest[count - 1];
                    if (worst, self.ids[worst_slot]) <= key {
                        return;
                    }
                    nearest.pop();
                }
                let at = nearest.partition_point(|&(distance, slot)| (distance, self.ids[slot]) < key);
                nearest.insert(at, (distance, slot));
            };
            if everything {
                for (slot, item) in self.items.iter().enumerate() {
                    keep(slot, self.grid.bounds.delta(centre, item.place()).length_squared());
                }
            } else {
                self.for_each_within(centre, radius, &mut keep);
            }
            if everything || nearest.len() == count {
                return;
            }
            radius *= 2.0;
        }
    }

    /// The item nearest to `centre` that `accept(slot)` lets pass, as (distance², slot), ties by the lowest id.
    #[must_use]
    pub fn nearest(&self, centre: Vec2, accept: impl Fn(usize) -> bool) -> Option<(f32, usize)> {
        let mut nearest = Vec::with_capacity(1);
        self.nearest_into(centre, 1, &mut nearest, accept);
        nearest.first().copied()
    }

    /// Bytes held by the sort's buffers.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let scratch: usize = self
            .scratch
            .iter()
            .map(|s| {
                s.keys.capacity() * 8
                    + (s.counters.capacity() + s.ids.capacity()) * 4
                    + s.items.capacity() * size_of::<T>()
            })
            .sum();
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.shares.capacity() * 8).sum();
        self.items.capacity() * size_of::<T>()
            + (self.ids.capacity() + self.row_starts.capacity()) * 4
            + scratch
            + chunks
    }
}

fn count_rows<T: CellItem, S: CellSource<T>>(grid: &CellGrid, chunk: &mut Chunk, source: &S) {
    chunk.shares.clear();
    chunk.shares.resize(grid.rows as usize, [0; 2]);
    chunk.ends = None;
    chunk.ascending = true;
    chunk.id_end = 0;
    for index in chunk.range.clone() {
        if let Some((id, item)) = source.item(index) {
            chunk.shares[grid.row(item.place().y) as usize][0] += 1;
            let (first, last) = chunk.ends.unwrap_or((id, id));
            chunk.ascending &= chunk.ends.is_none() || last < id;
            chunk.ends = Some((first, id));
            chunk.id_end = chunk.id_end.max(id.0.saturating_add(1));
        }
    }
}

fn scatter<T: CellItem, S: CellSource<T>>(
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
            #[allow(unsafe_code)]
            unsafe {
                items.write(*next as usize, item);
                ids.write(*next as usize, id);
            }
            *next += 1;
        }
    }
}

/// Brings one row into (column, id) order. `ascending`: the items come in id order, so a stable sort by column is enough.
fn sort_row<T: CellItem>(
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

/// A slice that several threads write at once, each its own slots.
struct Slots<'a, T> {
    first: *mut T,
    len: usize,
    borrowed: std::marker::PhantomData<&'a mut [T]>,
}

// SAFETY: `Slots` hands out access only through its unsafe methods, whose callers promise that no slot is used by two
// threads at once; what moves between threads is `T`, which must be `Send`.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Slots<'_, T> {}

impl<'a, T> Slots<'a, T> {
    fn new(slice: &'a mut [T]) -> Self {
        Self { first: slice.as_mut_ptr(), len: slice.len(), borrowed: std::marker::PhantomData }
    }

    /// # Safety
    /// The slot lies within the slice, and no other thread uses it while this call runs.
    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn write(&self, slot: usize, value: T)
    where
        T: Copy,
    {
        debug_assert!(slot < self.len);
        // SAFETY: promised by the caller.
        unsafe { self.first.add(slot).write(value) };
    }

    /// # Safety
    /// The range lies within the slice, and nobody else uses any of its slots while the returned borrow lives.
    #[allow(unsafe_code, clippy::mut_from_ref)]
    unsafe fn slice_mut(&self, range: Range<usize>) -> &mut [T] {
        debug_assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: promised by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(range.start), range.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Edge;
    use proptest::prelude::*;

    struct Run {
        places: Vec<Vec2>,
        ids: Vec<AgentId>,
    }

    impl CellSource<Vec2> for Run {
        fn len(&self) -> usize {
            self.places.len()
        }

        fn item(&self, index: usize) -> Option<(AgentId, Vec2)> {
            // Every seventh agent doesn't take part.
            (self.ids[index].0 % 7 != 3).then(|| (self.ids[index], self.places[index]))
        }
    }

    fn bounds(edge: Edge) -> WorldBounds {
        WorldBounds { size: Vec2::new(100.0, 60.0), edge }
    }

    /// Deterministic places (a Weyl sequence), some of them shared by several items and some outside the world.
    fn places(count: usize, spread: f32) -> Vec<Vec2> {
        (0..count)
            .map(|at| {
                let at = (at / 3 * 2) as f32;
                let unit = Vec2::new((at * 0.754_877_7).fract(), (at * 0.569_840_3).fract());
                (unit - 0.5) * Vec2::new(100.0, 60.0) * spread
            })
            .collect()
    }

    fn naive(grid: &CellGrid, runs: &[Run]) -> Vec<(u32, u32, AgentId)> {
        let mut order: Vec<_> = runs
            .iter()
            .flat_map(|run| (0..run.len()).filter_map(|index| run.item(index)))
            .map(|(id, place)| (grid.row(place.y), grid.column(place.x), id))
            .collect();
        order.sort_unstable();
        order
    }

    fn sorted_order(sort: &CellSort<Vec2>) -> Vec<(u32, u32, AgentId)> {
        let grid = sort.grid();
        sort.items().iter().zip(sort.ids()).map(|(place, &id)| (grid.row(place.y), grid.column(place.x), id)).collect()
    }

    fn check(runs: &[Run], grid: CellGrid, threads: usize, sort: &mut CellSort<Vec2>) {
        sort.sort(grid, runs, &Workers::new(threads));
        assert_eq!(sorted_order(sort), naive(&grid, runs));
        for row in 0..grid.rows() {
            assert!(sort.row(row).all(|slot| grid.row(sort.items()[slot].y) == row));
        }
        // Items and ids must have moved together.
        for (&place, &id) in sort.items().iter().zip(sort.ids()) {
            let (run, at) =
                runs.iter().find_map(|run| run.ids.iter().position(|&other| other == id).map(|at| (run, at))).unwrap();
            assert_eq!(run.places[at], place);
        }
    }

    #[test]
    fn dense_and_sparse_rows_come_out_in_row_column_id_order() {
        let mut sort = CellSort::default();
        for (count, column, row) in [
            (0, 5.0, 5.0),
            (1, 5.0, 5.0),
            (500, 2.5, 5.0),
            (700, 0.01, 40.0),
            (700, 40.0, 40.0),
            (300, 1000.0, 1000.0),
            (40, f32::NAN, 0.0),
        ] {
            let ids = (0..count as u32).map(AgentId).collect();
            let runs = [Run { places: places(count, 1.2), ids }];
            check(&runs, CellGrid::new(bounds(Edge::Open), column, row), 1, &mut sort);
        }
    }

    #[test]
    fn ids_that_come_out_of_order_are_sorted_within_their_cells() {
        let mut sort = CellSort::default();
        for (column, row) in [(2.5, 5.0), (0.01, 40.0), (1000.0, 1000.0)] {
            let ids = (0..600_u32).map(|at| AgentId(at * 7919 % 600)).collect();
            let more = (600..900_u32).rev().map(AgentId).collect();
            let runs = [Run { places: places(600, 1.0), ids }, Run { places: places(300, 0.3), ids: more }];
            check(&runs, CellGrid::new(bounds(Edge::Wrap), column, row), 1, &mut sort);
        }
    }

    #[test]
    fn the_order_is_the_same_at_any_thread_count() {
        let all = places(60_000, 1.0);
        let grid = CellGrid::for_radius(bounds(Edge::Wrap), 0.7);
        let mut one = CellSort::default();
        one.sort(grid, &[all.as_slice()], &Workers::new(1));
        assert!(one.items().len() == all.len());
        for threads in [2, 3, 4] {
            let mut many = CellSort::default();
            many.sort(grid, &[all.as_slice()], &Workers::new(threads));
            assert_eq!(one.ids(), many.ids());
            assert_eq!(one.items(), many.items());
        }
    }

    #[test]
    fn sorting_again_allocates_nothing() {
        let all = places(5_000, 1.0);
        let mut sort = CellSort::default();
        let grid = CellGrid::for_radius(bounds(Edge::Wrap), 3.0);
        let workers = Workers::new(1);
        sort.sort(grid, &[all.as_slice()], &workers);
        let (bytes, address) = (sort.memory_bytes(), sort.items().as_ptr());
        sort.sort(grid, &[all.as_slice()], &workers);
        assert_eq!((bytes, address), (sort.memory_bytes(), sort.items().as_ptr()));
    }

    #[test]
    fn a_grid_never_grows_beyond_its_limits() {
        let vast = WorldBounds { size: Vec2::splat(1e7), edge: Edge::Wrap };
        let grid = CellGrid::for_radius(vast, 1e-3);
        assert_eq!((grid.columns(), grid.rows()), (65_536, 16_384));
        assert_eq!((grid.reach_columns(1e-3), grid.reach_rows(1e9)), (1, 16_384));
    }

    #[test]
    fn a_radius_reaches_two_columns_and_one_row_of_its_own_grid() {
        for radius in [0.3, 1.0, 5.0, 7.7] {
            let grid = CellGrid::for_radius(bounds(Edge::Wrap), radius);
            assert_eq!((grid.reach_columns(radius), grid.reach_rows(radius)), (2, 1), "{radius}");
        }
    }

    #[test]
    fn spans_wrap_in_ascending_order_without_overlap() {
        let near = |first, last, reach, wraps| CellSpans::near(first, last, reach, 10, wraps);
        assert_eq!(near(0, 0, 1, false).ranges(), [(0, 2)]);
        assert_eq!(near(9, 9, 3, false).ranges(), [(6, 10)]);
        assert_eq!(near(4, 5, 2, true).ranges(), [(2, 8)]);
        assert!(!near(4, 5, 2, true).crosses_seam());
        assert_eq!(near(1, 2, 2, true).ranges(), [(0, 5), (9, 10)]);
        assert_eq!(near(8, 9, 1, true).ranges(), [(0, 1), (7, 10)]);
        assert_eq!(near(2, 5, 3, true).ranges(), [(0, 10)]);
        assert_eq!(near(0, 0, u32::MAX, false).ranges(), [(0, 10)]);
        assert!(near(2, 5, 3, true).crosses_seam());
        assert!(near(2, 5, 3, true).seam_to((0, 10), 2));
        assert!(!near(1, 2, 2, true).seam_to((0, 5), 1) && near(1, 2, 2, true).seam_to((9, 10), 1));
    }

    proptest! {
        #[test]
        fn sorting_equals_a_naive_sort(
            points in prop::collection::vec((-60_f32..60.0, -40_f32..40.0), 0..400),
            column in 0.05_f32..60.0,
            row in 0.5_f32..60.0,
            shuffle in any::<bool>(),
        ) {
            let count = points.len() as u32;
            let ids = (0..count).map(|at| AgentId(if shuffle { count - 1 - at } else { at })).collect();
            let places = points.into_iter().map(Vec2::from).collect();
            check(&[Run { places, ids }], CellGrid::new(bounds(Edge::Bounce), column, row), 1, &mut CellSort::default());
        }

        #[test]
        fn neighbours_within_a_radius_equal_a_linear_search(
            points in prop::collection::vec((-50_f32..50.0, -30_f32..30.0), 1..200),
            centre in (-50_f32..50.0, -30_f32..30.0),
            radius in 0_f32..40.0,
            cell in 0.5_f32..50.0,
            wraps in any::<bool>(),
        ) {
            let places: Vec<Vec2> = points.into_iter().map(Vec2::from).collect();
            let bounds = bounds(if wraps { Edge::Wrap } else { Edge::Open });
            let centre = Vec2::from(centre);
            let mut sort = CellSort::default();
            sort.sort(CellGrid::for_radius(bounds, cell), &[places.as_slice()], &Workers::new(1));
            let mut found = Vec::new();
            sort.for_each_within(centre, radius, |slot, distance| found.push((sort.ids()[slot], distance)));
            let expected: Vec<_> = sort
                .items()
                .iter()
                .zip(sort.ids())
                .map(|(&place, &id)| (id, bounds.delta(centre, place).length_squared()))
                .filter(|&(_, distance)| distance <= radius * radius)
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_nearest_items_equal_a_full_sort(
            points in prop::collection::vec((-5_i32..5, -3_i32..3), 1..60),
            centre in (-50_f32..50.0, -30_f32..30.0),
            count in 1_usize..8,
        ) {
            let places: Vec<Vec2> = points.into_iter().map(|(x, y)| Vec2::new(x as f32, y as f32) * 9.0).collect();
            let bounds = bounds(Edge::Wrap);
            let centre = Vec2::from(centre);
            let mut sort = CellSort::default();
            sort.sort(CellGrid::for_radius(bounds, 4.0), &[places.as_slice()], &Workers::new(1));
            let mut nearest = Vec::new();
            let odd_ones_out = |slot: usize| sort.ids()[slot].0 % 5 != 0;
            sort.nearest_into(centre, count, &mut nearest, odd_ones_out);
            let found: Vec<_> = nearest.iter().map(|&(distance, slot)| (distance, sort.ids()[slot])).collect();
            let mut expected: Vec<_> = places
                .iter()
                .enumerate()
                .filter(|(id, _)| id % 5 != 0)
                .map(|(id, &place)| (bounds.delta(centre, place).length_squared(), AgentId(id as u32)))
                .collect();
            expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
            expected.truncate(count);
            prop_assert_eq!(found, expected);
        }
    }
}
