//! Nothing panics, whatever a scene or a person does.

use agent2028_core::agent::{AgentIndex, Condition};
use agent2028_core::check::{Check, Problems};
use agent2028_core::faults::{Churn, Degrade, Freeze, Kill, Remove, Restart, Spawn};
use agent2028_core::quarantine::Quarantine;
use agent2028_core::ranges::set_nth_number;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_pheromones::PheromonesConfig;
use agent2028_pheromones::interventions::{ClearPheromone, DropResource, SpoofPheromone};
use agent2028_pheromones::stats::ForagingStats;
use bevy::prelude::*;

use crate::checkpoints::everything;
use crate::scene::{Scene, foragers};

fn problems(scene: &Scene, config: &PheromonesConfig) -> Vec<(String, String)> {
    let groups = scene.groups.iter().map(|group| group.name.clone()).collect();
    let mut problems = Problems::among(groups, Vec::new(), scene.world);
    config.check("pheromones", &mut problems);
    problems.into_list().into_iter().map(|problem| (problem.path, problem.help)).collect()
}

/// Calls `with` with the section in which one number is wrong, for every number in it.
fn for_every_number(scene: &Scene, number: f64, mut with: impl FnMut(usize, PheromonesConfig)) -> usize {
    let mut count = 0;
    loop {
        let mut config = scene.pheromones.clone();
        if !set_nth_number(&mut config, &mut { count }, number) {
            return count;
        }
        with(count, config);
        count += 1;
    }
}

#[test]
fn what_is_not_finite_is_a_problem_in_every_place() {
    let scene = everything();
    assert_eq!(problems(&scene, &scene.pheromones), []);
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let count = for_every_number(&scene, number, |nth, config| {
            // Whole numbers can't be infinite; they become the largest or the smallest there is, or 0.
            let text = format!("{config:?}");
            let whole = !["NaN", " inf", "(inf", "-inf"].iter().any(|odd| text.contains(odd));
            let found = problems(&scene, &config);
            assert!(whole || !found.is_empty(), "number {nth} is {number}");
            assert!(found.iter().all(|(path, help)| path.starts_with("pheromones.") && !help.is_empty()));
        });
        assert!(count > 120, "{count} numbers");
    }
}

#[test]
fn zero_negative_and_huge_numbers_are_problems_or_run() {
    let scene = everything();
    for number in [0.0, -1.0, -1e30, 1e-30, 1e30, 65_535.0] {
        let (mut refused, mut ran) = (0, 0);
        for_every_number(&scene, number, |nth, config| {
            let found = problems(&scene, &config);
            if !found.is_empty() {
                refused += 1;
                return;
            }
            ran += 1;
            let mut simulation = Scene { pheromones: config, ..scene.clone() }.start();
            simulation.run(3);
            assert_eq!(simulation.world().resource::<Quarantine>().count(), 0, "number {nth} is {number}");
        });
        assert!(refused + ran > 120);
    }
}

fn tumult(simulation: &mut Simulation, seed: u64, rounds: u64) {
    let dice = SimRng::new(seed);
    for round in 0..rounds {
        let mut stream = dice.global(Purpose::new("test.tumult"), round);
        let count = 1 + (stream.unit() * 25.0) as u32;
        let select = Selector::Count(count);
        let seconds = Some(stream.unit() * 3.0);
        match (stream.unit() * 11.0) as u32 {
            0 => simulation.intervene(Kill { select, duration_s: None }),
            1 => simulation.intervene(Kill { select, duration_s: seconds }),
            2 => simulation.intervene(Remove { select }),
            3 => simulation.intervene(Spawn { group: "ant".into(), count, at: None }),
            4 => simulation.intervene(Spawn { group: "mole".into(), count, at: None }),
            5 => simulation.intervene(Freeze { select, duration_s: seconds }),
            6 => simulation.intervene(Degrade { select, health: stream.unit(), duration_s: seconds, ..default() }),
            7 => simulation.intervene(Restart { select: Selector::All }),
            8 => simulation.intervene(SpoofPheromone { duration_s: 1.0, ..default() }),
            9 => simulation.intervene(Churn { select, per_second: 0.5, downtime_s: 0.5, duration_s: seconds }),
            _ => simulation.intervene(DropResource::default()),
        };
        if round % 40 == 39 {
            simulation.intervene(ClearPheromone::default());
        }
        simulation.run(4);
    }
}

#[test]
fn agents_come_go_fail_and_freeze_while_they_carry() {
    let scene = everything();
    let mut simulation = scene.start();
    tumult(&mut simulation, 1, 250);
    assert_eq!(simulation.world().resource::<Quarantine>().count(), 0);
    let all = foragers(&mut simulation);
    assert!(all.iter().all(|(_, at, _)| at.is_finite() && at.abs().max_element() <= 200.0));
    // Whatever happened, nothing was brought home that was not picked up.
    let stats = simulation.world().resource::<ForagingStats>().clone();
    assert!(stats.trips <= stats.pickups && stats.trips > 0, "{stats:?}");

    simulation.intervene(Remove { select: Selector::All });
    simulation.run(20);
    assert!(simulation.world().resource::<AgentIndex>().is_empty());
    simulation.intervene(Spawn { group: "ant".into(), count: 20, at: None });
    simulation.run(20);
    assert_eq!(foragers(&mut simulation).len(), 20);
}

#[test]
fn tumult_has_the_same_hash_at_any_thread_count() {
    let hashes = [1, 3].map(|threads| {
        let mut simulation = Scene { threads, ..everything() }.start();
        tumult(&mut simulation, 2, 60);
        simulation.state_hash()
    });
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn a_forager_that_fails_with_a_load_keeps_it_and_brings_it_home_when_it_is_back() {
    let mut simulation = Scene::ants().start();
    let carrier = loop {
        simulation.run(1);
        assert!(simulation.tick() < 2000);
        if let Some((agent, ..)) = foragers(&mut simulation).iter().find(|(.., forager)| forager.carried > 0.0) {
            break *agent;
        }
    };
    simulation.intervene(Kill { select: Selector::Ids(vec![carrier]), duration_s: None });
    simulation.run(100);
    let (_, place, forager) = foragers(&mut simulation)[carrier.index()].clone();
    assert_eq!(forager.carried, 1.0);
    simulation.intervene(Restart { select: Selector::Ids(vec![carrier]) });
    simulation.run(200);
    let (_, now, forager) = foragers(&mut simulation)[carrier.index()].clone();
    assert!(now != place && forager.walked < 400.0);
    let entity = simulation.world().resource::<AgentIndex>().get(carrier).unwrap();
    assert!(Condition::acts(simulation.world().get::<Condition>(entity)));
    assert!(simulation.world().resource::<ForagingStats>().trips > 0);
}
