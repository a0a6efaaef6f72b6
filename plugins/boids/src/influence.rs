//! What moves agents beside their flock: targets, leaders, obstacles, predators, prey, slots and whims, added up to one
//! force per agent before the kernel decides.

use agent2028_core::agent::AgentId;
use agent2028_core::clock::ticks_in;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use agent2028_core::space::{CellGrid, CellSort, CellSource, WorldBounds};
use bevy::prelude::*;

use crate::config::{ObstacleAvoidance, Target, TargetUrge};
use crate::flock::Record;
use crate::formation::Station;
use crate::mover::{Mover, MoverRole};
use crate::obstacle::avoid;
use crate::obstacle_grid::ObstacleGrid;
use crate::steering::{
    Limits, arrive, clamp_length, direction, evade, flee, follow, keep_station, pursue, seek, toward_velocity, wander,
    wander_angle,
};

/// How many agents one thread works on at a time.
const CHUNK_AGENTS: usize = 1024;

/// A predator that has come close enough to its prey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Catch {
    pub prey: AgentId,
    pub predator: AgentId,
}

/// What moves an agent beside its flock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Urge {
    /// To fly around obstacles.
    Obstacles,
    /// To heed the target of this number in its mover's list.
    Target(usize),
    /// To follow this agent.
    Leader(AgentId),
    /// To flee from predators.
    Predators,
    /// To stray from the course.
    Wander,
    /// To hunt this agent.
    Prey(AgentId),
    /// To keep to its slot in a formation.
    Slot(Station),
    /// To come to rest, without a slot.
    Rest,
}

/// All that agents react to.
pub(crate) struct Surroundings<'a> {
    pub bounds: &'a WorldBounds,
    pub dice: &'a SimRng,
    pub tick: u64,
    pub tick_hz: f64,
    pub movers: &'a [Mover],
    /// Each agent's mover, by slot.
    pub mover_of: &'a [u8],
    pub agents: &'a CellSort<Record>,
    pub obstacles: &'a ObstacleGrid,
    pub avoidance: ObstacleAvoidance,
    pub hunters: &'a CellSort<Record>,
    /// Slots of formations, in agent order.
    pub stations: &'a [Station],
    /// The leader of each mover, if it has one.
    pub leaders: &'a [Option<(AgentId, Record)>],
    /// The factor on top speed, by slot; empty if all are in full health.
    pub vigour: &'a [f32],
}

