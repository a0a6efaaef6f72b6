//! Checkpoints and state hashes: what is saved is what is hashed.
//!
//! A file holds, little-endian: the magic `A28CKPT` and a format version, a header (postcard), the sections, each
//! compressed by zstd where that helps, and the BLAKE3 hash of everything before it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bevy::prelude::*;
use bytemuck::Pod;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::agent::{Agent, AgentGroups, AgentId, AgentIndex, ConditionExpiry, GroupId, Position};
use crate::clock::SimClock;
use crate::event::EventBus;
use crate::intervention::{Applied, InterventionLog, InterventionQueue, InterventionRegistry, Origin, Stamped};

const MAGIC: [u8; 7] = *b"A28CKPT";
const VERSION: u8 = 1;
const HASH_BYTES: usize = 32;
/// A section larger than this in its header is refused before memory is asked for.
const MAX_SECTION_BYTES: u64 = 1 << 34;

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
    /// A section doesn't fit the simulation.
    #[error("section {section}: {message}")]
    Section {
        /// The section's name.
        section: String,
        /// What is wrong.
        message: String,
    },
}

type Save = Arc<dyn Fn(&World) -> Vec<u8> + Send + Sync>;
type Load = Arc<dyn Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync>;

#[derive(Clone)]
struct Section {
    hashed: bool,
    save: Save,
    load: Load,
}

/// What each plugin says must be saved, by name.
#[derive(Resource, Clone, Default)]
pub struct CheckpointRegistry {
    sections: BTreeMap<&'static str, Section>,
    after_load: Vec<fn(&mut World)>,
}

/// A simulation's whole state at the end of a tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The tick after which the state was saved.
    pub tick: u64,
    /// The scene (resolved, with seed and settings) that the state belongs to.
    pub scene: [u8; 32],
    /// The state hash.
    pub state_hash: StateHash,
    sections: BTreeMap<String, Vec<u8>>,
}

/// A BLAKE3 hash over all state of a simulation; 64 hexadecimal digits when shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StateHash(pub [u8; 32]);

impl std::fmt::Display for StateHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Says which scene a simulation runs, so that a checkpoint of another one is refused.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SceneFingerprint(pub [u8; 32]);

#[derive(Serialize, Deserialize)]
struct Header {
    tick: u64,
    scene: [u8; 32],
    state_hash: [u8; 32],
    sections: Vec<SectionHeader>,
}

#[derive(Serialize, Deserialize)]
struct SectionHeader {
    name: String,
    raw_bytes: u64,
    stored_bytes: u64,
    compressed: bool,
}

/// The hash of the simulation's state: the same at any thread count, in a window, headless, after a rewind or a resume.
#[must_use]
pub fn state_hash(world: &World) -> StateHash {
    let registry = world.resource::<CheckpointRegistry>();
    let sections = registry
        .sections
        .iter()
        .filter(|(_, section)| section.hashed)
        .map(|(name, section)| (*name, (section.save)(world)));
    hash_sections(sections)
}

fn hash_sections<'a>(sections: impl Iterator<Item = (&'a str, Vec<u8>)>) -> StateHash {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in sections {
        hash_section(&mut hasher, name, &bytes);
    }
    StateHash(*hasher.finalize().as_bytes())
}

