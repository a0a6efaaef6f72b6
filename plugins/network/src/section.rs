//! The section `network` of scenes.

use agent2028_core::check::Problems;
use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{FileContent, FileRequest, SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::config::TopologyConfig;
use crate::links::read_links;
use crate::{NetworkConfig, NetworkPlugin, interventions};

impl SceneSection for NetworkConfig {
    const NAME: &'static str = "network";
    const ABOUT: &'static str =
        "Links, messages, gossip, failure detection and shared state. Without this section agents don't talk.";

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        crate::events::KINDS.to_vec()
    }

    fn files(&self) -> Vec<FileRequest> {
        match &self.topology {
            TopologyConfig::Csv(file) => vec![FileRequest::new("topology", file, "links.csv", |file, context| {
                Ok(FileContent::new(read_links(file.open()?, context.agents, context.most_faults)?))
            })],
            _ => Vec::new(),
        }
    }

    fn take_files(&mut self, files: &SectionFiles) {
        if let TopologyConfig::Csv(file) = &self.topology
            && let Some(links) = files.get::<Vec<(u32, u32)>>(file)
        {
            self.topology = TopologyConfig::Edges(links.to_vec());
        }
    }

    fn advise(&self, _: &dyn Fn(&str) -> bool, advice: &mut Problems) {
        self.advise_on_gossip(Self::NAME, advice);
    }

    fn tags(&self) -> Vec<&'static str> {
        std::iter::once(Self::NAME).chain(self.gossip.is_some().then_some("gossip")).collect()
    }

    fn build(&self, _: &SectionFiles, _: &SceneContext, app: &mut App) {
        app.add_plugins(NetworkPlugin { config: self.clone() });
    }
}
