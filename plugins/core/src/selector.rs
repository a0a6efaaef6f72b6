//! Selectors name agents: in scenes, on the command line and in the inspector.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::{
    Agent, AgentGroups, AgentId, AgentIndex, CapabilityIndex, CapabilityRegistry, Condition, Position, Status,
    parse_pattern,
};
use crate::intervention::InterventionContext;
use crate::rng::{Purpose, SimRng};
use crate::schema::{Check, Problems, Range, Unit, suggest};
use crate::space::WorldBounds;

/// Which agents are meant.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum Selector {
    /// All agents.
    #[default]
    All,
    /// A random share of the agents, 0–1, rounded to the nearest number of agents.
    Fraction(#[reflect(@Range::new(0.0, 1.0))] f32),
    /// A random choice of this many agents, or all if there are fewer.
    Count(u32),
    /// The agents of a group.
    Named(String),
    /// The agents with a capability: a name, or a pattern such as `database.*`.
    WithCapability(String),
    /// The agents of all groups that play this role.
    Role(String),
    /// The agents with these ids.
    Ids(Vec<AgentId>),
    /// The agents whose status is this.
    HasStatus(Status),
    /// The agents within a circle.
    Within {
        /// The circle's centre.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// The circle's radius.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        radius: f32,
    },
    /// Narrows down step by step: each selector chooses among what the ones before it left, so
    /// `And([Named("ant"), Fraction(0.5)])` is half of the ants.
    And(#[reflect(ignore)] Vec<Selector>),
    /// All agents that the selector doesn't choose.
    Not(#[reflect(ignore)] Box<Selector>),
}

impl Selector {
    /// The agents meant, in id order. Random choices are keyed by the intervention's place in its tick, so they are the
    /// same in every run.
    #[must_use]
    pub fn resolve(&self, world: &mut World, context: &InterventionContext) -> Vec<AgentId> {
        let all: Vec<AgentId> = world.resource::<AgentIndex>().iter().map(|(agent, _)| agent).collect();
        self.narrow(world, context, all, 0)
    }

    fn narrow(
        &self,
        world: &mut World,
        context: &InterventionContext,
        mut from: Vec<AgentId>,
        depth: u64,
    ) -> Vec<AgentId> {
        match self {
            Self::All => from,
            Self::Fraction(share) => {
                let count = (f64::from(share.clamp(0.0, 1.0)) * from.len() as f64).round() as usize;
                sample(world, context, from, count, depth)
            }
            Self::Count(count) => sample(world, context, from, *count as usize, depth),
            Self::Named(name) => {
                let groups = world.resource::<AgentGroups>();
                let group = groups.find(name);
                from.retain(|agent| group.is_some() && groups.group_of(*agent) == group);
                from
            }
            Self::Role(role) => {
                let groups = world.resource::<AgentGroups>();
                from.retain(|agent| {
                    groups.group_of(*agent).and_then(|group| groups.get(group)).is_some_and(|group| group.role == *role)
                });
                from
            }
            Self::WithCapability(pattern) => {
                let ids = world.resource::<CapabilityRegistry>().matching(pattern).unwrap_or_default();
                let capable = world.resource::<CapabilityIndex>().agents_with_any(&ids);
                from.retain(|agent| capable.binary_search(agent).is_ok());
                from
            }
            Self::Ids(ids) => {
                let mut ids = ids.clone();
                ids.sort_unstable();
                from.retain(|agent| ids.binary_search(agent).is_ok());
                from
            }
            Self::HasStatus(status) => {
                let index = world.resource::<AgentIndex>();
                from.retain(|agent| {
                    index.get(*agent).is_some_and(|entity| {
                        world.get::<Condition>(entity).map_or(Status::Active, |condition| condition.status) == *status
                    })
                });
                from
            }
            Self::Within { center, radius } => {
                let bounds = *world.resource::<WorldBounds>();
                let mut inside: Vec<AgentId> = world
                    .query::<(&Agent, &Position)>()
                    .iter(world)
                    .filter(|(_, position)| bounds.delta(*center, position.0).length_squared() <= radius * radius)
                    .map(|(agent, _)| agent.0)
                    .collect();
                inside.sort_unstable();
                from.retain(|agent| inside.binary_search(agent).is_ok());
                from
            }
            Self::And(selectors) => selectors.iter().enumerate().fold(from, |left, (index, selector)| {
                selector.narrow(world, context, left, depth.wrapping_mul(16).wrapping_add(index as u64 + 1))
            }),
            Self::Not(selector) => {
                let chosen = selector.narrow(world, context, from.clone(), depth.wrapping_mul(16).wrapping_add(1));
                from.retain(|agent| chosen.binary_search(agent).is_err());
                from
            }
        }
    }
}

/// The `count` agents with the smallest random keys: every agent has the same chance, whoever else is there.
fn sample(world: &World, context: &InterventionContext, from: Vec<AgentId>, count: usize, depth: u64) -> Vec<AgentId> {
    if count >= from.len() {
        return from;
    }
    if count == 0 {
        return Vec::new();
    }
    let dice = world.resource::<SimRng>();
    let purpose = Purpose::new("selector").indexed(context.ordinal).indexed(depth);
    let mut keyed: Vec<(u64, AgentId)> = from
        .into_iter()
        .map(|agent| {
            let mut stream = dice.stream(purpose, agent, context.tick);
            (rand::Rng::next_u64(&mut stream), agent)
        })
        .collect();
    keyed.select_nth_unstable(count - 1);
    keyed.truncate(count);
    let mut chosen: Vec<AgentId> = keyed.into_iter().map(|(_, agent)| agent).collect();
    chosen.sort_unstable();
    chosen
}

impl Check for Selector {
    fn check(&self, at: &str, problems: &mut Problems) {
        match self {
            Self::Named(name) => problems.check_group(at, name),
            Self::WithCapability(pattern) => match parse_pattern(pattern) {
                Err(error) => problems.push(at, error.to_string(), "for example \"database.*\""),
                Ok((literal, wildcard)) => {
                    let known = problems
                        .capabilities
                        .iter()
                        .any(|name| if wildcard { name.starts_with(literal) } else { name == literal });
                    if !known {
                        let mut names = problems.capabilities.clone();
                        names.extend(
                            problems
                                .capabilities
                                .iter()
                                .filter_map(|name| name.rsplit_once('.').map(|(domain, _)| format!("{domain}.*"))),
                        );
                        let help = suggest(pattern, names.iter().map(String::as_str), "capability");
                        problems.push(at, format!("no agent has a capability that matches \"{pattern}\""), help);
                    }
                }
            },
            Self::And(selectors) => {
                for selector in selectors {
                    selector.check(at, problems);
                }
            }
            Self::Not(selector) => selector.check(at, problems),
            Self::Within { center, .. } if !center.is_finite() => {
                problems.push(at, "the centre is not finite", "write ordinary numbers");
            }
            Self::Fraction(share) if !(0.0..=1.0).contains(share) => {
                problems.push(at, format!("a share of {share} is out of range"), "the value must be 0 to 1");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimCorePlugin;
    use crate::agent::{AgentGroup, Placement, fail_agents, spawn_group};

    fn world() -> App {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        for (name, role, capabilities) in [("ant", "worker", vec!["carry.food".to_owned()]), ("bird", "", vec![])] {
            let group = AgentGroup { name: name.into(), role: role.into(), capabilities, ..default() };
            let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
            spawn_group(app.world_mut(), group, 10, &Placement::Grid { center: Vec2::ZERO, spacing: 1.0 }).unwrap();
        }
        app
    }

    fn chosen(app: &mut App, selector: &Selector) -> Vec<u32> {
        let context = InterventionContext { tick: 5, ordinal: 0 };
        selector.resolve(app.world_mut(), &context).into_iter().map(|agent| agent.0).collect()
    }

    #[test]
    fn selectors_may_be_nested_deeply() {
        let mut nested = Selector::Count(3);
        for _ in 0..40 {
            nested = Selector::Not(Box::new(Selector::And(vec![nested])));
        }
        assert_eq!(chosen(&mut world(), &nested).len(), 3);
    }

    #[test]
    fn selectors_choose_what_they_say() {
        let mut app = world();
        fail_agents(app.world_mut(), &[AgentId(3)], u64::MAX);
        assert_eq!(chosen(&mut app, &Selector::All).len(), 20);
        assert_eq!(chosen(&mut app, &Selector::Named("bird".into())), (10..20).collect::<Vec<_>>());
        assert_eq!(chosen(&mut app, &Selector::Role("worker".into())), (0..10).collect::<Vec<_>>());
        assert_eq!(chosen(&mut app, &Selector::WithCapability("carry.*".into())).len(), 10);
        assert_eq!(chosen(&mut app, &Selector::Ids(vec![AgentId(7), AgentId(2), AgentId(99)])), [2, 7]);
        assert_eq!(chosen(&mut app, &Selector::HasStatus(Status::Failed)), [3]);
        assert_eq!(chosen(&mut app, &Selector::Fraction(0.25)).len(), 5);
        assert_eq!(chosen(&mut app, &Selector::Count(50)).len(), 20);
        let not = Selector::Not(Box::new(Selector::Named("ant".into())));
        assert_eq!(chosen(&mut app, &not), (10..20).collect::<Vec<_>>());
        let half = Selector::And(vec![Selector::Named("ant".into()), Selector::Fraction(0.5)]);
        let half = chosen(&mut app, &half);
        assert!(half.len() == 5 && half.iter().all(|agent| *agent < 10));
    }

    #[test]
    fn random_choices_repeat_and_differ_between_interventions() {
        let mut app = world();
        let mut pick = |ordinal| {
            let context = InterventionContext { tick: 5, ordinal };
            Selector::Count(6).resolve(app.world_mut(), &context)
        };
        assert_eq!(pick(0), pick(0));
        assert_ne!(pick(0), pick(1));
    }
}