fn hash_section(hasher: &mut blake3::Hasher, name: &str, bytes: &[u8]) {
    hasher.update(&(name.len() as u64).to_le_bytes());
    hasher.update(name.as_bytes());
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

impl Checkpoint {
    /// Saves the state of a simulation between two ticks.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let registry = world.resource::<CheckpointRegistry>();
        let mut hasher = blake3::Hasher::new();
        let mut sections = BTreeMap::new();
        for (name, section) in &registry.sections {
            let bytes = (section.save)(world);
            if section.hashed {
                hash_section(&mut hasher, name, &bytes);
            }
            sections.insert((*name).to_owned(), bytes);
        }
        Self {
            tick: world.resource::<SimClock>().tick(),
            scene: world.resource::<SceneFingerprint>().0,
            state_hash: StateHash(*hasher.finalize().as_bytes()),
            sections,
        }
    }

    /// Puts a simulation of the same scene into the saved state.
    ///
    /// # Errors
    /// If the checkpoint is of another scene or lacks a section; the world is then in no defined state and must be
    /// rebuilt from its scene.
    pub fn restore(&self, world: &mut World) -> Result<(), CheckpointError> {
        if self.scene != world.resource::<SceneFingerprint>().0 {
            return Err(CheckpointError::OtherScene);
        }
        let registry = world.resource::<CheckpointRegistry>().clone();
        // Agents come first: other sections refer to them.
        let names = std::iter::once("agents").chain(registry.sections.keys().copied().filter(|name| *name != "agents"));
        for name in names {
            let section = &registry.sections[name];
            let failed = |message: String| CheckpointError::Section { section: name.into(), message };
            let bytes = self.sections.get(name).ok_or_else(|| failed("is missing".into()))?;
            (section.load)(world, bytes).map_err(failed)?;
        }
        for after_load in &registry.after_load {
            after_load(world);
        }
        let restored = state_hash(world);
        if restored != self.state_hash {
            return Err(CheckpointError::Damaged(format!(
                "the restored state hashes to {restored}, saved was {}",
                self.state_hash
            )));
        }
        Ok(())
    }

    /// The size of the state in bytes, uncompressed.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sections.values().map(Vec::len).sum()
    }

    /// The size of each section in bytes, uncompressed.
    pub fn section_bytes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sections.iter().map(|(name, bytes)| (name.as_str(), bytes.len()))
    }

    /// The checkpoint as the bytes of a file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut headers = Vec::new();
        let mut stored: Vec<Vec<u8>> = Vec::new();
        for (name, bytes) in &self.sections {
            let packed = pack(bytes);
            let compressed = packed.is_some();
            let body = packed.unwrap_or_else(|| bytes.clone());
            headers.push(SectionHeader {
                name: name.clone(),
                raw_bytes: bytes.len() as u64,
                stored_bytes: body.len() as u64,
                compressed,
            });
            stored.push(body);
        }
        let header = Header { tick: self.tick, scene: self.scene, state_hash: self.state_hash.0, sections: headers };
        // Plain numbers, strings and lists always have a postcard form.
        let header = postcard::to_stdvec(&header).unwrap_or_default();
        let total = stored.iter().map(Vec::len).sum::<usize>();
        let mut file = Vec::with_capacity(total + header.len() + 64);
        file.extend_from_slice(&MAGIC);
        file.push(VERSION);
        file.extend_from_slice(&(header.len() as u64).to_le_bytes());
        file.extend_from_slice(&header);
        for body in stored {
            file.extend_from_slice(&body);
        }
        let hash = blake3::hash(&file);
        file.extend_from_slice(hash.as_bytes());
        file
    }

    /// Reads the bytes of a file; anything but a whole checkpoint is refused.
    ///
    /// # Errors
    /// If the bytes are damaged, cut short, or of a newer format.
    pub fn decode(file: &[u8]) -> Result<Self, CheckpointError> {
        let damaged = |what: &str| CheckpointError::Damaged(what.into());
        if file.len() < MAGIC.len() + 9 + HASH_BYTES || file[..MAGIC.len()] != MAGIC {
            return Err(damaged("it does not begin as one"));
        }
        let version = file[MAGIC.len()];
        if version > VERSION {
            return Err(CheckpointError::Newer { found: version });
        }
        let (content, hash) = file.split_at(file.len() - HASH_BYTES);
        if blake3::hash(content).as_bytes() != hash {
            return Err(damaged("its checksum does not match, it was cut short or changed"));
        }
        let mut rest = &content[MAGIC.len() + 1..];
        let mut take = |count: u64| -> Result<&[u8], CheckpointError> {
            let count = usize::try_from(count).map_err(|_| damaged("a length is too large"))?;
            let (taken, left) = rest.split_at_checked(count).ok_or_else(|| damaged("a length is too large"))?;
            rest = left;
            Ok(taken)
        };
        let length = take(8)?;
        let length = u64::from_le_bytes(length.try_into().map_err(|_| damaged("it has no header"))?);
        let header: Header =
            postcard::from_bytes(take(length)?).map_err(|error| damaged(&format!("header: {error}")))?;
        let mut sections = BTreeMap::new();
        for section in header.sections {
            let body = take(section.stored_bytes)?;
            let bytes = if section.compressed {
                if section.raw_bytes > MAX_SECTION_BYTES {
                    return Err(damaged("a section is too large"));
                }
                let bytes = zstd::bulk::decompress(body, section.raw_bytes as usize)
                    .map_err(|error| damaged(&format!("{}: {error}", section.name)))?;
                unshuffle(&bytes)
            } else {
                body.to_vec()
            };
            sections.insert(section.name, bytes);
        }
        Ok(Self { tick: header.tick, scene: header.scene, state_hash: StateHash(header.state_hash), sections })
    }

    /// Writes the file so that it is there whole or not at all, and on the disk when this returns.
    ///
    /// # Errors
    /// If the file system refuses; nothing half-written is left under the name.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        write_atomically(path, &self.encode())
            .map_err(|source| CheckpointError::Io { path: path.display().to_string(), source })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it can't be read or isn't a whole checkpoint.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let file =
            std::fs::read(path).map_err(|source| CheckpointError::Io { path: path.display().to_string(), source })?;
        Self::decode(&file)
    }
}

