//! Operations that a buyer asks of a certain agent: routing has no say in them.

use agent2028_core::agent::AgentId;

use super::plan::pool_for;
use super::route::Ask;
use super::{ClassKey, Ground, Operations, of};
use crate::server::IN_SWARM;
use crate::session::{Failure, Outcome};
use crate::slab::{NONE, Operation, PART, SWARM};

/// The workload of what was commissioned: none, and another one than that of floods.
const COMMISSIONED: u16 = u16::MAX - 1;

/// What is asked of a certain agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commission<'a> {
    /// Who does it.
    pub agent: AgentId,
    /// Who asks for it, and has the experience.
    pub buyer: AgentId,
    /// The capability.
    pub capability: &'a str,
    /// What it is for: any number, which comes back with the outcome.
    pub reference: u32,
    /// The session that it belongs to, as [`Operations::open_session`] gave it.
    pub session: u32,
}

/// What became of a commission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommissionEnd {
    /// The operation's number.
    pub command: u64,
    /// Who did it, or was to do it.
    pub agent: AgentId,
    /// What it was for.
    pub reference: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took from the request on, in microseconds.
    pub latency_us: u64,
}

impl Operation {
    /// Whether a certain agent was asked for.
    #[must_use]
    pub fn is_commissioned(&self) -> bool {
        self.workload == COMMISSIONED && !self.is(PART)
    }

    /// Who asked for it, if somebody did who has a name.
    #[must_use]
    pub fn buyer(&self) -> Option<AgentId> {
        self.is_commissioned().then_some(AgentId(self.part))
    }
}

impl Operations {
    /// Opens a session without an end, for commissions.
    pub fn open_session(&mut self) -> u32 {
        self.state.book.open(COMMISSIONED, 0)
    }

    /// Asks a certain agent for an operation, at the moment up to which operations have run. It is tried again with the same
    /// agent, as the section's `retry` says, and rejected if the agent is not there, has failed, is shut out, or can't do it.
    /// What becomes of it [`Operations::take_commissions`] tells.
    pub fn commission(&mut self, ground: &Ground, commission: Commission) {
        let key = ClassKey {
            capability: commission.capability.to_owned(),
            kind: String::new(),
            tier: None,
            strategy: None,
            region: String::new(),
        };
        let ask = Ask {
            class: self.class_of(ground, key),
            workload: COMMISSIONED,
            key: u64::from(commission.agent.0),
            priority: 5,
            asker: commission.reference,
            join: NONE,
            part: commission.buyer.0,
            flags: 0,
            given_ms: 0.0,
            session: commission.session,
        };
        self.request(ground, ask);
    }

    /// Puts the commissions that ended since the last call into `into`, in the order in which they ended.
    pub fn take_commissions(&mut self, into: &mut Vec<CommissionEnd>) {
        into.clear();
        std::mem::swap(into, &mut self.commissions);
    }

    /// Whether commissions have ended that nobody has taken.
    #[must_use]
    pub fn has_commissions(&self) -> bool {
        !self.commissions.is_empty()
    }

    /// Gives a commission to its agent.
    pub(super) fn dispatch_commission(&mut self, ground: &Ground, place: u32) {
        let operation = self.state.slab[place];
        let agent = operation.key as u32;
        let server = self.state.servers.get(agent).filter(|server| server.is_available());
        let tier = match server {
            Some(server) if server.is(IN_SWARM) => agent2028_core::agent::Tier::Swarm,
            Some(_) => agent2028_core::agent::Tier::Individual,
            None => self.classes[usize::from(operation.class)].tier,
        };
        if operation.attempt == 0 {
            self.state.tiers[of(tier)].counts.requested += 1;
        }
        self.state.slab[place].set(SWARM, tier == agent2028_core::agent::Tier::Swarm);
        let number = pool_for(&self.classes[usize::from(operation.class)], tier);
        let able = server.is_some() && self.pools_of(agent).any(|pool| pool == number);
        if !able {
            return self.finish(ground, place, Outcome::Rejected, Failure::NoAgent);
        }
        if let Err(failure) = self.admit(ground, tier) {
            return self.finish(ground, place, Outcome::Rejected, failure);
        }
        self.state.tiers[of(tier)].held += 1;
        self.state.slab[place].routed = self.now();
        self.assign(ground, place, number, agent);
    }

    /// Notes what became of a commission.
    pub(super) fn note_commission(&mut self, operation: &Operation, outcome: Outcome, latency_us: u64) {
        if operation.is_commissioned() {
            self.commissions.push(CommissionEnd {
                command: operation.serial,
                agent: AgentId(operation.key as u32),
                reference: operation.asker,
                outcome,
                latency_us,
            });
        }
    }
}
