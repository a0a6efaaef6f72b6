//! Why an agent does what it does: the inputs of its decision, told by whoever decides for it.
//!
//! A plugin registers an [`Explainer`]: a function that reads the world as it is now and says what one agent would
//! decide **if it decided now**, which is what it will decide in the next tick unless an intervention comes in between.
//! Explaining changes nothing, draws no number that the simulation would miss (its dice are keyed by tick, not used up)
//! and costs nothing unless somebody asks.
//!
//! ```
//! use agent2028_core::agent::AgentId;
//! use agent2028_core::explain::{Explainers, Explanation, Term, explain};
//! use bevy::prelude::*;
//!
//! let mut world = World::new();
//! let mut explainers = Explainers::default();
//! explainers.add("weather", |_, agent| {
//!     (agent.0 < 10).then(|| Explanation {
//!         activity: "Keeps dry".into(),
//!         terms: vec![Term::number("Rain", 0.8, "", "The chance of rain, 0 to 1.")],
//!         ..Explanation::default()
//!     })
//! });
//! world.insert_resource(explainers);
//! assert_eq!(explain(&world, AgentId(3))[0].section, "weather");
//! assert!(explain(&world, AgentId(30)).is_empty());
//! ```

use std::borrow::Cow;

use bevy::prelude::*;

use crate::agent::{AgentId, AgentIndex, Condition, Status};

/// Tells what decides for an agent, or nothing if this plugin doesn't. It must not be slow (a few milliseconds at 10⁶
/// agents): people look while the simulation runs.
pub type Explainer = fn(&World, AgentId) -> Option<Explanation>;

/// Who can explain decisions, in the order of registration.
#[derive(Resource, Clone, Debug, Default)]
pub struct Explainers(Vec<(&'static str, Explainer)>);

impl Explainers {
    /// Adds an explainer. `section`: the section of the scene whose rules it explains.
    pub fn add(&mut self, section: &'static str, explainer: Explainer) {
        self.0.push((section, explainer));
    }
}

/// What an agent would decide if it decided now, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The section of the scene whose rules decide, such as `boids`.
    pub section: &'static str,
    /// What the agent is doing in two or three words that stay the same for as long as it does the same: `Flocks`.
    pub activity: Cow<'static, str>,
    /// The same as a sentence with its particulars, without the agent's name: `flies with 12 others`.
    pub sentence: String,
    /// The agents that count in this decision, in id order.
    pub perceived: Vec<AgentId>,
    /// What the agent senses with.
    pub senses: Senses,
    /// The inputs of the decision, in the order in which they count.
    pub terms: Vec<Term>,
    /// What the agent chooses among, if it makes a choice.
    pub choices: Vec<Choice>,
    /// What comes of it.
    pub outcome: Outcome,
}

/// How far and in which direction an agent senses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Senses {
    /// How far it perceives, in world units; none if distance doesn't matter.
    pub radius: Option<f32>,
    /// The angle that it sees, in degrees, centred on its heading; none if that doesn't matter.
    pub view_degrees: Option<f32>,
    /// Where it is heading, of length 1; zero if it stands still.
    pub heading: Vec2,
    /// Points in the world where it senses, such as the tips of its antennae.
    pub points: Vec<Vec2>,
}

/// An input's value, or what it contributes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A direction and strength in the world.
    Vector(Vec2),
    /// Something that is no quantity.
    Text(Cow<'static, str>),
}

impl Value {
    /// The number itself, or the vector's length; 0 for text.
    #[must_use]
    pub fn magnitude(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Vector(vector) => f64::from(vector.length()),
            Self::Text(_) => 0.0,
        }
    }

    /// The vector, if it is one.
    #[must_use]
    pub fn vector(&self) -> Option<Vec2> {
        if let Self::Vector(vector) = self { Some(*vector) } else { None }
    }
}