/// Writes a file under a temporary name, flushes it to the disk, and renames it into place.
///
/// # Errors
/// If the file system refuses.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let temporary = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // The rename itself must be on the disk too. Not every file system lets a folder be flushed.
            let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    };
    write().inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })
}

/// Bytes of equal weight within four-byte words side by side: exponents of neighbouring floats are alike.
fn shuffle(bytes: &[u8]) -> Vec<u8> {
    let words = bytes.len() / 4;
    let mut shuffled = Vec::with_capacity(bytes.len());
    for lane in 0..4 {
        shuffled.extend(bytes[..words * 4].iter().skip(lane).step_by(4));
    }
    shuffled.extend_from_slice(&bytes[words * 4..]);
    shuffled
}

fn unshuffle(shuffled: &[u8]) -> Vec<u8> {
    let words = shuffled.len() / 4;
    let mut bytes = vec![0; shuffled.len()];
    for lane in 0..4 {
        for (word, value) in shuffled[lane * words..(lane + 1) * words].iter().enumerate() {
            bytes[word * 4 + lane] = *value;
        }
    }
    bytes[words * 4..].copy_from_slice(&shuffled[words * 4..]);
    bytes
}

/// The compressed form, if it is worth it.
fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < 64 {
        return None;
    }
    let packed = zstd::bulk::compress(&shuffle(bytes), 1).ok()?;
    (packed.len() < bytes.len()).then_some(packed)
}

/// How plugins say what of them a checkpoint must save.
pub trait AddCheckpoint {
    /// Saves a section by hand. `hashed` says whether it is state (part of the state hash) or history.
    fn checkpoint_custom(
        &mut self,
        name: &'static str,
        hashed: bool,
        save: impl Fn(&World) -> Vec<u8> + Send + Sync + 'static,
        load: impl Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self;

    /// Saves a component of agents as a dense column of its bytes, in id order. For plain-old-data components.
    fn checkpoint_component_pod<T: Component<Mutability = bevy::ecs::component::Mutable> + Pod>(
        &mut self,
        name: &'static str,
    ) -> &mut Self;

    /// Saves a component of agents through serde, in id order.
    fn checkpoint_component<T: Component + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Saves a resource through serde in binary form (the type must not need a self-describing format). A resource that
    /// isn't there is saved as absent.
    fn checkpoint_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Saves a resource through serde as RON, for types that need a self-describing format.
    fn checkpoint_ron_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Runs after a checkpoint was loaded: for what is derived from saved state.
    fn after_checkpoint_load(&mut self, derive: fn(&mut World)) -> &mut Self;
}

impl AddCheckpoint for App {
    fn checkpoint_custom(
        &mut self,
        name: &'static str,
        hashed: bool,
        save: impl Fn(&World) -> Vec<u8> + Send + Sync + 'static,
        load: impl Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self {
        let section = Section { hashed, save: Arc::new(save), load: Arc::new(load) };
        self.world_mut().get_resource_or_init::<CheckpointRegistry>().sections.insert(name, section);
        self
    }

    fn checkpoint_component_pod<T: Component<Mutability = bevy::ecs::component::Mutable> + Pod>(
        &mut self,
        name: &'static str,
    ) -> &mut Self {
        self.world_mut().register_component::<T>();
        self.checkpoint_custom(
            name,
            true,
            |world| {
                let column = gather::<T, T>(world, |value| *value);
                let (ids, values): (Vec<AgentId>, Vec<T>) = column.into_iter().unzip();
                encode_column(world, &ids, bytemuck::cast_slice(&values))
            },
            |world, bytes| {
                let (ids, body) = decode_column(world, bytes)?;
                let values: Vec<T> = read_pods(body, ids.len())?;
                scatter(world, &ids, values)
            },
        )
    }

    fn checkpoint_component<T: Component + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.world_mut().register_component::<T>();
        self.checkpoint_custom(
            name,
            true,
            |world| {
                let column = gather::<T, Vec<u8>>(world, |value| postcard::to_stdvec(value).unwrap_or_default());
                let (ids, values): (Vec<AgentId>, Vec<Vec<u8>>) = column.into_iter().unzip();
                encode_column(world, &ids, &values.concat())
            },
            |world, bytes| {
                let (ids, mut body) = decode_column(world, bytes)?;
                let mut values = Vec::with_capacity(ids.len());
                for _ in &ids {
                    let (value, rest) = postcard::take_from_bytes::<T>(body).map_err(|error| error.to_string())?;
                    values.push(value);
                    body = rest;
                }
                insert_all(world, &ids, values)
            },
        )
    }

