//! The network itself: who is linked, what is on its way, and what became of what was sent.

mod rounds;

use std::collections::BTreeMap;

use agent2028_core::agent::{AgentId, Region, Regions};
use agent2028_core::causality::{HybridClock, HybridTime, VectorClock};
use agent2028_core::clock::{SimClock, as_written};
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use agent2028_core::time::{Rate, Time, end_of, tick_of};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bits::BitSet;
use crate::clocks::Clocks;
use crate::config::{LatencyModel, LinkConfig, NetworkConfig, TopologyConfig};
use crate::diagram::{Diagram, Fate};
use crate::faults::NetworkFaults;
use crate::graph::SparseLinks;
use crate::inbox::Inbox;
use crate::message::{Message, MessageKind, MessageList, TimingWheel};
use crate::neighbours::{Links, Members, Neighbours};
use crate::silent::SilentRound;
use crate::wire::{self, Agreement, Dialect};

/// The dice of links: what becomes of what an agent sends in a tick.
const LINK: Purpose = Purpose::new("network.link");

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

/// The network. Other plugins send with [`Network::send`] in `Act` and read the [`Inbox`] from `Decide` on.
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

    /// What was sent in this tick sets out: it is written and packed, and the dice decide when it arrives, if at all.
    pub(crate) fn dispatch(
        &mut self,
        clock: &SimClock,
        dice: &SimRng,
        regions: &Regions,
        config: &NetworkConfig,
        diagram: &mut Diagram,
    ) {
        let (tick, now_ms) = (clock.tick(), clock.now().timestamp_millis());
        let mut road = Road { tick, rate: Rate::of(clock), usual_ms: usual_ms(&config.link), regions, config, diagram };
        (self.overflowed, self.unstamped) = (false, false);
        let mut outbox = std::mem::take(&mut self.outbox);
        let posted = outbox.len();
        let mut silent = self.silent.take();
        let after = silent.as_ref().map_or(posted, |round| round.after);
        if let Some(round) = &mut silent {
            self.prepare_silent(round, &mut outbox, &road, now_ms);
        }
        let version = self.may_be_silent(config).map_or(wire::FIRST_VERSION, |agreement| agreement.version);
        outbox.settle_sent(end_of(tick));
        let mut order = std::mem::take(&mut self.scratch.order);
        order.clear();
        let written = outbox.len() > posted && after < posted;
        if written || !(1..outbox.len()).all(|at| outbox.together(at - 1) <= outbox.together(at)) {
            order.extend(0..outbox.len() as u32);
            // What was to be silent takes the place that it would have had.
            let place = |at: u32| (at as usize >= after) && (at as usize) < posted;
            order.sort_by_key(|at| (outbox.together(*at as usize), place(*at)));
        }
        // Where all lies in order already, which is often, a place is itself.
        let place = |at: usize| order.get(at).map_or(at, |at| *at as usize);
        let mut stamped = std::mem::take(&mut self.scratch.stamped);
        let mut known: Option<(u32, SimStream)> = None;
        let mut from_place = 0;
        while from_place < outbox.len() {
            let together = outbox.together(place(from_place));
            // Version 1 counts the messages of a packet in two bytes.
            let mut end = from_place + 1;
            while end < outbox.len() && outbox.together(place(end)) == together && end - from_place < 0xffff {
                end += 1;
            }
            let first = outbox.get(place(from_place));
            let from = first.from.0;
            if let Some(round) = &mut silent {
                self.book_silent(round, from, version);
            }
            let physical = now_ms + self.faults.skew_ms(from);
            let stream = match &mut known {
                Some((of, stream)) if *of == from => stream,
                _ => &mut known.insert((from, dice.stream(LINK, AgentId(from), tick))).1,
            };
            if end == from_place + 1 {
                // Most messages go alone, and are written once: where they wait for their tick.
                let message = self.stamp_message(first, physical, config);
                self.dispatch_packet(std::iter::once(message), &mut road, stream);
            } else {
                stamped.clear();
                for at in from_place..end {
                    let message = self.stamp_message(outbox.get(place(at)), physical, config);
                    stamped.push(&message);
                }
                self.dispatch_packet(stamped.iter(), &mut road, stream);
            }
            from_place = end;
        }
        outbox.clear();
        self.outbox = outbox;
        self.scratch.stamped = stamped;
        self.scratch.order = order;
        if let Some(mut round) = silent {
            self.book_silent(&mut round, u32::MAX, version);
            if round.messages > 0 {
                self.wheel.push_silent(round);
            } else {
                self.spare = Some(round.emptied());
            }
        }
    }

    /// A message with its number and the time of its sender's clock.
    fn stamp_message<'m>(&mut self, message: Message<'m>, physical: i64, config: &NetworkConfig) -> Message<'m> {
        let (from, sequence) = (message.from, self.next_sequence);
        let time = self.clocks.stamp(from.0, physical);
        if config.vector_clocks {
            let vector = self.vectors.entry(from.0).or_default();
            vector.stamp(from);
            // A vector has an entry for each agent at most.
            if self.vectors_sent.len() as u64 * (self.members.len() as u64).max(1) < MOST_ENTRIES {
                self.vectors_sent.insert(sequence, vector.clone());
            } else {
                self.unstamped = true;
            }
        }
        self.next_sequence += 1;
        Message { sequence, time, ..message }
    }

    /// Sends messages that one agent says to another at one moment.
    fn dispatch_packet<'m>(
        &mut self,
        packet: impl ExactSizeIterator<Item = Message<'m>> + Clone,
        road: &mut Road<'_>,
        stream: &mut SimStream,
    ) {
        let Some(first) = packet.clone().next() else {
            return;
        };
        let (from, to, sent) = (first.from, first.to, first.sent);
        let (link, count) = (&road.config.link, packet.len() as u64);
        self.counts.sent += count;
        self.sent_by[from.index()] = self.sent_by[from.index()].saturating_add(count as u32);
        let Some(agreement) = self.agreement(from.0, to.0) else {
            self.counts.lost += count;
            self.forget(packet, sent, Fate::Lost, road.diagram);
            return;
        };
        let bytes = self.write_packet(packet.clone(), agreement, road.config);
        let sets_out = match link.bandwidth {
            Some(bandwidth) => {
                if self.busy_until.len() < self.clocks.len() {
                    self.busy_until.resize(self.clocks.len(), 0);
                }
                let busy = self.busy_until[from.index()].max(sent);
                if busy - sent > road.rate.parts(as_written(f64::from(link.longest_wait_s))) {
                    self.counts.lost += count;
                    self.forget(packet, sent, Fate::Lost, road.diagram);
                    return;
                }
                let done = busy.saturating_add(road.rate.parts(bytes as f64 / f64::from(bandwidth)));
                self.busy_until[from.index()] = done;
                done
            }
            None => sent,
        };
        self.counts.packets += 1;
        self.counts.bytes += bytes as u64;
        if self.faults.cut(from.0, to.0) {
            self.counts.cut += count;
            self.forget(packet, sent, Fate::Cut, road.diagram);
            return;
        }
        let worse = self.faults.worse(from.0, to.0);
        // What can't be lost needs no draw, nor does what can't be copied or has a latency that is always the same.
        let passes = (1.0 - link.loss) * worse.passes;
        if passes < 1.0 && stream.unit() >= passes {
            self.counts.lost += count;
            self.forget(packet, sent, Fate::Lost, road.diagram);
            return;
        }
        let between = road.regions.latency_ms(self.home(from), self.home(to));
        let fixed_ms = f64::from(between) + f64::from(worse.latency_ms);
        let reorder = (link.reordering + worse.reorder).min(1.0);
        let copies = if link.duplication + worse.duplicate > 0.0 {
            u32::from(stream.unit() < link.duplication + worse.duplicate)
        } else {
            0
        };
        for copy in 0..=copies {
            if copy > 0 {
                self.counts.sent += count;
                self.counts.copies += count;
            }
            let latency_ms = fixed_ms
                + road.usual_ms.unwrap_or_else(|| varying_ms(link, stream))
                + held_up_ms(link, reorder, stream);
            let arrives = road.arrival(sets_out, latency_ms);
            let due = tick_of(arrives).max(road.tick + 1);
            if self.wheel.len().saturating_add(count) > MOST_IN_FLIGHT {
                self.counts.lost += count;
                self.overflowed = true;
                if copy == 0 {
                    self.forget(packet, sent, Fate::Lost, road.diagram);
                }
                break;
            }
            if self.wheel.rounds().iter().any(|round| arrives <= round.arrives)
                && packet.clone().any(|message| message.kind == MessageKind::RUMOUR)
            {
                // It may overtake messages that were silent because no rumour could.
                self.wheel.write_out();
            }
            packet.clone().for_each(|message| self.wheel.push(due, &Message { arrives, ..message }));
        }
    }

    /// How many bytes the packet takes. Only what is to be packed is written.
    fn write_packet<'m>(
        &mut self,
        packet: impl Iterator<Item = Message<'m>> + Clone,
        agreement: Agreement,
        config: &NetworkConfig,
    ) -> usize {
        let plain = wire::packet_size(agreement.version, packet.clone());
        self.counts.message_bytes += plain as u64;
        let mut size = plain;
        if let Some(codec) = agreement.codec
            && plain >= config.protocol.pack_from_bytes as usize
        {
            let mut bytes = std::mem::take(&mut self.scratch.packet);
            wire::encode(agreement.version, packet, &mut bytes);
            let packed = codec.pack(&bytes).len();
            self.scratch.packet = bytes;
            // What doesn't shrink goes as it is.
            size = plain.min(packed);
            self.counts.packed_from += plain as u64;
            self.counts.packed_to += size as u64;
        }
        size + config.protocol.header_bytes as usize
    }

    fn forget<'m>(
        &mut self,
        packet: impl Iterator<Item = Message<'m>>,
        moment: Time,
        fate: Fate,
        diagram: &mut Diagram,
    ) {
        for message in packet {
            let vector = self.vectors_sent.remove(&message.sequence);
            diagram.note(&message, moment, fate, vector, None);
        }
    }

    /// What is due arrives.
    pub(crate) fn deliver(
        &mut self,
        clock: &SimClock,
        config: &NetworkConfig,
        inbox: &mut Inbox,
        diagram: &mut Diagram,
    ) {
        let (tick, now_ms) = (clock.tick(), clock.now().timestamp_millis());
        let mut due = std::mem::take(&mut self.scratch.due);
        let mut order = std::mem::take(&mut self.scratch.order);
        self.wheel.take(tick, &mut due);
        if let Some(round) = inbox.clear() {
            self.spare = Some(round.emptied());
        }
        let mut silent = self.wheel.take_silent(tick);
        if let Some(round) = silent.take_if(|round| {
            // Where clocks or paths differ, the order of messages matters.
            !self.faults.partitions.is_empty()
                || !self.faults.skews.is_empty()
                || !self.vectors_sent.is_empty()
                || now_ms <= round.physical
                || due.iter().any(|message| message.time.physical >= now_ms)
                // Few are traced as well one by one, and the last ones are found at once only if all arrive.
                || diagram.capacity() > 0
                    && (!self.failed.is_empty()
                        || round.messages <= diagram.capacity() as u64
                        || due.iter().any(|message| self.members.place(message.to.0).is_none()))
        }) {
            round.list().iter().for_each(|message| due.push(&message));
            self.spare = Some(round.emptied());
        }
        let traced_later = silent.is_some() && diagram.capacity() > 0;
        // As a rule all arrives, in the order in which it lies there: then the inbox takes it over as it is.
        let in_order = due.is_in_order();
        order.clear();
        if !in_order {
            due.order(&mut order);
        }
        let mut missing = std::mem::take(&mut self.scratch.missing);
        missing.clear();
        for place in 0..due.len() {
            let at = order.get(place).map_or(place, |at| *at as usize);
            let message = due.get(at);
            let (from, to) = (message.from.0, message.to.0);
            let vector =
                if self.vectors_sent.is_empty() { None } else { self.vectors_sent.get(&message.sequence).cloned() };
            if self.faults.cut(from, to) {
                self.counts.cut += 1;
                missing.push(place as u32);
                diagram.note(&message, message.arrives, Fate::Cut, vector, None);
            } else if self.failed.contains(to) || self.members.place(to).is_none() {
                self.counts.lost += 1;
                missing.push(place as u32);
                diagram.note(&message, message.arrives, Fate::Lost, vector, None);
            } else {
                self.counts.delivered += 1;
                self.received_by[to as usize] = self.received_by[to as usize].saturating_add(1);
                let physical = now_ms + self.faults.skew_ms(to);
                let time = self.clocks.receive(to, physical, message.time);
                if let Some(vector) = &vector {
                    self.vectors.entry(to).or_default().receive(AgentId(to), vector);
                }
                if !traced_later {
                    diagram.note(&message, message.arrives, Fate::Delivered, vector, Some(time));
                }
            }
        }
        if let Some(round) = &mut silent {
            self.receive_silent(round, now_ms);
            if traced_later {
                self.trace_last(&due, round, diagram);
            }
        }
        if in_order && missing.is_empty() {
            inbox.exchange(&mut due);
        } else {
            let mut next = missing.iter().copied().peekable();
            for place in 0..due.len() {
                if next.next_if_eq(&(place as u32)).is_none() {
                    inbox.push(&due.get(order.get(place).map_or(place, |at| *at as usize)));
                }
            }
        }
        if let Some(round) = silent {
            inbox.push_silent(round);
        }
        self.scratch.missing = missing;
        if config.vector_clocks || !self.vectors_sent.is_empty() {
            // A copy may still be on its way: what is older than any message can be is dropped.
            let oldest =
                self.wheel.iter().flat_map(|(_, columns)| columns.iter().map(|message| message.sequence)).min();
            self.vectors_sent = self.vectors_sent.split_off(&oldest.unwrap_or(self.next_sequence));
        }
        self.scratch.due = due;
        self.scratch.order = order;
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

/// What messages meet on their way in a tick.
struct Road<'a> {
    tick: u64,
    rate: Rate,
    /// The latency of links in milliseconds, where it is always the same.
    usual_ms: Option<f64>,
    regions: &'a Regions,
    config: &'a NetworkConfig,
    diagram: &'a mut Diagram,
}

