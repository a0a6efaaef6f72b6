//! `agent2028 ledger`: checking an audit ledger, proving what is in it, and reading it.

mod head;
pub(crate) mod keys;
mod prove;
mod show;
mod verify;

use std::path::Path;

use agent2028_ledger::disk::DiskError;
use clap::{Args, Subcommand};

use super::{FAILED, Failure, say};
use crate::record::audit::{Audit, AuditVerdict, audit};

/// Checks an audit ledger, proves what is in it, or shows it.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 run audited-run --out runs/1\n  agent2028 ledger verify runs/1\n  agent2028 \
    ledger show runs/1 --agent 3\n  agent2028 ledger prove runs/1 --index 2 > proof.json\n  agent2028 ledger verify --proof \
    proof.json"
)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    verb: LedgerVerb,
}

#[derive(Subcommand, Debug)]
enum LedgerVerb {
    /// Works everything out again and tells the first thing that is wrong; or checks a proof without the ledger.
    Verify(verify::Verify),
    /// Prints a proof that an entry is in the ledger, or that the ledger goes on where it was.
    Prove(prove::Prove),
    /// Tells what a ledger holds.
    Show(show::Show),
    /// Prints entries, tree heads, keys and time stamps as JSON Lines.
    Export(show::Export),
    /// Makes a key that signs ledgers and has nothing to do with any run.
    Keygen(keys::Keygen),
    /// Prints a tree head in the format of transparency logs, to be kept, published or cosigned.
    Head(head::Head),
    /// Adds a cosignature to a tree head.
    Cosign(head::Cosign),
}

impl Ledger {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        match self.verb {
            LedgerVerb::Verify(verify) => verify.execute(),
            LedgerVerb::Prove(prove) => prove.execute(),
            LedgerVerb::Show(show) => show.execute(),
            LedgerVerb::Export(export) => export.execute(),
            LedgerVerb::Keygen(keygen) => keygen.execute(),
            LedgerVerb::Head(head) => head.execute(),
            LedgerVerb::Cosign(cosign) => cosign.execute(),
        }
    }
}

/// Refuses to sign or prove anything of a ledger that was changed: nobody gets a signature over what `verify` doesn't believe.
/// Returns the exit code.
fn refuse_changed(path: &Path) -> Result<Option<u8>, Failure> {
    match audit(path) {
        Ok(Audit { verdict: AuditVerdict::Changed(what), .. }) => {
            say(&format!("NOT VERIFIED, changed: {what}\nNothing is signed or proven of it."));
            Ok(Some(FAILED))
        }
        Ok(_) => Ok(None),
        Err(error) => unreadable(error, path).map(Some),
    }
}

/// What to do about a ledger that can't be read: damage is told and fails, anything else is bad input.
fn unreadable(error: DiskError, path: &Path) -> Result<u8, Failure> {
    match error {
        DiskError::Damaged(damage) => {
            say(&format!("NOT VERIFIED: {damage}"));
            Ok(FAILED)
        }
        DiskError::NoLedger(_) => {
            let path = path.display();
            Err(Failure::Input(miette::miette!(
                "{path} holds no ledger: name a run's folder, its ledger/, or a file in it"
            )))
        }
        other => Err(Failure::Input(miette::miette!("{other}"))),
    }
}
