//! Event buses of regions, and the bridges between them.
//!
//! What happens to an agent is known in its region at once, and in the others when it has come over a bridge: after the latency
//! between the regions. A bridge stands on one agent on either side, the one with the lowest id that acts. While there is none,
//! or a partition lies between the two, events wait before the bridge: they come late, in order, and none is lost. What happens
//! to nobody, or to somebody who is at home nowhere, is known everywhere at once.

use std::collections::{BTreeMap, VecDeque};

use agent2028_core::agent::{Region, Regions};
use agent2028_core::checkpoint::to_bytes;
use agent2028_core::clock::{SimClock, as_written};
use agent2028_core::event::{
    Event, EventBus, EventDraft, EventFilter, EventPayloads, SharedEvent, StoredBus, StoredEvent,
};
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028_core::time::{Rate, Time, end_of};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::NetworkConfig;
use crate::network::Network;

/// The name by which the regions listen to the world's bus.
const LISTENER: &str = "network.regions";

/// An event on its way from one region to another.
#[derive(Clone, Debug)]
struct Crossing {
    /// When it arrives if the bridge stands, within the tick too.
    due: Time,
    event: Told,
}

/// An event that was told in this run, or before it was resumed.
#[derive(Clone, Debug)]
enum Told {
    Shared(SharedEvent),
    Revived(Box<Event>),
}

impl std::ops::Deref for Told {
    type Target = Event;

    fn deref(&self) -> &Event {
        match self {
            Self::Shared(event) => event,
            Self::Revived(event) => event,
        }
    }
}

/// The buses of all regions. An event on them has a number of its own, carries the tick in which it became known there, and
/// refers to its number in the run ([`Event::refers_to`]).
///
/// Systems that want to know what is known in a region subscribe to its bus as they would to the world's; what becomes known in
/// a tick is there from `Perceive` on.
#[derive(Resource, Debug, Default)]
pub struct RegionalBuses {
    buses: Vec<EventBus>,
    /// The bridges on which something is, by where they lead from and to. Most of the pairs of many regions have nothing to tell
    /// each other.
    bridges: BTreeMap<(u16, u16), VecDeque<Crossing>>,
    counts: BridgeCounts,
}

/// What became of events on bridges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgeCounts {
    /// Events that set out, once for each region that they are to come to.
    pub sent: u64,
    /// Events that arrived. What is neither here nor on its way doesn't exist: `sent = arrived + in transit`.
    pub arrived: u64,
    /// How long the last of them had been on its way, in parts of ticks.
    pub last_lag: Time,
}

impl RegionalBuses {
    /// Buses of so many regions, each with a history of `history` events.
    #[must_use]
    pub fn new(regions: usize, history: usize) -> Self {
        Self {
            buses: (0..regions).map(|_| EventBus::with_capacity(history)).collect(),
            bridges: BTreeMap::new(),
            counts: BridgeCounts::default(),
        }
    }

    /// A region's bus.
    #[must_use]
    pub fn of(&self, region: Region) -> Option<&EventBus> {
        self.buses.get(usize::from(region.0))
    }

    /// A region's bus, to subscribe to it and to read.
    pub fn of_mut(&mut self, region: Region) -> Option<&mut EventBus> {
        self.buses.get_mut(usize::from(region.0))
    }

    /// How many events are on their way from one region to the other.
    #[must_use]
    pub fn crossing(&self, from: Region, to: Region) -> usize {
        self.bridges.get(&(from.0, to.0)).map_or(0, VecDeque::len)
    }

    /// How many events are on their way over all bridges.
    #[must_use]
    pub fn in_transit(&self) -> u64 {
        self.bridges.values().map(|bridge| bridge.len() as u64).sum()
    }

    /// What became of events on bridges.
    #[must_use]
    pub fn counts(&self) -> BridgeCounts {
        self.counts
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let waiting: usize = self.bridges.values().map(|bridge| bridge.capacity() * size_of::<Crossing>()).sum();
        self.buses.iter().map(EventBus::bytes).sum::<usize>() + waiting
    }

