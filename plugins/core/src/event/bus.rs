//! The event bus: it takes events, keeps the last ones, and hands them to those who listen.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy::prelude::*;

use super::census::Census;
use super::declaration::EventCounts;
use super::handler::HANDLERS;
use super::kind::intern;
use super::log::{Events, Log};
use super::response::{Request, Requests};
use super::stream::{EventStream, Outlet};
use super::subscription::{Head, Heads, Reading, Scratch, Subscriber};
use super::{
    Event, EventDraft, EventFilter, EventKind, EventStatistics, Payload, ResponseError, ResponseMissing, ResponseState,
    SharedEvent, SubscriberStatistics,
};
use crate::agent::AgentId;
use crate::clock::SimClock;
use crate::metrics::{MetricId, MetricSpec, Metrics};

/// How many events before those of the last tick a subscriber that doesn't read still finds when it reads.
pub(super) const RETAINED: u64 = 65_536;

/// The one door out for facts.
///
/// Events get their numbers as they happen. Subscribers within the tick lose none; behind them stands a bounded history, which
/// whoever looks from outside reads at the own pace. Memory is bounded by the history, and what happens in a tick.
#[derive(Resource, Debug)]
pub struct EventBus {
    log: Log,
    /// How many events the history has at most.
    capacity: u64,
    census: Census,
    now: (u64, i64),
    /// The number of the first event since the last tick ended.
    tick_first: u64,
    /// The number of the first event of the tick that runs: what was told before it, such as while agents were spawned, is
    /// none of it.
    begun: u64,
    /// The events of the last tick that ended: from, to before.
    last_tick: (u64, u64),
    whole_ticks: bool,
    subscribers: Vec<Subscriber>,
    heads: Heads,
    scratch: Scratch,
    requests: Requests,
    outlet: Option<Outlet>,
    handler_failures: u64,
}

impl Default for EventBus {
    fn default() -> Self {
        Self::with_capacity(1000)
    }
}

/// Telling.
impl EventBus {
    /// A bus whose history keeps the last `capacity` events (at least one).
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            log: Log::default(),
            capacity: capacity.max(1) as u64,
            census: Census::default(),
            now: (0, 0),
            tick_first: 0,
            begun: 0,
            last_tick: (0, 0),
            whole_ticks: false,
            subscribers: Vec::new(),
            heads: Heads::default(),
            scratch: Scratch::default(),
            requests: Requests::default(),
            outlet: None,
            handler_failures: 0,
        }
    }

    /// Tells that something happened in this tick, in words or by a value that can be shown as words. Returns the event's
    /// number.
    #[inline]
    pub fn publish(&mut self, kind: EventKind, source: Option<AgentId>, payload: impl Into<Payload>) -> u64 {
        self.tell(kind, kind.priority, source, payload.into(), None, None)
    }

    /// Tells that something happened in this tick: with a priority of its own, or with a response required. Returns the
    /// event's number.
    pub fn emit(&mut self, draft: EventDraft) -> u64 {
        let EventDraft { kind, priority, source, payload, respond_within, refers_to } = draft;
        let respond_by = respond_within.map(|ticks| self.now.0.saturating_add(ticks));
        let sequence = self.tell(kind, priority, source, payload, respond_by, refers_to);
        if let Some(respond_by) = respond_by {
            self.requests.insert(Request {
                sequence,
                respond_by,
                kind: kind.name.to_owned(),
                tick: self.now.0,
                priority: priority.clamp(1, 10),
                source,
            });
        }
        sequence
    }

    #[inline]
    fn tell(
        &mut self,
        kind: EventKind,
        priority: u8,
        source: Option<AgentId>,
        payload: Payload,
        respond_by: Option<u64>,
        refers_to: Option<u64>,
    ) -> u64 {
        let sequence = self.log.next();
        let (tick, unix_ms) = self.now;
        let priority = priority.clamp(1, 10);
        let source = source.filter(|agent| *agent != AgentId::NONE);
        let number = self.census.count(kind.name);
        if !self.subscribers.is_empty() {
            self.heads.push(Head::new(source, number, priority));
        }
        let event = Event { sequence, tick, unix_ms, kind, priority, source, payload, respond_by, refers_to };
        if self.log.push(event) && self.subscribers.is_empty() && !self.whole_ticks && self.outlet.is_none() {
            self.log.forget_before(self.log.next().saturating_sub(self.capacity));
        }
        sequence
    }

    /// Answers an event that requires a response: tells a [`EventKind::RESPONSE_GIVEN`] with the priority of the event that is
    /// answered, and returns its number. The first response counts.
    ///
    /// # Errors
    /// If the event doesn't wait for a response.
    pub fn respond(
        &mut self,
        sequence: u64,
        source: Option<AgentId>,
        payload: impl Into<Payload>,
    ) -> Result<u64, ResponseError> {
        if let Some(priority) = self.requests.answer(sequence) {
            let given = EventKind::RESPONSE_GIVEN;
            return Ok(self.tell(given, priority, source, payload.into(), None, Some(sequence)));
        }
        if sequence >= self.log.next() {
            return Err(ResponseError::Unknown(sequence));
        }
        match self.log.range(sequence, sequence + 1).next() {
            Some(event) if !event.requires_response() => Err(ResponseError::NotRequired(sequence)),
            _ => Err(ResponseError::Closed(sequence)),
        }
    }

    /// Begins a tick: events that are told from now on carry its number and time, and events that have waited for a response
    /// in vain are reported. For a bus that isn't the world's own; that one is served by the schedule.
    pub fn begin_tick(&mut self, tick: u64, unix_ms: i64) {
        self.now = (tick, unix_ms);
        self.begun = self.log.next();
        while let Some(Request { sequence, respond_by, kind, tick: asked_at, priority, source }) =
            self.requests.take_overdue(tick)
        {
            let missing = ResponseMissing { kind, asked_at, respond_by };
            let priority = priority.max(EventKind::RESPONSE_MISSING.priority);
            self.tell(EventKind::RESPONSE_MISSING, priority, source, missing.into(), None, Some(sequence));
        }
    }

    /// Ends a tick: hands its events to those who listen from outside and forgets what nobody needs any longer. For a bus
    /// that isn't the world's own; that one is served by the schedule.
    pub fn end_tick(&mut self) {
        self.log.seal();
        let oldest = self.log.next().saturating_sub(self.capacity);
        if let Some(outlet) = &mut self.outlet
            && !outlet.flush(&self.log, oldest)
        {
            self.outlet = None;
        }
        let floor = self.tick_first.saturating_sub(RETAINED);
        let mut unread = self.log.next();
        for subscriber in &mut self.subscribers {
            subscriber.missed += floor.saturating_sub(subscriber.next);
            subscriber.next = subscriber.next.max(floor);
            unread = unread.min(subscriber.next);
        }
        self.heads.forget_before(unread);
        self.last_tick = (self.tick_first, self.log.next());
        self.tick_first = self.log.next();
        let written_down = if self.whole_ticks { self.last_tick.0 } else { unread };
        self.log.forget_before(oldest.min(unread).min(written_down));
    }
}

