//! What a panel is, and the list of all of them. A plugin's panels register themselves: the window knows them by their keys.
//!
//! ```
//! use agent2028_kit::panel::{Group, Panel, PanelContext, PanelFacts, PanelKey, DockSide, RegisterPanels};
//! use agent2028_kit::panel::InspectorRegistry;
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
//!         side: DockSide::Right,
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

mod agent_tab;

use std::collections::BTreeMap;

use agent2028_core::ron_format;
use agent2028_core::simulation::Simulation;
use bevy::prelude::{App, Resource};
use bevy_egui::egui;
use egui::Ui;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::context::PanelContext;
pub use crate::dock::{Catalog, DockSide, Group, PanelFacts, PanelKey};
pub use crate::faults::{FaultRows, FaultRowsEntry};
use crate::states::{State, States};
pub use crate::tool::{Tool, ToolEffect, ToolPart, Toolbox};
pub use agent_tab::{AgentTab, TabEntry, TabFacts};

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

/// All panels, in the order in which they were registered, and the tools.
#[derive(Resource, Clone, Debug, Default)]
pub struct InspectorRegistry {
    panels: Vec<PanelEntry>,
    tabs: Vec<TabEntry>,
    catalog: Catalog,
    faults: Vec<FaultRowsEntry>,
    /// The tools.
    pub tools: Toolbox,
}

impl InspectorRegistry {
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

    /// Adds rows to the palette of faults.
    pub fn add_fault_rows<R: FaultRows>(&mut self) {
        self.faults.push(FaultRowsEntry::of::<R>());
    }

    /// The rows that plugins compose for the palette of faults.
    #[must_use]
    pub fn fault_rows(&self) -> &[FaultRowsEntry] {
        &self.faults
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

    /// Adds rows to the palette of faults.
    fn add_fault_rows<R: FaultRows>(&mut self) -> &mut Self;

    /// Adds a tool to the rail.
    fn add_tool<T: Tool>(&mut self) -> &mut Self;

    /// Adds a part to a tool.
    fn add_tool_part<P: ToolPart>(&mut self) -> &mut Self;
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

    fn add_fault_rows<R: FaultRows>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<InspectorRegistry>().add_fault_rows::<R>();
        self
    }

    fn add_tool<T: Tool>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<InspectorRegistry>().tools.add::<T>();
        self
    }

    fn add_tool_part<P: ToolPart>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<InspectorRegistry>().tools.add_part::<P>();
        self
    }
}
