//! What tools do to what flocks heed, and which things the pointer reaches.

use agent2028_boids::BoidsPlugin;
use agent2028_boids::config::{BoidsConfig, Target};
use agent2028_boids::formation::{Anchor, FormationConfig};
use agent2028_boids::intervention::{AddObstacle, MoveObstacle, MoveTarget, RemoveObstacle};
use agent2028_boids::obstacle::Obstacle;
use agent2028_core::agent::AgentId;
use agent2028_core::intervention::{AnyIntervention, InterventionLog};
use agent2028_kit::panel::ToolPart as _;
use agent2028_panel_testing::*;
use agent2028_view::paint::Projection;
use agent2028_view::thing::{Pointer, ThingId, Things as _};
use agent2028_view::{
    Drawing, ObstacleShape, RegisterLayers as _, Selection, Thing, Viewport, WorldCamera, WorldLayers,
};

use crate::things::{FORMATION, FlockThings, OBSTACLE, TARGET};
use crate::tools::{FlockObstaclePart, WallOptions};

fn flocking(obstacles: Vec<Obstacle>) -> Simulation {
    let mut app = app();
    let anchor =
        Anchor::Waypoints { points: vec![Vec2::new(-100.0, 300.0), Vec2::new(100.0, 300.0)], speed: 1.0, looped: true };
    let config = BoidsConfig {
        obstacles,
        targets: vec![Target { at: Vec2::new(300.0, 300.0), ..default() }],
        formations: vec![FormationConfig { agents: "bird".into(), anchor, ..default() }],
        ..default()
    };
    app.add_plugins(BoidsPlugin { config });
    let group = AgentGroup { name: "bird".into(), ..default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    let places = Placement::Points(vec![Vec2::ZERO, Vec2::new(200.0, 0.0)]);
    spawn_group(app.world_mut(), group, 2, &places).unwrap();
    Simulation::new(std::mem::take(app.world_mut()))
}

fn circle(x: f32, y: f32, radius: f32) -> Obstacle {
    Obstacle::Circle { center: Vec2::new(x, y), radius }
}

fn apply(simulation: &mut Simulation, intervention: AnyIntervention) {
    simulation.intervene(intervention);
    simulation.run(1);
    for applied in &simulation.world().resource::<InterventionLog>().0 {
        assert!(applied.outcome.is_ok(), "{applied:?}");
    }
}

#[test]
fn everything_can_be_taken_where_it_is_drawn() {
    let simulation = flocking(vec![circle(0.0, -200.0, 50.0)]);
    let mut layers = App::new();
    layers.add_things::<FlockThings>();
    let layers = layers.world().resource::<WorldLayers>();
    let projection = Projection::new(&WorldCamera::default(), &Viewport::default());
    let selection = Selection::default();
    let taken = |x: f32, y: f32, moves: bool| {
        let at = projection.pixel(Vec2::new(x, y));
        layers.thing_at(&Pointer { simulation: &simulation, projection: &projection, at, moves }, &selection)
    };
    let formation = |number| Thing::Of(ThingId { of: "bird".into(), ..ThingId::new(FORMATION, number) });
    for (x, y, thing, removable) in [
        (0.0, 0.0, Thing::Agents(vec![AgentId(0)]), false),
        (30.0, -220.0, Thing::Of(ThingId::new(OBSTACLE, 0)), true),
        (300.0, 300.0, Thing::Of(ThingId::new(TARGET, 0)), false),
        (-100.0, 300.0, formation(0), false),
        (100.0, 300.0, formation(1), false),
    ] {
        assert_eq!(taken(x, y, true), Some(thing.clone()), "({x}, {y})");
        assert_eq!(taken(x, y, false), removable.then_some(thing), "({x}, {y})");
    }
    assert_eq!(taken(-300.0, -300.0, true), None);
}

#[test]
fn everything_that_can_be_dragged_is_moved() {
    let mut simulation = flocking(vec![circle(0.0, -200.0, 50.0)]);
    let by = Vec2::new(10.0, -5.0);
    let moved = |simulation: &Simulation, thing: &ThingId| FlockThings::moved(simulation, thing, by);
    let (target, what) = moved(&simulation, &ThingId::new(TARGET, 0)).unwrap();
    assert_eq!(target.downcast::<MoveTarget>().unwrap().to, Vec2::new(310.0, 295.0));
    assert_eq!(what, "a target");
    let formation = ThingId { of: "bird".into(), ..ThingId::new(FORMATION, 1) };
    for thing in [ThingId::new(TARGET, 0), ThingId::new(OBSTACLE, 0), formation] {
        let (intervention, _) = moved(&simulation, &thing).unwrap();
        apply(&mut simulation, intervention);
    }
    assert!(moved(&simulation, &ThingId::new(TARGET, 7)).is_none(), "what is gone isn't moved");
}

#[test]
fn numbers_of_obstacles_follow_what_waits_to_be_removed() {
    let mut simulation = flocking(vec![Obstacle::default(), Obstacle::default(), Obstacle::default()]);
    let removed = |simulation: &Simulation, number| {
        let (intervention, _) = FlockThings::removed(simulation, &ThingId::new(OBSTACLE, number))?;
        intervention.downcast::<RemoveObstacle>().cloned()
    };
    // Two clicks while time stands still: the second means what is number 2 now.
    let first = removed(&simulation, 0).unwrap();
    simulation.intervene(first);
    assert_eq!(removed(&simulation, 0), None, "it is going already");
    let second = removed(&simulation, 2).unwrap();
    assert_eq!(second.index, 1);
    let (moved, _) = FlockThings::moved(&simulation, &ThingId::new(OBSTACLE, 1), Vec2::ONE).unwrap();
    assert_eq!(moved.downcast::<MoveObstacle>().unwrap().index, 0);
    simulation.intervene(second);
    simulation.run(1);
    assert_eq!(simulation.world().resource::<BoidsConfig>().obstacles.len(), 1);
}

#[test]
fn every_shape_becomes_an_obstacle() {
    let points = vec![Vec2::ZERO, Vec2::new(40.0, 0.0), Vec2::new(40.0, 40.0)];
    for drawing in [
        Drawing::Disc { at: Vec2::ZERO, radius: 9.0 },
        Drawing::Corners(ObstacleShape::Polygon, points.clone()),
        Drawing::Corners(ObstacleShape::Wall, points),
    ] {
        let mut simulation = flocking(vec![]);
        let effect = FlockObstaclePart::make(&drawing, &WallOptions::default(), &simulation).unwrap();
        assert!(effect.interventions[0].downcast::<AddObstacle>().is_some());
        apply(&mut simulation, effect.interventions[0].clone());
        assert_eq!(simulation.world().resource::<BoidsConfig>().obstacles.len(), 1);
    }
}

#[test]
fn the_scale_of_speeds_ends_where_the_fastest_of_the_scene_does() {
    let mut simulation = flocking(vec![]);
    let top = |simulation: &Simulation| crate::hulls::top_speed(simulation.world()).unwrap();
    let config = simulation.world().resource::<BoidsConfig>().max_speed;
    assert_eq!(top(&simulation), config);
    simulation.world_mut().resource_mut::<BoidsConfig>().max_speed = 7.0;
    assert_eq!(top(&simulation), 7.0);
    assert_eq!(crate::hulls::top_speed(&World::new()), None);
}
