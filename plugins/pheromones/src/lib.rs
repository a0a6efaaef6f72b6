//! Stigmergy: agents that work together through marks on the ground.
//!
//! [`PheromonesPlugin`] adds to a simulation:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | before [`Perceive`](SimSystems::Perceive) | changed settings are taken over, groups claimed; resources grow back |
//! | [`Decide`](SimSystems::Decide) | foragers smell, see and choose their heading |
//! | [`Act`](SimSystems::Act) | they pick up, deliver and mark; emitters and false trails add to the field |
//! | [`Settle`](SimSystems::Settle) | foragers walk, the field fades and diffuses |
//! | [`Observe`](SimSystems::Observe) | metrics |
//!
//! | module | what it holds |
//! |---|---|
//! | [`field`] | layers of tiles: deposit, decay, diffusion, gradient, search, provenance |
//! | [`sense`], [`trail`], [`walls`], [`corridors`], [`graph`] | antennae, paths, obstacles, bridges, shortest ways |
//! | [`forager`], [`movement`], [`harvest`], [`site`], [`stats`] | foraging |
//! | [`emit`], [`interventions`] | other marks, attacks, brushes |
//! | [`config`], [`plan`], [`observe`] | the scene's section, what is derived from it, metrics |
//! | [`experiments`] | the double bridge and the discovery of resources, as sections and groups |
//!
//! The field works without the rest, and without Bevy's `World`:
//!
//! ```
//! use agent2028_core::{agent::AgentId, parallel::Workers};
//! use agent2028_pheromones::field::{PheromoneGrid, Layer, LayerParameters};
//! use bevy::math::Vec2;
//!
//! let grid = PheromoneGrid::new(Vec2::new(1000.0, 1000.0), 1.0, true);
//! let parameters = LayerParameters { decay_per_s: 0.1, diffusion_rate: 0.2, ..LayerParameters::default() };
//! let mut layer = Layer::new(grid, &parameters);
//! let cell = grid.cell_at(Vec2::new(10.0, 0.0)).unwrap();
//! layer.deposit(cell, 1.0, AgentId(7));
//! layer.step(1.0 / 60.0, &Workers::new(1));
//! assert!(layer.read(cell) < 1.0);
//! assert!(layer.gradient_at(Vec2::ZERO).x >= 0.0);
//! ```

pub mod config;
pub mod corridors;
pub mod emit;
pub mod events;
pub mod experiments;
mod explain;
pub mod field;
pub mod forager;
pub mod graph;
pub mod harvest;
pub mod interventions;
pub mod movement;
pub mod observe;
pub mod plan;
mod quantities;
mod section;
pub mod sense;
pub mod site;
pub mod stats;
pub mod trail;
pub mod walls;

pub use config::PheromonesConfig;
pub use events::{RESOURCE_AVAILABLE, RESOURCE_EXHAUSTED, RESOURCE_FOUND};
pub use field::{LayerId, PheromoneField};

use agent2028_core::agent::{MotionClaims, RelocateHooks, SpawnHooks};
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::clock::SimClock;
use agent2028_core::event::AddEventKinds;
use agent2028_core::explain::Explainers;
use agent2028_core::faults::EditableComponents;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::parallel::Workers;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::space::WorldBounds;
use agent2028_core::{Before, SimSchedule, SimSystems, TakeTurn, require_motion};
use bevy::prelude::*;

use field::PheromoneGrid;
use forager::{Forager, PathMemory};

/// Pheromones, trails and foraging. Add it after `SimCorePlugin`, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct PheromonesPlugin {
    /// The scene's section.
    pub config: PheromonesConfig,
}

impl Plugin for PheromonesPlugin {
    fn build(&self, app: &mut App) {
        if !self.config.foraging.is_empty() {
            require_motion(app);
        }
        let bounds = app.world_mut().get_resource_or_init::<WorldBounds>().to_owned();
        let dice = *app.world().resource::<SimRng>();
        let mut field = PheromoneField::new(PheromoneGrid::new(bounds.size, self.config.cell_size, bounds.wraps()));
        for layer in &self.config.layers {
            field.add_layer(&layer.name, &layer.parameters(bounds.wraps()));
        }
        let mut stream = dice.global(Purpose::new("pheromones.scatter"), 0);
        let sites = site::Sites::new(&self.config.nests, &self.config.resources, &bounds, &mut stream);
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::PheromoneMetrics::declare(&self.config, &mut metrics);
        app.add_event_kinds(events::KINDS);
        app.insert_resource(self.config.clone())
            .insert_resource(field)
            .insert_resource(sites)
            .insert_resource(ids)
            .init_resource::<MotionClaims>()
            .init_resource::<plan::ForagingPlan>()
            .init_resource::<stats::ForagingStats>()
            .init_resource::<emit::Spoofs>()
            .init_resource::<Explainers>()
            .init_resource::<EditableComponents>()
            .register_type::<Forager>()
            .register_type::<PathMemory>()
            .add_section::<PheromonesConfig>("pheromones")
            // Nests and resources are no part of the section.
            .preserve_beside_sections::<site::Sites>()
            .checkpoint_resource::<PheromoneField>("pheromones.field")
            .checkpoint_resource::<site::Sites>("pheromones.sites")
            .checkpoint_resource::<stats::ForagingStats>("pheromones.stats")
            .checkpoint_resource::<emit::Spoofs>("pheromones.spoofs")
            .checkpoint_component::<Forager>("pheromones.foragers")
            .checkpoint_component::<PathMemory>("pheromones.paths")
            .add_interventions(interventions::interventions);
        app.report_memory("agent2028_pheromones", "tiles of the field", |world| {
            let field = world.get_resource::<PheromoneField>();
            field.map_or(0, |field| field.layers().map(|(_, _, layer)| layer.bytes()).sum())
        });
        app.world_mut().get_resource_or_init::<SpawnHooks>().0.push(forager::equip_foragers);
        app.world_mut().get_resource_or_init::<RelocateHooks>().0.push(forager::find_ground);
        quantities::register(app, &self.config);
        app.world_mut().resource_mut::<Explainers>().add("pheromones", explain::explain);
        app.world_mut().resource_mut::<EditableComponents>().add::<Forager>(forager::forages);
        self.add_tick(app);
    }
}

impl PheromonesPlugin {
    fn add_tick(&self, app: &mut App) {
        // All of this comes before the phase in which others look at claims and positions.
        let turn = app.take_turn("pheromones");
        app.add_systems(
            SimSchedule,
            (
                plan::claim_groups,
                plan::refresh_plan,
                forager::keep_in_step.run_if(forager::section_changed),
                harvest::respawn_resources,
            )
                .chain()
                .in_set(turn.of(Before(SimSystems::Perceive))),
        )
        .add_systems(
            SimSchedule,
            (harvest::act_foragers, emit::emit, emit::lay_false_trails).chain().in_set(turn.of(SimSystems::Act)),
        )
        .add_systems(SimSchedule, forager::decide_foragers.in_set(turn.of(SimSystems::Decide)))
        .add_systems(SimSchedule, (movement::move_foragers, step_field).chain().in_set(turn.of(SimSystems::Settle)))
        .add_systems(SimSchedule, observe::observe.in_set(turn.of(SimSystems::Observe)));
    }
}

/// The field fades and diffuses.
fn step_field(clock: Res<SimClock>, workers: Res<Workers>, mut field: ResMut<PheromoneField>) {
    field.step(1.0 / clock.tick_hz(), &workers);
}
