//! Messages that change nothing are booked a round at a time. That may not show anywhere: a run in which every message is sent by
//! itself has the same state, the same messages on their way and in the inbox, the same diagram and the same metrics.

use agent2028_core::agent::AgentId;
use agent2028_core::faults::{Freeze, Kill, Remove, Spawn};
use agent2028_core::intervention::Intervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_network::config::{
    GossipConfig, GossipMode, LatencyModel, ProtocolConfig, RumourConfig, Scope, TopologyConfig, TtlConfig,
};
use agent2028_network::diagram::{Diagram, Traced};
use agent2028_network::gossip::Gossip;
use agent2028_network::interventions::{ClockSkew, Duplicate, LinkLatency, LinkLoss, Partition, Reorder};
use agent2028_network::{Inbox, Message, MessageKind, Network, NetworkConfig};
use bevy::prelude::*;
use proptest::prelude::*;

use crate::scene::{Scene, far, is_conserved, network, tell};

/// All that somebody can see of a message.
type Seen = (u64, u64, [u32; 2], MessageKind, [u64; 2], (i64, u64), Vec<u8>);

fn seen(due: u64, message: &Message<'_>) -> Seen {
    let time = (message.time.physical, message.time.logical);
    let ends = [message.from.0, message.to.0];
    (due, message.sequence, ends, message.kind, [message.sent, message.arrives], time, message.payload.to_vec())
}

fn flights(simulation: &Simulation) -> Vec<Seen> {
    let mut flights: Vec<Seen> = network(simulation).flights().map(|(due, message)| seen(due, &message)).collect();
    flights.sort();
    flights
}

fn arrived(simulation: &Simulation) -> Vec<Seen> {
    simulation.world().resource::<Inbox>().iter().map(|message| seen(0, &message)).collect()
}

fn one_by_one(simulation: &mut Simulation) {
    simulation.world_mut().resource_mut::<Network>().send_one_by_one(true);
}

/// What differs between two runs that must be the same; `look` asks for messages, too, as a reader would.
fn differs(one: &Simulation, other: &Simulation, look: bool) -> Option<String> {
    let (counts, others) = (network(one).counts(), network(other).counts());
    if counts != others {
        return Some(format!("counts {counts:?} {others:?}"));
    }
    let gossip = |simulation: &Simulation| *simulation.world().resource::<Gossip>().counts();
    if gossip(one) != gossip(other) {
        return Some(format!("gossip {:?} {:?}", gossip(one), gossip(other)));
    }
    if network(one).in_flight() != network(other).in_flight() {
        return Some("in flight".into());
    }
    let inbox = |simulation: &Simulation| simulation.world().resource::<Inbox>().len();
    if inbox(one) != inbox(other) {
        return Some("inbox".into());
    }
    let traced =
        |simulation: &Simulation| -> Vec<Traced> { simulation.world().resource::<Diagram>().iter().cloned().collect() };
    let pair = (traced(one), traced(other));
    if pair.0 != pair.1 {
        let at = pair.0.iter().zip(&pair.1).position(|(a, b)| a != b);
        return Some(format!("diagram {at:?} of {} {}", pair.0.len(), pair.1.len()));
    }
    if look {
        if arrived(one) != arrived(other) {
            return Some("messages in the inbox".into());
        }
        for agent in [0, 1, 7] {
            let of = |simulation: &Simulation| -> Vec<Seen> {
                let inbox = simulation.world().resource::<Inbox>();
                inbox.of(AgentId(agent)).map(|message| seen(0, &message)).collect()
            };
            if of(one) != of(other) {
                return Some(format!("messages for {agent}"));
            }
        }
        if flights(one) != flights(other) {
            return Some("messages on their way".into());
        }
        let known = |simulation: &Simulation, agent| {
            let network = network(simulation);
            (network.clock(agent), network.sent_by(agent), network.received_by(agent))
        };
        for agent in (0..80).map(AgentId) {
            if known(one, agent) != known(other, agent) {
                return Some(format!("{agent:?}: {:?} {:?}", known(one, agent), known(other, agent)));
            }
        }
        if one.state_hash() != other.state_hash() {
            return Some(format!("{:?}", one.checkpoint().differing_sections(&other.checkpoint())));
        }
        for name in ["network.overhead", "network.delivered", "gossip.redundancy", "gossip.spread_s", "gossip.informed"]
        {
            let value =
                |simulation: &Simulation| simulation.world().resource::<Metrics>().value(name).map(f64::to_bits);
            if value(one) != value(other) {
                return Some(name.into());
            }
        }
    }
    None
}

