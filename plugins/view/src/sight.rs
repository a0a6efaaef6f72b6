//! The lenses through which the world is drawn when one wants to understand decisions: what one agent perceives, and what
//! the system holds agents for.

use agent2028_core::agent::{Agent, AgentId, AgentIndex, Condition, Position, Status};
use agent2028_core::belief::{Judgement, Standing, judgements};
use agent2028_core::explain::explain;
use agent2028_core::simulation::Simulation;
use bevy::math::ops;
use bevy::prelude::*;

use crate::selection::Selection;
use crate::settings::{Lens, ViewSettings};

/// An agent's view of the world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Whose view it is.
    pub eye: AgentId,
    /// Where it is, in world units.
    pub at: Vec2,
    /// Whom it perceives, and itself; ascending.
    pub agents: Vec<AgentId>,
    /// How far it perceives, in world units; none if distance doesn't matter to it.
    pub radius: Option<f32>,
    /// Where it heads (of length 1) and how far to either side it sees, in radians; none if it sees all around.
    pub view: Option<(Vec2, f32)>,
    /// Where it senses besides, such as at the tips of its antennae, in world units.
    pub points: Vec<Vec2>,
}

/// Agents of a lower quality are held to be poor.
pub(crate) const POOR: f32 = 0.9;

/// The system's view of the world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Whether anybody in the scene judges agents; otherwise nothing is held of anybody.
    pub judges: bool,
    /// What is held of agents, ascending by agent; those of whom nothing is held are not in here.
    judgements: Vec<(AgentId, Judgement)>,
    /// How many are held for failed.
    pub failed: u64,
    /// How many are suspected.
    pub suspected: u64,
    /// How many of those held to be there are held to be poor: of a quality below 0.9.
    pub poor: u64,
    /// How many of those that don't work, failed or frozen, nothing is held against.
    pub unnoticed: u64,
    /// How many of those that are suspected or held for failed work.
    pub wronged: u64,
}

impl Held {
    /// What the system holds now.
    #[must_use]
    pub fn of(simulation: &Simulation) -> Self {
        let world = simulation.world();
        let told = judgements(world);
        let mut held = Self { judges: told.is_some(), judgements: told.unwrap_or_default(), ..Self::default() };
        for (_, judgement) in &held.judgements {
            match judgement.standing {
                Standing::Failed => held.failed += 1,
                Standing::Suspected => held.suspected += 1,
                Standing::Sound => held.poor += u64::from(judgement.quality < POOR),
            }
        }
        if let Some(mut agents) = world.try_query::<(&Agent, Option<&Condition>)>() {
            for (agent, condition) in agents.iter(world) {
                let works = condition.is_none_or(|condition| condition.status == Status::Active);
                let sound = held.judgement(agent.0).standing == Standing::Sound;
                held.unnoticed += u64::from(!works && sound);
                held.wronged += u64::from(works && !sound);
            }
        }
        held
    }

    /// These judgements, ascending by agent.
    #[cfg(test)]
    pub(crate) fn holding(judgements: impl IntoIterator<Item = (AgentId, Judgement)>) -> Self {
        Self { judges: true, judgements: judgements.into_iter().collect(), ..Self::default() }
    }

    /// What is held of an agent.
    #[must_use]
    pub fn judgement(&self, agent: AgentId) -> Judgement {
        let found = self.judgements.binary_search_by_key(&agent, |(judged, _)| *judged);
        found.map_or_else(|_| Judgement::default(), |at| self.judgements[at].1)
    }
}

/// What the chosen lens shows: the view of the agent through whose eyes the world is drawn, or of the system.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Sight {
    seen: Option<Seen>,
    held: Option<Held>,
    key: Option<(u64, u64, Option<AgentId>)>,
}

impl Sight {
    /// The view of the system, if the world is drawn as the system sees it.
    #[must_use]
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// The view of the agent, if the world is drawn through its eyes.
    #[must_use]
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// Looks through the eyes that are asked for.
    pub fn follow(&mut self, simulation: &Simulation, settings: &ViewSettings, selection: &Selection) {
        let eye = selection.selected.first().copied().filter(|_| settings.lens == Lens::Agent);
        let system = settings.lens == Lens::System;
        let key = (system || eye.is_some()).then(|| (simulation.generation(), simulation.tick(), eye));
        if self.key != key || key.is_none() {
            self.key = key;
            self.seen = eye.and_then(|eye| Seen::of(simulation, eye));
            self.held = system.then(|| Held::of(simulation));
        }
    }
}

impl Seen {
    /// What an agent perceives now; none if it isn't there.
    #[must_use]
    pub fn of(simulation: &Simulation, eye: AgentId) -> Option<Self> {
        let world = simulation.world();
        let at = world.get::<Position>(world.get_resource::<AgentIndex>()?.get(eye)?)?.0;
        let mut seen = Self { eye, at, agents: vec![eye], ..Self::default() };
        for explanation in explain(world, eye) {
            seen.agents.extend(explanation.perceived);
            let senses = explanation.senses;
            seen.radius = match (seen.radius, senses.radius) {
                (Some(one), Some(two)) => Some(one.max(two)),
                (one, two) => one.or(two),
            };
            if let Some(degrees) = senses.view_degrees
                && degrees < 360.0
                && senses.heading.is_normalized()
            {
                seen.view = Some((senses.heading, (degrees * 0.5).to_radians()));
            }
            seen.points.extend(senses.points);
        }
        seen.agents.sort_unstable();
        seen.agents.dedup();
        Some(seen)
    }

