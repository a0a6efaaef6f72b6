//! How agents notice that others fail.

use agent2028_core::agent::AgentId;
use agent2028_core::belief::{Standing, judgements};
use agent2028_core::faults::{Freeze, Kill};
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::time::PARTS;
use agent2028_network::config::{HeartbeatConfig, LatencyModel, ProbeTarget, SwimConfig, TopologyConfig};
use agent2028_network::heartbeat::Heartbeats;
use agent2028_network::interventions::LinkLoss;
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

/// Kills agents of `count` at random moments, one after the other; the mean time to the first suspicion, in periods, and how many
/// were noticed.
fn detection(seeds: std::ops::Range<u64>, scene: &Scene, kills: u32) -> (f64, u64) {
    let (mut time, mut detected) = (0.0, 0);
    for seed in seeds {
        let mut simulation = Scene { seed, ..scene.clone() }.start();
        let mut stream = SimRng::new(seed).global(Purpose::new("test.kills"), 0);
        let count = scene.groups[0].count;
        let ticks = |seconds: f32| (seconds * scene.tick_hz as f32) as u64;
        simulation.run(ticks(2.0));
        let mut killed = std::collections::BTreeSet::new();
        while killed.len() < kills as usize {
            let agent = (stream.unit() * count as f32) as u32;
            if killed.insert(agent) {
                simulation.intervene(kill(&[agent]));
                simulation.run(1 + ticks(stream.unit() * 0.5));
            }
        }
        simulation.run(ticks(12.0));
        let counts = simulation.world().resource::<Swim>().counts();
        assert_eq!((counts.detections, counts.false_verdicts), (u64::from(kills), 0));
        let period = f64::from(scene.network.detector.swim.unwrap().period_s) * scene.tick_hz * PARTS as f64;
        time += counts.detection_time as f64 / period;
        detected += counts.detections;
    }
    (time / detected as f64, detected)
}

/// What the paper promises: e/(e − 1) periods on average until somebody suspects one that has failed, whenever it fails.
#[test]
fn the_first_detection_takes_e_over_e_minus_one_periods() {
    let scene = Scene { tick_hz: 30.0, ..swimming(1000, SwimConfig::default()) };
    let (mean, detected) = detection(0..12, &scene, 50);
    let wanted = std::f64::consts::E / (std::f64::consts::E - 1.0);
    assert!(detected == 600 && (mean / wanted - 1.0).abs() < 0.1, "{mean} against {wanted}");
}

/// With random phases questions to one agent are a Poisson process with one in a period on average; the first after its failure
/// fails when two timeouts are over.
#[test]
fn the_first_detection_takes_a_period_and_two_timeouts() {
    for timeout_s in [0.2, 0.45] {
        let scene = Scene { tick_hz: 30.0, ..swimming(300, SwimConfig { timeout_s, ..default() }) };
        let (mean, detected) = detection(0..20, &scene, 15);
        let wanted = 1.0 + 2.0 * f64::from(timeout_s);
        // The time to the first question is exponential: its deviation is its mean.
        let error = 1.0 / (detected as f64).sqrt();
        assert!((mean - wanted).abs() < 3.3 * error, "{timeout_s}: {mean} against {wanted}, ± {error}");
    }
}

#[test]
fn suspects_have_a_time_that_grows_with_the_logarithm_of_all() {
    let verdict = |count: u32| {
        let rules = SwimConfig { suspicion_periods: 4, ..default() };
        let mut simulation = swimming(count, rules).start();
        simulation.run(20);
        simulation.intervene(kill(&[3]));
        let (mut suspected, mut judged) = (0, 0);
        while judged == 0 {
            simulation.run(1);
            let swim = simulation.world().resource::<Swim>();
            if suspected == 0 && swim.doubted_by(AgentId(3)) > 0 {
                suspected = simulation.tick();
            }
            if swim.judged_by(AgentId(3)) > 0 {
                judged = simulation.tick();
            }
            assert!(simulation.tick() < 1000);
        }
        (judged - suspected) as f64 / 10.0
    };
    // Four periods of a second each for every power of ten.
    for (count, wanted) in [(10, 4.0), (100, 8.0), (1000, 12.0)] {
        let found = verdict(count);
        assert!((found - wanted).abs() <= 0.1, "{count}: {found} s");
    }
}

