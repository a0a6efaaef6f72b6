//! The section `boids` of scenes.

use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::{BoidsConfig, BoidsPlugin, intervention};

impl SceneSection for BoidsConfig {
    const NAME: &'static str = "boids";
    const ABOUT: &'static str = "Flocking, steering, predators and formations. Without this section nothing flocks.";

    fn interventions(list: &mut InterventionRegistry) {
        intervention::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        crate::events::KINDS.to_vec()
    }

    fn tags(&self) -> Vec<&'static str> {
        let parts = [("formations", !self.formations.is_empty()), ("predators", !self.predators.is_empty())];
        let there = parts.into_iter().filter_map(|(tag, there)| there.then_some(tag));
        std::iter::once(Self::NAME).chain(there).collect()
    }

    fn build(&self, _: &SectionFiles, _: &SceneContext, app: &mut App) {
        app.add_plugins(BoidsPlugin { config: self.clone() });
    }
}
