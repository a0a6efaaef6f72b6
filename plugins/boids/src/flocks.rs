//! Which agents hang together: the flocks of a world, as the metric `boids.flocks` counts them and as hulls surround them.
//!
//! Two agents hang together if they are at most the cohesion radius apart; flocks are the connected components. Agents are
//! sorted into cells whose diagonal is that radius, so that all agents of a cell hang together; only neighbouring cells that
//! aren't joined yet are looked at pair by pair.

use agent2028_core::agent::{Agent, AgentGroups, AgentId, Condition, GroupId, MotionClaims, Position};
use agent2028_core::clock::SimClock;
use agent2028_core::space::WorldBounds;
use agent2028_core::union_find::UnionFind;
use bevy::math::{Rect, Vec2};
use bevy::prelude::World;

use crate::config::BoidsConfig;
use crate::mover::{MoverRole, Movers};

/// Up to so many cells have a table that finds them at once; of more, those that hold agents are searched.
const MOST_IN_TABLE: u64 = 1 << 20;
/// Most cells along an axis: single precision has no finer places.
const MOST_ALONG: usize = 1 << 24;
/// At most one in so many agents of a flock is a stranger, or the flock doesn't have its group's name.
const PURITY: usize = 10;

/// A flock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flock {
    /// Where its agents are, in world units, put next to each other across the edges of a torus.
    pub places: Vec<Vec2>,
    /// The group that (nearly) all of its agents belong to.
    pub group: Option<GroupId>,
}

/// The largest flocks of at least so many agents, the largest first, and at most how far apart two agents hang together in
/// them. None if nobody flocks.
#[must_use]
pub fn largest_flocks(world: &World, least_agents: usize, most_flocks: usize) -> Option<(f32, Vec<Flock>)> {
    let (radius, places, members) = flocking(world)?;
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    let components = Components::of(&places, &bounds, radius);
    let largest = components.largest(least_agents, most_flocks);
    let flock = |root: usize| Flock {
        places: components.unrolled(root, &places, &bounds),
        group: components.group(root, &members),
    };
    Some((radius, largest.into_iter().map(flock).collect()))
}

/// Whether an agent belongs to a flock (rather than to a predator group or to nobody; formations count as flocks).
pub(crate) fn flocks(movers: &Movers, agent: AgentId) -> bool {
    let mover = movers.mover_of(agent).and_then(|mover| movers.list.get(usize::from(mover)));
    mover.is_some_and(|mover| !matches!(mover.role, MoverRole::Predator { .. }))
}

/// The radius at which agents hang together, and the places and groups of those that flock and act.
fn flocking(world: &World) -> Option<(f32, Vec<Vec2>, Vec<Option<GroupId>>)> {
    let (config, groups) = (world.get_resource::<BoidsConfig>()?, world.get_resource::<AgentGroups>()?);
    let claims = world.get_resource::<MotionClaims>();
    let claimed: Vec<&str> = claims.map_or_else(Vec::new, |claims| claims.claimed_by_others("boids").collect());
    let movers = Movers::new(config, groups, &claimed, world.get_resource::<SimClock>()?.tick_hz());
    let radius = Some(movers.together_radius).filter(|radius| *radius > 0.0 && radius.is_finite())?;
    let mut agents = world.try_query::<(&Agent, &Position, Option<&Condition>)>()?;
    let (mut places, mut members) = (Vec::new(), Vec::new());
    for (agent, position, condition) in agents.iter(world) {
        if position.0.is_finite() && Condition::acts(condition) && flocks(&movers, agent.0) {
            places.push(position.0);
            members.push(groups.group_of(agent.0));
        }
    }
    Some((radius, places, members))
}

/// Agents in cells, and cells in connected components.
#[derive(Clone, Debug)]
pub struct Components {
    columns: usize,
    rows: usize,
    /// The cells that hold agents, ascending: row by row.
    cells: Vec<u64>,
    /// Where among `cells` each cell stands, if there are few enough for a table; above all of them if it holds nobody.
    table: Vec<u32>,
    /// Where each of these cells' agents begin in `order`; one more than there are cells.
    starts: Vec<u32>,
    /// Indices of agents, cell by cell.
    order: Vec<u32>,
    /// Every one of these cells, with the one that stands for its component in front; ascending.
    members: Vec<(u32, u32)>,
    /// How far cells that may hold agents within the radius are apart, in cells.
    reach: i64,
    wraps: bool,
}

