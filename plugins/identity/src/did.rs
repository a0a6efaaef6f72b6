//! Decentralised identifiers: `did:agent:z…`, whose id is the hash of the first public keys.
//!
//! So nobody can claim another's name without having other keys with the same hash, and nobody can compute keys from a name.

use serde::{Deserialize, Serialize};

use crate::base58;
use crate::canonical::{Canonical, Digest};
use crate::signature::Signature;
use crate::suite::{KeyId, PrivateKeys, PublicKeys, SignatureError};
use crate::timestamp::Timestamp;

/// What all identifiers begin with; the `z` says that base58 follows.
const PREFIX: &str = "did:agent:z";

/// The multihash code of SHA3-256 and the length of a digest.
const MULTIHASH: [u8; 2] = [0x16, 0x20];

/// The context of signatures that put new keys in place.
pub const ROTATION: &str = "agent2028.did.rotation";

/// The context of signatures that end an identity.
pub const DEACTIVATION: &str = "agent2028.did.deactivation";

/// An identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Did(pub Digest);

impl Did {
    /// The identifier of whoever began with these keys.
    #[must_use]
    pub fn of_first_keys(keys: &PublicKeys) -> Self {
        Self(Canonical::new("agent2028.did.v1").bytes(&keys.id().0.0).digest())
    }

    /// A form for narrow places: the beginning of the id.
    #[must_use]
    pub fn short(&self) -> String {
        let whole = self.to_string();
        format!("{}…", &whole[..(PREFIX.len() + 8).min(whole.len())])
    }
}

impl std::fmt::Display for Did {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut multihash = [0; 34];
        multihash[..2].copy_from_slice(&MULTIHASH);
        multihash[2..].copy_from_slice(&self.0.0);
        write!(f, "{PREFIX}{}", base58::encode(&multihash))
    }
}

/// A text is no identifier of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form did:agent:z… with a SHA3-256 multihash")]
pub struct NoDid;

impl std::str::FromStr for Did {
    type Err = NoDid;

    fn from_str(text: &str) -> Result<Self, NoDid> {
        let bytes = text.strip_prefix(PREFIX).filter(|id| id.len() <= 64).and_then(base58::decode).ok_or(NoDid)?;
        let digest = bytes.strip_prefix(&MULTIHASH).ok_or(NoDid)?;
        Ok(Self(Digest(digest.try_into().map_err(|_| NoDid)?)))
    }
}

/// Keys of an identity and how they came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The public keys.
    pub keys: PublicKeys,
    /// Since when they are in force.
    pub from: Timestamp,
    /// Signatures over the change: by the keys before and by these. The first keys have none; the identifier is their hash.
    pub proof: Option<RotationProof>,
}

/// Both sides of a rotation sign it: the old keys allow it, the new ones show that somebody has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationProof {
    /// By the keys that were in force.
    pub by_former: Signature,
    /// By the keys that come into force.
    pub by_new: Signature,
}

/// What is known of an identity in public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DidDocument {
    /// Whose document this is.
    pub did: Did,
    /// The keys, the first ones first. There is at least one.
    pub history: Vec<KeyRecord>,
    /// The signature that ended the identity, for good.
    pub deactivated: Option<Signature>,
}

/// Why a document is not to be believed, or a change not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It has no keys.
    #[error("the document has no keys")]
    NoKeys,
    /// The identifier is not the hash of the first keys.
    #[error("the identifier is not the hash of the document's first keys")]
    OtherKeys,
    /// A rotation isn't signed by both sides.
    #[error("rotation {number}: {error}")]
    Rotation {
        /// Which, from 1.
        number: usize,
        /// What is wrong with a signature.
        error: SignatureError,
    },
    /// Keys come into force before those they replace, or their proof is of another time.
    #[error("rotation {0} is out of order")]
    Order(usize),
    /// The end isn't signed by the last keys.
    #[error("deactivation: {0}")]
    Deactivation(SignatureError),
    /// The identity has ended; that is final.
    #[error("the identity is deactivated, which is final")]
    Deactivated,
    /// The private keys at hand are not those in force.
    #[error("the private keys are not those in force")]
    NotInForce,
}

/// What both sides of a rotation sign.
fn rotation_bytes(did: &Did, number: usize, former: KeyId, new: KeyId) -> Vec<u8> {
    let canonical = Canonical::new(ROTATION).bytes(&did.0.0).number(number as u64);
    canonical.bytes(&former.0.0).bytes(&new.0.0).finish()
}

fn deactivation_bytes(did: &Did) -> Vec<u8> {
    Canonical::new(DEACTIVATION).bytes(&did.0.0).finish()
}

impl DidDocument {
    /// The document of a new identity.
    #[must_use]
    pub fn new(keys: PublicKeys, created: Timestamp) -> Self {
        let did = Did::of_first_keys(&keys);
        Self { did, history: vec![KeyRecord { keys, from: created, proof: None }], deactivated: None }
    }

    /// The keys in force, unless the document has none.
    #[must_use]
    pub fn current(&self) -> Option<&PublicKeys> {
        self.history.last().map(|record| &record.keys)
    }

