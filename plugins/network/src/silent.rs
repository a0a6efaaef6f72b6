//! Silent messages: those that change nothing at their receiver, booked a whole round at a time.
//!
//! In most rounds of gossip most agents turn to somebody who knows the same: what is told is known there, and what is asked for
//! has no answer. Such messages are counted and timed like all others, and their bytes, clocks and numbers are the same; but they
//! aren't written. Who reads the [`Inbox`](crate::Inbox), the messages on their way or a checkpoint finds them written out.
//!
//! A message is silent only where that is certain when it is sent, so only over links that are all alike and lose, copy and hold up
//! nothing, to a receiver whom no rumour can reach before it. Whatever else happens on the way has the round written out
//! ([`TimingWheel::write_out`](crate::message::TimingWheel)).

use std::sync::{Arc, OnceLock};

use agent2028_core::agent::AgentId;
use agent2028_core::causality::HybridTime;
use agent2028_core::time::Time;

use crate::gossip::{Heard, Living, put_known, put_rumour};
use crate::message::{Message, MessageKind, MessageList};

/// What one agent says to another in a round: rumours that it tells, then its question, in one packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The counter of the sender's clock at the first message.
    pub(crate) logical: u32,
    /// The number of the first message, from that of the round.
    pub(crate) sequence: u32,
    /// How many messages; 0 where they were written after all.
    pub(crate) messages: u16,
    /// The size of the packet, without what depends on its receiver, its number and the time.
    pub(crate) bytes: u16,
}

/// The silent messages of a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct SilentRound {
    /// By sender, then receiver.
    pub(crate) turns: Vec<Turn>,
    /// Whether everybody asks, too.
    pub(crate) pulls: bool,
    /// When they are sent; as in the outbox.
    pub(crate) sent: Time,
    pub(crate) arrives: Time,
    pub(crate) due: u64,
    /// The physical part of all senders' clocks.
    pub(crate) physical: i64,
    /// The number that those of the turns count from.
    pub(crate) first: u64,
    /// How many messages there are.
    pub(crate) messages: u64,
    /// How many of them are rumours.
    pub(crate) told: u64,
    /// How many messages come to each agent.
    pub(crate) arriving: Vec<u32>,
    /// How many messages were in the outbox when the round was over.
    pub(crate) after: usize,
    /// The turns before this place are booked.
    pub(crate) booked: usize,
    /// What everybody knew in the round.
    pub(crate) rumours: Arc<Vec<Living>>,
    pub(crate) heard: Vec<Arc<Vec<Heard>>>,
    written: OnceLock<MessageList>,
}

impl SilentRound {
    /// Says everything that belongs to a turn, in the order in which it is sent.
    pub(crate) fn say(&self, turn: &Turn, payload: &mut Vec<u8>, mut say: impl FnMut(MessageKind, &[u8])) {
        let at = turn.from as usize;
        for (living, heard) in self.rumours.iter().zip(&self.heard) {
            let heard = heard[at];
            if heard.told {
                payload.clear();
                put_rumour(living.number, heard.ttl, heard.hops, &living.text, payload);
                say(MessageKind::RUMOUR, payload);
            }
        }
        if self.pulls {
            let known = self.rumours.iter().zip(&self.heard).map(|(living, heard)| (heard[at].nth, living.number));
            let mut known: Vec<(u16, u32)> = known.filter(|(nth, _)| *nth > 0).collect();
            known.sort_unstable();
            payload.clear();
            put_known(known.iter().map(|(_, rumour)| *rumour), payload);
            say(MessageKind::PULL, payload);
        }
    }

    fn write(&self, turns: &[Turn]) -> MessageList {
        let (mut list, mut payload) = (MessageList::default(), Vec::new());
        for turn in turns.iter().filter(|turn| turn.messages > 0) {
            let (mut sequence, mut logical) = (self.first + u64::from(turn.sequence), u64::from(turn.logical));
            self.say(turn, &mut payload, |kind, payload| {
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
        self.written.get_or_init(|| self.write(&self.turns))
    }

    /// At least the last `count` messages, if there are as many, in the order of delivery.
    pub(crate) fn last(&self, count: usize) -> MessageList {
        let (mut start, mut found) = (self.turns.len(), 0);
        while start > 0 && found < count {
            start -= 1;
            found += usize::from(self.turns[start].messages);
        }
        self.write(&self.turns[start..])
    }

    /// Takes a turn out whose messages don't arrive.
    pub(crate) fn take_out(&mut self, at: usize) {
        let turn = &mut self.turns[at];
        let count = std::mem::take(&mut turn.messages);
        self.messages -= u64::from(count);
        self.told -= u64::from(count - u16::from(self.pulls && count > 0));
        self.arriving[turn.to as usize] -= u32::from(count);
        self.written.take();
    }

    /// The same memory for another round.
    pub(crate) fn emptied(mut self) -> Self {
        self.turns.clear();
        self.arriving.clear();
        self.heard.clear();
        Self { turns: self.turns, arriving: self.arriving, heard: self.heard, ..Self::default() }
    }

    /// The memory that it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.turns.capacity() * size_of::<Turn>()
            + self.arriving.capacity() * 4
            + self.written.get().map_or(0, MessageList::bytes)
    }
}
