//! What plugins know of agents that routing takes into account.

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

/// Columns of weights by name. Whoever writes a column and whoever reads it agree on its name alone: the reader says which
/// names it takes into account, and need not know who fills them.
///
/// Look a column up once, before a loop over agents.
///
/// ```
/// use agent2028_core::agent::{AgentId, RoutingWeights};
///
/// let mut weights = RoutingWeights::default();
/// weights.column_mut("punctuality").set(AgentId(3), 0.5);
/// assert_eq!(weights.column("punctuality").unwrap().get(AgentId(3)), 0.5);
/// assert!(weights.column("trust").is_none(), "nobody fills or reads it");
/// ```
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct RoutingWeights(Vec<(&'static str, WeightColumn)>);

impl RoutingWeights {
    /// Makes a column known, neutral for everybody unless it is there already. Plugins call it for the columns that they read
    /// or write.
    pub fn register(&mut self, name: &'static str) {
        let _ = self.column_mut(name);
    }

    /// The column of a name, if a plugin has registered it.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&WeightColumn> {
        self.0.iter().find_map(|(known, column)| (*known == name).then_some(column))
    }

    /// The column of a name, to write to; it is there from now on.
    pub fn column_mut(&mut self, name: &'static str) -> &mut WeightColumn {
        let place = self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.0.push((name, WeightColumn::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// The names of all columns, in the order in which they were registered.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &'static str> + '_ {
        self.0.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_name_and_keep_apart() {
        let mut weights = RoutingWeights::default();
        weights.register("learned");
        weights.column_mut("trust").set(AgentId(1), 0.25);
        weights.register("trust");
        assert_eq!(weights.names().collect::<Vec<_>>(), ["learned", "trust"]);
        let of = |name: &str| weights.column(name).map(|column| column.get(AgentId(1)));
        assert_eq!((of("trust"), of("learned"), of("other")), (Some(0.25), Some(1.0), None));
    }

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
