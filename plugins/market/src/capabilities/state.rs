//! Listings, buyers, contracts that go on, and when something is due for each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent2028_core::agent::{AgentId, AgentIndex};
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};

use super::analytics::{EndedContract, Sales};
use super::attacks::{Dump, WashRing};
use crate::accounts::{AccountId, Money};
use crate::contract::{Contract, Status};
use crate::listing::{Listing, ListingId};
use crate::sla::{Measured, Sla};

/// No place.
pub const NONE: u32 = u32::MAX;

/// What is due when: places under ticks. A place is only looked at if it still waits for that tick.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Calendar(BTreeMap<u64, Vec<u32>>);

impl Calendar {
    /// Something is due for a place in a tick.
    pub fn add(&mut self, tick: u64, place: u32) {
        self.0.entry(tick).or_default().push(place);
    }

    /// Whether something is due up to a tick.
    #[must_use]
    pub fn is_due(&self, tick: u64) -> bool {
        self.0.first_key_value().is_some_and(|(first, _)| *first <= tick)
    }

    /// Takes what is due up to a tick, in the order of places, each once.
    pub fn take(&mut self, tick: u64) -> Vec<u32> {
        let mut due = Vec::new();
        while let Some(entry) = self.0.first_entry().filter(|entry| *entry.key() <= tick) {
            due.extend(entry.remove());
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    /// Whether all places that something is due for are below this.
    fn is_below(&self, end: usize) -> bool {
        self.0.values().flatten().all(|place| (*place as usize) < end)
    }

    fn bytes(&self) -> usize {
        self.0.values().map(|places| places.capacity() * 4 + 48).sum()
    }
}

/// A listing, and what only its market knows of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What buyers see.
    pub listing: Listing,
    /// Which of the section's listings it is of.
    pub offering: u32,
    /// What it promises; the number of requests is that of the contract.
    pub sla: Sla,
    /// Whether it is shown no more: its provider is gone, or can't pay for it.
    pub withdrawn: bool,
    /// How prices are scaled, in thousandths.
    pub scaled: u32,
    /// Contracts about it that have not ended.
    pub deals: u32,
    /// Bids for its next contract: buyers by their places, and how much.
    pub bids: Vec<(u32, Money)>,
    /// What its contracts have earned since the start, in minor units.
    pub earned: Money,
    /// When its stock was last full again: what was sold before is not counted any more.
    pub restocked: u64,
    /// Contracts that it had since the start.
    pub contracts: u64,
    /// Contracts of it that were breached since the start.
    pub breaches: u64,
}

/// Somebody who buys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// Who.
    pub agent: AgentId,
    /// Which of the section's buyers it is of.
    pub buyers: u32,
    /// Its contract, by its place; [`NONE`] without.
    pub deal: u32,
    /// When it looks for the next one; `u64::MAX` while it has one or waits for an auction.
    pub next: u64,
    /// Whether it is gone.
    pub gone: bool,
    /// A listing that did not answer or refused, and until when it is passed over.
    pub avoids: (u32, u64),
}

/// A contract that goes on, or that has ended while operations for it are on their way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deal {
    /// The contract.
    pub contract: Contract,
    /// The listing, by its place.
    pub listing: u32,
    /// The buyer, by its place.
    pub buyer: u32,
    /// Which of the section's buyers that is of.
    pub group: u32,
    /// What was promised.
    pub sla: Sla,
    /// What was measured.
    pub measured: Measured,
    /// Since when it is active; 0 before.
    pub began: u64,
    /// Operations that were asked for, without those that will be asked for again.
    pub asked: u64,
    /// Operations on their way.
    pub in_flight: u32,
    /// When something is due for it.
    pub wake: u64,
    /// When it was suspended; 0 if it is not.
    pub suspended: u64,
}

