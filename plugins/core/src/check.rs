//! What the types of a scene tell about themselves: units, ranges and checks.
//!
//! A field's documentation comment, its [`Unit`] and its [`Range`] are read through reflection by the scene reader
//! (validation with line and column), by the reference in `docs/scene-reference.md`, by tooltips and by sliders.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

pub use agent2028_language::limits::{FileName, Range, Unit};
use agent2028_language::names::count_comparison;
pub use agent2028_language::names::{names_compared, nearest, suggest};
use agent2028_language::types::{Describer, Held, Shape};
pub use agent2028_language::types::{Member, OpenTypes};
use bevy::prelude::*;

/// Describes the types of scenes: how those are written that reflection alone would get wrong.
#[must_use]
pub fn describer(open: OpenTypes) -> Describer {
    use crate::agent::AgentId;
    use crate::reflect_path::ParamValue;
    use crate::selector::Selector;
    let mut describer = Describer::new(open);
    describer.give::<bevy::math::Vec2>(Shape::Point);
    describer.give::<ParamValue>(Shape::Free);
    describer.give::<AgentId>(Shape::Whole { least: 0, most: u32::MAX.into(), called: Some("agent id") });
    describer.writes_default::<crate::intervention::AnyIntervention>(|value| {
        let intervention = value.try_downcast_ref::<crate::intervention::AnyIntervention>()?;
        Some(format!("{}(…)", intervention.name()))
    });
    // Selectors contain selectors, which reflection leaves out.
    describer.holds::<Selector>("And", Held::Many);
    describer.holds::<Selector>("Or", Held::Many);
    describer.holds::<Selector>("Not", Held::One);
    describer
}

/// Something that is wrong with a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a path such as `boids.flocks[1].agents`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// What a name in a scene may stand for that only the scene's plugins know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Naming {
    /// A quantity of agents, such as `speed`.
    Quantity,
    /// A kind of event, such as `AgentFailed`.
    EventKind,
}

/// A name that was met while a scene was checked, to be looked up where the plugins are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where it stands.
    pub path: String,
    /// What it must stand for.
    pub naming: Naming,
    /// The name.
    pub name: String,
}

/// Names that a scene may refer to, in the order of the scene. To look one up among many costs hardly more than among few, and
/// a copy shares its memory with the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Arc<NameList>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct NameList {
    list: Vec<String>,
    sorted: BTreeSet<String>,
}

impl Names {
    /// Whether this is one of them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        count_comparison();
        self.0.sorted.contains(name)
    }

    /// Whether one of them begins like this.
    #[must_use]
    pub fn any_begins_with(&self, beginning: &str) -> bool {
        count_comparison();
        let from = (Bound::Included(beginning), Bound::Unbounded);
        self.0.sorted.range::<str, _>(from).next().is_some_and(|name| name.starts_with(beginning))
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.0.list.iter().map(String::as_str)
    }

    /// Adds a name at the end.
    pub fn push(&mut self, name: &str) {
        let names = Arc::make_mut(&mut self.0);
        names.sorted.insert(name.to_owned());
        names.list.push(name.to_owned());
    }

    /// Whether these are the same names in the same memory: nobody has gathered them anew.
    #[must_use]
    pub fn shares_memory_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Vec<String>> for Names {
    fn from(list: Vec<String>) -> Self {
        let sorted = list.iter().cloned().collect();
        Self(Arc::new(NameList { list, sorted }))
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        names.into_iter().collect::<Vec<_>>().into()
    }
}

/// A list of problems that grows while a scene is checked, so that all are told at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    list: Vec<Problem>,
    mentions: Vec<Mention>,
    /// The roles that the scene's groups play.
    pub roles: Names,
    /// How many agents there are or will be, if that is known: their ids are below.
    pub agents: Option<u64>,
    /// The names of the scene's agent groups, which sections refer to.
    pub groups: Names,
    /// How many agents each of these groups has at the start, in the same order; empty if that isn't known.
    pub group_sizes: Vec<u32>,
    /// The capabilities that the scene's agents have or are granted.
    pub capabilities: Names,
    /// The regions that the scene's groups are at home in.
    pub regions: Names,
    /// The size of the world and whether it wraps around.
    pub world: crate::space::WorldBounds,
    /// The names of the scene's sections.
    pub sections: Names,
    /// How many ticks a second has, if that is known.
    pub tick_hz: Option<f64>,
    /// What the scene's timeline does when, if that is known.
    pub scripted: Vec<Scripted>,
}

/// An entry of a scene's timeline, as far as sections need to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// The name of the intervention.
    pub intervention: String,
    /// The tick in which it comes.
    pub at: u64,
    /// It comes again every so many ticks.
    pub every: Option<u64>,
    /// The last tick in which it may come.
    pub until: Option<u64>,
}

