//! Rumours: what they say, who has heard them, from whom and when.

use std::collections::VecDeque;

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::bits::BitSet;
use crate::config::Scope;

/// Somebody has heard a rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    /// Who heard it.
    pub agent: AgentId,
    /// From whom; itself, if it made it up.
    pub from: AgentId,
    /// The tick in which it heard it.
    pub tick: u64,
    /// Over how many hops it came.
    pub hops: u16,
}

/// A rumour and how far it has spread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rumour {
    /// Its number in the run, from 0.
    pub number: u32,
    /// How far it is meant to go.
    pub scope: ScopeCode,
    /// Who began it.
    pub origin: AgentId,
    /// The tick in which it began.
    pub born: u64,
    /// The tick from which on nobody tells it any more.
    pub dies: u64,
    /// What it says.
    pub text: String,
    /// Whether it is untrue: a false alarm.
    pub untrue: bool,
    /// Those who have heard it.
    pub informed: BitSet,
    /// Who heard it from whom, the first ones first.
    pub hearings: Vec<Hearing>,
    /// The tick in which somebody heard it for the first time last.
    pub last_heard: u64,
}

/// A scope as a number, for checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeCode(u8);

impl From<Scope> for ScopeCode {
    fn from(scope: Scope) -> Self {
        Self(scope as u8)
    }
}

impl ScopeCode {
    /// The scope.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self.0 {
            0 => Scope::LocalBroadcast,
            1 => Scope::RegionalGossip,
            _ => Scope::GlobalAlert,
        }
    }
}

/// The last rumours of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rumours {
    kept: VecDeque<Rumour>,
    next: u32,
}

impl Rumours {
    /// The number that the next one gets.
    #[must_use]
    pub fn next(&self) -> u32 {
        self.next
    }

    /// Adds a rumour, which gets its number here, and forgets the oldest beyond `most`.
    pub fn add(&mut self, mut rumour: Rumour, most: u32) -> u32 {
        rumour.number = self.next;
        self.next += 1;
        self.kept.push_back(rumour);
        while self.kept.len() > most.max(1) as usize {
            self.kept.pop_front();
        }
        self.next - 1
    }

    fn place(&self, number: u32) -> Option<usize> {
        let oldest = self.next - self.kept.len() as u32;
        number.checked_sub(oldest).map(|at| at as usize)
    }

    /// A rumour that is still kept.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Rumour> {
        self.kept.get(self.place(number)?)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Rumour> {
        let place = self.place(number)?;
        self.kept.get_mut(place)
    }

    /// A rumour that is still told in tick `now`.
    #[must_use]
    pub fn alive(&self, number: u32, now: u64) -> Option<&Rumour> {
        self.get(number).filter(|rumour| now < rumour.dies)
    }

    /// All that are kept, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Rumour> + ExactSizeIterator {
        self.kept.iter()
    }

    /// The memory that they hold, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept
            .iter()
            .map(|rumour| {
                rumour.informed.bytes() + rumour.hearings.capacity() * size_of::<Hearing>() + rumour.text.len()
            })
            .sum()
    }
}
