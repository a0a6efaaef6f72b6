//! What plugins bring to the drawing of the world: layers, fields over the ground, flocks that get a hull, and things that can
//! be taken with the pointer.

use agent2028_core::simulation::Simulation;
use bevy::math::Vec2;
use bevy::prelude::{App, Resource, World};

use crate::field::{Field, FieldEntry};
use crate::hulls::FlockFinder;
use crate::layer::{Layer, LayerEntry, LayerInput, LayerLabel};
use crate::layer_facts::{BEFORE, BEHIND, LayerFacts};
use crate::paint::Painter;
use crate::picking::agent_at;
use crate::selection::Selection;
use crate::settings::ViewSettings;
use crate::thing::{Grip, HANDLE_REACH, Outline, Pointer, Thing, ThingChange, ThingId, Things, ThingsEntry};

/// How fast agents go at most in a world, in world units per second; none if nothing says.
pub type TopSpeed = fn(&World) -> Option<f32>;

/// All that plugins bring to the drawing of the world, in the order in which it was registered.
#[derive(Resource, Clone, Debug, Default)]
pub struct WorldLayers {
    painted: Vec<LayerEntry>,
    fields: Vec<FieldEntry>,
    things: Vec<ThingsEntry>,
    flocks: Vec<FlockFinder>,
    top_speeds: Vec<TopSpeed>,
}

impl WorldLayers {
    /// Adds a layer above the others, or to the layer of the same facts. A key belongs to the layer that came first.
    pub fn add<L: Layer>(&mut self) {
        if self.all().any(|facts| facts.key == L::FACTS.key && *facts != L::FACTS) {
            bevy::log::error!("there is a layer {} already: {:?} is left out", L::FACTS.key, L::FACTS.label);
        } else {
            self.painted.push(LayerEntry::of::<L>());
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
        BEFORE.into_iter().chain(self.of_plugins(|_| true, |_| true)).chain(BEHIND)
    }

    /// The layers that a menu offers in this world: those of the view, and those that the world has any of.
    pub fn offered(&self, world: &World) -> Vec<&'static LayerFacts> {
        let of_plugins = self.of_plugins(|entry| entry.applies(world), |field| field.applies(world));
        BEFORE.into_iter().chain(of_plugins).chain(BEHIND).collect()
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
            let is_own = || BEFORE.iter().chain(&BEHIND).any(|own| own.key == facts.key);
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
    pub(crate) fn flocks(&self) -> &[FlockFinder] {
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
        shown.flat_map(|entry| entry.labels(world)).collect()
    }

    /// Draws those that are shown.
    pub(crate) fn paint(&self, painter: &mut Painter, input: &LayerInput) {
        for entry in self.iter().filter(|entry| input.settings.layers.shows(entry.facts)) {
            if entry.applies(input.world()) {
                entry.paint(painter, input);
            }
        }
    }
}

impl WorldLayers {
    /// The points by which things are dragged, in world units.
    #[must_use]
    pub fn handles(&self, simulation: &Simulation) -> Vec<(Vec2, ThingId)> {
        self.things().iter().flat_map(|things| things.handles(simulation)).collect()
    }

    /// What a thing looks like.
    #[must_use]
    pub fn outline(&self, simulation: &Simulation, thing: &ThingId) -> Option<Outline> {
        self.things().iter().find_map(|things| things.outline(simulation, thing))
    }

    /// Moves a thing by a displacement.
    #[must_use]
    pub fn moved(&self, simulation: &Simulation, thing: &ThingId, by: Vec2) -> Option<ThingChange> {
        self.things().iter().find_map(|things| things.moved(simulation, thing, by))
    }

    /// Takes a thing out of the world.
    #[must_use]
    pub fn removed(&self, simulation: &Simulation, thing: &ThingId) -> Option<ThingChange> {
        self.things().iter().find_map(|things| things.removed(simulation, thing))
    }

    /// What lies under the pointer, the topmost first; agents only if they are to be moved.
    #[must_use]
    pub fn thing_at(&self, pointer: &Pointer, selection: &Selection) -> Option<Thing> {
        let reached: Vec<(Grip, ThingId)> = self.things().iter().flat_map(|things| things.under(pointer)).collect();
        let handle = reached
            .iter()
            .filter_map(|(grip, thing)| if let Grip::Handle(away) = grip { Some((*away, thing)) } else { None })
            .filter(|(away, _)| pointer.moves && *away <= HANDLE_REACH)
            .min_by(|one, two| one.0.total_cmp(&two.0));
        let by = |wanted: Grip| reached.iter().find(|(grip, _)| *grip == wanted).map(|(_, thing)| thing);
        // At their middles things win over the agents that throng there.
        let first = handle.map(|(_, thing)| thing).or_else(|| by(Grip::Middle).filter(|_| pointer.moves));
        if let Some(thing) = first {
            return Some(Thing::Of(thing.clone()));
        }
        if pointer.moves
            && let Some(agent) = agent_at(pointer.simulation, pointer.projection, pointer.at)
        {
            let several = selection.contains(agent);
            return Some(Thing::Agents(if several { selection.selected.clone() } else { vec![agent] }));
        }
        by(Grip::Area).map(|thing| Thing::Of(thing.clone()))
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
    fn add_flocks(&mut self, flocks: FlockFinder) -> &mut Self;

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

    fn add_flocks(&mut self, flocks: FlockFinder) -> &mut Self {
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
    use crate::layer_facts::{AGENTS, OBSTACLES, TRAILS};
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
