//! Systems that listen within the tick: nothing is lost, what matters most comes first.

use std::iter::FusedIterator;

use super::census::Census;
use super::log::{Log, find};
use super::{Event, EventFilter, Sources};
use crate::agent::AgentId;

/// What filters look at of an event, dense, so that a reader passes over what it doesn't want at the speed of memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// The agent's id, or [`NOBODY`].
    source: u32,
    /// The kind's number, times 16, plus the priority.
    tag: u32,
}

const NOBODY: u32 = AgentId::NONE.0;

impl Head {
    #[inline]
    pub fn new(source: Option<AgentId>, kind: u32, priority: u8) -> Self {
        Self { source: source.map_or(NOBODY, |agent| agent.0), tag: (kind << 4) | u32::from(priority) }
    }

    #[inline]
    fn kind(self) -> usize {
        (self.tag >> 4) as usize
    }

    #[inline]
    fn priority(self) -> u8 {
        (self.tag & 15) as u8
    }
}

/// Whose events pass, ready to be asked for each event.
#[derive(Clone, Debug)]
enum Admitted {
    Any,
    Nobody,
    Anybody,
    One(u32),
    /// A bit per agent.
    Set(Vec<u64>),
    /// Ascending: where ids are too large for a bit each.
    Sorted(Vec<u32>),
}

/// Up to this id agents have a bit each, in 2 MiB.
const MOST_BITS: u32 = 1 << 24;

impl Admitted {
    fn of(sources: &Sources) -> Self {
        match sources {
            Sources::Any => Self::Any,
            Sources::Nobody => Self::Nobody,
            Sources::Anybody => Self::Anybody,
            Sources::Agents(agents) => {
                let ids: Vec<u32> = agents.iter().map(|agent| agent.0).filter(|id| *id != NOBODY).collect();
                match (&ids[..], ids.last()) {
                    ([one], _) => Self::One(*one),
                    (_, Some(last)) if *last < MOST_BITS => {
                        let mut bits = vec![0_u64; *last as usize / 64 + 1];
                        for id in ids {
                            bits[id as usize / 64] |= 1 << (id % 64);
                        }
                        Self::Set(bits)
                    }
                    _ => Self::Sorted(ids),
                }
            }
        }
    }
}

/// No event has this priority.
const NEVER: u8 = 11;

/// Somebody who listens.
#[derive(Clone, Debug)]
pub(super) struct Subscriber {
    pub name: &'static str,
    pub filter: EventFilter,
    /// The number of the first event that it has not read.
    pub next: u64,
    /// How many events were given up since it read last, because it had not read for so long.
    pub missed: u64,
    /// Whether it is part of the simulation's state. The one that stands for all handlers is not: between ticks it has read
    /// everything.
    pub saved: bool,
    /// The least priority that passes, by the number of the kind.
    least: Vec<u8>,
    sources: Admitted,
}

impl Subscriber {
    pub fn new(name: &'static str, filter: EventFilter, next: u64) -> Self {
        let sources = Admitted::of(filter.sources());
        Self { name, filter, next, missed: 0, saved: true, least: Vec::new(), sources }
    }

    /// Learns what the filter says of kinds that have appeared since.
    fn learn(&mut self, census: &Census) {
        let least = self.filter.least_priority();
        let new = census.names().skip(self.least.len());
        self.least.extend(new.map(|name| if self.filter.admits_kind(name) { least } else { NEVER }));
    }
}

/// The places of events that pass a filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    found: Vec<u32>,
    ordered: Vec<u32>,
}

impl Scratch {
    /// The memory that is held, in bytes.
    pub fn bytes(&self) -> usize {
        (self.found.capacity() + self.ordered.capacity()) * size_of::<u32>()
    }

