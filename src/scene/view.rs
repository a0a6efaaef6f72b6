//! How a scene is best looked at.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// How the scene is best looked at, in the window and in pictures. It changes nothing that happens; what somebody chooses by
/// hand or on the command line comes before it.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ViewDefaults {
    /// What the colour of agents tells: `group`, `speed`, `heading`, `health`, `status`, `id`, or any quantity of agents such
    /// as `Velocity.x` or `Condition.health`.
    pub color_by: String,
    /// Both ends of a quantity's colour scale, in its unit, the smaller one first; where nearly all values lie if absent.
    pub color_range: Option<(f64, f64)>,
    /// What the size of agents tells: `uniform`, `speed`, `health`, or any quantity of agents.
    pub size_by: String,
    /// Whether the ways that agents came are drawn.
    pub trails: bool,
    /// Whether a soft line is drawn around every flock.
    pub hulls: bool,
}

impl Default for ViewDefaults {
    fn default() -> Self {
        Self { color_by: "group".into(), color_range: None, size_by: "uniform".into(), trails: false, hulls: false }
    }
}

impl ViewDefaults {
    /// Words that say what colours tell, beside the names of quantities.
    pub const COLORS: [&str; 7] = ["group", "speed", "heading", "health", "status", "id", "number"];
    /// Words that say what sizes tell, beside the names of quantities.
    pub const SIZES: [&str; 3] = ["uniform", "speed", "health"];

    /// The quantities that it names, each with its field.
    pub fn quantities(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let color = (!Self::COLORS.contains(&self.color_by.as_str())).then_some(("color_by", self.color_by.as_str()));
        let size = (!Self::SIZES.contains(&self.size_by.as_str())).then_some(("size_by", self.size_by.as_str()));
        color.into_iter().chain(size)
    }

    /// Whether the ends of its scale are numbers, and in order.
    #[must_use]
    pub fn has_sound_range(&self) -> bool {
        self.color_range.is_none_or(|(low, high)| low.is_finite() && high.is_finite() && low < high)
    }
}