impl Surroundings<'_> {
    /// The weighted sum of all forces on every agent, by slot.
    pub fn steer(&self, steering: &mut Vec<Vec2>, workers: &Workers) {
        // Every element is written below.
        steering.resize(self.agents.items().len(), Vec2::ZERO);
        workers.for_each_chunk_mut(steering, CHUNK_AGENTS, |chunk, steering| {
            for (at, force) in steering.iter_mut().enumerate() {
                *force = self.force(chunk * CHUNK_AGENTS + at);
            }
        });
    }

    pub fn mover(&self, slot: usize) -> &Mover {
        let mover = self.mover_of.get(slot).map_or(0, |&mover| usize::from(mover));
        &self.movers[mover.min(self.movers.len() - 1)]
    }

    /// The weighted sum of all forces on the agent in a slot.
    pub fn force(&self, slot: usize) -> Vec2 {
        let mut force = Vec2::ZERO;
        self.urges(slot, |_, weight, urge| force += weight * urge);
        force
    }

    /// What the agent in a slot is capable of now.
    pub fn limits(&self, slot: usize) -> Limits {
        let limits = self.mover(slot).limits();
        let vigour = self.vigour.get(slot).copied().unwrap_or(1.0);
        Limits { max_speed: limits.max_speed * vigour, ..limits }
    }

    /// Tells each urge of the agent in a slot, with its weight and its force, in the order in which they add up.
    pub fn urges(&self, slot: usize, mut tell: impl FnMut(Urge, f32, Vec2)) {
        let (mover, record, agent) = (self.mover(slot), &self.agents.items()[slot], self.agents.ids()[slot]);
        let limits = self.limits(slot);
        let (position, velocity) = (record.position(), record.velocity());
        if !self.obstacles.is_empty() {
            let ObstacleAvoidance { look_ahead, clearance, weight } = self.avoidance;
            let near = self.obstacles.near(position);
            let force = avoid(near, self.bounds, position, velocity, look_ahead, clearance, limits);
            tell(Urge::Obstacles, weight, force);
        }
        for (at, target) in mover.targets.iter().enumerate() {
            tell(Urge::Target(at), target.weight, self.heed(target, position, velocity, limits));
        }
        if let Some((leader, weight, force)) = self.follow_leader(slot, agent, position, velocity, limits) {
            tell(Urge::Leader(leader), weight, force);
        }
        match mover.role {
            MoverRole::Flock => {
                if mover.flee_weight > 0.0 && !self.hunters.items().is_empty() {
                    let force = self.escape(mover.flee_radius, position, velocity, limits);
                    tell(Urge::Predators, mover.flee_weight, force);
                }
                self.stray(mover, agent, velocity, limits, tell);
            }
            MoverRole::Predator { sight, ref prey, .. } => match self.nearest_prey_slot(position, sight, prey) {
                Some(prey) => {
                    let quarry = &self.agents.items()[prey];
                    let offset = self.bounds.delta(position, quarry.position());
                    tell(Urge::Prey(self.agents.ids()[prey]), 1.0, pursue(offset, quarry.velocity(), velocity, limits));
                }
                None => self.stray(mover, agent, velocity, limits, tell),
            },
            MoverRole::Formation { slowing_radius } => match self.station_of(agent) {
                Some(station) => {
                    let offset = self.bounds.delta(position, station.at);
                    let force = keep_station(offset, station.velocity, velocity, slowing_radius, limits);
                    tell(Urge::Slot(*station), 1.0, force);
                }
                // Dissolved: to rest.
                None => tell(Urge::Rest, 1.0, toward_velocity(Vec2::ZERO, velocity, limits)),
            },
        }
    }

    fn heed(&self, target: &Target, position: Vec2, velocity: Vec2, limits: Limits) -> Vec2 {
        let offset = self.bounds.delta(position, self.bounds.enter(target.at));
        if target.within.is_some_and(|within| offset.length() > within) {
            return Vec2::ZERO;
        }
        match target.urge {
            TargetUrge::Seek => seek(offset, velocity, limits),
            TargetUrge::Arrive { slowing_radius } => arrive(offset, velocity, slowing_radius, limits),
            TargetUrge::Flee => flee(offset, velocity, limits),
        }
    }

    /// Whom the agent in a slot follows, with the weight and the force of it; nobody if it leads itself.
    fn follow_leader(
        &self,
        slot: usize,
        agent: AgentId,
        position: Vec2,
        velocity: Vec2,
        limits: Limits,
    ) -> Option<(AgentId, f32, Vec2)> {
        let config = self.mover(slot).leader.as_ref()?;
        let mover = self.mover_of.get(slot).map_or(0, |&mover| usize::from(mover));
        let (leader, record) = (*self.leaders.get(mover)?)?;
        if leader == agent {
            return None;
        }
        let offset = self.bounds.delta(position, record.position());
        Some((leader, config.weight, follow(offset, record.velocity(), velocity, config.distance, limits)))
    }

    /// Away from all hunters within `radius`, the more from those that are near.
    fn escape(&self, radius: f32, position: Vec2, velocity: Vec2, limits: Limits) -> Vec2 {
        let mut away = Vec2::ZERO;
        self.hunters.for_each_within(position, radius, |slot, square| {
            let hunter = &self.hunters.items()[slot];
            let offset = self.bounds.delta(position, hunter.position());
            // The force's direction alone counts here.
            let force = evade(offset, hunter.velocity(), velocity, Limits { max_force: f32::MAX, ..limits });
            away += direction(force + velocity) / square.sqrt().max(f32::MIN_POSITIVE.sqrt());
        });
        if away == Vec2::ZERO {
            return Vec2::ZERO;
        }
        clamp_length(direction(away) * limits.max_speed - velocity, limits.max_force)
    }

    fn stray(
        &self,
        mover: &Mover,
        agent: AgentId,
        velocity: Vec2,
        limits: Limits,
        mut tell: impl FnMut(Urge, f32, Vec2),
    ) {
        if mover.wander.weight > 0.0 {
            let period = ticks_in(f64::from(mover.wander.period_s), self.tick_hz).max(1);
            let angle = wander_angle(self.dice, agent, self.tick, period);
            tell(Urge::Wander, mover.wander.weight, wander(angle, velocity, limits));
        }
    }

    /// The nearest prey in sight, ties by the lowest id.
    fn nearest_prey_slot(&self, position: Vec2, sight: f32, prey: &[bool]) -> Option<usize> {
        let is_prey = |slot: usize| {
            self.mover_of.get(slot).is_some_and(|&mover| prey.get(usize::from(mover)).copied().unwrap_or(false))
        };
        let mut nearest: Option<(f32, AgentId, usize)> = None;
        // Rings that double, so that a predator amid its prey doesn't look at all within its sight.
        let mut radius = (sight / 16.0).max(f32::MIN_POSITIVE);
        while nearest.is_none() && radius < sight * 2.0 {
            self.agents.for_each_within(position, radius.min(sight), |slot, square| {
                let key = (square, self.agents.ids()[slot]);
                if is_prey(slot) && nearest.is_none_or(|(square, id, _)| key < (square, id)) {
                    nearest = Some((key.0, key.1, slot));
                }
            });
            radius *= 2.0;
        }
        nearest.map(|(_, _, slot)| slot)
    }

    /// Who catches whom: every predator the nearest prey within its reach; prey that two reach goes to the one with the
    /// lowest id. In the order of the prey.
    pub fn catches(&self) -> Vec<Catch> {
        let mut catches = Vec::new();
        for (slot, (&predator, record)) in self.agents.ids().iter().zip(self.agents.items()).enumerate() {
            if let MoverRole::Predator { catch_radius: Some(radius), prey, .. } = &self.mover(slot).role
                && let Some(slot) = self.nearest_prey_slot(record.position(), *radius, prey)
            {
                catches.push(Catch { prey: self.agents.ids()[slot], predator });
            }
        }
        catches.sort_unstable();
        catches.dedup_by_key(|catch| catch.prey);
        catches
    }

    fn station_of(&self, agent: AgentId) -> Option<&Station> {
        let at = self.stations.binary_search_by_key(&agent, |station| station.agent).ok()?;
        self.stations.get(at)
    }
}

