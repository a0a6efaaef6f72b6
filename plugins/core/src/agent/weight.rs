//! What other plugins know of agents that routing takes into account.

use bevy::prelude::*;

use super::AgentId;

/// A weight per agent (≥ 0, 1 is neutral) that whoever routes work multiplies its own judgement by. Whoever fills a column
/// derives it from state that it saves itself; a column that nobody fills is 1 for everybody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightColumn {
    weights: Vec<f32>,
}

impl WeightColumn {
    /// The weight of an agent.
    #[must_use]
    #[inline]
    pub fn get(&self, agent: AgentId) -> f32 {
        self.weights.get(agent.index()).copied().unwrap_or(1.0)
    }

    /// Sets the weight of an agent; what isn't a number, or is below 0, counts as 0.
    pub fn set(&mut self, agent: AgentId, weight: f32) {
        let weight = if weight > 0.0 { weight } else { 0.0 };
        if self.get(agent) == weight {
            return;
        }
        if self.weights.len() <= agent.index() {
            self.weights.resize(agent.index() + 1, 1.0);
        }
        self.weights[agent.index()] = weight;
    }
}

/// What trust and learning know of agents.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct RoutingWeights {
    /// How trusted each agent is.
    pub trust: WeightColumn,
    /// What was learned about each agent.
    pub learned: WeightColumn,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_neutral_until_it_is_filled() {
        let mut column = WeightColumn::default();
        assert_eq!(column.get(AgentId(7)), 1.0);
        column.set(AgentId(2), 0.5);
        column.set(AgentId(2), 0.5);
        column.set(AgentId(3), f32::NAN);
        assert_eq!((column.get(AgentId(2)), column.get(AgentId(3)), column.get(AgentId(1))), (0.5, 0.0, 1.0));
    }
}
