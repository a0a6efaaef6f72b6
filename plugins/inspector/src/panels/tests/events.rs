use agent2028_core::agent::AgentId;
use agent2028_core::event::{
    AddEventHandler, EventBus, EventDraft, EventFilter, EventHandlers, EventKind, HandlerFailure,
};

use super::*;
use crate::panels::events::{self, EventsState, EventsView, Whose};

/// A dock that is as wide as that of the smallest window, and high enough for what opens from it.
const DOCK: [f32; 2] = [1256.0, 520.0];

fn log(simulation: &Simulation) -> Harness<'_, PanelTest<EventsState>> {
    panel_test(DOCK, EventsState::default(), move |ui, look, state, actions| {
        let view = EventsView {
            bus: simulation.world().resource::<EventBus>(),
            kinds: simulation.world().resource(),
            handlers: simulation.world().resource::<EventHandlers>(),
            names: simulation.world().resource::<AgentGroups>(),
            selected: &[],
        };
        events::show(ui, look, &view, state, actions);
    })
}

fn bus(simulation: &mut Simulation) -> Mut<'_, EventBus> {
    simulation.world_mut().resource_mut::<EventBus>()
}

#[test]
fn a_response_is_awaited_given_or_missing() {
    let mut simulation = simulation(&[("bird", 5)]);
    let ask = |ticks| EventDraft::new(EventKind::new("ConsensusRequired", 8)).source(AgentId(1)).respond_within(ticks);
    simulation.run(1);
    let mut told = bus(&mut simulation);
    told.emit(ask(1).payload("soon"));
    let later = told.emit(ask(4).payload("later"));
    told.emit(ask(9).payload("much later").priority(2));
    assert!(says(&log(&simulation), "soon (waits for a response until tick 2)"));
    simulation.run(2);
    bus(&mut simulation).respond(later, None, "agreed").unwrap();
    let harness = log(&simulation);
    assert!(says(&harness, "bird-1: soon (got no response in time)"));
    assert!(says(&harness, "later (answered at tick 3)"));
    assert!(says(&harness, "much later (waits for a response until tick 10)"));
    assert!(says(&harness, "Response missing bird-1: ConsensusRequired of tick 1 got no response until tick 2"));
    assert!(says(&harness, "Response given : agreed"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn events_are_filtered_by_priority_and_source() {
    let mut simulation = simulation(&[("bird", 5)]);
    let mut told = bus(&mut simulation);
    told.publish(EventKind::AGENT_FAILED, Some(AgentId(2)), "usual");
    told.emit(EventDraft::new(EventKind::AGENT_FAILED).priority(10).payload("unusual"));
    let mut harness = log(&simulation);
    assert!(says(&harness, "2 events"));
    harness.get_by_role_and_label(Role::ComboBox, "Priority of events").click();
    harness.run_steps(3);
    click(&mut harness, Role::Button, "Priority 10");
    assert!(says(&harness, "1 event") && says(&harness, "unusual") && !says(&harness, "bird-2: usual"));
    assert_eq!(harness.state().state.least, 10);
    harness.state_mut().state.least = 0;
    harness.get_by_role_and_label(Role::ComboBox, "Source of events").click();
    harness.run_steps(3);
    click(&mut harness, Role::Button, "Of agents");
    assert!(says(&harness, "1 event") && says(&harness, "bird-2: usual"));
    harness.state_mut().state.whose = Whose::Nobody;
    harness.run_steps(2);
    assert!(says(&harness, "1 event") && says(&harness, "unusual"));
}

#[test]
fn statistics_tell_kinds_listeners_and_what_was_missed() {
    let mut app = app();
    app.add_event_handler("careless", EventFilter::kinds([EventKind::AGENT_FAILED]), |_, _| Err("why not")?);
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    let mut harness = log(&simulation);
    click(&mut harness, Role::Button, "Statistics of events: 1 listener");
    assert!(says(&harness, "Nothing has happened yet") && says(&harness, "careless, handler"));
    drop(harness);

    bus(&mut simulation).subscribe("sleeper", EventFilter::all().at_least(3));
    let _stream = bus(&mut simulation).stream(EventFilter::all());
    for _ in 0..70_000 {
        bus(&mut simulation).publish(EventKind::AGENT_STARTED, None, "here");
    }
    bus(&mut simulation).publish(EventKind::AGENT_FAILED, None, "gone");
    simulation.run(2);
    let mut harness = log(&simulation);
    assert!(says(&harness, "older ones are no longer kept"));
    click(&mut harness, Role::Button, "Statistics of events: 3 listeners");
    for text in [
        "By kind",
        "Agent started",
        "70\u{202f}000",
        "Failures of handlers",
        "sleeper, every tick",
        "missed",
        "From outside",
    ] {
        assert!(says(&harness, text), "{text}");
    }
    let failure =
        simulation.world().resource::<EventBus>().history().find_map(|event| event.payload.get::<HandlerFailure>());
    assert_eq!(failure.unwrap().message, "why not");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn an_event_that_carries_a_value_is_saved_with_its_fields() {
    let mut simulation = simulation(&[("bird", 5)]);
    let failure = HandlerFailure { handler: "h".into(), kind: "k".into(), panicked: true, message: "a, \"b\"".into() };
    bus(&mut simulation).emit(EventDraft::new(EventKind::HANDLER_FAILED).payload(failure).refers_to(7));
    let mut harness = log(&simulation);
    let [Action::Copy(text)] = &click(&mut harness, Role::Button, "Copy the listed events")[..] else {
        panic!("nothing was copied")
    };
    assert!(text.lines().next().unwrap().ends_with("text\tpayload\tfields\trespond_by\trefers_to"), "{text}");
    assert!(text.contains("HandlerFailure") && text.trim_end().ends_with("\t7"), "{text}");
    click(&mut harness, Role::Button, "Save the listed events");
    let [Action::SaveFile(file)] = &click(&mut harness, Role::Button, "As JSON Lines…")[..] else {
        panic!("nothing was saved")
    };
    let text = std::str::from_utf8(&file.bytes).unwrap();
    assert!(text.contains("\"payload\":\"HandlerFailure\",\"fields\":\"(handler:") && text.contains("\"refers_to\":7"));
}
