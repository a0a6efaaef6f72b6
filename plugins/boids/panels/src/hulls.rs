//! Which agents hang together, and how fast they go at most.

use agent2028_boids::BoidsConfig;
use agent2028_boids::config::{FlockModel, Units};
use agent2028_boids::flocks::largest_flocks;
use agent2028_core::clock::SimClock;
use agent2028_view::hulls::{Flock, FlockLimits, FoundFlocks};
use bevy::prelude::World;

/// The flocks of a world, for the view to draw lines around.
#[must_use]
pub fn flocks(world: &World, limits: FlockLimits) -> Option<FoundFlocks> {
    let (radius, found) = largest_flocks(world, limits.least_agents, limits.most_flocks)?;
    let flocks = found.into_iter().map(|flock| Flock { places: flock.places, group: flock.group }).collect();
    Some(FoundFlocks { radius, flocks })
}

/// The largest speed of flocks and predators, in world units per second.
#[must_use]
pub fn top_speed(world: &World) -> Option<f32> {
    let config = world.get_resource::<BoidsConfig>()?;
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
    Some(flocks.chain(predators).chain(alone).fold(0.0, f32::max) * per_second)
}
