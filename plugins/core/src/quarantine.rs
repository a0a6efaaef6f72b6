//! Values that are not finite are caught in the tick in which they appear, named, and taken out of action.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, AgentId, Position, Quarantined, Velocity, fail_agents};
use crate::checkpoint::AddCheckpoint;
use crate::clock::SimClock;
use crate::event::{EventBus, EventKind};
use crate::parallel::Workers;
use crate::{After, SimSchedule, SimSystems, Turn};

/// What a simulation does when a value of an agent stops being finite.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum OnFault {
    /// The agent fails where it last was and the run goes on.
    #[default]
    Continue,
    /// The run stops after the tick.
    Stop,
}

/// An agent whose values were not finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NonFiniteAgent {
    /// The agent.
    pub agent: AgentId,
    /// The phase or system after which it was noticed.
    pub noticed: String,
    /// The tick.
    pub tick: u64,
    /// The values, in words.
    pub values: String,
}

/// How many faults are kept with their words; the others are only counted.
const KEPT_FAULTS: usize = 100;

/// All faults of the run.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quarantine {
    faults: Vec<NonFiniteAgent>,
    count: u64,
}

impl Quarantine {
    /// The first faults.
    #[must_use]
    pub fn faults(&self) -> &[NonFiniteAgent] {
        &self.faults
    }

    /// How many faults there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// A run gave up because `on_fault` is `Stop`.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped(pub bool);

/// Agents whose values are not finite are taken out of action.
pub(crate) struct QuarantinePlugin;

impl Plugin for QuarantinePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Quarantine>()
            .init_resource::<Stopped>()
            .checkpoint_resource::<Quarantine>("quarantine")
            .after_checkpoint_load(stop_as_saved)
            .add_systems(SimSchedule, quarantine_after_motion.in_set(Turn::CORE.of(After(SimSystems::Settle))));
    }
}

/// A state that was saved before the fault goes on, one that was saved after it doesn't.
fn stop_as_saved(world: &mut World) {
    let stopped = *world.resource::<OnFault>() == OnFault::Stop && world.resource::<Quarantine>().count > 0;
    world.insert_resource(Stopped(stopped));
}

/// So many numbers are looked at at once.
const CHUNK_NUMBERS: usize = 65_536;

fn all_finite(numbers: &[f32]) -> bool {
    // Infinity and NaN have all bits of the exponent set. No branch: the loop must run at the speed of memory.
    const EXPONENT: u32 = 0x7f80_0000;
    numbers.iter().fold(0, |wrong, number| wrong | u32::from(number.to_bits() & EXPONENT == EXPONENT)) == 0
}

type Motion = (&'static Agent, &'static Position, Option<&'static Velocity>);

/// Looks at all positions and velocities before anybody perceives them: what came from outside must not spread.
pub(crate) fn quarantine_before_perceiving(world: &mut World, query: &mut QueryState<Motion>) {
    quarantine(world, query, "before Perceive");
}

/// Looks at all positions and velocities after motion.
fn quarantine_after_motion(world: &mut World, query: &mut QueryState<Motion>) {
    quarantine(world, query, "after Settle");
}

/// The agents whose place or velocity is not finite.
fn unsound(agents: &Query<Motion>, workers: &Workers) -> Vec<(AgentId, Vec2, Vec2)> {
    let finite = |numbers: &[f32]| {
        workers.map_chunks(numbers, CHUNK_NUMBERS, |_, chunk| all_finite(chunk)).into_iter().all(|finite| finite)
    };
    if let Ok(mut tables) = agents.contiguous_iter()
        && tables.all(|(_, positions, velocities)| {
            finite(bytemuck::cast_slice(positions)) && velocities.is_none_or(|all| finite(bytemuck::cast_slice(all)))
        })
    {
        return Vec::new();
    }
    agents
        .iter()
        .map(|(agent, position, velocity)| (agent.0, position.0, velocity.map_or(Vec2::ZERO, |velocity| velocity.0)))
        .filter(|(_, position, velocity)| !(position.is_finite() && velocity.is_finite()))
        .collect()
}

fn quarantine(world: &mut World, query: &mut QueryState<Motion>, noticed: &str) {
    let mut bad = unsound(&query.query(world), world.resource::<Workers>());
    if bad.is_empty() {
        return;
    }
    bad.sort_unstable_by_key(|(agent, ..)| *agent);
    let tick = world.resource::<SimClock>().tick();
    for (agent, position, velocity) in bad {
        let values = format!("position {position}, velocity {velocity}");
        let told = Quarantined { values: values.clone(), noticed: noticed.into() };
        world.resource_mut::<EventBus>().publish(EventKind::AGENT_QUARANTINED, Some(agent), told);
        tracing::error!("tick {tick}: agent {agent} has {values} {noticed}");
        let mut quarantine = world.resource_mut::<Quarantine>();
        quarantine.count += 1;
        if quarantine.faults.len() < KEPT_FAULTS {
            quarantine.faults.push(NonFiniteAgent { agent, noticed: noticed.into(), tick, values });
        }
        if let Some(entity) = world.resource::<crate::agent::AgentIndex>().get(agent) {
            let mut entity = world.entity_mut(entity);
            if let Some(mut place) = entity.get_mut::<Position>()
                && !place.0.is_finite()
            {
                place.0 = Vec2::ZERO;
            }
            if let Some(mut motion) = entity.get_mut::<Velocity>() {
                motion.0 = Vec2::ZERO;
            }
        }
        fail_agents(world, &[agent], u64::MAX);
    }
    if *world.resource::<OnFault>() == OnFault::Stop {
        world.resource_mut::<Stopped>().0 = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{AgentGroup, AgentGroups, AgentIndex, Condition, Placement, Status, spawn_group};
    use crate::{SimCorePlugin, SimSchedule};

    #[test]
    fn a_value_that_is_not_finite_is_named_and_its_agent_quarantined() {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default()).insert_resource(OnFault::Stop);
        let world = app.world_mut();
        let group = world.resource_mut::<AgentGroups>().add(AgentGroup::default());
        spawn_group(world, group, 3, &Placement::World).unwrap();
        let entity = world.resource::<AgentIndex>().get(AgentId(1)).unwrap();
        world.get_mut::<Position>(entity).unwrap().0.x = f32::NAN;
        world.run_schedule(SimSchedule);
        let fault = &world.resource::<Quarantine>().faults()[0];
        assert_eq!((fault.agent, fault.tick, fault.noticed.as_str()), (AgentId(1), 1, "before Perceive"));
        assert_eq!(world.get::<Condition>(entity).unwrap().status, Status::Failed);
        assert!(world.get::<Position>(entity).unwrap().0.is_finite());
        assert!(world.resource::<Stopped>().0);
        assert_eq!(world.resource::<EventBus>().counts()["AgentQuarantined"], 1);
    }
}
