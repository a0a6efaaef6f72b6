//! Where private keys are: made from the scene's seed when they are needed, never handed out, never saved.
//!
//! Beside them stand public keys made ready to verify with, and what was verified already. All of it can be derived again
//! at any time, so nothing here is state, and how much of it is kept changes no result.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng};
use rand::Rng;

use crate::canonical::Digest;
use crate::recorded::{Continued, Journal, Made, Recorded, Witnessed};
use crate::secret::Secret;
use crate::signature::Signature;
use crate::suite::{KeyError, KeyId, KeySeed, PrivateKeys, PublicKeys, SignatureError, SuiteId, VerifyingKeys};
use crate::validator::Signatures;

/// So many keys that follow from seeds are kept ready (about 60 kB each), and so many public keys (about 40 kB each).
const KEPT_KEYS: usize = 512;
/// So many results of verifications are remembered.
const KEPT_RESULTS: usize = 1 << 16;

const KEYS: Purpose = Purpose::new("identity.keys");

/// Which keys: whose, and the how manieth.
pub type Generation = (u32, u32);

type Results = BTreeMap<(Digest, Digest), Result<(), SignatureError>>;

/// The private keys of a run.
#[derive(Default)]
pub struct Vault {
    /// Keys that follow from seeds, and can be dropped.
    seeded: Mutex<BTreeMap<Generation, Arc<dyn PrivateKeys>>>,
    /// Keys that nobody could make again.
    unique: Mutex<BTreeMap<Generation, Arc<dyn PrivateKeys>>>,
    /// What a recorded run made with such keys, if this is its repetition.
    recorded: Arc<Recorded>,
    /// What is made with such keys and not written down yet.
    journal: Arc<Mutex<Journal>>,
    /// The keys that sign in the place of recorded ones.
    continued: Mutex<BTreeMap<KeyId, PublicKeys>>,
    ready: Mutex<BTreeMap<KeyId, Arc<dyn VerifyingKeys>>>,
    results: Mutex<Results>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

/// A map is whole whenever its lock is free, so a thread that panicked with it did no harm.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds to a map that is emptied when it is full.
fn keep<K: Ord, V>(map: &mut BTreeMap<K, V>, most: usize, key: K, value: V) {
    if map.len() >= most {
        map.clear();
    }
    map.insert(key, value);
}

/// The seed of an agent's keys of a generation. It is as secret as the scene's seed.
fn seed_of(dice: &SimRng, (agent, number): Generation) -> KeySeed {
    let mut stream = dice.stream(KEYS.indexed(u64::from(number)), AgentId(agent), 0);
    Secret::filled_by(|bytes| stream.fill_bytes(bytes))
}

/// Entropy for one encapsulation.
pub(crate) fn entropy(dice: &SimRng, purpose: Purpose, agent: u32, tick: u64) -> KeySeed {
    let mut stream = dice.stream(purpose, AgentId(agent), tick);
    Secret::filled_by(|bytes| stream.fill_bytes(bytes))
}

impl Vault {
    /// The private keys of an agent's generation.
    ///
    /// # Errors
    /// If the program was built without the suite.
    pub(crate) fn keys(
        &self,
        dice: &SimRng,
        suite: SuiteId,
        generation: Generation,
    ) -> Result<Arc<dyn PrivateKeys>, KeyError> {
        let suite = suite.get()?;
        let shelf = if suite.is_seeded() { &self.seeded } else { &self.unique };
        if let Some(keys) = locked(shelf).get(&generation).filter(|keys| keys.public().suite == suite.id()) {
            return Ok(Arc::clone(keys));
        }
        let keys = suite.generate(&seed_of(dice, generation));
        let mut shelf = locked(shelf);
        if suite.is_seeded() {
            let keys: Arc<dyn PrivateKeys> = keys.into();
            keep(&mut shelf, KEPT_KEYS, generation, Arc::clone(&keys));
            return Ok(keys);
        }
        // Two threads that ask at once must get the same keys.
        Ok(Arc::clone(shelf.entry(generation).or_insert_with(|| self.witnessed(generation, keys))))
    }

    fn witnessed(&self, generation: Generation, own: Box<dyn PrivateKeys>) -> Arc<dyn PrivateKeys> {
        let keys = Witnessed::new(generation, own, &self.recorded, &self.journal);
        if keys.public() != keys.sealing() {
            locked(&self.continued).insert(keys.public().id(), keys.sealing().clone());
        }
        Arc::new(keys)
    }

    /// A vault for the repetition of a run that made this.
    pub(crate) fn repeating(recorded: Arc<Recorded>) -> Self {
        Self { recorded, ..Self::default() }
    }

