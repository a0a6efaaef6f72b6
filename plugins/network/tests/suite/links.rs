//! What becomes of messages on their way.

use agent2028_core::agent::Placement;
use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::causality::HybridTime;
use agent2028_core::faults::{Kill, MoveAgents, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::time::{Rate, tick_of};
use agent2028_network::config::{
    GossipConfig, LatencyModel, ProtocolOverride, RegionConfig, RegionPair, Scope, SwimConfig, TopologyConfig,
};
use agent2028_network::diagram::{Diagram, Fate};
use agent2028_network::interventions::{ClockSkew, Duplicate, LinkLatency, LinkLoss, Partition, Reorder};
use agent2028_network::network::topologies_read;
use agent2028_network::{Inbox, MessageKind, Network, NetworkConfig, SendError};
use bevy::prelude::*;

use crate::scene::{Scene, is_conserved, metric, network, tell};

fn send(simulation: &mut Simulation, from: u32, to: u32, payload: &[u8]) -> Result<(), SendError> {
    let mut network = simulation.world_mut().resource_mut::<Network>();
    network.send(AgentId(from), AgentId(to), MessageKind(500), payload)
}

/// After how many ticks each of `count` messages from 0 to 1 arrives, in the order of sending; `None` if not within `most`.
fn delays(simulation: &mut Simulation, count: usize, most: u64) -> Vec<Vec<u64>> {
    if simulation.tick() == 0 {
        // Links are made in the first tick.
        simulation.run(1);
    }
    let mut found = vec![Vec::new(); count];
    for (at, found) in found.iter_mut().enumerate() {
        send(simulation, 0, 1, &(at as u32).to_le_bytes()).unwrap();
        simulation.run(1);
        let sent = simulation.tick();
        for _ in 0..most {
            simulation.run(1);
            let inbox = simulation.world().resource::<Inbox>();
            found.extend(inbox.of(AgentId(1)).map(|_| simulation.tick() - sent));
        }
        assert!(is_conserved(simulation));
    }
    found
}

/// How long each of many messages of one tick is on its way, in milliseconds, and in how many ticks it is there.
fn travels(latency: LatencyModel, jitter_ms: f32, tick_hz: f64) -> Vec<(f64, u64)> {
    let mut scene = Scene::peers(4001, TopologyConfig::Full);
    scene.tick_hz = tick_hz;
    scene.network.link.latency = latency;
    scene.network.link.jitter_ms = jitter_ms;
    let mut simulation = scene.start();
    simulation.run(1);
    (1..4001).for_each(|to| send(&mut simulation, 0, to, b"").unwrap());
    simulation.run(1);
    let (rate, sent) = (Rate::new(tick_hz), simulation.tick());
    let mut found = Vec::new();
    while found.len() < 4000 {
        simulation.run(1);
        let inbox = simulation.world().resource::<Inbox>();
        for message in inbox.iter() {
            assert_eq!(
                tick_of(message.arrives).max(sent + 1),
                simulation.tick(),
                "it is there in the tick of its arrival"
            );
            found.push((rate.ms(message.arrives - message.sent), simulation.tick() - sent));
        }
        assert!(simulation.tick() < 100_000 && is_conserved(&simulation));
    }
    found
}

/// Mean and deviation of travels are those of the law, whatever the rate of ticks: within four standard errors of each.
#[test]
fn latencies_have_the_distribution_that_the_scene_says() {
    let normal = LatencyModel::Normal { mean_ms: 100.0, deviation_ms: 20.0 };
    // e^(σ²/2) times the median, and √(e^(σ²) − 1) times that.
    let (log_normal, mean) = (LatencyModel::LogNormal { median_ms: 50.0, sigma: 0.5 }, 50.0 * 0.125_f64.exp());
    let spread = mean * (0.25_f64.exp() - 1.0).sqrt();
    for tick_hz in [30.0, 60.0, 1000.0] {
        for (latency, jitter_ms, mean, deviation, kurtosis) in [
            (normal, 0.0, 100.0, 20.0, 3.0),
            (log_normal, 0.0, mean, spread, 8.9),
            (LatencyModel::Constant(10.0), 60.0, 40.0, 60.0 / 12_f64.sqrt(), 1.8),
        ] {
            let all: Vec<f64> = travels(latency, jitter_ms, tick_hz).into_iter().map(|(ms, _)| ms).collect();
            let count = all.len() as f64;
            let found = all.iter().sum::<f64>() / count;
            let off = (all.iter().map(|one| (one - found).powi(2)).sum::<f64>() / count).sqrt();
            assert!((found - mean).abs() < 4.0 * deviation / count.sqrt(), "{latency:?} at {tick_hz} Hz: {found}");
            let error = deviation * ((kurtosis - 1.0) / (4.0 * count)).sqrt();
            assert!((off - deviation).abs() < 4.0 * error, "{latency:?} at {tick_hz} Hz: {off}");
        }
        for ms in [0.0_f32, 1.0, 20.0, 33.3, 40.0] {
            let (found, ticks) = travels(LatencyModel::Constant(ms), 0.0, tick_hz)[0];
            assert!((found - f64::from(ms)).abs() < 1e-4, "{ms} ms at {tick_hz} Hz: {found}");
            assert_eq!(ticks, ((f64::from(ms) * tick_hz / 1e3).ceil() as u64).max(1), "the next tick at the earliest");
        }
    }
}

/// An answer sets out when the question has arrived, not at the end of that tick.
#[test]
fn questions_and_answers_take_twice_the_latency() {
    for tick_hz in [60.0, 144.0, 1000.0] {
        let mut scene = Scene { tick_hz, ..Scene::peers(40, TopologyConfig::Full) };
        scene.network.link.latency = LatencyModel::Constant(20.0);
        scene.network.detector.swim = Some(SwimConfig::default());
        scene.network.diagram = 10_000;
        let mut simulation = scene.start();
        simulation.run((3.0 * tick_hz) as u64);
        let (mut asked, mut checked) = (std::collections::BTreeMap::new(), 0);
        for message in simulation.world().resource::<Diagram>().iter() {
            if message.kind == MessageKind::PING {
                asked.insert((message.from, message.to, message.ended), message.sent);
            } else if let Some(sent) = asked.get(&(message.to, message.from, message.sent)) {
                let ms = Rate::new(tick_hz).ms(message.ended - sent);
                assert!((ms - 40.0).abs() < 1e-4, "{ms} ms at {tick_hz} Hz");
                checked += 1;
            }
        }
        assert!(checked >= 70, "{checked}");
    }
}

#[test]
fn links_lose_copy_and_hold_up_the_shares_that_the_scene_says() {
    let mut scene = Scene::peers(2, TopologyConfig::Full);
    scene.network.link.loss = 0.2;
    scene.network.link.duplication = 0.3;
    let mut simulation = scene.start();
    let found = delays(&mut simulation, 1500, 3);
    let share = |count: usize| found.iter().filter(|arrivals| arrivals.len() == count).count() as f64 / 1500.0;
    assert!((share(0) - 0.2).abs() < 0.03 && (share(2) - 0.24).abs() < 0.035, "{} {}", share(0), share(2));
    assert!(network(&simulation).counts().copies > 300);
    let mut scene = Scene::peers(2, TopologyConfig::Full);
    scene.network.link.reordering = 0.25;
    scene.network.link.held_up_ms = 1000.0;
    let held = delays(&mut scene.start(), 800, 12).iter().filter(|arrivals| arrivals[0] > 1).count() as f64 / 800.0;
    // One in ten of those that are held up, by less than a tick, is not late.
    assert!((held - 0.225).abs() < 0.05, "{held}");
}

#[test]
fn faults_of_links_add_to_what_is_usual_and_end() {
    let mut simulation = Scene::peers(3, TopologyConfig::Full).start();
    let own = || Selector::Ids(vec![AgentId(0)]);
    simulation.intervene(LinkLatency { select: own(), added_ms: 500.0, duration_s: Some(2.0) });
    assert_eq!(delays(&mut simulation, 1, 8), [[5]]);
    simulation.run(20);
    assert_eq!(delays(&mut simulation, 1, 3), [[1]]);
    simulation.intervene(LinkLoss { select: own(), loss: 1.0, duration_s: Some(2.0) });
    assert_eq!(delays(&mut simulation, 2, 2), [[], []] as [[u64; 0]; 2]);
    simulation.run(20);
    simulation.intervene(Duplicate { select: own(), share: 1.0, duration_s: None });
    assert_eq!(delays(&mut simulation, 1, 3), [[1, 1]]);
    simulation.intervene(Reorder { select: own(), share: 1.0, duration_s: None });
    assert_eq!(delays(&mut simulation, 1, 5)[0].len(), 2);
}

#[test]
fn bandwidth_lets_messages_wait_and_drops_what_waits_too_long() {
    let mut scene = Scene::peers(3, TopologyConfig::Full);
    scene.network.link.bandwidth = Some(1000.0);
    scene.network.link.longest_wait_s = 1.0;
    scene.network.protocol.codecs.clear();
    scene.network.protocol.header_bytes = 0;
    let mut simulation = scene.start();
    simulation.run(1);
    // Each packet takes 480 bytes or a little more: half a second.
    for to in [1, 2, 1, 2, 1, 2] {
        send(&mut simulation, 0, to, &[7; 230]).unwrap();
    }
    simulation.run(1);
    let mut arrivals = Vec::new();
    for tick in 1..40 {
        simulation.run(1);
        arrivals.extend(std::iter::repeat_n(tick, simulation.world().resource::<Inbox>().len()));
    }
    // Three messages to each, packed together: 700 bytes or so each.
    assert_eq!(arrivals.len(), 6);
    assert!(arrivals[0] >= 7 && arrivals[5] >= 14, "{arrivals:?}");
    for _ in 0..8 {
        send(&mut simulation, 0, 1, &[7; 900]).unwrap();
        simulation.run(1);
    }
    simulation.run(50);
    assert!(network(&simulation).counts().lost >= 5, "{:?}", network(&simulation).counts());
    assert!(is_conserved(&simulation));
}

#[test]
fn regions_are_as_far_apart_as_the_scene_says() {
    let mut scene = Scene::peers(1, TopologyConfig::Full);
    scene.groups[0].region = "east".into();
    for region in ["west", "north"] {
        scene.groups.push(AgentGroup { name: region.into(), count: 1, region: region.into(), ..default() });
    }
    let pair = RegionPair { from: "north".into(), to: "east".into(), latency_ms: 700.0 };
    scene.network.regions = RegionConfig { between_ms: 300.0, pairs: vec![pair], ..default() };
    let mut simulation = scene.start();
    assert_eq!(delays(&mut simulation, 1, 10), [[3]]);
    send(&mut simulation, 0, 2, b"").unwrap();
    simulation.run(1);
    let due = network(&simulation).flights().next().unwrap().0;
    assert_eq!(due - simulation.tick(), 7);
    let regions = simulation.world().resource::<agent2028_core::agent::Regions>();
    assert_eq!(regions.latency_ms(regions.find("west"), regions.find("north")), 300.0, "others read it too");
}

#[test]
fn only_neighbours_are_told_and_nobody_who_has_failed_or_left() {
    let mut simulation = Scene::peers(5, TopologyConfig::Ring { reach: 1 }).start();
    simulation.run(1);
    assert_eq!(send(&mut simulation, 0, 2, b""), Err(SendError::NotLinked));
    assert_eq!(send(&mut simulation, 0, 0, b""), Err(SendError::NotLinked));
    assert_eq!(send(&mut simulation, 0, 99, b""), Err(SendError::NotLinked));
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(1)]), duration_s: Some(0.5) });
    simulation.run(1);
    assert_eq!(delays(&mut simulation, 1, 2), [[]] as [[u64; 0]; 1]);
    simulation.run(10);
    assert_eq!(delays(&mut simulation, 1, 2), [[1]]);
    simulation.intervene(Remove { select: Selector::Ids(vec![AgentId(1)]) });
    simulation.run(1);
    assert_eq!(send(&mut simulation, 0, 1, b""), Err(SendError::NotLinked));
}

