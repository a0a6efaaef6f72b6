//! The section `operations` of scenes.

use agent2028_core::check::suggest;
use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{
    FileContent, FileContext, FileFaults, FileRequest, SceneContext, SceneSection, SectionFiles, TableFile,
};
use agent2028_core::table::RowFault;
use bevy::prelude::*;

use crate::config::{ServiceTime, Workload};
use crate::service::Files;
use crate::workload::{TraceReader, read_samples};
use crate::{OperationsConfig, OperationsPlugin, interventions};
use std::path::PathBuf;
use std::sync::Arc;

/// Where a trace is that was looked through.
struct Trace(PathBuf);

/// Service times in milliseconds.
struct Samples(Arc<[f32]>);

impl SceneSection for OperationsConfig {
    const NAME: &'static str = "operations";
    const ABOUT: &'static str = "Work that is asked of agents: workloads, routing, queues, tiers. Without this section nobody asks \
        for anything.";

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        crate::events::KINDS.to_vec()
    }

    fn files(&self) -> Vec<FileRequest> {
        const COPY: &str = "operations-{}.csv";
        let traces = self.workload.iter().enumerate().filter_map(|(index, workload)| match workload {
            Workload::Trace(file) => {
                Some(FileRequest::new(format!("workload[{index}]"), file, COPY, look_through).streamed())
            }
            _ => None,
        });
        let rules = self.services.iter().enumerate();
        let rules = rules.map(|(index, rule)| (format!("services[{index}].time"), &rule.time));
        let times = std::iter::once(("service".to_owned(), &self.service)).chain(rules);
        let samples = times.filter_map(|(at, time)| match time {
            ServiceTime::Empirical(file) => Some(FileRequest::new(at, file, COPY, |file, context| {
                let samples: Arc<[f32]> = read_samples(file.open()?, context.most_faults)?.into();
                Ok(FileContent::new(Samples(samples)))
            })),
            _ => None,
        });
        traces.chain(samples).collect()
    }

    fn build(&self, files: &SectionFiles, _: &SceneContext, app: &mut App) {
        let traces = files.iter::<Trace>().map(|(name, trace)| (name.to_owned(), trace.0.clone())).collect();
        let samples =
            files.iter::<Samples>().map(|(name, samples)| (name.to_owned(), Arc::clone(&samples.0))).collect();
        app.add_plugins(OperationsPlugin { config: self.clone(), files: Files { traces, samples } });
    }
}

/// Looks through a trace row by row, however long it is.
fn look_through(file: &TableFile, context: &FileContext) -> Result<FileContent, FileFaults> {
    let mut reader = TraceReader::open(file.path())?;
    let column = reader.capability_column();
    let (mut faults, mut rows) = (FileFaults::default(), 0_u64);
    while let Some(row) = reader.next_row() {
        rows += 1;
        let found = match row {
            Ok(row) if context.capabilities.contains(&row.capability) => continue,
            Ok(row) => {
                let help = suggest(&row.capability, context.capabilities.iter(), "capability");
                let message = format!("no agent has the capability \"{}\"", row.capability);
                vec![RowFault::new(row.byte, row.line, column, message, help)]
            }
            Err(found) => found,
        };
        found.into_iter().for_each(|fault| faults.push(fault, context.most_faults));
    }
    if rows == 0 && faults.is_empty() {
        return Err(RowFault::new(0, 1, 0, "the trace has no rows", "write a request per row").into());
    }
    if faults.is_empty() { Ok(FileContent::new(Trace(file.path().to_path_buf()))) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::check::Names;

    const MOST: usize = 1000;

    /// What is wrong with a trace: line, cell and message, and how much there is beyond.
    fn refusals(text: &str) -> (Vec<(u64, usize, String)>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("requests.csv");
        std::fs::write(&path, text).unwrap();
        let capabilities = Names::from(vec!["a.b".into(), "a.c".into()]);
        let context = FileContext { agents: 0, capabilities: &capabilities, most_faults: MOST };
        let faults = look_through(&TableFile::on_disk(path), &context).unwrap_err();
        let short = |fault: RowFault| (fault.line, fault.cell, fault.message);
        (faults.told.into_iter().map(short).collect(), faults.beyond)
    }

    #[test]
    fn tables_of_other_programs_are_told_for_what_they_are() {
        assert_eq!(refusals("at_s;capability\n1;a.b\n").0[0].2, "the columns are separated by semicolons");
        assert_eq!(refusals("at_s,capability,at_s\n1,a.b,2\n").0[0].2, "there are two columns \"at_s\"");
    }

    #[test]
    fn a_capability_that_nobody_has_is_a_bad_value() {
        let (faults, _) = refusals("at_s,capability\n1,a.b\n2,a.d\n");
        assert_eq!(faults, [(3, 1, "no agent has the capability \"a.d\"".to_owned())]);
        assert_eq!(refusals("at_s,capability\n").0[0].2, "the trace has no rows");
    }

    #[test]
    fn at_most_a_thousand_are_told_and_the_rest_counted() {
        let (faults, beyond) = refusals(&format!("at_s,capability\n{}", "x,a.b\n".repeat(MOST + 30)));
        assert_eq!((faults.len(), beyond, faults[19].0), (MOST, 30, 21));
    }
}
