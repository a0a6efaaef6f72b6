//! Walls: what stops bodies and antennae, and the shortest way around them.

use bevy::math::Vec2;

use crate::graph::WayGraph;

/// A straight piece of wall, or any segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// One end.
    pub from: Vec2,
    /// The other end.
    pub to: Vec2,
}

impl Segment {
    /// Where along `from → to` (0–1) the step `start → end` meets the segment; none if it doesn't.
    #[must_use]
    pub fn hit(&self, start: Vec2, end: Vec2) -> Option<f32> {
        let step = end - start;
        let along = self.to - self.from;
        let cross = step.perp_dot(along);
        if cross == 0.0 {
            return None;
        }
        let between = self.from - start;
        let at = between.perp_dot(along) / cross;
        let on_wall = between.perp_dot(step) / cross;
        ((0.0..=1.0).contains(&at) && (0.0..=1.0).contains(&on_wall)).then_some(at)
    }

    /// Whether the step crosses the segment; of the segment's line the start counts as one side and the end as the other
    /// only if it lies strictly beyond, so a step that ends on the line and the next one that leaves it count once.
    #[must_use]
    pub fn crossed_by(&self, start: Vec2, end: Vec2) -> bool {
        let along = self.to - self.from;
        let before = along.perp_dot(start - self.from) > 0.0;
        let after = along.perp_dot(end - self.from) > 0.0;
        before != after && self.hit(start, end).is_some()
    }
}

/// All walls of a world.
#[derive(Clone, Debug, Default)]
pub struct WallSet {
    segments: Vec<Segment>,
    low: Vec2,
    high: Vec2,
    corners: Vec<Vec2>,
    ways: WayGraph,
}

/// How far bodies stay away from a wall, in world units, and as a share of their coordinates: far from the origin numbers
/// are coarser, and nobody may come to stand on a wall or behind it by rounding.
const CLEARANCE: (f32, f32) = (1e-3, 1e-5);
/// Walls with more corners than this have no exact shortest ways; the straight line is the yardstick then.
const MAX_CORNERS: usize = 256;