/// At 500 agents and a loss of 10 % several agents are suspected wrongly in every period: all of that, and what refutes it, must
/// come to all.
#[test]
fn news_comes_to_all_where_links_lose_a_tenth() {
    let mut scene = swimming(500, SwimConfig::default());
    scene.network.link.loss = 0.1;
    let mut simulation = scene.start();
    simulation.run(300);
    simulation.intervene(kill(&[7]));
    let mut waiting = Vec::new();
    for _ in 0..30 {
        simulation.run(10);
        waiting.push(simulation.world().resource::<Swim>().news());
    }
    let swim = simulation.world().resource::<Swim>();
    let counts = swim.counts();
    assert!(counts.suspicions > 100, "links are lossy enough to be suspicious: {counts:?}");
    assert!(counts.dropped == 0 && counts.false_verdicts == 0, "{counts:?}");
    let known = (0..500).filter(|observer| swim.belief(AgentId(*observer), AgentId(7)) == State::Dead).count();
    assert!(known >= 498, "{known} of 499 know");
    // It doesn't pile up: in the second half no more waits than in the first.
    let mean = |part: &[u64]| part.iter().sum::<u64>() as f64 / part.len() as f64;
    let (first, second) = waiting.split_at(15);
    assert!(mean(second) < 1.25 * mean(first), "{waiting:?}");
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

/// Neighbours that listen to hearts, over links whose latency has this law, at 60 ticks a second.
fn listening(rules: HeartbeatConfig, latency: LatencyModel) -> Scene {
    let mut scene = Scene { tick_hz: 60.0, ..Scene::peers(60, TopologyConfig::RandomRegular { degree: 4 }) };
    scene.network.link.latency = latency;
    scene.network.detector.heartbeat = Some(rules);
    scene
}

/// One that fails is suspected `l + P/2 + z·σ` later on average: its last heartbeat left half a period P before it failed, was l on
/// its way, and z standard deviations after the next one should have come φ is at the threshold, 10^−threshold being the upper tail
/// of the normal distribution at z.
#[test]
fn the_time_to_detection_grows_with_the_threshold_as_the_normal_law_says() {
    let deviation = 0.1;
    for (threshold, z) in [(1.0, 1.281_552), (3.0, 3.090_232), (8.0, 5.612_001), (16.0, 8.222_082)] {
        let rules = HeartbeatConfig { threshold, least_deviation_ms: 100.0, ..default() };
        let mut simulation = listening(rules, LatencyModel::Constant(50.0)).start();
        simulation.run(60 * 8);
        let agents: Vec<u32> = (0..60).step_by(2).collect();
        for agent in &agents {
            simulation.intervene(kill(&[*agent]));
            simulation.run(7);
        }
        simulation.run(180);
        let counts = *simulation.world().resource::<Heartbeats>().counts();
        assert_eq!((counts.detections, counts.false_suspicions), (30, 0), "{threshold}");
        let mean = metric(&simulation, "heartbeat.detection_s");
        let wanted = 0.05 + 0.5 + z * deviation;
        // When the last heartbeat left is uniform in a period: a deviation of 1/√12 for each of thirty.
        assert!((mean - wanted).abs() < 3.0 / (12.0_f64 * 30.0).sqrt(), "{threshold}: {mean} against {wanted}");
    }
}

/// The same hearts stop in the same moments: between thresholds the times differ by exactly what the normal law says.
#[test]
fn between_thresholds_lies_the_difference_of_their_quantiles() {
    let detection = |threshold: f32| {
        let rules = HeartbeatConfig { threshold, least_deviation_ms: 100.0, ..default() };
        let mut simulation = listening(rules, LatencyModel::Constant(50.0)).start();
        simulation.run(60 * 8);
        for agent in (0..60).step_by(2) {
            simulation.intervene(kill(&[agent]));
        }
        simulation.run(240);
        metric(&simulation, "heartbeat.detection_s")
    };
    let [one, three, eight, twelve] = [1.0, 3.0, 8.0, 12.0].map(detection);
    for (found, wanted) in [(three - one, 0.180_868), (eight - three, 0.252_177), (twelve - eight, 0.142_248)] {
        assert!((found - wanted).abs() < 1e-3, "{found} against {wanted}");
    }
}

/// Intervals of hearts over links with normal latency are normal too: a heart that beats is suspected once in 10^threshold times.
#[test]
fn the_rate_of_false_suspicions_is_what_the_threshold_says() {
    for (threshold, seconds) in [(0.5, 250), (1.0, 250), (2.0, 700)] {
        let rules = HeartbeatConfig { threshold, least_deviation_ms: 0.0, window: 10_000, ..default() };
        let latency = LatencyModel::Normal { mean_ms: 300.0, deviation_ms: 40.0 };
        let mut simulation = listening(rules, latency).start();
        // Mean and deviation are known well enough after fifty intervals: what comes before isn't counted.
        simulation.run(60 * 50);
        let before = *simulation.world().resource::<Heartbeats>().counts();
        simulation.run(60 * seconds);
        let after = *simulation.world().resource::<Heartbeats>().counts();
        let beats = (after.intervals - before.intervals) as f64;
        let rate = (after.false_suspicions - before.false_suspicions) as f64 / beats;
        let wanted = 10_f64.powf(-f64::from(threshold));
        // Binomial, and the deviation itself is known to a few percent.
        let error = (wanted * (1.0 - wanted) / beats).sqrt() + 0.03 * wanted;
        assert!((rate - wanted).abs() < 3.0 * error, "{threshold}: {rate} against {wanted} of {beats} heartbeats");
    }
}

/// Mean and deviation are estimates, and poor ones from few heartbeats: the next of normally distributed intervals is above its
/// quantile by Student's distribution as rarely as that says, from the third heartbeat on and however short the window is. By the
/// normal distribution a window of five errs seven times as often at a threshold of 2.
#[test]
fn a_short_window_errs_no_more_often_than_the_threshold_says() {
    for (window, threshold, least) in [(2, 1.0, 0.0), (5, 1.0, 0.8), (5, 2.0, 0.3), (10, 2.0, 0.6), (100, 2.0, 0.75)] {
        let rules = HeartbeatConfig { threshold, least_deviation_ms: 0.0, window, ..default() };
        let latency = LatencyModel::Normal { mean_ms: 300.0, deviation_ms: 40.0 };
        let mut simulation = listening(rules, latency).start();
        simulation.run(60 * 250);
        let counts = *simulation.world().resource::<Heartbeats>().counts();
        let (beats, wanted) = (counts.intervals as f64, 10_f64.powf(-f64::from(threshold)));
        let rate = counts.false_suspicions as f64 / beats;
        let error = 3.0 * (wanted * (1.0 - wanted) / beats).sqrt();
        assert!(beats > 50_000.0 && rate < wanted + error, "{window}, {threshold}: {rate} of {beats} heartbeats");
        // Intervals between which there is one latency hang together, which makes the promise a careful one.
        assert!(rate > least * wanted - error, "{window}, {threshold}: {rate} of {beats} heartbeats");
    }
}

/// Who is suspected by few heartbeats is suspected later, by as much as Student's distribution says: the intervals 1, 1.2, 0.8 … s of a
/// heart are known as well after ten of them as after a hundred, but not how well.
#[test]
fn the_fewer_heartbeats_the_longer_a_threshold_waits() {
    use agent2028_network::heartbeat::{Allowance, Arrivals};
    let silence = |intervals: u32| {
        let (mut arrivals, mut at) = (Arrivals::default(), PARTS);
        arrivals.beat(at, 1000);
        for interval in 0..intervals {
            at += if interval % 2 == 0 { 54 * PARTS } else { 66 * PARTS };
            arrivals.beat(at, 1000);
        }
        // The moment at which φ passes 3, in deviations of 6 ticks beyond the mean of 60.
        let allowance = Allowance { least_deviation: 0.0, pause: 0.0 };
        let passes = (0..).find(|late| arrivals.phi(at + (60 + late) * PARTS, 1000, allowance) > 3.0).unwrap();
        passes as f64 / 6.0
    };
    // The quantile of a thousandth with n − 1 degrees of freedom, from tables, times √((n + 1) ⁄ (n − 1)).
    for (intervals, quantile, n) in [(4, 10.2145, 4.0_f64), (10, 4.2968, 10.0), (100, 3.1746, 100.0)] {
        let wanted = quantile * ((n + 1.0) / (n - 1.0)).sqrt();
        let found = silence(intervals);
        assert!((found - wanted).abs() < 1.0 / 6.0 + 0.01, "{intervals}: {found} against {wanted}");
    }
}

#[test]
fn a_pause_that_is_acceptable_forgives_a_lost_heartbeat() {
    let run = |acceptable_pause_ms| {
        let rules = HeartbeatConfig { acceptable_pause_ms, ..default() };
        let mut simulation = listening(rules, LatencyModel::Constant(20.0)).start();
        simulation.run(60 * 10);
        // Everything that is said within a second is lost: one heartbeat of each.
        simulation.intervene(LinkLoss { select: Selector::All, loss: 1.0, duration_s: Some(1.0) });
        simulation.run(60 * 5);
        simulation.world().resource::<Heartbeats>().counts().false_suspicions
    };
    assert_eq!((run(0.0), run(1000.0)), (240, 0), "each of 60 misses four");
}

#[test]
fn who_stalls_suspects_nobody_for_what_it_did_not_hear() {
    let mut simulation = listening(HeartbeatConfig::default(), LatencyModel::Constant(20.0)).start();
    simulation.run(60 * 10);
    simulation.intervene(Freeze { select: Selector::Ids(vec![AgentId(5)]), duration_s: Some(4.0) });
    simulation.run(60 * 4 + 2);
    let hearts = simulation.world().resource::<Heartbeats>();
    assert_eq!(hearts.doubted_by(AgentId(5)), 4, "it is silent");
    simulation.run(60 * 3);
    let hearts = simulation.world().resource::<Heartbeats>();
    assert_eq!((hearts.doubts(), hearts.counts().suspicions), (0, 4), "and all is well again");
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
