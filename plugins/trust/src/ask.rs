//! How much one agent may trust another, asked at any time by anybody; asking changes nothing.

use std::sync::{Mutex, PoisonError};

use agent2028_core::agent::AgentId;
use bevy::prelude::*;

use crate::config::TrustConfig;
use crate::transitive::{Advogato, Analysis, Path, ReachCache, analyse};
use crate::trust::Trust;

/// How trust in strangers is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// The product of trust along the best path.
    #[default]
    BestPath,
    /// Subjective logic over all paths that are independent.
    AllPaths,
    /// Advogato's maximum flow from the one who asks.
    MaxFlow,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BestPath, Self::AllPaths, Self::MaxFlow];
}

/// How much one may trust another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// 0–1; 0 if no way leads there.
    pub trust: f64,
    /// The best path, if there is one and it was asked for.
    pub path: Option<Path>,
    /// What all paths amount to, if it was asked for.
    pub analysis: Option<Analysis>,
}

/// What agents reach, as far as it was asked for.
#[derive(Resource, Debug)]
pub struct Reaches(Mutex<ReachCache>);

impl Reaches {
    /// Nothing was asked for yet.
    #[must_use]
    pub fn new(config: &TrustConfig) -> Self {
        Self(Mutex::new(ReachCache::new(config.transitive.cache as usize, config.transitive.limits())))
    }

    /// How often what was asked for was known, how often it was not, and how often something was dropped for lack of room.
    #[must_use]
    pub fn statistics(&self) -> (u64, u64, u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).statistics()
    }

    /// Whom an agent trusts, by falling trust, directly or by way of others.
    #[must_use]
    pub fn trustees(&self, trust: &Trust, config: &TrustConfig, of: AgentId) -> Vec<(AgentId, f64)> {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.set_limits(config.transitive.limits());
        cache.reach(trust.graph(), of.0).trustees().map(|(node, trust)| (AgentId(node), trust)).collect()
    }

    /// How much one may trust another.
    #[must_use]
    pub fn ask(&self, trust: &Trust, config: &TrustConfig, from: AgentId, to: AgentId, way: Way) -> Answer {
        match way {
            Way::BestPath => {
                let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                cache.set_limits(config.transitive.limits());
                let path = cache.reach(trust.graph(), from.0).path(to.0);
                Answer { trust: path.as_ref().map_or(0.0, Path::value), path, analysis: None }
            }
            Way::AllPaths => {
                let analysis = analyse(trust.graph(), from.0, to.0, config.transitive.limits());
                let trust = analysis.opinion.map_or(0.0, |opinion| opinion.expected());
                Answer { trust, path: analysis.paths.first().cloned(), analysis: Some(analysis) }
            }
            Way::MaxFlow => {
                let threshold = config.transitive.threshold;
                let method = Advogato { threshold, capacities: config.transitive.capacities.clone() };
                let accepted = method.accepted(trust.graph(), &[from.0]);
                let trust = f64::from(u8::from(accepted.get(to.index()).copied().unwrap_or(false)));
                Answer { trust, ..Answer::default() }
            }
        }
    }
}
