//! The log among agents of a simulation.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, fail_agents, freeze_agents, restart_agents, spawn_scene_group};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_network::config::LatencyModel;
use agent2028_network::interventions::Partition;
use agent2028_network::{NetworkConfig, NetworkPlugin};

use super::*;
use crate::ConsensusPlugin;
use crate::config::VoterGroup;
use crate::interventions::{ByzantineVote, ColludeVotes, DelayVotes, Equivocate, ReplayVotes, Withhold};

fn simulation(voters: u32) -> Simulation {
    let mut app = App::new();
    let mut network = NetworkConfig::default();
    network.link.latency = LatencyModel::Constant(40.0);
    network.link.loss = 0.01;
    let voting = VoterGroup { group: "voter".into(), power: 1 };
    let config = ConsensusConfig { voters: vec![voting], ..ConsensusConfig::default() };
    app.add_plugins((SimCorePlugin::default(), NetworkPlugin { config: network }, ConsensusPlugin { config }));
    let group = AgentGroup { name: "voter".into(), count: voters, ..AgentGroup::default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_scene_group(app.world_mut(), group).unwrap();
    Simulation::new(std::mem::take(app.world_mut()))
}

fn consensus(simulation: &Simulation) -> &Consensus {
    simulation.world().resource::<Consensus>()
}

fn agents(ids: &[u32]) -> Vec<AgentId> {
    ids.iter().map(|id| AgentId(*id)).collect()
}

#[test]
fn agents_decide_one_height_after_the_other() {
    let mut simulation = simulation(4);
    simulation.run(1200);
    let consensus = consensus(&simulation);
    // A height takes three messages of 40 ms and a quarter of a second: some fifty in twenty seconds.
    assert!((40..60).contains(&consensus.decided()), "{}", consensus.decided());
    assert_eq!((consensus.forks(), consensus.proven().len()), (0, 0));
    assert!(consensus.lag() <= 1);
    let (rounds, _) = consensus.recent().unwrap();
    assert!(rounds < 1.2, "{rounds} rounds");
    for (height, decided) in (1..=consensus.decided()).map(|height| (height, consensus.height(height).unwrap())) {
        assert_eq!(decided.ways.len(), 1);
        assert_eq!(
            (decided.ways[0].height, decided.ways[0].check(&consensus.setting().unwrap().committee)),
            (height, Ok(()))
        );
    }
}

#[test]
fn without_a_network_all_hear_each_other_in_the_next_tick() {
    let mut app = App::new();
    let voting = VoterGroup { group: "voter".into(), power: 3 };
    let config = ConsensusConfig { voters: vec![voting], ..ConsensusConfig::default() };
    app.add_plugins((SimCorePlugin::default(), ConsensusPlugin { config }));
    let group = AgentGroup { name: "voter".into(), count: 4, ..AgentGroup::default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_scene_group(app.world_mut(), group).unwrap();
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(600);
    // A quarter of a second between heights, and some ticks.
    assert!((30..40).contains(&consensus(&simulation).decided()), "{}", consensus(&simulation).decided());
}

#[test]
fn one_liar_among_four_is_found_out_and_two_make_a_fork() {
    let mut one = simulation(4);
    one.intervene(Equivocate { select: Selector::Ids(agents(&[0])), ..Equivocate::default() });
    one.run(2400);
    let found = consensus(&one);
    assert_eq!(found.forks(), 0);
    assert!(found.decided() > 20, "{}", found.decided());
    assert_eq!(found.proven().collect::<Vec<_>>(), agents(&[0]));
    let mut two = simulation(4);
    two.intervene(Equivocate { select: Selector::Ids(agents(&[0, 1])), ..Equivocate::default() });
    two.run(600);
    assert!(consensus(&two).forks() > 0);
}

#[test]
fn garbage_and_silence_of_a_tolerated_number_change_nothing() {
    let mut simulation = simulation(7);
    simulation.intervene(ByzantineVote { select: Selector::Ids(agents(&[2])), ..ByzantineVote::default() });
    simulation.intervene(Withhold { select: Selector::Ids(agents(&[5])), ..Withhold::default() });
    simulation.run(2400);
    let consensus = consensus(&simulation);
    assert!(consensus.decided() > 20 && consensus.forks() == 0, "{}", consensus.decided());
    for height in 1..=consensus.decided() {
        assert!(consensus.height(height).unwrap().ways[0].value.0 < GARBAGE);
    }
}

#[test]
fn who_is_killed_comes_back_with_what_it_had_written_down() {
    let mut simulation = simulation(4);
    simulation.run(300);
    fail_agents(simulation.world_mut(), &agents(&[1]), u64::MAX);
    simulation.run(600);
    let without = consensus(&simulation).decided();
    assert!(without > 10, "{without}");
    let behind = consensus(&simulation).replicas[1].height();
    assert!(behind + 5 < without);
    restart_agents(simulation.world_mut(), &agents(&[1]));
    let until = simulation.tick() + 200;
    freeze_agents(simulation.world_mut(), &agents(&[3]), until);
    simulation.run(900);
    let consensus = consensus(&simulation);
    assert!(consensus.decided() > without + 10);
    assert!(consensus.lag() <= 2, "{}", consensus.lag());
    assert_eq!((consensus.forks(), consensus.proven().len()), (0, 0), "nobody contradicts itself");
}

#[test]
fn nothing_is_decided_during_a_partition_without_a_quorum_and_all_goes_on_after_it() {
    let mut simulation = simulation(7);
    simulation.run(300);
    simulation.intervene(Partition { select: Selector::Ids(agents(&[0, 1, 2])), duration_s: Some(10.0) });
    simulation.run(60);
    let before = consensus(&simulation).decided();
    simulation.run(500);
    assert_eq!(consensus(&simulation).decided(), before, "four of seven are no quorum");
    simulation.run(1200);
    let consensus = consensus(&simulation);
    assert!(consensus.decided() > before + 10, "{} {before}", consensus.decided());
    assert!(consensus.lag() <= 1 && consensus.forks() == 0);
}

#[test]
fn a_run_goes_on_from_a_checkpoint_as_if_nothing_had_happened() {
    let begin = || {
        let mut simulation = simulation(4);
        simulation.intervene(Equivocate { select: Selector::Ids(agents(&[2])), ..Equivocate::default() });
        simulation.run(333);
        simulation
    };
    let mut whole = begin();
    let checkpoint = whole.checkpoint();
    let mut resumed = simulation(4);
    resumed.restore(&checkpoint).unwrap();
    assert_eq!(resumed.state_hash(), whole.state_hash());
    for simulation in [&mut whole, &mut resumed] {
        simulation.run(500);
    }
    assert_eq!(resumed.state_hash(), whole.state_hash());
    // Whatever becomes of the bytes, they are read or refused, and what is read can go on.
    let bytes = save(whole.world()).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x55;
        if load(resumed.world_mut(), &changed).is_ok() {
            resumed.run(1);
        }
    }
    assert!(load(resumed.world_mut(), &bytes[..bytes.len() / 2]).is_err());
    let mut again = begin();
    again.run(500);
    assert_eq!(again.state_hash(), whole.state_hash());
}

/// The number of decided heights, forks and proven liars after a time in which some of seven lie.
fn outcome(seconds: u64, lies: impl FnOnce(&mut Simulation)) -> (u64, u64, usize) {
    let mut simulation = simulation(7);
    lies(&mut simulation);
    simulation.run(seconds * 60);
    let consensus = consensus(&simulation);
    (consensus.decided(), consensus.forks(), consensus.proven().len())
}

#[test]
fn late_votes_of_a_tolerated_number_cost_time_and_nothing_else() {
    let late = |ids: &[u32]| DelayVotes { select: Selector::Ids(agents(ids)), delay_s: 3.0, ..DelayVotes::default() };
    let (decided, forks, proven) = outcome(40, |simulation| {
        simulation.intervene(late(&[1, 4]));
    });
    // Five of seven are enough. Where one of them misses a vote it waits for a late one at most: three seconds and the pause.
    assert!(decided >= 12 && (forks, proven) == (0, 0), "{decided} {forks} {proven}");
    // Of three late ones one is needed, for prevotes and for precommits: a height takes six seconds at least.
    let (slower, forks, proven) = outcome(40, |simulation| {
        simulation.intervene(late(&[1, 3, 4]));
    });
    assert!((1..=7).contains(&slower) && (forks, proven) == (0, 0), "{slower} {forks} {proven}");
}

#[test]
fn who_says_old_votes_again_changes_nothing_and_is_no_liar_by_that() {
    let honest = outcome(30, |_| {});
    let replay = ReplayVotes { select: Selector::Ids(agents(&[0, 2, 5])), ..ReplayVotes::default() };
    let (decided, forks, proven) = outcome(30, |simulation| {
        simulation.intervene(replay);
    });
    assert_eq!((forks, proven), (0, 0));
    assert!(decided + 5 >= honest.0, "{decided} {}", honest.0);
}

#[test]
fn colluders_beyond_a_third_let_nobody_else_s_proposals_pass() {
    let collude = |ids: &[u32]| ColludeVotes { select: Selector::Ids(agents(ids)), ..ColludeVotes::default() };
    let proposers = |ids: &[u32]| {
        let mut simulation = simulation(7);
        simulation.intervene(collude(ids));
        simulation.run(2400);
        let consensus = consensus(&simulation);
        assert_eq!((consensus.forks(), consensus.proven().len()), (0, 0));
        let committee = &consensus.setting().unwrap().committee;
        let heights = 1..=consensus.decided();
        let proposers: Vec<u16> = heights
            .map(|height| {
                let mut proposers = crate::protocol::committee::Proposers::at_height(committee, height);
                proposers.of_round(committee, consensus.height(height).unwrap().ways[0].round).0
            })
            .collect();
        assert!(proposers.len() > 5, "{proposers:?}");
        proposers
    };
    let few = proposers(&[1, 4]);
    assert!((0..7).all(|voter| few.contains(&voter)), "two of seven can keep nobody out: {few:?}");
    let many = proposers(&[1, 3, 4]);
    assert!(many.iter().all(|voter| [1, 3, 4].contains(voter)), "three of seven can: {many:?}");
}

/// No voter contradicts itself, whatever is lost, doubled, late, cut off, killed and brought back.
#[test]
fn nobody_honest_contradicts_itself_whatever_happens_to_messages_and_voters() {
    use agent2028_network::interventions::{Duplicate, Reorder};
    for seed in 0..6_u32 {
        let mut simulation = simulation(4);
        simulation.intervene(Duplicate { share: 0.3, ..Duplicate::default() });
        simulation.intervene(Reorder { share: 0.3, ..Reorder::default() });
        for part in 0..12_u32 {
            let at = (seed * 5 + part) % 4;
            match (seed + part) % 3 {
                0 => {
                    fail_agents(simulation.world_mut(), &agents(&[at]), u64::MAX);
                }
                1 => {
                    let select = Selector::Ids(agents(&[at]));
                    simulation.intervene(Partition { select, duration_s: Some(1.5) });
                }
                _ => {}
            }
            simulation.run(u64::from(40 + 17 * at + 5 * seed));
            restart_agents(simulation.world_mut(), &agents(&[0, 1, 2, 3]));
        }
        simulation.run(600);
        let found = consensus(&simulation);
        assert_eq!((found.forks(), found.proven().len()), (0, 0), "{seed}");
        assert!(found.decided() > 10, "{seed}: {}", found.decided());
    }
}
