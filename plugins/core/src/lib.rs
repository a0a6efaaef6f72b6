//! Floor 0 of Agent2028: what every multi-agent simulation needs and nothing of what only some need.
//!
//! [`SimCorePlugin`] adds to a Bevy app:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | before all | the clock moves on, the event bus is stamped, responses that are overdue are reported |
//! | [`Intervene`](SimSystems::Intervene) | due interventions are applied, churn runs, conditions expire, values that are not finite are caught |
//! | after [`Settle`](SimSystems::Settle) | values that are not finite are caught |
//! | [`Observe`](SimSystems::Observe) | counts of agents are recorded |
//! | after all | event handlers are called; the tick's events go to those who listen from outside; the lives of watched agents are written down |
//!
//! ```
//! use agent2028_core::{SimCorePlugin, SimSchedule, agent::*, faults::Kill, simulation::Simulation};
//! use bevy::prelude::*;
//!
//! let mut app = App::new();
//! app.add_plugins(SimCorePlugin::default());
//! let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup::default());
//! spawn_scene_group(app.world_mut(), group).unwrap();
//! let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
//! simulation.intervene(Kill::default());
//! simulation.run(1);
//! assert_eq!(simulation.world().resource::<agent2028_core::metrics::Metrics>().value("agents.failed"), Some(100.0));
//! ```

pub mod agent;
pub mod belief;
pub mod causality;
pub mod checkpoint;
pub mod clock;
pub mod event;
pub mod explain;
pub mod faults;
pub mod files;
pub mod hex;
pub mod intervention;
pub mod life;
pub mod metrics;
pub mod parallel;
pub mod params;
pub mod prefetch;
pub mod profiler;
pub mod quantity;
pub mod quarantine;
pub mod ranges;
pub mod reflect_path;
pub mod rhythm;
pub mod rng;
pub mod ron_format;
mod schedule;
pub mod schema;
pub mod section;
pub mod selector;
pub mod simulation;
pub mod space;
pub mod table;
pub mod time;
pub mod timeline;
pub mod tone;
pub mod transport;
pub mod union_find;
pub mod whole_file;

pub use schedule::{After, Before, Hook, SimSchedule, SimSystems, TakeTurn, TickEnd, TickPart, Turn, TurnSet};

use bevy::prelude::*;
use chrono::{DateTime, Utc};

use agent::{Agent, AgentIndex, Condition, Status};
use checkpoint::AddCheckpoint;
use metrics::{MetricId, MetricSpec, Metrics};
use params::AddSection;
use schedule::TickStart;

/// Clock, dice, schedule, agents, capabilities, space, interventions, events, metrics and checkpoints.
#[derive(Clone, Debug)]
pub struct SimCorePlugin {
    /// The seed of all chance.
    pub seed: u64,
    /// Ticks per simulated second (finite, above 0).
    pub tick_hz: f64,
    /// The date and time of tick 0.
    pub epoch: DateTime<Utc>,
    /// The world's size and edges.
    pub world: space::WorldBounds,
    /// How many threads the simulation may use; all cores if absent.
    pub threads: Option<usize>,
    /// What happens when a value of an agent stops being finite.
    pub on_fault: quarantine::OnFault,
}

impl Default for SimCorePlugin {
    fn default() -> Self {
        let clock = clock::SimClock::default();
        Self {
            seed: 0,
            tick_hz: clock.tick_hz(),
            epoch: clock.epoch(),
            world: space::WorldBounds::default(),
            threads: None,
            on_fault: quarantine::OnFault::default(),
        }
    }
}

