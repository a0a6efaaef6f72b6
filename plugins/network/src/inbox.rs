//! What has arrived in this tick.

use std::sync::OnceLock;

use agent2028_core::agent::AgentId;
use bevy::prelude::*;

use crate::message::{Message, MessageList};

/// The messages that arrived in this tick, in the order of delivery: by the moment of arrival
/// ([`Message::arrives`]), then by sender, then by number. From `Perceive` on, until
/// that of the next tick, everybody can read them.
#[derive(Resource, Clone, Debug, Default)]
pub struct Inbox {
    messages: MessageList,
    /// Receiver and place of each message, ascending; made when somebody asks for it.
    by_receiver: OnceLock<Vec<u64>>,
}

impl Inbox {
    /// All messages in the order of delivery.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Message<'_>> {
        self.messages.iter()
    }

    /// The messages for one agent in the order of delivery.
    pub fn of(&self, agent: AgentId) -> impl ExactSizeIterator<Item = Message<'_>> {
        let by_receiver = self.by_receiver.get_or_init(|| {
            let key = |place: usize| u64::from(self.messages.receiver(place)) << 32 | place as u64;
            let mut keys: Vec<u64> = (0..self.messages.len()).map(key).collect();
            keys.sort_unstable();
            keys
        });
        let first = by_receiver.partition_point(|key| (key >> 32) < u64::from(agent.0));
        let last = by_receiver.partition_point(|key| (key >> 32) <= u64::from(agent.0));
        by_receiver[first..last].iter().map(|key| self.messages.get(*key as u32 as usize))
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
        self.by_receiver.take();
    }

    pub(crate) fn push(&mut self, message: &Message<'_>) {
        self.by_receiver.take();
        self.messages.push(message);
    }

    /// Takes over all messages of `list`, which lie in the order of delivery, for the memory of what was here.
    pub(crate) fn exchange(&mut self, list: &mut MessageList) {
        self.by_receiver.take();
        std::mem::swap(&mut self.messages, list);
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.messages.bytes() + self.by_receiver.get().map_or(0, Vec::capacity) * 8
    }
}
