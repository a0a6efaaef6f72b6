//! Formations: a shape around an anchor that may move, each agent on a slot of its own.

mod assignment;
mod shape;

pub use assignment::{MOST_EXACT, assign};
pub use shape::Shape;

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::space::WorldBounds;
use bevy::math::ops;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::steering::direction;

/// A group that flies in formation.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct FormationConfig {
    /// The agent group that flies in formation.
    pub agents: String,
    /// The shape.
    pub shape: Shape,
    /// The distance between neighbours.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub spacing: f32,
    /// Where the formation heads while its anchor stands still: 0 is along x, 90 along y.
    #[reflect(@Range::new(-360.0, 360.0), @Unit("°"))]
    pub heading_degrees: f32,
    /// Whether the formation turns with the motion of its anchor.
    pub faces_motion: bool,
    /// How fast the formation turns at most, so that its members can keep up with their slots.
    #[reflect(@Range::new(0.0, 36_000.0), @Unit("°/s"))]
    pub turn_rate: f32,
    /// What the shape is built around.
    pub anchor: Anchor,
    /// With fewer active members the formation dissolves; it forms again with enough of them.
    #[reflect(@Range::new(1.0, 1e6), @Unit("agents"))]
    pub least_members: u32,
    /// Distance from its slot at which an agent slows down.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub slowing_radius: f32,
    /// Top speed; the section's `max_speed` if absent.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub max_speed: Option<f32>,
    /// The largest steering force; the section's `max_force` if absent.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick² or second²"))]
    pub max_force: Option<f32>,
}

impl Default for FormationConfig {
    fn default() -> Self {
        Self {
            agents: String::new(),
            shape: Shape::default(),
            spacing: 20.0,
            heading_degrees: 0.0,
            faces_motion: true,
            turn_rate: 45.0,
            anchor: Anchor::default(),
            least_members: 1,
            slowing_radius: 60.0,
            max_speed: None,
            max_force: None,
        }
    }
}

/// What a formation is built around.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum Anchor {
    /// A fixed place.
    Point(#[reflect(@Unit("units"))] Vec2),
    /// A place that moves evenly.
    Drift {
        /// Where it starts.
        #[reflect(@Unit("units"))]
        from: Vec2,
        /// Its velocity.
        #[reflect(@Unit("units per tick or second"))]
        velocity: Vec2,
    },
    /// A place that moves from point to point, straight.
    Waypoints {
        /// The points; it starts at the first.
        #[reflect(@Unit("units"))]
        points: Vec<Vec2>,
        /// Its speed.
        #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
        speed: f32,
        /// Whether it goes back to the first point after the last; else it stays there.
        looped: bool,
    },
    /// The first active agent of a group that something else moves.
    Leader(String),
}

impl Default for Anchor {
    fn default() -> Self {
        Self::Point(Vec2::ZERO)
    }
}

impl Anchor {
    fn start(&self) -> Vec2 {
        match self {
            Self::Point(at) | Self::Drift { from: at, .. } => *at,
            Self::Waypoints { points, .. } => points.first().copied().unwrap_or_default(),
            Self::Leader(_) => Vec2::ZERO,
        }
    }
}

impl Check for FormationConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        match &self.anchor {
            Anchor::Leader(group) => {
                problems.check_group(format!("{at}.anchor"), group);
                if *group == self.agents {
                    problems.push(
                        format!("{at}.anchor"),
                        "a formation can't be built around one of its own members",
                        "let another group lead",
                    );
                }
            }
            Anchor::Waypoints { points, .. } if points.is_empty() => {
                problems.push(
                    format!("{at}.anchor"),
                    "there are no waypoints",
                    "for example points: [(0, 0), (100, 0)]",
                );
            }
            Anchor::Waypoints { points, .. } if points.iter().any(|point| !point.is_finite()) => {
                problems.push(format!("{at}.anchor"), "a waypoint is not finite", "write ordinary numbers");
            }
            Anchor::Drift { from: at_point, velocity } if !(at_point.is_finite() && velocity.is_finite()) => {
                problems.push(format!("{at}.anchor"), "place and velocity must be finite", "write ordinary numbers");
            }
            Anchor::Point(point) if !point.is_finite() => {
                problems.push(format!("{at}.anchor"), "the place must be finite", "write ordinary numbers");
            }
            _ => {}
        }
    }
}

