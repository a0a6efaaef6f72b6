//! What the bus promises: filtered sequences, explicit gaps, isolated handlers, responses, the same events in every run.

use std::sync::{Arc, Mutex};

use bevy::prelude::*;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::Event;
use super::*;
use crate::agent::{AgentGroup, AgentGroups, AgentId, spawn_scene_group};
use crate::checkpoint::Checkpoint;
use crate::faults::{Churn, Kill};
use crate::metrics::Metrics;
use crate::selector::Selector;
use crate::simulation::Simulation;
use crate::timeline::Timeline;
use crate::{SimCorePlugin, SimSchedule, SimSystems};

/// Agents must agree on something.
const CONSENSUS_REQUIRED: EventKind = EventKind::new("ConsensusRequired", 8);

const KINDS: [EventKind; 4] = [
    EventKind::AGENT_STARTED,
    EventKind::AGENT_FAILED,
    EventKind::new("ResourceExhausted", 7),
    EventKind::new("SomethingElse", 10),
];

/// What somebody does with a bus.
#[derive(Clone, Debug)]
enum Step {
    Tell { kind: usize, priority: Option<u8>, source: Option<u32> },
    Read(usize),
    EndTick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tell = (0..KINDS.len(), any::<Option<u8>>(), prop::option::of(0_u32..4))
        .prop_map(|(kind, priority, source)| Step::Tell { kind, priority, source });
    prop::collection::vec(
        prop_oneof![6 => tell, 2 => (0_usize..3).prop_map(Step::Read), 1 => Just(Step::EndTick)],
        0..200,
    )
}

fn filters() -> impl Strategy<Value = EventFilter> {
    let sources = prop_oneof![
        Just(Sources::Any),
        Just(Sources::Nobody),
        Just(Sources::Anybody),
        prop::collection::btree_set((0_u32..4).prop_map(AgentId), 0..4).prop_map(Sources::Agents),
        Just(Sources::Agents([AgentId(2), AgentId(u32::MAX - 7)].into())),
    ];
    let kinds = prop::option::of(prop::collection::vec(0..KINDS.len(), 0..3));
    (kinds, 0_u8..12, sources).prop_map(|(kinds, least, sources)| {
        let filter =
            kinds.map_or_else(EventFilter::all, |kinds| EventFilter::kinds(kinds.into_iter().map(|kind| KINDS[kind])));
        filter.at_least(least).from_sources(sources)
    })
}

const READERS: [&str; 3] = ["first", "second", "third"];

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    /// Whatever is told and whenever it reads, a subscriber sees exactly the events that pass its filter: the highest
    /// priority first, then in their order, so those of each source in the order of their numbers.
    #[test]
    fn a_subscriber_sees_exactly_the_filtered_sequence(
        steps in steps(),
        filters in prop::collection::vec(filters(), 3),
        capacity in 1_usize..20,
    ) {
        let mut bus = EventBus::with_capacity(capacity);
        for (name, filter) in READERS.into_iter().zip(&filters) {
            bus.subscribe(name, filter.clone());
        }
        let mut unread: [Vec<Event>; 3] = Default::default();
        let mut told = 0;
        for step in steps {
            match step {
                Step::Tell { kind, priority, source } => {
                    let mut draft = EventDraft::new(KINDS[kind]).payload(format!("number {told}"));
                    draft.source = source.map(AgentId);
                    draft.priority = priority.unwrap_or(KINDS[kind].priority);
                    prop_assert_eq!(bus.emit(draft), told);
                    told += 1;
                    let event = bus.since(told - 1).1.next().unwrap().clone();
                    prop_assert!((1..=10).contains(&event.priority));
                    for (unread, filter) in unread.iter_mut().zip(&filters) {
                        unread.extend(filter.admits(&event).then(|| event.clone()));
                    }
                }
                Step::Read(reader) => {
                    let mut expected = std::mem::take(&mut unread[reader]);
                    expected.sort_by_key(|event| std::cmp::Reverse(event.priority));
                    let read: Vec<Event> = if told.is_multiple_of(2) {
                        let reading = bus.read(READERS[reader]);
                        prop_assert_eq!((reading.missed(), reading.len()), (0, expected.len()));
                        reading.cloned().collect()
                    } else {
                        bus.take(READERS[reader]).iter().map(|event| (**event).clone()).collect()
                    };
                    prop_assert_eq!(read, expected);
                    prop_assert_eq!(bus.read(READERS[reader]).len(), 0);
                }
                Step::EndTick => bus.end_tick(),
            }
        }
        prop_assert_eq!(bus.history().len() as u64, told.min(capacity as u64));
        prop_assert_eq!(bus.dropped(), told.saturating_sub(capacity as u64));
        prop_assert_eq!(bus.counts().values().sum::<u64>(), told);
    }
}

