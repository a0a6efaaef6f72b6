//! Faults and attacks as a palette: whom, how many, for how long, and a button with a verb for each. Every plugin composes the
//! rows of its own interventions; one that nobody composed a row for is drawn from what its type says.

mod rows;
mod verb;

pub use rows::{FaultRows, FaultRowsEntry, Rows};
pub use verb::Verb;

use std::collections::BTreeMap;

use agent2028_core::agent::AgentId;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::params::LiveSections;
use agent2028_core::selector::Selector;
use agent2028_core::space::WorldBounds;
use agent2028_view::tokens::spacing;
use bevy::math::Vec2;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, DragValue, Label, Layout, Response, Sense, Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::ICON_MY_LOCATION;

use crate::context::Facts;
use crate::facts::GroupFacts;
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// Among whom a fault chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whom {
    /// All agents.
    #[default]
    All,
    /// The agents of a group.
    Group,
    /// The selected agents.
    Selected,
    /// The agents within a circle.
    Circle,
    /// The agents that an expression means.
    Expression,
}

impl Whom {
    const EVERY: [Self; 5] = [Self::All, Self::Group, Self::Selected, Self::Circle, Self::Expression];

    fn label(self) -> &'static str {
        match self {
            Self::All => "All agents",
            Self::Group => "A group",
            Self::Selected => "The selected agents",
            Self::Circle => "Agents in a circle",
            Self::Expression => "By expression",
        }
    }
}

/// The interventions that the palette offers in a world: those of the sections that are there.
#[must_use]
pub fn offered(world: &World) -> Vec<Verb> {
    let (Some(list), Some(sections)) =
        (world.get_resource::<InterventionRegistry>(), world.get_resource::<LiveSections>())
    else {
        return Vec::new();
    };
    let kinds = list.kinds().filter(|kind| kind.palette.is_some());
    let possible = kinds.filter(|kind| kind.needs.iter().all(|section| sections.has(world, section)));
    possible.map(|kind| Verb::from(*kind)).collect()
}

/// Where something was dropped on the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DropOn {
    /// On an agent.
    Agent(AgentId),
    /// On the ground, at a point in world units.
    Ground(Vec2),
}

/// What all rows read.
#[derive(Clone, Copy, Debug)]
pub struct FaultsView<'a> {
    /// How many agents there are.
    pub agents: u64,
    /// The scene's groups.
    pub groups: &'a [GroupFacts],
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
    /// The centre of what is in view, in world units.
    pub view_center: Vec2,
    /// The longer side of the world, in world units.
    pub world_size: f32,
}

impl<'a> FaultsView<'a> {
    /// That of the window.
    #[must_use]
    pub fn of(facts: &Facts<'a>, groups: &'a [GroupFacts]) -> Self {
        Self {
            agents: facts.simulation.agents() as u64,
            groups,
            selected: facts.selected(),
            view_center: facts.camera.center,
            world_size: facts.resource::<WorldBounds>().size.max_element(),
        }
    }
}

/// What is chosen for all rows.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultsState {
    /// Among whom.
    pub whom: Whom,
    /// The group's name, if a group is meant.
    pub group: String,
    /// How many of them, 0–1.
    pub share: f64,
    /// What an expression means, as it is written and as it is read.
    pub expression: Option<(String, Selector)>,
    /// What is being dragged onto the world.
    pub dragged: Option<Verb>,
    /// The circle's centre, in world units.
    pub center: Vec2,
    /// The circle's radius, in world units; 0 until a circle was drawn.
    pub radius: f32,
    /// Whether it ends by itself.
    pub passing: bool,
    /// For how long, in simulated seconds, if it ends.
    pub seconds: f32,
    /// How strong what was set differently from its usual strength is, by the intervention's name.
    pub strengths: BTreeMap<&'static str, f64>,
    /// How many agents join where some do.
    pub spawned: u32,
}

impl Default for FaultsState {
    fn default() -> Self {
        Self {
            whom: Whom::All,
            group: String::new(),
            share: 0.33,
            expression: None,
            dragged: None,
            center: Vec2::ZERO,
            radius: 0.0,
            passing: false,
            seconds: 10.0,
            strengths: BTreeMap::new(),
            spawned: 100,
        }
    }
}

impl FaultsState {
    /// The selector that the choices stand for.
    #[must_use]
    pub fn selector(&self, view: &FaultsView) -> Selector {
        let among = match self.whom {
            Whom::All => Selector::All,
            Whom::Group => Selector::Named(self.group.clone()),
            Whom::Selected => Selector::Ids(view.selected.to_vec()),
            Whom::Circle => Selector::Within { center: self.center, radius: self.radius },
            Whom::Expression => match &self.expression {
                Some((_, selector)) => selector.clone(),
                None => Selector::Ids(Vec::new()),
            },
        };
        self.share_of(among)
    }

