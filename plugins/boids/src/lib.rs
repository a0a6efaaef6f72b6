//! Reynolds flocking, steering behaviours, predators and formations for Agent2028.

pub mod flock;
pub mod motion;
