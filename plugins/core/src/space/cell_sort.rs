//! Points sorted by cell, so that neighbours lie next to each other in memory.
//!
//! The world is cut into rows of cells. [`CellSort`] brings items into (row, column, id) order, whatever order they come
//! in, in two stable counting sorts: first into rows (few counters, streaming), then every row into its columns, in
//! cache. Only where each row starts is kept (4 bytes a row); where a column starts is found within its row. So the
//! memory doesn't grow with the area of the world: 4 bytes per item beside the items themselves.
//!
//! The order depends on the grid and the items alone: not on the number of threads, not on the order of the input.

mod chunk;
mod row;
mod search;
mod slots;

use std::ops::Range;

use bevy::math::Vec2;

use self::chunk::{Chunk, count_rows, scatter};
use self::row::{RowScratch, sort_row};
use self::slots::Slots;
use super::bounds::WorldBounds;
use super::cell_grid::CellGrid;
use crate::agent::AgentId;
use crate::parallel::Workers;

/// Below this many items, a chunk of the sort isn't worth a thread of its own.
const LEAST_CHUNK_ITEMS: usize = 8_192;

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

/// Items in (row, column, id) order. All buffers are reused from one sort to the next.
#[derive(Clone, Debug)]
pub struct CellSort<T> {
    grid: CellGrid,
    items: Vec<T>,
    ids: Vec<AgentId>,
    row_starts: Vec<u32>,
    id_start: u32,
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
            id_start: 0,
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
                        #[expect(unsafe_code, reason = "each band sorts rows of its own")]
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
        (self.id_start, self.id_end) = (u32::MAX, 0);
        for chunk in chunks.iter() {
            self.id_start = self.id_start.min(chunk.id_start);
            self.id_end = self.id_end.max(chunk.id_end);
            if let Some((first_of_chunk, last_of_chunk)) = chunk.ends {
                ascending &= chunk.ascending && last.is_none_or(|last| last < first_of_chunk);
                last = Some(last_of_chunk);
            }
        }
        self.id_start = self.id_start.min(self.id_end);
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

    /// The lowest id, or 0 without items.
    #[must_use]
    pub fn id_start(&self) -> u32 {
        self.id_start
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

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

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
    }
}
