//! `agent2028 open`: a scene in a window.

use std::path::{Path, PathBuf};

use agent2028_core::transport::{SPEED_LIMITS, Speed};
use agent2028_inspector::theme::least_window;
use bevy::app::AppExit;
use clap::Args;

use super::render::parse_size;
use super::{BAD_INPUT, DONE, Failure, INTERNAL, SceneArguments, ThemeArgument, above_zero, print, say, ticks};
use crate::assemble::{ExtraPlugins, with_all_problems};
use crate::desktop::display::{self, coming::words};
use crate::desktop::{BrokenScene, RecordOptions, WindowOptions, open};
use crate::headless::RunError;
use crate::record::Recording;
use crate::scene::load::{Loaded, load};

/// Opens a scene in a window. If a scene file has errors, the window opens on its text and the first of them; with --until
/// or --out, or without a display, they are told and nothing is opened.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 open\n  agent2028 open foraging --speed 4\n  agent2028 open my-scene.ron --set \
    boids.max_speed=6\n  agent2028 open flock --until 600 --speed max\n  agent2028 open flock --out runs/1"
)]
pub(crate) struct Open {
    /// A scene file, the name of a built-in scene, or the folder of a recorded run; the welcome scene if absent.
    scene: Option<String>,
    #[command(flatten)]
    scene_arguments: SceneArguments,
    /// Simulated time per real time, 0.1 to 1000, or max.
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = parse_speed)]
    speed: Speed,
    /// Begins paused.
    #[arg(long)]
    paused: bool,
    /// Records the run as it goes into a new folder, which holds the branch that is shown. See the manual of run.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Writes a checkpoint into the folder every so many ticks.
    #[arg(long, value_name = "N", value_parser = above_zero, requires = "out")]
    checkpoint_every: Option<u64>,
    /// Writes a state hash into the folder every so many ticks; that of the last tick is written in any case.
    #[arg(long, value_name = "N", value_parser = above_zero, requires = "out")]
    hash_every: Option<u64>,
    /// Records these metrics too, although they cost something: a name, or a pattern such as 'trust.*'; can be repeated.
    #[arg(long, value_name = "PATTERN", requires = "out")]
    metrics: Vec<String>,
    /// Uses this many threads for the simulation; changes nothing but the speed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    window: WindowArguments,
}

/// The exit code of a program that was ended by Ctrl C.
const INTERRUPTED: u8 = 130;

/// How the window is.
#[derive(Args, Clone, Debug)]
pub(crate) struct WindowArguments {
    /// Closes the window after this tick and prints the state hash.
    #[arg(long, value_name = "N", value_parser = ticks)]
    until: Option<u64>,
    /// Size of the window in pixels, at least 600x338.
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = parse_window_size)]
    size: (u32, u32),
    /// Light or dark; as the window was left last time if absent.
    #[arg(long, value_enum)]
    theme: Option<ThemeArgument>,
    /// Keeps a table of what the window shows in this file, for scripts that operate it: role, name, value, left, top,
    /// width and height of buttons, sliders, agents, texts …, separated by tabs, in pixels. A text's value says what is
    /// wrong with it: cut, overlapped, glyphless.
    #[arg(long, value_name = "FILE")]
    describe_interface: Option<PathBuf>,
}

/// Reads `1280x720`; a window in which the interface finds no room is none.
fn parse_window_size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = parse_size(text)?;
    let least = least_window();
    if (width as f32) < least.0 || (height as f32) < least.1 {
        return Err(format!("a window needs at least {}x{} pixels", least.0.ceil(), least.1.ceil()));
    }
    Ok((width, height))
}

fn parse_speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Unlimited);
    }
    match text.parse::<f64>() {
        Ok(times) if (SPEED_LIMITS.0..=SPEED_LIMITS.1).contains(&times) => Ok(Speed::Times(times)),
        _ => Err(format!("write a number from {} to {}, or max", SPEED_LIMITS.0, SPEED_LIMITS.1)),
    }
}