impl WallSet {
    /// Walls from chains of points; `true` joins the last point to the first. `clearance` is how far from the corners
    /// shortest ways pass.
    #[must_use]
    pub fn new<'a>(chains: impl IntoIterator<Item = (&'a [Vec2], bool)>, clearance: f32) -> Self {
        let mut set = Self::default();
        let mut corners = Vec::new();
        for (points, closed) in chains {
            let usable: Vec<Vec2> = points.iter().copied().filter(|point| point.is_finite()).collect();
            set.segments.extend(usable.windows(2).map(|pair| Segment { from: pair[0], to: pair[1] }));
            if closed && usable.len() > 2 {
                set.segments.push(Segment { from: usable[usable.len() - 1], to: usable[0] });
            }
            for point in usable {
                // Ways may pass a corner on any side of it; those inside of a wall's angle are blocked anyway.
                for offset in [Vec2::new(1.0, 1.0), Vec2::new(-1.0, 1.0), Vec2::new(1.0, -1.0), Vec2::new(-1.0, -1.0)] {
                    corners.push(point + offset * clearance.max(1e-3));
                }
            }
        }
        let ends = || set.segments.iter().flat_map(|segment| [segment.from, segment.to]);
        set.low = ends().fold(Vec2::INFINITY, Vec2::min);
        set.high = ends().fold(Vec2::NEG_INFINITY, Vec2::max);
        if corners.len() <= 4 * MAX_CORNERS {
            set.link(corners);
        }
        set
    }

    fn link(&mut self, corners: Vec<Vec2>) {
        let mut ways = WayGraph::new(corners.len());
        for first in 0..corners.len() {
            for second in first + 1..corners.len() {
                if self.sees(corners[first], corners[second]) {
                    ways.join(first, second, corners[first].distance(corners[second]));
                }
            }
        }
        self.corners = corners;
        self.ways = ways;
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The segments, to draw.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn near(&self, start: Vec2, end: Vec2) -> bool {
        let (low, high) = (start.min(end), start.max(end));
        low.cmple(self.high).all() && high.cmpge(self.low).all()
    }

    /// The first wall that a step meets, and where along the step (0–1).
    #[must_use]
    pub fn first_hit(&self, start: Vec2, end: Vec2) -> Option<(f32, Segment)> {
        if self.segments.is_empty() || !self.near(start, end) {
            return None;
        }
        let mut first: Option<(f32, Segment)> = None;
        for segment in &self.segments {
            if let Some(at) = segment.hit(start, end)
                && first.is_none_or(|(nearest, _)| at < nearest)
            {
                first = Some((at, *segment));
            }
        }
        first
    }

    /// Whether no wall stands between two points.
    #[must_use]
    pub fn sees(&self, from: Vec2, to: Vec2) -> bool {
        self.first_hit(from, to).is_none()
    }

    /// Where a step really ends: it stops at a wall and slides along it, as far as the rest of the step reaches. With the
    /// direction of the wall if one was hit, pointing the way of the slide.
    #[must_use]
    pub fn slide(&self, start: Vec2, step: Vec2) -> (Vec2, Option<Vec2>) {
        let Some((at, wall)) = self.first_hit(start, start + step) else {
            return (start + step, None);
        };
        let along = (wall.to - wall.from).normalize_or_zero();
        // To the side that the step comes from.
        let away = if along.perp().dot(step) > 0.0 { -along.perp() } else { along.perp() };
        let clearance = CLEARANCE.0.max(CLEARANCE.1 * start.abs().max_element());
        let before_wall = start + step * at + away * clearance;
        let reached = if self.sees(start, before_wall) { before_wall } else { start };
        let left = step * (1.0 - at);
        let sliding = along * along.dot(left);
        let heading = if along.dot(step) >= 0.0 { along } else { -along };
        // In a corner the slide meets the next wall, and the body stays where it is.
        let target = reached + sliding;
        let end = if self.sees(reached, target) { target } else { reached };
        (end, Some(heading))
    }

    /// Length of the shortest way between two points around all walls; none if there is none.
    #[must_use]
    pub fn shortest(&self, from: Vec2, to: Vec2) -> Option<f32> {
        if self.sees(from, to) {
            return Some(from.distance(to));
        }
        let visible = |point: Vec2| -> Vec<(usize, f32)> {
            let corners = self.corners.iter().enumerate();
            corners
                .filter(|(_, corner)| self.sees(point, **corner))
                .map(|(index, corner)| (index, point.distance(*corner)))
                .collect()
        };
        self.ways.shortest(&visible(from), &visible(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall() -> WallSet {
        WallSet::new([([Vec2::new(0.0, -10.0), Vec2::new(0.0, 10.0)].as_slice(), false)], 0.01)
    }

    #[test]
    fn a_step_through_a_wall_slides_along_it() {
        let walls = wall();
        let (end, heading) = walls.slide(Vec2::new(-1.0, 0.0), Vec2::new(2.0, 2.0));
        assert!(end.x < 0.0 && end.y > 1.5, "{end}");
        assert_eq!(heading, Some(Vec2::Y));
        let (free, heading) = walls.slide(Vec2::new(-1.0, 20.0), Vec2::new(2.0, 0.0));
        assert_eq!((free, heading), (Vec2::new(1.0, 20.0), None));
    }

    #[test]
    fn nothing_gets_out_of_a_closed_room() {
        let room = [Vec2::new(-5.0, -5.0), Vec2::new(5.0, -5.0), Vec2::new(5.0, 5.0), Vec2::new(-5.0, 5.0)];
        let walls = WallSet::new([(room.as_slice(), true)], 0.01);
        let mut at = Vec2::ZERO;
        for tick in 0..10_000 {
            let angle = tick as f32 * 2.399;
            let step = Vec2::new(bevy::math::ops::cos(angle), bevy::math::ops::sin(angle)) * 1.7;
            at = walls.slide(at, step).0;
            assert!(at.abs().max_element() < 5.0, "{at} after {tick}");
        }
        assert_eq!(walls.shortest(Vec2::ZERO, Vec2::new(20.0, 0.0)), None);
    }

    #[test]
    fn the_shortest_way_leads_around_the_end_of_the_wall() {
        let length = wall().shortest(Vec2::new(-10.0, 0.0), Vec2::new(10.0, 0.0)).unwrap();
        assert!((length - 2.0 * 200_f32.sqrt()).abs() < 0.05, "{length}");
        assert_eq!(wall().shortest(Vec2::new(-3.0, 0.0), Vec2::new(-3.0, 4.0)), Some(4.0));
    }

    #[test]
    fn a_crossing_counts_once_even_if_a_step_ends_on_the_line() {
        let line = Segment { from: Vec2::new(0.0, -1.0), to: Vec2::new(0.0, 1.0) };
        let path = [-1.0, 0.0, 1.0, 0.0, -1.0].map(|x| Vec2::new(x, 0.0));
        let crossings = path.windows(2).filter(|pair| line.crossed_by(pair[0], pair[1])).count();
        assert_eq!(crossings, 2);
    }
}
