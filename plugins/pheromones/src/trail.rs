//! Marking whole paths.

use agent2028_core::agent::AgentId;
use bevy::math::Vec2;

use crate::field::{Cell, LayerId, PheromoneField};

/// Marks and reinforces paths: every cell that a path passes gets its share once, however the path winds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrailReinforcer {
    /// The layer.
    pub layer: LayerId,
    /// What a cell gets, in intensity.
    pub amount: f32,
}

impl TrailReinforcer {
    /// Marks a path: each of its cells gets the amount.
    pub fn mark(&self, field: &mut PheromoneField, path: &[Vec2], depositor: AgentId) {
        let cells = cells_of(field, path);
        if let Some(layer) = field.layer_mut(self.layer) {
            for cell in cells {
                layer.deposit(cell, self.amount, depositor);
            }
        }
    }

    /// Success reinforces: each cell of the path that is marked already has its mark multiplied by 1 + amount; bare
    /// ground stays bare.
    pub fn reinforce(&self, field: &mut PheromoneField, path: &[Vec2], depositor: AgentId) {
        let cells = cells_of(field, path);
        if let Some(layer) = field.layer_mut(self.layer) {
            for cell in cells {
                layer.reinforce(cell, 1.0 + self.amount, depositor);
            }
        }
    }

    /// Failure weakens: each cell of the path loses the amount.
    pub fn weaken(&self, field: &mut PheromoneField, path: &[Vec2]) {
        let cells = cells_of(field, path);
        if let Some(layer) = field.layer_mut(self.layer) {
            for cell in cells {
                layer.remove(cell, self.amount);
            }
        }
    }
}

/// Most samples that are taken of a path.
const MOST_SAMPLES: f32 = 1e6;

/// The cells that a path passes, each once, in order of row and column. Around a torus each leg is taken the short way.
#[must_use]
pub fn cells_of(field: &PheromoneField, path: &[Vec2]) -> Vec<Cell> {
    let grid = field.grid();
    // Half a cell per sample visits every cell but those that a leg only nicks at a corner. A path longer than that many
    // samples is marked with gaps.
    let length: f32 = path.windows(2).map(|leg| grid.delta(leg[0], leg[1]).length()).sum();
    let step = (grid.cell_size.min_element() * 0.5).max(length / MOST_SAMPLES);
    let mut cells: Vec<Cell> = path.first().and_then(|point| grid.cell_at(*point)).into_iter().collect();
    for leg in path.windows(2) {
        let along = grid.delta(leg[0], leg[1]);
        let samples = (along.length() / step).ceil() as u32;
        for sample in 1..=samples {
            cells.extend(grid.cell_at(leg[0] + along * (sample as f32 / samples as f32)));
        }
    }
    cells.sort_unstable();
    cells.dedup();
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{LayerParameters, PheromoneGrid};

    fn field() -> (PheromoneField, LayerId) {
        let mut field = PheromoneField::new(PheromoneGrid::new(Vec2::splat(100.0), 1.0, true));
        let layer = field.add_layer("success", &LayerParameters { maximum: 10.0, ..LayerParameters::default() });
        (field, layer)
    }

    #[test]
    fn a_path_that_winds_marks_each_cell_once() {
        let (mut field, layer) = field();
        let path = [Vec2::new(0.5, 0.5), Vec2::new(20.5, 0.5), Vec2::new(0.5, 0.5), Vec2::new(20.5, 0.5)];
        TrailReinforcer { layer, amount: 0.25 }.mark(&mut field, &path, AgentId(1));
        for x in 0..=20 {
            assert!((field.read(layer, Vec2::new(x as f32 + 0.5, 0.5)) - 0.25).abs() < 1e-6);
        }
        assert_eq!(field.read(layer, Vec2::new(21.5, 0.5)), 0.0);
    }

    #[test]
    fn a_leg_over_the_edge_of_a_torus_takes_the_short_way() {
        let (mut field, layer) = field();
        let path = [Vec2::new(48.5, 0.5), Vec2::new(-48.5, 0.5)];
        TrailReinforcer { layer, amount: 0.25 }.mark(&mut field, &path, AgentId(1));
        assert_eq!(cells_of(&field, &path).len(), 4);
        assert_eq!(field.read(layer, Vec2::new(0.5, 0.5)), 0.0);
    }

    #[test]
    fn reinforcing_and_weakening_change_marks_and_not_bare_ground() {
        let (mut field, layer) = field();
        let path = [Vec2::new(0.5, 0.5), Vec2::new(5.5, 0.5)];
        let trail = TrailReinforcer { layer, amount: 0.5 };
        field.deposit(layer, Vec2::new(2.5, 0.5), 1.0, AgentId(1));
        trail.reinforce(&mut field, &path, AgentId(1));
        assert!((field.read(layer, Vec2::new(2.5, 0.5)) - 1.5).abs() < 1e-5);
        assert_eq!(field.read(layer, Vec2::new(3.5, 0.5)), 0.0);
        trail.weaken(&mut field, &path);
        assert!((field.read(layer, Vec2::new(2.5, 0.5)) - 1.0).abs() < 1e-5);
    }
}