impl Road<'_> {
    /// When something arrives that sets out at a moment. Readers have read what was due in this tick: nothing arrives before its end.
    fn arrival(&self, sets_out: Time, latency_ms: f64) -> Time {
        sets_out.saturating_add(self.rate.parts(latency_ms * 1e-3)).max(end_of(self.tick))
    }
}

/// The latency of links in milliseconds, where it is always the same.
fn usual_ms(link: &LinkConfig) -> Option<f64> {
    match link.latency {
        LatencyModel::Constant(ms) if link.jitter_ms <= 0.0 => Some(as_written(f64::from(ms))),
        _ => None,
    }
}

/// How long a message is on its way over a link whose latency varies, in milliseconds.
fn varying_ms(link: &LinkConfig, stream: &mut SimStream) -> f64 {
    let ms = match link.latency {
        LatencyModel::Constant(ms) => f64::from(ms),
        LatencyModel::Normal { mean_ms, deviation_ms } => {
            f64::from((mean_ms + deviation_ms * stream.normal()).max(0.0))
        }
        // What is far out in the tail is what the mean of a wide law hangs on.
        LatencyModel::LogNormal { median_ms, sigma } => {
            f64::from(median_ms) * libm::exp(f64::from(sigma) * stream.normal_fine())
        }
    };
    let jitter = if link.jitter_ms > 0.0 { link.jitter_ms * stream.unit() } else { 0.0 };
    ms + f64::from(jitter)
}

/// For how long a message is held up, in milliseconds.
fn held_up_ms(link: &LinkConfig, reorder: f32, stream: &mut SimStream) -> f64 {
    if reorder > 0.0 && stream.unit() < reorder { f64::from(link.held_up_ms * stream.unit()) } else { 0.0 }
}
