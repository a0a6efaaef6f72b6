//! A curve small enough to stand in a row of a table.

use agent2028_core::metrics::Series;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Pos2, Rect, Sense, Shape, Stroke, Ui, lerp, vec2};

use crate::theme::{Look, measure};

/// The last samples of a series, as many as there are pixels.
pub fn sparkline(ui: &mut Ui, look: &Look, series: &Series) {
    let (width, height) = measure::SPARKLINE;
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let stroke = Stroke::new(spacing::HAIRLINE, look.secondary);
    ui.painter().add(Shape::line(points(series, rect), stroke));
}

/// The curve within a rectangle: oldest sample at the left, smallest at the bottom; level if all samples are equal.
fn points(series: &Series, rect: Rect) -> Vec<Pos2> {
    let wanted = (rect.width() as usize).max(2);
    let samples = series.samples();
    let skip = samples.len().saturating_sub(wanted);
    let shown: Vec<f64> = samples.skip(skip).map(|(_, value)| value).collect();
    let (least, most) = shown
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(*value), most.max(*value)));
    let span = most - least;
    let last = shown.len().saturating_sub(1).max(1) as f32;
    shown
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let height = if span > 0.0 { ((value - least) / span) as f32 } else { 0.5 };
            let x = lerp(rect.x_range().min..=rect.x_range().max, index as f32 / last);
            Pos2::new(x, lerp(rect.bottom()..=rect.top(), height))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::metrics::{MetricSpec, Metrics};

    #[test]
    fn the_curve_fills_its_rectangle() {
        let mut metrics = Metrics::default();
        let id = metrics.declare(MetricSpec::cheap("m", "", ""));
        let rect = Rect::from_min_size(Pos2::ZERO, vec2(10.0, 4.0));
        assert!(points(metrics.series("m").unwrap(), rect).is_empty());
        metrics.record(id, 1.0);
        assert_eq!(points(metrics.series("m").unwrap(), rect), [Pos2::new(0.0, 2.0)]);
        metrics.record(id, 3.0);
        metrics.record(id, 2.0);
        let curve = points(metrics.series("m").unwrap(), rect);
        assert_eq!(curve, [Pos2::new(0.0, 4.0), Pos2::new(5.0, 0.0), Pos2::new(10.0, 2.0)]);
        for _ in 0..100 {
            metrics.record(id, 2.0);
        }
        assert_eq!(points(metrics.series("m").unwrap(), rect).len(), 10);
    }
}