fn flood(bus: &mut EventBus, events: u64) {
    for number in 0..events {
        bus.publish(KINDS[number as usize % 4], Some(AgentId(number as u32 % 5)), "x");
    }
}

#[test]
fn events_keep_the_order_in_which_they_happen() {
    let mut bus = EventBus::default();
    bus.subscribe("all", EventFilter::all());
    bus.publish(EventKind::AGENT_STARTED, Some(AgentId(1)), "a");
    bus.publish(EventKind::AGENT_FAILED, Some(AgentId(2)), "b");
    bus.publish(EventKind::AGENT_FAILED, Some(AgentId(3)), "c");
    bus.emit(EventDraft::new(EventKind::AGENT_STARTED).priority(99).payload("d"));
    let texts = |events: Vec<&Event>| events.iter().map(|event| event.text().into_owned()).collect::<String>();
    assert_eq!(texts(bus.history().collect()), "abcd");
    assert_eq!(texts(bus.read("all").collect()), "dbca");
}

#[test]
fn a_recorder_misses_none_of_a_tick() {
    let mut bus = EventBus::with_capacity(3);
    bus.keep_whole_ticks();
    flood(&mut bus, 1000);
    bus.end_tick();
    // What is told between two ticks belongs to the one that ends next.
    flood(&mut bus, 1);
    assert_eq!(bus.of_last_tick().map(|event| event.sequence).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
    assert_eq!(bus.history().len(), 3);
    bus.begin_tick(2, 0);
    flood(&mut bus, 700);
    bus.end_tick();
    assert_eq!(bus.of_last_tick().map(|event| event.sequence).collect::<Vec<_>>(), (1000..1701).collect::<Vec<_>>());
}

#[test]
fn a_reader_that_falls_behind_sees_an_explicit_gap() {
    let mut bus = EventBus::with_capacity(3);
    flood(&mut bus, 8);
    bus.end_tick();
    let (missed, events) = bus.since(2);
    assert_eq!((missed, events.count()), (3, 3));
    assert_eq!((bus.dropped(), bus.count_of("AgentFailed"), bus.count_of("Unheard")), (5, 2, 0));
}

#[test]
fn a_subscriber_loses_nothing_in_a_tick_and_is_told_what_it_loses_if_it_never_reads() {
    let mut bus = EventBus::with_capacity(10);
    bus.subscribe("busy", EventFilter::all());
    bus.subscribe("idle", EventFilter::kinds([KINDS[0]]));
    flood(&mut bus, 200_000);
    assert_eq!(bus.read("busy").len(), 200_000, "however much happens");
    bus.end_tick();
    flood(&mut bus, 5);
    bus.end_tick();
    let statistics = bus.statistics();
    assert_eq!(statistics.subscribers[1].missed, 200_000 - bus::RETAINED);
    assert_eq!((statistics.subscribers[0].unread, statistics.subscribers[1].unread), (5, bus::RETAINED + 5));
    let reading = bus.read("idle");
    assert_eq!((reading.missed(), reading.len() as u64), (200_000 - bus::RETAINED, bus::RETAINED / 4 + 2));
    assert_eq!(bus.read("idle").missed(), 0, "told once");
    bus.end_tick();
    assert!(bus.unsubscribe("idle") && !bus.unsubscribe("idle") && !bus.is_subscribed("idle"));
    assert_eq!((bus.read("idle").len(), bus.statistics().active_subscribers()), (0, 1));
}

#[test]
fn memory_is_bounded_however_long_it_goes_on() {
    let mut bus = EventBus::with_capacity(100);
    bus.subscribe("reader", EventFilter::all());
    let mut most = 0;
    for tick in 0..2000 {
        bus.begin_tick(tick, 0);
        flood(&mut bus, 50);
        let _ = bus.read("reader");
        bus.end_tick();
        if tick == 20 {
            most = bus.bytes();
        }
        assert!(tick <= 20 || bus.bytes() <= most, "{} bytes at tick {tick}, {most} before", bus.bytes());
    }
    // Without anybody who must get all, a tick is bounded too.
    let mut bus = EventBus::with_capacity(100);
    flood(&mut bus, 100_000);
    assert!(bus.bytes() < 1000 * size_of::<Event>(), "{}", bus.bytes());
}

#[test]
fn events_stay_small() {
    assert!(size_of::<Event>() <= 120, "{}", size_of::<Event>());
    assert_eq!(size_of::<Payload>(), 24);
}

#[test]
fn a_response_in_time_closes_a_request_and_its_absence_is_an_event() {
    let mut bus = EventBus::default();
    let draft = || EventDraft::new(CONSENSUS_REQUIRED).source(AgentId(4)).respond_within(2);
    bus.begin_tick(10, 0);
    let (first, second) = (bus.emit(draft()), bus.emit(draft().priority(10)));
    let plain = bus.publish(EventKind::AGENT_FAILED, None, "x");
    bus.end_tick();
    let event = |bus: &EventBus, sequence: u64| bus.since(sequence).1.next().unwrap().clone();
    assert_eq!(bus.response_to(&event(&bus, first)), ResponseState::Waiting { until: 12 });
    assert_eq!(bus.response_to(&event(&bus, plain)), ResponseState::NotRequired);
    bus.begin_tick(12, 0);
    assert_eq!(bus.count_of("ResponseMissing"), 0, "the last tick is in time");
    let given = bus.respond(first, Some(AgentId(7)), "yes").unwrap();
    assert_eq!(event(&bus, given).refers_to, Some(first));
    assert_eq!(event(&bus, given).priority, CONSENSUS_REQUIRED.priority);
    assert_eq!(bus.response_to(&event(&bus, first)), ResponseState::Given { sequence: given, tick: 12 });
    assert_eq!(bus.respond(first, None, "no"), Err(ResponseError::Closed(first)));
    assert_eq!(bus.respond(plain, None, "no"), Err(ResponseError::NotRequired(plain)));
    assert_eq!(bus.respond(99, None, "no"), Err(ResponseError::Unknown(99)));
    bus.end_tick();
    assert_eq!((bus.statistics().waiting, bus.statistics().unanswered), (1, 0));
    bus.begin_tick(13, 0);
    let missing = bus.history().next_back().unwrap();
    assert_eq!((missing.kind, missing.refers_to, missing.tick), (EventKind::RESPONSE_MISSING, Some(second), 13));
    assert_eq!((missing.source, missing.priority), (Some(AgentId(4)), 10));
    let says = ResponseMissing { kind: "ConsensusRequired".into(), asked_at: 10, respond_by: 12 };
    assert_eq!(missing.payload.get(), Some(&says));
    assert_eq!(bus.response_to(&event(&bus, second)), ResponseState::Missing);
    assert_eq!(bus.respond(second, None, "late"), Err(ResponseError::Closed(second)));
    assert_eq!((bus.statistics().waiting, bus.statistics().unanswered), (0, 1));
}

fn app() -> App {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 5, tick_hz: 10.0, threads: Some(1), ..default() });
    app
}

