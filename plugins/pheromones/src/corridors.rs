//! Corridors: paths that foragers can't leave, with forks where they choose.

use bevy::math::Vec2;
use bevy::reflect::Reflect;
use serde::{Deserialize, Serialize};

use crate::graph::WayGraph;

/// A corridor: a path with a node at each end.
#[derive(Clone, Debug, PartialEq)]
struct Corridor {
    points: Vec<Vec2>,
    /// Distance from the first point to each point.
    reached: Vec<f32>,
    /// The nodes at the first and the last point.
    nodes: [u32; 2],
}

impl Corridor {
    fn length(&self) -> f32 {
        self.reached.last().copied().unwrap_or(0.0)
    }

    /// The point after a place on the corridor.
    fn point_after(&self, offset: f32) -> usize {
        self.reached.partition_point(|reached| *reached < offset).clamp(1, self.points.len() - 1)
    }

    fn heading_at(&self, offset: f32) -> Vec2 {
        let after = self.point_after(offset);
        (self.points[after] - self.points[after - 1]).normalize_or_zero()
    }

    fn point_at(&self, offset: f32) -> Vec2 {
        let offset = offset.clamp(0.0, self.length());
        let after = self.point_after(offset);
        let span = self.reached[after] - self.reached[after - 1];
        let share = if span > 0.0 { (offset - self.reached[after - 1]) / span } else { 0.0 };
        self.points[after - 1] + (self.points[after] - self.points[after - 1]) * share
    }
}

/// A place on the network: on a corridor, some way from its first point, walking towards its last or its first.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct OnCorridor {
    /// The corridor's number.
    pub corridor: u32,
    /// Distance from its first point.
    pub offset: f32,
    /// Whether the walk goes towards the last point.
    pub onward: bool,
}

/// One way out of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// The corridor's number.
    pub corridor: u32,
    /// Whether it is entered at its first point.
    pub onward: bool,
}

/// All corridors of a world.
#[derive(Clone, Debug, Default)]
pub struct CorridorNetwork {
    corridors: Vec<Corridor>,
    nodes: Vec<Vec2>,
    branches: Vec<Vec<Branch>>,
    ways: WayGraph,
}

