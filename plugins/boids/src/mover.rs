//! Who is moved how: the section `boids` made ready for a tick.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;

use crate::config::{
    BoidsConfig, FlockConfig, FlockModel, Leader, Matching, Neighbourhood, Target, TargetUrge, Units, Wander,
};
use crate::flock::{Birds, FlockParameters, FlockSet, MOST_FLOCKS, Model, Relation};
use crate::steering::Limits;

/// The least speed of a flock that names none, as a share of its top speed.
const CRUISING_SHARE: f32 = 0.5;

/// What a kind of agent is to the others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MoverRole {
    /// It flocks.
    Flock,
    /// It hunts: how far it sees, how close it catches, and which movers it hunts.
    Predator { sight: f32, catch_radius: Option<f32>, prey: [bool; MOST_FLOCKS] },
    /// It keeps to a slot, slowing down so close to it.
    Formation { slowing_radius: f32 },
}

/// A group of agents that fly alike.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mover {
    /// The agent group; empty for everybody whom nothing else moves.
    pub group: String,
    pub role: MoverRole,
    pub parameters: FlockParameters,
    pub wander: Wander,
    pub targets: Vec<Target>,
    pub leader: Option<Leader>,
    pub flee_radius: f32,
    pub flee_weight: f32,
    /// Speed of new agents, in world units per second.
    pub initial_speed: f32,
}

impl Mover {
    pub fn limits(&self) -> Limits {
        Limits { max_speed: self.parameters.max_speed, max_force: self.parameters.max_force }
    }

    /// Whether its agents do more than the kernel does.
    fn has_influences(&self, hunted: bool, obstacles: bool) -> bool {
        !matches!(self.role, MoverRole::Flock)
            || obstacles
            || self.wander.weight > 0.0
            || !self.targets.is_empty()
            || self.leader.is_some()
            || (hunted && self.flee_weight > 0.0)
    }
}

/// The section made ready: derived from it, the groups, the world and the clock.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Movers {
    pub list: Vec<Mover>,
    per_flock: Vec<FlockParameters>,
    relations: Vec<Relation>,
    model: Option<Birds>,
    nearest: Option<usize>,
    /// Half-open id ranges with their mover, ascending; nothing if all agents belong to the first.
    ranges: Option<Vec<(u32, u32, u8)>>,
    /// Whether anybody's steering needs more than the kernel.
    pub influenced: bool,
    /// World units per second for one unit of speed in the scene.
    pub speed_unit: f32,
    pub dt: f32,
    /// Agents that are no farther apart than this are one flock when flocks are counted.
    pub together_radius: f32,
}

impl Movers {
    /// Works out everything anew. `claimed` names the groups that something else moves.
    pub fn new(config: &BoidsConfig, groups: &AgentGroups, claimed: &[&str], tick_hz: f64) -> Self {
        let dt = (1.0 / tick_hz) as f32;
        let (speed_unit, gain) = match config.units {
            Units::PerTick => (tick_hz as f32, 1.0),
            Units::PerSecond => (1.0, dt),
        };
        let unit = Scale { speed: speed_unit, gain };
        let everybody = [FlockConfig::default()];
        let alone = config.flocks.is_empty();
        let flocks = if alone { &everybody[..] } else { &config.flocks[..] };
        let mut list: Vec<Mover> = flocks.iter().map(|flock| flock_mover(config, flock, unit)).collect();
        let flock_count = list.len();
        for hunter in &config.predators {
            let mut prey = [false; MOST_FLOCKS];
            for (at, flock) in list[..flock_count].iter().enumerate().take(MOST_FLOCKS) {
                prey[at] = hunter.prey.as_ref().is_none_or(|prey| *prey == flock.group);
            }
            let parameters = FlockParameters {
                separation_radius: hunter.separation.radius,
                separation_weight: hunter.separation.weight,
                max_speed: hunter.max_speed * speed_unit,
                max_force: hunter.max_force * speed_unit,
                ..solitary(config, unit)
            };
            list.push(Mover {
                group: hunter.agents.clone(),
                role: MoverRole::Predator { sight: hunter.sight, catch_radius: hunter.catch_radius, prey },
                wander: Wander { weight: 0.3, ..config.wander },
                initial_speed: parameters.max_speed * 0.5,
                parameters,
                ..loner()
            });
        }
        for formation in &config.formations {
            let parameters = FlockParameters {
                separation_radius: config.separation.radius.min(formation.spacing * 0.5),
                separation_weight: config.separation.weight,
                max_speed: formation.max_speed.unwrap_or(config.max_speed) * speed_unit,
                max_force: formation.max_force.unwrap_or(config.max_force) * speed_unit,
                ..solitary(config, unit)
            };
            list.push(Mover {
                group: formation.agents.clone(),
                role: MoverRole::Formation { slowing_radius: formation.slowing_radius },
                parameters,
                ..loner()
            });
        }
        list.truncate(MOST_FLOCKS);
        let ranges = ranges(&list, alone, groups, claimed);
        let hunted = list.iter().any(|mover| matches!(mover.role, MoverRole::Predator { .. }));
        // A listed flock may be one that nobody belongs to; a mover without agents asks for nothing.
        let influenced = list.iter().any(|mover| mover.has_influences(hunted, !config.obstacles.is_empty()));
        Self {
            per_flock: list.iter().map(|mover| mover.parameters).collect(),
            relations: relations(config, &list, flock_count),
            model: birds(config, speed_unit),
            nearest: match config.neighbourhood {
                Neighbourhood::Metric => None,
                Neighbourhood::Nearest(count) => Some(count as usize),
            },
            list,
            ranges,
            influenced,
            speed_unit,
            dt,
            together_radius: match config.model {
                FlockModel::Reynolds => config.cohesion.radius,
                FlockModel::AbmFrameworksComparison { vision, .. } => vision,
            },
        }
    }

