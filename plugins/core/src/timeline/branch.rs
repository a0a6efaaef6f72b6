//! Branches: the ways that a run has taken, as a tree.

use std::collections::BTreeMap;
use std::fmt;

use super::keyframe::Keyframe;
use super::marks::{EventMark, Marks};
use crate::checkpoint::StateHash;
use crate::intervention::{Applied, Stamped};
use crate::metrics::Metrics;

/// A branch's number. Numbers are not given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchId(pub(super) u32);

impl fmt::Display for BranchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a branch was when it had run furthest, while the simulation is elsewhere.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) metrics: Metrics,
    pub(super) log: Vec<Applied>,
    /// What the metrics take that the keyframes don't have.
    pub(super) bytes: usize,
}

/// A run of the scene with its own interventions. What it has in common with its parent, up to the tick at which it forked,
/// is kept once.
#[derive(Debug)]
pub struct Branch {
    pub(super) id: BranchId,
    pub(super) name: String,
    /// Whether a person has named it.
    pub(super) named: bool,
    pub(super) parent: Option<(BranchId, u64)>,
    pub(super) interventions: Vec<Stamped>,
    /// The gesture that each of them is part of.
    pub(super) gestures: Vec<u64>,
    pub(super) furthest: u64,
    pub(super) end_hash: Option<StateHash>,
    pub(super) end: Option<End>,
    pub(super) marks: Marks,
    pub(super) keyframes: BTreeMap<u64, Keyframe>,
    /// The branch that has one more intervention, which was undone here.
    pub(super) undone: Option<BranchId>,
    /// A removed branch lives on, unseen, while others need its keyframes.
    pub(super) removed: bool,
    /// When it was used last; larger is later.
    pub(super) used: u64,
}

impl Branch {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> BranchId {
        self.id
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All interventions of users in it, those before the fork too, in the order in which they came. With the scene, this is
    /// the whole run.
    #[must_use]
    pub fn interventions(&self) -> &[Stamped] {
        &self.interventions
    }

    /// The last tick that it has run.
    #[must_use]
    pub fn furthest(&self) -> u64 {
        self.furthest
    }

    /// The hash of the state at its last tick, if it was worked out.
    #[must_use]
    pub fn end_hash(&self) -> Option<StateHash> {
        self.end_hash
    }

    /// Its metrics as far as it ran; nothing while the simulation stands at its end and has them itself.
    #[must_use]
    pub fn metrics(&self) -> Option<&Metrics> {
        self.end.as_ref().map(|end| &end.metrics)
    }

    /// The interventions that were applied as far as it ran, and what they did; nothing while the simulation stands at its
    /// end and has them itself.
    #[must_use]
    pub fn log(&self) -> Option<&[Applied]> {
        self.end.as_ref().map(|end| end.log.as_slice())
    }

    /// Events that stand out, in order, those before the fork too.
    pub fn marks(&self) -> impl Iterator<Item = &EventMark> {
        self.marks.iter()
    }

    /// How many of these had to be left out to keep memory bounded.
    #[must_use]
    pub fn marks_left_out(&self) -> u64 {
        self.marks.left_out()
    }
}

/// All branches.
#[derive(Debug, Default)]
pub(super) struct Tree {
    branches: BTreeMap<BranchId, Branch>,
    next_id: u32,
    uses: u64,
}

impl Tree {
    /// Adds a branch and gives its number; `name` makes the name from it.
    pub(super) fn add(&mut self, new: impl FnOnce(BranchId) -> Branch) -> BranchId {
        let id = BranchId(self.next_id);
        self.next_id += 1;
        self.branches.insert(id, new(id));
        self.touch(id);
        id
    }

    pub(super) fn get(&self, id: BranchId) -> Option<&Branch> {
        self.branches.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: BranchId) -> Option<&mut Branch> {
        self.branches.get_mut(&id)
    }

    /// A branch that has not been removed.
    pub(super) fn listed(&self, id: BranchId) -> Option<&Branch> {
        self.get(id).filter(|branch| !branch.removed)
    }

    /// The branches that have not been removed.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Branch> {
        self.branches.values().filter(|branch| !branch.removed)
    }

    /// All branches, those too of which only keyframes are left.
    pub(super) fn all(&self) -> impl Iterator<Item = &Branch> {
        self.branches.values()
    }

    /// Takes note that a branch was used.
    pub(super) fn touch(&mut self, id: BranchId) {
        self.uses += 1;
        let now = self.uses;
        if let Some(branch) = self.get_mut(id) {
            branch.used = now;
        }
    }

