//! Revocation lists: signed and numbered, so that an old one can't replace a newer one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, Digest};
use crate::did::{Did, DidDocument};
use crate::signature::Signature;
use crate::suite::{PrivateKeys, PublicKeys, SignatureError};
use crate::timestamp::Timestamp;

/// The context of a list's signature.
pub const REVOCATION: &str = "agent2028.revocation";

/// What somebody takes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocations {
    /// Who takes back. Nobody can take back what another issued.
    pub issuer: Did,
    /// The list's number, from 1; each list holds all that those before it held.
    pub number: u32,
    /// When it was made.
    pub issued: Timestamp,
    /// The issuer's epoch: what it attested in earlier ones no longer holds.
    pub epoch: u32,
    /// Ids of attestations and delegations, with the time up to which what was issued under the id is taken back.
    pub revoked: BTreeMap<Digest, Timestamp>,
}

/// A signed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationList {
    /// What it says.
    pub body: Revocations,
    /// The issuer's signature.
    pub signature: Signature,
}

impl Revocations {
    /// The list before the first one: nothing is taken back.
    #[must_use]
    pub fn none(issuer: Did) -> Self {
        Self { issuer, number: 0, issued: Timestamp(i64::MIN), epoch: 0, revoked: BTreeMap::new() }
    }

    /// The next list, with more ids.
    #[must_use]
    pub fn next(&self, more: impl IntoIterator<Item = Digest>, at: Timestamp) -> Self {
        let mut next = Self { number: self.number.saturating_add(1), issued: at, ..self.clone() };
        next.revoked.extend(more.into_iter().map(|id| (id, at)));
        next
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        let head = Canonical::new(REVOCATION)
            .bytes(&self.issuer.0.0)
            .number(u64::from(self.number))
            .bytes(&self.issued.0.to_le_bytes())
            .number(u64::from(self.epoch))
            .number(self.revoked.len() as u64);
        let entry = |canonical: Canonical, (id, until): (&Digest, &Timestamp)| {
            canonical.bytes(&id.0).bytes(&until.0.to_le_bytes())
        };
        self.revoked.iter().fold(head, entry)
    }

    /// Whether something that was issued at a time under this id is taken back.
    #[must_use]
    pub fn reaches(&self, id: &Digest, issued: Timestamp) -> bool {
        self.revoked.get(id).is_some_and(|until| issued <= *until)
    }

    /// Signs the list.
    ///
    /// # Errors
    /// If the keys can't sign.
    pub fn sign(self, keys: &dyn PrivateKeys) -> Result<RevocationList, SignatureError> {
        let signature = Signature::sign(keys, REVOCATION, self.issued, &self.canonical().finish())?;
        Ok(RevocationList { body: self, signature })
    }
}

/// Why a list is not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The list isn't of the identity whose document was shown.
    #[error("the list is of another issuer")]
    OtherIssuer,
    /// The issuer's key was not in force.
    #[error("the issuer's key was not in force")]
    KeyNotInForce,
    /// Its signature is wrong.
    #[error("{0}")]
    Signature(#[from] SignatureError),
    /// A newer list, or this one, is known.
    #[error("list {0} or a newer one is known")]
    NotNewer(u32),
    /// Two lists of one number say different things: the issuer speaks with two tongues.
    #[error("list {0} was signed twice with different contents")]
    Equivocation(u32),
    /// It lacks what an earlier list took back, or lowers the epoch.
    #[error("the list forgets what list {0} took back")]
    Forgets(u32),
}

impl RevocationList {
    /// Checks the signature against the issuer's document.
    ///
    /// # Errors
    /// What is wrong.
    pub fn verify(&self, issuer: &DidDocument) -> Result<(), ListError> {
        self.verify_if(issuer, |signature, keys, bytes| signature.verify(keys, REVOCATION, bytes))
    }

    /// The same with somebody else's word for the signature.
    pub(crate) fn verify_if(
        &self,
        issuer: &DidDocument,
        verify: impl FnOnce(&Signature, &PublicKeys, &[u8]) -> Result<(), SignatureError>,
    ) -> Result<(), ListError> {
        if issuer.did != self.body.issuer {
            return Err(ListError::OtherIssuer);
        }
        let keys = issuer.keys_at(self.signature.key, self.body.issued).ok_or(ListError::KeyNotInForce)?;
        if self.signature.at != self.body.issued {
            return Err(SignatureError::Data.into());
        }
        Ok(verify(&self.signature, keys, &self.body.canonical().finish())?)
    }
}