#[test]
fn who_joins_is_linked_and_who_leaves_is_not() {
    let mut simulation = Scene::peers(100, TopologyConfig::RandomRegular { degree: 6 }).start();
    simulation.intervene(Remove { select: Selector::Ids((0..10).map(AgentId).collect()) });
    simulation.intervene(Spawn { group: "peer".into(), count: 5, at: None });
    simulation.run(2);
    let network = network(&simulation);
    assert_eq!(network.members().len(), 95);
    assert!((0..10).all(|gone| network.neighbours(AgentId(gone)).is_empty()));
    assert!((100..105).all(|new| (4..=10).contains(&network.neighbours(AgentId(new)).len())));
}

#[test]
fn the_nearest_are_linked_and_links_follow_movement() {
    let mut scene = Scene::peers(50, TopologyConfig::KNearest { k: 3, refresh_s: 0.5 });
    scene.groups[0].spawn = Placement::Grid { center: Vec2::ZERO, spacing: 20.0 };
    let mut simulation = scene.start();
    simulation.run(1);
    let before: Vec<u32> = network(&simulation).neighbours(AgentId(0)).iter().collect();
    assert!(before.len() >= 3 && !before.contains(&49));
    simulation.intervene(MoveAgents { select: Selector::Ids(vec![AgentId(0)]), by: Vec2::new(118.0, 118.0) });
    simulation.run(10);
    let after: Vec<u32> = network(&simulation).neighbours(AgentId(0)).iter().collect();
    assert!(after.len() >= 3 && after.iter().all(|one| !before.contains(one)), "{before:?} {after:?}");
}

