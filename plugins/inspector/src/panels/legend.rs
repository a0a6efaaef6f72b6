//! What colours, sizes and heat maps mean: scales with their numbers and units, categories with their counts.

use std::sync::Arc;

use agent2028_core::agent::Status;
use agent2028_core::selector::Selector;
use agent2028_view::tokens::{marks, spacing};
use bevy_egui::egui;
use egui::{
    Align, Align2, Color32, Context, Galley, Id, Layout, Mesh, Order, Pos2, Rect, Sense, Shape, Ui, WidgetType, pos2,
    vec2,
};

use crate::actions::{Action, Actions};
use crate::floats::{self, Float, Wish};
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

/// A layer of a field over the ground.
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
    /// The visible layers of each field over the ground, with what the field is called.
    pub fields: Vec<(&'static str, Vec<FieldKey>)>,
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
    // In a narrow strip of the world the legend would stand over the panels.
    if view.is_empty() || free.width() < measure::LEGEND + 4.0 * spacing::WIDE {
        return None;
    }
    let at = free.left_bottom() + vec2(spacing::WIDE, -spacing::WIDE);
    let wish = Wish { pivot: Align2::LEFT_BOTTOM, at };
    let shown = floats::show(ctx, Float::Legend, wish, Order::Middle, true, |ui| {
        flat_frame(look).show(ui, |ui| {
            // In a low window the legend scrolls: it lies over nothing else.
            let most = (free.height() - 2.0 * (spacing::WIDE + spacing::NORMAL)).max(measure::SMALL_LINE);
            let known = Id::new("legend's height");
            let mut draw = |ui: &mut Ui| {
                contents(ui, look, view, actions);
                let height = ui.min_rect().height();
                ui.data_mut(|data| data.insert_temp(known, height));
            };
            if ctx.data(|data| data.get_temp::<f32>(known)).is_some_and(|height| height > most) {
                egui::ScrollArea::vertical().max_height(most).show(ui, draw);
            } else {
                draw(ui);
            }
        })
    })?;
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
    for (name, layers) in &view.fields {
        part(ui);
        title(ui, look, name, "up to");
        for layer in layers {
            field_key(ui, look, layer);
        }
    }
}

fn title(ui: &mut Ui, look: &Look, text: &str, unit: &str) {
    ui.horizontal(|ui| {
        ui.set_height(measure::SMALL_LINE);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !unit.is_empty() {
                ui.label(look.quiet(unit));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(look.body(text)).truncate());
            });
        });
    });
}

fn scale_key(ui: &mut Ui, look: &Look, scale: &ScaleKey) {
    title(ui, look, &scale.title, &scale.unit);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::RAMP), Sense::hover());
    ramp(ui, rect, &scale.ramp);
    let said = format!("Scale of {} from {}", scale.title, scale.marks.join(" to "));
    widgets::named(ui, &response, WidgetType::ColorButton, &said);
    let last = scale.marks.len().saturating_sub(1).max(1) as f32;
    let marks: Vec<(f32, &str)> =
        scale.marks.iter().enumerate().map(|(at, mark)| (at as f32 / last, mark.as_str())).collect();
    figures(ui, look, &marks);
}

/// Numbers painted where they belong, at a share of the width; they are said by the widget that they stand at. Those in
/// between give way to both ends, and ends that have no room beside each other stand below each other.
fn figures(ui: &mut Ui, look: &Look, marks: &[(f32, &str)]) {
    let laid: Vec<(f32, Arc<Galley>)> = marks
        .iter()
        .map(|(share, text)| {
            let font = crate::theme::figure_font();
            (*share, ui.painter().layout_no_wrap((*text).to_owned(), font, look.secondary))
        })
        .collect();
    let widths: Vec<(f32, f32)> = laid.iter().map(|(share, galley)| (*share, galley.size().x)).collect();
    let lines = lines_of(&widths, ui.available_width());
    let count = lines.iter().map(|(line, _)| line + 1).max().unwrap_or(1);
    let size = vec2(ui.available_width(), measure::SMALL_LINE * count as f32);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    for ((_, galley), (line, left)) in laid.into_iter().zip(lines) {
        // A line of its own has no number in it.
        if let Some(left) = left {
            let middle = rect.top() + measure::SMALL_LINE * (line as f32 + 0.5);
            let at = pos2(rect.left() + left, middle - galley.size().y / 2.0);
            ui.painter().galley(at.round(), galley, look.secondary);
        }
    }
}

/// In which line and how far from the left each number stands, by the share of the width where it belongs and its own
/// width; none where there is no room for it.
fn lines_of(marks: &[(f32, f32)], width: f32) -> Vec<(usize, Option<f32>)> {
    const GAP: f32 = spacing::NORMAL;
    let Some(end) = marks.len().checked_sub(1) else {
        return Vec::new();
    };
    let left = |share: f32, own: f32| (share * width - own / 2.0).min(width - own).max(0.0);
    let places: Vec<f32> = marks.iter().map(|(share, own)| left(*share, *own)).collect();
    let right = |at: usize| places[at] + marks[at].1;
    if end > 0 && right(0) + GAP > places[end] {
        let mut lines = vec![(0, None); marks.len()];
        (lines[0], lines[end]) = ((0, Some(places[0])), (1, Some(places[end])));
        return lines;
    }
    let mut shown: Vec<usize> = vec![0];
    for at in 1..end {
        let before = shown.last().copied().unwrap_or(0);
        if right(before) + GAP <= places[at] && right(at) + GAP <= places[end] {
            shown.push(at);
        }
    }
    shown.push(end);
    (0..marks.len()).map(|at| (0, shown.contains(&at).then_some(places[at]))).collect()
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
    figures(ui, look, &[(0.0, size.ends[0].as_str()), (1.0, size.ends[1].as_str())]);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// However wide numbers are, none stands over another, and both ends are there.
    #[test]
    fn no_number_of_a_scale_stands_over_another() {
        for width in [40.0_f32, 100.0, 188.0] {
            for first in [5.0_f32, 30.0, 90.0, 180.0] {
                for middle in [5.0_f32, 60.0, 170.0] {
                    for last in [5.0_f32, 30.0, 90.0, 180.0] {
                        let marks = [(0.0, first), (0.5, middle), (1.0, last)];
                        let lines = lines_of(&marks, width);
                        let shown: Vec<(usize, f32, f32)> = lines
                            .iter()
                            .zip(&marks)
                            .filter_map(|((line, left), (_, own))| left.map(|left| (*line, left, left + own)))
                            .collect();
                        assert!(lines[0].1.is_some() && lines[2].1.is_some(), "{width} {marks:?}");
                        for (at, one) in shown.iter().enumerate() {
                            assert!(one.1 >= 0.0);
                            for other in &shown[..at] {
                                assert!(other.0 != one.0 || other.2 < one.1, "{width} {marks:?}: {shown:?}");
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(
            lines_of(&[(0.0, 10.0), (0.5, 10.0), (1.0, 10.0)], 100.0),
            [(0, Some(0.0)), (0, Some(45.0)), (0, Some(90.0))]
        );
        assert!(lines_of(&[], 10.0).is_empty());
    }
}
