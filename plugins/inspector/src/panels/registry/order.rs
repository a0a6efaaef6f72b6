//! Which agents the table lists, and in which order: worked out over many frames, so that none of them waits.

use std::thread::JoinHandle;

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition, Status};
use agent2028_core::intervention::InterventionContext;
use agent2028_core::quantity::Quantity;
use agent2028_core::selector::{Selector, expression};
use bevy::prelude::World;

/// How many agents are looked at in a frame when somebody waits for a new order.
const URGENT_PER_FRAME: usize = 20_000;
/// How many agents are looked at in a frame to keep an order fresh: so few that it isn't felt.
const FRESH_PER_FRAME: usize = 1_000;
/// Up to this many keys are sorted at once; more are sorted beside the window.
const SORTED_AT_ONCE: usize = 20_000;
/// How long an order stands before it is worked out anew, in seconds of real time.
const INTERVAL_S: f64 = 0.5;

/// What a person wants to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish {
    /// Only agents of this group.
    pub group: Option<String>,
    /// Only agents with this status.
    pub status: Option<Status>,
    /// Only agents that this describes: an expression, a number, or a part of a name.
    pub text: String,
    /// Only selected agents.
    pub only_selected: bool,
    /// The quantity that decides about the order, and whether the largest comes first.
    pub sort: Option<(String, bool)>,
}

impl Wish {
    /// Whether it asks for all agents in the order of their numbers.
    fn is_plain(&self) -> bool {
        self.group.is_none()
            && self.status.is_none()
            && self.text.is_empty()
            && !self.only_selected
            && self.sort.is_none()
    }
}

/// What the text of a filter means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Nothing: all agents.
    All,
    /// One agent by number.
    Number(AgentId),
    /// A part of the name.
    Name(String),
    /// An expression.
    Expression(Box<Selector>),
}

impl Meaning {
    /// Reads a filter.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::All;
        }
        if let Ok(number) = text.strip_prefix('#').unwrap_or(text).parse() {
            return Self::Number(AgentId(number));
        }
        match expression::parse(text) {
            Ok(selector) => Self::Expression(Box::new(selector)),
            Err(_) => Self::Name(text.to_lowercase()),
        }
    }
}

/// Agents in an order.
#[derive(Clone, Debug, Default)]
enum Rows {
    /// All there are, none of which has left: row n is agent n.
    #[default]
    Everybody,
    /// These.
    List(Vec<AgentId>),
}

type Keyed = (f64, AgentId);

/// Agents that are being looked at one after the other.
#[derive(Debug)]
struct Gathering {
    /// The next agent.
    next: u32,
    /// Whom an expression describes.
    passing: Option<Vec<AgentId>>,
    meaning: Meaning,
    key: Option<Quantity>,
    keyed: Vec<Keyed>,
    /// Whether somebody waits.
    urgent: bool,
}

#[derive(Debug)]
enum Work {
    Idle,
    Gathering(Box<Gathering>),
    Sorting(JoinHandle<Vec<AgentId>>),
}

/// The rows of the table.
#[derive(Debug)]
pub(super) struct Order {
    rows: Rows,
    count: usize,
    work: Work,
    wish: Wish,
    /// For which state the rows were worked out: generation, tick, agents, next number, selected agents.
    of: Option<(u64, u64, usize, AgentId, usize)>,
    since: f64,
}

impl Default for Order {
    fn default() -> Self {
        Self { rows: Rows::default(), count: 0, work: Work::Idle, wish: Wish::default(), of: None, since: f64::MIN }
    }
}

/// What the order depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct State<'a> {
    pub world: &'a World,
    pub generation: u64,
    pub tick: u64,
    pub selected: &'a [AgentId],
    /// Real time in seconds.
    pub now: f64,
}

impl Order {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The agent in a row.
    pub fn get(&self, row: usize) -> Option<AgentId> {
        match &self.rows {
            Rows::Everybody => (row < self.count).then_some(AgentId(row as u32)),
            Rows::List(agents) => agents.get(row).copied(),
        }
    }

    /// The row of an agent.
    pub fn row_of(&self, agent: AgentId) -> Option<usize> {
        match &self.rows {
            Rows::Everybody => (agent.index() < self.count).then_some(agent.index()),
            Rows::List(agents) => agents.iter().position(|listed| *listed == agent),
        }
    }

    /// All agents in these rows.
    pub fn agents(&self, rows: std::ops::RangeInclusive<usize>) -> Vec<AgentId> {
        rows.filter_map(|row| self.get(row)).collect()
    }

    /// Whether a new order is being worked out that somebody asked for.
    pub fn is_busy(&self) -> bool {
        match &self.work {
            Work::Idle => false,
            Work::Gathering(gathering) => gathering.urgent,
            Work::Sorting(_) => true,
        }
    }

    /// Works on the order for a frame.
    pub fn follow(&mut self, state: State<'_>, wish: &Wish) {
        let index = state.world.resource::<AgentIndex>();
        let now = (state.generation, state.tick, index.len(), index.next_id(), state.selected.len());
        let replaced = self.of.is_none_or(|of| of.0 != now.0);
        let asked = self.wish != *wish || replaced || (wish.only_selected && self.of.is_some_and(|of| of.4 != now.4));
        let changed = self.of != Some(now);
        if wish.is_plain() {
            // Who is there changes only when agents come or go.
            let others = self.of.is_none_or(|of| (of.2, of.3) != (now.2, now.3));
            if asked || others {
                self.rows = if index.len() == index.next_id().index() {
                    Rows::Everybody
                } else {
                    Rows::List(index.iter().map(|(agent, _)| agent).collect())
                };
                self.count = index.len();
                self.work = Work::Idle;
            }
            (self.of, self.wish) = (Some(now), wish.clone());
            return;
        }
        let waited = !(0.0..INTERVAL_S).contains(&(state.now - self.since));
        if asked || (changed && waited && matches!(self.work, Work::Idle)) {
            self.wish = wish.clone();
            self.of = Some(now);
            self.since = state.now;
            self.begin(state, asked);
        }
        self.go_on(state);
    }

