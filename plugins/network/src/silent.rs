//! Rounds of gossip that are booked as a whole: their messages are counted and timed like all others, and their bytes, clocks and
//! numbers are the same; but they aren't written.
//!
//! In most rounds most agents turn to somebody who knows the same: what is told is known there, and what is asked for has no
//! answer. Such turns are *silent*: they change nothing at their receiver, and nobody looks at them again. The others are told
//! apart: what they say is noted with the round, and their receivers read it there. Who reads the [`Inbox`](crate::Inbox), the
//! messages on their way or a checkpoint finds all of them written out.
//!
//! A turn is silent only where that is certain when it is sent, so only over links that are all alike and lose, copy and hold up
//! nothing, to a receiver whom no rumour can reach before it. Whatever else happens on the way has the round written out
//! ([`TimingWheel::write_out`](crate::message::TimingWheel)).

use std::sync::{Arc, OnceLock};

use agent2028_core::agent::AgentId;
use agent2028_core::causality::HybridTime;
use agent2028_core::time::Time;

use crate::bits::BitSet;
use crate::gossip::{ColumnsAsOf, Heard, Living, SharedColumns, put_known, put_rumour};
use crate::message::{Message, MessageKind, MessageList};

/// What one agent says to another in a round: rumours that it tells, then its question, in one packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundPacket {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// How many messages; 0 where they were written after all.
    pub(crate) messages: u16,
    /// The size of the packet, without what depends on its receiver, its number and the time.
    pub(crate) bytes: u16,
}

/// What in a turn may change something at its receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketNews {
    /// Its place among the turns.
    pub(crate) turn: u32,
    /// The rumours that may be new or may go further, as bits by their places.
    pub(crate) told: u32,
    /// The rumours that the sender knows, likewise.
    pub(crate) known: u32,
    /// Where it stands how far those that are told may go.
    first: u32,
    /// Whether its question may have an answer.
    pub(crate) asks: bool,
}

impl PacketNews {
    /// How many messages of its turn are rumours that change nothing.
    fn silent(self, turn: RoundPacket, pulls: bool) -> u64 {
        u64::from(turn.messages - u16::from(pulls)) - u64::from(self.told.count_ones())
    }
}

/// A rumour that is told in a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToldRumour {
    /// Its place among those of the round.
    pub(crate) slot: usize,
    /// How many hops it may still go when it is there, and how many it has come then.
    pub(crate) ttl: u16,
    pub(crate) hops: u16,
}

/// A round of gossip that isn't written.
#[derive(Debug, Default)]
pub(crate) struct SilentRound {
    /// By sender, then receiver.
    pub(crate) turns: Vec<RoundPacket>,
    /// Those that aren't silent, or not in all that is said, in the same order.
    pub(crate) tellings: Vec<PacketNews>,
    reaches: Vec<(u16, u16)>,
    /// Who may hear of a rumour by them that it doesn't know.
    pub(crate) hears: BitSet,
    /// Whether everybody asks, too.
    pub(crate) pulls: bool,
    /// When they are sent; as in the outbox.
    pub(crate) sent: Time,
    pub(crate) arrives: Time,
    pub(crate) due: u64,
    /// The physical part of all senders' clocks.
    pub(crate) physical: i64,
    /// Where the counters of their clocks begin, of the senders with whom that isn't 0.
    pub(crate) later: Vec<(u32, u32)>,
    /// The number of the first message of the turns from a place on.
    pub(crate) numbers: Vec<(u32, u64)>,
    /// The turns whose messages don't arrive.
    gone: BitSet,
    /// How many messages there are.
    pub(crate) messages: u64,
    /// How many of them are rumours that change nothing.
    pub(crate) told: u64,
    /// How many messages come to each agent.
    pub(crate) arriving: Vec<u32>,
    /// How many messages were in the outbox when the round was over.
    pub(crate) after: usize,
    /// The turns before this place have their numbers; and as many that aren't silent.
    pub(crate) booked: usize,
    pub(crate) counted: usize,
    /// What everybody knew in the round, and its number there.
    pub(crate) rumours: Arc<Vec<Living>>,
    pub(crate) columns: SharedColumns,
    pub(crate) number: u64,
    written: OnceLock<MessageList>,
}

