//! Foragers act: pick up, deliver, mark. One after the other in id order, because what one takes the next can't.

use agent2028_core::agent::{Agent, AgentId, Condition, Position, Status, Velocity};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;

use crate::config::ForagingConfig;
use crate::events::{
    RESOURCE_AVAILABLE, RESOURCE_EXHAUSTED, RESOURCE_FOUND, ResourceFound, ResourceGrownBack, ResourceUsedUp,
};
use crate::field::PheromoneField;
use crate::forager::{Activity, Forager, PathMemory};
use crate::movement::in_id_order;
use crate::plan::{ForagingPlan, GroupPlan};
use crate::site::Sites;
use crate::stats::ForagingStats;

const REST: Purpose = Purpose::new("pheromones.rest");
const RESPAWN: Purpose = Purpose::new("pheromones.respawn");

/// Fills resources up again whose time has come.
pub fn respawn_resources(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    bounds: Res<WorldBounds>,
    mut sites: ResMut<Sites>,
    mut bus: ResMut<EventBus>,
) {
    if sites.sources.iter().all(|source| source.empty_since.is_none()) {
        return;
    }
    let mut stream = dice.global(RESPAWN, clock.tick());
    for index in sites.respawn(clock.tick(), clock.tick_hz(), &bounds, &mut stream) {
        let source = &sites.sources[index];
        let (name, position, amount) = (source.name.clone(), source.position, source.amount);
        bus.publish(RESOURCE_AVAILABLE, None, ResourceGrownBack { name, position, amount });
    }
}

/// Picks up, delivers and marks, for all foragers.
pub fn act_foragers(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    bounds: Res<WorldBounds>,
    plan: Res<ForagingPlan>,
    mut field: ResMut<PheromoneField>,
    mut sites: ResMut<Sites>,
    mut stats: ResMut<ForagingStats>,
    mut bus: ResMut<EventBus>,
    mut foragers: Query<(&Agent, &Position, &Velocity, Option<&Condition>, &mut Forager, Option<&mut PathMemory>)>,
) {
    let mut rows: Vec<_> = foragers.iter_mut().collect();
    in_id_order(&mut rows, |row| row.0.0);
    for (agent, position, velocity, condition, forager, mut memory) in rows {
        let Some(group) = plan.groups.get(usize::from(forager.group)) else { continue };
        let forager = forager.into_inner();
        if !Condition::acts(condition) {
            let failed = condition.is_some_and(|condition| condition.status == Status::Failed);
            if failed && !forager.alarmed {
                forager.alarmed = true;
                raise_alarm(&mut field, group, position.0, agent.0);
            }
            continue;
        }
        forager.alarmed = false;
        if let (Some(memory), Some(reinforce)) = (memory.as_deref_mut(), &group.settings.reinforce) {
            remember(&mut memory.0, position.0, reinforce.stride, reinforce.points as usize, &bounds);
        }
        if forager.activity.searches() {
            let place = Place { agent: agent.0, position: position.0, tick: clock.tick() };
            pick_up(forager, place, group, &plan, &bounds, &mut sites, &mut stats, &mut bus);
        } else if forager.activity.homeward() && at_home(forager, position.0, group, &sites, &bounds) {
            deliver(forager, &mut sites, &mut stats);
            if let (Some(memory), Some(reinforcer)) = (memory.as_deref_mut(), &group.reinforcer) {
                if forager.carried > 0.0 {
                    reinforcer.mark(&mut field, &memory.0, agent.0);
                }
                memory.0.clear();
            }
            forager.carried = 0.0;
            forager.turn_back();
            let mut stream = dice.stream(REST, agent.0, clock.tick());
            forager.leave_nest(group, &mut stream, &clock);
        }
        mark_ground(&mut field, forager, group, position.0, velocity.0, agent.0, clock.dt());
    }
}

/// Keeps a point of the way per stride, and of a long way the latest points.
fn remember(way: &mut Vec<Vec2>, position: Vec2, stride: f32, most: usize, bounds: &WorldBounds) {
    if way.last().is_some_and(|last| bounds.delta(*last, position).length() < stride) {
        return;
    }
    if way.len() >= most.max(2) {
        way.remove(0);
    }
    way.push(position);
}

