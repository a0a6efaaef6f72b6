//! Agents side by side: a column for each, a row for each number, what differs in the foreground.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition};
use agent2028_core::quantity::{self, Quantity, QuantitySpec};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, Label, Layout, Rect, ScrollArea, Sense, Ui, WidgetType, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_COMPARE_ARROWS, ICON_FLAG};

use crate::actions::{Action, Actions};
use crate::facts::degraded;
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

/// The most agents that are compared at once.
pub const MOST: usize = 6;
/// How many bars a small histogram has.
const BINS: usize = 16;
/// A large selection's distributions are worked out again only this often, in seconds of real time.
const INTERVAL_S: f64 = 0.25;
/// About how many numbers of a large selection are read in a frame.
const NUMBERS_PER_FRAME: usize = 100_000;

/// Whom the panel compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComparedAgents {
    /// The selected agents, if there are two to six of them; otherwise the pinned ones.
    #[default]
    Fitting,
    /// The selected agents.
    Selected,
    /// The pinned agents.
    Pinned,
}

/// What the panel remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CompareState {
    /// Whom it compares.
    pub whom: ComparedAgents,
    /// Whether rows in which all are alike are left out.
    pub differences: bool,
}

impl CompareState {
    /// The agents to compare: the first [`MOST`] of those that are meant.
    #[must_use]
    pub fn chosen(&self, selected: &[AgentId], pinned: &[AgentId]) -> Vec<AgentId> {
        let selected_fit = (2..=MOST).contains(&selected.len());
        let all = match self.whom {
            ComparedAgents::Selected => selected,
            ComparedAgents::Fitting if selected_fit => selected,
            ComparedAgents::Pinned | ComparedAgents::Fitting => pinned,
        };
        all.iter().copied().take(MOST).collect()
    }
}

/// One of the agents that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Its number.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// Whether it is in order.
    pub condition: Condition,
    /// Whether it is pinned.
    pub pinned: bool,
}

/// A number of all agents that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is.
    pub spec: QuantitySpec,
    /// Each agent's value, if it has one.
    pub values: Vec<Option<f64>>,
}

impl Row {
    /// Whether the agents differ.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.values.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Where a value lies between the smallest and the largest, 0–1; between the ends of its range if it has any.
    fn share(&self, value: f64) -> f32 {
        let present = || self.values.iter().flatten().copied();
        let (least, most) = match self.spec.range {
            Some(range) if range.max < 1e9 && range.min > -1e9 => (range.min, range.max),
            _ => (present().fold(0.0, f64::min), present().fold(0.0, f64::max)),
        };
        if most > least { ((value - least) / (most - least)).clamp(0.0, 1.0) as f32 } else { 0.0 }
    }
}

/// What the panel reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompareView {
    /// The agents, from left to right.
    pub agents: Vec<Compared>,
    /// Their numbers.
    pub rows: Vec<Row>,
    /// How many agents are selected.
    pub selected: usize,
    /// How many are pinned.
    pub pinned: usize,
}

/// The quantities of the running simulation: what there is is found out once.
#[derive(Clone, Debug, Default)]
pub struct QuantityCache {
    known: Option<(u64, usize)>,
    list: Vec<Quantity>,
}

impl QuantityCache {
    /// All quantities.
    pub fn follow(&mut self, generation: u64, world: &World) -> &[Quantity] {
        let version = (generation, quantity::version(world));
        if self.known != Some(version) {
            self.known = Some(version);
            self.list = quantity::list(world);
        }
        &self.list
    }
}

/// Looks at the agents to compare.
#[must_use]
pub fn gather(
    world: &World,
    quantities: &[Quantity],
    chosen: &[AgentId],
    selected: &[AgentId],
    pinned: &[AgentId],
) -> CompareView {
    let (index, groups) = (world.resource::<AgentIndex>(), world.resource::<AgentGroups>());
    let agents: Vec<Compared> = chosen
        .iter()
        .filter_map(|&id| {
            let entity = index.get(id)?;
            let condition = world.get::<Condition>(entity).copied().unwrap_or_default();
            Some(Compared { id, name: groups.name_of(id), condition, pinned: pinned.contains(&id) })
        })
        .collect();
    let rows = quantities
        .iter()
        .map(|quantity| Row {
            values: agents.iter().map(|agent| quantity.value(world, agent.id)).collect(),
            spec: quantity.spec().clone(),
        })
        .filter(|row| row.values.iter().any(Option::is_some))
        .collect();
    CompareView { agents, rows, selected: selected.len(), pinned: pinned.len() }
}