    /// The chosen share of the agents that a selector means.
    #[must_use]
    pub fn share_of(&self, among: Selector) -> Selector {
        if self.share >= 1.0 {
            return among;
        }
        let part = Selector::Fraction(self.share as f32);
        if among == Selector::All { part } else { Selector::And(vec![among, part]) }
    }

    /// The radius of the circle around what is dropped on the ground, in world units.
    #[must_use]
    pub fn drop_radius(&self, view: &FaultsView) -> f32 {
        if self.radius > 0.0 { self.radius } else { (view.world_size * 0.05).max(f32::MIN_POSITIVE) }
    }

    /// What the selector chooses, in words: `a third of bird`.
    #[must_use]
    pub fn in_words(&self, view: &FaultsView) -> String {
        let part = format::share_in_words(self.share);
        let all = self.share >= 1.0;
        let among = match self.whom {
            Whom::All => return part,
            Whom::Group if all => self.group.clone(),
            Whom::Group => format!("of {}", self.group),
            Whom::Selected => {
                let count = format::count(view.selected.len() as u64);
                return if all { format!("the {count} selected") } else { format!("{part} of {count} selected") };
            }
            Whom::Circle if all => "in the circle".into(),
            Whom::Circle => "of the circle".into(),
            Whom::Expression if all => "that match".into(),
            Whom::Expression => "of those that match".into(),
        };
        format!("{part} {among}")
    }

    /// About how many agents are meant; unknown for a circle.
    fn estimate(&self, view: &FaultsView) -> Option<u64> {
        let among = match self.whom {
            Whom::All => view.agents,
            Whom::Group => view.groups.iter().find(|group| group.name == self.group)?.count,
            Whom::Selected => view.selected.len() as u64,
            Whom::Circle | Whom::Expression => return None,
        };
        Some((among as f64 * self.share).round() as u64)
    }

    /// How long it lasts, in simulated seconds; none if it lasts for good.
    #[must_use]
    pub fn duration_s(&self) -> Option<f32> {
        self.passing.then_some(self.seconds)
    }

    /// Whether the choices can mean anybody.
    #[must_use]
    pub fn meant(&self, view: &FaultsView) -> bool {
        match self.whom {
            Whom::Selected => !view.selected.is_empty(),
            Whom::Group => view.groups.iter().any(|group| group.name == self.group),
            Whom::Expression => self.expression.is_some(),
            Whom::All | Whom::Circle => true,
        }
    }
}

/// Shows whom faults strike, how many, and for how long.
pub fn choices(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState) {
    if !view.groups.iter().any(|group| group.name == state.group) {
        state.group = view.groups.first().map_or(String::new(), |group| group.name.clone());
    }
    whom(ui, look, view, state);
    how_many(ui, look, view, state);
    how_long(ui, look, state);
}

fn whom(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState) {
    widgets::property(ui, look, "Whom", |ui| {
        let response = widgets::choice("whom", ui.available_width(), state.whom.label())
            .show_ui(ui, |ui| {
                for whom in Whom::EVERY {
                    ui.selectable_value(&mut state.whom, whom, whom.label());
                }
            })
            .response;
        widgets::named(ui, &response, WidgetType::ComboBox, "Whom");
    });
    match state.whom {
        Whom::Group => {
            widgets::property(ui, look, "Group", |ui| group_choice(ui, view.groups, &mut state.group, "Group"));
        }
        Whom::Selected if view.selected.is_empty() => {
            ui.label(look.quiet("Nothing is selected: click agents in the world, or drag a box with Shift."));
        }
        Whom::All | Whom::Selected => {}
        Whom::Expression => {
            match &state.expression {
                Some((text, _)) => {
                    ui.add(Label::new(look.figure(text.as_str())).wrap());
                }
                None => {
                    ui.label(look.quiet(
                        "There is no expression yet: write one under Select, then \u{201c}Use in faults\u{201d}.",
                    ));
                }
            }
        }
        Whom::Circle => circle(ui, look, view, state),
    }
}

fn group_choice(ui: &mut Ui, groups: &[GroupFacts], group: &mut String, name: &str) {
    let response = widgets::choice(("group", name), ui.available_width(), group.as_str())
        .show_ui(ui, |ui| {
            for known in groups {
                ui.selectable_value(group, known.name.clone(), known.name.as_str());
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, name);
}

fn circle(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState) {
    if state.radius <= 0.0 {
        // A tenth of the world around what is being looked at is a sensible first circle.
        state.radius = (view.world_size * 0.1).max(f32::MIN_POSITIVE);
        state.center = view.view_center;
    }
    let speed = f64::from(view.world_size) / 500.0;
    widgets::property(ui, look, "Centre", |ui| {
        let response = widgets::icon_button(ui, look, ICON_MY_LOCATION, "Centre of the view");
        if widgets::tip(response, look, "Put the circle where you are looking", "").clicked() {
            state.center = view.view_center;
        }
        number(ui, "Circle centre y", DragValue::new(&mut state.center.y).speed(speed).max_decimals(1));
        number(ui, "Circle centre x", DragValue::new(&mut state.center.x).speed(speed).max_decimals(1));
    });
    widgets::property(ui, look, "Radius", |ui| {
        let most = view.world_size.max(state.radius);
        let field = DragValue::new(&mut state.radius).speed(speed).range(0.0..=most).max_decimals(1);
        number(ui, "Circle radius", field.suffix(" units"));
    });
}

/// A number field with a name.
pub fn number(ui: &mut Ui, name: &str, field: DragValue) -> Response {
    let response = ui.add(field);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, enabled, name));
    response
}

