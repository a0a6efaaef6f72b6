//! What a swarm believes, intends and has agreed on, replicated among its members.
//!
//! Each member has a [`HiveMind`] of its own and writes to it without asking anybody. Two that meet merge theirs: of each thing the
//! later write stays, by hybrid logical clocks (a last-writer-wins map; Shapiro, Preguiça, Baquero & Zawirski 2011). Merging is
//! commutative, associative and idempotent, so members that know of the same writes know the same, in whatever order these came;
//! a partition lets them diverge, and they re-join when it heals.

use std::collections::BTreeMap;

use agent2028_core::causality::HybridTime;
use serde::{Deserialize, Serialize};

use crate::protocol::ballot::OptionId;
use crate::protocol::pool::{Elector, Outcome, Pool};
use crate::protocol::quorum::Share;

/// What a hive mind knows something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Thing {
    /// A subject that members have beliefs about, by a number.
    Belief(u32),
    /// Whether an agent means to reach a goal, by a number.
    Intention(Elector, u32),
    /// A topic that was voted on, by its number.
    Agreement(u32),
}

/// What it knows about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Content {
    /// A belief.
    Belief {
        /// What is believed, by a number.
        value: i64,
        /// How sure, in parts per million.
        confidence_ppm: u32,
    },
    /// The agent means to.
    Intended,
    /// A pool decided it.
    Agreed {
        /// The option that won.
        option: OptionId,
        /// How sure, in parts per million.
        confidence_ppm: u32,
        /// The pool's number.
        pool: u64,
        /// Which of the votes on it.
        round: u32,
    },
}

/// When something was written, and by whom: no two writes have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// When, by the writer's hybrid logical clock.
    pub time: HybridTime,
    /// Who.
    pub writer: Elector,
}

/// A write, and in which generation of this member it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    stamp: Stamp,
    /// Nothing if it was taken back.
    content: Option<Content>,
    generation: u64,
}

/// What a member of a swarm knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiveMind {
    generation: u64,
    entries: BTreeMap<Thing, Entry>,
}

impl HiveMind {
    /// How often it has changed: each change raises it by one.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether anything has changed since a generation.
    #[must_use]
    pub fn has_changed_since(&self, generation: u64) -> bool {
        self.generation > generation
    }

