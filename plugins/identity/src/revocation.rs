//! Revocation lists: signed, numbered and chained, so that an old one can't replace a newer one, and none can leave out what
//! came before it.
//!
//! A list says what it adds to those before it and holds their digest (as a log's heads do), so that what is kept and sent
//! grows with what is taken back, not with its square: who knows list 7 is sent 8 and 9, and checks the signature of 9 only.

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
    /// The list's number, from 1.
    pub number: u32,
    /// When it was made.
    pub issued: Timestamp,
    /// The issuer's epoch: what it attested in earlier ones no longer holds.
    pub epoch: u32,
    /// The digest of the list before, and with it of all lists before.
    pub before: Digest,
    /// What this list adds: ids of attestations and delegations, with the time up to which what was issued under the id is
    /// taken back.
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

/// What is known of an issuer's lists: the newest of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u32,
    /// When it was made.
    pub issued: Timestamp,
    /// The issuer's epoch.
    pub epoch: u32,
    /// Its digest.
    pub digest: Digest,
}

impl Revocations {
    /// The list before the first one: nothing is taken back.
    #[must_use]
    pub fn none(issuer: Did) -> Self {
        let (issued, before) = (Timestamp(i64::MIN), Digest::default());
        Self { issuer, number: 0, issued, epoch: 0, before, revoked: BTreeMap::new() }
    }

    /// The list after this one, with more ids.
    #[must_use]
    pub fn next(&self, more: impl IntoIterator<Item = Digest>, at: Timestamp) -> Self {
        Self::after(self.issuer, &self.head(), more, at)
    }

    /// The list of an issuer after the one that is known.
    #[must_use]
    pub fn after(issuer: Did, known: &Head, more: impl IntoIterator<Item = Digest>, at: Timestamp) -> Self {
        Self {
            issuer,
            number: known.number.saturating_add(1),
            issued: at,
            epoch: known.epoch,
            before: known.digest,
            revoked: more.into_iter().map(|id| (id, at)).collect(),
        }
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        let head = Canonical::new(REVOCATION)
            .bytes(&self.issuer.0.0)
            .number(u64::from(self.number))
            .bytes(&self.issued.0.to_le_bytes())
            .number(u64::from(self.epoch))
            .bytes(&self.before.0)
            .number(self.revoked.len() as u64);
        let entry = |canonical: Canonical, (id, until): (&Digest, &Timestamp)| {
            canonical.bytes(&id.0).bytes(&until.0.to_le_bytes())
        };
        self.revoked.iter().fold(head, entry)
    }

    /// What is known of an issuer's lists if this is the newest.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { number: self.number, issued: self.issued, epoch: self.epoch, digest: self.canonical().digest() }
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
    /// It isn't signed by the key in force now. Who has stolen a key that was rotated out signs no lists with it: the issuer
    /// signs its newest list again when it rotates.
    #[error("it is not signed by the issuer's key of now")]
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
    /// It doesn't rest on the lists before it, or lowers the epoch, or is older than they are.
    #[error("it does not rest on list {0}")]
    Forgets(u32),
    /// It takes back what its issuer never issued.
    #[error("it takes back what its issuer never issued")]
    UnknownPaper,
    /// It takes back what will be issued later.
    #[error("it takes back what is not issued yet")]
    Future,
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
        let keys = issuer.current().filter(|keys| keys.id() == self.signature.key).ok_or(ListError::KeyNotInForce)?;
        if self.signature.at != self.body.issued {
            return Err(SignatureError::Data.into());
        }
        Ok(verify(&self.signature, keys, &self.body.canonical().finish())?)
    }

    /// How long it is on the wire, in bytes.
    #[must_use]
    pub fn wire_bytes(&self) -> u64 {
        // Both halves, the digests and numbers around them, and 40 bytes for each id with its time.
        let signature = 64 + self.signature.halves.lattice.len();
        (128 + signature + self.body.revoked.len() * 40) as u64
    }
}

/// What is checked of lists that somebody sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListChecks {
    /// Whether the newest one is signed.
    pub signatures: bool,
    /// Whether it is newer than what is known.
    pub numbers: bool,
}

impl Default for ListChecks {
    fn default() -> Self {
        Self { signatures: true, numbers: true }
    }
}

