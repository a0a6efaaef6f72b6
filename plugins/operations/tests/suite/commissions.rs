//! Operations that are asked of a certain agent.

use agent2028_core::agent::{AgentId, Tier};
use agent2028_core::faults::{Kill, WithdrawCapability};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_operations::config::{QueueConfig, RetryConfig, ServiceTime};
use agent2028_operations::engine::{Commission, CommissionEnd};
use agent2028_operations::session::Outcome;
use agent2028_operations::{OperationsConfig, Strategy, with_ground};
use bevy::prelude::*;

use crate::scene::{QUERY, Scene, group, operations, poisson};

fn ask(simulation: &mut Simulation, agent: u32, count: u32) {
    let world = simulation.world_mut();
    with_ground(world, |operations, ground| {
        let session = operations.open_session();
        for reference in 0..count {
            let (agent, buyer) = (AgentId(agent), AgentId(99));
            operations.commission(ground, Commission { agent, buyer, capability: QUERY, reference, session });
        }
        assert!(operations.conserves());
    });
}

fn taken(simulation: &mut Simulation) -> Vec<CommissionEnd> {
    let mut ends = Vec::new();
    let world = simulation.world_mut();
    world.resource_mut::<agent2028_operations::Operations>().take_commissions(&mut ends);
    ends
}

fn scene(config: OperationsConfig) -> Scene {
    Scene::new(vec![group("db", 5, 2)], config)
}

fn quick() -> OperationsConfig {
    OperationsConfig {
        service: ServiceTime::Constant { ms: 20.0 },
        queue: QueueConfig { capacity: 64, ..default() },
        ..default()
    }
}

#[test]
fn the_agent_that_is_asked_does_it_whatever_routing_would_say() {
    for strategy in Strategy::ALL {
        let mut simulation = scene(OperationsConfig { strategy, workload: vec![poisson(50.0)], ..quick() }).start();
        simulation.run(5);
        ask(&mut simulation, 3, 20);
        let before: u32 = operations(&simulation).server(AgentId(3)).unwrap().assigned;
        simulation.run(60);
        let ends = taken(&mut simulation);
        assert_eq!(ends.len(), 20, "{strategy:?}");
        assert!(ends.iter().all(|end| end.agent == AgentId(3) && end.outcome == Outcome::Completed), "{strategy:?}");
        let mut references: Vec<u32> = ends.iter().map(|end| end.reference).collect();
        references.sort_unstable();
        assert_eq!(references, (0..20).collect::<Vec<_>>());
        // Two at a time of 20 ms each: the last ones took ten times as long.
        let longest = ends.iter().map(|end| end.latency_us).max().unwrap();
        assert!((190_000..400_000).contains(&longest), "{strategy:?}: {longest}");
        assert!(before >= 20 && operations(&simulation).conserves());
    }
}

#[test]
fn who_is_not_there_or_can_not_do_it_is_not_replaced() {
    let mut simulation = scene(quick()).start();
    simulation.run(2);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(1)]), duration_s: None });
    simulation.intervene(WithdrawCapability { select: Selector::Ids(vec![AgentId(2)]), capability: QUERY.into() });
    simulation.run(2);
    for agent in [1, 2, 77] {
        ask(&mut simulation, agent, 3);
        simulation.run(1);
        let ends = taken(&mut simulation);
        assert_eq!(ends.len(), 3, "agent {agent}");
        assert!(ends.iter().all(|end| end.outcome == Outcome::Rejected), "agent {agent}");
    }
    // Work that is under way is lost with its agent, and told once.
    ask(&mut simulation, 0, 4);
    simulation.run(1);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(0)]), duration_s: None });
    simulation.run(60);
    let ends = taken(&mut simulation);
    assert_eq!(ends.len(), 4);
    assert!(ends.iter().any(|end| end.outcome != Outcome::Completed));
    assert!(operations(&simulation).conserves());
}

#[test]
fn retries_go_to_the_same_agent_and_the_buyer_is_told_with_each_attempt() {
    let retry = RetryConfig { times: 3, backoff_ms: 5.0, ..default() };
    let mut scene = scene(OperationsConfig { retry, ..quick() });
    scene.groups[0].reliability = 0.0;
    let mut simulation = scene.start();
    simulation.world_mut().resource_mut::<agent2028_operations::Operations>().hear_attempts();
    simulation.run(2);
    ask(&mut simulation, 4, 1);
    simulation.run(60);
    let ends = taken(&mut simulation);
    assert_eq!((ends.len(), ends[0].outcome), (1, Outcome::Failed));
    let mut attempts = Vec::new();
    simulation.world_mut().resource_mut::<agent2028_operations::Operations>().take_attempts(&mut attempts);
    assert_eq!(attempts.len(), 4);
    assert!(attempts.iter().all(|attempt| attempt.agent == AgentId(4) && attempt.buyer == Some(AgentId(99))));
}

#[test]
fn members_of_swarms_are_asked_as_well_and_full_queues_refuse() {
    let mut scene = scene(OperationsConfig { queue: QueueConfig { capacity: 2, ..default() }, ..quick() });
    scene.groups[0].tier = Tier::Swarm;
    let mut simulation = scene.start();
    simulation.run(2);
    ask(&mut simulation, 0, 10);
    simulation.run(60);
    let ends = taken(&mut simulation);
    let done = ends.iter().filter(|end| end.outcome == Outcome::Completed).count();
    // Two in work and two that wait; the others find no room.
    assert_eq!((ends.len(), done), (10, 4));
    assert_eq!(operations(&simulation).tier(Tier::Swarm).counts.completed, 4);
}
