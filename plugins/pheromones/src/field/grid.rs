//! Where the cells lie: the world cut into columns and rows, and those into tiles.

use bevy::math::Vec2;
use bevy::reflect::Reflect;
use serde::{Deserialize, Serialize};

/// Cells along the side of a tile.
pub const TILE_SIDE: usize = 64;
/// Cells in a tile.
pub const TILE_CELLS: usize = TILE_SIDE * TILE_SIDE;
/// Most cells along one axis of a world; with it a tile directory has at most 512 × 512 pages.
pub const MAX_CELLS_PER_AXIS: u32 = 1 << 20;

/// A cell: column from the left, row from below, both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Reflect)]
pub struct Cell {
    /// Row from below.
    pub row: u32,
    /// Column from the left.
    pub column: u32,
}

impl Cell {
    /// The cell in this column and row.
    #[must_use]
    pub const fn new(column: u32, row: u32) -> Self {
        Self { row, column }
    }

    /// Row and column of the tile that holds the cell.
    #[inline]
    #[must_use]
    pub const fn tile(self) -> TileAt {
        TileAt { row: self.row / TILE_SIDE as u32, column: self.column / TILE_SIDE as u32 }
    }

    /// The cell's index within its tile.
    #[inline]
    #[must_use]
    pub const fn within(self) -> usize {
        (self.row as usize % TILE_SIDE) * TILE_SIDE + self.column as usize % TILE_SIDE
    }
}

/// A tile's place: tiles are ordered by row, then column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TileAt {
    /// Row of tiles from below.
    pub row: u32,
    /// Column of tiles from the left.
    pub column: u32,
}

/// The world as a grid of cells, centred on the origin like the world itself.
///
/// A torus has to be tiled without a remainder, so the number of columns is the world's width over the wished cell size,
/// rounded up, and the cells are stretched to fit: `cell_size` is what they really measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PheromoneGrid {
    /// Number of columns.
    pub columns: u32,
    /// Number of rows.
    pub rows: u32,
    /// Width and height of a cell in world units.
    pub cell_size: Vec2,
    /// Lower left corner of the world.
    pub origin: Vec2,
    /// Whether the grid is a torus, for lookups that step over its edge.
    pub wraps: bool,
}

impl PheromoneGrid {
    /// The grid of a world of `size`, with cells of about `cell_size` (any value that makes no sense becomes 1, and cells
    /// grow until at most [`MAX_CELLS_PER_AXIS`] fit on an axis).
    #[must_use]
    pub fn new(size: Vec2, cell_size: f32, wraps: bool) -> Self {
        let wished = if cell_size.is_finite() && cell_size > 0.0 { cell_size } else { 1.0 };
        let count = |length: f32| -> u32 {
            let cells = f64::from(length) / f64::from(wished);
            // A size that fits but for rounding should not cost another column.
            ((cells - 1e-6).ceil() as u32).clamp(1, MAX_CELLS_PER_AXIS)
        };
        let (columns, rows) = (count(size.x), count(size.y));
        Self {
            columns,
            rows,
            cell_size: Vec2::new(size.x / columns as f32, size.y / rows as f32),
            origin: size * -0.5,
            wraps,
        }
    }

    /// The cell that holds a point; none outside the world or for a point that isn't finite.
    #[inline]
    #[must_use]
    pub fn cell_at(&self, point: Vec2) -> Option<Cell> {
        let at = (point - self.origin) / self.cell_size;
        if self.wraps {
            if !at.is_finite() {
                return None;
            }
            return Some(Cell::new(fold(at.x, self.columns), fold(at.y, self.rows)));
        }
        // Written so that what isn't a number fails the test as well.
        let inside = at.x >= 0.0 && at.y >= 0.0 && at.x <= self.columns as f32 && at.y <= self.rows as f32;
        inside.then(|| Cell::new((at.x as u32).min(self.columns - 1), (at.y as u32).min(self.rows - 1)))
    }

    /// The middle of a cell in world units.
    #[inline]
    #[must_use]
    pub fn center(&self, cell: Cell) -> Vec2 {
        self.origin + (Vec2::new(cell.column as f32, cell.row as f32) + 0.5) * self.cell_size
    }

