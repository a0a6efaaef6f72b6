//! All identities of a run: their state, and what follows from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::AgentId;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use bevy::prelude::*;

use crate::attestation::{Attestation, Claim};
use crate::canonical::{Canonical, Digest};
use crate::channel::{Channel, Hello, HelloGuard};
use crate::config::IdentityConfig;
use crate::delegation::{Delegation, Grant};
use crate::did::{Did, DidDocument};
use crate::notary::Notary;
use crate::recorded::{Made, Recorded};
use crate::revocation::{Head, KnownRevocations, ListError, RevocationList, Revocations};
use crate::signature::Signature;
use crate::state::{FORGED, Forged, Knowledge, Member, Paper, PaperKind, State};
use crate::suite::{KeyError, PrivateKeys, SignatureError, SuiteId};
use crate::timestamp::Timestamp;
use crate::validator::{Documents, Papers, PeerValidator, Verdict};
use crate::vault::Vault;
use crate::witness::{SharedTestimony, Testimony};

/// A paper with its signature.
#[derive(Clone, Debug)]
pub enum Sheet {
    /// An attestation.
    Attestation(Arc<Attestation>),
    /// A delegation.
    Delegation(Arc<Delegation>),
}

impl Sheet {
    /// Its signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        match self {
            Self::Attestation(attestation) => &attestation.signature,
            Self::Delegation(delegation) => &delegation.signature,
        }
    }

    /// Adds who saw it.
    fn attach(&mut self, testimony: &SharedTestimony) {
        let witness = Some(testimony.clone());
        match self {
            Self::Attestation(attestation) => Arc::make_mut(attestation).witness = witness,
            Self::Delegation(delegation) => Arc::make_mut(delegation).witness = witness,
        }
    }

    /// The number by which it is revoked.
    #[must_use]
    pub fn id(&self) -> Digest {
        match self {
            Self::Attestation(attestation) => attestation.claim.id(),
            Self::Delegation(delegation) => delegation.grant.id(),
        }
    }
}

/// An open channel: both ends, what opened it, and what the one that accepted it remembers of that.
#[derive(Debug)]
pub(crate) struct OpenChannel {
    pub ends: [Channel; 2],
    pub hello: Hello,
    pub guard: HelloGuard,
}

/// A channel, if it is open.
pub(crate) type Ends = Option<Box<OpenChannel>>;

/// An issuer's lists, and what follows from them.
#[derive(Debug)]
pub(crate) struct Filed {
    pub lists: Vec<Arc<RevocationList>>,
    /// What is known by who knows as many.
    pub heads: Vec<Head>,
    /// By id: the numbers of the lists that take it back, and up to when.
    revoked: BTreeMap<Digest, Vec<(u32, Timestamp)>>,
    /// Whether another run of the scene makes the same bytes.
    repeats: bool,
}

impl Default for Filed {
    fn default() -> Self {
        Self { lists: Vec::new(), heads: Vec::new(), revoked: BTreeMap::new(), repeats: true }
    }
}

