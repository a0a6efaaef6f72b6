//! Rounds: each agent turns to some of its neighbours, tells them what it tells, and asks for what it doesn't know.

use std::sync::Arc;

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng};

use super::floor::{Floor, partners, put_known};
use super::known::Speech;
use super::tellings::Telling;
use super::{Gossip, Seen};
use crate::config::GossipMode;
use crate::message::MessageKind;
use crate::network::post;
use crate::silent::{RoundPacket, SilentRound};

/// The dice of rounds: whom an agent turns to.
pub(crate) const ROUND: Purpose = Purpose::new("network.gossip.round");

/// Stands for a partner where an agent has no neighbours.
const NOBODY: u32 = u32::MAX;

impl Gossip {
    /// Puts the tellings in order and ends those that are over.
    pub(super) fn settle_tellings(&mut self, floor: &Floor<'_>, members: u64) {
        let (rumours, seen, tick) = (&self.rumours, &self.seen, floor.tick);
        let goes_on = |telling: &Telling| {
            rumours.alive(telling.rumour, tick).is_some()
                && seen.get(telling.agent, telling.rumour).is_some_and(|seen| seen.ttl > 0)
                && floor.members.place(telling.agent).is_some()
        };
        let living = || rumours.iter().filter(|rumour| tick < rumour.dies).map(|rumour| rumour.number);
        let same = self.settled_for.0 == members && living().eq(self.settled_for.1.iter().copied());
        if !self.settled || !same {
            self.telling.put_in_order(goes_on);
            self.known.forget();
            self.settled_for = (members, living().collect());
        } else if self.telling.has_new() {
            self.telling.put_new_in_order(goes_on, |telling| self.known.begin_to_tell(telling));
        }
        self.settled = true;
    }

    /// A round in which every message is sent by itself.
    pub(super) fn round(&mut self, floor: &mut Floor<'_>, dice: &SimRng) {
        let pulls = floor.rules.mode != GossipMode::Push;
        let members = floor.members;
        let mut chosen = Vec::new();
        let mut turn = |gossip: &mut Self, agent: u32, tellings: &[Telling]| {
            if !floor.idle.contains(agent) {
                let mut stream = dice.stream(ROUND, AgentId(agent), floor.tick);
                partners(floor.neighbours(agent), floor.rules.fanout, &mut stream, &mut chosen);
                gossip.turn(floor, agent, tellings, pulls, &chosen);
            }
        };
        let all = self.telling.as_one().to_vec();
        let mut at = 0;
        if pulls {
            for place in 0..members.len() {
                let agent = members.ids()[place];
                let end = at + all[at..].iter().take_while(|telling| telling.agent == agent).count();
                turn(self, agent, &all[at..end]);
                at = end;
            }
        } else {
            while at < all.len() {
                let agent = all[at].agent;
                let end = at + all[at..].iter().take_while(|telling| telling.agent == agent).count();
                turn(self, agent, &all[at..end]);
                at = end;
            }
        }
        self.end_tellings();
    }

