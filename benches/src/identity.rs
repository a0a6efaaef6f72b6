//! The rows about signatures.

use agent2028_core::parallel::Workers;
use agent2028_identity::secret::Secret;
use agent2028_identity::signature::Signature;
use agent2028_identity::suite::{PrivateKeys, SuiteId, VerifyingKeys, kdf};
use agent2028_identity::timestamp::Timestamp;
use ed25519_dalek::Signer;
use ml_dsa::signature::Keypair;
use ml_dsa::{MlDsa65, SigningKey, VerifyingKey};

use crate::measure::{Clock, Failure, Figures, Sample, fill, pairs, time};
use crate::row::{Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "sign",
        work: "hybrid-fips signatures of 64 agents over statements of 64 bytes, made and verified in batches of 256 on all cores",
        baseline: "the calls of ed25519-dalek and ml-dsa for the same, on the same cores",
        unit: Unit::SecondsPer("signature"),
        clock: Clock::Wall,
        target: Target::CostTimes(1.1),
        measure: sign_and_verify,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "sign-verify",
        work: "the same signatures, verified only",
        baseline: "verify_strict and verify_with_context of the two crates",
        unit: Unit::SecondsPer("signature"),
        clock: Clock::Wall,
        target: Target::CostTimes(1.1),
        measure: verify,
        curve: None,
        why_missed: "",
    },
];

const AGENTS: usize = 64;
const CONTEXT: &str = "bench";

struct Ours {
    keys: Vec<Box<dyn PrivateKeys>>,
    ready: Vec<Box<dyn VerifyingKeys>>,
}

struct Bare {
    classic: Vec<ed25519_dalek::SigningKey>,
    lattice: Vec<SigningKey<MlDsa65>>,
    verify_classic: Vec<ed25519_dalek::VerifyingKey>,
    verify_lattice: Vec<VerifyingKey<MlDsa65>>,
}

/// What both sign.
struct Batch {
    ours: Ours,
    bare: Bare,
    messages: Vec<[u8; 64]>,
    workers: Workers,
}

fn batch(effort: Effort) -> Result<Batch, Failure> {
    let suite = SuiteId::HybridFips.get().map_err(|error| error.to_string())?;
    let seeds: Vec<Secret<32>> =
        (0..AGENTS).map(|agent| Secret::filled_by(|bytes| *bytes = [agent as u8 + 1; 32])).collect();
    let keys: Vec<_> = seeds.iter().map(|seed| suite.generate(seed)).collect();
    let ready: Result<Vec<_>, _> = keys.iter().map(|keys| keys.public().verifying()).collect();
    let classic: Vec<_> = seeds
        .iter()
        .map(|seed| ed25519_dalek::SigningKey::from_bytes(kdf::derive::<32>(seed, "ed25519").expose()))
        .collect();
    let lattice: Vec<_> = seeds
        .iter()
        .map(|seed| SigningKey::<MlDsa65>::from_seed(kdf::derive::<32>(seed, "ml-dsa-65").expose().into()))
        .collect();
    let count = effort.at_most(256, 8);
    Ok(Batch {
        bare: Bare {
            verify_classic: classic.iter().map(ed25519_dalek::SigningKey::verifying_key).collect(),
            verify_lattice: lattice.iter().map(Keypair::verifying_key).collect(),
            classic,
            lattice,
        },
        ours: Ours { keys, ready: ready.map_err(|error| error.to_string())? },
        messages: (0..count).map(|number| std::array::from_fn(|at| (number * 31 + at) as u8)).collect(),
        workers: Workers::default(),
    })
}

impl Batch {
    fn sign(&self) -> Vec<Option<Signature>> {
        self.workers.map_indices(self.messages.len(), |at| {
            Signature::sign(self.ours.keys[at % AGENTS].as_ref(), CONTEXT, Timestamp(at as i64), &self.messages[at])
                .ok()
        })
    }

    fn verify(&self, signatures: &[Option<Signature>]) -> usize {
        let right = self.workers.map_indices(self.messages.len(), |at| {
            let Some(signature) = &signatures[at] else {
                return false;
            };
            let keys = self.ours.keys[at % AGENTS].public();
            let ready = || Ok(self.ours.ready[at % AGENTS].as_ref());
            signature.verify_ready(signature.key, keys.suite, ready, CONTEXT, &self.messages[at]).is_ok()
        });
        right.into_iter().filter(|right| *right).count()
    }

    fn sign_bare(&self) -> Vec<Option<(ed25519_dalek::Signature, ml_dsa::Signature<MlDsa65>)>> {
        self.workers.map_indices(self.messages.len(), |at| {
            let (message, agent) = (&self.messages[at], at % AGENTS);
            let lattice = self.bare.lattice[agent].expanded_key().sign_deterministic(message, b"bench").ok()?;
            Some((self.bare.classic[agent].sign(message), lattice))
        })
    }

    fn verify_bare(&self, signatures: &[Option<(ed25519_dalek::Signature, ml_dsa::Signature<MlDsa65>)>]) -> usize {
        let right = self.workers.map_indices(self.messages.len(), |at| {
            let Some((classic, lattice)) = &signatures[at] else {
                return false;
            };
            let (message, agent) = (&self.messages[at], at % AGENTS);
            self.bare.verify_classic[agent].verify_strict(message, classic).is_ok()
                && self.bare.verify_lattice[agent].verify_with_context(message, b"bench", lattice)
        });
        right.into_iter().filter(|right| *right).count()
    }

    fn checked(&self, sample: Sample, right: usize) -> Result<Sample, Failure> {
        if right == self.messages.len() { Ok(sample) } else { Err(format!("only {right} signatures are right")) }
    }
}

fn rates(figures: &Figures) -> String {
    format!("{:.0} signatures per second", 1.0 / figures.ours.wall)
}

fn sign_and_verify(effort: Effort) -> Result<Figures, Failure> {
    let batch = batch(effort)?;
    let work = batch.messages.len() as f64;
    let seconds = effort.seconds(0.5);
    let ours = || {
        let (sample, right) = time(work, || batch.verify(&batch.sign()));
        batch.checked(sample, right)
    };
    let bare = || {
        let (sample, right) = time(work, || batch.verify_bare(&batch.sign_bare()));
        batch.checked(sample, right)
    };
    let figures = pairs(effort.pairs(11), Clock::Wall, || fill(seconds, ours), || fill(seconds, bare))?;
    let note = rates(&figures);
    Ok(figures.with_note(note))
}

fn verify(effort: Effort) -> Result<Figures, Failure> {
    let batch = batch(effort)?;
    let work = batch.messages.len() as f64;
    let seconds = effort.seconds(0.2);
    let (signed, signed_bare) = (batch.sign(), batch.sign_bare());
    let ours = || {
        let (sample, right) = time(work, || batch.verify(&signed));
        batch.checked(sample, right)
    };
    let bare = || {
        let (sample, right) = time(work, || batch.verify_bare(&signed_bare));
        batch.checked(sample, right)
    };
    let figures = pairs(effort.pairs(11), Clock::Wall, || fill(seconds, ours), || fill(seconds, bare))?;
    let note = rates(&figures);
    Ok(figures.with_note(note))
}
