//! The row about gossip.

use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_network::config::{GossipConfig, GossipMode, LatencyModel, NetworkConfig, TopologyConfig, TtlConfig};
use agent2028_network::gossip::Gossip;
use agent2028_network::interventions::TellRumour;
use agent2028_network::{Network, NetworkPlugin};
use bevy::prelude::*;

use crate::measure::{Clock, Failure, Figures, Sample, pairs, time};
use crate::row::{Effort, Row, Target, Unit};
use crate::scene;

/// The rows.
pub const ROWS: &[Row] = &[Row {
    name: "gossip",
    work: "one message to all of 10⁵ agents by push–pull over the links of the 8 nearest, whole ticks, one thread",
    baseline: "a breadth-first search over the same links",
    unit: Unit::SecondsPer("agent"),
    clock: Clock::Wall,
    target: Target::CostTimes(100.0),
    measure: against_search,
    curve: None,
    why_missed: "A search looks at every link once. Push–pull lets every agent ask a neighbour in every round, heard or not, and a \
         message to the far side of a plane of 10⁵ takes some two hundred rounds. Rounds are booked as a whole: each turn costs a \
         draw, a look at what the partner knows, and a count for it, each in memory that the caches near the processor don't hold.",
}];

/// Agents that gossip with the nearest by push and pull, every second tick, on one thread.
///
/// # Errors
/// If the scene can't be built.
pub fn gossiping(agents: usize) -> Result<Simulation, Failure> {
    let rules = GossipConfig {
        mode: GossipMode::PushPull,
        period_s: 2.0 / 60.0,
        ttl: TtlConfig { local: u16::MAX, regional: u16::MAX, global: u16::MAX },
        lifetime_s: 1e6,
        history: 0,
        kept: 4,
        ..default()
    };
    let mut config = NetworkConfig {
        topology: TopologyConfig::KNearest { k: 8, refresh_s: 1e6 },
        gossip: Some(rules),
        diagram: 0,
        ..default()
    };
    config.link.latency = LatencyModel::Constant(0.0);
    let world = WorldBounds { size: Vec2::splat((agents as f32).sqrt() * 10.0), edge: Edge::Wrap };
    let group = AgentGroup { count: agents as u32, ..default() };
    let mut simulation = scene::simulation(world, 1, group, |app| {
        app.add_plugins(NetworkPlugin { config });
    })?;
    simulation.run(1);
    Ok(simulation)
}

/// How many agents can be reached from one, over how many hops.
fn search(network: &Network, from: AgentId, seen: &mut [bool]) -> (usize, usize) {
    seen.fill(false);
    seen[from.index()] = true;
    let (mut reached, mut hops, mut edge) = (1, 0, vec![from]);
    while !edge.is_empty() {
        let mut next = Vec::new();
        for agent in &edge {
            for neighbour in network.neighbours(*agent).iter() {
                if !std::mem::replace(&mut seen[neighbour as usize], true) {
                    next.push(AgentId(neighbour));
                }
            }
        }
        reached += next.len();
        hops += usize::from(!next.is_empty());
        edge = next;
    }
    (reached, hops)
}

fn spread(simulation: &mut Simulation, reachable: usize) -> Result<Sample, Failure> {
    simulation.intervene(TellRumour { select: Selector::Ids(vec![AgentId(0)]), ..default() });
    let (sample, done) = time(reachable as f64, || {
        for _ in 0..100_000 {
            simulation.run(1);
            let last = simulation.world().resource::<Gossip>().rumours().iter().next_back();
            if last.is_some_and(|rumour| rumour.informed.len() >= reachable) {
                return true;
            }
        }
        false
    });
    if done { Ok(sample) } else { Err("the rumour did not reach all".into()) }
}

fn against_search(effort: Effort) -> Result<Figures, Failure> {
    let agents = effort.at_most(100_000, 500);
    let mut simulation = gossiping(agents)?;
    let still = gossiping(agents)?;
    let network = still.world().resource::<Network>();
    let mut seen = vec![false; agents];
    let (reachable, hops) = search(network, AgentId(0), &mut seen);
    let before = simulation.world().resource::<Network>().counts().sent;
    let mut spreads = 0;
    let figures = pairs(
        effort.pairs(3),
        Clock::Wall,
        || {
            spreads += 1;
            spread(&mut simulation, reachable)
        },
        || Ok(time(reachable as f64, || std::hint::black_box(search(network, AgentId(0), &mut seen))).0),
    )?;
    let sent = (simulation.world().resource::<Network>().counts().sent - before) / spreads.max(1);
    Ok(figures.with_note(format!("{reachable} agents within {hops} hops; {sent} messages")))
}
