use super::*;
use crate::SimCorePlugin;
use crate::agent::{AgentGroup, AgentGroups, Position, Velocity, spawn_scene_group};
use crate::checkpoint::StateHash;
use crate::event::Event;
use crate::faults::{Churn, Freeze, Kill, Remove, Restart, Spawn};
use crate::intervention::Applied;
use crate::metrics::{MetricSpec, Series};
use crate::quarantine::OnFault;
use crate::selector::Selector;
use crate::transport::{Speed, Transport};
use crate::{SimSchedule, SimSystems};
use proptest::prelude::*;
use std::time::Duration;

#[derive(Resource)]
struct Mean(crate::metrics::MetricId);

/// Agents that move and are told of, so that states, events and metrics change in every tick.
fn app(on_fault: OnFault) -> App {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 7, tick_hz: 10.0, threads: Some(1), on_fault, ..default() });
    crate::require_motion(&mut app);
    let id = app.world_mut().resource_mut::<Metrics>().declare(MetricSpec::cheap("mean", "", "a test"));
    let rare = MetricSpec::expensive("rare", "", "a test", 5);
    app.world_mut().resource_mut::<Metrics>().declare(rare);
    app.insert_resource(Mean(id));
    app.add_systems(SimSchedule, (move_all.in_set(SimSystems::Settle), tell.in_set(crate::After(SimSystems::Observe))));
    let group = AgentGroup { name: "bird".into(), count: 40, ..default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_scene_group(app.world_mut(), group).unwrap();
    let mut queue = app.world_mut().resource_mut::<InterventionQueue>();
    for tick in [5, 30, 31, 90] {
        queue.push(tick, Origin::Scene, Freeze { select: Selector::Count(tick as u32), duration_s: Some(1.0) });
    }
    app
}

fn move_all(mut agents: Query<(&mut Position, &mut Velocity)>) {
    for (mut position, mut velocity) in &mut agents {
        velocity.0.x += position.0.y * 0.01;
        velocity.0.y -= position.0.x * 0.01;
        position.0 += velocity.0 * 0.1;
    }
}

fn tell(mean: Res<Mean>, mut metrics: ResMut<Metrics>, agents: Query<&Position>) {
    let sum: f64 = agents.iter().map(|position| f64::from((position.0.x * 100.0).round())).sum();
    metrics.record(mean.0, sum);
    let rare = metrics.find("rare").unwrap();
    if metrics.wanted(rare) {
        metrics.record(rare, sum);
    }
}

fn simulation() -> Simulation {
    Simulation::new(std::mem::take(app(OnFault::Continue).world_mut()))
}

/// Everything that must be equal for two runs to be the same.
#[derive(Debug, PartialEq)]
struct Everything {
    tick: u64,
    hash: StateHash,
    events: Vec<Event>,
    counts: BTreeMap<&'static str, u64>,
    numbers: (u64, u64, u64),
    log: Vec<Applied>,
    waiting: Vec<Stamped>,
    metrics: Vec<(String, Series)>,
}

fn everything(simulation: &Simulation) -> Everything {
    let world = simulation.world();
    let (bus, queue) = (world.resource::<EventBus>(), world.resource::<InterventionQueue>());
    let metrics = world.resource::<Metrics>();
    let known: Vec<u64> =
        world.resource::<InterventionLog>().0.iter().map(|applied| applied.stamped.sequence).collect();
    Everything {
        tick: simulation.tick(),
        hash: simulation.state_hash(),
        events: bus.history().cloned().collect(),
        counts: bus.counts(),
        numbers: (bus.next_sequence(), bus.dropped(), metrics.rejected()),
        log: world.resource::<InterventionLog>().0.clone(),
        // What a user will do later is nothing that a fresh run could know.
        waiting: queue
            .iter()
            .filter(|stamped| stamped.origin == Origin::Scene && !known.contains(&stamped.sequence))
            .collect(),
        metrics: metrics.iter().map(|(spec, series)| (spec.name.clone(), series.clone())).collect(),
    }
}

/// A run from the start to `tick` with interventions that came just before their ticks.
fn fresh(interventions: &[Stamped], tick: u64) -> Everything {
    let mut simulation = simulation();
    for stamped in interventions.iter().filter(|stamped| stamped.tick <= tick) {
        simulation.run(stamped.tick - 1 - simulation.tick());
        assert_eq!(simulation.intervene(stamped.action.clone()), stamped.sequence);
    }
    simulation.run(tick - simulation.tick());
    everything(&simulation)
}

