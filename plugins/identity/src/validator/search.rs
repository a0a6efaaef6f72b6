//! Looking for a chain among all papers there are.

use std::sync::Arc;

use super::Papers;
use crate::attestation::Attestation;
use crate::delegation::Delegation;
use crate::did::Did;
use crate::scope::{covers, issuer_of};

/// So many chains are tried at most before the answer is no.
const MAX_TRIES: usize = 256;

/// Looks for chains backwards, from who uses a capability to the roots.
pub(super) struct Search<'a> {
    papers: &'a dyn Papers,
    roots: &'a [Did],
    bound: usize,
    issuers: usize,
    /// Whether papers that allow too little are tried as well: they can't make the answer yes, but say why it is no.
    any: bool,
    tried: usize,
}

pub(super) type Try<'a> = dyn FnMut(Vec<Arc<Attestation>>, Vec<Arc<Delegation>>) -> bool + 'a;

impl<'a> Search<'a> {
    /// A search among papers. Chains one longer than allowed are tried as well, so that the answer can say so.
    pub(super) fn new(
        papers: &'a dyn Papers,
        roots: &'a [Did],
        max_issuers: usize,
        max_delegations: usize,
        any: bool,
    ) -> Self {
        Self { papers, roots, bound: max_delegations + 1, issuers: max_issuers + 1, any, tried: 0 }
    }

    fn suits(&self, held: &str, wanted: &str) -> bool {
        self.any || covers(held, wanted)
    }

    /// Tries every chain that ends with `to`, which passes on through `after` (the last link first); ends when one holds.
    pub(super) fn chains(
        &mut self,
        to: Did,
        capability: &str,
        after: &mut Vec<Arc<Delegation>>,
        take: &mut Try,
    ) -> bool {
        let papers = self.papers;
        for attestation in papers.attestations_of(to) {
            if self.suits(&attestation.claim.capability, capability)
                && self.issued(&mut vec![Arc::clone(attestation)], after, take)
            {
                return true;
            }
        }
        if after.len() >= self.bound {
            return false;
        }
        for delegation in papers.delegations_to(to) {
            let grant = &delegation.grant;
            let is_cycle = after.iter().any(|later| later.grant.delegate == grant.delegator);
            if is_cycle || !self.suits(&grant.capability, capability) {
                continue;
            }
            after.push(Arc::clone(delegation));
            let found = self.chains(grant.delegator, capability, after, take);
            after.pop();
            if found {
                return true;
            }
        }
        false
    }

    /// Tries every way from a root to the issuer of the first attestation (the last one first in `attestations`).
    fn issued(
        &mut self,
        attestations: &mut Vec<Arc<Attestation>>,
        after: &mut Vec<Arc<Delegation>>,
        take: &mut Try,
    ) -> bool {
        let Some(first) = attestations.last().cloned() else {
            return false;
        };
        if self.tried >= MAX_TRIES {
            return false;
        }
        let issuer = first.claim.issuer;
        let mut has_papers = false;
        if !self.roots.contains(&issuer) && attestations.len() <= self.issuers {
            let (papers, wanted) = (self.papers, issuer_of(&first.claim.capability));
            let of_issuer = papers.attestations_of(issuer);
            let suits = |attestation: &Attestation| covers(&attestation.claim.capability, &wanted);
            // Papers that make it an issuer of too little are only shown if there are no others.
            let is_any = self.any || !of_issuer.iter().any(|attestation| suits(attestation));
            for attestation in of_issuer {
                let is_cycle = attestations.iter().any(|later| later.claim.subject == attestation.claim.issuer);
                if is_cycle || !(is_any || suits(attestation)) {
                    continue;
                }
                has_papers = true;
                attestations.push(Arc::clone(attestation));
                let found = self.issued(attestations, after, take);
                attestations.pop();
                if found {
                    return true;
                }
            }
        }
        if has_papers {
            return false;
        }
        self.tried += 1;
        take(attestations.iter().rev().cloned().collect(), after.iter().rev().cloned().collect())
    }
}
