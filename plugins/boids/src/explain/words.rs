//! The words of an explanation: what each force is called, what it means and which setting weighs it.

use agent2028_core::agent::AgentId;
use agent2028_core::explain::{Term, Value};
use bevy::prelude::*;

use super::Told;
use crate::config::TargetUrge;
use crate::flock::{Birds, FlockParameters};
use crate::formation::Shape;
use crate::influence::Urge;
use crate::mover::MoverRole;

/// The unit of all forces that are told: how much they would change the velocity in this tick.
const UNIT: &str = "units/s";

/// The terms of a bird of the ABMFrameworksComparison.
pub(super) fn bird_terms(birds: &Birds, [together, apart, alike]: [Vec2; 3], neighbours: usize) -> Vec<Term> {
    let path = |field: &str| format!("boids.model.{field}");
    let around = others(neighbours, &format!("within {} units", birds.vision));
    let term = |name: &'static str, turn: Vec2, weight: f32, meaning: String, field: &str| {
        Term::weighed(name, turn, 1.0, UNIT, meaning)
            .weight(weight)
            .contributing(Value::Vector(turn))
            .set_by(path(field))
    };
    vec![
        term("Cohesion", together, birds.cohere, format!("Toward {around}: the mean offset."), "cohere"),
        term(
            "Separation",
            apart,
            birds.separate,
            format!("Away from those closer than {} units.", birds.separation),
            "separate",
        ),
        term("Alignment", alike, birds.match_heading, format!("As {around} fly."), "match_velocity"),
    ]
}

/// `3 others within 50 units`, or `nobody within 50 units`.
fn others(count: usize, which: &str) -> String {
    match count {
        0 => format!("nobody {which}"),
        1 => format!("the one {which}"),
        _ => format!("the {count} {which}"),
    }
}

