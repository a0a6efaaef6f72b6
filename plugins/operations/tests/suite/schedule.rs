//! Life in whole simulations: queues, timeouts, retries, tiers, bridges, traces, faults.

use std::io::Write as _;

use agent2028_core::agent::{AgentGroup, AgentId, AgentIndex, Regions, ServiceRecord, Tier};
use agent2028_core::event::EventKind;
use agent2028_core::explain::explain;
use agent2028_core::faults::{Degrade, Freeze, Kill, Restart, SetParam};
use agent2028_core::params::set_live;
use agent2028_core::quantity;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;
use agent2028_operations::bridge::Reducer;
use agent2028_operations::config::{
    BridgeConfig, ClosedLoop, Constant, OrchestratorConfig, QueueConfig, RetryConfig, ServiceTime, Shares, WhenFull,
    Workload,
};
use agent2028_operations::engine::MOST_IN_A_TICK;
use agent2028_operations::interventions::{LoadSpike, LyingReports, ResourceExhaustion, SlowLoris};
use agent2028_operations::session::{Failure, session_id};
use agent2028_operations::{
    FAILOVER_COMPLETED, FAILOVER_INITIATED, Files, OPERATION_FAILED, OperationsConfig, RESOURCE_AVAILABLE,
    RESOURCE_EXHAUSTED, Strategy,
};
use bevy::prelude::*;

use crate::scene::{QUERY, Scene, events, group, metric, operations, poisson};

fn swarm(count: u32, capability: &str) -> AgentGroup {
    let capabilities = vec![capability.to_owned()];
    AgentGroup { name: "swarm".into(), tier: Tier::Swarm, capabilities, ..group("swarm", count, 10) }
}

#[test]
fn a_full_queue_rejects_sheds_the_oldest_or_lets_wait_within_bounds() {
    for (when_full, failure) in [
        (WhenFull::Reject, Failure::QueueFull),
        (WhenFull::ShedOldest, Failure::Shed),
        (WhenFull::Wait { most: 7 }, Failure::QueueFull),
    ] {
        let config = OperationsConfig {
            workload: vec![poisson(200.0)],
            service: ServiceTime::Constant { ms: 100.0 },
            queue: QueueConfig { capacity: 3, when_full },
            ..default()
        };
        let mut simulation = Scene::new(vec![group("db", 2, 1)], config).start();
        simulation.run(300);
        let operations = operations(&simulation);
        let waiting = if when_full == (WhenFull::Wait { most: 7 }) { 7 } else { 0 };
        assert!(operations.slab().len() <= 8 + waiting, "{when_full:?}");
        let total = operations.tally().total;
        assert!(total.rejected > 700 && (95..=101).contains(&total.completed), "{when_full:?}: {total:?}");
        let failures = operations.book().receipts().filter(|receipt| receipt.failure != Failure::None);
        assert!(failures.map(|receipt| receipt.failure).all(|why| why == failure), "{when_full:?}");
    }
}

#[test]
fn attempts_time_out_and_are_tried_again_with_growing_waits() {
    let config = OperationsConfig {
        workload: vec![Workload::Constant(Constant { capability: QUERY.into(), per_second: 1.0, ..default() })],
        service: ServiceTime::Constant { ms: 500.0 },
        timeout_ms: Some(100.0),
        retry: RetryConfig { times: 2, backoff_ms: 50.0, factor: 2.0, jitter: 0.0, ..default() },
        ..default()
    };
    let mut simulation = Scene::new(vec![group("db", 1, 10)], config).start();
    simulation.run(60 * 3 + 30);
    let receipts: Vec<_> = operations(&simulation).book().receipts().copied().collect();
    assert_eq!(receipts.len(), 3);
    for receipt in receipts {
        assert_eq!((receipt.failure, receipt.retries), (Failure::Timeout, 2));
        // Three attempts of 100 ms and waits of 50 and 100 ms, to a part of a tick.
        let ms = receipt.duration as f64 / (1 << 24) as f64 / 60.0 * 1e3;
        assert!((ms - 450.0).abs() < 1e-3, "{ms}");
    }
    assert_eq!(metric(&simulation, "operations.timed_out"), 3.0);
    assert!(events(&simulation, OPERATION_FAILED) > 0);
}

