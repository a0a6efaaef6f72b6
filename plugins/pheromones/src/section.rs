//! The section `pheromones` of scenes.

use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::{PheromonesConfig, PheromonesPlugin, interventions};

impl SceneSection for PheromonesConfig {
    const NAME: &'static str = "pheromones";
    const ABOUT: &'static str = "Pheromone layers, trails and foraging. Without this section there are no pheromones.";

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        crate::events::KINDS.to_vec()
    }

    fn tags(&self) -> Vec<&'static str> {
        std::iter::once(Self::NAME).chain((!self.foraging.is_empty()).then_some("foraging")).collect()
    }

    fn build(&self, _: &SectionFiles, _: &SceneContext, app: &mut App) {
        app.add_plugins(PheromonesPlugin { config: self.clone() });
    }
}
