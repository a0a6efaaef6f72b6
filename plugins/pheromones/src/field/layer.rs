//! One kind of pheromone: its tiles, how they fade and spread, and what is read from them.

use agent2028_core::{agent::AgentId, parallel::Workers};
use bevy::math::Vec2;
use bevy::reflect::{Reflect, std_traits::ReflectDefault};
use serde::{Deserialize, Serialize};

use super::decay::DecayRule;
use super::diffusion::Shares;
use super::directory::{ABSENT, TileDirectory};
use super::grid::{Cell, PheromoneGrid, TILE_CELLS, TILE_SIDE, TileAt};
use super::prefetch::Ahead;
use super::tile::{CellProvenance, Rim, Tile};
use super::view::TileView;

/// The entry of a neighbour beyond an absorbing edge of the world.
pub(super) const OUTSIDE: u32 = u32::MAX - 1;
/// Stored units of a cell at its layer's maximum while the scale is 1. With the scale above ½ a cell stays below 2³⁰.
const UNITS_AT_MAXIMUM: f64 = (1_u32 << 29) as f64;
/// Tiles that a thread takes at once.
pub(super) const TILES_PER_CHUNK: usize = 8;
/// Largest diffusion rate; with more, a cell could give more than it keeps and the field would oscillate.
pub const MAX_DIFFUSION_RATE: f32 = 0.5;

/// Which neighbours a cell gives to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Stencil {
    /// The 5-point Laplacian: a quarter of `diffusion_rate` to each of the four orthogonal neighbours.
    #[default]
    FivePoint,
    /// The isotropic 9-point Laplacian (Patra & Karttunen 2006): a sixth of `diffusion_rate` to each orthogonal and a
    /// 24th to each diagonal neighbour. The same diffusion coefficient; fronts stay round.
    NinePoint,
}

/// What the edges of the world do to a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum FieldEdge {
    /// A torus.
    #[default]
    Wrap,
    /// What diffuses over the edge is gone, and counted.
    Absorb,
    /// Nothing passes the edge.
    Reflect,
}

/// How a layer behaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerParameters {
    /// Decay constant λ in 1/s.
    pub decay_per_s: f64,
    /// The rule of decay.
    pub rule: DecayRule,
    /// Part of itself that a cell gives away per tick, 0–½.
    pub diffusion_rate: f32,
    /// The stencil of diffusion.
    pub stencil: Stencil,
    /// The edges.
    pub edge: FieldEdge,
    /// Intensity at which a cell is full.
    pub maximum: f32,
    /// A tile is freed when all its cells are below this intensity.
    pub threshold: f32,
    /// Whether each cell remembers its depositors.
    pub provenance: bool,
}

impl Default for LayerParameters {
    fn default() -> Self {
        Self {
            decay_per_s: 0.0,
            rule: DecayRule::Exact,
            diffusion_rate: 0.0,
            stencil: Stencil::FivePoint,
            edge: FieldEdge::Wrap,
            maximum: 1.0,
            threshold: 0.01,
            provenance: false,
        }
    }
}

impl LayerParameters {
    /// The same with every value in its range, so that no value from outside can break the arithmetic.
    #[must_use]
    pub fn sane(&self) -> Self {
        let finite = |value: f32, fallback: f32| if value.is_finite() { value } else { fallback };
        let maximum = finite(self.maximum, 1.0).clamp(1e-20, 1e20);
        Self {
            decay_per_s: if self.decay_per_s.is_finite() { self.decay_per_s.max(0.0) } else { 0.0 },
            diffusion_rate: finite(self.diffusion_rate, 0.0).clamp(0.0, MAX_DIFFUSION_RATE),
            maximum,
            threshold: finite(self.threshold, 0.0).clamp(0.0, maximum),
            ..self.clone()
        }
    }

