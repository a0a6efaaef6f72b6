//! What identities tell: kinds of events and what they carry.

use std::fmt;

use agent2028_core::agent::AgentId;
use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::state::AttackKind;
use crate::validator::LinkError;

/// Papers were issued by a rule of the scene. Carries a [`PapersIssued`].
pub const PAPERS_ISSUED: EventKind = EventKind::new("PapersIssued", 3);
/// An agent that is honest was refused a capability. Carries a [`Refusal`].
pub const CAPABILITY_REFUSED: EventKind = EventKind::new("CapabilityRefused", 5);
/// Somebody who isn't honest was refused for the first time in a second. Carries a [`Refusal`].
pub const ATTACK_REFUSED: EventKind = EventKind::new("AttackRefused", 5);
/// Somebody who isn't honest was let through, for the first time. Carries an [`Intrusion`].
pub const ATTACK_LET_THROUGH: EventKind = EventKind::new("AttackLetThrough", 8);
/// Keys were rotated. Carries a [`KeysRotated`].
pub const KEYS_ROTATED: EventKind = EventKind::new("KeysRotated", 4);
/// An identity has ended for good. Carries an [`IdentityEnded`].
pub const IDENTITY_ENDED: EventKind = EventKind::new("IdentityEnded", 6);
/// Somebody takes papers back. Carries a [`PapersRevoked`].
pub const PAPERS_REVOKED: EventKind = EventKind::new("PapersRevoked", 6);
/// Everybody knows the newest revocation list of somebody. Carries a [`ListSpread`].
pub const LIST_SPREAD: EventKind = EventKind::new("RevocationsKnown", 4);
/// A sealed channel could not be opened, for the first time. Carries a [`ChannelRefused`].
pub const CHANNEL_REFUSED: EventKind = EventKind::new("ChannelRefused", 5);

/// What this crate declares: the kinds of events that it tells beside those of the core.
pub const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        PAPERS_ISSUED,
        "Papers issued",
        "\u{e873}",
        Tone::Good,
        "A rule of the scene issued attestations or delegations.",
    )
    .carries::<PapersIssued>(),
    EventDeclaration::new(
        CAPABILITY_REFUSED,
        "Capability refused",
        "\u{f08c}",
        Tone::Warning,
        "An honest agent was refused a capability.",
    )
    .carries::<Refusal>(),
    EventDeclaration::new(
        ATTACK_REFUSED,
        "Attack refused",
        "\u{e9e0}",
        Tone::Good,
        "Somebody who is not honest was refused, for the first time in a second.",
    )
    .carries::<Refusal>(),
    EventDeclaration::new(
        ATTACK_LET_THROUGH,
        "Attack let through",
        "\u{f012}",
        Tone::Danger,
        "Somebody who is not honest was let through, for the first time.",
    )
    .carries::<Intrusion>(),
    EventDeclaration::new(KEYS_ROTATED, "Keys rotated", "\u{e73c}", Tone::Info, "An agent has new keys.")
        .carries::<KeysRotated>(),
    EventDeclaration::new(
        IDENTITY_ENDED,
        "Identity ended",
        "\u{f03e}",
        Tone::Warning,
        "An identity is deactivated for good.",
    )
    .carries::<IdentityEnded>(),
    EventDeclaration::new(
        PAPERS_REVOKED,
        "Papers revoked",
        "\u{e14e}",
        Tone::Warning,
        "An agent takes back attestations or delegations.",
    )
    .carries::<PapersRevoked>(),
    EventDeclaration::new(
        LIST_SPREAD,
        "Revocations known",
        "\u{ef49}",
        Tone::Good,
        "Everybody knows the newest revocation list of an agent.",
    )
    .carries::<ListSpread>(),
    EventDeclaration::new(
        CHANNEL_REFUSED,
        "Channel refused",
        "\u{eb7a}",
        Tone::Warning,
        "A sealed channel could not be opened, for the first time.",
    )
    .carries::<ChannelRefused>(),
];

macro_rules! payload {
    ($($kind:ident),*) => {
        $(impl EventPayload for $kind {
            const NAME: &'static str = stringify!($kind);
        })*
    };
}

payload!(PapersIssued, Refusal, Intrusion, KeysRotated, IdentityEnded, PapersRevoked, ListSpread, ChannelRefused);

/// What a [`PAPERS_ISSUED`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct PapersIssued {
    /// How many.
    pub papers: u64,
    /// Whether they are delegations; else attestations.
    pub delegated: bool,
    /// The capability.
    pub capability: String,
}

impl fmt::Display for PapersIssued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.delegated { "delegations" } else { "attestations" };
        write!(f, "{} {what} of {} issued", self.papers, self.capability)
    }
}

/// What a [`CAPABILITY_REFUSED`] or an [`ATTACK_REFUSED`] carries; its source is who was refused.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct Refusal {
    /// Who refused.
    pub by: AgentId,
    /// The capability.
    pub capability: String,
    /// Why.
    pub error: LinkError,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent {} refuses it {}: {}", self.by.0, self.capability, self.error)
    }
}

