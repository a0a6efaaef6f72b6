//! How fast agents go at most: the end of the colour scale of speeds.

use agent2028_boids::BoidsConfig;
use agent2028_boids::config::{FlockModel, Units};
use agent2028_core::agent::Velocity;
use agent2028_core::clock::SimClock;
use agent2028_core::simulation::Simulation;
use agent2028_pheromones::config::PheromonesConfig;

/// The largest speed that the scene allows (world units per second): of its flocks, predators and foragers. A scene that
/// says nothing of speeds gets the largest one there is right now.
#[must_use]
pub fn top_speed(simulation: &Simulation) -> f32 {
    let world = simulation.world();
    let mut top = 0.0_f32;
    if let Some(config) = world.get_resource::<BoidsConfig>() {
        let speed_of = |limit: f32| match config.model {
            FlockModel::AbmFrameworksComparison { speed, .. } => speed,
            FlockModel::Reynolds => limit,
        };
        let flocks = config.flocks.iter().map(|flock| speed_of(flock.max_speed.unwrap_or(config.max_speed)));
        let predators = config.predators.iter().map(|predator| predator.max_speed);
        // Without flocks of their own all agents are one flock.
        let alone = config.flocks.is_empty().then(|| speed_of(config.max_speed));
        let per_second = match (config.units, world.get_resource::<SimClock>()) {
            (Units::PerTick, Some(clock)) => clock.tick_hz() as f32,
            _ => 1.0,
        };
        top = flocks.chain(predators).chain(alone).fold(top, f32::max) * per_second;
    }
    if let Some(config) = world.get_resource::<PheromonesConfig>() {
        top = config.foraging.iter().map(|foraging| foraging.speed).fold(top, f32::max);
    }
    if top > 0.0 && top.is_finite() {
        return top;
    }
    let Some(mut velocities) = world.try_query::<&Velocity>() else {
        return 0.0;
    };
    velocities.iter(world).map(|velocity| velocity.0.length_squared()).fold(0.0, f32::max).sqrt()
}
