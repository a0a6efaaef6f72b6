//! What happens is told by events on a bus.
//!
//! | who | how | what is promised |
//! |---|---|---|
//! | a system tells | [`EventBus::publish`], [`EventBus::emit`] | a number in the run, in the order in which things happen |
//! | a system of the tick listens | [`EventBus::subscribe`], [`EventBus::read`] | nothing is lost; priority first, then first come first served |
//! | a function of a plugin reacts | [`AddEventHandler::add_event_handler`] | at the end of `Observe`, in the order of registration; one that fails or panics stops no other |
//! | a panel, a test, a recorder looks | [`EventBus::history`], [`EventBus::since`] | the last events; how many older ones were missed |
//! | async code outside listens | [`EventBus::stream`] | never holds up a tick; is told what it missed and can read it again |
//!
//! A system that listens:
//!
//! ```
//! use agent2028_core::event::{EventBus, EventFilter, EventKind};
//! use agent2028_core::{SimCorePlugin, SimSchedule, SimSystems};
//! use bevy::prelude::*;
//!
//! fn mourn(mut bus: ResMut<EventBus>) {
//!     for event in bus.read("mourners") {
//!         println!("{} at tick {}: {}", event.kind.name, event.tick, event.text());
//!     }
//! }
//!
//! let mut app = App::new();
//! app.add_plugins(SimCorePlugin::default()).add_systems(SimSchedule, mourn.in_set(SimSystems::Heal));
//! let filter = EventFilter::kinds([EventKind::AGENT_FAILED]).at_least(7);
//! app.world_mut().resource_mut::<EventBus>().subscribe("mourners", filter);
//! app.world_mut().run_schedule(SimSchedule);
//! ```
//!
//! Async code, on any executor and in any thread:
//!
//! ```
//! use agent2028_core::event::{EventBus, EventFilter, EventKind, Told};
//!
//! let mut bus = EventBus::default();
//! let mut stream = bus.stream(EventFilter::all().at_least(5));
//! let reader = std::thread::spawn(move || bevy::tasks::block_on(async {
//!     let mut texts = Vec::new();
//!     while let Some(told) = stream.next().await {
//!         match told {
//!             Told::Event(event) => texts.push(event.text().into_owned()),
//!             // Too slow: so many events are gone; those that are still kept can be read again.
//!             Told::Gap(gap) => texts.extend(stream.reread(&gap).iter().map(|event| event.text().into_owned())),
//!             // Somebody went back in time; from here on the run is told again.
//!             Told::Rewound { .. } => texts.clear(),
//!         }
//!     }
//!     texts
//! }));
//!
//! bus.begin_tick(1, 0);
//! bus.publish(EventKind::AGENT_FAILED, None, "too hot");
//! bus.end_tick();
//! drop(bus);
//! assert_eq!(reader.join().unwrap(), ["too hot"]);
//! ```

mod bus;
mod census;
mod core_kinds;
mod declaration;
mod fact;
mod filter;
mod handler;
mod kind;
#[cfg(test)]
mod known_answers;
mod limit;
mod log;
mod mail;
mod payload;
mod response;
mod statistics;
mod stream;
mod subscription;

pub use bus::EventBus;
pub(crate) use bus::{end_tick, stamp_bus};
pub use declaration::{AddEventKinds, EventDeclaration, EventField, EventKinds};
pub use fact::{Event, EventDraft, SharedEvent};
pub use filter::{EventFilter, Sources};
pub(crate) use handler::run_handlers;
pub use handler::{AddEventHandler, EventHandlers, HandlerFailure, HandlerResult};
pub use kind::EventKind;
pub use limit::LimitReached;
pub use log::Events;
pub(crate) use mail::EventPlugin;
pub use mail::{StoredBus, StoredEvent};
pub use payload::{EventPayload, EventPayloads, Payload, PayloadField};
pub use response::{ResponseError, ResponseMissing, ResponseState};
pub use statistics::{EventStatistics, SubscriberStatistics};
pub use stream::{EventStream, Gap, Told};
pub use subscription::Reading;
