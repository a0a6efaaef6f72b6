//! What is drawn of the world, and what plugins bring to it: layers that register themselves and are shown and hidden by
//! their keys, fields over the ground, flocks that get a hull, and things that can be taken with the pointer.

mod own;

use agent2028_core::agent::{AgentId, AgentIndex, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::math::Vec2;
use bevy::prelude::{App, Resource, World};

use crate::field::{Field, FieldEntry};
use crate::frame::line;
use crate::hulls::Flocks;
use crate::paint::{Painter, Projection};
use crate::selection::Selection;
use crate::settings::ViewSettings;
use crate::thing::{Things, ThingsEntry};
use crate::tokens::{Rgba8, Tokens};

pub use own::{
    AGENTS, BOUNDS, GRID, HEADINGS, HOVER_CARD, HULLS, LABELS, LEGEND, MINIMAP, OBSTACLES, PLACES, REGIONS, TRAILS,
};

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
    /// How long a single agent is drawn, in logical pixels.
    pub agent_length: f32,
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

/// How much a label matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelRank {
    /// One of many: it gives way to the others, and is written quietly.
    Detail,
    /// A landmark.
    Place,
}

/// A name or a number that wants to stand beside something in the world.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLabel {
    /// How much it matters.
    pub rank: LabelRank,
    /// What it says.
    pub text: String,
    /// The middle of what it names, in world units.
    pub at: Vec2,
    /// How far that reaches, in world units.
    pub radius: f32,
    /// Of two of a rank, the one with more weight comes first.
    pub weight: f32,
}

/// Something that is drawn of the world, above the ground and below the agents, or not. Several plugins may paint the same
/// layer, such as [`OBSTACLES`]: it is switched as one.
pub trait Layer: 'static {
    /// What is to know about it before it is drawn.
    const FACTS: LayerFacts;

    /// Whether this world has any of it.
    #[must_use]
    fn applies(world: &World) -> bool;

    /// Draws it.
    fn paint(painter: &mut Painter, input: &LayerInput);

    /// What is written beside it where there is room, while names are shown.
    #[must_use]
    fn labels(world: &World) -> Vec<LayerLabel> {
        let _ = world;
        Vec::new()
    }
}

/// A layer that was registered, or the part of one.
#[derive(Clone, Copy, Debug)]
pub struct LayerEntry {
    /// What is to know about it.
    pub facts: &'static LayerFacts,
    applies: fn(&World) -> bool,
    paint: fn(&mut Painter, &LayerInput),
    labels: fn(&World) -> Vec<LayerLabel>,
}

impl LayerEntry {
    /// Whether this world has any of it.
    #[must_use]
    pub fn applies(&self, world: &World) -> bool {
        (self.applies)(world)
    }
}

/// How fast agents go at most in a world, in world units per second; none if nothing says.
pub type TopSpeed = fn(&World) -> Option<f32>;

/// All that plugins bring to the drawing of the world, in the order in which it was registered.
#[derive(Resource, Clone, Debug, Default)]
pub struct WorldLayers {
    painted: Vec<LayerEntry>,
    fields: Vec<FieldEntry>,
    things: Vec<ThingsEntry>,
    flocks: Vec<Flocks>,
    top_speeds: Vec<TopSpeed>,
}

impl WorldLayers {
    /// Adds a layer above the others, or to the layer of the same facts. A key belongs to the layer that came first.
    pub fn add<L: Layer>(&mut self) {
        if self.all().any(|facts| facts.key == L::FACTS.key && *facts != L::FACTS) {
            bevy::log::error!("there is a layer {} already: {:?} is left out", L::FACTS.key, L::FACTS.label);
        } else {
            let entry = LayerEntry { facts: &L::FACTS, applies: L::applies, paint: L::paint, labels: L::labels };
            self.painted.push(entry);
        }
    }

    /// Adds a field over the ground.
    pub fn add_field<F: Field>(&mut self) {
        self.fields.push(FieldEntry::of::<F>());
    }

    /// Adds things that can be taken with the pointer.
    pub fn add_things<T: Things>(&mut self) {
        self.things.push(ThingsEntry::of::<T>());
    }

    /// What plugins paint, from the ground up.
    pub fn iter(&self) -> impl Iterator<Item = &LayerEntry> {
        self.painted.iter()
    }

