//! Selecting by words: an expression with completion and a live count, what was asked before, and selections with names.

use agent2028_core::agent::AgentId;
use agent2028_core::intervention::InterventionContext;
use agent2028_core::quantity;
use agent2028_core::selector::Selector;
use agent2028_core::selector::expression::{ExpressionCompletions, ExpressionError, Vocabulary, complete, parse_among};
use agent2028_core::simulation::Simulation;
use agent2028_view::Combine;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::text::{CCursor, CCursorRange};
use egui::{Align, Key, Label, Layout, Modifiers, Response, TextEdit, Ui, WidgetType};
use egui_material_icons::icons::{
    ICON_ADD, ICON_BOOKMARK_ADD, ICON_CLOSE, ICON_FILTER_ALT, ICON_FLIP, ICON_HISTORY, ICON_REMOVE, ICON_SELECT_ALL,
    ICON_ZOOM_OUT_MAP,
};

use crate::actions::{Action, Actions};
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::panels::faults::FaultsPanel;
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;
use agent2028_kit::faults::{FaultsState, Whom};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct SelectionsView<'a> {
    /// The simulation.
    pub simulation: &'a Simulation,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
    /// Real time in seconds.
    pub now: f64,
}

/// Most expressions that are remembered.
const MOST_HISTORY: usize = 20;

/// Most completions that are offered at once.
const MOST_CHOICES: usize = 8;

/// While the simulation runs, matches of an expression are counted again this often, in seconds of real time.
const COUNT_INTERVAL_S: f64 = 0.25;

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct SelectionsState {
    /// The expression as it stands in the field.
    pub text: String,
    /// The expressions asked before, newest first.
    pub history: Vec<String>,
    /// Selections with names.
    pub saved: Vec<(String, Vec<AgentId>)>,
    /// The name that is being typed for the next one.
    pub name: String,
    chosen: usize,
    dismissed: bool,
    cursor: usize,
    vocabulary: Option<(u64, usize, usize, Vocabulary)>,
    count: Option<Count>,
}

#[derive(Clone, Debug)]
struct Count {
    of: String,
    at: (u64, u64),
    when: f64,
    matches: usize,
}

impl SelectionsState {
    fn vocabulary(&mut self, view: &SelectionsView) -> &Vocabulary {
        let world = view.simulation.world();
        let capabilities = world
            .get_resource::<agent2028_core::agent::CapabilityRegistry>()
            .map_or(0, |registry| registry.names().count());
        let now = (view.simulation.generation(), quantity::version(world), capabilities);
        let fresh = self.vocabulary.as_ref().is_some_and(|(a, b, c, _)| (*a, *b, *c) == now);
        if !fresh {
            self.vocabulary = None;
        }
        let (.., known) = self.vocabulary.get_or_insert_with(|| (now.0, now.1, now.2, Vocabulary::of(world)));
        known
    }

    /// How many agents match; counted again only now and then while time passes.
    fn matches(&mut self, selector: &Selector, view: &SelectionsView) -> usize {
        let at = (view.simulation.generation(), view.simulation.tick());
        let known = self.count.as_ref().filter(|count| {
            let soon = (0.0..COUNT_INTERVAL_S).contains(&(view.now - count.when));
            count.of == self.text && (count.at == at || (soon && count.at.0 == at.0))
        });
        if let Some(count) = known {
            return count.matches;
        }
        let matches = selector.resolve(view.simulation.world(), &context(view.simulation)).len();
        self.count = Some(Count { of: self.text.clone(), at, when: view.now, matches });
        matches
    }

    /// When the matches were last counted, in seconds of real time.
    #[cfg(test)]
    pub(super) fn counted_at(&self) -> Option<f64> {
        self.count.as_ref().map(|count| count.when)
    }

    fn remember(&mut self) {
        let text = self.text.trim().to_owned();
        self.history.retain(|known| *known != text);
        self.history.insert(0, text);
        self.history.truncate(MOST_HISTORY);
    }
}

/// When a selector is resolved for a look: as an intervention would in the next tick.
#[must_use]
pub fn context(simulation: &Simulation) -> InterventionContext {
    InterventionContext { tick: simulation.tick() + 1, ordinal: 0 }
}

