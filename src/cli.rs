//! The command line: one file per verb.

mod check;
mod ledger;
mod manual;
#[cfg(feature = "desktop")]
mod open;
mod plot;
#[cfg(feature = "desktop")]
mod render;
mod replay;
mod run;
mod scenes;
mod test;
mod write_up;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use agent2028_core::section::SectionRegistry;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::assemble::{ExtraPlugins, with_all_problems};
use crate::headless::RunError;
use crate::record::RecordError;
use crate::sandbox::SandboxError;
use crate::scene::MOST_TICKS;
use crate::scene::load::Setting;
use crate::scene::report::SceneError;

/// What the program is called.
const PROGRAM: &str = "agent2028";

/// Everything went well.
const DONE: u8 = 0;
/// Expectations failed, or a verification did.
const FAILED: u8 = 1;
/// The input or the usage was wrong.
const BAD_INPUT: u8 = 2;
/// Something broke inside the program.
const INTERNAL: u8 = 3;
/// What was verified is right as far as it goes, and its end is missing.
const CUT_OFF: u8 = 4;

/// See how many agents work together, and what breaks them.
///
/// Without a verb, opens the welcome scene in a window; without a display, runs it headless.
#[derive(Parser, Debug)]
#[command(name = "agent2028", version, propagate_version = true, arg_required_else_help = false)]
#[command(
    after_help = "Examples:\n  agent2028 open flock\n  agent2028 run flock --ticks 600\n  agent2028 test scenes/"
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Opens a scene in a window.
    #[cfg(feature = "desktop")]
    Open(open::Open),
    /// Runs a scene without a window.
    Run(run::Run),
    /// Shows a recorded run in a window, or runs it again and compares.
    Replay(replay::Replay),
    /// Draws metrics of recorded runs as SVG or PNG, or writes them as CSV.
    Plot(plot::Plot),
    /// Checks an audit ledger, proves what is in it, or shows it.
    Ledger(ledger::Ledger),
    /// Runs scenes and judges their expectations.
    Test(test::Test),
    /// Checks scenes without running them.
    Check(check::Check),
    /// Lists the built-in scenes, shows one, or prints the scene reference.
    Scenes(scenes::Scenes),
    /// Makes pictures, GIFs and films of a scene, without a window.
    #[cfg(feature = "desktop")]
    Render(render::Render),
    /// Prints completions for a shell.
    #[command(after_help = "Example:\n  agent2028 completions bash > /etc/bash_completion.d/agent2028")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Prints the manual page of the program, or that of a verb.
    #[command(after_help = "Examples:\n  agent2028 man | man -l -\n  agent2028 man run | man -l -\n  \
        agent2028 man ledger verify > agent2028-ledger-verify.1")]
    Man {
        /// The verb, and the verb below it if it has some, for example ledger verify; or the name of a page, such as
        /// agent2028-run.
        #[arg(value_name = "VERB")]
        verbs: Vec<String>,
    },
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// The themes by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThemeArgument {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

#[cfg(feature = "desktop")]
impl From<ThemeArgument> for agent2028_view::Theme {
    fn from(theme: ThemeArgument) -> Self {
        match theme {
            ThemeArgument::Dark => Self::Dark,
            ThemeArgument::Light => Self::Light,
        }
    }
}

/// Which scene, and what about it is different this time.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SceneArguments {
    /// Sets the seed.
    #[arg(long, value_name = "S", value_parser = whole)]
    seed: Option<u64>,
    /// Sets any value of the scene, or a parameter by name; can be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<Setting>,
}

impl SceneArguments {
    fn settings(&self) -> Vec<Setting> {
        let seed = self.seed.map(|seed| Setting { path: "seed".into(), value: seed.to_string() });
        self.set.iter().cloned().chain(seed).collect()
    }
}

/// What went wrong, with the exit code that tells it.
pub(crate) enum Failure {
    /// Something is wrong with a scene.
    Scene(Box<SceneError>),
    /// Something else is wrong with the input.
    Input(miette::Report),
    /// Something broke inside.
    #[cfg_attr(not(feature = "desktop"), allow(dead_code, reason = "only the window and pictures can break inside"))]
    Internal(miette::Report),
}

impl From<SceneError> for Failure {
    fn from(error: SceneError) -> Self {
        Self::Scene(Box::new(with_all_problems(error, &ExtraPlugins::default())))
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Scene(error) => Self::Scene(error),
            other => Self::Input(miette::miette!("{other}")),
        }
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::Input(miette::miette!("{error}"))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Scene(error) => Self::Scene(error),
            RunError::Record(error) => error.into(),
            other => Self::Input(miette::miette!("{other}")),
        }
    }
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    run()
}

