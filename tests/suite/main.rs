//! All tests of the program as a whole, in one binary so that they link once.
#![allow(clippy::unwrap_used, reason = "an error that a test does not expect is its failure")]

mod broken_scenes;
mod campaign;
mod check_cost;
mod command_line;
mod counting;
mod determinism;
mod documents;
mod event_sequences;
mod examples;
mod files;
mod gallery;
#[cfg(feature = "desktop")]
mod golden;
mod interventions;
mod ledger;
mod library;
mod network;
mod outputs;
mod parquet_reader;
#[cfg(feature = "desktop")]
mod pictures;
mod plot;
mod promises;
mod properties;
mod replay;
mod resume;
mod secrets;
mod sections;
mod stop;
mod stories;
mod timeline;
mod trust;
mod unsaved;

/// A folder for a test, removed when it ends.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("the system's temporary folder can be written")
}

/// The program, as cargo built it for these tests.
fn program() -> std::process::Command {
    std::process::Command::new(env!("CARGO_BIN_EXE_agent2028"))
}

/// Standard output and standard error of a finished program as text, with its exit code.
fn finish(command: &mut std::process::Command) -> (i32, String, String) {
    let output = command.output().expect("the program starts");
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}
