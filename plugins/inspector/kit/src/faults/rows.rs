//! Rows of the palette that a plugin composes.

use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use bevy::prelude::World;
use bevy_egui::egui::Ui;

use super::{DropOn, FaultsState, FaultsView, Verb, fault};
use crate::actions::Actions;
use crate::format;
use crate::states::{State, States};
use crate::theme::Look;

/// What rows are drawn with.
#[derive(Debug)]
pub struct Rows<'a> {
    /// Colours and letters.
    pub look: &'a Look,
    /// The simulation's world.
    pub world: &'a World,
    /// What all rows read.
    pub view: &'a FaultsView<'a>,
    /// What is chosen for all rows.
    pub choices: &'a mut FaultsState,
    /// What is asked for.
    pub actions: &'a mut Actions,
}

impl Rows<'_> {
    /// Whom the choices mean.
    #[must_use]
    pub fn select(&self) -> Selector {
        self.choices.selector(self.view)
    }

    /// The same in words: `a third of bird`.
    #[must_use]
    pub fn words(&self) -> String {
        self.choices.in_words(self.view)
    }

    /// Whether the choices can mean anybody.
    #[must_use]
    pub fn meant(&self) -> bool {
        self.choices.meant(self.view) && self.view.agents > 0
    }

    /// A row with a verb, and at its right what sets its strength. True when it is pressed.
    pub fn fault(&mut self, ui: &mut Ui, verb: Verb, text: &str, strength: impl FnOnce(&mut Ui)) -> bool {
        fault(ui, self.look, verb, text, &mut self.choices.dragged, strength)
    }

    /// A row for what is done to the agents that are meant, with its strength beside it.
    pub fn row(&mut self, ui: &mut Ui, verb: Verb, text: &str) {
        let mut strength = self.choices.strengths.get(verb.name()).copied();
        let pressed = self.fault(ui, verb, text, |ui| verb.strength(ui, &mut strength));
        if let Some(strength) = strength {
            self.choices.strengths.insert(verb.name(), strength);
        }
        if pressed {
            let intervention = self.choices.done(verb, self.select());
            self.actions.intervene(intervention);
        }
    }
}

impl FaultsState {
    /// What a verb does to agents, for as long and as strongly as is chosen.
    #[must_use]
    pub fn done(&self, verb: Verb, select: Selector) -> AnyIntervention {
        verb.to(select, self.duration_s(), self.strengths.get(verb.name()).copied())
    }

    /// What a row without a composer does where it is dropped.
    #[must_use]
    pub fn dropped(&self, verb: Verb, on: DropOn, view: &FaultsView) -> (AnyIntervention, String) {
        let (select, whom) = self.dropped_on(on, view);
        (self.done(verb, select), format!("{}: {whom}", verb.word()))
    }

    /// Whom a row means where it is dropped: an agent, or the chosen share of those in the circle; and the same in words.
    #[must_use]
    pub fn dropped_on(&self, on: DropOn, view: &FaultsView) -> (Selector, String) {
        match on {
            DropOn::Ground(center) => {
                let select = self.share_of(Selector::Within { center, radius: self.drop_radius(view) });
                (select, format!("{} of the circle", format::share_in_words(self.share)))
            }
            DropOn::Agent(agent) => (Selector::Ids(vec![agent]), format!("agent {agent}")),
        }
    }
}

/// Rows of a plugin's interventions.
pub trait FaultRows: 'static {
    /// What they remember, beside what is chosen for all rows.
    type State: State;

    /// The verbs that it has rows for.
    #[must_use]
    fn verbs() -> Vec<Verb>;

    /// Whether this world has what they are about.
    #[must_use]
    fn applies(world: &World) -> bool;

    /// Draws the rows.
    fn show(ui: &mut Ui, rows: &mut Rows, state: &mut Self::State);

    /// What a verb does to agents.
    #[must_use]
    fn done(verb: Verb, select: Selector, choices: &FaultsState, state: &Self::State) -> AnyIntervention {
        let _ = state;
        choices.done(verb, select)
    }

    /// What was done, in words: `Freeze: a third of the circle`.
    #[must_use]
    fn told(verb: Verb, whom: &str) -> String {
        format!("{}: {whom}", verb.word())
    }

    /// What a verb does where it is dropped, with what was done in words.
    #[must_use]
    fn dropped(
        verb: Verb,
        on: DropOn,
        view: &FaultsView,
        choices: &FaultsState,
        state: &Self::State,
    ) -> (AnyIntervention, String) {
        let (select, whom) = choices.dropped_on(on, view);
        (Self::done(verb, select, choices, state), Self::told(verb, &whom))
    }

    /// Whether a verb is dropped on the ground only, such as one that adds agents.
    #[must_use]
    fn needs_ground(verb: Verb) -> bool {
        let _ = verb;
        false
    }

    /// What stands beside a row while it is dragged over an agent of this name, or over the ground.
    #[must_use]
    fn hint(verb: Verb, agent: Option<&str>) -> String {
        match agent {
            Some(agent) => format!("{} {agent}", verb.word()),
            None => format!("{} here", verb.word()),
        }
    }
}

/// Rows that were registered.
#[derive(Clone, Copy, Debug)]
pub struct FaultRowsEntry {
    verbs: fn() -> Vec<Verb>,
    applies: fn(&World) -> bool,
    show: fn(&mut Ui, &mut Rows, &mut States),
    dropped: fn(Verb, DropOn, &FaultsView, &FaultsState, &mut States) -> (AnyIntervention, String),
    needs_ground: fn(Verb) -> bool,
    hint: fn(Verb, Option<&str>) -> String,
}

impl FaultRowsEntry {
    /// Those of a type.
    #[must_use]
    pub fn of<R: FaultRows>() -> Self {
        Self {
            verbs: R::verbs,
            applies: R::applies,
            show: |ui, rows, states| {
                let mut state = states.take::<R::State>();
                R::show(ui, rows, &mut state);
                states.put(state);
            },
            dropped: |verb, on, view, choices, states| R::dropped(verb, on, view, choices, states.of::<R::State>()),
            needs_ground: R::needs_ground,
            hint: R::hint,
        }
    }

    /// Whether it has a row for a verb.
    #[must_use]
    pub fn has(&self, verb: Verb) -> bool {
        (self.verbs)().contains(&verb)
    }

    /// Whether this world has what the rows are about.
    #[must_use]
    pub fn applies(&self, world: &World) -> bool {
        (self.applies)(world)
    }

    /// Draws the rows.
    pub fn show(&self, ui: &mut Ui, rows: &mut Rows, states: &mut States) {
        (self.show)(ui, rows, states);
    }

    /// What a verb does where it is dropped, with what was done in words.
    pub fn dropped(
        &self,
        verb: Verb,
        on: DropOn,
        view: &FaultsView,
        choices: &FaultsState,
        states: &mut States,
    ) -> (AnyIntervention, String) {
        (self.dropped)(verb, on, view, choices, states)
    }

    /// Whether a verb is dropped on the ground only.
    #[must_use]
    pub fn needs_ground(&self, verb: Verb) -> bool {
        (self.needs_ground)(verb)
    }

    /// What stands beside a row while it is dragged.
    #[must_use]
    pub fn hint(&self, verb: Verb, agent: Option<&str>) -> String {
        (self.hint)(verb, agent)
    }
}
