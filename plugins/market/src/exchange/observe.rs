//! Metrics of the exchange.

use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use super::Exchange;
use super::good::GoodMarket;
use crate::config::{Exchange as ExchangeConfig, TradingRule};
use crate::observe::gini;
use crate::order_book::Side;

/// How often what looks at all orders or traders is recorded.
const EVERY_TICKS: u32 = 15;

struct GoodMetrics {
    price: MetricId,
    volume: MetricId,
    turnover: MetricId,
    quotes: MetricId,
    surplus_share: MetricId,
    efficiency: MetricId,
    deviation: MetricId,
    gini: MetricId,
    /// Of a book.
    book: Option<[MetricId; 5]>,
    regret: [MetricId; 2],
}

/// The numbers of the exchange's metrics in this run.
#[derive(Resource)]
pub(crate) struct ExchangeMetrics {
    goods: Vec<GoodMetrics>,
    period: MetricId,
}

impl ExchangeMetrics {
    pub(crate) fn declare(config: &ExchangeConfig, metrics: &mut Metrics) -> Self {
        let goods = config.goods.iter().map(|good| GoodMetrics::declare(&good.name, good.rule, metrics)).collect();
        let period =
            metrics.declare(MetricSpec::cheap("market.period", "periods", "Which period of trading it is, from 1."));
        Self { goods, period }
    }
}

impl GoodMetrics {
    fn declare(good: &str, rule: TradingRule, metrics: &mut Metrics) -> Self {
        let mut cheap =
            |name: &str, unit, help| metrics.declare(MetricSpec::cheap(format!("market.{name}.{good}"), unit, help));
        let price = cheap("price", "minor units", "The price of the last trade.");
        let volume = cheap("volume", "units", "Units that changed hands since the start.");
        let turnover = cheap("turnover", "minor units", "Money that was paid for it since the start.");
        let quotes = cheap("quotes", "quotes", "Prices that traders said since the start.");
        let surplus_share = cheap(
            "surplus_share",
            "",
            "What trades of this period were worth so far, as a part of the most that they can be.",
        );
        let efficiency = cheap(
            "efficiency",
            "",
            "What trades of the period before were worth, as a part of the most that they could have been.",
        );
        let deviation = cheap(
            "price_deviation",
            "%",
            "How far prices of the period before were from that at which demand meets supply (Smith's alpha).",
        );
        let book = (rule == TradingRule::Continuous).then(|| {
            [
                cheap("bid", "minor units", "The highest price that somebody offers to pay."),
                cheap("ask", "minor units", "The lowest price that somebody asks for."),
                cheap("spread", "minor units", "How far the lowest price asked is above the highest one offered."),
                cheap("depth", "units", "Units that rest in the book, both sides together."),
                cheap("depth_buy", "units", "Units that orders to buy in the book ask for."),
            ]
        });
        let regret = [
            cheap(
                "regret_buyers",
                "minor units",
                "What the best lie would have gained a buyer, if all others say the truth: the mean over calls or, in an order \
                 book, over the first turns of periods.",
            ),
            cheap(
                "regret_sellers",
                "minor units",
                "What the best lie would have gained a seller, if all others say the truth: the mean over calls or, in an order \
                 book, over the first turns of periods.",
            ),
        ];
        let gini = metrics.declare(MetricSpec::expensive(
            format!("market.profit_gini.{good}"),
            "",
            "How unequally the gains of trade are spread over traders since the start; losses count as 0.",
            EVERY_TICKS,
        ));
        Self { price, volume, turnover, quotes, surplus_share, efficiency, deviation, gini, book, regret }
    }

    fn record(&self, good: &GoodMarket, metrics: &mut Metrics) {
        let mut some = |id: MetricId, value: Option<f64>| {
            if let Some(value) = value {
                metrics.record(id, value);
            }
        };
        some(self.price, good.price().map(|price| price as f64));
        some(self.volume, Some(good.volume() as f64));
        some(self.turnover, Some(good.turnover() as f64));
        some(self.quotes, Some(good.quotes() as f64));
        some(self.surplus_share, good.now().efficiency());
        some(self.efficiency, good.before().and_then(|before| before.efficiency()));
        some(self.deviation, good.before().and_then(|before| before.deviation_percent()));
        if let Some([bid, ask, spread, depth, depth_buy]) = self.book {
            let (buy, sell) = (good.book().best(Side::Buy), good.book().best(Side::Sell));
            some(bid, buy.map(|price| price as f64));
            some(ask, sell.map(|price| price as f64));
            some(spread, buy.zip(sell).map(|(buy, sell)| (sell - buy) as f64));
            some(depth, Some(good.book().len() as f64));
            // Each order to sell stands for a unit that is offered.
            let offered = good.units().balance(good.offered());
            some(depth_buy, Some((good.book().len() as i64 - offered) as f64));
        }
        let [buyers, sellers] = self.regret;
        some(buyers, good.regret(Side::Buy).mean());
        some(sellers, good.regret(Side::Sell).mean());
        if metrics.wanted(self.gini) {
            let mut profits: Vec<i64> = good.traders().iter().map(|trader| trader.profit.max(0)).collect();
            if let Some(gini) = gini(&mut profits) {
                metrics.record(self.gini, gini);
            }
        }
    }
}

/// Records the metrics. What nothing has happened for yet is not recorded.
pub(crate) fn observe(exchange: Res<Exchange>, ids: Res<ExchangeMetrics>, mut metrics: ResMut<Metrics>) {
    metrics.record(ids.period, exchange.period() as f64);
    for (ids, good) in ids.goods.iter().zip(exchange.goods()) {
        ids.record(good, &mut metrics);
    }
}
