//! The world's size and what happens at its edges.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::check::{Check, Problems, Unit};

/// What happens at the edges of the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Edge {
    /// A torus: what leaves on one side enters on the other; distances are the shortest ones around.
    #[default]
    Wrap,
    /// Walls that reflect.
    Bounce,
    /// No edge: agents may leave the drawn area.
    Open,
}

/// The world: a rectangle centred on the origin, `x` in [−width/2, width/2), `y` in [−height/2, height/2).
#[derive(Resource, Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct WorldBounds {
    /// Width and height of the world.
    #[reflect(@Unit("units"))]
    pub size: Vec2,
    /// What happens at the edges: `Wrap`, `Bounce` or `Open`.
    pub edge: Edge,
}

impl Default for WorldBounds {
    fn default() -> Self {
        Self { size: Vec2::splat(1000.0), edge: Edge::Wrap }
    }
}

impl Check for WorldBounds {
    fn check(&self, at: &str, problems: &mut Problems) {
        for (axis, length) in [("width", self.size.x), ("height", self.size.y)] {
            if !(length.is_finite() && (1e-3..=1e7).contains(&length)) {
                problems.push(
                    format!("{at}.size"),
                    format!("the world's {axis} is {length}; it must be between 0.001 and 10 000 000 units"),
                    "for example size: (1000, 1000)",
                );
            }
        }
    }
}

impl WorldBounds {
    /// Half the width and height.
    #[must_use]
    pub fn half(&self) -> Vec2 {
        self.size * 0.5
    }

    /// The lower left corner.
    #[must_use]
    pub fn min(&self) -> Vec2 {
        -self.half()
    }

    /// The upper right corner.
    #[must_use]
    pub fn max(&self) -> Vec2 {
        self.half()
    }

    /// Whether the world is a torus.
    #[must_use]
    pub fn wraps(&self) -> bool {
        self.edge == Edge::Wrap
    }

    /// The vector from `from` to `to`; on a torus the shortest one. Both points must lie in the world.
    #[inline]
    #[must_use]
    pub fn delta(&self, from: Vec2, to: Vec2) -> Vec2 {
        let mut delta = to - from;
        if self.edge == Edge::Wrap {
            let half = self.half();
            if delta.x > half.x {
                delta.x -= self.size.x;
            } else if delta.x < -half.x {
                delta.x += self.size.x;
            }
            if delta.y > half.y {
                delta.y -= self.size.y;
            } else if delta.y < -half.y {
                delta.y += self.size.y;
            }
        }
        delta
    }

    /// The same point of the torus within the world. Points already inside keep their bits.
    #[inline]
    #[must_use]
    pub fn wrap(&self, point: Vec2) -> Vec2 {
        let half = self.half();
        Vec2::new(wrap_axis(point.x, half.x, self.size.x), wrap_axis(point.y, half.y, self.size.y))
    }

    /// Puts a point into the world as its edges say: wrapped, clamped, or left where it is. A point that isn't finite
    /// becomes the origin.
    #[must_use]
    pub fn enter(&self, point: Vec2) -> Vec2 {
        if !point.is_finite() {
            return Vec2::ZERO;
        }
        match self.edge {
            Edge::Wrap => self.wrap(point),
            Edge::Bounce => point.clamp(self.min(), self.max()),
            Edge::Open => point,
        }
    }

    /// Moves by `step`: the new position, and the velocity with the parts turned that hit a wall.
    #[inline]
    #[must_use]
    pub fn travel(&self, position: Vec2, velocity: Vec2, step: Vec2) -> (Vec2, Vec2) {
        let target = position + step;
        match self.edge {
            Edge::Open => (target, velocity),
            Edge::Wrap => (self.wrap(target), velocity),
            Edge::Bounce => {
                let half = self.half();
                let (x, turn_x) = bounce_axis(target.x, half.x);
                let (y, turn_y) = bounce_axis(target.y, half.y);
                (Vec2::new(x, y), velocity * Vec2::new(turn_x, turn_y))
            }
        }
    }
}

#[inline]
fn wrap_axis(value: f32, half: f32, size: f32) -> f32 {
    if value >= -half && value < half {
        return value;
    }
    let once = if value < -half { value + size } else { value - size };
    if once >= -half && once < half {
        return once;
    }
    // Far outside, or so close below the edge that adding the size rounds onto it.
    let folded = value - size * ((value + half) / size).floor();
    if folded >= -half && folded < half {
        folded
    } else if value.is_finite() {
        -half
    } else {
        // What is not finite must not look as if it were: it is caught and told after motion.
        value
    }
}

