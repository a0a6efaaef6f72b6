//! A campaign of generated scenes: dense sections and all interventions at their bounds. Each runs in a process of its own
//! that may use so much processor time and memory and no more, so that a tick that never ends, a panic or a world that grows
//! without bound is found.
//!
//! The gate runs a fixed number of scenes from fixed seeds. A longer campaign:
//!
//! ```sh
//! AGENT2028_SCENES=1000 AGENT2028_FIRST_SCENE=100 cargo test -p agent2028 --test suite campaign -- --nocapture
//! ```
//!
//! A scene that fails is printed, so that it can be run again by itself.

use std::fmt::Write as _;
use std::process::Command;

use agent2028::Sandbox;
use agent2028::core::check::Range;
use agent2028::core::faults::{SetField, SetParam, Spawn};
use agent2028::core::intervention::{AnyIntervention, InterventionKind};
use agent2028::core::params::{LiveValue, live_values};
use agent2028::core::ranges::{ranges_of_numbers, set_nth_number};
use agent2028::core::reflect_path::ParamValue;
use agent2028::trust::interventions::SybilJoin;

use crate::{finish, folder};

/// How many scenes the gate tries.
const SCENES: u64 = 24;
/// How many ticks each runs.
const TICKS: u32 = 15;
/// What a scene may use of the processor, in seconds of its own time: a busy machine takes nothing away from it.
const MOST_SECONDS: u32 = 600;
/// What a scene may use of memory, in kibibytes of address space.
const MOST_KIBIBYTES: u32 = 6 << 20;
/// How often an attack of the campaign on signatures is tried in a second: each costs a millisecond of work that can't be less,
/// and a test of its own reaches the bound.
const MOST_ATTEMPTS: f64 = 100.0;
/// How many agents an intervention of the campaign adds at most. (The bound, 16 777 216, is told as soon as it is passed; all
/// below it is what was asked for.)
const MOST_NEWCOMERS: u32 = 12;

/// Chance that is the same everywhere: SplitMix64.
struct Dice(u64);

impl Dice {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.draw() % count
    }

    fn one<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len() as u64) as usize]
    }

    /// A number at a bound of its range, or near the usual.
    fn at_bound(&mut self, range: Option<Range>) -> f64 {
        let range = range.unwrap_or(Range::new(-1e6, 1e6));
        // Lower bounds may be missed when they are stored in fewer bits, which is not what is tried here.
        let least =
            if range.min == 0.0 { 0.0 } else { range.min * if range.min > 0.0 { 1.000_001 } else { 0.999_999 } };
        let most = if range.max >= f64::MAX { 1e30 } else { range.max };
        match self.below(4) {
            0 => least,
            1 | 2 => most,
            _ => range.min.max(1.0).min(most),
        }
    }
}