#[derive(Resource, Default, Debug, PartialEq)]
struct Heard(Vec<String>);

fn hear(world: &mut World, who: &str, event: &Event) {
    world.resource_mut::<Heard>().0.push(format!("{who}: {}", event.text()));
}

#[test]
fn a_handler_that_fails_or_panics_is_isolated_and_reported() {
    let mut app = app();
    app.init_resource::<Heard>();
    let failed = || EventFilter::kinds([EventKind::AGENT_FAILED]);
    app.add_event_handler("first", failed(), |world, event| {
        hear(world, "first", event);
        Ok(())
    })
    .add_event_handler("errs", failed(), |_, _| Err("out of order")?)
    .add_event_handler("panics", failed(), |world, _| {
        // In the middle of changing things, with what it was lent out of the world.
        world.commands().insert_resource(OnlyQueued);
        world.resource_scope(|world, _: Mut<Metrics>| {
            world.resource_scope(|_, bus: Mut<EventBus>| assert!(bus.bytes() == 0, "with {} words", 3));
        });
        Ok(())
    })
    .add_event_handler("last", EventFilter::all(), |world, event| {
        if event.kind != EventKind::HANDLER_FAILED {
            hear(world, "last", event);
        }
        Ok(())
    });
    let world = app.world_mut();
    for tick in 1..=3 {
        world.resource_mut::<EventBus>().publish(EventKind::AGENT_STARTED, None, "low");
        world.resource_mut::<EventBus>().publish(EventKind::AGENT_FAILED, None, "high");
        world.run_schedule(SimSchedule);
        let heard = std::mem::take(&mut world.resource_mut::<Heard>().0);
        assert_eq!(heard, ["first: high", "last: high", "last: low"], "tick {tick}: priority, then registration");
        let bus = world.resource::<EventBus>();
        assert_eq!((bus.count_of("HandlerFailed"), bus.statistics().handler_failures), (2 * tick, 2 * tick));
        assert_eq!(world.resource::<Metrics>().value("events.handler_failures"), Some(2.0 * tick as f64));
    }
    let failures: Vec<HandlerFailure> = world
        .resource::<EventBus>()
        .history()
        .filter_map(|event| event.payload.get::<HandlerFailure>().cloned())
        .take(2)
        .collect();
    let failure = |handler: &str, panicked, message: &str| HandlerFailure {
        handler: handler.into(),
        kind: "AgentFailed".into(),
        panicked,
        message: message.into(),
    };
    assert_eq!(failures, [failure("errs", false, "out of order"), failure("panics", true, "with 3 words")]);
    assert_eq!(
        world.resource::<EventHandlers>().iter().map(|(name, _)| name).collect::<Vec<_>>(),
        ["first", "errs", "panics", "last"]
    );
}

