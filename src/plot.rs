//! Metrics of recorded runs as charts.

use std::path::Path;

use agent2028_chart::{Chart, Mark, Plot, Series};
use agent2028_core::check::suggest;

use crate::headless::RunError;
use crate::record::{RecordError, RecordedIntervention, Recording, rows};
use crate::scene::Scene;

/// Why runs could not be plotted.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// A run can't be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no such metric in any of the runs.
    #[error("no run here has a metric \"{name}\"; {help}")]
    UnknownMetric {
        /// The name or pattern that was asked for.
        name: String,
        /// The nearest valid name.
        help: String,
    },
    /// Nothing says what to plot.
    #[error("the scene \"{0}\" names no plots: choose metrics by --metric, for example --metric 'agents.*'")]
    NothingChosen(String),
}

impl From<RecordError> for PlotError {
    fn from(error: RecordError) -> Self {
        Self::Run(error.into())
    }
}

/// A recorded run with its metrics.
#[derive(Clone, Debug)]
pub struct PlottedRun {
    /// What it is called in legends.
    pub name: String,
    recording: Recording,
    /// The metrics: name, and tick and value of each sample.
    metrics: Vec<(String, Vec<(f64, f64)>)>,
}

impl PlottedRun {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// If it holds no run or can't be read.
    pub fn open(folder: &Path) -> Result<Self, PlotError> {
        let recording = Recording::open(folder)?;
        let path = folder.join("metrics.csv");
        let header = rows::header(&path)?;
        let names = header.names.into_iter().skip(1);
        let mut metrics: Vec<(String, Vec<(f64, f64)>)> = names.map(|name| (name, Vec::new())).collect();
        rows::read(&path, header.lines, |number, row| {
            let refused = || RecordError::Content {
                path: path.display().to_string(),
                line: Some(number),
                message: "this is no row of a tick and numbers".into(),
            };
            let mut cells = row.split(',');
            let tick = cells.next().and_then(|cell| cell.parse::<u64>().ok()).ok_or_else(refused)?;
            for ((_, samples), cell) in metrics.iter_mut().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                samples.push((tick as f64, cell.parse().map_err(|_| refused())?));
            }
            Ok(())
        })?;
        Ok(Self { name: folder.display().to_string(), recording, metrics })
    }

    fn metric(&self, name: &str) -> Option<&[(f64, f64)]> {
        self.metrics.iter().find(|(known, _)| known == name).map(|(_, samples)| samples.as_slice())
    }

    fn scene(&self) -> &Scene {
        &self.recording.loaded.scene
    }

    fn unit(&self, metric: &str) -> &str {
        self.recording.about.as_ref().map_or("", |about| about.unit(metric))
    }
}

/// Reads several runs, each called by the last part of its path where that tells them apart.
///
/// # Errors
/// If one of them can't be read.
pub fn open_all(folders: &[impl AsRef<Path>]) -> Result<Vec<PlottedRun>, PlotError> {
    let short = |folder: &Path| folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<Option<String>> = folders.iter().map(|folder| short(folder.as_ref())).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    let telling = names.len() == before;
    folders
        .iter()
        .map(|folder| {
            let mut run = PlottedRun::open(folder.as_ref())?;
            if telling && let Some(name) = short(folder.as_ref()) {
                run.name = name;
            }
            Ok(run)
        })
        .collect()
}

/// The chart of some metrics of runs, which lie over one another; by default, what the first run's scene asks for.
///
/// # Errors
/// If a pattern fits no metric, or nothing is chosen.
pub fn chart(runs: &[PlottedRun], patterns: &[String]) -> Result<Chart, PlotError> {
    let Some(first) = runs.first() else {
        return Ok(Chart::default());
    };
    let scene = &first.recording.loaded.scene;
    let wishes: Vec<(String, Vec<String>)> = if patterns.is_empty() {
        let plots = scene.plots.iter().map(|plot| (plot.title.clone(), plot.metrics.clone()));
        plots
            .filter(|(_, metrics)| metrics.iter().any(|name| runs.iter().any(|run| run.metric(name).is_some())))
            .collect()
    } else {
        by_unit(runs, &chosen(runs, patterns)?)
    };
    if wishes.is_empty() {
        return Err(PlotError::NothingChosen(scene.name.clone()));
    }
    let plots: Vec<Plot> = wishes.into_iter().map(|(title, metrics)| plot(runs, title, &metrics)).collect();
    Ok(Chart {
        title: told_apart(runs, |run| run.scene().name.clone()),
        caption: caption(runs),
        marks: marks(runs),
        size: (Chart::default().size.0, 150 + 220 * plots.len() as u32),
        plots,
        ..Chart::default()
    })
}

