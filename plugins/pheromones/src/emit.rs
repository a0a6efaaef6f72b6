//! Marks that don't come from foraging: groups that emit wherever they go, and false trails of attackers.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition, Position};
use agent2028_core::clock::SimClock;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::field::{Cell, LayerId, PheromoneField};
use crate::plan::ForagingPlan;

/// Where a false trail is laid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SpoofSource {
    /// Around these agents, wherever they go.
    Agents(Vec<AgentId>),
    /// In a circle around a point.
    Place(Vec2),
    /// Along a path.
    Path(Vec<Vec2>),
}

/// A false trail that is being laid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spoof {
    /// The layer.
    pub layer: u16,
    /// Where.
    pub source: SpoofSource,
    /// What each cell gets per second, in intensity.
    pub per_s: f32,
    /// Radius around agents and points, half the width of a path, in world units.
    pub radius: f32,
    /// The last tick.
    pub until: u64,
}

/// All false trails that are being laid.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spoofs(pub Vec<Spoof>);

/// Emitters leave their marks, in id order; agents that have failed or stand frozen leave none.
pub fn emit(
    clock: Res<SimClock>,
    groups: Res<AgentGroups>,
    index: Res<AgentIndex>,
    plan: Res<ForagingPlan>,
    mut field: ResMut<PheromoneField>,
    agents: Query<(&Position, Option<&Condition>)>,
) {
    for (group, layer, per_s) in &plan.emitters {
        let amount = per_s * clock.dt();
        for id in groups.ranges_of(*group).flatten() {
            let agent = AgentId(id);
            if let Some((position, condition)) = index.get(agent).and_then(|entity| agents.get(entity).ok())
                && Condition::acts(condition)
            {
                field.deposit(*layer, position.0, amount, agent);
            }
        }
    }
}

/// False trails are laid until their time is over.
pub fn lay_false_trails(
    clock: Res<SimClock>,
    index: Res<AgentIndex>,
    mut spoofs: ResMut<Spoofs>,
    mut field: ResMut<PheromoneField>,
    agents: Query<(&Position, Option<&Condition>)>,
) {
    if spoofs.0.is_empty() {
        return;
    }
    for spoof in &spoofs.0 {
        let (layer, amount) = (LayerId(spoof.layer), spoof.per_s * clock.dt());
        match &spoof.source {
            SpoofSource::Agents(ids) => {
                for agent in ids {
                    if let Some((position, condition)) = index.get(*agent).and_then(|entity| agents.get(entity).ok())
                        && Condition::acts(condition)
                    {
                        paint(&mut field, layer, &[position.0], spoof.radius, amount, *agent);
                    }
                }
            }
            SpoofSource::Place(point) => {
                paint(&mut field, layer, &[*point], spoof.radius, amount, AgentId::NONE);
            }
            SpoofSource::Path(path) => {
                paint(&mut field, layer, path, spoof.radius, amount, AgentId::NONE);
            }
        }
    }
    let now = clock.tick();
    spoofs.0.retain(|spoof| spoof.until > now);
}

/// Deposits `amount` into every cell within `radius` of a path, once each. Returns the number of cells.
pub fn paint(
    field: &mut PheromoneField,
    layer: LayerId,
    path: &[Vec2],
    radius: f32,
    amount: f32,
    depositor: AgentId,
) -> usize {
    let cells = brush(field, path, radius);
    deposit(field, layer, &cells, amount, depositor);
    cells.len()
}

/// Deposits `amount` into every one of these cells.
pub fn deposit(field: &mut PheromoneField, layer: LayerId, cells: &[Cell], amount: f32, depositor: AgentId) {
    if let Some(layer) = field.layer_mut(layer) {
        for cell in cells {
            layer.deposit(*cell, amount, depositor);
        }
    }
}

/// Most cells that one brush may cover: more would take longer than anybody waits.
pub const MOST_BRUSH_CELLS: u64 = 1 << 22;

