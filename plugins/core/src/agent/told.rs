//! What is told of agents: what events about their condition, their coming and their going carry.

use std::fmt;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::event::EventPayload;

/// What an [`AGENT_STARTED`](crate::event::EventKind::AGENT_STARTED) carries; its source is the first of them, the others have
/// the ids that follow.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct AgentsJoined {
    /// The group that they joined.
    pub group: String,
    /// How many.
    pub count: u32,
}

impl EventPayload for AgentsJoined {
    const NAME: &'static str = "AgentsJoined";
}

impl fmt::Display for AgentsJoined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} agents joined group {}", self.count, self.group)
    }
}

/// What an [`AGENT_REMOVED`](crate::event::EventKind::AGENT_REMOVED) carries; its source is who is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct AgentLeft;

impl EventPayload for AgentLeft {
    const NAME: &'static str = "AgentLeft";
}

impl fmt::Display for AgentLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "left the world")
    }
}

/// What events about an agent's condition carry (it failed, froze, is degraded, has recovered); their source is whom it
/// concerns.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Reflect, Serialize, Deserialize)]
pub enum ConditionChange {
    /// It has failed.
    Failed {
        /// The tick in which it is active again by itself, if it will be.
        until: Option<u64>,
    },
    /// It stands still.
    Frozen {
        /// The tick in which it is active again by itself, if it will be.
        until: Option<u64>,
    },
    /// Its health is another one.
    Degraded {
        /// Its health from now on, 0–1.
        health: f32,
        /// The tick in which its own health is back, if it will be.
        until: Option<u64>,
    },
    /// Somebody has brought it back, with its own health.
    Restarted,
    /// The time of its failure or of its standing still is over.
    ActiveAgain,
    /// The time of its lower health is over.
    HealthBack,
}

/// A tick until which something lasts; [`u64::MAX`] is for good.
pub(crate) fn lasting(until: u64) -> Option<u64> {
    (until != u64::MAX).then_some(until)
}

impl EventPayload for ConditionChange {
    const NAME: &'static str = "ConditionChange";
}

impl fmt::Display for ConditionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = match self {
            Self::Failed { until } => {
                write!(f, "failed")?;
                *until
            }
            Self::Frozen { until } => {
                write!(f, "froze")?;
                *until
            }
            Self::Degraded { health, until } => {
                write!(f, "health is now {health:.2}")?;
                *until
            }
            Self::Restarted => return write!(f, "restarted"),
            Self::ActiveAgain => return write!(f, "active again"),
            Self::HealthBack => return write!(f, "health is back"),
        };
        until.map_or(Ok(()), |until| write!(f, ", until tick {until}"))
    }
}

/// What an [`AGENT_QUARANTINED`](crate::event::EventKind::AGENT_QUARANTINED) carries; its source is who is out of action.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct Quarantined {
    /// What isn't a finite number, in words: such values equal nothing, not even themselves.
    pub values: String,
    /// Between which phases it was noticed.
    pub noticed: String,
}

impl EventPayload for Quarantined {
    const NAME: &'static str = "Quarantined";
}

impl fmt::Display for Quarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: the agent is out of action", self.values, self.noticed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_reads_as_a_sentence() {
        for (change, text) in [
            (ConditionChange::Failed { until: None }, "failed"),
            (ConditionChange::Frozen { until: Some(90) }, "froze, until tick 90"),
            (ConditionChange::Degraded { health: 0.5, until: None }, "health is now 0.50"),
            (ConditionChange::Restarted, "restarted"),
        ] {
            assert_eq!(change.to_string(), text);
        }
        assert_eq!((lasting(u64::MAX), lasting(7)), (None, Some(7)));
    }
}