#[derive(Resource)]
struct OnlyQueued;

#[test]
fn handlers_hear_in_the_same_tick_what_handlers_tell_and_an_endless_chain_is_cut_and_reported() {
    let mut app = app();
    app.init_resource::<Heard>();
    app.add_event_handler("echo", EventFilter::kinds([KINDS[0]]), |world, event| {
        hear(world, "echo", event);
        world.resource_mut::<EventBus>().publish(KINDS[0], None, "again");
        Ok(())
    });
    let world = app.world_mut();
    world.resource_mut::<EventBus>().publish(KINDS[0], None, "once");
    world.run_schedule(SimSchedule);
    assert_eq!(world.resource::<Heard>().0.len(), 8);
    assert_eq!(world.resource::<EventBus>().count_of("HandlersStopped"), 1);
    world.run_schedule(SimSchedule);
    assert_eq!(world.resource::<Heard>().0.len(), 8, "what was reported as unhandled stays so");
}

#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
struct Load(f64);

impl EventPayload for Load {
    const NAME: &'static str = "Load";
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "load {}", self.0)
    }
}

/// What a listening plugin makes of what it hears: state, so that whatever is delivered differently shows in the hash.
#[derive(Resource, Default, Debug, PartialEq, Serialize, Deserialize)]
struct Notes(Vec<(u64, String)>);

