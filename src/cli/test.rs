//! `agent2028 test`: runs scenes and judges what they expect.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agent2028_core::whole_file::{WholeFile, write_atomically};
use clap::Args;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::check::scene_files;
use super::write_up::{number, right, table, verdict_table};
use super::{DONE, FAILED, Failure, Format, SceneArguments, counted, json, print, tell};
use crate::headless::{RunOptions, Summary, run};
use crate::scene::load::load;
use crate::scene::report::Line;

/// Runs scenes and judges their expectations; exits with 1 if any is not met, with 2 if a scene is wrong.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 test scenes/\n  agent2028 test flock my-scene.ron --junit results.xml\n  \
    agent2028 test sybil --set defence=Pooled                # what happens without the defence"
)]
pub(crate) struct Test {
    /// Scene files, folders with scene files, or names of built-in scenes.
    #[arg(required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    scene_arguments: SceneArguments,
    /// Uses this many threads; changes nothing but the speed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes the results as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Ran(Box<Summary>),
    Wrong { scene: String, problems: Vec<Line> },
    Broken { scene: String, fault: String },
}

impl Test {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        if let Some(file) = &self.junit {
            // Nobody waits for scenes whose results have no place; begun and given up, a file leaves nothing behind.
            WholeFile::begin(file).map_err(|error| Failure::Input(miette::miette!("{}: {error}", file.display())))?;
        }
        let mut outcomes = Vec::new();
        let judged = self.judge(&mut outcomes);
        // Whatever happened, it stands in the file: those who read that don't see what is printed. And whatever becomes of the
        // file, the results are printed.
        let written = self.junit.as_ref().map_or(Ok(()), |file| write_junit(file, &outcomes, judged.as_ref().err()));
        let code = judged?;
        match self.format {
            Format::Json => print(&json(&outcomes)?)?,
            Format::Text => print(&overview(&outcomes))?,
        };
        written?;
        Ok(code)
    }

    /// Runs all scenes; the exit code that they deserve.
    fn judge(&self, outcomes: &mut Vec<Outcome>) -> Result<u8, Failure> {
        let mut code = DONE;
        for path in &self.paths {
            let scenes = match scene_files(path) {
                Ok(scenes) => scenes,
                Err(failure) => {
                    code = code.max(tell(&failure));
                    outcomes.push(Outcome::wrong(path.clone(), &failure));
                    continue;
                }
            };
            for scene in scenes {
                let options = RunOptions { threads: self.threads.map(usize::from), ..Default::default() };
                let result = without_a_fall(|| {
                    load(&scene, &self.scene_arguments.settings())
                        .map_err(Failure::from)
                        .and_then(|loaded| run(&loaded, &options, &mut |_| {}).map_err(Failure::from))
                });
                match result {
                    Ok(mut summary) => {
                        summary.scene.clone_from(&scene);
                        if !summary.passed() {
                            code = code.max(FAILED);
                        }
                        let failed = (self.format == Format::Text).then(|| print_verdicts(&summary));
                        outcomes.push(Outcome::Ran(Box::new(summary)));
                        failed.transpose()?;
                    }
                    Err(failure) => {
                        code = code.max(tell(&failure));
                        outcomes.push(Outcome::wrong(scene, &failure));
                    }
                }
            }
        }
        Ok(code)
    }
}

/// What `judge` finds, or that it panicked: an internal fault in one scene must not take the others down.
fn without_a_fall<T>(judge: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What was half done when it panicked is thrown away with the scene.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(judge)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Failure::Internal(miette::miette!("an internal fault: {}", words.unwrap_or("no message"))))
    })
}

/// Gives what has the name of an earlier one a number: readers take suites or cases of one name for one.
#[derive(Default)]
struct Unique(BTreeMap<String, u64>);

impl Unique {
    fn of(&mut self, name: &str) -> String {
        let times = self.0.entry(name.to_owned()).and_modify(|times| *times += 1).or_insert(1);
        if *times == 1 { name.to_owned() } else { format!("{name} ({times})") }
    }
}

impl Outcome {
    fn scene(&self) -> &str {
        match self {
            Self::Ran(summary) => &summary.scene,
            Self::Wrong { scene, .. } | Self::Broken { scene, .. } => scene,
        }
    }

    fn wrong(scene: String, failure: &Failure) -> Self {
        match failure {
            Failure::Scene(error) => Self::Wrong { scene, problems: error.lines() },
            Failure::Input(report) | Failure::Internal(report) => Self::Broken { scene, fault: report.to_string() },
        }
    }
}

/// Tells a scene that fails with all its expectations, as soon as it has run.
fn print_verdicts(summary: &Summary) -> Result<u8, Failure> {
    if summary.passed() {
        return Ok(DONE);
    }
    let mut text = format!("{} does not do what it should:\n{}\n", summary.scene, verdict_table(&summary.expectations));
    for verdict in summary.expectations.iter().filter(|verdict| verdict.failed() && !verdict.because.is_empty()) {
        text += &format!("{}: {}\n", verdict.metric, verdict.because);
    }
    print(&(text + "\n"))
}

