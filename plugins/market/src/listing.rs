//! What providers offer, how much of it is left, and how buyers find it.

use std::cmp::Ordering;

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::pricing::{Pricing, Usage};
use crate::rating::Rating;

/// Names a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListingId(pub u32);

/// Units that can be sold: never more than there are, and never fewer than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    capacity: u32,
    sold: u32,
}

impl Stock {
    /// So many units.
    #[must_use]
    pub const fn new(capacity: u32) -> Self {
        Self { capacity, sold: 0 }
    }

    /// How many are left.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.capacity - self.sold
    }

    /// How many are sold.
    #[must_use]
    pub const fn sold(&self) -> u32 {
        self.sold
    }

    /// Sells units, all of them or none; false if there are not as many.
    #[must_use]
    pub fn take(&mut self, units: u32) -> bool {
        let fits = units <= self.left();
        if fits {
            self.sold += units;
        }
        fits
    }

    /// Takes units back that were sold; false, and nothing happens, if fewer were.
    #[must_use]
    pub fn put_back(&mut self, units: u32) -> bool {
        let fits = units <= self.sold;
        if fits {
            self.sold -= units;
        }
        fits
    }
}

/// What a provider offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Its name.
    pub id: ListingId,
    /// Who provides it.
    pub provider: AgentId,
    /// The capability, dotted and in lower case.
    pub capability: String,
    /// In words.
    pub description: String,
    /// What it costs.
    pub pricing: Pricing,
    /// The promised uptime, in parts of a million.
    pub uptime_ppm: u32,
    /// How much is left.
    pub stock: Stock,
    /// What buyers think of it.
    pub rating: Rating,
}

/// What a buyer orders its finds by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Best {
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

/// What a buyer looks for. All conditions hold at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// A capability (`database.query`), or all below one (`database.*`).
    pub capability: String,
    /// How much of it.
    pub usage: Usage,
    /// How many units of stock it takes.
    pub units: u32,
    /// At most this much in all.
    pub most_cost: Option<Money>,
    /// At least this uptime, in parts of a million.
    pub least_uptime_ppm: u32,
    /// At least this mean rating, in thousandths of a star.
    pub least_rating: u32,
    /// At least this conservative trust in the provider, 0–1.
    pub least_trust: f64,
    /// What comes first.
    pub best: Best,
}

impl Query {
    /// Everything of a capability, best value first.
    #[must_use]
    pub fn capability(name: &str) -> Self {
        Self {
            capability: name.to_owned(),
            usage: Usage { units: 1, hours: 1 },
            units: 1,
            most_cost: None,
            least_uptime_ppm: 0,
            least_rating: 0,
            least_trust: 0.0,
            best: Best::Value,
        }
    }

    fn names(&self, capability: &str) -> bool {
        match self.capability.strip_suffix('*') {
            Some(prefix) => capability.starts_with(prefix),
            None => capability == self.capability,
        }
    }

    /// The listings that suit, best first, each with its cost; equals in the order of their ids. `trust` tells the
    /// conservative trust in a provider.
    pub fn find<'a>(
        &self,
        listings: impl IntoIterator<Item = &'a Listing>,
        trust: impl Fn(AgentId) -> f64,
    ) -> Vec<(&'a Listing, Money)> {
        let mut found = self.suiting(listings, trust);
        found.sort_by(|a, b| self.compare(a, b).then(a.listing.id.cmp(&b.listing.id)));
        found.into_iter().map(|found| (found.listing, found.cost)).collect()
    }

    /// All listings that are as good as the best one that suits, each with its cost, in the order of their ids.
    pub fn best_of<'a>(
        &self,
        listings: impl IntoIterator<Item = &'a Listing>,
        trust: impl Fn(AgentId) -> f64,
    ) -> Vec<(ListingId, Money)> {
        let found = self.suiting(listings, trust);
        let Some(best) = found.iter().min_by(|a, b| self.compare(a, b)) else { return Vec::new() };
        let alike = found.iter().filter(|other| self.compare(best, other) == Ordering::Equal);
        alike.map(|found| (found.listing.id, found.cost)).collect()
    }

    fn suiting<'a>(
        &self,
        listings: impl IntoIterator<Item = &'a Listing>,
        trust: impl Fn(AgentId) -> f64,
    ) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        for listing in listings {
            let Ok(cost) = listing.pricing.cost(self.usage) else { continue };
            let trusted = trust(listing.provider);
            let suits = self.names(&listing.capability)
                && listing.stock.left() >= self.units
                && self.most_cost.is_none_or(|most| cost <= most)
                && listing.uptime_ppm >= self.least_uptime_ppm
                && listing.rating.mean_thousandths() >= self.least_rating
                // What is no number is no trust.
                && trusted >= self.least_trust;
            if suits {
                found.push(Found { listing, cost, trusted });
            }
        }
        found
    }

    /// Which of two comes first.
    fn compare(&self, a: &Found, b: &Found) -> Ordering {
        let value = |listing: &Listing, other_cost: Money| {
            // a.rating / a.cost against b.rating / b.cost, multiplied out; what is free counts as costing 1.
            u128::from(listing.rating.mean_thousandths()) * other_cost.max(1) as u128
        };
        match self.best {
            Best::Value => value(b.listing, a.cost).cmp(&value(a.listing, b.cost)),
            Best::Uptime => b.listing.uptime_ppm.cmp(&a.listing.uptime_ppm),
            Best::Trust => b.trusted.total_cmp(&a.trusted),
            Best::Cost => a.cost.cmp(&b.cost),
        }
    }
}

