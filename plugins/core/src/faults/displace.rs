//! Agents that are moved by hand.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::relocate_agents;
use crate::check::{Range, Unit};
use crate::check_selector;
use crate::intervention::{Intervention, InterventionContext, InterventionError};
use crate::selector::Selector;

check_selector!(MoveAgents);

/// Moves agents to another place at once; they keep their velocity and their places relative to each other.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveAgents {
    /// Which agents.
    pub select: Selector,
    /// By how much, along x and y. At the edges of the world they go round, or stop there.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub by: Vec2,
}

impl Intervention for MoveAgents {
    const NAME: &'static str = "MoveAgents";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents moved by {}", relocate_agents(world, &agents, self.by), self.by))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::agent::{AgentId, AgentIndex, Position};
    use crate::intervention::InterventionLog;

    #[test]
    fn agents_move_together_and_around_the_edge() {
        let mut simulation = simulation(3);
        let place = |simulation: &crate::simulation::Simulation, agent| {
            let world = simulation.world();
            world.get::<Position>(world.resource::<AgentIndex>().get(AgentId(agent)).unwrap()).unwrap().0
        };
        let before = [0, 1, 2].map(|agent| place(&simulation, agent));
        let by = Vec2::new(12.5, -999.0);
        simulation.intervene(MoveAgents { select: Selector::Ids(vec![AgentId(1), AgentId(9)]), by });
        simulation.run(1);
        let bounds = *simulation.world().resource::<crate::space::WorldBounds>();
        assert_eq!(place(&simulation, 0), before[0]);
        assert_eq!(place(&simulation, 1), bounds.enter(before[1] + by));
        assert!(place(&simulation, 1).y.abs() <= 500.0);
        assert_eq!(place(&simulation, 2), before[2]);
    }

    #[test]
    fn what_is_no_number_is_refused_at_the_door() {
        let mut simulation = simulation(1);
        simulation.intervene(MoveAgents { select: Selector::All, by: Vec2::new(f32::NAN, 0.0) });
        simulation.intervene(MoveAgents { select: Selector::All, by: Vec2::new(1e9, 0.0) });
        simulation.run(1);
        let log = simulation.world().resource::<InterventionLog>();
        assert!(log.0.len() == 2 && log.0.iter().all(|applied| applied.outcome.is_err()), "{:?}", log.0);
    }
}
