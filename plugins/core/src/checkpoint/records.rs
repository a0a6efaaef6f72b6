//! Long arrays of plain records in checkpoints: as their bytes, which is as fast as memory.

use std::fmt;
use std::marker::PhantomData;

use bytemuck::Pod;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

/// Writes records as bytes. For `#[serde(with = "agent2028_core::checkpoint::records")]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Pod, S: Serializer>(records: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytemuck::cast_slice(records))
}

/// Reads records from bytes.
///
/// # Errors
/// If there are not whole records.
pub fn deserialize<'de, T: Pod, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Bytes<T>(PhantomData<T>);
    impl<'de, T: Pod> Visitor<'de> for Bytes<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<T>, E> {
            if size_of::<T>() == 0 || !bytes.len().is_multiple_of(size_of::<T>()) {
                return Err(E::custom("a column has the wrong length"));
            }
            Ok(bytemuck::pod_collect_to_vec(bytes))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<T>, A::Error> {
            let mut bytes: Vec<u8> = Vec::new();
            while let Some(byte) = access.next_element()? {
                bytes.push(byte);
            }
            self.visit_bytes(&bytes)
        }
    }
    deserializer.deserialize_bytes(Bytes(PhantomData))
}
