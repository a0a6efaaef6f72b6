//! Faults and changes that need no other plugin: the core of the palette that scenes and the inspector offer.

use bevy::prelude::*;
use bevy::reflect::TypeRegistry;
use serde::{Deserialize, Serialize};

use crate::agent::{
    AgentGroups, AgentId, AgentIndex, Condition, Placement, ServiceRecord, degrade_agents, fail_agents, freeze_agents,
    grant_capability, remove_agents, restart_agents, spawn_group, withdraw_capability,
};
use crate::clock::SimClock;
use crate::intervention::{AddIntervention, Intervention, InterventionContext, InterventionError};
use crate::params::set_live;
use crate::reflect_path::{self, ParamValue, PathError};
use crate::rng::SimRng;
use crate::schema::{Check, Problems, Range, Unit};
use crate::selector::Selector;

/// The tick at which something ends that lasts `seconds`, or never.
fn end_tick(world: &World, seconds: Option<f32>) -> u64 {
    let clock = world.resource::<SimClock>();
    seconds.map_or(u64::MAX, |seconds| clock.tick().saturating_add(clock.ticks_in(f64::from(seconds))))
}

macro_rules! check_selector {
    ($($kind:ty),*) => {
        $(impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
            }
        })*
    };
}

check_selector!(Kill, Restart, Freeze, Degrade, Churn, Remove, SetField);

/// Makes agents fail: they stop, do nothing, and nobody perceives them.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Kill {
    /// Which agents.
    pub select: Selector,
    /// For how long, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Intervention for Kill {
    const NAME: &'static str = "Kill";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        let until = end_tick(world, self.duration_s);
        Ok(format!("{} agents failed", fail_agents(world, &agents, until)))
    }
}

/// Brings agents back: active, with their own health.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Restart {
    /// Which agents.
    pub select: Selector,
}

impl Intervention for Restart {
    const NAME: &'static str = "Restart";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents restarted", restart_agents(world, &agents)))
    }
}

/// Makes agents stand still; others still perceive them.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Freeze {
    /// Which agents.
    pub select: Selector,
    /// For how long, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Intervention for Freeze {
    const NAME: &'static str = "Freeze";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        let until = end_tick(world, self.duration_s);
        Ok(format!("{} agents froze", freeze_agents(world, &agents, until)))
    }
}

/// Makes agents worse at what they do: lower health (a moving agent slows down with it), more latency, less reliability,
/// less concurrency.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Degrade {
    /// Which agents.
    pub select: Selector,
    /// Their health from now on.
    #[reflect(@Range::new(0.0, 1.0))]
    pub health: f32,
    /// Their observed latency from now on, if they serve; unchanged by default.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub latency_ms: Option<f32>,
    /// Their reliability from now on, if they serve; unchanged by default.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reliability: Option<f32>,
    /// How many operations they can work on at once from now on, if they serve; unchanged by default.
    #[reflect(@Range::new(1.0, 1_000_000.0), @Unit("operations"))]
    pub max_concurrency: Option<u32>,
    /// For how long the health stays lowered, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for Degrade {
    fn default() -> Self {
        Self {
            select: Selector::All,
            health: 0.5,
            latency_ms: None,
            reliability: None,
            max_concurrency: None,
            duration_s: None,
        }
    }
}

impl Intervention for Degrade {
    const NAME: &'static str = "Degrade";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        let until = end_tick(world, self.duration_s);
        let changed = degrade_agents(world, &agents, self.health, until);
        for agent in &agents {
            let Some(entity) = world.resource::<AgentIndex>().get(*agent) else {
                continue;
            };
            if let Some(mut record) = world.get_mut::<ServiceRecord>(entity) {
                record.latency_ms = self.latency_ms.unwrap_or(record.latency_ms);
                record.reliability = self.reliability.unwrap_or(record.reliability);
                record.max_concurrency = self.max_concurrency.unwrap_or(record.max_concurrency).max(1);
            }
        }
        Ok(format!("{changed} agents degraded to health {:.2}", self.health))
    }
}

/// Makes agents come and go: each chosen agent fails at random moments and is back after a while.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Which agents; chosen once, when the churn begins.
    pub select: Selector,
    /// How often an agent that is there leaves: expected departures per simulated second.
    #[reflect(@Range::new(0.0, 1000.0), @Unit("1/s"))]
    pub per_second: f32,
    /// How long it stays away, in simulated seconds.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub downtime_s: f32,
    /// How long the churn lasts, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for Churn {
    fn default() -> Self {
        Self { select: Selector::All, per_second: 0.1, downtime_s: 2.0, duration_s: None }
    }
}