#[test]
fn an_agent_that_stands_still_goes_on_where_it_was() {
    let config = OperationsConfig {
        workload: vec![Workload::Constant(Constant { capability: QUERY.into(), per_second: 1.0, ..default() })],
        service: ServiceTime::Constant { ms: 400.0 },
        ..default()
    };
    let mut simulation = Scene::new(vec![group("db", 1, 1)], config).start();
    // The first one comes after a second; it is frozen amid its work for half a second.
    simulation.run(66);
    simulation.intervene(Freeze { select: Selector::All, duration_s: Some(0.5) });
    simulation.run(60);
    let receipt = *operations(&simulation).book().receipts().next().unwrap();
    let ms = receipt.duration as f64 / (1 << 24) as f64 / 60.0 * 1e3;
    assert!((ms - 900.0).abs() < 1.0, "{ms}");
}

#[test]
fn a_slower_less_reliable_agent_is_observed_to_be_so() {
    let mut scene = Scene::new(
        vec![group("db", 2, 50)],
        OperationsConfig { strategy: Strategy::RoundRobin, workload: vec![poisson(400.0)], ..default() },
    );
    scene.groups[0].reliability = 1.0;
    let mut simulation = scene.start();
    let select = Selector::Ids(vec![AgentId(1)]);
    simulation.intervene(Degrade { select, health: 1.0, latency_ms: Some(100.0), reliability: Some(0.6), ..default() });
    simulation.run(600);
    let record = |agent: u32| {
        let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
        *simulation.world().get::<ServiceRecord>(entity).unwrap()
    };
    assert!((record(0).latency_ms - 20.0).abs() < 12.0, "{:?}", record(0));
    assert!((record(1).latency_ms - 120.0).abs() < 15.0, "{:?}", record(1));
    assert!((record(1).reliability - 0.6).abs() < 0.25, "{:?}", record(1));
    assert_eq!(record(1).current_load, operations(&simulation).servers()[1].load());
    assert_eq!(quantity::value(simulation.world(), "load", AgentId(1)), Some(f64::from(record(1).current_load)));
}

#[test]
fn work_of_a_tier_that_is_not_well_fails_over_or_is_refused_with_a_reason() {
    for failover in [true, false] {
        let config = OperationsConfig {
            workload: vec![poisson(300.0)],
            orchestrator: OrchestratorConfig { failover, ..default() },
            ..default()
        };
        let mut simulation =
            Scene::new(vec![group("db", 10, 10), swarm(10, &format!("swarm_{QUERY}"))], config).start();
        simulation.run(120);
        assert_eq!(operations(&simulation).tier(Tier::Swarm).counts.completed, 0);
        simulation.intervene(Kill { select: Selector::Named("db".into()), duration_s: None });
        simulation.run(120);
        let swarmed = operations(&simulation).tier(Tier::Swarm).counts.completed;
        if failover {
            assert!(swarmed > 300, "{swarmed}");
            assert_eq!((events(&simulation, FAILOVER_INITIATED), events(&simulation, FAILOVER_COMPLETED)), (1, 1));
        } else {
            assert_eq!(swarmed, 0);
            let last = operations(&simulation).book().receipts().next_back().unwrap();
            assert_eq!(last.failure, Failure::TierUnwell);
        }
        simulation.intervene(Restart { select: Selector::All });
        simulation.run(120);
        let before = operations(&simulation).tier(Tier::Individual).counts.completed;
        simulation.run(60);
        assert!(operations(&simulation).tier(Tier::Individual).counts.completed > before + 200);
    }
}

