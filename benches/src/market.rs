//! The rows about markets.

use std::collections::{BTreeMap, VecDeque};

use agent2028_core::agent::{AgentGroup, AgentId, Placement};
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_market::assignment::{Costs, cheapest};
use agent2028_market::auction::{Bid, Direction, Terms, Vickrey};
use agent2028_market::config::{Arrivals, Auctioneer, Bidders, Rule, TaskMarket, TaskSource};
use agent2028_market::mechanism::Mechanism;
use agent2028_market::order_book::{Lifetime, LimitOrder, OrderBook, OrderId, Side};
use agent2028_market::tasks::TaskAuctions;
use agent2028_market::tasks::task::TaskBid;
use agent2028_market::{MarketConfig, MarketPlugin};
use bevy::prelude::*;
use pathfinding::kuhn_munkres::kuhn_munkres_min;
use pathfinding::matrix::Matrix;

use crate::measure::{Clock, Cost, Failure, Figures, Sample, fill, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};
use crate::scene::simulation;

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "auction",
        work: "10⁵ tasks with 16 bids each cleared by Vickrey auctions with a reserve",
        baseline: "a sort of each task's bids by price and bidder",
        unit: Unit::SecondsPer("task"),
        clock: Clock::Wall,
        target: Target::CostTimes(2.0),
        measure: auctions,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "task-market",
        work: "a tick of a market with 10⁵ agents and 10⁴ open tasks that lie in the world: the nearest twelve bid, winners travel and work",
        baseline: "a pass over all agents and over the twelve bids of each open task",
        unit: Unit::SecondsPer("tick"),
        clock: Clock::Wall,
        target: Target::Cost(1.0 / 60.0),
        measure: task_market,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "memory-tasks",
        work: "bytes per open task with twelve bids, in a market with 10⁴ of them",
        baseline: "twelve bids alone",
        unit: Unit::BytesPer("open task"),
        clock: Clock::Wall,
        target: Target::Cost(1024.0),
        measure: task_memory,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "order-book",
        work: "10⁶ limit orders around a wandering price, matched; every one can be cancelled by its id",
        baseline: "two BTreeMaps of queues by price, in which nothing can be cancelled",
        unit: Unit::SecondsPer("order"),
        clock: Clock::Wall,
        target: Target::CostTimes(2.0),
        measure: orders,
        curve: Some(order_growth),
        why_missed: "",
    },
    Row {
        name: "order-book-rate",
        work: "the same, in orders per second (≥ 2·10⁶ are 500 ns each)",
        baseline: "two BTreeMaps of queues by price, in which nothing can be cancelled",
        unit: Unit::SecondsPer("order"),
        clock: Clock::Wall,
        target: Target::Cost(5e-7),
        measure: orders,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "assign",
        work: "the cheapest assignment of 1000 tasks to 1000 agents, random costs",
        baseline: "the Kuhn–Munkres algorithm of the crate pathfinding",
        unit: Unit::SecondsPer("assignment"),
        clock: Clock::Wall,
        target: Target::CostTimes(0.5),
        measure: assignments,
        curve: None,
        why_missed: "",
    },
];

const BIDS_PER_TASK: usize = 16;

/// Bidders that are asked about a task in the market with many.
const INVITED: usize = 12;

/// A market with so many agents, in which so many tasks are open.
fn busy_market(agents: usize, open: usize) -> Result<Simulation, Failure> {
    let tasks = TaskMarket {
        sources: vec![TaskSource {
            arrivals: Arrivals::Keep { open: open as u32 },
            value: (100_000, 100_000),
            work_s: (2.0, 4.0),
            place: Some(Placement::World),
            ..default()
        }],
        auctioneers: vec![Auctioneer { rule: Rule::Vickrey, bid_s: 2.0, invited: INVITED as u32, ..default() }],
        bidders: vec![Bidders { group: "worker".into(), speed: 300.0, ..default() }],
        ..default()
    };
    let config = MarketConfig { tasks: Some(tasks), ..default() };
    let group = AgentGroup { name: "worker".into(), count: agents as u32, ..default() };
    let bounds = WorldBounds { size: Vec2::splat(10_000.0), ..default() };
    let mut simulation = simulation(bounds, 1, group, |app| {
        app.add_plugins(MarketPlugin { config, ..default() });
    })?;
    // All auctions of the beginning end at once; later ones are spread over time.
    simulation.run(300);
    Ok(simulation)
}

