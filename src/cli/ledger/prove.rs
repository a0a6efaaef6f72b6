//! `agent2028 ledger prove`.

use std::path::PathBuf;

use agent2028_ledger::disk::{Item, locate, walk};
use agent2028_ledger::document::ProofDocument;
use agent2028_ledger::keys::{LedgerKey, speaks_for};
use agent2028_ledger::stamp::TimeStamp;
use agent2028_ledger::tree::ProofError;
use agent2028_ledger::{Entry, Hash};
use clap::Args;
use uuid::Uuid;

use super::{refuse_changed, unreadable};
use crate::cli::{Failure, print, whole};

/// Prints a proof as JSON, which `ledger verify --proof` checks without the ledger: that an entry is in it, or that the ledger
/// goes on where it was.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 ledger prove runs/1 --index 12 > proof.json\n  agent2028 ledger prove runs/1 \
    --event 0b6cd0d5-2ae3-4d36-9d43-4bd26ab1e7c8 > proof.json\n  agent2028 ledger prove runs/1 --from 10 > proof.json"
)]
pub(crate) struct Prove {
    /// A run's folder, or its ledger/.
    path: PathBuf,
    /// The entry of the event (or operation) with this UUID.
    #[arg(long, value_name = "ID", required_unless_present_any = ["index", "from"], conflicts_with_all = ["index", "from"])]
    event: Option<Uuid>,
    /// The entry with this number, from 0.
    #[arg(long, value_name = "N", conflicts_with = "from", value_parser = whole)]
    index: Option<u64>,
    /// That the ledger as it was with so many entries is the beginning of what it became.
    #[arg(long, value_name = "SIZE", value_parser = whole)]
    from: Option<u64>,
    /// The ledger as it was with so many entries; by default at its last tree head, or as it is now.
    #[arg(long, value_name = "SIZE", value_parser = whole)]
    size: Option<u64>,
}

impl Prove {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        if let Some(code) = refuse_changed(&self.path)? {
            return Ok(code);
        }
        let input = |what: String| Failure::Input(miette::miette!("{what}"));
        let mut wanted: Option<(u64, Entry)> = None;
        let mut stamps: Vec<TimeStamp> = Vec::new();
        let walked = locate(&self.path).and_then(|path| {
            walk(&path, &mut |item| {
                match item {
                    Item::Entry { index, entry, .. } | Item::Kept { index, entry, .. } => {
                        let event = self.event.is_some_and(|event| entry.event == Some(event.into_bytes()));
                        if wanted.is_none() && (event || self.index == Some(index)) {
                            wanted = Some((index, entry));
                        }
                    }
                    Item::Stamp(stamp) if wanted.as_ref().is_some_and(|(index, _)| *index == stamp.index) => {
                        stamps.push(stamp);
                    }
                    _ => {}
                }
                Ok(())
            })
        });
        let walk = match walked {
            Ok(walk) => walk,
            Err(error) => return unreadable(error, &self.path),
        };
        let tree = walk.tree.ok_or_else(|| input("a file by itself has no tree: name the ledger's folder".into()))?;
        let root_at = |size: u64| -> Result<Hash, Failure> {
            let dropped = ProofError::Dropped { dropped: tree.dropped() };
            tree.root_at(size).ok_or_else(|| input(dropped.to_string()))
        };
        if let Some(old) = self.from {
            let new = self.size.unwrap_or(walk.size);
            let proof = tree.prove_consistency(old, new).map_err(|error| input(error.to_string()))?;
            let document = ProofDocument::consistency(&proof, &root_at(old)?, &root_at(new)?);
            return print(&document.to_json().map_err(|error| input(error.to_string()))?);
        }
        let missing = || match (self.event, self.index) {
            (Some(event), _) => format!("no entry that is there tells of {event}"),
            (_, Some(index)) if index < walk.first => format!("entry {index} was dropped"),
            (_, index) => format!("there is no entry {}: the ledger has {}", index.unwrap_or(0), walk.size),
        };
        let (index, entry) = wanted.ok_or_else(|| input(missing()))?;
        // A size that somebody has signed is worth more than one that nobody has.
        let signed = walk.heads.iter().map(|signed| signed.head.size).filter(|size| *size > index).max();
        let size = self.size.or(signed).unwrap_or(walk.size);
        let proof = tree.prove_inclusion(index, size).map_err(|error| input(error.to_string()))?;
        let head = walk.heads.iter().rev().find(|signed| signed.head.size == size);
        let keys: Vec<LedgerKey> = walk.keys.iter().filter(|key| speaks_for(key, &entry)).cloned().collect();
        let document = ProofDocument::inclusion(&entry, &proof, &root_at(size)?, head, &stamps, &keys);
        let text = document.and_then(|document| document.to_json());
        print(&text.map_err(|error| input(error.to_string()))?)
    }
}
