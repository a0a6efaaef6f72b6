//! What is looked at closely: the selected, pinned and compared agents, looked at no more often than it takes.

use agent2028_core::agent::AgentId;
use agent2028_core::explain::{Explanation, explain};
use agent2028_core::faults::EditableComponents;
use agent2028_core::life::Lives;
use agent2028_core::quantity::QuantitySpec;
use agent2028_core::simulation::Simulation;
use agent2028_view::{Pins, Selection};
use bevy::prelude::World;

use crate::panels::agent::components::FieldCache;
use crate::panels::agent::events::HappeningCache;
use crate::panels::compare::{MOST, SpreadCache};

/// In worlds with more agents than this, decisions are explained only this often, in seconds of real time.
const LARGE_WORLD: (usize, f64) = (100_000, 0.1);

/// What is known of the agents in the close-up.
#[derive(Debug, Default)]
pub struct Inspection {
    pub(crate) why: WhyCache,
    pub(crate) fields: FieldCache,
    pub(crate) happenings: HappeningCache,
    pub(crate) spreads: SpreadCache,
    pub(crate) settable: (usize, Vec<QuantitySpec>),
}

impl Inspection {
    /// Finds out which fields can be set for many agents at once.
    pub(crate) fn find_settable(&mut self, generation: u64, world: &World) {
        let quantities = self.fields.quantities(generation, world);
        if self.settable.0 != quantities.len() {
            let editable = world.get_resource::<EditableComponents>();
            let can_be_set = |name: &str| {
                let component = name.split('.').next().unwrap_or_default();
                editable.is_some_and(|editable| editable.contains(component)) && !name.ends_with(".length")
            };
            let specs = quantities.iter().map(|quantity| quantity.spec());
            self.settable = (quantities.len(), specs.filter(|spec| can_be_set(&spec.name)).cloned().collect());
        }
    }
}

/// What the selected agent would decide now.
#[derive(Debug, Default)]
pub struct WhyCache {
    of: Option<(u64, u64, AgentId)>,
    at: f64,
    explanations: Vec<Explanation>,
}

impl WhyCache {
    /// The explanations of an agent's decision as of now, or of a moment ago; `now` is real time in seconds.
    pub fn follow(&mut self, simulation: &Simulation, agent: AgentId, now: f64) -> &[Explanation] {
        let key = (simulation.generation(), simulation.tick(), agent);
        let soon = simulation.agents() > LARGE_WORLD.0
            && (0.0..LARGE_WORLD.1).contains(&(now - self.at))
            && self.of.is_some_and(|(generation, _, of)| (generation, of) == (key.0, agent));
        if self.of != Some(key) && !soon {
            (self.of, self.at) = (Some(key), now);
            self.explanations = explain(simulation.world(), agent);
        }
        &self.explanations
    }
}

/// Has the lives of the pinned agents and of a small selection written down.
pub(crate) fn watch(simulation: &mut Simulation, selection: &Selection, pins: &Pins) {
    let selected = if selection.selected.len() <= MOST { selection.selected.as_slice() } else { &[] };
    let mut wanted: Vec<AgentId> = selected.to_vec();
    wanted.extend(pins.0.iter().filter(|pinned| !selected.contains(pinned)));
    simulation.world_mut().resource_mut::<Lives>().watch(&wanted);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::tests::simulation;

    #[test]
    fn pinned_agents_and_small_selections_are_watched() {
        let mut simulation = simulation(&[("bird", 40)]);
        let mut selection = Selection::default();
        selection.set([3, 5].map(AgentId));
        watch(&mut simulation, &selection, &Pins([9, 5].map(AgentId).to_vec()));
        let watched = simulation.world().resource::<Lives>().watched().to_vec();
        assert_eq!(watched, [3, 5, 9].map(AgentId));
        selection.set((0..40).map(AgentId));
        watch(&mut simulation, &selection, &Pins::default());
        assert!(simulation.world().resource::<Lives>().watched().is_empty());
    }

    #[test]
    fn what_can_be_set_for_many_are_fields_of_components_that_may_be_set() {
        let simulation = simulation(&[("bird", 4)]);
        let mut inspection = Inspection::default();
        inspection.find_settable(0, simulation.world());
        let names: Vec<&str> = inspection.settable.1.iter().map(|spec| spec.name.as_str()).collect();
        assert!(names.contains(&"Position.x") && names.contains(&"Velocity.y"), "{names:?}");
    }
}