/// What is the same of all runs, once; or what it is of each, with the runs that it is true of: `1 (a, c), 2 (b)`.
fn told_apart<'a>(runs: impl IntoIterator<Item = &'a PlottedRun>, what: impl Fn(&PlottedRun) -> String) -> String {
    let mut found: Vec<(String, Vec<&'a str>)> = Vec::new();
    for run in runs {
        let value = what(run);
        match found.iter_mut().find(|(known, _)| *known == value) {
            Some((_, names)) => names.push(&run.name),
            None => found.push((value, vec![&run.name])),
        }
    }
    match found.as_slice() {
        [(value, _)] => value.clone(),
        _ => {
            found.iter().map(|(value, names)| format!("{value} ({})", names.join(", "))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Seeds, rates and names of the runs: of each its own.
fn caption(runs: &[PlottedRun]) -> String {
    let seeds = told_apart(runs, |run| run.scene().seed.to_string());
    let rates = told_apart(runs, |run| run.scene().tick_hz.to_string());
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    let one_seed = runs.windows(2).all(|pair| pair[0].scene().seed == pair[1].scene().seed);
    let seed = if one_seed { "Seed" } else { "Seeds" };
    format!("{seed} {seeds} · {rates} ticks per second · {}", names.join(", "))
}

/// The names that fit the patterns, each once, in the order of the patterns.
fn chosen(runs: &[PlottedRun], patterns: &[String]) -> Result<Vec<String>, PlotError> {
    let mut known: Vec<&str> = Vec::new();
    for (name, _) in runs.iter().flat_map(|run| &run.metrics) {
        if !known.contains(&name.as_str()) {
            known.push(name);
        }
    }
    let mut chosen: Vec<String> = Vec::new();
    for pattern in patterns {
        let fitting: Vec<&str> = known.iter().copied().filter(|name| fits(pattern, name)).collect();
        if fitting.is_empty() {
            let help = suggest(pattern, known.iter().copied(), "metric");
            return Err(PlotError::UnknownMetric { name: pattern.clone(), help });
        }
        for name in fitting {
            if !chosen.iter().any(|known| known == name) {
                chosen.push(name.into());
            }
        }
    }
    Ok(chosen)
}

/// Metrics of one unit share a plot.
fn by_unit(runs: &[PlottedRun], metrics: &[String]) -> Vec<(String, Vec<String>)> {
    let mut plots: Vec<(String, Vec<String>)> = Vec::new();
    for name in metrics {
        let unit = unit(runs, name);
        match plots.iter_mut().find(|(known, _)| *known == unit) {
            Some((_, metrics)) => metrics.push(name.clone()),
            None => plots.push((unit, vec![name.clone()])),
        }
    }
    plots
        .into_iter()
        .map(|(_, metrics)| (if metrics.len() == 1 { metrics[0].clone() } else { "Metrics".into() }, metrics))
        .collect()
}

/// The unit of a metric; where runs of different versions have different ones, each with its runs.
fn unit(runs: &[PlottedRun], metric: &str) -> String {
    told_apart(runs.iter().filter(|run| !run.unit(metric).is_empty()), |run| run.unit(metric).to_owned())
}

/// A plot: colours tell metrics apart and patterns runs, unless there is only one of the former.
fn plot(runs: &[PlottedRun], title: String, metrics: &[String]) -> Plot {
    let mut series = Vec::new();
    for (number, metric) in metrics.iter().enumerate() {
        for (index, run) in runs.iter().enumerate() {
            let Some(samples) = run.metric(metric) else {
                continue;
            };
            let (color, pattern) = if metrics.len() == 1 { (index, index) } else { (number, index) };
            let name = if runs.len() == 1 { metric.clone() } else { format!("{metric} · {}", run.name) };
            series.push(Series { name, points: samples.to_vec(), color, pattern });
        }
    }
    let mut units: Vec<String> =
        metrics.iter().map(|metric| unit(runs, metric)).filter(|unit| !unit.is_empty()).collect();
    units.dedup();
    Plot { title, unit: units.join(", "), series }
}

/// What was done to the runs, in the order of ticks.
fn marks(runs: &[PlottedRun]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for run in runs {
        for RecordedIntervention { tick, name, outcome, .. } in &run.recording.interventions {
            let who = if runs.len() == 1 { String::new() } else { format!("{}: ", run.name) };
            let text = match outcome {
                Ok(done) => format!("{who}{name}: {done}"),
                Err(why) => format!("{who}{name} refused: {why}"),
            };
            marks.push(Mark { at: *tick as f64, text });
        }
    }
    marks.sort_by(|a, b| a.at.total_cmp(&b.at));
    marks
}

/// Whether a name fits a pattern in which `*` stands for any letters and `?` for one.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where to go on if what follows the last star does not fit: one letter later.
    let (mut at, mut letter, mut retry) = (0, 0, None);
    while letter < name.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at, letter));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[letter] => {
                at += 1;
                letter += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (at, letter) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters_and_question_marks_for_one() {
        for (pattern, name) in
            [("a.b", "a.b"), ("a.*", "a.b.c"), ("*", ""), ("*.b", "a.a.b"), ("a?c*", "abcd"), ("*a*b*", "xaybz")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a.b", "a.bc"), ("a.*", "b.a"), ("?", ""), ("*.b", "a.ab"), ("*a*b", "xaybz")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
