//! Messages in lists: what each one has of fixed size in one array, the payloads one after the other in one arena.

use std::collections::BTreeMap;

use agent2028_core::agent::AgentId;
use agent2028_core::causality::HybridTime;
use agent2028_core::time::Time;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::silent::SilentRound;

/// What a message is about: whoever reads it knows by this how to read its payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageKind(pub u16);

impl MessageKind {
    /// A rumour: what gossip spreads.
    pub const RUMOUR: Self = Self(0);
    /// Asks for rumours that the sender doesn't know; carries those that it knows.
    pub const PULL: Self = Self(1);
    /// Tells of a rumour without its text (lazy push).
    pub const I_HAVE: Self = Self(2);
    /// Asks for a rumour and makes the link part of the tree.
    pub const GRAFT: Self = Self(3);
    /// Takes the link out of the tree.
    pub const PRUNE: Self = Self(4);
    /// Asks whether somebody is there.
    pub const PING: Self = Self(5);
    /// Asks somebody to ask whether another is there.
    pub const PING_REQUEST: Self = Self(6);
    /// Says that somebody is there.
    pub const ACK: Self = Self(7);
    /// Says at intervals that the sender is there.
    pub const HEARTBEAT: Self = Self(8);
    /// The root of a digest of shared state.
    pub const DIGEST: Self = Self(9);
    /// The branches of a digest.
    pub const BRANCHES: Self = Self(10);
    /// Entries of shared state.
    pub const ENTRIES: Self = Self(11);

    const NAMES: [&'static str; 12] = [
        "rumour",
        "pull",
        "i-have",
        "graft",
        "prune",
        "ping",
        "ping-request",
        "ack",
        "heartbeat",
        "digest",
        "branches",
        "entries",
    ];
}

/// The kinds of messages of this run by name. The network's own come first; other plugins add theirs when they are built.
#[derive(Resource, Clone, Debug)]
pub struct MessageKinds(Vec<&'static str>);

impl Default for MessageKinds {
    fn default() -> Self {
        Self(MessageKind::NAMES.to_vec())
    }
}

impl MessageKinds {
    /// The kind of this name, such as `trust.report`, which it gets if it is new.
    pub fn register(&mut self, name: &'static str) -> MessageKind {
        let at = self.0.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.0.push(name);
            self.0.len() - 1
        });
        MessageKind(at as u16)
    }

    /// A kind's name.
    #[must_use]
    pub fn name(&self, kind: MessageKind) -> &'static str {
        self.0.get(usize::from(kind.0)).copied().unwrap_or("unknown")
    }
}

/// A message on its way, or there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message<'a> {
    /// Who sent it.
    pub from: AgentId,
    /// Whom it is for.
    pub to: AgentId,
    /// Its number among all messages of the run; a copy has that of the original.
    pub sequence: u64,
    /// What it is about.
    pub kind: MessageKind,
    /// When it was sent, within the tick too.
    pub sent: Time,
    /// When it arrives, within the tick too: in that tick it is in the inbox. Nothing that was sent in a tick arrives before its end.
    pub arrives: Time,
    /// The sender's hybrid logical clock when it was sent, in milliseconds of Unix time by the sender's own clock.
    pub time: HybridTime,
    /// What it says.
    pub payload: &'a [u8],
}

/// A message without its payload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    sequence: u64,
    sent: Time,
    arrives: Time,
    physical: i64,
    logical: u64,
    from: u32,
    to: u32,
    /// Where the payload ends in the arena; it begins where the one before it ends.
    end: u32,
    kind: u16,
}

/// Messages one after the other. A message is written with one step and read with one, since whoever reads one reads most of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageList {
    rows: Vec<Row>,
    arena: Vec<u8>,
}