/// The panel that selects by words.
#[derive(Clone, Copy, Debug)]
pub struct SelectPanel;

impl Panel for SelectPanel {
    type State = SelectionsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Select"),
        title: "Select",
        icon: ICON_FILTER_ALT,
        help: "Which agents are meant, by expression or by name.",
        group: Group::Agents,
        side: DockSide::Left,
        scrolls: true,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut SelectionsState) {
        let now = ui.input(|input| input.time);
        let facts = context.facts;
        let view = SelectionsView { simulation: facts.simulation, selected: facts.selected(), now };
        if let Some(selector) = show(ui, context.look, &view, state, context.actions) {
            let faults = context.states.of::<FaultsState>();
            faults.whom = Whom::Expression;
            faults.expression = Some((selector.to_string(), selector));
            context.actions.push(Action::ShowPanel(FaultsPanel::FACTS.key));
        }
    }
}

/// Shows the panel. Returns the selector that is to be used for faults, if that was asked for.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    view: &SelectionsView,
    state: &mut SelectionsState,
    actions: &mut Actions,
) -> Option<Selector> {
    quick(ui, look, view, actions);
    let response = field(ui, look, view, state);
    let text = state.text.clone();
    let read = (!text.trim().is_empty()).then(|| parse_among(&text, state.vocabulary(view)));
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let mut for_faults = None;
    match &read {
        None => {
            ui.add(
                Label::new(look.quiet("For example: group ant and speed > 2. Completions show as you type.")).wrap(),
            );
        }
        Some(Err(error)) => problem(ui, look, &text, error),
        Some(Ok(selector)) => {
            let matches = state.matches(selector, view);
            let found = format!("{} match", format::counted(matches as u64, "agent", "agents"));
            ui.label(look.quiet(if matches == 1 { "1 agent matches".to_owned() } else { found }));
        }
    }
    let selector = read.and_then(Result::ok);
    ui.add_enabled_ui(selector.is_some(), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let mut ask = |ui: &mut Ui, how: Combine| {
                let _ = ui;
                if let Some(selector) = &selector {
                    state.remember();
                    actions.push(Action::SelectBy(selector.clone(), how));
                }
            };
            let select = widgets::text_button(ui, look.body("Select"));
            let select = widgets::tip(select, look, "Select the agents that match", "Enter");
            if select.clicked() || (entered && ui.is_enabled()) {
                ask(ui, Combine::Replace);
            }
            let add = widgets::icon_button(ui, look, ICON_ADD, "Add the matches to the selection");
            if widgets::tip(add, look, "Add the matches to the selection", "").clicked() {
                ask(ui, Combine::Add);
            }
            let less = widgets::icon_button(ui, look, ICON_REMOVE, "Take the matches out of the selection");
            if widgets::tip(less, look, "Take the matches out of the selection", "").clicked() {
                ask(ui, Combine::Subtract);
            }
            let faults = widgets::text_button(ui, look.body("Use in faults"));
            let tip = "Faults of the palette choose among the agents that match when they are applied";
            if widgets::tip(faults, look, tip, "").clicked() {
                state.remember();
                for_faults.clone_from(&selector);
            }
        });
    });
    saved(ui, look, view, state, actions);
    for_faults
}

/// All, the others, and those around.
fn quick(ui: &mut Ui, look: &Look, view: &SelectionsView, actions: &mut Actions) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let count = match view.selected.len() {
            0 => "Nothing selected".to_owned(),
            several => format!("{} selected", format::count(several as u64)),
        };
        ui.label(look.body(count));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_enabled_ui(!view.selected.is_empty(), |ui| {
                let none = widgets::icon_button(ui, look, ICON_CLOSE, "Select nothing");
                if widgets::tip(none, look, "Select nothing", "Escape").clicked() {
                    actions.push(Action::Select(Vec::new()));
                }
                let grow = widgets::icon_button(ui, look, ICON_ZOOM_OUT_MAP, "Grow the selection to neighbours");
                let tip = "Select also the agents near the selected ones, within twice the mean distance of agents";
                if widgets::tip(grow, look, tip, keys(Command::Grow)).clicked() {
                    actions.push(Action::GrowSelection);
                }
            });
            let invert = widgets::icon_button(ui, look, ICON_FLIP, "Invert the selection");
            if widgets::tip(invert, look, "Select all agents that are not selected", keys(Command::Invert)).clicked() {
                actions.push(Action::InvertSelection);
            }
            let all = widgets::icon_button(ui, look, ICON_SELECT_ALL, "Select all");
            if widgets::tip(all, look, "Select all agents", keys(Command::SelectAll)).clicked() {
                actions.push(Action::SelectBy(Selector::All, Combine::Replace));
            }
        });
    });
}

