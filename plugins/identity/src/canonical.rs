//! One way to write down what is hashed and signed: a label, then fields, each with its length in front of it.
//!
//! The length prefix is what keeps ("ab", "c") and ("a", "bc") apart.

use agent2028_core::checkpoint::to_bytes;
use agent2028_core::hex::to_hex;
use serde::{Deserialize, Serialize};
use sha3::{Digest as _, Sha3_256};

/// A SHA3-256 digest (FIPS 202; not Keccak-256, which pads differently).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha3_256::digest(bytes).into())
    }

    /// The digest of a value's binary form. A type that has none is a mistake in the program: it is told, and why not is
    /// what the digest is of, so that it is nobody else's.
    #[must_use]
    pub(crate) fn of_value<T: Serialize>(value: &T) -> Self {
        match to_bytes(value) {
            Ok(bytes) => Self::of(&bytes),
            Err(why) => {
                tracing::error!("{} has no digest: {why}", std::any::type_name::<T>());
                Self::of(why.as_bytes())
            }
        }
    }

    /// The first eight bytes as hexadecimal digits in groups of four, for people: `1f03 a9c2 77e0 54b1`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let groups: Vec<String> = self.0[..8].chunks(2).map(to_hex).collect();
        groups.join(" ")
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// Bytes under construction.
#[derive(Clone, Debug)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Begins with a label that says what the bytes are, so that bytes of one kind are never those of another.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self(Vec::with_capacity(128)).bytes(label.as_bytes())
    }

    /// Adds a field: its length as 64 bits, little-endian, then its bytes.
    #[must_use]
    pub fn bytes(mut self, field: &[u8]) -> Self {
        self.0.extend_from_slice(&(field.len() as u64).to_le_bytes());
        self.0.extend_from_slice(field);
        self
    }

    /// Adds a text as UTF-8.
    #[must_use]
    pub fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Adds a number, little-endian.
    #[must_use]
    pub fn number(self, field: u64) -> Self {
        self.bytes(&field.to_le_bytes())
    }

    /// The bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Their digest.
    #[must_use]
    pub fn digest(self) -> Digest {
        Digest::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha3_and_not_keccak() {
        let nothing = Digest::of(b"").to_string();
        // FIPS 202's example; Keccak-256 of nothing begins c5d24601.
        assert_eq!(nothing, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
        let abc = Digest::of(b"abc").to_string();
        assert_eq!(abc, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    }

    #[test]
    fn fields_keep_their_borders() {
        let joined = |left: &str, right: &str| Canonical::new("test").text(left).text(right).digest();
        assert_ne!(joined("ab", "c"), joined("a", "bc"));
        assert_ne!(Canonical::new("a").digest(), Canonical::new("b").digest());
        assert_ne!(Canonical::new("a").text("").digest(), Canonical::new("a").digest());
    }

    #[test]
    fn fingerprints_are_short_and_readable() {
        assert_eq!(Digest::of(b"").fingerprint(), "a7ff c6f8 bf1e d766");
    }
}
