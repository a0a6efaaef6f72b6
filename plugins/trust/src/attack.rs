//! Attacks on trust that go on for a while.

mod conduct;

use serde::{Deserialize, Serialize};

pub(crate) use conduct::{MOST_LIES, misbehave, misbehaviour_is_due, spread_lies};

/// What those do who attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum CampaignKind {
    /// They praise the targets, also for operations that never were.
    Praise,
    /// They run the targets down.
    Slander,
    /// They behave and betray by turns: so many ticks each, then with this reliability.
    OnOff {
        /// How many ticks they behave.
        good: u64,
        /// How many ticks they betray.
        bad: u64,
        /// How reliable they are then, 0–1.
        reliability: f32,
    },
    /// They leave and come back under another name when they are trusted less than this.
    Whitewash {
        /// The trust below which they leave, 0–1.
        below: f32,
        /// How many ticks they stay at least.
        pause: u64,
    },
}

/// An attack that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// What is done.
    pub kind: CampaignKind,
    /// Who does it, ascending.
    pub agents: Vec<u32>,
    /// Whom it is about, ascending; nobody for some kinds.
    pub targets: Vec<u32>,
    /// Ratings per agent and second.
    pub per_second: f64,
    /// The tick in which it began.
    pub since: u64,
    /// The last tick.
    pub until: u64,
    /// With [`CampaignKind::OnOff`], how reliable each of the agents is when it behaves.
    pub reliabilities: Vec<f32>,
}

impl Campaign {
    /// Whether an agent takes part.
    #[must_use]
    pub fn has(&self, agent: u32) -> bool {
        self.agents.binary_search(&agent).is_ok()
    }

    /// Whether it says something else of a subject than is so: what.
    #[must_use]
    pub fn says(&self, rater: u32, subject: u32) -> Option<bool> {
        let praise = match self.kind {
            CampaignKind::Praise => true,
            CampaignKind::Slander => false,
            CampaignKind::OnOff { .. } | CampaignKind::Whitewash { .. } => return None,
        };
        (self.has(rater) && self.targets.binary_search(&subject).is_ok()).then_some(praise)
    }
}
