//! Keys of services that are no agents: a witness of signatures, a log that signs its heads, an authority that signs times.

use std::sync::Arc;

use agent2028_core::rng::{Purpose, SimRng};
use rand::Rng;

use crate::secret::Secret;
use crate::signature::Signature;
use crate::suite::{KeyError, PrivateKeys, PublicKeys, SignatureError, SuiteId};
use crate::timestamp::Timestamp;

/// A service that signs. Its keys follow from the scene's seed and the service's name.
pub struct Notary {
    keys: Arc<dyn PrivateKeys>,
}

impl std::fmt::Debug for Notary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Notary({})", self.keys.public().id().0.fingerprint())
    }
}

/// Why signed bytes are not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotaryError {
    /// The bytes are no signature.
    #[error("these bytes are no signature")]
    NoSignature,
    /// The signature is wrong.
    #[error("{0}")]
    Signature(#[from] SignatureError),
}

impl Notary {
    /// The service of this name.
    ///
    /// # Errors
    /// If the program was built without the suite.
    pub fn new(dice: &SimRng, suite: SuiteId, name: &str) -> Result<Self, KeyError> {
        let mut stream = dice.global(Purpose::new(&format!("identity.service.{name}")), 0);
        let seed = Secret::filled_by(|bytes| stream.fill_bytes(bytes));
        Ok(Self { keys: suite.get()?.generate(&seed).into() })
    }

    /// The public keys, for those who verify.
    #[must_use]
    pub fn public(&self) -> &PublicKeys {
        self.keys.public()
    }

    /// Signs bytes for a purpose.
    ///
    /// # Errors
    /// If the context is longer than 255 bytes.
    pub fn seal(&self, context: &str, at: Timestamp, bytes: &[u8]) -> Result<Signature, SignatureError> {
        Signature::sign(self.keys.as_ref(), context, at, bytes)
    }

    /// Signs bytes for a purpose; the signature as bytes.
    ///
    /// # Errors
    /// If the context is longer than 255 bytes, or the signature can't be written as bytes.
    pub fn sign(&self, context: &str, at: Timestamp, bytes: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let signature = self.seal(context, at, bytes)?;
        postcard::to_stdvec(&signature).map_err(|_| SignatureError::Unwritten)
    }

    /// Verifies what [`sign`](Self::sign) gave, against public keys.
    ///
    /// # Errors
    /// If it isn't the signature of these bytes for this purpose.
    pub fn verify(keys: &PublicKeys, context: &str, bytes: &[u8], signature: &[u8]) -> Result<Signature, NotaryError> {
        let (signature, rest): (Signature, _) =
            postcard::take_from_bytes(signature).map_err(|_| NotaryError::NoSignature)?;
        if !rest.is_empty() {
            return Err(NotaryError::NoSignature);
        }
        signature.verify(keys, context, bytes)?;
        Ok(signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::time;

    #[test]
    fn a_service_signs_bytes_that_anybody_can_check() {
        let dice = SimRng::new(5);
        let log = Notary::new(&dice, SuiteId::HybridFips, "ledger").unwrap();
        let again = Notary::new(&dice, SuiteId::HybridFips, "ledger").unwrap();
        let other = Notary::new(&dice, SuiteId::HybridFips, "time-stamps").unwrap();
        assert_eq!(log.public(), again.public());
        let bytes = log.sign("tree head", time(3), b"root").unwrap();
        let verify = |keys: &Notary, context, data: &[u8], bytes: &[u8]| {
            Notary::verify(keys.public(), context, data, bytes).map(|signature| signature.at)
        };
        assert_eq!(verify(&again, "tree head", b"root", &bytes), Ok(time(3)));
        assert_eq!(verify(&log, "tree head", b"boot", &bytes), Err(SignatureError::Data.into()));
        assert_eq!(verify(&log, "time stamp", b"root", &bytes), Err(SignatureError::Context.into()));
        assert_eq!(verify(&other, "tree head", b"root", &bytes), Err(SignatureError::Key.into()));
        assert_eq!(verify(&log, "tree head", b"root", &bytes[..90]), Err(NotaryError::NoSignature));
        let longer = [bytes.clone(), vec![0]].concat();
        assert_eq!(verify(&log, "tree head", b"root", &longer), Err(NotaryError::NoSignature));
        for at in (0..bytes.len()).step_by(97) {
            let mut tampered = bytes.clone();
            tampered[at] ^= 1;
            assert!(verify(&log, "tree head", b"root", &tampered).is_err(), "byte {at}");
        }
        assert!(!format!("{log:?}").contains("seed"));
    }
}
