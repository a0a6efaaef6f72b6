//! Suites: a classic and a lattice scheme side by side, for signatures and for key encapsulation.
//!
//! Whoever uses keys knows [`Suite`], [`PrivateKeys`] and [`VerifyingKeys`] only. A third suite is a module with the three
//! and an arm in [`SuiteId::suite`].

pub mod classic;
#[cfg(feature = "crystals")]
pub mod crystals;
pub mod fips;
pub mod kdf;

use bevy::prelude::{Reflect, ReflectDefault};
use serde::{Deserialize, Serialize};

pub use self::classic::ClassicSignature;
pub use self::kdf::KeySeed;
use crate::canonical::{Canonical, Digest};
use crate::secret::Secret;

/// What both sides of an encapsulation know in the end.
pub type SharedSecret = Secret<32>;

/// A suite by name. The order is the order of preference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum SuiteId {
    /// Ed25519 with ML-DSA-65 (FIPS 204), X25519 with ML-KEM-1024 (FIPS 203).
    #[default]
    HybridFips,
    /// Ed25519 with CRYSTALS-Dilithium3, X25519 with CRYSTALS-Kyber-1024: the drafts before the standards. Its keys come
    /// from the operating system and its implementations are no longer maintained.
    HybridCrystals,
}

impl SuiteId {
    /// All suites, the preferred first.
    pub const ALL: [Self; 2] = [Self::HybridFips, Self::HybridCrystals];

    /// The name that stands in every signature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HybridFips => "hybrid-fips",
            Self::HybridCrystals => "hybrid-crystals",
        }
    }

    /// Those that this program was built with, the preferred first.
    pub fn present() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|suite| suite.suite().is_some())
    }

    /// Its place among all.
    #[must_use]
    pub const fn place(self) -> usize {
        self as usize
    }

    /// The suite, or nothing if the program was built without it.
    #[must_use]
    pub fn suite(self) -> Option<&'static dyn Suite> {
        match self {
            Self::HybridFips => Some(&fips::HybridFips),
            #[cfg(feature = "crystals")]
            Self::HybridCrystals => Some(&crystals::HybridCrystals),
            #[cfg(not(feature = "crystals"))]
            Self::HybridCrystals => None,
        }
    }

    /// The suite, as a result.
    ///
    /// # Errors
    /// If the program was built without it.
    pub fn get(self) -> Result<&'static dyn Suite, KeyError> {
        self.suite().ok_or(KeyError::NoSuchSuite(self))
    }

    /// The suite that two parties use who can do these: the most preferred one that both can and this program has.
    #[must_use]
    pub fn negotiate(mine: &[Self], theirs: &[Self]) -> Option<Self> {
        Self::present().find(|suite| mine.contains(suite) && theirs.contains(suite))
    }
}

impl std::fmt::Display for SuiteId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Lengths of a suite's lattice half, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The public signing key.
    pub signing_public: usize,
    /// A signature.
    pub signature: usize,
    /// The public key that secrets are encapsulated for.
    pub sealing_public: usize,
    /// An encapsulated secret.
    pub ciphertext: usize,
}

/// A classic and a lattice scheme for signatures, and for key encapsulation.
pub trait Suite: Send + Sync {
    /// Which suite this is.
    fn id(&self) -> SuiteId;

    /// The lengths of its lattice half.
    fn sizes(&self) -> Sizes;

    /// Whether its keys, signatures and encapsulations follow from seeds, so that a run reproduces them.
    fn is_seeded(&self) -> bool;

    /// What there is to know before one relies on it, if anything.
    fn advisory(&self) -> Option<&'static str>;

    /// New keys: those of the seed, where the suite [is seeded](Self::is_seeded).
    fn generate(&self, seed: &KeySeed) -> Box<dyn PrivateKeys>;

    /// Public keys made ready to verify with.
    ///
    /// # Errors
    /// If they are malformed or belong to another suite.
    fn verifying(&self, keys: &PublicKeys) -> Result<Box<dyn VerifyingKeys>, KeyError>;

    /// A new secret for the owner of `keys`, bound to `transcript` (what both sides have seen so far).
    ///
    /// # Errors
    /// If the keys are malformed or belong to another suite.
    fn encapsulate(
        &self,
        keys: &PublicKeys,
        entropy: &KeySeed,
        transcript: &[u8],
    ) -> Result<(Encapsulation, SharedSecret), KeyError>;
}

/// Keys that never leave: they sign and decapsulate, and nothing can be read out of them. Dropping them wipes them.
pub trait PrivateKeys: Send + Sync {
    /// What belongs to them and may be told.
    fn public(&self) -> &PublicKeys;

    /// The keys for which secrets have to be closed so that these open them: others than [`public`](Self::public) only in the
    /// repetition of a recorded run.
    fn sealing(&self) -> &PublicKeys {
        self.public()
    }

