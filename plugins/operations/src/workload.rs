//! Sources of operations: when the next one is asked for, and which.

mod source;
mod trace;
mod zipf;

pub(crate) use source::Around;
pub use source::{Request, Source};
pub use trace::{TraceReader, TraceRow, read_samples};
