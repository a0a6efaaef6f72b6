//! The last messages with their clocks: what a space–time diagram shows. It is history, no state: nothing in the simulation
//! reads it.

use std::collections::VecDeque;

use agent2028_core::agent::AgentId;
use agent2028_core::causality::{HybridTime, VectorClock};
use agent2028_core::time::Time;
use bevy::prelude::*;

use crate::message::{Message, MessageKind};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrived.
    Delivered,
    /// It was lost.
    Lost,
    /// It was dropped at a partition.
    Cut,
}

/// A message that has arrived or never will.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// Who sent it.
    pub from: AgentId,
    /// Whom it was for.
    pub to: AgentId,
    /// Its number.
    pub sequence: u64,
    /// What it was about.
    pub kind: MessageKind,
    /// When it was sent, within the tick too.
    pub sent: Time,
    /// When it arrived or was given up, within the tick too.
    pub ended: Time,
    /// What became of it.
    pub fate: Fate,
    /// The sender's clock when it was sent.
    pub time_sent: HybridTime,
    /// The receiver's clock when it arrived.
    pub time_received: Option<HybridTime>,
    /// The sender's vector clock when it was sent, if the scene asks for vector clocks.
    pub vector: Option<VectorClock>,
}

/// The last messages.
#[derive(Resource, Clone, Debug, Default)]
pub struct Diagram {
    kept: VecDeque<Traced>,
    capacity: usize,
}

impl Diagram {
    /// Keeps the last `capacity` from now on.
    pub(crate) fn keep(&mut self, capacity: usize) {
        self.capacity = capacity;
        while self.kept.len() > capacity {
            self.kept.pop_front();
        }
    }

    /// How many messages it keeps.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The messages, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Traced> + ExactSizeIterator {
        self.kept.iter()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.kept.clear();
    }

    #[inline]
    pub(crate) fn note(
        &mut self,
        message: &Message<'_>,
        ended: Time,
        fate: Fate,
        vector: Option<VectorClock>,
        time_received: Option<HybridTime>,
    ) {
        if self.capacity == 0 {
            return;
        }
        if self.kept.len() == self.capacity {
            self.kept.pop_front();
        }
        self.kept.push_back(Traced {
            from: message.from,
            to: message.to,
            sequence: message.sequence,
            kind: message.kind,
            sent: message.sent,
            ended,
            fate,
            time_sent: message.time,
            time_received,
            vector,
        });
    }
}
