//! What plugins draw of the world: layers that register themselves, and that are shown and hidden by their keys.

use agent2028_core::agent::{AgentId, AgentIndex, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::math::Vec2;
use bevy::prelude::{App, Resource, World};

use crate::frame::line;
use crate::paint::{Painter, Projection};
use crate::selection::Selection;
use crate::settings::ViewSettings;
use crate::tokens::{Rgba8, Tokens};

/// What is to know about a layer before it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// Its name in settings.
    pub key: &'static str,
    /// What a menu calls it.
    pub label: &'static str,
    /// What it shows.
    pub help: &'static str,
    /// The keys that show and hide it, such as `Alt 7`; empty for none.
    pub shortcut: &'static str,
    /// Whether it is shown unless somebody chose.
    pub shown: bool,
}

/// What a layer reads.
#[derive(Clone, Copy, Debug)]
pub struct LayerInput<'a> {
    /// The simulation.
    pub simulation: &'a Simulation,
    /// How the world is drawn.
    pub settings: &'a ViewSettings,
    /// The selected agents.
    pub selection: &'a Selection,
    /// From world units to logical pixels.
    pub projection: Projection,
}

impl<'a> LayerInput<'a> {
    /// What the simulation's world holds.
    #[must_use]
    pub fn world(&self) -> &'a World {
        self.simulation.world()
    }

    /// The colours in use.
    #[must_use]
    pub fn tokens(&self) -> &'static Tokens {
        self.settings.tokens()
    }

    /// The world's size and edges.
    #[must_use]
    pub fn bounds(&self) -> WorldBounds {
        self.world().get_resource::<WorldBounds>().copied().unwrap_or_default()
    }

    /// Where an agent is, in world units; none if it has left the world.
    #[must_use]
    pub fn place(&self, agent: AgentId) -> Option<Vec2> {
        let entity = self.world().get_resource::<AgentIndex>()?.get(agent)?;
        self.world().get::<Position>(entity).map(|position| position.0).filter(|place| place.is_finite())
    }

    /// Draws a line between two places the short way; around a torus it leaves on one side and comes back on the other.
    pub fn line(&self, painter: &mut Painter, from: Vec2, to: Vec2, color: Rgba8) {
        line::paint(painter, &self.projection, &self.bounds(), from, to, color);
    }
}

/// Something that is drawn of the world, above the ground and below the agents, or not.
pub trait Layer: 'static {
    /// What is to know about it before it is drawn.
    const FACTS: LayerFacts;

    /// Whether this world has any of it.
    #[must_use]
    fn applies(world: &World) -> bool;

    /// Draws it.
    fn paint(painter: &mut Painter, input: &LayerInput);
}

/// A layer that was registered.
#[derive(Clone, Copy, Debug)]
pub struct LayerEntry {
    /// What is to know about it.
    pub facts: &'static LayerFacts,
    applies: fn(&World) -> bool,
    paint: fn(&mut Painter, &LayerInput),
}

impl LayerEntry {
    /// Whether this world has any of it.
    #[must_use]
    pub fn applies(&self, world: &World) -> bool {
        (self.applies)(world)
    }
}

/// All layers of plugins, in the order in which they are drawn.
#[derive(Resource, Clone, Debug, Default)]
pub struct WorldLayers(Vec<LayerEntry>);

impl WorldLayers {
    /// Adds a layer above the others. The key belongs to the layer that came first.
    pub fn add<L: Layer>(&mut self) {
        if self.0.iter().any(|entry| entry.facts.key == L::FACTS.key) {
            bevy::log::error!("there is a layer {} already: {:?} is left out", L::FACTS.key, L::FACTS.label);
        } else {
            self.0.push(LayerEntry { facts: &L::FACTS, applies: L::applies, paint: L::paint });
        }
    }

    /// All of them, from the ground up.
    pub fn iter(&self) -> impl Iterator<Item = &LayerEntry> {
        self.0.iter()
    }

    /// Draws those that are shown.
    pub(crate) fn paint(&self, painter: &mut Painter, input: &LayerInput) {
        for entry in self.iter().filter(|entry| input.settings.layers.shows(entry.facts)) {
            if entry.applies(input.world()) {
                (entry.paint)(painter, input);
            }
        }
    }
}

/// Adds layers to an app.
pub trait RegisterLayers {
    /// Adds a layer above those that are there.
    fn add_layer<L: Layer>(&mut self) -> &mut Self;
}

impl RegisterLayers for App {
    fn add_layer<L: Layer>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<WorldLayers>().add::<L>();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;

    struct Fog;

    impl Layer for Fog {
        const FACTS: LayerFacts =
            LayerFacts { key: "fog", label: "Fog", help: "How far agents see", shortcut: "", shown: false };

        fn applies(_: &World) -> bool {
            true
        }

        fn paint(_: &mut Painter, _: &LayerInput) {}
    }

    #[test]
    fn a_layer_is_shown_as_it_says_until_somebody_chooses() {
        let mut app = App::new();
        app.add_layer::<Fog>().add_layer::<Fog>();
        assert_eq!(app.world().resource::<WorldLayers>().iter().count(), 1);
        let mut layers = Layers::default();
        assert!(!layers.shows(&Fog::FACTS));
        layers.show(&Fog::FACTS, true);
        assert!(layers.shows(&Fog::FACTS));
        layers.show(&Fog::FACTS, false);
        assert_eq!(layers, Layers::default(), "what nobody chose is not kept");
    }
}
