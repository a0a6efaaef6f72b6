//! The list of scenes at the top left, with a field to search in it.

use std::path::Path;

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{
    AtomExt as _, Button, Label, Popup, PopupCloseBehavior, ScrollArea, TextEdit, Ui, WidgetInfo, WidgetType, vec2,
};
use egui_material_icons::icons::{ICON_EXPAND_MORE, ICON_FOLDER_OPEN, ICON_MOVIE, ICON_REFRESH, ICON_SEARCH};

use crate::actions::{Action, Actions};
use crate::scene::{SceneEntry, SceneLibrary, SceneRequest, SceneStatus};
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChooserState {
    /// Only scenes whose name, title or description hold this are listed.
    pub search: String,
    /// Whether the list is to open in the next frame, as when its key was pressed.
    pub open: bool,
}

/// The scenes that hold every word of the search.
fn matching<'a>(library: &'a SceneLibrary, search: &str) -> Vec<&'a SceneEntry> {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    library
        .entries
        .iter()
        .filter(|entry| {
            let text = format!("{} {} {}", entry.name, entry.title, entry.description).to_lowercase();
            words.iter().all(|word| text.contains(word))
        })
        .collect()
}

/// Shows the button that opens the list, and the list.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    library: &SceneLibrary,
    status: &SceneStatus,
    state: &mut ChooserState,
    actions: &mut Actions,
) {
    let title = match (status.title.as_str(), status.name.as_str()) {
        ("", "") => "Choose a scene",
        ("", name) => name,
        (title, _) => title,
    };
    let button = Button::new((look.icon(ICON_MOVIE).color(look.secondary), look.strong(title).atom_shrink(true)))
        .right_text(look.icon(ICON_EXPAND_MORE).color(look.secondary))
        .truncate()
        .min_size(vec2(measure::SCENE_BUTTON, measure::CONTROL));
    let response = ui
        .scope(|ui| {
            ui.set_max_width(measure::SCENE_BUTTON);
            ui.add(button)
        })
        .inner;
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, enabled, format!("Scene: {title}")));
    let response = widgets::tip(response, look, "Choose a scene", keys(Command::Scenes));
    let asked = std::mem::take(&mut state.open);
    let opening = asked || (response.clicked() && !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response)));
    if asked {
        Popup::open_id(ui.ctx(), Popup::default_response_id(&response));
    }
    Popup::from_toggle_button_response(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .width(measure::SCENE_LIST)
        .gap(spacing::TIGHT)
        .show(|ui| {
            ui.set_width(measure::SCENE_LIST);
            if list(ui, look, library, status, state, opening, actions) {
                ui.close();
            }
        });
}

/// The list; true once something was chosen.
fn list(
    ui: &mut Ui,
    look: &Look,
    library: &SceneLibrary,
    status: &SceneStatus,
    state: &mut ChooserState,
    opening: bool,
    actions: &mut Actions,
) -> bool {
    let mut done = false;
    let icon = look.icon(ICON_SEARCH).color(look.secondary);
    let field =
        TextEdit::singleline(&mut state.search).prefix(icon).hint_text("Search scenes").desired_width(f32::INFINITY);
    let field = ui.add(field);
    widgets::named(ui, &field, WidgetType::TextEdit, "Search scenes");
    if opening {
        state.search.clear();
        field.request_focus();
    }
    let found = matching(library, &state.search);
    if field.lost_focus()
        && ui.input(|input| input.key_pressed(egui::Key::Enter))
        && let Some(first) = found.first()
    {
        open(first, actions);
        done = true;
    }
    ScrollArea::vertical().id_salt("scenes").max_height(measure::SCENE_LIST_HEIGHT).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for entry in &found {
            if scene(ui, look, entry, entry.name == status.name) {
                open(entry, actions);
                done = true;
            }
        }
        if found.is_empty() {
            let (what, how) = if library.entries.is_empty() {
                ("There are no scenes here", "Start the program with the path of a scene file.")
            } else {
                ("No scene matches", "Search by name, title or what the scene shows.")
            };
            widgets::empty(ui, look, ICON_MOVIE, what, how);
        }
        if state.search.trim().is_empty() && !library.recent.is_empty() {
            ui.add_space(spacing::TIGHT);
            ui.label(look.quiet("Opened lately"));
            for path in &library.recent {
                done |= recent(ui, look, path, actions);
            }
        }
    });
    ui.separator();
    ui.horizontal(|ui| {
        let label = (look.icon(ICON_REFRESH).color(look.secondary), look.body("Reload this scene"));
        let response =
            ui.add(Button::new(label).shortcut_text(look.figure(keys(Command::Restart)).color(look.secondary)));
        widgets::named(ui, &response, WidgetType::Button, "Reload this scene");
        if response.clicked() {
            actions.push(Action::Scene(SceneRequest::Reload));
            done = true;
        }
        if let Some(path) = &status.path {
            ui.add(Label::new(look.quiet(path.display().to_string())).truncate());
        }
    });
    done
}

