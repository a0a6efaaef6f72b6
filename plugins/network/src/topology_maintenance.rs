//! Who talks and who is linked with whom, kept in step with the agents that come and go and with their movement.

use agent2028_core::agent::{Agent, AgentGroups, AgentId, AgentIndex, Condition, Position, Region, Regions, Status};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::parallel::Workers;
use agent2028_core::rhythm::Rhythm;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::space::WorldBounds;
use agent2028_core::time::Rate;
use bevy::prelude::*;

use crate::config::{NetworkConfig, TopologyConfig};
use crate::diagram::Diagram;
use crate::events::{PARTITION_HEALED, PartitionHealed};
use crate::graph::SparseLinks;
use crate::neighbours::{Links, Members};
use crate::network::{Network, topology_hash};
use crate::topology::{
    Quality, QualityLimits, barabasi_albert, below, erdos_renyi, grid, k_nearest, random_regular, rewire, ring,
    watts_strogatz,
};

const TOPOLOGY: Purpose = Purpose::new("network.topology");
const JOIN: Purpose = Purpose::new("network.join");

/// Takes note of who has failed and who does nothing, and ends faults that are over.
pub(crate) fn note_conditions(
    clock: Res<SimClock>,
    mut network: ResMut<Network>,
    mut bus: ResMut<EventBus>,
    conditions: Query<(&Agent, &Condition)>,
) {
    let network = &mut *network;
    network.failed.clear();
    network.idle.clear();
    for (agent, condition) in &conditions {
        if condition.status != Status::Active {
            network.idle.insert(agent.0.0);
            if condition.status == Status::Failed {
                network.failed.insert(agent.0.0);
            }
        }
    }
    for number in network.faults.expire(clock.tick()) {
        bus.publish(PARTITION_HEALED, None, PartitionHealed { number });
    }
}

/// Keeps members, links and what is derived from the section in step.
pub(crate) fn maintain_topology(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    bounds: Res<WorldBounds>,
    workers: Res<Workers>,
    config: Res<NetworkConfig>,
    index: Res<AgentIndex>,
    groups: Res<AgentGroups>,
    mut regions: ResMut<Regions>,
    mut network: ResMut<Network>,
    mut diagram: ResMut<Diagram>,
    places: Query<&Position>,
    homes: Query<(&Agent, &Region)>,
) {
    let network = &mut *network;
    let known = (index.next_id().0, index.len() as u64);
    // The section may be as long as a list of links: it is looked at when it has changed, and not in every tick.
    if config.is_changed() || network.wanted.is_none() {
        network.wanted = Some(topology_hash(&config.topology, &config.agents));
    }
    let hash = network.wanted.unwrap_or_default();
    let derived_missing = network.agreements.is_empty();
    let remake = network.made_for != Some(hash);
    let joined = network.known != known;
    if config.is_changed() || derived_missing || regions.is_changed() || remake || joined {
        // What was proven when it was sent was proven for what was then.
        network.write_out();
    }
    if remake || joined || derived_missing {
        network.changed_members += 1;
    }
    if config.is_changed() || derived_missing || regions.is_changed() {
        config.set_region_latencies(regions.bypass_change_detection());
        diagram.keep(config.diagram as usize);
        network.learn_dialects(&config);
    }
    if remake || joined || derived_missing || config.is_changed() {
        network.grow(index.next_id().index());
        learn_homes(network, &config, &groups, &index, &homes);
    }
    if remake || joined {
        let talks = |agent: AgentId| {
            config.agents.is_empty()
                || groups
                    .group_of(agent)
                    .and_then(|group| groups.get(group))
                    .is_some_and(|group| config.agents.contains(&group.name))
        };
        let members = Members::new(
            index.iter().map(|(agent, _)| agent).filter(|agent| talks(*agent)).map(|agent| agent.0).collect(),
        );
        let before = std::mem::replace(&mut network.members, members);
        network.known = known;
        if !remake {
            welcome(network, &before, &config.topology, &dice, clock.tick());
        }
    }
    let rate = Rate::of(&clock);
    let refresh = config.topology.refresh_s().map(|seconds| Rhythm::of_seconds(rate, seconds));
    let due = refresh.is_some_and(|refresh| refresh.in_tick(clock.tick()).is_some());
    if remake || due || joined && config.topology.refresh_s().is_some() {
        let points = || -> Vec<Vec2> {
            let at = |agent: &u32| index.get(AgentId(*agent)).and_then(|entity| places.get(entity).ok());
            network.members.ids().iter().map(|agent| at(agent).map_or(Vec2::ZERO, |position| position.0)).collect()
        };
        if let TopologyConfig::ByQuality { half_range, add_above, drop_below, most, .. } = config.topology {
            let points = points();
            let agents = network.members.ids().to_vec();
            if remake {
                network.links = Links::Sparse(SparseLinks::default());
            }
            let (quality, limits) = (Quality { half_range }, QualityLimits { add_above, drop_below, most });
            let done = rewire(network.sparse_mut(), *bounds, &agents, &points, quality, limits);
            network.counts.links_added += u64::from(done.added);
            network.counts.links_dropped += u64::from(done.dropped);
        } else if let TopologyConfig::KNearest { k, .. } = config.topology {
            let edges = k_nearest(*bounds, &points(), k, &workers);
            let links = among(network.members.ids(), edges);
            // A topology that is made anew from the start, or after another one, has no links that came or went.
            if let (Links::Sparse(before), false) = (&network.links, remake) {
                let both = links.edges().filter(|(one, other)| before.linked(*one, *other)).count() as u64;
                network.counts.links_added += links.len() - both;
                network.counts.links_dropped += before.len() - both;
            }
            network.links = Links::Sparse(links);
        } else {
            let count = network.members.len() as u32;
            // The links of a scene are those of its start, also when the section is changed to and fro.
            network.links = make(&config.topology, count, &dice)
                .map_or(Links::Full, |edges| Links::Sparse(among(network.members.ids(), edges)));
        }
        network.made_for = Some(hash);
    }
}

