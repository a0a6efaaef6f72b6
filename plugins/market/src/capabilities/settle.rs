//! Service is measured, contracts end, money moves, buyers rate.

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_operations::Operations;
use agent2028_operations::engine::CommissionEnd;
use agent2028_operations::session::Outcome;
use bevy::prelude::*;
use chrono::TimeDelta;

use super::analytics::EndedContract;
use super::state::{NONE, ServiceMarket};
use crate::accounts::{Money, Transfer};
use crate::config::{CapabilityMarket, MarketConfig, RatingRule};
use crate::contract::{Purses, Status};
use crate::events::{CONTRACT_BREACHED, ContractBreached, LISTING_WITHDRAWN, ListingWithdrawn};
use crate::listing::Stock;
use crate::money::Treasury;
use crate::rating::{MOST_STARS, Rating, rate};
use crate::sla::Breach;

/// The most stars that a buyer gives after a breach.
const STARS_OF_A_BREACH: u64 = 1;

/// Why a contract may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// A promise is broken.
    Broken(Breach),
    /// All is delivered, or its time is over.
    Time,
}

/// Outcomes of the tick are measured; what has ended is settled.
pub(crate) fn settle(
    (clock, config): (Res<SimClock>, Res<MarketConfig>),
    operations: Option<ResMut<Operations>>,
    mut treasury: ResMut<Treasury>,
    mut market: ResMut<ServiceMarket>,
    mut bus: ResMut<EventBus>,
    mut ends: Local<Vec<CommissionEnd>>,
) {
    let Some(config) = config.capabilities.as_ref() else { return };
    let (market, treasury) = (&mut *market, &mut *treasury);
    let (tick, second) = (clock.tick(), clock.ticks_in(1.0).max(1));
    if let Some(mut operations) = operations
        && operations.has_commissions()
    {
        operations.take_commissions(&mut ends);
        let now = clock.now();
        // A promise is about when a request was made. Latencies are rounded to a microsecond.
        let made = |latency_us: u64| {
            let since = i64::try_from(latency_us).unwrap_or(0).saturating_sub(1);
            now.checked_sub_signed(TimeDelta::microseconds(since)).unwrap_or(now)
        };
        for end in ends.drain(..) {
            let place = end.reference;
            let Some(Some(deal)) = market.deals.get_mut(place as usize) else { continue };
            market.looked += 1;
            deal.in_flight = deal.in_flight.saturating_sub(1);
            // What comes after the end, or while service rests, counts for nothing.
            if deal.contract.status() != Status::Active {
                market.free_if_over(place);
                continue;
            }
            let succeeded = end.outcome == Outcome::Completed;
            deal.measured.count(&deal.sla, made(end.latency_us), succeeded, end.latency_us);
            if let Some(served) = market.served.get_mut(deal.group as usize) {
                served.count(succeeded);
            }
            if succeeded && deal.contract.deliver(tick).is_ok() {
                market.counts.delivered += 1;
            }
            let all = deal.contract.delivered() == deal.contract.terms.quantity;
            let broken = deal.measured.breach(&deal.sla, all);
            let more = deal.left() > 0;
            match broken {
                Some(breach) => close(config, tick, second, market, treasury, place, Close::Broken(breach), &mut bus),
                None if all => close(config, tick, second, market, treasury, place, Close::Time, &mut bus),
                // What failed is asked for again, when it is its turn.
                None if more && deal.wake == deal.contract.terms.expires => market.wake_deal(place, tick + 1),
                None => {}
            }
        }
    }
    if tick.is_multiple_of(second) {
        collect_upkeep(config, market, treasury, &mut bus);
    }
    restock(&clock, config, market);
    let window = clock.ticks_in(f64::from(config.window_s)).max(1);
    market.served.iter_mut().for_each(|served| served.close_tick(window as usize));
    market.sales.values_mut().for_each(|sales| sales.forget_before(tick.saturating_sub(window)));
}

