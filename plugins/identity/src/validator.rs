//! May an agent use a capability now, and why, or why not: the chain from a root to the agent, link by link.
//!
//! A chain is: a root issuer attests issuers, the last issuer attests a capability to an agent, the agent delegates it, the
//! delegate delegates it further. Each link is checked against time, audience, revocations, signatures, and against the
//! link before it: it may allow the same or less, and end at the same time or sooner.

mod link;
mod search;

use std::sync::Arc;

use self::link::links_of;
pub use self::link::{ControlKind, Link, LinkError, LinkKind, Presentation, SignatureKind, Verdict};
use self::search::{Question, Search};
use crate::attestation::{ATTESTATION, Attestation};
use crate::canonical::Digest;
use crate::control::ControlError;
use crate::delegation::{DELEGATION, Delegation};
use crate::did::{Did, DidDocument};
use crate::revocation::KnownRevocations;
use crate::scope::{covers, issuer_of};
use crate::signature::Signature;
use crate::suite::{PublicKeys, SignatureError};
use crate::timestamp::Timestamp;
use crate::witness::{Testimony, WITNESS};

/// Where documents are found.
pub trait Documents {
    /// The document of an identity, if there is one.
    fn document(&self, did: Did) -> Option<&DidDocument>;
}

/// How signatures are verified: at once, or by looking up what was verified in a batch.
pub trait Signatures {
    /// Verifies a signature.
    ///
    /// # Errors
    /// What is wrong.
    fn verify(
        &self,
        signature: &Signature,
        keys: &PublicKeys,
        context: &str,
        data: &dyn Fn() -> Vec<u8>,
    ) -> Result<(), SignatureError>;
}

/// Verifies every signature when it is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct AtOnce;

impl Signatures for AtOnce {
    fn verify(
        &self,
        signature: &Signature,
        keys: &PublicKeys,
        context: &str,
        data: &dyn Fn() -> Vec<u8>,
    ) -> Result<(), SignatureError> {
        signature.verify(keys, context, &data())
    }
}

/// Where papers are found.
pub trait Papers {
    /// What was attested of an agent.
    fn attestations_of(&self, subject: Did) -> &[Arc<Attestation>];
    /// What was delegated to an agent.
    fn delegations_to(&self, delegate: Did) -> &[Arc<Delegation>];
}

/// What a validator checks. All of it by default; leaving something out shows what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Whether signatures hold.
    pub signatures: bool,
    /// Whether links were revoked.
    pub revocations: bool,
    /// Whether links only narrow and shorten.
    pub attenuation: bool,
    /// Whether who shows a chain controls the identity at its end.
    pub control: bool,
    /// Whether somebody saw what was signed with keys that were rotated out since.
    pub witnesses: bool,
}

impl Default for Checks {
    fn default() -> Self {
        Self { signatures: true, revocations: true, attenuation: true, control: true, witnesses: true }
    }
}

/// Answers whether agents may use capabilities.
pub struct PeerValidator<'a> {
    /// The issuers that are believed without being attested.
    pub roots: &'a [Did],
    /// Where documents are found.
    pub documents: &'a dyn Documents,
    /// What the validating agent knows of revocations.
    pub revocations: &'a dyn KnownRevocations,
    /// How signatures are verified.
    pub signatures: &'a dyn Signatures,
    /// The keys of the witness that is believed, if there is one.
    pub witness: Option<&'a PublicKeys>,
    /// What is checked.
    pub checks: Checks,
    /// How many issuers may stand between a root and an agent.
    pub max_issuers: usize,
    /// How many delegations a chain may have.
    pub max_delegations: usize,
}

/// What a chain holds so far: whom it has come to, what that agent may do, until when, and whether it may pass it on.
struct Held {
    by: Did,
    capability: String,
    until: Timestamp,
    redelegable: bool,
}