/// What an [`ATTACK_LET_THROUGH`] carries; its source is who isn't honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct Intrusion {
    /// Who let it through.
    pub by: AgentId,
    /// How.
    pub kind: AttackKind,
    /// In whose name, or with whose papers or messages.
    pub victim: AgentId,
}

impl fmt::Display for Intrusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by, victim) = (self.by.0, self.victim.0);
        match self.kind {
            AttackKind::ForgeSignature => write!(f, "agent {by} believes what it signed in the name of agent {victim}"),
            AttackKind::StealDelegation => write!(f, "agent {by} accepts the papers of agent {victim} from it"),
            AttackKind::Impersonate => write!(f, "agent {by} takes it for agent {victim}"),
            AttackKind::ReplayMessages => write!(f, "agent {by} accepts a message of agent {victim} once more"),
            AttackKind::ForgeList => {
                write!(f, "agent {by} takes over a list that it signed in the name of agent {victim}")
            }
            AttackKind::RollbackList => write!(f, "agent {by} takes over an old list of agent {victim} as the newest"),
            AttackKind::ReplayOpening => write!(f, "agent {by} opens its channel with agent {victim} once more"),
            AttackKind::StealOldKey => {
                write!(f, "agent {by} believes what it dated back with an old key of agent {victim}")
            }
            AttackKind::StripOffers => {
                write!(f, "agents {victim} and {by} use a weaker suite, as it struck the better one from the offer")
            }
        }
    }
}

/// What a [`KEYS_ROTATED`] carries; its source is whose keys they are.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct KeysRotated {
    /// How often this agent's keys were rotated now.
    pub rotations: u32,
}

impl fmt::Display for KeysRotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "new keys, rotation {}", self.rotations)
    }
}

/// What an [`IDENTITY_ENDED`] carries; its source is whose identity it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct IdentityEnded;

impl fmt::Display for IdentityEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its identity is deactivated")
    }
}

/// What a [`PAPERS_REVOKED`] carries; its source is who takes them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct PapersRevoked {
    /// How many.
    pub papers: u64,
    /// The number of the list that says so.
    pub list: u32,
}

impl fmt::Display for PapersRevoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.papers {
            0 => write!(f, "begins a new epoch with list {}", self.list),
            1 => write!(f, "takes back a paper with list {}", self.list),
            papers => write!(f, "takes back {papers} papers with list {}", self.list),
        }
    }
}

/// What a [`LIST_SPREAD`] carries; its source is whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct ListSpread {
    /// The list's number.
    pub list: u32,
    /// How long it took until everybody knew it, in milliseconds of simulated time.
    pub after_ms: i64,
}

impl fmt::Display for ListSpread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "everybody knows its list {} after {:.1} s", self.list, self.after_ms as f64 / 1000.0)
    }
}

/// What a [`CHANNEL_REFUSED`] carries; its source is who wanted to open it.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct ChannelRefused {
    /// To whom.
    pub to: AgentId,
    /// Why not, in words.
    pub why: String,
}

impl fmt::Display for ChannelRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no channel to agent {}: {}", self.to.0, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::event::EventBus;

    #[test]
    fn what_is_told_can_be_read_as_words_and_as_values() {
        let mut bus = EventBus::default();
        let who = Some(AgentId(4));
        let (by, victim, capability) = (AgentId(2), AgentId(3), String::from("mail.send"));
        bus.publish(PAPERS_ISSUED, None, PapersIssued { papers: 3, delegated: true, capability: capability.clone() });
        bus.publish(CAPABILITY_REFUSED, who, Refusal { by, capability, error: LinkError::NotRedelegable });
        for kind in AttackKind::ALL {
            bus.publish(ATTACK_LET_THROUGH, who, Intrusion { by, kind, victim });
        }
        bus.publish(KEYS_ROTATED, who, KeysRotated { rotations: 2 });
        bus.publish(IDENTITY_ENDED, who, IdentityEnded);
        bus.publish(PAPERS_REVOKED, who, PapersRevoked { papers: 1, list: 2 });
        bus.publish(LIST_SPREAD, who, ListSpread { list: 2, after_ms: 2500 });
        let why = crate::channel::HelloError::NoCommonSuite.to_string();
        bus.publish(CHANNEL_REFUSED, who, ChannelRefused { to: by, why });
        let texts: Vec<String> = bus.history().map(|event| event.text().into_owned()).collect();
        assert_eq!(
            texts,
            [
                "3 delegations of mail.send issued",
                "agent 2 refuses it mail.send: what it rests on may not be passed on",
                "agent 2 believes what it signed in the name of agent 3",
                "agent 2 accepts the papers of agent 3 from it",
                "agent 2 takes it for agent 3",
                "agent 2 accepts a message of agent 3 once more",
                "agent 2 takes over a list that it signed in the name of agent 3",
                "agent 2 takes over an old list of agent 3 as the newest",
                "agent 2 opens its channel with agent 3 once more",
                "agent 2 believes what it dated back with an old key of agent 3",
                "agents 3 and 2 use a weaker suite, as it struck the better one from the offer",
                "new keys, rotation 2",
                "its identity is deactivated",
                "takes back a paper with list 2",
                "everybody knows its list 2 after 2.5 s",
                "no channel to agent 2: they have no suite in common",
            ]
        );
    }
}
