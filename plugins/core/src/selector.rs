//! Selectors name agents: in scenes, on the command line and in the inspector.
//!
//! [`expression`] reads and writes them as people would say them: `group ant and speed > 2`.

pub mod expression;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::{
    Agent, AgentGroups, AgentId, AgentIndex, CapabilityIndex, CapabilityRegistry, Condition, Position, Regions, Status,
    parse_pattern, region_of,
};
use crate::check::{Check, Naming, Problems, Range, Unit, suggest};
use crate::intervention::InterventionContext;
use crate::rng::{Purpose, SimRng};
use crate::space::{PolygonIndex, WorldBounds};

/// How a number is compared with another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Comparison {
    /// Less than.
    Below,
    /// Less than or equal to.
    AtMost,
    /// Equal to.
    Equal,
    /// Not equal to.
    Unequal,
    /// Greater than or equal to.
    AtLeast,
    /// Greater than.
    #[default]
    Above,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Below, Self::AtMost, Self::Equal, Self::Unequal, Self::AtLeast, Self::Above];

    /// Whether `left` compares with `right` in this way. What isn't a number compares with nothing.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::Unequal => left != right && !left.is_nan(),
            Self::AtLeast => left >= right,
            Self::Above => left > right,
        }
    }

    /// How it is written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }
}

