//! What was looked at, for people and programs to read: what a ledger holds, and what was compared of a run's files.

use std::collections::BTreeSet;
use std::path::Path;

use agent2028_core::rng::SimRng;
use agent2028_ledger::demand::Demands;
use agent2028_ledger::disk::{Walk, tree_of_the_run};
use agent2028_ledger::hash::to_hex;
use agent2028_ledger::keys::{KeyRole, LedgerKey, SigningKey};
use agent2028_ledger::{Hash, LedgerConfig};
use serde::Serialize;

use super::claims::Claims;
use crate::record::{ledger, recording};

/// What a ledger holds.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerReport {
    /// How many entries, with those that were dropped.
    pub entries: u64,
    /// The first entry that is there; those before it were dropped.
    pub first: u64,
    /// The root over all entries; nothing of a file by itself.
    pub root: Option<String>,
    /// The number of entries up to the end of the run, and the root over these: the same whenever the run is repeated. Of a run
    /// that went on after its end, without what closed it before.
    pub run: Option<(u64, String)>,
    /// How many files it lies in.
    pub files: usize,
    /// How many bytes these have.
    pub bytes: u64,
    /// How many tree heads.
    pub heads: usize,
    /// How many of them are signed, and rightly.
    pub signed_heads: usize,
    /// How many time stamps.
    pub stamps: u64,
    /// How many entries carry a signature of the agent that they name.
    pub signed_entries: u64,
    /// The keys that have signed.
    pub keys: Vec<KeyReport>,
}

/// A key of a ledger.
#[derive(Clone, Debug, Serialize)]
pub struct KeyReport {
    /// What it is for.
    pub role: KeyRole,
    /// Its suite.
    pub suite: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whether it follows from the run's seed, so that everybody who has the run has it; nothing if that is not known.
    pub of_the_run: Option<bool>,
}

/// What was compared of a run's files with its ledger and is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilesReport {
    /// How many files.
    pub files: usize,
    /// How many interventions.
    pub interventions: usize,
    /// How many state hashes.
    pub state_hashes: usize,
    /// How many events.
    pub events: usize,
}

pub(super) fn report(
    claims: &Claims,
    demands: &Demands,
    walk: &Walk,
    (run, folder): (&Path, &Path),
    whose: bool,
) -> LedgerReport {
    let root = walk.tree.as_ref();
    let own = own_keys(run, whose);
    let key = |key: &LedgerKey| {
        let (suite, fingerprint) = (key.key.suite.to_string(), key.fingerprint());
        let of_the_run = own.as_ref().map(|own| own.contains(&fingerprint));
        let of_the_run = of_the_run.filter(|_| !matches!(key.role, KeyRole::Agent(_)));
        KeyReport { role: key.role, suite, fingerprint, of_the_run }
    };
    LedgerReport {
        entries: walk.size,
        first: walk.first,
        root: root.map(|tree| to_hex(&tree.root())),
        run: up_to_the_end(claims, walk, folder).map(|(size, root)| (size, to_hex(&root))),
        files: walk.segments,
        bytes: walk.bytes,
        heads: walk.heads.len(),
        signed_heads: walk.heads.iter().filter(|signed| signed.signature.is_some()).count(),
        stamps: walk.stamps,
        signed_entries: demands.signed_entries(),
        keys: walk.keys.iter().map(key).collect(),
    }
}

/// The number of entries up to the end of a run, and the root over them, without what closed it before it went on: that is in the
/// ledger of no repetition.
fn up_to_the_end(claims: &Claims, walk: &Walk, folder: &Path) -> Option<(u64, Hash)> {
    let end = claims.ended_at? + 1;
    if claims.resumed == 0 {
        return Some((end, walk.tree.as_ref()?.root_at(end)?));
    }
    let mut tree = tree_of_the_run(folder).ok()?;
    for leaf in &claims.closing {
        tree.push(*leaf);
    }
    Some((tree.size(), tree.root()))
}

/// The fingerprints of the keys that follow from the seed of a run.
fn own_keys(run: &Path, wanted: bool) -> Option<BTreeSet<String>> {
    // What a scene says that is not the one that was run tells nothing about the run, and is not even read.
    let loaded = if wanted { recording::load_scene(run, &[]).ok()? } else { return None };
    let config = loaded.scene.section::<LedgerConfig>().cloned().unwrap_or_else(ledger::own_config);
    let dice = SimRng::new(loaded.scene.seed);
    let key = |role| Some(SigningKey::of_run(role, config.sign?, &dice).ok()?.public().fingerprint());
    Some([KeyRole::Keeper, KeyRole::TimeStamps].into_iter().filter_map(key).collect())
}
