//! What can be done to a running scene, and what is refused.

use agent2028_core::agent::AgentId;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::parallel::Workers;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_pheromones::config::{NestConfig, ResourceConfig};
use agent2028_pheromones::interventions::*;
use agent2028_pheromones::site::Sites;
use bevy::prelude::*;

use crate::scene::{Scene, field, last_outcome, layer, place, scent};

/// Nobody moves, and nothing fades.
fn still() -> Simulation {
    let mut scene = Scene::ants();
    scene.foraging().speed = 0.0;
    for layer in &mut scene.pheromones.layers {
        layer.decay_per_s = 0.0;
        layer.diffusion_rate = 0.0;
    }
    scene.start()
}

fn apply(simulation: &mut Simulation, action: impl Into<AnyIntervention>) -> Result<String, String> {
    simulation.intervene(action);
    simulation.run(1);
    last_outcome(simulation)
}

fn cells(simulation: &Simulation, name: &str) -> u64 {
    field(simulation).layer(layer(simulation, name)).unwrap().active_cells(&Workers::new(1))
}

#[test]
fn pheromone_is_painted_erased_and_cleared() {
    let mut simulation = still();
    let center = Vec2::new(50.0, 50.0);
    apply(&mut simulation, PaintPheromone { center, radius: 20.0, amount: 0.5, ..default() }).unwrap();
    apply(&mut simulation, PaintPheromone { layer: "danger".into(), center, radius: 20.0, amount: 0.25 }).unwrap();
    assert_eq!((scent(&simulation, "food", center), scent(&simulation, "danger", center)), (0.5, 0.25));
    // π · 20² over cells of 25.
    let painted = cells(&simulation, "food");
    assert!((45..=57).contains(&painted), "{painted}");
    apply(&mut simulation, ErasePheromone { layer: Some("food".into()), center, radius: 8.0 }).unwrap();
    assert_eq!((scent(&simulation, "food", center), scent(&simulation, "danger", center)), (0.0, 0.25));
    assert!(cells(&simulation, "food") < painted && cells(&simulation, "food") > painted / 2);
    apply(&mut simulation, ErasePheromone { layer: None, center, radius: 8.0 }).unwrap();
    assert_eq!(scent(&simulation, "danger", center), 0.0);
    apply(&mut simulation, ClearPheromone { layer: Some("food".into()) }).unwrap();
    assert_eq!(cells(&simulation, "food"), 0);
    assert!(cells(&simulation, "danger") > 0);
    apply(&mut simulation, ClearPheromone::default()).unwrap();
    assert_eq!(cells(&simulation, "danger"), 0);
}

#[test]
fn resources_and_nests_are_brought_in() {
    let mut simulation = still();
    let resource = ResourceConfig { name: "crumb".into(), items: 7, spread: 10.0, amount: 2.0, ..default() };
    apply(&mut simulation, DropResource { resource }).unwrap();
    let nest = NestConfig { name: "outpost".into(), position: Vec2::new(-50.0, 0.0), radius: 6.0 };
    apply(&mut simulation, AddNest { nest }).unwrap();
    let sites = simulation.world().resource::<Sites>();
    assert_eq!((sites.sources.len(), sites.nests.len()), (8, 2));
    assert_eq!(sites.left(), 114.0);
    assert!(sites.sources[1..].iter().all(|source| source.position.distance(Vec2::new(100.0, 0.0)) <= 10.0));
}

#[test]
fn false_trails_are_laid_at_a_place_along_a_path_and_by_traitors_for_their_time() {
    let mut simulation = still();
    let spoof = |place| SpoofPheromone { place, strength: 1.0, radius: 5.0, duration_s: 0.5, ..default() };
    let path = vec![Vec2::new(-100.0, -100.0), Vec2::new(-50.0, -100.0), Vec2::new(-50.0, -60.0)];
    place(&mut simulation, 4, Vec2::new(120.0, -40.0));
    for place in [
        SpoofPlace::At(Vec2::new(80.0, 80.0)),
        SpoofPlace::Path(path),
        SpoofPlace::Agents(Selector::Ids(vec![AgentId(4)])),
    ] {
        simulation.intervene(spoof(place));
    }
    simulation.run(60);
    // Ten ticks of half a second at 20 Hz and the first one.
    for point in [Vec2::new(80.0, 80.0), Vec2::new(-75.0, -100.0), Vec2::new(-50.0, -75.0), Vec2::new(120.0, -40.0)] {
        let laid = scent(&simulation, "food", point);
        assert!((0.45..0.6).contains(&laid), "{laid} at {point}");
    }
    assert_eq!(scent(&simulation, "food", Vec2::new(-75.0, -80.0)), 0.0);
}

#[test]
fn what_makes_no_sense_is_refused_with_words_and_changes_nothing() {
    let mut simulation = still();
    simulation.run(1);
    let refused: Vec<(AnyIntervention, &str)> = vec![
        (PaintPheromone { layer: "fod".into(), ..default() }.into(), "did you mean \"food\"?"),
        (PaintPheromone { center: Vec2::new(f32::NAN, 0.0), ..default() }.into(), "center"),
        (PaintPheromone { radius: -1.0, ..default() }.into(), "radius"),
        (PaintPheromone { amount: f32::INFINITY, ..default() }.into(), "amount"),
        (ErasePheromone { radius: f32::NAN, ..default() }.into(), "radius"),
        (ClearPheromone { layer: Some("dangr".into()) }.into(), "did you mean \"danger\"?"),
        (DropResource { resource: ResourceConfig { amount: -2.0, ..default() } }.into(), "resource.amount"),
        (DropResource { resource: ResourceConfig { items: 0, ..default() } }.into(), "resource.items"),
        (AddNest { nest: NestConfig { radius: 1e30, ..default() } }.into(), "nest.radius"),
        (SpoofPheromone { duration_s: f32::NAN, ..default() }.into(), "duration_s"),
        (SpoofPheromone { place: SpoofPlace::Path(Vec::new()), ..default() }.into(), "a path needs points"),
        (SpoofPheromone { place: SpoofPlace::At(Vec2::splat(f32::INFINITY)), ..default() }.into(), "place"),
        (
            SpoofPheromone { place: SpoofPlace::Agents(Selector::Named("ants".into())), ..default() }.into(),
            "did you mean \"ant\"?",
        ),
    ];
    for (action, words) in refused {
        let text = format!("{action:?}");
        let outcome = apply(&mut simulation, action).unwrap_err();
        assert!(outcome.contains(words), "{text}: {outcome}");
    }
    assert_eq!(simulation.world().resource::<Sites>().sources.len(), 1);
    assert_eq!(field(&simulation).layers().map(|(.., layer)| layer.active_tiles()).sum::<usize>(), 0);
}

#[test]
fn a_brush_of_millions_of_cells_is_refused() {
    let mut scene = Scene::ants();
    scene.pheromones.cell_size = 0.01;
    let mut simulation = scene.start();
    let outcome = apply(&mut simulation, PaintPheromone { radius: 100.0, ..default() }).unwrap_err();
    assert!(outcome.contains("too many"), "{outcome}");
}
