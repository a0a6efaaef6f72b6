//! The scene's section `trust`.

mod check;

use agent2028_core::check::{FileName, Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::audit::{RaterAudit, ScoreAudit};
use crate::score::{Bound, Fading};
use crate::transitive::Limits;

/// Who is to be trusted: what agents experience with each other, what they say of it, and what is made of that.
///
/// Everything here can be changed while the simulation runs.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct TrustConfig {
    /// The groups that ask for operations and rate who did them; empty, by default: all agents do.
    pub raters: Vec<String>,
    /// Groups whose agents are malicious in truth, for metrics and pictures; nothing that decides knows of it. Agents that an
    /// attack makes malicious count, too.
    pub malicious: Vec<String>,
    /// How a score is made of outcomes; by default `Sound`.
    pub score: ScoreRule,
    /// The lower bound that routing goes by; by default `BetaQuantile`.
    pub bound: Bound,
    /// How fast evidence is forgotten; by default 2 % a day: `PerDay(0.98)`. Ratings of a file are as old as the newest of
    /// them makes them: of years of them little is left.
    pub forgetting: Forgetting,
    /// Whose word counts how much; by default `Weighted`, which whoever comes with many new names can buy. What can't be
    /// bought like that begins with some who are trusted beforehand.
    pub reputation: Reputation,
    /// Groups that are trusted beforehand. Needed by `EigenTrust`, `BestPath` and `MaxFlow`.
    pub pre_trusted: Vec<String>,
    /// How an agent that betrays is noticed though its past was good. Without it, by default, all its past counts alike.
    pub betrayal: Option<BetrayalConfig>,
    /// The trust that routing has in an agent of which nothing is known, 0–1; it goes as confidence comes. By default 0.
    #[reflect(@Range::new(0.0, 1.0))]
    pub newcomers: f32,
    /// Agents that are trusted less than this, with enough evidence for it, are given no work at all. Never by default.
    #[reflect(@Range::new(0.0, 1.0))]
    pub isolate_below: Option<f32>,
    /// How long an agent stays isolated; for good by default. Then what was known of it counts half.
    #[reflect(@Range::new(1e-3, 1e9), @Unit("s"))]
    pub isolation_s: Option<f32>,
    /// How often trust is worked out anew; by default every 0.5 s.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub refresh_s: f32,
    /// Whether raters are compared with each other, and scores with what was realised.
    pub audit: AuditConfig,
    /// How trust in strangers is found.
    pub transitive: TransitiveConfig,
    /// Ratings that are there at the start: none, or from a CSV file.
    pub edges: Edges,
    /// The smallest and the largest rating of the file; by default −10 and 10.
    pub rating_scale: (f32, f32),
    /// How many outcomes a rating of the file counts as; by default 1.
    #[reflect(@Range::new(0.0, 1e6), @Unit("outcomes"))]
    pub rating_weight: f32,
    /// How long an agent must be idle before its classic score drifts to the middle; by default 30.
    #[reflect(@Range::new(0.0, 1e6), @Unit("days"))]
    pub max_age_days: f32,
    /// The most pairs of agents that have experience with each other; what comes beyond changes nothing but the metric
    /// `trust.refused`. By default 16 777 216, which takes 192 MiB.
    #[reflect(@Range::new(1.0, 4e9), @Unit("pairs"))]
    pub most_edges: u32,
    /// How many observations are kept one by one, to be looked at; by default 4096.
    #[reflect(@Range::new(0.0, 16_777_216.0), @Unit("observations"))]
    pub most_recent: u32,
    /// How far metrics that look back do so; by default 5.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub window_s: f32,
}

impl Default for TrustConfig {
    fn default() -> Self {
        Self {
            raters: Vec::new(),
            malicious: Vec::new(),
            score: ScoreRule::Sound,
            bound: Bound::BetaQuantile,
            forgetting: Forgetting::PerDay(0.98),
            reputation: Reputation::Weighted,
            pre_trusted: Vec::new(),
            betrayal: None,
            newcomers: 0.0,
            isolate_below: None,
            isolation_s: None,
            refresh_s: 0.5,
            audit: AuditConfig::default(),
            transitive: TransitiveConfig::default(),
            edges: Edges::None,
            rating_scale: (-10.0, 10.0),
            rating_weight: 1.0,
            max_age_days: 30.0,
            most_edges: 1 << 24,
            most_recent: 4096,
            window_s: 5.0,
        }
    }
}

/// How a score is made of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum ScoreRule {
    /// The mean of a Beta distribution over all evidence (Jøsang & Ismail 2002).
    #[default]
    Sound,
    /// A moving average in which the last outcome counts 0.15. It forgets all but about the last twelve outcomes, stops at
    /// 0.9, and its bound claims more than it holds. All raters count alike.
    Classic,
}

