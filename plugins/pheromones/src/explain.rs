//! Why a forager turns as it does: its own decision, made ahead on a copy of it, and what it smelled and saw.
//!
//! The copy decides by [`decide`] with the dice of the tick to come, so what is told is what will be, chance included,
//! unless walls turn it or an intervention comes in between.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition, Position, Velocity};
use agent2028_core::clock::SimClock;
use agent2028_core::explain::{Choice, Explanation, Outcome, Senses, Term, Value, explain_inability, turn_in_words};
use agent2028_core::rng::SimRng;
use agent2028_core::space::WorldBounds;
use bevy::math::ops;
use bevy::prelude::*;

use crate::config::PheromonesConfig;
use crate::field::PheromoneField;
use crate::forager::{Activity, Cue, DECIDE, Forager, Smell, Surroundings, Thought, decide};
use crate::harvest::mark_rate;
use crate::movement::ways_on;
use crate::plan::{ForagingPlan, GroupPlan};
use crate::sense::{Antennae, Turn, antenna_tips};
use crate::site::Sites;

/// The unit of scents.
const INTENSITY: &str = "intensity";

/// What `agent` would decide if it decided now; nothing if it doesn't forage.
pub(crate) fn explain(world: &World, agent: AgentId) -> Option<Explanation> {
    let entity = world.get_resource::<AgentIndex>()?.get(agent)?;
    let before = world.get::<Forager>(entity)?;
    if let Some(inability) = explain_inability(world, agent) {
        return Some(inability);
    }
    let clock = world.get_resource::<SimClock>()?;
    let (sites, field) = (world.get_resource::<Sites>()?, world.get_resource::<PheromoneField>()?);
    let bounds = world.get_resource::<WorldBounds>()?;
    let config = world.get_resource::<PheromonesConfig>()?;
    let derived;
    let known = world.get_resource::<ForagingPlan>()?;
    let in_step = known.groups.iter().map(|group| &group.settings).eq(&config.foraging);
    let plan = if in_step {
        known
    } else {
        // Before the first tick, or right after going back in time.
        derived = ForagingPlan::derive(config, field, world.get_resource::<AgentGroups>()?, clock.dt());
        &derived
    };
    let group = plan.groups.get(usize::from(before.group))?;
    let position = world.get::<Position>(entity)?.0;
    let around = Surroundings { field, sites, plan, bounds, tick: clock.tick() + 1, dt: clock.dt() };
    let mut stream = world.get_resource::<SimRng>()?.stream(DECIDE, agent, around.tick);
    let mut after = before.clone();
    let thought = decide(&mut after, position, &around, &mut stream);
    let speed = group.settings.speed * Condition::health(world.get::<Condition>(entity)).clamp(0.0, 1.0);
    let velocity = world.get::<Velocity>(entity).map_or(Vec2::ZERO, |velocity| velocity.0);
    let told = Told { before, after: &after, thought, group, around: &around, position, speed, velocity };
    Some(told.explanation())
}

struct Told<'a> {
    before: &'a Forager,
    after: &'a Forager,
    thought: Thought,
    group: &'a GroupPlan,
    around: &'a Surroundings<'a>,
    position: Vec2,
    speed: f32,
    velocity: Vec2,
}

