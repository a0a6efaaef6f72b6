//! Going on from a checkpoint gives what going on without one gives.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Freeze, Kill, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::Edge;
use agent2028_pheromones::config::{
    AlarmConfig, CorridorConfig, CounterConfig, EmitterConfig, ForagingConfig, Homing, LayerConfig, NestConfig,
    ReinforceConfig, ResourceConfig, Respawn, WallConfig,
};
use agent2028_pheromones::field::{DecayRule, FieldEdge, Stencil};
use agent2028_pheromones::interventions::SpoofPheromone;
use bevy::prelude::*;

use crate::scene::{Scene, group, metric};

/// Every kind of layer, site and forager at once.
pub fn everything() -> Scene {
    let mut scene = Scene::ants();
    scene.world.edge = Edge::Bounce;
    scene.groups = vec![group("ant", 60), group("bee", 30), group("mole", 20), group("smoker", 4)];
    let config = &mut scene.pheromones;
    let layer = |name: &str| LayerConfig { name: name.into(), ..default() };
    config.layers = vec![
        LayerConfig { provenance: true, decay_per_s: 0.3, ..layer("food") },
        LayerConfig { stencil: Stencil::NinePoint, edge: Some(FieldEdge::Absorb), ..layer("danger") },
        LayerConfig { rule: DecayRule::Classic, decay_per_s: 0.01, maximum: 5.0, ..layer("success") },
        LayerConfig { half_life_s: Some(30.0), threshold: 0.0, ..layer("home") },
    ];
    config.emitters = vec![EmitterConfig { agents: "smoker".into(), layer: "home".into(), per_s: 0.7 }];
    config.nests.push(NestConfig { name: "burrow".into(), position: Vec2::new(-120.0, -120.0), radius: 5.0 });
    config.resources = vec![
        ResourceConfig {
            position: Vec2::new(60.0, 0.0),
            amount: 9.0,
            respawn: Respawn::After { seconds: 2.0 },
            ..default()
        },
        ResourceConfig {
            position: Vec2::new(0.0, 60.0),
            amount: 2.0,
            items: 12,
            spread: 20.0,
            respawn: Respawn::Elsewhere { seconds: 1.0 },
            ..default()
        },
        ResourceConfig { position: Vec2::new(-60.0, -120.0), amount: 1e4, ..default() },
    ];
    config.walls = vec![WallConfig {
        points: vec![Vec2::new(30.0, -40.0), Vec2::new(30.0, 20.0), Vec2::new(0.0, 30.0)],
        closed: false,
    }];
    config.corridors = vec![
        CorridorConfig { name: "short".into(), points: vec![Vec2::new(-120.0, -120.0), Vec2::new(-60.0, -120.0)] },
        CorridorConfig {
            name: "long".into(),
            points: vec![Vec2::new(-120.0, -120.0), Vec2::new(-90.0, -80.0), Vec2::new(-60.0, -120.0)],
        },
    ];
    config.counters = vec![
        CounterConfig {
            name: "short".into(),
            from: Vec2::new(-90.0, -130.0),
            to: Vec2::new(-90.0, -110.0),
            ..default()
        },
        CounterConfig { name: "long".into(), from: Vec2::new(-90.0, -90.0), to: Vec2::new(-90.0, -70.0), ..default() },
    ];
    config.foraging = vec![
        ForagingConfig {
            agents: "ant".into(),
            reinforce: Some(ReinforceConfig::default()),
            alarm: Some(AlarmConfig::default()),
            patience_s: 20.0,
            mark_fade_s: 30.0,
            ..default()
        },
        ForagingConfig { agents: "bee".into(), homing: Homing::Trail("home".into()), rest_s: 1.0, ..default() },
        ForagingConfig {
            agents: "mole".into(),
            nest: Some("burrow".into()),
            confined: true,
            rest_s: 3.0,
            mark_out_per_s: 2.0,
            ..default()
        },
    ];
    scene
}

fn disturb(simulation: &mut Simulation) {
    simulation.run(100);
    simulation.intervene(SpoofPheromone { duration_s: 30.0, ..default() });
    simulation.intervene(Kill { select: Selector::Count(12), duration_s: Some(8.0) });
    simulation.intervene(Freeze { select: Selector::Count(12), duration_s: Some(6.0) });
    simulation.intervene(Remove { select: Selector::Count(9) });
    simulation.intervene(Spawn { group: "ant".into(), count: 7, at: None });
    simulation.run(77);
}

#[test]
fn a_checkpoint_amid_foraging_goes_on_with_the_same_hashes() {
    for scene in [Scene::ants(), everything()] {
        let mut through = scene.start();
        disturb(&mut through);
        let saved = through.checkpoint();
        let file = saved.encode().unwrap();
        let read = Checkpoint::decode(&file).unwrap();
        assert_eq!(read, saved);

        let mut resumed = Scene { threads: 2, ..scene.clone() }.start();
        resumed.restore(&read).unwrap();
        assert_eq!(resumed.state_hash(), through.state_hash());
        for _ in 0..8 {
            through.run(50);
            resumed.run(50);
            assert_eq!(through.state_hash(), resumed.state_hash(), "tick {}", through.tick());
        }
        let (tick, hash) = (through.tick(), through.state_hash());
        assert!(metric(&through, "pheromones.trips") > 0.0);

        // Back in time in the same simulation, with all that it has derived.
        through.restore(&saved).unwrap();
        through.run(tick - through.tick());
        assert_eq!(through.state_hash(), hash);
    }
}

#[test]
fn foragers_of_every_kind_bring_something_home() {
    let mut simulation = everything().start();
    simulation.run(3000);
    assert!(metric(&simulation, "pheromones.trips") > 50.0);
    let crossings = ["short", "long"].map(|name| metric(&simulation, &format!("pheromones.crossings.{name}")));
    assert!(crossings[0] > 10.0 && crossings[1] > 0.0, "{crossings:?}");
    let shares = ["short", "long"].map(|name| metric(&simulation, &format!("pheromones.share.{name}")));
    assert!((shares[0] + shares[1] - 1.0).abs() < 1e-9, "{shares:?}");
    assert!(metric(&simulation, "pheromones.absorbed.danger") >= 0.0);
}
