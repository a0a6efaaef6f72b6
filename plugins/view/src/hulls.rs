//! Soft hulls: a line around each group of agents that hang together, as whoever moves them tells.
//!
//! A hull is the line around discs that stand on a flock's agents, traced by marching squares (Maple 2003). On a torus a flock
//! is unrolled before that, so that its hull is in one piece.

use agent2028_core::agent::GroupId;
use agent2028_core::simulation::Simulation;
use bevy::prelude::*;

use crate::pace::Pace;
use crate::paint::triangulate;

/// Fewer agents than this are no flock worth a hull.
const LEAST_AGENTS: usize = 4;
/// Most hulls: the largest flocks have one.
const MOST_HULLS: usize = 120;
/// How far a hull stands off its agents, in parts of the radius at which they hang together: more than half, so that a flock's
/// discs touch.
const STAND_OFF: f32 = 0.6;
/// Most steps of the grid that a hull is traced on, along its longer side.
const MOST_STEPS: f32 = 160.0;
/// Most corners of a hull before they are rounded, which makes four of each.
const MOST_CORNERS: usize = 200;

/// Agents that hang together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flock {
    /// Where they are, in world units; put next to each other across the edges of a torus.
    pub places: Vec<Vec2>,
    /// The group that (nearly) all of them belong to.
    pub group: Option<GroupId>,
}

/// The flocks of a world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundFlocks {
    /// At most so far apart two agents hang together, in world units.
    pub radius: f32,
    /// The largest first.
    pub flocks: Vec<Flock>,
}

/// A function of a plugin that finds flocks: at most so many flocks, each of at least so many agents. `None` if the world has
/// no flocks.
pub type FlockFinder = fn(&World, FlockLimits) -> Option<FoundFlocks>;

/// Which flocks are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlockLimits {
    /// A flock has at least so many agents.
    pub least_agents: usize,
    /// At most so many flocks, the largest ones.
    pub most_flocks: usize,
}

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
    pub fn follow(&mut self, simulation: &Simulation, flocks: &[FlockFinder], shown: bool, now: f64, exact: bool) {
        if !shown {
            self.list.clear();
            self.pace = Pace::default();
            return;
        }
        let key = (simulation.generation(), simulation.tick());
        let Self { list, pace } = self;
        pace.at_most_some(key, now, exact, || *list = hulls_of(simulation.world(), flocks));
    }
}

fn hulls_of(world: &World, flocks: &[FlockFinder]) -> Vec<Hull> {
    let limits = FlockLimits { least_agents: LEAST_AGENTS, most_flocks: MOST_HULLS };
    let found = flocks.iter().filter_map(|flocks| flocks(world, limits));
    let hull = |flock: Flock, radius: f32| {
        let (outline, triangles) = outline_around(&flock.places, radius)?;
        let extent = outline.iter().fold(Rect::EMPTY, |rect, corner| rect.union_point(*corner));
        let center = most_central(&flock.places)?;
        Some(Hull { outline, triangles, extent, agents: flock.places.len(), center, group: flock.group })
    };
    found.flat_map(|found| found.flocks.into_iter().filter_map(move |flock| hull(flock, found.radius))).collect()
}

/// The place that is nearest to the mean of all: unlike the mean it never lies beside a bent flock.
fn most_central(places: &[Vec2]) -> Option<Vec2> {
    let sum = places.iter().fold((0.0_f64, 0.0_f64), |sum, at| (sum.0 + f64::from(at.x), sum.1 + f64::from(at.y)));
    let count = places.len().max(1) as f64;
    let mean = Vec2::new((sum.0 / count) as f32, (sum.1 / count) as f32);
    places.iter().copied().min_by(|one, two| one.distance_squared(mean).total_cmp(&two.distance_squared(mean)))
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
    use bevy::math::ops;

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
        let covered: f32 = triangles
            .chunks_exact(3)
            .map(|three| {
                let [a, b, c] = [three[0], three[1], three[2]].map(|at| outline[at as usize]);
                (b - a).perp_dot(c - a).abs() * 0.5
            })
            .sum();
        assert!((covered / area(&outline) - 1.0).abs() < 1e-3, "{covered}");
        for corner in &outline {
            let nearest = places.iter().map(|place| place.distance(*corner)).fold(f32::MAX, f32::min);
            assert!((1.5..4.5).contains(&nearest), "{nearest}");
        }
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
