//! What identities hold in memory, counted by the allocator.

use agent2028_core::simulation::Simulation;
use agent2028_identity::interventions::RevokePapers;
use agent2028_property_tests::memory::{Counting, held};

use crate::scene::{Scene, agents, metric};

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many lists come before memory is looked at, and then in each of three lots.
const BEFORE: u32 = 10;
const IN_A_LOT: u32 = 100;
/// The first owner of the office; the root and two issuers come before.
const FIRST: u32 = 3;

/// Takes back the papers of some owners, one after the other, which is a list for each.
fn revoke(simulation: &mut Simulation, owners: std::ops::Range<u32>) {
    for owner in owners {
        simulation.intervene(RevokePapers { select: agents(&[FIRST + owner]), capability: String::new() });
        simulation.run(1);
    }
}

/// A list is a signature of ML-DSA-65 (3309 bytes by FIPS 204) with one of Ed25519 (64 bytes), what it adds, and what is known of
/// those before by their digest; beside it stand the events that tell of it. Were each to hold the ids of all before it, of 32
/// bytes and more, those of the last lot would be longer by six kilobytes and more than those of the first.
#[test]
fn every_revocation_holds_as_much_memory_as_the_first_ones() {
    let mut scene = Scene::office();
    scene.groups[2].count = BEFORE + 3 * IN_A_LOT;
    // Nobody asks for anything, so that only lists come.
    scene.identity.requests.clear();
    let mut simulation = scene.start();
    simulation.run(5);
    revoke(&mut simulation, 0..BEFORE);
    let mut held_by = Vec::new();
    for lot in 0..3 {
        let before = (held(), metric(&simulation, "identity.revoked"));
        let first = BEFORE + lot * IN_A_LOT;
        revoke(&mut simulation, first..first + IN_A_LOT);
        let lists = metric(&simulation, "identity.revoked") - before.1;
        assert!(lists >= f64::from(IN_A_LOT));
        held_by.push((held() - before.0) / lists as i64);
    }
    let [first, second, third] = held_by[..] else { unreachable!("three lots") };
    let signature = 3309 + 64;
    assert!(first > signature, "a list has its signature: {held_by:?}");
    // Lists that grow by 32 bytes with each before them would be longer by 3200 bytes from lot to lot.
    assert!(second.max(third) < first + 3200, "lists don't grow: {held_by:?} bytes each");
}
