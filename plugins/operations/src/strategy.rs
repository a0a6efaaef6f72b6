//! How an agent is chosen for an operation.

use agent2028_core::agent::{AgentId, FitnessWeights, RoutingWeights, ServiceRecord, WeightColumn, fitness};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::index::{NOT_THERE, rank};

/// How an agent is chosen for an operation among those that have its capability, are there and have room. Ties go to the
/// lowest id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Strategy {
    /// The lowest observed latency, with the way to the agent's region and back, if the workload says from where it asks.
    MinLatency,
    /// The highest observed reliability.
    MaxReliability,
    /// The highest fitness: health, latency, reliability and free capacity by the weights in `fitness`.
    #[default]
    BestFit,
    /// One after the other.
    RoundRobin,
    /// The lowest load over what the agent can work on at once.
    LeastLoaded,
    /// The less loaded of two random ones (Mitzenmacher 2001).
    PowerOfTwoChoices,
    /// Any, all alike.
    Random,
    /// By the operation's key: the same key goes to the same agent for as long as that one can take it (Lamping & Veach
    /// 2014; with bounded loads, Mirrokni et al. 2018).
    ConsistentHash,
    /// The highest product of fitness and trust. As `BestFit` while nothing keeps trust.
    TrustWeighted,
    /// The highest product of fitness and what was learned. As `BestFit` while nothing learns.
    Learned,
}

/// The column of [`RoutingWeights`] that [`Strategy::TrustWeighted`] multiplies fitness by.
pub const TRUST_COLUMN: &str = "trust";
/// The column of [`RoutingWeights`] that [`Strategy::Learned`] multiplies fitness by.
pub const LEARNED_COLUMN: &str = "learned";

/// The columns of weights that strategies read, looked up once for all that a system does.
#[derive(Clone, Copy, Debug, Default)]
pub struct StrategyWeights<'a> {
    trust: Option<&'a WeightColumn>,
    learned: Option<&'a WeightColumn>,
}

impl<'a> StrategyWeights<'a> {
    /// Those among all weights.
    #[must_use]
    pub fn of(weights: &'a RoutingWeights) -> Self {
        Self { trust: weights.column(TRUST_COLUMN), learned: weights.column(LEARNED_COLUMN) }
    }

    /// How trusted an agent is; 1 if nothing keeps trust.
    #[must_use]
    #[inline]
    pub fn trust(&self, agent: AgentId) -> f32 {
        self.trust.map_or(1.0, |column| column.get(agent))
    }

    /// What was learned about an agent; 1 if nothing learns.
    #[must_use]
    #[inline]
    pub fn learned(&self, agent: AgentId) -> f32 {
        self.learned.map_or(1.0, |column| column.get(agent))
    }
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::MinLatency,
        Self::MaxReliability,
        Self::BestFit,
        Self::RoundRobin,
        Self::LeastLoaded,
        Self::PowerOfTwoChoices,
        Self::Random,
        Self::ConsistentHash,
        Self::TrustWeighted,
        Self::Learned,
    ];

    /// Its name as scenes write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinLatency => "MinLatency",
            Self::MaxReliability => "MaxReliability",
            Self::BestFit => "BestFit",
            Self::RoundRobin => "RoundRobin",
            Self::LeastLoaded => "LeastLoaded",
            Self::PowerOfTwoChoices => "PowerOfTwoChoices",
            Self::Random => "Random",
            Self::ConsistentHash => "ConsistentHash",
            Self::TrustWeighted => "TrustWeighted",
            Self::Learned => "Learned",
        }
    }

    /// Whether it takes the agent that ranks first, rather than one by turn, chance or key.
    #[must_use]
    pub const fn ranks(self) -> bool {
        matches!(
            self,
            Self::MinLatency
                | Self::MaxReliability
                | Self::BestFit
                | Self::LeastLoaded
                | Self::TrustWeighted
                | Self::Learned
        )
    }

    /// Whether it throws dice.
    #[must_use]
    pub const fn draws(self) -> bool {
        matches!(self, Self::PowerOfTwoChoices | Self::Random)
    }
}

/// What a strategy sees of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Operations at the agent, in work and waiting.
    pub load: f32,
    /// How many it can work on at once.
    pub slots: u32,
    /// 0–1.
    pub health: f32,
    /// In milliseconds.
    pub latency_ms: f32,
    /// 0–1.
    pub reliability: f32,
    /// How trusted it is, 1 if nothing keeps trust.
    pub trust: f32,
    /// What was learned about it, 1 if nothing learns.
    pub learned: f32,
}

impl View {
    /// Load over what it can work on at once.
    #[must_use]
    #[inline]
    pub fn relative_load(&self) -> f32 {
        self.load / self.slots.max(1) as f32
    }

    /// Its fitness (core's classic rule), 0–1.
    #[must_use]
    #[inline]
    pub fn fitness(&self, weights: &FitnessWeights) -> f32 {
        let record = ServiceRecord {
            latency_ms: self.latency_ms,
            reliability: self.reliability,
            reported_reliability: self.reliability,
            current_load: self.load as u32,
            max_concurrency: self.slots,
            last_seen: 0,
        };
        fitness(true, self.health, &record, weights)
    }

    /// Its rank under a strategy that ranks: the smallest is chosen.
    #[must_use]
    #[inline]
    pub fn rank(&self, strategy: Strategy, weights: &FitnessWeights) -> u32 {
        match strategy {
            Strategy::MinLatency => rank(self.latency_ms),
            Strategy::MaxReliability => highest_first(self.reliability),
            Strategy::LeastLoaded => rank(self.relative_load()),
            Strategy::BestFit => highest_first(self.fitness(weights)),
            Strategy::TrustWeighted => highest_first(self.fitness(weights) * self.trust),
            Strategy::Learned => highest_first(self.fitness(weights) * self.learned),
            Strategy::RoundRobin | Strategy::PowerOfTwoChoices | Strategy::Random | Strategy::ConsistentHash => {
                NOT_THERE
            }
        }
    }
}

fn highest_first(value: f32) -> u32 {
    rank(-value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_scene() {
        for strategy in Strategy::ALL {
            assert_eq!(format!("{strategy:?}"), strategy.name());
        }
    }

    #[test]
    fn a_strategy_that_ranks_prefers_what_its_name_says() {
        let view =
            View { load: 2.0, slots: 4, health: 1.0, latency_ms: 20.0, reliability: 0.9, trust: 1.0, learned: 1.0 };
        let weights = FitnessWeights::default();
        for (strategy, better) in [
            (Strategy::MinLatency, View { latency_ms: 19.0, ..view }),
            (Strategy::MaxReliability, View { reliability: 0.91, ..view }),
            (Strategy::LeastLoaded, View { load: 1.0, ..view }),
            (Strategy::LeastLoaded, View { slots: 5, ..view }),
            (Strategy::BestFit, View { health: 0.9, latency_ms: 0.0, ..view }),
            (Strategy::TrustWeighted, View { trust: 1.1, ..view }),
            (Strategy::Learned, View { learned: 1.1, ..view }),
        ] {
            assert!(better.rank(strategy, &weights) < view.rank(strategy, &weights), "{strategy:?}");
        }
        assert_eq!(view.rank(Strategy::TrustWeighted, &weights), view.rank(Strategy::BestFit, &weights));
    }
}
