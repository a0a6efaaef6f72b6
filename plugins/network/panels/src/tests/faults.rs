use agent2028_core::agent::AgentId;
use agent2028_core::selector::Selector;
use agent2028_kit::facts::GroupFacts;
use agent2028_kit::faults::{DropOn, FaultRows as _, FaultsState, FaultsView, Rows, Verb, Whom};
use agent2028_network::NetworkPlugin;
use agent2028_network::config::{GossipConfig, NetworkConfig, Scope};
use agent2028_network::interventions::{
    ClockSkew, Duplicate, FalseAlert, Heal, LinkLatency, LinkLoss, Partition, Reorder, TellRumour,
};

use super::*;
use crate::faults::{NetworkRows, Rumour};

/// Agents that gossip, cut in two.
fn cut_in_two() -> Simulation {
    let mut app = app();
    let config = NetworkConfig { gossip: Some(GossipConfig::default()), ..default() };
    app.add_plugins(NetworkPlugin { config });
    for name in ["bird", "hawk"] {
        let group = AgentGroup { name: name.into(), count: 5, ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        spawn_group(app.world_mut(), group, 5, &Placement::World).unwrap();
    }
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.intervene(Partition { select: Selector::Named("bird".into()), duration_s: None });
    simulation.run(1);
    simulation
}

fn palette<'a>(choices: FaultsState) -> Harness<'a, PanelTest<(FaultsState, Rumour)>> {
    let simulation = cut_in_two();
    panel_test([260.0, 700.0], (choices, default()), move |ui, look, (choices, rumour), actions| {
        let groups = ["bird", "hawk"].map(|name| GroupFacts { name: name.into(), count: 5, ..default() });
        let (view_center, world_size) = (Vec2::ZERO, 1000.0);
        let view = FaultsView { agents: 10, groups: &groups, selected: &[], view_center, world_size };
        let mut rows = Rows { look, world: simulation.world(), view: &view, choices, actions };
        NetworkRows::show(ui, &mut rows, rumour);
    })
}

#[test]
fn every_verb_of_the_network_is_its_intervention() {
    let mut harness = palette(FaultsState { passing: true, seconds: 4.0, ..default() });
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
    let state = FaultsState { whom: Whom::Group, group: "hawk".into(), share: 0.5, ..default() };
    let mut harness = palette(state);
    harness.state_mut().state.1 = Rumour { text: " a cat! ".into(), scope: Scope::LocalBroadcast };
    harness.run_steps(2);
    let one = Selector::And(vec![Selector::Named("hawk".into()), Selector::Count(1)]);
    let rumour: TellRumour = only(&click(&mut harness, Role::Button, "Rumour by one of all hawk"));
    assert_eq!(rumour, TellRumour { select: one.clone(), scope: Scope::LocalBroadcast, text: "a cat!".into() });
    let alarm: FalseAlert = only(&click(&mut harness, Role::Button, "False alarm by one of all hawk"));
    assert_eq!((alarm.select, alarm.text.as_str()), (one, "a cat!"));
    harness.state_mut().state.1.text = " ".into();
    harness.run_steps(2);
    assert_eq!(click(&mut harness, Role::Button, "Rumour by one of all hawk"), vec![]);
}

#[test]
fn faults_of_the_network_are_dropped_on_agents_and_on_the_ground() {
    let view = FaultsView { agents: 9, groups: &[], selected: &[], view_center: Vec2::ZERO, world_size: 1000.0 };
    let choices = FaultsState { share: 1.0, ..default() };
    let dropped = |verb, on| NetworkRows::dropped(verb, on, &view, &choices, &Rumour::default());
    let (cut, words) = dropped(Verb::of::<Partition>(), DropOn::Ground(Vec2::ONE));
    let circle = Selector::Within { center: Vec2::ONE, radius: 50.0 };
    assert_eq!(cut.downcast::<Partition>().map(|cut| &cut.select), Some(&circle));
    assert_eq!(words, "Cut off all of the circle");
    assert_eq!(dropped(Verb::of::<TellRumour>(), DropOn::Ground(Vec2::ONE)).1, "Rumour by one of the circle");
    let (heal, words) = dropped(Verb::of::<Heal>(), DropOn::Agent(AgentId(3)));
    assert_eq!((heal.downcast::<Heal>(), words.as_str()), (Some(&Heal::default()), "Healed all partitions"));
}

#[test]
fn a_lasso_around_agents_cuts_them_off() {
    use crate::tools::CutOff;
    use agent2028_panel_testing::whole::whole;
    let mut harness = whole([1280.0, 720.0], cut_in_two());
    let state = &mut harness.state_mut().state;
    state.registry.tools.add_part::<CutOff>();
    let lasso = state.registry.tools.find("lasso").unwrap().facts;
    state.tools.take(lasso);
    state.selection.set([AgentId(4), AgentId(9)]);
    harness.run_steps(3);
    let cut: Partition = only(&click(&mut harness, Role::Button, "Cut off"));
    assert_eq!(cut, Partition { select: Selector::Ids(vec![AgentId(4), AgentId(9)]), duration_s: None });
}
