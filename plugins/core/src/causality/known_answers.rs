//! What the clocks promise, over random runs of agents with skewed clocks, and messages that overtake each other.

use proptest::prelude::*;

use super::{HybridClock, HybridTime, VectorClock};
use crate::agent::AgentId;

/// What happens next in a run: after so much time, at an agent, something local or the receipt of a message.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// True time since the step before.
    passes: i64,
    agent: usize,
    /// Which of the messages that were sent so far is received, if any; each event is also a message to everybody.
    receives: Option<prop::sample::Index>,
}

/// An event with what the clocks said of it, and the truth.
#[derive(Clone, Debug)]
struct Stamped {
    physical: i64,
    hybrid: HybridTime,
    vector: VectorClock,
    /// Which of the earlier events it could know of.
    knows: Vec<bool>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_i64..4, 0_usize..5, any::<Option<prop::sample::Index>>());
    prop::collection::vec(step.prop_map(|(passes, agent, receives)| Step { passes, agent, receives }), 1..60)
}

/// Runs the steps with clocks that are off by `skew` each.
fn run(steps: &[Step], skew: &[i64]) -> Vec<Stamped> {
    let mut hybrids = vec![HybridClock::new(HybridTime { physical: i64::MIN, logical: 0 }); skew.len()];
    let mut vectors = vec![VectorClock::default(); skew.len()];
    let mut last: Vec<Option<usize>> = vec![None; skew.len()];
    let mut events: Vec<Stamped> = Vec::new();
    let mut now = 0;
    for step in steps {
        now += step.passes;
        let at = step.agent % skew.len();
        let (physical, own) = (now + skew[at], AgentId(at as u32));
        let message = step.receives.filter(|_| !events.is_empty()).map(|message| message.index(events.len()));
        let mut knows = vec![false; events.len()];
        for source in last[at].into_iter().chain(message) {
            knows[source] = true;
            for (known, also) in knows.iter_mut().zip(&events[source].knows) {
                *known |= also;
            }
        }
        let hybrid = match message {
            Some(message) => {
                vectors[at].receive(own, &events[message].vector);
                hybrids[at].receive(physical, events[message].hybrid)
            }
            None => {
                vectors[at].stamp(own);
                hybrids[at].stamp(physical)
            }
        };
        last[at] = Some(events.len());
        events.push(Stamped { physical, hybrid, vector: vectors[at].clone(), knows });
    }
    events
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    /// l ≥ pt, and l − pt is at most the difference of the clocks.
    #[test]
    fn hybrid_time_is_never_behind_its_clock_and_ahead_by_the_skew_at_most(
        steps in steps(),
        skew in prop::collection::vec(-50_i64..50, 5),
    ) {
        let widest = skew.iter().max().unwrap() - skew.iter().min().unwrap();
        for event in run(&steps, &skew) {
            let ahead = event.hybrid.physical - event.physical;
            prop_assert!((0..=widest).contains(&ahead), "{ahead} ahead, {widest} allowed");
        }
    }

    /// e → f implies hlc(e) < hlc(f).
    #[test]
    fn hybrid_time_respects_causality(steps in steps(), skew in prop::collection::vec(-50_i64..50, 5)) {
        let events = run(&steps, &skew);
        for (at, event) in events.iter().enumerate() {
            for before in (0..at).filter(|before| event.knows[*before]) {
                prop_assert!(events[before].hybrid < event.hybrid);
            }
        }
    }

    /// e → f exactly if v(e) < v(f).
    #[test]
    fn vector_clocks_tell_exactly_what_happened_before_what(steps in steps()) {
        let events = run(&steps, &[0; 5]);
        for (at, event) in events.iter().enumerate() {
            for (before, other) in events[..at].iter().enumerate() {
                prop_assert_eq!(other.vector.happened_before(&event.vector), event.knows[before]);
                prop_assert!(!event.vector.happened_before(&other.vector));
            }
        }
    }
}
