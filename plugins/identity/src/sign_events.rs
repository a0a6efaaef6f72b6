//! Events that whom they come from signs: what is said can be proven later.

use std::sync::Arc;

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;
use agent2028_core::event::{Event, EventBus, EventFilter};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use bevy::prelude::*;

use crate::canonical::Canonical;
use crate::config::IdentityConfig;
use crate::identities::{Identities, SignRequest};
use crate::timestamp::Timestamp;

/// The context of these signatures.
pub const EVENT: &str = "agent2028.event";

/// The name of the subscription.
const SUBSCRIPTION: &str = "identity";

/// So many signatures of events are kept for those who want to write them down.
const KEPT: usize = 1024;

/// The bytes of an event that are signed.
#[must_use]
pub fn event_bytes(event: &Event) -> Vec<u8> {
    let source = event.source.map_or(u64::MAX, |agent| u64::from(agent.0));
    Canonical::new(EVENT)
        .number(event.sequence)
        .number(event.tick)
        .text(event.kind.name)
        .number(source)
        .text(&event.text())
        .finish()
}

/// Subscribes to the kinds that are signed.
pub(crate) fn subscribe(config: &IdentityConfig, bus: &mut EventBus) {
    if !config.signed_events.is_empty() {
        bus.subscribe(SUBSCRIPTION, EventFilter::named(config.signed_events.iter().cloned()));
    }
}

/// Signs what the agents said since the last tick.
pub(crate) fn sign_events(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    workers: Res<Workers>,
    config: Res<IdentityConfig>,
    mut identities: ResMut<Identities>,
    mut bus: ResMut<EventBus>,
) {
    if !bus.is_subscribed(SUBSCRIPTION) {
        return;
    }
    let identities = identities.bypass_change_detection();
    let now = Timestamp::now(&clock);
    let events = bus.take(SUBSCRIPTION);
    let said: Vec<(AgentId, u64, Vec<u8>)> = events
        .iter()
        .filter(|event| config.signed_events.iter().any(|kind| kind == event.kind.name))
        .filter_map(|event| {
            let source = event.source?;
            identities.keys_of(&dice, source.0, now).ok()?;
            Some((source, event.sequence, event_bytes(event)))
        })
        .collect();
    let requests: Vec<SignRequest> =
        said.iter().map(|(agent, _, data)| SignRequest { agent: *agent, context: EVENT, data }).collect();
    let signatures = identities.sign_batch(&dice, &workers, &requests, now);
    for ((_, number, _), signature) in said.iter().zip(signatures) {
        let Ok(signature) = signature else {
            continue;
        };
        identities.note_signature(&signature);
        identities.state.counts.signed_events += 1;
        if identities.event_signatures.len() == KEPT {
            identities.event_signatures.pop_front();
        }
        identities.event_signatures.push_back((*number, Arc::new(signature)));
    }
}
