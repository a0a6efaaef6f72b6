//! What agents can do: interned dotted names, bit sets per agent, and an inverted index.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{AgentId, AgentIndex};
use crate::check::Names;

/// An interned capability name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Reflect, Serialize, Deserialize)]
pub struct CapabilityId(pub u16);

/// What is wrong with a capability name or pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// The name isn't dotted lower-case words.
    #[error("\"{0}\" is not a capability name: it takes words of a–z, 0–9 and _ joined by dots")]
    Malformed(String),
    /// A wildcard stands somewhere else than at the end.
    #[error("\"{0}\" is not a capability pattern: * may only be the last word, as in \"database.*\"")]
    MalformedPattern(String),
    /// More names than ids.
    #[error("a run knows at most 65 536 capabilities")]
    TooMany,
}

/// Checks a capability name.
pub(crate) fn validate_name(name: &str) -> Result<(), CapabilityError> {
    let well_formed = !name.is_empty()
        && name.split('.').all(|word| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        });
    if well_formed { Ok(()) } else { Err(CapabilityError::Malformed(name.into())) }
}

/// Splits a pattern into its literal part and whether a wildcard follows: `database.*` is (`database.`, true), `*` is
/// (empty, true), `database.query` is itself.
///
/// # Errors
/// If the literal part isn't made of dotted lower-case words or the wildcard isn't the last one.
pub fn parse_pattern(pattern: &str) -> Result<(&str, bool), CapabilityError> {
    if pattern == "*" {
        return Ok(("", true));
    }
    match pattern.strip_suffix(".*") {
        Some(domain) => match validate_name(domain) {
            Ok(()) => Ok((&pattern[..pattern.len() - 1], true)),
            Err(_) => Err(CapabilityError::MalformedPattern(pattern.into())),
        },
        None if pattern.contains('*') => Err(CapabilityError::MalformedPattern(pattern.into())),
        None => validate_name(pattern).map(|()| (pattern, false)),
    }
}

/// All capability names that a run knows.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CapabilityRegistry {
    names: Vec<String>,
    by_name: BTreeMap<String, CapabilityId>,
    #[serde(skip)]
    gathered: Gathered,
}

/// The names for those who check: gathered when somebody asks, and kept until there is another. No part of the state.
#[derive(Clone, Debug, Default)]
struct Gathered(OnceLock<Names>);

impl PartialEq for Gathered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl CapabilityRegistry {
    /// The id of a name, given on first use.
    ///
    /// # Errors
    /// If the name is malformed or all ids are taken.
    pub fn intern(&mut self, name: &str) -> Result<CapabilityId, CapabilityError> {
        if let Some(id) = self.by_name.get(name) {
            return Ok(*id);
        }
        validate_name(name)?;
        let id = CapabilityId(u16::try_from(self.names.len()).map_err(|_| CapabilityError::TooMany)?);
        self.names.push(name.into());
        self.by_name.insert(name.into(), id);
        self.gathered = Gathered::default();
        Ok(id)
    }

    /// The id of a name, if it is known.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<CapabilityId> {
        self.by_name.get(name).copied()
    }

    /// The name of an id.
    #[must_use]
    pub fn name(&self, id: CapabilityId) -> &str {
        self.names.get(usize::from(id.0)).map_or("", String::as_str)
    }

    /// All names, sorted, for those who check whether a name is known.
    #[must_use]
    pub fn gathered(&self) -> Names {
        self.gathered.0.get_or_init(|| self.names().map(str::to_owned).collect()).clone()
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The ids that a pattern stands for, in the order of their names.
    ///
    /// # Errors
    /// If the pattern is malformed.
    pub fn matching(&self, pattern: &str) -> Result<Vec<CapabilityId>, CapabilityError> {
        let (literal, wildcard) = parse_pattern(pattern)?;
        Ok(if wildcard {
            self.by_name
                .range(literal.to_owned()..)
                .take_while(|(name, _)| name.starts_with(literal))
                .map(|(_, id)| *id)
                .collect()
        } else {
            self.find(literal).into_iter().collect()
        })
    }
}

/// A set of capabilities as bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilitySet(Vec<u64>);

impl CapabilitySet {
    /// Adds a capability.
    pub fn insert(&mut self, id: CapabilityId) {
        let word = usize::from(id.0) / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (id.0 % 64);
    }

