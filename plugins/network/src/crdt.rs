//! Conflict-free replicated data types (Shapiro, Preguiça, Baquero & Zawirski 2011): replicas that are written without asking
//! anybody, and that are equal once they know of the same writes, in whatever order these came.
//!
//! Each merge is commutative, associative and idempotent. Each value can be taken apart into [`Entry`]s that are joined one by
//! one, so that two replicas need to exchange only what differs.

use std::collections::{BTreeMap, BTreeSet};

use agent2028_core::causality::HybridTime;
use serde::{Deserialize, Serialize};

/// A part of a value that is joined by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Entry {
    /// How much an agent has counted up and down.
    Count {
        /// The agent.
        agent: u32,
        /// Up.
        up: u64,
        /// Down.
        down: u64,
    },
    /// That a thing was added, and whether this adding was taken back.
    Tag {
        /// The thing.
        thing: u32,
        /// Who added it.
        agent: u32,
        /// Which of the agent's addings it was.
        number: u64,
        /// Whether it was taken back.
        removed: bool,
    },
    /// What was written last under a name.
    Write {
        /// The name; 0 for a register.
        thing: u32,
        /// When, by the writer's hybrid logical clock.
        time: HybridTime,
        /// Who.
        agent: u32,
        /// What; nothing if it was removed.
        value: Option<u64>,
    },
}

/// A counter that only grows: how much each agent has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GCounter(BTreeMap<u32, u64>);

impl GCounter {
    /// Counts on for an agent.
    pub fn increment(&mut self, agent: u32, by: u64) {
        // Who has counted nothing has no entry, as nothing of it could be told to others: replicas that know the same
        // are equal.
        if by > 0 {
            let count = self.0.entry(agent).or_insert(0);
            *count = count.saturating_add(by);
        }
    }

    /// The sum.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// What an agent has counted.
    #[must_use]
    pub fn of(&self, agent: u32) -> u64 {
        self.0.get(&agent).copied().unwrap_or(0)
    }

    /// Learns what an agent has counted.
    pub fn join(&mut self, agent: u32, count: u64) {
        if count > 0 {
            let known = self.0.entry(agent).or_insert(0);
            *known = (*known).max(count);
        }
    }

    /// Learns all that another replica knows.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(agent, count)| self.join(*agent, *count));
    }
}

/// A counter that grows and shrinks: one for either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PnCounter {
    up: GCounter,
    down: GCounter,
}

impl PnCounter {
    /// Counts for an agent, up or down.
    pub fn add(&mut self, agent: u32, by: i64) {
        let counter = if by < 0 { &mut self.down } else { &mut self.up };
        counter.increment(agent, by.unsigned_abs());
    }

    /// The sum of all ups less all downs.
    #[must_use]
    pub fn value(&self) -> i128 {
        i128::from(self.up.value()) - i128::from(self.down.value())
    }

    /// Learns all that another replica knows.
    pub fn merge(&mut self, other: &Self) {
        self.up.merge(&other.up);
        self.down.merge(&other.down);
    }
}

/// A set to which things are added and from which they are removed; who removes a thing takes back the addings that it knows
/// of, so an adding that it doesn't know of wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrSet {
    /// Addings by thing, agent and number, and whether they were taken back.
    tags: BTreeMap<(u32, u32, u64), bool>,
    /// How many things each agent has added.
    numbers: BTreeMap<u32, u64>,
}

impl OrSet {
    /// An agent adds a thing.
    pub fn add(&mut self, agent: u32, thing: u32) {
        let number = self.numbers.entry(agent).or_insert(0);
        *number += 1;
        self.tags.insert((thing, agent, *number), false);
    }

    /// Removes a thing, as far as its addings are known.
    pub fn remove(&mut self, thing: u32) {
        self.tags.range_mut((thing, 0, 0)..=(thing, u32::MAX, u64::MAX)).for_each(|(_, removed)| *removed = true);
    }

    /// Whether a thing is in the set.
    #[must_use]
    pub fn contains(&self, thing: u32) -> bool {
        self.tags.range((thing, 0, 0)..=(thing, u32::MAX, u64::MAX)).any(|(_, removed)| !removed)
    }

    /// The things in the set.
    #[must_use]
    pub fn things(&self) -> BTreeSet<u32> {
        self.tags.iter().filter(|(_, removed)| !**removed).map(|((thing, _, _), _)| *thing).collect()
    }

