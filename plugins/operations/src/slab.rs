//! Operations that are on their way.
//!
//! They are no entities: at a million a second they come and go too fast. Each is a record of 96 bytes in a dense slab. An
//! event in its life touches most of its fields, so they lie together instead of in an array each. Lists of operations (in
//! work at an agent, waiting in front of it, waiting for any agent) run through the records themselves.

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

use crate::time::{NEVER, Time};

/// No operation, no agent, nothing.
pub const NONE: u32 = u32::MAX;

/// Where an operation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The place in the slab is free.
    Free = 0,
    /// It waits for any agent to have room.
    InLine = 1,
    /// It waits in front of an agent.
    Waiting = 2,
    /// An agent works on it.
    Executing = 3,
    /// It waits until it is tried again.
    Backoff = 4,
    /// It is on the way to its agent in another region.
    Outbound = 5,
    /// The answer is on the way back from another region.
    Returning = 6,
}

impl Stage {
    const fn of(number: u8) -> Self {
        match number {
            1 => Self::InLine,
            2 => Self::Waiting,
            3 => Self::Executing,
            4 => Self::Backoff,
            5 => Self::Outbound,
            6 => Self::Returning,
            _ => Self::Free,
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "ended",
            Self::InLine => "waits for an agent",
            Self::Waiting => "queued",
            Self::Executing => "executing",
            Self::Backoff => "waits to retry",
            Self::Outbound => "on the way to its agent",
            Self::Returning => "answer on the way back",
        }
    }
}

/// It will succeed, if nothing comes in between.
pub const WILL_SUCCEED: u8 = 1;
/// It is with the swarms.
pub const SWARM: u8 = 2;
/// It was taken over from a tier that isn't well.
pub const TAKEN_OVER: u8 = 4;
/// Its agent stands still; `due` is what was left of its time.
pub const HALTED: u8 = 8;
/// It is a part of another one.
pub const PART: u8 = 16;
/// Its service time was given with it, in `given_ms`.
pub const GIVEN: u8 = 32;

/// Its agent was not there when it came.
pub const REFUSED: u8 = 64;
/// The members of the swarm gave no answer that counts.
pub const UNANSWERED: u8 = 128;

/// An operation that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Operation {
    /// Its number among all operations of the run.
    pub serial: u64,
    /// When it was requested.
    pub requested: Time,
    /// When this attempt was routed.
    pub routed: Time,
    /// When the agent began.
    pub started: Time,
    /// When its work is done, when it or its answer arrives, or when it is tried again.
    pub due: Time,
    /// When this attempt is given up.
    pub deadline: Time,
    /// Its key.
    pub key: u64,
    /// Its agent.
    pub agent: u32,
    /// The next one in its list.
    pub next: u32,
    /// The one before in its list.
    pub previous: u32,
    /// Its session's place.
    pub session: u32,
    /// Who waits for it: a user's number, or the place of the operation that it is a part of.
    pub asker: u32,
    /// Its answers, if it was split.
    pub join: u32,
    /// Its class.
    pub class: u16,
    /// Its workload.
    pub workload: u16,
    /// How often it was tried before.
    pub attempt: u8,
    pub(crate) stage: u8,
    /// 1–10.
    pub priority: u8,
    /// What else is to be known.
    pub flags: u8,
    /// The service time that was given with it, in milliseconds.
    pub given_ms: f32,
    /// Which part of the whole it is.
    pub part: u32,
}

impl Operation {
    /// Where it is in its life.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Stage::of(self.stage)
    }

    /// Puts it elsewhere in its life.
    pub fn set_stage(&mut self, stage: Stage) {
        self.stage = stage as u8;
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Sets a flag or takes it back.
    pub fn set(&mut self, flag: u8, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }

    /// The pool in whose line it waits; before an agent has it, the moment at which that began is of no use.
    #[must_use]
    pub fn pool(&self) -> usize {
        self.started as usize
    }

    pub(crate) fn set_pool(&mut self, number: usize) {
        self.started = number as u64;
    }

    /// A free place.
    #[must_use]
    pub fn free() -> Self {
        Self {
            due: NEVER,
            deadline: NEVER,
            agent: NONE,
            next: NONE,
            previous: NONE,
            session: NONE,
            asker: NONE,
            join: NONE,
            ..Self::zeroed()
        }
    }
}

/// The places of all operations that are on their way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slab {
    #[serde(with = "agent2028_core::checkpoint::records")]
    records: Vec<Operation>,
    #[serde(with = "agent2028_core::checkpoint::records")]
    free: Vec<u32>,
}

impl Slab {
    /// How many operations are on their way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// Whether none is on its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many places there are, free ones too.
    #[must_use]
    pub fn places(&self) -> usize {
        self.records.len()
    }

    /// Gives an operation a place.
    pub fn insert(&mut self, operation: Operation) -> u32 {
        if let Some(place) = self.free.pop() {
            self.records[place as usize] = operation;
            return place;
        }
        self.records.push(operation);
        (self.records.len() - 1) as u32
    }