/// The panel that holds agents side by side.
#[derive(Clone, Copy, Debug)]
pub struct ComparePanel;

impl Panel for ComparePanel {
    type State = CompareState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Compare"),
        title: "Compare",
        icon: ICON_COMPARE_ARROWS,
        help: "Two to six agents side by side.",
        group: Group::Agents,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut CompareState) {
        let facts = context.facts;
        let (selected, pinned) = (facts.selected(), facts.views.pins.0.as_slice());
        let chosen = state.chosen(selected, pinned);
        let quantities = context.states.of::<QuantityCache>().follow(facts.generation(), facts.world());
        let view = gather(facts.world(), quantities, &chosen, selected, pinned);
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows the comparison.
pub fn show(ui: &mut Ui, look: &Look, view: &CompareView, state: &mut CompareState, actions: &mut Actions) {
    ui.horizontal(|ui| {
        for (whom, label, count) in
            [(ComparedAgents::Selected, "Selected", view.selected), (ComparedAgents::Pinned, "Pinned", view.pinned)]
        {
            let on = state.whom == whom;
            let text = format!("{label} {}", format::count(count as u64));
            let response = ui.selectable_label(on, look.body(text));
            widgets::named(ui, &response, WidgetType::Button, &format!("Compare the {}", label.to_lowercase()));
            let tip = "Compare the first six of these; click again to let the panel choose";
            if widgets::tip(response, look, tip, "").clicked() {
                state.whom = if on { ComparedAgents::Fitting } else { whom };
            }
        }
        ui.separator();
        ui.checkbox(&mut state.differences, look.body("Only what differs"))
            .on_hover_text(look.body("Leave out the rows in which all are alike"));
    });
    ui.add_space(spacing::TIGHT);
    if view.agents.len() < 2 {
        widgets::empty(
            ui,
            look,
            ICON_COMPARE_ARROWS,
            "Nothing to compare yet",
            "Select two to six agents in the world, or pin some with the flag in the agent panel: each gets a column here.",
        );
        return;
    }
    let label = measure::COMPARE_LABEL;
    let column =
        ((ui.available_width() - label) / view.agents.len() as f32 - spacing::NORMAL).max(measure::COMPARE_COLUMN);
    ScrollArea::both().id_salt("comparison").auto_shrink([false, false]).show(ui, |ui| {
        crate::texts::scrolls_sideways(ui);
        ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
        ui.horizontal(|ui| {
            widgets::cell(ui, label, Cell::Left, |ui| ui.label(look.quiet("")));
            for agent in &view.agents {
                title(ui, look, agent, column, actions);
            }
        });
        widgets::rule(ui, look);
        let mut shown = 0;
        for row in view.rows.iter().filter(|row| !state.differences || row.differs()) {
            shown += 1;
            line(ui, look, row, label, column);
        }
        if shown == 0 {
            ui.label(look.quiet("These agents are alike in everything that can be compared."));
        }
    });
}

fn title(ui: &mut Ui, look: &Look, agent: &Compared, width: f32, actions: &mut Actions) {
    widgets::cell(ui, width, Cell::Right, |ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let name =
            if agent.pinned { format!("Take the pin off {}", agent.name) } else { format!("Pin {}", agent.name) };
        let icon = if agent.pinned { ICON_CLOSE } else { ICON_FLAG };
        let response = widgets::icon_button(ui, look, icon, &name);
        if widgets::tip(response, look, &name, "").clicked() {
            actions.push(Action::Pin(agent.id));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let lower = degraded(&agent.condition);
            let tint = widgets::status_color(look, agent.condition.status, lower);
            ui.label(look.icon(widgets::status_icon(agent.condition.status, lower)).color(tint));
            let response = ui.add(Label::new(look.strong(agent.name.as_str())).truncate().sense(Sense::click()));
            widgets::named(ui, &response, WidgetType::Button, &format!("Select {}", agent.name));
            if widgets::tip(response, look, &format!("Select {} alone", agent.name), "").clicked() {
                actions.push(Action::Select(vec![agent.id]));
            }
        });
    });
}

