//! Buyers look, propose and ask for service; providers accept.

use agent2028_core::agent::{AgentId, AgentIndex, Condition};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_network::network::Network;
use agent2028_operations::engine::Commission;
use agent2028_operations::with_ground;
use agent2028_trust::Trust;
use bevy::prelude::*;

use super::attacks;
use super::enrol::uptime_ppm;
use super::settle::{Close, close};
use super::state::{Deal, NONE, ServiceMarket};
use crate::accounts::Money;
use crate::auction::{Bid, Direction, Terms as AuctionTerms, Vickrey};
use crate::config::{BestListing, Buyers, CapabilityMarket, MarketConfig, PricingRule};
use crate::contract::{Contract, ContractId, Purses, Status, Terms};
use crate::events::{
    BUYERS_UNSERVED, BuyersUnserved, CONTRACT_SUSPENDED, CONTRACT_SUSPENDED_ENDED, ContractSuspended, Reason,
};
use crate::listing::{Best, ListingId, Query};
use crate::mechanism::Mechanism;
use crate::money::{Treasury, between};
use crate::pricing::Usage;
use crate::sla::Measured;

const PICK: Purpose = Purpose::new("market.pick");
const WORTH: Purpose = Purpose::new("market.worth");

/// Whoever found nothing, or could not be reached, tries again after so long, in seconds.
const AGAIN_S: f64 = 1.0;
/// A listing that refused is passed over for so long, in seconds.
const AVOID_S: f64 = 5.0;

/// Whether anything is to be done in this tick.
pub(crate) fn is_due(clock: Res<SimClock>, market: Res<ServiceMarket>) -> bool {
    let tick = clock.tick();
    market.deals_due.is_due(tick)
        || market.buyers_due.is_due(tick)
        || market.auctions_due.is_due(tick)
        || !market.rings.is_empty()
        || !market.dumps.is_empty()
}

/// What buyers and providers go by.
pub(super) struct Around<'a> {
    pub(super) world: &'a World,
    pub(super) config: &'a CapabilityMarket,
    pub(super) tick: u64,
    pub(super) second: u64,
}

impl<'a> Around<'a> {
    fn of(world: &'a World) -> Option<Self> {
        let config = world.get_resource::<MarketConfig>()?.capabilities.as_ref()?;
        let clock = world.get_resource::<SimClock>()?;
        Some(Self { world, config, tick: clock.tick(), second: clock.ticks_in(AGAIN_S).max(1) })
    }

    pub(super) fn ticks_in(&self, seconds: f64) -> u64 {
        self.world.resource::<SimClock>().ticks_in(seconds)
    }

    fn hz(&self) -> f64 {
        self.world.resource::<SimClock>().tick_hz()
    }

    /// How many operations the buyer of a contract asks for in a second.
    fn rate(&self, deal: &Deal) -> f64 {
        self.config.buyers.get(deal.group as usize).map_or(1.0, |buyers| f64::from(buyers.requests_per_s))
    }

    pub(super) fn acts(&self, agent: AgentId) -> bool {
        let entity = self.world.get_resource::<AgentIndex>().and_then(|index| index.get(agent));
        entity.is_some_and(|entity| Condition::acts(self.world.get::<Condition>(entity)))
    }

    /// The lower bound of an agent's reputation.
    pub(super) fn trust(&self, agent: AgentId) -> f64 {
        let standing = self.world.get_resource::<Trust>().and_then(|trust| trust.standing(agent));
        standing.map_or(0.0, |standing| f64::from(standing.conservative))
    }

    /// Why a contract can't go on between two, if it can't.
    fn obstacle(&self, buyer: AgentId, provider: AgentId, capability: &str) -> Option<Reason> {
        let network = self.world.get_resource::<Network>();
        if network.is_some_and(|network| network.faults().cut(buyer.0, provider.0)) {
            return Some(Reason::Partition);
        }
        let attested = || {
            agent2028_identity::verdict_now(self.world, provider, capability, buyer)
                .is_some_and(|verdict| verdict.is_yes())
        };
        (self.config.attested && !attested()).then_some(Reason::Unattested)
    }
}

/// An operation to be asked for.
struct Request {
    place: u32,
    provider: AgentId,
    buyer: AgentId,
    capability: String,
}

