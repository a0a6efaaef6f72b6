//! A small simulation with a ledger, in which much happens.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, GroupId, spawn_scene_group};
use agent2028_core::faults::{Degrade, Kill, SetParam};
use agent2028_core::intervention::{InterventionQueue, Origin};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_identity::{IdentityConfig, IdentityPlugin};
use agent2028_ledger::{LedgerConfig, LedgerPlugin, Opening};
use agent2028_operations::config::{Poisson, Workload};
use agent2028_operations::{OperationsConfig, OperationsPlugin};
use bevy::prelude::*;

/// A ledger that is written often.
pub fn config() -> LedgerConfig {
    LedgerConfig { state_hash_every_s: Some(0.5), heads_every_s: 1.0, receipts: true, ..default() }
}

/// What the ledger of the simulation begins with.
pub fn opening() -> Opening {
    Opening {
        name: "test".into(),
        scene: "Scene()".into(),
        seed: 7,
        fingerprint: [3; 32],
        files: vec![("agents-0.csv".into(), [4; 32])],
    }
}

/// A simulation of servers that work, fail and come back.
pub fn simulation(config: &LedgerConfig, threads: usize) -> Simulation {
    start(config, None, threads)
}

/// The same with servers that have keys.
pub fn signing_simulation(config: &LedgerConfig, identity: IdentityConfig) -> Simulation {
    start(config, Some(identity), 1)
}

fn start(config: &LedgerConfig, identity: Option<IdentityConfig>, threads: usize) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 7, threads: Some(threads), ..default() });
    let group = AgentGroup { name: "server".into(), count: 20, capabilities: vec!["a.b".into()], ..default() };
    app.world_mut().resource_mut::<AgentGroups>().add(group);
    let workload = Workload::Poisson(Poisson { per_second: 40.0, capability: "a.b".into(), ..default() });
    let operations = OperationsConfig { workload: vec![workload], ..default() };
    app.add_plugins(OperationsPlugin { config: operations, ..default() });
    if let Some(config) = identity {
        app.add_plugins(IdentityPlugin { config, ..default() });
    }
    app.add_plugins(LedgerPlugin { config: config.clone(), opening: opening() });
    app.finish();
    app.cleanup();
    spawn_scene_group(app.world_mut(), GroupId(0)).unwrap();
    let mut queue = app.world_mut().resource_mut::<InterventionQueue>();
    queue.push(20, Origin::Scene, Kill { select: Selector::Count(3), duration_s: Some(1.0) });
    queue.push(40, Origin::User, Degrade { select: Selector::Count(2), ..default() });
    queue.push(50, Origin::User, SetParam { path: "nothing.there".into(), ..default() });
    Simulation::new(std::mem::take(app.world_mut()))
}
