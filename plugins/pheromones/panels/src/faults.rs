//! Rows of the palette that lay trails that promise what isn't there.

use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_kit::faults::{DropOn, FaultRows, FaultsState, FaultsView, Rows, Verb, Whom, number};
use agent2028_kit::widgets;
use agent2028_pheromones::field::PheromoneField;
use agent2028_pheromones::interventions::{SpoofPheromone, SpoofPlace};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{DragValue, Ui, WidgetType};

use crate::field::names;

/// As long as a false trail can last, in simulated seconds: 31 years.
const FOR_GOOD_S: f32 = 1e9;

/// What is remembered of false trails.
#[derive(Clone, Debug, PartialEq)]
pub struct FalseTrailsState {
    /// The pheromone layer in which they are laid.
    pub field: String,
    /// How strong one is: intensity per cell and second.
    pub strength: f32,
}

impl Default for FalseTrailsState {
    fn default() -> Self {
        Self { field: String::new(), strength: SpoofPheromone::default().strength }
    }
}

impl FalseTrailsState {
    fn spoof(&self, place: SpoofPlace, radius: f32, choices: &FaultsState) -> SpoofPheromone {
        SpoofPheromone {
            layer: self.field.clone(),
            place,
            strength: self.strength,
            radius,
            duration_s: choices.duration_s().unwrap_or(FOR_GOOD_S),
        }
    }
}

/// False trails: laid by the agents that are meant, or out of nowhere in the circle.
#[derive(Clone, Copy, Debug)]
pub struct FalseTrails;

impl FaultRows for FalseTrails {
    type State = FalseTrailsState;

    fn verbs() -> Vec<Verb> {
        vec![Verb::of::<SpoofPheromone>()]
    }

    fn applies(world: &World) -> bool {
        world.get_resource::<PheromoneField>().is_some_and(|field| field.layers().next().is_some())
    }

    fn show(ui: &mut Ui, rows: &mut Rows, state: &mut FalseTrailsState) {
        let names = names(rows.world);
        if !names.contains(&state.field) {
            state.field = names.first().cloned().unwrap_or_default();
        }
        ui.add_space(spacing::TIGHT);
        widgets::property(ui, rows.look, "Pheromone", |ui| {
            let response = widgets::choice("field", ui.available_width(), state.field.as_str())
                .show_ui(ui, |ui| {
                    for name in &names {
                        ui.selectable_value(&mut state.field, name.clone(), name.as_str());
                    }
                })
                .response;
            widgets::named(ui, &response, WidgetType::ComboBox, "Pheromone");
        });
        let in_circle = rows.choices.whom == Whom::Circle;
        let text = if in_circle { "Spoof in the circle".to_owned() } else { format!("Spoof by {}", rows.words()) };
        ui.add_enabled_ui(rows.meant() || in_circle, |ui| {
            let verb = Verb::of::<SpoofPheromone>();
            let pressed = rows.fault(ui, verb, &text, |ui| {
                let field = DragValue::new(&mut state.strength).range(0.0..=1000.0).speed(0.1).max_decimals(1);
                number(ui, "Strength of the false trail", field.suffix(" /s"));
            });
            if pressed {
                let spoof = if in_circle {
                    state.spoof(SpoofPlace::At(rows.choices.center), rows.choices.radius, rows.choices).into()
                } else {
                    Self::done(verb, rows.select(), rows.choices, state)
                };
                rows.actions.intervene(spoof);
            }
        });
    }

    fn done(_: Verb, select: Selector, choices: &FaultsState, state: &FalseTrailsState) -> AnyIntervention {
        state.spoof(SpoofPlace::Agents(select), SpoofPheromone::default().radius, choices).into()
    }

    fn dropped(
        verb: Verb,
        on: DropOn,
        view: &FaultsView,
        choices: &FaultsState,
        state: &FalseTrailsState,
    ) -> (AnyIntervention, String) {
        if let DropOn::Ground(center) = on {
            let spoof = state.spoof(SpoofPlace::At(center), choices.drop_radius(view), choices);
            return (spoof.into(), format!("Spoofed {} in the circle", state.field));
        }
        let (select, whom) = choices.dropped_on(on, view);
        (Self::done(verb, select, choices, state), Self::told(verb, &whom))
    }
}
