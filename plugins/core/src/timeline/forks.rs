//! Changing what happens: interventions, forks, undo and redo.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::branch::{Branch, BranchId};
use super::{Timeline, numbered};
use crate::intervention::{AnyIntervention, InterventionLog, InterventionQueue, Origin, Stamped};
use crate::simulation::Simulation;

/// A hand that rests for longer begins something new.
const A_MOMENT: Duration = Duration::from_millis(700);

impl Timeline {
    /// Changes the simulation at the start of the next tick. At the end of a branch the change just goes in; before that it
    /// forks, and leaves the branch as it was. On the way to another tick it is made there.
    pub fn intervene(&mut self, simulation: &mut Simulation, action: impl Into<AnyIntervention>) {
        self.follow(simulation);
        if self.seek.is_some() {
            self.deferred.push(action.into());
        } else {
            self.put_in(simulation, None, action.into());
        }
    }

    /// Queues an intervention for a tick, the next one if none is given, on a fork if the branch has gone on from here.
    pub(super) fn put_in(&mut self, simulation: &mut Simulation, tick: Option<u64>, action: AnyIntervention) {
        let now = simulation.tick();
        if self.current().is_some_and(|branch| branch.furthest > now) {
            self.fork(simulation, None);
        }
        let tick = tick.unwrap_or(now + 1);
        let sequence =
            simulation.world_mut().resource_mut::<InterventionQueue>().push(tick, Origin::User, action.clone());
        let gesture = self.gesture_of(&action);
        if let Some(branch) = self.tree.get_mut(self.current) {
            branch.interventions.push(Stamped { tick, sequence, origin: Origin::User, action });
            branch.gestures.push(gesture);
            branch.undone = None;
        }
        self.stand_at(self.current, simulation);
    }

    /// Takes back an intervention of a user that waits for its tick: it never was. In the past of a branch this forks, as any
    /// other change there; what the branch did later is left out. What came after it and waits too moves up to the number
    /// that it would have without it. Returns false if no such intervention waits.
    pub fn withdraw(&mut self, simulation: &mut Simulation, sequence: u64) -> bool {
        self.follow(simulation);
        let now = simulation.tick();
        let waits = |stamped: &Stamped| stamped.tick > now && stamped.sequence == sequence;
        let here = self.current().filter(|_| self.seek.is_none());
        let Some(branch) = here.filter(|branch| branch.interventions.iter().any(waits)) else {
            return false;
        };
        let in_the_past = branch.furthest > now;
        // In the past only what comes with the next tick stays.
        let stays = |stamped: &Stamped| {
            stamped.tick > now && stamped.sequence != sequence && (!in_the_past || stamped.tick == now + 1)
        };
        let all = branch.interventions.iter().zip(&branch.gestures);
        let others: Vec<(Stamped, u64)> =
            all.filter(|(stamped, _)| stays(stamped)).map(|(stamped, gesture)| (stamped.clone(), *gesture)).collect();
        if in_the_past {
            self.fork(simulation, None);
        }
        let Some(branch) = self.tree.get_mut(self.current) else {
            return false;
        };
        let keep: Vec<bool> = branch.interventions.iter().map(|stamped| stamped.tick <= now).collect();
        let (mut of_interventions, mut of_gestures) = (keep.iter(), keep.iter());
        branch.interventions.retain(|_| of_interventions.next().is_some_and(|keep| *keep));
        branch.gestures.retain(|_| of_gestures.next().is_some_and(|keep| *keep));
        branch.undone = None;
        // The others come anew, so that they have the numbers that they would have without it.
        self.plan(simulation, None);
        for (Stamped { tick, origin, action, .. }, gesture) in others {
            let mut queue = simulation.world_mut().resource_mut::<InterventionQueue>();
            let sequence = queue.push(tick, origin, action.clone());
            if let Some(branch) = self.tree.get_mut(self.current) {
                branch.interventions.push(Stamped { tick, sequence, origin, action });
                branch.gestures.push(gesture);
            }
        }
        self.stand_at(self.current, simulation);
        true
    }

