//! Vector clocks: which of two events could know of the other.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::agent::AgentId;

/// What is known of how many events of each agent (Fidge 1988; Mattern 1989).
///
/// An event happened before another exactly if its clock is less: `a < b`. [`PartialOrd::partial_cmp`] gives `None` for
/// events that are concurrent. Agents that nothing is known of take no memory, so a clock costs 16 bytes per agent heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<(u32, u64)>", into = "Vec<(u32, u64)>")]
pub struct VectorClock {
    /// By agent, ascending, without zeros.
    known: Vec<(AgentId, u64)>,
}

impl VectorClock {
    /// How many events of an agent are known.
    #[must_use]
    pub fn get(&self, agent: AgentId) -> u64 {
        self.known.binary_search_by_key(&agent, |(agent, _)| *agent).map_or(0, |at| self.known[at].1)
    }

    /// The agents that something is known of, ascending, with how many of their events.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (AgentId, u64)> {
        self.known.iter().copied()
    }

    /// How many agents something is known of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known of anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Counts a local event of `agent`, whose clock this is, or a message that it sends.
    pub fn stamp(&mut self, agent: AgentId) {
        match self.known.binary_search_by_key(&agent, |(agent, _)| *agent) {
            Ok(at) => self.known[at].1 = self.known[at].1.saturating_add(1),
            Err(at) => self.known.insert(at, (agent, 1)),
        }
    }

    /// Counts the receipt by `agent`, whose clock this is, of a message that carries `message`.
    pub fn receive(&mut self, agent: AgentId, message: &Self) {
        self.merge(message);
        self.stamp(agent);
    }

    /// Learns all that `other` knows: the larger count of each agent. Commutative, associative and idempotent.
    pub fn merge(&mut self, other: &Self) {
        let mut at = 0;
        for &(agent, count) in &other.known {
            at += self.known[at..].partition_point(|(known, _)| *known < agent);
            match self.known.get_mut(at) {
                Some((known, own)) if *known == agent => *own = (*own).max(count),
                _ => self.known.insert(at, (agent, count)),
            }
        }
    }

    /// Whether the event with this clock happened before the one with the other.
    #[must_use]
    pub fn happened_before(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Less)
    }

    /// Whether neither of the two events could know of the other.
    #[must_use]
    pub fn is_concurrent_with(&self, other: &Self) -> bool {
        self.partial_cmp(other).is_none()
    }

    /// Whether each count of this clock is at most the other's.
    fn is_at_most(&self, other: &Self) -> bool {
        let mut rest = other.known.as_slice();
        self.known.iter().all(|(agent, count)| {
            rest = &rest[rest.partition_point(|(other, _)| other < agent)..];
            rest.first().is_some_and(|(other, most)| other == agent && count <= most)
        })
    }
}

impl PartialOrd for VectorClock {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.is_at_most(other), other.is_at_most(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

/// Of several counts of an agent the largest holds.
impl FromIterator<(AgentId, u64)> for VectorClock {
    fn from_iter<I: IntoIterator<Item = (AgentId, u64)>>(counts: I) -> Self {
        let mut known: Vec<(AgentId, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        known.sort_unstable_by_key(|(agent, count)| (*agent, std::cmp::Reverse(*count)));
        known.dedup_by_key(|(agent, _)| *agent);
        Self { known }
    }
}

impl From<Vec<(u32, u64)>> for VectorClock {
    fn from(counts: Vec<(u32, u64)>) -> Self {
        counts.into_iter().map(|(agent, count)| (AgentId(agent), count)).collect()
    }
}

impl From<VectorClock> for Vec<(u32, u64)> {
    fn from(clock: VectorClock) -> Self {
        clock.known.into_iter().map(|(agent, count)| (agent.0, count)).collect()
    }
}

/// `{1: 4, 7: 2}`: agents with the number of their known events.
impl fmt::Display for VectorClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (agent, count)) in self.iter().enumerate() {
            write!(f, "{}{}: {count}", if at == 0 { "" } else { ", " }, agent.0)?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clock(counts: &[(u32, u64)]) -> VectorClock {
        counts.to_vec().into()
    }

    #[test]
    fn what_is_known_of_is_ordered_and_what_is_not_is_concurrent() {
        let first = clock(&[(1, 1)]);
        let mut second = VectorClock::default();
        second.receive(AgentId(2), &first);
        let elsewhere = clock(&[(3, 1)]);
        assert!(first.happened_before(&second) && !second.happened_before(&first));
        assert!(second.is_concurrent_with(&elsewhere));
        assert_eq!(second.to_string(), "{1: 1, 2: 1}");
        assert_eq!((second.get(AgentId(2)), second.get(AgentId(9)), second.len()), (1, 0, 2));
    }

    #[test]
    fn zeros_and_doublets_from_outside_leave_one_form() {
        assert_eq!(clock(&[(4, 0), (2, 1), (2, 7), (1, 3)]), clock(&[(1, 3), (2, 7)]));
        let bytes = postcard::to_stdvec(&vec![(5_u32, 0_u64), (5, 2)]).unwrap();
        assert_eq!(postcard::from_bytes::<VectorClock>(&bytes).unwrap(), clock(&[(5, 2)]));
    }

    fn clocks() -> impl Strategy<Value = VectorClock> {
        prop::collection::vec((0_u32..6, 0_u64..4), 0..6).prop_map(Into::into)
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn merging_is_the_least_upper_bound(a in clocks(), b in clocks(), c in clocks()) {
            let merged = |a: &VectorClock, b: &VectorClock| { let mut out = a.clone(); out.merge(b); out };
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(merged(&a, &a), a.clone());
            let both = merged(&a, &b);
            prop_assert!(a <= both && b <= both);
            for agent in (0..6).map(AgentId) {
                prop_assert_eq!(both.get(agent), a.get(agent).max(b.get(agent)));
            }
        }

        #[test]
        fn the_order_is_that_of_all_counts(a in clocks(), b in clocks()) {
            let at_most = |a: &VectorClock, b: &VectorClock| (0..6).map(AgentId).all(|agent| a.get(agent) <= b.get(agent));
            prop_assert_eq!(a <= b, at_most(&a, &b));
            prop_assert_eq!(a < b, at_most(&a, &b) && a != b);
        }
    }
}
