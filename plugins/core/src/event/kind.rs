//! Kinds of events.

/// What kind of thing happened. Plugins have their own as constants and [declare](super::EventDeclaration) them; the name is
/// the key by which everybody else knows the kind.
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