    /// A round that isn't written, but for those whose messages can only be sent one by one: in `round`, which is empty.
    pub(super) fn silent_round(&mut self, floor: &mut Floor<'_>, dice: &SimRng, round: &mut SilentRound) {
        let (pulls, fanout) = (floor.rules.mode != GossipMode::Push, floor.rules.fanout);
        let known = std::mem::take(&mut self.known);
        round.rumours = Arc::clone(&known.rumours);
        round.columns = known.columns.clone();
        let (mut chosen, mut words, mut news_of, mut over) = (Vec::new(), Vec::new(), Vec::new(), false);
        let columns = known.columns.read();
        let members = floor.members;
        for some in members.ids().chunks(256) {
            if fanout == 1 {
                dice.first_words(ROUND, some, floor.tick, &mut words);
                for (agent, word) in some.iter().zip(&mut words) {
                    // The same as `partners` without making a stream.
                    let neighbours = floor.neighbours(*agent);
                    let drawn = ((u64::from(*word) * neighbours.len() as u64) >> 32) as usize;
                    *word = match neighbours.len().checked_sub(1) {
                        Some(last) => neighbours.get(drawn.min(last)),
                        None => NOBODY,
                    };
                    known.ask_for(*word);
                }
            }
            for (place, agent) in some.iter().enumerate() {
                let agent = *agent;
                let speech = known.speech[agent as usize];
                if speech.messages == 0 || floor.idle.contains(agent) {
                    continue;
                }
                chosen.clear();
                if fanout == 1 {
                    chosen.extend(Some(words[place]).filter(|partner| *partner != NOBODY));
                } else {
                    let mut stream = dice.stream(ROUND, AgentId(agent), floor.tick);
                    partners(floor.neighbours(agent), fanout, &mut stream, &mut chosen);
                }
                if speech.bytes == Speech::BY_ITSELF {
                    let mut tellings: Vec<Telling> = self.telling.of(agent).collect();
                    tellings.sort_unstable();
                    over |= self.turn(floor, agent, &tellings, pulls, &chosen);
                    continue;
                }
                if chosen.len() > 1 {
                    chosen.sort_unstable();
                }
                for partner in &chosen {
                    let news = known.compare(pulls, agent, *partner);
                    if news.told != 0 || news.asks {
                        columns.ask_for(agent);
                        news_of.push((round.turns.len(), news));
                        if news.unknown {
                            round.hears.insert(*partner);
                        }
                    }
                    let (messages, bytes) = (speech.messages, speech.bytes);
                    round.turns.push(RoundPacket { from: agent, to: *partner, messages, bytes });
                }
            }
            for (turn, news) in news_of.drain(..) {
                let heard = columns.of(round.turns[turn].from).iter().copied();
                round.tell(turn, heard, news.told, news.asks);
            }
        }
        drop(columns);
        self.known = known;
        if over {
            self.end_tellings();
        }
        round.pulls = pulls;
        round.sent = floor.moment;
        round.after = floor.outbox.len();
    }

    /// Counts what agents hear of silent messages: rumours that they know.
    pub(super) fn count_silent(&mut self, floor: &Floor<'_>, round: &SilentRound) {
        let lives = |number: u32| self.rumours.alive(number, floor.tick).is_some();
        if floor.idle.is_empty() && round.rumours.iter().all(|living| lives(living.number)) {
            self.counts.duplicates += round.told;
            return;
        }
        let live: Vec<bool> = round.rumours.iter().map(|living| lives(living.number)).collect();
        let reader = round.reader();
        let reader = reader.open();
        let mut tellings = round.tellings.iter().peekable();
        for (at, turn) in round.turns.iter().enumerate() {
            let changes = tellings.next_if(|telling| telling.turn as usize == at).map_or(0, |telling| telling.told);
            if round.is_there(at) && !floor.idle.contains(turn.to) {
                let told = reader.heard(turn.from).zip(&live).enumerate();
                let told = told.filter(|(slot, (heard, live))| heard.told && **live && changes >> slot & 1 == 0);
                self.counts.duplicates += told.count() as u64;
            }
        }
    }

    /// One agent's turn in a round: it tells its partners what it tells, and asks for what it doesn't know. Whether a telling is over.
    fn turn(&mut self, floor: &mut Floor<'_>, agent: u32, tellings: &[Telling], pulls: bool, chosen: &[u32]) -> bool {
        let told = if floor.rules.mode == GossipMode::Pull { &[] } else { tellings };
        for partner in chosen {
            for telling in told {
                if let (Some(rumour), Some(seen)) =
                    (self.rumours.get(telling.rumour), self.seen.get(agent, telling.rumour))
                {
                    floor.tell(rumour, seen, agent, *partner);
                }
            }
            if pulls {
                if self.seen.knows_nothing(agent) {
                    // Nothing known, in one byte: so do nearly all ask until the rumour comes near.
                    post(floor.outbox, floor.moment, (agent, *partner), MessageKind::PULL, &[0]);
                    continue;
                }
                floor.payload.clear();
                floor.known.clear();
                let alive = |seen: &Seen| self.rumours.alive(seen.rumour, floor.tick).is_some();
                floor.known.extend(self.seen.of(agent).filter(alive).map(|seen| seen.rumour));
                put_known(floor.known.iter().copied(), &mut floor.payload);
                post(floor.outbox, floor.moment, (agent, *partner), MessageKind::PULL, &floor.payload);
            }
        }
        // What is told for as long as it lives needs no count.
        tellings.iter().any(|telling| telling.left != 0) && self.telling.count_down(agent)
    }

    fn end_tellings(&mut self) {
        let Self { telling, known, .. } = self;
        telling.end(|agent| known.touch(agent));
    }
}
