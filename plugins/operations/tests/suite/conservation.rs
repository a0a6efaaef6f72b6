//! Whatever happens, every operation that was requested has ended or is on its way, at the end of every tick.

use agent2028_core::agent::{AgentGroup, AgentId, Regions};
use agent2028_core::belief::{Standing, judgements};
use agent2028_core::faults::{
    Churn, Degrade, Freeze, GrantCapability, Kill, Remove, Restart, Spawn, WithdrawCapability,
};
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_operations::config::{
    Bursty, ClosedLoop, Constant, Diurnal, OrchestratorConfig, QueueConfig, RetryConfig, ServiceTime, WhenFull,
    Workload,
};
use agent2028_operations::interventions::{Isolate, LoadSpike, LyingReports, ResourceExhaustion, SlowLoris};
use agent2028_operations::server::PRESENT;
use agent2028_operations::slab::Stage;
use agent2028_operations::{OperationsConfig, Strategy};
use bevy::prelude::*;
use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use crate::scene::{QUERY, Scene, group, operations, poisson};

/// A workload, asked for from nowhere or from the west.
fn workload() -> impl proptest::strategy::Strategy<Value = Workload> {
    (any_workload(), any::<bool>()).prop_map(|(mut workload, from_west)| {
        let region = if from_west { "west" } else { "" }.to_owned();
        match &mut workload {
            Workload::Poisson(asked) => asked.region = region,
            Workload::Constant(asked) => asked.region = region,
            Workload::Bursty(asked) => asked.region = region,
            Workload::Diurnal(asked) => asked.region = region,
            Workload::ClosedLoop(asked) => asked.region = region,
            Workload::Trace(_) => {}
        }
        workload
    })
}

fn any_workload() -> impl proptest::strategy::Strategy<Value = Workload> {
    let rate = 1.0_f64..2000.0;
    prop_oneof![
        rate.clone().prop_map(poisson),
        rate.clone().prop_map(|per_second| Workload::Constant(Constant {
            capability: QUERY.into(),
            per_second,
            priority: 9,
            ..default()
        })),
        rate.clone().prop_map(|per_second| Workload::Bursty(Bursty {
            capability: QUERY.into(),
            per_second,
            on_s: 0.1,
            off_s: 0.2,
            key_skew: 1.0,
            ..default()
        })),
        rate.prop_map(|per_second| Workload::Diurnal(Diurnal {
            capability: QUERY.into(),
            per_second,
            period_s: 1.0,
            session: 5,
            ..default()
        })),
        (0_u32..300).prop_map(|users| Workload::ClosedLoop(ClosedLoop {
            capability: QUERY.into(),
            users,
            think_ms: 30.0,
            ..default()
        })),
    ]
}

fn fault() -> impl proptest::strategy::Strategy<Value = AnyIntervention> {
    let select = || (0.0_f32..1.0).prop_map(Selector::Fraction);
    let seconds = || prop::option::of(0.05_f32..1.0);
    prop_oneof![
        (select(), seconds()).prop_map(|(select, duration_s)| Kill { select, duration_s }.into()),
        select().prop_map(|select| Restart { select }.into()),
        (select(), seconds()).prop_map(|(select, duration_s)| Freeze { select, duration_s }.into()),
        select().prop_map(|select| Remove { select: Selector::And(vec![select, Selector::Count(2)]) }.into()),
        (1_u32..4).prop_map(|count| Spawn { group: "db".into(), count, at: None }.into()),
        (select(), 1_u32..5).prop_map(|(select, slots)| Degrade {
            select,
            health: 0.3,
            latency_ms: Some(20.0),
            reliability: Some(0.5),
            max_concurrency: Some(slots),
            ..default()
        }
        .into()),
        select().prop_map(|select| WithdrawCapability { select, capability: QUERY.into() }.into()),
        select().prop_map(|select| GrantCapability { select, capability: QUERY.into() }.into()),
        Just(Churn::default().into()),
        (0.0_f64..10.0, seconds())
            .prop_map(|(factor, duration_s)| LoadSpike { factor, duration_s, ..default() }.into()),
        Just(SlowLoris { capability: QUERY.into(), per_second: 50.0, hold_s: 2.0, duration_s: 0.5 }.into()),
        (select(), 0.0_f32..1.0, seconds()).prop_map(|(select, share, duration_s)| ResourceExhaustion {
            select,
            share,
            duration_s
        }
        .into()),
        (select(), seconds()).prop_map(|(select, duration_s)| LyingReports { select, duration_s, ..default() }.into()),
        (select(), seconds()).prop_map(|(select, duration_s)| Isolate { select, duration_s }.into()),
    ]
}

fn section() -> impl proptest::strategy::Strategy<Value = OperationsConfig> {
    let full = prop_oneof![
        Just(WhenFull::Reject),
        Just(WhenFull::ShedOldest),
        (1_u32..200).prop_map(|most| WhenFull::Wait { most })
    ];
    (
        prop::sample::select(Strategy::ALL.to_vec()),
        prop::collection::vec(workload(), 1..3),
        (0_u32..20, full),
        prop::option::of(1.0_f32..200.0),
        (0_u8..4, 0.0_f32..100.0),
        any::<bool>(),
        (10_u32..5000, prop::option::of(5_u32..500), prop::option::of(10.0_f64..2000.0)),
    )
        .prop_map(
            |(strategy, workload, (capacity, when_full), timeout_ms, (times, backoff_ms), believe, limits)| {
                OperationsConfig {
                    strategy,
                    workload,
                    service: ServiceTime::LogNormal { mean_ms: 30.0, sigma: 1.0 },
                    queue: QueueConfig { capacity, when_full },
                    timeout_ms,
                    retry: RetryConfig { times, backoff_ms, ..default() },
                    believe_reports: believe,
                    most_in_flight: limits.0,
                    receipts: 64,
                    orchestrator: OrchestratorConfig { most_in_work: limits.1, most_per_second: limits.2, ..default() },
                    ..default()
                }
            },
        )
}

