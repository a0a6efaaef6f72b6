//! Two-phase commit (Gray & Lamport 2006, "Consensus on transaction commit", the specification `TwoPhase`): the checker's own
//! reference counts, 288 states with three resource managers, 8832 with five, and 665 with five under symmetry.

use stateright::{Checker, Model, Property, Representative};

/// How far a resource manager is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Manager {
    Working,
    Prepared,
    Committed,
    Aborted,
}

/// What the transaction manager has made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Verdict {
    Open,
    Commit,
    Abort,
}

/// A resource manager, whether it has said that it is prepared, and whether the transaction manager has heard so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Resource {
    manager: Manager,
    said: bool,
    heard: bool,
}

/// All resource managers and the transaction manager, whose verdict is a message, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    resources: Vec<Resource>,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Hear(usize),
    Give(Verdict),
    Prepare(usize),
    GiveUp(usize),
    Follow(usize),
}

struct TwoPhaseCommit(usize);

impl Model for TwoPhaseCommit {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let resource = Resource { manager: Manager::Working, said: false, heard: false };
        vec![State { resources: vec![resource; self.0], verdict: Verdict::Open }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let is_open = state.verdict == Verdict::Open;
        if is_open {
            if state.resources.iter().all(|resource| resource.heard) {
                steps.push(Step::Give(Verdict::Commit));
            }
            steps.push(Step::Give(Verdict::Abort));
        }
        for (at, resource) in state.resources.iter().enumerate() {
            if is_open && resource.said {
                steps.push(Step::Hear(at));
            }
            if resource.manager == Manager::Working {
                steps.extend([Step::Prepare(at), Step::GiveUp(at)]);
            }
            if !is_open {
                steps.push(Step::Follow(at));
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        match step {
            Step::Hear(at) => next.resources[at].heard = true,
            Step::Give(verdict) => next.verdict = verdict,
            Step::Prepare(at) => {
                next.resources[at].manager = Manager::Prepared;
                next.resources[at].said = true;
            }
            Step::GiveUp(at) => next.resources[at].manager = Manager::Aborted,
            Step::Follow(at) => {
                let commits = state.verdict == Verdict::Commit;
                next.resources[at].manager = if commits { Manager::Committed } else { Manager::Aborted };
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn is_split(state: &State) -> bool {
            let has = |wanted| state.resources.iter().any(|resource| resource.manager == wanted);
            has(Manager::Committed) && has(Manager::Aborted)
        }
        vec![
            Property::always("all agree", |_, state| !is_split(state)),
            Property::sometimes("all commit", |_, state: &State| {
                state.resources.iter().all(|resource| resource.manager == Manager::Committed)
            }),
            Property::sometimes("all abort", |_, state: &State| {
                state.resources.iter().all(|resource| resource.manager == Manager::Aborted)
            }),
        ]
    }
}

impl Representative for State {
    /// Resource managers are alike: sorted by how far they are.
    fn representative(&self) -> Self {
        let mut representative = self.clone();
        representative.resources.sort_by_key(|resource| resource.manager);
        representative
    }
}

#[test]
fn the_checker_counts_its_own_reference_states() {
    let three = TwoPhaseCommit(3).checker().spawn_bfs().join();
    assert_eq!(three.unique_state_count(), 288);
    three.assert_properties();
    let five = TwoPhaseCommit(5).checker().spawn_dfs().join();
    assert_eq!(five.unique_state_count(), 8832);
    five.assert_properties();
    let alike = TwoPhaseCommit(5).checker().symmetry().spawn_dfs().join();
    assert_eq!(alike.unique_state_count(), 665);
    alike.assert_properties();
}
