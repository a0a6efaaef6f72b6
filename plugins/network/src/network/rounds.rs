//! Rounds of gossip that are booked as a whole: see [`crate::silent`].

use std::collections::BTreeMap;

use agent2028_core::causality::HybridTime;
use agent2028_core::prefetch::ask_for_row;
use agent2028_core::time::{end_of, tick_of};

use super::dispatch::{Road, usual_ms};
use super::{AT_THE_END, MOST_IN_FLIGHT, Network, post};
use crate::config::NetworkConfig;
use crate::diagram::{Diagram, Fate};
use crate::inbox::Inbox;
use crate::message::{MessageKind, MessageList};
use crate::silent::{OpenRound, SilentRound};
use crate::wire::{self, Agreement};

impl Network {
    /// What two agents agree on if all links are alike and rounds can be booked as a whole.
    pub(crate) fn may_be_silent(&self, config: &NetworkConfig) -> Option<Agreement> {
        let (link, detector, faults) = (&config.link, &config.detector, &self.faults);
        let alike = link.loss <= 0.0
            && link.duplication <= 0.0
            && link.reordering <= 0.0
            && link.bandwidth.is_none()
            && usual_ms(link).is_some()
            && self.homes.is_empty();
        let sound = faults.partitions.is_empty() && faults.links.is_empty() && faults.skews.is_empty();
        // Detectors and shared state read all that arrives.
        let unread = detector.swim.is_none() && detector.heartbeat.is_none() && config.shared.is_empty();
        let untraced = !config.vector_clocks && self.vectors_sent.is_empty();
        match self.agreements.as_slice() {
            [of_all] if alike && sound && unread && untraced && !self.one_by_one => of_all.first().copied().flatten(),
            _ => None,
        }
    }

    /// The number of the oldest round that somebody may still read.
    pub(crate) fn oldest_round(&self, inbox: &Inbox) -> Option<u64> {
        self.wheel.rounds().iter().chain(&self.silent).chain(inbox.silent()).map(|round| round.number).min()
    }

    /// Rounds that are booked as a whole become messages like others.
    pub(crate) fn write_out(&mut self) {
        self.wheel.write_out();
        if let Some(mut round) = self.silent.take() {
            let mut outbox = std::mem::take(&mut self.outbox);
            write_turns(&mut round, &mut outbox, &mut self.scratch.packet);
            self.outbox = outbox;
            self.spare = Some(round.emptied());
        }
    }

    /// Writes those turns after all that can't be booked, and finds those that may change something, now that all is known
    /// that sets out.
    pub(super) fn prepare_silent(
        &mut self,
        round: &mut SilentRound,
        outbox: &mut MessageList,
        road: &Road<'_>,
        physical: i64,
    ) {
        let end = end_of(road.tick);
        let agreement = self.may_be_silent(road.config);
        let sent = if round.sent == AT_THE_END { end } else { round.sent.min(end) };
        let arrives = road.arrival(sent, road.usual_ms.unwrap_or_default());
        let due = tick_of(arrives).max(road.tick + 1);
        let most: u64 = round.turns.iter().map(|turn| u64::from(turn.messages)).sum();
        let room = self.wheel.len().saturating_add(outbox.len() as u64).saturating_add(most) <= MOST_IN_FLIGHT;
        let alone = self.wheel.rounds().iter().all(|other| other.due != due);
        if let Some(agreement) = agreement.filter(|_| room && alone) {
            self.book_turns(round, outbox, road, (agreement, physical, most));
        } else {
            let mut payload = std::mem::take(&mut self.scratch.packet);
            write_turns(round, outbox, &mut payload);
            self.scratch.packet = payload;
        }
        (round.sent, round.arrives, round.due, round.physical) = (sent, arrives, due, physical);
    }

