//! What is measured: plots, distributions, metrics, and runs beside each other.
//!
//! | where | what |
//! |---|---|
//! | [`plots`] | metrics over time |
//! | [`metrics`] | all metrics with their last values |
//! | [`distributions`] | how a quantity is spread over the agents, and how two hang together |
//! | [`runs`] | the branches of the run, and which of them plots compare |

pub mod distributions;
pub mod metrics;
pub mod plots;
pub mod runs;
#[cfg(test)]
mod tests;

use agent2028_kit::{actions, context, export, facts, format, panel, scene, shortcuts, texts, theme, widgets};