/// One input of a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What it is called: `Separation`.
    pub name: Cow<'static, str>,
    /// What the agent reads.
    pub value: Value,
    /// How much that counts, if it is weighed.
    pub weight: Option<f64>,
    /// What it adds to the outcome, if it adds anything.
    pub contribution: Option<Value>,
    /// The unit of value and contribution, such as `units/s`; empty for none.
    pub unit: &'static str,
    /// What it means, in a sentence.
    pub meaning: Cow<'static, str>,
    /// The path of the setting that weighs it, such as `boids.separation.weight`, if it can be changed live.
    pub setting: Option<String>,
}

impl Term {
    fn new(name: impl Into<Cow<'static, str>>, value: Value, unit: &'static str) -> Self {
        let meaning = Cow::Borrowed("");
        Self { name: name.into(), value, weight: None, contribution: None, unit, meaning, setting: None }
    }

    /// A number that the agent reads.
    #[must_use]
    pub fn number(
        name: impl Into<Cow<'static, str>>,
        value: impl Into<f64>,
        unit: &'static str,
        meaning: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { meaning: meaning.into(), ..Self::new(name, Value::Number(value.into()), unit) }
    }

    /// A vector that counts by its weight: the contribution is weight × vector.
    #[must_use]
    pub fn weighed(
        name: impl Into<Cow<'static, str>>,
        vector: Vec2,
        weight: f32,
        unit: &'static str,
        meaning: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            weight: Some(f64::from(weight)),
            contribution: Some(Value::Vector(weight * vector)),
            meaning: meaning.into(),
            ..Self::new(name, Value::Vector(vector), unit)
        }
    }

    /// Something that isn't a quantity.
    #[must_use]
    pub fn text(
        name: impl Into<Cow<'static, str>>,
        text: impl Into<Cow<'static, str>>,
        meaning: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { meaning: meaning.into(), ..Self::new(name, Value::Text(text.into()), "") }
    }

    /// The same with what it adds to the outcome.
    #[must_use]
    pub fn contributing(mut self, contribution: Value) -> Self {
        self.contribution = Some(contribution);
        self
    }

    /// The same with its weight.
    #[must_use]
    pub fn weight(mut self, weight: f32) -> Self {
        self.weight = Some(f64::from(weight));
        self
    }

    /// The same with the path of the setting that weighs it.
    #[must_use]
    pub fn set_by(mut self, path: impl Into<String>) -> Self {
        self.setting = Some(path.into());
        self
    }
}

/// One of the things that an agent can choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What it is called: `Turn left`.
    pub name: Cow<'static, str>,
    /// How likely it is, 0–1.
    pub probability: f64,
    /// Whether this tick's dice choose it.
    pub taken: bool,
}

/// What comes of a decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// In words: `turns 3° to the left`.
    pub sentence: String,
    /// How the velocity changes, in world units per second, after all limits; none if nothing moves.
    pub change: Option<Vec2>,
    /// The largest change that a tick allows, in world units per second, if there is one.
    pub limit: Option<f32>,
    /// The velocity that results, in world units per second.
    pub velocity: Option<Vec2>,
}

/// What everybody who decides for this agent has to say; nothing if nobody does, or if there is no such agent.
#[must_use]
pub fn explain(world: &World, agent: AgentId) -> Vec<Explanation> {
    let Some(explainers) = world.get_resource::<Explainers>() else {
        return Vec::new();
    };
    explainers
        .0
        .iter()
        .filter_map(|(section, explainer)| Some(Explanation { section, ..explainer(world, agent)? }))
        .collect()
}

