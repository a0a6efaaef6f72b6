//! The scene's section `ledger`.

use agent2028_core::check::{Check, Naming, Problems, Range, Unit};
use agent2028_core::ranges::check_ranges;
use agent2028_identity::suite::SuiteId;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::disk::{Durability, StoreOptions};

/// What is entered into the ledger, who signs, and how it lies on disk. Without this section a run that is written to a
/// folder still has a ledger, with the values that are the defaults here, but nothing in the simulation knows of it.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerConfig {
    /// Events of at least this priority are entered, 1–10; by default 5. Interventions always are.
    #[reflect(@Range::new(1.0, 10.0))]
    pub least_priority: u8,
    /// The kinds of events that are entered, by their names; all kinds if the list is empty.
    pub events: Vec<String>,
    /// Whether the receipts of operations are entered; by default not. Needs the section `operations`.
    pub receipts: bool,
    /// The time between two entries with the hash of the whole state; by default 10, none if absent.
    #[reflect(@Range::new(1e-3, 1e9), @Unit("s"))]
    pub state_hash_every_s: Option<f32>,
    /// The time between two tree heads, where something was entered; by default 10.
    #[reflect(@Range::new(1e-3, 1e9), @Unit("s"))]
    pub heads_every_s: f32,
    /// The suite of the keys that sign tree heads and time stamps; nothing is signed if absent. By default `HybridFips`.
    pub sign: Option<SuiteId>,
    /// What gets a time stamp when it is entered; by default nothing, since each costs a signature.
    pub stamps: Stamps,
    /// How many entries stay in memory at least; by default 100 000. Older ones are in the run's folder only.
    #[reflect(@Range::new(1.0, 1e9), @Unit("entries"))]
    pub keep: u32,
    /// How a run's folder holds it.
    pub disk: DiskConfig,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            least_priority: 5,
            events: Vec::new(),
            receipts: false,
            state_hash_every_s: Some(10.0),
            heads_every_s: 10.0,
            sign: Some(SuiteId::HybridFips),
            stamps: Stamps::None,
            keep: 100_000,
            disk: DiskConfig::default(),
        }
    }
}

/// What gets a time stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Stamps {
    /// Nothing.
    #[default]
    None,
    /// What is done to the run from outside.
    Interventions,
    /// Interventions, and events of priority 8 and more.
    Important,
    /// Every entry.
    All,
}

impl Stamps {
    /// Its name in scenes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Interventions => "Interventions",
            Self::Important => "Important",
            Self::All => "All",
        }
    }
}

/// How a run's folder holds the ledger.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DiskConfig {
    /// When it is brought to the disk, so that not even a crash of the machine loses it: `Each` entry, `Every(entries)`, or
    /// `AtHeads` (by default). A kill of the program loses nothing in any case that had been written down.
    pub durability: DurabilityConfig,
    /// How long a file becomes before the next one begins, in mebibytes; by default 16.
    #[reflect(@Range::new(0.001, 65_536.0), @Unit("MiB"))]
    pub segment_mib: f32,
    /// How many entries are kept; older files are dropped, and what is left of them is what old proofs need. All are kept by
    /// default.
    #[reflect(@Range::new(1.0, 1e15), @Unit("entries"))]
    pub keep: Option<u64>,
}

impl Default for DiskConfig {
    fn default() -> Self {
        Self { durability: DurabilityConfig::AtHeads, segment_mib: 16.0, keep: None }
    }
}

/// When the ledger is brought to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum DurabilityConfig {
    /// After each entry.
    Each,
    /// After so many entries.
    Every(#[reflect(@Range::new(1.0, 1e15), @Unit("entries"))] u64),
    /// At tree heads.
    #[default]
    AtHeads,
}

impl DiskConfig {
    /// The same for a writer.
    #[must_use]
    pub fn options(&self) -> StoreOptions {
        let durability = match self.durability {
            DurabilityConfig::Each => Durability::Each,
            DurabilityConfig::Every(entries) => Durability::Every(entries),
            DurabilityConfig::AtHeads => Durability::AtHeads,
        };
        StoreOptions { durability, segment_bytes: (f64::from(self.segment_mib) * 1_048_576.0) as u64 }
    }
}

impl Check for LedgerConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        for (index, kind) in self.events.iter().enumerate() {
            problems.mention(format!("{at}.events[{index}]"), Naming::EventKind, kind);
        }
        if let Some(suite) = self.sign
            && suite.suite().is_none()
        {
            let help = "write HybridFips, or use a program with the feature `crystals`";
            problems.push(format!("{at}.sign"), format!("this program was built without the suite {suite}"), help);
        }
        if self.receipts && !problems.sections.contains("operations") {
            let help = "add the section operations: (), or write receipts: false";
            problems.push(format!("{at}.receipts"), "there are no operations that could leave receipts", help);
        }
        if self.sign.is_none() && self.stamps != Stamps::None {
            let help = "write sign: HybridFips, or stamps: None";
            problems.push(format!("{at}.stamps"), "a time stamp is a signature, and nothing is signed", help);
        }
    }
}
