//! The grid of cells: which cell a point is in, and which cells hold its neighbourhood.

use std::ops::Range;

use super::bounds::{Edge, WorldBounds};

/// Cells are made this much wider than asked, so that no rounding of a point's cell can carry a neighbour past the cells
/// that [`CellGrid::reach_columns`] and [`CellGrid::reach_rows`] name.
const CELL_MARGIN: f32 = 1.0 + 1.0 / 32.0;
/// How far, in cells, rounding may carry a point: (columns ≤ 2¹⁶) × (two roundings of 2⁻²⁴ each), doubled.
const ROUNDING_CELLS: f32 = 0.02;
/// The most rows and columns of a grid; larger worlds get larger cells.
const MOST_ROWS: f32 = 16_384.0;
const MOST_COLUMNS: f32 = 65_536.0;

/// How the world is cut into cells: rows along x, stacked along y, each of the same number of columns.
///
/// An open world has a grid too: as if the drawn area lay beside itself without end, points outside of it belong to the cell
/// that they would be in there. So a crowd that has left the area is spread over the cells as one within it is, and those
/// who share a cell but are far from each other are told apart by their distance. In a world with walls, points outside
/// belong to the nearest cell at the edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellGrid {
    pub(super) bounds: WorldBounds,
    pub(super) columns: u32,
    pub(super) rows: u32,
    columns_per_unit: f32,
    rows_per_unit: f32,
}

impl CellGrid {
    /// A grid over `bounds` with cells at least `column_width` wide and `row_height` high (world units, above zero; a
    /// width that isn't finite or positive gives a single cell). On a torus the cells divide the world evenly.
    #[must_use]
    pub fn new(bounds: WorldBounds, column_width: f32, row_height: f32) -> Self {
        let cells = |length: f32, cell: f32, most: f32| {
            let fit = (length / (cell * CELL_MARGIN)).floor();
            if cell > 0.0 && fit >= 1.0 { fit.min(most) as u32 } else { 1 }
        };
        let columns = cells(bounds.size.x, column_width, MOST_COLUMNS);
        let rows = cells(bounds.size.y, row_height, MOST_ROWS);
        Self {
            bounds,
            columns,
            rows,
            columns_per_unit: columns as f32 / bounds.size.x,
            rows_per_unit: rows as f32 / bounds.size.y,
        }
    }

    /// The grid that suits neighbourhoods of this radius: rows as high as the radius, columns half as wide (the best
    /// of those measured for eight agents at a time).
    #[must_use]
    pub fn for_radius(bounds: WorldBounds, radius: f32) -> Self {
        Self::new(bounds, radius * 0.5, radius)
    }

    /// The world that is cut.
    #[must_use]
    pub fn bounds(&self) -> &WorldBounds {
        &self.bounds
    }

    /// How many columns a row has.
    #[must_use]
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// The column of an x coordinate. Within the world it never decreases with x.
    #[inline]
    #[must_use]
    pub fn column(&self, x: f32) -> u32 {
        self.cell(x, self.bounds.size.x, self.columns_per_unit, self.columns)
    }

    /// The row of a y coordinate. Within the world it never decreases with y.
    #[inline]
    #[must_use]
    pub fn row(&self, y: f32) -> u32 {
        self.cell(y, self.bounds.size.y, self.rows_per_unit, self.rows)
    }

    #[inline(always)]
    fn cell(&self, at: f32, size: f32, per_unit: f32, cells: u32) -> u32 {
        let cell = (at + size * 0.5) * per_unit;
        if self.bounds.edge == Edge::Open && !(0.0..cells as f32).contains(&cell) {
            return fold(at, size, per_unit, cells);
        }
        (cell as u32).min(cells - 1)
    }

    /// The columns of all points from one x coordinate to another, ascending and disjoint.
    #[must_use]
    pub fn columns_across(&self, least: f32, most: f32) -> [Range<u32>; 2] {
        self.cells_across([least, most], self.bounds.size.x, self.columns_per_unit, self.columns)
    }

    /// The rows of all points from one y coordinate to another, ascending and disjoint.
    #[must_use]
    pub fn rows_across(&self, least: f32, most: f32) -> [Range<u32>; 2] {
        self.cells_across([least, most], self.bounds.size.y, self.rows_per_unit, self.rows)
    }

