//! What a timeline will have done by the time of one of its entries, as far as that can be told before it runs: so an entry that
//! can never work is refused before the first tick.
//!
//! A scene's timeline is rehearsed in the order of its ticks. Whatever an entry finds there only grows: agents of a group may be
//! there from the tick on in which the first of them come, though others may take them away again. So an entry is judged as of
//! the last time that it happens, and what can't be told is taken for possible.

use std::collections::BTreeMap;

use bevy::prelude::*;

use crate::agent::{AgentGroup, AgentGroups, AgentId};
use crate::intervention::{AnyIntervention, Newcomers};
use crate::selector::Selector;

/// An entry of a timeline.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What is done.
    pub action: AnyIntervention,
    /// The tick in which it happens first.
    pub first: u64,
    /// How many ticks later it happens again.
    pub every: u64,
    /// How often it happens.
    pub times: u64,
}

impl Planned {
    /// The tick in which it happens for the last time. What is at 0 happens in the first tick.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.first.saturating_add(self.times.saturating_sub(1).saturating_mul(self.every)).max(1)
    }

    /// How often it has happened before `tick`, or up to it.
    fn times_until(&self, tick: u64, is_included: bool) -> u64 {
        let Some(since) = tick.checked_sub(self.first) else { return 0 };
        let again = since.checked_div(self.every).unwrap_or(0);
        let times = match (is_included, self.every) {
            (true, _) => again + 1,
            (false, 0) => u64::from(since > 0),
            (false, every) => since.div_ceil(every),
        };
        times.min(self.times)
    }
}

/// A tick, and the place in the file of what happens then.
type Moment = (u64, usize);

/// A timeline, and which of its entries is looked at. It is there only while a scene is checked.
#[derive(Resource, Clone, Debug, Default)]
pub struct Rehearsal {
    entries: Vec<Planned>,
    now: Moment,
    /// The entries of each kind.
    kinds: BTreeMap<&'static str, Vec<usize>>,
    /// Those that bring agents.
    bring: Vec<usize>,
    /// When the first join each group, and when somebody joins of whom nobody can tell which.
    joined: BTreeMap<String, Moment>,
    joined_any: Option<Moment>,
    /// When somebody is first given a capability, and when somebody first leaves.
    granted: Option<Moment>,
    left: Option<Moment>,
}

/// The earlier of two moments.
fn earlier(known: Option<Moment>, moment: Moment) -> Option<Moment> {
    Some(known.map_or(moment, |known| known.min(moment)))
}

impl Rehearsal {
    /// A timeline, in the order of its file.
    #[must_use]
    pub fn of(entries: Vec<Planned>) -> Self {
        let mut rehearsal = Self::default();
        for (place, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.times > 0) {
            let (action, moment) = (&entry.action, (entry.first.max(1), place));
            rehearsal.kinds.entry(action.name()).or_default().push(place);
            if action.newcomers() != Newcomers::None {
                rehearsal.bring.push(place);
                match action.joined() {
                    Some(group) => {
                        let first = rehearsal.joined.entry(group.to_owned()).or_insert(moment);
                        *first = moment.min(*first);
                    }
                    None => rehearsal.joined_any = earlier(rehearsal.joined_any, moment),
                }
            }
            if action.grants().is_some() {
                rehearsal.granted = earlier(rehearsal.granted, moment);
            }
            if action.takes_away() {
                rehearsal.left = earlier(rehearsal.left, moment);
            }
        }
        Self { entries, ..rehearsal }
    }

    /// Looks at an entry by its number, at the last time that it happens.
    pub fn look_at(&mut self, entry: usize) {
        self.now = (self.entries.get(entry).map_or(0, Planned::last), entry);
    }

    fn has_come(&self, moment: Option<Moment>) -> bool {
        moment.is_some_and(|moment| moment < self.now)
    }

    /// How often an entry has happened.
    fn times_of(&self, place: usize) -> u64 {
        let (tick, number) = self.now;
        self.entries.get(place).map_or(0, |entry| entry.times_until(tick, place < number))
    }

    /// Whether somebody has been given a capability.
    #[must_use]
    pub fn has_granted(&self) -> bool {
        self.has_come(self.granted)
    }

    /// How often interventions of this name have happened in the timeline that is rehearsed in a world.
    #[must_use]
    pub fn times(world: &World, name: &str) -> u64 {
        let Some(rehearsal) = world.get_resource::<Self>() else { return 0 };
        let places = rehearsal.kinds.get(name).into_iter().flatten();
        places.map(|place| rehearsal.times_of(*place)).fold(0, u64::saturating_add)
    }

    /// Whether agents of a group may be there.
    fn may_have(&self, group: &AgentGroup) -> bool {
        group.initial_count() > 0
            || self.has_come(self.joined_any)
            || self.has_come(self.joined.get(&group.name).copied())
    }
}

/// The groups of a world of which a selector may choose agents at this moment of its rehearsal.
#[must_use]
pub fn groups_that_may_be_chosen<'w>(world: &'w World, select: &Selector) -> Vec<&'w AgentGroup> {
    let none = Rehearsal::default();
    let rehearsal = world.get_resource::<Rehearsal>().unwrap_or(&none);
    let groups = world.resource::<AgentGroups>();
    let mut first = 0_u32;
    let mut found = Vec::new();
    let total = groups.groups().iter().map(AgentGroup::initial_count).fold(0, u32::saturating_add);
    for group in groups.groups() {
        // The ids that its agents have from the beginning; whoever comes later may have any that is higher than all of these.
        let own = first..first.saturating_add(group.initial_count());
        first = own.end;
        let members = Members { group, own, later: total };
        if rehearsal.may_have(group) && may_reach(select, &members) {
            found.push(group);
        }
    }
    found
}

