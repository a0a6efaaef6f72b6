//! The top speed of agents: the upper end of the colour scale of speeds.

use agent2028_core::agent::Velocity;
use agent2028_core::simulation::Simulation;

use crate::guests::WorldLayers;

/// The largest speed that the scene allows, in world units per second, as the plugins that move agents say. If none says
/// anything, the largest speed right now.
#[must_use]
pub fn top_speed(simulation: &Simulation, layers: &WorldLayers) -> f32 {
    let world = simulation.world();
    let top = layers.top_speed(world);
    if top > 0.0 && top.is_finite() {
        return top;
    }
    let Some(mut velocities) = world.try_query::<&Velocity>() else {
        return 0.0;
    };
    velocities.iter(world).map(|velocity| velocity.0.length_squared()).fold(0.0, f32::max).sqrt()
}
