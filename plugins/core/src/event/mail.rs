//! What a checkpoint saves of the bus: its totals as history; as state, who listens, what they have not read yet, and which
//! events wait for a response.

use std::collections::BTreeMap;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::bus::EventMetrics;
use super::declaration::EventCounts;
use super::kind::intern;
use super::response::{Request, Requests};
use super::subscription::Subscriber;
use super::{Event, EventBus, EventFilter, EventHandlers, EventKind, EventKinds, EventPayloads, Payload};
use crate::agent::AgentId;
use crate::checkpoint::{AddCheckpoint, to_bytes};
use crate::clock::SimClock;
use crate::profiler::AddMemoryReport;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum StoredPayload {
    Text(String),
    Typed { name: String, fields: String },
}

/// An event in a form that checkpoints can save.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    tick: u64,
    unix_ms: i64,
    kind: String,
    usual_priority: u8,
    priority: u8,
    source: Option<AgentId>,
    payload: StoredPayload,
    respond_by: Option<u64>,
    refers_to: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredSubscriber {
    name: String,
    filter: EventFilter,
    next: u64,
    missed: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mail {
    subscribers: Vec<StoredSubscriber>,
    /// The number of the first unread event.
    first: u64,
    unread: Vec<StoredEvent>,
    requests: Vec<Request>,
    unanswered: u64,
    handler_failures: u64,
}

impl StoredEvent {
    /// That of an event; its number is kept elsewhere.
    ///
    /// # Errors
    /// If it carries a value that can't be written down.
    pub fn of(event: &Event) -> Result<Self, String> {
        let payload = match event.payload.typed()? {
            Some((name, fields)) => StoredPayload::Typed { name: name.to_owned(), fields },
            None => StoredPayload::Text(event.text().into_owned()),
        };
        Ok(Self {
            tick: event.tick,
            unix_ms: event.unix_ms,
            kind: event.kind.name.to_owned(),
            usual_priority: event.kind.priority,
            priority: event.priority,
            source: event.source,
            payload,
            respond_by: event.respond_by,
            refers_to: event.refers_to,
        })
    }

    /// The event with its number in the run.
    ///
    /// # Errors
    /// If its payload is of a type that nobody has registered, or can't be read.
    pub fn revive(self, sequence: u64, payloads: &EventPayloads) -> Result<Event, String> {
        let payload = match self.payload {
            StoredPayload::Text(text) => Payload::from(text),
            StoredPayload::Typed { name, fields } => payloads.read(&name, &fields)?,
        };
        Ok(Event {
            sequence,
            tick: self.tick,
            unix_ms: self.unix_ms,
            kind: EventKind::new(intern(&self.kind), self.usual_priority),
            priority: self.priority.clamp(1, 10),
            source: self.source.filter(|agent| *agent != AgentId::NONE),
            payload,
            respond_by: self.respond_by,
            refers_to: self.refers_to,
        })
    }
}

impl Mail {
    fn of(bus: &EventBus) -> Result<Self, String> {
        let stored = |subscriber: &Subscriber| StoredSubscriber {
            name: subscriber.name.to_owned(),
            filter: subscriber.filter.clone(),
            next: subscriber.next,
            missed: subscriber.missed,
        };
        Ok(Self {
            subscribers: bus.saved_subscribers().map(stored).collect(),
            first: bus.unread().next().map_or(bus.next_sequence(), |event| event.sequence),
            unread: bus.unread().map(StoredEvent::of).collect::<Result<_, _>>()?,
            requests: bus.requests().iter().cloned().collect(),
            unanswered: bus.requests().unanswered,
            handler_failures: bus.handler_failures(),
        })
    }

    fn put_into(self, bus: &mut EventBus, payloads: &EventPayloads) -> Result<(), String> {
        let next = bus.next_sequence();
        if self.first.checked_add(self.unread.len() as u64) != Some(next) {
            return Err(format!("the unread events don't end at event {next}"));
        }
        let unread: Vec<Event> = self
            .unread
            .into_iter()
            .zip(self.first..next)
            .map(|(event, sequence)| event.revive(sequence, payloads))
            .collect::<Result<_, _>>()?;
        let mut requests = Requests::default();
        requests.unanswered = self.unanswered;
        self.requests.into_iter().for_each(|request| requests.insert(request));
        let subscribers = self.subscribers.into_iter().map(|stored| {
            let next = stored.next.clamp(self.first, next);
            let mut subscriber = Subscriber::new(intern(&stored.name), stored.filter, next);
            subscriber.missed = stored.missed;
            subscriber
        });
        bus.put_mail(subscribers, unread, requests, self.handler_failures);
        Ok(())
    }
}

/// What a checkpoint saves of a bus that isn't the world's own: its totals, who listens, and what they have not read yet. The
/// history begins anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredBus {
    next: u64,
    counts: BTreeMap<String, u64>,
    mail: Mail,
}

