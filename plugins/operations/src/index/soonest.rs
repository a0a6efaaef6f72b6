//! Which of many comes first: a tournament tree over times.

use crate::time::{NEVER, Time};

/// Times by number, of which the soonest is known; of several at once the one with the lowest number. Setting one takes time
/// logarithmic in how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soonest {
    /// The inner nodes from 1 on, then the leaves: a node is the soonest of its two children.
    nodes: Vec<Time>,
    leaves: usize,
}

impl Soonest {
    /// Times of all numbers from 0 on.
    #[must_use]
    pub fn new(times: impl Iterator<Item = Time>) -> Self {
        let times: Vec<Time> = times.collect();
        let leaves = times.len().next_power_of_two();
        let mut nodes = vec![NEVER; 2 * leaves];
        nodes[leaves..leaves + times.len()].copy_from_slice(&times);
        for at in (1..leaves).rev() {
            nodes[at] = nodes[2 * at].min(nodes[2 * at + 1]);
        }
        Self { nodes, leaves }
    }

    /// Sets the time of a number; numbers that there are not are passed over. Returns how many nodes it looked at.
    pub fn set(&mut self, number: usize, time: Time) -> u32 {
        let mut at = self.leaves + number;
        if number >= self.leaves || self.nodes[at] == time {
            return 1;
        }
        self.nodes[at] = time;
        let mut looked = 1;
        while at > 1 {
            at /= 2;
            looked += 1;
            let least = self.nodes[2 * at].min(self.nodes[2 * at + 1]);
            if self.nodes[at] == least {
                break;
            }
            self.nodes[at] = least;
        }
        looked
    }

    /// The soonest time and its number; [`NEVER`] and 0 if there is none.
    #[must_use]
    pub fn first(&self) -> (Time, usize) {
        let Some(least) = self.nodes.get(1).copied().filter(|least| *least < NEVER) else { return (NEVER, 0) };
        let mut at = 1;
        while at < self.leaves {
            at = if self.nodes[2 * at] == least { 2 * at } else { 2 * at + 1 };
        }
        (least, at - self.leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn the_first_is_that_of_a_list_and_setting_one_looks_at_few(
            times in prop::collection::vec(prop_oneof![0_u64..50, Just(NEVER)], 0..70),
            sets in prop::collection::vec((0_usize..80, prop_oneof![0_u64..50, Just(NEVER)]), 0..60),
        ) {
            let mut soonest = Soonest::new(times.iter().copied());
            let mut plain = times;
            for (number, time) in sets {
                let looked = soonest.set(number, time);
                prop_assert!(looked <= plain.len().next_power_of_two().ilog2() + 1);
                if let Some(held) = plain.get_mut(number) {
                    *held = time;
                } else {
                    soonest.set(number, NEVER);
                }
                let first = plain.iter().copied().zip(0..).min().filter(|(time, _)| *time < NEVER).unwrap_or((NEVER, 0));
                prop_assert_eq!(soonest.first(), first);
            }
        }
    }
}