impl Filed {
    fn push(&mut self, list: RevocationList) {
        let head = list.body.head();
        for (id, until) in &list.body.revoked {
            self.revoked.entry(*id).or_default().push((head.number, *until));
        }
        self.heads.push(head);
        self.lists.push(Arc::new(list));
    }
}

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

    /// Signs papers on all workers and adds them.
    pub(crate) fn add_papers(&mut self, dice: &SimRng, workers: &Workers, papers: Vec<Paper>) {
        let mut sheets = workers.map_indices(papers.len(), |index| self.sheet_of(dice, &papers[index]));
        self.show_to_witness(dice, papers.iter().map(|paper| paper.seen).zip(&mut sheets));
        for (paper, sheet) in papers.into_iter().zip(sheets) {
            let Some(sheet) = sheet else {
                continue;
            };
            self.note_signature(sheet.signature(), paper.parties());
            self.file(paper.to, &sheet);
            self.state.papers.push(paper);
            self.sheets.push(sheet);
        }
    }

    /// Puts newer papers in the place of others.
    pub(crate) fn replace_papers(&mut self, dice: &SimRng, workers: &Workers, papers: Vec<(usize, Paper)>) {
        let mut sheets = workers.map_indices(papers.len(), |index| self.sheet_of(dice, &papers[index].1));
        self.show_to_witness(dice, papers.iter().map(|(_, paper)| paper.seen).zip(&mut sheets));
        let mut owners = Vec::new();
        for ((at, paper), sheet) in papers.into_iter().zip(sheets) {
            let Some(sheet) = sheet else {
                continue;
            };
            self.note_signature(sheet.signature(), paper.parties());
            owners.push(paper.to);
            self.state.papers[at] = paper;
            self.sheets[at] = sheet;
        }
        owners.sort_unstable();
        owners.dedup();
        if owners.is_empty() {
            return;
        }
        for owner in &owners {
            if let Some(place) = self.state.place(*owner) {
                self.attestations[place].clear();
                self.delegations[place].clear();
            }
        }
        for at in 0..self.sheets.len() {
            let to = self.state.papers[at].to;
            if owners.binary_search(&to).is_ok() {
                let sheet = self.sheets[at].clone();
                self.file(to, &sheet);
            }
        }
    }

    fn file(&mut self, to: u32, sheet: &Sheet) {
        if let Some(place) = self.state.place(to) {
            match sheet {
                Sheet::Attestation(attestation) => self.attestations[place].push(Arc::clone(attestation)),
                Sheet::Delegation(delegation) => self.delegations[place].push(Arc::clone(delegation)),
            }
        }
    }

    /// A paper, written out and signed; nothing if one of the parties has no keys.
    fn sheet_of(&self, dice: &SimRng, paper: &Paper) -> Option<Sheet> {
        let [by, to] = [paper.by, paper.to].map(|agent| self.document_of(AgentId(agent)));
        let (by, to) = (by?, to?);
        let signer = &self.state.members[self.state.place(paper.signer.0)?];
        let keys = self.vault.keys(dice, signer.suite, paper.signer).ok()?;
        let capability = self.state.name_of(paper.capability).to_owned();
        let is_forged = paper.signer.0 != paper.by;
        let mut proof = [0; 16];
        proof[..8].copy_from_slice(&paper.number.to_le_bytes());
        let sheet = match paper.kind {
            PaperKind::Attestation { audience, epoch } => {
                let claim = Claim {
                    issuer: by.did,
                    subject: to.did,
                    capability,
                    audience: self.state.name_of(audience).to_owned(),
                    issued: paper.issued,
                    expires: paper.expires,
                    epoch,
                    proof,
                };
                let mut attestation = claim.sign(keys.as_ref()).ok()?;
                if is_forged {
                    claim_key(&mut attestation.signature, by, paper.issued);
                }
                Sheet::Attestation(Arc::new(attestation))
            }
            PaperKind::Delegation { redelegable } => {
                let grant = Grant {
                    delegator: by.did,
                    delegate: to.did,
                    capability,
                    issued: paper.issued,
                    expires: paper.expires,
                    redelegable,
                };
                let mut delegation = grant.sign(keys.as_ref()).ok()?;
                if is_forged {
                    claim_key(&mut delegation.signature, by, paper.issued);
                }
                Sheet::Delegation(Arc::new(delegation))
            }
        };
        Some(sheet)
    }

    /// Shows signatures to the witness, who says when it saw them: those of one time together.
    fn show_to_witness<'s>(&mut self, dice: &SimRng, sheets: impl Iterator<Item = (Timestamp, &'s mut Option<Sheet>)>) {
        let mut by_time: BTreeMap<Timestamp, Vec<&mut Sheet>> = BTreeMap::new();
        for (seen, sheet) in sheets {
            if let Some(sheet) = sheet {
                by_time.entry(seen).or_default().push(sheet);
            }
        }
        if by_time.is_empty() {
            return;
        }
        if self.witness.is_none() {
            // The suite of the standards is in every program.
            self.witness = Notary::new(dice, SuiteId::HybridFips, "identity.witness").ok();
        }
        for (seen, sheets) in by_time {
            let ids = sheets.iter().map(|sheet| sheet.signature().id()).collect();
            let given = self.witness.as_ref().and_then(|witness| Testimony::give(witness, ids, seen).ok());
            let Some(testimony) = given.map(SharedTestimony::from) else { continue };
            self.state.counts.signed += 1;
            for sheet in sheets {
                sheet.attach(&testimony);
            }
        }
    }

    /// What an issuer's list says that its state at this place (from 0) asks for, after those before it.
    fn list_body(&self, issuer: u32, at: usize, before: Option<&Head>) -> Option<Revocations> {
        let did = self.documents[self.state.place(issuer)?].did;
        let state = self.state.lists.get(&issuer)?.get(at)?;
        let none = Revocations::none(did).head();
        let ids = state.papers.iter().filter_map(|paper| self.sheets.get(*paper as usize)).map(Sheet::id);
        let body = Revocations::after(did, before.unwrap_or(&none), ids, state.issued);
        Some(Revocations { epoch: state.epoch, ..body })
    }

    /// Signs an issuer's newest list, files it, and returns it.
    pub(crate) fn sign_list(&mut self, dice: &SimRng, issuer: u32) -> Option<Arc<RevocationList>> {
        let at = self.state.lists.get(&issuer)?.len().checked_sub(1)?;
        let before = self.lists.get(&issuer).and_then(|filed| filed.heads.last()).copied();
        let body = self.list_body(issuer, at, before.as_ref())?;
        let member = &self.state.members[self.state.place(issuer)?];
        let keys = self.vault.keys(dice, member.suite, (issuer, member.generation_at(body.issued))).ok()?;
        let signed = body.sign(keys.as_ref()).ok()?;
        let repeats =
            self.lists.get(&issuer).is_none_or(|filed| filed.repeats) && self.repeat(self.parties_of(issuer, at));
        self.note_signature_that(repeats, &signed.signature);
        let filed = self.lists.entry(issuer).or_default();
        filed.repeats = repeats;
        filed.push(signed);
        filed.lists.last().cloned()
    }

    /// The agents whose keys or identifiers are in what an issuer's list takes back, and the issuer.
    fn parties_of(&self, issuer: u32, at: usize) -> Vec<u32> {
        let list = self.state.lists.get(&issuer).and_then(|lists| lists.get(at));
        let papers = list.into_iter().flat_map(|list| &list.papers);
        let parties = papers.filter_map(|paper| self.state.papers.get(*paper as usize)).flat_map(Paper::parties);
        parties.chain([issuer]).collect()
    }

    /// All lists of an issuer, made anew from their state, on all workers.
    fn derive_lists(&self, dice: &SimRng, workers: &Workers, issuer: u32) -> Filed {
        let mut filed = Filed::default();
        let count = self.state.lists.get(&issuer).map_or(0, Vec::len);
        let mut bodies: Vec<Revocations> = Vec::with_capacity(count);
        let mut head = None;
        for at in 0..count {
            let Some(body) = self.list_body(issuer, at, head.as_ref()) else { return filed };
            filed.repeats &= self.repeat(self.parties_of(issuer, at));
            head = Some(body.head());
            bodies.push(body);
        }
        let Some(place) = self.state.place(issuer) else { return filed };
        let member = &self.state.members[place];
        let signed = workers.map_indices(count, |at| {
            let body = bodies[at].clone();
            let keys = self.vault.keys(dice, member.suite, (issuer, member.generation_at(body.issued))).ok()?;
            body.sign(keys.as_ref()).ok()
        });
        signed.into_iter().flatten().for_each(|list| filed.push(list));
        filed
    }

    /// Adds a forged list, signed by who forges it.
    pub(crate) fn add_forged(&mut self, dice: &SimRng, forged: Forged) {
        if let Some(list) = self.forged_list(dice, &forged) {
            let parties = forged.papers.iter().filter_map(|paper| self.state.papers.get(*paper as usize));
            let parties: Vec<u32> = parties.flat_map(Paper::parties).chain([forged.issuer, forged.signer.0]).collect();
            self.note_signature(&list.signature, parties);
            let head = list.body.head();
            self.forged.push((list, head));
            let members = self.state.members.len();
            self.state.known.entry(forged.issuer).or_default().resize(members, 0);
            self.state.forged.push(forged);
        }
    }

    fn forged_list(&self, dice: &SimRng, forged: &Forged) -> Option<RevocationList> {
        let document = self.document_of(AgentId(forged.issuer))?;
        let base = forged.base.checked_sub(1).and_then(|at| self.lists.get(&forged.issuer)?.heads.get(at as usize));
        let none = Revocations::none(document.did).head();
        let ids = forged.papers.iter().filter_map(|paper| self.sheets.get(*paper as usize)).map(Sheet::id);
        let body = Revocations::after(document.did, base.unwrap_or(&none), ids, forged.issued);
        let member = &self.state.members[self.state.place(forged.signer.0)?];
        let keys = self.vault.keys(dice, member.suite, forged.signer).ok()?;
        let mut list = body.sign(keys.as_ref()).ok()?;
        list.signature.key = document.current()?.id();
        Some(list)
    }

    /// The share of members that know the newest list of the issuer whose list is known least, 0 to 1.
    pub(crate) fn least_reach(&mut self) -> Option<f64> {
        if let Some(known) = self.least_reach {
            return known;
        }
        let reach = self.state.lists.keys().filter_map(|issuer| self.reach(AgentId(*issuer)));
        let least = reach.min_by(f64::total_cmp);
        self.least_reach = Some(least);
        least
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

    /// Makes the document of a member again, after its keys or its end have changed.
    pub(crate) fn renew_document(&mut self, dice: &SimRng, place: usize) {
        continue_document(&mut self.documents[place], dice, &self.vault, &self.state.members[place]);
        // Lists are verified with the key of now.
        let issuer = self.state.members[place].agent;
        self.checked.retain(|(of, _), _| *of != issuer);
    }
}

