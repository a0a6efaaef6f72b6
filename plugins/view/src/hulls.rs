//! Soft hulls around flocks: which agents hang together, and a line around each such group.
//!
//! Two agents hang together if they are at most the cohesion radius apart, as in the metric `boids.flocks`. Agents are
//! sorted into cells whose diagonal is that radius, so that all agents of a cell hang together; only neighbouring cells
//! that aren't joined yet are looked at pair by pair. A hull is the line around discs that stand on a flock's agents, traced
//! by marching squares (Maple 2003). On a torus a flock is unrolled before that, so that its hull is in one piece.

use agent2028_boids::BoidsConfig;
use agent2028_boids::config::FlockModel;
use agent2028_core::agent::{Agent, AgentGroups, Condition, GroupId, MotionClaims, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_core::union_find::UnionFind;
use bevy::prelude::*;

use crate::pace::Pace;
use crate::paint::triangulate;

/// Fewer agents than this are no flock worth a hull.
const LEAST_AGENTS: usize = 4;
/// Most hulls: the largest flocks have one.
const MOST_HULLS: usize = 120;
/// Most cells that agents are sorted into. In a larger world cells are larger, and agents of a cell count as one flock.
const MOST_CELLS: f32 = 1_048_576.0;
/// How far a hull stands off its agents, in parts of the cohesion radius: more than half, so that a flock's discs touch.
const STAND_OFF: f32 = 0.6;
/// Most steps of the grid that a hull is traced on, along its longer side.
const MOST_STEPS: f32 = 160.0;
/// Most corners of a hull before they are rounded, which makes four of each.
const MOST_CORNERS: usize = 200;
/// At most one in so many agents of a flock is a stranger, or the flock doesn't have its group's colour.
const PURITY: usize = 10;

/// The line around a flock.
#[derive(Clone, Debug, PartialEq)]
pub struct Hull {
    /// The corners, counter-clockwise (y up), in world units; on a torus they may lie beyond the world's edge.
    pub outline: Vec<Vec2>,
    /// The area as triangles: three indices of corners each.
    pub triangles: Vec<u32>,
    /// The rectangle around the corners.
    pub extent: Rect,
    /// How many agents the flock has.
    pub agents: usize,
    /// The most central place of an agent of it, in the same coordinates as the corners.
    pub center: Vec2,
    /// The group that (nearly) all of its agents belong to.
    pub group: Option<GroupId>,
}

/// The hulls of all flocks, as of a moment ago.
#[derive(Resource, Clone, Debug, Default)]
pub struct Hulls {
    list: Vec<Hull>,
    pace: Pace,
}

impl Hulls {
    /// The hulls, the largest flock first.
    #[must_use]
    pub fn list(&self) -> &[Hull] {
        &self.list
    }

    /// Looks at the flocks again, if they are shown and it is time to. `now` is real time in seconds; `exact` looks at
    /// every new tick, for pictures.
    pub fn follow(&mut self, simulation: &Simulation, shown: bool, now: f64, exact: bool) {
        if !shown {
            self.list.clear();
            self.pace = Pace::default();
            return;
        }
        let key = (simulation.generation(), simulation.tick());
        let Self { list, pace } = self;
        pace.at_most_some(key, now, exact, || *list = hulls_of(simulation));
    }
}

/// How far apart agents of a flock may be: the cohesion radius, if the scene has flocks.
#[must_use]
pub fn together_radius(world: &World) -> Option<f32> {
    let config = world.get_resource::<BoidsConfig>()?;
    let radius = match config.model {
        FlockModel::Reynolds => config.cohesion.radius,
        FlockModel::AbmFrameworksComparison { vision, .. } => vision,
    };
    (radius > 0.0 && radius.is_finite()).then_some(radius)
}

fn hulls_of(simulation: &Simulation) -> Vec<Hull> {
    let world = simulation.world();
    let Some((radius, places, members)) = flocking(world) else {
        return Vec::new();
    };
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    let flocks = Flocks::of(&places, &bounds, radius);
    flocks
        .largest()
        .into_iter()
        .filter_map(|flock| {
            let unrolled = flocks.unrolled(flock, &places, &bounds);
            let (outline, triangles) = outline_around(&unrolled, radius)?;
            let extent = outline.iter().fold(Rect::EMPTY, |rect, corner| rect.union_point(*corner));
            let agents = unrolled.len();
            let group = flocks.group(flock, &members);
            Some(Hull { outline, triangles, extent, agents, center: most_central(&unrolled)?, group })
        })
        .collect()
}

/// The cohesion radius, and the places and groups of the agents that flock: those that act, and that neither hunt nor are
/// moved by something else, as in the metric `boids.flocks`.
fn flocking(world: &World) -> Option<(f32, Vec<Vec2>, Vec<Option<GroupId>>)> {
    let radius = together_radius(world)?;
    let config = world.get_resource::<BoidsConfig>()?;
    let groups = world.get_resource::<AgentGroups>()?;
    let claims = world.get_resource::<MotionClaims>();
    let alone = config.flocks.is_empty();
    let flocks: Vec<bool> = groups
        .groups()
        .iter()
        .map(|group| {
            let flies = config.flocks.iter().any(|flock| flock.agents == group.name)
                || config.formations.iter().any(|formation| formation.agents == group.name);
            let hunts = config.predators.iter().any(|predator| predator.agents == group.name);
            let claimed = claims.is_some_and(|claims| claims.claimed_by_others("boids").any(|name| name == group.name));
            flies || (alone && !hunts && !claimed)
        })
        .collect();
    let mut agents = world.try_query::<(&Agent, &Position, Option<&Condition>)>()?;
    let (mut places, mut members) = (Vec::new(), Vec::new());
    for (agent, position, condition) in agents.iter(world) {
        if position.0.is_finite() && Condition::acts(condition) {
            let group = groups.group_of(agent.0);
            let takes_part = group.map_or(alone, |group| flocks.get(usize::from(group.0)).copied().unwrap_or(false));
            if takes_part {
                places.push(position.0);
                members.push(group);
            }
        }
    }
    Some((radius, places, members))
}

/// The place that is nearest to the mean of all: unlike the mean it never lies beside a bent flock.
fn most_central(places: &[Vec2]) -> Option<Vec2> {
    let sum = places.iter().fold((0.0_f64, 0.0_f64), |sum, at| (sum.0 + f64::from(at.x), sum.1 + f64::from(at.y)));
    let count = places.len().max(1) as f64;
    let mean = Vec2::new((sum.0 / count) as f32, (sum.1 / count) as f32);
    places.iter().copied().min_by(|one, two| one.distance_squared(mean).total_cmp(&two.distance_squared(mean)))
}

/// Agents in cells, and cells in flocks.
struct Flocks {
    columns: usize,
    rows: usize,
    /// Where each cell's agents begin in `order`; one more than there are cells.
    starts: Vec<u32>,
    /// Indices of agents, cell by cell.
    order: Vec<u32>,
    /// The cells of one flock are one set.
    sets: UnionFind,
    /// Every cell that holds agents, with the cell that stands for its flock in front; ascending.
    members: Vec<(u32, u32)>,
    /// How far cells that may hold agents within the radius are apart, in cells.
    reach: i64,
    wraps: bool,
}

impl Flocks {
    fn of(places: &[Vec2], bounds: &WorldBounds, radius: f32) -> Self {
        let (min, size) = extent_of(places, bounds);
        let least = ((size.x * size.y) / MOST_CELLS).sqrt();
        let side = (radius * std::f32::consts::FRAC_1_SQRT_2).max(least).max(f32::MIN_POSITIVE);
        let count = |length: f32| ((length / side).ceil() as usize).clamp(1, 1 << 20);
        let (columns, rows) = (count(size.x), count(size.y));
        let cell = Vec2::new(size.x / columns as f32, size.y / rows as f32);
        let cell_of = |place: Vec2| {
            let at = (place - min) / cell;
            // Negative values saturate to 0.
            (at.y as usize).min(rows - 1) * columns + (at.x as usize).min(columns - 1)
        };
        let mut starts = vec![0_u32; columns * rows + 1];
        for place in places {
            starts[cell_of(*place) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut order = vec![0_u32; places.len()];
        for (index, place) in places.iter().enumerate() {
            let slot = &mut next[cell_of(*place)];
            order[*slot as usize] = index as u32;
            *slot += 1;
        }
        let reach = (radius / cell.min_element()).ceil().clamp(1.0, 3.0) as i64;
        let sets = UnionFind::new(columns * rows);
        let mut flocks = Self { columns, rows, starts, order, sets, members: Vec::new(), reach, wraps: bounds.wraps() };
        flocks.join(places, bounds, radius);
        flocks
    }

    fn agents_of(&self, cell: usize) -> &[u32] {
        &self.order[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }

    /// The cell that many columns and rows away, and whether that goes around the torus (−1, 0 or 1 per axis).
    fn neighbour(&self, cell: usize, dx: i64, dy: i64) -> Option<(usize, [i32; 2])> {
        let axis = |at: usize, step: i64, count: usize| {
            let (to, count) = (at as i64 + step, count as i64);
            if (0..count).contains(&to) {
                return Some((to as usize, 0));
            }
            self.wraps.then(|| (to.rem_euclid(count) as usize, if to < 0 { -1 } else { 1 }))
        };
        let (column, around_x) = axis(cell % self.columns, dx, self.columns)?;
        let (row, around_y) = axis(cell / self.columns, dy, self.rows)?;
        Some((row * self.columns + column, [around_x, around_y]))
    }

    fn join(&mut self, places: &[Vec2], bounds: &WorldBounds, radius: f32) {
        let square = radius * radius;
        for cell in 0..self.columns * self.rows {
            if self.agents_of(cell).is_empty() {
                continue;
            }
            for dy in 0..=self.reach {
                for dx in -self.reach..=self.reach {
                    // Half of the neighbours: the others see this cell.
                    if dy == 0 && dx <= 0 {
                        continue;
                    }
                    let Some((other, _)) = self.neighbour(cell, dx, dy) else { continue };
                    let (a, b) = (self.sets.find(cell), self.sets.find(other));
                    if a == b || self.agents_of(other).is_empty() {
                        continue;
                    }
                    let near = self.agents_of(cell).iter().any(|one| {
                        let from = places[*one as usize];
                        let close = |two: &u32| bounds.delta(from, places[*two as usize]).length_squared() <= square;
                        self.agents_of(other).iter().any(close)
                    });
                    if near {
                        self.sets.union(a, b);
                    }
                }
            }
        }
        for cell in 0..self.sets.len() {
            if !self.agents_of(cell).is_empty() {
                let root = self.sets.find(cell) as u32;
                self.members.push((root, cell as u32));
            }
        }
        self.members.sort_unstable();
    }

    /// How many agents each flock has: pairs of root and count, by root.
    fn counts(&self) -> Vec<(usize, usize)> {
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for (root, cell) in &self.members {
            let here = self.agents_of(*cell as usize).len();
            match counts.last_mut() {
                Some((last, count)) if *last == *root as usize => *count += here,
                _ => counts.push((*root as usize, here)),
            }
        }
        counts
    }

    /// The largest flocks, the largest first.
    fn largest(&self) -> Vec<usize> {
        let mut counts = self.counts();
        counts.retain(|(_, count)| *count >= LEAST_AGENTS);
        counts.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(&two.0)));
        counts.truncate(MOST_HULLS);
        counts.into_iter().map(|(root, _)| root).collect()
    }

    fn cells(&self, root: usize) -> impl Iterator<Item = usize> {
        let wanted = root as u32;
        let first = self.members.partition_point(|(root, _)| *root < wanted);
        self.members[first..].iter().take_while(move |(root, _)| *root == wanted).map(|(_, cell)| *cell as usize)
    }

    fn group(&self, root: usize, members: &[Option<GroupId>]) -> Option<GroupId> {
        let mut counts: Vec<(Option<GroupId>, usize)> = Vec::new();
        let mut all = 0;
        for agent in self.cells(root).flat_map(|cell| self.agents_of(cell)) {
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

    /// The places of a flock's agents, put next to each other across the edges of a torus. A flock that reaches all
    /// around stays where it is along that axis.
    fn unrolled(&self, root: usize, places: &[Vec2], bounds: &WorldBounds) -> Vec<Vec2> {
        if !self.wraps {
            return self.cells(root).flat_map(|cell| self.agents_of(cell)).map(|at| places[*at as usize]).collect();
        }
        let cells: Vec<usize> = self.cells(root).collect();
        let mut turns: Vec<Option<[i32; 2]>> = vec![None; cells.len()];
        let mut waiting = Vec::new();
        let own = |cell: usize| cells.binary_search(&cell).ok();
        for first in 0..cells.len() {
            if turns[first].is_some() || self.agents_of(cells[first]).is_empty() {
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
            let turn = turns[at].map_or(0, |turn| turn[axis]) as i64;
            let (place, count) = if axis == 0 {
                (cells[at] % self.columns, self.columns)
            } else {
                (cells[at] / self.columns, self.rows)
            };
            place as i64 + turn * count as i64
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

/// The line around discs on these places, counter-clockwise, and its area in triangles. None if that is nothing.
fn outline_around(places: &[Vec2], radius: f32) -> Option<(Vec<Vec2>, Vec<u32>)> {
    let covered = places.iter().fold(Rect::EMPTY, |rect, place| rect.union_point(*place));
    let step = (radius * 0.3).max(covered.size().max_element() / MOST_STEPS);
    let disc = (radius * STAND_OFF).max(1.5 * step);
    let field = DiscField::of(places, covered, disc, step);
    let loops = field.trace();
    let longest = loops.into_iter().max_by(|one, two| area(one).total_cmp(&area(two)))?;
    // Fewer corners first, then rounder ones: in the other order the left-out corners would show when one zooms in.
    let every = longest.len().div_ceil(MOST_CORNERS);
    let outline = rounded(&rounded(&longest.into_iter().step_by(every).collect::<Vec<_>>()));
    let triangles = triangulate(&outline)?;
    Some((outline, triangles))
}

fn area(points: &[Vec2]) -> f32 {
    (0..points.len()).map(|at| points[at].perp_dot(points[(at + 1) % points.len()])).sum::<f32>() * 0.5
}

/// Cuts all corners (Chaikin 1974).
fn rounded(points: &[Vec2]) -> Vec<Vec2> {
    (0..points.len())
        .flat_map(|at| {
            let (from, to) = (points[at], points[(at + 1) % points.len()]);
            [from.lerp(to, 0.25), from.lerp(to, 0.75)]
        })
        .collect()
}

/// At the points of a grid: above 0 in a disc, below 0 outside of all.
struct DiscField {
    corner: Vec2,
    step: f32,
    columns: usize,
    rows: usize,
    values: Vec<f32>,
}

const NONE: u32 = u32::MAX;

impl DiscField {
    fn of(places: &[Vec2], covered: Rect, disc: f32, step: f32) -> Self {
        // A disc's values fall to −1 at √2 times its radius; beyond that lies a rim of untouched points.
        let margin = disc * 1.5 + 2.0 * step;
        let corner = covered.min - margin;
        let size = (covered.size() + 2.0 * margin) / step;
        let (columns, rows) = (size.x.ceil() as usize + 1, size.y.ceil() as usize + 1);
        let mut field = Self { corner, step, columns, rows, values: vec![-1.0; columns * rows] };
        let (reach, per_square) = (disc * std::f32::consts::SQRT_2, 1.0 / (disc * disc));
        for place in places {
            let at = (*place - corner) / step;
            let span = reach / step;
            let range = |at: f32, count: usize| {
                ((at - span).ceil().max(0.0) as usize)..((at + span).floor() as usize + 1).min(count)
            };
            for row in range(at.y, rows) {
                for column in range(at.x, columns) {
                    let offset = (Vec2::new(column as f32, row as f32) - at) * step;
                    let value = &mut field.values[row * columns + column];
                    *value = value.max(1.0 - offset.length_squared() * per_square);
                }
            }
        }
        field
    }

    fn value(&self, column: usize, row: usize) -> f32 {
        self.values[row * self.columns + column]
    }

    /// Where the line crosses an edge of the grid: first the level edges, then the upright ones.
    fn crossing(&self, edge: usize) -> Vec2 {
        let count = self.columns * self.rows;
        let (point, along) = if edge < count { (edge, (1, 0)) } else { (edge - count, (0, 1)) };
        let (column, row) = (point % self.columns, point / self.columns);
        let (from, to) = (self.value(column, row), self.value(column + along.0, row + along.1));
        let share = if from == to { 0.5 } else { (from / (from - to)).clamp(0.0, 1.0) };
        let start = Vec2::new(column as f32, row as f32);
        self.corner + (start + Vec2::new(along.0 as f32, along.1 as f32) * share) * self.step
    }

    /// The closed lines at 0 with the discs on their left: around a flock counter-clockwise, around a hole clockwise.
    fn trace(&self) -> Vec<Vec<Vec2>> {
        let count = self.columns * self.rows;
        let mut next = vec![NONE; 2 * count];
        for row in 0..self.rows - 1 {
            for column in 0..self.columns - 1 {
                let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(x, y)| self.value(column + x, row + y));
                let case =
                    corners.iter().enumerate().fold(0, |case, (bit, value)| case | u8::from(*value > 0.0) << bit);
                let at = row * self.columns + column;
                let (bottom, top, left, right) = (at, at + self.columns, count + at, count + at + 1);
                let joined = corners.iter().sum::<f32>() > 0.0;
                let mut link = |from: usize, to: usize| next[from] = to as u32;
                match case {
                    1 => link(bottom, left),
                    2 => link(right, bottom),
                    3 => link(right, left),
                    4 => link(top, right),
                    5 if joined => {
                        link(bottom, right);
                        link(top, left);
                    }
                    5 => {
                        link(bottom, left);
                        link(top, right);
                    }
                    6 => link(top, bottom),
                    7 => link(top, left),
                    8 => link(left, top),
                    9 => link(bottom, top),
                    10 if joined => {
                        link(right, top);
                        link(left, bottom);
                    }
                    10 => {
                        link(right, bottom);
                        link(left, top);
                    }
                    11 => link(right, top),
                    12 => link(left, right),
                    13 => link(bottom, right),
                    14 => link(left, bottom),
                    _ => {}
                }
            }
        }
        let mut loops = Vec::new();
        for start in 0..next.len() {
            let mut line = Vec::new();
            let mut edge = start as u32;
            while next[edge as usize] != NONE {
                line.push(self.crossing(edge as usize));
                edge = std::mem::replace(&mut next[edge as usize], NONE);
            }
            if line.len() >= 3 {
                loops.push(line);
            }
        }
        loops
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::Edge;
    use bevy::math::ops;

    fn bounds(edge: Edge) -> WorldBounds {
        WorldBounds { size: Vec2::splat(100.0), edge }
    }

    fn sizes(places: &[Vec2], edge: Edge, radius: f32) -> Vec<usize> {
        let flocks = Flocks::of(places, &bounds(edge), radius);
        let mut sizes: Vec<usize> = flocks.counts().into_iter().map(|(_, count)| count).collect();
        sizes.sort_unstable();
        sizes
    }

    /// Scattered places from a linear congruential generator (Knuth's MMIX).
    fn scatter(count: usize, seed: u64) -> Vec<Vec2> {
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        (0..count).map(|_| Vec2::new(next() * 100.0 - 50.0, next() * 100.0 - 50.0)).collect()
    }

    /// By definition: every pair is looked at.
    fn by_definition(places: &[Vec2], edge: Edge, radius: f32) -> Vec<usize> {
        let bounds = bounds(edge);
        let mut flock: Vec<usize> = (0..places.len()).collect();
        for one in 0..places.len() {
            for two in 0..one {
                if bounds.delta(places[one], places[two]).length() <= radius && flock[one] != flock[two] {
                    let (from, to) = (flock[one], flock[two]);
                    flock.iter_mut().filter(|flock| **flock == from).for_each(|flock| *flock = to);
                }
            }
        }
        let mut sizes = vec![0; places.len()];
        flock.iter().for_each(|flock| sizes[*flock] += 1);
        sizes.retain(|size| *size > 0);
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn flocks_are_those_of_the_definition() {
        for (seed, count) in [(1, 30), (2, 120), (3, 300), (4, 300)] {
            let places = scatter(count, seed);
            for edge in [Edge::Wrap, Edge::Bounce] {
                for radius in [1.5, 4.0, 7.0, 40.0] {
                    let expected = by_definition(&places, edge, radius);
                    assert_eq!(sizes(&places, edge, radius), expected, "{seed} {edge:?} {radius}");
                }
            }
        }
        assert!(sizes(&[], Edge::Wrap, 5.0).is_empty());
    }

    #[test]
    fn there_are_as_many_flocks_as_the_metric_says() {
        use agent2028_boids::BoidsPlugin;
        use agent2028_boids::config::{FlockConfig, PredatorConfig};
        use agent2028_core::SimCorePlugin;
        use agent2028_core::agent::{AgentGroup, AgentId, Placement, fail_agents, spawn_group};
        use agent2028_core::metrics::Metrics;
        for named in [false, true] {
            let mut app = App::new();
            app.add_plugins(SimCorePlugin::default());
            let mut config =
                BoidsConfig { predators: vec![PredatorConfig { agents: "hawk".into(), ..default() }], ..default() };
            if named {
                config.flocks = vec![FlockConfig { agents: "bird".into(), ..default() }];
            }
            app.add_plugins(BoidsPlugin { config });
            for (name, count) in [("bird", 250), ("hawk", 6), ("gull", 60)] {
                let group = AgentGroup { name: name.into(), ..default() };
                let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
                spawn_group(app.world_mut(), group, count, &Placement::World).unwrap();
            }
            fail_agents(app.world_mut(), &(0..40).map(AgentId).collect::<Vec<_>>(), u64::MAX);
            let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
            simulation.world_mut().resource_mut::<Metrics>().want("boids.flocks");
            simulation.run(20);
            let (radius, places, _) = flocking(simulation.world()).unwrap();
            let bounds = *simulation.world().resource::<WorldBounds>();
            let found = Flocks::of(&places, &bounds, radius).counts().len();
            let metrics = simulation.world().resource::<Metrics>();
            let (_, series) = metrics.iter().find(|(spec, _)| spec.name == "boids.flocks").unwrap();
            let (_, told) = series.last().unwrap();
            assert_eq!(found as f64, told, "with flocks of their own: {named}");
            assert!(found > 3);
        }
    }

    fn disc(center: Vec2, count: usize, radius: f32) -> Vec<Vec2> {
        (0..count)
            .map(|at| {
                let angle = 2.399_963 * at as f32;
                center + Vec2::new(ops::cos(angle), ops::sin(angle)) * radius * (at as f32 / count as f32).sqrt()
            })
            .collect()
    }

    #[test]
    fn a_hull_surrounds_its_agents_at_its_distance() {
        let places = disc(Vec2::new(10.0, -5.0), 200, 12.0);
        let (outline, triangles) = outline_around(&places, 5.0).unwrap();
        let expected = std::f32::consts::PI * 15.0 * 15.0;
        assert!((area(&outline) / expected - 1.0).abs() < 0.1, "{} {expected}", area(&outline));
        assert_eq!(triangles.len(), 3 * (outline.len() - 2));
        for corner in &outline {
            let nearest = places.iter().map(|place| place.distance(*corner)).fold(f32::MAX, f32::min);
            assert!((1.5..4.5).contains(&nearest), "{nearest}");
        }
    }

    #[test]
    fn around_the_torus_a_flock_is_in_one_piece() {
        let bounds = bounds(Edge::Wrap);
        let places: Vec<Vec2> = disc(Vec2::new(49.0, 48.0), 60, 8.0).into_iter().map(|at| bounds.wrap(at)).collect();
        let flocks = Flocks::of(&places, &bounds, 5.0);
        let [root] = flocks.largest()[..] else { panic!("one flock") };
        let unrolled = flocks.unrolled(root, &places, &bounds);
        let covered = unrolled.iter().fold(Rect::EMPTY, |rect, place| rect.union_point(*place));
        assert_eq!(unrolled.len(), 60);
        assert!(covered.size().max_element() < 17.0, "{covered:?}");
        // A band all around stays where it is along that axis.
        let band: Vec<Vec2> = (0..50).map(|at| Vec2::new(at as f32 * 2.0 - 50.0, 0.0)).collect();
        let flocks = Flocks::of(&band, &bounds, 5.0);
        let unrolled = flocks.unrolled(flocks.largest()[0], &band, &bounds);
        assert!(unrolled.iter().all(|place| bounds.min().x <= place.x && place.x < bounds.max().x));
    }

    #[test]
    fn holes_are_no_hulls_and_odd_places_do_no_harm() {
        let ring: Vec<Vec2> = (0..120)
            .map(|at| std::f32::consts::TAU * at as f32 / 120.0)
            .map(|angle| Vec2::new(ops::cos(angle), ops::sin(angle)) * 30.0)
            .collect();
        let (outline, _) = outline_around(&ring, 5.0).unwrap();
        assert!(outline.iter().all(|corner| corner.length() > 30.0), "the outer line is kept");
        assert!(outline_around(&[Vec2::ZERO; 4], 5.0).is_some());
        assert!(outline_around(&[], 5.0).is_none());
    }
}
