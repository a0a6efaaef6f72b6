//! Values set by path: of the scene, and of agents' components.

use std::collections::BTreeMap;

use bevy::prelude::*;
use bevy::reflect::TypeRegistry;
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, AgentGroup, AgentIndex, Condition, Position, ServiceRecord, Velocity};
use crate::check::{Check, Problems};
use crate::check_selector;
use crate::intervention::{Intervention, InterventionContext, InterventionError, Unfit};
use crate::params::{get_live, set_live};
use crate::reflect_path::{self, ParamValue, PathError};
use crate::rehearsal::{Rehearsal, groups_that_may_be_chosen};
use crate::selector::Selector;

check_selector!(SetField);

/// Sets a value of the scene while it runs, by path or by the name of a parameter.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SetParam {
    /// A path such as `boids.separation.weight`, or the name of a parameter of the scene.
    pub path: String,
    /// The value: a number, true, false, or RON in quotes.
    pub value: ParamValue,
}

impl Default for SetParam {
    fn default() -> Self {
        Self { path: String::new(), value: ParamValue::Number(0.0) }
    }
}

impl Check for SetParam {
    fn check(&self, at: &str, problems: &mut Problems) {
        if self.path.is_empty() {
            problems.push(format!("{at}.path"), "the path is empty", "for example path: \"boids.separation.weight\"");
        }
        if let ParamValue::Number(number) = self.value
            && !number.is_finite()
        {
            problems.push(
                format!("{at}.value"),
                format!("{number} is not a finite number"),
                "write an ordinary number",
            );
        }
    }
}

impl Intervention for SetParam {
    const NAME: &'static str = "SetParam";
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        get_live(world, &self.path).map_err(|error| Unfit { field: "path", error: error.into() })?;
        set_live(world, &self.path, &self.value).map_err(|error| Unfit { field: "value", error: error.into() })
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        set_live(world, &self.path, &self.value)?;
        Ok(format!("{} is now {}", self.path, self.value))
    }

    fn continues(&self, earlier: &Self) -> bool {
        self.path == earlier.path
    }
}

/// Sets a field of a component of agents, such as `Velocity.0.x` or `Condition.health`. An agent to which nothing has happened
/// yet has the default `Condition`: active, with a health of 1.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SetField {
    /// Which agents; those without the component are passed over.
    pub select: Selector,
    /// The component's name and the path of the field in it.
    pub field: String,
    /// The value: a number, true, false, or RON in quotes.
    pub value: ParamValue,
}

impl Default for SetField {
    fn default() -> Self {
        Self { select: Selector::All, field: String::new(), value: ParamValue::Number(0.0) }
    }
}

impl Intervention for SetField {
    const NAME: &'static str = "SetField";

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        let types = world.resource::<AppTypeRegistry>().clone();
        let types = types.read();
        let (component, path) = self.field.split_once('.').unwrap_or((self.field.as_str(), ""));
        let in_field = |error: InterventionError| Unfit { field: "field", error };
        let reflect = component_by_name(world.resource::<EditableComponents>(), &types, component).map_err(in_field)?;
        let entities: Vec<Entity> = world.resource::<AgentIndex>().iter().map(|(_, entity)| entity).collect();
        let held = entities.iter().find_map(|entity| reflect.reflect(world.get_entity(*entity).ok()?));
        let held = held.and_then(|value| value.reflect_clone().ok());
        let editable = world.resource::<EditableComponents>();
        // Plugins tell whose agents have it, whether there are any yet or not.
        if !editable.comes(component, world, &self.select) && default_of(world, component).is_none() {
            return Err(in_field(InterventionError::NobodyHas(component.into())));
        }
        let Some(mut value) = held.or_else(|| editable.specimen(component)) else {
            return Ok(());
        };
        reflect_path::read(value.as_partial_reflect(), path).map_err(|error| in_field(error.into()))?;
        reflect_path::write(value.as_partial_reflect_mut(), path, &self.value, &types)
            .map_err(|error| Unfit { field: "value", error: error.into() })
    }

    fn continues(&self, earlier: &Self) -> bool {
        (&self.field, &self.select) == (&earlier.field, &earlier.select)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        let types = world.resource::<AppTypeRegistry>().clone();
        let types = types.read();
        let (component, path) = self.field.split_once('.').unwrap_or((self.field.as_str(), ""));
        let reflect = component_by_name(world.resource::<EditableComponents>(), &types, component)?;
        let (meant, mut changed) = (agents.len(), 0);
        let default = default_of(world, component);
        for agent in agents {
            let Some(entity) = world.resource::<AgentIndex>().get(agent) else {
                continue;
            };
            let mut entity = world.entity_mut(entity);
            let held = reflect.reflect(entity.as_readonly());
            let is_default = held.is_none();
            let Some(current) = held.or(default.as_deref()) else {
                continue;
            };
            let mut value = current.reflect_clone().map_err(|error| InterventionError::Refused(error.to_string()))?;
            reflect_path::write(value.as_partial_reflect_mut(), path, &self.value, &types)?;
            if is_default {
                reflect.insert(&mut entity, value.as_partial_reflect(), &types);
            } else {
                reflect.apply(&mut entity, value.as_partial_reflect());
            }
            changed += 1;
        }
        if changed == 0 && meant > 0 {
            return Err(InterventionError::NobodyHas(component.into()));
        }
        // A place given by hand must lie in the world.
        if component == "Position" {
            let bounds = *world.resource::<crate::space::WorldBounds>();
            for mut position in world.query::<&mut crate::agent::Position>().iter_mut(world) {
                let inside = bounds.enter(position.0);
                if inside != position.0 {
                    position.0 = inside;
                }
            }
        }
        world.resource_mut::<crate::agent::ConditionExpiry>().0 = 0;
        Ok(format!("{} of {changed} agents is now {}", self.field, self.value))
    }
}

