use super::*;
use crate::SimCorePlugin;
use crate::agent::{AgentGroup, AgentGroups, AgentId, AgentIndex, Position, spawn_scene_group};
use crate::event::EventBus;
use crate::faults::{Churn, Freeze, GrantCapability, Kill, Remove, Restart, Spawn};
use crate::intervention::InterventionLog;
use crate::selector::Selector;
use crate::simulation::Simulation;

fn simulation(count: u32) -> Simulation {
    on_threads(count, 1)
}

fn on_threads(count: u32, threads: usize) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 7, tick_hz: 10.0, threads: Some(threads), ..default() });
    crate::require_motion(&mut app);
    let group = AgentGroup { name: "bird".into(), count, capabilities: vec!["fly".into()], ..default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_scene_group(app.world_mut(), group).unwrap();
    Simulation::new(std::mem::take(app.world_mut()))
}

#[test]
fn a_checkpoint_goes_on_with_the_same_bits() {
    let script = |simulation: &mut Simulation| {
        simulation.intervene(Churn { per_second: 0.3, ..default() });
        simulation.intervene(Kill { select: Selector::Count(20), duration_s: Some(2.0) });
        simulation.intervene(Remove { select: Selector::Count(10) });
        simulation.intervene(GrantCapability { select: Selector::Count(5), capability: "ml.train".into() });
    };
    let mut whole = simulation(100);
    script(&mut whole);
    whole.run(10);
    let saved = whole.checkpoint();
    whole.intervene(Spawn { group: "bird".into(), count: 4, at: None });
    whole.run(30);

    let file = saved.encode().unwrap();
    let read = Checkpoint::decode(&file).unwrap();
    assert_eq!(read, saved);
    let mut resumed = simulation(100);
    resumed.restore(&read).unwrap();
    assert_eq!(resumed.state_hash(), saved.state_hash);
    resumed.intervene(Spawn { group: "bird".into(), count: 4, at: None });
    resumed.run(30);
    assert_eq!(resumed.state_hash(), whole.state_hash());
    assert_eq!(resumed.world().resource::<EventBus>().counts(), whole.world().resource::<EventBus>().counts());
    assert_eq!(resumed.world().resource::<InterventionLog>(), whole.world().resource::<InterventionLog>());
}

/// Written once, by the version that fixed the format (2): it must stay readable, and say the same, as long as this program
/// reads that format. With `AGENT2028_NEW_GOLDEN` set the test writes it anew instead, which only a new format calls for.
#[test]
fn a_golden_checkpoint_stays_readable_and_goes_on_as_it_did() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checkpoint/golden.a28");
    let mut whole = simulation(12);
    whole.intervene(Kill { select: Selector::Count(3), duration_s: Some(2.0) });
    whole.intervene(GrantCapability { select: Selector::Count(5), capability: "ml.train".into() });
    whole.run(10);
    if std::env::var_os("AGENT2028_NEW_GOLDEN").is_some() {
        whole.checkpoint().write(&file).unwrap();
    }
    let golden = Checkpoint::read(&file).unwrap();
    assert_eq!((golden.tick, golden.state_hash), (10, whole.state_hash()));
    let mut resumed = simulation(12);
    resumed.restore(&golden).unwrap();
    whole.run(30);
    resumed.run(30);
    assert_eq!(resumed.state_hash(), whole.state_hash());
}

