use agent2028_core::agent::AgentId;
use agent2028_core::selector::Selector;
use agent2028_core::space::WorldBounds;
use agent2028_network::interventions::Partition;
use agent2028_view::{ObstacleShape, Tool};

use super::*;
use crate::actions::ToolChange;
use crate::facts::GroupFacts;
use crate::hand::ToolOptions;
use crate::panels::tool_options::{ToolOptionsView, strip};
use crate::panels::tools::{ToolsView, name, show};

#[test]
fn every_tool_of_the_rail_is_taken_in_hand_by_its_name() {
    let view = ToolsView { active: Tool::Lasso, missing: [None; Tool::ALL.len()] };
    let mut harness = stage([40.0, 600.0], (), move |ui, look, (), actions| show(ui, look, &view, actions));
    for tool in Tool::ALL {
        let asked = click(&mut harness, Role::Button, name(tool));
        assert_eq!(asked, [Action::Tool(ToolChange::Take(tool))]);
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let tall = harness.query_all_by(|node| node.role() == Role::Button).map(|node| node.rect().bottom());
    assert!(tall.fold(0.0, f32::max) < 420.0, "the rail fits beside the world in the smallest window");
}

#[test]
fn tools_that_the_scene_has_no_use_for_are_off_and_say_why() {
    let simulation = simulation(&[("bird", 10)]);
    let view = ToolsView::of(Tool::Select, simulation.world());
    let mut harness = stage([40.0, 600.0], (), move |ui, look, (), actions| show(ui, look, &view, actions));
    for tool in [Tool::Obstacle, Tool::Resource, Tool::Nest, Tool::Paint, Tool::Erase] {
        assert!(
            view.missing[Tool::ALL.iter().position(|known| *known == tool).unwrap()].is_some_and(|why| why.len() > 20)
        );
        assert!(harness.get_by_role_and_label(Role::Button, name(tool)).accesskit_node().is_disabled(), "{tool:?}");
        assert_eq!(click(&mut harness, Role::Button, name(tool)), vec![]);
    }
    assert!(!harness.get_by_role_and_label(Role::Button, "Spawn agents").accesskit_node().is_disabled());
}

fn options<'a>(tool: Tool, shape: ObstacleShape, done: Option<&'static str>) -> Harness<'a, Stage<ToolOptions>> {
    let groups = vec![
        GroupFacts { name: "ant".into(), count: 3, ..default() },
        GroupFacts { name: "bee".into(), count: 3, ..default() },
    ];
    let fields = vec!["food".to_owned(), "home".to_owned()];
    stage([620.0, 200.0], ToolOptions::default(), move |ui, look, options, actions| {
        let view = ToolOptionsView {
            tool,
            shape,
            radius: 20.0,
            groups: &groups,
            fields: &fields,
            bounds: WorldBounds::default(),
            thick: true,
            paused: true,
            measured: Some((1234.5, Some(800.0))),
            cuttable: Some(&[AgentId(4), AgentId(9)]),
            done,
            undo: "Ctrl Z",
        };
        strip(ui, look, &view, options, actions);
    })
}

#[test]
fn the_strip_names_everything_and_fits_for_every_tool() {
    for tool in Tool::ALL {
        for shape in ObstacleShape::ALL {
            let harness = options(tool, shape, None);
            assert_eq!(nameless(&harness), Vec::<String>::new(), "{tool:?}");
            let wide =
                harness.query_all_by(|node| node.role() != Role::GenericContainer && node.role() != Role::Window);
            let right = wide.map(|node| node.rect().right()).fold(0.0, f32::max);
            assert!(right <= 620.5, "{tool:?} {shape:?}: {right}");
        }
    }
}

#[test]
fn options_are_chosen_and_what_was_done_is_told_with_the_way_back() {
    let mut harness = options(Tool::Obstacle, ObstacleShape::Circle, None);
    let asked = click(&mut harness, Role::Button, "Wall");
    assert_eq!(asked, [Action::Tool(ToolChange::Shape(ObstacleShape::Wall))]);
    let asked = click(&mut harness, Role::Button, "Do it at the centre of the view");
    assert_eq!(asked, [Action::Tool(ToolChange::ActAtCenter)]);
    let mut harness = options(Tool::Spawn, ObstacleShape::Circle, None);
    assert_eq!(harness.state().state.group, "ant");
    click(&mut harness, Role::ComboBox, "Group");
    harness.get_by_label("bee").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state.group, "bee");
    let harness = options(Tool::Spawn, ObstacleShape::Circle, Some("Spawned 100 ant"));
    assert!(says(&harness, "Spawned 100 ant, with the next tick \u{2014} Ctrl Z to undo"));
    let harness = options(Tool::Measure, ObstacleShape::Circle, None);
    assert!(says(&harness, "around the edge"));
}

#[test]
fn a_lasso_around_agents_cuts_them_off() {
    let mut harness = options(Tool::Lasso, ObstacleShape::Circle, None);
    let cut: Partition = only(&click(&mut harness, Role::Button, "Cut off"));
    assert_eq!(cut, Partition { select: Selector::Ids(vec![AgentId(4), AgentId(9)]), duration_s: None });
}