    fn cells_across(&self, ends: [f32; 2], size: f32, per_unit: f32, cells: u32) -> [Range<u32>; 2] {
        let rounding = f64::from(ROUNDING_CELLS);
        let [first, last] = ends.map(|at| unfolded(at, size, per_unit));
        let (first, last, count) = ((first - rounding).floor(), (last + rounding).floor(), f64::from(cells));
        if !self.goes_round() {
            let [first, last] = [first, last].map(|cell| cell.clamp(0.0, count - 1.0) as u32);
            return [first..last + 1, 0..0];
        }
        // What is no number is everywhere, too.
        let wanted = last - first + 1.0;
        if wanted.is_nan() || wanted >= count {
            return [0..cells, 0..0];
        }
        let [first, last] = [first, last].map(|cell| (cell.rem_euclid(count) as u32).min(cells - 1));
        if first <= last { [first..last + 1, 0..0] } else { [0..last + 1, first..cells] }
    }

    /// Whether the last cell lies beside the first one: on a torus, and where points outside are folded in.
    fn goes_round(&self) -> bool {
        self.bounds.edge != Edge::Bounce
    }

    /// How many columns apart two points within `radius` of each other can be.
    #[must_use]
    pub fn reach_columns(&self, radius: f32) -> u32 {
        reach(radius * self.columns_per_unit, self.columns)
    }

    /// How many rows apart two points within `radius` of each other can be.
    #[must_use]
    pub fn reach_rows(&self, radius: f32) -> u32 {
        reach(radius * self.rows_per_unit, self.rows)
    }

    /// The rows within `reach` of the rows `first..=last`.
    #[must_use]
    pub fn rows_near(&self, first: u32, last: u32, reach: u32) -> CellSpans {
        CellSpans::near(first, last, reach, self.rows, self.goes_round(), self.bounds.wraps())
    }

    /// The columns within `reach` of the columns `first..=last`.
    #[must_use]
    pub fn columns_near(&self, first: u32, last: u32, reach: u32) -> CellSpans {
        CellSpans::near(first, last, reach, self.columns, self.goes_round(), self.bounds.wraps())
    }
}

/// The cell of a coordinate if cells went on without end. In 64 bits, so that rounding carries no point into another cell
/// however far it is.
fn unfolded(at: f32, size: f32, per_unit: f32) -> f64 {
    (f64::from(at) + f64::from(size) * 0.5) * f64::from(per_unit)
}

/// The cell of a coordinate outside the drawn area of an open world.
#[cold]
fn fold(at: f32, size: f32, per_unit: f32, cells: u32) -> u32 {
    let cell = unfolded(at, size, per_unit).floor().rem_euclid(f64::from(cells));
    (cell as u32).min(cells - 1)
}

fn reach(cells: f32, most: u32) -> u32 {
    ((cells + ROUNDING_CELLS).ceil() as u32).min(most)
}

/// One or two ranges of rows or columns, in ascending order, that hold a neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellSpans {
    spans: [(u32, u32); 2],
    count: usize,
    seam: bool,
}

impl CellSpans {
    /// `round`: whether the last cell lies beside the first; `seam`: whether the distance of points goes that way, too.
    fn near(first: u32, last: u32, reach: u32, cells: u32, round: bool, seam: bool) -> Self {
        let whole = |seam| Self { spans: [(0, cells), (0, 0)], count: 1, seam };
        if !round {
            let end = last.saturating_add(reach).saturating_add(1).min(cells);
            return Self { spans: [(first.saturating_sub(reach), end), (0, 0)], count: 1, seam: false };
        }
        let width = u64::from(last - first) + 1 + 2 * u64::from(reach);
        if width >= u64::from(cells) {
            return whole(seam);
        }
        if first < reach {
            return Self { spans: [(0, last + reach + 1), (first + cells - reach, cells)], count: 2, seam };
        }
        if last + reach >= cells {
            return Self { spans: [(0, last + reach + 1 - cells), (first - reach, cells)], count: 2, seam };
        }
        Self { spans: [(first - reach, last + reach + 1), (0, 0)], count: 1, seam: false }
    }

