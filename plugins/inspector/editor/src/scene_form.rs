//! The scene as a form: every field with its meaning, unit, range and default. It edits the text of the editor: one
//! document, two views.

mod controls;
mod found;
mod lists;

use std::sync::Arc;

use agent2028_language::patch::{self, Change};
use agent2028_language::path::{Step, path_text};
use agent2028_language::syntax::{Kind, Node};
use agent2028_language::types::{FieldDoc, Shape, Types};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::collapsing_header::CollapsingState;
use egui::{Align, Label, Layout, ScrollArea, TextEdit, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::{
    ICON_BACKSPACE, ICON_CHEVRON_RIGHT, ICON_EDIT_NOTE, ICON_ERROR, ICON_EXPAND_MORE, ICON_SEARCH,
};

use crate::authoring::{SceneAuthor, TextProblem};
use crate::document::Document;
use crate::theme::{Look, measure};
use crate::{format, widgets};

pub(crate) use controls::number_text;

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    /// Only fields that hold this in name, path or meaning are shown.
    pub search: String,
    /// Only fields that the scene sets are shown.
    pub only_set: bool,
    /// Why the last change could not be made.
    trouble: Option<String>,
    /// A text that is being written and is no value yet.
    writing: Option<(Vec<Step>, String)>,
    /// How many items of long lists are shown.
    pages: usize,
}

/// A wish to change the text.
type Wish = Option<(Vec<Step>, Change)>;

struct Form<'a> {
    look: &'a Look,
    types: &'a Types,
    problems: Vec<(Vec<Step>, &'a TextProblem)>,
    state: &'a mut FormState,
    wish: Wish,
}

/// Shows the form.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    author: Option<&Arc<dyn SceneAuthor>>,
    document: &mut Document,
    state: &mut FormState,
) {
    let now = ui.input(|input| input.time);
    let Some(author) = author else {
        widgets::empty(ui, look, ICON_EDIT_NOTE, "There is no form here", "Edit the scene as text.");
        return;
    };
    if let Some(bytes) = document.withheld() {
        crate::scene_editor::too_long(ui, look, bytes);
        return;
    }
    if document.text().is_empty() && document.name().is_empty() {
        let how = "Press Ctrl O and choose one: every field of it stands here then.";
        widgets::empty(ui, look, ICON_EDIT_NOTE, "No scene is open", how);
        return;
    }
    if document.analyse(author, now) {
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(60));
    }
    let analysis = document.shared_analysis();
    let Some(value) = &analysis.tree else {
        let first = analysis.problems.first();
        let how = first.map_or("Mend it in the editor.".to_owned(), |problem| {
            format!("Line {}: {}. Mend it in the editor.", problem.line, problem.message)
        });
        widgets::empty(ui, look, ICON_ERROR, "The text can't be read", &how);
        return;
    };
    head(ui, look, state);
    let problems = analysis
        .problems
        .iter()
        .filter(|problem| problem.here)
        .map(|problem| (value.path_at(problem.span.start), problem))
        .collect();
    let types = author.types();
    let mut form = Form { look, types, problems, state, wish: None };
    ScrollArea::vertical().id_salt("scene form").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = spacing::TIGHT;
        let Shape::Record { fields, .. } = types.shape(types.root) else {
            return;
        };
        if form.state.search.trim().is_empty() {
            form.fields(ui, fields, &mut Vec::new(), Some(value));
        } else {
            form.found(ui, fields, value);
        }
    });
    let wish = form.wish.take();
    if let Some((path, change)) = wish {
        match patch::edit(document.text(), &path, &change) {
            Ok(edit) => {
                document.apply_and_read(&edit, now);
                state.trouble = None;
            }
            Err(error) => state.trouble = Some(format!("{}: {error}", path_text(&path))),
        }
    }
}

fn head(ui: &mut Ui, look: &Look, state: &mut FormState) {
    ui.horizontal(|ui| {
        let icon = look.icon(ICON_SEARCH).color(look.secondary);
        let field = TextEdit::singleline(&mut state.search).prefix(icon).hint_text("Search fields");
        let field = ui.add(field.desired_width(measure::CHOICE));
        widgets::named(ui, &field, WidgetType::TextEdit, "Search fields");
        let only = ui.checkbox(&mut state.only_set, look.body("Only what is set"));
        only.on_hover_text(look.body("Hide the fields that the scene leaves at their defaults"));
    });
    if let Some(trouble) = &state.trouble {
        ui.horizontal(|ui| {
            ui.label(look.icon(ICON_ERROR).color(look.danger));
            ui.add(Label::new(look.quiet(trouble.as_str())).wrap());
        });
    }
    ui.add_space(spacing::TIGHT);
}

/// The variant that a value is.
fn head_of(value: &Node) -> Option<String> {
    match &value.plain().kind {
        Kind::Word(word) => Some(word.clone()),
        Kind::Struct(name, _) | Kind::Tuple(name, _) => name.as_ref().map(|name| name.text.clone()),
        _ => None,
    }
}