fn assert_as_fresh(timeline: &Timeline, simulation: &Simulation) {
    let branch = timeline.current().unwrap();
    assert_eq!(everything(simulation), fresh(branch.interventions(), simulation.tick()));
    assert!(branch.furthest() >= simulation.tick());
    let ends = timeline.keyframes(branch.id()).map(|tick| tick.max(timeline.start()));
    assert_eq!(ends.min(), Some(timeline.start()), "the start is kept");
}

fn go(timeline: &mut Timeline, simulation: &mut Simulation, tick: u64) {
    timeline.seek(tick);
    timeline.finish(simulation);
    assert_eq!(simulation.tick(), tick);
}

/// Time doesn't pass by itself, and a frame has room for a single tick.
fn standing_still() -> Transport {
    let mut transport = Transport::default();
    transport.playing = false;
    transport.frame_budget = Duration::ZERO;
    transport
}

fn some(number: u32) -> AnyIntervention {
    match number % 5 {
        0 => Kill { select: Selector::Count(3), duration_s: Some(2.0) }.into(),
        1 => Spawn { group: "bird".into(), count: 4, at: None }.into(),
        2 => Remove { select: Selector::Count(2) }.into(),
        3 => Restart { select: Selector::All }.into(),
        _ => Churn { per_second: 0.2, ..default() }.into(),
    }
}

#[test]
fn going_back_and_playing_on_repeats_the_run() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    for (ticks, number) in [(20, 0), (15, 1), (1, 2), (40, 4), (3000, 0)] {
        timeline.run(&mut simulation, ticks);
        timeline.intervene(&mut simulation, some(number));
    }
    timeline.run(&mut simulation, 50);
    let end = everything(&simulation);
    for tick in [3125, 20, 21, 0, 2000, 76, 3126, 35, 36, 3000] {
        go(&mut timeline, &mut simulation, tick);
        assert_as_fresh(&timeline, &simulation);
    }
    timeline.run(&mut simulation, 126);
    assert_eq!(everything(&simulation), end);
    assert_eq!(timeline.branches().count(), 1);
}

#[test]
fn an_intervention_in_the_past_forks_and_the_old_branch_stays() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    timeline.run(&mut simulation, 50);
    timeline.intervene(&mut simulation, some(0));
    timeline.run(&mut simulation, 50);
    let first = everything(&simulation);
    go(&mut timeline, &mut simulation, 30);
    timeline.intervene(&mut simulation, some(1));
    timeline.intervene(&mut simulation, some(2));
    assert_eq!(timeline.branches().count(), 2);
    timeline.run(&mut simulation, 80);
    assert_as_fresh(&timeline, &simulation);
    let (root, fork) = (timeline.branches().next().unwrap(), timeline.current().unwrap());
    assert_eq!((root.interventions().len(), root.furthest()), (1, 100));
    assert_eq!((fork.interventions().len(), fork.furthest()), (2, 110));
    assert_eq!((fork.name(), timeline.parent(fork.id())), ("Run 2", Some((root.id(), 30))));
    let metrics = root.metrics().unwrap();
    assert_eq!(
        metrics.value("mean"),
        first.metrics.iter().find(|(name, _)| name == "mean").unwrap().1.last().map(|l| l.1)
    );
    assert_eq!(root.end_hash(), Some(first.hash));
    assert_eq!(root.log().unwrap(), first.log);
    let (root, fork) = (root.id(), fork.id());
    assert!(timeline.switch(root, 100));
    timeline.finish(&mut simulation);
    assert_eq!(everything(&simulation), first);
    assert_eq!((timeline.common(root, fork), timeline.common(fork, fork)), (30, u64::MAX));
}

