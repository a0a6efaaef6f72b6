//! Who buys from whom, drawn over the world.

use agent2028_core::clock::SimClock;
use agent2028_market::capabilities::ServiceMarket;
use agent2028_market::contract::Status;
use agent2028_market::exchange::Exchange;
use agent2028_view::paint::Painter;
use agent2028_view::{Layer, LayerFacts, LayerInput};
use bevy::prelude::World;

/// If more is going on than this, only what has to do with selected agents is drawn: all would cover everything else.
const MOST_LINES: usize = 600;
/// How clearly a contract is drawn.
const ALPHA: f32 = 0.5;
/// How long a trade of goods is seen, in seconds.
const SEEN_S: f64 = 0.75;

/// Lines from buyers to those who sell to them: contracts that go on, and trades of goods while they are fresh.
#[derive(Clone, Copy, Debug)]
pub struct TradesLayer;

impl Layer for TradesLayer {
    const FACTS: LayerFacts = LayerFacts {
        key: "trades",
        label: "Contracts and trades",
        help: "Contracts that go on (blue) or are suspended (orange), goods that change hands (green); of too many, those of the selected agents",
        shortcut: "",
        shown: true,
    };

    fn applies(world: &World) -> bool {
        world.contains_resource::<ServiceMarket>() || world.contains_resource::<Exchange>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let (world, tokens) = (input.world(), input.tokens());
        let selected = &input.selection.selected;
        if let Some(market) = world.get_resource::<ServiceMarket>() {
            let all = selected.is_empty() && market.open().iter().sum::<u32>() as usize <= MOST_LINES;
            for (_, deal) in market.places().filter(|_| all || !selected.is_empty()) {
                let terms = &deal.contract.terms;
                let meant = [terms.buyer, terms.provider].iter().any(|agent| selected.binary_search(agent).is_ok());
                let color = match deal.contract.status() {
                    Status::Active => tokens.info,
                    Status::Suspended => tokens.warning,
                    _ => continue,
                };
                if all || meant {
                    join(painter, input, terms.buyer, terms.provider, color.alpha(ALPHA));
                }
            }
        }
        let Some((exchange, clock)) = world.get_resource::<Exchange>().zip(world.get_resource::<SimClock>()) else {
            return;
        };
        let seen = clock.ticks_in(SEEN_S).max(1);
        for good in exchange.goods() {
            let fresh = good.recent().rev().take_while(|trade| clock.tick().saturating_sub(trade.tick) < seen);
            for trade in fresh.take(MOST_LINES) {
                let age = clock.tick().saturating_sub(trade.tick) as f32 / seen as f32;
                join(painter, input, trade.buyer, trade.seller, tokens.good.alpha(1.0 - age));
            }
        }
    }
}

fn join(
    painter: &mut Painter,
    input: &LayerInput,
    from: agent2028_core::agent::AgentId,
    to: agent2028_core::agent::AgentId,
    color: agent2028_view::tokens::Rgba8,
) {
    if let (Some(from), Some(to)) = (input.place(from), input.place(to)) {
        input.line(painter, from, to, color);
    }
}