    fn checkpoint_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.checkpoint_custom(
            name,
            true,
            |world| postcard::to_stdvec(&world.get_resource::<T>()).unwrap_or_default(),
            |world, bytes| {
                match postcard::from_bytes::<Option<T>>(bytes).map_err(|error| error.to_string())? {
                    Some(resource) => world.insert_resource(resource),
                    None => {
                        world.remove_resource::<T>();
                    }
                }
                Ok(())
            },
        )
    }

    fn checkpoint_ron_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.checkpoint_custom(
            name,
            true,
            |world| {
                world
                    .get_resource::<T>()
                    .and_then(|resource| crate::ron_format::to_line(resource).ok())
                    .unwrap_or_default()
                    .into_bytes()
            },
            |world, bytes| {
                if bytes.is_empty() {
                    world.remove_resource::<T>();
                    return Ok(());
                }
                let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
                world.insert_resource(crate::ron_format::from_str::<T>(text).map_err(|error| error.to_string())?);
                Ok(())
            },
        )
    }

    fn after_checkpoint_load(&mut self, derive: fn(&mut World)) -> &mut Self {
        self.world_mut().get_resource_or_init::<CheckpointRegistry>().after_load.push(derive);
        self
    }
}

/// A component of all agents that have it, in id order.
fn gather<T: Component, R>(world: &World, map: impl Fn(&T) -> R) -> Vec<(AgentId, R)> {
    let Some(mut query) = world.try_query::<(&Agent, &T)>() else {
        return Vec::new();
    };
    let mut column: Vec<(AgentId, R)> = query.iter(world).map(|(agent, value)| (agent.0, map(value))).collect();
    if !column.is_sorted_by_key(|(agent, _)| *agent) {
        column.sort_unstable_by_key(|(agent, _)| *agent);
    }
    column
}

/// A column: whether all agents have the component, else which ones; then the values.
fn encode_column(world: &World, ids: &[AgentId], values: &[u8]) -> Vec<u8> {
    let all = ids.len() == world.resource::<AgentIndex>().len();
    let mut bytes = Vec::with_capacity(values.len() + if all { 1 } else { 9 + ids.len() * 4 });
    bytes.push(u8::from(all));
    if !all {
        bytes.extend_from_slice(&(ids.len() as u64).to_le_bytes());
        bytes.extend(ids.iter().flat_map(|agent| agent.0.to_le_bytes()));
    }
    bytes.extend_from_slice(values);
    bytes
}

fn decode_column<'b>(world: &World, bytes: &'b [u8]) -> Result<(Vec<AgentId>, &'b [u8]), String> {
    let (all, rest) = bytes.split_first().ok_or("an empty column")?;
    if *all == 1 {
        return Ok((world.resource::<AgentIndex>().iter().map(|(agent, _)| agent).collect(), rest));
    }
    let (count, rest) = rest.split_at_checked(8).ok_or("a column without a length")?;
    let count = u64::from_le_bytes(count.try_into().map_err(|_| "a column without a length")?) as usize;
    let length = count.checked_mul(4).ok_or("a column too long")?;
    let (ids, rest) = rest.split_at_checked(length).ok_or("a column cut short")?;
    Ok((read_pods::<AgentId>(ids, count)?, rest))
}