/// A simulation in which agents fail and recover, a system listens and tells things before and after it has listened, and
/// requires responses, of which it gives some.
fn talkative(threads: usize) -> Simulation {
    use crate::checkpoint::AddCheckpoint;
    const ASKED: EventKind = EventKind::new("Asked", 3);
    const LOAD: EventKind = EventKind::new("Load", 2);
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 5, tick_hz: 10.0, threads: Some(threads), ..default() });
    app.init_resource::<Notes>().checkpoint_resource::<Notes>("notes").add_event_kinds(&[EventDeclaration::new(
        LOAD,
        "Load",
        "\u{e9e4}",
        crate::tone::Tone::Info,
        "How loaded somebody is.",
    )
    .carries::<Load>()]);
    let mut bus = app.world_mut().resource_mut::<EventBus>();
    bus.subscribe("notes", EventFilter::all().at_least(2));
    bus.subscribe("rarely", EventFilter::kinds([LOAD, ASKED]));
    fn listen(mut bus: ResMut<EventBus>, mut notes: ResMut<Notes>, clock: Res<crate::clock::SimClock>) {
        let tick = clock.tick();
        for event in bus.take("notes") {
            let half = event.payload.get::<Load>().map_or(0.0, |load| load.0 / 2.0);
            notes.0.push((event.sequence, format!("{} {half}", event.text())));
            if event.requires_response() && event.sequence.is_multiple_of(2) {
                bus.respond(event.sequence, None, "here").unwrap();
            }
        }
        if tick.is_multiple_of(7) {
            notes.0.extend(bus.read("rarely").map(|event| (event.sequence, "rarely".to_owned())));
        }
    }
    fn tell(mut bus: ResMut<EventBus>, clock: Res<crate::clock::SimClock>) {
        let tick = clock.tick();
        bus.publish(LOAD, Some(AgentId(tick as u32 % 3)), Load(tick as f64 / 3.0));
        if tick.is_multiple_of(3) {
            bus.emit(EventDraft::new(ASKED).priority((tick % 10) as u8).respond_within(2));
        }
    }
    app.add_systems(SimSchedule, listen.in_set(SimSystems::Heal))
        .add_systems(SimSchedule, tell.in_set(crate::After(SimSystems::Observe)));
    app.add_event_handler("fails", EventFilter::kinds([EventKind::RESPONSE_MISSING]), |_, _| Err("none")?);
    let group = AgentGroup { name: "bird".into(), count: 40, ..default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_scene_group(app.world_mut(), group).unwrap();
    Simulation::new(std::mem::take(app.world_mut()))
}

fn trouble(simulation: &mut Simulation) {
    simulation.intervene(Churn { per_second: 2.0, ..default() });
    simulation.intervene(Kill { select: Selector::Count(9), duration_s: Some(1.5) });
}

/// All events of a run by its own recorder, ids included.
fn recorded(simulation: &mut Simulation) -> Arc<Mutex<Vec<(uuid::Uuid, Event)>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = told.clone();
    simulation.world_mut().resource_mut::<EventBus>().keep_whole_ticks();
    crate::simulation::TickWatchers::add(simulation.world_mut(), move |world| {
        let dice = world.resource::<crate::rng::SimRng>();
        let events = world.resource::<EventBus>().of_last_tick();
        notes.lock().unwrap().extend(events.map(|event| (event.id(dice), event.clone())));
    });
    told
}

#[test]
fn two_runs_tell_the_same_events_ids_included_at_any_thread_count() {
    let run = |threads| {
        let mut simulation = talkative(threads);
        let told = recorded(&mut simulation);
        trouble(&mut simulation);
        simulation.run(60);
        let told = std::mem::take(&mut *told.lock().unwrap());
        (told, simulation.state_hash())
    };
    let (told, hash) = run(1);
    assert!(told.len() > 200, "{}", told.len());
    for kind in ["AgentFailed", "ResponseGiven", "ResponseMissing", "HandlerFailed"] {
        assert!(told.iter().any(|(_, event)| event.kind.name == kind), "{kind}");
    }
    assert!(told.iter().zip(0..).all(|((_, event), at)| event.sequence == at), "without gaps");
    for threads in [1, 2] {
        assert!(run(threads) == (told.clone(), hash), "{threads} threads");
    }
}