#[test]
fn kinds_find_their_tier_and_shares_limit_it() {
    let vote = Constant { capability: QUERY.into(), kind: "vote".into(), per_second: 300.0, ..default() };
    let config = OperationsConfig {
        workload: vec![Workload::Constant(vote), poisson(300.0)],
        service: ServiceTime::Constant { ms: 1000.0 },
        orchestrator: OrchestratorConfig {
            most_in_work: Some(100),
            swarm: Shares { cpu: 0.2, ..default() },
            individual: Shares { cpu: 0.8, ..default() },
            ..default()
        },
        ..default()
    };
    let mut simulation = Scene::new(vec![group("db", 10, 50), swarm(10, QUERY)], config).start();
    simulation.run(90);
    assert_eq!(operations(&simulation).tier(Tier::Swarm).at_agents, 20);
    assert_eq!(operations(&simulation).tier(Tier::Individual).at_agents, 80);
    let refused = operations(&simulation).book().receipts().filter(|receipt| receipt.failure == Failure::OutOfCpu);
    assert!(refused.count() > 100);
    assert!(events(&simulation, RESOURCE_EXHAUSTED) >= 2);
}

#[test]
fn an_individual_asks_its_swarm_and_combines_the_answers() {
    for (reducer, reliability, least, most) in [
        (Reducer::First, 0.5, 0.84, 0.91),
        (Reducer::Majority, 0.8, 0.86, 0.93),
        (Reducer::All, 0.8, 0.47, 0.55),
        (Reducer::Sum, 0.8, 0.47, 0.55),
    ] {
        let config = OperationsConfig {
            workload: vec![poisson(200.0)],
            strategy: Strategy::Random,
            receipts: 100_000,
            bridges: vec![BridgeConfig {
                individuals: "db".into(),
                swarm: "swarm".into(),
                capability: QUERY.into(),
                parts: 3,
                reducer,
            }],
            ..default()
        };
        let mut members = swarm(20, &format!("swarm_{QUERY}"));
        members.reliability = reliability;
        let mut simulation = Scene::new(vec![group("db", 5, 100), members], config).start();
        simulation.run(60 * 60);
        let counts = operations(&simulation).tier(Tier::Individual).counts;
        let ratio = counts.success_ratio().unwrap();
        // 1 − 0.5³, 0.8³ + 3·0.8²·0.2 and 0.8³.
        assert!((least..most).contains(&ratio), "{reducer:?}: {ratio}");
        let parts = operations(&simulation).tier(Tier::Swarm).counts.requested;
        assert_eq!(parts, 3 * counts.requested);
        // The workload counts what it asked for, not the parts.
        assert_eq!(operations(&simulation).sources()[0].tally.total.requested, counts.requested);
    }
}

#[test]
fn sessions_group_operations_and_their_receipts_form_a_chain() {
    let asked = Constant { capability: QUERY.into(), per_second: 60.0, session: 10, ..default() };
    let config = OperationsConfig { workload: vec![Workload::Constant(asked)], receipts: 50, ..default() };
    let mut simulation = Scene::new(vec![group("db", 3, 5)], config).start();
    simulation.run(300);
    let book = operations(&simulation).book();
    assert_eq!((book.receipts().len(), book.first_forged()), (50, None));
    assert!((29..=31).contains(&book.session_count()), "{}", book.session_count());
    assert!(book.sessions().count() < 5, "sessions that are over are closed");
    let dice = simulation.world().resource::<agent2028_core::rng::SimRng>();
    assert_eq!(session_id(dice, 4).get_version_num(), 4);
    let server = operations(&simulation).servers()[0];
    assert!(book.of_agent(server.last_receipt).all(|receipt| receipt.agent == Some(AgentId(0))));
    assert!(book.of_agent(server.last_receipt).count() > 5);
}

/// Appends rows of requests to a file, ten microseconds apart.
fn append(path: &std::path::Path, rows: std::ops::Range<u32>) {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    let mut file = std::io::BufWriter::new(file);
    for row in rows {
        writeln!(file, "{:.5},{QUERY},{}", f64::from(row) * 1e-5, 1 + row % 10).unwrap();
    }
    file.flush().unwrap();
}

