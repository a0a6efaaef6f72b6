//! Neighbourhoods that are a matter of rank, not of distance: the k nearest (Ballerini et al. 2008 found 6–7 in starlings).

use std::sync::atomic::{AtomicU64, Ordering};

use agent2028_core::parallel::Workers;
use agent2028_core::space::CellSort;
use bevy::math::Vec2;

use super::lanes::LANES;
use super::reynolds::{Boids, FlockParameters, FlockSet, Neighbourhood, Relation};
use super::rule::{Block, Influences, Record, Rule};
use super::sweep::{NextVelocities, crowd};

/// How many agents one thread works on at a time.
const CHUNK_AGENTS: usize = 256;

/// The rule that is decided by, once the neighbours are found: several flocks, any radii, any view.
pub(crate) type Everything<'a> = Boids<'a, false, true, true>;

/// Lets all agents decide by their `nearest` nearest neighbours, ties by the lowest id; separation and avoidance still
/// keep to their radii. Sums are taken nearest first. Returns how many neighbours they perceived in all.
pub(super) fn decide(
    sort: &CellSort<Record>,
    flocks: FlockSet<'_>,
    nearest: usize,
    influences: &Influences<'_>,
    next: &NextVelocities,
    workers: &Workers,
) -> u64 {
    let rule = Everything::new(flocks);
    let total = AtomicU64::new(0);
    let chunks = sort.items().len().div_ceil(CHUNK_AGENTS);
    workers.for_each_index(chunks, |chunk| {
        let end = ((chunk + 1) * CHUNK_AGENTS).min(sort.items().len());
        let mut found = Vec::with_capacity(nearest + 1);
        let mut neighbours = 0;
        for slot in (chunk * CHUNK_AGENTS..end).step_by(LANES) {
            let block = Block::load(sort.items(), slot, end);
            let lanes = rule.load(&block);
            let mut sums = rule.nobody();
            for lane in 0..block.len {
                let own = slot + lane;
                let around = look(sort, &flocks, &rule, own, nearest, &mut found);
                neighbours += around.aligned as u64;
                sums.set(lane, &around);
            }
            let crowd = |lane: usize| {
                let row = sort.row(sort.grid().row(block.y[lane]));
                crowd(sort.grid(), sort.items(), row, slot + lane)
            };
            rule.untangle(&mut sums, block.len, crowd);
            let (vx, vy) = rule.decide(&block, &lanes, &sums, influences);
            for lane in 0..block.len {
                next.set(sort.ids()[slot + lane], vx[lane], vy[lane]);
            }
        }
        // Whole numbers: the order of the additions doesn't show.
        total.fetch_add(neighbours, Ordering::Relaxed);
    });
    total.into_inner()
}

/// Sums the neighbourhood of the agent in slot `own`.
pub(crate) fn look(
    sort: &CellSort<Record>,
    flocks: &FlockSet<'_>,
    rule: &Everything<'_>,
    own: usize,
    nearest: usize,
    found: &mut Vec<(f32, usize)>,
) -> Neighbourhood {
    let (bounds, record) = (sort.grid().bounds(), sort.items()[own]);
    let parameters = rule.parameters(own);
    let offset_to = |slot: usize| bounds.delta(record.position(), sort.items()[slot].position());
    let sees = |slot: usize| slot != own && parameters.sees(record.velocity(), offset_to(slot));
    let mut sums = Neighbourhood::default();
    sort.nearest_into(record.position(), nearest, found, |slot| {
        sees(slot) && rule.relation(own, slot) == Relation::Join
    });
    for &(square, slot) in found.iter() {
        let offset = offset_to(slot);
        sums.aligned += 1.0;
        sums.velocity += sort.items()[slot].velocity();
        sums.together += 1.0;
        sums.offset += offset;
        if square < parameters.separation_radius * parameters.separation_radius {
            sums.close += offset * (1.0 / square.max(f32::MIN_POSITIVE));
        }
    }
    if flocks.relations.contains(&Relation::Avoid) {
        sort.for_each_within(record.position(), parameters.avoidance_radius, |slot, square| {
            if sees(slot) && rule.relation(own, slot) == Relation::Avoid {
                sums.strange += offset_to(slot) * (1.0 / square.max(f32::MIN_POSITIVE));
            }
        });
    }
    sums
}

impl FlockParameters {
    /// Whether an agent that flies at `velocity` sees what is at `offset` from it.
    #[must_use]
    pub fn sees(&self, velocity: Vec2, offset: Vec2) -> bool {
        let ahead = velocity.dot(offset);
        ahead * ahead.abs() >= self.view_threshold() * velocity.length_squared() * offset.length_squared()
    }
}
