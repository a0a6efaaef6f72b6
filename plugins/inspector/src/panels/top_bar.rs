//! The bar at the top: scene, time, and how things look.

use agent2028_view::tokens::{Theme, spacing};
use bevy_egui::egui;
use egui::{Align, Layout, Popup, PopupCloseBehavior, Ui};
use egui_material_icons::icons::{ICON_DARK_MODE, ICON_FORMAT_SIZE, ICON_HELP, ICON_LIGHT_MODE};

use crate::actions::{Action, Actions};
use crate::format;
use crate::panels::{layers, pictures, scene_menu, transport};
use crate::scene::{SceneLibrary, SceneStatus};
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, hairline, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Debug)]
pub struct TopBarView<'a> {
    /// All scenes.
    pub library: &'a SceneLibrary,
    /// The running scene.
    pub status: &'a SceneStatus,
    /// Whether its text has changes that are not saved.
    pub dirty: bool,
    /// Time.
    pub transport: transport::TransportView,
    /// How the world is drawn.
    pub layers: layers::LayersView<'a>,
    /// Pictures and films.
    pub pictures: pictures::PicturesView,
    /// The scale of the interface.
    pub scale: f32,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopBarState {
    /// Whether the sheet of shortcuts is open.
    pub help: bool,
}

/// The scales of the interface that can be chosen.
pub const SCALES: [f32; 9] = [0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5];

/// The next larger scale.
#[must_use]
pub fn larger(scale: f32) -> f32 {
    SCALES.into_iter().find(|next| *next > scale * 1.001).unwrap_or(measure::SCALES.1)
}

/// The next smaller scale.
#[must_use]
pub fn smaller(scale: f32) -> f32 {
    SCALES.into_iter().rev().find(|next| *next < scale * 0.999).unwrap_or(measure::SCALES.0)
}

/// What the window itself is called: the scene, with a dot while its text isn't saved.
#[must_use]
pub fn window_title(scene: &str, dirty: bool) -> String {
    let mark = if dirty { "• " } else { "" };
    format!("{mark}{scene} – Agent2028")
}

/// Shows the bar; `layouts` adds the button of panels and layouts.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    view: &TopBarView,
    state: &mut TopBarState,
    layouts: impl FnOnce(&mut Ui),
    actions: &mut Actions,
) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let (width, details) = shares(ui.available_width());
        scene_menu::show(ui, width, look, view.library, view.status, view.dirty, actions);
        divider(ui, look);
        transport::show(ui, look, &view.transport, details, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let help = widgets::icon_toggle(ui, look, ICON_HELP, "Keys and help", state.help);
            if widgets::tip(help, look, "Keys and help", keys(Command::Help)).clicked() {
                state.help = !state.help;
            }
            layouts(ui);
            scale(ui, look, view.scale, actions);
            theme(ui, look, view.layers.settings.theme, actions);
            pictures::show(ui, look, &view.pictures, actions);
            // From right to left the layers' two buttons would change places.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                layers::show(ui, look, &view.layers, actions);
            });
        });
    });
}

/// How wide the scene's button is in a bar of this width, and what of the time has room beside it: a narrow window shows
/// less of it rather than one thing over another.
fn shares(room: f32) -> (f32, transport::Details) {
    let (rest, pace, clock) = measure::TOP_BAR_REST;
    let left = |rest: f32| room - rest;
    let least = measure::SCENE_BUTTON_LEAST;
    let (rest, details) = if left(rest) >= least {
        (rest, transport::Details { pace: true, clock: true })
    } else if left(rest - pace) >= least {
        (rest - pace, transport::Details { pace: false, clock: true })
    } else {
        (rest - pace - clock, transport::Details { pace: false, clock: false })
    };
    (left(rest).min(measure::SCENE_BUTTON).max(least), details)
}

/// A short upright hairline between parts of the bar.
fn divider(ui: &mut Ui, look: &Look) {
    ui.add_space(spacing::TIGHT);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(spacing::HAIRLINE, measure::CONTROL), egui::Sense::hover());
    ui.painter().vline(rect.center().x, rect.y_range(), hairline(look));
    ui.add_space(spacing::TIGHT);
}

fn theme(ui: &mut Ui, look: &Look, theme: Theme, actions: &mut Actions) {
    let (icon, name) = match theme {
        Theme::Dark => (ICON_LIGHT_MODE, "Light theme"),
        Theme::Light => (ICON_DARK_MODE, "Dark theme"),
    };
    let response = widgets::icon_button(ui, look, icon, name);
    if widgets::tip(response, look, name, keys(Command::Theme)).clicked() {
        actions.push(Action::Theme(theme.other()));
    }
}

fn scale(ui: &mut Ui, look: &Look, scale: f32, actions: &mut Actions) {
    let response = widgets::icon_button(ui, look, ICON_FORMAT_SIZE, "Size of the interface");
    let response = widgets::tip(response, look, "Size of the interface", "Ctrl +  Ctrl \u{2212}");
    Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClick).gap(spacing::TIGHT).show(|ui| {
        for choice in SCALES {
            let label = look.figure(format::percent(choice.into()));
            if ui.selectable_label((choice - scale).abs() < 1e-3, label).clicked() {
                actions.push(Action::Scale(choice));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_bar_gives_up_what_is_told_elsewhere_too() {
        let all = transport::Details { pace: true, clock: true };
        assert_eq!(shares(1256.0), (measure::SCENE_BUTTON, all));
        let (width, details) = shares(measure::LEAST_WINDOW.0 - 24.0);
        assert!(width >= measure::SCENE_BUTTON_LEAST && !details.pace && details.clock);
        assert!(!shares(600.0).1.clock);
        for room in 0..2000_u16 {
            let (width, _) = shares(f32::from(room));
            assert!((measure::SCENE_BUTTON_LEAST..=measure::SCENE_BUTTON).contains(&width));
        }
    }

    #[test]
    fn scales_have_ends() {
        assert_eq!((SCALES[0], SCALES[SCALES.len() - 1]), measure::SCALES);
        assert_eq!((larger(1.0), smaller(1.0)), (1.1, 0.9));
        assert_eq!((larger(2.5), smaller(0.75)), (2.5, 0.75));
    }
}
