use agent2028_boids::BoidsPlugin;
use agent2028_boids::config::Target;
use agent2028_boids::formation::FormationConfig;
use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, Position, spawn_group};
use agent2028_core::intervention::{Intervention, InterventionLog};
use agent2028_pheromones::PheromonesPlugin;
use agent2028_pheromones::config::ForagingConfig;
use bevy::prelude::{App, default};

use super::*;

fn simulation(flocks: bool, forages: bool) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin::default());
    if flocks {
        let config = BoidsConfig {
            obstacles: vec![Obstacle::default(), Obstacle::default(), Obstacle::default()],
            targets: vec![Target { at: Vec2::new(7.0, 7.0), ..default() }],
            formations: vec![FormationConfig { agents: "bird".into(), ..default() }],
            ..default()
        };
        app.add_plugins(BoidsPlugin { config });
    }
    if forages {
        let config = PheromonesConfig {
            nests: vec![NestConfig::default()],
            resources: vec![ResourceConfig::default()],
            foraging: vec![ForagingConfig { agents: "ant".into(), ..default() }],
            ..default()
        };
        app.add_plugins(PheromonesPlugin { config });
    }
    for name in ["ant", "bird"] {
        let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup { name: name.into(), ..default() });
        spawn_group(app.world_mut(), group, 20, &Placement::Disc { center: Vec2::ZERO, radius: 30.0 }).unwrap();
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

fn options() -> ToolOptions {
    ToolOptions { group: "bird".into(), count: 5, layer: "food".into(), ..default() }
}

fn done(simulation: &Simulation, gesture: ToolGesture) -> Vec<Deed> {
    deeds(vec![gesture], &options(), simulation, &mut Strokes::default())
}

fn only<T: Intervention>(deeds: &[Deed]) -> T {
    let [Deed { interventions, .. }] = deeds else { panic!("{deeds:?}") };
    let [intervention] = interventions.as_slice() else { panic!("{interventions:?}") };
    intervention.downcast::<T>().cloned().unwrap()
}

/// Applies what was done and checks that nothing of it was refused.
fn apply(simulation: &mut Simulation, deeds: Vec<Deed>) {
    for intervention in deeds.into_iter().flat_map(|deed| deed.interventions) {
        simulation.intervene(intervention);
    }
    simulation.run(1);
    for applied in &simulation.world().resource::<InterventionLog>().0 {
        assert!(applied.outcome.is_ok(), "{applied:?}");
    }
}

#[test]
fn what_is_drawn_becomes_what_it_should() {
    let both = simulation(true, true);
    let at = Vec2::new(3.0, 4.0);
    let spawned = done(&both, ToolGesture::Spawn { at, radius: 6.0 });
    assert_eq!(spawned[0].what.to_string(), "Spawned 5 bird");
    let spawn: Spawn = only(&spawned);
    assert_eq!((spawn.count, spawn.at), (5, Some(Placement::Disc { center: at, radius: 6.0 })));
    let drop: DropResource = only(&done(&both, ToolGesture::Resource { at, radius: 6.0 }));
    assert_eq!((drop.resource.position, drop.resource.radius, drop.resource.amount), (at, 6.0, 100.0));
    let nest: AddNest = only(&done(&both, ToolGesture::Nest { at, radius: 6.0 }));
    assert_eq!((nest.nest.position, nest.nest.name.as_str()), (at, "nest-2"));
    let points = vec![Vec2::ZERO, Vec2::new(40.0, 0.0), Vec2::new(40.0, 40.0)];
    for shape in ObstacleShape::ALL {
        let gesture = ToolGesture::Obstacle { shape, points: points.clone(), radius: 9.0 };
        for (flocks, forages, count) in [(true, true, 2), (true, false, 1), (false, true, 1), (false, false, 0)] {
            let mut simulation = simulation(flocks, forages);
            let deeds = done(&simulation, gesture.clone());
            assert_eq!(deeds[0].interventions.len(), count, "{shape:?}");
            apply(&mut simulation, deeds);
        }
    }
}

