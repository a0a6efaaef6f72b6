//! `agent2028 ledger verify`.

use std::path::PathBuf;

use agent2028_ledger::disk::{Item, Torn, Walk, locate, walk};
use agent2028_ledger::document::{ProofDocument, ProofFault, Proven, utc};
use agent2028_ledger::hash::{hash_from_hex, to_hex};
use agent2028_ledger::keys::{AgentKeys, KeyRing, KeyRole, LedgerKey};
use agent2028_ledger::stamp::SeenNonces;
use agent2028_ledger::{Hash, SignedTreeHead};
use clap::Args;
use serde::Serialize;

use super::unreadable;
use crate::cli::{BAD_INPUT, DONE, FAILED, Failure, Format, counted, json, print};
use crate::record::audit::{Audit, Claims};

/// Works everything out again (checksums, tree, tree heads, signatures, time stamps, and of a run the files beside it) and
/// tells the first thing that is wrong; or checks a proof without the ledger.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit code: 0 if everything is right, 1 if something is not (its place is told), 2 if there is nothing \
    to check.\n\nA ledger without a signature can be written anew by whoever has it. What was published of it tells: \
    compare with --root, or with the keeper's fingerprint by --key."
)]
pub(crate) struct Verify {
    /// A run's folder, its ledger/, or a file in it.
    #[arg(required_unless_present = "proof")]
    path: Option<PathBuf>,
    /// Checks a proof that `ledger prove` has printed, without the ledger.
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    proof: Option<PathBuf>,
    /// The root must be this one: 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", value_parser = parse_hash)]
    root: Option<Hash>,
    /// The last tree head must be signed, by the key with this fingerprint (at least 16 hexadecimal digits).
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    key: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn parse_hash(text: &str) -> Result<Hash, String> {
    hash_from_hex(text).ok_or_else(|| "write 64 hexadecimal digits".into())
}

fn parse_fingerprint(text: &str) -> Result<String, String> {
    let digits = text.replace(' ', "").to_lowercase();
    let right = (16..=64).contains(&digits.len()) && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    right.then_some(digits).ok_or_else(|| "write 16 to 64 hexadecimal digits".into())
}

/// What was checked and found right.
#[derive(Debug, Serialize)]
struct Report {
    path: String,
    entries: u64,
    /// The first entry that is there; those before it were dropped.
    first: u64,
    root: Option<String>,
    files: usize,
    bytes: u64,
    heads: usize,
    signed_heads: usize,
    stamps: u64,
    /// How many entries carry a signature of the agent that they name.
    signed_entries: u64,
    keys: Vec<KeyReport>,
    run: Option<Audit>,
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct KeyReport {
    role: KeyRole,
    suite: String,
    fingerprint: String,
}

impl KeyReport {
    fn of(key: &LedgerKey) -> Self {
        Self { role: key.role, suite: key.key.suite.to_string(), fingerprint: key.fingerprint() }
    }
}

impl Verify {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        if self.proof.is_some() {
            return self.check_proof();
        }
        let Some(path) = &self.path else {
            return Ok(BAD_INPUT);
        };
        let found = match locate(path) {
            Ok(found) => found,
            Err(error) => return unreadable(error, path),
        };
        let is_run = path.join("scene.ron").exists() && found.starts_with(path);
        let mut claims = Claims::default();
        let (mut stamps, mut nonces) = (Vec::new(), SeenNonces::default());
        let (mut agents, mut signed_entries) = (AgentKeys::default(), 0);
        let walked = walk(&found, &mut |item| {
            claims.note(&item);
            match &item {
                Item::Key(key) => agents.note(key),
                Item::Entry { index, entry, .. } => {
                    agents.check(entry).map_err(|why| format!("what entry {index} says was signed: {why}"))?;
                    signed_entries += u64::from(entry.signature.is_some());
                }
                Item::Head(_) | Item::Stamp(_) => {}
            }
            if let Item::Stamp(stamp) = item {
                if !nonces.note(&stamp) {
                    return Err(format!("the nonce of the time stamp of entry {} was used before", stamp.index));
                }
                stamps.push(stamp);
            }
            Ok(())
        });
        let walk = match walked {
            Ok(walk) => walk,
            Err(error) => return unreadable(error, path),
        };
        let ring = KeyRing::new(walk.keys.clone());
        let mut problem = walk.torn.as_ref().map(torn);
        let (signed, wrong) = check_heads(&walk.heads, &ring);
        problem = problem.or(wrong);
        let clock = ring.of(KeyRole::TimeStamps);
        problem = problem.or_else(|| {
            let wrong = stamps.iter().find_map(|stamp| Some((stamp, stamp.verify(&stamp.entry, &clock).err()?)));
            wrong.map(|(stamp, why)| format!("the time stamp of entry {}: {why}", stamp.index))
        });
        problem = problem.or_else(|| self.compare_root(walk.tree.as_ref().map(|tree| tree.root())));
        problem = problem.or_else(|| self.compare_key(walk.heads.last(), walk.size));
        let run = match (is_run, &problem) {
            (true, None) => Some(claims.check(path)?),
            _ => None,
        };
        problem = problem.or_else(|| run.as_ref()?.difference.clone());
        let signatures = (signed, signed_entries);
        let report = report(&found.display().to_string(), &walk, signatures, run, problem);
        match self.format {
            Format::Json => print(&json(&report)?)?,
            Format::Text => print(&words(&report))?,
        };
        Ok(if report.problem.is_none() { DONE } else { FAILED })
    }

