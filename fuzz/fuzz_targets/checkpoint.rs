//! Any bytes as a checkpoint: never a panic, never accepted unless every byte is as it was written, and what is accepted
//! with wrong content is refused or restored, and then runs.
#![no_main]

use std::sync::LazyLock;

use agent2028::Sandbox;
use agent2028::core::checkpoint::Checkpoint;
use agent2028_fuzz::forge::{Parts, put_together, split, take_apart, with_header};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

/// A bit of everything: flocks, a formation, foragers with a field, failures, interventions to come, expectations.
const SCENE: &str = include_str!("checkpoint.ron");

/// What is done to a right checkpoint.
#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Nothing of it is used.
    Bytes(&'a [u8]),
    /// Its file is damaged.
    Damaged { edits: Vec<Edit>, keep: Option<u16>, more: &'a [u8] },
    /// Its header is changed, under a right checksum.
    Header { edits: Vec<Edit>, keep: Option<u16>, more: &'a [u8] },
    /// A section is changed, and all checksums are right.
    Section { section: u8, edits: Vec<Edit>, keep: Option<u16>, more: &'a [u8] },
    /// A section says other things altogether, and all checksums are right.
    Content { section: u8, bytes: &'a [u8] },
    /// Sections are missing or stand in another order, and all checksums are right.
    Sections { order: Vec<u8> },
}

/// A byte, or a few, written over at a place.
#[derive(Arbitrary, Debug)]
struct Edit {
    at: u16,
    value: u64,
    bytes: u8,
}

fn edit(bytes: &mut Vec<u8>, edits: &[Edit], keep: Option<u16>, more: &[u8]) {
    for edit in edits {
        let at = usize::from(edit.at) % bytes.len().max(1);
        for (byte, value) in bytes.iter_mut().skip(at).take(usize::from(edit.bytes % 9)).zip(edit.value.to_le_bytes()) {
            *byte = value;
        }
    }
    if let Some(keep) = keep {
        bytes.truncate(usize::from(keep) % (bytes.len() + 1));
    }
    bytes.extend_from_slice(more);
}

fn sandbox() -> Sandbox {
    Sandbox::parse(SCENE).expect("the scene of this target is right").threads(1).expect("nothing runs yet")
}

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut sandbox = sandbox();
    sandbox.run(30).expect("the scene runs");
    let checkpoint = sandbox.checkpoint().expect("the scene runs");
    let file = checkpoint.encode().expect("a state that can be saved");
    // The forge knows the format, or this target would look at nothing.
    let parts = take_apart(&file);
    assert!(parts.sections.len() >= 10, "{parts:?}");
    assert_eq!(Checkpoint::decode(&put_together(&parts)).expect("a forged copy"), checkpoint);
    file
});
static PARTS: LazyLock<Parts> = LazyLock::new(|| take_apart(&FILE));

/// A file with right checksums is read; whether the simulation takes it is its own business, but it must say so.
fn restore(parts: &Parts) {
    let Ok(checkpoint) = Checkpoint::decode(&put_together(parts)) else {
        return;
    };
    let mut sandbox = sandbox();
    if sandbox.restore(&checkpoint).is_ok() {
        assert_eq!(sandbox.state_hash().expect("a restored simulation"), checkpoint.state_hash);
        sandbox.run(2).expect("a restored simulation runs");
    }
}

fuzz_target!(|input: Input| match input {
    Input::Bytes(bytes) => {
        assert!(Checkpoint::decode(bytes).is_err());
    }
    Input::Damaged { edits, keep, more } => {
        let mut file = FILE.clone();
        edit(&mut file, &edits, keep, more);
        assert_eq!(Checkpoint::decode(&file).is_ok(), file == *FILE);
    }
    Input::Header { edits, keep, more } => {
        let (_, body) = split(&FILE);
        let header = &FILE[16..FILE.len() - body.len() - 32];
        let mut changed = header.to_vec();
        edit(&mut changed, &edits, keep, more);
        let _ = Checkpoint::decode(&with_header(&changed, body));
    }
    Input::Section { section, edits, keep, more } => {
        let mut parts = PARTS.clone();
        let count = parts.sections.len();
        edit(&mut parts.sections[usize::from(section) % count].bytes, &edits, keep, more);
        restore(&parts);
    }
    Input::Content { section, bytes } => {
        let mut parts = PARTS.clone();
        let count = parts.sections.len();
        parts.sections[usize::from(section) % count].bytes = bytes.to_vec();
        restore(&parts);
    }
    Input::Sections { order } => {
        let mut parts = PARTS.clone();
        let count = parts.sections.len();
        parts.sections =
            order.iter().take(64).map(|section| PARTS.sections[usize::from(*section) % count].clone()).collect();
        restore(&parts);
    }
});
