//! What colours, sizes and heat maps mean: scales with their numbers and units, categories with their counts.

use agent2028_core::agent::Status;
use agent2028_core::selector::Selector;
use agent2028_view::tokens::{marks, spacing};
use bevy_egui::egui;
use egui::{
    Align, Align2, Area, Color32, Context, Id, Layout, Mesh, Order, Pos2, Rect, Sense, Shape, Ui, WidgetType, pos2,
    vec2,
};

use crate::actions::{Action, Actions};
use crate::format;
use crate::theme::{Look, flat_frame, measure};
use crate::widgets;

/// A scale of colours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaleKey {
    /// What it tells.
    pub title: String,
    /// In which unit; empty for none.
    pub unit: String,
    /// The colours from one end to the other.
    pub ramp: Vec<Color32>,
    /// What stands below the scale, from left to right at even distances.
    pub marks: Vec<String>,
}

/// Categories.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CategoryKey {
    /// What they tell apart.
    pub title: String,
    /// One per kind.
    pub rows: Vec<CategoryRow>,
}

/// A kind of agents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CategoryRow {
    /// Its colour.
    pub tint: Color32,
    /// What it is called.
    pub name: String,
    /// How many agents there are of it.
    pub count: u64,
    /// Who they are, if they can be selected that way.
    pub select: Option<Selector>,
}

/// What the colours of agents tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ColorKey {
    /// Nothing that could be explained.
    #[default]
    None,
    /// More and less.
    Scale(ScaleKey),
    /// Kinds.
    Categories(CategoryKey),
}

/// What the sizes of agents tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SizeKey {
    /// What it is.
    pub title: String,
    /// The values of the smallest and the largest size, with their unit.
    pub ends: [String; 2],
}

/// A pheromone layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldKey {
    /// Its name.
    pub name: String,
    /// Its colours from nothing to its maximum.
    pub ramp: Vec<Color32>,
    /// Its maximum.
    pub maximum: f64,
}

/// How many agents are not in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TroubleKey {
    /// Failed ones.
    pub failed: u64,
    /// Frozen ones.
    pub frozen: u64,
    /// Active ones with less than their own health.
    pub degraded: u64,
}

/// What the system holds agents for, and where it is mistaken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldKey {
    /// How many are held for failed.
    pub failed: u64,
    /// How many are suspected.
    pub suspected: u64,
    /// How many are held to be poor.
    pub poor: u64,
    /// How many don't work, and nothing is held against them.
    pub unnoticed: u64,
    /// How many work, and are suspected or held for failed.
    pub wronged: u64,
}

/// What the panel reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegendView {
    /// Through whose eyes the world is drawn; empty if it is drawn as it is.
    pub eyes: String,
    /// Colours.
    pub color: ColorKey,
    /// Sizes, if they tell something.
    pub size: Option<SizeKey>,
    /// The density map, if agents are drawn as one.
    pub density: Option<ScaleKey>,
    /// How the density map tells what is not in order, if something is.
    pub amiss: Option<ScaleKey>,
    /// The hue by which it tells that, if no agent is drawn by itself and so none has a shape.
    pub hue: Option<Color32>,
    /// Agents that are not in order, unless colours tell it.
    pub trouble: TroubleKey,
    /// What the system holds agents for, if the world is drawn as it sees it.
    pub held: Option<HeldKey>,
    /// The visible pheromone layers.
    pub fields: Vec<FieldKey>,
}

impl LegendView {
    /// Whether there is nothing to explain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.eyes.is_empty()
            && self.color == ColorKey::None
            && self.size.is_none()
            && self.density.is_none()
            && self.amiss.is_none()
            && self.trouble == TroubleKey::default()
            && self.held.is_none()
            && self.fields.is_empty()
    }
}

/// More categories than this are summed up in a line.
const MOST_ROWS: usize = 8;

/// Shows the legend at the lower left of the world; returns the place that it takes.
pub fn show(ctx: &Context, look: &Look, free: Rect, view: &LegendView, actions: &mut Actions) -> Option<Rect> {
    if view.is_empty() {
        return None;
    }
    let shown = Area::new(Id::new("legend"))
        .order(Order::Middle)
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(free.left_bottom() + vec2(spacing::WIDE, -spacing::WIDE))
        .fade_in(false)
        .show(ctx, |ui| flat_frame(look).show(ui, |ui| contents(ui, look, view, actions)));
    Some(shown.response.rect)
}

