//! Trails: the last positions of agents.

use std::collections::VecDeque;

use agent2028_core::agent::{AgentId, AgentIndex, Condition, Position, Velocity};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;

use crate::agents::{AgentLooks, Canvas, LookFacts};
use crate::layer_facts::TRAILS;
use crate::paint::{Painter, Projection};
use crate::selection::Selection;
use crate::settings::ViewSettings;
use crate::tokens::marks;

/// Up to this many agents all have a trail; with more only the selected ones do, again up to this many.
pub const MOST_TRAILS: usize = 1_000;

/// The range of [`ViewSettings::trail_length`].
pub const TRAIL_LENGTHS: (usize, usize) = (2, 240);

/// The recent path of one agent, oldest point first.
#[derive(Clone, Debug, Default, PartialEq)]
struct Trail {
    agent: AgentId,
    points: VecDeque<Vec2>,
}

/// The recent paths of the agents that have a trail.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Trails {
    /// Ascending by agent.
    trails: Vec<Trail>,
    generation: u64,
    tick: u64,
}

impl Trails {
    /// Takes note of where agents are. Call it once per frame, or after every tick for the finest paths: paths grow only
    /// when time went on, and are forgotten when the simulation was replaced or put back.
    pub fn record(&mut self, simulation: &Simulation, settings: &ViewSettings, selection: &Selection) {
        if !settings.layers.shows(&TRAILS) {
            self.trails.clear();
            return;
        }
        let (generation, tick) = (simulation.generation(), simulation.tick());
        let goes_on = self.generation == generation && self.tick <= tick;
        if !goes_on {
            self.trails.clear();
        }
        let moved = !goes_on || self.tick < tick;
        (self.generation, self.tick) = (generation, tick);
        let Some(index) = simulation.world().get_resource::<AgentIndex>() else {
            return;
        };
        let wanted: Vec<(AgentId, Entity)> = if index.len() <= MOST_TRAILS {
            index.iter().collect()
        } else {
            let known = |agent: &AgentId| Some((*agent, index.get(*agent)?));
            selection.selected.iter().filter_map(known).take(MOST_TRAILS).collect()
        };
        let longest = settings.trail_length.clamp(TRAIL_LENGTHS.0, TRAIL_LENGTHS.1);
        // Both are ascending: a merge keeps the paths of those that stay.
        let mut before = std::mem::take(&mut self.trails).into_iter().peekable();
        for (agent, entity) in wanted {
            while before.peek().is_some_and(|trail| trail.agent < agent) {
                before.next();
            }
            let mut trail = before.next_if(|trail| trail.agent == agent).unwrap_or(Trail { agent, ..Trail::default() });
            if let Some(position) = simulation.world().get::<Position>(entity)
                && (moved || trail.points.is_empty())
            {
                trail.points.push_back(position.0);
            }
            while trail.points.len() > longest {
                trail.points.pop_front();
            }
            self.trails.push(trail);
        }
    }

    /// The recent path of an agent, oldest point first, in world units; empty if it has no trail.
    pub fn path(&self, agent: AgentId) -> impl ExactSizeIterator<Item = Vec2> {
        let found = self.trails.binary_search_by_key(&agent, |trail| trail.agent);
        let points = found.map_or_else(|_| Default::default(), |at| self.trails[at].points.iter().copied().collect());
        let points: Vec<Vec2> = points;
        points.into_iter()
    }

