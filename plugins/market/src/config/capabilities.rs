//! The part `capabilities` of the section `market`.

use std::collections::BTreeSet;

use agent2028_core::agent::parse_pattern;
use agent2028_core::check::{Check, Problems, Range, Unit, suggest};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::pricing::{NoPrice, Pricing, Tier, Usage};
use crate::sla::Availability;

/// The most that anything costs.
const MOST_PRICE: f64 = 1e9;

/// Where agents offer what they can do, under contracts.
///
/// A buyer looks for a listing that suits it and proposes a contract. When the provider accepts it, the cost and the penalty go
/// into escrow. The buyer then asks the provider for operations; each one that succeeds delivers a unit, and all of them are
/// measured against what was promised. When the contract ends, the escrow is divided: what was delivered is paid, what was not
/// is paid back, and after a breach the penalty goes to the buyer. Then the buyer rates it.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct CapabilityMarket {
    /// Who offers what. Each agent of the group has a listing of its own.
    pub listings: Vec<Offering>,
    /// Who buys what.
    pub buyers: Vec<Buyers>,
    /// Whose ratings count how much; by default `EveryContract`, which those who buy from themselves can buy.
    pub ratings: RatingRule,
    /// Listings that cost less than this part of the median for the same capability are not shown to buyers, 0–1: a defence
    /// against dumping. All are shown by default.
    #[reflect(@Range::new(0.0, 1.0))]
    pub least_price_share: Option<f32>,
    /// Whether a provider must hold a right to the capability that is attested and not revoked; needs the section `identity`.
    /// While it holds none, its contracts are suspended. By default it needs none.
    pub attested: bool,
    /// How far metrics that look back do so, and how long the first stretch is that price indices refer to; by default 10.
    #[reflect(@Range::new(0.1, 1e6), @Unit("s"))]
    pub window_s: f32,
    /// How many contracts that ended are kept one by one, to be looked at; by default 1024.
    #[reflect(@Range::new(0.0, 1_000_000.0), @Unit("contracts"))]
    pub most_ended: u32,
}

impl Default for CapabilityMarket {
    fn default() -> Self {
        Self {
            listings: Vec::new(),
            buyers: Vec::new(),
            ratings: RatingRule::EveryContract,
            least_price_share: None,
            attested: false,
            window_s: 10.0,
            most_ended: 1024,
        }
    }
}

/// Whose ratings count how much. A rating is always of a contract that was fulfilled or breached, by its buyer, once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum RatingRule {
    /// Each contract counts alike. Two agents of one owner can lift each other as high as they like.
    #[default]
    EveryContract,
    /// Each buyer counts alike, by the mean of its ratings.
    OnePerBuyer,
    /// Each contract counts by the part of what its buyer paid that did not come back to it from the provider by another way, as the
    /// accounts show. Money that goes round by way of others is not seen.
    NetPaid,
}

/// What the agents of a group offer.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Offering {
    /// The group.
    pub group: String,
    /// The capability, such as `database.query`.
    pub capability: String,
    /// In words.
    pub description: String,
    /// What it costs; by default 10 for a unit.
    pub pricing: PricingRule,
    /// How many units each of them has to sell; by default 1000. What was sold and not delivered comes back.
    #[reflect(@Range::new(0.0, 1e9), @Unit("units"))]
    pub stock: u32,
    /// How often the stock is full again; never by default.
    #[reflect(@Range::new(0.01, 1e9), @Unit("s"))]
    pub restock_s: Option<f32>,
    /// What part of requests is promised to succeed; by default 99.
    #[reflect(@Range::new(0.0, 100.0), @Unit("%"))]
    pub uptime_percent: f64,
    /// How long 99 % of what succeeds is promised to take at most; nothing is promised by default.
    #[reflect(@Range::new(0.001, 1e9), @Unit("ms"))]
    pub p99_ms: Option<f64>,
    /// When service is promised; by default `24x7`. Otherwise the minutes that a line of cron names, in UTC: minute, hour, day of the
    /// month, month, weekday. `* 8-17 * * 1-5` is 8:00 to 17:59 on working days.
    pub availability: String,
    /// What a breach costs the provider, in percent of the cost; by default 20. It must have as much when a contract begins.
    #[reflect(@Range::new(0.0, 10_000.0), @Unit("%"))]
    pub breach_penalty_percent: u32,
    /// What it costs the provider to keep its listing. Who can't pay withdraws it. By default nothing.
    #[reflect(@Range::new(0.0, MOST_PRICE), @Unit("minor units/s"))]
    pub upkeep_per_s: Money,
}

impl Default for Offering {
    fn default() -> Self {
        Self {
            group: "agent".into(),
            capability: String::new(),
            description: String::new(),
            pricing: PricingRule::PerUnit(10),
            stock: 1000,
            restock_s: None,
            uptime_percent: 99.0,
            p99_ms: None,
            availability: "24x7".into(),
            breach_penalty_percent: 20,
            upkeep_per_s: 0,
        }
    }
}

