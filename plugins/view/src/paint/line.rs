//! A line between two agents.

use agent2028_core::space::WorldBounds;
use bevy::math::{Rect, Vec2};

use crate::paint::{Painter, Projection};
use crate::tokens::{Rgba8, spacing};

/// A line the short way; around a torus it leaves on one side and comes back on the other.
pub(crate) fn paint(
    painter: &mut Painter,
    projection: &Projection,
    bounds: &WorldBounds,
    from: Vec2,
    to: Vec2,
    color: Rgba8,
) {
    let way = bounds.delta(from, to);
    let around = (from + way).distance_squared(to) > 1e-3 * (1.0 + to.length_squared());
    let mut part = |from: Vec2, to: Vec2| {
        let clipped =
            if around { clip(Rect::from_corners(bounds.min(), bounds.max()), from, to) } else { Some((from, to)) };
        if let Some((from, to)) = clipped {
            let (from, to) = (projection.pixel(from), projection.pixel(to));
            let seen = Rect::from_corners(from, to).inflate(1.0).intersect(projection.rect);
            if !seen.is_empty() {
                painter.line(from, to, spacing::HAIRLINE, color);
            }
        }
    };
    part(from, from + way);
    if around {
        part(to - way, to);
    }
}

/// The part of a line that lies in a rectangle (Liang & Barsky 1984).
fn clip(rect: Rect, from: Vec2, to: Vec2) -> Option<(Vec2, Vec2)> {
    let way = to - from;
    let (mut first, mut last) = (0.0_f32, 1.0_f32);
    for (step, room) in [
        (-way.x, from.x - rect.min.x),
        (way.x, rect.max.x - from.x),
        (-way.y, from.y - rect.min.y),
        (way.y, rect.max.y - from.y),
    ] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            first = first.max(room / step);
        } else {
            last = last.min(room / step);
        }
    }
    (first < last).then(|| (from + way * first, from + way * last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_edges() {
        let rect = Rect::new(-10.0, -5.0, 10.0, 5.0);
        let clipped = clip(rect, Vec2::new(0.0, 0.0), Vec2::new(20.0, 0.0));
        assert_eq!(clipped, Some((Vec2::ZERO, Vec2::new(10.0, 0.0))));
        assert_eq!(clip(rect, Vec2::new(11.0, 0.0), Vec2::new(20.0, 0.0)), None);
        assert_eq!(clip(rect, Vec2::new(-20.0, 9.0), Vec2::new(20.0, 9.0)), None);
        assert_eq!(
            clip(rect, Vec2::new(0.0, -10.0), Vec2::new(0.0, 10.0)),
            Some((Vec2::new(0.0, -5.0), Vec2::new(0.0, 5.0)))
        );
    }
}
