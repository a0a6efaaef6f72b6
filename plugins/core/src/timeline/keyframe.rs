//! A state in memory, with the history that belongs to it.

use std::mem::size_of;
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, CheckpointError, StateHash};
use crate::event::{Event, EventBus};
use crate::intervention::InterventionQueue;
use crate::metrics::Metrics;
use crate::simulation::Simulation;

/// A checkpoint and what a file doesn't hold: the events that were kept, all metrics, and the next intervention's number.
#[derive(Clone, Debug)]
pub(super) struct Keyframe {
    checkpoint: Checkpoint,
    events: Vec<Arc<Event>>,
    metrics: Metrics,
    first_free: u64,
    bytes: usize,
}

impl Keyframe {
    /// The simulation as it is between two ticks. `before` is the metrics of the keyframe before this one, with which it
    /// shares memory.
    pub(super) fn of(simulation: &Simulation, before: Option<&Metrics>) -> Self {
        let world = simulation.world();
        let mut keyframe = Self {
            checkpoint: simulation.checkpoint(),
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
        let events: usize = self.events.iter().map(|event| size_of::<Event>() + event.text.len()).sum();
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

    /// Puts the simulation into this state, with the events and metrics that it had.
    pub(super) fn restore(&self, simulation: &mut Simulation) -> Result<(), CheckpointError> {
        simulation.put_back(&self.checkpoint, |world| {
            world.resource_mut::<EventBus>().put_back(&self.events);
            world.resource_mut::<Metrics>().put_back(&self.metrics);
        })
    }
}
