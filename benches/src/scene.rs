//! Simulations to measure: core and the plugins that a row names, nothing that draws, plots or records.

use agent2028_boids::config::{FlockModel, Units};
use agent2028_boids::{BoidsConfig, BoidsPlugin};
use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{Agent, AgentGroup, AgentGroups, AgentId, Position, Velocity, spawn_scene_group};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use bevy::prelude::*;

use crate::measure::Failure;

/// A simulation of one group in a world, on so many threads, with these plugins beside core.
///
/// # Errors
/// If the agents can't be spawned.
pub fn simulation(
    world: WorldBounds,
    threads: usize,
    group: AgentGroup,
    add_plugins: impl FnOnce(&mut App),
) -> Result<Simulation, Failure> {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 2028, world, threads: Some(threads), ..default() });
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    add_plugins(&mut app);
    app.finish();
    app.cleanup();
    spawn_scene_group(app.world_mut(), group).map_err(|error| error.to_string())?;
    Ok(Simulation::new(std::mem::take(app.world_mut())))
}

/// A number of birds of the ABMFrameworksComparison on a square torus.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// How many.
    pub agents: usize,
    /// The side of the world, in world units.
    pub side: f32,
    /// How far they see, in world units.
    pub vision: f32,
}

impl Crowd {
    /// So many birds at the density of the comparison's small flock: 200 on 100 × 100, vision 5. The side is a whole
    /// number of visions, so that krABMaga's bags tile the torus; the density is right within a thousandth above
    /// 10⁵ birds.
    pub fn dense(agents: usize) -> Self {
        let vision = 5.0;
        let side = (agents as f32 / 0.02).sqrt();
        Self { agents, side: ((side / vision).round() * vision).max(4.0 * vision), vision }
    }

    /// The torus.
    pub fn bounds(self) -> WorldBounds {
        WorldBounds { size: Vec2::splat(self.side), edge: Edge::Wrap }
    }

    /// The simulation of this crowd.
    ///
    /// # Errors
    /// If the agents can't be spawned.
    pub fn simulation(self, threads: usize) -> Result<Simulation, Failure> {
        let model = FlockModel::AbmFrameworksComparison {
            vision: self.vision,
            speed: 1.0,
            cohere: 0.03,
            separation: 1.0,
            separate: 0.015,
            match_velocity: 0.05,
        };
        let group = AgentGroup { name: "bird".into(), count: self.agents as u32, ..default() };
        simulation(self.bounds(), threads, group, |app| {
            app.add_plugins(BoidsPlugin { config: BoidsConfig { model, units: Units::PerTick, ..default() } });
        })
    }
}

/// Positions and velocities (world units, per second) of all agents by id.
pub fn arrays(simulation: &mut Simulation) -> (Vec<Vec2>, Vec<Vec2>) {
    let world = simulation.world_mut();
    let mut agents: Vec<(AgentId, Vec2, Vec2)> = world
        .query::<(&Agent, &Position, &Velocity)>()
        .iter(world)
        .map(|(agent, position, velocity)| (agent.0, position.0, velocity.0))
        .collect();
    agents.sort_unstable_by_key(|(agent, _, _)| *agent);
    agents.into_iter().map(|(_, position, velocity)| (position, velocity)).unzip()
}

/// The mean of a metric's samples that are kept one by one.
pub fn mean_of(simulation: &Simulation, metric: &str) -> f64 {
    let metrics = simulation.world().resource::<agent2028_core::metrics::Metrics>();
    let values: Vec<f64> =
        metrics.series(metric).into_iter().flat_map(|series| series.samples().map(|(_, value)| value)).collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