fn line(ui: &mut Ui, look: &Look, row: &Row, label: f32, column: f32) {
    let differs = row.differs();
    ui.horizontal(|ui| {
        widgets::cell(ui, label, Cell::Left, |ui| {
            let name =
                if row.spec.name.contains('.') { row.spec.name.clone() } else { format::label_of(&row.spec.name) };
            let text = look.quiet(name);
            let response = ui.add(Label::new(if differs { text.color(look.text) } else { text }).truncate());
            response.on_hover_ui(|ui| {
                ui.set_max_width(measure::SCENE_LIST);
                ui.label(look.strong(row.spec.name.as_str()));
                ui.add(Label::new(look.body(row.spec.help.trim())).wrap());
            });
        });
        let places = format::places_of(row.values.iter().copied().flatten());
        for value in &row.values {
            let rect = Rect::from_min_size(ui.cursor().min, vec2(column, measure::TABLE_ROW));
            if let Some(value) = value.filter(|_| differs && row.spec.labels().is_none()) {
                let bar = Rect::from_min_size(rect.min, vec2(rect.width() * row.share(value), rect.height()));
                ui.painter().rect_filled(bar.shrink2(vec2(0.0, 2.0)), 0.0, look.info.gamma_multiply(0.3));
            }
            widgets::cell(ui, column, Cell::Right, |ui| {
                let text = value.map_or(format::NOTHING.to_owned(), |value| value_in(&row.spec, value, places));
                let figure = look.figure(text);
                ui.label(if differs { figure } else { figure.color(look.secondary) });
            });
        }
    });
}

/// A value with its unit, as short as it can be.
#[must_use]
pub fn value_text(spec: &QuantitySpec, value: f64) -> String {
    value_in(spec, value, None)
}

/// The same with as many places as its neighbours have.
fn value_in(spec: &QuantitySpec, value: f64, places: Option<usize>) -> String {
    match spec.labels() {
        Some(_) => spec.text(value),
        // The last tick that there is means never.
        None if spec.unit == "tick" && value >= 1e18 => "never".into(),
        None => format::unit_behind(format::in_column(value, places), &spec.unit),
    }
}

/// How a number is spread over agents.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// What it is.
    pub spec: QuantitySpec,
    /// How many agents have it.
    pub count: usize,
    /// The smallest value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
    /// The mean.
    pub mean: f64,
    /// How many lie in each of as many equal parts from the smallest to the largest, or have each label.
    pub bins: Vec<usize>,
}

