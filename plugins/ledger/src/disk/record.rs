//! Records: how entries, tree heads and time stamps lie in a file, so that any change of it shows.
//!
//! A record is a length (4 bytes), a kind (1), a check of these two (4), the body, and a checksum (16): the first bytes of the
//! BLAKE3 hash of everything from the checksum *before* the record to the end of its body. So the checksums are a chain, and
//! no record can be changed, left out, repeated or moved without breaking it.

use std::io::{self, Read};

/// The bytes before the body.
pub(super) const HEADER: usize = 9;
/// The bytes of a checksum.
pub(super) const SUM: usize = 16;
/// The longest body, in bytes.
pub(super) const LONGEST: usize = 1 << 26;

/// A checksum, and what the next one depends on.
pub(super) type Sum = [u8; SUM];

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    Entry,
    Head,
    Stamp,
    Key,
}

impl RecordKind {
    const ALL: [Self; 4] = [Self::Entry, Self::Head, Self::Stamp, Self::Key];
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RecordFault {
    /// It begins, but the file ends before it does.
    #[error("the record ends too early")]
    Incomplete,
    /// Its length and kind don't fit their check.
    #[error("length and kind of the record don't fit their check")]
    Header,
    /// Its checksum is another.
    #[error("the record doesn't fit its checksum")]
    Checksum,
    /// It is of no known kind.
    #[error("the record is of no known kind")]
    Kind,
}

/// A check over length, kind and the checksum before (SplitMix64's finaliser, Steele, Lea & Flood 2014): tells a wrong length
/// from a file that ends too early.
fn header_check(before: &Sum, length: u32, kind: u8) -> [u8; 4] {
    let mut seed = [0; 8];
    seed.copy_from_slice(&before[..8]);
    let mut value = u64::from_le_bytes(seed) ^ (u64::from(kind) << 32 | u64::from(length));
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^= value >> 31;
    ((value >> 32) as u32 ^ value as u32).to_le_bytes()
}

/// The checksum over bytes.
pub(super) fn sum(bytes: &[u8]) -> Sum {
    let mut sum = [0; SUM];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..SUM]);
    sum
}

/// The last checksum in a file up to here; zeros if there is none.
pub(super) fn last_sum(bytes: &[u8]) -> Sum {
    bytes.last_chunk::<SUM>().copied().unwrap_or_default()
}

/// Appends a record after a checksum, with which `bytes` must end.
pub(super) fn append(bytes: &mut Vec<u8>, kind: RecordKind, body: &[u8]) {
    let before = last_sum(bytes);
    let start = bytes.len() - SUM;
    let length = body.len() as u32;
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.push(kind as u8);
    bytes.extend_from_slice(&header_check(&before, length, kind as u8));
    bytes.extend_from_slice(body);
    let sum = sum(&bytes[start..]);
    bytes.extend_from_slice(&sum);
}

/// Reads the record that begins here, right after a checksum, with so many bytes left of its file; its body goes into `body`.
/// Returns its kind and its checksum.
pub(super) fn read_from(
    from: &mut impl Read,
    before: &Sum,
    left: u64,
    body: &mut Vec<u8>,
) -> io::Result<Result<(RecordKind, Sum), RecordFault>> {
    body.clear();
    if left < HEADER as u64 {
        return Ok(Err(RecordFault::Incomplete));
    }
    let mut header = [0; HEADER];
    from.read_exact(&mut header)?;
    let [a, b, c, d, kind, check @ ..] = header;
    let length = u32::from_le_bytes([a, b, c, d]);
    if header_check(before, length, kind) != check || length as usize > LONGEST {
        return Ok(Err(RecordFault::Header));
    }
    if left < (HEADER + SUM) as u64 + u64::from(length) {
        return Ok(Err(RecordFault::Incomplete));
    }
    body.reserve(length as usize);
    from.take(u64::from(length)).read_to_end(body)?;
    let mut stored = Sum::default();
    from.read_exact(&mut stored)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(&header).update(body);
    if hasher.finalize().as_bytes()[..SUM] != stored {
        return Ok(Err(RecordFault::Checksum));
    }
    Ok(RecordKind::ALL.get(usize::from(kind)).map(|kind| (*kind, stored)).ok_or(RecordFault::Kind))
}

/// A record among bytes.
#[cfg(test)]
pub(super) struct Record {
    pub kind: RecordKind,
    pub body: Vec<u8>,
    /// Where the next one begins.
    pub end: usize,
}

/// Reads the record that begins at `at`, right after a checksum.
#[cfg(test)]
pub(super) fn read(bytes: &[u8], at: usize) -> Result<Record, RecordFault> {
    let mut body = Vec::new();
    let mut rest = &bytes[at..];
    let left = rest.len() as u64;
    let (kind, _) =
        read_from(&mut rest, &last_sum(&bytes[..at]), left, &mut body).map_err(|_| RecordFault::Incomplete)??;
    let end = at + HEADER + body.len() + SUM;
    Ok(Record { kind, body, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of a thousand records of many lengths, and where they begin.
    fn file() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = vec![5; SUM];
        let mut starts = Vec::new();
        for number in 0..1000_usize {
            starts.push(bytes.len());
            let body: Vec<u8> = (0..number * 7 % 61).map(|at| (at * number) as u8).collect();
            append(&mut bytes, RecordKind::ALL[number % 4], &body);
        }
        (bytes, starts)
    }

    #[test]
    fn records_come_back() {
        let (bytes, starts) = file();
        let mut at = SUM;
        for (number, start) in starts.iter().enumerate() {
            assert_eq!(at, *start);
            let record = read(&bytes, at).unwrap();
            assert_eq!((record.kind, record.body.len()), (RecordKind::ALL[number % 4], number * 7 % 61));
            at = record.end;
        }
        assert_eq!(at, bytes.len());
    }

    #[test]
    fn every_single_bit_that_flips_in_a_thousand_records_is_noticed_in_its_record() {
        let (mut bytes, starts) = file();
        let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
        for (start, end) in starts.iter().copied().zip(ends) {
            for bit in start * 8..end * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(read(&bytes, start).is_err(), "bit {bit} of the record at {start}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn records_that_are_left_out_repeated_or_moved_are_noticed() {
        let (bytes, starts) = file();
        let record = |number: usize| bytes[starts[number]..starts[number + 1]].to_vec();
        for order in [[0, 2, 3], [0, 0, 1], [1, 0, 2]] {
            let mut changed = bytes[..SUM].to_vec();
            order.iter().for_each(|number| changed.extend(record(*number)));
            let mut at = SUM;
            let read = std::iter::from_fn(|| read(&changed, at).ok().inspect(|record| at = record.end)).count();
            assert!(read < 2, "{order:?}");
        }
    }

    #[test]
    fn a_record_that_is_cut_off_is_incomplete_wherever_it_ends() {
        let (bytes, starts) = file();
        for end in starts[500]..starts[503] {
            let last = starts.iter().rev().find(|start| **start <= end).unwrap();
            assert_eq!(read(&bytes[..end], *last).map(|_| ()).unwrap_err(), RecordFault::Incomplete);
        }
    }
}