impl Components {
    /// The components of agents at these places, which must be finite, that are connected if at most `radius` apart.
    #[must_use]
    pub fn of(places: &[Vec2], bounds: &WorldBounds, radius: f32) -> Self {
        let (min, size) = extent_of(places, bounds);
        let side = (radius * std::f32::consts::FRAC_1_SQRT_2).max(f32::MIN_POSITIVE);
        let count = |length: f32| ((length / side).ceil() as usize).clamp(1, MOST_ALONG);
        let (columns, rows) = (count(size.x), count(size.y));
        let cell = Vec2::new(size.x / columns as f32, size.y / rows as f32);
        let cell_of = |place: Vec2| {
            let at = (place - min) / cell;
            // Negative values saturate to 0.
            (at.y as usize).min(rows - 1) as u64 * columns as u64 + (at.x as usize).min(columns - 1) as u64
        };
        let mut sorted: Vec<(u64, u32)> =
            places.iter().enumerate().map(|(at, place)| (cell_of(*place), at as u32)).collect();
        sorted.sort_unstable();
        let (mut cells, mut starts) = (Vec::new(), Vec::new());
        for (at, (cell, _)) in sorted.iter().enumerate() {
            if cells.last() != Some(cell) {
                cells.push(*cell);
                starts.push(at as u32);
            }
        }
        starts.push(sorted.len() as u32);
        let mut table = Vec::new();
        let all = columns as u64 * rows as u64;
        if all <= MOST_IN_TABLE {
            table.resize(all as usize, u32::MAX);
            cells.iter().enumerate().for_each(|(at, cell)| table[*cell as usize] = at as u32);
        }
        let reach = (radius / cell.min_element()).ceil().clamp(1.0, 3.0) as i64;
        let order = sorted.into_iter().map(|(_, agent)| agent).collect();
        let mut found =
            Self { columns, rows, cells, table, starts, order, members: Vec::new(), reach, wraps: bounds.wraps() };
        found.join(places, bounds, radius);
        found
    }