/// How service is priced, in minor units.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum PricingRule {
    /// So much for a contract, however many units it is about.
    Fixed(#[reflect(@Range::new(0.0, MOST_PRICE), @Unit("minor units"))] Money),
    /// So much for each unit.
    PerUnit(#[reflect(@Range::new(0.0, MOST_PRICE), @Unit("minor units"))] Money),
    /// So much for a month of 720 hours. A contract costs as many hours as it begins.
    Subscription(#[reflect(@Range::new(0.0, MOST_PRICE), @Unit("minor units"))] Money),
    /// Buyers bid for a contract; the highest gets it at the second highest bid (Vickrey).
    Auction {
        /// The least that it goes for.
        #[reflect(@Range::new(0.0, MOST_PRICE), @Unit("minor units"))]
        reserve: Money,
        /// How long bids are taken from the first one on.
        #[reflect(@Range::new(0.01, 1e6), @Unit("s"))]
        bids_s: f32,
    },
    /// Each unit at the price of the step that it falls into. A step is the last unit of it and what each costs; beyond the last
    /// step its price holds on.
    Metered(Vec<(u64, Money)>),
}

impl Default for PricingRule {
    fn default() -> Self {
        Self::PerUnit(10)
    }
}

impl PricingRule {
    /// The prices, scaled by so many thousandths.
    #[must_use]
    pub fn pricing(&self, thousandths: u32) -> Pricing {
        let scaled = |price: Money| (i128::from(price) * i128::from(thousandths) / 1000) as Money;
        match self {
            Self::Fixed(price) => Pricing::Fixed { price: scaled(*price) },
            Self::PerUnit(price) => Pricing::PerUnit { price: scaled(*price) },
            Self::Subscription(monthly) => Pricing::Subscription { monthly: scaled(*monthly) },
            Self::Auction { reserve, .. } => Pricing::Auction { awarded: scaled(*reserve) },
            Self::Metered(steps) => Pricing::Metered {
                tiers: steps.iter().map(|(up_to, price)| Tier { up_to: *up_to, per_unit: scaled(*price) }).collect(),
            },
        }
    }
}

/// What the agents of a group buy. Each of them has one contract at a time.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Buyers {
    /// The group.
    pub group: String,
    /// The capability, such as `database.query`, or all below one: `database.*`.
    pub capability: String,
    /// How many units a contract is about; by default 20.
    #[reflect(@Range::new(1.0, 1e6), @Unit("units"))]
    pub units: u32,
    /// How long a contract lasts at most; by default 60.
    #[reflect(@Range::new(0.1, 1e9), @Unit("s"))]
    pub lasts_s: f32,
    /// How often each of them asks its provider for an operation; by default 5.
    #[reflect(@Range::new(0.001, 10_000.0), @Unit("1/s"))]
    pub requests_per_s: f32,
    /// How long they wait after a contract until they look for the next one; by default 1.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub pause_s: f32,
    /// The most that a contract may cost. In an auction each of them bids a random amount from half of this to all of it. By
    /// default what is asked for, and in an auction the reserve.
    #[reflect(@Range::new(0.0, 1e12), @Unit("minor units"))]
    pub most_cost: Option<Money>,
    /// The least uptime that must be promised; by default 0.
    #[reflect(@Range::new(0.0, 100.0), @Unit("%"))]
    pub least_uptime_percent: f64,
    /// The least mean rating, 0–5; by default 0. What nobody has rated has 0.
    #[reflect(@Range::new(0.0, 5.0), @Unit("stars"))]
    pub least_rating: f32,
    /// How far a provider must be trusted at least, 0–1: by the lower bound of its reputation, as the section `trust` finds it.
    /// By default 0.
    #[reflect(@Range::new(0.0, 1.0))]
    pub least_trust: f32,
    /// What they choose by, among all that suits; by default `Value`.
    pub best: BestListing,
}

impl Default for Buyers {
    fn default() -> Self {
        Self {
            group: "agent".into(),
            capability: String::new(),
            units: 20,
            lasts_s: 60.0,
            requests_per_s: 5.0,
            pause_s: 1.0,
            most_cost: None,
            least_uptime_percent: 0.0,
            least_rating: 0.0,
            least_trust: 0.0,
            best: BestListing::Value,
        }
    }
}

/// What a buyer chooses by. Equals are chosen by chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum BestListing {
    /// The most rating for the money.
    #[default]
    Value,
    /// The highest promised uptime.
    Uptime,
    /// The most trusted provider.
    Trust,
    /// The lowest cost.
    Cost,
}

