//! What can be changed while a flock flies, beyond the values of its section.

use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, Unfit, room_among,
};
use agent2028_core::params::problems_context;
use agent2028_core::ranges::check_ranges;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{BoidsConfig, Target, check_target};
use crate::formation::{Anchor, FormationConfig, Shape};
use crate::obstacle::Obstacle;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<SetFormation>()
        .add::<DissolveFormation>()
        .add::<MoveTarget>()
        .add::<AddObstacle>()
        .add::<RemoveObstacle>()
        .add::<MoveObstacle>()
        .add::<MoveFormation>();
}

/// No more obstacles than these are added while a flock flies.
const MOST_OBSTACLES: usize = 4096;

/// Tries what changes nothing but the section, which whoever asks puts back.
fn rehearse(intervention: &impl Intervention, world: &mut World) -> Result<(), Unfit> {
    intervention.apply(world, &InterventionContext { tick: 0, ordinal: 0 })?;
    Ok(())
}

/// The first of the problems as a refusal.
fn refuse_first(problems: Problems) -> Result<(), InterventionError> {
    match problems.into_list().into_iter().next() {
        Some(problem) => {
            Err(InterventionError::Refused(format!("{}: {}; {}", problem.path, problem.message, problem.help)))
        }
        None => Ok(()),
    }
}

/// The section, to change a part of it. Whatever changes a part copies and checks that part alone, so that it costs the same
/// however much else stands in the section, and a long timeline costs what is in it.
fn section(world: &mut World) -> Result<Mut<'_, BoidsConfig>, InterventionError> {
    world
        .get_resource_mut::<BoidsConfig>()
        .ok_or_else(|| InterventionError::Refused("nothing flocks in this scene; add a section `boids`".into()))
}

/// Changes something that stands in the section by itself, unless it would no longer be in order. `part` finds it, with its path.
fn change_part<T: Clone + PartialReflect>(
    world: &mut World,
    part: impl Fn(&mut BoidsConfig) -> Result<(String, &mut T), InterventionError>,
    edit: impl FnOnce(&mut T) -> Result<String, InterventionError>,
    check: impl FnOnce(&T, &str, &mut Problems),
) -> Result<String, InterventionError> {
    // No name is changed, so that none need be known.
    let mut problems = Problems::default();
    let mut config = section(world)?;
    let (at, held) = part(config.bypass_change_detection())?;
    let mut changed = held.clone();
    let outcome = edit(&mut changed)?;
    check_ranges(&changed, &at, &mut problems);
    check(&changed, &at, &mut problems);
    refuse_first(problems)?;
    *part(&mut config)?.1 = changed;
    Ok(outcome)
}

/// Changes the formations, unless they would no longer be in order.
fn change_formations(
    world: &mut World,
    edit: impl FnOnce(&mut Vec<FormationConfig>) -> Result<String, InterventionError>,
) -> Result<String, InterventionError> {
    let mut problems = problems_context(world);
    let mut config = section(world)?;
    let before = config.formations.clone();
    let outcome = edit(&mut config.bypass_change_detection().formations).and_then(|outcome| {
        config.check_formations("boids", &mut problems);
        refuse_first(problems).map(|()| outcome)
    });
    match outcome {
        Ok(_) => config.set_changed(),
        Err(_) => config.bypass_change_detection().formations = before,
    }
    outcome
}

/// Puts an obstacle up.
fn put_up(world: &mut World, obstacle: &Obstacle) -> Result<String, InterventionError> {
    let mut problems = Problems::default();
    let mut config = section(world)?;
    let number = config.obstacles.len();
    room_among(number, MOST_OBSTACLES, "obstacles")?;
    let at = format!("boids.obstacles[{number}]");
    check_ranges(obstacle, &at, &mut problems);
    obstacle.check(&at, &mut problems);
    refuse_first(problems)?;
    config.obstacles.push(obstacle.clone());
    Ok(format!("obstacle {number} stands"))
}

