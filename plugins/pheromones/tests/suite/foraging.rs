//! Exploring, following, carrying and returning; nests, resources that deplete, and marks.

use agent2028_core::agent::{AgentGroup, AgentId, Placement};
use agent2028_core::faults::Kill;
use agent2028_core::parallel::Workers;
use agent2028_core::selector::Selector;
use agent2028_core::space::Edge;
use agent2028_pheromones::config::{
    AlarmConfig, EmitterConfig, FollowConfig, ForagingConfig, Homing, LayerConfig, NestConfig, PheromonesConfig,
    ReinforceConfig, ResourceConfig, Respawn, Steering, WallConfig,
};
use agent2028_pheromones::forager::Activity;
use agent2028_pheromones::interventions::PaintPheromone;
use agent2028_pheromones::site::Sites;
use agent2028_pheromones::{RESOURCE_AVAILABLE, RESOURCE_EXHAUSTED, RESOURCE_FOUND};
use bevy::prelude::*;

use crate::scene::{Scene, events, field, foragers, group, layer, metric, place, scent};

#[test]
fn foragers_rest_explore_follow_carry_and_return() {
    let mut scene = Scene::ants();
    scene.foraging().patience_s = 15.0;
    scene.foraging().rest_s = 2.0;
    let mut simulation = scene.start();
    let mut seen = Vec::new();
    for _ in 0..1200 {
        simulation.run(1);
        for (_, _, forager) in foragers(&mut simulation) {
            if !seen.contains(&forager.activity) {
                seen.push(forager.activity);
            }
        }
    }
    for activity in [Activity::Rest, Activity::Explore, Activity::Follow, Activity::Carry, Activity::Return] {
        assert!(seen.contains(&activity), "{activity:?} is missing in {seen:?}");
    }
}

#[test]
fn a_resource_depletes_by_what_is_carried_home_and_events_tell() {
    for steering in [Steering::Antennae, Steering::Gradient] {
        let mut scene = Scene::ants();
        scene.foraging().steering = steering;
        scene.foraging().capacity = 1.5;
        scene.pheromones.resources[0].amount = 25.0;
        let mut simulation = scene.start();
        for _ in 0..120 {
            simulation.run(20);
            let carried: f32 = foragers(&mut simulation).iter().map(|(.., forager)| forager.carried).sum();
            let all = metric(&simulation, "pheromones.left")
                + f64::from(carried)
                + metric(&simulation, "pheromones.delivered");
            assert!((all - 25.0).abs() < 1e-3, "{all} units of 25");
        }
        assert_eq!(metric(&simulation, "pheromones.left"), 0.0);
        assert!((metric(&simulation, "pheromones.delivered") - 25.0).abs() < 1e-3, "{steering:?}");
        // Sixteen loads of 1.5 and one of 1.
        assert_eq!((metric(&simulation, "pheromones.pickups"), metric(&simulation, "pheromones.trips")), (17.0, 17.0));
        let told = [RESOURCE_FOUND, RESOURCE_EXHAUSTED, RESOURCE_AVAILABLE].map(|kind| events(&simulation, kind));
        assert_eq!(told, [1, 1, 0]);
        let nest = &simulation.world().resource::<Sites>().nests[0];
        assert!((nest.delivered - 25.0).abs() < 1e-3);
    }
}

#[test]
fn a_resource_that_grows_back_is_told_and_found_anew() {
    let mut scene = Scene::ants();
    scene.pheromones.resources[0] = ResourceConfig {
        amount: 3.0,
        respawn: Respawn::Elsewhere { seconds: 1.0 },
        ..scene.pheromones.resources[0].clone()
    };
    let mut simulation = scene.start();
    simulation.run(6000);
    let [found, exhausted, available] =
        [RESOURCE_FOUND, RESOURCE_EXHAUSTED, RESOURCE_AVAILABLE].map(|kind| events(&simulation, kind));
    assert!(available > 1 && exhausted >= available && found >= exhausted, "{found} {exhausted} {available}");
    assert_eq!(metric(&simulation, "pheromones.found"), found as f64);
}

#[test]
fn a_trail_joins_nest_and_resource_and_without_stigmergy_nothing_is_marked() {
    for stigmergy in [true, false] {
        let mut scene = Scene::ants();
        scene.foraging().stigmergy = stigmergy;
        scene.pheromones.resources[0].amount = 1e6;
        let mut simulation = scene.start();
        simulation.run(1500);
        assert!(metric(&simulation, "pheromones.trips") > 5.0);
        let middle = scent(&simulation, "food", Vec2::new(35.0, 0.0));
        if stigmergy {
            assert!(middle > 0.1, "{middle}");
        } else {
            assert_eq!((middle, metric(&simulation, "pheromones.mass.food")), (0.0, 0.0));
        }
    }
}

