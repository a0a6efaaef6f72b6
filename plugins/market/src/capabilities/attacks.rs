//! Attacks on the market for capabilities: wash trades and dumping.

use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, PaletteEntry, Tone, Unfit, room_for,
};
use agent2028_core::rehearsal::groups_that_may_be_chosen;
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::analytics::EndedContract;
use super::buy::Around;
use super::state::{Entry, ServiceMarket};
use crate::MarketConfig;
use crate::accounts::Transfer;
use crate::contract::{Contract, ContractId, Purses, Status, Terms};
use crate::money::Treasury;
use crate::pricing::Usage;
use crate::rating::{MOST_STARS, Rating, rate};
use crate::sla::Measured;

/// The most trades that a ring makes in a tick.
const MOST_IN_A_TICK: u32 = 1024;

/// Accomplices who buy from each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WashRing {
    /// Their ids, ascending.
    pub agents: Vec<u32>,
    /// Units of each trade.
    pub units: u32,
    per_second: f64,
    until: u64,
    carry: f64,
    turn: u64,
}

/// Providers who sell too cheaply, to be alone afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// Their ids, ascending.
    pub agents: Vec<u32>,
    /// Their prices afterwards, in thousandths of the usual ones.
    afterwards: u32,
    /// When they raise them.
    until: u64,
}

fn no_market() -> InterventionError {
    InterventionError::Refused("nobody offers capabilities in this scene; add market.capabilities".into())
}

fn no_listings() -> InterventionError {
    InterventionError::Refused("none of them offers a capability".into())
}

/// Whether an attack of the chosen could ever begin: somebody of those who may be chosen offers something. Nobody being chosen is no
/// mistake.
fn rehearse(world: &World, select: &Selector) -> Result<(), Unfit> {
    let config = world.get_resource::<MarketConfig>().and_then(|config| config.capabilities.as_ref());
    let config = config.ok_or_else(no_market)?;
    let chosen = groups_that_may_be_chosen(world, select);
    let offers = |group: &AgentGroup| config.listings.iter().any(|offering| offering.group == group.name);
    if !chosen.is_empty() && !chosen.into_iter().any(offers) {
        return Err(Unfit { field: "select", error: no_listings() });
    }
    Ok(())
}

/// How many of the listings are those of the chosen.
///
/// # Errors
/// If there are agents and none of them has a listing.
fn listings_of(market: &ServiceMarket, agents: &[u32]) -> Result<usize, InterventionError> {
    let listings =
        market.entries.iter().filter(|entry| agents.binary_search(&entry.listing.provider.0).is_ok()).count();
    if listings == 0 && !agents.is_empty() { Err(no_listings()) } else { Ok(listings) }
}

/// Attack: agents of one owner buy from each other what never was, to look busy and well rated. What one pays comes back to it by
/// another way.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct WashTrade {
    /// The accomplices: those among them who have listings sell, all of them buy. By default 10 % of all agents.
    pub select: Selector,
    /// How many trades they make together; by default 2.
    #[reflect(@Range::new(0.0, 10_000.0), @Unit("1/s"))]
    pub per_second: f64,
    /// How many units each is about; by default 10.
    #[reflect(@Range::new(1.0, 1e6), @Unit("units"))]
    pub units: u32,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for WashTrade {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.1), per_second: 2.0, units: 10, duration_s: None }
    }
}

impl Check for WashTrade {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
    }
}

impl Intervention for WashTrade {
    const NAME: &'static str = "WashTrade";
    const NEEDS: &'static [&'static str] = &["market.capabilities"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Wash trades of",
        "\u{f233}",
        Tone::Danger,
        "They buy from each other what never was and praise it. Their money goes round.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(world, &self.select)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents: Vec<u32> = self.select.resolve(world, context).iter().map(|agent| agent.0).collect();
        let until = end(world, self.duration_s);
        let mut market = world.get_resource_mut::<ServiceMarket>().ok_or_else(no_market)?;
        room_for(market.rings.len() + market.dumps.len(), "attacks on the market")?;
        let sellers = listings_of(&market, &agents)?;
        let done = format!("{} accomplices wash trades over {sellers} listings", agents.len());
        market.rings.push(WashRing {
            agents,
            units: self.units,
            per_second: self.per_second,
            until,
            carry: 0.0,
            turn: 0,
        });
        Ok(done)
    }
}

