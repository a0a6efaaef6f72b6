use agent2028_core::agent::AgentId;
use agent2028_core::faults::Kill;
use agent2028_core::transport::Speed;
use agent2028_kit::faults::FaultsState;
use agent2028_kit::tool::Tool as _;
use agent2028_view::tool::SELECT;
use agent2028_view::{Combine, Viewport, WorldCamera};

use super::testing::whole::{Whole, whole};
use super::*;
use crate::actions::Travel;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::panels::faults::CapabilityFaultRowsState;
use crate::panels::hints::HintsState;
use crate::panels::tools::SpawnTool;
use crate::scene::SceneRequest;

fn press(harness: &mut Harness<'_, PanelTest<Whole>>, modifiers: egui::Modifiers, key: egui::Key) -> Vec<Action> {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(3);
    harness.state_mut().actions.take()
}

#[test]
fn in_the_smallest_window_the_world_has_half_the_width() {
    let harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    let free = harness.state().state.free;
    assert!(free.width() >= 640.0 && free.height() >= 400.0, "{free:?}");
    for text in ["Under test", "Parameters", "Faults", "Nothing is selected", "Nothing is plotted", "To begin with"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn keys_do_what_the_sheet_says() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    let (none, ctrl, shift) = (egui::Modifiers::NONE, egui::Modifiers::COMMAND, egui::Modifiers::SHIFT);
    assert_eq!(press(&mut harness, none, egui::Key::Space), [Action::Play(false)]);
    assert_eq!(press(&mut harness, none, egui::Key::Period), [Action::Step(1)]);
    assert_eq!(press(&mut harness, shift, egui::Key::Period), [Action::Step(10)]);
    assert_eq!(press(&mut harness, none, egui::Key::Comma), [Action::Time(Travel::Back(1))]);
    assert_eq!(press(&mut harness, shift, egui::Key::Comma), [Action::Time(Travel::Back(10))]);
    assert_eq!(press(&mut harness, none, egui::Key::Home), [Action::Time(Travel::Seek(0))]);
    assert_eq!(press(&mut harness, ctrl, egui::Key::Z), [Action::Time(Travel::Undo)]);
    assert_eq!(press(&mut harness, ctrl | shift, egui::Key::Z), [Action::Time(Travel::Redo)]);
    assert_eq!(press(&mut harness, ctrl, egui::Key::B), [Action::Time(Travel::Fork)]);
    assert_eq!(press(&mut harness, none, egui::Key::CloseBracket), [Action::Speed(Speed::Times(2.0))]);
    assert_eq!(press(&mut harness, none, egui::Key::T), [Action::Theme(Theme::Light)]);
    assert_eq!(press(&mut harness, ctrl, egui::Key::R), [Action::Scene(SceneRequest::Reload)]);
    assert_eq!(press(&mut harness, ctrl, egui::Key::Plus), [Action::Scale(1.1)]);
    let all = agent2028_core::selector::Selector::All;
    assert_eq!(press(&mut harness, ctrl, egui::Key::A), [Action::SelectBy(all, Combine::Replace)]);
    assert_eq!(press(&mut harness, ctrl, egui::Key::I), [Action::InvertSelection]);
    assert_eq!(press(&mut harness, ctrl.plus(shift), egui::Key::G), [Action::GrowSelection]);
    assert_eq!(press(&mut harness, ctrl, egui::Key::Enter), [Action::Tool(crate::ToolChange::ActAtCenter)]);
    press(&mut harness, shift, egui::Key::Slash);
    assert!(says(&harness, "Hide or show all panels"));
}

#[test]
fn tab_hides_all_panels_and_brings_them_back_every_time() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    for _ in 0..3 {
        press(&mut harness, egui::Modifiers::NONE, egui::Key::Tab);
        assert!(!says(&harness, "Parameters"));
        assert_eq!(harness.state().state.free.size(), egui::vec2(1280.0, 720.0));
        press(&mut harness, egui::Modifiers::NONE, egui::Key::Tab);
        assert!(says(&harness, "Parameters"));
    }
}

#[test]
fn typing_into_a_field_is_no_shortcut() {
    let mut harness = whole([1280.0, 1400.0], simulation(&[("bird", 100)]));
    click(&mut harness, Role::TextInput, "Capability");
    harness.get_by_role_and_label(Role::TextInput, "Capability").type_text("t .");
    assert_eq!(press(&mut harness, egui::Modifiers::NONE, egui::Key::Space), vec![]);
    assert_eq!(press(&mut harness, egui::Modifiers::NONE, egui::Key::T), vec![]);
    assert_eq!(harness.state().state.inspector.states.get::<CapabilityFaultRowsState>().unwrap().capability, "t .");
}