    fn shares(&self) -> Option<Shares> {
        if self.diffusion_rate <= 0.0 {
            return None;
        }
        Some(match self.stencil {
            Stencil::FivePoint => Shares::new(self.diffusion_rate / 4.0, false),
            Stencil::NinePoint => Shares::new(self.diffusion_rate / 6.0, true),
        })
    }
}

/// What left a layer other than by decay, since the start of the run, in intensity × cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerLosses {
    /// Dropped with freed tiles.
    pub dropped: f64,
    /// Deposited into full cells.
    pub saturated: f64,
    /// Diffused over an absorbing edge.
    pub absorbed: f64,
}

/// One kind of pheromone.
///
/// A cell's intensity is `cell · unit · scale`, with `cell` a whole number, `unit` 2⁻²⁹ of the maximum, and `scale` a
/// double in (½, 1] that all cells share. Decay multiplies the scale: a tick of decay costs one multiplication, however
/// large the field, and is exact for every intensity. When the scale falls to ½ it is doubled and all cells are halved,
/// once per half-life, in the same pass that diffuses.
#[derive(Clone, Debug)]
pub struct Layer {
    pub(super) grid: PheromoneGrid,
    pub(super) parameters: LayerParameters,
    pub(super) shares: Option<Shares>,
    pub(super) unit: f64,
    pub(super) scale: f64,
    pub(super) tick: u64,
    pub(super) tiles: Vec<Tile>,
    pub(super) sorted: bool,
    pub(super) directory: TileDirectory,
    #[expect(clippy::vec_box, reason = "these boxes trade places with those of the tiles")]
    pub(super) rims_before: Vec<Box<Rim>>,
    pub(super) addresses: Vec<Ahead>,
    pub(super) losses: LayerLosses,
}

impl Layer {
    /// An empty layer.
    #[must_use]
    pub fn new(grid: PheromoneGrid, parameters: &LayerParameters) -> Self {
        let parameters = parameters.sane();
        Self {
            grid,
            shares: parameters.shares(),
            unit: f64::from(parameters.maximum) / UNITS_AT_MAXIMUM,
            scale: 1.0,
            tick: 0,
            tiles: Vec::new(),
            sorted: true,
            directory: TileDirectory::new(grid.tile_columns(), grid.tile_rows()),
            rims_before: Vec::new(),
            addresses: Vec::new(),
            losses: LayerLosses::default(),
            parameters,
        }
    }

    /// How the layer behaves.
    #[must_use]
    pub fn parameters(&self) -> &LayerParameters {
        &self.parameters
    }

    /// The grid that the layer lies on.
    #[must_use]
    pub fn grid(&self) -> &PheromoneGrid {
        &self.grid
    }

    /// Changes the layer's behaviour; what lies on the ground stays, but what is above a lowered maximum is lost to
    /// saturation.
    pub fn set_parameters(&mut self, parameters: &LayerParameters) {
        let new = parameters.sane();
        if new == self.parameters {
            return;
        }
        if new.maximum != self.parameters.maximum {
            self.change_maximum(new.maximum);
        }
        if new.edge != self.parameters.edge {
            self.sorted = false;
        }
        for tile in &mut self.tiles {
            if new.provenance && tile.provenance.is_none() {
                tile.provenance = Some(no_provenance());
            } else if !new.provenance {
                tile.provenance = None;
            }
            if new.rule == DecayRule::Classic && tile.marked_at.is_none() {
                tile.marked_at = Some(vec![self.tick; TILE_CELLS].into_boxed_slice());
            } else if new.rule == DecayRule::Exact {
                tile.marked_at = None;
            }
        }
        self.shares = new.shares();
        self.parameters = new;
    }

