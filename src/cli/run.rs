//! `agent2028 run`: a scene without a window.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent2028_core::clock::ticks_in;
use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::ledger::keys::read_secret;
use super::write_up::summary_text;
use super::{BAD_INPUT, DONE, FAILED, Failure, Format, SceneArguments, above_zero, counted, json, print, say, ticks};
use crate::headless::{Progress, RunOptions, run};
use crate::record::recording;
use crate::scene::MOST_TICKS;
use crate::scene::load::{Loaded, load};

/// Runs a scene without a window and prints what came out.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  agent2028 run flock --ticks 600\n  agent2028 run my-scene.ron --for 60s --set \
    boids.separation.weight=2.0 --format json\n  agent2028 run murmuration --out runs/1 --checkpoint-every 200\n  \
    agent2028 run --resume runs/1")]
pub(crate) struct Run {
    /// A scene file, or the name of a built-in scene.
    #[arg(required_unless_present = "resume")]
    scene: Option<String>,
    #[command(flatten)]
    scene_arguments: SceneArguments,
    /// Ends after this tick.
    #[arg(long, value_name = "N", conflicts_with = "duration", value_parser = ticks)]
    ticks: Option<u64>,
    /// Ends after this much simulated time: 90s, 1.5m, 2h, or a number of seconds.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_seconds)]
    duration: Option<f64>,
    /// Uses this many threads; changes nothing but the speed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Writes the run into a new or empty folder: scene, interventions, metrics and events (text and Parquet), checkpoints, state
    /// hashes, summary.
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Writes a checkpoint every so many ticks; needs --out or --resume.
    #[arg(long, value_name = "N", value_parser = above_zero)]
    checkpoint_every: Option<u64>,
    /// Goes on from the newest whole checkpoint of the run in DIR, and writes there, with the ticks, threads, checkpoints and
    /// state hashes that the run was asked for, unless they are given anew. A complete run stays as it is unless more ticks
    /// are asked for.
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Tells the state hash every so many ticks: into hashes.csv with --out, else to the log.
    #[arg(long, value_name = "N", value_parser = above_zero)]
    hash_every: Option<u64>,
    /// Records these metrics too, although they cost something: a name, or a pattern such as 'trust.*'; can be repeated. Metrics that
    /// cost next to nothing are always recorded, others only if the scene or somebody names them.
    #[arg(long, value_name = "PATTERN")]
    metrics: Vec<String>,
    /// Signs the tree heads of the run's ledger with the secret key in this file (`agent2028 ledger keygen` makes one) in place of
    /// the run's own, which everybody has who has the seed; needs --out or --resume.
    #[arg(long, value_name = "FILE")]
    sign_with: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads `90s`, `1.5m`, `2h` or a plain number of seconds.
pub(crate) fn parse_seconds(text: &str) -> Result<f64, String> {
    let (number, factor) = match text.trim() {
        time if time.ends_with("ms") => (&time[..time.len() - 2], 0.001),
        time if time.ends_with('s') => (&time[..time.len() - 1], 1.0),
        time if time.ends_with('m') => (&time[..time.len() - 1], 60.0),
        time if time.ends_with('h') => (&time[..time.len() - 1], 3600.0),
        time => (time, 1.0),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number * factor),
        _ => Err("write a time from 0 up, for example 60s, 1.5m or 2h".into()),
    }
}

impl Run {
    /// The welcome scene with its own length.
    pub(crate) fn welcome() -> Self {
        Self {
            scene: Some("welcome".into()),
            scene_arguments: SceneArguments { seed: None, set: Vec::new() },
            ticks: None,
            duration: None,
            threads: None,
            out: None,
            checkpoint_every: None,
            resume: None,
            hash_every: None,
            metrics: Vec::new(),
            sign_with: None,
            format: Format::Text,
        }
    }

    fn load(&self) -> Result<Loaded, Failure> {
        let settings = self.scene_arguments.settings();
        match (&self.scene, &self.resume) {
            (Some(scene), _) => Ok(load(scene, &settings)?),
            (None, Some(folder)) => Ok(recording::load_scene(folder, &settings)?),
            (None, None) => Err(Failure::Input(miette::miette!("name a scene, or a run to resume"))),
        }
    }

