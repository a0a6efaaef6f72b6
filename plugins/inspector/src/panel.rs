//! What a panel is, and the list of all of them. A plugin's panels register themselves: the window knows them by their keys.
//!
//! ```
//! use agent2028_inspector::panel::{Group, Panel, PanelContext, PanelFacts, PanelKey, Place, RegisterPanels};
//! use agent2028_inspector::InspectorRegistry;
//! use bevy::prelude::*;
//! use bevy_egui::egui;
//!
//! /// Counts how often its button was pressed.
//! struct PressesPanel;
//!
//! impl Panel for PressesPanel {
//!     type State = u32;
//!     const FACTS: PanelFacts = PanelFacts {
//!         key: PanelKey::new("Presses"),
//!         title: "Presses",
//!         icon: egui_material_icons::icons::ICON_ADD,
//!         help: "How often somebody pressed.",
//!         group: Group::Run,
//!         place: Place::Right,
//!         scrolls: true,
//!         story: false,
//!     };
//!
//!     fn show(ui: &mut egui::Ui, context: &mut PanelContext, presses: &mut u32) {
//!         if ui.button("Press").clicked() {
//!             *presses += 1;
//!         }
//!         ui.label(context.look.figure(presses.to_string()));
//!     }
//! }
//!
//! let mut app = App::new();
//! app.add_panel::<PressesPanel>();
//! assert!(app.world().resource::<InspectorRegistry>().find(PressesPanel::FACTS.key).is_some());
//! ```

use std::collections::BTreeMap;

use agent2028_core::ron_format;
use agent2028_core::simulation::Simulation;
use bevy::prelude::{App, Resource};
use bevy_egui::egui;
use egui::Ui;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::context::PanelContext;
pub use crate::dock::{Catalog, Group, PanelFacts, PanelKey, Place};
use crate::panels;
pub use crate::panels::agent::{AgentTab, TabEntry, TabFacts};
use crate::states::{State, States};

/// A panel of the window.
pub trait Panel: 'static {
    /// What it remembers from frame to frame.
    type State: State;

    /// What is to know about it before it is opened.
    const FACTS: PanelFacts;

    /// Whether it has something to say about this simulation. Others are found by name only.
    #[must_use]
    fn applies(simulation: &Simulation) -> bool {
        let _ = simulation;
        true
    }

    /// Fills it. Its own state is not among the states of the context meanwhile.
    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut Self::State);

    /// What of its state is kept from one start to the next; nothing, unless it says how.
    #[must_use]
    fn keeps() -> Option<Keeps<Self::State>> {
        None
    }
}

/// How a state gets into a file and back.
#[derive(Debug)]
pub struct Keeps<S> {
    name: &'static str,
    write: fn(&S) -> Option<String>,
    read: fn(&str) -> Option<S>,
}

impl<S: Serialize + DeserializeOwned> Keeps<S> {
    /// Keeps all that is serialised of it, under this name. What a later version no longer understands is passed over.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self { name, write: |state| ron_format::to_line(state).ok(), read: |text| ron_format::from_str(text).ok() }
    }
}

/// What panels keep, by name: RON that only the panel itself understands.
pub type Kept = BTreeMap<String, String>;

/// A panel that was registered.
#[derive(Clone, Copy, Debug)]
pub struct PanelEntry {
    /// What is to know about it before it is opened.
    pub facts: PanelFacts,
    applies: fn(&Simulation) -> bool,
    show: fn(&mut Ui, &mut PanelContext),
    keep: fn(&States, &mut Kept),
    restore: fn(&mut States, &Kept),
}

impl PanelEntry {
    fn of<P: Panel>() -> Self {
        Self {
            facts: P::FACTS,
            applies: P::applies,
            show: |ui, context| {
                let mut state = context.states.take::<P::State>();
                P::show(ui, context, &mut state);
                context.states.put(state);
            },
            keep: |states, kept| {
                let Some(keeps) = P::keeps() else { return };
                if let Some(text) = states.get::<P::State>().and_then(keeps.write) {
                    kept.insert(keeps.name.to_owned(), text);
                }
            },
            restore: |states, kept| {
                let Some(keeps) = P::keeps() else { return };
                if let Some(state) = kept.get(keeps.name).and_then(|text| (keeps.read)(text)) {
                    states.put(Box::new(state));
                }
            },
        }
    }

    /// Whether it has something to say about this simulation.
    #[must_use]
    pub fn applies(&self, simulation: &Simulation) -> bool {
        (self.applies)(simulation)
    }

    /// Fills it.
    pub fn show(&self, ui: &mut Ui, context: &mut PanelContext) {
        (self.show)(ui, context);
    }
}

/// All panels, in the order in which they were registered.
#[derive(Resource, Clone, Debug, Default)]
pub struct InspectorRegistry {
    panels: Vec<PanelEntry>,
    tabs: Vec<TabEntry>,
    catalog: Catalog,
}

