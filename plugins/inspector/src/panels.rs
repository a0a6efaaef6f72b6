//! One file per panel. A panel is a function of what it reads, what it remembers and an [`Actions`](crate::Actions)
//! collector: it needs no window, no renderer and no Bevy world of its own.

pub mod absent;
pub mod agent;
pub mod captions;
pub mod compare;
pub mod dragged_fault;
pub mod events;
pub mod faults;
pub mod help;
pub mod hints;
pub mod hover_card;
pub mod interventions;
pub mod labels;
pub mod layers;
pub mod legend;
pub mod many;
pub mod minimap;
pub mod notices;
pub mod overlay;
pub mod palette;
pub mod parameters;
pub mod pending;
pub mod pictures;
pub mod problems;
pub mod profiler;
pub mod registry;
pub mod save_run;
pub mod scene;
pub mod scene_menu;
pub mod selected;
pub mod selections;
pub mod settings;
pub mod status_bar;
pub mod timeline;
pub mod tool_options;
pub mod tools;
pub mod top_bar;
pub mod transport;

use agent2028_editor::{EditorPanel, FormPanel};
use agent2028_plots::{distributions, metrics, plots, runs};

use crate::panel::InspectorRegistry;

/// The panels and tools that the window itself brings, without those of plugins.
#[must_use]
pub fn of_the_host() -> InspectorRegistry {
    let mut registry = InspectorRegistry::default();
    register(&mut registry);
    registry
}

/// Adds the panels and tools that every window has.
pub fn register(registry: &mut InspectorRegistry) {
    registry.add::<scene::ScenePanel>();
    registry.add::<parameters::ParametersPanel>();
    registry.add::<settings::SettingsPanel>();
    registry.add::<selections::SelectPanel>();
    registry.add::<faults::FaultsPanel>();
    registry.add::<agent::AgentPanel>();
    registry.add::<compare::ComparePanel>();
    registry.add::<plots::PlotsPanel>();
    registry.add::<metrics::MetricsPanel>();
    registry.add::<events::EventsPanel>();
    registry.add::<interventions::InterventionsPanel>();
    registry.add::<runs::RunsPanel>();
    registry.add::<registry::RegistryPanel>();
    registry.add::<distributions::DistributionsPanel>();
    registry.add::<profiler::ProfilerPanel>();
    registry.add::<EditorPanel>();
    registry.add::<FormPanel>();
    tools::register(&mut registry.tools);
}

#[cfg(test)]
pub(crate) mod tests;