#[test]
fn undo_leaves_the_last_intervention_out_and_redo_brings_it_back() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    assert!(!timeline.undo());
    timeline.run(&mut simulation, 10);
    assert!(!timeline.undo() && timeline.undoable().is_none());
    timeline.intervene(&mut simulation, some(0));
    timeline.run(&mut simulation, 10);
    timeline.intervene(&mut simulation, some(1));
    timeline.run(&mut simulation, 10);
    let with_both = everything(&simulation);
    for _ in 0..2 {
        for left in [1, 0] {
            assert!(timeline.undo());
            timeline.finish(&mut simulation);
            assert_eq!((simulation.tick(), timeline.current().unwrap().interventions().len()), (30, left));
            assert_as_fresh(&timeline, &simulation);
        }
        assert!(!timeline.undo());
        assert_eq!(timeline.redoable().map(AnyIntervention::name), Some("Kill"));
        assert!(timeline.redo() && timeline.redo() && !timeline.redo());
        timeline.finish(&mut simulation);
        assert_eq!(everything(&simulation), with_both);
    }
    // What was undone before is found again; no branch is made twice.
    assert_eq!(timeline.branches().count(), 3);
    timeline.undo();
    timeline.finish(&mut simulation);
    timeline.intervene(&mut simulation, some(2));
    assert!(timeline.redoable().is_none() && !timeline.redo());
    // What has not been applied yet is undone too.
    assert!(timeline.undo());
    timeline.finish(&mut simulation);
    assert_eq!(simulation.tick(), 30);
    assert!(simulation.world().resource::<InterventionQueue>().iter().all(|stamped| stamped.origin == Origin::Scene));
    assert_as_fresh(&timeline, &simulation);
}

#[test]
fn what_a_hand_did_in_one_go_is_undone_in_one_go() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    let edge = |size: f64| crate::faults::SetParam {
        path: "world.size.x".into(),
        value: crate::reflect_path::ParamValue::Number(size),
    };
    timeline.run(&mut simulation, 5);
    timeline.intervene(&mut simulation, some(0));
    for size in [900.0, 910.0, 920.0] {
        timeline.intervene(&mut simulation, edge(size));
        timeline.run(&mut simulation, 2);
    }
    // A rest, and the same slider again.
    timeline.gesture.at = None;
    timeline.intervene(&mut simulation, edge(700.0));
    timeline.run(&mut simulation, 9);
    for left in [4, 1, 0] {
        assert!(timeline.undo());
        timeline.finish(&mut simulation);
        assert_eq!((simulation.tick(), timeline.current().unwrap().interventions().len()), (20, left));
        assert_as_fresh(&timeline, &simulation);
    }
    assert!(!timeline.undo() && timeline.redo() && timeline.redo());
    timeline.finish(&mut simulation);
    assert_eq!(timeline.current().unwrap().interventions().len(), 4);
    assert_as_fresh(&timeline, &simulation);
}

#[test]
fn on_the_way_changes_wait_for_the_arrival() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    timeline.run(&mut simulation, 60);
    timeline.seek(30);
    timeline.intervene(&mut simulation, some(0));
    timeline.intervene(&mut simulation, some(1));
    assert!(timeline.undo());
    timeline.finish(&mut simulation);
    assert_eq!(timeline.current().unwrap().interventions().len(), 1);
    timeline.run(&mut simulation, 40);
    assert_as_fresh(&timeline, &simulation);

    let mut transport = standing_still();
    go(&mut timeline, &mut simulation, 70);
    timeline.seek(90);
    timeline.advance(&mut simulation, &mut transport, Duration::ZERO);
    let seeking = timeline.seeking().unwrap();
    assert_eq!((seeking.target, seeking.now < 90), (90, true));
    assert!(seeking.progress() < 1.0);
    timeline.cancel(&mut simulation);
    assert!(timeline.seeking().is_none() && simulation.tick() < 90);
    assert_as_fresh(&timeline, &simulation);
}

#[test]
fn a_frame_takes_no_longer_than_its_budget_on_the_way() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::new(TimelineLimits { keyframes: 2, ..default() }));
    let mut transport = Transport::default();
    transport.speed = Speed::Unlimited;
    transport.pause_at = Some(200);
    while transport.playing {
        timeline.advance(&mut simulation, &mut transport, Duration::from_millis(10));
    }
    assert_eq!(simulation.tick(), 200);
    transport.frame_budget = Duration::ZERO;
    timeline.step_back(&mut transport, 80);
    let mut frames = 0;
    while timeline.seeking().is_some() {
        assert!(timeline.advance(&mut simulation, &mut transport, Duration::from_millis(10)) <= 1);
        frames += 1;
    }
    assert_eq!(simulation.tick(), 120);
    assert!(frames >= 2);
    // Then time stands, as it was asked to.
    timeline.advance(&mut simulation, &mut transport, Duration::from_secs(1));
    assert_eq!(simulation.tick(), 120);
    transport.step(2);
    while transport.stepping() {
        timeline.advance(&mut simulation, &mut transport, Duration::from_millis(10));
    }
    assert_eq!(simulation.tick(), 122);
}