    /// Tells the buses what has become known in this tick. `home` says where an event happened, `travel` how long an event takes
    /// between two regions, in parts of ticks, and `stands` whether the bridge between two regions stands.
    fn spread(
        &mut self,
        (tick, unix_ms): (u64, i64),
        news: Vec<SharedEvent>,
        home: impl Fn(&Event) -> Option<Region>,
        travel: impl Fn(Region, Region) -> Time,
        stands: impl Fn(Region, Region) -> bool,
    ) {
        let count = self.buses.len();
        let regions = || (0..count).map(|region| Region(region as u16));
        let end = end_of(tick);
        let mut here: Vec<Vec<(Time, Told)>> = vec![Vec::new(); count];
        for event in news {
            let origin = home(&event).filter(|region| usize::from(region.0) < count);
            for to in regions() {
                match origin {
                    Some(from) if from != to => {
                        self.counts.sent += 1;
                        let due = end_of(event.tick).saturating_add(travel(from, to));
                        let crossing = Crossing { due, event: Told::Shared(event.clone()) };
                        self.bridges.entry((from.0, to.0)).or_default().push_back(crossing);
                    }
                    _ => here[usize::from(to.0)].push((end_of(event.tick), Told::Shared(event.clone()))),
                }
            }
        }
        for ((from, to), bridge) in &mut self.bridges {
            if bridge.front().is_none_or(|first| first.due > end) || !stands(Region(*from), Region(*to)) {
                continue;
            }
            // What had to wait before the bridge arrives now; nothing overtakes what set out before it.
            let (before, mut arrives) = (end_of(tick.saturating_sub(1)), 0);
            while let Some(crossing) = bridge.pop_front_if(|first| first.due <= end) {
                arrives = if crossing.due < before { end } else { crossing.due.max(arrives) };
                self.counts.arrived += 1;
                self.counts.last_lag = arrives.saturating_sub(end_of(crossing.event.tick));
                here[usize::from(*to)].push((arrives, crossing.event));
            }
        }
        self.bridges.retain(|_, bridge| !bridge.is_empty());
        for (bus, mut known) in self.buses.iter_mut().zip(here) {
            bus.end_tick();
            bus.begin_tick(tick, unix_ms);
            known.sort_by_key(|(arrived, event)| (*arrived, event.sequence));
            for (_, event) in known {
                let draft = EventDraft::new(event.kind).priority(event.priority).payload(event.payload.clone());
                let draft = draft.refers_to(event.sequence);
                bus.emit(match event.source {
                    Some(agent) => draft.source(agent),
                    None => draft,
                });
            }
        }
    }
}

/// Lets the buses hear of what has happened since the last tick.
pub(crate) fn spread_events(
    clock: Res<SimClock>,
    regions: Res<Regions>,
    network: Res<Network>,
    mut world_bus: ResMut<EventBus>,
    mut buses: ResMut<RegionalBuses>,
) {
    let mut news = world_bus.take(LISTENER);
    news.sort_by_key(|event| event.sequence);
    let rate = Rate::of(&clock);
    let travel = |from, to| rate.parts(as_written(f64::from(regions.latency_ms(Some(from), Some(to)))) * 1e-3);
    let stands = |from, to| match (network.spokesman(from), network.spokesman(to)) {
        (Some(one), Some(other)) => !network.faults().cut(one, other),
        _ => false,
    };
    let home = |event: &Event| event.source.and_then(|agent| network.home(agent));
    buses.spread((clock.tick(), clock.now().timestamp_millis()), news, home, travel, stands);
}

#[derive(Serialize, Deserialize)]
struct StoredCrossing {
    due: u64,
    sequence: u64,
    event: StoredEvent,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    buses: Vec<StoredBus>,
    /// The bridges on which something is.
    bridges: Vec<((u16, u16), Vec<StoredCrossing>)>,
    counts: BridgeCounts,
}

pub(crate) fn save(world: &World) -> Result<Vec<u8>, String> {
    let Some(buses) = world.get_resource::<RegionalBuses>() else {
        return Ok(Vec::new());
    };
    let crossing = |crossing: &Crossing| -> Result<StoredCrossing, String> {
        let event = StoredEvent::of(&crossing.event)?;
        Ok(StoredCrossing { due: crossing.due, sequence: crossing.event.sequence, event })
    };
    let bridges =
        buses.bridges.iter().map(|(pair, bridge)| Ok((*pair, bridge.iter().map(crossing).collect::<Result<_, _>>()?)));
    to_bytes(&Stored {
        buses: buses.buses.iter().map(StoredBus::of).collect::<Result<_, _>>()?,
        bridges: bridges.collect::<Result<_, String>>()?,
        counts: buses.counts,
    })
}

pub(crate) fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let stored: Stored = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    let payloads = world.get_resource_or_init::<EventPayloads>().clone();
    let clock = world.resource::<SimClock>();
    let now = (clock.tick(), clock.now().timestamp_millis());
    let mut buses = world.resource_mut::<RegionalBuses>();
    let count = buses.buses.len();
    if stored.buses.len() != count {
        return Err(format!("there are {} regions, not {}", buses.buses.len(), stored.buses.len()));
    }
    for (bus, stored) in buses.buses.iter_mut().zip(stored.buses) {
        stored.put_into(bus, now, &payloads)?;
    }
    buses.bridges.clear();
    for (pair, stored) in stored.bridges {
        if usize::from(pair.0.max(pair.1)) >= count {
            return Err(format!("a bridge leads from region {} to {} of {count}", pair.0, pair.1));
        }
        for crossing in stored {
            let event = crossing.event.revive(crossing.sequence, &payloads)?;
            let crossing = Crossing { due: crossing.due, event: Told::Revived(Box::new(event)) };
            buses.bridges.entry(pair).or_default().push_back(crossing);
        }
    }
    buses.counts = stored.counts;
    Ok(())
}

