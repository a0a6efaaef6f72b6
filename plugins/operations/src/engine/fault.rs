//! What lasts for a while: load spikes, floods of slow operations, exhaustion, lies, isolation.

use agent2028_core::agent::{AgentId, parse_pattern};
use serde::{Deserialize, Serialize};

use super::route::Ask;
use super::{ClassKey, Ground, Operations};
use crate::config::{Poisson, Workload};
use crate::events::OperationsTold;
use crate::server::ISOLATED;
use crate::slab::{GIVEN, NONE};
use crate::workload::{Around, Source};

/// The workload number of operations that come from no workload.
const NO_WORKLOAD: u16 = u16::MAX;
/// Where the dice of floods begin, beyond those of all workloads.
const FLOODS: usize = 1 << 16;

/// Sources ask more often than they would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spike {
    /// The name of the workload, or the capability (or a pattern) that is asked for.
    pub of: String,
    /// By how much their rate is multiplied.
    pub factor: f64,
    /// The last tick.
    pub until: u64,
}

/// Operations that take very long are asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flood {
    capability: String,
    per_second: f64,
    hold_ms: f32,
    /// The last tick.
    until: u64,
    session: u32,
    pub(super) source: Source,
}

/// What is done to agents for a while.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum HoldKind {
    /// This share (0–1) of what they can work on at once is gone.
    Exhaustion(f32),
    /// They claim this health and reliability, and admit this share of their load (each 0–1).
    Lies {
        /// Claimed health.
        health: f32,
        /// Claimed reliability.
        reliability: f32,
        /// Admitted share of load.
        load: f32,
    },
    /// They are given no work.
    Isolation,
}

/// Something that is done to agents for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    kind: HoldKind,
    agents: Vec<u32>,
    /// The last tick.
    until: u64,
}

/// The workload that a flood is like.
fn like(capability: &str, per_second: f64) -> Workload {
    Workload::Poisson(Poisson { capability: capability.to_owned(), per_second, ..Poisson::default() })
}

/// Spikes together let a workload ask for at most so many times as much.
const MOST_FACTOR: f64 = 1e6;

/// Whether a name or pattern means a workload.
pub(crate) fn is_meant(of: &str, workload: &Workload) -> bool {
    let Some(demand) = workload.demand() else { return false };
    of == demand.name
        || match parse_pattern(of) {
            Ok((literal, true)) => demand.capability.starts_with(literal),
            Ok((name, false)) => name == demand.capability,
            Err(_) => false,
        }
}

impl Operations {
    /// How many spikes, floods and holds last now.
    #[must_use]
    pub fn lasting(&self) -> [usize; 3] {
        [self.state.spikes.len(), self.state.floods.len(), self.state.holds.len()]
    }

    /// By how much spikes multiply the rate of a workload.
    pub(super) fn factor_of(&self, workload: &Workload) -> f64 {
        let hit = |spike: &&Spike| is_meant(&spike.of, workload);
        // Of spikes of the same workloads the one that began last holds; those of others come on top.
        let mut factor = 1.0;
        for (at, spike) in self.state.spikes.iter().enumerate() {
            let holds = !self.state.spikes[at + 1..].iter().any(|later| later.of == spike.of);
            if holds && hit(&spike) {
                factor *= spike.factor;
            }
        }
        factor.min(MOST_FACTOR)
    }

    /// Begins a load spike. Returns how many workloads it hits.
    pub fn begin_spike(&mut self, ground: &Ground, spike: Spike) -> usize {
        // One that ends no later can never show again.
        self.state.spikes.retain(|other| other.of != spike.of || other.until > spike.until);
        let hit = ground.config.workload.iter().filter(|workload| is_meant(&spike.of, workload)).count();
        self.state.spikes.push(spike);
        self.adapt(ground);
        hit
    }

    /// Begins a flood of operations that hold an agent for `hold_ms` each (unless they time out).
    pub fn begin_flood(&mut self, ground: &Ground, capability: &str, per_second: f64, hold_ms: f32, until: u64) {
        let number = self.state.next_serial;
        let workload = like(capability, per_second);
        let index = FLOODS + self.state.floods.len();
        let around =
            Around { workload: &workload, index, factor: 1.0, dice: &ground.dice, rate: ground.rate, end: self.end };
        let mut source = Source::begin(&around, self.now(), ground.files);
        // Each flood of a run has other dice.
        source.skip(number);
        let session = self.state.book.open(NO_WORKLOAD, 0);
        let capability = capability.to_owned();
        self.state.floods.push(Flood { capability, per_second, hold_ms, until, session, source });
        self.find_soonest();
    }

