//! Gossip: rumours spread by flooding, push, pull, both, or along a tree.

mod explain;
mod known;
mod rumour;
mod seen;
mod tellings;
mod tree;

pub(crate) use explain::explain;
pub(crate) use known::{ColumnsAsOf, Heard, Living, SharedColumns};
pub use rumour::{Hearing, Rumour, Rumours, ScopeCode};
pub use seen::{Seen, SeenCache};
pub use tree::Tree;

use std::cmp::Ordering;
use std::sync::Arc;

use agent2028_core::agent::{AgentId, AgentIndex};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::intervention::InterventionContext;
use agent2028_core::rhythm::Rhythm;
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use agent2028_core::time::{Rate, Time};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bits::BitSet;
use crate::config::{GossipConfig, GossipMode, NetworkConfig, Scope};
use crate::events::{FALSE_ALARM, RUMOUR_BEGAN, RumourBegan};
use crate::inbox::Inbox;
use crate::message::{Message, MessageKind, MessageList};
use crate::neighbours::{Links, Members, Neighbours};
use crate::network::{AT_THE_END, Network, post};
use crate::silent::{SilentRound, Turn};
use crate::topology::below;
use crate::wire::{Reader, put};
use known::{Known, Manner, Speech};
use tellings::{Telling, Tellings};

/// The dice of rounds: whom an agent turns to.
pub(crate) const ROUND: Purpose = Purpose::new("network.gossip.round");
const BEGIN: Purpose = Purpose::new("network.gossip.begin");

/// What became of rumours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GossipCounts {
    /// Rumours that an agent had heard already.
    pub duplicates: u64,
    /// Rumours that an agent had heard and forgotten, and so took for new ones.
    pub forgotten: u64,
    /// How many rounds there were.
    pub rounds: u64,
}

/// Rumours, who remembers which, and who tells which.
#[derive(Resource, Debug, Default, Serialize, Deserialize)]
pub struct Gossip {
    pub(crate) rumours: Rumours,
    pub(crate) seen: SeenCache,
    pub(crate) telling: Tellings,
    tree: Tree,
    counts: GossipCounts,
    /// Rumours that began in this tick and whose origins still have to pass them on.
    begun: Vec<(u32, u32)>,
    /// What everybody knows in columns; derived.
    #[serde(skip)]
    known: Known,
    /// Whether all tellings but the new ones are in order and go on; derived.
    #[serde(skip)]
    settled: bool,
    /// For which members and rumours that is so; derived.
    #[serde(skip)]
    settled_for: (u64, Vec<u32>),
}

impl Gossip {
    /// The last rumours.
    #[must_use]
    pub fn rumours(&self) -> &Rumours {
        &self.rumours
    }

    /// What each agent remembers.
    #[must_use]
    pub fn seen(&self) -> &SeenCache {
        &self.seen
    }

    /// What became of rumours.
    #[must_use]
    pub fn counts(&self) -> &GossipCounts {
        &self.counts
    }

    /// How many tellings are going on: agents times the rumours that each tells.
    #[must_use]
    pub fn tellings(&self) -> usize {
        self.telling.len()
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rumours.bytes() + self.seen.bytes() + self.telling.bytes() + self.tree.bytes() + self.known.bytes()
    }
}

/// When rounds are.
pub(crate) fn rounds(config: &GossipConfig, clock: &SimClock) -> Rhythm {
    Rhythm::of_seconds(Rate::of(clock), config.period_s)
}