impl Plugin for SimCorePlugin {
    fn build(&self, app: &mut App) {
        app.world_mut().get_resource_or_init::<Schedules>().insert(schedule::sim_schedule());
        app.init_resource::<AppTypeRegistry>()
            .insert_resource(clock::SimClock::new(self.tick_hz, self.epoch))
            .insert_resource(rng::SimRng::new(self.seed))
            .insert_resource(self.threads.map_or_else(parallel::Workers::default, parallel::Workers::new))
            .insert_resource(self.world)
            .insert_resource(self.on_fault)
            .init_resource::<AgentIndex>()
            .init_resource::<agent::AgentGroups>()
            .init_resource::<agent::Regions>()
            .init_resource::<agent::SpawnHooks>()
            .init_resource::<agent::CapabilityRegistry>()
            .init_resource::<agent::CapabilityIndex>()
            .init_resource::<agent::ConditionExpiry>()
            .init_resource::<agent::RoutingWeights>()
            .init_resource::<intervention::InterventionQueue>()
            .init_resource::<intervention::InterventionLog>()
            .init_resource::<intervention::InterventionRegistry>()
            .init_resource::<explain::Explainers>()
            .init_resource::<life::Lives>()
            .init_resource::<metrics::Metrics>()
            .init_resource::<params::Params>()
            .init_resource::<params::LiveSections>()
            .init_resource::<checkpoint::CheckpointRegistry>()
            .init_resource::<checkpoint::SceneFingerprint>()
            .init_resource::<faults::ChurnProcesses>()
            .init_resource::<quarantine::Quarantine>()
            .init_resource::<quarantine::Stopped>()
            .init_resource::<quantity::Quantities>()
            .init_resource::<CoreMetrics>();
        app.register_type::<Agent>()
            .register_type::<agent::Position>()
            .register_type::<agent::Velocity>()
            .register_type::<agent::ServiceRecord>();
        app.checkpoint_rare_component_pod::<agent::Region>("regions");
        app.world_mut().register_component::<Condition>();
        app.world_mut().register_component::<agent::Velocity>();
        checkpoint::register_core(app);
        event::register(app);
        app.checkpoint_resource::<faults::ChurnProcesses>("churn")
            .checkpoint_resource::<quarantine::Quarantine>("quarantine")
            .after_checkpoint_load(quarantine::stop_as_saved)
            .add_section::<space::WorldBounds>("world");
        faults::register(app);
        quantity::register(app);
        app.add_systems(SimSchedule, (clock::advance_clock, event::stamp_bus, start_metrics).chain().in_set(TickStart))
            .add_systems(
                SimSchedule,
                (
                    intervention::apply_due,
                    faults::run_churn,
                    agent::expire_conditions,
                    quarantine::quarantine_before_perceiving,
                )
                    .chain()
                    .in_set(Turn::CORE.of(SimSystems::Intervene)),
            )
            .add_systems(
                SimSchedule,
                quarantine::quarantine_after_motion.in_set(Turn::CORE.of(After(SimSystems::Settle))),
            )
            .add_systems(SimSchedule, observe_agents.in_set(Turn::CORE.of(SimSystems::Observe)))
            .add_systems(
                SimSchedule,
                (event::run_handlers, event::end_tick, life::write_lives.run_if(life::somebody_is_watched))
                    .chain()
                    .in_set(TickEnd),
            );
    }
}

/// Gives every agent a velocity. Added by each plugin that moves agents; adding it again does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct MotionPlugin;

impl Plugin for MotionPlugin {
    fn build(&self, app: &mut App) {
        app.register_required_components::<Agent, agent::Velocity>();
        app.checkpoint_component_pod::<agent::Velocity>("velocities");
    }

    fn is_unique(&self) -> bool {
        false
    }
}

/// Adds [`MotionPlugin`] unless another plugin has done so.
pub fn require_motion(app: &mut App) {
    if !app.is_plugin_added::<MotionPlugin>() {
        app.add_plugins(MotionPlugin);
    }
}

fn start_metrics(clock: Res<clock::SimClock>, mut metrics: ResMut<Metrics>) {
    metrics.start_tick(clock.tick());
}

#[derive(Resource)]
struct CoreMetrics {
    total: MetricId,
    active: MetricId,
    failed: MetricId,
    health: MetricId,
}

impl FromWorld for CoreMetrics {
    fn from_world(world: &mut World) -> Self {
        let mut metrics = world.get_resource_or_init::<Metrics>();
        Self {
            total: metrics.declare(MetricSpec::cheap("agents.total", "agents", "How many agents there are.")),
            active: metrics.declare(MetricSpec::cheap("agents.active", "agents", "How many agents can act.")),
            failed: metrics.declare(MetricSpec::cheap("agents.failed", "agents", "How many agents have failed.")),
            health: metrics.declare(MetricSpec::cheap(
                "agents.health",
                "",
                "The mean health of all agents that have not failed, 0 to 1.",
            )),
        }
    }
}

fn observe_agents(
    index: Res<AgentIndex>,
    ids: Res<CoreMetrics>,
    conditions: Query<(&Agent, &Condition)>,
    mut metrics: ResMut<Metrics>,
) {
    let (mut failed, mut frozen, mut missing_health) = (0_u64, 0_u64, 0.0_f64);
    for (_, condition) in &conditions {
        match condition.status {
            Status::Failed => failed += 1,
            Status::Frozen => frozen += 1,
            Status::Active => {}
        }
        if condition.status != Status::Failed {
            // Hundredths of a thousandth, as whole numbers: the order of the query must not show in the sum.
            missing_health += (f64::from(1.0 - condition.health) * 1e5).round();
        }
    }
    let total = index.len() as u64;
    let living = total - failed.min(total);
    metrics.record(ids.total, total as f64);
    metrics.record(ids.active, living.saturating_sub(frozen) as f64);
    metrics.record(ids.failed, failed as f64);
    let health = if living == 0 { 0.0 } else { 1.0 - missing_health / 1e5 / living as f64 };
    metrics.record(ids.health, health);
}