/// The optional sections, each with the fields that make it dense.
const SECTIONS: [(&str, &[&str]); 9] = [
    (
        "boids",
        &[
            "",
            "flocks: [(agents: \"agent\")], predators: [(agents: \"other\", catch_radius: 5)], obstacles: [Circle(center: (9, 9), radius: 9)]",
            "formations: [(agents: \"agent\")], targets: [(at: (50, 0))]",
        ],
    ),
    (
        "pheromones",
        &[
            "",
            "nests: [(name: \"nest\")], resources: [()], walls: [(points: [(50, 50), (90, 90)])], \
             foraging: [(agents: \"other\", reinforce: (), alarm: ())], emitters: [(agents: \"agent\", layer: \"food\")]",
        ],
    ),
    (
        "network",
        &[
            "gossip: ()",
            "gossip: (mode: Flood, rumours: [(at: 2, every: 3)]), detector: (swim: (), heartbeat: ()), shared: [()], vector_clocks: true",
            "topology: ByQuality(half_range: 100, add_above: 0.5, drop_below: 0.3, most: 9, refresh_s: 0.1), gossip: (mode: PushPull)",
        ],
    ),
    (
        "operations",
        &[
            "workload: [ClosedLoop(name: \"loop\", capability: \"file.read\", users: 200, think_ms: 0)], queue: (capacity: 0), service: Constant(ms: 0)",
            "workload: [Poisson(name: \"rain\", capability: \"file.read\", per_second: 1000), Bursty(capability: \"file.read\"), \
             ClosedLoop(capability: \"file.read\", think_ms: 0)], retry: (times: 100, backoff_ms: 0), timeout_ms: 1",
            "workload: [Constant(name: \"clock\", capability: \"file.read\", per_second: 1000000)], most_in_flight: 10000",
        ],
    ),
    (
        "identity",
        &["roots: [\"agent\"], requests: [(by: \"other\", at: \"agent\", capability: \"file.read\", per_second: 1)], \
             attestations: [(by: \"agent\", to: \"other\", capability: \"file.read\")], channels: [(from: \"other\", to: \"agent\", per_second: 1)]"],
    ),
    ("ledger", &["", "stamps: Important, state_hash_every_s: 0.1, heads_every_s: 0.1"]),
    ("trust", &["", "isolate_below: 0.9, isolation_s: 0.1, malicious: [\"other\"]"]),
    (
        "market",
        &[
            "",
            "balances: [(group: \"agent\", amount: 5000)], tasks: (sources: [(arrivals: Poisson(per_second: 200), place: World, work_s: (0, 1)), \
             (arrivals: Keep(open: 20), skills: [\"file.read\"], deadline_s: 0.5)], auctioneers: [(bid_s: 0.05), \
             (name: \"net\", rule: ContractNet, clients: \"agent\", bid_s: 0.05, work_limit_s: 0.5)], \
             bidders: [(group: \"other\", capacity: 3)])",
        ],
    ),
    ("consensus", &["", "voters: [(group: \"other\", power: 1000000)], waits: (commit_s: 0, retransmit_s: 0.01)"]),
];

/// A scene without its timeline.
fn world(dice: &mut Dice) -> String {
    let mut text = format!(
        "Scene(\n  schema: 1,\n  seed: {},\n  tick_hz: {},\n  world: (size: ({}, 200), edge: {}),\n  duration: Ticks({TICKS}),\n  \
         agents: [\n    (name: \"agent\", count: {}, capabilities: [\"file.read\"], region: \"north\", role: \"worker\"),\n    \
         (name: \"other\", count: {}, capabilities: [\"file.read\"], region: \"south\", max_concurrency: 3),\n  ],\n",
        dice.below(1000),
        dice.one(&["60", "60", "60", "1", "1000", "0.01"]),
        dice.one(&["200", "1000", "5000"]),
        dice.one(&["Wrap", "Bounce", "Open"]),
        dice.one(&[3, 10, 40]),
        dice.one(&[1, 2, 8]),
    );
    for (name, fields) in SECTIONS {
        if dice.below(4) > 0 {
            let _ = writeln!(text, "  {name}: ({}),", dice.one(fields));
        }
    }
    text
}

