//! How many votes decide, and how many liars that survives.
//!
//! Two sets of q out of n voters share at least 2q − n. With f of them lying, two different decisions are impossible if more
//! than f are shared, that is if q > (n + f)/2; and a decision is always possible without the f if q ≤ n − f. Both hold for
//! n > 3f (Lamport, Shostak & Pease 1982).

use serde::{Deserialize, Serialize};

/// The most voters of `n` that may lie: ⌊(n − 1)/3⌋.
#[must_use]
pub const fn faults_tolerated(n: u32) -> u32 {
    n.saturating_sub(1) / 3
}

/// How many of `n` votes decide although [`faults_tolerated`] voters lie: ⌊(n + f)/2⌋ + 1. This is 2f + 1 exactly when
/// n = 3f + 1; a flat 2f + 1 would let five voters with one liar decide two ways.
#[must_use]
pub const fn byzantine_quorum(n: u32) -> u32 {
    // Wider than the numbers, whose sum could overflow.
    ((n as u64 + faults_tolerated(n) as u64) / 2 + 1) as u32
}

/// A share of a whole, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Share {
    /// Parts per million, at most a million.
    ppm: u32,
}

impl Share {
    /// All.
    pub const ALL: Self = Self { ppm: PARTS };
    /// Nothing.
    pub const NONE: Self = Self { ppm: 0 };

    /// So many parts in a million; more than a million is all.
    #[must_use]
    pub const fn ppm(ppm: u32) -> Self {
        Self { ppm: if ppm > PARTS { PARTS } else { ppm } }
    }

    /// The share nearest to a number from 0 to 1; what is no number is nothing.
    #[must_use]
    pub fn of(share: f64) -> Self {
        Self::ppm((share.clamp(0.0, 1.0) * f64::from(PARTS)).round() as u32)
    }

    /// In parts per million.
    #[must_use]
    pub const fn as_ppm(self) -> u32 {
        self.ppm
    }

    /// As a number from 0 to 1.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.ppm) / f64::from(PARTS)
    }

    /// Whether `part` is at least this share of `whole`.
    #[must_use]
    pub const fn is_reached(self, part: u64, whole: u64) -> bool {
        part as u128 * PARTS as u128 >= whole as u128 * self.ppm as u128
    }
}

/// The parts of a whole that a [`Share`] counts in.
pub const PARTS: u32 = 1_000_000;

/// When votes decide. Thresholds are shares of all who may vote, never of those who did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Rule {
    /// More than half.
    SimpleMajority,
    /// Two thirds or more.
    SuperMajority,
    /// All.
    Unanimous,
    /// At least this share of the weight, for voters that count by their reputation.
    Weighted(Share),
    /// So many that two different decisions are impossible although up to ⌊(n − 1)/3⌋ of n voters lie. With weights, more than
    /// two thirds of the weight, which survives less than a third of it lying.
    Byzantine,
}

/// Who may vote, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eligible {
    /// How many may vote.
    pub voters: u32,
    /// The sum of their weights.
    pub weight: u64,
    /// Whether all weigh the same.
    pub is_even: bool,
}

impl Eligible {
    /// The sum of these weights; `None` if it is beyond 64 bits.
    #[must_use]
    pub fn of(weights: &[u64]) -> Option<Self> {
        let weight = weights.iter().try_fold(0_u64, |sum, weight| sum.checked_add(*weight))?;
        let is_even = weights.windows(2).all(|pair| pair[0] == pair[1]);
        Some(Self { voters: u32::try_from(weights.len()).ok()?, weight, is_even })
    }
}

