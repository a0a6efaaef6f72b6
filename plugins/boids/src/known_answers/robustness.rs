//! Nothing panics, whatever a scene or a person does.

use agent2028_core::check::{Check, Problems};
use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Churn, MoveAgents, Restart, Spawn};
use agent2028_core::intervention::{AnyIntervention, InterventionLog};
use agent2028_core::quarantine::Quarantine;
use agent2028_core::ranges::set_nth_number;

use super::*;
use crate::formation::Formation;
use crate::intervention::{MoveFormation, MoveObstacle};

fn problems(config: &BoidsConfig) -> Vec<(String, String)> {
    let groups = EVERYBODY.iter().map(|(name, _)| (*name).to_owned()).collect();
    let world = WorldBounds { size: Vec2::splat(600.0), edge: Edge::Wrap };
    let mut problems = Problems::among(groups, Vec::new(), world);
    config.check("boids", &mut problems);
    problems.into_list().into_iter().map(|problem| (problem.path, problem.help)).collect()
}

/// A section in which every option is given.
fn in_full() -> BoidsConfig {
    let mut config = everything();
    config.initial_speed = Some(180.0);
    config.min_speed = Some(20.0);
    config.leader = Some(Leader { agents: "crow".into(), ..default() });
    config.targets[0].within = Some(300.0);
    config.targets.push(Target { urge: TargetUrge::Arrive { slowing_radius: 20.0 }, ..default() });
    config.obstacles.push(Obstacle::Polygon(vec![Vec2::ZERO, Vec2::new(30.0, 0.0), Vec2::new(0.0, 30.0)]));
    config.neighbourhood = Neighbourhood::Nearest(7);
    config.flocks[0] = FlockConfig {
        separation: Some(default()),
        alignment: Some(default()),
        cohesion: Some(default()),
        min_speed: Some(30.0),
        max_force: Some(720.0),
        initial_speed: Some(60.0),
        view_degrees: Some(270.0),
        avoidance: Some(default()),
        wander: Some(default()),
        flee: Some(default()),
        ..config.flocks[0].clone()
    };
    let points = vec![Vec2::ZERO, Vec2::new(50.0, 20.0)];
    config.formations[0] = FormationConfig {
        shape: Shape::Circle { radius: Some(40.0) },
        anchor: Anchor::Waypoints { points, speed: 120.0, looped: true },
        max_speed: Some(300.0),
        max_force: Some(1080.0),
        ..config.formations[0].clone()
    };
    config
}

fn for_every_number(number: f64, mut with: impl FnMut(usize, BoidsConfig)) -> usize {
    let mut count = 0;
    loop {
        let mut config = in_full();
        if !set_nth_number(&mut config, &mut { count }, number) {
            return count;
        }
        with(count, config);
        count += 1;
    }
}

#[test]
fn what_is_not_finite_is_a_problem_in_every_place() {
    assert_eq!(problems(&in_full()), []);
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let count = for_every_number(number, |nth, config| {
            // Whole numbers can't be infinite; they become the largest or the smallest there is, or 0.
            let text = format!("{config:?}");
            let whole = !["NaN", " inf", "(inf", "-inf"].iter().any(|odd| text.contains(odd));
            let found = problems(&config);
            assert!(whole || !found.is_empty(), "number {nth} is {number}");
            assert!(found.iter().all(|(path, help)| path.starts_with("boids.") && !help.is_empty()), "{found:?}");
        });
        assert!(count > 60, "{count} numbers");
    }
}

#[test]
fn zero_negative_and_huge_numbers_are_problems_or_run() {
    for number in [0.0, -1.0, -1e30, 1e-30, 1e30, 299.0] {
        let (mut refused, mut ran) = (0, 0);
        for_every_number(number, |nth, config| {
            if !problems(&config).is_empty() {
                refused += 1;
                return;
            }
            ran += 1;
            let mut simulation =
                Scene::new(&[("starling", 40), ("crow", 30), ("hawk", 3), ("drone", 9)], config).start();
            simulation.run(4);
            assert_eq!(simulation.world().resource::<Quarantine>().count(), 0, "number {nth} is {number}");
        });
        assert!(refused + ran > 60);
    }
}