#[test]
fn a_resumed_run_and_a_rewound_one_tell_the_same_events() {
    let mut whole = talkative(1);
    let told = recorded(&mut whole);
    trouble(&mut whole);
    whole.run(25);
    let saved = Checkpoint::decode(&whole.checkpoint().encode().unwrap()).unwrap();
    assert!(saved.section_bytes().any(|(name, bytes)| name == "events-mail" && bytes > 0));
    whole.run(35);
    let events = |told: &Mutex<Vec<(uuid::Uuid, Event)>>| std::mem::take(&mut *told.lock().unwrap());
    let told = events(&told);
    let after = |tick: u64| told.iter().filter(|(_, event)| event.tick > tick).cloned().collect::<Vec<_>>();

    let mut resumed = talkative(2);
    resumed.restore(&saved).unwrap();
    let told_again = recorded(&mut resumed);
    resumed.run(35);
    assert_eq!(events(&told_again), after(25));
    assert_eq!(resumed.state_hash(), whole.state_hash());
    let (one, other) = (whole.world().resource::<EventBus>(), resumed.world().resource::<EventBus>());
    assert_eq!((one.counts(), one.statistics().unanswered), (other.counts(), other.statistics().unanswered));

    let mut rewound = talkative(1);
    let mut timeline = Timeline::default();
    for action in [
        Churn { per_second: 2.0, ..default() }.into(),
        crate::intervention::AnyIntervention::from(Kill { select: Selector::Count(9), duration_s: Some(1.5) }),
    ] {
        timeline.intervene(&mut rewound, action);
    }
    timeline.run(&mut rewound, 60);
    for tick in [41, 3, 28] {
        timeline.seek(tick);
        timeline.finish(&mut rewound);
        let told_again = recorded(&mut rewound);
        timeline.run(&mut rewound, 60 - tick);
        assert_eq!(events(&told_again), after(tick), "from tick {tick}");
        assert_eq!(rewound.state_hash(), whole.state_hash());
        assert_eq!(
            rewound.world().resource::<EventBus>().statistics(),
            whole.world().resource::<EventBus>().statistics()
        );
    }
}

#[test]
fn a_checkpoint_without_mail_has_no_section_for_it_and_one_with_an_unknown_payload_is_refused() {
    let mut simulation = talkative(1);
    simulation.run(5);
    let saved = simulation.checkpoint();
    simulation.world_mut().insert_resource(EventPayloads::default());
    let error = simulation.restore(&saved).unwrap_err().to_string();
    assert!(error.contains("events carry a \"Load\", which is not declared"), "{error}");

    let quiet = Simulation::new(std::mem::take(app().world_mut())).checkpoint();
    assert!(quiet.section_bytes().all(|(name, _)| name != "events-mail"));
    let mut subscribed = Simulation::new(std::mem::take(app().world_mut()));
    subscribed.world_mut().resource_mut::<EventBus>().subscribe("late", EventFilter::all());
    assert_ne!(subscribed.state_hash(), quiet.state_hash);
    subscribed.restore(&quiet).unwrap();
    assert!(!subscribed.world().resource::<EventBus>().is_subscribed("late"), "it had not subscribed then");
}

fn drain(stream: &mut EventStream) -> Vec<Told> {
    std::iter::from_fn(|| stream.try_next()).collect()
}

#[test]
fn a_stream_tells_what_passes_its_filter_when_the_tick_has_ended() {
    let mut bus = EventBus::default();
    flood(&mut bus, 3);
    let mut stream = bus.stream(EventFilter::kinds([KINDS[1]]).of([AgentId(1)]));
    assert_eq!(bus.statistics().streams, 1);
    flood(&mut bus, 22);
    assert_eq!(drain(&mut stream), []);
    bus.end_tick();
    let told = drain(&mut stream);
    let expected: Vec<u64> = bus
        .since(3)
        .1
        .filter(|event| event.kind == KINDS[1] && event.source == Some(AgentId(1)))
        .map(|event| event.sequence)
        .collect();
    let numbers: Vec<u64> = told
        .iter()
        .map(|told| if let Told::Event(event) = told { event.sequence } else { panic!("{told:?}") })
        .collect();
    assert_eq!((numbers, expected.len()), (expected, 2));
    drop(bus);
    assert_eq!((stream.blocking_next(), stream.is_closed()), (None, true));
}

