//! The rules of auctioneers: each the mechanism of its name, for one task or for several at a time.

use agent2028_core::agent::AgentId;

use super::task::TaskBid;
use crate::accounts::Money;
use crate::assignment::{Costs, LARGEST_COST, cheapest};
use crate::auction::{Award, Bid, Direction, Dutch, English, FirstPrice, SealedBestScore, Terms, Vickrey};
use crate::combinatorial::{Bundle, BundleBid, Vcg};
use crate::config::Rule;
use crate::mechanism::Mechanism;

/// The rule for one task with its reserve. Rules for several tasks are here what they come to for one: the central optimum pays
/// what is asked, and the mechanism of Vickrey, Clarke and Groves is Vickrey's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRule {
    /// Which.
    pub rule: Rule,
    /// The most that is paid.
    pub reserve: Money,
    /// How far a clock moves at a time.
    pub step: Money,
}

/// A part of the rule as the mechanism that it is.
macro_rules! with_mechanism {
    ($own:expr, $mechanism:ident => $what:expr) => {{
        let terms = Terms { direction: Direction::Buy, reserve: Some($own.reserve) };
        match $own.rule {
            Rule::SealedBestScore => {
                let $mechanism = SealedBestScore { reserve: Some($own.reserve) };
                $what
            }
            Rule::FirstPrice | Rule::ContractNet | Rule::Hungarian => {
                let $mechanism = FirstPrice(terms);
                $what
            }
            Rule::Vickrey | Rule::Combinatorial => {
                let $mechanism = Vickrey(terms);
                $what
            }
            Rule::Dutch => {
                let $mechanism = Dutch { terms, start: 0, step: $own.step };
                $what
            }
            Rule::English => {
                let $mechanism = English { terms, start: $own.reserve, step: $own.step };
                $what
            }
        }
    }};
}

impl Mechanism for TaskRule {
    type Bid = Bid;
    type Outcome = Option<Award>;

    fn name(&self) -> &'static str {
        with_mechanism!(self, mechanism => mechanism.name())
    }

    fn clear(&self, bids: &[Bid]) -> Option<Award> {
        with_mechanism!(self, mechanism => mechanism.clear(bids))
    }

    fn utility(&self, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
        with_mechanism!(self, mechanism => mechanism.utility(outcome, bidder, truth))
    }

    fn answers(&self, bids: &[Bid], bidder: usize, truth: &Bid) -> Vec<Bid> {
        with_mechanism!(self, mechanism => mechanism.answers(bids, bidder, truth))
    }
}

impl TaskRule {
    /// How many steps the clock takes from one end to the other.
    #[must_use]
    pub fn steps(&self) -> u64 {
        (self.reserve.max(1) as u64).div_ceil(self.step.max(1) as u64)
    }

    /// After how many of the clock's `ticks` it shows a price.
    #[must_use]
    pub fn ticks_to(&self, price: Money, ticks: u64) -> u64 {
        let way = if self.rule == Rule::Dutch { price } else { self.reserve.saturating_sub(price) };
        let steps = (way.max(0) as u64).div_ceil(self.step.max(1) as u64).min(self.steps());
        (u128::from(steps) * u128::from(ticks)).div_ceil(u128::from(self.steps())) as u64
    }

    /// What the clock shows after so many of its `ticks`; nothing if there is no clock.
    #[must_use]
    pub fn shows(&self, after: u64, ticks: u64) -> Option<Money> {
        let steps = (u128::from(after.min(ticks)) * u128::from(self.steps()) / u128::from(ticks.max(1))) as i64;
        let way = steps.saturating_mul(self.step.max(1));
        match self.rule {
            Rule::Dutch => Some(way.min(self.reserve)),
            Rule::English => Some((self.reserve - way).max(0)),
            _ => None,
        }
    }
}

/// A task that is auctioned together with others: its reserve and its bids.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The most that is paid for it.
    pub reserve: Money,
    /// The bids for it.
    pub bids: &'a [TaskBid],
}