/// The legend's contents.
pub fn contents(ui: &mut Ui, look: &Look, view: &LegendView, actions: &mut Actions) {
    ui.set_width(measure::LEGEND);
    ui.spacing_mut().item_spacing.y = spacing::TIGHT;
    let mut parts = 0;
    let mut part = |ui: &mut Ui| {
        if parts > 0 {
            ui.add_space(spacing::TIGHT);
        }
        parts += 1;
    };
    if !view.eyes.is_empty() {
        part(ui);
        ui.label(look.quiet(&view.eyes).color(look.accent));
    }
    match &view.color {
        ColorKey::None => {}
        ColorKey::Scale(scale) => {
            part(ui);
            scale_key(ui, look, scale);
        }
        ColorKey::Categories(categories) => {
            part(ui);
            category_key(ui, look, categories, actions);
        }
    }
    if let Some(size) = &view.size {
        part(ui);
        size_key(ui, look, size);
    }
    for scale in view.density.iter().chain(&view.amiss) {
        part(ui);
        scale_key(ui, look, scale);
    }
    if view.trouble != TroubleKey::default() {
        part(ui);
        trouble_key(ui, look, &view.trouble, view.hue, actions);
    }
    if let Some(held) = &view.held {
        part(ui);
        held_key(ui, look, held, view.hue);
    }
    if !view.fields.is_empty() {
        part(ui);
        title(ui, look, "Pheromones", "up to");
        for field in &view.fields {
            field_key(ui, look, field);
        }
    }
}

fn title(ui: &mut Ui, look: &Look, text: &str, unit: &str) {
    ui.horizontal(|ui| {
        ui.label(look.body(text));
        if !unit.is_empty() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(look.quiet(unit)));
        }
    });
}

fn scale_key(ui: &mut Ui, look: &Look, scale: &ScaleKey) {
    title(ui, look, &scale.title, &scale.unit);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::RAMP), Sense::hover());
    ramp(ui, rect, &scale.ramp);
    let said = format!("Scale of {} from {}", scale.title, scale.marks.join(" to "));
    widgets::named(ui, &response, WidgetType::ColorButton, &said);
    let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), measure::SMALL_LINE), Sense::hover());
    let last = scale.marks.len().saturating_sub(1).max(1) as f32;
    for (at, mark) in scale.marks.iter().enumerate() {
        let share = at as f32 / last;
        let align = match at {
            0 => Align2::LEFT_CENTER,
            at if at + 1 == scale.marks.len() => Align2::RIGHT_CENTER,
            _ => Align2::CENTER_CENTER,
        };
        text(ui, look, pos2(line.left() + share * line.width(), line.center().y), align, mark);
    }
}

/// Numbers painted where they belong; they are said by the widget that they stand at.
fn text(ui: &Ui, look: &Look, at: Pos2, align: Align2, text: &str) {
    ui.painter().text(at, align, text, crate::theme::figure_font(), look.secondary);
}

/// A bar of colours from left to right.
fn ramp(ui: &Ui, rect: Rect, colors: &[Color32]) {
    let last = colors.len().saturating_sub(1).max(1) as f32;
    let mut mesh = Mesh::default();
    for (at, color) in colors.iter().enumerate() {
        let x = rect.left() + rect.width() * at as f32 / last;
        let first = mesh.vertices.len() as u32;
        mesh.colored_vertex(pos2(x, rect.top()), *color);
        mesh.colored_vertex(pos2(x, rect.bottom()), *color);
        if at > 0 {
            mesh.add_triangle(first - 2, first - 1, first);
            mesh.add_triangle(first - 1, first, first + 1);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
}

fn category_key(ui: &mut Ui, look: &Look, categories: &CategoryKey, actions: &mut Actions) {
    title(ui, look, &categories.title, "agents");
    for kind in categories.rows.iter().take(MOST_ROWS) {
        selecting(ui, look, &kind.name, kind.select.as_ref(), actions);
        row(ui, look, |ui| drop(widgets::swatch(ui, kind.tint)), &kind.name, kind.count);
    }
    let more = categories.rows.get(MOST_ROWS..).unwrap_or_default();
    if !more.is_empty() {
        let count = more.iter().map(|kind| kind.count).sum();
        row(ui, look, |_| {}, &format!("{} more", more.len()), count);
    }
}

/// Lets a click on the row that is about to be drawn select those whom it tells of.
fn selecting(ui: &mut Ui, look: &Look, name: &str, select: Option<&Selector>, actions: &mut Actions) {
    let Some(selector) = select else {
        return;
    };
    let button = widgets::line_background(ui, look, ("legend", name), measure::SMALL_LINE, false);
    widgets::named(ui, &button, WidgetType::Button, &format!("Select {name}"));
    let tip = format!("Select {name}; Shift adds to the selection, Alt takes out of it");
    if widgets::tip(button, look, &tip, "").clicked() {
        actions.push(Action::SelectBy(selector.clone(), widgets::combine_held(ui)));
    }
}

fn row(ui: &mut Ui, look: &Look, mark: impl FnOnce(&mut Ui), name: &str, count: u64) {
    ui.horizontal(|ui| {
        ui.set_height(measure::SMALL_LINE);
        mark(ui);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(look.figure(format::count(count)));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(look.quiet(name)).truncate());
            });
        });
    });
}

fn trouble_key(ui: &mut Ui, look: &Look, trouble: &TroubleKey, hue: Option<Color32>, actions: &mut Actions) {
    let with = |status| Some(Selector::HasStatus(status));
    let degraded = if hue.is_some() { "Degraded" } else { "Degraded: paler" };
    for (count, name, symbol, select) in [
        (trouble.failed, "Failed", Symbol::Cross, with(Status::Failed)),
        (trouble.frozen, "Frozen", Symbol::Bars, with(Status::Frozen)),
        (trouble.degraded, degraded, Symbol::Pale, None),
    ] {
        if count > 0 {
            selecting(ui, look, name, select.as_ref(), actions);
            row(ui, look, |ui| draw_symbol(ui, look, symbol, hue), name, count);
        }
    }
}

