//! What happens is told by events on a bus.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bevy::prelude::*;
use uuid::Uuid;

use crate::agent::AgentId;
use crate::clock::SimClock;
use crate::rng::{Purpose, SimRng};

/// What kind of thing happened. Plugins add their own as constants; the name is what readers filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind {
    /// The kind's name in CamelCase, such as `AgentFailed`.
    pub name: &'static str,
    /// Its usual priority, 1–10 (10 highest).
    pub priority: u8,
}

impl EventKind {
    /// Agents joined a running simulation.
    pub const AGENT_STARTED: Self = Self::new("AgentStarted", 4);
    /// An agent failed.
    pub const AGENT_FAILED: Self = Self::new("AgentFailed", 8);
    /// An agent that was not in order is again.
    pub const AGENT_RECOVERED: Self = Self::new("AgentRecovered", 6);
    /// An agent stands still.
    pub const AGENT_FROZEN: Self = Self::new("AgentFrozen", 7);
    /// An agent's health changed.
    pub const AGENT_DEGRADED: Self = Self::new("AgentDegraded", 6);
    /// An agent left for good.
    pub const AGENT_REMOVED: Self = Self::new("AgentRemoved", 5);
    /// An agent's values were not finite; it was taken out of action.
    pub const AGENT_QUARANTINED: Self = Self::new("AgentQuarantined", 10);
    /// Something that agents need is used up.
    pub const RESOURCE_EXHAUSTED: Self = Self::new("ResourceExhausted", 7);
    /// Something that agents need is there, or there again.
    pub const RESOURCE_AVAILABLE: Self = Self::new("ResourceAvailable", 5);
    /// Something from outside changed the simulation.
    pub const INTERVENTION_APPLIED: Self = Self::new("InterventionApplied", 5);
    /// Something from outside could not be applied.
    pub const INTERVENTION_FAILED: Self = Self::new("InterventionFailed", 9);

    /// A kind of event.
    #[must_use]
    pub const fn new(name: &'static str, priority: u8) -> Self {
        Self { name, priority }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The event's number in the run, from 0, without gaps.
    pub sequence: u64,
    /// The tick in which it happened.
    pub tick: u64,
    /// Simulated Unix time in milliseconds.
    pub unix_ms: i64,
    /// What kind of thing happened.
    pub kind: EventKind,
    /// The agent that it happened to, or that did it.
    pub source: Option<AgentId>,
    /// What happened, in words.
    pub text: Cow<'static, str>,
}

impl Event {
    /// The event's UUID (version 4 layout), derived from the scene's seed.
    #[must_use]
    pub fn id(&self, dice: &SimRng) -> Uuid {
        dice.uuid(Purpose::new("event.uuid"), self.sequence)
    }
}

/// The one door out for facts. Within a tick, delivery is lossless and ordered; behind it stands a bounded history.
#[derive(Resource, Debug)]
pub struct EventBus {
    pending: Vec<Event>,
    history: VecDeque<Arc<Event>>,
    capacity: usize,
    next_sequence: u64,
    counts: BTreeMap<&'static str, u64>,
    dropped: u64,
    now: (u64, i64),
    /// The events of the last tick, all of them, while somebody writes every one down.
    whole_tick: Option<Vec<Event>>,
}

impl Default for EventBus {
    fn default() -> Self {
        Self::with_capacity(1000)
    }
}

impl EventBus {
    /// A bus whose history keeps the last `capacity` events.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            pending: Vec::new(),
            history: VecDeque::new(),
            capacity: capacity.max(1),
            next_sequence: 0,
            counts: BTreeMap::new(),
            dropped: 0,
            now: (0, 0),
            whole_tick: None,
        }
    }

    /// Tells that something happened in this tick.
    pub fn publish(&mut self, kind: EventKind, source: Option<AgentId>, text: impl Into<Cow<'static, str>>) {
        let (tick, unix_ms) = self.now;
        self.pending.push(Event { sequence: 0, tick, unix_ms, kind, source, text: text.into() });
    }

    /// The kept history, oldest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.history.iter().map(|event| &**event)
    }

    /// The events from `sequence` on that are still kept, and how many older ones a reader at `sequence` has missed.
    pub fn since(&self, sequence: u64) -> (u64, impl Iterator<Item = &Event>) {
        let oldest = self.next_sequence - self.history.len() as u64;
        let missed = oldest.saturating_sub(sequence);
        let skip = sequence.saturating_sub(oldest) as usize;
        (missed, self.history.iter().skip(skip).map(|event| &**event))
    }

    /// The sequence number that the next event will get: a reader that starts here sees only what comes.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// How many events of each kind there were, kinds in alphabetical order.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// Keeps all events of the last tick aside, however many they are: for a recorder, which must not miss any.
    pub fn keep_whole_ticks(&mut self) {
        self.whole_tick.get_or_insert_default();
    }

    /// All events of the last tick, in their order; empty unless they are kept ([`EventBus::keep_whole_ticks`]).
    #[must_use]
    pub fn of_last_tick(&self) -> &[Event] {
        self.whole_tick.as_deref().unwrap_or_default()
    }

    /// How many events have left the history.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Events of this tick get their order (priority first, then first come first served) and their numbers.
    fn settle(&mut self) {
        // A stable sort keeps the order of publication, which is the same in every run.
        self.pending.sort_by_key(|event| std::cmp::Reverse(event.kind.priority));
        for mut event in self.pending.drain(..) {
            event.sequence = self.next_sequence;
            self.next_sequence += 1;
            *self.counts.entry(event.kind.name).or_insert(0) += 1;
            if self.history.len() == self.capacity {
                self.history.pop_front();
                self.dropped += 1;
            }
            if let Some(kept) = &mut self.whole_tick {
                kept.push(event.clone());
            }
            self.history.push_back(Arc::new(event));
        }
    }

    /// What a checkpoint keeps of the bus, so that a resumed run numbers and counts its events on.
    pub(crate) fn totals(&self) -> (u64, u64, BTreeMap<String, u64>) {
        let counts = self.counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        (self.next_sequence, self.dropped + self.history.len() as u64, counts)
    }

    pub(crate) fn restore(&mut self, (next_sequence, dropped, counts): (u64, u64, BTreeMap<String, u64>)) {
        self.pending.clear();
        self.history.clear();
        if let Some(kept) = &mut self.whole_tick {
            kept.clear();
        }
        self.next_sequence = next_sequence;
        self.dropped = dropped;
        self.counts = counts.into_iter().map(|(name, count)| (intern(&name), count)).collect();
    }

    /// The kept history, shared.
    pub(crate) fn keep(&self) -> Vec<Arc<Event>> {
        self.history.iter().cloned().collect()
    }

    /// Brings the history back that was kept when the totals were those that have been restored.
    pub(crate) fn put_back(&mut self, history: &[Arc<Event>]) {
        self.history = history.iter().cloned().collect();
        self.dropped = self.dropped.saturating_sub(history.len() as u64);
    }
}

