//! Stigmergy: pheromone fields, trails and foraging.
pub mod field;
