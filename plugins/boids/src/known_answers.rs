//! The flock's known answers, on plain arrays and in the full schedule.

use agent2028_core::agent::{
    Agent, AgentGroup, AgentGroups, AgentId, AgentIndex, Condition, Placement, Position, Status, Velocity,
    spawn_scene_group,
};
use agent2028_core::event::EventBus;
use agent2028_core::faults::{Degrade, Freeze, Kill, Remove};
use agent2028_core::metrics::Metrics;
use agent2028_core::parallel::Workers;
use agent2028_core::params::set_live;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_core::{SimCorePlugin, SimSchedule};
use bevy::prelude::*;

use crate::config::*;
use crate::flock::{Flock, Flocks, Model, Temper, step};
use crate::formation::{Anchor, FormationConfig, Formations, Shape};
use crate::intervention::{AddObstacle, DissolveFormation, MoveTarget, SetFormation};
use crate::measure::Order;
use crate::obstacle::Obstacle;
use crate::{BoidsPlugin, HuntRecord};

/// The classic parameters, per tick.
fn classic() -> Temper {
    Temper {
        separation_radius: 25.0,
        separation_weight: 1.5,
        alignment_radius: 50.0,
        alignment_weight: 1.0,
        heading_only: false,
        cohesion_radius: 50.0,
        cohesion_weight: 1.0,
        avoidance_radius: 0.0,
        avoidance_weight: 0.0,
        view_degrees: 360.0,
        max_speed: 4.0,
        min_speed: 0.0,
        max_force: 0.1,
        gain: 1.0,
    }
}

const WORLD: WorldBounds = WorldBounds { size: Vec2::new(1000.0, 800.0), edge: Edge::Wrap };

fn fly(temper: Temper, bounds: WorldBounds, positions: &mut [Vec2], velocities: &mut [Vec2], ticks: usize) {
    let (mut flock, workers) = (Flock::default(), Workers::new(1));
    let model = Model::Boids(Flocks { tempers: &[temper], relations: &[], flock_of: &[] });
    for _ in 0..ticks {
        step(&mut flock, &model, &bounds, 1.0, positions, velocities, &workers);
    }
}

fn scattered(count: usize, seed: u64, bounds: WorldBounds, speed: f32) -> (Vec<Vec2>, Vec<Vec2>) {
    let mut dice = SimRng::new(seed).global(Purpose::new("test.scatter"), 0);
    let places = (0..count).map(|_| Vec2::new(dice.unit() - 0.5, dice.unit() - 0.5) * bounds.size).collect();
    let courses = (0..count).map(|_| dice.direction() * speed).collect();
    (places, courses)
}

#[test]
fn an_agent_alone_keeps_its_velocity() {
    for velocity in [Vec2::new(1.0, -0.3), Vec2::new(2.4, 3.2), Vec2::new(-4.0, 0.0), Vec2::ZERO] {
        let (mut positions, mut velocities) = ([Vec2::new(3.0, 4.0)], [velocity]);
        fly(classic(), WORLD, &mut positions, &mut velocities, 100);
        assert_eq!(velocities[0], velocity);
    }
}

#[test]
fn two_agents_closer_than_the_separation_radius_move_apart() {
    for offset in [Vec2::new(10.0, 0.0), Vec2::new(0.0, -24.0), Vec2::new(3.0, 4.0), Vec2::ZERO] {
        // Around the origin, and across the corner of the torus.
        for middle in [Vec2::ZERO, WORLD.size * 0.5] {
            let mut positions = [WORLD.wrap(middle), WORLD.wrap(middle + offset)];
            let mut velocities = [Vec2::ZERO; 2];
            let only_separation = Temper { cohesion_weight: 0.0, alignment_weight: 0.0, ..classic() };
            fly(only_separation, WORLD, &mut positions, &mut velocities, 20);
            let apart = WORLD.delta(positions[0], positions[1]).length();
            assert!(apart > offset.length() + 1.0, "{offset} around {middle}: {apart}");
        }
    }
}

#[test]
fn the_default_flock_moves_apart_within_the_separation_radius_too() {
    // Separation outweighs cohesion, whose forces saturate alike.
    let (mut positions, mut velocities) = ([Vec2::ZERO, Vec2::new(8.0, 0.0)], [Vec2::ZERO; 2]);
    fly(classic(), WORLD, &mut positions, &mut velocities, 20);
    assert!(positions[0].distance(positions[1]) > 8.5);
}

