//! What everybody knows of the rumours that live, side by side: so it is seen at a glance whether one agent can tell another
//! anything. All of it is derived from what agents remember and tell.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use agent2028_core::prefetch::ask_for_row;

use super::seen::{Seen, SeenCache};
use super::tellings::Tellings;
use super::{Rumours, Telling};
use crate::bits::BitSet;
use crate::wire;

/// A rumour that lives.
#[derive(Clone, Debug)]
pub(crate) struct Living {
    pub(crate) number: u32,
    pub(crate) text: String,
}

/// What an agent knows of a rumour that lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// How many hops it may still go.
    pub(crate) ttl: u16,
    /// How many hops it has come.
    pub(crate) hops: u16,
    /// That it was heard before or after others, from 1; 0 if it isn't known.
    pub(crate) nth: u16,
    /// Whether the agent tells it.
    pub(crate) told: bool,
}

/// What an agent says in a round, to whomever.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Speech {
    /// The rumours that it tells, as bits by their places.
    pub(crate) told: u32,
    /// How many messages it says.
    pub(crate) messages: u16,
    /// Their size together, as far as it is always the same; [`Speech::BY_ITSELF`] if they must be sent one by one.
    pub(crate) bytes: u16,
}

impl Speech {
    pub(crate) const BY_ITSELF: u16 = u16::MAX;
}

/// How agents speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// The version of the format.
    pub(crate) version: u8,
    /// Whether agents tell, and whether they ask.
    pub(crate) pushes: bool,
    pub(crate) pulls: bool,
}

/// What an agent says that changes something at another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct News {
    /// The rumours that may go further than was known there, as bits by their places.
    pub(crate) told: u32,
    /// Whether one of them isn't known there.
    pub(crate) unknown: bool,
    /// Whether its question has an answer.
    pub(crate) asks: bool,
}

/// At most so many rumours are looked at side by side.
const MOST: usize = 32;

/// So many rumours are compared at once.
const LANES: usize = 4;

/// What everybody has heard, by agent, then rumour. Rounds whose messages aren't written read here what they say, as it was
/// when they were sent: what has changed since is remembered for them.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// As many rumours live.
    width: usize,
    heard: Vec<Heard>,
    /// What was heard in a place before it changed, and the last round before that.
    before: Vec<(u64, u32, Heard)>,
    /// The number of the last round.
    round: u64,
}

impl Columns {
    fn place(&self, agent: u32, slot: usize) -> usize {
        agent as usize * self.width + slot
    }

    /// What an agent has heard of the rumours, by their places.
    pub(crate) fn of(&self, agent: u32) -> &[Heard] {
        &self.heard[self.place(agent, 0)..self.place(agent, self.width)]
    }

    /// Asks for the memory of what an agent has heard.
    #[inline]
    pub(crate) fn ask_for(&self, agent: u32) {
        ask_for_row(&self.heard, self.place(agent, 0));
    }

    fn change(&mut self, agent: u32, slot: usize, change: impl FnOnce(&mut Heard)) {
        let place = self.place(agent, slot);
        let before = self.heard[place];
        change(&mut self.heard[place]);
        if before != self.heard[place] {
            self.before.push((self.round, place as u32, before));
        }
    }
}

/// [`Columns`], shared with the rounds that read there.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedColumns(Arc<RwLock<Columns>>);

impl SharedColumns {
    fn new(columns: Columns) -> Self {
        Self(Arc::new(RwLock::new(columns)))
    }

    // Nobody panics between two changes that belong together, so that what a panic leaves is whole.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Columns> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Columns> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What everybody had heard when this round was sent.
    pub(crate) fn as_of(&self, round: u64) -> ColumnsAsOf<'_> {
        let columns = self.read();
        let first = columns.before.partition_point(|(at, ..)| *at < round);
        let mut before: Vec<(u32, Heard)> =
            columns.before[first..].iter().map(|(_, place, heard)| (*place, *heard)).collect();
        // Of what a place has held since, the first is what it held then.
        before.sort_by_key(|(place, _)| *place);
        before.dedup_by_key(|(place, _)| *place);
        ColumnsAsOf { columns, before }
    }
}

/// What everybody had heard when a round was sent.
#[derive(Debug)]
pub(crate) struct ColumnsAsOf<'a> {
    columns: RwLockReadGuard<'a, Columns>,
    before: Vec<(u32, Heard)>,
}

