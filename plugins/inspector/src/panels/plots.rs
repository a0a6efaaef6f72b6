//! Curves of metrics over simulated time: the plots that the scene asks for, and one of metrics that were picked.

use agent2028_core::metrics::Metrics;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Color32, FontId, Label, Layout, Rangef, ScrollArea, Sense, Ui, Vec2, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_SHOW_CHART};
use egui_plot::{AxisHints, GridInput, GridMark, HoverPosition, Line, Plot, PlotPoints};

use crate::format;
use crate::scene::PlotPanel;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct PlotsView<'a> {
    /// All metrics.
    pub metrics: &'a Metrics,
    /// The plots of the scene.
    pub plots: &'a [PlotPanel],
    /// The tick now: the right end of the curves.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlotsState {
    /// The metrics that were picked, in the order in which they were.
    pub picked: Vec<String>,
}

impl PlotsState {
    /// Picks a metric, or no longer if it was picked. Returns whether it is picked now.
    pub fn toggle(&mut self, name: &str) -> bool {
        match self.picked.iter().position(|picked| picked == name) {
            Some(at) => {
                self.picked.remove(at);
                false
            }
            None => {
                self.picked.push(name.to_owned());
                true
            }
        }
    }
}

/// What stands above the plot of picked metrics.
const PICKED_TITLE: &str = "Picked metrics";

/// Shows the plots side by side; they scroll sideways if they don't fit.
pub fn show(ui: &mut Ui, look: &Look, view: &PlotsView, state: &mut PlotsState) {
    let picked =
        (!state.picked.is_empty()).then(|| PlotPanel { title: PICKED_TITLE.into(), metrics: state.picked.clone() });
    let panels: Vec<(&PlotPanel, bool)> =
        view.plots.iter().map(|panel| (panel, false)).chain(picked.as_ref().map(|panel| (panel, true))).collect();
    if panels.is_empty() {
        widgets::empty(
            ui,
            look,
            ICON_SHOW_CHART,
            "Nothing is plotted",
            "Click a metric in the tab Metrics to see its curve, or name plots in the scene.",
        );
        return;
    }
    let gaps = (panels.len() - 1) as f32 * spacing::SECTION;
    let width = ((ui.available_width() - gaps) / panels.len() as f32).floor().max(measure::PLOT);
    let size = vec2(width, ui.available_height());
    ScrollArea::horizontal().id_salt("plots").auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::SECTION;
            for (number, (panel, is_picked)) in panels.into_iter().enumerate() {
                ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
                    ui.set_min_size(size);
                    ui.push_id(number, |ui| plot(ui, look, view, panel, is_picked, state));
                });
            }
        });
    });
}

/// What a plot says whose metrics have not been recorded yet.
pub(crate) const NO_VALUES: &str = "No values yet";

fn plot(ui: &mut Ui, look: &Look, view: &PlotsView, panel: &PlotPanel, picked: bool, state: &mut PlotsState) {
    ui.spacing_mut().item_spacing.y = spacing::TIGHT;
    legend(ui, look, view, panel, picked, state);
    let tick_hz = view.tick_hz;
    let most = (ui.available_width() as usize).max(2);
    let curves: Vec<(String, Color32, Vec<[f64; 2]>)> = panel
        .metrics
        .iter()
        .enumerate()
        .filter_map(|(index, name)| {
            let history = view.metrics.series(name)?.history(0, view.tick, most);
            let points = history
                .iter()
                .map(|bucket| [(bucket.from + bucket.to) as f64 / 2.0 / tick_hz, bucket.mean()])
                .collect();
            Some((name.clone(), look.category(index), points))
        })
        .collect();
    if curves.iter().all(|(_, _, points)| points.is_empty()) {
        // Axes without a value would show a range that nobody measured.
        ui.centered_and_justified(|ui| ui.label(look.quiet(NO_VALUES)));
        return;
    }
    let font = FontId::monospace(agent2028_view::tokens::type_size::SMALL);
    let axis = |hints: AxisHints<'static>| {
        hints.tick_label_color(look.secondary).tick_label_font(font.clone()).label_spacing(Rangef::new(0.0, 1.0))
    };
    let x_axis = axis(AxisHints::new_x().formatter(|mark, _| axis_time(mark.value, mark.step_size)));
    let y_axis = axis(AxisHints::new_y().formatter(|mark, _| axis_number(mark.value, mark.step_size)))
        .min_thickness(measure::AXIS);
    let size = ui.available_size();
    Plot::new(("plot", &panel.title))
        .width(size.x)
        .height(size.y)
        .min_size(Vec2::ZERO)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .sense(Sense::hover())
        .show_background(false)
        .grid_color(look.hairline)
        .grid_fade(0.0)
        // The spacers below count in this many pixels.
        .grid_spacing(Rangef::new(spacing::NORMAL, f32::INFINITY))
        .cursor_color(look.secondary)
        .set_margin_fraction(vec2(0.0, 0.08))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .x_grid_spacer(time_marks)
        .y_grid_spacer(number_marks)
        .include_x(0.0)
        // A second at least: a first value alone would stand in a range that reaches below 0.
        .include_x((view.tick as f64 / tick_hz).max(1.0))
        .label_formatter(|hover| match hover {
            HoverPosition::NearDataPoint { plot_name, position, .. } => {
                Some(format!("{plot_name}\n{}\n{}", format::number(position.y), format::clock(position.x)))
            }
            HoverPosition::Elsewhere { position } => Some(format::clock(position.x)),
        })
        .show(ui, |plot| {
            for (name, color, points) in curves {
                plot.line(Line::new(name, PlotPoints::new(points)).color(color).width(measure::CURVE));
            }
        });
}

