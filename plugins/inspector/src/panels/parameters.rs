//! The parameters that the scene names, as sliders.

use std::collections::BTreeMap;

use agent2028_core::checkpoint::SceneFingerprint;
use agent2028_core::clock::SimClock;
use agent2028_core::faults::SetParam;
use agent2028_core::intervention::InterventionQueue;
use agent2028_core::params::{Params, get_live, live_choices, live_values};
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::simulation::Simulation;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, DragValue, Label, Layout, Response, TextEdit, Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::{ICON_TUNE, ICON_UNDO};

use crate::actions::Actions;
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::theme::{Look, measure};
use crate::widgets;

/// The longest unit that is shown beside a value, in characters.
const LONGEST_UNIT: usize = 8;

/// What is known about a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamFacts {
    /// Its name in the scene; what `SetParam` is told.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The path of the value.
    pub path: String,
    /// What it does.
    pub help: String,
    /// Its unit, empty for pure numbers.
    pub unit: String,
    /// Smallest and largest value of the slider.
    pub range: (f64, f64),
    /// The slider's step, above 0.
    pub step: f64,
    /// Its value now, or why there is none.
    pub value: Result<ParamValue, String>,
    /// The value that the scene gave it.
    pub scene_value: Option<ParamValue>,
    /// A value that waits for the next tick.
    pub waiting: Option<ParamValue>,
    /// The names that it can take, if it is a choice.
    pub choices: Vec<&'static str>,
}

impl ParamFacts {
    /// The value to show: the one asked for last, or the live one.
    fn shown(&self) -> Option<&ParamValue> {
        self.waiting.as_ref().or(self.value.as_ref().ok())
    }

    /// Whether the value to show is no longer the scene's.
    fn differs(&self) -> bool {
        match (self.shown(), &self.scene_value) {
            (Some(shown), Some(scene)) => shown != scene,
            _ => false,
        }
    }
}

/// The values that the scene gave its settings, by path, taken before anything changed them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SceneValues {
    scene: Option<SceneFingerprint>,
    generation: Option<u64>,
    values: BTreeMap<String, ParamValue>,
}

impl SceneValues {
    /// The scene's value of a setting; none for what the scene didn't have.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&ParamValue> {
        self.values.get(path)
    }

    /// Looks at the simulation; call it at least once between a scene's opening and its first tick.
    pub fn follow(&mut self, simulation: &Simulation) {
        if self.generation == Some(simulation.generation()) {
            return;
        }
        self.generation = Some(simulation.generation());
        let world = simulation.world();
        let scene = world.get_resource::<SceneFingerprint>().cloned();
        // Going back in time changes the generation too, but not what the scene says.
        if simulation.tick() == 0 || scene != self.scene {
            self.values.clear();
        }
        self.scene = scene;
        if !self.values.is_empty() {
            return;
        }
        self.values.extend(live_values(world).into_iter().map(|setting| (setting.path, setting.value)));
        for param in world.resource::<Params>().0.values() {
            if !self.values.contains_key(&param.path)
                && let Ok((value, _)) = get_live(world, &param.path)
            {
                self.values.insert(param.path.clone(), value);
            }
        }
    }
}