#[test]
fn a_row_of_the_palette_is_dragged_onto_the_world_or_onto_an_agent() {
    let mut harness = whole([1280.0, 1400.0], simulation(&[("bird", 100)]));
    let mut drag = |to: egui::Pos2| {
        let from = harness.get_by_role_and_label(Role::Button, "Freeze a third").rect().center();
        harness.drag_at(from);
        harness.run_steps(1);
        harness.hover_at(from + egui::vec2(30.0, 0.0));
        harness.run_steps(2);
        harness.hover_at(to);
        harness.run_steps(2);
        assert!(harness.state().state.inspector.states.get::<FaultsState>().unwrap().dragged.is_some());
        harness.drop_at(to);
        harness.run_steps(2);
        assert!(harness.state().state.inspector.states.get::<FaultsState>().unwrap().dragged.is_none());
        let told = harness.state().state.inspector.done.as_ref().map(|(words, _)| words.clone());
        (harness.state_mut().actions.take(), told)
    };
    let (camera, viewport) = (WorldCamera::default(), Viewport::default());
    let point = egui::pos2(500.0, 300.0);
    let there = camera.window_to_world(&viewport, Vec2::new(point.x, point.y));
    let (asked, told) = drag(point);
    let freeze: agent2028_core::faults::Freeze = only(&asked);
    let circle = agent2028_core::selector::Selector::Within { center: there, radius: 50.0 };
    let third = agent2028_core::selector::Selector::Fraction(0.33);
    assert_eq!(freeze.select, agent2028_core::selector::Selector::And(vec![circle, third]));
    assert_eq!(told.as_deref(), Some("Freeze: a third of the circle"));
    // The first agent of the grid.
    let agent = camera.world_to_window(&viewport, Vec2::splat(-4.5));
    let (asked, told) = drag(egui::pos2(agent.x, agent.y));
    let freeze: agent2028_core::faults::Freeze = only(&asked);
    assert_eq!(freeze.select, agent2028_core::selector::Selector::Ids(vec![AgentId(0)]));
    assert_eq!(told.as_deref(), Some("Freeze: agent #0"));
    // Over the panels nothing happens.
    let (asked, _) = drag(egui::pos2(1200.0, 500.0));
    assert_eq!(asked, vec![]);
}

#[test]
fn the_strip_of_a_tool_stands_over_the_world_and_goes_with_it() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    assert!(!says(&harness, "Click to spawn"));
    harness.state_mut().state.tools.take(&SpawnTool::FACTS);
    harness.run_steps(3);
    assert!(says(&harness, "Click to spawn"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let asked = click(&mut harness, Role::Button, "Put the tool away");
    assert_eq!(asked, [Action::Tool(crate::ToolChange::Take(&SELECT))]);
}

#[test]
fn ctrl_o_asks_for_the_gallery_and_ctrl_s_saves() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    assert_eq!(press(&mut harness, egui::Modifiers::COMMAND, egui::Key::O), [Action::Gallery]);
    let save = |ask| [Action::SaveScene { ask }];
    assert_eq!(press(&mut harness, egui::Modifiers::COMMAND, egui::Key::S), save(false));
    let both = egui::Modifiers::COMMAND | egui::Modifiers::SHIFT;
    assert_eq!(press(&mut harness, both, egui::Key::S), save(true));
}

#[test]
fn tabs_change_close_and_come_back() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    for (tab, text) in
        [("Metrics", "agents.failed"), ("Events", "Nothing has happened"), ("Interventions", "Nothing has intervened")]
    {
        click(&mut harness, Role::Button, tab);
        assert!(says(&harness, text), "{tab}");
    }
    click(&mut harness, Role::Button, "Close Events");
    assert!(!harness.state().state.inspector.layout.is_open(PanelKey::new("Events")));
    harness.state_mut().state.inspector.layout.open(PanelKey::new("Events"));
    harness.run_steps(3);
    assert!(says(&harness, "Nothing has happened"));
}

#[test]
fn layouts_are_chosen_by_key() {
    const PLOTS: PanelKey = PanelKey::new("Plots");
    const FAULTS: PanelKey = PanelKey::new("Faults");
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    for (key, seen, hidden) in [
        (egui::Key::Num3, PLOTS, FAULTS),
        (egui::Key::Num2, FAULTS, PanelKey::WORLD),
        (egui::Key::Num1, PanelKey::new("Agent"), PanelKey::WORLD),
    ] {
        press(&mut harness, egui::Modifiers::COMMAND, key);
        let layout = &harness.state().state.inspector.layout;
        assert!(layout.is_seen(seen), "{key:?}");
        assert!(hidden == PanelKey::WORLD || !layout.is_seen(hidden), "{key:?}");
    }
}

