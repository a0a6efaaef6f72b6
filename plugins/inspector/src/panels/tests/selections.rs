use agent2028_core::agent::{AgentId, Status};
use agent2028_core::selector::Selector;
use agent2028_view::Combine;

use super::*;
use crate::panels::selections::{SelectionsState, SelectionsView, show};

struct Asked {
    panel: SelectionsState,
    for_faults: Option<Selector>,
}

fn panel<'a>(simulation: Simulation, selected: Vec<AgentId>, text: &str) -> Harness<'a, PanelTest<Asked>> {
    let mut state = Asked { panel: SelectionsState::default(), for_faults: None };
    state.panel.text = text.into();
    panel_test([236.0, 420.0], state, move |ui, look, state, actions| {
        let now = ui.input(|input| input.time);
        let view = SelectionsView { simulation: &simulation, selected: &selected, now };
        if let Some(selector) = show(ui, look, &view, &mut state.panel, actions) {
            state.for_faults = Some(selector);
        }
    })
}

fn birds() -> Simulation {
    simulation(&[("ant", 30), ("bird", 70)])
}

#[test]
fn an_expression_tells_how_many_match_and_selects_them() {
    let mut harness = panel(birds(), vec![], "group bird and id 0..39");
    assert!(says(&harness, "10 agents match"));
    let selector =
        Selector::And(vec![Selector::Named("bird".into()), Selector::IdRange { first: AgentId(0), last: AgentId(39) }]);
    for (button, how) in [
        ("Select", Combine::Replace),
        ("Add the matches to the selection", Combine::Add),
        ("Take the matches out of the selection", Combine::Subtract),
    ] {
        assert_eq!(click(&mut harness, Role::Button, button), [Action::SelectBy(selector.clone(), how)]);
    }
    click(&mut harness, Role::Button, "Use in faults");
    assert_eq!(harness.state().state.for_faults, Some(selector));
    assert_eq!(harness.state().state.panel.history, ["group bird and id 0..39"]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_told_in_place_with_what_would_work() {
    let mut harness = panel(birds(), vec![], "group brid");
    assert!(says(&harness, "there is no group `brid`") && says(&harness, "did you mean \"bird\"?"));
    assert!(harness.get_by_role_and_label(Role::Button, "Select").accesskit_node().is_disabled());
    assert_eq!(click(&mut harness, Role::Button, "Select"), vec![]);
    let empty = panel(birds(), vec![], "");
    assert!(says(&empty, "For example"));
}

#[test]
fn completions_are_taken_by_tab_and_the_field_goes_on() {
    let mut harness = panel(birds(), vec![], "");
    harness.get_by_role_and_label(Role::TextInput, "Selector expression").focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::TextInput, "Selector expression").type_text("grou");
    harness.run_steps(3);
    harness.key_press(egui::Key::Tab);
    harness.run_steps(3);
    assert_eq!(harness.state().state.panel.text, "group ");
    assert!(says(&harness, "ant") && says(&harness, "bird"));
    harness.key_press(egui::Key::ArrowDown);
    harness.run_steps(2);
    harness.key_press(egui::Key::Tab);
    harness.run_steps(3);
    assert_eq!(harness.state().state.panel.text, "group bird ");
    harness.get_by_role_and_label(Role::TextInput, "Selector expression").type_text("and not failed");
    harness.run_steps(3);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);
    let not_failed = Selector::Not(Box::new(Selector::HasStatus(Status::Failed)));
    let meant = Selector::And(vec![Selector::Named("bird".into()), not_failed]);
    assert_eq!(harness.state_mut().actions.take(), [Action::SelectBy(meant, Combine::Replace)]);
}

#[test]
fn all_others_and_neighbours_are_a_click_away() {
    let mut harness = panel(birds(), vec![AgentId(2)], "");
    assert!(says(&harness, "1 selected"));
    assert_eq!(click(&mut harness, Role::Button, "Select all"), [Action::SelectBy(Selector::All, Combine::Replace)]);
    assert_eq!(click(&mut harness, Role::Button, "Invert the selection"), [Action::InvertSelection]);
    assert_eq!(click(&mut harness, Role::Button, "Grow the selection to neighbours"), [Action::GrowSelection]);
    assert_eq!(click(&mut harness, Role::Button, "Select nothing"), [Action::Select(vec![])]);
    let none = panel(birds(), vec![], "");
    assert!(says(&none, "Nothing selected"));
}

#[test]
fn selections_are_kept_by_name_selected_again_and_forgotten() {
    let mut harness = panel(birds(), vec![AgentId(2), AgentId(7)], "");
    assert!(harness.get_by_role_and_label(Role::Button, "Save the selection").accesskit_node().is_disabled());
    harness.get_by_role_and_label(Role::TextInput, "Name for this selection").focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::TextInput, "Name for this selection").type_text("scouts");
    harness.run_steps(3);
    click(&mut harness, Role::Button, "Save the selection");
    let asked = click(&mut harness, Role::Button, "scouts");
    assert_eq!(asked, [Action::Select(vec![AgentId(2), AgentId(7)])]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    click(&mut harness, Role::Button, "Forget scouts");
    assert!(!says(&harness, "scouts"));
}

#[test]
fn a_million_agents_are_counted_once_and_not_in_every_frame() {
    let mut harness = panel(simulation(&[("ant", 1_000_000)]), vec![], "group ant and not failed");
    assert!(says(&harness, "1\u{202f}000\u{202f}000 agents match"));
    let (counted, drawn) = (harness.state().state.panel.counted_at(), harness.ctx.input(|input| input.time));
    harness.run_steps(20);
    assert!(counted.is_some() && harness.state().state.panel.counted_at() == counted);
    assert!(harness.ctx.input(|input| input.time) > drawn, "no time has passed");
    // Another expression is counted at once.
    harness.state_mut().state.panel.text = "group ant".into();
    harness.run_steps(1);
    assert!(harness.state().state.panel.counted_at() > counted);
}
