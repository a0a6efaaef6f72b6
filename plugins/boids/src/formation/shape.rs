//! The shapes of formations: where their slots are.

use std::f32::consts::TAU;

use agent2028_core::check::{Range, Unit};
use bevy::math::ops;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A shape that agents take up around an anchor. A formation heads along its own x axis.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum Shape {
    /// A line along the x axis, one behind the other, with the anchor in its middle.
    HorizontalLine,
    /// A line along the y axis, abreast, with the anchor in its middle.
    VerticalLine,
    /// A circle around the anchor: slot i of n at the angle 2πi/n.
    Circle {
        /// Its radius; by default neighbours are `spacing` apart along the circle.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        radius: Option<f32>,
    },
    /// A square grid with the anchor in its middle, filled row by row.
    Grid,
    /// A V: the first slot is the anchor, the others fall back to both sides in turn.
    Wedge {
        /// The angle between the two arms.
        #[reflect(@Range::new(1.0, 180.0), @Unit("°"))]
        opening_degrees: f32,
    },
}

impl Default for Shape {
    fn default() -> Self {
        Self::Wedge { opening_degrees: 70.0 }
    }
}

impl Shape {
    /// The slots for `count` agents around the origin, `spacing` apart, heading along x.
    #[must_use]
    pub fn slots(&self, count: usize, spacing: f32) -> Vec<Vec2> {
        let middle = (count.max(1) - 1) as f32 * 0.5;
        (0..count)
            .map(|index| match self {
                Self::HorizontalLine => Vec2::new((index as f32 - middle) * spacing, 0.0),
                Self::VerticalLine => Vec2::new(0.0, (index as f32 - middle) * spacing),
                Self::Circle { radius } => {
                    let radius = radius.unwrap_or(spacing * count as f32 / TAU);
                    let angle = TAU * index as f32 / count as f32;
                    Vec2::new(ops::cos(angle), ops::sin(angle)) * radius
                }
                Self::Grid => {
                    let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
                    let rows = count.div_ceil(columns);
                    let cell = Vec2::new((index % columns) as f32, (index / columns) as f32);
                    (cell - Vec2::new((columns - 1) as f32, (rows - 1) as f32) * 0.5) * spacing
                }
                Self::Wedge { opening_degrees } => {
                    let half = opening_degrees.to_radians() * 0.5;
                    let rank = index.div_ceil(2) as f32 * spacing;
                    let side = if index % 2 == 1 { 1.0 } else { -1.0 };
                    Vec2::new(-ops::cos(half) * rank, ops::sin(half) * rank * side)
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_n_at_radius_r_has_its_slots_at_two_pi_i_over_n() {
        for count in [1, 2, 3, 7, 100] {
            let slots = Shape::Circle { radius: Some(40.0) }.slots(count, 1.0);
            assert_eq!(slots.len(), count);
            for (index, slot) in slots.iter().enumerate() {
                let angle = f64::from(std::f32::consts::TAU) * index as f64 / count as f64;
                let expected = Vec2::new((40.0 * angle.cos()) as f32, (40.0 * angle.sin()) as f32);
                assert!(slot.abs_diff_eq(expected, 1e-3), "slot {index} of {count}: {slot}");
            }
        }
    }

    #[test]
    fn a_circle_without_a_radius_keeps_its_spacing() {
        let slots = Shape::Circle { radius: None }.slots(60, 10.0);
        assert!((slots[0].distance(slots[1]) - 10.0).abs() < 0.02);
    }

    #[test]
    fn lines_and_grids_are_centred_and_spaced() {
        for shape in [Shape::HorizontalLine, Shape::VerticalLine, Shape::Grid] {
            let slots = shape.slots(9, 5.0);
            assert!(slots.iter().sum::<Vec2>().length() < 1e-4, "{shape:?}");
            let nearest = slots[1..].iter().map(|slot| slot.distance(slots[0])).fold(f32::MAX, f32::min);
            assert_eq!(nearest, 5.0, "{shape:?}");
        }
        assert!(Shape::HorizontalLine.slots(3, 5.0).iter().all(|slot| slot.y == 0.0));
        assert!(Shape::VerticalLine.slots(3, 5.0).iter().all(|slot| slot.x == 0.0));
    }

    #[test]
    fn a_wedge_leads_from_its_tip() {
        let slots = Shape::Wedge { opening_degrees: 90.0 }.slots(5, 10.0);
        assert_eq!(slots[0], Vec2::ZERO);
        assert!(slots[1..].iter().all(|slot| slot.x < 0.0));
        assert!((slots[1].distance(slots[0]) - 10.0).abs() < 1e-4);
        assert!((slots[1] + slots[2]).y.abs() < 1e-5 && slots[3].distance(slots[1]) - 10.0 < 1e-4);
    }

    #[test]
    fn nobody_needs_no_slot() {
        for shape in [Shape::HorizontalLine, Shape::Grid, Shape::default(), Shape::Circle { radius: None }] {
            assert!(shape.slots(0, 5.0).is_empty());
        }
    }
}
