//! Disjoint sets of numbers that are joined step by step (union–find: Tarjan 1975).

/// The numbers below a count, each in a set of its own at first. Which number stands for a set doesn't depend on the order of
/// joins: it is the smallest in it.
#[derive(Clone, Debug)]
pub struct UnionFind {
    /// A number on the way to the one that stands for each number's set.
    parents: Vec<u32>,
    sets: usize,
}

impl UnionFind {
    /// The numbers below `count`.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { parents: (0..count as u32).collect(), sets: count }
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// How many sets there are.
    #[must_use]
    pub fn sets(&self) -> usize {
        self.sets
    }

    /// The number that stands for the set of a number. The way there becomes shorter each time (path halving).
    pub fn find(&mut self, mut at: usize) -> usize {
        while self.parents[at] as usize != at {
            let grandparent = self.parents[self.parents[at] as usize];
            self.parents[at] = grandparent;
            at = grandparent as usize;
        }
        at
    }

    /// Joins the sets of two numbers. Returns whether they were two.
    pub fn union(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.find(one), self.find(other));
        if one != other {
            self.parents[one.max(other)] = one.min(other) as u32;
            self.sets -= 1;
        }
        one != other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_those_that_are_joined_and_the_smallest_stands_for_each() {
        let mut sets = UnionFind::new(8);
        for (one, other, are_two) in
            [(5, 3, true), (3, 7, true), (7, 5, false), (0, 1, true), (1, 3, true), (6, 6, false)]
        {
            assert_eq!(sets.union(one, other), are_two, "{one} {other}");
        }
        let found: Vec<usize> = (0..8).map(|at| sets.find(at)).collect();
        assert_eq!((found, sets.sets(), sets.len()), (vec![0, 0, 2, 0, 4, 0, 6, 0], 4, 8));
    }
}