    pub(crate) fn execute(self) -> Result<u8, Failure> {
        if self.checkpoint_every.is_some() && self.out.is_none() && self.resume.is_none() {
            say("--checkpoint-every needs a folder to write to: add --out DIR");
            return Ok(BAD_INPUT);
        }
        if self.sign_with.is_some() && self.out.is_none() && self.resume.is_none() {
            say("--sign-with needs a folder with a ledger to sign: add --out DIR");
            return Ok(BAD_INPUT);
        }
        let sign_with = self.sign_with.as_deref().map(read_secret).transpose()?.map(Arc::new);
        let loaded = self.load()?;
        let ticks = match self.duration {
            Some(seconds) => match ticks_in(seconds, loaded.scene.tick_hz) {
                ticks if ticks > MOST_TICKS => {
                    say(&format!("--for: this would be more than {MOST_TICKS} ticks; no run is longer"));
                    return Ok(BAD_INPUT);
                }
                ticks => Some(ticks),
            },
            None => self.ticks,
        };
        let options = RunOptions {
            ticks,
            threads: self.threads.map(usize::from),
            out: self.out,
            checkpoint_every: self.checkpoint_every,
            hash_every: self.hash_every,
            resume: self.resume,
            metrics: self.metrics,
            sign_with,
            ..RunOptions::default()
        };
        let mut meter = Meter::new();
        let summary = run(&loaded, &options, &mut |progress| meter.show(progress))?;
        meter.finish();
        if let Some(folder) = options.resume.filter(|_| summary.was_complete) {
            let (folder, ticks) = (folder.display(), summary.ticks);
            let ticks = counted(ticks, "tick", "ticks");
            say(&format!("{folder} holds a complete run of {ticks}: nothing was changed. For more, add --ticks N."));
        }
        match self.format {
            Format::Json => print(&json(&summary)?)?,
            Format::Text => print(&summary_text(&summary))?,
        };
        Ok(if summary.passed() { DONE } else { FAILED })
    }
}

/// Progress on standard error: a bar on a terminal, a line a second elsewhere.
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
    last_tick: u64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { bar: None, last_line: None, last_tick: 0 }
    }

    #[expect(clippy::disallowed_methods, reason = "progress is about real time; no simulation code sees it")]
    pub(crate) fn show(&mut self, progress: Progress) {
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(|| {
                let bar = ProgressBar::new(progress.last);
                // The template is a constant that a test reads.
                if let Ok(style) = ProgressStyle::with_template(BAR) {
                    bar.set_style(style);
                }
                bar
            });
            bar.set_position(progress.tick);
            bar.set_message(agents(progress.agents));
            return;
        }
        let now = Instant::now();
        let Some(last_line) = self.last_line else {
            (self.last_line, self.last_tick) = (Some(now), progress.tick);
            return;
        };
        let elapsed = now - last_line;
        if elapsed >= Duration::from_secs(1) {
            let rate = (progress.tick - self.last_tick) as f64 / elapsed.as_secs_f64();
            let percent = 100 * progress.tick / progress.last.max(1);
            say(&format!(
                "tick {} of {} ({percent} %), {}, {rate:.0} ticks/s",
                HumanCount(progress.tick),
                HumanCount(progress.last),
                agents(progress.agents)
            ));
            (self.last_line, self.last_tick) = (Some(now), progress.tick);
        }
    }

    pub(crate) fn finish(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn agents(count: usize) -> String {
    format!("{} {}", HumanCount(count as u64), if count == 1 { "agent" } else { "agents" })
}

const BAR: &str = "{bar:32} {human_pos}/{human_len} ticks  {per_sec}  {eta} left  {msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        for (text, seconds) in [("60s", 60.0), ("1.5m", 90.0), ("2h", 7200.0), ("250ms", 0.25), ("7", 7.0)] {
            assert_eq!(parse_seconds(text), Ok(seconds));
        }
        for text in ["", "s", "-1s", "inf", "NaNs", "1d"] {
            assert!(parse_seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_bar_is_a_valid_template() {
        assert!(ProgressStyle::with_template(BAR).is_ok());
    }
}
