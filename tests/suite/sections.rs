//! Every scene that `check` calls right runs: each subset of the sections, with and without what is optional in them.

use agent2028::Sandbox;
use agent2028::core::metrics::Metrics;

/// A section and what is optional in it: lists of fields.
struct Section {
    name: &'static str,
    /// Fields that make its optional parts run.
    parts: &'static [&'static str],
}

/// The sections of the scene language. One that is missing here is found by `every_section_is_tried`.
const SECTIONS: [Section; 9] = [
    Section {
        name: "boids",
        parts: &[
            "flocks: [(agents: \"bee\", view_degrees: 270, wander: ())]",
            "predators: [(agents: \"fly\", prey: \"bee\", catch_radius: 3)]",
            "formations: [(agents: \"bee\")]",
            "obstacles: [Circle(center: (40, 0), radius: 10)]",
            "targets: [(at: (100, 0))], leader: (agents: \"fly\")",
        ],
    },
    Section {
        name: "pheromones",
        parts: &[
            "nests: [(name: \"nest\")], resources: [(position: (30, 0), respawn: After(seconds: 0.1))], \
             foraging: [(agents: \"ant\", reinforce: (), alarm: ())]",
            "emitters: [(agents: \"bee\", layer: \"food\")]",
            "walls: [(points: [(10, -20), (10, 20)])], counters: [(name: \"gate\", from: (0, 9), to: (9, 9))]",
        ],
    },
    Section {
        name: "network",
        parts: &[
            "gossip: (mode: PushPull, rumours: [(at: 3, every: 10, from: Role(\"worker\"))])",
            "detector: (swim: (period_s: 0.2, timeout_s: 0.1), heartbeat: ())",
            "shared: [(name: \"visits\", writes_per_s: 20), (name: \"names\", kind: LwwMap)], vector_clocks: true",
            "regions: (between_ms: 30, pairs: [(from: \"north\", to: \"south\", latency_ms: 50)])",
            "topology: KNearest(k: 3, refresh_s: 0.1), link: (bandwidth: 100000, loss: 0.1, jitter_ms: 5)",
        ],
    },
    Section {
        name: "operations",
        parts: &[
            "workload: [Poisson(name: \"reads\", capability: \"file.read\", per_second: 100, region: \"north\"), \
             ClosedLoop(capability: \"file.read\", users: 3, think_ms: 20), \
             Bursty(capability: \"file.read\"), Diurnal(capability: \"file.read\"), Constant(capability: \"file.read\")], \
             retry: (times: 2), timeout_ms: 200, strategy: MinLatency",
            "bridges: [(individuals: \"ant\", swarm: \"fly\", capability: \"file.read\", parts: 2)]",
            "orchestrator: (most_in_work: 9, most_per_second: 50)",
        ],
    },
    Section {
        name: "identity",
        parts: &[
            "roots: [\"fly\"], attestations: [(by: \"fly\", to: \"ant\", capability: \"file.read\")], \
             delegations: [(by: \"ant\", to: \"bee\", capability: \"file.read\")], \
             requests: [(by: \"bee\", at: \"fly\", capability: \"file.read\", per_second: 1)]",
            "channels: [(from: \"ant\", to: \"fly\", per_second: 1)]",
            "signed_events: [\"AgentFailed\"]",
            "suites: [(agents: \"bee\", suite: HybridFips)]",
        ],
    },
    Section {
        name: "ledger",
        parts: &["stamps: All, state_hash_every_s: 0.2, heads_every_s: 0.3", "events: [\"AgentFailed\"]"],
    },
    Section {
        name: "trust",
        parts: &[
            "malicious: [\"fly\"], isolate_below: 0.1, isolation_s: 0.2, betrayal: ()",
            "reputation: EigenTrust, pre_trusted: [\"ant\"]",
        ],
    },
    Section {
        name: "market",
        parts: &[
            "balances: [(group: \"ant\", amount: 1000)], exchange: (goods: [(name: \"grain\"), (name: \"salt\", \
             rule: McAfee(every_s: 0.2))], traders: [(group: \"ant\", quotes_per_s: 20), (group: \"bee\", side: Sells, \
             policy: Learning, quotes_per_s: 20)])",
            "tasks: (sources: [(arrivals: Poisson(per_second: 60), work_s: (0, 0.2), place: World, skills: [\"file.read\"]), \
             (arrivals: Keep(open: 3), deadline_s: 0.3), (arrivals: Batches(count: 2, every_s: 0.1), auctioneer: \"clock\")], \
             auctioneers: [(bid_s: 0.05), (name: \"net\", rule: ContractNet, clients: \"ant\", bid_s: 0.05), \
             (name: \"clock\", rule: Dutch, bid_s: 0.05), (name: \"seal\", rule: FirstPrice, bid_s: 0.05, reveal_s: 0.05), \
             (name: \"all\", rule: Combinatorial, bid_s: 0.05)], \
             bidders: [(group: \"bee\", capacity: 2), (group: \"fly\", policy: Learning)])",
        ],
    },
    Section {
        name: "consensus",
        parts: &["voters: [(group: \"ant\"), (group: \"bee\", power: 2)], waits: (commit_s: 0.05)"],
    },
];