/// A place that an agent in formation keeps to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// The agent.
    pub agent: AgentId,
    /// Where its slot is.
    pub at: Vec2,
    /// How the slot moves, in world units per second.
    pub velocity: Vec2,
}

/// What changed in a formation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub enum FormationChange {
    /// It formed for the first time, or after it had dissolved.
    Formed,
    /// Its members or its shape changed, and slots were given out anew.
    Reformed,
    /// Too few members are left.
    Dissolved,
    /// The scene has it no more.
    GivenUp,
}

/// A formation as it flies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Formation {
    config: FormationConfig,
    members: Vec<AgentId>,
    slots: Vec<u32>,
    anchor: Vec2,
    velocity: Vec2,
    heading: Vec2,
    waypoint: u32,
    formed: bool,
}

impl Formation {
    /// A formation that hasn't formed yet.
    #[must_use]
    pub fn new(config: FormationConfig) -> Self {
        let anchor = config.anchor.start();
        Self {
            heading: heading(config.heading_degrees),
            config,
            members: Vec::new(),
            slots: Vec::new(),
            anchor,
            velocity: Vec2::ZERO,
            waypoint: 0,
            formed: false,
        }
    }

    /// What it is meant to be.
    #[must_use]
    pub fn config(&self) -> &FormationConfig {
        &self.config
    }

    /// Whether it is formed, rather than dissolved.
    #[must_use]
    pub fn is_formed(&self) -> bool {
        self.formed
    }

    /// Where its anchor is.
    #[must_use]
    pub fn anchor(&self) -> Vec2 {
        self.anchor
    }

    /// Takes over a changed configuration; where the anchor has got to is kept unless the anchor itself was changed by
    /// more than the places of its waypoints.
    pub fn reconfigure(&mut self, config: &FormationConfig) {
        if self.config == *config {
            return;
        }
        let goes_on = match (&self.config.anchor, &config.anchor) {
            // Where a waypoint was moved the way goes on to where it is now.
            (Anchor::Waypoints { points: before, .. }, Anchor::Waypoints { points, .. }) => {
                before.len() == points.len()
            }
            (before, after) => before == after,
        };
        if !goes_on {
            self.anchor = config.anchor.start();
            self.velocity = Vec2::ZERO;
            self.waypoint = 0;
        }
        if self.config.shape != config.shape || self.config.spacing != config.spacing {
            // Slots must be given out anew.
            self.members.clear();
        }
        self.config = config.clone();
    }

    /// Moves the anchor by one tick of `dt` seconds. `speed_unit`: world units per second for one unit of speed.
    /// `leader`: place and velocity of the agent that leads, if there is one.
    pub fn advance(&mut self, leader: Option<(Vec2, Vec2)>, bounds: &WorldBounds, dt: f32, speed_unit: f32) {
        let before = self.anchor;
        match &self.config.anchor {
            Anchor::Point(at) => (self.anchor, self.velocity) = (*at, Vec2::ZERO),
            Anchor::Drift { velocity, .. } => {
                let velocity = *velocity * speed_unit;
                (self.anchor, self.velocity) = bounds.travel(before, velocity, velocity * dt);
            }
            Anchor::Waypoints { points, speed, looped } => {
                let mut left = speed * speed_unit * dt;
                // At most once around, so that waypoints on one spot can't hold up the tick.
                for _ in 0..=points.len() {
                    let Some(goal) = points.get(self.waypoint as usize) else {
                        break;
                    };
                    let way = bounds.delta(self.anchor, *goal);
                    if way.length() > left {
                        self.anchor += direction(way) * left;
                        break;
                    }
                    left -= way.length();
                    self.anchor = *goal;
                    let next = self.waypoint + 1;
                    if next as usize == points.len() && !looped {
                        break;
                    }
                    self.waypoint = next % points.len() as u32;
                }
                self.anchor = bounds.enter(self.anchor);
                self.velocity = bounds.delta(before, self.anchor) / dt;
            }
            Anchor::Leader(_) => match leader {
                Some((at, velocity)) => (self.anchor, self.velocity) = (at, velocity),
                None => self.velocity = Vec2::ZERO,
            },
        }
        let wanted = if self.config.faces_motion && self.velocity != Vec2::ZERO {
            direction(self.velocity)
        } else {
            heading(self.config.heading_degrees)
        };
        // Before anybody has a slot there is nothing to turn.
        self.heading = if self.formed { turned(self.heading, wanted, self.config.turn_rate * dt) } else { wanted };
    }

