//! What is drawn and how: layers, colours, sizes, theme.

use std::collections::BTreeMap;

use bevy::prelude::*;

use crate::layer_facts::LayerFacts;
use crate::tokens::{Theme, Tokens};

/// What the user chose to see.
#[derive(Resource, Clone, Debug, PartialEq, Reflect)]
#[reflect(Resource, Default)]
pub struct ViewSettings {
    /// Dark or light.
    pub theme: Theme,
    /// What is drawn.
    pub layers: Layers,
    /// What the agents' colour tells.
    pub color_by: ColorBy,
    /// What the agents' size tells.
    pub size_by: SizeBy,
    /// The values at both ends of the colour scale of a quantity; they follow what there is if absent.
    pub color_range: Option<(f64, f64)>,
    /// Whose truth is drawn.
    pub lens: Lens,
    /// How many past positions a trail shows, 2–240.
    pub trail_length: usize,
    /// How strongly pheromones cover the ground, 0–1.
    pub field_opacity: f32,
    /// How agents are drawn.
    pub agent_style: AgentStyle,
    /// The camera jumps instead of gliding, and nothing pulses.
    pub reduced_motion: bool,
}

impl Default for ViewSettings {
    fn default() -> Self {
        Self {
            theme: Theme::Dark,
            layers: Layers::default(),
            color_by: ColorBy::Group,
            size_by: SizeBy::Uniform,
            color_range: None,
            lens: Lens::Truth,
            trail_length: 60,
            field_opacity: 0.85,
            agent_style: AgentStyle::Auto,
            reduced_motion: false,
        }
    }
}

impl ViewSettings {
    /// Whether colours or sizes tell how fast agents move.
    #[must_use]
    pub fn tells_speed(&self) -> bool {
        self.color_by == ColorBy::Speed || self.size_by == SizeBy::Speed
    }

    /// The colours in use.
    #[must_use]
    pub fn tokens(&self) -> &'static Tokens {
        self.theme.tokens()
    }
}

/// Which layers a person has shown or hidden. All others have the default of the layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect)]
#[reflect(Default)]
pub struct Layers {
    /// Whether a layer is drawn, by its key.
    chosen: BTreeMap<String, bool>,
    /// Names of layers of fields that are hidden although the field is shown.
    hidden_fields: Vec<String>,
}

impl Layers {
    /// Whether a layer is drawn.
    #[must_use]
    pub fn shows(&self, layer: &LayerFacts) -> bool {
        self.chosen.get(layer.key).copied().unwrap_or(layer.shown)
    }

    /// Draws a layer, or not.
    pub fn show(&mut self, layer: &LayerFacts, on: bool) {
        if on == layer.shown {
            self.chosen.remove(layer.key);
        } else {
            self.chosen.insert(layer.key.to_owned(), on);
        }
    }

    /// Whether the layer of this name of a field is drawn, if the field is.
    #[must_use]
    pub fn shows_field(&self, name: &str) -> bool {
        !self.hidden_fields.iter().any(|hidden| hidden == name)
    }

    /// Shows or hides the layer of this name of a field.
    pub fn show_field(&mut self, name: &str, show: bool) {
        self.hidden_fields.retain(|hidden| hidden != name);
        if !show {
            self.hidden_fields.push(name.to_owned());
        }
    }
}

/// Whose truth is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(Default)]
pub enum Lens {
    /// The world as it is.
    #[default]
    Truth,
    /// What the system holds agents for: its detectors, its registry, whoever judges them.
    System,
    /// What the selected agent perceives; everything else is dimmed. Of several selected agents the first one counts.
    Agent,
}

impl Lens {
    /// All lenses, in the order in which a menu shows them.
    pub const ALL: [Self; 3] = [Self::Truth, Self::System, Self::Agent];

    /// What a menu calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Truth => "Truth",
            Self::System => "The system",
            Self::Agent => "Selected agent",
        }
    }

    /// The lens after it; the first follows the last.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Truth => Self::System,
            Self::System => Self::Agent,
            Self::Agent => Self::Truth,
        }
    }
}

/// What the colour of an agent tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(Default)]
pub enum ColorBy {
    /// The group it belongs to (categories).
    #[default]
    Group,
    /// How fast it moves (viridis).
    Speed,
    /// Where it moves to (a circle of hues).
    Heading,
    /// Its health (diverging: orange is ill).
    Health,
    /// Whether it is active, failed or frozen.
    Status,
    /// Its number: neighbours in number differ in colour.
    Id,
    /// A quantity by its name, such as `Velocity.x` (viridis; diverging if it has a sign; categories if it counts kinds).
    Quantity(String),
}

impl ColorBy {
    /// By its name on a command line: `group`, `speed`, `heading`, `health`, `status`, `id`, or else a quantity's name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "group" => Self::Group,
            "speed" => Self::Speed,
            "heading" => Self::Heading,
            "health" => Self::Health,
            "status" => Self::Status,
            "id" | "number" => Self::Id,
            quantity => Self::Quantity(quantity.to_owned()),
        }
    }

    /// All choices but quantities, in the order in which a menu shows them.
    pub const ALL: [Self; 6] = [Self::Group, Self::Speed, Self::Heading, Self::Health, Self::Status, Self::Id];

    /// What a menu calls it.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Group => "Group",
            Self::Speed => "Speed",
            Self::Heading => "Heading",
            Self::Health => "Health",
            Self::Status => "Status",
            Self::Id => "Number",
            Self::Quantity(name) => name,
        }
    }
}

/// What the size of an agent tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(Default)]
pub enum SizeBy {
    /// Nothing: all are equally large.
    #[default]
    Uniform,
    /// How fast it moves: from 60 % of the size to 140 %.
    Speed,
    /// Its health: from 60 % of the size to 100 %.
    Health,
    /// A quantity by its name: from 60 % of the size to 140 %.
    Quantity(String),
}

impl SizeBy {
    /// By its name on a command line: `uniform`, `speed`, `health`, or else a quantity's name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "uniform" => Self::Uniform,
            "speed" => Self::Speed,
            "health" => Self::Health,
            quantity => Self::Quantity(quantity.to_owned()),
        }
    }

    /// All choices but quantities, in the order in which a menu shows them.
    pub const ALL: [Self; 3] = [Self::Uniform, Self::Speed, Self::Health];

    /// What a menu calls it.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Uniform => "Uniform",
            Self::Speed => "Speed",
            Self::Health => "Health",
            Self::Quantity(name) => name,
        }
    }
}

/// How agents get onto the screen. All three look alike; they differ in what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(Default)]
pub enum AgentStyle {
    /// Instanced on a graphics processor; as an image where the adapter is software and many agents are visible.
    #[default]
    Auto,
    /// One instanced draw, always.
    Instanced,
    /// Painted by the processor into an image of the window, always.
    Image,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_have_names() {
        for choice in ColorBy::ALL {
            assert_eq!(ColorBy::named(&choice.label().to_lowercase()), choice);
        }
        for choice in SizeBy::ALL {
            assert_eq!(SizeBy::named(&choice.label().to_lowercase()), choice);
        }
        assert_eq!(ColorBy::named("Condition.health"), ColorBy::Quantity("Condition.health".into()));
    }

    #[test]
    fn field_layers_hide_and_show_by_name() {
        let mut layers = Layers::default();
        assert!(layers.shows_field("food"));
        layers.show_field("food", false);
        layers.show_field("food", false);
        assert!(!layers.shows_field("food") && layers.shows_field("home"));
        assert_eq!(layers.hidden_fields.len(), 1);
        layers.show_field("food", true);
        assert!(layers.shows_field("food"));
    }
}
