//! Attestations: an issuer says that an agent may use a capability, for an audience, for a time.

use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, Digest};
use crate::did::Did;
use crate::signature::Signature;
use crate::suite::{PrivateKeys, SignatureError};
use crate::timestamp::Timestamp;
use crate::witness::SharedTestimony;

/// The context of an attestation's signature.
pub const ATTESTATION: &str = "agent2028.attestation";

/// What an issuer attests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who says so.
    pub issuer: Did,
    /// Of whom.
    pub subject: Did,
    /// What the subject may use: a capability or a pattern (`database.*`).
    pub capability: String,
    /// For whom this is meant; empty for all.
    pub audience: String,
    /// When it was issued. It doesn't hold before.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// The issuer's epoch. Raising it ends everything of earlier epochs at once.
    pub epoch: u32,
    /// The number of what proved it to the issuer.
    pub proof: [u8; 16],
}

/// A signed claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// What is attested.
    pub claim: Claim,
    /// The issuer's signature.
    pub signature: Signature,
    /// Who saw the signature, and when: needed once the key was rotated out.
    pub witness: Option<SharedTestimony>,
}

impl Claim {
    /// The bytes that are signed.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        Canonical::new(ATTESTATION)
            .bytes(&self.issuer.0.0)
            .bytes(&self.subject.0.0)
            .text(&self.capability)
            .text(&self.audience)
            .bytes(&self.issued.0.to_le_bytes())
            .bytes(&self.expires.0.to_le_bytes())
            .number(u64::from(self.epoch))
            .bytes(&self.proof)
    }

    /// The number by which the claim is revoked.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.canonical().digest()
    }

    /// Signs it.
    ///
    /// # Errors
    /// If the keys can't sign.
    pub fn sign(self, keys: &dyn PrivateKeys) -> Result<Attestation, SignatureError> {
        let signature = Signature::sign(keys, ATTESTATION, self.issued, &self.canonical().finish())?;
        Ok(Attestation { claim: self, signature, witness: None })
    }
}