    /// Where the slots for `count` members are in the world.
    fn places(&self, count: usize) -> Vec<Vec2> {
        let slots = self.config.shape.slots(count, self.config.spacing);
        slots.into_iter().map(|slot| self.anchor + self.heading.rotate(slot)).collect()
    }

    /// Gives out the slots if who is active has changed. `active` holds the active members in id order with their
    /// places.
    pub fn muster(&mut self, active: &[(AgentId, Vec2)], bounds: &WorldBounds) -> Option<FormationChange> {
        if active.len() < (self.config.least_members as usize).max(1) {
            let was_formed = std::mem::take(&mut self.formed);
            self.members.clear();
            self.slots.clear();
            return was_formed.then_some(FormationChange::Dissolved);
        }
        if self.formed && self.members.iter().eq(active.iter().map(|(agent, _)| agent)) {
            return None;
        }
        let places = self.places(active.len());
        let slots = assign(active.len(), |member, slot| bounds.delta(active[member].1, places[slot]).length());
        self.slots = slots.into_iter().map(|slot| slot as u32).collect();
        self.members = active.iter().map(|(agent, _)| *agent).collect();
        let change = if self.formed { FormationChange::Reformed } else { FormationChange::Formed };
        self.formed = true;
        Some(change)
    }

    /// The members' stations, in id order.
    pub fn stations(&self, bounds: &WorldBounds, stations: &mut Vec<Station>) {
        let places = self.places(self.members.len());
        stations.extend(self.members.iter().zip(&self.slots).filter_map(|(&agent, &slot)| {
            let at = bounds.enter(*places.get(slot as usize)?);
            Some(Station { agent, at, velocity: self.velocity })
        }));
    }
}

/// The direction `from` turned towards the direction `to` by at most `degrees`.
fn turned(from: Vec2, to: Vec2, degrees: f32) -> Vec2 {
    let angle = ops::atan2(from.perp_dot(to), from.dot(to));
    let most = degrees.to_radians();
    if angle.abs() <= most { to } else { direction(from.rotate(heading(degrees.copysign(angle)))) }
}

fn heading(degrees: f32) -> Vec2 {
    let angle = degrees.to_radians();
    Vec2::new(ops::cos(angle), ops::sin(angle))
}

