//! Identities in the full schedule: what a scene with a section `identity` promises.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

mod attacks;
mod channels;
mod checkpoints;
mod memory;
#[cfg(feature = "crystals")]
mod mixed;
mod papers;
mod revocations;
mod scene;
