//! Control of an identity is proven by answering a nonce: who has the name's keys can, a thief of papers can't.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::Canonical;
use crate::did::{Did, DidDocument};
use crate::signature::Signature;
use crate::suite::{PrivateKeys, PublicKeys, SignatureError};
use crate::timestamp::Timestamp;

/// The context of these signatures.
pub const CONTROL: &str = "agent2028.did.control";

/// What a verifier asks: sign this number, for me, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Who asks. An answer to one verifier is none to another.
    pub verifier: Did,
    /// Who is asked.
    pub holder: Did,
    /// A number that is never asked twice.
    pub nonce: [u8; 16],
}

impl Challenge {
    fn bytes(&self) -> Vec<u8> {
        Canonical::new(CONTROL).bytes(&self.verifier.0.0).bytes(&self.holder.0.0).bytes(&self.nonce).finish()
    }

    /// Answers it.
    ///
    /// # Errors
    /// If the keys can't sign.
    pub fn answer(&self, keys: &dyn PrivateKeys, at: Timestamp) -> Result<ControlProof, SignatureError> {
        Ok(ControlProof { challenge: *self, signature: Signature::sign(keys, CONTROL, at, &self.bytes())? })
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlProof {
    /// What was asked.
    pub challenge: Challenge,
    /// The answer.
    pub signature: Signature,
}

/// Why an answer proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// It answers something else than what was asked.
    #[error("it answers another question")]
    OtherChallenge,
    /// The nonce was answered before, or never asked.
    #[error("its nonce is not open: it was answered before, or never asked")]
    NonceNotOpen,
    /// The identity has ended.
    #[error("the identity is deactivated")]
    Deactivated,
    /// The key was not in force.
    #[error("the key was not in force")]
    KeyNotInForce,
    /// The signature is wrong.
    #[error("{0}")]
    Signature(#[from] SignatureError),
}

impl ControlProof {
    /// Verifies the answer to a challenge.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub fn verify(&self, asked: &Challenge, holder: &DidDocument) -> Result<(), ControlError> {
        self.verify_with(asked, holder, |signature, keys, context, data| signature.verify(keys, context, data))
    }

    /// The same with a signature that is verified by `verify`.
    pub(crate) fn verify_with(
        &self,
        asked: &Challenge,
        holder: &DidDocument,
        verify: impl FnOnce(&Signature, &PublicKeys, &str, &[u8]) -> Result<(), SignatureError>,
    ) -> Result<(), ControlError> {
        if self.challenge != *asked || holder.did != asked.holder {
            return Err(ControlError::OtherChallenge);
        }
        if !holder.is_active() {
            return Err(ControlError::Deactivated);
        }
        let keys = holder.current().filter(|keys| keys.id() == self.signature.key);
        Ok(verify(&self.signature, keys.ok_or(ControlError::KeyNotInForce)?, CONTROL, &asked.bytes())?)
    }
}

/// The nonces that a verifier has asked and that were not answered yet. Each is good for one answer, within a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChallenges {
    open: BTreeMap<[u8; 16], (Did, Timestamp)>,
}

impl OpenChallenges {
    /// Remembers that `holder` was asked this nonce, to be answered until `until`. Returns whether the nonce is new.
    pub fn ask(&mut self, nonce: [u8; 16], holder: Did, until: Timestamp) -> bool {
        let is_new = !self.open.contains_key(&nonce);
        if is_new {
            self.open.insert(nonce, (holder, until));
        }
        is_new
    }

    /// Closes a nonce that is being answered.
    ///
    /// # Errors
    /// If it wasn't asked of this holder, was answered, or the time is over.
    pub fn close(&mut self, nonce: [u8; 16], holder: Did, now: Timestamp) -> Result<(), ControlError> {
        match self.open.remove(&nonce) {
            Some((asked, until)) if asked == holder && now <= until => Ok(()),
            _ => Err(ControlError::NonceNotOpen),
        }
    }

    /// Forgets what is no longer waited for.
    pub fn forget_expired(&mut self, now: Timestamp) {
        self.open.retain(|_, (_, until)| *until >= now);
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{keys, time};

    #[test]
    fn only_who_has_the_keys_can_answer() {
        let (alice, mallory, bob) = (keys(1), keys(2), keys(3));
        let document = DidDocument::new(alice.public().clone(), time(0));
        let verifier = Did::of_first_keys(bob.public());
        let asked = Challenge { verifier, holder: document.did, nonce: [7; 16] };
        let answer = asked.answer(alice.as_ref(), time(1)).unwrap();
        assert_eq!(answer.verify(&asked, &document), Ok(()));
        let forged = asked.answer(mallory.as_ref(), time(1)).unwrap();
        assert_eq!(forged.verify(&asked, &document), Err(ControlError::KeyNotInForce));
        // Claiming the right key's id doesn't help.
        let mut claimed = forged;
        claimed.signature.key = alice.public().id();
        assert_eq!(claimed.verify(&asked, &document), Err(ControlError::Signature(SignatureError::Classic)));
        // An answer is for one question by one verifier.
        let again = Challenge { nonce: [8; 16], ..asked };
        assert_eq!(answer.verify(&again, &document), Err(ControlError::OtherChallenge));
        let elsewhere = Challenge { verifier: document.did, ..asked };
        assert_eq!(answer.verify(&elsewhere, &document), Err(ControlError::OtherChallenge));
        let moved = ControlProof { challenge: elsewhere, ..answer.clone() };
        assert_eq!(moved.verify(&elsewhere, &document), Err(ControlError::Signature(SignatureError::Data)));
        // A deactivated identity controls nothing.
        let mut ended = document.clone();
        ended.deactivate(alice.as_ref(), time(2)).unwrap();
        assert_eq!(answer.verify(&asked, &ended), Err(ControlError::Deactivated));
    }

    #[test]
    fn a_nonce_is_good_for_one_answer() {
        let holder = Did::default();
        let mut open = OpenChallenges::default();
        assert!(open.ask([1; 16], holder, time(10)));
        assert!(!open.ask([1; 16], holder, time(20)));
        assert_eq!(open.close([1; 16], holder, time(5)), Ok(()));
        assert_eq!(open.close([1; 16], holder, time(5)), Err(ControlError::NonceNotOpen));
        open.ask([2; 16], holder, time(10));
        assert_eq!(open.close([2; 16], holder, time(11)), Err(ControlError::NonceNotOpen));
        open.ask([3; 16], holder, time(10));
        open.forget_expired(time(11));
        assert!(open.is_empty());
    }
}
