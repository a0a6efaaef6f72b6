//! Time stamps: somebody whom others trust says that an entry existed at a time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::entry::Signature;
use crate::hash::{Hash, payload_hash};
use crate::sign::{Signer, Verifier};
use crate::wire::{Reader, Truncated, put_bytes};

/// What signatures of time stamps are for.
pub const STAMP_CONTEXT: &str = "agent2028 ledger: time stamp";

/// Says that an entry existed at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeStamp {
    /// The number of the entry in the ledger.
    pub index: u64,
    /// The hash of the entry: its leaf in the tree.
    pub entry: Hash,
    /// Simulated Unix time in milliseconds (UTC).
    pub unix_ms: i64,
    /// A number that the authority never uses again.
    pub nonce: u128,
    /// The authority's signature over the entry's hash, the time and the nonce.
    pub signature: Signature,
}

/// The bytes that are signed: the entry's hash, the time, the nonce.
fn message(entry: &Hash, unix_ms: i64, nonce: u128) -> [u8; 56] {
    let mut bytes = [0; 56];
    bytes[..32].copy_from_slice(entry);
    bytes[32..40].copy_from_slice(&unix_ms.to_le_bytes());
    bytes[40..].copy_from_slice(&nonce.to_le_bytes());
    bytes
}

impl TimeStamp {
    /// Checks that the authority has stamped this entry.
    ///
    /// # Errors
    /// Why it is not to be believed.
    pub fn verify(&self, entry: &Hash, verifier: &dyn Verifier) -> Result<(), String> {
        if self.entry != *entry {
            return Err("the time stamp is of another entry".into());
        }
        verifier.verify(&self.signature, STAMP_CONTEXT, self.unix_ms, &message(entry, self.unix_ms, self.nonce))
    }

    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.index.to_le_bytes());
        bytes.extend_from_slice(&message(&self.entry, self.unix_ms, self.nonce));
        put_bytes(bytes, self.signature.key.as_bytes());
        put_bytes(bytes, &self.signature.bytes);
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let mut read = || -> Result<Self, Truncated> {
            Ok(Self {
                index: u64::from_le_bytes(reader.array()?),
                entry: reader.array()?,
                unix_ms: i64::from_le_bytes(reader.array()?),
                nonce: u128::from_le_bytes(reader.array()?),
                signature: Signature {
                    key: String::from_utf8(reader.bytes()?.to_vec()).map_err(|_| Truncated)?,
                    bytes: reader.bytes()?.to_vec(),
                },
            })
        };
        read().ok().filter(|_| reader.0.is_empty())
    }
}

/// A time-stamp authority of the simulation. A nonce is a hash of the entry, its place and time, everything that was entered
/// before it was stamped, and random bits that nobody can foretell. So the same nonce means the same stamp of the same entry
/// after the same past, in whatever copy of a run: whoever goes back and does something else gets other nonces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeStampAuthority {
    issued: u64,
}

impl TimeStampAuthority {
    /// How many time stamps it has issued.
    #[must_use]
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// Stamps an entry; nothing if the key can't sign. `history` is the root over all entries, `random` are bits of the run's
    /// dice.
    pub fn stamp(
        &mut self,
        index: u64,
        entry: Hash,
        unix_ms: i64,
        (history, random): (&Hash, u64),
        signer: &dyn Signer,
    ) -> Option<TimeStamp> {
        let mut bytes = b"agent2028 ledger: nonce".to_vec();
        [history, &entry].into_iter().for_each(|hash| bytes.extend_from_slice(hash));
        for number in [index, unix_ms.cast_unsigned(), self.issued, random] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&payload_hash(&bytes)[..16]);
        let nonce = u128::from_le_bytes(nonce);
        self.issued += 1;
        let signature = signer.signature(STAMP_CONTEXT, unix_ms, &message(&entry, unix_ms, nonce))?;
        Some(TimeStamp { index, entry, unix_ms, nonce, signature })
    }
}

/// The nonces that somebody has seen: whoever checks time stamps accepts none twice.
#[derive(Clone, Debug, Default)]
pub struct SeenNonces(BTreeSet<(String, u128)>);

impl SeenNonces {
    /// Takes note of a time stamp's nonce. Returns whether it is new for its key.
    pub fn note(&mut self, stamp: &TimeStamp) -> bool {
        self.0.insert((stamp.signature.key.clone(), stamp.nonce))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::HEAD_CONTEXT;
    use crate::sign::tests::Secret;

    #[test]
    fn a_time_stamp_is_believed_only_for_its_entry_time_and_nonce() {
        let secret = Secret::new(3);
        let mut authority = TimeStampAuthority::default();
        let stamp = authority.stamp(4, [1; 32], 1000, (&[5; 32], 99), &secret).unwrap();
        stamp.verify(&[1; 32], &secret).unwrap();
        assert!(stamp.verify(&[2; 32], &secret).is_err());
        assert!(TimeStamp { unix_ms: 999, ..stamp.clone() }.verify(&[1; 32], &secret).is_err());
        assert!(TimeStamp { nonce: stamp.nonce ^ 1, ..stamp.clone() }.verify(&[1; 32], &secret).is_err());
        let message = message(&[1; 32], 1000, stamp.nonce);
        assert!(secret.verify(&stamp.signature, HEAD_CONTEXT, 1000, &message).is_err(), "for one purpose only");
        let mut bytes = Vec::new();
        stamp.encode(&mut bytes);
        assert_eq!(TimeStamp::decode(&bytes), Some(stamp));
        assert_eq!(TimeStamp::decode(&bytes[1..]), None);
    }

    #[test]
    fn no_nonce_is_used_twice_even_if_the_dice_fall_the_same() {
        let secret = Secret::new(3);
        let mut authority = TimeStampAuthority::default();
        let mut seen = SeenNonces::default();
        for index in 0..20_000 {
            let stamp = authority.stamp(index, [0; 32], 0, (&[0; 32], 7), &secret).unwrap();
            assert!(seen.note(&stamp));
        }
        // One that goes on from what was saved doesn't either.
        let bytes = postcard::to_stdvec(&authority).unwrap();
        let mut again: TimeStampAuthority = postcard::from_bytes(&bytes).unwrap();
        let stamp = again.stamp(0, [0; 32], 0, (&[0; 32], 7), &secret).unwrap();
        assert!(seen.note(&stamp));
        assert!(!seen.note(&stamp));
    }

    #[test]
    fn copies_of_a_run_that_go_other_ways_never_share_a_nonce() {
        // Two copies that were made at the same moment: the same count, the same dice, the same keys.
        let secret = Secret::new(3);
        let mut copies = [TimeStampAuthority::default(), TimeStampAuthority::default()];
        let mut seen = SeenNonces::default();
        for (copy, authority) in copies.iter_mut().enumerate() {
            let (entry, history) = ([copy as u8; 32], [9 + copy as u8; 32]);
            // Another entry; and the same entry after another past.
            for (entry, history) in [(entry, [9; 32]), ([7; 32], history)] {
                assert!(seen.note(&authority.stamp(4, entry, 60, (&history, 1), &secret).unwrap()));
            }
        }
    }
}