/// Lets agents hear, answer and tell.
pub(crate) fn gossip(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    config: Res<NetworkConfig>,
    index: Res<AgentIndex>,
    inbox: Res<Inbox>,
    mut network: ResMut<Network>,
    mut gossip: ResMut<Gossip>,
) {
    let Some(rules) = &config.gossip else {
        return;
    };
    let tick = clock.tick();
    let gossip = &mut *gossip;
    let agents = index.next_id().index();
    if gossip.seen.fit(agents, rules.remembered) || config.is_changed() {
        gossip.known.forget();
        gossip.settled = false;
    }
    let (agreement, oldest) = (network.may_be_silent(&config), network.oldest_round(&inbox));
    let Network { members, links, outbox, idle, homes, silent, spare, changed_members, .. } = &mut *network;
    let graft_after = clock.ticks_in(f64::from(rules.graft_after_s)).max(1);
    let mut floor = Floor {
        rules,
        tick,
        moment: AT_THE_END,
        graft_after,
        members,
        links,
        idle,
        homes,
        outbox,
        payload: Vec::new(),
        known: Vec::new(),
    };
    for (agent, rumour) in std::mem::take(&mut gossip.begun) {
        if let Some(seen) = gossip.seen.get(agent, rumour) {
            gossip.pass_on(&mut floor, agent, None, seen, true);
        }
    }
    gossip.react_to_all(&mut floor, &inbox);
    floor.moment = AT_THE_END;
    if rules.mode == GossipMode::Plumtree {
        for (agent, rumour, from) in gossip.tree.due(tick) {
            gossip.ask_for(&mut floor, agent, rumour, from);
        }
    }
    if let Some((moment, _)) = rounds(rules, &clock).in_tick(tick) {
        floor.moment = moment;
        gossip.counts.rounds += 1;
        if !matches!(rules.mode, GossipMode::Flood | GossipMode::Plumtree) {
            if agreement.is_none() {
                gossip.settled = false;
            }
            gossip.settle_tellings(&floor, *changed_members);
            let manner = agreement.map(|agreement| Manner {
                version: agreement.version,
                pushes: rules.mode != GossipMode::Pull,
                pulls: rules.mode != GossipMode::Push,
            });
            let silently = manner.filter(|manner| {
                gossip.known.fit(*manner, &gossip.rumours, tick, &gossip.seen, &gossip.telling, agents)
            });
            if silently.is_some() {
                let mut round = spare.take().unwrap_or_default();
                round.number = gossip.known.begin_round(oldest);
                gossip.silent_round(&mut floor, &dice, &mut round);
                *silent = (!round.turns.is_empty()).then_some(round);
            } else {
                gossip.round(&mut floor, &dice);
            }
        }
    }
}

/// What agents have to go by in a tick.
struct Floor<'a> {
    rules: &'a GossipConfig,
    tick: u64,
    /// When what is said now is said: answers at once.
    moment: Time,
    graft_after: u64,
    members: &'a Members,
    links: &'a Links,
    idle: &'a BitSet,
    homes: &'a [u16],
    outbox: &'a mut MessageList,
    payload: Vec<u8>,
    /// The rumours that somebody knows, while it asks or is asked.
    known: Vec<u32>,
}

/// While agents hear what is told in a round, the memory of those who hear so many turns later comes.
const LOOKED_AHEAD: usize = 8;

/// Stands for a partner where an agent has no neighbours.
const NOBODY: u32 = u32::MAX;

