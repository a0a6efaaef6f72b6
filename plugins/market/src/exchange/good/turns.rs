//! Whose turn it was in a period of an order book, and what lies would have gained in these turns.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::SimStream;

use super::GoodMarket;
use crate::accounts::Money;
use crate::continuous_auction::{ContinuousAuction, TraderUnits};
use crate::mechanism::{exploitability, price_lies};
use crate::order_book::Side;

/// Lies are looked for in the first so many turns of a period.
pub(super) const MOST_TURNS: usize = 2048;

impl GoodMarket {
    /// Somebody has its turn.
    pub(super) fn note_turn(&mut self, agent: AgentId) {
        if self.turns.len() < MOST_TURNS {
            self.turns.push(agent.0);
        }
    }

    /// Looks for lies as soon as there are as many turns as are looked at.
    pub(super) fn search_full_turns(&mut self, stream: &mut SimStream) {
        if self.turns.len() == MOST_TURNS {
            self.search_turns(stream);
        }
    }

    /// What a lie would have gained one who buys and one who sells, both by chance, in the turns of this period, if all others
    /// had said the truth. Once in a period.
    pub(super) fn search_turns(&mut self, stream: &mut SimStream) {
        if std::mem::replace(&mut self.searched, true) || self.turns.is_empty() {
            return;
        }
        let mut agents = self.turns.clone();
        agents.sort_unstable();
        agents.dedup();
        let places: Vec<Option<usize>> = agents.iter().map(|agent| self.place(AgentId(*agent))).collect();
        let truth = |place: &Option<usize>| match place {
            Some(at) => TraderUnits { side: self.traders[*at].side, prices: self.traders[*at].values.clone() },
            // It is there no more: it says nothing.
            None => TraderUnits { side: Side::Buy, prices: Vec::new() },
        };
        let truths: Vec<TraderUnits> = places.iter().map(truth).collect();
        let turns: Vec<u32> =
            self.turns.iter().filter_map(|agent| agents.binary_search(agent).ok()).map(|at| at as u32).collect();
        let rule = ContinuousAuction { turns: &turns };
        for side in [Side::Buy, Side::Sell] {
            let of_side: Vec<usize> =
                (0..truths.len()).filter(|at| truths[*at].side == side && !truths[*at].prices.is_empty()).collect();
            if of_side.is_empty() {
                continue;
            }
            let liar = of_side[stream.below(of_side.len() as u32) as usize];
            // The same part more or less for each unit.
            let lies = |truth: &TraderUnits, lies: &mut Vec<TraderUnits>| {
                let said: Vec<Vec<Money>> = truth.prices.iter().map(|unit| price_lies(*unit).collect()).collect();
                lies.extend((0..said.first().map_or(0, Vec::len)).map(|lie| TraderUnits {
                    side: truth.side,
                    prices: said.iter().map(|of_unit| of_unit[lie].max(0)).collect(),
                }));
            };
            let found = exploitability(&rule, [truths.clone()], liar, lies);
            self.regret[usize::from(side == Side::Sell)].note(found.largest);
        }
    }
}
