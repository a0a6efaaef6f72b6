//! Looking for a chain among all papers there are.
//!
//! A chain that holds is found link by link, backwards from who uses the capability. Whether something leads from a root to a
//! link depends on that link and on how many may still stand before it, not on what comes after it; so what has led nowhere is
//! not looked at again, and the work grows with the papers, not with the ways through them. If no chain holds, chains that
//! don't are looked at to say why not, and of these only so many.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Papers, PeerValidator};
use crate::attestation::Attestation;
use crate::delegation::Delegation;
use crate::did::Did;
use crate::scope::{covers, issuer_of};
use crate::timestamp::Timestamp;

/// So many papers are looked at at most for a chain that holds.
const MOST_STEPS: usize = 1 << 16;
/// So many papers are looked at at most to explain why none holds, and so many chains are tried.
const MOST_STEPS_TO_EXPLAIN: usize = 1 << 12;
const MAX_TRIES: usize = 256;

/// What is asked of each link.
pub(super) struct Question<'a> {
    pub validator: &'a PeerValidator<'a>,
    pub audience: &'a str,
    pub now: Timestamp,
}

/// What comes after a link must fit under it: no wider, no longer, and only if it may be passed on.
#[derive(Clone, Copy)]
struct Need<'a> {
    capability: &'a str,
    until: Timestamp,
}

/// Looks for chains backwards, from who uses a capability to the roots.
pub(super) struct Search<'a> {
    papers: &'a dyn Papers,
    roots: &'a [Did],
    delegations: usize,
    issuers: usize,
    /// Whether papers that allow too little are tried as well: they can't make the answer yes, but say why it is no.
    any: bool,
    tried: usize,
    steps: usize,
    /// What has led nowhere: the holder of a paper, its place among the holder's papers, what it is for, and how many links
    /// of its kind stood after it at the least.
    led_nowhere: BTreeMap<(Did, usize, Role), usize>,
}

/// What a paper is for in a chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Issuer,
    Attestation,
    Delegation,
}

pub(super) type Try<'a> = dyn FnMut(Vec<Arc<Attestation>>, Vec<Arc<Delegation>>) -> bool + 'a;

impl<'a> Search<'a> {
    /// A search among papers.
    pub(super) fn new(papers: &'a dyn Papers, roots: &'a [Did], max_issuers: usize, max_delegations: usize) -> Self {
        Self {
            papers,
            roots,
            delegations: max_delegations,
            issuers: max_issuers,
            any: false,
            tried: 0,
            steps: 0,
            led_nowhere: BTreeMap::new(),
        }
    }

    /// Whether more papers were there than are looked at.
    pub(super) fn is_tired(&self) -> bool {
        self.steps >= MOST_STEPS
    }

    /// Another paper is looked at, unless that would be too many.
    fn step(&mut self, most: usize) -> bool {
        self.steps += 1;
        self.steps <= most
    }

    /// Whether a paper is worth a look with so many links after it: it wasn't looked at with as many or fewer.
    fn is_new(&mut self, paper: (Did, usize, Role), after: usize) -> bool {
        match self.led_nowhere.get_mut(&paper) {
            Some(before) if *before <= after => false,
            Some(before) => {
                *before = after;
                true
            }
            None => {
                self.led_nowhere.insert(paper, after);
                true
            }
        }
    }

    /// Looks for a chain that holds in all that doesn't depend on who shows it; ends with the first one that `take` takes.
    pub(super) fn holding(&mut self, question: &Question, owner: Did, capability: &str, take: &mut Try) -> bool {
        (self.steps, self.any) = (0, false);
        self.led_nowhere.clear();
        let need = Need { capability, until: Timestamp(i64::MIN) };
        self.holding_before(question, owner, need, &mut Vec::new(), take)
    }