    /// The cell `dx` columns and `dy` rows away (steps of at most one grid); none beyond an edge that doesn't wrap.
    #[inline]
    #[must_use]
    pub fn offset(&self, cell: Cell, dx: i32, dy: i32) -> Option<Cell> {
        let column = self.step_axis(cell.column, dx, self.columns)?;
        let row = self.step_axis(cell.row, dy, self.rows)?;
        Some(Cell { row, column })
    }

    #[inline]
    fn step_axis(&self, at: u32, step: i32, count: u32) -> Option<u32> {
        let target = i64::from(at) + i64::from(step);
        if (0..i64::from(count)).contains(&target) {
            Some(target as u32)
        } else if self.wraps {
            Some(target.rem_euclid(i64::from(count)) as u32)
        } else {
            None
        }
    }

    /// Number of tile columns.
    #[must_use]
    pub fn tile_columns(&self) -> u32 {
        self.columns.div_ceil(TILE_SIDE as u32)
    }

    /// Number of tile rows.
    #[must_use]
    pub fn tile_rows(&self) -> u32 {
        self.rows.div_ceil(TILE_SIDE as u32)
    }

    /// Number of cells.
    #[must_use]
    pub fn cells(&self) -> u64 {
        u64::from(self.columns) * u64::from(self.rows)
    }

    /// How many columns and rows of a tile lie in the world (64 but at the upper and right edge).
    #[must_use]
    pub fn tile_extent(&self, at: TileAt) -> (usize, usize) {
        let side = TILE_SIDE as u32;
        let width = self.columns.saturating_sub(at.column * side).min(side);
        let height = self.rows.saturating_sub(at.row * side).min(side);
        (width as usize, height as usize)
    }

    /// The neighbouring tile in direction (`dx`, `dy`), each −1, 0 or 1, on the torus if `wraps`.
    #[must_use]
    pub fn tile_neighbour(&self, at: TileAt, dx: i32, dy: i32, wraps: bool) -> Option<TileAt> {
        let step = |from: u32, by: i32, count: u32| -> Option<u32> {
            let target = i64::from(from) + i64::from(by);
            if (0..i64::from(count)).contains(&target) {
                Some(target as u32)
            } else {
                wraps.then(|| target.rem_euclid(i64::from(count)) as u32)
            }
        };
        Some(TileAt { row: step(at.row, dy, self.tile_rows())?, column: step(at.column, dx, self.tile_columns())? })
    }

    /// The vector from one point to another, around the torus if that is shorter.
    #[must_use]
    pub fn delta(&self, from: Vec2, to: Vec2) -> Vec2 {
        let mut delta = to - from;
        if self.wraps {
            let size = self.origin * -2.0;
            delta -= size * (delta / size).round();
        }
        delta
    }
}

fn fold(at: f32, count: u32) -> u32 {
    let index = at.floor();
    if index >= 0.0 && index < count as f32 {
        return index as u32;
    }
    (index as i64).rem_euclid(i64::from(count)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_center_lies_in_its_cell() {
        let grid = PheromoneGrid::new(Vec2::new(1000.0, 333.0), 7.0, true);
        assert_eq!((grid.columns, grid.rows), (143, 48));
        for row in 0..grid.rows {
            for column in 0..grid.columns {
                let cell = Cell::new(column, row);
                assert_eq!(grid.cell_at(grid.center(cell)), Some(cell));
            }
        }
    }

    #[test]
    fn a_torus_folds_and_an_open_world_ends() {
        let torus = PheromoneGrid::new(Vec2::splat(100.0), 1.0, true);
        assert_eq!(torus.cell_at(Vec2::new(50.5, -50.5)), Some(Cell::new(0, 99)));
        assert_eq!(torus.offset(Cell::new(0, 99), -1, 1), Some(Cell::new(99, 0)));
        let open = PheromoneGrid::new(Vec2::splat(100.0), 1.0, false);
        assert_eq!(open.cell_at(Vec2::new(50.5, 0.0)), None);
        assert_eq!(open.cell_at(Vec2::new(f32::NAN, 0.0)), None);
        assert_eq!(open.offset(Cell::new(0, 0), -1, 0), None);
    }
}
