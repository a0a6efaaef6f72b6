//! Trust is worked out anew: evidence fades, raters are audited, reputations are found, and what routing goes by follows.

use agent2028_core::agent::{AgentId, AgentIndex, WeightColumn, keep_rows};
use agent2028_core::clock::ticks_in;
use agent2028_core::event::EventBus;
use agent2028_core::parallel::Workers;

use crate::audit::Verdict;
use crate::config::{Reputation, ScoreRule, TrustConfig};
use crate::eigentrust::{EigenTrust, Opinions};
use crate::events::{RATER_EXPOSED, RaterExposed, SCORES_CORRECTED, ScoresCorrected};
use crate::score::Evidence;
use crate::transitive::{Advogato, Search};
use crate::trust::Trust;
use crate::trust_record::{CORRECTED, EXPOSED, TrustRecord};

/// Agents per piece of work.
const CHUNK: usize = 1024;
/// Fewer outcomes than this isolate nobody.
const LEAST_OUTCOMES: f64 = 4.0;

/// What trust is worked out from, beside itself.
pub(crate) struct Around<'a> {
    pub config: &'a TrustConfig,
    pub index: &'a AgentIndex,
    pub workers: &'a Workers,
    /// Those who are trusted beforehand, ascending.
    pub pre_trusted: &'a [u32],
    pub tick: u64,
    pub tick_hz: f64,
}

impl Around<'_> {
    fn days(&self, ticks: u64) -> f64 {
        ticks as f64 / self.tick_hz / 86_400.0
    }
}

impl Trust {
    /// Works trust out anew. Returns those who are to be isolated.
    pub(crate) fn refresh(&mut self, around: &Around, bus: &mut EventBus, weights: &mut WeightColumn) -> Vec<AgentId> {
        self.enrol(around.index);
        self.fade(around);
        self.forget_the_gone(around);
        let audit = &around.config.audit;
        let due = around.tick.saturating_sub(self.audited) >= ticks_in(f64::from(audit.every_s), around.tick_hz);
        if due && audit.raters {
            self.audit_raters(around, bus);
        }
        self.find_reputations(around);
        if due {
            self.audit_scores(around, bus);
            self.audited = around.tick;
        }
        self.tell_routing(around, weights)
    }

    fn fade(&mut self, around: &Around) {
        let days = around.days(around.tick.saturating_sub(self.refreshed));
        self.refreshed = around.tick;
        let fading = around.config.forgetting.fading();
        if fading.is_none() {
            return;
        }
        self.graph.fade(fading.halvings(days));
        let kept = fading.kept(days);
        around.workers.for_each_chunk_mut(self.standings.rows_mut(), CHUNK, |_, chunk| {
            chunk.iter_mut().for_each(|standing| standing.fade(kept));
        });
    }

    /// What is known of agents that are no more goes with them.
    fn forget_the_gone(&mut self, around: &Around) {
        let there = |agent: u32| around.index.get(AgentId(agent)).is_some();
        let all_there = around.index.len() == around.index.next_id().index();
        self.graph.set_most_edges(around.config.most_edges);
        if !all_there {
            self.graph.forget(there);
        } else if self.graph.has_many_fresh() {
            self.graph.compact(|_, _| true);
        }
        if self.eigen.len() != self.standings.len() {
            self.eigen.clear();
        }
        // Ratings may be of agents that come later.
        let next = around.index.next_id();
        if let Some(kept) = self.standings.retain(|agent, _| agent >= next || there(agent.0)) {
            keep_rows(&mut self.eigen, |place| kept[place]);
        }
    }

    fn audit_raters(&mut self, around: &Around, bus: &mut EventBus) {
        // Whose word counts in what others say: the trusted one's, if there is anybody who is trusted.
        let nodes = self.nodes();
        let by_trust = around.config.reputation != Reputation::Pooled && around.config.score == ScoreRule::Sound;
        let words: Vec<f64> = if by_trust {
            (0..nodes).map(|rater| self.word_of(rater as u32, around)).collect()
        } else {
            vec![1.0; nodes]
        };
        let found = around.config.audit.of_raters().look(&self.graph, nodes, &words);
        let mut exposed = vec![false; nodes];
        for divergence in found {
            let Some(standing) = self.standings.get_mut(AgentId(divergence.rater)) else { continue };
            standing.credibility = divergence.credibility() as f32;
            exposed[divergence.rater as usize] = divergence.verdict != Verdict::Honest;
            if divergence.verdict != Verdict::Honest && !standing.is(EXPOSED) {
                self.counts.exposed += 1;
                let told = RaterExposed { above: divergence.above as f32, below: divergence.below as f32 };
                bus.publish(RATER_EXPOSED, Some(AgentId(divergence.rater)), told);
            }
        }
        for (agent, standing) in self.standings.agents_mut() {
            let exposed = exposed[agent.index()];
            standing.set(EXPOSED, exposed);
            if !exposed {
                standing.credibility = 1.0;
            }
        }
    }