/// How fast evidence is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Forgetting {
    /// Never.
    Never,
    /// This share of it is left after a day of simulated time.
    PerDay(#[reflect(@Range::new(1e-300, 1.0))] f64),
    /// Half of it is left after so many seconds of simulated time.
    HalfLife(#[reflect(@Range::new(1e-3, 1e12), @Unit("s"))] f64),
}

impl Default for Forgetting {
    fn default() -> Self {
        Self::PerDay(0.98)
    }
}

impl Forgetting {
    /// How fast that is.
    #[must_use]
    pub fn fading(self) -> Fading {
        match self {
            Self::Never => Fading::default(),
            Self::PerDay(kept) => Fading::per_day(kept),
            Self::HalfLife(seconds) => Fading::half_life_s(seconds),
        }
    }
}

/// Whose word counts how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Reputation {
    /// Everybody's word counts alike, however often it is given. Many new names outvote all others.
    Pooled,
    /// A rater's word counts by the rater's own reputation, and less if its ratings are not like those of others. That of
    /// somebody of whom nothing is known counts half, so that many new names outvote others here, too: no rule under which all
    /// begin alike prevents that (Cheng & Friedman 2005).
    #[default]
    Weighted,
    /// Everybody's word counts as much as everybody trusts them, beginning with those who are trusted beforehand (Kamvar et
    /// al. 2003). The most trusted agent has 1.
    EigenTrust,
    /// The product of trust along the best path from those who are trusted beforehand. Distrust passes nothing on.
    BestPath,
    /// As `Weighted` for those whom Advogato accepts on the word of those who are trusted beforehand, 0 for others.
    MaxFlow,
}

/// How an agent that betrays is noticed though its past was good: what it did lately is kept apart, and the worse of both counts.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct BetrayalConfig {
    /// What was done lately is half forgotten after so many outcomes; by default 8.
    #[reflect(@Range::new(0.1, 1e6), @Unit("outcomes"))]
    pub memory: f32,
    /// How many times a failure counts what a success does, in what was done lately and ever; by default 3. Trust is then
    /// harder to win back than to lose.
    #[reflect(@Range::new(1.0, 1000.0))]
    pub severity: f32,
}

impl Default for BetrayalConfig {
    fn default() -> Self {
        Self { memory: 8.0, severity: 3.0 }
    }
}

/// Whether what is recorded is checked.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// Whether raters are compared with each other: what those say who praise some more, or speak worse of some, than others do,
    /// counts less. By default on.
    pub raters: bool,
    /// Whether scores are compared with what was realised and corrected where they are wrong. By default off: it needs
    /// somebody who sees all receipts and is believed.
    pub scores: bool,
    /// How often; by default every 2 s.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub every_s: f32,
    /// How many standard deviations something must be off; by default 3.
    #[reflect(@Range::new(0.0, 100.0))]
    pub deviations: f32,
    /// How far it must be off beside that, 0–1; by default 0.2.
    #[reflect(@Range::new(0.0, 1.0))]
    pub least: f32,
    /// How many outcomes there must be; by default 3. Ratings of one agent by another that are fewer are judged together with
    /// what the rater says of others who are spoken of alike.
    #[reflect(@Range::new(0.0, 1e6), @Unit("outcomes"))]
    pub cases: f32,
    /// How much of what a rater says must be off for a verdict on it, 0–1; by default 0.25.
    #[reflect(@Range::new(0.0, 1.0))]
    pub share: f32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { raters: true, scores: false, every_s: 2.0, deviations: 3.0, least: 0.2, cases: 3.0, share: 0.25 }
    }
}

impl AuditConfig {
    /// When a rating diverges.
    #[must_use]
    pub fn of_raters(&self) -> RaterAudit {
        RaterAudit {
            deviations: f64::from(self.deviations),
            least: f64::from(self.least),
            cases: f64::from(self.cases),
            share: f64::from(self.share),
        }
    }

    /// When a score is wrong.
    #[must_use]
    pub fn of_scores(&self) -> ScoreAudit {
        ScoreAudit {
            deviations: f64::from(self.deviations),
            least: f64::from(self.least),
            cases: f64::from(self.cases).max(10.0),
        }
    }
}

/// How trust in strangers is found.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct TransitiveConfig {
    /// How much those who are trusted beforehand count at each step of `EigenTrust`; by default 0.1.
    #[reflect(@Range::new(0.001, 1.0))]
    pub pre_trust: f64,
    /// Paths whose product of trust is below this are not followed; by default 0.1.
    #[reflect(@Range::new(0.0, 1.0))]
    pub least: f64,
    /// Paths of more steps are not followed; by default 6.
    #[reflect(@Range::new(1.0, 1000.0), @Unit("steps"))]
    pub most_steps: u32,
    /// For how many agents it is remembered whom they trust; by default 1024.
    #[reflect(@Range::new(1.0, 1_000_000.0), @Unit("agents"))]
    pub cache: u32,
    /// With `MaxFlow`, a trust below this vouches for nobody; by default 0.5.
    #[reflect(@Range::new(0.0, 1.0))]
    pub threshold: f64,
    /// With `MaxFlow`, how many those can vouch for who are trusted beforehand, those one step away from them, two, and so
    /// on; beyond the last nobody vouches.
    pub capacities: Vec<u32>,
}

impl Default for TransitiveConfig {
    fn default() -> Self {
        Self {
            pre_trust: 0.1,
            least: 0.1,
            most_steps: 6,
            cache: 1024,
            threshold: 0.5,
            capacities: crate::transitive::Advogato::default().capacities,
        }
    }
}

impl TransitiveConfig {
    /// How far trust is passed on.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { least: self.least, most_steps: self.most_steps }
    }
}

/// Ratings that are there at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Edges {
    /// None.
    #[default]
    None,
    /// From a CSV file, relative to the scene: `source`, `target` (agents' numbers from 0, as the scene lists them), `rating`,
    /// and `time` in seconds if they are dated; older ones count less, as `forgetting` says. The columns stand in this order,
    /// or in the order in which a first line names them.
    Csv(#[reflect(@FileName)] String),
    /// The same, but `source` and `target` are names of any kind, such as `alice` or 35 591: each new one is that of the next
    /// agent, as the scene lists them.
    CsvOfNames(#[reflect(@FileName)] String),
}