/// Who is where when.
struct Place {
    agent: AgentId,
    position: Vec2,
    tick: u64,
}

fn pick_up(
    forager: &mut Forager,
    place: Place,
    group: &GroupPlan,
    plan: &ForagingPlan,
    bounds: &WorldBounds,
    sites: &mut Sites,
    stats: &mut ForagingStats,
    bus: &mut EventBus,
) {
    let Some((index, _)) = sites.nearest_source(place.position, 0.0, group.touch, bounds) else {
        return;
    };
    let source = &mut sites.sources[index];
    let known = source.found;
    let taken = source.take(group.settings.capacity, place.tick);
    if taken <= 0.0 {
        return;
    }
    if !known {
        stats.found += 1;
        let told = ResourceFound { name: source.name.clone(), position: source.position };
        bus.publish(RESOURCE_FOUND, Some(place.agent), told);
    }
    if source.amount <= 0.0 {
        let told = ResourceUsedUp { name: source.name.clone(), position: source.position };
        bus.publish(RESOURCE_EXHAUSTED, Some(place.agent), told);
    }
    stats.pickups += 1;
    forager.carried = taken;
    forager.activity = Activity::Carry;
    forager.since_s = 0.0;
    forager.turn_back();
    if let Some(nest) = sites.nests.get(forager.nest as usize) {
        let source = &sites.sources[index];
        let middle_to_middle = plan.shortest(group.settings.confined, nest.position, source.position, bounds);
        forager.shortest = (middle_to_middle - nest.radius - source.radius).max(1e-3);
    }
}

pub(crate) fn at_home(
    forager: &Forager,
    position: Vec2,
    group: &GroupPlan,
    sites: &Sites,
    bounds: &WorldBounds,
) -> bool {
    let nest = sites.nests.get(forager.nest as usize);
    nest.is_some_and(|nest| bounds.delta(position, nest.position).length() <= nest.radius.max(group.touch))
}

fn deliver(forager: &Forager, sites: &mut Sites, stats: &mut ForagingStats) {
    if forager.activity != Activity::Carry {
        return;
    }
    stats.count_trip(forager.carried, forager.walked, forager.shortest);
    if let Some(nest) = sites.nests.get_mut(forager.nest as usize) {
        nest.delivered += f64::from(forager.carried);
    }
}

/// What a forager leaves on the ground, in intensity per second, and what is left of it since its way began (0–1).
pub(crate) fn mark_rate(forager: &Forager, settings: &ForagingConfig) -> (f32, f32) {
    let per_s = match forager.activity {
        Activity::Carry => settings.mark_per_s,
        Activity::Explore | Activity::Follow => settings.mark_out_per_s,
        Activity::Rest | Activity::Return => 0.0,
    };
    let strength = if per_s > 0.0 && settings.mark_fade_s > 0.0 {
        bevy::math::ops::exp(-forager.since_s / settings.mark_fade_s)
    } else {
        1.0
    };
    (per_s, strength)
}

/// Leaves the tick's mark, spread over the way that the last step took, so that fast walkers leave no gaps.
fn mark_ground(
    field: &mut PheromoneField,
    forager: &Forager,
    group: &GroupPlan,
    position: Vec2,
    velocity: Vec2,
    agent: AgentId,
    dt: f32,
) {
    let Some(layer) = group.trail else { return };
    let (per_s, strength) = mark_rate(forager, &group.settings);
    if per_s <= 0.0 {
        return;
    }
    let step = velocity * dt;
    let samples = (step.length() / field.grid().cell_size.min_element()).ceil().clamp(1.0, 64.0);
    let amount = per_s * strength * dt / samples;
    for sample in 0..samples as u32 {
        field.deposit(layer, position - step * (sample as f32 / samples), amount, agent);
    }
}

fn raise_alarm(field: &mut PheromoneField, group: &GroupPlan, position: Vec2, agent: AgentId) {
    let Some((layer, alarm)) = &group.alarm else { return };
    for cell in field.cells_within(position, alarm.radius) {
        if let Some(layer) = field.layer_mut(*layer) {
            layer.deposit(cell, alarm.amount, agent);
        }
    }
}