impl SilentRound {
    /// Notes that a turn may change something at its receiver: by some of the rumours that are told, and by its question. `heard`
    /// is what its sender has heard.
    pub(crate) fn tell(&mut self, turn: usize, heard: impl Iterator<Item = Heard>, news: u32, asks: bool) {
        let mut telling = PacketNews { turn: turn as u32, told: 0, known: 0, first: self.reaches.len() as u32, asks };
        for (slot, heard) in heard.enumerate() {
            telling.known |= u32::from(heard.nth > 0) << slot;
            if heard.told && news >> slot & 1 == 1 {
                telling.told |= 1 << slot;
                self.reaches.push((heard.ttl, heard.hops));
            }
        }
        self.tellings.push(telling);
    }

    /// The rumours that are told in a turn and may change something, in their order.
    pub(crate) fn told_in(&self, telling: PacketNews) -> impl Iterator<Item = ToldRumour> + '_ {
        let mut left = telling.told;
        self.reaches[telling.first as usize..].iter().map_while(move |(ttl, hops)| {
            let slot = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(ToldRumour { slot, ttl: ttl.saturating_sub(1), hops: hops.saturating_add(1) })
        })
    }

    /// Whether somebody who asks in a turn knows this rumour.
    pub(crate) fn is_known(&self, telling: PacketNews, rumour: u32) -> bool {
        let slot = self.rumours.binary_search_by_key(&rumour, |living| living.number);
        slot.is_ok_and(|slot| telling.known >> slot & 1 == 1)
    }

    /// The number of a turn's first message.
    pub(crate) fn sequence_of(&self, turn: usize) -> u64 {
        let at = self.numbers.partition_point(|(first, _)| *first as usize <= turn);
        let Some((first, number)) = at.checked_sub(1).and_then(|at| self.numbers.get(at)) else { return 0 };
        let before = &self.turns[*first as usize..turn];
        number + before.iter().map(|turn| u64::from(turn.messages)).sum::<u64>()
    }

    /// What belongs to the turns, to be read.
    pub(crate) fn reader(&self) -> RoundReader {
        RoundReader {
            pulls: self.pulls,
            rumours: Arc::clone(&self.rumours),
            columns: self.columns.clone(),
            number: self.number,
        }
    }

    fn write(&self, turns: std::ops::Range<usize>) -> MessageList {
        let (mut list, mut payload) = (MessageList::default(), Vec::new());
        let reader = self.reader();
        let reader = reader.open();
        let mut sequence = self.sequence_of(turns.start);
        let mut numbers = self.numbers.partition_point(|(first, _)| *first as usize <= turns.start);
        let (mut sender, mut logical) = (None, 0);
        for at in turns {
            if let Some((_, number)) = self.numbers.get(numbers).filter(|(first, _)| *first as usize == at) {
                (numbers, sequence) = (numbers + 1, *number);
            }
            let turn = self.turns[at];
            if turn.messages == 0 {
                continue;
            }
            if sender.replace(turn.from) != Some(turn.from) {
                let later = self.later.binary_search_by_key(&turn.from, |(from, _)| *from);
                logical = later.map_or(0, |at| u64::from(self.later[at].1));
            }
            if !self.is_there(at) {
                (sequence, logical) = (sequence + u64::from(turn.messages), logical + u64::from(turn.messages));
                continue;
            }
            reader.say(turn.from, &mut payload, |kind, payload| {
                list.push(&Message {
                    from: AgentId(turn.from),
                    to: AgentId(turn.to),
                    sequence,
                    kind,
                    sent: self.sent,
                    arrives: self.arrives,
                    time: HybridTime { physical: self.physical, logical },
                    payload,
                });
                sequence += 1;
                logical += 1;
            });
        }
        list
    }

    /// All messages, written when somebody looks, in the order of delivery.
    pub(crate) fn list(&self) -> &MessageList {
        self.written.get_or_init(|| self.write(0..self.turns.len()))
    }

    /// At least the last `count` messages, if there are as many, in the order of delivery.
    pub(crate) fn last(&self, count: usize) -> MessageList {
        let (mut start, mut found) = (self.turns.len(), 0);
        let begins = |start: usize| start == 0 || self.turns[start].from != self.turns[start - 1].from;
        while start > 0 && (found < count || !begins(start)) {
            start -= 1;
            found += if self.is_there(start) { usize::from(self.turns[start].messages) } else { 0 };
        }
        self.write(start..self.turns.len())
    }

    /// Takes those turns out whose receivers are lost; how many messages those are.
    pub(crate) fn take_out(&mut self, lost: impl Fn(u32) -> bool) -> u64 {
        let (mut messages, mut told) = (0, 0);
        let mut tellings = self.tellings.iter().peekable();
        for (at, turn) in self.turns.iter().enumerate() {
            let telling = tellings.next_if(|telling| telling.turn as usize == at);
            if turn.messages > 0 && lost(turn.to) && self.gone.insert(at as u32) {
                messages += u64::from(turn.messages);
                told += self.silent_in(*turn, telling);
                self.arriving[turn.to as usize] -= u32::from(turn.messages);
            }
        }
        self.messages -= messages;
        self.told -= told;
        self.written.take();
        messages
    }

    /// How many messages of a turn are rumours that change nothing.
    #[inline]
    pub(crate) fn silent_in(&self, turn: RoundPacket, telling: Option<&PacketNews>) -> u64 {
        telling.map_or(u64::from(turn.messages - u16::from(self.pulls)), |telling| telling.silent(turn, self.pulls))
    }

    /// Whether what was said in a turn has arrived or may still arrive.
    #[inline]
    pub(crate) fn is_there(&self, turn: usize) -> bool {
        self.turns[turn].messages > 0 && (self.gone.is_empty() || !self.gone.contains(turn as u32))
    }

    /// The same memory for another round.
    pub(crate) fn emptied(mut self) -> Self {
        self.turns.clear();
        self.tellings.clear();
        self.reaches.clear();
        self.hears.clear();
        self.gone.clear();
        self.later.clear();
        self.numbers.clear();
        self.arriving.clear();
        Self {
            turns: self.turns,
            tellings: self.tellings,
            reaches: self.reaches,
            hears: self.hears,
            gone: self.gone,
            later: self.later,
            numbers: self.numbers,
            arriving: self.arriving,
            ..Self::default()
        }
    }

    /// The memory that it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.turns.capacity() * size_of::<RoundPacket>()
            + self.tellings.capacity() * size_of::<PacketNews>()
            + (self.reaches.capacity() + self.arriving.capacity()) * 4
            + self.hears.bytes()
            + self.gone.bytes()
            + self.later.capacity() * 8
            + self.numbers.capacity() * 16
            + self.written.get().map_or(0, MessageList::bytes)
    }
}

