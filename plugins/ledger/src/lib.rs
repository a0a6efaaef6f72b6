//! An append-only Merkle ledger of what happened, for Agent2028.
//!
//! What is entered stays: entries are the leaves of a Merkle tree (RFC 9162, with SHA3-256), so a root of 32 bytes stands for
//! all of them, a short proof shows that an entry is among them, and another that a ledger is the beginning of a longer one.
//!
//! | module | what it holds |
//! |---|---|
//! | [`hash`] | how leaves and nodes are hashed |
//! | [`tree`] | the tree, its proofs, and dropping what is old |
//! | [`entry`] | entries and their bytes |
//! | [`head`], [`stamp`], [`sign`] | signed tree heads, time stamps, and who signs |
//! | [`disk`] | the ledger in files: checksums, recovery, compaction |
//! | [`query`] | finding entries, counting them |
//! | [`document`] | entries and proofs as JSON |
//!
//! ```
//! use agent2028_ledger::entry::{Entry, EntryKind};
//! use agent2028_ledger::hash::TreeHash;
//! use agent2028_ledger::tree::Tree;
//! use sha3::Sha3_256;
//!
//! let mut tree: Tree = Tree::default();
//! for tick in 0..1000 {
//!     let entry = Entry::new(EntryKind::Note, tick, 0, "count");
//!     tree.push(Sha3_256::leaf(&entry.to_bytes()));
//! }
//! let proof = tree.prove_inclusion(7, 1000).unwrap();
//! assert!(proof.verify::<Sha3_256>(&tree.leaf(7).unwrap(), &tree.root()));
//! assert_eq!(proof.path.len(), 10);
//! ```

pub mod disk;
pub mod document;
pub mod entry;
pub mod hash;
pub mod head;
pub mod query;
pub mod sign;
pub mod stamp;
pub mod tree;
mod wire;

pub use entry::{Entry, EntryKind, Outcome, Signature};
pub use hash::Hash;
pub use head::{SignedTreeHead, TreeHead};
pub use tree::Tree;
