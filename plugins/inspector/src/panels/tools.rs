//! The tools of the window itself, and the rail that chooses among all.

mod own;

use agent2028_kit::tool::Toolbox;
use agent2028_view::tokens::spacing;
use agent2028_view::{ToolFacts, ToolGroup};
use bevy::prelude::World;
use bevy_egui::egui;
use egui::Ui;
use egui_material_icons::MaterialIcon;

use crate::actions::{Action, Actions, ToolChange};
use crate::theme::Look;
use crate::widgets;

pub use own::{ObstacleTool, SpawnOptions, SpawnTool, on_things, register};

/// What the rail reads.
#[derive(Clone, Debug)]
pub struct ToolsView {
    /// The tool in hand.
    pub active: &'static ToolFacts,
    /// All tools, and why one can't be used in this world.
    pub tools: Vec<(&'static ToolFacts, Option<String>)>,
}

impl ToolsView {
    /// The tools of a world.
    #[must_use]
    pub fn of(active: &'static ToolFacts, tools: &Toolbox, world: &World) -> Self {
        let tools = tools.iter().map(|entry| (entry.facts, tools.missing(entry.facts, world))).collect();
        Self { active, tools }
    }
}

/// Shows the rail.
pub fn show(ui: &mut Ui, look: &Look, view: &ToolsView, actions: &mut Actions) {
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = spacing::TIGHT;
        ui.add_space(spacing::TIGHT);
        // What makes and what takes away belong together.
        let part = |group: ToolGroup| if group == ToolGroup::Remove { ToolGroup::Make } else { group };
        let mut before = None;
        for (tool, missing) in &view.tools {
            if before.replace(part(tool.group)).is_some_and(|before| before != part(tool.group)) {
                ui.add_space(spacing::TIGHT);
                widgets::rule(ui, look);
                ui.add_space(spacing::TIGHT);
            }
            ui.add_enabled_ui(missing.is_none(), |ui| {
                let icon = MaterialIcon::new(tool.icon);
                let response = widgets::icon_toggle(ui, look, icon, tool.label, view.active.key == tool.key);
                let response = match missing {
                    None => widgets::tip(response, look, tool.help, tool.shortcut),
                    Some(why) => response.on_disabled_hover_ui(|ui| {
                        ui.label(look.body(tool.label));
                        ui.label(look.quiet(why.as_str()));
                    }),
                };
                if response.clicked() {
                    actions.push(Action::Tool(ToolChange::Take(tool)));
                }
            });
        }
    });
}
