//! All that can happen to a few voters, up to a bound: a search in breadth, so that a counterexample is as short as any.
//!
//! A situation that was seen is remembered by a fingerprint of 64 bits, and how it was reached by 8 bytes; situations themselves are
//! worked out again when their turn comes. So a million situations take about 30 MB. Two that have the same fingerprint by chance
//! count as one: among ten million that happens to any two with a probability of 3 in a million.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Event, Fault, Scenario, Situation};

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most steps from the beginning.
    pub depth: usize,
    /// The most situations.
    pub states: usize,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything that can happen was seen.
    Whole,
    /// Everything that can happen within so many steps was seen.
    Depth,
    /// There were more situations than it was allowed to remember.
    States,
    /// Something happened that must never happen.
    Fault,
}

/// What a search has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    /// How many different situations.
    pub states: usize,
    /// How many steps led from one situation to another.
    pub steps: u64,
    /// How many steps from the beginning the last one lies.
    pub depth: usize,
    /// Why it ended.
    pub end: End,
    /// Whether somebody honest decided something in any of them.
    pub decides: bool,
    /// What must never happen and did, with the steps that lead there.
    pub fault: Option<(Fault, Vec<Event>)>,
}

/// How a situation was reached.
#[derive(Clone, Copy, Debug)]
struct Node {
    from: u32,
    /// The place of the event among all that could happen there.
    event: u32,
}

const FIRST: u32 = 0;

/// What is remembered of a situation.
fn fingerprint(situation: &Situation) -> u64 {
    let mut hasher = DefaultHasher::new();
    situation.hash(&mut hasher);
    hasher.finish()
}

struct Search<'a> {
    scenario: &'a Scenario,
    nodes: Vec<Node>,
    seen: BTreeSet<u64>,
    /// The situations on the way to the one that was looked at last.
    way: Vec<(u32, Situation)>,
}

impl Search<'_> {
    /// The nodes from the beginning to this one, without the first.
    fn way_to(&self, node: u32) -> Vec<u32> {
        let mut way = Vec::new();
        let mut at = node;
        while at != FIRST {
            way.push(at);
            at = self.nodes[at as usize].from;
        }
        way.reverse();
        way
    }

    /// Goes to a situation, from where the last way parts from this one.
    fn go_to(&mut self, node: u32) -> Situation {
        let way = self.way_to(node);
        let shared = self.way.iter().skip(1).zip(&way).take_while(|((known, _), wanted)| known == *wanted).count();
        self.way.truncate(shared + 1);
        for next in &way[shared..] {
            let mut situation = self.way[self.way.len() - 1].1.clone();
            let events = situation.events(self.scenario);
            if let Some(event) = events.get(self.nodes[*next as usize].event as usize) {
                situation.happen(self.scenario, event, usize::MAX);
            }
            self.way.push((*next, situation));
        }
        self.way[self.way.len() - 1].1.clone()
    }

    /// What happens on the way to a situation.
    fn events_to(&self, node: u32) -> Vec<Event> {
        let mut situation = Situation::new(self.scenario);
        let mut told = Vec::new();
        for next in self.way_to(node) {
            let events = situation.events(self.scenario);
            if let Some(event) = events.into_iter().nth(self.nodes[next as usize].event as usize) {
                situation.happen(self.scenario, &event, usize::MAX);
                told.push(event);
            }
        }
        told
    }
}

