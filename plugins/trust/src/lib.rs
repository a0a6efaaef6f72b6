//! Trust: who can be relied on, found from what agents experience with each other and what they say of it.
//!
//! [`TrustPlugin`] adds to a simulation:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | after [`Intervene`](SimSystems::Intervene) | attackers change what they do, or who they are |
//! | before [`Perceive`](SimSystems::Perceive) | newcomers are made known to routing |
//! | after [`Settle`](SimSystems::Settle) | outcomes of operations become ratings; from time to time trust is worked out anew, and those who are trusted too little are given no more work |
//! | [`Observe`](SimSystems::Observe) | metrics |
//!
//! | module | what it holds |
//! |---|---|
//! | [`score`] | how much one agent is to be trusted, from what is known of it alone |
//! | [`graph`] | who has which experience with whom |
//! | [`eigentrust`] | global reputation |
//! | [`transitive`] | trust in strangers: best path, subjective logic, maximum flow |
//! | [`audit`] | scores against what was realised, raters against each other, rankings |
//! | [`ratings`] | ratings from files |
//! | [`config`] | the scene's section |
//! | [`trust`], [`trust_record`] | the state: the graph, and what is known of each agent |
//! | [`ask`] | how much one may trust another, asked by anybody |
//! | [`attack`], [`interventions`] | attacks on trust |
//! | [`events`] | what trust tells |
//!
//! ```
//! use agent2028_core::{SimCorePlugin, agent::*, metrics::Metrics, simulation::Simulation};
//! use agent2028_operations::{OperationsConfig, OperationsPlugin, Strategy, config::{Poisson, Workload}};
//! use agent2028_trust::{Trust, TrustConfig, TrustPlugin};
//! use bevy::prelude::*;
//!
//! let mut app = App::new();
//! app.add_plugins(SimCorePlugin::default());
//! let asked = Poisson { capability: "file.read".into(), per_second: 50.0, ..default() };
//! let config =
//!     OperationsConfig { strategy: Strategy::TrustWeighted, workload: vec![Workload::Poisson(asked)], ..default() };
//! app.add_plugins(OperationsPlugin { config, ..default() });
//! let config = TrustConfig { malicious: vec!["bad".into()], newcomers: 0.5, ..default() };
//! app.add_plugins(TrustPlugin { config, ..default() });
//! for (name, reliability) in [("good", 0.95), ("bad", 0.1)] {
//!     let capabilities = vec!["file.read".into()];
//!     let group = AgentGroup { name: name.into(), count: 10, reliability, capabilities, ..default() };
//!     let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
//!     spawn_scene_group(app.world_mut(), group).unwrap();
//! }
//! let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
//! simulation.run(1200);
//! let share = simulation.world().resource::<Metrics>().value("trust.malicious_share").unwrap();
//! assert!(share < 0.1, "{share}");
//! let trust = simulation.world().resource::<Trust>();
//! assert!(trust.standing(AgentId(0)).unwrap().score > trust.standing(AgentId(15)).unwrap().score);
//! ```

pub mod ask;
pub mod attack;
pub mod audit;
pub mod config;
pub mod eigentrust;
pub mod events;
mod explain;
pub mod graph;
pub mod interventions;
mod judge;
mod learn;
mod observe;
mod quantities;
pub mod ratings;
mod refresh;
pub mod score;
mod section;
pub mod transitive;
pub mod trust;
pub mod trust_record;

pub use ask::{Answer, Reaches, Way};
pub use config::TrustConfig;
pub use events::{AGENT_WHITEWASHED, RATER_EXPOSED, SCORES_CORRECTED, TRUST_LOST, TRUST_REGAINED};
pub use learn::{Ratings, kept_of};
pub use trust::Trust;

use agent2028_core::agent::RoutingWeights;
use agent2028_core::belief::Judges;
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::event::AddEventKinds;
use agent2028_core::explain::Explainers;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{After, Hook, SimSchedule, SimSystems, TakeTurn};
use agent2028_operations::{Operations, TRUST_COLUMN};
use bevy::prelude::*;

/// Ratings, reputations, audits and attacks on them. Add it after `SimCorePlugin` and, if there are operations,
/// `OperationsPlugin`, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct TrustPlugin {
    /// The scene's section.
    pub config: TrustConfig,
    /// The ratings of its file.
    pub ratings: Ratings,
}

impl Plugin for TrustPlugin {
    fn build(&self, app: &mut App) {
        let works = app.world().contains_resource::<Operations>();
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::TrustMetrics::declare(&self.config, works, &mut metrics);
        app.insert_resource(self.config.clone())
            .insert_resource(self.ratings.clone())
            .insert_resource(ids)
            .insert_resource(Reaches::new(&self.config))
            .init_resource::<Trust>()
            .init_resource::<learn::Circles>()
            .init_resource::<Explainers>()
            .add_section::<TrustConfig>("trust")
            .checkpoint_custom("trust.state", true, learn::save, learn::load)
            .after_checkpoint_load(learn::derive)
            .add_event_kinds(events::KINDS)
            .add_interventions(interventions::interventions);
        app.report_memory("agent2028_trust", "experience of agents with each other", |world| {
            world.get_resource::<Trust>().map_or(0, Trust::bytes)
        });
        app.world_mut().get_resource_or_init::<RoutingWeights>().register(TRUST_COLUMN);
        learn::hear(app.world_mut());
        quantities::register(app);
        app.world_mut().resource_mut::<Explainers>().add("trust", explain::explain);
        app.world_mut().get_resource_or_init::<Judges>().add("those who trust", judge::reputation);
        let turn = app.take_turn("trust");
        let attack =
            attack::misbehave.run_if(attack::misbehaviour_is_due).in_set(turn.of(After(SimSystems::Intervene)));
        let welcome = learn::welcome.run_if(learn::somebody_is_new).in_set(turn.of(Hook::Welcome));
        let learn = (learn::learn, learn::carry_out_verdicts.run_if(learn::verdicts_are_due)).chain();
        app.add_systems(SimSchedule, attack)
            .add_systems(SimSchedule, welcome)
            .add_systems(SimSchedule, learn.in_set(turn.of(Hook::Judge)))
            .add_systems(SimSchedule, observe::observe.in_set(turn.of(SimSystems::Observe)));
    }
}