fn read_pods<T: Pod>(bytes: &[u8], count: usize) -> Result<Vec<T>, String> {
    if Some(bytes.len()) != count.checked_mul(size_of::<T>()) {
        return Err("a column has the wrong length".into());
    }
    Ok(bytemuck::allocation::pod_collect_to_vec(bytes))
}

fn scatter<T: Component<Mutability = bevy::ecs::component::Mutable> + Copy>(
    world: &mut World,
    ids: &[AgentId],
    values: Vec<T>,
) -> Result<(), String> {
    // Most components are required ones and there already: write in place what can be.
    let mut dense: Vec<u32> = vec![u32::MAX; world.resource::<AgentIndex>().next_id().index()];
    for (row, agent) in ids.iter().enumerate() {
        *dense.get_mut(agent.index()).ok_or("an agent that does not exist")? = row as u32;
    }
    let mut written = 0;
    for (agent, mut value) in world.query::<(&Agent, &mut T)>().iter_mut(world) {
        let row = dense[agent.0.index()];
        if row != u32::MAX {
            *value = values[row as usize];
            dense[agent.0.index()] = u32::MAX;
            written += 1;
        }
    }
    if written == ids.len() {
        return Ok(());
    }
    let (ids, values): (Vec<AgentId>, Vec<T>) =
        ids.iter().zip(values).filter(|(agent, _)| dense[agent.index()] != u32::MAX).unzip();
    insert_all(world, &ids, values)
}

fn insert_all<T: Component>(world: &mut World, ids: &[AgentId], values: Vec<T>) -> Result<(), String> {
    let index = world.resource::<AgentIndex>();
    let entities: Option<Vec<Entity>> = ids.iter().map(|agent| index.get(*agent)).collect();
    let entities = entities.ok_or("an agent that does not exist")?;
    world.insert_batch(entities.into_iter().zip(values).collect::<Vec<_>>());
    Ok(())
}

/// Registers what core itself saves.
pub(crate) fn register_core(app: &mut App) {
    app.checkpoint_custom("agents", true, save_agents, load_agents)
        .checkpoint_resource::<SimClock>("clock")
        .checkpoint_component::<crate::agent::Condition>("conditions")
        .checkpoint_component::<crate::agent::Capabilities>("capabilities")
        .checkpoint_component::<crate::agent::ServiceRecord>("service-records")
        .checkpoint_resource::<crate::agent::CapabilityRegistry>("capability-names")
        .checkpoint_custom("interventions", false, save_interventions, load_interventions)
        .checkpoint_custom(
            "events",
            false,
            |world| postcard::to_stdvec(&world.resource::<EventBus>().totals()).unwrap_or_default(),
            |world, bytes| {
                let totals = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
                world.resource_mut::<EventBus>().restore(totals);
                Ok(())
            },
        )
        .after_checkpoint_load(crate::agent::rebuild_index)
        .after_checkpoint_load(|world| world.resource_mut::<ConditionExpiry>().0 = 0);
}

#[derive(Serialize, Deserialize)]
struct AgentsHeader {
    next_id: u32,
    /// Half-open ranges of the ids that exist.
    living: Vec<(u32, u32)>,
    groups: Vec<(u32, u32, u16)>,
}

fn save_agents(world: &World) -> Vec<u8> {
    let index = world.resource::<AgentIndex>();
    let mut living: Vec<(u32, u32)> = Vec::new();
    for (agent, _) in index.iter() {
        match living.last_mut() {
            Some(range) if range.1 == agent.0 => range.1 += 1,
            _ => living.push((agent.0, agent.0 + 1)),
        }
    }
    let groups = world.resource::<AgentGroups>().ranges();
    let header = AgentsHeader {
        next_id: index.next_id().0,
        living,
        groups: groups.iter().map(|(from, to, group)| (*from, *to, group.0)).collect(),
    };
    let header = postcard::to_stdvec(&header).unwrap_or_default();
    let positions = gather::<Position, Position>(world, |position| *position);
    let mut bytes = Vec::with_capacity(8 + header.len() + positions.len() * size_of::<Position>());
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&header);
    for (_, position) in &positions {
        bytes.extend_from_slice(bytemuck::bytes_of(position));
    }
    bytes
}

