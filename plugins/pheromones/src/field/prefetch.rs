//! Asking for memory before it is needed.
//!
//! A tile is worked on for less time than it takes to come from memory, and the processor's own prefetching stops at the
//! end of every page: without help arithmetic and memory would take turns.

use agent2028_core::prefetch::ask_for;
pub use agent2028_core::prefetch::ask_for_all;

use super::grid::{TILE_CELLS, TILE_SIDE};

/// Cells in a line of the cache (64 bytes).
const LINE_CELLS: usize = 16;

/// Where the cells of a tile lie that will be needed soon. An address only: it is never read through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead(usize);

impl Ahead {
    /// Nothing is needed.
    pub const NOTHING: Self = Self(0);

    /// The cells of a tile.
    #[must_use]
    pub fn of(cells: &[i32; TILE_CELLS]) -> Self {
        Self(cells.as_ptr().addr())
    }

    /// Asks for a row of the tile.
    #[inline(always)]
    pub fn row(self, row: usize) {
        for line in 0..TILE_SIDE / LINE_CELLS {
            ask_for(self.0.wrapping_add((row * TILE_SIDE + line * LINE_CELLS) * size_of::<i32>()));
        }
    }
}
