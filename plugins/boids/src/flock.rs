//! The flock kernel: who is near whom, and what each makes of it, for every agent at once.
//!
//! Agents are sorted by cell ([`CellSort`]), so that those near each other lie in a few runs of memory. Eight agents
//! that follow each other in a row of cells are worked on at a time; each of the others nearby is compared with all eight
//! ([`lanes`], [`sweep`]). Every agent sums its neighbours one after the other in (row, column, id) order. So the result
//! has the same bits for every instruction set and every number of threads, and equals the comparison of all with all
//! in that order. (It does depend on the size of the cells, which follows from the rule's reach and the world's size:
//! they are part of the model.)
//!
//! [`FlockKernel`] is the kernel with its buffers: 28 bytes per agent, reused from tick to tick. [`step`] runs it on plain
//! arrays.

pub mod birds;
pub mod lanes;
pub mod reynolds;
pub mod rule;
pub mod sweep;
pub mod topological;

#[cfg(test)]
mod equality;
#[cfg(test)]
pub(crate) mod reference;

use agent2028_core::agent::AgentId;
use agent2028_core::parallel::Workers;
use agent2028_core::space::{CellGrid, CellSort, CellSource, WorldBounds};
use bevy::math::Vec2;
use bevy::prelude::Resource;

pub use birds::Birds;
pub use reynolds::{Boids, FlockParameters, FlockSet, MOST_FLOCKS, Relation};
pub use rule::{Influences, Record, Rule};
pub use sweep::Instructions;

use sweep::{Band, NextVelocities};

/// Below this many agents, a band of rows isn't worth a thread of its own.
const LEAST_BAND_AGENTS: usize = 512;

/// The rules by which a flock may fly.
#[derive(Clone, Copy, Debug)]
pub enum Model<'a> {
    /// The birds of the ABMFrameworksComparison.
    Birds(Birds),
    /// Reynolds' boids, who perceive all within a radius.
    Boids(FlockSet<'a>),
    /// Reynolds' boids, who perceive so many of the nearest, however far they are.
    Nearest(FlockSet<'a>, usize),
}

impl Model<'_> {
    /// The largest distance at which anybody is perceived, in world units. The cells are made for it.
    #[must_use]
    pub fn reach(&self) -> f32 {
        match self {
            Self::Birds(birds) => birds.reach(),
            Self::Boids(flocks) | Self::Nearest(flocks, _) => Boids::<false, true, true>::new(*flocks).reach(),
        }
    }
}

/// The kernel's working memory.
#[derive(Resource, Debug)]
pub struct FlockKernel {
    instructions: Instructions,
    sort: CellSort<Record>,
    bands: Vec<Band>,
    next: NextVelocities,
}

impl Default for FlockKernel {
    fn default() -> Self {
        Self::with_instructions(Instructions::best())
    }
}

impl FlockKernel {
    /// A kernel that uses these instructions (or portable ones, where the machine doesn't have them).
    #[must_use]
    pub fn with_instructions(instructions: Instructions) -> Self {
        let instructions = if instructions.runs_here() { instructions } else { Instructions::Portable };
        Self { instructions, sort: CellSort::default(), bands: Vec::new(), next: NextVelocities::default() }
    }

    /// Takes in the agents: sorts them into the cells of `grid`.
    pub fn perceive<S: CellSource<Record>>(&mut self, grid: CellGrid, sources: &[S], workers: &Workers) {
        self.sort.sort(grid, sources, workers);
        // Ids are dense, so the next velocities are kept by id: whatever the tables do until the agents move, each
        // finds its own.
        self.next.reserve(self.sort.id_start(), self.sort.id_end());
    }

    /// Lets all agents decide. Returns how many neighbours they perceived in all. Nothing is computed that the model
    /// doesn't use.
    pub fn decide(&mut self, model: &Model<'_>, influences: &Influences<'_>, workers: &Workers) -> u64 {
        let flocks = match model {
            Model::Birds(birds) => return self.decide_by(birds, influences, workers),
            Model::Nearest(flocks, nearest) => {
                return topological::decide(&self.sort, *flocks, *nearest, influences, &self.next, workers);
            }
            Model::Boids(flocks) => *flocks,
        };
        let [parameters] = flocks.per_flock else {
            return self.decide_by(&Boids::<false, true, true>::new(flocks), influences, workers);
        };
        if !parameters.sees_all_around() {
            self.decide_by(&Boids::<false, true, false>::new(flocks), influences, workers)
        } else if parameters.alignment_radius == parameters.cohesion_radius {
            self.decide_by(&Boids::<true, false, false>::new(flocks), influences, workers)
        } else {
            self.decide_by(&Boids::<false, false, false>::new(flocks), influences, workers)
        }
    }

