//! The keys that sign tree heads, time stamps and what agents say: hybrid signatures of `agent2028_identity`.

use std::collections::BTreeMap;
use std::fmt;

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_identity::canonical::Digest;
use agent2028_identity::did::{DidDocument, KeyRecord};
use agent2028_identity::secret::Secret;
use agent2028_identity::sign_events::{EVENT, statement};
use agent2028_identity::signature::Signature as HybridSignature;
use agent2028_identity::suite::fips::HybridFips;
use agent2028_identity::suite::{HalfSignatures, KeyError, PrivateKeys, PublicKeys, SignatureError, Suite, SuiteId};
use agent2028_identity::timestamp::Timestamp;
use rand::{Rng, TryRng};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, EntryKind, Signature};
use crate::facts::{self, IdentityWords};
use crate::sign::{Signer, Verifier};
use crate::written::{Unwritable, binary};

/// What a key of the ledger is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyRole {
    /// It signs tree heads: that of whoever keeps the ledger.
    Keeper,
    /// It signs time stamps: that of the time-stamp authority.
    TimeStamps,
    /// It signs what the agent of this number says.
    Agent(u32),
}

impl KeyRole {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Keeper => "keeper".into(),
            Self::TimeStamps => "time stamps".into(),
            Self::Agent(number) => format!("agent {number}"),
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Keeper => Purpose::new("ledger.key.keeper"),
            Self::TimeStamps => Purpose::new("ledger.key.time-stamps"),
            Self::Agent(number) => Purpose::new("ledger.key.agent").indexed(u64::from(number)),
        }
    }
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerKey {
    /// What it is for.
    pub role: KeyRole,
    /// The key.
    pub key: PublicKeys,
    /// Of an agent: its document, which leads from its identifier to this key; or, after such a document, what came after it,
    /// with the last keys in it.
    pub document: Option<Box<DidDocument>>,
}

impl LedgerKey {
    /// The key's fingerprint: 64 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.key.id().0.to_string()
    }

    /// Its bytes.
    ///
    /// # Errors
    /// If it has no binary form.
    pub fn encode(&self) -> Result<Vec<u8>, Unwritable> {
        binary("a key", self)
    }

    /// Reads its bytes; nothing if they are none.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (key, rest): (Self, &[u8]) = postcard::take_from_bytes(bytes).ok()?;
        (rest.is_empty() && key.encode().is_ok_and(|own| own == bytes)).then_some(key)
    }
}

/// Whether a key has a say in a proof of an entry: those of agents have one in what they signed themselves.
#[must_use]
pub fn speaks_for(key: &LedgerKey, entry: &Entry) -> bool {
    match key.role {
        KeyRole::Agent(who) => entry.signature.is_some() && entry.who == Some(who),
        KeyRole::Keeper | KeyRole::TimeStamps => true,
    }
}

/// A new secret from the operating system, for a key that follows from no seed.
///
/// # Errors
/// If the system has no random bytes, in words.
#[expect(clippy::disallowed_types, reason = "a key that must not follow from any seed; no simulation code sees it")]
pub fn new_secret() -> Result<Secret<32>, String> {
    use rand::rngs::SysRng;
    let mut filled = Ok(());
    let secret = Secret::filled_by(|bytes: &mut [u8; 32]| filled = SysRng.try_fill_bytes(bytes));
    filled.map(|()| secret).map_err(|error| error.to_string())
}

/// A key that signs.
pub struct SigningKey {
    role: KeyRole,
    keys: Box<dyn PrivateKeys>,
    fingerprint: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("role", &self.role)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The key of a run: with a suite that takes seeds, the same for the same scene and seed.
    ///
    /// # Errors
    /// If this program was built without the suite.
    pub fn of_run(role: KeyRole, suite: SuiteId, dice: &SimRng) -> Result<Self, KeyError> {
        let seed = Secret::filled_by(|bytes: &mut [u8; 32]| dice.global(role.purpose(), 0).fill_bytes(bytes));
        let keys = suite.get()?.generate(&seed);
        let fingerprint = keys.public().id().0.to_string();
        Ok(Self { role, keys, fingerprint })
    }

    /// A keeper's key that has nothing to do with any run: whoever has the secret has it, and nobody else.
    #[must_use]
    pub fn of_secret(seed: &Secret<32>) -> Self {
        let keys = HybridFips.generate(seed);
        let fingerprint = keys.public().id().0.to_string();
        Self { role: KeyRole::Keeper, keys, fingerprint }
    }

