//! How a status looks: colour, icon and word together, never colour alone.

use agent2028_core::agent::Status;
use agent2028_core::tone::Tone;
use bevy_egui::egui;
use egui::{Color32, Response, Sense, Ui, Vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_AC_UNIT, ICON_CANCEL, ICON_CHECK_CIRCLE, ICON_TRENDING_DOWN};

use crate::theme::{Look, measure, radius};

/// The word for a status; an active agent with less than its own health is degraded.
#[must_use]
pub fn status_word(status: Status, degraded: bool) -> &'static str {
    match (status, degraded) {
        (Status::Failed, _) => "Failed",
        (Status::Frozen, _) => "Frozen",
        (Status::Active, true) => "Degraded",
        (Status::Active, false) => "Active",
    }
}

/// The colour of a status.
#[must_use]
pub fn status_color(look: &Look, status: Status, degraded: bool) -> Color32 {
    match (status, degraded) {
        (Status::Failed, _) => look.danger,
        (Status::Frozen, _) => look.info,
        (Status::Active, true) => look.warning,
        (Status::Active, false) => look.good,
    }
}

/// The icon of a status.
#[must_use]
pub fn status_icon(status: Status, degraded: bool) -> MaterialIcon {
    match (status, degraded) {
        (Status::Failed, _) => ICON_CANCEL,
        (Status::Frozen, _) => ICON_AC_UNIT,
        (Status::Active, true) => ICON_TRENDING_DOWN,
        (Status::Active, false) => ICON_CHECK_CIRCLE,
    }
}

/// A square of a category's colour.
pub fn swatch(ui: &mut Ui, tint: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(measure::SWATCH), Sense::hover());
    ui.painter().rect_filled(rect, radius(), tint);
    response
}

/// A round mark of a colour.
pub fn dot(ui: &mut Ui, tint: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(measure::SWATCH), Sense::hover());
    ui.painter().circle_filled(rect.center(), measure::DOT, tint);
    response
}

/// The colour of what means something for those whom it concerns.
#[must_use]
pub fn tone_color(look: &Look, tone: Tone) -> Color32 {
    match tone {
        Tone::Danger => look.danger,
        Tone::Warning => look.warning,
        Tone::Good => look.good,
        Tone::Info => look.info,
    }
}
