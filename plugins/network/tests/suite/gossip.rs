//! How rumours spread, against what is known.

use agent2028_core::agent::AgentId;
use agent2028_core::explain::explain;
use agent2028_core::faults::Kill;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_network::config::{GossipConfig, GossipMode, Scope, TopologyConfig, TtlConfig};
use agent2028_network::gossip::Gossip;
use bevy::prelude::*;

use crate::scene::{Scene, far, is_conserved, last_rumour, median, metric, network, tell};

/// Rounds until all have heard a rumour by push gossip on the complete graph.
fn push_rounds(count: u32, seed: u64) -> u64 {
    let rules = GossipConfig { mode: GossipMode::Push, ttl: far(), history: 0, ..default() };
    let mut simulation = Scene { seed, ..Scene::gossiping(count, TopologyConfig::Full, rules) }.start();
    tell(&mut simulation, 0, Scope::GlobalAlert);
    simulation.run(1);
    let mut rounds = 0;
    while last_rumour(&simulation).informed.len() < count as usize {
        // A round is told in one tick and heard in the next.
        simulation.run(2);
        rounds += 1;
        assert!(rounds < 200, "{} of {count}", last_rumour(&simulation).informed.len());
    }
    rounds
}

#[test]
fn push_gossip_reaches_a_thousand_in_eighteen_rounds() {
    let rounds = median((0..41).map(|seed| push_rounds(1000, seed)).collect());
    assert!((17..=19).contains(&rounds), "{rounds}");
}

#[test]
fn push_gossip_reaches_ten_thousand_in_twenty_three_rounds() {
    let rounds = median((0..15).map(|seed| push_rounds(10_000, seed)).collect());
    assert!((22..=24).contains(&rounds), "{rounds}");
}

#[test]
fn push_gossip_reaches_a_hundred_thousand_in_twenty_nine_rounds() {
    let rounds = median((0..5).map(|seed| push_rounds(100_000, seed)).collect());
    assert!((28..=30).contains(&rounds), "{rounds}");
}