    /// Both halves of a signature over a message as it stands, for formats of others.
    pub(crate) fn sign_plainly(&self, message: &[u8]) -> Option<HalfSignatures> {
        self.keys.sign(message).ok()
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> LedgerKey {
        LedgerKey { role: self.role, key: self.keys.public().clone(), document: None }
    }
}

impl Signer for SigningKey {
    fn key(&self) -> &str {
        &self.fingerprint
    }

    fn sign(&self, context: &str, unix_ms: i64, message: &[u8]) -> Option<Vec<u8>> {
        let signature = HybridSignature::sign(&*self.keys, context, at(unix_ms), message).ok()?;
        postcard::to_stdvec(&signature).ok()
    }
}

fn at(unix_ms: i64) -> Timestamp {
    Timestamp(unix_ms.saturating_mul(1000))
}

/// Checks the signatures of keys that are known.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Vec<LedgerKey>);

impl KeyRing {
    /// The keys that are known.
    #[must_use]
    pub fn new(keys: Vec<LedgerKey>) -> Self {
        Self(keys)
    }

    /// The keys that are known.
    #[must_use]
    pub fn keys(&self) -> &[LedgerKey] {
        &self.0
    }

    /// Those that are for a role: a key for tree heads can't stamp times, nor the other way round.
    #[must_use]
    pub fn of(&self, role: KeyRole) -> Self {
        Self(self.0.iter().filter(|key| key.role == role).cloned().collect())
    }
}

/// The hybrid signature that an entry, head or stamp carries.
fn hybrid_of(signature: &Signature) -> Result<HybridSignature, String> {
    let read: Result<(HybridSignature, &[u8]), _> = postcard::take_from_bytes(&signature.bytes);
    let (hybrid, rest) = read.map_err(|_| "the signature can't be read")?;
    if !rest.is_empty() || postcard::to_stdvec(&hybrid).ok().as_ref() != Some(&signature.bytes) {
        return Err("the signature is not written as signatures are".into());
    }
    Ok(hybrid)
}

impl KeyRing {
    fn key_of(&self, signature: &Signature) -> Result<&PublicKeys, String> {
        let known = self.0.iter().find(|key| key.fingerprint() == signature.key);
        known.map(|key| &key.key).ok_or_else(|| format!("the key {} is not known", short(&signature.key)))
    }
}

impl Verifier for KeyRing {
    fn verify(&self, signature: &Signature, context: &str, unix_ms: i64, message: &[u8]) -> Result<(), String> {
        let (known, hybrid) = (self.key_of(signature)?, hybrid_of(signature)?);
        if hybrid.at != at(unix_ms) {
            return Err("the signature was made at another time".into());
        }
        hybrid.verify(known, context, message).map_err(not_believed)
    }
}

fn not_believed(error: SignatureError) -> String {
    format!("the signature is not to be believed: {error}")
}

/// A hybrid signature of an agent as an entry carries it.
#[must_use]
pub fn carried(signature: &HybridSignature) -> Option<Signature> {
    Some(Signature { key: signature.key.0.to_string(), bytes: postcard::to_stdvec(signature).ok()? })
}

/// The keys of agents, by their fingerprints, and who the agents are: they check what agents have signed.
#[derive(Clone, Debug, Default)]
pub struct AgentKeys {
    keys: BTreeMap<String, LedgerKey>,
    /// The documents of agents, as far as they have come.
    documents: BTreeMap<u32, DidDocument>,
    names: BTreeMap<u32, String>,
    /// Whether an entry must have said who an agent is.
    named_only: bool,
}

impl AgentKeys {
    /// Those of a ledger, where an entry says who an agent is before it signs anything.
    #[must_use]
    pub fn of_ledger() -> Self {
        Self { named_only: true, ..Self::default() }
    }

    /// Takes note of a key. Keys that are no agent's are none of its business.
    ///
    /// # Errors
    /// If no document leads from an identifier to the key, or it is none that goes on where the one before ends.
    pub fn note(&mut self, key: &LedgerKey) -> Result<(), String> {
        let KeyRole::Agent(who) = key.role else {
            return Ok(());
        };
        let document = key.document.as_ref().ok_or_else(|| format!("the key of agent {who} has no document"))?;
        let whole = match self.documents.get(&who) {
            Some(known) => known.extended(document),
            None => document.verify().map(|()| (**document).clone()),
        };
        let whole = whole.map_err(|why| format!("the document of agent {who}: {why}"))?;
        if !document.history.iter().any(|record| record.keys == key.key) {
            return Err(format!("the document of agent {who} doesn't lead to its key"));
        }
        self.documents.insert(who, whole);
        self.keys.insert(key.fingerprint(), key.clone());
        Ok(())
    }