/// Whether a run of lists, the newest one last, is to be taken over by somebody who knows this much of the issuer's lists, and
/// what is known then. `is_issued` says whether an id is of something that the issuer issued; `verify` checks a signature
/// against the issuer's document.
///
/// # Errors
/// Why it isn't.
pub fn admit<'l>(
    issuer: Did,
    known: Option<&Head>,
    offered: impl IntoIterator<Item = (&'l Revocations, Digest)>,
    checks: ListChecks,
    is_issued: &dyn Fn(&Digest) -> bool,
    verify: impl FnOnce() -> Result<(), ListError>,
) -> Result<Head, ListError> {
    let offered: Vec<(&Revocations, Digest)> = offered.into_iter().collect();
    let Some((newest, digest)) = offered.last() else {
        return Err(ListError::NotNewer(known.map_or(0, |known| known.number)));
    };
    if newest.issuer != issuer {
        return Err(ListError::OtherIssuer);
    }
    let head = Head { number: newest.number, issued: newest.issued, epoch: newest.epoch, digest: *digest };
    if let Some(known) = known
        && checks.numbers
        && (newest.number < known.number || *digest == known.digest)
    {
        return Err(ListError::NotNewer(known.number));
    }
    if checks.signatures {
        verify()?;
    }
    match known {
        // Who doesn't look at numbers takes what it is given.
        Some(known) if !checks.numbers && newest.number <= known.number => return Ok(head),
        Some(known) if newest.number == known.number => return Err(ListError::Equivocation(known.number)),
        _ => {}
    }
    let none = Revocations::none(issuer).head();
    let mut last = *known.unwrap_or(&none);
    let first = last.number;
    for (list, digest) in offered.iter().filter(|(list, _)| list.number > first) {
        let follows =
            list.issuer == issuer && Some(list.number) == last.number.checked_add(1) && list.before == last.digest;
        if !follows || list.epoch < last.epoch || list.issued < last.issued {
            return Err(ListError::Forgets(last.number));
        }
        if list.revoked.values().any(|until| *until > list.issued) {
            return Err(ListError::Future);
        }
        if !list.revoked.keys().all(is_issued) {
            return Err(ListError::UnknownPaper);
        }
        last = Head { number: list.number, issued: list.issued, epoch: list.epoch, digest: *digest };
    }
    Ok(last)
}

/// Who knows which lists.
pub trait KnownRevocations {
    /// What is known of an issuer's lists, if anything.
    fn head_of(&self, issuer: Did) -> Option<Head>;
    /// Whether something that was issued at a time under this id is taken back by its issuer, as far as is known.
    fn is_revoked(&self, issuer: Did, id: &Digest, issued: Timestamp) -> bool;
}

/// What somebody has heard of an issuer's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    head: Head,
    revoked: BTreeMap<Digest, Timestamp>,
}

/// The lists of each issuer that somebody has heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationStore {
    heard: BTreeMap<Did, Heard>,
}

impl RevocationStore {
    /// Takes over lists of an issuer, the newest one last, if they hold and are newer than what is known. `is_issued` says
    /// whether an id is of something that the issuer issued.
    ///
    /// # Errors
    /// Why it doesn't.
    pub fn take_over(
        &mut self,
        lists: &[Arc<RevocationList>],
        issuer: &DidDocument,
        is_issued: &dyn Fn(&Digest) -> bool,
    ) -> Result<(), ListError> {
        let known = self.heard.get(&issuer.did).map(|heard| heard.head);
        let offered = lists.iter().map(|list| (&list.body, list.body.canonical().digest()));
        let verify = || lists.last().map_or(Ok(()), |newest| newest.verify(issuer));
        let head = admit(issuer.did, known.as_ref(), offered, ListChecks::default(), is_issued, verify)?;
        let first = known.map_or(0, |known| known.number);
        let heard = self.heard.entry(issuer.did).or_insert_with(|| Heard { head, revoked: BTreeMap::new() });
        heard.head = head;
        for list in lists.iter().filter(|list| list.body.number > first) {
            for (id, until) in &list.body.revoked {
                let held = heard.revoked.entry(*id).or_insert(*until);
                *held = (*held).max(*until);
            }
        }
        Ok(())
    }
}

impl KnownRevocations for RevocationStore {
    fn head_of(&self, issuer: Did) -> Option<Head> {
        self.heard.get(&issuer).map(|heard| heard.head)
    }

