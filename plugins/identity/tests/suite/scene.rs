//! Small scenes to run.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, spawn_scene_group};
use agent2028_core::metrics::Metrics;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_identity::config::{AttestationConfig, ChannelConfig, DelegationConfig, IdentityConfig, RequestConfig};
use agent2028_identity::{Identities, IdentityPlugin};
use bevy::prelude::*;

/// A scene.
#[derive(Clone)]
pub struct Scene {
    pub seed: u64,
    pub threads: usize,
    pub groups: Vec<AgentGroup>,
    pub identity: IdentityConfig,
}

impl Scene {
    /// A root (agent 0), two issuers (1, 2), four owners (3 to 6), four helpers of theirs (7 to 10) and three gates (11 to
    /// 13) before which owners and helpers query, twice a second each; ten ticks a second.
    pub fn office() -> Self {
        let group = |name: &str, count| AgentGroup { name: name.into(), count, ..default() };
        let attestation = |by: &str, to: &str, capability: &str, valid_s| AttestationConfig {
            by: by.into(),
            to: to.into(),
            capability: capability.into(),
            valid_s,
            ..default()
        };
        let request = |by: &str| RequestConfig {
            by: by.into(),
            at: "gate".into(),
            capability: "database.query".into(),
            per_second: 2.0,
        };
        Self {
            seed: 1,
            threads: 1,
            groups: vec![group("root", 1), group("issuer", 2), group("owner", 4), group("helper", 4), group("gate", 3)],
            identity: IdentityConfig {
                roots: vec!["root".into()],
                attestations: vec![
                    attestation("root", "issuer", "identity.issue.database.*", 1000.0),
                    attestation("issuer", "owner", "database.*", 900.0),
                ],
                delegations: vec![DelegationConfig {
                    by: "owner".into(),
                    to: "helper".into(),
                    capability: "database.query".into(),
                    valid_s: 800.0,
                    ..default()
                }],
                requests: vec![request("owner"), request("helper")],
                ..default()
            },
        }
    }

    /// Six agents, each with a sealed channel to the next.
    pub fn ring() -> Self {
        let group = AgentGroup { name: "peer".into(), count: 6, ..default() };
        let channel = ChannelConfig { from: "peer".into(), to: "peer".into(), per_second: 10.0, bytes: 48 };
        let identity = IdentityConfig { channels: vec![channel], ..default() };
        Self { seed: 1, threads: 1, groups: vec![group], identity }
    }

    pub fn start(&self) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { seed: self.seed, tick_hz: 10.0, threads: Some(self.threads), ..default() });
        let groups: Vec<_> =
            self.groups.iter().map(|group| app.world_mut().resource_mut::<AgentGroups>().add(group.clone())).collect();
        app.add_plugins(IdentityPlugin { config: self.identity.clone(), ..default() });
        app.finish();
        app.cleanup();
        for group in groups {
            spawn_scene_group(app.world_mut(), group).unwrap();
        }
        Simulation::new(std::mem::take(app.world_mut()))
    }
}

pub fn identities(simulation: &Simulation) -> &Identities {
    simulation.world().resource::<Identities>()
}

pub fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap_or_else(|| panic!("no value of {name}"))
}

pub fn agents(ids: &[u32]) -> Selector {
    Selector::Ids(ids.iter().copied().map(AgentId).collect())
}
