//! Operations that a swarm does in parts.

use super::route::Ask;
use super::{Ground, Join, Operations};
use crate::bridge::{Reducer, Verdict};
use crate::slab::{NONE, Operation, PART, Stage};

/// Questions whose answers are numbers below this.
const ANSWERS: u64 = 1000;

/// What came of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    join: u32,
    /// The number of the whole, its lower half: answers to questions that nobody asks any more are passed over.
    serial: u32,
    part: u32,
    whole: i64,
    succeeded: bool,
}

/// What an operation asks, as a number: what all who do it rightly answer alike.
#[must_use]
fn whole_of(key: u64) -> i64 {
    (crate::index::spread(key) % ANSWERS) as i64
}

impl Operations {
    /// An individual asks the members of its swarm instead of doing an operation itself.
    pub(super) fn split(&mut self, ground: &Ground, place: u32, bridge: usize) {
        let whole = self.state.slab[place];
        let (parts, class) = (self.bridges[bridge].parts, self.bridges[bridge].class);
        let join = Join { parent: place, serial: whole.serial, bridge: bridge as u16, parts, answers: Vec::new() };
        let number = self.state.free_joins.pop().unwrap_or(self.state.joins.len() as u32);
        if number as usize == self.state.joins.len() {
            self.state.joins.push(None);
        }
        self.state.joins[number as usize] = Some(join);
        self.state.slab[place].join = number;
        for part in 0..u32::from(parts) {
            let ask = Ask {
                class,
                workload: whole.workload,
                key: whole.key,
                priority: whole.priority,
                asker: whole.serial as u32,
                join: number,
                part,
                flags: PART,
                given_ms: 0.0,
                session: whole.session,
            };
            self.request(ground, ask);
        }
    }

    /// A part has ended. What follows from it is worked out before the next event: a part may end while the whole is being
    /// split.
    pub(super) fn answer(&mut self, part: &Operation, succeeded: bool) {
        self.answers.push_back(Answer {
            join: part.join,
            serial: part.asker,
            part: part.part,
            whole: whole_of(part.key),
            succeeded,
        });
    }

    /// Combines the answers that have come.
    pub(super) fn take_answers(&mut self, ground: &Ground) {
        while let Some(answer) = self.answers.pop_front() {
            let Some(join) = self.state.joins.get_mut(answer.join as usize).and_then(Option::as_mut) else { continue };
            if join.serial as u32 != answer.serial {
                continue;
            }
            let (parent, serial, parts) = (join.parent, join.serial, usize::from(join.parts));
            let reducer = self.bridges.get(usize::from(join.bridge)).map_or(Reducer::All, |bridge| bridge.reducer);
            let said = answer.succeeded.then(|| reducer.answer_of(answer.whole, answer.part as usize, parts));
            join.answers.push(said);
            let verdict = reducer.combine(&join.answers, parts);
            // The whole may have been given up or lost meanwhile; then only the answers end.
            let whole = self.state.slab[parent];
            let waits = whole.serial == serial && whole.stage() == Stage::Executing && whole.join == answer.join;
            if verdict == Verdict::Open && waits {
                continue;
            }
            self.state.joins[answer.join as usize] = None;
            self.state.free_joins.push(answer.join);
            if waits {
                self.state.slab[parent].join = NONE;
                self.end_whole(ground, parent, matches!(verdict, Verdict::Answer(_)));
            }
        }
    }
}