#[test]
fn links_by_quality_come_and_go_with_distance() {
    let topology =
        TopologyConfig::ByQuality { half_range: 40.0, add_above: 0.7, drop_below: 0.5, most: 8, refresh_s: 0.1 };
    let mut scene = Scene::peers(2, topology);
    scene.groups[0].spawn = Placement::Points(vec![Vec2::ZERO, Vec2::new(35.0, 0.0)]);
    let mut simulation = scene.start();
    let mut move_to = |by: f32| {
        simulation.intervene(MoveAgents { select: Selector::Ids(vec![AgentId(1)]), by: Vec2::new(by, 0.0) });
        simulation.run(2);
        network(&simulation).link_count()
    };
    // 0.7 is at 28.7 units, 0.5 at 40.
    assert_eq!([move_to(0.0), move_to(-10.0), move_to(10.0), move_to(10.0), move_to(-10.0)], [0, 1, 1, 0, 0]);
}

/// Links to the nearest: one moves from one pair to the other, and back.
#[test]
fn links_that_follow_places_are_counted_as_they_come_and_go() {
    let mut scene = Scene::peers(4, TopologyConfig::KNearest { k: 1, refresh_s: 0.1 });
    let points = vec![Vec2::new(-10.0, 0.0), Vec2::ZERO, Vec2::new(100.0, 0.0), Vec2::new(115.0, 0.0)];
    scene.groups[0].spawn = Placement::Points(points);
    let mut simulation = scene.start();
    simulation.run(2);
    let counts = |simulation: &Simulation| {
        let counts = *network(simulation).counts();
        (network(simulation).link_count(), counts.links_added, counts.links_dropped)
    };
    // 0–1 and 2–3, of which none has come since the start.
    assert_eq!(counts(&simulation), (2, 0, 0));
    simulation.intervene(MoveAgents { select: Selector::Ids(vec![AgentId(0)]), by: Vec2::new(100.0, 0.0) });
    simulation.run(10);
    // At 90 it is nearest to 2, which still has it at 10 units; 1 has nobody nearer than it either: 0–1 stays, 0–2 comes, and
    // 3 has 2 still.
    assert_eq!(counts(&simulation), (3, 1, 0));
    simulation.intervene(MoveAgents { select: Selector::Ids(vec![AgentId(0)]), by: Vec2::new(-100.0, 0.0) });
    simulation.run(10);
    assert_eq!(counts(&simulation), (2, 1, 1));
    assert_eq!(metric(&simulation, "network.link_changes"), 2.0);
}

