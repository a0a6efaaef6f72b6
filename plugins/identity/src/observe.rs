//! The plugin's metrics.

use agent2028_core::clock::SimClock;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use crate::config::IdentityConfig;
use crate::identities::Identities;
use crate::state::AttackKind;
use crate::suite::SuiteId;

/// The numbers of the plugin's metrics in this run.
#[derive(Resource)]
pub struct IdentityMetrics {
    members: MetricId,
    papers: MetricId,
    signatures: MetricId,
    verifications: MetricId,
    rotations: MetricId,
    requests: MetricId,
    allowed: MetricId,
    refused: MetricId,
    stale: MetricId,
    attempts: MetricId,
    let_through: MetricId,
    let_through_ratio: MetricId,
    recently_refused: MetricId,
    recently_let_through: MetricId,
    by_kind: [(MetricId, MetricId); AttackKind::COUNT],
    lists_refused: MetricId,
    list_bytes: MetricId,
    revoked: MetricId,
    known: MetricId,
    channels: Option<ChannelMetrics>,
    signed_events: Option<MetricId>,
}

struct ChannelMetrics {
    open: MetricId,
    by_suite: [MetricId; SuiteId::ALL.len()],
    none: MetricId,
    messages: MetricId,
    lost: MetricId,
    bytes: MetricId,
}

/// What metrics call an attack: names and meanings of how often it was tried and let through.
const fn names(kind: AttackKind) -> [(&'static str, &'static str); 2] {
    match kind {
        AttackKind::ForgeSignature => [
            ("identity.forged", "How often somebody showed papers that it had signed in another's name."),
            ("identity.forged_through", "How often papers that somebody had signed in another's name were believed."),
        ],
        AttackKind::StealDelegation => [
            ("identity.stolen", "How often somebody showed another's papers."),
            ("identity.stolen_through", "How often papers were accepted from somebody whose they weren't."),
        ],
        AttackKind::Impersonate => [
            ("identity.impersonated", "How often somebody said that it was another."),
            ("identity.impersonated_through", "How often somebody was taken for another."),
        ],
        AttackKind::ReplayMessages => [
            ("identity.replayed", "How often somebody sent a message of others again."),
            ("identity.replayed_through", "How often a message was accepted once more."),
        ],
        AttackKind::ForgeList => [
            (
                "identity.lists_forged",
                "How often somebody offered revocation lists that it had signed in another's name.",
            ),
            ("identity.lists_forged_through", "How often such lists were taken over."),
        ],
        AttackKind::RollbackList => [
            ("identity.lists_rolled_back", "How often somebody offered an old revocation list as the newest."),
            ("identity.lists_rolled_back_through", "How often such a list was taken over."),
        ],
        AttackKind::ReplayOpening => [
            ("identity.reopened", "How often somebody sent what had opened a channel of others again, and a message."),
            ("identity.reopened_through", "How often the channel was opened once more and the message accepted."),
        ],
        AttackKind::StealOldKey => [
            (
                "identity.dated_back",
                "How often somebody showed papers that it had signed with a stolen key that was rotated out, dated back.",
            ),
            ("identity.dated_back_through", "How often such papers were believed."),
        ],
        AttackKind::StripOffers => [
            (
                "identity.offers_stripped",
                "How often somebody struck the better suites from what others offered when they opened a channel.",
            ),
            ("identity.offers_stripped_through", "How often a channel was opened all the same, with a weaker suite."),
        ],
    }
}

