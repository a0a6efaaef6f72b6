//! What a checkpoint saves of identities: who has keys since when, which papers there are and what was taken back, in terms
//! of agents and times. Keys, identifiers and signatures follow from it and from the scene's seed, so no secret is saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::Digest;
use crate::channel::ReplayWindow;
use crate::suite::SuiteId;
use crate::timestamp::Timestamp;
use crate::validator::LinkError;
use crate::vault::Generation;

/// An agent with keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The agent.
    pub agent: u32,
    /// The suite of its keys.
    pub suite: SuiteId,
    /// Since when each generation of its keys is in force, the first one first.
    pub since: Vec<Timestamp>,
    /// When the identity ended, if it did.
    pub ended: Option<Timestamp>,
}

impl Member {
    /// The generation of keys in force at a time.
    #[must_use]
    pub fn generation_at(&self, time: Timestamp) -> u32 {
        self.since.iter().rposition(|since| *since <= time).unwrap_or(0) as u32
    }
}

/// What a paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaperKind {
    /// An attestation, for the audience of this name.
    Attestation {
        /// The name's number; 0 is no name.
        audience: u32,
        /// The issuer's epoch.
        epoch: u32,
    },
    /// A delegation.
    Delegation {
        /// Whether it may be passed on.
        redelegable: bool,
    },
}

/// An attestation or a delegation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// What it is.
    pub kind: PaperKind,
    /// The rule of the scene that it was made by: the index among `attestations` or `delegations`.
    pub rule: Option<u32>,
    /// In whose name it is.
    pub by: u32,
    /// For whom.
    pub to: u32,
    /// The number of the capability's name.
    pub capability: u32,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When the witness saw it first: when it was issued, unless it is dated back.
    pub seen: Timestamp,
    /// Its number among all papers of the run.
    pub number: u64,
    /// Whose keys signed it, and which: those of `by`, unless it is forged.
    pub signer: Generation,
    /// Whether it was taken back.
    pub revoked: bool,
}

impl Paper {
    /// The agents whose keys or identifiers are in it.
    #[must_use]
    pub fn parties(&self) -> [u32; 3] {
        [self.by, self.to, self.signer.0]
    }
}

/// A revocation list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// When it was made.
    pub issued: Timestamp,
    /// The issuer's epoch.
    pub epoch: u32,
    /// The papers that this list takes back and those before it don't, by their place among all papers.
    pub papers: Vec<u32>,
}

/// A list that somebody forged: it says that it comes after a list of the issuer, and takes all that the issuer gave back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forged {
    /// In whose name.
    pub issuer: u32,
    /// Whose keys signed it, and which.
    pub signer: Generation,
    /// The number of the issuer's list that it says it comes after.
    pub base: u32,
    /// When it was made.
    pub issued: Timestamp,
    /// The papers that it takes back, by their place among all papers.
    pub papers: Vec<u32>,
}

/// What somebody knows of an issuer's lists: the number of the newest that it has taken over, 0 for none; or, if it has taken
/// over a forged one, [`FORGED`] and the place of that one.
pub type Knowledge = u32;

/// What is known is a forged list.
pub const FORGED: Knowledge = 1 << 31;

/// A sealed channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelState {
    /// The rule of the scene that it was opened by.
    pub rule: u32,
    /// Who opened it, and to whom.
    pub ends: [u32; 2],
    /// When it was opened; nothing as long as it isn't.
    pub opened: Option<Timestamp>,
    /// The suite on which the two agreed then.
    pub suite: Option<SuiteId>,
    /// The last tick in which it could not be opened, if there is one: it is tried again a second later.
    pub refused: Option<u64>,
    /// How many messages each end has sent.
    pub sent: [u64; 2],
    /// What each end has let in.
    pub windows: [ReplayWindow; 2],
}

/// What somebody does who isn't honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, bevy::prelude::Reflect, Serialize, Deserialize)]
pub enum AttackKind {
    /// Shows papers that it signed itself in another's name.
    ForgeSignature,
    /// Shows another's papers as if they were its own.
    StealDelegation,
    /// Says it is another.
    Impersonate,
    /// Sends messages again that others have sent.
    ReplayMessages,
    /// Hands out revocation lists that it signed itself in another's name.
    ForgeList,
    /// Hands out an old revocation list of somebody as if it were the newest.
    RollbackList,
    /// Opens channels of others once more, with what it has heard.
    ReplayOpening,
    /// Signs papers for itself with a key that it stole and that was rotated out, dated back.
    StealOldKey,
    /// Strikes suites from what others offer when they open channels.
    StripOffers,
}

