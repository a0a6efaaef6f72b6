//! The graph itself: rows of edges sorted by their target, and beside them the edges that have come since.

use agent2028_core::agent::keep_rows;
use bytemuck::{Pod, Zeroable};
use libm::exp2;
use serde::{Deserialize, Serialize};

use super::arcs::Arcs;
use super::fresh::{Fresh, FreshEdges};
use super::rows::Rows;
use crate::score::Evidence;

/// What is written is worth so much more than what was written at the landmark, in powers of two, before all is scaled down.
/// Single precision holds twice as many.
const MOST_HALVINGS: f64 = 40.0;
/// Fresh edges are put into the rows when there are more of them than this, and more than a quarter of those in rows.
const FRESH_EDGES: usize = 1 << 14;

/// Evidence of an edge, in the scale of the graph.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable, PartialEq)]
#[repr(C)]
pub(super) struct Weight {
    pub r: f32,
    pub s: f32,
}

/// An edge as it is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Who has the experience.
    pub source: u32,
    /// With whom.
    pub target: u32,
    /// What it is.
    pub evidence: Evidence,
}

/// Who has which experience with whom.
///
/// An edge takes 12 bytes. Evidence fades with time, though no edge says when it was written: instead of making all that is
/// there smaller, what comes in later is written larger (forward decay; Cormode, Shkapenyuk, Srivastava & Xu 2009), and all is
/// scaled down when numbers get large.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TrustGraph {
    pub(super) nodes: u32,
    pub(super) rows: Rows,
    #[serde(with = "agent2028_core::checkpoint::records")]
    pub(super) targets: Vec<u32>,
    #[serde(with = "agent2028_core::checkpoint::records")]
    pub(super) weights: Vec<Weight>,
    pub(super) fresh: FreshEdges,
    /// Halvings since the landmark.
    halvings: f64,
    /// How many edges there may be; 0 for as many as 32 bits number.
    most_edges: u32,
    /// Observations that found no room.
    refused: u64,
    /// Edges of which nothing was left.
    pub(super) faded: u64,
    /// By the place of a source: when its row last changed, counted in changes. Derived.
    #[serde(skip)]
    changed: Vec<u64>,
    #[serde(skip)]
    changes: u64,
    /// When all rows changed at once, counted in changes.
    #[serde(skip)]
    all_changed: u64,
}

impl TrustGraph {
    /// A graph without edges that takes at most so many.
    #[must_use]
    pub fn new(most_edges: u32) -> Self {
        Self { most_edges, ..Self::default() }
    }

    /// Sets how many edges there may be. Those that are there stay.
    pub fn set_most_edges(&mut self, most_edges: u32) {
        self.most_edges = most_edges;
    }

    /// How many edges there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len() + self.fresh.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many observations found no room.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// How many edges have faded until nothing was left of them. One that comes again and fades again counts again.
    #[must_use]
    pub fn faded(&self) -> u64 {
        self.faded
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
            + self.targets.capacity() * 4
            + self.weights.capacity() * size_of::<Weight>()
            + self.changed.capacity() * 8
            + self.fresh.bytes()
    }

    /// What is written now is worth so much in the scale of the graph.
    #[inline]
    fn scale(&self) -> f64 {
        exp2(self.halvings)
    }

    /// Whether many edges are not in rows yet.
    #[must_use]
    pub fn has_many_fresh(&self) -> bool {
        self.fresh.len() > 64 && self.fresh.len() > self.targets.len() / 16
    }

    /// Halvings since the landmark.
    pub(super) fn halvings_now(&self) -> f64 {
        self.halvings
    }

    fn row(&self, source: u32) -> std::ops::Range<usize> {
        self.rows.of(source)
    }

    /// The place of a source, which becomes known if it wasn't.
    fn know(&mut self, source: u32) -> usize {
        let (place, made) = self.rows.know(source);
        if let Some(made) = made {
            if made < self.changed.len() {
                self.changed.insert(made, 0);
            }
            self.fresh.make_room(made);
        }
        place
    }

    fn note_change(&mut self, source: u32) {
        self.changes += 1;
        let place = self.know(source);
        if self.changed.len() <= place {
            self.changed.resize(place + 1, 0);
        }
        self.changed[place] = self.changes;
    }