#[test]
fn success_reinforces_the_whole_way_and_only_success_does() {
    let mut scene = Scene::ants();
    scene.foraging().reinforce = Some(ReinforceConfig { amount: 0.3, ..default() });
    scene.foraging().mark_per_s = 0.0;
    scene.foraging().patience_s = 10.0;
    scene.pheromones.resources[0].amount = 1.0;
    let mut simulation = scene.start();
    while metric(&simulation, "pheromones.trips") != 1.0 {
        assert!(metric(&simulation, "pheromones.mass.success").max(0.0) == 0.0, "nobody has come home with a load yet");
        simulation.run(1);
        assert!(simulation.tick() < 4000);
    }
    // The one way that led to the load is marked from end to end; those who came home empty-handed left nothing.
    let success = field(&simulation).layer(layer(&simulation, "success")).unwrap();
    let marked = |point: Vec2| success.find_nearest(point, 0.2, 25.0).is_some();
    assert!(marked(Vec2::ZERO) && marked(Vec2::new(70.0, 0.0)) && marked(Vec2::new(35.0, 0.0)));
    let before = success.mass(&Workers::new(1));
    simulation.run(1);
    assert!(metric(&simulation, "pheromones.mass.success") < before + 1e-6);
}

#[test]
fn a_forager_that_fails_marks_the_place_once() {
    let mut scene = Scene::ants();
    scene.foraging().alarm = Some(AlarmConfig { radius: 15.0, ..default() });
    scene.pheromones.layers[1].decay_per_s = 0.0;
    scene.pheromones.layers[1].diffusion_rate = 0.0;
    let mut simulation = scene.start();
    simulation.run(1);
    place(&mut simulation, 7, Vec2::new(-100.0, 60.0));
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(7)]), duration_s: None });
    simulation.run(1);
    assert_eq!(scent(&simulation, "danger", Vec2::new(-100.0, 60.0)), 1.0);
    assert_eq!(scent(&simulation, "danger", Vec2::new(-100.0, 80.0)), 0.0);
    let mass = metric(&simulation, "pheromones.mass.danger");
    simulation.run(10);
    let layer = field(&simulation).layer(layer(&simulation, "danger")).unwrap();
    assert_eq!(layer.losses().saturated, 0.0, "it is not marked again and again");
    assert!(mass.is_nan() || mass > 0.0);
}

#[test]
fn danger_keeps_foragers_away() {
    let agent_ticks_in_danger = |weight: f32| {
        let mut scene = Scene::ants();
        scene.pheromones.resources.clear();
        scene.pheromones.layers[1] =
            LayerConfig { decay_per_s: 0.0, diffusion_rate: 0.0, ..scene.pheromones.layers[1].clone() };
        scene.foraging().follow = vec![FollowConfig { layer: "danger".into(), weight }];
        let mut simulation = scene.start();
        let center = Vec2::new(60.0, 0.0);
        simulation.intervene(PaintPheromone { layer: "danger".into(), center, radius: 40.0, amount: 1.0, ..default() });
        let mut inside = 0;
        for _ in 0..60 {
            simulation.run(10);
            inside += foragers(&mut simulation).iter().filter(|(_, at, _)| at.distance(center) < 35.0).count();
        }
        inside
    };
    let (heeded, ignored) = (agent_ticks_in_danger(-2.0), agent_ticks_in_danger(0.0));
    assert!(ignored > 50 && heeded * 4 < ignored, "{heeded} against {ignored}");
}

#[test]
fn home_is_found_by_scent_if_there_is_no_compass() {
    let mut scene = Scene::ants();
    scene.pheromones.layers.push(LayerConfig {
        name: "home".into(),
        decay_per_s: 0.0,
        diffusion_rate: 0.0,
        maximum: 100.0,
        ..default()
    });
    scene.foraging().homing = Homing::Trail("home".into());
    let mut simulation = scene.start();
    // A hill of scent around the nest.
    for radius in (1..=20).map(|ring| ring as f32 * 8.0) {
        simulation.intervene(PaintPheromone {
            layer: "home".into(),
            center: Vec2::ZERO,
            radius,
            amount: 1.0,
            ..default()
        });
    }
    simulation.run(2000);
    assert!(metric(&simulation, "pheromones.trips") > 5.0, "{}", metric(&simulation, "pheromones.trips"));
}

#[test]
fn nobody_gets_through_a_wall() {
    let mut scene = Scene::ants();
    let room = [(-40.0, -30.0), (40.0, -30.0), (40.0, 30.0), (-40.0, 30.0)].map(Vec2::from).to_vec();
    scene.pheromones.walls = vec![WallConfig { points: room, closed: true }];
    let mut simulation = scene.start();
    for _ in 0..150 {
        simulation.run(10);
        for (agent, at, _) in foragers(&mut simulation) {
            assert!(at.x.abs() < 40.0 && at.y.abs() < 30.0, "{agent} is at {at}");
        }
    }
    assert_eq!(metric(&simulation, "pheromones.pickups"), 0.0);
}

#[test]
fn foragers_stay_within_a_world_that_does_not_wrap() {
    for edge in [Edge::Bounce, Edge::Wrap] {
        let mut scene = Scene::ants();
        scene.world.edge = edge;
        scene.world.size = Vec2::splat(120.0);
        let mut simulation = scene.start();
        simulation.run(800);
        assert!(foragers(&mut simulation).iter().all(|(_, at, _)| at.abs().max_element() <= 60.0), "{edge:?}");
    }
}