/// Attack: providers sell far below the usual price, until rivals who can't pay for their listings are gone; then they ask for more.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct PriceDump {
    /// The providers; by default 10 % of all agents.
    pub select: Selector,
    /// Their prices, as a part of the usual ones; by default 0.2.
    #[reflect(@Range::new(0.0, 1.0))]
    pub price: f32,
    /// Their prices afterwards, as a multiple of the usual ones; by default 1.
    #[reflect(@Range::new(0.0, 1000.0))]
    pub afterwards: f32,
    /// For how long they sell cheaply; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for PriceDump {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.1), price: 0.2, afterwards: 1.0, duration_s: None }
    }
}

impl Check for PriceDump {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
    }
}

impl Intervention for PriceDump {
    const NAME: &'static str = "PriceDump";
    const NEEDS: &'static [&'static str] = &["market.capabilities"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Dumping by",
        "\u{f233}",
        Tone::Danger,
        "They sell for a fifth of their price until others who live on it are gone.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(world, &self.select)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents: Vec<u32> = self.select.resolve(world, context).iter().map(|agent| agent.0).collect();
        let until = end(world, self.duration_s);
        let thousandths = |part: f32| (f64::from(part) * 1000.0).round() as u32;
        let (price, afterwards) = (thousandths(self.price), thousandths(self.afterwards));
        let config = world.get_resource::<MarketConfig>().and_then(|config| config.capabilities.clone());
        let config = config.ok_or_else(no_market)?;
        let mut market = world.get_resource_mut::<ServiceMarket>().ok_or_else(no_market)?;
        room_for(market.rings.len() + market.dumps.len(), "attacks on the market")?;
        listings_of(&market, &agents)?;
        let count = scale(&config, &mut market, &agents, price);
        market.dumps.push(Dump { agents, afterwards, until });
        Ok(format!("{count} listings are sold for {price} ‰ of their price"))
    }
}

/// The last tick of something that begins now.
fn end(world: &World, seconds: Option<f32>) -> u64 {
    let clock = world.resource::<SimClock>();
    seconds.map_or(u64::MAX, |seconds| clock.tick().saturating_add(clock.ticks_in(f64::from(seconds))))
}

/// Scales the prices of providers. Returns of how many listings.
fn scale(
    config: &crate::config::CapabilityMarket,
    market: &mut ServiceMarket,
    agents: &[u32],
    thousandths: u32,
) -> usize {
    let of = |entry: &&mut Entry| agents.binary_search(&entry.listing.provider.0).is_ok();
    let mut count = 0;
    for entry in market.entries.iter_mut().filter(of) {
        if let Some(offering) = config.listings.get(entry.offering as usize) {
            entry.scaled = thousandths;
            entry.listing.pricing = offering.pricing.pricing(thousandths);
            count += 1;
        }
    }
    count
}