/// Whether keys of a suite are made again from the scene's seed.
fn is_seeded(suite: SuiteId) -> bool {
    suite.suite().is_some_and(crate::suite::Suite::is_seeded)
}

/// A forged signature says that it was made with the keys of whom it names.
fn claim_key(signature: &mut Signature, by: &DidDocument, at: Timestamp) {
    if let Some(generation) = by.generation_at(at) {
        signature.key = by.history[generation].keys.id();
    }
}

fn document_of(dice: &SimRng, vault: &Vault, member: &Member) -> DidDocument {
    let mut document = DidDocument { did: Did::default(), history: Vec::new(), deactivated: None };
    continue_document(&mut document, dice, vault, member);
    document
}

/// Adds to a document what has happened to a member's keys since it was made: what it costs doesn't grow with what happened
/// before.
fn continue_document(document: &mut DidDocument, dice: &SimRng, vault: &Vault, member: &Member) {
    let keys = |number: usize| vault.keys(dice, member.suite, (member.agent, number as u32));
    if document.history.is_empty() {
        let (Ok(first), Some(created)) = (keys(0), member.since.first()) else { return };
        *document = DidDocument::new(first.public().clone(), *created);
    }
    let known = document.history.len();
    let Ok(mut last) = keys(known - 1) else { return };
    for (number, since) in member.since.iter().enumerate().skip(known) {
        let Ok(new) = keys(number) else { return };
        // Times ascend and the former keys are those in force, so a rotation can't fail but for the scheme itself.
        if document.rotate(last.as_ref(), new.as_ref(), *since).is_err() {
            return;
        }
        last = new;
    }
    if let (Some(ended), None) = (member.ended, document.deactivated.as_ref()) {
        // As above: the last keys are those in force.
        let _ = document.deactivate(last.as_ref(), ended);
    }
}

