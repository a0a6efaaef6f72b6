//! Saving the run: what it asks for, and what it says.

use std::path::PathBuf;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::panels::save_run::{SaveRunState, SaveRunView, show};
use crate::runs::{RunRequest, RunStatus, SaveOutcome, Saved, Saving};

fn dialog(status: RunStatus, tick: u64) -> Harness<'static, PanelTest<SaveRunState>> {
    let mut state = SaveRunState::default();
    state.ask(&RunStatus { proposed: PathBuf::from("/runs/flock-1"), ..RunStatus::default() });
    panel_test([900.0, 500.0], state, move |ui, look, state, actions| {
        show(ui.ctx(), look, &SaveRunView { status: &status, tick, changes: 3 }, state, actions);
    })
}

#[test]
fn a_run_is_saved_where_it_is_proposed() {
    let mut harness = dialog(RunStatus::default(), 1204);
    assert!(says(&harness, "up to tick 1\u{202f}204 with the 3 changes"));
    let asked = click(&mut harness, Role::Button, "Save and verify");
    assert_eq!(asked, [Action::Run(RunRequest::Save(PathBuf::from("/runs/flock-1")))]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    click(&mut harness, Role::Button, "Close");
    assert!(!harness.state().state.open);
}

#[test]
fn where_the_new_folder_is_made_can_be_chosen() {
    let mut harness = dialog(RunStatus::default(), 1204);
    click(&mut harness, Role::Button, "Choose where");
    assert!(says(&harness, "Where to save the run"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    click(&mut harness, Role::Button, "Choose this folder");
    let asked = click(&mut harness, Role::Button, "Save and verify");
    // The folder that was proposed doesn't exist, so the dialog begins at the root.
    assert_eq!(asked, [Action::Run(RunRequest::Save(PathBuf::from("/flock-1")))]);
}

#[test]
fn nothing_can_be_saved_before_the_first_tick() {
    let mut harness = dialog(RunStatus::default(), 0);
    assert_eq!(click(&mut harness, Role::Button, "Save and verify"), []);
}

#[test]
fn saving_shows_how_far_it_is_and_can_be_stopped_or_hidden() {
    let saving = Saving { folder: PathBuf::from("/runs/flock-1"), tick: 400, last: 1000 };
    let mut harness = dialog(RunStatus { saving: Some(saving), ..RunStatus::default() }, 1204);
    assert!(says(&harness, "/runs/flock-1"));
    harness.get_by_role_and_label(Role::ProgressIndicator, "Saving");
    assert_eq!(click(&mut harness, Role::Button, "Cancel saving"), [Action::Run(RunRequest::Cancel)]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    click(&mut harness, Role::Button, "Hide");
    assert!(!harness.state().state.open);
}

#[test]
fn how_it_ended_is_told_in_words() {
    for (outcome, words) in [
        (SaveOutcome::Verified, "Saved and verified: /runs/a, up to tick 90"),
        (SaveOutcome::Differs("aa".into(), "bb".into()), "ended in another state"),
        (SaveOutcome::Cancelled, "Saving was stopped"),
        (SaveOutcome::Failed("the disk is full".into()), "the disk is full"),
    ] {
        let saved = Saved { folder: PathBuf::from("/runs/a"), tick: 90, outcome };
        let harness = dialog(RunStatus { saved: Some(saved), ..RunStatus::default() }, 90);
        assert!(says(&harness, words), "{words}");
        assert_eq!(nameless(&harness), Vec::<String>::new());
    }
}