    /// The mover of an agent.
    #[inline]
    pub fn mover_of(&self, agent: AgentId) -> Option<u8> {
        match &self.ranges {
            None => Some(0),
            Some(ranges) => {
                let after = ranges.partition_point(|range| range.0 <= agent.0);
                let range = ranges.get(after.checked_sub(1)?)?;
                (agent.0 < range.1).then_some(range.2)
            }
        }
    }

    /// Whether all agents belong to the first mover.
    #[inline]
    pub fn moves_everybody(&self) -> bool {
        self.ranges.is_none()
    }

    /// Whether there are several kinds of agents, so that the kernel must tell them apart.
    pub fn several(&self) -> bool {
        self.list.len() > 1
    }

    /// The rules, given each agent's mover by slot.
    pub fn model<'a>(&'a self, mover_of: &'a [u8]) -> Model<'a> {
        if let Some(birds) = self.model {
            return Model::Birds(birds);
        }
        let flocks = FlockSet { per_flock: &self.per_flock, relations: &self.relations, flock_of: mover_of };
        match self.nearest {
            None => Model::Boids(flocks),
            Some(nearest) => Model::Nearest(flocks, nearest),
        }
    }

    /// The radius that cells are made for.
    pub fn cell_radius(&self, bounds: &WorldBounds, agents: usize) -> f32 {
        match self.nearest {
            // About as many as are looked for lie within this of an agent, if agents are spread evenly.
            Some(nearest) if self.model.is_none() => {
                let area = bounds.size.x * bounds.size.y * nearest as f32 / agents.max(1) as f32;
                (area / std::f32::consts::PI).sqrt()
            }
            _ => self.model(&[]).reach(),
        }
    }
}

#[derive(Clone, Copy)]
struct Scale {
    speed: f32,
    gain: f32,
}

/// Somebody who follows no urge.
fn loner() -> Mover {
    Mover {
        group: String::new(),
        role: MoverRole::Flock,
        parameters: solitary(&BoidsConfig::default(), Scale { speed: 1.0, gain: 1.0 }),
        wander: Wander { weight: 0.0, ..Wander::default() },
        targets: Vec::new(),
        leader: None,
        flee_radius: 0.0,
        flee_weight: 0.0,
        initial_speed: 0.0,
    }
}

/// The limits of the section without its urges.
fn solitary(config: &BoidsConfig, unit: Scale) -> FlockParameters {
    FlockParameters {
        separation_radius: 0.0,
        separation_weight: 0.0,
        alignment_radius: 0.0,
        alignment_weight: 0.0,
        heading_only: false,
        cohesion_radius: 0.0,
        cohesion_weight: 0.0,
        avoidance_radius: 0.0,
        avoidance_weight: 0.0,
        view_degrees: 360.0,
        max_speed: config.max_speed * unit.speed,
        min_speed: 0.0,
        max_force: config.max_force * unit.speed,
        gain: unit.gain,
    }
}