    /// It is the turn of a flood.
    pub(super) fn ask_flood(&mut self, ground: &Ground, index: usize) {
        let now = self.now();
        let end = self.end;
        let flood = &mut self.state.floods[index];
        let workload = like(&flood.capability, flood.per_second);
        let index = FLOODS + index;
        let around = Around { workload: &workload, index, factor: 1.0, dice: &ground.dice, rate: ground.rate, end };
        let request = flood.source.take(&around, now, ground.files, &mut None);
        let (capability, hold_ms, session) = (flood.capability.clone(), flood.hold_ms, flood.session);
        self.reorder(index - FLOODS + self.state.sources.len());
        let Some(request) = request else { return };
        let class = self.class_of(
            ground,
            ClassKey { capability, kind: String::new(), tier: None, strategy: None, region: String::new() },
        );
        let ask = Ask {
            class,
            workload: NO_WORKLOAD,
            key: request.key,
            priority: 5,
            asker: NONE,
            join: NONE,
            part: 0,
            flags: GIVEN,
            given_ms: hold_ms,
            session,
        };
        self.request(ground, ask);
    }

    /// Does something to agents for a while. Those that can't work are passed over. Returns how many it is done to.
    pub fn begin_hold(&mut self, ground: &Ground, kind: HoldKind, agents: &[AgentId], until: u64) -> usize {
        let agents: Vec<u32> =
            agents.iter().filter(|agent| self.server(**agent).is_some()).map(|agent| agent.0).collect();
        let count = agents.len();
        if count == 0 {
            return 0;
        }
        // One of the same kind and agents that ends no later can never show again.
        let like = std::mem::discriminant(&kind);
        self.state.holds.retain(|hold| {
            let hides = std::mem::discriminant(&hold.kind) == like && hold.agents == agents && hold.until <= until;
            // Of exhaustions the largest holds, so that only a smaller one is hidden.
            let is_larger =
                matches!((hold.kind, kind), (HoldKind::Exhaustion(old), HoldKind::Exhaustion(new)) if old > new);
            !hides || is_larger
        });
        self.state.holds.push(Hold { kind, agents: agents.clone(), until });
        self.apply_holds(ground, kind, &agents);
        if let HoldKind::Exhaustion(share) = kind {
            self.notices.push((first_of(&agents), OperationsTold::RoomLost { share, agents: count as u32 }));
        }
        count
    }

    /// Works out what is done to agents (ascending) in one way by all that goes on.
    fn apply_holds(&mut self, ground: &Ground, like: HoldKind, agents: &[u32]) {
        let same = |kind: &HoldKind| std::mem::discriminant(kind) == std::mem::discriminant(&like);
        for &agent in agents {
            let holds =
                self.state.holds.iter().filter(|hold| same(&hold.kind) && hold.agents.binary_search(&agent).is_ok());
            let kinds: Vec<HoldKind> = holds.map(|hold| hold.kind).collect();
            self.update(ground, AgentId(agent), |server| match like {
                HoldKind::Exhaustion(_) => {
                    let share = |kind: &HoldKind| if let HoldKind::Exhaustion(share) = kind { *share } else { 0.0 };
                    server.exhausted = kinds.iter().map(share).fold(0.0, f32::max);
                }
                HoldKind::Lies { .. } => match kinds.last() {
                    Some(HoldKind::Lies { health, reliability, load }) => {
                        server.claimed_health = *health;
                        server.claimed_reliability = *reliability;
                        server.admitted_load = *load;
                    }
                    _ => {
                        server.claimed_health = -1.0;
                        server.claimed_reliability = server.truth;
                        server.admitted_load = 1.0;
                    }
                },
                HoldKind::Isolation => server.set(ISOLATED, !kinds.is_empty()),
            });
        }
    }

    /// Ends what has lasted long enough.
    pub(super) fn expire(&mut self, ground: &Ground, tick: u64) {
        if !self.state.spikes.is_empty() {
            let before = self.state.spikes.len();
            self.state.spikes.retain(|spike| spike.until >= tick);
            if self.state.spikes.len() != before {
                self.adapt(ground);
            }
        }
        if !self.state.floods.is_empty() {
            self.state.floods.retain(|flood| flood.until >= tick);
            self.find_soonest();
        }
        while let Some(over) = self.state.holds.iter().position(|hold| hold.until < tick) {
            let hold = self.state.holds.remove(over);
            self.apply_holds(ground, hold.kind, &hold.agents);
            if matches!(hold.kind, HoldKind::Exhaustion(_)) {
                let agents = hold.agents.len() as u32;
                self.notices.push((first_of(&hold.agents), OperationsTold::RoomRegained { agents }));
            }
        }
    }
}

fn first_of(agents: &[u32]) -> Option<AgentId> {
    agents.first().map(|agent| AgentId(*agent))
}
