//! The section `market` of scenes.

use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{FileContent, FileRequest, SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::config::Arrivals;
use crate::tasks::TaskTables;
use crate::tasks::table::{TaskRow, read_tasks};
use crate::{MarketConfig, MarketPlugin, events, interventions};

impl SceneSection for MarketConfig {
    const NAME: &'static str = "market";
    const ABOUT: &'static str = "Markets for tasks, goods and capabilities, and the money that is paid there. Without this section \
        nothing is traded.";
    // Learning bidders learn by the rule of their auction, and a Dutch clock ends at its reserve.
    const REVISION: u32 = 1;

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        [events::TASK_KINDS, events::EXCHANGE_KINDS, events::CAPABILITY_KINDS].concat()
    }

    fn files(&self) -> Vec<FileRequest> {
        let sources = self.tasks.iter().flat_map(|tasks| &tasks.sources).enumerate();
        let tables = sources.filter_map(|(index, source)| match &source.arrivals {
            Arrivals::Csv(file) => Some(FileRequest::new(
                format!("tasks.sources[{index}].arrivals"),
                file,
                "tasks-{}.csv",
                |file, context| Ok(FileContent::new(read_tasks(file.open()?, context)?)),
            )),
            _ => None,
        });
        tables.collect()
    }

    fn build(&self, files: &SectionFiles, _: &SceneContext, app: &mut App) {
        let tables = files.iter::<Vec<TaskRow>>().map(|(name, rows)| (name.to_owned(), rows)).collect();
        app.add_plugins(MarketPlugin { config: self.clone(), tables: TaskTables(tables) });
    }
}
