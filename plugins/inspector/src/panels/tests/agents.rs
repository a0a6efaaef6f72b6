use agent2028_core::agent::{AgentId, ServiceRecord, fail_agents, grant_capability};
use agent2028_core::explain::{Explanation, explain};
use agent2028_core::faults::{Degrade, Freeze, GrantCapability, Kill, Remove, Restart, SetField, WithdrawCapability};
use agent2028_core::life::{Life, Lives};
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;

use super::*;
use crate::facts::{AgentFacts, GroupCounts, ManyFacts};
use crate::inspection::Inspection;
use crate::panels::agent::components::{FieldCache, FieldFacts};
use crate::panels::agent::events::{Happening, HappeningCache};
use crate::panels::agent::{self, AgentState, AgentView, Tab};
use crate::panels::compare::{QuantityCache, SpreadCache};
use crate::panels::many::{self, ManyState, ManyView};

/// What the panel of one agent reads, taken from a simulation.
pub(super) struct Shown {
    pub(super) facts: AgentFacts,
    pub(super) names: AgentGroups,
    pub(super) explanations: Vec<Explanation>,
    pub(super) fields: Vec<FieldFacts>,
    pub(super) life: Option<Life>,
    pub(super) happenings: Vec<Happening>,
    pub(super) pinned: bool,
    pub(super) tick: u64,
}

impl Shown {
    pub(super) fn of(simulation: &Simulation, id: u32) -> Self {
        let (world, id) = (simulation.world(), AgentId(id));
        Self {
            facts: AgentFacts::of(world, id).unwrap(),
            names: world.resource::<AgentGroups>().clone(),
            explanations: explain(world, id),
            fields: FieldCache::default().follow(0, simulation.tick(), world, id).to_vec(),
            life: world.resource::<Lives>().get(id).cloned(),
            happenings: HappeningCache::default().follow(0, world, id).to_vec(),
            pinned: false,
            tick: 60,
        }
    }

    pub(super) fn panel_test<'a>(self, uuid: Option<&'a str>, tab: Tab) -> Harness<'a, PanelTest<AgentState>> {
        let state = AgentState { tab, ..default() };
        let settings = agent2028_view::ViewSettings::default();
        panel_test([320.0, 900.0], state, move |ui, look, state, actions| {
            let view = AgentView {
                agent: &self.facts,
                uuid,
                followed: false,
                pinned: self.pinned,
                settings: &settings,
                capabilities: &[],
                explanations: &self.explanations,
                of_plugins: &[],
                fields: &self.fields,
                life: self.life.as_ref(),
                happenings: &self.happenings,
                names: &self.names,
                tick: self.tick,
                tick_hz: 60.0,
            };
            agent::show(ui, look, &view, state, actions);
        })
    }
}

fn one<'a>(simulation: &Simulation, id: u32, uuid: Option<&'a str>) -> Harness<'a, PanelTest<AgentState>> {
    Shown::of(simulation, id).panel_test(uuid, Tab::Overview)
}

fn ids(id: u32) -> Selector {
    Selector::Ids(vec![AgentId(id)])
}