impl Identities {
    /// What is known by who knows this of an issuer's lists.
    pub(crate) fn head_of(&self, issuer: u32, known: Knowledge) -> Option<Head> {
        match known.checked_sub(FORGED) {
            Some(forged) => self.forged.get(forged as usize).map(|(_, head)| *head),
            None => self.lists.get(&issuer)?.heads.get(known.checked_sub(1)? as usize).copied(),
        }
    }
}

impl Documents for Identities {
    fn document(&self, did: Did) -> Option<&DidDocument> {
        self.places.get(&did).map(|place| &self.documents[*place])
    }
}

impl Papers for Identities {
    fn attestations_of(&self, subject: Did) -> &[Arc<Attestation>] {
        self.places.get(&subject).map_or(&[], |place| &self.attestations[*place])
    }

    fn delegations_to(&self, delegate: Did) -> &[Arc<Delegation>] {
        self.places.get(&delegate).map_or(&[], |place| &self.delegations[*place])
    }
}

/// What a member knows of revocations; without a place: all there is to know.
pub(crate) struct Known<'a> {
    pub identities: &'a Identities,
    pub place: Option<usize>,
}

impl Known<'_> {
    fn known_of(&self, agent: u32) -> Option<Knowledge> {
        match self.place {
            None => Some(self.identities.lists.get(&agent)?.lists.len() as u32),
            Some(place) => self.identities.state.known.get(&agent)?.get(place).copied(),
        }
    }
}

