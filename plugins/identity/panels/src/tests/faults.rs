use agent2028_core::agent::AgentId;
use agent2028_core::selector::Selector;
use agent2028_identity::IdentityConfig;
use agent2028_identity::interventions::{
    DeactivateIdentity, ForgeList, ForgeSignature, Impersonate, ReplayMessages, ReplayOpening, RevokePapers,
    RollbackList, RotateKeys, StealDelegation, StealOldKey,
};
use agent2028_kit::faults::{DropOn, FaultRows as _, FaultsState, FaultsView, Rows, Verb};

use super::*;
use crate::faults::{IdentityRows, IdentityRowsState};

fn palette<'a>(choices: FaultsState, tries: f64) -> Harness<'a, PanelTest<(FaultsState, IdentityRowsState)>> {
    let mut world = World::new();
    let config = IdentityConfig { requests: vec![default()], channels: vec![default()], ..default() };
    world.insert_resource(config);
    panel_test([260.0, 900.0], (choices, IdentityRowsState { tries }), move |ui, look, (choices, state), actions| {
        let view = FaultsView { agents: 1000, groups: &[], selected: &[], view_center: Vec2::ZERO, world_size: 1000.0 };
        let mut rows = Rows { look, world: &world, view: &view, choices, actions };
        IdentityRows::show(ui, &mut rows, state);
    })
}

#[test]
fn every_verb_of_identities_is_its_intervention() {
    let mut harness = palette(FaultsState { passing: true, seconds: 4.0, ..default() }, 3.0);
    let third = Selector::Fraction(0.33);
    let forge: ForgeSignature = only(&click(&mut harness, Role::Button, "Forge by a third"));
    assert_eq!((forge.select, forge.per_second, forge.duration_s), (third.clone(), 3.0, Some(4.0)));
    let steal: StealDelegation = only(&click(&mut harness, Role::Button, "Steal papers by a third"));
    assert_eq!((steal.select, steal.victim), (third.clone(), Selector::All));
    let impostor: Impersonate = only(&click(&mut harness, Role::Button, "Impersonate by a third"));
    assert_eq!(impostor.select, third);
    let replay: ReplayMessages = only(&click(&mut harness, Role::Button, "Replay by a third"));
    assert_eq!((replay.select, replay.per_second), (third.clone(), 3.0));
    let revoke: RevokePapers = only(&click(&mut harness, Role::Button, "Revoke papers of a third"));
    assert_eq!(revoke, RevokePapers { select: third.clone(), capability: String::new() });
    let rotate: RotateKeys = only(&click(&mut harness, Role::Button, "Rotate keys of a third"));
    let end: DeactivateIdentity = only(&click(&mut harness, Role::Button, "End identity of a third"));
    assert_eq!([rotate.select, end.select], [third.clone(), third]);
    let view = FaultsView { agents: 10, groups: &[], selected: &[], view_center: Vec2::ZERO, world_size: 100.0 };
    let verb = Verb::of::<DeactivateIdentity>();
    let dropped = |on| IdentityRows::dropped(verb, on, &view, &FaultsState::default(), &default()).1;
    assert_eq!(dropped(DropOn::Agent(AgentId(3))), "End identity of agent #3");
    assert_eq!(dropped(DropOn::Ground(Vec2::ONE)), "End identity of a third of the circle");
}

#[test]
fn attacks_on_lists_channels_and_old_keys_are_their_interventions() {
    let mut harness = palette(FaultsState { passing: true, seconds: 4.0, ..default() }, 3.0);
    let third = Selector::Fraction(0.33);
    let forge: ForgeList = only(&click(&mut harness, Role::Button, "Forge lists by a third"));
    assert_eq!((forge.select, forge.per_second, forge.duration_s), (third.clone(), 3.0, Some(4.0)));
    let back: RollbackList = only(&click(&mut harness, Role::Button, "Roll lists back by a third"));
    assert_eq!((back.select, back.per_second), (third.clone(), 3.0));
    let again: ReplayOpening = only(&click(&mut harness, Role::Button, "Reopen channels by a third"));
    assert_eq!((again.select, again.duration_s), (third.clone(), Some(4.0)));
    let old: StealOldKey = only(&click(&mut harness, Role::Button, "Use old keys by a third"));
    assert_eq!((old.select, old.per_second), (third, 3.0));
}
