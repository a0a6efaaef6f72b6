//! Kinds of events.

use std::collections::BTreeSet;

use bevy::prelude::*;

/// What kind of thing happened. Plugins add their own as constants; the name is what readers filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind {
    /// The kind's name in CamelCase, such as `AgentFailed`.
    pub name: &'static str,
    /// Its usual priority, 1–10 (10 highest); an event may differ from it.
    pub priority: u8,
}

impl EventKind {
    /// Agents joined a running simulation.
    pub const AGENT_STARTED: Self = Self::new("AgentStarted", 4);
    /// An agent failed.
    pub const AGENT_FAILED: Self = Self::new("AgentFailed", 8);
    /// An agent that was not in order is again.
    pub const AGENT_RECOVERED: Self = Self::new("AgentRecovered", 6);
    /// An agent stands still.
    pub const AGENT_FROZEN: Self = Self::new("AgentFrozen", 7);
    /// An agent's health changed.
    pub const AGENT_DEGRADED: Self = Self::new("AgentDegraded", 6);
    /// An agent left for good.
    pub const AGENT_REMOVED: Self = Self::new("AgentRemoved", 5);
    /// An agent's values were not finite; it was taken out of action.
    pub const AGENT_QUARANTINED: Self = Self::new("AgentQuarantined", 10);
    /// Agents must agree on something; usually a response is required.
    pub const CONSENSUS_REQUIRED: Self = Self::new("ConsensusRequired", 8);
    /// A vote was counted.
    pub const VOTING_COMPLETED: Self = Self::new("VotingCompleted", 6);
    /// Agents formed a swarm.
    pub const SWARM_FORMED: Self = Self::new("SwarmFormed", 5);
    /// A swarm is no more.
    pub const SWARM_DISBANDED: Self = Self::new("SwarmDisbanded", 5);
    /// A swarm decided something.
    pub const SWARM_DECISION: Self = Self::new("SwarmDecision", 6);
    /// Something that agents need is used up.
    pub const RESOURCE_EXHAUSTED: Self = Self::new("ResourceExhausted", 7);
    /// Something that agents need is there, or there again.
    pub const RESOURCE_AVAILABLE: Self = Self::new("ResourceAvailable", 5);
    /// Work is being taken from somebody who can't do it.
    pub const FAILOVER_INITIATED: Self = Self::new("FailoverInitiated", 8);
    /// Work that was taken from somebody is done by another.
    pub const FAILOVER_COMPLETED: Self = Self::new("FailoverCompleted", 6);
    /// Something from outside changed the simulation.
    pub const INTERVENTION_APPLIED: Self = Self::new("InterventionApplied", 5);
    /// Something from outside could not be applied.
    pub const INTERVENTION_FAILED: Self = Self::new("InterventionFailed", 9);
    /// An event that required a response got one.
    pub const RESPONSE_GIVEN: Self = Self::new("ResponseGiven", 5);
    /// An event that required a response got none in time.
    pub const RESPONSE_MISSING: Self = Self::new("ResponseMissing", 8);
    /// An event handler failed or panicked.
    pub const HANDLER_FAILED: Self = Self::new("HandlerFailed", 9);
    /// Event handlers called each other forth for so long that the rest of the tick's events was left unhandled.
    pub const HANDLERS_STOPPED: Self = Self::new("HandlersStopped", 9);

    /// Something would have grown beyond its bound and was held back.
    pub const LIMIT_REACHED: Self = Self::new("LimitReached", 7);

    /// The kinds that need no plugin.
    const CORE: &'static [Self] = &[
        Self::AGENT_STARTED,
        Self::AGENT_FAILED,
        Self::AGENT_RECOVERED,
        Self::AGENT_FROZEN,
        Self::AGENT_DEGRADED,
        Self::AGENT_REMOVED,
        Self::AGENT_QUARANTINED,
        Self::CONSENSUS_REQUIRED,
        Self::VOTING_COMPLETED,
        Self::SWARM_FORMED,
        Self::SWARM_DISBANDED,
        Self::SWARM_DECISION,
        Self::RESOURCE_EXHAUSTED,
        Self::RESOURCE_AVAILABLE,
        Self::FAILOVER_INITIATED,
        Self::FAILOVER_COMPLETED,
        Self::INTERVENTION_APPLIED,
        Self::INTERVENTION_FAILED,
        Self::RESPONSE_GIVEN,
        Self::RESPONSE_MISSING,
        Self::HANDLER_FAILED,
        Self::HANDLERS_STOPPED,
        Self::LIMIT_REACHED,
    ];

    /// A kind of event.
    #[must_use]
    pub const fn new(name: &'static str, priority: u8) -> Self {
        Self { name, priority }
    }
}

/// The kinds of events that a simulation may tell: what a scene names can be looked up here.
#[derive(Resource, Clone, Debug)]
pub struct EventKinds(BTreeSet<&'static str>);

impl Default for EventKinds {
    fn default() -> Self {
        Self(EventKind::CORE.iter().map(|kind| kind.name).collect())
    }
}

impl EventKinds {
    /// Whether something may tell events of the kind of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// All names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().copied()
    }
}

/// Makes kinds of events known to an app.
pub trait AddEventKinds {
    /// Registers kinds, so that scenes may name them: in `ledger.events`, in `identity.signed_events`.
    fn add_event_kinds(&mut self, kinds: &[EventKind]) -> &mut Self;
}

impl AddEventKinds for App {
    fn add_event_kinds(&mut self, kinds: &[EventKind]) -> &mut Self {
        self.world_mut().get_resource_or_init::<EventKinds>().0.extend(kinds.iter().map(|kind| kind.name));
        self
    }
}

/// Kinds are `&'static str`; the few names that a checkpoint brings are leaked once each.
pub(super) fn intern(name: &str) -> &'static str {
    static NAMES: std::sync::Mutex<std::collections::BTreeSet<&'static str>> =
        std::sync::Mutex::new(std::collections::BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(leaked);
    leaked
}
