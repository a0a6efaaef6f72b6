//! What has been found, brought home and counted.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::plan::{ForagingPlan, MAX_COUNTERS};

/// Counts since the start of the run, and fading sums about the recent past.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForagingStats {
    /// Resources found that nobody had found before; one that grew back elsewhere counts anew.
    pub found: u64,
    /// Loads picked up.
    pub pickups: u64,
    /// Loads brought home.
    pub trips: u64,
    /// Units of food brought home.
    pub delivered: f64,
    /// Length of recent trips, fading.
    pub recent_walked: f64,
    /// Length of the shortest ways of recent trips, there and back, fading.
    pub recent_shortest: f64,
    /// Number of recent trips, fading.
    pub recent_trips: f64,
    /// Crossings of each counter.
    pub crossings: Vec<u64>,
    /// Recent crossings of each counter, fading.
    pub recent_crossings: Vec<f64>,
}

impl ForagingStats {
    /// Forgets a tick's part of the recent past.
    pub fn fade(&mut self, factor: f64) {
        self.recent_walked *= factor;
        self.recent_shortest *= factor;
        self.recent_trips *= factor;
        for recent in &mut self.recent_crossings {
            *recent *= factor;
        }
    }

    /// Counts a trip.
    pub fn count_trip(&mut self, delivered: f32, walked: f32, shortest: f32) {
        self.trips += 1;
        self.delivered += f64::from(delivered);
        self.recent_walked += f64::from(walked);
        self.recent_shortest += 2.0 * f64::from(shortest);
        self.recent_trips += 1.0;
    }

    /// Counts crossings, given as a bit per counter.
    pub fn count_crossings(&mut self, crossed: impl Iterator<Item = u64>) {
        for mut bits in crossed {
            while bits != 0 {
                let counter = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if counter >= self.crossings.len() {
                    self.crossings.resize((counter + 1).min(MAX_COUNTERS), 0);
                    self.recent_crossings.resize(self.crossings.len(), 0.0);
                }
                self.crossings[counter] += 1;
                self.recent_crossings[counter] += 1.0;
            }
        }
    }

    /// The share of a counter in the recent crossings of its set, 0–1; none if nobody crossed.
    #[must_use]
    pub fn share(&self, plan: &ForagingPlan, counter: usize) -> Option<f64> {
        let recent = |index: usize| self.recent_crossings.get(index).copied().unwrap_or(0.0);
        let set = plan.counters.get(counter)?.set;
        let members = plan.counters.iter().enumerate().filter(|(_, other)| other.set == set);
        let total: f64 = members.map(|(index, _)| recent(index)).sum();
        (total > 1e-9).then(|| recent(counter) / total)
    }

    /// Mean length of recent trips in world units; none if there were none.
    #[must_use]
    pub fn mean_trip(&self) -> Option<f64> {
        (self.recent_trips > 1e-9).then(|| self.recent_walked / self.recent_trips)
    }

    /// How much longer recent trips were than the shortest way there and back (1 is as short as can be).
    #[must_use]
    pub fn detour(&self) -> Option<f64> {
        (self.recent_shortest > 1e-9).then(|| self.recent_walked / self.recent_shortest)
    }
}