    /// What has changed since a generation, in order.
    pub fn changed_since(&self, generation: u64) -> impl Iterator<Item = (Thing, Option<Content>)> + '_ {
        let entries = self.entries.iter().filter(move |(_, entry)| entry.generation > generation);
        entries.map(|(thing, entry)| (*thing, entry.content))
    }

    /// What it knows about a thing.
    #[must_use]
    pub fn get(&self, thing: Thing) -> Option<Content> {
        self.entries.get(&thing)?.content
    }

    /// All that it knows, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Thing, Content)> + '_ {
        self.entries.iter().filter_map(|(thing, entry)| Some((*thing, entry.content?)))
    }

    /// Writes something, or takes it back. False if something later is known.
    pub fn write(&mut self, thing: Thing, content: Option<Content>, stamp: Stamp) -> bool {
        // Writers that give the same stamp twice break the rule; the greater content then wins everywhere.
        let is_news = self.entries.get(&thing).is_none_or(|known| (known.stamp, known.content) < (stamp, content));
        if is_news {
            self.generation += 1;
            self.entries.insert(thing, Entry { stamp, content, generation: self.generation });
        }
        is_news
    }

    /// Believes something.
    pub fn believe(&mut self, subject: u32, value: i64, confidence: Share, stamp: Stamp) -> bool {
        let content = Content::Belief { value, confidence_ppm: confidence.as_ppm() };
        self.write(Thing::Belief(subject), Some(content), stamp)
    }

    /// The writer of the stamp means to reach a goal, or no longer does.
    pub fn intend(&mut self, goal: u32, does: bool, stamp: Stamp) -> bool {
        self.write(Thing::Intention(stamp.writer, goal), does.then_some(Content::Intended), stamp)
    }

    /// Takes over what a pool decided that has closed; nothing if it decided nothing.
    pub fn agree(&mut self, pool: &Pool, stamp: Stamp) -> bool {
        let Outcome::Decided { option, confidence } = pool.outcome() else { return false };
        let confidence_ppm = confidence.as_ppm();
        let content = Content::Agreed { option, confidence_ppm, pool: pool.id(), round: pool.round() };
        self.write(Thing::Agreement(pool.terms().topic), Some(content), stamp)
    }

    /// Learns all that another member knows. How much of it was news.
    pub fn merge(&mut self, other: &Self) -> u64 {
        let before = self.generation;
        for (thing, entry) in &other.entries {
            self.write(*thing, entry.content, entry.stamp);
        }
        self.generation - before
    }

    /// Whether both know the same, whenever they learnt of it.
    #[must_use]
    pub fn knows_the_same_as(&self, other: &Self) -> bool {
        let of =
            |mind: &Self| -> Vec<_> { mind.entries.iter().map(|(thing, e)| (*thing, e.stamp, e.content)).collect() };
        self.entries.len() == other.entries.len() && of(self) == of(other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::ballot::{Choice, Method};
    use crate::protocol::pool::{Ballot, Terms};
    use crate::protocol::quorum::Rule;

    fn stamp(physical: i64, writer: Elector) -> Stamp {
        Stamp { time: HybridTime::at(physical), writer }
    }

    #[test]
    fn each_change_raises_the_generation_by_one_and_readers_ask_what_changed() {
        let mut mind = HiveMind::default();
        assert!(mind.believe(1, 10, Share::of(0.5), stamp(1, 0)));
        assert!(mind.intend(4, true, stamp(2, 0)));
        assert_eq!(mind.generation(), 2);
        let read = mind.generation();
        assert!(!mind.has_changed_since(read));
        assert!(mind.believe(1, 11, Share::of(0.9), stamp(3, 1)));
        assert!(!mind.believe(1, 12, Share::ALL, stamp(2, 5)), "it is known better");
        assert_eq!(mind.generation(), 3);
        let belief = Content::Belief { value: 11, confidence_ppm: 900_000 };
        assert_eq!(mind.changed_since(read).collect::<Vec<_>>(), [(Thing::Belief(1), Some(belief))]);
        assert!(mind.intend(4, false, stamp(9, 0)));
        assert_eq!((mind.get(Thing::Intention(0, 4)), mind.generation()), (None, 4));
        assert_eq!(mind.iter().count(), 1);
    }

    #[test]
    fn what_a_pool_decided_is_agreed_and_a_tie_is_not() {
        let terms = Terms {
            topic: 3,
            options: 2,
            method: Method::Single,
            rule: Rule::SimpleMajority,
            participation: Share::NONE,
            opens: 0,
            closes: 9,
        };
        let mut pool = Pool::open(5, terms, vec![(0, 1), (1, 1)]).unwrap();
        let mut mind = HiveMind::default();
        let vote = |voter| Ballot { pool: 5, round: 0, voter, choice: Choice::Option(1) };
        pool.cast(&vote(0), 1).unwrap();
        assert!(!mind.agree(&pool, stamp(10, 0)));
        pool.cast(&vote(1), 1).unwrap();
        assert!(mind.agree(&pool, stamp(10, 0)));
        let agreed = Content::Agreed { option: 1, confidence_ppm: 1_000_000, pool: 5, round: 0 };
        assert_eq!(mind.get(Thing::Agreement(3)), Some(agreed));
    }

    /// Writes by members: no two of a member at the same time.
    fn writes() -> impl Strategy<Value = Vec<(u32, bool, u32, i64)>> {
        proptest::collection::vec((0_u32..3, any::<bool>(), 0_u32..3, 0_i64..5), 0..30)
    }

    fn minds(writes: &[(u32, bool, u32, i64)]) -> [HiveMind; 3] {
        let mut minds = [HiveMind::default(), HiveMind::default(), HiveMind::default()];
        for (at, (member, is_belief, about, value)) in writes.iter().enumerate() {
            // Clocks that aren't in step: a later write may have an earlier time.
            let stamp = Stamp { time: HybridTime { physical: *value, logical: at as u64 }, writer: *member };
            let mind = &mut minds[*member as usize];
            let _ = if *is_belief {
                mind.believe(*about, *value, Share::ALL, stamp)
            } else {
                mind.intend(*about, *value % 2 == 0, stamp)
            };
        }
        minds
    }

    fn merged(one: &HiveMind, other: &HiveMind) -> HiveMind {
        let mut merged = one.clone();
        merged.merge(other);
        merged
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn merging_is_commutative_associative_and_idempotent(writes in writes()) {
            let [a, b, c] = minds(&writes);
            prop_assert!(merged(&a, &b).knows_the_same_as(&merged(&b, &a)));
            prop_assert!(merged(&merged(&a, &b), &c).knows_the_same_as(&merged(&a, &merged(&b, &c))));
            let mut again = merged(&a, &b);
            let generation = again.generation();
            prop_assert_eq!(again.merge(&b) + again.merge(&a), 0);
            prop_assert_eq!(again.generation(), generation);
        }

        /// Members that a partition kept apart know the same after it, whoever meets whom first.
        #[test]
        fn members_diverge_under_a_partition_and_join_after(writes in writes(), meetings in proptest::collection::vec((0_usize..3, 0_usize..3), 0..10)) {
            let mut minds = minds(&writes);
            let all = merged(&merged(&minds[0], &minds[1]), &minds[2]);
            let mut meet = |one: usize, other: usize| {
                let theirs = minds[other].clone();
                minds[one].merge(&theirs);
                let mine = minds[one].clone();
                minds[other].merge(&mine);
                minds.clone()
            };
            for (one, other) in meetings.into_iter().chain([(0, 1), (1, 2), (0, 2)]) {
                meet(one, other);
            }
            for mind in meet(0, 1) {
                prop_assert!(mind.knows_the_same_as(&all));
            }
        }
    }
}