/// The numbers of the metrics of regions.
#[derive(Resource)]
pub(crate) struct RegionMetrics {
    arrived: MetricId,
    in_transit: MetricId,
    lag: MetricId,
}

impl RegionMetrics {
    pub(crate) fn declare(metrics: &mut Metrics) -> Self {
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            arrived: cheap("regions.bridged", "events", "How many events have come over bridges between regions."),
            in_transit: cheap("regions.in_transit", "events", "How many events are on bridges, or wait before them."),
            lag: cheap("regions.lag", "s", "How long the event that came over a bridge last was on its way."),
        }
    }
}

pub(crate) fn observe_regions(
    clock: Res<SimClock>,
    buses: Res<RegionalBuses>,
    ids: Res<RegionMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    metrics.record(ids.arrived, buses.counts.arrived as f64);
    metrics.record(ids.in_transit, buses.in_transit() as f64);
    metrics.record(ids.lag, Rate::of(&clock).seconds(buses.counts.last_lag));
}

/// The buses of a scene, if it has regions; from now on they hear of all that happens.
pub(crate) fn of_scene(regions: &Regions, config: &NetworkConfig, world_bus: &mut EventBus) -> Option<RegionalBuses> {
    let count = regions.names().len();
    if count == 0 {
        return None;
    }
    world_bus.subscribe(LISTENER, EventFilter::all());
    Some(RegionalBuses::new(count, config.regions.bus_history as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::agent::AgentId;
    use agent2028_core::event::EventKind;

    const HEARD: EventKind = EventKind::new("Heard", 5);

    /// Two regions three ticks apart: agents below 10 are at home in the first, below 20 in the second, others nowhere.
    fn run(buses: &mut RegionalBuses, world: &mut EventBus, tick: u64, told: &[(u32, &'static str)], stands: bool) {
        world.begin_tick(tick, 0);
        for (agent, text) in told {
            world.publish(HEARD, Some(AgentId(*agent)), *text);
        }
        let news = world.take("listener");
        let home = |event: &Event| event.source.filter(|agent| agent.0 < 20).map(|agent| Region((agent.0 / 10) as u16));
        buses.spread((tick, 0), news, home, |_, _| end_of(3), |_, _| stands);
        world.end_tick();
    }

    fn known(buses: &RegionalBuses, region: u16) -> Vec<(u64, String)> {
        let bus = buses.of(Region(region)).unwrap();
        bus.history().map(|event| (event.tick, event.text().into_owned())).collect()
    }

    #[test]
    fn events_are_known_at_home_at_once_and_elsewhere_after_the_latency() {
        let (mut buses, mut world) = (RegionalBuses::new(2, 100), EventBus::default());
        world.subscribe("listener", EventFilter::all());
        buses.of_mut(Region(1)).unwrap().subscribe("ear", EventFilter::all());
        run(&mut buses, &mut world, 1, &[(3, "a"), (12, "b"), (99, "everywhere")], true);
        assert_eq!(known(&buses, 0), [(1, "a".into()), (1, "everywhere".into())]);
        assert_eq!(known(&buses, 1), [(1, "b".into()), (1, "everywhere".into())]);
        (2..=3).for_each(|tick| run(&mut buses, &mut world, tick, &[], true));
        assert_eq!((known(&buses, 0).len(), buses.in_transit()), (2, 2));
        run(&mut buses, &mut world, 4, &[], true);
        assert_eq!(known(&buses, 0)[2], (4, "b".into()));
        assert_eq!(known(&buses, 1)[2], (4, "a".into()));
        assert_eq!(buses.counts(), BridgeCounts { sent: 2, arrived: 2, last_lag: end_of(3) });
        let texts: Vec<_> = buses.of_mut(Region(1)).unwrap().take("ear").iter().map(|event| event.refers_to).collect();
        assert_eq!(texts, [Some(1), Some(2), Some(0)]);
    }

    #[test]
    fn what_waits_before_a_bridge_comes_late_and_in_order() {
        let (mut buses, mut world) = (RegionalBuses::new(2, 100), EventBus::default());
        world.subscribe("listener", EventFilter::all());
        for tick in 1..=20 {
            run(&mut buses, &mut world, tick, &[(1, "x"), (15, "y")], !(5..15).contains(&tick));
            let counts = buses.counts();
            assert_eq!(counts.sent, counts.arrived + buses.in_transit());
        }
        let west: Vec<u64> = buses
            .of(Region(1))
            .unwrap()
            .history()
            .filter(|event| event.text() == "x")
            .map(|event| event.tick)
            .collect();
        let late = [15; 11];
        assert_eq!(west, [&[4][..], &late, &[16, 17, 18, 19, 20]].concat());
        let order: Vec<_> = buses
            .of(Region(1))
            .unwrap()
            .history()
            .filter(|event| event.text() == "x")
            .map(|event| event.refers_to)
            .collect();
        assert!(order.is_sorted());
    }
}
