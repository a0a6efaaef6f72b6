//! What queueing theory and balls in bins say must come out.

use agent2028_core::simulation::Simulation;
use agent2028_operations::config::{Constant, QueueConfig, ServiceTime, WhenFull, Workload};
use agent2028_operations::server::Server;
use agent2028_operations::{OperationsConfig, Strategy};
use bevy::prelude::*;

use crate::scene::{Bare, QUERY, Scene, group, metric, operations, poisson};

/// The mean number in the system of an M/M/1 queue of this utilisation, over a million operations. A service takes 100 ticks
/// on average.
fn mean_number_in_system(utilisation: f64, seed: u64) -> f64 {
    let tick_hz = 1000.0;
    let config = OperationsConfig {
        workload: vec![poisson(utilisation * 10.0)],
        service: ServiceTime::Exponential { mean_ms: 100.0 },
        queue: QueueConfig { capacity: 1_000_000, when_full: WhenFull::Reject },
        receipts: 0,
        ..default()
    };
    let mut queue = Bare::new(config, [Server::default()], seed, tick_hz);
    queue.run_until(|operations| operations.tally().total.completed >= 1_000_000);
    let (areas, _) = queue.operations.areas();
    assert_eq!(queue.operations.tally().total.rejected, 0);
    let busy = areas.mean(areas.executing);
    assert!((busy / utilisation - 1.0).abs() < 0.01, "utilisation {busy}");
    areas.mean(areas.in_system)
}

#[test]
fn an_mm1_queue_at_half_load_holds_one() {
    let number = mean_number_in_system(0.5, 1);
    assert!((number - 1.0).abs() < 0.03, "{number}");
}

#[test]
fn an_mm1_queue_at_four_fifths_load_holds_four() {
    let number = mean_number_in_system(0.8, 1);
    assert!((number / 4.0 - 1.0).abs() < 0.03, "{number}");
}

/// The most operations at one of `agents` idle agents after as many operations, none of which ends.
fn fullest(strategy: Strategy, agents: u32, seed: u64) -> u32 {
    let asked = Constant { capability: QUERY.into(), per_second: f64::from(agents), ..default() };
    let config = OperationsConfig {
        strategy,
        workload: vec![Workload::Constant(asked)],
        service: ServiceTime::Constant { ms: 1e9 },
        queue: QueueConfig { capacity: 1000, when_full: WhenFull::Reject },
        ..default()
    };
    let mut bins = Bare::new(config, (0..agents).map(|_| Server::default()), seed, 100.0);
    bins.run_until(|operations| operations.tally().total.requested >= u64::from(agents));
    let requested = bins.operations.tally().total.requested;
    assert_eq!(requested, u64::from(agents));
    bins.operations.servers().iter().map(Server::load).max().unwrap()
}

fn median(mut values: Vec<u32>) -> u32 {
    values.sort_unstable();
    values[values.len() / 2]
}

#[test]
fn balls_in_bins_the_fullest_of_ten_thousand_holds_six_to_eight_by_chance_and_three_by_two_choices() {
    let of = |strategy| median((0..100).map(|seed| fullest(strategy, 10_000, seed)).collect());
    let (random, two) = (of(Strategy::Random), of(Strategy::PowerOfTwoChoices));
    assert!((6..=8).contains(&random), "{random}");
    assert_eq!(two, 3);
}

#[test]
fn round_robin_spreads_within_one() {
    let config = OperationsConfig { strategy: Strategy::RoundRobin, workload: vec![poisson(777.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 13, 50)], config).start();
    for _ in 0..20 {
        simulation.run(37);
        let assigned: Vec<u32> = operations(&simulation).servers().iter().map(|server| server.assigned).collect();
        assert!(assigned.iter().max().unwrap() - assigned.iter().min().unwrap() <= 1, "{assigned:?}");
    }
}

fn little(simulation: &Simulation) -> (f64, f64) {
    let (areas, _) = operations(simulation).areas();
    let seconds = areas.time as f64 / (1 << 24) as f64 / 60.0;
    let rate = operations(simulation).tally().total.completed as f64 / seconds;
    (areas.mean(areas.in_system), rate)
}

/// L = λ·W (Little 1961), with W from the histogram's window at a steady load.
#[test]
fn the_number_in_the_system_is_the_rate_times_the_latency() {
    let config = OperationsConfig { window_s: 100.0, workload: vec![poisson(300.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 10, 1)], config).start();
    simulation.run(60 * 100);
    let (number, rate) = little(&simulation);
    let latency = metric(&simulation, "operations.latency_mean") / 1e3;
    assert!((number / (rate * latency) - 1.0).abs() < 0.03, "{number} {rate} {latency}");
}

/// A time that is always the same is told as it was written, to the microsecond, at whatever rate of ticks.
#[test]
fn constant_latencies_are_told_to_the_microsecond() {
    for (tick_hz, ms) in [(30.0, 0.5), (30.0, 162.0), (60.0, 20.0), (1000.0, 0.5), (59.94, 7.25)] {
        let service = ServiceTime::Constant { ms };
        let config = OperationsConfig { window_s: 5.0, workload: vec![poisson(50.0)], service, ..default() };
        let mut scene = Scene::new(vec![group("db", 100, 100)], config);
        scene.tick_hz = tick_hz;
        let mut simulation = scene.start();
        simulation.run((tick_hz * 10.0) as u64);
        for name in ["p50", "p99", "mean"] {
            let latency = metric(&simulation, &format!("operations.latency_{name}"));
            assert!((latency - f64::from(ms)).abs() < 1e-9, "{tick_hz} Hz, {ms} ms, {name}: {latency}");
        }
    }
}

/// Exponential latencies (no waiting) have the median ln 2 · mean and the 99th percentile ln 100 · mean.
#[test]
fn percentiles_of_exponential_latencies_are_theirs() {
    let config = OperationsConfig { window_s: 200.0, workload: vec![poisson(500.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 100, 100)], config).start();
    simulation.run(60 * 200);
    for (name, wanted) in [("p50", 13.863), ("p95", 59.915), ("p99", 92.103)] {
        let latency = metric(&simulation, &format!("operations.latency_{name}"));
        assert!((latency / wanted - 1.0).abs() < 0.03, "{name}: {latency}");
    }
}
