//! Streams of events for async code outside of the simulation. A stream never holds up a tick, and says what it missed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::{Receiver, Sender, channel};

use super::log::Log;
use super::{Event, EventFilter, SharedEvent};

/// How many chunks a slow reader finds waiting at most: one for each tick with events, or more if there are more than 256 in
/// a tick.
const WAITING: usize = 1024;

/// What goes through the channel.
#[derive(Clone, Debug)]
struct Sent {
    /// Counts how often the simulation was put elsewhere in time.
    era: u64,
    /// The number of the first event since then.
    era_first: u64,
    chunk: Option<Arc<[Event]>>,
}

/// The history as readers outside see it.
#[derive(Debug, Default)]
pub(super) struct Kept {
    era: u64,
    chunks: VecDeque<Arc<[Event]>>,
}

/// The end of the channel that the bus holds.
#[derive(Debug)]
pub(super) struct Outlet {
    sender: Sender<Sent>,
    kept: Arc<Mutex<Kept>>,
    era: u64,
    era_first: u64,
    /// The number of the first event that was not sent yet.
    sent: u64,
    /// The number of the first event that `kept` lacks; nothing if it must be built anew.
    copied: Option<u64>,
}

impl Outlet {
    pub fn new(next: u64) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        Self { sender: channel(WAITING).0, kept, era: 0, era_first: next, sent: next, copied: None }
    }

    pub fn subscribe(&self, filter: EventFilter, next: u64) -> EventStream {
        EventStream {
            receiver: self.sender.subscribe(),
            kept: self.kept.clone(),
            filter,
            era: self.era,
            next,
            chunk: None,
            missed: 0,
            closed: false,
        }
    }

    pub fn receivers(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Sends the chunks that were not sent yet; false if there is nobody left to receive any. Waits for nobody: the channel
    /// overwrites what the slowest reader has not fetched, and the copy of the history is left alone while somebody reads it.
    pub fn flush(&mut self, log: &Log, oldest: u64) -> bool {
        if self.receivers() == 0 {
            return false;
        }
        for chunk in log.chunks_from(self.sent) {
            // Fails only if the last reader has just gone, which the next tick notices.
            let _ = self.send(Some(chunk.clone()));
        }
        self.sent = log.next();
        let kept = match self.kept.try_lock() {
            Ok(kept) => Some(kept),
            Err(TryLockError::Poisoned(kept)) => Some(kept.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut kept) = kept {
            if self.copied.is_none_or(|copied| copied < log.first()) {
                kept.chunks.clear();
                self.copied = None;
            }
            kept.era = self.era;
            kept.chunks.extend(log.chunks_from(self.copied.unwrap_or(oldest)).cloned());
            while kept.chunks.front().and_then(|chunk| chunk.last()).is_some_and(|last| last.sequence < oldest) {
                kept.chunks.pop_front();
            }
            self.copied = Some(log.next());
        }
        true
    }

    /// Tells the readers that the simulation was put elsewhere in time.
    pub fn rewind(&mut self, next: u64) {
        self.era += 1;
        (self.era_first, self.sent, self.copied) = (next, next, None);
        let _ = self.send(None);
    }

    fn send(&self, chunk: Option<Arc<[Event]>>) -> Result<usize, impl fmt::Debug> {
        self.sender.send(Sent { era: self.era, era_first: self.era_first, chunk })
    }
}

/// A gap: events that were dropped before the reader fetched them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the first one.
    pub from: u64,
    /// How many they are, of any kind.
    pub missed: u64,
    era: u64,
}

/// What a stream tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Something happened.
    Event(SharedEvent),
    /// The reader was too slow: these events are not told, but those that are still kept can be read again
    /// ([`EventStream::reread`]); a recording has them all.
    Gap(Gap),
    /// The simulation was put elsewhere in time: what comes next are the events from there on.
    Rewound {
        /// The number that the next event there gets.
        next: u64,
    },
}

