//! Replicas become equal, also after a partition.

use agent2028_core::agent::AgentId;
use agent2028_core::selector::Selector;
use agent2028_network::config::{SharedConfig, SharedKind, TopologyConfig};
use agent2028_network::crdt::Value;
use agent2028_network::interventions::{Heal, Partition};
use agent2028_network::shared::SharedState;
use bevy::prelude::*;

use crate::scene::{Scene, is_conserved};

const KINDS: [SharedKind; 5] =
    [SharedKind::GCounter, SharedKind::PnCounter, SharedKind::OrSet, SharedKind::LwwRegister, SharedKind::LwwMap];

#[test]
fn replicas_converge_after_a_partition_heals() {
    // In a graph with few links the partition could cut off single agents.
    let mut scene = Scene::peers(30, TopologyConfig::Full);
    scene.network.link.loss = 0.05;
    scene.network.link.duplication = 0.05;
    scene.network.link.jitter_ms = 300.0;
    scene.network.shared = KINDS
        .iter()
        .map(|kind| SharedConfig { name: format!("{kind:?}"), kind: *kind, write_until: Some(300), ..default() })
        .collect();
    let mut simulation = scene.start();
    simulation.run(50);
    simulation
        .intervene(Partition { select: Selector::IdRange { first: AgentId(0), last: AgentId(14) }, duration_s: None });
    simulation.run(400);
    let versions = |simulation: &agent2028_core::simulation::Simulation| {
        let state = simulation.world().resource::<SharedState>();
        (0..KINDS.len()).map(|place| state.versions(place)).collect::<Vec<_>>()
    };
    // Writing ended long ago: each side agrees within itself, and not with the other.
    assert_eq!(versions(&simulation), [(2, 15); 5]);
    simulation.intervene(Heal::default());
    simulation.run(300);
    assert_eq!(versions(&simulation), [(1, 30); 5]);
    assert!(is_conserved(&simulation));
    let state = simulation.world().resource::<SharedState>();
    // Each of 30 agents wrote every 20 ticks for 300 ticks.
    let Value::GCounter(counter) = state.replica(0, AgentId(3)).unwrap().value() else { panic!("a counter") };
    assert_eq!(counter.value(), 30 * 15);
    let exchanged = state.exchanged();
    simulation.run(200);
    assert_eq!(
        simulation.world().resource::<SharedState>().exchanged(),
        exchanged,
        "equal replicas exchange digests only"
    );
}

#[test]
fn who_joins_late_learns_all() {
    let mut scene = Scene::peers(12, TopologyConfig::Full);
    scene.network.shared = vec![SharedConfig { kind: SharedKind::OrSet, write_until: Some(100), ..default() }];
    let mut simulation = scene.start();
    simulation.run(150);
    simulation.intervene(agent2028_core::faults::Spawn { group: "peer".into(), count: 3, at: None });
    simulation.run(100);
    assert_eq!(simulation.world().resource::<SharedState>().versions(0), (1, 15));
}