impl IdentityMetrics {
    /// Declares the metrics of a scene.
    #[must_use]
    pub fn declare(config: &IdentityConfig, metrics: &mut Metrics) -> Self {
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            members: cheap(
                "identity.members",
                "agents",
                "How many agents have keys and an identity that hasn't ended.",
            ),
            papers: cheap("identity.papers", "papers", "How many attestations and delegations there are."),
            signatures: cheap("identity.signatures", "signatures", "How many signatures were made."),
            verifications: cheap(
                "identity.verifications",
                "signatures",
                "How many proofs of control, openings of channels, revocation lists and other signatures that are seen once were checked.",
            ),
            rotations: cheap("identity.rotations", "rotations", "How often keys were rotated."),
            requests: cheap("identity.requests", "requests", "How often honest agents used a capability."),
            allowed: cheap("identity.allowed", "requests", "How many of these uses were allowed."),
            refused: cheap(
                "identity.refused_ratio",
                "",
                "The share of honest uses that were refused, 0 to 1; 0 before the first.",
            ),
            stale: cheap(
                "identity.stale",
                "requests",
                "How many uses were allowed though something in the chain had been revoked, because it hadn't been heard of yet.",
            ),
            attempts: cheap("identity.attacks", "attempts", "How often somebody who isn't honest tried something."),
            let_through: cheap("identity.let_through", "attempts", "How many of these attempts were let through."),
            let_through_ratio: cheap(
                "identity.let_through_ratio",
                "",
                "The share of attempts by those who aren't honest that were let through, 0 to 1; 0 before the first.",
            ),
            recently_refused: cheap(
                "identity.refused_now",
                "",
                "The share of honest uses that were refused in the last whole second that had any, 0 to 1; 0 before the first.",
            ),
            recently_let_through: cheap(
                "identity.let_through_now",
                "",
                "The share of attempts by those who aren't honest that were let through in the last whole second that had any, 0 to 1; 0 before the first.",
            ),
            by_kind: AttackKind::ALL.map(|kind| {
                let [tried, through] = names(kind).map(|(name, help)| cheap(name, "attempts", help));
                (tried, through)
            }),
            lists_refused: cheap(
                "identity.lists_refused",
                "lists",
                "How often an agent was offered revocation lists that it didn't take over.",
            ),
            list_bytes: cheap("identity.list_bytes", "B", "How many bytes of revocation lists agents sent each other."),
            revoked: cheap("identity.revoked", "papers", "How many papers were taken back."),
            known: cheap(
                "identity.revocations_known",
                "",
                "The share of agents that know the revocation list that is known least, 0 to 1; 1 without any.",
            ),
            channels: (!config.channels.is_empty()).then(|| ChannelMetrics {
                open: cheap("identity.channels", "channels", "How many sealed channels were opened."),
                by_suite: SuiteId::ALL.map(|suite| {
                    let (name, help) = match suite {
                        SuiteId::HybridFips => {
                            ("identity.channels_fips", "How many sealed channels use the suite HybridFips.")
                        }
                        SuiteId::HybridCrystals => {
                            ("identity.channels_crystals", "How many sealed channels use the suite HybridCrystals.")
                        }
                    };
                    cheap(name, "channels", help)
                }),
                none: cheap(
                    "identity.channels_missing",
                    "channels",
                    "How many sealed channels are not open, because the two ends have no suite in common or somebody has tampered with the offer.",
                ),
                messages: cheap("identity.messages", "messages", "How many messages arrived through channels."),
                lost: cheap(
                    "identity.lost_messages",
                    "messages",
                    "How many messages that were sent once were refused. 0, unless somebody opens channels anew.",
                ),
                bytes: cheap("identity.sealed_bytes", "B", "How many bytes went through channels, sealed."),
            }),
            signed_events: (!config.signed_events.is_empty()).then(|| {
                cheap("identity.signed_events", "events", "How many events were signed by the agent they come from.")
            }),
        }
    }
}

/// Records the metrics.
pub(crate) fn observe(
    clock: Res<SimClock>,
    mut identities: ResMut<Identities>,
    ids: Res<IdentityMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    let identities = identities.bypass_change_detection();
    identities.state.close_second(&clock);
    let least_reach = identities.least_reach();
    let (state, counts) = (identities.state(), &identities.state().counts);
    let mut record = |id: MetricId, value: f64| metrics.record(id, value);
    record(ids.members, state.members.iter().filter(|member| member.ended.is_none()).count() as f64);
    record(ids.papers, state.papers.len() as f64);
    record(ids.signatures, counts.signed as f64);
    record(ids.verifications, counts.verified as f64);
    record(ids.rotations, state.members.iter().map(|member| member.since.len() as u64 - 1).sum::<u64>() as f64);
    record(ids.requests, counts.requests as f64);
    record(ids.allowed, counts.allowed as f64);
    record(ids.refused, (counts.requests - counts.allowed) as f64 / counts.requests.max(1) as f64);
    record(ids.stale, counts.stale as f64);
    let [attempts, let_through] = [counts.attempts, counts.let_through].map(|by_kind| by_kind.iter().sum::<u64>());
    record(ids.attempts, attempts as f64);
    record(ids.let_through, let_through as f64);
    record(ids.let_through_ratio, let_through as f64 / attempts.max(1) as f64);
    let (window, refused) = (&state.window, state.window.requests - state.window.allowed);
    record(ids.recently_refused, refused as f64 / window.requests.max(1) as f64);
    record(ids.recently_let_through, window.let_through as f64 / window.attempts.max(1) as f64);
    for (kind, (tried, through)) in ids.by_kind.iter().enumerate() {
        record(*tried, counts.attempts[kind] as f64);
        record(*through, counts.let_through[kind] as f64);
    }
    record(ids.revoked, counts.revoked as f64);
    record(ids.lists_refused, counts.lists_refused as f64);
    record(ids.list_bytes, counts.list_bytes as f64);
    record(ids.known, least_reach.unwrap_or(1.0));
    if let Some(channels) = &ids.channels {
        record(channels.open, counts.channels.iter().sum::<u64>() as f64);
        for (id, count) in channels.by_suite.iter().zip(counts.channels) {
            record(*id, count as f64);
        }
        let missing = state.channels.iter().filter(|channel| channel.opened.is_none() && channel.refused.is_some());
        record(channels.none, missing.count() as f64);
        record(channels.messages, counts.messages as f64);
        record(channels.lost, counts.lost_messages as f64);
        record(channels.bytes, counts.sealed_bytes as f64);
    }
    if let Some(signed_events) = ids.signed_events {
        record(signed_events, counts.signed_events as f64);
    }
}