/// Events as they happen, for async code outside of the simulation ([`EventBus::stream`](super::EventBus::stream)).
#[derive(Debug)]
pub struct EventStream {
    receiver: Receiver<Sent>,
    kept: Arc<Mutex<Kept>>,
    filter: EventFilter,
    era: u64,
    /// The number of the event that must come next for nothing to be missing.
    next: u64,
    /// What was received and not told yet: a chunk and a place in it.
    chunk: Option<(Arc<[Event]>, usize)>,
    missed: u64,
    closed: bool,
}

impl EventStream {
    /// Waits for the next message. Returns `None` once the simulation is dropped and everything was read.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.told() {
                return Some(told);
            }
            match self.receiver.recv().await {
                Ok(sent) => {
                    if let Some(told) = self.open(sent) {
                        return Some(told);
                    }
                }
                // The number of the next event tells how many were missed.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => {
                    self.closed = true;
                    return None;
                }
            }
        }
    }

    /// What comes next, if it is there already.
    pub fn try_next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.told() {
                return Some(told);
            }
            match self.receiver.try_recv() {
                Ok(sent) => {
                    if let Some(told) = self.open(sent) {
                        return Some(told);
                    }
                }
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Closed) => {
                    self.closed = true;
                    return None;
                }
            }
        }
    }

    /// As [`EventStream::next`], for a thread of its own.
    pub fn blocking_next(&mut self) -> Option<Told> {
        bevy::tasks::block_on(self.next())
    }

    /// Whether the simulation is no more and everything has been told.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many events, of any kind, this reader was too slow for, all gaps together.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The events of a gap that pass the filter and are still in the history. None if the simulation was put elsewhere in
    /// time since.
    #[must_use]
    pub fn reread(&self, gap: &Gap) -> Vec<SharedEvent> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.era != gap.era {
            return Vec::new();
        }
        let chunks: Vec<Arc<[Event]>> = kept.chunks.iter().cloned().collect();
        drop(kept);
        let missing = gap.from..gap.from.saturating_add(gap.missed);
        let wanted = |event: &SharedEvent| missing.contains(&event.sequence) && self.filter.admits(event);
        chunks
            .iter()
            .flat_map(|chunk| (0..chunk.len()).filter_map(|at| SharedEvent::new(chunk, at)))
            .filter(wanted)
            .collect()
    }

    /// The copy of the history that readers share.
    #[cfg(test)]
    pub(super) fn history_for_test(&self) -> Arc<Mutex<Kept>> {
        self.kept.clone()
    }

    /// A gap of no events in the present.
    #[cfg(test)]
    pub(super) fn whole_gap_for_test(&self) -> Gap {
        Gap { from: 0, missed: 0, era: self.era }
    }

    /// Opens what was received; tells if the simulation was put elsewhere in time before it.
    fn open(&mut self, sent: Sent) -> Option<Told> {
        self.chunk = sent.chunk.map(|chunk| (chunk, 0));
        if sent.era == self.era {
            return None;
        }
        (self.era, self.next) = (sent.era, sent.era_first);
        Some(Told::Rewound { next: self.next })
    }

    /// The next thing to tell of what was received.
    fn told(&mut self) -> Option<Told> {
        let (chunk, at) = self.chunk.as_mut()?;
        while let Some(event) = chunk.get(*at) {
            if event.sequence > self.next {
                let gap = Gap { from: self.next, missed: event.sequence - self.next, era: self.era };
                self.next = event.sequence;
                self.missed += gap.missed;
                return Some(Told::Gap(gap));
            }
            let place = *at;
            *at += 1;
            // What was told before the stream began may share a chunk with what came after.
            if event.sequence == self.next {
                self.next += 1;
                if self.filter.admits(event) {
                    return SharedEvent::new(chunk, place).map(Told::Event);
                }
            }
        }
        self.chunk = None;
        None
    }
}