impl ColumnsAsOf<'_> {
    /// What an agent had heard of the rumour in a place.
    pub(crate) fn get(&self, agent: u32, slot: usize) -> Heard {
        let place = self.columns.place(agent, slot);
        match self.before.binary_search_by_key(&(place as u32), |(place, _)| *place) {
            Ok(at) => self.before[at].1,
            Err(_) => self.columns.heard[place],
        }
    }
}

/// What everybody knows of the rumours that live.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// For which manner it was made; nothing if it must be made anew.
    made_for: Option<Manner>,
    pub(crate) rumours: Arc<Vec<Living>>,
    pub(crate) columns: SharedColumns,
    /// By agent, then rumour: 1 + how many hops it may still go, 0 if the agent doesn't know it. Filled up to whole lanes.
    reach: Vec<[u16; LANES]>,
    /// The same of what the agent tells, 0 for the rest.
    tells: Vec<[u16; LANES]>,
    pub(crate) speech: Vec<Speech>,
    /// The agents whose speech has changed since the last round, and those of them that tell other rumours than then.
    touched: BitSet,
    retold: BitSet,
}

impl Known {
    /// From now on nothing is known for certain.
    pub(crate) fn forget(&mut self) {
        self.made_for = None;
    }

    /// An agent has remembered a rumour, perhaps in place of another.
    pub(crate) fn note(&mut self, agent: u32, seen: Seen, instead_of: Option<u32>) {
        if self.made_for.is_none() {
            return;
        }
        if agent as usize >= self.speech.len() {
            self.forget();
            return;
        }
        let forgotten = instead_of.and_then(|rumour| self.place(rumour));
        // A rumour that began since the last round has no place yet.
        let learnt = self.place(seen.rumour);
        if forgotten.is_some() || learnt.is_some() {
            let mut columns = self.columns.write();
            if let Some(slot) = forgotten {
                columns.change(agent, slot, |heard| *heard = Heard::default());
            }
            if let Some(slot) = learnt {
                let last = columns.of(agent).iter().map(|heard| heard.nth).max().unwrap_or(0);
                if last == u16::MAX {
                    drop(columns);
                    self.forget();
                    return;
                }
                columns.change(agent, slot, |heard| {
                    (heard.ttl, heard.hops) = (seen.ttl, seen.hops);
                    if heard.nth == 0 {
                        heard.nth = last + 1;
                    }
                });
            }
        }
        if let Some(slot) = forgotten {
            *self.reach_mut(agent, slot) = 0;
        }
        if let Some(slot) = learnt {
            *self.reach_mut(agent, slot) = reach(seen.ttl);
        }
        self.touched.insert(agent);
        if forgotten.is_some() || learnt.is_none() {
            self.retold.insert(agent);
        }
    }

    /// An agent tells other rumours than in the last round.
    pub(crate) fn touch(&mut self, agent: u32) {
        if self.made_for.is_some() {
            self.touched.insert(agent);
            self.retold.insert(agent);
        }
    }

    fn lanes(&self) -> usize {
        self.rumours.len().div_ceil(LANES)
    }

    fn reach_mut(&mut self, agent: u32, slot: usize) -> &mut u16 {
        let at = agent as usize * self.lanes() + slot / LANES;
        &mut self.reach[at][slot % LANES]
    }

