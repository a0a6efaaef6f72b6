//! Markets in whole simulations.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

mod contracts;
mod exchange;
mod scene;
mod wash;
