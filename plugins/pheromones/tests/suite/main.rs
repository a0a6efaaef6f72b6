//! Foraging in the full schedule: what a scene with a section `pheromones` promises.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

mod checkpoints;
mod experiments;
mod explanations;
mod foraging;
mod interventions;
mod live;
mod robustness;
mod scene;
mod together;