fn task_market(effort: Effort) -> Result<Figures, Failure> {
    let (agents, open) = (effort.at_most(100_000, 400), effort.at_most(10_000, 40));
    let mut market = busy_market(agents, open)?;
    let ticks = effort.at_most(60, 3) as u64;
    let records: Vec<[u64; 9]> = (0..agents as u64).map(|agent| [agent; 9]).collect();
    let bids: Vec<(u64, i64)> = (0..open * INVITED).map(|bid| (bid as u64, bid as i64)).collect();
    let mut seen = 0_u64;
    let figures = pairs(
        effort.pairs(7),
        Clock::Wall,
        || Ok(time(ticks as f64, || market.run(ticks)).0),
        || {
            let pass = || {
                let busy = records.iter().filter(|record| record[3] & 1 == 1).map(|record| record[0]).sum::<u64>();
                bids.chunks(INVITED)
                    .filter_map(|bids| bids.iter().min_by_key(|bid| bid.1))
                    .map(|bid| bid.0)
                    .sum::<u64>()
                    + busy
            };
            Ok(time(ticks as f64, || (0..ticks).for_each(|_| seen = seen.wrapping_add(std::hint::black_box(pass())))).0)
        },
    )?;
    let state = market.world().resource::<TaskAuctions>();
    let now = state.auctioneers()[0].open;
    if (now as usize) < open * 9 / 10 {
        return Err(format!("only {now} of {open} tasks are open"));
    }
    let done = state.auctioneers()[0].counts.completed;
    Ok(figures.with_note(format!("{done} tasks were done meanwhile")))
}

fn task_memory(effort: Effort) -> Result<Figures, Failure> {
    let (agents, open) = (effort.at_most(20_000, 400), effort.at_most(10_000, 40));
    let market = busy_market(agents, open)?;
    let tasks = market.world().resource::<TaskAuctions>().tasks();
    let ours = tasks.bytes() as f64 / tasks.len().max(1) as f64;
    let baseline = (INVITED * size_of::<TaskBid>()) as f64;
    Ok(Figures {
        ours: Cost::plain(ours),
        baseline: Cost::plain(baseline),
        ratios: vec![ours / baseline],
        note: String::new(),
    })
}

fn auctions(effort: Effort) -> Result<Figures, Failure> {
    let tasks = effort.at_most(100_000, 100);
    let mut dice = SimRng::new(1).global(Purpose::new("bench.auction"), 0);
    let bids: Vec<Bid> = (0..tasks * BIDS_PER_TASK)
        .map(|at| Bid::new(AgentId((at % BIDS_PER_TASK) as u32), i64::from(dice.below(1_000_000))))
        .collect();
    let rule = Vickrey(Terms { direction: Direction::Buy, reserve: Some(900_000) });
    let ours = || {
        time(tasks as f64, || {
            bids.chunks(BIDS_PER_TASK).filter_map(|of_task| rule.clear(of_task)).map(|award| award.price).sum::<i64>()
        })
    };
    let mut scratch = [bids[0]; BIDS_PER_TASK];
    let mut sorted = || {
        time(tasks as f64, || {
            let mut sum = 0;
            for of_task in bids.chunks(BIDS_PER_TASK) {
                scratch.copy_from_slice(of_task);
                scratch.sort_unstable_by_key(|bid| (bid.price, bid.bidder));
                if scratch[0].price <= 900_000 {
                    sum += scratch[1].price.min(900_000);
                }
            }
            sum
        })
    };
    let (paid, wanted) = (ours().1, sorted().1);
    if paid != wanted {
        return Err(format!("auctions paid {paid}, a sort says {wanted}"));
    }
    pairs(effort.pairs(9), Clock::Wall, || Ok(ours().0), || Ok(sorted().0))
}

/// Orders around a price that wanders: about half of them find somebody at once.
fn script(orders: usize) -> Vec<LimitOrder> {
    let mut dice = SimRng::new(1).global(Purpose::new("bench.order-book"), 0);
    let mut middle = 100_000.0_f32;
    (0..orders)
        .map(|at| {
            middle += dice.normal();
            let side = if dice.below(2) == 0 { Side::Buy } else { Side::Sell };
            // A little off the middle on the order's own side.
            let away = 10.0 + 20.0 * dice.normal();
            let price = if side == Side::Buy { middle - away } else { middle + away };
            LimitOrder {
                id: OrderId(at as u64),
                owner: AgentId(at as u32 % 1000),
                side,
                price: price as i64,
                quantity: 1 + dice.below(100),
                lifetime: Lifetime::UntilCancelled,
            }
        })
        .collect()
}

/// What the two must agree on: how many trades, how many units, and what was paid in all.
type Tally = (u64, u64, i64);

fn on_the_book(script: &[LimitOrder]) -> Tally {
    let mut book = OrderBook::default();
    let mut tally = (0, 0, 0);
    for order in script {
        // Ids are all different and every order has a quantity, so that none is refused.
        let _ = book.submit(*order, |trade| {
            tally.0 += 1;
            tally.1 += u64::from(trade.quantity);
            tally.2 += trade.price * i64::from(trade.quantity);
        });
    }
    std::hint::black_box(book.len());
    tally
}

