//! A record for each agent that matters.

use std::marker::PhantomData;

use bytemuck::Pod;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AgentId, MAX_AGENTS, Places, keep_rows};

/// A record of an agent. A value of this type can also stand for a run of ids that have no record: so what is saved stays
/// short.
pub trait AgentRecord: Pod + Default {
    /// The record that stands for so many ids.
    fn gap(ids: u64) -> Self;
    /// For how many ids it stands, if it does.
    fn is_gap(&self) -> Option<u64>;
}

/// Records of agents in the order of their ids, found by id. What agents that are gone leave behind is what [`Places`] takes.
///
/// It is saved as the bytes of its records, with records in between that stand for ids of nobody: as long as nobody is gone, these
/// are the bytes of a plain column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentRows<T> {
    places: Places,
    rows: Vec<T>,
}

impl<T> AgentRows<T> {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Who has a record.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The record of an agent.
    #[must_use]
    #[inline]
    pub fn get(&self, agent: AgentId) -> Option<&T> {
        self.rows.get(self.places.get(agent)?)
    }

    /// The record of an agent, to change it.
    #[inline]
    pub fn get_mut(&mut self, agent: AgentId) -> Option<&mut T> {
        self.rows.get_mut(self.places.get(agent)?)
    }

    /// All records, by id.
    #[must_use]
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// All records, by id, to change them.
    pub fn rows_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }

    /// All agents that have a record, and these.
    pub fn agents(&self) -> impl Iterator<Item = (AgentId, &T)> {
        self.places.iter().zip(&self.rows)
    }

    /// All agents that have a record, and these, to change them.
    pub fn agents_mut(&mut self) -> impl Iterator<Item = (AgentId, &mut T)> {
        self.places.iter().zip(&mut self.rows)
    }

    /// Removes the records for which `keep` returns false. If any go, returns for each place whether its record stayed, for
    /// columns that run beside this one.
    pub fn retain(&mut self, mut keep: impl FnMut(AgentId, &T) -> bool) -> Option<Vec<bool>> {
        let kept: Vec<bool> = self.agents().map(|(agent, row)| keep(agent, row)).collect();
        if kept.iter().all(|kept| *kept) {
            return None;
        }
        self.places.retain(|_, place| kept[place]);
        keep_rows(&mut self.rows, |place| kept[place]);
        Some(kept)
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.places.bytes() + self.rows.capacity() * size_of::<T>()
    }
}

impl<T: Default> AgentRows<T> {
    /// The record of an agent, a new one if it has none; and its place, if it is new.
    pub fn enter(&mut self, agent: AgentId) -> (&mut T, Option<usize>) {
        let (place, new) = self.places.insert(agent);
        if new {
            self.rows.insert(place, T::default());
        }
        (&mut self.rows[place], new.then_some(place))
    }

    /// Gives these agents (ascending) new records if they have none: many at once, wherever they stand.
    pub fn enter_all(&mut self, agents: impl IntoIterator<Item = AgentId>) {
        let mut coming =
            agents.into_iter().filter(|agent| !self.places.contains(*agent)).collect::<Vec<_>>().into_iter();
        if coming.as_slice().first().is_some_and(|first| first.0 < self.places.end()) {
            let before = std::mem::take(self);
            let mut held = before.places.iter().zip(before.rows).peekable();
            for agent in coming.by_ref() {
                while let Some((earlier, row)) = held.next_if(|(held, _)| *held < agent) {
                    *self.enter(earlier).0 = row;
                }
                self.enter(agent);
            }
            held.for_each(|(agent, row)| *self.enter(agent).0 = row);
        } else {
            coming.for_each(|agent| {
                self.enter(agent);
            });
        }
    }
}