impl PeerValidator<'_> {
    /// May `holder`, who shows these papers, use `capability` before `audience` now?
    #[must_use]
    pub fn validate(
        &self,
        holder: Did,
        capability: &str,
        audience: &str,
        shown: &Presentation,
        now: Timestamp,
    ) -> Verdict {
        let mut links = links_of(shown, holder, capability);
        let mut held: Option<Held> = None;
        for (number, link) in links.iter_mut().enumerate() {
            let outcome = if let Some(attestation) = shown.attestations.get(number) {
                let is_last = number + 1 == shown.attestations.len();
                self.attested(attestation, is_last, number, audience, held.as_ref(), now)
            } else if let Some(delegation) = shown.delegations.get(number - shown.attestations.len()) {
                self.delegated(delegation, number + 1 - shown.attestations.len(), held.as_ref(), now)
            } else {
                self.used(holder, capability, held.as_ref(), shown)
            };
            match outcome {
                Ok(next) => {
                    held = Some(next);
                    link.outcome = Some(Ok(()));
                }
                Err(error) => {
                    link.outcome = Some(Err(error.clone()));
                    return Verdict { links, error: Some(error), failing: Some(number) };
                }
            }
        }
        Verdict { links, error: None, failing: None }
    }

    fn attested(
        &self,
        attestation: &Attestation,
        is_last: bool,
        number: usize,
        audience: &str,
        held: Option<&Held>,
        now: Timestamp,
    ) -> Result<Held, LinkError> {
        let claim = &attestation.claim;
        if number > self.max_issuers {
            return Err(LinkError::TooDeep { depth: number, bound: self.max_issuers });
        }
        match held {
            // The beginning of the chain: only a root is believed without papers.
            None if !self.roots.contains(&claim.issuer) => return Err(LinkError::IssuerNotTrusted),
            None => {}
            Some(held) if held.by != claim.issuer => return Err(LinkError::Broken),
            Some(held) => {
                let wanted = issuer_of(&claim.capability);
                if self.checks.attenuation && !covers(&held.capability, &wanted) {
                    return Err(LinkError::Widened { held: held.capability.clone(), wanted });
                }
                self.check_end(claim.expires, held.until)?;
            }
        }
        self.holds_attested(attestation, now)?;
        if is_last && !claim.audience.is_empty() && claim.audience != audience {
            return Err(LinkError::OtherAudience(claim.audience.clone()));
        }
        Ok(Held {
            by: claim.subject,
            capability: claim.capability.clone(),
            until: claim.expires,
            // Who is attested a capability may delegate it, once as often as it likes.
            redelegable: true,
        })
    }

    fn delegated(
        &self,
        delegation: &Delegation,
        depth: usize,
        held: Option<&Held>,
        now: Timestamp,
    ) -> Result<Held, LinkError> {
        let grant = &delegation.grant;
        // Without an attestation before it a delegation rests on nothing, unless a root delegates what it could attest.
        let Some(held) = held else {
            return Err(LinkError::Nothing);
        };
        if depth > self.max_delegations {
            return Err(LinkError::TooDeep { depth, bound: self.max_delegations });
        }
        if held.by != grant.delegator {
            return Err(LinkError::Broken);
        }
        if self.checks.attenuation {
            if !held.redelegable {
                return Err(LinkError::NotRedelegable);
            }
            if !covers(&held.capability, &grant.capability) {
                let (held, wanted) = (held.capability.clone(), grant.capability.clone());
                return Err(LinkError::Widened { held, wanted });
            }
            self.check_end(grant.expires, held.until)?;
        }
        self.holds_delegated(delegation, now)?;
        Ok(Held {
            by: grant.delegate,
            capability: grant.capability.clone(),
            until: grant.expires.min(held.until),
            redelegable: grant.redelegable,
        })
    }

    /// Whether an attestation holds by itself, whatever it rests on.
    fn holds_attested(&self, attestation: &Attestation, now: Timestamp) -> Result<(), LinkError> {
        let claim = &attestation.claim;
        self.check_time(claim.issued, claim.expires, now)?;
        if self.checks.revocations
            && let Some(head) = self.revocations.head_of(claim.issuer)
        {
            if claim.epoch < head.epoch {
                return Err(LinkError::OldEpoch { epoch: claim.epoch, now: head.epoch });
            }
            // The issuer has said later in which epoch it was: nobody is ahead of it.
            if claim.epoch > head.epoch && claim.issued <= head.issued {
                return Err(LinkError::EpochNotBegun { epoch: claim.epoch, then: head.epoch });
            }
            if self.revocations.is_revoked(claim.issuer, &claim.id(), claim.issued) {
                return Err(LinkError::Revoked(head.number));
            }
        }
        let signed = (&attestation.signature, attestation.witness.as_deref());
        self.check_signature(claim.issuer, signed, claim.issued, ATTESTATION, &|| claim.canonical().finish())
    }

    /// Whether a delegation holds by itself, whatever it rests on.
    fn holds_delegated(&self, delegation: &Delegation, now: Timestamp) -> Result<(), LinkError> {
        let grant = &delegation.grant;
        self.check_time(grant.issued, grant.expires, now)?;
        if self.checks.revocations
            && let Some(head) = self.revocations.head_of(grant.delegator)
            && self.revocations.is_revoked(grant.delegator, &grant.id(), grant.issued)
        {
            return Err(LinkError::Revoked(head.number));
        }
        let signed = (&delegation.signature, delegation.witness.as_deref());
        self.check_signature(grant.delegator, signed, grant.issued, DELEGATION, &|| grant.canonical().finish())
    }

    fn used(
        &self,
        holder: Did,
        capability: &str,
        held: Option<&Held>,
        shown: &Presentation,
    ) -> Result<Held, LinkError> {
        let held = held.ok_or(LinkError::Nothing)?;
        if !covers(&held.capability, capability) {
            return Err(LinkError::Widened { held: held.capability.clone(), wanted: capability.into() });
        }
        if self.checks.control {
            if held.by != holder {
                return Err(LinkError::NotHolder);
            }
            match shown.control {
                Some(Ok(())) => {}
                Some(Err(error)) => return Err(LinkError::NotInControl(error.into())),
                None => return Err(LinkError::NotInControl(ControlKind::NonceNotOpen)),
            }
        }
        Ok(Held { by: holder, capability: capability.into(), until: held.until, redelegable: false })
    }

    fn check_end(&self, until: Timestamp, bound: Timestamp) -> Result<(), LinkError> {
        if self.checks.attenuation && until > bound { Err(LinkError::Outlives { until, bound }) } else { Ok(()) }
    }

    fn check_time(&self, issued: Timestamp, expires: Timestamp, now: Timestamp) -> Result<(), LinkError> {
        if now < issued {
            Err(LinkError::NotYetValid(issued))
        } else if now >= expires {
            Err(LinkError::Expired(expires))
        } else {
            Ok(())
        }
    }

    fn check_signature(
        &self,
        by: Did,
        (signature, witness): (&Signature, Option<&Testimony>),
        issued: Timestamp,
        context: &str,
        data: &dyn Fn() -> Vec<u8>,
    ) -> Result<(), LinkError> {
        let document = self.documents.document(by).ok_or(LinkError::UnknownIdentity)?;
        if !document.is_active() {
            return Err(LinkError::Deactivated);
        }
        if !self.checks.signatures {
            return Ok(());
        }
        if signature.at != issued {
            return Err(LinkError::OtherTime);
        }
        let keys = document.keys_at(signature.key, issued).ok_or(LinkError::KeyNotInForce)?;
        if self.checks.witnesses
            && let Some(rotated) = document.rotated_out_after(issued)
        {
            let seen = witness.and_then(|testimony| self.seen(testimony, &signature.id()));
            if seen.is_none_or(|seen| seen >= rotated) {
                return Err(LinkError::Unwitnessed);
            }
        }
        self.signatures.verify(signature, keys, context, data).map_err(|error| LinkError::Signature(error.into()))
    }

    /// When the witness that is believed saw a signature, as a testimony says.
    fn seen(&self, testimony: &Testimony, id: &Digest) -> Option<Timestamp> {
        let (signature, data) = testimony.to_verify();
        self.signatures.verify(signature, self.witness?, WITNESS, &data).ok()?;
        testimony.saw(id)
    }

    /// May `holder` use `capability` now? Looks for a chain among all papers there are. If none holds, the answer shows the
    /// one that came furthest.
    ///
    /// `control` is what became of asking the holder for a proof.
    #[must_use]
    pub fn may(
        &self,
        holder: Did,
        capability: &str,
        audience: &str,
        papers: &dyn Papers,
        control: Option<Result<(), ControlError>>,
        now: Timestamp,
    ) -> Verdict {
        self.may_with_papers_of(holder, holder, capability, audience, papers, control, now)
    }

    /// The same for a holder that shows the papers of `owner`, be they its own or not.
    #[must_use]
    pub fn may_with_papers_of(
        &self,
        owner: Did,
        holder: Did,
        capability: &str,
        audience: &str,
        papers: &dyn Papers,
        control: Option<Result<(), ControlError>>,
        now: Timestamp,
    ) -> Verdict {
        let mut search = Search::new(papers, self.roots, self.max_issuers, self.max_delegations);
        let mut best = Verdict { links: Vec::new(), error: Some(LinkError::Nothing), failing: None };
        // First what can hold, link by link; each paper is looked at once for each place in a chain.
        let question = Question { validator: self, audience, now };
        let held = search.holding(&question, owner, capability, &mut |attestations, delegations| {
            let shown = Presentation { attestations, delegations, control };
            best = self.validate(holder, capability, audience, &shown, now);
            best.is_yes()
        });
        if held {
            return best;
        }
        let is_cut_off = search.is_tired();
        // None holds: what comes nearest says why.
        for any in [false, true] {
            search.explain(any);
            let found = search.chains(owner, capability, &mut Vec::new(), &mut |attestations, delegations| {
                let shown = Presentation { attestations, delegations, control };
                let verdict = self.validate(holder, capability, audience, &shown, now);
                let is_yes = verdict.is_yes();
                let came = |verdict: &Verdict| verdict.failing.map_or(0, |failing| failing + 1);
                if is_yes || best.links.is_empty() || came(&verdict) > came(&best) {
                    best = verdict;
                }
                is_yes
            });
            // Papers that cover it explain a no better than those that don't.
            if found || !best.links.is_empty() {
                break;
            }
        }
        if is_cut_off && !best.is_yes() {
            best = Verdict { error: Some(LinkError::TooManyPapers), failing: None, ..best };
        }
        best
    }
}

#[cfg(test)]
mod tests;
