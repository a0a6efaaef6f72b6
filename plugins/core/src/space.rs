//! Space: the world's bounds and edges, and the sort that makes neighbours contiguous.

mod bounds;
mod cell_grid;
mod cell_sort;
mod polygon;

pub use bounds::{Edge, WorldBounds};
pub use cell_grid::{CellGrid, CellSpans};
pub use cell_sort::{CellItem, CellSort, CellSource};
pub use polygon::PolygonIndex;
