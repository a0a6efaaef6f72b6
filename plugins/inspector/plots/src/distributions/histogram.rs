//! How many agents have which value.

use std::fmt::Write as _;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::quantity::QuantitySpec;
use agent2028_view::tokens::{spacing, type_size};
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align2, Color32, FontId, Rect, Response, Sense, Ui, WidgetInfo, WidgetType, pos2};
use egui_plot::{PlotBounds, PlotTransform};

use super::DistributionsState;
use super::gather::Gathered;
use super::numbers::Bins;
use crate::actions::{Action, Actions};
use crate::format;
use crate::format::csv_cell;
use crate::plots::axis::{Scale, chart};
use crate::theme::Look;

/// Where a bar begins on a logarithmic axis: below a count of 1.
const LOG_FLOOR: f64 = -0.3;

fn height(count: f64, logarithmic: bool) -> f64 {
    if !logarithmic {
        count
    } else if count > 0.0 {
        count.log10()
    } else {
        LOG_FLOOR
    }
}

pub(super) fn show(ui: &mut Ui, look: &Look, state: &mut DistributionsState, actions: &mut Actions) {
    let gathered = &state.cache.gathered;
    let (Some(spec), Some(bins), Some(_)) = (&gathered.x, gathered.bins, gathered.summary) else {
        return;
    };
    statistics(ui, look, spec, gathered);
    let totals: Vec<u32> = (0..bins.count).map(|bin| gathered.counts.iter().map(|counts| counts[bin]).sum()).collect();
    let most = f64::from(totals.iter().copied().max().unwrap_or(1).max(1));
    let logarithmic = state.logarithmic;
    let (start, end) = (bins.edges(0).0, bins.edges(bins.count - 1).1);
    let y = if logarithmic { Scale::Logarithm } else { Scale::Number };
    let (floor, top) = if logarithmic { (LOG_FLOOR, height(most, true) * 1.05 + 0.05) } else { (0.0, most * 1.05) };
    let labels = spec.labels().map(<[String]>::to_vec);
    let mut plot = chart(look, "histogram", ui.available_size(), Scale::Number, y).sense(Sense::click_and_drag());
    if let Some(labels) = &labels {
        plot = crate::plots::axis::with_labels(plot, look, labels.clone());
    }
    let shown = plot.show(ui, |plot| plot.set_plot_bounds(PlotBounds::from_min_max([start, floor], [end, top])));
    let (response, transform) = (shown.response, shown.transform);
    let painter = ui.painter().with_clip_rect(transform.frame().intersect(ui.clip_rect()));
    for bin in 0..bins.count {
        let (from, to) = bins.edges(bin);
        let left = transform.position_from_point_x(from);
        let right = (transform.position_from_point_x(to) - spacing::HAIRLINE).max(left + spacing::HAIRLINE);
        let mut below = 0.0;
        for (group, counts) in gathered.counts.iter().enumerate().filter(|(_, counts)| counts[bin] > 0) {
            let above = below + f64::from(counts[bin]);
            let low = if below == 0.0 { floor } else { height(below, logarithmic) };
            let bar = Rect::from_x_y_ranges(
                left..=right,
                transform.position_from_point_y(height(above, logarithmic))..=transform.position_from_point_y(low),
            );
            painter.rect_filled(bar, 0.0, tint(look, state.by_group, group));
            below = above;
        }
    }
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, format!("Histogram of {}", spec.name)));
    let spec = spec.clone();
    choose(ui, look, state, &spec, bins, &totals, &response, &transform, actions);
}

fn tint(look: &Look, by_group: bool, group: usize) -> Color32 {
    if by_group { look.category(group) } else { look.info }
}

/// Count, mean, spread and quartiles in a line.
fn statistics(ui: &mut Ui, look: &Look, spec: &QuantitySpec, gathered: &Gathered) {
    let Some(summary) = gathered.summary else { return };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let mut tell = |name: &str, value: String| {
            ui.label(look.quiet(name));
            ui.label(look.figure(value));
            ui.add_space(spacing::NORMAL);
        };
        tell("Agents", format::count(summary.count as u64));
        if spec.labels().is_some() {
            return;
        }
        let number = |value: f64| format::with_unit(value, &spec.unit);
        tell("Mean", number(summary.mean));
        tell("Spread", number(summary.deviation));
        tell("Min", number(summary.min));
        tell("Lower quartile", number(summary.lower_quartile));
        tell("Median", number(summary.median));
        tell("Upper quartile", number(summary.upper_quartile));
        tell("Max", number(summary.max));
    });
}

/// Tells what is under the pointer; a click or a drag selects the agents in these bins.
fn choose(
    ui: &mut Ui,
    look: &Look,
    state: &mut DistributionsState,
    spec: &QuantitySpec,
    bins: Bins,
    totals: &[u32],
    response: &Response,
    transform: &PlotTransform,
    actions: &mut Actions,
) {
    let bin_at = |at: egui::Pos2| bins.of(transform.value_from_position(at).x);
    if response.drag_started() {
        state.box_from = response.interact_pointer_pos().map(|at| [transform.value_from_position(at).x, 0.0]);
    }
    let pointer = response.interact_pointer_pos().or_else(|| response.hover_pos());
    if let Some(at) = pointer {
        let from = state.box_from.map_or_else(|| bin_at(at), |[x, _]| bins.of(x));
        let (first, last) = (from.min(bin_at(at)), from.max(bin_at(at)));
        let (left, right) = (bins.edges(first).0, bins.edges(last).1);
        let marked = Rect::from_x_y_ranges(
            transform.position_from_point_x(left)..=transform.position_from_point_x(right),
            transform.frame().y_range(),
        );
        ui.painter().rect_filled(marked, 0.0, look.accent.gamma_multiply(look.band / 2.0));
        let count: u32 = totals[first..=last].iter().sum();
        let label = match spec.labels() {
            Some(labels) => labels.get(first).cloned().unwrap_or_default(),
            None => format!("{} to {}", format::number(left), format::with_unit(right, &spec.unit)),
        };
        let text = format!("{label}: {}", format::counted(u64::from(count), "agent", "agents"));
        let anchor = pos2(transform.frame().right() - spacing::TIGHT, transform.frame().top());
        let font = FontId::proportional(type_size::SMALL);
        ui.painter().text(anchor, Align2::RIGHT_TOP, text, font, look.text);
        if response.clicked() || response.drag_stopped() {
            let inside = |value: f32| (first..=last).contains(&bins.of(f64::from(value)));
            let points = state.cache.gathered.points.iter();
            let chosen: Vec<AgentId> = points.filter(|point| inside(point.x)).map(|point| point.agent).collect();
            actions.push(Action::Select(chosen));
        }
    }
    if response.drag_stopped() {
        state.box_from = None;
    }
    response.clone().on_hover_text(look.body("Click a bar to select its agents; drag over several"));
}

/// The bins as a table: from, to, and a count per group.
pub(super) fn csv(state: &DistributionsState, world: &World) -> String {
    let gathered = &state.cache.gathered;
    let mut text = String::from("from,to");
    if gathered.counts.len() > 1 {
        for group in world.resource::<AgentGroups>().groups() {
            let _ = write!(text, ",{}", csv_cell(&group.name));
        }
    } else {
        text.push_str(",agents");
    }
    text.push('\n');
    if let Some(bins) = gathered.bins {
        for bin in 0..bins.count {
            let (from, to) = bins.edges(bin);
            let _ = write!(text, "{from},{to}");
            for counts in &gathered.counts {
                let _ = write!(text, ",{}", counts[bin]);
            }
            text.push('\n');
        }
    }
    text
}
