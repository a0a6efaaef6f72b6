//! Messages as bytes: two versions of the format, codecs for packets, and what two agents agree on.

use agent2028_core::agent::AgentId;
use agent2028_core::causality::HybridTime;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::message::{Message, MessageKind, MessageList};

/// The first version of the format: all fields of fixed width.
pub const FIRST_VERSION: u8 = 1;
/// The last version of the format: numbers take as many bytes as they need, and what the messages of a packet have in common
/// is told once.
pub const LAST_VERSION: u8 = 2;

/// How packets are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Codec {
    /// LZ4: fast.
    #[default]
    Lz4,
    /// Zstandard at level 1: smaller.
    Zstd,
}

impl Codec {
    /// The bytes, packed.
    #[must_use]
    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Lz4 => lz4_flex::block::compress_prepend_size(bytes),
            // Packing in memory fails for want of memory only.
            Self::Zstd => zstd::bulk::compress(bytes, 1).unwrap_or_else(|_| bytes.to_vec()),
        }
    }

    /// The bytes that were packed, of which there are at most `most`; nothing if these were never packed.
    #[must_use]
    pub fn unpack(self, packed: &[u8], most: usize) -> Option<Vec<u8>> {
        match self {
            Self::Lz4 => {
                let (size, rest) = lz4_flex::block::uncompressed_size(packed).ok()?;
                (size <= most).then(|| lz4_flex::block::decompress(rest, size).ok()).flatten()
            }
            Self::Zstd => zstd::bulk::decompress(packed, most).ok(),
        }
    }
}

/// What an agent knows of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The lowest and the highest version.
    pub versions: (u8, u8),
    /// The codecs, the best first.
    pub codecs: Vec<Codec>,
}

/// What two agents use between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The highest version that both know.
    pub version: u8,
    /// The first codec of the sender that the receiver knows; none if packets go as they are.
    pub codec: Option<Codec>,
}

/// What two agents use between them; nothing if they have no version in common.
#[must_use]
pub fn negotiate(sender: &Dialect, receiver: &Dialect) -> Option<Agreement> {
    let version = sender.versions.1.min(receiver.versions.1);
    (version >= sender.versions.0.max(receiver.versions.0)).then(|| Agreement {
        version,
        codec: sender.codecs.iter().copied().find(|codec| receiver.codecs.contains(codec)),
    })
}

pub(crate) const fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads numbers and texts out of bytes; what isn't there is `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        Some(self.bytes(1)?[0])
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }
}

/// Writes numbers behind each other.
pub(crate) fn put(numbers: &[u64], out: &mut Vec<u8>) {
    numbers.iter().for_each(|number| put_varint(*number, out));
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Bytes of a message of version 1 without its payload.
const FIXED: usize = 4 + 4 + 8 + 2 + 8 + 8 + 4;

/// The size of a packet without packing. All messages have the same sender and receiver.
#[must_use]
pub fn packet_size<'a>(version: u8, messages: impl IntoIterator<Item = Message<'a>>) -> usize {
    let mut messages = messages.into_iter().peekable();
    let Some(first) = messages.peek().copied() else {
        return 0;
    };
    let mut count = 0_u64;
    let body: usize = messages
        .map(|message| {
            count += 1;
            message.payload.len()
                + if version == 1 {
                    FIXED
                } else {
                    varint_len(u64::from(message.kind.0))
                        + varint_len(message.sequence.wrapping_sub(first.sequence))
                        + varint_len(zigzag(message.time.physical.wrapping_sub(first.time.physical)))
                        + varint_len(message.time.logical)
                        + varint_len(message.payload.len() as u64)
                }
        })
        .sum();
    let head = if version == 1 {
        3
    } else {
        1 + varint_len(count)
            + varint_len(u64::from(first.from.0))
            + varint_len(u64::from(first.to.0))
            + varint_len(first.sequence)
            + varint_len(zigzag(first.time.physical))
    };
    head + body
}

/// The part of the size of a packet that is the same for every receiver, number and time: added up message by message. Kinds must
/// be those of this crate, and the messages fewer than 128.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptSize {
    version: u8,
    bytes: usize,
    count: usize,
}

impl KeptSize {
    pub(crate) fn new(version: u8, from: u32) -> Self {
        // The version, how many, and the sender.
        Self { version, bytes: if version == 1 { 3 } else { 2 + varint_len(u64::from(from)) }, count: 0 }
    }