    /// The columns are brought in step before a round. False if so many rumours live that there are none.
    pub(crate) fn fit(
        &mut self,
        manner: Manner,
        rumours: &Rumours,
        tick: u64,
        seen: &SeenCache,
        tellings: &Tellings,
        agents: usize,
    ) -> bool {
        let living = || rumours.iter().filter(|rumour| tick < rumour.dies);
        let same = self.made_for == Some(manner)
            && self.speech.len() == agents
            && living().map(|rumour| rumour.number).eq(self.rumours.iter().map(|living| living.number));
        if same {
            let touched = std::mem::take(&mut self.touched);
            let shared = self.columns.clone();
            let mut columns = shared.write();
            let mut told = Vec::new();
            let all: Vec<u32> = touched.iter().collect();
            for (at, agent) in all.iter().copied().enumerate() {
                if let Some(later) = all.get(at + 8) {
                    self.ask_for_own(&columns, *later);
                }
                let speech = self.speech[agent as usize];
                if speech.bytes == Speech::BY_ITSELF || self.retold.contains(agent) {
                    told.clear();
                    told.extend(tellings.of(agent));
                    self.learn_speech(&mut columns, manner, agent, &told);
                } else {
                    // It tells each of what it tells once and for as long as that lives.
                    self.put_in_words(&mut columns, manner, agent, speech.told, true);
                }
            }
            self.touched = touched;
            self.touched.clear();
            self.retold.clear();
            return true;
        }
        self.forget();
        self.touched.clear();
        self.retold.clear();
        self.rumours = Arc::new(
            living().map(|rumour| Living { number: rumour.number, text: rumour.text.clone() }).collect::<Vec<_>>(),
        );
        let width = self.rumours.len();
        if width > MOST || (width * agents) as u64 > u64::from(u32::MAX) {
            return false;
        }
        let mut columns = Columns { width, heard: vec![Heard::default(); agents * width], ..Columns::default() };
        let lanes = agents * self.lanes();
        for column in [&mut self.reach, &mut self.tells] {
            column.clear();
            column.resize(lanes, [0; LANES]);
        }
        self.speech.clear();
        self.speech.resize(agents, Speech::default());
        let mut told = Vec::new();
        let mut all = tellings.iter().peekable();
        for agent in 0..agents as u32 {
            for (nth, known) in seen.of(agent).enumerate() {
                if let Some(slot) = self.place(known.rumour) {
                    let place = columns.place(agent, slot);
                    columns.heard[place] =
                        Heard { ttl: known.ttl, hops: known.hops, nth: nth as u16 + 1, ..Heard::default() };
                    *self.reach_mut(agent, slot) = reach(known.ttl);
                }
            }
            told.clear();
            while let Some(telling) = all.next_if(|telling| telling.agent == agent) {
                told.push(telling);
            }
            self.learn_speech(&mut columns, manner, agent, &told);
        }
        // Nobody reads what there was before.
        columns.before.clear();
        self.columns = SharedColumns::new(columns);
        self.made_for = Some(manner);
        true
    }

    /// A round is sent: from now on what changes is remembered for it and for those since the `oldest` that somebody may still
    /// read. Its number.
    pub(crate) fn begin_round(&mut self, oldest: Option<u64>) -> u64 {
        let mut columns = self.columns.write();
        let unread =
            oldest.map_or(columns.before.len(), |oldest| columns.before.partition_point(|(at, ..)| *at < oldest));
        columns.before.drain(..unread);
        columns.round += 1;
        columns.round
    }

    fn place(&self, rumour: u32) -> Option<usize> {
        self.rumours.binary_search_by_key(&rumour, |living| living.number).ok()
    }

    /// An agent begins to tell a rumour.
    pub(crate) fn begin_to_tell(&mut self, telling: Telling) {
        if self.made_for.is_none() {
            return;
        }
        let pushes = self.made_for.is_some_and(|manner| manner.pushes);
        let (slot, speech) = (self.place(telling.rumour), self.speech.get_mut(telling.agent as usize));
        self.touched.insert(telling.agent);
        match (slot, speech) {
            (Some(slot), Some(speech)) if telling.left == 0 && speech.told >> slot & 1 == 0 && pushes => {
                speech.told |= 1 << slot;
            }
            _ => {
                self.retold.insert(telling.agent);
            }
        }
    }

    fn learn_speech(&mut self, columns: &mut Columns, manner: Manner, agent: u32, tellings: &[Telling]) {
        // What is told for a few rounds is counted by each teller.
        let mut alike = tellings.iter().all(|telling| telling.left == 0);
        let mut told = 0_u32;
        for telling in tellings.iter().filter(|_| manner.pushes) {
            // Who forgot a rumour may tell it twice.
            match self.place(telling.rumour) {
                Some(slot) if told >> slot & 1 == 0 => told |= 1 << slot,
                _ => alike = false,
            }
        }
        self.put_in_words(columns, manner, agent, told, alike);
    }

