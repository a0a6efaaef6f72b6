//! Stigmergy: pheromone fields, trails and foraging.
pub mod config;
pub mod corridors;
pub mod field;
pub mod graph;
pub mod sense;
pub mod trail;
pub mod walls;
