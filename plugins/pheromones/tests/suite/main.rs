//! Foraging in the full schedule: what a scene with a section `pheromones` promises.

mod checkpoints;
mod experiments;
mod foraging;
mod interventions;
mod live;
mod robustness;
mod scene;
mod together;
