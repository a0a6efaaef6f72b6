//! The inspector of one agent: what it is, why it does what it does, what it did, what it can do, and all of it to edit.

pub mod capabilities;
pub mod components;
pub mod edit;
pub mod events;
pub mod life;
pub mod overview;
mod panel;
pub mod why;

pub use agent2028_kit::panel::{AgentTab, TabEntry, TabFacts};
pub use panel::AgentPanel;

use agent2028_core::agent::{AgentGroups, AgentId, Status};
use agent2028_core::explain::Explanation;
use agent2028_core::faults::{Freeze, Kill, Restart};
use agent2028_core::life::Life;
use agent2028_core::selector::Selector;
use agent2028_view::ViewSettings;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Label, Layout, Sense, Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::{
    ICON_AC_UNIT, ICON_CENTER_FOCUS_STRONG, ICON_CLOSE, ICON_CONTENT_COPY, ICON_FLAG, ICON_POWER_SETTINGS_NEW,
    ICON_RESTART_ALT,
};

use crate::actions::{Action, Actions};
use crate::facts::AgentFacts;
use crate::theme::{Look, measure};
use crate::widgets;

pub use capabilities::grant_row;
use components::FieldFacts;
use events::Happening;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct AgentView<'a> {
    /// The agent.
    pub agent: &'a AgentFacts,
    /// Its UUID, if it was asked for.
    pub uuid: Option<&'a str>,
    /// Whether the camera follows it.
    pub followed: bool,
    /// Whether it is pinned.
    pub pinned: bool,
    /// How the world is drawn.
    pub settings: &'a ViewSettings,
    /// The capabilities that are known.
    pub capabilities: &'a [String],
    /// What it would decide now, by everybody who decides for it.
    pub explanations: &'a [Explanation],
    /// The tabs of plugins that have something to show about it.
    pub of_plugins: &'a [&'static TabFacts],
    /// The fields of its components.
    pub fields: &'a [FieldFacts],
    /// What is known of its life.
    pub life: Option<&'a Life>,
    /// What happened to it and what intervened, by tick.
    pub happenings: &'a [Happening],
    /// Who belongs to which group.
    pub names: &'a AgentGroups,
    /// The tick now.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
}

/// The tabs of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What it is and does.
    #[default]
    Overview,
    /// Why it does that.
    Why,
    /// What it did.
    Life,
    /// What it can do.
    Capabilities,
    /// What a plugin knows of it.
    OfPlugin(&'static TabFacts),
    /// Every field of its components.
    Fields,
    /// What happened to it.
    Events,
}

impl Tab {
    /// The tabs of every agent, from left to right; those of plugins stand before the last two.
    pub const ALL: [Self; 6] = [Self::Overview, Self::Why, Self::Life, Self::Capabilities, Self::Fields, Self::Events];

    /// All tabs of an agent, from left to right.
    fn all(view: &AgentView) -> impl Iterator<Item = Self> {
        let (first, last) = Self::ALL.split_at(4);
        let of_plugins = view.of_plugins.iter().map(|facts| Self::OfPlugin(facts));
        first.iter().copied().chain(of_plugins).chain(last.iter().copied())
    }

    /// What the tab is called.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Why => "Why",
            Self::Life => "Life",
            Self::Capabilities => "Capabilities",
            Self::OfPlugin(facts) => facts.label,
            Self::Fields => "Fields",
            Self::Events => "Events",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Overview => "What it is and does",
            Self::Why => "Why it does that: what it perceives, and what each input of its decision adds",
            Self::Life => "What it did, tick by tick",
            Self::Capabilities => "What it can do, to grant and to withdraw",
            Self::OfPlugin(facts) => facts.help,
            Self::Fields => "Every number of its components, to edit",
            Self::Events => "What happened to it and what intervened",
        }
    }

    /// Whether the tab has anything to show about this agent.
    fn has_data(self, view: &AgentView) -> bool {
        match self {
            Self::Overview | Self::Life | Self::Capabilities => true,
            Self::Why => !view.explanations.is_empty(),
            Self::OfPlugin(facts) => view.of_plugins.contains(&facts),
            Self::Fields => !view.fields.is_empty(),
            Self::Events => !view.happenings.is_empty(),
        }
    }
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentState {
    /// The tab that is open.
    pub tab: Tab,
    /// The agent whose UUID was asked for.
    pub uuid_of: Option<AgentId>,
    /// The capability that is being typed.
    pub capability: String,
    /// The life's lanes.
    pub life: life::LifeState,
    /// What fields are looked for.
    pub search: String,
    /// What fields were before they were edited.
    pub edited: components::Edited,
    /// A value that is being dragged and not asked for yet.
    pub dragged: edit::Dragged,
}

/// Shows an agent. Returns the tab of a plugin that is open and to be filled.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    view: &AgentView,
    state: &mut AgentState,
    actions: &mut Actions,
) -> Option<&'static TabFacts> {
    header(ui, look, view, actions);
    ui.add_space(spacing::TIGHT);
    let only = || Selector::Ids(vec![view.agent.id]);
    state_buttons(ui, look, &only, Some(view.agent.condition.status), actions);
    ui.add_space(spacing::TIGHT);
    // As long as nothing else happens to it, what was refused last stays to be read.
    if let Some(refused) = view.happenings.last().filter(|happening| happening.refused) {
        let text = format!("{} was {}", refused.kind, refused.text);
        ui.add(Label::new(look.quiet(text).color(look.danger)).wrap());
    }
    let tab = tabs(ui, look, view, state);
    ui.add_space(spacing::NORMAL);
    match tab {
        Tab::Overview => overview::show(ui, look, view, state, actions),
        Tab::Why => why::show(ui, look, view, actions),
        Tab::Life => life::show(ui, look, view, &mut state.life, actions),
        Tab::Capabilities => capabilities::show(ui, look, view, state, actions),
        Tab::Fields => components::show(ui, look, view, state, actions),
        Tab::Events => events::show(ui, look, view, actions),
        Tab::OfPlugin(facts) => return Some(facts),
    }
    None
}

