//! The ledger of a run, as it grows.

use std::collections::{BTreeMap, VecDeque};

use agent2028_core::agent::AgentId;
use agent2028_core::checkpoint::{StateHash, state_hash, to_bytes};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{Event, EventBus};
use agent2028_core::intervention::InterventionLog;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_identity::Identities;
use agent2028_identity::did::DidDocument;
use agent2028_identity::signature::Signature as HybridSignature;
use agent2028_identity::suite::Suite;
use agent2028_operations::Operations;
use bevy::prelude::*;
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha3::Sha3_256;

use crate::config::{LedgerConfig, Stamps};
use crate::document::ProofDocument;
use crate::entry::{Entry, Signature};
use crate::facts::{self, Opening};
use crate::hash::{Hash, TreeHash};
use crate::head::{SignedTreeHead, TreeHead};
use crate::keys::{KeyRole, LedgerKey, SigningKey, carried, speaks_for};
use crate::pages::Pages;
use crate::sign::Signer;
use crate::stamp::{TimeStamp, TimeStampAuthority};
use crate::terms::Terms;
use crate::tree::{Frontier, ProofError, Remains, Tree};

/// Events of this priority and more are important enough for a time stamp, where a scene wants these.
const IMPORTANT: u8 = 8;
/// So many of the last entries a checkpoint holds.
const SAVED_ENTRIES: u64 = 256;
/// So many of the last tree heads a checkpoint holds.
const SAVED_HEADS: usize = 4;
/// So many tree heads over entries that are no longer in memory stay there, the newest ones: what proves each of them consistent with
/// the rest is worked out anew whenever entries go.
const OLD_HEADS: usize = 64;

/// The ledger of a run, as it grows. It is a record and no state: nothing in the simulation depends on it, and it takes no
/// part in state hashes, so that these can be entered into it.
///
/// Plugins enter what they have to say by [`Ledger::note`].
#[derive(Resource, Debug)]
pub struct Ledger {
    tree: Tree,
    pages: Pages,
    heads: Vec<SignedTreeHead>,
    heads_made: u64,
    stamps: VecDeque<TimeStamp>,
    authority: TimeStampAuthority,
    keeper: Option<SigningKey>,
    clock: Option<SigningKey>,
    /// The keys of agents that have signed something, each once.
    signers: Vec<LedgerKey>,
    /// How far the documents of agents are among these.
    shown: BTreeMap<u32, Extent>,
    /// How often the keys that have signed have changed.
    keys_changed: u64,
    /// Agents whose identifier was entered, and how often.
    named: BTreeMap<u32, Vec<Named>>,
    /// The terms that were entered last.
    terms: Terms,
    /// The last tick that was written down.
    last_tick: u64,
    /// The tick of the last entry.
    newest: u64,
    /// The entries of plugins that wait for their time stamp.
    unstamped: Vec<u64>,
    /// How many receipts of operations had been written when they were last looked at.
    receipts: u64,
    /// How many of them were gone before they could be entered.
    missed: u64,
}

/// How far an agent's document goes: how many keys it has had, and whether its identity has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Extent {
    keys: usize,
    ended: bool,
}

impl Extent {
    fn of(document: &DidDocument) -> Self {
        Self { keys: document.history.len(), ended: document.deactivated.is_some() }
    }
}

/// An entry that says who an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    /// Its number.
    entry: u64,
    /// How far its document went then.
    upto: Extent,
}

/// What a checkpoint holds of a ledger.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// The edge before the entries that are saved.
    dropped: Frontier,
    entries: Vec<Vec<u8>>,
    /// The edge after them.
    frontier: Frontier,
    heads: Vec<SignedTreeHead>,
    heads_made: u64,
    authority: TimeStampAuthority,
    named: BTreeMap<u32, Vec<Named>>,
    terms: Terms,
    last_tick: u64,
    newest: u64,
    receipts: u64,
    missed: u64,
}

impl Ledger {
    /// The ledger of a run, with the entries that it begins with.
    #[must_use]
    pub fn begin(opening: &Opening, config: &LedgerConfig, dice: &SimRng, clock: &SimClock) -> Self {
        let mut ledger = Self::at(Frontier::default(), 0, config, dice, clock);
        for entry in opening.entries(clock.epoch().timestamp_millis(), &ledger.terms) {
            ledger.note(&entry);
        }
        ledger
    }