/// Those who have a listing pay for it; who can't withdraws it.
fn collect_upkeep(config: &CapabilityMarket, market: &mut ServiceMarket, treasury: &mut Treasury, bus: &mut EventBus) {
    let Some(house) = market.house else { return };
    if config.listings.iter().all(|offering| offering.upkeep_per_s == 0) {
        return;
    }
    for entry in market.entries.iter_mut().filter(|entry| !entry.withdrawn) {
        let amount = config.listings.get(entry.offering as usize).map_or(0, |offering| offering.upkeep_per_s);
        let from = treasury.purse_of(entry.listing.provider);
        if treasury.accounts_mut().transfer(Transfer { from, to: house, amount }).is_err() {
            entry.withdrawn = true;
            market.counts.withdrawn += 1;
            let told = ListingWithdrawn { capability: entry.listing.capability.clone(), upkeep: amount };
            bus.publish(LISTING_WITHDRAWN, Some(entry.listing.provider), told);
        }
    }
}

/// Stocks that are full again from time to time are full again.
fn restock(clock: &SimClock, config: &CapabilityMarket, market: &mut ServiceMarket) {
    for (number, offering) in config.listings.iter().enumerate() {
        let Some(seconds) = offering.restock_s else { continue };
        if clock.tick().is_multiple_of(clock.ticks_in(f64::from(seconds)).max(1)) {
            let of = market.entries.iter_mut().filter(|entry| entry.offering == number as u32);
            of.for_each(|entry| {
                entry.listing.stock = Stock::new(offering.stock);
                entry.restocked = clock.tick();
            });
        }
    }
}

/// A contract ends, and its escrow is divided.
#[expect(clippy::too_many_arguments, reason = "what an end touches lies in as many places")]
pub(super) fn close(
    config: &CapabilityMarket,
    tick: u64,
    second: u64,
    market: &mut ServiceMarket,
    treasury: &mut Treasury,
    place: u32,
    why: Close,
    bus: &mut EventBus,
) {
    let Some(Some(deal)) = market.deals.get_mut(place as usize) else { return };
    let terms = deal.contract.terms;
    let purses = Purses { buyer: treasury.purse_of(terms.buyer), provider: treasury.purse_of(terms.provider) };
    let before = deal.contract.status();
    // At the end all that was measured counts.
    let broken = match why {
        Close::Broken(breach) => Some(breach),
        Close::Time => deal.measured.breach(&deal.sla, true).filter(|_| before != Status::Proposed),
    };
    let accounts = treasury.accounts_mut();
    let status = match broken {
        Some(_) => deal.contract.breach(accounts, purses).map(|()| Some(Status::Breached)),
        None => deal.contract.tick(tick, accounts, purses),
    };
    // Accounts are never closed but escrows, so that a contract that has begun can end.
    let Ok(Some(status)) = status else { return };
    let (earned, delivered) = (deal.contract.earned(), deal.contract.delivered());
    let (listing, buyer, measured, id) = (deal.listing, deal.buyer, deal.measured, deal.contract.id);
    let began = deal.began;
    let stars = stars_of(status, measured.served, measured.failed, measured.slow);
    let rated = stars.filter(|stars| rate(terms.buyer, &mut deal.contract, *stars, &mut Rating::default()).is_ok());
    market.moved(before, status);
    let entry = &mut market.entries[listing as usize];
    entry.deals -= 1;
    // It was sold and not used.
    if began > entry.restocked {
        let _ = entry.listing.stock.put_back(terms.quantity - delivered);
    }
    market.escrowed -= terms.cost + terms.penalty();
    entry.earned += earned;
    market.counts.paid += earned;
    match status {
        Status::Fulfilled => market.counts.fulfilled += 1,
        Status::Breached => {
            entry.breaches += 1;
            entry.earned -= terms.penalty();
            market.counts.breached += 1;
            market.counts.penalties += terms.penalty();
        }
        _ => market.counts.expired += 1,
    }
    let breach = broken.map(Into::into);
    if let Some(breach) = breach {
        let told = ContractBreached { buyer: terms.buyer.0, breach, penalty: terms.penalty() };
        bus.publish(CONTRACT_BREACHED, Some(terms.provider), told);
    }
    if let Some(stars) = rated {
        market.hear_rating(config.ratings, listing, terms.buyer, stars, earned);
    }
    market.note_ended(
        EndedContract {
            id,
            tick,
            buyer: terms.buyer,
            provider: terms.provider,
            listing: crate::listing::ListingId(listing),
            status,
            quantity: terms.quantity,
            delivered,
            cost: terms.cost,
            measured,
            breach,
            stars: rated,
        },
        config.most_ended as usize,
    );
    let pause = config.buyers.get(market.buyers[buyer as usize].buyers as usize).map_or(1.0, |buyers| buyers.pause_s);
    market.buyers[buyer as usize].deal = NONE;
    let pause = (f64::from(pause) * second as f64).round() as u64;
    market.wake_buyer(buyer, tick + pause.max(1));
    market.free_if_over(place);
}