/// Listening within the tick.
impl EventBus {
    /// Lets somebody listen from now on: it reads by its name ([`EventBus::read`], [`EventBus::take`]). Somebody of this name
    /// who listens already goes on where it is, with the new filter.
    ///
    /// Subscribers are part of the simulation: checkpoints have what they have not read yet, and a simulation that goes back
    /// has those that it had then. Whoever only looks reads the history ([`EventBus::since`]) or a [`EventBus::stream`].
    pub fn subscribe(&mut self, name: &'static str, filter: EventFilter) {
        self.admit(Subscriber::new(name, filter, self.log.next()));
    }

    /// Lets the one that stands for all handlers hear of these events too.
    pub(super) fn subscribe_handlers(&mut self, filter: &EventFilter) {
        let known = self.subscribers.iter().find(|subscriber| subscriber.name == HANDLERS);
        let filter = known.map_or_else(|| filter.clone(), |known| known.filter.joined(filter));
        let mut handlers = Subscriber::new(HANDLERS, filter, self.log.next());
        handlers.saved = false;
        self.admit(handlers);
    }

    fn admit(&mut self, mut new: Subscriber) {
        if self.subscribers.is_empty() {
            self.heads.restart(self.log.next());
        }
        match self.subscribers.iter_mut().find(|subscriber| subscriber.name == new.name) {
            Some(known) => {
                (new.next, new.missed) = (known.next, known.missed);
                *known = new;
            }
            None => self.subscribers.push(new),
        }
    }

    /// Ends a subscription. Returns whether there was one of this name.
    pub fn unsubscribe(&mut self, name: &str) -> bool {
        let before = self.subscribers.len();
        self.subscribers.retain(|subscriber| subscriber.name != name);
        self.subscribers.len() < before
    }

    /// Whether somebody listens by this name.
    #[must_use]
    pub fn is_subscribed(&self, name: &str) -> bool {
        self.subscribers.iter().any(|subscriber| subscriber.name == name)
    }

