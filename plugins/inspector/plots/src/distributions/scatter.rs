//! One quantity against another: a dot per agent, or how many there are in each place when there are too many for dots.

use std::fmt::Write as _;

use agent2028_core::agent::AgentId;
use agent2028_core::quantity::{QuantityKind, QuantitySpec};
use agent2028_view::tokens::{ColorScale, spacing, type_size};
use bevy_egui::egui;
use egui::{
    Align2, Color32, FontId, Mesh, Rect, Response, Sense, Shape, StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_plot::{PlotBounds, PlotTransform};

use super::DistributionsState;
use super::gather::{Gathered, Point};
use super::numbers::Summary;
use crate::actions::{Action, Actions};
use crate::format;
use crate::format::csv_cell;
use crate::plots::axis::{Scale, chart, with_labels};
use crate::theme::{Look, color, measure};
use crate::widgets;

/// Up to this many agents are drawn as dots.
const MOST_DOTS: usize = 4000;

pub(super) fn show(ui: &mut Ui, look: &Look, state: &mut DistributionsState, actions: &mut Actions) {
    let gathered = &state.cache.gathered;
    let (Some(x), Some(y), Some(across), Some(up)) = (&gathered.x, &gathered.y, gathered.summary, gathered.summary_y)
    else {
        return;
    };
    facts(ui, look, gathered);
    let ((left, right), (bottom, top)) = (room(x, &across), room(y, &up));
    let mut plot =
        chart(look, "scatter", ui.available_size(), Scale::Number, Scale::Number).sense(Sense::click_and_drag());
    if let Some(labels) = x.labels() {
        plot = with_labels(plot, look, labels.to_vec());
    }
    let shown = plot.show(ui, |plot| plot.set_plot_bounds(PlotBounds::from_min_max([left, bottom], [right, top])));
    let (response, transform) = (shown.response, shown.transform);
    let painter = ui.painter().with_clip_rect(transform.frame().intersect(ui.clip_rect()));
    if gathered.points.len() <= MOST_DOTS {
        for point in &gathered.points {
            let at = transform.position_from_point(&egui_plot::PlotPoint::new(f64::from(point.x), f64::from(point.y)));
            painter.circle_filled(at, measure::DOT / 2.0, tint(look, gathered, point.color));
        }
    } else {
        painter.add(density(look, gathered, &transform));
    }
    let enabled = ui.is_enabled();
    let name = format!("Scatter plot of {} against {}", y.name, x.name);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, &name));
    choose(ui, look, state, &response, &transform, actions);
}

/// From where to where an axis reaches.
fn room(spec: &QuantitySpec, summary: &Summary) -> (f64, f64) {
    match &spec.kind {
        QuantityKind::Category(labels) => (-0.5, labels.len() as f64 - 0.5),
        QuantityKind::Angle => (0.0, 360.0),
        _ => {
            let span = summary.max - summary.min;
            let around = if span > 0.0 { span * 0.04 } else { summary.min.abs() * 0.1 + f64::from(summary.min == 0.0) };
            (summary.min - around, summary.max + around)
        }
    }
}

fn tint(look: &Look, gathered: &Gathered, value: Option<f32>) -> Color32 {
    let (Some(spec), Some((least, most))) = (&gathered.color, gathered.colors) else {
        return look.info;
    };
    let Some(value) = value else { return look.disabled };
    let scale = |scale: ColorScale, at: f32| color(scale.on(look.theme, at));
    match &spec.kind {
        QuantityKind::Category(_) => look.category(value as usize),
        QuantityKind::Angle => scale(ColorScale::Cyclic, value / 360.0),
        QuantityKind::Signed => {
            let far = least.abs().max(most.abs()).max(f32::MIN_POSITIVE);
            scale(ColorScale::Diverging, value / far * 0.5 + 0.5)
        }
        _ => scale(ColorScale::Viridis, if most > least { (value - least) / (most - least) } else { 0.5 }),
    }
}

/// How many agents, what correlates, and what colours tell.
fn facts(ui: &mut Ui, look: &Look, gathered: &Gathered) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.label(look.quiet("Agents"));
        ui.label(look.figure(format::count(gathered.points.len() as u64)));
        ui.add_space(spacing::NORMAL);
        ui.label(look.quiet("Correlation"))
            .on_hover_text(look.body("Pearson's r, −1 to 1: how closely the two follow a line"));
        ui.label(look.figure(gathered.correlation.map_or(format::NOTHING.to_owned(), |r| format::fixed(r, 3))));
        ui.add_space(spacing::NORMAL);
        let (Some(spec), Some((least, most))) = (&gathered.color, gathered.colors) else { return };
        ui.label(look.quiet(format!("Colour: {}", spec.name)));
        if let Some(labels) = spec.labels() {
            for (place, label) in labels.iter().enumerate() {
                widgets::swatch(ui, look.category(place));
                ui.label(look.quiet(label));
            }
            return;
        }
        ui.label(look.figure(format::number(f64::from(least))));
        let (bar, _) = ui.allocate_exact_size(vec2(measure::SPARKLINE.0, measure::SWATCH), Sense::hover());
        let wide = spacing::HAIRLINE * 2.0;
        let steps = (measure::SPARKLINE.0 / wide) as usize;
        for step in 0..steps {
            let at = step as f32 / (steps - 1) as f32;
            let place = Rect::from_min_size(pos2(bar.left() + step as f32 * wide, bar.top()), vec2(wide, bar.height()));
            ui.painter().rect_filled(place, 0.0, tint(look, gathered, Some(least + (most - least) * at)));
        }
        ui.label(look.figure(format::with_unit(f64::from(most), &spec.unit)));
    });
}

