//! Every value that can be changed while the simulation runs: searched, edited, put back.

use agent2028_core::faults::SetParam;
use agent2028_core::intervention::{InterventionLog, InterventionQueue};
use agent2028_core::params::{LiveValue, live_values};
use agent2028_core::reflect_path::ParamValue;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, DragValue, Label, Layout, ScrollArea, TextEdit, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::{ICON_SEARCH_OFF, ICON_SETTINGS, ICON_UNDO};

use crate::actions::Actions;
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::panels::parameters::SceneValues;
use crate::theme::{Look, measure};
use crate::widgets;

/// A setting with what the scene says.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingFacts {
    /// The setting.
    pub setting: LiveValue,
    /// What the scene says; none for what came into being later.
    pub scene: Option<ParamValue>,
    /// A value that waits for the next tick.
    pub waiting: Option<ParamValue>,
}

impl SettingFacts {
    fn shown(&self) -> &ParamValue {
        self.waiting.as_ref().unwrap_or(&self.setting.value)
    }

    /// Whether it is no longer what the scene says.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.scene.as_ref().is_some_and(|scene| scene != self.shown())
    }

    fn unit(&self) -> &'static str {
        self.setting.hints.unit.map_or("", |unit| unit.0)
    }

    /// The path without the field, and the field.
    fn split(&self) -> (&str, &str) {
        self.setting.path.rsplit_once('.').unwrap_or(("", &self.setting.path))
    }

    fn found_by(&self, words: &[String]) -> bool {
        let path = self.setting.path.to_lowercase();
        let docs = self.setting.hints.docs.unwrap_or_default().to_lowercase();
        words.iter().all(|word| path.contains(word) || docs.contains(word))
    }
}

/// The settings of the running simulation, looked at once per tick.
#[derive(Clone, Debug, Default)]
pub struct SettingsCache {
    of: Option<(u64, u64, usize)>,
    list: Vec<SettingFacts>,
    refused: Option<String>,
}

impl SettingsCache {
    /// The settings as they are now.
    pub fn follow(&mut self, generation: u64, tick: u64, world: &World, scene: &SceneValues) -> &[SettingFacts] {
        let queue = world.resource::<InterventionQueue>();
        let now = (generation, tick, queue.len());
        if self.of != Some(now) {
            self.of = Some(now);
            let waiting = |path: &str| {
                let asked = queue.iter().filter_map(|stamped| {
                    let set = stamped.action.downcast::<SetParam>()?;
                    (set.path == path).then(|| set.value.clone())
                });
                asked.last()
            };
            let last = world.resource::<InterventionLog>().0.iter().rev().find_map(|applied| {
                let set = applied.stamped.action.downcast::<SetParam>()?;
                Some(applied.outcome.as_ref().err().map(|why| format!("{} was refused: {why}", set.path)))
            });
            self.refused = last.flatten();
            self.list = live_values(world)
                .into_iter()
                .map(|setting| SettingFacts {
                    scene: scene.get(&setting.path).cloned(),
                    waiting: if queue.is_empty() { None } else { waiting(&setting.path) },
                    setting,
                })
                .collect();
        }
        &self.list
    }

    /// The settings as they were when they were looked at last.
    #[must_use]
    pub fn list(&self) -> &[SettingFacts] {
        &self.list
    }

    /// Why the last change of a setting was refused, if it was.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct SettingsState {
    /// What is searched for.
    pub search: String,
    /// Whether only settings that differ from the scene are shown.
    pub changed: bool,
    /// A number that is being dragged and not asked for yet.
    dragged: Option<(String, f64)>,
    /// Text that is being typed.
    typed: Option<(String, String)>,
}

/// A row of the list.
enum Line<'a> {
    /// What the rows below belong to.
    Head(&'a str),
    /// A setting.
    Leaf(&'a SettingFacts),
}

/// The panel of all settings.
#[derive(Clone, Copy, Debug)]
pub struct SettingsPanel;

impl Panel for SettingsPanel {
    type State = SettingsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Settings"),
        title: "Settings",
        icon: ICON_SETTINGS,
        help: "Every value that can be changed while the simulation runs.",
        group: Group::Scene,
        side: DockSide::Left,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut SettingsState) {
        let facts = context.facts;
        let mut cache = context.states.take::<SettingsCache>();
        cache.follow(facts.generation(), facts.tick(), facts.world(), context.states.of::<SceneValues>());
        show(ui, context.look, cache.list(), cache.refused(), state, context.actions);
        context.states.put(cache);
    }
}

