//! The language of scenes: RON with places, described by types. No app and no window; whoever reads, checks, edits or documents
//! scenes stands above it.
//!
//! | module | concept |
//! |---|---|
//! | [`syntax`] | text to tree and back, with places and all faults at once |
//! | [`read`] | tree to values, by serde |
//! | [`types`] | one description of the types, from reflection |
//! | [`conform`](mod@conform) | whether a tree has the shape of the types |
//! | [`reference`](mod@reference) | the types as a document |
//! | [`complete`](mod@complete) | what could stand at the caret |
//! | [`path`] | steps through a tree |
//! | [`patch`] | changes of a text that leave all other bytes alone |
//! | [`indent`](mod@indent) | even indentation |
//! | [`limits`] | units and ranges of fields |
//! | [`names`] | what a wrong name was meant to be |

pub mod complete;
pub mod conform;
pub mod indent;
pub mod limits;
pub mod names;
pub mod patch;
pub mod path;
pub mod read;
pub mod reference;
pub mod syntax;
pub mod types;

#[cfg(test)]
mod against_ron;

pub use read::{from_payload, from_text, from_tree};
pub use syntax::{Fault, Place, SourceId};
