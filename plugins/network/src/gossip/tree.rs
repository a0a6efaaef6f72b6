//! Plumtree: the links over which rumours go at once form a tree; over the others they are only announced (Leitão, Pereira &
//! Rodrigues 2007, "Epidemic Broadcast Trees").

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Neighbours beyond these are only told what there is to hear.
const MOST: usize = 64;

/// Which links are part of the tree, and what was announced but hasn't come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// For each agent the neighbours (by their place in its list) that are only told what there is to hear.
    lazy: Vec<u64>,
    /// How many neighbours each agent had then: with other neighbours it begins anew.
    degrees: Vec<u32>,
    /// When an announced rumour is asked for: tick, agent, rumour, who announced it.
    announced: BTreeSet<(u64, u32, u32, u32)>,
}

impl Tree {
    fn fit(&mut self, agent: u32, degree: usize) {
        let at = agent as usize;
        if self.lazy.len() <= at {
            self.lazy.resize(at + 1, 0);
            self.degrees.resize(at + 1, 0);
        }
        if self.degrees[at] != degree as u32 {
            self.degrees[at] = degree as u32;
            self.lazy[at] = 0;
        }
    }

    /// Whether an agent with `degree` neighbours tells the one at `place` at once.
    pub fn is_eager(&mut self, agent: u32, degree: usize, place: usize) -> bool {
        self.fit(agent, degree);
        place < MOST && self.lazy[agent as usize] >> place & 1 == 0
    }

    /// Makes a link part of the tree, or takes it out.
    pub fn set_eager(&mut self, agent: u32, degree: usize, place: usize, eager: bool) {
        self.fit(agent, degree);
        if place < MOST {
            let bit = 1 << place;
            if eager {
                self.lazy[agent as usize] &= !bit;
            } else {
                self.lazy[agent as usize] |= bit;
            }
        }
    }

    /// Notes that `from` has announced a rumour, which is asked for in tick `due` unless it has come by then.
    pub fn announce(&mut self, due: u64, agent: u32, rumour: u32, from: u32) {
        self.announced.insert((due, agent, rumour, from));
    }

    /// What is to be asked for by tick `now`: agent, rumour, whom.
    pub fn due(&mut self, now: u64) -> Vec<(u32, u32, u32)> {
        let later = self.announced.split_off(&(now + 1, 0, 0, 0));
        let due = std::mem::replace(&mut self.announced, later);
        due.into_iter().map(|(_, agent, rumour, from)| (agent, rumour, from)).collect()
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.lazy.capacity() * 8 + self.degrees.capacity() * 4 + self.announced.len() * 32
    }
}
