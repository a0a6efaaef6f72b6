//! Moving agents by their velocities.

use agent2028_core::parallel::Workers;
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