    fn compare_root(&self, root: Option<Hash>) -> Option<String> {
        let wanted = self.root?;
        match root {
            Some(root) if root == wanted => None,
            Some(root) => Some(format!("the root is {}, not {}", to_hex(&root), to_hex(&wanted))),
            None => Some("a file by itself has no root that could be compared".into()),
        }
    }

    /// Whether the last tree head is over all entries and signed by the wanted key. Its signature has been checked before.
    fn compare_key(&self, head: Option<&SignedTreeHead>, size: u64) -> Option<String> {
        let wanted = self.key.as_ref()?;
        let Some(signed) = head.filter(|signed| signed.head.size == size) else {
            return Some("no tree head is over all entries".into());
        };
        match &signed.signature {
            Some(signature) if signature.key.starts_with(wanted) => None,
            Some(signature) => Some(format!("the last tree head is signed by {}, not by {wanted}", signature.key)),
            None => Some("the last tree head is not signed".into()),
        }
    }

    fn check_proof(&self) -> Result<u8, Failure> {
        let Some(path) = &self.proof else {
            return Ok(BAD_INPUT);
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Input(miette::miette!("{}: {error}", path.display())))?;
        let proven = ProofDocument::from_json(&text).and_then(|document| document.check());
        let (lines, problem) = match proven {
            Ok(proven) => self.judge(&proven),
            Err(ProofFault::Wrong(what)) => (String::new(), Some(what)),
            Err(fault) => return Err(Failure::Input(miette::miette!("{}: {fault}", path.display()))),
        };
        match (&problem, self.format) {
            (_, Format::Json) => {
                let verified = problem.is_none();
                print(&json(&serde_json::json!({ "verified": verified, "problem": problem }))?)?
            }
            (None, Format::Text) => print(&format!("{lines}Verified.\n"))?,
            (Some(what), Format::Text) => print(&format!("{lines}NOT VERIFIED: {what}\n"))?,
        };
        Ok(if problem.is_none() { DONE } else { FAILED })
    }