/// Shows the settings. `refused`: why the last change was refused, if it was.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    facts: &[SettingFacts],
    refused: Option<&str>,
    state: &mut SettingsState,
    actions: &mut Actions,
) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let count = facts.iter().filter(|facts| facts.changed()).count() as u64;
            let text = look.body(format!("Changed {}", format::count(count)));
            ui.checkbox(&mut state.changed, text).on_hover_text(look.body("Show only what differs from the scene"));
            let field = TextEdit::singleline(&mut state.search)
                .hint_text("Search names and descriptions")
                .desired_width(ui.available_width());
            let response = ui.add(field);
            widgets::named(ui, &response, WidgetType::TextEdit, "Search settings");
        });
    });
    if let Some(refused) = refused {
        ui.add(Label::new(look.quiet(refused).color(look.danger)).wrap());
    }
    ui.add_space(spacing::TIGHT);
    let words: Vec<String> = state.search.split_whitespace().map(str::to_lowercase).collect();
    let lines = lines(facts.iter().filter(|facts| facts.found_by(&words) && (!state.changed || facts.changed())));
    if lines.is_empty() {
        let (what, how) = if facts.is_empty() {
            ("This simulation has no settings", "Plugins whose sections can change while they run list them here.")
        } else if state.changed {
            ("Everything is as the scene says", "Change a setting, or clear the box above to see all of them.")
        } else {
            ("No setting is found", "Search for part of a name or of its description, such as weight or speed.")
        };
        widgets::empty(ui, look, ICON_SEARCH_OFF, what, how);
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("settings").auto_shrink([false, false]).show_rows(
        ui,
        measure::CONTROL,
        lines.len(),
        |ui, rows| {
            for line in &lines[rows] {
                match line {
                    Line::Head(path) => head(ui, look, path),
                    Line::Leaf(facts) => {
                        ui.push_id(&facts.setting.path, |ui| leaf(ui, look, facts, state, actions));
                    }
                }
            }
        },
    );
}

fn lines<'a>(facts: impl Iterator<Item = &'a SettingFacts>) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut head = None;
    for facts in facts {
        let (path, _) = facts.split();
        if head != Some(path) {
            head = Some(path);
            lines.push(Line::Head(path));
        }
        lines.push(Line::Leaf(facts));
    }
    lines
}

fn head(ui: &mut Ui, look: &Look, path: &str) {
    ui.allocate_ui_with_layout(vec2(ui.available_width(), measure::CONTROL), Layout::left_to_right(Align::Max), |ui| {
        ui.set_min_height(measure::CONTROL);
        let words: Vec<String> = path.split('.').map(format::label_of).collect();
        ui.add(Label::new(look.strong(words.join(" · "))).truncate()).on_hover_text(look.figure(path));
    });
}

fn leaf(ui: &mut Ui, look: &Look, facts: &SettingFacts, state: &mut SettingsState, actions: &mut Actions) {
    let (_, name) = facts.split();
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match &facts.scene {
                Some(scene) if facts.changed() => {
                    let response = widgets::icon_button(ui, look, ICON_UNDO, &format!("Reset {}", facts.setting.path));
                    let tip = format!("Back to what the scene says, {scene}");
                    if widgets::tip(response, look, &tip, "").clicked() {
                        actions.set_param(&facts.setting.path, scene.clone());
                    }
                }
                _ => ui.add_space(measure::CONTROL),
            }
            value(ui, look, facts, state, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add_space(spacing::NORMAL);
                if facts.changed() {
                    widgets::dot(ui, look.accent);
                }
                let text = look.body(format::label_of(name));
                let text = if facts.changed() { text } else { text.color(look.secondary) };
                ui.add(Label::new(text).truncate()).on_hover_ui(|ui| explain(ui, look, facts));
            });
        });
    });
}

