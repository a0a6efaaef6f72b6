//! The part `exchange` of the section `market`.

use std::collections::BTreeSet;

use agent2028_core::check::{Check, Problems, Range, Unit, suggest};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// The most units that a trader trades in a period.
const MOST_UNITS: u32 = 1000;

/// The highest price.
const MOST_PRICE: Money = 1_000_000_000;

/// Where goods are bought and sold.
///
/// Each good has a book of its own. Traders want to buy or sell some units in each period. What a unit is worth to a buyer, or
/// costs a seller, is drawn for each and nobody else knows it (induced values, Smith 1976). All goods see the same draws, so
/// that rules of trading can be compared. When a period is over, what was traded is used up, and everybody begins anew with
/// the money and the units of before; nothing comes in and nothing is lost.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Exchange {
    /// What is traded, and by which rule.
    pub goods: Vec<Good>,
    /// Who trades.
    pub traders: Vec<Traders>,
    /// How long a period takes; by default 20. Without one (`None`) there is one period for ever.
    #[reflect(@Range::new(0.1, 1e6), @Unit("s"))]
    pub period_s: Option<f32>,
    /// How many trades of each good are kept one by one, to be looked at; by default 1024.
    #[reflect(@Range::new(0.0, 1_000_000.0), @Unit("trades"))]
    pub most_trades: u32,
}

impl Default for Exchange {
    fn default() -> Self {
        Self { goods: Vec::new(), traders: Vec::new(), period_s: Some(20.0), most_trades: 1024 }
    }
}

/// A good.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Good {
    /// Its name, which ends the names of its metrics: letters, digits, `-` and `_`.
    pub name: String,
    /// How it is traded; by default `Continuous`.
    pub rule: TradingRule,
    /// The lowest and the highest price that anybody may say, in minor units; by default 1 to 200.
    pub prices: (Money, Money),
}

impl Default for Good {
    fn default() -> Self {
        Self { name: "good".into(), rule: TradingRule::Continuous, prices: (1, 200) }
    }
}

/// How a good is traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum TradingRule {
    /// An order book with price–time priority: orders trade as they come, each at the price of the one that was there first.
    #[default]
    Continuous,
    /// A call market: from time to time all offers are cleared at one price. A buyer of one unit can't gain by a lie if `k` is 0, and
    /// a seller can't if it is 1.
    UniformPrice {
        /// How often it is cleared.
        #[reflect(@Range::new(0.01, 1e6), @Unit("s"))]
        every_s: f32,
        /// Where the price lies among those at which demand meets supply, 0–1.
        #[reflect(@Range::new(0.0, 1.0))]
        k: f32,
    },
    /// A call market in which nobody can gain by a lie (McAfee 1992). For that the last pair may have to go without a trade, and
    /// the market may keep a part of what is paid.
    McAfee {
        /// How often it is cleared.
        #[reflect(@Range::new(0.01, 1e6), @Unit("s"))]
        every_s: f32,
    },
}

impl TradingRule {
    /// How often it clears, if it is a call market.
    #[must_use]
    pub fn every_s(self) -> Option<f32> {
        match self {
            Self::Continuous => None,
            Self::UniformPrice { every_s, .. } | Self::McAfee { every_s } => Some(every_s),
        }
    }
}

/// A group that trades. It may be listed several times for different goods, and see the same values there.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Traders {
    /// The group.
    pub group: String,
    /// Whether they buy or sell; by default `Buys`.
    pub side: TradingSide,
    /// The goods that they trade; all by default.
    pub goods: Vec<String>,
    /// How they choose their prices; by default `ZeroIntelligence`.
    pub policy: TradingPolicy,
    /// What a unit is worth to a buyer, or costs a seller; by default drawn from 1 to 200.
    pub values: UnitValues,
    /// How many units each of them wants to buy or sell in a period; by default 1.
    #[reflect(@Range::new(1.0, 1000.0), @Unit("units"))]
    pub units: u32,
    /// How often each of them says a price in an order book; by default 0.5.
    #[reflect(@Range::new(0.0, 1000.0), @Unit("1/s"))]
    pub quotes_per_s: f32,
}

impl Default for Traders {
    fn default() -> Self {
        Self {
            group: "agent".into(),
            side: TradingSide::Buys,
            goods: Vec::new(),
            policy: TradingPolicy::ZeroIntelligence,
            values: UnitValues::Uniform(1, 200),
            units: 1,
            quotes_per_s: 0.5,
        }
    }
}

impl Traders {
    /// Whether they trade a good.
    #[must_use]
    pub fn trade(&self, good: &str) -> bool {
        self.goods.is_empty() || self.goods.iter().any(|name| name == good)
    }
}

/// A side of the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum TradingSide {
    /// They buy.
    #[default]
    Buys,
    /// They sell.
    Sells,
}

/// What units are worth to those who trade them.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum UnitValues {
    /// Each unit of each trader is drawn anew in each period, from the first amount to the second, in minor units.
    Uniform(Money, Money),
    /// The units of the first trader, then those of the second, and so on, in minor units; begins again after the last one. The
    /// same in each period.
    Listed(Vec<Money>),
}

