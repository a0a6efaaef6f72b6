//! Identities, hybrid signatures, attestations, delegations and sealed channels for Agent2028.
//!
//! [`IdentityPlugin`] adds to a simulation:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | when agents are spawned | they get keys, and everybody the papers that the scene asks for |
//! | [`Perceive`](SimSystems::Perceive) | papers are issued anew before they end |
//! | [`Act`](SimSystems::Act) | revocation lists travel where there is a network; agents use capabilities and are asked for proof, messages go through sealed channels |
//! | [`Settle`](SimSystems::Settle) | revocation lists spread where there is none |
//! | [`Observe`](SimSystems::Observe) | metrics |
//! | [`SignEvents`](sign_events::SignEvents), after all of it | events are signed by whom they come from |
//!
//! | module | what it holds |
//! |---|---|
//! | [`suite`] | the suites: a classic and a lattice scheme side by side, behind one trait |
//! | [`canonical`], [`signature`] | what is hashed and signed, and how |
//! | [`did`], [`control`] | identifiers and their documents; proofs that somebody has the keys |
//! | [`attestation`], [`delegation`], [`scope`] | who may use what, and lets whom |
//! | [`revocation`] | what is taken back |
//! | [`validator`] | may this agent use this capability, and why or why not |
//! | [`greeting`], [`channel`] | how two agree on a suite, and sealed channels |
//! | [`secret`], [`vault`] | bytes that never leave, and where private keys are |
//! | [`recorded`] | what is made with keys that nobody could make again |
//! | [`notary`], [`witness`] | services that sign, and one that says since when signatures are there |
//! | [`state`], [`identities`] | what a checkpoint saves, and what follows from it |
//! | [`issue`](identities), [`requests`](config), [`traffic`](config), [`letters`], [`spread`] | what happens in a tick |
//! | [`config`], [`interventions`], [`events`], [`observe`] | the scene's section, attacks, what is told, metrics |

pub mod attestation;
mod base58;
pub mod canonical;
pub mod channel;
pub mod config;
pub mod control;
pub mod delegation;
pub mod did;
pub mod events;
mod explain;
#[cfg(test)]
mod fixture;
pub mod greeting;
pub mod identities;
pub mod interventions;
mod issue;
pub mod letters;
pub mod notary;
pub mod observe;
mod quantities;
pub mod recorded;
mod requests;
pub mod revocation;
pub mod scope;
pub mod secret;
mod section;
pub mod sign_events;
pub mod signature;
pub mod spread;
pub mod state;
pub mod suite;
pub mod timestamp;
mod traffic;
pub mod validator;
pub mod vault;
pub mod witness;

pub use config::IdentityConfig;
pub use events::{
    ATTACK_LET_THROUGH, ATTACK_REFUSED, CAPABILITY_REFUSED, CHANNEL_REFUSED, IDENTITY_ENDED, KEYS_ROTATED, LIST_SPREAD,
    PAPERS_ISSUED, PAPERS_REVOKED,
};
pub use explain::{verdict_now, verdict_of_all_knowing};
pub use identities::Identities;
pub use notary::Notary;
pub use recorded::{Made, Recorded};

use std::sync::Arc;

use agent2028_core::agent::{Carriers, SpawnHooks};
use agent2028_core::checkpoint::{AddCheckpoint, to_bytes};
use agent2028_core::event::{AddEventKinds, EventBus};
use agent2028_core::explain::Explainers;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::parallel::Workers;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::rng::SimRng;
use agent2028_core::{Hook, SimSchedule, SimSystems, TakeTurn, TickEnd};
use bevy::prelude::*;
use letters::Contacts;

/// Keys, papers and what is proven with them. Add it after `SimCorePlugin`, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct IdentityPlugin {
    /// The scene's section.
    pub config: IdentityConfig,
    /// What was made in the run that this one repeats, with keys that nobody could make again.
    pub recorded: Arc<Recorded>,
}

impl Plugin for IdentityPlugin {
    fn build(&self, app: &mut App) {
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::IdentityMetrics::declare(&self.config, &mut metrics);
        sign_events::subscribe(&self.config, &mut app.world_mut().get_resource_or_init::<EventBus>());
        // Where there is a network, lists travel over its links.
        let carriers = app.world().get_resource::<Carriers>().copied();
        let carrier = carriers.map(|carriers| (carriers.0)(app.world_mut(), letters::NAME));
        app.insert_resource(self.config.clone())
            .insert_resource(ids)
            .insert_resource(Identities::repeating(Arc::clone(&self.recorded)))
            .insert_resource(Contacts(carrier))
            .init_resource::<Explainers>()
            .add_section::<IdentityConfig>("identity")
            .checkpoint_custom("identity.state", true, save, load)
            .add_event_kinds(events::KINDS)
            .add_interventions(interventions::interventions);
        app.report_memory("agent2028_identity", "keys, papers and channels", |world| {
            world.get_resource::<Identities>().map_or(0, Identities::bytes)
        });
        quantities::register(app);
        let mut explainers = app.world_mut().resource_mut::<Explainers>();
        explainers.add("identity", explain::explain);
        app.world_mut().get_resource_or_init::<SpawnHooks>().0.push(issue::join);
        let prepare = (issue::follow_rules, issue::renew).chain();
        let sign = sign_events::sign_events.in_set(sign_events::SignEvents).after(TickEnd);
        app.add_systems(SimSchedule, sign);
        let turn = app.take_turn("identity");
        app.add_systems(SimSchedule, prepare.in_set(turn.of(Hook::Welcome)))
            .add_systems(
                SimSchedule,
                (letters::exchange, requests::use_capabilities, traffic::talk).chain().in_set(turn.of(SimSystems::Act)),
            )
            .add_systems(SimSchedule, spread::spread.in_set(turn.of(SimSystems::Settle)))
            .add_systems(SimSchedule, observe::observe.in_set(turn.of(SimSystems::Observe)));
    }
}

/// What is state; secrets, signatures and identifiers follow from it and the scene's seed.
fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<Identities>().map_or(Ok(Vec::new()), |own| to_bytes(own.state()))
}

fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let state: state::State = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    let (dice, workers) = (*world.resource::<SimRng>(), world.resource::<Workers>().clone());
    let mut identities = world.resource_mut::<Identities>();
    identities.restore(state, &dice, &workers)
}
