//! Agents that come and go leave nothing behind that grows.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_trust::TrustConfig;
use agent2028_trust::config::Reputation;
use bevy::prelude::*;

use crate::scene::{Scene, trust, workers};

/// How many agents there are, and how many of them leave and come in a tick.
const AGENTS: u32 = 200;
const IN_A_TICK: u32 = 80;

fn scene() -> Scene {
    let config = TrustConfig { reputation: Reputation::EigenTrust, refresh_s: 0.5, ..default() };
    Scene { per_second: 4000.0, ..Scene::new(vec![workers("w", AGENTS, 0.9)], config) }
}

fn replace_some(simulation: &mut Simulation, ticks: u32) {
    for _ in 0..ticks {
        simulation.intervene(Remove { select: Selector::Count(IN_A_TICK) });
        simulation.intervene(Spawn { group: "w".into(), count: IN_A_TICK, at: None });
        simulation.run(1);
    }
}

#[test]
fn a_hundred_thousand_agents_that_come_and_go_leave_a_few_bits_each() {
    let mut simulation = scene().start();
    replace_some(&mut simulation, 150);
    let before = trust(&simulation).bytes();
    replace_some(&mut simulation, 1250);
    let ids = IN_A_TICK * 1400 + AGENTS;
    assert!(ids > 100_000);
    let trust = trust(&simulation);
    assert!(trust.counts().observations > 10_000);
    // Trust is worked out every 30 ticks: those who left since are still known.
    let known = (AGENTS + 40 * IN_A_TICK) as usize;
    assert!(trust.standings().len() <= known, "{} records", trust.standings().len());
    let allowed = before + before / 2 + ids as usize / 4 * 3;
    assert!(trust.bytes() <= allowed, "{} bytes after {ids} agents, {before} before", trust.bytes());
}

#[test]
fn what_is_left_of_those_who_left_is_the_same_after_a_resume() {
    let mut through = scene().start();
    replace_some(&mut through, 70);
    let saved = Checkpoint::decode(&through.checkpoint().encode().unwrap()).unwrap();
    let mut resumed = Scene { threads: 2, ..scene() }.start();
    resumed.restore(&saved).unwrap();
    assert_eq!(through.state_hash(), resumed.state_hash());
    for simulation in [&mut through, &mut resumed] {
        simulation.run(20);
        replace_some(simulation, 40);
    }
    assert_eq!(through.state_hash(), resumed.state_hash());
}