impl KnownRevocations for Known<'_> {
    fn head_of(&self, issuer: Did) -> Option<Head> {
        let agent = self.identities.agent_of(issuer)?.0;
        self.identities.head_of(agent, self.known_of(agent)?)
    }

    fn is_revoked(&self, issuer: Did, id: &Digest, issued: Timestamp) -> bool {
        let identities = self.identities;
        let Some(agent) = identities.agent_of(issuer).map(|agent| agent.0) else { return false };
        let Some(known) = self.known_of(agent) else { return false };
        let forged = known.checked_sub(FORGED).and_then(|at| identities.forged.get(at as usize));
        let number = match forged {
            Some((list, _)) if list.body.revoked.get(id).is_some_and(|until| issued <= *until) => return true,
            Some((list, _)) => list.body.number - 1,
            None => known,
        };
        let lists = identities.lists.get(&agent).and_then(|filed| filed.revoked.get(id));
        lists.is_some_and(|lists| lists.iter().any(|(list, until)| *list <= number && issued <= *until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_costs_the_same_however_many_came_before() {
        let (dice, vault) = (SimRng::new(7), Vault::default());
        let mut member = Member { agent: 3, suite: SuiteId::HybridFips, since: vec![Timestamp(0)], ended: None };
        let mut document = document_of(&dice, &vault, &member);
        for moment in 1..6 {
            member.since.push(Timestamp(moment));
            continue_document(&mut document, &dice, &vault, &member);
        }
        assert_eq!(document, document_of(&dice, &vault, &member));
        assert!(document.verify().is_ok());

        // What was made before is not made again: a mark in it stays.
        document.history[1].proof = None;
        member.since.push(Timestamp(9));
        member.ended = Some(Timestamp(10));
        continue_document(&mut document, &dice, &vault, &member);
        assert!(document.history[1].proof.is_none() && document.history.len() == 7 && document.deactivated.is_some());
        continue_document(&mut document, &dice, &vault, &member);
        assert_eq!(document.history.len(), 7);
    }
}
