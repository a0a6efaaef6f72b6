//! Delegations: an agent lets another use a capability of its own, narrower, shorter, and perhaps to be passed on
//! (attenuation, Birgisson et al. 2014, "Macaroons").

use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, Digest};
use crate::did::Did;
use crate::signature::Signature;
use crate::suite::{PrivateKeys, SignatureError};
use crate::timestamp::Timestamp;
use crate::witness::SharedTestimony;

/// The context of a delegation's signature.
pub const DELEGATION: &str = "agent2028.delegation";

/// What is delegated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who lets.
    pub delegator: Did,
    /// Whom.
    pub delegate: Did,
    /// What the delegate may use: a capability or a pattern (`database.*`).
    pub capability: String,
    /// When it was granted. It doesn't hold before.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether the delegate may pass it on.
    pub redelegable: bool,
}

/// A signed grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// What is granted.
    pub grant: Grant,
    /// The delegator's signature.
    pub signature: Signature,
    /// Who saw the signature, and when: needed once the key was rotated out.
    pub witness: Option<SharedTestimony>,
}

/// SHA3-256(delegator ‖ delegate ‖ capability), each with its length in front, so that ("ab", "c") and ("a", "bc") differ.
#[must_use]
pub fn delegation_id(delegator: &[u8], delegate: &[u8], capability: &[u8]) -> Digest {
    let mut bytes = Vec::with_capacity(24 + delegator.len() + delegate.len() + capability.len());
    for field in [delegator, delegate, capability] {
        bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
        bytes.extend_from_slice(field);
    }
    Digest::of(&bytes)
}

impl Grant {
    /// The bytes that are signed.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        Canonical::new(DELEGATION)
            .bytes(&self.id().0)
            .bytes(&self.delegator.0.0)
            .bytes(&self.delegate.0.0)
            .text(&self.capability)
            .bytes(&self.issued.0.to_le_bytes())
            .bytes(&self.expires.0.to_le_bytes())
            .number(u64::from(self.redelegable))
    }

    /// The number by which it is revoked: that of who delegates what to whom. Granting the same again gives the same
    /// number, so a revocation says up to which time of issue it reaches.
    #[must_use]
    pub fn id(&self) -> Digest {
        delegation_id(&self.delegator.0.0, &self.delegate.0.0, self.capability.as_bytes())
    }

    /// Signs it.
    ///
    /// # Errors
    /// If the keys can't sign.
    pub fn sign(self, keys: &dyn PrivateKeys) -> Result<Delegation, SignatureError> {
        let signature = Signature::sign(keys, DELEGATION, self.issued, &self.canonical().finish())?;
        Ok(Delegation { grant: self, signature, witness: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_keeps_the_borders_of_its_fields() {
        assert_ne!(delegation_id(b"ab", b"c", b"x"), delegation_id(b"a", b"bc", b"x"));
        assert_ne!(delegation_id(b"x", b"ab", b"c"), delegation_id(b"x", b"a", b"bc"));
        assert_eq!(delegation_id(b"ab", b"c", b"x"), delegation_id(b"ab", b"c", b"x"));
    }
}
