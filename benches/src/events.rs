//! The row about events.

use agent2028_core::agent::AgentId;
use agent2028_core::event::{Event, EventBus, EventFilter, EventKind};
use agent2028_core::rng::{Purpose, SimRng};

use crate::measure::{Clock, Failure, Figures, Sample, fill, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "events",
        work: "publish 10 000 events a tick, read by 4 filtered in-tick subscribers, with numbers, counts by kind and history",
        baseline: "a bare Vec push of the same events and 4 filtered scans",
        unit: Unit::SecondsPer("event"),
        clock: Clock::Wall,
        target: Target::CostTimes(3.0),
        measure: against_vec,
        curve: Some(growth),
        why_missed: "",
    },
    Row {
        name: "events-rate",
        work: "the same, in events per second (≥ 10⁷ are 100 ns each)",
        baseline: "a bare Vec push of the same events and 4 filtered scans",
        unit: Unit::SecondsPer("event"),
        clock: Clock::Wall,
        target: Target::Cost(1e-7),
        measure: against_vec,
        curve: None,
        why_missed: "",
    },
];

const KINDS: [EventKind; 6] = [
    EventKind::AGENT_STARTED,
    EventKind::AGENT_FAILED,
    EventKind::AGENT_RECOVERED,
    EventKind::new("ResourceAvailable", 5),
    EventKind::new("ResourceExhausted", 7),
    EventKind::new("FailoverInitiated", 8),
];

const READERS: [&str; 4] = ["kinds", "important", "sources", "rare"];

/// What the four want: some kinds; what matters; some agents; what matters of one kind.
fn filters() -> [EventFilter; 4] {
    [
        EventFilter::kinds([KINDS[0], KINDS[3]]),
        EventFilter::all().at_least(8),
        EventFilter::all().of((0..64).map(AgentId)),
        EventFilter::kinds([KINDS[1]]).at_least(7),
    ]
}

/// What happens in a tick: kinds and agents in no order.
fn script(events: usize) -> Vec<(EventKind, AgentId)> {
    let mut dice = SimRng::new(1).global(Purpose::new("bench.events"), 0);
    let mut below = |bound: usize| ((dice.unit() * bound as f32) as usize).min(bound - 1);
    (0..events).map(|_| (KINDS[below(KINDS.len())], AgentId(below(1000) as u32))).collect()
}

struct Bus {
    bus: EventBus,
    tick: u64,
}

impl Bus {
    fn new() -> Self {
        let mut bus = EventBus::default();
        for (name, filter) in READERS.into_iter().zip(filters()) {
            bus.subscribe(name, filter);
        }
        Self { bus, tick: 0 }
    }

    /// A tick; returns how many events the four have read.
    fn tick(&mut self, script: &[(EventKind, AgentId)]) -> usize {
        self.tick += 1;
        self.bus.begin_tick(self.tick, self.tick as i64);
        for (kind, agent) in script {
            self.bus.publish(*kind, Some(*agent), "it happened");
        }
        let mut read = 0;
        for name in READERS {
            for event in self.bus.read(name) {
                std::hint::black_box(event);
                read += 1;
            }
        }
        self.bus.end_tick();
        read
    }
}

/// The same with nothing but a vector: without numbers for kinds, without an order by priority, and nothing is kept.
fn scan(script: &[(EventKind, AgentId)], events: &mut Vec<Event>) -> usize {
    events.clear();
    for (kind, agent) in script {
        events.push(Event {
            sequence: events.len() as u64,
            tick: 1,
            unix_ms: 1,
            kind: *kind,
            priority: kind.priority,
            source: Some(*agent),
            payload: "it happened".into(),
            respond_by: None,
            refers_to: None,
        });
    }
    // Each reader has a loop of its own, as it would be written by hand.
    let mut read = 0;
    for event in &*events {
        if event.kind == KINDS[0] || event.kind == KINDS[3] {
            std::hint::black_box(event);
            read += 1;
        }
    }
    for event in &*events {
        if event.priority >= 8 {
            std::hint::black_box(event);
            read += 1;
        }
    }
    for event in &*events {
        if event.source.is_some_and(|agent| agent.0 < 64) {
            std::hint::black_box(event);
            read += 1;
        }
    }
    for event in &*events {
        if event.kind == KINDS[1] && event.priority >= 7 {
            std::hint::black_box(event);
            read += 1;
        }
    }
    read
}

fn bus_sample(bus: &mut Bus, script: &[(EventKind, AgentId)]) -> (Sample, usize) {
    time(script.len() as f64, || bus.tick(script))
}

fn vec_sample(script: &[(EventKind, AgentId)], events: &mut Vec<Event>) -> (Sample, usize) {
    time(script.len() as f64, || scan(script, events))
}

fn against_vec(effort: Effort) -> Result<Figures, Failure> {
    let script = script(effort.at_most(10_000, 500));
    let (mut bus, mut events) = (Bus::new(), Vec::new());
    let (_, read) = bus_sample(&mut bus, &script);
    let (_, scanned) = vec_sample(&script, &mut events);
    if read != scanned {
        return Err(format!("subscribers read {read} events, scans find {scanned}"));
    }
    let seconds = effort.seconds(0.1);
    let figures = pairs(
        effort.pairs(15),
        Clock::Wall,
        || fill(seconds, || Ok(bus_sample(&mut bus, &script).0)),
        || fill(seconds, || Ok(vec_sample(&script, &mut events).0)),
    )?;
    let share = read as f64 / script.len() as f64;
    Ok(figures.with_note(format!("{share:.2} deliveries per event; {} bytes per event", size_of::<Event>())))
}

/// Time per tick from 10 to 10⁶ events.
fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] =
        if effort == Effort::Full { &[10, 100, 1_000, 10_000, 100_000, 1_000_000] } else { &[10, 100] };
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for &size in sizes {
        let script = script(size);
        let (mut bus, mut events) = (Bus::new(), Vec::new());
        let seconds = effort.seconds(0.2);
        // So many ticks at a time that taking the time costs nothing beside them.
        let ticks = (10_000 / size).max(1);
        let per_tick = |sample: Sample| sample.wall / sample.work;
        let ticked = |run: &mut dyn FnMut() -> usize| {
            let (sample, _) = time(ticks as f64, || (0..ticks).map(|_| run()).sum::<usize>());
            Ok(sample)
        };
        let sample = fill(seconds, || ticked(&mut || bus.tick(&script)))?;
        ours.push((size as f64, per_tick(sample)));
        let sample = fill(seconds, || ticked(&mut || scan(&script, &mut events)))?;
        bare.push((size as f64, per_tick(sample)));
    }
    Ok(Curve {
        title: "A tick of events with 4 filtered subscribers".into(),
        x: "events".into(),
        y: "seconds per tick".into(),
        lines: vec![("event bus".into(), ours), ("bare Vec and scans".into(), bare)],
    })
}