fn topology() -> impl Strategy<Value = TopologyConfig> {
    prop_oneof![
        Just(TopologyConfig::Full),
        Just(TopologyConfig::Ring { reach: 2 }),
        Just(TopologyConfig::Grid { wrap: false }),
        Just(TopologyConfig::KNearest { k: 4, refresh_s: 0.5 }),
        Just(TopologyConfig::BarabasiAlbert { links: 1 }),
        Just(TopologyConfig::ErdosRenyi { mean_degree: 2.0 }),
    ]
}

#[derive(Clone, Debug)]
struct Talk {
    topology: TopologyConfig,
    rules: GossipConfig,
    latency: LatencyModel,
    diagram: u32,
    versions: (u8, u8),
    tick_hz: f64,
    loss: f32,
    regions: bool,
}

fn talk() -> impl Strategy<Value = Talk> {
    use GossipMode::{Flood, Plumtree, Pull, Push, PushPull};
    let mode =
        prop_oneof![2 => Just(Push), 2 => Just(Pull), 5 => Just(PushPull), 1 => Just(Flood), 1 => Just(Plumtree)];
    let rules = (
        mode,
        1_u32..4,
        prop_oneof![3 => Just(0_u32), 1 => 1_u32..5],
        1_u32..6,
        1_u32..6,
        any::<bool>(),
        1.0_f32..20.0,
    );
    let latency = prop_oneof![
        3 => Just(LatencyModel::Constant(0.0)),
        3 => (0.0_f32..700.0).prop_map(LatencyModel::Constant),
        1 => Just(LatencyModel::Normal { mean_ms: 90.0, deviation_ms: 40.0 }),
    ];
    let period = prop_oneof![Just(0.1_f32), Just(0.2), Just(0.33)];
    let diagram = prop_oneof![Just(0_u32), Just(3), Just(40), Just(500)];
    let link = (latency, diagram, prop_oneof![Just((1_u8, 2_u8)), Just((1, 1))]);
    let rest = (
        prop_oneof![4 => Just(0.0_f32), 1 => Just(0.1)],
        prop_oneof![4 => Just(false), 1 => Just(true)],
        prop_oneof![4 => Just(10.0), 1 => Just(4000.0)],
    );
    (topology(), rules, period, link, rest).prop_map(
        |(topology, rules, period_s, (latency, diagram, versions), rest)| {
            let (mode, fanout, rounds, remembered, kept, short, lifetime_s) = rules;
            // Who forgets what floods its links takes it for new again and again.
            let remembered = if matches!(mode, Flood | Plumtree) { 16 } else { remembered };
            let ttl = if short { TtlConfig { local: 2, regional: 3, global: 4 } } else { far() };
            let (loss, regions, tick_hz) = rest;
            // A tick of a millisecond or less: clocks of several ticks show the same.
            let scale = 10.0 / tick_hz as f32;
            let (period_s, lifetime_s) = (period_s * scale, lifetime_s * scale);
            let latency = match latency {
                LatencyModel::Constant(ms) => LatencyModel::Constant(ms * scale),
                other => other,
            };
            let rules = GossipConfig { mode, fanout, rounds, remembered, kept, ttl, lifetime_s, period_s, ..default() };
            Talk { topology, rules, latency, diagram, versions, tick_hz, loss, regions }
        },
    )
}

