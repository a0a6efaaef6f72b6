//! Tools that every world has: to choose, to move, to spawn, to put up obstacles, to erase and to measure.

use agent2028_core::agent::{AgentGroups, Placement};
use agent2028_core::faults::{MoveAgents, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_kit::tool::{Tool, ToolEffect, Toolbox};
use agent2028_view::tool::{SELECT, Sketch};
use agent2028_view::{Drawing, Draws, ObstacleShape, Thing, ToolFacts, ToolGroup, WorldLayers};
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{DragValue, Ui};
use egui_material_icons::icons::{
    ICON_FENCE, ICON_GROUP_ADD, ICON_INK_ERASER, ICON_LASSO_SELECT, ICON_OPEN_WITH, ICON_PAN_TOOL, ICON_STRAIGHTEN,
};

use crate::actions::{Action, ToolChange};
use crate::context::PanelContext;
use crate::facts::GroupCounts;
use crate::format;
use crate::widgets;

/// Adds the tools of the window.
pub fn register(tools: &mut Toolbox) {
    tools.add::<SelectTool>();
    tools.add::<PanTool>();
    tools.add::<LassoTool>();
    tools.add::<MoveTool>();
    tools.add::<SpawnTool>();
    tools.add::<ObstacleTool>();
    tools.add::<EraseTool>();
    tools.add::<MeasureTool>();
}

struct SelectTool;

impl Tool for SelectTool {
    type Options = ();
    const FACTS: ToolFacts = SELECT;

    fn hint(_: ObstacleShape) -> &'static str {
        ""
    }
}

struct PanTool;

impl Tool for PanTool {
    type Options = ();
    const FACTS: ToolFacts = ToolFacts {
        key: "pan",
        label: "Move the view",
        help: "Drag to move the view; the middle button does so with any tool",
        icon: ICON_PAN_TOOL.codepoint,
        shortcut: "H",
        group: ToolGroup::Choose,
        draws: Draws::View,
    };

    fn hint(_: ObstacleShape) -> &'static str {
        "Drag to move the view. Wheel zooms."
    }
}

const LASSO: ToolFacts = ToolFacts {
    key: "lasso",
    label: "Lasso",
    help: "Select the agents inside a line that you draw",
    icon: ICON_LASSO_SELECT.codepoint,
    shortcut: "L",
    group: ToolGroup::Choose,
    draws: Draws::Lasso,
};

struct LassoTool;

impl Tool for LassoTool {
    type Options = ();
    const FACTS: ToolFacts = LASSO;

    fn hint(_: ObstacleShape) -> &'static str {
        "Draw around agents. Shift adds them, Alt or Ctrl takes them out. Escape gives up."
    }
}

struct MoveTool;

impl Tool for MoveTool {
    type Options = ();
    const FACTS: ToolFacts = ToolFacts {
        key: "move",
        label: "Move things",
        help: "Drag agents, obstacles, nests, resources, targets and formations",
        icon: ICON_OPEN_WITH.codepoint,
        shortcut: "G",
        group: ToolGroup::Choose,
        draws: Draws::Moves,
    };

    fn hint(_: ObstacleShape) -> &'static str {
        "Drag what lights up; selected agents move together. Escape gives up."
    }

    fn make(drawing: &Drawing, (): &(), _: &Simulation) -> Option<ToolEffect> {
        // What plugins brought into the world is moved by whoever knows the layers.
        let Drawing::Move { thing: Thing::Agents(agents), from, to } = drawing else { return None };
        let words = format!("Moved {}", format::counted(agents.len() as u64, "agent", "agents"));
        Some(ToolEffect::new(MoveAgents { select: Selector::Ids(agents.clone()), by: *to - *from }, words))
    }
}

/// What comes of things that plugins brought into the world when they are moved or taken away.
#[must_use]
pub fn on_things(drawing: &Drawing, layers: &WorldLayers, simulation: &Simulation) -> Option<ToolEffect> {
    match drawing {
        Drawing::Move { thing: Thing::Of(thing), from, to } => {
            let (intervention, what) = layers.moved(simulation, thing, *to - *from)?;
            Some(ToolEffect::new(intervention, format!("Moved {what}")))
        }
        Drawing::Remove(Thing::Of(thing)) => {
            let (intervention, what) = layers.removed(simulation, thing)?;
            Some(ToolEffect::new(intervention, format!("Removed {what}")))
        }
        _ => None,
    }
}

/// What the tool that spawns makes.
#[derive(Clone, Debug, PartialEq)]
pub struct SpawnOptions {
    /// The group that agents join; the first of the scene if there is none of this name.
    pub group: String,
    /// How many agents are spawned at once.
    pub count: u32,
}

impl Default for SpawnOptions {
    fn default() -> Self {
        Self { group: String::new(), count: 100 }
    }
}

/// The tool that brings agents into the world.
#[derive(Clone, Copy, Debug)]
pub struct SpawnTool;

impl Tool for SpawnTool {
    type Options = SpawnOptions;
    const FACTS: ToolFacts = ToolFacts {
        key: "spawn",
        label: "Spawn agents",
        help: "Bring agents into the world where you click",
        icon: ICON_GROUP_ADD.codepoint,
        shortcut: "A",
        group: ToolGroup::Make,
        draws: Draws::Disc,
    };

