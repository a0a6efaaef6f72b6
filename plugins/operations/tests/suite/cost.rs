//! What operations cost, counted and not timed.

use agent2028_core::agent::AgentGroup;
use agent2028_operations::OperationsConfig;
use agent2028_operations::config::{Constant, ServiceTime, Workload};
use bevy::prelude::*;

use crate::scene::{Scene, group, operations};

/// How many places of indices are looked at for an operation, with so many workloads that each ask one group of agents for a
/// capability of its own.
fn looked_per_operation(workloads: u32) -> f64 {
    let capability = |number: u32| format!("work.c{number}");
    let groups = (0..workloads).map(|number| AgentGroup {
        name: format!("g{number}"),
        capabilities: vec![capability(number)],
        ..group("", 1, 2)
    });
    let asks = (0..workloads).map(|number| {
        Workload::Constant(Constant {
            name: format!("w{number}"),
            capability: capability(number),
            per_second: 7.0,
            ..default()
        })
    });
    let config =
        OperationsConfig { workload: asks.collect(), service: ServiceTime::Constant { ms: 30.0 }, ..default() };
    let mut simulation = Scene::new(groups.collect(), config).start();
    simulation.run(5);
    let of = |operations: &agent2028_operations::Operations| (operations.looked(), operations.tally().total.requested);
    let before = of(operations(&simulation));
    simulation.run(60);
    let after = of(operations(&simulation));
    assert!(after.1 - before.1 > 6 * u64::from(workloads));
    (after.0 - before.0) as f64 / (after.1 - before.1) as f64
}

#[test]
fn an_operation_costs_the_same_with_many_workloads() {
    let [few, many] = [80, 320].map(looked_per_operation);
    // Four times as many are two levels more of a tree.
    assert!(many <= few + 4.0, "{few} places for an operation of 80 workloads, {many} of 320");
}