/// The program with your own plugins: scenes, timelines, the reference and the window name them like those of
/// [`crate::plugins::ours`].
#[must_use]
pub fn main_with(plugins: SectionRegistry) -> ExitCode {
    if let Err(error) = crate::plugins::install(plugins) {
        let _ = writeln!(std::io::stderr(), "error: {error}");
        return ExitCode::from(INTERNAL);
    }
    run()
}

/// The same with what the window shows of these plugins, beside what it shows of [`ours`](crate::panels::ours).
#[cfg(feature = "desktop")]
#[must_use]
pub fn main_with_panels(plugins: SectionRegistry, panels: crate::panels::PanelList) -> ExitCode {
    if let Err(error) = crate::panels::install(panels) {
        let _ = writeln!(std::io::stderr(), "error: {error}");
        return ExitCode::from(INTERNAL);
    }
    main_with(plugins)
}

fn run() -> ExitCode {
    let cli = match read(std::env::args_os()).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(tell_usage(&error)),
    };
    start_logging(&cli);
    let outcome = std::panic::catch_unwind(|| dispatch(cli));
    ExitCode::from(match outcome {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => tell(&failure),
        // The panic's own message stands on standard error already.
        Err(_) => INTERNAL,
    })
}

/// Whether arguments, the program's name first, can be understood; nothing is done.
///
/// # Errors
/// With what the program would say about them.
pub fn understands(arguments: impl IntoIterator<Item = String>) -> Result<(), String> {
    read(arguments.into_iter().map(OsString::from)).map(|_| ()).map_err(|error| error.to_string())
}

/// Reads arguments, the program's name first.
fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<clap::ArgMatches, clap::Error> {
    let command = Cli::command();
    let arguments = with_negative_values(arguments, &options_with_values(&command));
    command.try_get_matches_from(arguments)
}

/// The names of all options, of any verb, that take a value.
fn options_with_values(command: &clap::Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter(|arg| arg.get_action().takes_values());
    let own =
        own.flat_map(|arg| arg.get_long_and_visible_aliases().into_iter().flatten()).map(|name| format!("--{name}"));
    own.chain(command.get_subcommands().flat_map(options_with_values)).collect()
}

/// Arguments in which a value that begins like a negative number (`-3`, `-3s`, `-3x4`) belongs to the option before it, which says
/// what it takes; else it would be refused as an option that nobody knows.
fn with_negative_values(arguments: impl IntoIterator<Item = OsString>, options: &BTreeSet<String>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut only_values = false;
    for argument in arguments {
        let text = argument.to_str().unwrap_or_default();
        let is_negative = text.strip_prefix('-').is_some_and(|rest| {
            rest.strip_prefix('.').unwrap_or(rest).starts_with(|first: char| first.is_ascii_digit())
        });
        match joined.last_mut() {
            Some(last) if is_negative && !only_values && last.to_str().is_some_and(|last| options.contains(last)) => {
                last.push("=");
                last.push(argument);
            }
            _ => {
                only_values |= text == "--";
                joined.push(argument);
            }
        }
    }
    joined
}

/// Prints help, the version, or what is wrong with the arguments.
fn tell_usage(error: &clap::Error) -> u8 {
    match error.print() {
        Err(trouble) if !error.use_stderr() && trouble.kind() != std::io::ErrorKind::BrokenPipe => {
            tell(&Failure::Input(miette::miette!("standard output: {trouble}")))
        }
        _ => u8::try_from(error.exit_code()).unwrap_or(BAD_INPUT),
    }
}

/// Reads a whole number from 0 up.
pub(crate) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("write a whole number from 0 to {}", u64::MAX))
}

/// Reads a tick, or a number of ticks: as many as a scene may have.
pub(crate) fn ticks(text: &str) -> Result<u64, String> {
    let read = text.parse().ok().filter(|ticks| *ticks <= MOST_TICKS);
    read.ok_or_else(|| format!("write a whole number from 0 to {MOST_TICKS}"))
}

/// Reads a whole number above 0.
pub(crate) fn above_zero(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("write a whole number from 1 to {}", u64::MAX))
}

/// A number of things in words: `1 scene`, `3 scenes`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Tells something on standard error. Nobody is helped if that ends the program because nobody listens.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn dispatch(cli: Cli) -> Result<u8, Failure> {
    match cli.verb {
        None => welcome(),
        #[cfg(feature = "desktop")]
        Some(Verb::Open(open)) => open.execute(),
        Some(Verb::Run(run)) => run.execute(),
        Some(Verb::Replay(replay)) => replay.execute(),
        Some(Verb::Plot(plot)) => plot.execute(),
        Some(Verb::Ledger(ledger)) => ledger.execute(),
        Some(Verb::Test(test)) => test.execute(),
        Some(Verb::Check(check)) => check.execute(),
        Some(Verb::Scenes(scenes)) => scenes.execute(),
        #[cfg(feature = "desktop")]
        Some(Verb::Render(render)) => render.execute(),
        Some(Verb::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), PROGRAM, &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Some(Verb::Man { verbs }) => print(&manual::page(Cli::command(), &verbs)?),
    }
}