    /// Books all that turns have in common before it is known which numbers their messages have.
    fn book_turns(
        &mut self,
        round: &mut SilentRound,
        outbox: &mut MessageList,
        road: &Road<'_>,
        (agreement, physical, most): (Agreement, i64, u64),
    ) {
        let (mut speaks, mut hears) =
            (std::mem::take(&mut self.scratch.speaks), std::mem::take(&mut self.scratch.hears));
        let (mut sent, mut payload) =
            (std::mem::take(&mut self.scratch.sent), std::mem::take(&mut self.scratch.packet));
        speaks.clear();
        hears.clear();
        outbox.iter().for_each(|message| {
            speaks.insert(message.from.0);
        });
        for message in self.wheel.written().flat_map(|(_, list)| list.iter()).chain(outbox.iter()) {
            if message.kind == MessageKind::RUMOUR {
                hears.insert(message.to.0);
            }
        }
        self.wheel.rounds().iter().for_each(|other| hears.insert_all(&other.hears));
        hears.insert_all(&round.hears);
        sent.clear();
        sent.resize(self.clocks.len(), 0);
        round.arriving.clear();
        round.arriving.resize(self.clocks.len(), 0);
        let pack_from =
            if agreement.codec.is_some() { road.config.protocol.pack_from_bytes as usize } else { usize::MAX };
        let (version, physical_len) = (agreement.version, wire::physical_len(physical));
        let last = self.next_sequence + outbox.len() as u64 + most;
        let reader = round.reader();
        let reader = reader.open();
        let mut tellings = std::mem::take(&mut round.tellings).into_iter().peekable();
        // Most say one thing to one other, with clocks that are behind: what all these have in common is worked out once.
        let mut apart = speaks.clone();
        let few = self.clocks.add_those_not_behind(physical, &mut apart);
        let longest_number = if version == 1 { 0 } else { wire::varint_len(last) };
        let (mut bytes, mut packets, mut start) = (0_u64, 0_u64, 0);
        while start < round.turns.len() {
            let from = round.turns[start].from;
            if let Some(later) = round.turns.get(start + 16) {
                ask_for_row(&round.arriving, later.to as usize);
            }
            let turn = round.turns[start];
            let alone = round.turns.get(start + 1).is_none_or(|next| next.from != from);
            let size = if version == 1 {
                usize::from(turn.bytes)
            } else {
                // Each message's counter takes a byte.
                let said = usize::from(turn.bytes) + usize::from(turn.messages);
                said + wire::varint_len(u64::from(turn.to)) + physical_len
            };
            if few && alone && !apart.contains(from) && turn.messages < 0x80 && size + longest_number < pack_from {
                bytes += size as u64;
                packets += 1;
                round.arriving[turn.to as usize] += u32::from(turn.messages);
                sent[from as usize] = turn.messages;
                let telling = tellings.next_if(|telling| telling.turn as usize == start);
                if hears.contains(turn.to) {
                    // Who hears of a rumour may forget another, and may have an answer.
                    round.tell(start, reader.heard(from), u32::MAX, round.pulls);
                } else {
                    round.tellings.extend(telling);
                }
                start += 1;
                continue;
            }
            let mut end = start + 1;
            while round.turns.get(end).is_some_and(|turn| turn.from == from) {
                end += 1;
            }
            let behind = self.clocks.is_behind(from, physical);
            let first = if behind {
                Some(0)
            } else {
                let time = self.clocks.of(from).last();
                let next = time.logical.saturating_add(1);
                (time.physical <= physical && next < u64::from(u32::MAX / 2)).then_some(next)
            };
            // All that an agent says is booked or nothing: its clock and its numbers go on from one message to the next.
            let mut logical = first.unwrap_or_default();
            let booked = first.is_some()
                && !speaks.contains(from)
                && (pack_from == usize::MAX
                    || round.turns[start..end].iter().all(|turn| {
                        let count = u64::from(turn.messages);
                        let added = wire::added_size(version, turn.to, last, physical_len, logical, count);
                        logical += count;
                        usize::from(turn.bytes) + added < pack_from
                    }));
            let mut logical = first.unwrap_or_default();
            if !booked {
                for at in start..end {
                    tellings.next_if(|telling| telling.turn as usize == at);
                    write_turn(round, at, &reader, outbox, &mut payload);
                }
                start = end;
                continue;
            }
            for at in start..end {
                let turn = round.turns[at];
                let count = u64::from(turn.messages);
                // What depends on its number comes later.
                let added = wire::added_size(version, turn.to, 0, physical_len, logical, count);
                bytes += (usize::from(turn.bytes) + added) as u64 - u64::from(version != 1);
                logical += count;
                packets += 1;
                round.arriving[turn.to as usize] += u32::from(turn.messages);
                let telling = tellings.next_if(|telling| telling.turn as usize == at);
                if hears.contains(turn.to) {
                    // Who hears of a rumour may forget another, and may have an answer.
                    round.tell(at, reader.heard(from), u32::MAX, round.pulls);
                } else {
                    round.tellings.extend(telling);
                }
            }
            let messages = logical - first.unwrap_or_default();
            if behind {
                sent[from as usize] = messages as u16;
            } else {
                let first = self.clocks.stamp_many(from, physical, messages as u32);
                round.later.push((from, first.logical as u32));
                self.sent_by[from as usize] = self.sent_by[from as usize].saturating_add(messages as u32);
            }
            start = end;
        }
        drop(reader);
        for (all, count) in self.sent_by.iter_mut().zip(&sent) {
            *all = all.saturating_add(u32::from(*count));
        }
        self.clocks.send_at_once(physical, &mut sent);
        self.counts.packets += packets;
        self.counts.message_bytes += bytes;
        self.counts.bytes += bytes + packets * u64::from(road.config.protocol.header_bytes);
        let scratch = &mut self.scratch;
        (scratch.speaks, scratch.hears, scratch.sent, scratch.packet) = (speaks, hears, sent, payload);
    }

