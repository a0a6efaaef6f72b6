//! How tasks are put up: when, how many, and what they are like.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimStream};

use super::ground::Ground;
use super::state::TaskAuctions;
use super::table::TaskRow;
use super::task::{NONE, Task, TaskStatus};
use crate::accounts::{AccountId, Money};
use crate::config::{Arrivals, TaskSource};
use crate::money::between;

const ARRIVAL: Purpose = Purpose::new("market.tasks.arrival");
const TASK: Purpose = Purpose::new("market.tasks.task");

/// The most tasks that a source puts up within a tick.
const MOST_IN_A_TICK: u32 = 65_536;

/// Puts up what is due.
pub(crate) fn put_up(state: &mut TaskAuctions, ground: &Ground<'_>) {
    state.sources.resize_with(ground.config.sources.len(), Default::default);
    for by_hand in std::mem::take(&mut state.by_hand) {
        let Some(source) = ground.config.sources.get(by_hand.source as usize) else { continue };
        let place = by_hand.place.or_else(|| source.place.clone());
        let value = by_hand.value.map_or(source.value, |value| (value, value));
        let alike = TaskSource { place, value, most: Some(by_hand.count), ..source.clone() };
        for number in 0..by_hand.count {
            put_up_one(state, ground, by_hand.source as usize, &alike, number, None);
        }
    }
    for (index, source) in ground.config.sources.iter().enumerate() {
        let seconds = ground.tick as f64 / ground.tick_hz;
        let over = source.until_s.is_some_and(|until| seconds > f64::from(until));
        if seconds < f64::from(source.from_s) || over {
            continue;
        }
        if let Arrivals::Csv(file) = &source.arrivals {
            put_up_rows(state, ground, index, source, file);
            continue;
        }
        for _ in 0..due(state, ground, index, source) {
            let number = state.sources[index].posted;
            state.sources[index].posted += 1;
            put_up_one(state, ground, index, source, number as u32, None);
        }
    }
}

/// How many a source puts up in this tick.
fn due(state: &mut TaskAuctions, ground: &Ground<'_>, index: usize, source: &TaskSource) -> u32 {
    let open = state.auctioneers.iter().map(|auctioneer| auctioneer.open).max().unwrap_or(0);
    let own = &mut state.sources[index];
    let left = source.most.map_or(u64::MAX, |most| u64::from(most).saturating_sub(own.posted));
    let count = match source.arrivals {
        Arrivals::Poisson { per_second } => {
            let mean = per_second / ground.tick_hz;
            let mut stream = ground.dice.global(ARRIVAL.indexed(index as u64), ground.tick);
            poisson(mean, &mut stream)
        }
        Arrivals::Batches { count, every_s } => {
            let every = ground.ticks_in(every_s as f32).max(1);
            let begun = ground.ticks_in(source.from_s);
            let since = ground.tick.saturating_sub(begun.max(1));
            if since.is_multiple_of(every) { count } else { 0 }
        }
        Arrivals::Keep { open: wanted } => wanted.min(ground.config.most_open).saturating_sub(open),
        Arrivals::Csv(_) => 0,
    };
    u64::from(count.min(MOST_IN_A_TICK)).min(left) as u32
}

/// A Poisson number: by inversion for small means, and the sum of several for larger ones.
fn poisson(mean: f64, stream: &mut SimStream) -> u32 {
    const PART: f64 = 16.0;
    let (mut left, mut count) = (mean.clamp(0.0, f64::from(MOST_IN_A_TICK)), 0);
    while left > 0.0 {
        let part = left.min(PART);
        left -= part;
        let (mut chance, mut drawn) = (libm::exp(-part), stream.unit_fine());
        let mut events = 0_u32;
        while drawn >= chance && events < 200 {
            drawn -= chance;
            events += 1;
            chance *= part / f64::from(events);
        }
        count += events;
    }
    count
}

fn put_up_rows(state: &mut TaskAuctions, ground: &Ground<'_>, index: usize, source: &TaskSource, file: &str) {
    let Some(rows) = ground.tables.get(file) else { return };
    let seconds = ground.tick as f64 / ground.tick_hz;
    while let Some(row) = rows.get(state.sources[index].posted as usize).filter(|row| row.at_s <= seconds) {
        if source.most.is_some_and(|most| state.sources[index].posted >= u64::from(most)) {
            return;
        }
        let number = state.sources[index].posted;
        state.sources[index].posted += 1;
        put_up_one(state, ground, index, source, number as u32, Some(row));
    }
}