/// Gathers what there is to know about the scene's parameters.
#[must_use]
pub fn gather(world: &World, scene_values: &SceneValues) -> Vec<ParamFacts> {
    let mut waiting: BTreeMap<String, ParamValue> = BTreeMap::new();
    // What comes later is no business of the slider yet: the scene's timeline, or a future that is known.
    let next = world.resource::<SimClock>().tick() + 1;
    for stamped in world.resource::<InterventionQueue>().iter().take_while(|stamped| stamped.tick <= next) {
        if let Some(set) = stamped.action.downcast::<SetParam>() {
            waiting.insert(set.path.clone(), set.value.clone());
        }
    }
    world
        .resource::<Params>()
        .in_order()
        .into_iter()
        .map(|(name, param)| {
            let live = get_live(world, &param.path);
            let hints = live.as_ref().map(|(_, hints)| *hints).unwrap_or_default();
            let scene_value = scene_values.values.get(&param.path).cloned();
            let value = live.map(|(value, _)| value).map_err(|error| format!("{}; {}", error.message, error.help));
            let declared = param.range.or(hints.range.map(|range| (range.min, range.max)));
            let start = scene_value.as_ref().or(value.as_ref().ok()).and_then(ParamValue::number);
            let range = slider_range(declared, start.unwrap_or(0.0));
            let step = param.step.filter(|step| step.is_finite() && *step > 0.0);
            ParamFacts {
                label: if param.label.is_empty() { format::label_of(name) } else { param.label.clone() },
                help: if param.help.is_empty() {
                    hints.docs.unwrap_or("").trim().to_owned()
                } else {
                    param.help.clone()
                },
                unit: if param.unit.is_empty() {
                    hints.unit.map_or(String::new(), |unit| unit.0.to_owned())
                } else {
                    param.unit.clone()
                },
                step: step.unwrap_or_else(|| even_step(range)),
                waiting: waiting.get(name).or_else(|| waiting.get(&param.path)).cloned(),
                choices: live_choices(world, &param.path),
                name: name.to_owned(),
                path: param.path.clone(),
                range,
                value,
                scene_value,
            }
        })
        .collect()
}

/// The ends of a slider: what was declared; where an end is missing or far away, four times the scene's value.
fn slider_range(declared: Option<(f64, f64)>, start: f64) -> (f64, f64) {
    /// Beyond it a field's range only says "any number".
    const FAR: f64 = 1e9;
    let reach = if start == 0.0 { 1.0 } else { start.abs() * 4.0 };
    let (least, most) = declared.unwrap_or((if start < 0.0 { -reach } else { 0.0 }, reach));
    let least = if least.is_finite() && least > -FAR { least } else { -reach };
    let most = if most.is_finite() && most < FAR { most } else { least.max(0.0) + reach };
    if most > least { (least, most) } else { (least, least + 1.0) }
}

/// A hundredth of a range, rounded down to 1, 2 or 5 times a power of ten.
fn even_step((least, most): (f64, f64)) -> f64 {
    let hundredth = (most - least) / 100.0;
    let power = 10_f64.powf(hundredth.log10().floor());
    let factor = [5.0, 2.0, 1.0].into_iter().find(|factor| factor * power <= hundredth * (1.0 + 1e-9)).unwrap_or(1.0);
    factor * power
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct ParametersState {
    /// A number that is being dragged and not asked for yet.
    dragged: Option<(String, f64)>,
    /// Text that is being typed.
    typed: Option<(String, String)>,
}

/// The panel of the sliders.
#[derive(Clone, Copy, Debug)]
pub struct ParametersPanel;

impl Panel for ParametersPanel {
    type State = ParametersState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Parameters"),
        title: "Parameters",
        icon: ICON_TUNE,
        help: "The scene's parameters as sliders.",
        group: Group::Scene,
        side: DockSide::Left,
        scrolls: true,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut ParametersState) {
        let params = gather(context.facts.world(), context.states.of::<SceneValues>());
        show(ui, context.look, &params, context.facts.transport.playing, state, context.actions);
    }
}

/// Shows the parameters; `playing` says whether an edit takes effect at once.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    facts: &[ParamFacts],
    playing: bool,
    state: &mut ParametersState,
    actions: &mut Actions,
) {
    if facts.is_empty() {
        widgets::empty(
            ui,
            look,
            ICON_TUNE,
            "This scene names no parameters",
            "A scene's params list values such as boids.separation.weight; each becomes a slider here.",
        );
        return;
    }
    for param in facts {
        ui.push_id(&param.name, |ui| row(ui, look, param, playing, state, actions));
        ui.add_space(spacing::TIGHT);
    }
}

