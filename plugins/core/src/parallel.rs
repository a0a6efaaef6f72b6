//! Parallelism inside systems, with results that don't depend on the number of threads.

use std::sync::Arc;

use bevy::prelude::*;
use rayon::prelude::*;

/// The threads that a simulation may use.
///
/// Every simulation has a pool of its own (Bevy's compute pool is one per process and has a single thread on a machine
/// with two cores), so runs with different thread counts can be compared in one process. With one thread nothing is
/// handed over at all. All helpers split work into chunks of a *fixed* size that the caller chooses, so the split, and
/// with it every rounding, is the same for any number of threads.
#[derive(Resource, Clone, Debug)]
pub struct Workers {
    pool: Option<Arc<rayon::ThreadPool>>,
    threads: usize,
}

impl Default for Workers {
    /// One worker per core that the process may use.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }
}

impl Workers {
    /// A pool with `threads` threads (0 counts as 1). Falls back to the calling thread if the system refuses threads.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        if threads == 1 {
            return Self { pool: None, threads };
        }
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("sim-{index}")).build();
        match pool {
            Ok(pool) => Self { pool: Some(Arc::new(pool)), threads },
            Err(error) => {
                tracing::warn!("no thread pool ({error}): the simulation runs on one thread");
                Self { pool: None, threads: 1 }
            }
        }
    }

    /// How many threads work.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Whether splitting `items` into chunks of `chunk` is worth waking other threads.
    #[must_use]
    pub fn worthwhile(&self, items: usize, chunk: usize) -> bool {
        self.pool.is_some() && items > chunk
    }

    /// Calls `work(i)` for every `i` below `count`, in any order, possibly at once. `work` must write only what belongs
    /// to its index.
    pub fn for_each_index(&self, count: usize, work: impl Fn(usize) + Send + Sync) {
        match &self.pool {
            Some(pool) if count > 1 => {
                pool.install(|| (0..count).into_par_iter().with_max_len(1).for_each(&work));
            }
            _ => (0..count).for_each(work),
        }
    }

    /// Calls `work(i, chunk)` for every chunk of `chunk_size` items of `items`.
    pub fn for_each_chunk_mut<T: Send>(
        &self,
        items: &mut [T],
        chunk_size: usize,
        work: impl Fn(usize, &mut [T]) + Send + Sync,
    ) {
        let chunk_size = chunk_size.max(1);
        match &self.pool {
            Some(pool) if items.len() > chunk_size => pool.install(|| {
                items
                    .par_chunks_mut(chunk_size)
                    .with_max_len(1)
                    .enumerate()
                    .for_each(|(index, chunk)| work(index, chunk));
            }),
            _ => items.chunks_mut(chunk_size).enumerate().for_each(|(index, chunk)| work(index, chunk)),
        }
    }

    /// Moves every item of `items` into `work` (for work lists that carry `&mut` parts), possibly at once.
    pub fn for_each_owned<T: Send>(&self, items: Vec<T>, work: impl Fn(T) + Send + Sync) {
        match &self.pool {
            Some(pool) if items.len() > 1 => {
                pool.install(|| items.into_par_iter().with_max_len(1).for_each(&work));
            }
            _ => items.into_iter().for_each(work),
        }
    }

    /// `map(i)` for every `i` below `count`; the results stand in index order.
    pub fn map_indices<R: Send>(&self, count: usize, map: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
        match &self.pool {
            Some(pool) if count > 1 => pool.install(|| (0..count).into_par_iter().with_max_len(1).map(&map).collect()),
            _ => (0..count).map(map).collect(),
        }
    }

    /// `map(i, chunk)` for every chunk of `chunk_size` items; the results stand in chunk order, to be combined in it.
    pub fn map_chunks<T: Sync, R: Send>(
        &self,
        items: &[T],
        chunk_size: usize,
        map: impl Fn(usize, &[T]) -> R + Send + Sync,
    ) -> Vec<R> {
        let chunk_size = chunk_size.max(1);
        match &self.pool {
            Some(pool) if items.len() > chunk_size => pool.install(|| {
                items
                    .par_chunks(chunk_size)
                    .with_max_len(1)
                    .enumerate()
                    .map(|(index, chunk)| map(index, chunk))
                    .collect()
            }),
            _ => items.chunks(chunk_size).enumerate().map(|(index, chunk)| map(index, chunk)).collect(),
        }
    }

    /// Runs `work` inside the pool, so that rayon's own iterators and sorts use it.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_chunk_order_have_the_same_bits_at_any_thread_count() {
        let items: Vec<f32> = (0..10_000).map(|index| 1.0 / (1.0 + index as f32)).collect();
        let sum = |threads| {
            Workers::new(threads)
                .map_chunks(&items, 256, |_, chunk| chunk.iter().sum::<f32>())
                .into_iter()
                .sum::<f32>()
                .to_bits()
        };
        let one = sum(1);
        for threads in [2, 3, 4, 8] {
            assert_eq!(one, sum(threads));
        }
    }

    #[test]
    fn every_chunk_is_seen_once_with_its_index() {
        let mut items = vec![0_usize; 1000];
        Workers::new(4).for_each_chunk_mut(&mut items, 64, |index, chunk| {
            for item in chunk {
                *item += index + 1;
            }
        });
        assert!(items.iter().enumerate().all(|(at, item)| *item == at / 64 + 1));
    }
}