    fn join(&mut self, thing: u32, agent: u32, number: u64, removed: bool) {
        *self.tags.entry((thing, agent, number)).or_insert(removed) |= removed;
        let known = self.numbers.entry(agent).or_insert(0);
        *known = (*known).max(number);
    }

    /// Learns all that another replica knows.
    pub fn merge(&mut self, other: &Self) {
        other.tags.iter().for_each(|((thing, agent, number), removed)| self.join(*thing, *agent, *number, *removed));
    }
}

/// Values by name, of each the last one that was written: by hybrid logical clock, then by the writer's id, then by the value.
/// A register is a map with one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LwwMap(BTreeMap<u32, (HybridTime, u32, Option<u64>)>);

impl LwwMap {
    /// An agent writes a value, or removes it.
    pub fn write(&mut self, thing: u32, time: HybridTime, agent: u32, value: Option<u64>) {
        let new = (time, agent, value);
        let known = self.0.entry(thing).or_insert(new);
        *known = (*known).max(new);
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, thing: u32) -> Option<u64> {
        self.0.get(&thing).and_then(|(_, _, value)| *value)
    }

    /// Learns all that another replica knows.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(thing, (time, agent, value))| self.write(*thing, *time, *agent, *value));
    }
}

/// A value of any of these types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// A counter that only grows.
    GCounter(GCounter),
    /// A counter that grows and shrinks.
    PnCounter(PnCounter),
    /// A set.
    OrSet(OrSet),
    /// A register or a map.
    Lww(LwwMap),
}

