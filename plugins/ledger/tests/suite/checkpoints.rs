//! Going on from a checkpoint, and going back.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::Kill;
use agent2028_core::selector::Selector;
use agent2028_ledger::config::Stamps;
use agent2028_ledger::{Ledger, LedgerConfig};

use crate::scene::{config, simulation};

fn all() -> LedgerConfig {
    LedgerConfig { stamps: Stamps::Important, ..config() }
}

#[test]
fn a_resumed_run_goes_on_with_the_same_ledger() {
    let mut whole = simulation(&all(), 1);
    whole.run(45);
    let checkpoint = whole.checkpoint();
    whole.run(75);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("45.a28");
    checkpoint.write(&file).unwrap();
    let mut resumed = simulation(&all(), 2);
    resumed.restore(&Checkpoint::read(&file).unwrap()).unwrap();
    let at_45 = resumed.world().resource::<Ledger>().size();
    resumed.run(75);
    let (whole, resumed) = (whole.world().resource::<Ledger>(), resumed.world().resource::<Ledger>());
    assert_eq!((resumed.size(), resumed.root()), (whole.size(), whole.root()));
    assert_eq!(resumed.heads().last(), whole.heads().last());
    assert_eq!(resumed.stamps_issued(), whole.stamps_issued());
    // Nonces go on where they were.
    let later = |ledger: &Ledger| -> Vec<u128> {
        ledger.stamps().filter(|stamp| stamp.index >= at_45).map(|stamp| stamp.nonce).collect()
    };
    assert_eq!(later(resumed), later(whole));
}

#[test]
fn going_back_takes_back_what_was_entered_since_and_keeps_the_rest() {
    let mut simulation = simulation(&all(), 1);
    simulation.run(65);
    let then = simulation.checkpoint();
    let before = simulation.world().resource::<Ledger>();
    let (size, root, heads) = (before.size(), before.root(), before.heads().to_vec());
    simulation.run(60);
    let later = simulation.world().resource::<Ledger>().root();
    simulation.restore(&then).unwrap();
    let back = simulation.world().resource::<Ledger>();
    assert_eq!((back.size(), back.root(), back.heads()), (size, root, heads.as_slice()));
    assert_eq!(back.first(), 0, "nothing of what is common to both is lost");
    simulation.run(60);
    assert_eq!(simulation.world().resource::<Ledger>().root(), later);
    // Another way is another ledger, and a jump to what was elsewhere brings its end along.
    let first = simulation.checkpoint();
    simulation.restore(&then).unwrap();
    simulation.intervene(Kill { select: Selector::Count(4), duration_s: None });
    simulation.run(60);
    let other = simulation.world().resource::<Ledger>();
    assert_ne!(other.root(), later);
    assert!(other.size() > size);
    simulation.restore(&first).unwrap();
    let ledger = simulation.world().resource::<Ledger>();
    assert_eq!(ledger.root(), later);
    assert!(ledger.prove(ledger.size() - 1).unwrap().check().is_ok());
}

/// A copy of a run, or the run itself after going back, that does something else has the same dice and counts as the run had:
/// its time stamps have other nonces all the same.
#[test]
fn no_nonce_comes_twice_over_copies_of_a_run_and_after_going_back() {
    let stamps = |simulation: &agent2028_core::simulation::Simulation| -> Vec<(u128, [u8; 32])> {
        simulation.world().resource::<Ledger>().stamps().map(|stamp| (stamp.nonce, stamp.entry)).collect()
    };
    let mut first = simulation(&LedgerConfig { stamps: Stamps::All, ..config() }, 1);
    first.run(35);
    let then = first.checkpoint();
    first.run(30);
    let one = stamps(&first);
    first.restore(&then).unwrap();
    let before = stamps(&first).len();
    first.intervene(Kill { select: Selector::Count(4), duration_s: None });
    first.run(30);
    let other = stamps(&first);
    assert!(one.len() > before + 5 && other.len() > before + 5);
    let shared =
        one[before..].iter().filter(|(nonce, _)| other[before..].iter().any(|(also, _)| also == nonce)).count();
    assert_eq!(shared, 0, "of {} and {}", one.len(), other.len());
    // What is done again the same way is the same stamp, and no second use of its nonce.
    first.restore(&then).unwrap();
    first.run(30);
    assert_eq!(stamps(&first), one);
}

#[test]
fn ticks_never_fall_whatever_plugins_enter() {
    use agent2028_ledger::{Entry, EntryKind};
    let mut simulation = simulation(&config(), 1);
    simulation.run(30);
    let index = simulation.world_mut().resource_mut::<Ledger>().note(&Entry::new(EntryKind::Note, 3, 0, "late"));
    simulation.run(30);
    let ledger = simulation.world().resource::<Ledger>();
    assert!(ledger.entry(index).unwrap().tick >= ledger.entry(index - 1).unwrap().tick);
    let ticks: Vec<u64> = ledger.entries().map(|(_, entry)| entry.tick).collect();
    assert!(ticks.is_sorted());
}