impl Problems {
    /// No problems yet, among these groups and capabilities in a world of this size.
    #[must_use]
    pub fn among(groups: Vec<String>, capabilities: Vec<String>, world: crate::space::WorldBounds) -> Self {
        Self { groups: groups.into(), capabilities: capabilities.into(), world, ..Self::default() }
    }

    /// Nothing to consider yet, in a scene with so many ticks a second and this timeline.
    #[must_use]
    pub fn to_consider(tick_hz: f64, scripted: Vec<Scripted>) -> Self {
        Self { tick_hz: Some(tick_hz), scripted, ..Self::default() }
    }

    /// Adds a problem.
    pub fn push(&mut self, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.list.push(Problem { path: path.into(), message: message.into(), help: help.into() });
    }

    /// Adds a problem if there is no group of this name.
    pub fn check_group(&mut self, path: impl Into<String>, name: &str) {
        if !self.groups.contains(name) {
            let help = suggest(name, self.groups.iter(), "group");
            self.push(path, format!("there is no agent group \"{name}\""), help);
        }
    }

    /// Adds a problem if no group plays this role.
    pub fn check_role(&mut self, path: impl Into<String>, name: &str) {
        if !self.roles.contains(name) {
            let roles = self.roles.iter().filter(|role| !role.is_empty());
            let help = suggest(name, roles, "role");
            self.push(path, format!("no group plays the role \"{name}\""), help);
        }
    }

    /// Adds a problem if there is no agent of this number and will be none.
    pub fn check_agent(&mut self, path: impl Into<String>, agent: u32) {
        if let Some(agents) = self.agents
            && u64::from(agent) >= agents
        {
            let help = match agents {
                0 => "there are no agents".to_owned(),
                agents => format!("agents are numbered 0 to {}", agents - 1),
            };
            self.push(path, format!("there is no agent {agent}"), help);
        }
    }

    /// Notes a name that only the scene's plugins know, for [`crate::params::look_up`].
    pub fn mention(&mut self, path: impl Into<String>, naming: Naming, name: &str) {
        self.mentions.push(Mention { path: path.into(), naming, name: name.to_owned() });
    }

    /// Takes the problems out that were found so far, and goes on with the same names.
    #[must_use]
    pub fn take_list(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.list)
    }

    /// Takes the names out that are still to be looked up.
    #[must_use]
    pub fn take_mentions(&mut self) -> Vec<Mention> {
        std::mem::take(&mut self.mentions)
    }

    /// Adds a problem if a number isn't finite.
    pub fn check_finite(&mut self, path: impl Into<String>, value: f32) {
        if !value.is_finite() {
            self.push(path, format!("{value} is not a finite number"), "write an ordinary number");
        }
    }

    /// The problems so far.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Takes the problems out.
    #[must_use]
    pub fn into_list(self) -> Vec<Problem> {
        self.list
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// What a section checks beyond types and ranges: names that must exist, values that must fit together.
pub trait Check {
    /// Adds what is wrong with the value at path `at` to `problems`; by default nothing is.
    fn check(&self, at: &str, problems: &mut Problems) {
        let _ = (at, problems);
    }

    /// The names of the files that a section is fed by, to change them; an empty name is none. In the state of a
    /// simulation stands what they hold, not what they are called (see [`SceneFiles`](crate::files::SceneFiles)).
    fn files_mut(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// Lets types check what their field `select` says, and nothing else.
///
/// ```
/// use agent2028_core::check_selector;
/// use agent2028_core::check::{Check, Problems};
/// use agent2028_core::selector::Selector;
///
/// struct Soak {
///     select: Selector,
/// }
///
/// check_selector!(Soak);
/// let mut problems = Problems::default();
/// Soak { select: Selector::Fraction(1.5) }.check("do", &mut problems);
/// assert_eq!(problems.list()[0].path, "do.select");
/// ```
#[macro_export]
macro_rules! check_selector {
    ($($kind:ty),* $(,)?) => {
        $(impl $crate::check::Check for $kind {
            fn check(&self, at: &str, problems: &mut $crate::check::Problems) {
                $crate::check::Check::check(&self.select, &::std::format!("{at}.select"), problems);
            }
        })*
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_costs_no_more_among_many_names() {
        let names: Names = (0..5000).map(|number| format!("group-{number:04}")).collect();
        let before = names_compared();
        assert!(names.contains("group-4999") && names.any_begins_with("group-49") && !names.any_begins_with("h"));
        assert_eq!(suggest("group-0003x", names.iter(), "group"), "did you mean \"group-0003\"?");
        assert!(suggest("zzz", names.iter(), "group").ends_with("group-0011 and 4988 more"));
        assert!(names_compared() - before < 1_100);
    }
}
