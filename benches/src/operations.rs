//! The rows about operations: a routing decision, and a whole life from request to receipt.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use agent2028_core::agent::{AgentId, FitnessWeights, RoutingWeights};
use agent2028_core::prefetch::ask_for_row;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_operations::config::{Poisson, ServiceTime, Workload};
use agent2028_operations::engine::Ground;
use agent2028_operations::index::NOT_THERE;
use agent2028_operations::pool::{Choice, Pool, PoolKey, PoolRank, PrefetchPlan};
use agent2028_operations::server::{PRESENT, Server};
use agent2028_operations::time::Rate;
use agent2028_operations::{Files, Operations, OperationsConfig, Strategy, StrategyWeights};

use crate::measure::{Clock, Failure, Figures, Sample, fill, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "route",
        work: "a routing decision at 10⁶ capable agents: choose, raise the load, end another one's; the slowest strategy",
        baseline: "the same at 10³ agents",
        unit: Unit::SecondsPer("decision"),
        clock: Clock::Wall,
        target: Target::CostTimes(4.0),
        measure: route_growth,
        curve: Some(route_curve),
        why_missed: "Strategies that take the first of an ordered index cost about the same at any number of agents. Those that look at agents chosen by chance or by hash touch a random place in tables of 10⁶ entries, where those of 10³ agents lie in the first cache: that memory is asked for as soon as it is known which place it is, some choices ahead. What is left are four levels of an index in place of one, and what other programs leave of the shared cache.",
    },
    Row {
        name: "route-time",
        work: "the same, at most 1 µs",
        baseline: "the same at 10³ agents",
        unit: Unit::SecondsPer("decision"),
        clock: Clock::Wall,
        target: Target::Cost(1e-6),
        measure: route_cost,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "operations",
        work: "operations from request to receipt on 10⁴ agents: arrival, two random choices, queue, service, metrics",
        baseline: "the bare queue model on plain arrays: a heap of events, a list per agent, no receipts, no metrics",
        unit: Unit::SecondsPer("operation"),
        clock: Clock::Wall,
        target: Target::CostTimes(3.0),
        measure: against_bare_queues,
        curve: Some(operations_curve),
        why_missed: "Beside the queues themselves an operation here has a receipt that is hashed onto the one before (a sixth of the time), dice that are thrown anew for each of its three draws, metrics, and the records that routing reads; these take 5 MB where those of the bare queues fit into the second cache.",
    },
    Row {
        name: "operations-rate",
        work: "the same, in operations per second (≥ 10⁶ are 1 µs each)",
        baseline: "the bare queue model on plain arrays",
        unit: Unit::SecondsPer("operation"),
        clock: Clock::Wall,
        target: Target::Cost(1e-6),
        measure: against_bare_queues,
        curve: None,
        why_missed: "",
    },
];

/// So many operations are on their way while decisions are measured.
const IN_FLIGHT: usize = 512;
/// The engine throws the dice of a choice as many choices before.
const THROWN_AHEAD: u64 = 16;
/// What may wait at an agent.
const CAPACITY: u32 = 8;

/// Agents that differ, and the index of a strategy over them.
struct Router {
    pool: Pool,
    strategy: Strategy,
    servers: Vec<Server>,
    weights: FitnessWeights,
    decisions: u64,
    given: VecDeque<u32>,
    foreseen: [Option<PrefetchPlan>; THROWN_AHEAD as usize],
}

impl Router {
    fn new(strategy: Strategy, agents: usize) -> Self {
        let mut stream = SimRng::new(1).global(Purpose::new("bench.route"), 0);
        let servers: Vec<Server> = (0..agents)
            .map(|_| Server {
                flags: PRESENT,
                concurrency: 4,
                slots: 4,
                latency_ms: 10.0 + 90.0 * stream.unit(),
                reliability: 0.9 + 0.1 * stream.unit(),
                health: 0.5 + 0.5 * stream.unit(),
                ..Server::default()
            })
            .collect();
        let mut pool = Pool::new(PoolKey {
            capability: "a".into(),
            tier: Default::default(),
            strategy: None,
            region: String::new(),
        });
        pool.hold((0..agents as u32).collect(), strategy);
        let (weights, given) = (FitnessWeights::default(), VecDeque::with_capacity(IN_FLIGHT + 1));
        let mut router =
            Self { pool, strategy, servers, weights, decisions: 0, given, foreseen: [None; THROWN_AHEAD as usize] };
        let Self { pool, servers, weights, .. } = &mut router;
        pool.rank_all(|agent, _| stand(strategy, &servers[agent as usize], weights));
        router
    }

