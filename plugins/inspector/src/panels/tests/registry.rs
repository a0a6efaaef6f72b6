use agent2028_core::agent::{AgentId, AgentIndex, Velocity, degrade_agents, fail_agents, remove_agents};

use super::*;
use crate::panels::registry::{self, RegistryState, RegistryView};

const PANEL: [f32; 2] = [1100.0, 520.0];

/// Ants and birds; each agent is as fast as its number says.
fn flock(count: u32) -> Simulation {
    let mut simulation = simulation(&[("ant", count / 2), ("bird", count - count / 2)]);
    let world = simulation.world_mut();
    let agents: Vec<(AgentId, Entity)> = world.resource::<AgentIndex>().iter().collect();
    for (agent, entity) in agents {
        world.get_mut::<Velocity>(entity).unwrap().0 = Vec2::X * agent.0 as f32;
    }
    simulation
}

fn table<'a>(simulation: &'a Simulation, selected: &'a [AgentId]) -> Harness<'a, PanelTest<RegistryState>> {
    panel_test(PANEL, RegistryState::default(), move |ui, look, state, actions| {
        let view = RegistryView { world: simulation.world(), generation: 0, tick: simulation.tick(), selected };
        registry::show(ui, look, &view, state, actions);
    })
}

/// The names in the visible rows, from top to bottom.
fn rows(harness: &Harness<'_, PanelTest<RegistryState>>) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = harness
        .query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Agent ")))
        .map(|node| (node.rect().top(), node.accesskit_node().label().unwrap()[6..].to_owned()))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

fn press(harness: &mut Harness<'_, PanelTest<RegistryState>>, name: &str, modifiers: egui::Modifiers) -> Vec<Action> {
    let name = format!("Agent {name}");
    harness.get_by(|node| node.label().as_deref() == Some(&name)).click_modifiers(modifiers);
    harness.run_steps(2);
    harness.state_mut().actions.take()
}

#[test]
fn all_agents_are_listed_with_their_quantities() {
    let simulation = flock(20);
    let harness = table(&simulation, &[]);
    assert!(says(&harness, "20 agents"));
    assert_eq!(rows(&harness)[..3], ["ant-0", "ant-1", "ant-2"]);
    for text in ["Group", "Status", "Health", "Speed (units/s)", "Heading (°)", "Active", "Ant"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn without_agents_the_table_says_how_to_get_some() {
    let simulation = simulation(&[]);
    assert!(says(&table(&simulation, &[]), "There are no agents"));
}

#[test]
fn a_click_on_a_head_sorts_and_another_one_turns_it_round() {
    let simulation = flock(20);
    let mut harness = table(&simulation, &[]);
    click(&mut harness, Role::Button, "Sort by speed");
    assert_eq!(rows(&harness)[..2], ["bird-19", "bird-18"]);
    click(&mut harness, Role::Button, "Sort by speed");
    assert_eq!(rows(&harness)[..2], ["ant-0", "ant-1"]);
    click(&mut harness, Role::Button, "Sort by Agent");
    assert_eq!(harness.state().state.sort, None);
}

#[test]
fn filters_are_names_numbers_expressions_and_choices() {
    let mut simulation = flock(20);
    fail_agents(simulation.world_mut(), &[AgentId(3), AgentId(15)], u64::MAX);
    let selected = [AgentId(4), AgentId(15)];
    let mut harness = table(&simulation, &selected);
    let mut filtered = |text: &str, change: fn(&mut RegistryState)| {
        let state = &mut harness.state_mut().state;
        *state = RegistryState::default();
        state.filter = text.to_owned();
        change(state);
        harness.run_steps(3);
        rows(&harness)
    };
    assert_eq!(filtered("BIRD-12", |_| {}), ["bird-12"]);
    assert_eq!(filtered("#7", |_| {}), ["ant-7"]);
    assert_eq!(filtered("speed > 16 and group bird", |_| {}), ["bird-17", "bird-18", "bird-19"]);
    assert_eq!(filtered("failed", |state| state.group = Some("bird".into())), ["bird-15"]);
    assert_eq!(filtered("", |state| state.status = Some(agent2028_core::agent::Status::Failed)), ["ant-3", "bird-15"]);
    assert_eq!(filtered("", |state| state.only_selected = true), ["ant-4", "bird-15"]);
    assert_eq!(filtered("nobody", |_| {}), Vec::<String>::new());
    assert!(says(&harness, "No agent passes the filters"));
}

#[test]
fn clicks_select_one_a_range_or_one_more_and_follow() {
    let simulation = flock(20);
    let selected = [AgentId(2)];
    let mut harness = table(&simulation, &selected);
    let none = egui::Modifiers::NONE;
    assert_eq!(press(&mut harness, "ant-1", none), [Action::Select(vec![AgentId(1)])]);
    let range = [Action::Select(vec![AgentId(1), AgentId(2), AgentId(3), AgentId(4)])];
    assert_eq!(press(&mut harness, "ant-4", egui::Modifiers::SHIFT), range);
    let more = [Action::Select(vec![AgentId(2), AgentId(6)])];
    assert_eq!(press(&mut harness, "ant-6", egui::Modifiers::COMMAND), more);
    assert_eq!(press(&mut harness, "ant-2", egui::Modifiers::COMMAND), [Action::Select(Vec::new())]);
    let row = harness.get_by(|node| node.label().as_deref() == Some("Agent ant-3")).rect().center();
    let actions = press_at(&mut harness, row, 2);
    assert!(actions.contains(&Action::Follow(Some(AgentId(3)))), "{actions:?}");
}

#[test]
fn arrows_move_the_chosen_row() {
    let simulation = flock(200);
    let mut harness = table(&simulation, &[]);
    press(&mut harness, "ant-1", egui::Modifiers::NONE);
    harness.key_press(egui::Key::ArrowDown);
    harness.run_steps(2);
    assert_eq!(harness.state_mut().actions.take(), [Action::Select(vec![AgentId(2)])]);
}

#[test]
fn columns_are_chosen_from_all_quantities() {
    let simulation = flock(20);
    let mut harness = table(&simulation, &[]);
    click(&mut harness, Role::Button, "Choose columns");
    click(&mut harness, Role::CheckBox, "heading");
    click(&mut harness, Role::CheckBox, "Velocity.x");
    assert!(harness.state().state.columns.contains(&"Velocity.x".to_owned()), "{:?}", harness.state().state.columns);
    assert!(!harness.state().state.columns.contains(&"heading".to_owned()));
}

#[test]
fn the_table_is_saved_as_it_is_listed() {
    let mut simulation = flock(6);
    remove_agents(simulation.world_mut(), &[AgentId(1)]);
    degrade_agents(simulation.world_mut(), &[AgentId(5)], 0.5, u64::MAX);
    let mut harness = table(&simulation, &[]);
    harness.state_mut().state.columns = ["group", "health", "speed"].map(str::to_owned).to_vec();
    harness.state_mut().state.sort = Some(("speed".into(), true));
    harness.run_steps(3);
    let actions = click(&mut harness, Role::Button, "Save the table as CSV");
    let [Action::SaveFile(file)] = &actions[..] else { panic!("{actions:?}") };
    let text = std::str::from_utf8(&file.bytes).unwrap();
    assert_eq!(text.lines().next(), Some("agent,name,group,health,speed"));
    assert_eq!(text.lines().nth(1), Some("5,bird-5,bird,0.5,5"));
    assert_eq!(text.lines().last(), Some("0,ant-0,ant,1,0"));
    assert_eq!(text.lines().count(), 6);
}

#[test]
fn speeds_in_the_table_have_one_precision() {
    let mut simulation = flock(20);
    // Speeds of 0, 1, 2 … units per second; one of them is no whole number.
    let entity = simulation.world().resource::<agent2028_core::agent::AgentIndex>().get(AgentId(3)).unwrap();
    simulation.world_mut().get_mut::<agent2028_core::agent::Velocity>(entity).unwrap().0 = Vec2::new(2.345, 0.0);
    let mut harness = table(&simulation, &[]);
    harness.state_mut().state.columns = vec!["speed".to_owned()];
    harness.run_steps(3);
    let places: std::collections::BTreeSet<Option<usize>> = harness
        .query_all_by(|node| node.value().is_some_and(|value| value.parse::<f64>().is_ok()))
        .map(|node| node.value().unwrap().split_once('.').map(|(_, fraction)| fraction.len()))
        .collect();
    assert_eq!(places.len(), 1, "{places:?}");
    assert!(says(&harness, "2.345") || says(&harness, "2.35") || says(&harness, "2.3"));
}

#[test]
fn a_million_agents_are_listed_sorted_and_scrolled() {
    let simulation = simulation(&[("bird", 1_000_000)]);
    let mut harness = table(&simulation, &[]);
    assert!(says(&harness, "1\u{202f}000\u{202f}000 agents"));
    let shown = rows(&harness).len();
    assert!((5..40).contains(&shown), "{shown} rows");
    harness.state_mut().state.sort = Some(("x".into(), true));
    harness.run_steps(2);
    assert!(says(&harness, "looking for more"), "nothing waits for the order");
    until(&mut harness, |harness| !says(harness, "looking for more"));
    assert_eq!(rows(&harness)[0], "bird-999", "the first of those at the right end of the grid");
    harness.key_press(egui::Key::End);
    press(&mut harness, "bird-999", egui::Modifiers::NONE);
    harness.key_press(egui::Key::End);
    harness.run_steps(3);
    assert_eq!(harness.state_mut().actions.take().len(), 1);
    assert!(rows(&harness).len() >= 5);
}
