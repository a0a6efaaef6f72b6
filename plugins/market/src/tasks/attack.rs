//! Attacks on task auctions that go on.

use serde::{Deserialize, Serialize};

use super::state::TaskAuctions;
use super::worker::DEFAULTS;
use agent2028_core::agent::AgentId;

/// What attackers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CampaignKind {
    /// They bid for those who put up tasks, to lower what winners are paid.
    Shill,
    /// They take on tasks for hardly anything and don't do them.
    Default,
    /// They don't compete with each other.
    Ring,
}

/// An attack that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// What is done.
    pub kind: CampaignKind,
    /// By whom, ascending.
    pub agents: Vec<u32>,
    /// Since which tick.
    pub since: u64,
    /// Up to which tick.
    pub until: u64,
}

impl Campaign {
    /// Whether an agent takes part.
    #[must_use]
    pub fn has(&self, agent: u32) -> bool {
        self.agents.binary_search(&agent).is_ok()
    }
}

impl TaskAuctions {
    /// What an agent does as an attacker, if it never does what it takes on.
    pub(crate) fn campaign_of(&self, agent: u32) -> Option<CampaignKind> {
        let of_agent =
            self.campaigns.iter().filter(|campaign| campaign.kind != CampaignKind::Ring && campaign.has(agent));
        of_agent.map(|campaign| campaign.kind).next()
    }

    /// Begins an attack.
    pub(crate) fn begin_campaign(&mut self, campaign: Campaign) {
        self.campaigns.push(campaign);
        self.mark_attackers();
    }

    /// Ends attacks whose time is over.
    pub(crate) fn end_campaigns(&mut self, tick: u64) {
        let before = self.campaigns.len();
        self.campaigns.retain(|campaign| campaign.until >= tick);
        if self.campaigns.len() != before {
            self.mark_attackers();
        }
    }

    /// Who takes part in an attack by not doing what it takes on is marked.
    pub(crate) fn mark_attackers(&mut self) {
        self.workers.rows_mut().iter_mut().for_each(|worker| worker.set(DEFAULTS, false));
        for campaign in &self.campaigns {
            if campaign.kind == CampaignKind::Ring {
                continue;
            }
            for agent in &campaign.agents {
                if let Some(worker) = self.workers.get_mut(AgentId(*agent)) {
                    worker.set(DEFAULTS, true);
                }
            }
        }
    }

    /// The shills that are at work for an auctioneer, lowest id first: one bids for each task.
    pub(crate) fn shill(&self, admits: u64) -> Option<u32> {
        let shills = self.campaigns.iter().filter(|campaign| campaign.kind == CampaignKind::Shill);
        let ours = |agent: &u32| {
            self.worker(AgentId(*agent)).is_some_and(|worker| worker.group < 64 && admits >> worker.group & 1 == 1)
        };
        shills.flat_map(|campaign| campaign.agents.iter().copied()).filter(ours).min()
    }
}