    fn change(&mut self, agent: u32, by: i32) {
        let server = &mut self.servers[agent as usize];
        server.waiting = server.waiting.wrapping_add_signed(by);
        self.pool.set(agent, stand(self.strategy, server, &self.weights));
    }

    /// What a decision depends on beside the agents.
    fn choice(decision: u64) -> Choice {
        let word = decision.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Choice { dice: [(word >> 32) as u32, word as u32], key: word, foreseen: None }
    }

    /// A decision, and the end of the oldest operation, so that the load stays as it is.
    fn decide(&mut self) -> Option<u32> {
        self.decisions += 1;
        // As the engine does.
        let mut choice = Self::choice(self.decisions);
        if self.pool.can_be_foreseen() {
            let place = |decision: u64| (decision % THROWN_AHEAD) as usize;
            // Dice are thrown ahead; the key of the next operation is known when this one is asked for.
            let by_key = self.strategy == Strategy::ConsistentHash;
            let (next, soon) = if by_key { (1, 1) } else { (THROWN_AHEAD, THROWN_AHEAD / 2) };
            choice.foreseen = self.foreseen[place(self.decisions)];
            let later = self.decisions + next;
            self.foreseen[place(later)] = self.pool.foresee(&Self::choice(later));
            if let Some(foreseen) = &self.foreseen[place(self.decisions + soon)]
                && let Some(agent) = self.pool.likely(foreseen)
            {
                ask_for_row(&self.servers, agent as usize);
            }
        }
        let chosen = self.pool.choose(&choice)?;
        self.pool.note(chosen);
        self.change(chosen, 1);
        self.given.push_back(chosen);
        if self.given.len() > IN_FLIGHT
            && let Some(done) = self.given.pop_front()
        {
            self.change(done, -1);
        }
        Some(chosen)
    }

    fn sample(&mut self, decisions: u32) -> Result<Sample, Failure> {
        let (sample, found) = time(f64::from(decisions), || {
            (0..decisions).filter(|_| std::hint::black_box(self.decide()).is_some()).count()
        });
        if found == decisions as usize { Ok(sample) } else { Err(format!("{:?} found nobody", self.strategy)) }
    }
}

fn stand(strategy: Strategy, server: &Server, weights: &FitnessWeights) -> PoolRank {
    let view = server.view(false);
    let rank = if !server.is_available() || !server.has_room(CAPACITY) {
        NOT_THERE
    } else if strategy.ranks() {
        view.rank(strategy, weights)
    } else {
        0
    };
    PoolRank { rank, load: view.relative_load() }
}

/// Figures of every strategy at 10⁶ against 10³ agents.
fn every_strategy(effort: Effort) -> Result<Vec<(Strategy, Figures)>, Failure> {
    let many = effort.at_most(1_000_000, 10_000);
    let decisions = effort.at_most(100_000, 1000) as u32;
    Strategy::ALL
        .into_iter()
        .map(|strategy| {
            let (mut large, mut small) = (Router::new(strategy, many), Router::new(strategy, 1000));
            let figures = pairs(effort.pairs(9), Clock::Wall, || large.sample(decisions), || small.sample(decisions))?;
            Ok((strategy, figures))
        })
        .collect()
}

fn worst(
    figures: Vec<(Strategy, Figures)>,
    by: impl Fn(&Figures) -> f64,
    text: impl Fn(&Figures) -> String,
) -> Result<Figures, Failure> {
    let words: Vec<String> =
        figures.iter().map(|(strategy, figures)| format!("{} {}", strategy.name(), text(figures))).collect();
    let worst = figures.into_iter().max_by(|one, other| by(&one.1).total_cmp(&by(&other.1)));
    let (_, figures) = worst.ok_or("there are no strategies")?;
    Ok(figures.with_note(words.join(", ")))
}

fn route_growth(effort: Effort) -> Result<Figures, Failure> {
    worst(every_strategy(effort)?, Figures::ratio, |figures| format!("{:.1} ×", figures.ratio()))
}