    fn is_revoked(&self, issuer: Did, id: &Digest, issued: Timestamp) -> bool {
        self.heard.get(&issuer).and_then(|heard| heard.revoked.get(id)).is_some_and(|until| issued <= *until)
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
        let is_issued = |id: &Digest| ids.contains(id);
        let sign = |body: Revocations| Arc::new(body.sign(alice.as_ref()).unwrap());
        let none = Revocations::none(document.did);
        let first = sign(none.next([ids[0]], time(1)));
        let second = sign(first.body.next([ids[1]], time(2)));
        let third = sign(second.body.next([], time(3)));
        let mut store = RevocationStore::default();
        let mut offer = |lists: &[&Arc<RevocationList>]| {
            let lists: Vec<_> = lists.iter().map(|list| Arc::clone(list)).collect();
            store.take_over(&lists, &document, &is_issued)
        };
        // Nobody can say what came before the second one who doesn't know the first one.
        assert_eq!(offer(&[&second]), Err(ListError::Forgets(0)));
        assert_eq!(offer(&[&first]), Ok(()));
        assert_eq!(offer(&[&third]), Err(ListError::Forgets(1)));
        assert_eq!(offer(&[&first, &second]), Ok(()));
        // An old list can't come back, and the same is nothing new.
        assert_eq!(offer(&[&first]), Err(ListError::NotNewer(2)));
        assert_eq!(offer(&[&second]), Err(ListError::NotNewer(2)));
        // Two lists of one number.
        assert_eq!(offer(&[&sign(first.body.next([], time(2)))]), Err(ListError::Equivocation(2)));
        // A list that gives back what was taken back: it would have to rest on other lists.
        let forgetful = Revocations { number: 3, ..none.next([], time(3)) };
        assert_eq!(offer(&[&sign(forgetful)]), Err(ListError::Forgets(2)));
        let lowered = |list: Revocations| Revocations { epoch: 0, ..list };
        let raised = sign(Revocations { epoch: 2, ..second.body.next([], time(3)) });
        assert_eq!(offer(&[&raised]), Ok(()));
        assert_eq!(offer(&[&sign(lowered(raised.body.next([], time(4))))]), Err(ListError::Forgets(3)));
        assert_eq!(offer(&[&sign(raised.body.next([], time(2)))]), Err(ListError::Forgets(3)));
        // What was never issued, or is not issued yet, is nobody's to take back.
        assert_eq!(offer(&[&sign(raised.body.next([Digest::of(b"nothing")], time(4)))]), Err(ListError::UnknownPaper));
        let mut ahead = raised.body.next([ids[0]], time(4));
        ahead.revoked.insert(ids[0], time(5));
        assert_eq!(offer(&[&sign(ahead)]), Err(ListError::Future));
        // A list by somebody else.
        let forged = Arc::new(raised.body.next([], time(4)).sign(mallory.as_ref()).unwrap());
        assert_eq!(offer(&[&forged]), Err(ListError::KeyNotInForce));
        let mut claimed = (*forged).clone();
        claimed.signature.key = alice.public().id();
        assert_eq!(offer(&[&Arc::new(claimed)]), Err(ListError::Signature(SignatureError::Classic)));
        let revoked = |id, seconds| store.is_revoked(document.did, &id, time(seconds));
        assert!(revoked(ids[0], 0) && revoked(ids[0], 1) && revoked(ids[1], 2));
        // What is granted again afterwards holds.
        assert!(!revoked(ids[1], 3) && !revoked(ids[0], 2));
        assert_eq!(store.head_of(document.did).map(|head| (head.number, head.epoch)), Some((3, 2)));
    }

    #[test]
    fn a_key_that_was_rotated_out_signs_no_lists() {
        let (old, new) = (keys(1), keys(2));
        let mut document = DidDocument::new(old.public().clone(), time(0));
        let list = Revocations::none(document.did).next([], time(1)).sign(old.as_ref()).unwrap();
        assert_eq!(list.verify(&document), Ok(()));
        document.rotate(old.as_ref(), new.as_ref(), time(5)).unwrap();
        // Whether it is really as old as it says, nobody can tell.
        assert_eq!(list.verify(&document), Err(ListError::KeyNotInForce));
        assert_eq!(list.body.next([], time(5)).sign(new.as_ref()).unwrap().verify(&document), Ok(()));
    }

    #[test]
    fn a_list_that_was_tampered_with_doesn_t_hold() {
        let alice = keys(1);
        let document = DidDocument::new(alice.public().clone(), time(0));
        let list = Revocations::none(document.did).next([Digest::of(b"one")], time(1)).sign(alice.as_ref()).unwrap();
        let tampered = [
            Revocations { number: 9, ..list.body.clone() },
            Revocations { epoch: 9, ..list.body.clone() },
            Revocations { before: Digest::of(b"others"), ..list.body.clone() },
            Revocations { revoked: BTreeMap::new(), ..list.body.clone() },
        ];
        for body in tampered {
            let list = RevocationList { body, signature: list.signature.clone() };
            assert_eq!(list.verify(&document), Err(ListError::Signature(SignatureError::Data)));
        }
        assert_eq!(list.verify(&document), Ok(()));
    }

    /// A thousand lists take a thousand times the room of one, and to know one more costs one more.
    #[test]
    fn lists_grow_with_what_they_add() {
        let did = Did(Digest::of(b"issuer"));
        let mut list = Revocations::none(did);
        let mut bytes = 0;
        for number in 0..1000_u32 {
            list = list.next([Digest::of(&number.to_le_bytes())], time(i64::from(number)));
            bytes += list.canonical().finish().len();
        }
        let first = Revocations::none(did).next([Digest::of(b"one")], time(0));
        assert_eq!(bytes, 1000 * first.canonical().finish().len());
    }
}