    /// Whether it perceives an agent (or is it).
    #[must_use]
    pub fn perceives(&self, agent: AgentId) -> bool {
        self.agents.binary_search(&agent).is_ok()
    }

    /// The border of what it perceives, counter-clockwise around it in world units: at most `radius` away from `at`, nowhere
    /// nearer than `least`.
    #[must_use]
    pub fn border(&self, least: f32) -> Option<Vec<Vec2>> {
        /// Corners all around.
        const CORNERS: usize = 128;
        let sensed = self.points.iter().map(|point| point.distance(self.at)).fold(0.0_f32, f32::max);
        let radius = self.radius.unwrap_or(sensed).max(least);
        if !(radius > 0.0 && radius.is_finite()) {
            return None;
        }
        let spoke = |angle: f32, length: f32| self.at + Vec2::new(ops::cos(angle), ops::sin(angle)) * length;
        let turn = std::f32::consts::TAU;
        let Some((heading, half)) = self.view else {
            return Some((0..CORNERS).map(|at| spoke(turn * at as f32 / CORNERS as f32, radius)).collect());
        };
        let ahead = ops::atan2(heading.y, heading.x);
        let seen = ((CORNERS as f32 * half * 2.0 / turn).ceil() as usize).clamp(2, CORNERS);
        let blind = (CORNERS - seen).max(2);
        let wide = (0..=seen).map(|at| spoke(ahead - half + 2.0 * half * at as f32 / seen as f32, radius));
        let rest = turn - 2.0 * half;
        let near = (0..=blind).map(|at| spoke(ahead + half + rest * at as f32 / blind as f32, least.min(radius)));
        Some(wide.chain(near).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::SimCorePlugin;
    use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_group};
    use agent2028_core::belief::Judges;
    use bevy::app::App;

    /// Four agents; the first has failed, the second is degraded.
    fn four(judge: bool) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let world = app.world_mut();
        let group = world.resource_mut::<AgentGroups>().add(AgentGroup::default());
        spawn_group(world, group, 4, &Placement::World).unwrap();
        let agents: Vec<_> = world.resource::<AgentIndex>().iter().map(|(_, entity)| entity).collect();
        world.entity_mut(agents[0]).insert(Condition { status: Status::Failed, ..Condition::default() });
        world.entity_mut(agents[1]).insert(Condition { health: 0.5, ..Condition::default() });
        if judge {
            world.get_resource_or_init::<Judges>().add("a test", |_, tell| {
                tell(AgentId(1), Judgement { quality: 0.2, ..Judgement::default() });
                tell(AgentId(2), Judgement { standing: Standing::Suspected, ..Judgement::default() });
                tell(AgentId(3), Judgement { standing: Standing::Failed, ..Judgement::default() });
            });
        }
        Simulation::new(std::mem::take(world))
    }

    #[test]
    fn what_the_system_holds_is_counted_against_the_truth() {
        let held = Held::of(&four(true));
        assert!(held.judges);
        assert_eq!((held.failed, held.suspected, held.poor), (1, 1, 1));
        assert_eq!((held.unnoticed, held.wronged), (1, 2), "agent 0 is down unnoticed; 2 and 3 work");
        assert_eq!(held.judgement(AgentId(0)), Judgement::default());
        assert_eq!(held.judgement(AgentId(3)).standing, Standing::Failed);
        let nobody = Held::of(&four(false));
        assert_eq!((nobody.judges, nobody.failed, nobody.unnoticed), (false, 0, 1));
    }

    #[test]
    fn a_lens_shows_its_own_view_and_no_other() {
        let (simulation, mut sight) = (four(true), Sight::default());
        let mut selection = Selection::default();
        selection.set([AgentId(2)]);
        let mut through = |lens| {
            sight.follow(&simulation, &ViewSettings { lens, ..ViewSettings::default() }, &selection);
            (sight.held().is_some(), sight.seen().map(|seen| seen.eye))
        };
        assert_eq!(through(Lens::System), (true, None));
        assert_eq!(through(Lens::Agent), (false, Some(AgentId(2))));
        assert_eq!(through(Lens::Truth), (false, None));
        assert_eq!(Lens::ALL.map(Lens::next), [Lens::System, Lens::Agent, Lens::Truth]);
    }

    fn area(points: &[Vec2]) -> f32 {
        (0..points.len()).map(|at| points[at].perp_dot(points[(at + 1) % points.len()])).sum::<f32>() * 0.5
    }

    #[test]
    fn the_border_holds_what_is_perceived() {
        let all = Seen { radius: Some(10.0), ..Seen::default() };
        assert!((area(&all.border(1.0).unwrap()) / (std::f32::consts::PI * 100.0) - 1.0).abs() < 1e-3);
        let ahead = Seen { view: Some((Vec2::X, std::f32::consts::FRAC_PI_4)), ..all.clone() };
        let border = ahead.border(1.0).unwrap();
        let expected = std::f32::consts::PI * (100.0 * 0.25 + 0.75);
        assert!((area(&border) / expected - 1.0).abs() < 0.01, "{} {expected}", area(&border));
        assert!(border.iter().any(|corner| corner.abs_diff_eq(Vec2::new(10.0, 0.0), 0.5)));
        let antennae = Seen { points: vec![Vec2::new(3.0, 4.0)], ..Seen::default() };
        assert!((area(&antennae.border(0.5).unwrap()) / (std::f32::consts::PI * 25.0) - 1.0).abs() < 1e-3);
        assert!(Seen::default().border(0.0).is_none());
    }
}
