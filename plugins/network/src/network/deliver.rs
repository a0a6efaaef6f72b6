//! What is due arrives.

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;

use super::Network;
use crate::config::NetworkConfig;
use crate::diagram::{Diagram, Fate};
use crate::inbox::Inbox;

impl Network {
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
