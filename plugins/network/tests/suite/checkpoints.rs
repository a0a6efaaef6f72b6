//! Going on from a checkpoint gives what going on without one gives, on any number of threads.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Kill, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_network::config::{
    DetectorConfig, GossipConfig, GossipMode, HeartbeatConfig, LatencyModel, RumourConfig, Scope, SharedConfig,
    SharedKind, SwimConfig, TopologyConfig,
};
use agent2028_network::interventions::{ClockSkew, FalseAlert, LinkLoss, Partition};
use bevy::prelude::*;

use crate::scene::Scene;

fn everything(mode: GossipMode, topology: TopologyConfig) -> Scene {
    let rumour = RumourConfig { at: 5, every: Some(20), ..default() };
    let rules = GossipConfig { mode, fanout: 2, rumours: vec![rumour], kept: 4, ..default() };
    let mut scene = Scene::gossiping(80, topology, rules);
    scene.groups[0].region = "east".into();
    scene.groups.push(agent2028_core::agent::AgentGroup {
        name: "far".into(),
        count: 20,
        region: "west".into(),
        ..default()
    });
    let link = &mut scene.network.link;
    link.latency = LatencyModel::Normal { mean_ms: 120.0, deviation_ms: 60.0 };
    (link.jitter_ms, link.loss, link.duplication, link.reordering) = (100.0, 0.05, 0.05, 0.1);
    link.bandwidth = Some(30_000.0);
    scene.network.detector =
        DetectorConfig { swim: Some(SwimConfig::default()), heartbeat: Some(HeartbeatConfig::default()) };
    scene.network.shared = vec![SharedConfig { kind: SharedKind::LwwMap, ..default() }];
    scene.network.vector_clocks = true;
    scene
}

fn disturb(simulation: &mut Simulation) {
    simulation.run(30);
    simulation.intervene(Kill { select: Selector::Fraction(0.1), duration_s: Some(6.0) });
    simulation.intervene(Partition { select: Selector::InRegion("west".into()), duration_s: Some(5.0) });
    simulation.intervene(LinkLoss { select: Selector::Fraction(0.3), loss: 0.5, duration_s: Some(5.0) });
    simulation.intervene(ClockSkew { duration_s: Some(8.0), ..default() });
    simulation.intervene(FalseAlert { scope: Scope::RegionalGossip, ..default() });
    simulation.run(10);
    simulation.intervene(Remove { select: Selector::Count(5) });
    simulation.intervene(Spawn { group: "peer".into(), count: 7, at: None });
    simulation.run(3);
}

#[test]
fn a_resumed_run_goes_on_with_the_same_bits() {
    let cases = [
        (GossipMode::Push, TopologyConfig::Full),
        (GossipMode::PushPull, TopologyConfig::KNearest { k: 5, refresh_s: 0.7 }),
        (GossipMode::Plumtree, TopologyConfig::WattsStrogatz { reach: 3, rewire: 0.2 }),
        (
            GossipMode::Flood,
            TopologyConfig::ByQuality { half_range: 150.0, add_above: 0.7, drop_below: 0.5, most: 6, refresh_s: 0.3 },
        ),
    ];
    for (mode, topology) in cases {
        let scene = everything(mode, topology);
        let mut through = scene.start();
        disturb(&mut through);
        let saved: Checkpoint = through.checkpoint();
        through.run(60);
        let mut resumed = Scene { threads: 2, ..scene }.start();
        resumed.restore(&saved).unwrap();
        assert_eq!(resumed.state_hash(), saved.state_hash, "{mode:?}");
        resumed.run(60);
        assert_eq!(resumed.checkpoint().differing_sections(&through.checkpoint()), [""; 0], "{mode:?}");
    }
}

#[test]
fn two_threads_give_the_bits_of_one_and_another_seed_others() {
    let scene = everything(GossipMode::PushPull, TopologyConfig::KNearest { k: 5, refresh_s: 0.7 });
    let run = |scene: &Scene| {
        let mut simulation = scene.start();
        disturb(&mut simulation);
        simulation.state_hash()
    };
    let one = run(&scene);
    assert_eq!(one, run(&Scene { threads: 2, ..scene.clone() }));
    assert_ne!(one, run(&Scene { seed: 2, ..scene }));
}
