//! What happens when: a hashed timing wheel (Varghese & Lauck 1987).

use crate::agenda::Agenda;
use crate::slab::NONE;
use crate::time::{NEVER, TICK_BITS, Time};

/// How many ticks go round the wheel; what is further away is passed over until its round comes.
const SPOKES: usize = 2048;
/// Marks an event that is on no spoke.
const OFF: u32 = u32::MAX - 1;

/// Two events per operation: even numbers are dues, odd ones deadlines. The times lie with the operations; this holds only
/// which event is due in which tick, so that setting and cancelling take constant time. Derived: it is no state.
#[derive(Clone, Debug)]
pub(crate) struct Wheel {
    spokes: Vec<u32>,
    links: Vec<[u32; 2]>,
}

impl Default for Wheel {
    fn default() -> Self {
        Self { spokes: vec![NONE; SPOKES], links: Vec::new() }
    }
}

fn spoke(time: Time) -> usize {
    (time >> TICK_BITS) as usize % SPOKES
}

impl Wheel {
    /// Puts an event onto the wheel that is off it.
    pub(crate) fn insert(&mut self, event: u32, time: Time) {
        if time == NEVER {
            return;
        }
        if self.links.len() <= event as usize {
            self.links.resize(event as usize + 1, [OFF; 2]);
        }
        let spoke = &mut self.spokes[spoke(time)];
        let next = *spoke;
        *spoke = event;
        self.links[event as usize] = [NONE, next];
        if next != NONE {
            self.links[next as usize][0] = event;
        }
    }

    /// Takes an event off the wheel, if it is on it. `time`: the one it was put on for.
    pub(crate) fn remove(&mut self, event: u32, time: Time) {
        let Some(&[before, after]) = self.links.get(event as usize) else { return };
        if before == OFF || time == NEVER {
            return;
        }
        match before {
            NONE => self.spokes[spoke(time)] = after,
            before => self.links[before as usize][1] = after,
        }
        if after != NONE {
            self.links[after as usize][0] = before;
        }
        self.links[event as usize] = [OFF; 2];
    }

    /// Whether nothing is on the spoke of the tick that begins at `time`.
    pub(crate) fn is_idle(&self, time: Time) -> bool {
        self.spokes[spoke(time)] == NONE
    }

    /// Puts the events before `end` on the spoke of the tick that begins at `begin` onto the agenda instead.
    pub(crate) fn take_due(&mut self, begin: Time, end: Time, time_of: impl Fn(u32) -> Time, agenda: &mut Agenda) {
        let mut event = self.spokes[spoke(begin)];
        while event != NONE {
            let next = self.links[event as usize][1];
            let time = time_of(event);
            if time < end {
                self.remove(event, time);
                agenda.push(time, event);
            }
            event = next;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.spokes.fill(NONE);
        self.links.clear();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.spokes.capacity() * 4 + self.links.capacity() * 8
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
        fn every_event_comes_in_its_tick_and_once(
            steps in prop::collection::vec((0_u32..40, prop::option::of(0_u64..6000)), 1..200),
        ) {
            let mut wheel = Wheel::default();
            let mut times = vec![NEVER; 40];
            for (event, tick) in steps {
                wheel.remove(event, times[event as usize]);
                times[event as usize] = tick.map_or(NEVER, |tick| tick * PARTS + u64::from(event));
                wheel.insert(event, times[event as usize]);
            }
            let mut seen = Vec::new();
            for tick in 0..6000_u64 {
                let mut agenda = Agenda::default();
                agenda.begin(tick * PARTS);
                wheel.take_due(tick * PARTS, (tick + 1) * PARTS, |event| times[event as usize], &mut agenda);
                while let Some(next) = agenda.peek(|_| {}) {
                    agenda.pop();
                    seen.push(next);
                }
            }
            let mut wanted: Vec<(Time, u32)> =
                (0..40).map(|event| (times[event as usize], event)).filter(|(time, _)| *time != NEVER).collect();
            wanted.sort_unstable();
            prop_assert_eq!(seen, wanted);
            prop_assert!((0..2048).all(|tick| wheel.is_idle(tick * PARTS)));
        }
    }
}
