//! `agent2028 replay`: a recorded run, shown again or verified.

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "desktop")]
use super::open::Shown;
use super::run::Meter;
use super::{DONE, FAILED, Failure, Format, counted, json, print, say, ticks};
use crate::record::Recording;
use crate::record::audit::AuditVerdict;
use crate::replay::{Verification, verify};

/// Shows a recorded run in a window, paused at its beginning; or runs it again and compares all state hashes.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 replay runs/1\n  agent2028 replay runs/1 --at 1200\n  agent2028 replay runs/1 \
    --verify\n\nExit code of --verify: 0 if every state is the same and the ledger and files were not changed (a run that was \
    cut off by a kill is verified as far as it goes), 1 if one differs or was changed, 2 if the folder can't be read."
)]
pub(crate) struct Replay {
    /// The folder that `run --out` or `open --out` has written.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Runs it again without a window, from the folder alone, and compares every state hash and checkpoint.
    #[arg(long)]
    verify: bool,
    /// The tick that the window shows first.
    #[arg(long, value_name = "TICK", default_value_t = 0, conflicts_with = "verify", value_parser = ticks)]
    at: u64,
    /// Uses this many threads; changes nothing but the speed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// How the result of --verify is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[cfg(feature = "desktop")]
    #[command(flatten)]
    window: super::open::WindowArguments,
}

impl Replay {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let recording = Recording::open(&self.folder)?;
        if self.verify {
            return self.compare(&recording);
        }
        #[cfg(feature = "desktop")]
        {
            let hint = format!("Without a window: agent2028 replay {} --verify", self.folder.display());
            match self.window.clone().show_recording(recording.clone(), self.at, self.threads, hint)? {
                Shown::Ended(code) => return Ok(code),
                Shown::NoWindow(reason) => say(&format!("No window: {reason}. Verifying the run instead.\n")),
            }
        }
        #[cfg(not(feature = "desktop"))]
        say("This build has no window (feature `desktop`). Verifying the run instead.\n");
        self.compare(&recording)
    }

    fn compare(&self, recording: &Recording) -> Result<u8, Failure> {
        let mut meter = Meter::new();
        let found = verify(recording, self.threads.map(usize::from), &mut |progress| meter.show(progress))?;
        meter.finish();
        match self.format {
            Format::Json => print(&json(&found)?)?,
            Format::Text => print(&words(&found))?,
        };
        Ok(if found.passed() { DONE } else { FAILED })
    }
}

/// What was compared and what came out, for people.
fn words(found: &Verification) -> String {
    let mut text = format!(
        "{}: {}, {} and {} compared.\n",
        found.folder,
        counted(found.interventions as u64, "intervention done again", "interventions done again"),
        counted(found.hashes as u64, "state hash", "state hashes"),
        counted(found.checkpoints as u64, "checkpoint", "checkpoints"),
    );
    for note in &found.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    match &found.ledger {
        AuditVerdict::Whole => text.push_str("The ledger and every file of the run are whole.\n"),
        AuditVerdict::CutOff(place) => text.push_str(&format!("note: the run is cut off: {place}\n")),
        AuditVerdict::Changed(what) => text.push_str(&format!("NOT VERIFIED, the recording was changed: {what}\n")),
    }
    let Some(difference) = &found.difference else {
        if matches!(found.ledger, AuditVerdict::Changed(_)) {
            text.push_str(&format!("The states are the same up to tick {}.\n", found.ticks));
            return text;
        }
        text.push_str(&format!("Verified: the same state up to tick {}.\n", found.ticks));
        return text;
    };
    text.push_str(&format!(
        "NOT THE SAME: tick {} differs in its {}; the same up to tick {}.\n  recorded: {}\n  now:      {}\n",
        difference.tick, difference.what, difference.same_until, difference.recorded, difference.now
    ));
    if !difference.sections.is_empty() {
        text.push_str(&format!("  sections of the state that differ: {}\n", difference.sections.join(", ")));
    }
    text
}