impl Spread {
    /// Looks at values; none without any.
    #[must_use]
    pub fn of(spec: &QuantitySpec, values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut bins = vec![0; spec.labels().map_or(BINS, <[String]>::len).max(1)];
        let last = bins.len() - 1;
        for value in values {
            let at = match spec.labels() {
                Some(_) => *value as usize,
                None if most > least => ((value - least) / (most - least) * BINS as f64) as usize,
                None => BINS / 2,
            };
            bins[at.min(last)] += 1;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some(Self { spec: spec.clone(), count: values.len(), least, most, mean, bins })
    }

    /// What stands for all of them: the mean, or the label that most of them have.
    #[must_use]
    pub fn middle(&self) -> String {
        match self.spec.labels() {
            Some(labels) => {
                let most = self.bins.iter().enumerate().max_by_key(|(at, count)| (**count, usize::MAX - at));
                most.and_then(|(at, _)| labels.get(at)).cloned().unwrap_or_default()
            }
            None => value_text(&self.spec, self.mean),
        }
    }

    /// All of it in words.
    #[must_use]
    pub fn words(&self) -> String {
        let name = &self.spec.name;
        match self.spec.labels() {
            Some(labels) => {
                let parts: Vec<String> = labels
                    .iter()
                    .zip(&self.bins)
                    .filter(|(_, count)| **count > 0)
                    .map(|(label, count)| format!("{label} {}", format::count(*count as u64)))
                    .collect();
                format!("{name}: {}", parts.join(", "))
            }
            None => format!(
                "{name}: {} to {}, mean {}",
                value_text(&self.spec, self.least),
                value_text(&self.spec, self.most),
                value_text(&self.spec, self.mean)
            ),
        }
    }
}

/// The distributions of a selection, worked out a few at a time if it is large.
#[derive(Clone, Debug, Default)]
pub struct SpreadCache {
    of: Option<(u64, usize, Option<AgentId>, Option<AgentId>)>,
    tick: u64,
    at: f64,
    next: usize,
    found: Vec<Option<Spread>>,
    shown: Vec<Spread>,
}

impl SpreadCache {
    /// The distributions of `agents` as they are now, or as they were a moment ago; `now` is real time in seconds.
    pub fn follow(
        &mut self,
        generation: u64,
        tick: u64,
        world: &World,
        quantities: &[Quantity],
        agents: &[AgentId],
        now: f64,
    ) -> &[Spread] {
        let of = Some((generation, agents.len(), agents.first().copied(), agents.last().copied()));
        if self.of != of || self.found.len() != quantities.len() {
            *self = Self { of, tick, found: vec![None; quantities.len()], at: f64::NEG_INFINITY, ..Self::default() };
        } else if self.next >= quantities.len() {
            let soon = agents.len() > 2000 && (0.0..INTERVAL_S).contains(&(now - self.at));
            if tick == self.tick || soon {
                return &self.shown;
            }
            (self.next, self.tick, self.at) = (0, tick, now);
        }
        let mut left = NUMBERS_PER_FRAME;
        while let Some(quantity) = quantities.get(self.next) {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(agents.len());
            let values: Vec<f64> = agents.iter().filter_map(|agent| quantity.value(world, *agent)).collect();
            self.found[self.next] = Spread::of(quantity.spec(), &values);
            self.next += 1;
        }
        self.shown = self.found.iter().flatten().cloned().collect();
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_to_six_selected_agents_are_compared_and_otherwise_the_pinned_ones() {
        let ids = |numbers: &[u32]| numbers.iter().copied().map(AgentId).collect::<Vec<_>>();
        let mut state = CompareState::default();
        assert_eq!(state.chosen(&ids(&[1, 2]), &ids(&[7])), ids(&[1, 2]));
        assert_eq!(state.chosen(&ids(&[1]), &ids(&[7, 8])), ids(&[7, 8]));
        assert_eq!(state.chosen(&ids(&(0..100).collect::<Vec<_>>()), &ids(&[7])), ids(&[7]));
        state.whom = ComparedAgents::Selected;
        assert_eq!(state.chosen(&ids(&(0..100).collect::<Vec<_>>()), &[]).len(), MOST);
    }

    #[test]
    fn a_spread_counts_its_bins_and_labels() {
        let spec = QuantitySpec::new("speed", "units/s", "");
        let spread = Spread::of(&spec, &[0.0, 1.0, 2.0, 16.0]).unwrap();
        assert_eq!((spread.least, spread.most, spread.mean), (0.0, 16.0, 4.75));
        assert_eq!((spread.bins[0], spread.bins[1], spread.bins[2], spread.bins[15]), (1, 1, 1, 1));
        assert_eq!(spread.words(), "speed: 0\u{202f}units/s to 16\u{202f}units/s, mean 4.750\u{202f}units/s");
        assert_eq!(Spread::of(&spec, &[3.0; 5]).unwrap().bins.iter().sum::<usize>(), 5);
        assert_eq!(Spread::of(&spec, &[]), None);
        let spec = QuantitySpec::new("activity", "", "").among(["Rest", "Carry"]);
        let spread = Spread::of(&spec, &[1.0, 1.0, 0.0]).unwrap();
        assert_eq!((spread.middle().as_str(), spread.words().as_str()), ("Carry", "activity: Rest 1, Carry 2"));
    }
}
