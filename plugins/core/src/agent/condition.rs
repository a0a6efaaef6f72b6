//! Whether an agent is in order, and for how long it is not.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::told::lasting;
use super::{Agent, AgentId, AgentIndex, ConditionChange};
use crate::check::{Range, Unit};
use crate::clock::SimClock;
use crate::event::{EventBus, EventKind};

/// What an agent is able to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Status {
    /// Acts as it should.
    #[default]
    Active,
    /// Does nothing and is perceived by nobody.
    Failed,
    /// Does nothing but is still perceived where it stands.
    Frozen,
}

/// An agent that is, or was, not in order. **Absent** on an agent that was always active with health 1, so that a plain
/// flock pays nothing for it.
#[derive(Component, Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Component)]
pub struct Condition {
    /// What the agent can do now.
    pub status: Status,
    /// Health now, 0–1. A moving agent's top speed is scaled by it.
    #[reflect(@Range::new(0.0, 1.0))]
    pub health: f32,
    /// The health to which the agent returns, 0–1.
    #[reflect(@Range::new(0.0, 1.0))]
    pub base_health: f32,
    /// The tick at which `status` becomes `Active` again; `u64::MAX` for never.
    #[reflect(@Unit("tick"))]
    pub status_until: u64,
    /// The tick at which `health` returns to `base_health`; `u64::MAX` for never.
    #[reflect(@Unit("tick"))]
    pub health_until: u64,
}

impl Default for Condition {
    fn default() -> Self {
        Self { status: Status::Active, health: 1.0, base_health: 1.0, status_until: u64::MAX, health_until: u64::MAX }
    }
}

impl Condition {
    /// Whether an agent with this condition (or none) may act.
    #[must_use]
    pub fn acts(condition: Option<&Self>) -> bool {
        condition.is_none_or(|condition| condition.status == Status::Active)
    }

    /// Whether others perceive an agent with this condition (or none).
    #[must_use]
    pub fn perceived(condition: Option<&Self>) -> bool {
        condition.is_none_or(|condition| condition.status != Status::Failed)
    }

    /// The health of an agent with this condition (or none), 0–1.
    #[must_use]
    pub fn health(condition: Option<&Self>) -> f32 {
        condition.map_or(1.0, |condition| condition.health)
    }
}

/// The next tick at which some condition ends, so that ticks in which none does cost nothing. Derived: 0 makes the next
/// tick look at all conditions.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConditionExpiry(pub u64);

fn change(
    world: &mut World,
    agents: &[AgentId],
    kind: EventKind,
    mut apply: impl FnMut(&mut Condition) -> Option<ConditionChange>,
) -> usize {
    let mut changed = 0;
    for &agent in agents {
        let Some(entity) = world.resource::<AgentIndex>().get(agent) else {
            continue;
        };
        let mut condition = world.get::<Condition>(entity).copied().unwrap_or_default();
        let Some(told) = apply(&mut condition) else {
            continue;
        };
        world.entity_mut(entity).insert(condition);
        world.resource_mut::<EventBus>().publish(kind, Some(agent), told);
        changed += 1;
    }
    world.resource_mut::<ConditionExpiry>().0 = 0;
    changed
}

/// Makes agents fail, until a tick or for good (`u64::MAX`). Returns how many were not failed already.
pub fn fail_agents(world: &mut World, agents: &[AgentId], until: u64) -> usize {
    change(world, agents, EventKind::AGENT_FAILED, |condition| {
        if condition.status == Status::Failed {
            return None;
        }
        condition.status = Status::Failed;
        condition.status_until = until;
        Some(ConditionChange::Failed { until: lasting(until) })
    })
}

/// Makes agents stand still, until a tick or for good (`u64::MAX`). Failed agents stay failed.
pub fn freeze_agents(world: &mut World, agents: &[AgentId], until: u64) -> usize {
    change(world, agents, EventKind::AGENT_FROZEN, |condition| {
        if condition.status == Status::Failed {
            return None;
        }
        condition.status = Status::Frozen;
        condition.status_until = until;
        Some(ConditionChange::Frozen { until: lasting(until) })
    })
}

/// Lowers (or raises) the health of agents to a value in 0–1, until a tick or for good (`u64::MAX`).
pub fn degrade_agents(world: &mut World, agents: &[AgentId], health: f32, until: u64) -> usize {
    let health = if health.is_finite() { health.clamp(0.0, 1.0) } else { 0.0 };
    change(world, agents, EventKind::AGENT_DEGRADED, |condition| {
        condition.health = health;
        condition.health_until = until;
        Some(ConditionChange::Degraded { health, until: lasting(until) })
    })
}

/// Brings agents back to active with their own health. Returns how many were not in order.
pub fn restart_agents(world: &mut World, agents: &[AgentId]) -> usize {
    change(world, agents, EventKind::AGENT_RECOVERED, |condition| {
        if condition.status == Status::Active && condition.health == condition.base_health {
            return None;
        }
        *condition =
            Condition { health: condition.base_health, base_health: condition.base_health, ..Condition::default() };
        Some(ConditionChange::Restarted)
    })
}

/// Ends conditions whose time has come.
pub(crate) fn expire_conditions(
    clock: Res<SimClock>,
    mut expiry: ResMut<ConditionExpiry>,
    mut bus: ResMut<EventBus>,
    mut conditions: Query<(&Agent, &mut Condition)>,
) {
    let now = clock.tick();
    if now < expiry.0 {
        return;
    }
    let mut next = u64::MAX;
    let mut recovered = Vec::new();
    for (agent, mut condition) in &mut conditions {
        if condition.status_until <= now {
            condition.status = Status::Active;
            condition.status_until = u64::MAX;
            recovered.push((agent.0, ConditionChange::ActiveAgain));
        }
        if condition.health_until <= now {
            condition.health = condition.base_health;
            condition.health_until = u64::MAX;
            recovered.push((agent.0, ConditionChange::HealthBack));
        }
        next = next.min(condition.status_until).min(condition.health_until);
    }
    // The query's order depends on history; events are told in id order.
    recovered.sort_by_key(|(agent, _)| *agent);
    for (agent, told) in recovered {
        bus.publish(EventKind::AGENT_RECOVERED, Some(agent), told);
    }
    expiry.0 = next;
}
