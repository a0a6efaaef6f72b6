//! The scene's section `market`.

mod capabilities;
mod exchange;
mod tasks;

pub use capabilities::*;
pub use exchange::*;
pub use tasks::*;

use std::collections::BTreeSet;

use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::ranges::check_ranges;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// The most money that one group's agents begin with, so that no sum overflows.
const MOST_MONEY: f64 = 1e12;

/// Markets: agents that trade tasks, goods and capabilities for money.
///
/// All amounts are whole minor units of one currency (cents). Money is never made or lost while the simulation runs: what
/// agents and those who put up tasks begin with is all there is.
#[derive(Resource, Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct MarketConfig {
    /// What amounts are called.
    pub currency: Currency,
    /// What agents have when they come; agents of groups that are not listed begin with nothing.
    pub balances: Vec<OpeningBalance>,
    /// Where tasks are put up and agents bid for them. Without it, by default, there are no tasks.
    pub tasks: Option<TaskMarket>,
    /// Where goods are bought and sold. Without it, by default, there is no exchange.
    pub exchange: Option<Exchange>,
    /// Where agents offer what they can do, under contracts. Without it, by default, there are no listings.
    pub capabilities: Option<CapabilityMarket>,
}

/// What amounts of money are called; it changes nothing but what is shown.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Currency {
    /// The name of a whole unit; by default `credits`.
    pub name: String,
    /// How many minor units make a whole one; by default 100.
    #[reflect(@Range::new(1.0, 1e6), @Unit("minor units"))]
    pub minor_units: u32,
}

impl Default for Currency {
    fn default() -> Self {
        Self { name: "credits".into(), minor_units: 100 }
    }
}

/// What each agent of a group has when it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct OpeningBalance {
    /// The group.
    pub group: String,
    /// How much each of its agents has.
    #[reflect(@Range::new(0.0, MOST_MONEY), @Unit("minor units"))]
    pub amount: Money,
}

impl Check for MarketConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        let mut seen = BTreeSet::new();
        for (index, balance) in self.balances.iter().enumerate() {
            let path = format!("{at}.balances[{index}].group");
            problems.check_group(path.clone(), &balance.group);
            if !seen.insert(&balance.group) {
                problems.push(path, format!("the group \"{}\" is listed twice", balance.group), "list each group once");
            }
        }
        if let Some(tasks) = &self.tasks {
            tasks.check(&format!("{at}.tasks"), problems);
        }
        let with_money: BTreeSet<&str> =
            self.balances.iter().filter(|balance| balance.amount > 0).map(|balance| balance.group.as_str()).collect();
        if let Some(tasks) = &self.tasks {
            tasks.check_money(&format!("{at}.tasks"), &with_money, problems);
        }
        if let Some(exchange) = &self.exchange {
            let at = format!("{at}.exchange");
            exchange.check(&at, problems);
            exchange.check_money(&at, &with_money, problems);
        }
        if let Some(capabilities) = &self.capabilities {
            let at = format!("{at}.capabilities");
            capabilities.check(&at, problems);
            capabilities.check_money(&at, &with_money, problems);
        }
    }

    fn files_mut(&mut self) -> Vec<&mut String> {
        let tasks = self.tasks.iter_mut().flat_map(Check::files_mut);
        let exchange = self.exchange.iter_mut().flat_map(Check::files_mut);
        let capabilities = self.capabilities.iter_mut().flat_map(Check::files_mut);
        tasks.chain(exchange).chain(capabilities).collect()
    }
}
