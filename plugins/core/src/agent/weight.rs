//! What other plugins know of agents that routing takes into account.

use bevy::prelude::*;

use super::{AgentId, Places, keep_rows};

/// A weight per agent (≥ 0, 1 is neutral) that whoever routes work multiplies its own judgement by. Whoever fills a column
/// derives it from state that it saves itself; a column that nobody fills is 1 for everybody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightColumn {
    places: Places,
    weights: Vec<f32>,
}

impl WeightColumn {
    /// The weight of an agent.
    #[must_use]
    #[inline]
    pub fn get(&self, agent: AgentId) -> f32 {
        self.places.get(agent).and_then(|place| self.weights.get(place)).copied().unwrap_or(1.0)
    }

    /// Sets the weight of an agent; what isn't a number, or is below 0, counts as 0.
    pub fn set(&mut self, agent: AgentId, weight: f32) {
        let weight = if weight > 0.0 { weight } else { 0.0 };
        let (place, new) = self.places.insert(agent);
        if new {
            self.weights.insert(place, weight);
        } else {
            self.weights[place] = weight;
        }
    }

    /// Lets only those keep a weight of their own of whom `keep` says so: for when agents are gone.
    pub fn retain(&mut self, mut keep: impl FnMut(AgentId) -> bool) {
        let kept: Vec<bool> = self.places.iter().map(&mut keep).collect();
        if kept.contains(&false) {
            self.places.retain(|_, place| kept[place]);
            keep_rows(&mut self.weights, |place| kept[place]);
        }
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.places.bytes() + self.weights.capacity() * 4
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
        column.retain(|agent| agent.0 != 2);
        assert_eq!((column.get(AgentId(2)), column.get(AgentId(3))), (1.0, 0.0));
    }
}
