//! The network in the full schedule: what a scene with a section `network` promises.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

mod checkpoints;
mod conservation;
mod detectors;
mod gossip;
mod links;
mod regions;
mod scene;
mod shared;
mod silent;
