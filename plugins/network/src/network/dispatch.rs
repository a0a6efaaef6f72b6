//! What was sent sets out: it is written and packed, and the dice decide when it arrives, if at all.

use agent2028_core::agent::{AgentId, Regions};
use agent2028_core::clock::{SimClock, as_written};
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use agent2028_core::time::{Rate, Time, end_of, tick_of};

use super::{MOST_ENTRIES, MOST_IN_FLIGHT, Network};
use crate::config::{LatencyModel, LinkConfig, NetworkConfig};
use crate::diagram::{Diagram, Fate};
use crate::message::{Message, MessageKind};
use crate::wire::{self, Agreement};

/// The dice of links: what becomes of what an agent sends in a tick.
const LINK: Purpose = Purpose::new("network.link");

impl Network {
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
}

/// What messages meet on their way in a tick.
pub(super) struct Road<'a> {
    pub(super) tick: u64,
    rate: Rate,
    /// The latency of links in milliseconds, where it is always the same.
    pub(super) usual_ms: Option<f64>,
    regions: &'a Regions,
    pub(super) config: &'a NetworkConfig,
    pub(super) diagram: &'a mut Diagram,
}

impl Road<'_> {
    /// When something arrives that sets out at a moment. Readers have read what was due in this tick: nothing arrives before its end.
    pub(super) fn arrival(&self, sets_out: Time, latency_ms: f64) -> Time {
        sets_out.saturating_add(self.rate.parts(latency_ms * 1e-3)).max(end_of(self.tick))
    }
}

/// The latency of links in milliseconds, where it is always the same.
pub(super) fn usual_ms(link: &LinkConfig) -> Option<f64> {
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
