//! The section `identity` of scenes.

use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::Recorded;
use crate::{IdentityConfig, IdentityPlugin, interventions};

impl SceneSection for IdentityConfig {
    const NAME: &'static str = "identity";
    const ABOUT: &'static str =
        "Keys, attestations, delegations and sealed channels. Without this section nobody has keys.";

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        crate::events::KINDS.to_vec()
    }

    fn build(&self, _: &SectionFiles, context: &SceneContext, app: &mut App) {
        let recorded = context.supplied::<Recorded>().unwrap_or_default();
        app.add_plugins(IdentityPlugin { config: self.clone(), recorded });
    }
}