fn row(
    ui: &mut Ui,
    look: &Look,
    param: &ParamFacts,
    playing: bool,
    state: &mut ParametersState,
    actions: &mut Actions,
) {
    match (&param.value, param.shown()) {
        (Err(reason), _) => {
            title(ui, look, param, |_| {});
            ui.add(Label::new(look.quiet(reason.as_str()).color(look.danger)).wrap());
        }
        (Ok(_), Some(ParamValue::Number(number))) => {
            let number = match &state.dragged {
                Some((name, dragged)) if *name == param.name => *dragged,
                _ => *number,
            };
            number_row(ui, look, param, number, playing, state, actions);
        }
        (Ok(_), Some(ParamValue::Bool(truth))) => {
            let mut on = *truth;
            title(ui, look, param, |ui| {
                reset(ui, look, param, actions);
                let response = ui.checkbox(&mut on, "");
                widget_named(ui, &response, WidgetType::Checkbox, param, Some(on));
                if response.changed() {
                    actions.set_param(&param.name, ParamValue::Bool(on));
                }
            });
        }
        (Ok(_), Some(ParamValue::Text(text))) if !param.choices.is_empty() => {
            choice_row(ui, look, param, text, actions);
        }
        (Ok(_), Some(ParamValue::Text(text))) => text_row(ui, look, param, text, state, actions),
        (Ok(_), None) => {}
    }
}

/// Label and tooltip at the left, `value` at the right.
fn title(ui: &mut Ui, look: &Look, param: &ParamFacts, value: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            value(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let label = ui.add(Label::new(look.body(param.label.as_str())).truncate().sense(egui::Sense::hover()));
                label.on_hover_ui(|ui| explain(ui, look, param));
            });
        });
    });
}

/// What a parameter does, in which range, and what the scene says.
fn explain(ui: &mut Ui, look: &Look, param: &ParamFacts) {
    ui.set_max_width(measure::SCENE_LIST);
    ui.label(look.strong(param.label.as_str()));
    if !param.help.is_empty() {
        ui.add(Label::new(look.body(param.help.as_str())).wrap());
    }
    if let Some(ParamValue::Number(_)) = param.shown() {
        let (least, most) = param.range;
        let range = format!("{} to {}", format::number(least), format::with_unit(most, &param.unit));
        ui.label(look.quiet(format!("Range {range}")));
    }
    if let Some(scene) = &param.scene_value {
        let value = scene.number().map_or_else(|| scene.to_ron(), |number| format::with_unit(number, &param.unit));
        ui.label(look.quiet(format!("The scene says {value}")));
    }
    ui.label(look.figure(param.path.as_str()).color(look.secondary));
}

fn number_row(
    ui: &mut Ui,
    look: &Look,
    param: &ParamFacts,
    number: f64,
    playing: bool,
    state: &mut ParametersState,
    actions: &mut Actions,
) {
    let (least, most) = param.range;
    let mut value = number;
    let places = format::decimals_for_step(param.step);
    let mut touched: Option<Response> = None;
    title(ui, look, param, |ui| {
        let mut field = DragValue::new(&mut value)
            .range(least..=most)
            .clamp_existing_to_range(false)
            .speed(param.step)
            .min_decimals(places)
            .max_decimals(6);
        // A long unit would push the name aside; it stands in the tooltip.
        if (1..=LONGEST_UNIT).contains(&param.unit.chars().count()) {
            field = field.suffix(format!(" {}", param.unit));
        }
        let response = ui.add(field);
        let shown = value;
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo {
            label: Some(format!("{} value", param.label)),
            ..WidgetInfo::drag_value(enabled, shown)
        });
        touched = Some(response);
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let width = widgets::rest(ui, measure::CONTROL + spacing::TIGHT);
        let response = widgets::slider(ui, &mut value, least..=most, param.step, width, &param.label);
        let response = response.on_hover_ui(|ui| explain(ui, look, param));
        touched = Some(touched.take().map_or(response.clone(), |field| field.union(response)));
        reset(ui, look, param, actions);
    });
    let Some(touched) = touched else { return };
    let dragging = touched.dragged() || touched.is_pointer_button_down_on();
    if touched.changed() {
        // While an edit waits for its tick, the next one of the same drag replaces it here instead of queueing up.
        if dragging && (!playing || param.waiting.is_some()) {
            state.dragged = Some((param.name.clone(), value));
        } else {
            state.dragged = None;
            actions.set_param(&param.name, ParamValue::Number(value));
        }
    }
    let mine = |(name, _): &(String, f64)| *name == param.name;
    if !dragging
        && state.dragged.as_ref().is_some_and(mine)
        && let Some((_, last)) = state.dragged.take()
    {
        actions.set_param(&param.name, ParamValue::Number(last));
    }
}