    /// What has happened since the subscriber of this name read last, as far as it passes its filter: the highest priority
    /// first, then in the order in which things happened. Empty if nobody listens by this name.
    ///
    /// Whoever reads in every tick gets everything, however much happens; what happens after it has read comes in the next
    /// tick. Whoever doesn't read for long loses what lies more than 65 536 events before the last tick, and is told how much
    /// ([`Reading::missed`]).
    pub fn read(&mut self, name: &str) -> Reading<'_> {
        let next = self.log.next();
        let Some(subscriber) = self.subscribers.iter_mut().find(|subscriber| subscriber.name == name) else {
            return Reading::new(0, &self.log, 0, &[]);
        };
        let missed = std::mem::take(&mut subscriber.missed);
        let (base, heads) = self.heads.from(subscriber.next);
        subscriber.next = next;
        let places = self.scratch.select(heads, subscriber, &self.census);
        Reading::new(missed, &self.log, base, places)
    }

    /// As [`EventBus::read`], for those who tell events while they look at these.
    pub fn take(&mut self, name: &str) -> Vec<SharedEvent> {
        self.log.seal();
        let numbers: Vec<u64> = self.read(name).map(|event| event.sequence).collect();
        numbers.into_iter().filter_map(|sequence| self.log.share(sequence)).collect()
    }

    pub(super) fn note_handler_failure(&mut self) {
        self.handler_failures += 1;
    }
}

/// Looking from outside.
impl EventBus {
    /// The number of the first event of the history.
    fn oldest(&self) -> u64 {
        self.log.next().saturating_sub(self.capacity).max(self.log.first())
    }

    /// The kept history, oldest first.
    #[must_use]
    pub fn history(&self) -> Events<'_> {
        self.log.range(self.oldest(), self.log.next())
    }

    /// The events from `sequence` on that are still kept, and how many older ones a reader at `sequence` has missed.
    #[must_use]
    pub fn since(&self, sequence: u64) -> (u64, Events<'_>) {
        let oldest = self.oldest();
        (oldest.saturating_sub(sequence), self.log.range(sequence.max(oldest), self.log.next()))
    }

    /// The sequence number that the next event will get: a reader that starts here sees only what comes.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.log.next()
    }

    /// How many events of each kind there were, kinds in alphabetical order.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.census.counts()
    }

    /// How many events of a kind there were.
    #[must_use]
    pub fn count_of(&self, kind: &str) -> u64 {
        self.census.of(kind)
    }

    /// Keeps all events of a tick until the next one has ended, however many they are: for a recorder, which must not miss
    /// any.
    pub fn keep_whole_ticks(&mut self) {
        self.whole_ticks = true;
    }

    /// All events of the last tick that has ended, in their order, with those that were told since the tick before; empty
    /// unless they are kept ([`EventBus::keep_whole_ticks`]).
    #[must_use]
    pub fn of_last_tick(&self) -> Events<'_> {
        let (from, to) = if self.whole_ticks { self.last_tick } else { (0, 0) };
        self.log.range(from, to)
    }

    /// How many events have left the history.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.oldest()
    }

    /// What has become of the response that an event requires. Known as long as the event is in the history.
    #[must_use]
    pub fn response_to(&self, event: &Event) -> ResponseState {
        let Some(until) = event.respond_by else {
            return ResponseState::NotRequired;
        };
        if self.requests.waits(event.sequence) {
            return ResponseState::Waiting { until };
        }
        self.since(event.sequence + 1)
            .1
            .find(|later| later.refers_to == Some(event.sequence) && later.kind == EventKind::RESPONSE_GIVEN)
            .map_or(ResponseState::Missing, |given| ResponseState::Given { sequence: given.sequence, tick: given.tick })
    }

    /// Totals, counts by kind, and who listens.
    #[must_use]
    pub fn statistics(&self) -> EventStatistics {
        let next = self.log.next();
        let subscribers = self.saved_subscribers().map(|subscriber| SubscriberStatistics {
            name: subscriber.name,
            filter: subscriber.filter.clone(),
            unread: next - subscriber.next,
            missed: subscriber.missed,
        });
        EventStatistics {
            published: next,
            by_kind: self.counts(),
            kept: next - self.oldest(),
            dropped: self.oldest(),
            subscribers: subscribers.collect(),
            streams: self.outlet.as_ref().map_or(0, Outlet::receivers),
            waiting: self.requests.iter().len(),
            unanswered: self.requests.unanswered,
            handler_failures: self.handler_failures,
        }
    }

    /// Lets async code outside listen from now on, in any thread and on any executor. It gets the events when their tick has
    /// ended, in the order in which they happened. However slow it is, no tick waits for it; what it misses it is told.
    #[must_use]
    pub fn stream(&mut self, filter: EventFilter) -> EventStream {
        let next = self.log.next();
        self.outlet.get_or_insert_with(|| Outlet::new(next)).subscribe(filter, next)
    }

    /// The memory that is held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.log.bytes() + self.heads.bytes() + self.scratch.bytes()
    }
}

