//! Checkpoints and state hashes: what is saved is what is hashed.

mod agents;
mod block;
mod column;
mod file;
mod history;
pub mod records;
mod registry;

pub use crate::whole_file::write_atomically;
pub(crate) use registry::absent;
pub(crate) use registry::register_core;
pub use registry::{AddCheckpoint, CheckpointRegistry, to_bytes};

use std::collections::BTreeMap;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use self::block::{BLOCK_BYTES, Hash};
use self::file::VERSION;
use crate::clock::SimClock;
use crate::hex::to_hex;
use crate::parallel::Workers;

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are not a whole checkpoint.
    #[error("not a whole checkpoint: {0}")]
    Damaged(String),
    /// The file was written by a newer version.
    #[error("the checkpoint has format {found}, this version reads up to {VERSION}: use a newer agent2028")]
    Newer {
        /// The file's format version.
        found: u8,
    },
    /// The checkpoint is of another scene.
    #[error("the checkpoint belongs to another scene, seed or parameter setting")]
    OtherScene,
    /// A part of the simulation can't be saved: its type has no form in which it could be written down.
    #[error("{section} can't be saved: {message}")]
    Unsaved {
        /// The section's name.
        section: String,
        /// Why.
        message: String,
    },
    /// A section doesn't fit the simulation.
    #[error("section {section}: {message}")]
    Section {
        /// The section's name.
        section: String,
        /// What is wrong.
        message: String,
    },
}

/// A simulation's whole state at the end of a tick.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The tick after which the state was saved.
    pub tick: u64,
    /// The scene (resolved, with seed and settings) that the state belongs to.
    pub scene: [u8; 32],
    /// The state hash.
    pub state_hash: StateHash,
    sections: BTreeMap<String, SavedSection>,
    /// A section that could not be saved, and why.
    unsaved: Option<(String, String)>,
    workers: Workers,
}

