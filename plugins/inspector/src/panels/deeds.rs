//! What was done in the world with a tool, in words: they stand beside the tool for a moment.

use std::fmt;

use crate::format;

/// What was done with a tool.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// Nothing: there was no place for it.
    Nothing,
    /// A pheromone layer was painted.
    Painted(String),
    /// A pheromone layer was wiped away under the brush; all layers if none is named.
    Wiped(Option<String>),
    /// So many agents joined a group.
    Spawned(u32, String),
    /// So many units of food were dropped.
    Dropped(f32),
    /// A nest of this name was founded.
    Founded(String),
    /// A wall or an obstacle was put up.
    PutUp(What),
    /// Something was removed.
    Removed(What),
    /// Something was moved.
    Moved(What),
}

/// A thing in the world that tools handle.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// So many agents.
    Agents(usize),
    /// The formation of a group.
    Formation(String),
    /// An obstacle.
    Obstacle,
    /// A wall.
    Wall,
    /// A nest.
    Nest,
    /// A resource.
    Resource,
    /// The target of a flock.
    Target,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agents(count) => f.write_str(&format::counted(*count as u64, "agent", "agents")),
            Self::Formation(group) => write!(f, "the formation of {group}"),
            Self::Obstacle => f.write_str("an obstacle"),
            Self::Wall => f.write_str("a wall"),
            Self::Nest => f.write_str("a nest"),
            Self::Resource => f.write_str("a resource"),
            Self::Target => f.write_str("a target"),
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Painted(layer) => write!(f, "Painted {layer}"),
            Self::Wiped(Some(layer)) => write!(f, "Wiped {layer} away"),
            Self::Wiped(None) => f.write_str("Wiped pheromone away"),
            Self::Spawned(count, group) => write!(f, "Spawned {} {group}", format::count((*count).into())),
            Self::Dropped(amount) => write!(f, "Dropped {} units of food", format::number((*amount).into())),
            Self::Founded(name) => write!(f, "Founded {name}"),
            Self::PutUp(what) => write!(f, "Put up {what}"),
            Self::Removed(what) => write!(f, "Removed {what}"),
            Self::Moved(what) => write!(f, "Moved {what}"),
        }
    }
}