/// Going back in time.
impl EventBus {
    /// What a checkpoint keeps of the bus, so that a resumed run numbers and counts its events on.
    pub(super) fn totals(&self) -> (u64, u64, BTreeMap<String, u64>) {
        let counts = self.counts().into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        (self.log.next(), self.log.next(), counts)
    }

    pub(super) fn restore(&mut self, next: u64, counts: BTreeMap<String, u64>) {
        self.log.restart(next);
        self.heads.restart(next);
        self.census.restore(counts.into_iter().map(|(name, count)| (intern(&name), count)).collect());
        (self.tick_first, self.begun, self.last_tick) = (next, next, (next, next));
        for subscriber in &mut self.subscribers {
            (subscriber.next, subscriber.missed) = (next, 0);
        }
        self.requests = Requests::default();
        self.handler_failures = 0;
        if let Some(outlet) = &mut self.outlet {
            outlet.rewind(next);
        }
    }

    /// Tells the bus which tick it is in after it was put elsewhere.
    pub(super) fn stand_at(&mut self, tick: u64, unix_ms: i64) {
        self.now = (tick, unix_ms);
    }

    /// The subscribers that are part of the state.
    pub(super) fn saved_subscribers(&self) -> impl Iterator<Item = &Subscriber> {
        self.subscribers.iter().filter(|subscriber| subscriber.saved)
    }

    /// The events that some subscriber has not read yet.
    pub(super) fn unread(&self) -> Events<'_> {
        let from = self.saved_subscribers().map(|subscriber| subscriber.next).min().unwrap_or(self.log.next());
        self.log.range(from, self.log.next())
    }

    pub(super) fn requests(&self) -> &Requests {
        &self.requests
    }

    pub(super) fn handler_failures(&self) -> u64 {
        self.handler_failures
    }

    /// Puts subscribers, the events that they have not read, and those that wait for a response in place of what there is.
    pub(super) fn put_mail(
        &mut self,
        subscribers: impl IntoIterator<Item = Subscriber>,
        unread: Vec<Event>,
        requests: Requests,
        handler_failures: u64,
    ) {
        let next = self.log.next();
        self.log.restart(unread.first().map_or(next, |event| event.sequence));
        self.heads.restart(self.log.next());
        for event in unread {
            let number = self.census.number(event.kind.name);
            self.heads.push(Head::new(event.source, number, event.priority));
            self.log.push(event);
        }
        self.log.seal();
        self.subscribers.retain(|subscriber| !subscriber.saved);
        for subscriber in subscribers {
            self.subscribers.push(subscriber);
        }
        self.requests = requests;
        self.handler_failures = handler_failures;
    }

    /// The kept history, shared.
    pub(crate) fn keep(&self) -> Vec<Arc<[Event]>> {
        let mut chunks: Vec<Arc<[Event]>> = self.log.chunks_from(self.oldest()).cloned().collect();
        if !self.log.open().is_empty() {
            chunks.push(self.log.open().into());
        }
        chunks
    }

    /// Brings the history back that was kept when the state was that which has been restored.
    pub(crate) fn put_back(&mut self, history: &[Arc<[Event]>]) {
        self.log.put_back(history);
    }
}

/// Stamps the bus with the time of the tick that starts.
pub(crate) fn stamp_bus(clock: Res<SimClock>, mut bus: ResMut<EventBus>) {
    bus.begin_tick(clock.tick(), clock.now().timestamp_millis());
}

/// What the bus tells every tick.
#[derive(Resource)]
pub(crate) struct EventMetrics {
    published: MetricId,
    waiting: MetricId,
    handler_failures: MetricId,
}

impl FromWorld for EventMetrics {
    fn from_world(world: &mut World) -> Self {
        let mut metrics = world.get_resource_or_init::<Metrics>();
        let mut declare = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            published: declare("events.published", "events", "How many events were told in the tick."),
            waiting: declare("events.waiting", "events", "How many events wait for a response."),
            handler_failures: declare(
                "events.handler_failures",
                "failures",
                "How often an event handler has failed or panicked in the run.",
            ),
        }
    }
}

/// Closes the tick, last of all.
pub(crate) fn end_tick(
    mut bus: ResMut<EventBus>,
    (ids, counts): (Res<EventMetrics>, Res<EventCounts>),
    mut metrics: ResMut<Metrics>,
) {
    let published = bus.log.next() - bus.begun;
    metrics.record(ids.published, published as f64);
    metrics.record(ids.waiting, bus.requests.iter().len() as f64);
    metrics.record(ids.handler_failures, bus.handler_failures as f64);
    counts.record(|kind| bus.count_of(kind), &mut metrics);
    bus.end_tick();
}
