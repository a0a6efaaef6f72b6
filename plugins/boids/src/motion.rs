//! Moving agents by their velocities.

use agent2028_core::parallel::Workers;
use agent2028_core::space::WorldBounds;
use bevy::math::Vec2;
use rayon::prelude::*;

/// How many agents one thread moves at a time.
const CHUNK_AGENTS: usize = 16_384;

/// Calls `work(index of the first, chunk of a, chunk of b)` for matching chunks of two slices of the same length.
pub fn in_chunks<A: Send, B: Send>(
    workers: &Workers,
    a: &mut [A],
    b: &mut [B],
    work: impl Fn(usize, &mut [A], &mut [B]) + Send + Sync,
) {
    if !workers.worthwhile(a.len(), CHUNK_AGENTS) {
        work(0, a, b);
        return;
    }
    workers.install(|| {
        a.par_chunks_mut(CHUNK_AGENTS)
            .zip(b.par_chunks_mut(CHUNK_AGENTS))
            .enumerate()
            .for_each(|(chunk, (a, b))| work(chunk * CHUNK_AGENTS, a, b));
    });
}

/// What `WorldBounds::travel` says, bit for bit; nearly always no edge is in the way.
#[inline(always)]
#[must_use]
pub fn travel(bounds: &WorldBounds, half: Vec2, position: Vec2, velocity: Vec2, step: Vec2) -> (Vec2, Vec2) {
    let target = position + step;
    let inside = target.x >= -half.x && target.x < half.x && target.y >= -half.y && target.y < half.y;
    if inside { (target, velocity) } else { bounds.travel(position, velocity, step) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::Edge;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn the_short_cut_says_what_the_world_says(
            x in -50_f32..=50.0, y in -30_f32..=30.0, dx in -150_f32..150.0, dy in -150_f32..150.0,
            edge in prop::sample::select(vec![Edge::Wrap, Edge::Bounce, Edge::Open]),
        ) {
            let bounds = WorldBounds { size: Vec2::new(100.0, 60.0), edge };
            let (position, step) = (Vec2::new(x, y), Vec2::new(dx, dy));
            prop_assert_eq!(
                travel(&bounds, bounds.half(), position, step, step),
                bounds.travel(position, step, step)
            );
        }
    }
}
