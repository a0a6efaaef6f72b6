//! The scene's section `boids`.

mod check;

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
pub(crate) use check::check_target;
use serde::{Deserialize, Serialize};

use crate::flock::Relation;
use crate::formation::FormationConfig;
use crate::obstacle::Obstacle;

/// How agents fly: the section `boids` of a scene.
///
/// What stands at the top holds for all flocks; an entry of `flocks` can override it. Without `flocks`, all agents that
/// nothing else moves form one flock.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct BoidsConfig {
    /// The rules by which agents fly.
    pub model: FlockModel,
    /// Whether speeds and forces are per tick or per second.
    pub units: Units,
    /// Keeping clear of others.
    pub separation: Separation,
    /// Flying like others.
    pub alignment: Alignment,
    /// Staying with others.
    pub cohesion: Cohesion,
    /// Top speed. An agent with less than full health flies more slowly in proportion.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub max_speed: f32,
    /// A moving agent speeds up to at least this; 0 for no lower limit. If absent, half of top speed, so
    /// that a flock keeps flying; but 0 for a flock that has a place to arrive at or a leader to keep behind.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub min_speed: Option<f32>,
    /// The largest steering force: how much the velocity may change in a tick (or second).
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick² or second²"))]
    pub max_force: f32,
    /// Speed of new agents, in a random direction; top speed if absent. A velocity given by the agents' group wins.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub initial_speed: Option<f32>,
    /// Who counts as a neighbour.
    pub neighbourhood: Neighbourhood,
    /// The angle that agents see, centred on where they fly to; 360 is all around.
    #[reflect(@Range::new(0.0, 360.0), @Unit("°"))]
    pub view_degrees: f32,
    /// What flocks make of each other.
    pub strangers: Strangers,
    /// Keeping away from flocks that are to be avoided.
    pub avoidance: Avoidance,
    /// Straying from the course.
    pub wander: Wander,
    /// Places to seek, to arrive at, or to flee (swarming is a target with a weight).
    pub targets: Vec<Target>,
    /// Following a leader (herding).
    pub leader: Option<Leader>,
    /// Fleeing from predators.
    pub flee: Flee,
    /// Things to fly around.
    pub obstacles: Vec<Obstacle>,
    /// How obstacles are flown around.
    pub obstacle_avoidance: ObstacleAvoidance,
    /// The flocks, each of one agent group.
    pub flocks: Vec<FlockConfig>,
    /// Groups that hunt the flocks.
    pub predators: Vec<PredatorConfig>,
    /// Groups that fly in formation. A flock that is listed here too flies in formation instead of flocking.
    pub formations: Vec<FormationConfig>,
    /// Two agents closer than this count as a collision.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub collision_distance: f32,
}

impl Default for BoidsConfig {
    fn default() -> Self {
        Self {
            model: FlockModel::default(),
            units: Units::default(),
            separation: Separation::default(),
            alignment: Alignment::default(),
            cohesion: Cohesion::default(),
            max_speed: 240.0,
            min_speed: None,
            max_force: 360.0,
            initial_speed: None,
            neighbourhood: Neighbourhood::default(),
            view_degrees: 360.0,
            strangers: Strangers::default(),
            avoidance: Avoidance::default(),
            wander: Wander::default(),
            targets: Vec::new(),
            leader: None,
            flee: Flee::default(),
            obstacles: Vec::new(),
            obstacle_avoidance: ObstacleAvoidance::default(),
            flocks: Vec::new(),
            predators: Vec::new(),
            formations: Vec::new(),
            collision_distance: 1.0,
        }
    }
}

impl BoidsConfig {
    /// The classic flock: the numbers of the defaults as they are often published, per tick, with the neighbours' mean
    /// velocity to match and no least speed. (As a scene: `classic-flock`.)
    ///
    /// It stalls. Neighbours that fly in all directions have a mean velocity near zero, which all then match; cohesion
    /// and separation, each with a desired velocity of its own, brake as well; and nothing speeds anybody up again. After
    /// some seconds the flock drifts at a thirtieth of its speed. And it is another flock at another rate of ticks.
    #[must_use]
    pub fn classic() -> Self {
        Self {
            units: Units::PerTick,
            alignment: Alignment { matching: Matching::Velocity, ..Alignment::default() },
            max_speed: 4.0,
            min_speed: Some(0.0),
            max_force: 0.1,
            ..Self::default()
        }
    }
}