#[test]
fn a_trace_of_a_million_requests_is_played_in_its_time_and_not_held_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.csv");
    std::fs::write(&path, "at_s,capability,priority\n").unwrap();
    append(&path, 0..500_000);
    let config = OperationsConfig {
        workload: vec![Workload::Trace("requests.csv".into())],
        service: ServiceTime::Constant { ms: 1.0 },
        ..default()
    };
    let mut scene = Scene::new(vec![group("db", 50, 10)], config);
    scene.files = Files { traces: [("requests.csv".to_owned(), path.clone())].into(), ..default() };
    let mut simulation = scene.start();
    simulation.run(150);
    let requested = metric(&simulation, "operations.requested");
    assert!((requested - 250_000.0).abs() < 2.0, "{requested}");
    // What is written behind the place that has been reached is read, too: whoever had read all before would miss it.
    append(&path, 500_000..1_000_000);
    simulation.run(450);
    assert!(operations(&simulation).bytes() < 2_000_000, "{}", operations(&simulation).bytes());
    simulation.run(10);
    assert_eq!(metric(&simulation, "operations.completed"), 1_000_000.0);
}

#[test]
fn a_load_spike_multiplies_the_rate_and_ends() {
    let config = OperationsConfig { workload: vec![poisson(100.0)], window_s: 1.0, ..default() };
    let mut simulation = Scene::new(vec![group("db", 20, 10)], config).start();
    simulation.run(60);
    simulation.intervene(LoadSpike { of: "database.*".into(), factor: 10.0, duration_s: Some(2.0) });
    simulation.run(118);
    let during = metric(&simulation, "operations.requested_per_s");
    simulation.run(120);
    let after = metric(&simulation, "operations.requested_per_s");
    assert!((850.0..1150.0).contains(&during) && (60.0..140.0).contains(&after), "{during} {after}");
}

#[test]
fn a_spike_that_is_repeated_stays_the_same_spike() {
    let config = OperationsConfig { workload: vec![poisson(100.0)], window_s: 1.0, ..default() };
    let mut simulation = Scene::new(vec![group("db", 20, 100)], config).start();
    for _ in 0..60 {
        simulation.intervene(LoadSpike { factor: 5.0, ..default() });
        simulation.run(1);
    }
    let once = metric(&simulation, "operations.requested_per_s");
    assert!((400.0..600.0).contains(&once), "{once}");
    // One that lasts longer shows again when a later one is over; those of other workloads come on top.
    simulation.intervene(LoadSpike { factor: 1.0, duration_s: Some(1.0), ..default() });
    simulation.run(59);
    let during = metric(&simulation, "operations.requested_per_s");
    simulation.intervene(LoadSpike { of: QUERY.into(), factor: 2.0, ..default() });
    simulation.run(120);
    let both = metric(&simulation, "operations.requested_per_s");
    assert!((60.0..140.0).contains(&during) && (850.0..1150.0).contains(&both), "{during} {both}");
    assert_eq!(operations(&simulation).lasting(), [2, 0, 0]);
}

#[test]
fn users_who_do_not_think_ask_once_a_tick_when_they_are_answered_at_once() {
    let users = |service| {
        let users = ClosedLoop { capability: QUERY.into(), users: 7, think_ms: 0.0, ..default() };
        let config = OperationsConfig {
            workload: vec![Workload::ClosedLoop(users)],
            service,
            queue: QueueConfig { capacity: 0, when_full: WhenFull::Reject },
            ..default()
        };
        let mut simulation = Scene::new(vec![group("db", 1, 1)], config).start();
        simulation.run(100);
        operations(&simulation).tally().total
    };
    // Answered in no time.
    let total = users(ServiceTime::Constant { ms: 0.0 });
    assert_eq!((total.requested, total.rejected), (700, 0));
    // One is served for good, and six are refused, tick after tick.
    let total = users(ServiceTime::Constant { ms: 1e9 });
    assert_eq!((total.requested, total.rejected), (1 + 6 * 100, 600));
}

