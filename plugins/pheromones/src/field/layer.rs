//! One kind of pheromone: its tiles, how they fade and spread, and what is read from them.

use agent2028_core::{agent::AgentId, parallel::Workers};
use bevy::math::Vec2;
use bevy::reflect::{Reflect, std_traits::ReflectDefault};
use serde::{Deserialize, Serialize};

use super::decay::{DecayRule, decay_factor};
use super::diffusion::{Halo, Shares, step_tile};
use super::directory::{ABSENT, TileDirectory};
use super::grid::{Cell, CellGrid, TILE_CELLS, TILE_SIDE, TileAt};
use super::prefetch::{Ahead, ask_for_all};
use super::tile::{
    CellProvenance, DIRECTIONS, EAST, NORTH, NORTH_EAST, NORTH_WEST, Rim, SOUTH, SOUTH_EAST, SOUTH_WEST, Tile, WEST,
};

/// The entry of a neighbour beyond an absorbing edge of the world.
const OUTSIDE: u32 = u32::MAX - 1;
/// Stored units of a cell at its layer's maximum while the scale is 1. With the scale above ½ a cell stays below 2³⁰.
const UNITS_AT_MAXIMUM: f64 = (1_u32 << 29) as f64;
/// Tiles that a thread takes at once.
const TILES_PER_CHUNK: usize = 8;
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
    pub(super) grid: CellGrid,
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
    pub fn new(grid: CellGrid, parameters: &LayerParameters) -> Self {
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
    pub fn grid(&self) -> &CellGrid {
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
    fn factor(&self) -> f64 {
        self.unit * self.scale
    }

    /// A full cell in stored units.
    fn full(&self) -> i32 {
        (UNITS_AT_MAXIMUM / self.scale) as i32
    }

    /// The smallest stored value that counts as at least `intensity`.
    fn stored_at_least(&self, intensity: f32) -> i32 {
        let units = (f64::from(intensity) / self.factor()).ceil();
        (units as i32).max(1)
    }

    fn index_of(&self, at: TileAt) -> Option<usize> {
        match self.directory.get(at) {
            ABSENT => None,
            index => Some(index as usize),
        }
    }

    fn touch(&mut self, at: TileAt) -> usize {
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

    /// One tick of `dt` seconds: decay, diffusion, tiles grown and freed.
    ///
    /// A tile is grown where a cell of at least the threshold has no neighbour to give to. Weaker cells at such a border
    /// keep what they would give, so nothing is lost before a tile is freed. A tile is freed when all its cells are
    /// below the threshold, unless a neighbour would grow it again at once.
    pub fn step(&mut self, dt: f64, workers: &Workers) {
        self.tick += 1;
        let shift = self.decay(dt, workers);
        if let Some(shares) = self.shares {
            self.grow(shares);
            self.restore_order();
            self.diffuse(shares, shift, workers);
        } else {
            self.restore_order();
            if shift > 0 {
                self.halve(shift, workers);
            }
        }
        if shift > 0 {
            self.halve_provenance(shift);
        }
        self.free();
        self.restore_order();
    }

    /// Lowers the scale; returns how many times all cells are to be halved for it.
    fn decay(&mut self, dt: f64, workers: &Workers) -> u32 {
        if self.parameters.decay_per_s <= 0.0 || self.tiles.is_empty() {
            return 0;
        }
        match self.parameters.rule {
            DecayRule::Exact => {
                self.scale *= decay_factor(self.parameters.decay_per_s * dt);
                let mut shift = 0;
                while self.scale <= 0.5 && shift < 31 {
                    self.scale *= 2.0;
                    shift += 1;
                }
                if self.scale <= 0.5 {
                    self.scale = 1.0;
                }
                shift
            }
            DecayRule::Classic => {
                let (lambda, tick) = (self.parameters.decay_per_s, self.tick);
                workers.for_each_chunk_mut(&mut self.tiles, TILES_PER_CHUNK, |_, tiles| {
                    for tile in tiles {
                        let Some(marked_at) = &tile.marked_at else { continue };
                        for (cell, marked) in tile.cells.iter_mut().zip(marked_at.iter()) {
                            if *cell > 0 {
                                let age = tick.saturating_sub(*marked) as f64 * dt;
                                *cell = (f64::from(*cell) * decay_factor(lambda * age)) as i32;
                            }
                        }
                        tile.peak = tile.cells.iter().copied().max().unwrap_or(0);
                        tile.rim.copy_from(&tile.cells, tile.width, tile.height);
                    }
                });
                0
            }
        }
    }

    /// The smallest rim cell for which a missing neighbour is grown.
    fn growth_level(&self, shares: Shares) -> i32 {
        let gives = (1.0 / f64::from(shares.orthogonal())).ceil() as i32;
        self.stored_at_least(self.parameters.threshold).max(gives)
    }

    fn grow(&mut self, shares: Shares) {
        let level = self.growth_level(shares);
        let directions = if shares.diagonal() { 8 } else { 4 };
        let wraps = self.parameters.edge == FieldEdge::Wrap;
        let mut wanted = Vec::new();
        for tile in &self.tiles {
            if tile.peak < level {
                continue;
            }
            for (direction, (dx, dy)) in DIRECTIONS.into_iter().enumerate().take(directions) {
                // After deposits have made tiles, the cached neighbours may be stale; the directory never is.
                let known = self.sorted && tile.neighbours[direction] != ABSENT;
                if known || tile.rim.largest(direction) < level {
                    continue;
                }
                if let Some(at) = self.grid.tile_neighbour(tile.at, dx, dy, wraps)
                    && self.directory.get(at) == ABSENT
                {
                    wanted.push(at);
                }
            }
        }
        for at in wanted {
            self.touch(at);
        }
    }

    /// Orders the tiles and links neighbours, if any tile has come or gone.
    fn restore_order(&mut self) {
        if self.sorted {
            return;
        }
        self.tiles.sort_by_key(|tile| tile.at);
        for (index, tile) in self.tiles.iter().enumerate() {
            self.directory.set(tile.at, index as u32);
        }
        let (grid, directory, edge) = (&self.grid, &self.directory, self.parameters.edge);
        for tile in &mut self.tiles {
            for (direction, (dx, dy)) in DIRECTIONS.into_iter().enumerate() {
                tile.neighbours[direction] = match grid.tile_neighbour(tile.at, dx, dy, edge == FieldEdge::Wrap) {
                    Some(at) => directory.get(at),
                    None if edge == FieldEdge::Absorb => OUTSIDE,
                    None => ABSENT,
                };
            }
        }
        self.sorted = true;
    }

    fn diffuse(&mut self, shares: Shares, shift: u32, workers: &Workers) {
        // The rims of the tick before move aside; each tile gets a spare one to write its new rim into.
        self.rims_before.resize_with(self.tiles.len(), Box::default);
        for (tile, before) in self.tiles.iter_mut().zip(&mut self.rims_before) {
            std::mem::swap(&mut tile.rim, before);
        }
        let rims = self.rims_before.as_slice();
        self.addresses.clear();
        self.addresses.extend(self.tiles.iter().map(|tile| Ahead::of(&tile.cells)));
        let addresses = self.addresses.as_slice();
        workers.for_each_chunk_mut(&mut self.tiles, TILES_PER_CHUNK, |chunk, tiles| {
            for offset in 0..tiles.len() {
                let index = chunk * TILES_PER_CHUNK + offset;
                let next = addresses.get(index + 1).copied().unwrap_or(Ahead::NOTHING);
                if let Some(next) = tiles.get(offset + 1) {
                    ask_for_surroundings(next, rims);
                }
                let tile = &mut tiles[offset];
                let halo = halo_of(tile, index, rims);
                tile.peak = step_tile(&mut tile.cells, &halo, shares, shift, (tile.width, tile.height), next);
                tile.rim.copy_from(&tile.cells, tile.width, tile.height);
            }
        });
        if self.parameters.edge == FieldEdge::Absorb {
            let units: i64 =
                self.tiles.iter().zip(rims).map(|(tile, rim)| given_outside(tile, rim, shares, shift)).sum();
            self.losses.absorbed += units as f64 * self.factor();
        }
    }

    fn halve(&mut self, shift: u32, workers: &Workers) {
        workers.for_each_chunk_mut(&mut self.tiles, TILES_PER_CHUNK, |_, tiles| {
            for tile in tiles {
                let mut peak = 0;
                for cell in tile.cells.iter_mut() {
                    *cell >>= shift;
                    peak = peak.max(*cell);
                }
                tile.peak = peak;
                tile.rim.copy_from(&tile.cells, tile.width, tile.height);
            }
        });
    }

    fn halve_provenance(&mut self, shift: u32) {
        for tile in &mut self.tiles {
            if let Some(provenance) = &mut tile.provenance {
                for entry in provenance.iter_mut() {
                    entry.amount >>= shift;
                }
            }
        }
    }

    fn free(&mut self) {
        let level = self.stored_at_least(self.parameters.threshold);
        if self.tiles.iter().all(|tile| tile.peak >= level) {
            return;
        }
        let kept_by_neighbour = self.shares.map(|shares| (self.growth_level(shares), shares.diagonal()));
        let doomed: Vec<bool> = self
            .tiles
            .iter()
            .map(|tile| {
                if tile.peak >= level {
                    return false;
                }
                let Some((growth, diagonal)) = kept_by_neighbour else {
                    return true;
                };
                let directions = if diagonal { 8 } else { 4 };
                !(0..directions).any(|direction| {
                    self.tiles.get(tile.neighbours[direction] as usize).is_some_and(|neighbour| {
                        neighbour.peak >= growth && neighbour.rim.largest(opposite(direction)) >= growth
                    })
                })
            })
            .collect();
        let mut dropped = 0_i64;
        let mut index = 0;
        let directory = &mut self.directory;
        self.tiles.retain(|tile| {
            let goes = doomed[index];
            index += 1;
            if goes {
                dropped += tile.sum();
                directory.set(tile.at, ABSENT);
            }
            !goes
        });
        if doomed.contains(&true) {
            self.sorted = false;
            self.losses.dropped += dropped as f64 * self.factor();
        }
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

/// A tile as the view and other readers see it.
#[derive(Clone, Copy, Debug)]
pub struct TileView<'a> {
    tile: &'a Tile,
    share: f32,
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

fn no_provenance() -> Box<[CellProvenance]> {
    vec![CellProvenance::default(); TILE_CELLS].into_boxed_slice()
}

fn cell_of(at: TileAt, within: usize) -> Cell {
    let side = TILE_SIDE as u32;
    Cell::new(at.column * side + within as u32 % side, at.row * side + within as u32 / side)
}

const fn opposite(direction: usize) -> usize {
    [EAST, WEST, NORTH, SOUTH, NORTH_EAST, NORTH_WEST, SOUTH_EAST, SOUTH_WEST][direction]
}

/// Asks for what [`halo_of`] will read and what the new rim will be written over.
fn ask_for_surroundings(tile: &Tile, rims: &[Box<Rim>]) {
    let rim = |direction: usize| rims.get(tile.neighbours[direction] as usize);
    if let Some(south) = rim(SOUTH) {
        ask_for_all(&south.north);
    }
    if let Some(north) = rim(NORTH) {
        ask_for_all(&north.south);
    }
    if let Some(east) = rim(EAST) {
        ask_for_all(&east.west);
    }
    ask_for_all(tile.rim.as_ref());
}

/// The cells around a tile. Where there is no neighbour, the tile's own cells are mirrored, so that what goes over that
/// border comes back and no mass is lost; beyond an absorbing edge there is nothing.
fn halo_of(tile: &Tile, index: usize, rims: &[Box<Rim>]) -> Halo {
    let own = &rims[index];
    let rim = |direction: usize| rims.get(tile.neighbours[direction] as usize);
    let outside = |direction: usize| tile.neighbours[direction] == OUTSIDE;
    let side =
        |direction: usize, mirrored: &[i32; TILE_SIDE], facing: fn(&Rim) -> &[i32; TILE_SIDE]| match rim(direction) {
            Some(neighbour) => *facing(neighbour),
            None if outside(direction) => [0; TILE_SIDE],
            None => *mirrored,
        };
    // A corner that is missing mirrors across the border that is missing, as the rows and columns next to it do; the
    // tile on the other side of that mirror does the same, so what two cells exchange is equal both ways.
    let corner = |direction: usize, vertical: usize, horizontal: usize| -> i32 {
        let at = |direction: usize| direction - SOUTH_WEST;
        if let Some(neighbour) = rim(direction) {
            return neighbour.corners[at(opposite(direction))];
        }
        if outside(direction) {
            return 0;
        }
        let mirrored_column = [NORTH_WEST, NORTH_EAST, SOUTH_WEST, SOUTH_EAST][at(direction)];
        let mirrored_row = [SOUTH_EAST, SOUTH_WEST, NORTH_EAST, NORTH_WEST][at(direction)];
        match (rim(vertical), rim(horizontal)) {
            (Some(neighbour), None) => neighbour.corners[at(mirrored_column)],
            (None, Some(neighbour)) => neighbour.corners[at(mirrored_row)],
            _ => own.corners[at(direction)],
        }
    };
    let mut halo = Halo {
        south: [0; TILE_SIDE + 2],
        north: [0; TILE_SIDE + 2],
        west: side(WEST, &own.west, |rim| &rim.east),
        east: side(EAST, &own.east, |rim| &rim.west),
    };
    halo.south[1..=TILE_SIDE].copy_from_slice(&side(SOUTH, &own.south, |rim| &rim.north));
    halo.north[1..=TILE_SIDE].copy_from_slice(&side(NORTH, &own.north, |rim| &rim.south));
    halo.south[0] = corner(SOUTH_WEST, SOUTH, WEST);
    halo.south[tile.width + 1] = corner(SOUTH_EAST, SOUTH, EAST);
    halo.north[0] = corner(NORTH_WEST, NORTH, WEST);
    halo.north[tile.width + 1] = corner(NORTH_EAST, NORTH, EAST);
    halo
}

/// Units that a tile gives over absorbing edges in a step.
fn given_outside(tile: &Tile, rim: &Rim, shares: Shares, shift: u32) -> i64 {
    let shift = shift.min(31);
    let outside = |direction: usize| tile.neighbours[direction] == OUTSIDE;
    let sides: [(usize, &[i32]); 4] = [
        (WEST, &rim.west[..tile.height]),
        (EAST, &rim.east[..tile.height]),
        (SOUTH, &rim.south[..tile.width]),
        (NORTH, &rim.north[..tile.width]),
    ];
    let mut units = 0;
    for (direction, cells) in sides {
        if outside(direction) {
            for cell in cells {
                let given = shares.given(cell >> shift);
                units += i64::from(given);
                if shares.diagonal() {
                    units += 2 * i64::from(given >> 2);
                }
            }
        }
    }
    if shares.diagonal() {
        // The corner's diagonal part over two outer sides was counted with both.
        for (corner, (vertical, horizontal)) in
            [(SOUTH, WEST), (SOUTH, EAST), (NORTH, WEST), (NORTH, EAST)].into_iter().enumerate()
        {
            if outside(vertical) && outside(horizontal) {
                units -= i64::from(shares.given(rim.corners[corner] >> shift) >> 2);
            }
        }
    }
    units
}
