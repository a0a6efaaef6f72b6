//! Marks that don't come from foraging: groups that emit wherever they go, and false trails of attackers.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition, Position};
use agent2028_core::clock::SimClock;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::field::{LayerId, PheromoneField};
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
    if let Some(layer) = field.layer_mut(layer) {
        for cell in &cells {
            layer.deposit(*cell, amount, depositor);
        }
    }
    cells.len()
}

/// The cells within `radius` of a path, in order of row and column.
#[must_use]
pub fn brush(field: &PheromoneField, path: &[Vec2], radius: f32) -> Vec<crate::field::Cell> {
    let grid = field.grid();
    let mut cells = crate::trail::cells_of(field, path);
    if radius > grid.cell_size.min_element() * 0.5 || path.len() == 1 {
        let spine: Vec<Vec2> =
            if path.len() == 1 { path.to_vec() } else { cells.iter().map(|c| grid.center(*c)).collect() };
        cells.extend(spine.into_iter().flat_map(|point| field.cells_within(point, radius)));
        cells.sort_unstable();
        cells.dedup();
    }
    cells
}