fn choice_row(ui: &mut Ui, look: &Look, param: &ParamFacts, text: &str, actions: &mut Actions) {
    title(ui, look, param, |ui| reset(ui, look, param, actions));
    let response = widgets::choice(&param.name, ui.available_width(), look.body(text)).show_ui(ui, |ui| {
        for choice in &param.choices {
            if ui.selectable_label(*choice == text, look.body(*choice)).clicked() {
                actions.set_param(&param.name, ParamValue::Text((*choice).to_owned()));
            }
        }
    });
    widget_named(ui, &response.response, WidgetType::ComboBox, param, None);
}

fn text_row(
    ui: &mut Ui,
    look: &Look,
    param: &ParamFacts,
    text: &str,
    state: &mut ParametersState,
    actions: &mut Actions,
) {
    title(ui, look, param, |ui| reset(ui, look, param, actions));
    let mut typed = match &state.typed {
        Some((name, typed)) if *name == param.name => typed.clone(),
        _ => text.to_owned(),
    };
    let response =
        ui.add(TextEdit::singleline(&mut typed).font(egui::TextStyle::Monospace).desired_width(f32::INFINITY));
    widget_named(ui, &response, WidgetType::TextEdit, param, None);
    if response.changed() {
        state.typed = Some((param.name.clone(), typed.clone()));
    }
    if response.lost_focus() {
        let entered = ui.input(|input| input.key_pressed(egui::Key::Enter));
        if entered && typed != text {
            actions.set_param(&param.name, ParamValue::parse(&typed));
        }
        state.typed = None;
    }
}

fn widget_named(ui: &Ui, response: &Response, kind: WidgetType, param: &ParamFacts, on: Option<bool>) {
    let enabled = ui.is_enabled();
    response.widget_info(|| match on {
        Some(on) => WidgetInfo::selected(kind, enabled, on, param.label.as_str()),
        None => WidgetInfo::labeled(kind, enabled, param.label.as_str()),
    });
}

/// The button that goes back to the scene's value; it keeps its place while there is nothing to go back to.
fn reset(ui: &mut Ui, look: &Look, param: &ParamFacts, actions: &mut Actions) {
    if !param.differs() {
        ui.add_space(measure::CONTROL);
        return;
    }
    let Some(scene) = &param.scene_value else { return };
    let response = widgets::icon_button(ui, look, ICON_UNDO, &format!("Reset {}", param.label));
    let response = widgets::tip(response, look, &format!("Back to the scene's value, {scene}"), "");
    if response.clicked() {
        actions.set_param(&param.name, scene.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slider_has_two_different_finite_ends() {
        assert_eq!(slider_range(Some((0.0, 5.0)), 1.0), (0.0, 5.0));
        assert_eq!(slider_range(Some((0.0, f64::MAX)), 2.0), (0.0, 8.0));
        assert_eq!(slider_range(None, 3.0), (0.0, 12.0));
        assert_eq!(slider_range(None, -3.0), (-12.0, 12.0));
        assert_eq!(slider_range(Some((1.0, 1.0)), 1.0), (1.0, 2.0));
        assert_eq!(slider_range(Some((f64::MIN, f64::MAX)), 0.0), (-1.0, 1.0));
    }

    #[test]
    fn steps_are_round() {
        assert_eq!(even_step((0.0, 5.0)), 0.05);
        assert_eq!(even_step((0.0, 100.0)), 1.0);
        assert!((even_step((0.0, 30.0)) - 0.2).abs() < 1e-12);
    }
}
