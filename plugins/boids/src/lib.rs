//! Flocks: Reynolds' boids, steering behaviours, predators and formations, at millions of agents.
//!
//! [`BoidsPlugin`] adds to a simulation:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | [`Perceive`](SimSystems::Perceive) | the section is made ready; formations move on and give out slots; all who fly are sorted by cell |
//! | [`Decide`](SimSystems::Decide) | everybody chooses a velocity: flock, steering behaviours, predators ([`flock`], [`steering`]) |
//! | after [`Act`](SimSystems::Act) | prey that was caught fails: whoever acts in this tick has acted |
//! | [`Settle`](SimSystems::Settle) | everybody flies |
//! | [`Observe`](SimSystems::Observe) | metrics `boids.*` ([`measure`]) |
//!
//! Its section of a scene is [`BoidsConfig`]; its interventions are in [`intervention`]. The kernel alone, on plain
//! arrays:
//!
//! ```
//! use agent2028_boids::flock::{Birds, FlockKernel, Model, step};
//! use agent2028_core::{parallel::Workers, space::WorldBounds};
//! use bevy::math::Vec2;
//!
//! let birds = Birds { vision: 5.0, separation: 1.0, cohere: 0.03, separate: 0.015, match_heading: 0.05, speed: 1.0 };
//! let mut positions = vec![Vec2::ZERO, Vec2::new(2.0, 0.0)];
//! let mut velocities = vec![Vec2::X, Vec2::Y];
//! let neighbours = step(
//!     &mut FlockKernel::default(),
//!     &Model::Birds(birds),
//!     &WorldBounds::default(),
//!     1.0,
//!     &mut positions,
//!     &mut velocities,
//!     &Workers::new(1),
//! );
//! assert_eq!(neighbours, 2);
//! assert!(velocities[0].y > 0.0);
//! ```

pub mod config;
mod events;
mod explain;
pub mod flock;
pub mod flocks;
pub mod formation;
mod influence;
pub mod intervention;
pub mod measure;
mod motion;
mod mover;
mod observe;
pub mod obstacle;
pub mod obstacle_grid;
mod plugin;
mod section;
pub mod steering;

#[cfg(test)]
mod known_answers;

pub use config::BoidsConfig;
pub use events::{FORMATION_DISSOLVED, FORMATION_FORMED, FORMATION_REFORMED, FormationTold, PREY_CAUGHT, PreyCaught};
pub use plugin::HuntRecord;

use agent2028_core::agent::{MotionClaims, SpawnHooks};
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::event::AddEventKinds;
use agent2028_core::explain::Explainers;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{After, SimSchedule, SimSystems, TakeTurn, require_motion};
use bevy::prelude::*;

/// Flocking. Needs [`SimCorePlugin`](agent2028_core::SimCorePlugin); agents spawned after it was added get a velocity.
#[derive(Clone, Debug, Default)]
pub struct BoidsPlugin {
    /// The scene's section `boids`.
    pub config: BoidsConfig,
}

impl Plugin for BoidsPlugin {
    fn build(&self, app: &mut App) {
        require_motion(app);
        let moved: Vec<String> = self.config.moved_groups().map(|(_, group)| group.to_owned()).collect();
        app.init_resource::<MotionClaims>();
        app.world_mut().resource_mut::<MotionClaims>().claim(plugin::SECTION, moved);
        app.world_mut().get_resource_or_init::<SpawnHooks>().0.push(plugin::set_off);
        app.insert_resource(self.config.clone())
            .init_resource::<flock::FlockKernel>()
            .init_resource::<mover::Movers>()
            .init_resource::<formation::Formations>()
            .init_resource::<plugin::HuntRecord>()
            .init_resource::<plugin::Scratch>()
            .init_resource::<observe::FlockMetrics>();
        app.world_mut().get_resource_or_init::<Explainers>().add(plugin::SECTION, explain::explain);
        app.add_section::<BoidsConfig>(plugin::SECTION)
            .checkpoint_ron_resource::<formation::Formations>("boids.formations")
            .checkpoint_resource::<plugin::HuntRecord>("boids.hunt")
            .after_checkpoint_load(plugin::forget_derived)
            .add_event_kinds(events::KINDS);
        app.report_memory("agent2028_boids", "working memory of flocks", |world| {
            world.get_resource::<flock::FlockKernel>().map_or(0, flock::FlockKernel::memory_bytes)
        });
        app.add_interventions(intervention::interventions);
        let turn = app.take_turn(plugin::SECTION);
        app.add_systems(
            SimSchedule,
            (
                (plugin::derive_movers, plugin::lead_formations, plugin::perceive)
                    .chain()
                    .in_set(turn.of(SimSystems::Perceive)),
                plugin::decide.in_set(turn.of(SimSystems::Decide)),
                plugin::catch_prey.run_if(plugin::prey_is_caught).in_set(turn.of(After(SimSystems::Act))),
                plugin::fly.in_set(turn.of(SimSystems::Settle)),
                observe::observe.in_set(turn.of(SimSystems::Observe)),
            ),
        );
    }
}
