//! Foraging beside flocking in one simulation: neither crate knows the other.

use agent2028_boids::config::{FlockConfig, PredatorConfig};
use agent2028_boids::formation::FormationConfig;
use agent2028_boids::{BoidsConfig, BoidsPlugin, HuntRecord};
use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_scene_group};
use agent2028_core::checkpoint::StateHash;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_pheromones::config::{
    AlarmConfig, EmitterConfig, ForagingConfig, LayerConfig, NestConfig, ReinforceConfig, ResourceConfig,
};
use agent2028_pheromones::stats::ForagingStats;
use agent2028_pheromones::{PheromonesConfig, PheromonesPlugin};
use bevy::prelude::*;

fn pheromones() -> PheromonesConfig {
    PheromonesConfig {
        layers: ["food", "danger", "success"]
            .map(|name| LayerConfig { name: name.into(), provenance: name == "food", ..default() })
            .into(),
        emitters: vec![EmitterConfig { agents: "bird".into(), layer: "danger".into(), per_s: 0.1 }],
        nests: vec![NestConfig::default()],
        resources: vec![ResourceConfig { position: Vec2::new(60.0, 0.0), radius: 15.0, amount: 40.0, ..default() }],
        foraging: vec![ForagingConfig {
            agents: "ant".into(),
            reinforce: Some(ReinforceConfig::default()),
            alarm: Some(AlarmConfig::default()),
            ..default()
        }],
        ..default()
    }
}

fn boids() -> BoidsConfig {
    BoidsConfig {
        flocks: vec![FlockConfig { agents: "bird".into(), ..default() }],
        predators: vec![PredatorConfig { agents: "hawk".into(), catch_radius: Some(8.0), ..default() }],
        formations: vec![FormationConfig { agents: "drone".into(), ..default() }],
        ..default()
    }
}

/// The plugins in either order.
fn start(boids_first: bool, threads: usize) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin {
        seed: 5,
        world: WorldBounds { size: Vec2::splat(400.0), edge: Edge::Wrap },
        threads: Some(threads),
        ..default()
    });
    if boids_first {
        app.add_plugins((BoidsPlugin { config: boids() }, PheromonesPlugin { config: pheromones() }));
    } else {
        app.add_plugins((PheromonesPlugin { config: pheromones() }, BoidsPlugin { config: boids() }));
    }
    for (name, count) in [("ant", 60), ("bird", 80), ("hawk", 3), ("drone", 7)] {
        let spawn = if name == "ant" { Placement::Disc { center: Vec2::ZERO, radius: 10.0 } } else { Placement::World };
        let group = AgentGroup { name: name.into(), count, spawn, ..default() };
        let id = app.world_mut().resource_mut::<AgentGroups>().add(group);
        spawn_scene_group(app.world_mut(), id).unwrap();
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

fn hash_after(simulation: &mut Simulation, ticks: u64) -> StateHash {
    simulation.run(ticks);
    simulation.state_hash()
}

#[test]
fn the_schedule_of_both_plugins_has_no_ambiguity() {
    for boids_first in [true, false] {
        // The schedule is built in the first tick, with every ambiguity an error.
        let mut simulation = start(boids_first, 1);
        assert_eq!(simulation.run(1), 1);
    }
}

#[test]
fn ants_forage_and_hawks_catch_birds_in_the_same_simulation_whatever_the_order_of_the_plugins() {
    let mut first = start(true, 1);
    let hash = hash_after(&mut first, 900);
    let (trips, catches) =
        (first.world().resource::<ForagingStats>().trips, first.world().resource::<HuntRecord>().catches);
    assert!(trips > 10 && catches > 3, "{trips} trips, {catches} catches");
    assert_eq!(hash_after(&mut start(false, 1), 900), hash);
    assert_eq!(hash_after(&mut start(true, 4), 900), hash);
}

#[test]
fn a_checkpoint_amid_foraging_formations_and_hunting_goes_on_with_the_same_hashes() {
    let mut through = start(true, 1);
    through.run(333);
    let saved = through.checkpoint();
    let mut resumed = start(true, 2);
    resumed.restore(&saved).unwrap();
    for _ in 0..6 {
        assert_eq!(hash_after(&mut through, 50), hash_after(&mut resumed, 50));
    }
}
