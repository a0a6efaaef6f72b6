//! What is entered, and when.

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, EventKind};
use agent2028_core::intervention::InterventionLog;
use agent2028_core::rng::SimRng;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_identity::interventions::{DeactivateIdentity, RotateKeys};
use agent2028_identity::suite::SuiteId;
use agent2028_identity::{Identities, IdentityConfig};
use agent2028_ledger::config::Stamps;
use agent2028_ledger::document::Proven;
use agent2028_ledger::keys::{AgentKeys, KeyRing, KeyRole, LedgerKey};
use agent2028_ledger::{Entry, EntryKind, Ledger, LedgerConfig, Outcome, Signature, Terms, facts};
use agent2028_operations::Operations;
use bevy::prelude::*;

use crate::scene::{config, opening, signing_simulation, simulation};

fn of_kind(ledger: &Ledger, kind: EntryKind) -> Vec<Entry> {
    ledger.entries().map(|(_, entry)| entry).filter(|entry| entry.kind == kind).collect()
}

#[test]
fn everything_that_matters_in_a_run_is_entered() {
    let mut simulation = simulation(&config(), 1);
    let mut states = Vec::new();
    for tick in 1..=120 {
        simulation.run(1);
        if tick % 30 == 0 {
            states.push(simulation.state_hash());
        }
    }
    let world = simulation.world();
    let ledger = world.resource::<Ledger>();
    let dice = world.resource::<SimRng>();

    // It begins with the scene, its seed and its files.
    let begin: Vec<Entry> = ledger.entries().take(4).map(|(_, entry)| entry).collect();
    let terms = Terms::of(&config(), world.resource::<SimClock>());
    assert_eq!(begin, opening().entries(begin[0].unix_ms, &terms));
    assert_eq!(begin[0].payload, facts::scene_hash("Scene()"));
    assert_eq!((begin[1].kind, begin[1].detail.as_str()), (EntryKind::Seed, "7"));

    // Every intervention, the refused one too, with all that is in a recording of it.
    let done = of_kind(ledger, EntryKind::Intervention);
    let log = &world.resource::<InterventionLog>().0;
    assert_eq!(done.len(), log.len());
    for (entry, applied) in done.iter().zip(log) {
        let outcome = applied.outcome.as_ref().map(String::as_str).map_err(String::as_str);
        let fields = applied.stamped.action.to_ron().unwrap();
        let stamped = &applied.stamped;
        let hash = facts::intervention_hash(stamped.sequence, stamped.origin, stamped.action.name(), &fields, outcome);
        assert_eq!((entry.payload, entry.tick), (hash, stamped.tick));
        assert_eq!(entry.outcome, if outcome.is_ok() { Outcome::Done } else { Outcome::Refused });
    }
    assert!(done.iter().any(|entry| entry.outcome == Outcome::Refused), "{done:?}");

    // Every event that matters enough, but for what tells of interventions.
    let bus = world.resource::<EventBus>();
    let events: Vec<[u8; 16]> = bus
        .history()
        .filter(|event| event.priority >= 5)
        .filter(|event| event.kind != EventKind::INTERVENTION_APPLIED && event.kind != EventKind::INTERVENTION_FAILED)
        .map(|event| event.id(dice).into_bytes())
        .collect();
    let entered = of_kind(ledger, EntryKind::Event);
    assert_eq!(entered.iter().filter_map(|entry| entry.event).collect::<Vec<_>>(), events);
    assert!(entered.len() > 5 && entered.iter().any(|entry| entry.operation == "AgentFailed" && entry.who.is_some()));

    // Every receipt.
    let receipts = of_kind(ledger, EntryKind::Receipt);
    let book = world.resource::<Operations>().book();
    assert_eq!((receipts.len() as u64, ledger.missed()), (book.written(), 0));
    assert!(receipts.len() > 40 && receipts.iter().all(|entry| entry.capability == "a.b"));

    // The state as it was when the tick was over.
    let entered: Vec<String> = of_kind(ledger, EntryKind::StateHash).into_iter().map(|entry| entry.detail).collect();
    assert_eq!(entered, states.iter().map(ToString::to_string).collect::<Vec<_>>());

    // Ticks never go down, and tree heads are signed.
    let ticks: Vec<u64> = ledger.entries().map(|(_, entry)| entry.tick).collect();
    assert!(ticks.is_sorted());
    let ring = KeyRing::new(ledger.keys().collect()).of(KeyRole::Keeper);
    assert_eq!(ledger.heads().len(), 2);
    for signed in ledger.heads() {
        signed.verify(&ring).unwrap();
        assert_eq!(ledger.tree().root_at(signed.head.size), Some(signed.head.root));
    }
    assert_eq!(ledger.heads()[1].head.size, ledger.size());
}