/// Which agents are meant.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum Selector {
    /// All agents.
    #[default]
    All,
    /// A random share of the agents, 0–1, rounded to the nearest number of agents. What is done to them is done to those
    /// that it can change: `Kill(select: Fraction(0.5))` is half of those that have not failed.
    Fraction(#[reflect(@Range::new(0.0, 1.0))] f32),
    /// A random choice of this many agents, or all if there are fewer; of those that it can change, as with `Fraction`.
    Count(u32),
    /// The agents of a group.
    Named(String),
    /// The agents with a capability: a name, or a pattern such as `database.*`.
    WithCapability(String),
    /// The agents of all groups that play this role.
    Role(String),
    /// The agents that are at home in a region.
    InRegion(String),
    /// The agents with these ids.
    Ids(Vec<AgentId>),
    /// The agents with ids from the first to the last, both included.
    IdRange {
        /// The first id.
        first: AgentId,
        /// The last id.
        last: AgentId,
    },
    /// The agents whose status is this.
    HasStatus(Status),
    /// The agents of which a quantity compares with a value, such as a speed above 2; those that have no such quantity
    /// are not meant.
    Compare {
        /// The quantity's name, such as `speed`.
        quantity: String,
        /// How it compares.
        is: Comparison,
        /// With what, in the quantity's unit.
        value: f64,
    },
    /// The agents within a circle.
    Within {
        /// The circle's centre.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// The circle's radius.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        radius: f32,
    },
    /// The agents in a rectangle of the world; on a torus it may reach over an edge.
    Region {
        /// The rectangle's middle.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// Its width and height.
        #[reflect(@Unit("units"))]
        size: Vec2,
    },
    /// The agents in a polygon, given by its corners in order; on a torus it may reach over an edge.
    Inside(#[reflect(@Unit("units"))] Vec<Vec2>),
    /// The agents nearest to a point; of several equally near those with the lowest ids; of those that it can change, as
    /// with `Fraction`.
    Nearest {
        /// The point.
        #[reflect(@Unit("units"))]
        to: Vec2,
        /// How many.
        count: u32,
    },
    /// Narrows down step by step: each selector chooses among what the ones before it left, so
    /// `And([Named("ant"), Fraction(0.5)])` is half of the ants.
    And(#[reflect(ignore)] Vec<Selector>),
    /// The agents that at least one of the selectors chooses.
    Or(#[reflect(ignore)] Vec<Selector>),
    /// All agents that the selector doesn't choose.
    Not(#[reflect(ignore)] Box<Selector>),
}

impl Selector {
    /// The agents meant, in id order. Random choices are keyed by the intervention's place in its tick, so they are the
    /// same in every run.
    #[must_use]
    pub fn resolve(&self, world: &World, context: &InterventionContext) -> Vec<AgentId> {
        self.resolve_among(world, context, |_| true)
    }

    /// As [`Selector::resolve`], but where only some of the agents are chosen, by chance or because they are the nearest, the
    /// choice is among those that are `concerned`: to kill one at random is to kill one of those that live.
    #[must_use]
    pub fn resolve_among(
        &self,
        world: &World,
        context: &InterventionContext,
        concerned: impl Fn(AgentId) -> bool,
    ) -> Vec<AgentId> {
        let all: Vec<AgentId> = world.resource::<AgentIndex>().iter().map(|(agent, _)| agent).collect();
        self.narrow(&Choosing { world, context, concerned: &concerned }, all, 0)
    }

    fn narrow(&self, choosing: &Choosing, mut from: Vec<AgentId>, depth: u64) -> Vec<AgentId> {
        let world = choosing.world;
        match self {
            Self::All => from,
            Self::Fraction(share) => {
                from.retain(|agent| (choosing.concerned)(*agent));
                let count = (f64::from(share.clamp(0.0, 1.0)) * from.len() as f64).round() as usize;
                sample(choosing, from, count, depth)
            }
            Self::Count(count) => {
                from.retain(|agent| (choosing.concerned)(*agent));
                sample(choosing, from, *count as usize, depth)
            }
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
            Self::InRegion(name) => {
                let region = world.resource::<Regions>().find(name);
                from.retain(|agent| region.is_some() && region_of(world, *agent) == region);
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
            Self::IdRange { first, last } => {
                from.retain(|agent| (first..=last).contains(&agent));
                from
            }
            Self::Compare { quantity, is, value } => {
                retain_by_quantity(world, &mut from, quantity, |number| is.holds(number, *value));
                from
            }
            Self::Inside(corners) => {
                let polygon = PolygonIndex::new(corners);
                retain_by_place(world, &mut from, |bounds, place| polygon.contains_in(bounds, place));
                from
            }
            Self::Nearest { to, count } => {
                from.retain(|agent| (choosing.concerned)(*agent));
                nearest(world, from, *to, *count as usize)
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
                retain_by_place(world, &mut from, |bounds, place| {
                    bounds.delta(*center, place).length_squared() <= radius * radius
                });
                from
            }
            Self::Region { center, size } => {
                retain_by_place(world, &mut from, |bounds, place| {
                    bounds.delta(*center, place).abs().cmple(*size * 0.5).all()
                });
                from
            }
            Self::And(selectors) => selectors.iter().enumerate().fold(from, |left, (index, selector)| {
                selector.narrow(choosing, left, depth.wrapping_mul(16).wrapping_add(index as u64 + 1))
            }),
            Self::Or(selectors) => {
                let mut chosen: Vec<AgentId> = Vec::new();
                for (index, selector) in selectors.iter().enumerate() {
                    let depth = depth.wrapping_mul(16).wrapping_add(index as u64 + 1);
                    chosen.extend(selector.narrow(choosing, from.clone(), depth));
                }
                chosen.sort_unstable();
                chosen.dedup();
                chosen
            }
            Self::Not(selector) => {
                let chosen = selector.narrow(choosing, from.clone(), depth.wrapping_mul(16).wrapping_add(1));
                from.retain(|agent| chosen.binary_search(agent).is_err());
                from
            }
        }
    }
}

/// What a choice depends on.
struct Choosing<'a> {
    world: &'a World,
    context: &'a InterventionContext,
    /// Whom a choice of a few may fall on.
    concerned: &'a dyn Fn(AgentId) -> bool,
}

/// Keeps the agents that stand at a place that is `inside`.
fn retain_by_place(world: &World, from: &mut Vec<AgentId>, inside: impl Fn(&WorldBounds, Vec2) -> bool) {
    let bounds = *world.resource::<WorldBounds>();
    let Some(mut agents) = world.try_query::<(&Agent, &Position)>() else {
        return from.clear();
    };
    let mut chosen: Vec<AgentId> =
        agents.iter(world).filter(|(_, position)| inside(&bounds, position.0)).map(|(agent, _)| agent.0).collect();
    chosen.sort_unstable();
    from.retain(|agent| chosen.binary_search(agent).is_ok());
}

/// Keeps the agents that have a quantity of which the value is `meant`.
fn retain_by_quantity(world: &World, from: &mut Vec<AgentId>, name: &str, meant: impl Fn(f64) -> bool) {
    let Some(quantity) = crate::quantity::find(world, name) else {
        return from.clear();
    };
    from.retain(|agent| quantity.value(world, *agent).is_some_and(&meant));
}

/// The `count` agents of `from` that are nearest to a point.
fn nearest(world: &World, from: Vec<AgentId>, to: Vec2, count: usize) -> Vec<AgentId> {
    let (bounds, index) = (*world.resource::<WorldBounds>(), world.resource::<AgentIndex>());
    let mut placed: Vec<(f32, AgentId)> = from
        .into_iter()
        .filter_map(|agent| {
            let position = world.get::<Position>(index.get(agent)?)?;
            Some((bounds.delta(bounds.enter(to), position.0).length_squared(), agent))
        })
        .collect();
    let order = |a: &(f32, AgentId), b: &(f32, AgentId)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if count == 0 {
        return Vec::new();
    }
    if count < placed.len() {
        placed.select_nth_unstable_by(count - 1, order);
        placed.truncate(count);
    }
    let mut chosen: Vec<AgentId> = placed.into_iter().map(|(_, agent)| agent).collect();
    chosen.sort_unstable();
    chosen
}

/// The `count` agents with the smallest random keys: every agent has the same chance, whoever else is there.
fn sample(choosing: &Choosing, from: Vec<AgentId>, count: usize, depth: u64) -> Vec<AgentId> {
    if count >= from.len() {
        return from;
    }
    if count == 0 {
        return Vec::new();
    }
    let Choosing { world, context, .. } = choosing;
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

/// Whether the corners of a polygon don't all lie on one line.
fn has_an_inside(corners: &[Vec2]) -> bool {
    let Some(first) = corners.first() else { return false };
    let side = |corner: &Vec2| corner.as_dvec2() - first.as_dvec2();
    let Some(along) = corners.iter().map(side).find(|side| side.length_squared() > 0.0) else { return false };
    corners.iter().any(|corner| along.perp_dot(side(corner)) != 0.0)
}

/// The domains of so many capabilities are suggested to a selector that matches none.
const DOMAINS: usize = 128;

impl Check for Selector {
    fn check(&self, at: &str, problems: &mut Problems) {
        match self {
            Self::Named(name) => problems.check_group(at, name),
            Self::Role(role) => problems.check_role(at, role),
            Self::Ids(ids) => {
                // One of many is enough to find the mistake.
                if let Some(last) = ids.iter().max() {
                    problems.check_agent(at, last.0);
                }
            }
            Self::InRegion(name) if !problems.regions.contains(name) => {
                let help = suggest(name, problems.regions.iter(), "region");
                problems.push(at, format!("there is no region \"{name}\""), help);
            }
            Self::WithCapability(pattern) => match parse_pattern(pattern) {
                Err(error) => problems.push(at, error.to_string(), "for example \"database.*\""),
                Ok((literal, wildcard)) => {
                    let known = if wildcard {
                        problems.capabilities.any_begins_with(literal)
                    } else {
                        problems.capabilities.contains(literal)
                    };
                    if !known {
                        let some = problems.capabilities.iter().take(DOMAINS);
                        let domains: Vec<String> = some
                            .filter_map(|name| name.rsplit_once('.').map(|(domain, _)| format!("{domain}.*")))
                            .collect();
                        let names = domains.iter().map(String::as_str).chain(problems.capabilities.iter());
                        let help = suggest(pattern, names, "capability");
                        problems.push(at, format!("no agent has a capability that matches \"{pattern}\""), help);
                    }
                }
            },
            Self::And(selectors) | Self::Or(selectors) => {
                for selector in selectors {
                    selector.check(at, problems);
                }
            }
            Self::Not(selector) => selector.check(at, problems),
            Self::Within { center, .. } if !center.is_finite() => {
                problems.push(at, "the centre is not finite", "write ordinary numbers");
            }
            Self::Region { center, size } if !center.is_finite() || !size.is_finite() || size.min_element() < 0.0 => {
                problems.push(at, "the rectangle is not one", "write finite numbers, and a size of at least 0");
            }
            Self::Inside(corners) if corners.len() < 3 || corners.iter().any(|corner| !corner.is_finite()) => {
                let help = "for example Inside([(0, 0), (100, 0), (0, 100)])";
                problems.push(at, "a polygon needs at least three corners, all of them finite", help);
            }
            Self::Inside(corners) if !has_an_inside(corners) => {
                let help = "for example Inside([(0, 0), (100, 0), (0, 100)])";
                problems.push(at, "all corners of the polygon lie on one line, so that nothing is inside", help);
            }
            Self::Nearest { to, .. } if !to.is_finite() => {
                problems.push(at, "the point is not finite", "write ordinary numbers");
            }
            Self::IdRange { first, last } if first > last => {
                problems.push(at, format!("ids from {first} to {last} are none"), "write the lower id first");
            }
            Self::IdRange { first, .. } => problems.check_agent(at, first.0),
            Self::Compare { value, .. } if !value.is_finite() => {
                problems.push(at, format!("{value} is not a finite number"), "write an ordinary number");
            }
            Self::Compare { quantity, .. } => problems.mention(at, Naming::Quantity, quantity),
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
    fn a_region_chooses_what_stands_in_it_also_over_the_edge() {
        let mut app = world();
        *app.world_mut().resource_mut::<WorldBounds>() = WorldBounds { size: Vec2::splat(100.0), ..default() };
        for (agent, at) in [(0, (49.0, 0.0)), (1, (-49.0, 4.0)), (2, (-44.0, 0.0)), (3, (49.0, 6.0))] {
            let entity = app.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
            app.world_mut().get_mut::<Position>(entity).unwrap().0 = Vec2::from(at);
        }
        let region = Selector::Region { center: Vec2::new(48.0, 0.0), size: Vec2::new(10.0, 10.0) };
        assert_eq!(chosen(&mut app, &region), [0, 1]);
        let mut problems = Problems::default();
        Selector::Region { center: Vec2::ZERO, size: Vec2::new(-1.0, 2.0) }.check("select", &mut problems);
        assert_eq!(problems.into_list().len(), 1);
    }

    #[test]
    fn ranges_polygons_neighbours_quantities_and_unions() {
        let mut app = world();
        let ids = |range: std::ops::RangeInclusive<u32>| range.collect::<Vec<_>>();
        assert_eq!(chosen(&mut app, &Selector::IdRange { first: AgentId(4), last: AgentId(7) }), ids(4..=7));
        for agent in 0..20 {
            let entity = app.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
            app.world_mut().get_mut::<Position>(entity).unwrap().0 = Vec2::new(agent as f32, 0.0);
        }
        let triangle = Selector::Inside([(2.5, -5.0), (6.5, -5.0), (4.5, 5.0)].map(Vec2::from).to_vec());
        assert_eq!(chosen(&mut app, &triangle), [4, 5]);
        let near = Selector::Nearest { to: Vec2::new(8.5, 0.0), count: 3 };
        assert_eq!(chosen(&mut app, &near), [7, 8, 9]);
        let near = Selector::And(vec![Selector::Named("bird".into()), near]);
        assert_eq!(chosen(&mut app, &near), [10, 11, 12]);
        let compare = |is, value| Selector::Compare { quantity: "x".into(), is, value };
        assert_eq!(chosen(&mut app, &compare(Comparison::AtLeast, 17.0)), [17, 18, 19]);
        assert_eq!(chosen(&mut app, &compare(Comparison::Below, 2.0)), [0, 1]);
        assert_eq!(chosen(&mut app, &compare(Comparison::Unequal, 3.0)).len(), 19);
        let either = Selector::Or(vec![compare(Comparison::Equal, 3.0), compare(Comparison::AtMost, 0.0)]);
        assert_eq!(chosen(&mut app, &either), [0, 3]);
        let unknown = Selector::Compare { quantity: "charm".into(), is: Comparison::Above, value: 0.0 };
        assert_eq!(chosen(&mut app, &unknown), []);
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