#[test]
fn a_fault_that_stopped_the_run_is_not_there_before_it() {
    let mut simulation = Simulation::new(std::mem::take(app(OnFault::Stop).world_mut()));
    let mut timeline = Timeline::default();
    timeline.run(&mut simulation, 20);
    let agent = simulation.world().resource::<crate::agent::AgentIndex>().iter().next().unwrap().1;
    simulation.world_mut().get_mut::<Velocity>(agent).unwrap().0.x = f32::NAN;
    timeline.run(&mut simulation, 20);
    assert!(simulation.stopped());
    assert_eq!(simulation.tick(), 21);
    go(&mut timeline, &mut simulation, 15);
    assert!(!simulation.stopped());
    assert_eq!(simulation.world().resource::<crate::quarantine::Quarantine>().count(), 0);
}

#[test]
fn what_came_past_the_timeline_is_taken_over() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    timeline.run(&mut simulation, 20);
    simulation.intervene(some(0));
    timeline.run(&mut simulation, 20);
    assert_eq!(timeline.current().unwrap().interventions().len(), 1);
    assert_as_fresh(&timeline, &simulation);
    // Without the timeline at all: it ran, so it belongs to the branch.
    simulation.intervene(some(1));
    simulation.run(10);
    timeline.run(&mut simulation, 5);
    assert_eq!(timeline.current().unwrap().interventions().len(), 2);
    assert_as_fresh(&timeline, &simulation);
    go(&mut timeline, &mut simulation, 25);
    simulation.intervene(some(2));
    timeline.run(&mut simulation, 20);
    assert_eq!(timeline.branches().count(), 2);
    assert_as_fresh(&timeline, &simulation);
    // A state from elsewhere has no past here.
    let saved = simulation.checkpoint();
    simulation.run(3);
    simulation.restore(&saved).unwrap();
    timeline.run(&mut simulation, 1);
    assert_eq!((timeline.branches().count(), timeline.start()), (1, saved.tick));
    assert_eq!(timeline.current().unwrap().interventions().len(), 2);
}

#[test]
fn memory_and_branches_stay_bounded_and_the_start_is_kept() {
    let few = {
        let (mut simulation, mut timeline) =
            (simulation(), Timeline::new(TimelineLimits { keyframes: 2, ..default() }));
        timeline.run(&mut simulation, 600);
        timeline.capture(&simulation);
        timeline.bytes()
    };
    let limits = TimelineLimits { bytes: few * 4, keyframes: 500, branches: 4 };
    let (mut simulation, mut timeline) = (simulation(), Timeline::new(limits));
    timeline.run(&mut simulation, 600);
    for number in 0..12 {
        assert!(timeline.bytes() <= limits.bytes, "{} of {}", timeline.bytes(), limits.bytes);
        go(&mut timeline, &mut simulation, 100 + 20 * u64::from(number));
        timeline.intervene(&mut simulation, some(number));
        timeline.run(&mut simulation, 40);
    }
    assert_as_fresh(&timeline, &simulation);
    assert_eq!((timeline.branches().count(), timeline.branches_dropped()), (4, 9));
    let all: Vec<BranchId> = timeline.branches().map(Branch::id).collect();
    for branch in all {
        assert!(timeline.switch(branch, timeline.branch(branch).unwrap().furthest()));
        timeline.finish(&mut simulation);
        assert_as_fresh(&timeline, &simulation);
    }
    // With no room for a second keyframe, the start alone must do.
    let mut timeline = Timeline::new(TimelineLimits { bytes: 0, ..limits });
    timeline.begin(&simulation);
    let start = simulation.tick();
    timeline.run(&mut simulation, 100);
    let branch = timeline.current().unwrap().id();
    assert_eq!(timeline.keyframes(branch).collect::<Vec<_>>(), [start]);
}

