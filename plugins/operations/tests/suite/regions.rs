//! Operations that are asked for in one region and done in another.

use agent2028_core::agent::{AgentGroup, Regions};
use agent2028_core::faults::Kill;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_operations::config::{ClosedLoop, Constant, QueueConfig, ServiceTime, WhenFull, Workload};
use agent2028_operations::session::Failure;
use agent2028_operations::{OperationsConfig, Strategy};
use bevy::prelude::*;

use crate::scene::{QUERY, Scene, group, metric, operations};

/// A scene of 10 agents in the east that are asked from the west, 2 × `way_ms` there and back.
fn across(way_ms: f32, count: u32, config: OperationsConfig) -> Simulation {
    let groups = ["west", "east"].map(|region| AgentGroup {
        region: region.into(),
        capabilities: if region == "east" { vec![QUERY.into()] } else { Vec::new() },
        ..group(region, if region == "east" { count } else { 1 }, 1)
    });
    let mut simulation = Scene::new(groups.to_vec(), config).start();
    let mut regions = simulation.world_mut().resource_mut::<Regions>();
    let (west, east) = (regions.find("west").unwrap(), regions.find("east").unwrap());
    regions.set_latency_ms(west, east, way_ms);
    simulation
}

fn asked_from_west(per_second: f64) -> Workload {
    Workload::Constant(Constant { capability: QUERY.into(), per_second, region: "west".into(), ..default() })
}

/// Latency is the way there, the work and the way back, whatever the strategy; at any rate of ticks to the microsecond.
#[test]
fn the_way_between_regions_is_a_part_of_the_latency() {
    for strategy in Strategy::ALL {
        for (way_ms, service_ms) in [(80.0_f32, 20.0_f32), (0.25, 3.5), (333.3, 0.0)] {
            let config = OperationsConfig {
                strategy,
                workload: vec![asked_from_west(40.0)],
                service: ServiceTime::Constant { ms: service_ms },
                ..default()
            };
            let mut simulation = across(way_ms, 10, config);
            simulation.run(240);
            let wanted = 2.0 * f64::from(way_ms) + f64::from(service_ms);
            for name in ["operations.latency_mean", "operations.latency_p50", "operations.latency_p99"] {
                let latency = metric(&simulation, name);
                assert!((latency - wanted).abs() < 0.002, "{strategy:?} {name}: {latency} for {wanted}");
            }
            let total = operations(&simulation).tally().total;
            assert!(total.completed > 100 && total.ended() == total.completed);
            // What is known of the agent is what it takes itself.
            let seen = operations(&simulation).servers().iter().filter(|server| server.completed > 0);
            for server in seen {
                assert!(server.latency_ms <= service_ms + 0.002, "{strategy:?}: {}", server.latency_ms);
            }
        }
    }
}

#[test]
fn timeouts_run_while_an_operation_is_on_its_way() {
    // 60 ms there, 20 ms of work, 60 ms back.
    for (timeout_ms, completes) in [(30.0, false), (70.0, false), (100.0, false), (139.9, false), (140.1, true)] {
        let config = OperationsConfig {
            workload: vec![asked_from_west(20.0)],
            service: ServiceTime::Constant { ms: 20.0 },
            timeout_ms: Some(timeout_ms),
            ..default()
        };
        let mut simulation = across(60.0, 10, config);
        simulation.run(300);
        let total = operations(&simulation).tally().total;
        assert!(total.ended() > 80, "{total:?}");
        let (done, timed_out) = (total.completed, total.timed_out);
        assert_eq!((done > 0, timed_out > 0), (completes, !completes), "{timeout_ms} ms: {total:?}");
        let took = operations(&simulation).book().receipts().map(|receipt| receipt.duration).max().unwrap();
        let wanted = if completes { 0.14 } else { f64::from(timeout_ms) / 1e3 };
        assert!((took as f64 / f64::from(1 << 24) / 60.0 - wanted).abs() < 1e-6);
    }
}

/// An agent works on others while answers are on their way: a closed loop of n users completes min(n ÷ (s + way), 1 ÷ s) per
/// second (the operational law of bounds, Denning & Buzen 1978; constant times reach it).
#[test]
fn the_way_takes_nothing_of_what_an_agent_can_do() {
    for (users, wanted) in [(4_u32, 4.0 / 0.16), (8, 50.0), (20, 50.0)] {
        let asked = ClosedLoop { capability: QUERY.into(), users, think_ms: 0.0, region: "west".into(), ..default() };
        let config = OperationsConfig {
            workload: vec![Workload::ClosedLoop(asked)],
            service: ServiceTime::Constant { ms: 20.0 },
            queue: QueueConfig { capacity: 100, when_full: WhenFull::Reject },
            ..default()
        };
        let mut simulation = across(70.0, 1, config);
        simulation.run(120);
        let before = operations(&simulation).tally().total.completed;
        simulation.run(60 * 60);
        let rate = (operations(&simulation).tally().total.completed - before) as f64 / 60.0;
        assert!((rate / wanted - 1.0).abs() < 0.005, "{users} users: {rate} per second for {wanted}");
    }
}

#[test]
fn what_comes_to_an_agent_that_has_failed_comes_back() {
    let config = OperationsConfig {
        workload: vec![asked_from_west(20.0)],
        service: ServiceTime::Constant { ms: 20.0 },
        receipts: 1000,
        ..default()
    };
    let mut simulation = across(200.0, 3, config);
    simulation.run(59);
    simulation.intervene(Kill { select: Selector::Named("east".into()), duration_s: None });
    simulation.run(60);
    let operations = operations(&simulation);
    assert!(operations.conserves() && operations.servers().iter().all(|server| server.load() == 0));
    assert_eq!((operations.slab().len(), operations.tier(Default::default()).held), (0, 0));
    let ways: Vec<u64> = operations
        .book()
        .receipts()
        .filter(|receipt| receipt.failure == Failure::AgentFailed)
        .map(|receipt| (receipt.duration as f64 / f64::from(1 << 24) / 60.0 * 1e3).round() as u64)
        .collect();
    // Four were on their way to them, and were told when they came; the last ones had no agent to go to.
    assert!(ways.iter().filter(|ms| **ms == 400).count() >= 3, "{ways:?}");
}