impl Told<'_> {
    fn explanation(&self) -> Explanation {
        let (activity, sentence) = self.activity();
        let mut terms = Vec::new();
        self.tell_smell(&mut terms);
        self.tell_sights(&mut terms);
        self.tell_turns(&mut terms);
        self.tell_burden(&mut terms);
        let settings = &self.group.settings;
        let smells = matches!(self.thought.smell, Smell::Antennae { .. });
        let tips = antenna_tips(self.before.heading, settings.sensor_distance, self.group.antenna);
        Explanation {
            activity: activity.into(),
            sentence,
            senses: Senses {
                radius: Some(if smells { settings.sensor_distance } else { settings.sight }),
                view_degrees: None,
                heading: self.before.heading,
                points: if smells { tips.map(|tip| self.position + tip).to_vec() } else { Vec::new() },
            },
            terms,
            choices: self.choices(),
            outcome: self.outcome(),
            ..Explanation::default()
        }
    }

    fn nest(&self) -> Option<Vec2> {
        let nest = self.around.sites.nests.get(self.before.nest as usize)?;
        Some(self.around.bounds.delta(self.position, nest.position))
    }

    fn activity(&self) -> (&'static str, String) {
        let load = self.after.carried;
        let home = match self.thought.cue {
            Cue::HomeScent => "by the scent that leads there",
            Cue::Lost => "but smells no way there",
            Cue::Nothing => "but has no nest",
            _ => "straight",
        };
        match (self.thought.cue, self.after.activity) {
            (Cue::Wall, _) => ("Follows a wall", "follows the wall that it ran into".into()),
            (_, Activity::Rest) => {
                let left = self.before.rest_until.saturating_sub(self.around.tick) as f32 * self.around.dt;
                ("Rests", format!("rests in its nest for {left:.1} s more"))
            }
            (Cue::Resource(source), _) => {
                let name = self.around.sites.sources.get(source).map_or("food", |source| source.name.as_str());
                ("Heads for food", format!("sees {name} and heads for it"))
            }
            (_, Activity::Follow) => ("Follows scent", format!("follows the {}", self.trail())),
            (Cue::Corridor, Activity::Explore) => ("Explores", "walks the corridors in search of food".into()),
            (_, Activity::Explore) => ("Explores", "explores: it smells nothing to follow".into()),
            (Cue::Corridor, Activity::Carry) => ("Carries", format!("carries {load} units of food home")),
            (_, Activity::Carry) => ("Carries", format!("carries {load} units of food home, {home}")),
            (Cue::Corridor, Activity::Return) => ("Returns", "returns without food".into()),
            (_, Activity::Return) => ("Returns", format!("returns without food, {home}")),
        }
    }

    /// What the scent that it follows is called: the layer that draws it most.
    fn trail(&self) -> String {
        let points = antenna_tips(self.before.heading, self.group.settings.sensor_distance, self.group.antenna);
        let field = self.around.field;
        let strength = |attraction: &&crate::sense::Attraction| -> f32 {
            let read = |tip: &Vec2| field.read(attraction.layer, self.position + *tip);
            points.iter().map(read).sum::<f32>() * attraction.weight
        };
        let strongest = self
            .group
            .attractions
            .iter()
            .filter(|attraction| strength(attraction) > 0.0)
            .max_by(|a, b| strength(a).total_cmp(&strength(b)));
        let name = strongest.and_then(|strongest| field.layers().find(|(layer, ..)| *layer == strongest.layer));
        name.map_or_else(|| "scent".into(), |(_, name, _)| format!("{name} trail"))
    }

    fn setting(&self, field: &str) -> String {
        format!("pheromones.foraging[{}].{field}", self.before.group)
    }

    fn tell_smell(&self, terms: &mut Vec<Term>) {
        let homing = self.after.activity.homeward();
        let heeded = if homing { &self.group.homing } else { &self.group.attractions };
        match self.thought.smell {
            Smell::None => return,
            Smell::Antennae { smelled, preference, turn } => {
                let faint = if turn.is_none() || self.thought.cue == Cue::Lost {
                    format!(" Below {} nothing is noticed.", self.group.settings.sensitivity)
                } else {
                    String::new()
                };
                for (name, smelled, preference, side) in [
                    ("Left antenna", smelled.left, preference.left, "to the left"),
                    ("Antenna ahead", smelled.ahead, preference.ahead, "straight ahead"),
                    ("Right antenna", smelled.right, preference.right, "to the right"),
                ] {
                    let meaning = format!(
                        "Scent {side}, all layers by their weights.{}{faint}",
                        if preference == 1.0 {
                            ""
                        } else {
                            " It counts for more the more it leads away from the nest."
                        }
                    );
                    let term = Term::number(name, smelled, INTENSITY, meaning);
                    let outward = preference != 1.0;
                    terms.push(if outward { term.weight(preference).set_by(self.setting("outward")) } else { term });
                }
            }
            Smell::Gradient { scent, slope } => {
                let meaning = format!(
                    "Scent where it stands, all layers by their weights. Below {} nothing is noticed.",
                    self.group.settings.sensitivity
                );
                terms.push(Term::number("Scent here", scent, INTENSITY, meaning));
                let mut term = Term::text("Slope", "flat", "The direction in which the scent rises.");
                if slope != Vec2::ZERO {
                    term.value = Value::Vector(slope);
                }
                terms.push(term);
            }
        }
        for (at, attraction) in heeded.iter().enumerate() {
            let Some((_, name, _)) = self.around.field.layers().find(|(layer, ..)| *layer == attraction.layer) else {
                continue;
            };
            let scent = self.around.field.read(attraction.layer, self.position);
            let what = if attraction.weight < 0.0 { "repels" } else { "draws" };
            let meaning = format!("The layer {name} where it stands: it {what}.");
            let term = Term::number(format!("Scent of {name}"), scent, INTENSITY, meaning).weight(attraction.weight);
            let follow = self.group.settings.follow.iter().position(|follow| follow.layer == name);
            terms.push(match follow {
                Some(follow) if !homing => term.set_by(self.setting(&format!("follow[{follow}].weight"))),
                _ => term,
            });
            // More layers than can be told apart at a glance say nothing.
            if at >= 7 {
                break;
            }
        }
    }

    fn tell_sights(&self, terms: &mut Vec<Term>) {
        if let Cue::Resource(index) = self.thought.cue
            && let Some(source) = self.around.sites.sources.get(index)
        {
            let away = self.around.bounds.delta(self.position, source.position);
            let mut term = Term::text("Food in sight", "", format!("From here to the middle of {}.", source.name));
            (term.value, term.unit) = (Value::Vector(away), "units");
            terms.push(term);
        }
        if matches!(self.thought.cue, Cue::Nest)
            && let Some(away) = self.nest()
        {
            let mut term = Term::text("Way to the nest", "", "From here to the middle of its nest.");
            (term.value, term.unit) = (Value::Vector(away), "units");
            terms.push(term);
        }
        let step = self.after.heading * self.speed * self.around.dt;
        let ahead = self.group.settings.sensor_distance.max(step.length());
        let walls = &self.around.plan.walls;
        if self.after.on.is_none()
            && let Some((share, _)) = walls.first_hit(self.position, self.position + self.after.heading * ahead)
        {
            let distance = share * ahead;
            let meaning = if distance <= step.length() {
                "The distance to the wall ahead: it runs into it and slides along."
            } else {
                "The distance to the wall ahead. Antennae don't smell through walls."
            };
            terms.push(Term::number("Wall ahead", distance, "units", meaning));
        }
    }

    fn tell_turns(&self, terms: &mut Vec<Term>) {
        if self.thought.heading == Vec2::ZERO {
            return;
        }
        let by = |from: Vec2, to: Vec2| ops::atan2(from.perp_dot(to), from.dot(to)).to_degrees();
        let cue = by(self.before.heading, self.thought.heading);
        let (name, meaning) = match self.thought.cue {
            Cue::Resource(_) => ("Turn to the food", "Towards the food that it sees."),
            Cue::Scent => ("Turn by scent", "Towards where it smells more."),
            Cue::Nest => ("Turn to the nest", "Towards its nest."),
            Cue::HomeScent => ("Turn by scent", "Towards where the way home smells more."),
            Cue::Nothing | Cue::Rest | Cue::Corridor | Cue::Wall | Cue::Chance | Cue::Lost => {
                ("Turn around", "Back, because its patience is at an end.")
            }
        };
        let steered = matches!(self.thought.cue, Cue::Resource(_) | Cue::Scent | Cue::Nest | Cue::HomeScent);
        if steered || cue.abs() > 1e-3 {
            let most = (self.group.turn / self.around.dt).to_degrees();
            let meaning = format!("{meaning} At most {most:.0}° per second.");
            let term = Term::number(name, cue, "°", meaning).contributing(Value::Number(f64::from(cue)));
            terms.push(term.set_by(self.setting("turn_deg_per_s")));
        }
        if self.thought.chance != 0.0 {
            let chance = self.thought.chance.to_degrees();
            let meaning = "Its own dice: how far it wavers in this tick. It wavers less on scent and on its way home.";
            let term = Term::number("Chance", chance, "°", meaning).contributing(Value::Number(f64::from(chance)));
            terms.push(term.set_by(self.setting("wander_deg")));
        }
    }

    fn tell_burden(&self, terms: &mut Vec<Term>) {
        if self.after.carried > 0.0 {
            terms.push(Term::number("Load", self.after.carried, "units of food", "What it carries home."));
        }
        let (per_s, strength) = mark_rate(self.after, &self.group.settings);
        if self.group.trail.is_some() && per_s > 0.0 {
            let which = if self.after.activity == Activity::Carry { "mark_per_s" } else { "mark_out_per_s" };
            let meaning = format!(
                "What it leaves on the ground in the layer {}, which draws others.{}",
                self.group.settings.trail,
                if strength < 1.0 { " It gets fainter the longer its way is." } else { "" }
            );
            let term = Term::number("Mark", per_s * strength, "intensity/s", meaning);
            terms.push(term.set_by(self.setting(which)));
        }
    }

    fn choices(&self) -> Vec<Choice> {
        if let Some(on) = self.before.on {
            let network = &self.around.plan.corridors;
            let end = network.advance(on, network.to_end(on));
            let (branches, scents) = ways_on(end, self.group, self.around.plan, self.around.field);
            let rule = &self.group.settings.choice;
            let probabilities = crate::corridors::branch_probabilities(&scents, rule.k, rule.n);
            let told = branches.iter().zip(probabilities).zip(&scents);
            return told
                .map(|((branch, probability), scent)| Choice {
                    name: format!("Corridor {} at the next fork (scent {scent:.3})", branch.corridor + 1).into(),
                    probability: f64::from(probability),
                    // The dice fall when it gets there.
                    taken: branches.len() == 1,
                })
                .collect();
        }
        let Smell::Antennae { smelled, preference, turn: Some(turn) } = self.thought.smell else {
            return Vec::new();
        };
        let Antennae { left, ahead, right } = preference;
        debug_assert_eq!(smelled.scaled(left, ahead, right).turn(), turn);
        let turned = self.before.heading.perp_dot(self.thought.heading);
        let choice =
            |name: &'static str, probability: f64, taken: bool| Choice { name: name.into(), probability, taken };
        let (on_left, on_straight, on_right) = match turn {
            Turn::Left => (1.0, 0.0, 0.0),
            Turn::Straight => (0.0, 1.0, 0.0),
            Turn::Right => (0.0, 0.0, 1.0),
            Turn::Either => (0.5, 0.0, 0.5),
        };
        vec![
            choice("Turn left", on_left, turn != Turn::Straight && turned > 0.0),
            choice("Straight on", on_straight, turn == Turn::Straight),
            choice("Turn right", on_right, turn != Turn::Straight && turned < 0.0),
        ]
    }

    fn outcome(&self) -> Outcome {
        if self.after.activity == Activity::Rest {
            return Outcome { sentence: "stays in its nest".into(), velocity: Some(Vec2::ZERO), ..Outcome::default() };
        }
        if let Some(on) = self.before.on {
            let network = &self.around.plan.corridors;
            let left = network.to_end(on);
            let velocity = network.heading(on) * self.speed;
            return Outcome {
                sentence: format!("walks on to the next fork, {left:.0} units away"),
                change: Some(velocity - self.velocity),
                limit: None,
                velocity: Some(velocity),
            };
        }
        let (from, to) = (self.before.heading, self.after.heading);
        let velocity = to * self.speed;
        let turn = turn_in_words(ops::atan2(from.perp_dot(to), from.dot(to)));
        Outcome {
            sentence: format!("{turn} at {:.1} units/s", self.speed),
            change: Some(velocity - self.velocity),
            limit: None,
            velocity: Some(velocity),
        }
    }
}