#[test]
fn branches_are_named_and_removed_and_forks_of_a_removed_one_live_on() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    timeline.run(&mut simulation, 30);
    let root = timeline.current().unwrap().id();
    let middle = timeline.fork(&mut simulation, Some(" what if ")).unwrap();
    assert_eq!(timeline.branch(middle).unwrap().name(), "what if");
    timeline.intervene(&mut simulation, some(0));
    timeline.run(&mut simulation, 30);
    let leaf = timeline.fork(&mut simulation, None).unwrap();
    timeline.intervene(&mut simulation, some(1));
    timeline.run(&mut simulation, 30);
    let end = everything(&simulation);
    assert!(!timeline.remove(leaf) && !timeline.remove(root));
    assert!(timeline.remove(middle) && !timeline.remove(middle) && !timeline.rename(middle, "x"));
    assert!(timeline.rename(root, "first") && !timeline.rename(root, "  "));
    assert_eq!(timeline.parent(leaf), Some((root, 30)));
    assert!(!timeline.switch(middle, 40));
    for tick in [45, 10, 61] {
        go(&mut timeline, &mut simulation, tick);
        assert_as_fresh(&timeline, &simulation);
    }
    go(&mut timeline, &mut simulation, 90);
    assert_eq!(everything(&simulation), end);
    assert!(timeline.switch(root, 30) && !timeline.remove(leaf));
    timeline.finish(&mut simulation);
    assert!(timeline.remove(leaf));
    assert_eq!(timeline.branches().count(), 1);
}

#[test]
fn wanted_metrics_stay_wanted_and_old_values_come_back_exactly() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    timeline.run(&mut simulation, 30);
    simulation.world_mut().resource_mut::<Metrics>().want("rare");
    timeline.run(&mut simulation, 30);
    go(&mut timeline, &mut simulation, 4);
    assert!(simulation.world().resource::<Metrics>().series("rare").unwrap().last().is_none());
    timeline.run(&mut simulation, 36);
    assert_eq!(simulation.world().resource::<Metrics>().series("rare").unwrap().last().unwrap().0, 40);
}

#[test]
fn what_stands_out_is_marked_on_each_branch() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    timeline.run(&mut simulation, 20);
    timeline.intervene(&mut simulation, Kill { select: Selector::Count(7), duration_s: None });
    timeline.run(&mut simulation, 20);
    go(&mut timeline, &mut simulation, 30);
    timeline.run(&mut simulation, 10);
    let failed = |timeline: &Timeline| {
        let marks = timeline.current().unwrap().marks().filter(|mark| mark.kind == "AgentFailed");
        marks.map(|mark| (mark.tick, mark.count)).collect::<Vec<_>>()
    };
    assert_eq!(failed(&timeline), [(21, 7)]);
    timeline.undo();
    timeline.finish(&mut simulation);
    assert_eq!(failed(&timeline), []);
}

/// What a person may do.
#[derive(Clone, Debug)]
enum Step {
    Run(u64),
    Seek(u64),
    SeekHalf(u64),
    Intervene(u32),
    Fork,
    Undo,
    Redo,
    Switch(usize, u64),
    Remove(usize),
    /// Two changes at most, and the first of all that wait is taken back.
    Withdraw(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..40_u64).prop_map(Step::Run),
        3 => (0..120_u64).prop_map(Step::Seek),
        1 => (0..120_u64).prop_map(Step::SeekHalf),
        4 => (0..100_u32).prop_map(Step::Intervene),
        1 => Just(Step::Fork),
        2 => Just(Step::Undo),
        2 => Just(Step::Redo),
        2 => (0..8_usize, 0..120_u64).prop_map(|(branch, tick)| Step::Switch(branch, tick)),
        1 => (0..8_usize).prop_map(Step::Remove),
        3 => (0..100_u32).prop_map(Step::Withdraw),
    ];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(48))]

    #[test]
    fn whatever_is_done_every_state_is_that_of_a_fresh_run(steps in steps(), keyframes in 2..12_usize) {
        let limits = TimelineLimits { keyframes, branches: 5, ..default() };
        let (mut simulation, mut timeline) = (simulation(), Timeline::new(limits));
        timeline.begin(&simulation);
        let mut transport = standing_still();
        for step in steps {
            match step {
                Step::Run(ticks) => {
                    timeline.run(&mut simulation, ticks / 2);
                    timeline.capture(&simulation);
                    timeline.run(&mut simulation, ticks - ticks / 2);
                }
                Step::Seek(tick) => timeline.seek(tick),
                Step::SeekHalf(tick) => {
                    timeline.seek(tick);
                    timeline.advance(&mut simulation, &mut transport, Duration::ZERO);
                    continue;
                }
                Step::Intervene(number) => timeline.intervene(&mut simulation, some(number)),
                Step::Withdraw(number) => {
                    timeline.finish(&mut simulation);
                    // Without a change of its own it is one of the branch that it stands in the past of, if there is any.
                    if number % 3 > 0 {
                        timeline.intervene(&mut simulation, some(number));
                        timeline.intervene(&mut simulation, some(number / 5));
                    }
                    let queue = simulation.world().resource::<InterventionQueue>();
                    let first = queue.iter().find(|stamped| stamped.origin == Origin::User).map(|first| first.sequence);
                    prop_assert!(first.is_none_or(|first| timeline.withdraw(&mut simulation, first)));
                }
                Step::Fork => { timeline.fork(&mut simulation, None); }
                Step::Undo => { timeline.undo(); }
                Step::Redo => { timeline.redo(); }
                Step::Switch(branch, tick) => {
                    let ids: Vec<BranchId> = timeline.branches().map(Branch::id).collect();
                    timeline.switch(ids[branch % ids.len()], tick);
                }
                Step::Remove(branch) => {
                    let ids: Vec<BranchId> = timeline.branches().map(Branch::id).collect();
                    timeline.remove(ids[branch % ids.len()]);
                }
            }
            timeline.finish(&mut simulation);
            assert_as_fresh(&timeline, &simulation);
            prop_assert!(timeline.branches().count() <= 5);
            let keyframes_now: usize = timeline.tree.all().map(|branch| branch.keyframes.len()).sum();
            prop_assert!(keyframes_now <= keyframes);
        }
    }
}

