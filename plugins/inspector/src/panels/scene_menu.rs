//! The scene's name at the top left, and below it what can be done with scenes: gallery, files, saving.

use std::path::Path;

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{AtomExt as _, Button, Popup, Response, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_BALLOT, ICON_EDIT_NOTE, ICON_EXPAND_MORE, ICON_FOLDER_OPEN, ICON_HISTORY, ICON_MOVIE, ICON_REFRESH, ICON_SAVE,
    ICON_SAVE_AS, ICON_TUNE, ICON_VIEW_MODULE,
};

use crate::actions::{Action, Actions};
use crate::panel::Panel as _;
use crate::scene::{SceneLibrary, SceneRequest, SceneStatus};
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;
use agent2028_editor::EditorPanel;
use agent2028_editor::FormPanel;

/// So many recent files are listed; the gallery has all.
const RECENT: usize = 6;

/// Shows the button, so wide, and its menu. `dirty` tells that the scene's text has changes that are not saved.
pub fn show(
    ui: &mut Ui,
    width: f32,
    look: &Look,
    library: &SceneLibrary,
    status: &SceneStatus,
    dirty: bool,
    actions: &mut Actions,
) {
    let title = match (status.title.as_str(), status.name.as_str()) {
        ("", "") => "Choose a scene",
        ("", name) => name,
        (title, _) => title,
    };
    let shown = if dirty { format!("• {title}") } else { title.to_owned() };
    let button = Button::new((look.icon(ICON_MOVIE).color(look.secondary), look.strong(shown).atom_shrink(true)))
        .right_text(look.icon(ICON_EXPAND_MORE).color(look.secondary))
        .truncate()
        .min_size(vec2(width, measure::CONTROL));
    let response = ui
        .scope(|ui| {
            ui.set_max_width(width);
            ui.add(button)
        })
        .inner;
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let name = format!("Scene: {title}{}", if dirty { ", not saved" } else { "" });
        WidgetInfo::labeled(WidgetType::ComboBox, enabled, name)
    });
    let about = if dirty { "Scenes and files. Changes of the text are not saved" } else { "Scenes and files" };
    let response = widgets::tip(response, look, about, keys(Command::Scenes));
    Popup::menu(&response).width(measure::SCENE_LIST).gap(spacing::TIGHT).show(|ui| {
        ui.set_width(measure::SCENE_LIST);
        menu(ui, look, library, actions);
    });
}

fn entry(ui: &mut Ui, look: &Look, icon: MaterialIcon, text: &str, shortcut: &str) -> Response {
    let label = (look.icon(icon).color(look.secondary), look.body(text).atom_shrink(true));
    let button = Button::new(label)
        .frame_when_inactive(false)
        .shortcut_text(look.figure(shortcut).color(look.secondary))
        .min_size(vec2(ui.available_width(), 0.0));
    let response = ui.add(button);
    widgets::named(ui, &response, WidgetType::Button, text);
    response
}

fn menu(ui: &mut Ui, look: &Look, library: &SceneLibrary, actions: &mut Actions) {
    let tip = |response: Response, text: &str| response.on_hover_text(look.body(text)).clicked();
    if tip(
        entry(ui, look, ICON_VIEW_MODULE, "All scenes", keys(Command::Scenes)),
        "The gallery: every scene with its picture, and new ones to begin with",
    ) {
        actions.push(Action::Gallery);
    }
    if tip(entry(ui, look, ICON_FOLDER_OPEN, "Open a file", ""), "A scene file (.ron) of your own") {
        actions.push(Action::AskForScene);
    }
    ui.separator();
    if tip(
        entry(ui, look, ICON_EDIT_NOTE, "Edit as text", keys(Command::EditText)),
        "The scene's text, with errors in place and completion",
    ) {
        actions.push(Action::ShowPanel(EditorPanel::FACTS.key));
    }
    if tip(
        entry(ui, look, ICON_BALLOT, "Edit as a form", keys(Command::EditForm)),
        "Every field of the scene, with meaning, unit and range",
    ) {
        actions.push(Action::ShowPanel(FormPanel::FACTS.key));
    }
    if tip(
        entry(ui, look, ICON_SAVE, "Save the scene", keys(Command::Save)),
        "Write the scene's text to its file; a built-in scene is saved under a new name",
    ) {
        actions.push(Action::SaveScene { ask: false });
    }
    if tip(
        entry(ui, look, ICON_SAVE_AS, "Save the scene as", keys(Command::SaveAs)),
        "Write the scene's text to another file and go on with that",
    ) {
        actions.push(Action::SaveScene { ask: true });
    }
    if tip(
        entry(ui, look, ICON_TUNE, "Keep slider values in the scene", ""),
        "Write the values of the sliders that were moved into the scene's text",
    ) {
        actions.push(Action::KeepParameters);
    }
    ui.separator();
    if tip(
        entry(ui, look, ICON_REFRESH, "Reload this scene", keys(Command::Restart)),
        "Read the scene again and start it from tick 0",
    ) {
        actions.push(Action::Scene(SceneRequest::Reload));
    }
    if !library.recent.is_empty() {
        ui.separator();
        ui.label(look.quiet("Opened lately"));
        for path in library.recent.iter().take(RECENT) {
            recent(ui, look, path, actions);
        }
    }
}

fn recent(ui: &mut Ui, look: &Look, path: &Path, actions: &mut Actions) {
    let shown = path.display().to_string();
    let name = path.file_name().map_or(shown.clone(), |name| name.to_string_lossy().into_owned());
    if entry(ui, look, ICON_HISTORY, &name, "").on_hover_text(look.figure(shown.as_str())).clicked() {
        actions.push(Action::Scene(SceneRequest::Open(shown)));
    }
}