/// Title, and for each metric its colour, name, last value and unit.
fn legend(ui: &mut Ui, look: &Look, view: &PlotsView, panel: &PlotPanel, picked: bool, state: &mut PlotsState) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.add(Label::new(look.strong(panel.title.as_str())).truncate());
        ui.add_space(spacing::TIGHT);
        let entries = ScrollArea::horizontal().id_salt("legend").auto_shrink([false, true]);
        entries.scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden).show(ui, |ui| {
            for (index, name) in panel.metrics.iter().enumerate() {
                legend_entry(ui, look, view, name, look.category(index));
                if picked {
                    let response = widgets::icon_button(ui, look, ICON_CLOSE, &format!("Plot {name} no longer"));
                    if response.clicked() {
                        state.toggle(name);
                    }
                }
                ui.add_space(spacing::NORMAL);
            }
        });
    });
}

fn legend_entry(ui: &mut Ui, look: &Look, view: &PlotsView, name: &str, tint: Color32) {
    widgets::swatch(ui, tint);
    let Some(spec) = view.metrics.spec(name) else {
        ui.label(look.quiet(name).color(look.warning))
            .on_hover_text(look.body("There is no metric of this name in the running scene"));
        return;
    };
    // The last word of a dotted name tells the curves of a plot apart; the whole name is in the tooltip.
    let short = name.rsplit('.').next().unwrap_or(name);
    let label = ui.label(look.quiet(format::label_of(short)));
    label.on_hover_text(look.body(format!("{name}: {}", spec.help)));
    let value = view.metrics.value(name).map_or(format::NOTHING.to_owned(), format::number);
    ui.label(look.figure(value));
    if !spec.unit.is_empty() {
        ui.label(look.quiet(spec.unit));
    }
}

fn marks(input: &GridInput, step: f64) -> Vec<GridMark> {
    let (least, most) = input.bounds;
    if !(step.is_finite() && step > 0.0 && least.is_finite() && most.is_finite()) {
        return Vec::new();
    }
    let first = (least / step).ceil() as i64;
    let last = (most / step).floor() as i64;
    // Far more lines than a plot has pixels can only come from bounds that make no sense.
    (first..=last.min(first.saturating_add(1000)))
        .map(|index| GridMark { value: index as f64 * step, step_size: step })
        .collect()
}

/// Lines at round times: 1, 2, 5, 10, 15, 30 seconds, minutes, then hours.
fn time_marks(input: GridInput) -> Vec<GridMark> {
    const ROUND: [f64; 20] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
        21_600.0, 43_200.0, 86_400.0,
    ];
    let least = input.base_step_size * f64::from(measure::PLOT_GRID.0 / spacing::NORMAL);
    let step = ROUND.into_iter().find(|step| *step >= least).unwrap_or_else(|| round_step(least));
    marks(&input, step)
}

/// Lines at round numbers: 1, 2 or 5 times a power of ten.
fn number_marks(input: GridInput) -> Vec<GridMark> {
    marks(&input, round_step(input.base_step_size * f64::from(measure::PLOT_GRID.1 / spacing::NORMAL)))
}

fn round_step(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least).unwrap_or(power * 10.0)
}

/// A time at an axis: as fine as the step between the lines.
fn axis_time(seconds: f64, step: f64) -> String {
    // The origin needs no label; it would run into that of the other axis.
    if seconds == 0.0 {
        return String::new();
    }
    let whole = seconds.round().max(0.0) as u64;
    if step < 1.0 {
        format!("{}:{:04.1}", whole / 60, seconds - (whole / 60 * 60) as f64)
    } else if step < 3600.0 && whole < 3600 {
        format!("{}:{:02}", whole / 60, whole % 60)
    } else if whole < 86_400 {
        format!("{}:{:02} h", whole / 3600, whole / 60 % 60)
    } else {
        format!("{} d {} h", whole / 86_400, whole / 3600 % 24)
    }
}

/// A number at an axis: as many places as the step between the lines has; large ones with k, M, G.
fn axis_number(value: f64, step: f64) -> String {
    for (size, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if value.abs() >= size * 10.0 || (value.abs() >= size && step >= size) {
            return format!("{}{letter}", format::fixed(value / size, format::decimals_for_step(step / size).min(2)));
        }
    }
    if step < 1e-5 {
        return format::number(value);
    }
    format::fixed(value, format::decimals_for_step(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_speak_in_round_numbers() {
        assert_eq!(round_step(0.7), 1.0);
        assert_eq!(round_step(1.2), 2.0);
        assert!((round_step(0.031) - 0.05).abs() < 1e-12);
        assert_eq!(axis_time(75.0, 15.0), "1:15");
        assert_eq!(axis_time(2.5, 0.5), "0:02.5");
        assert_eq!(axis_time(7260.0, 600.0), "2:01 h");
        assert_eq!(axis_number(0.25, 0.25), "0.25");
        assert_eq!(axis_number(20_000.0, 5000.0), "20k");
        assert_eq!(axis_number(1_500_000.0, 500_000.0), "1\u{202f}500k");
        assert_eq!(axis_number(2_000_000.0, 1_000_000.0), "2M");
    }

    #[test]
    fn picking_twice_is_picking_no_more() {
        let mut state = PlotsState::default();
        assert!(state.toggle("a") && state.toggle("b") && !state.toggle("a"));
        assert_eq!(state.picked, ["b"]);
    }
}
