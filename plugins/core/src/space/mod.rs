//! Space: the world's bounds and edges, and the sort that makes neighbours contiguous.

mod bounds;

pub use bounds::{Edge, WorldBounds};
