//! The timeline of a run: keyframes, rewind, forks, undo and redo.
//!
//! A [`Timeline`] stands between whoever drives a simulation (a window, a program) and the [`Simulation`]. While ticks run it
//! takes keyframes in bounded memory; going to another tick is the nearest keyframe and running on from there. Because
//! a simulation is its scene, its seed and its interventions, this gives the same bits as a run from the start.
//!
//! The ways that a run has taken are its branches. An intervention in the past forks: the branch stays as it was, and
//! a new one goes on from here. To undo is to fork without the last intervention.
//!
//! ```
//! use agent2028_core::timeline::Timeline;
//! use agent2028_core::{SimCorePlugin, faults::Kill, simulation::Simulation};
//! use bevy::prelude::*;
//!
//! let mut app = App::new();
//! app.add_plugins(SimCorePlugin::default());
//! let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
//! let mut timeline = Timeline::default();
//!
//! timeline.run(&mut simulation, 100);
//! let calm = simulation.state_hash();
//! timeline.seek(40);
//! timeline.finish(&mut simulation);
//! timeline.intervene(&mut simulation, Kill::default()); // in the past: a second branch
//! timeline.run(&mut simulation, 60);
//! assert_eq!(timeline.branches().count(), 2);
//!
//! let first = timeline.branches().next().unwrap().id();
//! timeline.switch(first, 100);
//! timeline.finish(&mut simulation);
//! assert_eq!(simulation.state_hash(), calm);
//! ```

mod branch;
mod forks;
mod keyframe;
mod keyframe_budget;
mod marks;
mod run;
mod thinning;
mod travel;

pub use branch::{Branch, BranchId};
pub use keyframe::Keyframe;
pub use marks::EventMark;
pub use travel::Seeking;

use std::collections::BTreeMap;
use std::time::Instant;

use bevy::prelude::*;

use self::branch::Tree;
use self::keyframe_budget::KeyframeBudget;
use self::marks::Marks;
use self::travel::Seek;
use crate::event::EventBus;
use crate::intervention::{AnyIntervention, InterventionLog, InterventionQueue, Origin, Stamped};
use crate::metrics::Metrics;
use crate::simulation::Simulation;

/// How much a timeline may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineLimits {
    /// The memory of keyframes and of the branches' metrics, in bytes. The keyframe of the start is kept in any case.
    pub bytes: usize,
    /// How many keyframes there are at most.
    pub keyframes: usize,
    /// How many branches there are at most (at least 2); when one more is needed, the one that was used longest ago goes.
    pub branches: usize,
}

impl Default for TimelineLimits {
    fn default() -> Self {
        Self { bytes: 512 << 20, keyframes: 500, branches: 32 }
    }
}

/// Where the world stands.
#[derive(Clone, Debug)]
struct Stand {
    branch: BranchId,
    tick: u64,
    /// By this and the next number an intervention or another state from elsewhere is noticed.
    generation: u64,
    next_sequence: u64,
    /// What had happened until then: the difference is what a tick brought.
    events: u64,
    counts: BTreeMap<&'static str, u64>,
}

/// What a hand did last: interventions that follow quickly and go on with it are undone with it.
#[derive(Clone, Copy, Debug, Default)]
struct Gesture {
    number: u64,
    at: Option<Instant>,
}

/// The whole time of a simulation that can be gone to: what ran, on which branch, and what was changed in it.
#[derive(Resource, Debug, Default)]
pub struct Timeline {
    limits: TimelineLimits,
    tree: Tree,
    current: BranchId,
    start: u64,
    stand: Option<Stand>,
    seek: Option<Seek>,
    /// What is to be changed as soon as the tick is reached that was asked for.
    deferred: Vec<AnyIntervention>,
    keyframe_budget: KeyframeBudget,
    gesture: Gesture,
    branches_dropped: u64,
    failure: Option<String>,
}