/// How many agents there are at least at this moment of a rehearsal, if there may be `most` at once; nothing if that can't be told
/// because some may have left.
#[must_use]
pub fn agents_at_least(world: &World, most: u64) -> Option<u64> {
    let groups = world.resource::<AgentGroups>().groups();
    let mut agents: u64 = groups.iter().map(|group| u64::from(group.initial_count())).sum();
    let Some(rehearsal) = world.get_resource::<Rehearsal>() else { return Some(agents) };
    if rehearsal.has_come(rehearsal.left) {
        return None;
    }
    for place in &rehearsal.bring {
        // Whoever finds no room doesn't come.
        if let Some(Newcomers::Each(count)) = rehearsal.entries.get(*place).map(|entry| entry.action.newcomers())
            && let Some(more) = u64::from(count).checked_mul(rehearsal.times_of(*place))
            && more <= most.saturating_sub(agents)
        {
            agents += more;
        }
    }
    Some(agents)
}

/// The agents of a group.
struct Members<'g> {
    group: &'g AgentGroup,
    own: std::ops::Range<u32>,
    later: u32,
}

impl Members<'_> {
    fn may_have_id(&self, agent: AgentId) -> bool {
        self.own.contains(&agent.0) || agent.0 >= self.later
    }
}

/// Whether a selector may choose agents of a group.
fn may_reach(select: &Selector, members: &Members) -> bool {
    match select {
        Selector::Named(name) => members.group.name == *name,
        Selector::Role(role) => members.group.role == *role,
        Selector::InRegion(region) => members.group.region == *region,
        Selector::Ids(ids) => ids.iter().any(|agent| members.may_have_id(*agent)),
        Selector::IdRange { first, last } => {
            last.0 >= members.later || (first.0 < members.own.end && last.0 >= members.own.start)
        }
        Selector::And(selectors) => selectors.iter().all(|select| may_reach(select, members)),
        Selector::Or(selectors) => selectors.iter().any(|select| may_reach(select, members)),
        Selector::Not(select) => !reaches_all(select, members),
        _ => true,
    }
}

/// Whether a selector chooses all agents of a group for certain.
fn reaches_all(select: &Selector, members: &Members) -> bool {
    match select {
        Selector::All => true,
        Selector::Named(_) | Selector::Role(_) | Selector::InRegion(_) => may_reach(select, members),
        Selector::And(selectors) => selectors.iter().all(|select| reaches_all(select, members)),
        Selector::Or(selectors) => selectors.iter().any(|select| reaches_all(select, members)),
        Selector::Not(select) => !may_reach(select, members),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{GrantCapability, Kill, Spawn};
    use crate::intervention::Intervention as _;

    fn named(name: &str) -> Selector {
        Selector::Named(name.into())
    }

    #[test]
    fn whoever_may_be_chosen_is_told_by_groups_ids_and_what_came_before() {
        let mut world = World::new();
        let mut groups = AgentGroups::default();
        for (name, count, role) in [("a", 3, "x"), ("b", 2, "y"), ("c", 0, "x")] {
            groups.add(AgentGroup { name: name.into(), count, role: role.into(), ..default() });
        }
        world.insert_resource(groups);
        let spawn = Spawn { group: "c".into(), ..default() };
        let planned = |action: AnyIntervention, first, every, times| Planned { action, first, every, times };
        let entries = vec![
            planned(Kill::default().into(), 10, 0, 1),
            planned(spawn.into(), 10, 5, 3),
            planned(Kill::default().into(), 10, 0, 1),
            planned(Kill::default().into(), 20, 0, 1),
        ];
        world.insert_resource(Rehearsal::of(entries));
        let mut chosen = |entry: usize, select: Selector| {
            world.resource_mut::<Rehearsal>().look_at(entry);
            let names = groups_that_may_be_chosen(&world, &select).into_iter().map(|group| group.name.clone());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(chosen(0, Selector::All), "a b", "nobody has joined c yet");
        assert_eq!(chosen(2, Selector::All), "a b c", "the entry before it in the file brings them in the same tick");
        assert_eq!(chosen(2, Selector::Role("x".into())), "a c");
        assert_eq!(chosen(2, Selector::Not(Box::new(Selector::Role("x".into())))), "b");
        assert_eq!(chosen(2, Selector::Not(Box::new(Selector::Fraction(0.5)))), "a b c");
        assert_eq!(chosen(2, Selector::And(vec![named("a"), Selector::Count(1)])), "a");
        assert_eq!(chosen(2, Selector::And(vec![named("a"), named("b")])), "");
        assert_eq!(chosen(2, Selector::Or(vec![named("a"), named("b")])), "a b");
        assert_eq!(chosen(2, Selector::Ids(vec![AgentId(4)])), "b");
        assert_eq!(chosen(2, Selector::IdRange { first: AgentId(2), last: AgentId(3) }), "a b");
        assert_eq!(chosen(2, Selector::Ids(vec![AgentId(5)])), "a b c", "whoever comes later may be of any group");
        let times = |world: &mut World, entry: usize, name: &str| {
            world.resource_mut::<Rehearsal>().look_at(entry);
            Rehearsal::times(world, name)
        };
        assert_eq!(times(&mut world, 2, "Spawn"), 1);
        assert_eq!(times(&mut world, 3, "Spawn"), 3, "10, 15 and 20");
        assert_eq!(times(&mut world, 3, GrantCapability::NAME), 0);
        assert_eq!((times(&mut world, 1, "Kill"), times(&mut world, 0, "Kill")), (2, 0));
        assert_eq!(agents_at_least(&world, 100), Some(5));
        world.resource_mut::<Rehearsal>().look_at(3);
        assert_eq!((agents_at_least(&world, 100), agents_at_least(&world, 20)), (Some(35), Some(5)));
    }
}