/// What attackers do in this tick.
pub(super) fn act(around: &Around, market: &mut ServiceMarket, treasury: &mut Treasury) {
    for at in (0..market.dumps.len()).rev() {
        if around.tick >= market.dumps[at].until {
            let dump = market.dumps.remove(at);
            scale(around.config, market, &dump.agents, dump.afterwards);
        }
    }
    market.rings.retain(|ring| around.tick < ring.until);
    for at in 0..market.rings.len() {
        let ring = &mut market.rings[at];
        ring.carry += ring.per_second / around.second as f64;
        let count = (ring.carry as u32).min(MOST_IN_A_TICK);
        ring.carry = (ring.carry - f64::from(count)).min(1.0);
        let (agents, units) = (ring.agents.clone(), ring.units);
        let listings: Vec<u32> = if count == 0 {
            Vec::new()
        } else {
            let of = |entry: &&Entry| !entry.withdrawn && agents.binary_search(&entry.listing.provider.0).is_ok();
            market.entries.iter().filter(of).map(|entry| entry.listing.id.0).collect()
        };
        if listings.is_empty() || agents.len() < 2 {
            continue;
        }
        for _ in 0..count {
            let turn = market.rings[at].turn;
            market.rings[at].turn += 1;
            let listing = listings[(turn % listings.len() as u64) as usize];
            let buyer = AgentId(agents[(turn / listings.len() as u64 % agents.len() as u64) as usize]);
            wash(around, market, treasury, listing, buyer, units);
        }
    }
}

/// One accomplice buys from another; the money comes back.
fn wash(
    around: &Around,
    market: &mut ServiceMarket,
    treasury: &mut Treasury,
    listing: u32,
    buyer: AgentId,
    units: u32,
) {
    let entry = &mut market.entries[listing as usize];
    let provider = entry.listing.provider;
    let hours = 1;
    let Ok(cost) = entry.listing.pricing.cost(Usage { units: units.into(), hours }) else { return };
    if provider == buyer || !around.acts(provider) || !around.acts(buyer) {
        return;
    }
    let penalty = around.config.listings.get(entry.offering as usize).map_or(0, |offer| offer.breach_penalty_percent);
    let terms = Terms {
        buyer,
        provider,
        quantity: units,
        cost,
        breach_penalty_percent: penalty,
        created: around.tick,
        expires: around.tick + 2,
        least_trust: 0,
    };
    let Ok(mut contract) = Contract::propose(ContractId(market.next_contract), terms) else { return };
    let purses = Purses { buyer: treasury.purse_of(buyer), provider: treasury.purse_of(provider) };
    let accounts = treasury.accounts_mut();
    // The owner's money is wherever it is needed.
    let missing = (cost - accounts.balance(purses.buyer)).max(0);
    if accounts.transfer(Transfer { from: purses.provider, to: purses.buyer, amount: missing }).is_err()
        || contract.activate(around.tick, 0, &mut entry.listing.stock, accounts, purses).is_err()
    {
        return;
    }
    // The buyer says that it got everything. There is enough left to deliver, and the contract has begun just now.
    let _ = contract.deliver_all(around.tick);
    let ended = contract.tick(around.tick, accounts, purses);
    let back = cost.min(accounts.balance(purses.provider));
    let back = if accounts.transfer(Transfer { from: purses.provider, to: purses.buyer, amount: back }).is_ok() {
        back
    } else {
        0
    };
    let _ = entry.listing.stock.put_back(units);
    if ended != Ok(Some(Status::Fulfilled)) || rate(buyer, &mut contract, MOST_STARS, &mut Rating::default()).is_err() {
        return;
    }
    entry.contracts += 1;
    let capability = entry.listing.capability.clone();
    market.next_contract += 1;
    market.counts.contracts += 1;
    market.counts.fulfilled += 1;
    market.counts.wash_trades += 1;
    market.counts.paid += cost;
    let window = around.ticks_in(f64::from(around.config.window_s));
    market.sales.entry(capability).or_default().count(around.tick, units.into(), cost, window);
    let voice = market.voices.entry((listing, buyer.0)).or_default();
    voice.returned = voice.returned.saturating_add(missing).saturating_add(back);
    market.hear_rating(around.config.ratings, listing, buyer, MOST_STARS, cost);
    let ended = EndedContract {
        id: contract.id,
        tick: around.tick,
        buyer,
        provider,
        listing: crate::listing::ListingId(listing),
        status: Status::Fulfilled,
        quantity: units,
        delivered: units,
        cost,
        measured: Measured::default(),
        breach: None,
        stars: Some(MOST_STARS),
    };
    market.note_ended(ended, around.config.most_ended as usize);
}