fn explain(ui: &mut Ui, look: &Look, facts: &SettingFacts) {
    ui.set_max_width(measure::SCENE_LIST);
    ui.label(look.strong(format::label_of(facts.split().1)));
    if let Some(docs) = facts.setting.hints.docs {
        ui.add(Label::new(look.body(docs.trim())).wrap());
    }
    if let Some(range) = facts.setting.hints.range {
        ui.label(look.quiet(format!("Range {range} {}", facts.unit())));
    }
    if let Some(scene) = &facts.scene {
        ui.label(look.quiet(format!("The scene says {scene}")));
    }
    ui.label(look.figure(facts.setting.path.as_str()).color(look.secondary));
}

fn value(ui: &mut Ui, look: &Look, facts: &SettingFacts, state: &mut SettingsState, actions: &mut Actions) {
    let path = facts.setting.path.as_str();
    match facts.shown() {
        ParamValue::Bool(truth) => {
            let mut on = *truth;
            let response = ui.checkbox(&mut on, "");
            let enabled = ui.is_enabled();
            response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, enabled, on, path));
            if response.changed() {
                actions.set_param(path, ParamValue::Bool(on));
            }
        }
        ParamValue::Number(live) => number(ui, look, facts, *live, state, actions),
        ParamValue::Text(text) if !facts.setting.choices.is_empty() => {
            let response = widgets::choice(path, measure::NUMBER, look.body(text.as_str())).show_ui(ui, |ui| {
                for choice in &facts.setting.choices {
                    if ui.selectable_label(choice == text, look.body(*choice)).clicked() {
                        actions.set_param(path, ParamValue::Text((*choice).to_owned()));
                    }
                }
            });
            widgets::named(ui, &response.response, WidgetType::ComboBox, path);
        }
        ParamValue::Text(text) => {
            let mut typed = match &state.typed {
                Some((of, typed)) if of == path => typed.clone(),
                _ => text.clone(),
            };
            let field = TextEdit::singleline(&mut typed).font(egui::TextStyle::Monospace);
            let response = ui.add(field.desired_width(measure::VALUE_COLUMN));
            widgets::named(ui, &response, WidgetType::TextEdit, path);
            if response.changed() {
                state.typed = Some((path.to_owned(), typed.clone()));
            }
            if response.lost_focus() {
                if ui.input(|input| input.key_pressed(egui::Key::Enter)) && typed != *text {
                    actions.set_param(path, ParamValue::parse(&typed));
                }
                state.typed = None;
            }
        }
    }
}

/// A number field; what is dragged is asked for once, when the pointer lets go.
fn number(ui: &mut Ui, look: &Look, facts: &SettingFacts, live: f64, state: &mut SettingsState, actions: &mut Actions) {
    let path = facts.setting.path.as_str();
    let held = state.dragged.as_ref().filter(|(of, _)| of == path).map(|(_, value)| *value);
    let mut edited = held.unwrap_or(live);
    let range = facts.setting.hints.range.map_or((f64::MIN, f64::MAX), |range| (range.min, range.max));
    // A hundredth of what it is, whatever its range.
    let speed = (edited.abs() / 100.0).clamp(1e-4, 1e6).max(if range.1 - range.0 < 100.0 { 0.001 } else { 0.01 });
    if !facts.unit().is_empty() {
        ui.allocate_ui_with_layout(
            vec2(measure::SPEED, measure::CONTROL),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(measure::SPEED);
                ui.add(Label::new(look.quiet(facts.unit())).truncate());
            },
        );
    } else {
        ui.add_space(measure::SPEED + spacing::TIGHT);
    }
    let field = DragValue::new(&mut edited)
        .range(range.0..=range.1)
        .clamp_existing_to_range(false)
        .speed(speed)
        .max_decimals(6);
    let response = ui.add_sized(vec2(measure::NUMBER, measure::CONTROL), field);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo { label: Some(path.to_owned()), ..WidgetInfo::drag_value(enabled, edited) });
    let holding = response.dragged() || response.is_pointer_button_down_on();
    if response.changed() && holding {
        state.dragged = Some((path.to_owned(), edited));
    } else if response.changed() {
        state.dragged = None;
        actions.set_param(path, ParamValue::Number(edited));
    } else if !holding
        && held.is_some()
        && let Some((_, last)) = state.dragged.take()
    {
        actions.set_param(path, ParamValue::Number(last));
    }
}