    /// Takes note of what an entry says about who an agent is.
    ///
    /// # Errors
    /// If another one has said otherwise, or no document that came before leads to the key that it tells of.
    pub fn name(&mut self, entry: &Entry) -> Result<(), String> {
        let (EntryKind::Identity, Some(who)) = (entry.kind, entry.who) else {
            return Ok(());
        };
        let said = IdentityWords::from_text(&entry.detail).ok_or("who an agent is can't be read")?;
        if facts::identity_hash(&entry.operation, &entry.detail) != entry.payload {
            return Err("who an agent is is not what its hash says".into());
        }
        let document = self.documents.get(&who).filter(|document| document.did.to_string() == entry.operation);
        let leads = document.is_some_and(|document| {
            let is_it = |record: &KeyRecord| record.from.0 == said.since && record.keys.id().0.to_string() == said.key;
            let ended = document.deactivated.as_ref().map(|signature| signature.at.0);
            document.history.iter().any(is_it) && (said.ended.is_none() || said.ended == ended)
        });
        if self.named_only && !leads {
            return Err(format!("no document leads to the key that agent {who} is said to have"));
        }
        match self.names.insert(who, entry.operation.clone()) {
            Some(before) if before != entry.operation => {
                Err(format!("agent {who} was {before}, and is said to be {}", entry.operation))
            }
            _ => Ok(()),
        }
    }