impl PartialEq for Checkpoint {
    fn eq(&self, other: &Self) -> bool {
        (self.tick, self.scene, self.state_hash, &self.sections)
            == (other.tick, other.scene, other.state_hash, &other.sections)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct SavedSection {
    /// Whether it is part of the state hash.
    hashed: bool,
    bytes: Vec<u8>,
    block_hashes: Vec<Hash>,
}

/// A BLAKE3 hash over all state of a simulation; 64 hexadecimal digits when shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StateHash(pub [u8; 32]);

impl std::fmt::Display for StateHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// Says which scene a simulation runs, so that a checkpoint of another one is refused.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SceneFingerprint(pub [u8; 32]);

/// The hash of the simulation's state: the same at any thread count, in a window, headless, after a rewind or a resume.
///
/// For those who only show it: where a part of the state can't be saved, what is hashed of it is why not. Whoever writes a
/// hash down or compares it asks for [`checked_state_hash`].
#[must_use]
pub fn state_hash(world: &World) -> StateHash {
    hash_sections(&save_sections(world, &workers_of(world), true).0)
}

/// The hash of the simulation's state, as [`state_hash`].
///
/// # Errors
/// If a part of the state can't be saved.
pub fn checked_state_hash(world: &World) -> Result<StateHash, CheckpointError> {
    let (sections, unsaved) = save_sections(world, &workers_of(world), true);
    whole(unsaved.as_ref())?;
    Ok(hash_sections(&sections))
}

fn whole(unsaved: Option<&(String, String)>) -> Result<(), CheckpointError> {
    match unsaved.cloned() {
        None => Ok(()),
        Some((section, message)) => Err(CheckpointError::Unsaved { section, message }),
    }
}

fn workers_of(world: &World) -> Workers {
    world.get_resource::<Workers>().cloned().unwrap_or_else(|| Workers::new(1))
}

type Saved = (BTreeMap<String, SavedSection>, Option<(String, String)>);

/// Saves all sections, or those that are hashed; and tells the first that can't be saved.
fn save_sections(world: &World, workers: &Workers, hashed_only: bool) -> Saved {
    let registry = world.resource::<CheckpointRegistry>();
    let sections: Vec<_> = registry.sections.iter().filter(|(_, section)| section.hashed || !hashed_only).collect();
    let mut unsaved = None;
    let outcomes = workers.map_indices(sections.len(), |at| (sections[at].1.save)(world));
    let bytes: Vec<Vec<u8>> = outcomes
        .into_iter()
        .zip(&sections)
        .map(|(outcome, (name, _))| {
            outcome.unwrap_or_else(|message| {
                let why = format!("{name} can't be saved: {message}");
                unsaved.get_or_insert(((**name).to_owned(), message));
                why.into_bytes()
            })
        })
        .collect();
    let blocks: Vec<&[u8]> = bytes.iter().flat_map(|bytes| block::blocks(bytes)).collect();
    let total: usize = bytes.iter().map(Vec::len).sum();
    let hashes: Vec<Hash> = if workers.worthwhile(total, BLOCK_BYTES) {
        workers.map_indices(blocks.len(), |at| block::hash(blocks[at]))
    } else {
        blocks.into_iter().map(block::hash).collect()
    };
    let mut hashes = hashes.into_iter();
    let save = |((name, section), bytes): ((&&str, &registry::Section), Vec<u8>)| {
        let block_hashes = hashes.by_ref().take(block::blocks(&bytes).len()).collect();
        ((*name).to_owned(), SavedSection { hashed: section.hashed, bytes, block_hashes })
    };
    let is_there = |((_, section), bytes): &((&&str, &registry::Section), Vec<u8>)| {
        // An empty section has no blocks, so leaving it out moves no hash to another.
        !(section.optional && bytes.is_empty())
    };
    (sections.into_iter().zip(bytes).filter(is_there).map(save).collect(), unsaved)
}

/// The BLAKE3 hash of the hashed sections, each by its name, its length and the hashes of its blocks.
fn hash_sections(sections: &BTreeMap<String, SavedSection>) -> StateHash {
    let mut hasher = blake3::Hasher::new();
    for (name, section) in sections.iter().filter(|(_, section)| section.hashed) {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(&(section.bytes.len() as u64).to_le_bytes());
        hasher.update(section.block_hashes.as_flattened());
    }
    StateHash(*hasher.finalize().as_bytes())
}

impl Checkpoint {
    fn new(tick: u64, scene: [u8; 32], sections: BTreeMap<String, SavedSection>, workers: Workers) -> Self {
        Self { tick, scene, state_hash: hash_sections(&sections), sections, unsaved: None, workers }
    }

    /// Saves the state of a simulation between two ticks. If a part of it can't be saved, the checkpoint can neither be
    /// written nor restored; [`Checkpoint::whole`] tells so at once.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let workers = workers_of(world);
        let (sections, unsaved) = save_sections(world, &workers, false);
        let (tick, scene) = (world.resource::<SimClock>().tick(), world.resource::<SceneFingerprint>().0);
        Self { unsaved, ..Self::new(tick, scene, sections, workers) }
    }

    /// The checkpoint itself, if it holds the whole state.
    ///
    /// # Errors
    /// If a part of the state could not be saved.
    pub fn whole(self) -> Result<Self, CheckpointError> {
        whole(self.unsaved.as_ref())?;
        Ok(self)
    }

    /// Puts a simulation of the same scene into the saved state. Agents that live before and after keep their entity, and
    /// with it whatever no section saves of them.
    ///
    /// # Errors
    /// If the checkpoint is of another scene, lacks a section or was never whole; the world is then in no defined state and
    /// must be rebuilt from its scene.
    pub fn restore(&self, world: &mut World) -> Result<(), CheckpointError> {
        whole(self.unsaved.as_ref())?;
        if self.scene != world.resource::<SceneFingerprint>().0 {
            return Err(CheckpointError::OtherScene);
        }
        let registry = world.resource::<CheckpointRegistry>().clone();
        let failed = |section: &str, message: String| CheckpointError::Section { section: section.into(), message };
        if let Some((name, _)) =
            self.sections.iter().find(|(name, saved)| saved.hashed && !registry.is_hashed(name.as_str()))
        {
            return Err(failed(name, "is not part of this simulation".into()));
        }
        for (name, section) in registry.load_order() {
            let bytes = match self.sections.get(name) {
                Some(saved) => saved.bytes.as_slice(),
                None if section.optional => &[],
                None => return Err(failed(name, "is missing".into())),
            };
            (section.load)(world, bytes).map_err(|message| failed(name, message))?;
        }
        for after_load in &registry.after_load {
            after_load(world);
        }
        match self.differing_section(world, &registry) {
            None => Ok(()),
            Some(name) => Err(failed(name, "the restored state is not the saved one".into())),
        }
    }

    /// The first section of the state that the world doesn't have the same bytes for. That there is none proves more than
    /// equal hashes would, at less cost.
    fn differing_section(&self, world: &World, registry: &CheckpointRegistry) -> Option<&'static str> {
        let sections: Vec<_> = registry.sections.iter().filter(|(_, section)| section.hashed).collect();
        let world: &World = world;
        let equal = workers_of(world).map_indices(sections.len(), |at| {
            let (name, section) = sections[at];
            match self.sections.get(*name) {
                Some(saved) => saved.hashed && (section.save)(world).is_ok_and(|bytes| bytes == saved.bytes),
                None => section.optional && (section.save)(world).is_ok_and(|bytes| bytes.is_empty()),
            }
        });
        sections.iter().zip(equal).find(|(_, equal)| !equal).map(|((name, _), _)| **name)
    }

    /// The names of the sections of the state (those that are hashed) that another checkpoint doesn't have the same bytes
    /// for, in alphabetical order.
    #[must_use]
    pub fn differing_sections<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let names: std::collections::BTreeSet<&str> =
            self.sections.keys().chain(other.sections.keys()).map(String::as_str).collect();
        names
            .into_iter()
            .filter(|name| {
                let [mine, theirs] =
                    [self, other].map(|checkpoint| checkpoint.sections.get(*name).filter(|section| section.hashed));
                mine.map(|section| &section.bytes) != theirs.map(|section| &section.bytes)
            })
            .collect()
    }

    /// The size of the state in bytes, uncompressed.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sections.values().map(|section| section.bytes.len()).sum()
    }

    /// The size of each section in bytes, uncompressed.
    pub fn section_bytes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sections.iter().map(|(name, section)| (name.as_str(), section.bytes.len()))
    }
}

#[cfg(test)]
mod tests;