/// What is due in this tick.
pub(crate) fn buy(world: &mut World) {
    world.resource_scope(|world, mut market: Mut<ServiceMarket>| {
        world.resource_scope(|world, mut treasury: Mut<Treasury>| {
            world.resource_scope(|world, mut bus: Mut<EventBus>| {
                let (market, treasury) = (&mut *market, &mut *treasury);
                let Some(around) = Around::of(world) else { return };
                attacks::act(&around, market, treasury);
                for place in market.buyers_due.take(around.tick) {
                    look(&around, market, place, &mut bus);
                }
                for place in market.auctions_due.take(around.tick) {
                    award(&around, market, place);
                }
                let mut requests = Vec::new();
                for place in market.deals_due.take(around.tick) {
                    go_on(&around, market, treasury, place, &mut requests, &mut bus);
                }
                ask(world, market, &requests);
            });
        });
    });
}

/// Asks for the operations.
fn ask(world: &mut World, market: &mut ServiceMarket, requests: &[Request]) {
    if requests.is_empty() {
        return;
    }
    with_ground(world, |operations, ground| {
        let session = *market.session.get_or_insert_with(|| operations.open_session());
        for request in requests {
            let commission = Commission {
                agent: request.provider,
                buyer: request.buyer,
                capability: &request.capability,
                reference: request.place,
                session,
            };
            operations.commission(ground, commission);
        }
    });
}

fn query(buyers: &Buyers) -> Query {
    let hours = (f64::from(buyers.lasts_s) / 3600.0).ceil() as u64;
    Query {
        usage: Usage { units: buyers.units.into(), hours },
        units: buyers.units,
        most_cost: buyers.most_cost,
        least_uptime_ppm: uptime_ppm(buyers.least_uptime_percent),
        least_rating: (f64::from(buyers.least_rating) * 1000.0).round() as u32,
        least_trust: f64::from(buyers.least_trust),
        best: match buyers.best {
            BestListing::Value => Best::Value,
            BestListing::Uptime => Best::Uptime,
            BestListing::Trust => Best::Trust,
            BestListing::Cost => Best::Cost,
        },
        ..Query::capability(&buyers.capability)
    }
}

/// A buyer looks for a listing, and proposes a contract or bids for one.
fn look(around: &Around, market: &mut ServiceMarket, place: u32, bus: &mut EventBus) {
    let buyer = market.buyers[place as usize].clone();
    if buyer.gone || buyer.deal != NONE || buyer.next != around.tick {
        return;
    }
    market.buyers[place as usize].next = u64::MAX;
    let Some(buyers) = around.config.buyers.get(buyer.buyers as usize) else { return };
    if !around.acts(buyer.agent) {
        return market.wake_buyer(place, around.tick + around.second);
    }
    let query = query(buyers);
    let cheapest = around
        .config
        .least_price_share
        .map_or(0.0, |share| median_cost(market, &query).map_or(0.0, |median| median as f64 * f64::from(share)));
    let shown = market.entries.iter().filter(|entry| {
        let avoided = entry.listing.id.0 == buyer.avoids.0 && around.tick < buyer.avoids.1;
        !entry.withdrawn && entry.listing.provider != buyer.agent && !avoided
    });
    let dear_enough = |listing: &&crate::listing::Listing| {
        cheapest <= 0.0 || listing.pricing.cost(query.usage).is_ok_and(|cost| cost as f64 >= cheapest)
    };
    let listings = shown.map(|entry| &entry.listing).filter(dear_enough);
    let found = query.best_of(listings, |provider| around.trust(provider));
    if found.is_empty() {
        market.counts.unserved += 1;
        if market.told_unserved.insert(buyer.buyers) {
            let told = BuyersUnserved { capability: buyers.capability.clone() };
            bus.publish(BUYERS_UNSERVED, Some(buyer.agent), told);
        }
        return market.wake_buyer(place, around.tick + around.second);
    }
    market.told_unserved.remove(&buyer.buyers);
    let dice = around.world.resource::<SimRng>();
    let at = dice.stream(PICK, buyer.agent, around.tick).below(found.len() as u32) as usize;
    let (listing, cost) = found[at];
    let offering = around.config.listings.get(market.entries[listing.0 as usize].offering as usize);
    match offering.map(|offering| &offering.pricing) {
        Some(PricingRule::Auction { bids_s, .. }) => {
            let most = buyers.most_cost.unwrap_or(cost);
            let least = cost.max(most / 2);
            let worth = between((least, most), &mut dice.stream(WORTH, buyer.agent, around.tick));
            let entry = &mut market.entries[listing.0 as usize];
            if entry.bids.is_empty() {
                market.auctions_due.add(around.tick + around.ticks_in(f64::from(*bids_s)).max(1), listing.0);
            }
            market.entries[listing.0 as usize].bids.push((place, worth));
        }
        _ => propose(around, market, place, listing, cost),
    }
}

