//! How long operations take, from the request on: a histogram over powers of ten, with its percentiles.

use std::fmt::Write as _;

use agent2028_operations::Operations;
use agent2028_operations::histogram::Histogram;
use agent2028_operations::stats::Tally;
use agent2028_view::tokens::{spacing, type_size};
use bevy_egui::egui;
use egui::{Align2, FontId, Rect, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2};
use egui_material_icons::icons::{ICON_DOWNLOAD, ICON_TIMER};
use egui_plot::PlotBounds;

use super::{OperationsState, OperationsView};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::export::FileToSave;
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets;
use agent2028_plots::plots::axis::{Scale, chart};

/// The width of a bar in powers of ten.
const BAR: f64 = 0.05;
/// The percentiles that are written, and those that are drawn.
const PERCENTILES: [(f64, &str, bool); 5] =
    [(0.5, "p50", true), (0.9, "p90", false), (0.95, "p95", true), (0.99, "p99", true), (0.999, "p99.9", false)];

/// The workload that is looked at, or all.
fn tally<'a>(operations: &'a Operations, state: &OperationsState) -> &'a Tally {
    let source = state.workload.and_then(|place| operations.sources().get(place));
    source.map_or_else(|| operations.tally(), |source| &source.tally)
}

/// What stands beside the pages.
pub(super) fn toolbar(
    ui: &mut Ui,
    look: &Look,
    view: &OperationsView,
    operations: &Operations,
    state: &mut OperationsState,
    actions: &mut Actions,
) {
    const ALL: &str = "All workloads";
    let workloads = &view.config().workload;
    if state.workload.is_some_and(|place| place >= workloads.len()) {
        state.workload = None;
    }
    let chosen = state.workload.map_or(ALL.to_owned(), |place| workloads[place].title());
    widgets::room(ui, measure::CHOICE);
    let response = widgets::choice("latency of", measure::CHOICE, chosen)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut state.workload, None, ALL);
            for (place, workload) in workloads.iter().enumerate() {
                ui.selectable_value(&mut state.workload, Some(place), workload.title());
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Workload");
    let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the latencies as CSV");
    if widgets::tip(save, look, "Save the histogram as CSV", "").clicked() {
        let text = csv(tally(operations, state).latency());
        actions.push(Action::SaveFile(FileToSave::csv("Save the latencies as", "latencies", text)));
    }
    let window = format::with_unit(f64::from(view.config().window_s), "s");
    ui.label(look.quiet(format!("completed in the last {window}")));
}

