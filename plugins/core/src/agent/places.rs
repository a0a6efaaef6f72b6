//! Places of agents in columns that hold something for each of them.

use super::AgentId;

/// How many ids share a word.
const BITS: u32 = u64::BITS;

/// The ids below a multiple of [`BITS`] that have a place, as bits, and how many have one before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Word {
    held: u64,
    before: u32,
}

/// A set of agents in which each has a place: the first 0, the next 1, in the order of their ids.
///
/// Ids are never given twice, so where agents come and go a column with a row for each id ever given would grow for ever.
/// Columns whose rows stand at these places hold as many as there are agents that matter. It takes two bits per id from the
/// first that has a place to the last, and nothing at all as long as all ids from 0 on have one, which is what most runs have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Empty as long as ids are places.
    words: Vec<Word>,
    /// The number of the first word among all.
    first: u32,
    len: u32,
}

impl Places {
    /// The agents 0 to `len − 1`.
    #[must_use]
    pub fn dense(len: u32) -> Self {
        Self { len, ..Self::default() }
    }

    /// These agents, in ascending order.
    #[must_use]
    pub fn of(agents: impl IntoIterator<Item = AgentId>) -> Self {
        let mut places = Self::default();
        for agent in agents {
            places.insert(agent);
        }
        places
    }

    /// How many agents have a place.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no agent has a place.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more than the largest id that has a place.
    #[must_use]
    pub fn end(&self) -> u32 {
        match self.words.last() {
            None => self.len,
            Some(last) => (self.first + self.words.len() as u32) * BITS - last.held.leading_zeros(),
        }
    }

    /// The place of an agent, if it has one.
    #[must_use]
    #[inline]
    pub fn get(&self, agent: AgentId) -> Option<usize> {
        if self.words.is_empty() {
            return (agent.0 < self.len).then_some(agent.0 as usize);
        }
        let word = self.words.get((agent.0 / BITS).wrapping_sub(self.first) as usize)?;
        let bit = 1_u64 << (agent.0 % BITS);
        (word.held & bit != 0).then(|| (word.before + (word.held & (bit - 1)).count_ones()) as usize)
    }

    /// Whether an agent has a place.
    #[must_use]
    pub fn contains(&self, agent: AgentId) -> bool {
        self.get(agent).is_some()
    }

    /// All that have a place, in the order of their ids, which is that of their places.
    pub fn iter(&self) -> impl Iterator<Item = AgentId> + '_ {
        let dense = if self.words.is_empty() { self.len } else { 0 };
        let held = (self.first..).zip(&self.words).flat_map(|(number, word)| {
            let mut left = word.held;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(number * BITS + bit)
            })
        });
        (0..dense).chain(held).map(AgentId)
    }

    /// Gives an agent a place. Returns its place, and whether the place is new: then the rows of a column from there on must
    /// move up by one. It is cheap for ids above all others, which is what new agents have.
    pub fn insert(&mut self, agent: AgentId) -> (usize, bool) {
        if let Some(place) = self.get(agent) {
            return (place, false);
        }
        if self.words.is_empty() {
            if agent.0 == self.len {
                self.len += 1;
                return (agent.index(), true);
            }
            self.spell_out();
        }
        let word = agent.0 / BITS;
        if self.words.is_empty() {
            self.first = word;
        }
        if word < self.first {
            let more = (self.first - word) as usize;
            self.words.splice(0..0, std::iter::repeat_n(Word::default(), more));
            self.first = word;
        }
        let at = (word - self.first) as usize;
        if self.words.len() <= at {
            self.words.resize(at + 1, Word { held: 0, before: self.len });
        }
        self.words[at].held |= 1 << (agent.0 % BITS);
        self.words[at + 1..].iter_mut().for_each(|word| word.before += 1);
        self.len += 1;
        let place = self.get(agent).unwrap_or(0);
        if self.end() == self.len {
            *self = Self::dense(self.len);
        }
        (place, true)
    }

    /// Writes down who has a place where ids were places.
    fn spell_out(&mut self) {
        let len = self.len;
        self.first = 0;
        self.words = (0..len.div_ceil(BITS))
            .map(|number| {
                let held = (len - number * BITS).min(BITS);
                Word { held: u64::MAX >> (BITS - held), before: number * BITS }
            })
            .collect();
    }

    /// Takes the places of all agents for which `keep` returns false; it is given each agent and its place. Returns whether any
    /// agent lost its place: then the same rows must go from columns.
    pub fn retain(&mut self, mut keep: impl FnMut(AgentId, usize) -> bool) -> bool {
        let before = self.len;
        if self.words.is_empty() {
            self.spell_out();
        }
        let (mut place, mut len) = (0, 0);
        for (number, word) in (self.first..).zip(&mut self.words) {
            let mut left = word.held;
            word.before = len;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if keep(AgentId(number * BITS + bit), place) {
                    len += 1;
                } else {
                    word.held &= !(1 << bit);
                }
                place += 1;
            }
        }
        self.len = len;
        self.trim();
        self.len != before
    }

    /// Forgets where nobody has a place at either end, and gives memory back.
    fn trim(&mut self) {
        let Some(last) = self.words.iter().rposition(|word| word.held != 0) else {
            *self = Self::default();
            return;
        };
        self.words.truncate(last + 1);
        let empty = self.words.iter().take_while(|word| word.held == 0).count();
        self.words.drain(..empty);
        self.first += empty as u32;
        if self.end() == self.len {
            *self = Self::dense(self.len);
        } else if self.words.capacity() > 2 * self.words.len() + 64 {
            self.words.shrink_to_fit();
        }
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<Word>()
    }
}

