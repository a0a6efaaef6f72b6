//! How long an operation takes an agent.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use agent2028_core::rng::SimStream;
use bevy::prelude::*;

use crate::config::ServiceTime;

/// What the section's files hold, or where they are. It is no state: a scene is another one if its files are.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Files {
    /// Traces by the name that the scene gives them.
    pub traces: BTreeMap<String, PathBuf>,
    /// Service times in milliseconds by the name of their file.
    pub samples: BTreeMap<String, Arc<[f32]>>,
}

/// A distribution of service times, ready to draw from.
#[derive(Clone, Debug, PartialEq)]
pub enum Service {
    /// Always the same.
    Constant(f32),
    /// Exponential by its mean.
    Exponential(f32),
    /// Log-normal by mean and standard deviation of the logarithm.
    LogNormal(f64, f64),
    /// As often as in these.
    Empirical(Arc<[f32]>),
}

impl Service {
    /// The distribution that a scene describes. A file that is not there counts as no time at all.
    #[must_use]
    pub fn of(time: &ServiceTime, files: &Files) -> Self {
        match time {
            ServiceTime::Constant { ms } => Self::Constant(*ms),
            ServiceTime::Exponential { mean_ms } => Self::Exponential(*mean_ms),
            ServiceTime::LogNormal { mean_ms, sigma } => {
                // The mean of a log-normal is exp(μ + σ²/2).
                let (mean, sigma) = (f64::from(mean_ms.max(1e-30)), f64::from(*sigma));
                Self::LogNormal(libm::log(mean) - sigma * sigma / 2.0, sigma)
            }
            ServiceTime::Empirical(file) => match files.samples.get(file) {
                Some(samples) if !samples.is_empty() => Self::Empirical(samples.clone()),
                _ => Self::Constant(0.0),
            },
        }
    }

    /// Draws a time in milliseconds.
    #[inline]
    pub fn draw(&self, stream: &mut SimStream) -> f32 {
        match self {
            Self::Constant(ms) => *ms,
            Self::Exponential(mean) => mean * stream.exponential(),
            // The mean of a wide one hangs on what comes once in ten million draws.
            Self::LogNormal(location, sigma) => libm::exp(location + sigma * stream.normal_fine()) as f32,
            Self::Empirical(samples) => {
                let at = (f64::from(stream.unit()) * samples.len() as f64) as usize;
                samples[at.min(samples.len() - 1)]
            }
        }
    }

    /// The mean in milliseconds.
    #[must_use]
    pub fn mean_ms(&self) -> f64 {
        match self {
            Self::Constant(ms) | Self::Exponential(ms) => f64::from(*ms),
            Self::LogNormal(location, sigma) => libm::exp(location + sigma * sigma / 2.0),
            Self::Empirical(samples) => {
                samples.iter().map(|ms| f64::from(*ms)).sum::<f64>() / samples.len().max(1) as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::rng::{Purpose, SimRng};

    #[test]
    fn every_distribution_has_its_mean_and_spread() {
        let samples: Arc<[f32]> = [10.0, 10.0, 40.0].into();
        let files = Files { samples: [("times.csv".to_owned(), samples)].into(), ..default() };
        for (time, mean, variance) in [
            (ServiceTime::Constant { ms: 20.0 }, 20.0, 0.0),
            (ServiceTime::Exponential { mean_ms: 20.0 }, 20.0, 400.0),
            // Variance (e^σ² − 1)·mean².
            (ServiceTime::LogNormal { mean_ms: 20.0, sigma: 0.5 }, 20.0, 113.61),
            (ServiceTime::Empirical("times.csv".into()), 20.0, 200.0),
        ] {
            let service = Service::of(&time, &files);
            assert!((service.mean_ms() - mean).abs() < 1e-3);
            let mut stream = SimRng::new(4).global(Purpose::new("service"), 0);
            let draws: Vec<f64> = (0..100_000).map(|_| f64::from(service.draw(&mut stream))).collect();
            let measured = draws.iter().sum::<f64>() / 1e5;
            let spread = draws.iter().map(|draw| (draw - measured) * (draw - measured)).sum::<f64>() / 1e5;
            assert!((measured / mean - 1.0).abs() < 0.015, "{time:?}: {measured}");
            assert!((spread - variance).abs() <= 0.05 * variance, "{time:?}: {spread}");
        }
        // Of a wide log-normal the mean of no number of draws is a test, but the shares below its quantiles are.
        for sigma in [2.0_f32, 4.0, 5.0] {
            let service = Service::of(&ServiceTime::LogNormal { mean_ms: 20.0, sigma }, &files);
            assert!((service.mean_ms() - 20.0).abs() < 1e-3);
            let mut stream = SimRng::new(9).global(Purpose::new("service"), 0);
            let draws: Vec<f64> = (0..100_000).map(|_| f64::from(service.draw(&mut stream))).collect();
            let spread = f64::from(sigma);
            // Quantiles of the normal distribution.
            for (deviations, share) in [(-1.281_551_6, 0.1), (0.0, 0.5), (1.281_551_6, 0.9), (3.090_232_3, 0.999)] {
                let quantile = 20.0 * libm::exp(spread * deviations - spread * spread / 2.0);
                let below = draws.iter().filter(|draw| **draw < quantile).count() as f64 / 1e5;
                assert!((below - share).abs() < 5.0 * (share * (1.0 - share) / 1e5_f64).sqrt(), "{sigma}: {below}");
            }
        }
        assert_eq!(Service::of(&ServiceTime::Empirical("gone.csv".into()), &files), Service::Constant(0.0));
    }
}