/// An action of one kind with its numbers at bounds, as a timeline holds it.
fn action(dice: &mut Dice, kinds: &[AnyIntervention], known: &[LiveValue]) -> String {
    let mut action = dice.one(kinds).clone();
    match action.name() {
        // A slider at one of its ends.
        "SetParam" if !known.is_empty() => {
            let mut change = SetParam::default();
            let setting = dice.one(known);
            change.path.clone_from(&setting.path);
            change.value = match &setting.value {
                ParamValue::Number(_) => ParamValue::Number(dice.at_bound(setting.hints.range)),
                other => setting.choices.last().map_or(other.clone(), |last| ParamValue::Text((*last).into())),
            };
            action = change.into();
        }
        "SetField" => {
            let mut change = SetField::default();
            let fields =
                ["Condition.health", "ServiceRecord.max_concurrency", "Position.x", "ServiceRecord.reliability"];
            change.field = (*dice.one(&fields)).into();
            change.value = ParamValue::Number(*dice.one(&[0.0, 1.0, 1e6]));
            action = change.into();
        }
        name => {
            let mut ranges = Vec::new();
            action.edit(|fields| ranges = ranges_of_numbers(fields));
            for (nth, range) in ranges.into_iter().enumerate() {
                if dice.below(2) == 0 {
                    let number = dice.at_bound(range);
                    let most = match name {
                        "ForgeSignature" | "StealDelegation" | "Impersonate" | "ReplayMessages" | "ReplayOpening"
                        | "StealOldKey" => MOST_ATTEMPTS,
                        _ => f64::INFINITY,
                    };
                    action.edit(|fields| {
                        set_nth_number(fields, &mut { nth }, number.min(most));
                    });
                }
            }
        }
    }
    if let Some(spawn) = action.downcast::<Spawn>() {
        action = Spawn { count: spawn.count.min(MOST_NEWCOMERS), ..spawn.clone() }.into();
    } else if let Some(join) = action.downcast::<SybilJoin>() {
        action = SybilJoin { count: join.count.min(MOST_NEWCOMERS), ..join.clone() }.into();
    }
    let mut text = agent2028::core::ron_format::to_line(&action).unwrap();
    for (empty, filled) in [
        ("capability:\"\"", "capability:\"file.read\""),
        ("agents:\"\"", "agents:\"agent\""),
        ("duration_s:None", *dice.one(&["duration_s:None", "duration_s:Some(0)", "duration_s:Some(1e9)"])),
        ("select:Count(1)", *dice.one(&["select:All", "select:Fraction(0.5)", "select:Count(4000000)"])),
    ] {
        text = text.replace(empty, filled);
    }
    text
}

/// A whole scene, without the entries of its timeline that can't be.
fn scene(number: u64) -> String {
    let mut dice = Dice(number);
    let world = world(&mut dice);
    let mut sandbox = Sandbox::parse(&(world.clone() + ")")).unwrap_or_else(|error| panic!("{world}\n{error:?}"));
    let simulation = sandbox.app_mut().unwrap_or_else(|error| panic!("{world}\n{error:?}")).world_mut();
    let known = live_values(simulation);
    let plugins = agent2028::plugins::all();
    let kinds: Vec<AnyIntervention> =
        plugins.interventions().kinds().map(InterventionKind::default_intervention).collect();
    let mut timeline = String::new();
    for _ in 0..12 {
        let action = action(&mut dice, &kinds, &known);
        let entry = match dice.below(3) {
            0 => format!("    (at: {}, do: {action}),\n", 1 + dice.below(u64::from(TICKS))),
            1 => format!("    (at: {}, every: Some(1), do: {action}),\n", 1 + dice.below(5)),
            _ => format!("    (at: 1, every: Some({}), do: {action}),\n", 1 + dice.below(5)),
        };
        let alone = format!("{world}  timeline: [\n{timeline}{entry}  ],\n)");
        let possible = Sandbox::parse(&alone).and_then(|mut sandbox| sandbox.app_mut().map(|_| ())).is_ok();
        if possible {
            timeline += &entry;
        }
    }
    format!("{world}  timeline: [\n{timeline}  ],\n)")
}

/// A number from the environment.
fn wish(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn generated_scenes_with_everything_at_its_bounds_end() {
    let folder = folder();
    let file = folder.path().join("scene.ron");
    let (first, count) = (wish("AGENT2028_FIRST_SCENE", 1), wish("AGENT2028_SCENES", SCENES));
    let mut done = 0;
    for number in first..first + count {
        let text = scene(number);
        done += text.matches("do: ").count();
        std::fs::write(&file, &text).unwrap();
        let limits = format!("ulimit -t {MOST_SECONDS}; ulimit -v {MOST_KIBIBYTES}; exec \"$0\" \"$@\"");
        let mut limited = Command::new("sh");
        limited.args(["-c", &limits, env!("CARGO_BIN_EXE_agent2028"), "run"]).arg(&file);
        limited.args(["--threads", "2"]).env("RUST_LOG", "error");
        let (code, out, errors) = finish(&mut limited);
        let shown: String = out.lines().chain(errors.lines()).map(|line| format!("{line}\n")).collect();
        assert_eq!(code, 0, "scene {number} ends with {code}:\n{text}\n{shown}");
        assert!(out.contains("state-hash"), "{shown}");
    }
    assert!(done as u64 > 3 * count, "only {done} interventions could be");
}
