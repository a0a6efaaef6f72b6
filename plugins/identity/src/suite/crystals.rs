//! `hybrid-crystals`: Ed25519 with CRYSTALS-Dilithium3, X25519 with CRYSTALS-Kyber-1024, through the PQClean bindings.
//!
//! Keys, and the coins of encapsulations, come from the operating system: these bindings take no seed. So what a run makes
//! with this suite is recorded with it and is no part of its state.

use pqcrypto_dilithium::dilithium3;
use pqcrypto_kyber::kyber1024;
use pqcrypto_traits::kem::{Ciphertext as _, PublicKey as _, SecretKey as _, SharedSecret as _};
use pqcrypto_traits::sign::{DetachedSignature as _, PublicKey as _, SecretKey as _};
use zeroize::Zeroizing;

use super::kdf::{self, KeySeed};
use super::{
    Encapsulation, HalfSignatures, KeyError, PrivateKeys, PublicKeys, SharedSecret, SignatureError, Sizes, Suite,
    SuiteId, VerifyingKeys, classic,
};
use crate::secret::Secret;

/// The suite.
#[derive(Clone, Copy, Debug, Default)]
pub struct HybridCrystals;

const SIGNING_SECRET: usize = dilithium3::secret_key_bytes();
const SEALING_SECRET: usize = kyber1024::secret_key_bytes();

struct CrystalsPrivateKeys {
    public: PublicKeys,
    signing_classic: ed25519_dalek::SigningKey,
    signing_lattice: Secret<SIGNING_SECRET>,
    sealing_classic: Secret<32>,
    sealing_lattice: Secret<SEALING_SECRET>,
}

struct CrystalsVerifyingKeys {
    classic: ed25519_dalek::VerifyingKey,
    lattice: Box<dilithium3::PublicKey>,
}

/// The bindings' keys are plain arrays that nobody wipes, so they are kept in a buffer that is. What the bindings
/// themselves leave on the stack can't be reached from here.
fn copied<const N: usize>(bytes: &[u8]) -> Secret<N> {
    Secret::filled_by(|copy| {
        // The bindings' constants give both lengths.
        for (to, from) in copy.iter_mut().zip(bytes) {
            *to = *from;
        }
    })
}

impl Suite for HybridCrystals {
    fn id(&self) -> SuiteId {
        SuiteId::HybridCrystals
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            signing_public: dilithium3::public_key_bytes(),
            signature: dilithium3::signature_bytes(),
            sealing_public: kyber1024::public_key_bytes(),
            ciphertext: kyber1024::ciphertext_bytes(),
        }
    }

    fn is_seeded(&self) -> bool {
        false
    }

    fn advisory(&self) -> Option<&'static str> {
        Some("drafts of the standards, no longer maintained (RUSTSEC-2024-0380, RUSTSEC-2024-0381)")
    }

    fn generate(&self, seed: &KeySeed) -> Box<dyn PrivateKeys> {
        let (signing_public, signing_secret) = dilithium3::keypair();
        let (sealing_public, sealing_secret) = kyber1024::keypair();
        let signing_classic = kdf::derive::<32>(seed, "ed25519");
        let sealing_classic = kdf::derive::<32>(seed, "x25519");
        Box::new(CrystalsPrivateKeys {
            public: PublicKeys {
                suite: SuiteId::HybridCrystals,
                signing_classic: classic::signing_public(&signing_classic),
                signing_lattice: signing_public.as_bytes().to_vec(),
                sealing_classic: classic::sealing_public(&sealing_classic),
                sealing_lattice: sealing_public.as_bytes().to_vec(),
            },
            signing_classic: ed25519_dalek::SigningKey::from_bytes(signing_classic.expose()),
            signing_lattice: copied(signing_secret.as_bytes()),
            sealing_classic,
            sealing_lattice: copied(sealing_secret.as_bytes()),
        })
    }

    fn verifying(&self, keys: &PublicKeys) -> Result<Box<dyn VerifyingKeys>, KeyError> {
        keys.of_suite(self.id())?;
        let wrong = KeyError::Length { wanted: dilithium3::public_key_bytes(), got: keys.signing_lattice.len() };
        Ok(Box::new(CrystalsVerifyingKeys {
            classic: classic::verifying_key(&keys.signing_classic)?,
            lattice: Box::new(dilithium3::PublicKey::from_bytes(&keys.signing_lattice).map_err(|_| wrong)?),
        }))
    }

    fn encapsulate(
        &self,
        keys: &PublicKeys,
        entropy: &KeySeed,
        transcript: &[u8],
    ) -> Result<(Encapsulation, SharedSecret), KeyError> {
        keys.of_suite(self.id())?;
        let wrong = KeyError::Length { wanted: kyber1024::public_key_bytes(), got: keys.sealing_lattice.len() };
        let lattice = kyber1024::PublicKey::from_bytes(&keys.sealing_lattice).map_err(|_| wrong)?;
        let ephemeral = kdf::derive::<32>(entropy, "x25519 ephemeral");
        let shared_classic = classic::agree(&ephemeral, &keys.sealing_classic)?;
        let (secret, ciphertext) = kyber1024::encapsulate(&lattice);
        let shared_lattice = shared(&secret);
        let sealed = Encapsulation {
            suite: self.id(),
            classic: classic::sealing_public(&ephemeral),
            lattice: ciphertext.as_bytes().to_vec(),
        };
        let secret = kdf::combine(&shared_classic, &shared_lattice, keys, &sealed, transcript);
        Ok((sealed, secret))
    }
}

fn shared(secret: &kyber1024::SharedSecret) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    for (to, from) in bytes.iter_mut().zip(secret.as_bytes()) {
        *to = *from;
    }
    bytes
}

impl PrivateKeys for CrystalsPrivateKeys {
    fn public(&self) -> &PublicKeys {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<HalfSignatures, SignatureError> {
        let key = dilithium3::SecretKey::from_bytes(self.signing_lattice.expose())
            .map_err(|_| SignatureError::MalformedKey)?;
        Ok(HalfSignatures {
            classic: classic::sign(&self.signing_classic, message),
            lattice: dilithium3::detached_sign(message, &key).as_bytes().to_vec(),
        })
    }

    fn decapsulate(&self, sealed: &Encapsulation, transcript: &[u8]) -> Result<SharedSecret, KeyError> {
        sealed.of_suite(SuiteId::HybridCrystals)?;
        let wrong = KeyError::Length { wanted: kyber1024::ciphertext_bytes(), got: sealed.lattice.len() };
        let ciphertext = kyber1024::Ciphertext::from_bytes(&sealed.lattice).map_err(|_| wrong)?;
        let key = kyber1024::SecretKey::from_bytes(self.sealing_lattice.expose())
            .map_err(|_| KeyError::Length { wanted: SEALING_SECRET, got: self.sealing_lattice.expose().len() })?;
        let shared_classic = classic::agree(&self.sealing_classic, &sealed.classic)?;
        let shared_lattice = shared(&kyber1024::decapsulate(&ciphertext, &key));
        Ok(kdf::combine(&shared_classic, &shared_lattice, &self.public, sealed, transcript))
    }
}

impl VerifyingKeys for CrystalsVerifyingKeys {
    fn verify(&self, message: &[u8], halves: &HalfSignatures) -> Result<(), SignatureError> {
        classic::verify(&self.classic, message, &halves.classic)?;
        let signature =
            dilithium3::DetachedSignature::from_bytes(&halves.lattice).map_err(|_| SignatureError::Lattice)?;
        dilithium3::verify_detached_signature(&signature, message, &self.lattice).map_err(|_| SignatureError::Lattice)
    }
}
