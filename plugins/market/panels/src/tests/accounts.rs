use agent2028_core::agent::AgentId;

use super::contracts::services;
use super::*;
use crate::accounts::{self, AccountsState, AccountsView};

fn panel<'a>(simulation: &'a Simulation, selected: &'a [AgentId]) -> Harness<'a, PanelTest<AccountsState>> {
    panel_test([900.0, 420.0], AccountsState::default(), move |ui, look, state, actions| {
        let (world, tick) = (simulation.world(), simulation.tick());
        accounts::show(ui, look, &AccountsView { world, generation: 0, tick, selected }, state, actions);
    })
}

#[test]
fn purses_are_listed_the_fullest_first_and_the_money_adds_up() {
    let without = simulation(&[("bird", 3)]);
    assert!(says(&panel(&without, &[]), "There is no money in this scene"));
    let simulation = services(6, 3, 600);
    let mut harness = panel(&simulation, &[]);
    assert!(says(&harness, "adds up"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let mut rows: Vec<(f32, String)> = harness
        .query_all_by(|node| node.label().is_some_and(|name| name.contains(" has ")))
        .map(|node| (node.rect().top(), node.accesskit_node().label().unwrap()))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(rows.len(), 9);
    assert!(rows[0].1.starts_with("database"), "who was paid has most: {rows:?}");
    let at = harness.get_by(|node| node.label().as_deref() == Some(&rows[0].1)).rect().center();
    assert!(matches!(&press_at(&mut harness, at, 1)[..], [Action::Select(one)] if one.len() == 1));
}

#[test]
fn ten_thousand_purses_are_listed() {
    let simulation = services(10_000, 50, 2);
    let harness = panel(&simulation, &[]);
    let drawn = harness.query_all_by(|node| node.label().is_some_and(|name| name.contains(" has "))).count();
    assert!((5..40).contains(&drawn), "only what is seen is drawn: {drawn}");
}