    fn change_maximum(&mut self, maximum: f32) {
        let old_factor = self.factor();
        let new_unit = f64::from(maximum) / UNITS_AT_MAXIMUM;
        let ratio = old_factor / new_unit;
        let full = UNITS_AT_MAXIMUM as i32;
        let mut lost = 0.0;
        for tile in &mut self.tiles {
            for cell in tile.cells.iter_mut() {
                let wanted = (f64::from(*cell) * ratio).round();
                lost += (wanted - f64::from(full)).max(0.0) * new_unit;
                *cell = (wanted as i32).min(full);
            }
            if let Some(provenance) = &mut tile.provenance {
                for entry in provenance.iter_mut() {
                    entry.amount = ((f64::from(entry.amount) * ratio).round() as i32).min(full);
                }
            }
            tile.peak = tile.cells.iter().copied().max().unwrap_or(0);
            tile.rim.copy_from(&tile.cells, tile.width, tile.height);
        }
        self.losses.saturated += lost;
        self.unit = new_unit;
        self.scale = 1.0;
    }

    /// What a stored unit is worth now.
    pub(super) fn factor(&self) -> f64 {
        self.unit * self.scale
    }

    /// A full cell in stored units.
    fn full(&self) -> i32 {
        (UNITS_AT_MAXIMUM / self.scale) as i32
    }

    /// The smallest stored value that counts as at least `intensity`.
    pub(super) fn stored_at_least(&self, intensity: f32) -> i32 {
        let units = (f64::from(intensity) / self.factor()).ceil();
        (units as i32).max(1)
    }

    fn index_of(&self, at: TileAt) -> Option<usize> {
        match self.directory.get(at) {
            ABSENT => None,
            index => Some(index as usize),
        }
    }

    pub(super) fn touch(&mut self, at: TileAt) -> usize {
        if let Some(index) = self.index_of(at) {
            return index;
        }
        let (width, height) = self.grid.tile_extent(at);
        let mut tile = Tile::new(at, width, height);
        if self.parameters.provenance {
            tile.provenance = Some(no_provenance());
        }
        if self.parameters.rule == DecayRule::Classic {
            tile.marked_at = Some(vec![self.tick; TILE_CELLS].into_boxed_slice());
        }
        self.tiles.push(tile);
        self.directory.set(at, (self.tiles.len() - 1) as u32);
        self.sorted = false;
        self.tiles.len() - 1
    }

    /// Adds `amount` (intensity; ≤ 0 and what isn't finite add nothing) to a cell. Returns what fitted in; the rest is
    /// counted as saturated.
    pub fn deposit(&mut self, cell: Cell, amount: f32, depositor: AgentId) -> f32 {
        if !(amount > 0.0 && amount.is_finite()) || cell.column >= self.grid.columns || cell.row >= self.grid.rows {
            return 0.0;
        }
        let (factor, full, tick) = (self.factor(), self.full(), self.tick);
        let index = self.touch(cell.tile());
        let tile = &mut self.tiles[index];
        let within = cell.within();
        let wished = (f64::from(amount) / factor).round();
        let room = full - tile.cells[within].min(full);
        let added = if wished < f64::from(room) { wished as i32 } else { room };
        let value = tile.cells[within] + added;
        tile.set(within, value);
        if let Some(provenance) = &mut tile.provenance {
            let entry = &mut provenance[within];
            entry.last = depositor;
            if added > entry.amount || entry.strongest == AgentId::NONE {
                entry.strongest = depositor;
                entry.amount = added;
            }
        }
        if let Some(marked_at) = &mut tile.marked_at {
            marked_at[within] = tick;
        }
        self.losses.saturated += (wished - f64::from(added)) * factor;
        (f64::from(added) * factor) as f32
    }

    /// Multiplies a cell by `by` ≥ 1: a mark that is there gets stronger, an empty cell stays empty. Returns what was
    /// added.
    pub fn reinforce(&mut self, cell: Cell, by: f32, depositor: AgentId) -> f32 {
        let held = self.read(cell);
        if held <= 0.0 || by.is_nan() || by <= 1.0 {
            return 0.0;
        }
        self.deposit(cell, held * (by - 1.0), depositor)
    }

