//! The events that are kept, in their order, in chunks that are shared with whoever reads them elsewhere.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::sync::Arc;

use super::{Event, SharedEvent};

/// How many events a chunk has at most.
pub(super) const CHUNK: usize = 256;

/// Events without gaps. The newest are in a buffer that is used again and again; chunks have one allocation each, of the size
/// that they need.
#[derive(Debug)]
pub(super) struct Log {
    chunks: VecDeque<Arc<[Event]>>,
    open: Vec<Event>,
    /// The number of the first event that is kept.
    first: u64,
    /// The number that the next event gets.
    next: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), open: Vec::with_capacity(CHUNK), first: 0, next: 0 }
    }
}

impl Log {
    /// The number of the first event that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next event gets.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Adds an event, whose number must be the next one. Tells whether a chunk was filled.
    #[inline]
    pub fn push(&mut self, event: Event) -> bool {
        debug_assert_eq!(event.sequence, self.next);
        self.open.push(event);
        self.next += 1;
        if self.open.len() == CHUNK {
            self.seal();
            return true;
        }
        false
    }

    /// Makes a chunk of what lies in the buffer.
    pub fn seal(&mut self) {
        if !self.open.is_empty() {
            self.chunks.push_back(self.open.drain(..).collect());
        }
    }

    /// Drops chunks that are wholly before `sequence`.
    pub fn forget_before(&mut self, sequence: u64) {
        while let Some(front) = self.chunks.front()
            && self.first + front.len() as u64 <= sequence
        {
            self.first += front.len() as u64;
            self.chunks.pop_front();
        }
    }

    /// Drops everything; the next event gets this number.
    pub fn restart(&mut self, next: u64) {
        self.chunks.clear();
        self.open.clear();
        (self.first, self.next) = (next, next);
    }

    /// Puts chunks without gaps that end right before the next event in place of those that are kept, unless those reach
    /// back further.
    pub fn put_back(&mut self, chunks: &[Arc<[Event]>]) {
        let Some(first) = chunks.first().and_then(|chunk| chunk.first()).map(|event| event.sequence) else {
            return;
        };
        let count: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        if first < self.first && first + count as u64 == self.next {
            self.open.clear();
            self.chunks = chunks.iter().cloned().collect();
            self.first = first;
        }
    }

    /// The chunks that hold the events from `sequence` on, and perhaps some before it.
    pub fn chunks_from(&self, sequence: u64) -> impl Iterator<Item = &Arc<[Event]>> {
        let from = self.chunks.partition_point(|chunk| last_of(chunk).is_none_or(|last| last < sequence));
        self.chunks.range(from..)
    }

    /// What lies in the buffer.
    pub fn open(&self) -> &[Event] {
        &self.open
    }

    /// The stretch of kept events in which an event lies; empty if it is not kept.
    #[inline]
    pub fn stretch(&self, sequence: u64) -> &[Event] {
        if self.open.first().is_some_and(|first| first.sequence <= sequence) {
            return if sequence < self.next { &self.open } else { &[] };
        }
        match self.chunk(sequence) {
            Some(chunk) => chunk,
            None => &[],
        }
    }

    fn chunk(&self, sequence: u64) -> Option<&Arc<[Event]>> {
        if sequence < self.first {
            return None;
        }
        self.chunks_from(sequence).next()
    }

    /// An event, to be kept for as long as somebody wants it; not if it lies in the buffer.
    pub fn share(&self, sequence: u64) -> Option<SharedEvent> {
        let chunk = self.chunk(sequence)?;
        SharedEvent::new(chunk, (sequence - chunk.first()?.sequence) as usize)
    }

    /// The events from `from` to before `to` that are kept.
    pub fn range(&self, from: u64, to: u64) -> Events<'_> {
        let (front, back) = (from.max(self.first), to.min(self.next));
        Events { log: self, front: front.min(back), back, near: &[], far: &[] }
    }

    /// The memory that is held, in bytes.
    pub fn bytes(&self) -> usize {
        let events: usize = self.chunks.iter().map(|chunk| chunk.len()).sum::<usize>() + self.open.capacity();
        let payloads: usize = self.range(self.first, self.next).map(|event| event.payload.bytes()).sum();
        events * size_of::<Event>() + payloads
    }
}