/// Who knows which lists.
pub trait KnownRevocations {
    /// The newest list of an issuer that is known, if any.
    fn list_of(&self, issuer: Did) -> Option<&Revocations>;
}

/// The newest list of each issuer that somebody has heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationStore {
    lists: BTreeMap<Did, Arc<RevocationList>>,
}

impl RevocationStore {
    /// Takes a list over if it holds and is newer than what is known.
    ///
    /// # Errors
    /// Why it isn't.
    pub fn take_over(&mut self, list: Arc<RevocationList>, issuer: &DidDocument) -> Result<(), ListError> {
        if let Some(known) = self.lists.get(&list.body.issuer) {
            let number = known.body.number;
            if list.body.number < number || list.body == known.body {
                return Err(ListError::NotNewer(number));
            }
            list.verify(issuer)?;
            if list.body.number == number {
                return Err(ListError::Equivocation(number));
            }
            let keeps = |(id, until): (&Digest, &Timestamp)| list.body.revoked.get(id).is_some_and(|to| to >= until);
            if list.body.epoch < known.body.epoch || !known.body.revoked.iter().all(keeps) {
                return Err(ListError::Forgets(number));
            }
        } else {
            list.verify(issuer)?;
        }
        self.lists.insert(list.body.issuer, list);
        Ok(())
    }

    /// All lists, by issuer.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<RevocationList>> {
        self.lists.values()
    }
}

impl KnownRevocations for RevocationStore {
    fn list_of(&self, issuer: Did) -> Option<&Revocations> {
        self.lists.get(&issuer).map(|list| &list.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{keys, time};

    #[test]
    fn only_a_newer_list_that_holds_is_taken_over() {
        let (alice, mallory) = (keys(1), keys(2));
        let document = DidDocument::new(alice.public().clone(), time(0));
        let ids = [Digest::of(b"one"), Digest::of(b"two")];
        let first = Revocations::none(document.did).next([ids[0]], time(1));
        let second = first.next([ids[1]], time(2));
        let sign = |body: &Revocations, seconds| {
            Arc::new(Revocations { issued: time(seconds), ..body.clone() }.sign(alice.as_ref()).unwrap())
        };
        let mut store = RevocationStore::default();
        assert_eq!(store.take_over(sign(&first, 1), &document), Ok(()));
        assert_eq!(store.take_over(sign(&second, 2), &document), Ok(()));
        // An old list can't come back, and the same is nothing new.
        assert_eq!(store.take_over(sign(&first, 1), &document), Err(ListError::NotNewer(2)));
        assert_eq!(store.take_over(sign(&second, 2), &document), Err(ListError::NotNewer(2)));
        // Two lists of one number.
        let other = first.next([Digest::of(b"three")], time(2));
        assert_eq!(store.take_over(sign(&other, 2), &document), Err(ListError::Equivocation(2)));
        // A list that gives back what was taken back.
        let forgetful = Revocations { number: 3, revoked: BTreeMap::new(), ..second.clone() };
        assert_eq!(store.take_over(sign(&forgetful, 3), &document), Err(ListError::Forgets(2)));
        // A list by somebody else.
        let forged = Arc::new(second.next([], time(4)).sign(mallory.as_ref()).unwrap());
        assert_eq!(store.take_over(forged, &document), Err(ListError::KeyNotInForce));
        let known = store.list_of(document.did).unwrap();
        assert!(known.reaches(&ids[0], time(0)) && known.reaches(&ids[1], time(2)));
        // What is granted again afterwards holds.
        assert!(!known.reaches(&ids[1], time(3)));
    }

    #[test]
    fn a_list_that_was_tampered_with_doesn_t_hold() {
        let alice = keys(1);
        let document = DidDocument::new(alice.public().clone(), time(0));
        let list = Revocations::none(document.did).next([Digest::of(b"one")], time(1)).sign(alice.as_ref()).unwrap();
        let tampered = [
            Revocations { number: 9, ..list.body.clone() },
            Revocations { epoch: 9, ..list.body.clone() },
            Revocations { revoked: BTreeMap::new(), ..list.body.clone() },
        ];
        for body in tampered {
            let list = RevocationList { body, signature: list.signature.clone() };
            assert_eq!(list.verify(&document), Err(ListError::Signature(SignatureError::Data)));
        }
        assert_eq!(list.verify(&document), Ok(()));
    }
}