    /// Draws the paths as lines that fade towards their oldest point, into the canvas if there is one.
    pub(crate) fn paint(
        &self,
        painter: &mut Painter,
        mut canvas: Option<&mut Canvas>,
        world: &World,
        facts: &LookFacts,
        projection: &Projection,
    ) {
        let Some(index) = world.get_resource::<AgentIndex>() else { return };
        let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
        // A step longer than this is a leap around the torus, not a path.
        let leap = if bounds.wraps() { bounds.half() } else { Vec2::INFINITY };
        let mut looks = AgentLooks::new(facts, true);
        for trail in &self.trails {
            let Some(entity) = index.get(trail.agent) else { continue };
            let velocity = world.get::<Velocity>(entity).map_or(Vec2::ZERO, |velocity| velocity.0);
            let color = looks.of(trail.agent, velocity, world.get::<Condition>(entity)).color.alpha(0.6);
            let count = trail.points.len();
            if let Some(canvas) = &mut canvas {
                for (at, (from, to)) in trail.points.iter().zip(trail.points.iter().skip(1)).enumerate() {
                    if (to - from).abs().cmple(leap).all() {
                        let fade = |at: usize| (at + 1) as f32 / count as f32;
                        let (from, to) = (projection.pixel(*from), projection.pixel(*to));
                        canvas.line(from, to, color, (fade(at), fade(at + 1)));
                    }
                }
                continue;
            }
            let mut last: Option<Vec2> = None;
            let broken = trail.points.iter().flat_map(|point| {
                let leaps = last.is_some_and(|last| (*point - last).abs().cmpgt(leap).any());
                last = Some(*point);
                let gap: Option<Option<Vec2>> = leaps.then_some(None);
                gap.into_iter().chain([Some(projection.pixel(*point))])
            });
            painter.fading_line(broken, count, marks::TRAIL, color);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_group};
    use agent2028_core::{SimCorePlugin, require_motion};

    fn simulation(agents: u32) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        require_motion(&mut app);
        let world = app.world_mut();
        let group = world.resource_mut::<AgentGroups>().add(AgentGroup { name: "walker".into(), ..default() });
        spawn_group(world, group, agents, &Placement::World).unwrap();
        Simulation::new(std::mem::take(app.world_mut()))
    }

    fn settings(trail_length: usize) -> ViewSettings {
        let mut settings = ViewSettings { trail_length, ..default() };
        settings.layers.show(&TRAILS, true);
        settings
    }

    #[test]
    fn few_agents_all_leave_a_trail_that_ends_where_they_are() {
        let (mut simulation, settings) = (simulation(5), settings(10));
        let mut trails = Trails::default();
        for _ in 0..25 {
            trails.record(&simulation, &settings, &Selection::default());
            trails.record(&simulation, &settings, &Selection::default());
            simulation.run(1);
        }
        for agent in (0..5).map(AgentId) {
            let path: Vec<Vec2> = trails.path(agent).collect();
            assert_eq!(path.len(), 10, "one point per tick, at most ten");
        }
        assert_eq!(trails.path(AgentId(7)).len(), 0);
    }

    #[test]
    fn of_many_agents_only_the_selected_leave_one() {
        let (simulation, settings) = (simulation(1 + MOST_TRAILS as u32), settings(10));
        let (mut trails, mut selection) = (Trails::default(), Selection::default());
        selection.set([7, 3, 999_999].map(AgentId));
        trails.record(&simulation, &settings, &selection);
        assert_eq!((trails.path(AgentId(3)).len(), trails.path(AgentId(4)).len()), (1, 0));
        assert_eq!(trails.trails.len(), 2);
    }

    #[test]
    fn another_simulation_or_a_hidden_layer_forgets_them() {
        let (mut simulation, mut settings) = (simulation(3), settings(10));
        let mut trails = Trails::default();
        trails.record(&simulation, &settings, &Selection::default());
        simulation.run(3);
        trails.record(&simulation, &settings, &Selection::default());
        assert_eq!(trails.path(AgentId(0)).len(), 2);
        simulation.replace(self::simulation(3).into_world());
        trails.record(&simulation, &settings, &Selection::default());
        assert_eq!(trails.path(AgentId(0)).len(), 1);
        settings.layers.show(&TRAILS, false);
        trails.record(&simulation, &settings, &Selection::default());
        assert_eq!(trails.path(AgentId(0)).len(), 0);
    }
}
