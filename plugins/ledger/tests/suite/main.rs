//! The ledger in whole simulations.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

mod checkpoints;
mod entries;
mod format;
mod scene;
mod secrets;
