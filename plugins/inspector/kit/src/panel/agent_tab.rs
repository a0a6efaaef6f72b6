//! Tabs that plugins bring: what they know of an agent, beside what every agent has.

use agent2028_core::agent::AgentId;
use agent2028_core::simulation::Simulation;
use bevy_egui::egui::Ui;

use crate::context::PanelContext;
use crate::states::{State, States};

/// What is to know about a tab before it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TabFacts {
    /// What the tab is called.
    pub label: &'static str,
    /// What it shows.
    pub help: &'static str,
}

/// A tab of the agent's panel.
pub trait AgentTab: 'static {
    /// What it remembers, and what it has found out about the agent.
    type State: State;

    /// What is to know about it before it is opened.
    const FACTS: TabFacts;

    /// Looks at an agent; false if there is nothing to show about it. `now` is real time in seconds: what costs much is looked
    /// at no more often than a reader can follow.
    fn follow(simulation: &Simulation, agent: AgentId, state: &mut Self::State, now: f64) -> bool;

    /// Fills it.
    fn show(ui: &mut Ui, context: &mut PanelContext, agent: AgentId, state: &mut Self::State);
}

/// A tab that was registered.
#[derive(Clone, Copy, Debug)]
pub struct TabEntry {
    /// What is to know about it before it is opened.
    pub facts: &'static TabFacts,
    follow: fn(&Simulation, AgentId, &mut States, f64) -> bool,
    show: fn(&mut Ui, &mut PanelContext, AgentId),
}

impl TabEntry {
    pub(crate) fn of<T: AgentTab>() -> Self {
        Self {
            facts: &T::FACTS,
            follow: |simulation, agent, states, now| T::follow(simulation, agent, states.of::<T::State>(), now),
            show: |ui, context, agent| {
                let mut state = context.states.take::<T::State>();
                T::show(ui, context, agent, &mut state);
                context.states.put(state);
            },
        }
    }

    /// Looks at an agent; false if there is nothing to show about it.
    pub fn follow(&self, simulation: &Simulation, agent: AgentId, states: &mut States, now: f64) -> bool {
        (self.follow)(simulation, agent, states, now)
    }

    /// Fills it.
    pub fn show(&self, ui: &mut Ui, context: &mut PanelContext, agent: AgentId) {
        (self.show)(ui, context, agent);
    }
}
