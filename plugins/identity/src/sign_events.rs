//! Events that whom they come from signs: what is said can be proven later.

use std::sync::Arc;

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;
use agent2028_core::event::{Event, EventBus, EventFilter};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use bevy::prelude::*;

use crate::canonical::{Canonical, Digest};
use crate::config::IdentityConfig;
use crate::identities::{Identities, SignRequest};
use crate::timestamp::Timestamp;

/// The context of these signatures.
pub const EVENT: &str = "agent2028.event";

/// The name of the subscription.
const SUBSCRIPTION: &str = "identity";

/// So many signatures of events are kept for those who look at them later; those of the last tick always are.
const KEPT: usize = 1024;

/// When agents sign what they have said in a tick: after the tick has ended, before it is written down anywhere.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignEvents;

/// The digest of what an event says: kind, priority, words, and the type and fields of the value that it carries.
#[must_use]
pub fn event_digest(kind: &str, priority: u8, text: &str, value: Option<(&str, &str)>) -> Digest {
    let (name, fields) = value.unwrap_or_default();
    let said = Canonical::new("agent2028.event-content.v1").text(kind).number(u64::from(priority)).text(text);
    said.text(name).text(fields).digest()
}

/// The bytes that an agent signs of an event: its id, its kind, whose it is, and the [digest](event_digest) of what it says.
/// A ledger's entry holds all of them, so that whoever has the entry can check the signature.
#[must_use]
pub fn statement(id: &[u8; 16], kind: &str, source: AgentId, content: &Digest) -> Vec<u8> {
    Canonical::new(EVENT).bytes(id).text(kind).number(u64::from(source.0)).bytes(&content.0).finish()
}

/// The bytes of an event that are signed; nothing if it is nobody's, or carries a value that can't be written down.
#[must_use]
pub fn event_bytes(event: &Event, dice: &SimRng) -> Option<Vec<u8>> {
    let (text, value) = (event.text(), event.payload.typed().ok()?);
    let value = value.as_ref().map(|(name, fields)| (*name, fields.as_str()));
    let content = event_digest(event.kind.name, event.priority, &text, value);
    Some(statement(event.id(dice).as_bytes(), event.kind.name, event.source?, &content))
}

/// Subscribes to the kinds that are signed.
pub(crate) fn subscribe(config: &IdentityConfig, bus: &mut EventBus) {
    if !config.signed_events.is_empty() {
        bus.subscribe(SUBSCRIPTION, EventFilter::named(config.signed_events.iter().cloned()));
    }
}

/// Signs what the agents said in the tick.
pub(crate) fn sign_events(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    workers: Res<Workers>,
    config: Res<IdentityConfig>,
    mut identities: ResMut<Identities>,
    mut bus: ResMut<EventBus>,
) {
    let identities = identities.bypass_change_detection();
    // Whoever writes a run down has said so before its first tick.
    identities.vault.close_unkept_journal();
    if !bus.is_subscribed(SUBSCRIPTION) {
        return;
    }
    let now = Timestamp::now(&clock);
    let events = bus.take(SUBSCRIPTION);
    let mut said: Vec<(AgentId, u64, Vec<u8>)> = events
        .iter()
        .filter(|event| config.signed_events.iter().any(|kind| kind == event.kind.name))
        .filter_map(|event| {
            let source = event.source?;
            identities.keys_of(&dice, source.0, now).ok()?;
            Some((source, event.sequence, event_bytes(event, &dice)?))
        })
        .collect();
    // In the order in which they happened, so that a signature is found by its event's number.
    said.sort_unstable_by_key(|(_, number, _)| *number);
    let requests: Vec<SignRequest> =
        said.iter().map(|(agent, _, data)| SignRequest { agent: *agent, context: EVENT, data }).collect();
    let signatures = identities.sign_batch(&dice, &workers, &requests, now);
    let most = KEPT.max(said.len());
    for ((agent, number, _), signature) in said.iter().zip(signatures) {
        let Ok(signature) = signature else {
            continue;
        };
        // What an event says names agents by their numbers, never by identifiers that follow from keys.
        identities.note_signature(&signature, [agent.0]);
        identities.state.counts.signed_events += 1;
        while identities.event_signatures.len() >= most {
            identities.event_signatures.pop_front();
        }
        identities.event_signatures.push_back((*number, Arc::new(signature)));
    }
}