/// No verb: the welcome scene, in a window if there can be one.
fn welcome() -> Result<u8, Failure> {
    #[cfg(feature = "desktop")]
    match open::Open::welcome().show()? {
        open::Shown::Ended(code) => return Ok(code),
        open::Shown::NoWindow(reason) => {
            say(&format!("No window: {reason}. Running the welcome scene headless instead.\n"));
        }
    }
    #[cfg(not(feature = "desktop"))]
    say("This build has no window (feature `desktop`). Running the welcome scene headless.\n");
    run::Run::welcome().execute()
}

fn start_logging(cli: &Cli) {
    // The window's own log plugin would fight over the global subscriber, so there is one for all verbs.
    let default = match cli.verb {
        Some(Verb::Run(_)) => "info,wgpu=error,naga=error",
        _ => "warn,wgpu=error,naga=error,wgpu_hal=off,bevy_render=error,bevy_egui=error,winit=error,bevy_winit=error",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// Prints a result. A reader that has gone away (`| head`) is no fault.
fn print(text: &str) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Input(miette::miette!("standard output: {error}")))
        }
        _ => Ok(DONE),
    }
}

/// Tells what went wrong and gives the exit code.
fn tell(failure: &Failure) -> u8 {
    match failure {
        Failure::Scene(error) => {
            say(&format!("{:?}", miette::Report::new((**error).clone())));
            BAD_INPUT
        }
        Failure::Input(report) => {
            say(&format!("{report:?}"));
            BAD_INPUT
        }
        Failure::Internal(report) => {
            say(&format!("{report:?}"));
            INTERNAL
        }
    }
}

/// Results as JSON, indented.
fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Failure::Internal(miette::miette!("{error}")))
}

#[cfg(test)]
mod tests {
    use clap::builder::ValueParser;
    use clap::error::ErrorKind;

    use super::*;

    /// Every verb with the words that lead to it.
    fn verbs(command: &clap::Command, above: &[String]) -> Vec<(Vec<String>, clap::Command)> {
        let mut all = vec![(above.to_vec(), command.clone())];
        for verb in command.get_subcommands() {
            let words: Vec<String> = above.iter().cloned().chain([verb.get_name().to_owned()]).collect();
            all.extend(verbs(verb, &words));
        }
        all
    }

    #[test]
    fn every_option_takes_a_negative_value_for_a_value() {
        let takes_any_text = [ValueParser::string().type_id(), ValueParser::path_buf().type_id()];
        let mut tried = 0;
        for (words, verb) in verbs(&Cli::command(), &[PROGRAM.to_owned()]) {
            for option in verb.get_arguments().filter(|arg| arg.get_action().takes_values() && !arg.is_positional()) {
                let name = format!("--{}", option.get_long().expect("options have long names"));
                for value in ["-3", "-3s", "-3x4", "-.5", "-1e9h"] {
                    tried += 1;
                    let arguments = words.iter().cloned().chain([name.clone(), value.to_owned()]);
                    let error = match read(arguments.map(OsString::from)) {
                        Ok(_) => continue,
                        Err(error) => error,
                    };
                    let told = error.to_string();
                    assert_ne!(error.kind(), ErrorKind::UnknownArgument, "{words:?} {told}");
                    assert!(!told.contains("unexpected argument"), "{words:?} {told}");
                    // Where not any text will do, the value is what is wrong.
                    if !takes_any_text.contains(&option.get_value_parser().type_id()) && value != "-.5" {
                        let is_value = matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue);
                        assert!(is_value && told.contains(value) && told.contains(&name), "{words:?} {told}");
                    }
                }
            }
        }
        assert!(tried > 200, "{tried}");
        // No verb has a flag of the name under which another one takes a value: it would swallow what follows.
        let valued = options_with_values(&Cli::command());
        for (words, verb) in verbs(&Cli::command(), &[]) {
            let flags = verb.get_arguments().filter(|arg| !arg.get_action().takes_values());
            let names = flags.filter_map(|flag| Some(format!("--{}", flag.get_long()?)));
            assert_eq!(names.filter(|name| valued.contains(name)).collect::<Vec<_>>(), [""; 0], "{words:?}");
        }
        // An option that nobody knows is still one, and what stands behind `--` is nobody's value.
        for arguments in [&["agent2028", "run", "flock", "-3"][..], &["agent2028", "run", "--resume", "--", "-3"]] {
            assert!(read(arguments.iter().map(OsString::from)).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn ticks_have_the_bound_of_a_scene() {
        assert_eq!(ticks("1000000000000000"), Ok(MOST_TICKS));
        assert!(ticks("1000000000000001").is_err_and(|told| told.contains("1000000000000000")));
    }
}