    /// Both signatures of a message.
    ///
    /// # Errors
    /// If the scheme can't sign it.
    fn sign(&self, message: &[u8]) -> Result<HalfSignatures, SignatureError>;

    /// The secret that was encapsulated. If anything was tampered with it is another secret, without an error.
    ///
    /// # Errors
    /// If the encapsulation is malformed.
    fn decapsulate(&self, sealed: &Encapsulation, transcript: &[u8]) -> Result<SharedSecret, KeyError>;
}

/// Public keys that are ready to verify with.
pub trait VerifyingKeys: Send + Sync {
    /// Verifies both signatures; one is not enough.
    ///
    /// # Errors
    /// If either is wrong.
    fn verify(&self, message: &[u8], halves: &HalfSignatures) -> Result<(), SignatureError>;
}

/// The digest of public keys, by which they are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub Digest);

/// The public keys of one generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKeys {
    /// The suite they belong to.
    pub suite: SuiteId,
    /// Ed25519.
    pub signing_classic: [u8; 32],
    /// The lattice scheme's public key.
    pub signing_lattice: Vec<u8>,
    /// X25519.
    pub sealing_classic: [u8; 32],
    /// The lattice scheme's encapsulation key.
    pub sealing_lattice: Vec<u8>,
}

impl PublicKeys {
    /// The bytes that are hashed and signed when keys are meant.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        Canonical::new("agent2028.keys.v1")
            .text(self.suite.name())
            .bytes(&self.signing_classic)
            .bytes(&self.signing_lattice)
            .bytes(&self.sealing_classic)
            .bytes(&self.sealing_lattice)
    }

    /// Their id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(self.canonical().digest())
    }

    /// These keys made ready to verify with.
    ///
    /// # Errors
    /// If they are malformed or the program was built without their suite.
    pub fn verifying(&self) -> Result<Box<dyn VerifyingKeys>, KeyError> {
        self.suite.get()?.verifying(self)
    }

    pub(crate) fn of_suite(&self, wanted: SuiteId) -> Result<(), KeyError> {
        if self.suite == wanted { Ok(()) } else { Err(KeyError::OtherSuite { wanted, got: self.suite }) }
    }
}

/// A signature's two halves over the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfSignatures {
    /// Ed25519.
    pub classic: ClassicSignature,
    /// The lattice scheme.
    pub lattice: Vec<u8>,
}

/// A secret, closed for the owner of some keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encapsulation {
    /// The suite.
    pub suite: SuiteId,
    /// The sender's X25519 key for this once.
    pub classic: [u8; 32],
    /// The lattice scheme's ciphertext.
    pub lattice: Vec<u8>,
}

impl Encapsulation {
    pub(crate) fn of_suite(&self, wanted: SuiteId) -> Result<(), KeyError> {
        if self.suite == wanted { Ok(()) } else { Err(KeyError::OtherSuite { wanted, got: self.suite }) }
    }
}

/// What is wrong with a key or an encapsulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The program was built without the suite.
    #[error("this program was built without the suite {0}")]
    NoSuchSuite(SuiteId),
    /// It belongs to another suite.
    #[error("{got} where {wanted} was wanted")]
    OtherSuite {
        /// What was wanted.
        wanted: SuiteId,
        /// What was there.
        got: SuiteId,
    },
    /// Its length is wrong.
    #[error("{got} bytes where {wanted} were wanted")]
    Length {
        /// In bytes.
        wanted: usize,
        /// In bytes.
        got: usize,
    },
    /// A public key is no point of the curve.
    #[error("the key is no point of the curve")]
    NotAPoint,
    /// A public key has a small order, so that it proves or hides nothing.
    #[error("the key has a small order")]
    LowOrder,
    /// An encapsulation key has a coefficient that isn't reduced.
    #[error("a coefficient of the key is not reduced")]
    Modulus,
}

/// Why a signature doesn't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum SignatureError {
    /// It is for something else.
    #[error("it was made for another context")]
    Context,
    /// It names another key.
    #[error("it was made with another key")]
    Key,
    /// It names another suite than its key's.
    #[error("its suite is not the one of its key")]
    Suite,
    /// The data are not those that were signed.
    #[error("the data are not those that were signed")]
    Data,
    /// The Ed25519 half is wrong.
    #[error("its Ed25519 half is wrong")]
    Classic,
    /// The lattice half is wrong.
    #[error("its lattice half is wrong")]
    Lattice,
    /// A context may have 255 bytes.
    #[error("its context is longer than 255 bytes")]
    ContextTooLong,
    /// The key itself is malformed.
    #[error("its key is malformed")]
    MalformedKey,
    /// It has no binary form.
    #[error("it can't be written as bytes")]
    Unwritten,
}

impl From<KeyError> for SignatureError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::OtherSuite { .. } | KeyError::NoSuchSuite(_) => Self::Suite,
            _ => Self::MalformedKey,
        }
    }
}

#[cfg(test)]
mod tests;
