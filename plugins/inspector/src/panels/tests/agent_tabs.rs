//! The tabs of one agent: why, life, fields, events.

use agent2028_core::agent::{AgentId, fail_agents};
use agent2028_core::explain::{Choice, Explainers, Explanation, Outcome, Senses, Term, Value};
use agent2028_core::faults::{Kill, SetField};
use agent2028_core::life::Lives;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;

use super::agents::Shown;
use super::*;
use crate::actions::Travel;
use crate::panels::agent::Tab;

/// Birds that are explained as a flock would be.
fn flock(count: u32) -> Simulation {
    let mut simulation = simulation(&[("bird", count)]);
    simulation.world_mut().resource_mut::<Explainers>().add("boids", |world, agent| {
        agent2028_core::explain::explain_inability(world, agent).or_else(|| Some(explanation()))
    });
    simulation
}

fn explanation() -> Explanation {
    Explanation {
        activity: "Flocks".into(),
        sentence: "flies with 2 others".into(),
        perceived: [1, 4].map(AgentId).to_vec(),
        senses: Senses { radius: Some(50.0), view_degrees: Some(300.0), heading: Vec2::X, points: Vec::new() },
        terms: vec![
            Term::weighed("Separation", Vec2::new(0.0, 2.0), 1.5, "units/s", "Away from the one closer than 25 units.")
                .set_by("boids.separation.weight"),
            Term::weighed("Cohesion", Vec2::new(0.0, -1.0), 1.0, "units/s", "Toward the middle."),
            Term::number("Load", 0.5, "units of food", "What it carries."),
        ],
        choices: vec![Choice { name: "Turn left".into(), probability: 0.8, taken: true }],
        outcome: Outcome {
            sentence: "turns 3.0° to the left at 4.0 units/s".into(),
            change: Some(Vec2::new(0.0, 1.0)),
            limit: Some(1.0),
            velocity: Some(Vec2::new(4.0, 1.0)),
        },
        ..Explanation::default()
    }
}

#[test]
fn the_overview_begins_with_a_sentence_and_tabs_come_with_their_data() {
    let simulation = flock(6);
    let harness = Shown::of(&simulation, 2).panel_test(None, Tab::Overview);
    assert!(says(&harness, "bird-2 flies with 2 others."));
    assert!(says(&harness, "Next, it turns 3.0° to the left"));
    assert!(harness.query_by_role_and_label(Role::Button, "Why").is_some());
    assert!(harness.query_by_role_and_label(Role::Button, "Events").is_none(), "nothing has happened to it");
    drop(harness);
    let plain = super::simulation(&[("rock", 2)]);
    let harness = Shown::of(&plain, 1).panel_test(None, Tab::Why);
    assert!(harness.query_by_role_and_label(Role::Button, "Why").is_none(), "nobody decides for a rock");
    assert!(says(&harness, "Motion"), "the overview is shown instead");
}

