//! Metrics of the market for capabilities.

use std::collections::BTreeSet;

use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use super::state::{MarketCounts, ServiceMarket};
use crate::config::CapabilityMarket;

/// How often what looks at all listings or pairs is recorded.
const EVERY_TICKS: u32 = 15;

type Count = fn(&MarketCounts) -> f64;

const COUNTS: [(&str, &str, &str, Count); 13] = [
    ("contracts", "contracts", "Contracts that became active since the start.", |counts| counts.contracts as f64),
    ("fulfilled", "contracts", "Contracts that were fulfilled since the start.", |counts| counts.fulfilled as f64),
    ("breached", "contracts", "Contracts that were breached since the start.", |counts| counts.breached as f64),
    ("expired", "contracts", "Contracts whose time was over before all was delivered, since the start.", |counts| {
        counts.expired as f64
    }),
    ("suspensions", "contracts", "How often a contract was suspended since the start.", |counts| {
        counts.suspensions as f64
    }),
    ("refused", "contracts", "Proposals that came to nothing since the start.", |counts| counts.refused as f64),
    ("unserved", "searches", "How often a buyer found nothing that suits since the start.", |counts| {
        counts.unserved as f64
    }),
    ("delivered", "units", "Units of service that were delivered since the start.", |counts| counts.delivered as f64),
    ("paid", "minor units", "Money that was paid for service since the start.", |counts| counts.paid as f64),
    ("penalties", "minor units", "Penalties that were paid since the start.", |counts| counts.penalties as f64),
    ("ratings", "ratings", "Ratings since the start.", |counts| counts.ratings as f64),
    ("wash_trades", "contracts", "Contracts since the start that accomplices only pretended, in truth.", |counts| {
        counts.wash_trades as f64
    }),
    (
        "withdrawn",
        "listings",
        "Listings that were withdrawn since the start because their provider could not pay.",
        |counts| counts.withdrawn as f64,
    ),
];

/// The numbers of the market's metrics in this run.
#[derive(Resource)]
pub(crate) struct CapabilityMetrics {
    counts: Vec<MetricId>,
    proposed: MetricId,
    active: MetricId,
    suspended: MetricId,
    escrow: MetricId,
    breach_share: MetricId,
    round_trip_share: MetricId,
    listings: MetricId,
    /// By capability: sold, volume, average price, index.
    capabilities: Vec<(String, [MetricId; 4])>,
    /// What can be bought of them.
    stock: Vec<MetricId>,
    /// By the section's buyers.
    success: Vec<MetricId>,
    /// By the section's listings: mean rating, earnings, listings that are shown, breaches.
    offerings: Vec<[MetricId; 4]>,
}

impl CapabilityMetrics {
    pub(crate) fn declare(config: &CapabilityMarket, metrics: &mut Metrics) -> Self {
        let mut cheap =
            |name: &str, unit, help| metrics.declare(MetricSpec::cheap(format!("market.{name}"), unit, help));
        let counts = COUNTS.iter().map(|(name, unit, help, _)| cheap(name, unit, help)).collect();
        let proposed = cheap("proposed", "contracts", "Contracts that are proposed and not answered.");
        let active = cheap("active", "contracts", "Contracts that are active.");
        let suspended = cheap("suspended", "contracts", "Contracts that are suspended.");
        let escrow = cheap("escrow", "minor units", "Money that is held for contracts until they end.");
        let breach_share =
            cheap("breach_share", "", "The part of contracts that ended since the start that were breached.");
        let names: BTreeSet<&str> = config.listings.iter().map(|offering| offering.capability.as_str()).collect();
        let capabilities: Vec<(String, [MetricId; 4])> = names
            .iter()
            .map(|name| {
                let ids = [
                    cheap(&format!("sold.{name}"), "units", "Units of this capability that were sold since the start."),
                    cheap(
                        &format!("volume.{name}"),
                        "minor units",
                        "What contracts about this capability were about since the start.",
                    ),
                    cheap(
                        &format!("average_price.{name}"),
                        "minor units",
                        "What a unit of this capability was sold for recently, the mean.",
                    ),
                    cheap(
                        &format!("price_index.{name}"),
                        "%",
                        "What a unit was sold for recently, against the mean of the first stretch of time: 100 is the same.",
                    ),
                ];
                ((*name).to_owned(), ids)
            })
            .collect();
        let success = config
            .buyers
            .iter()
            .map(|buyers| {
                cheap(
                    &format!("success.{}", buyers.group),
                    "",
                    "The part of what this group asked for recently under contracts that succeeded.",
                )
            })
            .collect();
        let mut costly = |name: String, unit, help| {
            metrics.declare(MetricSpec::expensive(format!("market.{name}"), unit, help, EVERY_TICKS))
        };
        let round_trip_share = costly(
            "round_trip_share".into(),
            "",
            "The part of what buyers paid that came back to them from the provider by another way.",
        );
        let stock = names
            .iter()
            .map(|name| costly(format!("stock.{name}"), "units", "Units of this capability that can be bought."))
            .collect();
        let listings = costly("listings".into(), "listings", "Listings that buyers can see.");
        let mut named = BTreeSet::new();
        let offerings = config
            .listings
            .iter()
            .map(|offering| {
                // A group that offers several things has its numbers by capability.
                let name = if named.insert(offering.group.as_str()) {
                    offering.group.clone()
                } else {
                    format!("{}.{}", offering.group, offering.capability)
                };
                [
                    costly(
                        format!("rating.{name}"),
                        "stars",
                        "The mean rating of this group's listings that are rated.",
                    ),
                    costly(
                        format!("earned.{name}"),
                        "minor units",
                        "What contracts have earned this group since the start, less penalties.",
                    ),
                    costly(format!("listings.{name}"), "listings", "Listings of this group that buyers can see."),
                    costly(
                        format!("breached.{name}"),
                        "contracts",
                        "Contracts of this group that were breached since the start.",
                    ),
                ]
            })
            .collect();
        Self {
            counts,
            proposed,
            active,
            suspended,
            escrow,
            breach_share,
            round_trip_share,
            listings,
            capabilities,
            stock,
            success,
            offerings,
        }
    }
}

