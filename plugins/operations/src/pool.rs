//! The agents that can be chosen for a capability, and the index that chooses among them.

use agent2028_core::agent::{FitnessWeights, Tier};
use agent2028_core::prefetch::ask_for_row;
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

/// Where an agent stands in a pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolRank {
    /// Its rank: the smallest is chosen; [`NOT_THERE`] if it must not be chosen.
    pub rank: u32,
    /// Its load over what it can work on at once.
    pub load: f32,
}

impl PoolRank {
    /// It must not be chosen.
    pub const NOT_THERE: Self = Self { rank: NOT_THERE, load: 0.0 };
}

/// Pools with fewer members lie in the cache anyway.
const LEAST_TO_FORESEE: usize = 1 << 13;

/// What a choice depends on beside the agents.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Random words for the strategies that throw dice.
    pub dice: [u32; 2],
    /// The operation's key.
    pub key: u64,
    /// What this pool has [foreseen](Pool::foresee) of it; that is used where it saves work, and changes nothing.
    pub foreseen: Option<PrefetchPlan>,
}

/// Where a choice that is made soon will look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefetchPlan {
    dice: [u32; 2],
    key: u64,
    /// How often it had changed who can be chosen.
    changes: u64,
    slots: [usize; 2],
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
    /// Its first member; the others follow if it is contiguous.
    first: u32,
    contiguous: bool,
    index: Index,
    /// The load of each member, for the strategy that compares those of a few that it finds by chance: what it looks at lies close
    /// together.
    loads: Vec<f32>,
    /// How often it has changed who can be chosen.
    changes: u64,
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
            first: 0,
            contiguous: true,
            index,
            loads: Vec::new(),
            changes: 0,
            ways_ms: Vec::new(),
        }
    }

    /// Takes these agents (ascending ids), to be chosen by this strategy. None can be chosen until its place is
    /// [set](Pool::set).
    pub fn hold(&mut self, members: Vec<u32>, strategy: Strategy) {
        self.strategy = strategy;
        self.changes += 1;
        self.contiguous = members
            .first()
            .zip(members.last())
            .is_none_or(|(first, last)| (last - first) as usize == members.len() - 1);
        self.index = if strategy.ranks() {
            Index::Ranked(MinTree::new(members.len()))
        } else {
            Index::Listed(SlotSet::new(members.len()))
        };
        self.loads = vec![0.0; if strategy == Strategy::PowerOfTwoChoices { members.len() } else { 0 }];
        self.first = members.first().copied().unwrap_or(0);
        self.members = members;
    }

    /// Takes over how long the way to each member and back takes, in milliseconds, in the order of the members.
    pub fn set_ways(&mut self, ways_ms: Vec<f32>) {
        self.ways_ms = if ways_ms.iter().any(|way| *way > 0.0) { ways_ms } else { Vec::new() };
    }

    /// Whether the way to any member takes time.
    #[must_use]
    pub fn has_ways(&self) -> bool {
        !self.ways_ms.is_empty()
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

    /// Puts all members in their places at once. `stand` is given each member and how long the way to it and back takes, in
    /// milliseconds.
    pub fn rank_all(&mut self, stand: impl Fn(u32, f32) -> PoolRank) {
        let way = |slot: usize| self.ways_ms.get(slot).copied().unwrap_or(0.0);
        let loads = &mut self.loads;
        let ranks = self.members.iter().enumerate().map(|(slot, agent)| {
            let PoolRank { rank, load } = stand(*agent, way(slot));
            if let Some(held) = loads.get_mut(slot) {
                *held = load;
            }
            rank
        });
        match &mut self.index {
            Index::Ranked(tree) => *tree = MinTree::from_ranks(ranks.collect()),
            Index::Listed(set) => {
                for (slot, rank) in ranks.enumerate() {
                    self.changes += u64::from(set.set(slot, rank != NOT_THERE));
                }
            }
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
        if self.contiguous {
            let slot = agent.checked_sub(self.first)? as usize;
            (slot < self.members.len()).then_some(slot)
        } else {
            self.members.binary_search(&agent).ok()
        }
    }

    /// The member at a slot.
    #[inline]
    fn member(&self, slot: usize) -> u32 {
        if self.contiguous { self.first + slot as u32 } else { self.members[slot] }
    }

    /// Puts a member in its place.
    #[inline]
    pub fn set(&mut self, agent: u32, standing: PoolRank) {
        if let Some(slot) = self.slot(agent) {
            match &mut self.index {
                Index::Ranked(tree) => tree.set(slot, standing.rank),
                Index::Listed(set) => self.changes += u64::from(set.set(slot, standing.rank != NOT_THERE)),
            }
            if let Some(load) = self.loads.get_mut(slot) {
                *load = standing.load;
            }
        }
    }

    /// Whether a member can be chosen now.
    #[must_use]
    #[inline]
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
                        (self.cursor.saturating_sub(self.first) as usize).min(self.members.len())
                    } else {
                        self.members.partition_point(|member| *member < self.cursor)
                    };
                    set.next(after)
                }
                Strategy::PowerOfTwoChoices => {
                    let [one, other] = self.drawn(set, choice)?;
                    let (one, other) = (one.min(other), one.max(other));
                    let load = |slot: usize| self.loads.get(slot).copied().unwrap_or(0.0);
                    Some(if load(other) < load(one) { other } else { one })
                }
                Strategy::ConsistentHash => self.by_key(set, choice),
                _ => self.drawn(set, choice).map(|slots| slots[0]),
            },
        };
        slot.map(|slot| self.member(slot))
    }

    /// Whether it is worth the while to [foresee](Pool::foresee) choices: agents are found by chance or by key all over many.
    #[must_use]
    #[inline]
    pub fn can_be_foreseen(&self) -> bool {
        self.members.len() >= LEAST_TO_FORESEE && (self.strategy.draws() || self.strategy == Strategy::ConsistentHash)
    }

    /// Where a choice that is made soon will look, whose memory is asked for. Where agents are chosen among very many, waiting for
    /// memory takes longer than all else; what the next choices depend on is known beforehand, since dice are counters.
    #[inline]
    pub fn foresee(&self, choice: &Choice) -> Option<PrefetchPlan> {
        let Index::Listed(set) = &self.index else { return None };
        let slots = match self.strategy {
            Strategy::Random | Strategy::PowerOfTwoChoices => self.drawn(set, choice)?,
            Strategy::ConsistentHash => [jump(spread(choice.key), self.members.len()); 2],
            _ => return None,
        };
        slots.into_iter().for_each(|slot| ask_for_row(&self.loads, slot));
        Some(PrefetchPlan { dice: choice.dice, key: choice.key, changes: self.changes, slots })
    }

    /// The slots that dice mean: one, or two that are to be compared.
    #[inline]
    fn drawn(&self, set: &SlotSet, choice: &Choice) -> Option<[usize; 2]> {
        if let Some(known) = choice.foreseen
            && (known.changes, known.dice) == (self.changes, choice.dice)
        {
            return Some(known.slots);
        }
        let one = set.nth(below(choice.dice[0], set.members()))?;
        match self.strategy {
            Strategy::PowerOfTwoChoices => Some([one, set.nth(below(choice.dice[1], set.members()))?]),
            _ => Some([one; 2]),
        }
    }

    /// The agent on which a choice will fall that was foreseen, unless others that come in between change that.
    #[must_use]
    #[inline]
    pub fn likely(&self, foreseen: &PrefetchPlan) -> Option<u32> {
        let [one, other] = foreseen.slots;
        let load = |slot: usize| self.loads.get(slot).copied().unwrap_or(0.0);
        let slot = if load(other) < load(one) { other } else { one };
        (slot < self.members.len()).then(|| self.member(slot))
    }

    fn by_key(&self, set: &SlotSet, choice: &Choice) -> Option<usize> {
        if set.members() == 0 {
            return None;
        }
        let mut hash = spread(choice.key);
        // Where a key falls doesn't depend on who can be chosen, but what was foreseen before others came or left is of no use.
        let known = choice.foreseen.filter(|known| (known.key, known.changes) == (choice.key, self.changes));
        for attempt in 0..REHASHES {
            let slot = match known {
                Some(known) if attempt == 0 => known.slots[0],
                _ => jump(hash, self.members.len()),
            };
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
        index + (self.members.capacity() + self.ways_ms.capacity() + self.loads.capacity()) * 4
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
