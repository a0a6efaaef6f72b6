use std::collections::BTreeSet;

use agent2028_core::agent::{AgentId, AgentIndex, Condition, Status};
use agent2028_core::faults::{Kill, Spawn};
use agent2028_core::intervention::{InterventionQueue, Origin};
use agent2028_core::selector::Selector;
use agent2028_core::timeline::Timeline;
use agent2028_view::Aimed;

use super::*;
use crate::panels::pending::{self, PendingState};

fn third() -> Kill {
    Kill { select: Selector::Fraction(1.0 / 3.0), duration_s: None }
}

#[test]
fn what_is_asked_for_while_paused_marks_at_once_whom_it_will_reach() {
    let (mut simulation, mut timeline) = (simulation(&[("bird", 300)]), Timeline::default());
    timeline.run(&mut simulation, 3);
    let mut state = PendingState::default();
    assert_eq!(state.follow(&simulation, true), None, "nothing waits");
    timeline.intervene(&mut simulation, third());
    timeline.intervene(&mut simulation, Spawn { group: "bird".into(), count: 5, at: None });
    let aimed = Aimed(state.follow(&simulation, true).unwrap());
    assert_eq!(state.follow(&simulation, true), None, "it is known");
    let reaches: Vec<_> = state.changes().iter().map(|change| (change.name.as_str(), change.reaches)).collect();
    assert_eq!(reaches, [("Kill", Some(100)), ("Spawn", None)]);

    timeline.run(&mut simulation, 1);
    assert_eq!(state.follow(&simulation, true), Some(vec![]), "the marks go with the tick");
    let world = simulation.world();
    let failed: BTreeSet<AgentId> = world
        .resource::<AgentIndex>()
        .iter()
        .filter(|(_, entity)| {
            world.get::<Condition>(*entity).is_some_and(|condition| condition.status == Status::Failed)
        })
        .map(|(agent, _)| agent)
        .collect();
    assert_eq!(failed.len(), 100);
    assert!(failed.iter().all(|agent| aimed.contains(*agent)), "just those");
}

#[test]
fn while_time_passes_and_of_what_the_scene_plans_nothing_is_marked() {
    let mut simulation = simulation(&[("bird", 30)]);
    let mut state = PendingState::default();
    let mut queue = simulation.world_mut().resource_mut::<InterventionQueue>();
    queue.push(1, Origin::Scene, third());
    assert_eq!(state.follow(&simulation, true), None);
    simulation.intervene(third());
    assert_eq!(state.follow(&simulation, false), None, "it is applied before anybody could read it");
    // Of the 20 that the scene leaves: whoever has failed is not chosen again.
    assert!(state.follow(&simulation, true).is_some_and(|aimed| aimed.len() == 7));
}

#[test]
fn the_chip_counts_lists_and_takes_back() {
    let mut simulation = simulation(&[("bird", 300)]);
    let first = simulation.intervene(third());
    simulation.intervene(Spawn { group: "bird".into(), count: 5, at: None });
    let mut state = PendingState::default();
    state.follow(&simulation, true);
    let mut harness = panel_test([400.0, 300.0], state, pending::contents);
    assert!(says(&harness, "2 pending: step to apply") && !says(&harness, "100 agents"));
    assert_eq!(click(&mut harness, Role::Button, "Step to apply"), [Action::Step(1)]);
    assert_eq!(click(&mut harness, Role::Button, "List what waits"), []);
    for text in ["Kill", "100 agents", "Spawn", "count"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
    assert_eq!(click(&mut harness, Role::Button, "Take back Kill"), [Action::Withdraw(first)]);
}

#[test]
fn without_anything_pending_there_is_no_chip() {
    let free = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(400.0, 300.0));
    let harness = panel_test([400.0, 300.0], PendingState::default(), move |ui, look, state, actions| {
        assert_eq!(pending::show(ui.ctx(), look, free, state, actions), None);
    });
    assert!(!says(&harness, "pending"));
}