/// Who gets which of several tasks, by bid, and for how much. `room` says how many tasks a bidder may get, `saved` what a bidder
/// saves who gets two of them, by their places among the tasks.
pub fn clear_together(
    rule: Rule,
    tasks: &[Called<'_>],
    room: impl Fn(u32) -> u32,
    saved: impl Fn(u32, usize, usize) -> Money,
) -> Vec<Option<(usize, Money)>> {
    if rule == Rule::Combinatorial { by_bundles(tasks, room, saved) } else { by_assignment(tasks, room) }
}

/// The bidders of some tasks, ascending.
fn bidders(tasks: &[Called<'_>]) -> Vec<u32> {
    let mut bidders: Vec<u32> = tasks.iter().flat_map(|task| task.bids.iter().map(|bid| bid.bidder)).collect();
    bidders.sort_unstable();
    bidders.dedup();
    bidders
}

/// The place of a bidder's bid for a task.
fn bid_of(task: &Called<'_>, bidder: u32) -> Option<usize> {
    task.bids.iter().position(|bid| bid.bidder == bidder)
}

fn by_assignment(tasks: &[Called<'_>], room: impl Fn(u32) -> u32) -> Vec<Option<(usize, Money)>> {
    let seats: Vec<u32> = bidders(tasks)
        .into_iter()
        .flat_map(|bidder| std::iter::repeat_n(bidder, room(bidder).min(tasks.len() as u32) as usize))
        .collect();
    let asked = |task: &Called<'_>, bid: usize| task.bids[bid].price;
    let assigned = assign(tasks, &seats, asked);
    let award = |(task, bid): (&Called<'_>, Option<usize>)| bid.map(|bid| (bid, task.bids[bid].price));
    tasks.iter().zip(assigned).map(award).collect()
}

/// The bid that gets each task in the cheapest assignment to seats, a task each, by what `cost` says; nobody gets a task for more
/// than its reserve.
pub(crate) fn assign(
    tasks: &[Called<'_>],
    seats: &[u32],
    cost: impl Fn(&Called<'_>, usize) -> Money,
) -> Vec<Option<usize>> {
    const NEVER: i64 = LARGEST_COST;
    let bids: Vec<Vec<Option<usize>>> =
        tasks.iter().map(|task| seats.iter().map(|bidder| bid_of(task, *bidder)).collect()).collect();
    // A column of its own for each task that nobody gets.
    let costs = Costs::new(tasks.len(), seats.len() + tasks.len(), |row, column| match bids[row].get(column) {
        Some(Some(bid)) => cost(&tasks[row], *bid).clamp(0, NEVER),
        Some(None) => NEVER,
        None => tasks[row].reserve.clamp(0, NEVER - 1),
    });
    let Some(costs) = costs else { return vec![None; tasks.len()] };
    let columns = cheapest(&costs).columns;
    let bid = |(row, column): (usize, usize)| {
        let bid = (*bids[row].get(column)?)?;
        (cost(&tasks[row], bid) <= tasks[row].reserve).then_some(bid)
    };
    columns.into_iter().enumerate().map(bid).collect()
}

fn by_bundles(
    tasks: &[Called<'_>],
    room: impl Fn(u32) -> u32,
    saved: impl Fn(u32, usize, usize) -> Money,
) -> Vec<Option<(usize, Money)>> {
    let bidders = bidders(tasks);
    let bundle_bid = |bidder: &u32| {
        let own: Vec<(usize, Money)> = tasks
            .iter()
            .enumerate()
            .filter_map(|(at, task)| bid_of(task, *bidder).map(|bid| (at, task.reserve - task.bids[bid].price)))
            .collect();
        let mut bundles: Vec<Bundle> = own.iter().map(|(at, value)| Bundle { items: 1 << at, value: *value }).collect();
        if room(*bidder) >= 2 {
            for (place, (first, one)) in own.iter().enumerate() {
                for (second, other) in &own[place + 1..] {
                    let value = one + other + saved(*bidder, *first, *second);
                    bundles.push(Bundle { items: 1 << first | 1 << second, value });
                }
            }
        }
        BundleBid { bidder: AgentId(*bidder), bundles }
    };
    let bids: Vec<BundleBid> = bidders.iter().map(bundle_bid).collect();
    let sale = Vcg.clear(&bids);
    let mut awards = vec![None; tasks.len()];
    for ((bid, won), payment) in bids.iter().zip(&sale.allocation.won).zip(&sale.payments) {
        let Some(bundle) = won.map(|place| bid.bundles[place]) else { continue };
        let items: Vec<usize> = (0..tasks.len()).filter(|at| bundle.items >> at & 1 == 1).collect();
        let reserve: Money = items.iter().map(|at| tasks[*at].reserve).sum();
        // What it is paid in all, for each of its tasks the part that its reserve is of all of theirs: so none costs more than that.
        let paid = (reserve - payment).clamp(0, reserve);
        let mut left = paid;
        for (place, at) in items.iter().enumerate() {
            let own = tasks[*at].reserve;
            let later: Money = items[place + 1..].iter().map(|at| tasks[*at].reserve).sum();
            let share = (i128::from(paid) * i128::from(own) / i128::from(reserve.max(1))) as Money;
            // What is left must fit into the reserves of those that come.
            let part = share.max(left - later).min(own).min(left);
            left -= part;
            if let Some(bid) = bid_of(&tasks[*at], bid.bidder.0) {
                awards[*at] = Some((bid, part));
            }
        }
    }
    awards
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bid(bidder: u32, price: Money) -> TaskBid {
        TaskBid { bidder, price, cost: price, way: 0, promise: (0.0, 1000.0, 0.9), honest: true }
    }

    #[test]
    fn one_task_goes_and_costs_as_its_rule_says() {
        let bids = [bid(3, 700), bid(1, 400), bid(2, 650)].map(|bid| bid.said());
        let cleared =
            |rule| TaskRule { rule, reserve: 1000, step: 100 }.clear(&bids).map(|award| (award.winner.0, award.price));
        for rule in [Rule::FirstPrice, Rule::ContractNet, Rule::Hungarian, Rule::SealedBestScore, Rule::Dutch] {
            assert_eq!(cleared(rule), Some((1, 400)), "{rule:?}");
        }
        assert_eq!((cleared(Rule::Vickrey), cleared(Rule::Combinatorial)), (Some((1, 650)), Some((1, 650))));
        // 650 is left at the step to 600.
        assert_eq!(cleared(Rule::English), Some((1, 700)));
        assert!(Rule::ALL.iter().all(|rule| TaskRule { rule: *rule, reserve: 399, step: 1 }.clear(&bids).is_none()));
    }

    #[test]
    fn clocks_show_what_they_came_to() {
        let dutch = TaskRule { rule: Rule::Dutch, reserve: 1000, step: 100 };
        assert_eq!((dutch.shows(0, 60), dutch.shows(30, 60), dutch.shows(99, 60)), (Some(0), Some(500), Some(1000)));
        assert_eq!((dutch.ticks_to(0, 60), dutch.ticks_to(500, 60), dutch.ticks_to(1000, 60)), (0, 30, 60));
        let english = TaskRule { rule: Rule::English, ..dutch };
        assert_eq!(
            (english.shows(0, 60), english.shows(30, 60), english.ticks_to(700, 60)),
            (Some(1000), Some(500), 18)
        );
        assert_eq!(TaskRule { rule: Rule::Vickrey, ..dutch }.shows(3, 60), None);
    }

    #[test]
    fn tasks_that_are_auctioned_together_go_where_they_cost_least_in_all() {
        // One by one the first would go to 1, and the second to 2 for 900.
        let (first, second) = ([bid(1, 100), bid(2, 200)], [bid(1, 150), bid(2, 900)]);
        let tasks = [Called { reserve: 1000, bids: &first }, Called { reserve: 1000, bids: &second }];
        let awards = clear_together(Rule::Hungarian, &tasks, |_| 1, |_, _, _| 0);
        assert_eq!(awards, [Some((1, 200)), Some((0, 150))]);
        let awards = clear_together(Rule::Combinatorial, &tasks, |_| 1, |_, _, _| 0);
        // Without 1 only 2's best bundle is left: it is paid what it saves the others.
        assert_eq!(awards.iter().map(|award| award.map(|(bid, _)| bid)).collect::<Vec<_>>(), [Some(1), Some(0)]);
        for (award, task) in awards.iter().zip(&tasks) {
            let (bid, price) = award.unwrap();
            assert!(task.bids[bid].price <= price && price <= 1000);
        }
        // Who may have two and saves a way gets both.
        let both = clear_together(Rule::Combinatorial, &tasks, |_| 2, |_, _, _| 120);
        assert_eq!(both.iter().map(|award| award.map(|(bid, _)| bid)).collect::<Vec<_>>(), [Some(0), Some(0)]);
        let dear = [bid(1, 2000)];
        let tasks = [Called { reserve: 1000, bids: &dear }];
        assert_eq!(clear_together(Rule::Hungarian, &tasks, |_| 1, |_, _, _| 0), [None]);
        assert_eq!(clear_together(Rule::Combinatorial, &tasks, |_| 1, |_, _, _| 0), [None]);
    }
}
