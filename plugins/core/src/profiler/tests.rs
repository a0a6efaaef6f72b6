use super::*;
use crate::SimCorePlugin;
use crate::agent::{AgentGroup, AgentGroups, AgentId, Placement, Position, spawn_group};
use crate::faults::Kill;
use crate::simulation::Simulation;

#[derive(Resource, Default)]
struct Switch(bool);

fn work(mut positions: Query<&mut Position>) {
    for mut position in &mut positions {
        position.0.x += 0.25;
    }
}

fn mark(mut commands: Commands, positions: Query<Entity, With<Position>>) {
    if let Some(first) = positions.iter().next() {
        commands.entity(first).insert(Name::new("first"));
    }
}

fn seldom() {}

fn simulation() -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin::default()).init_resource::<Switch>();
    app.add_systems(
        SimSchedule,
        (
            work.in_set(SimSystems::Settle),
            mark.in_set(After(SimSystems::Act)),
            seldom.run_if(|switch: Res<Switch>| switch.0).in_set(SimSystems::Decide),
        ),
    );
    let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup::default());
    spawn_group(app.world_mut(), group, 100, &Placement::World).unwrap();
    Simulation::new(std::mem::take(app.world_mut()))
}

fn cost<'a>(costs: &'a [SystemCost], name: &str) -> &'a SystemCost {
    costs.iter().find(|cost| cost.system.ends_with(name)).unwrap_or_else(|| panic!("{name} in {costs:?}"))
}

#[test]
fn every_system_is_measured_with_its_phase_and_plugin() {
    let mut simulation = simulation();
    simulation.run(2);
    assert!(take(simulation.world()).is_empty() && !is_on(simulation.world()));
    start(simulation.world_mut()).unwrap();
    simulation.run(3);
    let costs = take(simulation.world());
    let work = cost(&costs, "work");
    assert_eq!((work.plugin.as_str(), work.phase, work.runs), ("agent2028_core", Phase::In(4), 3));
    assert!(work.spent > Duration::ZERO && work.worst <= work.spent);
    assert_eq!(cost(&costs, "mark").phase, Phase::In(3));
    assert_eq!(cost(&costs, "advance_clock").phase, Phase::Start);
    assert_eq!(cost(&costs, "end_tick").phase, Phase::End);
    assert_eq!(cost(&costs, "seldom").runs, 0, "conditions hold while it is measured");
    assert!(costs.is_sorted_by_key(|cost| cost.phase), "in the order in which they run");
    simulation.world_mut().resource_mut::<Switch>().0 = true;
    simulation.run(1);
    let costs = take(simulation.world());
    assert_eq!((cost(&costs, "seldom").runs, cost(&costs, "work").runs), (1, 1), "since it was last asked");
}

#[test]
fn measuring_changes_no_bit() {
    let (mut bare, mut measured) = (simulation(), simulation());
    for simulation in [&mut bare, &mut measured] {
        simulation.run(5);
        simulation.intervene(Kill::default());
    }
    start(measured.world_mut()).unwrap();
    start(measured.world_mut()).unwrap();
    for simulation in [&mut bare, &mut measured] {
        simulation.run(5);
    }
    assert_eq!(bare.state_hash(), measured.state_hash());
    stop(measured.world_mut()).unwrap();
    stop(measured.world_mut()).unwrap();
    for simulation in [&mut bare, &mut measured] {
        simulation.run(5);
    }
    assert_eq!(bare.state_hash(), measured.state_hash());
    assert!(take(measured.world()).is_empty());
    let marked = measured.world().resource::<crate::agent::AgentIndex>().get(AgentId(0)).unwrap();
    assert!(measured.world().get::<Name>(marked).is_some(), "commands are applied under measurement too");
    start(measured.world_mut()).unwrap();
    measured.run(1);
    assert_eq!(cost(&take(measured.world()), "work").runs, 1, "it can be turned on again");
}

#[test]
fn races_are_still_refused_after_measuring() {
    #[derive(Resource, Default)]
    struct Contested(u32);
    let mut simulation = simulation();
    start(simulation.world_mut()).unwrap();
    stop(simulation.world_mut()).unwrap();
    let world = simulation.world_mut();
    world.init_resource::<Contested>();
    let refused = world.schedule_scope(SimSchedule, |world, schedule| {
        schedule.add_systems(
            (|mut c: ResMut<Contested>| c.0 += 1, |mut c: ResMut<Contested>| c.0 *= 2).in_set(SimSystems::Act),
        );
        schedule.initialize(world).is_err()
    });
    assert!(refused, "systems have their access back");
}

#[test]
fn memory_is_told_by_component_and_by_report() {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin::default());
    app.report_memory("agent2028_core", "a test", |_| 1 << 40);
    let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup::default());
    spawn_group(app.world_mut(), group, 1000, &Placement::World).unwrap();
    let uses = memory(app.world());
    assert_eq!((uses[0].what.as_str(), uses[0].bytes, uses[0].entities), ("a test", 1 << 40, None));
    let positions = uses.iter().find(|held| held.what.ends_with("Position")).unwrap();
    assert_eq!((positions.plugin.as_str(), positions.entities), ("agent2028_core", Some(1000)));
    assert!(positions.bytes >= 16_000, "{positions:?}");
}

#[test]
fn paths_are_split_at_their_crate() {
    assert_eq!(split_path("agent2028_boids::plugin::fly"), ("agent2028_boids", "plugin::fly"));
    assert_eq!(split_path("Option<a::b>"), ("", "Option<a::b>"));
    assert_eq!(split_path("bare"), ("", "bare"));
}
