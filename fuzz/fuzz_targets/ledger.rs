//! Any bytes as a file of a ledger, and any changed proof: never a panic, and nothing that was changed passes as whole.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use agent2028::ledger::disk::{Durability, Store, StoreOptions, walk};
use agent2028::ledger::document::{ProofDocument, Proven};
use agent2028::ledger::hash::TreeHash;
use agent2028::ledger::{Entry, EntryKind, Hash, Tree, TreeHead};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sha3::Sha3_256;

const ENTRIES: u64 = 40;

/// What is done to a right ledger or proof.
#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// A file by itself, of which nothing is right.
    Bytes(&'a [u8]),
    /// One of the files is damaged.
    Damaged { file: u8, edits: Vec<(u16, u8)>, keep: Option<u16>, more: &'a [u8] },
    /// What is told of dropped entries is changed, under a right checksum.
    Base { edits: Vec<(u16, u8)>, keep: Option<u16>, more: &'a [u8] },
    /// The text of a proof is changed.
    Proof { edits: Vec<(u16, u8)>, keep: Option<u16> },
    /// Any text as a proof.
    Text(&'a str),
}

fn entry(number: u64) -> Entry {
    let mut entry = Entry::new(EntryKind::Event, number / 4, number as i64 * 16, "Something");
    (entry.who, entry.event) = (Some(number as u32), Some([number as u8; 16]));
    entry.detail = "x".repeat(number as usize);
    entry
}

/// The files of a right ledger, and where they are written to be read.
static FILES: LazyLock<(tempfile::TempDir, Vec<(PathBuf, Vec<u8>)>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for files");
    let options = StoreOptions { durability: Durability::AtHeads, segment_bytes: 1500 };
    let mut store = Store::create(folder.path(), options).expect("a new ledger");
    for number in 0..ENTRIES {
        store.append(&entry(number)).expect("the disk takes it");
        if number % 8 == 7 {
            let head = TreeHead { size: store.size(), root: store.root(), tick: number, unix_ms: 0 }.signed(None);
            store.append_head(&head).expect("the head of this ledger");
        }
    }
    store.compact(12).expect("the disk takes it");
    store.sync().expect("the disk takes it");
    drop(store);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.path()).expect("the folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).expect("the file");
        (path, bytes)
    };
    let files: Vec<_> = files.into_iter().map(read).collect();
    assert!(files.len() > 2 && walk(folder.path(), &mut |_| Ok(())).is_ok());
    (folder, files)
});

static PROOF: LazyLock<(String, Hash)> = LazyLock::new(|| {
    let mut tree: Tree = Tree::default();
    for number in 0..ENTRIES {
        tree.push(Sha3_256::leaf(&entry(number).to_bytes()));
    }
    let proof = tree.prove_inclusion(17, ENTRIES).expect("an entry of the tree");
    let document = ProofDocument::inclusion(&entry(17), &proof, &tree.root(), None, &[], &[]);
    (document.to_json(), tree.root())
});

fn edit(bytes: &mut Vec<u8>, edits: &[(u16, u8)], keep: Option<u16>) {
    for (at, value) in edits {
        let at = usize::from(*at) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = *value;
        }
    }
    if let Some(keep) = keep {
        bytes.truncate(usize::from(keep) % (bytes.len() + 1));
    }
}

fuzz_target!(|input: Input| match input {
    Input::Bytes(bytes) => {
        let folder = tempfile::tempdir().expect("a folder for files");
        let file = folder.path().join("00000000.a28l");
        fs::write(&file, bytes).expect("the disk takes it");
        let _ = walk(&file, &mut |_| Ok(()));
        let _ = walk(folder.path(), &mut |_| Ok(()));
    }
    Input::Damaged { file, edits, keep, more } => {
        let (folder, files) = &*FILES;
        let (path, right) = &files[usize::from(file) % files.len()];
        let mut bytes = right.clone();
        edit(&mut bytes, &edits, keep);
        bytes.extend_from_slice(more);
        fs::write(path, &bytes).expect("the disk takes it");
        let walked = walk(folder.path(), &mut |_| Ok(()));
        fs::write(path, right).expect("the disk takes it");
        if let Ok(found) = walked {
            // What is whole but for a torn end says so.
            assert!(bytes == *right || found.torn.is_some() || found.size < ENTRIES, "{}", path.display());
        }
    }
    Input::Base { edits, keep, more } => {
        let (folder, files) = &*FILES;
        let (path, right) = files.iter().find(|(path, _)| path.ends_with("base.a28b")).expect("entries were dropped");
        let mut content = right[8..right.len() - 32].to_vec();
        edit(&mut content, &edits, keep);
        content.extend_from_slice(more);
        let file = [&right[..8], content.as_slice(), blake3::hash(&content).as_bytes()].concat();
        fs::write(path, file).expect("the disk takes it");
        let _ = walk(folder.path(), &mut |_| Ok(()));
        fs::write(path, right).expect("the disk takes it");
    }
    Input::Proof { edits, keep } => {
        let (text, root) = &*PROOF;
        let mut bytes = text.clone().into_bytes();
        edit(&mut bytes, &edits, keep);
        let Ok(text) = String::from_utf8(bytes) else { return };
        if let Ok(Proven::Inclusion { index, entry: proven, root: of, .. }) =
            ProofDocument::from_json(&text).and_then(|document| document.check())
            && of == *root
        {
            assert!(index == 17 && *proven == entry(17), "{text}");
        }
    }
    Input::Text(text) => {
        let _ = ProofDocument::from_json(text).and_then(|document| document.check());
    }
});