    /// What a proof proves, in words, and what is wrong with what comes with it.
    fn judge(&self, proven: &Proven) -> (String, Option<String>) {
        match proven {
            Proven::Inclusion { index, entry, size, root, head, stamps, keys } => {
                let ring = KeyRing::new(keys.clone());
                let mut lines = format!(
                    "entry {index} of {size}: {:?} {} in tick {} ({})\nroot {}\n",
                    entry.kind,
                    entry.operation,
                    entry.tick,
                    utc(entry.unix_ms),
                    to_hex(root)
                );
                let mut problem = self.compare_root(Some(*root));
                if let Some(signature) = &entry.signature {
                    lines.push_str(&format!("signed by {}\n", signature.key));
                    let mut agents = AgentKeys::default();
                    keys.iter().for_each(|key| agents.note(key));
                    problem = problem.or(agents.check(entry).err().map(|why| format!("the entry's signature: {why}")));
                }
                if let Some(signed) = head
                    && let Some(signature) = &signed.signature
                {
                    lines.push_str(&format!("tree head signed by {}\n", signature.key));
                    let wrong = signed.verify(&ring.of(KeyRole::Keeper)).err();
                    problem = problem.or(wrong.map(|why| format!("the tree head: {why}")));
                }
                for stamp in stamps {
                    lines.push_str(&format!("time stamp {} by {}\n", utc(stamp.unix_ms), stamp.signature.key));
                    let wrong = stamp.verify(&stamp.entry, &ring.of(KeyRole::TimeStamps)).err();
                    problem = problem.or(wrong.map(|why| format!("the time stamp: {why}")));
                }
                problem = problem.or_else(|| self.compare_key(head.as_ref(), *size));
                (lines, problem)
            }
            Proven::Consistency { old, new } => {
                let lines = format!(
                    "the ledger of {} with root {}\nis the beginning of that of {} with root {}\n",
                    counted(old.0, "entry", "entries"),
                    to_hex(&old.1),
                    counted(new.0, "entry", "entries"),
                    to_hex(&new.1)
                );
                let unsigned = self.key.as_ref().map(|_| "a proof of consistency carries no signature".to_owned());
                (lines, self.compare_root(Some(new.1)).or(unsigned))
            }
        }
    }
}

fn torn(torn: &Torn) -> String {
    format!(
        "{}, record {} at byte {}: it is torn, {} of it are there; a run that was killed leaves this, and resuming it \
         cuts them off",
        torn.file.display(),
        torn.record,
        torn.offset,
        counted(torn.bytes, "byte", "bytes")
    )
}

/// How many tree heads are signed, and what is wrong with the first that is not to be believed.
fn check_heads(heads: &[SignedTreeHead], ring: &KeyRing) -> (usize, Option<String>) {
    let keeper = ring.of(KeyRole::Keeper);
    let signed = heads.iter().filter(|signed| signed.signature.is_some());
    let wrong = signed.clone().find_map(|signed| Some((signed.head.size, signed.verify(&keeper).err()?)));
    (
        signed.count(),
        wrong.map(|(size, why)| format!("the tree head over {}: {why}", counted(size, "entry", "entries"))),
    )
}

fn report(
    path: &str,
    walk: &Walk,
    (signed_heads, signed_entries): (usize, u64),
    run: Option<Audit>,
    problem: Option<String>,
) -> Report {
    Report {
        path: path.into(),
        entries: walk.size,
        first: walk.first,
        root: walk.tree.as_ref().map(|tree| to_hex(&tree.root())),
        files: walk.segments,
        bytes: walk.bytes,
        heads: walk.heads.len(),
        signed_heads,
        stamps: walk.stamps,
        signed_entries,
        keys: walk.keys.iter().map(KeyReport::of).collect(),
        run,
        problem,
    }
}

/// What was checked, for people.
fn words(report: &Report) -> String {
    let mut text = format!(
        "{}: {} in {}, {} ({} signed), {}.\n",
        report.path,
        counted(report.entries - report.first, "entry", "entries"),
        counted(report.files as u64, "file", "files"),
        counted(report.heads as u64, "tree head", "tree heads"),
        report.signed_heads,
        counted(report.stamps, "time stamp", "time stamps"),
    );
    if report.first > 0 {
        text.push_str(&format!("{} before them, no longer there.\n", counted(report.first, "entry", "entries")));
    }
    if let Some(root) = &report.root {
        text.push_str(&format!("root {root} over {}\n", counted(report.entries, "entry", "entries")));
    }
    let (agents, services): (Vec<&KeyReport>, Vec<&KeyReport>) =
        report.keys.iter().partition(|key| matches!(key.role, KeyRole::Agent(_)));
    for key in services {
        text.push_str(&format!("key  {} ({}, {})\n", key.fingerprint, key.role.name(), key.suite));
    }
    if !agents.is_empty() {
        let (entries, keys) = (counted(report.signed_entries, "entry", "entries"), agents.len() as u64);
        text.push_str(&format!("{entries} signed by agents, with {}\n", counted(keys, "key", "keys")));
    }
    // What agreed before the first difference is of no use to anybody.
    if let Some(run) = report.run.as_ref().filter(|run| run.difference.is_none()) {
        text.push_str(&format!(
            "the run's files agree: {}, {}, {}, {}{}\n",
            counted(run.files as u64, "file", "files"),
            counted(run.interventions as u64, "intervention", "interventions"),
            counted(run.state_hashes as u64, "state hash", "state hashes"),
            counted(run.events as u64, "event", "events"),
            if run.ended { "" } else { "; the run has not ended" },
        ));
    }
    match &report.problem {
        None => text.push_str("Verified.\n"),
        Some(problem) => {
            text.push_str(&format!("NOT VERIFIED: {problem}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_and_roots_are_read_as_people_write_them() {
        assert_eq!(parse_fingerprint("A7FF c6f8 bf1e d766").unwrap(), "a7ffc6f8bf1ed766");
        assert!(parse_fingerprint("a7ff").is_err() && parse_fingerprint(&"g".repeat(16)).is_err());
        assert!(parse_hash("00").is_err() && parse_hash(&"00".repeat(32)).is_ok());
    }
}
