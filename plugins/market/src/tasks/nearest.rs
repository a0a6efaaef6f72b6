//! Who is nearest to a place, among many, without looking at all of them.

use agent2028_core::space::WorldBounds;
use bevy::prelude::Vec2;

/// How many there are in a cell, about.
const PER_CELL: f32 = 2.0;
/// The most cells along one side.
const MOST_SIDE: u32 = 1024;

/// Agents in cells of the world, in the order of the cells. Built anew when it is needed: a pass over all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nearest {
    bounds: WorldBounds,
    columns: u32,
    rows: u32,
    /// Where each cell begins.
    starts: Vec<u32>,
    /// Agents and where they are, by cell.
    items: Vec<(u32, Vec2)>,
}

impl Nearest {
    /// Sorts agents into cells.
    pub(crate) fn build(&mut self, bounds: WorldBounds, agents: &[(u32, Vec2)]) {
        let area = (bounds.size.x * bounds.size.y).max(f32::MIN_POSITIVE);
        let side = (area * PER_CELL / agents.len().max(1) as f32).sqrt();
        let cells = |length: f32| ((length / side) as u32).clamp(1, MOST_SIDE);
        (self.bounds, self.columns, self.rows) = (bounds, cells(bounds.size.x), cells(bounds.size.y));
        self.starts.clear();
        self.starts.resize((self.columns * self.rows) as usize + 1, 0);
        for (_, at) in agents {
            let cell = self.cell(*at);
            self.starts[cell + 1] += 1;
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
        self.items.clear();
        self.items.resize(agents.len(), (0, Vec2::ZERO));
        let mut next = self.starts.clone();
        for (agent, at) in agents {
            let cell = self.cell(*at);
            self.items[next[cell] as usize] = (*agent, *at);
            next[cell] += 1;
        }
    }

    fn column(&self, x: f32) -> u32 {
        let along = (x - self.bounds.min().x) / self.bounds.size.x * self.columns as f32;
        (along.max(0.0) as u32).min(self.columns - 1)
    }

    fn row(&self, y: f32) -> u32 {
        let along = (y - self.bounds.min().y) / self.bounds.size.y * self.rows as f32;
        (along.max(0.0) as u32).min(self.rows - 1)
    }

    fn cell(&self, at: Vec2) -> usize {
        (self.row(at.y) * self.columns + self.column(at.x)) as usize
    }

    /// The `count` nearest of those that `admits` says so of, nearest first, those of one distance by id. At most `most` are
    /// looked at.
    pub(crate) fn find(
        &self,
        place: Vec2,
        count: usize,
        most: usize,
        mut admits: impl FnMut(u32, f32) -> bool,
    ) -> Vec<(f32, u32)> {
        let mut found: Vec<(f32, u32)> = Vec::with_capacity(count + 1);
        if self.items.is_empty() || count == 0 {
            return found;
        }
        let (column, row) = (self.column(place.x) as i64, self.row(place.y) as i64);
        let cell_side = (self.bounds.size.x / self.columns as f32).min(self.bounds.size.y / self.rows as f32);
        let furthest = i64::from(self.columns.max(self.rows));
        let mut looked = 0;
        for ring in 0..=furthest {
            // Whatever lies in this ring or beyond is at least so far away.
            let least = (ring - 1).max(0) as f32 * cell_side;
            if looked >= most || found.len() == count && found[count - 1].0 < least {
                break;
            }
            let mut visit = |across: i64, along: i64| {
                let Some(cell) = self.away((column, across), (row, along)) else { return };
                for &(agent, at) in &self.items[self.starts[cell] as usize..self.starts[cell + 1] as usize] {
                    let distance = self.bounds.delta(place, at).length();
                    looked += 1;
                    let key = (distance, agent);
                    if found.len() == count && !less(key, found[count - 1]) || !admits(agent, distance) {
                        continue;
                    }
                    let place = found.partition_point(|other| less(*other, key));
                    found.insert(place, key);
                    found.truncate(count);
                }
            };
            if ring == 0 {
                visit(0, 0);
                continue;
            }
            for across in -ring..=ring {
                visit(across, -ring);
                visit(across, ring);
            }
            for along in 1 - ring..ring {
                visit(-ring, along);
                visit(ring, along);
            }
        }
        found
    }

    /// The cell so many columns and rows away; nothing beyond the edge, or where a torus has a shorter way.
    fn away(&self, (column, across): (i64, i64), (row, along): (i64, i64)) -> Option<usize> {
        let (columns, rows) = (i64::from(self.columns), i64::from(self.rows));
        let place = |own: i64, away: i64, cells: i64| {
            if !self.bounds.wraps() {
                return Some(own + away).filter(|place| (0..cells).contains(place));
            }
            (-((cells - 1) / 2)..=cells / 2).contains(&away).then(|| (own + away).rem_euclid(cells))
        };
        Some((place(row, along, rows)? * columns + place(column, across, columns)?) as usize)
    }

    /// Its memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.starts.capacity() * 4 + self.items.capacity() * size_of::<(u32, Vec2)>()
    }
}

fn less(a: (f32, u32), b: (f32, u32)) -> bool {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).is_lt()
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng};
    use agent2028_core::space::Edge;

    use super::*;

    #[test]
    fn the_nearest_are_those_of_a_search_through_all() {
        let mut stream = SimRng::new(5).global(Purpose::new("test.nearest"), 0);
        for round in 0..60 {
            let edge = if round % 2 == 0 { Edge::Wrap } else { Edge::Bounce };
            let bounds = WorldBounds { size: Vec2::new(300.0, 40.0 + 10.0 * round as f32), edge };
            let agents: Vec<(u32, Vec2)> = (0..1 + stream.below(200))
                .map(|agent| (agent, Vec2::new(stream.unit() - 0.5, stream.unit() - 0.5) * bounds.size))
                .collect();
            let mut nearest = Nearest::default();
            nearest.build(bounds, &agents);
            for _ in 0..20 {
                let place = Vec2::new(stream.unit() - 0.5, stream.unit() - 0.5) * bounds.size;
                let count = 1 + stream.below(12) as usize;
                let found = nearest.find(place, count, usize::MAX, |agent, _| agent % 3 != 0);
                let mut wanted: Vec<(f32, u32)> = agents
                    .iter()
                    .filter(|(agent, _)| agent % 3 != 0)
                    .map(|(agent, at)| (bounds.delta(place, *at).length(), *agent))
                    .collect();
                wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                wanted.truncate(count);
                assert_eq!(found, wanted);
            }
        }
    }
}
