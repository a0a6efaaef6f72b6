//! The section `market` of scenes.

use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{FileRequest, SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::{MarketConfig, MarketPlugin, events, interventions};

impl SceneSection for MarketConfig {
    const NAME: &'static str = "market";
    const ABOUT: &'static str = "Markets for tasks, goods and capabilities, and the money that is paid there. Without this section \
        nothing is traded.";

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        [events::EXCHANGE_KINDS, events::CAPABILITY_KINDS].concat()
    }

    fn files(&self) -> Vec<FileRequest> {
        Vec::new()
    }

    fn build(&self, _: &SectionFiles, _: &SceneContext, app: &mut App) {
        app.add_plugins(MarketPlugin { config: self.clone() });
    }
}
