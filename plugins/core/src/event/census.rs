//! The kinds of events as small numbers, and how many events there were of each kind.

use std::collections::BTreeMap;

/// How many names are found at once by where they lie in memory.
const SLOTS: usize = 64;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    address: usize,
    length: usize,
    number: u32,
}

/// Numbers kinds in the order in which they first appear. The numbers are seen by nobody outside of the bus: after a rewind a
/// kind may have another one than in a fresh run.
#[derive(Clone, Debug)]
pub(super) struct Census {
    /// A name that lies where it lay before is the same name: static text neither moves nor changes.
    slots: [Slot; SLOTS],
    numbers: BTreeMap<&'static str, u32>,
    kinds: Vec<(&'static str, u64)>,
}

impl Default for Census {
    fn default() -> Self {
        Self { slots: [Slot::default(); SLOTS], numbers: BTreeMap::new(), kinds: Vec::new() }
    }
}

impl Census {
    /// Counts an event of a kind and tells the kind's number.
    #[inline]
    pub fn count(&mut self, name: &'static str) -> u32 {
        let number = self.number(name);
        // The number comes from this census.
        if let Some((_, count)) = self.kinds.get_mut(number as usize) {
            *count += 1;
        }
        number
    }

    /// The number of a kind.
    #[inline]
    pub fn number(&mut self, name: &'static str) -> u32 {
        let (address, length) = (name.as_ptr().addr(), name.len());
        let at = ((address >> 3) ^ (address >> 9)) % SLOTS;
        let slot = &self.slots[at];
        if slot.address == address && slot.length == length && length > 0 {
            slot.number
        } else {
            self.look_up(name, at)
        }
    }

    #[cold]
    fn look_up(&mut self, name: &'static str, at: usize) -> u32 {
        let number = *self.numbers.entry(name).or_insert_with(|| {
            self.kinds.push((name, 0));
            (self.kinds.len() - 1) as u32
        });
        self.slots[at] = Slot { address: name.as_ptr().addr(), length: name.len(), number };
        number
    }

    /// The names of all kinds by number.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.kinds.iter().map(|(name, _)| *name)
    }

    /// How many events of a kind there were.
    pub fn of(&self, name: &str) -> u64 {
        self.numbers.get(name).map_or(0, |number| self.kinds[*number as usize].1)
    }

    /// How many events of each kind there were, without those of which there was none.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.kinds.iter().filter(|(_, count)| *count > 0).copied().collect()
    }

    /// Puts other counts in place of these; numbers stay.
    pub fn restore(&mut self, counts: BTreeMap<&'static str, u64>) {
        for (_, count) in &mut self.kinds {
            *count = 0;
        }
        for (name, count) in counts {
            let number = self.number(name) as usize;
            self.kinds[number].1 = count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_number_wherever_its_name_lies() {
        let mut census = Census::default();
        let elsewhere: &'static str = Box::leak("AgentFailed".to_owned().into_boxed_str());
        let numbers: Vec<u32> =
            ["AgentFailed", "Other", elsewhere, "", "AgentFailed"].into_iter().map(|name| census.count(name)).collect();
        assert_eq!(numbers, [0, 1, 0, 2, 0]);
        assert_eq!(census.counts(), BTreeMap::from([("", 1), ("AgentFailed", 3), ("Other", 1)]));
        census.restore(BTreeMap::from([("Third", 9)]));
        assert_eq!(census.counts(), BTreeMap::from([("Third", 9)]));
        assert_eq!((census.of("Third"), census.of("Other"), census.of("Never")), (9, 0, 0));
    }

    #[test]
    fn thousands_of_kinds_are_told_apart() {
        let names: Vec<&'static str> = (0..5000).map(|at| &*Box::leak(format!("Kind{at}").into_boxed_str())).collect();
        let mut census = Census::default();
        for _ in 0..3 {
            for (at, name) in names.iter().enumerate() {
                assert_eq!(census.count(name), at as u32);
            }
        }
        assert!(census.counts().values().all(|count| *count == 3));
    }
}
