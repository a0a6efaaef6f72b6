//! What each agent remembers of the rumours that it has heard: a few of the last, so that memory stays bounded.

use agent2028_core::prefetch::ask_for_row;
use serde::{Deserialize, Serialize};

/// What an agent knows of a rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The rumour.
    pub rumour: u32,
    /// How many hops it may still go.
    pub ttl: u16,
    /// How many hops it has come.
    pub hops: u16,
}

/// The last rumours of each agent, in rings of equal length side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenCache {
    width: u32,
    /// The rumour's number + 1, or 0 for an empty place.
    rumours: Vec<u32>,
    /// How many hops it may go and has come, in 16 bits each.
    reach: Vec<u32>,
    next: Vec<u16>,
}

impl SeenCache {
    /// Makes room for agents with ids below `agents`, of whom each remembers `width` rumours; whether they may have forgotten some.
    pub fn fit(&mut self, agents: usize, width: u32) -> bool {
        let width = width.clamp(1, 1024);
        let other = self.width != width;
        if other {
            let mut fitted = Self { width, ..Self::default() };
            fitted.resize(self.next.len());
            for agent in 0..self.next.len() as u32 {
                // The oldest first, so that the newest survive.
                let known: Vec<Seen> = self.of(agent).collect();
                for seen in known {
                    fitted.insert(agent, seen);
                }
            }
            *self = fitted;
        }
        if self.next.len() < agents {
            self.resize(agents);
        }
        other
    }

    fn resize(&mut self, agents: usize) {
        self.rumours.resize(agents * self.width as usize, 0);
        self.reach.resize(agents * self.width as usize, 0);
        self.next.resize(agents, 0);
    }

    fn ring(&self, agent: u32) -> std::ops::Range<usize> {
        let start = agent as usize * self.width as usize;
        if (agent as usize) < self.next.len() { start..start + self.width as usize } else { 0..0 }
    }

    /// Asks for the memory of what an agent remembers.
    #[inline]
    pub(crate) fn ask_for(&self, agent: u32) {
        let first = agent as usize * self.width as usize;
        let last = first + (self.width as usize).clamp(1, 16) - 1;
        for place in [first, last] {
            ask_for_row(&self.rumours, place);
            ask_for_row(&self.reach, place);
        }
    }

    fn find(&self, agent: u32, rumour: u32) -> Option<usize> {
        let ring = self.ring(agent);
        self.rumours[ring.clone()].iter().position(|known| *known == rumour + 1).map(|at| ring.start + at)
    }

    fn at(&self, place: usize) -> Option<Seen> {
        let rumour = self.rumours[place].checked_sub(1)?;
        let reach = self.reach[place];
        Some(Seen { rumour, ttl: reach as u16, hops: (reach >> 16) as u16 })
    }

    /// What an agent remembers of a rumour.
    #[must_use]
    pub fn get(&self, agent: u32, rumour: u32) -> Option<Seen> {
        self.find(agent, rumour).and_then(|place| self.at(place))
    }

    /// Whether an agent remembers nothing.
    #[inline]
    #[must_use]
    pub fn knows_nothing(&self, agent: u32) -> bool {
        // Rings are filled from their first place on, and nothing is ever taken out.
        self.rumours.get(agent as usize * self.width as usize).is_none_or(|first| *first == 0)
    }

    /// All that an agent remembers, the oldest first.
    pub fn of(&self, agent: u32) -> impl Iterator<Item = Seen> + '_ {
        let ring = self.ring(agent);
        let next = self.next.get(agent as usize).map_or(0, |next| usize::from(*next));
        // Until it has gone round once, a ring has nothing beyond its next place.
        let around = !ring.is_empty() && self.rumours[ring.start + next] != 0;
        let oldest = if around { ring.start + next..ring.end } else { 0..0 };
        oldest.chain(ring.start..ring.start + next).filter_map(move |place| self.at(place))
    }

    /// Remembers a rumour in place of the oldest one, or what is new about one that is known. Returns the one that is forgotten.
    pub fn insert(&mut self, agent: u32, seen: Seen) -> Option<u32> {
        let mut forgotten = None;
        let place = match self.find(agent, seen.rumour) {
            Some(place) => place,
            None => {
                let ring = self.ring(agent);
                let next = self.next.get_mut(agent as usize)?;
                let place = ring.start + usize::from(*next);
                *next = (*next + 1) % self.width as u16;
                forgotten = self.rumours[place].checked_sub(1);
                place
            }
        };
        self.rumours[place] = seen.rumour + 1;
        self.reach[place] = u32::from(seen.ttl) | u32::from(seen.hops) << 16;
        forgotten
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.rumours.capacity() + self.reach.capacity()) * 4 + self.next.capacity() * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rumour: u32) -> Seen {
        Seen { rumour, ttl: 9, hops: 1 }
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let mut cache = SeenCache::default();
        cache.fit(3, 2);
        for rumour in [5, 6, 7] {
            cache.insert(1, seen(rumour));
        }
        cache.insert(1, Seen { ttl: 12, ..seen(6) });
        assert_eq!(cache.of(1).map(|seen| (seen.rumour, seen.ttl)).collect::<Vec<_>>(), [(6, 12), (7, 9)]);
        assert!(cache.knows_nothing(0) && !cache.knows_nothing(1) && cache.knows_nothing(99));
        assert_eq!((cache.of(0).count(), cache.of(99).count()), (0, 0));
        assert_eq!((cache.get(1, 5), cache.get(0, 6), cache.get(99, 6)), (None, None, None));
        cache.insert(99, seen(1));
        cache.fit(3, 5);
        cache.insert(1, seen(0));
        assert_eq!(cache.of(1).map(|seen| seen.rumour).collect::<Vec<_>>(), [6, 7, 0]);
        cache.fit(3, 1);
        assert_eq!(cache.of(1).map(|seen| seen.rumour).collect::<Vec<_>>(), [0]);
    }
}
