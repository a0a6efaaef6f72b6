//! The scene as a form: every field with its meaning, unit, range and default. It edits the text of the editor: one
//! document, two views.

use std::sync::Arc;

use agent2028_language::patch::{self, Change};
use agent2028_language::path::{Step, path_text};
use agent2028_language::syntax::{Kind, Node, quoted};
use agent2028_language::types::{FieldDoc, Payload, Shape, ShapeId, Types, VariantDoc};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::collapsing_header::CollapsingState;
use egui::{Align, DragValue, Label, Layout, ScrollArea, TextEdit, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::{
    ICON_ADD, ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD, ICON_BACKSPACE, ICON_BALLOT, ICON_CHEVRON_RIGHT,
    ICON_CONTENT_COPY, ICON_DELETE, ICON_EDIT_NOTE, ICON_ERROR, ICON_EXPAND_MORE, ICON_SEARCH, ICON_SEARCH_OFF,
};

use crate::authoring::{SceneAuthor, TextProblem};
use crate::document::Document;
use crate::editing::ScenesState;
use crate::format;
use crate::panel::{Group, Panel, PanelContext, PanelFacts, PanelKey, Place};
use crate::theme::{Look, measure};
use crate::widgets;

/// So many items of a list are shown before a button asks for more.
const PAGE: usize = 50;
/// A search goes so deep into what isn't set.
const SEARCH_DEPTH: usize = 5;
/// A search shows so many fields.
const MOST_FOUND: usize = 80;

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

/// The panel of the scene as a form.
#[derive(Clone, Copy, Debug)]
pub struct FormPanel;

impl Panel for FormPanel {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Form"),
        title: "Scene form",
        icon: ICON_BALLOT,
        help: "Every field of the scene, with meaning, unit and range.",
        group: Group::Scene,
        place: Place::Right,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let ScenesState { document, form, .. } = context.states.of::<ScenesState>();
        show(ui, context.look, context.facts.author.map(|author| &author.0), document, form);
    }
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

/// A number as people write it: no noise of the conversion between the two sizes of numbers.
pub(crate) fn number_text(value: f64, whole: bool) -> String {
    if whole {
        return format!("{value:.0}");
    }
    let rounded: f64 = format!("{value:.6}").parse().unwrap_or(value);
    if (rounded - value).abs() <= value.abs() * 1e-6 { format!("{rounded}") } else { format!("{value}") }
}

fn number_of(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok()
}

/// What a value is called in a list: its name, its first text, or its variant.
fn title_of(value: &Node, index: usize) -> String {
    let value = value.plain();
    match &value.kind {
        Kind::Struct(head, fields) => {
            let named = ["name", "title", "text", "metric", "agents", "layer", "at"]
                .iter()
                .find_map(|key| fields.iter().find(|(name, _)| name.text == *key))
                .and_then(|(name, value)| match &value.kind {
                    Kind::Text(text) => Some(text.clone()),
                    Kind::Number(number) if name.text == "at" => Some(format!("tick {number}")),
                    _ => None,
                });
            let action = fields.iter().find(|(name, _)| name.text == "do").and_then(|(_, value)| head_of(value));
            match (named, action, head) {
                (Some(named), Some(action), _) => format!("{named}: {action}"),
                (Some(named), ..) => named,
                (None, Some(action), _) => action,
                (None, None, Some(head)) => head.text.clone(),
                _ => format!("{}", index + 1),
            }
        }
        Kind::Text(text) | Kind::Number(text) | Kind::Word(text) => text.clone(),
        _ => head_of(value).unwrap_or_else(|| format!("{}", index + 1)),
    }
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

    /// Everything that the search finds, flat, with the paths as titles.
    fn found(&mut self, ui: &mut Ui, fields: &[FieldDoc], value: &Node) {
        let words: Vec<String> = self.state.search.split_whitespace().map(str::to_lowercase).collect();
        let mut hits = Vec::new();
        gather(self.types, fields, &mut Vec::new(), Some(value), &words, SEARCH_DEPTH, &mut hits);
        hits.retain(|(_, path)| !self.state.only_set || value.at(path).is_some());
        if hits.is_empty() {
            let how = "Search by the name of a field, its path or what it means.";
            widgets::empty(ui, self.look, ICON_SEARCH_OFF, "No field matches", how);
        }
        for (field, mut path) in hits {
            let title = path_text(&path);
            let at = value.at(&path);
            self.field(ui, &field, &title, &mut path, at);
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

    fn items(&mut self, ui: &mut Ui, inner: ShapeId, path: &mut Vec<Step>, value: Option<&Node>) {
        let items: &[Node] = match value.map(|value| &value.plain().kind) {
            Some(Kind::List(items)) => items,
            _ => &[],
        };
        let shown = (self.state.pages + 1) * PAGE;
        let blank = self.types.blank(inner);
        let plain = self.types.plain(inner);
        let flat = !matches!(
            self.types.shape(plain),
            Shape::Record { .. } | Shape::Choice { .. } | Shape::List(_) | Shape::Map(_)
        );
        for (index, item) in items.iter().enumerate().take(shown) {
            path.push(Step::Item(index));
            let field = FieldDoc { shape: inner, ..FieldDoc::default() };
            let title = if flat { format!("{}", index + 1) } else { title_of(item, index) };
            // From the right, so that the tools keep their place and the field has what is left.
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                self.item_tools(ui, path, index, items.len());
                ui.with_layout(Layout::top_down(Align::Min), |ui| self.field(ui, &field, &title, path, Some(item)));
            });
            path.pop();
        }
        ui.horizontal(|ui| {
            let add = widgets::icon_button(ui, self.look, ICON_ADD, &format!("Add to {}", path_text(path)));
            if widgets::tip(add, self.look, "Add one at the end", "").clicked() {
                path.push(Step::Item(items.len()));
                self.want(path, Change::Insert(blank));
                path.pop();
            }
            let more = items.len().saturating_sub(shown);
            if items.is_empty() {
                ui.label(self.look.quiet("None so far"));
            } else if more > 0 {
                let text = format!("Show {} more of {}", more.min(PAGE), format::count(items.len() as u64));
                if widgets::text_button(ui, self.look.body(text)).clicked() {
                    self.state.pages += 1;
                }
            }
        });
    }

    fn item_tools(&mut self, ui: &mut Ui, path: &[Step], index: usize, count: usize) {
        let look = self.look;
        let place = path_text(path);
        let tools = [
            (ICON_ARROW_UPWARD, "Move up", index > 0, Change::Swap(index.saturating_sub(1))),
            (ICON_ARROW_DOWNWARD, "Move down", index + 1 < count, Change::Swap(index + 1)),
            (ICON_CONTENT_COPY, "Duplicate", true, Change::Duplicate),
            (ICON_DELETE, "Remove", true, Change::Remove),
        ];
        for (icon, what, can, change) in tools.into_iter().rev() {
            let button = ui.add_enabled_ui(can, |ui| widgets::icon_button(ui, look, icon, &format!("{what} {place}")));
            if widgets::tip(button.inner, look, what, "").clicked() {
                self.want(path, change);
            }
        }
    }

    fn entries(&mut self, ui: &mut Ui, inner: ShapeId, path: &mut Vec<Step>, value: Option<&Node>) {
        let entries: &[(Node, Node)] = match value.map(|value| &value.plain().kind) {
            Some(Kind::Map(entries)) => entries,
            _ => &[],
        };
        for (key, item) in entries {
            let key = &key.key_text();
            path.push(Step::Key(key.clone()));
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                let remove = widgets::icon_button(ui, self.look, ICON_DELETE, &format!("Remove {key}"));
                if widgets::tip(remove, self.look, "Remove this entry", "").clicked() {
                    self.want(path, Change::Remove);
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    self.key(ui, path, key);
                    let field = FieldDoc { shape: inner, ..FieldDoc::default() };
                    self.field(ui, &field, key, path, Some(item));
                });
            });
            path.pop();
        }
        let add = widgets::icon_button(ui, self.look, ICON_ADD, &format!("Add to {}", path_text(path)));
        if widgets::tip(add, self.look, "Add an entry", "").clicked() {
            let free = (1..).map(|number| format!("new-{number}"));
            let mut free = free.filter(|name| !entries.iter().any(|(key, _)| key.key_text() == *name));
            path.push(Step::Key(free.next().unwrap_or_default()));
            let blank = self.types.blank(inner);
            self.want(path, Change::Set(blank));
            path.pop();
        }
    }

    /// The name of an entry, which is written at once when the field is left.
    fn key(&mut self, ui: &mut Ui, path: &[Step], key: &str) {
        let marker: Vec<Step> = path.iter().cloned().chain([Step::Key("name".into())]).collect();
        let mut text = match &self.state.writing {
            Some((at, text)) if *at == marker => text.clone(),
            _ => key.to_owned(),
        };
        let field = ui.add(TextEdit::singleline(&mut text).desired_width(measure::CHOICE));
        widgets::named(ui, &field, WidgetType::TextEdit, &format!("Name of entry {key}"));
        if field.changed() {
            self.state.writing = Some((marker, text));
        } else if field.lost_focus()
            && let Some((_, text)) = self.state.writing.take_if(|(at, _)| *at == marker)
            && text != key
        {
            self.want(path, Change::Rename(text));
        }
    }

    fn choice(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        title: &str,
        path: &mut Vec<Step>,
        value: Option<&Node>,
        variants: &[VariantDoc],
        optional: bool,
    ) {
        let head = value.and_then(head_of);
        let types = self.types;
        self.row(ui, field, title, path, value, |form, ui, path| {
            let default = field.plain_default().unwrap_or("not set").to_owned();
            let shown = match &head {
                Some(head) => form.look.body(head.as_str()),
                None => form.look.body(default).color(form.look.secondary),
            };
            let width = ui.available_width().min(measure::CHOICE);
            let combo = widgets::choice(("choice", path_text(path)), width, shown).show_ui(ui, |ui| {
                if optional && ui.selectable_label(head.is_none(), "None").clicked() && value.is_some() {
                    form.want(path, Change::Remove);
                }
                for variant in variants {
                    let chosen = head.as_deref() == Some(variant.name.as_str());
                    let label = ui.selectable_label(chosen, variant.name.as_str());
                    if label.on_hover_text(form.look.body(variant.docs.as_str())).clicked() && !chosen {
                        form.want(path, Change::Set(types.blank_variant(variant)));
                    }
                }
            });
            widgets::named(ui, &combo.response, WidgetType::ComboBox, title);
        });
        let Some(variant) = variants.iter().find(|variant| Some(variant.name.as_str()) == head.as_deref()) else {
            return;
        };
        let Some(value) = value.map(Node::plain) else {
            return;
        };
        match &variant.payload {
            Payload::Nothing => {}
            Payload::Fields(fields) => {
                ui.indent(("payload", path_text(path)), |ui| self.fields(ui, fields, path, Some(value)));
            }
            Payload::Values(fields) => {
                ui.indent(("payload", path_text(path)), |ui| {
                    let own = |field: &FieldDoc| matches!(types.shape(field.shape), Shape::Point | Shape::Tuple(_));
                    if let [only] = fields.as_slice()
                        && own(only)
                        && value.len() != 1
                    {
                        // A point without parentheses of its own is written by hand.
                        self.raw(ui, title, path, Some(value));
                        return;
                    }
                    for (index, inner) in fields.iter().enumerate() {
                        path.push(Step::Item(index));
                        let at = value.step(&Step::Item(index));
                        let number = types.shape(inner.shape).is_number();
                        let label = if number { "Value".to_owned() } else { self.types.words(inner.shape) };
                        self.field(ui, inner, &label, path, at);
                        path.pop();
                    }
                });
            }
        }
    }

    fn leaf(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        shape: ShapeId,
        title: &str,
        path: &[Step],
        value: Option<&Node>,
    ) {
        let plain = value.map(Node::plain);
        match (self.types.shape(shape), plain.map(|value| &value.kind)) {
            (kind @ (Shape::Whole { .. } | Shape::Real { .. }), None | Some(Kind::Number(_))) => {
                let text = match plain.map(|value| &value.kind) {
                    Some(Kind::Number(text)) => Some(text.clone()),
                    _ => field.plain_default().map(str::to_owned),
                };
                let number = text.as_deref().and_then(number_of);
                // Beyond this whole numbers lose digits in a slider.
                let whole = matches!(kind, Shape::Whole { .. });
                if whole && number.is_some_and(|number| number.abs() > 9e15) {
                    return self.raw(ui, title, path, value);
                }
                let ends = kind.ends().unwrap_or((f64::MIN, f64::MAX));
                self.number(ui, field, whole, ends, title, path, number, value.is_some());
            }
            (Shape::Truth, None | Some(Kind::Word(_))) => {
                let text = plain.map_or(field.default.clone(), head_of);
                let mut on = text.as_deref() == Some("true");
                let response = ui.add(egui::Checkbox::without_text(&mut on));
                let enabled = ui.is_enabled();
                response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, enabled, on, title));
                if response.changed() {
                    self.want(path, Change::Set(on.to_string()));
                }
            }
            (Shape::Text, None | Some(Kind::Text(_))) => {
                let mut text = match plain.map(|value| &value.kind) {
                    Some(Kind::Text(text)) => text.clone(),
                    _ => String::new(),
                };
                let hint = field.default.clone().unwrap_or_default();
                let long = matches!(field.name.as_str(), "description" | "because" | "help");
                let edit =
                    if long { TextEdit::multiline(&mut text).desired_rows(2) } else { TextEdit::singleline(&mut text) };
                let width = ui.available_width();
                let response = ui.add(edit.hint_text(hint.trim_matches('"')).desired_width(width));
                widgets::named(ui, &response, WidgetType::TextEdit, title);
                if response.changed() {
                    self.want(path, Change::Set(quoted(&text)));
                }
            }
            (Shape::Point, None | Some(Kind::Tuple(None, _))) => self.point(ui, field, title, path, plain),
            _ => self.raw(ui, title, path, value),
        }
    }

    fn number(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        whole: bool,
        ends: (f64, f64),
        title: &str,
        path: &[Step],
        number: Option<f64>,
        set: bool,
    ) {
        const WIDE: f64 = 1e6;
        let (least, most) = field.range.map_or(ends, |range| (range.min, range.max));
        let mut value = number.unwrap_or(0.0);
        let before = value;
        let span = most - least;
        if field.range.is_some() && span <= WIDE && ui.available_width() > measure::NUMBER * 2.0 {
            let width = widgets::rest(ui, measure::NUMBER + spacing::NORMAL);
            let step = if whole { 1.0 } else { 0.0 };
            widgets::slider(ui, &mut value, least..=most, step, width, &format!("{title}, slider"));
        }
        let speed = if whole { 1.0 } else { (value.abs() * 0.01).max(0.01) };
        let mut drag = DragValue::new(&mut value).range(least..=most).clamp_existing_to_range(false).speed(speed);
        if whole {
            drag = drag.fixed_decimals(0);
        }
        let response = ui
            .scope(|ui| {
                if !set {
                    ui.visuals_mut().override_text_color = Some(self.look.secondary);
                }
                ui.add_sized(vec2(measure::NUMBER, measure::CONTROL), drag)
            })
            .inner;
        let enabled = ui.is_enabled();
        response.widget_info(|| {
            let mut info = WidgetInfo::drag_value(enabled, value);
            info.label = Some(title.to_owned());
            info
        });
        if value.to_bits() != before.to_bits() {
            self.want(path, Change::Set(number_text(value, whole)));
        }
    }

    fn point(&mut self, ui: &mut Ui, field: &FieldDoc, title: &str, path: &[Step], value: Option<&Node>) {
        let number = |value: &Node| match &value.kind {
            Kind::Number(text) => number_of(text),
            _ => None,
        };
        let given = match value.map(|value| &value.kind) {
            Some(Kind::Tuple(_, items)) => items.iter().filter_map(number).collect::<Vec<_>>(),
            _ => {
                let text = field.default.clone().unwrap_or_default();
                text.trim_matches(['(', ')']).split(',').filter_map(|part| number_of(part.trim())).collect()
            }
        };
        let mut point = [given.first().copied().unwrap_or(0.0), given.get(1).copied().unwrap_or(0.0)];
        let before = point;
        for (axis, value) in ["x", "y"].into_iter().zip(&mut point) {
            let drag = DragValue::new(value).speed(1.0);
            let response = ui.add_sized(vec2(measure::NUMBER, measure::CONTROL), drag);
            let (enabled, shown) = (ui.is_enabled(), *value);
            response.widget_info(|| {
                let mut info = WidgetInfo::drag_value(enabled, shown);
                info.label = Some(format!("{title} {axis}"));
                info
            });
        }
        if point != before {
            let text = format!("({}, {})", number_text(point[0], false), number_text(point[1], false));
            self.want(path, Change::Set(text));
        }
    }

    /// A value as it stands in the text; it is taken over when the field is left.
    fn raw(&mut self, ui: &mut Ui, title: &str, path: &[Step], value: Option<&Node>) {
        let mut text = match &self.state.writing {
            Some((at, text)) if at == path => text.clone(),
            _ => value.map_or(String::new(), Node::to_line),
        };
        let width = ui.available_width();
        let response = ui.add(TextEdit::singleline(&mut text).code_editor().hint_text("Not set").desired_width(width));
        widgets::named(ui, &response, WidgetType::TextEdit, title);
        let response =
            response.on_hover_text(self.look.body("As it stands in the scene; taken over when you leave the field"));
        if response.changed() {
            self.state.writing = Some((path.to_vec(), text));
        } else if response.lost_focus()
            && let Some((_, text)) = self.state.writing.take_if(|(at, _)| at == path)
        {
            self.want(path, Change::Set(text));
        }
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

/// The fields below that hold all words in name, path or meaning.
fn gather(
    types: &Types,
    fields: &[FieldDoc],
    way: &mut Vec<Step>,
    holder: Option<&Node>,
    words: &[String],
    depth: usize,
    out: &mut Vec<(FieldDoc, Vec<Step>)>,
) {
    for field in fields {
        if out.len() >= MOST_FOUND {
            return;
        }
        let step = Step::Field(field.name.clone());
        let value = holder.and_then(|holder| holder.step(&step));
        way.push(step);
        let text = format!("{} {} {}", path_text(way), field.name.replace('_', " "), field.docs).to_lowercase();
        let hit = words.iter().all(|word| text.contains(word));
        if hit {
            out.push((field.clone(), way.clone()));
        }
        let inner = types.plain(field.shape);
        // What is found as a whole section opens there; what is not set has no items.
        if !hit && depth > 0 {
            match types.shape(inner) {
                Shape::Record { fields, .. }
                    if value.is_some() || !matches!(types.shape(field.shape), Shape::Optional(_)) =>
                {
                    gather(types, fields, way, value.map(Node::plain), words, depth - 1, out);
                }
                Shape::List(item) => {
                    if let Shape::Record { fields, .. } = types.shape(types.plain(*item)) {
                        for index in 0..value.map_or(0, Node::len).min(PAGE) {
                            way.push(Step::Item(index));
                            let item = value.and_then(|value| value.step(&Step::Item(index)));
                            gather(types, fields, way, item, words, depth - 1, out);
                            way.pop();
                        }
                    }
                }
                _ => {}
            }
        }
        way.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_noise() {
        assert_eq!(number_text(f64::from(0.1_f32), false), "0.1");
        assert_eq!(number_text(12.0, false), "12");
        assert_eq!(number_text(2028.0, true), "2028");
        assert_eq!(number_text(1e-9, false), "0.000000001");
    }

    #[test]
    fn texts_are_quoted_as_ron_reads_them() {
        assert_eq!(quoted("a \"b\" \\ \n"), "\"a \\\"b\\\" \\\\ \\n\"");
    }
}