#[test]
fn nothing_crosses_a_partition_and_what_is_on_its_way_is_dropped() {
    let mut scene = Scene::peers(10, TopologyConfig::Full);
    scene.network.link.latency = LatencyModel::Constant(500.0);
    let mut simulation = scene.start();
    simulation.run(1);
    send(&mut simulation, 0, 1, b"before").unwrap();
    simulation.run(2);
    simulation.intervene(Partition {
        select: Selector::IdRange { first: AgentId(1), last: AgentId(4) },
        duration_s: Some(2.0),
    });
    simulation.run(1);
    send(&mut simulation, 0, 2, b"across").unwrap();
    send(&mut simulation, 1, 2, b"within").unwrap();
    simulation.run(10);
    let counts = *network(&simulation).counts();
    assert_eq!((counts.sent, counts.delivered, counts.cut), (3, 1, 2));
    simulation.run(15);
    assert!(network(&simulation).faults().partitions.is_empty());
    send(&mut simulation, 0, 2, b"healed").unwrap();
    simulation.run(8);
    assert_eq!(network(&simulation).counts().delivered, 2);
    assert_eq!(metric(&simulation, "network.unaccounted"), 0.0);
}

/// Every message is stamped after all that its sender knew, no stamp is before physical time, and none is ahead by more than
/// clocks are off.
#[test]
fn hybrid_logical_clocks_respect_causality_on_real_traffic() {
    let rules = GossipConfig { fanout: 2, ..default() };
    let mut scene = Scene::gossiping(30, TopologyConfig::RandomRegular { degree: 4 }, rules);
    scene.network.link.jitter_ms = 400.0;
    scene.network.link.duplication = 0.1;
    scene.network.vector_clocks = true;
    scene.network.diagram = 100_000;
    let mut simulation = scene.start();
    simulation.intervene(ClockSkew { select: Selector::All, most_ms: 300.0, duration_s: None });
    for agent in 0..10 {
        tell(&mut simulation, agent, Scope::GlobalAlert);
        simulation.run(20);
    }
    let world = simulation.world();
    let faults = network(&simulation).faults();
    let skew = faults.skews.values().map(|(skew, _)| skew.abs()).max().unwrap();
    assert!((200..=300).contains(&skew));
    let clock = world.resource::<agent2028_core::clock::SimClock>();
    let traced: Vec<_> = world.resource::<Diagram>().iter().collect();
    let arrived = traced.iter().filter(|message| message.fate == Fate::Delivered);
    let mut checked = 0;
    for message in arrived {
        let sent = clock.at(tick_of(message.sent)).timestamp_millis();
        let own = sent + faults.skew_ms(message.from.0);
        let ahead = message.time_sent.physical - own;
        assert!(ahead >= 0 && message.time_sent.physical - sent <= skew, "l ≥ pt, and |l − pt| is bounded by the skew");
        let received = message.time_received.unwrap();
        assert!(received > message.time_sent, "e → f implies hlc(e) < hlc(f)");
        checked += 1;
    }
    assert!(checked > 1000, "{checked}");
    // What happened before by vector clocks has the earlier hybrid time.
    let stamped: Vec<(&HybridTime, _)> =
        traced.iter().map(|message| (&message.time_sent, message.vector.as_ref().unwrap())).collect();
    let mut ordered = 0;
    for (at, (time, vector)) in stamped.iter().enumerate().step_by(17) {
        for (other_time, other) in stamped[at + 1..].iter().step_by(13) {
            if vector.happened_before(other) {
                assert!(time < other_time);
                ordered += 1;
            }
        }
    }
    assert!(ordered > 1000, "{ordered}");
}