fn flock_mover(config: &BoidsConfig, flock: &FlockConfig, unit: Scale) -> Mover {
    let separation = flock.separation.unwrap_or(config.separation);
    let alignment = flock.alignment.unwrap_or(config.alignment);
    let cohesion = flock.cohesion.unwrap_or(config.cohesion);
    let avoidance = flock.avoidance.unwrap_or(config.avoidance);
    let flee = flock.flee.unwrap_or(config.flee);
    let max_speed = flock.max_speed.unwrap_or(config.max_speed) * unit.speed;
    let targets = flock.targets.clone().unwrap_or_else(|| config.targets.clone());
    let leader = flock.leader.clone().or_else(|| config.leader.clone());
    // Whoever is to stop somewhere, or to keep behind somebody who may be slow, must be able to.
    let stops = leader.is_some() || targets.iter().any(|target| matches!(target.urge, TargetUrge::Arrive { .. }));
    let min_speed = match flock.min_speed.or(config.min_speed) {
        Some(speed) => speed * unit.speed,
        None if stops => 0.0,
        None => max_speed * CRUISING_SHARE,
    };
    let initial_speed = match (&config.model, flock.initial_speed.or(config.initial_speed)) {
        (_, Some(speed)) => speed * unit.speed,
        (FlockModel::AbmFrameworksComparison { speed, .. }, None) => speed * unit.speed,
        (FlockModel::Reynolds, None) => max_speed,
    };
    // An urge without weight needs no neighbours; so none are looked for.
    let reach = |radius: f32, weight: f32| if weight > 0.0 { radius } else { 0.0 };
    Mover {
        group: flock.agents.clone(),
        role: MoverRole::Flock,
        parameters: FlockParameters {
            separation_radius: reach(separation.radius, separation.weight),
            separation_weight: separation.weight,
            alignment_radius: reach(alignment.radius, alignment.weight),
            alignment_weight: alignment.weight,
            heading_only: alignment.matching == Matching::Heading,
            cohesion_radius: reach(cohesion.radius, cohesion.weight),
            cohesion_weight: cohesion.weight,
            avoidance_radius: reach(avoidance.radius, avoidance.weight),
            avoidance_weight: avoidance.weight,
            view_degrees: flock.view_degrees.unwrap_or(config.view_degrees),
            max_speed,
            min_speed,
            max_force: flock.max_force.unwrap_or(config.max_force) * unit.speed,
            gain: unit.gain,
        },
        wander: flock.wander.unwrap_or(config.wander),
        targets,
        leader,
        flee_radius: flee.radius,
        flee_weight: flee.weight,
        initial_speed,
    }
}

fn birds(config: &BoidsConfig, speed_unit: f32) -> Option<Birds> {
    match config.model {
        FlockModel::Reynolds => None,
        FlockModel::AbmFrameworksComparison { vision, speed, cohere, separation, separate, match_velocity } => {
            Some(Birds {
                vision,
                separation,
                cohere,
                separate,
                match_heading: match_velocity,
                speed: speed * speed_unit,
            })
        }
    }
}

/// Flocks treat each other as configured; predators and formations perceive their own kind only, and flocks don't flock
/// with them.
fn relations(config: &BoidsConfig, list: &[Mover], flocks: usize) -> Vec<Relation> {
    let mut relations = Vec::with_capacity(list.len() * list.len());
    for from in 0..list.len() {
        for (to, other) in list.iter().enumerate() {
            let relation = match (from, to) {
                _ if from == to => Relation::Join,
                _ if from >= flocks || to >= flocks => Relation::Ignore,
                _ => {
                    let flock = config.flocks.get(from);
                    let named = flock.and_then(|flock| flock.relations.iter().find(|to| to.to == other.group));
                    let general = flock.and_then(|flock| flock.strangers).unwrap_or(config.strangers);
                    named.map_or(general, |named| named.is).into()
                }
            };
            relations.push(relation);
        }
    }
    relations
}

/// Who belongs to which mover. `alone`: the first takes all whom nobody else moves.
fn ranges(list: &[Mover], alone: bool, groups: &AgentGroups, claimed: &[&str]) -> Option<Vec<(u32, u32, u8)>> {
    let names = || groups.groups().iter().enumerate();
    let is_named = |name: &str| list.iter().any(|mover| mover.group == name);
    let is_claimed = |name: &str| claimed.contains(&name);
    if alone && list.len() == 1 && !names().any(|(_, group)| is_claimed(&group.name)) {
        return None;
    }
    let mut ranges: Vec<(u32, u32, u8)> = Vec::new();
    for (number, group) in names() {
        // Formations come last: a flock that is listed as one too flies in formation for as long as it is.
        let mover = list.iter().rposition(|mover| !mover.group.is_empty() && mover.group == group.name);
        let mover = mover.or((alone && !is_named(&group.name) && !is_claimed(&group.name)).then_some(0));
        if let Some(mover) = mover {
            let id = agent2028_core::agent::GroupId(number as u16);
            ranges.extend(groups.ranges_of(id).map(|range| (range.start, range.end, mover as u8)));
        }
    }
    ranges.sort_unstable();
    Some(ranges)
}
