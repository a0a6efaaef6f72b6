//! A second reader and writer of checkpoint files, written from the format's description and not from the program's own.
//!
//! The program refuses every file whose checksums don't match, so a file that is changed at random never gets past its
//! first check. With a writer that makes any content into a file with right checksums, what lies behind is reached too.

use serde::{Deserialize, Serialize};

/// What a file begins with.
const MAGIC: &[u8; 7] = b"A28CKPT";
/// The format that is read and written here.
const VERSION: u8 = 2;
/// Sections are cut into blocks of this many bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// What the file says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The tick after which the state was saved.
    pub tick: u64,
    /// The fingerprint of the scene.
    pub scene: [u8; 32],
    /// The state hash.
    pub state_hash: [u8; 32],
    /// The sections in the order of their names.
    pub sections: Vec<SectionHeader>,
}

/// What the file says of a section.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SectionHeader {
    /// Its name.
    pub name: String,
    /// Whether it is part of the state hash.
    pub hashed: bool,
    /// Its length.
    pub bytes: u64,
    /// Its blocks.
    pub blocks: Vec<BlockHeader>,
}

/// What the file says of a block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlockHeader {
    /// How many bytes it takes in the file.
    pub stored_bytes: u32,
    /// The hash of those bytes.
    pub hash: [u8; 32],
}

/// A section with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Whether it is part of the state hash.
    pub hashed: bool,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A checkpoint taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The tick after which the state was saved.
    pub tick: u64,
    /// The fingerprint of the scene.
    pub scene: [u8; 32],
    /// The sections in the order of their names.
    pub sections: Vec<Section>,
}

/// Takes a right file apart.
///
/// # Panics
/// If the file is wrong: it must come from the program.
#[must_use]
pub fn take_apart(file: &[u8]) -> Parts {
    let (header, mut rest) = split(file);
    let sections = header.sections.into_iter().map(|section| {
        let mut bytes = Vec::new();
        for block in &section.blocks {
            let (stored, left) = rest.split_at(block.stored_bytes as usize);
            rest = left;
            assert_eq!(*blake3::hash(stored).as_bytes(), block.hash);
            let length = (section.bytes as usize - bytes.len()).min(BLOCK_BYTES);
            if stored.len() == length {
                bytes.extend_from_slice(stored);
            } else {
                bytes.extend(unshuffle(&zstd::bulk::decompress(stored, length).expect("a right file unpacks")));
            }
        }
        Section { name: section.name, hashed: section.hashed, bytes }
    });
    let sections = sections.collect();
    assert!(rest.is_empty());
    Parts { tick: header.tick, scene: header.scene, sections }
}

/// The header of a right file and what follows it.
///
/// # Panics
/// If the file is wrong: it must come from the program.
#[must_use]
pub fn split(file: &[u8]) -> (Header, &[u8]) {
    assert_eq!(&file[..7], MAGIC);
    assert_eq!(file[7], VERSION, "the forge writes another format than the program");
    let length = u64::from_le_bytes(file[8..16].try_into().expect("eight bytes")) as usize;
    let header = postcard::from_bytes(&file[16..16 + length]).expect("a right header");
    (header, &file[16 + length + 32..])
}

/// Bytes of equal weight within four-byte words lie side by side in a packed block.
fn unshuffle(shuffled: &[u8]) -> Vec<u8> {
    let words = shuffled.len() / 4;
    let mut bytes: Vec<u8> =
        (0..words).flat_map(|word| (0..4).map(move |lane| shuffled[lane * words + word])).collect();
    bytes.extend_from_slice(&shuffled[words * 4..]);
    bytes
}

/// A file with right checksums from any content, nothing of it packed.
#[must_use]
pub fn put_together(parts: &Parts) -> Vec<u8> {
    let mut state = blake3::Hasher::new();
    for section in parts.sections.iter().filter(|section| section.hashed) {
        state.update(&(section.name.len() as u64).to_le_bytes());
        state.update(section.name.as_bytes());
        state.update(&(section.bytes.len() as u64).to_le_bytes());
        for block in section.bytes.chunks(BLOCK_BYTES) {
            state.update(blake3::hash(block).as_bytes());
        }
    }
    let header = Header {
        tick: parts.tick,
        scene: parts.scene,
        state_hash: *state.finalize().as_bytes(),
        sections: parts
            .sections
            .iter()
            .map(|section| SectionHeader {
                name: section.name.clone(),
                hashed: section.hashed,
                bytes: section.bytes.len() as u64,
                blocks: section
                    .bytes
                    .chunks(BLOCK_BYTES)
                    .map(|block| BlockHeader {
                        stored_bytes: block.len() as u32,
                        hash: *blake3::hash(block).as_bytes(),
                    })
                    .collect(),
            })
            .collect(),
    };
    let body: Vec<u8> = parts.sections.iter().flat_map(|section| section.bytes.iter().copied()).collect();
    with_header(&postcard::to_stdvec(&header).expect("plain numbers, strings and lists have a form"), &body)
}

/// A file with a right checksum over any bytes as its header.
#[must_use]
pub fn with_header(header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.push(VERSION);
    file.extend_from_slice(&(header.len() as u64).to_le_bytes());
    file.extend_from_slice(header);
    let hash = blake3::hash(&file);
    file.extend_from_slice(hash.as_bytes());
    file.extend_from_slice(body);
    file
}
