//! Foragers walk: freely, along walls, over corridors; and counters see them pass.

use agent2028_core::agent::{Agent, AgentId, Condition, Position, Velocity};
use agent2028_core::clock::SimClock;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;

use crate::corridors::{Branch, OnCorridor, choose_branch};
use crate::field::PheromoneField;
use crate::forager::{Activity, Forager};
use crate::harvest::at_home;
use crate::plan::{ForagingPlan, GroupPlan};
use crate::sense::weighted_scent;
use crate::site::Sites;
use crate::stats::ForagingStats;

const FORK: Purpose = Purpose::new("pheromones.fork");
/// Corridors shorter than a step are walked through within a tick, this many at most.
const MAX_FORKS_PER_TICK: u32 = 16;

/// What walking needs to know.
struct Ground<'a> {
    field: &'a PheromoneField,
    sites: &'a Sites,
    plan: &'a ForagingPlan,
    bounds: &'a WorldBounds,
}

/// All foragers move by one tick.
pub fn move_foragers(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    workers: Res<Workers>,
    bounds: Res<WorldBounds>,
    field: Res<PheromoneField>,
    sites: Res<Sites>,
    plan: Res<ForagingPlan>,
    mut stats: ResMut<ForagingStats>,
    mut foragers: Query<(&Agent, Option<&Condition>, &mut Forager, &mut Position, &mut Velocity)>,
) {
    let ground = Ground { field: &field, sites: &sites, plan: &plan, bounds: &bounds };
    let (dt, tick) = (clock.dt(), clock.tick());
    let mut rows: Vec<_> = foragers.iter_mut().map(|row| (row, 0_u64)).collect();
    // Each writes only itself; what they add to the counters is whole numbers, so the order does not matter.
    workers.for_each_chunk_mut(&mut rows, 256, |_, rows| {
        for ((agent, condition, forager, position, velocity), crossed) in rows {
            let resting = forager.activity == Activity::Rest;
            let group = ground.plan.groups.get(usize::from(forager.group));
            let (Some(group), true) = (group, Condition::acts(*condition) && !resting) else {
                velocity.0 = Vec2::ZERO;
                continue;
            };
            let start = position.0;
            let speed = group.settings.speed * Condition::health(*condition).clamp(0.0, 1.0);
            let mut stream = dice.stream(FORK, agent.0, tick);
            let end = walk(forager, start, speed * dt, group, &ground, &mut stream);
            velocity.0 = (end - start) / dt;
            *crossed = counters_crossed(&plan, start, end);
            position.0 = ground.bounds.enter(end);
        }
    });
    stats.count_crossings(rows.iter().map(|(_, crossed)| *crossed));
}

/// One step of `distance`. Returns where it ends, on a torus perhaps beyond the edge.
fn walk(
    forager: &mut Forager,
    start: Vec2,
    distance: f32,
    group: &GroupPlan,
    ground: &Ground,
    stream: &mut SimStream,
) -> Vec2 {
    if let Some(on) = forager.on {
        let (on, walked) = walk_corridors(forager, on, distance, group, ground, stream);
        forager.on = Some(on);
        forager.walked += walked;
        let end = ground.plan.corridors.point(on);
        forager.heading = (end - start).normalize_or(forager.heading);
        return end;
    }
    let (mut end, wall) = ground.plan.walls.slide(start, forager.heading * distance);
    if let Some(along) = wall {
        forager.deflect(along);
    }
    if !ground.bounds.wraps() {
        // The walls of the world reflect the heading.
        let (inside, heading) = ground.bounds.travel(start, forager.heading, end - start);
        end = inside;
        forager.heading = heading;
    }
    forager.walked += (end - start).length();
    end
}

fn walk_corridors(
    forager: &Forager,
    mut on: OnCorridor,
    distance: f32,
    group: &GroupPlan,
    ground: &Ground,
    stream: &mut SimStream,
) -> (OnCorridor, f32) {
    let network = &ground.plan.corridors;
    let mut left = distance;
    for _ in 0..MAX_FORKS_PER_TICK {
        let to_end = network.to_end(on);
        if left < to_end {
            return (network.advance(on, left), distance);
        }
        on = network.advance(on, to_end);
        left -= to_end;
        if arrived(forager, network.point(on), group, ground) {
            break;
        }
        on = fork(on, group, ground, stream);
    }
    (on, distance - left)
}

/// Whether a confined forager is where it wants to be, and stays there until it is served.
fn arrived(forager: &Forager, point: Vec2, group: &GroupPlan, ground: &Ground) -> bool {
    if forager.activity.homeward() {
        at_home(forager, point, group, ground.sites, ground.bounds)
    } else {
        ground.sites.nearest_source(point, 0.0, group.touch, ground.bounds).is_some()
    }
}

/// The branches that can be taken at the end of a corridor, with the weighted scent on each.
pub(crate) fn ways_on(
    on: OnCorridor,
    group: &GroupPlan,
    plan: &ForagingPlan,
    field: &PheromoneField,
) -> (Vec<Branch>, Vec<f32>) {
    let (network, settings) = (&plan.corridors, &group.settings);
    let branches = network.ways_on(on, settings.choice.sharpest_turn_deg.to_radians());
    let scents = branches
        .iter()
        .map(|branch| {
            let ahead = network.advance(network.enter(*branch), settings.sensor_distance);
            weighted_scent(field, &group.attractions, network.point(ahead))
        })
        .collect();
    (branches, scents)
}

/// The branch that is taken at the end of a corridor.
fn fork(on: OnCorridor, group: &GroupPlan, ground: &Ground, stream: &mut SimStream) -> OnCorridor {
    let network = &ground.plan.corridors;
    let settings = &group.settings;
    let (branches, scents) = ways_on(on, group, ground.plan, ground.field);
    // Without a choice no number is drawn, which keeps streams short.
    let chosen = match branches.len() {
        0 => return OnCorridor { onward: !on.onward, ..on },
        1 => 0,
        _ => choose_branch(&scents, settings.choice.k, settings.choice.n, stream.unit()),
    };
    network.enter(branches[chosen])
}

fn counters_crossed(plan: &ForagingPlan, start: Vec2, end: Vec2) -> u64 {
    let mut bits = 0;
    for (index, counter) in plan.counters.iter().enumerate() {
        if counter.line.crossed_by(start, end) {
            bits |= 1 << index;
        }
    }
    bits
}

/// The agents of a query in id order, for results that must be applied in it.
pub(crate) fn in_id_order<T>(rows: &mut [T], id: impl Fn(&T) -> AgentId) {
    if !rows.is_sorted_by_key(&id) {
        rows.sort_unstable_by_key(id);
    }
}