/// Looks at everything that can happen, step by step, until something happens that must never happen. `progress` is told how deep it
/// is and how many situations it has seen.
pub fn explore(scenario: &Scenario, bounds: Bounds, progress: &mut dyn FnMut(usize, usize)) -> Explored {
    let first = Situation::new(scenario);
    let decided = |situation: &Situation| situation.decisions().iter().any(|of| !of.is_empty());
    let mut explored = Explored {
        states: 1,
        steps: 0,
        depth: 0,
        end: End::Whole,
        decides: decided(&first),
        fault: first.fault().map(|fault| (fault, Vec::new())),
    };
    let mut search = Search {
        scenario,
        nodes: vec![Node { from: FIRST, event: 0 }],
        seen: BTreeSet::from([fingerprint(&first)]),
        way: vec![(FIRST, first)],
    };
    let most = bounds.states.min(u32::MAX as usize);
    let mut level = vec![FIRST];
    while !level.is_empty() {
        if explored.depth == bounds.depth {
            explored.end = End::Depth;
            break;
        }
        let mut next = Vec::new();
        for node in std::mem::take(&mut level) {
            let situation = search.go_to(node);
            progress(explored.depth, search.nodes.len());
            for (number, event) in (0..).zip(situation.events(scenario)) {
                let Some(after) = situation.after(scenario, &event) else { continue };
                explored.steps += 1;
                if !search.seen.insert(fingerprint(&after)) {
                    continue;
                }
                let place = search.nodes.len() as u32;
                search.nodes.push(Node { from: node, event: number });
                explored.decides |= decided(&after);
                if let Some(fault) = after.fault() {
                    explored.fault = Some((fault, search.events_to(place)));
                    (explored.states, explored.depth) = (search.nodes.len(), explored.depth + 1);
                    explored.end = End::Fault;
                    return explored;
                }
                if search.nodes.len() >= most {
                    (explored.states, explored.depth) = (search.nodes.len(), explored.depth + 1);
                    explored.end = End::States;
                    return explored;
                }
                next.push(place);
            }
        }
        explored.depth += usize::from(!next.is_empty());
        level = next;
    }
    explored.states = search.nodes.len();
    explored
}

#[cfg(test)]
mod tests {
    use super::super::Lying;
    use super::*;
    use crate::committee::Committee;
    use crate::message::{ValueId, Voter};
    use crate::replica::{Growing, LogSetup, Timing};

    fn scenario(liars: &[u16], lying: Lying, last_round: u32) -> Scenario {
        let growing = Growing { first: 1, per_round: 1 };
        let timing = Timing { propose: growing, prevote: growing, precommit: growing, commit: 1, retransmit: 0 };
        Scenario {
            setting: LogSetup { committee: Committee::new(vec![1; 4]).unwrap(), timing },
            liars: liars.iter().map(|liar| Voter(*liar)).collect(),
            values: vec![ValueId(1), ValueId(2)],
            garbage: None,
            lying,
            heights: 1,
            last_round,
            restarts: 0,
        }
    }

    const ALL: Bounds = Bounds { depth: usize::MAX, states: 10_000_000 };

    #[test]
    fn bounds_are_kept_and_told() {
        let scenario = scenario(&[3], Lying::OneStory, 0);
        let shallow = explore(&scenario, Bounds { depth: 3, ..ALL }, &mut |_, _| {});
        assert_eq!((shallow.depth, shallow.end, shallow.decides), (3, End::Depth, false));
        let few = explore(&scenario, Bounds { states: 100, ..ALL }, &mut |_, _| {});
        assert_eq!((few.states, few.end), (100, End::States));
        let none = explore(&scenario, Bounds { depth: 0, ..ALL }, &mut |_, _| {});
        assert_eq!((none.states, none.depth, none.end), (1, 0, End::Depth));
    }

    /// A liar with three fifths of the power lets the two honest voters decide two ways: three messages to each of them.
    #[test]
    fn the_shortest_fork_is_found_and_its_steps_lead_there() {
        let mut scenario = scenario(&[0], Lying::OneStory, 0);
        scenario.setting.committee = Committee::new(vec![3, 1, 1]).unwrap();
        let found = explore(&scenario, ALL, &mut |_, _| {});
        let (fault, events) = found.fault.unwrap();
        assert_eq!((fault, events.len(), found.end), (Fault::Fork(1), 6, End::Fault));
        let mut situation = Situation::new(&scenario);
        for (at, event) in events.iter().enumerate() {
            assert_eq!(situation.fault(), None, "step {at}");
            situation = situation.after(&scenario, event).unwrap();
        }
        assert_eq!(situation.fault(), Some(Fault::Fork(1)));
    }

    /// Each step has words of its own, by which it is found again.
    #[test]
    fn no_two_things_that_can_happen_next_are_called_the_same() {
        let scenario = Scenario { restarts: 1, garbage: Some(ValueId(9)), ..scenario(&[0], Lying::ToTheFace, 2) };
        let mut situation = Situation::new(&scenario);
        for step in 0..60_usize {
            let events = situation.events(&scenario);
            for (at, event) in events.iter().enumerate() {
                let alike = events[..at].iter().find(|other| other.to_string() == event.to_string());
                assert!(alike.is_none_or(|other| other == event), "step {step}: {event}");
            }
            let Some(after) = (0..events.len()).find_map(|at| {
                let event = &events[(at + step * 7) % events.len()];
                situation.after(&scenario, event)
            }) else {
                break;
            };
            situation = after;
        }
    }
}
