//! `agent2028 ledger head` and `agent2028 ledger cosign`: tree heads as other programs read them.

use std::path::{Path, PathBuf};

use agent2028_core::whole_file::read_ordinary_text;
use agent2028_ledger::Terms;
use agent2028_ledger::disk::{Item, Walk, locate, walk};
use agent2028_ledger::hash::{leaf_hash, to_hex};
use agent2028_ledger::note::{LogCheckpoint, Note, is_name};
use clap::Args;

use super::keys::{default_name, read_secret};
use super::{refuse_changed, unreadable};
use crate::cli::{Failure, print, whole};

/// Prints a tree head as a checkpoint (c2sp.org/tlog-checkpoint): keep it, publish it, have it cosigned, and compare a later state of
/// the ledger with it by `ledger verify --consistent-with`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 ledger head runs/1 --sign-with my.key > head.txt\n  agent2028 ledger cosign head.txt \
    --of runs/1 --sign-with witness.key > cosigned.txt\n  agent2028 ledger verify runs/1 --consistent-with cosigned.txt --signed-by \
    witness.key.pub"
)]
pub(crate) struct Head {
    /// A run's folder, or its ledger/.
    path: PathBuf,
    /// The ledger as it was with so many entries; by default at its last tree head.
    #[arg(long, value_name = "SIZE", value_parser = whole)]
    size: Option<u64>,
    /// Signs it with the secret key in this file, which `ledger keygen` has made.
    #[arg(long, value_name = "FILE")]
    sign_with: Option<PathBuf>,
}

/// Adds a cosignature to a tree head, with the time: its owner has seen the ledger go on from what it was.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  agent2028 ledger cosign head.txt --of runs/1 --sign-with witness.key > cosigned.txt\n\nWithout \
    --of nothing is compared: then look at the ledger before, by `ledger verify --consistent-with`."
)]
pub(crate) struct Cosign {
    /// The tree head, as `ledger head` has printed it.
    #[arg(value_name = "HEAD")]
    head: PathBuf,
    /// The ledger that it must be of: a run's folder, or its ledger/.
    #[arg(long, value_name = "PATH")]
    of: Option<PathBuf>,
    /// The secret key, which `ledger keygen` has made.
    #[arg(long, value_name = "FILE")]
    sign_with: PathBuf,
    /// The name that stands before the signature; by default agent2028/ and the beginning of the key's fingerprint.
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    name: Option<String>,
}

fn parse_name(text: &str) -> Result<String, String> {
    let told = || "write a name without spaces and +, for example witness.example/w1".to_owned();
    is_name(text).then(|| text.to_owned()).ok_or_else(told)
}

fn input(what: impl std::fmt::Display) -> Failure {
    Failure::Input(miette::miette!("{what}"))
}

/// What a ledger is called in its tree heads; nothing if its first entry is not there.
pub(super) fn origin_of(first: Option<&[u8]>) -> Option<String> {
    first.map(|bytes| format!("agent2028/{}", to_hex(&leaf_hash(bytes))))
}

/// A ledger from which a tree head is taken.
struct Looked {
    walk: Walk,
    /// What it is called.
    origin: String,
    /// Whether its old entries are dropped some time.
    drops: bool,
}

/// Walks through a ledger, and finds what it is called.
fn look(path: &Path) -> Result<Result<Looked, u8>, Failure> {
    if let Some(code) = refuse_changed(path)? {
        return Ok(Err(code));
    }
    let (mut origin, mut drops) = (None, false);
    let walked = locate(path).and_then(|found| {
        walk(&found, &mut |item| {
            if let Item::Entry { index: 2, entry, .. } | Item::Kept { index: 2, entry, .. } = &item {
                drops = Terms::from_text(&entry.detail).is_some_and(|(terms, _)| terms.keep.is_some());
            }
            if let Item::Entry { index: 0, bytes, .. } | Item::Kept { index: 0, bytes, .. } = item {
                origin = origin_of(Some(bytes));
            }
            Ok(())
        })
    });
    match walked {
        Ok(walk) => {
            let origin = origin.ok_or_else(|| input("the ledger has no first entry: name its folder"))?;
            Ok(Ok(Looked { walk, origin, drops }))
        }
        Err(error) => unreadable(error, path).map(Err),
    }
}

/// Reads a tree head.
pub(super) fn read_head(path: &Path) -> Result<(Note, LogCheckpoint), Failure> {
    let text = read_ordinary_text(path).map_err(|error| input(format!("{}: {error}", path.display())))?;
    let wrong = |why: String| input(format!("{}: this is no tree head: {why}", path.display()));
    let note = Note::from_text(&text).map_err(wrong)?;
    let checkpoint = LogCheckpoint::from_text(&note.text).map_err(wrong)?;
    Ok((note, checkpoint))
}

impl Head {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let Looked { walk, origin, drops } = match look(&self.path)? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let size = self.size.or_else(|| walk.heads.last().map(|signed| signed.head.size)).unwrap_or(walk.size);
        let tree = walk.tree.as_ref().ok_or_else(|| input("a file by itself has no tree: name the ledger's folder"))?;
        let known = walk.heads.iter().find(|signed| signed.head.size == size);
        if drops && known.is_none() && size > 0 {
            // Of dropped entries what proves the ledger's own tree heads is kept, and nothing else.
            let before = walk.heads.iter().rev().map(|signed| signed.head.size).find(|other| *other < size);
            let instead = before.map_or_else(String::new, |before| format!("; it has one over {before}"));
            return Err(input(format!(
                "the ledger has no tree head over {size} entries{instead}. It drops old entries (ledger.disk.keep), and nothing could be \
                 compared with another head then"
            )));
        }
        let root = tree.root_at(size).ok_or_else(|| input(format!("the root over {size} entries can't be told")))?;
        let extensions = known.map_or_else(Vec::new, |signed| {
            vec![format!("tick {}", signed.head.tick), format!("unix_ms {}", signed.head.unix_ms)]
        });
        let mut note = Note::new(LogCheckpoint { origin: origin.clone(), size, root, extensions }.to_text());
        if let Some(file) = &self.sign_with {
            let key = read_secret(file)?;
            note = note.signed(&origin, &key, None).ok_or_else(|| input("the key can't sign"))?;
        }
        print(&note.to_text())
    }
}

impl Cosign {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let (note, checkpoint) = read_head(&self.head)?;
        if let Some(path) = &self.of {
            let Looked { walk, origin, .. } = match look(path)? {
                Ok(found) => found,
                Err(code) => return Ok(code),
            };
            let root = walk.tree.as_ref().and_then(|tree| tree.root_at(checkpoint.size));
            if origin != checkpoint.origin || root != Some(checkpoint.root) {
                let (head, path) = (self.head.display(), path.display());
                return Err(input(format!("{head} is no tree head of {path}: nothing is signed")));
            }
        }
        let key = read_secret(&self.sign_with)?;
        let name = self.name.unwrap_or_else(|| default_name(&key.public()));
        let note = note.signed(&name, &key, Some(now())).ok_or_else(|| input("the key can't sign"))?;
        print(&note.to_text())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a cosignature tells when somebody saw a ledger; no simulation code sees it"
)]
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