impl CorridorNetwork {
    /// The network of these paths; ends within `tolerance` of each other are one node. Paths with fewer than two points
    /// or without length are left out.
    #[must_use]
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a [Vec2]>, tolerance: f32) -> Self {
        let mut network = Self::default();
        for points in paths {
            let usable = points.len() >= 2 && points.iter().all(|point| point.is_finite());
            let mut reached = vec![0.0];
            for pair in points.windows(2) {
                reached.push(reached[reached.len() - 1] + pair[0].distance(pair[1]));
            }
            if !usable || reached[reached.len() - 1] <= 0.0 {
                continue;
            }
            let number = network.corridors.len() as u32;
            let first = network.node_at(points[0], tolerance);
            let last = network.node_at(points[points.len() - 1], tolerance);
            network.branches[first as usize].push(Branch { corridor: number, onward: true });
            network.branches[last as usize].push(Branch { corridor: number, onward: false });
            network.corridors.push(Corridor { points: points.to_vec(), reached, nodes: [first, last] });
        }
        network.ways = WayGraph::new(network.nodes.len());
        for corridor in &network.corridors {
            let [first, last] = corridor.nodes;
            network.ways.join(first as usize, last as usize, corridor.length());
        }
        network
    }

    fn node_at(&mut self, point: Vec2, tolerance: f32) -> u32 {
        if let Some(node) = self.nodes.iter().position(|node| node.distance(point) <= tolerance) {
            return node as u32;
        }
        self.nodes.push(point);
        self.branches.push(Vec::new());
        (self.nodes.len() - 1) as u32
    }

    /// Whether there are no corridors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.corridors.is_empty()
    }

    /// The paths, to draw.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &[Vec2]> {
        self.corridors.iter().map(|corridor| corridor.points.as_slice())
    }

    /// The point in the world of a place on the network.
    #[must_use]
    pub fn point(&self, at: OnCorridor) -> Vec2 {
        self.corridors.get(at.corridor as usize).map_or(Vec2::ZERO, |corridor| corridor.point_at(at.offset))
    }

    /// The place on the network that is nearest to a point; of several equally near the one on the first corridor.
    #[must_use]
    pub fn nearest(&self, point: Vec2) -> Option<OnCorridor> {
        let mut best: Option<(f32, OnCorridor)> = None;
        for (number, corridor) in self.corridors.iter().enumerate() {
            for (index, pair) in corridor.points.windows(2).enumerate() {
                let along = pair[1] - pair[0];
                let squared = along.length_squared();
                let share = if squared > 0.0 { ((point - pair[0]).dot(along) / squared).clamp(0.0, 1.0) } else { 0.0 };
                let distance = (pair[0] + along * share).distance(point);
                if best.is_none_or(|(nearest, _)| distance < nearest) {
                    let offset = corridor.reached[index] + along.length() * share;
                    best = Some((distance, OnCorridor { corridor: number as u32, offset, onward: true }));
                }
            }
        }
        best.map(|(_, at)| at)
    }

    /// How far it is to the end towards which the walk goes.
    #[must_use]
    pub fn to_end(&self, at: OnCorridor) -> f32 {
        let length = self.corridors.get(at.corridor as usize).map_or(0.0, Corridor::length);
        if at.onward { length - at.offset } else { at.offset }
    }

    /// The place `distance` further along the walk, on the same corridor.
    #[must_use]
    pub fn advance(&self, at: OnCorridor, distance: f32) -> OnCorridor {
        let length = self.corridors.get(at.corridor as usize).map_or(0.0, Corridor::length);
        let offset = if at.onward { at.offset + distance } else { at.offset - distance };
        OnCorridor { offset: offset.clamp(0.0, length), ..at }
    }

    /// The direction of the walk, of length 1.
    #[must_use]
    pub fn heading(&self, at: OnCorridor) -> Vec2 {
        let onward =
            self.corridors.get(at.corridor as usize).map_or(Vec2::ZERO, |corridor| corridor.heading_at(at.offset));
        if at.onward { onward } else { -onward }
    }

    /// The ways on from the end of the walk that need no turn sharper than `sharpest` radians: all but the one it came
    /// by. If there is none, any but that one; in a dead end that one.
    #[must_use]
    pub fn ways_on(&self, at: OnCorridor, sharpest: f32) -> Vec<Branch> {
        let Some(corridor) = self.corridors.get(at.corridor as usize) else {
            return Vec::new();
        };
        let node = corridor.nodes[usize::from(at.onward)];
        let came_by = Branch { corridor: at.corridor, onward: !at.onward };
        let others: Vec<Branch> =
            self.branches[node as usize].iter().copied().filter(|branch| *branch != came_by).collect();
        let heading = self.heading(at);
        let least = bevy::math::ops::cos(sharpest.clamp(0.0, std::f32::consts::PI)) - 1e-4;
        let ahead: Vec<Branch> =
            others.iter().copied().filter(|way| heading.dot(self.heading(self.enter(*way))) >= least).collect();
        match (ahead.is_empty(), others.is_empty()) {
            (false, _) => ahead,
            (true, false) => others,
            (true, true) => vec![came_by],
        }
    }

    /// The beginning of a branch.
    #[must_use]
    pub fn enter(&self, branch: Branch) -> OnCorridor {
        let length = self.corridors.get(branch.corridor as usize).map_or(0.0, Corridor::length);
        OnCorridor {
            corridor: branch.corridor,
            offset: if branch.onward { 0.0 } else { length },
            onward: branch.onward,
        }
    }

    /// Length of the shortest way over the network between the places nearest to two points.
    #[must_use]
    pub fn shortest(&self, from: Vec2, to: Vec2) -> Option<f32> {
        let (from, to) = (self.nearest(from)?, self.nearest(to)?);
        let ends = |at: OnCorridor| -> [(usize, f32); 2] {
            let corridor = &self.corridors[at.corridor as usize];
            [(corridor.nodes[0] as usize, at.offset), (corridor.nodes[1] as usize, corridor.length() - at.offset)]
        };
        let over_nodes = self.ways.shortest(&ends(from), &ends(to));
        let direct = (from.corridor == to.corridor).then(|| (from.offset - to.offset).abs());
        match (over_nodes, direct) {
            (Some(way), Some(direct)) => Some(way.min(direct)),
            (way, direct) => way.or(direct),
        }
    }
}

fn branch_weights(scents: &[f32], k: f32, n: f32) -> (Vec<f32>, f32) {
    let weights: Vec<f32> = scents.iter().map(|scent| bevy::math::ops::powf(k + scent.max(0.0), n)).collect();
    let total = weights.iter().sum();
    (weights, total)
}

/// How likely [`choose_branch`] takes each branch, 0–1.
#[must_use]
pub fn branch_probabilities(scents: &[f32], k: f32, n: f32) -> Vec<f32> {
    let (weights, total) = branch_weights(scents, k, n);
    if !(total > 0.0 && total.is_finite()) {
        return vec![1.0 / scents.len().max(1) as f32; scents.len()];
    }
    weights.into_iter().map(|weight| weight / total).collect()
}

