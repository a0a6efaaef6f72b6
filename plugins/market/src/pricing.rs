//! What service costs: the five ways to price it, in whole minor units.

use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// Hours in a month, as subscriptions count them: 30 days of 24 hours.
pub const HOURS_PER_MONTH: u64 = 30 * 24;

/// A step of metered prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The tier holds units up to this one; the last tier holds all above, too.
    pub up_to: u64,
    /// For each unit within the tier.
    pub per_unit: Money,
}

/// How service is priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pricing {
    /// So much for a contract, however much is used.
    Fixed {
        /// For the contract.
        price: Money,
    },
    /// So much for each unit.
    PerUnit {
        /// For a unit.
        price: Money,
    },
    /// So much for a month of [`HOURS_PER_MONTH`] hours; parts of it cost their part.
    Subscription {
        /// For a month.
        monthly: Money,
    },
    /// What an auction said.
    Auction {
        /// The price that it was awarded for.
        awarded: Money,
    },
    /// Each unit at the price of the tier that it falls into; tiers ascending.
    Metered {
        /// The steps.
        tiers: Vec<Tier>,
    },
}

/// What a contract is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of service.
    pub units: u64,
    /// How long, in whole hours.
    pub hours: u64,
}

/// Why there is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPrice {
    /// It does not fit into 64 bits.
    #[error("the price is too large")]
    TooLarge,
    /// Prices are not negative.
    #[error("a price is below zero")]
    Negative,
    /// There is no tier, or they don't ascend.
    #[error("tiers must be there and ascend")]
    Tiers,
}

fn money(amount: i128) -> Result<Money, NoPrice> {
    if amount < 0 { Err(NoPrice::Negative) } else { Money::try_from(amount).map_err(|_| NoPrice::TooLarge) }
}

impl Pricing {
    /// What so much costs. Parts of a minor unit are rounded up, so that nothing is for free that has a price.
    ///
    /// # Errors
    /// See [`NoPrice`].
    pub fn cost(&self, usage: Usage) -> Result<Money, NoPrice> {
        match self {
            Self::Fixed { price } | Self::Auction { awarded: price } => money(i128::from(*price)),
            Self::PerUnit { price } => money(i128::from(*price) * i128::from(usage.units)),
            Self::Subscription { monthly } => {
                let hours = i128::from(HOURS_PER_MONTH);
                money((i128::from(*monthly) * i128::from(usage.hours) + hours - 1).div_euclid(hours))
            }
            Self::Metered { tiers } => {
                let (mut from, mut sum) = (0, 0_i128);
                for (at, tier) in tiers.iter().enumerate() {
                    if tier.up_to <= from {
                        return Err(NoPrice::Tiers);
                    }
                    if tier.per_unit < 0 {
                        return Err(NoPrice::Negative);
                    }
                    let top = if at + 1 == tiers.len() { usage.units } else { usage.units.min(tier.up_to) };
                    sum += i128::from(top.saturating_sub(from)) * i128::from(tier.per_unit);
                    from = tier.up_to;
                }
                if tiers.is_empty() { Err(NoPrice::Tiers) } else { money(sum) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(pricing: Pricing, units: u64, hours: u64) -> Result<Money, NoPrice> {
        pricing.cost(Usage { units, hours })
    }

    #[test]
    fn each_way_of_pricing_has_its_arithmetic() {
        assert_eq!(cost(Pricing::Fixed { price: 500 }, 1000, 9), Ok(500));
        assert_eq!(cost(Pricing::Auction { awarded: 420 }, 1000, 9), Ok(420));
        assert_eq!(cost(Pricing::PerUnit { price: 3 }, 1000, 9), Ok(3000));
        let tiers = vec![
            Tier { up_to: 100, per_unit: 5 },
            Tier { up_to: 1000, per_unit: 3 },
            Tier { up_to: 1001, per_unit: 1 },
        ];
        let metered = |units| cost(Pricing::Metered { tiers: tiers.clone() }, units, 0);
        assert_eq!([metered(0), metered(100), metered(101)], [Ok(0), Ok(500), Ok(503)]);
        assert_eq!([metered(1000), metered(5000)], [Ok(500 + 2700), Ok(500 + 2700 + 4000)]);
    }

    #[test]
    fn a_subscription_of_720_a_month_costs_1_an_hour_and_720_for_30_days() {
        let subscription = |hours| cost(Pricing::Subscription { monthly: 720 }, 0, hours);
        assert_eq!([subscription(1), subscription(24), subscription(30 * 24)], [Ok(1), Ok(24), Ok(720)]);
        let odd = |hours| cost(Pricing::Subscription { monthly: 1000 }, 0, hours);
        assert_eq!([odd(0), odd(1), odd(72), odd(720)], [Ok(0), Ok(2), Ok(100), Ok(1000)]);
    }

    #[test]
    fn prices_that_are_none_are_refused() {
        assert_eq!(cost(Pricing::PerUnit { price: Money::MAX }, 2, 0), Err(NoPrice::TooLarge));
        assert_eq!(cost(Pricing::Fixed { price: -1 }, 2, 0), Err(NoPrice::Negative));
        assert_eq!(cost(Pricing::Subscription { monthly: -720 }, 0, 5), Err(NoPrice::Negative));
        assert_eq!(cost(Pricing::Metered { tiers: vec![] }, 2, 0), Err(NoPrice::Tiers));
        let backwards = vec![Tier { up_to: 9, per_unit: 1 }, Tier { up_to: 5, per_unit: 1 }];
        assert_eq!(cost(Pricing::Metered { tiers: backwards }, 2, 0), Err(NoPrice::Tiers));
    }
}
