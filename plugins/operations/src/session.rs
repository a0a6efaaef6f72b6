//! Sessions, and the receipts that operations leave.

use std::collections::VecDeque;

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::slab::NONE;
use crate::time::Time;

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Outcome {
    /// It was done.
    Completed,
    /// It was tried and failed.
    Failed,
    /// It took too long.
    TimedOut,
    /// It was never begun.
    Rejected,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Failed, Self::TimedOut, Self::Rejected];

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Rejected => "rejected",
        }
    }
}

/// Why an operation, or an attempt, did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, bevy::prelude::Reflect, Serialize, Deserialize)]
#[repr(u8)]
pub enum Failure {
    /// It succeeded.
    None,
    /// The agent did it wrong.
    Service,
    /// The agent failed or left.
    AgentFailed,
    /// It took too long.
    Timeout,
    /// No agent that could do it was there.
    NoAgent,
    /// No agent had room.
    QueueFull,
    /// It had waited longest when the queue was full.
    Shed,
    /// Its tier isn't well.
    TierUnwell,
    /// Its tier's share of work is used up.
    OutOfCpu,
    /// Its tier's share of operations on their way is used up.
    OutOfMemory,
    /// Its tier's share of requests per second is used up.
    OutOfNetwork,
    /// The members of the swarm gave no answer that counts.
    NoAnswer,
    /// Those who had to let it through did not agree in time.
    NotAgreed,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::None,
        Self::Service,
        Self::AgentFailed,
        Self::Timeout,
        Self::NoAgent,
        Self::QueueFull,
        Self::Shed,
        Self::TierUnwell,
        Self::OutOfCpu,
        Self::OutOfMemory,
        Self::OutOfNetwork,
        Self::NoAnswer,
        Self::NotAgreed,
    ];

    /// Why, in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Service => "the agent did it wrong",
            Self::AgentFailed => "the agent failed",
            Self::Timeout => "it took too long",
            Self::NoAgent => "no agent that can do it is there",
            Self::QueueFull => "no agent has room",
            Self::Shed => "it had waited longest in a full queue",
            Self::TierUnwell => "the tier is not well",
            Self::OutOfCpu => "the tier's share of work is used up",
            Self::OutOfMemory => "too many operations are on their way",
            Self::OutOfNetwork => "the tier's share of requests is used up",
            Self::NoAnswer => "the swarm gave no answer that counts",
            Self::NotAgreed => "those who had to let it through did not agree in time",
        }
    }

    /// Whether it says that something is used up.
    #[must_use]
    pub const fn is_exhaustion(self) -> bool {
        matches!(self, Self::OutOfCpu | Self::OutOfMemory | Self::OutOfNetwork)
    }
}

/// What a finished operation leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The operation's number in the run; [`command_id`] makes its UUID.
    pub command: u64,
    /// The session's number in the run; [`session_id`] makes its UUID.
    pub session: u64,
    /// The agent that worked on it last, if any did.
    pub agent: Option<AgentId>,
    /// The class: what was asked for.
    pub class: u16,
    /// When it ended.
    pub at: Time,
    /// How long it took from the request on, in parts of a tick.
    pub duration: Time,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not succeed.
    pub failure: Failure,
    /// How often it was tried before.
    pub retries: u8,
    /// The number, plus 1, of the receipt before of the same agent; 0 for none.
    pub before: u64,
    /// The hash over this receipt and the one before it in its session.
    pub hash: [u8; 32],
}

impl Receipt {
    /// The 32 bytes that are hashed: with the hash before them exactly one block.
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[0..8].copy_from_slice(&self.command.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.at.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.duration.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.agent.map_or(NONE, |agent| agent.0).to_le_bytes());
        bytes[28..30].copy_from_slice(&self.class.to_le_bytes());
        bytes[30] = self.outcome as u8 | (self.failure as u8) << 3;
        bytes[31] = self.retries;
        bytes
    }

    /// The hash that it must carry, after the one before it in its session (for the first one, that of the session's number).
    #[must_use]
    pub fn chained(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut block = [0; 64];
        block[..32].copy_from_slice(before);
        block[32..].copy_from_slice(&self.bytes());
        *blake3::hash(&block).as_bytes()
    }
}

/// What the chain of a session begins with.
#[must_use]
pub fn seed(session: u64) -> [u8; 32] {
    *blake3::hash(&session.to_le_bytes()).as_bytes()
}

/// The UUID of an operation.
#[must_use]
pub fn command_id(dice: &SimRng, command: u64) -> Uuid {
    dice.uuid(Purpose::new("operations.command"), command)
}

/// The UUID of a session.
#[must_use]
pub fn session_id(dice: &SimRng, session: u64) -> Uuid {
    dice.uuid(Purpose::new("operations.session"), session)
}

/// Operations that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its number in the run.
    pub number: u64,
    /// The workload that it came from.
    pub workload: u16,
    /// How many operations it has had.
    pub requested: u64,
    /// How many of them have ended.
    pub ended: u64,
    /// How many it will have; 0 if that is open.
    pub size: u32,
    /// The hash of its last receipt.
    pub head: [u8; 32],
}

impl Session {
    /// Whether it takes no more operations.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.size > 0 && self.requested >= u64::from(self.size)
    }

    /// Whether all its operations have ended and no more will come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_full() && self.ended == self.requested
    }
}

/// Open sessions and the last receipts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    sessions: Vec<Option<Session>>,
    free: Vec<u32>,
    next_session: u64,
    receipts: VecDeque<Receipt>,
    written: u64,
}