/// Reflects as often as there are walls in the way; returns the factor for the velocity.
#[inline]
fn bounce_axis(value: f32, half: f32) -> (f32, f32) {
    if value.is_infinite() {
        // As above.
        return (value, 1.0);
    }
    let once = if value > half {
        2.0 * half - value
    } else if value < -half {
        -2.0 * half - value
    } else {
        return (value, 1.0);
    };
    if (-half..=half).contains(&once) { (once, -1.0) } else { bounce_often(value, half) }
}

/// Reflections between two walls are a straight way through images of the world, every other one of them mirrored.
#[cold]
fn bounce_often(value: f32, half: f32) -> (f32, f32) {
    let (value, half) = (f64::from(value), f64::from(half));
    let image = ((value + half) / (2.0 * half)).floor();
    let within = (value - 2.0 * half * image).clamp(-half, half);
    if image.rem_euclid(2.0) == 0.0 { (within as f32, 1.0) } else { (-within as f32, -1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_finite_does_not_come_out_finite() {
        for edge in [Edge::Wrap, Edge::Bounce, Edge::Open] {
            let bounds = WorldBounds { edge, ..torus() };
            for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let (position, _) = bounds.travel(Vec2::ZERO, Vec2::ZERO, Vec2::new(wrong, 1.0));
                assert!(!position.is_finite(), "{edge:?} {wrong}: {position}");
            }
        }
    }

    fn torus() -> WorldBounds {
        WorldBounds { size: Vec2::new(100.0, 60.0), edge: Edge::Wrap }
    }

    #[test]
    fn distances_respect_the_wrap() {
        let delta = torus().delta(Vec2::new(49.0, 0.0), Vec2::new(-49.0, 29.0));
        assert!(delta.abs_diff_eq(Vec2::new(2.0, 29.0), 1e-5));
        let open = WorldBounds { edge: Edge::Open, ..torus() };
        assert_eq!(open.delta(Vec2::new(49.0, 0.0), Vec2::new(-49.0, 0.0)).x, -98.0);
    }

    #[test]
    fn walls_turn_the_velocity() {
        let walls = WorldBounds { edge: Edge::Bounce, ..torus() };
        let (position, velocity) = walls.travel(Vec2::new(49.0, 0.0), Vec2::new(3.0, 1.0), Vec2::new(3.0, 1.0));
        assert_eq!((position, velocity), (Vec2::new(48.0, 1.0), Vec2::new(-3.0, 1.0)));
    }

    /// The way between two walls, wall by wall.
    fn wall_by_wall(mut at: f64, mut left: f64, half: f64) -> (f64, f64) {
        let mut sign = left.signum();
        left = left.abs();
        let mut turns = 1.0;
        loop {
            let room = half - sign * at;
            if left <= room {
                return (at + sign * left, turns);
            }
            left -= room;
            (at, sign, turns) = (sign * half, -sign, -turns);
        }
    }

    #[test]
    fn a_step_may_meet_many_walls() {
        // Eighths are exact in 32 bits.
        for half in [0.5_f32, 4.0, 50.0] {
            for at in -8..=8 {
                for step in -4000..=4000 {
                    let (at, step) = (half * at as f32 / 8.0, step as f32 / 8.0);
                    let (place, turn) = bounce_axis(at + step, half);
                    let (wanted, turns) = wall_by_wall(at.into(), step.into(), half.into());
                    assert_eq!(f64::from(place), wanted, "from {at} by {step} between ±{half}");
                    // On a wall both are right: it has just been met, or is about to be.
                    assert!(f64::from(turn) == turns || wanted.abs() == f64::from(half), "from {at} by {step}: {turn}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn wrapped_points_lie_in_the_world(x in -1e6_f32..1e6, y in -1e6_f32..1e6) {
            let bounds = torus();
            let point = bounds.wrap(Vec2::new(x, y));
            prop_assert!(point.cmpge(bounds.min()).all() && point.cmplt(bounds.max()).all());
            prop_assert_eq!(bounds.wrap(point), point);
        }

        #[test]
        fn bounced_points_lie_in_the_world(x in -50_f32..=50.0, y in -30_f32..=30.0, dx in -500_f32..500.0, dy in -500_f32..500.0) {
            let bounds = WorldBounds { edge: Edge::Bounce, ..torus() };
            let (point, _) = bounds.travel(Vec2::new(x, y), Vec2::ONE, Vec2::new(dx, dy));
            prop_assert!(point.cmpge(bounds.min()).all() && point.cmple(bounds.max()).all());
        }
    }
}
