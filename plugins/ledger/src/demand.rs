//! Whether everything is in a ledger that has to be: what it begins with, what its terms demand, and what its end says.
//!
//! A walk ([`walk`](crate::disk::walk)) tells whether what is there is right. This tells whether something is missing: tree
//! heads, signatures, time stamps, state hashes that the terms demand, or the end.

use agent2028_core::faults::SetParam;
use agent2028_core::intervention::Intervention;

use crate::config::Stamps;
use crate::disk::{Item, Walk};
use crate::entry::{Entry, EntryKind, Outcome};
use crate::facts::{self, GAP};
use crate::head::SignedTreeHead;
use crate::keys::{AgentKeys, KeyRing, KeyRole, LedgerKey};
use crate::manifest::Manifest;
use crate::stamp::{SeenNonces, TimeStamp};
use crate::terms::Terms;
use crate::times::Times;

/// How far a ledger goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// To its end: the manifest and a tree head over it.
    Whole(Box<Manifest>),
    /// It has no end.
    Open,
}

/// Looks at everything in a ledger, in order, and tells what is missing.
#[derive(Debug)]
pub struct Demands {
    /// Whether the ledger is seen from its beginning; a file by itself that is not the first isn't.
    from_start: bool,
    agents: AgentKeys,
    nonces: SeenNonces,
    /// How many entries are still to come of those that the ledger begins with; not known before the terms.
    opening: Option<u64>,
    terms: Option<Terms>,
    /// The tick of the last entry.
    tick: u64,
    /// The first entry that no tree head covers yet, and the tick at whose end one is due.
    uncovered: Option<(u64, u64)>,
    /// The tick at whose end a state hash is due.
    state_due: Option<u64>,
    /// Entries that need a time stamp and have none yet, with their ticks.
    unstamped: Vec<(u64, u64)>,
    head: Option<(u64, u64)>,
    stamps: Vec<TimeStamp>,
    signed_entries: u64,
    manifest: Option<Manifest>,
    /// How many tree heads come after the manifest.
    heads_after: u64,
    /// How many of the entries that the ledger begins with were seen.
    opened: u64,
    /// Whether entries were dropped and none of those after them was seen yet.
    dropped: bool,
    /// Whether entries that close the run are there.
    closing: bool,
    /// The tick of the entry that ends the run.
    end: Option<u64>,
    times: Times,
    /// The last entry, its tick, and whether it was stamped.
    last: Option<(u64, u64, bool)>,
    /// The tick in which a value of the scene was set since the terms were entered last.
    set_in: Option<u64>,
}

/// Whether an intervention could change the terms: it sets a value of the scene.
fn sets_a_value(entry: &Entry) -> bool {
    entry.kind == EntryKind::Intervention && entry.outcome == Outcome::Done && entry.operation == SetParam::NAME
}

fn next_multiple(of: u64, at_least: u64) -> u64 {
    at_least.div_ceil(of.max(1)).saturating_mul(of.max(1))
}

impl Demands {
    /// For a ledger that is seen from its beginning, or only from some file on.
    #[must_use]
    pub fn new(from_start: bool) -> Self {
        Self {
            from_start,
            agents: if from_start { AgentKeys::of_ledger() } else { AgentKeys::default() },
            nonces: SeenNonces::default(),
            opening: None,
            terms: None,
            tick: 0,
            uncovered: None,
            state_due: None,
            unstamped: Vec::new(),
            head: None,
            stamps: Vec::new(),
            signed_entries: 0,
            manifest: None,
            heads_after: 0,
            opened: 0,
            dropped: false,
            closing: false,
            end: None,
            times: Times::default(),
            last: None,
            set_in: None,
        }
    }