impl Value {
    /// The entries that the value consists of, in order.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        match self {
            Self::GCounter(counter) => {
                counter.0.iter().map(|(agent, up)| Entry::Count { agent: *agent, up: *up, down: 0 }).collect()
            }
            Self::PnCounter(counter) => {
                let agents: BTreeSet<u32> = counter.up.0.keys().chain(counter.down.0.keys()).copied().collect();
                agents
                    .into_iter()
                    .map(|agent| Entry::Count { agent, up: counter.up.of(agent), down: counter.down.of(agent) })
                    .collect()
            }
            Self::OrSet(set) => set
                .tags
                .iter()
                .map(|((thing, agent, number), removed)| Entry::Tag {
                    thing: *thing,
                    agent: *agent,
                    number: *number,
                    removed: *removed,
                })
                .collect(),
            Self::Lww(map) => map
                .0
                .iter()
                .map(|(thing, (time, agent, value))| Entry::Write {
                    thing: *thing,
                    time: *time,
                    agent: *agent,
                    value: *value,
                })
                .collect(),
        }
    }

    /// The entry that the value has in place of this one, if any.
    #[must_use]
    pub fn counterpart(&self, entry: &Entry) -> Option<Entry> {
        match (self, *entry) {
            (Self::GCounter(counter), Entry::Count { agent, .. }) => {
                counter.0.get(&agent).map(|up| Entry::Count { agent, up: *up, down: 0 })
            }
            (Self::PnCounter(counter), Entry::Count { agent, .. }) => {
                let (up, down) = (counter.up.of(agent), counter.down.of(agent));
                (up > 0 || down > 0).then_some(Entry::Count { agent, up, down })
            }
            (Self::OrSet(set), Entry::Tag { thing, agent, number, .. }) => set
                .tags
                .get(&(thing, agent, number))
                .map(|removed| Entry::Tag { thing, agent, number, removed: *removed }),
            (Self::Lww(map), Entry::Write { thing, .. }) => map
                .0
                .get(&thing)
                .map(|(time, agent, value)| Entry::Write { thing, time: *time, agent: *agent, value: *value }),
            _ => None,
        }
    }

    /// Learns an entry. One that doesn't belong to this type is passed over.
    pub fn join(&mut self, entry: &Entry) {
        match (self, *entry) {
            (Self::GCounter(counter), Entry::Count { agent, up, .. }) => counter.join(agent, up),
            (Self::PnCounter(counter), Entry::Count { agent, up, down }) => {
                counter.up.join(agent, up);
                counter.down.join(agent, down);
            }
            (Self::OrSet(set), Entry::Tag { thing, agent, number, removed }) => set.join(thing, agent, number, removed),
            (Self::Lww(map), Entry::Write { thing, time, agent, value }) => map.write(thing, time, agent, value),
            _ => {}
        }
    }

    /// Learns all that another replica of the same type knows.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::GCounter(mine), Self::GCounter(theirs)) => mine.merge(theirs),
            (Self::PnCounter(mine), Self::PnCounter(theirs)) => mine.merge(theirs),
            (Self::OrSet(mine), Self::OrSet(theirs)) => mine.merge(theirs),
            (Self::Lww(mine), Self::Lww(theirs)) => mine.merge(theirs),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Replicas of one value of each type, written at random; replica r is written by agent r only.
    fn replicas(writes: &[(u8, u8, u8, u8)]) -> [[Value; 3]; 4] {
        let new = [
            Value::GCounter(GCounter::default()),
            Value::PnCounter(PnCounter::default()),
            Value::OrSet(OrSet::default()),
            Value::Lww(LwwMap::default()),
        ];
        let mut all = new.map(|value| [value.clone(), value.clone(), value]);
        for (step, (at, what, thing, amount)) in writes.iter().enumerate() {
            let (agent, thing) = (u32::from(at % 3), u32::from(thing % 4));
            for values in &mut all {
                if what % 5 == 4 {
                    // A replica hears from another in between.
                    let other = values[(agent as usize + 1) % 3].clone();
                    values[agent as usize].merge(&other);
                    continue;
                }
                match &mut values[agent as usize] {
                    Value::GCounter(counter) => counter.increment(agent, u64::from(*amount)),
                    Value::PnCounter(counter) => counter.add(agent, i64::from(*amount) - 100),
                    Value::OrSet(set) if what % 2 == 0 => set.add(agent, thing),
                    Value::OrSet(set) => set.remove(thing),
                    Value::Lww(map) => {
                        let value = (what % 3 != 0).then_some(u64::from(*amount));
                        map.write(
                            thing,
                            HybridTime { physical: i64::from(*amount % 8), logical: step as u64 % 3 },
                            agent,
                            value,
                        );
                    }
                }
            }
        }
        all
    }

    fn merged(one: &Value, other: &Value) -> Value {
        let mut value = one.clone();
        value.merge(other);
        value
    }

    /// The same set of tags; how many an agent has added is known to its own replica first.
    fn equal(one: &Value, other: &Value) -> bool {
        one.entries() == other.entries()
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn merges_are_commutative_associative_and_idempotent(
            writes in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>()), 0..60),
        ) {
            for [a, b, c] in replicas(&writes) {
                prop_assert!(equal(&merged(&a, &b), &merged(&b, &a)));
                prop_assert!(equal(&merged(&merged(&a, &b), &c), &merged(&a, &merged(&b, &c))));
                prop_assert!(equal(&merged(&a, &a), &a));
                prop_assert!(equal(&merged(&merged(&a, &b), &b), &merged(&a, &b)));
            }
        }

        #[test]
        fn joining_the_entries_is_merging(
            writes in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>()), 0..60),
        ) {
            for [a, b, _] in replicas(&writes) {
                let mut joined = a.clone();
                for entry in b.entries().iter().rev() {
                    joined.join(entry);
                    joined.join(entry);
                    prop_assert!(joined.counterpart(entry).is_some());
                }
                prop_assert!(equal(&joined, &merged(&a, &b)));
            }
        }
    }

    #[test]
    fn counters_sets_and_registers_mean_what_they_say() {
        let (mut one, mut other) = (PnCounter::default(), PnCounter::default());
        one.add(1, 5);
        other.add(2, -3);
        one.merge(&other);
        assert_eq!(one.value(), 2);
        one.add(3, 0);
        other.merge(&one);
        assert_eq!(one, other, "who has counted nothing is not in the counter");
        let (mut one, mut other) = (OrSet::default(), OrSet::default());
        one.add(1, 7);
        other.merge(&one);
        other.remove(7);
        one.add(1, 7);
        other.merge(&one);
        one.merge(&other);
        assert!(one.contains(7) && other.contains(7), "an adding that the remover didn't know of wins");
        one.remove(7);
        assert!(one.things().is_empty());
        let mut map = LwwMap::default();
        let time = |physical| HybridTime { physical, logical: 0 };
        map.write(0, time(5), 1, Some(10));
        map.write(0, time(4), 9, Some(11));
        assert_eq!(map.get(0), Some(10));
        map.write(0, time(5), 2, None);
        assert_eq!(map.get(0), None, "of two at the same time the higher id wins");
    }
}
