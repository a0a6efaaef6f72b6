//! The tool rail: what the pointer's primary button does to the world.

use agent2028_view::Tool;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::Ui;
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_ARROW_SELECTOR_TOOL, ICON_BRUSH, ICON_FENCE, ICON_GROUP_ADD, ICON_HIVE, ICON_INK_ERASER, ICON_LASSO_SELECT,
    ICON_NUTRITION, ICON_OPEN_WITH, ICON_PAN_TOOL, ICON_STRAIGHTEN,
};

use crate::actions::{Action, Actions, ToolChange};
use crate::theme::Look;
use crate::widgets;

/// What the rail reads.
#[derive(Clone, Copy, Debug)]
pub struct ToolsView {
    /// The tool in hand.
    pub active: Tool,
    /// Why tools can't be used, in the order of [`Tool::ALL`].
    pub missing: [Option<&'static str>; Tool::ALL.len()],
}

impl ToolsView {
    /// The tools in this world.
    #[must_use]
    pub fn of(active: Tool, world: &World) -> Self {
        Self { active, missing: Tool::ALL.map(|tool| tool.missing(world)) }
    }
}

/// The icon of a tool.
#[must_use]
pub const fn icon(tool: Tool) -> MaterialIcon {
    match tool {
        Tool::Select => ICON_ARROW_SELECTOR_TOOL,
        Tool::Pan => ICON_PAN_TOOL,
        Tool::Lasso => ICON_LASSO_SELECT,
        Tool::Move => ICON_OPEN_WITH,
        Tool::Spawn => ICON_GROUP_ADD,
        Tool::Obstacle => ICON_FENCE,
        Tool::Resource => ICON_NUTRITION,
        Tool::Nest => ICON_HIVE,
        Tool::Paint => ICON_BRUSH,
        Tool::Erase => ICON_INK_ERASER,
        Tool::Measure => ICON_STRAIGHTEN,
    }
}

/// What a tool is called.
#[must_use]
pub const fn name(tool: Tool) -> &'static str {
    match tool {
        Tool::Select => "Select",
        Tool::Pan => "Move the view",
        Tool::Lasso => "Lasso",
        Tool::Move => "Move things",
        Tool::Spawn => "Spawn agents",
        Tool::Obstacle => "Put up obstacles",
        Tool::Resource => "Drop resources",
        Tool::Nest => "Found nests",
        Tool::Paint => "Paint pheromone",
        Tool::Erase => "Erase",
        Tool::Measure => "Measure distances",
    }
}

/// What a tool does, for its tooltip.
#[must_use]
pub const fn does(tool: Tool) -> &'static str {
    match tool {
        Tool::Select => "Select agents by click or box; drag to move the view",
        Tool::Pan => "Drag to move the view; the middle button does so with any tool",
        Tool::Lasso => "Select the agents inside a line that you draw",
        Tool::Move => "Drag agents, obstacles, nests, resources, targets and formations",
        Tool::Spawn => "Bring agents into the world where you click",
        Tool::Obstacle => "Put up circles, polygons and walls",
        Tool::Resource => "Drop food where you click",
        Tool::Nest => "Found a nest where you click",
        Tool::Paint => "Paint pheromone onto the ground",
        Tool::Erase => "Wipe pheromone away; click what stands in the world to remove it",
        Tool::Measure => "Drag to measure a distance in world units",
    }
}

/// Shows the rail.
pub fn show(ui: &mut Ui, look: &Look, view: &ToolsView, actions: &mut Actions) {
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = spacing::TIGHT;
        ui.add_space(spacing::TIGHT);
        for (tool, missing) in Tool::ALL.into_iter().zip(view.missing) {
            if matches!(tool, Tool::Spawn | Tool::Measure) {
                ui.add_space(spacing::TIGHT);
                widgets::rule(ui, look);
                ui.add_space(spacing::TIGHT);
            }
            ui.add_enabled_ui(missing.is_none(), |ui| {
                let response = widgets::icon_toggle(ui, look, icon(tool), name(tool), view.active == tool);
                let response = match missing {
                    None => widgets::tip(response, look, does(tool), tool.key().1),
                    Some(why) => response.on_disabled_hover_ui(|ui| {
                        ui.label(look.body(name(tool)));
                        ui.label(look.quiet(why));
                    }),
                };
                if response.clicked() {
                    actions.push(Action::Tool(ToolChange::Take(tool)));
                }
            });
        }
    });
}