fn route_cost(effort: Effort) -> Result<Figures, Failure> {
    let cost = |figures: &Figures| figures.ours.by(Clock::Wall);
    worst(every_strategy(effort)?, cost, |figures| format!("{:.0} ns", cost(figures) * 1e9))
}

/// Time per decision from 10³ to 10⁶ agents.
fn route_curve(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] = if effort == Effort::Full { &[1000, 10_000, 100_000, 1_000_000] } else { &[100, 1000] };
    let mut lines = Vec::new();
    for strategy in Strategy::ALL {
        let mut line = Vec::new();
        for size in sizes {
            let mut router = Router::new(strategy, *size);
            router.sample(1000)?;
            let sample = fill(effort.seconds(0.1), || router.sample(10_000))?;
            line.push((*size as f64, sample.wall / sample.work));
        }
        lines.push((strategy.name().to_owned(), line));
    }
    Ok(Curve {
        title: "A routing decision".into(),
        x: "capable agents".into(),
        y: "seconds per decision".into(),
        lines,
    })
}

const TICK_HZ: f64 = 60.0;
/// How many operations an agent works on at once.
const SLOTS: u32 = 2;
/// How long it works on each on average, in milliseconds.
const SERVICE_MS: f64 = 50.0;
/// How busy agents are.
const UTILISATION: f64 = 0.7;

/// Operations that are asked for per simulated second.
fn rate_for(agents: u32) -> f64 {
    f64::from(agents * SLOTS) * 1e3 / SERVICE_MS * UTILISATION
}

/// The engine with nothing around it.
struct Engine {
    config: OperationsConfig,
    files: Files,
    weights: RoutingWeights,
    operations: Operations,
    agents: u32,
    tick: u64,
}

impl Engine {
    fn new(agents: u32) -> Self {
        let asked = Poisson { capability: "a".into(), per_second: rate_for(agents), ..Poisson::default() };
        let config = OperationsConfig {
            strategy: Strategy::PowerOfTwoChoices,
            workload: vec![Workload::Poisson(asked)],
            service: ServiceTime::Exponential { mean_ms: SERVICE_MS as f32 },
            ..OperationsConfig::default()
        };
        let (files, weights) = (Files::default(), RoutingWeights::default());
        let mut engine = Self { config, files, weights, operations: Operations::default(), agents, tick: 0 };
        for agent in 0..agents {
            let server = Server { concurrency: SLOTS, slots: SLOTS, ..Server::default() };
            engine.operations.enrol(AgentId(agent), server);
        }
        engine.with(|operations, ground| {
            operations.adapt(ground);
            operations.hold_members(ground);
        });
        engine
    }

    fn with(&mut self, work: impl FnOnce(&mut Operations, &Ground)) {
        let agents = self.agents;
        let holders = |name: &str| if name == "a" { (0..agents).collect() } else { Vec::new() };
        let group = |_: &str| Vec::new();
        let ground = Ground {
            config: &self.config,
            files: &self.files,
            dice: SimRng::new(1),
            rate: Rate::new(TICK_HZ),
            holders: &holders,
            group: &group,
            way_ms: &|_, _| 0.0,
            weights: StrategyWeights::of(&self.weights),
        };
        work(&mut self.operations, &ground);
    }

    fn run(&mut self, ticks: u64) -> u64 {
        let (from, before) = (self.tick, self.operations.tally().total.completed);
        self.tick += ticks;
        self.with(|operations, ground| (from + 1..=from + ticks).for_each(|tick| operations.run_tick(ground, tick)));
        self.operations.tally().total.completed - before
    }
}