    /// Adds a message with a payload of this length.
    pub(crate) fn add(&mut self, payload: usize) {
        self.count += 1;
        // Beyond its length version 2 has the kind, and a number and a time that are nearly those of the first message.
        self.bytes += payload + if self.version == 1 { FIXED } else { varint_len(payload as u64) + 3 };
    }

    pub(crate) fn bytes(&self) -> usize {
        debug_assert!(self.count < 128, "more messages take more than a byte to count");
        self.bytes
    }
}

/// The rest of the size of a packet: of its receiver, the number of its first message and the time. The counters of its `count`
/// messages begin at `logical`.
#[inline]
pub(crate) fn added_size(version: u8, to: u32, sequence: u64, physical: usize, logical: u64, count: u64) -> usize {
    if version == 1 {
        return 0;
    }
    let logical =
        if logical + count <= 0x80 { count as usize } else { (logical..logical + count).map(varint_len).sum() };
    varint_len(u64::from(to)) + varint_len(sequence) + physical + logical
}

/// How many bytes a time takes whose physical part is this.
pub(crate) const fn physical_len(physical: i64) -> usize {
    varint_len(zigzag(physical))
}

/// Writes a packet. All messages have the same sender and receiver.
pub fn encode<'a>(version: u8, messages: impl IntoIterator<Item = Message<'a>> + Clone, out: &mut Vec<u8>) {
    out.clear();
    let count = messages.clone().into_iter().count();
    let Some(first) = messages.clone().into_iter().next() else {
        return;
    };
    out.push(version);
    if version == 1 {
        out.extend((count as u16).to_le_bytes());
    } else {
        put(
            &[
                count as u64,
                u64::from(first.from.0),
                u64::from(first.to.0),
                first.sequence,
                zigzag(first.time.physical),
            ],
            out,
        );
    }
    for message in messages {
        if version == 1 {
            out.extend(message.from.0.to_le_bytes());
            out.extend(message.to.0.to_le_bytes());
            out.extend(message.sequence.to_le_bytes());
            out.extend(message.kind.0.to_le_bytes());
            out.extend(message.time.physical.to_le_bytes());
            out.extend(message.time.logical.to_le_bytes());
            out.extend((message.payload.len() as u32).to_le_bytes());
        } else {
            let since = message.time.physical.wrapping_sub(first.time.physical);
            put(
                &[
                    u64::from(message.kind.0),
                    message.sequence.wrapping_sub(first.sequence),
                    zigzag(since),
                    message.time.logical,
                    message.payload.len() as u64,
                ],
                out,
            );
        }
        out.extend_from_slice(message.payload);
    }
}