impl MessageList {
    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The message at a place.
    #[inline]
    #[must_use]
    pub fn get(&self, at: usize) -> Message<'_> {
        let row = &self.rows[at];
        let start = at.checked_sub(1).map_or(0, |before| self.rows[before].end);
        Message {
            from: AgentId(row.from),
            to: AgentId(row.to),
            sequence: row.sequence,
            kind: MessageKind(row.kind),
            sent: row.sent,
            arrives: row.arrives,
            time: HybridTime { physical: row.physical, logical: row.logical },
            payload: &self.arena[start as usize..row.end as usize],
        }
    }

    /// The messages in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Message<'_>> + Clone {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Adds a message.
    #[inline]
    pub fn push(&mut self, message: &Message<'_>) {
        self.arena.extend_from_slice(message.payload);
        self.rows.push(Row {
            sequence: message.sequence,
            sent: message.sent,
            arrives: message.arrives,
            physical: message.time.physical,
            logical: message.time.logical,
            from: message.from.0,
            to: message.to.0,
            end: self.arena.len() as u32,
            kind: message.kind.0,
        });
    }

    /// Whether the messages lie in the order of delivery: by the moment of arrival, then by sender, then by number.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.rows.is_sorted_by_key(|row| (row.arrives, row.from, row.sequence))
    }

    /// The places of the messages in the order of delivery.
    pub fn order(&self, places: &mut Vec<u32>) {
        places.clear();
        places.extend(0..self.len() as u32);
        places.sort_by_key(|at| {
            let row = &self.rows[*at as usize];
            (row.arrives, row.from, row.sequence)
        });
    }

    /// The same messages in the order of delivery.
    #[must_use]
    pub fn in_order(&self) -> Self {
        let (mut places, mut ordered) = (Vec::new(), Self::default());
        self.order(&mut places);
        places.iter().for_each(|at| ordered.push(&self.get(*at as usize)));
        ordered
    }

    /// Takes all messages out; the memory stays.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.arena.clear();
    }

    /// The receiver of the message at a place.
    #[inline]
    #[must_use]
    pub fn receiver(&self, at: usize) -> u32 {
        self.rows[at].to
    }

    /// What is sent together, as a number that sorts by sender, then receiver; and when.
    #[inline]
    pub(crate) fn together(&self, at: usize) -> (u64, Time) {
        let row = &self.rows[at];
        (u64::from(row.from) << 32 | u64::from(row.to), row.sent)
    }

    /// Gives what was sent at no particular moment of a tick the moment of its end, and takes care that nothing was sent later.
    pub(crate) fn settle_sent(&mut self, end: Time) {
        for row in &mut self.rows {
            row.sent = if row.sent == 0 { end } else { row.sent.min(end) };
        }
    }

    fn has_no_memory(&self) -> bool {
        self.rows.capacity() == 0
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.arena.capacity()
    }
}

/// Slots of the wheel: messages that are due in fewer ticks than this lie in the slot of their tick.
const SLOTS: u64 = 256;

/// As many emptied lots of messages keep their memory for those that come: the lot of the next tick, that of the one after it, and
/// one that is being read.
const SPARE: usize = 3;

/// Messages that wait for their tick (a timing wheel, Varghese & Lauck 1987; what is due later waits beside it). Only lots in which
/// something waits, and a few spare ones, have memory.
#[derive(Debug, Default)]
pub struct TimingWheel {
    slots: Vec<MessageList>,
    later: BTreeMap<u64, MessageList>,
    spare: Vec<MessageList>,
    /// Silent messages by the round; they are written when somebody looks.
    silent: Vec<SilentRound>,
    /// The last tick that was taken out.
    now: u64,
    waiting: u64,
}

impl TimingWheel {
    /// Adds a message that is due in tick `due`, at the earliest in the tick after the last that was taken out.
    #[inline]
    pub fn push(&mut self, due: u64, message: &Message<'_>) {
        self.lot(due).push(message);
        self.waiting += 1;
    }