fn load_agents(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let (length, rest) = bytes.split_at_checked(8).ok_or("cut short")?;
    let length = u64::from_le_bytes(length.try_into().map_err(|_| "cut short")?);
    let (header, body) =
        usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)).ok_or("cut short")?;
    let header: AgentsHeader = postcard::from_bytes(header).map_err(|error| error.to_string())?;
    let well_formed = header.living.iter().all(|range| range.0 < range.1 && range.1 <= header.next_id)
        && header.living.windows(2).all(|pair| pair[0].1 <= pair[1].0)
        && header.next_id as usize <= 1 << 28;
    if !well_formed {
        return Err("the agents' ids make no sense".into());
    }
    let ids: Vec<AgentId> = header.living.iter().flat_map(|range| (range.0..range.1).map(AgentId)).collect();
    let positions: Vec<Position> = read_pods(body, ids.len())?;
    let old: Vec<Entity> = world.query_filtered::<Entity, With<Agent>>().iter(world).collect();
    for entity in old {
        world.despawn(entity);
    }
    let entities: Vec<Entity> =
        world.spawn_batch(ids.iter().zip(positions).map(|(agent, position)| (Agent(*agent), position))).collect();
    let mut index = world.resource_mut::<AgentIndex>();
    index.reset(AgentId(header.next_id));
    for (agent, entity) in ids.into_iter().zip(entities) {
        index.set(agent, entity);
    }
    let ranges = header.groups.into_iter().map(|(from, to, group)| (from, to, GroupId(group))).collect();
    world.resource_mut::<AgentGroups>().set_ranges(ranges);
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct StoredIntervention {
    tick: u64,
    sequence: u64,
    origin: Origin,
    name: String,
    fields: String,
    outcome: Option<Result<String, String>>,
}

#[derive(Serialize, Deserialize)]
struct StoredInterventions {
    next_sequence: u64,
    waiting: Vec<StoredIntervention>,
    applied: Vec<StoredIntervention>,
}

fn store(stamped: &Stamped, outcome: Option<Result<String, String>>) -> StoredIntervention {
    StoredIntervention {
        tick: stamped.tick,
        sequence: stamped.sequence,
        origin: stamped.origin,
        name: stamped.action.name().into(),
        fields: stamped.action.to_ron().unwrap_or_default(),
        outcome,
    }
}

fn save_interventions(world: &World) -> Vec<u8> {
    let queue = world.resource::<InterventionQueue>();
    let log = world.resource::<InterventionLog>();
    let stored = StoredInterventions {
        next_sequence: queue.next_sequence(),
        waiting: queue.iter().map(|stamped| store(&stamped, None)).collect(),
        applied: log.0.iter().map(|applied| store(&applied.stamped, Some(applied.outcome.clone()))).collect(),
    };
    postcard::to_stdvec(&stored).unwrap_or_default()
}

fn load_interventions(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let stored: StoredInterventions = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    let registry = world.resource::<InterventionRegistry>().clone();
    let revive = |stored: StoredIntervention| -> Result<(Stamped, Option<Result<String, String>>), String> {
        let action = registry.read(&stored.name, &stored.fields).map_err(|error| error.to_string())?;
        let stamped = Stamped { tick: stored.tick, sequence: stored.sequence, origin: stored.origin, action };
        Ok((stamped, stored.outcome))
    };
    let waiting: Result<Vec<Stamped>, String> =
        stored.waiting.into_iter().map(|stored| revive(stored).map(|(stamped, _)| stamped)).collect();
    let applied: Result<Vec<Applied>, String> = stored
        .applied
        .into_iter()
        .map(|stored| {
            let (stamped, outcome) = revive(stored)?;
            Ok(Applied { stamped, outcome: outcome.unwrap_or(Ok(String::new())) })
        })
        .collect();
    world.resource_mut::<InterventionQueue>().restore(waiting?, stored.next_sequence);
    world.resource_mut::<InterventionLog>().0 = applied?;
    Ok(())
}
