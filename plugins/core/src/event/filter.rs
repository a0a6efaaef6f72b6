//! Which events somebody wants to hear of.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Event, EventKind};
use crate::agent::AgentId;

/// Whose events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sources {
    /// Those of agents and those of nobody.
    #[default]
    Any,
    /// Those that are of no agent.
    Nobody,
    /// Those of any agent.
    Anybody,
    /// Those of these agents.
    Agents(BTreeSet<AgentId>),
}

impl Sources {
    /// Whether events of this source pass.
    #[must_use]
    pub fn admit(&self, source: Option<AgentId>) -> bool {
        match self {
            Self::Any => true,
            Self::Nobody => source.is_none(),
            Self::Anybody => source.is_some(),
            Self::Agents(agents) => source.is_some_and(|agent| agents.contains(&agent)),
        }
    }
}

/// Which events somebody wants to hear of: by kind, priority and source. All three must fit.
///
/// ```
/// use agent2028_core::agent::AgentId;
/// use agent2028_core::event::{EventFilter, EventKind};
///
/// let filter = EventFilter::kinds([EventKind::AGENT_FAILED, EventKind::AGENT_RECOVERED]).at_least(7).of([AgentId(3)]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFilter {
    kinds: Option<BTreeSet<Cow<'static, str>>>,
    least_priority: u8,
    sources: Sources,
}

impl EventFilter {
    /// All events.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The events of these kinds.
    #[must_use]
    pub fn kinds(kinds: impl IntoIterator<Item = EventKind>) -> Self {
        let kinds = kinds.into_iter().map(|kind| Cow::Borrowed(kind.name)).collect();
        Self { kinds: Some(kinds), ..Self::default() }
    }

    /// The events of the kinds with these names: for names that come from outside.
    #[must_use]
    pub fn named<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let kinds = names.into_iter().map(|name| Cow::Owned(name.into())).collect();
        Self { kinds: Some(kinds), ..Self::default() }
    }

    /// Of these only those with at least this priority, 1–10.
    #[must_use]
    pub fn at_least(mut self, priority: u8) -> Self {
        self.least_priority = priority;
        self
    }

    /// Of these only those of some agents.
    #[must_use]
    pub fn of(mut self, agents: impl IntoIterator<Item = AgentId>) -> Self {
        self.sources = Sources::Agents(agents.into_iter().collect());
        self
    }

    /// Of these only those from these sources.
    #[must_use]
    pub fn from_sources(mut self, sources: Sources) -> Self {
        self.sources = sources;
        self
    }

    /// The least priority that passes; 0 and 1 let all pass.
    #[must_use]
    pub fn least_priority(&self) -> u8 {
        self.least_priority
    }

    /// The names of the kinds that pass; nothing if all do.
    pub fn kind_names(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.kinds.as_ref().map(|kinds| kinds.iter().map(|name| &**name))
    }

    /// Whose events pass.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Whether events of a kind with this name can pass.
    #[must_use]
    pub fn admits_kind(&self, name: &str) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(name))
    }

    /// Whether an event passes.
    #[must_use]
    pub fn admits(&self, event: &Event) -> bool {
        event.priority >= self.least_priority && self.sources.admit(event.source) && self.admits_kind(event.kind.name)
    }

    /// Everything that passes this or the other, and perhaps more.
    #[must_use]
    pub(super) fn joined(&self, other: &Self) -> Self {
        let kinds = match (&self.kinds, &other.kinds) {
            (Some(own), Some(other)) => Some(own.union(other).cloned().collect()),
            _ => None,
        };
        let sources = if self.sources == other.sources { self.sources.clone() } else { Sources::Any };
        Self { kinds, least_priority: self.least_priority.min(other.least_priority), sources }
    }
}
