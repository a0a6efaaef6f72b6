//! The plugin's metrics.

use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use crate::ledger::Ledger;

/// The numbers of the plugin's metrics in this run.
#[derive(Resource)]
pub struct LedgerMetrics {
    entries: MetricId,
    heads: MetricId,
    stamps: MetricId,
    missed: MetricId,
}

impl LedgerMetrics {
    /// Declares them.
    #[must_use]
    pub fn declare(metrics: &mut Metrics) -> Self {
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            entries: cheap("ledger.entries", "entries", "How many entries the ledger had before the tick."),
            heads: cheap("ledger.heads", "heads", "How many tree heads there were before the tick."),
            stamps: cheap("ledger.stamps", "stamps", "How many time stamps were issued before the tick."),
            missed: cheap(
                "ledger.missed",
                "receipts",
                "How many receipts of operations were gone before they could be entered; more are kept by \
                 `operations.receipts`.",
            ),
        }
    }
}

/// Records the metrics. The ledger is written down after all else in a tick, so they tell what was there before.
pub(crate) fn observe(ledger: Res<Ledger>, ids: Res<LedgerMetrics>, mut metrics: ResMut<Metrics>) {
    metrics.record(ids.entries, ledger.size() as f64);
    metrics.record(ids.heads, ledger.heads_made() as f64);
    metrics.record(ids.stamps, ledger.stamps_issued() as f64);
    metrics.record(ids.missed, ledger.missed() as f64);
}
