//! How agents notice that others fail.

use agent2028_core::agent::AgentId;
use agent2028_core::belief::{Standing, judgements};
use agent2028_core::faults::{Freeze, Kill};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_network::config::{HeartbeatConfig, LatencyModel, ProbeTarget, SwimConfig, TopologyConfig};
use agent2028_network::heartbeat::Heartbeats;
use agent2028_network::swim::{State, Swim};
use bevy::prelude::*;

use crate::scene::{Scene, is_conserved, metric};

fn swimming(count: u32, rules: SwimConfig) -> Scene {
    let mut scene = Scene::peers(count, TopologyConfig::Full);
    scene.network.detector.swim = Some(rules);
    scene
}

fn kill(agents: &[u32]) -> Kill {
    Kill { select: Selector::Ids(agents.iter().map(|agent| AgentId(*agent)).collect()), duration_s: None }
}

#[test]
fn the_first_detection_takes_e_over_e_minus_one_periods() {
    let (mut periods, mut detected) = (0.0, 0_u64);
    for seed in 0..70 {
        let mut simulation = Scene { seed, ..swimming(150, SwimConfig::default()) }.start();
        // Just before a period begins; its end is the first chance to notice.
        simulation.run(9);
        simulation.intervene(kill(&[3, 40, 77, 120]));
        simulation.run(160);
        let counts = simulation.world().resource::<Swim>().counts();
        assert_eq!(counts.detections, 4);
        periods += counts.detection_ticks as f64 / 10.0;
        detected += counts.detections;
        assert_eq!(counts.false_verdicts, 0);
    }
    let (mean, wanted) = (periods / detected as f64, std::f64::consts::E / (std::f64::consts::E - 1.0));
    assert!((mean / wanted - 1.0).abs() < 0.1, "{mean} against {wanted}");
}

#[test]
fn all_come_to_know_of_a_failure_and_of_a_return() {
    for target in [ProbeTarget::Random, ProbeTarget::RoundRobin] {
        let mut simulation = swimming(60, SwimConfig { suspicion_periods: 3, target, ..default() }).start();
        simulation.run(20);
        simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(7)]), duration_s: Some(25.0) });
        simulation.run(220);
        let swim = simulation.world().resource::<Swim>();
        let dead = (0..60).filter(|observer| swim.belief(AgentId(*observer), AgentId(7)) == State::Dead).count();
        assert!(dead >= 57 && swim.doubts() == dead as u64, "{dead} of 59, {} doubts", swim.doubts());
        simulation.run(400);
        let swim = simulation.world().resource::<Swim>();
        assert_eq!(swim.doubts(), 0, "it is back and says so");
        assert!(swim.counts().refuted > 0);
        assert!(is_conserved(&simulation));
    }
}

#[test]
fn a_slow_agent_is_suspected_and_refutes_it() {
    let mut simulation = swimming(50, SwimConfig { suspicion_periods: 8, ..default() }).start();
    simulation.run(20);
    simulation.intervene(Freeze { select: Selector::Ids(vec![AgentId(5)]), duration_s: Some(4.0) });
    simulation.run(200);
    let counts = simulation.world().resource::<Swim>().counts();
    assert!(counts.suspicions > 0 && counts.refuted > 0 && counts.false_verdicts == 0, "{counts:?}");
    assert_eq!(metric(&simulation, "swim.doubts"), 0.0);
}

#[test]
fn helpers_make_lossy_links_less_suspicious() {
    let suspicions = |helpers| {
        let mut scene = swimming(60, SwimConfig { helpers, ..default() });
        scene.network.link.loss = 0.1;
        let mut simulation = scene.start();
        simulation.run(600);
        simulation.world().resource::<Swim>().counts().suspicions
    };
    let (alone, helped) = (suspicions(0), suspicions(3));
    assert!(helped * 10 < alone && alone > 300, "{alone} {helped}");
}

#[test]
fn heartbeats_notice_silence_and_forgive_an_uneven_heart() {
    let run = |jitter_ms: f32| {
        let mut scene = Scene::peers(20, TopologyConfig::RandomRegular { degree: 4 });
        scene.network.link.latency = LatencyModel::Constant(50.0);
        scene.network.link.jitter_ms = jitter_ms;
        scene.network.detector.heartbeat = Some(HeartbeatConfig { least_deviation_ms: 100.0, ..default() });
        let mut simulation = scene.start();
        simulation.run(300);
        assert_eq!(simulation.world().resource::<Heartbeats>().suspicions(), (0, 0));
        simulation.intervene(kill(&[5]));
        let mut after = 0;
        while simulation.world().resource::<Heartbeats>().doubted_by(AgentId(5)) < 4 {
            simulation.run(1);
            after += 1;
            assert!(after < 200);
        }
        assert_eq!(simulation.world().resource::<Heartbeats>().suspicions().1, 0);
        after
    };
    let (regular, uneven) = (run(0.0), run(800.0));
    assert!(regular <= 40 && uneven >= regular, "{regular} {uneven}");
}

#[test]
fn what_the_members_hold_of_each_other_is_told_as_a_judgement() {
    let of = |simulation: &Simulation, agent: u32| {
        let held = judgements(simulation.world()).expect("there is a detector");
        held.iter().find(|(judged, _)| judged.0 == agent).map(|(_, judgement)| judgement.standing)
    };
    let mut simulation = swimming(40, SwimConfig { suspicion_periods: 4, ..default() }).start();
    simulation.run(20);
    simulation.intervene(kill(&[7]));
    simulation.run(1);
    assert_eq!(of(&simulation, 7), None, "nobody has noticed yet");
    let mut seen = Vec::new();
    for _ in 0..200 {
        simulation.run(1);
        let now = of(&simulation, 7);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        assert_eq!(of(&simulation, 8), None, "its neighbour is there");
    }
    assert_eq!(seen, [None, Some(Standing::Suspected), Some(Standing::Failed)]);

    let mut scene = Scene::peers(20, TopologyConfig::RandomRegular { degree: 4 });
    scene.network.detector.heartbeat = Some(HeartbeatConfig { least_deviation_ms: 100.0, ..default() });
    let mut simulation = scene.start();
    simulation.run(100);
    assert_eq!(of(&simulation, 5), None);
    simulation.intervene(kill(&[5]));
    simulation.run(200);
    assert_eq!(of(&simulation, 5), Some(Standing::Failed), "all four neighbours miss its heart");

    let without = Scene::peers(4, TopologyConfig::Full).start();
    assert!(judgements(without.world()).is_none(), "a network without a detector judges nobody");
}