#[test]
fn a_forged_checkpoint_without_a_resource_is_refused() {
    let mut forger = simulation(5);
    forger.run(1);
    forger.world_mut().remove_resource::<crate::faults::ChurnProcesses>();
    let file = forger.checkpoint().encode().unwrap();
    let mut victim = simulation(5);
    let error = victim.restore(&Checkpoint::decode(&file).unwrap()).unwrap_err().to_string();
    assert!(error.contains("ChurnProcesses is missing"), "{error}");
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_checkpoint_is_noticed() {
    let mut simulation = simulation(20);
    simulation.run(2);
    let file = simulation.checkpoint().encode().unwrap();
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(Checkpoint::decode(&damaged).is_err(), "byte {at}");
        assert!(Checkpoint::decode(&file[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_checkpoint_of_another_scene_is_refused() {
    let simulation_a = simulation(3);
    let mut simulation_b = simulation(3);
    simulation_b.world_mut().insert_resource(SceneFingerprint([1; 32]));
    assert!(matches!(simulation_b.restore(&simulation_a.checkpoint()), Err(CheckpointError::OtherScene)));
}

fn trouble(simulation: &mut Simulation) {
    simulation.intervene(Churn { per_second: 0.5, ..default() });
    simulation.intervene(Freeze { select: Selector::Count(30), duration_s: Some(2.0) });
    simulation.intervene(Remove { select: Selector::Count(10) });
}

#[test]
fn a_simulation_that_goes_back_repeats_what_it_did() {
    let mut simulation = simulation(100);
    trouble(&mut simulation);
    simulation.run(10);
    let saved = simulation.checkpoint();
    let entities = |simulation: &Simulation| simulation.world().resource::<AgentIndex>().iter().collect::<Vec<_>>();
    let before = entities(&simulation);
    let go_on = |simulation: &mut Simulation| {
        simulation.intervene(Spawn { group: "bird".into(), count: 4, at: None });
        simulation.intervene(Remove { select: Selector::Count(7) });
        simulation.intervene(GrantCapability { select: Selector::Count(5), capability: "ml.train".into() });
        simulation.intervene(Restart { select: Selector::Count(50) });
        simulation.run(30);
        simulation.state_hash()
    };
    let first = go_on(&mut simulation);
    for _ in 0..2 {
        simulation.restore(&saved).unwrap();
        assert_eq!(simulation.state_hash(), saved.state_hash);
        assert_eq!(simulation.checkpoint(), saved);
        // Only who was taken out of the world has a new entity.
        let kept = entities(&simulation).iter().zip(&before).filter(|(now, then)| now == then).count();
        assert!(kept >= before.len() - 14, "{kept} of {}", before.len());
        assert_eq!(go_on(&mut simulation), first);
    }
}

#[test]
fn files_and_hashes_are_the_same_at_any_thread_count() {
    // Places and velocities take more than a block each, and some agents left gaps.
    let file = |threads| {
        let mut simulation = on_threads(140_000, threads);
        simulation.intervene(Remove { select: Selector::Count(1000) });
        simulation.intervene(Kill { select: Selector::Count(5000), duration_s: None });
        simulation.run(2);
        (simulation.state_hash(), simulation.checkpoint().encode().unwrap())
    };
    let (hash, one) = file(1);
    for threads in [2, 3] {
        let (other_hash, other) = file(threads);
        assert_eq!(hash, other_hash);
        assert!(one == other);
    }
    let read = Checkpoint::decode(&one).unwrap();
    assert_eq!(read.state_hash, hash);
    let mut resumed = on_threads(140_000, 2);
    resumed.restore(&read).unwrap();
    assert_eq!(resumed.state_hash(), hash);
}

#[test]
fn a_file_is_there_whole_or_refused() {
    let folder = std::env::temp_dir().join(format!("agent2028-checkpoint-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("state.a28");
    let saved = simulation(3000).checkpoint();
    saved.write(&path).unwrap();
    assert_eq!(Checkpoint::read(&path).unwrap(), saved);
    let file = std::fs::read(&path).unwrap();
    assert!(file == saved.encode().unwrap());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");

    std::fs::write(&path, &file[..file.len() - 1]).unwrap();
    assert!(matches!(Checkpoint::read(&path), Err(CheckpointError::Damaged(_))));
    std::fs::write(&path, [&file[..], &[0]].concat()).unwrap();
    assert!(matches!(Checkpoint::read(&path), Err(CheckpointError::Damaged(_))));
    let mut newer = file;
    newer[7] += 1;
    std::fs::write(&path, newer).unwrap();
    assert!(matches!(Checkpoint::read(&path), Err(CheckpointError::Newer { .. })));
    assert!(matches!(saved.write(&folder.join("missing").join("state.a28")), Err(CheckpointError::Io { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_state_that_does_not_come_back_is_noticed() {
    let saved = simulation(3).checkpoint();
    let mut forgetful = simulation(3);
    forgetful.world_mut().resource_mut::<CheckpointRegistry>().after_load.push(|world| {
        let agent = world.resource::<AgentIndex>().get(AgentId(1)).unwrap();
        world.get_mut::<Position>(agent).unwrap().0.x += 1.0;
    });
    let Err(CheckpointError::Section { section, .. }) = forgetful.restore(&saved) else { panic!("restored") };
    assert_eq!(section, "agents");

    let mut without = simulation(3);
    without.world_mut().resource_mut::<CheckpointRegistry>().sections.remove("velocities");
    let Err(CheckpointError::Section { section, .. }) = without.restore(&saved) else { panic!("restored") };
    assert_eq!(section, "velocities");
    assert!(simulation(3).restore(&without.checkpoint()).is_err());
}

#[test]
fn what_few_scenes_use_has_a_section_only_while_somebody_has_it() {
    use crate::agent::{Region, region_of};
    let mut simulation = simulation(5);
    simulation.run(1);
    let without = simulation.checkpoint();
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(2)).unwrap();
    simulation.world_mut().entity_mut(entity).insert(Region(3));
    let with = simulation.checkpoint();
    assert_eq!(without.differing_sections(&with), ["regions"]);
    assert_ne!(without.state_hash, with.state_hash);
    simulation.restore(&without).unwrap();
    assert_eq!(region_of(simulation.world(), AgentId(2)), None);
    assert_eq!(simulation.state_hash(), without.state_hash);
    simulation.restore(&Checkpoint::decode(&with.encode().unwrap()).unwrap()).unwrap();
    assert_eq!(region_of(simulation.world(), AgentId(2)), Some(Region(3)));
    assert_eq!(region_of(simulation.world(), AgentId(1)), None);
    assert_eq!(simulation.state_hash(), with.state_hash);
}