/// The median of what listings of a capability cost.
fn median_cost(market: &ServiceMarket, query: &Query) -> Option<Money> {
    let anything = Query {
        units: 0,
        most_cost: None,
        least_uptime_ppm: 0,
        least_rating: 0,
        least_trust: 0.0,
        best: Best::Cost,
        ..query.clone()
    };
    let shown = market.entries.iter().filter(|entry| !entry.withdrawn).map(|entry| &entry.listing);
    let found = anything.find(shown, |_| 1.0);
    found.get(found.len() / 2).map(|(_, cost)| *cost)
}

/// A buyer proposes a contract. The provider answers in the next tick.
fn propose(around: &Around, market: &mut ServiceMarket, buyer: u32, listing: ListingId, cost: Money) {
    let who = &market.buyers[buyer as usize];
    let Some(buyers) = around.config.buyers.get(who.buyers as usize) else { return };
    let entry = &market.entries[listing.0 as usize];
    let penalty = around.config.listings.get(entry.offering as usize).map_or(0, |offer| offer.breach_penalty_percent);
    let terms = Terms {
        buyer: who.agent,
        provider: entry.listing.provider,
        quantity: buyers.units,
        cost,
        breach_penalty_percent: penalty,
        created: around.tick,
        expires: around.tick.saturating_add(around.ticks_in(f64::from(buyers.lasts_s)).max(2)),
        least_trust: (f64::from(buyers.least_trust) * 1000.0).round() as u16,
    };
    let Ok(contract) = Contract::propose(ContractId(market.next_contract), terms) else {
        return market.wake_buyer(buyer, around.tick + around.second);
    };
    market.next_contract += 1;
    let sla = crate::sla::Sla { requests: buyers.units.into(), ..entry.sla };
    let place = market.insert(Deal {
        contract,
        listing: listing.0,
        buyer,
        group: market.buyers[buyer as usize].buyers,
        sla,
        measured: Measured::default(),
        began: 0,
        asked: 0,
        in_flight: 0,
        wake: u64::MAX,
        suspended: 0,
    });
    market.buyers[buyer as usize].deal = place;
    market.wake_deal(place, around.tick + 1);
}

/// An auction is over: the highest bidder proposes a contract at the second highest price.
fn award(around: &Around, market: &mut ServiceMarket, place: u32) {
    let entry = &mut market.entries[place as usize];
    let mut bids = std::mem::take(&mut entry.bids);
    let reserve = entry.listing.pricing.cost(Usage::default()).unwrap_or(0);
    let (withdrawn, left, id) = (entry.withdrawn, entry.listing.stock.left(), entry.listing.id);
    // Who is gone or has failed meanwhile is none of those who may win.
    bids.retain(|(buyer, _)| {
        let who = &market.buyers[*buyer as usize];
        let is_there = !who.gone && around.acts(who.agent);
        if !is_there {
            market.wake_buyer(*buyer, around.tick + around.second);
        }
        is_there
    });
    let said: Vec<Bid> =
        bids.iter().map(|(buyer, worth)| Bid::new(market.buyers[*buyer as usize].agent, *worth)).collect();
    let rule = Vickrey(AuctionTerms { direction: Direction::Sell, reserve: Some(reserve) });
    let won = rule.clear(&said).filter(|_| !withdrawn && left > 0);
    for (at, (buyer, _)) in bids.iter().enumerate() {
        match &won {
            Some(award) if award.bid == at => propose(around, market, *buyer, id, award.price),
            _ => market.wake_buyer(*buyer, around.tick + 1),
        }
    }
}