impl Timeline {
    /// A timeline with other limits than usual. It begins with the first simulation that it drives.
    #[must_use]
    pub fn new(limits: TimelineLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Forgets everything and begins anew with what `simulation` is now. A timeline does this by itself when the simulation
    /// was replaced, or restored from a checkpoint, by somebody else.
    pub fn begin(&mut self, simulation: &Simulation) {
        *self = Self { limits: self.limits, ..Self::default() };
        let world = simulation.world();
        let log = world.resource::<InterventionLog>().0.iter().map(|applied| applied.stamped.clone());
        let waiting = world.resource::<InterventionQueue>().iter();
        let interventions: Vec<Stamped> = log.chain(waiting).filter(|stamped| stamped.origin == Origin::User).collect();
        let tick = simulation.tick();
        self.start = tick;
        self.current = self.tree.add(|id| Branch {
            id,
            name: numbered(id),
            named: false,
            parent: None,
            gestures: (0..interventions.len() as u64).collect(),
            interventions,
            furthest: tick,
            end_hash: None,
            end: None,
            marks: Marks::default(),
            keyframes: BTreeMap::new(),
            undone: None,
            removed: false,
            used: 0,
        });
        self.stand_at(self.current, simulation);
        self.capture_in_time(simulation);
    }

    /// Lets the current branch go on to `tick`, because a recording says that it did: it is shown whole, and what lies ahead
    /// is run when somebody goes there.
    pub fn foresee(&mut self, tick: u64) {
        if let Some(branch) = self.tree.get_mut(self.current) {
            branch.furthest = branch.furthest.max(tick);
        }
    }

    /// Whether its branches are those of this simulation: not so between the moment in which another one is put in its place
    /// and the next tick that is driven.
    #[must_use]
    pub fn follows(&self, simulation: &Simulation) -> bool {
        self.stand.as_ref().is_some_and(|stand| stand.generation == simulation.generation())
    }

    /// Takes note of where the simulation is, and of what came into it from elsewhere.
    fn follow(&mut self, simulation: &mut Simulation) {
        match &self.stand {
            Some(stand) if stand.generation == simulation.generation() => {
                if simulation.world().resource::<InterventionQueue>().first_free() != stand.next_sequence {
                    self.adopt(simulation);
                }
                self.reached(simulation.tick());
            }
            _ => self.begin(simulation),
        }
    }

    /// Takes note of where the world stands.
    fn stand_at(&mut self, branch: BranchId, simulation: &Simulation) {
        let world = simulation.world();
        let bus = world.resource::<EventBus>();
        self.stand = Some(Stand {
            branch,
            tick: simulation.tick(),
            generation: simulation.generation(),
            next_sequence: world.resource::<InterventionQueue>().first_free(),
            events: bus.next_sequence(),
            counts: bus.counts(),
        });
    }

    /// The branch that the simulation is on, or on its way to; nothing before the first simulation.
    #[must_use]
    pub fn current(&self) -> Option<&Branch> {
        self.tree.get(self.current)
    }

    /// A branch that has not been removed.
    #[must_use]
    pub fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.tree.listed(id)
    }

    /// All branches that have not been removed, the oldest first.
    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.tree.iter()
    }

    /// The branch that this one forked from (if that was removed, the one above it) and the last tick that both share.
    #[must_use]
    pub fn parent(&self, id: BranchId) -> Option<(BranchId, u64)> {
        self.tree.parent(id)
    }

    /// The last tick that two branches have in common; `u64::MAX` for one and the same.
    #[must_use]
    pub fn common(&self, a: BranchId, b: BranchId) -> u64 {
        self.tree.common(a, b)
    }

    /// The first tick that can be gone to.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The ticks of a branch's run at which there is a keyframe, the latest first.
    pub fn keyframes(&self, id: BranchId) -> impl Iterator<Item = u64> {
        self.tree.lineage(id).flat_map(|(branch, until)| branch.keyframes.range(..=until).rev().map(|(tick, _)| *tick))
    }

    /// The metrics of a branch as far as it ran; nothing for the branch at whose end `simulation` stands, which has them
    /// itself.
    #[must_use]
    pub fn metrics(&self, id: BranchId) -> Option<&Metrics> {
        self.tree.listed(id)?.metrics()
    }

    /// The memory that keyframes and the branches' metrics take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of = |branch: &Branch| {
            let keyframes: usize = branch.keyframes.values().map(Keyframe::bytes).sum();
            keyframes + branch.end.as_ref().map_or(0, |end| end.bytes)
        };
        self.tree.all().map(of).sum()
    }

    /// How much may be kept.
    #[must_use]
    pub fn limits(&self) -> TimelineLimits {
        self.limits
    }

    /// How many branches had to go because there were too many.
    #[must_use]
    pub fn branches_dropped(&self) -> u64 {
        self.branches_dropped
    }

    /// Why the simulation could not be brought to a tick, if that ever happened; then the state shown is not to be trusted
    /// until the scene is opened again.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }
}

/// The name of a branch that nobody has named.
fn numbered(id: BranchId) -> String {
    format!("Run {}", id.0 + 1)
}

#[cfg(test)]
mod tests;
