use agent2028_core::agent::AgentId;
use agent2028_core::selector::Selector;
use agent2028_kit::facts::GroupFacts;
use agent2028_kit::faults::{DropOn, FaultRows as _, FaultsState, FaultsView, Rows, Verb};
use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, OnOff, SybilJoin, Whitewash};

use super::*;
use crate::faults::{TrustRows, TrustRowsState};

fn palette<'a>(choices: FaultsState, state: TrustRowsState) -> Harness<'a, PanelTest<(FaultsState, TrustRowsState)>> {
    let world = World::new();
    panel_test([260.0, 700.0], (choices, state), move |ui, look, (choices, state), actions| {
        let groups = ["bird", "hawk"].map(|name| GroupFacts { name: name.into(), count: 500, ..default() });
        let (view_center, world_size) = (Vec2::ZERO, 1000.0);
        let view = FaultsView { agents: 1000, groups: &groups, selected: &[], view_center, world_size };
        let mut rows = Rows { look, world: &world, view: &view, choices, actions };
        TrustRows::show(ui, &mut rows, state);
    })
}

#[test]
fn every_attack_on_trust_is_its_intervention() {
    let choices = FaultsState { passing: true, seconds: 4.0, ..default() };
    let mut harness = palette(choices, TrustRowsState { ratings: 3.0, about: "hawk".into() });
    let (third, hawk, duration_s) = (Selector::Fraction(0.33), Selector::Named("hawk".into()), Some(4.0));
    let praise: BallotStuffing = only(&click(&mut harness, Role::Button, "Let a third praise hawk"));
    let expected = BallotStuffing { select: third.clone(), praise: hawk.clone(), per_second: 3.0, duration_s };
    assert_eq!(praise, expected);
    let down: BadMouthing = only(&click(&mut harness, Role::Button, "Let a third run hawk down"));
    assert_eq!((down.select, down.against), (third.clone(), hawk.clone()));
    let collude: Collude = only(&click(&mut harness, Role::Button, "Let a third collude"));
    assert_eq!((collude.select, collude.against), (third.clone(), Some(hawk)));
    let betray: OnOff = only(&click(&mut harness, Role::Button, "Let a third betray by turns"));
    assert_eq!((betray.select, betray.duration_s), (third.clone(), duration_s));
    let rename: Whitewash = only(&click(&mut harness, Role::Button, "Let a third change names"));
    assert_eq!(rename.select, third);
    let sybils: SybilJoin = only(&click(&mut harness, Role::Button, "Sybils join hawk"));
    assert_eq!((sybils.group.as_str(), sybils.count, sybils.praise), ("hawk", 100, None));
    // A group that is no longer there is not lied about.
    let mut harness = palette(default(), TrustRowsState { about: "gone".into(), ..default() });
    let down: BadMouthing = only(&click(&mut harness, Role::Button, "Let a third run bird down"));
    assert_eq!(down.against, Selector::Named("bird".into()));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let view = FaultsView { agents: 10, groups: &[], selected: &[], view_center: Vec2::ZERO, world_size: 100.0 };
    let state = TrustRowsState { about: "bird".into(), ..default() };
    let dropped = |verb: Verb, on| TrustRows::dropped(verb, on, &view, &FaultsState::default(), &state).1;
    assert_eq!(dropped(Verb::of::<OnOff>(), DropOn::Agent(AgentId(3))), "Betrayal by agent #3");
    assert_eq!(dropped(Verb::of::<SybilJoin>(), DropOn::Ground(Vec2::ONE)), "100 Sybils joined bird");
}
