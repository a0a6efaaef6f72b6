use agent2028_core::agent::{AgentId, Tier};
use agent2028_operations::config::{Constant, Poisson, RetryConfig, ServiceTime, Workload};
use agent2028_operations::{OperationsConfig, OperationsPlugin, Strategy};

use super::*;
use crate::operations::{self, OperationsState, OperationsView, Page, Shown};
use agent2028_kit::actions::Travel;

const PANEL: [f32; 2] = [1100.0, 420.0];
const QUERY: &str = "database.query";

/// Servers of a scene with this section, after so many ticks.
pub(super) fn servers(count: u32, config: OperationsConfig, ticks: u64) -> Simulation {
    let mut app = app();
    app.add_plugins(OperationsPlugin { config, ..default() });
    for (name, count, tier) in [("server", count, Tier::Individual), ("member", count / 10, Tier::Swarm)] {
        let group = AgentGroup {
            name: name.into(),
            count,
            capabilities: vec![QUERY.into()],
            reliability: 0.9,
            max_concurrency: 2,
            tier,
            ..default()
        };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        agent2028_core::agent::spawn_scene_group(app.world_mut(), group).unwrap();
    }
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(ticks);
    simulation
}

/// Visitors and reports, asked for by chance.
pub(super) fn two_workloads(strategy: Strategy) -> OperationsConfig {
    let visitors = Poisson { name: "visitors".into(), capability: QUERY.into(), per_second: 600.0, ..default() };
    let reports =
        Poisson { name: "reports".into(), strategy: Some(Strategy::Random), per_second: 60.0, ..visitors.clone() };
    OperationsConfig {
        strategy,
        workload: vec![Workload::Poisson(visitors), Workload::Poisson(reports)],
        service: ServiceTime::Exponential { mean_ms: 30.0 },
        retry: RetryConfig { times: 1, ..default() },
        ..default()
    }
}

fn panel<'a>(
    simulation: &'a Simulation,
    selected: &'a [AgentId],
    page: Page,
) -> Harness<'a, PanelTest<OperationsState>> {
    let mut state = OperationsState::default();
    state.page = page;
    panel_test(PANEL, state, move |ui, look, state, actions| {
        let tick = simulation.tick();
        let view = OperationsView { world: simulation.world(), generation: 0, tick, tick_hz: 60.0, selected };
        operations::show(ui, look, &view, state, actions);
    })
}

