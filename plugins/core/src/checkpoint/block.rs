//! What a section's bytes are cut into: blocks of a fixed size, hashed, packed and unpacked independently of each other.
//!
//! Because the size is fixed, hashes and files are the same at any number of threads.

use std::borrow::Cow;

/// The size of a block; a section's last one may be shorter.
pub(super) const BLOCK_BYTES: usize = 1 << 20;

/// Below this many bytes packing can't win anything.
const LEAST_PACKED_BYTES: usize = 64;
/// Where it is unclear whether a block packs well, this many pieces of it are tried first.
const SAMPLES: usize = 4;
const SAMPLE_BYTES: usize = 4096;

/// A BLAKE3 hash.
pub(super) type Hash = [u8; 32];

/// The blocks of a section.
pub(super) fn blocks(bytes: &[u8]) -> std::slice::Chunks<'_, u8> {
    bytes.chunks(BLOCK_BYTES)
}

/// The hash of a block.
pub(super) fn hash(block: &[u8]) -> Hash {
    *blake3::hash(block).as_bytes()
}

/// The form of a block in a file: packed where that takes away at least a quarter. Packing runs at about the speed of a
/// fast disk, so anything less would cost more time than it saves. A packed block is shorter than the block itself; that
/// is how they are told apart.
pub(super) fn pack(block: &[u8]) -> Cow<'_, [u8]> {
    if block.len() >= LEAST_PACKED_BYTES
        && samples_pack_well(block)
        && let Some(packed) = pack_if_smaller(block)
    {
        return Cow::Owned(packed);
    }
    Cow::Borrowed(block)
}

/// The inverse of [`pack`]: fills `block`, which has the length of the original.
pub(super) fn unpack(stored: &[u8], block: &mut [u8]) -> Result<(), String> {
    if stored.len() == block.len() {
        block.copy_from_slice(stored);
        return Ok(());
    }
    let shuffled = zstd::bulk::decompress(stored, block.len()).map_err(|error| error.to_string())?;
    if shuffled.len() != block.len() {
        return Err("a block has the wrong length".into());
    }
    unshuffle(&shuffled, block);
    Ok(())
}

fn samples_pack_well(block: &[u8]) -> bool {
    if block.len() <= 4 * SAMPLES * SAMPLE_BYTES {
        return true;
    }
    // Pieces begin at whole words, so that the bytes of equal weight stay together.
    let stride = block.len() / SAMPLES / 4 * 4;
    let sample: Vec<u8> = (0..SAMPLES).flat_map(|piece| &block[piece * stride..][..SAMPLE_BYTES]).copied().collect();
    pack_if_smaller(&sample).is_some()
}

fn pack_if_smaller(bytes: &[u8]) -> Option<Vec<u8>> {
    let packed = zstd::bulk::compress(&shuffle(bytes), 1).ok()?;
    (packed.len() <= bytes.len() / 4 * 3).then_some(packed)
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

fn unshuffle(shuffled: &[u8], bytes: &mut [u8]) {
    let words = shuffled.len() / 4;
    for lane in 0..4 {
        for (word, value) in shuffled[lane * words..(lane + 1) * words].iter().enumerate() {
            bytes[word * 4 + lane] = *value;
        }
    }
    bytes[words * 4..].copy_from_slice(&shuffled[words * 4..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, SimRng};
    use proptest::prelude::*;

    fn there_and_back(block: &[u8]) -> usize {
        let stored = pack(block);
        let mut back = vec![0; block.len()];
        unpack(&stored, &mut back).unwrap();
        assert!(back == block);
        stored.len()
    }

    #[test]
    fn what_packs_badly_is_stored_as_it_is_and_what_packs_well_is_packed() {
        let mut dice = SimRng::new(3).global(Purpose::new("block"), 0);
        let chance: Vec<u8> = (0..BLOCK_BYTES / 4).flat_map(|_| dice.unit().to_le_bytes()).collect();
        assert_eq!(there_and_back(&chance), BLOCK_BYTES);
        let steady: Vec<u8> = (0..BLOCK_BYTES as u32 / 4).flat_map(|word| (word / 64).to_le_bytes()).collect();
        assert!(there_and_back(&steady) < BLOCK_BYTES / 10);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let packed = pack(&[7; 1000]).into_owned();
        assert!(packed.len() < 100);
        for length in [packed.len() + 1, 999, 1001] {
            assert!(unpack(&packed, &mut vec![0; length]).is_err(), "{length}");
        }
        assert!(unpack(&packed[..packed.len() - 1], &mut [0; 1000]).is_err());
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn every_block_comes_back(bytes in prop::collection::vec(0_u8..4, 0..600)) {
            there_and_back(&bytes);
        }
    }
}
