//! A state in memory, with the history that belongs to it.

use std::mem::size_of;
use std::sync::Arc;

use bevy::prelude::*;

use crate::checkpoint::{Checkpoint, CheckpointError, StateHash};
use crate::event::{Event, EventBus};
use crate::intervention::InterventionQueue;
use crate::metrics::Metrics;

/// A checkpoint and what a file doesn't hold: the events that were kept, all metrics, and the next intervention's number.
///
/// With it a run can go on twice: once here and once in another world of the same scene.
#[derive(Clone, Debug)]
pub struct Keyframe {
    checkpoint: Checkpoint,
    events: Vec<Arc<[Event]>>,
    metrics: Metrics,
    first_free: u64,
    bytes: usize,
}

impl Keyframe {
    /// A simulation as it is between two ticks.
    #[must_use]
    pub fn of(world: &World) -> Self {
        Self::after(world, None)
    }

    /// The same, where `before` is the metrics of the keyframe before this one, with which it shares memory.
    pub(super) fn after(world: &World, before: Option<&Metrics>) -> Self {
        let mut keyframe = Self {
            checkpoint: Checkpoint::of(world),
            events: world.resource::<EventBus>().keep(),
            metrics: world.resource::<Metrics>().clone(),
            first_free: world.resource::<InterventionQueue>().first_free(),
            bytes: 0,
        };
        keyframe.count_bytes(before);
        keyframe
    }

    /// Works out anew what this keyframe takes, after the keyframe before it has changed.
    pub(super) fn count_bytes(&mut self, before: Option<&Metrics>) {
        // Neighbours may share events; counting them in each keeps what is really used below what is counted.
        let events = self.events.iter().flat_map(|chunk| chunk.iter());
        let events: usize = events.map(|event| size_of::<Event>() + event.payload.bytes()).sum();
        self.bytes = self.checkpoint.bytes() + events + self.metrics.bytes_beyond(before) + size_of::<Self>();
    }

    /// The memory that losing this keyframe would set free, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(super) fn state_hash(&self) -> StateHash {
        self.checkpoint.state_hash
    }

    /// The number from which a run that goes on from here looks for the next free one.
    pub(super) fn first_free(&self) -> u64 {
        self.first_free
    }

    /// Puts a simulation of the same scene into this state, with the events and metrics that it had.
    ///
    /// # Errors
    /// If it is of another scene; the world is then in no defined state and must be rebuilt from its scene.
    pub fn restore(&self, world: &mut World) -> Result<(), CheckpointError> {
        self.checkpoint.restore(world)?;
        world.resource_mut::<EventBus>().put_back(&self.events);
        world.resource_mut::<Metrics>().put_back(&self.metrics);
        Ok(())
    }
}