/// Records the metrics. What nothing has happened for yet is not recorded.
pub(crate) fn observe(market: Res<ServiceMarket>, ids: Res<CapabilityMetrics>, mut metrics: ResMut<Metrics>) {
    let counts = market.counts();
    for (id, (.., count)) in ids.counts.iter().zip(COUNTS) {
        metrics.record(*id, count(counts));
    }
    let [proposed, active, suspended] = market.open();
    metrics.record(ids.proposed, proposed.into());
    metrics.record(ids.active, active.into());
    metrics.record(ids.suspended, suspended.into());
    metrics.record(ids.escrow, market.escrowed() as f64);
    let ended = counts.fulfilled + counts.breached + counts.expired;
    if ended > 0 {
        metrics.record(ids.breach_share, counts.breached as f64 / ended as f64);
    }
    for (id, served) in ids.success.iter().zip(market.served()) {
        if let Some(success) = served.success() {
            metrics.record(*id, success);
        }
    }
    for ((name, [sold, volume, average, index]), depth) in ids.capabilities.iter().zip(&ids.stock) {
        if let Some(sales) = market.sales().get(name) {
            metrics.record(*sold, sales.units() as f64);
            metrics.record(*volume, sales.volume() as f64);
            if let Some(price) = sales.average_price() {
                metrics.record(*average, price);
            }
            if let Some(level) = sales.price_index() {
                metrics.record(*index, level);
            }
        }
        if metrics.wanted(*depth) {
            metrics.record(*depth, market.depth(name) as f64);
        }
    }
    if metrics.wanted(ids.round_trip_share)
        && let Some(share) = market.round_trip_share()
    {
        metrics.record(ids.round_trip_share, share);
    }
    if metrics.wanted(ids.listings) {
        let shown = market.entries().iter().filter(|entry| !entry.withdrawn).count();
        metrics.record(ids.listings, shown as f64);
    }
    for (number, [rating, earned, listings, breached]) in ids.offerings.iter().enumerate() {
        if ![rating, earned, listings, breached].iter().any(|id| metrics.wanted(**id)) {
            continue;
        }
        let (mut stars, mut rated, mut sum, mut shown, mut breaches) = (0_u64, 0_u32, 0_i64, 0_u32, 0_u64);
        for entry in market.entries().iter().filter(|entry| entry.offering == number as u32) {
            if entry.listing.rating.number() > 0 {
                stars += u64::from(entry.listing.rating.mean_thousandths());
                rated += 1;
            }
            sum = sum.saturating_add(entry.earned);
            shown += u32::from(!entry.withdrawn);
            breaches += entry.breaches;
        }
        if rated > 0 {
            metrics.record(*rating, stars as f64 / 1000.0 / f64::from(rated));
        }
        metrics.record(*earned, sum as f64);
        metrics.record(*listings, shown.into());
        metrics.record(*breached, breaches as f64);
    }
}