fn header(ui: &mut Ui, look: &Look, view: &AgentView, actions: &mut Actions) {
    let agent = view.agent;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let close = widgets::icon_button(ui, look, ICON_CLOSE, "Select nothing");
            if widgets::tip(close, look, "Select nothing", "Escape").clicked() {
                actions.push(Action::Select(Vec::new()));
            }
            let name = if view.followed { "Stop following" } else { "Follow with the camera" };
            let follow = widgets::icon_toggle(ui, look, ICON_CENTER_FOCUS_STRONG, name, view.followed);
            if widgets::tip(follow, look, name, "").clicked() {
                actions.push(Action::Follow((!view.followed).then_some(agent.id)));
            }
            let name = if view.pinned { "Take the pin away" } else { "Pin: keep a flag on it and write its life down" };
            let pin = widgets::icon_toggle(ui, look, ICON_FLAG, name, view.pinned);
            if widgets::tip(pin, look, name, "").clicked() {
                actions.push(Action::Pin(agent.id));
            }
            let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy name and number");
            if widgets::tip(copy, look, "Copy name and number", "").clicked() {
                actions.push(Action::Copy(format!("{} {}", agent.name, agent.id)));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(look.title(agent.name.as_str())).truncate());
            });
        });
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let degraded = agent.degraded();
        let tint = widgets::status_color(look, agent.condition.status, degraded);
        let word = widgets::status_word(agent.condition.status, degraded);
        ui.label(look.icon(widgets::status_icon(agent.condition.status, degraded)).color(tint));
        ui.label(look.body(word).color(tint));
        ui.add_space(spacing::TIGHT);
        // What may be long comes last, so that it is cut and not the number at the right.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(look.figure(agent.id.to_string()).color(look.secondary));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some((number, group)) = &agent.group {
                    widgets::swatch(ui, look.category(*number));
                    ui.add(Label::new(look.body(group.as_str())).truncate());
                }
            });
        });
    });
}

/// The row of tabs. Returns the one to show: the one that is open, or the overview while that one has nothing to show.
fn tabs(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState) -> Tab {
    let open = if state.tab.has_data(view) { state.tab } else { Tab::Overview };
    ui.horizontal_wrapped(|ui| {
        // In a narrow dock tabs take two lines, and the first one's underline needs room between them.
        ui.spacing_mut().item_spacing = egui::vec2(spacing::WIDE, spacing::TIGHT);
        for tab in Tab::all(view).filter(|tab| tab.has_data(view)) {
            let chosen = tab == open;
            let text = look.quiet(tab.label());
            let text = if chosen { text.color(look.text) } else { text };
            let response = ui.add(Label::new(text).sense(Sense::click()));
            let enabled = ui.is_enabled();
            response.widget_info(|| WidgetInfo::selected(WidgetType::Button, enabled, chosen, tab.label()));
            let line = response.rect.expand2(egui::vec2(0.0, spacing::TIGHT / 2.0));
            if chosen || response.has_focus() {
                let stroke = egui::Stroke::new(measure::CURVE, if chosen { look.accent } else { look.secondary });
                ui.painter().hline(line.x_range(), line.bottom(), stroke);
            }
            if widgets::tip(response, look, tab.help(), "").clicked() {
                state.tab = tab;
            }
        }
    });
    ui.add_space(spacing::TIGHT / 2.0);
    widgets::rule(ui, look);
    open
}

/// Kill, restart and freeze for the agents that `select` gives when it is asked; what changes nothing is greyed out.
pub fn state_buttons(
    ui: &mut Ui,
    look: &Look,
    select: &dyn Fn() -> Selector,
    status: Option<Status>,
    actions: &mut Actions,
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let width = (widgets::rest(ui, 2.0 * spacing::TIGHT) / 3.0).floor();
        ui.add_enabled_ui(status != Some(Status::Failed), |ui| {
            let response = widgets::verb_button(ui, look, ICON_POWER_SETTINGS_NEW, look.danger, "Kill", width);
            if widgets::tip(response, look, "It stops, and nobody perceives it.", "").clicked() {
                actions.intervene(Kill { select: select(), duration_s: None });
            }
        });
        ui.add_enabled_ui(!matches!(status, Some(Status::Failed | Status::Frozen)), |ui| {
            let response = widgets::verb_button(ui, look, ICON_AC_UNIT, look.info, "Freeze", width);
            if widgets::tip(response, look, "It stands still; others still perceive it.", "").clicked() {
                actions.intervene(Freeze { select: select(), duration_s: None });
            }
        });
        let response = widgets::verb_button(ui, look, ICON_RESTART_ALT, look.good, "Restart", width);
        if widgets::tip(response, look, "It is active again, with its own health.", "").clicked() {
            actions.intervene(Restart { select: select() });
        }
    });
}
