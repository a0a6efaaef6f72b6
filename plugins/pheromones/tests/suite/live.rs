//! The section is changed while foragers are out.

use agent2028_core::params::set_live;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::simulation::Simulation;
use agent2028_pheromones::PheromonesConfig;
use agent2028_pheromones::config::{CorridorConfig, ForagingConfig, ReinforceConfig};
use bevy::prelude::*;

use crate::scene::{Scene, foragers, group, metric};

fn set(simulation: &mut Simulation, path: &str, value: &str) -> Result<(), String> {
    let outcome = set_live(simulation.world_mut(), path, &ParamValue::parse(value));
    outcome.map_err(|error| format!("{}; {}", error.message, error.help))
}

#[test]
fn layers_and_foraging_follow_their_sliders() {
    let mut scene = Scene::ants();
    scene.pheromones.resources[0].amount = 1e6;
    let mut simulation = scene.start();
    simulation.run(800);
    assert!(metric(&simulation, "pheromones.mass.food") > 1.0);
    set(&mut simulation, "pheromones.layers[0].decay_per_s", "2000").unwrap();
    set(&mut simulation, "pheromones.foraging[0].speed", "0").unwrap();
    simulation.run(2);
    let places: Vec<Vec2> = foragers(&mut simulation).iter().map(|(_, at, _)| *at).collect();
    simulation.run(10);
    assert_eq!(metric(&simulation, "pheromones.tiles.food"), 0.0);
    assert!(foragers(&mut simulation).iter().zip(places).all(|((_, at, _), before)| *at == before));
}

#[test]
fn wrong_values_are_refused_with_the_range_and_leave_the_section_as_it_was() {
    let mut simulation = Scene::ants().start();
    let before = simulation.world().resource::<PheromonesConfig>().clone();
    for (path, value, words) in [
        ("pheromones.layers[0].diffusion_rate", "0.6", "0 to 0.5"),
        ("pheromones.layers[0].threshold", "2", "maximum"),
        ("pheromones.cell_size", "0", "0.001"),
        ("pheromones.foraging[0].trail", "fod", "did you mean \"food\"?"),
        ("pheromones.foraging[0].nest", "Some(\"hive\")", "valid: nest"),
        ("pheromones.foraging[0].capacity", "-1", "0.000001"),
        ("pheromones.resources[0].position", "(1, NaN)", ""),
        ("pheromones.recent_s", "inf", ""),
    ] {
        let outcome = set(&mut simulation, path, value).unwrap_err();
        assert!(outcome.contains(words), "{path} = {value}: {outcome}");
    }
    assert_eq!(*simulation.world().resource::<PheromonesConfig>(), before);
}

#[test]
fn a_group_that_begins_to_forage_forages() {
    let mut scene = Scene::ants();
    scene.groups.push(group("bee", 30));
    let mut simulation = scene.start();
    simulation.run(5);
    assert_eq!(foragers(&mut simulation).len(), 40);
    let mut config = simulation.world().resource::<PheromonesConfig>().clone();
    // The bees come first now: the ants keep their own settings.
    config.foraging.insert(0, ForagingConfig { agents: "bee".into(), speed: 50.0, ..default() });
    config.foraging[1].reinforce = Some(ReinforceConfig::default());
    simulation.world_mut().insert_resource(config);
    simulation.run(1000);
    let groups: Vec<u16> = foragers(&mut simulation).iter().map(|(.., forager)| forager.group).collect();
    assert_eq!(groups, [vec![1; 40], vec![0; 30]].concat());
    assert!(metric(&simulation, "pheromones.trips") > 5.0);
    assert!(metric(&simulation, "pheromones.mass.success") > 0.0);
}

#[test]
fn foragers_that_are_confined_stay_on_corridors_that_move_and_walk_freely_when_let_out() {
    let mut scene = Scene::ants();
    scene.foraging().confined = true;
    let path = |y: f32| CorridorConfig {
        name: "way".into(),
        points: vec![Vec2::ZERO, Vec2::new(35.0, y), Vec2::new(70.0, 0.0)],
    };
    scene.pheromones.corridors = vec![path(0.0)];
    let mut simulation = scene.start();
    simulation.run(300);
    assert!(foragers(&mut simulation).iter().all(|(_, at, _)| at.y.abs() < 1e-3));
    assert!(metric(&simulation, "pheromones.trips") > 5.0);
    let mut config = simulation.world().resource::<PheromonesConfig>().clone();
    config.corridors = vec![path(20.0)];
    simulation.world_mut().insert_resource(config);
    simulation.run(1);
    let on_path = |at: Vec2| (at.y - (35.0 - (at.x - 35.0).abs()) * 20.0 / 35.0).abs() < 1e-2;
    for _ in 0..20 {
        simulation.run(10);
        assert!(foragers(&mut simulation).iter().all(|(_, at, _)| on_path(*at)));
    }
    set(&mut simulation, "pheromones.foraging[0].confined", "false").unwrap();
    simulation.run(100);
    assert!(!foragers(&mut simulation).iter().all(|(_, at, _)| on_path(*at)));
    set(&mut simulation, "pheromones.foraging[0].confined", "true").unwrap();
    simulation.run(50);
    assert!(foragers(&mut simulation).iter().all(|(_, at, _)| on_path(*at)));
}
