//! A tile: 64 × 64 cells in fixed point, with a copy of its rim for its neighbours to read.

use super::grid::{TILE_CELLS, TILE_SIDE, TileAt};
use agent2028_core::agent::AgentId;

/// The eight directions to a tile's neighbours: (columns, rows).
pub const DIRECTIONS: [(i32, i32); 8] = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)];
/// Index of a direction in [`DIRECTIONS`].
pub const WEST: usize = 0;
/// See [`WEST`].
pub const EAST: usize = 1;
/// See [`WEST`].
pub const SOUTH: usize = 2;
/// See [`WEST`].
pub const NORTH: usize = 3;
/// See [`WEST`].
pub const SOUTH_WEST: usize = 4;
/// See [`WEST`].
pub const SOUTH_EAST: usize = 5;
/// See [`WEST`].
pub const NORTH_WEST: usize = 6;
/// See [`WEST`].
pub const NORTH_EAST: usize = 7;

/// The cells on a tile's four sides, within the world.
///
/// While tiles are stepped in place, their neighbours read the rims of the tick before from here. So every tile can be
/// stepped without regard to the others, in any order and at once, and no second copy of the field is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rim {
    /// Leftmost column, upwards.
    pub west: [i32; TILE_SIDE],
    /// Rightmost column in the world, upwards.
    pub east: [i32; TILE_SIDE],
    /// Lowest row, rightwards.
    pub south: [i32; TILE_SIDE],
    /// Highest row in the world, rightwards.
    pub north: [i32; TILE_SIDE],
    /// The corners: south west, south east, north west, north east.
    pub corners: [i32; 4],
}

impl Default for Rim {
    fn default() -> Self {
        Self {
            west: [0; TILE_SIDE],
            east: [0; TILE_SIDE],
            south: [0; TILE_SIDE],
            north: [0; TILE_SIDE],
            corners: [0; 4],
        }
    }
}

impl Rim {
    /// The largest cell on the side, or in the corner, that faces a direction of [`DIRECTIONS`].
    #[must_use]
    pub fn largest(&self, direction: usize) -> i32 {
        let side = match direction {
            WEST => &self.west,
            EAST => &self.east,
            SOUTH => &self.south,
            NORTH => &self.north,
            corner => return self.corners[corner - SOUTH_WEST],
        };
        side.iter().copied().max().unwrap_or(0)
    }

    /// Copies the rim out of a tile's cells.
    pub fn copy_from(&mut self, cells: &[i32; TILE_CELLS], width: usize, height: usize) {
        for row in 0..height {
            self.west[row] = cells[row * TILE_SIDE];
            self.east[row] = cells[row * TILE_SIDE + width - 1];
        }
        self.south.copy_from_slice(&cells[..TILE_SIDE]);
        let last = (height - 1) * TILE_SIDE;
        self.north.copy_from_slice(&cells[last..last + TILE_SIDE]);
        self.corners = [cells[0], cells[width - 1], cells[last], cells[last + width - 1]];
    }
}

/// Who left what a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellProvenance {
    /// Who deposited last.
    pub last: AgentId,
    /// Who made the deposit that, decayed to now, is the largest.
    pub strongest: AgentId,
    /// That deposit in the layer's stored units, so that it decays with the cell.
    pub amount: i32,
}

impl Default for CellProvenance {
    fn default() -> Self {
        Self { last: AgentId::NONE, strongest: AgentId::NONE, amount: 0 }
    }
}

/// The cells of a tile, aligned to lines of the cache, so that no vector lies across two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct TileCells([i32; TILE_CELLS]);

impl std::ops::Deref for TileCells {
    type Target = [i32; TILE_CELLS];

    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for TileCells {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// 64 × 64 cells.
#[derive(Clone, Debug)]
pub struct Tile {
    /// Where the tile lies.
    pub at: TileAt,
    /// Columns within the world.
    pub width: usize,
    /// Rows within the world.
    pub height: usize,
    /// Stored units by row, then column. Cells outside the world stay 0.
    pub cells: Box<TileCells>,
    /// No cell is larger than this.
    pub peak: i32,
    /// The cells on the tile's sides.
    pub rim: Box<Rim>,
    /// Indices of the neighbours by [`DIRECTIONS`], or `ABSENT`, or `OUTSIDE`.
    pub neighbours: [u32; 8],
    /// Provenance of each cell, if the layer keeps it.
    pub provenance: Option<Box<[CellProvenance]>>,
    /// The tick of each cell's last deposit, if the layer decays by age.
    pub marked_at: Option<Box<[u64]>>,
}

impl Tile {
    /// An empty tile.
    #[must_use]
    pub fn new(at: TileAt, width: usize, height: usize) -> Self {
        Self {
            at,
            width,
            height,
            cells: Box::new(TileCells([0; TILE_CELLS])),
            peak: 0,
            rim: Box::default(),
            neighbours: [super::directory::ABSENT; 8],
            provenance: None,
            marked_at: None,
        }
    }

    /// Writes a cell and keeps rim and peak true.
    #[inline]
    pub fn set(&mut self, within: usize, value: i32) {
        self.cells[within] = value;
        self.peak = self.peak.max(value);
        let (row, column) = (within / TILE_SIDE, within % TILE_SIDE);
        let (west, east) = (column == 0, column + 1 == self.width);
        let (south, north) = (row == 0, row + 1 == self.height);
        if !(west || east || south || north) {
            return;
        }
        if west {
            self.rim.west[row] = value;
        }
        if east {
            self.rim.east[row] = value;
        }
        if south {
            self.rim.south[column] = value;
        }
        if north {
            self.rim.north[column] = value;
        }
        for (corner, hit) in [south && west, south && east, north && west, north && east].into_iter().enumerate() {
            if hit {
                self.rim.corners[corner] = value;
            }
        }
    }

    /// Sum of the cells in stored units.
    #[must_use]
    pub fn sum(&self) -> i64 {
        // 64 cells of at most 2³⁰ overflow 32 bits, so each row is added in two halves of 16 bits.
        self.cells
            .chunks_exact(TILE_SIDE)
            .map(|row| {
                let low: i32 = row.iter().map(|cell| cell & 0xFFFF).sum();
                let high: i32 = row.iter().map(|cell| cell >> 16).sum();
                i64::from(low) + (i64::from(high) << 16)
            })
            .sum()
    }

    /// How many cells hold at least `least` (≥ 1) stored units.
    #[must_use]
    pub fn count_at_least(&self, least: i32) -> u32 {
        if self.peak < least {
            return 0;
        }
        self.cells
            .chunks_exact(TILE_SIDE)
            .map(|row| row.iter().map(|cell| u32::from(*cell >= least)).sum::<u32>())
            .sum()
    }
}