fn scene(talk: &Talk, seed: u64) -> Scene {
    let mut scene = Scene { seed, tick_hz: talk.tick_hz, ..Scene::peers(60, talk.topology.clone()) };
    scene.network.gossip = Some(talk.rules.clone());
    scene.network.diagram = talk.diagram;
    scene.network.link.latency = talk.latency;
    scene.network.link.loss = talk.loss;
    scene.network.protocol = ProtocolConfig { versions: talk.versions, ..default() };
    if talk.regions {
        scene.groups[0].region = "east".into();
    }
    scene
}

fn intervene(simulation: &mut Simulation, what: impl Intervention) {
    simulation.intervene(what);
}

/// Something that a run may meet, at 10 ticks a second for about a second.
fn disturb(simulation: &mut Simulation, what: u8, agent: u32) {
    let some = || Selector::IdRange { first: AgentId(agent), last: AgentId(agent + 9) };
    let duration_s = Some(1.0);
    match what {
        0 => intervene(simulation, Partition { select: some(), duration_s }),
        1 => intervene(simulation, LinkLoss { select: some(), loss: 0.4, duration_s }),
        2 => intervene(simulation, LinkLatency { select: some(), added_ms: 250.0, duration_s }),
        3 => intervene(simulation, Duplicate { select: some(), share: 0.5, duration_s }),
        4 => intervene(simulation, Reorder { select: some(), share: 0.5, duration_s }),
        5 => intervene(simulation, ClockSkew { select: some(), most_ms: 400.0, duration_s }),
        6 => intervene(simulation, Kill { select: some(), duration_s: Some(3.0) }),
        7 => intervene(simulation, Kill { select: some(), duration_s: None }),
        8 => intervene(simulation, Freeze { select: some(), duration_s }),
        9 => intervene(simulation, Remove { select: some() }),
        10 => intervene(simulation, Spawn { group: "peer".into(), count: 5, at: None }),
        11 => simulation.world_mut().resource_mut::<NetworkConfig>().link.latency = LatencyModel::Constant(30.0),
        12 => {
            if let Some(rules) = &mut simulation.world_mut().resource_mut::<NetworkConfig>().gossip {
                rules.mode = GossipMode::PushPull;
                (rules.rounds, rules.remembered) = (agent % 3, 1 + agent % 4);
            }
        }
        13 => {
            // A rumour that nobody began, from a plugin: one that many know, with more hops to go.
            let mut network = simulation.world_mut().resource_mut::<Network>();
            let first = network.neighbours(AgentId(agent)).iter().next();
            if let Some(to) = first {
                let rumour = [0, 100, 1, b'a'];
                let _ = network.send_at(1, AgentId(agent), AgentId(to), MessageKind::RUMOUR, &rumour);
                let _ = network.send(AgentId(agent), AgentId(to), MessageKind(700), b"else");
            }
        }
        _ => tell(simulation, agent, if agent.is_multiple_of(3) { Scope::LocalBroadcast } else { Scope::GlobalAlert }),
    }
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(48))]
    #[test]
    fn silent_messages_show_nowhere(
        talk in talk(),
        seed in any::<u64>(),
        steps in prop::collection::vec((prop_oneof![1 => 0_u8..14, 1 => Just(14)], 1_u64..12, 0_u32..50), 1..9),
        looks in any::<bool>(),
    ) {
        let scene = scene(&talk, seed);
        let (mut plain, mut silent) = (scene.start(), Scene { threads: 2, ..scene }.start());
        one_by_one(&mut plain);
        for (what, ticks, agent) in steps {
            disturb(&mut plain, what, agent);
            disturb(&mut silent, what, agent);
            for _ in 0..ticks {
                plain.run(1);
                silent.run(1);
                prop_assert!(is_conserved(&silent));
                prop_assert_eq!(network(&plain).silent_in_flight(), 0);
                prop_assert_eq!(differs(&plain, &silent, looks), None, "tick {} after {}", silent.tick(), what);
            }
            prop_assert_eq!(differs(&plain, &silent, true), None);
        }
    }
}

/// A quiet scene: gossip on a plane, a rumour from one corner, later another.
fn spread(diagram: u32) -> Scene {
    let rules = GossipConfig { mode: GossipMode::PushPull, ttl: far(), history: 0, ..default() };
    let mut scene = Scene::gossiping(400, TopologyConfig::KNearest { k: 8, refresh_s: 1e6 }, rules);
    scene.network.diagram = diagram;
    scene
}