/// The rules of a flock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum FlockModel {
    /// Reynolds' boids (1987) with steering forces (1999).
    #[default]
    Reynolds,
    /// The birds of the ABMFrameworksComparison: constant speed, and one mean over all neighbours. `units` says what its
    /// speed counts in; the other rules of this section (weights, radii, limits) don't apply to it.
    AbmFrameworksComparison {
        /// How far a bird sees; the benchmark uses 5 (200 birds) and 15 (400 birds).
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        vision: f32,
        /// The constant speed; the benchmark uses 1.
        #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
        speed: f32,
        /// Weight of the offsets to neighbours; the benchmark uses 0.03.
        #[reflect(@Range::new(0.0, 1e6))]
        cohere: f32,
        /// Distance below which birds move apart; the benchmark uses 1.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        separation: f32,
        /// Weight of the offsets from those too close; the benchmark uses 0.015.
        #[reflect(@Range::new(0.0, 1e6))]
        separate: f32,
        /// Weight of the neighbours' headings; the benchmark uses 0.05.
        #[reflect(@Range::new(0.0, 1e6))]
        match_velocity: f32,
    },
}

/// What speeds and forces count in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Units {
    /// World units per tick, and forces are changes per tick (the classic reading). Another rate of ticks is another
    /// flock.
    PerTick,
    /// World units per simulated second, and forces are changes per second: a flock flies the same at any rate of ticks.
    #[default]
    PerSecond,
}

macro_rules! urge {
    ($name:ident, $radius:literal, $weight:literal, $what:literal) => {
        #[doc = $what]
        #[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
        #[reflect(Default)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// How far it reaches.
            #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
            pub radius: f32,
            /// How much it counts beside the other urges; 0 turns it off.
            #[reflect(@Range::new(0.0, 1e6))]
            pub weight: f32,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { radius: $radius, weight: $weight }
            }
        }
    };
}

urge!(Separation, 25.0, 1.5, "Keeping clear of others that are too close.");
urge!(Cohesion, 50.0, 1.0, "Staying with others: toward their centre.");
urge!(Avoidance, 75.0, 1.5, "Keeping away from flocks that are to be avoided.");
urge!(Flee, 100.0, 3.0, "Fleeing from predators.");

/// How agents match the flight of those around them.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Alignment {
    /// How far it reaches.
    #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
    pub radius: f32,
    /// How much it counts beside the other urges; 0 turns it off.
    #[reflect(@Range::new(0.0, 1e6))]
    pub weight: f32,
    /// What is matched.
    pub matching: Matching,
}

impl Default for Alignment {
    fn default() -> Self {
        Self { radius: 50.0, weight: 1.0, matching: Matching::default() }
    }
}

/// What alignment matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Matching {
    /// The neighbours' mean direction, at top speed (Reynolds 1999: "alternately, the unit forward vector"; so do his own
    /// boids in OpenSteer). It drives a flock on.
    #[default]
    Heading,
    /// The neighbours' mean velocity (Reynolds 1999). It brakes: the mean of velocities in all directions is near zero, so
    /// that a flock without order and without a `min_speed` comes nearly to a stop, and stays there.
    Velocity,
}

/// Who counts as a neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Neighbourhood {
    /// All within the radii.
    #[default]
    Metric,
    /// So many of the nearest, however far they are (starlings: 6 or 7, Ballerini et al. 2008). Separation still keeps
    /// to its radius.
    Nearest(#[reflect(@Range::new(1.0, 64.0))] u32),
}

/// What a flock makes of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Strangers {
    /// Doesn't perceive it.
    Ignore,
    /// Flies with it as if it were one flock.
    #[default]
    Join,
    /// Keeps away from it (`avoidance`).
    Avoid,
}

impl From<Strangers> for Relation {
    fn from(strangers: Strangers) -> Self {
        match strangers {
            Strangers::Ignore => Self::Ignore,
            Strangers::Join => Self::Join,
            Strangers::Avoid => Self::Avoid,
        }
    }
}

/// Straying from the course (Reynolds 1999, wander).
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Wander {
    /// How much it counts beside the other urges; 0 turns it off.
    #[reflect(@Range::new(0.0, 1e6))]
    pub weight: f32,
    /// Time from one chosen direction to the next.
    #[reflect(@Range::new(0.01, 1e6), @Unit("s"))]
    pub period_s: f32,
}

impl Default for Wander {
    fn default() -> Self {
        Self { weight: 0.0, period_s: 1.0 }
    }
}

/// A place that matters.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// Where it is.
    #[reflect(@Unit("units"))]
    pub at: Vec2,
    /// What agents do about it.
    pub urge: TargetUrge,
    /// Only agents within this distance care; all if absent.
    #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
    pub within: Option<f32>,
    /// How much it counts beside the other urges.
    #[reflect(@Range::new(0.0, 1e6))]
    pub weight: f32,
}

impl Default for Target {
    fn default() -> Self {
        Self { at: Vec2::ZERO, urge: TargetUrge::Seek, within: None, weight: 1.0 }
    }
}

