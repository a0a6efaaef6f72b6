use agent2028_kit::tool::{Tool, ToolPart, Toolbox};
use agent2028_view::tool::SELECT;
use agent2028_view::{Drawing, ObstacleShape, ToolFacts, Tools};
use bevy::prelude::World;

use super::testing::whole::{Whole, whole};
use super::*;
use crate::actions::ToolChange;
use crate::panels::of_the_host;
use crate::panels::tools::{ObstacleTool, SpawnOptions, SpawnTool, ToolsView, show};

#[test]
fn every_tool_of_the_rail_is_taken_in_hand_by_its_name() {
    let tools: Vec<&'static ToolFacts> = of_the_host().tools.iter().map(|entry| entry.facts).collect();
    let view = ToolsView { active: &SELECT, tools: tools.iter().map(|tool| (*tool, None)).collect() };
    let mut harness = panel_test([40.0, 600.0], (), move |ui, look, (), actions| show(ui, look, &view, actions));
    for tool in tools {
        assert_eq!(click(&mut harness, Role::Button, tool.label), [Action::Tool(ToolChange::Take(tool))]);
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn tools_that_the_scene_has_no_use_for_are_off_and_say_why() {
    let simulation = simulation(&[("bird", 10)]);
    let registry = of_the_host();
    let view = ToolsView::of(&SELECT, &registry.tools, simulation.world());
    let useless: Vec<&str> =
        view.tools.iter().filter(|(_, missing)| missing.is_some()).map(|(tool, _)| tool.key).collect();
    assert_eq!(useless, ["obstacle", "erase"]);
    let mut harness = panel_test([40.0, 600.0], (), move |ui, look, (), actions| show(ui, look, &view, actions));
    for name in ["Put up obstacles", "Erase"] {
        assert!(harness.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled(), "{name}");
        assert_eq!(click(&mut harness, Role::Button, name), vec![]);
    }
    assert!(!harness.get_by_role_and_label(Role::Button, "Spawn agents").accesskit_node().is_disabled());
}

/// What one plugin adds to a tool of the window.
struct Part<const APPLIES: bool>;

impl<const APPLIES: bool> ToolPart for Part<APPLIES> {
    type Options = ();
    const TOOL: &'static str = "obstacle";
    const SECTION: &'static str = if APPLIES { "here" } else { "elsewhere" };

    fn applies(_: &World) -> bool {
        APPLIES
    }
}

#[test]
fn a_tool_that_works_through_plugins_says_which_sections_are_missing() {
    let mut tools = Toolbox::default();
    let why = |tools: &Toolbox| tools.missing(&ObstacleTool::FACTS, &World::new()).unwrap_or_default();
    tools.add::<ObstacleTool>();
    assert_eq!(why(&tools), "Nobody heeds obstacles.");
    tools.add_part::<Part<false>>();
    assert_eq!(why(&tools), "Nobody heeds obstacles: the scene has no section `elsewhere`.");
    tools.add_part::<Part<false>>();
    assert_eq!(why(&tools), "Nobody heeds obstacles: the scene has neither a section `elsewhere` nor `elsewhere`.");
    tools.add_part::<Part<true>>();
    assert_eq!(why(&tools), "");
}

fn in_hand<'a>(tool: &'static ToolFacts, shape: ObstacleShape, done: Option<&str>) -> Harness<'a, PanelTest<Whole>> {
    let mut harness = whole([1280.0, 720.0], simulation(&[("ant", 3), ("bee", 3)]));
    let whole = &mut harness.state_mut().state;
    whole.transport.playing = false;
    whole.tools = Tools { active: tool, shape, measured: Some((Vec2::ZERO, Vec2::new(900.0, 0.0))), ..default() };
    whole.inspector.done = done.map(|words| (words.to_owned(), 1e9));
    harness.run_steps(3);
    harness
}

#[test]
fn the_strip_names_everything_and_fits_for_every_tool() {
    for entry in of_the_host().tools.iter() {
        for shape in ObstacleShape::ALL {
            let harness = in_hand(entry.facts, shape, None);
            assert_eq!(nameless(&harness), Vec::<String>::new(), "{:?}", entry.facts);
            let free = harness.state().state.free;
            if entry.facts.key != SELECT.key {
                let away = harness.get_by_role_and_label(Role::Button, "Put the tool away").rect();
                assert!(free.contains_rect(away), "{:?} {shape:?}: {away:?}", entry.facts);
            }
        }
    }
}

#[test]
fn options_are_chosen_and_what_was_done_is_told_with_the_way_back() {
    let mut harness = in_hand(&ObstacleTool::FACTS, ObstacleShape::Circle, None);
    let asked = click(&mut harness, Role::Button, "Wall");
    assert_eq!(asked, [Action::Tool(ToolChange::Shape(ObstacleShape::Wall))]);
    let asked = click(&mut harness, Role::Button, "Do it at the centre of the view");
    assert_eq!(asked, [Action::Tool(ToolChange::ActAtCenter)]);
    let group = |harness: &Harness<'_, PanelTest<Whole>>| {
        harness.state().state.inspector.states.get::<SpawnOptions>().unwrap().group.clone()
    };
    let mut harness = in_hand(&SpawnTool::FACTS, ObstacleShape::Circle, None);
    assert_eq!(group(&harness), "ant");
    click(&mut harness, Role::ComboBox, "Group");
    harness.get_by_role_and_label(Role::Button, "bee").click();
    harness.run_steps(3);
    assert_eq!(group(&harness), "bee");
    let harness = in_hand(&SpawnTool::FACTS, ObstacleShape::Circle, Some("Spawned 100 ant"));
    assert!(says(&harness, "Spawned 100 ant, with the next tick \u{2014} Ctrl Z to undo"));
    let registry = of_the_host();
    let measure = registry.tools.find("measure").unwrap().facts;
    assert!(says(&in_hand(measure, ObstacleShape::Circle, None), "900"));
}

#[test]
fn the_tool_that_spawns_brings_agents_where_it_was_drawn() {
    use agent2028_core::faults::Spawn;
    let simulation = simulation(&[("ant", 3), ("bee", 3)]);
    let options = SpawnOptions { group: "bee".into(), count: 5 };
    let drawing = Drawing::Disc { at: Vec2::new(3.0, 4.0), radius: 6.0 };
    let effect = SpawnTool::make(&drawing, &options, &simulation).unwrap();
    assert_eq!(effect.words, "Spawned 5 bee");
    let spawn = effect.interventions[0].downcast::<Spawn>().unwrap();
    let at = Some(Placement::Disc { center: Vec2::new(3.0, 4.0), radius: 6.0 });
    assert_eq!((spawn.count, spawn.at.clone()), (5, at));
}