    /// What an agent says that tells these rumours; `alike` if it tells each once and for as long as it lives.
    fn put_in_words(&mut self, columns: &mut Columns, manner: Manner, agent: u32, told: u32, mut alike: bool) {
        let (mut known, mut list) = (0_u64, 0);
        let mut size = wire::KeptSize::new(manner.version, agent);
        let (lanes, place) = (agent as usize * self.lanes(), columns.place(agent, 0));
        for (slot, living) in self.rumours.iter().enumerate() {
            let tells = told >> slot & 1 == 1;
            let heard = columns.heard[place + slot];
            if heard.told != tells {
                columns.change(agent, slot, |heard| heard.told = tells);
            }
            let (at, lane) = (lanes + slot / LANES, slot % LANES);
            self.tells[at][lane] = if tells { self.reach[at][lane] } else { 0 };
            if heard.nth > 0 {
                known += 1;
                list += wire::varint_len(u64::from(living.number));
            }
            if tells {
                // From an origin its columns can't tell the next ones.
                alike &= heard.nth > 0 && (1..u16::MAX).contains(&heard.ttl);
                size.add(
                    wire::varint_len(u64::from(living.number))
                        + wire::varint_len(u64::from(heard.ttl.saturating_sub(1)))
                        + wire::varint_len(u64::from(heard.hops) + 1)
                        + living.text.len(),
                );
            }
        }
        if manner.pulls {
            size.add(wire::varint_len(known) + list);
        }
        let bytes = u16::try_from(size.bytes()).ok().filter(|_| alike).unwrap_or(Speech::BY_ITSELF);
        self.speech[agent as usize] =
            Speech { told, messages: told.count_ones() as u16 + u16::from(manner.pulls), bytes };
    }

    /// What of that which `from` says to `to` changes something there, as both are now: the rumours that are told and aren't known
    /// there with as many hops to go, as bits by their places, whether one of them isn't known at all, and whether what is asked
    /// has an answer.
    #[inline]
    pub(crate) fn compare(&self, pulls: bool, from: u32, to: u32) -> News {
        let lanes = self.lanes();
        let (from, to) = (from as usize * lanes, to as usize * lanes);
        let (mine, theirs) = (&self.reach[from..from + lanes], &self.reach[to..to + lanes]);
        let (mut further, mut wanted) = ([0_u16; LANES], [0_u16; LANES]);
        for ((tells, mine), theirs) in self.tells[from..from + lanes].iter().zip(mine).zip(theirs) {
            for lane in 0..LANES {
                further[lane] |= tells[lane].saturating_sub(theirs[lane].saturating_add(1));
                wanted[lane] |= if mine[lane] == 0 { theirs[lane] } else { 0 };
            }
        }
        let mut news = News { asks: pulls && wanted != [0; LANES], ..News::default() };
        if further != [0; LANES] {
            for (at, (tells, theirs)) in self.tells[from..from + lanes].iter().zip(theirs).enumerate() {
                for lane in 0..LANES {
                    if tells[lane] > theirs[lane].saturating_add(1) {
                        news.told |= 1 << (at * LANES + lane);
                        news.unknown |= theirs[lane] == 0;
                    }
                }
            }
        }
        news
    }

    /// Asks for the memory of what an agent knows, which [`Known::compare`] will look at.
    #[inline]
    pub(crate) fn ask_for(&self, agent: u32) {
        ask_for_row(&self.reach, agent as usize * self.lanes());
    }

    /// Asks for the memory of all that changes when an agent hears something.
    #[inline]
    pub(crate) fn ask_for_all(&self, agent: u32) {
        self.ask_for_own(&self.columns.read(), agent);
    }

    #[inline]
    fn ask_for_own(&self, columns: &Columns, agent: u32) {
        self.ask_for(agent);
        columns.ask_for(agent);
        ask_for_row(&self.tells, agent as usize * self.lanes());
        ask_for_row(&self.speech, agent as usize);
    }

    /// Whether the places of rumours in a round are those of now.
    pub(crate) fn is_of(&self, rumours: &Arc<Vec<Living>>) -> bool {
        self.made_for.is_some() && Arc::ptr_eq(rumours, &self.rumours)
    }

    /// 1 + how many hops the rumour in a place may still go from an agent, 0 if it doesn't know it. Only where [`Known::is_of`].
    #[inline]
    pub(crate) fn reach_of(&self, agent: u32, slot: usize) -> u16 {
        self.reach.get(agent as usize * self.lanes() + slot / LANES).map_or(0, |reach| reach[slot % LANES])
    }

    /// The memory that it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let columns = self.columns.read();
        (self.reach.capacity() + self.tells.capacity()) * size_of::<[u16; LANES]>()
            + columns.heard.capacity() * size_of::<Heard>()
            + columns.before.capacity() * size_of::<(u64, u32, Heard)>()
            + self.speech.capacity() * size_of::<Speech>()
    }
}

/// The last two values are told apart by nobody but origins, which speak by themselves.
const fn reach(ttl: u16) -> u16 {
    if ttl == u16::MAX { ttl } else { ttl + 1 }
}
