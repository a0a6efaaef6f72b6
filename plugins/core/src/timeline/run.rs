//! Running ticks, and taking keyframes on the way.

use std::time::{Duration, Instant};

use super::Timeline;
use super::branch::{Branch, BranchId, End};
use super::keyframe::Keyframe;
use super::thinning::{Candidate, least_missed};
use crate::event::EventBus;
use crate::intervention::{InterventionLog, InterventionQueue};
use crate::metrics::Metrics;
use crate::simulation::Simulation;
use crate::transport::Transport;

impl Timeline {
    /// Does in a frame what is due after `real` time has passed, within the budget of `transport`: goes on towards the tick
    /// that was asked for, or runs the ticks that are due. Returns how many ticks ran.
    pub fn advance(&mut self, simulation: &mut Simulation, transport: &mut Transport, real: Duration) -> u64 {
        self.follow(simulation);
        if self.seek.is_some() {
            transport.yield_frame(|budget| self.travel(simulation, budget))
        } else {
            transport
                .advance_by(simulation, real, |simulation, ticks, budget| self.run_within(simulation, ticks, budget))
        }
    }

    /// Runs `ticks` ticks, or fewer if a fault stops the run. Returns how many ran. Whatever is still on its way is finished
    /// first.
    pub fn run(&mut self, simulation: &mut Simulation, ticks: u64) -> u64 {
        self.finish(simulation);
        self.run_within(simulation, ticks, Duration::MAX)
    }

    /// Runs at most so many ticks until the budget is used up; at least one if any is asked for.
    #[expect(clippy::disallowed_methods, reason = "the budget is about real time; no simulation code sees it")]
    pub(super) fn run_within(&mut self, simulation: &mut Simulation, ticks: u64, budget: Duration) -> u64 {
        let start = Instant::now();
        let mut ran = 0;
        let mut costs = Duration::ZERO;
        while ran < ticks {
            let before = Instant::now();
            if simulation.run(1) == 0 {
                break;
            }
            ran += 1;
            let cost = before.elapsed();
            costs += cost;
            self.ticked(simulation);
            self.keyframe_budget.ran(cost);
            if self.keyframe_budget.affords() {
                self.capture_in_time(simulation);
            }
            if start.elapsed() + simulation.tick_cost() / 2 >= budget {
                break;
            }
        }
        if ran > 0 {
            simulation.note_tick_cost(costs / u32::try_from(ran).unwrap_or(u32::MAX));
        }
        ran
    }