impl Check for CapabilityMarket {
    fn check(&self, at: &str, problems: &mut Problems) {
        if !problems.sections.contains("operations") {
            problems.push(
                at,
                "service is delivered by operations, and this scene has none",
                "add the section operations: (), which says how long work takes",
            );
        }
        if self.attested && !problems.sections.contains("identity") {
            problems.push(
                format!("{at}.attested"),
                "nobody attests rights in this scene",
                "add the section identity, or write attested: false",
            );
        }
        let mut seen = BTreeSet::new();
        for (index, offering) in self.listings.iter().enumerate() {
            let path = format!("{at}.listings[{index}]");
            offering.check(&path, problems);
            if !seen.insert((offering.group.as_str(), offering.capability.as_str())) {
                problems.push(
                    format!("{path}.capability"),
                    format!("the group \"{}\" offers \"{}\" twice", offering.group, offering.capability),
                    "list each capability of a group once",
                );
            }
        }
        if self.listings.is_empty() {
            problems.push(
                format!("{at}.listings"),
                "nothing is offered",
                "for example listings: [(group: \"database\", capability: \"database.query\")]",
            );
        }
        if self.buyers.is_empty() {
            problems.push(
                format!("{at}.buyers"),
                "nobody buys",
                "for example buyers: [(group: \"client\", capability: \"database.query\")]",
            );
        }
        let mut groups = BTreeSet::new();
        for (index, buyers) in self.buyers.iter().enumerate() {
            let path = format!("{at}.buyers[{index}]");
            problems.check_group(format!("{path}.group"), &buyers.group);
            if !groups.insert(buyers.group.as_str()) {
                problems.push(
                    format!("{path}.group"),
                    format!("the group \"{}\" buys already", buyers.group),
                    "list each group once; others can be told apart by groups of their own",
                );
            }
            match parse_pattern(&buyers.capability) {
                Err(error) => {
                    problems.push(format!("{path}.capability"), error.to_string(), "for example \"database.query\"");
                }
                Ok((literal, wild)) => {
                    let names = || self.listings.iter().map(|offering| offering.capability.as_str());
                    if !names().any(|name| if wild { name.starts_with(literal) } else { name == literal }) {
                        let help = suggest(&buyers.capability, names(), "capability that is offered");
                        let message = format!("nobody offers \"{}\"", buyers.capability);
                        problems.push(format!("{path}.capability"), message, help);
                    }
                }
            }
            if buyers.least_trust > 0.0 && !problems.sections.contains("trust") {
                problems.push(
                    format!("{path}.least_trust"),
                    "nobody keeps trust in this scene, so that no provider would ever do",
                    "add the section trust: (), or write least_trust: 0",
                );
            }
        }
    }
}

impl Offering {
    fn check(&self, at: &str, problems: &mut Problems) {
        problems.check_group(format!("{at}.group"), &self.group);
        match parse_pattern(&self.capability) {
            Ok((_, false)) if problems.capabilities.contains(&self.capability) => {}
            Ok((_, false)) => {
                let help = suggest(&self.capability, problems.capabilities.iter(), "capability");
                let message = format!("no agent has the capability \"{}\"", self.capability);
                problems.push(format!("{at}.capability"), message, help);
            }
            Ok((_, true)) => {
                let message = format!("\"{}\" names many capabilities; a listing offers one", self.capability);
                problems.push(format!("{at}.capability"), message, "for example \"database.query\"");
            }
            Err(error) => {
                problems.push(format!("{at}.capability"), error.to_string(), "for example \"database.query\"");
            }
        }
        if let Err(error) = Availability::parse(&self.availability) {
            problems.push(format!("{at}.availability"), error.to_string(), "write \"24x7\" or a line of cron");
        }
        if let PricingRule::Metered(steps) = &self.pricing {
            let fits = steps.iter().all(|(_, price)| (0..=MOST_PRICE as Money).contains(price));
            let price = self.pricing.pricing(1000).cost(Usage { units: 1, hours: 1 });
            if !fits || price == Err(NoPrice::Tiers) {
                problems.push(
                    format!("{at}.pricing"),
                    "steps ascend, and their prices are not below zero",
                    "write (last unit, price of each): Metered([(100, 12), (1000, 10)])",
                );
            }
        }
    }
}

impl CapabilityMarket {
    /// Adds a problem for those who can't buy because they have nothing.
    pub(super) fn check_money(&self, at: &str, with_money: &BTreeSet<&str>, problems: &mut Problems) {
        for (index, buyers) in self.buyers.iter().enumerate() {
            if problems.groups.contains(&buyers.group) && !with_money.contains(buyers.group.as_str()) {
                problems.push(
                    format!("{at}.buyers[{index}].group"),
                    format!("the group \"{}\" buys and has no money", buyers.group),
                    format!("add market.balances: [(group: \"{}\", amount: 100000)]", buyers.group),
                );
            }
        }
        for (index, offering) in self.listings.iter().enumerate() {
            let pays = (offering.breach_penalty_percent > 0 || offering.upkeep_per_s > 0)
                && problems.groups.contains(&offering.group);
            if pays && !with_money.contains(offering.group.as_str()) {
                problems.push(
                    format!("{at}.listings[{index}].breach_penalty_percent"),
                    format!("the group \"{}\" must put up a penalty or upkeep and has no money", offering.group),
                    format!(
                        "add market.balances: [(group: \"{}\", amount: 10000)], or write breach_penalty_percent: 0",
                        offering.group
                    ),
                );
            }
        }
    }
}