    pub(crate) fn decide_by<R: Rule>(&mut self, rule: &R, influences: &Influences<'_>, workers: &Workers) -> u64 {
        let bands = self.plan_bands(workers);
        let (instructions, sort, next) = (self.instructions, &self.sort, &self.next);
        workers.for_each_chunk_mut(&mut self.bands[..bands], 1, |_, bands| {
            for band in bands {
                sweep::sweep(instructions, rule, sort, influences, band, next);
            }
        });
        self.bands[..bands].iter().map(|band| band.neighbours).sum()
    }

    /// Cuts the rows into bands. Agents decide alone, so the cut doesn't show in the result.
    fn plan_bands(&mut self, workers: &Workers) -> usize {
        let wanted = if workers.threads() == 1 { 1 } else { 8 * workers.threads() };
        let agents = self.sort.items().len().div_ceil(wanted).max(LEAST_BAND_AGENTS);
        let agents = if workers.threads() == 1 { usize::MAX / 2 } else { agents };
        let (mut used, mut first) = (0, 0);
        while first < self.sort.grid().rows() {
            let end = self.sort.band_end(first, agents);
            if used == self.bands.len() {
                self.bands.push(Band::default());
            }
            self.bands[used].rows = first..end;
            used += 1;
            first = end;
        }
        used
    }

    /// The velocity that `agent` chose in the last sweep that it took part in; nothing if its id is above all that ever
    /// took part.
    #[inline(always)]
    #[must_use]
    pub fn decided(&self, agent: AgentId) -> Option<Vec2> {
        self.next.get(agent)
    }

    /// Makes an agent that takes no part any more stand still.
    pub(crate) fn forget(&self, agent: AgentId) {
        self.next.set(agent, 0.0, 0.0);
    }

    /// The agents as they were perceived, in (row, column, id) order.
    #[must_use]
    pub fn perceived(&self) -> &CellSort<Record> {
        &self.sort
    }

    /// Bytes held by the kernel's buffers.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.sort.memory_bytes() + self.next.memory_bytes()
    }
}

/// Agents as two plain arrays; an agent's id is its index.
#[derive(Clone, Copy, Debug)]
pub struct Arrays<'a> {
    /// Where each agent is.
    pub positions: &'a [Vec2],
    /// How each agent moves.
    pub velocities: &'a [Vec2],
}

impl CellSource<Record> for Arrays<'_> {
    fn len(&self) -> usize {
        self.positions.len().min(self.velocities.len())
    }

    #[inline(always)]
    fn item(&self, index: usize) -> Option<(AgentId, Record)> {
        Some((AgentId(index as u32), Record::new(self.positions[index], self.velocities[index])))
    }
}

/// One synchronous step of `dt` seconds on plain arrays of the same length: all perceive, all decide, all move. Returns
/// how many neighbours the agents perceived in all.
pub fn step(
    flock: &mut FlockKernel,
    model: &Model<'_>,
    bounds: &WorldBounds,
    dt: f32,
    positions: &mut [Vec2],
    velocities: &mut [Vec2],
    workers: &Workers,
) -> u64 {
    let grid = CellGrid::for_radius(*bounds, model.reach());
    flock.perceive(grid, &[Arrays { positions, velocities }], workers);
    let neighbours = flock.decide(model, &Influences::default(), workers);
    let (flock, half) = (&*flock, bounds.half());
    let travel = |first: usize, positions: &mut [Vec2], velocities: &mut [Vec2]| {
        for (at, (position, velocity)) in positions.iter_mut().zip(velocities).enumerate() {
            let next = flock.decided(AgentId((first + at) as u32)).unwrap_or(*velocity);
            (*position, *velocity) = crate::motion::travel(bounds, half, *position, next, next * dt);
        }
    };
    crate::motion::in_chunks(workers, positions, velocities, travel);
    neighbours
}