#[test]
fn what_is_taken_back_before_its_tick_never_was() {
    let kill = |share| Kill { select: Selector::Fraction(share), duration_s: None };
    let of = |changes: &[f32], taken_back: &[usize]| {
        let (mut simulation, mut timeline) = (simulation(), Timeline::default());
        timeline.run(&mut simulation, 50);
        for share in changes {
            timeline.intervene(&mut simulation, kill(*share));
        }
        for at in taken_back {
            // What came later has the number now that it would have had without it.
            let queue = simulation.world().resource::<InterventionQueue>();
            let mut waiting = queue.iter().filter(|stamped| stamped.origin == Origin::User);
            let sequence = waiting.nth(*at).unwrap().sequence;
            drop(waiting);
            assert!(timeline.withdraw(&mut simulation, sequence));
        }
        assert!(!timeline.withdraw(&mut simulation, 99), "no such thing waits");
        timeline.run(&mut simulation, 60);
        assert_eq!(timeline.branches().count(), 1, "nothing was forked");
        // By the tree as well as by the world: rewinding runs the same again.
        let (end, before) = (simulation.state_hash(), simulation.tick());
        timeline.seek(20);
        timeline.finish(&mut simulation);
        timeline.seek(before);
        timeline.finish(&mut simulation);
        assert_eq!(simulation.state_hash(), end);
        end
    };
    assert_eq!(of(&[0.3, 0.2, 0.1], &[0]), of(&[0.2, 0.1], &[]));
    assert_eq!(of(&[0.3, 0.2, 0.1], &[1, 1]), of(&[0.3], &[]));
    assert_eq!(of(&[0.3, 0.2], &[1, 0]), of(&[], &[]));
    assert_ne!(of(&[0.3], &[]), of(&[], &[]));
}

#[test]
fn taking_back_in_the_past_leaves_the_branch_as_it_was() {
    let (mut simulation, mut timeline) = (simulation(), Timeline::default());
    timeline.run(&mut simulation, 10);
    timeline.intervene(&mut simulation, Freeze { select: Selector::Count(9), duration_s: None });
    timeline.intervene(&mut simulation, Kill { select: Selector::Count(11), duration_s: None });
    timeline.run(&mut simulation, 30);
    let both = simulation.state_hash();
    timeline.seek(10);
    timeline.finish(&mut simulation);
    let first =
        simulation.world().resource::<InterventionQueue>().iter().find(|stamped| stamped.origin == Origin::User);
    assert!(timeline.withdraw(&mut simulation, first.unwrap().sequence));
    timeline.run(&mut simulation, 30);
    let (one, branches) = (simulation.state_hash(), timeline.branches().count());
    assert_eq!(branches, 2);

    let (mut other, mut plain) = (self::simulation(), Timeline::default());
    plain.run(&mut other, 10);
    plain.intervene(&mut other, Kill { select: Selector::Count(11), duration_s: None });
    plain.run(&mut other, 30);
    assert_eq!(one, other.state_hash());
    let trunk = timeline.branches().next().unwrap().id();
    timeline.switch(trunk, 40);
    timeline.finish(&mut simulation);
    assert_eq!(simulation.state_hash(), both);
}
