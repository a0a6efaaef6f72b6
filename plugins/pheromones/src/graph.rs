//! Shortest ways over a small weighted graph (Dijkstra 1959).

/// An undirected graph with lengths.
#[derive(Clone, Debug, Default)]
pub struct WayGraph {
    neighbours: Vec<Vec<(usize, f32)>>,
}

impl WayGraph {
    /// A graph of `nodes` unconnected nodes.
    #[must_use]
    pub fn new(nodes: usize) -> Self {
        Self { neighbours: vec![Vec::new(); nodes] }
    }

    /// Joins two nodes by a way of this length (≥ 0). Nodes that aren't there are ignored.
    pub fn join(&mut self, first: usize, second: usize, length: f32) {
        if first < self.neighbours.len() && second < self.neighbours.len() && length >= 0.0 {
            self.neighbours[first].push((second, length));
            self.neighbours[second].push((first, length));
        }
    }

    /// Length of the shortest way that begins at one of `starts` and ends at one of `goals`, each with a length that is
    /// added there; none if nothing connects them.
    #[must_use]
    pub fn shortest(&self, starts: &[(usize, f32)], goals: &[(usize, f32)]) -> Option<f32> {
        let mut distance = vec![f32::INFINITY; self.neighbours.len()];
        let mut settled = vec![false; self.neighbours.len()];
        for (node, length) in starts {
            if let Some(held) = distance.get_mut(*node) {
                *held = held.min(*length);
            }
        }
        // A linear scan for the nearest node: these graphs have at most a few hundred.
        while let Some((node, reached)) = distance
            .iter()
            .copied()
            .enumerate()
            .filter(|(node, length)| !settled[*node] && length.is_finite())
            .min_by(|a, b| a.1.total_cmp(&b.1))
        {
            settled[node] = true;
            for (next, length) in &self.neighbours[node] {
                distance[*next] = distance[*next].min(reached + length);
            }
        }
        goals
            .iter()
            .filter_map(|(node, length)| Some(distance.get(*node)? + length))
            .min_by(f32::total_cmp)
            .filter(|length| length.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_of_two_ways_is_found() {
        let mut graph = WayGraph::new(5);
        graph.join(0, 1, 1.0);
        graph.join(1, 2, 1.0);
        graph.join(0, 3, 1.0);
        graph.join(3, 2, 0.5);
        assert_eq!(graph.shortest(&[(0, 0.25)], &[(2, 0.5)]), Some(2.25));
        assert_eq!(graph.shortest(&[(0, 0.0)], &[(4, 0.0)]), None);
    }
}
