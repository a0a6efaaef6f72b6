//! The kinds of events that there are whatever plugins there are.

use super::{EventDeclaration, EventKind, HandlerFailure, LimitReached, ResponseMissing};
use crate::agent::{AgentLeft, AgentsJoined, ConditionChange, Quarantined};
use crate::intervention::InterventionTold;
use crate::tone::Tone;

/// What core declares.
pub(super) const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        EventKind::AGENT_STARTED,
        "Agent started",
        "\u{ea4d}",
        Tone::Good,
        "Agents joined the running simulation.",
    )
    .carries::<AgentsJoined>(),
    EventDeclaration::new(
        EventKind::AGENT_FAILED,
        "Agent failed",
        "\u{e510}",
        Tone::Danger,
        "An agent failed: it stops, and nobody perceives it.",
    )
    .carries::<ConditionChange>(),
    EventDeclaration::new(
        EventKind::AGENT_RECOVERED,
        "Agent recovered",
        "\u{f053}",
        Tone::Good,
        "An agent that had failed, stood still or was degraded is in order again.",
    )
    .carries::<ConditionChange>(),
    EventDeclaration::new(EventKind::AGENT_FROZEN, "Agent frozen", "\u{eb3b}", Tone::Warning, "An agent stands still.")
        .carries::<ConditionChange>(),
    EventDeclaration::new(
        EventKind::AGENT_DEGRADED,
        "Agent degraded",
        "\u{e8e3}",
        Tone::Warning,
        "The health of an agent changed.",
    )
    .carries::<ConditionChange>(),
    EventDeclaration::new(EventKind::AGENT_REMOVED, "Agent removed", "\u{ef66}", Tone::Info, "An agent left for good.")
        .carries::<AgentLeft>(),
    EventDeclaration::new(
        EventKind::AGENT_QUARANTINED,
        "Agent quarantined",
        "\u{f8b6}",
        Tone::Danger,
        "Values of an agent were not finite numbers; it is out of action.",
    )
    .carries::<Quarantined>(),
    EventDeclaration::new(
        EventKind::INTERVENTION_APPLIED,
        "Intervention applied",
        "\u{e925}",
        Tone::Info,
        "Something from outside changed the simulation.",
    )
    .carries::<InterventionTold>(),
    EventDeclaration::new(
        EventKind::INTERVENTION_FAILED,
        "Intervention failed",
        "\u{f083}",
        Tone::Danger,
        "Something from outside could not be applied; the simulation is as it was.",
    )
    .carries::<InterventionTold>(),
    EventDeclaration::new(
        EventKind::RESPONSE_GIVEN,
        "Response given",
        "\u{e15e}",
        Tone::Good,
        "An event that required a response got one.",
    ),
    EventDeclaration::new(
        EventKind::RESPONSE_MISSING,
        "Response missing",
        "\u{e426}",
        Tone::Warning,
        "An event that required a response got none in time.",
    )
    .carries::<ResponseMissing>(),
    EventDeclaration::new(
        EventKind::HANDLER_FAILED,
        "Handler failed",
        "\u{f8b6}",
        Tone::Danger,
        "A plugin's event handler failed or panicked; the others are called all the same.",
    )
    .carries::<HandlerFailure>(),
    EventDeclaration::new(
        EventKind::HANDLERS_STOPPED,
        "Handlers stopped",
        "\u{f8b6}",
        Tone::Danger,
        "Event handlers called each other forth for so long that the rest of the tick's events was left unhandled.",
    ),
    EventDeclaration::new(
        EventKind::LIMIT_REACHED,
        "Limit reached",
        "\u{f083}",
        Tone::Warning,
        "Something would have grown beyond its bound and was held back.",
    )
    .carries::<LimitReached>(),
];