#[test]
fn agents_agree_on_a_version_and_who_has_none_in_common_is_not_understood() {
    let mut scene = Scene::peers(2, TopologyConfig::Full);
    scene.network.protocol.header_bytes = 0;
    for (name, versions) in [("old", (1, 1)), ("new", (2, 2))] {
        scene.groups.push(AgentGroup { name: name.into(), count: 1, ..default() });
        scene.network.protocol.groups.push(ProtocolOverride { agents: name.into(), versions, codecs: Vec::new() });
    }
    let mut simulation = scene.start();
    simulation.run(1);
    let mut cost = |from, to| {
        let before = *network(&simulation).counts();
        send(&mut simulation, from, to, b"hello").unwrap();
        simulation.run(3);
        let after = *network(&simulation).counts();
        (after.bytes - before.bytes, after.delivered - before.delivered)
    };
    let (modern, fixed) = (cost(0, 1), cost(0, 2));
    assert!(modern.0 < fixed.0 && modern.1 == 1 && fixed.1 == 1, "{modern:?} {fixed:?}");
    assert_eq!(cost(2, 3), (0, 0));
    assert_eq!(network(&simulation).counts().lost, 1);
}

#[test]
fn what_is_sent_together_is_packed_and_the_ratio_is_measured() {
    let mut scene = Scene::peers(2, TopologyConfig::Full);
    scene.network.protocol.header_bytes = 28;
    let mut simulation = scene.start();
    simulation.run(1);
    for _ in 0..40 {
        send(&mut simulation, 0, 1, b"the same old story, told again").unwrap();
    }
    simulation.run(2);
    let ratio = metric(&simulation, "network.compression");
    assert!(ratio > 0.02 && ratio < 0.4, "{ratio}");
    let counts = network(&simulation).counts();
    assert_eq!((counts.packets, counts.delivered), (1, 40));
    assert_eq!(counts.bytes, counts.packed_to + 28);
}