impl<T: AgentRecord> AgentRows<T> {
    /// Saves the records of which `keep` says so.
    ///
    /// # Errors
    /// If the serialiser has some.
    pub fn serialize_those<S: Serializer>(&self, serializer: S, keep: impl Fn(&T) -> bool) -> Result<S::Ok, S::Error> {
        if self.places.end() as usize == self.rows.len() && self.rows.iter().all(&keep) {
            return serializer.serialize_bytes(bytemuck::cast_slice(&self.rows));
        }
        let (mut next, mut rows) = (0, Vec::with_capacity(2 * self.rows.len()));
        for (agent, row) in self.agents().filter(|(_, row)| keep(row)) {
            if agent.0 > next {
                rows.push(T::gap(u64::from(agent.0 - next)));
            }
            rows.push(*row);
            next = agent.0 + 1;
        }
        serializer.serialize_bytes(bytemuck::cast_slice(&rows))
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if size_of::<T>() == 0 || !bytes.len().is_multiple_of(size_of::<T>()) {
            return None;
        }
        let rows: Vec<T> = bytemuck::pod_collect_to_vec(bytes);
        let (mut read, mut next) = (Self::default(), 0_u64);
        for row in rows {
            if let Some(ids) = row.is_gap() {
                next = next.saturating_add(ids);
                continue;
            }
            let agent = u32::try_from(next).ok().filter(|_| next < MAX_AGENTS)?;
            read.places.insert(AgentId(agent));
            read.rows.push(row);
            next += 1;
        }
        Some(read)
    }
}

impl<T: AgentRecord> Serialize for AgentRows<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_those(serializer, |_| true)
    }
}

impl<'de, T: AgentRecord> Deserialize<'de> for AgentRows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes<T>(PhantomData<T>);
        impl<'de, T: AgentRecord> Visitor<'de> for Bytes<T> {
            type Value = AgentRows<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<AgentRows<T>, E> {
                AgentRows::from_bytes(bytes).ok_or_else(|| E::custom("records of agents have the wrong length"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<AgentRows<T>, A::Error> {
                let mut bytes: Vec<u8> = Vec::new();
                while let Some(byte) = access.next_element()? {
                    bytes.push(byte);
                }
                self.visit_bytes(&bytes)
            }
        }
        deserializer.deserialize_bytes(Bytes(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
    #[repr(C)]
    struct Record {
        value: u64,
        is_gap: u64,
    }

    impl AgentRecord for Record {
        fn gap(ids: u64) -> Self {
            Self { value: ids, is_gap: 1 }
        }

        fn is_gap(&self) -> Option<u64> {
            (self.is_gap == 1).then_some(self.value)
        }
    }

    #[test]
    fn records_are_saved_with_gaps_and_read_again() {
        let mut rows = AgentRows::<Record>::default();
        for agent in [3, 4, 7, 900] {
            rows.enter(AgentId(agent)).0.value = u64::from(agent);
        }
        assert_eq!(rows.enter(AgentId(7)).1, None);
        assert_eq!(rows.enter(AgentId(5)).1, Some(2));
        assert_eq!(rows.retain(|agent, _| agent.0 != 5), Some(vec![true, true, false, true, true]));
        assert_eq!(rows.retain(|_, _| true), None);
        rows.enter_all([1, 4, 6, 901].map(AgentId));
        assert_eq!(
            rows.agents().map(|(agent, row)| (agent.0, row.value)).collect::<Vec<_>>(),
            [(1, 0), (3, 3), (4, 4), (6, 0), (7, 7), (900, 900), (901, 0)]
        );
        rows.retain(|agent, _| ![1, 6, 901].contains(&agent.0));
        let bytes = postcard::to_stdvec(&rows).unwrap();
        assert_eq!(postcard::from_bytes::<AgentRows<Record>>(&bytes).unwrap(), rows);
        assert_eq!((rows.get(AgentId(900)).unwrap().value, rows.get(AgentId(5)), rows.len()), (900, None, 4));
        // Where nobody is gone, the bytes are those of the records.
        let mut dense = AgentRows::<Record>::default();
        (0..3).for_each(|agent| dense.enter(AgentId(agent)).0.value = 7);
        let plain = [Record { value: 7, is_gap: 0 }; 3];
        let plain = postcard::to_stdvec(&serde_bytes_of(&plain)).unwrap();
        assert_eq!(postcard::to_stdvec(&dense).unwrap(), plain);
        // Whatever somebody writes into a checkpoint is read or refused.
        let beyond = [Record::gap(u64::MAX), Record::default()];
        let beyond = postcard::to_stdvec(&serde_bytes_of(&beyond)).unwrap();
        assert!(postcard::from_bytes::<AgentRows<Record>>(&beyond).is_err());
    }

    fn serde_bytes_of(records: &[Record]) -> Vec<u8> {
        bytemuck::cast_slice(records).to_vec()
    }
}
