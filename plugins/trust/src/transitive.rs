//! How much one may trust another that it has never met, by way of those in between.

mod best_path;
mod cache;
mod falling;
mod max_flow;
mod opinion;
mod subjective;

pub use best_path::{Limits, Path, Reach, Search, Step};
pub use cache::ReachCache;
pub use max_flow::{Advogato, Flow};
pub use opinion::Opinion;
pub use subjective::{Analysis, analyse};
