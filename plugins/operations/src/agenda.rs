//! What is still to happen within the tick that runs, in the order of its time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::{TICK_BITS, Time};

/// How many parts of a tick are looked at one after the other.
const STRETCHES: usize = 1 << 10;
/// How far apart they begin, as a power of two.
const WIDTH: u32 = TICK_BITS - 10;
/// No event.
const NONE: u32 = u32::MAX;

/// Events of a tick by time, those of one time by number (a calendar queue, Brown 1988): they are put into stretches of the
/// tick, and only those of the stretch that has come are put in order, in a heap that is small. So the cost of an event hardly
/// grows with how many there are in the tick, and it is known beforehand what comes soon.
#[derive(Clone, Debug)]
pub(crate) struct Agenda {
    begin: Time,
    /// How many stretches have come.
    come: usize,
    /// What is left of them.
    now: BinaryHeap<Reverse<(Time, u32)>>,
    /// The last event of each later stretch.
    heads: Vec<u32>,
    /// The stretches that have events.
    held: [u64; STRETCHES / 64],
    /// Events of later stretches, and the one before each in its stretch.
    later: Vec<(Time, u32, u32)>,
}

impl Default for Agenda {
    fn default() -> Self {
        let (now, later) = (BinaryHeap::new(), Vec::new());
        Self { begin: 0, come: 0, now, heads: vec![NONE; STRETCHES], held: [0; STRETCHES / 64], later }
    }
}

impl Agenda {
    /// A tick begins at `begin`; whatever was left of the one before is forgotten.
    pub(crate) fn begin(&mut self, begin: Time) {
        self.now.clear();
        if self.held != [0; STRETCHES / 64] {
            self.heads.fill(NONE);
            self.held = [0; STRETCHES / 64];
        }
        self.later.clear();
        (self.begin, self.come) = (begin, 0);
    }

    /// Puts an event of this tick onto the agenda.
    #[inline]
    pub(crate) fn push(&mut self, time: Time, event: u32) {
        let stretch = ((time.saturating_sub(self.begin) >> WIDTH) as usize).min(STRETCHES - 1);
        if stretch < self.come {
            self.now.push(Reverse((time, event)));
            return;
        }
        let head = &mut self.heads[stretch];
        let before = std::mem::replace(head, self.later.len() as u32);
        self.later.push((time, event, before));
        self.held[stretch / 64] |= 1 << (stretch % 64);
    }

    /// The next event, if there is one. When a stretch has come, `soon` is told the events of the one that comes after it.
    #[inline]
    pub(crate) fn peek(&mut self, soon: impl FnMut(u32)) -> Option<(Time, u32)> {
        if self.now.is_empty() {
            self.advance(soon);
        }
        self.now.peek().map(|entry| entry.0)
    }

    /// Takes the next event off.
    #[inline]
    pub(crate) fn pop(&mut self) {
        self.now.pop();
    }

    /// The first stretch from this one on that has events.
    fn next_held(&self, from: usize) -> Option<usize> {
        let mut mask = u64::MAX << (from % 64);
        for word in from / 64..self.held.len() {
            let held = self.held[word] & mask;
            if held != 0 {
                return Some(word * 64 + held.trailing_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }

    fn advance(&mut self, mut soon: impl FnMut(u32)) {
        let Some(stretch) = self.next_held(self.come) else { return };
        self.come = stretch + 1;
        self.held[stretch / 64] &= !(1 << (stretch % 64));
        let mut next = std::mem::replace(&mut self.heads[stretch], NONE);
        let mut events = std::mem::take(&mut self.now).into_vec();
        while let Some((time, event, before)) = self.later.get(next as usize).copied() {
            events.push(Reverse((time, event)));
            next = before;
        }
        self.now = BinaryHeap::from(events);
        if let Some(coming) = self.next_held(self.come) {
            let mut next = self.heads[coming];
            while let Some((_, event, before)) = self.later.get(next as usize) {
                soon(*event);
                next = *before;
            }
        }
    }

    /// Its memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.heads.capacity() * 4 + self.now.capacity() * 16 + self.later.capacity() * 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::PARTS;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn events_come_as_from_a_heap(
            first in prop::collection::vec(0..PARTS, 0..200),
            more in prop::collection::vec(prop_oneof![0..40_000_u64, 0..PARTS], 0..200),
        ) {
            let begin = 5 * PARTS;
            let (mut agenda, mut heap) = (Agenda::default(), BinaryHeap::new());
            agenda.begin(0);
            agenda.push(7, 7);
            agenda.push(PARTS - 1, 8);
            agenda.begin(begin);
            for (event, part) in (0..).zip(&first) {
                agenda.push(begin + part, event);
                heap.push(Reverse((begin + part, event)));
            }
            // What happens brings further events, at once or later in the tick.
            let mut more = more.iter().zip(1000..);
            loop {
                let next = agenda.peek(|_| {});
                prop_assert_eq!(next, heap.pop().map(|entry| entry.0));
                let Some((time, _)) = next else { break };
                agenda.pop();
                if let Some((gap, event)) = more.next() {
                    let then = time + gap;
                    if then < begin + PARTS {
                        agenda.push(then, event);
                        heap.push(Reverse((then, event)));
                    }
                }
            }
        }
    }
}
