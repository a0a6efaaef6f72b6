//! What is known in which region.

use agent2028_core::agent::{AgentGroup, AgentId, Region};
use agent2028_core::event::{EventFilter, EventKind};
use agent2028_core::faults::{Kill, Restart};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_network::config::{RegionPair, TopologyConfig};
use agent2028_network::interventions::{Heal, Partition};
use agent2028_network::region_bus::RegionalBuses;
use bevy::prelude::*;

use crate::scene::{Scene, metric};

const EAST: Region = Region(0);
const WEST: Region = Region(1);
const NORTH: Region = Region(2);

/// Ten agents each in the east, the west and the north, ten ticks a second; 0.7 s from east to west, 0.2 s to the north.
fn three_regions() -> Scene {
    let mut scene = Scene::peers(0, TopologyConfig::Full);
    scene.groups = ["east", "west", "north"]
        .map(|name| AgentGroup { name: name.into(), count: 10, region: name.into(), ..default() })
        .to_vec();
    scene.network.regions.between_ms = 200.0;
    scene.network.regions.pairs = vec![RegionPair { from: "east".into(), to: "west".into(), latency_ms: 700.0 }];
    scene
}

fn buses(simulation: &Simulation) -> &RegionalBuses {
    simulation.world().resource::<RegionalBuses>()
}

/// The ticks in which it became known in a region that an agent failed.
fn failures_known(simulation: &Simulation, region: Region, agent: u32) -> Vec<u64> {
    let bus = buses(simulation).of(region).unwrap();
    let failures = bus.history().filter(|event| event.kind == EventKind::AGENT_FAILED);
    failures.filter(|event| event.source == Some(AgentId(agent))).map(|event| event.tick).collect()
}

fn kill(simulation: &mut Simulation, agent: u32) {
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(agent)]), duration_s: None });
}

#[test]
fn events_cross_bridges_with_the_latency_of_the_regions() {
    let mut simulation = three_regions().start();
    simulation.run(9);
    kill(&mut simulation, 4);
    simulation.run(12);
    assert_eq!(failures_known(&simulation, EAST, 4), [10]);
    assert_eq!(failures_known(&simulation, NORTH, 4), [12]);
    assert_eq!(failures_known(&simulation, WEST, 4), [17]);
    assert_eq!((metric(&simulation, "regions.lag"), metric(&simulation, "regions.in_transit")), (0.7, 0.0));
}

#[test]
fn what_an_event_takes_between_regions_is_no_whole_number_of_ticks() {
    for tick_hz in [30.0, 60.0, 1000.0] {
        for ms in [1.0_f32, 20.0, 33.3, 150.0] {
            let mut scene = Scene { tick_hz, ..three_regions() };
            scene.network.regions.between_ms = ms;
            scene.network.regions.pairs.clear();
            let mut simulation = scene.start();
            simulation.run(9);
            kill(&mut simulation, 4);
            let ticks = (f64::from(ms) * tick_hz / 1e3).ceil() as u64;
            simulation.run(1 + ticks);
            assert_eq!(failures_known(&simulation, NORTH, 4), [10 + ticks], "{ms} ms at {tick_hz} Hz");
            let lag = metric(&simulation, "regions.lag") * 1e3;
            assert!((lag - f64::from(ms)).abs() < 1e-4, "{lag} ms for {ms} at {tick_hz} Hz");
        }
    }
}

#[test]
fn nothing_crosses_a_partition_and_all_comes_when_it_heals() {
    let mut simulation = three_regions().start();
    simulation.run(9);
    simulation.intervene(Partition { select: Selector::InRegion("west".into()), duration_s: None });
    kill(&mut simulation, 4);
    simulation.run(2);
    kill(&mut simulation, 15);
    simulation.run(40);
    assert_eq!((failures_known(&simulation, WEST, 4), failures_known(&simulation, EAST, 15)), (vec![], vec![]));
    assert_eq!(failures_known(&simulation, NORTH, 4), [12]);
    simulation.intervene(Heal::default());
    simulation.run(1);
    assert_eq!((failures_known(&simulation, WEST, 4), failures_known(&simulation, EAST, 15)), (vec![52], vec![52]));
    let counts = buses(&simulation).counts();
    assert_eq!(counts.sent, counts.arrived + buses(&simulation).in_transit());
    assert!(counts.arrived > 0);
}

#[test]
fn a_region_in_which_nobody_acts_has_no_bridge() {
    let mut simulation = three_regions().start();
    simulation.run(9);
    simulation.intervene(Kill { select: Selector::InRegion("west".into()), duration_s: None });
    simulation.run(30);
    assert_eq!(failures_known(&simulation, WEST, 12), [10], "it is known at home, for whoever comes back");
    assert_eq!(failures_known(&simulation, NORTH, 12), [0; 0]);
    simulation.intervene(Restart { select: Selector::Ids(vec![AgentId(17)]) });
    simulation.run(2);
    assert_eq!(failures_known(&simulation, NORTH, 12).len(), 1);
}

#[test]
fn who_listens_in_a_region_hears_all_that_becomes_known_there() {
    let mut simulation = three_regions().start();
    let filter = EventFilter::kinds([EventKind::AGENT_FAILED]);
    let mut buses = simulation.world_mut().resource_mut::<RegionalBuses>();
    buses.of_mut(WEST).unwrap().subscribe("ear", filter);
    for agent in 0..20 {
        kill(&mut simulation, agent);
        simulation.run(3);
    }
    simulation.run(10);
    let mut buses = simulation.world_mut().resource_mut::<RegionalBuses>();
    let mut heard: Vec<u32> =
        buses.of_mut(WEST).unwrap().take("ear").iter().filter_map(|event| event.source).map(|agent| agent.0).collect();
    heard.sort_unstable();
    // One of the east falls silent every three ticks, the last in tick 28: what had not crossed by then still waits.
    assert_eq!(heard, (0..7).chain(10..20).collect::<Vec<_>>());
    assert_eq!(buses.crossing(EAST, WEST), 3);
}

#[test]
fn a_resumed_run_knows_in_each_region_what_one_that_ran_through_knows() {
    let mut through = three_regions().start();
    through.run(9);
    kill(&mut through, 4);
    kill(&mut through, 13);
    through.run(3);
    assert!(buses(&through).in_transit() > 0, "something is on its way");
    let saved = through.checkpoint();
    through.run(20);
    let mut resumed = three_regions().start();
    resumed.restore(&saved).unwrap();
    resumed.run(20);
    assert_eq!(resumed.state_hash(), through.state_hash());
    assert_eq!(failures_known(&resumed, WEST, 4), failures_known(&through, WEST, 4));
    assert_eq!(buses(&resumed).counts(), buses(&through).counts());
}