    /// How much the word of a rater counts by its own reputation: those who are trusted beforehand count whole, others as
    /// they are trusted, and those of whom nothing is known half.
    fn word_of(&self, rater: u32, around: &Around) -> f64 {
        if around.pre_trusted.binary_search(&rater).is_ok() {
            return 1.0;
        }
        match around.config.reputation {
            Reputation::Pooled => 1.0,
            // The word of somebody whom nobody trusts counts next to nothing, however many there are.
            Reputation::EigenTrust | Reputation::BestPath | Reputation::MaxFlow => {
                f64::from(self.standing_or_unknown(rater).trust).max(1e-6)
            }
            Reputation::Weighted => f64::from(self.standing_or_unknown(rater).score),
        }
    }

    /// What is known of an id: as of somebody unknown, if it is nobody's.
    fn standing_or_unknown(&self, agent: u32) -> TrustRecord {
        self.standing(AgentId(agent)).copied().unwrap_or_default()
    }

    fn find_reputations(&mut self, around: &Around) {
        let nodes = self.nodes();
        let config = around.config;
        if config.score == ScoreRule::Classic {
            return self.judge_all(around, |_, standing| (standing.pooled(), None));
        }
        match config.reputation {
            Reputation::Pooled => self.judge_all(around, |_, standing| (standing.pooled(), None)),
            Reputation::Weighted => {
                let evidence = self.weighted_evidence(around);
                self.judge_all(around, |agent, _| (evidence[agent], None));
            }
            Reputation::EigenTrust => {
                let before = self.trusted_before(around);
                let method = EigenTrust { pre_trust: config.transitive.pre_trust, ..EigenTrust::default() };
                let opinions = Opinions::of(&self.graph, nodes);
                let start = (!self.eigen.is_empty() && self.eigen.len() == self.standings.len()).then(|| {
                    let mut start = vec![0.0; nodes];
                    for ((agent, _), trust) in self.standings.agents().zip(&self.eigen) {
                        start[agent.index()] = *trust;
                    }
                    start
                });
                let solution = method.solve(&opinions, &before, start.as_deref(), around.workers);
                let most = solution.trust.iter().copied().fold(0.0, f64::max);
                let share = |agent: usize| if most > 0.0 { solution.trust[agent] / most } else { 0.0 };
                self.judge_all(around, |agent, standing| (standing.pooled(), Some(share(agent))));
                self.eigen = self.standings.agents().map(|(agent, _)| solution.trust[agent.index()]).collect();
            }
            Reputation::BestPath => {
                let mut best = vec![0.0_f64; nodes];
                let mut search = Search::default();
                for from in around.pre_trusted {
                    let reach = search.reach(&self.graph, *from, None, config.transitive.limits());
                    for step in reach.steps() {
                        let held = &mut best[step.node as usize];
                        *held = held.max(step.trust);
                    }
                }
                self.judge_all(around, |agent, standing| (standing.pooled(), Some(best[agent])));
            }
            Reputation::MaxFlow => {
                let method = Advogato {
                    threshold: config.transitive.threshold,
                    capacities: config.transitive.capacities.clone(),
                };
                let accepted = method.accepted(&self.graph, around.pre_trusted);
                let accepted = |agent: usize| accepted.get(agent).copied().unwrap_or(false);
                let evidence = self.weighted_evidence(around);
                self.judge_all(around, |agent, _| (evidence[agent], (!accepted(agent)).then_some(0.0)));
            }
        }
    }

    /// What all say of each agent, each word weighed by who says it.
    fn weighted_evidence(&self, around: &Around) -> Vec<Evidence> {
        let nodes = self.nodes();
        let severity = around.config.betrayal.map_or(1.0, |betrayal| f64::from(betrayal.severity));
        let words: Vec<f64> = (0..nodes)
            .map(|rater| {
                let credibility = self.standing_or_unknown(rater as u32).credibility;
                self.word_of(rater as u32, around) * f64::from(credibility)
            })
            .collect();
        let mut evidence = vec![Evidence::default(); nodes];
        self.graph.for_each(|source, target, r, s| {
            let (word, held) = (words[source as usize], &mut evidence[target as usize]);
            held.r += word * r;
            held.s += word * s * severity;
        });
        evidence
    }