    /// Takes a keyframe and notes what it cost.
    #[expect(
        clippy::disallowed_methods,
        reason = "what a keyframe costs is about real time; no simulation code sees it"
    )]
    pub(super) fn capture_in_time(&mut self, simulation: &Simulation) {
        let before = Instant::now();
        self.capture(simulation);
        self.keyframe_budget.took(before.elapsed());
    }

    /// Takes note of a tick that ran.
    fn ticked(&mut self, simulation: &Simulation) {
        let tick = simulation.tick();
        let world = simulation.world();
        let Some(stand) = &mut self.stand else {
            return;
        };
        let bus = world.resource::<EventBus>();
        let news = bus.next_sequence() != stand.events;
        if let Some(branch) = self.tree.get_mut(stand.branch)
            && tick > branch.furthest
            && news
        {
            for event in bus.history().rev().take_while(|event| event.tick == tick) {
                let name = event.kind.name;
                let before = stand.counts.get(name).copied().unwrap_or_default();
                branch.marks.note(event, bus.count_of(name).saturating_sub(before));
            }
        }
        if news {
            stand.events = bus.next_sequence();
            stand.counts = bus.counts();
        }
        stand.next_sequence = world.resource::<InterventionQueue>().first_free();
        self.reached(tick);
    }

    /// Takes note of the tick after which the world stands.
    pub(super) fn reached(&mut self, tick: u64) {
        let Some(stand) = &mut self.stand else {
            return;
        };
        stand.tick = tick;
        if let Some(branch) = self.tree.get_mut(stand.branch)
            && tick > branch.furthest
        {
            branch.furthest = tick;
            branch.end = None;
            branch.end_hash = None;
        }
    }

    /// Takes a keyframe of the present, unless there is one or there is no room for a second one at all.
    pub(super) fn capture(&mut self, simulation: &Simulation) {
        let Some(stand) = &self.stand else {
            return;
        };
        let tick = simulation.tick();
        let owner = self.tree.owner(stand.branch, tick);
        let before = self.tree.nearest(owner, tick);
        if before.is_some_and(|(at, keyframe)| at == tick || !self.has_room_beside_start(keyframe.bytes())) {
            return;
        }
        let keyframe = Keyframe::after(simulation.world(), before.map(|(_, keyframe)| keyframe.metrics()));
        if let Some(branch) = self.tree.get_mut(stand.branch)
            && branch.furthest == tick
        {
            branch.end_hash = Some(keyframe.state_hash());
        }
        if let Some(branch) = self.tree.get_mut(owner) {
            branch.keyframes.insert(tick, keyframe);
        }
        self.tree.recount_after(owner, tick);
        self.make_room(owner, tick);
    }

    fn has_room_beside_start(&self, bytes: usize) -> bool {
        let start = self.tree.all().find_map(|branch| branch.keyframes.get(&self.start));
        start.is_none_or(|start| start.bytes().saturating_add(bytes) <= self.limits.bytes)
    }

    /// Drops keyframes until all limits hold again: not the start, and the newest only if there is no other way.
    fn make_room(&mut self, newest_of: BranchId, newest: u64) {
        let mut count = self.tree.all().map(|branch| branch.keyframes.len()).sum::<usize>();
        while count > self.limits.keyframes.max(2) || self.bytes() > self.limits.bytes {
            let Some((branch, tick)) = self.least_missed(newest_of, newest) else {
                break;
            };
            self.tree.drop_keyframe(branch, tick);
            count -= 1;
        }
        if newest != self.start && self.bytes() > self.limits.bytes {
            self.tree.drop_keyframe(newest_of, newest);
        }
    }

    fn least_missed(&self, newest_of: BranchId, newest: u64) -> Option<(BranchId, u64)> {
        let here: Vec<BranchId> = self.tree.lineage(newest_of).map(|(branch, _)| branch.id).collect();
        let of_branch = |branch: &Branch| {
            let fork = branch.parent.map(|(_, fork)| fork);
            let ticks: Vec<u64> = branch.keyframes.keys().copied().collect();
            let (id, last, foreign) = (branch.id, branch.furthest, !here.contains(&branch.id));
            let candidate = |at: usize| {
                let tick = ticks[at];
                let before = at.checked_sub(1).map(|before| ticks[before]).or(fork).unwrap_or(tick);
                let after = ticks.get(at + 1).copied().unwrap_or(last.max(tick));
                let gap = after.saturating_sub(before);
                ((id, tick), Candidate { gap, distance: newest.abs_diff(tick), foreign })
            };
            (0..ticks.len()).map(candidate).collect::<Vec<_>>()
        };
        let candidates: Vec<((BranchId, u64), Candidate)> = self
            .tree
            .all()
            .flat_map(of_branch)
            .filter(|(at, _)| at.1 != self.start && *at != (newest_of, newest))
            .collect();
        let span = self.tree.all().map(|branch| branch.furthest).max().unwrap_or(0) - self.start;
        least_missed(candidates.iter().map(|(_, candidate)| *candidate), span).map(|least| candidates[least].0)
    }

    /// Before the world is put elsewhere: keeps what only the world has.
    pub(super) fn leave(&mut self, simulation: &Simulation) {
        let Some(stand) = self.stand.clone() else {
            return;
        };
        self.capture(simulation);
        let tick = simulation.tick();
        let metrics = simulation.world().resource::<Metrics>();
        let before = self.tree.nearest(stand.branch, tick).map(|(_, keyframe)| keyframe.metrics());
        let bytes = metrics.bytes_beyond(before);
        if let Some(branch) = self.tree.get_mut(stand.branch)
            && branch.furthest == tick
            && !branch.removed
        {
            let log = simulation.world().resource::<InterventionLog>().0.clone();
            branch.end = Some(End { metrics: metrics.clone(), log, bytes });
        }
    }
}
