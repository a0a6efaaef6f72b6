//! Who is near: items within a radius, and the nearest ones.

use std::ops::Range;

use bevy::math::Vec2;

use super::{CellItem, CellSort};

impl<T: CellItem> CellSort<T> {
    /// The slots of columns `first..end` of a row.
    #[must_use]
    pub fn cells(&self, row: u32, first: u32, end: u32) -> Range<usize> {
        let slots = self.row(row);
        let items = &self.items[slots.clone()];
        if first == 0 && end >= self.grid.columns {
            return slots;
        }
        let from = items.partition_point(|item| self.grid.column(item.place().x) < first);
        let to = from + items[from..].partition_point(|item| self.grid.column(item.place().x) < end);
        slots.start + from..slots.start + to
    }

    /// Calls `visit(slot, distance²)` for every item within `radius` of `centre` (the border included), in (row, column,
    /// id) order; on a torus the short way round, each item once.
    pub fn for_each_within(&self, centre: Vec2, radius: f32, mut visit: impl FnMut(usize, f32)) {
        if radius.is_nan() || radius < 0.0 {
            return;
        }
        let (row, column) = (self.grid.row(centre.y), self.grid.column(centre.x));
        let rows = self.grid.rows_near(row, row, self.grid.reach_rows(radius));
        let columns = self.grid.columns_near(column, column, self.grid.reach_columns(radius));
        for &(first, end) in rows.ranges() {
            for row in first..end {
                for &(first, end) in columns.ranges() {
                    for slot in self.cells(row, first, end) {
                        let distance = self.grid.bounds.delta(centre, self.items[slot].place()).length_squared();
                        if distance <= radius * radius {
                            visit(slot, distance);
                        }
                    }
                }
            }
        }
    }

    /// The `count` items nearest to `centre` that `accept(slot)` lets pass, as (distance², slot), nearest first, ties by
    /// the lowest id, written into `nearest`.
    pub fn nearest_into(
        &self,
        centre: Vec2,
        count: usize,
        nearest: &mut Vec<(f32, usize)>,
        accept: impl Fn(usize) -> bool,
    ) {
        nearest.clear();
        if count == 0 || self.items.is_empty() {
            return;
        }
        let size = self.grid.bounds.size;
        // Starts with a disc that holds `count` items on average, and doubles it until it holds enough.
        let area = size.x * size.y * count as f32 / self.items.len() as f32;
        let mut radius = area.sqrt().max(f32::MIN_POSITIVE);
        loop {
            let everything = radius > size.x + size.y;
            nearest.clear();
            let mut keep = |slot: usize, distance: f32| {
                if !accept(slot) {
                    return;
                }
                let key = (distance, self.ids[slot]);
                if nearest.len() == count {
                    let (worst, worst_slot) = nearest[count - 1];
                    if (worst, self.ids[worst_slot]) <= key {
                        return;
                    }
                    nearest.pop();
                }
                let at = nearest.partition_point(|&(distance, slot)| (distance, self.ids[slot]) < key);
                nearest.insert(at, (distance, slot));
            };
            if everything {
                for (slot, item) in self.items.iter().enumerate() {
                    keep(slot, self.grid.bounds.delta(centre, item.place()).length_squared());
                }
            } else {
                self.for_each_within(centre, radius, &mut keep);
            }
            if everything || nearest.len() == count {
                return;
            }
            radius *= 2.0;
        }
    }

    /// The item nearest to `centre` that `accept(slot)` lets pass, as (distance², slot), ties by the lowest id.
    #[must_use]
    pub fn nearest(&self, centre: Vec2, accept: impl Fn(usize) -> bool) -> Option<(f32, usize)> {
        let mut nearest = Vec::with_capacity(1);
        self.nearest_into(centre, 1, &mut nearest, accept);
        nearest.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::AgentId;
    use crate::parallel::Workers;
    use crate::space::{CellGrid, Edge, WorldBounds};
    use proptest::prelude::*;

    fn bounds(edge: Edge) -> WorldBounds {
        WorldBounds { size: Vec2::new(100.0, 60.0), edge }
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn neighbours_within_a_radius_equal_a_linear_search(
            points in prop::collection::vec((-50_f32..50.0, -30_f32..30.0), 1..200),
            centre in (-50_f32..50.0, -30_f32..30.0),
            radius in 0_f32..40.0,
            cell in 0.5_f32..50.0,
            wraps in any::<bool>(),
            spread in prop::sample::select(vec![1_f32, 1.5, 7.0, 1000.0]),
        ) {
            let bounds = bounds(if wraps { Edge::Wrap } else { Edge::Open });
            // Those of an open world may be anywhere.
            let spread = if wraps { 1.0 } else { spread };
            let places: Vec<Vec2> = points.into_iter().map(|point| Vec2::from(point) * spread).collect();
            let (centre, radius) = (Vec2::from(centre) * spread, radius * spread.min(7.0));
            let mut sort = CellSort::default();
            sort.sort(CellGrid::for_radius(bounds, cell), &[places.as_slice()], &Workers::new(1));
            let mut found = Vec::new();
            sort.for_each_within(centre, radius, |slot, distance| found.push((sort.ids()[slot], distance)));
            let expected: Vec<_> = sort
                .items()
                .iter()
                .zip(sort.ids())
                .map(|(&place, &id)| (id, bounds.delta(centre, place).length_squared()))
                .filter(|&(_, distance)| distance <= radius * radius)
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_nearest_items_equal_a_full_sort(
            points in prop::collection::vec((-5_i32..5, -3_i32..3), 1..60),
            centre in (-50_f32..50.0, -30_f32..30.0),
            count in 1_usize..8,
        ) {
            let places: Vec<Vec2> = points.into_iter().map(|(x, y)| Vec2::new(x as f32, y as f32) * 9.0).collect();
            let bounds = bounds(Edge::Wrap);
            let centre = Vec2::from(centre);
            let mut sort = CellSort::default();
            sort.sort(CellGrid::for_radius(bounds, 4.0), &[places.as_slice()], &Workers::new(1));
            let mut nearest = Vec::new();
            let odd_ones_out = |slot: usize| sort.ids()[slot].0 % 5 != 0;
            sort.nearest_into(centre, count, &mut nearest, odd_ones_out);
            let found: Vec<_> = nearest.iter().map(|&(distance, slot)| (distance, sort.ids()[slot])).collect();
            let mut expected: Vec<_> = places
                .iter()
                .enumerate()
                .filter(|(id, _)| id % 5 != 0)
                .map(|(id, &place)| (bounds.delta(centre, place).length_squared(), AgentId(id as u32)))
                .collect();
            expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
            expected.truncate(count);
            prop_assert_eq!(found, expected);
        }
    }
}
