//! Signatures: what is said, by which key, when, and for what purpose, under both schemes of a suite.

use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, Digest};
use crate::suite::{HalfSignatures, KeyId, PrivateKeys, PublicKeys, SignatureError, SuiteId, VerifyingKeys};
use crate::timestamp::Timestamp;

/// The longest context in bytes.
pub const MAX_CONTEXT_BYTES: usize = 255;

/// A hybrid signature. It holds only if both halves are right over the same canonical bytes
/// (suite ‖ context ‖ time ‖ SHA3-256 of the data).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The suite.
    pub suite: SuiteId,
    /// The key that signed.
    pub key: KeyId,
    /// When it signed.
    pub at: Timestamp,
    /// What the signature is for; one for a delegation is none for an attestation.
    pub context: String,
    /// SHA3-256 of the data.
    pub digest: Digest,
    /// The two signatures.
    pub halves: HalfSignatures,
}

/// The bytes that both schemes sign.
#[must_use]
pub fn signed_bytes(suite: SuiteId, context: &str, at: Timestamp, digest: &Digest) -> Vec<u8> {
    Canonical::new("agent2028.signature.v1")
        .text(suite.name())
        .text(context)
        .bytes(&at.0.to_le_bytes())
        .bytes(&digest.0)
        .finish()
}

impl Signature {
    /// Signs data for a purpose.
    ///
    /// # Errors
    /// If the context is longer than 255 bytes.
    pub fn sign(keys: &dyn PrivateKeys, context: &str, at: Timestamp, data: &[u8]) -> Result<Self, SignatureError> {
        if context.len() > MAX_CONTEXT_BYTES {
            return Err(SignatureError::ContextTooLong);
        }
        let (suite, digest) = (keys.public().suite, Digest::of(data));
        let halves = keys.sign(&signed_bytes(suite, context, at, &digest))?;
        Ok(Self { suite, key: keys.public().id(), at, context: context.into(), digest, halves })
    }

    /// Verifies that `keys` signed these data for this purpose.
    ///
    /// # Errors
    /// What is wrong, the cheapest check first.
    pub fn verify(&self, keys: &PublicKeys, context: &str, data: &[u8]) -> Result<(), SignatureError> {
        self.verify_ready(keys.id(), keys.suite, || Ok(keys.verifying()?), context, data)
    }

    /// The same with keys that were made ready before; `ready` is only asked if all that is cheap holds.
    ///
    /// # Errors
    /// What is wrong, the cheapest check first.
    pub fn verify_ready<K: std::ops::Deref<Target = dyn VerifyingKeys>>(
        &self,
        key: KeyId,
        suite: SuiteId,
        ready: impl FnOnce() -> Result<K, SignatureError>,
        context: &str,
        data: &[u8],
    ) -> Result<(), SignatureError> {
        if self.key != key {
            return Err(SignatureError::Key);
        }
        if self.suite != suite {
            return Err(SignatureError::Suite);
        }
        if self.context != context {
            return Err(SignatureError::Context);
        }
        if self.context.len() > MAX_CONTEXT_BYTES {
            return Err(SignatureError::ContextTooLong);
        }
        if self.digest != Digest::of(data) {
            return Err(SignatureError::Data);
        }
        ready()?.verify(&signed_bytes(self.suite, &self.context, self.at, &self.digest), &self.halves)
    }

    /// The digest of the whole signature, by which a result of its verification can be remembered.
    #[must_use]
    pub fn id(&self) -> Digest {
        Canonical::new("agent2028.signature-id.v1")
            .text(self.suite.name())
            .bytes(&self.key.0.0)
            .bytes(&self.at.0.to_le_bytes())
            .text(&self.context)
            .bytes(&self.digest.0)
            .bytes(self.halves.classic.as_flattened())
            .bytes(&self.halves.lattice)
            .digest()
    }
}

#[cfg(test)]
mod tests;
