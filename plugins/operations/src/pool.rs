//! The agents that can be chosen for a capability, and the index that chooses among them.

use agent2028_core::agent::{FitnessWeights, Tier};
use serde::{Deserialize, Serialize};

use crate::index::{MinTree, NOT_THERE, SlotSet, jump, spread};
use crate::slab::List;
use crate::strategy::{Strategy, View};

/// How often a key is hashed anew when its agent can't take it, before the next one that can is taken.
const REHASHES: u64 = 16;

/// Which pool it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolKey {
    /// The capability.
    pub capability: String,
    /// Whether it holds agents of the swarms or individuals.
    pub tier: Tier,
    /// The strategy, if not that of the section.
    pub strategy: Option<Strategy>,
    /// The region that asks; empty for none.
    pub region: String,
}

#[derive(Clone, Debug)]
enum Index {
    Ranked(MinTree),
    Listed(SlotSet),
}

/// What a choice depends on beside the agents.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// Load over what can be worked on at once, of all agents by id.
    pub loads: &'a [f32],
    /// Random words for the strategies that throw dice.
    pub dice: [u32; 2],
    /// The operation's key.
    pub key: u64,
}

/// The agents that can be chosen for a capability.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Which one it is.
    pub key: PoolKey,
    /// Operations that wait for any of its agents.
    pub line: List,
    /// One past the agent that was chosen last in turn.
    pub cursor: u32,
    strategy: Strategy,
    members: Vec<u32>,
    contiguous: bool,
    index: Index,
    /// How long the way to each member and back takes, in milliseconds; empty if it takes no time.
    ways_ms: Vec<f32>,
}

impl Pool {
    /// A pool without agents.
    #[must_use]
    pub fn new(key: PoolKey) -> Self {
        let index = Index::Listed(SlotSet::default());
        let (line, members) = (List::default(), Vec::new());
        Self {
            key,
            line,
            cursor: 0,
            strategy: Strategy::default(),
            members,
            contiguous: true,
            index,
            ways_ms: Vec::new(),
        }
    }

    /// Takes these agents (ascending ids), to be chosen by this strategy. None can be chosen until its place is
    /// [set](Pool::set).
    pub fn hold(&mut self, members: Vec<u32>, strategy: Strategy) {
        self.strategy = strategy;
        self.contiguous = members
            .first()
            .zip(members.last())
            .is_none_or(|(first, last)| (last - first) as usize == members.len() - 1);
        self.index = if strategy.ranks() {
            Index::Ranked(MinTree::new(members.len()))
        } else {
            Index::Listed(SlotSet::new(members.len()))
        };
        self.members = members;
    }

    /// Takes over how long the way to each member and back takes, in milliseconds, in the order of the members.
    pub fn set_ways(&mut self, ways_ms: Vec<f32>) {
        self.ways_ms = if ways_ms.iter().any(|way| *way > 0.0) { ways_ms } else { Vec::new() };
    }

    /// How long the way to a member and back takes, in milliseconds.
    #[must_use]
    #[inline]
    pub fn way_ms(&self, agent: u32) -> f32 {
        if self.ways_ms.is_empty() {
            return 0.0;
        }
        self.slot(agent).and_then(|slot| self.ways_ms.get(slot)).copied().unwrap_or(0.0)
    }

    /// Puts all members in their places at once. `rank` is given each member and how long the way to it and back takes, in milliseconds.
    pub fn rank_all(&mut self, rank: impl Fn(u32, f32) -> u32) {
        let way = |slot: usize| self.ways_ms.get(slot).copied().unwrap_or(0.0);
        let ranks = self.members.iter().enumerate().map(|(slot, agent)| rank(*agent, way(slot)));
        match &mut self.index {
            Index::Ranked(tree) => *tree = MinTree::from_ranks(ranks.collect()),
            Index::Listed(set) => ranks.enumerate().for_each(|(slot, rank)| set.set(slot, rank != NOT_THERE)),
        }
    }

    /// How its agents are chosen.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Its agents, ascending.
    #[must_use]
    pub fn members(&self) -> &[u32] {
        &self.members
    }

    /// Where an agent stands among its members.
    #[must_use]
    #[inline]
    pub fn slot(&self, agent: u32) -> Option<usize> {
        let first = *self.members.first()?;
        if self.contiguous {
            let slot = agent.checked_sub(first)? as usize;
            (slot < self.members.len()).then_some(slot)
        } else {
            self.members.binary_search(&agent).ok()
        }
    }