    /// A ledger that goes on after entries that are elsewhere, with the tick after `last_tick`.
    #[must_use]
    pub fn at(frontier: Frontier, last_tick: u64, config: &LedgerConfig, dice: &SimRng, clock: &SimClock) -> Self {
        // A scene with a suite that this program lacks is refused when it is checked.
        let key = |role| config.sign.and_then(|suite| SigningKey::of_run(role, suite, dice).ok());
        let stamping = config.stamps != Stamps::None;
        Self {
            pages: Pages::starting_at(frontier.size()),
            tree: Tree::from_remains(&Remains { frontier, pinned: Vec::new() }),
            heads: Vec::new(),
            heads_made: 0,
            stamps: VecDeque::new(),
            authority: TimeStampAuthority::default(),
            keeper: key(KeyRole::Keeper),
            clock: if stamping { key(KeyRole::TimeStamps) } else { None },
            signers: Vec::new(),
            shown: BTreeMap::new(),
            keys_changed: 0,
            named: BTreeMap::new(),
            terms: Terms::of(config, clock),
            last_tick,
            newest: 0,
            unstamped: Vec::new(),
            receipts: 0,
            missed: 0,
        }
    }

    /// How many entries there are, those too that are no longer in memory.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The number of the first entry in memory.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.pages.first()
    }

    /// The root over all entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The tree heads in memory, oldest first: those over entries that are there, and some of those before.
    #[must_use]
    pub fn heads(&self) -> &[SignedTreeHead] {
        &self.heads
    }

    /// How many tree heads were made, those too that are no longer in memory.
    #[must_use]
    pub fn heads_made(&self) -> u64 {
        self.heads_made
    }

    /// The time stamps of entries in memory, in the order of these.
    pub fn stamps(&self) -> impl ExactSizeIterator<Item = &TimeStamp> {
        self.stamps.iter()
    }

    /// The time stamps of an entry.
    pub fn stamps_of(&self, index: u64) -> impl Iterator<Item = &TimeStamp> {
        let from = self.stamps.partition_point(|stamp| stamp.index < index);
        self.stamps.range(from..).take_while(move |stamp| stamp.index == index)
    }

    /// How many time stamps were issued.
    #[must_use]
    pub fn stamps_issued(&self) -> u64 {
        self.authority.issued()
    }

    /// How many receipts of operations were gone before they could be entered.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The public halves of the keys that sign: the keeper's and the time-stamp authority's, then those of agents in the order
    /// in which they came. When a run goes back those go away that came later.
    pub fn keys(&self) -> impl Iterator<Item = LedgerKey> {
        let own = self.keeper.iter().chain(&self.clock).map(SigningKey::public);
        own.chain(self.signers.iter().cloned())
    }

    /// How often the [keys](Self::keys) have changed: whoever has seen them all at this count need not look again.
    #[must_use]
    pub fn keys_changed(&self) -> u64 {
        self.keys_changed
    }

    /// The bytes of an entry, if it is in memory.
    #[must_use]
    pub fn bytes_of(&self, index: u64) -> Option<&[u8]> {
        self.pages.get(index)
    }

    /// An entry, if it is in memory.
    #[must_use]
    pub fn entry(&self, index: u64) -> Option<Entry> {
        Entry::decode(self.pages.get(index)?).ok()
    }

    /// The entries in memory with their numbers, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (u64, Entry)> {
        (self.first()..self.size()).filter_map(|index| Some((index, self.entry(index)?)))
    }

    /// A proof of an entry that stands by itself, for the ledger as it is now.
    ///
    /// # Errors
    /// If there is no such entry, it is no longer in memory, or a key has no bytes.
    pub fn prove(&self, index: u64) -> Result<ProofDocument, ProofError> {
        let proof = self.tree.prove_inclusion(index, self.size())?;
        let gone = ProofError::Dropped { dropped: self.first() };
        let entry = self.entry(index).ok_or(gone)?;
        let head = self.heads.last().filter(|signed| signed.head.size == self.size());
        let stamps: Vec<TimeStamp> = self.stamps_of(index).cloned().collect();
        let keys: Vec<LedgerKey> = self.keys().filter(|key| speaks_for(key, &entry)).collect();
        Ok(ProofDocument::inclusion(&entry, &proof, &self.root(), head, &stamps, &keys)?)
    }

    /// Enters something. Returns its number. What tells an earlier tick than the entry before it is entered with that one's:
    /// ticks never fall.
    pub fn note(&mut self, entry: &Entry) -> u64 {
        let later = (entry.tick < self.newest).then(|| Entry { tick: self.newest, ..entry.clone() });
        let entry = later.as_ref().unwrap_or(entry);
        self.newest = entry.tick;
        let leaf = Sha3_256::leaf(self.pages.push(|bytes| entry.encode(bytes)));
        let index = self.tree.push(leaf);
        self.unstamped.push(index);
        index
    }

    /// Writes down the tick that has just run in a world: what was done to it, its events and receipts, and, where it is time
    /// for that, the state hash and a tree head.
    pub fn write_down(&mut self, world: &World, config: &LedgerConfig) {
        let clock = world.resource::<SimClock>();
        let dice = world.resource::<SimRng>();
        let (tick, unix_ms) = (clock.tick(), clock.now().timestamp_millis());
        // What plugins have entered in the tick comes first.
        let mut wanted = std::mem::take(&mut self.unstamped);
        wanted.retain(|_| config.stamps == Stamps::All);
        if tick > self.last_tick + 1 {
            self.note(&facts::gap_entry(self.last_tick + 1, tick - 1, tick, unix_ms));
        }
        // What changes the terms comes before them.
        let log = &world.resource::<InterventionLog>().0;
        for applied in &log[log.partition_point(|applied| applied.stamped.tick <= self.last_tick)..] {
            let at = clock.at(applied.stamped.tick).timestamp_millis();
            let index = self.note(&facts::intervention_entry(applied, tick, at));
            if config.stamps != Stamps::None {
                wanted.push(index);
            }
        }
        // Who signs and what is kept on disk was decided at the beginning.
        let stamps = if self.clock.is_some() { config.stamps } else { Stamps::None };
        let (sign, keep) = (self.terms.sign.clone(), self.terms.keep);
        let terms = Terms { sign, stamps, keep, ..Terms::of(config, clock) };
        if terms != self.terms {
            let index = self.note(&facts::terms_entry(&terms, 0, tick, unix_ms));
            wanted.extend((config.stamps == Stamps::All).then_some(index));
            self.terms = terms;
        }
        let admitted = |event: &&Event| {
            let listed = config.events.is_empty() || config.events.iter().any(|kind| kind == event.kind.name);
            listed && event.priority >= config.least_priority && !facts::is_told_as_intervention(event.kind)
        };
        let identities = world.get_resource::<Identities>();
        if let Some(identities) = identities {
            let before = self.size();
            self.note_new_keys(identities, tick, unix_ms);
            wanted.extend((before..self.size()).filter(|_| config.stamps == Stamps::All));
        }
        for event in world.resource::<EventBus>().of_last_tick().filter(admitted) {
            let mut entry = facts::event_entry(event, tick, dice);
            let before = self.size();
            entry.signature = identities.and_then(|all| self.signature_of(all, event, tick));
            if config.stamps == Stamps::All {
                wanted.extend(before..self.size());
            }
            let index = self.note(&entry);
            let important = config.stamps == Stamps::Important && event.priority >= IMPORTANT;
            if important || config.stamps == Stamps::All {
                wanted.push(index);
            }
        }
        let first_receipt = self.size();
        if config.receipts
            && let Some(operations) = world.get_resource::<Operations>()
        {
            self.note_receipts(operations, tick, unix_ms, dice);
        }
        self.last_tick = tick;
        let due = |seconds: f32| tick.is_multiple_of(clock.ticks_in(f64::from(seconds)).max(1));
        if config.state_hash_every_s.is_some_and(due) {
            self.note(&facts::state_entry(&state_hash(world), tick, unix_ms));
        }
        if config.stamps == Stamps::All {
            wanted.extend(first_receipt..self.size());
        }
        self.unstamped.clear();
        if !wanted.is_empty() {
            let history = self.root();
            wanted.into_iter().for_each(|index| self.stamp(index, unix_ms, &history, dice));
        }
        let news = self.heads.last().is_none_or(|last| last.head.size < self.size());
        if news && due(config.heads_every_s) {
            let head = self.sign(TreeHead { size: self.size(), root: self.root(), tick, unix_ms });
            self.heads.push(head);
            self.heads_made += 1;
        }
        self.drop_beyond(u64::from(config.keep));
    }

    /// What an agent signed of an event, if it did. Who it is is entered before its first signature, and its key is noted with
    /// what leads from there to that identifier. Signatures that another run of
    /// the scene would make otherwise are no part of an entry, so that its ledger has the same root.
    fn signature_of(&mut self, identities: &Identities, event: &Event, tick: u64) -> Option<Signature> {
        let repeats = |signature: &&HybridSignature| signature.suite.suite().is_some_and(Suite::is_seeded);
        let signature = identities.signature_of_event(event.sequence).filter(repeats)?;
        let carried = carried(signature)?;
        let source = event.source?;
        let document = identities.document_of(source)?;
        document.keys_at(signature.key, signature.at)?;
        self.show(source.0, document);
        if !self.named.contains_key(&source.0) {
            self.name(source.0, document, tick, event.unix_ms);
        }
        Some(carried)
    }

    /// Enters which keys agents have now whose identifier was entered and whose document says more than then: what leads from an
    /// agent's name to its key of now is in the ledger, whether or not it signs anything with it.
    fn note_new_keys(&mut self, identities: &Identities, tick: u64, unix_ms: i64) {
        let grown = |(who, named): (&u32, &Vec<Named>)| {
            let document = identities.document_of(AgentId(*who))?;
            (Some(Extent::of(document)) != named.last().map(|named| named.upto)).then_some(*who)
        };
        let grown: Vec<u32> = self.named.iter().filter_map(grown).collect();
        for who in grown {
            if let Some(document) = identities.document_of(AgentId(who)) {
                self.show(who, document);
                self.name(who, document, tick, unix_ms);
            }
        }
    }

    fn name(&mut self, who: u32, document: &DidDocument, tick: u64, unix_ms: i64) {
        if let Some(entry) = facts::identity_entry(who, document, tick, unix_ms) {
            let entry = self.note(&entry);
            self.named.entry(who).or_default().push(Named { entry, upto: Extent::of(document) });
        }
    }

    /// Adds an agent's key of now to the keys that have signed, with what leads to it from the last one that is there.
    fn show(&mut self, who: u32, document: &DidDocument) {
        let upto = Extent::of(document);
        let before = self.shown.insert(who, upto);
        if let (Some(keys), true) = (document.current(), before != Some(upto)) {
            let news = before.map_or_else(|| document.clone(), |before| document.since(before.keys));
            let (role, key) = (KeyRole::Agent(who), keys.clone());
            self.signers.push(LedgerKey { role, key, document: Some(Box::new(news)) });
            self.keys_changed += 1;
        }
    }

    /// Forgets the keys of agents whose documents go further than what is entered about them: a run went back.
    fn forget_keys(&mut self) {
        let upto = |who: &u32| self.named.get(who)?.last().map(|named| named.upto);
        self.shown.retain(|who, shown| upto(who) == Some(*shown));
        let shown = &self.shown;
        self.signers.retain(|key| matches!(key.role, KeyRole::Agent(who) if shown.contains_key(&who)));
        self.keys_changed += 1;
    }

    fn note_receipts(&mut self, operations: &Operations, tick: u64, unix_ms: i64, dice: &SimRng) {
        let book = operations.book();
        let news = book.written().saturating_sub(self.receipts);
        let kept = news.min(book.receipts().len() as u64);
        self.missed += news - kept;
        self.receipts = book.written();
        for receipt in book.receipts().skip(book.receipts().len() - kept as usize) {
            let class = operations.classes().get(usize::from(receipt.class));
            let (capability, kind) = class.map_or(("", ""), |class| (&*class.capability, &*class.kind));
            self.note(&facts::receipt_entry(receipt, capability, kind, tick, unix_ms, dice));
        }
    }

    fn stamp(&mut self, index: u64, unix_ms: i64, history: &Hash, dice: &SimRng) {
        let random = dice.global(Purpose::new("ledger.nonce"), self.authority.issued()).next_u64();
        if let Some(clock) = &self.clock
            && let Some(leaf) = self.tree.leaf(index)
            && let Some(stamp) = self.authority.stamp(index, leaf, unix_ms, (history, random), clock)
        {
            self.stamps.push_back(stamp);
        }
    }

    /// Signs a tree head with the key of the ledger's keeper, if he has one.
    #[must_use]
    pub fn sign(&self, head: TreeHead) -> SignedTreeHead {
        head.signed(self.keeper.as_ref().map(|keeper| keeper as &dyn Signer))
    }

    /// Enters a state hash that somebody outside of the simulation has worked out.
    pub fn note_state(&mut self, hash: &StateHash, tick: u64, unix_ms: i64) {
        self.note(&facts::state_entry(hash, tick, unix_ms));
    }

    /// Lets the oldest entries go for as long as so many stay.
    fn drop_beyond(&mut self, keep: u64) {
        let first = self.pages.drop_beyond(keep);
        if first > self.tree.dropped() {
            let old = self.heads.partition_point(|signed| signed.head.size < first);
            self.heads.drain(..old.saturating_sub(OLD_HEADS));
            let sizes: Vec<u64> = self.heads.iter().map(|signed| signed.head.size).collect();
            self.tree.drop_before(first, &sizes, &[]);
            let gone = self.stamps.partition_point(|stamp| stamp.index < first);
            self.stamps.drain(..gone);
        }
    }

    /// Forgets the entries from `size` on, where a run goes another way after `last_tick`. Returns whether they could be
    /// forgotten: what is no longer in memory can't be gone back behind.
    pub fn truncate(&mut self, size: u64, last_tick: u64) -> bool {
        if !self.tree.truncate(size) {
            return false;
        }
        self.pages.truncate(size);
        self.heads.retain(|signed| signed.head.size <= size && signed.head.tick <= last_tick);
        let kept = self.stamps.partition_point(|stamp| stamp.index < size);
        self.stamps.truncate(kept);
        self.unstamped.clear();
        self.named.retain(|_, named| {
            named.retain(|named| named.entry < size);
            !named.is_empty()
        });
        self.forget_keys();
        self.last_tick = last_tick;
        self.newest = self.newest.min(last_tick);
        true
    }

    /// What a checkpoint holds of it: the edge of the tree and the last entries.
    pub(crate) fn save(&self) -> Result<Vec<u8>, String> {
        let from = self.size().saturating_sub(SAVED_ENTRIES).max(self.first());
        let entries = (from..self.size()).filter_map(|index| self.bytes_of(index).map(<[u8]>::to_vec)).collect();
        let saved = Saved {
            dropped: self.tree.frontier_at(from).ok_or_else(|| format!("the tree has no edge at {from}"))?,
            entries,
            frontier: self.tree.frontier_at(self.size()).ok_or("the tree has no edge at its end")?,
            heads: self.heads[self.heads.len().saturating_sub(SAVED_HEADS)..].to_vec(),
            heads_made: self.heads_made,
            authority: self.authority.clone(),
            named: self.named.clone(),
            terms: self.terms.clone(),
            last_tick: self.last_tick,
            newest: self.newest,
            receipts: self.receipts,
            missed: self.missed,
        };
        to_bytes(&saved)
    }

    /// Goes to what a checkpoint holds. If that is the beginning of what is in memory, only the rest is forgotten.
    pub(crate) fn load(&mut self, bytes: &[u8]) -> Result<(), String> {
        let saved: Saved = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        let frontier = |frontier: &Frontier| Frontier::from_parts(frontier.size(), frontier.roots().to_vec());
        let size = saved.frontier.size();
        let fits = saved.dropped.size() + saved.entries.len() as u64 == size;
        let whole = frontier(&saved.frontier).is_some() && fits;
        let dropped = frontier(&saved.dropped).filter(|_| whole).ok_or("the edge of the ledger makes no sense")?;
        let is_beginning = self.tree.frontier_at(size).as_ref() == Some(&saved.frontier);
        if !(is_beginning && self.truncate(size, saved.last_tick)) {
            let mut pages = Pages::starting_at(dropped.size());
            let mut tree: Tree = Tree::from_remains(&Remains { frontier: dropped, pinned: Vec::new() });
            for entry in &saved.entries {
                tree.push(Sha3_256::leaf(pages.push(|bytes| bytes.extend_from_slice(entry))));
            }
            if tree.frontier_at(size).as_ref() != Some(&saved.frontier) {
                return Err("the ledger's entries don't make up its tree".into());
            }
            (self.tree, self.pages) = (tree, pages);
            self.heads.clear();
            self.stamps.clear();
            self.unstamped.clear();
            self.shown.clear();
        }
        // A ledger that has just begun may hold the same entries, but none of the heads that were made of them.
        let known = saved.heads.first().map_or(u64::MAX, |signed| signed.head.size);
        self.heads.retain(|signed| signed.head.size < known);
        self.heads.extend(saved.heads);
        (self.authority, self.last_tick, self.newest) = (saved.authority, saved.last_tick, saved.newest);
        (self.named, self.terms) = (saved.named, saved.terms);
        self.forget_keys();
        (self.receipts, self.missed, self.heads_made) = (saved.receipts, saved.missed, saved.heads_made);
        Ok(())
    }

    /// The memory that is held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let signatures: usize =
            self.heads.iter().filter_map(|signed| signed.signature.as_ref()).map(|s| s.bytes.len()).sum();
        let stamps: usize = self.stamps.iter().map(|stamp| size_of::<TimeStamp>() + stamp.signature.bytes.len()).sum();
        let keys = self.signers.len() * 12_000;
        self.tree.bytes()
            + self.pages.bytes()
            + self.heads.len() * size_of::<SignedTreeHead>()
            + signatures
            + stamps
            + keys
    }
}
