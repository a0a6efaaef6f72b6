//! HKDF (RFC 5869) over SHA3-256: seeds of keys from one seed, and one secret from two.

use hkdf::SimpleHkdf;
use sha3::Sha3_256;
use zeroize::Zeroizing;

use super::{Encapsulation, PublicKeys, SharedSecret};
use crate::canonical::Canonical;
use crate::secret::Secret;

/// What an agent's keys of one generation are derived from.
pub type KeySeed = Secret<32>;

/// `N` bytes from `secret` for one purpose.
///
/// # Panics
/// Never: HKDF over SHA3-256 gives up to 8160 bytes, and nothing here asks for more than 64.
#[must_use]
pub fn derive<const N: usize>(secret: &Secret<32>, purpose: &str) -> Secret<N> {
    const { assert!(N <= 255 * 32, "HKDF over a hash of 32 bytes ends at 255 blocks") };
    let hkdf = SimpleHkdf::<Sha3_256>::new(Some(b"agent2028.keys.v1"), secret.expose());
    Secret::filled_by(|bytes| {
        hkdf.expand(purpose.as_bytes(), bytes).expect("the length is below HKDF's bound, which is checked above");
    })
}

/// One secret from the two of a hybrid encapsulation. It is unknown to whoever misses either of them, and differs as soon
/// as anything that both sides saw differs: the recipient's keys, both ciphertexts, the transcript.
#[must_use]
pub fn combine(
    classic: &Zeroizing<[u8; 32]>,
    lattice: &Zeroizing<[u8; 32]>,
    recipient: &PublicKeys,
    sealed: &Encapsulation,
    transcript: &[u8],
) -> SharedSecret {
    let info = Canonical::new("agent2028.kem.v1")
        .text(recipient.suite.name())
        .bytes(&recipient.id().0.0)
        .bytes(&sealed.classic)
        .bytes(&sealed.lattice)
        .bytes(transcript)
        .digest();
    let mut both = Zeroizing::new([0; 64]);
    both[..32].copy_from_slice(lattice.as_slice());
    both[32..].copy_from_slice(classic.as_slice());
    let hkdf = SimpleHkdf::<Sha3_256>::new(Some(b"agent2028.kem.v1"), both.as_slice());
    Secret::filled_by(|bytes| {
        hkdf.expand(&info.0, bytes).expect("32 bytes are one block of HKDF over SHA3-256");
    })
}
