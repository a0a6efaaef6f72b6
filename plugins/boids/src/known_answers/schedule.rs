//! Agents of the full schedule.

use super::*;

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
    let scene = Scene::new(&[("bird", 500)], BoidsConfig::classic());
    let mut simulation = scene.start();
    let start: Vec<(Vec2, Vec2)> = (0..500).map(|id| state(&simulation, id)).collect();
    let (mut positions, mut velocities): (Vec<Vec2>, Vec<Vec2>) = start.into_iter().unzip();
    let parameters = FlockParameters { max_speed: 240.0, max_force: 0.1 * 60.0, ..classic() };
    let model = Model::Boids(FlockSet { per_flock: &[parameters], relations: &[], flock_of: &[] });
    let (mut flock, workers) = (FlockKernel::default(), Workers::new(1));
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
    let mut scene = Scene::new(&[("bird", 50), ("arrow", 2)], BoidsConfig { initial_speed: Some(120.0), ..default() });
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
        min_speed: Some(0.0),
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
        min_speed: Some(0.0),
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
    let mut simulation = Scene::new(&[("bird", 40)], BoidsConfig { min_speed: Some(60.0), ..default() }).start();
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
        // Whoever matches the heading of somebody who comes towards it turns away: only the way to each other counts here.
        let config = BoidsConfig {
            flocks: vec![flock("left"), flock("right")],
            alignment: Alignment { weight: 0.0, ..default() },
            min_speed: Some(0.0),
            ..default()
        };
        let mut simulation = Scene::new(&[("left", 1), ("right", 1)], config).start();
        place(&mut simulation, 0, Vec2::new(-20.0, 0.0), Vec2::ZERO);
        place(&mut simulation, 1, Vec2::new(20.0, 0.0), Vec2::ZERO);
        simulation.run(15);
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
        predators: vec![PredatorConfig { agents: "hawk".into(), catch_radius, max_speed: 300.0, ..default() }],
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
                initial_speed: Some(60.0),
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
    let mut simulation = Scene::new(&[("bird", 60)], BoidsConfig { max_force: 1440.0, ..default() }).start();
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
    let mut simulation = Scene::new(&[("drone", 12)], BoidsConfig { max_force: 1080.0, ..default() }).start();
    simulation.intervene(SetFormation {
        agents: "drone".into(),
        shape: Some(Shape::Circle { radius: Some(100.0) }),
        anchor: Some(Anchor::Drift { from: Vec2::ZERO, velocity: Vec2::new(30.0, 0.0) }),
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
        ("boids.flocks[1].max_speed", "120"),
        ("boids.alignment.matching", "Heading"),
        ("boids.obstacles[0].radius", "70"),
    ] {
        set_live(simulation.world_mut(), path, &ParamValue::parse(value)).unwrap();
    }
    assert!(set_live(simulation.world_mut(), "boids.cohesion.radius", &ParamValue::parse("301")).is_err());
    simulation.run(5);
    let config = simulation.world().resource::<BoidsConfig>();
    assert_eq!((config.separation.weight, config.flocks[1].max_speed), (2.5, Some(120.0)));
    for id in 300..500 {
        assert!(state(&simulation, id).1.length() <= 180.0 * 1.000_01);
    }
}

#[test]
fn a_flock_comes_to_order() {
    let mut simulation = Scene::new(&[("bird", 200)], BoidsConfig::default()).start();
    simulation.run(1);
    let before = metric(&simulation, "boids.order");
    simulation.run(1200);
    let after = metric(&simulation, "boids.order");
    assert!(before < 0.3 && after > 0.8, "φ from {before} to {after}");
    assert!(metric(&simulation, "boids.speed") > 119.0);
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
        units: Units::PerTick,
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

#[test]
fn forces_per_second_are_scaled_by_the_tick() {
    // One agent seeks a far target from rest: after a second its speed is the force, whatever the tick.
    for tick_hz in [10.0, 30.0, 120.0] {
        let config = BoidsConfig {
            units: Units::PerSecond,
            max_speed: 50.0,
            max_force: 6.0,
            initial_speed: Some(0.0),
            targets: vec![Target { at: Vec2::new(400.0, 0.0), ..default() }],
            ..default()
        };
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { tick_hz, threads: Some(1), ..default() });
        app.add_plugins(BoidsPlugin { config });
        let group = AgentGroup { count: 1, spawn: Placement::Points(vec![Vec2::ZERO]), ..default() };
        let id = app.world_mut().resource_mut::<AgentGroups>().add(group);
        spawn_scene_group(app.world_mut(), id).unwrap();
        let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
        simulation.run(tick_hz as u64);
        let speed = state(&simulation, 0).1;
        assert!(speed.abs_diff_eq(Vec2::new(6.0, 0.0), 1e-3), "{speed} at {tick_hz} Hz");
    }
}

#[test]
fn a_target_to_flee_from_is_left_and_others_do_not_care_from_afar() {
    let target = Target { at: Vec2::ZERO, urge: TargetUrge::Flee, within: Some(100.0), ..default() };
    let lonely = || FlockConfig { strangers: Some(Strangers::Ignore), ..default() };
    let config = BoidsConfig {
        targets: vec![target],
        initial_speed: Some(0.0),
        flocks: vec![
            FlockConfig { agents: "near".into(), ..lonely() },
            FlockConfig { agents: "far".into(), ..lonely() },
        ],
        ..default()
    };
    let mut simulation = Scene::new(&[("near", 1), ("far", 1)], config).start();
    place(&mut simulation, 0, Vec2::new(30.0, 40.0), Vec2::ZERO);
    place(&mut simulation, 1, Vec2::new(-200.0, 0.0), Vec2::ZERO);
    simulation.run(30);
    assert!(state(&simulation, 0).0.length() > 60.0);
    assert_eq!(state(&simulation, 1), (Vec2::new(-200.0, 0.0), Vec2::ZERO));
}

#[test]
fn a_formation_heads_where_it_is_told_with_the_spacing_it_is_told() {
    let config = BoidsConfig {
        max_force: 1440.0,
        formations: vec![FormationConfig {
            agents: "drone".into(),
            shape: Shape::HorizontalLine,
            spacing: 33.0,
            heading_degrees: 90.0,
            ..default()
        }],
        ..default()
    };
    let mut simulation = Scene::new(&[("drone", 5)], config).start();
    simulation.run(1500);
    let mut places: Vec<Vec2> = (0..5).map(|id| state(&simulation, id).0).collect();
    places.sort_by(|a, b| a.y.total_cmp(&b.y));
    for (rank, place) in places.into_iter().enumerate() {
        let slot = Vec2::new(0.0, (rank as f32 - 2.0) * 33.0);
        assert!(place.distance(slot) < 1.0, "{place} instead of {slot}");
    }
}

#[test]
fn collisions_and_flocks_are_counted_as_metrics() {
    let mut simulation = Scene::new(&[("bird", 4)], BoidsConfig { max_speed: 0.0, ..default() }).start();
    for (agent, x) in [(0, 0.0), (1, 0.5), (2, 40.0), (3, 200.0)] {
        place(&mut simulation, agent, Vec2::new(x, 0.0), Vec2::ZERO);
    }
    simulation.run(10);
    assert_eq!((metric(&simulation, "boids.collisions"), metric(&simulation, "boids.flocks")), (1.0, 2.0));
    let nearest = (0.5 + 0.5 + 39.5 + 160.0) / 4.0;
    assert!((metric(&simulation, "boids.nearest_distance") - nearest).abs() < 1.0);
}
