//! The section `consensus` of scenes.

use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::{ConsensusConfig, ConsensusPlugin, events, interventions};

impl SceneSection for ConsensusConfig {
    const NAME: &'static str = "consensus";
    const ABOUT: &'static str = "Agents that decide one thing after the other together, although some of them may lie. Without this \
        section nothing is decided.";

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        events::KINDS.to_vec()
    }

    fn tags(&self) -> Vec<&'static str> {
        vec![Self::NAME, "byzantine", "vote"]
    }

    fn build(&self, _: &SectionFiles, _: &SceneContext, app: &mut App) {
        app.add_plugins(ConsensusPlugin { config: self.clone() });
    }
}