    /// The terms on which the ledger is kept.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.terms.as_ref()
    }

    /// How many entries carry a signature of the agent that they name.
    #[must_use]
    pub fn signed_entries(&self) -> u64 {
        self.signed_entries
    }

    /// The time stamps.
    #[must_use]
    pub fn stamps(&self) -> &[TimeStamp] {
        &self.stamps
    }

    /// Takes what comes next.
    ///
    /// # Errors
    /// What is wrong or missing, in words.
    pub fn note(&mut self, item: &Item) -> Result<(), String> {
        match item {
            Item::Kept { index, entry, .. } => self.kept(*index, entry),
            Item::Entry { index, entry, .. } => self.entry(*index, entry),
            Item::Head(signed) => self.tree_head(signed),
            Item::Stamp(stamp) => {
                if !self.nonces.note(stamp) {
                    return Err(format!("the nonce of the time stamp of entry {} was used before", stamp.index));
                }
                self.stamp(stamp)
            }
            Item::Key(key) | Item::FormerKey(key) => self.agents.note(key),
        }
    }

    /// A time stamp follows its entry at once, and tells the time of its tick, or of the next if it was entered between two.
    fn stamp(&mut self, stamp: &TimeStamp) -> Result<(), String> {
        let index = stamp.index;
        match self.last {
            Some((last, _, true)) if last == index => {
                return Err(format!("entry {index} has more than one time stamp"));
            }
            Some((last, tick, false)) if last == index => {
                let told = |why: String| format!("the time stamp of entry {index}: {why}");
                self.times.note(stamp.unix_ms, Some(tick), tick.saturating_add(1)).map_err(told)?;
                self.last = Some((last, tick, true));
            }
            // A file by itself may begin with one.
            None if !self.from_start => {}
            _ => return Err(format!("the time stamp of entry {index} doesn't follow that entry")),
        }
        self.unstamped.retain(|(unstamped, _)| *unstamped != index);
        self.stamps.push(stamp.clone());
        Ok(())
    }

    /// Whether an entry says of itself what it may say, at a time that it may have.
    fn sound(&mut self, index: u64, entry: &Entry) -> Result<(), String> {
        facts::check(entry)?;
        self.last = Some((index, entry.tick, false));
        // What happened before it was entered has the time at which it happened.
        let told_later = matches!(
            entry.kind,
            EntryKind::Event | EntryKind::Receipt | EntryKind::Intervention | EntryKind::Note | EntryKind::Identity
        );
        self.times.note(entry.unix_ms, (!told_later).then_some(entry.tick), entry.tick)
    }

    /// An entry that was kept when those around it were dropped.
    fn kept(&mut self, index: u64, entry: &Entry) -> Result<(), String> {
        self.sound(index, entry)?;
        self.begins(index, entry)?;
        self.agents.name(entry)?;
        self.dropped = true;
        self.tick = self.tick.max(entry.tick);
        if entry.kind == EntryKind::Terms {
            self.take_terms(index, entry)?;
        }
        Ok(())
    }

    /// Whether an entry may stand where it stands: a ledger begins with the scene, the seed, the terms and the files.
    fn begins(&mut self, index: u64, entry: &Entry) -> Result<(), String> {
        let wanted = match index {
            0 => Some(EntryKind::Scene),
            1 => Some(EntryKind::Seed),
            2 => Some(EntryKind::Terms),
            _ if self.opening.is_some_and(|opening| index < opening) => Some(EntryKind::File),
            _ => None,
        };
        match wanted {
            Some(kind) if kind != entry.kind => Err(format!(
                "the ledger begins with scene, seed, terms and files, and this is of kind {:?}",
                entry.kind
            )),
            None if matches!(entry.kind, EntryKind::Scene | EntryKind::Seed | EntryKind::File) => {
                Err(format!("an entry of kind {:?} belongs to the beginning", entry.kind))
            }
            Some(_) if index == self.opened => {
                self.opened += 1;
                Ok(())
            }
            None if self.opening.is_some_and(|opening| self.opened >= opening) => Ok(()),
            _ => Err("the scene, seed, terms and files are missing that the ledger begins with".into()),
        }
    }

    fn take_terms(&mut self, index: u64, entry: &Entry) -> Result<(), String> {
        let (terms, files) = Terms::from_text(&entry.detail).ok_or("the terms can't be read")?;
        if let Some(before) = &self.terms {
            // Who signs and what is kept on disk was decided at the beginning, and nothing but an intervention changes the rest.
            if (&before.sign, before.keep) != (&terms.sign, terms.keep) {
                return Err("the terms change who signs or what is kept, which is decided at the beginning".into());
            }
            if self.set_in != Some(entry.tick) && !self.dropped {
                return Err("the terms change, and no intervention that was entered before has changed them".into());
            }
        }
        self.set_in = None;
        if index == 2 {
            self.opening = Some((files as u64).saturating_add(3));
        }
        // What was entered in this tick before they changed was written down under the new ones.
        self.unstamped.retain(|(_, tick)| *tick < entry.tick);
        let (heads_every, state_every) = (terms.heads_every, terms.state_hash_every);
        if let Some((_, due)) = &mut self.uncovered {
            *due = next_multiple(heads_every, entry.tick.max(1));
        }
        self.state_due = state_every.map(|every| next_multiple(every, entry.tick.max(1)));
        self.terms = Some(terms);
        Ok(())
    }

    fn entry(&mut self, index: u64, entry: &Entry) -> Result<(), String> {
        if entry.tick < self.tick {
            return Err(format!("its tick is {}, and that of the entry before it is {}", entry.tick, self.tick));
        }
        if entry.kind == EntryKind::Resumed {
            self.resumed(index, entry)?;
            return self.sound(index, entry);
        }
        if self.manifest.is_some() {
            return Err("an entry comes after the manifest, and none before it says that the run was resumed".into());
        }
        self.sound(index, entry)?;
        self.agents.name(entry)?;
        self.agents.check(entry).map_err(|why| format!("what entry {index} says was signed: {why}"))?;
        self.signed_entries += u64::from(entry.signature.is_some());
        if !self.from_start {
            self.tick = entry.tick;
            return Ok(());
        }
        self.begins(index, entry)?;
        if self.dropped {
            // What was due among those that were dropped can't be known.
            self.dropped = false;
            let every = self.terms.as_ref().and_then(|terms| terms.state_hash_every);
            self.state_due = every.map(|every| next_multiple(every, entry.tick.saturating_add(1)));
            self.uncovered = None;
            // What changed the terms in this tick may be among them.
            self.set_in = Some(entry.tick);
        }
        let closes = entry.kind.closes();
        if entry.kind == EntryKind::End && entry.outcome == Outcome::Partial {
            // The ledger says itself that it doesn't know the rest of the run.
            (self.uncovered, self.state_due) = (None, None);
            self.unstamped.clear();
        }
        if closes && !self.closing {
            // The run is over: what was due until then is there.
            self.up_to(entry.tick.saturating_add(1))?;
        }
        self.closing |= closes;
        if self.closing && !closes {
            return Err("an entry comes after those that close the run".into());
        }
        match entry.kind {
            EntryKind::End if self.end.is_some() => return Err("the run ends twice".into()),
            EntryKind::End => self.end = Some(entry.tick),
            EntryKind::Result if self.end.is_some() => return Err("a result comes after the end of the run".into()),
            EntryKind::Manifest if self.end != Some(entry.tick) => {
                return Err("the manifest is not of the tick in which the run ended".into());
            }
            EntryKind::Intervention if sets_a_value(entry) => self.set_in = Some(entry.tick),
            _ => {}
        }
        if entry.kind == EntryKind::Note && entry.operation == GAP {
            (self.uncovered, self.state_due) = (None, None);
            let every = self.terms.as_ref().and_then(|terms| terms.state_hash_every);
            self.state_due = every.map(|every| next_multiple(every, entry.tick));
        }
        self.up_to(entry.tick)?;
        self.tick = entry.tick;
        if entry.kind == EntryKind::Terms {
            self.take_terms(index, entry)?;
        }
        let Some(terms) = &self.terms else {
            return Ok(());
        };
        if entry.kind == EntryKind::StateHash && self.state_due == Some(entry.tick) {
            self.state_due = terms.state_hash_every.map(|every| next_multiple(every, entry.tick.saturating_add(1)));
        }
        let stamped = match terms.stamps {
            Stamps::None => false,
            Stamps::Interventions | Stamps::Important => entry.kind == EntryKind::Intervention,
            Stamps::All => !closes,
        };
        if stamped && self.opening.is_none_or(|opening| index >= opening) && index > 2 {
            self.unstamped.push((index, entry.tick));
        }
        if self.uncovered.is_none() {
            let every = terms.heads_every;
            let due = next_multiple(every, entry.tick.max(1));
            // What a recorder enters when the tick has been written down comes with the next tree head.
            let late = entry.kind == EntryKind::StateHash && terms.state_hash_every.is_none();
            let had = self.head.is_some_and(|(_, tick)| tick == due);
            let later = due == entry.tick && (late || had);
            self.uncovered = Some((index, if later { due.saturating_add(every) } else { due }));
        }
        if entry.kind == EntryKind::Manifest {
            let manifest = Manifest::from_text(&entry.detail).ok_or("the manifest can't be read")?;
            if manifest.tick != entry.tick {
                return Err(format!(
                    "the manifest tells of tick {}, and the run ended with {}",
                    manifest.tick, entry.tick
                ));
            }
            self.manifest = Some(manifest);
        }
        Ok(())
    }

    /// The run goes on after its end: what closed it no longer does, and must have been whole.
    fn resumed(&mut self, index: u64, entry: &Entry) -> Result<(), String> {
        if !self.from_start {
            (self.tick, self.manifest, self.heads_after, self.end) = (entry.tick, None, 0, None);
            return Ok(());
        }
        let ended = self.manifest.take().ok_or("it says that the run was resumed, and the run had not ended")?;
        if self.heads_after == 0 {
            return Err("the run was resumed before its end was covered by a tree head".into());
        }
        if entry.tick != ended.tick {
            return Err(format!("the run ended with tick {}, and was not resumed there", ended.tick));
        }
        (self.heads_after, self.closing, self.tick, self.end) = (0, false, entry.tick, None);
        // The tree head that covers this follows at once.
        self.uncovered = Some((index, entry.tick));
        Ok(())
    }

    /// Whether everything is there that was due up to a tick, of a ledger that is known to have gone so far.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn reaches(&mut self, tick: u64) -> Result<(), String> {
        if self.dropped || !self.from_start {
            return Ok(());
        }
        self.up_to(tick.saturating_add(1))
    }

    /// How many of the entries that the ledger begins with are missing, of one that was seen from its beginning.
    #[must_use]
    pub fn lacks_its_beginning(&self, walk: &Walk) -> bool {
        self.from_start && self.opening.is_none_or(|opening| walk.size < opening)
    }

    /// Whether everything is there that was due before a tick.
    fn up_to(&mut self, tick: u64) -> Result<(), String> {
        if let Some((index, due)) = self.uncovered.filter(|(_, due)| *due < tick) {
            return Err(format!("the tree head of tick {due} is missing, which covers entry {index}"));
        }
        if let Some(due) = self.state_due.filter(|due| *due < tick) {
            return Err(format!("the state hash of tick {due} is missing"));
        }
        self.stamped_up_to(tick)
    }

    fn stamped_up_to(&self, tick: u64) -> Result<(), String> {
        match self.unstamped.iter().find(|(_, of)| *of < tick) {
            Some((index, _)) => Err(format!("entry {index} lacks the time stamp that the terms demand")),
            None => Ok(()),
        }
    }

    fn tree_head(&mut self, signed: &SignedTreeHead) -> Result<(), String> {
        let head = signed.head;
        self.heads_after += u64::from(self.manifest.is_some());
        if self.heads_after > 1 {
            return Err(format!("there is more than one tree head over all {} entries after the manifest", head.size));
        }
        if head.tick < self.tick || self.head.is_some_and(|(size, tick)| head.size < size || head.tick < tick) {
            return Err(format!("the tree head over {} entries is of tick {}, which was before", head.size, head.tick));
        }
        self.check_signed(signed)?;
        let told = |why: String| format!("the tree head over {} entries: {why}", head.size);
        self.times.note(head.unix_ms, Some(head.tick), head.tick).map_err(told)?;
        if let Some((index, due)) = self.uncovered
            && due < head.tick
            && !self.closing
        {
            return Err(format!("the tree head of tick {due} is missing, which covers entry {index}"));
        }
        self.head = Some((head.size, head.tick));
        self.uncovered = None;
        Ok(())
    }

    fn check_signed(&self, signed: &SignedTreeHead) -> Result<(), String> {
        let demanded = self.terms.as_ref().is_some_and(|terms| terms.sign.is_some());
        match &signed.signature {
            None if demanded => Err(format!("the tree head over {} entries is not signed", signed.head.size)),
            _ => Ok(()),
        }
    }

    /// How far the ledger goes, when all of it was seen.
    ///
    /// # Errors
    /// What is wrong or missing, in words.
    pub fn end(&self, walk: &Walk) -> Result<Extent, String> {
        let ring = KeyRing::new(walk.keys.clone());
        self.check_signatures(walk, &ring)?;
        if !self.from_start {
            return Ok(self.extent(walk));
        }
        if walk.first > 0 && self.terms.as_ref().is_some_and(|terms| terms.keep.is_none()) {
            return Err(format!("the first {} entries are gone, and the scene wants all to be kept", walk.first));
        }
        let mut times = self.times.clone();
        for signed in walk.heads.iter().filter(|signed| signed.head.size <= walk.first) {
            let (head, told) =
                (signed.head, |why: String| format!("the tree head over {} entries: {why}", signed.head.size));
            times.note(head.unix_ms, Some(head.tick), head.tick).map_err(told)?;
        }
        let Some(manifest) = &self.manifest else {
            return Ok(Extent::Open);
        };
        self.stamped_up_to(u64::MAX)?;
        let (left, least) = (walk.size - walk.first, self.terms.as_ref().and_then(|terms| terms.keep).unwrap_or(0));
        if walk.first > 0 && left < least {
            return Err(format!("{left} entries are left, and the scene wants {least} to be kept"));
        }
        let differs = |what: &str, is: u64, was: u64| {
            let told = || format!("there are {is} {what}, and the manifest tells of {was}");
            if is == was { Ok(()) } else { Err(told()) }
        };
        let heads = (walk.heads.len() as u64).saturating_sub(self.heads_after);
        differs("tree heads", heads, manifest.heads)?;
        differs("time stamps", walk.stamps, manifest.stamps)?;
        for kind in EntryKind::ALL {
            let [is, was] = [&walk.counts, &manifest.entries].map(|counts| counts.get(&kind).copied().unwrap_or(0));
            // It tells of what came before itself.
            let is = is.saturating_sub(u64::from(kind == EntryKind::Manifest));
            differs(&format!("entries of kind {kind:?}"), is, was)?;
        }
        if !walk.keys.iter().map(LedgerKey::fingerprint).eq(manifest.keys.iter().cloned()) {
            return Err("the keys are not those that the manifest tells of".into());
        }
        Ok(self.extent(walk))
    }

    fn extent(&self, walk: &Walk) -> Extent {
        let covered = walk.heads.last().is_some_and(|signed| signed.head.size == walk.size);
        match &self.manifest {
            Some(manifest) if covered && walk.torn.is_none() => Extent::Whole(Box::new(manifest.clone())),
            _ => Extent::Open,
        }
    }

    fn check_signatures(&self, walk: &Walk, ring: &KeyRing) -> Result<(), String> {
        let keeper = ring.of(KeyRole::Keeper);
        for signed in &walk.heads {
            if self.from_start {
                self.check_signed(signed)?;
            }
            if signed.signature.is_some() {
                let size = signed.head.size;
                signed.verify(&keeper).map_err(|why| format!("the tree head over {size} entries: {why}"))?;
            }
        }
        let clock = ring.of(KeyRole::TimeStamps);
        for stamp in &self.stamps {
            let index = stamp.index;
            stamp.verify(&stamp.entry, &clock).map_err(|why| format!("the time stamp of entry {index}: {why}"))?;
        }
        Ok(())
    }
}
