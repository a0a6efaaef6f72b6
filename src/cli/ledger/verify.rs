//! `agent2028 ledger verify`.

use std::io::Read;
use std::path::{Path, PathBuf};

use agent2028_ledger::disk::Walk;
use agent2028_ledger::document::{ProofDocument, ProofFault, Proven, utc};
use agent2028_ledger::hash::{hash_from_hex, to_hex};
use agent2028_ledger::keys::{AgentKeys, KeyRing, KeyRole};
use agent2028_ledger::{Hash, SignedTreeHead};
use clap::Args;

use super::head::{origin_of, read_head};
use super::keys::read_public;
use super::unreadable;
use crate::cli::{BAD_INPUT, CUT_OFF, DONE, FAILED, Failure, Format, counted, json, print};
use crate::record::audit::{Audit, AuditVerdict, KeyReport, LedgerReport, audit};

/// Works everything out again (checksums, tree, tree heads, signatures, time stamps, what the scene demands, and of a run every
/// file beside it) and tells whether it is whole, cut off by a kill, or changed, and where; or checks a proof without the ledger.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit code: 0 if the run is whole, 4 if it is cut off as after a kill (what the ledger holds is as it was written), 1 if \
    something was changed (its place is told), 2 if there is nothing to check. A proof (--proof) says nothing about a ledger without \
    --root or --key.\n\nThe keys of a run follow from its seed: \
    whoever has the folder has them, and could write the whole ledger anew. What was published tells: compare with --root, \
    or sign with a key of your own (run --sign-with) and demand it by --key."
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
    /// The last tree head must be signed by the key with this fingerprint, 64 hexadecimal digits, and be over all entries if the run
    /// has ended.
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    key: Option<String>,
    /// The ledger must go on where it was at this tree head, which `ledger head` has printed some time.
    #[arg(long, value_name = "HEAD", conflicts_with = "proof")]
    consistent_with: Option<PathBuf>,
    /// That tree head must be signed or cosigned by this public key, which `ledger keygen` has written.
    #[arg(long, value_name = "FILE", requires = "consistent_with")]
    signed_by: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// So many bytes a proof may have.
const LONGEST_PROOF: u64 = 64 << 20;

fn parse_hash(text: &str) -> Result<Hash, String> {
    hash_from_hex(text).ok_or_else(|| "write 64 hexadecimal digits".into())
}

fn parse_fingerprint(text: &str) -> Result<String, String> {
    let digits = text.replace(' ', "").to_lowercase();
    let right = digits.len() == 64 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    right.then_some(digits).ok_or_else(|| "write the whole fingerprint: 64 hexadecimal digits".into())
}

