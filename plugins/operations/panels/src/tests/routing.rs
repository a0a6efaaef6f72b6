use agent2028_core::agent::{AgentId, fail_agents};
use agent2028_operations::config::{Constant, ServiceTime, Workload};
use agent2028_operations::{Operations, OperationsConfig, Strategy};

use super::operations::{servers, two_workloads};
use super::*;
use crate::routing::{self, Figure, RoutingState, RoutingView};

const PANEL: [f32; 2] = [1200.0, 360.0];

fn panel<'a>(simulation: &'a Simulation, selected: &'a [AgentId]) -> Harness<'a, PanelTest<RoutingState>> {
    panel_test(PANEL, RoutingState::default(), move |ui, look, state, actions| {
        let view = RoutingView { world: simulation.world(), generation: 0, tick: simulation.tick(), selected };
        routing::show(ui, look, &view, state, actions);
    })
}

fn saved(harness: &mut Harness<'_, PanelTest<RoutingState>>) -> Vec<Vec<String>> {
    match &click(harness, Role::Button, "Save who gets what as CSV")[..] {
        [Action::SaveFile(file)] => {
            let text = String::from_utf8(file.bytes.clone()).unwrap();
            text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
        }
        other => panic!("not one file: {other:?}"),
    }
}

#[test]
fn without_operations_the_panel_says_how_to_get_some() {
    let without = simulation(&[("bird", 3)]);
    assert!(says(&panel(&without, &[]), "This scene has no operations"));
    let fresh = servers(20, two_workloads(Strategy::RoundRobin), 0);
    assert!(says(&panel(&fresh, &[]), "Nothing has been asked for yet"));
}

#[test]
fn everybody_stands_in_the_table_with_what_was_given() {
    let simulation = servers(20, two_workloads(Strategy::RoundRobin), 300);
    let mut harness = panel(&simulation, &[]);
    for text in ["22 agents", "Fairness", "Longest queue", "Sort by Given", "Map of queue by agent"] {
        assert!(says(&harness, text), "{text}");
    }
    let rows = saved(&mut harness);
    assert_eq!(rows[0][..4], ["agent", "name", "available", "given"]);
    let given: Vec<u64> = rows[1..].iter().map(|row| row[3].parse().unwrap()).collect();
    assert!(given.is_sorted_by(|a, b| a >= b), "the one with the most comes first: {given:?}");
    let operations = simulation.world().resource::<Operations>();
    let assigned: u64 = operations.servers().iter().map(|server| u64::from(server.assigned)).sum();
    assert_eq!(given.iter().sum::<u64>(), assigned);
    click(&mut harness, Role::Button, "Sort by Agent");
    assert_eq!(saved(&mut harness)[1][0], "0");
    click(&mut harness, Role::Button, "Sort by Latency");
    click(&mut harness, Role::Button, "Sort by Latency");
    assert_eq!(harness.state().state.sort, Some((Figure::Latency, false)));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_pool_shows_only_its_agents() {
    let simulation = servers(20, two_workloads(Strategy::RoundRobin), 60);
    let pools = simulation.world().resource::<Operations>().pools();
    let key = pools.iter().find(|pool| pool.members().len() == 20).map(|pool| pool.key.clone());
    let mut harness = panel(&simulation, &[]);
    harness.state_mut().state.pool = key;
    harness.run_steps(2);
    assert!(says(&harness, "20 agents") && says(&harness, "Round robin"));
    let selected = click(&mut harness, Role::Button, "Select the agents of the pool");
    assert_eq!(selected, [Action::Select((0..20).map(AgentId).collect())]);
}

#[test]
fn a_cell_and_a_row_select_their_agent_and_failed_ones_are_told_apart() {
    let mut simulation = servers(20, two_workloads(Strategy::RoundRobin), 60);
    fail_agents(simulation.world_mut(), &[AgentId(5), AgentId(6)], u64::MAX);
    simulation.run(2);
    let mut harness = panel(&simulation, &[]);
    assert!(says(&harness, "2 not available"));
    let map = harness.get_by_role_and_label(Role::Image, "Map of queue by agent").rect();
    let first = press_at(&mut harness, map.left_top() + egui::Vec2::splat(4.0), 1);
    assert_eq!(first, [Action::Select(vec![AgentId(0)])]);
    let row = harness.query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Agent server-"))).next();
    let row = row.unwrap().rect().center();
    assert!(matches!(press_at(&mut harness, row, 1)[..], [Action::Select(_)]));
}

#[test]
fn a_million_agents_have_a_map_and_a_table() {
    let asked = Constant { capability: "database.query".into(), per_second: 60_000.0, ..default() };
    let config = OperationsConfig {
        workload: vec![Workload::Constant(asked)],
        service: ServiceTime::Constant { ms: 1e8 },
        strategy: Strategy::PowerOfTwoChoices,
        ..default()
    };
    let simulation = servers(1_000_000, config, 2);
    let mut harness = panel(&simulation, &[]);
    assert!(says(&harness, "1\u{202f}100\u{202f}000 agents"));
    let map = harness.get_by_role_and_label(Role::Image, "Map of queue by agent").rect();
    match &press_at(&mut harness, map.center(), 1)[..] {
        [Action::Select(agents)] => assert!(agents.len() > 1, "a cell stands for several agents"),
        other => panic!("{other:?}"),
    }
    let rows = harness.query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Agent "))).count();
    assert!((4..30).contains(&rows), "{rows} rows");
}