#[test]
fn a_slow_stream_holds_up_nobody_and_learns_exactly_what_it_missed() {
    const PER_TICK: u64 = 10;
    let mut bus = EventBus::with_capacity(500);
    let (mut slow, mut quick) = (bus.stream(EventFilter::all()), bus.stream(EventFilter::all()));
    let mut most = 0;
    let mut quickly = 0;
    for tick in 0..5000 {
        bus.begin_tick(tick, 0);
        flood(&mut bus, PER_TICK);
        bus.end_tick();
        quickly += drain(&mut quick).len() as u64;
        if tick == 1100 {
            most = bus.bytes();
        }
        assert!(tick <= 1100 || bus.bytes() <= most, "nothing piles up in the bus");
    }
    assert_eq!((quickly, quick.missed()), (5000 * PER_TICK, 0), "the quick one does not suffer");
    let told = drain(&mut slow);
    let Told::Gap(gap) = told[0] else { panic!("{:?}", told[0]) };
    // The channel holds 1024 chunks, one for each of the last ticks.
    assert_eq!((gap.from, gap.missed, slow.missed()), (0, (5000 - 1024) * PER_TICK, (5000 - 1024) * PER_TICK));
    let numbers =
        told[1..].iter().map(|told| if let Told::Event(event) = told { event.sequence } else { panic!("{told:?}") });
    assert!(numbers.eq(gap.missed..5000 * PER_TICK), "then everything");
    assert_eq!(slow.reread(&gap), [], "long gone from a history of 500");
    let mut partly = gap;
    partly.missed = 5000 * PER_TICK - 200;
    assert_eq!(slow.reread(&partly).len(), 300, "what the history still has is read again");
    drop((slow, quick));
    bus.end_tick();
    assert_eq!(bus.statistics().streams, 0);
}

#[test]
fn a_stream_that_is_being_read_is_never_waited_for() {
    let mut bus = EventBus::default();
    let mut stream = bus.stream(EventFilter::all());
    flood(&mut bus, 300);
    bus.end_tick();
    // Somebody holds the copy of the history, for ever.
    let kept = stream.history_for_test();
    let held = kept.lock().unwrap();
    let ticks = std::thread::spawn(move || {
        for tick in 1..50 {
            bus.begin_tick(tick, 0);
            flood(&mut bus, 5);
            bus.end_tick();
        }
        bus
    });
    let mut bus = ticks.join().unwrap();
    drop(held);
    bus.end_tick();
    let mut gap = stream.whole_gap_for_test();
    gap.missed = 2000;
    assert_eq!(stream.reread(&gap).len(), 300 + 49 * 5, "what could not be copied then was copied later");
    assert_eq!(drain(&mut stream).len(), 300 + 49 * 5);
}

#[test]
fn a_stream_learns_that_the_simulation_went_back() {
    let mut simulation = talkative(1);
    simulation.run(5);
    let saved = simulation.checkpoint();
    let next = simulation.world().resource::<EventBus>().next_sequence();
    let mut stream = simulation.world_mut().resource_mut::<EventBus>().stream(EventFilter::all());
    simulation.run(3);
    let first = drain(&mut stream);
    assert!(first.iter().all(|told| matches!(told, Told::Event(_))) && first.len() > 3);
    simulation.restore(&saved).unwrap();
    simulation.run(3);
    let again = drain(&mut stream);
    assert_eq!((&again[0], &again[1..]), (&Told::Rewound { next }, &first[..]));
    // The same, by a reader that misses the moment itself.
    simulation.restore(&saved).unwrap();
    simulation.run(1500);
    let told = drain(&mut stream);
    assert_eq!(told[0], Told::Rewound { next });
    let Told::Gap(gap) = told[1] else { panic!("{:?}", told[1]) };
    assert_eq!(gap.from, next);
}

#[test]
fn async_code_reads_in_a_thread_of_its_own_while_ticks_run() {
    let mut simulation = talkative(1);
    let mut stream =
        simulation.world_mut().resource_mut::<EventBus>().stream(EventFilter::kinds([EventKind::AGENT_FAILED]));
    let reader = std::thread::spawn(move || {
        bevy::tasks::block_on(async {
            let (mut told, mut missed) = (0, 0);
            while let Some(next) = stream.next().await {
                match next {
                    Told::Event(event) => told += u64::from(event.kind == EventKind::AGENT_FAILED),
                    Told::Gap(gap) => missed += gap.missed,
                    Told::Rewound { .. } => panic!("nobody went back"),
                }
            }
            (told, missed)
        })
    });
    trouble(&mut simulation);
    simulation.run(200);
    let failed = simulation.world().resource::<EventBus>().count_of("AgentFailed");
    drop(simulation);
    assert_eq!(reader.join().unwrap(), (failed, 0));
}
