//! Hashes of 32 bytes, and how a tree hashes its leaves and nodes.

pub use agent2028_core::hex::{from_hex, to_hex};
pub use sha3::Sha3_256;
use sha3::digest::{Digest, Output};

/// A hash of 32 bytes.
pub type Hash = [u8; 32];

/// How a Merkle tree hashes (RFC 9162, section 2.1.1). Leaves and nodes begin with different bytes, so that no leaf can be
/// passed off as a node.
///
/// The ledger uses SHA3-256 (FIPS 202, [`Sha3_256`]); any hash of 32 bytes will do, such as the SHA-256 of Certificate
/// Transparency.
pub trait TreeHash {
    /// The root of the tree without leaves: the hash of nothing.
    fn empty() -> Hash;
    /// The hash of a leaf: of 0x00 and the leaf.
    fn leaf(leaf: &[u8]) -> Hash;
    /// The hash of a node: of 0x01, the left and the right child.
    fn node(left: &Hash, right: &Hash) -> Hash;
}

impl<D: Digest> TreeHash for D
where
    Output<D>: Into<Hash>,
{
    fn empty() -> Hash {
        D::digest([]).into()
    }

    fn leaf(leaf: &[u8]) -> Hash {
        let mut hasher = D::new();
        hasher.update([0]);
        hasher.update(leaf);
        hasher.finalize().into()
    }

    fn node(left: &Hash, right: &Hash) -> Hash {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(left);
        bytes[33..].copy_from_slice(right);
        D::digest(bytes).into()
    }
}

/// The hash that an entry keeps of what it tells about: SHA3-256.
#[must_use]
pub fn payload_hash(payload: &[u8]) -> Hash {
    sha3::Sha3_256::digest(payload).into()
}

/// The SHA3-256 of everything that can be read, and how many bytes that are.
///
/// # Errors
/// If it can't be read.
pub fn payload_hash_of(mut from: impl std::io::Read) -> std::io::Result<(u64, Hash)> {
    let mut hasher = sha3::Sha3_256::new();
    let (mut bytes, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok((bytes, hasher.finalize().into())),
            count => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
        }
    }
}

/// The hash of an entry's bytes as a leaf of the ledger's tree.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha3::Sha3_256::leaf(entry)
}

/// A hash from 64 hexadecimal digits; nothing if they are none.
#[must_use]
pub fn hash_from_hex(text: &str) -> Option<Hash> {
    from_hex(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha3_is_the_one_of_the_standard_and_not_keccak() {
        let hash = to_hex(&payload_hash(b""));
        assert_eq!(hash, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
        assert_eq!(sha3::Sha3_256::empty(), payload_hash(b""));
    }

    #[test]
    fn a_hash_has_64_digits() {
        assert_eq!(hash_from_hex(&"5a".repeat(32)), Some([0x5a; 32]));
        assert!(hash_from_hex("00").is_none());
    }
}