#[test]
fn acceleration_never_exceeds_the_maximum_force() {
    let (mut positions, mut velocities) = scattered(600, 1, WorldBounds { size: Vec2::splat(250.0), ..WORLD }, 4.0);
    let tempers = [
        classic(),
        Temper { heading_only: true, min_speed: 2.0, ..classic() },
        // Flies far too fast for its new top speed: it has to brake, but not faster than it can.
        Temper { max_speed: 1.0, separation_weight: 50.0, ..classic() },
    ];
    for temper in tempers {
        for _ in 0..30 {
            let before = velocities.clone();
            fly(temper, WORLD, &mut positions, &mut velocities, 1);
            for (before, after) in before.iter().zip(&velocities) {
                // The velocities themselves are rounded: a few parts in ten million of the speed.
                assert!(before.distance(*after) <= temper.max_force + 2e-6, "{}", before.distance(*after));
            }
        }
    }
}

#[test]
fn nobody_flies_faster_than_top_speed() {
    let (mut positions, mut velocities) = scattered(600, 2, WorldBounds { size: Vec2::splat(250.0), ..WORLD }, 4.0);
    for _ in 0..100 {
        fly(classic(), WORLD, &mut positions, &mut velocities, 1);
        assert!(velocities.iter().all(|velocity| velocity.length() <= 4.0 * 1.000_01));
    }
}

#[test]
fn an_agent_already_aligned_feels_no_alignment_force() {
    let only_alignment = Temper { separation_weight: 0.0, cohesion_weight: 0.0, ..classic() };
    for (heading_only, velocity) in [(false, Vec2::new(1.0, 2.0)), (true, Vec2::new(0.0, 4.0))] {
        let temper = Temper { heading_only, ..only_alignment };
        let mut positions = [Vec2::ZERO, Vec2::new(30.0, 0.0), Vec2::new(0.0, 20.0)];
        let mut velocities = [velocity; 3];
        fly(temper, WORLD, &mut positions, &mut velocities, 50);
        assert_eq!(velocities, [velocity; 3]);
    }
}

#[test]
fn with_alignment_only_and_no_noise_the_order_parameter_goes_to_one() {
    for heading_only in [false, true] {
        let temper = Temper {
            separation_weight: 0.0,
            cohesion_weight: 0.0,
            alignment_radius: 120.0,
            separation_radius: 0.0,
            cohesion_radius: 0.0,
            heading_only,
            ..classic()
        };
        let bounds = WorldBounds { size: Vec2::splat(400.0), edge: Edge::Wrap };
        let (mut positions, mut velocities) = scattered(200, 3, bounds, 4.0);
        fly(temper, bounds, &mut positions, &mut velocities, 600);
        let mut order = Order::default();
        velocities.iter().for_each(|velocity| order.add(*velocity));
        assert!(order.parameter() > 0.99, "heading only: {heading_only}, φ = {}", order.parameter());
    }
}

#[test]
fn cohesion_draws_two_agents_together_across_the_seam() {
    let only_cohesion = Temper { separation_weight: 0.0, alignment_weight: 0.0, ..classic() };
    let mut positions = [Vec2::new(485.0, 0.0), Vec2::new(-485.0, 0.0)];
    let mut velocities = [Vec2::ZERO; 2];
    fly(only_cohesion, WORLD, &mut positions, &mut velocities, 10);
    assert!(WORLD.delta(positions[0], positions[1]).length() < 25.0);
}

#[test]
fn who_is_behind_a_field_of_view_is_not_followed() {
    let ahead_only = Temper { view_degrees: 180.0, separation_weight: 0.0, ..classic() };
    let mut positions = [Vec2::ZERO, Vec2::new(-30.0, 0.0)];
    let mut velocities = [Vec2::new(2.0, 0.0); 2];
    fly(ahead_only, WORLD, &mut positions, &mut velocities, 1);
    assert_eq!(velocities[0], Vec2::new(2.0, 0.0));
    assert!(velocities[1].x > 2.0);
}

// ---- in the full schedule ----

