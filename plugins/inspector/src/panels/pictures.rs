//! Pictures and films of what the window shows: a button in the top bar and the menu below it.

use agent2028_view::capture::{CaptureRequest, LONGEST_FILM_S, SCALES};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Popup, PopupCloseBehavior, Ui};
use egui_material_icons::icons::{ICON_PHOTO_CAMERA, ICON_STOP_CIRCLE};

use crate::actions::{Action, Actions};
use crate::format;
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PicturesView {
    /// The beginning of the names of files.
    pub stem: String,
    /// The folder that they go to.
    pub folder: String,
    /// For how many seconds a film has been recorded, if one is.
    pub filming: Option<f64>,
}

/// Shows the button, and the menu that it opens. While a film is recorded the button ends it and says how long it is.
pub fn show(ui: &mut Ui, look: &Look, view: &PicturesView, actions: &mut Actions) {
    if let Some(seconds) = view.filming {
        let text = format!("{} Recording {}", ICON_STOP_CIRCLE.codepoint, format::clock(seconds));
        let response = ui.add(egui::Button::new(look.body(text).color(look.danger)));
        widgets::named(ui, &response, egui::WidgetType::Button, "End the film");
        let what = "A film of the world is being recorded. Click to end and save it";
        if widgets::tip(response, look, what, keys(Command::Film)).clicked() {
            actions.push(Action::Capture(CaptureRequest::EndFilm));
        }
        return;
    }
    let response = widgets::icon_button(ui, look, ICON_PHOTO_CAMERA, "Pictures and films");
    let response = widgets::tip(response, look, "Save what the window shows as a picture or a film", "");
    Popup::from_toggle_button_response(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClick)
        .width(measure::MENU)
        .gap(spacing::TIGHT)
        .show(|ui| {
            ui.set_width(measure::MENU);
            menu(ui, look, view, actions);
        });
}

/// The menu's contents.
pub fn menu(ui: &mut Ui, look: &Look, view: &PicturesView, actions: &mut Actions) {
    let mut ask = |ui: &mut Ui, text: &str, what: &str, command: Option<Command>, request: CaptureRequest| {
        let response = ui.button(look.body(text));
        if widgets::tip(response, look, what, command.map_or("", keys)).clicked() {
            actions.push(Action::Capture(request));
        }
    };
    ui.label(look.strong("Picture of the world"));
    ui.horizontal(|ui| {
        for scale in SCALES {
            let what = match scale {
                1 => "Without panels, with legend and subtitle, as a PNG",
                _ => "The same, finer: lines, texts and agents have as many times the pixels",
            };
            let command = (scale == SCALES[0]).then_some(Command::WorldPicture);
            let request = CaptureRequest::World { stem: view.stem.clone(), scale };
            ask(ui, &format!("Save at {scale}×"), what, command, request);
        }
    });
    ui.label(look.strong("Picture of the window"));
    let request = CaptureRequest::Window { stem: view.stem.clone() };
    ask(ui, "Save the window", "With all panels, as a PNG", Some(Command::WindowPicture), request);
    ui.label(look.strong("Film of the world"));
    let what = format!("As a GIF, until it is ended or {LONGEST_FILM_S} s long");
    let request = CaptureRequest::Film { stem: view.stem.clone() };
    ask(ui, "Record a film", &what, Some(Command::Film), request);
    ui.separator();
    ui.add(egui::Label::new(look.quiet(format!("They go to {}", view.folder))).wrap());
}
