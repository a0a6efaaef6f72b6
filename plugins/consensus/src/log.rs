//! The log of a simulation: its voters, their timers, and what they decide.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex};
use agent2028_core::checkpoint::to_bytes;
use agent2028_core::clock::SimClock;
use agent2028_network::MessageKind;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::ConsensusConfig;
use crate::events::HeightDecided;
use crate::gate::Gates;
use crate::lies::{Deed, GARBAGE, Heard, Lie, Plot};
use crate::protocol::committee::Committee;
use crate::protocol::exploration::Situation;
use crate::protocol::message::{Certificate, Height, Round, ValueId, Voter};
use crate::protocol::replica::{Application, LogSetup, Output, Replica, Timeout};

mod acting;
pub(crate) use acting::vote;

/// What messages of voters are in the network.
#[derive(Resource, Clone, Copy)]
pub(crate) struct Talk {
    /// From voter to voter.
    pub direct: MessageKind,
    /// Passed on by others.
    pub relayed: MessageKind,
}

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
    /// How often a message was passed on by somebody on its way.
    relayed: u64,
    /// How many messages found no way to whom they were for.
    unreached: u64,
    /// What liars hold back, by the tick in which they send it: from whom to whom.
    held_back: BTreeMap<u64, Vec<(Voter, Voter, Vec<u8>)>>,
    /// What liars have heard that say it again.
    heard: Heard,
    /// Whom each accuser has last accused in which height: agents.
    accused: BTreeMap<(u32, u32), Height>,
    /// What waits to be decided before it is done.
    pub(crate) gates: Gates,
    /// Where a schedule in the place of the network has come to.
    pub(crate) situation: Option<Box<Situation>>,
    /// Where there is no network: what was sent in the last tick, by whom to whom.
    handed_over: Vec<(Voter, Voter, Vec<u8>)>,
    /// Who accuses whom in this tick: agents. Nothing between ticks.
    #[serde(skip)]
    pub(crate) complaints: Vec<(u32, u32)>,
    #[serde(skip)]
    scratch: Scratch,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    outputs: Vec<Output>,
    content: Vec<u8>,
}

/// What is decided on: numbers. Each stands for something that waits to be done, or for nothing.
struct Values<'a> {
    next: &'a mut u32,
    gates: &'a Gates,
}

impl Values<'_> {
    /// A number that nobody has used.
    fn fresh(&mut self) -> ValueId {
        *self.next = self.next.wrapping_add(1) % GARBAGE;
        ValueId(*self.next)
    }
}

impl Application for Values<'_> {
    fn propose(&mut self, _: Height, _: Round) -> ValueId {
        self.gates.first_open().unwrap_or_else(|| self.fresh())
    }

    fn is_valid(&self, height: Height, value: ValueId) -> bool {
        value.0 < GARBAGE && self.gates.may_be_decided(value, height)
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
        config.is_some_and(|config| {
            config.voters.is_empty() || config.voters.iter().any(|voters| Some(&voters.group) == name)
        })
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

    /// How often a message was passed on by somebody on its way.
    #[must_use]
    pub fn relayed(&self) -> u64 {
        self.relayed
    }

    /// How many messages found no way to whom they were for.
    #[must_use]
    pub fn unreached(&self) -> u64 {
        self.unreached
    }

    /// What waits to be decided before it is done, and what became of it.
    #[must_use]
    pub fn gates(&self) -> &Gates {
        &self.gates
    }

    /// The agents that lie in a tick, with what they do, ascending.
    pub fn liars(&self, tick: u64) -> impl Iterator<Item = (AgentId, Deed)> + '_ {
        self.lies.iter().filter(move |lie| lie.until >= tick).map(|lie| (AgentId(lie.agent), lie.deed))
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
            && self
                .held_back
                .values()
                .flatten()
                .all(|(from, to, _)| committee.contains(*from) && committee.contains(*to))
            && self.heard.fits(committee)
            && self.gates.is_sound()
            && self.first_kept > 0
    }

    /// What is told of a decision.
    pub(crate) fn told_of(&self, certificate: &Certificate) -> HeightDecided {
        let agent = |voter: &Voter| self.members.get(usize::from(voter.0)).copied();
        HeightDecided {
            height: certificate.height,
            round: certificate.round,
            value: certificate.value.0,
            what: self.gates.name_of(certificate.value).unwrap_or_default().to_owned(),
            signers: certificate.signers.iter().filter_map(agent).collect(),
        }
    }

    /// Gives a number to each of these operations, which wait for it to be decided.
    pub(crate) fn number(&mut self, asked: Vec<crate::gate::Asked>) {
        for asked in asked {
            let value = Values { next: &mut self.next_value, gates: &self.gates }.fresh();
            self.gates.open(value, asked);
        }
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
        let names: Vec<String> = groups.groups().iter().map(|group| group.name.clone()).collect();
        for of in &config.voters_among(&names) {
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

#[cfg(test)]
mod tests;
