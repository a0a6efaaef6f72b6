//! All tests of the program as a whole, in one binary so that they link once.
#![allow(clippy::unwrap_used, reason = "an error that a test does not expect is its failure")]

mod broken_scenes;
mod campaign;
mod check_cost;
mod command_line;
mod consensus;
mod counting;
mod crates;
mod determinism;
mod documents;
mod event_sequences;
mod examples;
mod files;
mod formats;
mod gallery;
#[cfg(feature = "desktop")]
mod golden;
mod interventions;
mod ledger;
mod library;
mod lists;
mod market;
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
mod tamper;
mod timeline;
mod trust;
mod unsaved;
#[cfg(feature = "desktop")]
mod window;

/// A folder for a test, removed when it ends.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("the system's temporary folder can be written")
}

/// The program, as cargo built it for these tests.
fn program() -> std::process::Command {
    std::process::Command::new(env!("CARGO_BIN_EXE_agent2028"))
}

/// The program, killed by the system at a chosen byte: as soon as it makes any file longer than so many blocks of 512
/// bytes (`RLIMIT_FSIZE`). So where the kill falls does not hang on how fast the machine is.
#[cfg(unix)]
fn program_killed_at(blocks: u64) -> std::process::Command {
    let mut command = std::process::Command::new("sh");
    let script = format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_agent2028")]);
    command
}

/// Starts the program, waits until something holds, however long it takes, and kills it with `kill -9`.
///
/// # Panics
/// If the program ends before.
fn killed_when(command: &mut std::process::Command, mut holds: impl FnMut() -> bool) {
    use std::process::Stdio;
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    while !holds() {
        let ended = child.try_wait().expect("a child can be asked");
        assert!(ended.is_none(), "the program ended before it could be killed: {ended:?}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

/// The ticks of the checkpoints in a run's folder, in order.
fn checkpoint_ticks(run: &std::path::Path) -> Vec<u64> {
    let files = std::fs::read_dir(run.join("checkpoints")).into_iter().flatten().flatten().map(|entry| entry.path());
    let whole = files.filter(|path| path.extension().is_some_and(|extension| extension == "a28"));
    let mut ticks: Vec<u64> = whole.filter_map(|path| path.file_stem()?.to_str()?.parse().ok()).collect();
    ticks.sort_unstable();
    ticks
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
