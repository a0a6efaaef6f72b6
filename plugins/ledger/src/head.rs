//! Tree heads: how long the ledger was at some time, and its root then.

use serde::{Deserialize, Serialize};

use crate::entry::Signature;
use crate::hash::Hash;
use crate::sign::{Signer, Verifier};
use crate::wire::{Reader, Truncated, put_bytes};

/// What signatures of tree heads are for.
pub const HEAD_CONTEXT: &str = "agent2028 ledger: tree head";

/// How long the ledger was at some time, and its root then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeHead {
    /// How many entries there were.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The tick at whose end this was so.
    pub tick: u64,
    /// Simulated Unix time in milliseconds (UTC).
    pub unix_ms: i64,
}

/// A tree head with the signature of whoever keeps the ledger, if he has a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTreeHead {
    /// What is signed.
    pub head: TreeHead,
    /// The signature.
    pub signature: Option<Signature>,
}

impl TreeHead {
    /// The bytes that are signed: size, root, tick, time.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 56] {
        let mut bytes = [0; 56];
        bytes[..8].copy_from_slice(&self.size.to_le_bytes());
        bytes[8..40].copy_from_slice(&self.root);
        bytes[40..48].copy_from_slice(&self.tick.to_le_bytes());
        bytes[48..].copy_from_slice(&self.unix_ms.to_le_bytes());
        bytes
    }

    /// Signs it, if there is somebody to.
    #[must_use]
    pub fn signed(self, signer: Option<&dyn Signer>) -> SignedTreeHead {
        let signature = signer.and_then(|signer| signer.signature(HEAD_CONTEXT, self.unix_ms, &self.to_bytes()));
        SignedTreeHead { head: self, signature }
    }
}

impl SignedTreeHead {
    /// Checks the signature.
    ///
    /// # Errors
    /// Why it is not to be believed; that there is none is a reason too.
    pub fn verify(&self, verifier: &dyn Verifier) -> Result<(), String> {
        let signature = self.signature.as_ref().ok_or("the tree head is not signed")?;
        verifier.verify(signature, HEAD_CONTEXT, self.head.unix_ms, &self.head.to_bytes())
    }

    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.head.to_bytes());
        if let Some(signature) = &self.signature {
            put_bytes(bytes, signature.key.as_bytes());
            put_bytes(bytes, &signature.bytes);
        }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let mut read = || -> Result<Self, Truncated> {
            let size = u64::from_le_bytes(reader.array()?);
            let root = reader.array()?;
            let tick = u64::from_le_bytes(reader.array()?);
            let unix_ms = i64::from_le_bytes(reader.array()?);
            let signature = if reader.0.is_empty() {
                None
            } else {
                let key = String::from_utf8(reader.bytes()?.to_vec()).map_err(|_| Truncated)?;
                Some(Signature { key, bytes: reader.bytes()?.to_vec() })
            };
            Ok(Self { head: TreeHead { size, root, tick, unix_ms }, signature })
        };
        read().ok().filter(|_| reader.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::tests::Secret;

    #[test]
    fn a_head_is_believed_only_as_it_was_signed() {
        let head = TreeHead { size: 9, root: [7; 32], tick: 40, unix_ms: -5 };
        let secret = Secret::new(1);
        let signed = head.signed(Some(&secret));
        signed.verify(&secret).unwrap();
        let forged = [
            TreeHead { size: 8, ..head },
            TreeHead { root: [8; 32], ..head },
            TreeHead { tick: 41, ..head },
            TreeHead { unix_ms: -4, ..head },
        ];
        for head in forged {
            assert!(SignedTreeHead { head, ..signed.clone() }.verify(&secret).is_err());
        }
        assert!(signed.verify(&Secret::new(2)).is_err());
        assert!(head.signed(None).verify(&secret).is_err());
        for signed in [signed, head.signed(None)] {
            let mut bytes = Vec::new();
            signed.encode(&mut bytes);
            assert_eq!(SignedTreeHead::decode(&bytes), Some(signed));
            bytes.push(0);
            assert_eq!(SignedTreeHead::decode(&bytes), None);
        }
    }
}
