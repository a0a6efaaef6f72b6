//! What can be done to a running scene, and what is refused.

use agent2028_core::agent::AgentId;
use agent2028_core::faults::MoveAgents;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::parallel::Workers;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_pheromones::PheromonesConfig;
use agent2028_pheromones::config::{CorridorConfig, NestConfig, ResourceConfig, WallConfig};
use agent2028_pheromones::forager::Forager;
use agent2028_pheromones::interventions::*;
use agent2028_pheromones::site::Sites;
use bevy::prelude::*;

use crate::scene::{Scene, field, foragers, last_outcome, layer, place, scent};

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
    apply(&mut simulation, PaintPheromone { layer: "danger".into(), center, radius: 20.0, amount: 0.25, ..default() })
        .unwrap();
    assert_eq!((scent(&simulation, "food", center), scent(&simulation, "danger", center)), (0.5, 0.25));
    // π · 20² over cells of 25.
    let painted = cells(&simulation, "food");
    assert!((45..=57).contains(&painted), "{painted}");
    apply(&mut simulation, ErasePheromone { layer: Some("food".into()), center, radius: 8.0, ..default() }).unwrap();
    assert_eq!((scent(&simulation, "food", center), scent(&simulation, "danger", center)), (0.0, 0.25));
    assert!(cells(&simulation, "food") < painted && cells(&simulation, "food") > painted / 2);
    apply(&mut simulation, ErasePheromone { center, radius: 8.0, ..default() }).unwrap();
    assert_eq!(scent(&simulation, "danger", center), 0.0);
    apply(&mut simulation, ClearPheromone { layer: Some("food".into()) }).unwrap();
    assert_eq!(cells(&simulation, "food"), 0);
    assert!(cells(&simulation, "danger") > 0);
    apply(&mut simulation, ClearPheromone::default()).unwrap();
    assert_eq!(cells(&simulation, "danger"), 0);
}

#[test]
fn a_stroke_covers_its_way_once_and_wipes_it_too() {
    let mut simulation = still();
    let (center, path) = (Vec2::new(-60.0, 0.0), [(0.0, 0.0), (0.0, 60.0), (-5.0, 0.0)].map(Vec2::from).to_vec());
    let paint = PaintPheromone { center, path: path.clone(), radius: 10.0, amount: 0.25, ..default() };
    apply(&mut simulation, paint).unwrap();
    for at in [center, Vec2::new(-30.0, 5.0), Vec2::ZERO, Vec2::new(0.0, 40.0)] {
        assert_eq!(scent(&simulation, "food", at), 0.25, "{at}");
    }
    assert_eq!(scent(&simulation, "food", Vec2::new(-30.0, 15.0)), 0.0);
    apply(&mut simulation, ErasePheromone { center, path, radius: 12.0, ..default() }).unwrap();
    assert_eq!(cells(&simulation, "food"), 0);
    let path = vec![Vec2::new(1e9, 0.0)];
    let outcome = apply(&mut simulation, PaintPheromone { path, ..default() }).unwrap_err();
    assert!(outcome.contains("path"), "{outcome}");
}

#[test]
fn a_stroke_in_parts_is_painted_once_and_undone_as_one() {
    use agent2028_core::intervention::Intervention as _;
    let ways = [Vec2::new(-60.0, 0.0), Vec2::new(-20.0, 0.0), Vec2::new(20.0, 0.0)];
    let part = |leg: &[Vec2], continued| PaintPheromone {
        center: leg[0],
        path: leg[1..].to_vec(),
        radius: 10.0,
        amount: 0.25,
        continued,
        ..default()
    };
    let mut whole = still();
    apply(&mut whole, part(&ways, false)).unwrap();
    let mut parts = still();
    let (first, second) = (part(&ways[..2], false), part(&ways[1..], true));
    assert!(second.continues(&first) && !first.continues(&second) && !part(&ways, true).continues(&first));
    apply(&mut parts, first).unwrap();
    apply(&mut parts, second).unwrap();
    assert_eq!(cells(&whole, "food"), cells(&parts, "food"));
    for step in 0..=80 {
        let at = Vec2::new(-60.0 + step as f32, 4.0);
        assert_eq!(scent(&parts, "food", at), 0.25, "{at}");
    }
}

