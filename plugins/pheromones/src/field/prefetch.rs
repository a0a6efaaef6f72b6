//! Asking for memory before it is needed.
//!
//! A tile is worked on for less time than it takes to come from memory, and the processor's own prefetching stops at the
//! end of every page: without help arithmetic and memory would take turns.

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

/// Asks for all lines of a value.
#[inline(always)]
pub fn ask_for_all<T>(value: &T) {
    let start = std::ptr::from_ref(value).addr();
    for offset in (0..size_of::<T>()).step_by(LINE_CELLS * size_of::<i32>()) {
        ask_for(start.wrapping_add(offset));
    }
}

/// Asks for the line of the cache that holds an address. Elsewhere than on x86-64 it does nothing.
#[inline(always)]
fn ask_for(address: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint: it reads nothing that the program sees and never faults, whatever the address.
        #[expect(unsafe_code, reason = "a hint to the processor is an intrinsic")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