impl Intervention for Churn {
    const NAME: &'static str = "Churn";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        let count = agents.len();
        let clock = world.resource::<SimClock>();
        let process = ChurnProcess {
            agents,
            per_tick: (self.per_second / clock.tick_hz() as f32).clamp(0.0, 1.0),
            downtime_ticks: clock.ticks_in(f64::from(self.downtime_s)),
            until: end_tick(world, self.duration_s),
        };
        world.resource_mut::<ChurnProcesses>().0.push(process);
        Ok(format!("{count} agents come and go"))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ChurnProcess {
    agents: Vec<AgentId>,
    per_tick: f32,
    downtime_ticks: u64,
    until: u64,
}

/// Churn that goes on now.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChurnProcesses(Vec<ChurnProcess>);

/// Lets agents under churn leave; they come back when their condition expires.
pub(crate) fn run_churn(world: &mut World) {
    if world.resource::<ChurnProcesses>().0.is_empty() {
        return;
    }
    let now = world.resource::<SimClock>().tick();
    let dice = *world.resource::<SimRng>();
    world.resource_mut::<ChurnProcesses>().0.retain(|process| now < process.until);
    let processes = world.resource::<ChurnProcesses>().0.clone();
    for (number, process) in processes.into_iter().enumerate() {
        let purpose = crate::rng::Purpose::new("churn").indexed(number as u64);
        let leaving: Vec<AgentId> = process
            .agents
            .into_iter()
            .filter(|agent| dice.stream(purpose, *agent, now).unit() < process.per_tick)
            .collect();
        fail_agents(world, &leaving, now + process.downtime_ticks);
    }
}

/// Adds agents to a group of the scene.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Spawn {
    /// The group's name.
    pub group: String,
    /// How many agents.
    #[reflect(@Range::new(0.0, 16_777_216.0), @Unit("agents"))]
    pub count: u32,
    /// Where; by default where the group starts.
    pub at: Option<Placement>,
}

impl Default for Spawn {
    fn default() -> Self {
        Self { group: "agent".into(), count: 10, at: None }
    }
}

impl Check for Spawn {
    fn check(&self, at: &str, problems: &mut Problems) {
        problems.check_group(format!("{at}.group"), &self.group);
        if let Some(placement) = &self.at {
            placement.check(&format!("{at}.at"), problems);
        }
    }
}

impl Intervention for Spawn {
    const NAME: &'static str = "Spawn";

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let groups = world.resource::<AgentGroups>();
        let unknown = || {
            let names = groups.groups().iter().map(|group| group.name.as_str());
            let help = crate::schema::suggest(&self.group, names, "group");
            InterventionError::Refused(format!("there is no agent group \"{}\"; {help}", self.group))
        };
        let group = groups.find(&self.group).ok_or_else(unknown)?;
        let start = groups.get(group).map(|group| group.spawn.clone()).unwrap_or_default();
        let batch = spawn_group(world, group, self.count, self.at.as_ref().unwrap_or(&start))?;
        Ok(format!("{} agents joined {}", batch.entities.len(), self.group))
    }
}

/// Takes agents out of the world for good.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Remove {
    /// Which agents.
    pub select: Selector,
}

impl Intervention for Remove {
    const NAME: &'static str = "Remove";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents removed", remove_agents(world, &agents)))
    }
}

/// Sets a value of the scene while it runs, by path or by the name of a parameter.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
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

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        set_live(world, &self.path, &self.value)?;
        Ok(format!("{} is now {}", self.path, self.value))
    }
}

/// Sets a field of a component of agents, such as `Velocity.0.x` or `Condition.health`.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
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

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        let types = world.resource::<AppTypeRegistry>().clone();
        let types = types.read();
        let (component, path) = self.field.split_once('.').unwrap_or((self.field.as_str(), ""));
        let reflect = component_by_name(&types, component)?;
        let mut changed = 0;
        for agent in agents {
            let Some(entity) = world.resource::<AgentIndex>().get(agent) else {
                continue;
            };
            let mut entity = world.entity_mut(entity);
            let Some(current) = reflect.reflect(entity.as_readonly()) else {
                continue;
            };
            let mut value = current.reflect_clone().map_err(|error| InterventionError::Refused(error.to_string()))?;
            reflect_path::write(value.as_partial_reflect_mut(), path, &self.value, &types)?;
            reflect.apply(&mut entity, value.as_partial_reflect());
            changed += 1;
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

/// The components of agents whose fields may be set from outside.
const EDITABLE: [&str; 4] = ["Position", "Velocity", "Condition", "ServiceRecord"];

fn component_by_name<'t>(types: &'t TypeRegistry, name: &str) -> Result<&'t ReflectComponent, InterventionError> {
    let unknown = || PathError {
        message: format!("agents have no editable component \"{name}\""),
        help: crate::schema::suggest(name, EDITABLE, "component"),
    };
    if !EDITABLE.contains(&name) {
        return Err(unknown().into());
    }
    types
        .get_with_short_type_path(name)
        .and_then(|registration| registration.data::<ReflectComponent>())
        .ok_or_else(|| unknown().into())
}

/// Gives agents a capability.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct GrantCapability {
    /// Which agents.
    pub select: Selector,
    /// The capability, such as `database.query`.
    pub capability: String,
}

/// Takes a capability from agents.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct WithdrawCapability {
    /// Which agents.
    pub select: Selector,
    /// The capability, such as `database.query`.
    pub capability: String,
}

