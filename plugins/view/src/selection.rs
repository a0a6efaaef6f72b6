//! Which agents are selected and which one is under the pointer.

use agent2028_core::agent::AgentId;
use bevy::prelude::*;

/// The agents that panels speak about.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The selected agents, ascending, each once. Change it through the methods, or keep that order.
    pub selected: Vec<AgentId>,
    /// The agent under the pointer.
    pub hovered: Option<AgentId>,
    /// The rectangle being drawn to select what lies in it, in logical pixels of the window.
    pub rubber_band: Option<Rect>,
}

impl Selection {
    /// Whether an agent is selected.
    #[must_use]
    pub fn contains(&self, agent: AgentId) -> bool {
        self.selected.binary_search(&agent).is_ok()
    }

    /// The agent, if exactly one is selected.
    #[must_use]
    pub fn single(&self) -> Option<AgentId> {
        match self.selected.as_slice() {
            [agent] => Some(*agent),
            _ => None,
        }
    }

    /// Selects exactly these agents.
    pub fn set(&mut self, agents: impl IntoIterator<Item = AgentId>) {
        self.selected.clear();
        self.add(agents);
    }

    /// Selects these agents too.
    pub fn add(&mut self, agents: impl IntoIterator<Item = AgentId>) {
        self.selected.extend(agents);
        self.selected.sort_unstable();
        self.selected.dedup();
    }

    /// Selects an agent, or no longer if it was selected.
    pub fn toggle(&mut self, agent: AgentId) {
        match self.selected.binary_search(&agent) {
            Ok(at) => {
                self.selected.remove(at);
            }
            Err(at) => self.selected.insert(at, agent),
        }
    }

    /// Selects nothing.
    pub fn clear(&mut self) {
        self.selected.clear();
    }

    /// Drops agents that don't exist (any more).
    pub fn retain(&mut self, exists: impl Fn(AgentId) -> bool) {
        self.selected.retain(|agent| exists(*agent));
        self.hovered = self.hovered.filter(|agent| exists(*agent));
    }
}

/// The agents that are kept in view: each carries a small flag.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(pub Vec<AgentId>);

impl Pins {
    /// Whether an agent is pinned.
    #[must_use]
    pub fn contains(&self, agent: AgentId) -> bool {
        self.0.contains(&agent)
    }

    /// Pins an agent, or takes the pin away; pins stay in the order in which they were set.
    pub fn toggle(&mut self, agent: AgentId) {
        match self.0.iter().position(|pinned| *pinned == agent) {
            Some(at) => {
                self.0.remove(at);
            }
            None => self.0.push(agent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_keep_their_order() {
        let mut pins = Pins::default();
        [4, 2, 9, 2].map(AgentId).into_iter().for_each(|agent| pins.toggle(agent));
        assert_eq!(pins.0, [4, 9].map(AgentId));
        assert!(pins.contains(AgentId(9)) && !pins.contains(AgentId(2)));
    }

    #[test]
    fn a_selection_is_ascending_and_holds_each_agent_once() {
        let mut selection = Selection::default();
        selection.set([5, 1, 5, 3].map(AgentId));
        selection.add([2, 3].map(AgentId));
        selection.toggle(AgentId(1));
        selection.toggle(AgentId(9));
        assert_eq!(selection.selected, [2, 3, 5, 9].map(AgentId));
        assert!(selection.contains(AgentId(9)) && !selection.contains(AgentId(1)) && selection.single().is_none());
        selection.hovered = Some(AgentId(4));
        selection.retain(|agent| agent.0 == 3);
        assert_eq!((selection.single(), selection.hovered), (Some(AgentId(3)), None));
    }
}