/// The branch that is taken when branch i has scent `scents[i]` (negative counts as none): with probability
/// (k + Aᵢ)ⁿ / Σⱼ (k + Aⱼ)ⁿ (Deneubourg et al. 1990). `dice` is uniform in [0, 1).
#[must_use]
pub fn choose_branch(scents: &[f32], k: f32, n: f32, dice: f32) -> usize {
    let (weights, total) = branch_weights(scents, k, n);
    if !(total > 0.0 && total.is_finite()) {
        // With k = 0 on unmarked ground, or beyond what a float holds: all alike.
        return ((dice * scents.len() as f32) as usize).min(scents.len().saturating_sub(1));
    }
    let mut left = dice * total;
    for (branch, weight) in weights.iter().enumerate() {
        if left < *weight {
            return branch;
        }
        left -= weight;
    }
    scents.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stem of 10, a branch of 20 and one of 40, and a stem of 10.
    fn bridge() -> CorridorNetwork {
        let paths: [&[Vec2]; 4] = [
            &[Vec2::new(-30.0, 0.0), Vec2::new(-10.0, 0.0)],
            &[Vec2::new(-10.0, 0.0), Vec2::new(10.0, 0.0)],
            &[Vec2::new(-10.0, 0.0), Vec2::new(-10.0, 10.0), Vec2::new(10.0, 10.0), Vec2::new(10.0, 0.0)],
            &[Vec2::new(10.0, 0.0), Vec2::new(30.0, 0.0)],
        ];
        CorridorNetwork::new(paths, 0.1)
    }

    #[test]
    fn ends_meet_in_forks_and_the_way_back_is_taken_in_dead_ends_only() {
        let network = bridge();
        let any = std::f32::consts::PI;
        let stem = network.nearest(Vec2::new(-20.0, 3.0)).unwrap();
        assert_eq!(stem, OnCorridor { corridor: 0, offset: 10.0, onward: true });
        let numbers = |at, sharpest| -> Vec<u32> {
            let end = network.advance(at, network.to_end(at));
            network.ways_on(end, sharpest).iter().map(|branch| branch.corridor).collect()
        };
        assert_eq!(numbers(stem, any), [1, 2]);
        let back = OnCorridor { onward: false, ..stem };
        let end = network.advance(back, network.to_end(back));
        assert_eq!(network.ways_on(end, 0.1), [Branch { corridor: 0, onward: true }]);
        // Home over the short branch: the stem lies ahead, the long branch needs a turn of 90°.
        let home = OnCorridor { corridor: 1, offset: 5.0, onward: false };
        assert_eq!(numbers(home, any), [0, 2]);
        assert_eq!(numbers(home, 1.0), [0]);
    }

    #[test]
    fn the_shortest_way_takes_the_short_branch() {
        let network = bridge();
        assert_eq!(network.shortest(Vec2::new(-30.0, 0.0), Vec2::new(30.0, 0.0)), Some(60.0));
        assert_eq!(network.shortest(Vec2::new(-30.0, 0.0), Vec2::new(-20.0, 0.0)), Some(10.0));
    }

    #[test]
    fn walking_along_a_bent_corridor_follows_its_points() {
        let network = bridge();
        let start = network.enter(Branch { corridor: 2, onward: true });
        assert_eq!(network.point(network.advance(start, 15.0)), Vec2::new(-5.0, 10.0));
        assert_eq!(network.to_end(network.advance(start, 15.0)), 25.0);
        let back = network.enter(Branch { corridor: 2, onward: false });
        assert_eq!(network.point(network.advance(back, 5.0)), Vec2::new(10.0, 5.0));
    }

    #[test]
    fn branches_are_chosen_as_deneubourg_found() {
        let scents = [20.0, 0.0];
        // (20 + 20)² : (20 + 0)² = 4 : 1
        let first = (0..1000).filter(|i| choose_branch(&scents, 20.0, 2.0, *i as f32 / 1000.0) == 0).count();
        assert_eq!(first, 800);
        assert_eq!(branch_probabilities(&scents, 20.0, 2.0), [0.8, 0.2]);
        assert_eq!(branch_probabilities(&[0.0, 0.0], 0.0, 2.0), [0.5, 0.5]);
        assert_eq!(choose_branch(&[0.0, 0.0], 0.0, 2.0, 0.75), 1);
    }
}