struct Scene {
    groups: Vec<AgentGroup>,
    config: BoidsConfig,
    world: WorldBounds,
    threads: usize,
}

impl Scene {
    fn new(groups: &[(&str, u32)], config: BoidsConfig) -> Self {
        let groups = groups
            .iter()
            .map(|(name, count)| AgentGroup { name: (*name).into(), count: *count, ..default() })
            .collect();
        Self { groups, config, world: WorldBounds { size: Vec2::splat(600.0), edge: Edge::Wrap }, threads: 1 }
    }

    fn start(&self) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { seed: 7, world: self.world, threads: Some(self.threads), ..default() });
        app.add_plugins(BoidsPlugin { config: self.config.clone() });
        let ids: Vec<_> =
            self.groups.iter().map(|group| app.world_mut().resource_mut::<AgentGroups>().add(group.clone())).collect();
        for id in ids {
            spawn_scene_group(app.world_mut(), id).unwrap();
        }
        app.world_mut().resource_mut::<Metrics>().want_all();
        Simulation::new(std::mem::take(app.world_mut()))
    }
}

fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap()
}

fn state(simulation: &Simulation, agent: u32) -> (Vec2, Vec2) {
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
    let entity = simulation.world().entity(entity);
    (entity.get::<Position>().unwrap().0, entity.get::<Velocity>().unwrap().0)
}

fn place(simulation: &mut Simulation, agent: u32, position: Vec2, velocity: Vec2) {
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
    simulation.world_mut().entity_mut(entity).insert((Position(position), Velocity(velocity)));
}

fn everything() -> BoidsConfig {
    BoidsConfig {
        view_degrees: 300.0,
        strangers: Strangers::Avoid,
        wander: Wander { weight: 0.3, ..default() },
        targets: vec![Target { at: Vec2::new(200.0, 0.0), weight: 0.2, ..default() }],
        obstacles: vec![Obstacle::default()],
        flocks: vec![
            FlockConfig { agents: "starling".into(), ..default() },
            FlockConfig {
                agents: "crow".into(),
                max_speed: Some(3.0),
                leader: Some(Leader { agents: "crow".into(), ..default() }),
                ..default()
            },
        ],
        predators: vec![PredatorConfig { agents: "hawk".into(), catch_radius: Some(6.0), ..default() }],
        formations: vec![FormationConfig {
            agents: "drone".into(),
            anchor: Anchor::Drift { from: Vec2::ZERO, velocity: Vec2::new(1.0, 0.5) },
            ..default()
        }],
        ..default()
    }
}

const EVERYBODY: &[(&str, u32)] = &[("starling", 300), ("crow", 200), ("hawk", 3), ("drone", 9), ("rock", 5)];

#[test]
fn the_state_hash_is_the_same_at_any_thread_count() {
    for config in [BoidsConfig::default(), everything()] {
        let hashes = [1, 2, 4].map(|threads| {
            let mut simulation = Scene { threads, ..Scene::new(EVERYBODY, config.clone()) }.start();
            simulation.run(60);
            simulation.state_hash()
        });
        assert_eq!(hashes[0], hashes[1]);
        assert_eq!(hashes[0], hashes[2]);
    }
}

#[test]
fn a_large_flock_has_the_same_hash_at_any_thread_count() {
    let hashes = [1, 2, 4].map(|threads| {
        let scene = Scene {
            threads,
            world: WorldBounds { size: Vec2::splat(4000.0), edge: Edge::Wrap },
            ..Scene::new(&[("bird", 40_000)], BoidsConfig::default())
        };
        let mut simulation = scene.start();
        simulation.run(3);
        simulation.state_hash()
    });
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes[0], hashes[2]);
}

#[test]
fn saving_and_loading_goes_on_as_if_never_interrupted() {
    for config in [BoidsConfig::default(), everything()] {
        let scene = Scene::new(EVERYBODY, config);
        let mut through = scene.start();
        let disturb = |simulation: &mut Simulation| {
            simulation.run(20);
            simulation.intervene(Remove { select: Selector::Count(20) });
            simulation.intervene(Kill { select: Selector::Count(20), duration_s: Some(0.5) });
            simulation.run(20);
        };
        disturb(&mut through);
        let saved = through.checkpoint();
        through.run(40);

        let mut resumed = scene.start();
        resumed.restore(&saved).unwrap();
        resumed.run(40);
        assert_eq!(through.state_hash(), resumed.state_hash());

        // Back in time in the same simulation, with all its working memory.
        through.restore(&saved).unwrap();
        through.run(40);
        assert_eq!(through.state_hash(), resumed.state_hash());
    }
}