impl Form<'_> {
    fn want(&mut self, path: &[Step], change: Change) {
        self.wish = Some((path.to_vec(), change));
    }

    fn fields(&mut self, ui: &mut Ui, fields: &[FieldDoc], path: &mut Vec<Step>, holder: Option<&Node>) {
        for field in fields {
            let step = Step::Field(field.name.clone());
            let value = holder.and_then(|holder| holder.step(&step));
            if self.state.only_set && value.is_none() {
                continue;
            }
            path.push(step);
            self.field(ui, field, &format::label_of(&field.name), path, value);
            path.pop();
        }
    }

    fn field(&mut self, ui: &mut Ui, field: &FieldDoc, title: &str, path: &mut Vec<Step>, value: Option<&Node>) {
        let optional = matches!(self.types.shape(field.shape), Shape::Optional(_));
        let shape = self.types.plain(field.shape);
        let none = value.is_some_and(|value| matches!(&value.kind, Kind::Word(word) if word == "None"));
        let value = value.filter(|_| !(optional && none));
        let types = self.types;
        match types.shape(shape) {
            Shape::Record { fields, .. } => {
                self.section(ui, field, title, path, value, optional, |form, ui, path| {
                    form.fields(ui, fields, path, value.map(Node::plain));
                });
            }
            Shape::List(inner) => {
                let count = value.map_or(0, Node::len) as u64;
                let title = format!("{title} ({})", format::count(count));
                let inner = *inner;
                self.section(ui, field, &title, path, value, false, |form, ui, path| {
                    form.items(ui, inner, path, value);
                });
            }
            Shape::Map(inner) => {
                let count = value.map_or(0, Node::len) as u64;
                let title = format!("{title} ({})", format::count(count));
                let inner = *inner;
                self.section(ui, field, &title, path, value, false, |form, ui, path| {
                    form.entries(ui, inner, path, value);
                });
            }
            Shape::Choice { variants, .. } => self.choice(ui, field, title, path, value, variants, optional),
            _ => {
                self.row(ui, field, title, path, value, |form, ui, path| {
                    form.leaf(ui, field, shape, title, path, value);
                });
            }
        }
        self.problems_at(ui, path);
    }

    /// A label, a control, and a button that takes the value out of the scene.
    fn row(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        title: &str,
        path: &mut Vec<Step>,
        value: Option<&Node>,
        control: impl FnOnce(&mut Self, &mut Ui, &mut Vec<Step>),
    ) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let (look, detail) = (self.look, self.types.detail(field));
            let label = if value.is_some() { look.body(title) } else { look.body(title).color(look.secondary) };
            let (_, rect) = ui.allocate_space(vec2(measure::FORM_LABEL, measure::CONTROL));
            let mut place =
                ui.new_child(egui::UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
            place.add(Label::new(label).truncate().show_tooltip_when_elided(false)).on_hover_ui(|ui| {
                ui.label(look.body(field.docs.as_str()));
                ui.label(look.quiet(detail.as_str()));
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if value.is_some() && !path.is_empty() && matches!(path.last(), Some(Step::Field(_))) {
                    let reset =
                        widgets::icon_button(ui, look, ICON_BACKSPACE, &format!("Leave {title} at its default"));
                    let default = field.plain_default().unwrap_or("none");
                    if widgets::tip(reset, look, &format!("Take it out of the scene: default {default}"), "").clicked()
                    {
                        self.want(path, Change::Remove);
                    }
                } else {
                    ui.add_space(measure::CONTROL);
                }
                if let Some(unit) = field.unit {
                    ui.label(look.quiet(unit.0));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| control(self, ui, path));
            });
        });
    }

    /// A title that opens and closes; optional sections have a box that switches them on and off.
    fn section(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        title: &str,
        path: &mut Vec<Step>,
        value: Option<&Node>,
        optional: bool,
        body: impl FnOnce(&mut Self, &mut Ui, &mut Vec<Step>),
    ) {
        let look = self.look;
        let id = ui.make_persistent_id(("form section", path_text(path)));
        let open_first = path.len() == 1 && matches!(path.last(), Some(Step::Field(name)) if name == "agents");
        let mut state = CollapsingState::load_with_default_open(ui.ctx(), id, open_first);
        let inside = self.problems.iter().filter(|(at, _)| at.starts_with(path) && at.len() > path.len()).count();
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let there = value.is_some() || !optional;
            if optional {
                let mut on = value.is_some();
                let toggle = ui.add(egui::Checkbox::without_text(&mut on));
                let enabled = ui.is_enabled();
                let name = format!("Use {title}");
                toggle.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, enabled, on, name.as_str()));
                let about = if on { "Take this section out of the scene" } else { "Add this section to the scene" };
                if toggle.on_hover_text(look.body(about)).changed() {
                    let blank = self.types.blank(field.shape);
                    self.want(path, if on { Change::Set(blank) } else { Change::Remove });
                    state.set_open(on);
                }
            }
            let icon = if state.is_open() && there { ICON_EXPAND_MORE } else { ICON_CHEVRON_RIGHT };
            let text = if value.is_some() { look.strong(title) } else { look.strong(title).color(look.secondary) };
            let button = egui::Button::new((look.icon(icon).color(look.secondary), text)).frame(false).truncate();
            let button = ui.add_enabled(there, button);
            let (enabled, open) = (ui.is_enabled() && there, state.is_open());
            button.widget_info(|| WidgetInfo::selected(WidgetType::CollapsingHeader, enabled, open, title));
            let button = button.on_hover_text(look.body(field.docs.as_str()));
            if button.clicked() {
                state.toggle(ui);
            }
            if inside > 0 && !state.is_open() {
                ui.label(look.icon(ICON_ERROR).color(look.danger));
                ui.label(look.quiet(format::counted(inside as u64, "problem", "problems")));
            }
        });
        if value.is_none() && optional {
            return;
        }
        state.show_body_indented(&ui.response(), ui, |ui| body(self, ui, path));
    }

    fn problems_at(&self, ui: &mut Ui, path: &[Step]) {
        for (_, problem) in self.problems.iter().filter(|(at, _)| at == path) {
            ui.horizontal_wrapped(|ui| {
                ui.label(self.look.icon(ICON_ERROR).color(self.look.danger));
                ui.label(self.look.quiet(problem.message.as_str()).color(self.look.danger));
                ui.label(self.look.quiet(problem.help.as_str()));
            });
        }
    }
}
