//! What the lasso does where agents talk.

use agent2028_core::selector::Selector;
use agent2028_kit::panel::{PanelContext, ToolPart};
use agent2028_kit::theme::measure;
use agent2028_kit::widgets;
use agent2028_network::Network;
use agent2028_network::interventions::Partition;
use bevy::prelude::World;
use bevy_egui::egui::Ui;
use egui_material_icons::icons::ICON_CONTENT_CUT;

/// A lasso around agents is one side of a partition.
#[derive(Clone, Copy, Debug)]
pub struct CutOff;

impl ToolPart for CutOff {
    type Options = ();
    const TOOL: &'static str = "lasso";
    const SECTION: &'static str = "network";

    fn applies(world: &World) -> bool {
        world.contains_resource::<Network>()
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let (look, selected) = (context.look, context.facts.selected());
        ui.add_enabled_ui(!selected.is_empty(), |ui| {
            let response = widgets::verb_button(ui, look, ICON_CONTENT_CUT, look.danger, "Cut off", measure::NUMBER);
            let help = "Lets no message pass between the selected agents and the others";
            if widgets::tip(response, look, help, "").clicked() {
                context.actions.intervene(Partition { select: Selector::Ids(selected.to_vec()), duration_s: None });
            }
        });
    }
}
