//! The known answers of stigmergy, run through the real plugin and schedule.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroups, spawn_scene_group};
use agent2028_core::metrics::Metrics;
use agent2028_core::simulation::Simulation;
use agent2028_pheromones::PheromonesPlugin;
use agent2028_pheromones::experiments::{Experiment, discovery, double_bridge};
use bevy::prelude::*;

fn start(experiment: &Experiment, seed: u64, threads: usize) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin {
        seed,
        tick_hz: experiment.tick_hz,
        world: experiment.world,
        threads: Some(threads),
        ..SimCorePlugin::default()
    })
    .add_plugins(PheromonesPlugin { config: experiment.pheromones.clone() });
    for group in &experiment.groups {
        let id = app.world_mut().resource_mut::<AgentGroups>().add(group.clone());
        spawn_scene_group(app.world_mut(), id).unwrap();
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap_or(f64::NAN)
}

/// Maps seeds over the cores.
fn per_seed<R: Send>(seeds: u64, run: impl Fn(u64) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let mut results: Vec<(u64, R)> = std::thread::scope(|scope| {
        let run = &run;
        let handles: Vec<_> = (0..cores)
            .map(|core| {
                scope.spawn(move || {
                    (core..seeds).step_by(cores as usize).map(|seed| (seed, run(seed))).collect::<Vec<_>>()
                })
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    results.sort_by_key(|(seed, _)| *seed);
    results.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn goss_1989_ants_take_the_short_branch_of_the_double_bridge() {
    let experiment = double_bridge();
    let shares = per_seed(50, |seed| {
        let mut simulation = start(&experiment, seed, 1);
        simulation.run(experiment.ticks);
        metric(&simulation, "pheromones.share.short")
    });
    let converged = shares.iter().filter(|share| **share >= 0.8).count();
    println!("{converged} {shares:?}");
    assert!(converged >= 45, "{converged} of 50 seeds: {shares:?}");
}

fn ticks_to_find_all(stigmergy: bool, seed: u64) -> u64 {
    let experiment = discovery(stigmergy);
    let mut simulation = start(&experiment, seed, 1);
    while metric(&simulation, "pheromones.found") != 200.0 && simulation.tick() < experiment.ticks {
        simulation.run(20);
    }
    simulation.tick()
}

#[test]
fn stigmergy_finds_the_resources_at_least_three_times_faster_in_the_median() {
    let median = |stigmergy: bool| {
        let mut ticks = per_seed(11, |seed| ticks_to_find_all(stigmergy, seed));
        ticks.sort_unstable();
        println!("{stigmergy} {ticks:?}");
        ticks[5]
    };
    let (with, without) = (median(true), median(false));
    assert!(without >= 3 * with, "with {with}, without {without} ticks");
}