#[test]
fn why_tells_outcome_inputs_choices_and_perception() {
    let simulation = flock(6);
    let mut harness = Shown::of(&simulation, 2).panel_test(None, Tab::Why);
    for text in [
        "bird-2 flies with 2 others",
        "If it decided now, it turns 3.0° to the left at 4.0 units/s: its inputs ask for a change of 2\u{202f}units/s",
        "Separation: 3\u{202f}units/s",
        "Cohesion: 1\u{202f}units/s",
        "Load: 0.5000\u{202f}units of food",
        "Turn left: 80\u{202f}%, chosen",
        "2 agents",
        "300°",
    ] {
        assert!(says(&harness, text), "{text}");
    }
    let select = click(&mut harness, Role::Button, "Select whom it perceives");
    assert_eq!(select, [Action::Select([1, 4].map(AgentId).to_vec())]);
    let seen = click(&mut harness, Role::Button, "See as this agent");
    assert!(matches!(seen.as_slice(), [Action::View(settings)] if settings.lens == agent2028_view::Lens::Agent));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_failed_agent_is_explained_by_its_failure() {
    let mut simulation = flock(6);
    fail_agents(simulation.world_mut(), &[AgentId(2)], u64::MAX);
    let mut harness = Shown::of(&simulation, 2).panel_test(None, Tab::Why);
    assert!(says(&harness, "has failed: it decides nothing"));
    assert_eq!(click(&mut harness, Role::Button, "Select whom it perceives"), vec![], "it perceives nobody");
}

#[test]
fn a_life_that_is_not_known_says_how_to_fill_it() {
    let simulation = flock(6);
    let harness = Shown::of(&simulation, 2).panel_test(None, Tab::Life);
    assert!(says(&harness, "Nothing of its life is known yet"));
    assert!(says(&harness, "go back in time with the agent selected"));
}

#[test]
fn a_life_shows_what_was_done_and_leads_back() {
    let mut simulation = flock(6);
    simulation.world_mut().resource_mut::<Lives>().watch(&[AgentId(2)]);
    simulation.run(40);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(2)]), duration_s: None });
    simulation.run(20);
    let mut harness = Shown::of(&simulation, 2).panel_test(None, Tab::Life);
    for text in ["Life of bird-2, ticks 1 to 60", "Flocks", "67\u{202f}%", "Has failed", "33\u{202f}%"] {
        assert!(says(&harness, text), "{text}");
    }
    let lanes = harness.get_by_label("Life of bird-2, ticks 1 to 60").rect();
    let middle = egui::pos2(lanes.left() + lanes.width() * 0.5, lanes.top() + 10.0);
    harness.hover_at(middle);
    harness.run_steps(40);
    assert!(says(&harness, "tick 31"), "hovering tells the moment");
    assert!(says(&harness, "Then it turns 3.0° to the left"));
    let seek = click(&mut harness, Role::Button, "Life of bird-2, ticks 1 to 60");
    assert!(matches!(seek.as_slice(), [Action::Time(Travel::Seek(tick))] if (25..=36).contains(tick)), "{seek:?}");
    click(&mut harness, Role::Button, "Show 10 s");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn fields_are_found_edited_and_put_back() {
    let mut simulation = flock(6);
    fail_agents(simulation.world_mut(), &[AgentId(2)], u64::MAX);
    let mut shown = Shown::of(&simulation, 2);
    let health = shown.fields.iter_mut().find(|field| field.spec.name == "Condition.health").unwrap();
    assert_eq!(health.spec.range, Some(agent2028_core::check::Range::new(0.0, 1.0)));
    health.value = 0.25;
    let mut harness = shown.panel_test(None, Tab::Fields);
    assert!(harness.query_by_role_and_label(Role::Button, "Reset Condition.health").is_none());
    harness.state_mut().state.edited.note(AgentId(2), "Condition.health", 1.0);
    harness.run_steps(2);
    for text in ["Condition", "Position", "Velocity", "units/s"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let reset: SetField = only(&click(&mut harness, Role::Button, "Reset Condition.health"));
    assert_eq!((reset.field.as_str(), reset.value), ("Condition.health", ParamValue::Number(1.0)));
    harness.state_mut().state.search = "velocity".into();
    harness.run_steps(2);
    assert!(says(&harness, "Velocity.x") && !says(&harness, "Position.x"));
    harness.state_mut().state.search = "nothing of this name".into();
    harness.run_steps(2);
    assert!(says(&harness, "No field has this name"));
}

#[test]
fn what_is_out_of_range_is_refused_at_the_door_and_told_where_it_was_asked_for() {
    let mut simulation = flock(6);
    fail_agents(simulation.world_mut(), &[AgentId(2)], u64::MAX);
    for value in [1.5, f64::NAN] {
        simulation.intervene(SetField {
            select: Selector::Ids(vec![AgentId(2)]),
            field: "Condition.health".into(),
            value: ParamValue::Number(value),
        });
    }
    simulation.run(1);
    let shown = Shown::of(&simulation, 2);
    assert_eq!(shown.facts.condition.health, 1.0);
    assert_eq!(shown.happenings.iter().filter(|happening| happening.refused).count(), 2);
    let harness = shown.panel_test(None, Tab::Fields);
    assert!(says(&harness, "Set field was refused") && says(&harness, "not a finite number"));
}

#[test]
fn events_lead_to_their_ticks_and_pins_and_copies_are_asked_for() {
    let mut simulation = flock(6);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(2)]), duration_s: None });
    simulation.run(3);
    let mut harness = Shown::of(&simulation, 2).panel_test(None, Tab::Events);
    let seek = click(&mut harness, Role::Button, "Tick 1: Agent failed, failed");
    assert_eq!(seek, [Action::Time(Travel::Seek(1))]);
    let pin = click(&mut harness, Role::Button, "Pin: keep a flag on it and write its life down");
    assert_eq!(pin, [Action::Pin(AgentId(2))]);
    let copy = click(&mut harness, Role::Button, "Copy name and number");
    assert_eq!(copy, [Action::Copy("bird-2 #2".into())]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn every_tab_holds_long_names_and_a_million_agents() {
    let name = "an-agent-group-whose-name-was-written-by-somebody-who-likes-long-names".repeat(3);
    let mut simulation = super::simulation(&[(&name, 1_000_000)]);
    simulation.world_mut().resource_mut::<Explainers>().add("boids", |_, _| {
        let mut explanation = explanation();
        explanation.sentence = "does something that takes very many words to say ".repeat(6);
        explanation.terms[0].name = "A name of an input that is far too long for its column".into();
        explanation.terms[0].contribution = Some(Value::Vector(Vec2::new(1e9, -1e9)));
        explanation.perceived = (0..1000).map(AgentId).collect();
        Some(explanation)
    });
    for tab in Tab::ALL {
        let harness = Shown::of(&simulation, 999_999).panel_test(None, tab);
        for node in harness.query_all_by(|node| node.role() == Role::Button) {
            assert!(node.rect().right() <= 321.0, "{tab:?}: {node:?}");
        }
    }
}

#[test]
fn a_tab_of_a_plugin_that_has_nothing_to_show_gives_way_to_the_overview() {
    const PAPERS: crate::panel::TabFacts = crate::panel::TabFacts { label: "Papers", help: "What it may use" };
    let harness = Shown::of(&super::simulation(&[("rock", 2)]), 1).panel_test(None, Tab::OfPlugin(&PAPERS));
    assert!(harness.query_by_role_and_label(Role::Button, "Papers").is_none());
    assert!(says(&harness, "Motion"), "the overview is shown instead");
}