#[test]
fn the_schedule_gives_what_the_bare_kernel_gives() {
    let scene = Scene::new(&[("bird", 500)], BoidsConfig::default());
    let mut simulation = scene.start();
    let start: Vec<(Vec2, Vec2)> = (0..500).map(|id| state(&simulation, id)).collect();
    let (mut positions, mut velocities): (Vec<Vec2>, Vec<Vec2>) = start.into_iter().unzip();
    let temper = Temper { max_speed: 240.0, max_force: 0.1 * 60.0, ..classic() };
    let model = Model::Boids(Flocks { tempers: &[temper], relations: &[], flock_of: &[] });
    let (mut flock, workers) = (Flock::default(), Workers::new(1));
    for _ in 0..30 {
        step(&mut flock, &model, &scene.world, (1.0 / 60.0_f64) as f32, &mut positions, &mut velocities, &workers);
    }
    simulation.run(30);
    for id in 0..500 {
        assert_eq!(state(&simulation, id), (positions[id as usize], velocities[id as usize]), "agent {id}");
    }
}

#[test]
fn new_agents_fly_at_their_initial_speed_and_a_velocity_of_their_group_wins() {
    let mut scene = Scene::new(&[("bird", 50), ("arrow", 2)], BoidsConfig { initial_speed: Some(2.0), ..default() });
    scene.groups[1].velocity = Some(Vec2::new(7.0, 0.0));
    let simulation = scene.start();
    let mut headings = Vec::new();
    for id in 0..50 {
        let velocity = state(&simulation, id).1;
        assert!((velocity.length() - 120.0).abs() < 1e-3);
        headings.push(velocity);
    }
    let mut order = Order::default();
    headings.iter().for_each(|heading| order.add(*heading));
    assert!(order.parameter() < 0.5, "all fly the same way: φ = {}", order.parameter());
    assert_eq!(state(&simulation, 50).1, Vec2::new(7.0, 0.0));
}

#[test]
fn units_per_second_and_per_tick_mean_the_same_at_one_tick_per_second() {
    let run = |units| {
        let config = BoidsConfig { units, ..default() };
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { tick_hz: 1.0, threads: Some(1), ..default() });
        app.add_plugins(BoidsPlugin { config });
        let id = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup { count: 200, ..default() });
        spawn_scene_group(app.world_mut(), id).unwrap();
        let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
        simulation.run(50);
        (0..200).map(|agent| state(&simulation, agent)).collect::<Vec<_>>()
    };
    assert_eq!(run(Units::PerTick), run(Units::PerSecond));
}

#[test]
fn failed_agents_stop_and_are_not_perceived() {
    let only_cohesion = BoidsConfig {
        separation: Separation { weight: 0.0, ..default() },
        alignment: Alignment { weight: 0.0, ..default() },
        ..default()
    };
    let mut simulation = Scene::new(&[("bird", 2)], only_cohesion).start();
    place(&mut simulation, 0, Vec2::ZERO, Vec2::new(10.0, 0.0));
    place(&mut simulation, 1, Vec2::new(0.0, 30.0), Vec2::new(10.0, 0.0));
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(1)]), duration_s: None });
    simulation.run(5);
    assert_eq!(state(&simulation, 0).1, Vec2::new(10.0, 0.0));
    assert_eq!(state(&simulation, 1), (Vec2::new(0.0, 30.0), Vec2::ZERO));
}

#[test]
fn frozen_agents_stand_still_but_are_perceived() {
    let only_cohesion = BoidsConfig {
        separation: Separation { weight: 0.0, ..default() },
        alignment: Alignment { weight: 0.0, ..default() },
        ..default()
    };
    let mut simulation = Scene::new(&[("bird", 2)], only_cohesion).start();
    place(&mut simulation, 0, Vec2::ZERO, Vec2::new(10.0, 0.0));
    place(&mut simulation, 1, Vec2::new(0.0, 30.0), Vec2::new(10.0, 0.0));
    simulation.intervene(Freeze { select: Selector::Ids(vec![AgentId(1)]), duration_s: Some(0.1) });
    simulation.run(5);
    assert!(state(&simulation, 0).1.y > 0.0);
    assert_eq!(state(&simulation, 1), (Vec2::new(0.0, 30.0), Vec2::new(10.0, 0.0)));
    simulation.run(5);
    assert!(state(&simulation, 1).0.x > 0.0, "it goes on when it thaws");
}