    /// Takes up to `amount` out of a cell. Returns what was taken.
    pub fn remove(&mut self, cell: Cell, amount: f32) -> f32 {
        if amount.is_nan() || amount <= 0.0 {
            return 0.0;
        }
        let factor = self.factor();
        let Some(index) = self.index_of(cell.tile()) else {
            return 0.0;
        };
        let tile = &mut self.tiles[index];
        let within = cell.within();
        let held = tile.cells[within];
        let wished = (f64::from(amount) / factor).round();
        let taken = if wished < f64::from(held) { wished as i32 } else { held };
        tile.set(within, held - taken);
        if let Some(provenance) = &mut tile.provenance
            && taken == held
        {
            provenance[within] = CellProvenance::default();
        }
        (f64::from(taken) * factor) as f32
    }

    /// The intensity of a cell, 0–maximum.
    #[inline]
    #[must_use]
    pub fn read(&self, cell: Cell) -> f32 {
        match self.index_of(cell.tile()) {
            Some(index) => {
                let value = (f64::from(self.tiles[index].cells[cell.within()]) * self.factor()) as f32;
                value.min(self.parameters.maximum)
            }
            None => 0.0,
        }
    }

    /// The intensity at a point; 0 outside the world.
    #[inline]
    #[must_use]
    pub fn read_at(&self, point: Vec2) -> f32 {
        self.grid.cell_at(point).map_or(0.0, |cell| self.read(cell))
    }

    /// The direction of steepest rise at a point by central differences: a unit vector, or zero where the field is flat.
    /// Beyond an edge that doesn't wrap the cell itself is taken, so the slope across the edge is halved, not made up.
    #[must_use]
    pub fn gradient_at(&self, point: Vec2) -> Vec2 {
        let slope = self.slope_at(point);
        let length = slope.length();
        if length > 0.0 && length.is_finite() { slope / length } else { Vec2::ZERO }
    }

    /// The slope at a point by central differences, in intensity per world unit.
    #[must_use]
    pub fn slope_at(&self, point: Vec2) -> Vec2 {
        let Some(cell) = self.grid.cell_at(point) else {
            return Vec2::ZERO;
        };
        let read = |dx, dy| self.read(self.grid.offset(cell, dx, dy).unwrap_or(cell));
        let across = Vec2::new(read(1, 0) - read(-1, 0), read(0, 1) - read(0, -1));
        across / (2.0 * self.grid.cell_size)
    }

    /// Who deposited into a cell, if the layer keeps provenance and anybody did.
    #[must_use]
    pub fn provenance(&self, cell: Cell) -> Option<CellProvenance> {
        let tile = &self.tiles[self.index_of(cell.tile())?];
        let entry = tile.provenance.as_ref()?[cell.within()];
        (entry.last != AgentId::NONE).then_some(entry)
    }

    /// Empties the layer. What was there is not counted as lost.
    pub fn clear(&mut self) {
        for tile in &self.tiles {
            self.directory.set(tile.at, ABSENT);
        }
        self.tiles.clear();
        self.sorted = true;
        self.scale = 1.0;
    }