    /// From now on somebody takes what is [made](Self::take_made).
    pub(crate) fn keep_journal(&self) {
        let keys: Vec<(Generation, PublicKeys)> =
            locked(&self.unique).iter().map(|(generation, keys)| (*generation, keys.public().clone())).collect();
        locked(&self.journal).keep(keys.into_iter());
    }

    /// Forgets what nobody wants to take.
    pub(crate) fn close_unkept_journal(&self) {
        locked(&self.journal).close_if_unkept();
    }

    /// What was made since the last time with keys that nobody could make again.
    pub(crate) fn take_made(&self) -> Vec<Made> {
        locked(&self.journal).take()
    }

    fn ready(&self, keys: &PublicKeys, id: KeyId) -> Result<Arc<dyn VerifyingKeys>, SignatureError> {
        if let Some(ready) = locked(&self.ready).get(&id) {
            return Ok(Arc::clone(ready));
        }
        let ready: Arc<dyn VerifyingKeys> = match locked(&self.continued).get(&id) {
            None => keys.verifying()?.into(),
            Some(own) => Arc::new(Continued { recorded: keys.verifying()?, own: own.verifying()? }),
        };
        keep(&mut locked(&self.ready), KEPT_KEYS, id, Arc::clone(&ready));
        Ok(ready)
    }

    /// Verifies a signature that nobody will show again.
    ///
    /// # Errors
    /// What is wrong.
    pub fn verify_once(
        &self,
        signature: &Signature,
        keys: &PublicKeys,
        context: &str,
        data: &[u8],
    ) -> Result<(), SignatureError> {
        let id = keys.id();
        signature.verify_ready(id, keys.suite, || self.ready(keys, id), context, data)
    }

    /// The memory that is kept, in bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (locked(&self.seeded).len() + locked(&self.unique).len()) * 60_000
            + locked(&self.ready).len() * 40_000
            + locked(&self.results).len() * 80
    }
}

impl Signatures for Vault {
    fn verify(
        &self,
        signature: &Signature,
        keys: &PublicKeys,
        context: &str,
        data: &dyn Fn() -> Vec<u8>,
    ) -> Result<(), SignatureError> {
        if signature.context != context {
            return Err(SignatureError::Context);
        }
        // The result is that of this signature over these data; the signature's id covers its key, suite, time and context.
        let data = data();
        let asked = (signature.id(), Digest::of(&data));
        if signature.key == keys.id()
            && let Some(result) = locked(&self.results).get(&asked)
        {
            return *result;
        }
        let result = self.verify_once(signature, keys, context, &data);
        if signature.key == keys.id() {
            keep(&mut locked(&self.results), KEPT_RESULTS, asked, result);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::time;

    #[test]
    fn keys_are_made_again_from_the_seed_and_never_shown() {
        let dice = SimRng::new(7);
        let (one, other) = (Vault::default(), Vault::default());
        let keys = |vault: &Vault, dice, generation| vault.keys(dice, SuiteId::HybridFips, generation).unwrap();
        assert_eq!(keys(&one, &dice, (3, 0)).public(), keys(&other, &dice, (3, 0)).public());
        for others in [(3, 1), (4, 0)] {
            assert_ne!(keys(&one, &dice, (3, 0)).public(), keys(&one, &dice, others).public());
        }
        assert_ne!(keys(&other, &SimRng::new(8), (9, 0)).public(), keys(&one, &dice, (9, 0)).public());
        assert_eq!(format!("{one:?}"), "Vault");
    }

    #[test]
    fn what_was_verified_is_remembered_for_what_it_was() {
        let vault = Vault::default();
        let keys = vault.keys(&SimRng::new(1), SuiteId::HybridFips, (0, 0)).unwrap();
        let signature = Signature::sign(keys.as_ref(), "test", time(0), b"data").unwrap();
        let verify = |signature: &Signature, context, data: &'static [u8]| {
            vault.verify(signature, keys.public(), context, &|| data.to_vec())
        };
        for _ in 0..2 {
            assert_eq!(verify(&signature, "test", b"data"), Ok(()));
            assert_eq!(verify(&signature, "test", b"date"), Err(SignatureError::Data));
            assert_eq!(verify(&signature, "toast", b"data"), Err(SignatureError::Context));
            let mut tampered = signature.clone();
            tampered.halves.lattice[0] ^= 1;
            assert_eq!(verify(&tampered, "test", b"data"), Err(SignatureError::Lattice));
        }
    }

    #[cfg(feature = "crystals")]
    #[test]
    fn keys_that_nobody_could_make_again_are_kept() {
        let (vault, dice) = (Vault::default(), SimRng::new(1));
        let keys = || vault.keys(&dice, SuiteId::HybridCrystals, (0, 0)).unwrap().public().clone();
        let first = keys();
        assert_eq!(keys(), first);
    }
}
