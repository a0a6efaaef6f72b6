//! What agents do with what they hear: they remember, pass on, answer and ask.

use std::cmp::Ordering;

use agent2028_core::agent::AgentId;

use super::floor::Floor;
use super::tellings::Telling;
use super::{Gossip, Hearing, Seen};
use crate::config::{GossipConfig, GossipMode};
use crate::inbox::Inbox;
use crate::message::{Message, MessageKind};
use crate::silent::SilentRound;
use crate::wire::Reader;

/// While agents hear what is told in a round, the memory of those who hear so many turns later comes.
const LOOKED_AHEAD: usize = 8;

impl Gossip {
    /// Lets agents hear and answer all that has come, in the order of delivery.
    pub(super) fn react_to_all(&mut self, floor: &mut Floor<'_>, inbox: &Inbox) {
        let all = inbox.silent().map_or(&[][..], |round| &round.tellings);
        let mut tellings = (0..all.len()).peekable();
        for message in inbox.written().iter() {
            if let Some(round) = inbox.silent() {
                let at = (message.arrives, message.from.0, message.sequence);
                while let Some(next) = tellings.next_if(|next| {
                    let telling = all[*next];
                    let from = round.turns[telling.turn as usize].from;
                    // Its number is only looked up where an agent has sent both.
                    (round.arrives, from)
                        .cmp(&(at.0, at.1))
                        .then_with(|| round.sequence_of(telling.turn as usize).cmp(&at.2))
                        == Ordering::Less
                }) {
                    self.react_to_turn(floor, round, next);
                }
            }
            if !floor.idle.contains(message.to.0) {
                floor.moment = message.arrives;
                self.react(floor, &message);
            }
        }
        if let Some(round) = inbox.silent() {
            tellings.for_each(|next| self.react_to_turn(floor, round, next));
            self.count_silent(floor, round);
        }
    }

    fn react_to_turn(&mut self, floor: &mut Floor<'_>, round: &SilentRound, at: usize) {
        if let Some(later) = round.tellings.get(at + LOOKED_AHEAD) {
            let agent = round.turns[later.turn as usize].to;
            self.seen.ask_for(agent);
            self.known.ask_for_all(agent);
        }
        let telling = round.tellings[at];
        let turn = round.turns[telling.turn as usize];
        if !round.is_there(telling.turn as usize) || floor.idle.contains(turn.to) {
            return;
        }
        floor.moment = round.arrives;
        for told in round.told_in(telling) {
            let rumour = round.rumours[told.slot].number;
            if self.known.is_of(&round.rumours) && self.known.reach_of(turn.to, told.slot) > told.ttl {
                // Known by now: so `hear` would find, too.
                self.counts.duplicates += u64::from(self.rumours.alive(rumour, floor.tick).is_some());
            } else {
                self.hear(floor, turn.to, turn.from, Seen { rumour, ttl: told.ttl, hops: told.hops });
            }
        }
        if telling.asks {
            self.answer(floor, turn.to, turn.from, |rumour| round.is_known(telling, rumour));
        }
    }

    /// An agent tells another what that doesn't know.
    fn answer(&mut self, floor: &mut Floor<'_>, agent: u32, asks: u32, knows: impl Fn(u32) -> bool) {
        for seen in self.seen.of(agent) {
            if !knows(seen.rumour)
                && let Some(rumour) = self.rumours.alive(seen.rumour, floor.tick)
            {
                floor.tell(rumour, seen, agent, asks);
            }
        }
    }

    fn react(&mut self, floor: &mut Floor<'_>, message: &Message<'_>) -> Option<()> {
        let (from, to) = (message.from.0, message.to.0);
        let mut reader = Reader(message.payload);
        match message.kind {
            MessageKind::RUMOUR => {
                let number = u32::try_from(reader.varint()?).ok()?;
                let ttl = u16::try_from(reader.varint()?).ok()?;
                let hops = reader.varint()?.min(u64::from(u16::MAX)) as u16;
                self.hear(floor, to, from, Seen { rumour: number, ttl, hops });
            }
            // Who knows nothing has no answer.
            MessageKind::PULL if self.seen.knows_nothing(to) => {}
            MessageKind::PULL => {
                let count = reader.varint()?;
                floor.known.clear();
                for _ in 0..count.min(1024) {
                    floor.known.push(u32::try_from(reader.varint()?).ok()?);
                }
                let known = std::mem::take(&mut floor.known);
                self.answer(floor, to, from, |rumour| known.contains(&rumour));
                floor.known = known;
            }
            MessageKind::I_HAVE => {
                let number = u32::try_from(reader.varint()?).ok()?;
                if self.seen.get(to, number).is_none() {
                    self.tree.announce(floor.tick + floor.graft_after, to, number, from);
                }
            }
            MessageKind::GRAFT => {
                let number = u32::try_from(reader.varint()?).ok()?;
                self.mark(floor, to, from, true);
                if let (Some(seen), Some(rumour)) = (self.seen.get(to, number), self.rumours.alive(number, floor.tick))
                {
                    floor.tell(rumour, seen, to, from);
                }
            }
            MessageKind::PRUNE => self.mark(floor, to, from, false),
            _ => {}
        }
        Some(())
    }