fn open(entry: &SceneEntry, actions: &mut Actions) {
    let name = entry.path.as_ref().map_or_else(|| entry.name.clone(), |path| path.display().to_string());
    actions.push(Action::Scene(SceneRequest::Open(name)));
}

/// A scene of the list: title, and what it shows in quiet words below. True when it is clicked.
fn scene(ui: &mut Ui, look: &Look, entry: &SceneEntry, current: bool) -> bool {
    let title = if entry.title.is_empty() { &entry.name } else { &entry.title };
    let height = measure::CONTROL + measure::SMALL_LINE + spacing::TIGHT;
    let rect = egui::Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height));
    let response = ui.interact(rect, ui.id().with(("scene", &entry.name)), egui::Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, enabled, current, title.as_str()));
    if current || response.hovered() || response.has_focus() {
        let fill = if current { ui.visuals().selection.bg_fill } else { look.raised };
        ui.painter().rect_filled(rect, crate::theme::radius(), fill);
    }
    let inner = rect.shrink2(vec2(spacing::NORMAL, spacing::TIGHT));
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(inner));
    child.spacing_mut().item_spacing.y = 0.0;
    child.horizontal(|ui| {
        ui.add(Label::new(look.strong(title.as_str())).truncate());
        ui.add(Label::new(look.quiet(entry.name.as_str()).color(look.disabled)).truncate());
    });
    child.add(Label::new(look.quiet(entry.description.as_str())).truncate().show_tooltip_when_elided(false));
    ui.allocate_rect(rect, egui::Sense::hover());
    let response = if entry.description.is_empty() {
        response
    } else {
        response.on_hover_text(look.body(entry.description.as_str()))
    };
    response.clicked()
}

fn recent(ui: &mut Ui, look: &Look, path: &Path, actions: &mut Actions) -> bool {
    let shown = path.display().to_string();
    let name = path.file_name().map_or(shown.clone(), |name| name.to_string_lossy().into_owned());
    let label = (look.icon(ICON_FOLDER_OPEN).color(look.secondary), look.body(name.as_str()));
    let response = ui.add(Button::new(label).frame_when_inactive(false).min_size(vec2(ui.available_width(), 0.0)));
    widgets::named(ui, &response, WidgetType::Button, &name);
    let clicked = response.on_hover_text(look.figure(shown.as_str())).clicked();
    if clicked {
        actions.push(Action::Scene(SceneRequest::Open(shown)));
    }
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_search_must_be_found() {
        let entry = |name: &str, description: &str| SceneEntry {
            name: name.into(),
            title: name.to_uppercase(),
            description: description.into(),
            path: None,
        };
        let library = SceneLibrary {
            entries: vec![entry("flock", "Birds in the wind"), entry("ants", "Ants on a bridge")],
            recent: Vec::new(),
        };
        let names =
            |search: &str| matching(&library, search).iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(""), ["flock", "ants"]);
        assert_eq!(names("bird WIND"), ["flock"]);
        assert_eq!(names("bird bridge"), Vec::<String>::new());
    }
}