/// The explanation of an agent that can't decide anything because it has failed or is frozen; nothing for one that acts.
#[must_use]
pub fn explain_inability(world: &World, agent: AgentId) -> Option<Explanation> {
    let entity = world.get_resource::<AgentIndex>()?.get(agent)?;
    let condition = world.get::<Condition>(entity)?;
    let (activity, sentence, outcome) = match condition.status {
        Status::Active => return None,
        Status::Failed => ("Has failed", "has failed: it decides nothing, and nobody perceives it", "does nothing"),
        Status::Frozen => {
            ("Is frozen", "is frozen: it decides nothing, but others still perceive it", "stays where it is")
        }
    };
    Some(Explanation {
        activity: activity.into(),
        sentence: sentence.into(),
        outcome: Outcome { sentence: outcome.into(), ..Outcome::default() },
        ..Explanation::default()
    })
}

/// A change of velocity in words: how far it turns and by how much it speeds up or slows down. `unit`: of the speeds.
#[must_use]
pub fn motion_in_words(before: Vec2, after: Vec2) -> String {
    let (from, to) = (before.length(), after.length());
    if to <= f32::EPSILON {
        return if from <= f32::EPSILON { "stays where it is".into() } else { "comes to rest".into() };
    }
    if from <= f32::EPSILON {
        return format!("sets off at {to:.1} units/s");
    }
    let turn = turn_in_words(bevy::math::ops::atan2(before.perp_dot(after), before.dot(after)));
    let gain = to - from;
    // What doesn't show in the figures isn't said.
    if gain.abs() < from * 5e-3 {
        format!("{turn} at {to:.1} units/s")
    } else {
        let verb = if gain > 0.0 { "speeds up" } else { "slows down" };
        format!("{turn} and {verb} to {to:.1} units/s")
    }
}

/// A turn in words; `angle` in radians, to the left if positive.
#[must_use]
pub fn turn_in_words(angle: f32) -> String {
    let degrees = angle.to_degrees();
    if degrees.abs() < 0.05 {
        return "goes straight on".into();
    }
    let side = if degrees > 0.0 { "left" } else { "right" };
    format!("turns {:.1}° to the {side}", degrees.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motion_is_told_in_words() {
        assert_eq!(motion_in_words(Vec2::X * 10.0, Vec2::X * 10.0), "goes straight on at 10.0 units/s");
        assert_eq!(motion_in_words(Vec2::X, Vec2::Y * 2.0), "turns 90.0° to the left and speeds up to 2.0 units/s");
        assert_eq!(
            motion_in_words(Vec2::X * 4.0, Vec2::NEG_Y * 2.0),
            "turns 90.0° to the right and slows down to 2.0 units/s"
        );
        assert_eq!(motion_in_words(Vec2::X, Vec2::ZERO), "comes to rest");
        assert_eq!(motion_in_words(Vec2::ZERO, Vec2::X), "sets off at 1.0 units/s");
        assert_eq!(motion_in_words(Vec2::ZERO, Vec2::ZERO), "stays where it is");
    }

    #[test]
    fn a_weighed_vector_contributes_its_share() {
        let term = Term::weighed("Separation", Vec2::new(2.0, 0.0), 1.5, "units/s", "");
        assert_eq!(term.contribution.as_ref().and_then(Value::vector), Some(Vec2::new(3.0, 0.0)));
        assert_eq!(term.value.magnitude(), 2.0);
    }

    #[test]
    fn agents_that_cannot_act_decide_nothing() {
        use crate::agent::{fail_agents, freeze_agents};
        let mut simulation = crate::faults::fixture::simulation(3);
        fail_agents(simulation.world_mut(), &[AgentId(0)], u64::MAX);
        freeze_agents(simulation.world_mut(), &[AgentId(1)], u64::MAX);
        let activity = |agent| explain_inability(simulation.world(), AgentId(agent)).map(|said| said.activity);
        assert_eq!(activity(0).as_deref(), Some("Has failed"));
        assert_eq!(activity(1).as_deref(), Some("Is frozen"));
        assert_eq!(activity(2), None);
        assert_eq!(activity(99), None);
        assert!(explain(simulation.world(), AgentId(0)).is_empty(), "nobody decides for it");
    }
}
