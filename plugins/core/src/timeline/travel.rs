//! Going to another tick, back or forth.

use std::time::Duration;

use super::Timeline;
use super::branch::BranchId;
use crate::intervention::InterventionQueue;
use crate::life::Lives;
use crate::simulation::Simulation;
use crate::transport::Transport;

/// A way to another tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seek {
    pub(super) target: u64,
    /// The tick from which it is run, once that is known.
    pub(super) from: Option<u64>,
}

impl Seek {
    /// Towards a tick, from wherever the world stands.
    fn to(target: u64) -> Self {
        Self { target, from: None }
    }
}

/// How far the way to another tick is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeking {
    /// The tick that was asked for.
    pub target: u64,
    /// The tick of the keyframe from which it is run.
    pub from: u64,
    /// The tick that is reached.
    pub now: u64,
}

impl Seeking {
    /// How much of the way is done, 0–1.
    #[must_use]
    pub fn progress(&self) -> f32 {
        let whole = self.target.saturating_sub(self.from);
        if whole == 0 { 1.0 } else { self.now.saturating_sub(self.from) as f32 / whole as f32 }
    }
}

impl Timeline {
    /// Goes to a tick of the current branch, back or forth, as [`Timeline::advance`] is called. Asking again changes the
    /// aim. A tick that the branch has not run yet is run up to; one before the start counts as the start.
    pub fn seek(&mut self, tick: u64) {
        if self.stand.is_some() {
            self.seek = Some(Seek::to(tick.max(self.start)));
        }
    }

    /// Pauses and goes back by so many ticks.
    pub fn step_back(&mut self, transport: &mut Transport, ticks: u64) {
        transport.pause();
        self.seek(self.position().saturating_sub(ticks));
    }

    /// Stops on the way to another tick: the simulation stays where it is. Changes that were asked for meanwhile are made
    /// here.
    pub fn cancel(&mut self, simulation: &mut Simulation) {
        if self.seek.is_some() {
            // The world must be on the branch that is shown as the current one.
            self.put_on_way(simulation);
            self.arrive(simulation);
        }
    }

    /// The way that is still to go, if any.
    #[must_use]
    pub fn seeking(&self) -> Option<Seeking> {
        let (seek, stand) = (self.seek?, self.stand.as_ref()?);
        Some(Seeking { target: seek.target, from: seek.from.unwrap_or(stand.tick), now: stand.tick })
    }

    /// The tick after which the world stands or, on the way to another, that one.
    #[must_use]
    pub fn position(&self) -> u64 {
        match (&self.seek, &self.stand) {
            (Some(seek), _) => seek.target,
            (None, Some(stand)) => stand.tick,
            (None, None) => 0,
        }
    }

    /// Goes the whole way to the tick that was asked for, however long it takes.
    pub fn finish(&mut self, simulation: &mut Simulation) {
        self.follow(simulation);
        while self.seek.is_some() {
            self.travel(simulation, Duration::MAX);
        }
    }

    /// Goes on towards the tick that was asked for. Returns how many ticks ran.
    pub(super) fn travel(&mut self, simulation: &mut Simulation, budget: Duration) -> u64 {
        self.put_on_way(simulation);
        let Some(seek) = self.seek else {
            return 0;
        };
        let ran = self.run_within(simulation, seek.target.saturating_sub(simulation.tick()), budget);
        if simulation.tick() >= seek.target || simulation.stopped() {
            self.arrive(simulation);
        }
        ran
    }

    fn arrive(&mut self, simulation: &mut Simulation) {
        self.seek = None;
        for action in std::mem::take(&mut self.deferred) {
            self.put_in(simulation, None, action);
        }
    }

    /// Puts the world on the current branch, at a tick from which the one that was asked for can be run up to.
    fn put_on_way(&mut self, simulation: &mut Simulation) {
        let (Some(seek), Some(stand)) = (self.seek, self.stand.clone()) else {
            return;
        };
        if seek.from.is_some() {
            return;
        }
        let here = simulation.tick();
        let goes_on = here <= seek.target && here <= self.tree.common(stand.branch, self.current);
        let nearest = self.tree.nearest(self.current, seek.target).map(|(tick, _)| tick);
        if !goes_on || nearest.is_some_and(|nearest| nearest > here) {
            self.leave(simulation);
            if !self.go_back(simulation, seek.target, stand.branch) {
                self.seek = None;
                self.stand_at(self.current, simulation);
                return;
            }
        } else if stand.branch != self.current {
            self.leave(simulation);
            self.plan(simulation, None);
        }
        self.stand_at(self.current, simulation);
        self.seek = Some(Seek { from: Some(simulation.tick()), ..seek });
    }

    /// Restores the last keyframe of the current branch that is not after `target`. One that can't be restored is thrown
    /// away, and the one before it tried. `from` is the branch that the world was on.
    fn go_back(&mut self, simulation: &mut Simulation, target: u64, from: BranchId) -> bool {
        let shared = self.tree.common(from, self.current);
        while let Some((tick, keyframe)) = self.tree.nearest(self.current, target) {
            match simulation.put_back(keyframe) {
                Ok(()) => {
                    let first_free = keyframe.first_free();
                    self.plan(simulation, Some(first_free));
                    // Lives are written on as ticks run anew; what happened to the watched on another branch is none of this.
                    simulation.world_mut().resource_mut::<Lives>().truncate(tick.min(shared));
                    return true;
                }
                Err(error) => {
                    let message = format!("tick {tick} could not be restored: {error}");
                    tracing::error!("{message}");
                    self.failure = Some(message);
                    let owner: BranchId = self.tree.owner(self.current, tick);
                    self.tree.drop_keyframe(owner, tick);
                }
            }
        }
        false
    }

    /// Lets exactly those interventions of users wait that the current branch still has before it.
    pub(super) fn plan(&self, simulation: &mut Simulation, first_free: Option<u64>) {
        let now = simulation.tick();
        if let Some(branch) = self.tree.get(self.current) {
            let mut queue = simulation.world_mut().resource_mut::<InterventionQueue>();
            queue.plan(now, first_free, &branch.interventions);
        }
    }
}
