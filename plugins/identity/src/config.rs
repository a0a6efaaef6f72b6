//! The scene's section `identity`.

mod check;

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::revocation::ListChecks;
use crate::suite::SuiteId;
use crate::validator::Checks;

/// Who has keys, who vouches for whom, and what is proven with it. Without this section nobody has keys.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// The groups whose agents have keys; all if the list is empty.
    pub agents: Vec<String>,
    /// The suite of their keys.
    pub suite: SuiteId,
    /// Groups whose keys are of another suite.
    pub suites: Vec<GroupSuite>,
    /// Which suites groups can do in sealed channels, where these agree on one. A group that isn't named can do all to open a
    /// channel, and that of its keys to accept one.
    pub offers: Vec<GroupOffer>,
    /// The groups whose agents are believed without being attested: every chain begins with one of them.
    pub roots: Vec<String>,
    /// What is attested at the start and to agents that join later.
    pub attestations: Vec<AttestationConfig>,
    /// What is delegated at the start and to agents that join later.
    pub delegations: Vec<DelegationConfig>,
    /// Who uses capabilities, and before whom.
    pub requests: Vec<RequestConfig>,
    /// Who talks through sealed channels.
    pub channels: Vec<ChannelConfig>,
    /// Kinds of events that the agent they come from signs, such as `"PartitionBegan"`.
    pub signed_events: Vec<String>,
    /// What is checked when a capability is used or a message arrives.
    pub checks: ChecksConfig,
    /// How many issuers may stand between a root and an agent.
    #[reflect(@Range::new(0.0, 16.0))]
    pub max_issuers: u32,
    /// How many delegations a chain may have.
    #[reflect(@Range::new(0.0, 16.0))]
    pub max_delegations: u32,
    /// How revocation lists spread.
    pub revocations: RevocationConfig,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            agents: Vec::new(),
            suite: SuiteId::HybridFips,
            suites: Vec::new(),
            offers: Vec::new(),
            roots: Vec::new(),
            attestations: Vec::new(),
            delegations: Vec::new(),
            requests: Vec::new(),
            channels: Vec::new(),
            signed_events: Vec::new(),
            checks: ChecksConfig::default(),
            max_issuers: 3,
            max_delegations: 4,
            revocations: RevocationConfig::default(),
        }
    }
}

/// A group whose keys are of another suite.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct GroupSuite {
    /// The group.
    pub agents: String,
    /// Its suite.
    pub suite: SuiteId,
}

/// The suites that a group can do in sealed channels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct GroupOffer {
    /// The group.
    pub agents: String,
    /// What its agents offer when they open a channel, and what they accept when one is opened to them. The two ends take the
    /// first of `HybridFips`, `HybridCrystals` that both can do; where there is none, the channel isn't opened.
    pub suites: Vec<SuiteId>,
}

/// Every agent of one group is attested a capability by an agent of another.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AttestationConfig {
    /// The group that attests. Its agents take turns.
    pub by: String,
    /// The group that is attested to.
    pub to: String,
    /// The capability, or a pattern such as `"database.*"`; `"identity.issue.database.*"` makes issuers of it.
    pub capability: String,
    /// The group before whose agents it holds; before all if empty.
    pub audience: String,
    /// For how long it holds.
    #[reflect(@Range::new(0.001, 1e9), @Unit("s"))]
    pub valid_s: f32,
    /// Whether it is issued anew before it ends.
    pub renew: bool,
}

impl Default for AttestationConfig {
    fn default() -> Self {
        Self {
            by: String::new(),
            to: String::new(),
            capability: String::new(),
            audience: String::new(),
            valid_s: 3600.0,
            renew: true,
        }
    }
}

/// Every agent of one group is delegated a capability by an agent of another.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DelegationConfig {
    /// The group that delegates. Its agents take turns.
    pub by: String,
    /// The group that is delegated to.
    pub to: String,
    /// The capability, or a pattern such as `"database.*"`.
    pub capability: String,
    /// For how long it holds; no longer than what it rests on.
    #[reflect(@Range::new(0.001, 1e9), @Unit("s"))]
    pub valid_s: f32,
    /// Whether it may be passed on.
    pub redelegable: bool,
    /// Whether it is granted anew before it ends.
    pub renew: bool,
}

