//! What must hold of task auctions in every tick.

use std::collections::BTreeSet;

use agent2028_core::agent::AgentId;

use super::state::TaskAuctions;
use super::task::{NONE, TaskStatus};
use crate::accounts::{AccountId, Purpose};
use crate::config::TaskMarket;
use crate::money::Treasury;

impl TaskAuctions {
    /// What does not hold at a tick, in words; nothing if all does: tasks are conserved, nobody's are anybody else's, nobody has
    /// more than it may, bids count once, and escrows hold exactly what was promised.
    #[must_use]
    pub fn faults(&self, config: &TaskMarket, treasury: &Treasury, tick: u64) -> Vec<String> {
        let mut faults = Vec::new();
        let accounts = treasury.accounts();
        if accounts.sum() != 0 {
            faults.push(format!("the accounts add up to {}", accounts.sum()));
        }
        for account in (1..accounts.len() as u32).map(AccountId) {
            if accounts.balance(account) < 0 {
                faults.push(format!("account {account:?} is overdrawn: {}", accounts.balance(account)));
            }
        }
        let mut had = BTreeSet::new();
        for (agent, worker) in self.workers.agents() {
            let (mut at, mut count) = (worker.head, 0);
            while let Some(task) = self.tasks.get(at) {
                count += 1;
                if !had.insert(at) {
                    faults.push(format!("task {} is had twice", task.number));
                    break;
                }
                // In a contract net a task may be worked on before its manager knows, never by two.
                if task.assignee != agent.0 && !self.nets.has(task.number) {
                    faults.push(format!("agent {} works on task {} of {}", agent.0, task.number, task.assignee));
                }
                at = task.next;
            }
            let capacity = config.bidders.get(worker.group as usize).map_or(0, |group| group.capacity);
            if worker.load < count || worker.load > capacity {
                faults.push(format!(
                    "agent {} has {count} tasks, room for {capacity}, a load of {}",
                    agent.0, worker.load
                ));
            }
        }
        let mut escrows: BTreeSet<u32> = BTreeSet::new();
        let mut counted = vec![(0_u64, 0_u64); self.auctioneers.len()];
        for (slot, task) in self.tasks.iter() {
            let count = &mut counted[usize::from(task.auctioneer)];
            if task.status == TaskStatus::Open {
                count.0 += 1;
            } else {
                count.1 += 1;
                let held = accounts.balance(task.escrow);
                if !escrows.insert(task.escrow.0)
                    || accounts.purpose(task.escrow) != Some(Purpose::Escrow)
                    || held != task.price + task.deposit
                {
                    faults.push(format!("task {}: {held} in escrow for {}", task.number, task.price + task.deposit));
                }
                if !had.contains(&slot) && !self.nets.has(task.number) && self.worker(AgentId(task.assignee)).is_some()
                {
                    faults.push(format!("task {} is assigned and nobody has it", task.number));
                }
            }
            if task.status == TaskStatus::Open && task.assignee != NONE {
                faults.push(format!("task {} is open and assigned", task.number));
            }
            let bidders: BTreeSet<u32> = task.bids.iter().map(|bid| bid.bidder).collect();
            if bidders.len() != task.bids.len() {
                faults.push(format!("a bid for task {} counts twice", task.number));
            }
            if self.nets.working(task.number, tick) > 1 {
                faults.push(format!("two contractors work on task {}", task.number));
            }
        }
        for ((state, (open, assigned)), number) in self.auctioneers.iter().zip(counted).zip(0..) {
            let counts = &state.counts;
            let over = counts.completed + counts.failed + counts.cancelled;
            if (u64::from(state.open), u64::from(state.assigned)) != (open, assigned)
                || counts.posted != open + assigned + over
            {
                faults.push(format!("auctioneer {number}: {counts:?}, {open} open, {assigned} assigned"));
            }
            for cleared in &state.recent {
                let bidders: BTreeSet<u32> = cleared.bids.iter().map(|bid| bid.bidder).collect();
                let most = cleared.reserve;
                if bidders.len() != cleared.bids.len() || cleared.price > most || cleared.price < 0 {
                    faults.push(format!("auctioneer {number}: {cleared:?}"));
                }
            }
        }
        faults
    }
}