    fn trusted_before(&self, around: &Around) -> Vec<f64> {
        let mut before = vec![0.0; self.nodes()];
        for agent in around.pre_trusted {
            before[*agent as usize] = 1.0;
        }
        // Without anybody, all who are there are trusted alike.
        if around.pre_trusted.is_empty() {
            around.index.iter().for_each(|(agent, _)| before[agent.index()] = 1.0);
        }
        before
    }

    /// Judges all agents. `known` says by agent what is known of it, and how much it is trusted if not for that.
    fn judge_all(
        &mut self,
        around: &Around,
        known: impl Fn(usize, &TrustRecord) -> (Evidence, Option<f64>) + Send + Sync,
    ) {
        let config = around.config;
        let places = self.standings.places();
        // As long as nobody is gone, places are ids.
        let ids: Vec<AgentId> =
            if places.end() as usize == places.len() { Vec::new() } else { places.iter().collect() };
        around.workers.for_each_chunk_mut(self.standings.rows_mut(), CHUNK, |chunk, standings| {
            for (offset, standing) in standings.iter_mut().enumerate() {
                let place = chunk * CHUNK + offset;
                let agent = ids.get(place).map_or(place, |agent| agent.index());
                let (evidence, given) = known(agent, standing);
                let idle = around.days(around.tick.saturating_sub(standing.last));
                let (score, bound, confidence) = standing.judge(evidence, config, idle);
                standing.confidence = confidence as f32;
                (standing.score, standing.conservative) = match given {
                    Some(given) => {
                        // What was done lately counts here, too.
                        let lately = if config.betrayal.is_some() && standing.lately().amount() > 0.0 {
                            standing.lately().score()
                        } else {
                            1.0
                        };
                        (given.min(lately) as f32, given.min(lately) as f32)
                    }
                    None => (score as f32, bound as f32),
                };
            }
        });
    }

    /// Compares scores with what was realised since the last audit.
    fn audit_scores(&mut self, around: &Around, bus: &mut EventBus) {
        let audit = around.config.audit.of_scores();
        let (mut gaps, mut sum) = (0_u32, 0.0);
        let (mut wrong, mut largest, mut first) = (0_u32, 0.0_f64, None);
        for (agent, standing) in self.standings.agents_mut() {
            let realised = standing.realised();
            // Too few cases to tell add up until the next audit.
            let Some(deviation) = audit.compare(f64::from(standing.score), realised) else { continue };
            gaps += 1;
            sum += deviation.difference.abs();
            standing.set(CORRECTED, around.config.audit.scores && deviation.wrong);
            if !standing.is(CORRECTED) {
                standing.forget_realised();
                continue;
            }
            wrong += 1;
            first = first.or(Some(agent));
            if deviation.difference.abs() > largest.abs() {
                largest = deviation.difference;
            }
        }
        self.gap = (gaps > 0).then(|| sum / f64::from(gaps));
        if wrong > 0 {
            self.counts.corrections += u64::from(wrong);
            bus.publish(SCORES_CORRECTED, first, ScoresCorrected { agents: wrong, largest: largest as f32 });
        }
    }

    /// Tells routing how trusted agents are. Returns those who are trusted too little.
    fn tell_routing(&mut self, around: &Around, weights: &mut WeightColumn) -> Vec<AgentId> {
        let config = around.config;
        let mut outcasts = Vec::new();
        weights.retain(|agent| around.index.get(agent).is_some());
        for (agent, standing) in self.standings.agents_mut() {
            if around.index.get(agent).is_none() {
                continue;
            }
            let mut trust = f64::from(standing.conservative);
            if standing.is(CORRECTED) {
                let realised = standing.realised();
                (standing.score, standing.confidence) = (realised.score() as f32, realised.confidence() as f32);
                trust = realised.conservative(config.bound);
                standing.conservative = trust as f32;
            }
            let unknown = f64::from(config.newcomers) * (1.0 - f64::from(standing.confidence));
            standing.trust = trust.max(unknown).clamp(0.0, 1.0) as f32;
            weights.set(agent, standing.trust);
            let enough = standing.pooled().amount() >= LEAST_OUTCOMES;
            if let Some(least) = config.isolate_below
                && enough
                && standing.score < least
                && !standing.is(crate::trust_record::ISOLATED)
            {
                outcasts.push(agent);
            }
        }
        outcasts
    }
}