    /// Makes the link from an agent to a neighbour part of its tree, or takes it out.
    fn mark(&mut self, floor: &Floor<'_>, agent: u32, neighbour: u32, eager: bool) {
        let neighbours = floor.neighbours(agent);
        if let Some(place) = neighbours.place_of(neighbour) {
            self.tree.set_eager(agent, neighbours.len(), place, eager);
        }
    }

    fn hear(&mut self, floor: &mut Floor<'_>, agent: u32, from: u32, told: Seen) {
        if self.rumours.alive(told.rumour, floor.tick).is_none() {
            return;
        }
        let known = self.seen.get(agent, told.rumour);
        match known {
            Some(known) if known.ttl >= told.ttl => {
                self.counts.duplicates += 1;
                if floor.rules.mode == GossipMode::Plumtree {
                    self.mark(floor, agent, from, false);
                    floor.say(agent, from, MessageKind::PRUNE, &[u64::from(told.rumour)]);
                }
                return;
            }
            // The same rumour over a shorter way: it may go further than was thought.
            Some(_) => self.counts.duplicates += 1,
            None => {
                let heard = Hearing { agent: AgentId(agent), from: AgentId(from), tick: floor.tick, hops: told.hops };
                self.note(heard, told.rumour, floor.rules);
                if floor.rules.mode == GossipMode::Plumtree {
                    self.mark(floor, agent, from, true);
                }
            }
        }
        self.remember(agent, told);
        self.pass_on(floor, agent, Some(from), told, known.is_none());
    }

    /// What an agent does with a rumour that is new to it, or may go further than it thought.
    pub(super) fn pass_on(&mut self, floor: &mut Floor<'_>, agent: u32, from: Option<u32>, seen: Seen, new: bool) {
        let Some(rumour) = self.rumours.alive(seen.rumour, floor.tick) else {
            return;
        };
        match floor.rules.mode {
            GossipMode::Flood => {
                let count = floor.neighbours(agent).len();
                for at in 0..count {
                    let neighbour = floor.neighbours(agent).get(at);
                    if Some(neighbour) != from {
                        floor.tell(rumour, seen, agent, neighbour);
                    }
                }
            }
            GossipMode::Plumtree => {
                let count = floor.neighbours(agent).len();
                for at in 0..count {
                    let neighbour = floor.neighbours(agent).get(at);
                    if Some(neighbour) == from {
                        continue;
                    }
                    if self.tree.is_eager(agent, count, at) {
                        floor.tell(rumour, seen, agent, neighbour);
                    } else if seen.ttl > 0 && floor.goes(rumour.scope.scope(), agent, neighbour) {
                        floor.say(agent, neighbour, MessageKind::I_HAVE, &[u64::from(seen.rumour)]);
                    }
                }
            }
            GossipMode::Push | GossipMode::PushPull if new => {
                self.telling.push(Telling { agent, rumour: seen.rumour, left: floor.rules.rounds });
            }
            GossipMode::Push | GossipMode::Pull | GossipMode::PushPull => {}
        }
    }

    pub(super) fn note(&mut self, heard: Hearing, rumour: u32, rules: &GossipConfig) {
        let Some(rumour) = self.rumours.get_mut(rumour) else {
            return;
        };
        if rumour.informed.insert(heard.agent.0) {
            rumour.last_heard = heard.tick;
            if rumour.hearings.len() < rules.history as usize {
                rumour.hearings.push(heard);
            }
        } else {
            self.counts.forgotten += 1;
        }
    }

    pub(super) fn ask_for(&mut self, floor: &mut Floor<'_>, agent: u32, rumour: u32, from: u32) {
        let wanted = self.seen.get(agent, rumour).is_none() && self.rumours.alive(rumour, floor.tick).is_some();
        if wanted && !floor.idle.contains(agent) && floor.neighbours(agent).contains(from) {
            self.mark(floor, agent, from, true);
            floor.say(agent, from, MessageKind::GRAFT, &[u64::from(rumour)]);
        }
    }

    /// An agent remembers a rumour, or what is new about it.
    pub(super) fn remember(&mut self, agent: u32, seen: Seen) {
        let instead_of = self.seen.insert(agent, seen);
        if instead_of.is_some_and(|rumour| self.rumours.get(rumour).is_some()) {
            // What is forgotten is told no more.
            self.settled = false;
        }
        self.known.note(agent, seen, instead_of);
    }
}
