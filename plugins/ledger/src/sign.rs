//! Who signs, and who checks signatures: the ledger itself holds no keys.

use std::fmt::Debug;

use crate::entry::Signature;

/// Signs on behalf of somebody.
pub trait Signer: Send + Sync + Debug {
    /// The fingerprint of the key.
    fn key(&self) -> &str;

    /// The signature of a message at a simulated Unix time in milliseconds; nothing if the key can't sign. The context keeps
    /// what is signed for one purpose from being shown for another.
    fn sign(&self, context: &str, unix_ms: i64, message: &[u8]) -> Option<Vec<u8>>;
}

/// Checks signatures.
pub trait Verifier {
    /// Checks a signature of a message.
    ///
    /// # Errors
    /// Why it is not to be believed, in words: the key is not known, or the signature is not of this message.
    fn verify(&self, signature: &Signature, context: &str, unix_ms: i64, message: &[u8]) -> Result<(), String>;
}

impl dyn Signer + '_ {
    /// The signature of a message with the name of its key; nothing if the key can't sign.
    pub fn signature(&self, context: &str, unix_ms: i64, message: &[u8]) -> Option<Signature> {
        Some(Signature { key: self.key().to_owned(), bytes: self.sign(context, unix_ms, message)? })
    }
}

/// A key for tests: a keyed hash, which only its owner can check.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[derive(Debug)]
    pub(crate) struct Secret(pub [u8; 32], pub String);

    impl Secret {
        pub fn new(number: u8) -> Self {
            Self([number; 32], format!("secret-{number}"))
        }
    }

    impl Signer for Secret {
        fn key(&self) -> &str {
            &self.1
        }

        fn sign(&self, context: &str, unix_ms: i64, message: &[u8]) -> Option<Vec<u8>> {
            let mut hasher = blake3::Hasher::new_keyed(&self.0);
            hasher.update(&(context.len() as u64).to_le_bytes());
            hasher.update(context.as_bytes()).update(&unix_ms.to_le_bytes()).update(message);
            Some(hasher.finalize().as_bytes().to_vec())
        }
    }

    impl Verifier for Secret {
        fn verify(&self, signature: &Signature, context: &str, unix_ms: i64, message: &[u8]) -> Result<(), String> {
            if signature.key != self.1 {
                return Err(format!("the key {} is not known", signature.key));
            }
            let right = self.sign(context, unix_ms, message).as_ref() == Some(&signature.bytes);
            right.then_some(()).ok_or_else(|| "the signature is not of this message".into())
        }
    }
}