impl Book {
    /// Opens a session.
    pub(crate) fn open(&mut self, workload: u16, size: u32) -> u32 {
        let number = self.next_session;
        self.next_session += 1;
        let session = Session { number, workload, requested: 0, ended: 0, size, head: seed(number) };
        if let Some(place) = self.free.pop() {
            self.sessions[place as usize] = Some(session);
            return place;
        }
        self.sessions.push(Some(session));
        (self.sessions.len() - 1) as u32
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut Session> {
        self.sessions.get_mut(place as usize)?.as_mut()
    }

    /// The session at a place.
    #[must_use]
    pub fn session(&self, place: u32) -> Option<&Session> {
        self.sessions.get(place as usize)?.as_ref()
    }

    /// The sessions that are open.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().flatten()
    }

    /// How many sessions there were.
    #[must_use]
    pub fn session_count(&self) -> u64 {
        self.next_session
    }

    /// Takes note that an operation of a session has ended, and writes its receipt, of which the last `kept` stay. Returns
    /// the receipt's number plus 1, or 0 if none is written.
    pub(crate) fn write(&mut self, place: u32, mut receipt: Receipt, kept: usize) -> u64 {
        let Some(session) = self.sessions.get_mut(place as usize).and_then(Option::as_mut) else {
            return 0;
        };
        session.ended += 1;
        if kept > 0 {
            receipt.session = session.number;
            receipt.hash = receipt.chained(&session.head);
            session.head = receipt.hash;
            while self.receipts.len() >= kept {
                self.receipts.pop_front();
            }
            self.receipts.push_back(receipt);
            self.written += 1;
        }
        if session.is_over() {
            self.sessions[place as usize] = None;
            self.free.push(place);
        }
        if kept > 0 { self.written } else { 0 }
    }

    /// The receipts that are kept, oldest first.
    pub fn receipts(&self) -> impl DoubleEndedIterator<Item = &Receipt> + ExactSizeIterator {
        self.receipts.iter()
    }

    /// How many receipts were written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// A receipt by its number plus 1, if it is kept.
    fn numbered(&self, number: u64) -> Option<&Receipt> {
        let oldest = self.written - self.receipts.len() as u64;
        self.receipts.get(usize::try_from(number.checked_sub(oldest + 1)?).ok()?)
    }

    /// The kept receipts of an agent, newest first, from its last one (its number plus 1).
    pub fn of_agent(&self, last: u64) -> impl Iterator<Item = &Receipt> {
        let mut next = last;
        std::iter::from_fn(move || {
            let receipt = self.numbered(next)?;
            next = receipt.before;
            Some(receipt)
        })
    }

    /// The first kept receipt whose hash is not that over itself and the one before in its session, if there is one.
    #[must_use]
    pub fn first_forged(&self) -> Option<&Receipt> {
        let mut heads = std::collections::BTreeMap::new();
        self.receipts.iter().find(|receipt| {
            let before = heads.insert(receipt.session, receipt.hash);
            // The one before the first that is kept is gone.
            before.is_some_and(|before| receipt.chained(&before) != receipt.hash)
        })
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.receipts.capacity() * size_of::<Receipt>() + self.sessions.capacity() * size_of::<Option<Session>>()
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let places = |place: &u32| self.sessions.get(*place as usize).is_some_and(Option::is_none);
        if self.free.iter().all(places) && self.written >= self.receipts.len() as u64 {
            Ok(())
        } else {
            Err("the sessions make no sense".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(command: u64, agent: u32, before: u64) -> Receipt {
        Receipt {
            command,
            session: 0,
            agent: Some(AgentId(agent)),
            class: 0,
            at: command * 10,
            duration: 5,
            outcome: Outcome::Completed,
            failure: Failure::None,
            retries: 0,
            before,
            hash: [0; 32],
        }
    }

    #[test]
    fn receipts_form_a_chain_in_which_no_link_can_be_changed() {
        let mut book = Book::default();
        let place = book.open(0, 0);
        for command in 0..20 {
            book.get_mut(place).unwrap().requested += 1;
            book.write(place, receipt(command, 0, command), 8);
        }
        assert_eq!((book.receipts().len(), book.written()), (8, 20));
        assert_eq!(book.first_forged(), None);
        let mut head = seed(0);
        for command in 0..20 {
            head = receipt(command, 0, command).chained(&head);
        }
        assert_eq!(book.session(place).unwrap().head, head);
        book.receipts[3].duration += 1;
        assert_eq!(book.first_forged().map(|receipt| receipt.command), Some(15));
    }

    #[test]
    fn an_agents_receipts_are_found_newest_first_as_far_as_they_are_kept() {
        let mut book = Book::default();
        let place = book.open(0, 0);
        let mut last = [0; 2];
        for command in 0..30 {
            let agent = (command % 2) as usize;
            last[agent] = book.write(place, receipt(command, agent as u32, last[agent]), 10);
        }
        let commands: Vec<u64> = book.of_agent(last[1]).map(|receipt| receipt.command).collect();
        assert_eq!(commands, [29, 27, 25, 23, 21]);
        assert_eq!(book.of_agent(0).count(), 0);
    }

    #[test]
    fn a_session_closes_when_all_its_operations_have_ended() {
        let mut book = Book::default();
        let place = book.open(3, 2);
        book.get_mut(place).unwrap().requested = 2;
        book.write(place, receipt(0, 0, 0), 10);
        assert!(book.session(place).is_some());
        book.write(place, receipt(1, 0, 0), 10);
        assert_eq!(book.sessions().count(), 0);
        assert_eq!(book.open(3, 2), place);
        assert_eq!(book.session(place).unwrap().number, 1);
    }
}