    /// Looks for what leads to `to`, who passes on through `after` (the last link first).
    fn holding_before(
        &mut self,
        question: &Question,
        to: Did,
        need: Need,
        after: &mut Vec<Arc<Delegation>>,
        take: &mut Try,
    ) -> bool {
        let (papers, validator) = (self.papers, question.validator);
        let attenuates = validator.checks.attenuation;
        // What is used must be covered in any case; what is passed on, only where somebody looks.
        let suits = |capability: &str, until: Timestamp, after: usize| {
            let covered = covers(capability, need.capability);
            if after == 0 { covered } else { !attenuates || (covered && until >= need.until) }
        };
        for (at, attestation) in papers.attestations_of(to).iter().enumerate() {
            let claim = &attestation.claim;
            if !self.step(MOST_STEPS) {
                return false;
            }
            let is_for_us = claim.audience.is_empty() || claim.audience == question.audience;
            if suits(&claim.capability, claim.expires, after.len())
                && is_for_us
                && self.is_new((to, at, Role::Attestation), 0)
                && validator.holds_attested(attestation, question.now).is_ok()
                && self.holding_issuers(question, &mut vec![Arc::clone(attestation)], after, take)
            {
                return true;
            }
        }
        if after.len() >= self.delegations {
            return false;
        }
        for (at, delegation) in papers.delegations_to(to).iter().enumerate() {
            let grant = &delegation.grant;
            if !self.step(MOST_STEPS) {
                return false;
            }
            let may_pass_on = after.is_empty() || !attenuates || grant.redelegable;
            if !may_pass_on
                || !suits(&grant.capability, grant.expires, after.len())
                || !self.is_new((to, at, Role::Delegation), after.len())
                || validator.holds_delegated(delegation, question.now).is_err()
            {
                continue;
            }
            // Where nobody looks whether links widen, the last one is what counts.
            let need = Need { capability: &grant.capability, until: grant.expires };
            after.push(Arc::clone(delegation));
            let found = self.holding_before(question, grant.delegator, need, after, take);
            after.pop();
            if found {
                return true;
            }
        }
        false
    }

    /// Looks for what makes the issuer of the first attestation one (the last one first in `attestations`).
    fn holding_issuers(
        &mut self,
        question: &Question,
        attestations: &mut Vec<Arc<Attestation>>,
        after: &[Arc<Delegation>],
        take: &mut Try,
    ) -> bool {
        let Some(first) = attestations.last().cloned() else {
            return false;
        };
        let (papers, validator, issuer) = (self.papers, question.validator, first.claim.issuer);
        let attenuates = validator.checks.attenuation;
        if self.roots.contains(&issuer)
            && take(attestations.iter().rev().cloned().collect(), after.iter().rev().cloned().collect())
        {
            return true;
        }
        if attestations.len() > self.issuers {
            return false;
        }
        let wanted = issuer_of(&first.claim.capability);
        for (at, attestation) in papers.attestations_of(issuer).iter().enumerate() {
            let claim = &attestation.claim;
            if !self.step(MOST_STEPS) {
                return false;
            }
            let suits = !attenuates || (covers(&claim.capability, &wanted) && claim.expires >= first.claim.expires);
            if !suits
                || !self.is_new((issuer, at, Role::Issuer), attestations.len())
                || validator.holds_attested(attestation, question.now).is_err()
            {
                continue;
            }
            attestations.push(Arc::clone(attestation));
            let found = self.holding_issuers(question, attestations, after, take);
            attestations.pop();
            if found {
                return true;
            }
        }
        false
    }

    /// From now on chains are looked at that need not hold, with papers that allow too little or without. Chains one longer than
    /// allowed are among them, so that the answer can say so.
    pub(super) fn explain(&mut self, any: bool) {
        (self.any, self.steps, self.tried) = (any, 0, 0);
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
            if !self.step(MOST_STEPS_TO_EXPLAIN) {
                return false;
            }
            if self.suits(&attestation.claim.capability, capability)
                && self.issued(&mut vec![Arc::clone(attestation)], after, take)
            {
                return true;
            }
        }
        if after.len() > self.delegations {
            return false;
        }
        for delegation in papers.delegations_to(to) {
            let grant = &delegation.grant;
            if !self.step(MOST_STEPS_TO_EXPLAIN) {
                return false;
            }
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
        if !self.roots.contains(&issuer) && attestations.len() <= self.issuers + 1 {
            let (papers, wanted) = (self.papers, issuer_of(&first.claim.capability));
            let of_issuer = papers.attestations_of(issuer);
            let suits = |attestation: &Attestation| covers(&attestation.claim.capability, &wanted);
            // Papers that make it an issuer of too little are only shown if there are no others.
            let is_any = self.any || !of_issuer.iter().any(|attestation| suits(attestation));
            for attestation in of_issuer {
                if !self.step(MOST_STEPS_TO_EXPLAIN) {
                    return false;
                }
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
