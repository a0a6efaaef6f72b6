//! Which agents are selected and which one is under the pointer.

use agent2028_core::agent::AgentId;
use bevy::prelude::*;

use crate::input::HeldModifiers;

/// What becomes of a selection when more agents are pointed at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// They are selected instead.
    #[default]
    Replace,
    /// They are selected too (Shift).
    Add,
    /// They are no longer selected (Alt or Ctrl).
    Subtract,
}

impl Combine {
    /// What the held keys ask for.
    #[must_use]
    pub fn of(held: HeldModifiers) -> Self {
        if held.alt || held.ctrl {
            Self::Subtract
        } else if held.shift {
            Self::Add
        } else {
            Self::Replace
        }
    }
}

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

    /// Selects these agents no longer.
    pub fn subtract(&mut self, agents: impl IntoIterator<Item = AgentId>) {
        let mut gone: Vec<AgentId> = agents.into_iter().collect();
        gone.sort_unstable();
        self.selected.retain(|agent| gone.binary_search(agent).is_err());
    }

    /// Combines the selection with more agents.
    pub fn combine(&mut self, how: Combine, agents: impl IntoIterator<Item = AgentId>) {
        match how {
            Combine::Replace => self.set(agents),
            Combine::Add => self.add(agents),
            Combine::Subtract => self.subtract(agents),
        }
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

/// The agents that what waits for the next tick will reach, ascending, each once: they carry a mark until then.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Aimed(pub Vec<AgentId>);

impl Aimed {
    /// Whether an agent will be reached.
    #[must_use]
    pub fn contains(&self, agent: AgentId) -> bool {
        self.0.binary_search(&agent).is_ok()
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
        selection.combine(Combine::Subtract, [9, 5, 77].map(AgentId));
        selection.combine(Combine::Add, [8].map(AgentId));
        assert_eq!(selection.selected, [2, 3, 8].map(AgentId));
        selection.retain(|agent| agent.0 == 3);
        assert_eq!((selection.single(), selection.hovered), (Some(AgentId(3)), None));
        selection.combine(Combine::Replace, [4, 1].map(AgentId));
        assert_eq!(selection.selected, [1, 4].map(AgentId));
    }
}
