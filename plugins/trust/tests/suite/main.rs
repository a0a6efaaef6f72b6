//! Trust in whole simulations.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

mod attacks;
mod checkpoints;
mod churn;
mod learning;
mod scene;