#[test]
fn an_agent_shows_what_it_is() {
    let simulation = simulation(&[("bird", 5)]);
    let harness = one(&simulation, 2, None);
    for text in ["bird-2", "#2", "Active", "100\u{202f}%", "units/s", "Capabilities", "Fields"] {
        assert!(says(&harness, text), "{text}");
    }
    assert!(!says(&harness, "Fitness"), "an agent without a service record has none");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn its_state_changes_through_interventions_only() {
    let mut simulation = simulation(&[("bird", 5)]);
    let mut harness = one(&simulation, 2, None);
    let kill: Kill = only(&click(&mut harness, Role::Button, "Kill"));
    assert_eq!(kill.select, ids(2));
    let freeze: Freeze = only(&click(&mut harness, Role::Button, "Freeze"));
    assert_eq!(freeze.select, ids(2));
    drop(harness);
    fail_agents(simulation.world_mut(), &[AgentId(2)], 120);
    let mut harness = one(&simulation, 2, None);
    assert!(says(&harness, "Failed") && says(&harness, "in 00:01.00"));
    assert_eq!(click(&mut harness, Role::Button, "Kill"), vec![]);
    let restart: Restart = only(&click(&mut harness, Role::Button, "Restart"));
    assert_eq!(restart.select, ids(2));
}

#[test]
fn typing_a_position_sets_the_field() {
    let simulation = simulation(&[("bird", 5)]);
    let mut harness = one(&simulation, 2, None);
    click(&mut harness, Role::SpinButton, "Position x");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.run_steps(1);
    harness.get_by(|node| node.is_focused()).type_text("12.5");
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    let set: Vec<Action> = harness.state_mut().actions.take();
    let Some(Action::Intervene(last)) = set.last() else { panic!("nothing was asked for") };
    let set = last.downcast::<SetField>().unwrap();
    assert_eq!((&set.select, set.field.as_str()), (&ids(2), "Position.x"));
    assert_eq!(set.value, ParamValue::Number(12.5));
}

#[test]
fn what_is_asked_for_does_what_it_says() {
    let mut simulation = simulation(&[("bird", 5)]);
    for (field, value) in [("Position.x", 12.5), ("Velocity.y", -3.0)] {
        simulation.intervene(SetField { select: ids(2), field: field.into(), value: ParamValue::Number(value) });
    }
    simulation.intervene(Degrade { select: ids(2), health: 0.25, ..default() });
    simulation.run(1);
    let facts = AgentFacts::of(simulation.world(), AgentId(2)).unwrap();
    assert_eq!((facts.position.x, facts.condition.health), (12.5, 0.25));
    assert_eq!(facts.velocity.unwrap().y, -3.0);
    assert!(facts.degraded());
    let harness = one(&simulation, 2, None);
    assert!(says(&harness, "Degraded") && says(&harness, "25\u{202f}%") && says(&harness, "never by itself"));
}

#[test]
fn health_is_a_slider_that_degrades() {
    let simulation = simulation(&[("bird", 5)]);
    let mut harness = one(&simulation, 2, None);
    harness.get_by_role_and_label(Role::Slider, "Health").focus();
    harness.run_steps(2);
    harness.key_press(egui::Key::ArrowLeft);
    harness.run_steps(2);
    let degrade: Degrade = only(&harness.state_mut().actions.take());
    assert_eq!((degrade.select, degrade.duration_s), (ids(2), None));
    assert!((degrade.health - 0.99).abs() < 1e-4);
}

#[test]
fn capabilities_are_granted_and_withdrawn_and_service_is_shown() {
    let mut simulation = simulation(&[("server", 3)]);
    grant_capability(simulation.world_mut(), &[AgentId(1)], "database.query").unwrap();
    let entity = simulation.world().resource::<agent2028_core::agent::AgentIndex>().get(AgentId(1)).unwrap();
    let record =
        ServiceRecord { latency_ms: 100.0, reliability: 0.9, current_load: 50, max_concurrency: 100, ..default() };
    simulation.world_mut().entity_mut(entity).insert(record);
    let harness = one(&simulation, 1, None);
    for text in ["50 of 100", "0.7300"] {
        assert!(says(&harness, text), "{text}");
    }
    drop(harness);
    assert!(says(&Shown::of(&simulation, 2).panel_test(None, Tab::Capabilities), "None yet"));
    let mut harness = Shown::of(&simulation, 1).panel_test(None, Tab::Capabilities);
    assert!(says(&harness, "database.query"));
    let withdraw: WithdrawCapability = only(&click(&mut harness, Role::Button, "Withdraw database.query"));
    assert_eq!((withdraw.select, withdraw.capability.as_str()), (ids(1), "database.query"));
    harness.state_mut().state.capability = "ml.train".into();
    harness.run_steps(2);
    let grant: GrantCapability = only(&click(&mut harness, Role::Button, "Grant the capability"));
    assert_eq!(grant.capability, "ml.train");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn the_uuid_comes_when_asked_for() {
    let simulation = simulation(&[("bird", 5)]);
    let mut harness = one(&simulation, 2, None);
    assert_eq!(click(&mut harness, Role::Button, "Show UUID"), vec![]);
    assert_eq!(harness.state().state.uuid_of, Some(AgentId(2)));
    let mut harness = one(&simulation, 2, Some("0000-uuid"));
    assert_eq!(click(&mut harness, Role::Button, "Copy UUID"), [Action::Copy("0000-uuid".into())]);
}

#[test]
fn the_camera_follows_and_the_selection_ends() {
    let simulation = simulation(&[("bird", 5)]);
    let mut harness = one(&simulation, 2, None);
    let follow = click(&mut harness, Role::Button, "Follow with the camera");
    assert_eq!(follow, [Action::Follow(Some(AgentId(2)))]);
    assert_eq!(click(&mut harness, Role::Button, "Select nothing"), [Action::Select(vec![])]);
}

#[test]
fn an_agent_with_a_very_long_name_stays_in_its_dock() {
    let name = "an-agent-group-whose-name-was-written-by-somebody-who-likes-long-names".repeat(3);
    let simulation = simulation(&[(&name, 5)]);
    let harness = one(&simulation, 2, None);
    for node in harness.query_all_by(|node| node.role() == Role::Button) {
        assert!(node.rect().right() <= 320.0, "{node:?}");
    }
}

fn several<'a>(simulation: &'a Simulation, selected: &'a [AgentId]) -> Harness<'a, PanelTest<ManyState>> {
    let facts = ManyFacts::of(simulation.world(), selected);
    let mut counts = GroupCounts::default();
    let groups = counts.follow(0, simulation.world()).to_vec();
    let mut quantities = QuantityCache::default();
    let quantities = quantities.follow(0, simulation.world());
    let mut cache = SpreadCache::default();
    // A large selection's distributions come a few per frame.
    for frame in 0..quantities.len() {
        cache.follow(0, 1, simulation.world(), quantities, selected, frame as f64);
    }
    let spreads = cache.follow(0, 1, simulation.world(), quantities, selected, 0.0).to_vec();
    let mut inspection = Inspection::default();
    inspection.find_settable(0, simulation.world());
    let fields = inspection.settable.1;
    panel_test([320.0, 1400.0], ManyState::default(), move |ui, look, state, actions| {
        let view = ManyView {
            selected,
            facts: &facts,
            groups: &groups,
            names: simulation.world().resource::<AgentGroups>(),
            capabilities: &[],
            spreads: &spreads,
            fields: &fields,
        };
        many::show(ui, look, &view, state, actions);
    })
}

#[test]
fn several_agents_are_counted_and_changed_together() {
    let mut simulation = simulation(&[("bird", 6), ("hawk", 4)]);
    fail_agents(simulation.world_mut(), &[AgentId(0), AgentId(7)], u64::MAX);
    let selected: Vec<AgentId> = (0..9).map(AgentId).collect();
    let mut harness = several(&simulation, &selected);
    for text in ["9 agents selected", "bird", "hawk", "Failed"] {
        assert!(says(&harness, text), "{text}");
    }
    let select = Selector::Ids(selected.clone());
    let kill: Kill = only(&click(&mut harness, Role::Button, "Kill"));
    assert_eq!(kill.select, select);
    let degrade: Degrade = only(&click(&mut harness, Role::Button, "Set the health of 9 to 50\u{202f}%"));
    assert_eq!((degrade.select, degrade.health), (select.clone(), 0.5));
    let remove: Remove = only(&click(&mut harness, Role::Button, "Remove 9 for good"));
    assert_eq!(remove.select, select);
    assert_eq!(click(&mut harness, Role::Button, "bird-1"), [Action::Select(vec![AgentId(1)])]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn several_agents_show_how_their_numbers_are_spread_and_get_a_field_set_at_once() {
    let mut simulation = simulation(&[("bird", 30)]);
    simulation.intervene(SetField { select: ids(3), field: "Velocity.x".into(), value: ParamValue::Number(12.0) });
    simulation.run(1);
    let selected: Vec<AgentId> = (0..10).map(AgentId).collect();
    let mut harness = several(&simulation, &selected);
    assert!(says(&harness, "speed: 0\u{202f}units/s to 12\u{202f}units/s, mean 1.200\u{202f}units/s"));
    harness.state_mut().state.field = "Velocity.y".into();
    harness.state_mut().state.value = ParamValue::Number(-4.0);
    harness.run_steps(2);
    let set: SetField = only(&click(&mut harness, Role::Button, "Set Velocity.y of 10 to -4"));
    assert_eq!((set.select, set.field.as_str()), (Selector::Ids(selected.clone()), "Velocity.y"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_hundred_thousand_selected_agents_draw_a_few_rows() {
    let simulation = simulation(&[("bird", 100_000)]);
    let selected: Vec<AgentId> = (0..100_000).map(AgentId).collect();
    let harness = several(&simulation, &selected);
    assert!(says(&harness, "100\u{202f}000 agents selected"));
    let rows = harness.query_all_by(|node| node.label().is_some_and(|label| label.starts_with("bird-"))).count();
    assert!((5..60).contains(&rows), "{rows} rows");
}
