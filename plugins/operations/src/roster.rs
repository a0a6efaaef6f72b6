//! Who works on operations: a record for each agent that can, in the order of their ids.

use agent2028_core::agent::{AgentId, AgentRecord, AgentRows, keep_rows};
use agent2028_core::prefetch::ask_for_row;
use bytemuck::Zeroable;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::server::Server;

/// In what is saved: a record that stands for ids that nobody has any more, as many as its `last_seen` says.
const NOBODY: u32 = 1 << 31;

impl AgentRecord for Server {
    fn gap(ids: u64) -> Self {
        Self { flags: NOBODY, last_seen: ids, ..Self::zeroed() }
    }

    fn is_gap(&self) -> Option<u64> {
        self.is(NOBODY).then_some(self.last_seen)
    }
}

/// Agents that can work, and those that have left as long as something is still on the way to or from them.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    servers: AgentRows<Server>,
    /// By place: the pools that the agent is in, as bits. Derived.
    masks: Vec<u64>,
}

impl Roster {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    #[inline]
    fn place(&self, agent: u32) -> Option<usize> {
        self.servers.places().get(AgentId(agent))
    }

    /// The record of an agent.
    #[must_use]
    #[inline]
    pub fn get(&self, agent: u32) -> Option<&Server> {
        self.servers.get(AgentId(agent))
    }

    /// The record of an agent, to change it.
    #[inline]
    pub(crate) fn get_mut(&mut self, agent: u32) -> Option<&mut Server> {
        self.servers.get_mut(AgentId(agent))
    }

    /// All records, by the id of their agents.
    pub fn iter(&self) -> std::slice::Iter<'_, Server> {
        self.servers.rows().iter()
    }

    /// All agents with their records, by id.
    pub fn agents(&self) -> impl Iterator<Item = (AgentId, &Server)> {
        self.servers.agents()
    }

    /// The pools that an agent is in.
    #[inline]
    pub(crate) fn mask(&self, agent: u32) -> u64 {
        self.place(agent).and_then(|place| self.masks.get(place)).copied().unwrap_or(0)
    }

    /// Changes the pools that an agent is in.
    pub(crate) fn change_mask(&mut self, agent: u32, change: impl FnOnce(&mut u64)) {
        if let Some(mask) = self.place(agent).and_then(|place| self.masks.get_mut(place)) {
            change(mask);
        }
    }

    /// Nobody is in a pool.
    pub(crate) fn clear_masks(&mut self) {
        self.masks.fill(0);
    }

    /// The record of an agent that comes, or comes again.
    pub(crate) fn enter(&mut self, agent: AgentId) -> &mut Server {
        let (server, new) = self.servers.enter(agent);
        if let Some(place) = new {
            self.masks.insert(place, 0);
        }
        server
    }

    /// Gives back what agents have left behind with whom nobody has anything to do any more.
    pub(crate) fn forget_gone(&mut self) {
        if let Some(kept) = self.servers.retain(|_, server| server.is_kept()) {
            keep_rows(&mut self.masks, |place| kept[place]);
        }
    }

    /// Asks for the memory of a record that will soon be needed.
    #[inline]
    pub(crate) fn ask_for(&self, agent: u32) {
        if let Some(place) = self.place(agent) {
            ask_for_row(self.servers.rows(), place);
        }
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.servers.bytes() + self.masks.capacity() * 8
    }
}

impl std::ops::Index<u32> for Roster {
    type Output = Server;

    /// The record of an agent, which must have one.
    #[inline]
    fn index(&self, agent: u32) -> &Server {
        let place = self.place(agent).unwrap_or(usize::MAX);
        &self.servers.rows()[place]
    }
}

impl std::ops::IndexMut<u32> for Roster {
    #[inline]
    fn index_mut(&mut self, agent: u32) -> &mut Server {
        let place = self.place(agent).unwrap_or(usize::MAX);
        &mut self.servers.rows_mut()[place]
    }
}

/// What has no part in what comes is left out, so that the bytes don't say when memory was given back.
impl Serialize for Roster {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.servers.serialize_those(serializer, Server::is_kept)
    }
}

impl<'de> Deserialize<'de> for Roster {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let servers = AgentRows::deserialize(deserializer)?;
        let masks = vec![0; servers.len()];
        Ok(Self { servers, masks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::PRESENT;

    #[test]
    fn who_left_is_forgotten_when_nothing_is_on_the_way_any_more_and_the_bytes_don_t_say_when() {
        let mut roster = Roster::default();
        for agent in [3, 4, 7, 900] {
            *roster.enter(AgentId(agent)) = Server { flags: PRESENT, assigned: agent, ..Server::default() };
        }
        roster[4].flags = 0;
        roster[7].flags = 0;
        roster[7].coming = 1;
        let bytes = postcard::to_stdvec(&roster).unwrap();
        roster.forget_gone();
        assert_eq!(roster.agents().map(|(agent, _)| agent.0).collect::<Vec<_>>(), [3, 7, 900]);
        assert_eq!(postcard::to_stdvec(&roster).unwrap(), bytes);
        let read: Roster = postcard::from_bytes(&bytes).unwrap();
        assert!(read.agents().eq(roster.agents()));
        assert_eq!((read[900].assigned, read.get(4), read.len()), (900, None, 3));
    }
}
