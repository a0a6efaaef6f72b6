//! The core of Agent2028: what every multi-agent simulation needs. It is floor 0 in `ARCHITECTURE.md` and knows no other crate
//! of the project but the language of scenes.
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
pub mod check;
pub mod checkpoint;
pub mod clash;
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
pub mod rehearsal;
pub mod rhythm;
pub mod rng;
pub mod ron_format;
mod schedule;
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

pub use agent::{MotionPlugin, require_motion};
pub use schedule::{After, Before, Hook, SimSchedule, SimSystems, TakeTurn, TickEnd, TickPart, Turn, TurnSet};

use bevy::prelude::*;
use chrono::{DateTime, Utc};

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
            .init_resource::<explain::Explainers>()
            .init_resource::<life::Lives>()
            .init_resource::<params::Params>()
            .init_resource::<params::LiveSections>()
            .init_resource::<checkpoint::CheckpointRegistry>()
            .init_resource::<checkpoint::SceneFingerprint>();
        checkpoint::register_core(app);
        app.add_plugins((
            metrics::MetricsPlugin,
            agent::AgentPlugin,
            event::EventPlugin,
            intervention::InterventionPlugin,
            faults::FaultPlugin,
            quarantine::QuarantinePlugin,
            quantity::QuantityPlugin,
        ))
        .add_section::<space::WorldBounds>("world");
        app.add_systems(
            SimSchedule,
            (clock::advance_clock, event::stamp_bus, metrics::start_tick).chain().in_set(TickStart),
        )
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
            (event::run_handlers, event::end_tick, life::write_lives.run_if(life::somebody_is_watched))
                .chain()
                .in_set(TickEnd),
        );
    }
}
