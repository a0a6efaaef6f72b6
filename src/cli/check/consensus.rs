//! `agent2028 check --consensus`: can the voters of a scene be led to decide two ways?

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agent2028_consensus::protocol::exploration::search::{Bounds, End, Explored};
use clap::Args;
use serde::Serialize;

use super::scene_files;
use crate::cli::{DONE, FAILED, Failure, Format, counted, json, print, say};
use crate::exploration::{Exploration, Limits, Property, explore_voters, record};
use crate::record::RunFolder;
use crate::scene::load::load;

/// How the log of a scene's voters is explored.
#[derive(Args, Debug)]
pub(super) struct Consensus {
    /// Explores the log of the scene's voters instead: all orders of messages, timers and lies, over the state machine that the
    /// simulation runs. Who lies is whom the scene's timeline lets lie. Exits with 1 if something happens that must never happen,
    /// and writes how as a recording.
    #[arg(long)]
    pub consensus: bool,
    /// The most steps from the beginning: messages received, timers run out.
    #[arg(long, value_name = "N", default_value_t = 10, requires = "consensus")]
    depth: usize,
    /// The most situations: each takes some 30 bytes of memory, and a million a minute or so.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, requires = "consensus", value_parser = clap::value_parser!(u32).range(1..))]
    states: u32,
    /// How many rounds each height has.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "consensus", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many heights are decided.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "consensus", value_parser = clap::value_parser!(u32).range(1..=100))]
    heights: u32,
    /// The new or empty folder for the recording of a counterexample; by default NAME-counterexample in the current folder.
    #[arg(long, value_name = "DIR", requires = "consensus")]
    out: Option<PathBuf>,
}

/// What is told of a scene, for programs.
#[derive(Serialize)]
struct Told {
    scene: String,
    voters: usize,
    liars: Vec<u16>,
    unique_states: usize,
    transitions: u64,
    depth: usize,
    explored: &'static str,
    decides: bool,
    properties: Vec<Property>,
    counterexample: Option<Counterexample>,
}

#[derive(Serialize)]
struct Counterexample {
    steps: Vec<String>,
    recording: String,
}

impl Consensus {
    pub(super) fn execute(&self, paths: &[String], format: Format) -> Result<u8, Failure> {
        let mut told = Vec::new();
        for path in paths {
            for scene in scene_files(path)? {
                told.push(self.explore(&scene)?);
            }
        }
        match format {
            Format::Json => print(&json(&told)?)?,
            Format::Text => print(&told.iter().map(words).collect::<Vec<_>>().join("\n"))?,
        };
        let holds = told.iter().flat_map(|told| &told.properties).all(|property| property.holds);
        Ok(if holds { DONE } else { FAILED })
    }

    fn explore(&self, scene: &str) -> Result<Told, Failure> {
        let loaded = load(scene, &[])?;
        let name = Path::new(scene).file_stem().map_or_else(|| scene.into(), |name| name.to_string_lossy());
        let folder = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}-counterexample")));
        // Before minutes are spent.
        RunFolder::refuse_what_is_there(&folder)?;
        let limits = Limits {
            bounds: Bounds { depth: self.depth, states: self.states as usize },
            rounds: self.rounds,
            heights: self.heights,
        };
        let mut progress = Progress::default();
        let found = explore_voters(&loaded, limits, &mut |depth, states| progress.show(depth, states))?;
        let Exploration { voters, schedule, explored } = &found;
        let counterexample = match found.counterexample(&loaded) {
            None => None,
            Some(counterexample) => {
                record(&counterexample?, &folder)?;
                let recording = folder.display().to_string();
                Some(Counterexample { steps: schedule.steps.clone(), recording })
            }
        };
        Ok(Told {
            scene: scene.to_owned(),
            voters: *voters,
            liars: schedule.liars.clone(),
            unique_states: explored.states,
            transitions: explored.steps,
            depth: explored.depth,
            explored: extent(explored),
            decides: explored.decides,
            properties: found.properties(),
            counterexample,
        })
    }
}

fn extent(explored: &Explored) -> &'static str {
    match explored.end {
        End::Whole => "all that can happen",
        End::Depth => "all that can happen within so many steps",
        End::States => "not all: there are more situations than --states allows",
        End::Fault => "up to what must never happen",
    }
}

/// What came out, for people.
fn words(told: &Told) -> String {
    let liars = match &told.liars[..] {
        [] => "none of them lies".to_owned(),
        [one] => format!("voter {one} lies"),
        many => format!("voters {} lie", many.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")),
    };
    let mut text = format!("{}: {}, {liars}\n", told.scene, counted(told.voters as u64, "voter", "voters"));
    text.push_str(&format!(
        "  {}, {}, {} deep: {}\n",
        counted(told.unique_states as u64, "unique state", "unique states"),
        counted(told.transitions, "transition", "transitions"),
        counted(told.depth as u64, "step", "steps"),
        told.explored
    ));
    for Property { name, holds } in &told.properties {
        text.push_str(&format!("  {} {name}\n", if *holds { "holds:" } else { "FAILS:" }));
    }
    let decides = if told.decides { "something is decided" } else { "nothing is decided yet within these bounds" };
    text.push_str(&format!("  seen:  {decides}\n"));
    if let Some(Counterexample { steps, recording }) = &told.counterexample {
        text.push_str("  The shortest way there:\n");
        for (number, step) in (1..).zip(steps) {
            text.push_str(&format!("  {number:>4}. {step}\n"));
        }
        text.push_str(&format!("  Step by step in a window: agent2028 replay {recording}\n"));
    }
    text
}

/// Tells how far an exploration is, a line every few seconds.
#[derive(Default)]
struct Progress(Option<Instant>);

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "progress is about real time; no simulation code sees it")]
    fn show(&mut self, depth: usize, states: usize) {
        let now = Instant::now();
        let since = *self.0.get_or_insert(now);
        let every = if std::io::stderr().is_terminal() { 1 } else { 5 };
        if now - since >= Duration::from_secs(every) {
            self.0 = Some(now);
            say(&format!("{} so far, {depth} steps deep", counted(states as u64, "situation", "situations")));
        }
    }
}