/// What agents do about a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum TargetUrge {
    /// Fly toward it at top speed.
    #[default]
    Seek,
    /// Fly toward it and slow down so as to stop there.
    Arrive {
        /// Distance at which they begin to slow down.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        slowing_radius: f32,
    },
    /// Fly away from it.
    Flee,
}

/// Following a leader.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Leader {
    /// The group whose first agent in order leads. It may be the flock itself.
    pub agents: String,
    /// How far behind the leader the others want to be.
    #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
    pub distance: f32,
    /// How much it counts beside the other urges.
    #[reflect(@Range::new(0.0, 1e6))]
    pub weight: f32,
}

impl Default for Leader {
    fn default() -> Self {
        Self { agents: String::new(), distance: 20.0, weight: 1.0 }
    }
}

/// How obstacles are flown around.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ObstacleAvoidance {
    /// How far ahead agents look for obstacles.
    #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
    pub look_ahead: f32,
    /// How far agents want to stay from an obstacle.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub clearance: f32,
    /// How much it counts beside the other urges.
    #[reflect(@Range::new(0.0, 1e6))]
    pub weight: f32,
}

impl Default for ObstacleAvoidance {
    fn default() -> Self {
        Self { look_ahead: 120.0, clearance: 8.0, weight: 6.0 }
    }
}

/// A flock: an agent group, and what it does differently.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct FlockConfig {
    /// The agent group that forms the flock.
    pub agents: String,
    /// Instead of the section's `separation`.
    pub separation: Option<Separation>,
    /// Instead of the section's `alignment`.
    pub alignment: Option<Alignment>,
    /// Instead of the section's `cohesion`.
    pub cohesion: Option<Cohesion>,
    /// Instead of the section's `max_speed`.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub max_speed: Option<f32>,
    /// Instead of the section's `min_speed`.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub min_speed: Option<f32>,
    /// Instead of the section's `max_force`.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick² or second²"))]
    pub max_force: Option<f32>,
    /// Instead of the section's `initial_speed`.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub initial_speed: Option<f32>,
    /// Instead of the section's `view_degrees`.
    #[reflect(@Range::new(0.0, 360.0), @Unit("°"))]
    pub view_degrees: Option<f32>,
    /// Instead of the section's `strangers`.
    pub strangers: Option<Strangers>,
    /// Flocks (by group) that this one treats in a way of its own.
    pub relations: Vec<FlockRelation>,
    /// Instead of the section's `avoidance`.
    pub avoidance: Option<Avoidance>,
    /// Instead of the section's `wander`.
    pub wander: Option<Wander>,
    /// Instead of the section's `targets`.
    pub targets: Option<Vec<Target>>,
    /// Instead of the section's `leader`.
    pub leader: Option<Leader>,
    /// Instead of the section's `flee`.
    pub flee: Option<Flee>,
}

/// What a flock makes of one other flock.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct FlockRelation {
    /// The other flock's agent group.
    pub to: String,
    /// What this flock makes of it.
    pub is: Strangers,
}

/// A group that hunts.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct PredatorConfig {
    /// The agent group that hunts.
    pub agents: String,
    /// The group that is hunted; all flocks if absent.
    pub prey: Option<String>,
    /// How far a predator sees its prey.
    #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
    pub sight: f32,
    /// Top speed.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick or second"))]
    pub max_speed: f32,
    /// The largest steering force.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units per tick² or second²"))]
    pub max_force: f32,
    /// Prey closer than this is caught: it fails. Nothing is caught if absent.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub catch_radius: Option<f32>,
    /// Keeping clear of other predators of the group.
    pub separation: Separation,
}

impl Default for PredatorConfig {
    fn default() -> Self {
        Self {
            agents: String::new(),
            prey: None,
            sight: 200.0,
            max_speed: 270.0,
            max_force: 432.0,
            catch_radius: None,
            separation: Separation { radius: 50.0, weight: 1.0 },
        }
    }
}

impl BoidsConfig {
    /// Every group that the section names as moved by it, with the path of the name.
    pub(crate) fn moved_groups(&self) -> impl Iterator<Item = (String, &str)> {
        let flocks = self.flocks.iter().enumerate();
        let predators = self.predators.iter().enumerate();
        let formations = self.formations.iter().enumerate();
        flocks
            .map(|(at, flock)| (format!("flocks[{at}].agents"), flock.agents.as_str()))
            .chain(predators.map(|(at, hunter)| (format!("predators[{at}].agents"), hunter.agents.as_str())))
            .chain(formations.map(|(at, formation)| (format!("formations[{at}].agents"), formation.agents.as_str())))
    }
}