impl Deal {
    /// Units that are neither delivered nor on their way.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.contract.terms.quantity.saturating_sub(self.contract.delivered()).saturating_sub(self.in_flight)
    }
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketCounts {
    /// Contracts that became active.
    pub contracts: u64,
    /// Those that were fulfilled.
    pub fulfilled: u64,
    /// Those that were breached.
    pub breached: u64,
    /// Those whose time was over first.
    pub expired: u64,
    /// How often one was suspended.
    pub suspensions: u64,
    /// Proposals that came to nothing: the provider did not answer, had sold out, could not pay, or lacks trust.
    pub refused: u64,
    /// How often a buyer found nothing that suits.
    pub unserved: u64,
    /// Units that were delivered.
    pub delivered: u64,
    /// Money that was paid for them, in minor units.
    pub paid: i64,
    /// Penalties that were paid, in minor units.
    pub penalties: i64,
    /// Ratings.
    pub ratings: u64,
    /// Trades between accomplices, which only the sandbox knows of.
    pub wash_trades: u64,
    /// Listings that were withdrawn because their provider could not pay for them.
    pub withdrawn: u64,
}

/// How requests of a group's contracts ended, tick by tick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    recent: VecDeque<(u32, u32)>,
    now: (u32, u32),
    sums: (u64, u64),
}

impl Served {
    /// A request ended.
    pub(crate) fn count(&mut self, succeeded: bool) {
        if succeeded {
            self.now.0 += 1;
        } else {
            self.now.1 += 1;
        }
    }

    pub(crate) fn close_tick(&mut self, window: usize) {
        let now = std::mem::take(&mut self.now);
        self.sums = (self.sums.0 + u64::from(now.0), self.sums.1 + u64::from(now.1));
        self.recent.push_back(now);
        while self.recent.len() > window {
            if let Some((good, bad)) = self.recent.pop_front() {
                self.sums = (self.sums.0 - u64::from(good), self.sums.1 - u64::from(bad));
            }
        }
    }

    /// Whether the sums are those of what is kept.
    fn is_sound(&self) -> bool {
        let sum = |sums: (u64, u64), tick: &(u32, u32)| (sums.0 + u64::from(tick.0), sums.1 + u64::from(tick.1));
        self.recent.iter().fold((0, 0), sum) == self.sums
    }

    /// The part that succeeded, recently; nothing if nothing was asked.
    #[must_use]
    pub fn success(&self) -> Option<f64> {
        let all = self.sums.0 + self.sums.1;
        (all > 0).then(|| self.sums.0 as f64 / all as f64)
    }
}

/// What a buyer has said of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// Its stars, added up.
    pub stars: u32,
    /// How many ratings.
    pub count: u32,
    /// What it paid for these contracts, in minor units.
    pub paid: i64,
    /// What came back to it from the provider otherwise, in minor units.
    pub returned: i64,
}

impl Voice {
    /// The part of what it paid that did not come back, in thousandths. Who paid nothing has 1000.
    #[must_use]
    pub fn net_thousandths(&self) -> u64 {
        let paid = i128::from(self.paid.max(0));
        let kept = (paid - i128::from(self.returned)).clamp(0, paid);
        if paid == 0 { 1000 } else { (1000 * kept / paid) as u64 }
    }
}

/// All listings, buyers and contracts.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceMarket {
    pub(crate) entries: Vec<Entry>,
    pub(crate) buyers: Vec<Buyer>,
    pub(crate) deals: Vec<Option<Deal>>,
    pub(crate) free: Vec<u32>,
    pub(crate) next_contract: u64,
    /// Deals, buyers and auctions that something is due for.
    pub(crate) deals_due: Calendar,
    pub(crate) buyers_due: Calendar,
    pub(crate) auctions_due: Calendar,
    /// What each agent has said of each listing, by place and id.
    pub(crate) voices: BTreeMap<(u32, u32), Voice>,
    pub(crate) counts: MarketCounts,
    /// By the section's buyers.
    pub(crate) served: Vec<Served>,
    /// By capability.
    pub(crate) sales: BTreeMap<String, Sales>,
    pub(crate) ended: VecDeque<EndedContract>,
    pub(crate) rings: Vec<WashRing>,
    pub(crate) dumps: Vec<Dump>,
    /// Where upkeep goes.
    pub(crate) house: Option<AccountId>,
    /// The session of all service.
    pub(crate) session: Option<u32>,
    /// Agents and the next id when buyers and listings were last looked up.
    pub(crate) known: (u64, u32),
    /// Contracts that are proposed, active and suspended.
    pub(crate) open: [u32; 3],
    /// Money in escrow, in minor units.
    pub(crate) escrowed: i64,
    /// Which of the section's buyers told that they found nothing since one of them found something.
    pub(crate) told_unserved: BTreeSet<u32>,
    /// Contracts that were looked at since this was made or loaded.
    #[serde(skip)]
    pub(crate) looked: u64,
}