/// What must be so at the end of every tick.
fn check(simulation: &Simulation) {
    let operations = operations(simulation);
    assert!(operations.conserves(), "tick {}: {:?}", simulation.tick(), operations.tally().total);
    let at = |stage: Stage| operations.slab().iter().filter(|(_, operation)| operation.stage() == stage).count() as u32;
    assert_eq!(at(Stage::Executing), operations.executing());
    assert_eq!(at(Stage::Waiting) + at(Stage::InLine), operations.queued());
    let servers = operations.servers();
    assert_eq!(servers.iter().map(|server| server.executing).sum::<u32>(), operations.executing());
    assert_eq!(servers.iter().map(|server| server.waiting).sum::<u32>(), at(Stage::Waiting));
    for (id, server) in servers.agents().filter(|(_, server)| !server.is(PRESENT)) {
        assert_eq!(server.load() - server.coming, 0, "agent {id} is gone and has work");
    }
    for pool in operations.pools() {
        assert!(
            pool.line.len == 0 || !pool.members().iter().any(|agent| pool.can_choose(*agent)),
            "somebody waits in vain"
        );
    }
    let held = [agent2028_core::agent::Tier::Individual, agent2028_core::agent::Tier::Swarm]
        .map(|tier| operations.tier(tier).held);
    let travelling = at(Stage::Outbound) + at(Stage::Returning);
    assert_eq!(held.iter().sum::<u32>(), at(Stage::Executing) + at(Stage::Waiting) + at(Stage::InLine) + travelling);
    assert_eq!(servers.iter().map(|server| server.coming).sum::<u32>(), at(Stage::Outbound));
    assert_eq!(servers.iter().map(|server| server.answering).sum::<u32>(), at(Stage::Returning));
    assert!(operations.book().first_forged().is_none());
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(48))]
    #[test]
    fn no_operation_is_lost_or_made_up(
        seed in any::<u64>(),
        config in section(),
        faults in prop::collection::vec((0_u64..60, fault()), 0..8),
    ) {
        let west = AgentGroup { region: "west".into(), capabilities: Vec::new(), ..group("west", 1, 1) };
        let mut scene = Scene::new(vec![AgentGroup { region: "east".into(), ..group("db", 8, 3) }, west], config);
        scene.seed = seed;
        scene.groups[0].reliability = 0.9;
        let start = || {
            let mut simulation = scene.start();
            simulation.world_mut().resource_mut::<Regions>().set_latencies_ms(0.0, 35.0);
            simulation
        };
        let mut simulation = start();
        for tick in 0..90 {
            for (_, fault) in faults.iter().filter(|(at, _)| *at == tick) {
                simulation.intervene(fault.clone());
            }
            simulation.run(1);
            check(&simulation);
        }
        // And it can be saved and gone on with at any point.
        let saved = simulation.checkpoint();
        let mut resumed = start();
        resumed.restore(&saved).unwrap();
        simulation.run(20);
        resumed.run(20);
        prop_assert_eq!(simulation.state_hash(), resumed.state_hash());
        check(&resumed);
    }
}

#[test]
fn failed_and_isolated_agents_are_given_nothing() {
    let config = OperationsConfig { strategy: Strategy::Random, workload: vec![poisson(600.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 10, 10)], config).start();
    simulation.run(30);
    let some = |ids: [u32; 2]| Selector::Ids(ids.map(AgentId).to_vec());
    simulation.intervene(Kill { select: some([1, 2]), duration_s: None });
    simulation.intervene(Isolate { select: some([5, 6]), duration_s: None });
    simulation.run(1);
    let assigned = |simulation: &Simulation| -> Vec<u32> {
        operations(simulation).servers().iter().map(|server| server.assigned).collect()
    };
    let before = assigned(&simulation);
    simulation.run(120);
    for (agent, (before, after)) in before.iter().zip(assigned(&simulation)).enumerate() {
        let excluded = [1, 2, 5, 6].contains(&agent);
        assert_eq!(after == *before, excluded, "agent {agent}");
    }
    assert_eq!(operations(&simulation).servers()[1].load(), 0, "what a failed agent had has failed");
}

#[test]
fn agents_are_judged_by_what_was_observed_of_their_work() {
    let config = OperationsConfig { strategy: Strategy::Random, workload: vec![poisson(600.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 8, 10)], config).start();
    let only = |agent| Selector::Ids(vec![AgentId(agent)]);
    simulation.intervene(Isolate { select: only(5), duration_s: None });
    simulation.intervene(Degrade { select: only(3), reliability: Some(0.2), ..default() });
    simulation.run(300);
    let held = judgements(simulation.world()).unwrap();
    let of = |agent| held.iter().find(|(judged, _)| judged.0 == agent).map(|(_, judgement)| *judgement);
    assert_eq!(of(5).unwrap().standing, Standing::Failed, "it is left out, though it is well");
    let poor = of(3).unwrap();
    assert!(poor.standing == Standing::Sound && poor.quality < 0.5, "{poor:?}");
    assert_eq!(of(4), None, "it does its work, and nothing is held against it");
}
