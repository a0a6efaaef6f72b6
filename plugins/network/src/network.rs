//! The network itself: who is linked, what is on its way, and what became of what was sent.

mod deliver;
mod dispatch;
mod rounds;

use std::collections::BTreeMap;

use agent2028_core::agent::{AgentId, Region};
use agent2028_core::causality::{HybridClock, HybridTime, VectorClock};
use agent2028_core::time::Time;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bits::BitSet;
use crate::clocks::Clocks;
use crate::config::{NetworkConfig, TopologyConfig};
use crate::faults::NetworkFaults;
use crate::graph::SparseLinks;
use crate::message::{Message, MessageKind, MessageList, TimingWheel};
use crate::neighbours::{Links, Members, Neighbours};
use crate::silent::SilentRound;
use crate::wire::{self, Agreement, Dialect};

/// Why a message could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The two aren't linked, or one of them doesn't talk.
    NotLinked,
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the two agents are not linked")
    }
}

impl std::error::Error for SendError {}

/// What became of all messages so far. At the end of every tick
/// `sent = delivered + lost + cut + in flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Messages that were sent, with the copies that links made.
    pub sent: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages that were lost: on the way, for want of bandwidth or of a common protocol, or because nobody was there.
    pub lost: u64,
    /// Messages that were dropped at partitions.
    pub cut: u64,
    /// Copies that links made.
    pub copies: u64,
    /// Packets that were sent.
    pub packets: u64,
    /// Bytes that were sent, with headers.
    pub bytes: u64,
    /// Bytes of the packets that were packed, before.
    pub packed_from: u64,
    /// Bytes of the packets that were packed, afterwards.
    pub packed_to: u64,
    /// Bytes of messages without headers and before packing.
    pub message_bytes: u64,
    /// Links that came since the start.
    pub links_added: u64,
    /// Links that went since the start.
    pub links_dropped: u64,
}

/// The network. Other plugins send with [`Network::send`] in `Act` and read the [`Inbox`](crate::Inbox) from `Decide` on.
#[derive(Resource, Debug, Default, Serialize, Deserialize)]
pub struct Network {
    pub(crate) members: Members,
    pub(crate) links: Links,
    /// What the links were made for: when the section says something else, they are made anew.
    pub(crate) made_for: Option<TopologyConfigHash>,
    /// What the section says now; derived when it has changed.
    #[serde(skip)]
    pub(crate) wanted: Option<TopologyConfigHash>,
    pub(crate) known: (u32, u64),
    /// What was sent and waits for the end of `Act`.
    pub(crate) outbox: MessageList,
    pub(crate) wheel: TimingWheel,
    pub(crate) faults: NetworkFaults,
    pub(crate) counts: Counts,
    clocks: Clocks,
    /// When each agent has sent what it has to send; empty while bandwidth doesn't matter.
    busy_until: Vec<Time>,
    sent_by: Vec<u32>,
    received_by: Vec<u32>,
    next_sequence: u64,
    vectors: BTreeMap<u32, VectorClock>,
    /// The vector clocks of what is on its way.
    vectors_sent: BTreeMap<u64, VectorClock>,
    /// The home of each agent, 1 + its region; derived.
    #[serde(skip)]
    pub(crate) homes: Vec<u16>,
    /// Those who live and are at home in each region, ascending; derived.
    #[serde(skip)]
    pub(crate) residents: Vec<Vec<u32>>,
    /// What each agent knows of the protocol, as an index into `dialects`; derived.
    #[serde(skip)]
    pub(crate) dialect_of: Vec<u8>,
    #[serde(skip)]
    pub(crate) agreements: Vec<Vec<Option<Agreement>>>,
    /// Those who have failed, and those who do nothing; derived anew in each tick.
    #[serde(skip)]
    pub(crate) failed: BitSet,
    #[serde(skip)]
    pub(crate) idle: BitSet,
    /// The silent messages of this tick, until `Act` is over; and memory for the next ones.
    #[serde(skip)]
    pub(crate) silent: Option<SilentRound>,
    #[serde(skip)]
    pub(crate) spare: Option<SilentRound>,
    /// How often there were other members.
    #[serde(skip)]
    pub(crate) changed_members: u64,
    #[serde(skip)]
    one_by_one: bool,
    /// Whether messages were lost in this tick because too many are on their way.
    #[serde(skip)]
    overflowed: bool,
    /// Whether messages went without a vector clock in this tick because too many are on their way.
    #[serde(skip)]
    unstamped: bool,
    #[serde(skip)]
    scratch: Scratch,
}

