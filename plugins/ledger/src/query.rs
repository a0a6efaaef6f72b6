//! Asking a ledger.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::entry::{Entry, EntryKind, Outcome};

/// Which entries somebody wants to see. All that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Those of this agent.
    pub who: Option<u32>,
    /// Those of this operation.
    pub operation: Option<String>,
    /// Those that took this capability.
    pub capability: Option<String>,
    /// Those of this kind.
    pub kind: Option<EntryKind>,
    /// Those that turned out so.
    pub outcome: Option<Outcome>,
    /// Those of this tick or later.
    pub from_tick: Option<u64>,
    /// Those of this tick or earlier.
    pub to_tick: Option<u64>,
    /// Those of this simulated Unix time (in milliseconds) or later.
    pub from_unix_ms: Option<i64>,
    /// Those of this simulated Unix time (in milliseconds) or earlier.
    pub to_unix_ms: Option<i64>,
}

impl Query {
    /// Whether somebody wants to see an entry.
    #[must_use]
    pub fn admits(&self, entry: &Entry) -> bool {
        let at_least = self.from_tick.is_none_or(|tick| entry.tick >= tick)
            && self.from_unix_ms.is_none_or(|time| entry.unix_ms >= time);
        let at_most = self.to_tick.is_none_or(|tick| entry.tick <= tick)
            && self.to_unix_ms.is_none_or(|time| entry.unix_ms <= time);
        at_least
            && at_most
            && self.who.is_none_or(|who| entry.who == Some(who))
            && self.operation.as_ref().is_none_or(|operation| entry.operation == *operation)
            && self.capability.as_ref().is_none_or(|capability| entry.capability == *capability)
            && self.kind.is_none_or(|kind| entry.kind == kind)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
    }
}

/// What a ledger holds, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many entries.
    pub entries: u64,
    /// The first tick and the last one.
    pub ticks: Option<(u64, u64)>,
    /// Entries of each kind.
    pub kinds: BTreeMap<EntryKind, u64>,
    /// Entries of each operation.
    pub operations: BTreeMap<String, u64>,
    /// Entries of each outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// How many agents there are entries of.
    pub agents: usize,
    /// Entries of each agent.
    #[serde(skip)]
    pub by_agent: BTreeMap<u32, u64>,
}

impl Summary {
    /// Counts an entry.
    pub fn add(&mut self, entry: &Entry) {
        self.entries += 1;
        let (first, last) = self.ticks.unwrap_or((entry.tick, entry.tick));
        self.ticks = Some((first.min(entry.tick), last.max(entry.tick)));
        *self.kinds.entry(entry.kind).or_default() += 1;
        *self.outcomes.entry(entry.outcome).or_default() += 1;
        match self.operations.get_mut(&entry.operation) {
            Some(count) => *count += 1,
            None => drop(self.operations.insert(entry.operation.clone(), 1)),
        }
        if let Some(who) = entry.who {
            *self.by_agent.entry(who).or_default() += 1;
            self.agents = self.by_agent.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_agent_operation_and_time() {
        let entry = |tick: u64, who: Option<u32>, operation: &str| {
            let mut entry = Entry::new(EntryKind::Event, tick, tick as i64 * 10, operation);
            entry.who = who;
            entry
        };
        let entries =
            [entry(1, Some(3), "Kill"), entry(2, None, "Kill"), entry(3, Some(3), "Vote"), entry(4, Some(4), "Vote")];
        let ticks = |query: &Query| -> Vec<u64> {
            entries.iter().filter(|entry| query.admits(entry)).map(|entry| entry.tick).collect()
        };
        assert_eq!(ticks(&Query::default()), [1, 2, 3, 4]);
        assert_eq!(ticks(&Query { who: Some(3), ..Query::default() }), [1, 3]);
        assert_eq!(ticks(&Query { operation: Some("Kill".into()), ..Query::default() }), [1, 2]);
        assert_eq!(ticks(&Query { from_tick: Some(2), to_tick: Some(3), ..Query::default() }), [2, 3]);
        assert_eq!(ticks(&Query { from_unix_ms: Some(21), to_unix_ms: Some(30), ..Query::default() }), [3]);
        assert_eq!(ticks(&Query { kind: Some(EntryKind::Seed), ..Query::default() }), [0; 0]);
        let mut summary = Summary::default();
        entries.iter().for_each(|entry| summary.add(entry));
        assert_eq!((summary.entries, summary.ticks, summary.agents), (4, Some((1, 4)), 2));
        assert_eq!(summary.operations, BTreeMap::from([("Kill".into(), 2), ("Vote".into(), 2)]));
    }
}
