//! Agents that come and go leave nothing behind that grows.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_operations::config::RetryConfig;
use agent2028_operations::{OperationsConfig, Strategy};
use bevy::prelude::*;

use crate::scene::{Scene, group, operations, poisson};

/// How many agents there are, and how many of them leave and come in a tick.
const AGENTS: u32 = 200;
const IN_A_TICK: u32 = 80;

fn scene() -> Scene {
    let config = OperationsConfig {
        strategy: Strategy::PowerOfTwoChoices,
        workload: vec![poisson(2000.0)],
        timeout_ms: Some(400.0),
        retry: RetryConfig { times: 2, ..default() },
        ..default()
    };
    Scene::new(vec![group("db", AGENTS, 2)], config)
}

fn replace_some(simulation: &mut Simulation, ticks: u32) {
    for _ in 0..ticks {
        simulation.intervene(Remove { select: Selector::Count(IN_A_TICK) });
        simulation.intervene(Spawn { group: "db".into(), count: IN_A_TICK, at: None });
        simulation.run(1);
    }
}

#[test]
fn a_hundred_thousand_agents_that_come_and_go_leave_a_few_bits_each() {
    let mut simulation = scene().start();
    replace_some(&mut simulation, 150);
    let before = operations(&simulation).bytes();
    replace_some(&mut simulation, 1250);
    let ids = IN_A_TICK * 1400 + AGENTS;
    assert!(ids > 100_000);
    let operations = operations(&simulation);
    assert!(operations.conserves() && operations.tally().total.completed > 10_000);
    assert!(operations.servers().len() < 2 * AGENTS as usize, "{} records", operations.servers().len());
    let allowed = before + before / 4 + ids as usize / 4 * 2;
    assert!(operations.bytes() <= allowed, "{} bytes after {ids} agents, {before} before", operations.bytes());
    let saved = operations.save().unwrap();
    assert!(saved.len() <= operations.bytes() + 1024, "{} bytes of a checkpoint", saved.len());
}

#[test]
fn what_is_left_of_those_who_left_is_the_same_after_a_resume() {
    let mut through = scene().start();
    replace_some(&mut through, 40);
    let saved = Checkpoint::decode(&through.checkpoint().encode().unwrap()).unwrap();
    let mut resumed = scene().start();
    resumed.restore(&saved).unwrap();
    assert_eq!(through.state_hash(), resumed.state_hash());
    for simulation in [&mut through, &mut resumed] {
        simulation.run(20);
        replace_some(simulation, 20);
    }
    assert_eq!(through.state_hash(), resumed.state_hash());
}