fn held_key(ui: &mut Ui, look: &Look, held: &HeldKey, hue: Option<Color32>) {
    let poor = if hue.is_some() { "Held to be poor" } else { "Held to be poor: paler" };
    for (count, name, symbol) in [
        (held.failed, "Held for failed", Symbol::Cross),
        (held.suspected, "Suspected", Symbol::Suspect),
        (held.poor, poor, Symbol::Pale),
        (held.unnoticed, "Down, and unnoticed", Symbol::Nothing),
        (held.wronged, "Well, and doubted", Symbol::Nothing),
    ] {
        // That nobody is mistaken is worth telling; that nobody is poor is not.
        if count > 0 || !matches!(symbol, Symbol::Pale) {
            row(ui, look, |ui| draw_symbol(ui, look, symbol, hue), name, count);
        }
    }
}

#[derive(Clone, Copy)]
enum Symbol {
    Cross,
    Bars,
    Pale,
    Suspect,
    /// Only room, so that names stand below each other.
    Nothing,
}

/// An agent's shape, as it is drawn in the world, or the hue that stands for it where agents have no shapes.
fn draw_symbol(ui: &mut Ui, look: &Look, symbol: Symbol, hue: Option<Color32>) {
    if let Some(hue) = hue.filter(|_| !matches!(symbol, Symbol::Nothing)) {
        widgets::swatch(ui, hue);
        return;
    }
    let (rect, _) = ui.allocate_exact_size(vec2(measure::SWATCH, measure::SWATCH), Sense::hover());
    let (middle, radius) = (rect.center(), measure::SWATCH * 0.5);
    let line = egui::Stroke::new(spacing::HAIRLINE, look.secondary);
    match symbol {
        Symbol::Cross => {
            let arm = radius * std::f32::consts::FRAC_1_SQRT_2;
            ui.painter().circle_stroke(middle, radius, line);
            ui.painter().line_segment([middle - vec2(arm, arm), middle + vec2(arm, arm)], line);
            ui.painter().line_segment([middle - vec2(arm, -arm), middle + vec2(arm, -arm)], line);
        }
        Symbol::Bars => {
            let (away, half) = (radius * 0.4, radius * 0.8);
            for x in [middle.x - away, middle.x + away] {
                ui.painter().vline(x, (middle.y - half)..=(middle.y + half), line);
            }
        }
        Symbol::Pale => dart(ui, middle, measure::SWATCH, look.disabled),
        Symbol::Suspect => dart(ui, middle, measure::SWATCH, look.warning),
        Symbol::Nothing => {}
    }
}

/// A dart that points to the right.
fn dart(ui: &Ui, middle: Pos2, length: f32, color: Color32) {
    let corner = |along: f32, across: f32| middle + vec2(along, across) * length;
    let points = [corner(0.5, 0.0), corner(-0.5, 0.36), corner(-0.28, 0.0), corner(-0.5, -0.36)];
    for half in [[0, 1, 2], [0, 2, 3]] {
        let corners = half.map(|at: usize| points[at]).to_vec();
        ui.painter().add(Shape::convex_polygon(corners, color, egui::Stroke::NONE));
    }
}

fn size_key(ui: &mut Ui, look: &Look, size: &SizeKey) {
    title(ui, look, &format!("Size: {}", size.title), "");
    let (line, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::SLIDER), Sense::hover());
    let said = format!("Size of {} from {} to {}", size.title, size.ends[0], size.ends[1]);
    widgets::named(ui, &response, WidgetType::Label, &said);
    let (small, large) = (marks::DART.0, marks::DART.1 * 1.4);
    let y = line.center().y;
    dart(ui, pos2(line.left() + small, y), small, look.secondary);
    dart(ui, pos2(line.right() - large * 0.5, y), large, look.secondary);
    text(ui, look, pos2(line.left() + small + spacing::NORMAL, y), Align2::LEFT_CENTER, &size.ends[0]);
    text(ui, look, pos2(line.right() - large - spacing::TIGHT, y), Align2::RIGHT_CENTER, &size.ends[1]);
}

fn field_key(ui: &mut Ui, look: &Look, field: &FieldKey) {
    ui.horizontal(|ui| {
        ui.set_height(measure::SMALL_LINE);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(look.figure(format::number(field.maximum)));
            let (rect, response) = ui.allocate_exact_size(vec2(measure::FIELD_RAMP, measure::RAMP), Sense::hover());
            ramp(ui, rect, &field.ramp);
            let said = format!("Scale of {} from 0 to {}", field.name, format::number(field.maximum));
            widgets::named(ui, &response, WidgetType::ColorButton, &said);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(look.quiet(&field.name)).truncate());
            });
        });
    });
}
