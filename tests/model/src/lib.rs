//! The log of `agent2028_consensus_protocol` under the model checker `stateright`: all orders of messages, timers, restarts and
//! lies up to a bound, over the very state machine that is simulated.

#[cfg(test)]
mod two_phase_commit;

use agent2028_consensus_protocol::exploration::{Event, Fault, Scenario, Situation};
use stateright::{Model, Property};

/// A scenario as a model.
pub struct Log(pub Scenario);

impl Model for Log {
    type State = Situation;
    type Action = Event;

    fn init_states(&self) -> Vec<Situation> {
        vec![Situation::new(&self.0)]
    }

    fn actions(&self, state: &Situation, actions: &mut Vec<Event>) {
        // What must not happen has happened: nothing after it is of interest.
        if state.fault().is_none() {
            *actions = state.events(&self.0);
        }
    }

    fn next_state(&self, state: &Situation, action: Event) -> Option<Situation> {
        state.after(&self.0, &action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no two honest voters decide differently", |_, state: &Situation| {
                !matches!(state.fault(), Some(Fault::Fork(_)))
            }),
            Property::always("nothing is decided that is not valid", |_, state: &Situation| {
                !matches!(state.fault(), Some(Fault::Garbage(_)))
            }),
            Property::always("no honest voter contradicts itself", |_, state: &Situation| {
                !matches!(state.fault(), Some(Fault::Contradiction(_)))
            }),
            Property::sometimes("something is decided", |_, state: &Situation| {
                state.decisions().iter().any(|of| !of.is_empty())
            }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashSet, VecDeque};

    use agent2028_consensus_protocol::committee::Committee;
    use agent2028_consensus_protocol::exploration::Lying;
    use agent2028_consensus_protocol::exploration::search::{Bounds, End, explore};
    use agent2028_consensus_protocol::message::{ValueId, Voter};
    use agent2028_consensus_protocol::replica::{Growing, LogSetup, Timing};
    use stateright::Checker;

    use super::*;

    const DECIDED: &str = "something is decided";

    /// What a machine with little memory bears.
    const MOST_STATES: usize = 20_000_000;

    fn scenario(liars: &[u16], last_round: u32) -> Scenario {
        let growing = Growing { first: 1, per_round: 1 };
        let timing = Timing { propose: growing, prevote: growing, precommit: growing, commit: 1, retransmit: 0 };
        Scenario {
            setting: LogSetup { committee: Committee::new(vec![1; 4]).unwrap(), timing },
            liars: liars.iter().map(|liar| Voter(*liar)).collect(),
            values: vec![ValueId(1), ValueId(2)],
            garbage: None,
            lying: Lying::OneStory,
            heights: 1,
            last_round,
            restarts: 0,
        }
    }

    /// How deep is explored: `AGENT2028_DEPTH` in front of `cargo test` goes deeper.
    fn depth(usual: usize) -> usize {
        std::env::var("AGENT2028_DEPTH").ok().and_then(|depth| depth.parse().ok()).unwrap_or(usual)
    }

    fn assert_no_fault(checker: &impl Checker<Log>) {
        for property in checker.model().properties() {
            if property.expectation.discovery_is_failure() {
                checker.assert_no_discovery(property.name);
            }
        }
    }

    /// The number of states by the plainest search there is.
    fn count(scenario: &Scenario, depth: usize) -> usize {
        let first = Situation::new(scenario);
        let mut seen = HashSet::from([first.clone()]);
        let mut next = VecDeque::from([(first, 1)]);
        while let Some((situation, at)) = next.pop_front() {
            if at == depth || situation.fault().is_some() {
                continue;
            }
            for event in situation.events(scenario) {
                if let Some(after) = situation.after(scenario, &event)
                    && seen.insert(after.clone())
                {
                    next.push_back((after, at + 1));
                }
            }
        }
        seen.len()
    }

    /// One round of four voters of whom one has crashed, whole: no order of messages and timers makes two decide differently.
    #[test]
    fn one_round_of_four_voters_of_whom_one_is_silent_is_explored_whole() {
        for silent in [0, 3] {
            let scenario = Scenario { lying: Lying::Silent, ..scenario(&[silent], 0) };
            let checker = Log(scenario).checker().target_state_count(MOST_STATES).spawn_dfs().join();
            println!("voter {silent} is silent: {} unique states, whole", checker.unique_state_count());
            assert!(checker.state_count() < MOST_STATES, "it is not whole");
            assert_no_fault(&checker);
            // Where the proposer is silent, none is decided in round 0.
            assert_eq!(checker.discovery(DECIDED).is_some(), silent != 0);
        }
    }

    /// One round with a liar that tells everybody what it likes, to a depth.
    #[test]
    fn one_round_of_four_voters_with_a_liar_is_explored_to_a_depth() {
        let depth = depth(6);
        for liar in [0, 3] {
            let checker = Log(scenario(&[liar], 0)).checker().target_max_depth(depth).spawn_bfs().join();
            println!("voter {liar} lies in a round: {} unique states to depth {depth}", checker.unique_state_count());
            assert_no_fault(&checker);
        }
    }

    /// Two rounds, with locks and what is proposed again, a restart and garbage, to a depth.
    #[test]
    fn two_rounds_of_four_voters_with_a_liar_are_explored_to_a_depth() {
        let depth = depth(4);
        for liar in [0, 3] {
            let scenario =
                Scenario { restarts: 1, garbage: Some(ValueId(9)), lying: Lying::ToTheFace, ..scenario(&[liar], 1) };
            let checker = Log(scenario).checker().target_max_depth(depth).spawn_bfs().join();
            println!("voter {liar} lies: {} unique states to depth {depth}", checker.unique_state_count());
            assert_no_fault(&checker);
        }
    }

    /// What `agent2028 check --consensus` counts is what the model checker counts: whole spaces, and spaces to a depth.
    #[test]
    fn the_program_s_own_search_counts_what_the_model_checker_counts() {
        let all = Bounds { depth: usize::MAX, states: MOST_STATES };
        let whole = Scenario { lying: Lying::Silent, ..scenario(&[0], 0) };
        let restarts = Scenario { restarts: 1, garbage: Some(ValueId(9)), ..scenario(&[3], 1) };
        let cases = [
            (whole, all),
            (scenario(&[0], 0), Bounds { depth: 4, ..all }),
            (scenario(&[3], 0), Bounds { depth: 4, ..all }),
            (scenario(&[0], 1), Bounds { depth: 3, ..all }),
            (restarts, Bounds { depth: 3, ..all }),
        ];
        for (scenario, bounds) in cases {
            let ours = explore(&scenario, bounds, &mut |_, _| {});
            assert_eq!(ours.end, if bounds == all { End::Whole } else { End::Depth });
            // The checker counts the beginning as a step.
            let theirs = Log(scenario).checker().target_max_depth(bounds.depth.saturating_add(1)).spawn_bfs().join();
            println!("{} unique states, depth {}", ours.states, ours.depth);
            assert_eq!(ours.states, theirs.unique_state_count());
            assert_eq!(ours.decides, theirs.discovery(DECIDED).is_some());
        }
    }

    #[test]
    fn the_checker_counts_the_states_that_a_plain_search_counts() {
        for (scenario, depth) in [(scenario(&[0], 1), 3), (scenario(&[3], 0), 5)] {
            let plain = count(&scenario, depth);
            let checker = Log(scenario).checker().target_max_depth(depth).spawn_bfs().join();
            assert_eq!(checker.unique_state_count(), plain);
        }
    }
}