/// How many cells have to be looked at to find those within `radius` of a path: an upper bound of how many it covers.
#[must_use]
pub fn brush_size(field: &PheromoneField, path: &[Vec2], radius: f32) -> u64 {
    let grid = field.grid();
    let legs = path.windows(2).map(|leg| grid.delta(leg[0], leg[1]));
    let single = (path.len() == 1).then_some(Vec2::ZERO);
    let sizes = legs.chain(single).map(|along| {
        let box_cells = (along.abs() + 2.0 * radius) / grid.cell_size + 2.0;
        f64::from(box_cells.x.min(2.0 * grid.columns as f32)) * f64::from(box_cells.y.min(2.0 * grid.rows as f32))
    });
    // Casting saturates, and what isn't a number counts as nothing.
    sizes.map(|cells| cells as u64).fold(0, u64::saturating_add)
}

/// The cells whose middles lie within `radius` of a path and those that it passes, in order of row and column. Around a
/// torus each leg takes the short way.
#[must_use]
pub fn brush(field: &PheromoneField, path: &[Vec2], radius: f32) -> Vec<Cell> {
    if let [point] = path {
        return field.cells_within(*point, radius);
    }
    let grid = field.grid();
    let mut cells = crate::trail::cells_of(field, path);
    if radius > grid.cell_size.min_element() * 0.5 {
        for leg in path.windows(2) {
            cells_around_leg(field, leg[0], grid.delta(leg[0], leg[1]), radius, &mut cells);
            cells.sort_unstable();
            cells.dedup();
        }
    }
    cells
}

/// Adds the cells whose middles lie within `radius` of the leg from `start` to `start + along`.
fn cells_around_leg(field: &PheromoneField, start: Vec2, along: Vec2, radius: f32, cells: &mut Vec<Cell>) {
    let grid = field.grid();
    let Some(first) = grid.cell_at(start) else {
        return;
    };
    // From the middle of the first cell, in a plane that goes on over the edge of a torus.
    let origin = grid.delta(start, grid.center(first));
    let reach = |from: f32, to: f32, size: f32, count: u32| {
        let most = i64::from(count) as f32;
        let low = ((from.min(to) - radius) / size).floor().max(-most);
        let high = ((from.max(to) + radius) / size).ceil().min(most);
        low as i32..=high as i32
    };
    let (columns, rows) = (
        reach(-origin.x, along.x - origin.x, grid.cell_size.x, grid.columns - 1),
        reach(-origin.y, along.y - origin.y, grid.cell_size.y, grid.rows - 1),
    );
    let squared = along.length_squared();
    for dy in rows {
        for dx in columns.clone() {
            let middle = origin + Vec2::new(dx as f32, dy as f32) * grid.cell_size;
            let share = if squared > 0.0 { (middle.dot(along) / squared).clamp(0.0, 1.0) } else { 0.0 };
            if (middle - along * share).length_squared() <= radius * radius
                && let Some(cell) = grid.offset(first, dx, dy)
            {
                cells.push(cell);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::PheromoneGrid;

    fn field(side: f32) -> PheromoneField {
        PheromoneField::new(PheromoneGrid::new(Vec2::splat(side), 1.0, true))
    }

    #[test]
    fn a_broad_path_covers_its_area_also_over_the_edge() {
        let field = field(200.0);
        for path in [[Vec2::new(-20.0, 3.0), Vec2::new(40.0, 20.0)], [Vec2::new(80.0, -90.0), Vec2::new(-70.0, 90.0)]] {
            let cells = brush(&field, &path, 8.0);
            let length = field.grid().delta(path[0], path[1]).length();
            let area = length * 16.0 + std::f32::consts::PI * 64.0;
            assert!((cells.len() as f32 / area - 1.0).abs() < 0.03, "{} for {area}", cells.len());
            for cell in &cells {
                let middle = field.grid().center(*cell);
                let nearest = (0..=1000).map(|step| {
                    let along = field.grid().delta(path[0], path[1]) * (step as f32 / 1000.0);
                    field.grid().delta(path[0] + along, middle).length()
                });
                assert!(nearest.fold(f32::MAX, f32::min) < 8.1);
            }
        }
    }

    #[test]
    fn a_brush_wider_than_the_world_covers_all_of_it_once() {
        let field = field(30.0);
        assert_eq!(brush(&field, &[Vec2::ZERO, Vec2::new(5.0, 5.0)], 100.0).len(), 900);
        assert_eq!(brush(&field, &[Vec2::ZERO], 100.0).len(), 900);
        assert!(brush_size(&field, &[Vec2::ZERO, Vec2::new(5.0, 5.0)], 1e30) <= 3600);
        assert!(brush(&field, &[], 3.0).is_empty());
    }
}