macro_rules! check_capability {
    ($($kind:ty),*) => {
        $(impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
                if let Err(error) = crate::agent::validate_capability_name(&self.capability) {
                    problems.push(format!("{at}.capability"), error.to_string(), "for example \"database.query\"");
                }
            }
        })*
    };
}

check_capability!(GrantCapability, WithdrawCapability);

impl Intervention for GrantCapability {
    const NAME: &'static str = "GrantCapability";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents can {} now", grant_capability(world, &agents, &self.capability)?, self.capability))
    }
}

impl Intervention for WithdrawCapability {
    const NAME: &'static str = "WithdrawCapability";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents can {} no more", withdraw_capability(world, &agents, &self.capability)?, self.capability))
    }
}

pub(crate) fn register(app: &mut App) {
    app.add_intervention::<Kill>()
        .add_intervention::<Restart>()
        .add_intervention::<Freeze>()
        .add_intervention::<Degrade>()
        .add_intervention::<Churn>()
        .add_intervention::<Spawn>()
        .add_intervention::<Remove>()
        .add_intervention::<SetParam>()
        .add_intervention::<SetField>()
        .add_intervention::<GrantCapability>()
        .add_intervention::<WithdrawCapability>()
        .register_type::<Condition>();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimCorePlugin;
    use crate::agent::{AgentGroup, Position, Velocity, spawn_scene_group};
    use crate::event::EventBus;
    use crate::intervention::InterventionLog;
    use crate::metrics::Metrics;
    use crate::simulation::Simulation;

    fn simulation(count: u32) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { seed: 7, tick_hz: 10.0, ..default() });
        crate::require_motion(&mut app);
        let group = AgentGroup { name: "bird".into(), count, capabilities: vec!["fly".into()], ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        spawn_scene_group(app.world_mut(), group).unwrap();
        Simulation::new(std::mem::take(app.world_mut()))
    }

    fn metric(simulation: &Simulation, name: &str) -> f64 {
        simulation.world().resource::<Metrics>().value(name).unwrap()
    }

    fn condition(simulation: &Simulation, agent: u32) -> Condition {
        let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
        simulation.world().get::<Condition>(entity).copied().unwrap_or_default()
    }

    #[test]
    fn a_third_fails_and_all_come_back() {
        let mut simulation = simulation(300);
        simulation.intervene(Kill { select: Selector::Fraction(1.0 / 3.0), duration_s: None });
        simulation.run(1);
        assert_eq!(metric(&simulation, "agents.failed"), 100.0);
        simulation.intervene(Restart { select: Selector::All });
        simulation.run(1);
        assert_eq!(metric(&simulation, "agents.failed"), 0.0);
        let counts = simulation.world().resource::<EventBus>().counts();
        assert_eq!((counts["AgentFailed"], counts["AgentRecovered"]), (100, 100));
    }

    #[test]
    fn a_freeze_ends_after_its_duration() {
        let mut simulation = simulation(10);
        simulation.intervene(Freeze { select: Selector::All, duration_s: Some(0.5) });
        simulation.run(5);
        assert_eq!(metric(&simulation, "agents.active"), 0.0);
        simulation.run(1);
        assert_eq!(metric(&simulation, "agents.active"), 10.0);
    }

    #[test]
    fn degraded_health_returns_to_the_agents_own() {
        let mut simulation = simulation(4);
        let select = Selector::Ids(vec![AgentId(2)]);
        simulation.intervene(Degrade {
            select,
            health: 0.25,
            latency_ms: Some(40.0),
            duration_s: Some(0.3),
            ..default()
        });
        simulation.run(1);
        assert_eq!(condition(&simulation, 2).health, 0.25);
        assert!((metric(&simulation, "agents.health") - 0.8125).abs() < 1e-9);
        simulation.run(3);
        assert_eq!(condition(&simulation, 2).health, 1.0);
    }

    #[test]
    fn churn_takes_agents_away_at_its_rate_and_brings_them_back() {
        let mut simulation = simulation(2000);
        simulation.intervene(Churn { select: Selector::All, per_second: 0.5, downtime_s: 1.0, duration_s: Some(20.0) });
        simulation.run(150);
        // Two states with rates 0.5/s and 1/s: a third is away.
        let away = metric(&simulation, "agents.failed") / 2000.0;
        assert!((away - 1.0 / 3.0).abs() < 0.04, "{away}");
        simulation.run(70);
        assert_eq!(metric(&simulation, "agents.failed"), 0.0);
    }

    #[test]
    fn agents_join_and_leave_and_ids_are_never_reused() {
        let mut simulation = simulation(5);
        simulation.intervene(Remove { select: Selector::Ids(vec![AgentId(4)]) });
        simulation.intervene(Spawn { group: "bird".into(), count: 3, at: None });
        simulation.run(1);
        let index = simulation.world().resource::<AgentIndex>();
        assert_eq!(index.iter().map(|(agent, _)| agent.0).collect::<Vec<_>>(), [0, 1, 2, 3, 5, 6, 7]);
    }

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