    /// All layers, each once, in the order of the menu.
    pub fn all(&self) -> impl Iterator<Item = &'static LayerFacts> {
        own::BEFORE.into_iter().chain(self.of_plugins(|_| true, |_| true)).chain(own::BEHIND)
    }

    /// The layers that a menu offers in this world: those of the view, and those that the world has any of.
    pub fn offered(&self, world: &World) -> Vec<&'static LayerFacts> {
        let of_plugins = self.of_plugins(|entry| entry.applies(world), |field| field.applies(world));
        own::BEFORE.into_iter().chain(of_plugins).chain(own::BEHIND).collect()
    }

    fn of_plugins(
        &self,
        painted: impl Fn(&LayerEntry) -> bool,
        field: impl Fn(&FieldEntry) -> bool,
    ) -> impl Iterator<Item = &'static LayerFacts> {
        let mut found: Vec<&'static LayerFacts> = Vec::new();
        let painted = self.painted.iter().filter(|entry| painted(entry)).map(|entry| entry.facts);
        let fields = self.fields.iter().filter(|entry| field(entry)).map(|entry| entry.facts);
        for facts in painted.chain(fields) {
            let is_own = || own::BEFORE.iter().chain(&own::BEHIND).any(|own| own.key == facts.key);
            if !found.iter().any(|known| known.key == facts.key) && !is_own() {
                found.push(facts);
            }
        }
        found.into_iter()
    }

    /// The fields over the ground that a world has.
    #[must_use]
    pub fn fields_of(&self, world: &World) -> Vec<&FieldEntry> {
        self.fields.iter().filter(|field| field.applies(world)).collect()
    }

    /// All kinds of things that can be taken with the pointer.
    #[must_use]
    pub fn things(&self) -> &[ThingsEntry] {
        &self.things
    }

    /// Who tells which agents hang together.
    pub(crate) fn flocks(&self) -> &[Flocks] {
        &self.flocks
    }

    /// The largest speed that plugins say agents have, in world units per second.
    pub(crate) fn top_speed(&self, world: &World) -> f32 {
        self.top_speeds.iter().filter_map(|top| top(world)).fold(0.0, f32::max)
    }

    /// What is written beside the layers that are shown.
    #[must_use]
    pub fn labels(&self, world: &World, settings: &ViewSettings) -> Vec<LayerLabel> {
        let shown = self.painted.iter().filter(|entry| settings.layers.shows(entry.facts) && entry.applies(world));
        shown.flat_map(|entry| (entry.labels)(world)).collect()
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

/// Adds to an app what a plugin brings to the drawing of the world.
pub trait RegisterLayers {
    /// Adds a layer above those that are there.
    fn add_layer<L: Layer>(&mut self) -> &mut Self;

    /// Adds a field over the ground.
    fn add_field<F: Field>(&mut self) -> &mut Self;

    /// Adds things that can be taken with the pointer.
    fn add_things<T: Things>(&mut self) -> &mut Self;

    /// Lets those who hang together have a hull.
    fn add_flocks(&mut self, flocks: Flocks) -> &mut Self;

    /// Says how fast agents go at most.
    fn add_top_speed(&mut self, top: TopSpeed) -> &mut Self;
}

impl RegisterLayers for App {
    fn add_layer<L: Layer>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<WorldLayers>().add::<L>();
        self
    }

    fn add_field<F: Field>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<WorldLayers>().add_field::<F>();
        self
    }

    fn add_things<T: Things>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<WorldLayers>().add_things::<T>();
        self
    }

    fn add_flocks(&mut self, flocks: Flocks) -> &mut Self {
        self.world_mut().get_resource_or_init::<WorldLayers>().flocks.push(flocks);
        self
    }

    fn add_top_speed(&mut self, top: TopSpeed) -> &mut Self {
        self.world_mut().get_resource_or_init::<WorldLayers>().top_speeds.push(top);
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

    /// Another plugin's part of a layer of the view.
    struct Fences;

    impl Layer for Fences {
        const FACTS: LayerFacts = OBSTACLES;

        fn applies(_: &World) -> bool {
            true
        }

        fn paint(_: &mut Painter, _: &LayerInput) {}
    }

    /// It would take another's key.
    struct Thief;

    impl Layer for Thief {
        const FACTS: LayerFacts = LayerFacts { label: "Thief", ..Fog::FACTS };

        fn applies(_: &World) -> bool {
            true
        }

        fn paint(_: &mut Painter, _: &LayerInput) {}
    }

    #[test]
    fn a_layer_is_shown_as_it_says_until_somebody_chooses() {
        let mut layers = Layers::default();
        assert!(!layers.shows(&Fog::FACTS) && layers.shows(&AGENTS) && !layers.shows(&TRAILS));
        layers.show(&Fog::FACTS, true);
        assert!(layers.shows(&Fog::FACTS));
        layers.show(&Fog::FACTS, false);
        assert_eq!(layers, Layers::default(), "what nobody chose is not kept");
    }

    #[test]
    fn parts_of_a_layer_are_one_layer_and_a_key_belongs_to_who_came_first() {
        let mut app = App::new();
        let own = WorldLayers::default().all().count();
        app.add_layer::<Fog>().add_layer::<Fog>().add_layer::<Fences>().add_layer::<Thief>();
        let layers = app.world().resource::<WorldLayers>();
        assert_eq!(layers.iter().count(), 3);
        let labels: Vec<&str> = layers.all().map(|facts| facts.label).collect();
        assert_eq!((labels.len(), labels[4]), (own + 1, "Fog"));
    }

    #[test]
    fn no_two_layers_have_a_key_or_a_shortcut() {
        let layers = WorldLayers::default();
        let all: Vec<_> = layers.all().collect();
        for (at, facts) in all.iter().enumerate() {
            assert!(!all[..at].iter().any(|other| other.key == facts.key || other.shortcut == facts.shortcut));
        }
    }
}