fn how_many(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState) {
    widgets::property(ui, look, "How many", |ui| {
        let percent = format::percent(state.share);
        ui.allocate_ui_with_layout(
            egui::vec2(measure::CONTROL + spacing::SECTION, measure::CONTROL),
            Layout::right_to_left(Align::Center),
            |ui| {
                ui.set_min_width(measure::CONTROL + spacing::SECTION);
                ui.label(look.figure(percent));
            },
        );
        let mut per_cent = (state.share * 100.0).round();
        let width = ui.available_width();
        if widgets::slider(ui, &mut per_cent, 1.0..=100.0, 1.0, width, "How many, in per cent").changed() {
            state.share = per_cent / 100.0;
        }
    });
    if let Some(estimate) = state.estimate(view) {
        let agents = format::counted(estimate, "agent", "agents");
        widgets::property(ui, look, "", |ui| ui.label(look.quiet(format!("about {agents}"))));
    }
}

fn how_long(ui: &mut Ui, look: &Look, state: &mut FaultsState) {
    widgets::property(ui, look, "How long", |ui| {
        ui.add_enabled_ui(state.passing, |ui| {
            let field = DragValue::new(&mut state.seconds).range(0.1..=3600.0).speed(0.1).max_decimals(1).suffix(" s");
            number(ui, "Duration in simulated seconds", field);
        });
        for (passing, name) in [(true, "For"), (false, "For good")] {
            if ui.selectable_label(state.passing == passing, name).clicked() {
                state.passing = passing;
            }
        }
    });
}

/// A row of the palette: a button with a verb, and at its right what sets its strength. True when it is pressed; while it is
/// dragged, `dragged` says so.
pub fn fault(
    ui: &mut Ui,
    look: &Look,
    verb: Verb,
    text: &str,
    dragged: &mut Option<Verb>,
    strength: impl FnOnce(&mut Ui),
) -> bool {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            strength(ui);
            let width = ui.available_width();
            let response = widgets::verb_button(ui, look, verb.icon(), verb.tint(look), text, width);
            let tip = format!("{} Drag it onto an agent, or onto the ground.", verb.does());
            let response = widgets::tip(response, look, &tip, "").interact(Sense::click_and_drag());
            if response.drag_started_by(egui::PointerButton::Primary) {
                *dragged = Some(verb);
            }
            response.clicked()
        })
        .inner
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<'a>(groups: &'a [GroupFacts], selected: &'a [AgentId]) -> FaultsView<'a> {
        FaultsView { agents: 1000, groups, selected, view_center: Vec2::new(5.0, 6.0), world_size: 1000.0 }
    }

    #[test]
    fn choices_become_a_selector_and_words() {
        let groups = [GroupFacts { name: "bird".into(), count: 600, ..Default::default() }];
        let selected = [AgentId(3), AgentId(4)];
        let view = view(&groups, &selected);
        let mut state = FaultsState { group: "bird".into(), ..FaultsState::default() };
        assert_eq!(state.selector(&view), Selector::Fraction(0.33));
        assert_eq!(state.in_words(&view), "a third");
        assert_eq!(state.estimate(&view), Some(330));
        state.share = 1.0;
        assert_eq!((state.selector(&view), state.in_words(&view)), (Selector::All, "all".into()));
        state.whom = Whom::Group;
        assert_eq!(state.selector(&view), Selector::Named("bird".into()));
        assert_eq!(state.in_words(&view), "all bird");
        state.share = 0.5;
        let half = Selector::And(vec![Selector::Named("bird".into()), Selector::Fraction(0.5)]);
        assert_eq!((state.selector(&view), state.in_words(&view)), (half, "half of bird".into()));
        assert_eq!(state.estimate(&view), Some(300));
        state.whom = Whom::Selected;
        state.share = 1.0;
        assert_eq!(state.selector(&view), Selector::Ids(selected.to_vec()));
        assert_eq!(state.in_words(&view), "the 2 selected");
        state.whom = Whom::Circle;
        (state.center, state.radius) = (Vec2::ONE, 7.0);
        assert_eq!(state.selector(&view), Selector::Within { center: Vec2::ONE, radius: 7.0 });
        assert_eq!(state.in_words(&view), "all in the circle");
    }
}