    /// The places of the heads that a subscriber wants: highest priority first, then in their order.
    pub fn select(&mut self, heads: &[Head], subscriber: &mut Subscriber, census: &Census) -> &[u32] {
        subscriber.learn(census);
        let least = &subscriber.least;
        let (count, priorities) = match &subscriber.sources {
            Admitted::Any => self.scan(heads, least, |_| true),
            Admitted::Nobody => self.scan(heads, least, |source| source == NOBODY),
            Admitted::Anybody => self.scan(heads, least, |source| source != NOBODY),
            Admitted::One(one) => self.scan(heads, least, |source| source == *one),
            Admitted::Sorted(ids) => self.scan(heads, least, |source| ids.binary_search(&source).is_ok()),
            Admitted::Set(bits) => self.scan(heads, least, |source| {
                bits.get(source as usize / 64).is_some_and(|word| (word >> (source % 64)) & 1 == 1)
            }),
        };
        if priorities.count_ones() <= 1 {
            return &self.found[..count];
        }
        self.order(heads, count)
    }

    /// Finds what passes; tells how many that are and, as bits, which priorities they have.
    #[inline]
    fn scan(&mut self, heads: &[Head], least: &[u8], admit: impl Fn(u32) -> bool) -> (usize, u32) {
        if self.found.len() < heads.len() {
            self.found.resize(heads.len(), 0);
        }
        let (mut count, mut priorities) = (0, 0);
        // No branch depends on what passes: which events do follows no pattern that a processor could guess.
        for (at, head) in heads.iter().enumerate() {
            let passes = head.priority() >= least.get(head.kind()).copied().unwrap_or(NEVER) && admit(head.source);
            self.found[count] = at as u32;
            count += usize::from(passes);
            priorities |= u32::from(passes) << head.priority();
        }
        (count, priorities)
    }

    /// A stable counting sort by priority, the highest first.
    fn order(&mut self, heads: &[Head], count: usize) -> &[u32] {
        let mut starts = [0_usize; 17];
        let place = |at: u32| 15 - usize::from(heads[at as usize].priority());
        for at in &self.found[..count] {
            starts[place(*at) + 1] += 1;
        }
        for place in 0..16 {
            starts[place + 1] += starts[place];
        }
        if self.ordered.len() < count {
            self.ordered.resize(count, 0);
        }
        for at in &self.found[..count] {
            let start = &mut starts[place(*at)];
            self.ordered[*start] = *at;
            *start += 1;
        }
        &self.ordered[..count]
    }
}

/// The heads of the events that somebody has still to read.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    heads: Vec<Head>,
    first: u64,
}

impl Heads {
    /// Begins anew: the next head is that of this event.
    pub fn restart(&mut self, next: u64) {
        self.heads.clear();
        self.first = next;
    }

    #[inline]
    pub fn push(&mut self, head: Head) {
        self.heads.push(head);
    }

    /// Drops those before an event.
    pub fn forget_before(&mut self, sequence: u64) {
        let gone = self.place(sequence);
        self.heads.drain(..gone);
        self.first += gone as u64;
    }

    /// The heads from an event on, with the number of the first one.
    pub fn from(&self, sequence: u64) -> (u64, &[Head]) {
        let place = self.place(sequence);
        (self.first + place as u64, &self.heads[place..])
    }

    fn place(&self, sequence: u64) -> usize {
        (sequence.saturating_sub(self.first) as usize).min(self.heads.len())
    }

    /// The memory that is held, in bytes.
    pub fn bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
    }
}

/// What a subscriber has to read: highest priority first, then in the order in which things happened.
#[derive(Debug)]
pub struct Reading<'a> {
    missed: u64,
    log: &'a Log,
    base: u64,
    places: std::slice::Iter<'a, u32>,
    near: &'a [Event],
}

impl<'a> Reading<'a> {
    pub(super) fn new(missed: u64, log: &'a Log, base: u64, places: &'a [u32]) -> Self {
        Self { missed, log, base, places: places.iter(), near: &[] }
    }

    /// How many events, of any kind, this subscriber lost since it read last, because it had not read for many ticks and more
    /// than 65 536 events. 0 for everybody who reads every tick, however much happens.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl<'a> Iterator for Reading<'a> {
    type Item = &'a Event;

    #[inline]
    fn next(&mut self) -> Option<&'a Event> {
        let place = self.places.next()?;
        find(self.log, &mut self.near, self.base + u64::from(*place))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl ExactSizeIterator for Reading<'_> {}
impl FusedIterator for Reading<'_> {}
