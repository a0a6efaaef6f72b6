//! What is drawn and how: layers, colours, sizes, theme.

use bevy::prelude::*;

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
            trail_length: 60,
            field_opacity: 0.85,
            agent_style: AgentStyle::Auto,
            reduced_motion: false,
        }
    }
}

impl ViewSettings {
    /// The colours in use.
    #[must_use]
    pub fn tokens(&self) -> &'static Tokens {
        self.theme.tokens()
    }
}

/// What is drawn, from the ground up.
#[derive(Clone, Debug, PartialEq, Eq, Reflect)]
#[reflect(Default)]
pub struct Layers {
    /// The world's outline.
    pub bounds: bool,
    /// A grid of round distances.
    pub grid: bool,
    /// Pheromones as heat maps.
    pub fields: bool,
    /// Names of pheromone layers that are hidden although `fields` is on.
    pub hidden_fields: Vec<String>,
    /// Obstacles and walls.
    pub obstacles: bool,
    /// Nests, resources and targets.
    pub places: bool,
    /// Slots of formations.
    pub formation_slots: bool,
    /// Where agents have just been: the selected ones, or all if there are few.
    pub trails: bool,
    /// Agents.
    pub agents: bool,
    /// Agents as darts along their heading; off, they are discs.
    pub headings: bool,
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            bounds: true,
            grid: false,
            fields: true,
            hidden_fields: Vec::new(),
            obstacles: true,
            places: true,
            formation_slots: true,
            trails: false,
            agents: true,
            headings: true,
        }
    }
}

impl Layers {
    /// Whether the pheromone layer of this name is drawn.
    #[must_use]
    pub fn shows_field(&self, name: &str) -> bool {
        self.fields && !self.hidden_fields.iter().any(|hidden| hidden == name)
    }

    /// Shows or hides the pheromone layer of this name.
    pub fn show_field(&mut self, name: &str, show: bool) {
        self.hidden_fields.retain(|hidden| hidden != name);
        if !show {
            self.hidden_fields.push(name.to_owned());
        }
    }
}

/// What the colour of an agent tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Reflect)]
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
}

impl ColorBy {
    /// All choices, in the order in which a menu shows them.
    pub const ALL: [Self; 6] = [Self::Group, Self::Speed, Self::Heading, Self::Health, Self::Status, Self::Id];

    /// What a menu calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Group => "Group",
            Self::Speed => "Speed",
            Self::Heading => "Heading",
            Self::Health => "Health",
            Self::Status => "Status",
            Self::Id => "Number",
        }
    }
}

/// What the size of an agent tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(Default)]
pub enum SizeBy {
    /// Nothing: all are equally large.
    #[default]
    Uniform,
    /// How fast it moves: from 60 % of the size to 140 %.
    Speed,
    /// Its health: from 60 % of the size to 100 %.
    Health,
}

impl SizeBy {
    /// All choices, in the order in which a menu shows them.
    pub const ALL: [Self; 3] = [Self::Uniform, Self::Speed, Self::Health];

    /// What a menu calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Uniform => "Uniform",
            Self::Speed => "Speed",
            Self::Health => "Health",
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
    fn field_layers_hide_and_show_by_name() {
        let mut layers = Layers::default();
        assert!(layers.shows_field("food"));
        layers.show_field("food", false);
        layers.show_field("food", false);
        assert!(!layers.shows_field("food") && layers.shows_field("home"));
        assert_eq!(layers.hidden_fields.len(), 1);
        layers.show_field("food", true);
        assert!(layers.shows_field("food"));
        layers.fields = false;
        assert!(!layers.shows_field("food"));
    }
}
