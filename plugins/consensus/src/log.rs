//! The log of a simulation: its voters, their timers, and what they decide.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent2028_core::agent::{Agent, AgentGroups, AgentId, AgentIndex, Condition, Status};
use agent2028_core::checkpoint::to_bytes;
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::time::Time;
use agent2028_network::{Inbox, MessageKind, Network};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::ConsensusConfig;
use crate::events::{EQUIVOCATION_PROVEN, EquivocationProven, FORK_FOUND, ForkFound, HeightDecided, VOTING_COMPLETED};
use crate::lies::{Deed, GARBAGE, Lie, Plot, Told, twist};
use crate::protocol::committee::Committee;
use crate::protocol::message::{Certificate, Evidence, Height, Message, Round, ValueId, Voter};
use crate::protocol::replica::{Application, LogSetup, Output, Replica, Timeout};

/// What messages of voters are in the network.
#[derive(Resource, Clone, Copy)]
pub(crate) struct Talk(pub MessageKind);

/// Of how many heights the decisions are kept. Who is further behind can't catch up any more.
pub const HEIGHTS_KEPT: usize = 10_000;

/// How many decisions who is behind is sent at once.
const DECISIONS_AT_ONCE: usize = 10;

/// Of how many heights the metrics speak that look back.
const RECENT: usize = 20;

/// A height that is decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// The tick in which somebody decided it first.
    pub tick: u64,
    /// For how many ticks it was worked on until then.
    pub took: u64,
    /// The decisions: one, unless there is a fork.
    pub ways: Vec<Certificate>,
}

/// The voters of a simulation and what they have decided.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Consensus {
    setting: Option<LogSetup>,
    /// Which agent each voter is, ascending.
    members: Vec<u32>,
    replicas: Vec<Replica>,
    /// Who has failed, by voter.
    down: Vec<bool>,
    /// What is due, by tick, in the order in which it was set.
    timers: BTreeMap<u64, Vec<(Voter, Timeout)>>,
    lies: Vec<Lie>,
    plot: Option<Plot>,
    /// The number of the value that is proposed next.
    next_value: u32,
    /// The heights that are kept; the first has this number.
    first_kept: Height,
    decided: VecDeque<Decided>,
    /// When the height that nobody has decided was begun.
    begun: u64,
    forks: u64,
    /// Who was proven to contradict itself: agents.
    proven: BTreeSet<u32>,
    /// The same, for the height that was told last.
    told: BTreeMap<u32, Height>,
    messages: u64,
    /// Where there is no network: what was sent in the last tick, by whom to whom.
    handed_over: Vec<(Voter, Voter, Vec<u8>)>,
    #[serde(skip)]
    scratch: Scratch,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    outputs: Vec<Output>,
    content: Vec<u8>,
}

/// What is decided on: numbers, which stand for nothing else.
struct Values<'a>(&'a mut u32);

impl Application for Values<'_> {
    fn propose(&mut self, _: Height, _: Round) -> ValueId {
        *self.0 = self.0.wrapping_add(1) % GARBAGE;
        ValueId(*self.0)
    }

    fn is_valid(&self, _: Height, value: ValueId) -> bool {
        value.0 < GARBAGE
    }
}

impl Consensus {
    /// Who votes and how long voters wait; nothing before the first tick.
    #[must_use]
    pub fn setting(&self) -> Option<&LogSetup> {
        self.setting.as_ref()
    }

    /// The voters with the agents that they are.
    pub fn voters(&self) -> impl Iterator<Item = (AgentId, &Replica)> {
        self.members.iter().map(|agent| AgentId(*agent)).zip(&self.replicas)
    }

    /// The voter that an agent is.
    #[must_use]
    pub fn voter_of(&self, agent: AgentId) -> Option<Voter> {
        self.members.binary_search(&agent.0).ok().map(|voter| Voter(voter as u16))
    }

    /// Whether an agent votes, or will.
    pub(crate) fn may_vote(&self, world: &World, agent: AgentId) -> bool {
        if self.setting.is_some() {
            return self.voter_of(agent).is_some();
        }
        let groups = world.resource::<AgentGroups>();
        let name = groups.group_of(agent).and_then(|group| groups.get(group)).map(|group| &group.name);
        let config = world.get_resource::<ConsensusConfig>();
        config.is_some_and(|config| config.voters.iter().any(|voters| Some(&voters.group) == name))
    }

