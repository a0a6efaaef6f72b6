//! Statistics of the event bus: how many events there were, and who listens.

use std::collections::BTreeMap;

use super::EventFilter;

/// Somebody who listens within the tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberStatistics {
    /// The name by which it reads.
    pub name: &'static str,
    /// What it wants to hear of.
    pub filter: EventFilter,
    /// How many events, of any kind, were told since it read last.
    pub unread: u64,
    /// How many events, of any kind, it has lost since it read last.
    pub missed: u64,
}

/// What a bus tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventStatistics {
    /// How many events there were.
    pub published: u64,
    /// How many there were of each kind, kinds in alphabetical order.
    pub by_kind: BTreeMap<&'static str, u64>,
    /// How many of them are in the history.
    pub kept: u64,
    /// How many have left the history.
    pub dropped: u64,
    /// Who listens within the tick, in the order of subscription.
    pub subscribers: Vec<SubscriberStatistics>,
    /// How many listen from outside.
    pub streams: usize,
    /// How many events wait for a response.
    pub waiting: usize,
    /// How many got no response in time.
    pub unanswered: u64,
    /// How often an event handler failed or panicked.
    pub handler_failures: u64,
}

impl EventStatistics {
    /// How many listen, within the tick and from outside.
    #[must_use]
    pub fn active_subscribers(&self) -> usize {
        self.subscribers.len() + self.streams
    }
}
