//! What the panel of an agent shows while no agent is selected, or after the selected one has left.

use agent2028_core::agent::AgentId;
use bevy_egui::egui;
use egui::Ui;
use egui_material_icons::icons::ICON_TOUCH_APP;

use crate::actions::{Action, Actions};
use crate::theme::Look;
use crate::widgets;

/// Shows that nothing is selected, and what to do.
pub fn nothing(ui: &mut Ui, look: &Look) {
    widgets::empty(
        ui,
        look,
        ICON_TOUCH_APP,
        "Nothing is selected",
        "Click an agent in the world to see what it is and to change it. Shift adds to the selection, Shift and \
         dragging selects a box.",
    );
}

/// Shows that the selected agent is in the world no more.
pub fn gone(ui: &mut Ui, look: &Look, agent: AgentId, actions: &mut Actions) {
    let what = format!("Agent {agent} has left the world");
    widgets::empty(ui, look, ICON_TOUCH_APP, &what, "Click another agent to see what it is.");
    ui.vertical_centered(|ui| {
        if widgets::text_button(ui, look.body("Select nothing")).clicked() {
            actions.push(Action::Select(Vec::new()));
        }
    });
}
