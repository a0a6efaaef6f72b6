use agent2028_core::agent::AgentId;
use agent2028_core::event::{EventBus, EventHandlers};
use agent2028_core::faults::{Kill, Spawn};
use agent2028_core::intervention::{InterventionLog, InterventionQueue};
use agent2028_core::selector::Selector;

use super::*;
use crate::panels::events::{self, EventsState, EventsView};
use crate::panels::interventions::{self, InterventionsView};

/// The size of the bottom dock in the smallest window.
const DOCK: [f32; 2] = [1256.0, 160.0];

fn log<'a>(simulation: &'a Simulation, selected: &'a [AgentId]) -> Harness<'a, PanelTest<EventsState>> {
    panel_test(DOCK, EventsState::default(), move |ui, look, state, actions| {
        let view = EventsView {
            bus: simulation.world().resource::<EventBus>(),
            kinds: simulation.world().resource(),
            handlers: simulation.world().resource::<EventHandlers>(),
            names: simulation.world().resource::<AgentGroups>(),
            selected,
        };
        events::show(ui, look, &view, state, actions);
    })
}

#[test]
fn events_are_listed_newest_first_and_select_their_agent() {
    let mut simulation = simulation(&[("bird", 5)]);
    assert!(says(&log(&simulation, &[]), "Nothing has happened yet"));
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(3)]), duration_s: None });
    simulation.run(1);
    let mut harness = log(&simulation, &[]);
    let row = "Tick 1, Agent failed bird-3: failed";
    assert_eq!(click(&mut harness, Role::Button, row), [Action::Select(vec![AgentId(3)])]);
    harness.state_mut().state.filter = "bird-3".into();
    harness.run_steps(2);
    assert!(says(&harness, "1 event"));
    click(&mut harness, Role::Button, "Kinds of events: All kinds");
    click(&mut harness, Role::CheckBox, "Agent failed  1");
    assert!(says(&harness, "1 of 2 kinds"));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(says(&harness, "No event passes the filters"));
    harness.state_mut().state.filter.clear();
    harness.run_steps(2);
    assert!(says(&harness, "Kill: 1 agents failed"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn events_are_weighed_gone_to_and_saved() {
    let mut simulation = simulation(&[("bird", 5)]);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(3)]), duration_s: None });
    simulation.run(1);
    let mut harness = log(&simulation, &[]);
    harness.state_mut().state.least = 7;
    harness.run_steps(2);
    assert!(says(&harness, "1 event"));
    let [Action::Copy(text)] = &click(&mut harness, Role::Button, "Copy the listed events")[..] else {
        panic!("nothing was copied")
    };
    assert!(text.starts_with("sequence\ttick\t") && text.contains("\t1\t"), "{text}");
    click(&mut harness, Role::Button, "Save the listed events");
    let [Action::SaveFile(file)] = &click(&mut harness, Role::Button, "As JSON Lines…")[..] else {
        panic!("nothing was saved")
    };
    let text = std::str::from_utf8(&file.bytes).unwrap();
    assert!(text.contains("\"kind\":\"AgentFailed\",\"priority\":8,\"agent\":3,\"name\":\"bird-3\""), "{text}");
    let row = harness.get_by_label("Tick 1, Agent failed bird-3: failed").rect().center();
    let actions = press_at(&mut harness, row, 2);
    assert!(actions.contains(&Action::Time(crate::actions::Travel::Seek(1))), "{actions:?}");
}

#[test]
fn events_can_be_those_of_selected_agents_only() {
    let mut simulation = simulation(&[("bird", 5)]);
    simulation.intervene(Kill::default());
    simulation.run(1);
    let selected = [AgentId(2)];
    let mut harness = log(&simulation, &selected);
    assert!(says(&harness, "6 events"));
    click(&mut harness, Role::CheckBox, "Selected agents only");
    assert!(says(&harness, "1 event"));
}

#[test]
fn a_flood_of_events_is_counted_and_drawn_row_by_row() {
    let mut simulation = simulation(&[("bird", 5000)]);
    simulation.intervene(Kill::default());
    simulation.run(1);
    let harness = log(&simulation, &[]);
    assert!(says(&harness, "1\u{202f}000 events"));
    assert!(says(&harness, "older ones are no longer kept"));
    let rows = harness.query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Tick "))).count();
    assert!((3..40).contains(&rows), "{rows} rows");
}

fn history(simulation: &Simulation) -> Harness<'_, PanelTest<()>> {
    panel_test(DOCK, (), move |ui, look, (), actions| {
        let view = InterventionsView {
            log: simulation.world().resource::<InterventionLog>(),
            queue: simulation.world().resource::<InterventionQueue>(),
        };
        interventions::show(ui, look, &view, actions);
    })
}

#[test]
fn interventions_tell_who_what_and_what_came_of_it() {
    let mut simulation = simulation(&[("bird", 5)]);
    assert!(says(&history(&simulation), "Nothing has intervened"));
    simulation.intervene(Kill { select: Selector::Fraction(0.4), duration_s: None });
    simulation.intervene(Spawn { group: "nobody".into(), count: 1, at: None });
    simulation.run(1);
    simulation.intervene(Kill::default());
    let harness = history(&simulation);
    assert!(says(&harness, "2 applied") && says(&harness, "1 waiting"));
    assert!(says(&harness, "Tick 1, You: Kill") && says(&harness, "2 agents failed"));
    assert!(says(&harness, "there is no agent group \"nobody\""));
    assert!(says(&harness, "waits for its tick"));
}
