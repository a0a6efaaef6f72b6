//! Whatever goes wrong, no message is forgotten, and none crosses a partition.

use agent2028_core::agent::AgentId;
use agent2028_core::faults::{Freeze, Kill, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_network::Inbox;
use agent2028_network::config::{
    DetectorConfig, GossipConfig, GossipMode, HeartbeatConfig, LatencyModel, Scope, SharedConfig, SwimConfig,
    TopologyConfig,
};
use agent2028_network::interventions::{Duplicate, Heal, LinkLoss, Partition, Reorder};
use bevy::prelude::*;
use proptest::prelude::*;

use crate::scene::{Scene, is_conserved, network, tell};

fn topology() -> impl Strategy<Value = TopologyConfig> {
    prop_oneof![
        Just(TopologyConfig::Full),
        Just(TopologyConfig::Ring { reach: 2 }),
        Just(TopologyConfig::RandomRegular { degree: 4 }),
        Just(TopologyConfig::KNearest { k: 4, refresh_s: 0.5 }),
        Just(TopologyConfig::BarabasiAlbert { links: 2 }),
    ]
}

fn mode() -> impl Strategy<Value = GossipMode> {
    use GossipMode::{Flood, Plumtree, Pull, Push, PushPull};
    prop_oneof![Just(Flood), Just(Push), Just(Pull), Just(PushPull), Just(Plumtree)]
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(24))]
    #[test]
    fn messages_are_conserved_and_none_crosses_a_partition(
        topology in topology(),
        mode in mode(),
        seed in any::<u64>(),
        loss in 0.0_f32..0.5,
        faults in prop::collection::vec((0_u8..9, 1_u64..20, 0_u32..40), 0..12),
    ) {
        let rules = GossipConfig { mode, fanout: 2, ..default() };
        let mut scene = Scene { seed, ..Scene::gossiping(40, topology, rules) };
        scene.network.link.latency = LatencyModel::LogNormal { median_ms: 150.0, sigma: 0.8 };
        scene.network.link.loss = loss;
        scene.network.link.bandwidth = Some(20_000.0);
        scene.network.detector = DetectorConfig { swim: Some(SwimConfig::default()), heartbeat: Some(HeartbeatConfig::default()) };
        scene.network.shared = vec![SharedConfig::default()];
        let mut simulation = scene.start();
        for (what, ticks, agent) in faults {
            let some = || Selector::And(vec![Selector::IdRange { first: AgentId(agent), last: AgentId(agent + 15) }]);
            match what {
                0 => simulation.intervene(Partition { select: some(), duration_s: Some(1.0) }),
                1 => simulation.intervene(Partition { select: some(), duration_s: None }),
                2 => simulation.intervene(Heal::default()),
                3 => simulation.intervene(LinkLoss { select: some(), loss: 0.7, duration_s: Some(1.0) }),
                4 => simulation.intervene(Duplicate { select: some(), share: 0.5, duration_s: Some(1.0) }),
                5 => simulation.intervene(Reorder { select: some(), share: 0.5, duration_s: Some(1.0) }),
                6 => simulation.intervene(Kill { select: Selector::Count(8), duration_s: Some(1.0) }),
                7 => simulation.intervene(Remove { select: Selector::Count(2) }),
                _ => simulation.intervene(Freeze { select: Selector::Count(8), duration_s: Some(1.0) }),
            };
            if what == 7 {
                simulation.intervene(Spawn { group: "peer".into(), count: 3, at: None });
            }
            tell(&mut simulation, agent, Scope::GlobalAlert);
            for _ in 0..ticks {
                simulation.run(1);
                prop_assert!(is_conserved(&simulation), "{:?}", network(&simulation).counts());
                let faults = network(&simulation).faults();
                for message in simulation.world().resource::<Inbox>().iter() {
                    prop_assert!(!faults.cut(message.from.0, message.to.0));
                }
            }
        }
    }
}