    /// Takes a capability away.
    pub fn remove(&mut self, id: CapabilityId) {
        if let Some(word) = self.0.get_mut(usize::from(id.0) / 64) {
            *word &= !(1 << (id.0 % 64));
        }
        // Equal sets must have equal bytes: they are hashed.
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// Whether the capability is in the set.
    #[must_use]
    pub fn contains(&self, id: CapabilityId) -> bool {
        self.0.get(usize::from(id.0) / 64).is_some_and(|word| word & (1 << (id.0 % 64)) != 0)
    }

    /// The capabilities in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = CapabilityId> + '_ {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            (0..64_u16).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| CapabilityId(word as u16 * 64 + bit))
        })
    }
}

/// The capabilities of an agent; absent on agents that have none from the start.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities(pub CapabilitySet);

/// So many words of 64 ids share a page.
const PAGE: usize = 16;

/// Agents as bits, in pages that are there only while somebody stands in them.
#[derive(Clone, Debug, Default)]
struct Bitmap(Vec<Option<Box<[u64; PAGE]>>>);

/// From capability to agents: a bitmap over agent ids per capability. Derived from [`Capabilities`].
#[derive(Resource, Clone, Debug, Default)]
pub struct CapabilityIndex {
    agents: Vec<Bitmap>,
}

impl CapabilityIndex {
    pub(crate) fn insert(&mut self, capability: CapabilityId, agent: AgentId) {
        let slot = usize::from(capability.0);
        if self.agents.len() <= slot {
            self.agents.resize(slot + 1, Bitmap::default());
        }
        let pages = &mut self.agents[slot].0;
        let word = agent.index() / 64;
        if pages.len() <= word / PAGE {
            pages.resize(word / PAGE + 1, None);
        }
        pages[word / PAGE].get_or_insert_default()[word % PAGE] |= 1 << (agent.0 % 64);
    }

    pub(crate) fn remove(&mut self, capability: CapabilityId, agent: AgentId) {
        let word = agent.index() / 64;
        let bitmap = self.agents.get_mut(usize::from(capability.0));
        if let Some(held) = bitmap.and_then(|bitmap| bitmap.0.get_mut(word / PAGE))
            && let Some(page) = held
        {
            page[word % PAGE] &= !(1 << (agent.0 % 64));
            if page.iter().all(|word| *word == 0) {
                *held = None;
            }
        }
    }

    /// The agents that have any of the capabilities, in id order.
    #[must_use]
    pub fn agents_with_any(&self, capabilities: &[CapabilityId]) -> Vec<AgentId> {
        let bitmaps: Vec<&Bitmap> =
            capabilities.iter().filter_map(|capability| self.agents.get(usize::from(capability.0))).collect();
        let mut agents = Vec::new();
        for number in 0..bitmaps.iter().map(|bitmap| bitmap.0.len()).max().unwrap_or(0) {
            let pages = || bitmaps.iter().filter_map(|bitmap| bitmap.0.get(number)?.as_ref());
            if pages().next().is_none() {
                continue;
            }
            for word in 0..PAGE {
                let mut bits = pages().fold(0, |union, page| union | page[word]);
                while bits != 0 {
                    agents.push(AgentId(((number * PAGE + word) * 64) as u32 + bits.trailing_zeros()));
                    bits &= bits - 1;
                }
            }
        }
        agents
    }
}

/// Gives a capability to agents while the run goes on. Returns how many did not have it.
///
/// # Errors
/// If the name is malformed.
pub fn grant_capability(world: &mut World, agents: &[AgentId], name: &str) -> Result<usize, CapabilityError> {
    let id = world.resource_mut::<CapabilityRegistry>().intern(name)?;
    let mut granted = 0;
    for &agent in agents {
        let Some(entity) = world.resource::<AgentIndex>().get(agent) else {
            continue;
        };
        let mut set = world.get::<Capabilities>(entity).cloned().unwrap_or_default();
        if !set.0.contains(id) {
            set.0.insert(id);
            if world.get::<super::ServiceRecord>(entity).is_none() {
                world.entity_mut(entity).insert(super::ServiceRecord::default());
            }
            world.entity_mut(entity).insert(set);
            world.resource_mut::<CapabilityIndex>().insert(id, agent);
            granted += 1;
        }
    }
    Ok(granted)
}

