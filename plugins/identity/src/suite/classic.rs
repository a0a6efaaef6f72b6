//! The classic halves: Ed25519 (RFC 8032) and X25519 (RFC 7748), from bytes to bytes.

use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use super::{KeyError, SignatureError};
use crate::secret::Secret;

/// The bytes of an Ed25519 signature: R, then s.
pub type ClassicSignature = [[u8; 32]; 2];

/// The public key of an Ed25519 secret key.
#[must_use]
pub fn signing_public(secret: &Secret<32>) -> [u8; 32] {
    ed25519_dalek::SigningKey::from_bytes(secret.expose()).verifying_key().to_bytes()
}

/// Signs with Ed25519, which is deterministic.
#[must_use]
pub fn sign(key: &ed25519_dalek::SigningKey, message: &[u8]) -> ClassicSignature {
    let signature = key.sign(message);
    [*signature.r_bytes(), *signature.s_bytes()]
}

/// Checks an Ed25519 public key: it is a point of the curve, and not one of its eight weak points, whose signatures say
/// nothing.
///
/// # Errors
/// If it isn't.
pub fn verifying_key(public: &[u8; 32]) -> Result<ed25519_dalek::VerifyingKey, KeyError> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| KeyError::NotAPoint)?;
    if key.is_weak() { Err(KeyError::LowOrder) } else { Ok(key) }
}

/// Verifies strictly: canonical encodings, no points of small order, hence no two signatures for one message.
///
/// # Errors
/// If it isn't the signature of this message.
pub fn verify(
    key: &ed25519_dalek::VerifyingKey,
    message: &[u8],
    signature: &ClassicSignature,
) -> Result<(), SignatureError> {
    let signature = ed25519_dalek::Signature::from_components(signature[0], signature[1]);
    key.verify_strict(message, &signature).map_err(|_| SignatureError::Classic)
}

/// The public key of an X25519 secret key.
#[must_use]
pub fn sealing_public(secret: &Secret<32>) -> [u8; 32] {
    let secret = x25519_dalek::StaticSecret::from(*secret.expose());
    x25519_dalek::PublicKey::from(&secret).to_bytes()
}

/// The shared secret of X25519.
///
/// # Errors
/// If the other's public key has a small order, so that the secret would be known to everybody.
pub fn agree(secret: &Secret<32>, public: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let secret = x25519_dalek::StaticSecret::from(*secret.expose());
    let shared = secret.diffie_hellman(&x25519_dalek::PublicKey::from(*public));
    if shared.was_contributory() { Ok(Zeroizing::new(shared.to_bytes())) } else { Err(KeyError::LowOrder) }
}
