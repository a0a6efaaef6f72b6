//! A witness says when signatures were there: a notary signs, batch by batch, what it was shown.
//!
//! A signature says itself when it was made, and whoever has stolen a key says what it likes. As long as the key is in force
//! that is its owner's trouble. Once it was rotated out, what it signed before holds, and a thief dates back; so of keys that
//! were rotated out only what a witness had seen before the rotation is believed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, Digest};
use crate::notary::Notary;
use crate::signature::Signature;
use crate::suite::SignatureError;
use crate::timestamp::Timestamp;

/// The context of a witness's signatures.
pub const WITNESS: &str = "agent2028.witness";

/// What a witness was shown at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Testimony {
    /// The ids of the signatures, ascending.
    seen: Vec<Digest>,
    /// The witness's signature.
    signature: Signature,
}

impl Testimony {
    /// The witness says that it sees these signatures now.
    ///
    /// # Errors
    /// If its keys can't sign.
    pub fn give(witness: &Notary, mut seen: Vec<Digest>, now: Timestamp) -> Result<Self, SignatureError> {
        seen.sort_unstable();
        let signature = witness.seal(WITNESS, now, &statement(&seen))?;
        Ok(Self { seen, signature })
    }

    /// When the witness saw a signature, if it did, and what `verify` has to verify for that.
    #[must_use]
    pub fn saw(&self, id: &Digest) -> Option<Timestamp> {
        self.seen.binary_search(id).ok().map(|_| self.signature.at)
    }

    /// The witness's signature, and the bytes that it signs.
    pub fn to_verify(&self) -> (&Signature, impl Fn() -> Vec<u8> + '_) {
        (&self.signature, || statement(&self.seen))
    }
}

/// A testimony that several papers share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Testimony", into = "Testimony")]
pub struct SharedTestimony(Arc<Testimony>);

impl From<Testimony> for SharedTestimony {
    fn from(testimony: Testimony) -> Self {
        Self(Arc::new(testimony))
    }
}

impl From<SharedTestimony> for Testimony {
    fn from(shared: SharedTestimony) -> Self {
        Arc::unwrap_or_clone(shared.0)
    }
}

impl std::ops::Deref for SharedTestimony {
    type Target = Testimony;

    fn deref(&self) -> &Testimony {
        &self.0
    }
}

fn statement(seen: &[Digest]) -> Vec<u8> {
    let head = Canonical::new(WITNESS).number(seen.len() as u64);
    seen.iter().fold(head, |canonical, id| canonical.bytes(&id.0)).finish()
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::SimRng;

    use super::*;
    use crate::fixture::time;
    use crate::suite::SuiteId;

    #[test]
    fn a_witness_says_what_it_saw_and_when() {
        let witness = Notary::new(&SimRng::new(1), SuiteId::HybridFips, "witness").unwrap();
        let ids = [b"one", b"two"].map(|id| Digest::of(id));
        let testimony = Testimony::give(&witness, ids.to_vec(), time(7)).unwrap();
        let verify = |testimony: &Testimony| {
            let (signature, data) = testimony.to_verify();
            signature.verify(witness.public(), WITNESS, &data())
        };
        assert_eq!((verify(&testimony), testimony.saw(&ids[1])), (Ok(()), Some(time(7))));
        assert_eq!(testimony.saw(&Digest::of(b"three")), None);
        let mut more = testimony.clone();
        more.seen.push(Digest::of(b"three"));
        assert_eq!(verify(&more), Err(SignatureError::Data));
        let mut earlier = testimony;
        earlier.signature.at = time(6);
        assert!(verify(&earlier).is_err());
    }
}
