//! All identities of a run: their state, and what follows from it.

mod documents;
mod lists;
mod sheets;

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::AgentId;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use bevy::prelude::*;

use self::documents::document_of;
pub(crate) use self::lists::{Filed, Known};
pub use self::sheets::Sheet;
use crate::attestation::Attestation;
use crate::canonical::Canonical;
use crate::config::IdentityConfig;
use crate::delegation::Delegation;
use crate::did::{Did, DidDocument};
use crate::notary::Notary;
use crate::recorded::{Made, Recorded};
use crate::revocation::{Head, KnownRevocations, ListError, RevocationList};
use crate::signature::Signature;
use crate::state::{Knowledge, Member, Paper, State};
use crate::suite::{KeyError, PrivateKeys, SignatureError, SuiteId};
use crate::timestamp::Timestamp;
use crate::traffic::Ends;
use crate::validator::{PeerValidator, Verdict};
use crate::vault::Vault;

/// All identities of a run.
#[derive(Resource, Debug, Default)]
pub struct Identities {
    pub(crate) state: State,
    pub(crate) documents: Vec<DidDocument>,
    places: BTreeMap<Did, usize>,
    pub(crate) sheets: Vec<Sheet>,
    attestations: Vec<Vec<Arc<Attestation>>>,
    delegations: Vec<Vec<Arc<Delegation>>>,
    pub(crate) lists: BTreeMap<u32, Filed>,
    /// Forged lists, with what is known by who believes them.
    pub(crate) forged: Vec<(RevocationList, Head)>,
    /// Whether lists (of an issuer, known by this) are signed by their issuer's key of now.
    pub(crate) checked: BTreeMap<(u32, Knowledge), Result<(), ListError>>,
    /// The share of members that know the list that is known least, if it was asked for since something changed.
    pub(crate) least_reach: Option<Option<f64>>,
    /// Who sees signatures when they are made.
    witness: Option<Notary>,
    pub(crate) ends: Vec<Ends>,
    pub(crate) vault: Vault,
    /// The last signatures of events, with the numbers of the events, the oldest first.
    pub(crate) event_signatures: std::collections::VecDeque<(u64, Arc<Signature>)>,
}

/// Why something could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The agent has no keys.
    #[error("agent {0} has no keys")]
    NoKeys(u32),
    /// The identity has ended.
    #[error("the identity of agent {0} is deactivated")]
    Deactivated(u32),
    /// The program was built without the suite.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The scheme refused.
    #[error("{0}")]
    Signature(#[from] SignatureError),
}

/// What is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// By whom.
    pub agent: AgentId,
    /// For what purpose; see [`Signature::context`].
    pub context: &'a str,
    /// The data.
    pub data: &'a [u8],
}

impl Identities {
    /// Those of a repetition of a run that made this.
    pub(crate) fn repeating(recorded: Arc<Recorded>) -> Self {
        Self { vault: Vault::repeating(recorded), ..Self::default() }
    }

    /// What a checkpoint saves.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The document of an agent, if it has keys.
    #[must_use]
    pub fn document_of(&self, agent: AgentId) -> Option<&DidDocument> {
        self.documents.get(self.state.place(agent.0)?)
    }

    /// The agent behind an identifier.
    #[must_use]
    pub fn agent_of(&self, did: Did) -> Option<AgentId> {
        self.places.get(&did).map(|place| AgentId(self.state.members[*place].agent))
    }

    /// All papers with their signatures; a paper and its sheet stand at the same place.
    pub fn papers(&self) -> impl Iterator<Item = (&Paper, &Sheet)> {
        self.state.papers.iter().zip(&self.sheets)
    }

    /// The revocation lists of an agent, the first one first.
    #[must_use]
    pub fn lists_of(&self, agent: AgentId) -> &[Arc<RevocationList>] {
        self.lists.get(&agent.0).map_or(&[], |filed| filed.lists.as_slice())
    }

    /// The last signatures of events, with the numbers of the events, the oldest first.
    pub fn event_signatures(&self) -> impl Iterator<Item = (u64, &Signature)> {
        self.event_signatures.iter().map(|(number, signature)| (*number, signature.as_ref()))
    }