    /// Puts a member in its place; [`NOT_THERE`] if it must not be chosen.
    #[inline]
    pub fn set(&mut self, agent: u32, rank: u32) {
        if let Some(slot) = self.slot(agent) {
            match &mut self.index {
                Index::Ranked(tree) => tree.set(slot, rank),
                Index::Listed(set) => set.set(slot, rank != NOT_THERE),
            }
        }
    }

    /// Whether a member can be chosen now.
    #[must_use]
    pub fn can_choose(&self, agent: u32) -> bool {
        self.slot(agent).is_some_and(|slot| match &self.index {
            Index::Ranked(tree) => tree.get(slot) != NOT_THERE,
            Index::Listed(set) => set.contains(slot),
        })
    }

    /// The agent that is chosen, if any can be.
    #[must_use]
    #[inline]
    pub fn choose(&self, choice: &Choice) -> Option<u32> {
        let slot = match &self.index {
            Index::Ranked(tree) => tree.first(),
            Index::Listed(set) => match self.strategy {
                Strategy::RoundRobin => {
                    let after = if self.contiguous {
                        let first = self.members.first().copied().unwrap_or(0);
                        (self.cursor.saturating_sub(first) as usize).min(self.members.len())
                    } else {
                        self.members.partition_point(|member| *member < self.cursor)
                    };
                    set.next(after)
                }
                Strategy::PowerOfTwoChoices => {
                    let [one, other] = choice.dice.map(|word| set.nth(below(word, set.members())));
                    let (one, other) = (one?.min(other?), one?.max(other?));
                    let load = |slot: usize| choice.loads[self.members[slot] as usize];
                    Some(if load(other) < load(one) { other } else { one })
                }
                Strategy::ConsistentHash => self.by_key(set, choice.key),
                _ => set.nth(below(choice.dice[0], set.members())),
            },
        };
        slot.map(|slot| self.members[slot])
    }

    fn by_key(&self, set: &SlotSet, key: u64) -> Option<usize> {
        if set.members() == 0 {
            return None;
        }
        let mut hash = spread(key);
        for _ in 0..REHASHES {
            let slot = jump(hash, self.members.len());
            if set.contains(slot) {
                return Some(slot);
            }
            hash = spread(hash);
        }
        set.next(jump(hash, self.members.len()))
    }

    /// Notes that an agent was chosen.
    #[inline]
    pub fn note(&mut self, agent: u32) {
        if self.strategy == Strategy::RoundRobin {
            self.cursor = agent + 1;
        }
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let index = match &self.index {
            Index::Ranked(tree) => tree.bytes(),
            Index::Listed(set) => set.bytes(),
        };
        index + self.members.capacity() * 4 + self.ways_ms.capacity() * 4
    }
}

/// A number below `limit` from a random word (Lemire 2019), 0 if `limit` is 0.
#[inline]
fn below(word: u32, limit: usize) -> usize {
    ((u64::from(word) * limit as u64) >> 32) as usize
}

/// The agent that is chosen by looking at all that can be: what every index must agree with.
#[must_use]
pub fn choose_by_scan(
    strategy: Strategy,
    members: &[u32],
    cursor: u32,
    choice: &Choice,
    weights: &FitnessWeights,
    can: impl Fn(u32) -> bool,
    view: impl Fn(u32) -> View,
) -> Option<u32> {
    let able: Vec<u32> = members.iter().copied().filter(|agent| can(*agent)).collect();
    if able.is_empty() {
        return None;
    }
    match strategy {
        Strategy::RoundRobin => able.iter().copied().find(|agent| *agent >= cursor).or_else(|| able.first().copied()),
        Strategy::Random => able.get(below(choice.dice[0], able.len())).copied(),
        Strategy::PowerOfTwoChoices => {
            let two = choice.dice.map(|word| able[below(word, able.len())]);
            two.into_iter().min_by(|a, b| view(*a).relative_load().total_cmp(&view(*b).relative_load()).then(a.cmp(b)))
        }
        Strategy::ConsistentHash => {
            let mut hash = spread(choice.key);
            for _ in 0..REHASHES {
                let agent = members[jump(hash, members.len())];
                if can(agent) {
                    return Some(agent);
                }
                hash = spread(hash);
            }
            let from = members[jump(hash, members.len())];
            able.iter().copied().find(|agent| *agent >= from).or_else(|| able.first().copied())
        }
        ranked => able.into_iter().min_by_key(|agent| (view(*agent).rank(ranked, weights), *agent)),
    }
}
