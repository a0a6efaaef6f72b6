//! Where lines stand behind a chart, and what the axes say.

use bevy_egui::egui;
use egui::{FontId, Rangef, Vec2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, Plot};

use agent2028_view::tokens::{spacing, type_size};

use crate::format;
use crate::theme::{Look, measure};

/// What a chart's horizontal axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Seconds of simulated time.
    Time,
    /// Any number.
    Number,
    /// Powers of ten: the values are logarithms.
    Logarithm,
}

impl Scale {
    fn marks(self, input: GridInput, spacing_px: f32) -> Vec<GridMark> {
        match self {
            Self::Time => time_marks(input),
            Self::Number => number_marks(input, spacing_px),
            Self::Logarithm => decade_marks(input),
        }
    }

    fn label(self, value: f64, step: f64) -> String {
        match self {
            Self::Time => axis_time(value, step),
            Self::Number => axis_number(value, step),
            Self::Logarithm => format::number(10_f64.powf(value)),
        }
    }
}

/// A chart in the look of all charts, that fills what space there is; the pointer does what its owner says.
pub(crate) fn chart<'a>(
    look: &Look,
    salt: impl std::hash::Hash + std::fmt::Debug,
    size: Vec2,
    x: Scale,
    y: Scale,
) -> Plot<'a> {
    let font = FontId::monospace(type_size::SMALL);
    let axis = |hints: AxisHints<'a>| {
        hints.tick_label_color(look.secondary).tick_label_font(font.clone()).label_spacing(Rangef::new(0.0, 1.0))
    };
    let x_axis = axis(AxisHints::new_x().formatter(move |mark, _| x.label(mark.value, mark.step_size)));
    let y_axis = axis(AxisHints::new_y().formatter(move |mark, _| y.label(mark.value, mark.step_size)))
        .min_thickness(measure::AXIS);
    Plot::new(egui::Id::new(("chart", salt)))
        .width(size.x)
        .height(size.y)
        .min_size(Vec2::ZERO)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .grid_color(look.hairline)
        .grid_fade(0.0)
        // The spacers below count in this many pixels.
        .grid_spacing(Rangef::new(spacing::NORMAL, f32::INFINITY))
        .set_margin_fraction(vec2(0.0, 0.0))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .x_grid_spacer(move |input| x.marks(input, measure::PLOT_GRID.0))
        .y_grid_spacer(move |input| y.marks(input, measure::PLOT_GRID.1))
}

/// The same chart with labels along its horizontal axis, in the place of 0, 1, 2 …
pub(crate) fn with_labels<'a>(chart: Plot<'a>, look: &Look, labels: Vec<String>) -> Plot<'a> {
    let count = labels.len();
    let hints = AxisHints::new_x()
        .tick_label_color(look.secondary)
        .tick_label_font(FontId::proportional(type_size::SMALL))
        .label_spacing(Rangef::new(0.0, 1.0))
        .formatter(move |mark, _| labels.get(mark.value.round() as usize).cloned().unwrap_or_default());
    chart
        .custom_x_axes(vec![hints])
        .x_grid_spacer(move |_| (0..count).map(|place| GridMark { value: place as f64, step_size: 1.0 }).collect())
}

/// Lines at powers of ten, and between them where there are few.
fn decade_marks(input: GridInput) -> Vec<GridMark> {
    let (least, most) = input.bounds;
    if !(least.is_finite() && most.is_finite() && most - least < 700.0) {
        return Vec::new();
    }
    let skip = (((most - least) / 8.0).ceil() as i64).max(1);
    let parts: &[f64] = if most - least <= 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let decades = (least.floor() as i64..=most.ceil() as i64).filter(|decade| decade % skip == 0);
    let marks = decades.flat_map(|decade| parts.iter().map(move |part| decade as f64 + part.log10()));
    marks.filter(|value| (least..=most).contains(value)).map(|value| GridMark { value, step_size: 1.0 }).collect()
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
pub(crate) fn time_marks(input: GridInput) -> Vec<GridMark> {
    const ROUND: [f64; 20] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
        21_600.0, 43_200.0, 86_400.0,
    ];
    let least = input.base_step_size * f64::from(measure::PLOT_GRID.0 / spacing::NORMAL);
    let step = ROUND.into_iter().find(|step| *step >= least).unwrap_or_else(|| round_step(least));
    marks(&input, step)
}

/// Lines at round numbers: 1, 2 or 5 times a power of ten.
pub(crate) fn number_marks(input: GridInput, spacing_px: f32) -> Vec<GridMark> {
    marks(&input, round_step(input.base_step_size * f64::from(spacing_px / spacing::NORMAL)))
}

fn round_step(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least).unwrap_or(power * 10.0)
}

/// A time at an axis: as fine as the step between the lines.
pub(crate) fn axis_time(seconds: f64, step: f64) -> String {
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
pub(crate) fn axis_number(value: f64, step: f64) -> String {
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
}