impl Told<'_> {
    /// The path of a flock's urge: its own, if its flock overrides that of the section.
    fn setting(&self, urge: &str, overridden: bool) -> String {
        match self.mover.role {
            MoverRole::Flock if overridden => format!("boids.flocks[{}].{urge}", self.number),
            MoverRole::Predator { .. } => {
                let at = self.config.predators.iter().position(|hunter| hunter.agents == self.mover.group);
                format!("boids.predators[{}].{urge}", at.unwrap_or(0))
            }
            _ => format!("boids.{urge}"),
        }
    }

    /// The terms of Reynolds' rule. `counts`: how many count for each.
    pub(super) fn flock_terms(
        &self,
        parameters: &FlockParameters,
        forces: &[(f32, Vec2); 4],
        counts: [usize; 4],
        nearest: Option<usize>,
    ) -> Vec<Term> {
        let flock = self.config.flocks.get(self.number).filter(|_| matches!(self.mover.role, MoverRole::Flock));
        let around = |count: usize, radius: f32| match nearest {
            None => others(count, &format!("within {radius} units")),
            Some(_) => others(count, "nearest"),
        };
        let told = [
            (
                "Separation",
                format!(
                    "Away from {}.",
                    others(counts[0], &format!("closer than {} units", parameters.separation_radius))
                ),
                self.setting("separation.weight", flock.is_some_and(|flock| flock.separation.is_some())),
            ),
            (
                "Alignment",
                format!(
                    "Matches the {} of {}.",
                    if parameters.heading_only { "direction" } else { "velocity" },
                    around(counts[1], parameters.alignment_radius)
                ),
                self.setting("alignment.weight", flock.is_some_and(|flock| flock.alignment.is_some())),
            ),
            (
                "Cohesion",
                format!("Toward the middle of {}.", around(counts[2], parameters.cohesion_radius)),
                self.setting("cohesion.weight", flock.is_some_and(|flock| flock.cohesion.is_some())),
            ),
            (
                "Avoidance",
                format!(
                    "Away from {}.",
                    others(counts[3], &format!("of other flocks within {} units", parameters.avoidance_radius))
                ),
                self.setting("avoidance.weight", flock.is_some_and(|flock| flock.avoidance.is_some())),
            ),
        ];
        told.into_iter()
            .zip(forces)
            .enumerate()
            // An urge without weight is no input; avoidance only where there is somebody to avoid.
            .filter(|(at, (_, (weight, _)))| *weight > 0.0 && (*at < 3 || counts[3] > 0))
            .map(|(_, ((name, meaning, path), (weight, force)))| {
                Term::weighed(name, *force * parameters.gain, *weight, UNIT, meaning).set_by(path)
            })
            .collect()
    }

    /// The term of an urge; `push`: what its force would do to the velocity in this tick.
    pub(super) fn urge_term(&self, urge: &Urge, weight: f32, push: Vec2) -> Term {
        let flock = self.config.flocks.get(self.number).filter(|_| matches!(self.mover.role, MoverRole::Flock));
        let name = |agent: AgentId| self.groups.name_of(agent);
        let (term, meaning, path) = match *urge {
            Urge::Obstacles => {
                let ahead = self.config.obstacle_avoidance.look_ahead;
                let meaning = if push == Vec2::ZERO {
                    format!("No obstacle in the way within {ahead} units.")
                } else {
                    format!("Around an obstacle within {ahead} units ahead.")
                };
                ("Obstacles", meaning, Some("boids.obstacle_avoidance.weight".to_owned()))
            }
            Urge::Target(at) => {
                let target = &self.mover.targets[at];
                let distance = self.bounds.delta(self.own.position(), self.bounds.enter(target.at)).length();
                let meaning = match target.urge {
                    _ if target.within.is_some_and(|within| distance > within) => {
                        format!("The place {distance:.0} units away is too far to matter.")
                    }
                    TargetUrge::Seek => format!("Toward a place {distance:.0} units away."),
                    TargetUrge::Arrive { .. } => format!("To stop at a place {distance:.0} units away."),
                    TargetUrge::Flee => format!("Away from a place {distance:.0} units away."),
                };
                let own = flock.is_some_and(|flock| flock.targets.is_some());
                ("Target", meaning, Some(self.setting(&format!("targets[{at}].weight"), own)))
            }
            Urge::Leader(leader) => {
                let own = flock.is_some_and(|flock| flock.leader.is_some());
                ("Leader", format!("Follows {}.", name(leader)), Some(self.setting("leader.weight", own)))
            }
            Urge::Predators => {
                let near = others(self.hunters_near().len(), &format!("within {} units", self.mover.flee_radius));
                let own = flock.is_some_and(|flock| flock.flee.is_some());
                ("Predators", format!("Away from {near}."), Some(self.setting("flee.weight", own)))
            }
            Urge::Wander => {
                let own = flock.is_some_and(|flock| flock.wander.is_some());
                let path = matches!(self.mover.role, MoverRole::Flock).then(|| self.setting("wander.weight", own));
                ("Wandering", "Strays from its course by its own dice.".to_owned(), path)
            }
            Urge::Prey(prey) => ("Prey", format!("Toward where {} will be.", name(prey)), None),
            Urge::Slot(station) => {
                let off = self.bounds.delta(self.own.position(), station.at).length();
                ("Slot", format!("Toward its slot, {off:.1} units away."), None)
            }
            Urge::Rest => ("Rest", "Its formation has dissolved: it comes to rest.".to_owned(), None),
        };
        let told = Term::weighed(term, push, weight, UNIT, meaning);
        match path {
            Some(path) => told.set_by(path),
            None => told,
        }
    }

    /// What it does, in two words and as a sentence.
    pub(super) fn activity(&self, neighbours: usize, urges: &[(Urge, f32, Vec2)]) -> (&'static str, String) {
        let pressed = |wanted: &dyn Fn(&Urge) -> bool| {
            urges.iter().any(|(urge, weight, force)| wanted(urge) && *weight > 0.0 && *force != Vec2::ZERO)
        };
        let company = match neighbours {
            0 => "alone".to_owned(),
            1 => "with 1 other".to_owned(),
            _ => format!("with {neighbours} others"),
        };
        if let Some(found) = urges.iter().find_map(|(urge, ..)| match *urge {
            Urge::Prey(prey) => Some(("Hunts", format!("hunts {}", self.groups.name_of(prey)))),
            Urge::Slot(station) => {
                Some(self.slot_in_words(self.bounds.delta(self.own.position(), station.at).length()))
            }
            Urge::Rest => Some(("Rests", "rests: its formation has dissolved".to_owned())),
            _ => None,
        }) {
            return found;
        }
        if matches!(self.mover.role, MoverRole::Predator { .. }) {
            return ("Prowls", "prowls: no prey is in sight".to_owned());
        }
        if pressed(&|urge| *urge == Urge::Predators) {
            let hunters = self.hunters_near();
            let whom = match hunters.as_slice() {
                [hunter] => self.groups.name_of(*hunter),
                _ => format!("{} predators", hunters.len()),
            };
            return ("Flees", format!("flees from {whom}, {company}"));
        }
        if pressed(&|urge| *urge == Urge::Obstacles) {
            return ("Avoids an obstacle", format!("flies around an obstacle, {company}"));
        }
        if let Some(leader) = urges.iter().find_map(|(urge, ..)| match urge {
            Urge::Leader(leader) => Some(*leader),
            _ => None,
        }) {
            return ("Follows", format!("follows {}, {company}", self.groups.name_of(leader)));
        }
        match neighbours {
            0 => ("Flies alone", "flies alone: nobody is near enough to count".to_owned()),
            _ => ("Flocks", format!("flies {company}")),
        }
    }

    fn slot_in_words(&self, off: f32) -> (&'static str, String) {
        let formation = self.config.formations.iter().find(|formation| formation.agents == self.mover.group);
        let (shape, spacing) = formation.map_or(("formation", 0.0), |formation| {
            let shape = match formation.shape {
                Shape::HorizontalLine => "line",
                Shape::VerticalLine => "line abreast",
                Shape::Circle { .. } => "circle",
                Shape::Grid => "grid",
                Shape::Wedge { .. } => "V",
            };
            (shape, formation.spacing)
        });
        if off > spacing * 0.5 {
            ("Takes its slot", format!("flies to its slot in the {shape}, {off:.0} units away"))
        } else {
            ("Keeps its slot", format!("keeps its slot in the {shape}, {off:.1} units off"))
        }
    }
}