/// The field for the expression, its completions and its history.
fn field(ui: &mut Ui, look: &Look, view: &SelectionsView, state: &mut SelectionsState) -> Response {
    let id = ui.make_persistent_id("selector expression");
    let focused = ui.memory(|memory| memory.has_focus(id));
    let cursor = state.cursor.min(state.text.len());
    let mut completions = if focused && !state.dismissed {
        let text = state.text.clone();
        complete(&text, cursor, state.vocabulary(view))
    } else {
        ExpressionCompletions::default()
    };
    completions.choices.truncate(MOST_CHOICES);
    let count = completions.choices.len();
    state.chosen = state.chosen.min(count.saturating_sub(1));
    let mut accepted = None;
    if count > 0 {
        // Before the field sees them: these keys belong to the list while it is open.
        ui.input_mut(|input| {
            if input.consume_key(Modifiers::NONE, Key::ArrowDown) {
                state.chosen = (state.chosen + 1) % count;
            }
            if input.consume_key(Modifiers::NONE, Key::ArrowUp) {
                state.chosen = (state.chosen + count - 1) % count;
            }
            if input.consume_key(Modifiers::NONE, Key::Tab) {
                accepted = Some(state.chosen);
            }
            if input.consume_key(Modifiers::NONE, Key::Escape) {
                state.dismissed = true;
            }
        });
    }
    let output = ui
        .horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                history(ui, look, state);
                TextEdit::singleline(&mut state.text)
                    .id(id)
                    .hint_text("group ant and speed > 2")
                    .font(egui::TextStyle::Monospace)
                    .lock_focus(true)
                    .desired_width(f32::INFINITY)
                    .show(ui)
            })
            .inner
        })
        .inner;
    let response = output.response.response.clone();
    widgets::named(ui, &response, WidgetType::TextEdit, "Selector expression");
    if response.changed() {
        state.dismissed = false;
        state.chosen = 0;
    }
    if response.lost_focus() {
        state.dismissed = false;
    }
    if let Some(range) = output.cursor_range {
        let letters = range.primary.index;
        state.cursor = state.text.char_indices().nth(usize::from(letters)).map_or(state.text.len(), |(at, _)| at);
    }
    if count > 0 {
        egui::Popup::from_response(&response)
            .id(response.id.with("completions"))
            .open(true)
            .width(response.rect.width())
            .show(|ui| {
                for (at, choice) in completions.choices.iter().enumerate() {
                    let text = egui::RichText::new(&choice.text).monospace();
                    let row = ui.selectable_label(at == state.chosen, text);
                    if row.on_hover_text(look.body(choice.means.as_str())).clicked() {
                        accepted = Some(at);
                    }
                }
                ui.label(look.quiet("Tab completes, arrows choose"));
            });
    }
    if let Some(choice) = accepted.and_then(|at| completions.choices.get(at)) {
        accept(ui, state, &completions, &choice.text, id);
    }
    response
}

