//! A ledger held against itself and against the run that it belongs to.

use std::path::Path;

use agent2028_ledger::Outcome;
use agent2028_ledger::demand::{Demands, Extent};
use agent2028_ledger::disk::{Torn, Walk};

use super::claims::Claims;
use super::{AuditVerdict, FilesReport};
use crate::record::RecordError;

/// A ledger and the run that it belongs to.
pub(super) struct Comparison<'a> {
    pub(super) run: &'a Path,
    pub(super) claims: &'a Claims,
    pub(super) demands: &'a Demands,
    pub(super) walk: &'a Walk,
    /// The tick of the newest checkpoint: everything up to it was on the disk before that.
    pub(super) acknowledged: u64,
}

impl Comparison<'_> {
    /// Where the ledger ends, in words.
    fn cut_off(&self) -> AuditVerdict {
        let size = self.walk.size;
        let ends = match size.checked_sub(1) {
            Some(last) => format!("the ledger ends with entry {last} of tick {}", self.claims.last_tick),
            None => "the ledger has no entry yet".into(),
        };
        let torn = self.walk.torn.as_ref().map_or_else(String::new, |torn| format!("; {}", torn_words(torn)));
        AuditVerdict::CutOff(format!("{ends}, and the end of the run is not in it{torn}"))
    }

    pub(super) fn at_ledger(&self, extent: &Extent) -> AuditVerdict {
        match (extent, self.partial()) {
            (Extent::Open, _) => self.cut_off(),
            (Extent::Whole(_), Some(reason)) => AuditVerdict::CutOff(reason),
            (Extent::Whole(_), None) => AuditVerdict::Whole,
        }
    }

    /// Why the ledger says itself that it doesn't hold all of the run.
    fn partial(&self) -> Option<String> {
        let end = self.claims.end.as_ref().filter(|end| end.outcome == Outcome::Partial)?;
        Some(format!("the ledger doesn't hold all of the run: {}", end.detail))
    }

    pub(super) fn at_run(&self, extent: &Extent, report: &mut FilesReport) -> Result<AuditVerdict, RecordError> {
        let is_there = |name: &str| self.run.join(name).exists();
        let told = |result: Result<Option<String>, RecordError>| match result {
            Err(error @ RecordError::Io { .. }) if !is_missing(&error) => Err(error),
            Err(error) => Ok(Some(error.to_string())),
            Ok(found) => Ok(found),
        };
        if matches!(extent, Extent::Open) && is_there("summary.json") {
            let AuditVerdict::CutOff(words) = self.cut_off() else { return Ok(AuditVerdict::Whole) };
            return Ok(AuditVerdict::Changed(format!("the run has ended (summary.json), and {words}")));
        }
        let difference = match extent {
            Extent::Open => match told(self.compare_beginning())? {
                None => told(self.compare(false, report))?,
                found => found,
            },
            Extent::Whole(manifest) => {
                let listed = match told(self.compare_manifest(manifest, report))? {
                    None => told(self.compare_earlier(true))?,
                    found => found,
                };
                // What differs within a file is a better place than the file.
                let mut unused = FilesReport { files: report.files, ..FilesReport::default() };
                let within = if self.partial().is_some() { None } else { told(self.compare(true, &mut unused))? };
                if listed.is_none() {
                    *report = FilesReport { files: report.files, ..unused };
                }
                match (listed, within) {
                    (Some(listed), Some(within)) if names_a_file_of(&listed, &within) => Some(within),
                    (Some(listed), _) => Some(listed),
                    // What has the length and hash that the manifest tells of can be read again.
                    (None, None) if self.partial().is_none() => told(self.compare_results())?,
                    (None, within) => within,
                }
            }
        };
        if let Some(what) = difference {
            return Ok(AuditVerdict::Changed(what));
        }
        Ok(match (extent, self.partial()) {
            (Extent::Open, _) => self.cut_off(),
            (Extent::Whole(_), Some(reason)) => AuditVerdict::CutOff(reason),
            (Extent::Whole(_), None) if !is_there("summary.json") => {
                let words =
                    "everything is there but the summary, which is still in summary.json.part: a resume ends the run";
                AuditVerdict::CutOff(words.into())
            }
            (Extent::Whole(_), None) => AuditVerdict::Whole,
        })
    }

    /// Compares what the files say with what the entries say. A run that was cut off may lack the ends of both.
    fn compare(&self, whole: bool, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        if let Some(difference) = self.compare_scene(report)? {
            return Ok(Some(difference));
        }
        if let Some(difference) = self.compare_interventions(whole, report)? {
            return Ok(Some(difference));
        }
        if let Some(difference) = self.compare_states(report)? {
            return Ok(Some(difference));
        }
        self.compare_events(whole, report)
    }
}

/// Whether two differences are of the same file.
fn names_a_file_of(listed: &str, within: &str) -> bool {
    let name = listed.split(' ').next().unwrap_or_default();
    within.contains(name)
}

fn is_missing(error: &RecordError) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, NotFound};
    matches!(error, RecordError::Io { source, .. } if matches!(source.kind(), NotFound | InvalidInput | InvalidData))
}

fn torn_words(torn: &Torn) -> String {
    let (file, record, offset, bytes) = (torn.file.display(), torn.record, torn.offset, torn.bytes);
    let bytes = if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    format!(
        "{file}, record {record} at byte {offset}: it is torn, {bytes} of it are there, and resuming the run cuts them off"
    )
}