impl Open {
    /// The welcome scene as it is.
    pub(crate) fn welcome() -> Self {
        Self {
            scene: None,
            scene_arguments: SceneArguments { seed: None, set: Vec::new() },
            speed: Speed::Times(1.0),
            paused: false,
            out: None,
            checkpoint_every: None,
            hash_every: None,
            metrics: Vec::new(),
            threads: None,
            window: WindowArguments { until: None, size: (1280, 720), theme: None, describe_interface: None },
        }
    }

    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let hint = self.hint();
        match self.show()? {
            Shown::Ended(code) => Ok(code),
            Shown::NoWindow(reason) => {
                say(&words(&reason, &hint));
                Ok(BAD_INPUT)
            }
        }
    }

    /// What can be done without a window.
    fn hint(&self) -> String {
        let name = self.scene.as_deref().unwrap_or("welcome");
        if Path::new(name).is_dir() {
            format!("Without a window: agent2028 replay {name} --verify")
        } else {
            format!("Without a window: agent2028 run {name}")
        }
    }

    /// Opens the window, if there can be one.
    pub(crate) fn show(self) -> Result<Shown, Failure> {
        let hint = self.hint();
        let settings = self.scene_arguments.settings();
        if let Some(folder) = self.scene.as_ref().map(PathBuf::from).filter(|path| path.is_dir()) {
            return self.open_run(&folder, settings.is_empty(), hint);
        }
        let name = self.scene.as_deref().unwrap_or("welcome");
        let (loaded, broken) = match load(name, &settings) {
            Ok(loaded) => (loaded, None),
            Err(error) => {
                // Whoever waits for a tick or a recording can't mend anything; a person at a window can, unless it is a
                // setting of the command line that is wrong.
                let waits = self.window.until.is_some() || self.out.is_some();
                let by_hand = !waits && display::connect().is_ok() && (settings.is_empty() || load(name, &[]).is_err());
                let error = with_all_problems(error, &ExtraPlugins::default());
                match BrokenScene::of(name, &error).filter(|_| by_hand) {
                    Some(broken) => (BrokenScene::stand_in()?, Some(broken)),
                    None => return Err(error.into()),
                }
            }
        };
        let options = WindowOptions {
            speed: self.speed,
            paused: self.paused,
            threads: self.threads.map(usize::from),
            settings,
            record: self.out.map(|out| RecordOptions {
                out,
                checkpoint_every: self.checkpoint_every,
                hash_every: self.hash_every,
                metrics: self.metrics,
            }),
            broken,
            without_window: hint,
            pictures_by: std::env::current_exe().ok(),
            ..self.window.options()
        };
        show(loaded, &options)
    }

    /// Opens a recorded run, as `replay` does.
    fn open_run(self, folder: &Path, as_recorded: bool, hint: String) -> Result<Shown, Failure> {
        let recording = Recording::open(folder)?;
        if !as_recorded || self.out.is_some() {
            say("A recorded run is shown as it was: without --seed, --set and --out.");
            return Ok(Shown::Ended(BAD_INPUT));
        }
        self.window.show_recording(recording, 0, self.threads, hint)
    }
}

impl WindowArguments {
    fn options(self) -> WindowOptions {
        WindowOptions {
            size: self.size,
            until: self.until,
            theme: self.theme.map(agent2028_view::Theme::from),
            describe_interface: self.describe_interface,
            ..WindowOptions::default()
        }
    }

    /// Opens a window on a recorded run, paused at a tick of it.
    pub(crate) fn show_recording(
        self,
        recording: Recording,
        at: u64,
        threads: Option<u16>,
        hint: String,
    ) -> Result<Shown, Failure> {
        let loaded = recording.loaded.clone();
        let options = WindowOptions {
            // A window that is to close at a tick has to get there.
            paused: self.until.is_none(),
            threads: threads.map(usize::from),
            recording: Some((recording, at)),
            without_window: hint,
            ..self.options()
        };
        show(loaded, &options)
    }
}

/// What came of opening a window.
#[derive(Debug)]
pub(crate) enum Shown {
    /// The window was there and is closed; the exit code.
    Ended(u8),
    /// There can be none, for this reason.
    NoWindow(String),
}

fn show(loaded: Loaded, options: &WindowOptions) -> Result<Shown, Failure> {
    let (exit, report) = match open(loaded, options) {
        Err(RunError::NoDisplay(reason)) => return Ok(Shown::NoWindow(reason)),
        outcome => outcome?,
    };
    if let Some(report) = report {
        print(&format!("tick: {}\nstate-hash: {}\n", report.tick, report.state_hash))?;
    }
    Ok(Shown::Ended(match exit {
        AppExit::Success => DONE,
        // Ctrl C in the terminal is no fault of the program.
        AppExit::Error(code) if code.get() == INTERRUPTED => INTERRUPTED,
        AppExit::Error(_) => INTERNAL,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_within_their_limits() {
        assert_eq!(parse_speed("max"), Ok(Speed::Unlimited));
        assert_eq!(parse_speed("0.5"), Ok(Speed::Times(0.5)));
        for text in ["0", "-1", "1001", "fast", "NaN"] {
            assert!(parse_speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn help_and_refusal_name_the_same_least_size() {
        let told = parse_window_size("400x300").unwrap_err();
        let size = told.split_whitespace().find(|word| word.contains('x')).unwrap();
        let help = super::super::understands(["agent2028", "open", "--help"].map(str::to_owned)).unwrap_err();
        assert!(help.contains(&format!("at least {size}")), "{told}");
        assert!(parse_window_size(size).is_ok(), "{size}");
    }
}
