//! Kinds of events.

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

    /// A kind of event.
    #[must_use]
    pub const fn new(name: &'static str, priority: u8) -> Self {
        Self { name, priority }
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