#[test]
fn degraded_agents_fly_slower_in_proportion_to_their_health() {
    let mut simulation = Scene::new(&[("bird", 40)], BoidsConfig { min_speed: 1.0, ..default() }).start();
    simulation.intervene(Degrade { health: 0.5, ..default() });
    simulation.run(200);
    for id in 0..40 {
        assert!(state(&simulation, id).1.length() <= 120.0 * 1.000_01);
    }
}

#[test]
fn groups_that_something_else_moves_are_left_alone() {
    let config = BoidsConfig { flocks: vec![FlockConfig { agents: "bird".into(), ..default() }], ..default() };
    let mut simulation = Scene::new(&[("rock", 3), ("bird", 50)], config).start();
    let before: Vec<_> = (0..3).map(|id| state(&simulation, id)).collect();
    simulation.run(10);
    assert_eq!(before, (0..3).map(|id| state(&simulation, id)).collect::<Vec<_>>());
    assert!(before.iter().all(|(_, velocity)| *velocity == Vec2::ZERO));

    let mut simulation = Scene::new(&[("ant", 3), ("bird", 50)], BoidsConfig::default()).start();
    let world = simulation.world_mut();
    world.resource_mut::<agent2028_core::agent::MotionClaims>().claim("foraging", ["ant".to_owned()]);
    let before = state(&simulation, 0).0;
    simulation.run(10);
    assert_eq!(state(&simulation, 0).0, before);
}

#[test]
fn a_flock_that_avoids_another_parts_from_it() {
    let distance_after = |strangers| {
        let flock = |agents: &str| FlockConfig { agents: agents.into(), strangers: Some(strangers), ..default() };
        let config = BoidsConfig { flocks: vec![flock("left"), flock("right")], ..default() };
        let mut simulation = Scene::new(&[("left", 1), ("right", 1)], config).start();
        place(&mut simulation, 0, Vec2::new(-20.0, 0.0), Vec2::ZERO);
        place(&mut simulation, 1, Vec2::new(20.0, 0.0), Vec2::ZERO);
        simulation.run(30);
        state(&simulation, 0).0.distance(state(&simulation, 1).0)
    };
    assert!(distance_after(Strangers::Avoid) > 45.0);
    assert_eq!(distance_after(Strangers::Ignore), 40.0);
    assert!(distance_after(Strangers::Join) < 35.0);
}

#[test]
fn predators_hunt_are_fled_from_and_catch() {
    let config = |catch_radius, weight| BoidsConfig {
        flee: Flee { weight, radius: 100.0 },
        flocks: vec![FlockConfig { agents: "starling".into(), ..default() }],
        predators: vec![PredatorConfig { agents: "hawk".into(), catch_radius, max_speed: 5.0, ..default() }],
        ..default()
    };
    // One starling at rest, and a hawk that comes at it.
    let chase = |catch_radius, weight, ticks| {
        let mut simulation = Scene::new(&[("starling", 1), ("hawk", 1)], config(catch_radius, weight)).start();
        place(&mut simulation, 0, Vec2::new(60.0, 0.0), Vec2::ZERO);
        place(&mut simulation, 1, Vec2::ZERO, Vec2::ZERO);
        simulation.run(ticks);
        simulation
    };
    let fled = chase(None, 3.0, 20);
    assert!(state(&fled, 0).0.x > 62.0 && state(&fled, 1).0.x > 2.0);
    let stood = chase(Some(5.0), 0.0, 120);
    assert_eq!(stood.world().resource::<HuntRecord>().catches, 1);
    assert_eq!(metric(&stood, "boids.catches"), 1.0);
    assert_eq!(metric(&stood, "agents.failed"), 1.0);
    let told = stood.world().resource::<EventBus>().history().filter(|event| event.kind == crate::PREY_CAUGHT).count();
    assert_eq!(told, 1);
}

