//! Metrics of the money.

use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use crate::money::Treasury;

/// How often the richest and poorest are compared.
const EVERY_TICKS: u32 = 15;

/// The numbers of the metrics that all parts share.
#[derive(Resource)]
pub(crate) struct MarketMetrics {
    money: MetricId,
    imbalance: MetricId,
    wealth_gini: MetricId,
}

impl MarketMetrics {
    pub(crate) fn declare(metrics: &mut Metrics) -> Self {
        let mut cheap =
            |name: &str, unit, help| metrics.declare(MetricSpec::cheap(format!("market.{name}"), unit, help));
        Self {
            money: cheap("money", "minor units", "All money that there is; it changes only when agents come with some."),
            imbalance: cheap(
                "imbalance",
                "minor units",
                "The sum of all accounts, with what was issued against them. Money is conserved as long as it is 0.",
            ),
            wealth_gini: metrics.declare(MetricSpec::expensive(
                "market.wealth_gini",
                "",
                "How unequally money is spread over agents that have a purse: 0 if all have the same, near 1 if one has all.",
                EVERY_TICKS,
            )),
        }
    }
}

/// The Gini coefficient of amounts that are not negative; nothing if there is nothing to spread.
#[must_use]
pub fn gini(amounts: &mut [i64]) -> Option<f64> {
    amounts.sort_unstable();
    let total: i128 = amounts.iter().map(|amount| i128::from(*amount)).sum();
    if total <= 0 {
        return None;
    }
    let ranked: i128 = amounts.iter().zip(1_i128..).map(|(amount, rank)| rank * i128::from(*amount)).sum();
    let count = amounts.len() as f64;
    Some(2.0 * ranked as f64 / (count * total as f64) - (count + 1.0) / count)
}

/// Records the metrics of the money.
pub(crate) fn observe(treasury: Res<Treasury>, ids: Res<MarketMetrics>, mut metrics: ResMut<Metrics>) {
    let accounts = treasury.accounts();
    metrics.record(ids.money, accounts.issued() as f64);
    metrics.record(ids.imbalance, accounts.sum() as f64);
    if metrics.wanted(ids.wealth_gini) {
        let mut balances: Vec<i64> = treasury.balances().map(|(_, balance)| balance).collect();
        if let Some(gini) = gini(&mut balances) {
            metrics.record(ids.wealth_gini, gini);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gini_coefficient_is_that_of_the_definition() {
        assert_eq!(gini(&mut [5, 5, 5]), Some(0.0));
        assert_eq!(gini(&mut [0, 0, 0, 8]), Some(0.75));
        assert_eq!(gini(&mut [0, 0]), None);
        // Mean absolute difference over twice the mean.
        let amounts = [3_i64, 1, 7, 4, 0];
        let pairs = amounts.iter().flat_map(|a| amounts.iter().map(move |b| (a - b).abs() as f64));
        let wanted = pairs.sum::<f64>() / 25.0 / (2.0 * 3.0);
        assert!((gini(&mut amounts.clone()).unwrap() - wanted).abs() < 1e-12);
    }
}