    /// The signature of an event, by the event's number, as long as it is kept.
    #[must_use]
    pub fn signature_of_event(&self, number: u64) -> Option<&Signature> {
        let at = self.event_signatures.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(&self.event_signatures[at].1)
    }

    /// From now on somebody takes what is [made](Self::take_made) and writes it down.
    pub fn keep_made(&self) {
        self.vault.keep_journal();
    }

    /// What was made since the last time with keys that nobody could make again.
    #[must_use]
    pub fn take_made(&self) -> Vec<Made> {
        self.vault.take_made()
    }

    /// The memory in use, in bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let keys: usize = self.documents.iter().map(|document| document.history.len()).sum();
        let lists: usize = self.lists.values().map(|filed| filed.lists.len()).sum();
        self.vault.bytes()
            + keys * 11_000
            + (self.sheets.len() + lists) * 4_000
            + self.ends.len() * 400
            + self.state.known.values().map(|known| known.len() * 4).sum::<usize>()
    }

    /// Signs for agents, in a batch over all workers. The results stand in the order of the requests.
    #[must_use]
    pub fn sign_batch(
        &self,
        dice: &SimRng,
        workers: &Workers,
        requests: &[SignRequest],
        at: Timestamp,
    ) -> Vec<Result<Signature, SignError>> {
        workers.map_indices(requests.len(), |index| {
            let SignRequest { agent, context, data } = requests[index];
            Ok(Signature::sign(self.keys_of(dice, agent.0, at)?.as_ref(), context, at, data)?)
        })
    }

    /// Verifies signatures of agents, in a batch over all workers, each with its data and the context it must be for.
    #[must_use]
    pub fn verify_batch(
        &self,
        workers: &Workers,
        requests: &[(AgentId, &Signature, &str, &[u8])],
    ) -> Vec<Result<(), SignatureError>> {
        workers.map_indices(requests.len(), |index| {
            let (agent, signature, context, data) = requests[index];
            let document = self.document_of(agent).ok_or(SignatureError::Key)?;
            let keys = document.keys_at(signature.key, signature.at).ok_or(SignatureError::Key)?;
            self.vault.verify_once(signature, keys, context, data)
        })
    }

    /// The private keys of an agent that are in force.
    pub(crate) fn keys_of(&self, dice: &SimRng, agent: u32, at: Timestamp) -> Result<Arc<dyn PrivateKeys>, SignError> {
        let place = self.state.place(agent).ok_or(SignError::NoKeys(agent))?;
        let member = &self.state.members[place];
        if member.ended.is_some() {
            return Err(SignError::Deactivated(agent));
        }
        Ok(self.vault.keys(dice, member.suite, (agent, member.generation_at(at)))?)
    }

    /// The keys of a suite other than that of its identity for which secrets of channels are closed to an agent now.
    pub(crate) fn sealing_keys_of(
        &self,
        dice: &SimRng,
        agent: u32,
        suite: SuiteId,
        at: Timestamp,
    ) -> Result<Arc<dyn PrivateKeys>, KeyError> {
        let generation = self.state.place(agent).map_or(0, |place| self.state.members[place].generation_at(at));
        self.vault.keys(dice, suite, (agent, generation))
    }

    /// May an agent use a capability before another now, as far as that one knows, and why or why not? The agent is taken to
    /// be who it says.
    #[must_use]
    pub fn may(
        &self,
        config: &IdentityConfig,
        roots: &[Did],
        agent: AgentId,
        capability: &str,
        (at, audience): (AgentId, &str),
        now: Timestamp,
    ) -> Option<Verdict> {
        let holder = self.document_of(agent)?.did;
        let known = Known { identities: self, place: self.state.place(at.0) };
        Some(self.validator(config, roots, &known).may(holder, capability, audience, self, Some(Ok(())), now))
    }

    /// What answers for an agent that knows these lists.
    pub(crate) fn validator<'a>(
        &'a self,
        config: &IdentityConfig,
        roots: &'a [Did],
        revocations: &'a dyn KnownRevocations,
    ) -> PeerValidator<'a> {
        PeerValidator {
            roots,
            documents: self,
            revocations,
            signatures: &self.vault,
            witness: self.witness.as_ref().map(Notary::public),
            checks: config.checks.of_chains(),
            max_issuers: config.max_issuers as usize,
            max_delegations: config.max_delegations as usize,
        }
    }

    /// Notes signatures that were made, in order, with the agents whose keys or identifiers are in them or in what was
    /// signed. Where one of these comes from the operating system, so does the signature, whoever made it: then it is counted,
    /// and its bytes are no state.
    pub(crate) fn note_signature(&mut self, signature: &Signature, parties: impl IntoIterator<Item = u32>) {
        let repeats = self.repeat(parties);
        self.note_signature_that(repeats, signature);
    }

    /// The same of a signature of something that is about keys of a suite.
    pub(crate) fn note_signature_about(
        &mut self,
        signature: &Signature,
        parties: impl IntoIterator<Item = u32>,
        suite: SuiteId,
    ) {
        let repeats = is_seeded(suite) && self.repeat(parties);
        self.note_signature_that(repeats, signature);
    }

    /// Whether the keys of all these agents are made again from the scene's seed.
    fn repeat(&self, parties: impl IntoIterator<Item = u32>) -> bool {
        let suite_of = |agent| self.state.place(agent).map(|place| self.state.members[place].suite);
        parties.into_iter().all(|agent| suite_of(agent).is_some_and(is_seeded))
    }

    fn note_signature_that(&mut self, repeats: bool, signature: &Signature) {
        self.state.counts.signed += 1;
        if repeats && is_seeded(signature.suite) {
            let before = self.state.transcript;
            self.state.transcript =
                Canonical::new("agent2028.transcript.v1").bytes(&before.0).bytes(&signature.id().0).digest();
        }
    }

    /// Adds members, whose agents must be new and in ascending order. Keys are made on all workers.
    pub(crate) fn add_members(&mut self, dice: &SimRng, workers: &Workers, members: Vec<Member>) {
        let documents = workers.map_indices(members.len(), |index| document_of(dice, &self.vault, &members[index]));
        for (member, document) in members.into_iter().zip(documents) {
            self.places.insert(document.did, self.documents.len());
            self.documents.push(document);
            self.attestations.push(Vec::new());
            self.delegations.push(Vec::new());
            self.state.members.push(member);
        }
        let count = self.state.members.len();
        self.state.known.values_mut().for_each(|known| known.resize(count, 0));
        self.least_reach = None;
    }

    /// Puts a saved state in place and derives documents, signatures and lists anew, unless they are the same as before.
    pub(crate) fn restore(&mut self, state: State, dice: &SimRng, workers: &Workers) -> Result<(), String> {
        state.check()?;
        let is_same = self.state.members == state.members
            && self.state.papers == state.papers
            && self.state.names == state.names
            && self.state.lists == state.lists
            && self.state.forged == state.forged;
        if is_same {
            self.ends = state.channels.iter().map(|_| None).collect();
            self.least_reach = None;
            self.event_signatures.clear();
            self.state = state;
        } else {
            self.derive(state, dice, workers);
        }
        Ok(())
    }

    fn derive(&mut self, state: State, dice: &SimRng, workers: &Workers) {
        *self = Self { vault: std::mem::take(&mut self.vault), ..Self::default() };
        let (counts, transcript) = (state.counts, state.transcript);
        let known = state.known.clone();
        self.state = State { members: Vec::new(), papers: Vec::new(), forged: Vec::new(), ..state.clone() };
        self.add_members(dice, workers, state.members);
        self.add_papers(dice, workers, state.papers);
        for issuer in state.lists.keys() {
            let filed = self.derive_lists(dice, workers, *issuer);
            self.lists.insert(*issuer, filed);
        }
        for forged in state.forged {
            self.add_forged(dice, forged);
        }
        self.ends = self.state.channels.iter().map(|_| None).collect();
        (self.state.counts, self.state.transcript, self.state.known) = (counts, transcript, known);
    }
}

/// Whether keys of a suite are made again from the scene's seed.
fn is_seeded(suite: SuiteId) -> bool {
    suite.suite().is_some_and(crate::suite::Suite::is_seeded)
}