impl Verify {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        if self.proof.is_some() {
            return self.check_proof();
        }
        let Some(path) = &self.path else {
            return Ok(BAD_INPUT);
        };
        let mut audit = match audit(path) {
            Ok(audit) => audit,
            Err(error) => return unreadable(error, path),
        };
        if !matches!(audit.verdict, AuditVerdict::Changed(_)) {
            let problem = match &audit.walk {
                Some(walk) => self.compare(walk, &audit)?,
                // A folder without a ledger may be that of a run that was stopped at its beginning, and holds nothing of what is asked for.
                None => self.compare_nothing()?,
            };
            match (&mut audit.verdict, problem) {
                (verdict, Some(problem)) => *verdict = AuditVerdict::Changed(problem),
                (AuditVerdict::CutOff(words), None) if self.key.is_some() => {
                    let heads = audit.walk.as_ref().map(|walk| (walk.heads.last(), walk.size));
                    match heads {
                        Some((Some(signed), size)) => {
                            let signed = signed.head.size;
                            words.push_str(&format!("; the key has signed the first {signed} of {size} entries"));
                        }
                        _ => words.push_str("; no tree head is there that --key could have signed"),
                    }
                }
                _ => {}
            }
        }
        match self.format {
            Format::Json => print(&json(&audit)?)?,
            Format::Text => print(&words(&audit))?,
        };
        Ok(match audit.verdict {
            AuditVerdict::Whole => DONE,
            AuditVerdict::CutOff(_) => CUT_OFF,
            AuditVerdict::Changed(_) => FAILED,
        })
    }

    /// Whether a ledger is the one that is asked for.
    fn compare(&self, walk: &Walk, audit: &Audit) -> Result<Option<String>, Failure> {
        let problem = self.compare_root(walk.tree.as_ref().map(|tree| tree.root()));
        let is_whole = audit.verdict == AuditVerdict::Whole;
        let problem = problem.or_else(|| match walk.heads.last() {
            // Of a run that was cut off the last entries may have no tree head yet.
            None if !is_whole => None,
            Some(signed) if !is_whole => self.compare_key(Some(signed), signed.head.size),
            last => self.compare_key(last, walk.size),
        });
        match problem {
            Some(problem) => Ok(Some(problem)),
            None => self.compare_head(Some(walk), audit.origin.as_deref()),
        }
    }

    /// Whether a folder without a ledger could be what is asked for: nothing has a root, or had an entry once.
    fn compare_nothing(&self) -> Result<Option<String>, Failure> {
        match &self.root {
            Some(wanted) => Ok(Some(format!("there is no ledger whose root could be {}", to_hex(wanted)))),
            None => self.compare_head(None, None),
        }
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
            Some(signature) if signature.key == *wanted => None,
            Some(signature) => Some(format!("the last tree head is signed by {}, not by {wanted}", signature.key)),
            None => Some("the last tree head is not signed".into()),
        }
    }

    /// Whether the ledger goes on where it was at a tree head.
    fn compare_head(&self, walk: Option<&Walk>, origin: Option<&[u8]>) -> Result<Option<String>, Failure> {
        let Some(path) = &self.consistent_with else {
            return Ok(None);
        };
        let (note, head) = read_head(path)?;
        if let Some(file) = &self.signed_by {
            let key = read_public(file)?;
            if let Err(why) = note.verify(&key.key) {
                return Ok(Some(format!("{}: {why}", path.display())));
            }
        }
        let tree = walk.and_then(|walk| walk.tree.as_ref());
        let (root, size) = (tree.and_then(|tree| tree.root_at(head.size)), walk.map_or(0, |walk| walk.size));
        let entries = counted(head.size, "entry", "entries");
        Ok(match (origin_of(origin), root) {
            (Some(origin), _) if origin != head.origin => {
                Some(format!("{} is of another ledger: {}", path.display(), head.origin))
            }
            (_, Some(root)) if root == head.root => None,
            (_, Some(root)) => {
                let (is, was) = (to_hex(&root), to_hex(&head.root));
                Some(format!("the ledger was another one: its root over {entries} is {is}, and was {was}"))
            }
            (_, None) if head.size > size => {
                Some(format!("the ledger had {entries} and has {size}: it was rolled back"))
            }
            (_, None) if head.size == 0 => None,
            (_, None) => Some(format!("what it takes to tell the root over {entries} was dropped")),
        })
    }

    fn check_proof(&self) -> Result<u8, Failure> {
        let Some(path) = &self.proof else {
            return Ok(BAD_INPUT);
        };
        let told = |error: String| Failure::Input(miette::miette!("{}: {error}", path.display()));
        // A proof may come through a pipe, but not without end.
        let mut text = String::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(LONGEST_PROOF + 1).read_to_string(&mut text));
        read.map_err(|error| told(error.to_string()))?;
        if text.len() as u64 > LONGEST_PROOF {
            return Err(told(format!("it is longer than {LONGEST_PROOF} bytes, and no proof is")));
        }
        let proven = ProofDocument::from_json(&text).and_then(|document| document.check());
        let (lines, problem) = match proven {
            Ok(proven) => self.judge(&proven),
            Err(ProofFault::Wrong(what)) => (String::new(), Some(what)),
            Err(fault) => return Err(Failure::Input(miette::miette!("{}: {fault}", path.display()))),
        };
        // A proof says with which root it fits. That this is the root of a ledger somebody else has to say.
        let compared = self.root.is_some() || self.key.is_some();
        match (&problem, self.format) {
            (_, Format::Json) => {
                let verified = problem.is_none();
                let told =
                    serde_json::json!({ "verified": verified && compared, "fits": verified, "problem": problem });
                print(&json(&told)?)?
            }
            (None, Format::Text) if compared => print(&format!("{lines}Verified.\n"))?,
            (None, Format::Text) => print(&format!(
                "{lines}The proof fits the root that it names. It proves nothing about a ledger by itself: anybody can make a tree with such a \
                 root. Compare with a root that was published (--root), or demand a key (--key).\n"
            ))?,
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
                    let unproven = keys.iter().find_map(|key| agents.note(key).err());
                    problem = problem.or(unproven);
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

/// What was checked, for people.
fn words(audit: &Audit) -> String {
    let mut text = String::new();
    if let Some(report) = &audit.ledger {
        ledger_words(&audit.path, report, &mut text);
    }
    // What agreed before the first difference is of no use to anybody.
    if let Some(files) = &audit.files {
        text.push_str(&format!(
            "the run's files agree: {}, {}, {}, {}\n",
            counted(files.files as u64, "file", "files"),
            counted(files.interventions as u64, "intervention", "interventions"),
            counted(files.state_hashes as u64, "state hash", "state hashes"),
            counted(files.events as u64, "event", "events"),
        ));
    } else if audit.ledger.is_some() && !matches!(audit.verdict, AuditVerdict::Changed(_)) {
        text.push_str("only the ledger was looked at; name the run's folder to check its files too\n");
    }
    text.push_str(&match &audit.verdict {
        AuditVerdict::Whole => "Whole. Verified.\n".to_owned(),
        AuditVerdict::CutOff(where_to) => format!(
            "CUT OFF: {where_to}.\nWhat the ledger holds is as it was written. Files whose hashes it gets at the end only, such as \
             metrics.csv, it can't vouch for.\n"
        ),
        AuditVerdict::Changed(what) => format!("NOT VERIFIED, changed: {what}\n"),
    });
    text
}

fn ledger_words(path: &Path, report: &LedgerReport, text: &mut String) {
    text.push_str(&format!(
        "{}: {} in {}, {} ({} signed), {}.\n",
        path.display(),
        counted(report.entries - report.first, "entry", "entries"),
        counted(report.files as u64, "file", "files"),
        counted(report.heads as u64, "tree head", "tree heads"),
        report.signed_heads,
        counted(report.stamps, "time stamp", "time stamps"),
    ));
    if report.first > 0 {
        text.push_str(&format!("{} before them, no longer there.\n", counted(report.first, "entry", "entries")));
    }
    if let Some(root) = &report.root {
        text.push_str(&format!("root {root} over {}\n", counted(report.entries, "entry", "entries")));
    }
    if let Some((size, root)) = &report.run {
        let entries = counted(*size, "entry", "entries");
        text.push_str(&format!("run  {root} over {entries}: the same in every repetition of the run\n"));
    }
    let (agents, services): (Vec<&KeyReport>, Vec<&KeyReport>) =
        report.keys.iter().partition(|key| matches!(key.role, KeyRole::Agent(_)));
    for key in services {
        let whose = match key.of_the_run {
            Some(true) => "; it follows from the run's seed and proves nothing to others",
            Some(false) => "; a key from outside of the run",
            None => "",
        };
        text.push_str(&format!("key  {} ({}, {}{whose})\n", key.fingerprint, key.role.name(), key.suite));
    }
    if !agents.is_empty() {
        let (entries, keys) = (counted(report.signed_entries, "entry", "entries"), agents.len() as u64);
        text.push_str(&format!("{entries} signed by agents, with {}\n", counted(keys, "key", "keys")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_and_roots_are_read_as_people_write_them() {
        assert_eq!(parse_fingerprint(&"A7FF c6f8 bf1e d766".repeat(4)).unwrap(), "a7ffc6f8bf1ed766".repeat(4));
        // A part of one is that of many keys: whoever tries 2⁶⁴ has another one with the same beginning.
        for part in ["a7ff".repeat(4), "a7ff".repeat(15), "a7ff".repeat(17), "g".repeat(64)] {
            assert!(parse_fingerprint(&part).is_err(), "{part}");
        }
        assert!(parse_hash("00").is_err() && parse_hash(&"00".repeat(32)).is_ok());
    }
}
