//! A tile as readers see it.

use super::grid::{Cell, TILE_CELLS, TileAt};
use super::layer::cell_of;
use super::tile::Tile;

/// A tile as the view and other readers see it.
#[derive(Clone, Copy, Debug)]
pub struct TileView<'a> {
    pub(super) tile: &'a Tile,
    pub(super) share: f32,
}

impl<'a> TileView<'a> {
    /// Where the tile lies: its lower left cell is 64 times that.
    #[must_use]
    pub fn at(&self) -> TileAt {
        self.tile.at
    }

    /// The lower left cell.
    #[must_use]
    pub fn first_cell(&self) -> Cell {
        cell_of(self.tile.at, 0)
    }

    /// Columns and rows within the world.
    #[must_use]
    pub fn extent(&self) -> (usize, usize) {
        (self.tile.width, self.tile.height)
    }

    /// All 64 × 64 cells by row, then column, in stored units; multiply by [`TileView::share_per_unit`].
    #[must_use]
    pub fn cells(&self) -> &'a [i32; TILE_CELLS] {
        &self.tile.cells
    }

    /// What a stored unit is, as a share (0–1) of the layer's maximum.
    #[must_use]
    pub fn share_per_unit(&self) -> f32 {
        self.share
    }

    /// An upper bound of the tile's cells as a share of the maximum.
    #[must_use]
    pub fn peak_share(&self) -> f32 {
        (self.tile.peak as f32 * self.share).min(1.0)
    }

    /// Writes the intensities as shares of the maximum, 0–1, by row, then column.
    pub fn write_shares(&self, out: &mut [f32; TILE_CELLS]) {
        for (out, cell) in out.iter_mut().zip(self.tile.cells.iter()) {
            *out = (*cell as f32 * self.share).min(1.0);
        }
    }
}
