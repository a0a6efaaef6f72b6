//! Where lines stand behind a chart, and what the axes say.

use bevy_egui::egui;
use egui::{FontId, Rangef, Vec2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, Plot};

use agent2028_view::tokens::{spacing, type_size};

use crate::format;
use crate::theme::{Look, measure};

/// What a chart's horizontal axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
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

/// Right of a chart there is room for one half of a label that stands below its right edge.
const BESIDE: f32 = measure::DIGIT * 2.5;

/// Whether the right half of a label has room: a time that is cut reads as another one.
fn is_whole(label: &str, value: f64, range: &std::ops::RangeInclusive<f64>, room: f32) -> bool {
    let span = range.end() - range.start();
    let right = if span > 0.0 { ((range.end() - value) / span) as f32 * room } else { 0.0 };
    label.chars().count() as f32 * measure::DIGIT / 2.0 <= right + BESIDE
}

/// A chart in the look of all charts, that fills what space there is; the pointer does what its owner says.
pub fn chart<'a>(
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
    let room = (size.x - measure::AXIS - BESIDE).max(0.0);
    let x_axis = axis(AxisHints::new_x().formatter(move |mark, range| {
        let label = x.label(mark.value, mark.step_size);
        if is_whole(&label, mark.value, range, room) { label } else { String::new() }
    }));
    let y_axis = axis(AxisHints::new_y().formatter(move |mark, _| y.label(mark.value, mark.step_size)))
        .min_thickness(measure::AXIS);
    Plot::new(egui::Id::new(("chart", salt)))
        .width((size.x - BESIDE).max(0.0))
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
pub fn with_labels<'a>(chart: Plot<'a>, look: &Look, labels: Vec<String>) -> Plot<'a> {
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
    let marks: Vec<GridMark> =
        marks.filter(|value| (least..=most).contains(value)).map(|value| GridMark { value, step_size: 1.0 }).collect();
    if !marks.is_empty() {
        return marks;
    }
    // Between two powers of ten: at round numbers.
    let bounds = (10_f64.powf(least), 10_f64.powf(most));
    let input = GridInput { bounds, base_step_size: input.base_step_size };
    let step = finer(round_step(bounds.1 - bounds.0)).find(|step| !self::marks(&input, *step).is_empty());
    let marks = step.map(|step| self::marks(&input, step)).unwrap_or_default();
    marks.into_iter().map(|mark| GridMark { value: mark.value.log10(), step_size: 1.0 }).collect()
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
pub fn time_marks(input: GridInput) -> Vec<GridMark> {
    const ROUND: [f64; 20] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
        21_600.0, 43_200.0, 86_400.0,
    ];
    let least = input.base_step_size * f64::from(measure::PLOT_GRID.0 / spacing::NORMAL);
    let at = ROUND.iter().position(|step| *step >= least);
    let wide = marks(&input, at.map_or_else(|| round_step(least), |at| ROUND[at]));
    // The origin has no label: where it stands alone, closer lines say more.
    let told = |marks: &[GridMark]| marks.iter().any(|mark| mark.value != 0.0);
    let closest = least * f64::from(CLOSER);
    let closer = ROUND[..at.unwrap_or(0)].iter().rev().take_while(|step| **step >= closest);
    let shown = closer.map(|step| marks(&input, *step)).find(|marks| told(marks));
    if told(&wide) { wide } else { shown.unwrap_or(wide) }
}

/// Lines may stand so much closer, as a share of the distance that they should have, where there would be none else.
const CLOSER: f32 = 0.42;

/// Lines at round numbers: 1, 2 or 5 times a power of ten; two at least if that is possible, and else one.
pub fn number_marks(input: GridInput, spacing_px: f32) -> Vec<GridMark> {
    let least = input.base_step_size * f64::from(spacing_px / spacing::NORMAL);
    let step = round_step(least);
    let wide = marks(&input, step);
    if wide.len() > 1 {
        return wide;
    }
    let closest = least * f64::from(CLOSER);
    let closer = || finer(step).take_while(|step| *step >= closest).map(|step| marks(&input, step));
    let two = closer().find(|marks| marks.len() > 1);
    let one = || if wide.is_empty() { closer().find(|marks| !marks.is_empty()) } else { None };
    two.or_else(one).unwrap_or(wide)
}

/// The round steps below a round step, the largest first.
fn finer(step: f64) -> impl Iterator<Item = f64> {
    let mut last = step;
    (0..24).map(move |_| {
        // A little more than the half and two fifths that are wanted: rounding must not lead back to the same step.
        last = round_step(last * 0.39).min(last * 0.51);
        last
    })
}

fn round_step(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least).unwrap_or(power * 10.0)
}

/// A time at an axis: as fine as the step between the lines.
pub fn axis_time(seconds: f64, step: f64) -> String {
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
pub fn axis_number(value: f64, step: f64) -> String {
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

    /// The lines of an axis that is so many pixels long.
    fn lines(least: f64, most: f64, pixels: f64, scale: Scale, apart: f32) -> Vec<GridMark> {
        let base_step_size = (most - least) / pixels * f64::from(spacing::NORMAL);
        scale.marks(GridInput { bounds: (least, most), base_step_size }, apart)
    }

    /// An axis without a number tells nothing. Labels are drawn where lines stand at least as far apart as letters are high.
    #[test]
    fn every_axis_has_a_number_whatever_lies_between_its_ends() {
        for pixels in [40.0_f64, 60.0, 95.0, 400.0] {
            for from in [-3.3, -0.02, 0.0, 0.31, 0.871, 9.7, 41.0, 999.5, 123_456.0] {
                for span in [0.013, 0.09, 0.13, 0.7, 1.0, 3.1, 17.0, 1234.0] {
                    let marks = lines(from, from + span, pixels, Scale::Number, measure::PLOT_GRID.1);
                    let seen = marks.iter().filter(|mark| {
                        (from..=from + span).contains(&mark.value) && mark.step_size / span * pixels >= 13.0
                    });
                    assert!(seen.count() >= 1, "{from} {span} {pixels}: {marks:?}");
                    let (low, high) = ((from.abs() + 0.001_f64).log10(), (from.abs() + span + 0.001_f64).log10());
                    let most = lines(low, high, pixels, Scale::Logarithm, 34.0);
                    assert!(!most.is_empty(), "{from} {span}");
                }
            }
        }
        for (from, span) in [(0.0, 9.9), (0.0, 8.3), (0.0, 20.0), (11.0, 3.0), (0.0, 1.0)] {
            let marks = lines(from, from + span, 150.0, Scale::Time, measure::PLOT_GRID.0);
            assert!(marks.iter().any(|mark| mark.value != 0.0), "{from} {span}: {marks:?}");
        }
    }

    #[test]
    fn finer_steps_are_round() {
        let steps: Vec<f64> = finer(10.0).take(5).collect();
        for (step, wanted) in steps.iter().zip([5.0, 2.0, 1.0, 0.5, 0.2]) {
            assert!((step - wanted).abs() < 1e-9, "{steps:?}");
        }
    }

    #[test]
    fn a_label_without_room_is_left_out_and_not_cut() {
        assert!(is_whole("0:20", 20.0, &(0.0..=20.0), 250.0));
        assert!(!is_whole("1 d 12 h", 20.0, &(0.0..=20.0), 250.0));
        assert!(is_whole("1 d 12 h", 18.0, &(0.0..=20.0), 250.0));
    }

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
