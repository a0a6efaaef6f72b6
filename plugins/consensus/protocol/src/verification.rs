//! What decisions turned out to be worth: each kind of decision has a record of how often it was right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How often decisions of a kind were right and wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// So many were right.
    pub right: u64,
    /// So many were wrong.
    pub wrong: u64,
}

impl Outcomes {
    /// The share that is expected to be right, from a uniform prior (Laplace): (right + 1)/(right + wrong + 2).
    #[must_use]
    pub fn reliability(&self) -> f64 {
        (self.right as f64 + 1.0) / (self.right as f64 + self.wrong as f64 + 2.0)
    }

    /// How many were looked at.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.right.saturating_add(self.wrong)
    }
}

/// The records of all kinds of decisions. A kind is a number of the caller's, such as a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackRecord(BTreeMap<u32, Outcomes>);

impl TrackRecord {
    /// Learns whether a decision of a kind was right.
    pub fn learn(&mut self, kind: u32, is_right: bool) {
        let outcomes = self.0.entry(kind).or_default();
        let count = if is_right { &mut outcomes.right } else { &mut outcomes.wrong };
        *count = count.saturating_add(1);
    }

    /// The record of a kind.
    #[must_use]
    pub fn of(&self, kind: u32) -> Outcomes {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// The kinds whose decisions, of which at least `after` were looked at, are expected to be right less often than `least`.
    pub fn unreliable(&self, least: f64, after: u64) -> impl Iterator<Item = (u32, Outcomes)> {
        let each = self.0.iter().map(|(kind, outcomes)| (*kind, *outcomes));
        each.filter(move |(_, outcomes)| outcomes.number() >= after && outcomes.reliability() < least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_decisions_that_prove_wrong_become_known() {
        let mut record = TrackRecord::default();
        for decision in 0..10 {
            record.learn(1, decision < 9);
            record.learn(2, decision < 3);
        }
        record.learn(3, false);
        // (9 + 1)/(10 + 2), (3 + 1)/(10 + 2)
        assert!((record.of(1).reliability() - 10.0 / 12.0).abs() < 1e-12);
        assert_eq!(record.unreliable(0.5, 5).collect::<Vec<_>>(), [(2, Outcomes { right: 3, wrong: 7 })]);
        assert_eq!(record.of(9), Outcomes::default());
        assert_eq!(record.of(9).reliability(), 0.5);
    }
}
