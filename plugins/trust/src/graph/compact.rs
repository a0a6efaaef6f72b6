//! Fresh edges are put into the rows, and what has faded or belongs to nobody any more is dropped.

use super::store::{TrustGraph, Weight};

/// An edge with less evidence than this, in outcomes, has faded: nothing is left of it.
pub const FAINTEST: f64 = 1e-3;

impl TrustGraph {
    /// Puts fresh edges into the rows. Edges that have faded go, and those for which `keep`, given source and target, says so.
    pub fn compact(&mut self, keep: impl Fn(u32, u32) -> bool) {
        self.know_all();
        let faintest = (FAINTEST * libm::exp2(self.halvings_now())) as f32;
        let mut order: Vec<u32> = (0..self.fresh.len() as u32).collect();
        let fresh = self.fresh.edges();
        order.sort_unstable_by_key(|at| (fresh[*at as usize].source, fresh[*at as usize].target));
        let room = self.targets.len() + fresh.len();
        let mut offsets = Vec::with_capacity(self.rows.len() + 1);
        let (mut targets, mut weights) = (Vec::with_capacity(room), Vec::with_capacity(room));
        offsets.push(0);
        let mut next = order.iter().map(|at| fresh[*at as usize]).peekable();
        let mut faded = 0;
        for (place, source) in self.rows.sources().enumerate() {
            let mut push = |target: u32, weight: Weight| {
                if weight.r + weight.s < faintest {
                    faded += 1;
                } else if keep(source, target) {
                    targets.push(target);
                    weights.push(weight);
                }
            };
            for at in self.rows.at(place) {
                let target = self.targets[at];
                while let Some(edge) = next.next_if(|edge| edge.source == source && edge.target < target) {
                    push(edge.target, Weight { r: edge.r, s: edge.s });
                }
                push(target, self.weights[at]);
            }
            while let Some(edge) = next.next_if(|edge| edge.source == source) {
                push(edge.target, Weight { r: edge.r, s: edge.s });
            }
            offsets.push(targets.len() as u32);
        }
        self.rows.set(offsets);
        (self.targets, self.weights) = (targets, weights);
        self.faded += faded;
        self.fresh.clear();
    }
}