#[test]
fn links_of_a_list_are_read_when_the_section_changes_and_not_in_every_tick() {
    let mut scene = Scene::peers(10, TopologyConfig::Edges((0..9).map(|one| (one, one + 1)).collect()));
    scene.network.gossip = Some(GossipConfig::default());
    let mut simulation = scene.start();
    simulation.run(5);
    let read = topologies_read();
    simulation.run(100);
    assert_eq!(topologies_read(), read, "nothing has changed");
    let saved = simulation.checkpoint();
    simulation.world_mut().resource_mut::<NetworkConfig>().topology = TopologyConfig::Ring { reach: 1 };
    simulation.run(1);
    assert_eq!((topologies_read(), network(&simulation).link_count()), (read + 1, 10));
    simulation.restore(&saved).unwrap();
    simulation.run(1);
    assert_eq!(network(&simulation).link_count(), 9, "the links of before are back");
}

/// The share of nearest neighbours in the plane that are each other's is 6π/(8π + 3√3) (Clark & Evans 1955): with its nearest one an
/// agent has 2 less this share links on average.
#[test]
fn an_agent_is_linked_with_its_nearest_and_with_those_whose_nearest_it_is() {
    let mut simulation = Scene::peers(20_000, TopologyConfig::KNearest { k: 1, refresh_s: 1e6 }).start();
    simulation.run(1);
    let mutual = 6.0 * std::f64::consts::PI / (8.0 * std::f64::consts::PI + 3.0 * 3_f64.sqrt());
    let degree = metric(&simulation, "network.degree");
    assert!((degree - (2.0 - mutual)).abs() < 0.015, "{degree} against {}", 2.0 - mutual);
}