#[test]
fn interventions_that_make_no_sense_are_refused_with_words() {
    let mut simulation = Scene::new(EVERYBODY, everything()).start();
    let before = simulation.world().resource::<BoidsConfig>().clone();
    let refused: Vec<(AnyIntervention, &str)> = vec![
        (SetFormation { agents: "dron".into(), ..default() }.into(), "did you mean \"drone\"?"),
        (SetFormation { agents: "drone".into(), spacing: Some(f32::NAN), ..default() }.into(), "spacing"),
        (SetFormation { agents: "drone".into(), anchor: Some(Anchor::Point(Vec2::NAN)), ..default() }.into(), "anchor"),
        (SetFormation { agents: "hawk".into(), ..default() }.into(), "moved twice"),
        (DissolveFormation { agents: "starling".into() }.into(), "flies in no formation"),
        (MoveTarget { to: Vec2::INFINITY, ..default() }.into(), "to"),
        (MoveTarget { index: 9, ..default() }.into(), "no target number 9"),
        (AddObstacle { obstacle: Obstacle::Circle { center: Vec2::ZERO, radius: -4.0 } }.into(), "radius"),
        (crate::intervention::RemoveObstacle { index: 7 }.into(), "no obstacle number 7"),
        (MoveObstacle { index: 7, by: Vec2::X }.into(), "no obstacle number 7"),
        (MoveObstacle { index: 0, by: Vec2::NAN }.into(), "by"),
        (MoveFormation { agents: "crow".into(), ..default() }.into(), "flies in no formation"),
        (MoveFormation { agents: "drone".into(), to: Vec2::splat(1e9), ..default() }.into(), "to"),
    ];
    for (action, words) in refused {
        simulation.intervene(action);
        simulation.run(1);
        let outcome = simulation.world().resource::<InterventionLog>().0.last().unwrap().outcome.clone().unwrap_err();
        assert!(outcome.contains(words), "{outcome}");
    }
    assert_eq!(*simulation.world().resource::<BoidsConfig>(), before);
}

fn tumult(simulation: &mut Simulation, seed: u64, rounds: u64) {
    let dice = SimRng::new(seed);
    for round in 0..rounds {
        let mut stream = dice.global(Purpose::new("test.tumult"), round);
        let names = ["starling", "crow", "hawk", "drone"];
        let group = names[(stream.unit() * 4.0) as usize].to_owned();
        let count = 1 + (stream.unit() * 15.0) as u32;
        let select = Selector::And(vec![Selector::Named(group.clone()), Selector::Count(count)]);
        let seconds = Some(stream.unit() * 2.0);
        match (stream.unit() * 9.0) as u32 {
            0 => simulation.intervene(Kill { select, duration_s: None }),
            1 => simulation.intervene(Kill { select, duration_s: seconds }),
            2 => simulation.intervene(Remove { select }),
            3 => simulation.intervene(Spawn { group, count, at: None }),
            4 => simulation.intervene(Freeze { select, duration_s: seconds }),
            5 => simulation.intervene(Degrade { select, health: stream.unit(), duration_s: seconds, ..default() }),
            6 => simulation.intervene(Restart { select: Selector::All }),
            7 => simulation.intervene(Churn { select, per_second: 0.5, downtime_s: 0.3, duration_s: seconds }),
            _ => simulation.intervene(SetFormation {
                agents: "drone".into(),
                shape: Some(if round % 2 == 0 { Shape::Grid } else { Shape::VerticalLine }),
                ..default()
            }),
        };
        simulation.run(3);
    }
}

#[test]
fn agents_come_go_fail_and_freeze_while_they_hunt_flee_and_form() {
    let mut simulation = Scene::new(EVERYBODY, everything()).start();
    tumult(&mut simulation, 4, 250);
    assert_eq!(simulation.world().resource::<Quarantine>().count(), 0);
    assert!(simulation.world().resource::<HuntRecord>().catches > 0);
    // Every slot belongs to a drone that exists and acts.
    let formations = simulation.world().resource::<Formations>().0.clone();
    assert!(formations.iter().any(Formation::is_formed));

    simulation.intervene(Remove { select: Selector::All });
    simulation.run(20);
    assert!(simulation.world().resource::<AgentIndex>().is_empty());
    simulation.intervene(Spawn { group: "drone".into(), count: 5, at: None });
    simulation.intervene(Spawn { group: "hawk".into(), count: 2, at: None });
    simulation.run(20);
    assert_eq!(simulation.agents(), 7);
}

#[test]
fn tumult_has_the_same_hash_at_any_thread_count() {
    let hashes = [1, 3].map(|threads| {
        let mut simulation = Scene { threads, ..Scene::new(EVERYBODY, everything()) }.start();
        tumult(&mut simulation, 5, 60);
        simulation.state_hash()
    });
    assert_eq!(hashes[0], hashes[1]);
}

/// Runs a scene to and past a checkpoint, once through and once from the file.
fn goes_on(config: BoidsConfig, groups: &[(&str, u32)]) {
    let scene = Scene::new(groups, config);
    let mut through = scene.start();
    through.run(150);
    let file = through.checkpoint().encode().unwrap();
    let mut resumed = Scene { threads: 2, ..Scene::new(groups, scene.config.clone()) }.start();
    resumed.restore(&Checkpoint::decode(&file).unwrap()).unwrap();
    for _ in 0..6 {
        through.run(25);
        resumed.run(25);
        assert_eq!(through.state_hash(), resumed.state_hash(), "tick {}", through.tick());
    }
}