/// Takes an obstacle away.
fn take_away(world: &mut World, index: u32) -> Result<String, InterventionError> {
    let mut config = section(world)?;
    if index as usize >= config.obstacles.len() {
        return Err(InterventionError::Refused(format!("there is no obstacle number {index}")));
    }
    config.obstacles.remove(index as usize);
    Ok(format!("obstacle {index} is gone"))
}

/// Makes a group fly in formation, or changes the formation that it flies in. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SetFormation {
    /// The agent group.
    pub agents: String,
    /// The shape.
    pub shape: Option<Shape>,
    /// The distance between neighbours.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub spacing: Option<f32>,
    /// Where the formation heads while its anchor stands still.
    #[reflect(@Range::new(-360.0, 360.0), @Unit("°"))]
    pub heading_degrees: Option<f32>,
    /// What the shape is built around.
    pub anchor: Option<Anchor>,
}

impl Check for SetFormation {
    fn check(&self, at: &str, problems: &mut Problems) {
        problems.check_group(format!("{at}.agents"), &self.agents);
    }
}

impl Intervention for SetFormation {
    const NAME: &'static str = "SetFormation";
    const NEEDS: &'static [&'static str] = &["boids"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the section.
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        change_formations(world, |formations| {
            let known = formations.iter().position(|formation| formation.agents == self.agents);
            let at = known.unwrap_or_else(|| {
                formations.push(FormationConfig { agents: self.agents.clone(), ..default() });
                formations.len() - 1
            });
            let formation = &mut formations[at];
            if let Some(shape) = self.shape {
                formation.shape = shape;
            }
            if let Some(spacing) = self.spacing {
                formation.spacing = spacing;
            }
            if let Some(heading_degrees) = self.heading_degrees {
                formation.heading_degrees = heading_degrees;
            }
            if let Some(anchor) = &self.anchor {
                formation.anchor = anchor.clone();
            }
            Ok(format!("{} takes up {:?}", self.agents, formation.shape))
        })
    }
}

/// Gives up a formation: its group flocks again, or comes to rest if it is no flock.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DissolveFormation {
    /// The agent group.
    pub agents: String,
}

impl Check for DissolveFormation {
    fn check(&self, at: &str, problems: &mut Problems) {
        problems.check_group(format!("{at}.agents"), &self.agents);
    }
}

impl Intervention for DissolveFormation {
    const NAME: &'static str = "DissolveFormation";
    const NEEDS: &'static [&'static str] = &["boids"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the section.
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        change_formations(world, |formations| {
            let before = formations.len();
            formations.retain(|formation| formation.agents != self.agents);
            if formations.len() == before {
                return Err(InterventionError::Refused(format!("{} flies in no formation", self.agents)));
            }
            Ok(format!("the formation {} was given up", self.agents))
        })
    }
}

/// Moves a target of the section `boids`.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveTarget {
    /// The flock (by group) whose own target is meant; the section's targets if absent.
    pub flock: Option<String>,
    /// Which of the targets, from 0.
    pub index: u32,
    /// Where to.
    #[reflect(@Unit("units"))]
    pub to: Vec2,
}

impl Check for MoveTarget {
    fn check(&self, at: &str, problems: &mut Problems) {
        if let Some(flock) = &self.flock {
            problems.check_group(format!("{at}.flock"), flock);
        }
        for value in [self.to.x, self.to.y] {
            problems.check_finite(format!("{at}.to"), value);
        }
    }
}

impl Intervention for MoveTarget {
    const NAME: &'static str = "MoveTarget";
    const NEEDS: &'static [&'static str] = &["boids"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the section.
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        change_part(
            world,
            |config: &mut BoidsConfig| {
                let (at, targets) = match &self.flock {
                    None => (String::from("boids"), Some(&mut config.targets)),
                    Some(name) => {
                        let flock = config.flocks.iter_mut().enumerate().find(|(_, flock)| flock.agents == *name);
                        let (number, flock) = flock.unzip();
                        let at = format!("boids.flocks[{}]", number.unwrap_or(0));
                        (at, flock.and_then(|flock| flock.targets.as_mut()))
                    }
                };
                let target = targets.and_then(|targets| targets.get_mut(self.index as usize)).ok_or_else(|| {
                    let whose = self.flock.as_deref().unwrap_or("the section boids");
                    InterventionError::Refused(format!("{whose} has no target number {}", self.index))
                })?;
                Ok((format!("{at}.targets[{}]", self.index), target))
            },
            |target: &mut Target| {
                target.at = self.to;
                Ok(format!("target {} is at {} now", self.index, self.to))
            },
            check_target,
        )
    }
}