impl Rule {
    /// Whether `weight`, cast by `voters` voters for one option, decides.
    #[must_use]
    pub fn decides(self, voters: u32, weight: u64, eligible: Eligible) -> bool {
        if weight == 0 || eligible.weight == 0 {
            return false;
        }
        let (part, whole) = (u128::from(weight), u128::from(eligible.weight));
        match self {
            Self::SimpleMajority => 2 * part > whole,
            Self::SuperMajority => 3 * part >= 2 * whole,
            Self::Unanimous => part == whole && voters == eligible.voters,
            Self::Weighted(share) => share.is_reached(weight, eligible.weight),
            Self::Byzantine if eligible.is_even => voters >= byzantine_quorum(eligible.voters),
            Self::Byzantine => 3 * part > 2 * whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(voters: u32) -> Eligible {
        Eligible { voters, weight: voters.into(), is_even: true }
    }

    /// Whether votes exist, with `liars` voting for both, such that both options reach `quorum` of `n`: all splits of the honest.
    fn two_ways(n: u32, liars: u32, quorum: u32) -> bool {
        (0..1_u32 << n).filter(|lying| lying.count_ones() <= liars).any(|lying| {
            let honest = !lying & ((1 << n) - 1);
            // Every set of honest voters that votes for the one option; all others vote for the other.
            let mut one = honest;
            loop {
                let other = honest & !one;
                if (one | lying).count_ones() >= quorum && (other | lying).count_ones() >= quorum {
                    return true;
                }
                if one == 0 {
                    return false;
                }
                one = (one - 1) & honest;
            }
        })
    }

    #[test]
    fn no_two_quorums_decide_differently_with_as_many_liars_as_are_tolerated() {
        for n in 1..=10 {
            let (f, q) = (faults_tolerated(n), byzantine_quorum(n));
            assert!(!two_ways(n, f, q), "n = {n}");
            assert!(q <= n - f, "n = {n}: the honest alone must suffice");
            assert!(two_ways(n, f, q - 1), "n = {n}: one vote fewer is too few");
            if n > 1 {
                assert!(two_ways(n, 2 * q - n, q), "n = {n}: the check can fail");
            }
        }
    }

    #[test]
    fn a_flat_two_f_plus_one_lets_five_voters_with_one_liar_decide_two_ways() {
        assert!(two_ways(5, 1, 3));
        assert_eq!(byzantine_quorum(5), 4);
        for f in 0..100 {
            assert_eq!(byzantine_quorum(3 * f + 1), 2 * f + 1);
        }
        // n = 3f + 1 has the largest n of 32 bits in it: 2³² − 1 = 3·1431655765, so one less is 3·1431655764 + 2.
        assert_eq!(byzantine_quorum(u32::MAX - 2), 2 * 1_431_655_764 + 1);
    }

    #[test]
    fn each_rule_decides_at_its_threshold_and_not_one_vote_before() {
        for (rule, n, least) in [
            (Rule::SimpleMajority, 4, 3),
            (Rule::SimpleMajority, 5, 3),
            (Rule::SuperMajority, 3, 2),
            (Rule::SuperMajority, 4, 3),
            (Rule::SuperMajority, 9, 6),
            (Rule::Unanimous, 4, 4),
            (Rule::Byzantine, 4, 3),
            (Rule::Byzantine, 5, 4),
            (Rule::Byzantine, 6, 4),
            (Rule::Byzantine, 7, 5),
            (Rule::Weighted(Share::of(0.75)), 8, 6),
        ] {
            assert!(rule.decides(least, least.into(), even(n)), "{rule:?} of {n}");
            assert!(!rule.decides(least - 1, (least - 1).into(), even(n)), "{rule:?} of {n}");
        }
    }

    #[test]
    fn weights_near_the_end_of_the_integers_do_not_overflow() {
        let eligible = Eligible::of(&[u64::MAX - 2, 1, 1]).unwrap();
        for rule in [Rule::SimpleMajority, Rule::SuperMajority, Rule::Byzantine, Rule::Weighted(Share::of(0.9))] {
            assert!(rule.decides(1, u64::MAX - 2, eligible), "{rule:?}");
            assert!(!rule.decides(2, 2, eligible), "{rule:?}");
        }
        assert!(!Rule::Unanimous.decides(1, u64::MAX - 2, eligible) && Rule::Unanimous.decides(3, u64::MAX, eligible));
        assert_eq!(Eligible::of(&[u64::MAX, 1]), None);
        let nothing = Eligible::of(&[0, 0]).unwrap();
        assert!(!Rule::Unanimous.decides(2, 0, nothing) && !Rule::SuperMajority.decides(0, 0, nothing));
    }
}
