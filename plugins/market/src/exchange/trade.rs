//! Periods, quotes and calls, tick by tick.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::rng::{Purpose, SimRng};
use bevy::prelude::*;

use super::Exchange;
use super::good::{Floor, GoodMarket, Members};
use crate::MarketConfig;
use crate::Treasury;
use crate::accounts::AccountId;
use crate::config::Traders;
use crate::events::{CALL_CLEARED, CallCleared, TRADING_PERIOD_ENDED, TradingPeriodEnded};

const QUOTES: Purpose = Purpose::new("market.quotes");
const LIES: Purpose = Purpose::new("market.lies");

/// A tick of trading.
pub(crate) fn trade(
    (clock, dice, config): (Res<SimClock>, Res<SimRng>, Res<MarketConfig>),
    (groups, index): (Res<AgentGroups>, Res<AgentIndex>),
    conditions: Query<&Condition>,
    mut treasury: ResMut<Treasury>,
    mut exchange: ResMut<Exchange>,
    mut bus: ResMut<EventBus>,
) {
    let Some(config) = &config.exchange else { return };
    let exchange = &mut *exchange;
    let tick = clock.tick();
    let house = *exchange.house.get_or_insert_with(|| treasury.accounts_mut().open_fund());
    while exchange.goods.len() < config.goods.len() {
        exchange.goods.push(GoodMarket::new(treasury.accounts_mut().open_fund()));
    }
    let ends = config.period_s.map(|seconds| clock.ticks_in(f64::from(seconds)).max(1));
    let is_over = exchange.period > 0 && ends.is_some_and(|ticks| tick - exchange.period_began >= ticks);
    let begins = exchange.period == 0 || is_over;
    let is_stale = begins || !exchange.is_known(&index) || exchange.goods.iter().any(GoodMarket::is_underived);
    let members: Vec<Vec<(AgentId, AccountId)>> = if is_stale {
        config.traders.iter().map(|traders| members(traders, &groups, &index, &mut treasury)).collect()
    } else {
        Vec::new()
    };
    let most_trades = config.most_trades as usize;
    if is_over {
        for (number, (good, market)) in config.goods.iter().zip(&mut exchange.goods).enumerate() {
            let mut floor = Floor { accounts: treasury.accounts_mut(), house, tick, most_trades };
            let ended = market.end_period(&mut floor, &mut dice.global(LIES.indexed(number as u64), tick));
            let told = TradingPeriodEnded {
                good: good.name.clone(),
                period: exchange.period,
                units: ended.units,
                efficiency: ended.efficiency(),
                price: market.price(),
            };
            bus.publish(TRADING_PERIOD_ENDED, None, told);
        }
    }
    if begins {
        exchange.period += 1;
        exchange.period_began = tick;
    }
    for (number, (good, market)) in config.goods.iter().zip(&mut exchange.goods).enumerate() {
        if is_stale {
            let trading = config.traders.iter().zip(&members).enumerate();
            let groups: Vec<Members> = trading
                .filter(|(_, (traders, _))| traders.trade(&good.name))
                .map(|(group, (traders, agents))| Members { group: group as u16, traders, agents })
                .collect();
            let mut floor = Floor { accounts: treasury.accounts_mut(), house, tick, most_trades };
            market.enrol(&mut floor, &dice, exchange.period, &groups, &|agent| index.get(agent).is_some());
            if begins {
                market.begin_period(&groups, exchange.period, &dice);
            }
        }
        let may_act =
            |agent: AgentId| index.get(agent).is_some_and(|entity| Condition::acts(conditions.get(entity).ok()));
        let mut stream = dice.global(QUOTES.indexed(number as u64), tick);
        let mut floor = Floor { accounts: treasury.accounts_mut(), house, tick, most_trades };
        match good.rule.every_s() {
            None => market.quote(&mut floor, good, &config.traders, clock.tick_hz(), &may_act, &mut stream),
            Some(seconds) if market.is_called(clock.ticks_in(f64::from(seconds)), tick) => {
                // What is offered is there, so that nothing is refused.
                let Ok(called) = market.call(&mut floor, good, &config.traders, &may_act, &mut stream) else {
                    continue;
                };
                let told = CallCleared {
                    good: good.name.clone(),
                    units: called.units,
                    price: called.price,
                    kept: called.kept,
                };
                bus.publish(CALL_CLEARED, None, told);
            }
            Some(_) => {}
        }
    }
    exchange.known = (index.len() as u64, index.next_id().0);
}

/// A group's agents that are there and their purses, ascending.
fn members(
    traders: &Traders,
    groups: &AgentGroups,
    index: &AgentIndex,
    treasury: &mut Treasury,
) -> Vec<(AgentId, AccountId)> {
    let ranges = groups.find(&traders.group).map(|group| groups.ranges_of(group).collect::<Vec<_>>());
    let mut agents: Vec<AgentId> = ranges.unwrap_or_default().into_iter().flatten().map(AgentId).collect();
    agents.retain(|agent| index.get(*agent).is_some());
    agents.sort_unstable();
    agents.into_iter().map(|agent| (agent, treasury.purse_of(agent))).collect()
}
