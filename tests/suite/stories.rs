//! Each scene of the gallery, from its first tick to its last: what it promises holds for any seed, and its state is the same
//! at one thread, at two, and after a resume amid its story.

use agent2028::Sandbox;
use agent2028::scene::expect::Verdict;
use agent2028::scene::gallery;
use agent2028_core::checkpoint::{Checkpoint, StateHash};
use agent2028_core::metrics::Metrics;

/// A scene is run with the seed that it names, and with these.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;
/// How many times in a story states are compared.
const MARKS: u64 = 12;

/// What a run showed.
#[derive(Debug, PartialEq)]
struct Story {
    hashes: Vec<(u64, StateHash)>,
    verdicts: Vec<Verdict>,
    /// The columns of a recording that hold nothing at its end.
    empty: Vec<String>,
}

fn open(name: &str, threads: usize) -> Sandbox {
    Sandbox::builtin(name).unwrap().threads(threads).unwrap()
}

/// Runs a scene whole. `resumed`: half-way it goes on in a new sandbox, from a checkpoint as it would stand in a file.
fn tell(mut sandbox: Sandbox, resumed: Option<Sandbox>) -> Story {
    let ticks = sandbox.scene().unwrap().duration_ticks();
    let (mut hashes, mut resumed) = (Vec::new(), resumed);
    for mark in 1..=MARKS {
        let (due, now) = (ticks * mark / MARKS, sandbox.tick().unwrap());
        sandbox.run(due - now).unwrap();
        hashes.push((due, sandbox.state_hash().unwrap()));
        if mark == MARKS / 2
            && let Some(mut other) = resumed.take()
        {
            let saved = sandbox.checkpoint().unwrap().encode().unwrap();
            other.restore(&Checkpoint::decode(&saved).unwrap()).unwrap();
            sandbox = other;
        }
    }
    let verdicts = sandbox.verdicts().unwrap();
    let metrics = sandbox.app_mut().unwrap().world().resource::<Metrics>();
    let recorded = metrics.iter().filter(|(spec, _)| metrics.records(&spec.name));
    let empty = recorded.filter(|(_, series)| series.last().is_none()).map(|(spec, _)| spec.name.clone()).collect();
    Story { hashes, verdicts, empty }
}

/// What a scene promises and doesn't do.
fn broken(story: &Story) -> Vec<String> {
    let unmet = story.verdicts.iter().filter(|verdict| !verdict.met);
    unmet.map(|verdict| format!("{} {}: {:?}", verdict.metric, verdict.wanted, verdict.got)).collect()
}

fn same_at_any_thread_count(name: &str) {
    let one = tell(open(name, 1), None);
    let two = tell(open(name, 2), Some(open(name, 2)));
    assert_eq!(one, two, "{name}: one thread, and two with a resume half-way");
    assert_eq!(broken(&one), Vec::<String>::new(), "{name} with its own seed");
    assert_eq!(one.empty, Vec::<String>::new(), "{name}: metrics of what the scene has not");
}

fn promises_hold_for_any_seed(name: &str) {
    for seed in SEEDS {
        // Whatever the number of threads, which another test sees to.
        let story = tell(open(name, 1).seed(seed).unwrap(), None);
        assert_eq!(broken(&story), Vec::<String>::new(), "{name} with seed {seed}");
    }
}

/// A test of its own for each scene and question, so that they run side by side and are told apart.
macro_rules! stories {
    ($($module:ident: $name:literal),* $(,)?) => {
        const TOLD: &[&str] = &[$($name),*];

        $(mod $module {
            #[test]
            fn the_whole_story_has_the_same_states_at_any_thread_count() {
                super::same_at_any_thread_count($name);
            }

            #[test]
            fn its_promises_hold_for_any_seed() {
                super::promises_hold_for_any_seed($name);
            }
        })*
    };
}

stories![
    welcome: "welcome",
    flock: "flock",
    formations: "formations",
    predator: "predator",
    foraging: "foraging",
    double_bridge: "double-bridge",
    resource_discovery: "resource-discovery",
    query_distribution: "query-distribution",
    strategies: "strategies",
    load_spike: "load-spike",
    cross_tier: "cross-tier",
    audited_run: "audited-run",
    trust_network: "trust-network",
    trust_routing: "trust-routing",
    sybil: "sybil",
    whitewash: "whitewash",
    ballot_stuffing: "ballot-stuffing",
    on_off: "on-off",
    trust_market: "trust-market",
    sla_breach: "sla-breach",
    wash_trade: "wash-trade",
    price_dump: "price-dump",
    order_book: "order-book",
    task_swarm: "task-swarm",
    auctions: "auctions",
    shill: "shill",
    bidding_ring: "bidding-ring",
    bid_and_default: "bid-and-default",
    gossip: "gossip",
    partition: "partition",
    rumour_ttl: "rumour-ttl",
    swim: "swim",
    byzantine_4: "byzantine-4",
    byzantine_7: "byzantine-7",
    byzantine_too_many: "byzantine-too-many",
    leader_crash: "leader-crash",
    partition_vote: "partition-vote",
    deploy_gate: "deploy-gate",
    wide_area: "wide-area",
    delegation: "delegation",
    sealed_channel: "sealed-channel",
    forged_lists: "forged-lists",
    stolen_keys: "stolen-keys",
    attenuation: "attenuation",
    reopened_channels: "reopened-channels",
    mixed_suites: "mixed-suites",
    murmuration: "murmuration",
    classic_flock: "classic-flock",
    abmfc_flock_small: "abmfc-flock-small",
    abmfc_flock_large: "abmfc-flock-large",
];

#[test]
fn every_story_of_the_gallery_is_told() {
    let names: Vec<&str> = gallery::names().collect();
    assert_eq!(TOLD, names);
}
