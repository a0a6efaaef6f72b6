//! Revocation lists with their signatures, forged ones among them, and who knows which.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::AgentId;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;

use super::{Identities, Sheet};
use crate::canonical::Digest;
use crate::did::Did;
use crate::revocation::{Head, KnownRevocations, RevocationList, Revocations};
use crate::state::{FORGED, Forged, Knowledge, Paper};
use crate::timestamp::Timestamp;

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

impl Identities {
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
    pub(super) fn derive_lists(&self, dice: &SimRng, workers: &Workers, issuer: u32) -> Filed {
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

    /// What is known by who knows this of an issuer's lists.
    pub(crate) fn head_of(&self, issuer: u32, known: Knowledge) -> Option<Head> {
        match known.checked_sub(FORGED) {
            Some(forged) => self.forged.get(forged as usize).map(|(_, head)| *head),
            None => self.lists.get(&issuer)?.heads.get(known.checked_sub(1)? as usize).copied(),
        }
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