/// Takes the rows from a column that [`Places::retain`] was told to let go, and gives memory back that is not needed.
pub fn keep_rows<T>(rows: &mut Vec<T>, mut keep: impl FnMut(usize) -> bool) {
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        keep(place - 1)
    });
    if rows.capacity() > 2 * rows.len() + 64 {
        rows.shrink_to(rows.len() + rows.len() / 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn places_are_those_in_a_sorted_list(
            steps in prop::collection::vec((0_u32..600, any::<bool>()), 0..200),
            start in 0_u32..300,
        ) {
            let mut places = Places::dense(start);
            let mut plain: Vec<u32> = (0..start).collect();
            let mut column = plain.clone();
            for (id, comes) in steps {
                if comes {
                    let at = plain.binary_search(&id);
                    let (place, new) = places.insert(AgentId(id));
                    prop_assert_eq!((place, new), (at.unwrap_or_else(|at| at), at.is_err()));
                    if new {
                        plain.insert(place, id);
                        column.insert(place, id);
                    }
                } else {
                    let goes = |agent: u32| agent % 7 == id % 7 && agent <= id;
                    let mut kept = Vec::new();
                    let lost = places.retain(|agent, place| {
                        kept.push(!goes(agent.0));
                        place + 1 == kept.len() && !goes(agent.0)
                    });
                    prop_assert_eq!(lost, kept.contains(&false));
                    keep_rows(&mut column, |place| kept[place]);
                    plain.retain(|agent| !goes(*agent));
                }
                prop_assert_eq!(&column, &plain);
                prop_assert_eq!(places.len(), plain.len());
                prop_assert_eq!(places.end(), plain.last().map_or(0, |last| last + 1));
            }
            prop_assert!(places.iter().map(|agent| agent.0).eq(plain.iter().copied()));
            for id in 0..700 {
                prop_assert_eq!(places.get(AgentId(id)), plain.binary_search(&id).ok());
            }
            prop_assert_eq!(&Places::of(plain.iter().map(|id| AgentId(*id))), &places);
        }
    }

    #[test]
    fn ids_that_are_places_take_no_memory_and_others_two_bits() {
        let mut places = Places::of((0..100_000).map(AgentId));
        assert_eq!(places.bytes(), 0);
        places.retain(|agent, _| agent.0 % 1000 == 5);
        assert!(places.len() == 100 && places.bytes() <= 2 * 100_000 / 8 + 1024, "{}", places.bytes());
        places.retain(|agent, _| agent.0 > 99_000);
        assert!(places.bytes() <= 2048, "{}", places.bytes());
    }
}
