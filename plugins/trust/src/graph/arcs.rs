//! What algorithms on trust need to see of a graph: who trusts whom, and how much.

/// A graph whose arcs carry a trust from 0 to 1.
pub trait Arcs {
    /// How many nodes there are; they are numbered from 0.
    fn nodes(&self) -> usize;

    /// Calls `visit` with the target and the trust (0–1) of every arc that leaves `source`, always in the same order.
    fn for_each_arc(&self, source: u32, visit: impl FnMut(u32, f64));
}

/// A graph of plain values, rows one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Web {
    offsets: Vec<u32>,
    targets: Vec<u32>,
    trust: Vec<f32>,
}

impl Web {
    /// A graph of `nodes` nodes with these arcs (source, target, trust 0–1). Of several between the same two the last one
    /// stays; those to or from nodes that don't exist are left out, and what isn't within 0 and 1 is clamped.
    #[must_use]
    pub fn new(nodes: usize, arcs: &[(u32, u32, f32)]) -> Self {
        let there = |node: u32| (node as usize) < nodes;
        let mut order: Vec<usize> = (0..arcs.len()).filter(|at| there(arcs[*at].0) && there(arcs[*at].1)).collect();
        order.sort_by_key(|at| (arcs[*at].0, arcs[*at].1));
        let mut web = Self { offsets: vec![0], targets: Vec::new(), trust: Vec::new() };
        let mut at = order.into_iter().peekable();
        for source in 0..nodes as u32 {
            while let Some(index) = at.next_if(|index| arcs[*index].0 == source) {
                let (_, target, trust) = arcs[index];
                let trust = if trust > 0.0 { trust.min(1.0) } else { 0.0 };
                let begin = web.offsets.last().map_or(0, |offset| *offset as usize);
                if web.targets.len() > begin && web.targets.last() == Some(&target) {
                    web.trust.pop();
                    web.targets.pop();
                }
                web.targets.push(target);
                web.trust.push(trust);
            }
            web.offsets.push(web.targets.len() as u32);
        }
        web
    }
}

impl Arcs for Web {
    fn nodes(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    #[inline]
    fn for_each_arc(&self, source: u32, mut visit: impl FnMut(u32, f64)) {
        let source = source as usize;
        let Some((from, to)) = self.offsets.get(source).zip(self.offsets.get(source + 1)) else { return };
        let row = *from as usize..*to as usize;
        for (target, trust) in self.targets[row.clone()].iter().zip(&self.trust[row]) {
            visit(*target, f64::from(*trust));
        }
    }
}
