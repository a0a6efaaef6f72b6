//! What has arrived in this tick.

use std::sync::OnceLock;

use agent2028_core::agent::AgentId;
use bevy::prelude::*;

use crate::message::{Message, MessageKind, MessageList};
use crate::silent::SilentRound;

/// The messages that arrived in this tick, in the order of delivery: by the moment of arrival
/// ([`Message::arrives`]), then by sender, then by number. From `Perceive` on, until
/// that of the next tick, everybody can read them.
#[derive(Resource, Debug, Default)]
pub struct Inbox {
    messages: MessageList,
    /// Silent messages that arrived, too.
    silent: Option<SilentRound>,
    /// All of them in the order of delivery; made when somebody asks for it and some are silent.
    all: OnceLock<MessageList>,
    /// Receiver and place of each message, ascending; made when somebody asks for it.
    by_receiver: OnceLock<Vec<u64>>,
}

impl Inbox {
    /// All messages in the order of delivery.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Message<'_>> {
        self.list().iter()
    }

    fn list(&self) -> &MessageList {
        let Some(silent) = &self.silent else {
            return &self.messages;
        };
        self.all.get_or_init(|| {
            let mut all = self.messages.clone();
            silent.list().iter().for_each(|message| all.push(&message));
            all.in_order()
        })
    }

    /// The messages of a kind in the order of delivery. Silent ones are written only if they may be of it.
    pub fn of_kind(&self, kind: MessageKind) -> impl Iterator<Item = Message<'_>> {
        let may_be_silent = matches!(kind, MessageKind::RUMOUR | MessageKind::PULL);
        let list = if may_be_silent { self.list() } else { &self.messages };
        list.iter().filter(move |message| message.kind == kind)
    }

    /// The messages that aren't silent, in the order of delivery.
    pub(crate) fn written(&self) -> &MessageList {
        &self.messages
    }

    /// The silent ones.
    pub(crate) fn silent(&self) -> Option<&SilentRound> {
        self.silent.as_ref()
    }

    /// The messages for one agent in the order of delivery.
    pub fn of(&self, agent: AgentId) -> impl ExactSizeIterator<Item = Message<'_>> {
        let list = self.list();
        let by_receiver = self.by_receiver.get_or_init(|| {
            let key = |place: usize| u64::from(list.receiver(place)) << 32 | place as u64;
            let mut keys: Vec<u64> = (0..list.len()).map(key).collect();
            keys.sort_unstable();
            keys
        });
        let first = by_receiver.partition_point(|key| (key >> 32) < u64::from(agent.0));
        let last = by_receiver.partition_point(|key| (key >> 32) <= u64::from(agent.0));
        by_receiver[first..last].iter().map(|key| list.get(*key as u32 as usize))
    }

    /// How many messages arrived.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len() + self.silent.as_ref().map_or(0, |silent| silent.messages as usize)
    }

    /// Whether nothing arrived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes all messages out; the silent ones are handed back.
    pub(crate) fn clear(&mut self) -> Option<SilentRound> {
        self.messages.clear();
        self.by_receiver.take();
        self.all.take();
        self.silent.take()
    }

    pub(crate) fn push(&mut self, message: &Message<'_>) {
        self.by_receiver.take();
        self.messages.push(message);
    }

    /// Silent messages have arrived.
    pub(crate) fn push_silent(&mut self, silent: SilentRound) {
        self.by_receiver.take();
        self.all.take();
        self.silent = Some(silent);
    }

    /// Silent messages become messages like others.
    pub(crate) fn write_out(&mut self) {
        if self.silent.is_some() {
            self.messages = self.all.take().unwrap_or_else(|| self.list().clone());
            self.silent = None;
        }
    }

    /// Takes over all messages of `list`, which lie in the order of delivery, for the memory of what was here.
    pub(crate) fn exchange(&mut self, list: &mut MessageList) {
        self.by_receiver.take();
        std::mem::swap(&mut self.messages, list);
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.messages.bytes()
            + self.by_receiver.get().map_or(0, Vec::capacity) * 8
            + self.all.get().map_or(0, MessageList::bytes)
            + self.silent.as_ref().map_or(0, SilentRound::bytes)
    }
}
