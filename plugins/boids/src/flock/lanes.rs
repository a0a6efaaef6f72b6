//! Eight agents at a time.
//!
//! Plain arrays and loops over [`LANES`], written so that the compiler turns each loop into vector instructions of
//! whatever set is enabled around it. Everything here is `#[inline(always)]`: a function that isn't inlined (a closure
//! too) would fall back to the instructions that every processor of the target has. Conditions are bit masks, never
//! branches. There is no fused multiply–add, so every instruction set gives the same bits.

#![allow(clippy::needless_range_loop, reason = "loops over lanes by index are what becomes vector instructions")]

/// How many agents are worked on at once.
pub const LANES: usize = 8;

/// One number for each of eight agents.
pub type Lane = [f32; LANES];

/// A condition for each of eight agents: all bits set, or none.
pub type Mask = [u32; LANES];

/// The same number in all lanes.
#[inline(always)]
#[must_use]
pub fn splat(value: f32) -> Lane {
    [value; LANES]
}

/// All bits if the condition holds, none if not.
#[inline(always)]
#[must_use]
pub fn mask(condition: bool) -> u32 {
    u32::from(condition).wrapping_neg()
}

/// `value` where the mask is set, +0 where not.
#[inline(always)]
#[must_use]
pub fn keep(mask: u32, value: f32) -> f32 {
    f32::from_bits(value.to_bits() & mask)
}

/// `yes` where the mask is set, `no` where not.
#[inline(always)]
#[must_use]
pub fn select(mask: u32, yes: f32, no: f32) -> f32 {
    f32::from_bits((yes.to_bits() & mask) | (no.to_bits() & !mask))
}

/// The short way round a torus along one axis: the same formula, bit for bit, as `WorldBounds::delta`.
#[inline(always)]
#[must_use]
pub fn short_way(delta: f32, half: f32, size: f32) -> f32 {
    let back = mask(delta > half) & (-size).to_bits();
    let forth = mask(delta < -half) & size.to_bits();
    delta + f32::from_bits(back | forth)
}

/// Shortens the vectors (x, y) to at most `most` (≥ 0).
#[inline(always)]
#[must_use]
pub fn limit(x: Lane, y: Lane, most: Lane) -> (Lane, Lane) {
    let (mut limited_x, mut limited_y) = (x, y);
    for lane in 0..LANES {
        let length = (x[lane] * x[lane] + y[lane] * y[lane]).sqrt();
        let long = mask(length > most[lane]);
        let factor = select(long, most[lane] / length, 1.0);
        limited_x[lane] = x[lane] * factor;
        limited_y[lane] = y[lane] * factor;
    }
    (limited_x, limited_y)
}

/// The vectors (x, y) with length `length`; the zero vector stays zero.
#[inline(always)]
#[must_use]
pub fn with_length(x: Lane, y: Lane, length: Lane) -> (Lane, Lane) {
    let (mut scaled_x, mut scaled_y) = (x, y);
    for lane in 0..LANES {
        let present = (x[lane] * x[lane] + y[lane] * y[lane]).sqrt();
        let factor = keep(mask(present > 0.0), length[lane] / present);
        scaled_x[lane] = x[lane] * factor;
        scaled_y[lane] = y[lane] * factor;
    }
    (scaled_x, scaled_y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::{Edge, WorldBounds};
    use bevy::math::Vec2;
    use proptest::prelude::*;

    #[test]
    fn limiting_shortens_long_vectors_only() {
        let (x, y) = limit(splat(3.0), splat(4.0), splat(10.0));
        assert_eq!((x[0], y[7]), (3.0, 4.0));
        let (x, y) = limit(splat(3.0), splat(4.0), splat(1.0));
        assert!((x[3] * x[3] + y[3] * y[3] - 1.0).abs() < 1e-6);
        let (x, y) = with_length(splat(0.0), splat(0.0), splat(5.0));
        assert_eq!((x[0], y[0]), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn the_short_way_is_the_worlds_own(from in -50_f32..50.0, to in -50_f32..50.0) {
            let world = WorldBounds { size: Vec2::splat(100.0), edge: Edge::Wrap };
            let delta = world.delta(Vec2::splat(from), Vec2::splat(to));
            prop_assert_eq!(short_way(to - from, 50.0, 100.0), delta.x);
        }
    }
}