    /// How many heights somebody has decided.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.first_kept.saturating_add(self.decided.len() as u64).saturating_sub(1)
    }

    /// What is known of a height, if it is decided and still kept.
    #[must_use]
    pub fn height(&self, height: Height) -> Option<&Decided> {
        self.decided.get(usize::try_from(height.checked_sub(self.first_kept)?).ok()?)
    }

    /// How many heights were decided in two ways.
    #[must_use]
    pub fn forks(&self) -> u64 {
        self.forks
    }

    /// The agents that were proven to contradict themselves, ascending.
    pub fn proven(&self) -> impl ExactSizeIterator<Item = AgentId> + '_ {
        self.proven.iter().map(|agent| AgentId(*agent))
    }

    /// How many messages voters have sent to each other.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The tick of the last decision; 0 if there is none.
    #[must_use]
    pub fn last_decision(&self) -> u64 {
        self.decided.back().map_or(0, |decided| decided.tick)
    }

    /// How many heights the last of the voters that act is behind the first.
    #[must_use]
    pub fn lag(&self) -> u64 {
        let heights = || self.replicas.iter().zip(&self.down).filter(|(_, down)| !**down).map(|(of, _)| of.height());
        heights().max().unwrap_or(0) - heights().min().unwrap_or(0)
    }

    /// How many rounds and ticks the last heights took, on average.
    #[must_use]
    pub fn recent(&self) -> Option<(f64, f64)> {
        let number = self.decided.len().min(RECENT);
        let recent = || self.decided.iter().rev().take(number);
        let rounds: u64 = recent().map(|decided| u64::from(decided.ways[0].round) + 1).sum();
        let ticks: f64 = recent().map(|decided| decided.took as f64).sum();
        (number > 0).then(|| (rounds as f64 / number as f64, ticks / number as f64))
    }

    /// The memory that it holds, in bytes, without what lies within the voters.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let signers: usize =
            self.decided.iter().flat_map(|decided| &decided.ways).map(|way| way.signers.len() * 2).sum();
        self.replicas.capacity() * size_of::<Replica>() + self.decided.len() * size_of::<Decided>() + signers
    }

    /// Whether its parts belong together, as those of a file may not.
    fn is_sound(&self) -> bool {
        let Some(setting) = &self.setting else { return self.replicas.is_empty() && self.timers.is_empty() };
        let committee = &setting.committee;
        let sizes = [self.members.len(), self.replicas.len(), self.down.len()];
        let voters = self.timers.values().flatten().map(|(voter, _)| voter);
        let handed = self.handed_over.iter().flat_map(|(from, to, _)| [from, to]);
        committee.is_sound()
            && sizes.iter().all(|size| *size == committee.len())
            && self.members.is_sorted_by(|one, other| one < other)
            && self.replicas.iter().enumerate().all(|(at, of)| of.me() == Some(Voter(at as u16)) && of.fits(committee))
            && voters.chain(handed).all(|voter| committee.contains(*voter))
            && self.decided.iter().all(|decided| !decided.ways.is_empty())
            && self.first_kept > 0
    }

    /// Lets agents lie, up to and with a tick.
    pub(crate) fn lie(&mut self, agents: &[u32], deed: Deed, until: u64) {
        self.lies.retain(|lie| !agents.contains(&lie.agent));
        self.lies.extend(agents.iter().map(|agent| Lie { agent: *agent, deed, until }));
        self.lies.sort_unstable_by_key(|lie| lie.agent);
    }

    /// Settles who votes.
    fn gather(&mut self, config: &ConsensusConfig, groups: &AgentGroups, index: &AgentIndex, clock: &SimClock) -> bool {
        let mut voters: Vec<(u32, u64)> = Vec::new();
        for of in &config.voters {
            let ranges = groups.find(&of.group).into_iter().flat_map(|group| groups.ranges_of(group));
            let living = ranges.flatten().filter(|agent| index.get(AgentId(*agent)).is_some());
            voters.extend(living.map(|agent| (agent, of.power)));
        }
        voters.sort_unstable();
        voters.dedup_by_key(|(agent, _)| *agent);
        let Ok(committee) = Committee::new(voters.iter().map(|(_, power)| *power).collect()) else { return false };
        let setting = LogSetup { committee, timing: config.waits.timing(clock) };
        self.members = voters.into_iter().map(|(agent, _)| agent).collect();
        let numbers = (0..self.members.len() as u16).map(Voter);
        self.replicas = numbers.map(|voter| Replica::new(&setting, Some(voter))).collect();
        self.down = vec![false; self.members.len()];
        self.setting = Some(setting);
        self.first_kept = 1;
        true
    }
}