/// What is due for a contract: an answer, service, an end.
fn go_on(
    around: &Around,
    market: &mut ServiceMarket,
    treasury: &mut Treasury,
    place: u32,
    requests: &mut Vec<Request>,
    bus: &mut EventBus,
) {
    let Some(Some(deal)) = market.deals.get_mut(place as usize) else { return };
    if deal.wake != around.tick {
        return;
    }
    deal.wake = u64::MAX;
    market.looked += 1;
    let Some(Some(deal)) = market.deals.get_mut(place as usize) else { return };
    if deal.contract.status() == Status::Proposed && !answer(around, market, treasury, place) {
        return;
    }
    let Some(Some(deal)) = market.deals.get_mut(place as usize) else { return };
    let Terms { buyer, provider, expires, .. } = deal.contract.terms;
    if around.tick >= expires {
        return close(around.config, around.tick, around.second, market, treasury, place, Close::Time, bus);
    }
    let (status, listing) = (deal.contract.status(), deal.listing);
    let capability = market.entries[listing as usize].listing.capability.clone();
    let obstacle = around.obstacle(buyer, provider, &capability);
    let again = (around.tick + around.second).min(expires);
    let Some(Some(deal)) = market.deals.get_mut(place as usize) else { return };
    match (status, obstacle) {
        (Status::Active, Some(reason)) => {
            if deal.contract.suspend(true).is_ok() {
                deal.suspended = around.tick;
                market.moved(Status::Active, Status::Suspended);
                market.counts.suspensions += 1;
                bus.publish(CONTRACT_SUSPENDED, Some(provider), ContractSuspended { buyer: buyer.0, reason });
            }
            market.wake_deal(place, again);
        }
        (Status::Suspended, Some(_)) => market.wake_deal(place, again),
        (Status::Suspended, None) => {
            if deal.contract.suspend(false).is_ok() {
                deal.suspended = 0;
                // What was not asked for meanwhile is not asked for all at once.
                deal.asked = deal.asked.max(due(around, deal).saturating_sub(1));
                market.moved(Status::Suspended, Status::Active);
                let told = ContractSuspended { buyer: buyer.0, reason: Reason::Over };
                bus.publish(CONTRACT_SUSPENDED_ENDED, Some(provider), told);
            }
            serve(around, market, place, capability, requests);
        }
        (Status::Active, None) => serve(around, market, place, capability, requests),
        _ => {}
    }
}

/// A provider answers a proposal. False if there is no contract now.
fn answer(around: &Around, market: &mut ServiceMarket, treasury: &mut Treasury, place: u32) -> bool {
    let Some(Some(deal)) = market.deals.get_mut(place as usize) else { return false };
    let terms = deal.contract.terms;
    let (listing, buyer) = (deal.listing as usize, deal.buyer);
    let entry = &mut market.entries[listing];
    let reachable = around.acts(terms.provider)
        && !entry.withdrawn
        && around.obstacle(terms.buyer, terms.provider, &entry.listing.capability).is_none();
    if !reachable && around.tick < terms.created + around.second {
        market.wake_deal(place, around.tick + 1);
        return false;
    }
    let trust = (around.trust(terms.provider) * 1000.0).floor() as u16;
    let purses = Purses { buyer: treasury.purse_of(terms.buyer), provider: treasury.purse_of(terms.provider) };
    let accepted = reachable
        && deal
            .contract
            .activate(around.tick, trust, &mut entry.listing.stock, treasury.accounts_mut(), purses)
            .is_ok();
    if accepted {
        deal.began = around.tick;
        entry.contracts += 1;
        let capability = entry.listing.capability.clone();
        market.counts.contracts += 1;
        market.escrowed += terms.cost + terms.penalty();
        market.moved(Status::Proposed, Status::Active);
        let window = around.ticks_in(f64::from(around.config.window_s));
        let sales = market.sales.entry(capability).or_default();
        sales.count(around.tick, terms.quantity.into(), terms.cost, window);
        return true;
    }
    // It is no more than proposed.
    let _ = deal.contract.withdraw();
    entry.deals -= 1;
    market.counts.refused += 1;
    market.moved(Status::Proposed, Status::Expired);
    let avoid = around.tick + around.ticks_in(AVOID_S);
    let who = &mut market.buyers[buyer as usize];
    (who.deal, who.avoids) = (NONE, (listing as u32, avoid));
    market.wake_buyer(buyer, around.tick + 1);
    market.free_if_over(place);
    false
}

/// How many operations a buyer has asked for by now, if nothing came in between.
fn due(around: &Around, deal: &Deal) -> u64 {
    ((around.tick - deal.began) as f64 * around.rate(deal) / around.hz()).floor() as u64 + 1
}

/// A buyer asks for as many operations as are due.
fn serve(around: &Around, market: &mut ServiceMarket, place: u32, capability: String, requests: &mut Vec<Request>) {
    let Some(Some(deal)) = market.deals.get_mut(place as usize) else { return };
    let Terms { buyer, provider, expires, .. } = deal.contract.terms;
    if !around.acts(buyer) {
        return market.wake_deal(place, (around.tick + around.second).min(expires));
    }
    let now = due(around, deal);
    let count = now.saturating_sub(deal.asked).min(deal.left().into());
    deal.asked = now.max(deal.asked);
    deal.in_flight += count as u32;
    for _ in 0..count {
        requests.push(Request { place, provider, buyer, capability: capability.clone() });
    }
    let next = if deal.left() == 0 {
        expires
    } else {
        deal.began + (deal.asked as f64 * around.hz() / around.rate(deal)).ceil() as u64
    };
    market.wake_deal(place, next.clamp(around.tick + 1, expires.max(around.tick + 1)));
}