impl AttackKind {
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::ForgeSignature,
        Self::StealDelegation,
        Self::Impersonate,
        Self::ReplayMessages,
        Self::ForgeList,
        Self::RollbackList,
        Self::ReplayOpening,
        Self::StealOldKey,
        Self::StripOffers,
    ];
    /// How many there are.
    pub const COUNT: usize = 9;
}

/// An agent that isn't honest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attack {
    /// What it does.
    pub kind: AttackKind,
    /// Who does it.
    pub agent: u32,
    /// In whose name, or with whose papers; itself if it replays messages.
    pub victim: u32,
    /// The number of the name of the capability that it wants.
    pub capability: u32,
    /// How often it tries.
    pub per_second: f32,
    /// The last tick of it.
    pub until: u64,
}

/// What became of an agent's last use of a capability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    /// When.
    pub tick: u64,
    /// When a refusal of it was told last.
    pub told: Option<u64>,
    /// Before whom.
    pub at: u32,
    /// The number of the capability's name.
    pub capability: u32,
    /// In whose name.
    pub name: u32,
    /// Why it was refused, if it was.
    pub refused: Option<LinkError>,
}

/// What has happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Signatures made.
    pub signed: u64,
    /// Proofs of control, openings of channels, revocation lists and events whose signatures were checked. (Those of papers
    /// are checked once and remembered.)
    pub verified: u64,
    /// Uses of capabilities by those who are honest.
    pub requests: u64,
    /// Those that were allowed.
    pub allowed: u64,
    /// Those that were allowed though something in the chain had been revoked, because it hadn't been heard of yet.
    pub stale: u64,
    /// What was tried by those who aren't honest, by kind.
    pub attempts: [u64; AttackKind::COUNT],
    /// What of it was let through.
    pub let_through: [u64; AttackKind::COUNT],
    /// Papers that were taken back.
    pub revoked: u64,
    /// How often an agent took lists over from another.
    pub lists_heard: u64,
    /// How often an agent was offered lists that it didn't take over.
    pub lists_refused: u64,
    /// What agents sent each other of lists, in bytes.
    pub list_bytes: u64,
    /// Channels opened, by suite.
    pub channels: [u64; SuiteId::ALL.len()],
    /// Messages that arrived through channels.
    pub messages: u64,
    /// Messages of channels that were refused though they were sent once.
    pub lost_messages: u64,
    /// Their bytes, as they went over the wire.
    pub sealed_bytes: u64,
    /// Events signed by whom they come from.
    pub signed_events: u64,
}

/// What was counted until a second ago, so that shares of the last second can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The tick in which the second began.
    pub since: u64,
    /// The counts then.
    pub then: Counts,
    /// What the last second before it that had any added.
    pub requests: u64,
    /// How many of these were allowed.
    pub allowed: u64,
    /// Attempts by those who aren't honest.
    pub attempts: u64,
    /// How many of these were let through.
    pub let_through: u64,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Agents with keys, by id.
    pub members: Vec<Member>,
    /// Names of capabilities and audiences. The first one is empty.
    pub names: Vec<String>,
    /// All papers.
    pub papers: Vec<Paper>,
    /// All revocation lists by issuer, the first one first.
    pub lists: BTreeMap<u32, Vec<List>>,
    /// Lists that somebody forged.
    pub forged: Vec<Forged>,
    /// What each member (by its place) knows of each issuer's lists.
    pub known: BTreeMap<u32, Vec<Knowledge>>,
    /// Channels.
    pub channels: Vec<ChannelState>,
    /// Agents that aren't honest.
    pub attacks: Vec<Attack>,
    /// What became of each agent's last use of a capability.
    pub last: BTreeMap<u32, LastUse>,
    /// Counts.
    pub counts: Counts,
    /// The last whole second.
    pub window: Window,
    /// The digest of the rules by which papers were issued last, so that a changed scene is noticed and a resumed one is not
    /// taken for a changed one.
    pub rules: Digest,
    /// The digest of the rules by which channels were opened last, the id of the next agent and how many there were then.
    pub peopled: (Digest, u32, u32),
    /// The digest of all signatures that another run of the scene makes with the same bytes, in order: equal states come from
    /// equal signatures.
    pub transcript: Digest,
}