/// All of it is state.
pub(crate) fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<Consensus>().map_or(Ok(Vec::new()), to_bytes)
}

pub(crate) fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let consensus: Consensus = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    if !consensus.is_sound() {
        return Err("the voters and what they have said don't belong together".into());
    }
    world.insert_resource(consensus);
    Ok(())
}

/// What voters need to act in a tick.
struct Acting<'a> {
    consensus: &'a mut Consensus,
    setting: &'a LogSetup,
    /// Without a network every two meet in every tick.
    network: Option<&'a mut Network>,
    bus: &'a mut EventBus,
    talk: MessageKind,
    tick: u64,
}

/// Lets voters act.
pub(crate) fn vote(
    (mut consensus, config, talk): (ResMut<Consensus>, Res<ConsensusConfig>, Res<Talk>),
    (mut network, inbox): (Option<ResMut<Network>>, Option<Res<Inbox>>),
    (clock, groups, index): (Res<SimClock>, Res<AgentGroups>, Res<AgentIndex>),
    mut bus: ResMut<EventBus>,
    conditions: Query<(&Agent, &Condition)>,
) {
    let consensus = &mut *consensus;
    let is_first = consensus.setting.is_none();
    if is_first && !consensus.gather(&config, &groups, &index, &clock) {
        return;
    }
    let Some(mut setting) = consensus.setting.take() else { return };
    setting.timing = config.waits.timing(&clock);
    let mut acting = Acting {
        consensus,
        setting: &setting,
        network: network.as_deref_mut(),
        bus: &mut bus,
        talk: talk.0,
        tick: clock.tick(),
    };
    let asleep = acting.look_at_conditions(&index, &conditions, is_first);
    acting.let_timers_run_out(&asleep);
    for (from, to, content) in std::mem::take(&mut acting.consensus.handed_over) {
        acting.read((from, to), &content, None, &asleep);
    }
    let letters = inbox.iter().flat_map(|inbox| inbox.of_kind(talk.0));
    for message in letters {
        let ends = [message.from, message.to].map(|agent| acting.consensus.voter_of(agent));
        if let [Some(from), Some(to)] = ends {
            acting.read((from, to), message.payload, Some(message.arrives), &asleep);
        }
    }
    consensus.setting = Some(setting);
}

/// Whether somebody speaks for itself.
fn is_own(from: Voter, message: &Message) -> bool {
    match message {
        Message::Vote(vote) => vote.voter == from,
        Message::Proposal(proposal) => proposal.proposer == from,
        Message::Status(status) => status.voter == from,
        Message::Decision(_) => true,
    }
}