    /// Frees a place and gives what stood there.
    pub fn remove(&mut self, place: u32) -> Operation {
        self.free.push(place);
        std::mem::replace(&mut self.records[place as usize], Operation::free())
    }

    /// The operation at a place, free or not.
    #[must_use]
    pub fn get(&self, place: u32) -> Option<&Operation> {
        self.records.get(place as usize)
    }

    /// All operations on their way with their places, in the order of these.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Operation)> {
        let taken = |(_, record): &(usize, &Operation)| record.stage() != Stage::Free;
        self.records.iter().enumerate().filter(taken).map(|(place, record)| (place as u32, record))
    }

    /// Their memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<Operation>() + self.free.capacity() * 4
    }

    /// Whether a list that was read makes sense: no place is named twice or doesn't exist.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut seen = vec![false; self.records.len()];
        for place in &self.free {
            match seen.get_mut(*place as usize) {
                Some(seen) if !*seen && self.records[*place as usize].stage() == Stage::Free => *seen = true,
                _ => return Err("the free places of operations make no sense".into()),
            }
        }
        let free = self.records.iter().filter(|record| record.stage() == Stage::Free).count();
        if free == self.free.len() { Ok(()) } else { Err("a free place of operations is missing".into()) }
    }
}

impl std::ops::Index<u32> for Slab {
    type Output = Operation;

    #[inline]
    fn index(&self, place: u32) -> &Operation {
        &self.records[place as usize]
    }
}

impl std::ops::IndexMut<u32> for Slab {
    #[inline]
    fn index_mut(&mut self, place: u32) -> &mut Operation {
        &mut self.records[place as usize]
    }
}

/// A list of operations that runs through their records, first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The first one.
    pub first: u32,
    /// The last one.
    pub last: u32,
    /// How many there are.
    pub len: u32,
}

impl Default for List {
    fn default() -> Self {
        Self { first: NONE, last: NONE, len: 0 }
    }
}

impl List {
    /// Puts an operation behind all that have at least its priority.
    pub fn insert(&mut self, slab: &mut Slab, place: u32) {
        let priority = slab[place].priority;
        let mut before = self.last;
        while before != NONE && slab[before].priority < priority {
            before = slab[before].previous;
        }
        let after = if before == NONE { self.first } else { slab[before].next };
        let record = &mut slab[place];
        (record.previous, record.next) = (before, after);
        match before {
            NONE => self.first = place,
            before => slab[before].next = place,
        }
        match after {
            NONE => self.last = place,
            after => slab[after].previous = place,
        }
        self.len += 1;
    }

    /// Takes an operation out.
    pub fn remove(&mut self, slab: &mut Slab, place: u32) {
        let (before, after) = (slab[place].previous, slab[place].next);
        match before {
            NONE => self.first = after,
            before => slab[before].next = after,
        }
        match after {
            NONE => self.last = before,
            after => slab[after].previous = before,
        }
        (slab[place].previous, slab[place].next) = (NONE, NONE);
        self.len -= 1;
    }

    /// Its operations, first to last.
    pub fn iter<'a>(&self, slab: &'a Slab) -> impl Iterator<Item = u32> + 'a {
        let mut at = self.first;
        std::iter::from_fn(move || {
            let place = at;
            at = slab.get(place)?.next;
            Some(place)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(priority: u8) -> Operation {
        let mut operation = Operation { priority, ..Operation::free() };
        operation.set_stage(Stage::Waiting);
        operation
    }

    #[test]
    fn a_record_takes_96_bytes() {
        assert_eq!(size_of::<Operation>(), 96);
    }

    #[test]
    fn places_are_used_again() {
        let mut slab = Slab::default();
        let places: Vec<u32> = (0..3).map(|_| slab.insert(operation(5))).collect();
        slab.remove(places[1]);
        assert_eq!((slab.len(), slab.iter().count()), (2, 2));
        assert_eq!(slab.insert(operation(5)), places[1]);
        assert!(slab.check().is_ok());
    }

    #[test]
    fn higher_priorities_stand_before_lower_ones_and_equal_ones_in_order() {
        let mut slab = Slab::default();
        let mut list = List::default();
        let places: Vec<u32> = [5, 5, 9, 1, 9].iter().map(|priority| slab.insert(operation(*priority))).collect();
        places.iter().for_each(|place| list.insert(&mut slab, *place));
        let order: Vec<u32> = list.iter(&slab).collect();
        assert_eq!(order, [2, 4, 0, 1, 3]);
        for gone in [0, 2, 3] {
            list.remove(&mut slab, gone);
        }
        assert_eq!((list.iter(&slab).collect::<Vec<_>>(), list.len), (vec![4, 1], 2));
        list.remove(&mut slab, 4);
        list.remove(&mut slab, 1);
        assert_eq!(list, List::default());
    }
}