/// The agents that `keep` lets pass, by slot, of a sort.
struct Chosen<'a, F: Fn(usize) -> bool + Sync> {
    agents: &'a CellSort<Record>,
    keep: F,
}

impl<F: Fn(usize) -> bool + Sync> CellSource<Record> for Chosen<'_, F> {
    fn len(&self) -> usize {
        self.agents.items().len()
    }

    fn item(&self, index: usize) -> Option<(AgentId, Record)> {
        (self.keep)(index).then(|| (self.agents.ids()[index], self.agents.items()[index]))
    }
}

/// Sorts the hunters among the agents, so that each prey finds those near it.
pub(crate) fn find_hunters(
    hunters: &mut CellSort<Record>,
    agents: &CellSort<Record>,
    movers: &[Mover],
    mover_of: &[u8],
    workers: &Workers,
) {
    let radius = movers.iter().map(|mover| mover.flee_radius).fold(1.0, f32::max);
    let hunts = |slot: usize| {
        let mover = mover_of.get(slot).and_then(|&mover| movers.get(usize::from(mover)));
        mover.is_some_and(|mover| matches!(mover.role, MoverRole::Predator { .. }))
    };
    let grid = CellGrid::for_radius(*agents.grid().bounds(), radius);
    hunters.sort(grid, &[Chosen { agents, keep: hunts }], workers);
}
