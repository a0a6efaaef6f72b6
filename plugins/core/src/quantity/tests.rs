use super::*;
use crate::agent::{
    AgentGroup, AgentGroups, Condition, Placement, Position, Velocity, degrade_agents, fail_agents, remove_agents,
    spawn_group,
};
use crate::check::Unit;
use crate::{MotionPlugin, SimCorePlugin};

/// What a plugin might add to agents.
#[derive(Component, Clone, Debug, Default, Reflect)]
#[reflect(Component)]
struct Cargo {
    /// What it weighs.
    #[reflect(@Range::new(0.0, 50.0), @Unit("kg"))]
    weight: f32,
    fragile: bool,
    shift: Option<Vec2>,
    stage: Stage,
    due: u64,
    stops: Vec<u32>,
    tilt: (f64, i8),
}

#[derive(Clone, Copy, Debug, Default, Reflect)]
enum Stage {
    #[default]
    Waiting,
    Moving,
}

fn world() -> World {
    let mut app = App::new();
    app.add_plugins((SimCorePlugin::default(), MotionPlugin)).register_type::<Cargo>();
    for name in ["ant", "bird"] {
        let group = AgentGroup { name: name.into(), velocity: Some(Vec2::new(0.0, -2.0)), ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        spawn_group(app.world_mut(), group, 10, &Placement::Grid { center: Vec2::ZERO, spacing: 1.0 }).unwrap();
    }
    std::mem::take(app.world_mut())
}

fn entity(world: &World, agent: u32) -> Entity {
    world.resource::<AgentIndex>().get(AgentId(agent)).unwrap()
}

fn column(world: &World, name: &str) -> Vec<(AgentId, f32)> {
    let mut column = vec![(AgentId(99), 1.0)];
    find(world, name).unwrap().column(world, &mut column);
    column
}

#[test]
fn core_knows_the_numbers_that_every_agent_has() {
    let mut world = world();
    fail_agents(&mut world, &[AgentId(3)], u64::MAX);
    degrade_agents(&mut world, &[AgentId(4)], 0.25, u64::MAX);
    let at = |name: &str, agent: u32| value(&world, name, AgentId(agent));
    assert_eq!((at("id", 7), at("group", 3), at("group", 12)), (Some(7.0), Some(0.0), Some(1.0)));
    assert_eq!((at("status", 2), at("status", 3)), (Some(0.0), Some(1.0)));
    assert_eq!((at("health", 4), at("health", 5)), (Some(0.25), Some(1.0)));
    assert_eq!((at("speed", 0), at("heading", 0)), (Some(2.0), Some(270.0)));
    assert_eq!(at("x", 0), world.get::<Position>(entity(&world, 0)).map(|position| f64::from(position.0.x)));
    let group = find(&world, "group").unwrap();
    assert_eq!(group.spec().text(1.0), "bird");
    assert_eq!(find(&world, "speed").unwrap().spec().text(2.5), "2.5 units/s");
    assert_eq!((at("nothing", 0), at("speed", 99)), (None, None));
    assert_eq!(suggestion(&world, "sped").as_deref(), Some("speed"));
}

#[test]
fn what_stands_still_has_no_heading() {
    let mut world = world();
    let still = entity(&world, 1);
    world.get_mut::<Velocity>(still).unwrap().0 = Vec2::ZERO;
    assert_eq!(value(&world, "heading", AgentId(1)), None);
    assert_eq!(column(&world, "heading").len(), 19);
}

#[test]
fn every_number_truth_and_choice_of_a_reflected_component_is_a_quantity() {
    let mut world = world();
    assert!(find(&world, "Cargo.weight").is_none(), "nobody carries any yet");
    let before = version(&world);
    let carried = Cargo {
        weight: 12.5,
        shift: Some(Vec2::Y),
        stage: Stage::Moving,
        due: 7,
        stops: vec![1, 2],
        tilt: (0.5, -3),
        ..default()
    };
    let (first, second) = (entity(&world, 2), entity(&world, 15));
    world.entity_mut(first).insert(carried);
    world.entity_mut(second).insert(Cargo { due: u64::MAX, fragile: true, ..default() });
    assert_ne!(version(&world), before);
    let names: Vec<String> =
        list(&world).iter().filter(|q| q.name().starts_with("Cargo")).map(|q| q.name().to_owned()).collect();
    assert_eq!(
        names,
        [
            "Cargo.due",
            "Cargo.fragile",
            "Cargo.shift.x",
            "Cargo.shift.y",
            "Cargo.stage",
            "Cargo.stops.length",
            "Cargo.tilt.0",
            "Cargo.tilt.1",
            "Cargo.weight"
        ]
    );
    let at = |name: &str, agent: u32| value(&world, name, AgentId(agent));
    assert_eq!((at("Cargo.weight", 2), at("Cargo.weight", 15), at("Cargo.weight", 3)), (Some(12.5), Some(0.0), None));
    assert_eq!((at("Cargo.shift.y", 2), at("Cargo.shift.y", 15)), (Some(1.0), None));
    assert_eq!((at("Cargo.due", 2), at("Cargo.due", 15)), (Some(7.0), None), "never is not a tick");
    assert_eq!(
        (at("Cargo.stage", 2), at("Cargo.fragile", 15), at("Cargo.stops.length", 2)),
        (Some(1.0), Some(1.0), Some(2.0))
    );
    assert_eq!((at("Cargo.tilt.0", 2), at("Cargo.tilt.1", 2)), (Some(0.5), Some(-3.0)));
    let weight = find(&world, "Cargo.weight").unwrap();
    assert!(weight.is_field());
    let spec = weight.spec();
    assert_eq!(
        (spec.unit.as_str(), spec.help.as_str(), spec.range),
        ("kg", "What it weighs.", Some(Range::new(0.0, 50.0)))
    );
    assert_eq!(find(&world, "Cargo.stage").unwrap().spec().labels().unwrap(), ["Waiting", "Moving"]);
    assert_eq!(column(&world, "Cargo.weight"), [(AgentId(2), 12.5), (AgentId(15), 0.0)]);
}

#[test]
fn newtypes_are_seen_through_and_both_ways_of_writing_lead_there() {
    let world = world();
    let velocity = find(&world, "Velocity.0.y").unwrap();
    assert_eq!((velocity.name(), &velocity.spec().kind), ("Velocity.y", &QuantityKind::Signed));
    assert_eq!(velocity.value(&world, AgentId(5)), Some(-2.0));
}

#[test]
fn columns_ascend_by_agent_and_equal_the_single_values() {
    let mut world = world();
    // Agents with a condition live in another table; those removed leave holes in it.
    fail_agents(&mut world, &[AgentId(1), AgentId(6)], u64::MAX);
    remove_agents(&mut world, &[AgentId(0), AgentId(13)]);
    for quantity in list(&world) {
        let mut column = Vec::new();
        quantity.column(&world, &mut column);
        let single: Vec<(AgentId, f32)> = world
            .resource::<AgentIndex>()
            .iter()
            .filter_map(|(agent, _)| Some((agent, quantity.value(&world, agent)? as f32)))
            .collect();
        assert_eq!(column, single, "{}", quantity.name());
    }
    assert_eq!(column(&world, "Condition.health").len(), 2);
    assert_eq!(column(&world, "id").len(), 18);
}

#[test]
fn what_is_not_finite_is_no_value() {
    let mut world = world();
    let lost = entity(&world, 4);
    world.get_mut::<Velocity>(lost).unwrap().0.x = f32::NAN;
    assert_eq!((value(&world, "speed", AgentId(4)), value(&world, "Velocity.x", AgentId(4))), (None, None));
    assert_eq!((column(&world, "speed").len(), column(&world, "Velocity.x").len()), (19, 19));
}

#[test]
fn plugins_register_what_they_derive() {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin::default());
    let spec = QuantitySpec::new("ill", "", "Whether health is missing.").among(["no", "yes"]);
    app.add_quantity(Quantity::derived::<Option<&Condition>>(spec, |_, _, condition| {
        Some(f64::from(u8::from(Condition::health(condition) < 1.0)))
    }));
    let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup::default());
    spawn_group(app.world_mut(), group, 3, &Placement::World).unwrap();
    degrade_agents(app.world_mut(), &[AgentId(2)], 0.5, u64::MAX);
    assert_eq!(column(app.world(), "ill"), [(AgentId(0), 0.0), (AgentId(1), 0.0), (AgentId(2), 1.0)]);
    assert_eq!(find(app.world(), "ill").unwrap().spec().text(1.0), "yes");
}
