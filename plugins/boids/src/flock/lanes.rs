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

/// The masks of all sets of lanes.
static MASKS: [Mask; 1 << LANES] = {
    let mut masks = [[0; LANES]; 1 << LANES];
    let mut set = 0;
    while set < masks.len() {
        let mut lane = 0;
        while lane < LANES {
            if set >> lane & 1 == 1 {
                masks[set][lane] = u32::MAX;
            }
            lane += 1;
        }
        set += 1;
    }
    masks
};

/// The mask of a set of lanes, a bit each.
#[inline(always)]
#[must_use]
pub fn unfold(lanes: u8) -> &'static Mask {
    &MASKS[usize::from(lanes)]
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

/// The lengths of the vectors (x, y).
#[inline(always)]
#[must_use]
pub fn lengths(x: &Lane, y: &Lane) -> Lane {
    let mut lengths = [0.0; LANES];
    for lane in 0..LANES {
        lengths[lane] = x[lane] * x[lane] + y[lane] * y[lane];
    }
    for lane in 0..LANES {
        lengths[lane] = lengths[lane].sqrt();
    }
    lengths
}

/// The vectors (x, y) times `factors`.
#[inline(always)]
#[must_use]
pub fn scaled(mut x: Lane, mut y: Lane, factors: &Lane) -> (Lane, Lane) {
    for lane in 0..LANES {
        x[lane] *= factors[lane];
    }
    for lane in 0..LANES {
        y[lane] *= factors[lane];
    }
    (x, y)
}

/// Shortens the vectors (x, y) to at most `most` (≥ 0).
#[inline(always)]
#[must_use]
pub fn limit(x: Lane, y: Lane, most: Lane) -> (Lane, Lane) {
    let lengths = lengths(&x, &y);
    let mut factors = [0.0; LANES];
    for lane in 0..LANES {
        factors[lane] = most[lane] / lengths[lane];
    }
    for lane in 0..LANES {
        factors[lane] = select(mask(lengths[lane] > most[lane]), factors[lane], 1.0);
    }
    scaled(x, y, &factors)
}

/// The vectors (x, y) with length `length`; the zero vector stays zero.
#[inline(always)]
#[must_use]
pub fn with_length(x: Lane, y: Lane, length: Lane) -> (Lane, Lane) {
    let lengths = lengths(&x, &y);
    let mut factors = [0.0; LANES];
    for lane in 0..LANES {
        factors[lane] = length[lane] / lengths[lane];
    }
    for lane in 0..LANES {
        factors[lane] = keep(mask(lengths[lane] > 0.0), factors[lane]);
    }
    scaled(x, y, &factors)
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
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn the_short_way_is_the_worlds_own(from in -50_f32..50.0, to in -50_f32..50.0) {
            let world = WorldBounds { size: Vec2::splat(100.0), edge: Edge::Wrap };
            let delta = world.delta(Vec2::splat(from), Vec2::splat(to));
            prop_assert_eq!(short_way(to - from, 50.0, 100.0), delta.x);
        }
    }
}