impl ServiceMarket {
    /// All listings, also withdrawn ones.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A listing.
    #[must_use]
    pub fn entry(&self, id: ListingId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    /// All buyers.
    #[must_use]
    pub fn buyers(&self) -> &[Buyer] {
        &self.buyers
    }

    /// Contracts that have not ended, in the order of their places.
    pub fn deals(&self) -> impl Iterator<Item = &Deal> {
        self.deals.iter().flatten().filter(|deal| !deal.contract.status().is_final())
    }

    /// Contracts that have not ended with their places, in the order of these.
    pub fn places(&self) -> impl Iterator<Item = (u32, &Deal)> {
        (0_u32..)
            .zip(&self.deals)
            .filter_map(|(place, deal)| Some((place, deal.as_ref()?)))
            .filter(|(_, deal)| !deal.contract.status().is_final())
    }

    /// The contract at a place, if there is one that has not been forgotten.
    #[must_use]
    pub fn deal(&self, place: u32) -> Option<&Deal> {
        self.deals.get(place as usize)?.as_ref()
    }

    /// How many contracts are proposed, active and suspended.
    #[must_use]
    pub fn open(&self) -> [u32; 3] {
        self.open
    }

    /// Counts since the start.
    #[must_use]
    pub fn counts(&self) -> &MarketCounts {
        &self.counts
    }

    /// Contracts that ended, as far as they are kept, oldest first.
    pub fn ended(&self) -> impl DoubleEndedIterator<Item = &EndedContract> + ExactSizeIterator {
        self.ended.iter()
    }

    /// What was sold of each capability.
    #[must_use]
    pub fn sales(&self) -> &BTreeMap<String, Sales> {
        &self.sales
    }

    /// How requests of the contracts of each of the section's buyers ended.
    #[must_use]
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// Money in escrow, in minor units.
    #[must_use]
    pub fn escrowed(&self) -> i64 {
        self.escrowed
    }

    /// The account that upkeep goes to.
    #[must_use]
    pub fn house(&self) -> Option<AccountId> {
        self.house
    }

    /// Units of a capability that can be bought now.
    #[must_use]
    pub fn depth(&self, capability: &str) -> u64 {
        let shown = self.entries.iter().filter(|entry| !entry.withdrawn && entry.listing.capability == capability);
        shown.map(|entry| u64::from(entry.listing.stock.left())).sum()
    }

    /// How many contracts were looked at since this was made or loaded: what they cost, without a clock.
    #[must_use]
    pub fn looked(&self) -> u64 {
        self.looked
    }

    /// Works all ratings out anew from what was said.
    pub fn rate_all_anew(&mut self, rule: crate::config::RatingRule) {
        (0..self.entries.len() as u32).for_each(|listing| self.rate_anew(rule, listing));
    }

    /// Becomes what was saved.
    ///
    /// # Errors
    /// If the bytes make no sense.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let market: Self = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        market.check()?;
        Ok(market)
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + self.buyers.capacity() * size_of::<Buyer>()
            + self.deals.capacity() * size_of::<Option<Deal>>()
            + self.free.capacity() * 4
            + self.deals_due.bytes()
            + self.buyers_due.bytes()
            + self.auctions_due.bytes()
            + self.voices.len() * (size_of::<(u32, u32)>() + size_of::<Voice>())
            + self.ended.capacity() * size_of::<EndedContract>()
            + self.sales.values().map(Sales::bytes).sum::<usize>()
    }

    pub(crate) fn is_known(&self, index: &AgentIndex) -> bool {
        self.known == (index.len() as u64, index.next_id().0)
    }