impl InspectorRegistry {
    /// The panels that the window itself brings, without those of plugins.
    #[must_use]
    pub fn of_the_host() -> Self {
        let mut registry = Self::default();
        panels::register(&mut registry);
        registry
    }

    /// Adds a panel. The key belongs to the panel that came first.
    pub fn add<P: Panel>(&mut self) {
        let entry = PanelEntry::of::<P>();
        if self.catalog.add(entry.facts) {
            self.panels.push(entry);
        } else {
            tracing::error!("there is a panel {} already: {:?} is left out", entry.facts.key.name(), entry.facts.title);
        }
    }

    /// Adds a tab to the panel of an agent.
    pub fn add_agent_tab<T: AgentTab>(&mut self) {
        self.tabs.push(TabEntry::of::<T>());
    }

    /// The tabs that plugins added to the panel of an agent.
    pub fn tabs(&self) -> impl Iterator<Item = &TabEntry> {
        self.tabs.iter()
    }

    /// All panels, in the order in which they were registered.
    pub fn panels(&self) -> impl Iterator<Item = &PanelEntry> {
        self.panels.iter()
    }

    /// The panel of this key.
    #[must_use]
    pub fn find(&self, key: PanelKey) -> Option<&PanelEntry> {
        self.panels.iter().find(|entry| entry.facts.key == key)
    }

    /// What the docks know of the panels.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The panels that have something to say about this simulation.
    #[must_use]
    pub fn applying(&self, simulation: &Simulation) -> Vec<PanelKey> {
        self.panels.iter().filter(|entry| entry.applies(simulation)).map(|entry| entry.facts.key).collect()
    }

    /// What the panels remember now. What panels that this program doesn't have left in `before` stays as it is.
    #[must_use]
    pub fn keep(&self, states: &States, before: &Kept) -> Kept {
        let mut kept = before.clone();
        for entry in &self.panels {
            (entry.keep)(states, &mut kept);
        }
        kept
    }

    /// Gives the panels back what they remembered.
    pub fn restore(&self, states: &mut States, kept: &Kept) {
        for entry in &self.panels {
            (entry.restore)(states, kept);
        }
    }
}

/// Adds panels to an app.
pub trait RegisterPanels {
    /// Adds a panel to the window.
    fn add_panel<P: Panel>(&mut self) -> &mut Self;

    /// Adds a tab to the panel of an agent.
    fn add_agent_tab<T: AgentTab>(&mut self) -> &mut Self;
}

impl RegisterPanels for App {
    fn add_panel<P: Panel>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<InspectorRegistry>().add::<P>();
        self
    }

    fn add_agent_tab<T: AgentTab>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<InspectorRegistry>().add_agent_tab::<T>();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::distributions::DistributionsState;
    use crate::panels::events::EventsState;
    use crate::panels::plots::{PlotSetup, PlotsState};
    use crate::panels::profiler::ProfilerState;
    use crate::panels::registry::RegistryState;

    #[test]
    fn panels_find_what_they_left_and_pass_over_what_they_no_longer_understand() {
        let registry = InspectorRegistry::of_the_host();
        let mut states = States::default();
        let plots = states.of::<PlotsState>();
        plots.toggle("boids.order");
        plots.plots.push(PlotSetup { from_scene: true, ..PlotSetup::of("a scene's own") });
        states.of::<EventsState>().hidden.insert("AgentFailed".into());
        states.of::<RegistryState>().columns = vec!["Velocity.x".into()];
        states.of::<DistributionsState>().x = "health".into();
        let stranger = Kept::from([("of another program".to_owned(), "(3)".to_owned())]);
        let mut kept = registry.keep(&states, &stranger);
        assert_eq!(kept["of another program"], "(3)");
        kept.insert("profiler".into(), "(page: Sideways)".into());
        let mut back = States::default();
        registry.restore(&mut back, &kept);
        let metrics = back.of::<PlotsState>().metrics().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(metrics, ["boids.order"], "a scene brings its own plots again");
        assert_eq!(back.of::<EventsState>().hidden, states.of::<EventsState>().hidden);
        assert_eq!(back.of::<RegistryState>().columns, ["Velocity.x"]);
        assert_eq!(back.of::<DistributionsState>().x, "health");
        assert!(back.get::<ProfilerState>().is_none());
    }

    #[test]
    fn every_panel_has_a_name_and_a_title_of_its_own() {
        let registry = InspectorRegistry::of_the_host();
        let all: Vec<&PanelFacts> = registry.catalog().iter().collect();
        for (at, facts) in all.iter().enumerate() {
            assert!(facts.help.ends_with('.'), "{}", facts.title);
            assert!(all[..at].iter().all(|other| other.title != facts.title), "{}", facts.title);
        }
        assert_eq!(registry.panels().count(), all.len());
    }
}
