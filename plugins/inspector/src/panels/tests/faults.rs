use agent2028_core::agent::{AgentId, Placement};
use agent2028_core::faults::{
    Churn, Degrade, Freeze, GrantCapability, Kill, Remove, Restart, Spawn, WithdrawCapability,
};
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, PaletteEntry, Tone};
use agent2028_core::selector::Selector;
use agent2028_network::config::Scope;
use agent2028_network::interventions::{
    ClockSkew, Duplicate, FalseAlert, Heal, LinkLatency, LinkLoss, Partition, Reorder, TellRumour,
};
use agent2028_pheromones::interventions::{SpoofPheromone, SpoofPlace};

use super::*;
use crate::facts::GroupFacts;
use agent2028_operations::interventions::{Isolate, LoadSpike, LyingReports, ResourceExhaustion, SlowLoris};

use crate::panels::faults::{DemandFacts, DropOn, FaultsState, FaultsView, Proving, Talking, Verb, Whom, show};

fn palette<'a>(state: FaultsState, agents: u64, selected: &'a [AgentId]) -> Harness<'a, Stage<FaultsState>> {
    let groups = vec![
        GroupFacts { name: "bird".into(), count: agents / 2, ..default() },
        GroupFacts { name: "hawk".into(), count: agents - agents / 2, ..default() },
    ];
    let fields = vec!["food".to_owned(), "home".to_owned()];
    let capabilities = vec!["database.query".to_owned(), "ml.train".to_owned()];
    let demand = |name: &str| DemandFacts { name: name.to_owned(), capability: "database.query".into() };
    let demands = vec![demand("visitors"), demand("reports")];
    stage([260.0, 1800.0], state, move |ui, look, state, actions| {
        let view = FaultsView {
            agents,
            groups: &groups,
            selected,
            capabilities: &capabilities,
            fields: &fields,
            talking: Some(Talking { partitions: 1, gossips: true }),
            proving: Some(Proving { requests: true, channels: true }),
            trusting: true,
            demands: &demands,
            offered: &[],
            view_center: Vec2::new(7.0, 8.0),
            world_size: 1000.0,
        };
        show(ui, look, &view, state, actions);
    })
}

#[test]
fn every_verb_of_identities_is_its_intervention() {
    use agent2028_identity::interventions::{
        DeactivateIdentity, ForgeSignature, Impersonate, ReplayMessages, RevokePapers, RotateKeys, StealDelegation,
    };
    let state = FaultsState { passing: true, seconds: 4.0, tries: 3.0, ..default() };
    let mut harness = palette(state, 1000, &[]);
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
    let state = FaultsState::default();
    let groups = [GroupFacts { name: "bird".into(), count: 10, ..default() }];
    let view = FaultsView {
        agents: 10,
        groups: &groups,
        selected: &[],
        capabilities: &[],
        fields: &[],
        talking: None,
        proving: Some(Proving::default()),
        trusting: true,
        demands: &[],
        offered: &[],
        view_center: Vec2::ZERO,
        world_size: 100.0,
    };
    let dropped = |on| state.dropped(Verb::of::<DeactivateIdentity>(), on, &view).1;
    assert_eq!(dropped(DropOn::Agent(AgentId(3))), "End identity of agent #3");
    assert_eq!(dropped(DropOn::Ground(Vec2::ONE)), "End identity of a third of the circle");
}