#[test]
fn everything_that_can_be_dragged_is_moved() {
    let mut simulation = simulation(true, true);
    let (from, to) = (Vec2::new(1.0, 1.0), Vec2::new(11.0, -4.0));
    let by = to - from;
    let dragged = |simulation: &Simulation, thing: Thing| done(simulation, ToolGesture::Move { thing, from, to });
    let agents: MoveAgents = only(&dragged(&simulation, Thing::Agents(vec![AgentId(3)])));
    assert_eq!(agents, MoveAgents { select: Selector::Ids(vec![AgentId(3)]), by });
    let target: MoveTarget = only(&dragged(&simulation, Thing::Target(0)));
    assert_eq!(target.to, Vec2::new(7.0, 7.0) + by);
    let nest: MoveNest = only(&dragged(&simulation, Thing::Nest(0)));
    assert_eq!(nest.to, by);
    let formation = Thing::Formation { agents: "bird".into(), waypoint: 0 };
    for thing in [
        Thing::Agents(vec![AgentId(3)]),
        Thing::Target(0),
        Thing::Nest(0),
        Thing::Resource(0),
        Thing::Obstacle(2),
        formation,
    ] {
        let deeds = dragged(&simulation, thing);
        assert_eq!(deeds.len(), 1);
        apply(&mut simulation, deeds);
    }
    assert!(dragged(&simulation, Thing::Nest(7)).is_empty(), "what is gone isn't moved");
    assert!(simulation.world().try_query::<&Position>().is_some());
}

#[test]
fn numbers_of_things_follow_what_waits_to_be_removed() {
    let mut simulation = simulation(true, false);
    let remove = |simulation: &Simulation, index| done(simulation, ToolGesture::Remove(Thing::Obstacle(index)));
    // Two clicks while time stands still: the second means what is number 2 now.
    let first = remove(&simulation, 0);
    simulation.intervene(only::<RemoveObstacle>(&first));
    assert!(remove(&simulation, 0).is_empty(), "it is going already");
    let second: RemoveObstacle = only(&remove(&simulation, 2));
    assert_eq!(second.index, 1);
    let moved = done(&simulation, ToolGesture::Move { thing: Thing::Obstacle(1), from: Vec2::ZERO, to: Vec2::ONE });
    assert_eq!(only::<MoveObstacle>(&moved).index, 0);
    simulation.intervene(second);
    simulation.run(1);
    assert_eq!(simulation.world().resource::<BoidsConfig>().obstacles.len(), 1);
}

#[test]
fn a_stroke_makes_one_intervention_per_tick_at_most_and_leaves_no_gap() {
    let mut simulation = simulation(false, true);
    let mut strokes = Strokes::default();
    let part = |points: &[(f32, f32)], ends: bool| ToolGesture::Stroke {
        erase: false,
        points: points.iter().map(|point| Vec2::from(*point)).collect(),
        radius: 0.1,
        done: ends,
    };
    let mut feed = |simulation: &Simulation, gestures: Vec<ToolGesture>| -> Vec<PaintPheromone> {
        let deeds = deeds(gestures, &options(), simulation, &mut strokes);
        deeds
            .iter()
            .flat_map(|deed| &deed.interventions)
            .map(|intervention| intervention.downcast::<PaintPheromone>().unwrap().clone())
            .collect()
    };
    // What is drawn within a tick waits for its end: while time stands still a stroke stays whole.
    assert_eq!(feed(&simulation, vec![part(&[(0.0, 0.0)], false)]), []);
    assert_eq!(feed(&simulation, vec![part(&[(0.0, 0.0), (5.0, 0.0)], false)]), []);
    assert_eq!(feed(&simulation, vec![part(&[(5.0, 0.0), (5.0, 5.0)], false)]), []);
    simulation.run(1);
    let first = feed(&simulation, vec![]);
    assert_eq!(first.len(), 1);
    assert_eq!(
        (first[0].center, first[0].path.as_slice()),
        (Vec2::ZERO, [(5.0, 0.0), (5.0, 5.0)].map(Vec2::from).as_slice())
    );
    simulation.run(1);
    assert_eq!(feed(&simulation, vec![]), [], "a brush that rests paints nothing more");

    // The end does not wait, and it begins where the last part ended.
    let last = feed(&simulation, vec![part(&[(5.0, 5.0), (0.0, 5.0)], true)]);
    assert_eq!(
        (last[0].center, last[0].path.as_slice()),
        (Vec2::from((5.0, 5.0)), [Vec2::from((0.0, 5.0))].as_slice())
    );
    simulation.run(1);
    assert_eq!(feed(&simulation, vec![]), []);
}
