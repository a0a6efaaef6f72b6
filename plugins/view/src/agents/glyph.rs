//! The shapes that agents are drawn as, as distances to their edges: the shader and the canvas use the same formulas.

use bevy::math::Vec2;

/// A shape. The numbers are those of the shader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Glyph {
    /// An arrow head along the heading.
    #[default]
    Dart = 0,
    /// A disc that covers as much as the dart of the same length.
    Disc = 1,
    /// Failed: hollow, with a cross.
    Cross = 2,
    /// Frozen: two bars, as on a pause button.
    Bars = 3,
    /// Around a selected agent.
    Ring = 4,
    /// Around the agent under the pointer.
    ThinRing = 5,
    /// Around an agent that waits to be changed: a ring in four pieces, as if it were aimed at.
    Aim = 6,
}

/// From this length (physical pixels) a cross has a circle around it; below, both would run together.
const CIRCLE_FROM: f32 = 9.0;

/// Half the gap between two pieces of a ring that aims, as a part of its length.
const GAP: f32 = 0.14;

/// How far inside the line of a ring a place lies.
#[inline]
fn ring(offset: Vec2, length: f32, line: f32) -> f32 {
    line * 0.5 - (offset.length() - 0.5 * length + line * 0.5).abs()
}

impl Glyph {
    /// How far the shape reaches from its middle, as a part of its length.
    #[must_use]
    pub const fn reach(self) -> f32 {
        match self {
            // The corners of a dart lie a little beyond half its length.
            Self::Dart => 0.62,
            Self::Disc => 0.3,
            _ => 0.5,
        }
    }

    /// How much of a pixel the shape covers, 0–1.
    ///
    /// `offset` goes from the shape's middle to the pixel's, `heading` is a unit vector, `length` the shape's length; all
    /// in physical pixels, in the same axes. `line` is the width of a ring's line.
    #[inline]
    #[must_use]
    pub fn coverage(self, offset: Vec2, heading: Vec2, length: f32, line: f32) -> f32 {
        let inside = match self {
            Self::Dart => {
                let along = offset.dot(heading);
                let across = heading.perp_dot(offset).abs();
                let side = 0.3387 * (0.5 * length - along) - 0.9409 * across;
                let tail = 0.8533 * (along + 0.28 * length) + 0.5215 * across;
                side.min(tail)
            }
            Self::Disc => (0.3 * length).max(0.5) - offset.length(),
            Self::Cross => {
                let stroke = (0.11 * length).max(1.0) * 0.5;
                let distance = offset.length();
                let diagonals = (offset.x + offset.y).abs().min((offset.x - offset.y).abs());
                let cross = (stroke - diagonals * std::f32::consts::FRAC_1_SQRT_2).min(0.44 * length - distance);
                let circle =
                    if length >= CIRCLE_FROM { stroke - (distance - 0.5 * length + stroke).abs() } else { -1.0 };
                cross.max(circle)
            }
            Self::Bars => {
                let bar = (0.1 * length).max(0.6) - (offset.x.abs() - 0.2 * length).abs();
                bar.min(0.4 * length - offset.y.abs())
            }
            Self::Ring | Self::ThinRing => ring(offset, length, line),
            Self::Aim => {
                let from_diagonal = (offset.x.abs() - offset.y.abs()).abs() * std::f32::consts::FRAC_1_SQRT_2;
                ring(offset, length, line).min(from_diagonal - GAP * length)
            }
        };
        (inside + 0.5).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(glyph: Glyph, length: f32) -> f32 {
        let heading = Vec2::new(0.8, 0.6);
        let reach = length as i32 + 2;
        let mut sum = 0.0;
        for y in -reach..=reach {
            for x in -reach..=reach {
                sum += glyph.coverage(Vec2::new(x as f32, y as f32), heading, length, 1.5);
            }
        }
        sum
    }

    #[test]
    fn a_disc_covers_as_much_as_a_dart_of_its_length() {
        for length in [6.0, 10.0, 24.0, 48.0] {
            let ratio = area(Glyph::Dart, length) / area(Glyph::Disc, length);
            assert!((0.85..1.2).contains(&ratio), "{length}: {ratio}");
        }
    }

    #[test]
    fn a_dart_points_along_its_heading() {
        let at = |x: f32, y: f32| Glyph::Dart.coverage(Vec2::new(x, y), Vec2::X, 20.0, 0.0);
        assert_eq!((at(8.0, 0.0), at(11.5, 0.0), at(-7.5, 0.0)), (1.0, 0.0, 0.0));
        assert!(at(-7.0, 4.0) > 0.9 && at(7.0, 4.0) == 0.0 && at(-7.0, 4.0) == at(-7.0, -4.0));
    }

    #[test]
    fn shapes_differ_in_more_than_colour_and_stay_within_their_reach() {
        let glyphs = [Glyph::Dart, Glyph::Disc, Glyph::Cross, Glyph::Bars, Glyph::Ring, Glyph::Aim];
        for length in [7.0, 14.0] {
            for (at, one) in glyphs.iter().enumerate() {
                let mut beyond = 0.0_f32;
                for turn in 0..64 {
                    let angle = std::f32::consts::TAU * turn as f32 / 64.0;
                    let out = Vec2::new(bevy::math::ops::cos(angle), bevy::math::ops::sin(angle));
                    beyond = beyond.max(one.coverage(out * (one.reach() * length + 1.2), Vec2::X, length, 1.5));
                }
                assert_eq!(beyond, 0.0, "{one:?}");
                for other in &glyphs[..at] {
                    let mut difference = 0.0;
                    for y in -8..=8 {
                        for x in -8..=8 {
                            let offset = Vec2::new(x as f32, y as f32);
                            difference += (one.coverage(offset, Vec2::X, length, 1.5)
                                - other.coverage(offset, Vec2::X, length, 1.5))
                            .abs();
                        }
                    }
                    assert!(difference > 6.0, "{one:?} {other:?} {difference}");
                }
            }
        }
    }
}
