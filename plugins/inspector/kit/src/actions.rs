//! What panels ask for: they never change anything themselves.

use agent2028_core::agent::AgentId;
use agent2028_core::faults::SetParam;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::{BranchId, Timeline};
use agent2028_core::transport::{Speed, Transport};
use agent2028_view::capture::CaptureRequest;
use agent2028_view::{Combine, ObstacleShape, Theme, ToolFacts, ViewSettings};

use crate::dock::PanelKey;
use crate::export::FileToSave;
use crate::runs::RunRequest;
use crate::scene::SceneRequest;

/// What a person asks of the tools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ToolChange {
    /// Take a tool in hand.
    Take(&'static ToolFacts),
    /// Draw obstacles of this shape.
    Shape(ObstacleShape),
    /// Radius of brush, discs and places, in world units.
    Radius(f32),
    /// Do at the centre of the view what a click would do there.
    ActAtCenter,
}

/// One thing that a person asked for through a panel or a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Change the simulation: the one door in.
    Intervene(AnyIntervention),
    /// Take back a change that waits for its tick, by its number in the queue.
    Withdraw(u64),
    /// Let ticks happen by themselves, or not.
    Play(bool),
    /// Pause and run this many ticks.
    Step(u64),
    /// How fast simulated time should pass.
    Speed(Speed),
    /// Go to another tick or another branch of the run, or change the branches.
    Time(Travel),
    /// Open or reload a scene.
    Scene(SceneRequest),
    /// Save the run.
    Run(RunRequest),
    /// The same although unsaved changes of the document are lost by it.
    Discard(SceneRequest),
    /// Write the document to its file; ask for one if it has none, or if `ask` is set.
    SaveScene {
        /// Whether to ask for a name even if there is one.
        ask: bool,
    },
    /// Ask for a scene file to open.
    AskForScene,
    /// Show a place of the scene's text in the editor; line and column from 1.
    EditAt {
        /// The line.
        line: usize,
        /// The column in characters.
        column: usize,
    },
    /// Write the values of the sliders into the scene's text.
    KeepParameters,
    /// Show the gallery.
    Gallery,
    /// Make these the selected agents (any order).
    Select(Vec<AgentId>),
    /// Pin an agent, or take its pin away.
    Pin(AgentId),
    /// Select the agents that a selector means now, more of them, or less.
    SelectBy(Selector, Combine),
    /// Select the agents that are not selected.
    InvertSelection,
    /// Select also the agents near the selected ones.
    GrowSelection,
    /// Change the tool in hand, or use it.
    Tool(ToolChange),
    /// Let the camera follow an agent, or nobody.
    Follow(Option<AgentId>),
    /// Show the whole world.
    FitView,
    /// Show this point of the world, gliding there or at once.
    LookAt {
        /// In world units.
        point: bevy::math::Vec2,
        /// Without gliding.
        at_once: bool,
    },
    /// Draw the world with these settings.
    View(Box<ViewSettings>),
    /// Use this theme everywhere.
    Theme(Theme),
    /// Scale the interface (1 is its natural size).
    Scale(f32),
    /// Record an expensive metric from now on.
    WantMetric(String),
    /// Work out the hash of the state.
    HashState,
    /// Bring a panel to the front.
    ShowPanel(PanelKey),
    /// Take a picture or a film of what the window shows.
    Capture(CaptureRequest),
    /// Put a text on the clipboard.
    Copy(String),
    /// Ask where to save a file, and write it there.
    SaveFile(FileToSave),
}

/// What a person may do with time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Travel {
    /// Go to this tick of the current branch.
    Seek(u64),
    /// Pause and go back by this many ticks.
    Back(u64),
    /// Stop on the way to another tick.
    Stay,
    /// Leave out the last intervention.
    Undo,
    /// Bring back what was left out last.
    Redo,
    /// Begin a branch here.
    Fork,
    /// Go to this tick of another branch.
    Switch(BranchId, u64),
    /// Give a branch another name.
    Rename(BranchId, String),
    /// Remove a branch.
    Remove(BranchId),
}

impl Travel {
    /// Does it.
    pub fn perform(self, timeline: &mut Timeline, simulation: &mut Simulation, transport: &mut Transport) {
        // What can't be done (no such branch any more, nothing to undo) has no effect; the panels offer only what can.
        match self {
            Self::Seek(tick) => timeline.seek(tick),
            Self::Back(ticks) => timeline.step_back(transport, ticks),
            Self::Stay => timeline.cancel(simulation),
            Self::Undo => {
                timeline.undo();
            }
            Self::Redo => {
                timeline.redo();
            }
            Self::Fork => {
                timeline.fork(simulation, None);
            }
            Self::Switch(branch, tick) => {
                timeline.switch(branch, tick);
            }
            Self::Rename(branch, name) => {
                timeline.rename(branch, &name);
            }
            Self::Remove(branch) => {
                timeline.remove(branch);
            }
        }
    }
}

/// Collects what is asked for during a frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions(Vec<Action>);

impl Actions {
    /// Asks for something.
    pub fn push(&mut self, action: Action) {
        self.0.push(action);
    }

    /// Asks for a change of the simulation.
    pub fn intervene(&mut self, intervention: impl Into<AnyIntervention>) {
        self.push(Action::Intervene(intervention.into()));
    }

    /// Asks for a new value of a parameter; within a frame, the last value for a path counts.
    pub fn set_param(&mut self, path: &str, value: ParamValue) {
        let same_path = |action: &Action| {
            matches!(action, Action::Intervene(intervention)
                if intervention.downcast::<SetParam>().is_some_and(|earlier| earlier.path == path))
        };
        self.0.retain(|action| !same_path(action));
        self.intervene(SetParam { path: path.into(), value });
    }

    /// What was asked for, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Action> {
        self.0.iter()
    }

    /// Whether nothing was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes everything out, in order.
    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_sets_a_parameter_once() {
        let mut actions = Actions::default();
        actions.set_param("a", ParamValue::Number(1.0));
        actions.set_param("b", ParamValue::Number(2.0));
        actions.set_param("a", ParamValue::Number(3.0));
        let values: Vec<_> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Intervene(intervention) => intervention.downcast::<SetParam>(),
                _ => None,
            })
            .map(|set| (set.path.as_str(), set.value.number()))
            .collect();
        assert_eq!(values, [("b", Some(2.0)), ("a", Some(3.0))]);
    }
}
