//! Space: the world's bounds and edges, and the sort that makes neighbours contiguous.

mod bounds;
mod cell_sort;

pub use bounds::{Edge, WorldBounds};
pub use cell_sort::{CellGrid, CellItem, CellSort, CellSource, CellSpans};
