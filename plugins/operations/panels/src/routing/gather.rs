//! The numbers behind the panel, gathered from the agents at intervals.

use agent2028_operations::Operations;
use agent2028_operations::pool::PoolKey;
use agent2028_operations::server::{PRESENT, Server};
use agent2028_operations::stats::fairness;

use super::{Figure, RoutingState, RoutingView};
use agent2028_kit::format;

/// How long numbers stand before they are gathered anew, in seconds of real time: for few agents, and for a million more.
const INTERVAL_S: (f64, f64) = (0.0, 1.5);

impl Figure {
    /// All of them, in the order of the table's columns.
    pub(super) const EVERY: [Self; 7] =
        [Self::Given, Self::Queue, Self::Utilisation, Self::Completed, Self::Failed, Self::Latency, Self::Reliability];

    /// Its name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Given => "Given",
            Self::Queue => "Queue",
            Self::Utilisation => "Utilisation",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Latency => "Latency",
            Self::Reliability => "Reliability",
        }
    }

    /// What it tells.
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Given => "Operations that the agent was given since the start",
            Self::Queue => "Operations that wait in front of the agent",
            Self::Utilisation => "The share of what the agent can work on at once that it works on",
            Self::Completed => "Operations that the agent has completed",
            Self::Failed => "Attempts of the agent that failed or were given up",
            Self::Latency => "How long the agent's operations take, as observed",
            Self::Reliability => "The share of the agent's operations that succeed, as observed",
        }
    }

    /// What an agent has of it.
    pub(super) fn of(self, server: &Server) -> f64 {
        match self {
            Self::Given => server.assigned.into(),
            Self::Queue => server.waiting.into(),
            Self::Utilisation => f64::from(server.executing) / f64::from(server.slots.max(1)),
            Self::Completed => server.completed.into(),
            Self::Failed => server.failed.into(),
            Self::Latency => server.latency_ms.into(),
            Self::Reliability => server.reliability.into(),
        }
    }

    /// How it is written.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Given | Self::Queue | Self::Completed | Self::Failed => format::count(value as u64),
            Self::Utilisation | Self::Reliability => format::percent(value),
            Self::Latency => format::milliseconds(value),
        }
    }
}

/// What agents sum up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub given: u64,
    /// Jain's index; nothing while nobody was given anything.
    pub fairness: Option<f64>,
    pub least: Option<u32>,
    pub median: Option<u32>,
    pub most: Option<u32>,
    pub waiting: u64,
    pub longest: u32,
    /// How many can't be given anything now.
    pub gone: u64,
}

impl Sums {
    pub fn of<'a>(servers: impl Iterator<Item = &'a Server>) -> Self {
        let (mut sums, mut squares, mut given) = (Self::default(), 0.0, Vec::new());
        for server in servers {
            sums.given += u64::from(server.assigned);
            squares += f64::from(server.assigned) * f64::from(server.assigned);
            sums.waiting += u64::from(server.waiting);
            sums.longest = sums.longest.max(server.waiting);
            sums.gone += u64::from(!server.is_available());
            given.push(server.assigned);
        }
        sums.fairness = fairness(given.len(), sums.given as f64, squares);
        if !given.is_empty() {
            let middle = (given.len() - 1) / 2;
            sums.least = given.iter().min().copied();
            sums.most = given.iter().max().copied();
            sums.median = Some(*given.select_nth_unstable(middle).1);
        }
        sums
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Asked {
    generation: u64,
    pool: Option<PoolKey>,
    sort: Option<(Figure, bool)>,
    heat: Figure,
}

/// The agents that are looked at, and when their numbers were gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    asked: Option<Asked>,
    tick: u64,
    at: f64,
    /// Agents by number, ascending.
    pub members: Vec<u32>,
    /// The same ones in the order of the table.
    pub order: Vec<u32>,
    pub sums: Sums,
    /// The largest value of what colours the map.
    pub hottest: f64,
    /// The largest value of what orders the table.
    pub largest: f64,
}

impl Cache {
    /// Gathers anew if something else is asked for, or if the simulation went on and the numbers are old enough.
    pub fn follow(&mut self, view: &RoutingView, operations: &Operations, state: &RoutingState, now: f64) {
        let asked = Asked { generation: view.generation, pool: state.pool.clone(), sort: state.sort, heat: state.heat };
        let interval = INTERVAL_S.0 + INTERVAL_S.1 * self.members.len() as f64 / 1e6;
        let old = self.tick != view.tick && !(0.0..interval).contains(&(now - self.at));
        if self.asked.as_ref() == Some(&asked) && !old {
            return;
        }
        let servers = operations.servers();
        let pool = asked.pool.as_ref().and_then(|key| operations.pools().iter().find(|pool| pool.key == *key));
        let present = |agent: &u32| servers.get(*agent).is_some_and(|server| server.is(PRESENT));
        self.members = match pool {
            Some(pool) => pool.members().iter().copied().filter(present).collect(),
            None => servers.agents().map(|(agent, _)| agent.0).filter(present).collect(),
        };
        let value = |figure: Figure, agent: u32| figure.of(&servers[agent]);
        let largest = |figure: Figure| self.members.iter().map(|agent| value(figure, *agent)).fold(0.0, f64::max);
        self.hottest = largest(asked.heat);
        self.largest = largest(asked.sort.map_or(Figure::Given, |(figure, _)| figure));
        self.sums = Sums::of(self.members.iter().map(|agent| &servers[*agent]));
        self.order.clone_from(&self.members);
        if let Some((figure, descending)) = asked.sort {
            // Equal ones stay in the order of their numbers.
            if descending {
                self.order.sort_by(|a, b| value(figure, *b).total_cmp(&value(figure, *a)));
            } else {
                self.order.sort_by(|a, b| value(figure, *a).total_cmp(&value(figure, *b)));
            }
        }
        (self.tick, self.at, self.asked) = (view.tick, now, Some(asked));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_agents() {
        let given = [4, 0, 4, 8];
        let servers: Vec<Server> =
            given.iter().map(|assigned| Server { assigned: *assigned, flags: PRESENT, ..Server::default() }).collect();
        let sums = Sums::of(servers.iter());
        assert_eq!((sums.given, sums.least, sums.median, sums.most), (16, Some(0), Some(4), Some(8)));
        assert!((sums.fairness.unwrap() - 256.0 / (4.0 * 96.0)).abs() < 1e-12);
        assert_eq!(Sums::of(std::iter::empty()), Sums::default());
    }
}
