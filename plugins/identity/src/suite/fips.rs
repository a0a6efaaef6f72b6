//! `hybrid-fips`: Ed25519 with ML-DSA-65 (FIPS 204), X25519 with ML-KEM-1024 (FIPS 203). All keys come from a seed and
//! signing is deterministic, so runs reproduce.

use ml_dsa::{MlDsa65, SigningKey as LatticeSigningKey, VerifyingKey as LatticeVerifyingKey};

use super::kdf::{self, KeySeed};
use super::{
    Encapsulation, HalfSignatures, KeyError, PrivateKeys, PublicKeys, SharedSecret, SignatureError, Sizes, Suite,
    SuiteId, VerifyingKeys, classic,
};
use crate::secret::Secret;

/// ML-DSA-65 from bytes to bytes.
pub mod ml_dsa_65 {
    use ml_dsa::signature::Keypair;
    use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsa65, Signature, SigningKey, VerifyingKey};

    use crate::secret::Secret;
    use crate::suite::{KeyError, SignatureError};

    /// The length of a public key in bytes.
    pub const PUBLIC_BYTES: usize = 1952;
    /// The length of a signature in bytes.
    pub const SIGNATURE_BYTES: usize = 3309;

    /// The keys of a seed.
    #[must_use]
    pub fn signing_key(seed: &Secret<32>) -> SigningKey<MlDsa65> {
        SigningKey::from_seed(seed.expose().into())
    }

    /// The public key's bytes.
    #[must_use]
    pub fn public_bytes(key: &SigningKey<MlDsa65>) -> Vec<u8> {
        key.verifying_key().encode().to_vec()
    }

    /// Signs deterministically.
    ///
    /// # Errors
    /// If the context is longer than 255 bytes.
    pub fn sign(key: &SigningKey<MlDsa65>, message: &[u8], context: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let signature = key.expanded_key().sign_deterministic(message, context);
        signature.map(|signature| signature.encode().to_vec()).map_err(|_| SignatureError::ContextTooLong)
    }

    /// Reads a public key.
    ///
    /// # Errors
    /// If it doesn't have the right length.
    pub fn verifying_key(public: &[u8]) -> Result<VerifyingKey<MlDsa65>, KeyError> {
        let wrong = KeyError::Length { wanted: PUBLIC_BYTES, got: public.len() };
        let encoded = EncodedVerifyingKey::<MlDsa65>::try_from(public).map_err(|_| wrong)?;
        Ok(VerifyingKey::decode(&encoded))
    }

    /// Verifies a signature.
    ///
    /// # Errors
    /// If it isn't the signature of this message in this context.
    pub fn verify(
        key: &VerifyingKey<MlDsa65>,
        message: &[u8],
        context: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let encoded = EncodedSignature::<MlDsa65>::try_from(signature).map_err(|_| SignatureError::Lattice)?;
        let signature = Signature::<MlDsa65>::decode(&encoded).ok_or(SignatureError::Lattice)?;
        if key.verify_with_context(message, context, &signature) { Ok(()) } else { Err(SignatureError::Lattice) }
    }
}

/// ML-KEM-1024 from bytes to bytes.
pub mod ml_kem_1024_bytes {
    use ml_kem::kem::{Decapsulate, KeyExport, TryKeyInit};
    use ml_kem::ml_kem_1024::{Ciphertext, DecapsulationKey, EncapsulationKey};
    use zeroize::Zeroizing;

    use crate::secret::Secret;
    use crate::suite::KeyError;

    /// The length of an encapsulation key in bytes.
    pub const PUBLIC_BYTES: usize = 1568;
    /// The length of a ciphertext in bytes.
    pub const CIPHERTEXT_BYTES: usize = 1568;
    /// The length of a shared secret in bytes.
    pub const SECRET_BYTES: usize = 32;

    /// The keys of a seed (d, then z).
    #[must_use]
    pub fn decapsulation_key(seed: &Secret<64>) -> DecapsulationKey {
        DecapsulationKey::from_seed((*seed.expose()).into())
    }

    /// The encapsulation key's bytes.
    #[must_use]
    pub fn public_bytes(key: &DecapsulationKey) -> Vec<u8> {
        key.encapsulation_key().to_bytes().to_vec()
    }

    /// Reads an encapsulation key with the modulus check of FIPS 203, 7.2.
    ///
    /// # Errors
    /// If its length or a coefficient is wrong.
    pub fn encapsulation_key(public: &[u8]) -> Result<EncapsulationKey, KeyError> {
        if public.len() != PUBLIC_BYTES {
            return Err(KeyError::Length { wanted: PUBLIC_BYTES, got: public.len() });
        }
        EncapsulationKey::new_from_slice(public).map_err(|_| KeyError::Modulus)
    }

    /// Encapsulates a secret that `entropy` determines: the ciphertext and the secret.
    #[must_use]
    pub fn encapsulate(key: &EncapsulationKey, entropy: &Secret<32>) -> (Vec<u8>, Zeroizing<[u8; SECRET_BYTES]>) {
        let (ciphertext, secret) = key.encapsulate_deterministic(entropy.expose().into());
        (ciphertext.to_vec(), Zeroizing::new(secret.into()))
    }

