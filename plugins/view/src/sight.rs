//! What one agent perceives: the lens through which the world is drawn when one wants to understand its decisions.

use agent2028_core::agent::{AgentId, AgentIndex, Position};
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

/// The view of the agent through whose eyes the world is drawn, if it is.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Sight {
    seen: Option<Seen>,
    key: Option<(u64, u64, AgentId)>,
}

impl Sight {
    /// The view of the agent, unless the world is drawn as it is.
    #[must_use]
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// Looks through the selected agent's eyes if that is asked for.
    pub fn follow(&mut self, simulation: &Simulation, settings: &ViewSettings, selection: &Selection) {
        let eye = selection.selected.first().copied().filter(|_| settings.lens == Lens::Agent);
        let key = eye.map(|eye| (simulation.generation(), simulation.tick(), eye));
        if self.key != key || key.is_none() {
            self.key = key;
            self.seen = eye.and_then(|eye| Seen::of(simulation, eye));
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
