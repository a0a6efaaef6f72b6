//! Operations in whole simulations and on their own engine.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

mod checkpoints;
mod churn;
mod commissions;
mod conservation;
mod cost;
mod known_answers;
mod oracle;
mod regions;
mod scene;
mod schedule;