impl Floor<'_> {
    fn neighbours(&self, agent: u32) -> Neighbours<'_> {
        self.links.of(self.members, agent)
    }

    /// Whether a rumour of a scope goes from one agent to the other.
    fn goes(&self, scope: Scope, from: u32, to: u32) -> bool {
        goes(self.homes, scope, from, to)
    }

    fn tell(&mut self, rumour: &Rumour, seen: Seen, from: u32, to: u32) {
        if seen.ttl == 0 || !self.goes(rumour.scope.scope(), from, to) {
            return;
        }
        self.payload.clear();
        put_rumour(rumour.number, seen.ttl, seen.hops, &rumour.text, &mut self.payload);
        post(self.outbox, self.moment, (from, to), MessageKind::RUMOUR, &self.payload);
    }

    fn say(&mut self, from: u32, to: u32, kind: MessageKind, numbers: &[u64]) {
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

impl Gossip {
    /// Lets agents hear and answer all that has come, in the order of delivery.
    fn react_to_all(&mut self, floor: &mut Floor<'_>, inbox: &Inbox) {
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
    fn pass_on(&mut self, floor: &mut Floor<'_>, agent: u32, from: Option<u32>, seen: Seen, new: bool) {
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

    fn note(&mut self, heard: Hearing, rumour: u32, rules: &GossipConfig) {
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

    fn ask_for(&mut self, floor: &mut Floor<'_>, agent: u32, rumour: u32, from: u32) {
        let wanted = self.seen.get(agent, rumour).is_none() && self.rumours.alive(rumour, floor.tick).is_some();
        if wanted && !floor.idle.contains(agent) && floor.neighbours(agent).contains(from) {
            self.mark(floor, agent, from, true);
            floor.say(agent, from, MessageKind::GRAFT, &[u64::from(rumour)]);
        }
    }

    /// An agent remembers a rumour, or what is new about it.
    fn remember(&mut self, agent: u32, seen: Seen) {
        let instead_of = self.seen.insert(agent, seen);
        if instead_of.is_some_and(|rumour| self.rumours.get(rumour).is_some()) {
            // What is forgotten is told no more.
            self.settled = false;
        }
        self.known.note(agent, seen, instead_of);
    }

    /// Puts the tellings in order and ends those that are over.
    fn settle_tellings(&mut self, floor: &Floor<'_>, members: u64) {
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
    fn round(&mut self, floor: &mut Floor<'_>, dice: &SimRng) {
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
    fn silent_round(&mut self, floor: &mut Floor<'_>, dice: &SimRng, round: &mut SilentRound) {
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
                    round.turns.push(Turn { from: agent, to: *partner, messages, bytes });
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
    fn count_silent(&mut self, floor: &Floor<'_>, round: &SilentRound) {
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

/// Whether a rumour of the section begins in this tick.
pub(crate) fn rumours_are_due(clock: Res<SimClock>, config: Res<NetworkConfig>) -> bool {
    config
        .gossip
        .as_ref()
        .is_some_and(|rules| rules.rumours.iter().any(|rumour| is_due(rumour.at, rumour.every, clock.tick())))
}

fn is_due(at: u64, every: Option<u64>, tick: u64) -> bool {
    tick == at || every.is_some_and(|every| tick > at && (tick - at).is_multiple_of(every.max(1)))
}

/// Begins the rumours of the section that are due.
pub(crate) fn begin_due_rumours(world: &mut World) {
    let tick = world.resource::<SimClock>().tick();
    let Some(rules) = world.resource::<NetworkConfig>().gossip.clone() else {
        return;
    };
    for (ordinal, rumour) in
        rules.rumours.iter().enumerate().filter(|(_, rumour)| is_due(rumour.at, rumour.every, tick))
    {
        // Apart from what interventions choose in the same tick.
        let context = InterventionContext { tick, ordinal: (1 << 32) + ordinal as u64 };
        let candidates = rumour.from.resolve(world, &context);
        let network = world.resource::<Network>();
        let candidates: Vec<AgentId> = candidates
            .into_iter()
            .filter(|agent| network.members().place(agent.0).is_some() && network.acts(agent.0))
            .collect();
        if candidates.is_empty() {
            continue;
        }
        let mut stream = world.resource::<SimRng>().global(BEGIN.indexed(ordinal as u64), tick);
        let origin = candidates[below(&mut stream, candidates.len() as u32) as usize];
        begin_rumour(world, origin, rumour.scope, &rumour.text, false);
    }
}

/// Lets an agent begin a rumour; nothing if nothing is gossiped, or the agent doesn't talk. Returns the rumour's number.
pub fn begin_rumour(world: &mut World, origin: AgentId, scope: Scope, text: &str, untrue: bool) -> Option<u32> {
    let rules = world.resource::<NetworkConfig>().gossip.clone()?;
    let (clock, agents) = (world.resource::<SimClock>().clone(), world.resource::<AgentIndex>().next_id().index());
    let tick = clock.tick();
    if !world.contains_resource::<Gossip>() || world.resource::<AgentIndex>().get(origin).is_none() {
        return None;
    }
    // Who was proven to have no answer may have one now.
    if let Some(mut inbox) = world.get_resource_mut::<Inbox>() {
        inbox.write_out();
    }
    world.resource_mut::<Network>().write_out();
    world.resource_scope(|world, mut gossip: Mut<Gossip>| {
        let network = world.resource::<Network>();
        network.members.place(origin.0).or_else(|| (network.known == (0, 0)).then_some(0))?;
        gossip.seen.fit(agents, rules.remembered);
        let rumour = Rumour {
            number: 0,
            scope: scope.into(),
            origin,
            born: tick,
            dies: tick.saturating_add(clock.ticks_in(f64::from(rules.lifetime_s))),
            text: text.to_owned(),
            untrue,
            informed: BitSet::default(),
            hearings: Vec::new(),
            last_heard: tick,
        };
        let number = gossip.rumours.add(rumour, rules.kept);
        gossip.note(Hearing { agent: origin, from: origin, tick, hops: 0 }, number, &rules);
        let seen = Seen { rumour: number, ttl: rules.ttl.of(scope), hops: 0 };
        gossip.remember(origin.0, seen);
        gossip.begun.push((origin.0, number));
        let kind = if untrue { FALSE_ALARM } else { RUMOUR_BEGAN };
        let told = RumourBegan { number, text: text.to_owned() };
        world.resource_mut::<EventBus>().publish(kind, Some(origin), told);
        Some(number)
    })
}