    /// Gives their numbers to the messages in the turns of all agents below `before` that have none yet.
    pub(super) fn book_silent(&mut self, round: &mut SilentRound, before: u32, version: u8) {
        let (first, start) = (self.next_sequence, round.booked);
        let (mut messages, mut packets, mut end) = (0_u64, 0_u64, start);
        for turn in round.turns[start..].iter().take_while(|turn| turn.from < before) {
            messages += u64::from(turn.messages);
            packets += u64::from(turn.messages > 0);
            end += 1;
        }
        if messages == 0 {
            round.booked = end;
            return;
        }
        let (shortest, longest) = (wire::varint_len(first) as u64, wire::varint_len(first + messages) as u64);
        let bytes = if version == 1 {
            0
        } else if shortest == longest {
            packets * shortest
        } else {
            let mut number = first;
            let said = round.turns[start..end].iter().filter(|turn| turn.messages > 0);
            let lengths = said.map(|turn| {
                let length = wire::varint_len(number) as u64;
                number += u64::from(turn.messages);
                length
            });
            lengths.sum()
        };
        let tellings = round.tellings[round.counted..].iter().take_while(|telling| (telling.turn as usize) < end);
        let (changing, count) =
            tellings.fold((0, 0), |(told, count), telling| (told + u64::from(telling.told.count_ones()), count + 1));
        round.told += messages - if round.pulls { packets } else { 0 } - changing;
        round.counted += count;
        round.booked = end;
        round.numbers.push((start as u32, first));
        round.messages += messages;
        self.next_sequence += messages;
        self.counts.sent += messages;
        self.counts.message_bytes += bytes;
        self.counts.bytes += bytes;
    }

    /// A round arrives. All its messages are older than the receivers' clocks, so that these only count them.
    pub(super) fn receive_silent(&mut self, round: &mut SilentRound, now_ms: i64) {
        if !self.failed.is_empty() {
            self.counts.lost += round.take_out(|agent| self.failed.contains(agent));
        }
        self.counts.delivered += round.messages;
        for (received, count) in self.received_by.iter_mut().zip(&round.arriving) {
            *received = received.saturating_add(*count);
        }
        self.clocks.receive_at_once(now_ms, &mut round.arriving);
    }

    /// Traces the last messages of a tick in which all arrived, and a round among them: those that the diagram has room for.
    pub(super) fn trace_last(&self, due: &MessageList, round: &SilentRound, diagram: &mut Diagram) {
        let mut last = round.last(diagram.capacity());
        due.iter().for_each(|message| last.push(&message));
        let last = last.in_order();
        let first = last.len().saturating_sub(diagram.capacity());
        // What a clock showed is what it shows now without what came later.
        let mut later: BTreeMap<u32, u64> = BTreeMap::new();
        let times: Vec<HybridTime> = (first..last.len())
            .rev()
            .map(|at| {
                let to = last.receiver(at);
                let (time, later) = (self.clocks.of(to).last(), later.entry(to).or_default());
                *later += 1;
                HybridTime { physical: time.physical, logical: time.logical.saturating_sub(*later - 1) }
            })
            .collect();
        for (at, time) in (first..last.len()).zip(times.into_iter().rev()) {
            let message = last.get(at);
            diagram.note(&message, message.arrives, Fate::Delivered, None, Some(time));
        }
    }
}

/// Writes all turns into the outbox.
fn write_turns(round: &mut SilentRound, outbox: &mut MessageList, payload: &mut Vec<u8>) {
    let reader = round.reader();
    let reader = reader.open();
    (0..round.turns.len()).for_each(|at| write_turn(round, at, &reader, outbox, payload));
    round.tellings.clear();
}

/// Writes a turn into the outbox.
fn write_turn(
    round: &mut SilentRound,
    at: usize,
    reader: &OpenRound<'_>,
    outbox: &mut MessageList,
    payload: &mut Vec<u8>,
) {
    let turn = &mut round.turns[at];
    if std::mem::take(&mut turn.messages) > 0 {
        reader.say(turn.from, payload, |kind, payload| post(outbox, round.sent, (turn.from, turn.to), kind, payload));
    }
}