    /// The cell with at least `intensity` whose middle is nearest to `point`, within `radius` world units; of several
    /// equally near the lowest row, then column. Cost: the active tiles, and the cells of those that come into question.
    #[must_use]
    pub fn find_nearest(&self, point: Vec2, intensity: f32, radius: f32) -> Option<(Cell, f32)> {
        let least = self.stored_at_least(intensity);
        let mut best: Option<(f32, Cell)> = None;
        let mut reach = radius * radius;
        let mut candidates: Vec<(f32, usize)> = self
            .tiles
            .iter()
            .enumerate()
            .filter(|(_, tile)| tile.peak >= least)
            .map(|(index, tile)| (self.distance_to_tile(point, tile), index))
            .filter(|(distance, _)| *distance <= reach)
            .collect();
        candidates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(self.tiles[a.1].at.cmp(&self.tiles[b.1].at)));
        for (distance, index) in candidates {
            if distance > reach {
                break;
            }
            let tile = &self.tiles[index];
            for (within, value) in tile.cells.iter().enumerate() {
                if *value < least {
                    continue;
                }
                let cell = cell_of(tile.at, within);
                let squared = self.grid.delta(point, self.grid.center(cell)).length_squared();
                let nearer = match best {
                    Some((nearest, held)) => squared < nearest || (squared == nearest && cell < held),
                    None => squared <= reach,
                };
                if nearer {
                    best = Some((squared, cell));
                    reach = squared;
                }
            }
        }
        best.map(|(_, cell)| (cell, self.read(cell)))
    }

    /// A lower bound of the squared distance from a point to the cells of a tile.
    fn distance_to_tile(&self, point: Vec2, tile: &Tile) -> f32 {
        let corner = Cell::new(tile.at.column * TILE_SIDE as u32, tile.at.row * TILE_SIDE as u32);
        let half = Vec2::new(tile.width as f32, tile.height as f32) * self.grid.cell_size * 0.5;
        let middle = self.grid.center(corner) - self.grid.cell_size * 0.5 + half;
        let away = self.grid.delta(point, middle).abs() - half;
        // A cell's width of slack keeps rounding from hiding a tile.
        (away.max(Vec2::ZERO) - self.grid.cell_size).max(Vec2::ZERO).length_squared()
    }

    /// Number of tiles that take memory.
    #[must_use]
    pub fn active_tiles(&self) -> usize {
        self.tiles.len()
    }

    /// Number of cells at or above the threshold (above 0 if that is 0).
    #[must_use]
    pub fn active_cells(&self, workers: &Workers) -> u64 {
        let least = self.stored_at_least(self.parameters.threshold);
        workers
            .map_chunks(&self.tiles, TILES_PER_CHUNK, |_, tiles| {
                tiles.iter().map(|tile| u64::from(tile.count_at_least(least))).sum::<u64>()
            })
            .into_iter()
            .sum()
    }

    /// Sum of all intensities. Whole numbers are added, so the result doesn't depend on any order.
    #[must_use]
    pub fn mass(&self, workers: &Workers) -> f64 {
        self.stored_mass(workers) as f64 * self.factor()
    }

    fn stored_mass(&self, workers: &Workers) -> i64 {
        workers
            .map_chunks(&self.tiles, TILES_PER_CHUNK, |_, tiles| tiles.iter().map(Tile::sum).sum::<i64>())
            .into_iter()
            .sum()
    }

    /// What left the layer other than by decay.
    #[must_use]
    pub fn losses(&self) -> LayerLosses {
        self.losses
    }

    /// Bytes that the layer takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let per_tile = size_of::<Tile>() + TILE_CELLS * 4 + 2 * size_of::<Rim>() + size_of::<Box<Rim>>();
        self.tiles.len() * per_tile + self.directory.bytes()
    }

    /// The tiles, ordered by row and column once the layer has been stepped.
    pub fn tiles(&self) -> impl ExactSizeIterator<Item = TileView<'_>> {
        let share = (self.scale / UNITS_AT_MAXIMUM) as f32;
        self.tiles.iter().map(move |tile| TileView { tile, share })
    }

    /// Rebuilds what is derived from cells, after the tiles were read from a checkpoint.
    pub(super) fn rebuild(&mut self) {
        self.directory = TileDirectory::new(self.grid.tile_columns(), self.grid.tile_rows());
        self.shares = self.parameters.shares();
        for tile in &mut self.tiles {
            tile.rim.copy_from(&tile.cells, tile.width, tile.height);
        }
        self.sorted = false;
        self.restore_order();
    }
}

fn no_provenance() -> Box<[CellProvenance]> {
    vec![CellProvenance::default(); TILE_CELLS].into_boxed_slice()
}

/// The cell at a place within a tile.
pub(super) fn cell_of(at: TileAt, within: usize) -> Cell {
    let side = TILE_SIDE as u32;
    Cell::new(at.column * side + within as u32 % side, at.row * side + within as u32 / side)
}