#[test]
fn a_checkpoint_amid_a_formation_goes_on_with_the_same_hashes() {
    let points = vec![Vec2::ZERO, Vec2::new(120.0, 0.0), Vec2::new(120.0, 90.0)];
    for anchor in [
        Anchor::Waypoints { points, speed: 60.0, looped: true },
        Anchor::Drift { from: Vec2::ZERO, velocity: Vec2::new(60.0, 30.0) },
        Anchor::Leader("crow".into()),
    ] {
        let formations = vec![FormationConfig { agents: "drone".into(), anchor, ..default() }];
        let flocks = vec![FlockConfig { agents: "crow".into(), ..default() }];
        goes_on(BoidsConfig { flocks, formations, ..default() }, &[("drone", 15), ("crow", 20)]);
    }
}

#[test]
fn a_checkpoint_amid_the_hunt_goes_on_with_the_same_hashes() {
    let config = BoidsConfig {
        flocks: vec![FlockConfig { agents: "starling".into(), ..default() }],
        predators: vec![PredatorConfig { agents: "hawk".into(), catch_radius: Some(8.0), ..default() }],
        ..default()
    };
    goes_on(config, &[("starling", 200), ("hawk", 4)]);
}

#[test]
fn a_checkpoint_of_a_flock_with_nearest_neighbours_goes_on_with_the_same_hashes() {
    goes_on(BoidsConfig { neighbourhood: Neighbourhood::Nearest(7), ..default() }, &[("starling", 300)]);
}

/// All that the pointer's tools do to flocks.
fn edit(simulation: &mut Simulation) {
    let wall = Obstacle::wall(&[Vec2::new(50.0, -90.0), Vec2::new(60.0, 0.0), Vec2::new(50.0, 90.0)], 6.0, false);
    simulation.intervene(AddObstacle { obstacle: wall });
    simulation.intervene(MoveAgents { select: Selector::Count(60), by: Vec2::new(250.0, -120.0) });
    simulation.run(7);
    simulation.intervene(MoveObstacle { index: 1, by: Vec2::new(-30.0, 10.0) });
    simulation.intervene(MoveFormation { agents: "drone".into(), waypoint: 0, to: Vec2::new(-200.0, 100.0) });
    simulation.run(7);
    simulation.intervene(crate::intervention::RemoveObstacle { index: 0 });
    simulation.intervene(MoveTarget { flock: None, index: 0, to: Vec2::new(-50.0, 0.0) });
}

#[test]
fn edits_by_hand_give_the_same_bits_on_all_threads_and_from_a_checkpoint() {
    let hashes = [1, 3].map(|threads| {
        let scene = Scene { threads, ..Scene::new(EVERYBODY, everything()) };
        let mut simulation = scene.start();
        simulation.run(20);
        edit(&mut simulation);
        // What waits is part of the checkpoint.
        let saved = simulation.checkpoint();
        simulation.run(30);
        let log = simulation.world().resource::<InterventionLog>();
        assert!(log.0.len() == 6 && log.0.iter().all(|applied| applied.outcome.is_ok()), "{:?}", log.0);
        let mut resumed = scene.start();
        resumed.restore(&saved).unwrap();
        resumed.run(30);
        assert_eq!(simulation.state_hash(), resumed.state_hash());
        simulation.state_hash()
    });
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn a_formation_goes_on_to_its_waypoint_where_it_is_now() {
    let points = vec![Vec2::ZERO, Vec2::new(100.0, 0.0)];
    let anchor = Anchor::Waypoints { points, speed: 60.0, looped: false };
    let mut config = everything();
    config.formations[0].anchor = anchor;
    let mut simulation = Scene::new(EVERYBODY, config).start();
    let anchor = |simulation: &Simulation| simulation.world().resource::<Formations>().0[0].anchor();
    simulation.run(40);
    let before = anchor(&simulation);
    simulation.intervene(MoveFormation { agents: "drone".into(), waypoint: 1, to: Vec2::new(40.0, 90.0) });
    simulation.run(1);
    assert!(
        before.x > 10.0 && anchor(&simulation).distance(before) < 3.0,
        "no leap: {before}, {}",
        anchor(&simulation)
    );
    simulation.run(200);
    assert!(anchor(&simulation).distance(Vec2::new(40.0, 90.0)) < 1e-3, "{}", anchor(&simulation));
    simulation.intervene(MoveFormation { agents: "drone".into(), waypoint: 2, to: Vec2::ZERO });
    simulation.run(1);
    let outcome = simulation.world().resource::<InterventionLog>().0[1].outcome.clone().unwrap_err();
    assert!(outcome.contains("2 waypoints"), "{outcome}");
}
