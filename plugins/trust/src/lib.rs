//! Reputation, transitive trust and audits of raters for Agent2028.

pub mod audit;
mod columns;
pub mod eigentrust;
pub mod graph;
pub mod ratings;
pub mod score;
pub mod transitive;
