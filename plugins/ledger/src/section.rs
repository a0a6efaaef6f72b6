//! The section `ledger` of scenes.

use agent2028_core::section::{SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::{LedgerConfig, LedgerPlugin};

impl SceneSection for LedgerConfig {
    const NAME: &'static str = "ledger";
    const ABOUT: &'static str = "What is entered into the audit ledger, and who signs. Without this section only runs that are \
        written to a folder have a ledger, with the defaults.";

    fn build(&self, _: &SectionFiles, context: &SceneContext, app: &mut App) {
        app.add_plugins(LedgerPlugin { config: self.clone(), opening: context.document().into() });
    }
}