impl State {
    /// Whether everything that refers to something else refers to something that is there.
    ///
    /// # Errors
    /// What doesn't.
    pub fn check(&self) -> Result<(), String> {
        let fail = |what: &str| Err(format!("{what} refers to what isn't there"));
        if !self.members.is_sorted_by(|one, other| one.agent < other.agent)
            || self.members.iter().any(|member| member.since.is_empty() || !member.since.is_sorted())
        {
            return Err("members are not in order".into());
        }
        let is_member = |agent: u32| self.place(agent).is_some();
        if !self.papers.iter().all(|paper| [paper.by, paper.to, paper.signer.0].into_iter().all(is_member)) {
            return fail("a paper");
        }
        let is_paper = |paper: &u32| (*paper as usize) < self.papers.len();
        let are_lists = |(issuer, lists): (&u32, &Vec<List>)| {
            is_member(*issuer) && lists.iter().all(|list| list.papers.iter().all(is_paper))
        };
        if !self.lists.iter().all(are_lists) {
            return fail("a revocation list");
        }
        let is_forged = |forged: &Forged| {
            is_member(forged.issuer)
                && is_member(forged.signer.0)
                && forged.papers.iter().all(is_paper)
                && self.lists.get(&forged.issuer).map_or(0, Vec::len) >= forged.base as usize
        };
        if self.forged.len() >= FORGED as usize || !self.forged.iter().all(is_forged) {
            return fail("a forged list");
        }
        let is_known = |(issuer, known): (&u32, &Vec<Knowledge>)| {
            let newest = self.lists.get(issuer).map_or(0, Vec::len);
            let is_there = |known: &Knowledge| match known.checked_sub(FORGED) {
                Some(forged) => self.forged.get(forged as usize).is_some_and(|forged| forged.issuer == *issuer),
                None => *known as usize <= newest,
            };
            known.len() == self.members.len() && known.iter().all(is_there)
        };
        if !self.known.iter().all(is_known) || !self.lists.keys().all(|issuer| self.known.contains_key(issuer)) {
            return fail("what is known of revocations");
        }
        let (now, then) = (&self.counts, &self.window.then);
        let grew = |now: &[u64; AttackKind::COUNT], then: &[u64; AttackKind::COUNT]| {
            now.iter().zip(then).all(|(now, then)| now >= then)
        };
        if now.requests < then.requests
            || now.allowed < then.allowed
            || now.allowed > now.requests
            || !grew(&now.attempts, &then.attempts)
            || !grew(&now.let_through, &then.let_through)
            || self.window.allowed > self.window.requests
        {
            return Err("counts shrank".into());
        }
        let is_channel = |channel: &ChannelState| {
            channel.ends.into_iter().all(is_member) && channel.opened.is_some() == channel.suite.is_some()
        };
        if !self.channels.iter().all(is_channel) {
            return fail("a channel");
        }
        Ok(())
    }

    /// Takes note of what a second added when it is over.
    pub(crate) fn close_second(&mut self, clock: &agent2028_core::clock::SimClock) {
        let window = &mut self.window;
        if clock.tick() < window.since + clock.ticks_in(1.0).max(1) {
            return;
        }
        let sum = |counts: &[u64; AttackKind::COUNT]| counts.iter().sum::<u64>();
        let (now, then) = (&self.counts, window.then);
        // A second without any has no share: that of the last one that had some stays.
        if now.requests > then.requests {
            window.requests = now.requests - then.requests;
            window.allowed = now.allowed - then.allowed;
        }
        if sum(&now.attempts) > sum(&then.attempts) {
            window.attempts = sum(&now.attempts) - sum(&then.attempts);
            window.let_through = sum(&now.let_through) - sum(&then.let_through);
        }
        (window.since, window.then) = (clock.tick(), self.counts);
    }

    /// The number of the newest list that somebody knows, or believes to be it.
    #[must_use]
    pub fn number_of(&self, known: Knowledge) -> u32 {
        match known.checked_sub(FORGED) {
            Some(forged) => self.forged.get(forged as usize).map_or(0, |forged| forged.base.saturating_add(1)),
            None => known,
        }
    }

    /// The place of an agent among the members.
    #[must_use]
    pub fn place(&self, agent: u32) -> Option<usize> {
        self.members.binary_search_by_key(&agent, |member| member.agent).ok()
    }

    /// The number of a name; it is added if it is new.
    pub fn name(&mut self, name: &str) -> u32 {
        if self.names.is_empty() {
            self.names.push(String::new());
        }
        match self.names.iter().position(|known| known == name) {
            Some(number) => number as u32,
            None => {
                self.names.push(name.into());
                (self.names.len() - 1) as u32
            }
        }
    }

    /// A name.
    #[must_use]
    pub fn name_of(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }
}
