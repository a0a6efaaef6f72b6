//! Who takes which slot: at least total travel.

use pathfinding::kuhn_munkres::kuhn_munkres_min;
use pathfinding::matrix::Matrix;

/// Up to this many agents the assignment is exact; beyond, it is greedy.
pub const MOST_EXACT: usize = 500;
/// Distances are whole numbers of these fractions of a world unit, so that the optimum is the same everywhere.
const STEPS_PER_UNIT: f64 = 1024.0;

/// Assigns each of `count` agents a slot of its own, of as many slots, so that the sum of the distances
/// `distance(agent, slot)` (world units) is least. Exact (Kuhn–Munkres) up to [`MOST_EXACT`] agents; beyond, agents choose
/// one after the other, those with the shortest way first. Returns the slot of each agent.
#[must_use]
pub fn assign(count: usize, distance: impl Fn(usize, usize) -> f32) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    if count <= MOST_EXACT {
        let costs = Matrix::from_fn(count, count, |(agent, slot)| quantise(distance(agent, slot)));
        return kuhn_munkres_min(&costs).1;
    }
    greedy(count, distance)
}

fn quantise(distance: f32) -> i64 {
    // Saturates far below where sums could overflow; NaN becomes 0.
    (f64::from(distance) * STEPS_PER_UNIT).round().clamp(0.0, 1e15) as i64
}

/// Agents choose in the order of their distance to their nearest slot, each the nearest slot that is free.
fn greedy(count: usize, distance: impl Fn(usize, usize) -> f32) -> Vec<usize> {
    let nearest = |agent: usize, free: &[bool]| {
        (0..count).filter(|&slot| free[slot]).map(|slot| (quantise(distance(agent, slot)), slot)).min()
    };
    let all_free = vec![true; count];
    let mut order: Vec<(i64, usize)> =
        (0..count).map(|agent| (nearest(agent, &all_free).map_or(0, |(cost, _)| cost), agent)).collect();
    order.sort_unstable();
    let mut free = all_free;
    let mut slots = vec![0; count];
    for (_, agent) in order {
        if let Some((_, slot)) = nearest(agent, &free) {
            free[slot] = false;
            slots[agent] = slot;
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn total(slots: &[usize], distance: impl Fn(usize, usize) -> f32) -> f32 {
        slots.iter().enumerate().map(|(agent, &slot)| distance(agent, slot)).sum()
    }

    fn is_permutation(slots: &[usize]) -> bool {
        let mut sorted = slots.to_vec();
        sorted.sort_unstable();
        sorted.iter().enumerate().all(|(at, slot)| at == *slot)
    }

    /// The least total over all permutations, by trying all.
    fn brute_force(count: usize, distance: &impl Fn(usize, usize) -> f32) -> f32 {
        fn next(agent: usize, used: &mut Vec<bool>, distance: &impl Fn(usize, usize) -> f32) -> f32 {
            if agent == used.len() {
                return 0.0;
            }
            let mut best = f32::MAX;
            for slot in 0..used.len() {
                if !used[slot] {
                    used[slot] = true;
                    best = best.min(distance(agent, slot) + next(agent + 1, used, distance));
                    used[slot] = false;
                }
            }
            best
        }
        next(0, &mut vec![false; count], distance)
    }

    #[test]
    fn agents_on_their_slots_stay() {
        for count in [1, 10, 600] {
            let slots = assign(count, |agent, slot| (agent as f32 - slot as f32).abs());
            assert!(slots.iter().enumerate().all(|(agent, slot)| agent == *slot), "{count}");
        }
    }

    #[test]
    fn the_greedy_assignment_uses_every_slot_once() {
        let slots = assign(700, |agent, slot| ((agent * 7919 % 700) as f32 - slot as f32).abs());
        assert!(is_permutation(&slots));
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn the_total_travel_is_least(costs in prop::collection::vec(0_u16..1000, 36)) {
            let distance = |agent: usize, slot: usize| f32::from(costs[agent * 6 + slot]);
            let slots = assign(6, distance);
            prop_assert!(is_permutation(&slots));
            prop_assert_eq!(total(&slots, distance), brute_force(6, &distance));
        }
    }
}
