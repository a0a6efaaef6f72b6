//! Functions that are called when something happens.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Event, EventBus, EventDraft, EventFilter, EventKind, EventPayload};

/// The name by which the bus knows all handlers together.
pub(super) const HANDLERS: &str = "event handlers";

/// How often in a tick handlers are called for what handlers told.
const ROUNDS: usize = 8;

/// What a handler returns; `?` works on any error in it.
pub type HandlerResult = Result<(), Box<dyn Error + Send + Sync>>;

type Run = Box<dyn FnMut(&mut World, &Event) -> HandlerResult + Send + Sync>;

struct Handler {
    name: &'static str,
    filter: EventFilter,
    run: Run,
}

/// Functions that are called when something happens, in the order of registration.
#[derive(Resource, Default)]
pub struct EventHandlers(Vec<Handler>);

impl EventHandlers {
    /// The names of the handlers and what they want to hear of, in the order of registration.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &EventFilter)> {
        self.0.iter().map(|handler| (handler.name, &handler.filter))
    }
}

impl fmt::Debug for EventHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Registers event handlers with an app.
pub trait AddEventHandler {
    /// Has a function called for each event that passes the filter: at the end of the phase `Observe`, the highest priority
    /// first, then in the order in which things happened; the handlers of an event in the order of registration.
    ///
    /// What handlers tell is handled in the same tick. A handler that fails or panics is reported by a
    /// [`EventKind::HANDLER_FAILED`] with a [`HandlerFailure`] and by the metric `events.handler_failures`; the others are
    /// called all the same, and it is called again for the next event. What it had changed until then stays.
    ///
    /// A handler is part of the simulation, so what it remembers belongs into the world: what its closure holds is neither
    /// saved nor taken back in time.
    ///
    /// ```
    /// use agent2028_core::event::{AddEventHandler, EventFilter, EventKind};
    /// use agent2028_core::SimCorePlugin;
    /// use bevy::prelude::*;
    ///
    /// #[derive(Resource, Default)]
    /// struct Losses(u64);
    ///
    /// let mut app = App::new();
    /// app.add_plugins(SimCorePlugin::default()).init_resource::<Losses>();
    /// app.add_event_handler("losses", EventFilter::kinds([EventKind::AGENT_FAILED]), |world, event| {
    ///     let agent = event.source.ok_or("a failure of nobody")?;
    ///     world.resource_mut::<Losses>().0 += u64::from(agent.0 > 0);
    ///     Ok(())
    /// });
    /// ```
    fn add_event_handler(
        &mut self,
        name: &'static str,
        filter: EventFilter,
        run: impl FnMut(&mut World, &Event) -> HandlerResult + Send + Sync + 'static,
    ) -> &mut Self;
}

impl AddEventHandler for App {
    fn add_event_handler(
        &mut self,
        name: &'static str,
        filter: EventFilter,
        run: impl FnMut(&mut World, &Event) -> HandlerResult + Send + Sync + 'static,
    ) -> &mut Self {
        let world = self.world_mut();
        world.get_resource_or_init::<EventBus>().subscribe_handlers(&filter);
        world.get_resource_or_init::<EventHandlers>().0.push(Handler { name, filter, run: Box::new(run) });
        self
    }
}

/// What a [`EventKind::HANDLER_FAILED`] says.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct HandlerFailure {
    /// The name of the handler.
    pub handler: String,
    /// The kind of the event that it was called for.
    pub kind: String,
    /// Whether it panicked; else it returned an error.
    pub panicked: bool,
    /// What it said.
    pub message: String,
}

impl EventPayload for HandlerFailure {
    const NAME: &'static str = "HandlerFailure";
}

impl fmt::Display for HandlerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { handler, kind, panicked, message } = self;
        let what = if *panicked { "panicked" } else { "failed" };
        write!(f, "handler \"{handler}\" {what} at {kind}: {message}")
    }
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("for no stated reason").to_owned()
}

/// Calls the handlers for what has happened in the tick, and for what they tell themselves.
pub(crate) fn run_handlers(world: &mut World) {
    if world.resource::<EventHandlers>().0.is_empty() {
        return;
    }
    for _ in 0..ROUNDS {
        let events = world.resource_mut::<EventBus>().take(HANDLERS);
        if events.is_empty() {
            return;
        }
        // They are out of the world while they run, so that they can borrow it.
        let mut handlers = std::mem::take(&mut world.resource_mut::<EventHandlers>().0);
        for event in &events {
            for handler in handlers.iter_mut().filter(|handler| handler.filter.admits(event)) {
                call(world, handler, event);
            }
        }
        let mut registry = world.get_resource_or_init::<EventHandlers>();
        handlers.append(&mut registry.0);
        registry.0 = handlers;
    }
    let Some(mut bus) = world.get_resource_mut::<EventBus>() else {
        return;
    };
    let left = bus.read(HANDLERS).len();
    if left > 0 {
        let text = format!("handlers called each other forth {ROUNDS} times; {left} events of the tick are unhandled");
        tracing::error!("{text}");
        bus.publish(EventKind::HANDLERS_STOPPED, None, text);
        let _ = bus.read(HANDLERS);
    }
}

/// Calls a handler. Whatever it does, the world stays usable: Bevy puts resources that are lent out back when a panic passes,
/// and nothing else of a world is taken apart while code of others runs.
fn call(world: &mut World, handler: &mut Handler, event: &Event) {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let outcome = (handler.run)(world, event);
        world.flush();
        outcome
    }));
    let (panicked, message) = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(error)) => (false, error.to_string()),
        Err(panic) => (true, words(&*panic)),
    };
    let failure =
        HandlerFailure { handler: handler.name.to_owned(), kind: event.kind.name.to_owned(), panicked, message };
    tracing::error!("tick {}: {failure}", event.tick);
    let mut bus = world.get_resource_or_init::<EventBus>();
    bus.note_handler_failure();
    bus.emit(EventDraft::new(EventKind::HANDLER_FAILED).payload(failure).refers_to(event.sequence));
}