/// The same with two `BTreeMap`s of queues, as one would write it in an hour.
fn on_maps(script: &[LimitOrder]) -> Tally {
    struct Resting {
        owner: AgentId,
        quantity: u32,
    }
    let (mut buys, mut sells): (BTreeMap<i64, VecDeque<Resting>>, BTreeMap<i64, VecDeque<Resting>>) =
        Default::default();
    let mut tally = (0, 0, 0);
    for order in script {
        let mut left = order.quantity;
        let mut own = false;
        while left > 0 && !own {
            let best = match order.side {
                Side::Buy => sells.first_entry(),
                Side::Sell => buys.last_entry(),
            };
            let Some(mut best) = best.filter(|best| order.side.accepts(order.price, *best.key())) else { break };
            let price = *best.key();
            let queue = best.get_mut();
            while let Some(first) = queue.front_mut() {
                if left == 0 {
                    break;
                }
                if first.owner == order.owner {
                    own = true;
                    break;
                }
                let quantity = left.min(first.quantity);
                left -= quantity;
                first.quantity -= quantity;
                tally.0 += 1;
                tally.1 += u64::from(quantity);
                tally.2 += price * i64::from(quantity);
                if first.quantity == 0 {
                    queue.pop_front();
                }
            }
            if queue.is_empty() {
                best.remove();
            }
        }
        if left > 0 && !own {
            let side = match order.side {
                Side::Buy => &mut buys,
                Side::Sell => &mut sells,
            };
            side.entry(order.price).or_default().push_back(Resting { owner: order.owner, quantity: left });
        }
    }
    std::hint::black_box(buys.len() + sells.len());
    tally
}

fn timed(script: &[LimitOrder], run: fn(&[LimitOrder]) -> Tally) -> Sample {
    time(script.len() as f64, || std::hint::black_box(run(script))).0
}

fn orders(effort: Effort) -> Result<Figures, Failure> {
    let script = script(effort.at_most(1_000_000, 2_000));
    let (ours, wanted) = (on_the_book(&script), on_maps(&script));
    if ours != wanted {
        return Err(format!("the book has {ours:?} trades, units and money, the maps have {wanted:?}"));
    }
    let figures =
        pairs(effort.pairs(9), Clock::Wall, || Ok(timed(&script, on_the_book)), || Ok(timed(&script, on_maps)))?;
    let mut book = OrderBook::default();
    script.iter().for_each(|order| {
        let _ = book.submit(*order, |_| ());
    });
    let per_order = book.memory() as f64 / book.len().max(1) as f64;
    let share = ours.0 as f64 / script.len() as f64;
    Ok(figures.with_note(format!("{share:.2} trades per order; {per_order:.0} bytes per resting order")))
}

/// Time per order from 10² to 10⁶ orders.
fn order_growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] =
        if effort == Effort::Full { &[100, 1_000, 10_000, 100_000, 1_000_000] } else { &[100, 1_000] };
    let (mut ours, mut maps) = (Vec::new(), Vec::new());
    for &size in sizes {
        let script = script(size);
        let seconds = effort.seconds(0.2);
        for (line, run) in [(&mut ours, on_the_book as fn(&[LimitOrder]) -> Tally), (&mut maps, on_maps)] {
            let sample = fill(seconds, || Ok(timed(&script, run)))?;
            line.push((size as f64, sample.wall / sample.work * size as f64));
        }
    }
    Ok(Curve {
        title: "Limit orders, matched".into(),
        x: "orders".into(),
        y: "seconds".into(),
        lines: vec![("order book".into(), ours), ("two BTreeMaps of queues".into(), maps)],
    })
}

fn assignments(effort: Effort) -> Result<Figures, Failure> {
    let size = effort.at_most(1000, 30);
    let mut dice = SimRng::new(1).global(Purpose::new("bench.assign"), 0);
    let cells: Vec<i64> = (0..size * size).map(|_| i64::from(dice.below(1_000_000))).collect();
    let costs = Costs::new(size, size, |row, column| cells[row * size + column]).ok_or("the costs are too large")?;
    let matrix = Matrix::from_vec(size, size, cells).map_err(|error| error.to_string())?;
    let (ours, wanted) = (cheapest(&costs).cost, kuhn_munkres_min(&matrix).0);
    if ours != wanted {
        return Err(format!("ours costs {ours}, the baseline's {wanted}"));
    }
    pairs(
        effort.pairs(5),
        Clock::Wall,
        || Ok(time(1.0, || std::hint::black_box(cheapest(&costs))).0),
        || Ok(time(1.0, || std::hint::black_box(kuhn_munkres_min(&matrix))).0),
    )
}
