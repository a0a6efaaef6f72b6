//! Checkpoints as files.
//!
//! A file holds, little-endian: the magic `A28CKPT` and a format version; the length of the header (8 bytes), the header
//! (postcard) and the BLAKE3 hash of everything up to there; then the blocks of all sections, one after another. The header
//! has the hash of every block as it is stored, so each byte of the file is covered by one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::block::{self, BLOCK_BYTES, Hash};
use super::registry::to_bytes;
use super::{Checkpoint, CheckpointError, SavedSection, StateHash};
use crate::parallel::Workers;
use crate::whole_file::{WholeFile, open_ordinary, read_ordinary};

const MAGIC: [u8; 7] = *b"A28CKPT";
pub(super) const VERSION: u8 = 2;
const HASH_BYTES: usize = 32;
/// What comes before the header.
const PREFIX_BYTES: usize = MAGIC.len() + 1 + 8;
/// A header longer than this is not read by itself.
const MAX_HEADER_BYTES: u64 = 1 << 26;
/// A section larger than this in its header is refused before memory is asked for.
const MAX_SECTION_BYTES: u64 = 1 << 34;
/// Files up to this long are read on one thread.
const SMALL_FILE_BYTES: usize = 4 * BLOCK_BYTES;

#[derive(Serialize, Deserialize)]
struct Header {
    tick: u64,
    scene: Hash,
    state_hash: Hash,
    sections: Vec<SectionHeader>,
}

#[derive(Serialize, Deserialize)]
struct SectionHeader {
    name: String,
    hashed: bool,
    bytes: u64,
    blocks: Vec<BlockHeader>,
}

#[derive(Serialize, Deserialize)]
struct BlockHeader {
    stored_bytes: u32,
    hash: Hash,
}

/// A block on its way from the file into its section.
struct Arrival<'a> {
    section: &'a str,
    stored: &'a [u8],
    stored_hash: Hash,
    block: &'a mut [u8],
    hash: &'a mut Hash,
    outcome: Result<(), String>,
}

impl Arrival<'_> {
    fn unpack(&mut self) {
        if block::hash(self.stored) != self.stored_hash {
            self.outcome = Err("its checksum does not match, it was changed".into());
            return;
        }
        self.outcome = block::unpack(self.stored, self.block);
        let packed = self.stored.len() != self.block.len();
        *self.hash = if packed { block::hash(self.block) } else { self.stored_hash };
    }
}

fn damaged(what: impl Into<String>) -> CheckpointError {
    CheckpointError::Damaged(what.into())
}

