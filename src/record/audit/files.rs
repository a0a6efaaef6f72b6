//! The files of a run against the manifests of its ledger, and those that every run has.

use std::collections::BTreeSet;

use agent2028_ledger::{Manifest, facts};

use super::FilesReport;
use super::comparison::Comparison;
use crate::record::{RecordError, contents, folder, io_error, ledger, rows};

impl Comparison<'_> {
    /// Compares the files of the folder with the manifest.
    pub(super) fn compare_manifest(
        &self,
        manifest: &Manifest,
        report: &mut FilesReport,
    ) -> Result<Option<String>, RecordError> {
        let index = self.walk.size - 1;
        let named = |name: &&&str| !manifest.files.iter().any(|line| line.name == ***name);
        let wanted = contents::FROM_THE_BEGINNING.iter().chain(&contents::AT_THE_END);
        if let Some(name) = wanted.clone().find(named) {
            return Ok(Some(format!("the manifest does not name {name}, which every run has (entry {index})")));
        }
        let there: BTreeSet<String> = contents::list(self.run)?.into_iter().map(|(name, _)| name).collect();
        let mut left = there.clone();
        for line in &manifest.files {
            let staged = line.name == "summary.json" && !there.contains(&line.name);
            let name = if staged { contents::STAGED } else { &line.name };
            if !left.remove(name) {
                return Ok(Some(format!("{} is missing (entry {index})", line.name)));
            }
            let path = self.run.join(name);
            let bytes = std::fs::metadata(&path).map_err(io_error(&path))?.len();
            // What has another length isn't read, however long it is.
            if bytes != line.bytes {
                let was = line.bytes;
                let what =
                    format!("{name} is not the file that was entered: {bytes} bytes and not {was} (entry {index})");
                return Ok(Some(what));
            }
            let (_, hash) = contents::length_and_hash(&path)?;
            if line.hash() != Some(hash) {
                return Ok(Some(format!("{name} is not the file that was entered (entry {index})")));
            }
            report.files += 1;
        }
        let surplus = left.into_iter().next();
        Ok(surplus.map(|name| format!("{name} is none of the files that the run has written (entry {index})")))
    }

    /// What a folder holds whose run has not ended: the files that every run has from its beginning on, and all that was on the
    /// disk before the newest checkpoint was.
    pub(super) fn compare_beginning(&self) -> Result<Option<String>, RecordError> {
        if self.demands.lacks_its_beginning(self.walk) {
            let (size, sign) = (self.walk.size, contents::sign_of_ticks(self.run)?);
            return Ok(sign.map(|sign| {
                format!("the ledger has {size} entries and not all that it begins with, and {sign} tells of ticks")
            }));
        }
        if let Some(name) = contents::FROM_THE_BEGINNING.iter().find(|name| !self.run.join(name).exists()) {
            let index = if *name == "scene.ron" { "0" } else { "none names it, and every run has it" };
            return Ok(Some(format!("{name} is missing (entry {index})")));
        }
        let head = self.walk.heads.last().map_or(0, |signed| signed.head.tick);
        let checkpoint = self.acknowledged;
        if head < checkpoint {
            return Ok(Some(format!(
                "the last tree head is of tick {head} and there is a checkpoint of tick {checkpoint}, before which the ledger had \
                 one of that tick: it was cut (entry {})",
                self.walk.size
            )));
        }
        let path = self.run.join("metrics.csv");
        let mut last = 0;
        rows::read(&path, rows::header(&path)?.lines, |_, row| {
            last = rows::csv_tick(row).unwrap_or(last);
            Ok(())
        })?;
        if last < checkpoint {
            return Ok(Some(format!("metrics.csv ends with tick {last}, before the checkpoint of tick {checkpoint}")));
        }
        self.compare_earlier(false)
    }

    /// Compares the files that only grow with what they were at earlier ends of the run.
    pub(super) fn compare_earlier(&self, ended: bool) -> Result<Option<String>, RecordError> {
        let earlier = &self.claims.manifests[..self.claims.manifests.len().saturating_sub(usize::from(ended))];
        for (index, manifest) in earlier {
            for line in manifest.files.iter().filter(|line| contents::GROWING.contains(&line.name.as_str())) {
                if !contents::begins_with(self.run, line)? {
                    let (name, tick) = (&line.name, manifest.tick);
                    return Ok(Some(format!(
                        "{name} no longer begins with what it was when the run had ended in tick {tick} (entry {index})"
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Whether the entries of results are those of the files that they name, and all are there.
    pub(super) fn compare_results(&self) -> Result<Option<String>, RecordError> {
        let there = folder::RESULTS.iter().filter(|name| self.run.join(name).exists());
        if !there.clone().eq(self.claims.results.iter().map(|(_, name, _)| name)) {
            let names = there.copied().collect::<Vec<_>>().join(", ");
            return Ok(Some(format!("the results that were entered are not those of the run: {names}")));
        }
        for (index, name, payload) in &self.claims.results {
            if facts::file_hash(&ledger::digest(&self.run.join(name))?) != *payload {
                return Ok(Some(format!("{name} is not the result that was entered (entry {index})")));
            }
        }
        Ok(None)
    }
}