/// Takes a capability from agents while the run goes on. Returns how many had it.
///
/// # Errors
/// If the name is malformed.
pub fn withdraw_capability(world: &mut World, agents: &[AgentId], name: &str) -> Result<usize, CapabilityError> {
    validate_name(name)?;
    let Some(id) = world.resource::<CapabilityRegistry>().find(name) else {
        return Ok(0);
    };
    let mut withdrawn = 0;
    for &agent in agents {
        let Some(entity) = world.resource::<AgentIndex>().get(agent) else {
            continue;
        };
        let Some(mut set) = world.get::<Capabilities>(entity).cloned() else {
            continue;
        };
        if set.0.contains(id) {
            set.0.remove(id);
            world.entity_mut(entity).insert(set);
            world.resource_mut::<CapabilityIndex>().remove(id, agent);
            withdrawn += 1;
        }
    }
    Ok(withdrawn)
}

/// Derives the inverted index again, after a checkpoint was loaded.
pub(crate) fn rebuild_index(world: &mut World) {
    let mut index = CapabilityIndex::default();
    let mut agents = world.query::<(&super::Agent, &Capabilities)>();
    for (agent, set) in agents.iter(world) {
        for capability in set.0.iter() {
            index.insert(capability, agent.0);
        }
    }
    world.insert_resource(index);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{AgentGroup, AgentGroups, Placement, remove_agents, spawn_group};
    use proptest::prelude::*;

    #[test]
    fn patterns_are_checked() {
        assert_eq!(parse_pattern("database.*"), Ok(("database.", true)));
        assert_eq!(parse_pattern("*"), Ok(("", true)));
        assert_eq!(parse_pattern("ml.inference"), Ok(("ml.inference", false)));
        for bad in ["", "Database", "a..b", "a.*.b", "*.a", "a*", ".a", "a."] {
            assert!(parse_pattern(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wildcard_matches_any_depth_below_its_domain_only() {
        let mut registry = CapabilityRegistry::default();
        for name in ["database.query", "database.query.fast", "databases.query", "database", "ml.train"] {
            registry.intern(name).unwrap();
        }
        let names: Vec<&str> =
            registry.matching("database.*").unwrap().into_iter().map(|id| registry.name(id)).collect();
        assert_eq!(names, ["database.query", "database.query.fast"]);
        assert_eq!(registry.matching("*").unwrap().len(), 5);
    }

    const NAMES: [&str; 5] = ["a.x", "a.y", "a.y.z", "b.x", "c"];

    #[derive(Clone, Debug)]
    enum Step {
        Spawn(u32),
        Remove(u32),
        Grant(u32, usize),
        Withdraw(u32, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1_u32..4).prop_map(Step::Spawn),
            (0_u32..40).prop_map(Step::Remove),
            (0_u32..40, 0..NAMES.len()).prop_map(|(agent, name)| Step::Grant(agent, name)),
            (0_u32..40, 0..NAMES.len()).prop_map(|(agent, name)| Step::Withdraw(agent, name)),
        ]
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn lookups_equal_a_linear_scan(steps in prop::collection::vec(step(), 1..60)) {
            let mut app = App::new();
            app.add_plugins(crate::SimCorePlugin::default());
            let world = app.world_mut();
            let group = world.resource_mut::<AgentGroups>().add(AgentGroup::default());
            for step in steps {
                match step {
                    Step::Spawn(count) => { spawn_group(world, group, count, &Placement::World).unwrap(); }
                    Step::Remove(agent) => { remove_agents(world, &[AgentId(agent)]); }
                    Step::Grant(agent, name) => { grant_capability(world, &[AgentId(agent)], NAMES[name]).unwrap(); }
                    Step::Withdraw(agent, name) => { withdraw_capability(world, &[AgentId(agent)], NAMES[name]).unwrap(); }
                }
            }
            for pattern in ["a.*", "*", "a.y", "a.y.*", "b.x", "c", "d.*"] {
                let ids = world.resource::<CapabilityRegistry>().matching(pattern).unwrap();
                let indexed = world.resource::<CapabilityIndex>().agents_with_any(&ids);
                let mut scanned: Vec<AgentId> = world
                    .query::<(&crate::agent::Agent, &Capabilities)>()
                    .iter(world)
                    .filter(|(_, set)| ids.iter().any(|id| set.0.contains(*id)))
                    .map(|(agent, _)| agent.0)
                    .collect();
                scanned.sort_unstable();
                prop_assert_eq!(indexed, scanned);
            }
        }
    }
}