    /// The ranges, ascending and disjoint.
    #[inline]
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.spans[..self.count]
    }

    /// Whether the neighbourhood lies across the seam of a torus, so that some distances go the short way round.
    #[inline]
    #[must_use]
    pub fn crosses_seam(&self) -> bool {
        self.seam
    }

    /// Whether the short way from a cell at `home` (one of those whose neighbourhood this is) to a cell of `range` (one
    /// of [`Self::ranges`]) may lead across the seam.
    #[inline(always)]
    #[must_use]
    pub fn seam_to(&self, range: (u32, u32), home: u32) -> bool {
        // A single range across the seam is the whole torus; of two, the one without the home lies beyond the seam.
        self.seam && (self.count == 1 || !(range.0..range.1).contains(&home))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Edge;
    use bevy::math::Vec2;

    fn bounds(edge: Edge) -> WorldBounds {
        WorldBounds { size: Vec2::new(100.0, 60.0), edge }
    }

    #[test]
    fn a_grid_never_grows_beyond_its_limits() {
        let vast = WorldBounds { size: Vec2::splat(1e7), edge: Edge::Wrap };
        let grid = CellGrid::for_radius(vast, 1e-3);
        assert_eq!((grid.columns(), grid.rows()), (65_536, 16_384));
        assert_eq!((grid.reach_columns(1e-3), grid.reach_rows(1e9)), (1, 16_384));
    }

    #[test]
    fn whoever_leaves_an_open_world_is_spread_over_its_cells() {
        let grid = CellGrid::for_radius(bounds(Edge::Open), 2.0);
        // A square lattice of points, in the area and far outside of it: as many to a cell at most.
        let fullest = |center: Vec2| {
            let mut cells = std::collections::BTreeMap::<(u32, u32), usize>::new();
            for at in 0..60 * 60 {
                let place = center + Vec2::new((at % 60) as f32, (at / 60) as f32) - 30.0;
                *cells.entry((grid.row(place.y), grid.column(place.x))).or_default() += 1;
            }
            cells.into_values().max().unwrap_or(0)
        };
        let inside = fullest(Vec2::ZERO);
        for center in [(1000.0, 0.0), (-5000.5, 7000.25), (90.0, -70.0), (1e6, -1e6)] {
            assert!(fullest(Vec2::from(center)) <= inside + 3, "{center:?}: {} for {inside}", fullest(center.into()));
        }
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38] {
            assert!(grid.column(wrong) < grid.columns() && grid.row(wrong) < grid.rows());
        }
    }

    #[test]
    fn the_cells_across_a_stretch_hold_all_of_its_points() {
        for edge in [Edge::Wrap, Edge::Bounce, Edge::Open] {
            let grid = CellGrid::for_radius(bounds(edge), 3.0);
            for from in -300..300 {
                for length in [0.0, 1.0, 7.5, 40.0, 99.0, 250.0] {
                    let from = from as f32 * 0.73;
                    let across = grid.columns_across(from, from + length);
                    for step in 0..=50 {
                        let at = bounds(edge).enter(Vec2::new(from + length * step as f32 / 50.0, 0.0)).x;
                        let column = grid.column(at);
                        assert!(across.iter().any(|span| span.contains(&column)), "{edge:?} {from} {length} {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_radius_reaches_two_columns_and_one_row_of_its_own_grid() {
        for radius in [0.3, 1.0, 5.0, 7.7] {
            let grid = CellGrid::for_radius(bounds(Edge::Wrap), radius);
            assert_eq!((grid.reach_columns(radius), grid.reach_rows(radius)), (2, 1), "{radius}");
        }
    }

    #[test]
    fn spans_wrap_in_ascending_order_without_overlap() {
        let near = |first, last, reach, wraps| CellSpans::near(first, last, reach, 10, wraps, wraps);
        assert_eq!(near(0, 0, 1, false).ranges(), [(0, 2)]);
        assert_eq!(near(9, 9, 3, false).ranges(), [(6, 10)]);
        assert_eq!(near(4, 5, 2, true).ranges(), [(2, 8)]);
        assert!(!near(4, 5, 2, true).crosses_seam());
        assert_eq!(near(1, 2, 2, true).ranges(), [(0, 5), (9, 10)]);
        assert_eq!(near(8, 9, 1, true).ranges(), [(0, 1), (7, 10)]);
        assert_eq!(near(2, 5, 3, true).ranges(), [(0, 10)]);
        assert_eq!(near(0, 0, u32::MAX, false).ranges(), [(0, 10)]);
        assert!(near(2, 5, 3, true).crosses_seam());
        assert!(near(2, 5, 3, true).seam_to((0, 10), 2));
        // An open world is folded: its cells go round, its distances don't.
        let folded = CellSpans::near(8, 9, 1, 10, true, false);
        assert_eq!((folded.ranges(), folded.crosses_seam()), ([(0, 1), (7, 10)].as_slice(), false));
        assert!(!near(1, 2, 2, true).seam_to((0, 5), 1) && near(1, 2, 2, true).seam_to((9, 10), 1));
    }
}