/// Puts up a task with every auctioneer that gets it.
fn put_up_one(
    state: &mut TaskAuctions,
    ground: &Ground<'_>,
    index: usize,
    source: &TaskSource,
    number: u32,
    row: Option<&TaskRow>,
) {
    let origin = state.posted;
    state.posted += 1;
    let mut stream = ground.dice.global(TASK, origin);
    let drawn = between(source.value, &mut stream);
    let value = row.map_or(drawn, |row| row.value);
    let (least, most) = source.work_s;
    let work_s = row.and_then(|row| row.work_s).unwrap_or(least + (most - least) * stream.unit());
    let placed = source.place.as_ref().map(|place| {
        let count = source.most.unwrap_or(u32::MAX).max(number.saturating_add(1));
        place.point(number, count, ground.bounds, &mut stream)
    });
    let given = row.and_then(|row| row.place).map(bevy::prelude::Vec2::from);
    let place = given.or(placed).map(|at| ground.bounds.enter(at)).map(<(f32, f32)>::from);
    let deadline_s = row.and_then(|row| row.deadline_s).or(source.deadline_s);
    let payload = row.and_then(|row| row.payload_bytes).unwrap_or(source.payload_bytes);
    let sending = ground.ticks_in((f64::from(payload) / source.bytes_per_s) as f32);
    for (at, auctioneer) in ground.config.auctioneers.iter().enumerate() {
        if !source.auctioneer.is_empty() && source.auctioneer != auctioneer.name {
            continue;
        }
        let client = ground.clients(at).map_or(NONE, |clients| clients[(origin % clients.len() as u64) as usize]);
        let own = &mut state.auctioneers[at];
        if own.open >= ground.config.most_open || !auctioneer.clients.is_empty() && client == NONE {
            own.counts.refused += 1;
            continue;
        }
        own.open += 1;
        own.counts.posted += 1;
        let task_number = state.numbered;
        state.numbered += 1;
        let slot = state.tasks.insert(Task {
            number: task_number,
            origin,
            auctioneer: at as u16,
            source: index as u16,
            status: TaskStatus::Open,
            priority: row.and_then(|row| row.priority).unwrap_or(source.priority),
            round: 0,
            place,
            work_ticks: ground.ticks_in(work_s) + sending,
            value,
            reserve: (value as f64 * f64::from(auctioneer.reserve_share)) as Money,
            deadline: deadline_s.map_or(u64::MAX, |seconds| ground.tick + ground.ticks_in(seconds).max(1)),
            posted: ground.tick,
            since: ground.tick,
            wake: u64::MAX,
            client,
            assignee: NONE,
            price: 0,
            cost: 0,
            escrow: AccountId::MINT,
            deposit: 0,
            next: NONE,
            bids: Vec::new(),
            sealed: None,
            skills: row.map_or_else(Vec::new, |row| ground.skills_of(&row.skills)),
        });
        state.to_open.push(slot);
    }
}

/// Whether a client is one of these agents.
pub(crate) fn is_client(task: &Task, agent: AgentId) -> bool {
    task.client == agent.0
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::SimRng;

    use super::*;

    #[test]
    fn poisson_numbers_have_their_mean_and_variance() {
        for mean in [0.3, 4.0, 40.0] {
            let mut stream = SimRng::new(1).global(ARRIVAL, 0);
            let drawn: Vec<f64> = (0..20_000).map(|_| f64::from(poisson(mean, &mut stream))).collect();
            let average = drawn.iter().sum::<f64>() / 20_000.0;
            let variance = drawn.iter().map(|count| (count - average).powi(2)).sum::<f64>() / 20_000.0;
            // Five standard errors.
            assert!((average - mean).abs() < 5.0 * (mean / 20_000.0).sqrt(), "{mean}: {average}");
            assert!((variance / mean - 1.0).abs() < 0.08, "{mean}: {variance}");
        }
    }
}