    fn lot(&mut self, due: u64) -> &mut MessageList {
        let due = due.max(self.now + 1);
        if due - self.now >= SLOTS {
            return self.later.entry(due).or_default();
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS as usize, MessageList::default);
        }
        let slot = &mut self.slots[(due % SLOTS) as usize];
        if slot.has_no_memory()
            && let Some(spare) = self.spare.pop()
        {
            *slot = spare;
        }
        slot
    }

    /// Takes out what is due in `tick`, which must be later than the last; in place of what `out` held, whose memory is used again.
    pub fn take(&mut self, tick: u64, out: &mut MessageList) {
        self.now = tick;
        let slot = self.slots.get_mut((tick % SLOTS) as usize).map(std::mem::take).unwrap_or_default();
        let mut emptied = std::mem::replace(out, slot);
        if self.spare.len() < SPARE && !emptied.has_no_memory() {
            emptied.clear();
            self.spare.push(emptied);
        }
        if let Some(late) = self.later.remove(&tick) {
            late.iter().for_each(|message| out.push(&message));
        }
        self.waiting -= out.len() as u64;
    }

    /// Adds the silent messages of a round.
    pub(crate) fn push_silent(&mut self, round: SilentRound) {
        self.waiting += round.messages;
        self.silent.push(round);
    }

    /// Takes out the silent messages that are due in `tick`.
    pub(crate) fn take_silent(&mut self, tick: u64) -> Option<SilentRound> {
        let at = self.silent.iter().position(|round| round.due <= tick)?;
        let round = self.silent.swap_remove(at);
        self.waiting -= round.messages;
        Some(round)
    }

    /// The rounds of silent messages that wait.
    pub(crate) fn rounds(&self) -> &[SilentRound] {
        &self.silent
    }

    /// Silent messages become messages like others.
    pub(crate) fn write_out(&mut self) {
        for round in std::mem::take(&mut self.silent) {
            self.waiting -= round.messages;
            round.list().iter().for_each(|message| self.push(round.due, &message));
        }
    }

    /// How many messages wait.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.waiting
    }

    /// Whether no message waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// The ticks in which messages are due with these messages; a tick may come twice.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &MessageList)> {
        self.written().chain(self.silent.iter().map(|round| (round.due, round.list())))
    }

    /// The same without silent messages.
    pub(crate) fn written(&self) -> impl Iterator<Item = (u64, &MessageList)> {
        let slots = (1..SLOTS).filter_map(|ahead| {
            let due = self.now + ahead;
            self.slots.get((due % SLOTS) as usize).filter(|slot| !slot.is_empty()).map(|slot| (due, slot))
        });
        slots.chain(self.later.iter().map(|(due, columns)| (*due, columns)))
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lots = self.slots.iter().chain(self.later.values()).chain(&self.spare);
        self.slots.capacity() * size_of::<MessageList>()
            + lots.map(MessageList::bytes).sum::<usize>()
            + self.silent.iter().map(SilentRound::bytes).sum::<usize>()
    }
}

#[derive(Serialize)]
struct SavedWheel<'a> {
    now: u64,
    due: Vec<(u64, &'a MessageList)>,
}

#[derive(Deserialize)]
struct LoadedWheel {
    now: u64,
    due: Vec<(u64, MessageList)>,
}

