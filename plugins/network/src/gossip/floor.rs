//! What agents have to go by in a tick, and how they say something.

use agent2028_core::rng::SimStream;
use agent2028_core::time::Time;

use super::{Rumour, Seen};
use crate::bits::BitSet;
use crate::config::{GossipConfig, Scope};
use crate::message::{MessageKind, MessageList};
use crate::neighbours::{Links, Members, Neighbours};
use crate::network::post;
use crate::wire::put;

/// What agents have to go by in a tick.
pub(super) struct Floor<'a> {
    pub(super) rules: &'a GossipConfig,
    pub(super) tick: u64,
    /// When what is said now is said: answers at once.
    pub(super) moment: Time,
    pub(super) graft_after: u64,
    pub(super) members: &'a Members,
    pub(super) links: &'a Links,
    pub(super) idle: &'a BitSet,
    pub(super) homes: &'a [u16],
    pub(super) outbox: &'a mut MessageList,
    pub(super) payload: Vec<u8>,
    /// The rumours that somebody knows, while it asks or is asked.
    pub(super) known: Vec<u32>,
}

impl Floor<'_> {
    pub(super) fn neighbours(&self, agent: u32) -> Neighbours<'_> {
        self.links.of(self.members, agent)
    }

    /// Whether a rumour of a scope goes from one agent to the other.
    pub(super) fn goes(&self, scope: Scope, from: u32, to: u32) -> bool {
        goes(self.homes, scope, from, to)
    }

    pub(super) fn tell(&mut self, rumour: &Rumour, seen: Seen, from: u32, to: u32) {
        if seen.ttl == 0 || !self.goes(rumour.scope.scope(), from, to) {
            return;
        }
        self.payload.clear();
        put_rumour(rumour.number, seen.ttl, seen.hops, &rumour.text, &mut self.payload);
        post(self.outbox, self.moment, (from, to), MessageKind::RUMOUR, &self.payload);
    }

    pub(super) fn say(&mut self, from: u32, to: u32, kind: MessageKind, numbers: &[u64]) {
        self.payload.clear();
        put(numbers, &mut self.payload);
        post(self.outbox, self.moment, (from, to), kind, &self.payload);
    }
}

/// Writes a rumour that came over `hops` hops and may go over `ttl` more.
pub(crate) fn put_rumour(number: u32, ttl: u16, hops: u16, text: &str, payload: &mut Vec<u8>) {
    put(&[u64::from(number), u64::from(ttl) - 1, u64::from(hops) + 1], payload);
    payload.extend_from_slice(text.as_bytes());
}

/// Writes which rumours somebody knows.
pub(crate) fn put_known(rumours: impl ExactSizeIterator<Item = u32>, payload: &mut Vec<u8>) {
    put(&[rumours.len() as u64], payload);
    rumours.for_each(|rumour| put(&[u64::from(rumour)], payload));
}

/// Whether a rumour of a scope goes from one agent to another: regional ones stay in their region.
pub(crate) fn goes(homes: &[u16], scope: Scope, from: u32, to: u32) -> bool {
    scope != Scope::RegionalGossip || homes.is_empty() || homes.get(from as usize) == homes.get(to as usize)
}

/// Whom an agent turns to in a round.
pub(crate) fn partners(neighbours: Neighbours<'_>, fanout: u32, stream: &mut SimStream, chosen: &mut Vec<u32>) {
    neighbours.choose(fanout, stream, chosen);
}