    /// Puts fresh edges into the rows, and forgets all of whom `there` says that they are not there any more, with their edges.
    pub fn forget(&mut self, there: impl Fn(u32) -> bool) {
        self.compact(|source, target| there(source) && there(target));
        if let Some(kept) = self.rows.retain(there) {
            keep_rows(&mut self.changed, |place| kept.get(place).copied().unwrap_or(true));
            let targets = self.targets.iter().max().map_or(0, |target| target + 1);
            self.nodes = self.rows.end().max(targets);
        }
    }

    /// All nodes become known as sources.
    pub(super) fn know_all(&mut self) {
        if let Some(last) = self.nodes.checked_sub(1) {
            self.know_up_to(last);
        }
    }

    fn know_up_to(&mut self, last: u32) {
        if self.rows.end() <= last {
            self.rows.know(last);
        }
    }

    /// How often something has changed.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// When the row of a source last changed, as [`TrustGraph::changes`] counted then.
    #[must_use]
    pub fn changed(&self, source: u32) -> u64 {
        let changed = self.rows.place(source).and_then(|place| self.changed.get(place));
        changed.copied().unwrap_or(0).max(self.all_changed)
    }

    /// Time goes by: all evidence is halved so many times (a fraction is fine).
    pub fn fade(&mut self, halvings: f64) {
        if halvings.is_nan() || halvings <= 0.0 {
            return;
        }
        self.halvings += halvings;
        self.changes += 1;
        self.all_changed = self.changes;
        if self.halvings > MOST_HALVINGS {
            let kept = exp2(-self.halvings) as f32;
            for weight in &mut self.weights {
                *weight = Weight { r: weight.r * kept, s: weight.s * kept };
            }
            for edge in self.fresh.edges_mut() {
                (edge.r, edge.s) = (edge.r * kept, edge.s * kept);
            }
            self.halvings = 0.0;
        }
    }

    /// A share `kept` (0–1) is left of what is known of these (ascending); a walk over all edges.
    pub fn fade_targets(&mut self, targets: &[u32], kept: f32) {
        if targets.is_empty() {
            return;
        }
        self.changes += 1;
        self.all_changed = self.changes;
        let meant = |target: u32| targets.binary_search(&target).is_ok();
        for (weight, _) in self.weights.iter_mut().zip(&self.targets).filter(|(_, target)| meant(**target)) {
            (weight.r, weight.s) = (weight.r * kept, weight.s * kept);
        }
        for edge in self.fresh.edges_mut().iter_mut().filter(|edge| meant(edge.target)) {
            (edge.r, edge.s) = (edge.r * kept, edge.s * kept);
        }
    }

    /// `source` has made an experience with `target`: so much evidence for and against (≥ 0). Nobody rates itself. Returns
    /// whether there was room.
    pub fn observe(&mut self, source: u32, target: u32, evidence: Evidence) -> bool {
        if source == target || source == u32::MAX || target == u32::MAX {
            return true;
        }
        let scale = self.scale();
        let (r, s) = ((evidence.r * scale) as f32, (evidence.s * scale) as f32);
        let row = self.row(source);
        if let Ok(at) = self.targets[row.clone()].binary_search(&target) {
            let weight = &mut self.weights[row.start + at];
            (weight.r, weight.s) = (bounded(weight.r + r), bounded(weight.s + s));
        } else if let Some(at) = self.fresh.find(source, target) {
            let edge = self.fresh.get_mut(at);
            (edge.r, edge.s) = (bounded(edge.r + r), bounded(edge.s + s));
        } else {
            let most = if self.most_edges == 0 { u32::MAX as usize } else { self.most_edges as usize };
            if self.len() >= most {
                self.refused += 1;
                return false;
            }
            self.nodes = self.nodes.max(source + 1).max(target + 1);
            let place = self.know(source);
            self.fresh.insert(source, place, target, bounded(r), bounded(s));
            if self.fresh.len() > FRESH_EDGES && self.fresh.len() > self.targets.len() / 4 {
                self.compact(|_, _| true);
            }
        }
        self.note_change(source);
        true
    }

    /// The experience of one with another, as it is now.
    #[must_use]
    pub fn evidence(&self, source: u32, target: u32) -> Option<Evidence> {
        let row = self.row(source);
        let (r, s) = match self.targets[row.clone()].binary_search(&target) {
            Ok(at) => (self.weights[row.start + at].r, self.weights[row.start + at].s),
            Err(_) => {
                let edge = &self.fresh.edges()[self.fresh.find(source, target)? as usize];
                (edge.r, edge.s)
            }
        };
        let kept = 1.0 / self.scale();
        Some(Evidence::new(f64::from(r) * kept, f64::from(s) * kept))
    }