/// A listing that suits.
struct Found<'a> {
    listing: &'a Listing,
    cost: Money,
    trusted: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_units_can_be_sold_five_times_and_no_more() {
        let mut stock = Stock::new(5);
        assert_eq!((0..9).filter(|_| stock.take(1)).count(), 5);
        assert_eq!((stock.left(), stock.sold()), (0, 5));
        assert!(stock.put_back(2) && !stock.put_back(4) && !stock.take(3) && stock.take(2) && stock.take(0));
        assert_eq!(stock, Stock { capacity: 5, sold: 5 });
        let mut large = Stock::new(u32::MAX);
        assert!(large.take(u32::MAX) && !large.take(u32::MAX));
    }

    fn listing(id: u32, capability: &str, price: Money, uptime_ppm: u32, stars: u8) -> Listing {
        let mut rating = Rating::default();
        rating.count(stars);
        Listing {
            id: ListingId(id),
            provider: AgentId(id),
            capability: capability.into(),
            description: String::new(),
            pricing: Pricing::Fixed { price },
            uptime_ppm,
            stock: Stock::new(3),
            rating,
        }
    }

    #[test]
    fn queries_combine_their_conditions_and_order_what_they_find() {
        let mut all = vec![
            listing(1, "database.query", 100, 999_000, 5),
            listing(2, "database.query", 50, 990_000, 3),
            listing(3, "database.write", 10, 999_900, 1),
            listing(4, "ml.inference", 1, 999_999, 5),
            listing(5, "database.query", 40, 999_500, 2),
        ];
        let trust = |agent: AgentId| if agent == AgentId(5) { 0.6 } else { 0.8 };
        let ids = |query: &Query, all: &[Listing]| {
            query.find(all, trust).iter().map(|(found, _)| found.id.0).collect::<Vec<_>>()
        };
        let query = Query::capability("database.query");
        // 5/100, 3/50, 2/40 stars for the money: the first and the last are equal.
        assert_eq!(ids(&query, &all), [2, 1, 5]);
        assert_eq!(ids(&Query { best: Best::Uptime, ..query.clone() }, &all), [5, 1, 2]);
        assert_eq!(ids(&Query { best: Best::Cost, ..query.clone() }, &all), [5, 2, 1]);
        assert_eq!(ids(&Query { best: Best::Trust, ..query.clone() }, &all), [1, 2, 5]);
        assert_eq!(ids(&Query { least_trust: 0.7, ..query.clone() }, &all), [2, 1]);
        assert_eq!(ids(&Query { least_trust: 0.7, most_cost: Some(60), ..query.clone() }, &all), [2]);
        assert_eq!(ids(&Query { least_uptime_ppm: 999_000, least_rating: 2500, ..query.clone() }, &all), [1]);
        assert_eq!(ids(&Query { best: Best::Cost, ..Query::capability("database.*") }, &all), [3, 5, 2, 1]);
        assert!(all[1].stock.take(3));
        assert_eq!(ids(&query, &all), [1, 5]);
        assert_eq!(query.find(&all, |_| f64::NAN), []);
    }
}
