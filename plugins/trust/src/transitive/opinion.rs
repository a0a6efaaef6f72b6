//! Opinions of subjective logic (Jøsang 2001): belief, disbelief and, unlike a probability, what is not known.

use crate::score::Evidence;

/// How much evidence weighs as much as what is not known: as in the Beta score, two outcomes.
const PRIOR: f64 = 2.0;

/// Belief, disbelief and uncertainty, each 0–1, together 1; without knowledge half is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// That it is so.
    pub belief: f64,
    /// That it is not so.
    pub disbelief: f64,
    /// Not known.
    pub uncertainty: f64,
}

impl Opinion {
    /// Nothing is known.
    pub const VACUOUS: Self = Self { belief: 0.0, disbelief: 0.0, uncertainty: 1.0 };
    /// It is so.
    pub const CERTAIN: Self = Self { belief: 1.0, disbelief: 0.0, uncertainty: 0.0 };

    /// What evidence makes one think.
    #[must_use]
    pub fn of(evidence: Evidence) -> Self {
        let all = evidence.amount() + PRIOR;
        Self { belief: evidence.r / all, disbelief: evidence.s / all, uncertainty: PRIOR / all }
    }

    /// The evidence that would make one think so; nothing if nothing is uncertain, since no evidence is that large.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        let known = PRIOR / self.uncertainty;
        (self.uncertainty > 0.0).then(|| Evidence::new(self.belief * known, self.disbelief * known))
    }

    /// The probability that is expected.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.belief + 0.5 * self.uncertainty
    }

    /// What one thinks who has this opinion of somebody who recommends, and is recommended `other`: distrust makes
    /// uncertain (Jøsang, Gray & Kinateder 2006). The order in which a chain is discounted doesn't matter.
    #[must_use]
    pub fn discount(&self, other: &Self) -> Self {
        Self {
            belief: self.belief * other.belief,
            disbelief: self.belief * other.disbelief,
            uncertainty: self.disbelief + self.uncertainty + self.belief * other.uncertainty,
        }
    }

    /// What one thinks who has both opinions from sources that know nothing of each other: their evidence adds up. Of two
    /// that are both certain, each counts half.
    #[must_use]
    pub fn consensus(&self, other: &Self) -> Self {
        let (one, two) = (self.uncertainty, other.uncertainty);
        let both = one + two - one * two;
        if both <= 0.0 {
            return Self {
                belief: 0.5 * (self.belief + other.belief),
                disbelief: 0.5 * (self.disbelief + other.disbelief),
                uncertainty: 0.0,
            };
        }
        Self {
            belief: (self.belief * two + other.belief * one) / both,
            disbelief: (self.disbelief * two + other.disbelief * one) / both,
            uncertainty: one * two / both,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(one: Opinion, other: Opinion, within: f64) {
        let close = |one: f64, other: f64| (one - other).abs() <= within;
        assert!(
            close(one.belief, other.belief)
                && close(one.disbelief, other.disbelief)
                && close(one.uncertainty, other.uncertainty),
            "{one:?} is not {other:?}"
        );
    }

    /// The example of Jøsang, Hayward & Pope 2006, section 5 (trust of 0.9, 0 and 0.1 over two arcs): discounting twice.
    #[test]
    fn a_recommendation_is_worth_what_its_source_is() {
        let opinion = Opinion { belief: 0.9, disbelief: 0.0, uncertainty: 0.1 };
        near(opinion.discount(&opinion), Opinion { belief: 0.81, disbelief: 0.0, uncertainty: 0.19 }, 1e-12);
        let twice = opinion.discount(&opinion);
        // Both ways together.
        near(twice.consensus(&twice), Opinion { belief: 0.895_027_6, disbelief: 0.0, uncertainty: 0.104_972_4 }, 1e-7);
        assert_eq!(Opinion::CERTAIN.discount(&opinion), opinion);
        assert_eq!(Opinion::VACUOUS.discount(&opinion), Opinion::VACUOUS);
        assert_eq!(opinion.consensus(&Opinion::VACUOUS), opinion);
    }

    #[test]
    fn certain_opinions_that_contradict_meet_in_the_middle() {
        let not = Opinion { belief: 0.0, disbelief: 1.0, uncertainty: 0.0 };
        assert_eq!(Opinion::CERTAIN.consensus(&not), Opinion { belief: 0.5, disbelief: 0.5, uncertainty: 0.0 });
        assert_eq!(Opinion::CERTAIN.evidence(), None);
    }

    fn evidences() -> impl Strategy<Value = Evidence> {
        (0.0..1e4_f64, 0.0..1e4_f64).prop_map(|(r, s)| Evidence::new(r, s))
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn consensus_adds_evidence_up(one in evidences(), other in evidences()) {
            let both = Opinion::of(one).consensus(&Opinion::of(other));
            near(both, Opinion::of(Evidence::new(one.r + other.r, one.s + other.s)), 1e-9);
            prop_assert!((both.expected() - Evidence::new(one.r + other.r, one.s + other.s).score()).abs() < 1e-9);
        }

        #[test]
        fn chains_can_be_discounted_from_either_end(a in evidences(), b in evidences(), c in evidences()) {
            let [a, b, c] = [a, b, c].map(Opinion::of);
            near(a.discount(&b).discount(&c), a.discount(&b.discount(&c)), 1e-12);
        }

        #[test]
        fn opinions_are_whole(a in evidences(), b in evidences()) {
            let [a, b] = [a, b].map(Opinion::of);
            for opinion in [a, b, a.discount(&b), a.consensus(&b)] {
                prop_assert!((opinion.belief + opinion.disbelief + opinion.uncertainty - 1.0).abs() < 1e-12);
                prop_assert!((0.0..=1.0).contains(&opinion.expected()));
            }
            let back = a.evidence().unwrap();
            near(Opinion::of(back), a, 1e-12);
        }
    }
}