    /// When the identity began.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        self.history.first().map(|record| record.from)
    }

    /// Whether the identity has not ended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.deactivated.is_none()
    }

    /// The generation of keys that were in force at a time.
    #[must_use]
    pub fn generation_at(&self, time: Timestamp) -> Option<usize> {
        self.history.iter().rposition(|record| record.from <= time)
    }

    /// The keys of this id if they were in force at a time. Keys that were rotated out keep what they signed before.
    #[must_use]
    pub fn keys_at(&self, key: KeyId, time: Timestamp) -> Option<&PublicKeys> {
        let generation = self.generation_at(time)?;
        Some(&self.history[generation].keys).filter(|keys| keys.id() == key)
    }

    /// When the keys that were in force at a time were rotated out, if they were.
    #[must_use]
    pub fn rotated_out_after(&self, time: Timestamp) -> Option<Timestamp> {
        self.history.get(self.generation_at(time)? + 1).map(|next| next.from)
    }

    /// Puts new keys in force.
    ///
    /// # Errors
    /// If the identity has ended, `former` are not the keys in force, or the time is before theirs.
    pub fn rotate(
        &mut self,
        former: &dyn PrivateKeys,
        new: &dyn PrivateKeys,
        at: Timestamp,
    ) -> Result<(), DocumentError> {
        let number = self.history.len();
        self.check_owner(former, at)?;
        let bytes = rotation_bytes(&self.did, number, former.public().id(), new.public().id());
        let sign = |keys: &dyn PrivateKeys| {
            Signature::sign(keys, ROTATION, at, &bytes).map_err(|error| DocumentError::Rotation { number, error })
        };
        let proof = Some(RotationProof { by_former: sign(former)?, by_new: sign(new)? });
        self.history.push(KeyRecord { keys: new.public().clone(), from: at, proof });
        Ok(())
    }

    /// Ends the identity for good.
    ///
    /// # Errors
    /// If it has ended already, or `keys` are not those in force.
    pub fn deactivate(&mut self, keys: &dyn PrivateKeys, at: Timestamp) -> Result<(), DocumentError> {
        self.check_owner(keys, at)?;
        let signature = Signature::sign(keys, DEACTIVATION, at, &deactivation_bytes(&self.did));
        self.deactivated = Some(signature.map_err(DocumentError::Deactivation)?);
        Ok(())
    }

    fn check_owner(&self, keys: &dyn PrivateKeys, at: Timestamp) -> Result<(), DocumentError> {
        if !self.is_active() {
            return Err(DocumentError::Deactivated);
        }
        let last = self.history.last().ok_or(DocumentError::NoKeys)?;
        if last.keys != *keys.public() {
            return Err(DocumentError::NotInForce);
        }
        if at < last.from { Err(DocumentError::Order(self.history.len())) } else { Ok(()) }
    }

    /// Checks the whole document, from the identifier to the last key and the end.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn verify(&self) -> Result<(), DocumentError> {
        let first = self.history.first().ok_or(DocumentError::NoKeys)?;
        if Did::of_first_keys(&first.keys) != self.did || first.proof.is_some() {
            return Err(DocumentError::OtherKeys);
        }
        self.verify_from(1)
    }

    /// This document with what a later one, or its end, adds: the later one begins with keys that this one has. Only what is added
    /// is checked.
    ///
    /// # Errors
    /// If it is none of a later time, or what it adds is wrong.
    pub fn extended(&self, later: &Self) -> Result<Self, DocumentError> {
        let first = later.history.first().ok_or(DocumentError::NoKeys)?;
        let at = self.history.iter().rposition(|record| record == first).ok_or(DocumentError::OtherKeys)?;
        let shared = self.history.len() - at;
        if later.did != self.did || later.history.get(..shared) != Some(&self.history[at..]) {
            return Err(DocumentError::OtherKeys);
        }
        if self.deactivated.is_some() && (later.deactivated != self.deactivated || later.history.len() > shared) {
            return Err(DocumentError::Deactivated);
        }
        let mut whole = self.clone();
        whole.history.extend_from_slice(&later.history[shared..]);
        whole.deactivated = later.deactivated.clone();
        whole.verify_from(self.history.len())?;
        Ok(whole)
    }

    /// What comes after so many keys, with the last of these: what [`extended`](Self::extended) takes.
    #[must_use]
    pub fn since(&self, keys: usize) -> Self {
        let from = keys.saturating_sub(1).min(self.history.len());
        Self { did: self.did, history: self.history[from..].to_vec(), deactivated: self.deactivated.clone() }
    }

    /// Checks the keys from this number on, at least 1, and the end.
    fn verify_from(&self, first: usize) -> Result<(), DocumentError> {
        for number in first..self.history.len() {
            let [former, new] = [&self.history[number - 1], &self.history[number]];
            let proof = new.proof.as_ref().ok_or(DocumentError::OtherKeys)?;
            if new.from < former.from || proof.by_former.at != new.from || proof.by_new.at != new.from {
                return Err(DocumentError::Order(number));
            }
            let bytes = rotation_bytes(&self.did, number, former.keys.id(), new.keys.id());
            let failed = |error| DocumentError::Rotation { number, error };
            proof.by_former.verify(&former.keys, ROTATION, &bytes).map_err(failed)?;
            proof.by_new.verify(&new.keys, ROTATION, &bytes).map_err(failed)?;
        }
        let Some(end) = &self.deactivated else {
            return Ok(());
        };
        let last = self.history.last().ok_or(DocumentError::NoKeys)?;
        if end.at < last.from {
            return Err(DocumentError::Order(self.history.len()));
        }
        end.verify(&last.keys, DEACTIVATION, &deactivation_bytes(&self.did)).map_err(DocumentError::Deactivation)
    }
}

#[cfg(test)]
mod tests;