impl Checkpoint {
    /// The file as the parts that it consists of.
    fn parts(&self) -> Result<(Vec<u8>, Vec<Cow<'_, [u8]>>), CheckpointError> {
        super::whole(self.unsaved.as_ref())?;
        let blocks: Vec<(&[u8], &Hash)> = self
            .sections
            .values()
            .flat_map(|section| block::blocks(&section.bytes).zip(&section.block_hashes))
            .collect();
        let stored: Vec<(Cow<'_, [u8]>, Hash)> = self.workers.map_indices(blocks.len(), |at| {
            let (bytes, hash) = blocks[at];
            let stored = block::pack(bytes);
            let stored_hash = if let Cow::Owned(packed) = &stored { block::hash(packed) } else { *hash };
            (stored, stored_hash)
        });
        let mut block_headers =
            stored.iter().map(|(stored, hash)| BlockHeader { stored_bytes: stored.len() as u32, hash: *hash });
        let sections = self.sections.iter().map(|(name, section)| SectionHeader {
            name: name.clone(),
            hashed: section.hashed,
            bytes: section.bytes.len() as u64,
            blocks: block_headers.by_ref().take(section.block_hashes.len()).collect(),
        });
        let header =
            Header { tick: self.tick, scene: self.scene, state_hash: self.state_hash.0, sections: sections.collect() };
        let header = to_bytes(&header)
            .map_err(|message| CheckpointError::Unsaved { section: "the file's header".into(), message })?;
        let mut head = Vec::with_capacity(PREFIX_BYTES + header.len() + HASH_BYTES);
        head.extend_from_slice(&MAGIC);
        head.push(VERSION);
        head.extend_from_slice(&(header.len() as u64).to_le_bytes());
        head.extend_from_slice(&header);
        head.extend_from_slice(&block::hash(&head));
        Ok((head, stored.into_iter().map(|(stored, _)| stored).collect()))
    }

    /// The checkpoint as the bytes of a file.
    ///
    /// # Errors
    /// If a part of the state could not be saved.
    pub fn encode(&self) -> Result<Vec<u8>, CheckpointError> {
        let (mut file, blocks) = self.parts()?;
        file.reserve_exact(blocks.iter().map(|block| block.len()).sum());
        for block in blocks {
            file.extend_from_slice(&block);
        }
        Ok(file)
    }

    /// Reads the bytes of a file; anything but a whole checkpoint is refused. Large files are read on all cores.
    ///
    /// # Errors
    /// If the bytes are damaged, cut short, or of another format.
    pub fn decode(file: &[u8]) -> Result<Self, CheckpointError> {
        let workers = if file.len() > SMALL_FILE_BYTES { Workers::default() } else { Workers::new(1) };
        let (header, mut rest) = split_header(file)?;
        let mut sections: BTreeMap<String, SavedSection> = BTreeMap::new();
        for section in &header.sections {
            if section.bytes > MAX_SECTION_BYTES {
                return Err(damaged("a section is too large"));
            }
            let bytes = section.bytes as usize;
            if section.blocks.len() != bytes.div_ceil(BLOCK_BYTES) {
                return Err(damaged(format!("{}: the number of blocks is wrong", section.name)));
            }
            let saved = SavedSection {
                hashed: section.hashed,
                bytes: vec![0; bytes],
                block_hashes: vec![Hash::default(); section.blocks.len()],
            };
            sections.insert(section.name.clone(), saved);
        }
        if sections.len() != header.sections.len() || !header.sections.is_sorted_by(|a, b| a.name < b.name) {
            return Err(damaged("its sections are in no order"));
        }
        let mut arrivals = Vec::new();
        for ((name, section), of_file) in sections.iter_mut().zip(&header.sections) {
            let blocks = section.bytes.chunks_mut(BLOCK_BYTES).zip(&mut section.block_hashes);
            for ((block, hash), of_block) in blocks.zip(&of_file.blocks) {
                let (stored, left) =
                    rest.split_at_checked(of_block.stored_bytes as usize).ok_or_else(|| damaged("it was cut short"))?;
                rest = left;
                arrivals.push(Arrival {
                    section: name,
                    stored,
                    stored_hash: of_block.hash,
                    block,
                    hash,
                    outcome: Ok(()),
                });
            }
        }
        if !rest.is_empty() {
            return Err(damaged("something follows its end"));
        }
        workers.for_each_chunk_mut(&mut arrivals, 1, |_, arrivals| arrivals.iter_mut().for_each(Arrival::unpack));
        for arrival in arrivals {
            arrival.outcome.map_err(|what| damaged(format!("{}: {what}", arrival.section)))?;
        }
        let checkpoint = Self::new(header.tick, header.scene, sections, workers);
        if checkpoint.state_hash != StateHash(header.state_hash) {
            return Err(damaged("its content is not what was saved"));
        }
        Ok(checkpoint)
    }

    /// Writes the file so that it is there whole or not at all, and on the disk when this returns.
    ///
    /// # Errors
    /// If a part of the state could not be saved, or the file system refuses; nothing half-written is left under the name.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let (head, blocks) = self.parts()?;
        let parts = std::iter::once(head.as_slice()).chain(blocks.iter().map(|block| &**block));
        let write = || {
            let mut file = BufWriter::new(WholeFile::begin(path)?);
            for part in parts {
                file.write_all(part)?;
            }
            file.into_inner()?.finish()
        };
        write().map_err(|source| CheckpointError::Io { path: path.display().to_string(), source })
    }

    /// The tick and the state hash that the header of a file tells, if that is whole. Nothing else of the file is read.
    #[must_use]
    pub fn header_of(path: &Path) -> Option<(u64, StateHash)> {
        let mut file = open_ordinary(path).ok()?;
        let mut head = vec![0; PREFIX_BYTES];
        file.read_exact(&mut head).ok()?;
        let length = u64::from_le_bytes(*head.last_chunk()?);
        if !head.starts_with(&MAGIC) || length > MAX_HEADER_BYTES {
            return None;
        }
        let rest = length + HASH_BYTES as u64;
        (&mut file).take(rest).read_to_end(&mut head).ok()?;
        split_header(&head).ok().map(|(header, _)| (header.tick, StateHash(header.state_hash)))
    }

    /// Reads a file. Large ones are read on all cores.
    ///
    /// # Errors
    /// If it can't be read or isn't a whole checkpoint.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let file =
            read_ordinary(path).map_err(|source| CheckpointError::Io { path: path.display().to_string(), source })?;
        Self::decode(&file)
    }
}

/// The header, its checksum verified, and what follows it.
fn split_header(file: &[u8]) -> Result<(Header, &[u8]), CheckpointError> {
    let rest = file.strip_prefix(&MAGIC).ok_or_else(|| damaged("it does not begin as one"))?;
    let (version, rest) = rest.split_first().ok_or_else(|| damaged("it was cut short"))?;
    if *version > VERSION {
        return Err(CheckpointError::Newer { found: *version });
    }
    if *version < VERSION {
        return Err(damaged(format!("it has format {version}, which is no longer read")));
    }
    let (length, _) = rest.split_first_chunk().ok_or_else(|| damaged("it was cut short"))?;
    let (head, hash, rest) = usize::try_from(u64::from_le_bytes(*length))
        .ok()
        .and_then(|length| file.split_at_checked(PREFIX_BYTES.checked_add(length)?))
        .and_then(|(head, rest)| rest.split_first_chunk::<HASH_BYTES>().map(|(hash, rest)| (head, hash, rest)))
        .ok_or_else(|| damaged("it was cut short"))?;
    if block::hash(head) != *hash {
        return Err(damaged("its checksum does not match, it was changed"));
    }
    let header = postcard::from_bytes(&head[PREFIX_BYTES..]).map_err(|error| damaged(format!("header: {error}")))?;
    Ok((header, rest))
}