#[test]
fn a_target_is_reached_and_can_be_moved() {
    let config = BoidsConfig {
        targets: vec![Target {
            at: Vec2::new(100.0, 50.0),
            urge: TargetUrge::Arrive { slowing_radius: 80.0 },
            ..default()
        }],
        ..default()
    };
    let mut simulation = Scene::new(&[("bee", 1)], config).start();
    simulation.run(900);
    assert!(state(&simulation, 0).0.distance(Vec2::new(100.0, 50.0)) < 3.0, "{:?}", state(&simulation, 0));
    simulation.intervene(MoveTarget { to: Vec2::new(-100.0, 0.0), ..default() });
    simulation.run(900);
    assert!(state(&simulation, 0).0.distance(Vec2::new(-100.0, 0.0)) < 3.0, "{:?}", state(&simulation, 0));
}

#[test]
fn a_herd_follows_its_leader() {
    let config = BoidsConfig {
        flocks: vec![
            FlockConfig {
                agents: "sheep".into(),
                leader: Some(Leader { agents: "shepherd".into(), distance: 30.0, weight: 2.0 }),
                strangers: Some(Strangers::Ignore),
                ..default()
            },
            FlockConfig {
                agents: "shepherd".into(),
                strangers: Some(Strangers::Ignore),
                initial_speed: Some(1.0),
                ..default()
            },
        ],
        ..default()
    };
    let mut simulation = Scene::new(&[("sheep", 20), ("shepherd", 1)], config).start();
    simulation.run(1500);
    let leader = state(&simulation, 20).0;
    let world = WorldBounds { size: Vec2::splat(600.0), edge: Edge::Wrap };
    let mean = (0..20).map(|id| world.delta(state(&simulation, id).0, leader).length()).sum::<f32>() / 20.0;
    assert!(mean < 100.0, "the herd is {mean} from its leader on average");
}

#[test]
fn nobody_flies_through_an_obstacle_that_was_put_up() {
    let mut simulation = Scene::new(&[("bird", 60)], BoidsConfig { max_force: 0.4, ..default() }).start();
    let circle = Obstacle::Circle { center: Vec2::ZERO, radius: 60.0 };
    simulation.intervene(AddObstacle { obstacle: circle.clone() });
    simulation.run(240);
    let world = WorldBounds { size: Vec2::splat(600.0), edge: Edge::Wrap };
    let mut inside = 0;
    for _ in 0..120 {
        simulation.run(1);
        inside += (0..60).filter(|id| circle.contains(&world, state(&simulation, *id).0)).count();
    }
    // A crowd may push somebody over the border for a moment; without avoidance it would be 3 % of all: 226.
    assert!(inside < 20, "{inside} agent-ticks inside");
}

#[test]
fn a_formation_is_taken_up_survives_failures_and_is_given_up() {
    let mut simulation = Scene::new(&[("drone", 12)], BoidsConfig { max_force: 0.3, ..default() }).start();
    simulation.intervene(SetFormation {
        agents: "drone".into(),
        shape: Some(Shape::Circle { radius: Some(100.0) }),
        anchor: Some(Anchor::Drift { from: Vec2::ZERO, velocity: Vec2::new(0.5, 0.0) }),
        ..default()
    });
    simulation.run(900);
    assert!(metric(&simulation, "boids.formation_error") < 4.0, "{}", metric(&simulation, "boids.formation_error"));
    simulation.intervene(Kill { select: Selector::Count(4), duration_s: None });
    simulation.run(600);
    assert!(metric(&simulation, "boids.formation_error") < 4.0, "{}", metric(&simulation, "boids.formation_error"));
    let kinds: Vec<_> = simulation.world().resource::<EventBus>().history().map(|event| event.kind).collect();
    assert!(kinds.contains(&crate::FORMATION_FORMED) && kinds.contains(&crate::FORMATION_REFORMED));
    simulation.intervene(DissolveFormation { agents: "drone".into() });
    simulation.run(1);
    assert!(simulation.world().resource::<Formations>().0.is_empty());
    assert!(simulation.world().resource::<EventBus>().history().any(|event| event.kind == crate::FORMATION_DISSOLVED));
}

