use agent2028_core::agent::{AgentId, Placement};
use agent2028_core::faults::{
    Churn, Degrade, Freeze, GrantCapability, Kill, Remove, Restart, Spawn, WithdrawCapability,
};
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, PaletteEntry, Tone};
use agent2028_core::selector::Selector;
use agent2028_kit::faults::{DropOn, FaultRows, FaultsState, FaultsView, Rows, Verb, Whom, choices};

use super::*;
use crate::facts::GroupFacts;
use crate::panels::faults::{AgentFaultRows, AgentFaultRowsState, CapabilityFaultRows, CapabilityFaultRowsState};

fn palette<'a>(
    state: FaultsState,
    agents: u64,
    selected: &'a [AgentId],
) -> Harness<'a, PanelTest<(FaultsState, CapabilityFaultRowsState)>> {
    let groups = vec![
        GroupFacts { name: "bird".into(), count: agents / 2, ..default() },
        GroupFacts { name: "hawk".into(), count: agents - agents / 2, ..default() },
    ];
    let (world, mut churn) = (bevy::prelude::World::new(), AgentFaultRowsState::default());
    panel_test([260.0, 1800.0], (state, default()), move |ui, look, (state, capability), actions| {
        let (view_center, world_size) = (Vec2::new(7.0, 8.0), 1000.0);
        let view = FaultsView { agents, groups: &groups, selected, view_center, world_size };
        choices(ui, look, &view, state);
        let mut rows = Rows { look, world: &world, view: &view, choices: state, actions };
        AgentFaultRows::show(ui, &mut rows, &mut churn);
        CapabilityFaultRows::show(ui, &mut rows, capability);
    })
}

