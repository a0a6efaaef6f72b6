//! Walls are put up, moved and taken away.

use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, Unfit, room_among};
use agent2028_core::ranges::check_ranges;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{numbered, rehearse};
use crate::config::{PheromonesConfig, WallConfig, check_points};

const MOST_WALLS: usize = 4096;

/// Whether a wall is in order: nothing else in the section depends on it, so that what changes a wall looks at that wall alone and
/// costs the same however many there are.
fn check_wall(wall: &WallConfig, number: usize) -> Result<(), InterventionError> {
    let mut problems = Problems::default();
    let at = format!("pheromones.walls[{number}]");
    check_ranges(wall, &at, &mut problems);
    check_points(&wall.points, &at, &mut problems);
    match problems.into_list().into_iter().next() {
        Some(problem) => {
            Err(InterventionError::Refused(format!("{}: {}; {}", problem.path, problem.message, problem.help)))
        }
        None => Ok(()),
    }
}

/// Puts up a wall.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AddWall {
    /// The wall.
    pub wall: WallConfig,
}

impl Check for AddWall {
    fn check(&self, at: &str, problems: &mut Problems) {
        if self.wall.points.len() < 2 {
            let help = "for example [(0, 0), (9, 0)]";
            problems.push(format!("{at}.wall.points"), "at least two points are needed", help);
        }
    }
}

impl Intervention for AddWall {
    const NAME: &'static str = "AddWall";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let number = world.resource::<PheromonesConfig>().walls.len();
        room_among(number, MOST_WALLS, "walls")?;
        check_wall(&self.wall, number)?;
        world.resource_mut::<PheromonesConfig>().walls.push(self.wall.clone());
        Ok(format!("wall {number} stands"))
    }
}

/// Moves a wall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveWall {
    /// Which of the section's `walls`, from 0.
    pub index: u32,
    /// By how much, along x and y.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub by: Vec2,
}

impl Check for MoveWall {}

impl Intervention for MoveWall {
    const NAME: &'static str = "MoveWall";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let mut wall = numbered(&world.resource::<PheromonesConfig>().walls, self.index, "wall")?.clone();
        wall.points.iter_mut().for_each(|point| *point += self.by);
        check_wall(&wall, self.index as usize)?;
        world.resource_mut::<PheromonesConfig>().walls[self.index as usize] = wall;
        Ok(format!("wall {} moved by {}", self.index, self.by))
    }
}

/// Takes a wall away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveWall {
    /// Which of the section's `walls`, from 0.
    pub index: u32,
}

impl Check for RemoveWall {}

impl Intervention for RemoveWall {
    const NAME: &'static str = "RemoveWall";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        numbered(&world.resource::<PheromonesConfig>().walls, self.index, "wall")?;
        world.resource_mut::<PheromonesConfig>().walls.remove(self.index as usize);
        Ok(format!("wall {} is gone", self.index))
    }
}