/// A moment in seconds that can be ordered: none is below 0 or no number, so that its bits are ordered as it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl Moment {
    fn of(seconds: f64) -> Self {
        Self(seconds.to_bits())
    }

    fn seconds(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// Queues as one writes them down for a single question: arrivals, two random choices, first come first served.
struct Queues {
    executing: Vec<u32>,
    waiting: Vec<VecDeque<f64>>,
    /// Ends of services: when, at whom, asked for when.
    ends: BinaryHeap<Reverse<(Moment, u32, u64)>>,
    dice: agent2028_core::rng::SimStream,
    now: f64,
    next: f64,
    rate: f64,
    latency: f64,
    completed: u64,
}

impl Queues {
    fn new(agents: u32) -> Self {
        Self {
            executing: vec![0; agents as usize],
            waiting: vec![VecDeque::new(); agents as usize],
            ends: BinaryHeap::new(),
            dice: SimRng::new(1).global(Purpose::new("bench.queues"), 0),
            now: 0.0,
            next: 0.0,
            rate: rate_for(agents),
            latency: 0.0,
            completed: 0,
        }
    }

    fn start(&mut self, at: usize, now: f64, asked: f64) {
        let end = now + f64::from(self.dice.exponential()) * SERVICE_MS / 1e3;
        self.ends.push(Reverse((Moment::of(end), at as u32, asked.to_bits())));
    }

    fn run(&mut self, ticks: u64) -> u64 {
        let (until, before) = (self.now + ticks as f64 / TICK_HZ, self.completed);
        let agents = self.executing.len();
        loop {
            let end = self.ends.peek().map_or(f64::INFINITY, |Reverse((end, ..))| end.seconds());
            let now = end.min(self.next);
            if now > until {
                self.now = until;
                return self.completed - before;
            }
            if end <= self.next {
                let Some(Reverse((_, at, asked))) = self.ends.pop() else { continue };
                self.completed += 1;
                self.latency += now - f64::from_bits(asked);
                match self.waiting[at as usize].pop_front() {
                    Some(asked) => self.start(at as usize, now, asked),
                    None => self.executing[at as usize] -= 1,
                }
            } else {
                let [one, other] = [(); 2].map(|()| ((self.dice.unit() * agents as f32) as usize).min(agents - 1));
                let load = |at: usize| self.executing[at] as usize + self.waiting[at].len();
                let at = if load(other) < load(one) { other } else { one };
                if self.executing[at] < SLOTS {
                    self.executing[at] += 1;
                    self.start(at, now, now);
                } else {
                    self.waiting[at].push_back(now);
                }
                self.next = now + f64::from(self.dice.exponential()) / self.rate;
            }
        }
    }

    fn mean_latency_ms(&self) -> f64 {
        self.latency / self.completed.max(1) as f64 * 1e3
    }
}

fn against_bare_queues(effort: Effort) -> Result<Figures, Failure> {
    let agents = effort.at_most(10_000, 100) as u32;
    let (mut engine, mut queues) = (Engine::new(agents), Queues::new(agents));
    // Until both are as busy as they stay.
    engine.run(120);
    queues.run(120);
    let mean = engine.operations.tally().mean_latency_ms().unwrap_or(0.0);
    let off = (mean / queues.mean_latency_ms() - 1.0).abs();
    if effort == Effort::Full && off > 0.05 {
        return Err(format!("operations take {mean:.1} ms, the bare queues {:.1} ms", queues.mean_latency_ms()));
    }
    let ticks = effort.at_most(30, 3) as u64;
    let sample = |run: &mut dyn FnMut() -> u64| {
        let (sample, completed) = time(1.0, run);
        Ok(Sample { work: completed as f64, ..sample })
    };
    let figures = pairs(
        effort.pairs(11),
        Clock::Wall,
        || sample(&mut || engine.run(ticks)),
        || sample(&mut || queues.run(ticks)),
    )?;
    Ok(figures.with_note(format!("{mean:.1} ms on average from request to receipt, in both")))
}

/// Time per operation from 10² to 10⁵ agents.
fn operations_curve(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[u32] = if effort == Effort::Full { &[100, 1000, 10_000, 100_000] } else { &[10, 100] };
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for size in sizes {
        let (mut engine, mut queues) = (Engine::new(*size), Queues::new(*size));
        engine.run(30);
        queues.run(30);
        let sample = |run: &mut dyn FnMut() -> u64| {
            let (sample, completed) = time(1.0, run);
            Ok(Sample { work: completed as f64, ..sample })
        };
        let per_operation = |sample: Sample| sample.wall / sample.work;
        let seconds = effort.seconds(0.2);
        ours.push((f64::from(*size), per_operation(fill(seconds, || sample(&mut || engine.run(10)))?)));
        bare.push((f64::from(*size), per_operation(fill(seconds, || sample(&mut || queues.run(10)))?)));
    }
    Ok(Curve {
        title: "An operation from request to receipt".into(),
        x: "agents".into(),
        y: "seconds per operation".into(),
        lines: vec![("operations".into(), ours), ("bare queues".into(), bare)],
    })
}