/// The names of the visible rows, from top to bottom.
fn rows(harness: &Harness<'_, PanelTest<OperationsState>>) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = harness
        .query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Operation ")))
        .map(|node| (node.rect().top(), node.accesskit_node().label().unwrap()))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

fn saved(harness: &mut Harness<'_, PanelTest<OperationsState>>, button: &str) -> Vec<String> {
    match &click(harness, Role::Button, button)[..] {
        [Action::SaveFile(file)] => String::from_utf8(file.bytes.clone()).unwrap().lines().map(str::to_owned).collect(),
        other => panic!("not one file: {other:?}"),
    }
}

#[test]
fn without_operations_the_panel_says_how_to_get_some() {
    let without = simulation(&[("bird", 3)]);
    assert!(says(&panel(&without, &[], Page::List), "This scene has no operations"));
    let fresh = servers(20, two_workloads(Strategy::LeastLoaded), 0);
    assert!(says(&panel(&fresh, &[], Page::List), "Nothing has been asked for yet"));
    let none = servers(20, OperationsConfig::default(), 3);
    assert!(says(&panel(&none, &[], Page::Workloads), "Nothing has been asked for yet"));
}

#[test]
fn operations_on_their_way_are_listed_oldest_first_and_ended_ones_newest_first() {
    let simulation = servers(20, two_workloads(Strategy::LeastLoaded), 120);
    let mut harness = panel(&simulation, &[], Page::List);
    let live = rows(&harness);
    assert!(live.len() > 3, "{live:?}");
    assert!(live[0].contains(QUERY), "{live:?}");
    let numbers = |rows: &[String]| -> Vec<u64> {
        rows.iter().map(|row| row.split([' ', ',']).nth(1).unwrap().parse().unwrap()).collect()
    };
    assert!(numbers(&live).is_sorted(), "{live:?}");
    harness.state_mut().state.shown = Shown::Ended;
    harness.run_steps(2);
    let csv = saved(&mut harness, "Save the listed operations as CSV");
    assert_eq!(csv[0], "number,capability,state,agent,name,asked_at_s,took_ms,tries,why");
    let world = simulation.world().resource::<agent2028_operations::Operations>();
    assert_eq!(csv.len() as u64 - 1, world.tally().total.ended(), "every receipt is listed");
    harness.state_mut().state.shown = Shown::Failed;
    harness.run_steps(2);
    let failed = saved(&mut harness, "Save the listed operations as CSV");
    assert_eq!(failed.len() as u64 - 1, world.tally().total.failed);
    assert!(failed[1].ends_with("the agent did it wrong"), "{}", failed[1]);
    assert!(rows(&harness).iter().all(|row| row.contains("failed")));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn operations_are_found_by_number_capability_workload_agent_and_selection() {
    let simulation = servers(20, two_workloads(Strategy::LeastLoaded), 120);
    let selected = [AgentId(3)];
    let mut harness = panel(&simulation, &selected, Page::List);
    let all = saved(&mut harness, "Save the listed operations as CSV").len();
    let mut found = |text: &str, only_selected: bool| {
        let state = &mut harness.state_mut().state;
        (state.filter, state.only_selected) = (text.to_owned(), only_selected);
        harness.run_steps(2);
        saved(&mut harness, "Save the listed operations as CSV")
    };
    let number = found("", false)[1].split(',').next().unwrap().to_owned();
    assert_eq!(found(&format!("#{number}"), false).len(), 2);
    assert_eq!(found("QUERY", false).len(), all);
    let (visitors, reports) = (found("visitors", false).len(), found("reports", false).len());
    assert_eq!(visitors + reports - 1, all);
    assert!(found("server-3", false).iter().skip(1).all(|row| row.contains("server-3")));
    assert!(found("", true).iter().skip(1).all(|row| row.contains("server-3")));
    assert_eq!(found("nobody", false).len(), 1);
    assert!(says(&harness, "No operation passes the filters"));
}

#[test]
fn a_click_selects_the_agent_and_a_double_click_goes_to_the_tick() {
    let simulation = servers(20, two_workloads(Strategy::LeastLoaded), 120);
    let mut harness = panel(&simulation, &[], Page::List);
    harness.state_mut().state.shown = Shown::Completed;
    harness.run_steps(2);
    let name = rows(&harness)[0].clone();
    let row = harness.get_by(|node| node.label().as_deref() == Some(&name)).rect().center();
    assert!(matches!(press_at(&mut harness, row, 1)[..], [Action::Select(_)]));
    let actions = press_at(&mut harness, row, 2);
    assert!(actions.iter().any(|action| matches!(action, Action::Time(Travel::Seek(_)))), "{actions:?}");
}

#[test]
fn workloads_stand_side_by_side() {
    let simulation = servers(20, two_workloads(Strategy::LeastLoaded), 300);
    let mut harness = panel(&simulation, &[], Page::Workloads);
    for text in ["visitors", "reports", "Least loaded", "Random", "Success", "p99"] {
        assert!(says(&harness, text), "{text}");
    }
    let csv = saved(&mut harness, "Save the workloads as CSV");
    let requested = |row: &str| row.split(',').nth(2).unwrap().parse::<u64>().unwrap();
    let world = simulation.world().resource::<agent2028_operations::Operations>();
    assert_eq!(requested(&csv[1]) + requested(&csv[2]), world.tally().total.requested);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn latencies_are_a_histogram_with_percentiles() {
    let simulation = servers(20, two_workloads(Strategy::LeastLoaded), 300);
    let mut harness = panel(&simulation, &[], Page::Latency);
    assert!(harness.query_by_role_and_label(Role::Image, "Histogram of latency in milliseconds").is_some());
    for text in ["p50", "p99.9", "Mean"] {
        assert!(says(&harness, text), "{text}");
    }
    let count = |rows: Vec<String>| -> u64 {
        rows.iter().skip(1).map(|row| row.rsplit(',').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    let all = count(saved(&mut harness, "Save the latencies as CSV"));
    harness.state_mut().state.workload = Some(1);
    harness.run_steps(2);
    let reports = count(saved(&mut harness, "Save the latencies as CSV"));
    assert!(reports > 0 && reports < all / 4, "{reports} of {all}");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn tiers_tell_whether_they_are_well() {
    let mut simulation = servers(20, two_workloads(Strategy::LeastLoaded), 60);
    let harness = panel(&simulation, &[], Page::Tiers);
    for text in ["Individuals", "Swarms", "It is well", "of 20 agents", "of 2 agents", "without limit"] {
        assert!(says(&harness, text), "{text}");
    }
    drop(harness);
    let all: Vec<AgentId> = (0..20).map(AgentId).collect();
    agent2028_core::agent::fail_agents(simulation.world_mut(), &all, u64::MAX);
    simulation.run(10);
    assert!(says(&panel(&simulation, &[], Page::Tiers), "It is not well: the other tier takes over"));
}

#[test]
fn a_hundred_thousand_operations_are_listed_from_the_oldest() {
    let asked = Constant { capability: QUERY.into(), per_second: 9e6, ..default() };
    let config = OperationsConfig {
        workload: vec![Workload::Constant(asked)],
        service: ServiceTime::Constant { ms: 1e8 },
        strategy: Strategy::RoundRobin,
        ..default()
    };
    let simulation = servers(2000, config, 1);
    let mut harness = panel(&simulation, &[], Page::List);
    let total = simulation.world().resource::<agent2028_operations::Operations>().tally().total.requested;
    assert!(total > 100_000, "{total}");
    let text = format!("{} operations, the oldest 10\u{202f}000 are listed", agent2028_kit::format::count(total));
    assert!(says(&harness, &text), "{text}");
    assert!((5..30).contains(&rows(&harness).len()));
    assert!(rows(&harness)[0].starts_with("Operation 0,"), "{:?}", rows(&harness)[0]);
    harness.state_mut().state.page = Page::Workloads;
    harness.run_steps(2);
    assert!(says(&harness, "1 workload"));
}