#[test]
fn parameters_can_be_set_by_path_while_the_flock_flies() {
    let mut simulation = Scene::new(EVERYBODY, everything()).start();
    for (path, value) in [
        ("boids.separation.weight", "2.5"),
        ("boids.flocks[1].max_speed", "2"),
        ("boids.alignment.matching", "Heading"),
        ("boids.obstacles[0].radius", "70"),
    ] {
        set_live(simulation.world_mut(), path, &ParamValue::parse(value)).unwrap();
    }
    assert!(set_live(simulation.world_mut(), "boids.cohesion.radius", &ParamValue::parse("301")).is_err());
    simulation.run(5);
    let config = simulation.world().resource::<BoidsConfig>();
    assert_eq!((config.separation.weight, config.flocks[1].max_speed), (2.5, Some(2.0)));
    for id in 300..500 {
        assert!(state(&simulation, id).1.length() <= 180.0 * 1.000_01);
    }
}

#[test]
fn a_flock_comes_to_order() {
    let config =
        BoidsConfig { alignment: Alignment { weight: 1.5, matching: Matching::Heading, ..default() }, ..default() };
    let mut simulation = Scene::new(&[("bird", 200)], config).start();
    simulation.run(1);
    let before = metric(&simulation, "boids.order");
    simulation.run(1200);
    let after = metric(&simulation, "boids.order");
    assert!(before < 0.3 && after > 0.8, "φ from {before} to {after}");
    assert!(metric(&simulation, "boids.speed") > 200.0);
    assert!(metric(&simulation, "boids.neighbours") > 1.0);
    assert!(metric(&simulation, "boids.flocks") >= 1.0);
    assert!(metric(&simulation, "boids.nearest_distance") > 0.0);
}

#[test]
fn every_edge_keeps_its_promise() {
    for edge in [Edge::Wrap, Edge::Bounce, Edge::Open] {
        let scene = Scene {
            world: WorldBounds { size: Vec2::splat(300.0), edge },
            ..Scene::new(&[("bird", 200)], BoidsConfig::default())
        };
        let mut simulation = scene.start();
        simulation.run(300);
        let inside = (0..200).filter(|id| state(&simulation, *id).0.abs().max_element() <= 150.0).count();
        match edge {
            Edge::Open => assert!(inside < 200, "an open world lets agents go"),
            _ => assert_eq!(inside, 200, "{edge:?}"),
        }
    }
}

#[test]
fn the_birds_of_the_comparison_fly_at_constant_speed() {
    let config = BoidsConfig {
        model: FlockModel::AbmFrameworksComparison {
            vision: 5.0,
            speed: 1.0,
            cohere: 0.03,
            separation: 1.0,
            separate: 0.015,
            match_velocity: 0.05,
        },
        ..default()
    };
    let scene = Scene {
        world: WorldBounds { size: Vec2::splat(100.0), edge: Edge::Wrap },
        ..Scene::new(&[("bird", 200)], config)
    };
    let mut simulation = scene.start();
    simulation.run(100);
    for id in 0..200 {
        assert!((state(&simulation, id).1.length() - 60.0).abs() < 1e-3);
    }
    assert!(metric(&simulation, "boids.neighbours") > 3.0, "they flock together");
}

#[test]
fn agents_given_ids_by_churn_fly_like_all_others() {
    let mut simulation = Scene::new(&[("bird", 100)], BoidsConfig::default()).start();
    for _ in 0..20 {
        simulation.intervene(Remove { select: Selector::Count(10) });
        simulation.intervene(agent2028_core::faults::Spawn { group: "bird".into(), count: 10, ..default() });
        simulation.run(5);
    }
    let mut query = simulation.world_mut().query::<(&Agent, &Velocity, Option<&Condition>)>();
    let flying: Vec<f32> = query.iter(simulation.world()).map(|(_, velocity, _)| velocity.0.length()).collect();
    assert_eq!(flying.len(), 100);
    assert!(flying.iter().all(|speed| *speed > 1.0));
}

#[test]
fn an_idle_schedule_with_one_agent_runs() {
    let scene = Scene::new(&[("bird", 1)], BoidsConfig::default());
    let mut simulation = scene.start();
    simulation.world_mut().run_schedule(SimSchedule);
    assert_eq!(simulation.tick(), 1);
    let _ = (Placement::World, Status::Active);
}