/// Agents that all sections find something to do with, and something that happens to them.
const REST: &str = "
    tick_hz: 60,
    world: (size: (400, 300), edge: Wrap),
    agents: [
        (name: \"ant\", count: 3, region: \"north\", role: \"worker\", capabilities: [\"file.read\"]),
        (name: \"bee\", count: 3, region: \"south\", capabilities: [\"file.read\"]),
        (name: \"fly\", count: 2, tier: Swarm, capabilities: [\"swarm_file.read\"]),
    ],
    timeline: [
        (at: 10, do: Kill(select: Count(2), duration_s: 0.2)),
        (at: 20, do: Spawn(group: \"bee\", count: 2)),
        (at: 30, do: Remove(select: Ids([0]))),
    ],
";

/// The scene with these sections, each with these fields.
fn scene(sections: &[(&str, String)]) -> String {
    let sections: String = sections.iter().map(|(name, fields)| format!("    {name}: ({fields}),\n")).collect();
    format!("Scene(\n    schema: 1,{REST}{sections})")
}

/// The sections whose bits are set, each with all that is optional in it, and what is optional only beside others.
fn dense(bits: usize) -> Vec<(&'static str, String)> {
    let has = |name| SECTIONS.iter().position(|section| section.name == name).is_some_and(|at| bits >> at & 1 == 1);
    subset(bits, |section| {
        let mut parts = section.parts.join(", ");
        if section.name == "ledger" && has("operations") {
            parts += ", receipts: true";
        }
        if section.name == "consensus" && has("operations") {
            parts += ", gates: [(capability: \"file.read\", wait_s: 0.3)]";
        }
        if section.name == "market" && has("operations") {
            let attested = has("identity");
            let trusted = if has("trust") { "least_trust: 0.01, " } else { "" };
            parts += &format!(
                ", capabilities: (attested: {attested}, ratings: NetPaid, least_price_share: 0.1, listings: [(group: \"bee\", \
                 capability: \"file.read\", stock: 40, restock_s: 0.2, p99_ms: 20, breach_penalty_percent: 0)], buyers: [ \
                 (group: \"ant\", capability: \"file.*\", {trusted}units: 2, lasts_s: 0.3, requests_per_s: 60, pause_s: 0.05)])"
            );
        }
        parts
    })
}

/// The scene with all sections and all that is optional in them.
pub(crate) fn everything() -> String {
    scene(&dense((1 << SECTIONS.len()) - 1))
}

/// Runs a scene for a while at 1 and at 2 threads.
fn try_it(text: &str) {
    let hash = |threads| {
        let mut sandbox =
            Sandbox::parse(text).unwrap_or_else(|error| panic!("{text}\n{error:?}")).threads(threads).unwrap();
        sandbox.run(50).unwrap_or_else(|error| panic!("{text}\n{error:?}"));
        sandbox.state_hash().unwrap()
    };
    assert_eq!(hash(1), hash(2), "{text}");
}

/// The sections whose bits are set, each with the fields that `fields` gives it.
fn subset(bits: usize, fields: impl Fn(&Section) -> String) -> Vec<(&'static str, String)> {
    let chosen = SECTIONS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
    chosen.map(|(_, section)| (section.name, fields(section))).collect()
}

#[test]
fn every_section_is_tried() {
    let reference = std::fs::read_to_string("docs/scene-reference.md").unwrap();
    let names: Vec<&str> = SECTIONS.iter().map(|section| section.name).collect();
    let is_section =
        |line: &&str| line.starts_with("| `") && line.contains("Config](#") && line.contains("Without this section");
    let told: Vec<&str> = reference.lines().filter(is_section).collect();
    assert!(told.len() >= names.len(), "{told:?}");
    for line in told {
        assert!(names.iter().any(|name| line.contains(&format!("`{name}`"))), "{line}");
    }
}

#[test]
fn every_subset_of_the_sections_runs_with_what_is_given_by_default() {
    for bits in 0..1 << SECTIONS.len() {
        try_it(&scene(&subset(bits, |_| String::new())));
    }
}

#[test]
fn every_subset_of_the_sections_runs_with_all_that_is_optional() {
    for bits in 0..1 << SECTIONS.len() {
        try_it(&scene(&dense(bits)));
    }
}

#[test]
fn an_expectation_sees_whatever_is_recorded() {
    let text = everything();
    let mut sandbox = Sandbox::parse(&text).unwrap();
    let metrics = sandbox.app_mut().unwrap().world().resource::<Metrics>();
    let names: Vec<String> = metrics.iter().map(|(spec, _)| spec.name.clone()).collect();
    let expect: String = names
        .iter()
        .map(|name| format!("(metric: \"{name}\", over: Some((1, 50)), at_least: Some(-1e30)), "))
        .collect();
    let text = text.replacen("schema: 1,", &format!("schema: 1, expect: [{expect}],"), 1);
    let mut sandbox = Sandbox::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
    sandbox.run(50).unwrap();
    let verdicts = sandbox.verdicts().unwrap();
    assert_eq!(verdicts.len(), names.len());
    let metrics = sandbox.app_mut().unwrap().world().resource::<Metrics>();
    let recorded = |name: &str| metrics.series(name).is_some_and(|series| series.last().is_some());
    let unseen = verdicts.iter().filter(|verdict| verdict.got.is_some() != recorded(&verdict.metric));
    assert_eq!(unseen.map(|verdict| &verdict.metric).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(verdicts.iter().filter(|verdict| verdict.got.is_some()).count() > 100);
}

#[test]
fn every_optional_part_runs_alone_and_beside_all_other_sections() {
    for (at, section) in SECTIONS.iter().enumerate() {
        for part in section.parts {
            for bits in [1 << at, (1 << SECTIONS.len()) - 1] {
                // Who pays needs money, which another part gives.
                let purse = if part.contains("clients:") { "balances: [(group: \"ant\", amount: 1000)], " } else { "" };
                let fields = |other: &Section| {
                    if other.name == section.name { format!("{purse}{part}") } else { String::new() }
                };
                try_it(&scene(&subset(bits, fields)));
            }
        }
    }
}