    /// Checks the signature of an entry, if it has one: that it is of the agent that the entry names, with a key that this
    /// agent's identifier led to at the time, and of what the entry says.
    ///
    /// # Errors
    /// Why it is not to be believed, in words.
    pub fn check(&self, entry: &Entry) -> Result<(), String> {
        let Some(signature) = &entry.signature else {
            return Ok(());
        };
        let (Some(id), Some(who)) = (&entry.event, entry.who) else {
            return Err("it carries a signature and is nobody's event".into());
        };
        let known = self.keys.get(&signature.key);
        let known = known.ok_or_else(|| format!("the key {} is not known", short(&signature.key)))?;
        if known.role != KeyRole::Agent(who) {
            return Err(format!("agent {who} is named, and the key that signed is that of {}", known.role.name()));
        }
        let document = self.documents.get(&who).ok_or("the key has no document")?;
        match self.names.get(&who) {
            Some(name) if *name != document.did.to_string() => {
                return Err(format!("agent {who} is {name}, and the key that signed belongs to {}", document.did));
            }
            None if self.named_only => return Err(format!("no entry says who agent {who} is")),
            _ => {}
        }
        let said = statement(id, &entry.operation, AgentId(who), &Digest(entry.payload));
        let hybrid = hybrid_of(signature)?;
        hybrid.verify(&known.key, EVENT, &said).map_err(not_believed)?;
        if document.keys_at(hybrid.key, hybrid.at) != Some(&known.key) {
            return Err("the key that signed was not in force then".into());
        }
        if document.deactivated.as_ref().is_some_and(|end| hybrid.at > end.at) {
            return Err("the identity that signed had ended then".into());
        }
        Ok(())
    }
}

/// A fingerprint that fits a line.
#[must_use]
pub fn short(fingerprint: &str) -> &str {
    fingerprint.get(..16).unwrap_or(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::{HEAD_CONTEXT, TreeHead};
    use crate::stamp::{STAMP_CONTEXT, TimeStampAuthority};

    fn key(role: KeyRole, seed: u64) -> SigningKey {
        SigningKey::of_run(role, SuiteId::HybridFips, &SimRng::new(seed)).unwrap()
    }

    #[test]
    fn keys_and_signatures_of_a_run_are_the_same_each_time_and_of_another_run_others() {
        let (one, again) = (key(KeyRole::Keeper, 7), key(KeyRole::Keeper, 7));
        assert_eq!(one.public(), again.public());
        assert_eq!(one.sign("c", 5, b"m"), again.sign("c", 5, b"m"));
        assert_ne!(one.key(), key(KeyRole::Keeper, 8).key());
        assert_ne!(one.key(), key(KeyRole::TimeStamps, 7).key());
        assert_eq!(one.key().len(), 64);
        assert!(!format!("{one:?}").contains("seed"));
        let public = one.public();
        assert_eq!(LedgerKey::decode(&public.encode().unwrap()), Some(public.clone()));
        assert_eq!(LedgerKey::decode(&public.encode().unwrap()[1..]), None);
    }

    #[test]
    fn a_stolen_old_key_signs_nothing_after_it_was_rotated_out() {
        let keys =
            [1, 2, 3].map(|seed| HybridFips.generate(&Secret::filled_by(|bytes: &mut [u8; 32]| *bytes = [seed; 32])));
        let [old, new, other] = &keys;
        let record = |key: &PublicKeys, document: DidDocument| LedgerKey {
            role: KeyRole::Agent(3),
            key: key.clone(),
            document: Some(Box::new(document)),
        };
        let first = DidDocument::new(old.public().clone(), Timestamp(0));
        let signed = |keys: &dyn PrivateKeys, at: i64| {
            let (id, payload) = ([9; 16], [7; 32]);
            let said = statement(&id, "AgentFailed", AgentId(3), &Digest(payload));
            let signature = HybridSignature::sign(keys, EVENT, Timestamp(at), &said).unwrap();
            Entry {
                event: Some(id),
                who: Some(3),
                payload,
                signature: carried(&signature),
                ..Entry::new(EntryKind::Event, 1, 0, "AgentFailed")
            }
        };
        let mut agents = AgentKeys::of_ledger();
        agents.note(&record(old.public(), first.clone())).unwrap();
        agents.name(&facts::identity_entry(3, &first, 1, 0).unwrap()).unwrap();
        assert_eq!(agents.check(&signed(old.as_ref(), 500)), Ok(()));
        assert!(agents.check(&signed(new.as_ref(), 500)).is_err());
        let mut later = first.clone();
        later.rotate(old.as_ref(), new.as_ref(), Timestamp(100)).unwrap();
        agents.note(&record(new.public(), later.since(1))).unwrap();
        agents.name(&facts::identity_entry(3, &later, 2, 0).unwrap()).unwrap();
        assert!(agents.check(&signed(old.as_ref(), 500)).unwrap_err().contains("not in force"));
        assert_eq!(agents.check(&signed(old.as_ref(), 50)), Ok(()));
        assert_eq!(agents.check(&signed(new.as_ref(), 500)), Ok(()));
        // There is one line of keys: who has the old one can't put others in the place of the new ones.
        let mut fork = first;
        fork.rotate(old.as_ref(), other.as_ref(), Timestamp(90)).unwrap();
        assert!(agents.note(&record(other.public(), fork.clone())).is_err());
        assert!(agents.note(&record(other.public(), fork.since(1))).is_err());
        let mut ended = later.clone();
        ended.deactivate(new.as_ref(), Timestamp(200)).unwrap();
        agents.note(&record(new.public(), ended.since(2))).unwrap();
        assert!(agents.check(&signed(new.as_ref(), 500)).unwrap_err().contains("had ended"));
        assert_eq!(agents.check(&signed(new.as_ref(), 150)), Ok(()));
        assert!(agents.note(&record(new.public(), later)).is_err(), "nobody comes back");
    }

    #[test]
    fn heads_and_stamps_are_believed_only_from_the_key_that_is_for_them() {
        let (keeper, clock) = (key(KeyRole::Keeper, 7), key(KeyRole::TimeStamps, 7));
        let ring = KeyRing::new(vec![keeper.public(), clock.public()]);
        let head = TreeHead { size: 3, root: [1; 32], tick: 9, unix_ms: 150 };
        let signed = head.signed(Some(&keeper));
        signed.verify(&ring.of(KeyRole::Keeper)).unwrap();
        assert!(signed.verify(&ring.of(KeyRole::TimeStamps)).unwrap_err().contains("not known"));
        assert!(head.signed(Some(&key(KeyRole::Keeper, 8))).verify(&ring).is_err());
        let stamp = TimeStampAuthority::default().stamp(0, [2; 32], 160, (&[0; 32], 5), &clock).unwrap();
        stamp.verify(&[2; 32], &ring.of(KeyRole::TimeStamps)).unwrap();
        let signature = signed.signature.unwrap();
        let bytes = head.to_bytes();
        assert!(ring.verify(&signature, STAMP_CONTEXT, 150, &bytes).is_err());
        assert!(ring.verify(&signature, HEAD_CONTEXT, 151, &bytes).is_err());
        // Any byte of the signature counts.
        for at in (0..signature.bytes.len()).step_by(97) {
            let mut forged = signature.clone();
            forged.bytes[at] ^= 1;
            assert!(ring.verify(&forged, HEAD_CONTEXT, 150, &bytes).is_err(), "byte {at}");
        }
    }
}
