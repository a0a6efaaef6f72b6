//! The money of a simulation: one book of accounts for all parts of the market, and the purse of each agent.

use agent2028_core::agent::{AgentGroups, AgentId, AgentRecord, AgentRows, SpawnBatch};
use agent2028_core::checkpoint::to_bytes;
use agent2028_core::rng::SimStream;
use bevy::prelude::*;
use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountId, Accounts, Money, Purpose};
use crate::config::MarketConfig;

/// Marks a record that stands for ids of nobody.
const NOBODY: u64 = 1 << 63;

/// The account that is an agent's purse; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
struct Purse(u64);

impl AgentRecord for Purse {
    fn gap(ids: u64) -> Self {
        Self(NOBODY | ids)
    }

    fn is_gap(&self) -> Option<u64> {
        (self.0 & NOBODY != 0).then_some(self.0 & !NOBODY)
    }
}

/// All money: the accounts, and which of them is whose purse. Purses of agents that are gone keep what is in them.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Treasury {
    accounts: Accounts,
    purses: AgentRows<Purse>,
}

impl Treasury {
    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The accounts, to move money.
    pub fn accounts_mut(&mut self) -> &mut Accounts {
        &mut self.accounts
    }

    /// An agent's purse, if it ever had money to do with.
    #[must_use]
    pub fn purse(&self, agent: AgentId) -> Option<AccountId> {
        self.purses.get(agent).filter(|purse| purse.0 != 0).map(|purse| AccountId(purse.0 as u32))
    }

    /// An agent's purse, which is opened if it has none.
    pub fn purse_of(&mut self, agent: AgentId) -> AccountId {
        let (purse, _) = self.purses.enter(agent);
        if purse.0 == 0 {
            purse.0 = u64::from(self.accounts.open_purse(agent).0);
        }
        AccountId(purse.0 as u32)
    }

    /// What an agent has.
    #[must_use]
    pub fn balance(&self, agent: AgentId) -> Money {
        self.purse(agent).map_or(0, |purse| self.accounts.balance(purse))
    }

    /// All agents that have a purse, and what is in it.
    pub fn balances(&self) -> impl Iterator<Item = (AgentId, Money)> + '_ {
        let purse = |(agent, purse): (AgentId, &Purse)| (agent, self.accounts.balance(AccountId(purse.0 as u32)));
        self.purses.agents().filter(|(_, purse)| purse.0 != 0).map(purse)
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.accounts.bytes() + self.purses.bytes()
    }

    fn is_sound(&self) -> bool {
        let purse = |(agent, purse): (AgentId, &Purse)| {
            let account = u32::try_from(purse.0).ok().map(AccountId);
            let of = account.and_then(|account| self.accounts.purpose(account));
            purse.0 == 0 || of == Some(Purpose::Purse(agent))
        };
        self.accounts.is_sound() && self.purses.agents().all(purse)
    }
}

/// A whole amount between two, all alike.
pub(crate) fn between((least, most): (Money, Money), stream: &mut SimStream) -> Money {
    let width = most.saturating_sub(least).max(0).saturating_add(1) as f64;
    (least + (stream.unit_fine() * width) as Money).clamp(least, most.max(least))
}

/// Gives newcomers what their group begins with.
pub(crate) fn endow(world: &mut World, batch: &SpawnBatch) {
    let Some(name) = world.resource::<AgentGroups>().get(batch.group).map(|group| group.name.clone()) else { return };
    let config = world.resource::<MarketConfig>();
    let Some(amount) = config.balances.iter().find(|balance| balance.group == name).map(|balance| balance.amount)
    else {
        return;
    };
    let mut treasury = world.resource_mut::<Treasury>();
    for (agent, _) in batch.iter() {
        let purse = treasury.purse_of(agent);
        // Amounts are bounded, so that only a run of 10⁷ agents who all have the most that there can be stops here.
        let _ = treasury.accounts.issue(purse, amount);
    }
}

pub(crate) fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<Treasury>().map_or(Ok(Vec::new()), to_bytes)
}

pub(crate) fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let treasury: Treasury = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    if !treasury.is_sound() {
        return Err("the accounts don't add up".into());
    }
    world.insert_resource(treasury);
    Ok(())
}