/// A number that stands for a topology and the groups that talk.
pub(crate) type TopologyConfigHash = u64;

#[derive(Debug, Default)]
struct Scratch {
    due: MessageList,
    stamped: MessageList,
    order: Vec<u32>,
    missing: Vec<u32>,
    packet: Vec<u8>,
    /// How many messages each agent sends in a round.
    sent: Vec<u16>,
    /// Who hears of a rumour that is on its way, and who says more than its turn in a round.
    hears: BitSet,
    speaks: BitSet,
}

/// FNV-1a over the text of a configuration: equal ones have equal numbers.
pub(crate) fn topology_hash(topology: &TopologyConfig, agents: &[String]) -> TopologyConfigHash {
    HASHED.set(HASHED.get() + 1);
    let text = format!("{topology:?}{agents:?}");
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

thread_local! {
    static HASHED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How often this thread has looked through a whole topology of a section since it began: a test sees by it that a list of links
/// costs nothing in a tick that changes nothing.
#[must_use]
pub fn topologies_read() -> u64 {
    HASHED.get()
}

/// The most messages that are on their way at once; what is sent beyond is lost.
pub const MOST_IN_FLIGHT: u64 = 1 << 22;

/// The most entries of vector clocks that messages on their way carry together; what is sent beyond carries none.
pub const MOST_ENTRIES: u64 = 1 << 24;

impl Network {
    /// Whether messages went without a vector clock in the last tick because of [`MOST_ENTRIES`].
    #[must_use]
    pub fn is_unstamped(&self) -> bool {
        self.unstamped
    }

    /// Whether messages were lost in the last tick because [`MOST_IN_FLIGHT`] were on their way.
    #[must_use]
    pub fn is_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Sends a message in this tick, at its end; it is on its way when `Act` is over. Only neighbours can be told anything.
    ///
    /// # Errors
    /// If the two aren't linked.
    pub fn send(&mut self, from: AgentId, to: AgentId, kind: MessageKind, payload: &[u8]) -> Result<(), SendError> {
        self.send_at(AT_THE_END, from, to, kind, payload)
    }

    /// Sends a message at a moment of this tick, such as that at which the message arrived that it answers
    /// ([`Message::arrives`]), so that an answer doesn't wait for the end of the tick.
    ///
    /// # Errors
    /// If the two aren't linked.
    pub fn send_at(
        &mut self,
        moment: Time,
        from: AgentId,
        to: AgentId,
        kind: MessageKind,
        payload: &[u8],
    ) -> Result<(), SendError> {
        if !self.links.of(&self.members, from.0).contains(to.0) {
            return Err(SendError::NotLinked);
        }
        post(&mut self.outbox, moment, (from.0, to.0), kind, payload);
        Ok(())
    }

    /// The agents that talk, ascending.
    #[must_use]
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// The links.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Whom an agent is linked with.
    #[must_use]
    pub fn neighbours(&self, agent: AgentId) -> Neighbours<'_> {
        self.links.of(&self.members, agent.0)
    }

    /// How many links there are.
    #[must_use]
    pub fn link_count(&self) -> u64 {
        self.links.count(&self.members)
    }

    /// What became of all messages so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many messages are on their way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.wheel.len()
    }

    /// The messages on their way: the tick in which they are due, and the message.
    pub fn flights(&self) -> impl Iterator<Item = (u64, Message<'_>)> {
        self.wheel.iter().flat_map(|(due, columns)| columns.iter().map(move |message| (due, message)))
    }

    /// What is wrong with the network.
    #[must_use]
    pub fn faults(&self) -> &NetworkFaults {
        &self.faults
    }

    /// An agent's hybrid logical clock.
    #[must_use]
    pub fn clock(&self, agent: AgentId) -> HybridClock {
        if agent.index() < self.clocks.len() { self.clocks.of(agent.0) } else { HybridClock::default() }
    }

    /// How many messages an agent has sent.
    #[must_use]
    pub fn sent_by(&self, agent: AgentId) -> u32 {
        self.sent_by.get(agent.index()).copied().unwrap_or(0)
    }

    /// How many messages an agent has received.
    #[must_use]
    pub fn received_by(&self, agent: AgentId) -> u32 {
        self.received_by.get(agent.index()).copied().unwrap_or(0)
    }

    /// The region that an agent is at home in.
    #[must_use]
    pub fn home(&self, agent: AgentId) -> Option<Region> {
        self.homes.get(agent.index()).and_then(|home| home.checked_sub(1)).map(Region)
    }

    /// Who speaks for a region to others: of those who are at home there and act, the one with the lowest id.
    #[must_use]
    pub fn spokesman(&self, region: Region) -> Option<u32> {
        self.residents.get(usize::from(region.0))?.iter().copied().find(|agent| self.acts(*agent))
    }

    /// Whether an agent acts: it is neither failed nor frozen, as far as was known at the start of the tick.
    #[inline]
    #[must_use]
    pub fn acts(&self, agent: u32) -> bool {
        !self.idle.contains(agent)
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let links = if let Links::Sparse(links) = &self.links { links.bytes() } else { 0 };
        let columns = self.clocks.bytes()
            + (self.sent_by.capacity() + self.received_by.capacity() + self.members.len()) * 4
            + self.busy_until.capacity() * 8
            + self.homes.capacity() * 2
            + self.dialect_of.capacity();
        links
            + columns
            + self.wheel.bytes()
            + self.outbox.bytes()
            + self.scratch.due.bytes()
            + self.faults.bytes()
            + self.spare.as_ref().map_or(0, SilentRound::bytes)
    }

    /// Stamps something that an agent does by itself.
    pub(crate) fn stamp(&mut self, agent: u32, physical: i64) -> HybridTime {
        if (agent as usize) < self.clocks.len() { self.clocks.stamp(agent, physical) } else { HybridTime::at(physical) }
    }

    /// Whether every message is written and sent by itself from now on, also those of gossip that change nothing at their receiver and
    /// are otherwise booked a round at a time. That gives the same in every respect and takes longer; tests compare the two.
    pub fn send_one_by_one(&mut self, one_by_one: bool) {
        self.one_by_one = one_by_one;
    }

    /// How many messages on their way are booked without being written.
    #[must_use]
    pub fn silent_in_flight(&self) -> u64 {
        self.wheel.rounds().iter().map(|round| round.messages).sum()
    }

    pub(crate) fn sparse_mut(&mut self) -> &mut SparseLinks {
        if let Links::Full = self.links {
            self.links = Links::Sparse(SparseLinks::default());
        }
        match &mut self.links {
            Links::Sparse(links) => links,
            // Replaced just above.
            Links::Full => unreachable!("full links were replaced by sparse ones"),
        }
    }

    /// Makes room for all agents with ids below `count`.
    pub(crate) fn grow(&mut self, count: usize) {
        if self.clocks.len() < count {
            self.clocks.grow(count);
            self.sent_by.resize(count, 0);
            self.received_by.resize(count, 0);
        }
    }

    /// Works out who speaks which dialect with whom. `group_of(agent)` is the place of its override, if any.
    pub(crate) fn learn_dialects(&mut self, config: &NetworkConfig) {
        let own = Dialect { versions: config.protocol.versions, codecs: config.protocol.codecs.clone() };
        let others = config.protocol.groups.iter();
        let dialects: Vec<Dialect> = std::iter::once(own)
            .chain(others.map(|group| Dialect { versions: group.versions, codecs: group.codecs.clone() }))
            .collect();
        self.agreements = dialects
            .iter()
            .map(|sender| dialects.iter().map(|receiver| wire::negotiate(sender, receiver)).collect())
            .collect();
    }

    fn agreement(&self, from: u32, to: u32) -> Option<Agreement> {
        let of = |agent: u32| usize::from(self.dialect_of.get(agent as usize).copied().unwrap_or(0));
        self.agreements.get(of(from))?.get(of(to)).copied().flatten()
    }
}

/// Stands for the end of the tick as the moment of sending.
pub(crate) const AT_THE_END: Time = 0;

/// Puts a message into the outbox, for those who know that the two are linked.
#[inline]
pub(crate) fn post(outbox: &mut MessageList, moment: Time, (from, to): (u32, u32), kind: MessageKind, payload: &[u8]) {
    let (from, to) = (AgentId(from), AgentId(to));
    outbox.push(&Message { from, to, sequence: 0, kind, sent: moment, arrives: 0, time: Default::default(), payload });
}