    fn missing(world: &World) -> Option<String> {
        let groups = world.get_resource::<AgentGroups>().is_some_and(|groups| !groups.groups().is_empty());
        (!groups).then(|| "This scene has no group of agents.".to_owned())
    }

    fn hint(_: ObstacleShape) -> &'static str {
        "Click to spawn, or drag from the centre to choose how widely."
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, options: &mut SpawnOptions) {
        let (facts, look) = (context.facts, context.look);
        let groups = context.states.of::<GroupCounts>().follow(facts.generation(), facts.world());
        if !groups.iter().any(|group| group.name == options.group) {
            options.group = groups.first().map_or(String::new(), |group| group.name.clone());
        }
        let count = DragValue::new(&mut options.count).range(1..=100_000).speed(1.0);
        widgets::tool_number(ui, look, "Agents", "How many agents join with each click, 1–100 000", count);
        if groups.len() > 1 {
            widgets::tool_choice(ui, "Group", &mut options.group, groups.iter().map(|group| group.name.as_str()));
        }
    }

    fn ghosts(options: &SpawnOptions) -> u32 {
        options.count
    }

    fn make(drawing: &Drawing, options: &SpawnOptions, simulation: &Simulation) -> Option<ToolEffect> {
        let Drawing::Disc { at, radius } = *drawing else { return None };
        let groups = simulation.world().get_resource::<AgentGroups>()?;
        let known = groups.groups().iter().find(|group| group.name == options.group).or(groups.groups().first())?;
        let at = Some(Placement::Disc { center: at, radius });
        let words = format!("Spawned {} {}", format::count(options.count.into()), known.name);
        Some(ToolEffect::new(Spawn { group: known.name.clone(), count: options.count, at }, words))
    }
}

/// The tool that puts up what stands in the way of agents: whoever moves them says how.
#[derive(Clone, Copy, Debug)]
pub struct ObstacleTool;

impl Tool for ObstacleTool {
    type Options = ();
    const FACTS: ToolFacts = ToolFacts {
        key: "obstacle",
        label: "Put up obstacles",
        help: "Put up circles, polygons and walls",
        icon: ICON_FENCE.codepoint,
        shortcut: "O",
        group: ToolGroup::Make,
        draws: Draws::Shape,
    };
    const WITHOUT_PARTS: Option<&'static str> = Some("Nobody heeds obstacles");

    fn hint(shape: ObstacleShape) -> &'static str {
        match shape {
            ObstacleShape::Circle => "Click, or drag from the centre to the rim.",
            ObstacleShape::Polygon => {
                "Click corner by corner, Enter or a double click closes; or draw it in one go. Backspace takes a corner \
                 back."
            }
            ObstacleShape::Wall => {
                "Click point by point, Enter or a double click ends; or draw it in one go. Backspace takes a point back."
            }
        }
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        for shape in ObstacleShape::ALL {
            if ui.selectable_label(context.facts.tools.shape == shape, shape.label()).clicked() {
                context.actions.push(Action::Tool(ToolChange::Shape(shape)));
            }
        }
    }

    fn make(drawing: &Drawing, (): &(), _: &Simulation) -> Option<ToolEffect> {
        let what = if matches!(drawing, Drawing::Corners(ObstacleShape::Wall, _)) { "a wall" } else { "an obstacle" };
        Some(ToolEffect { interventions: Vec::new(), words: format!("Put up {what}") })
    }
}

struct EraseTool;

impl Tool for EraseTool {
    type Options = ();
    const FACTS: ToolFacts = ToolFacts {
        key: "erase",
        label: "Erase",
        help: "Wipe pheromone away; click what stands in the world to remove it",
        icon: ICON_INK_ERASER.codepoint,
        shortcut: "X",
        group: ToolGroup::Remove,
        draws: Draws::Erases,
    };
    const WITHOUT_PARTS: Option<&'static str> = Some("There is nothing to erase");

    fn hint(_: ObstacleShape) -> &'static str {
        "Drag to wipe; click a nest, a resource, a wall or an obstacle to remove it."
    }
}

struct MeasureTool;

impl Tool for MeasureTool {
    type Options = ();
    const FACTS: ToolFacts = ToolFacts {
        key: "measure",
        label: "Measure distances",
        help: "Drag to measure a distance in world units",
        icon: ICON_STRAIGHTEN.codepoint,
        shortcut: "M",
        group: ToolGroup::Measure,
        draws: Draws::Distance,
    };

    fn hint(_: ObstacleShape) -> &'static str {
        "Drag from one point to another."
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let facts = context.facts;
        let bounds = facts.resource::<WorldBounds>();
        let now = if let Sketch::Drag(from, to) = facts.tools.sketcher.sketch() { Some((from, to)) } else { None };
        let Some((from, to)) = now.or(facts.tools.measured) else { return };
        let straight = from.distance(to);
        let around = bounds.delta(bounds.enter(from), bounds.enter(to)).length();
        ui.label(context.look.figure(format::with_unit(straight.into(), "units")));
        if bounds.wraps() && around < straight * 0.999 {
            ui.label(context.look.quiet("around the edge"));
            ui.label(context.look.figure(format::with_unit(around.into(), "units")));
        }
    }
}