/// Writes a completion where it belongs and goes on behind it.
fn accept(ui: &Ui, state: &mut SelectionsState, completions: &ExpressionCompletions, word: &str, id: egui::Id) {
    let Some(after) = state.text.get(completions.replace.end..) else {
        return;
    };
    let gap = if after.starts_with(' ') { "" } else { " " };
    let Some(before) = state.text.get(..completions.replace.start) else {
        return;
    };
    let written = format!("{before}{word}{gap}");
    let letters = written.chars().count() + usize::from(gap.is_empty());
    state.cursor = written.len();
    state.text = format!("{written}{after}");
    state.chosen = 0;
    if let Some(mut edit) = TextEdit::load_state(ui.ctx(), id) {
        edit.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(letters))));
        edit.store(ui.ctx(), id);
    }
    ui.memory_mut(|memory| memory.request_focus(id));
}

/// The expressions that were asked before.
fn history(ui: &mut Ui, look: &Look, state: &mut SelectionsState) {
    ui.add_enabled_ui(!state.history.is_empty(), |ui| {
        let button = widgets::icon_button(ui, look, ICON_HISTORY, "Earlier expressions");
        let button = widgets::tip(button, look, "Expressions that you used before", "");
        let mut picked = None;
        egui::Popup::menu(&button).width(measure::MENU).show(|ui| {
            for known in &state.history {
                if ui.selectable_label(false, egui::RichText::new(known).monospace()).clicked() {
                    picked = Some(known.clone());
                }
            }
        });
        if let Some(picked) = picked {
            state.cursor = picked.len();
            state.text = picked;
        }
    });
}

/// What is wrong, below the place where it is wrong.
fn problem(ui: &mut Ui, look: &Look, text: &str, error: &ExpressionError) {
    let (start, end) = (error.at.start.min(text.len()), error.at.end.min(text.len()));
    if let (Some(before), Some(wrong), Some(after)) = (text.get(..start), text.get(start..end), text.get(end..)) {
        let mut job = egui::text::LayoutJob::default();
        let font = egui::FontId::monospace(agent2028_view::tokens::type_size::SMALL);
        let plain = egui::TextFormat::simple(font.clone(), look.secondary);
        let marked = egui::TextFormat {
            underline: egui::Stroke::new(spacing::HAIRLINE, look.danger),
            ..egui::TextFormat::simple(font, look.danger)
        };
        job.append(before, 0.0, plain.clone());
        job.append(if wrong.is_empty() { "\u{2026}" } else { wrong }, 0.0, marked);
        job.append(after, 0.0, plain);
        ui.add(Label::new(job).wrap());
    }
    ui.add(Label::new(look.quiet(error.message.as_str()).color(look.danger)).wrap());
    if !error.help.is_empty() {
        ui.add(Label::new(look.quiet(error.help.as_str())).wrap());
    }
}

/// Selections that were given a name, for the session.
fn saved(ui: &mut Ui, look: &Look, view: &SelectionsView, state: &mut SelectionsState, actions: &mut Actions) {
    ui.add_space(spacing::TIGHT);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let named = !state.name.trim().is_empty();
            let save = ui
                .add_enabled_ui(named && !view.selected.is_empty(), |ui| {
                    let save = widgets::icon_button(ui, look, ICON_BOOKMARK_ADD, "Save the selection");
                    widgets::tip(save, look, "Keep the selected agents under this name until the program ends", "")
                })
                .inner;
            let field = ui.add(
                TextEdit::singleline(&mut state.name).hint_text("Name for this selection").desired_width(f32::INFINITY),
            );
            widgets::named(ui, &field, WidgetType::TextEdit, "Name for this selection");
            if save.clicked() {
                let name = state.name.trim().to_owned();
                state.saved.retain(|(known, _)| *known != name);
                state.saved.push((name, view.selected.to_vec()));
                state.name.clear();
            }
        });
    });
    let mut forgotten = None;
    for (at, (name, agents)) in state.saved.iter().enumerate() {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::icon_button(ui, look, ICON_CLOSE, &format!("Forget {name}")).clicked() {
                    forgotten = Some(at);
                }
                ui.label(look.figure(format::count(agents.len() as u64)));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let row = ui.add(egui::Button::selectable(false, name.as_str()).truncate());
                    if widgets::tip(row, look, "Select these agents again", "").clicked() {
                        actions.push(Action::Select(agents.clone()));
                    }
                });
            });
        });
    }
    if let Some(at) = forgotten {
        state.saved.remove(at);
    }
}
