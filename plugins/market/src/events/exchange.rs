//! What the exchange tells.

use std::fmt;

use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// A period of trading is over. Carries a [`TradingPeriodEnded`].
pub const TRADING_PERIOD_ENDED: EventKind = EventKind::new("TradingPeriodEnded", 4);
/// A call market was cleared. Carries a [`CallCleared`].
pub const CALL_CLEARED: EventKind = EventKind::new("CallCleared", 3);

/// All kinds of events that the exchange tells.
pub const EXCHANGE_KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        TRADING_PERIOD_ENDED,
        "Trading period ended",
        "\u{e88b}",
        Tone::Info,
        "A period of trading is over.",
    )
    .carries::<TradingPeriodEnded>(),
    EventDeclaration::new(CALL_CLEARED, "Call cleared", "\u{e90e}", Tone::Info, "A call market was cleared.")
        .carries::<CallCleared>(),
];

/// What a [`TRADING_PERIOD_ENDED`] carries.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct TradingPeriodEnded {
    /// The good.
    pub good: String,
    /// The number of the period, from 1.
    pub period: u64,
    /// Units that changed hands.
    pub units: u64,
    /// The part of the largest surplus that was realised; nothing if there was none to be had.
    pub efficiency: Option<f64>,
    /// The price of the last trade ever.
    pub price: Option<Money>,
}

/// What a [`CALL_CLEARED`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct CallCleared {
    /// The good.
    pub good: String,
    /// Units that changed hands.
    pub units: u64,
    /// What buyers paid for each; nothing if nobody bought.
    pub price: Option<Money>,
    /// What the market keeps until the period is over, in minor units.
    pub kept: Money,
}

impl EventPayload for TradingPeriodEnded {
    const NAME: &'static str = "TradingPeriodEnded";
}

impl fmt::Display for TradingPeriodEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "period {} of {}: {} units", self.period, self.good, self.units)?;
        if let Some(efficiency) = self.efficiency {
            write!(f, ", {:.1} % of the largest surplus", efficiency * 100.0)?;
        }
        self.price.map_or(Ok(()), |price| write!(f, ", last at {price}"))
    }
}

impl EventPayload for CallCleared {
    const NAME: &'static str = "CallCleared";
}

impl fmt::Display for CallCleared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.price {
            None => write!(f, "{}: no offers meet", self.good),
            Some(price) => {
                write!(f, "{}: {} units at {price}, of which the market keeps {}", self.good, self.units, self.kept)
            }
        }
    }
}
