//! A tick of a layer: it fades, tiles are grown, diffused and freed.

use agent2028_core::parallel::Workers;

use super::decay::{DecayRule, decay_factor};
use super::diffusion::{Shares, step_tile};
use super::directory::ABSENT;
use super::halo::{ask_for_surroundings, given_outside, halo_of, opposite};
use super::layer::{FieldEdge, Layer, OUTSIDE, TILES_PER_CHUNK};
use super::prefetch::Ahead;
use super::tile::DIRECTIONS;

impl Layer {
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
    pub(super) fn restore_order(&mut self) {
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
}
