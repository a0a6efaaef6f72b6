//! The scene's section `pheromones`.

mod check;
mod foraging;
mod layer;
mod objects;

pub(crate) use check::check_points;
pub use foraging::{AlarmConfig, ChoiceRule, FollowConfig, ForagingConfig, Homing, ReinforceConfig, Steering};
pub use layer::{EmitterConfig, LayerConfig};
pub use objects::{CorridorConfig, CounterConfig, NestConfig, ResourceConfig, Respawn, WallConfig};

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Pheromones, foraging and what they need in the world.
///
/// Layers, emitters, foraging and walls can be changed while the simulation runs. Nests and resources are what the world
/// starts with; `DropResource` and `AddNest` bring more.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct PheromonesConfig {
    /// Side of a cell of the field; by default 5. It is stretched a little where it doesn't divide the world. Taken when
    /// the scene starts.
    #[reflect(@Range::new(1e-3, 1e5), @Unit("units"))]
    pub cell_size: f32,
    /// The kinds of pheromone; by default `food`, `danger` and `success`.
    pub layers: Vec<LayerConfig>,
    /// Groups of agents that leave a trail wherever they go.
    pub emitters: Vec<EmitterConfig>,
    /// Homes of foragers.
    pub nests: Vec<NestConfig>,
    /// What foragers look for.
    pub resources: Vec<ResourceConfig>,
    /// Groups of agents that forage.
    pub foraging: Vec<ForagingConfig>,
    /// Walls that stop foragers and their antennae.
    pub walls: Vec<WallConfig>,
    /// Paths for foragers that are confined to them, such as a bridge with two branches.
    pub corridors: Vec<CorridorConfig>,
    /// Lines across the ground that count who crosses them.
    pub counters: Vec<CounterConfig>,
    /// Half-life of the memory of the metrics that tell about the recent past (shares of branches, mean trip length); by
    /// default 60.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub recent_s: f32,
}

impl Default for PheromonesConfig {
    fn default() -> Self {
        let layer = |name: &str, color| LayerConfig { name: name.into(), color, ..LayerConfig::default() };
        Self {
            cell_size: 5.0,
            layers: vec![layer("food", 0), layer("danger", 1), layer("success", 2)],
            emitters: Vec::new(),
            nests: Vec::new(),
            resources: Vec::new(),
            foraging: Vec::new(),
            walls: Vec::new(),
            corridors: Vec::new(),
            counters: Vec::new(),
            recent_s: 60.0,
        }
    }
}
