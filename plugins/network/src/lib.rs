//! Agents that talk: links, messages, gossip, failure detection and replicated state.
//!
//! [`NetworkPlugin`] adds to a simulation:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | before [`Perceive`](SimSystems::Perceive) | who has failed is noted, faults end, links follow agents that come, go and move; regions hear of events |
//! | [`Perceive`](SimSystems::Perceive) | messages that are due arrive in the [`Inbox`] |
//! | [`Act`](SimSystems::Act) | rumours begin, agents hear, answer and tell, ask who is there, exchange what differs |
//! | after [`Act`](SimSystems::Act) | what was sent sets out |
//! | [`Observe`](SimSystems::Observe) | metrics |
//!
//! | module | what it holds |
//! |---|---|
//! | [`graph`], [`topology`], [`neighbours`] | links: stored ones, how they are made, whom an agent is linked with |
//! | [`message`], [`inbox`], [`wire`] | messages in lists, in a timing wheel, as bytes |
//! | [`network`], `clocks`, [`faults`], [`diagram`] | what becomes of messages, the clocks of agents, what is wrong with links, the last messages |
//! | [`gossip`], `silent` | rumours; how rounds are booked as a whole without being written |
//! | [`region_bus`] | which events are known in which region |
//! | [`swim`], [`heartbeat`] | how agents notice that others fail |
//! | [`shared`], [`crdt`], [`digest`] | replicated state |
//! | [`config`], [`interventions`], [`events`], [`observe`] | the scene's section, faults, what is told, metrics |
//!
//! Other plugins talk over it:
//!
//! ```
//! use agent2028_core::agent::AgentId;
//! use agent2028_core::{SimCorePlugin, SimSchedule, SimSystems, TakeTurn, agent::*, simulation::Simulation};
//! use agent2028_network::{Inbox, MessageKinds, Network, NetworkPlugin};
//! use bevy::prelude::*;
//!
//! let mut app = App::new();
//! app.add_plugins((SimCorePlugin::default(), NetworkPlugin::default()));
//! let hello = app.world_mut().resource_mut::<MessageKinds>().register("hello");
//! let turn = app.take_turn("greetings");
//! app.add_systems(SimSchedule, (move |mut network: ResMut<Network>| {
//!     network.send(AgentId(3), AgentId(7), hello, b"how are you?").unwrap();
//! }).in_set(turn.of(SimSystems::Act)));
//! let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup::default());
//! spawn_scene_group(app.world_mut(), group).unwrap();
//! let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
//! simulation.run(5);
//! let inbox = simulation.world().resource::<Inbox>();
//! assert_eq!(inbox.of(AgentId(7)).next().unwrap().payload, b"how are you?");
//! ```

pub mod bits;
mod clocks;
pub mod config;
pub mod crdt;
pub mod diagram;
pub mod digest;
pub mod events;
pub mod faults;
pub mod gossip;
pub mod graph;
pub mod heartbeat;
pub mod inbox;
pub mod interventions;
mod judge;
pub mod links;
mod mail;
pub mod message;
pub mod neighbours;
pub mod network;
pub mod observe;
mod quantities;
pub mod region_bus;
mod section;
pub mod shared;
mod silent;
pub mod swim;
pub mod topology;
mod topology_maintenance;
pub mod wire;

pub use config::NetworkConfig;
pub use events::{
    AGENT_CONFIRMED_DEAD, AGENT_SUSPECTED, FALSE_ALARM, PARTITION_BEGAN, PARTITION_HEALED, RUMOUR_BEGAN,
    SUSPICION_REFUTED,
};
pub use inbox::Inbox;
pub use message::{Message, MessageKind, MessageKinds};
pub use network::{Network, SendError};

use agent2028_core::agent::{AgentGroups, Carriers, Regions};
use agent2028_core::belief::Judges;
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::clock::SimClock;
use agent2028_core::event::{AddEventKinds, EventBus, LimitReached};
use agent2028_core::explain::Explainers;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::rng::SimRng;
use agent2028_core::{After, Before, SimSchedule, SimSystems, TakeTurn};
use bevy::prelude::*;

use diagram::Diagram;
use gossip::Gossip;
use heartbeat::{HeartbeatMetrics, Heartbeats};

