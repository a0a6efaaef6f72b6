//! Small scenes to run.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, Placement, spawn_scene_group};
use agent2028_core::metrics::Metrics;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_network::config::{GossipConfig, LatencyModel, NetworkConfig, Scope, TopologyConfig, TtlConfig};
use agent2028_network::gossip::{Gossip, Rumour};
use agent2028_network::interventions::TellRumour;
use agent2028_network::{Network, NetworkPlugin};
use bevy::prelude::*;

/// A scene.
#[derive(Clone)]
pub struct Scene {
    pub seed: u64,
    pub tick_hz: f64,
    pub threads: usize,
    pub groups: Vec<AgentGroup>,
    pub network: NetworkConfig,
}

impl Scene {
    /// Agents in a group `peer`, links without delay, ten ticks a second.
    pub fn peers(count: u32, topology: TopologyConfig) -> Self {
        let mut network = NetworkConfig { topology, ..default() };
        network.link.latency = LatencyModel::Constant(0.0);
        let spawn = Placement::World;
        let groups = vec![AgentGroup { name: "peer".into(), count, spawn, ..default() }];
        Self { seed: 1, tick_hz: 10.0, threads: 1, groups, network }
    }

    /// The same with gossip of which every second tick is a round.
    pub fn gossiping(count: u32, topology: TopologyConfig, rules: GossipConfig) -> Self {
        let mut scene = Self::peers(count, topology);
        scene.network.gossip = Some(GossipConfig { period_s: 0.2, lifetime_s: 1e6, ..rules });
        scene
    }

    pub fn start(&self) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin {
            seed: self.seed,
            tick_hz: self.tick_hz,
            threads: Some(self.threads),
            world: WorldBounds { size: Vec2::splat(1000.0), edge: Edge::Wrap },
            ..default()
        });
        let groups: Vec<_> =
            self.groups.iter().map(|group| app.world_mut().resource_mut::<AgentGroups>().add(group.clone())).collect();
        app.add_plugins(NetworkPlugin { config: self.network.clone() });
        app.finish();
        app.cleanup();
        for group in groups {
            spawn_scene_group(app.world_mut(), group).unwrap();
        }
        Simulation::new(std::mem::take(app.world_mut()))
    }
}

/// Rumours that go as far as they like.
pub fn far() -> TtlConfig {
    TtlConfig { local: u16::MAX, regional: u16::MAX, global: u16::MAX }
}

/// Lets one agent begin a rumour at the start of the next tick.
pub fn tell(simulation: &mut Simulation, agent: u32, scope: Scope) {
    simulation.intervene(TellRumour {
        select: Selector::Ids(vec![AgentId(agent)]),
        scope,
        text: "fire in sector seven".into(),
    });
}

pub fn network(simulation: &Simulation) -> &Network {
    simulation.world().resource::<Network>()
}

pub fn last_rumour(simulation: &Simulation) -> &Rumour {
    simulation.world().resource::<Gossip>().rumours().iter().next_back().unwrap()
}

pub fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap_or_else(|| panic!("no value of {name}"))
}

pub fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// What is sent is delivered, lost, dropped at a partition or on its way.
pub fn is_conserved(simulation: &Simulation) -> bool {
    let (counts, flying) = (network(simulation).counts(), network(simulation).in_flight());
    counts.sent == counts.delivered + counts.lost + counts.cut + flying
}
