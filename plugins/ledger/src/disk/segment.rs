//! Segments: the files that records lie in, one after the other.

use std::path::{Path, PathBuf};

use super::record::{SUM, Sum, sum};
use super::{DiskError, io_error};
use crate::tree::MOST_LEAVES;
use crate::wire::Reader;

/// What a segment begins with.
const MAGIC: &[u8; 8] = b"A28LEDG2";
/// The bytes of a segment's header.
pub(super) const HEADER: usize = MAGIC.len() + 4 + 8 + 2 * SUM;
/// How names of segments end.
const EXTENSION: &str = "a28l";

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The number of the segment, from 0.
    pub number: u32,
    /// The number of its first entry.
    pub first: u64,
    /// The last checksum of the segment before; zeros if there never was one.
    pub before: Sum,
}

impl SegmentHeader {
    /// The header's bytes; they end with a checksum, with which the chain of the records goes on.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.before);
        let sum = sum(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// Reads a header; nothing if the bytes don't begin with a whole one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER)?;
        let mut reader = Reader(header.strip_prefix(MAGIC)?);
        let number = u32::from_le_bytes(reader.array().ok()?);
        let first = u64::from_le_bytes(reader.array().ok()?);
        let before = reader.array().ok()?;
        let right = sum(&header[..HEADER - SUM]) == reader.0 && first <= MOST_LEAVES;
        right.then_some(Self { number, first, before })
    }
}

/// Whether bytes begin as segments of an earlier version did, which this program doesn't read.
pub(super) fn is_of_earlier_version(bytes: &[u8]) -> bool {
    bytes.starts_with(b"A28LEDG1")
}

/// Whether bytes could be the beginning of a segment, whole or torn.
pub(super) fn looks_like_one(bytes: &[u8]) -> bool {
    let length = bytes.len().min(MAGIC.len());
    length > 0 && bytes[..length] == MAGIC[..length]
}

/// Where a segment lies.
pub(super) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}.{EXTENSION}"))
}

/// The number that a name consists of; what has anything else in it is no segment's.
fn number_of(name: &str) -> Option<u32> {
    name.bytes().all(|byte| byte.is_ascii_digit()).then(|| name.parse().ok())?
}

/// The segments of a folder with their numbers, in order.
pub(super) fn list(folder: &Path) -> Result<Vec<(u32, PathBuf)>, DiskError> {
    let mut files: Vec<(u32, PathBuf)> = std::fs::read_dir(folder)
        .map_err(io_error(folder))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION))
        .filter_map(|path| Some((number_of(path.file_stem()?.to_str()?)?, path)))
        .collect();
    files.sort_unstable();
    Ok(files)
}