impl StoredBus {
    /// That of a bus.
    ///
    /// # Errors
    /// If an unread event carries a value that can't be written down.
    pub fn of(bus: &EventBus) -> Result<Self, String> {
        let (next, _, counts) = bus.totals();
        Ok(Self { next, counts, mail: Mail::of(bus)? })
    }

    /// Puts it in place of what a bus holds, which then stands in `tick` at a Unix time in milliseconds.
    ///
    /// # Errors
    /// If it makes no sense, or an unread event has a payload of a type that nobody has registered.
    pub fn put_into(
        self,
        bus: &mut EventBus,
        (tick, unix_ms): (u64, i64),
        payloads: &EventPayloads,
    ) -> Result<(), String> {
        if self.next > u64::MAX / 2 {
            return Err(format!("{} events can't have happened", self.next));
        }
        bus.restore(self.next, self.counts);
        self.mail.put_into(bus, payloads)?;
        bus.stand_at(tick, unix_ms);
        Ok(())
    }
}

/// Empty for a bus that nobody listens to and that waits for nothing.
fn save(world: &World) -> Result<Vec<u8>, String> {
    let mail = Mail::of(world.resource::<EventBus>())?;
    if mail.subscribers.is_empty() && mail.requests.is_empty() && mail.unanswered == 0 && mail.handler_failures == 0 {
        return Ok(Vec::new());
    }
    to_bytes(&mail)
}

fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    if bytes.is_empty() {
        world.resource_mut::<EventBus>().put_mail([], Vec::new(), Requests::default(), 0);
        return Ok(());
    }
    let mail: Mail = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    let payloads = world.get_resource_or_init::<EventPayloads>().clone();
    mail.put_into(&mut world.resource_mut::<EventBus>(), &payloads)
}

/// The bus, and what a checkpoint saves of it.
pub(crate) struct EventPlugin;

impl Plugin for EventPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<EventBus>()
            .init_resource::<EventHandlers>()
            .init_resource::<EventKinds>()
            .init_resource::<EventPayloads>()
            .init_resource::<EventCounts>()
            .init_resource::<EventMetrics>()
            .checkpoint_custom(
                "events",
                false,
                |world| to_bytes(&world.resource::<EventBus>().totals()),
                |world, bytes| {
                    let (next, _, counts): (u64, u64, BTreeMap<String, u64>) =
                        postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
                    if next > u64::MAX / 2 {
                        return Err(format!("{next} events can't have happened"));
                    }
                    world.resource_mut::<EventBus>().restore(next, counts);
                    Ok(())
                },
            )
            // Its name sorts after the totals, which must be there first.
            .checkpoint_optional("events-mail", save, load)
            .after_checkpoint_load(|world| {
                let clock = world.resource::<SimClock>();
                let (tick, unix_ms) = (clock.tick(), clock.now().timestamp_millis());
                world.resource_mut::<EventBus>().stand_at(tick, unix_ms);
            })
            .report_memory("agent2028_core", "events", |world| world.resource::<EventBus>().bytes());
    }
}