#[test]
fn more_than_a_tick_takes_waits_for_the_next_and_is_told() {
    let config = OperationsConfig { workload: vec![poisson(1e8)], most_in_flight: 10, ..default() };
    let mut simulation = Scene::new(vec![group("db", 1, 1)], config).start();
    simulation.run(2);
    assert_eq!(operations(&simulation).tally().total.requested, 2 * MOST_IN_A_TICK);
    assert_eq!(events(&simulation, EventKind::LIMIT_REACHED), 2);
}

#[test]
fn what_lasts_is_bounded_and_what_is_hidden_for_good_takes_no_room() {
    let config = OperationsConfig { workload: vec![poisson(1.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 10, 10)], config).start();
    for share in [0.2, 0.4, 0.4, 0.4] {
        simulation.intervene(ResourceExhaustion { select: Selector::All, share, duration_s: None });
        simulation.run(1);
    }
    assert_eq!(operations(&simulation).lasting(), [0, 0, 1]);
    for _ in 0..300 {
        simulation.intervene(SlowLoris { capability: QUERY.into(), per_second: 0.0, duration_s: 1e6, ..default() });
    }
    simulation.run(1);
    assert_eq!(operations(&simulation).lasting(), [0, 256, 1]);
    assert_eq!(events(&simulation, EventKind::INTERVENTION_FAILED), 44);
}

#[test]
fn slow_operations_take_all_room_unless_they_time_out() {
    let completed = |timeout_ms| {
        let config = OperationsConfig {
            workload: vec![poisson(50.0)],
            timeout_ms,
            queue: QueueConfig { capacity: 2, when_full: WhenFull::Reject },
            ..default()
        };
        let mut simulation = Scene::new(vec![group("db", 4, 4)], config).start();
        simulation.intervene(SlowLoris { capability: QUERY.into(), per_second: 40.0, hold_s: 60.0, duration_s: 20.0 });
        simulation.run(60 * 15);
        metric(&simulation, "operations.completed_per_s")
    };
    let (undefended, defended) = (completed(None), completed(Some(200.0)));
    assert!(undefended < 5.0 && defended > 35.0, "{undefended} {defended}");
}

#[test]
fn exhaustion_takes_room_and_gives_it_back() {
    let config = OperationsConfig { workload: vec![poisson(10.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 10, 10)], config).start();
    simulation.intervene(ResourceExhaustion { select: Selector::All, share: 0.7, duration_s: Some(0.5) });
    simulation.run(1);
    assert_eq!(metric(&simulation, "operations.slots"), 30.0);
    simulation.run(60);
    assert_eq!(metric(&simulation, "operations.slots"), 100.0);
    assert_eq!(events(&simulation, RESOURCE_EXHAUSTED), 1);
    assert_eq!(events(&simulation, RESOURCE_AVAILABLE), 1);
}

#[test]
fn liars_get_the_work_only_where_they_are_believed() {
    let share = |believe_reports| {
        let config = OperationsConfig {
            strategy: Strategy::MaxReliability,
            workload: vec![poisson(100.0)],
            believe_reports,
            ..default()
        };
        let mut scene = Scene::new(vec![group("honest", 9, 50), group("liar", 1, 50)], config);
        scene.groups[0].reliability = 0.95;
        scene.groups[1].reliability = 0.2;
        let mut simulation = scene.start();
        simulation.intervene(LyingReports { select: Selector::Named("liar".into()), ..default() });
        simulation.run(600);
        let success = operations(&simulation).tally().total.success_ratio().unwrap();
        (success, metric(&simulation, "operations.report_gap"))
    };
    let ((believed, _), (observed, gap)) = (share(true), share(false));
    assert!(believed < 0.4 && observed > 0.85, "{believed} {observed}");
    assert!(gap > 0.05, "{gap}");
}