fn last_of(chunk: &Arc<[Event]>) -> Option<u64> {
    chunk.last().map(|event| event.sequence)
}

/// Events in the order in which they happened.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    log: &'a Log,
    front: u64,
    back: u64,
    /// The stretch that the last event from the front was in.
    near: &'a [Event],
    /// The stretch that the last event from the back was in.
    far: &'a [Event],
}

/// An event of a log; `near` is where the one before was found.
#[inline]
pub(super) fn find<'a>(log: &'a Log, near: &mut &'a [Event], sequence: u64) -> Option<&'a Event> {
    if let Some(first) = near.first()
        && let Some(event) = near.get(sequence.wrapping_sub(first.sequence) as usize)
    {
        return Some(event);
    }
    *near = log.stretch(sequence);
    near.get(sequence.wrapping_sub(near.first()?.sequence) as usize)
}

impl<'a> Iterator for Events<'a> {
    type Item = &'a Event;

    fn next(&mut self) -> Option<&'a Event> {
        if self.front == self.back {
            return None;
        }
        self.front += 1;
        find(self.log, &mut self.near, self.front - 1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.back - self.front) as usize;
        (left, Some(left))
    }

    fn nth(&mut self, skipped: usize) -> Option<&'a Event> {
        self.front = self.front.saturating_add(skipped as u64).min(self.back);
        self.next()
    }
}

impl DoubleEndedIterator for Events<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        self.back -= 1;
        find(self.log, &mut self.far, self.back)
    }
}

impl ExactSizeIterator for Events<'_> {}
impl FusedIterator for Events<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, Payload};

    fn event(sequence: u64) -> Event {
        Event {
            sequence,
            tick: 0,
            unix_ms: 0,
            kind: EventKind::AGENT_FAILED,
            priority: 8,
            source: None,
            payload: Payload::default(),
            respond_by: None,
            refers_to: None,
        }
    }

    fn numbers(events: Events) -> Vec<u64> {
        events.map(|event| event.sequence).collect()
    }

    #[test]
    fn events_are_found_whatever_chunk_they_are_in() {
        let mut log = Log::default();
        for sequence in 0..1000 {
            log.push(event(sequence));
            if sequence % 77 == 5 {
                log.seal();
            }
        }
        assert_eq!(numbers(log.range(0, u64::MAX)), (0..1000).collect::<Vec<_>>());
        assert_eq!(
            log.range(990, 2000).rev().map(|event| event.sequence).collect::<Vec<_>>(),
            (990..1000).rev().collect::<Vec<_>>()
        );
        assert_eq!(log.range(10, 900).nth(500).map(|event| event.sequence), Some(510));
        let mut both = log.range(300, 305);
        assert_eq!((both.next().unwrap().sequence, both.next_back().unwrap().sequence, both.len()), (300, 304, 3));
        log.forget_before(600);
        assert!(log.first() <= 600 && log.first() > 600 - CHUNK as u64);
        assert!(log.stretch(log.first() - 1).is_empty() && log.stretch(1000).is_empty());
        assert_eq!(log.share(700).unwrap().sequence, 700);
        assert_eq!(numbers(log.range(0, 603)).last(), Some(&602));
        log.restart(5);
        assert_eq!((log.first(), log.next(), log.range(0, 9).len()), (5, 5, 0));
    }

    #[test]
    fn what_is_put_back_must_fit() {
        let mut whole = Log::default();
        for sequence in 0..600 {
            whole.push(event(sequence));
        }
        whole.seal();
        let chunks: Vec<_> = whole.chunks_from(300).cloned().collect();
        let mut log = Log::default();
        log.restart(600);
        log.put_back(&chunks);
        assert_eq!((log.first(), numbers(log.range(0, 700)).len()), (256, 344));
        log.restart(601);
        log.put_back(&chunks);
        assert_eq!(log.range(0, 700).len(), 0);
    }
}