fn overview(outcomes: &[Outcome]) -> String {
    let mut rows = table(&["scene", "expectations", "ticks", "agents", "ticks/s", "result"]);
    let mut passed = 0;
    for outcome in outcomes {
        match outcome {
            Outcome::Ran(summary) => {
                let met = summary.expectations.iter().filter(|verdict| verdict.met).count();
                passed += usize::from(summary.passed());
                rows.add_row(vec![
                    comfy_table::Cell::new(&summary.scene),
                    right(format!("{met} of {}", summary.expectations.len())),
                    right(number(summary.ticks as f64)),
                    right(number(summary.agents as f64)),
                    right(number(summary.ticks_per_second.round())),
                    comfy_table::Cell::new(if summary.passed() { "passed" } else { "FAILED" }),
                ]);
            }
            Outcome::Wrong { scene, problems } => {
                let how = format!("WRONG ({})", counted(problems.len() as u64, "problem", "problems"));
                rows.add_row(vec![
                    comfy_table::Cell::new(scene),
                    right(""),
                    right(""),
                    right(""),
                    right(""),
                    comfy_table::Cell::new(how),
                ]);
            }
            Outcome::Broken { scene, .. } => {
                let mut row = vec![comfy_table::Cell::new(scene)];
                row.extend((0..4).map(|_| right("")));
                row.push(comfy_table::Cell::new("BROKEN"));
                rows.add_row(row);
            }
        }
    }
    format!("{rows}\n{passed} of {} passed\n", counted(outcomes.len() as u64, "scene", "scenes"))
}

/// Writes what came out as JUnit XML: a suite per scene, a case per expectation.
fn write_junit(file: &Path, outcomes: &[Outcome], broke: Option<&Failure>) -> Result<(), Failure> {
    let mut report = Report::new("agent2028 test");
    let mut names = Unique::default();
    for outcome in outcomes {
        let scene = &names.of(outcome.scene());
        report.add_test_suite(match outcome {
            Outcome::Ran(summary) => suite_of(summary, scene),
            Outcome::Wrong { problems, .. } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                let lines: Vec<String> = problems
                    .iter()
                    .map(|line| format!("{}:{}:{}: {}", line.file, line.line, line.column, line.message))
                    .collect();
                status.set_message(lines.first().cloned().unwrap_or_default()).set_description(lines.join("\n"));
                let mut suite = TestSuite::new(scene);
                suite.add_test_case(case(scene, "can be run", status));
                suite
            }
            Outcome::Broken { fault, .. } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(fault.as_str());
                let mut suite = TestSuite::new(scene);
                suite.add_test_case(case(scene, "can be run", status));
                suite
            }
        });
    }
    if let Some(failure) = broke {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(match failure {
            Failure::Scene(error) => error.to_string(),
            Failure::Input(report) | Failure::Internal(report) => report.to_string(),
        });
        let mut suite = TestSuite::new("agent2028 test");
        suite.add_test_case(case("agent2028 test", "all scenes are judged", status));
        report.add_test_suite(suite);
    }
    let text = report.to_string().map_err(|error| Failure::Internal(miette::miette!("{error}")))?;
    write_atomically(file, text.as_bytes())
        .map_err(|error| Failure::Input(miette::miette!("{}: {error}", file.display())))
}

fn case(scene: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(scene);
    case
}

/// The suite of a scene that ran; one that expects nothing has a case all the same, so that it is seen.
fn suite_of(summary: &Summary, scene: &str) -> TestSuite {
    let mut suite = TestSuite::new(scene);
    suite.set_time(Duration::from_secs_f64(summary.wall_seconds));
    let mut names = Unique::default();
    for verdict in &summary.expectations {
        let status = if verdict.met {
            TestCaseStatus::success()
        } else if verdict.judged {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let got = verdict.got.map_or_else(|| "no value".into(), |got| got.to_string());
            let message = format!("{}: wanted {}, got {got}", verdict.metric, verdict.wanted);
            let reason = if verdict.because.is_empty() { String::new() } else { format!("\n{}", verdict.because) };
            status.set_type("expectation not met").set_description(format!("{message}{reason}"));
            status.set_message(message);
            status
        } else {
            let mut status = TestCaseStatus::skipped();
            status.set_message("the run ended before it could be judged");
            status
        };
        let name = names.of(&format!("{}: {}", verdict.metric, verdict.wanted));
        suite.add_test_case(case(scene, &name, status));
    }
    if summary.stopped {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(format!("a fault stopped the run at tick {}", summary.ticks));
        suite.add_test_case(case(scene, "runs to its end", status));
    } else if summary.expectations.is_empty() {
        suite.add_test_case(case(scene, "runs to its end", TestCaseStatus::success()));
    }
    suite
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_fault_in_one_scene_leaves_the_others_and_is_reported() {
        let broken = without_a_fall(|| -> Result<(), Failure> { panic!("two systems at once") });
        let Err(Failure::Internal(report)) = broken else { panic!("a fault is an internal failure") };
        assert!(report.to_string().contains("two systems at once"));
        assert!(without_a_fall(|| Ok(7)).is_ok_and(|seven| seven == 7));

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("results.xml");
        let outcomes = [
            Outcome::Broken { scene: "a.ron".into(), fault: report.to_string() },
            Outcome::Wrong { scene: "b.ron".into(), problems: Vec::new() },
        ];
        write_junit(&file, &outcomes, None).unwrap_or_else(|_| panic!("the file is written"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("a.ron") && text.contains("two systems at once") && text.contains("b.ron"), "{text}");
        assert!(overview(&outcomes).contains("BROKEN"));
    }
}