/// What is said in the turns of a round.
#[derive(Clone, Debug)]
pub(crate) struct RoundReader {
    pulls: bool,
    rumours: Arc<Vec<Living>>,
    columns: SharedColumns,
    number: u64,
}

impl RoundReader {
    /// Opens it; while it is open nobody hears anything.
    pub(crate) fn open(&self) -> OpenRound<'_> {
        OpenRound { of: self, heard: self.columns.as_of(self.number) }
    }
}

/// What is said in the turns of a round, while nobody hears anything.
#[derive(Debug)]
pub(crate) struct OpenRound<'a> {
    of: &'a RoundReader,
    heard: ColumnsAsOf<'a>,
}

impl OpenRound<'_> {
    /// Says everything that belongs to a turn of an agent, in the order in which it is sent.
    pub(crate) fn say(&self, from: u32, payload: &mut Vec<u8>, mut say: impl FnMut(MessageKind, &[u8])) {
        let heard = || self.of.rumours.iter().zip(self.heard(from));
        for (living, heard) in heard().filter(|(_, heard)| heard.told) {
            payload.clear();
            put_rumour(living.number, heard.ttl, heard.hops, &living.text, payload);
            say(MessageKind::RUMOUR, payload);
        }
        if self.of.pulls {
            let mut known: Vec<(u16, u32)> =
                heard().filter(|(_, heard)| heard.nth > 0).map(|(living, heard)| (heard.nth, living.number)).collect();
            known.sort_unstable();
            payload.clear();
            put_known(known.iter().map(|(_, rumour)| *rumour), payload);
            say(MessageKind::PULL, payload);
        }
    }

    /// What an agent had heard of the rumours, by their places.
    pub(crate) fn heard(&self, from: u32) -> impl Iterator<Item = Heard> + '_ {
        (0..self.of.rumours.len()).map(move |slot| self.heard.get(from, slot))
    }
}