/// Cells of a few pixels: the more agents in one, the more opaque it is; its colour is that of their mean.
fn density(look: &Look, gathered: &Gathered, transform: &PlotTransform) -> Shape {
    let frame = *transform.frame();
    let cell = spacing::TIGHT;
    let columns = (frame.width() / cell).ceil().max(1.0) as usize;
    let rows = (frame.height() / cell).ceil().max(1.0) as usize;
    let mut cells = vec![(0_u32, 0.0_f64, 0_u32); columns * rows];
    let (zero, unit) = (transform.position_from_point(&egui_plot::PlotPoint::new(0.0, 0.0)), transform.dpos_dvalue());
    for point in &gathered.points {
        let x = f64::from(zero.x) + f64::from(point.x) * unit[0] - f64::from(frame.left());
        let y = f64::from(zero.y) + f64::from(point.y) * unit[1] - f64::from(frame.top());
        let (column, row) = ((x / f64::from(cell)) as usize, (y / f64::from(cell)) as usize);
        if x < 0.0 || y < 0.0 || column >= columns || row >= rows {
            continue;
        }
        let held = &mut cells[row * columns + column];
        held.0 += 1;
        if let Some(value) = point.color {
            held.1 += f64::from(value);
            held.2 += 1;
        }
    }
    let categories = gathered.color.as_ref().is_some_and(|spec| spec.labels().is_some());
    let most = f64::from(cells.iter().map(|cell| cell.0).max().unwrap_or(1)).ln_1p();
    let mut mesh = Mesh::default();
    for (place, (count, sum, colored)) in cells.into_iter().enumerate().filter(|(_, cell)| cell.0 > 0) {
        let share = (f64::from(count).ln_1p() / most) as f32;
        let at = pos2(frame.left() + (place % columns) as f32 * cell, frame.top() + (place / columns) as f32 * cell);
        let fill = if colored > 0 && !categories {
            tint(look, gathered, Some((sum / f64::from(colored)) as f32)).gamma_multiply(0.25 + 0.75 * share)
        } else {
            // The mean of categories means nothing: the density alone is shown.
            color(ColorScale::Viridis.on(look.theme, share))
        };
        mesh.add_colored_rect(Rect::from_min_size(at, vec2(cell, cell)), fill);
    }
    Shape::mesh(mesh)
}

/// A box that is drawn selects the agents in it.
fn choose(
    ui: &mut Ui,
    look: &Look,
    state: &mut DistributionsState,
    response: &Response,
    transform: &PlotTransform,
    actions: &mut Actions,
) {
    let value = |at: egui::Pos2| {
        let point = transform.value_from_position(at);
        [point.x, point.y]
    };
    if response.drag_started() {
        // Where the button went down, not where the pointer is by now.
        state.box_from = ui.input(|input| input.pointer.press_origin()).map(value);
    }
    if let (Some(from), Some(at)) = (state.box_from, response.interact_pointer_pos()) {
        let to = value(at);
        let (left, right) = (from[0].min(to[0]), from[0].max(to[0]));
        let (bottom, top) = (from[1].min(to[1]), from[1].max(to[1]));
        let inside = |point: &&Point| {
            (left..=right).contains(&f64::from(point.x)) && (bottom..=top).contains(&f64::from(point.y))
        };
        let start = transform.position_from_point(&egui_plot::PlotPoint::new(from[0], from[1]));
        let marked = Rect::from_two_pos(start, at);
        let stroke = egui::Stroke::new(spacing::HAIRLINE, look.accent);
        ui.painter().rect(marked, 0.0, look.accent.gamma_multiply(look.band / 2.0), stroke, StrokeKind::Inside);
        let points = &state.cache.gathered.points;
        if response.drag_stopped() {
            let chosen: Vec<AgentId> = points.iter().filter(inside).map(|point| point.agent).collect();
            actions.push(Action::Select(chosen));
        } else if points.len() <= MOST_DOTS {
            let text = format::counted(points.iter().filter(inside).count() as u64, "agent", "agents");
            ui.painter().text(at, Align2::LEFT_BOTTOM, text, FontId::proportional(type_size::SMALL), look.text);
        }
    }
    if response.drag_stopped() {
        state.box_from = None;
    }
    response.clone().on_hover_text(look.body("Drag a box to select the agents in it"));
}

/// The numbers of each agent as a table.
pub(super) fn csv(state: &DistributionsState) -> String {
    let gathered = &state.cache.gathered;
    let mut text = format!("agent,{},{}", csv_cell(&state.x), csv_cell(&state.y));
    let colored = state.color.as_ref().filter(|_| gathered.color.is_some());
    if let Some(name) = colored {
        let _ = write!(text, ",{}", csv_cell(name));
    }
    text.push('\n');
    for point in &gathered.points {
        let _ = write!(text, "{},{},{}", point.agent.0, point.x, point.y);
        if colored.is_some() {
            text.push(',');
            if let Some(value) = point.color {
                let _ = write!(text, "{value}");
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_quantities_are_quoted_in_tables() {
        let (x, y) = ("scent.left, right".to_owned(), "scent.\"best\"".to_owned());
        let state = DistributionsState { x, y, ..DistributionsState::default() };
        assert_eq!(csv(&state), "agent,\"scent.left, right\",\"scent.\"\"best\"\"\"\n");
    }
}
