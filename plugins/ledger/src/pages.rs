//! The bytes of entries in memory, of which the oldest can be dropped.

use std::collections::VecDeque;

/// So many entries lie in a page.
const PAGE: usize = 1024;

/// Bytes of entries by their numbers, in pages: appending copies them once, and dropping frees whole pages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    first: u64,
    pages: VecDeque<Page>,
}

#[derive(Clone, Debug, Default)]
struct Page {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Page {
    fn get(&self, at: usize) -> Option<&[u8]> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.get(start..end)
    }
}

impl Pages {
    /// Nothing yet; the next entry has this number.
    pub fn starting_at(first: u64) -> Self {
        Self { first, pages: VecDeque::new() }
    }

    /// The number of the first entry that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number of the next entry.
    pub fn next(&self) -> u64 {
        let last = self.pages.back().map_or(0, |page| page.ends.len());
        self.first + (self.pages.len().saturating_sub(1) * PAGE + last) as u64
    }

    /// Appends the bytes that `write` writes, and returns them.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        if self.pages.back().is_none_or(|page| page.ends.len() == PAGE) {
            // Entries are about as long as those before them.
            let room = self.pages.back().map_or(0, |page| page.bytes.len() + page.bytes.len() / 8);
            self.pages.push_back(Page { bytes: Vec::with_capacity(room), ends: Vec::with_capacity(PAGE) });
        }
        let last = self.pages.len() - 1;
        let page = &mut self.pages[last];
        let start = page.bytes.len();
        write(&mut page.bytes);
        page.ends.push(page.bytes.len());
        &page.bytes[start..]
    }

    /// The bytes of an entry, if it is kept.
    pub fn get(&self, number: u64) -> Option<&[u8]> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.pages.get(at / PAGE)?.get(at % PAGE)
    }

    /// Drops whole pages of old entries for as long as `keep` stay. Returns the first number that is kept then.
    pub fn drop_beyond(&mut self, keep: u64) -> u64 {
        while self.pages.len() > 1 && self.next() - self.first - PAGE as u64 >= keep {
            self.pages.pop_front();
            self.first += PAGE as u64;
        }
        self.first
    }

    /// Forgets the entries from a number on.
    pub fn truncate(&mut self, number: u64) {
        let left = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.pages.truncate(left.div_ceil(PAGE));
        if !left.is_multiple_of(PAGE)
            && let Some(page) = self.pages.get_mut(left / PAGE)
        {
            page.ends.truncate(left % PAGE);
            page.bytes.truncate(page.ends.last().copied().unwrap_or(0));
        }
    }

    /// The memory that is held, in bytes.
    pub fn bytes(&self) -> usize {
        self.pages.iter().map(|page| page.bytes.capacity() + page.ends.capacity() * size_of::<usize>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(number: u64) -> Vec<u8> {
        vec![number as u8; (number * 7 % 23) as usize]
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn pages_hold_what_a_list_would(steps in proptest::collection::vec((0..3_u8, 0..3000_u64), 1..12)) {
            let mut pages = Pages::starting_at(5);
            let (mut first, mut next) = (5, 5);
            for (step, amount) in steps {
                match step {
                    0 => for _ in 0..amount {
                        prop_assert_eq!(pages.push(|into| into.extend(bytes(next))), bytes(next));
                        next += 1;
                    },
                    1 => {
                        first = pages.drop_beyond(amount);
                        prop_assert!(next - first < amount.max(1) + PAGE as u64 + 1 && next - first >= amount.min(next - first));
                    }
                    _ => {
                        next = (next - amount.min(next - first)).max(first);
                        pages.truncate(next);
                    }
                }
                prop_assert_eq!((pages.first(), pages.next()), (first, next));
                for number in (first..next).step_by(97).chain(next.checked_sub(1).filter(|last| *last >= first)) {
                    prop_assert_eq!(pages.get(number).unwrap(), bytes(number));
                }
                prop_assert!(pages.get(next).is_none());
                prop_assert!(first == 0 || pages.get(first - 1).is_none());
            }
        }
    }
}