    fn begin(&mut self, state: State<'_>, urgent: bool) {
        let meaning = Meaning::of(&self.wish.text);
        let passing = match &meaning {
            Meaning::Expression(selector) => {
                Some(selector.resolve(state.world, &InterventionContext { tick: 0, ordinal: 0 }))
            }
            _ => None,
        };
        let key = self.wish.sort.as_ref().and_then(|(name, _)| agent2028_core::quantity::find(state.world, name));
        let gathering = Gathering { next: 0, passing, meaning, key, keyed: Vec::new(), urgent };
        self.work = Work::Gathering(Box::new(gathering));
    }

    fn go_on(&mut self, state: State<'_>) {
        let descending = self.wish.sort.as_ref().is_some_and(|(_, descending)| *descending);
        if let Work::Gathering(gathering) = &mut self.work {
            let Gathering { next, passing, meaning, key, keyed, urgent } = &mut **gathering;
            let index = state.world.resource::<AgentIndex>();
            let end = index.next_id().0;
            let until = next.saturating_add(if *urgent { URGENT_PER_FRAME } else { FRESH_PER_FRAME } as u32).min(end);
            for id in (*next..until).map(AgentId) {
                if index.get(id).is_some() && admits(state, &self.wish, meaning, passing.as_deref(), id) {
                    let value = key.as_ref().and_then(|key| key.value(state.world, id)).unwrap_or(f64::NAN);
                    keyed.push((value, id));
                }
            }
            *next = until;
            if until < end {
                return;
            }
            let (mut keyed, sorts) = (std::mem::take(keyed), key.is_some());
            if !sorts || keyed.len() <= SORTED_AT_ONCE {
                if sorts {
                    sort(&mut keyed, descending);
                }
                self.take(keyed.into_iter().map(|(_, agent)| agent).collect());
                return;
            }
            let sorting = std::thread::Builder::new().name("registry order".into()).spawn(move || {
                sort(&mut keyed, descending);
                keyed.into_iter().map(|(_, agent)| agent).collect()
            });
            self.work = sorting.map_or(Work::Idle, Work::Sorting);
        }
        if matches!(&self.work, Work::Sorting(sorting) if sorting.is_finished())
            && let Work::Sorting(sorting) = std::mem::replace(&mut self.work, Work::Idle)
            && let Ok(agents) = sorting.join()
        {
            self.take(agents);
        }
    }

    fn take(&mut self, agents: Vec<AgentId>) {
        self.count = agents.len();
        self.rows = Rows::List(agents);
        self.work = Work::Idle;
    }
}

/// By value, agents without one last, and those with equal ones by number.
fn sort(keyed: &mut [Keyed], descending: bool) {
    keyed.sort_unstable_by(|(a, first), (b, second)| {
        let values = match (a.is_nan(), b.is_nan()) {
            (false, false) if descending => b.total_cmp(a),
            (false, false) => a.total_cmp(b),
            (a, b) => a.cmp(&b),
        };
        values.then_with(|| first.cmp(second))
    });
}

fn admits(state: State<'_>, wish: &Wish, meaning: &Meaning, passing: Option<&[AgentId]>, agent: AgentId) -> bool {
    if wish.only_selected && state.selected.binary_search(&agent).is_err() {
        return false;
    }
    if passing.is_some_and(|passing| passing.binary_search(&agent).is_err()) {
        return false;
    }
    let groups = state.world.resource::<AgentGroups>();
    if let Some(wanted) = &wish.group
        && groups.group_of(agent).and_then(|group| groups.get(group)).is_none_or(|group| group.name != *wanted)
    {
        return false;
    }
    if let Some(wanted) = wish.status {
        let entity = state.world.resource::<AgentIndex>().get(agent);
        let condition = entity.and_then(|entity| state.world.get::<Condition>(entity));
        if condition.map_or(Status::Active, |condition| condition.status) != wanted {
            return false;
        }
    }
    match meaning {
        Meaning::All | Meaning::Expression(_) => true,
        Meaning::Number(number) => agent == *number,
        Meaning::Name(part) => groups.name_of(agent).to_lowercase().contains(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_sorted_with_those_that_lack_one_last() {
        let keyed = |values: &[f64]| -> Vec<Keyed> {
            values.iter().enumerate().map(|(id, value)| (*value, AgentId(id as u32))).collect()
        };
        let ids = |keyed: &[Keyed]| keyed.iter().map(|(_, agent)| agent.0).collect::<Vec<_>>();
        let mut values = keyed(&[2.0, f64::NAN, 1.0, 2.0, -1.0]);
        sort(&mut values, false);
        assert_eq!(ids(&values), [4, 2, 0, 3, 1]);
        sort(&mut values, true);
        assert_eq!(ids(&values), [0, 3, 2, 4, 1]);
    }

    #[test]
    fn a_filter_is_a_number_an_expression_or_a_part_of_a_name() {
        assert_eq!(Meaning::of("  "), Meaning::All);
        assert_eq!(Meaning::of("#12"), Meaning::Number(AgentId(12)));
        assert_eq!(Meaning::of("12"), Meaning::Number(AgentId(12)));
        assert_eq!(Meaning::of("Bird-1"), Meaning::Name("bird-1".into()));
        assert!(matches!(Meaning::of("speed > 2 and group ant"), Meaning::Expression(_)));
    }
}
