//! The language of scenes: RON with places, described by types. No app and no window; whoever reads, checks, edits or documents
//! scenes stands above it.
//!
//! | module | concept |
//! |---|---|
//! | [`syntax`] | text to tree and back, with places and all faults at once |
//! | [`read`] | tree to values, by serde |
//! | [`limits`] | units and ranges of fields |
//! | [`names`] | what a wrong name was meant to be |

pub mod limits;
pub mod names;
pub mod read;
pub mod syntax;

#[cfg(test)]
mod against_ron;

pub use read::{from_payload, from_text, from_tree};
pub use syntax::{Fault, Place, SourceId};
