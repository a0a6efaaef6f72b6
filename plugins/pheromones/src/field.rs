//! The pheromone field: layers of tiles over the world.

mod checkpoint;
mod decay;
pub mod diffusion;
mod directory;
mod grid;
mod halo;
mod layer;
mod prefetch;
mod step;
#[cfg(test)]
mod tests;
mod tile;
mod view;

pub use decay::{DecayRule, decay_factor};
pub use grid::{Cell, MAX_CELLS_PER_AXIS, PheromoneGrid, TILE_CELLS, TILE_SIDE, TileAt};
pub use layer::{FieldEdge, Layer, LayerLosses, LayerParameters, MAX_DIFFUSION_RATE, Stencil};
pub use tile::CellProvenance;
pub use view::TileView;

use agent2028_core::{agent::AgentId, parallel::Workers};
use bevy::prelude::*;

/// A layer's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerId(pub u16);

/// All pheromones of a world: one layer per kind, on one grid.
#[derive(Resource, Clone, Debug)]
pub struct PheromoneField {
    grid: PheromoneGrid,
    names: Vec<String>,
    layers: Vec<Layer>,
}

impl PheromoneField {
    /// A field without layers on a grid.
    #[must_use]
    pub fn new(grid: PheromoneGrid) -> Self {
        Self { grid, names: Vec::new(), layers: Vec::new() }
    }

    /// Adds a layer; of two layers of one name the first is found by name.
    pub fn add_layer(&mut self, name: impl Into<String>, parameters: &LayerParameters) -> LayerId {
        self.names.push(name.into());
        self.layers.push(Layer::new(self.grid, parameters));
        LayerId((self.layers.len() - 1) as u16)
    }

    /// The grid of all layers.
    #[must_use]
    pub fn grid(&self) -> &PheromoneGrid {
        &self.grid
    }

    /// The layer of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<LayerId> {
        self.names.iter().position(|known| known == name).map(|index| LayerId(index as u16))
    }

    /// A layer.
    #[inline]
    #[must_use]
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.get(usize::from(id.0))
    }

    /// A layer, to change it.
    #[inline]
    #[must_use]
    pub fn layer_mut(&mut self, id: LayerId) -> Option<&mut Layer> {
        self.layers.get_mut(usize::from(id.0))
    }

    /// The layers with their names, in the order in which they were added.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = (LayerId, &str, &Layer)> {
        self.names
            .iter()
            .zip(&self.layers)
            .enumerate()
            .map(|(index, (name, layer))| (LayerId(index as u16), name.as_str(), layer))
    }

    /// Adds `amount` at a point; see [`Layer::deposit`]. Outside the world nothing happens.
    pub fn deposit(&mut self, layer: LayerId, point: Vec2, amount: f32, depositor: AgentId) -> f32 {
        match (self.grid.cell_at(point), self.layer_mut(layer)) {
            (Some(cell), Some(layer)) => layer.deposit(cell, amount, depositor),
            _ => 0.0,
        }
    }

    /// The intensity at a point; 0 for a layer that isn't there.
    #[inline]
    #[must_use]
    pub fn read(&self, layer: LayerId, point: Vec2) -> f32 {
        self.layer(layer).map_or(0.0, |layer| layer.read_at(point))
    }

    /// The cells whose middles lie within a circle, row by row. At least the cell that holds the centre.
    #[must_use]
    pub fn cells_within(&self, center: Vec2, radius: f32) -> Vec<Cell> {
        let Some(middle) = self.grid.cell_at(center) else {
            return Vec::new();
        };
        let radius = if radius.is_finite() { radius.max(0.0) } else { 0.0 };
        // Around a torus every cell is at most half of the way around; elsewhere it may lie on the far side.
        let most = |count: u32| if self.grid.wraps { count / 2 } else { count };
        let reach = |size: f32, count: u32| (((radius / size).ceil() as i64) + 1).min(i64::from(most(count))) as i32;
        let across = reach(self.grid.cell_size.x, self.grid.columns);
        let up = reach(self.grid.cell_size.y, self.grid.rows);
        let mut cells = Vec::new();
        for dy in -up..=up {
            for dx in -across..=across {
                if let Some(cell) = self.grid.offset(middle, dx, dy) {
                    let distance = self.grid.delta(center, self.grid.center(cell)).length();
                    if distance <= radius || cell == middle {
                        cells.push(cell);
                    }
                }
            }
        }
        // Around a small torus both ends of the sweep may meet in the same column.
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// One tick of `dt` seconds for all layers.
    pub fn step(&mut self, dt: f64, workers: &Workers) {
        for layer in &mut self.layers {
            layer.step(dt, workers);
        }
    }
}