    /// The number of the gesture that an intervention belongs to: that of the last one if it follows quickly and goes on with
    /// it, otherwise a new one.
    #[expect(clippy::disallowed_methods, reason = "a gesture of a hand is about real time; no simulation code sees it")]
    fn gesture_of(&mut self, action: &AnyIntervention) -> u64 {
        let now = Instant::now();
        let quick = self.gesture.at.is_some_and(|at| now - at < A_MOMENT);
        let last = self.current().and_then(|branch| branch.interventions.last());
        if !(quick && last.is_some_and(|last| action.continues(&last.action))) {
            // Above all that a branch may have begun with.
            let known = self.tree.all().flat_map(|branch| branch.gestures.iter()).max();
            self.gesture.number = known.map_or(0, |known| known + 1);
        }
        self.gesture.at = Some(now);
        self.gesture.number
    }

    /// Takes over interventions that came into the queue past this timeline, as if they had come through it. If the
    /// simulation even ran with them in what this timeline took for known, it begins anew.
    pub(super) fn adopt(&mut self, simulation: &mut Simulation) {
        let Some((branch, stand)) = self.stand.as_ref().and_then(|stand| Some((self.tree.get(stand.branch)?, stand)))
        else {
            return;
        };
        let is_known = |stamped: &Stamped| branch.interventions.iter().any(|known| known.sequence == stamped.sequence);
        let log = simulation.world().resource::<InterventionLog>();
        let ran = log.0.iter().rev().map(|applied| &applied.stamped).take_while(|stamped| stamped.tick > stand.tick);
        let mut ran: Vec<Stamped> =
            ran.filter(|stamped| stamped.origin == Origin::User && !is_known(stamped)).cloned().collect();
        ran.reverse();
        if ran.iter().any(|stamped| stamped.tick <= branch.furthest) {
            self.begin(simulation);
            return;
        }
        let queue = simulation.world().resource::<InterventionQueue>();
        let strange: Vec<Stamped> =
            queue.iter().filter(|stamped| stamped.origin == Origin::User && !is_known(stamped)).collect();
        let (now, on) = (simulation.tick(), stand.branch);
        if !strange.is_empty() {
            let known = branch.interventions.clone();
            simulation.world_mut().resource_mut::<InterventionQueue>().plan(now, None, &known);
        }
        if let Some(branch) = self.tree.get_mut(on) {
            let next = branch.gestures.iter().max().map_or(0, |last| last + 1);
            branch.gestures.extend(next..next + ran.len() as u64);
            branch.interventions.append(&mut ran);
        }
        self.stand_at(on, simulation);
        self.reached(now);
        for stamped in strange {
            if self.seek.is_some() {
                self.deferred.push(stamped.action);
            } else {
                self.put_in(simulation, Some(stamped.tick.max(now + 1)), stamped.action);
            }
        }
    }

    /// Begins a branch at the present tick (or the one that is being gone to) and goes on in it. At the end of a branch,
    /// changes that wait for the next tick come along; in the past, later ones are left out. The name may be absent.
    pub fn fork(&mut self, simulation: &mut Simulation, name: Option<&str>) -> Option<BranchId> {
        self.follow(simulation);
        let parent = self.tree.get(self.current)?;
        let at_end = self.position() >= parent.furthest;
        let tick = self.position().min(parent.furthest);
        let interventions: Vec<Stamped> =
            parent.interventions.iter().filter(|stamped| at_end || stamped.tick <= tick).cloned().collect();
        let id = self.add_branch(tick, interventions, name);
        match &mut self.seek {
            Some(seek) => seek.from = None,
            None => {
                self.leave(simulation);
                self.current = id;
                self.plan(simulation, None);
                self.stand_at(id, simulation);
            }
        }
        self.current = id;
        Some(id)
    }

    /// Adds a branch that leaves the current one after `tick`; if there are too many, another one goes.
    fn add_branch(&mut self, tick: u64, interventions: Vec<Stamped>, name: Option<&str>) -> BranchId {
        let parent = self.current;
        let from = self.tree.get(parent);
        let marks = from.map(|branch| branch.marks.up_to(tick)).unwrap_or_default();
        let mut gestures = from.map(|branch| branch.gestures.clone()).unwrap_or_default();
        gestures.truncate(interventions.len());
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let id = self.tree.add(|id| Branch {
            id,
            name: name.map_or_else(|| numbered(id), str::to_owned),
            named: name.is_some(),
            parent: Some((parent, tick)),
            interventions,
            gestures,
            furthest: tick,
            end_hash: None,
            end: None,
            marks,
            keyframes: BTreeMap::new(),
            undone: None,
            removed: false,
            used: 0,
        });
        while self.tree.iter().count() > self.limits.branches.max(2) {
            let stands_on = self.stand.as_ref().map(|stand| stand.branch);
            let spared = [Some(id), Some(parent), stands_on];
            let oldest = self
                .tree
                .iter()
                .filter(|branch| branch.parent.is_some() && !spared.contains(&Some(branch.id)))
                .min_by_key(|branch| (branch.named, branch.used))
                .map(|branch| branch.id);
            let Some(oldest) = oldest else {
                break;
            };
            self.tree.remove(oldest);
            self.branches_dropped += 1;
        }
        id
    }

