//! What a ledger says of the files of its run.

use agent2028_ledger::disk::Item;
use agent2028_ledger::hash::leaf_hash;
use agent2028_ledger::{Entry, EntryKind, Hash, Manifest, Terms};

/// What a ledger says of the files of its run.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) scene: Option<(u64, Hash)>,
    /// What the ledger begins with: scene, seed, the first terms and files.
    pub(super) opening: Vec<(u64, Entry)>,
    pub(super) files: Vec<(u64, String, Hash)>,
    pub(super) terms: Vec<(u64, u64, Terms)>,
    pub(super) interventions: Vec<(u64, Entry)>,
    pub(super) states: Vec<(u64, u64, Hash)>,
    pub(super) events: Vec<(u64, Entry)>,
    pub(super) results: Vec<(u64, String, Hash)>,
    /// Every manifest: of each end of the run.
    pub(super) manifests: Vec<(u64, Manifest)>,
    pub(super) end: Option<Entry>,
    pub(super) ended_at: Option<u64>,
    /// How often the run went on after its end.
    pub(super) resumed: u64,
    /// The leaves of the results and the end that hold.
    pub(super) closing: Vec<Hash>,
    pub(super) last_tick: u64,
}

impl Claims {
    pub(super) fn note(&mut self, item: &Item) {
        let (Item::Entry { index, entry, bytes } | Item::Kept { index, entry, bytes }) = item else {
            return;
        };
        if matches!(entry.kind, EntryKind::Result | EntryKind::End) {
            self.closing.push(leaf_hash(bytes));
        }
        let Entry { kind, tick, payload, operation, .. } = entry;
        self.last_tick = self.last_tick.max(*tick);
        let is_first_terms = *kind == EntryKind::Terms && self.terms.is_empty();
        if is_first_terms || matches!(kind, EntryKind::Scene | EntryKind::Seed | EntryKind::File) {
            self.opening.push((*index, entry.clone()));
        }
        match kind {
            EntryKind::Scene => self.scene = Some((*index, *payload)),
            EntryKind::File => self.files.push((*index, operation.clone(), *payload)),
            EntryKind::Terms => {
                self.terms.extend(Terms::from_text(&entry.detail).map(|(terms, _)| (*index, *tick, terms)));
            }
            EntryKind::Intervention => self.interventions.push((*index, entry.clone())),
            EntryKind::StateHash => self.states.push((*index, *tick, *payload)),
            EntryKind::Event => self.events.push((*index, entry.clone())),
            EntryKind::Manifest => {
                self.manifests.extend(Manifest::from_text(&entry.detail).map(|manifest| (*index, manifest)));
            }
            EntryKind::Result => self.results.push((*index, operation.clone(), *payload)),
            EntryKind::End => {
                self.ended_at = Some(*index);
                self.end = Some(entry.clone());
            }
            EntryKind::Resumed => {
                // What closed the run no longer holds.
                self.resumed += 1;
                self.results.clear();
                self.closing.clear();
                (self.end, self.ended_at) = (None, None);
            }
            EntryKind::Receipt | EntryKind::Note | EntryKind::Identity | EntryKind::Seed => {}
        }
    }

    /// The terms that were in force in a tick.
    pub(super) fn terms_at(&self, tick: u64) -> Option<&Terms> {
        let before = self.terms.iter().rev().find(|(_, since, _)| *since <= tick);
        before.map(|(_, _, terms)| terms)
    }
}
