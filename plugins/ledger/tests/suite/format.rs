//! The bytes are those of `docs/LEDGER-FORMAT.md`, whose vectors another implementation has made.

use std::collections::BTreeMap;

use agent2028_identity::canonical::Digest;
use agent2028_identity::signature::signed_bytes;
use agent2028_identity::suite::SuiteId;
use agent2028_identity::timestamp::Timestamp;
use agent2028_ledger::disk::{Store, StoreOptions};
use agent2028_ledger::hash::{Sha3_256, leaf_hash, to_hex};
use agent2028_ledger::head::HEAD_CONTEXT;
use agent2028_ledger::tree::Frontier;
use agent2028_ledger::{Entry, EntryKind, Outcome, TreeHead, facts};

fn vectors() -> BTreeMap<String, String> {
    let page = include_str!("../../../../docs/LEDGER-FORMAT.md");
    let block = page.split("```vectors\n").nth(1).unwrap().split("```").next().unwrap();
    block.lines().map(|line| line.split_once(": ").unwrap()).map(|(name, hex)| (name.into(), hex.into())).collect()
}

#[test]
fn the_bytes_are_those_of_the_published_vectors() {
    let a = Entry {
        detail: "fingerprint 00".into(),
        payload: facts::scene_hash("Scene()"),
        ..Entry::new(EntryKind::Scene, 0, 1_830_297_600_000, "Example")
    };
    let b = Entry {
        outcome: Outcome::Failed,
        event: Some(std::array::from_fn(|at| at as u8)),
        who: Some(3),
        detail: "agent 3 failed".into(),
        payload: facts::words_hash("payload"),
        ..Entry::new(EntryKind::Event, 7, 1_830_297_600_117, "AgentFailed")
    };
    let [leaf_a, leaf_b] = [&a, &b].map(|entry| leaf_hash(&entry.to_bytes()));
    let mut tree = Frontier::default();
    let roots = [leaf_a, leaf_b, leaf_a].map(|leaf| {
        tree.push::<Sha3_256>(leaf);
        tree.root::<Sha3_256>()
    });
    let head = TreeHead { size: 3, root: roots[2], tick: 7, unix_ms: 1_830_297_600_117 };
    let at = Timestamp(head.unix_ms * 1000);
    let signed = signed_bytes(SuiteId::HybridFips, HEAD_CONTEXT, at, &Digest::of(&head.to_bytes()));

    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(folder.path(), StoreOptions::default()).unwrap();
    store.append(&a).unwrap();
    store.sync().unwrap();
    let segment = std::fs::read(folder.path().join("00000000.a28l")).unwrap();
    let made: [(&str, &[u8]); 11] = [
        ("entry A", &a.to_bytes()),
        ("leaf of A", &leaf_a),
        ("entry B", &b.to_bytes()),
        ("leaf of B", &leaf_b),
        ("root of A", &roots[0]),
        ("root of A B", &roots[1]),
        ("root of A B A", &roots[2]),
        ("segment header", &segment[..52]),
        ("record of A", &segment[52..]),
        ("tree head", &head.to_bytes()),
        ("signed bytes of the head", &signed),
    ];
    let vectors = vectors();
    assert_eq!(vectors.len(), made.len());
    for (name, bytes) in made {
        assert_eq!(to_hex(bytes), vectors[name], "{name}");
    }
}
