//! The state of trust in a simulation.

use std::collections::VecDeque;

use agent2028_core::agent::{AgentId, AgentIndex, AgentRows};
use agent2028_core::checkpoint::to_bytes;
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};

use crate::attack::Campaign;
use crate::config::TrustConfig;
use crate::graph::TrustGraph;
use crate::score::{Evidence, Outcome};
use crate::trust_record::{ISOLATED, LIAR, MALICIOUS, TrustRecord};

/// Something that one agent says of another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When.
    pub tick: u64,
    /// Who says so.
    pub rater: u32,
    /// Of whom.
    pub subject: u32,
    /// What it says.
    pub said: Outcome,
    /// The number of the operation that it is about; nothing if there was none.
    pub command: Option<u64>,
    /// Whether it is so.
    pub honest: bool,
}

/// What happened in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Served {
    pub all: u32,
    pub malicious: u32,
}

/// How long it took until malicious agents were isolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Isolations {
    pub count: u64,
    pub malicious: u64,
    pub ticks: u64,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustCounts {
    /// Observations.
    pub observations: u64,
    /// Those that are lies.
    pub lies: u64,
    /// Operations that agents worked on.
    pub served: u64,
    /// Those that malicious agents worked on.
    pub served_malicious: u64,
    /// Scores that audits have corrected.
    pub corrections: u64,
    /// Raters that audits have exposed.
    pub exposed: u64,
    /// Agents that left and came back under another name.
    pub whitewashed: u64,
}

/// Who trusts whom, and why.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trust {
    pub(crate) graph: TrustGraph,
    pub(crate) standings: AgentRows<TrustRecord>,
    recent: VecDeque<Observation>,
    heard: u64,
    pub(crate) counts: TrustCounts,
    pub(crate) served: VecDeque<Served>,
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) isolations: Isolations,
    /// Those who are isolated, and up to which tick.
    pub(crate) isolated: Vec<(u32, u64)>,
    /// The last vector of EigenTrust, to begin the next one from; by the places of standings.
    pub(crate) eigen: Vec<f64>,
    /// The mean gap between recorded scores and what was realised, at the last audit.
    pub(crate) gap: Option<f64>,
    pub(crate) refreshed: u64,
    pub(crate) audited: u64,
    pub(crate) begun: bool,
    /// How many agents routing knows of.
    pub(crate) welcomed: u32,
}

impl Trust {
    /// Who has which experience with whom.
    #[must_use]
    pub fn graph(&self) -> &TrustGraph {
        &self.graph
    }

    /// What is known of an agent; nothing if it never was heard of, or is gone.
    #[must_use]
    pub fn standing(&self, agent: AgentId) -> Option<&TrustRecord> {
        self.standings.get(agent)
    }

    /// What is known of all agents, by id.
    #[must_use]
    pub fn standings(&self) -> &[TrustRecord] {
        self.standings.rows()
    }

    /// One more than the largest id that anything is known of.
    pub(crate) fn nodes(&self) -> usize {
        (self.standings.places().end() as usize).max(crate::graph::Arcs::nodes(&self.graph))
    }

    /// Counts since the start.
    #[must_use]
    pub fn counts(&self) -> TrustCounts {
        self.counts
    }

