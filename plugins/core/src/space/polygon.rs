//! Which points lie in a polygon: exact, and fast for very many points.

use bevy::math::{Rect, Vec2};

use super::WorldBounds;

/// A polygon, prepared to be asked about many points (even–odd rule: a line that crosses itself leaves holes).
///
/// Its edges are sorted into horizontal slabs, so that a point is compared with the few edges at its height only.
#[derive(Clone, Debug, PartialEq)]
pub struct PolygonIndex {
    covers: Rect,
    slab_height: f32,
    slabs: Vec<Vec<(Vec2, Vec2)>>,
}

/// Most slabs of a polygon.
const MOST_SLABS: usize = 512;

impl PolygonIndex {
    /// Of the corners in order; the last is joined to the first. Corners that aren't finite are left out; less than three
    /// corners hold no point.
    #[must_use]
    pub fn new(corners: &[Vec2]) -> Self {
        let corners: Vec<Vec2> = corners.iter().copied().filter(|corner| corner.is_finite()).collect();
        let empty = Self { covers: Rect::EMPTY, slab_height: 1.0, slabs: Vec::new() };
        if corners.len() < 3 {
            return empty;
        }
        let covers = corners.iter().fold(Rect::EMPTY, |rect, corner| rect.union_point(*corner));
        let count = corners.len().clamp(1, MOST_SLABS);
        let slab_height = covers.height() / count as f32;
        if !(slab_height.is_finite() && slab_height > 0.0) {
            return empty;
        }
        let mut index = Self { covers, slab_height, slabs: vec![Vec::new(); count] };
        for at in 0..corners.len() {
            let (from, to) = (corners[at], corners[(at + 1) % corners.len()]);
            if from.y == to.y {
                continue;
            }
            for slab in index.slab(from.y.min(to.y))..=index.slab(from.y.max(to.y)) {
                index.slabs[slab].push((from, to));
            }
        }
        index
    }

    fn slab(&self, y: f32) -> usize {
        // Casting saturates: what lies below counts as the first slab, what lies above as the last.
        (((y - self.covers.min.y) / self.slab_height) as usize).min(self.slabs.len().saturating_sub(1))
    }

    /// The smallest rectangle around it.
    #[must_use]
    pub fn covers(&self) -> Rect {
        self.covers
    }

    /// Whether a point lies in it.
    #[inline]
    #[must_use]
    pub fn contains(&self, point: Vec2) -> bool {
        if self.slabs.is_empty() || !self.covers.contains(point) {
            return false;
        }
        let mut inside = false;
        for (from, to) in &self.slabs[self.slab(point.y)] {
            if (from.y > point.y) != (to.y > point.y)
                && point.x < from.x + (to.x - from.x) * ((point.y - from.y) / (to.y - from.y))
            {
                inside = !inside;
            }
        }
        inside
    }

    /// Whether a point of the world lies in it, on a torus also if the polygon reaches over an edge.
    #[must_use]
    pub fn contains_in(&self, bounds: &WorldBounds, point: Vec2) -> bool {
        if self.slabs.is_empty() {
            return false;
        }
        if !bounds.wraps() {
            return self.contains(point);
        }
        // The middle decides which image of the point is the near one.
        let middle = self.covers.center();
        self.contains(middle + bounds.delta(bounds.wrap(middle), point))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Edge;
    use proptest::prelude::*;

    /// By definition, against all edges.
    fn inside(corners: &[Vec2], point: Vec2) -> bool {
        (0..corners.len()).fold(false, |inside, at| {
            let (from, to) = (corners[at], corners[(at + 1) % corners.len()]);
            let crosses = (from.y > point.y) != (to.y > point.y)
                && point.x < from.x + (to.x - from.x) * ((point.y - from.y) / (to.y - from.y));
            inside != crosses
        })
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn slabs_change_nothing(
            corners in prop::collection::vec((-50_f32..50.0, -50_f32..50.0), 3..40),
            points in prop::collection::vec((-60_f32..60.0, -60_f32..60.0), 100),
        ) {
            let corners: Vec<Vec2> = corners.into_iter().map(Vec2::from).collect();
            let index = PolygonIndex::new(&corners);
            for point in points.into_iter().map(Vec2::from) {
                prop_assert_eq!(index.contains(point), inside(&corners, point), "{}", point);
            }
        }
    }

    #[test]
    fn on_a_torus_a_polygon_reaches_over_the_edge() {
        let bounds = WorldBounds { size: Vec2::splat(100.0), edge: Edge::Wrap };
        let square = [(40.0, -10.0), (60.0, -10.0), (60.0, 10.0), (40.0, 10.0)].map(Vec2::from);
        let index = PolygonIndex::new(&square);
        for (x, held) in [(45.0, true), (-45.0, true), (-39.0, false), (35.0, false)] {
            assert_eq!(index.contains_in(&bounds, Vec2::new(x, 0.0)), held, "{x}");
        }
        let walls = WorldBounds { edge: Edge::Bounce, ..bounds };
        assert!(!index.contains_in(&walls, Vec2::new(-45.0, 0.0)));
    }

    #[test]
    fn what_is_no_polygon_holds_nothing() {
        for corners in [vec![], vec![Vec2::ZERO, Vec2::ONE], vec![Vec2::ZERO; 5], vec![Vec2::NAN; 4]] {
            assert!(!PolygonIndex::new(&corners).contains(Vec2::ZERO), "{corners:?}");
        }
        let square = PolygonIndex::new(&[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)].map(Vec2::from));
        assert!(square.contains(Vec2::splat(4.0)) && !square.contains(Vec2::NAN));
    }
}