    /// Decapsulates. A ciphertext that was tampered with gives another secret, without an error.
    ///
    /// # Errors
    /// If the ciphertext doesn't have the right length.
    pub fn decapsulate(key: &DecapsulationKey, ciphertext: &[u8]) -> Result<Zeroizing<[u8; SECRET_BYTES]>, KeyError> {
        let wrong = KeyError::Length { wanted: CIPHERTEXT_BYTES, got: ciphertext.len() };
        let ciphertext = Ciphertext::try_from(ciphertext).map_err(|_| wrong)?;
        Ok(Zeroizing::new(key.decapsulate(&ciphertext).into()))
    }
}

/// The suite.
#[derive(Clone, Copy, Debug, Default)]
pub struct HybridFips;

/// The domain of all lattice signatures of this project.
pub(super) const LATTICE_CONTEXT: &[u8] = b"agent2028";

struct FipsPrivateKeys {
    public: PublicKeys,
    signing_classic: ed25519_dalek::SigningKey,
    signing_lattice: Box<LatticeSigningKey<MlDsa65>>,
    sealing_classic: Secret<32>,
    sealing_lattice: Secret<64>,
}

struct FipsVerifyingKeys {
    classic: ed25519_dalek::VerifyingKey,
    lattice: Box<LatticeVerifyingKey<MlDsa65>>,
}

impl Suite for HybridFips {
    fn id(&self) -> SuiteId {
        SuiteId::HybridFips
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            signing_public: ml_dsa_65::PUBLIC_BYTES,
            signature: ml_dsa_65::SIGNATURE_BYTES,
            sealing_public: ml_kem_1024_bytes::PUBLIC_BYTES,
            ciphertext: ml_kem_1024_bytes::CIPHERTEXT_BYTES,
        }
    }

    fn is_seeded(&self) -> bool {
        true
    }

    fn advisory(&self) -> Option<&'static str> {
        None
    }

    fn generate(&self, seed: &KeySeed) -> Box<dyn PrivateKeys> {
        let signing_classic = kdf::derive::<32>(seed, "ed25519");
        let signing_lattice = Box::new(ml_dsa_65::signing_key(&kdf::derive::<32>(seed, "ml-dsa-65")));
        let sealing_classic = kdf::derive::<32>(seed, "x25519");
        let sealing_lattice = kdf::derive::<64>(seed, "ml-kem-1024");
        let public = PublicKeys {
            suite: SuiteId::HybridFips,
            signing_classic: classic::signing_public(&signing_classic),
            signing_lattice: ml_dsa_65::public_bytes(&signing_lattice),
            sealing_classic: classic::sealing_public(&sealing_classic),
            sealing_lattice: ml_kem_1024_bytes::public_bytes(&ml_kem_1024_bytes::decapsulation_key(&sealing_lattice)),
        };
        Box::new(FipsPrivateKeys {
            public,
            signing_classic: ed25519_dalek::SigningKey::from_bytes(signing_classic.expose()),
            signing_lattice,
            sealing_classic,
            sealing_lattice,
        })
    }

    fn verifying(&self, keys: &PublicKeys) -> Result<Box<dyn VerifyingKeys>, KeyError> {
        keys.of_suite(self.id())?;
        Ok(Box::new(FipsVerifyingKeys {
            classic: classic::verifying_key(&keys.signing_classic)?,
            lattice: Box::new(ml_dsa_65::verifying_key(&keys.signing_lattice)?),
        }))
    }

    fn encapsulate(
        &self,
        keys: &PublicKeys,
        entropy: &KeySeed,
        transcript: &[u8],
    ) -> Result<(Encapsulation, SharedSecret), KeyError> {
        keys.of_suite(self.id())?;
        let ephemeral = kdf::derive::<32>(entropy, "x25519 ephemeral");
        let lattice = ml_kem_1024_bytes::encapsulation_key(&keys.sealing_lattice)?;
        let shared_classic = classic::agree(&ephemeral, &keys.sealing_classic)?;
        let coins = kdf::derive::<32>(entropy, "ml-kem-1024 coins");
        let (ciphertext, shared_lattice) = ml_kem_1024_bytes::encapsulate(&lattice, &coins);
        let sealed =
            Encapsulation { suite: self.id(), classic: classic::sealing_public(&ephemeral), lattice: ciphertext };
        let secret = kdf::combine(&shared_classic, &shared_lattice, keys, &sealed, transcript);
        Ok((sealed, secret))
    }
}

impl PrivateKeys for FipsPrivateKeys {
    fn public(&self) -> &PublicKeys {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<HalfSignatures, SignatureError> {
        Ok(HalfSignatures {
            classic: classic::sign(&self.signing_classic, message),
            lattice: ml_dsa_65::sign(&self.signing_lattice, message, LATTICE_CONTEXT)?,
        })
    }

    fn decapsulate(&self, sealed: &Encapsulation, transcript: &[u8]) -> Result<SharedSecret, KeyError> {
        sealed.of_suite(SuiteId::HybridFips)?;
        let shared_classic = classic::agree(&self.sealing_classic, &sealed.classic)?;
        let key = ml_kem_1024_bytes::decapsulation_key(&self.sealing_lattice);
        let shared_lattice = ml_kem_1024_bytes::decapsulate(&key, &sealed.lattice)?;
        Ok(kdf::combine(&shared_classic, &shared_lattice, &self.public, sealed, transcript))
    }
}

impl VerifyingKeys for FipsVerifyingKeys {
    fn verify(&self, message: &[u8], halves: &HalfSignatures) -> Result<(), SignatureError> {
        classic::verify(&self.classic, message, &halves.classic)?;
        ml_dsa_65::verify(&self.lattice, message, LATTICE_CONTEXT, &halves.lattice)
    }
}