/// All formations of the scene, in the order of its `formations`.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Formations(pub Vec<Formation>);

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::Edge;

    fn bounds() -> WorldBounds {
        WorldBounds { size: Vec2::splat(1000.0), edge: Edge::Wrap }
    }

    fn crowd(count: u32) -> Vec<(AgentId, Vec2)> {
        (0..count).map(|id| (AgentId(id), Vec2::new((id * 37 % 101) as f32, (id * 53 % 97) as f32))).collect()
    }

    fn stations(formation: &Formation) -> Vec<Station> {
        let mut stations = Vec::new();
        formation.stations(&bounds(), &mut stations);
        stations
    }

    #[test]
    fn a_formation_turns_at_its_rate() {
        let config = FormationConfig { faces_motion: false, turn_rate: 30.0, ..default() };
        let mut formation = Formation::new(config.clone());
        formation.muster(&crowd(3), &bounds());
        formation.reconfigure(&FormationConfig { heading_degrees: 100.0, ..config });
        for turned in [30.0, 60.0, 90.0, 100.0, 100.0] {
            formation.advance(None, &bounds(), 1.0, 1.0);
            assert!(formation.heading.abs_diff_eq(heading(turned), 1e-5), "{turned}");
        }
    }

    #[test]
    fn every_member_has_a_slot_of_its_own() {
        let mut formation = Formation::new(FormationConfig { shape: Shape::Grid, ..default() });
        assert_eq!(formation.muster(&crowd(12), &bounds()), Some(FormationChange::Formed));
        let stations = stations(&formation);
        let mut places: Vec<(i32, i32)> = stations.iter().map(|s| (s.at.x as i32, s.at.y as i32)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 12);
        assert_eq!(formation.muster(&crowd(12), &bounds()), None);
    }

    #[test]
    fn it_forms_anew_when_members_fail_and_dissolves_when_too_few_are_left() {
        let config = FormationConfig { least_members: 3, shape: Shape::Circle { radius: Some(50.0) }, ..default() };
        let mut formation = Formation::new(config);
        let crowd = crowd(6);
        assert_eq!(formation.muster(&crowd, &bounds()), Some(FormationChange::Formed));
        assert_eq!(formation.muster(&crowd[1..], &bounds()), Some(FormationChange::Reformed));
        // Five slots now, evenly around.
        let places = stations(&formation);
        let closest = places[1..].iter().map(|s| s.at.distance(places[0].at)).fold(f32::MAX, f32::min);
        assert!((closest - 2.0 * 50.0 * ops::sin(std::f32::consts::PI / 5.0)).abs() < 1e-2, "{closest}");
        assert_eq!(formation.muster(&crowd[..2], &bounds()), Some(FormationChange::Dissolved));
        assert!(stations(&formation).is_empty() && !formation.is_formed());
        assert_eq!(formation.muster(&crowd[..2], &bounds()), None);
        assert_eq!(formation.muster(&crowd[..3], &bounds()), Some(FormationChange::Formed));
    }

    #[test]
    fn an_anchor_drifts_around_the_torus() {
        let anchor = Anchor::Drift { from: Vec2::new(495.0, 0.0), velocity: Vec2::new(2.0, 0.0) };
        let mut formation = Formation::new(FormationConfig { anchor, ..default() });
        for _ in 0..10 {
            formation.advance(None, &bounds(), 0.5, 1.0);
        }
        assert!(formation.anchor().abs_diff_eq(Vec2::new(-495.0, 0.0), 1e-3));
    }

    #[test]
    fn an_anchor_goes_from_point_to_point_at_its_speed() {
        let points = vec![Vec2::ZERO, Vec2::new(10.0, 0.0), Vec2::new(10.0, 5.0)];
        let anchor = Anchor::Waypoints { points, speed: 1.0, looped: false };
        let mut formation = Formation::new(FormationConfig { anchor, ..default() });
        let mut run = |ticks: usize| {
            for _ in 0..ticks {
                formation.advance(None, &bounds(), 1.0, 1.0);
            }
            (formation.anchor(), formation.heading)
        };
        assert_eq!(run(4), (Vec2::new(4.0, 0.0), Vec2::X));
        assert_eq!(run(8), (Vec2::new(10.0, 2.0), Vec2::Y));
        assert_eq!(run(20).0, Vec2::new(10.0, 5.0));
    }

    #[test]
    fn waypoints_on_one_spot_do_not_hang() {
        let anchor = Anchor::Waypoints { points: vec![Vec2::ONE; 3], speed: 5.0, looped: true };
        let mut formation = Formation::new(FormationConfig { anchor, ..default() });
        formation.advance(None, &bounds(), 1.0, 1.0);
        assert_eq!(formation.anchor(), Vec2::ONE);
    }

    #[test]
    fn a_formation_turns_with_its_anchor() {
        let anchor = Anchor::Drift { from: Vec2::ZERO, velocity: Vec2::new(0.0, 1.0) };
        let config = FormationConfig { anchor, shape: Shape::HorizontalLine, turn_rate: 90.0, ..default() };
        let mut formation = Formation::new(config);
        formation.muster(&crowd(3), &bounds());
        formation.advance(None, &bounds(), 1.0, 1.0);
        assert!(stations(&formation).iter().all(|station| station.at.x.abs() < 1e-4));
    }
}