use region_bus::{RegionMetrics, RegionalBuses};
use shared::{SharedMetrics, SharedState};
use swim::{Swim, SwimMetrics};

/// Links, messages and what is built on them. Add it after `SimCorePlugin`, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct NetworkPlugin {
    /// The scene's section.
    pub config: NetworkConfig,
}

impl Plugin for NetworkPlugin {
    fn build(&self, app: &mut App) {
        let groups = app.world().resource::<AgentGroups>().groups().to_vec();
        let mut regions = app.world_mut().get_resource_or_init::<Regions>();
        for name in agent2028_core::agent::regions_of_groups(&groups) {
            regions.intern(&name);
        }
        self.config.set_region_latencies(&mut regions);
        let regions = regions.clone();
        let mut bus = app.world_mut().get_resource_or_init::<EventBus>();
        let buses = region_bus::of_scene(&regions, &self.config, &mut bus);
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::NetworkMetrics::declare(&self.config, &mut metrics);
        app.insert_resource(self.config.clone())
            .insert_resource(ids)
            .insert_resource(Carriers(mail::carrier))
            .init_resource::<Network>()
            .init_resource::<Inbox>()
            .init_resource::<Diagram>()
            .init_resource::<MessageKinds>()
            .init_resource::<observe::RateWindow>()
            .init_resource::<Explainers>()
            .add_section::<NetworkConfig>("network")
            .checkpoint_resource::<Network>("network.messages")
            .checkpoint_resource::<observe::RateWindow>("network.rates")
            .after_checkpoint_load(forget_what_is_no_state)
            .add_event_kinds(events::KINDS)
            .add_interventions(interventions::interventions);
        app.report_memory("agent2028_network", "links and messages", |world| {
            let inbox = world.get_resource::<Inbox>().map_or(0, Inbox::bytes);
            world.get_resource::<Network>().map_or(0, Network::bytes) + inbox
        });
        let turn = app.take_turn(TURN);
        let prepare = (topology_maintenance::note_conditions, topology_maintenance::maintain_topology)
            .chain()
            .in_set(turn.of(Before(SimSystems::Perceive)));
        app.add_systems(SimSchedule, prepare)
            .add_systems(SimSchedule, deliver.in_set(turn.of(SimSystems::Perceive)))
            .add_systems(SimSchedule, dispatch.in_set(turn.of(After(SimSystems::Act))))
            .add_systems(SimSchedule, observe::observe.in_set(Counted(Part::Links)));
        Part::take_turns(app);
        if self.config.gossip.is_some() {
            self.add_gossip(app);
        }
        self.add_detectors(app);
        if !self.config.shared.is_empty() {
            let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
            let ids = SharedMetrics::declare(&self.config, &mut metrics);
            app.insert_resource(ids)
                .init_resource::<SharedState>()
                .checkpoint_resource::<SharedState>("network.shared")
                .add_systems(SimSchedule, shared::share.in_set(Part::Shared))
                .add_systems(SimSchedule, shared::observe_shared.in_set(Counted(Part::Shared)));
            app.report_memory("agent2028_network", "shared state", |world| {
                world.get_resource::<SharedState>().map_or(0, SharedState::bytes)
            });
        }
        if let Some(buses) = buses {
            add_regional_buses(app, buses);
        }
        let detector = &self.config.detector;
        if detector.swim.is_some() || detector.heartbeat.is_some() {
            app.world_mut().get_resource_or_init::<Judges>().add("failure detectors", judge::detectors);
        }
        quantities::register(app, &self.config);
    }
}

fn add_regional_buses(app: &mut App, buses: RegionalBuses) {
    let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
    let ids = RegionMetrics::declare(&mut metrics);
    let turn = app.take_turn(TURN);
    app.insert_resource(ids)
        .insert_resource(buses)
        .checkpoint_custom("network.regions", true, region_bus::save, region_bus::load)
        .report_memory("agent2028_network", "event buses of regions", |world| {
            world.get_resource::<RegionalBuses>().map_or(0, RegionalBuses::bytes)
        })
        .add_systems(
            SimSchedule,
            region_bus::spread_events
                .after(topology_maintenance::maintain_topology)
                .in_set(turn.of(Before(SimSystems::Perceive))),
        )
        .add_systems(SimSchedule, region_bus::observe_regions.in_set(Counted(Part::Regions)));
}