    /// Goes to a tick of another branch. Returns false if there is no such branch.
    pub fn switch(&mut self, branch: BranchId, tick: u64) -> bool {
        if self.tree.listed(branch).is_none() || self.stand.is_none() {
            return false;
        }
        self.current = branch;
        self.tree.touch(branch);
        self.seek(tick);
        true
    }

    /// The intervention that [`Timeline::undo`] would leave out.
    #[must_use]
    pub fn undoable(&self) -> Option<&AnyIntervention> {
        let last = self.current()?.interventions.last().filter(|last| last.tick > self.start);
        self.deferred.last().or(last.map(|last| &last.action))
    }

    /// The intervention that [`Timeline::redo`] would bring back.
    #[must_use]
    pub fn redoable(&self) -> Option<&AnyIntervention> {
        let with_it = self.tree.listed(self.current()?.undone?)?;
        with_it.interventions.last().map(|last| &last.action)
    }

    /// The intervention that a branch was made to leave out, by undoing it.
    #[must_use]
    pub fn left_out(&self, id: BranchId) -> Option<&Stamped> {
        self.tree.listed(self.branch(id)?.undone?)?.interventions.last()
    }

    /// Leaves out the last intervention of the current branch, together with those that it went on with (a slider that was
    /// dragged): forks before it and goes to the same tick. Returns whether there was one.
    pub fn undo(&mut self) -> bool {
        if self.deferred.pop().is_some() {
            return true;
        }
        let Some((branch, gesture)) = self.current().and_then(|branch| Some((branch, *branch.gestures.last()?))) else {
            return false;
        };
        let kept = branch.gestures.iter().position(|other| *other == gesture).unwrap_or_default();
        let (without, with) = branch.interventions.split_at(kept);
        let Some(first) = with.first().map(|stamped| stamped.tick).filter(|tick| *tick > self.start) else {
            return false;
        };
        let without = without.to_vec();
        let fork = (first - 1).min(branch.furthest);
        let undone = branch.id;
        let known = self.tree.iter().find(|other| other.undone == Some(undone) && other.interventions == without);
        let id = match known.map(|known| known.id) {
            Some(known) => known,
            None => {
                let id = self.add_branch(fork, without, None);
                if let Some(branch) = self.tree.get_mut(id) {
                    branch.undone = Some(undone);
                }
                id
            }
        };
        self.switch(id, self.position())
    }

    /// Goes back to the branch whose last intervention was undone, at the same tick. Returns whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(undone) = self.current().and_then(|branch| branch.undone) else {
            return false;
        };
        self.switch(undone, self.position())
    }

    /// Gives a branch another name. Returns false if there is no such branch or the name is empty.
    pub fn rename(&mut self, branch: BranchId, name: &str) -> bool {
        let name = name.trim();
        match self.tree.get_mut(branch) {
            Some(branch) if !name.is_empty() && !branch.removed => {
                name.clone_into(&mut branch.name);
                branch.named = true;
                true
            }
            _ => false,
        }
    }

    /// Removes a branch; those that forked from it stay. Returns false for the current one, for the first one, and if there
    /// is none.
    pub fn remove(&mut self, branch: BranchId) -> bool {
        let removable = self.removable(branch);
        if removable {
            self.tree.remove(branch);
        }
        removable
    }

    /// Whether a branch can be removed: neither the first one, which all others come from, nor the current one.
    #[must_use]
    pub fn removable(&self, branch: BranchId) -> bool {
        let stands_on = self.stand.as_ref().is_some_and(|stand| stand.branch == branch);
        branch != self.current && !stands_on && self.tree.listed(branch).is_some_and(|branch| branch.parent.is_some())
    }
}
