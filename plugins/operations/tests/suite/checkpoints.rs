//! Going on from a checkpoint gives what going on without one gives.

use agent2028_core::agent::{AgentGroup, Tier};
use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Freeze, Kill, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_operations::bridge::Reducer;
use agent2028_operations::config::{BridgeConfig, ClosedLoop, QueueConfig, RetryConfig, WhenFull, Workload};
use agent2028_operations::interventions::{LoadSpike, ResourceExhaustion, SlowLoris};
use agent2028_operations::{Files, Operations, OperationsConfig, Strategy};
use bevy::prelude::*;

use crate::scene::{QUERY, Scene, group, metric, operations, poisson};

/// Individuals that front a swarm, others that don't, users, retries, a trace.
fn everything(folder: &std::path::Path) -> Scene {
    let trace = folder.join("requests.csv");
    let rows: String = (0..2000).map(|row| format!("{},{QUERY},{}\n", f64::from(row) * 0.004, row % 7)).collect();
    std::fs::write(&trace, format!("at_s,capability,key\n{rows}")).unwrap();
    let users = ClosedLoop { capability: QUERY.into(), users: 40, think_ms: 50.0, name: "users".into(), ..default() };
    let config = OperationsConfig {
        strategy: Strategy::LeastLoaded,
        workload: vec![poisson(400.0), Workload::ClosedLoop(users), Workload::Trace("requests.csv".into())],
        timeout_ms: Some(300.0),
        retry: RetryConfig { times: 2, ..default() },
        queue: QueueConfig { capacity: 3, when_full: WhenFull::Wait { most: 50 } },
        receipts: 100,
        bridges: vec![BridgeConfig {
            individuals: "front".into(),
            swarm: "swarm".into(),
            capability: QUERY.into(),
            parts: 3,
            reducer: Reducer::Majority,
        }],
        ..default()
    };
    let swarm = AgentGroup {
        name: "swarm".into(),
        count: 12,
        tier: Tier::Swarm,
        reliability: 0.9,
        capabilities: vec![format!("swarm_{QUERY}")],
        max_concurrency: 4,
        ..default()
    };
    let mut scene = Scene::new(vec![group("db", 10, 2), group("front", 3, 2), swarm], config);
    scene.files = Files { traces: [("requests.csv".to_owned(), trace)].into(), ..default() };
    scene
}

fn disturb(simulation: &mut Simulation) {
    simulation.run(60);
    simulation.intervene(Kill { select: Selector::Count(4), duration_s: Some(1.5) });
    simulation.intervene(Freeze { select: Selector::Count(5), duration_s: Some(2.0) });
    simulation.intervene(Remove { select: Selector::Count(2) });
    simulation.intervene(Spawn { group: "db".into(), count: 2, at: None });
    simulation.intervene(LoadSpike { factor: 2.0, duration_s: Some(2.0), ..default() });
    simulation.intervene(ResourceExhaustion { select: Selector::Fraction(0.3), share: 0.5, duration_s: Some(1.8) });
    simulation.intervene(SlowLoris { capability: QUERY.into(), per_second: 20.0, hold_s: 1.0, duration_s: 2.0 });
    simulation.run(47);
}

#[test]
fn a_checkpoint_amid_everything_goes_on_with_the_same_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let scene = everything(folder.path());
    let mut through = scene.start();
    disturb(&mut through);
    let saved = through.checkpoint();
    let read = Checkpoint::decode(&saved.encode().unwrap()).unwrap();
    let mut resumed = Scene { threads: 2, ..scene }.start();
    resumed.restore(&read).unwrap();
    for _ in 0..8 {
        through.run(30);
        resumed.run(30);
        assert_eq!(through.state_hash(), resumed.state_hash(), "tick {}", through.tick());
    }
    let (tick, hash) = (through.tick(), through.state_hash());
    assert!(metric(&through, "operations.swarm.completed") > 100.0);
    assert!(metric(&through, "operations.completed") > 500.0);

    // Back in time in the same simulation, with all that it has derived.
    through.restore(&saved).unwrap();
    through.run(tick - through.tick());
    assert_eq!(through.state_hash(), hash);
    // And back to the very beginning, before anything was asked for.
    let fresh = Scene { threads: 1, ..everything(folder.path()) }.start();
    let first = fresh.checkpoint();
    through.restore(&first).unwrap();
    assert!(!operations(&through).has_begun());
}

#[test]
fn bytes_that_are_no_state_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut simulation = everything(folder.path()).start();
    simulation.run(100);
    let bytes = operations(&simulation).save().unwrap();
    assert!(Operations::load(&bytes).is_ok());
    assert!(Operations::load(&bytes[..bytes.len() / 2]).is_err());
    // Whatever a damaged state says, loading it either fails or gives something that can be looked at.
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x5a;
        if let Ok(operations) = Operations::load(&damaged) {
            let _ = operations.conserves();
        }
    }
}