    /// A branch and those that it forked from, each with the last tick that is part of the branch's run.
    pub(super) fn lineage(&self, id: BranchId) -> impl Iterator<Item = (&Branch, u64)> {
        let first = self.get(id).map(|branch| (branch, u64::MAX));
        std::iter::successors(first, |(branch, until)| {
            let (parent, fork) = branch.parent?;
            Some((self.get(parent)?, fork.min(*until)))
        })
    }

    /// The last tick that the runs of two branches have in common; `u64::MAX` for one and the same.
    pub(super) fn common(&self, a: BranchId, b: BranchId) -> u64 {
        let others: BTreeMap<BranchId, u64> = self.lineage(b).map(|(branch, until)| (branch.id, until)).collect();
        self.lineage(a)
            .find_map(|(branch, until)| others.get(&branch.id).map(|other| until.min(*other)))
            .unwrap_or_default()
    }

    /// The branch to which a tick of a branch's run belongs: itself, or one that it forked from later.
    pub(super) fn owner(&self, id: BranchId, tick: u64) -> BranchId {
        self.lineage(id).take_while(|(_, until)| tick <= *until).last().map_or(id, |(branch, _)| branch.id)
    }

    /// The last keyframe of a branch's run that is not after a tick.
    pub(super) fn nearest(&self, id: BranchId, tick: u64) -> Option<(u64, &Keyframe)> {
        self.lineage(id)
            .find_map(|(branch, until)| branch.keyframes.range(..=tick.min(until)).next_back())
            .map(|(tick, keyframe)| (*tick, keyframe))
    }

    /// The nearest branch above that has not been removed, and the last tick that both have in common.
    pub(super) fn parent(&self, id: BranchId) -> Option<(BranchId, u64)> {
        self.lineage(id).skip(1).find(|(branch, _)| !branch.removed).map(|(branch, until)| (branch.id, until))
    }

    /// Removes a branch. What others need of it stays, unseen.
    pub(super) fn remove(&mut self, id: BranchId) {
        if let Some(branch) = self.get_mut(id) {
            branch.removed = true;
            branch.end = None;
            branch.marks = Marks::default();
        }
        // From the newest to the oldest: a branch that goes may set its parent free.
        let ids: Vec<BranchId> = self.branches.keys().rev().copied().collect();
        for id in ids {
            let children = self.branches.values().filter_map(|child| child.parent);
            let needed = children.filter(|(parent, _)| *parent == id).map(|(_, fork)| fork).max();
            let Some(branch) = self.branches.get_mut(&id).filter(|branch| branch.removed) else {
                continue;
            };
            branch.keyframes.retain(|tick, _| needed.is_some_and(|fork| *tick <= fork));
            if branch.keyframes.is_empty() {
                let above = branch.parent;
                self.branches.remove(&id);
                for parent in self.branches.values_mut().filter_map(|child| child.parent.as_mut()) {
                    if let (true, Some((grandparent, fork))) = (parent.0 == id, above) {
                        *parent = (grandparent, parent.1.min(fork));
                    }
                }
            }
        }
    }

    /// Takes a keyframe out.
    pub(super) fn drop_keyframe(&mut self, id: BranchId, tick: u64) {
        if self.get_mut(id).is_some_and(|branch| branch.keyframes.remove(&tick).is_some()) {
            self.recount_after(id, tick);
        }
    }

    /// Recounts what the keyframes take that come next after `tick`: they have another one before them now.
    pub(super) fn recount_after(&mut self, id: BranchId, tick: u64) {
        let forks =
            self.branches.values().filter(|child| child.parent.is_some_and(|(p, fork)| p == id && fork >= tick));
        let next: Vec<(BranchId, u64)> = self
            .get(id)
            .into_iter()
            .chain(forks)
            .filter_map(|branch| {
                let (next, _) = branch.keyframes.range(tick.saturating_add(1)..).next()?;
                Some((branch.id, *next))
            })
            .collect();
        for (id, next) in next {
            let before = next.checked_sub(1).and_then(|tick| self.nearest(id, tick));
            let before = before.map(|(_, keyframe)| keyframe.metrics().clone());
            if let Some(keyframe) = self.get_mut(id).and_then(|branch| branch.keyframes.get_mut(&next)) {
                keyframe.count_bytes(before.as_ref());
            }
        }
    }
}
