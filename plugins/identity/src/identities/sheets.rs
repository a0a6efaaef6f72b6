//! Papers with their signatures, and the witness who sees these when they are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::AgentId;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;

use super::Identities;
use crate::attestation::{Attestation, Claim};
use crate::canonical::Digest;
use crate::delegation::{Delegation, Grant};
use crate::did::{Did, DidDocument};
use crate::notary::Notary;
use crate::signature::Signature;
use crate::state::{Paper, PaperKind};
use crate::suite::SuiteId;
use crate::timestamp::Timestamp;
use crate::validator::Papers;
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

impl Identities {
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
}

impl Papers for Identities {
    fn attestations_of(&self, subject: Did) -> &[Arc<Attestation>] {
        self.places.get(&subject).map_or(&[], |place| &self.attestations[*place])
    }

    fn delegations_to(&self, delegate: Did) -> &[Arc<Delegation>] {
        self.places.get(&delegate).map_or(&[], |place| &self.delegations[*place])
    }
}

/// A forged signature says that it was made with the keys of whom it names.
fn claim_key(signature: &mut Signature, by: &DidDocument, at: Timestamp) {
    if let Some(generation) = by.generation_at(at) {
        signature.key = by.history[generation].keys.id();
    }
}
