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
