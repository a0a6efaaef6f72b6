use agent2028_core::agent::AgentId;
use agent2028_core::faults::Kill;
use agent2028_core::selector::Selector;
use agent2028_ledger::config::Stamps;
use agent2028_ledger::document::{ProofDocument, Proven};
use agent2028_ledger::{EntryKind, Ledger, LedgerConfig, LedgerPlugin, Opening};

use super::*;
use crate::ledger::{self, LedgerState, LedgerView};
use agent2028_kit::actions::Travel;

const PANEL: [f32; 2] = [900.0, 640.0];

/// Agents of which some fail, with a ledger that tells of it.
pub(super) fn audited(ticks: u64) -> Simulation {
    let mut app = app();
    app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup { name: "clerk".into(), count: 12, ..default() });
    let config =
        LedgerConfig { heads_every_s: 0.5, state_hash_every_s: Some(0.25), stamps: Stamps::Interventions, ..default() };
    let opening = Opening { name: "Audit".into(), scene: "Scene()".into(), seed: 3, ..Opening::default() };
    app.add_plugins(LedgerPlugin { config, opening });
    agent2028_core::agent::spawn_scene_group(app.world_mut(), agent2028_core::agent::GroupId(0)).unwrap();
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(5);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(4), AgentId(7)]), duration_s: Some(0.2) });
    simulation.run(ticks - 5);
    simulation
}

fn panel(simulation: &Simulation, size: [f32; 2], state: LedgerState) -> Harness<'_, PanelTest<LedgerState>> {
    panel_test(size, state, |ui, look, state, actions| {
        let view = LedgerView { world: simulation.world(), generation: 0, selected: &[AgentId(4)] };
        ledger::show(ui, look, &view, state, actions);
    })
}

fn state(change: impl FnOnce(&mut LedgerState)) -> LedgerState {
    let mut state = LedgerState::default();
    change(&mut state);
    state
}

/// The number of the first entry of a kind.
fn first(simulation: &Simulation, kind: EntryKind) -> u64 {
    let ledger = simulation.world().resource::<Ledger>();
    ledger.entries().find(|(_, entry)| entry.kind == kind).unwrap().0
}

#[test]
fn a_scene_without_a_ledger_says_so() {
    let simulation = simulation(&[("bird", 5)]);
    assert!(says(&panel(&simulation, PANEL, LedgerState::default()), "This scene keeps no ledger"));
}

#[test]
fn entries_are_listed_newest_first_and_filtered() {
    let simulation = audited(60);
    let size = simulation.world().resource::<Ledger>().size();
    let harness = panel(&simulation, PANEL, LedgerState::default());
    for text in ["Entries", "Signed by", "No entry is chosen", "Kill"] {
        assert!(says(&harness, text), "{text}");
    }
    let row = |harness: &Harness<PanelTest<LedgerState>>, number: u64| {
        harness.query_by_label(&format!("Entry {number}")).map(|node| node.rect().top())
    };
    assert!(row(&harness, size - 1).unwrap() < row(&harness, 0).unwrap());
    let harness = panel(&simulation, PANEL, state(|state| state.kind = Some(EntryKind::Seed)));
    assert!(row(&harness, 1).is_some() && row(&harness, 0).is_none());
    let harness = panel(&simulation, PANEL, state(|state| state.only_selected = true));
    assert!(says(&harness, "clerk-4") && !says(&harness, "clerk-7"));
    let harness = panel(&simulation, PANEL, state(|state| state.filter = "nothing like it".into()));
    assert!(says(&harness, "No entry passes the filters"));
}

#[test]
fn a_proof_is_checked_copied_and_saved() {
    let simulation = audited(60);
    let index = first(&simulation, EntryKind::Intervention);
    let mut harness = panel(&simulation, PANEL, state(|state| state.chosen = Some(index)));
    for text in ["Intervention", "Outcome", "Payload", "Root", "Level 1"] {
        assert!(says(&harness, text), "{text}");
    }
    harness.get_by_label("Check").click();
    harness.run();
    assert!(says(&harness, &format!("Proves that entry {index} is one of")));
    assert!(says(&harness, "That is this ledger."));
    assert!(says(&harness, "Time-stamped 2028-01-01T00:00:00"));
    harness.get_by_label("Copy the proof").click();
    harness.get_by_label("Save the proof").click();
    harness.get_by_label("Go to the entry's tick").click();
    harness.run();
    let actions = harness.state_mut().actions.take();
    let [Action::Copy(text), Action::SaveFile(file), Action::Time(Travel::Seek(6))] = &actions[..] else {
        // Whichever was clicked first comes first.
        panic!("{actions:?}");
    };
    assert_eq!((file.bytes.as_slice(), file.ending), (text.as_bytes(), "json"));
    let Proven::Inclusion { index: proven, .. } = ProofDocument::from_json(text).unwrap().check().unwrap() else {
        panic!("{text}");
    };
    assert_eq!(proven, index);
}

#[test]
fn a_proof_from_elsewhere_is_judged() {
    let (here, there) = (audited(60), audited(40));
    let proof = |simulation: &Simulation| simulation.world().resource::<Ledger>().prove(1).unwrap().to_json().unwrap();
    let told = |pasted: String, text: &str| {
        let harness = panel(&here, PANEL, state(|state| state.pasted = pasted));
        assert!(says(&harness, text), "{text}");
    };
    // The shorter run is the beginning of the longer one.
    told(proof(&there), "That is this ledger.");
    told(proof(&here).replacen("\"index\": 1", "\"index\": 2", 1), "Proves nothing");
    told("nonsense".into(), "Proves nothing");
    let mut other = audited(10);
    other.intervene(Kill { select: Selector::Count(1), duration_s: None });
    other.run(10);
    told(proof(&other), "That is another ledger than this one.");
}

#[test]
fn it_fits_a_narrow_dock_too() {
    let simulation = audited(60);
    let chosen = Some(first(&simulation, EntryKind::Event));
    let harness = panel(&simulation, [360.0, 700.0], state(|state| state.chosen = chosen));
    for text in ["Entries", "Proof", "Check"] {
        assert!(says(&harness, text), "{text}");
    }
}