#[test]
fn infect_and_die_leaves_the_share_informed_that_the_equation_says() {
    // z = 1 − e^(−kz).
    for (fanout, wanted) in [(2, 0.797), (3, 0.941), (4, 0.980), (5, 0.993)] {
        let mut shares = Vec::new();
        for seed in 0..8 {
            let rules = GossipConfig { mode: GossipMode::Push, fanout, rounds: 1, ttl: far(), history: 0, ..default() };
            let mut simulation = Scene { seed, ..Scene::gossiping(5000, TopologyConfig::Full, rules) }.start();
            tell(&mut simulation, 0, Scope::GlobalAlert);
            simulation.run(120);
            let share = last_rumour(&simulation).informed.len() as f64 / 5000.0;
            // A rumour may die before it has begun.
            if share > 0.1 {
                shares.push(share);
            }
            assert_eq!(simulation.world().resource::<Gossip>().tellings(), 0, "it has died out");
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        assert!(shares.len() >= 5 && (mean - wanted).abs() < 0.01, "{fanout}: {mean} against {wanted}");
    }
}

#[test]
fn a_flood_reaches_exactly_the_ball_of_its_hops() {
    for (scope, hops, jitter) in
        [(Scope::GlobalAlert, 20, 0.0), (Scope::RegionalGossip, 5, 0.0), (Scope::LocalBroadcast, 2, 900.0)]
    {
        let rules = GossipConfig { mode: GossipMode::Flood, ..default() };
        let mut scene = Scene::gossiping(1000, TopologyConfig::Ring { reach: 1 }, rules);
        scene.network.link.jitter_ms = jitter;
        let mut simulation = scene.start();
        tell(&mut simulation, 500, scope);
        simulation.run(200);
        let informed: Vec<u32> = last_rumour(&simulation).informed.iter().collect();
        assert_eq!(informed, (500 - hops..=500 + hops).collect::<Vec<_>>());
        assert_eq!(network(&simulation).in_flight(), 0);
    }
}

#[test]
fn a_rumour_may_go_further_than_255_hops() {
    let ttl = TtlConfig { local: 300, ..far() };
    let rules = GossipConfig { mode: GossipMode::Flood, ttl, ..default() };
    let mut simulation = Scene::gossiping(1000, TopologyConfig::Ring { reach: 1 }, rules).start();
    tell(&mut simulation, 500, Scope::LocalBroadcast);
    simulation.run(320);
    assert_eq!(last_rumour(&simulation).informed.iter().collect::<Vec<_>>(), (200..=800).collect::<Vec<_>>());
    assert_eq!(metric(&simulation, "gossip.hops"), 300.0);
    tell(&mut simulation, 0, Scope::GlobalAlert);
    simulation.run(520);
    assert_eq!(last_rumour(&simulation).informed.len(), 1000, "half way round from both sides");
}

/// The agents within `hops` of one, by breadth-first search.
fn ball(simulation: &Simulation, from: u32, hops: u32) -> Vec<u32> {
    let mut reached = std::collections::BTreeSet::from([from]);
    let mut edge = vec![from];
    for _ in 0..hops {
        let next: Vec<u32> =
            edge.iter().flat_map(|agent| network(simulation).neighbours(AgentId(*agent)).iter()).collect();
        edge = next.into_iter().filter(|agent| reached.insert(*agent)).collect();
    }
    reached.into_iter().collect()
}

#[test]
fn a_flood_over_uneven_links_reaches_the_ball_too() {
    // Long ways may be faster than short ones: who hears a rumour again over a shorter way passes it on again.
    let rules = GossipConfig { mode: GossipMode::Flood, ..default() };
    for seed in 0..6 {
        let mut scene = Scene::gossiping(400, TopologyConfig::ErdosRenyi { mean_degree: 3.0 }, rules.clone());
        scene.network.link.jitter_ms = 3000.0;
        let mut simulation = Scene { seed, ..scene }.start();
        tell(&mut simulation, 7, Scope::RegionalGossip);
        simulation.run(400);
        assert_eq!(last_rumour(&simulation).informed.iter().collect::<Vec<_>>(), ball(&simulation, 7, 5));
    }
}

#[test]
fn pull_and_push_pull_reach_all_and_faster_at_the_end() {
    let rounds = |mode| {
        median(
            (0..9)
                .map(|seed| {
                    let rules = GossipConfig { mode, ttl: far(), ..default() };
                    let mut simulation = Scene { seed, ..Scene::gossiping(1000, TopologyConfig::Full, rules) }.start();
                    tell(&mut simulation, 0, Scope::GlobalAlert);
                    let mut rounds = 0;
                    while last_or_none(&simulation) < 1000 {
                        simulation.run(2);
                        rounds += 1;
                        assert!(rounds < 100);
                    }
                    rounds
                })
                .collect(),
        )
    };
    let (push, pull, both) = (rounds(GossipMode::Push), rounds(GossipMode::Pull), rounds(GossipMode::PushPull));
    assert!(both < push && both < pull && pull <= push + 3, "{push} {pull} {both}");
    assert!((7..=13).contains(&both), "about log₃ n + ln ln n (Karp, Schindelhauer, Shenker & Vöcking 2000): {both}");
}

fn last_or_none(simulation: &Simulation) -> usize {
    simulation.world().resource::<Gossip>().rumours().iter().next_back().map_or(0, |rumour| rumour.informed.len())
}

#[test]
fn plumtree_grows_a_tree_and_mends_it() {
    let rules = GossipConfig { mode: GossipMode::Plumtree, ttl: far(), ..default() };
    let mut simulation = Scene::gossiping(300, TopologyConfig::RandomRegular { degree: 6 }, rules).start();
    let mut duplicates = Vec::new();
    for _ in 0..6 {
        let before = simulation.world().resource::<Gossip>().counts().duplicates;
        tell(&mut simulation, 3, Scope::GlobalAlert);
        simulation.run(100);
        assert_eq!(last_rumour(&simulation).informed.len(), 300);
        duplicates.push(simulation.world().resource::<Gossip>().counts().duplicates - before);
    }
    assert!(duplicates[0] > 300 && duplicates[5] < 30, "the first floods, the others take the tree: {duplicates:?}");
    // A tenth fails: the tree is cut, announcements lead around.
    let others = Selector::Not(Box::new(Selector::Ids(vec![AgentId(3)])));
    simulation.intervene(Kill { select: Selector::And(vec![others, Selector::Count(30)]), duration_s: None });
    simulation.run(1);
    tell(&mut simulation, 3, Scope::GlobalAlert);
    simulation.run(200);
    assert!(last_rumour(&simulation).informed.len() >= 269, "{}", last_rumour(&simulation).informed.len());
    assert!(is_conserved(&simulation));
}

#[test]
fn who_heard_it_from_whom_is_a_tree_from_its_origin() {
    let rules = GossipConfig { mode: GossipMode::PushPull, ttl: far(), ..default() };
    let mut simulation = Scene::gossiping(500, TopologyConfig::WattsStrogatz { reach: 4, rewire: 0.1 }, rules).start();
    tell(&mut simulation, 42, Scope::GlobalAlert);
    simulation.run(200);
    let rumour = last_rumour(&simulation);
    assert_eq!((rumour.hearings.len(), rumour.informed.len()), (500, 500));
    for (at, hearing) in rumour.hearings.iter().enumerate() {
        if at == 0 {
            assert_eq!((hearing.agent, hearing.from, hearing.hops), (AgentId(42), AgentId(42), 0));
            continue;
        }
        let teller = rumour.hearings[..at].iter().find(|earlier| earlier.agent == hearing.from).unwrap();
        // Who has heard it again over fewer hops since then passes it on with these.
        assert!(teller.tick < hearing.tick && (1..=teller.hops + 1).contains(&hearing.hops));
        assert!(network(&simulation).neighbours(hearing.from).contains(hearing.agent.0));
    }
    assert_eq!(metric(&simulation, "gossip.informed_ratio"), 1.0);
}

#[test]
fn a_small_memory_takes_old_rumours_for_new() {
    let run = |remembered| {
        let rules = GossipConfig { mode: GossipMode::Push, ttl: far(), remembered, kept: 64, ..default() };
        let mut simulation = Scene::gossiping(100, TopologyConfig::Full, rules).start();
        for agent in 0..8 {
            tell(&mut simulation, agent, Scope::GlobalAlert);
            simulation.run(6);
        }
        simulation.run(60);
        simulation.world().resource::<Gossip>().counts().forgotten
    };
    assert_eq!(run(8), 0);
    assert!(run(2) > 100);
}

#[test]
fn regional_rumours_stay_at_home() {
    let rules = GossipConfig { mode: GossipMode::Flood, ..default() };
    let mut scene = Scene::gossiping(40, TopologyConfig::Full, rules);
    scene.groups[0].region = "east".into();
    scene.groups.push(agent2028_core::agent::AgentGroup {
        name: "far".into(),
        count: 60,
        region: "west".into(),
        ..default()
    });
    let mut simulation = scene.start();
    tell(&mut simulation, 50, Scope::RegionalGossip);
    simulation.run(50);
    assert_eq!(last_rumour(&simulation).informed.iter().collect::<Vec<_>>(), (40..100).collect::<Vec<_>>());
}

#[test]
fn an_agent_tells_whom_it_will_turn_to() {
    let rules = GossipConfig { mode: GossipMode::Push, fanout: 3, ttl: far(), ..default() };
    let mut simulation = Scene::gossiping(200, TopologyConfig::RandomRegular { degree: 8 }, rules).start();
    tell(&mut simulation, 9, Scope::GlobalAlert);
    simulation.run(1);
    let told = explain(simulation.world(), AgentId(9)).remove(0);
    assert_eq!((told.section, &*told.activity, told.perceived.len()), ("network", "Gossips", 3));
    simulation.run(1);
    let mut sent: Vec<AgentId> = network(&simulation)
        .flights()
        .filter(|(_, message)| message.from == AgentId(9))
        .map(|(_, message)| message.to)
        .collect();
    sent.sort_unstable();
    assert_eq!(sent, told.perceived);
    assert!(explain(simulation.world(), AgentId(999)).is_empty());
}