/// Links between places become links between the agents there.
fn among(ids: &[u32], mut edges: Vec<(u32, u32)>) -> SparseLinks {
    let count = ids.len() as u32;
    edges.retain(|(a, b)| *a < count && *b < count);
    for (a, b) in &mut edges {
        (*a, *b) = (ids[*a as usize], ids[*b as usize]);
    }
    SparseLinks::from_edges(&edges)
}

/// The links of a topology that doesn't follow movement; nothing for everybody with everybody.
fn make(topology: &TopologyConfig, count: u32, dice: &SimRng) -> Option<Vec<(u32, u32)>> {
    let mut stream = dice.global(TOPOLOGY, 0);
    Some(match topology {
        TopologyConfig::Full => return None,
        TopologyConfig::Ring { reach } => ring(count, *reach),
        TopologyConfig::Grid { wrap } => grid(count, *wrap),
        TopologyConfig::RandomRegular { degree } => random_regular(count, *degree, &mut stream),
        TopologyConfig::ErdosRenyi { mean_degree } => erdos_renyi(count, *mean_degree, &mut stream),
        TopologyConfig::WattsStrogatz { reach, rewire } => watts_strogatz(count, *reach, *rewire, &mut stream),
        TopologyConfig::BarabasiAlbert { links } => barabasi_albert(count, *links, &mut stream),
        TopologyConfig::Edges(edges) => edges.clone(),
        // What follows movement is made elsewhere; a file's links have become `Edges` when the scene was read.
        TopologyConfig::KNearest { .. } | TopologyConfig::ByQuality { .. } | TopologyConfig::Csv(_) => Vec::new(),
    })
}

/// Those who have left lose their links, those who have come get some.
fn welcome(network: &mut Network, before: &Members, topology: &TopologyConfig, dice: &SimRng, tick: u64) {
    let Links::Sparse(links) = &mut network.links else {
        return;
    };
    for gone in before.ids().iter().filter(|agent| network.members.place(**agent).is_none()) {
        links.remove_all_of(*gone);
    }
    if topology.refresh_s().is_some() {
        return;
    }
    let count = network.members.len() as u64;
    let newcomers: Vec<u32> =
        network.members.ids().iter().copied().filter(|agent| before.place(*agent).is_none()).collect();
    let wanted =
        (2 * links.len()).checked_div(before.len() as u64).unwrap_or(0).clamp(1, count.saturating_sub(1).max(1));
    for newcomer in newcomers {
        let mut stream = dice.stream(JOIN, AgentId(newcomer), tick);
        let (mut made, mut tries) = (0, 0);
        while made < wanted && tries < 16 * wanted {
            let other = network.members.ids()[below(&mut stream, count as u32) as usize];
            made += u64::from(links.add(newcomer, other));
            tries += 1;
        }
    }
    links.compact();
}

fn learn_homes(
    network: &mut Network,
    config: &NetworkConfig,
    groups: &AgentGroups,
    index: &AgentIndex,
    homes: &Query<(&Agent, &Region)>,
) {
    let count = index.next_id().index();
    network.homes.clear();
    network.residents.iter_mut().for_each(Vec::clear);
    if !homes.is_empty() {
        network.homes.resize(count, 0);
        for (agent, region) in homes {
            network.homes[agent.0.index()] = region.0 + 1;
            let at = usize::from(region.0);
            if network.residents.len() <= at {
                network.residents.resize_with(at + 1, Vec::new);
            }
            network.residents[at].push(agent.0.0);
        }
        network.residents.iter_mut().for_each(|residents| residents.sort_unstable());
    }
    network.dialect_of.clear();
    for (at, other) in config.protocol.groups.iter().enumerate().take(254) {
        if let Some(group) = groups.find(&other.agents) {
            network.dialect_of.resize(count, 0);
            for range in groups.ranges_of(group) {
                network.dialect_of[range.start as usize..range.end as usize].fill(at as u8 + 1);
            }
        }
    }
}