/// Draws figures and histogram.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &OperationsView, operations: &Operations, state: &OperationsState) {
    let tally = tally(operations, state);
    let histogram = tally.latency();
    if histogram.total() == 0 {
        let how = "Latencies are those of operations that were completed in the recent past.";
        widgets::empty(ui, look, ICON_TIMER, "Nothing was completed recently", how);
        return;
    }
    figures(ui, look, view, tally);
    let bars = bars(histogram);
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
    let (start, end) = (first.0 - 2.0 * BAR, last.0 + 3.0 * BAR);
    let most = f64::from(bars.iter().map(|bar| bar.1).max().unwrap_or(1).max(1)) * measure::HEADROOM;
    let plot = chart(look, "latency", ui.available_size(), Scale::Logarithm, Scale::Number).sense(Sense::hover());
    let shown = plot.show(ui, |plot| plot.set_plot_bounds(PlotBounds::from_min_max([start, 0.0], [end, most])));
    let (response, transform) = (shown.response, shown.transform);
    let painter = ui.painter().with_clip_rect(transform.frame().intersect(ui.clip_rect()));
    let bottom = transform.position_from_point_y(0.0);
    for (from, count) in &bars {
        let left = transform.position_from_point_x(*from);
        let right = (transform.position_from_point_x(from + BAR) - spacing::HAIRLINE).max(left + spacing::HAIRLINE);
        let top = transform.position_from_point_y(f64::from(*count));
        painter.rect_filled(Rect::from_x_y_ranges(left..=right, top..=bottom), 0.0, look.info);
    }
    let font = FontId::proportional(type_size::SMALL);
    let mut taken = f32::NEG_INFINITY;
    for (share, name, _) in PERCENTILES.into_iter().filter(|percentile| percentile.2) {
        let Some(value) = histogram.quantile(share) else { continue };
        let x = transform.position_from_point_x(position(value));
        painter.vline(x, transform.frame().y_range(), Stroke::new(spacing::HAIRLINE, look.accent));
        // Labels of lines that lie close together stand one after the other.
        let at = pos2((x + spacing::TIGHT).max(taken), transform.frame().top());
        let label = painter.text(at, Align2::LEFT_TOP, name, font.clone(), look.accent);
        taken = label.right() + spacing::NORMAL;
    }
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, "Histogram of latency in milliseconds"));
    if let Some(at) = response.hover_pos() {
        let value = transform.value_from_position(at).x;
        let inside = bars.iter().find(|(from, _)| (*from..from + BAR).contains(&value));
        let (from, count) = inside.map_or(((value / BAR).floor() * BAR, 0), |(from, count)| (*from, *count));
        let edge = |at: f64| format::milliseconds(10_f64.powf(at));
        let operations = format::counted(u64::from(count), "operation", "operations");
        response.on_hover_text_at_pointer(look.body(format!("{} to {}: {operations}", edge(from), edge(from + BAR))));
    }
}

/// Where a latency in microseconds lies on the axis: the power of ten of its milliseconds.
fn position(us: f64) -> f64 {
    (us.max(0.5) / 1e3).log10()
}

/// Bars of equal width in powers of ten of milliseconds: where each begins, and its count.
fn bars(histogram: &Histogram) -> Vec<(f64, u32)> {
    let mut bars: Vec<(i64, u32)> = Vec::new();
    for (from, to, count) in histogram.buckets() {
        let place = (position((from + to) as f64 / 2.0) / BAR).floor() as i64;
        match bars.last_mut() {
            Some((last, sum)) if *last == place => *sum += count,
            _ => bars.push((place, count)),
        }
    }
    bars.into_iter().map(|(place, count)| (place as f64 * BAR, count)).collect()
}

/// Count, mean and percentiles in a line.
fn figures(ui: &mut Ui, look: &Look, view: &OperationsView, tally: &Tally) {
    widgets::tallies(ui, |ui| {
        let mut tell = |name: &str, value: String, help: &str| widgets::tally(ui, look, None, name, value, help);
        let per_second = tally.per_second(|counts| counts.completed, view.tick_hz);
        tell("Completed", format::with_unit(per_second, "1/s"), "Operations that are completed per second");
        let mean = tally.mean_latency_ms().map_or(format::NOTHING.to_owned(), format::milliseconds);
        tell("Mean", mean, "How long they took on average");
        for (share, name, _) in PERCENTILES {
            let value = tally.latency().quantile(share).map(|us| format::milliseconds(us / 1e3));
            let help = format!("{} of them took at most so long", format::percent(share));
            tell(name, value.unwrap_or(format::NOTHING.to_owned()), &help);
        }
    });
}

/// The buckets as a table.
fn csv(histogram: &Histogram) -> String {
    let mut text = String::from("from_ms,to_ms,operations\n");
    for (from, to, count) in histogram.buckets() {
        let _ = writeln!(text, "{},{},{count}", from as f64 / 1e3, to as f64 / 1e3);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_hold_everything_and_ascend() {
        let mut histogram = Histogram::default();
        (1..5000_u64).for_each(|step| histogram.record(step * step));
        let bars = bars(&histogram);
        assert_eq!(bars.iter().map(|bar| u64::from(bar.1)).sum::<u64>(), 4999);
        assert!(bars.windows(2).all(|two| two[0].0 < two[1].0));
        assert_eq!(position(1000.0), 0.0);
    }
}