/// How many operations groups in the west and in the east were given, asked for by this region.
fn given_to_west_and_east(region: &str) -> [u32; 2] {
    let groups = ["west", "east"].map(|region| AgentGroup { region: region.into(), ..group(region, 5, 1000) });
    let asked = Constant { capability: QUERY.into(), per_second: 600.0, region: region.into(), ..default() };
    let config = OperationsConfig {
        strategy: Strategy::MinLatency,
        workload: vec![Workload::Constant(asked)],
        service: ServiceTime::Constant { ms: 10.0 },
        ..default()
    };
    let mut simulation = Scene::new(groups.to_vec(), config).start();
    simulation.run(1);
    let mut regions = simulation.world_mut().resource_mut::<Regions>();
    let (west, east) = (regions.find("west").unwrap(), regions.find("east").unwrap());
    regions.set_latency_ms(west, east, 80.0);
    let before: Vec<u32> = operations(&simulation).servers().iter().map(|server| server.assigned).collect();
    simulation.run(120);
    let servers = operations(&simulation).servers();
    let given: Vec<u32> = servers.iter().zip(before).map(|(server, before)| server.assigned - before).collect();
    [given[..5].iter().sum(), given[5..].iter().sum()]
}

#[test]
fn the_lowest_latency_counts_the_way_between_regions() {
    let [west, east] = given_to_west_and_east("east");
    assert!(west == 0 && east > 1000, "{west} {east}");
    let [west, east] = given_to_west_and_east("west");
    assert!(west > 1000 && east == 0, "{west} {east}");
    let [west, east] = given_to_west_and_east("");
    assert!(west > 100 && east > 100, "who asks from nowhere has no way: {west} {east}");
}

#[test]
fn the_strategy_can_be_changed_while_it_runs() {
    let config = OperationsConfig { strategy: Strategy::MaxReliability, workload: vec![poisson(200.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 10, 100)], config).start();
    simulation.run(60);
    let fairness = metric(&simulation, "operations.fairness");
    assert!(fairness < 0.2, "{fairness}");
    let value = ParamValue::parse("RoundRobin");
    simulation.intervene(SetParam { path: "operations.strategy".into(), value });
    simulation.run(60 * 60);
    assert!(metric(&simulation, "operations.fairness") > 0.95);
    let wrong = set_live(simulation.world_mut(), "operations.orchestrator.swarm.cpu", &ParamValue::parse("0.6"));
    assert!(wrong.unwrap_err().message.contains("more than 1"));
}

#[test]
fn an_agent_tells_what_it_works_on_and_who_is_next() {
    let config = OperationsConfig { strategy: Strategy::LeastLoaded, workload: vec![poisson(100.0)], ..default() };
    let mut simulation = Scene::new(vec![group("db", 3, 2)], config).start();
    simulation.run(120);
    let next: Vec<bool> = (0..3)
        .map(|agent| {
            let said = &explain(simulation.world(), AgentId(agent))[0];
            assert_eq!(said.section, "operations");
            said.outcome.sentence.starts_with("is given the next one")
        })
        .collect();
    assert_eq!(next.iter().filter(|comes| **comes).count(), 1, "the next one comes to exactly one of them");
}

#[test]
fn what_is_in_the_system_is_told_of_the_tick_and_not_of_all_time() {
    let config = OperationsConfig {
        workload: vec![poisson(1000.0)],
        service: ServiceTime::Constant { ms: 100.0 },
        queue: QueueConfig { capacity: 3, when_full: WhenFull::Reject },
        ..default()
    };
    let mut simulation = Scene::new(vec![group("db", 2, 1)], config).start();
    simulation.intervene(Kill { select: Selector::All, duration_s: Some(5.0) });
    simulation.run(290);
    assert_eq!(metric(&simulation, "operations.in_system"), 0.0);
    simulation.run(60);
    // Two agents that are busy, three that wait in front of each.
    let (utilisation, queue) = (metric(&simulation, "operations.utilisation"), metric(&simulation, "operations.queue"));
    assert!(utilisation > 0.99 && queue > 5.5, "{utilisation} {queue}");
}
