//! An append-only Merkle ledger of what happened, for Agent2028.
//!
//! What is entered stays: entries are the leaves of a Merkle tree (RFC 9162, with SHA3-256), so a root of 32 bytes stands for
//! all of them, a short proof shows that an entry is among them, and another that a ledger is the beginning of a longer one.
//!
//! [`LedgerPlugin`] adds to a simulation:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | [`Observe`](agent2028_core::SimSystems::Observe) | metrics |
//! | after all else in a tick | interventions, events and receipts are entered, and where it is time for that the state hash and a tree head |
//!
//! | module | what it holds |
//! |---|---|
//! | [`ledger`] | the ledger of a run as it grows; plugins enter what they have to say |
//! | [`config`], [`observe`] | the scene's section, metrics |
//! | [`facts`] | entries from what happens, and the hashes that they keep of it |
//! | [`hash`] | how leaves and nodes are hashed |
//! | [`tree`] | the tree, its proofs, and dropping what is old |
//! | [`entry`] | entries and their bytes |
//! | [`head`], [`stamp`], [`sign`], [`keys`] | signed tree heads, time stamps, and who signs |
//! | [`note`] | tree heads as other programs read them, signed and cosigned |
//! | [`disk`] | the ledger in files: checksums, recovery, compaction |
//! | [`terms`], [`demand`], [`times`] | what has to be in a ledger, whether it is, and whether its times are those of its ticks |
//! | [`manifest`] | the last leaf: every file of a run with its hash |
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

pub mod config;
pub mod demand;
pub mod disk;
pub mod document;
pub mod entry;
pub mod facts;
pub mod hash;
pub mod head;
pub mod keys;
pub mod ledger;
pub mod manifest;
pub mod note;
pub mod observe;
mod pages;
pub mod query;
mod section;
pub mod sign;
pub mod stamp;
pub mod terms;
pub mod times;
pub mod tree;
mod wire;
pub mod written;

pub use config::LedgerConfig;
pub use entry::{Entry, EntryKind, Outcome, Signature};
pub use facts::Opening;
pub use hash::Hash;
pub use head::{SignedTreeHead, TreeHead};
pub use ledger::Ledger;
pub use manifest::Manifest;
pub use terms::Terms;
pub use tree::Tree;
pub use written::Unwritable;

use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::rng::SimRng;
use agent2028_core::{SimSchedule, SimSystems, TickEnd, Turn};
use agent2028_identity::sign_events::SignEvents;
use bevy::prelude::*;

use observe::LedgerMetrics;

/// When a tick is written down: after it has ended and was signed. It takes the whole world, so that who looks at a tick that has
/// ended comes before it.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WriteDown;

/// The ledger of a run. Add it after `SimCorePlugin`.
#[derive(Clone, Debug, Default)]
pub struct LedgerPlugin {
    /// The scene's section.
    pub config: LedgerConfig,
    /// The scene itself, which the ledger begins with.
    pub opening: Opening,
}

impl Plugin for LedgerPlugin {
    fn build(&self, app: &mut App) {
        let world = app.world_mut();
        let (dice, clock) = (world.resource::<SimRng>(), world.resource::<SimClock>());
        let ledger = Ledger::begin(&self.opening, &self.config, dice, clock);
        world.get_resource_or_init::<EventBus>().keep_whole_ticks();
        let ids = LedgerMetrics::declare(&mut world.get_resource_or_init::<Metrics>());
        app.insert_resource(self.config.clone())
            .insert_resource(ids)
            .insert_resource(ledger)
            .add_section::<LedgerConfig>("ledger")
            // It is a record of the state and no part of it.
            .checkpoint_custom(
                "ledger.record",
                false,
                |world| world.resource::<Ledger>().save(),
                |world, bytes| world.resource_mut::<Ledger>().load(bytes),
            )
            .report_memory("agent2028_ledger", "entries, tree and heads", |world| {
                world.get_resource::<Ledger>().map_or(0, Ledger::bytes)
            });
        app.add_systems(SimSchedule, write_down.in_set(WriteDown).after(TickEnd).after(SignEvents))
            .add_systems(SimSchedule, observe::observe.in_set(Turn::RECORD.of(SimSystems::Observe)));
    }
}

/// Writes the tick down when everything in it has happened.
fn write_down(world: &mut World) {
    world.resource_scope(|world, mut ledger: Mut<Ledger>| {
        let config = world.resource::<LedgerConfig>();
        ledger.write_down(world, config);
    });
}
