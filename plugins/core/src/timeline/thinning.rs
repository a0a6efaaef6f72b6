//! Which keyframe is missed least when there are too many.

/// What is known of a keyframe for the choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Ticks between its neighbours: what a jump to just before the later one would have to run without it.
    pub(super) gap: u64,
    /// Ticks between it and the present.
    pub(super) distance: u64,
    /// Whether the present can't reach it without changing to another branch.
    pub(super) foreign: bool,
}

/// The place of the keyframe that is missed least, if there is any; `span` is how many ticks the whole run has.
///
/// Losing one costs the gap that it leaves. Gaps near the present are felt more often (stepping back, scrubbing around a
/// place), so a gap may grow with its distance; at the other end of the run it may be five times as wide as here.
pub(super) fn least_missed(candidates: impl IntoIterator<Item = Candidate>, span: u64) -> Option<usize> {
    let cost = |candidate: &Candidate| {
        let allowance = span as f64 + 4.0 * candidate.distance as f64;
        let weight = if candidate.foreign { 0.5 } else { 1.0 };
        weight * candidate.gap as f64 / allowance.max(1.0)
    };
    candidates
        .into_iter()
        .map(|candidate| cost(&candidate))
        .enumerate()
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `ticks` ticks with a keyframe at each and room for `most`; gives the ticks that are left.
    fn run(ticks: u64, most: usize) -> Vec<u64> {
        let mut kept = vec![0];
        for now in 1..=ticks {
            kept.push(now);
            if kept.len() > most {
                let candidate = |at: usize| Candidate {
                    gap: kept.get(at + 1).copied().unwrap_or(now) - kept[at - 1],
                    distance: now - kept[at],
                    foreign: false,
                };
                // The start and the newest are always kept.
                let least = least_missed((1..kept.len() - 1).map(candidate), now).unwrap();
                kept.remove(least + 1);
            }
        }
        kept
    }

    #[test]
    fn a_jump_anywhere_in_a_long_run_stays_short() {
        for (ticks, most) in [(1000, 20), (20_000, 100), (5000, 300)] {
            let kept = run(ticks, most);
            assert_eq!((kept.len(), kept[0]), (most, 0));
            let widest = kept.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
            let even = ticks / most as u64;
            assert!(widest <= even * 6, "{widest} of {even}: {kept:?}");
        }
    }

    #[test]
    fn near_the_present_they_are_denser() {
        let kept = run(20_000, 100);
        let late = kept.iter().filter(|tick| **tick > 15_000).count();
        let early = kept.iter().filter(|tick| **tick <= 5000).count();
        assert!(late >= early * 2, "{early} early, {late} late");
    }

    #[test]
    fn what_belongs_to_another_branch_goes_first() {
        let here = Candidate { gap: 10, distance: 100, foreign: false };
        assert_eq!(least_missed([here, Candidate { foreign: true, ..here }, here], 1000), Some(1));
        assert_eq!(least_missed([], 10), None);
    }
}