#[test]
fn the_ledger_is_the_same_on_any_number_of_threads() {
    let root = |threads: usize| {
        let mut simulation = simulation(&config(), threads);
        simulation.run(100);
        let ledger = simulation.world().resource::<Ledger>();
        (ledger.root(), ledger.heads().to_vec())
    };
    assert_eq!(root(1), root(2));
}

#[test]
fn the_ledger_leaves_the_simulation_as_it_is() {
    // What is entered changes nothing in the state, only the section of the scene is part of it.
    let often = LedgerConfig { state_hash_every_s: Some(0.1), ..config() };
    let mut hashes = Vec::new();
    for stamps in [Stamps::None, Stamps::All] {
        let mut simulation = simulation(&LedgerConfig { stamps, ..often.clone() }, 1);
        simulation.run(40);
        // The same section, whatever was written down before.
        simulation.world_mut().resource_mut::<LedgerConfig>().stamps = Stamps::None;
        hashes.push(simulation.state_hash());
    }
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn time_stamps_are_given_to_what_the_scene_wants() {
    let stamped = |stamps: Stamps| {
        let mut simulation = simulation(&LedgerConfig { stamps, receipts: false, ..config() }, 1);
        simulation.run(60);
        let ledger = simulation.world().resource::<Ledger>();
        let ring = KeyRing::new(ledger.keys().collect()).of(KeyRole::TimeStamps);
        let mut kinds = Vec::new();
        for stamp in ledger.stamps() {
            stamp.verify(&ledger.tree().leaf(stamp.index).unwrap(), &ring).unwrap();
            kinds.push(ledger.entry(stamp.index).unwrap().kind);
            assert_eq!(ledger.stamps_of(stamp.index).count(), 1);
        }
        assert_eq!(ledger.stamps_issued(), kinds.len() as u64);
        (kinds, ledger.size())
    };
    assert_eq!(stamped(Stamps::None).0, []);
    assert_eq!(stamped(Stamps::Interventions).0, [EntryKind::Intervention; 3]);
    let important = stamped(Stamps::Important).0;
    assert!(important.len() > 3 && important.contains(&EntryKind::Event));
    let (all, size) = stamped(Stamps::All);
    assert_eq!(all.len() as u64, size);
}

#[test]
fn plugins_enter_what_they_have_to_say_and_it_can_be_proven() {
    let mut simulation = simulation(&LedgerConfig { stamps: Stamps::All, ..config() }, 1);
    simulation.run(10);
    let mut note = Entry::new(EntryKind::Note, 10, 0, "verdict");
    note.who = Some(4);
    let index = simulation.world_mut().resource_mut::<Ledger>().note(&note);
    simulation.run(60);
    let ledger = simulation.world().resource::<Ledger>();
    let document = ledger.prove(index).unwrap();
    let Proven::Inclusion { entry, root, stamps, keys, .. } = document.check().unwrap() else { panic!() };
    assert_eq!((*entry, root), (note, ledger.root()));
    let ring = KeyRing::new(keys);
    assert_eq!(stamps.len(), 1);
    stamps[0].verify(&ledger.tree().leaf(index).unwrap(), &ring.of(KeyRole::TimeStamps)).unwrap();
    assert!(ledger.prove(ledger.size()).is_err());
}

#[test]
fn only_so_many_entries_stay_in_memory_and_what_is_left_can_be_proven() {
    let mut simulation = simulation(&LedgerConfig { keep: 300, least_priority: 1, ..config() }, 1);
    simulation.run(4000);
    let ledger = simulation.world().resource::<Ledger>();
    assert!(ledger.first() > 0 && ledger.size() - ledger.first() >= 300);
    assert!(ledger.size() - ledger.first() < 300 + 2 * 1024);
    assert!(ledger.prove(ledger.first()).is_ok() && ledger.prove(ledger.first() - 1).is_err());
    for signed in ledger.heads() {
        let proof = ledger.tree().prove_consistency(signed.head.size, ledger.size()).unwrap();
        assert!(proof.verify::<sha3::Sha3_256>(&signed.head.root, &ledger.root()));
    }
}

/// Tree heads go with the entries that they are over: a run that is twice as long holds no more of them, and no more of the tree.
#[test]
fn a_longer_run_holds_no_more_tree_heads() {
    let held = |ticks| {
        let config = LedgerConfig { keep: 300, least_priority: 1, heads_every_s: 0.02, sign: None, ..config() };
        let mut simulation = simulation(&config, 1);
        simulation.run(ticks);
        let ledger = simulation.world().resource::<Ledger>();
        // All that are left can be proven consistent.
        for signed in ledger.heads() {
            let proof = ledger.tree().prove_consistency(signed.head.size, ledger.size()).unwrap();
            assert!(proof.verify::<sha3::Sha3_256>(&signed.head.root, &ledger.root()));
        }
        let over_dropped = ledger.heads().iter().filter(|signed| signed.head.size < ledger.first()).count();
        (ledger.first(), ledger.heads_made(), over_dropped, ledger.tree().bytes())
    };
    let (short, long) = (held(6000), held(12_000));
    assert!(short.0 > 1024 && long.0 > short.0 + 1024 && long.1 > short.1 + 200, "{short:?} {long:?}");
    assert!(short.2 > 10 && long.2 <= 64, "{short:?} {long:?}");
    assert!(long.3 < short.3 + short.3 / 2, "{short:?} {long:?}");
}

#[test]
fn both_suites_sign_heads_and_nothing_is_signed_where_nobody_is_to() {
    for suite in [Some(SuiteId::HybridFips), Some(SuiteId::HybridCrystals), None] {
        let mut simulation = simulation(&LedgerConfig { sign: suite, ..config() }, 1);
        simulation.run(60);
        let ledger = simulation.world().resource::<Ledger>();
        let ring = KeyRing::new(ledger.keys().collect());
        let signed = &ledger.heads()[0];
        assert_eq!(signed.verify(&ring).is_ok(), suite.is_some(), "{suite:?}");
        assert_eq!(signed.signature.is_some(), suite.is_some());
    }
}

/// What leads to an agent's new keys is entered when it changes them, whether or not it signs anything after that; and a run that
/// goes back and on again enters the same.
#[test]
fn new_keys_of_who_has_signed_are_tied_to_its_identifier() {
    let identity = IdentityConfig { signed_events: vec!["AgentFailed".into()], ..default() };
    let mut simulation = signing_simulation(&config(), identity);
    simulation.run(60);
    let of = |simulation: &Simulation, who: u32| -> Vec<Entry> {
        let named = of_kind(simulation.world().resource::<Ledger>(), EntryKind::Identity);
        named.into_iter().filter(|entry| entry.who == Some(who)).collect()
    };
    let who = of_kind(simulation.world().resource::<Ledger>(), EntryKind::Identity)[0].who.unwrap();
    let before = of(&simulation, who);
    let saved = simulation.checkpoint();
    let change = |simulation: &mut Simulation| {
        let select = || Selector::Ids(vec![AgentId(who)]);
        simulation.intervene(RotateKeys { select: select() });
        simulation.run(10);
        simulation.intervene(RotateKeys { select: select() });
        simulation.run(10);
        simulation.intervene(DeactivateIdentity { select: select() });
        simulation.run(10);
    };
    change(&mut simulation);
    let ledger = simulation.world().resource::<Ledger>();
    let document = simulation.world().resource::<Identities>().document_of(AgentId(who)).unwrap().clone();
    let after = of(&simulation, who);
    assert_eq!((after.len(), &after[..1]), (4, &before[..]));
    let key = |at: usize| document.history[at].keys.id().0.to_string();
    assert!(after[1].detail.contains(&key(1)) && after[2].detail.contains(&key(2)));
    assert!(after[3].detail.contains(&key(2)) && after[3].detail.contains(" ended "), "{}", after[3].detail);
    // The keys come with what leads to them, each with what is new only.
    let keys: Vec<LedgerKey> = ledger.keys().filter(|key| key.role == KeyRole::Agent(who)).collect();
    let lengths: Vec<usize> = keys.iter().map(|key| key.document.as_ref().unwrap().history.len()).collect();
    assert_eq!(lengths, [1, 2, 2, 1]);
    let mut agents = AgentKeys::of_ledger();
    keys.iter().for_each(|key| agents.note(key).unwrap());
    after.iter().for_each(|entry| agents.name(entry).unwrap());
    let root = ledger.root();
    simulation.restore(&saved).unwrap();
    assert_eq!(of(&simulation, who), before);
    change(&mut simulation);
    assert_eq!(simulation.world().resource::<Ledger>().root(), root);
}

#[test]
fn what_agents_sign_is_entered_with_their_signatures() {
    let identity = IdentityConfig { signed_events: vec!["AgentFailed".into()], ..default() };
    let mut simulation = signing_simulation(&config(), identity);
    simulation.run(60);
    let ledger = simulation.world().resource::<Ledger>();
    // Who the three are stands in the ledger before they sign, once each.
    let named = of_kind(ledger, EntryKind::Identity);
    assert_eq!(named.len(), 3);
    let mut agents = AgentKeys::of_ledger();
    ledger.keys().for_each(|key| agents.note(&key).unwrap());
    named.iter().for_each(|entry| agents.name(entry).unwrap());
    let signed: Vec<(u64, Entry)> = ledger.entries().filter(|(_, entry)| entry.signature.is_some()).collect();
    assert_eq!(signed.len(), 3);
    for (index, entry) in signed {
        assert_eq!((entry.operation.as_str(), agents.check(&entry)), ("AgentFailed", Ok(())));
        // Nothing that was signed can be changed, nor be said to be another's.
        let changed: [fn(&mut Entry); 5] = [
            |entry| entry.payload[0] ^= 1,
            |entry| entry.operation.push('s'),
            |entry| entry.who = entry.who.map(|who| (who + 1) % 20),
            |entry| entry.event = entry.event.map(|event| [event[0]; 16]),
            |entry| entry.signature.as_mut().unwrap().bytes[200] ^= 1,
        ];
        for change in changed {
            let mut other = entry.clone();
            change(&mut other);
            assert!(agents.check(&other).is_err(), "{other:?}");
        }
        // A proof takes along the one key that it needs.
        let Proven::Inclusion { entry, keys, .. } = ledger.prove(index).unwrap().check().unwrap() else { panic!() };
        let roles: Vec<KeyRole> = keys.iter().map(|key| key.role).collect();
        assert_eq!(roles, [KeyRole::Keeper, KeyRole::Agent(entry.who.unwrap())]);
    }
    // A key counts only with the document that leads to it from the identifier which the ledger knows.
    let keys: Vec<LedgerKey> = ledger.keys().filter(|key| matches!(key.role, KeyRole::Agent(_))).collect();
    let mut stranger = AgentKeys::of_ledger();
    assert!(stranger.note(&LedgerKey { document: None, ..keys[0].clone() }).is_err());
    assert!(stranger.note(&LedgerKey { document: keys[1].document.clone(), ..keys[0].clone() }).is_err());
    stranger.note(&keys[0]).unwrap();
    let KeyRole::Agent(who) = keys[0].role else { panic!() };
    let its = |entry: &&Entry| entry.signature.is_some() && entry.who == Some(who);
    let events = of_kind(ledger, EntryKind::Event);
    let event = events.iter().find(its).unwrap();
    assert!(stranger.check(event).unwrap_err().contains("no entry says who"));
    let other = named.iter().find(|entry| entry.who != Some(who)).unwrap();
    let told = stranger.name(&Entry { who: Some(who), ..other.clone() });
    assert!(told.unwrap_err().contains("no document leads to the key"));
    let right = named.iter().find(|entry| entry.who == Some(who)).unwrap();
    // Nor does one that says another key, or another time.
    for (from, to) in [("key ", "key 0"), ("since ", "since 1")] {
        let detail = right.detail.replacen(from, to, 1);
        let payload = agent2028_ledger::facts::identity_hash(&right.operation, &detail);
        assert!(stranger.clone().name(&Entry { detail, payload, ..right.clone() }).is_err());
        assert!(stranger.clone().name(&Entry { detail: right.detail.replacen(from, to, 1), ..right.clone() }).is_err());
    }
    stranger.name(right).unwrap();
    assert_eq!(stranger.check(event), Ok(()));

    let unsigned = of_kind(ledger, EntryKind::StateHash).remove(0);
    assert_eq!(agents.check(&unsigned), Ok(()));
    let forged = Entry { signature: Some(Signature { key: "00".into(), bytes: vec![] }), ..unsigned };
    assert!(agents.check(&forged).is_err());
}