    /// Gives a contract a place.
    pub(crate) fn insert(&mut self, deal: Deal) -> u32 {
        self.entries[deal.listing as usize].deals += 1;
        self.open[0] += 1;
        match self.free.pop() {
            Some(place) => {
                self.deals[place as usize] = Some(deal);
                place
            }
            None => {
                self.deals.push(Some(deal));
                (self.deals.len() - 1) as u32
            }
        }
    }

    /// A contract's standing has changed.
    pub(crate) fn moved(&mut self, from: Status, to: Status) {
        let place = |status| match status {
            Status::Proposed => Some(0),
            Status::Active => Some(1),
            Status::Suspended => Some(2),
            _ => None,
        };
        if let Some(from) = place(from) {
            self.open[from] -= 1;
        }
        if let Some(to) = place(to) {
            self.open[to] += 1;
        }
    }

    /// Something is due for a contract in a tick.
    pub(crate) fn wake_deal(&mut self, place: u32, tick: u64) {
        if let Some(Some(deal)) = self.deals.get_mut(place as usize)
            && deal.wake != tick
        {
            deal.wake = tick;
            self.deals_due.add(tick, place);
        }
    }

    /// A buyer looks for something in a tick.
    pub(crate) fn wake_buyer(&mut self, place: u32, tick: u64) {
        let buyer = &mut self.buyers[place as usize];
        if !buyer.gone && buyer.next != tick {
            buyer.next = tick;
            self.buyers_due.add(tick, place);
        }
    }

    /// Frees the place of a contract that has ended, once nothing of it is on its way.
    pub(crate) fn free_if_over(&mut self, place: u32) {
        let over = |deal: &Deal| deal.contract.status().is_final() && deal.in_flight == 0;
        if let Some(slot) = self.deals.get_mut(place as usize)
            && slot.as_ref().is_some_and(over)
        {
            *slot = None;
            self.free.push(place);
        }
    }

    /// Whether each listing has as many contracts as it says.
    fn counts_of_listings(&self) -> bool {
        let mut counts = vec![0_u32; self.entries.len()];
        for deal in self.deals() {
            if let Some(count) = counts.get_mut(deal.listing as usize) {
                *count += 1;
            }
        }
        self.entries.iter().map(|entry| entry.deals).eq(counts)
    }

    /// Whether what was read makes sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        let entry = |place: u32| (place as usize) < self.entries.len();
        let buyer = |place: u32| (place as usize) < self.buyers.len();
        let deal = |place: u32| place == NONE || self.deals.get(place as usize).is_some_and(Option::is_some);
        let deals = self.deals.iter().flatten().all(|deal| entry(deal.listing) && buyer(deal.buyer));
        let buyers = self.buyers.iter().all(|buyer| deal(buyer.deal));
        let bids = self.entries.iter().flat_map(|entry| &entry.bids).all(|(place, _)| buyer(*place));
        let voices = self.voices.keys().all(|(listing, _)| entry(*listing));
        let mut free = self.free.clone();
        free.sort_unstable();
        free.dedup();
        let empty = self.deals.iter().filter(|deal| deal.is_none()).count();
        let spare = free.iter().all(|place| self.deals.get(*place as usize).is_some_and(Option::is_none));
        let numbered = self.entries.iter().zip(0_u32..).all(|(entry, at)| entry.listing.id == ListingId(at));
        let due = self.buyers_due.is_below(self.buyers.len()) && self.auctions_due.is_below(self.entries.len());
        let standing = |status| self.deals().filter(|deal| deal.contract.status() == status).count();
        let open = [Status::Proposed, Status::Active, Status::Suspended].map(standing);
        let counted = open == self.open.map(|count| count as usize)
            && self.served.iter().all(Served::is_sound)
            && self.sales.values().all(Sales::is_sound)
            && self.counts_of_listings();
        let whole = free.len() == empty && empty == self.free.len();
        if deals && buyers && bids && voices && spare && numbered && whole && due && counted {
            Ok(())
        } else {
            Err("the market for capabilities refers to what isn't there".into())
        }
    }
}
