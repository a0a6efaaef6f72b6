//! Who comes and who is gone, and what the section says now.

use std::collections::BTreeSet;

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex};
use agent2028_core::clock::SimClock;
use agent2028_core::rng::{Purpose, SimRng};
use bevy::prelude::*;

use super::state::{Buyer, Entry, NONE, Served, ServiceMarket};
use crate::config::{CapabilityMarket, MarketConfig, Offering};
use crate::listing::{Listing, ListingId, Stock};
use crate::money::Treasury;
use crate::rating::Rating;
use crate::sla::{Availability, MILLION, Sla};

const FIRST_LOOK: Purpose = Purpose::new("market.first_look");

/// Lists what newcomers offer, lets new buyers look, withdraws what is offered by those who are gone, and takes the section over
/// if it has changed.
pub(crate) fn enrol(
    (clock, dice, config): (Res<SimClock>, Res<SimRng>, Res<MarketConfig>),
    (groups, index): (Res<AgentGroups>, Res<AgentIndex>),
    mut treasury: ResMut<Treasury>,
    mut market: ResMut<ServiceMarket>,
) {
    let Some(changed) = config.capabilities.as_ref() else { return };
    let is_changed = config.is_changed();
    let is_known = market.is_known(&index);
    if is_known && !is_changed {
        return;
    }
    let (config, market) = (changed, &mut *market);
    market.served.resize(config.buyers.len(), Served::default());
    market.house.get_or_insert_with(|| treasury.accounts_mut().open_fund());
    if is_changed {
        adopt(config, market);
    }
    if is_known {
        return;
    }
    market.known = (index.len() as u64, index.next_id().0);
    let members = |name: &str| -> Vec<AgentId> {
        let ranges = groups.find(name).map(|group| groups.ranges_of(group).collect::<Vec<_>>());
        let mut agents: Vec<AgentId> = ranges.unwrap_or_default().into_iter().flatten().map(AgentId).collect();
        agents.retain(|agent| index.get(*agent).is_some());
        agents
    };
    for entry in &mut market.entries {
        entry.withdrawn |= index.get(entry.listing.provider).is_none();
    }
    // What is left of those who are gone makes room for those who come.
    let left =
        |entry: &&Entry| index.get(entry.listing.provider).is_none() && entry.deals == 0 && entry.bids.is_empty();
    let mut vacant: Vec<u32> = market.entries.iter().rev().filter(left).map(|entry| entry.listing.id.0).collect();
    for listing in &vacant {
        market.forget_voices(*listing);
    }
    let listed: BTreeSet<(u32, AgentId)> =
        market.entries.iter().map(|entry| (entry.offering, entry.listing.provider)).collect();
    for (number, offering) in config.listings.iter().enumerate() {
        for provider in members(&offering.group) {
            if !listed.contains(&(number as u32, provider)) {
                treasury.purse_of(provider);
                let id = ListingId(vacant.pop().unwrap_or(market.entries.len() as u32));
                let entry = entry(offering, number as u32, id, provider);
                match market.entries.get_mut(id.0 as usize) {
                    Some(place) => *place = entry,
                    None => market.entries.push(entry),
                }
            }
        }
    }
    for buyer in &mut market.buyers {
        buyer.gone |= index.get(buyer.agent).is_none();
    }
    let known: BTreeSet<(u32, AgentId)> = market.buyers.iter().map(|buyer| (buyer.buyers, buyer.agent)).collect();
    let bidding: BTreeSet<u32> = market.entries.iter().flat_map(|entry| &entry.bids).map(|(buyer, _)| *buyer).collect();
    let mut empty: Vec<u32> = (0_u32..)
        .zip(&market.buyers)
        .filter(|(place, buyer)| buyer.gone && buyer.deal == NONE && !bidding.contains(place))
        .map(|(place, _)| place)
        .collect();
    empty.reverse();
    for (number, buyers) in config.buyers.iter().enumerate() {
        for agent in members(&buyers.group) {
            if known.contains(&(number as u32, agent)) {
                continue;
            }
            treasury.purse_of(agent);
            let place = empty.pop().unwrap_or(market.buyers.len() as u32);
            let (group, avoids) = (number as u32, (NONE, 0));
            let buyer = Buyer { agent, buyers: group, deal: NONE, next: u64::MAX, gone: false, avoids };
            match market.buyers.get_mut(place as usize) {
                Some(slot) => *slot = buyer,
                None => market.buyers.push(buyer),
            }
            // They don't all look at once.
            let spread = clock.ticks_in(f64::from(buyers.pause_s)).clamp(1, 1 << 20) as u32;
            let wait = dice.stream(FIRST_LOOK, agent, 0).below(spread);
            market.wake_buyer(place, clock.tick() + u64::from(wait));
        }
    }
}

/// What the section says of listings holds for those that are there.
fn adopt(config: &CapabilityMarket, market: &mut ServiceMarket) {
    for entry in &mut market.entries {
        if let Some(offering) = config.listings.get(entry.offering as usize) {
            entry.listing.pricing = offering.pricing.pricing(entry.scaled);
            entry.listing.uptime_ppm = uptime_ppm(offering.uptime_percent);
            entry.sla = sla(offering);
        }
    }
    market.rate_all_anew(config.ratings);
}

fn entry(offering: &Offering, number: u32, id: ListingId, provider: AgentId) -> Entry {
    let listing = Listing {
        id,
        provider,
        capability: offering.capability.clone(),
        description: offering.description.clone(),
        pricing: offering.pricing.pricing(1000),
        uptime_ppm: uptime_ppm(offering.uptime_percent),
        stock: Stock::new(offering.stock),
        rating: Rating::default(),
    };
    Entry {
        listing,
        offering: number,
        sla: sla(offering),
        withdrawn: false,
        scaled: 1000,
        deals: 0,
        bids: Vec::new(),
        earned: 0,
        restocked: 0,
        contracts: 0,
        breaches: 0,
    }
}

/// Percent in parts of a million.
pub(super) fn uptime_ppm(percent: f64) -> u32 {
    (percent * 1e4).round().clamp(0.0, MILLION as f64) as u32
}

fn sla(offering: &Offering) -> Sla {
    Sla {
        uptime_ppm: uptime_ppm(offering.uptime_percent),
        p99_us: offering.p99_ms.map(|ms| (ms * 1e3).round() as u64),
        requests: 0,
        // What can't be read has been told when the scene was checked.
        availability: Availability::parse(&offering.availability).unwrap_or(Availability::ALWAYS),
    }
}
