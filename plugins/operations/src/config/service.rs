//! How long agents work.

use agent2028_core::check::{FileName, Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// How long an agent in perfect health works on an operation.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum ServiceTime {
    /// Always the same time.
    Constant {
        /// The time.
        #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
        ms: f32,
    },
    /// Exponentially distributed.
    Exponential {
        /// The mean.
        #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
        mean_ms: f32,
    },
    /// Log-normally distributed: most are short, a few are very long.
    LogNormal {
        /// The mean.
        #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
        mean_ms: f32,
        /// The standard deviation of the logarithm; 0 is constant, 1 is wide.
        #[reflect(@Range::new(0.0, 5.0))]
        sigma: f32,
    },
    /// As often as in a CSV file, relative to the scene, with a header and a column `ms`.
    Empirical(#[reflect(@FileName)] String),
}

impl Default for ServiceTime {
    fn default() -> Self {
        Self::Exponential { mean_ms: 20.0 }
    }
}

/// Another service time for some capabilities.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceRule {
    /// The capability, or a pattern such as `database.*`.
    pub capability: String,
    /// How long agents work on it.
    pub time: ServiceTime,
    /// An attempt that has taken so long is given up; as in the section by default.
    #[reflect(@Range::new(1e-3, 1e9), @Unit("ms"))]
    pub timeout_ms: Option<f32>,
}

impl Default for ServiceRule {
    fn default() -> Self {
        Self { capability: "*".into(), time: ServiceTime::default(), timeout_ms: None }
    }
}