/// What a buyer gives for a contract: five stars for service without fault, the part of it that was well otherwise.
fn stars_of(status: Status, served: u64, failed: u64, slow: u64) -> Option<u8> {
    let all = served + failed;
    let good = served.saturating_sub(slow);
    let most = u64::from(MOST_STARS);
    let stars = (most * good + all / 2).checked_div(all).unwrap_or(most);
    match status {
        Status::Fulfilled => Some(stars as u8),
        Status::Breached => Some(stars.min(STARS_OF_A_BREACH) as u8),
        _ => None,
    }
}

impl ServiceMarket {
    /// A buyer has rated a contract about a listing.
    pub(crate) fn hear_rating(&mut self, rule: RatingRule, listing: u32, buyer: AgentId, stars: u8, paid: Money) {
        self.counts.ratings += 1;
        let voice = self.voices.entry((listing, buyer.0)).or_default();
        voice.stars = voice.stars.saturating_add(stars.into());
        voice.count = voice.count.saturating_add(1);
        voice.paid = voice.paid.saturating_add(paid);
        if rule == RatingRule::EveryContract {
            self.entries[listing as usize].listing.rating.count(stars);
        } else {
            self.rate_anew(rule, listing);
        }
    }

    /// Nothing that was said of a listing counts any more.
    pub(crate) fn forget_voices(&mut self, listing: u32) {
        let said: Vec<(u32, u32)> =
            self.voices.range((listing, 0)..=(listing, u32::MAX)).map(|(key, _)| *key).collect();
        for key in &said {
            self.voices.remove(key);
        }
        // As whoever works it out anew would find it.
        self.entries[listing as usize].listing.rating = Rating::default();
    }

    /// Works out a listing's rating from all that was said of it.
    pub(crate) fn rate_anew(&mut self, rule: RatingRule, listing: u32) {
        if rule == RatingRule::EveryContract {
            // To the last star as they were counted one by one, so that working them out anew changes nothing.
            let (mut stars, mut count) = (0_u64, 0_u32);
            for (_, voice) in self.voices.range((listing, 0)..=(listing, u32::MAX)) {
                stars += u64::from(voice.stars);
                count = count.saturating_add(voice.count);
            }
            self.entries[listing as usize].listing.rating = Rating::of_stars(stars, count);
            return;
        }
        // In thousandths: how much each word counts, and that times its mean.
        let (mut weights, mut sum) = (0_u64, 0_u64);
        for voice in self.voices.range((listing, 0)..=(listing, u32::MAX)).map(|(_, voice)| voice) {
            let (stars, count) = (u64::from(voice.stars), u64::from(voice.count).max(1));
            let weight = match rule {
                RatingRule::EveryContract => 1000 * count,
                RatingRule::OnePerBuyer => 1000,
                RatingRule::NetPaid => voice.net_thousandths() * count,
            };
            weights += weight;
            sum += weight * (1000 * stars / count);
        }
        let mean = sum.checked_div(weights).unwrap_or(0);
        let count = (weights / 1000).max(u64::from(weights > 0));
        let rating = Rating::of_mean(mean as u32, u32::try_from(count).unwrap_or(u32::MAX));
        self.entries[listing as usize].listing.rating = rating;
    }

    /// A contract has ended.
    pub(crate) fn note_ended(&mut self, ended: EndedContract, most: usize) {
        while self.ended.len() >= most.max(1) {
            self.ended.pop_front();
        }
        if most > 0 {
            self.ended.push_back(ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_the_part_of_service_that_was_well() {
        assert_eq!(stars_of(Status::Fulfilled, 20, 0, 0), Some(5));
        assert_eq!(stars_of(Status::Fulfilled, 9, 1, 0), Some(5));
        assert_eq!(stars_of(Status::Fulfilled, 20, 0, 10), Some(3));
        assert_eq!(stars_of(Status::Breached, 19, 1, 0), Some(1));
        assert_eq!(stars_of(Status::Breached, 0, 5, 0), Some(0));
        assert_eq!(stars_of(Status::Expired, 20, 0, 0), None);
    }
}