#[test]
fn sites_smaller_than_a_step_are_hit_nevertheless() {
    let mut scene = Scene::ants();
    scene.tick_hz = 2.0;
    scene.pheromones.resources[0] =
        ResourceConfig { position: Vec2::new(40.0, 0.0), radius: 0.0, amount: 10.0, ..default() };
    scene.pheromones.nests[0].radius = 0.0;
    let mut simulation = scene.start();
    simulation.run(3000);
    assert!(metric(&simulation, "pheromones.trips") > 5.0, "{}", metric(&simulation, "pheromones.trips"));
}

#[test]
fn emitters_leave_their_rate_wherever_they_go() {
    let rock = AgentGroup {
        name: "rock".into(),
        count: 3,
        spawn: Placement::Points(vec![Vec2::new(10.0, 10.0), Vec2::new(-90.0, 0.0), Vec2::new(0.0, 120.0)]),
        ..default()
    };
    let config = PheromonesConfig {
        layers: vec![LayerConfig {
            name: "smoke".into(),
            decay_per_s: 0.0,
            maximum: 100.0,
            threshold: 0.0,
            ..default()
        }],
        emitters: vec![EmitterConfig { agents: "rock".into(), layer: "smoke".into(), per_s: 0.5 }],
        ..default()
    };
    let mut simulation = Scene::new(vec![rock], config).start();
    simulation.run(100);
    // Three rocks, half a unit per second each, five seconds.
    assert!((metric(&simulation, "pheromones.mass.smoke") - 7.5).abs() < 1e-4);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(1)]), duration_s: None });
    simulation.run(100);
    assert!((metric(&simulation, "pheromones.mass.smoke") - 12.5).abs() < 1e-4, "the failed one emits nothing");
}

#[test]
fn every_metric_says_what_field_and_sites_hold() {
    let mut scene = Scene::ants();
    scene.pheromones.resources[0].amount = 2000.0;
    let mut simulation = scene.start();
    simulation.run(1000);
    let grid = *field(&simulation).grid();
    let (workers, food) = (Workers::new(1), field(&simulation).layer(layer(&simulation, "food")).unwrap());
    for (name, wanted) in [
        ("mass.food", food.mass(&workers)),
        ("active_cells.food", food.active_cells(&workers) as f64),
        ("coverage.food", food.active_cells(&workers) as f64 / grid.cells() as f64),
        ("tiles.food", food.active_tiles() as f64),
        ("dropped.food", food.losses().dropped),
        ("saturated.food", food.losses().saturated),
        ("absorbed.food", 0.0),
        ("mass.danger", 0.0),
        ("found", 1.0),
    ] {
        assert_eq!(metric(&simulation, &format!("pheromones.{name}")), wanted, "{name}");
    }
    let by_hand = (0..grid.rows)
        .flat_map(|row| (0..grid.columns).map(move |column| agent2028_pheromones::field::Cell::new(column, row)))
        .filter(|cell| food.read(*cell) >= 0.01)
        .count();
    assert_eq!(metric(&simulation, "pheromones.active_cells.food"), by_hand as f64);
    let (left, share) = (metric(&simulation, "pheromones.left"), metric(&simulation, "pheromones.left_share"));
    assert!(left > 0.0 && left < 2000.0 && (share - left / 2000.0).abs() < 1e-9);
    // Rim to rim it is 48 units one way: no trip is shorter, and none of them takes the shortest way exactly.
    let (length, detour) = (metric(&simulation, "pheromones.trip_length"), metric(&simulation, "pheromones.detour"));
    assert!(length > 96.0 - 12.0 && detour > 0.9 && (length / detour - 96.0).abs() < 1.0, "{length} {detour}");
}

#[test]
fn the_state_hash_is_the_same_at_any_thread_count() {
    let hashes = [1, 2, 4].map(|threads| {
        let mut scene = Scene { threads, ..Scene::ants() };
        scene.groups = vec![group("ant", 700)];
        scene.foraging().reinforce = Some(ReinforceConfig::default());
        let mut simulation = scene.start();
        simulation.run(200);
        simulation.state_hash()
    });
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes[0], hashes[2]);
}

#[test]
fn foragers_keep_to_the_nest_that_they_are_told_or_the_nearest() {
    let mut scene = Scene::ants();
    scene.groups.push(AgentGroup { spawn: Placement::Points(vec![Vec2::new(90.0, 90.0)]), ..group("bee", 5) });
    scene.pheromones.nests.push(NestConfig { name: "hive".into(), position: Vec2::new(100.0, 100.0), ..default() });
    scene.pheromones.foraging[0].nest = Some("hive".into());
    scene.pheromones.foraging.push(ForagingConfig { agents: "bee".into(), ..default() });
    let mut simulation = scene.start();
    assert!(foragers(&mut simulation).iter().all(|(.., forager)| forager.nest == 1));
    scene.pheromones.foraging[0].nest = None;
    let mut simulation = scene.start();
    let nests: Vec<u32> = foragers(&mut simulation).iter().map(|(.., forager)| forager.nest).collect();
    assert_eq!(nests, [vec![0; 40], vec![1; 5]].concat());
}
