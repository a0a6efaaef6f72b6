//! The ground, its grid and its outline.

use agent2028_core::space::Edge;
use bevy::math::ops;
use bevy::prelude::*;

use super::FrameInput;
use crate::layer_facts::{BOUNDS, GRID};
use crate::paint::Painter;
use crate::tokens::spacing;

/// Lines of the grid are at least this far apart, in logical pixels.
const CLOSEST_LINES: f32 = 48.0;

pub(super) fn paint(painter: &mut Painter, input: &FrameInput) {
    let (projection, tokens) = (&input.projection, input.settings.tokens());
    let bounds = input.bounds();
    let pixel = 1.0 / projection.scale_factor;
    let snap = |value: f32| (value * projection.scale_factor).round() * pixel;
    let world = projection.world(&bounds);
    let world = Rect::new(snap(world.min.x), snap(world.min.y), snap(world.max.x), snap(world.max.y));
    // What is far outside the window would lose its precision on the way to the graphics processor.
    let window = Rect::from_corners(Vec2::ZERO, projection.window).inflate(4.0);
    let ground = if bounds.edge == Edge::Open { window } else { world.intersect(window) };
    if ground.is_empty() {
        return;
    }
    painter.rect(ground, tokens.world);
    if input.settings.layers.shows(&GRID) {
        let step = grid_step(projection.pixels_per_unit);
        let (from, to) = (projection.point(ground.min), projection.point(ground.max));
        let lines = |low: f32, high: f32| {
            let (first, last) = ((low / step).ceil(), (high / step).floor());
            // At the very limit of zoom single precision has no more lines to offer.
            let count = if (last - first) < 1000.0 { (last - first + 1.0).max(0.0) as usize } else { 0 };
            (0..count).map(move |at| (first + at as f32) * step)
        };
        for x in lines(from.x, to.x) {
            let at = snap(projection.pixel(Vec2::new(x, 0.0)).x);
            painter.rect(Rect::new(at, ground.min.y, at + pixel, ground.max.y), tokens.grid);
        }
        for y in lines(to.y, from.y) {
            let at = snap(projection.pixel(Vec2::new(0.0, y)).y);
            painter.rect(Rect::new(ground.min.x, at, ground.max.x, at + pixel), tokens.grid);
        }
    }
    if input.settings.layers.shows(&BOUNDS) {
        let frame = world.inflate(spacing::HAIRLINE).intersect(window.inflate(spacing::HAIRLINE));
        painter.frame(frame, spacing::HAIRLINE, tokens.hairline);
    }
}

/// The distance between lines of the grid in world units: 1, 2 or 5 times a power of ten.
pub(crate) fn grid_step(pixels_per_unit: f32) -> f32 {
    round_up(CLOSEST_LINES / pixels_per_unit)
}

/// The smallest number of the form 1, 2 or 5 × 10ⁿ that is not below `value`; 1 for what isn't positive and finite.
pub(crate) fn round_up(value: f32) -> f32 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let decade = ops::powf(10.0, ops::log10(value).floor());
    // A little slack, so that rounding in the power doesn't push a round number to the next one.
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|step| step * decade)
        .find(|step| *step >= value * 0.999_99)
        .unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_lines_stand_at_round_distances_and_not_too_close() {
        for pixels_per_unit in [0.001, 0.07, 0.68, 1.0, 33.0, 4000.0] {
            let step = grid_step(pixels_per_unit);
            let apart = step * pixels_per_unit;
            assert!((CLOSEST_LINES * 0.999..CLOSEST_LINES * 2.51).contains(&apart), "{pixels_per_unit}: {apart}");
        }
        for (value, rounded) in [(1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (7.0, 10.0), (0.021, 0.05), (200.0, 200.0)] {
            assert!((round_up(value) / rounded - 1.0).abs() < 1e-4, "{value}");
        }
        assert_eq!((round_up(0.0), round_up(f32::NAN)), (1.0, 1.0));
    }
}