    /// The experiences of one with others: first those in its row by target, then those that came since, latest first.
    pub fn edges_of(&self, source: u32) -> impl Iterator<Item = Edge> + '_ {
        let kept = 1.0 / self.scale();
        let edge = move |target, r, s| {
            let evidence = Evidence::new(f64::from(r) * kept, f64::from(s) * kept);
            Edge { source, target, evidence }
        };
        let row = self.row(source);
        let known = self.targets[row.clone()].iter().zip(&self.weights[row]);
        let fresh = self.fresh_of(source).map(move |fresh| edge(fresh.target, fresh.r, fresh.s));
        known.map(move |(target, weight)| edge(*target, weight.r, weight.s)).chain(fresh)
    }

    fn fresh_of(&self, source: u32) -> impl Iterator<Item = &Fresh> {
        self.fresh.of(self.rows.place(source))
    }

    /// All experiences, source by source.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.rows.sources().flat_map(|source| self.edges_of(source))
    }

    /// Calls `visit` with source, target and evidence (for, against) of every edge; faster than [`TrustGraph::edges`].
    pub fn for_each(&self, mut visit: impl FnMut(u32, u32, f64, f64)) {
        let kept = 1.0 / self.scale();
        for (place, source) in self.rows.sources().enumerate() {
            for at in self.rows.at(place) {
                let weight = self.weights[at];
                visit(source, self.targets[at], f64::from(weight.r) * kept, f64::from(weight.s) * kept);
            }
            for edge in self.fresh.of(Some(place)) {
                visit(source, edge.target, f64::from(edge.r) * kept, f64::from(edge.s) * kept);
            }
        }
    }

    /// Works out what isn't saved.
    ///
    /// # Errors
    /// If what was loaded makes no sense.
    pub fn restore(&mut self) -> Result<(), String> {
        let rows = self.rows.check(self.targets.len(), self.nodes);
        let lengths = self.targets.len() == self.weights.len();
        let finite = self.weights.iter().all(|weight| weight.r.is_finite() && weight.s.is_finite());
        let known = self.targets.iter().all(|target| *target < self.nodes)
            && self.fresh.edges().iter().all(|edge| edge.source < self.nodes && edge.target < self.nodes);
        if !(rows && lengths && finite && known && self.halvings.is_finite()) {
            return Err("the trust graph makes no sense".into());
        }
        let sorted = |source: u32| self.targets[self.row(source)].windows(2).all(|pair| pair[0] < pair[1]);
        if !self.rows.sources().all(sorted) {
            return Err("the rows of the trust graph are out of order".into());
        }
        self.changes = 1;
        self.all_changed = 1;
        let rows = &mut self.rows;
        self.fresh.index(|fresh, source| {
            let (place, made) = rows.know(source);
            if let Some(made) = made {
                fresh.make_room(made);
            }
            place
        })
    }
}

/// The largest evidence of an edge; beyond it nothing more is learned.
const MOST: f32 = 1e30;

#[inline]
fn bounded(value: f32) -> f32 {
    if value < MOST { value } else { MOST }
}

/// The trust of an arc is the score of its evidence, `(r + 1)/(r + s + 2)`. Distrust is no arc: where at least as much speaks
/// against the target as for it, nothing is passed on, neither to the target nor by way of it. (The score alone would make a
/// single bad word about somebody unknown into a trust of a third.)
impl Arcs for TrustGraph {
    fn nodes(&self) -> usize {
        self.nodes as usize
    }

    #[inline]
    fn for_each_arc(&self, source: u32, mut visit: impl FnMut(u32, f64)) {
        // (r/c + 1)/((r + s)/c + 2) without the divisions by c.
        let one = self.scale();
        let trust = |r: f32, s: f32| (f64::from(r) + one) / (f64::from(r) + f64::from(s) + 2.0 * one);
        let row = self.row(source);
        for (target, weight) in self.targets[row.clone()].iter().zip(&self.weights[row]) {
            if weight.r > weight.s {
                visit(*target, trust(weight.r, weight.s));
            }
        }
        for edge in self.fresh_of(source).filter(|edge| edge.r > edge.s) {
            visit(edge.target, trust(edge.r, edge.s));
        }
    }
}
