//! Who asks for what, and how often.

use agent2028_core::agent::Tier;
use agent2028_core::check::{FileName, Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::strategy::Strategy;

/// A source of operations. All together ask for at most 1 048 576 operations within a tick: what comes beyond waits for the
/// next tick, which an event `LimitReached` tells.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Workload {
    /// Independent requests at a mean rate.
    Poisson(Poisson),
    /// Requests in equal intervals.
    Constant(Constant),
    /// Times of many requests and times of none take turns.
    Bursty(Bursty),
    /// A rate that rises and falls like that of day and night.
    Diurnal(Diurnal),
    /// Users who wait for an answer, think, and ask again.
    ClosedLoop(ClosedLoop),
    /// Requests from a CSV file, relative to the scene, with a header and a row per request in the order of time. Columns:
    /// `at_s` (needed), `capability` (needed), `kind`, `key`, `priority`, `service_ms`. It is read while the simulation
    /// runs, however long it is.
    Trace(#[reflect(@FileName)] String),
}

impl Default for Workload {
    fn default() -> Self {
        Self::Poisson(Poisson::default())
    }
}

/// What every source but a trace says of its operations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand<'a> {
    /// The source's name; empty for none.
    pub name: &'a str,
    /// The capability that is asked for.
    pub capability: &'a str,
    /// The kind of operation; empty: the capability.
    pub kind: &'a str,
    /// The tier, if it isn't found by the kind.
    pub tier: Option<Tier>,
    /// The strategy, if not that of the section.
    pub strategy: Option<Strategy>,
    /// The region that asks; empty for none.
    pub region: &'a str,
    /// 1–10, 10 is served first.
    pub priority: u8,
    /// How many different keys there are.
    pub keys: u32,
    /// How much more often the first keys come than the others.
    pub key_skew: f32,
    /// How many operations share a session; 0 for all.
    pub session: u32,
}

/// Structs with the fields that all sources have.
macro_rules! sources {
    ($($(#[$docs:meta])* $kind:ident { $($(#[$field_docs:meta])* $field:ident: $type:ty = $default:expr,)* })*) => {
        $(
            $(#[$docs])*
            #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
            #[reflect(Default)]
            #[serde(default, deny_unknown_fields)]
            pub struct $kind {
                /// A name, for metrics of its own (`operations.latency_p99.<name>`) and for faults; none by default.
                pub name: String,
                /// The capability that is asked for.
                pub capability: String,
                $($(#[$field_docs])* pub $field: $type,)*
                /// The kind of operation, by which the tier is found; by default the capability.
                pub kind: String,
                /// The tier that works on it; by default by its kind.
                pub tier: Option<Tier>,
                /// How an agent is chosen; by default as in the section.
                pub strategy: Option<Strategy>,
                /// The region that asks; none by default. Requests take the way to the agent's region and answers the way
                /// back, which counts in latencies and timeouts, and for `MinLatency` in the choice. The section `network`
                /// says how far regions are from each other.
                pub region: String,
                /// 1 to 10: of those that wait at an agent, the highest comes first; by default 5.
                #[reflect(@Range::new(1.0, 10.0))]
                pub priority: u8,
                /// How many different keys the operations have, for `ConsistentHash`; by default 1024.
                #[reflect(@Range::new(1.0, 1e9), @Unit("keys"))]
                pub keys: u32,
                /// How uneven the keys are: the exponent of Zipf's law, by which the k-th of them comes as often as 1/k to this
                /// power says; 0 (by default) all alike.
                #[reflect(@Range::new(0.0, 4.0))]
                pub key_skew: f32,
                /// How many operations share a session; 0 (by default): all.
                #[reflect(@Unit("operations"))]
                pub session: u32,
            }

            impl Default for $kind {
                fn default() -> Self {
                    Self {
                        name: String::new(),
                        capability: String::new(),
                        $($field: $default,)*
                        kind: String::new(),
                        tier: None,
                        strategy: None,
                        region: String::new(),
                        priority: 5,
                        keys: 1024,
                        key_skew: 0.0,
                        session: 0,
                    }
                }
            }
        )*

        impl Workload {
            /// What it says of its operations; nothing for a trace, whose rows say it.
            #[must_use]
            pub fn demand(&self) -> Option<Demand<'_>> {
                Some(match self {
                    $(Self::$kind(source) => Demand {
                        name: &source.name,
                        capability: &source.capability,
                        kind: &source.kind,
                        tier: source.tier,
                        strategy: source.strategy,
                        region: &source.region,
                        priority: source.priority,
                        keys: source.keys,
                        key_skew: source.key_skew,
                        session: source.session,
                    },)*
                    Self::Trace(_) => return None,
                })
            }
        }
    };
}

sources! {
    /// Independent requests at a mean rate.
    Poisson {
        /// The mean rate; by default 10.
        #[reflect(@Range::new(0.0, 1e9), @Unit("1/s"))]
        per_second: f64 = 10.0,
    }
    /// Requests in equal intervals.
    Constant {
        /// The rate; by default 10.
        #[reflect(@Range::new(0.0, 1e9), @Unit("1/s"))]
        per_second: f64 = 10.0,
    }
    /// Times of many requests and times of none take turns; both last exponentially distributed times.
    Bursty {
        /// The rate during a burst; by default 100.
        #[reflect(@Range::new(0.0, 1e9), @Unit("1/s"))]
        per_second: f64 = 100.0,
        /// The mean length of a burst; by default 1.
        #[reflect(@Range::new(1e-3, 1e9), @Unit("s"))]
        on_s: f64 = 1.0,
        /// The mean length of the time between bursts; by default 9.
        #[reflect(@Range::new(1e-3, 1e9), @Unit("s"))]
        off_s: f64 = 9.0,
    }
    /// Independent requests at a rate that rises and falls like a sine.
    Diurnal {
        /// The mean rate; by default 10.
        #[reflect(@Range::new(0.0, 1e9), @Unit("1/s"))]
        per_second: f64 = 10.0,
        /// How far the rate rises above and falls below the mean, as a share of it; by default 0.8.
        #[reflect(@Range::new(0.0, 1.0))]
        amplitude: f64 = 0.8,
        /// The length of a day; by default 86 400.
        #[reflect(@Range::new(1e-3, 1e12), @Unit("s"))]
        period_s: f64 = 86_400.0,
        /// Where in the day it begins, as a share of it; by default 0: at the mean, rising.
        #[reflect(@Range::new(0.0, 1.0))]
        phase: f64 = 0.0,
    }
    /// Users who wait for an answer, think, and ask again: the load falls when answers take longer.
    ClosedLoop {
        /// How many users there are; by default 10.
        #[reflect(@Range::new(0.0, 1_000_000.0), @Unit("users"))]
        users: u32 = 10,
        /// The mean of the exponentially distributed time for which a user thinks; by default 1000. With 0, who is answered at
        /// the very moment of asking (which a refusal is) asks again in the next tick.
        #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
        think_ms: f64 = 1000.0,
    }
}

impl Workload {
    /// Its name, as a sentence would have it.
    #[must_use]
    pub fn title(&self) -> String {
        match (self, self.demand()) {
            (Self::Trace(file), _) => file.clone(),
            (_, Some(demand)) if !demand.name.is_empty() => demand.name.to_owned(),
            (_, Some(demand)) => demand.capability.to_owned(),
            _ => String::new(),
        }
    }
}