    /// How many components there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.counts().len()
    }

    fn agents_of(&self, at: usize) -> &[u32] {
        &self.order[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Where among those that hold agents a cell stands.
    fn find(&self, cell: u64) -> Option<usize> {
        if self.table.is_empty() {
            return self.cells.binary_search(&cell).ok();
        }
        self.table.get(cell as usize).map(|at| *at as usize).filter(|at| *at < self.cells.len())
    }

    /// The cell with agents that many columns and rows away, and whether that goes around the torus (−1, 0 or 1 per axis).
    fn neighbour(&self, at: usize, dx: i64, dy: i64) -> Option<(usize, [i32; 2])> {
        let axis = |at: u64, step: i64, count: usize| {
            let (to, count) = (at as i64 + step, count as i64);
            if (0..count).contains(&to) {
                return Some((to as u64, 0));
            }
            self.wraps.then(|| (to.rem_euclid(count) as u64, if to < 0 { -1 } else { 1 }))
        };
        let (cell, columns) = (self.cells[at], self.columns as u64);
        let (column, around_x) = axis(cell % columns, dx, self.columns)?;
        let (row, around_y) = axis(cell / columns, dy, self.rows)?;
        Some((self.find(row * columns + column)?, [around_x, around_y]))
    }

    fn join(&mut self, places: &[Vec2], bounds: &WorldBounds, radius: f32) {
        let square = radius * radius;
        let mut sets = UnionFind::new(self.cells.len());
        for at in 0..self.cells.len() {
            for dy in 0..=self.reach {
                for dx in -self.reach..=self.reach {
                    // Half of the neighbours: the others see this cell.
                    if dy == 0 && dx <= 0 {
                        continue;
                    }
                    let Some((other, _)) = self.neighbour(at, dx, dy) else { continue };
                    let (a, b) = (sets.find(at), sets.find(other));
                    if a == b {
                        continue;
                    }
                    let near = self.agents_of(at).iter().any(|one| {
                        let from = places[*one as usize];
                        let close = |two: &u32| bounds.delta(from, places[*two as usize]).length_squared() <= square;
                        self.agents_of(other).iter().any(close)
                    });
                    if near {
                        sets.union(a, b);
                    }
                }
            }
        }
        self.members = (0..self.cells.len()).map(|at| (sets.find(at) as u32, at as u32)).collect();
        self.members.sort_unstable();
    }

    /// How many agents each component has: pairs of root and count, by root.
    fn counts(&self) -> Vec<(usize, usize)> {
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for (root, at) in &self.members {
            let here = self.agents_of(*at as usize).len();
            match counts.last_mut() {
                Some((last, count)) if *last == *root as usize => *count += here,
                _ => counts.push((*root as usize, here)),
            }
        }
        counts
    }

    /// The largest components of at least so many agents, the largest first.
    fn largest(&self, least: usize, most: usize) -> Vec<usize> {
        let mut counts = self.counts();
        counts.retain(|(_, count)| *count >= least);
        counts.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(&two.0)));
        counts.truncate(most);
        counts.into_iter().map(|(root, _)| root).collect()
    }

    fn cells_of(&self, root: usize) -> impl Iterator<Item = usize> {
        let wanted = root as u32;
        let first = self.members.partition_point(|(root, _)| *root < wanted);
        self.members[first..].iter().take_while(move |(root, _)| *root == wanted).map(|(_, at)| *at as usize)
    }

    fn group(&self, root: usize, members: &[Option<GroupId>]) -> Option<GroupId> {
        let mut counts: Vec<(Option<GroupId>, usize)> = Vec::new();
        let mut all = 0;
        for agent in self.cells_of(root).flat_map(|at| self.agents_of(at)) {
            let group = members[*agent as usize];
            all += 1;
            match counts.iter_mut().find(|(known, _)| *known == group) {
                Some((_, count)) => *count += 1,
                None => counts.push((group, 1)),
            }
        }
        let (group, most) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        group.filter(|_| (all - most) * PURITY <= all)
    }

    /// The places of a component's agents, put next to each other across the edges of a torus. One that reaches all around
    /// stays where it is along that axis.
    fn unrolled(&self, root: usize, places: &[Vec2], bounds: &WorldBounds) -> Vec<Vec2> {
        if !self.wraps {
            return self.cells_of(root).flat_map(|at| self.agents_of(at)).map(|at| places[*at as usize]).collect();
        }
        let cells: Vec<usize> = self.cells_of(root).collect();
        let mut turns: Vec<Option<[i32; 2]>> = vec![None; cells.len()];
        let mut waiting = Vec::new();
        let own = |cell: usize| cells.binary_search(&cell).ok();
        for first in 0..cells.len() {
            if turns[first].is_some() {
                continue;
            }
            turns[first] = Some([0; 2]);
            waiting.push((first, [0; 2]));
            while let Some((at, turn)) = waiting.pop() {
                for dy in -self.reach..=self.reach {
                    for dx in -self.reach..=self.reach {
                        let Some((cell, around)) = self.neighbour(cells[at], dx, dy) else { continue };
                        let Some(next) = own(cell) else { continue };
                        if turns[next].is_none() {
                            let turned = [turn[0] + around[0], turn[1] + around[1]];
                            turns[next] = Some(turned);
                            waiting.push((next, turned));
                        }
                    }
                }
            }
        }
        let spot = |at: usize, axis: usize| {
            let turn = i64::from(turns[at].map_or(0, |turn| turn[axis]));
            let (cell, columns) = (self.cells[cells[at]] as i64, self.columns as i64);
            if axis == 0 { cell % columns + turn * columns } else { cell / columns + turn * self.rows as i64 }
        };
        let rolls = |axis: usize, count: usize| {
            let spots = (0..cells.len()).map(|at| spot(at, axis));
            let (low, high) = spots.fold((i64::MAX, i64::MIN), |(low, high), at| (low.min(at), high.max(at)));
            high - low + 1 < count as i64
        };
        let shift = Vec2::new(
            if rolls(0, self.columns) { bounds.size.x } else { 0.0 },
            if rolls(1, self.rows) { bounds.size.y } else { 0.0 },
        );
        let mut unrolled = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            let [x, y] = turns[at].unwrap_or_default();
            let by = shift * Vec2::new(x as f32, y as f32);
            unrolled.extend(self.agents_of(*cell).iter().map(|agent| places[*agent as usize] + by));
        }
        unrolled
    }
}

/// Where agents are: the world, or all that they cover where they may leave it.
fn extent_of(places: &[Vec2], bounds: &WorldBounds) -> (Vec2, Vec2) {
    if bounds.wraps() {
        return (bounds.min(), bounds.size);
    }
    let covered = places.iter().fold(Rect::EMPTY, |rect, place| rect.union_point(*place));
    if covered.is_empty() { (bounds.min(), bounds.size) } else { (covered.min, covered.size().max(Vec2::splat(1e-3))) }
}

#[cfg(test)]
mod tests;