/// The parts of this crate, in the order in which those that a scene has act, one after the other.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Links,
    Regions,
    Gossip,
    Swim,
    Heartbeats,
    Shared,
}

/// By which name this crate takes its turn.
const TURN: &str = "network";

/// The places in which parts write their metrics, in the same order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Counted(Part);

impl Part {
    /// Lays down the order in this crate's turns.
    fn take_turns(app: &mut App) {
        let turn = app.take_turn(TURN);
        let [a, b, c, d, e, f] = [Self::Links, Self::Regions, Self::Gossip, Self::Swim, Self::Heartbeats, Self::Shared];
        app.configure_sets(SimSchedule, (a, b, c, d, e, f).chain().in_set(turn.of(SimSystems::Act)));
        let [a, b, c, d, e, f] = [a, b, c, d, e, f].map(Counted);
        app.configure_sets(SimSchedule, (a, b, c, d, e, f).chain().in_set(turn.of(SimSystems::Observe)));
    }
}

impl NetworkPlugin {
    fn add_gossip(&self, app: &mut App) {
        app.init_resource::<Gossip>().checkpoint_resource::<Gossip>("network.gossip");
        app.report_memory("agent2028_network", "rumours", |world| {
            world.get_resource::<Gossip>().map_or(0, Gossip::bytes)
        });
        app.world_mut().resource_mut::<Explainers>().add("network", gossip::explain);
        app.add_systems(
            SimSchedule,
            (gossip::begin_due_rumours.run_if(gossip::rumours_are_due), gossip::gossip).chain().in_set(Part::Gossip),
        );
    }

    fn add_detectors(&self, app: &mut App) {
        if self.config.detector.swim.is_some() {
            let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
            let ids = SwimMetrics::declare(&mut metrics);
            app.insert_resource(ids)
                .init_resource::<Swim>()
                .checkpoint_resource::<Swim>("network.swim")
                .add_systems(SimSchedule, swim::swim.in_set(Part::Swim))
                .add_systems(SimSchedule, swim::observe_swim.in_set(Counted(Part::Swim)));
            app.report_memory("agent2028_network", "beliefs of SWIM", |world| {
                world.get_resource::<Swim>().map_or(0, Swim::bytes)
            });
        }
        if self.config.detector.heartbeat.is_some() {
            let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
            let ids = HeartbeatMetrics::declare(&mut metrics);
            app.insert_resource(ids)
                .init_resource::<Heartbeats>()
                .checkpoint_resource::<Heartbeats>("network.heartbeats")
                .add_systems(SimSchedule, heartbeat::heartbeat.in_set(Part::Heartbeats))
                .add_systems(SimSchedule, heartbeat::observe_heartbeats.in_set(Counted(Part::Heartbeats)));
            app.report_memory("agent2028_network", "heartbeats", |world| {
                world.get_resource::<Heartbeats>().map_or(0, Heartbeats::bytes)
            });
        }
    }
}

/// After a jump in time nothing has arrived yet, and the last messages are others.
fn forget_what_is_no_state(world: &mut World) {
    world.resource_mut::<Inbox>().clear();
    world.resource_mut::<Diagram>().clear();
}

fn deliver(
    clock: Res<SimClock>,
    config: Res<NetworkConfig>,
    mut network: ResMut<Network>,
    mut inbox: ResMut<Inbox>,
    mut diagram: ResMut<Diagram>,
) {
    network.deliver(&clock, &config, &mut inbox, &mut diagram);
}

fn dispatch(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    regions: Res<Regions>,
    config: Res<NetworkConfig>,
    mut network: ResMut<Network>,
    mut diagram: ResMut<Diagram>,
    mut bus: ResMut<EventBus>,
) {
    network.dispatch(&clock, &dice, &regions, &config, &mut diagram);
    if network.is_overflowed() {
        LimitReached::new("messages on their way", network::MOST_IN_FLIGHT, "the others are lost").tell(&mut bus);
    }
    if network.is_unstamped() {
        LimitReached::new("entries of vector clocks on their way", network::MOST_ENTRIES, "the others carry none")
            .tell(&mut bus);
    }
}
