//! What operations tell: kinds of events and what they carry.

use std::fmt;

use agent2028_core::agent::{AgentId, Tier};
use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::session::Failure;

/// Operations did not succeed; told at most once a second. Carries an [`OperationsTold`], as the others do.
pub const OPERATION_FAILED: EventKind = EventKind::new("OperationFailed", 6);
/// A tier isn't well and its work goes to the other one.
pub const FAILOVER_INITIATED: EventKind = EventKind::new("FailoverInitiated", 8);
/// The other tier has completed the first operation that it took over.
pub const FAILOVER_COMPLETED: EventKind = EventKind::new("FailoverCompleted", 6);
/// A tier has nothing left of something, or agents have lost room to work.
pub const RESOURCE_EXHAUSTED: EventKind = EventKind::new("ResourceExhausted", 7);
/// A tier or agents have again what they had not.
pub const RESOURCE_AVAILABLE: EventKind = EventKind::new("ResourceAvailable", 5);

/// What this crate declares: the kinds of events that it tells beside those of the core.
pub const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        OPERATION_FAILED,
        "Operation failed",
        "\u{e888}",
        Tone::Warning,
        "Operations did not succeed; told at most once a second.",
    )
    .carries::<OperationsTold>(),
    EventDeclaration::new(
        FAILOVER_INITIATED,
        "Failover initiated",
        "\u{e8d4}",
        Tone::Danger,
        "A tier is not well and its work goes to the other one.",
    )
    .carries::<OperationsTold>(),
    EventDeclaration::new(
        FAILOVER_COMPLETED,
        "Failover completed",
        "\u{e2e6}",
        Tone::Good,
        "The other tier has completed the first operation that it took over.",
    )
    .carries::<OperationsTold>(),
    EventDeclaration::new(
        RESOURCE_EXHAUSTED,
        "Resource exhausted",
        "\u{ebdc}",
        Tone::Warning,
        "Something that agents need is used up.",
    )
    .carries::<OperationsTold>(),
    EventDeclaration::new(
        RESOURCE_AVAILABLE,
        "Resource available",
        "\u{e1a1}",
        Tone::Good,
        "Something that agents need is there, or there again.",
    )
    .carries::<OperationsTold>(),
];

/// What the agents of a tier share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Reflect, Serialize, Deserialize)]
pub enum TierResource {
    /// Operations that are worked on at once.
    Cpu,
    /// Operations that are held.
    Memory,
    /// Operations that are taken on in a second.
    Network,
}

impl TierResource {
    /// All of them, in the order of [`TierResource::index`].
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Memory, Self::Network];

    /// Its place among all, 0–2.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for TierResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Network => "network",
        })
    }
}

/// What has become of operations, of the tiers that work on them, or of agents' room to work.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub enum OperationsTold {
    /// So many operations did not succeed for these reasons, most frequent first.
    Failures(Vec<(u64, Failure)>),
    /// A tier isn't well: its work goes to the other one.
    Diverted {
        /// The tier that isn't well.
        from: Tier,
        /// Its health, 0–1.
        health: f64,
    },
    /// The other tier has done something in a tier's stead for the first time.
    TakenOver {
        /// The tier that isn't well.
        from: Tier,
    },
    /// A tier is well again.
    TierWell(Tier),
    /// A tier has nothing left of something.
    TierExhausted(Tier, TierResource),
    /// A tier has these again.
    TierRestored(Tier, Vec<TierResource>),
    /// A share of what agents can work on at once is gone.
    RoomLost {
        /// How much of it, 0–1.
        share: f32,
        /// How many agents are concerned; the event's source is the first.
        agents: u32,
    },
    /// Agents have their room back.
    RoomRegained {
        /// How many agents.
        agents: u32,
    },
}

impl OperationsTold {
    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Failures(_) => OPERATION_FAILED,
            Self::Diverted { .. } => FAILOVER_INITIATED,
            Self::TakenOver { .. } => FAILOVER_COMPLETED,
            Self::TierExhausted(..) | Self::RoomLost { .. } => RESOURCE_EXHAUSTED,
            Self::TierWell(_) | Self::TierRestored(..) | Self::RoomRegained { .. } => RESOURCE_AVAILABLE,
        }
    }
}

impl EventPayload for OperationsTold {
    const NAME: &'static str = "OperationsTold";
}

/// Something that is told as an event, and of whom.
pub type Notice = (Option<AgentId>, OperationsTold);

/// What the agents of a tier are called.
const fn members(tier: Tier) -> &'static str {
    match tier {
        Tier::Individual => "individuals",
        Tier::Swarm => "swarms",
    }
}

/// The tier that stands in for a tier.
pub(crate) const fn other(tier: Tier) -> Tier {
    match tier {
        Tier::Individual => Tier::Swarm,
        Tier::Swarm => Tier::Individual,
    }
}

impl fmt::Display for OperationsTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures(reasons) => {
                let total: u64 = reasons.iter().map(|reason| reason.0).sum();
                let words: Vec<String> =
                    reasons.iter().map(|(count, failure)| format!("{count}: {}", failure.reason())).collect();
                write!(f, "{total} operations did not succeed ({})", words.join("; "))
            }
            Self::Diverted { from, health } => {
                let (from, to) = (members(*from), members(other(*from)));
                write!(f, "the {from} are not well (health {health:.2}): their work goes to the {to}")
            }
            Self::TakenOver { from } => {
                write!(f, "the {} do the work of the {}", members(other(*from)), members(*from))
            }
            Self::TierWell(tier) => write!(f, "the {} are well again", members(*tier)),
            Self::TierExhausted(tier, resource) => write!(f, "the {} have no {resource} left", members(*tier)),
            Self::TierRestored(tier, resources) => {
                let words: Vec<String> = resources.iter().map(ToString::to_string).collect();
                write!(f, "the {} have {} again", members(*tier), words.join(" and "))
            }
            Self::RoomLost { share, agents } => {
                write!(f, "{:.0} % of what {agents} agents can work on at once is gone", f64::from(*share) * 100.0)
            }
            Self::RoomRegained { agents } => write!(f, "{agents} agents have their room back"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_reads_as_a_sentence() {
        for (told, text) in [
            (OperationsTold::TakenOver { from: Tier::Swarm }, "the individuals do the work of the swarms"),
            (
                OperationsTold::TierRestored(Tier::Swarm, TierResource::ALL.to_vec()),
                "the swarms have cpu and memory and network again",
            ),
            (OperationsTold::RoomLost { share: 0.25, agents: 8 }, "25 % of what 8 agents can work on at once is gone"),
        ] {
            assert_eq!(told.to_string(), text);
        }
        assert_eq!(TierResource::ALL.map(TierResource::index), [0, 1, 2]);
    }
}
