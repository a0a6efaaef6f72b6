//! What is known of each agent, and how trusted it is for that.

use agent2028_core::agent::AgentRecord;
use bytemuck::{Pod, Zeroable};

use crate::config::{BetrayalConfig, Reputation, ScoreRule, TrustConfig};
use crate::score::{Bound, Classic, Evidence, Outcome};

/// It is given no work for lack of trust.
pub const ISOLATED: u32 = 1;
/// It is malicious in truth.
pub const MALICIOUS: u32 = 2;
/// It was found to rate unlike others.
pub const EXPOSED: u32 = 4;
/// Its score was found wrong by the last audit and stands corrected.
pub const CORRECTED: u32 = 8;
/// It lies when it rates, in truth.
pub const LIAR: u32 = 16;

/// What is known of an agent.
#[derive(Clone, Copy, Debug, Pod, Zeroable, PartialEq)]
#[repr(C)]
pub struct TrustRecord {
    /// What all say of it, for: pooled, as of the last refresh.
    r: f64,
    /// What all say of it, against.
    s: f64,
    /// What it did lately, for and against.
    lately_r: f64,
    lately_s: f64,
    /// What it really did since the last audit.
    realised_r: f64,
    realised_s: f64,
    classic_score: f64,
    classic_count: u64,
    /// The tick of the last observation of it; 0 if there was none.
    pub last: u64,
    /// Since when it is malicious, or came in, as tick.
    pub since: u64,
    /// How much it is trusted, 0–1, as its score.
    pub score: f32,
    /// The lower bound of that.
    pub conservative: f32,
    /// How sure that is, 0–1.
    pub confidence: f32,
    /// What routing goes by, 0–1.
    pub trust: f32,
    /// How much its word counts as a rater, 0–1.
    pub credibility: f32,
    /// What is to be known of it: [`ISOLATED`], [`MALICIOUS`], [`EXPOSED`], [`CORRECTED`], [`LIAR`].
    pub flags: u32,
}

/// In what is saved: a record that stands for ids that nobody has any more, as many as its `last` says.
const NOBODY: u32 = 1 << 31;

impl AgentRecord for TrustRecord {
    fn gap(ids: u64) -> Self {
        Self { flags: NOBODY, last: ids, ..Self::zeroed() }
    }

    fn is_gap(&self) -> Option<u64> {
        self.is(NOBODY).then_some(self.last)
    }
}

impl Default for TrustRecord {
    fn default() -> Self {
        Self { classic_score: Classic::default().score, score: 0.5, credibility: 1.0, ..Self::zeroed() }
    }
}

impl TrustRecord {
    /// Whether a flag is set.
    #[must_use]
    pub fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Sets a flag or takes it back.
    pub(crate) fn set(&mut self, flag: u32, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }

    /// What all say of it together.
    #[must_use]
    pub fn pooled(&self) -> Evidence {
        Evidence { r: self.r, s: self.s }
    }

    /// What it did lately.
    #[must_use]
    pub fn lately(&self) -> Evidence {
        Evidence { r: self.lately_r, s: self.lately_s }
    }

    /// What it really did since the last audit.
    #[must_use]
    pub fn realised(&self) -> Evidence {
        Evidence { r: self.realised_r, s: self.realised_s }
    }

    /// Its classic score.
    #[must_use]
    pub fn classic(&self) -> Classic {
        Classic { score: self.classic_score, count: self.classic_count, kept: 1.0 }
    }

    /// Somebody says how something turned out.
    pub(crate) fn hear(&mut self, good: f64, weight: f64, betrayal: Option<&BetrayalConfig>, tick: u64) {
        let severity = betrayal.map_or(1.0, |betrayal| f64::from(betrayal.severity));
        let (for_it, against) = (good * weight, (1.0 - good) * weight * severity);
        let pooled = Evidence::new(self.r + for_it, self.s + against);
        (self.r, self.s) = (pooled.r, pooled.s);
        if let Some(betrayal) = betrayal {
            let kept = libm::exp2(-weight / f64::from(betrayal.memory.max(0.1)));
            let lately = Evidence::new(self.lately_r * kept + for_it, self.lately_s * kept + against);
            (self.lately_r, self.lately_s) = (lately.r, lately.s);
        }
        let mut classic = self.classic();
        classic.observe_good(good);
        (self.classic_score, self.classic_count) = (classic.score, classic.count);
        self.last = tick;
    }

    /// It really did something.
    pub(crate) fn realise(&mut self, outcome: Outcome) {
        let mut realised = self.realised();
        realised.observe(outcome, 1.0);
        (self.realised_r, self.realised_s) = (realised.r, realised.s);
    }

    pub(crate) fn forget_realised(&mut self) {
        (self.realised_r, self.realised_s) = (0.0, 0.0);
    }

    /// Nothing is known of it.
    pub(crate) fn greet(&mut self, config: &TrustConfig) {
        let (score, bound, confidence) = self.judge(self.pooled(), config, 0.0);
        let by_others =
            matches!(config.reputation, Reputation::EigenTrust | Reputation::BestPath | Reputation::MaxFlow)
                && config.score == ScoreRule::Sound;
        let bound = if by_others { 0.0 } else { bound };
        (self.score, self.conservative, self.confidence) = (score as f32, bound as f32, confidence as f32);
        self.trust = self.conservative.max(config.newcomers * (1.0 - self.confidence)).clamp(0.0, 1.0);
    }

    /// What was known of it counts half.
    pub(crate) fn give_another_chance(&mut self) {
        self.fade(0.5);
        (self.lately_r, self.lately_s) = (0.0, 0.0);
        self.classic_score = 0.5 * (self.classic_score + Classic::default().score);
        self.classic_count /= 2;
    }

    /// Evidence fades.
    pub(crate) fn fade(&mut self, kept: f64) {
        let pooled = self.pooled().faded(kept);
        (self.r, self.s) = (pooled.r, pooled.s);
    }

    /// Its score, a lower bound and the confidence, each 0–1, if this is all that is known of it. `idle_days`: how long
    /// nothing was heard of it.
    pub(crate) fn judge(&self, evidence: Evidence, config: &TrustConfig, idle_days: f64) -> (f64, f64, f64) {
        match config.score {
            ScoreRule::Classic => {
                let classic = self.classic().aged(idle_days, f64::from(config.max_age_days));
                let bound = if config.bound == Bound::None { classic.score } else { classic.conservative() };
                (classic.score, bound, classic.confidence())
            }
            ScoreRule::Sound => {
                let (mut score, mut bound) = (evidence.score(), evidence.conservative(config.bound));
                // The worse of what it ever did and what it did lately; the latter is little, so that its mean counts.
                if config.betrayal.is_some() {
                    let lately = self.lately().score().max(0.0);
                    let lately = if self.lately().amount() > 0.0 { lately } else { 1.0 };
                    score = score.min(lately);
                    bound = bound.min(lately);
                }
                (score, bound, evidence.confidence())
            }
        }
    }
}
