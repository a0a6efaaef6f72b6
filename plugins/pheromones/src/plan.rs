//! What is derived from the scene's section: names looked up, angles in radians, walls and corridors linked.

use agent2028_core::agent::{AgentGroups, AgentId, GroupId, MotionClaims};
use agent2028_core::clock::SimClock;
use agent2028_core::space::WorldBounds;
use bevy::math::Rot2;
use bevy::prelude::*;

use crate::config::{AlarmConfig, ForagingConfig, Homing, PheromonesConfig};
use crate::corridors::CorridorNetwork;
use crate::field::{LayerId, PheromoneField};
use crate::sense::Attraction;
use crate::trail::TrailReinforcer;
use crate::walls::{Segment, WallSet};

/// A foraging group, ready to use.
#[derive(Clone, Debug)]
pub struct GroupPlan {
    /// The group's agents.
    pub group: Option<GroupId>,
    /// Its settings.
    pub settings: ForagingConfig,
    /// What it heeds; nothing without stigmergy.
    pub attractions: Vec<Attraction>,
    /// The layer that it marks; none without stigmergy.
    pub trail: Option<LayerId>,
    /// The layer that leads home, if it homes by scent.
    pub homing: Vec<Attraction>,
    /// How it marks whole paths.
    pub reinforcer: Option<TrailReinforcer>,
    /// The layer in which those who fail are marked.
    pub alarm: Option<(LayerId, AlarmConfig)>,
    /// Angle of the outer antennae.
    pub antenna: Rot2,
    /// Most radians that a heading turns per tick.
    pub turn: f32,
    /// Standard deviation of the heading after a tick, in radians.
    pub wander: f32,
    /// Half a step in full health, in world units: nests and resources smaller than that can be touched from so far.
    pub touch: f32,
}

/// A counter, ready to use.
#[derive(Clone, Debug, PartialEq)]
pub struct CounterPlan {
    /// The line.
    pub line: Segment,
    /// The first counter of its set: counters of one set have the same.
    pub set: usize,
}

/// Everything derived from [`PheromonesConfig`]. It is no state: it is worked out again whenever the section changes.
#[derive(Resource, Clone, Debug, Default)]
pub struct ForagingPlan {
    /// The foraging groups, in the order of the scene.
    pub groups: Vec<GroupPlan>,
    /// Who emits where how much per second.
    pub emitters: Vec<(GroupId, LayerId, f32)>,
    /// The walls.
    pub walls: WallSet,
    /// The corridors.
    pub corridors: CorridorNetwork,
    /// The counters.
    pub counters: Vec<CounterPlan>,
}

/// Most counters of a scene: the counters that a step crosses are kept as bits.
pub const MAX_COUNTERS: usize = 64;

impl ForagingPlan {
    /// Derives the plan.
    #[must_use]
    pub fn derive(config: &PheromonesConfig, field: &PheromoneField, groups: &AgentGroups, dt: f32) -> Self {
        let tolerance = config.cell_size * 0.1;
        Self {
            groups: config.foraging.iter().map(|foraging| group_plan(foraging, field, groups, dt)).collect(),
            emitters: config
                .emitters
                .iter()
                .filter_map(|emitter| Some((groups.find(&emitter.agents)?, field.find(&emitter.layer)?, emitter.per_s)))
                .collect(),
            walls: WallSet::new(config.walls.iter().map(|wall| (wall.points.as_slice(), wall.closed)), tolerance),
            corridors: CorridorNetwork::new(config.corridors.iter().map(|path| path.points.as_slice()), tolerance),
            counters: config
                .counters
                .iter()
                .take(MAX_COUNTERS)
                .enumerate()
                .map(|(index, counter)| CounterPlan {
                    line: Segment { from: counter.from, to: counter.to },
                    set: config.counters.iter().position(|other| other.set == counter.set).unwrap_or(index),
                })
                .collect(),
        }
    }

    /// The plan of the group that an agent belongs to, with its index.
    #[must_use]
    pub fn group_of(&self, agent: AgentId, groups: &AgentGroups) -> Option<usize> {
        let group = groups.group_of(agent)?;
        self.groups.iter().position(|plan| plan.group == Some(group))
    }

    /// Length of the shortest way between two places for a group: over corridors, around walls, or straight.
    #[must_use]
    pub fn shortest(&self, confined: bool, from: Vec2, to: Vec2, bounds: &WorldBounds) -> f32 {
        let straight = bounds.delta(from, to).length();
        if confined {
            self.corridors.shortest(from, to).unwrap_or(straight)
        } else if self.walls.is_empty() {
            straight
        } else {
            self.walls.shortest(from, from + bounds.delta(from, to)).unwrap_or(straight)
        }
    }
}

fn group_plan(foraging: &ForagingConfig, field: &PheromoneField, groups: &AgentGroups, dt: f32) -> GroupPlan {
    let layer = |name: &str| if foraging.stigmergy { field.find(name) } else { None };
    let attractions = foraging
        .follow
        .iter()
        .filter_map(|follow| Some(Attraction { layer: layer(&follow.layer)?, weight: follow.weight }))
        .collect();
    // Homing by scent is the forager's own memory in the control condition too: without it nobody would get home.
    let homing = match &foraging.homing {
        Homing::Trail(name) => field.find(name).map(|layer| Attraction { layer, weight: 1.0 }).into_iter().collect(),
        Homing::Compass => Vec::new(),
    };
    GroupPlan {
        group: groups.find(&foraging.agents),
        attractions,
        trail: layer(&foraging.trail),
        homing,
        reinforcer: foraging
            .reinforce
            .as_ref()
            .and_then(|reinforce| Some(TrailReinforcer { layer: layer(&reinforce.layer)?, amount: reinforce.amount })),
        alarm: foraging.alarm.as_ref().and_then(|alarm| Some((layer(&alarm.layer)?, alarm.clone()))),
        antenna: Rot2::degrees(foraging.sensor_angle_deg),
        turn: foraging.turn_deg_per_s.to_radians() * dt,
        wander: foraging.wander_deg.to_radians() * dt.sqrt(),
        touch: foraging.speed * dt * 0.5,
        settings: foraging.clone(),
    }
}

/// Says which groups forage, so that no other plugin moves them.
pub fn claim_groups(config: Res<PheromonesConfig>, mut claims: ResMut<MotionClaims>) {
    if config.is_changed() {
        let moved: Vec<String> = config.foraging.iter().map(|foraging| foraging.agents.clone()).collect();
        if claims.bypass_change_detection().claim("pheromones", moved) {
            claims.set_changed();
        }
    }
}

/// Brings field and plan in step with the section after it has changed.
pub fn refresh_plan(
    config: Res<PheromonesConfig>,
    groups: Res<AgentGroups>,
    bounds: Res<WorldBounds>,
    clock: Res<SimClock>,
    mut field: ResMut<PheromoneField>,
    mut plan: ResMut<ForagingPlan>,
) {
    if !config.is_changed() && !groups.is_changed() {
        return;
    }
    for (index, layer) in config.layers.iter().enumerate() {
        let parameters = layer.parameters(bounds.wraps());
        match field.layer_mut(LayerId(index as u16)) {
            Some(known) => known.set_parameters(&parameters),
            None => {
                field.add_layer(&layer.name, &parameters);
            }
        }
    }
    *plan = ForagingPlan::derive(&config, &field, &groups, clock.dt());
}
