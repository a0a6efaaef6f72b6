//! What is wrong with the network: partitions, worse links, clocks that are off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bits::BitSet;

/// A cut between some agents and all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Its number in the run, from 0.
    pub number: u32,
    /// Those on one side.
    pub inside: BitSet,
    /// The tick in which it began.
    pub since: u64,
    /// The tick in which it heals by itself; `u64::MAX` for never.
    pub until: u64,
}

/// How links are worse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Impairment {
    /// Messages are lost with a chance of 0–1 beyond the usual.
    Loss(f32),
    /// Messages take longer, in milliseconds.
    Latency(f32),
    /// Messages arrive twice with a chance of 0–1.
    Duplicate(f32),
    /// Messages are held up with a chance of 0–1.
    Reorder(f32),
}

/// Worse links of some agents: those with an end among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkFault {
    /// How they are worse.
    pub what: Impairment,
    /// Whose links.
    pub whose: BitSet,
    /// The tick in which it is over; `u64::MAX` for never.
    pub until: u64,
}

/// How a link is worse than usual.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worse {
    /// The chance that all goes well with all losses.
    pub passes: f32,
    /// Added latency in milliseconds.
    pub latency_ms: f32,
    /// The chance of a copy beyond the usual.
    pub duplicate: f32,
    /// The chance of being held up beyond the usual.
    pub reorder: f32,
}

/// All that is wrong with the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkFaults {
    /// Cuts.
    pub partitions: Vec<Cut>,
    /// Worse links.
    pub links: Vec<LinkFault>,
    /// Clocks that are off: by how many milliseconds, and until when.
    pub skews: BTreeMap<u32, (i64, u64)>,
    /// The number that the next partition gets.
    pub next_partition: u32,
}

impl NetworkFaults {
    /// Whether a partition lies between two agents.
    #[inline]
    #[must_use]
    pub fn cut(&self, one: u32, other: u32) -> bool {
        self.partitions.iter().any(|cut| cut.inside.contains(one) != cut.inside.contains(other))
    }

    /// How the link between two agents is worse than usual.
    #[inline]
    #[must_use]
    pub fn worse(&self, one: u32, other: u32) -> Worse {
        let mut worse = Worse { passes: 1.0, ..Worse::default() };
        for fault in &self.links {
            if fault.whose.contains(one) || fault.whose.contains(other) {
                match fault.what {
                    Impairment::Loss(chance) => worse.passes *= 1.0 - chance,
                    Impairment::Latency(ms) => worse.latency_ms += ms,
                    Impairment::Duplicate(chance) => worse.duplicate += chance,
                    Impairment::Reorder(chance) => worse.reorder += chance,
                }
            }
        }
        worse
    }

    /// By how many milliseconds an agent's clock is ahead.
    #[inline]
    #[must_use]
    pub fn skew_ms(&self, agent: u32) -> i64 {
        if self.skews.is_empty() { 0 } else { self.skews.get(&agent).map_or(0, |(skew, _)| *skew) }
    }

    /// Ends what is over by tick `now`; the numbers of the partitions that have healed.
    pub fn expire(&mut self, now: u64) -> Vec<u32> {
        let healed = self.partitions.iter().filter(|cut| cut.until <= now).map(|cut| cut.number).collect();
        self.partitions.retain(|cut| cut.until > now);
        self.links.retain(|fault| fault.until > now);
        self.skews.retain(|_, (_, until)| *until > now);
        healed
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let sets = self.partitions.iter().map(|cut| cut.inside.bytes());
        sets.chain(self.links.iter().map(|fault| fault.whose.bytes())).sum::<usize>() + self.skews.len() * 40
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_cut_between_their_sides_and_end() {
        let cut =
            |number, inside: &[u32], until| Cut { number, inside: BitSet::of(inside.iter().copied()), since: 0, until };
        let mut faults =
            NetworkFaults { partitions: vec![cut(0, &[1, 2], 10), cut(1, &[2, 3], u64::MAX)], ..Default::default() };
        assert!(faults.cut(1, 2) && faults.cut(1, 4) && faults.cut(3, 4) && faults.cut(1, 3) && !faults.cut(4, 5));
        assert_eq!(faults.expire(9), []);
        assert_eq!(faults.expire(10), [0]);
        assert!(!faults.cut(1, 4) && faults.cut(2, 4) && !faults.cut(2, 3));
    }

    #[test]
    fn faults_of_links_add_up() {
        let fault = |what, whose: &[u32]| LinkFault { what, whose: BitSet::of(whose.iter().copied()), until: 5 };
        let links = vec![
            fault(Impairment::Loss(0.5), &[1]),
            fault(Impairment::Loss(0.5), &[2]),
            fault(Impairment::Latency(30.0), &[2]),
        ];
        let mut faults = NetworkFaults { links, ..Default::default() };
        assert_eq!(faults.worse(1, 2), Worse { passes: 0.25, latency_ms: 30.0, ..Default::default() });
        assert_eq!(faults.worse(3, 4).passes, 1.0);
        faults.expire(5);
        assert_eq!(faults.worse(1, 2).passes, 1.0);
    }
}
