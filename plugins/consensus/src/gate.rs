//! Operations that wait until voters have decided that they are done.

use std::collections::{BTreeMap, BTreeSet};

use agent2028_core::clock::SimClock;
use agent2028_operations::engine::HeldBack;
use agent2028_operations::{Operations, with_ground};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::ConsensusConfig;
use crate::log::Consensus;
use crate::protocol::message::{Height, ValueId};

/// An operation that waits for a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub operation: HeldBack,
    /// The last tick in which a decision still lets it through.
    pub until: u64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Became {
    Open,
    /// It was decided in this height.
    Decided(Height),
    /// It waited too long; the log was at this height.
    Lapsed(Height),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Request {
    asked: Asked,
    became: Became,
}

/// Operations that wait for a decision, by the number of the value that lets them through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gates {
    requests: BTreeMap<u32, Request>,
    open: BTreeSet<u32>,
    /// What goes on in the next tick: whether it is let through, or turned away.
    due: Vec<(HeldBack, bool)>,
    approved: u64,
    lapsed: u64,
}

impl Gates {
    /// How many operations wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    /// How many were let through.
    #[must_use]
    pub fn approved(&self) -> u64 {
        self.approved
    }

    /// How many had waited too long and were turned away.
    #[must_use]
    pub fn lapsed(&self) -> u64 {
        self.lapsed
    }

    /// The operations that wait, oldest first: the number of the value that lets each through, and what it does.
    pub fn open_requests(&self) -> impl Iterator<Item = (ValueId, &str)> + '_ {
        self.open.iter().filter_map(|number| Some((ValueId(*number), self.name_of(ValueId(*number))?)))
    }

    /// What a value stands for.
    #[must_use]
    pub fn name_of(&self, value: ValueId) -> Option<&str> {
        self.requests.get(&value.0).map(|request| request.asked.operation.capability.as_str())
    }

    pub(crate) fn open(&mut self, value: ValueId, asked: Asked) {
        self.requests.insert(value.0, Request { asked, became: Became::Open });
        self.open.insert(value.0);
    }

    /// What has waited longest.
    pub(crate) fn first_open(&self) -> Option<ValueId> {
        self.open.first().copied().map(ValueId)
    }

    /// Whether a value may be decided in a height: nothing is done twice. All that have decided the heights below answer alike.
    pub(crate) fn may_be_decided(&self, value: ValueId, height: Height) -> bool {
        let before = self.requests.get(&value.0).map(|request| request.became);
        !matches!(before, Some(Became::Decided(at)) if at < height)
    }

    /// A value was decided for the first time. Of heights below `first_kept` nobody speaks any more.
    pub(crate) fn decide(&mut self, value: ValueId, height: Height, first_kept: Height) {
        if let Some(request) = self.requests.get_mut(&value.0)
            && self.open.remove(&value.0)
        {
            request.became = Became::Decided(height);
            self.due.push((request.asked.operation.clone(), true));
            self.approved = self.approved.saturating_add(1);
        }
        while let Some(oldest) = self.requests.first_entry() {
            match oldest.get().became {
                Became::Decided(at) | Became::Lapsed(at) if at < first_kept => oldest.remove(),
                _ => break,
            };
        }
    }

    /// What has waited too long by a tick is turned away.
    pub(crate) fn lapse(&mut self, tick: u64, height: Height) {
        let requests = &self.requests;
        let late = |number: &u32| requests.get(number).is_none_or(|request| request.asked.until < tick);
        let late: Vec<u32> = self.open.iter().copied().filter(late).collect();
        for number in late {
            self.open.remove(&number);
            if let Some(request) = self.requests.get_mut(&number) {
                request.became = Became::Lapsed(height);
                self.due.push((request.asked.operation.clone(), false));
                self.lapsed = self.lapsed.saturating_add(1);
            }
        }
    }

    /// Whether its parts belong together, as those of a file may not.
    pub(crate) fn is_sound(&self) -> bool {
        self.open.iter().all(|number| self.requests.get(number).is_some_and(|request| request.became == Became::Open))
    }
}

/// Whether operations wait for decisions in this scene.
pub(crate) fn has_gates(config: Res<ConsensusConfig>, operations: Option<Res<Operations>>) -> bool {
    operations.is_some() && !config.gates.is_empty()
}

/// Tells operations what they hold back.
pub(crate) fn close(config: Res<ConsensusConfig>, mut operations: ResMut<Operations>) {
    operations.gate(config.gates.iter().map(|gate| gate.capability.as_str()));
}

/// Takes what operations hold back since the last tick, and turns away what has waited too long.
pub(crate) fn take(
    config: Res<ConsensusConfig>,
    clock: Res<SimClock>,
    mut operations: ResMut<Operations>,
    mut consensus: ResMut<Consensus>,
) {
    let tick = clock.tick();
    let until = |operation: &HeldBack| {
        let gate = config.gates.iter().find(|gate| gate.capability == operation.capability);
        tick.saturating_add(gate.map_or(0, |gate| clock.ticks_in(f64::from(gate.wait_s))))
    };
    let asked = operations.take_held_back().into_iter();
    let asked = asked.map(|operation| Asked { until: until(&operation), operation }).collect();
    consensus.number(asked);
    let height = consensus.decided();
    consensus.gates.lapse(tick, height);
}

/// Whether something is to be let through or turned away.
pub(crate) fn is_due(consensus: Res<Consensus>) -> bool {
    !consensus.gates.due.is_empty()
}

/// Lets through what was decided, and turns away what has waited too long.
pub(crate) fn let_through(world: &mut World) {
    let due = std::mem::take(&mut world.resource_mut::<Consensus>().gates.due);
    with_ground(world, |operations, ground| {
        for (operation, passes) in due {
            operations.go_on(ground, &operation, passes);
        }
    });
}