impl Default for DelegationConfig {
    fn default() -> Self {
        Self {
            by: String::new(),
            to: String::new(),
            capability: String::new(),
            valid_s: 3600.0,
            redelegable: true,
            renew: true,
        }
    }
}

/// The agents of a group use a capability before agents of another, who ask for proof.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RequestConfig {
    /// The group that uses it.
    pub by: String,
    /// The group before whose agents it is used; each time one of them by chance.
    pub at: String,
    /// The capability.
    pub capability: String,
    /// How often each agent uses it.
    #[reflect(@Range::new(0.0, 1e4), @Unit("1/s"))]
    pub per_second: f32,
}

impl Default for RequestConfig {
    fn default() -> Self {
        Self { by: String::new(), at: String::new(), capability: String::new(), per_second: 1.0 }
    }
}

/// Each agent of one group has a sealed channel with one of another.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelConfig {
    /// The group that opens channels.
    pub from: String,
    /// The group that they lead to. Its agents take turns.
    pub to: String,
    /// How often each end sends a message.
    #[reflect(@Range::new(0.0, 1e4), @Unit("1/s"))]
    pub per_second: f32,
    /// How long a message is.
    #[reflect(@Range::new(0.0, 65_536.0), @Unit("B"))]
    pub bytes: u32,
}

impl Default for ChannelConfig {
    fn default() -> Self {
        Self { from: String::new(), to: String::new(), per_second: 1.0, bytes: 64 }
    }
}

/// What is checked. All of it by default; leaving something out shows what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ChecksConfig {
    /// Whether signatures hold.
    pub signatures: bool,
    /// Whether links were revoked.
    pub revocations: bool,
    /// Whether links only narrow and shorten.
    pub attenuation: bool,
    /// Whether who shows a chain controls the identity at its end: it must answer a number that was never asked before.
    pub control: bool,
    /// Whether a message in a channel came before.
    pub replays: bool,
    /// Whether a channel was opened with this before.
    pub openings: bool,
    /// Whether the suite of a channel is the best that both ends can do: who opens it compares what the other has heard of the
    /// offer with what was said.
    pub downgrades: bool,
    /// Whether a revocation list is signed by its issuer.
    pub list_signatures: bool,
    /// Whether a revocation list is newer than what is known.
    pub list_numbers: bool,
    /// Whether a witness saw what was signed with keys that were rotated out since, before they were.
    pub witnesses: bool,
}

impl Default for ChecksConfig {
    fn default() -> Self {
        Self {
            signatures: true,
            revocations: true,
            attenuation: true,
            control: true,
            replays: true,
            openings: true,
            downgrades: true,
            list_signatures: true,
            list_numbers: true,
            witnesses: true,
        }
    }
}

impl ChecksConfig {
    /// What a validator checks.
    #[must_use]
    pub fn of_chains(self) -> Checks {
        Checks {
            signatures: self.signatures,
            revocations: self.revocations,
            attenuation: self.attenuation,
            control: self.control,
            witnesses: self.witnesses,
        }
    }

    /// What is checked of revocation lists.
    #[must_use]
    pub fn of_lists(self) -> ListChecks {
        ListChecks { signatures: self.list_signatures, numbers: self.list_numbers }
    }
}

/// How revocation lists spread.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RevocationConfig {
    /// How often an agent compares its lists with those of others.
    #[reflect(@Range::new(0.001, 1e6), @Unit("s"))]
    pub period_s: f32,
    /// With how many others: with anybody, and at once. With a section `network` with neighbours, by messages that take their
    /// time, get lost and stop at partitions as all others.
    #[reflect(@Range::new(0.0, 64.0), @Unit("agents"))]
    pub fanout: u32,
}

impl Default for RevocationConfig {
    fn default() -> Self {
        Self { period_s: 1.0, fanout: 2 }
    }
}
