//! No secret leaves.

use agent2028_core::rng::{Purpose, SimRng};
use agent2028_identity::secret::Secret;
use agent2028_identity::suite::SuiteId;
use agent2028_ledger::config::Stamps;
use agent2028_ledger::disk::{Store, StoreOptions};
use agent2028_ledger::{Ledger, LedgerConfig};
use rand::Rng;

use crate::scene::{config, simulation};

#[test]
fn neither_checkpoints_nor_files_nor_proofs_hold_a_private_key() {
    let mut simulation = simulation(&LedgerConfig { stamps: Stamps::All, ..config() }, 1);
    simulation.run(60);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("60.a28");
    simulation.checkpoint().write(&file).unwrap();
    let ledger = simulation.world().resource::<Ledger>();
    let mut store = Store::create(&folder.path().join("ledger"), StoreOptions::default()).unwrap();
    ledger.keys().for_each(|key| store.append_key(&key).unwrap());
    for (index, entry) in ledger.entries() {
        store.append(&entry).unwrap();
        ledger.stamps_of(index).for_each(|stamp| store.append_stamp(stamp).unwrap());
    }
    store.sync().unwrap();
    let mut written: Vec<Vec<u8>> =
        vec![ledger.prove(3).unwrap().to_json().unwrap().into_bytes(), format!("{ledger:?}").into()];
    for path in std::fs::read_dir(folder.path().join("ledger")).unwrap().flatten() {
        written.push(std::fs::read(path.path()).unwrap());
    }
    written.push(std::fs::read(&file).unwrap());
    let dice = SimRng::new(7);
    for purpose in ["ledger.key.keeper", "ledger.key.time-stamps"] {
        let seed = Secret::filled_by(|bytes: &mut [u8; 32]| dice.global(Purpose::new(purpose), 0).fill_bytes(bytes));
        let keys = SuiteId::HybridFips.get().unwrap().generate(&seed);
        // The seed is the right one: it has the public key that the ledger tells.
        assert!(ledger.keys().any(|key| key.key == *keys.public()));
        let secret = seed.expose();
        let digits: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        for bytes in &written {
            // Any eight bytes of it would be too many.
            assert!(!bytes.windows(8).any(|window| secret.windows(8).any(|part| part == window)));
            assert!(!String::from_utf8_lossy(bytes).contains(&digits[..16]));
        }
    }
}