#[test]
fn nests_resources_and_walls_are_moved_and_taken_away() {
    let mut simulation = still();
    let sites = |simulation: &Simulation| simulation.world().resource::<Sites>().clone();
    let to = Vec2::new(12.0, -7.0);
    apply(&mut simulation, MoveResource { index: 0, to }).unwrap();
    apply(&mut simulation, MoveNest { index: 0, to: -to }).unwrap();
    assert_eq!((sites(&simulation).sources[0].position, sites(&simulation).nests[0].position), (to, -to));
    let only = apply(&mut simulation, RemoveNest { index: 0 }).unwrap_err();
    assert!(only.contains("the only nest"), "{only}");
    let nest = NestConfig { name: "outpost".into(), position: Vec2::new(-50.0, 0.0), radius: 6.0 };
    apply(&mut simulation, AddNest { nest }).unwrap();
    let outcome = apply(&mut simulation, RemoveNest { index: 0 }).unwrap();
    assert!(outcome.contains("foragers moved"), "{outcome}");
    assert_eq!(sites(&simulation).nests[0].name, "outpost");
    let mut foragers = simulation.world().try_query::<&Forager>().unwrap();
    assert!(foragers.iter(simulation.world()).all(|forager| forager.nest == 0));
    apply(&mut simulation, RemoveResource { index: 0 }).unwrap();
    assert!(sites(&simulation).sources.is_empty());

    let walls = |simulation: &Simulation| simulation.world().resource::<PheromonesConfig>().walls.clone();
    let wall = WallConfig { points: vec![Vec2::ZERO, Vec2::new(30.0, 0.0)], closed: false };
    let before = walls(&simulation).len() as u32;
    apply(&mut simulation, AddWall { wall }).unwrap();
    apply(&mut simulation, MoveWall { index: before, by: Vec2::new(0.0, 5.0) }).unwrap();
    assert_eq!(walls(&simulation)[before as usize].points, [Vec2::new(0.0, 5.0), Vec2::new(30.0, 5.0)]);
    apply(&mut simulation, RemoveWall { index: before }).unwrap();
    assert_eq!(walls(&simulation).len() as u32, before);
    for refused in [
        AnyIntervention::new(RemoveResource { index: 0 }),
        MoveResource { index: 3, to }.into(),
        MoveNest { index: 1, to }.into(),
        MoveNest { index: 0, to: Vec2::NAN }.into(),
        RemoveNest { index: 9 }.into(),
        MoveWall { index: 9, by: to }.into(),
        RemoveWall { index: 9 }.into(),
        AddWall::default().into(),
    ] {
        apply(&mut simulation, refused).unwrap_err();
    }
}

/// All that the pointer's tools do to a scene of foragers.
fn edit(simulation: &mut Simulation) {
    let by = Vec2::new(40.0, 10.0);
    let path = vec![Vec2::new(30.0, 30.0), Vec2::new(60.0, 0.0)];
    simulation.intervene(PaintPheromone { path: path.clone(), radius: 9.0, ..default() });
    simulation.intervene(AddNest { nest: NestConfig { position: -by, ..default() } });
    simulation.intervene(MoveAgents { select: Selector::Count(20), by });
    simulation.run(5);
    let wall = WallConfig { points: vec![Vec2::new(20.0, -40.0), Vec2::new(20.0, 40.0)], closed: false };
    simulation.intervene(AddWall { wall });
    simulation.intervene(MoveResource { index: 0, to: by * 1.5 });
    simulation.intervene(RemoveNest { index: 0 });
    simulation.run(5);
    simulation.intervene(MoveWall { index: 0, by });
    simulation.intervene(ErasePheromone { path, radius: 9.0, ..default() });
}

#[test]
fn edits_by_hand_give_the_same_bits_on_all_threads_and_from_a_checkpoint() {
    let hashes = [1, 3].map(|threads| {
        let scene = Scene { threads, ..Scene::ants() };
        let mut simulation = scene.start();
        simulation.run(40);
        edit(&mut simulation);
        // What waits is part of the checkpoint.
        let saved = simulation.checkpoint();
        simulation.run(40);
        let mut resumed = scene.start();
        resumed.restore(&saved).unwrap();
        resumed.run(40);
        assert_eq!(simulation.state_hash(), resumed.state_hash());
        simulation.state_hash()
    });
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn foragers_that_are_moved_off_their_corridor_go_on_along_the_nearest() {
    let mut scene = Scene::ants();
    scene.foraging().confined = true;
    scene.pheromones.corridors = [0.0, 50.0]
        .map(|y| CorridorConfig { points: vec![Vec2::new(-80.0, y), Vec2::new(80.0, y)], ..default() })
        .to_vec();
    let mut simulation = scene.start();
    simulation.run(5);
    let select = Selector::IdRange { first: AgentId(0), last: AgentId(9) };
    apply(&mut simulation, MoveAgents { select, by: Vec2::new(0.0, 44.0) }).unwrap();
    simulation.run(5);
    for (agent, at, _) in foragers(&mut simulation) {
        assert!((at.y - if agent.0 < 10 { 50.0 } else { 0.0 }).abs() < 1e-3, "{agent} at {at}");
    }
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
