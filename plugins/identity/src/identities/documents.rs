//! The documents of identities, as they follow from the state.

use agent2028_core::rng::SimRng;

use super::Identities;
use crate::did::{Did, DidDocument};
use crate::state::Member;
use crate::validator::Documents;
use crate::vault::Vault;

impl Identities {
    /// Makes the document of a member again, after its keys or its end have changed.
    pub(crate) fn renew_document(&mut self, dice: &SimRng, place: usize) {
        continue_document(&mut self.documents[place], dice, &self.vault, &self.state.members[place]);
        // Lists are verified with the key of now.
        let issuer = self.state.members[place].agent;
        self.checked.retain(|(of, _), _| *of != issuer);
    }
}

impl Documents for Identities {
    fn document(&self, did: Did) -> Option<&DidDocument> {
        self.places.get(&did).map(|place| &self.documents[*place])
    }
}

/// The document of a member.
pub(super) fn document_of(dice: &SimRng, vault: &Vault, member: &Member) -> DidDocument {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::SuiteId;
    use crate::timestamp::Timestamp;

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
