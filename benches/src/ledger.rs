//! The rows about the ledger.

use agent2028_core::clock::SimClock;
use agent2028_core::rng::SimRng;
use agent2028_ledger::disk::{Durability, Store, StoreOptions};
use agent2028_ledger::hash::{Hash, Sha3_256, TreeHash};
use agent2028_ledger::tree::Frontier;
use agent2028_ledger::{Entry, EntryKind, Ledger, LedgerConfig, Tree};

use crate::measure::{Clock, Failure, Figures, Sample, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "ledger",
        work: "append 10⁶ entries in memory: encoded, hashed, in the tree, ready for queries and proofs",
        baseline: "bare SHA3-256 over the same bytes and nodes",
        unit: Unit::SecondsPer("entry"),
        clock: Clock::User,
        target: Target::CostTimes(1.5),
        measure: in_memory,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "ledger-durable",
        work: "append 10⁶ entries to files with a chain of checksums, waiting for the disk after every 100 000",
        baseline: "bare SHA3-256 over the same bytes and nodes",
        unit: Unit::SecondsPer("entry"),
        clock: Clock::Wall,
        target: Target::CostTimes(3.0),
        measure: durable,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "proof",
        work: "prove that an entry is one of 10⁷",
        baseline: "the same among 10⁴",
        unit: Unit::SecondsPer("proof"),
        clock: Clock::User,
        target: Target::Cost(2e-5),
        measure: proofs,
        curve: Some(growth),
        why_missed: "",
    },
];

fn entry(number: u64) -> Entry {
    let mut entry = Entry::new(EntryKind::Receipt, number / 1000, number as i64, "operation");
    entry.event = Some(u128::from(number).to_le_bytes());
    entry.who = Some((number % 997) as u32);
    entry.capability = "database.query".into();
    entry.payload = [number as u8; 32];
    entry
}

/// The hashes that a tree over these entries takes, and nothing else.
fn bare(entries: &[Vec<u8>]) -> (Sample, Hash) {
    time(entries.len() as f64, || {
        let mut level: Vec<Hash> = entries.iter().map(|bytes| Sha3_256::leaf(bytes)).collect();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => Sha3_256::node(left, right),
                    _ => pair[0],
                })
                .collect();
        }
        level[0]
    })
}

fn check(ours: &Hash, bare: &Hash) -> Result<(), Failure> {
    if ours == bare { Ok(()) } else { Err("the roots differ".into()) }
}

fn in_memory(effort: Effort) -> Result<Figures, Failure> {
    let entries: Vec<Entry> = (0..effort.at_most(1_000_000, 2000) as u64).map(entry).collect();
    let bytes: Vec<Vec<u8>> = entries.iter().map(Entry::to_bytes).collect();
    let config = LedgerConfig { sign: None, ..LedgerConfig::default() };
    let append = || {
        let mut ledger = Ledger::at(Frontier::default(), 0, &config, &SimRng::new(1), &SimClock::default());
        let (sample, ()) = time(entries.len() as f64, || {
            for entry in &entries {
                ledger.note(entry);
            }
        });
        (sample, ledger.root())
    };
    check(&append().1, &bare(&bytes).1)?;
    let length = bytes.iter().map(Vec::len).sum::<usize>() / bytes.len();
    let figures = pairs(effort.pairs(5), Clock::User, || Ok(append().0), || Ok(bare(&bytes).0))?;
    Ok(figures.with_note(format!("{length} bytes per entry")))
}

fn durable(effort: Effort) -> Result<Figures, Failure> {
    let entries: Vec<Entry> = (0..effort.at_most(1_000_000, 2000) as u64).map(entry).collect();
    let bytes: Vec<Vec<u8>> = entries.iter().map(Entry::to_bytes).collect();
    let append = || -> Result<(Sample, Hash), Failure> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let options = StoreOptions { durability: Durability::Every(100_000), ..StoreOptions::default() };
        let mut store = Store::create(&folder.path().join("ledger"), options).map_err(|error| error.to_string())?;
        let (sample, written) = time(entries.len() as f64, || {
            for tick in entries.chunks(1000) {
                tick.iter().try_for_each(|entry| store.append(entry).map(drop))?;
                store.flush()?;
            }
            store.sync()
        });
        written.map_err(|error| error.to_string())?;
        Ok((sample, store.root()))
    };
    check(&append()?.1, &bare(&bytes).1)?;
    pairs(effort.pairs(5), Clock::Wall, || Ok(append()?.0), || Ok(bare(&bytes).0))
}

fn tree(leaves: usize) -> Tree {
    let mut tree = Tree::default();
    for number in 0..leaves as u64 {
        let mut leaf = [0; 32];
        leaf[..8].copy_from_slice(&number.to_le_bytes());
        tree.push(leaf);
    }
    tree
}

/// Many proofs, of entries all over the tree.
fn prove(tree: &Tree, count: u64) -> (Sample, usize) {
    time(count as f64, || {
        let mut hashes = 0;
        for number in 0..count {
            let index = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % tree.size();
            hashes += tree.prove_inclusion(index, tree.size()).map_or(0, |proof| proof.path.len());
        }
        hashes
    })
}

fn proofs(effort: Effort) -> Result<Figures, Failure> {
    let (large, small) = (tree(effort.at_most(10_000_000, 3000)), tree(effort.at_most(10_000, 300)));
    let count = effort.at_most(100_000, 100) as u64;
    let hashes = prove(&large, count).1 as f64 / count as f64;
    let figures = pairs(effort.pairs(9), Clock::User, || Ok(prove(&large, count).0), || Ok(prove(&small, count).0))?;
    Ok(figures.with_note(format!("{hashes:.1} hashes per proof")))
}

/// Time per proof from 10³ to 10⁷ entries.
fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] =
        if effort == Effort::Full { &[1_000, 10_000, 100_000, 1_000_000, 10_000_000] } else { &[100, 1000] };
    let mut line = Vec::new();
    for &size in sizes {
        let tree = tree(size);
        let (sample, _) = prove(&tree, effort.at_most(100_000, 100) as u64);
        line.push((size as f64, sample.wall / sample.work));
    }
    Ok(Curve {
        title: "An inclusion proof".into(),
        x: "entries".into(),
        y: "seconds per proof".into(),
        lines: vec![("ledger".into(), line)],
    })
}