impl Default for UnitValues {
    fn default() -> Self {
        Self::Uniform(1, 200)
    }
}

/// How a trader chooses what it bids or asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum TradingPolicy {
    /// Any price that loses nothing, by chance: a constrained zero-intelligence trader (Gode & Sunder 1993).
    #[default]
    ZeroIntelligence,
    /// Any price at all, by chance: an unconstrained zero-intelligence trader. It trades at a loss, too.
    Unconstrained,
    /// What the unit is worth or costs.
    Truthful,
    /// A fixed part better than that for the trader, 0–1.
    Markup(#[reflect(@Range::new(0.0, 1.0))] f32),
    /// Learns how much better from the prices that others say and trade at (Cliff & Bruten 1997).
    Learning,
}

impl Check for Exchange {
    fn check(&self, at: &str, problems: &mut Problems) {
        let mut names = BTreeSet::new();
        for (index, good) in self.goods.iter().enumerate() {
            let path = format!("{at}.goods[{index}]");
            let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
            if good.name.is_empty() || !good.name.chars().all(plain) {
                problems.push(
                    format!("{path}.name"),
                    format!("\"{}\" is no name of a good", good.name),
                    "use letters, digits, - and _, for example \"grain\"",
                );
            } else if !names.insert(good.name.as_str()) {
                problems.push(
                    format!("{path}.name"),
                    format!("there are two goods named \"{}\"", good.name),
                    "give each good a name of its own",
                );
            }
            let (low, high) = good.prices;
            if low < 0 || low > high || high > MOST_PRICE {
                problems.push(
                    format!("{path}.prices"),
                    format!("({low}, {high}) are no lowest and highest price"),
                    format!("write (lowest, highest) from 0 to {MOST_PRICE}, for example (1, 200)"),
                );
            }
        }
        if self.goods.is_empty() {
            problems.push(format!("{at}.goods"), "there is no good", "for example goods: [(name: \"grain\")]");
        }
        if self.traders.is_empty() {
            problems.push(
                format!("{at}.traders"),
                "nobody trades",
                "name a group that buys and one that sells: traders: [(group: \"buyer\"), (group: \"seller\", side: Sells)]",
            );
        }
        for (index, good) in self.goods.iter().enumerate().filter(|_| !self.traders.is_empty()) {
            let has = |side| self.traders.iter().any(|traders| traders.side == side && traders.trade(&good.name));
            for (side, verb, help) in [
                (TradingSide::Buys, "buys", "for example traders: [(group: \"buyer\")]"),
                (TradingSide::Sells, "sells", "for example traders: [(group: \"seller\", side: Sells)]"),
            ] {
                if !has(side) {
                    problems.push(format!("{at}.goods[{index}]"), format!("nobody {verb} \"{}\"", good.name), help);
                }
            }
        }
        let mut pairs = BTreeSet::new();
        for (index, traders) in self.traders.iter().enumerate() {
            let path = format!("{at}.traders[{index}]");
            problems.check_group(format!("{path}.group"), &traders.group);
            let trades = self.goods.iter().map(|good| good.name.as_str()).filter(|good| traders.trade(good));
            for good in trades {
                if !pairs.insert((traders.group.as_str(), good)) {
                    problems.push(
                        format!("{path}.group"),
                        format!("the group \"{}\" trades \"{good}\" already", traders.group),
                        "list a group once for each good; say with goods: [..] which ones are meant",
                    );
                }
            }
            for (place, good) in traders.goods.iter().enumerate() {
                if !names.contains(good.as_str()) {
                    let help = suggest(good, names.iter().copied(), "good");
                    problems.push(format!("{path}.goods[{place}]"), format!("there is no good \"{good}\""), help);
                }
            }
            check_values(&traders.values, &format!("{path}.values"), problems);
            if traders.units == 0 || traders.units > MOST_UNITS {
                problems.push(format!("{path}.units"), "units are 1 to 1000", "for example units: 1");
            }
        }
    }
}

fn check_values(values: &UnitValues, path: &str, problems: &mut Problems) {
    let fits = |value: &Money| (0..=MOST_PRICE).contains(value);
    let wrong = match values {
        UnitValues::Uniform(low, high) => low > high || !fits(low) || !fits(high),
        UnitValues::Listed(list) => list.is_empty() || !list.iter().all(fits),
    };
    if wrong {
        problems.push(
            path,
            format!("values lie between 0 and {MOST_PRICE}, the lower one first, and there is at least one"),
            "for example Uniform(50, 150) or Listed([90, 70, 50])",
        );
    }
}

impl Exchange {
    /// Adds a problem for those who can't buy because they have nothing.
    pub(super) fn check_money(&self, at: &str, with_money: &BTreeSet<&str>, problems: &mut Problems) {
        for (index, traders) in self.traders.iter().enumerate() {
            let is_buyer = traders.side == TradingSide::Buys && problems.groups.contains(&traders.group);
            if is_buyer && !with_money.contains(traders.group.as_str()) {
                problems.push(
                    format!("{at}.traders[{index}].group"),
                    format!("the group \"{}\" buys and has no money", traders.group),
                    format!("add market.balances: [(group: \"{}\", amount: 1000)]", traders.group),
                );
            }
        }
    }
}
