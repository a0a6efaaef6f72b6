//! What an agent can do: capabilities to grant and to withdraw.

use agent2028_core::faults::{GrantCapability, WithdrawCapability};
use agent2028_core::selector::Selector;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Label, Layout, Ui};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE};

use super::{AgentState, AgentView};
use crate::actions::Actions;
use crate::theme::Look;
use crate::widgets;
use crate::widgets::capability_field;

/// Shows the capabilities.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState, actions: &mut Actions) {
    let select = || Selector::Ids(vec![view.agent.id]);
    owned_capabilities(ui, look, &view.agent.capabilities, &select, actions);
    ui.add_space(spacing::TIGHT);
    grant_row(ui, look, view.capabilities, &select, &mut state.capability, actions);
}

/// The capabilities that agents have, each with a button that withdraws it.
fn owned_capabilities(
    ui: &mut Ui,
    look: &Look,
    names: &[String],
    select: &dyn Fn() -> Selector,
    actions: &mut Actions,
) {
    if names.is_empty() {
        ui.label(look.quiet("None yet. Grant one below, for example database.query."));
    }
    for name in names {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let response = widgets::icon_button(ui, look, ICON_CLOSE, &format!("Withdraw {name}"));
                if widgets::tip(response, look, &format!("Withdraw {name}"), "").clicked() {
                    actions.intervene(WithdrawCapability { select: select(), capability: name.clone() });
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(look.figure(name.as_str())).truncate());
                });
            });
        });
    }
}

/// A field and a button that grants a capability.
pub fn grant_row(
    ui: &mut Ui,
    look: &Look,
    known: &[String],
    select: &dyn Fn() -> Selector,
    text: &mut String,
    actions: &mut Actions,
) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let name = text.trim().to_owned();
            let granted = ui
                .add_enabled_ui(!name.is_empty(), |ui| {
                    let response = widgets::icon_button(ui, look, ICON_ADD, "Grant the capability");
                    widgets::tip(response, look, "Grant the capability", "Enter").clicked()
                })
                .inner;
            let field = capability_field(ui, known, text);
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if (granted || entered) && !name.is_empty() {
                actions.intervene(GrantCapability { select: select(), capability: name });
                text.clear();
            }
        });
    });
}
