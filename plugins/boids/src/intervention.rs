//! What can be changed while a flock flies, beyond the values of its section.

use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, Unfit, room_among,
};
use agent2028_core::params::problems_context;
use agent2028_core::schema::{Check, Problems, Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::BoidsConfig;
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

/// Changes the section, unless it would no longer be in order.
fn change(
    world: &mut World,
    edit: impl FnOnce(&mut BoidsConfig) -> Result<String, InterventionError>,
) -> Result<String, InterventionError> {
    let mut config = world
        .get_resource::<BoidsConfig>()
        .cloned()
        .ok_or_else(|| InterventionError::Refused("nothing flocks in this scene; add a section `boids`".into()))?;
    let outcome = edit(&mut config)?;
    let mut problems = problems_context(world);
    config.check("boids", &mut problems);
    if let Some(problem) = problems.into_list().into_iter().next() {
        return Err(InterventionError::Refused(format!("{}: {}; {}", problem.path, problem.message, problem.help)));
    }
    world.insert_resource(config);
    Ok(outcome)
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
        change(world, |config| {
            let known = config.formations.iter().position(|formation| formation.agents == self.agents);
            let at = known.unwrap_or_else(|| {
                config.formations.push(FormationConfig { agents: self.agents.clone(), ..default() });
                config.formations.len() - 1
            });
            let formation = &mut config.formations[at];
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
        change(world, |config| {
            let before = config.formations.len();
            config.formations.retain(|formation| formation.agents != self.agents);
            if config.formations.len() == before {
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
        change(world, |config| {
            let targets = match &self.flock {
                None => Some(&mut config.targets),
                Some(name) => {
                    let flock = config.flocks.iter_mut().find(|flock| flock.agents == *name);
                    flock.and_then(|flock| flock.targets.as_mut())
                }
            };
            let target = targets.and_then(|targets| targets.get_mut(self.index as usize)).ok_or_else(|| {
                let whose = self.flock.as_deref().unwrap_or("the section boids");
                InterventionError::Refused(format!("{whose} has no target number {}", self.index))
            })?;
            target.at = self.to;
            Ok(format!("target {} is at {} now", self.index, self.to))
        })
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
        // It changes nothing but the section. An obstacle was checked by itself, so that the whole section needn't be: a long timeline
        // costs what is in it.
        let mut config = world.resource_mut::<BoidsConfig>();
        room_among(config.obstacles.len(), MOST_OBSTACLES, "obstacles")?;
        config.obstacles.push(self.obstacle.clone());
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        change(world, |config| {
            room_among(config.obstacles.len(), MOST_OBSTACLES, "obstacles")?;
            config.obstacles.push(self.obstacle.clone());
            Ok(format!("obstacle {} stands", config.obstacles.len() - 1))
        })
    }
}

fn take_away(obstacles: &mut Vec<Obstacle>, index: u32) -> Result<(), InterventionError> {
    if index as usize >= obstacles.len() {
        return Err(InterventionError::Refused(format!("there is no obstacle number {index}")));
    }
    obstacles.remove(index as usize);
    Ok(())
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
        // As with those that are put up.
        take_away(&mut world.resource_mut::<BoidsConfig>().obstacles, self.index)?;
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        change(world, |config| {
            take_away(&mut config.obstacles, self.index)?;
            Ok(format!("obstacle {} is gone", self.index))
        })
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
        change(world, |config| {
            let obstacle = config
                .obstacles
                .get_mut(self.index as usize)
                .ok_or_else(|| InterventionError::Refused(format!("there is no obstacle number {}", self.index)))?;
            obstacle.shift(self.by);
            Ok(format!("obstacle {} moved by {}", self.index, self.by))
        })
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
        change(world, |config| {
            let known = config.formations.iter_mut().find(|formation| formation.agents == self.agents);
            let formation =
                known.ok_or_else(|| InterventionError::Refused(format!("{} flies in no formation", self.agents)))?;
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
        })
    }
}
