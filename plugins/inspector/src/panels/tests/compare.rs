//! Agents side by side.

use agent2028_core::agent::{AgentId, degrade_agents};

use super::*;
use crate::panels::compare::{CompareState, CompareView, MOST, QuantityCache, gather, show};

fn view(simulation: &Simulation, chosen: &[u32]) -> CompareView {
    let mut quantities = QuantityCache::default();
    let quantities = quantities.follow(0, simulation.world());
    let chosen: Vec<AgentId> = chosen.iter().copied().map(AgentId).collect();
    gather(simulation.world(), quantities, &chosen, &chosen, &[AgentId(1)])
}

fn table<'a>(view: CompareView) -> Harness<'a, PanelTest<CompareState>> {
    panel_test([900.0, 500.0], CompareState::default(), move |ui, look, state, actions| {
        show(ui, look, &view, state, actions);
    })
}

#[test]
fn without_agents_it_says_how_to_choose_them() {
    let simulation = simulation(&[("bird", 8)]);
    let harness = table(view(&simulation, &[]));
    assert!(says(&harness, "Nothing to compare yet") && says(&harness, "pin some with the flag"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn six_agents_stand_side_by_side_and_differences_show() {
    let mut simulation = simulation(&[("bird", 8)]);
    degrade_agents(simulation.world_mut(), &[AgentId(2)], 0.25, u64::MAX);
    let view = view(&simulation, &[0, 1, 2, 3, 4, 5]);
    assert_eq!(view.agents.len(), MOST);
    let health = view.rows.iter().find(|row| row.spec.name == "health").unwrap();
    assert!(health.differs());
    let speed = view.rows.iter().find(|row| row.spec.name == "speed").unwrap();
    assert!(!speed.differs(), "all stand still");
    let mut harness = table(view);
    for text in ["bird-0", "bird-5", "Health", "Speed"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(click(&mut harness, Role::Button, "Select bird-2"), [Action::Select(vec![AgentId(2)])]);
    assert_eq!(click(&mut harness, Role::Button, "Pin bird-2"), [Action::Pin(AgentId(2))]);
    assert_eq!(click(&mut harness, Role::Button, "Take the pin off bird-1"), [Action::Pin(AgentId(1))]);
    click(&mut harness, Role::CheckBox, "Only what differs");
    assert!(says(&harness, "Health") && !says(&harness, "Speed"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn agents_of_a_million_are_compared_by_their_own_numbers_alone() {
    let simulation = simulation(&[("bird", 1_000_000)]);
    let harness = table(view(&simulation, &[5, 999_999]));
    assert!(says(&harness, "bird-999999"));
}
