//! `agent2028 check`: finds the faults of a scene without running it.

mod consensus;

use std::path::Path;

use clap::Args;

use super::{BAD_INPUT, DONE, Failure, Format, counted, json, print, tell};
use crate::assemble::{ExtraPlugins, check, with_all_problems};
use crate::scene::load::load;
use crate::scene::report::Line;

/// Checks scenes without running them: types, ranges, names, files. Exits with 2 if anything is wrong. What is right and still
/// to be considered is told as a warning.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 check scenes/ my-scene.ron\n  agent2028 check byzantine-4 --consensus --depth 6"
)]
pub(crate) struct Check {
    /// Scene files, folders with scene files, or names of built-in scenes.
    #[arg(required = true)]
    paths: Vec<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    explored: consensus::Consensus,
}

impl Check {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        if self.explored.consensus {
            return self.explored.execute(&self.paths, self.format);
        }
        let (mut lines, mut warnings): (Vec<Line>, Vec<Line>) = (Vec::new(), Vec::new());
        let mut checked = 0;
        for path in &self.paths {
            for scene in scene_files(path)? {
                checked += 1;
                let plugins = ExtraPlugins::default();
                let loaded = load(&scene, &[]).map_err(|error| with_all_problems(error, &plugins));
                let result = loaded.and_then(|loaded| {
                    check(&loaded, &plugins)?;
                    Ok(loaded.warnings())
                });
                let (told, kind) = match result {
                    Ok(None) => continue,
                    Ok(Some(told)) => (told, &mut warnings),
                    Err(error) => (error, &mut lines),
                };
                kind.extend(told.lines());
                if self.format == Format::Text {
                    tell(&Failure::Scene(Box::new(told)));
                }
            }
        }
        let (wrongs, considered) = (lines.len(), warnings.len());
        lines.append(&mut warnings);
        match self.format {
            Format::Json => print(&json(&lines)?)?,
            Format::Text if wrongs == 0 => print(&right(checked, considered))?,
            Format::Text => print(&wrong(wrongs, checked))?,
        };
        Ok(if wrongs == 0 { DONE } else { BAD_INPUT })
    }
}

/// That there is nothing to complain of, though perhaps something to consider.
fn right(checked: usize, warnings: usize) -> String {
    let right = if checked == 1 { "The scene is right".into() } else { format!("{checked} scenes are right") };
    match warnings {
        0 => format!("{right}\n"),
        warnings => format!("{right}, with {}\n", counted(warnings as u64, "warning", "warnings")),
    }
}

/// How much there is to complain of.
fn wrong(problems: usize, scenes: usize) -> String {
    format!("{} in {}\n", counted(problems as u64, "problem", "problems"), counted(scenes as u64, "scene", "scenes"))
}

/// The scenes that an argument names: itself, or the scene files in a folder in alphabetical order.
pub(crate) fn scene_files(argument: &str) -> Result<Vec<String>, Failure> {
    let path = Path::new(argument);
    if !path.is_dir() {
        return Ok(vec![argument.into()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| Failure::Input(miette::miette!("{argument}: {error}")))?;
    let mut files: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
        .map(|path| path.display().to_string())
        .collect();
    if files.is_empty() {
        return Err(Failure::Input(miette::miette!(
            help = "scene files end in .ron",
            "{argument}: there are no scenes in this folder"
        )));
    }
    files.sort_unstable();
    Ok(files)
}