impl Serialize for TimingWheel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What waits beside the wheel is due later than what is in it until its tick comes near; saved together, by tick.
        let mut due: BTreeMap<u64, MessageList> = BTreeMap::new();
        for (tick, columns) in self.iter() {
            let known = due.entry(tick).or_default();
            columns.iter().for_each(|message| known.push(&message));
        }
        // The order within a tick is that of delivery, whether a message came to wait in a slot or beside the wheel.
        for columns in due.values_mut() {
            *columns = columns.in_order();
        }
        SavedWheel { now: self.now, due: due.iter().map(|(tick, columns)| (*tick, columns)).collect() }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TimingWheel {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = LoadedWheel::deserialize(deserializer)?;
        let mut wheel = Self { now: saved.now, ..Self::default() };
        for (due, columns) in saved.due {
            columns.iter().for_each(|message| wheel.push(due, &message));
        }
        Ok(wheel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sequence: u64, payload: &[u8]) -> Message<'_> {
        Message {
            from: AgentId(1),
            to: AgentId(2),
            sequence,
            kind: MessageKind::PING,
            sent: 0,
            arrives: 0,
            time: HybridTime { physical: 3, logical: 4 },
            payload,
        }
    }

    #[test]
    fn messages_come_out_in_their_tick_near_and_far_and_saved_in_between() {
        let mut wheel = TimingWheel::default();
        for (sequence, due) in [(0, 5), (1, 1), (2, 300), (3, 5), (4, 0), (5, 100_000)] {
            wheel.push(due, &message(sequence, &[sequence as u8; 3]));
        }
        let mut out = MessageList::default();
        let mut seen = Vec::new();
        for tick in 1..=400 {
            if tick == 200 {
                let saved = postcard::to_stdvec(&wheel).unwrap();
                wheel = postcard::from_bytes(&saved).unwrap();
                assert_eq!(postcard::to_stdvec(&wheel).unwrap(), saved);
                wheel.push(300, &message(6, b"late"));
            }
            wheel.take(tick, &mut out);
            seen.extend(out.iter().map(|message| (tick, message.sequence, message.payload.len())));
        }
        assert_eq!(seen, [(1, 1, 3), (1, 4, 3), (5, 0, 3), (5, 3, 3), (300, 2, 3), (300, 6, 4)]);
        assert_eq!(wheel.len(), 1);
    }

    #[test]
    fn the_wheel_holds_memory_for_what_waits_and_little_more() {
        let (mut wheel, mut out) = (TimingWheel::default(), MessageList::default());
        // A thousand messages in every tick, as many turns as the wheel has slots and more: what waits is never more than two lots.
        for tick in 1..=3 * SLOTS {
            for sequence in 0..1000 {
                wheel.push(tick + 1, &message(sequence, &[0; 20]));
            }
            wheel.take(tick, &mut out);
        }
        let lot = out.bytes();
        assert!(out.len() == 1000 && (1000 * 70..1000 * 160).contains(&lot), "{lot}");
        let held = wheel.bytes() - wheel.slots.capacity() * size_of::<MessageList>();
        assert!(held <= (SPARE + 1) * lot, "{held} bytes for {} messages of {} bytes", wheel.len(), lot / 1000);
        // What a burst took is given back.
        for due in 1..SLOTS {
            (0..1000).for_each(|sequence| wheel.push(wheel.now + due, &message(sequence, &[0; 20])));
        }
        for _ in 0..SLOTS {
            wheel.take(wheel.now + 1, &mut out);
        }
        let held = wheel.bytes() - wheel.slots.capacity() * size_of::<MessageList>();
        assert!(wheel.is_empty() && held <= SPARE * 2 * lot, "{held}");
    }

    #[test]
    fn who_arrives_first_is_delivered_first() {
        let mut columns = MessageList::default();
        for (sequence, from, arrives) in [(0, 5, 30), (1, 4, 20), (2, 4, 10), (3, 2, 20), (4, 4, 20)] {
            columns.push(&Message { from: AgentId(from), arrives, ..message(sequence, b"") });
        }
        let order: Vec<u64> = columns.in_order().iter().map(|message| message.sequence).collect();
        assert_eq!(order, [2, 3, 1, 4, 0], "by moment, then by sender, then by number");
    }

    #[test]
    fn kinds_have_names_and_new_ones_come_behind() {
        let mut kinds = MessageKinds::default();
        let report = kinds.register("trust.report");
        assert_eq!(kinds.register("trust.report"), report);
        assert_eq!(
            (kinds.name(report), kinds.name(MessageKind::ENTRIES), kinds.name(MessageKind(999))),
            ("trust.report", "entries", "unknown")
        );
    }
}