/// Puts up an obstacle.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AddObstacle {
    /// The obstacle.
    pub obstacle: Obstacle,
}

impl Check for AddObstacle {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.obstacle.check(&format!("{at}.obstacle"), problems);
    }
}

impl Intervention for AddObstacle {
    const NAME: &'static str = "AddObstacle";
    const NEEDS: &'static [&'static str] = &["boids"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the section.
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        put_up(world, &self.obstacle)
    }
}

/// Takes an obstacle away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveObstacle {
    /// Which of the section's `obstacles`, from 0.
    pub index: u32,
}

impl Check for RemoveObstacle {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for RemoveObstacle {
    const NAME: &'static str = "RemoveObstacle";
    const NEEDS: &'static [&'static str] = &["boids"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the section.
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        take_away(world, self.index)
    }
}

/// Moves an obstacle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveObstacle {
    /// Which of the section's `obstacles`, from 0.
    pub index: u32,
    /// By how much, along x and y.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub by: Vec2,
}

impl Check for MoveObstacle {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for MoveObstacle {
    const NAME: &'static str = "MoveObstacle";
    const NEEDS: &'static [&'static str] = &["boids"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the section.
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        change_part(
            world,
            |config: &mut BoidsConfig| {
                let obstacle = config.obstacles.get_mut(self.index as usize);
                let obstacle = obstacle
                    .ok_or_else(|| InterventionError::Refused(format!("there is no obstacle number {}", self.index)))?;
                Ok((format!("boids.obstacles[{}]", self.index), obstacle))
            },
            |obstacle: &mut Obstacle| {
                obstacle.shift(self.by);
                Ok(format!("obstacle {} moved by {}", self.index, self.by))
            },
            Obstacle::check,
        )
    }
}

/// Moves what a formation is built around: its fixed place, where its drift starts, or one of its waypoints.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveFormation {
    /// The agent group that flies in formation.
    pub agents: String,
    /// Which of its waypoints, from 0, if it has some; without effect else.
    pub waypoint: u32,
    /// Where to.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub to: Vec2,
}

impl Check for MoveFormation {
    fn check(&self, at: &str, problems: &mut Problems) {
        problems.check_group(format!("{at}.agents"), &self.agents);
    }
}

impl Intervention for MoveFormation {
    const NAME: &'static str = "MoveFormation";
    const NEEDS: &'static [&'static str] = &["boids"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the section.
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        // What follows a leader was refused, so that no group is asked for.
        change_part(
            world,
            |config: &mut BoidsConfig| {
                let mut known = config.formations.iter_mut().enumerate();
                let known = known.find(|(_, formation)| formation.agents == self.agents);
                let (number, formation) = known
                    .ok_or_else(|| InterventionError::Refused(format!("{} flies in no formation", self.agents)))?;
                Ok((format!("boids.formations[{number}]"), formation))
            },
            |formation: &mut FormationConfig| {
                match &mut formation.anchor {
                    Anchor::Point(at) | Anchor::Drift { from: at, .. } => *at = self.to,
                    Anchor::Waypoints { points, .. } => {
                        let count = points.len();
                        let point = points.get_mut(self.waypoint as usize).ok_or_else(|| {
                            let text = format!("{} has {count} waypoints, numbered from 0", self.agents);
                            InterventionError::Refused(text)
                        })?;
                        *point = self.to;
                    }
                    Anchor::Leader(group) => {
                        let text = format!("{} follows an agent of {group}: move that agent", self.agents);
                        return Err(InterventionError::Refused(text));
                    }
                }
                Ok(format!("{} heads for {}", self.agents, self.to))
            },
            FormationConfig::check,
        )
    }
}