    /// The observations that are kept, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Observation> + ExactSizeIterator {
        self.recent.iter()
    }

    /// How many observations there were that are no longer kept one by one.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.heard - self.recent.len() as u64
    }

    /// The kept observations of an agent from tick `from` on, and what they amount to.
    #[must_use]
    pub fn since(&self, subject: AgentId, from: u64) -> (Vec<Observation>, Evidence) {
        let begin = self.recent.partition_point(|observation| observation.tick < from);
        let about: Vec<Observation> =
            self.recent.range(begin..).filter(|observation| observation.subject == subject.0).copied().collect();
        let mut evidence = Evidence::default();
        about.iter().for_each(|observation| evidence.observe(observation.said, 1.0));
        (about, evidence)
    }

    /// The raters of an agent with what they say of it, by who says most; a walk over all pairs.
    #[must_use]
    pub fn raters_of(&self, subject: AgentId) -> Vec<(AgentId, Evidence)> {
        let mut raters = Vec::new();
        self.graph.for_each(|source, target, r, s| {
            if target == subject.0 {
                raters.push((AgentId(source), Evidence::new(r, s)));
            }
        });
        raters.sort_by(|a, b| b.1.amount().total_cmp(&a.1.amount()).then(a.0.cmp(&b.0)));
        raters
    }

    /// Attacks that go on.
    #[must_use]
    pub fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// Makes room for those who have come and were not welcomed.
    pub(crate) fn enrol(&mut self, index: &AgentIndex) {
        let welcomed = self.welcomed;
        if welcomed < index.next_id().0 {
            self.standings.enter_all(index.iter().map(|(agent, _)| agent).filter(|agent| agent.0 >= welcomed));
        }
    }

    pub(crate) fn standing_mut(&mut self, agent: u32) -> &mut TrustRecord {
        self.standings.enter(AgentId(agent)).0
    }

    /// Marks an agent as malicious in truth from a tick on: what raters should come to know, and what metrics compare with. Nobody
    /// in the simulation sees it.
    pub fn mark_malicious(&mut self, agent: u32, tick: u64) {
        let standing = self.standing_mut(agent);
        if !standing.is(MALICIOUS) {
            standing.set(MALICIOUS, true);
            standing.since = tick;
        }
    }

    /// Marks an agent as one that lies.
    pub(crate) fn mark_liar(&mut self, agent: u32) {
        self.standing_mut(agent).set(LIAR, true);
    }

    /// Whether an agent is malicious in truth.
    #[must_use]
    pub fn is_malicious(&self, agent: AgentId) -> bool {
        self.standing(agent).is_some_and(|standing| standing.is(MALICIOUS))
    }

    /// Whether an agent is given no work for lack of trust.
    #[must_use]
    pub fn is_isolated(&self, agent: AgentId) -> bool {
        self.standing(agent).is_some_and(|standing| standing.is(ISOLATED))
    }

    /// Takes note of what somebody says. Nobody rates itself, and what the graph has no room for is not heard.
    pub fn hear(&mut self, observation: Observation, config: &TrustConfig) {
        let Observation { rater, subject, said, tick, honest, .. } = observation;
        if rater == subject {
            return;
        }
        let good = said.good();
        // What finds no room in the graph counts nowhere: the graph says how much that is.
        if !self.graph.observe(rater, subject, Evidence::new(good, 1.0 - good)) {
            return;
        }
        self.standing_mut(rater);
        self.standing_mut(subject).hear(good, 1.0, config.betrayal.as_ref(), tick);
        self.counts.observations += 1;
        self.counts.lies += u64::from(!honest);
        self.heard += 1;
        let most = config.most_recent as usize;
        while self.recent.len() >= most.max(1) {
            self.recent.pop_front();
        }
        if most > 0 {
            self.recent.push_back(observation);
        }
    }

    /// Takes ratings that were there before, each worth `weight` outcomes of which a share, 0–1, was good.
    pub fn import(&mut self, ratings: impl IntoIterator<Item = (u32, u32, f64, f64)>) {
        for (source, target, good, weight) in ratings {
            if source == target {
                continue;
            }
            self.standing_mut(source);
            let standing = self.standings.enter(AgentId(target)).0;
            if self.graph.observe(source, target, Evidence::new(good * weight, (1.0 - good) * weight)) {
                standing.hear(good, weight, None, 0);
            }
        }
        // What has faded before the beginning is not there at the beginning.
        self.graph.compact(|_, _| true);
    }

    /// The share of the work of the last ticks that malicious agents did; nothing if there was none.
    #[must_use]
    pub fn malicious_share(&self) -> Option<f64> {
        let all: u64 = self.served.iter().map(|served| u64::from(served.all)).sum();
        let malicious: u64 = self.served.iter().map(|served| u64::from(served.malicious)).sum();
        (all > 0).then(|| malicious as f64 / all as f64)
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.graph.bytes()
            + self.standings.bytes()
            + self.recent.capacity() * size_of::<Observation>()
            + self.eigen.capacity() * 8
    }

    /// The state as bytes.
    ///
    /// # Errors
    /// If a part of it has no binary form.
    pub fn save(&self) -> Result<Vec<u8>, String> {
        to_bytes(self)
    }

    /// Becomes what was saved.
    ///
    /// # Errors
    /// If the bytes are no state.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        let mut trust: Self = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        trust.graph.restore()?;
        let campaigns = trust.campaigns.iter().all(|campaign| {
            let sorted = |list: &[u32]| list.windows(2).all(|pair| pair[0] < pair[1]);
            sorted(&campaign.agents) && sorted(&campaign.targets) && campaign.per_second.is_finite()
        });
        let finite = trust.eigen.iter().all(|trust| trust.is_finite());
        let counts = trust.heard >= trust.recent.len() as u64 && trust.isolations.count >= trust.isolations.malicious;
        // What is worked out from the graph is as long as it says.
        let known = crate::graph::Arcs::nodes(&trust.graph) <= trust.standings.places().end() as usize;
        if !(finite && campaigns && counts && known) {
            return Err("the state of trust makes no sense".into());
        }
        Ok(trust)
    }
}