#[test]
fn a_kill_in_the_palette_goes_through_the_one_door() {
    let mut harness = whole([1280.0, 900.0], simulation(&[("bird", 100)]));
    harness.get_by_role_and_label(Role::Button, "Kill a third").scroll_to_me();
    harness.run_steps(10);
    let actions = click(&mut harness, Role::Button, "Kill a third");
    let kill: Kill = only(&actions);
    let whole = &mut harness.state_mut().state;
    whole.simulation.intervene(kill);
    whole.simulation.run(1);
    harness.run_steps(3);
    let failed =
        harness.state().state.simulation.world().resource::<agent2028_core::metrics::Metrics>().value("agents.failed");
    assert_eq!(failed, Some(33.0));
    let hints = harness.state_mut().state.inspector.states.of::<HintsState>();
    assert!(!hints.left().contains(&crate::panels::hints::Hint::Intervene));
}

#[test]
fn selections_of_one_many_and_the_departed_are_shown() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    for (selected, text) in
        [(vec![4], "bird-4"), (vec![4, 5, 6], "3 agents selected"), (vec![500], "has left the world")]
    {
        harness.state_mut().state.selection.set(selected.into_iter().map(AgentId));
        harness.run_steps(3);
        assert!(says(&harness, text), "{text}");
    }
}

#[test]
fn a_million_agents_cost_no_more_widgets_than_a_hundred() {
    let widgets = |count: u32| {
        let mut harness = whole([1920.0, 1080.0], simulation(&[("bird", count)]));
        let all: Vec<AgentId> = (0..count).map(AgentId).collect();
        harness.state_mut().state.selection.set(all);
        harness.run_steps(3);
        harness.query_all_by(|_| true).count()
    };
    let (few, many) = (widgets(100), widgets(1_000_000));
    assert!(many <= few + 10, "{few} and {many}");
}

#[test]
fn docks_keep_their_width_whatever_is_in_them() {
    for (size, count) in [([1280.0, 720.0], 100), ([1280.0, 2400.0], 100), ([1280.0, 720.0], 0)] {
        let long = "a-group-with-a-name-that-is-far-too-long-for-its-place";
        let mut harness = whole(size, simulation(&[("bird", count), (long, count)]));
        let free = |harness: &Harness<'_, PanelTest<Whole>>| harness.state().state.free;
        let before = free(&harness);
        for selected in [vec![], vec![count + 3], vec![1, 2, count + 3]] {
            let what = format!("{size:?} {selected:?}");
            harness.state_mut().state.selection.set(selected.into_iter().map(AgentId));
            harness.run_steps(20);
            assert_eq!(free(&harness), before, "{what}");
        }
        assert!((before.left() - 300.0).abs() <= 1.0, "{before:?}");
        assert!((1280.0 - before.right() - 320.0).abs() <= 1.0, "{before:?}");
    }
}

#[test]
fn a_tab_that_comes_to_the_front_is_in_view_however_many_there_are() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 12)]));
    for panel in ["Compare", "Distributions", "Interventions", "Profiler", "Registry"].map(PanelKey::new) {
        harness.state_mut().state.inspector.layout.open(panel);
        harness.run_steps(20);
        let tab = harness
            .get_by_role_and_label(Role::Button, harness.state().state.registry.catalog().facts(panel).title)
            .rect();
        let more: Vec<egui::Rect> =
            harness.get_all_by_role_and_label(Role::Button, "Add a panel here").map(|node| node.rect()).collect();
        let beside = more.iter().find(|add| add.y_range().contains(tab.center().y) && add.left() > tab.left());
        assert!(tab.right() <= beside.unwrap().left() + 1.0, "{panel:?}: {tab:?} {more:?}");
    }
}

/// A panel about what no world has.
struct Elsewhere;

impl Panel for Elsewhere {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Elsewhere"),
        title: "Elsewhere",
        icon: egui_material_icons::icons::ICON_PUBLIC,
        help: "What no world has.",
        group: Group::Market,
        side: DockSide::Right,
        scrolls: true,
        story: true,
    };

    fn applies(_: &Simulation) -> bool {
        false
    }

    fn show(_: &mut egui::Ui, _: &mut PanelContext, (): &mut ()) {}
}

#[test]
fn the_menu_offers_what_applies_and_finds_the_rest_by_name() {
    let mut harness = whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    harness.state_mut().state.registry.add::<Elsewhere>();
    harness.run_steps(2);
    click(&mut harness, Role::Button, "Panels and layouts");
    let offers = |harness: &Harness<'_, PanelTest<Whole>>, title: &str| {
        harness.query_by_role_and_label(Role::CheckBox, title).is_some()
    };
    assert!(offers(&harness, "Profiler") && !offers(&harness, "Elsewhere"));
    assert!(says(&harness, "1 more panel for other scenes"));
    click(&mut harness, Role::TextInput, "Find a panel");
    harness.get_by_role_and_label(Role::TextInput, "Find a panel").type_text("elsew");
    harness.run_steps(3);
    assert!(offers(&harness, "Elsewhere") && !offers(&harness, "Profiler"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    click(&mut harness, Role::CheckBox, "Elsewhere");
    assert!(harness.state().state.inspector.layout.is_seen(PanelKey::new("Elsewhere")));
}