/// Reads a packet; nothing if the bytes are none. When it was sent and arrives isn't part of a packet and comes back as 0.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<MessageList> {
    let mut columns = MessageList::default();
    if bytes.is_empty() {
        return Some(columns);
    }
    let mut reader = Reader(bytes);
    let version = reader.byte()?;
    if version == 1 {
        for _ in 0..u16::from_le_bytes(reader.fixed()?) {
            let (from, to) = (u32::from_le_bytes(reader.fixed()?), u32::from_le_bytes(reader.fixed()?));
            let (sequence, kind) = (u64::from_le_bytes(reader.fixed()?), u16::from_le_bytes(reader.fixed()?));
            let time = HybridTime {
                physical: i64::from_le_bytes(reader.fixed()?),
                logical: u64::from_le_bytes(reader.fixed()?),
            };
            let length = u32::from_le_bytes(reader.fixed()?) as usize;
            let payload = reader.bytes(length)?;
            let (from, to, kind) = (AgentId(from), AgentId(to), MessageKind(kind));
            columns.push(&Message { from, to, sequence, kind, sent: 0, arrives: 0, time, payload });
        }
    } else if version == 2 {
        let count = reader.varint()?;
        let (from, to) = (u32::try_from(reader.varint()?).ok()?, u32::try_from(reader.varint()?).ok()?);
        let (sequence, physical) = (reader.varint()?, unzigzag(reader.varint()?));
        for _ in 0..count {
            let kind = MessageKind(u16::try_from(reader.varint()?).ok()?);
            let sequence = sequence.wrapping_add(reader.varint()?);
            let physical = physical.wrapping_add(unzigzag(reader.varint()?));
            let time = HybridTime { physical, logical: reader.varint()? };
            let length = usize::try_from(reader.varint()?).ok()?;
            let payload = reader.bytes(length)?;
            columns.push(&Message {
                from: AgentId(from),
                to: AgentId(to),
                sequence,
                kind,
                sent: 0,
                arrives: 0,
                time,
                payload,
            });
        }
    } else {
        return None;
    }
    reader.0.is_empty().then_some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn columns(messages: &[(u64, u16, i64, u64, Vec<u8>)]) -> MessageList {
        let mut columns = MessageList::default();
        for (sequence, kind, physical, logical, payload) in messages {
            let time = HybridTime { physical: *physical, logical: *logical };
            let (from, to, kind) = (AgentId(300), AgentId(7), MessageKind(*kind));
            columns.push(&Message { from, to, sequence: *sequence, kind, sent: 0, arrives: 0, time, payload });
        }
        columns
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn packets_come_back_and_have_the_size_that_is_told(
            messages in prop::collection::vec((any::<u64>(), any::<u16>(), any::<i64>(), any::<u64>(), prop::collection::vec(any::<u8>(), 0..40)), 1..12),
        ) {
            let columns = columns(&messages);
            let mut bytes = Vec::new();
            for version in FIRST_VERSION..=LAST_VERSION {
                encode(version, columns.iter(), &mut bytes);
                prop_assert_eq!(bytes.len(), packet_size(version, columns.iter()));
                let read = decode(&bytes);
                prop_assert_eq!(read.as_ref(), Some(&columns));
                for codec in [Codec::Lz4, Codec::Zstd] {
                    let packed = codec.pack(&bytes);
                    prop_assert_eq!(codec.unpack(&packed, bytes.len()), Some(bytes.clone()));
                }
            }
        }

        #[test]
        fn a_size_in_two_parts_is_that_of_the_packet(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..34),
            from in any::<u32>(), to in any::<u32>(), sequence in 0..u64::MAX - 64, physical in any::<i64>(), logical in 0_u64..500,
        ) {
            let messages = payloads.iter().zip(0..).map(|(payload, at)| Message {
                from: AgentId(from),
                to: AgentId(to),
                sequence: sequence + at,
                kind: MessageKind::PULL,
                sent: 0,
                arrives: 0,
                time: HybridTime { physical, logical: logical + at },
                payload,
            });
            for version in FIRST_VERSION..=LAST_VERSION {
                let mut kept = KeptSize::new(version, from);
                payloads.iter().for_each(|payload| kept.add(payload.len()));
                let added = added_size(version, to, sequence, physical_len(physical), logical, payloads.len() as u64);
                prop_assert_eq!(kept.bytes() + added, packet_size(version, messages.clone()));
            }
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
            for codec in [Codec::Lz4, Codec::Zstd] {
                let _ = codec.unpack(&bytes, 1000);
            }
        }
    }

    #[test]
    fn many_alike_messages_shrink_and_a_single_short_one_does_not() {
        let alike: Vec<_> =
            (0..40).map(|at| (1000 + at, 0, 1_830_297_600_000, at, b"fire in sector seven".to_vec())).collect();
        let mut sizes = Vec::new();
        for messages in [&alike[..], &alike[..1]] {
            let mut bytes = Vec::new();
            encode(2, columns(messages).iter(), &mut bytes);
            sizes.push([bytes.len(), Codec::Lz4.pack(&bytes).len(), Codec::Zstd.pack(&bytes).len()]);
        }
        let [[many, lz4, zstd], [single, lz4_single, zstd_single]] = [sizes[0], sizes[1]];
        assert!(lz4 * 2 < many && zstd * 3 < many, "{many} {lz4} {zstd}");
        assert!(lz4_single >= single && zstd_single >= single, "{single} {lz4_single} {zstd_single}");
        assert!(many < packet_size(1, columns(&alike).iter()) * 2 / 3, "version 2 is shorter");
    }

    #[test]
    fn two_agents_use_the_best_that_both_know() {
        let dialect = |versions, codecs: &[Codec]| Dialect { versions, codecs: codecs.to_vec() };
        let (new, old) = (dialect((1, 2), &[Codec::Zstd, Codec::Lz4]), dialect((1, 1), &[Codec::Lz4]));
        assert_eq!(negotiate(&new, &new), Some(Agreement { version: 2, codec: Some(Codec::Zstd) }));
        assert_eq!(negotiate(&new, &old), Some(Agreement { version: 1, codec: Some(Codec::Lz4) }));
        assert_eq!(negotiate(&old, &dialect((1, 2), &[])), Some(Agreement { version: 1, codec: None }));
        assert_eq!(negotiate(&old, &dialect((2, 2), &[Codec::Lz4])), None);
    }
}