#[test]
fn every_verb_is_its_intervention() {
    let state = FaultsState { passing: true, seconds: 4.0, ..default() };
    let mut harness = palette(state, 1000, &[]);
    let third = Selector::Fraction(0.33);
    let kill: Kill = only(&click(&mut harness, Role::Button, "Kill a third"));
    assert_eq!(kill, Kill { select: third.clone(), duration_s: Some(4.0) });
    let restart: Restart = only(&click(&mut harness, Role::Button, "Restart a third"));
    assert_eq!(restart.select, third);
    let freeze: Freeze = only(&click(&mut harness, Role::Button, "Freeze a third"));
    assert_eq!(freeze, Freeze { select: third.clone(), duration_s: Some(4.0) });
    let degrade: Degrade = only(&click(&mut harness, Role::Button, "Degrade a third"));
    assert_eq!((degrade.health, degrade.duration_s), (0.5, Some(4.0)));
    let churn: Churn = only(&click(&mut harness, Role::Button, "Churn a third"));
    assert_eq!((churn.per_second, churn.downtime_s, churn.duration_s), (0.1, 2.0, Some(4.0)));
    let remove: Remove = only(&click(&mut harness, Role::Button, "Remove a third"));
    assert_eq!(remove.select, third);
    let spawn: Spawn = only(&click(&mut harness, Role::Button, "Spawn more of bird"));
    assert_eq!(spawn, Spawn { group: "bird".into(), count: 100, at: None });
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_capability_is_granted_and_withdrawn_by_name() {
    let mut harness = palette(FaultsState { share: 1.0, ..default() }, 10, &[]);
    harness.state_mut().state.1.capability = " ml.train ".into();
    harness.run_steps(2);
    let grant: GrantCapability = only(&click(&mut harness, Role::Button, "Grant to all"));
    assert_eq!((grant.select, grant.capability.as_str()), (Selector::All, "ml.train"));
    let withdraw: WithdrawCapability = only(&click(&mut harness, Role::Button, "Withdraw from all"));
    assert_eq!(withdraw.capability, "ml.train");
}

#[test]
fn without_a_name_no_capability_is_granted() {
    let mut harness = palette(FaultsState::default(), 10, &[]);
    assert!(harness.get_by_role_and_label(Role::Button, "Grant to a third").accesskit_node().is_disabled());
    assert_eq!(click(&mut harness, Role::Button, "Grant to a third"), vec![]);
}

#[test]
fn the_selected_agents_are_meant_only_if_there_are_some() {
    let state = || FaultsState { whom: Whom::Selected, share: 1.0, ..default() };
    let mut harness = palette(state(), 10, &[]);
    assert!(says(&harness, "Nothing is selected"));
    assert_eq!(click(&mut harness, Role::Button, "Kill the 0 selected"), vec![]);
    let selected = [AgentId(3), AgentId(5)];
    let mut harness = palette(state(), 10, &selected);
    let kill: Kill = only(&click(&mut harness, Role::Button, "Kill the 2 selected"));
    assert_eq!(kill, Kill { select: Selector::Ids(selected.to_vec()), duration_s: None });
}

#[test]
fn a_circle_starts_where_one_looks_and_spawns_inside() {
    let mut harness = palette(FaultsState { whom: Whom::Circle, share: 1.0, ..default() }, 10, &[]);
    let kill: Kill = only(&click(&mut harness, Role::Button, "Kill all in the circle"));
    let circle = Selector::Within { center: Vec2::new(7.0, 8.0), radius: 100.0 };
    assert_eq!(kill.select, circle);
    let spawn: Spawn = only(&click(&mut harness, Role::Button, "Spawn bird in the circle"));
    assert_eq!(spawn.at, Some(Placement::Disc { center: Vec2::new(7.0, 8.0), radius: 100.0 }));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_world_without_agents_has_nobody_to_hurt() {
    let mut harness = palette(FaultsState::default(), 0, &[]);
    assert!(says(&harness, "about 0 agents"));
    assert_eq!(click(&mut harness, Role::Button, "Kill a third"), vec![]);
}

#[test]
fn the_share_is_a_slider() {
    let mut harness = palette(FaultsState { share: 0.49, ..default() }, 1000, &[]);
    harness.get_by_role_and_label(Role::Slider, "How many, in per cent").focus();
    harness.run_steps(2);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    assert_eq!(harness.state().state.0.share, 0.5);
    harness.get_by_role_and_label(Role::Button, "Kill half");
    assert!(says(&harness, "about 500 agents"));
}

#[test]
fn the_group_is_chosen_from_a_list() {
    let mut harness = palette(FaultsState { whom: Whom::Group, share: 1.0, ..default() }, 1000, &[]);
    click(&mut harness, Role::ComboBox, "Group");
    let hawk = harness.get_by_label("hawk");
    hawk.click();
    harness.run_steps(3);
    let kill: Kill = only(&click(&mut harness, Role::Button, "Kill all hawk"));
    assert_eq!(kill.select, Selector::Named("hawk".into()));
}

#[test]
fn the_palette_fits_into_the_narrowest_dock() {
    for whom in [Whom::All, Whom::Group, Whom::Selected, Whom::Circle] {
        let state = FaultsState { whom, passing: true, ..default() };
        let harness = palette(state, 1_000_000, &[AgentId(3), AgentId(5)]);
        let wide: Vec<String> = harness
            .query_all_by(|node| node.role() != Role::GenericContainer && node.role() != Role::Window)
            .filter(|node| node.rect().right() > 260.5)
            .map(|node| {
                format!("{:?} {:?} {:?}", node.accesskit_node().role(), node.accesskit_node().label(), node.rect())
            })
            .collect();
        assert_eq!(wide, Vec::<String>::new(), "{whom:?}");
    }
}

#[test]
fn what_is_dropped_on_the_ground_or_on_an_agent_is_told_in_words() {
    let view = FaultsView { agents: 9, groups: &[], selected: &[], view_center: Vec2::ZERO, world_size: 1000.0 };
    let choices = FaultsState { share: 1.0, group: "bird".into(), ..default() };
    let dropped = |verb, on| AgentFaultRows::dropped(verb, on, &view, &choices, &AgentFaultRowsState::default());
    let (kill, words) = dropped(Verb::of::<Kill>(), DropOn::Ground(Vec2::ONE));
    let circle = Selector::Within { center: Vec2::ONE, radius: 50.0 };
    assert_eq!(
        (kill.downcast::<Kill>().map(|kill| &kill.select), words.as_str()),
        (Some(&circle), "Kill: all of the circle")
    );
    assert_eq!(dropped(Verb::of::<Kill>(), DropOn::Agent(AgentId(3))).1, "Kill: agent #3");
    assert_eq!(dropped(Verb::of::<Spawn>(), DropOn::Ground(Vec2::ONE)).1, "Spawned 100 bird");
}

/// An intervention of a plugin that the palette knows nothing of.
#[derive(Clone, Debug, Default, PartialEq, bevy::reflect::Reflect, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Soak {
    select: Selector,
    /// How wet they are.
    #[reflect(@agent2028_core::check::Range::new(0.0, 1.0))]
    share: f32,
    duration_s: Option<f32>,
}

impl agent2028_core::check::Check for Soak {}

impl Intervention for Soak {
    const NAME: &'static str = "Soak";
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Soak", "\u{e798}", Tone::Info, "They are wet.").with_strength("share"));

    fn apply(&self, _: &mut bevy::prelude::World, _: &InterventionContext) -> Result<String, InterventionError> {
        Ok(String::new())
    }
}

#[test]
fn what_a_plugin_brings_has_a_row_and_a_strength_of_its_own() {
    let state = FaultsState { passing: true, seconds: 4.0, ..default() };
    let world = bevy::prelude::World::new();
    let mut harness = panel_test([260.0, 1800.0], state, move |ui, look, state, actions| {
        let view = FaultsView { agents: 10, groups: &[], selected: &[], view_center: Vec2::ZERO, world_size: 100.0 };
        let mut rows = Rows { look, world: &world, view: &view, choices: state, actions };
        rows.row(ui, Verb::of::<Soak>(), "Soak a third");
    });
    let soak: Soak = only(&click(&mut harness, Role::Button, "Soak a third"));
    assert_eq!((soak.select, soak.share, soak.duration_s), (Selector::Fraction(0.33), 0.0, Some(4.0)));
    harness.state_mut().state.strengths.insert("Soak", 0.25);
    harness.run_steps(2);
    assert_eq!(only::<Soak>(&click(&mut harness, Role::Button, "Soak a third")).share, 0.25);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}