impl Acting<'_> {
    /// A message has arrived. Who has failed or stands still reads nothing.
    fn read(&mut self, (from, to): (Voter, Voter), content: &[u8], moment: Option<Time>, asleep: &BTreeSet<Voter>) {
        if !self.is_down(to)
            && !asleep.contains(&to)
            && let Ok(said) = postcard::from_bytes::<Message>(content)
            && is_own(from, &said)
        {
            self.act(to, moment, |replica, setting, values, outputs| {
                replica.receive(setting, values, &said, outputs);
            });
        }
    }

    /// Who fails is killed, and who is back goes on with what it had written down. Returns who stands still.
    fn look_at_conditions(
        &mut self,
        index: &AgentIndex,
        conditions: &Query<(&Agent, &Condition)>,
        is_first: bool,
    ) -> BTreeSet<Voter> {
        let mut asleep = BTreeSet::new();
        for at in 0..self.consensus.members.len() {
            let voter = Voter(at as u16);
            let entity = index.get(AgentId(self.consensus.members[at]));
            let condition = entity.and_then(|entity| conditions.get(entity).ok()).map(|(_, condition)| condition);
            let is_down = entity.is_none() || condition.is_some_and(|condition| condition.status == Status::Failed);
            if !is_down && !Condition::acts(condition) {
                asleep.insert(voter);
            }
            let was_down = std::mem::replace(&mut self.consensus.down[at], is_down);
            if was_down && !is_down {
                let height = self.consensus.replicas[at].height();
                self.consensus.replicas[at] = self.consensus.replicas[at].restarted(self.setting, height);
            }
            if !is_down && (is_first || was_down) {
                self.act(voter, None, |replica, setting, values, outputs| replica.start(setting, values, outputs));
            }
        }
        asleep
    }

    fn let_timers_run_out(&mut self, asleep: &BTreeSet<Voter>) {
        while let Some(entry) = self.consensus.timers.first_entry().filter(|entry| *entry.key() <= self.tick) {
            for (voter, timeout) in entry.remove() {
                if asleep.contains(&voter) {
                    self.consensus.timers.entry(self.tick + 1).or_default().push((voter, timeout));
                } else if !self.is_down(voter) {
                    self.act(voter, None, |replica, setting, values, outputs| {
                        replica.expire(setting, values, timeout, outputs);
                    });
                }
            }
        }
    }

    /// Lets a voter do something, and does what it wants done. Its messages set out at the moment, or at the end of the tick.
    fn act(
        &mut self,
        voter: Voter,
        moment: Option<Time>,
        act: impl FnOnce(&mut Replica, &LogSetup, &mut Values<'_>, &mut Vec<Output>),
    ) {
        let at = usize::from(voter.0);
        let mut outputs = std::mem::take(&mut self.consensus.scratch.outputs);
        let consensus = &mut *self.consensus;
        act(&mut consensus.replicas[at], self.setting, &mut Values(&mut consensus.next_value), &mut outputs);
        for output in outputs.drain(..) {
            match output {
                // What a voter has on record outlives it here, as a disk does.
                Output::Persist => {}
                Output::Broadcast(message) => self.broadcast(voter, moment, message),
                Output::Schedule(timeout, after) => {
                    let due = self.tick.saturating_add(after.max(1));
                    self.consensus.timers.entry(due).or_default().push((voter, timeout));
                }
                Output::Decide(certificate) => self.decide(voter, certificate),
                Output::Accuse(evidence) => self.accuse(&evidence),
                Output::CatchUp(to, height) => self.help(voter, to, height, moment),
            }
        }
        self.consensus.scratch.outputs = outputs;
    }

    fn is_down(&self, voter: Voter) -> bool {
        self.consensus.down[usize::from(voter.0)]
    }

    fn deed_of(&self, voter: Voter) -> Option<Deed> {
        let (lies, agent) = (&self.consensus.lies, self.consensus.members[usize::from(voter.0)]);
        let lie = lies.binary_search_by_key(&agent, |lie| lie.agent).ok().map(|at| lies[at]);
        lie.filter(|lie| lie.until >= self.tick).map(|lie| lie.deed)
    }

    fn broadcast(&mut self, voter: Voter, moment: Option<Time>, message: Message) {
        let Some(deed) = self.deed_of(voter) else {
            return self.tell(&Told { from: voter, half: None, message }, moment);
        };
        let voters = (0..self.consensus.members.len() as u16).map(Voter);
        let equivocators: Vec<Voter> = voters.filter(|voter| self.deed_of(*voter) == Some(Deed::Equivocate)).collect();
        let consensus = &mut *self.consensus;
        let fresh = || Values(&mut consensus.next_value).propose(0, 0);
        let replica = &consensus.replicas[usize::from(voter.0)];
        let told = twist((deed, replica), message, &equivocators, &mut consensus.plot, fresh);
        for told in told {
            self.tell(&told, moment);
        }
    }

    /// Sends to all voters, or to a half of those who don't equivocate.
    fn tell(&mut self, told: &Told, moment: Option<Time>) {
        let mut content = std::mem::take(&mut self.consensus.scratch.content);
        content.clear();
        // Numbers always have a binary form.
        content = postcard::to_extend(&told.message, content).unwrap_or_default();
        let all = self.consensus.members.len() as u16;
        let wanted: Vec<Voter> = match told.half {
            None => (0..all).map(Voter).collect(),
            Some(half) => {
                let honest = (0..all).map(Voter).filter(|voter| self.deed_of(*voter) != Some(Deed::Equivocate));
                let honest: Vec<Voter> = honest.collect();
                let (first, second) = honest.split_at(honest.len() / 2);
                if half == 0 { first.to_vec() } else { second.to_vec() }
            }
        };
        for to in wanted.into_iter().filter(|to| *to != told.from) {
            self.post(told.from, to, moment, &content);
        }
        self.consensus.scratch.content = content;
    }

    fn post(&mut self, from: Voter, to: Voter, moment: Option<Time>, content: &[u8]) {
        let Some(network) = &mut self.network else {
            self.consensus.handed_over.push((from, to, content.to_vec()));
            self.consensus.messages = self.consensus.messages.saturating_add(1);
            return;
        };
        let [from, to] = [from, to].map(|voter| AgentId(self.consensus.members[usize::from(voter.0)]));
        // Whoever isn't linked is told nothing.
        let sent = match moment {
            Some(moment) => network.send_at(moment, from, to, self.talk, content),
            None => network.send(from, to, self.talk, content),
        };
        self.consensus.messages = self.consensus.messages.saturating_add(u64::from(sent.is_ok()));
    }

    fn decide(&mut self, voter: Voter, certificate: Certificate) {
        let (height, round, value) = (certificate.height, certificate.round, certificate.value);
        let consensus = &mut *self.consensus;
        if height > consensus.decided() {
            let took = self.tick.saturating_sub(consensus.begun);
            consensus.begun = self.tick;
            consensus.decided.push_back(Decided { tick: self.tick, took, ways: vec![certificate] });
            if consensus.decided.len() > HEIGHTS_KEPT {
                consensus.decided.pop_front();
                consensus.first_kept = consensus.first_kept.saturating_add(1);
            }
            let agent = AgentId(consensus.members[usize::from(voter.0)]);
            let told = HeightDecided { height, round, value: value.0 };
            self.bus.publish(VOTING_COMPLETED, Some(agent), told);
            return;
        }
        let place = height.checked_sub(consensus.first_kept).and_then(|place| usize::try_from(place).ok());
        let Some(decided) = place.and_then(|place| consensus.decided.get_mut(place)) else { return };
        if decided.ways.iter().all(|way| way.value != value) {
            let first = decided.ways[0].value.0;
            consensus.forks = consensus.forks.saturating_add(u64::from(decided.ways.len() == 1));
            decided.ways.push(certificate);
            self.bus.publish(FORK_FOUND, None, ForkFound { height, first, second: value.0 });
        }
    }

    fn accuse(&mut self, evidence: &Evidence) {
        let agent = self.consensus.members[usize::from(evidence.accused().0)];
        let (height, round) = match evidence {
            Evidence::Votes { first, .. } => (first.height, first.round),
            Evidence::Proposals { first, .. } => (first.height, first.round),
        };
        self.consensus.proven.insert(agent);
        let last = self.consensus.told.entry(agent).or_default();
        if *last < height {
            *last = height;
            self.bus.publish(EQUIVOCATION_PROVEN, Some(AgentId(agent)), EquivocationProven { height, round });
        }
    }

    /// Sends decisions to who is behind: those that the voter itself has signed, where there are several.
    fn help(&mut self, from: Voter, to: Voter, height: Height, moment: Option<Time>) {
        if self.deed_of(from) == Some(Deed::Withhold) {
            return;
        }
        let upto = self.consensus.replicas[usize::from(from.0)].height();
        let mut contents = Vec::new();
        for height in (height..upto).take(DECISIONS_AT_ONCE) {
            let Some(decided) = self.consensus.height(height) else { continue };
            let own = decided.ways.iter().find(|way| way.signers.contains(&from)).unwrap_or(&decided.ways[0]);
            contents.push(postcard::to_stdvec(&Message::Decision(own.clone())).unwrap_or_default());
        }
        for content in contents {
            self.post(from, to, moment, &content);
        }
    }
}

#[cfg(test)]
mod tests;
