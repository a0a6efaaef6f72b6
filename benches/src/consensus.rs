//! The rows about consensus.

use agent2028_consensus::config::{ConsensusConfig, VoterGroup, WaitConfig};
use agent2028_consensus::{Consensus, ConsensusPlugin};
use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, spawn_scene_group};
use agent2028_core::simulation::Simulation;
use agent2028_core::{SimSchedule, SimSystems, TakeTurn};
use agent2028_network::config::{LatencyModel, NetworkConfig, RegionConfig};
use agent2028_network::{Inbox, MessageKind, MessageKinds, Network, NetworkPlugin};
use bevy::prelude::*;

use crate::measure::{Clock, Failure, Figures, Sample, pairs, time};
use crate::row::{Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "consensus",
        work: "a height that 100 voters decide over a full network with delays of 50 ms, votes taken to be signed, whole ticks, one thread",
        baseline: "as many messages in the same ticks through the bare network",
        unit: Unit::SecondsPer("height"),
        clock: Clock::Wall,
        target: Target::CostTimes(1.5),
        measure: hundred,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "heights",
        work: "a height of 1000 that 175 voters in five regions decide with delays of 40 to 140 ms between them, whole ticks, one thread",
        baseline: "as many messages in the same ticks through the bare network",
        unit: Unit::SecondsPer("height"),
        clock: Clock::Wall,
        target: Target::CostTimes(1.5),
        measure: wide_area,
        curve: None,
        why_missed: "",
    },
];

const REGIONS: [&str; 5] = ["america", "south-america", "europe", "asia", "oceania"];

/// Delays between the regions, in milliseconds, in the order of the pairs.
const DELAYS: [f32; 10] = [60.0, 45.0, 110.0, 100.0, 100.0, 140.0, 120.0, 80.0, 140.0, 46.0];

/// A network of voters in some regions; `add` adds what talks over it.
fn world(voters: u32, regions: usize, add: impl FnOnce(&mut App)) -> Result<Simulation, Failure> {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { threads: Some(1), ..default() });
    let names = &REGIONS[..regions];
    for name in names {
        let region = if regions > 1 { (*name).to_owned() } else { String::new() };
        let group = AgentGroup { name: (*name).into(), count: voters / regions as u32, region, ..default() };
        app.world_mut().resource_mut::<AgentGroups>().add(group);
    }
    let mut config = NetworkConfig { diagram: 0, ..default() };
    config.link.latency = LatencyModel::Constant(if regions > 1 { 2.0 } else { 50.0 });
    if regions > 1 {
        let pairs =
            names.iter().enumerate().flat_map(|(at, one)| names[at + 1..].iter().map(move |other| (one, other)));
        let pairs = pairs.zip(DELAYS).map(|((from, to), latency_ms)| agent2028_network::config::RegionPair {
            from: (*from).into(),
            to: (*to).into(),
            latency_ms,
        });
        config.regions = RegionConfig { pairs: pairs.collect(), ..default() };
    }
    app.add_plugins(NetworkPlugin { config });
    add(&mut app);
    app.finish();
    app.cleanup();
    for group in 0..regions {
        let group = agent2028_core::agent::GroupId(group as u16);
        spawn_scene_group(app.world_mut(), group).map_err(|error| error.to_string())?;
    }
    Ok(Simulation::new(std::mem::take(app.world_mut())))
}

fn deciding(voters: u32, regions: usize) -> Result<Simulation, Failure> {
    let groups = REGIONS[..regions].iter().map(|name| VoterGroup { group: (*name).into(), power: 1 });
    let config =
        ConsensusConfig { voters: groups.collect(), waits: WaitConfig { commit_s: 0.1, ..default() }, ..default() };
    world(voters, regions, |app| {
        app.add_plugins(ConsensusPlugin { config });
    })
}

/// How many messages are sent in each tick.
#[derive(Resource)]
struct Script {
    kind: MessageKind,
    per_tick: Vec<u64>,
    tick: usize,
    voters: u32,
    read: u64,
}

/// Sends as many messages as the script says, from everybody to everybody in turn, and looks at what has come.
fn talk(mut script: ResMut<Script>, mut network: ResMut<Network>, inbox: Res<Inbox>) {
    let Script { kind, tick, voters, .. } = *script;
    script.read += inbox.of_kind(kind).map(|message| message.payload.len() as u64).sum::<u64>();
    let number = script.per_tick.get(tick).copied().unwrap_or(0);
    let (mut from, mut to) = (0, 1);
    for _ in 0..number {
        // A vote has so many bytes.
        let _ = network.send(AgentId(from), AgentId(to), kind, &[7; 8]);
        to += 1;
        to += u32::from(to == from);
        if to >= voters {
            (from, to) = ((from + 1) % voters, u32::from((from + 1) % voters == 0));
        }
    }
    script.tick += 1;
}

fn against_the_bare_network(
    voters: u32,
    regions: usize,
    heights: u64,
    pairs_wanted: usize,
) -> Result<Figures, Failure> {
    let decide = |simulation: &mut Simulation| -> Vec<u64> {
        let mut per_tick = Vec::new();
        let mut before = 0;
        for _ in 0..heights * 600 {
            simulation.run(1);
            let consensus = simulation.world().resource::<Consensus>();
            per_tick.push(consensus.messages() - before);
            before = consensus.messages();
            if consensus.decided() >= heights {
                break;
            }
        }
        per_tick
    };
    let mut first = deciding(voters, regions)?;
    let per_tick = decide(&mut first);
    let (decided, messages) = (first.world().resource::<Consensus>().decided(), per_tick.iter().sum::<u64>());
    if decided < heights {
        return Err(format!("{decided} heights are decided instead of {heights}"));
    }
    drop(first);
    let ours = || -> Result<Sample, Failure> {
        let mut simulation = deciding(voters, regions)?;
        Ok(time(heights as f64, || decide(&mut simulation).len()).0)
    };
    let bare = || -> Result<Sample, Failure> {
        let per_tick = per_tick.clone();
        let ticks = per_tick.len() as u64;
        let mut simulation = world(voters, regions, |app| {
            let kind = app.world_mut().resource_mut::<MessageKinds>().register("bench");
            let turn = app.take_turn("bench");
            app.insert_resource(Script { kind, per_tick, tick: 0, voters, read: 0 })
                .add_systems(SimSchedule, talk.in_set(turn.of(SimSystems::Act)));
        })?;
        Ok(time(heights as f64, || simulation.run(ticks)).0)
    };
    let figures = pairs(pairs_wanted, Clock::Wall, ours, bare)?;
    Ok(figures.with_note(format!("{heights} heights in {} ticks, {messages} messages", per_tick.len())))
}

fn hundred(effort: Effort) -> Result<Figures, Failure> {
    let voters = effort.at_most(100, 4) as u32;
    against_the_bare_network(voters, 1, effort.at_most(50, 2) as u64, effort.pairs(3))
}

fn wide_area(effort: Effort) -> Result<Figures, Failure> {
    let voters = effort.at_most(175, 10) as u32;
    against_the_bare_network(voters, 5, effort.at_most(1000, 2) as u64, effort.pairs(1))
}