#[test]
fn every_attack_on_trust_is_its_intervention() {
    use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, OnOff, SybilJoin, Whitewash};
    let state = FaultsState { passing: true, seconds: 4.0, ratings: 3.0, about: "hawk".into(), ..default() };
    let mut harness = palette(state, 1000, &[]);
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
    let mut harness = palette(FaultsState { about: "gone".into(), ..default() }, 1000, &[]);
    let down: BadMouthing = only(&click(&mut harness, Role::Button, "Let a third run bird down"));
    assert_eq!(down.against, Selector::Named("bird".into()));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let groups = [GroupFacts { name: "bird".into(), count: 10, ..default() }];
    let view = FaultsView {
        agents: 10,
        groups: &groups,
        selected: &[],
        capabilities: &[],
        fields: &[],
        talking: None,
        proving: None,
        trusting: true,
        demands: &[],
        offered: &[],
        view_center: Vec2::ZERO,
        world_size: 100.0,
    };
    let state = FaultsState { about: "bird".into(), ..default() };
    let dropped = |verb: Verb, on| state.dropped(verb, on, &view).1;
    assert_eq!(dropped(Verb::of::<OnOff>(), DropOn::Agent(AgentId(3))), "Betrayal by agent #3");
    assert_eq!(dropped(Verb::of::<SybilJoin>(), DropOn::Ground(Vec2::ONE)), "100 Sybils joined bird");
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
fn every_verb_of_the_network_is_its_intervention() {
    let mut harness = palette(FaultsState { passing: true, seconds: 4.0, ..default() }, 1000, &[]);
    let (select, duration_s) = (Selector::Fraction(0.33), Some(4.0));
    let cut: Partition = only(&click(&mut harness, Role::Button, "Cut off a third"));
    assert_eq!(cut, Partition { select: select.clone(), duration_s });
    let lost: LinkLoss = only(&click(&mut harness, Role::Button, "Lose messages"));
    assert_eq!(lost, LinkLoss { select: select.clone(), loss: 0.3, duration_s });
    let late: LinkLatency = only(&click(&mut harness, Role::Button, "Delay messages"));
    assert_eq!(late, LinkLatency { select: select.clone(), added_ms: 200.0, duration_s });
    let twice: Duplicate = only(&click(&mut harness, Role::Button, "Double messages"));
    assert_eq!(twice, Duplicate { select: select.clone(), share: 0.3, duration_s });
    let shuffled: Reorder = only(&click(&mut harness, Role::Button, "Reorder messages"));
    assert_eq!(shuffled, Reorder { select: select.clone(), share: 0.3, duration_s });
    let skew: ClockSkew = only(&click(&mut harness, Role::Button, "Skew clocks"));
    assert_eq!(skew, ClockSkew { select, most_ms: 500.0, duration_s });
    assert_eq!(only::<Heal>(&click(&mut harness, Role::Button, "Heal partitions")), Heal { partition: None });
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_rumour_is_begun_by_one_of_those_that_are_meant() {
    let mut state = FaultsState { whom: Whom::Group, group: "hawk".into(), share: 0.5, ..default() };
    state.rumour.text = " a cat! ".into();
    state.rumour.scope = Scope::LocalBroadcast;
    let mut harness = palette(state, 1000, &[]);
    let one = Selector::And(vec![Selector::Named("hawk".into()), Selector::Count(1)]);
    let rumour: TellRumour = only(&click(&mut harness, Role::Button, "Rumour by one of all hawk"));
    assert_eq!(rumour, TellRumour { select: one.clone(), scope: Scope::LocalBroadcast, text: "a cat!".into() });
    let alarm: FalseAlert = only(&click(&mut harness, Role::Button, "False alarm by one of all hawk"));
    assert_eq!((alarm.select, alarm.text.as_str()), (one, "a cat!"));
    harness.state_mut().state.rumour.text = " ".into();
    harness.run_steps(2);
    assert_eq!(click(&mut harness, Role::Button, "Rumour by one of all hawk"), vec![]);
}

#[test]
fn faults_of_the_network_are_dropped_on_agents_and_on_the_ground() {
    let groups = [GroupFacts { name: "bird".into(), count: 9, ..default() }];
    let view = FaultsView {
        agents: 9,
        groups: &groups,
        selected: &[],
        capabilities: &[],
        fields: &[],
        talking: Some(Talking::default()),
        proving: Some(Proving::default()),
        trusting: true,
        demands: &[],
        offered: &[],
        view_center: Vec2::ZERO,
        world_size: 1000.0,
    };
    let state = FaultsState { share: 1.0, ..default() };
    let (cut, words) = state.dropped(Verb::of::<Partition>(), DropOn::Ground(Vec2::ONE), &view);
    let circle = Selector::Within { center: Vec2::ONE, radius: 50.0 };
    assert_eq!(cut.downcast::<Partition>().map(|cut| &cut.select), Some(&circle));
    assert_eq!(words, "Cut off all of the circle");
    let (_, words) = state.dropped(Verb::of::<TellRumour>(), DropOn::Ground(Vec2::ONE), &view);
    assert_eq!(words, "Rumour by one of the circle");
    let (heal, words) = state.dropped(Verb::of::<Heal>(), DropOn::Agent(AgentId(3)), &view);
    assert_eq!((heal.downcast::<Heal>(), words.as_str()), (Some(&Heal::default()), "Healed all partitions"));
}

#[test]
fn agents_that_work_are_exhausted_lie_and_are_isolated() {
    let state = FaultsState { passing: true, seconds: 4.0, ..default() };
    let mut harness = palette(state, 1000, &[]);
    let (select, duration_s) = (Selector::Fraction(0.33), Some(4.0));
    let exhaust: ResourceExhaustion = only(&click(&mut harness, Role::Button, "Exhaust a third"));
    assert_eq!(exhaust, ResourceExhaustion { select: select.clone(), share: 0.5, duration_s });
    let lie: LyingReports = only(&click(&mut harness, Role::Button, "Let a third lie"));
    assert_eq!(lie, LyingReports { select: select.clone(), duration_s, ..default() });
    let isolate: Isolate = only(&click(&mut harness, Role::Button, "Isolate a third"));
    assert_eq!(isolate, Isolate { select, duration_s });
}

#[test]
fn more_work_and_slow_work_are_asked_of_all_or_by_one_workload() {
    let mut harness = palette(FaultsState::default(), 1000, &[]);
    let spike: LoadSpike = only(&click(&mut harness, Role::Button, "Ask for more"));
    assert_eq!(spike, LoadSpike { of: "*".into(), factor: 5.0, duration_s: None });
    harness.state_mut().state.work.of = "reports".into();
    harness.state_mut().state.passing = true;
    harness.run_steps(2);
    let spike: LoadSpike = only(&click(&mut harness, Role::Button, "Ask for more"));
    assert_eq!((spike.of.as_str(), spike.duration_s), ("reports", Some(10.0)));
    let slow: SlowLoris = only(&click(&mut harness, Role::Button, "Send slow work"));
    let wanted = SlowLoris { capability: "database.query".into(), per_second: 10.0, hold_s: 30.0, duration_s: 10.0 };
    assert_eq!(slow, wanted);
}

#[test]
fn a_capability_is_granted_and_withdrawn_by_name() {
    let state = FaultsState { capability: " ml.train ".into(), share: 1.0, ..default() };
    let mut harness = palette(state, 10, &[]);
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
fn false_trails_are_laid_by_agents_or_in_the_circle() {
    let mut harness = palette(FaultsState::default(), 10, &[]);
    let spoof: SpoofPheromone = only(&click(&mut harness, Role::Button, "Spoof by a third"));
    assert_eq!((spoof.layer.as_str(), spoof.place), ("food", SpoofPlace::Agents(Selector::Fraction(0.33))));
    assert_eq!((spoof.strength, spoof.duration_s), (5.0, 1e9));
    let state = FaultsState { whom: Whom::Circle, passing: true, seconds: 3.0, field: "home".into(), ..default() };
    let mut harness = palette(state, 0, &[]);
    let spoof: SpoofPheromone = only(&click(&mut harness, Role::Button, "Spoof in the circle"));
    assert_eq!((spoof.layer.as_str(), spoof.place), ("home", SpoofPlace::At(Vec2::new(7.0, 8.0))));
    assert_eq!((spoof.radius, spoof.duration_s), (100.0, 3.0));
}

#[test]
fn the_share_is_a_slider() {
    let mut harness = palette(FaultsState { share: 0.49, ..default() }, 1000, &[]);
    harness.get_by_role_and_label(Role::Slider, "How many, in per cent").focus();
    harness.run_steps(2);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    assert_eq!(harness.state().state.share, 0.5);
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
        let state = FaultsState { whom, passing: true, capability: "database.query".into(), ..default() };
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
fn attacks_on_lists_channels_and_old_keys_are_their_interventions() {
    use agent2028_identity::interventions::{ForgeList, ReplayOpening, RollbackList, StealOldKey};
    let state = FaultsState { passing: true, seconds: 4.0, tries: 3.0, ..default() };
    let mut harness = palette(state, 1000, &[]);
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

/// An intervention of a plugin that the palette knows nothing of.
#[derive(Clone, Debug, Default, PartialEq, bevy::reflect::Reflect, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Soak {
    select: Selector,
    /// How wet they are.
    #[reflect(@agent2028_core::schema::Range::new(0.0, 1.0))]
    share: f32,
    duration_s: Option<f32>,
}

impl agent2028_core::schema::Check for Soak {}

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
    let mut harness = stage([260.0, 1800.0], state, move |ui, look, state, actions| {
        let groups = [GroupFacts { name: "bird".into(), count: 10, ..default() }];
        let offered = [Verb::of::<Kill>(), Verb::of::<Soak>()];
        let view = FaultsView {
            agents: 10,
            groups: &groups,
            selected: &[],
            capabilities: &[],
            fields: &[],
            talking: None,
            proving: None,
            trusting: false,
            demands: &[],
            offered: &offered,
            view_center: Vec2::ZERO,
            world_size: 100.0,
        };
        show(ui, look, &view, state, actions);
    });
    let soak: Soak = only(&click(&mut harness, Role::Button, "Soak a third"));
    assert_eq!((soak.select, soak.share, soak.duration_s), (Selector::Fraction(0.33), 0.0, Some(4.0)));
    harness.state_mut().state.strengths.insert("Soak", 0.25);
    harness.run_steps(2);
    assert_eq!(only::<Soak>(&click(&mut harness, Role::Button, "Soak a third")).share, 0.25);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}