/// What an agent has by default of a component that is there only when it differs from that.
fn default_of(world: &World, component: &str) -> Option<Box<dyn Reflect>> {
    (component == "Condition")
        .then(|| Box::new(Condition::default()) as Box<dyn Reflect>)
        .filter(|_| world.get_resource::<EditableComponents>().is_some_and(|editable| editable.contains(component)))
}

/// The components of agents whose fields may be set from outside, by name. What others hold follows from the state.
#[derive(Resource, Clone, Debug)]
pub struct EditableComponents(BTreeMap<&'static str, Editable>);

#[derive(Clone, Copy, Debug)]
struct Editable {
    specimen: fn() -> Box<dyn Reflect>,
    comes: fn(&World, &AgentGroup) -> bool,
}

impl Default for EditableComponents {
    fn default() -> Self {
        let mut editable = Self(BTreeMap::new());
        editable.add::<Position>(|_, _| true);
        editable.add::<Velocity>(|world, group| {
            let is_given = group.velocity.is_some() || group.rows.iter().any(|row| row.velocity.is_some());
            is_given || agents_require::<Velocity>(world)
        });
        editable.add::<Condition>(|_, _| true);
        editable.add::<ServiceRecord>(|world, group| {
            let serves = !group.capabilities.is_empty() || group.rows.iter().any(|row| !row.capabilities.is_empty());
            // Whoever is given the first capability while the run goes on serves from then on.
            serves
                || agents_require::<ServiceRecord>(world)
                || world.get_resource::<Rehearsal>().is_some_and(Rehearsal::has_granted)
        });
        editable
    }
}

/// Whether every agent has this component from the moment at which it is spawned.
#[must_use]
pub fn agents_require<C: Component>(world: &World) -> bool {
    let components = world.components();
    let agent = components.component_id::<Agent>().and_then(|agent| components.get_info(agent));
    let (Some(agent), Some(wanted)) = (agent, components.component_id::<C>()) else { return false };
    agent.required_components().iter_ids().any(|component| component == wanted)
}

impl EditableComponents {
    /// Lets the fields of a reflected component be set. Whoever adds one must bear any value that its fields' ranges allow, and
    /// says whether agents of a group have it, before there are agents: so a scene is refused whose timeline sets what none of
    /// those whom it chooses will have. The default value shows which fields there are.
    pub fn add<C: Component + Reflect + TypePath + Default>(&mut self, comes: fn(&World, &AgentGroup) -> bool) {
        self.0.insert(C::short_type_path(), Editable { specimen: || Box::new(C::default()), comes });
    }

    /// Whether the fields of a component may be set.
    #[must_use]
    pub fn contains(&self, component: &str) -> bool {
        self.0.contains_key(component)
    }

    /// Whether any of those whom a selector may choose has a component. Where it chooses none for certain, nobody is told
    /// wrong: then it is whether anybody has it.
    fn comes(&self, component: &str, world: &World, select: &Selector) -> bool {
        let mut chosen = groups_that_may_be_chosen(world, select);
        if chosen.is_empty() {
            chosen = groups_that_may_be_chosen(world, &Selector::All);
        }
        let editable = self.0.get(component);
        editable.is_some_and(|editable| chosen.into_iter().any(|group| (editable.comes)(world, group)))
    }

    /// A value of a component, to look at its fields.
    fn specimen(&self, component: &str) -> Option<Box<dyn Reflect>> {
        self.0.get(component).map(|editable| (editable.specimen)())
    }
}

fn component_by_name<'t>(
    editable: &EditableComponents,
    types: &'t TypeRegistry,
    name: &str,
) -> Result<&'t ReflectComponent, InterventionError> {
    let unknown = || PathError {
        message: format!("agents have no editable component \"{name}\""),
        help: crate::check::suggest(name, editable.0.keys().copied(), "component"),
    };
    if !editable.contains(name) {
        return Err(unknown().into());
    }
    types
        .get_with_short_type_path(name)
        .and_then(|registration| registration.data::<ReflectComponent>())
        .ok_or_else(|| unknown().into())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::agent::AgentId;
    use crate::event::EventBus;
    use crate::intervention::InterventionLog;

    #[test]
    fn fields_of_agents_are_set_and_wrong_ones_refused() {
        let mut simulation = simulation(2);
        let set = |field: &str, value: ParamValue| SetField {
            select: Selector::Ids(vec![AgentId(1)]),
            field: field.into(),
            value,
        };
        simulation.intervene(set("Velocity.0.x", ParamValue::Number(3.5)));
        simulation.intervene(set("Position.x", ParamValue::Number(99_999.0)));
        simulation.intervene(set("Velocity.0.x", ParamValue::Number(f64::NAN)));
        simulation.intervene(set("Agent.0", ParamValue::Number(0.0)));
        simulation.run(1);
        let entity = simulation.world().resource::<AgentIndex>().get(AgentId(1)).unwrap();
        assert_eq!(simulation.world().get::<Velocity>(entity).unwrap().0.x, 3.5);
        assert!(simulation.world().get::<Position>(entity).unwrap().0.x.abs() <= 500.0);
        let outcomes: Vec<bool> =
            simulation.world().resource::<InterventionLog>().0.iter().map(|applied| applied.outcome.is_ok()).collect();
        assert_eq!(outcomes, [true, true, false, false]);
    }

    #[test]
    fn a_field_out_of_its_range_is_refused_with_what_would_be_right() {
        let mut simulation = simulation(2);
        crate::agent::degrade_agents(simulation.world_mut(), &[AgentId(1)], 0.5, u64::MAX);
        let set = |value| SetField { field: "Condition.health".into(), value, ..default() };
        simulation.intervene(set(ParamValue::Number(0.25)));
        simulation.intervene(set(ParamValue::Number(1.5)));
        simulation.run(1);
        assert_eq!(condition(&simulation, 1).health, 0.25);
        let log = &simulation.world().resource::<InterventionLog>().0;
        let refused = log[1].outcome.as_ref().unwrap_err();
        assert!(refused.contains("1.5 is out of range") && refused.contains("0 to 1"), "{refused}");
    }

    #[test]
    fn a_field_that_nobody_has_is_told_and_one_that_all_have_by_default_is_set() {
        let mut simulation = simulation(3);
        let set = |field: &str, value: ParamValue| SetField { select: Selector::All, field: field.into(), value };
        simulation.intervene(set("Condition.health", ParamValue::Number(0.5)));
        simulation.intervene(set("Condition.status", ParamValue::Text("Frozen".into())));
        simulation.run(1);
        let condition = condition(&simulation, 2);
        assert_eq!((condition.health, condition.status), (0.5, crate::agent::Status::Frozen));
        let log = &simulation.world().resource::<InterventionLog>().0;
        assert!(log.iter().all(|applied| applied.outcome.is_ok()), "{log:?}");

        let mut app = bevy::app::App::new();
        app.add_plugins(crate::SimCorePlugin::default());
        let group = app.world_mut().resource_mut::<crate::agent::AgentGroups>().add(default());
        crate::agent::spawn_scene_group(app.world_mut(), group).unwrap();
        let mut simulation = crate::simulation::Simulation::new(std::mem::take(app.world_mut()));
        simulation.intervene(set("Velocity.0.x", ParamValue::Number(1.0)));
        simulation.run(1);
        let log = &simulation.world().resource::<InterventionLog>().0;
        assert_eq!(log[0].outcome.as_ref().unwrap_err(), "no agent has the component \"Velocity\"");
    }

    #[test]
    fn a_live_value_is_set_and_a_wrong_one_leaves_it() {
        let mut simulation = simulation(1);
        let set = |value| SetParam { path: "world.edge".into(), value: ParamValue::Text(value) };
        simulation.intervene(set("Bounce".into()));
        simulation.intervene(set("Sideways".into()));
        simulation.run(1);
        assert_eq!(simulation.world().resource::<crate::space::WorldBounds>().edge, crate::space::Edge::Bounce);
        assert_eq!(simulation.world().resource::<EventBus>().counts()["InterventionFailed"], 1);
    }
}