/// Kinds are `&'static str`; the few names that a checkpoint brings are leaked once each.
fn intern(name: &str) -> &'static str {
    static NAMES: std::sync::Mutex<std::collections::BTreeSet<&'static str>> =
        std::sync::Mutex::new(std::collections::BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(leaked);
    leaked
}

/// Stamps the bus with the time of the tick that starts.
pub(crate) fn stamp_bus(clock: Res<SimClock>, mut bus: ResMut<EventBus>) {
    bus.now = (clock.tick(), clock.now().timestamp_millis());
    if let Some(kept) = &mut bus.whole_tick {
        kept.clear();
    }
}

/// Numbers the events of the tick, last of all.
pub(crate) fn settle_bus(mut bus: ResMut<EventBus>) {
    if !bus.pending.is_empty() {
        bus.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_comes_first_then_the_order_of_publication() {
        let mut bus = EventBus::default();
        bus.publish(EventKind::AGENT_STARTED, Some(AgentId(1)), "a");
        bus.publish(EventKind::AGENT_FAILED, Some(AgentId(2)), "b");
        bus.publish(EventKind::AGENT_FAILED, Some(AgentId(3)), "c");
        bus.settle();
        let order: Vec<&str> = bus.history().map(|event| event.text.as_ref()).collect();
        assert_eq!(order, ["b", "c", "a"]);
    }

    #[test]
    fn a_recorder_misses_none_of_a_tick() {
        let mut bus = EventBus::with_capacity(3);
        bus.keep_whole_ticks();
        for _ in 0..8 {
            bus.publish(EventKind::AGENT_FAILED, None, "x");
        }
        bus.settle();
        let numbers: Vec<u64> = bus.of_last_tick().iter().map(|event| event.sequence).collect();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>());
        assert_eq!(bus.history().count(), 3);
    }

    #[test]
    fn a_reader_that_falls_behind_sees_an_explicit_gap() {
        let mut bus = EventBus::with_capacity(3);
        for _ in 0..8 {
            bus.publish(EventKind::AGENT_FAILED, None, "x");
        }
        bus.settle();
        let (missed, events) = bus.since(2);
        assert_eq!((missed, events.count()), (3, 3));
        assert_eq!(bus.dropped(), 5);
        assert_eq!(bus.counts()["AgentFailed"], 8);
    }
}