#[test]
fn nearly_all_messages_of_a_quiet_network_are_silent_and_their_counts_are_those_of_messages_sent_one_by_one() {
    for diagram in [0, 50] {
        let (mut plain, mut silent) = (spread(diagram).start(), spread(diagram).start());
        one_by_one(&mut plain);
        // Before there is anything to tell, all is silent: 400 ask, nobody answers.
        plain.run(4);
        silent.run(4);
        assert_eq!((network(&silent).silent_in_flight(), network(&plain).silent_in_flight()), (400, 0));
        let (mut booked, mut informed) = (0, [0; 2]);
        for step in 0..120 {
            if step % 60 == 0 {
                tell(&mut plain, 3, Scope::GlobalAlert);
                tell(&mut silent, 3, Scope::GlobalAlert);
            }
            plain.run(1);
            silent.run(1);
            booked += network(&silent).silent_in_flight();
            assert_eq!(differs(&plain, &silent, false), None, "tick {}", silent.tick());
            for (heard, simulation) in informed.iter_mut().zip([&plain, &silent]) {
                *heard =
                    simulation.world().resource::<Gossip>().rumours().iter().map(|rumour| rumour.informed.len()).sum();
            }
            assert_eq!(informed[0], informed[1]);
        }
        assert_eq!(differs(&plain, &silent, true), None);
        assert_eq!(informed, [800, 800]);
        let sent = network(&silent).counts().sent;
        assert!(booked * 3 > sent * 2, "{booked} of {sent}");
    }
}

#[test]
fn a_run_goes_on_from_a_checkpoint_with_silent_messages_on_their_way() {
    for latency_ms in [0.0, 450.0] {
        let mut scene = spread(500);
        scene.network.link.latency = LatencyModel::Constant(latency_ms);
        if let Some(rules) = &mut scene.network.gossip {
            rules.rumours = vec![RumourConfig { at: 11, every: Some(30), ..default() }];
        }
        let mut through = scene.start();
        through.run(20);
        assert!(network(&through).silent_in_flight() > 300);
        let saved = through.checkpoint();
        through.run(50);
        for threads in [1, 2, 4] {
            let mut resumed = Scene { threads, ..scene.clone() }.start();
            resumed.restore(&saved).unwrap();
            assert_eq!(resumed.state_hash(), saved.state_hash);
            assert_eq!(network(&resumed).silent_in_flight(), 0, "what is read from a checkpoint is written");
            resumed.run(50);
            assert!(network(&resumed).silent_in_flight() > 0);
            assert_eq!(resumed.checkpoint().differing_sections(&through.checkpoint()), [""; 0]);
        }
    }
}

#[test]
fn nothing_is_silent_where_it_cannot_be_proven() {
    let silent = |change: fn(&mut NetworkConfig)| {
        let mut scene = spread(0);
        change(&mut scene.network);
        let mut simulation = scene.start();
        simulation.run(4);
        network(&simulation).silent_in_flight()
    };
    assert_eq!(silent(|_| ()), 400);
    let cases: [fn(&mut NetworkConfig); 8] = [
        |config| config.link.loss = 0.01,
        |config| config.link.duplication = 0.01,
        |config| config.link.reordering = 0.01,
        |config| config.link.jitter_ms = 1.0,
        |config| config.link.bandwidth = Some(1e9),
        |config| config.vector_clocks = true,
        |config| config.shared = vec![default()],
        |config| config.detector.heartbeat = Some(default()),
    ];
    for (at, change) in cases.into_iter().enumerate() {
        assert_eq!(silent(change), 0, "case {at}");
    }
    let mut simulation = spread(0).start();
    simulation.intervene(LinkLoss { select: Selector::Count(1), loss: 0.5, duration_s: Some(1.0) });
    simulation.run(6);
    assert_eq!(network(&simulation).silent_in_flight(), 0, "with a fault");
    simulation.run(10);
    assert_eq!(network(&simulation).silent_in_flight(), 400, "after it");
}
