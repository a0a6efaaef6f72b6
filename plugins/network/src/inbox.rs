//! What has arrived in this tick.

use agent2028_core::agent::AgentId;
use bevy::prelude::*;

use crate::message::{Message, MessageColumns};

/// The messages that arrived in this tick, in the order of delivery: by sender, then by number. From `Perceive` on, until
/// that of the next tick, everybody can read them.
#[derive(Resource, Clone, Debug, Default)]
pub struct Inbox {
    messages: MessageColumns,
    /// Receiver and place of each message, ascending.
    by_receiver: Vec<u64>,
}

impl Inbox {
    /// All messages in the order of delivery.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Message<'_>> {
        self.messages.iter()
    }

    /// The messages for one agent in the order of delivery.
    pub fn of(&self, agent: AgentId) -> impl ExactSizeIterator<Item = Message<'_>> {
        let first = self.by_receiver.partition_point(|key| (key >> 32) < u64::from(agent.0));
        let last = self.by_receiver.partition_point(|key| (key >> 32) <= u64::from(agent.0));
        self.by_receiver[first..last].iter().map(|key| self.messages.get(*key as u32 as usize))
    }

    /// How many messages arrived.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether nothing arrived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.messages.clear();
        self.by_receiver.clear();
    }

    pub(crate) fn push(&mut self, message: &Message<'_>) {
        self.by_receiver.push(u64::from(message.to.0) << 32 | self.messages.len() as u64);
        self.messages.push(message);
    }

    pub(crate) fn index(&mut self) {
        self.by_receiver.sort_unstable();
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.messages.bytes() + self.by_receiver.capacity() * 8
    }
}
